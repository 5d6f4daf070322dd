/**
 * Text modes of the scanout. A cell is repainted when its character, attribute, cursor or blink state
 * changed. IBM VGA technical reference, "Alphanumeric modes", "Attribute Controller".
 *
 *   attribute  7 blink or bright background | 6:4 background | 3 bright or second font | 2:0 foreground
 *   glyph      32 bytes in plane 2 at font × 8 KiB + character × 32
 *   ninth dot  background, or the eighth again for C0h-DFh when the attribute controller says so
 */
import { VGA_ATC, VGA_CRTC, VGA_SEQ } from "../shared/layout";
import { planeOffset, type Region, type VgaMode } from "./vga-mode";

/** Blink periods: 32 frames for the cursor, 64 for characters, at 70 Hz. */
const CURSOR_PERIOD_MS = (32 * 1000) / 70;
const BLINK_PERIOD_MS = (64 * 1000) / 70;

const GLYPHS = 256 * 32;

/** Offset of font n in plane 2. */
const FONT_OFFSETS = [0x0000, 0x4000, 0x8000, 0xc000, 0x2000, 0x6000, 0xa000, 0xe000];

const CELL_CURSOR = 1 << 16;
const CELL_HIDDEN = 1 << 17;
const NEVER = 0xffff_ffff;

interface Cursor {
  /** MA, or -1 while it is off or in the dark half of its blink. */
  at: number;
  first: number;
  last: number;
}

export class TextPainter {
  /** Glyph rows of the fonts for attribute bit 3 clear and set. */
  private readonly fonts = [new Uint8Array(GLYPHS), new Uint8Array(GLYPHS)];
  private cells = new Uint32Array(0);

  constructor(
    private readonly regs: Uint8Array,
    private readonly words: Uint32Array,
  ) {}

  /** Repaints changed cells of `out`; `mark` hears of the rows. */
  paint(
    mode: VgaMode,
    out: Uint32Array,
    colors: Uint32Array,
    isAll: boolean,
    nowMs: number,
    mark: (first: number, end: number) => void,
  ): void {
    const columns = mode.columns + 1;
    const rows = Math.ceil(mode.height / mode.cellHeight) + 2;
    const isNew = this.cells.length !== columns * rows;
    if (isNew) this.cells = new Uint32Array(columns * rows);
    if (this.readFonts() || isAll || isNew) this.cells.fill(NEVER);
    const cursor = this.cursor(nowMs);
    const isBlinkDark = (nowMs % BLINK_PERIOD_MS) * 2 >= BLINK_PERIOD_MS;
    let row = 0;
    for (const region of mode.regions) {
      let y = region.first - region.rowScan;
      for (let line = 0; y < region.end; line++, row++, y += mode.cellHeight) {
        const ma = region.start + line * mode.pitch;
        if (this.paintRow(mode, region, out, colors, y, ma, row * columns, cursor, isBlinkDark)) {
          mark(Math.max(y, region.first), Math.min(y + mode.cellHeight, region.end));
        }
      }
    }
  }

  /** Copies both fonts out of plane 2; true when one changed. */
  private readFonts(): boolean {
    const select = this.regs[VGA_SEQ + 3];
    const second = ((select >> 2) & 3) | ((select >> 3) & 4); // for attribute bit 3 set
    const first = (select & 3) | ((select >> 2) & 4);
    const isFirstChanged = this.readFont(this.fonts[0], FONT_OFFSETS[first]);
    return this.readFont(this.fonts[1], FONT_OFFSETS[second]) || isFirstChanged;
  }

  private readFont(into: Uint8Array, offset: number): boolean {
    const { words } = this;
    let isChanged = false;
    for (let i = 0; i < GLYPHS; i++) {
      const byte = (words[offset + i] >>> 16) & 0xff;
      if (into[i] === byte) continue;
      into[i] = byte;
      isChanged = true;
    }
    return isChanged;
  }

  private cursor(nowMs: number): Cursor {
    const crtc = (index: number): number => this.regs[VGA_CRTC + index];
    const isOff = (crtc(0x0a) & 0x20) !== 0;
    const isDark = (nowMs % CURSOR_PERIOD_MS) * 2 >= CURSOR_PERIOD_MS;
    return {
      at: isOff || isDark ? -1 : (crtc(0x0e) << 8) | crtc(0x0f),
      first: crtc(0x0a) & 0x1f,
      last: crtc(0x0b) & 0x1f,
    };
  }

  private paintRow(
    mode: VgaMode,
    region: Region,
    out: Uint32Array,
    colors: Uint32Array,
    y: number,
    ma: number,
    cellsAt: number,
    cursor: Cursor,
    isBlinkDark: boolean,
  ): boolean {
    const blinks = (this.regs[VGA_ATC + 0x10] & 0x08) !== 0;
    let isChanged = false;
    const count = mode.columns + (region.pan > 0 ? 1 : 0);
    for (let column = 0; column < count; column++) {
      const word = this.words[planeOffset(mode, ma + column, 0) & 0xffff];
      let cell = word & 0xffff;
      if (((ma + column) & 0xffff) === cursor.at) {
        cell |= CELL_CURSOR | (cursor.first << 18) | (cursor.last << 23);
      }
      if (blinks && cell & 0x8000 && isBlinkDark) cell |= CELL_HIDDEN;
      if (this.cells[cellsAt + column] === cell) continue;
      this.cells[cellsAt + column] = cell;
      isChanged = true;
      const x = column * mode.cellWidth - region.pan;
      this.paintCell(mode, region, out, colors, x, y, cell, blinks);
    }
    return isChanged;
  }

  private paintCell(
    mode: VgaMode,
    region: Region,
    out: Uint32Array,
    colors: Uint32Array,
    x: number,
    y: number,
    cell: number,
    blinks: boolean,
  ): void {
    const character = cell & 0xff;
    const attribute = (cell >> 8) & 0xff;
    const font = this.fonts[(attribute >> 3) & 1];
    const foreground = colors[attribute & 15];
    const background = colors[(attribute >> 4) & (blinks ? 7 : 15)];
    const underline = (attribute & 7) === 1 ? this.regs[VGA_CRTC + 0x14] & 0x1f : -1;
    const extends9 = (this.regs[VGA_ATC + 0x10] & 0x04) !== 0 && character >> 5 === 6;
    const cursorFirst = cell & CELL_CURSOR ? (cell >> 18) & 31 : 32;
    const cursorLast = cell & CELL_CURSOR ? (cell >>> 23) & 31 : -1;
    const left = Math.max(0, -x);
    const right = Math.min(mode.cellWidth, mode.width - x);
    for (let scan = 0; scan < mode.cellHeight; scan++) {
      const row = y + scan;
      if (row < region.first || row >= region.end) continue;
      let dots = cell & CELL_HIDDEN ? 0 : font[character * 32 + scan] << 1;
      if (extends9) dots |= (dots >> 1) & 1;
      if (scan === underline || (scan >= cursorFirst && scan <= cursorLast)) dots = 0x1ff;
      const at = row * mode.width + x;
      for (let dot = left; dot < right; dot++) {
        out[at + dot] = dots & (0x100 >> dot) ? foreground : background;
      }
    }
  }
}
