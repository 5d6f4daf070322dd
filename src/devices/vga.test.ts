import { beforeEach, expect, test } from "vitest";
import { PCI_BASE_ADDRESS_0, PCI_COMMAND } from "../pci/config-space";
import { VGA_CRTC, VGA_DAC, VGA_GC, VGA_SEQ, VGA_SHARED, VRAM, VRAM_SIZE } from "../shared/layout";
import { edid } from "./edid";
import { MockBoard } from "./mock-board";
import { Vga } from "./vga";

// Shared memory up to the end of VRAM; untouched pages cost nothing.
const shared = new Uint8Array(VRAM + VRAM_SIZE);
let board: MockBoard;
let vga: Vga;
let lfb: number | undefined;

beforeEach(() => {
  shared.fill(0, VGA_SHARED, VGA_SHARED + 0x400);
  shared.fill(0, VRAM, VRAM + 0x10_0000);
  board = new MockBoard();
  lfb = undefined;
  vga = new Vga({
    map: board,
    clock: board.clock,
    shared,
    onLfb: (base) => {
      lfb = base;
    },
    rom: new Uint8Array([0x55, 0xaa, 0x40]),
  });
  board.out(0x3c2, 0x67);
});

const dispiWrite = (index: number, value: number): void => {
  board.out(0x1ce, index, 2);
  board.out(0x1cf, value, 2);
};
const dispiRead = (index: number): number => {
  board.out(0x1ce, index, 2);
  return board.in(0x1cf, 2);
};

test("indexed registers land in shared memory, masked to the bits that exist", () => {
  board.out(0x3c4, 0xff02, 2);
  board.out(0x3ce, 0xff05, 2);
  board.out(0x3d4, 0x5501, 2);
  expect(shared[VGA_SHARED + VGA_SEQ + 2]).toBe(0x0f);
  expect(shared[VGA_SHARED + VGA_GC + 5]).toBe(0x7b);
  expect(shared[VGA_SHARED + VGA_CRTC + 1]).toBe(0x55);
  expect([board.in(0x3c5), board.in(0x3cf), board.in(0x3d5)]).toEqual([0x0f, 0x7b, 0x55]);
});

test("registers that route the window are synchronous, the others posted", () => {
  expect([0x3c2, 0x3c4, 0x3c5, 0x3ce, 0x3cf, 0x1ce].map((port) => board.isPosted(port))).toEqual(
    new Array(6).fill(false),
  );
  expect([0x3d4, 0x3d5, 0x3c0, 0x3c8, 0x3c9].map((port) => board.isPosted(port))).toEqual(
    new Array(5).fill(true),
  );
});

test("CRT controller answers at 3B4h or 3D4h by the miscellaneous output register", () => {
  board.out(0x3d4, 0x0e);
  expect(board.in(0x3d4)).toBe(0x0e);
  expect(board.in(0x3b4)).toBe(0xff);
  board.out(0x3c2, 0x66);
  expect(board.in(0x3d4)).toBe(0xff);
  expect(board.in(0x3b4)).toBe(0x0e);
});

test("CR11 protects CR0-7 except the line compare bit", () => {
  board.out(0x3d4, 0x1f07, 2);
  board.out(0x3d4, 0x8e11, 2);
  board.out(0x3d4, 0x1200, 2);
  board.out(0x3d4, 0x0007, 2);
  expect(shared[VGA_SHARED + VGA_CRTC]).toBe(0);
  expect(shared[VGA_SHARED + VGA_CRTC + 7]).toBe(0x0f);
});

test("attribute controller flip-flop is reset by reading status 1", () => {
  board.in(0x3da);
  board.out(0x3c0, 0x10);
  board.out(0x3c0, 0x0c);
  board.out(0x3c0, 0x13);
  board.in(0x3da);
  board.out(0x3c0, 0x30);
  expect(board.in(0x3c0)).toBe(0x30);
  expect(board.in(0x3c1)).toBe(0x0c);
});

test("DAC writes and reads run through the components and entries", () => {
  board.out(0x3c8, 5);
  for (const value of [0x3f, 0xff, 0x01, 0x02, 0x03, 0x04]) board.out(0x3c9, value);
  expect(Array.from(shared.subarray(VGA_SHARED + VGA_DAC + 15, VGA_SHARED + VGA_DAC + 21))).toEqual(
    [0x3f, 0x3f, 1, 2, 3, 4],
  );
  board.out(0x3c7, 6);
  expect(board.in(0x3c7)).toBe(3);
  expect([board.in(0x3c9), board.in(0x3c9), board.in(0x3c9)]).toEqual([2, 3, 4]);
  expect(board.in(0x3c8)).toBe(7);
});

test("status 1 shows retrace for the programmed part of a 70 Hz frame", () => {
  const crtc = "5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff".split(
    " ",
  );
  crtc.forEach((value, index) => {
    board.out(0x3d4, index);
    board.out(0x3d5, Number.parseInt(value, 16));
  });
  let retrace = 0;
  let frames = 0;
  let was = 0;
  const samples = 100_000;
  for (let i = 0; i < samples; i++) {
    const status = board.in(0x3da);
    if (status & 8) retrace++;
    if (status & 8 && !was) frames++;
    was = status & 8;
    board.clock.advance(10_000);
  }
  expect(frames).toBe(70); // 28.322 MHz / (900 × 449) = 70.09 Hz, for one second
  expect(retrace / samples).toBeCloseTo(2 / 449, 3);
});

test("DISPI identifies itself, reports maxima and memory", () => {
  expect(dispiRead(0)).toBe(0xb0c5);
  dispiWrite(0, 0xb0c2);
  expect(dispiRead(0)).toBe(0xb0c2);
  dispiWrite(4, 2);
  expect([dispiRead(1), dispiRead(2), dispiRead(3)]).toEqual([2560, 1600, 32]);
  dispiWrite(4, 0);
  expect(dispiRead(10)).toBe(256);
  expect(board.in(0x1d0, 2)).toBe(256);
});

test("enabling DISPI clears the screen, sets the virtual size and opens the window", () => {
  shared.fill(0x77, VRAM, VRAM + 800 * 600 * 4);
  dispiWrite(1, 800);
  dispiWrite(2, 600);
  dispiWrite(3, 32);
  dispiWrite(4, 0x41);
  expect(shared[VRAM + 800 * 600 * 4 - 1]).toBe(0);
  expect(dispiRead(6)).toBe(800);
  expect(dispiRead(7)).toBe(Math.floor(VRAM_SIZE / 3200));
  expect(shared[VGA_SHARED + VGA_GC + 6] & 0x0c).toBe(0x04);
});

test("NOCLEARMEM keeps the memory", () => {
  shared.fill(0x77, VRAM, VRAM + 16);
  dispiWrite(1, 640);
  dispiWrite(2, 480);
  dispiWrite(3, 8);
  dispiWrite(4, 0xc1);
  expect(shared[VRAM]).toBe(0x77);
});

test("offsets and sizes are brought into memory", () => {
  dispiWrite(1, 2560);
  dispiWrite(2, 1600);
  dispiWrite(3, 32);
  dispiWrite(4, 0xc1);
  expect([dispiRead(1), dispiRead(2)]).toEqual([2560, 1600]);
  dispiWrite(9, 1000);
  expect(dispiRead(9)).toBe(Math.floor(VRAM_SIZE / 10240) - 1600);
  dispiWrite(6, 5000);
  expect(dispiRead(6) * 4 * dispiRead(2)).toBeLessThanOrEqual(VRAM_SIZE);
  dispiWrite(3, 99);
  expect(dispiRead(3)).toBe(8);
  dispiWrite(5, 0x1ff);
  expect(dispiRead(5)).toBe(0xff);
});

test("BAR 0 tells where the framebuffer is, BAR 2 holds EDID, ports and DISPI", () => {
  const { pci } = vga;
  pci.attach({ map: board, irq: { line: () => ({ set() {} }), msi() {} }, setIntx() {} }, 2);
  pci.configWrite(PCI_BASE_ADDRESS_0, 4, 0xe000_0000);
  pci.configWrite(PCI_BASE_ADDRESS_0 + 8, 4, 0xfebf_0000);
  expect(lfb).toBeUndefined();
  pci.configWrite(PCI_COMMAND, 2, 2);
  expect(lfb).toBe(0xe000_0000);
  expect(board.load(0xfebf_0000)).toBe(0xffff_ff00);
  board.store(0xfebf_0414, 0x040e, 2); // 3D4h index and data in one access
  board.out(0x3d4, 0x0e);
  expect(board.in(0x3d5)).toBe(0x04);
  board.store(0xfebf_0502, 1024, 2);
  expect(dispiRead(1)).toBe(1024);
  expect(board.load(0xfebf_0500, 2)).toBe(0xb0c5);
  expect(board.load(0xfebf_0600)).toBe(8);
  expect(board.load(0xfebf_0604)).toBe(0x1e1e_1e1e);
  pci.configWrite(PCI_COMMAND, 2, 0);
  expect(lfb).toBeUndefined();
});

test("EDID has a valid checksum and the preferred timing of VESA's CVT", () => {
  const block = edid({ width: 1920, height: 1080 });
  expect(block.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  const clock = (block[54] | (block[55] << 8)) / 100;
  const hTotal = block[56] + ((block[58] & 0xf0) << 4) + block[57] + ((block[58] & 15) << 8);
  const vTotal = block[59] + ((block[61] & 0xf0) << 4) + block[60] + ((block[61] & 15) << 8);
  expect({ clock, hTotal, vTotal }).toEqual({ clock: 138.5, hTotal: 2080, vTotal: 1111 });
});

test("reset returns to power-on registers", () => {
  dispiWrite(1, 800);
  vga.reset();
  expect(dispiRead(1)).toBe(0);
  expect(board.in(0x3cc)).toBe(0);
});
