/**
 * pc-testdev of QEMU: what kvm-unit-tests poke at to test interrupts and emulated I/O.
 *
 *   port E0h-E3h     32 bits of storage, any width at any byte
 *   port E4h         write = gpa of a page: host mappings of it are torn down and made again
 *   port E8h-EBh     the same storage, byte accesses only (wider ones are split)
 *   port 2000h-2017h byte n drives interrupt line n
 *   FF000000h        64 KiB of storage reached by MMIO
 *
 * The flush port has nothing to do here: guest RAM is never unmapped under a vCPU.
 */
import type { IrqLine } from "../irq/line";
import type { AccessSize, AddressMap, IoHandler } from "../memory/address-map";

const IOMEM_BASE = 0xff00_0000;
const IOMEM_LEN = 0x1_0000;
const IRQ_LINES = 24;

export interface PcTestdevOptions {
  map: AddressMap;
  /** Line of a global system interrupt. */
  line: (gsi: number) => IrqLine;
}

export class PcTestdev {
  private readonly data = new Uint8Array(4);
  private readonly iomem = new Uint8Array(IOMEM_LEN);
  private readonly lines: IrqLine[];

  constructor({ map, line }: PcTestdevOptions) {
    this.lines = Array.from({ length: IRQ_LINES }, (_, gsi) => line(gsi));
    map.ports(0xe0, 4, storage(this.data), { width: 4 });
    map.ports(0xe4, 4, { read: () => 0xffff_ffff, write: () => {} }, { width: 4 });
    // Yields E9h to a debug console there, as QEMU's overlapping regions do.
    map.ports(0xe8, 4, storage(this.data), { width: 1, isGuestPlaced: true });
    map.ports(0x2000, IRQ_LINES, {
      read: () => 0xff,
      write: (gsi, _size, value) => this.lines[gsi].set(value !== 0),
    });
    map.mmio(IOMEM_BASE, IOMEM_LEN, storage(this.iomem), { width: 4 });
  }

  reset(): void {
    this.data.fill(0);
    this.iomem.fill(0);
    for (const line of this.lines) line.set(false);
  }
}

/** Little-endian bytes that remember what was written. */
function storage(bytes: Uint8Array): IoHandler {
  return {
    read(offset: number, size: AccessSize): number {
      let value = 0;
      for (let i = 0; i < size; i++) value += bytes[offset + i] * 256 ** i;
      return value;
    },
    write(offset: number, size: AccessSize, value: number): void {
      for (let i = 0; i < size; i++) bytes[offset + i] = value >>> (8 * i);
    },
  };
}
