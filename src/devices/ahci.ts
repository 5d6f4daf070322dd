/**
 * The SATA controller of the ICH9 in AHCI mode, PCI 00:1f.2 8086:2922: generic host control and six
 * ports. AHCI 1.3.1 chapter 3.1; Intel 316972 (ICH9 datasheet) chapter 15 for the PCI side.
 *
 *   ABAR (BAR 5)  000 CAP  004 GHC  008 IS  00C PI  010 VS  ...  024 CAP2      100 + 80 × n  port n
 *   BAR 4         10 index  14 data: ABAR for code that cannot reach memory space
 *
 * Offered: 32 slots, native command queueing, 64-bit addresses, command list override, AHCI only (no
 * legacy IDE mode). Not offered, read as 0: command completion coalescing, enclosure management, BIOS
 * hand-off, port multipliers, link power states.
 *
 * Interrupts: IS latches a bit per port and is cleared by writing ones, in any order with the port's own
 * status. As a message, one is sent for every event and again when a write to IS leaves bits standing:
 * one too many costs a driver two register reads, one too few hangs it.
 *
 * Port registers may be posted, since their writes show no result before the next read. The host
 * registers are not: drivers of level-triggered interrupts write IS last, and the line has to be down
 * before they tell the I/O APIC that the interrupt is over.
 */
import type { DiskBackend, DiskInfo } from "../block/backend";
import type { AccessSize, AddressMap, IoHandler, Registration } from "../memory/address-map";
import type { GuestMemory } from "../memory/guest-memory";
import { PCI_CAP_ID_SATA } from "../pci/config-space";
import { PciFunction } from "../pci/function";
import { AhciPort, PORT_CI, PORT_IS, PORT_SACT, PORT_SERR } from "./ahci-port";
import { AtaDisk, type DiskIdentity } from "./ata-disk";
import { AtapiCdrom, type CdromOptions } from "./atapi-cdrom";
import { DriveIo } from "./drive-io";

export const HOST_CAP = 0x00;
export const HOST_GHC = 0x04;
export const HOST_IS = 0x08;
export const HOST_PI = 0x0c;
export const HOST_VS = 0x10;
export const HOST_CAP2 = 0x24;

export const GHC_HR = 1 << 0;
export const GHC_IE = 1 << 1;
export const GHC_AE = 0x8000_0000;

const PORTS = 6;
const CAP_NCS = 31 << 8; // 32 command slots
const CAP_SAM = 1 << 18;
const CAP_ISS_GEN3 = 3 << 20;
const CAP_SCLO = 1 << 24;
const CAP_SNCQ = 1 << 30;
const CAP_S64A = 0x8000_0000;
const CAP = ((PORTS - 1) | CAP_NCS | CAP_SAM | CAP_ISS_GEN3 | CAP_SCLO | CAP_SNCQ | CAP_S64A) >>> 0;
const VERSION = 0x0001_0300;

const ABAR = 5;
const ABAR_SIZE = 0x1000;
const PORT_BASE = 0x100;
const PORT_STRIDE = 0x80;
/** ICH9 registers in configuration space (15.1.25, 15.1.26). */
const ADDRESS_MAP = 0x90;
const PORT_CONTROL = 0x92;
const INDEX_BAR = 4;
const INDEX_REGISTER = 0x10;
const DATA_REGISTER = 0x14;

export interface AhciOptions {
  memory: GuestMemory;
  disks: DiskBackend;
  /** Where the ABAR's two parts are registered, see the header. */
  map: AddressMap;
}

export class Ahci {
  readonly pci: PciFunction;
  readonly ports: AhciPort[] = [];
  private readonly memory: GuestMemory;
  private readonly disks: DiskBackend;
  private readonly map: AddressMap;
  private readonly drives: (AtaDisk | AtapiCdrom | undefined)[] = [];
  private mapped: Registration[] = [];
  private isEnabled = false; // GHC.IE
  private isResetting = false; // GHC.HR
  private is = 0;
  private index = 0;

  constructor(options: AhciOptions) {
    this.memory = options.memory;
    this.disks = options.disks;
    this.map = options.map;
    this.pci = new PciFunction({
      name: "ich9-ahci",
      vendor: 0x8086,
      device: 0x2922,
      revision: 2,
      classCode: 0x010601,
      interruptPin: 1,
      isMultifunction: true,
    });
    this.pci.addBar(INDEX_BAR, { kind: "io", size: 32, handler: this.indexRegisters(), width: 4 });
    this.pci.addBar(ABAR, {
      kind: "mem32",
      size: ABAR_SIZE,
      onMap: (base) => this.mapRegisters(base),
    });
    this.pci.addMsi(0x80);
    this.addSataCapability();
    this.pci.config.set8(ADDRESS_MAP, 0x40); // AHCI mode
    this.pci.config.set16(PORT_CONTROL, (1 << PORTS) - 1);
    this.pci.config.allow(PORT_CONTROL, 2, (1 << PORTS) - 1); // enables; drivers set what is set already
    for (let i = 0; i < PORTS; i++) this.ports.push(this.makePort(i));
  }

  /** Puts a disk on port `index` (0-5). */
  addDisk(index: number, info: DiskInfo, identity: DiskIdentity): AtaDisk {
    const io = new DriveIo(this.disks);
    const disk = new AtaDisk(io, info, identity);
    this.attach(index, disk, io);
    return disk;
  }

  /** Puts a CD-ROM drive on port `index`, empty until a disc is inserted. */
  addCdrom(index: number, options: CdromOptions): AtapiCdrom {
    const io = new DriveIo(this.disks);
    const cdrom = new AtapiCdrom(options);
    this.attach(index, cdrom, io);
    return cdrom;
  }

  /** What hangs on a port. */
  drive(index: number): AtaDisk | AtapiCdrom | undefined {
    return this.drives[index];
  }

  /**
   * Machine reset. Disk requests under way still write to guest RAM: the board awaits `quiesce` before
   * it lets the processors run again.
   */
  reset(): void {
    this.pci.reset();
    this.isEnabled = false;
    this.isResetting = false;
    this.is = 0;
    this.index = 0;
    for (const port of this.ports) port.powerOn();
  }

  /** Resolves when no disk request is under way. */
  async quiesce(): Promise<void> {
    await Promise.all(
      this.ports.map((port) => new Promise<void>((resolve) => port.whenIdle(resolve))),
    );
  }

  read(offset: number): number {
    if (offset >= PORT_BASE) {
      const port = this.ports[Math.floor((offset - PORT_BASE) / PORT_STRIDE)];
      return port ? port.read(offset & (PORT_STRIDE - 1)) : 0;
    }
    switch (offset) {
      case HOST_CAP:
        return CAP;
      case HOST_GHC:
        return (GHC_AE | (this.isEnabled ? GHC_IE : 0) | (this.isResetting ? GHC_HR : 0)) >>> 0;
      case HOST_IS:
        return this.is;
      case HOST_PI:
        return (1 << PORTS) - 1;
      case HOST_VS:
        return VERSION;
      default:
        return 0;
    }
  }

  write(offset: number, value: number): void {
    if (offset >= PORT_BASE) {
      const port = this.ports[Math.floor((offset - PORT_BASE) / PORT_STRIDE)];
      if (!this.isResetting) port?.write(offset & (PORT_STRIDE - 1), value);
    } else if (offset === HOST_GHC) {
      this.writeGlobalControl(value);
    } else if (offset === HOST_IS) {
      this.is &= ~value;
      this.latch();
      this.updateInterrupt(this.is !== 0);
    }
  }

  private attach(index: number, drive: AtaDisk | AtapiCdrom, io: DriveIo): void {
    const port = this.ports[index];
    if (!port || this.drives[index])
      throw new Error(`AHCI port ${index} does not exist or is taken`);
    this.drives[index] = drive;
    port.attach(drive, io);
  }

  private makePort(index: number): AhciPort {
    return new AhciPort(index, {
      memory: this.memory,
      canMaster: () => this.pci.isBusMaster,
      interruptChanged: (isNew) => {
        this.latch();
        this.updateInterrupt(isNew && this.ports[index].isInterrupting);
      },
    });
  }

  private writeGlobalControl(value: number): void {
    this.isEnabled = (value & GHC_IE) !== 0;
    if (value & GHC_HR) this.resetHost();
    else this.updateInterrupt(false);
  }

  /** 10.4.3: GHC.HR reads 1 until the reset is over. */
  private resetHost(): void {
    this.isEnabled = false;
    this.is = 0;
    for (const port of this.ports) port.reset();
    this.is = 0; // what the links reported while coming up is not pending: no port has interrupts enabled
    this.updateInterrupt(false);
    this.isResetting = true;
    let left = this.ports.length;
    for (const port of this.ports) {
      port.whenIdle(() => {
        if (--left === 0) this.isResetting = false;
      });
    }
  }

  /** Sets the bits of all ports whose status asks for an interrupt. */
  private latch(): void {
    for (const port of this.ports) if (port.isInterrupting) this.is |= 1 << port.index;
  }

  private isAsserted = false;

  private updateInterrupt(isNew: boolean): void {
    const isAsserted = this.isEnabled && this.is !== 0;
    const rises = isAsserted && !this.isAsserted;
    this.isAsserted = isAsserted;
    this.pci.setIntx(isAsserted);
    if (isAsserted && (isNew || rises)) this.pci.signal(0);
  }

  private mapRegisters(base: number | undefined): void {
    for (const registration of this.mapped) registration.remove();
    this.mapped = [];
    if (base === undefined) return;
    const options = { width: 4 as const, isGuestPlaced: true };
    const ports: IoHandler = this.registers(PORT_BASE);
    this.mapped = [
      this.map.mmio(base, PORT_BASE, this.registers(0), options),
      this.map.mmio(base + PORT_BASE, ABAR_SIZE - PORT_BASE, ports, { ...options, posted: true }),
    ];
  }

  /** The ABAR from `first`; narrower accesses act on their part of the dword. */
  private registers(first: number): IoHandler {
    return {
      read: (offset, size) => narrow(this.read((first + offset) & ~3), offset, size),
      write: (offset, size, value) => {
        const register = (first + offset) & ~3;
        if (size === 4) return this.write(register, value);
        const shift = (offset & 3) * 8;
        const mask = size === 2 ? 0xffff : 0xff;
        const kept = clearsOrSets(register) ? 0 : this.read(register) & ~(mask << shift);
        this.write(register, (kept | ((value & mask) << shift)) >>> 0);
      },
    };
  }

  private indexRegisters(): IoHandler {
    const abar = this.registers(0);
    return {
      read: (offset, size) => {
        if ((offset & ~3) === INDEX_REGISTER) return narrow(this.index, offset, size);
        return (offset & ~3) === DATA_REGISTER ? abar.read(this.index + (offset & 3), size) : 0;
      },
      write: (offset, size, value) => {
        if (offset === INDEX_REGISTER) this.index = value & (ABAR_SIZE - 4);
        else if ((offset & ~3) === DATA_REGISTER)
          abar.write(this.index + (offset & 3), size, value);
      },
    };
  }

  /** SATA capability (SATA revision 3.2 appendix): where the index and data registers are. */
  private addSataCapability(): void {
    const { config } = this.pci;
    const at = config.addCapability(PCI_CAP_ID_SATA, 8, 0xa8);
    config.set16(at + 2, 0x0010); // revision 1.0
    config.set32(at + 4, ((INDEX_REGISTER >> 2) << 4) | (INDEX_BAR + 4));
  }
}

function narrow(value: number, offset: number, size: AccessSize): number {
  const shifted = value >>> ((offset & 3) * 8);
  return size === 4 ? shifted : shifted & (size === 2 ? 0xffff : 0xff);
}

/** Registers whose zeros mean "leave alone". */
function clearsOrSets(register: number): boolean {
  if (register < PORT_BASE) return register === HOST_IS;
  const offset = register & (PORT_STRIDE - 1);
  return offset === PORT_IS || offset === PORT_SERR || offset === PORT_SACT || offset === PORT_CI;
}
