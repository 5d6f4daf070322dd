/**
 * The picture on the VGA's connector, from shared memory to RGBA pixels. No DOM: the page, the tests and
 * `screendump` use the same class. `frame` is called at the frame rate of whoever looks; it reads the
 * registers (asm/vga-layout.ts) and VRAM as they are at that moment and repaints only what changed since
 * its last call:
 *
 *   text          cells are compared one by one (character, attribute, cursor, blink)
 *   planar, CGA,  rows are fetched as the CRT controller would, one word of four plane bytes per
 *   256 colours   character clock, and compared with the last fetch
 *   DISPI         rows of the linear framebuffer are compared with a copy
 *
 * A change of what all pixels depend on (mode, palette, font) repaints everything. The guest writes while
 * this reads: a frame may show half of a change, as a real screen does.
 * Not modelled: the overscan border, interlace, horizontal panning beyond one cell.
 */
import {
  VGA_ATC,
  VGA_ATC_INDEX,
  VGA_CRTC,
  VGA_DAC,
  VGA_DAC_MASK,
  VGA_DISPI,
  VGA_GC,
  VGA_MISC,
  VGA_SEQ,
} from "../shared/layout";
import { BLACK, palette16, palette256 } from "./palette";
import { TextPainter } from "./scanout-text";
import { decodeMode, type LinearMode, type Mode, planeOffset, type VgaMode } from "./vga-mode";

/** The VGA's registers and its memory, as views of shared memory or of a copy. */
export interface ScanoutSource {
  /** VGA_SIZE bytes at VGA_SHARED. */
  regs: Uint8Array;
  /** VRAM_SIZE bytes at VRAM; the offset of the view is a multiple of four. */
  vram: Uint8Array;
}

export interface RowSpan {
  first: number;
  end: number;
}

export interface Frame {
  width: number;
  height: number;
  /** RGBA, row by row; the same array until the size changes. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  isResized: boolean;
  /** Rows repainted since the last frame, in order. */
  changed: RowSpan[];
  mode: Mode;
}

/** Registers whose change repaints everything; the rest shows in what is fetched. */
const WATCHED = watched();

function watched(): number[] {
  const offsets = [VGA_MISC, VGA_SEQ + 1, VGA_SEQ + 3, VGA_GC + 5, VGA_GC + 6, VGA_DAC_MASK];
  // CRT controller except cursor and start address; attribute controller; DISPI except bank and offsets.
  for (let i = 0; i < 0x19; i++) if (i < 0x0a || i > 0x0f) offsets.push(VGA_CRTC + i);
  for (let i = 0; i < 0x15; i++) offsets.push(VGA_ATC + i);
  for (const index of [1, 2, 3, 4, 6])
    offsets.push(VGA_DISPI + 2 * index, VGA_DISPI + 2 * index + 1);
  for (let i = 0; i < 768; i++) offsets.push(VGA_DAC + i);
  return offsets;
}

/** Bit i of a byte as bit 0 of nibble i. */
const SPREAD = new Uint32Array(256).map((_, byte) => {
  let word = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) word += 16 ** bit;
  return word;
});

export class Scanout {
  private readonly words: Uint32Array;
  private readonly seen = new Uint8Array(WATCHED.length);
  private isScreenOn = false;
  private width = 0;
  private height = 0;
  private pixels = new Uint8ClampedArray(new ArrayBuffer(0));
  private out = new Uint32Array(0);
  /** What rows held when they were painted: words of VGA modes, bytes of linear ones. */
  private last = new Uint32Array(0);
  private lastBytes = new Uint8Array(0);
  private readonly colors16 = new Uint32Array(16);
  private readonly colors256 = new Uint32Array(256);
  private readonly text: TextPainter;
  private changed: RowSpan[] = [];

  constructor(private readonly source: ScanoutSource) {
    const { vram } = source;
    this.words = new Uint32Array(vram.buffer, vram.byteOffset, vram.length >> 2);
    this.text = new TextPainter(source.regs, this.words);
  }

  /** Repaints what changed; `nowMs` drives blinking. */
  frame(nowMs: number): Frame {
    const { regs } = this.source;
    const mode = decodeMode(regs);
    this.changed = [];
    const isResized = this.resize(mode);
    const isAll = this.registersChanged() || isResized;
    if (isAll) {
      palette16(regs, this.colors16);
      palette256(regs, this.colors256);
    }
    switch (mode.kind) {
      case "blank":
        if (isAll) this.fillBlack();
        break;
      case "text":
        this.text.paint(mode, this.out, this.colors16, isAll, nowMs, (first, end) =>
          this.mark(first, end),
        );
        break;
      case "linear":
        this.paintLinear(mode, isAll);
        break;
      default:
        this.paintPlanes(mode, isAll);
    }
    const { width, height, pixels, changed } = this;
    return { width, height, pixels, isResized, changed, mode };
  }

  private resize(mode: Mode): boolean {
    if (mode.width === this.width && mode.height === this.height) return false;
    this.width = mode.width;
    this.height = mode.height;
    const buffer = new ArrayBuffer(mode.width * mode.height * 4);
    this.pixels = new Uint8ClampedArray(buffer);
    this.out = new Uint32Array(buffer);
    return true;
  }

  private registersChanged(): boolean {
    const { regs } = this.source;
    const isScreenOn = (regs[VGA_ATC_INDEX] & 0x20) !== 0;
    let isChanged = isScreenOn !== this.isScreenOn;
    this.isScreenOn = isScreenOn;
    for (let i = 0; i < WATCHED.length; i++) {
      const value = regs[WATCHED[i]];
      if (value === this.seen[i]) continue;
      this.seen[i] = value;
      isChanged = true;
    }
    return isChanged;
  }

  private mark(first: number, end: number): void {
    const last = this.changed[this.changed.length - 1];
    if (last && last.end >= first) last.end = Math.max(last.end, end);
    else this.changed.push({ first, end });
  }

  private fillBlack(): void {
    this.out.fill(BLACK);
    this.mark(0, this.height);
  }

  /** Planar, CGA and 256-colour modes of the VGA proper. */
  private paintPlanes(mode: VgaMode, isAll: boolean): void {
    const perRow = mode.columns + 1; // panning shows part of one more
    if (this.last.length !== perRow * mode.height)
      this.last = new Uint32Array(perRow * mode.height);
    for (const region of mode.regions) {
      for (let y = region.first; y < region.end; y++) {
        const scan = region.rowScan + (y - region.first);
        const group = Math.floor(scan / mode.cellHeight);
        const ma = region.start + group * mode.pitch;
        const count = mode.columns + (region.pan > 0 ? 1 : 0);
        const isChanged = this.fetch(mode, ma, scan % mode.cellHeight, y * perRow, count);
        if (!isChanged && !isAll) continue;
        this.paintPlaneRow(mode, y, region.pan, y * perRow);
        this.mark(y, y + 1);
      }
    }
  }

  /** Fetches one row into `last`; true when it differs from what was there. */
  private fetch(mode: VgaMode, ma: number, rowScan: number, at: number, count: number): boolean {
    const { words, last } = this;
    const mask = this.planeMask();
    let isChanged = false;
    for (let i = 0; i < count; i++) {
      const word = words[planeOffset(mode, ma + i, rowScan) & mask];
      if (last[at + i] === word) continue;
      last[at + i] = word;
      isChanged = true;
    }
    return isChanged;
  }

  /** The VGA proper sees 64 KiB per plane; DISPI's planar modes see all of VRAM. */
  private planeMask(): number {
    const isDispi = (this.source.regs[VGA_DISPI + 8] & 1) !== 0;
    return isDispi ? this.words.length - 1 : 0xffff;
  }

  private paintPlaneRow(mode: VgaMode, y: number, pan: number, at: number): void {
    const { out, last, width } = this;
    const end = (y + 1) * width;
    let to = y * width - pan;
    const from = y * width;
    const count = mode.columns + (pan > 0 ? 1 : 0);
    for (let i = 0; i < count; i++) {
      this.spread(mode, last[at + i]);
      for (let p = 0; p < mode.cellWidth; p++, to++) {
        if (to >= from && to < end) out[to] = this.cell[p];
      }
    }
  }

  private readonly cell = new Uint32Array(8);

  /** The pixels of one character clock: its word of four plane bytes through the shift registers. */
  private spread(mode: VgaMode, word: number): void {
    const { cell, colors16, colors256 } = this;
    if (mode.kind === "packed") {
      for (let p = 0; p < 4; p++) cell[p] = colors256[(word >>> (8 * p)) & 0xff];
      return;
    }
    const p0 = word & 0xff;
    const p1 = (word >>> 8) & 0xff;
    const p2 = (word >>> 16) & 0xff;
    const p3 = word >>> 24;
    if (mode.kind === "cga") {
      // Two bits per pixel: planes 0 and 2 make four pixels, planes 1 and 3 the next four.
      for (let p = 0; p < 4; p++) {
        const shift = 6 - 2 * p;
        cell[p] = colors16[((p0 >> shift) & 3) | (((p2 >> shift) & 3) << 2)];
        cell[p + 4] = colors16[((p1 >> shift) & 3) | (((p3 >> shift) & 3) << 2)];
      }
      return;
    }
    const nibbles = SPREAD[p0] | (SPREAD[p1] << 1) | (SPREAD[p2] << 2) | (SPREAD[p3] << 3);
    for (let p = 0; p < 8; p++) cell[p] = colors16[(nibbles >>> (28 - 4 * p)) & 15];
  }

  /** DISPI modes of 8 bits per pixel and more. */
  private paintLinear(mode: LinearMode, isAll: boolean): void {
    const { vram } = this.source;
    const rowBytes = mode.width * ((mode.bpp + 1) >> 3);
    if (this.lastBytes.length !== rowBytes * mode.height) {
      this.lastBytes = new Uint8Array(
        new ArrayBuffer((rowBytes * mode.height + 3) & ~3),
        0,
        rowBytes * mode.height,
      );
    }
    for (let y = 0; y < mode.height; y++) {
      const at = mode.start + y * mode.pitch;
      if (at + rowBytes > vram.length) break;
      const isChanged = this.rowDiffers(at, y * rowBytes, rowBytes);
      if (!isChanged && !isAll) continue;
      this.lastBytes.set(vram.subarray(at, at + rowBytes), y * rowBytes);
      this.paintLinearRow(mode, y, y * rowBytes);
      this.mark(y, y + 1);
    }
  }

  private rowDiffers(at: number, lastAt: number, len: number): boolean {
    const { vram } = this.source;
    const { lastBytes, words } = this;
    if (((at | lastAt | len) & 3) === 0) {
      const last = this.lastWords();
      const from = at >> 2;
      const to = lastAt >> 2;
      const count = len >> 2;
      for (let i = 0; i < count; i++) if (words[from + i] !== last[to + i]) return true;
      return false;
    }
    for (let i = 0; i < len; i++) if (vram[at + i] !== lastBytes[lastAt + i]) return true;
    return false;
  }

  private lastView = new Uint32Array(0);

  private lastWords(): Uint32Array {
    if (this.lastView.buffer !== this.lastBytes.buffer) {
      this.lastView = new Uint32Array(this.lastBytes.buffer as ArrayBuffer);
    }
    return this.lastView;
  }

  private paintLinearRow(mode: LinearMode, y: number, at: number): void {
    const { out, lastBytes: bytes, width } = this;
    const to = y * width;
    switch (mode.bpp) {
      case 8:
        for (let x = 0; x < width; x++) out[to + x] = this.colors256[bytes[at + x]];
        return;
      case 15:
      case 16:
        for (let x = 0; x < width; x++) {
          const value = bytes[at + 2 * x] | (bytes[at + 2 * x + 1] << 8);
          out[to + x] = mode.bpp === 15 ? rgb555(value) : rgb565(value);
        }
        return;
      case 24:
        for (let x = 0; x < width; x++) {
          const from = at + 3 * x;
          out[to + x] = BLACK | (bytes[from] << 16) | (bytes[from + 1] << 8) | bytes[from + 2];
        }
        return;
      default: {
        const words = this.lastWords();
        for (let x = 0; x < width; x++) {
          const value = words[(at >> 2) + x];
          out[to + x] = BLACK | ((value & 0xff) << 16) | (value & 0xff00) | ((value >>> 16) & 0xff);
        }
      }
    }
  }
}

function rgb555(value: number): number {
  const r = (value >> 10) & 31;
  const g = (value >> 5) & 31;
  const b = value & 31;
  return BLACK | (wide5(b) << 16) | (wide5(g) << 8) | wide5(r);
}

function rgb565(value: number): number {
  const g = (value >> 5) & 63;
  return BLACK | (wide5(value & 31) << 16) | (((g << 2) | (g >> 4)) << 8) | wide5(value >> 11);
}

function wide5(value: number): number {
  return (value << 3) | (value >> 2);
}
