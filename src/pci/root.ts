/**
 * The PCI root of q35: bus 0 with its functions, reached through the two configuration mechanisms.
 *
 *   CF8  CONFIG_ADDRESS  31 enable | 23:16 bus | 15:11 slot | 10:8 function | 7:2 register (dwords only)
 *   CFC  CONFIG_DATA     1, 2 or 4 bytes at the register and the low two bits of the port
 *   MMCONFIG             27:20 bus | 19:15 slot | 14:12 function | 11:0 register, where the host bridge
 *                        places it (PCIEXBAR)
 *
 * PCI Local Bus 3.0 section 3.2.2.3.2; PCI Express Base 7.2.2. Only bus 0 exists: there are no bridges.
 * Nobody there reads as ones.
 */
import type { IrqSink } from "../irq/line";
import type { AccessSize, AddressMap, IoHandler, Registration } from "../memory/address-map";
import type { PciBus, PciFunction } from "./function";

export const CONFIG_ADDRESS = 0xcf8;
export const CONFIG_DATA = 0xcfc;

const ENABLE = 0x8000_0000;

export class PciRoot implements PciBus {
  /** By slot × 8 + function. */
  private readonly functions: (PciFunction | undefined)[] = new Array(256).fill(undefined);
  private address = 0;
  private mmconfig: Registration | undefined;

  /**
   * `routeIntx` is the board's wiring of INTA-INTD. `bytePorts` answers what is not a dword access in
   * CF8-CFB: q35 has its reset control register at CF9.
   */
  constructor(
    readonly map: AddressMap,
    readonly irq: IrqSink,
    private readonly routeIntx: (slot: number, pin: number, isAsserted: boolean) => void,
    private readonly bytePorts?: IoHandler,
  ) {
    map.ports(CONFIG_ADDRESS, 4, this.addressPort, { width: 4 });
    map.ports(CONFIG_DATA, 4, this.dataPort, { width: 4 });
  }

  attach(fn: PciFunction, slot: number, number = 0): void {
    const devfn = slot * 8 + number;
    const present = this.functions[devfn];
    if (present)
      throw new Error(
        `PCI slot ${slot}.${number} is taken by ${present.name}: ${fn.name} needs another addr=`,
      );
    this.functions[devfn] = fn;
    fn.attach(this, slot);
  }

  /** True when no function sits in the slot. */
  isFree(slot: number): boolean {
    return this.functions.slice(slot * 8, slot * 8 + 8).every((fn) => fn === undefined);
  }

  /** All functions in order, for listings. */
  *list(): Generator<{ slot: number; number: number; fn: PciFunction }> {
    for (const [devfn, fn] of this.functions.entries()) {
      if (fn) yield { slot: devfn >> 3, number: devfn & 7, fn };
    }
  }

  setIntx(slot: number, pin: number, isAsserted: boolean): void {
    this.routeIntx(slot, pin, isAsserted);
  }

  /** Where MMCONFIG lies now; undefined = nowhere. */
  setMmconfig(base: number | undefined, len: number): void {
    this.mmconfig?.remove();
    this.mmconfig =
      base === undefined
        ? undefined
        : this.map.mmio(base, len, this.mmconfigSpace, { width: 4, isGuestPlaced: true });
  }

  /** Every function's configuration space to power-on values; chips reset the rest of themselves. */
  reset(): void {
    this.address = 0;
    for (const { fn } of this.list()) fn.reset();
  }

  read(bus: number, devfn: number, register: number, size: AccessSize): number {
    const fn = bus === 0 ? this.functions[devfn] : undefined;
    return fn ? fn.configRead(register, size) : ones(size);
  }

  write(bus: number, devfn: number, register: number, size: AccessSize, value: number): void {
    if (bus === 0) this.functions[devfn]?.configWrite(register, size, value);
  }

  private readonly addressPort: IoHandler = {
    read: (offset, size) => {
      if (size === 4) return this.address;
      return this.bytePorts?.read(offset, size) ?? ones(size);
    },
    write: (offset, size, value) => {
      if (size === 4) this.address = value >>> 0;
      else this.bytePorts?.write(offset, size, value);
    },
  };

  private readonly dataPort: IoHandler = {
    read: (offset, size) => {
      if ((this.address & ENABLE) === 0) return ones(size);
      const { bus, devfn, register } = this.selected();
      return this.read(bus, devfn, register + offset, size);
    },
    write: (offset, size, value) => {
      if ((this.address & ENABLE) === 0) return;
      const { bus, devfn, register } = this.selected();
      this.write(bus, devfn, register + offset, size, value);
    },
  };

  private readonly mmconfigSpace: IoHandler = {
    read: (offset, size) => this.read(offset >>> 20, (offset >>> 12) & 0xff, offset & 0xfff, size),
    write: (offset, size, value) =>
      this.write(offset >>> 20, (offset >>> 12) & 0xff, offset & 0xfff, size, value),
  };

  private selected(): { bus: number; devfn: number; register: number } {
    const { address } = this;
    return {
      bus: (address >>> 16) & 0xff,
      devfn: (address >>> 8) & 0xff,
      register: address & 0xfc,
    };
  }
}

function ones(size: AccessSize): number {
  return size === 4 ? 0xffff_ffff : size === 2 ? 0xffff : 0xff;
}
