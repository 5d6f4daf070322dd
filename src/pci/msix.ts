/**
 * MSI-X capability, its vector table and its pending bit array. PCI Local Bus 3.0 section 6.8.2.
 *
 *   capability  +0 id 11, next   +2 control: 15 enable, 14 function mask, 10:0 vectors - 1
 *               +4 table offset | BAR   +8 pending bits offset | BAR
 *   table entry +0 address   +4 upper address   +8 data   +C vector control (bit 0 mask)
 *
 * A vector that is signalled while it or the whole function is masked sets its pending bit and goes
 * out when both masks are gone. Table accesses are aligned 4-byte ones (8-byte ones arrive as two);
 * smaller accesses, undefined by the specification, work on the bytes they name.
 */
import type { AccessSize } from "../memory/address-map";
import { type ConfigSpace, PCI_CAP_ID_MSIX } from "./config-space";

export interface MsixOptions {
  vectors: number;
  bar: 0 | 1 | 2 | 3 | 4 | 5;
  /** Size of the BAR when MSI-X is all that it holds. */
  barSize?: number;
  tableOffset?: number;
  pbaOffset?: number;
  /** Offset of the capability in configuration space. */
  at?: number;
}

const CONTROL_ENABLE = 0x8000;
const CONTROL_MASK_ALL = 0x4000;
const ENTRY_LEN = 16;
const ENTRY_MASKED = 1;

export class Msix {
  readonly offset: number;
  readonly bar: number;
  readonly vectors: number;
  private readonly tableOffset: number;
  private readonly pbaOffset: number;
  private readonly table: DataView;
  private readonly pending: Uint8Array;

  constructor(
    private readonly config: ConfigSpace,
    options: MsixOptions,
    private readonly send: (address: number, data: number) => void,
  ) {
    this.vectors = options.vectors;
    this.bar = options.bar;
    this.tableOffset = options.tableOffset ?? 0;
    this.pbaOffset = options.pbaOffset ?? 0x800;
    this.table = new DataView(new ArrayBuffer(this.vectors * ENTRY_LEN));
    this.pending = new Uint8Array(Math.ceil(this.vectors / 64) * 8);
    this.offset = config.addCapability(PCI_CAP_ID_MSIX, 12, options.at);
    config.set16(this.offset + 2, this.vectors - 1);
    config.allow(this.offset + 2, 2, CONTROL_ENABLE | CONTROL_MASK_ALL);
    config.set32(this.offset + 4, this.tableOffset | this.bar);
    config.set32(this.offset + 8, this.pbaOffset | this.bar);
    this.reset();
  }

  get isEnabled(): boolean {
    return (this.config.get16(this.offset + 2) & CONTROL_ENABLE) !== 0;
  }

  signal(vector: number): void {
    if (vector >= this.vectors || !this.isEnabled) return;
    if (this.isMasked(vector)) {
      this.pending[vector >> 3] |= 1 << (vector & 7);
      return;
    }
    const entry = vector * ENTRY_LEN;
    const address =
      this.table.getUint32(entry + 4, true) * 0x1_0000_0000 + this.table.getUint32(entry, true);
    this.send(address, this.table.getUint32(entry + 8, true));
  }

  /** True for offsets in the BAR that belong to the table or the pending bits. */
  contains(offset: number): boolean {
    const inTable = offset >= this.tableOffset && offset < this.tableOffset + this.table.byteLength;
    return inTable || (offset >= this.pbaOffset && offset < this.pbaOffset + this.pending.length);
  }

  read(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | this.byteAt(offset + i);
    return value >>> 0;
  }

  /** Writes to the table; the pending bits are read-only. */
  write(offset: number, size: AccessSize, value: number): void {
    const at = offset - this.tableOffset;
    if (at < 0 || at + size > this.table.byteLength) return;
    for (let i = 0; i < size; i++) this.table.setUint8(at + i, value >>> (8 * i));
    this.deliverPending(Math.floor(at / ENTRY_LEN));
  }

  /** The driver wrote the control word: unmasking releases what is pending. */
  controlChanged(): void {
    for (let vector = 0; vector < this.vectors; vector++) this.deliverPending(vector);
  }

  reset(): void {
    for (let vector = 0; vector < this.vectors; vector++) {
      const entry = vector * ENTRY_LEN;
      for (let i = 0; i < 12; i += 4) this.table.setUint32(entry + i, 0, true);
      this.table.setUint32(entry + 12, ENTRY_MASKED, true);
    }
    this.pending.fill(0);
  }

  private isMasked(vector: number): boolean {
    const isAllMasked = (this.config.get16(this.offset + 2) & CONTROL_MASK_ALL) !== 0;
    return (
      isAllMasked || (this.table.getUint32(vector * ENTRY_LEN + 12, true) & ENTRY_MASKED) !== 0
    );
  }

  private deliverPending(vector: number): void {
    const bit = 1 << (vector & 7);
    if ((this.pending[vector >> 3] & bit) === 0 || !this.isEnabled || this.isMasked(vector)) return;
    this.pending[vector >> 3] &= ~bit;
    this.signal(vector);
  }

  private byteAt(offset: number): number {
    const inTable = offset - this.tableOffset;
    if (inTable >= 0 && inTable < this.table.byteLength) return this.table.getUint8(inTable);
    return this.pending[offset - this.pbaOffset] ?? 0;
  }
}
