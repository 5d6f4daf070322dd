/**
 * Pixels of each mode, with memory written through the core's VGA window as a guest would.
 */
import { beforeAll, beforeEach, expect, test } from "vitest";
import { loadAsm } from "../../test/asc";
import {
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  VGA_ATC,
  VGA_ATC_INDEX,
  VGA_CRTC,
  VGA_DAC,
  VGA_DISPI,
  VGA_GC,
  VGA_SEQ,
  VGA_SHARED,
  VGA_SIZE,
  VRAM,
  VRAM_SIZE,
} from "../shared/layout";
import { type Frame, Scanout, type ScanoutSource } from "./scanout";
import { textScreen } from "./text";
import { setMode } from "./vga-test-modes";

let source: ScanoutSource;
let scanout: Scanout;
let write: (gpa: number, size: number, value: number) => void;

beforeAll(async () => {
  const module = await loadAsm("asm/vga-window.ts");
  const { buffer } = module.memory;
  source = {
    regs: new Uint8Array(buffer, VGA_SHARED, VGA_SIZE),
    vram: new Uint8Array(buffer, VRAM, VRAM_SIZE),
  };
  write = (gpa, size, value) => {
    module.exports.vgaWrite(gpa, size, value);
  };
});

/** Gives every DAC entry another colour. */
function setDac(): void {
  for (let i = 0; i < 256; i++) {
    source.regs.set([i & 63, i >> 2, (i * 7) & 63], VGA_DAC + 3 * i);
  }
}

const wide = (value: number): number => (value << 2) | (value >> 4);

/** What `setDac` makes of entry `index`. */
function dac(index: number): number[] {
  return [wide(index & 63), wide(index >> 2), wide((index * 7) & 63)];
}

beforeEach(() => {
  source.vram.fill(0, 0, 0x80_0000);
  scanout = new Scanout(source);
});

function begin(mode: string): void {
  setMode(source.regs, mode);
  setDac();
}

function pixel(frame: Frame, x: number, y: number): number[] {
  const at = (y * frame.width + x) * 4;
  expect(frame.pixels[at + 3]).toBe(255);
  return Array.from(frame.pixels.subarray(at, at + 3));
}

/** Puts glyph rows of `character` into plane 2 as the BIOS does. */
function setGlyph(character: number, rows: number[], font = 0): void {
  rows.forEach((row, line) => {
    source.vram[(font + character * 32 + line) * 4 + 2] = row;
  });
}

/** A row of the picture as # and . against the colour of the first argument. */
function dots(frame: Frame, x: number, y: number, count: number, foreground: number[]): string {
  let text = "";
  for (let i = 0; i < count; i++) {
    text += pixel(frame, x + i, y).join() === foreground.join() ? "#" : ".";
  }
  return text;
}

test("text: glyphs, colours, ninth dot", () => {
  begin("3");
  setGlyph(0x41, [0x81, 0x42]);
  setGlyph(0xc4, [0xff]);
  write(0xb8000, 4, 0x1ec4_1e41);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([720, 400]);
  const yellow = dac(0x3e); // attribute 14 through the palette
  expect(dots(frame, 0, 0, 9, yellow)).toBe("#......#.");
  expect(dots(frame, 0, 1, 9, yellow)).toBe(".#....#..");
  expect(dots(frame, 9, 0, 9, yellow)).toBe("#########");
  expect(pixel(frame, 0, 2)).toEqual(dac(0x01));
});

test("text: only changed cells' rows are repainted", () => {
  begin("3");
  expect(scanout.frame(0).changed).toEqual([{ first: 0, end: 400 }]);
  expect(scanout.frame(0).changed).toEqual([]);
  write(0xb8000 + 160 * 3, 2, 0x0741);
  write(0xb8000 + 160 * 24, 2, 0x0741);
  expect(scanout.frame(0).changed).toEqual([
    { first: 48, end: 64 },
    { first: 384, end: 400 },
  ]);
  setGlyph(0x41, [0xff]);
  expect(scanout.frame(0).changed).toEqual([{ first: 0, end: 400 }]);
});

test("text: cursor shape, place and blinking", () => {
  begin("3");
  write(0xb8000 + 2, 2, 0x0720);
  source.regs[VGA_CRTC + 0x0f] = 1;
  const on = scanout.frame(0);
  expect(dots(on, 9, 13, 9, dac(7))).toBe("#########");
  expect(dots(on, 9, 12, 9, dac(7))).toBe(".........");
  expect(dots(on, 0, 13, 9, dac(7))).toBe(".........");
  const off = scanout.frame(250);
  expect(off.changed).toEqual([{ first: 0, end: 16 }]);
  expect(dots(off, 9, 13, 9, dac(7))).toBe(".........");
  source.regs[VGA_CRTC + 0x0a] = 0x20;
  expect(dots(scanout.frame(500), 9, 13, 9, dac(7))).toBe(".........");
});

test("text: blink bit hides characters, or is background brightness", () => {
  begin("3");
  setGlyph(0x42, [0xff]);
  write(0xb8000, 2, 0x8742);
  source.regs[VGA_CRTC + 0x0a] = 0x20;
  expect(dots(scanout.frame(0), 0, 0, 8, dac(7))).toBe("########");
  expect(dots(scanout.frame(600), 0, 0, 8, dac(7))).toBe("........");
  source.regs[VGA_ATC + 0x10] = 0x04;
  const frame = scanout.frame(600);
  expect(pixel(frame, 0, 0)).toEqual(dac(7));
  expect(pixel(frame, 0, 1)).toEqual(dac(0x38)); // palette entry 8
});

test("text: two fonts chosen by attribute bit 3", () => {
  begin("3");
  setGlyph(0x41, [0xf0]);
  setGlyph(0x41, [0x0f], 0x4000);
  source.regs[VGA_SEQ + 3] = 0x04; // second font in map 1
  write(0xb8000, 4, 0x0f41_0741);
  const frame = scanout.frame(0);
  expect(dots(frame, 0, 0, 8, dac(7))).toBe("####....");
  expect(dots(frame, 9, 0, 8, dac(0x3f))).toBe("....####");
});

test("text: start address, line compare and panning", () => {
  begin("3");
  setGlyph(0x41, [0xff]);
  write(0xb8000, 2, 0x0741);
  write(0xb8000 + 160 * 30 + 2, 2, 0x0741);
  source.regs[VGA_CRTC + 0x0c] = (80 * 30) >> 8;
  source.regs[VGA_CRTC + 0x0d] = (80 * 30) & 0xff;
  // Split after line 200: CR18 = 199, its bits 8 and 9 clear.
  source.regs[VGA_CRTC + 0x18] = 199;
  source.regs[VGA_CRTC + 7] &= ~0x10;
  source.regs[VGA_CRTC + 9] &= ~0x40;
  const frame = scanout.frame(300);
  expect(dots(frame, 9, 0, 8, dac(7))).toBe("########");
  expect(dots(frame, 0, 200, 8, dac(7))).toBe("########");
  source.regs[VGA_ATC + 0x13] = 2; // three dots to the left
  expect(dots(scanout.frame(300), 5, 0, 9, dac(7))).toBe(".########");
  source.regs[VGA_ATC + 0x10] |= 0x20; // the lower part stays
  expect(dots(scanout.frame(300), 0, 200, 9, dac(7))).toBe("########.");
});

test("text: smooth scrolling by the preset row scan", () => {
  begin("3");
  setGlyph(0x41, [1, 2, 4, 8, 16, 32, 64, 128]);
  write(0xb8000, 2, 0x0741);
  source.regs[VGA_CRTC + 8] = 5;
  const frame = scanout.frame(300);
  expect(dots(frame, 0, 0, 8, dac(7))).toBe("..#.....");
  expect(dots(frame, 0, 2, 8, dac(7))).toBe("#.......");
});

test("mode 12h: four planes make sixteen colours", () => {
  begin("12");
  source.regs[VGA_SEQ + 2] = 0x05;
  write(0xa0000 + 80 * 479, 1, 0x81);
  source.regs[VGA_SEQ + 2] = 0x08;
  write(0xa0000 + 80 * 479, 1, 0x01);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([640, 480]);
  expect(pixel(frame, 0, 479)).toEqual(dac(5));
  expect(pixel(frame, 1, 479)).toEqual(dac(0));
  expect(pixel(frame, 7, 479)).toEqual(dac(0x3d)); // colour 13 through the palette
});

test("mode 12h: drawing repaints the touched rows only", () => {
  begin("12");
  scanout.frame(0);
  source.regs[VGA_GC + 8] = 0x10; // drawing registers do not repaint
  write(0xa0000 + 80 * 100, 1, 0xff);
  expect(scanout.frame(0).changed).toEqual([{ first: 100, end: 101 }]);
});

test("mode 0Dh: double scanned 320 by 200", () => {
  begin("d");
  write(0xa0000 + 40, 1, 0x80);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([320, 200]);
  expect(pixel(frame, 0, 1)).toEqual(dac(0x17));
});

test("mode 13h: chain-4 bytes are pixels", () => {
  begin("13");
  for (let x = 0; x < 320; x++) write(0xa0000 + 199 * 320 + x, 1, x & 0xff);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([320, 200]);
  for (let x = 0; x < 320; x += 7) expect(pixel(frame, x, 199)).toEqual(dac(x & 0xff));
  source.regs.set([1, 2, 3], VGA_DAC); // palette animation repaints
  expect(pixel(scanout.frame(0), 0, 0)).toEqual([4, 8, 12]);
});

test("mode X: unchained planes, byte addressing, 400 lines and page flipping", () => {
  begin("13");
  source.regs[VGA_SEQ + 4] = 0x06;
  source.regs[VGA_CRTC + 0x14] = 0x00;
  source.regs[VGA_CRTC + 0x17] = 0xe3;
  source.regs[VGA_CRTC + 9] = 0x40;
  source.regs[VGA_SEQ + 2] = 0x04;
  write(0xa0000 + 80 * 399 + 10, 1, 0x99);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([320, 400]);
  expect(pixel(frame, 42, 399)).toEqual(dac(0x99));
  source.regs[VGA_CRTC + 0x0c] = (80 * 399) >> 8;
  source.regs[VGA_CRTC + 0x0d] = (80 * 399) & 0xff;
  expect(pixel(scanout.frame(0), 42, 0)).toEqual(dac(0x99));
});

test("mode 4: CGA's interleaved banks and two bits per pixel", () => {
  begin("4");
  write(0xb8000, 2, 0xe41b); // pixels 0 1 2 3, 3 2 1 0
  write(0xba000 + 80 * 99, 1, 0x40); // last odd row: colour 1
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([320, 200]);
  const row = [0, 1, 2, 3, 4, 5, 6, 7].map((x) => pixel(frame, x, 0));
  const [c0, c1, c2, c3] = [0x00, 0x13, 0x15, 0x17].map(dac);
  expect(row).toEqual([c0, c1, c2, c3, c3, c2, c1, c0]);
  expect(pixel(frame, 0, 199)).toEqual(c1);
});

test("mode 6: one plane, interleaved banks", () => {
  begin("6");
  write(0xb8000, 1, 0x80);
  write(0xba000, 1, 0x01);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([640, 200]);
  expect(dots(frame, 0, 0, 8, dac(0x17))).toBe("#.......");
  expect(dots(frame, 0, 1, 8, dac(0x17))).toBe(".......#");
});

function setDispi(values: Record<number, number>): void {
  for (const [index, value] of Object.entries(values)) {
    source.regs[VGA_DISPI + 2 * Number(index)] = value & 0xff;
    source.regs[VGA_DISPI + 2 * Number(index) + 1] = value >> 8;
  }
}

function linear(bpp: number, virtualWidth = 800): void {
  begin("12");
  setDispi({
    [DISPI_XRES]: 800,
    [DISPI_YRES]: 600,
    [DISPI_BPP]: bpp,
    [DISPI_VIRT_WIDTH]: virtualWidth,
    [DISPI_ENABLE]: 0x41,
  });
}

test("framebuffer of 32 bits per pixel with panning", () => {
  linear(32, 1024);
  setDispi({ [DISPI_X_OFFSET]: 3, [DISPI_Y_OFFSET]: 5 });
  source.vram.set([0x11, 0x22, 0x33, 0x99], ((5 + 7) * 1024 + 3 + 10) * 4);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([800, 600]);
  expect(pixel(frame, 10, 7)).toEqual([0x33, 0x22, 0x11]);
  expect(scanout.frame(0).changed).toEqual([]);
  source.vram[(5 + 599) * 4096 + 12] = 1;
  expect(scanout.frame(0).changed).toEqual([{ first: 599, end: 600 }]);
});

test("framebuffers of 24, 16, 15 and 8 bits per pixel", () => {
  linear(24, 801); // rows at odd addresses
  source.vram.set([0x11, 0x22, 0x33], (2 * 801 + 5) * 3);
  expect(pixel(scanout.frame(0), 5, 2)).toEqual([0x33, 0x22, 0x11]);
  linear(16);
  source.vram.fill(0, 0, 10_000);
  source.vram.set([0x1f, 0xf8], 4);
  expect(pixel(scanout.frame(0), 2, 0)).toEqual([255, 0, 255]);
  linear(15);
  source.vram.set([0xe0, 0x03], 4);
  expect(pixel(scanout.frame(0), 2, 0)).toEqual([0, 255, 0]);
  linear(8);
  source.vram[801] = 0x42;
  expect(pixel(scanout.frame(0), 1, 1)).toEqual(dac(0x42));
});

test("framebuffer of 4 bits per pixel is planar through all of VRAM", () => {
  linear(4);
  source.vram.set([0x80, 0, 0x80, 0], 599 * 100 * 4);
  const frame = scanout.frame(0);
  expect([frame.width, frame.height]).toEqual([800, 600]);
  expect(pixel(frame, 0, 599)).toEqual(dac(5));
});

test("an 8-bit DAC shows all bits", () => {
  linear(8);
  setDispi({ [DISPI_ENABLE]: 0x61 });
  source.regs.set([255, 129, 1], VGA_DAC);
  expect(pixel(scanout.frame(0), 0, 0)).toEqual([255, 129, 1]);
});

test("a screen that is off is black", () => {
  begin("13");
  write(0xa0000, 1, 0x20);
  scanout.frame(0);
  source.regs[VGA_ATC_INDEX] = 0;
  expect(pixel(scanout.frame(0), 0, 0)).toEqual([0, 0, 0]);
  source.regs[VGA_ATC_INDEX] = 0x20;
  expect(pixel(scanout.frame(0), 0, 0)).toEqual(dac(0x20));
  source.regs.fill(0);
  expect(scanout.frame(0).mode.kind).toBe("blank");
});

test("text screen as strings with the cursor", () => {
  begin("3");
  const text = "Grüße, ░ login:";
  const bytes = [...text].map((c) => ({ ü: 0x81, ß: 0xe1, "░": 0xb0 })[c] ?? c.charCodeAt(0));
  bytes.forEach((byte, column) => write(0xb8000 + 160 * 2 + 2 * column, 2, 0x0700 | byte));
  source.regs[VGA_CRTC + 0x0f] = 175;
  const screen = textScreen(source);
  expect(screen?.lines.length).toBe(25);
  expect(screen?.lines[2]).toBe(text);
  expect(screen?.lines[3]).toBe("");
  expect(screen?.cursor).toEqual({ row: 2, column: 15 });
  setMode(source.regs, "13");
  expect(textScreen(source)).toBeUndefined();
});
