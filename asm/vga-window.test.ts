/**
 * The VGA window against a model of the VGA's data flow that is written bit by bit from the register
 * descriptions: four separate planes, one plane and one bit at a time, no interleaving, no masks of words.
 */
import fc from "fast-check";
import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  DISPI_BANK,
  DISPI_BPP,
  DISPI_ENABLE,
  VGA_DISPI,
  VGA_GC,
  VGA_MISC,
  VGA_SEQ,
  VGA_SHARED,
  VRAM,
} from "../src/shared/layout";
import { loadAsm } from "../test/asc";

interface Registers {
  seq: number[];
  gc: number[];
}

class Model {
  readonly planes = [0, 1, 2, 3].map(() => new Uint8Array(0x10000));
  latches = [0, 0, 0, 0];

  constructor(readonly regs: Registers) {}

  /** Plane offset of a window address; chain-4 uses A2-A15, chained odd/even A1-A15. */
  private offset(address: number): number {
    if (this.regs.seq[4] & 8) return address & 0xffff & ~3;
    if (this.regs.gc[6] & 2) return (address & 0xffff & ~1) | (address >> 16);
    return address & 0xffff;
  }

  private isWritable(plane: number, address: number): boolean {
    if ((this.regs.seq[2] & (1 << plane)) === 0) return false;
    if (this.regs.seq[4] & 8) return plane === (address & 3);
    if ((this.regs.seq[4] & 4) === 0) return (plane & 1) === (address & 1);
    return true;
  }

  read(address: number): number {
    const at = this.offset(address);
    this.latches = this.planes.map((plane) => plane[at]);
    const { gc, seq } = this.regs;
    if (gc[5] & 8) {
      let result = 0;
      for (let bit = 0; bit < 8; bit++) {
        const matches = [0, 1, 2, 3].every((plane) => {
          const cares = (gc[7] >> plane) & 1;
          return !cares || ((this.latches[plane] >> bit) & 1) === ((gc[2] >> plane) & 1);
        });
        if (matches) result |= 1 << bit;
      }
      return result;
    }
    if (seq[4] & 8) return this.latches[address & 3];
    if (gc[5] & 0x10) return this.latches[(gc[4] & 2) + (address & 1)];
    return this.latches[gc[4] & 3];
  }

  write(address: number, value: number): void {
    const at = this.offset(address);
    for (let plane = 0; plane < 4; plane++) {
      if (!this.isWritable(plane, address)) continue;
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= this.bit(plane, bit, value) << bit;
      this.planes[plane][at] = byte;
    }
  }

  private bit(plane: number, bit: number, value: number): number {
    const { gc } = this.regs;
    const latch = (this.latches[plane] >> bit) & 1;
    const mode = gc[5] & 3;
    if (mode === 1) return latch;
    const rotated = (value >> ((bit + (gc[3] & 7)) % 8)) & 1;
    const setReset = (gc[0] >> plane) & 1;
    let mask = (gc[8] >> bit) & 1;
    let data = rotated;
    if (mode === 0 && (gc[1] >> plane) & 1) data = setReset;
    if (mode === 2) data = (value >> plane) & 1;
    if (mode === 3) {
      data = setReset;
      mask &= rotated;
    }
    const result = [data, data & latch, data | latch, data ^ latch][(gc[3] >> 3) & 3];
    return mask ? result : latch;
  }
}

let read: (gpa: number, size: number) => number;
let write: (gpa: number, size: number, value: number) => void;
let bytes: Uint8Array;

beforeAll(async () => {
  const module = await loadAsm("asm/vga-window.ts");
  bytes = new Uint8Array(module.memory.buffer);
  read = (gpa, size) => module.exports.vgaRead(gpa, size) >>> 0;
  write = (gpa, size, value) => {
    module.exports.vgaWrite(gpa, size, value);
  };
});

function load({ seq, gc }: Registers): void {
  bytes[VGA_SHARED + VGA_MISC] = 0x03;
  bytes.set(seq, VGA_SHARED + VGA_SEQ);
  bytes.set(gc, VGA_SHARED + VGA_GC);
}

function setDispi(index: number, value: number): void {
  bytes[VGA_SHARED + VGA_DISPI + 2 * index] = value & 0xff;
  bytes[VGA_SHARED + VGA_DISPI + 2 * index + 1] = value >> 8;
}

beforeEach(() => {
  bytes.fill(0, VGA_SHARED, VGA_SHARED + 0x400);
  bytes.fill(0, VRAM, VRAM + 0x40000);
});

const register = fc.integer({ min: 0, max: 255 });
const access = fc.record({
  isWrite: fc.boolean(),
  // Few addresses, so that accesses meet.
  address: fc.oneof(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0xfff8, max: 0xffff })),
  value: register,
  seq: fc.tuple(register, register, register, register, register),
  gc: fc.array(register, { minLength: 9, maxLength: 9 }),
});

test("any sequence of accesses and register settings leaves the planes as the model's", () => {
  fc.assert(
    fc.property(fc.array(access, { minLength: 1, maxLength: 60 }), (accesses) => {
      bytes.fill(0, VRAM, VRAM + 0x40000);
      bytes.fill(0, VGA_SHARED, VGA_SHARED + 0x20);
      const regs: Registers = { seq: [], gc: [] };
      const model = new Model(regs);
      for (const { isWrite, address, value, seq, gc } of accesses) {
        regs.seq = [...seq];
        regs.gc = [...gc];
        regs.gc[6] = (gc[6] & ~0x0c) | 0x04; // map A0000h, 64 KiB
        load(regs);
        if (isWrite) {
          model.write(address, value);
          write(0xa0000 + address, 1, value);
        } else {
          expect(read(0xa0000 + address, 1)).toBe(model.read(address));
        }
      }
      for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 12, 15, 0xfff8, 0xfffb, 0xfffc, 0xffff]) {
        const word = Array.from(bytes.subarray(VRAM + at * 4, VRAM + at * 4 + 4));
        expect(word).toEqual(model.planes.map((plane) => plane[at]));
      }
    }),
    { numRuns: 500 },
  );
});

const TEXT: Registers = { seq: [3, 0, 3, 0, 2], gc: [0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff] };
const MODE12: Registers = { seq: [3, 1, 15, 0, 6], gc: [0, 0, 0, 0, 0, 0, 5, 15, 0xff] };
const MODE13: Registers = { seq: [3, 1, 15, 0, 14], gc: [0, 0, 0, 0, 0, 0x40, 5, 15, 0xff] };

test("text mode puts characters into plane 0 and attributes into plane 1", () => {
  load(TEXT);
  write(0xb8000, 4, 0x1f42_0741);
  expect(Array.from(bytes.subarray(VRAM, VRAM + 12))).toEqual([
    0x41, 0x07, 0, 0, 0, 0, 0, 0, 0x42, 0x1f, 0, 0,
  ]);
  expect(read(0xb8000, 4)).toBe(0x1f42_0741);
});

test("accesses outside the map read ones and vanish", () => {
  load(TEXT);
  write(0xa0000, 1, 0x55);
  expect(read(0xa0000, 2)).toBe(0xffff);
  expect(read(0xb7fff, 2)).toBe(0x00ff); // one byte outside, one inside
  bytes[VGA_SHARED + VGA_MISC] = 0x01; // RAM disabled
  expect(read(0xb8000, 1)).toBe(0xff);
});

test("planar writes reach the planes of the map mask through the bit mask", () => {
  load({ ...MODE12, gc: [0x0a, 0x0f, 0, 0, 0, 0, 5, 15, 0x80] });
  read(0xa0010, 1);
  write(0xa0010, 1, 0xff);
  expect(Array.from(bytes.subarray(VRAM + 0x40, VRAM + 0x44))).toEqual([0, 0x80, 0, 0x80]);
});

test("latch copies move four planes at once", () => {
  load({ ...MODE12, gc: [0, 0, 0, 0, 0, 1, 5, 15, 0] });
  bytes.set([1, 2, 3, 4], VRAM);
  read(0xa0000, 1);
  write(0xa0005, 1, 0);
  expect(Array.from(bytes.subarray(VRAM + 20, VRAM + 24))).toEqual([1, 2, 3, 4]);
});

test("mode 13h is linear for the processor", () => {
  load(MODE13);
  write(0xa0000, 4, 0x0403_0201);
  write(0xa0004, 1, 5);
  expect(read(0xa0001, 4)).toBe(0x0504_0302);
  expect(Array.from(bytes.subarray(VRAM + 16, VRAM + 20))).toEqual([5, 0, 0, 0]);
});

test("DISPI banks show 64 KiB of the linear framebuffer", () => {
  load(MODE13);
  setDispi(DISPI_ENABLE, 1);
  setDispi(DISPI_BPP, 16);
  setDispi(DISPI_BANK, 2);
  write(0xa1234, 2, 0xbeef);
  expect([bytes[VRAM + 0x21234], bytes[VRAM + 0x21235]]).toEqual([0xef, 0xbe]);
  expect(read(0xa1234, 2)).toBe(0xbeef);
});

test("DISPI planar modes bank through all of VRAM", () => {
  load(MODE12);
  setDispi(DISPI_ENABLE, 1);
  setDispi(DISPI_BPP, 4);
  setDispi(DISPI_BANK, 1);
  write(0xa0001, 1, 0x81);
  expect(Array.from(bytes.subarray(VRAM + 0x40004, VRAM + 0x40008))).toEqual([
    0x81, 0x81, 0x81, 0x81,
  ]);
  bytes.fill(0, VRAM + 0x40004, VRAM + 0x40008);
});
