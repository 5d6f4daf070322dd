/**
 * The VGA's window at A0000h-BFFFFh: how a processor access becomes plane bytes. IBM VGA technical
 * reference, "Graphics Controller" and "Memory Map Mask"; FreeVGA, "Accessing the VGA Display Memory".
 * It runs inside the vCPU, because a text screen or a planar picture is a storm of single bytes.
 *
 *   gpa -> inside the map of GC6? -> plane offset and planes (chain-4, odd/even or planar)
 *   read:  latch = word at offset;  mode 0: one plane   mode 1: colour compare
 *   write: mode 0 rotate, set/reset | 1 latches | 2 colour | 3 set/reset under data & bit mask
 *          -> AND/OR/XOR with the latches (not mode 1) -> bit mask -> map mask
 *
 * Chain-4 and odd/even use the offsets of the real chip: the plane comes from the low address bits, and those
 * bits are then zero in the offset (the CRT controller fetches in doubleword and word mode). With DISPI
 * enabled at 8 bits per pixel or more the window is a 64 KiB bank of the linear framebuffer instead.
 * Accesses of 2 and 4 bytes are bytes in ascending order, as on the 8-bit bus. The odd/even page bit of the
 * miscellaneous output register has no effect. Outside the map: reads give ones, writes vanish.
 */
import { VGA_SHARED, VRAM, VRAM_SIZE } from "./layout";
import {
  DISPI_BANK,
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_ENABLED,
  VGA_DISPI,
  VGA_GC,
  VGA_LATCH,
  VGA_MISC,
  VGA_SEQ,
} from "./vga-layout";

const OUTSIDE: u32 = 0xffff_ffff;

function gc(index: u32): u32 {
  return <u32>load<u8>(VGA_SHARED + VGA_GC + index);
}

function seq(index: u32): u32 {
  return <u32>load<u8>(VGA_SHARED + VGA_SEQ + index);
}

function dispi(index: u32): u32 {
  return <u32>load<u16>(VGA_SHARED + VGA_DISPI + (index << 1));
}

/** Offset inside the part of the window that GC6 maps, or OUTSIDE. */
function windowOffset(gpa: u32): u32 {
  if ((load<u8>(VGA_SHARED + VGA_MISC) & 0x02) == 0) return OUTSIDE; // RAM disabled
  const offset = gpa - 0xa0000;
  switch ((gc(6) >> 2) & 3) {
    case 0:
      return offset < 0x20000 ? offset : OUTSIDE;
    case 1:
      return offset < 0x10000 ? offset : OUTSIDE;
    case 2:
      return offset - 0x10000 < 0x8000 ? offset - 0x10000 : OUTSIDE;
    default:
      return offset - 0x18000 < 0x8000 ? offset - 0x18000 : OUTSIDE;
  }
}

/** Whether the window shows a bank of the linear framebuffer. */
function isLinear(): bool {
  return (dispi(DISPI_ENABLE) & DISPI_ENABLED) != 0 && dispi(DISPI_BPP) != 4;
}

function linearAddress(offset: u32): usize {
  return VRAM + (((dispi(DISPI_BANK) << 16) + offset) & (VRAM_SIZE - 1));
}

/**
 * Address of the word (the four planes at one offset) that an access to window offset `offset` reaches.
 * The planes at 64 KiB wrap, except in DISPI's planar modes, which bank through all of VRAM.
 */
function planarAddress(offset: u32): usize {
  if ((seq(4) & 0x08) != 0) {
    offset &= 0xfffc;
  } else if ((gc(6) & 0x02) != 0) {
    // Chained odd/even: address bit 0 chose the plane; in the 128 KiB map bit 16 takes its place.
    offset = (offset & 0xfffe) | ((offset >> 16) & 1);
  }
  if ((dispi(DISPI_ENABLE) & DISPI_ENABLED) != 0) {
    offset = ((dispi(DISPI_BANK) << 16) + offset) & ((VRAM_SIZE >> 2) - 1);
  } else {
    offset &= 0xffff;
  }
  return VRAM + (offset << 2);
}

/** Bit i of `planes` (0-15) as byte i, 00h or FFh. */
function expand(planes: u32): u32 {
  return ((planes * 0x0020_4081) & 0x0101_0101) * 0xff;
}

function readByte(offset: u32): u32 {
  if (isLinear()) return <u32>load<u8>(linearAddress(offset));
  const latch = load<u32>(planarAddress(offset));
  store<u32>(VGA_SHARED + VGA_LATCH, latch);
  const mode = gc(5);
  if ((mode & 0x08) != 0) {
    // Read mode 1: a bit is set where all planes that care equal the compare colour.
    let differs = (latch ^ expand(gc(2) & 15)) & expand(gc(7) & 15);
    differs |= differs >> 16;
    differs |= differs >> 8;
    return ~differs & 0xff;
  }
  let plane = gc(4) & 3;
  if ((seq(4) & 0x08) != 0) plane = offset & 3;
  else if ((mode & 0x10) != 0) plane = (plane & 2) | (offset & 1);
  return (latch >> (plane << 3)) & 0xff;
}

/** The ALU between data and latches: GC3 bits 3-4. */
function combine(data: u32, latch: u32): u32 {
  switch ((gc(3) >> 3) & 3) {
    case 0:
      return data;
    case 1:
      return data & latch;
    case 2:
      return data | latch;
    default:
      return data ^ latch;
  }
}

/** What the four planes get, before the map mask. */
function writeData(value: u32, latch: u32): u32 {
  const rotate = gc(3) & 7;
  const rotated = ((value >> rotate) | (value << (8 - rotate))) & 0xff;
  let data: u32 = 0;
  let mask = gc(8);
  switch (gc(5) & 3) {
    case 0: {
      const enabled = expand(gc(1) & 15);
      data = (expand(gc(0) & 15) & enabled) | ((rotated * 0x0101_0101) & ~enabled);
      break;
    }
    case 1:
      return latch;
    case 2:
      data = expand(value & 15);
      break;
    default:
      data = expand(gc(0) & 15);
      mask &= rotated;
      break;
  }
  const bits = mask * 0x0101_0101;
  return (combine(data, latch) & bits) | (latch & ~bits);
}

function writeByte(offset: u32, value: u32): void {
  if (isLinear()) {
    store<u8>(linearAddress(offset), value);
    return;
  }
  let planes = seq(2) & 15;
  const memory = seq(4);
  if ((memory & 0x08) != 0) planes &= 1 << (offset & 3);
  else if ((memory & 0x04) == 0) planes &= 0x05 << (offset & 1);
  if (planes == 0) return;
  const at = planarAddress(offset);
  const enabled = expand(planes);
  const data = writeData(value, load<u32>(VGA_SHARED + VGA_LATCH));
  store<u32>(at, (data & enabled) | (load<u32>(at) & ~enabled));
}

/** A load of 1, 2 or 4 bytes at A0000h-BFFFFh, zero-extended. */
export function vgaRead(gpa: u32, size: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const offset = windowOffset(gpa + i);
    const byte: u32 = offset == OUTSIDE ? 0xff : readByte(offset);
    value |= byte << (i << 3);
  }
  return value;
}

/** A store of 1, 2 or 4 bytes at A0000h-BFFFFh. */
export function vgaWrite(gpa: u32, size: u32, value: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    const offset = windowOffset(gpa + i);
    if (offset != OUTSIDE) writeByte(offset, (value >> (i << 3)) & 0xff);
  }
}
