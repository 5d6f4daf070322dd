/**
 * Guest RAM as devices see it: bounds-checked copies by guest physical address (DMA). Reads outside RAM
 * give ones, writes outside RAM vanish, as on a bus where nobody answers; both return false so that a
 * device can report a master abort. Writes tell the vCPUs when a page holds decoded code.
 */
export interface GuestMemory {
  /** Bytes of RAM below the PCI hole and from 4 GiB upward. */
  readonly ramLow: number;
  readonly ramHigh: number;
  /** Copies [gpa, gpa + into.length) into `into`; false if any byte lies outside RAM. */
  read(gpa: number, into: Uint8Array): boolean;
  /** Copies `from` to gpa; false if any byte lies outside RAM (nothing outside is touched). */
  write(gpa: number, from: Uint8Array): boolean;
  read8(gpa: number): number;
  read16(gpa: number): number;
  read32(gpa: number): number;
  read64(gpa: number): bigint;
  write8(gpa: number, value: number): void;
  write16(gpa: number, value: number): void;
  write32(gpa: number, value: number): void;
  write64(gpa: number, value: bigint): void;
  /**
   * The RAM bytes of [gpa, gpa + len) themselves, for DMA without a copy; undefined unless all of them
   * are RAM and contiguous. After writing through the view call `written(gpa, len)`.
   */
  view(gpa: number, len: number): Uint8Array | undefined;
  /** Host offset in the shared memory of [gpa, gpa + len), or -1: for workers that write on a device's behalf. */
  offset(gpa: number, len: number): number;
  written(gpa: number, len: number): void;
}
