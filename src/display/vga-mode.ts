/**
 * What the VGA's registers say is on the screen: a description without pixels, shared by the scanout, the
 * text view and the page's mode line. IBM VGA technical reference, "CRT Controller"; Bochs DISPI.
 *
 * Sizes are those of the picture, not of the tube: a scan line that the CRT controller repeats (mode 13h
 * shows each twice) counts once, a pixel that lasts two dot clocks counts once.
 *
 *   address of a character clock:  MA counts from the start address, a row further by 2 × CR13
 *   byte mode   MA                word mode  MA << 1 | MA13 or MA15       doubleword  MA << 2
 *   CR17 bit 0 clear: address bit 13 is row scan bit 0     CR17 bit 1 clear: bit 14 is row scan bit 1
 *
 * The manual: doubleword mode puts MA12 and MA13 into the low address bits, and chain-4 puts A14 and A15
 * there. Here both leave them zero, which shows the same picture.
 */
import {
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_ENABLED,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  VGA_ATC,
  VGA_ATC_INDEX,
  VGA_CRTC,
  VGA_DISPI,
  VGA_GC,
  VGA_SEQ,
} from "../shared/layout";

export interface BlankMode {
  kind: "blank";
  width: number;
  height: number;
}

/** Part of the screen above or below the line compare. */
export interface Region {
  /** Rows of the picture, end exclusive. */
  first: number;
  end: number;
  /** MA of its first character clock. */
  start: number;
  /** Row scan it begins with. */
  rowScan: number;
  /** Pixels shifted to the left. */
  pan: number;
}

export interface VgaMode {
  kind: "text" | "planar" | "cga" | "packed";
  width: number;
  height: number;
  /** Character clocks shown in a row, and pixels of each. */
  columns: number;
  cellWidth: number;
  /** Rows of the picture that share one MA: character height, or 2 where CGA banks interleave. */
  cellHeight: number;
  /** MA counts from one such group to the next. */
  pitch: number;
  addressing: "byte" | "word" | "doubleword";
  /** The bit of MA that becomes address bit 0 in word mode: 13 or 15. */
  wrapBit: number;
  /** Row scan bits that replace address bits 13 and 14: as CR17 bits 0 and 1, but set = replaces. */
  rowScanBits: number;
  regions: Region[];
}

export interface LinearMode {
  kind: "linear";
  width: number;
  height: number;
  bpp: 8 | 15 | 16 | 24 | 32;
  /** Bytes in VRAM. */
  start: number;
  pitch: number;
}

export type Mode = BlankMode | VgaMode | LinearMode;

const ATC_SCREEN_ON = 0x20;

/** Decodes the VGA's part of shared memory. */
export function decodeMode(regs: Uint8Array): Mode {
  const isDispi = (dispi(regs, DISPI_ENABLE) & DISPI_ENABLED) !== 0;
  const isOn = (regs[VGA_ATC_INDEX] & ATC_SCREEN_ON) !== 0;
  if (isDispi) {
    const mode = dispi(regs, DISPI_BPP) === 4 ? dispiPlanar(regs) : dispiLinear(regs);
    return isOn ? mode : { kind: "blank", width: mode.width, height: mode.height };
  }
  const mode = vgaMode(regs);
  const isBlanked = !isOn || (regs[VGA_SEQ + 1] & 0x20) !== 0;
  if (mode.width < 16 || mode.height < 16) return { kind: "blank", width: 720, height: 400 };
  return isBlanked ? { kind: "blank", width: mode.width, height: mode.height } : mode;
}

function dispi(regs: Uint8Array, index: number): number {
  return regs[VGA_DISPI + 2 * index] | (regs[VGA_DISPI + 2 * index + 1] << 8);
}

function dispiLinear(regs: Uint8Array): LinearMode {
  const bpp = dispi(regs, DISPI_BPP) as LinearMode["bpp"];
  const bytes = (bpp + 1) >> 3;
  const pitch = dispi(regs, DISPI_VIRT_WIDTH) * bytes;
  const start = dispi(regs, DISPI_Y_OFFSET) * pitch + dispi(regs, DISPI_X_OFFSET) * bytes;
  const width = dispi(regs, DISPI_XRES);
  return { kind: "linear", width, height: dispi(regs, DISPI_YRES), bpp, start, pitch };
}

function dispiPlanar(regs: Uint8Array): VgaMode {
  const width = dispi(regs, DISPI_XRES);
  const height = dispi(regs, DISPI_YRES);
  const pitch = dispi(regs, DISPI_VIRT_WIDTH) >> 3;
  const x = dispi(regs, DISPI_X_OFFSET);
  const start = dispi(regs, DISPI_Y_OFFSET) * pitch + (x >> 3);
  return {
    kind: "planar",
    width,
    height,
    columns: width >> 3,
    cellWidth: 8,
    cellHeight: 1,
    pitch,
    addressing: "byte",
    wrapBit: 15,
    rowScanBits: 0,
    regions: [{ first: 0, end: height, start, rowScan: 0, pan: x & 7 }],
  };
}

function kindOf(regs: Uint8Array): VgaMode["kind"] {
  const shift = regs[VGA_GC + 5];
  const isGraphics = (regs[VGA_GC + 6] & 1) !== 0 || (regs[VGA_ATC + 0x10] & 1) !== 0;
  if (!isGraphics) return "text";
  if (shift & 0x40) return "packed";
  return shift & 0x20 ? "cga" : "planar";
}

function vgaMode(regs: Uint8Array): VgaMode {
  const crtc = (index: number): number => regs[VGA_CRTC + index];
  const kind = kindOf(regs);
  const columns = crtc(1) + 1;
  const dots = regs[VGA_SEQ + 1] & 1 ? 8 : 9;
  const cellWidth = kind === "text" ? dots : kind === "packed" ? 4 : 8;
  const control = crtc(0x17);
  const overflow = crtc(7);
  const lines = (crtc(0x12) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const scans = (crtc(9) & 0x1f) + 1;
  const doubling = crtc(9) & 0x80 ? 2 : 1;
  const rowScanBits = ~control & 3;
  // Graphics whose address ignores the row scan repeat each row `scans` times.
  const isRepeated = kind !== "text" && rowScanBits === 0;
  const repeat = doubling * (isRepeated ? scans : 1);
  const mode: VgaMode = {
    kind,
    width: columns * cellWidth,
    height: Math.floor((lines * (control & 4 ? 2 : 1)) / repeat),
    columns,
    cellWidth,
    cellHeight: isRepeated ? 1 : scans,
    pitch: crtc(0x13) * 2,
    addressing: crtc(0x14) & 0x40 ? "doubleword" : control & 0x40 ? "byte" : "word",
    wrapBit: control & 0x20 ? 15 : 13,
    rowScanBits,
    regions: [],
  };
  mode.regions = regionsOf(regs, mode, repeat);
  return mode;
}

function panOf(regs: Uint8Array, mode: VgaMode): number {
  const pan = regs[VGA_ATC + 0x13] & 15;
  if (mode.kind === "packed") return (pan & 7) >> 1;
  // Nine dots: 8 means none, 0 to 7 mean one to eight.
  if (mode.cellWidth === 9) return pan >= 8 ? 0 : pan + 1;
  return pan & 7;
}

function regionsOf(regs: Uint8Array, mode: VgaMode, repeat: number): Region[] {
  const crtc = (index: number): number => regs[VGA_CRTC + index];
  const compare = crtc(0x18) | ((crtc(7) & 0x10) << 4) | ((crtc(9) & 0x40) << 3);
  const split = Math.min(mode.height, Math.floor((compare + 1) / repeat));
  const pan = panOf(regs, mode);
  const start = ((crtc(0x0c) << 8) | crtc(0x0d)) + ((crtc(8) >> 5) & 3);
  const rowScan = mode.cellHeight > 1 ? (crtc(8) & 0x1f) % mode.cellHeight : 0;
  const regions = [{ first: 0, end: split, start, rowScan, pan }];
  if (split < mode.height) {
    const lowerPan = regs[VGA_ATC + 0x10] & 0x20 ? 0 : pan;
    regions.push({ first: split, end: mode.height, start: 0, rowScan: 0, pan: lowerPan });
  }
  return regions;
}

/** Plane offset that the CRT controller fetches for counter `ma` in row scan `rowScan`. */
export function planeOffset(mode: VgaMode, ma: number, rowScan: number): number {
  let offset = ma;
  if (mode.addressing === "word") offset = (ma << 1) | ((ma >> mode.wrapBit) & 1);
  else if (mode.addressing === "doubleword") offset = ma << 2;
  if (mode.rowScanBits & 1) offset = (offset & ~0x2000) | ((rowScan & 1) << 13);
  if (mode.rowScanBits & 2) offset = (offset & ~0x4000) | ((rowScan & 2) << 13);
  return offset;
}
