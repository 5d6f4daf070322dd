/**
 * Reads the characters of a Linux framebuffer console from the pixels on the page: cells of 8×16 in the
 * kernel's font. First by the nearest glyph of the video BIOS, whose font differs in a few letters: good
 * enough to see a prompt. Then exactly, once `learn` was shown all of ASCII in order. An empty cell with
 * a cursor in it reads as blank.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { cachePath } from "../../scripts/cache.mjs";

const HEIGHT = 16;
const FIRST = 0x21;
const LAST = 0x7e;
/** Characters 1 (a smiling face) of the 8×16 font: nothing else in the ROM looks like it. */
const SMILE = [0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81, 0x81, 0x7e, 0, 0, 0, 0];

let glyphs: Uint8Array | undefined;

function font(): Uint8Array {
  if (glyphs) return glyphs;
  const rom = readFileSync(cachePath("firmware/vgabios-stdvga.bin"));
  const at = rom.indexOf(Buffer.from(SMILE)) - HEIGHT;
  if (at < 0) throw new Error("The video BIOS has no 8×16 font.");
  glyphs = new Uint8Array(rom.subarray(at, at + 256 * HEIGHT));
  return glyphs;
}

function popcount(byte: number): number {
  let count = 0;
  for (let bits = byte; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Of the kernel's own font, by the bytes of the cell. */
const learned = new Map<string, string>();
const guessed = new Map<string, string>();

function characterOf(cell: Uint8Array): string {
  const key = cell.join();
  if (learned.size > 0) return learned.get(key) ?? " ";
  const before = guessed.get(key);
  if (before !== undefined) return before;
  let best = " ";
  let bestDistance = Number.POSITIVE_INFINITY;
  for (let code = 0x20; code <= LAST; code++) {
    let distance = 0;
    for (let row = 0; row < HEIGHT; row++)
      distance += popcount(cell[row] ^ font()[code * HEIGHT + row]);
    if (distance >= bestDistance) continue;
    bestDistance = distance;
    best = String.fromCharCode(code);
  }
  guessed.set(key, best);
  return best;
}

interface Cells {
  columns: number;
  lines: Uint8Array[][];
}

/** The cells on the page's canvas, a byte per row; any colour brighter than the background is ink. */
async function readCells(page: Page): Promise<Cells> {
  const { columns, bytes } = await page.evaluate(() => {
    const canvas = document.getElementById("canvas") as HTMLCanvasElement;
    const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {
      data: [],
    };
    const perRow = canvas.width >> 3;
    const bytes = new Array<number>(perRow * canvas.height).fill(0);
    for (let i = 0; i < bytes.length; i++) {
      const from = (Math.floor(i / perRow) * canvas.width + (i % perRow) * 8) * 4;
      for (let x = 0; x < 8; x++) {
        const at = from + x * 4;
        if (data[at] + data[at + 1] + data[at + 2] > 200) bytes[i] |= 0x80 >> x;
      }
    }
    return { columns: perRow, bytes };
  });
  const lines: Uint8Array[][] = [];
  for (let top = 0; (top + HEIGHT) * columns <= bytes.length; top += HEIGHT) {
    const cell = (column: number) =>
      Uint8Array.from({ length: HEIGHT }, (_, y) => bytes[(top + y) * columns + column]);
    lines.push(Array.from({ length: columns }, (_, column) => cell(column)));
  }
  return { columns, lines };
}

/** The lines on the screen, without blanks at their ends. */
export async function readConsole(page: Page): Promise<string> {
  const { lines } = await readCells(page);
  return lines.map((line) => line.map(characterOf).join("").trimEnd()).join("\n");
}

/** Learns the font from a screen whose first line is the characters 21h to 7Eh; false when it is not yet. */
export async function learn(page: Page): Promise<boolean> {
  const { lines } = await readCells(page);
  const count = LAST - FIRST + 1;
  const glyphs = lines[0].slice(0, count).map((cell) => cell.join());
  const blank = new Uint8Array(HEIGHT).join();
  const isWhole =
    new Set(glyphs).size === count && !glyphs.includes(blank) && lines[0][count].join() === blank;
  if (!isWhole) return false;
  for (const [index, glyph] of glyphs.entries())
    learned.set(glyph, String.fromCharCode(FIRST + index));
  return true;
}
