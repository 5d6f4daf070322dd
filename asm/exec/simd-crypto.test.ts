/**
 * The SHA instructions, which few processors have: whole hashes computed with them, decoded from bytes, are
 * those of Node's own library. AES and PCLMULQDQ are compared with a processor in test/cpu.
 */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { CASE, encodeCase, FX, OUT, TRAP_END } from "../../test/cpu/case";
import { Core } from "../../test/cpu/core";

let core: Core;

beforeAll(async () => {
  core = Core.load(await buildCore({ say: () => {} }));
});

/** Four doublewords, the lowest first. */
type Vector = number[];

/** XMM1 after `code`, an instruction with the operands XMM1, XMM2. */
function run(code: string, a: Vector, b: Vector, xmm0: Vector = [0, 0, 0, 0]): Vector {
  const bytes = encodeCase({ mode: 64, code });
  const view = new DataView(bytes.buffer);
  [xmm0, a, b].flat().forEach((value, i) => {
    view.setUint32(CASE.fx + FX.xmm + 4 * i, value >>> 0, true);
  });
  const outcome = core.run(bytes);
  const ends = new DataView(outcome.buffer);
  expect(ends.getUint32(OUT.trap, true)).toBe(TRAP_END);
  return [0, 4, 8, 12].map((i) => ends.getUint32(OUT.fx + FX.xmm + 16 + i, true));
}

const sha1nexte = (a: Vector, b: Vector) => run("0f38c8ca", a, b);
const sha1msg1 = (a: Vector, b: Vector) => run("0f38c9ca", a, b);
const sha1msg2 = (a: Vector, b: Vector) => run("0f38caca", a, b);
const sha256rnds2 = (a: Vector, b: Vector, wk: Vector) => run("0f38cbca", a, b, wk);
const sha256msg1 = (a: Vector, b: Vector) => run("0f38ccca", a, b);
const sha256msg2 = (a: Vector, b: Vector) => run("0f38cdca", a, b);
const sha1rnds4 = (a: Vector, b: Vector, kind: number) =>
  run(`0f3accca${(kind | 0xf0).toString(16)}`, a, b); // only two bits of the immediate count

const add = (a: Vector, b: Vector) => a.map((value, i) => (value + b[i]) >>> 0);
const xor = (a: Vector, b: Vector) => a.map((value, i) => (value ^ b[i]) >>> 0);

/** The words of `message` with its padding (FIPS 180-4 5.1.1), in blocks of sixteen. */
function blocks(message: Buffer): number[][] {
  const padded = Buffer.alloc(((message.length + 8) >> 6) * 64 + 64);
  message.copy(padded);
  padded[message.length] = 0x80;
  padded.writeUInt32BE(message.length * 8, padded.length - 4);
  return Array.from({ length: padded.length / 64 }, (_, block) =>
    Array.from({ length: 16 }, (_, i) => padded.readUInt32BE(block * 64 + 4 * i)),
  );
}

const hex = (words: number[]) => words.map((w) => w.toString(16).padStart(8, "0")).join("");

function sha1(message: Buffer): string {
  let abcd: Vector = [0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301];
  let e: Vector = [0, 0, 0, 0xc3d2e1f0];
  for (const words of blocks(message)) {
    const w = [0, 4, 8, 12].map((i) => words.slice(i, i + 4).reverse());
    let state = abcd;
    let previous: Vector = [];
    for (let group = 0; group < 20; group++) {
      if (group >= 4) {
        const [w0, w1, w2, w3] = w.slice(group - 4);
        w.push(sha1msg2(xor(sha1msg1(w0, w1), w2), w3));
      }
      const input = group === 0 ? add(e, w[0]) : sha1nexte(previous, w[group]);
      previous = state;
      state = sha1rnds4(state, input, Math.floor(group / 5));
    }
    e = sha1nexte(previous, e);
    abcd = add(abcd, state);
  }
  return hex([...abcd].reverse().concat(e[3]));
}

/** The first 32 bits of the fractions of the n-th root of the first primes (FIPS 180-4 4.2.2, 5.3.3). */
function fractions(count: number, root: 2n | 3n): number[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++)
    if (primes.every((p) => n % p !== 0n)) primes.push(n);
  return primes.map((prime) => {
    const target = prime << (32n * root);
    let value = 0n;
    for (let bit = 1n << 40n; bit > 0n; bit >>= 1n)
      if ((value + bit) ** root <= target) value += bit;
    return Number(BigInt.asUintN(32, value));
  });
}

function sha256(message: Buffer): string {
  const k = fractions(64, 3n);
  const [a, b, c, d, e, f, g, h] = fractions(8, 2n);
  let abef: Vector = [f, e, b, a];
  let cdgh: Vector = [h, g, d, c];
  for (const words of blocks(message)) {
    const w = [0, 4, 8, 12].map((i) => words.slice(i, i + 4));
    const start = [abef, cdgh];
    for (let group = 0; group < 16; group++) {
      if (group >= 4) {
        const [w0, w1, w2, w3] = w.slice(group - 4);
        const middle = [...w2.slice(1), w3[0]];
        w.push(sha256msg2(add(sha256msg1(w0, w1), middle), w3));
      }
      const wk = add(w[group], k.slice(group * 4, group * 4 + 4));
      cdgh = sha256rnds2(cdgh, abef, wk);
      abef = sha256rnds2(abef, cdgh, [wk[2], wk[3], 0, 0]);
    }
    abef = add(abef, start[0]);
    cdgh = add(cdgh, start[1]);
  }
  return hex([abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]]);
}

describe("SHA instructions", () => {
  const messages = [0, 3, 55, 64, 200].map((length) =>
    Buffer.from(Array.from({ length }, (_, i) => (i * 151 + length) & 0xff)),
  );
  it.each(messages)("make the digests of a library, message %#", (message) => {
    expect(sha1(message)).toBe(createHash("sha1").update(message).digest("hex"));
    expect(sha256(message)).toBe(createHash("sha256").update(message).digest("hex"));
  });
});
