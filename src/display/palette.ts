/**
 * From attribute bits to RGBA: the attribute controller's palette, colour select and plane enable, then the
 * DAC with its mask. Pixels are 32-bit words as ImageData holds them on little-endian hosts (ABGR).
 */
import {
  DISPI_8BIT_DAC,
  DISPI_ENABLE,
  VGA_ATC,
  VGA_DAC,
  VGA_DAC_MASK,
  VGA_DISPI,
} from "../shared/layout";

export const BLACK = 0xff00_0000;

/** RGBA of DAC entry `index`, after the DAC mask. */
export function dacColor(regs: Uint8Array, index: number): number {
  const at = VGA_DAC + (index & regs[VGA_DAC_MASK]) * 3;
  const r = regs[at];
  const g = regs[at + 1];
  const b = regs[at + 2];
  const isWide = (regs[VGA_DISPI + 2 * DISPI_ENABLE] & DISPI_8BIT_DAC) !== 0;
  if (isWide) return (BLACK | (b << 16) | (g << 8) | r) >>> 0;
  const wide = (value: number): number => ((value & 0x3f) << 2) | ((value >> 4) & 3);
  return (BLACK | (wide(b) << 16) | (wide(g) << 8) | wide(r)) >>> 0;
}

/** The 256 colours of packed modes. */
export function palette256(regs: Uint8Array, into: Uint32Array): void {
  for (let index = 0; index < 256; index++) into[index] = dacColor(regs, index);
}

/** The 16 colours of text and planar modes; bit planes that are switched off read as 0. */
export function palette16(regs: Uint8Array, into: Uint32Array): void {
  const mode = regs[VGA_ATC + 0x10];
  const enabled = regs[VGA_ATC + 0x12] & 15;
  const select = regs[VGA_ATC + 0x14];
  for (let color = 0; color < 16; color++) {
    let index = regs[VGA_ATC + (color & enabled)] & 0x3f;
    if (mode & 0x80) index = (index & 0x0f) | ((select & 3) << 4);
    into[color] = dacColor(regs, index | ((select & 0x0c) << 4));
  }
}
