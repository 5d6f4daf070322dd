/**
 * The PC: which chips there are, where they sit and how they are wired. Addresses and lines are the
 * tables of pc-map.ts; what remains here is construction in boot order, reset, and the few ways in
 * from outside (keys, serial bytes, the power button).
 *
 *   in the core (asm/irqchip)   8259 pair, I/O APIC, local APICs, 8254, HPET, PM timer, port 80h
 *   PCI bus 0                   00.0 MCH   02.0 VGA   1f.0 LPC   1f.2 AHCI   1f.3 SMBus
 *   below the LPC bridge        RTC, 8042 with keyboard and mouse, serial ports, fw_cfg, port 92h,
 *                               8237 pair, debug console, reset control CF9, APM B2/B3
 *
 * One thread owns all of it: the device worker, or the only thread of machine/inline.ts.
 */
import { TimerQueue } from "../base/timers";
import type { DiskBackend, DiskInfo } from "../block/backend";
import { Ahci } from "../devices/ahci";
import { AtapiCdrom } from "../devices/atapi-cdrom";
import { cmosContents } from "../devices/cmos-contents";
import { FwCfg } from "../devices/fw-cfg";
import type { Ps2Keyboard } from "../devices/ps2-keyboard";
import type { Ps2Mouse } from "../devices/ps2-mouse";
import type { Uart16550 } from "../devices/uart-16550";
import { Vga } from "../devices/vga";
import { type AcpiTables, buildAcpi } from "../firmware/acpi-tables";
import { fillFwCfg } from "../firmware/fw-cfg-files";
import { buildSmbios, type SmbiosTables } from "../firmware/smbios";
import { CoreIrq } from "../irq/core-irq";
import { IoMap } from "../memory/io-map";
import { PhysicalMap } from "../memory/physical-map";
import { Ram } from "../memory/ram";
import { PciRoot } from "../pci/root";
import { guestNowNs } from "../shared/guest-time";
import { CPU_MODEL_MAX, CPU_MODEL_V2, CPU_MODEL_V3, CPU_VENDOR_AMD } from "../shared/layout";
import type { SharedMemory } from "../shared/shared-memory";
import { hasVga, type MachineConfig } from "./config";
import type { CoreExports } from "./core";
import { type KernelFiles, resumeKernel, startKernel } from "./direct-start";
import { IsaDevices } from "./isa";
import { MEMORY_MAP, PCI_SLOTS, SERIAL } from "./pc-map";
import { LpcIch9 } from "./q35/lpc-ich9";
import { Mch } from "./q35/mch";
import { SmbusIch9 } from "./q35/smbus-ich9";

/** Everything from outside that the board is built of; plain data, so that it can be sent to a worker. */
export interface PcParts {
  config: MachineConfig;
  /** SeaBIOS, or what -bios names. */
  firmware: Uint8Array;
  vgaBios: Uint8Array;
  /** -kernel: started without firmware. */
  kernel?: KernelFiles;
  /** By drive of the configuration; undefined where there is no medium. */
  disks: (DiskInfo | undefined)[];
}

/** What the board tells the outside. */
export interface PcEvents {
  onSerial(port: number, byte: number): void;
  onDebugcon(byte: number): void;
  /** The guest entered S5. */
  onPowerOff(): void;
  /** The guest entered S3. */
  onSuspend(): void;
  /** S3 ends: `Pc.wake` is to be called once the processors stand still. */
  onWake(): void;
  /** The guest, or a shutdown of its processor, wants the machine reset. */
  onReset(): void;
  /** isa-debug-exit: the status QEMU would exit with. */
  onExit(status: number): void;
  onPanic(): void;
  onLeds(leds: number): void;
  /** The guest turned the reports of its mouse on or off. */
  onMouse(isWanted: boolean): void;
}

const CPU_MODELS = {
  "x86-64-v2": CPU_MODEL_V2,
  "x86-64-v3": CPU_MODEL_V3,
  max: CPU_MODEL_MAX,
} as const;

const CPU_VENDORS = { GenuineIntel: 0, AuthenticAMD: CPU_VENDOR_AMD } as const;

export class Pc {
  readonly physical: PhysicalMap;
  readonly map: IoMap;
  readonly ram: Ram;
  readonly clock: TimerQueue;
  readonly pci: PciRoot;
  readonly keyboard: Ps2Keyboard;
  readonly mouse: Ps2Mouse;
  readonly serial: Uart16550[];
  readonly ahci: Ahci;
  readonly lpc: LpcIch9;
  readonly acpi: AcpiTables;
  readonly smbios: SmbiosTables;
  readonly vga: Vga | undefined;
  private readonly mch: Mch;
  private readonly smbus = new SmbusIch9();
  private readonly isa: IsaDevices;
  private readonly fwCfg: FwCfg;
  private readonly config: MachineConfig;
  private isFirstBoot = true;

  constructor(
    readonly memory: SharedMemory,
    readonly core: CoreExports,
    private readonly parts: PcParts,
    disks: DiskBackend,
    events: PcEvents,
  ) {
    const { config } = parts;
    this.config = config;
    this.physical = new PhysicalMap(memory);
    this.map = new IoMap(memory, this.physical);
    this.ram = new Ram(memory);
    this.clock = new TimerQueue(() => guestNowNs(memory));
    const { map, ram, clock } = this;
    const irq = new CoreIrq(core);
    const onReset = () => events.onReset();
    if (parts.firmware.length > 0) this.physical.setRom(parts.firmware);
    for (let index = 0; index < config.cpuCount; index++)
      core.initVcpu(index, CPU_MODELS[config.cpu] | CPU_VENDORS[config.cpuVendor]);

    this.lpc = new LpcIch9({
      map,
      irq,
      clock,
      onReset,
      onPowerOff: () => events.onPowerOff(),
      onSuspend: () => {
        this.isa.markSuspend();
        events.onSuspend();
      },
      onWake: () => events.onWake(),
    });
    this.pci = new PciRoot(
      map,
      irq,
      (slot, pin, isAsserted) => this.lpc.setIntx(slot, pin, isAsserted),
      this.lpc.resetControl,
    );
    this.mch = new Mch({
      physical: this.physical,
      setMmconfig: (base, len) => this.pci.setMmconfig(base, len),
    });
    this.ahci = new Ahci({ memory: ram, disks, map });
    this.attachDrives();
    this.pci.attach(this.mch.pci, ...PCI_SLOTS.mch);
    if (hasVga(config)) this.vga = this.addVga();
    this.pci.attach(this.lpc.pci, ...PCI_SLOTS.lpc);
    this.pci.attach(this.ahci.pci, ...PCI_SLOTS.ahci);
    this.pci.attach(this.smbus.pci, ...PCI_SLOTS.smbus);

    const onRtcAlarm = () => this.lpc.pm.rtcAlarm();
    this.isa = new IsaDevices({ map, irq, clock, config, events, cmos: this.cmos(), onRtcAlarm });
    this.serial = this.isa.serial;
    this.keyboard = this.isa.keyboard;
    this.mouse = this.isa.mouse;

    this.acpi = buildAcpi({
      cpuCount: config.cpuCount,
      serialPorts: this.serial.map((_, port) => SERIAL[port]),
      mmconfigBase: MEMORY_MAP.mmconfig,
      pciWindow: MEMORY_MAP.pciWindow,
      pciWindow64: { base: MEMORY_MAP.pciWindow64, end: MEMORY_MAP.pciWindow64End },
      pmBase: MEMORY_MAP.pmBase,
    });
    this.smbios = buildSmbios({ ...config, ramLow: ram.ramLow, ramHigh: ram.ramHigh });
    this.fwCfg = new FwCfg({ map, memory: ram });
    this.fillFwCfg();
    this.reset();
  }

  /** Power-on and reset: every chip, then the processors, then the kernel if one is started directly. */
  reset(): void {
    this.vga?.reset();
    this.resetChips(this.cmos());
    this.isFirstBoot = false;
    if (!this.parts.kernel) return;
    this.isa.setUpAsFirmware();
    startKernel(this, this.parts.kernel);
  }

  /**
   * The end of S3: a reset, with RAM and CMOS kept, of which firmware, or here direct-start.ts, makes a
   * resume. The memory controller keeps its map: SeaBIOS runs from its shadow, where it has marked that POST
   * is over, and uses MMCONFIG before it sets that up again. Without firmware nobody would program the VGA again, so it goes on as it was.
   */
  wake(): void {
    const { kernel } = this.parts;
    const map = this.mch.saveMap();
    if (!kernel) this.vga?.reset();
    this.resetChips([]);
    this.mch.restoreMap(map);
    this.lpc.pm.woken();
    if (!kernel) return;
    this.isa.setUpAsFirmware();
    resumeKernel(this);
  }

  private resetChips(cmos: Iterable<[number, number]>): void {
    this.pci.reset();
    this.mch.reset();
    this.lpc.reset();
    this.smbus.reset();
    this.ahci.reset();
    this.fwCfg.reset();
    this.isa.reset(cmos);
    this.core.irqchipReset();
    for (let index = 0; index < this.config.cpuCount; index++) this.core.reset(index);
  }

  pressPowerButton(): void {
    this.lpc.pm.pressPowerButton();
  }

  /** Puts a disc into the drive of the configuration's drive `index`, or takes it out. */
  changeDisc(index: number, disc: DiskInfo | undefined): void {
    const drive = this.ahci.drive(index);
    if (!(drive instanceof AtapiCdrom)) throw new Error(`Drive ${index} is no CD-ROM drive.`);
    if (disc) drive.insert(disc);
    else drive.eject(true);
  }

  private addVga(): Vga {
    const { map, clock, memory, parts } = this;
    const vga = new Vga({
      map,
      clock,
      shared: memory.bytes,
      onLfb: (base, size) => this.physical.setFramebuffer(base, size),
      rom: parts.vgaBios.length > 0 ? parts.vgaBios : undefined,
    });
    this.pci.attach(vga.pci, ...PCI_SLOTS.vga);
    return vga;
  }

  /** The video BIOS, for whoever boots without firmware. */
  get vgaBios(): Uint8Array {
    return this.parts.vgaBios;
  }

  private attachDrives(): void {
    const { drives } = this.config;
    for (const [port, drive] of drives.entries()) {
      if (drive.interface === "none") continue;
      const info = this.parts.disks[port];
      const serial = drive.serial ?? `LM${String(port + 1).padStart(5, "0")}`;
      if (drive.media === "cdrom") this.ahci.addCdrom(port, { serial, disc: info });
      else if (info) this.ahci.addDisk(port, info, { serial });
    }
  }

  private cmos(): Map<number, number> {
    const { boot, cpuCount } = this.config;
    const bootOrder = (this.isFirstBoot && boot.once) || boot.order;
    return cmosContents({
      ramLow: this.ram.ramLow,
      ramHigh: this.ram.ramHigh,
      cpuCount,
      bootOrder,
    });
  }

  private fillFwCfg(): void {
    const { config, ram } = this;
    const [slot, number] = PCI_SLOTS.ahci;
    const bootDevices = config.drives
      .map((drive, port) => ({ drive, port }))
      .filter(({ drive }) => drive.bootIndex !== undefined)
      .sort((a, b) => (a.drive.bootIndex ?? 0) - (b.drive.bootIndex ?? 0))
      .map(
        ({ port }) => `/pci@i0cf8/pci8086,2922@${slot.toString(16)},${number}/drive@${port}/disk@0`,
      );
    fillFwCfg(this.fwCfg, {
      ramLow: ram.ramLow,
      ramHigh: ram.ramHigh,
      cpuCount: config.cpuCount,
      bootOrder: config.boot.order,
      hasBootMenu: config.boot.menu,
      bootMenuWaitMs: config.boot.splashTimeMs,
      bootFailWaitMs: config.boot.rebootTimeoutMs,
      bootDevices,
      isNographic: config.nographic,
      acpi: this.acpi,
      smbios: this.smbios,
    });
  }
}
