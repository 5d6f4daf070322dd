/**
 * Configuration space of one PCI function: bytes, which of their bits the driver may write, and which
 * it clears by writing ones. PCI Local Bus 3.0 chapter 6; PCI Express Base 7.5 for the extended part.
 *
 *   00 vendor, device       10-27 six base address registers    34 first capability
 *   04 command, status      2C subsystem vendor, subsystem      3C interrupt line, pin
 *   08 revision, class      30 expansion ROM                    40-FF device and capabilities
 *
 * A conventional function has 256 bytes; the extended space above them then reads as ones, which is
 * how drivers find out.
 */

export const PCI_VENDOR_ID = 0x00;
export const PCI_DEVICE_ID = 0x02;
export const PCI_COMMAND = 0x04;
export const PCI_STATUS = 0x06;
export const PCI_REVISION_ID = 0x08;
export const PCI_CLASS_PROG = 0x09;
export const PCI_CACHE_LINE_SIZE = 0x0c;
export const PCI_LATENCY_TIMER = 0x0d;
export const PCI_HEADER_TYPE = 0x0e;
export const PCI_BASE_ADDRESS_0 = 0x10;
export const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
export const PCI_SUBSYSTEM_ID = 0x2e;
export const PCI_ROM_ADDRESS = 0x30;
export const PCI_CAPABILITY_LIST = 0x34;
export const PCI_INTERRUPT_LINE = 0x3c;
export const PCI_INTERRUPT_PIN = 0x3d;

export const PCI_COMMAND_IO = 0x0001;
export const PCI_COMMAND_MEMORY = 0x0002;
export const PCI_COMMAND_MASTER = 0x0004;
export const PCI_COMMAND_PARITY = 0x0040;
export const PCI_COMMAND_SERR = 0x0100;
export const PCI_COMMAND_INTX_DISABLE = 0x0400;

export const PCI_STATUS_INTERRUPT = 0x0008;
export const PCI_STATUS_CAP_LIST = 0x0010;
/** Error bits, cleared by writing ones (6.2.3). */
export const PCI_STATUS_ERRORS = 0xf900;

export const PCI_CAP_ID_MSI = 0x05;
export const PCI_CAP_ID_VENDOR = 0x09;
export const PCI_CAP_ID_EXPRESS = 0x10;
export const PCI_CAP_ID_MSIX = 0x11;
export const PCI_CAP_ID_SATA = 0x12;

export class ConfigSpace {
  readonly bytes: Uint8Array;
  /** Bits the driver may write, and bits it clears by writing ones; same shape as `bytes`. */
  private readonly writable: Uint8Array;
  private readonly clearable: Uint8Array;
  private initial: Uint8Array | undefined;
  private nextCapability = 0x40;

  constructor(len: 256 | 4096 = 256) {
    this.bytes = new Uint8Array(len);
    this.writable = new Uint8Array(len);
    this.clearable = new Uint8Array(len);
  }

  get8(offset: number): number {
    return this.bytes[offset];
  }
  get16(offset: number): number {
    return this.bytes[offset] | (this.bytes[offset + 1] << 8);
  }
  get32(offset: number): number {
    return (this.get16(offset) | (this.get16(offset + 2) << 16)) >>> 0;
  }

  /** Sets a field from the device's side, whatever the driver may write. */
  set8(offset: number, value: number): void {
    this.bytes[offset] = value;
  }
  set16(offset: number, value: number): void {
    this.bytes[offset] = value;
    this.bytes[offset + 1] = value >>> 8;
  }
  set32(offset: number, value: number): void {
    this.set16(offset, value & 0xffff);
    this.set16(offset + 2, value >>> 16);
  }

  /** Declares what the driver may write in a field of `len` bytes: bits it sets, bits it clears. */
  allow(offset: number, len: 1 | 2 | 4, writable: number, clearable = 0): void {
    for (let i = 0; i < len; i++) {
      this.writable[offset + i] = writable >>> (8 * i);
      this.clearable[offset + i] = clearable >>> (8 * i);
    }
  }

  /**
   * Links a capability of `len` bytes into the list and returns its offset. Capabilities come out in
   * the order added; `at` places one where the chip's datasheet has it.
   */
  addCapability(id: number, len: number, at = (this.nextCapability + 3) & ~3): number {
    if (at + len > 256)
      throw new Error(`PCI capability ${id} of ${len} bytes does not fit at ${at}`);
    let link = PCI_CAPABILITY_LIST;
    while (this.bytes[link] !== 0) link = this.bytes[link] + 1;
    this.bytes[link] = at;
    this.bytes[at] = id;
    this.set16(PCI_STATUS, this.get16(PCI_STATUS) | PCI_STATUS_CAP_LIST);
    this.nextCapability = Math.max(this.nextCapability, at + len);
    return at;
  }

  /** The driver's read of 1, 2 or 4 bytes; ones beyond the end. */
  read(offset: number, size: number): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | (this.bytes[offset + i] ?? 0xff);
    return value >>> 0;
  }

  /** The driver's write. The first write keeps what reset goes back to. */
  write(offset: number, size: number, value: number): void {
    this.seal();
    for (let i = 0; i < size && offset + i < this.bytes.length; i++) {
      const at = offset + i;
      const byte = (value >>> (8 * i)) & 0xff;
      const kept = this.bytes[at] & ~this.writable[at] & ~(byte & this.clearable[at]);
      this.bytes[at] = kept | (byte & this.writable[at]);
    }
  }

  /** Remembers the present contents as those after reset; called once the function is complete. */
  seal(): void {
    this.initial ??= this.bytes.slice();
  }

  /** Back to the contents at the time of `seal`. */
  reset(): void {
    if (this.initial) this.bytes.set(this.initial);
  }
}
