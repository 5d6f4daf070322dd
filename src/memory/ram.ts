/**
 * GuestMemory over the shared memory: two ranges of guest physical addresses, one behind the other at
 * RAM (asm/layout.ts).
 *
 *   gpa 0 .. ramLow              host RAM .. RAM + ramLow
 *   gpa 4 GiB .. 4 GiB + ramHigh host RAM + ramLow ..
 *
 * The windows below 1 MiB (VGA, shadowed ROM) are plain RAM to a device.
 *
 * DMA and decoded code. A vCPU sets the granule's bit in CODE_MAP (atomically) *before* it reads the
 * bytes it decodes; a device writes its bytes, executes a full barrier and then looks at CODE_MAP. So
 * either the device sees the bit and reports the page, or the vCPU decodes the new bytes. Reports are
 * a ring of host page numbers with one producer, the device worker: the slot is written before the
 * head moves, the head before PENDING_CODE is set. A vCPU more than MACHINE_DMA_CODE_ENTRIES behind
 * has lost entries and drops all its blocks.
 */
import {
  CODE_MAP,
  MACHINE,
  MACHINE_DMA_CODE,
  MACHINE_DMA_CODE_ENTRIES,
  Machine,
  PENDING_CODE,
  RAM,
} from "../shared/layout";
import { pendAll, type SharedMemory } from "../shared/shared-memory";
import type { GuestMemory } from "./guest-memory";

const HIGH = 0x1_0000_0000;
const DMA_CODE_HEAD = (MACHINE + Machine.dmaCodeHead) >> 2;
const GRANULE_SHIFT = 7;

export class Ram implements GuestMemory {
  readonly ramLow: number;
  readonly ramHigh: number;

  constructor(private readonly memory: SharedMemory) {
    this.ramLow = memory.u32[(MACHINE + Machine.ramLow) >> 2];
    this.ramHigh = memory.u32[(MACHINE + Machine.ramHigh) >> 2];
  }

  offset(gpa: number, len: number): number {
    if (gpa >= 0 && gpa + len <= this.ramLow) return RAM + gpa;
    if (gpa >= HIGH && gpa + len <= HIGH + this.ramHigh) return RAM + this.ramLow + (gpa - HIGH);
    return -1;
  }

  view(gpa: number, len: number): Uint8Array | undefined {
    const offset = this.offset(gpa, len);
    return offset < 0 ? undefined : this.memory.bytes.subarray(offset, offset + len);
  }

  read(gpa: number, into: Uint8Array): boolean {
    const offset = this.offset(gpa, into.length);
    if (offset < 0) return this.readPartly(gpa, into);
    into.set(this.memory.bytes.subarray(offset, offset + into.length));
    return true;
  }

  write(gpa: number, from: Uint8Array): boolean {
    const offset = this.offset(gpa, from.length);
    if (offset < 0) return this.writePartly(gpa, from);
    this.memory.bytes.set(from, offset);
    this.writtenAt(offset, from.length);
    return true;
  }

  read8(gpa: number): number {
    const offset = this.offset(gpa, 1);
    return offset < 0 ? 0xff : this.memory.bytes[offset];
  }
  read16(gpa: number): number {
    const offset = this.offset(gpa, 2);
    return offset < 0 ? 0xffff : this.memory.view.getUint16(offset, true);
  }
  read32(gpa: number): number {
    const offset = this.offset(gpa, 4);
    return offset < 0 ? 0xffff_ffff : this.memory.view.getUint32(offset, true);
  }
  read64(gpa: number): bigint {
    const offset = this.offset(gpa, 8);
    return offset < 0 ? 0xffff_ffff_ffff_ffffn : this.memory.view.getBigUint64(offset, true);
  }

  write8(gpa: number, value: number): void {
    const offset = this.offset(gpa, 1);
    if (offset < 0) return;
    this.memory.bytes[offset] = value;
    this.writtenAt(offset, 1);
  }
  write16(gpa: number, value: number): void {
    const offset = this.offset(gpa, 2);
    if (offset < 0) return;
    this.memory.view.setUint16(offset, value, true);
    this.writtenAt(offset, 2);
  }
  write32(gpa: number, value: number): void {
    const offset = this.offset(gpa, 4);
    if (offset < 0) return;
    this.memory.view.setUint32(offset, value, true);
    this.writtenAt(offset, 4);
  }
  write64(gpa: number, value: bigint): void {
    const offset = this.offset(gpa, 8);
    if (offset < 0) return;
    this.memory.view.setBigUint64(offset, value, true);
    this.writtenAt(offset, 8);
  }

  written(gpa: number, len: number): void {
    const offset = this.offset(gpa, len);
    if (offset >= 0) this.writtenAt(offset, len);
  }

  /** Reports the pages of [offset, offset + len) whose written granules hold decoded code. */
  private writtenAt(offset: number, len: number): void {
    const { i32 } = this.memory;
    // The barrier between the bytes and the look at CODE_MAP.
    Atomics.add(i32, DMA_CODE_HEAD, 0);
    const end = offset + len;
    let hit = false;
    for (let at = offset; at < end; ) {
      const page = Math.floor(at / 4096);
      const stop = Math.min(end, (page + 1) * 4096);
      const code = Atomics.load(i32, (CODE_MAP >> 2) + page);
      if (code !== 0 && (code & granules(at, stop)) !== 0) {
        this.report(page);
        hit = true;
      }
      at = stop;
    }
    if (hit) pendAll(this.memory, PENDING_CODE);
  }

  private report(page: number): void {
    const { i32 } = this.memory;
    const head = Atomics.load(i32, DMA_CODE_HEAD);
    const slot = (head >>> 0) % MACHINE_DMA_CODE_ENTRIES;
    Atomics.store(i32, ((MACHINE + MACHINE_DMA_CODE) >> 2) + slot, page);
    Atomics.store(i32, DMA_CODE_HEAD, head + 1);
  }

  /** What of [gpa, gpa + into.length) is RAM; the rest is ones. */
  private readPartly(gpa: number, into: Uint8Array): boolean {
    into.fill(0xff);
    for (const [from, to] of this.within(gpa, into.length)) {
      this.read(from, into.subarray(from - gpa, to - gpa));
    }
    return false;
  }

  private writePartly(gpa: number, from: Uint8Array): boolean {
    for (const [start, end] of this.within(gpa, from.length)) {
      this.write(start, from.subarray(start - gpa, end - gpa));
    }
    return false;
  }

  /** The parts of a range that lie in either range of RAM. */
  private within(gpa: number, len: number): [number, number][] {
    const ranges = [
      [0, this.ramLow],
      [HIGH, HIGH + this.ramHigh],
    ];
    return ranges
      .map(([base, end]): [number, number] => [Math.max(gpa, base), Math.min(gpa + len, end)])
      .filter(([from, to]) => from < to);
  }
}

/** Bits of a CODE_MAP word for the bytes [from, to) of one page. */
function granules(from: number, to: number): number {
  const first = (from & 4095) >>> GRANULE_SHIFT;
  const last = ((to - 1) & 4095) >>> GRANULE_SHIFT;
  const upToLast = last === 31 ? -1 : (1 << (last + 1)) - 1;
  return upToLast & -(1 << first);
}
