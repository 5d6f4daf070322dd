/**
 * Reads text from pixels, as a person reads the screen: the framebuffer consoles and boot menus of the
 * guests draw cells of 8 by 16 pixels with the PC's own character set, which the video BIOS carries too.
 * A cell matches a character when the pixels of one of its colours are that character's dots; ink on a
 * picture is recognised because ink has one colour. Linux' font differs from the BIOS' in some
 * characters: those that are near are recognised on a plain ground, and `learn` takes all of them from a
 * screen whose text is known.
 */
const WIDTH = 8;
const HEIGHT = 16;
/** Printable ASCII. */
const FIRST = 0x20;
const LAST = 0x7e;
/** Dots that a glyph may differ from the BIOS' in. */
const NEAR = 8;
/** Linux' tilde sits one row lower. */
const SHIFTS = [0, -1, 1];
/** Pixels from the upper left corner to the first cell: consoles begin at once, vesamenu leaves a border. */
const ORIGINS = [0, 8];
/** Colours of a cell that are tried as its ink. */
const INKS = 6;

/** The letter A of the 8 by 16 font, by which the font is found in the image of the video BIOS. */
const LETTER_A = [0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6, 0, 0, 0, 0];

export interface Picture {
  width: number;
  height: number;
  /** RGBA, row by row. */
  data: Uint8ClampedArray;
}

export class GlyphReader {
  private readonly glyphs: { character: string; rows: Uint8Array }[] = [];
  private readonly exact = new Map<string, string>();

  constructor(vgaBios: Uint8Array) {
    const at = Buffer.from(vgaBios).indexOf(Buffer.from(LETTER_A));
    if (at < 0)
      throw new Error("The video BIOS has no 8x16 font where its letter A looks as expected.");
    const font = at - 0x41 * HEIGHT;
    for (let code = FIRST; code <= LAST; code++) {
      const rows = vgaBios.slice(font + code * HEIGHT, font + (code + 1) * HEIGHT);
      const character = String.fromCharCode(code);
      this.glyphs.push({ character, rows });
      this.exact.set(rows.join(), character);
    }
  }

  /** Learns the console's own font from a screen that begins with `text` in one colour on another. */
  learn({ width, data }: Picture, text: string): void {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
    for (const [index, character] of [...text].entries()) {
      const inks = this.inks(words, index * WIDTH, width);
      for (const [color, rows] of inks)
        if (color !== words[0]) this.exact.set(rows.join(), character);
    }
  }

  /** The screen's lines without their trailing blanks; what is no character is a blank. */
  lines(picture: Picture): string[] {
    const readings = ORIGINS.map((origin) => this.linesFrom(picture, origin));
    const [best] = readings.sort((a, b) => count(b) - count(a));
    return best;
  }

  private linesFrom({ width, height, data }: Picture, origin: number): string[] {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
    const lines: string[] = [];
    for (let y = origin; y + HEIGHT <= height; y += HEIGHT) {
      let line = "";
      for (let x = origin; x + WIDTH <= width; x += WIDTH)
        line += this.cell(words, y * width + x, width);
      lines.push(line.trimEnd());
    }
    return lines;
  }

  /** Dots of a cell by their colour. */
  private inks(words: Uint32Array, at: number, pitch: number): Map<number, Uint8Array> {
    const inks = new Map<number, Uint8Array>();
    for (let row = 0; row < HEIGHT; row++) {
      for (let column = 0; column < WIDTH; column++) {
        const color = words[at + row * pitch + column];
        const rows = inks.get(color) ?? new Uint8Array(HEIGHT);
        rows[row] |= 0x80 >> column;
        inks.set(color, rows);
      }
    }
    return inks;
  }

  private cell(words: Uint32Array, at: number, pitch: number): string {
    const inks = this.inks(words, at, pitch);
    if (inks.size === 1) return " ";
    const byUse = [...inks.values()].sort((a, b) => dots(b) - dots(a)).slice(0, INKS);
    for (const rows of byUse) {
      const character = this.exact.get(rows.join());
      if (character !== undefined && character !== " ") return character;
    }
    return inks.size === 2 ? this.nearest(byUse) : " ";
  }

  private nearest(candidates: Uint8Array[]): string {
    let best = " ";
    let bestDistance = NEAR + 1;
    for (const rows of candidates) {
      for (const glyph of this.glyphs) {
        for (const shift of SHIFTS) {
          let distance = Math.abs(shift);
          for (let i = 0; i < HEIGHT; i++) distance += BITS[rows[i] ^ (glyph.rows[i + shift] ?? 0)];
          if (distance >= bestDistance) continue;
          best = glyph.character;
          bestDistance = distance;
        }
      }
    }
    return best;
  }
}

/** Letters and digits: cells read at the wrong place look like dots and ticks. */
function count(lines: string[]): number {
  return lines.join("").replace(/[^A-Za-z0-9]/g, "").length;
}

const BITS = new Uint8Array(256).map((_, byte) => byte.toString(2).replaceAll("0", "").length);

function dots(rows: Uint8Array): number {
  return rows.reduce((sum, row) => sum + BITS[row], 0);
}
