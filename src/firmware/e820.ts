/**
 * The memory map as firmware would tell it (INT 15h AX=E820h; ACPI 6.4 chapter 15), for kernels that
 * are booted without firmware, and the list of RAM that firmware itself starts from (etc/e820).
 */
import { ByteWriter } from "../base/bytes";

export const E820_RAM = 1;
export const E820_RESERVED = 2;

export interface E820Entry {
  base: number;
  len: number;
  type: number;
}

const HIGH = 0x1_0000_0000;

/** RAM alone: what etc/e820 holds. */
export function ramMap(ramLow: number, ramHigh: number): E820Entry[] {
  const entries = [{ base: 0, len: ramLow, type: E820_RAM }];
  if (ramHigh > 0) entries.push({ base: HIGH, len: ramHigh, type: E820_RAM });
  return entries;
}

/** The whole map: `reservedTop` bytes at the top of low RAM hold our tables. */
export function systemMap(
  ramLow: number,
  ramHigh: number,
  reservedTop: number,
  mmconfigBase: number,
): E820Entry[] {
  const top = ramLow - reservedTop;
  const entries = [
    { base: 0, len: 0x9_fc00, type: E820_RAM },
    { base: 0x9_fc00, len: 0x400, type: E820_RESERVED }, // EBDA
    { base: 0xf_0000, len: 0x1_0000, type: E820_RESERVED },
    { base: 0x10_0000, len: top - 0x10_0000, type: E820_RAM },
    { base: top, len: reservedTop, type: E820_RESERVED },
    { base: mmconfigBase, len: 0x1000_0000, type: E820_RESERVED },
    { base: 0xfffc_0000, len: 0x4_0000, type: E820_RESERVED },
  ];
  if (ramHigh > 0) entries.push({ base: HIGH, len: ramHigh, type: E820_RAM });
  return entries;
}

/** Entries of 20 bytes. */
export function packE820(entries: E820Entry[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { base, len, type } of entries) writer.u64(base).u64(len).u32(type);
  return writer.take();
}
