/**
 * Fused multiply-add where it matters that it is fused: addends that are nearly, or just, the product with the other
 * sign. Against the processor the tests run on.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASE, encodeCase, FX, Random } from "../../test/cpu/case";
import { Peers } from "../../test/cpu/peers";
import { DOUBLES, mxcsr, SINGLES } from "../../test/cpu/values";

/** 96h-9Fh, A6h-AFh, B6h-BFh: the addend is the second, third, first operand. */
const OPCODES = [0x90, 0xa0, 0xb0].flatMap((row) =>
  Array.from({ length: 10 }, (_, n) => row + 6 + n),
);
const ADDENDS = [1, 2, 0];
const INSTANCES = 30;

/** Element of a vector. */
interface Width {
  bytes: 4 | 8;
  get(view: DataView, at: number): number;
  set(view: DataView, at: number, value: number): void;
  random(view: DataView, at: number, random: Random): void;
}
const SINGLE: Width = {
  bytes: 4,
  get: (view, at) => view.getFloat32(at, true),
  set: (view, at, value) => view.setFloat32(at, value, true),
  random: (view, at, random) =>
    view.setUint32(at, random.chance(30) ? random.pick(SINGLES) : plain(random, 127, 23), true),
};
const DOUBLE: Width = {
  bytes: 8,
  get: (view, at) => view.getFloat64(at, true),
  set: (view, at, value) => view.setFloat64(at, value, true),
  random: (view, at, random) => {
    const [high, low] = random.chance(30)
      ? random.pick(DOUBLES)
      : [plain(random, 1023, 20), random.next()];
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
  },
};

/** The upper bits of a number near one. */
function plain(random: Random, bias: number, fractionBits: number): number {
  const exponent = bias + random.below(41) - 20;
  const fraction = random.next() & ((1 << fractionBits) - 1);
  return ((random.next() & 0x8000_0000) | (exponent << fractionBits) | fraction) >>> 0;
}

/** VFM... of XMM0, XMM1, XMM2 or the YMM registers. */
function instance(opcode: number, width: Width, isLong: boolean, random: Random): Uint8Array {
  const last = (width.bytes === 8 ? 0xf1 : 0x71) | (isLong ? 4 : 0);
  const code = [0xc4, 0xe2, last, opcode, 0xc2].map((byte) => byte.toString(16)).join("");
  const bytes = encodeCase({ mode: 64, code });
  const view = new DataView(bytes.buffer);
  view.setUint32(CASE.fx + FX.mxcsr, mxcsr(random), true);
  const place = (register: number, offset: number) =>
    16 * register + (offset < 16 ? CASE.fx + FX.xmm + offset : CASE.high + offset - 16);
  const addend = ADDENDS[(opcode >> 4) - 9];
  const factors = [0, 1, 2].filter((register) => register !== addend);
  for (let offset = 0; offset < 32; offset += width.bytes) {
    const [x, y] = factors.map((register) => {
      width.random(view, place(register, offset), random);
      return width.get(view, place(register, offset));
    });
    const at = place(addend, offset);
    width.set(view, at, x * y * (random.chance(50) ? 1 : -1));
    view.setUint8(at, view.getUint8(at) ^ (random.next() & random.next() & 3));
  }
  return bytes;
}

let peers: Peers;
beforeAll(async () => {
  peers = await Peers.open();
});
afterAll(() => peers.close());

describe("fused multiply-add", () => {
  it.each([
    ["singles", SINGLE],
    ["doubles", DOUBLE],
  ])("of %s whose sum nearly vanishes", async (_, width) => {
    const random = new Random(width.bytes);
    const cases = OPCODES.flatMap((opcode) =>
      Array.from({ length: 2 * INSTANCES }, (_, n) => instance(opcode, width, n % 2 === 1, random)),
    );
    expect((await peers.disagreements(cases)).slice(0, 20)).toEqual([]);
  });
});
