/**
 * One PCI function (type 0 header) as a device model uses it: the device describes itself, adds base
 * address registers and capabilities, and raises interrupts; this class owns configuration space and
 * keeps the address map in step with what the driver programs. PCI Local Bus 3.0 chapter 6.
 *
 *   const pci = new PciFunction({ name: "nvram", vendor: 0x1234, device: 1, classCode: 0x058000 });
 *   pci.addBar(0, { kind: "mem32", size: 4096, handler: registers });
 *   root.attach(pci, 3);                 // slot 3, function 0: done by the board
 *   pci.setInterrupt(true);              // INTx level, or an MSI on the rising edge when enabled
 *
 * Not modelled: bridges (type 1), power management, parity and error reporting (status bits stay 0).
 * A region at address 0, or one that would wrap, is unmapped: that is what sizing leaves behind for a
 * moment when a driver does it with decoding enabled.
 */

import type { IrqSink } from "../irq/line";
import type {
  AccessSize,
  AddressMap,
  IoHandler,
  IoOptions,
  Registration,
} from "../memory/address-map";
import {
  ConfigSpace,
  PCI_BASE_ADDRESS_0,
  PCI_CACHE_LINE_SIZE,
  PCI_CLASS_PROG,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_COMMAND_PARITY,
  PCI_COMMAND_SERR,
  PCI_DEVICE_ID,
  PCI_HEADER_TYPE,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_LATENCY_TIMER,
  PCI_REVISION_ID,
  PCI_ROM_ADDRESS,
  PCI_STATUS,
  PCI_STATUS_ERRORS,
  PCI_STATUS_INTERRUPT,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from "./config-space";
import { Msi } from "./msi";
import { Msix, type MsixOptions } from "./msix";

export interface PciIdentity {
  /** For messages and `info pci`. */
  name: string;
  vendor: number;
  device: number;
  revision?: number;
  /** Class, subclass and programming interface: 0x010601 is an AHCI controller. */
  classCode: number;
  subsystemVendor?: number;
  subsystem?: number;
  /** INTA to INTD as 1 to 4, 0 for none. */
  interruptPin?: 0 | 1 | 2 | 3 | 4;
  isMultifunction?: boolean;
  /** 4096 for a PCI Express function. */
  configLen?: 256 | 4096;
}

export interface BarOptions extends IoOptions {
  kind: "io" | "mem32" | "mem64";
  /** Power of two; at least 4 for ports, 16 for memory. */
  size: number;
  isPrefetchable?: boolean;
  /** Answers accesses; without it the region is something else's business (`onMap`). */
  handler?: IoHandler;
  /** Called when the region appears at an address, moves, or disappears (undefined). */
  onMap?: (base: number | undefined) => void;
}

/** What a function needs of the bus it sits on. */
export interface PciBus {
  readonly map: AddressMap;
  readonly irq: IrqSink;
  /** INTA-INTD (pin 0-3) of a slot; called on changes of one function's level only. */
  setIntx(slot: number, pin: number, isAsserted: boolean): void;
}

interface Bar {
  register: number;
  options: BarOptions;
  base: number | undefined;
  registration: Registration | undefined;
}

/**
 * Command bits every function has. Both decode bits are writable also without a BAR of their kind, as in
 * QEMU: a VGA decodes legacy ports by the one, and firmware looks for it there.
 */
const COMMAND_BITS =
  PCI_COMMAND_IO |
  PCI_COMMAND_MEMORY |
  PCI_COMMAND_MASTER |
  PCI_COMMAND_PARITY |
  PCI_COMMAND_SERR |
  PCI_COMMAND_INTX_DISABLE;

/** Index of the expansion ROM among the BARs. */
const ROM_BAR = 6;

export class PciFunction {
  readonly config: ConfigSpace;
  readonly name: string;
  msi: Msi | undefined;
  msix: Msix | undefined;
  /** Called after the driver wrote [offset, offset + len): chipset functions act on their registers here. */
  onConfigWrite: ((offset: number, len: number) => void) | undefined;
  /** Called before the driver reads a byte range, to refresh registers that live elsewhere. */
  onConfigRead: ((offset: number, len: number) => void) | undefined;

  private readonly bars = new Map<number, Bar>();
  private bus: PciBus | undefined;
  private slot = -1;
  /** What the device wants of its line, and what the bus was last told. */
  private isInterruptAsserted = false;
  private isIntxDriven = false;

  constructor(identity: PciIdentity) {
    this.name = identity.name;
    const config = new ConfigSpace(identity.configLen);
    this.config = config;
    config.set16(PCI_VENDOR_ID, identity.vendor);
    config.set16(PCI_DEVICE_ID, identity.device);
    config.set8(PCI_REVISION_ID, identity.revision ?? 0);
    config.set8(PCI_CLASS_PROG, identity.classCode & 0xff);
    config.set16(PCI_CLASS_PROG + 1, identity.classCode >>> 8);
    config.set8(PCI_HEADER_TYPE, identity.isMultifunction ? 0x80 : 0);
    config.set16(PCI_SUBSYSTEM_VENDOR_ID, identity.subsystemVendor ?? 0x1af4);
    config.set16(PCI_SUBSYSTEM_ID, identity.subsystem ?? 0x1100);
    config.set8(PCI_INTERRUPT_PIN, identity.interruptPin ?? 0);
    config.allow(PCI_COMMAND, 2, COMMAND_BITS);
    config.allow(PCI_STATUS, 2, 0, PCI_STATUS_ERRORS);
    config.allow(PCI_CACHE_LINE_SIZE, 1, 0xff);
    config.allow(PCI_LATENCY_TIMER, 1, identity.configLen === 4096 ? 0 : 0xff);
    config.allow(PCI_INTERRUPT_LINE, 1, 0xff);
  }

  /** True while the driver allows the function to read and write memory. */
  get isBusMaster(): boolean {
    return (this.config.get16(PCI_COMMAND) & PCI_COMMAND_MASTER) !== 0;
  }

  addBar(index: 0 | 1 | 2 | 3 | 4 | 5, options: BarOptions): void {
    const { kind, size } = options;
    const flags = kind === "io" ? 1 : (kind === "mem64" ? 4 : 0) | (options.isPrefetchable ? 8 : 0);
    const register = PCI_BASE_ADDRESS_0 + 4 * index;
    this.defineBar(index, register, options);
    this.config.set32(register, flags);
    if (kind === "mem64") {
      // Sizes of 4 GiB and more do not exist here: the whole upper half is address.
      this.config.allow(register + 4, 4, 0xffff_ffff);
    }
    this.config.allow(register, 4, (-size & (kind === "io" ? ~3 : ~15)) >>> 0);
  }

  /** An expansion ROM with these contents, padded to a power of two. */
  addRom(image: Uint8Array): void {
    let size = 2048;
    while (size < image.length) size *= 2;
    const padded = new Uint8Array(size).fill(0xff);
    padded.set(image);
    const view = new DataView(padded.buffer);
    const handler: IoHandler = {
      read: (offset, len) =>
        len === 4
          ? view.getUint32(offset, true)
          : len === 2
            ? view.getUint16(offset, true)
            : padded[offset],
      write: () => {},
    };
    this.defineBar(ROM_BAR, PCI_ROM_ADDRESS, { kind: "mem32", size, handler, width: 4 });
    this.config.allow(PCI_ROM_ADDRESS, 4, (-size | 1) >>> 0);
  }

  /** One-vector MSI with a 64-bit address; `at` = capability offset. */
  addMsi(at?: number): void {
    this.msi = new Msi(this.config, at);
  }

  /** MSI-X whose table and pending bits lie in `bar`; the BAR is made when the device has not. */
  addMsix(options: MsixOptions): void {
    if (!this.bars.has(options.bar)) {
      this.addBar(options.bar, {
        kind: "mem32",
        size: Math.max(4096, options.barSize ?? 4096),
        width: 4,
      });
    }
    this.msix = new Msix(this.config, options, (address, data) => this.bus?.irq.msi(address, data));
  }

  /** True while interrupts travel as messages. */
  get isMessageSignalled(): boolean {
    return (this.msix?.isEnabled ?? false) || (this.msi?.isEnabled ?? false);
  }

  /** Fires vector `vector` as MSI-X or MSI; false when neither is enabled (use the line then). */
  signal(vector: number): boolean {
    if (this.msix?.isEnabled) {
      this.msix.signal(vector);
      return true;
    }
    if (this.msi?.isEnabled) {
      this.bus?.irq.msi(this.msi.address, this.msi.data);
      return true;
    }
    return false;
  }

  /** Interrupt of a device with one cause register: an MSI on the rising edge, else the INTx level. */
  setInterrupt(isAsserted: boolean): void {
    const rises = isAsserted && !this.isInterruptAsserted;
    this.isInterruptAsserted = isAsserted;
    if (this.isMessageSignalled) {
      if (rises) this.signal(0);
    }
    this.updateIntx();
  }

  /** INTx alone, for devices that send their messages themselves. */
  setIntx(isAsserted: boolean): void {
    this.isInterruptAsserted = isAsserted;
    this.updateIntx();
  }

  /** Puts the function on its bus: called by the root. */
  attach(bus: PciBus, slot: number): void {
    this.bus = bus;
    this.slot = slot;
    this.config.seal();
    this.updateMappings();
  }

  /** Back to power-on contents: decoding off, regions unmapped, messages off, line low. */
  reset(): void {
    this.isInterruptAsserted = false;
    this.config.reset();
    this.msix?.reset();
    this.updateIntx();
    this.updateMappings();
  }

  configRead(offset: number, size: AccessSize): number {
    this.onConfigRead?.(offset, size);
    return this.config.read(offset, size);
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    this.config.write(offset, size, value);
    const end = offset + size;
    const touches = (first: number, len: number) => offset < first + len && end > first;
    if (touches(PCI_COMMAND, 2)) this.updateIntx();
    if (touches(PCI_COMMAND, 2) || touches(PCI_BASE_ADDRESS_0, 24) || touches(PCI_ROM_ADDRESS, 4)) {
      this.updateMappings();
    }
    if (this.msi && touches(this.msi.offset, this.msi.len)) this.updateIntx();
    if (this.msix && touches(this.msix.offset, 12)) {
      this.msix.controlChanged();
      this.updateIntx();
    }
    this.onConfigWrite?.(offset, size);
  }

  /** Present address of a region, undefined while unmapped. */
  barBase(index: number): number | undefined {
    return this.bars.get(index)?.base;
  }

  private defineBar(index: number, register: number, options: BarOptions): void {
    if (options.size & (options.size - 1))
      throw new Error(`${this.name}: BAR size is not a power of two`);
    this.bars.set(index, { register, options, base: undefined, registration: undefined });
  }

  private updateIntx(): void {
    const pin = this.config.get8(PCI_INTERRUPT_PIN);
    const status = this.config.get16(PCI_STATUS) & ~PCI_STATUS_INTERRUPT;
    this.config.set16(PCI_STATUS, status | (this.isInterruptAsserted ? PCI_STATUS_INTERRUPT : 0));
    const isDisabled = (this.config.get16(PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE) !== 0;
    const drive = this.isInterruptAsserted && pin !== 0 && !isDisabled && !this.isMessageSignalled;
    if (drive === this.isIntxDriven) return;
    this.isIntxDriven = drive;
    this.bus?.setIntx(this.slot, pin - 1, drive);
  }

  private updateMappings(): void {
    if (!this.bus) return;
    for (const [index, bar] of this.bars) {
      const base = this.decodedBase(index, bar);
      if (base === bar.base) continue;
      bar.registration?.remove();
      bar.registration = undefined;
      bar.base = base;
      if (base !== undefined) bar.registration = this.mapBar(index, bar, base);
      bar.options.onMap?.(base);
    }
  }

  private decodedBase(index: number, bar: Bar): number | undefined {
    const { kind, size } = bar.options;
    const command = this.config.get16(PCI_COMMAND);
    const value = this.config.get32(bar.register);
    if (kind === "io") {
      const base = value & ~3 & 0xffff;
      const isOn = (command & PCI_COMMAND_IO) !== 0 && base !== 0 && value >>> 16 === 0;
      return isOn && base + size <= 0x1_0000 ? base : undefined;
    }
    if ((command & PCI_COMMAND_MEMORY) === 0) return undefined;
    if (index === ROM_BAR && (value & 1) === 0) return undefined;
    const high = kind === "mem64" ? this.config.get32(bar.register + 4) : 0;
    const base = high * 0x1_0000_0000 + ((value & (index === ROM_BAR ? ~0x7ff : ~15)) >>> 0);
    const end = base + size;
    if (base === 0 || end > 2 ** 46) return undefined;
    if (base < 0x1_0000_0000 && end >= 0x1_0000_0000) return undefined; // all ones: being sized
    return base;
  }

  private mapBar(index: number, bar: Bar, base: number): Registration | undefined {
    const { kind, size, width, posted } = bar.options;
    const msix = this.msix?.bar === index ? this.msix : undefined;
    const device = bar.options.handler;
    if (!device && !msix) return undefined;
    const handler: IoHandler = msix ? new WithMsix(msix, device) : (device as IoHandler);
    const options = { width, posted, isGuestPlaced: true };
    const map = this.bus?.map;
    return kind === "io"
      ? map?.ports(base, size, handler, options)
      : map?.mmio(base, size, handler, options);
  }
}

/** A region that holds the MSI-X tables, and perhaps registers of the device around them. */
class WithMsix implements IoHandler {
  constructor(
    private readonly msix: Msix,
    private readonly device: IoHandler | undefined,
  ) {}

  read(offset: number, size: AccessSize): number {
    if (this.msix.contains(offset)) return this.msix.read(offset, size);
    return this.device?.read(offset, size) ?? 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (this.msix.contains(offset)) this.msix.write(offset, size, value);
    else this.device?.write(offset, size, value);
  }
}
