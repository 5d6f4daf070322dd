/**
 * What the comparisons of vector instructions with the processor the test runs on have in common
 * (asm/exec/simd.test.ts, vex.test.ts): operands, the format of test/native/simd-runner.c compiled with AVX, and
 * what of two results must agree.
 */
import { readFileSync } from "node:fs";
import type { AsmModule } from "./asc";
import { type compileNative, hostHas, isIntel } from "./native";

export const SIZE = 1344;
const CASES = 0x1880_0000;
const RESULTS = 0x18c0_0000;
export const MEMORY = 0x20_0f80;
/** Cases of one call of `compare`. */
const ROUND = 2048;
const RFLAGS_AC = 0x40000;
const SCALE = Number(process.env.SIMD_TEST_SCALE ?? 1);
const ONLY = process.env.SIMD_TEST_ONLY;

export type Native = NonNullable<ReturnType<typeof compileNative>>;

/** Names of the operations in a file of asm/decode/, by number. */
export function operationNames(file: string, kind: string): Map<number, string> {
  const source = readFileSync(new URL(`../asm/decode/${file}`, import.meta.url), "utf8");
  const body = source.slice(
    source.indexOf(`enum ${kind} {`) + kind.length + 7,
    source.lastIndexOf("}"),
  );
  const names = new Map<number, string>();
  let next = 0;
  for (const [, name, value] of body
    .replace(/\/\/.*/g, "")
    .matchAll(/(\w+)(?:\s*=\s*(\w+))?\s*,/g)) {
    if (value !== undefined) next = Number(value);
    names.set(next++, name as string);
  }
  return names;
}

/** xorshift: the same cases every time. */
let seed = 0x2545_f491;
export function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}
export function pick<T>(list: readonly T[]): T {
  return list[random() % list.length] as T;
}

// biome-ignore format: a table
const SINGLES = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0xbf000000, 0x3fc00000, 0x7f7fffff, 0xff7fffff,
  0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fc12345, 0x7f800001, 0xff812345, 0x00000001, 0x80000001,
  0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x01000000, 0x00ffffff, 0x4f000000, 0xcf000000, 0x4effffff,
  0x5f000000, 0xdf000000, 0x5effffff, 0xcf000001, 0x3effffff, 0x3f000001, 0x3f7fffff, 0x3f800001, 0x4b000001, 0x4b7fffff,
  0x4b800001, 0x33800000, 0x33800001, 0x7e800000, 0x7f000000, 0x1fffffff, 0x20000000, 0x00400000, 0x40400000, 0x41200000,
];
// biome-ignore format: a table
const DOUBLES = [
  0x0000000000000000n, 0x8000000000000000n, 0x3ff0000000000000n, 0xbff0000000000000n, 0x4000000000000000n,
  0x3fe0000000000000n, 0xbfe0000000000000n, 0x3ff8000000000000n, 0x7fefffffffffffffn, 0xffefffffffffffffn,
  0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff8123456789abcn,
  0x7ff0000000000001n, 0xfff0123456789abcn, 0x0000000000000001n, 0x8000000000000001n, 0x000fffffffffffffn,
  0x800fffffffffffffn, 0x0010000000000000n, 0x8010000000000000n, 0x0010000000000001n, 0x0020000000000000n,
  0x001fffffffffffffn, 0x41dfffffffc00000n, 0x41e0000000000000n, 0xc1e0000000000000n, 0xc1e0000000200000n,
  0xc1e0000000100000n, 0x41dfffffffe00000n, 0x43e0000000000000n, 0xc3e0000000000000n, 0x43dfffffffffffffn,
  0x3fdfffffffffffffn, 0x3fefffffffffffffn, 0x3ff0000000000001n, 0x47efffffe0000000n, 0x47efffffefffffffn,
  0x47effffff0000000n, 0x47f0000000000000n, 0x3810000000000000n, 0x380fffffffffffffn, 0x36a0000000000000n,
  0x3690000000000000n, 0x3690000000000001n, 0x380fffffe0000000n, 0x4330000000000001n, 0x3ca0000000000000n,
  0x7fd0000000000000n, 0x1ff0000000000000n, 0x4008000000000000n, 0x4024000000000000n, 0x0008000000000000n,
];
const HALVES = [
  0, 0x8000, 1, 0x8001, 0x3ff, 0x83ff, 0x400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00,
  0x7e00, 0xfe12, 0x7c01, 0xfd23, 0x200, 0x3555,
];
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff, 0xff00, 0x00ff, 0x8080, 0x7f80,
];

/** Bytes of an element, by kind, where they are not four. */
const STEPS: Record<number, number> = { 3: 8, 4: 8, 5: 2, 7: 2 };

/** 16 bytes of one of several kinds. */
export function fillVector(view: DataView, at: number, kind: number): void {
  const small = random() % 4 === 0;
  for (let i = 0; i < 16; i += STEPS[kind] ?? 4) {
    switch (kind) {
      case 1:
        view.setUint32(at + i, pick(SINGLES), true);
        break;
      case 2:
        // Near one or with few bits: sums and products that are exact or just not.
        view.setUint32(
          at + i,
          ((0x3f80_0000 + ((random() % 41) - 20) * 0x80_0000) & 0x7f80_0000) |
            (random() & 0x8000_0000) |
            (small ? random() & 0x7f_f000 : random() & 0x7f_ffff),
          true,
        );
        break;
      case 3:
        view.setBigUint64(at + i, pick(DOUBLES), true);
        break;
      case 4: {
        const exponent = BigInt(1023 + (random() % 81) - 40);
        const fraction = (BigInt(random() & 0xfffff) << 32n) | BigInt(random());
        const mask = small ? 0xfffff_ff00_0000n : 0xfffff_ffff_ffffn;
        view.setBigUint64(
          at + i,
          (BigInt(random() & 1) << 63n) | (exponent << 52n) | (fraction & mask),
          true,
        );
        break;
      }
      case 5:
        view.setUint16(at + i, pick(WORDS), true);
        break;
      case 6:
        view.setUint32(
          at + i,
          [0, 1, 15, 16, 31, 32, 63, 64, 7, 0x4142_4300, 0x6100_6261][random() % 11] as number,
          true,
        );
        break;
      case 7:
        view.setUint16(at + i, small ? random() & 0xffff : pick(HALVES), true);
        break;
      case 8: {
        // About halves: too large, too small, between two of them, just as far as the middle.
        const exponent = 127 + (random() % 46) - 28;
        const fraction = pick([
          0,
          0x1000,
          0x1fff,
          0x7fffff,
          0x7fe000,
          0x7ff000,
          0x3000,
          random() & 0x7fffff,
        ]);
        view.setUint32(at + i, ((random() & 1) << 31) | (exponent << 23) | fraction, true);
        break;
      }
      default:
        view.setUint32(at + i, random(), true);
    }
  }
}

/** Letters of asm/decode/row.ts. */
export const E = 1;
export const G = 2;
export const M = 5;
export const W = 13;
export const Q = 16;

/** What a case depends on of an instruction: its name without V, and the letters of its operands. */
export interface Form {
  name: string;
  letters: number[];
}

export const isFloat = (name: string) =>
  /^(SQRT|ADD|MUL|SUB|MIN|DIV|MAX|CMP|ROUND|HADD|HSUB|ADDSUB|DP|U?COMIS|R?SQRT|RCP|CVT|FN?M)/.test(
    name,
  );
const isDouble = (name: string) =>
  /(PD|SD|PD2..|SD2..|PD2PI|SD2SI)$/.test(name) && !/2(PD|SD)$/.test(name);

/** Kinds of `fillVector` that say something about an operation. */
function kindsFor(name: string): number[] {
  if (name === "CVTPH2PS") return [7, 0];
  if (name === "CVTPS2PH") return [8, 8, 1, 2, 6];
  if (/CVT(SI|PI|DQ)2/.test(name)) return [0, 5, 1, 4, 6];
  if (!isFloat(name)) return [0, 0, 5, 5, 6];
  return isDouble(name) ? [3, 3, 4, 4, 0] : [1, 1, 2, 2, 0];
}

/** One case in the format of test/native/simd-runner.c. `encode` is given the address of memory, or 0. */
export function makeCase(
  form: Form,
  view: DataView,
  at: number,
  encode: (address: number) => number[],
): void {
  new Uint8Array(view.buffer, view.byteOffset + at, SIZE).fill(0);
  const memory = form.letters.some((l) => l === E || l === M || l === W || l === Q);
  const isMemory = memory && (form.letters.includes(M) || random() % 3 === 0);
  let address =
    MEMORY + pick([0, 16, 32, 0, 16, 64, 96, 4, 8, 1, 100, 108, 112, 120, 124, 126, 127]);
  if (!isMemory) address = 0;
  const bytes = encode(address);
  bytes.forEach((b, i) => view.setUint8(at + i, b));
  view.setUint32(at + 16, bytes.length, true);
  view.setUint32(at + 20, (random() & 0x8d5) | (random() % 6 === 0 ? RFLAGS_AC : 0), true);
  const kinds = kindsFor(form.name);
  const kind = pick(kinds);
  const other = random() % 4 === 0 ? pick(kinds) : kind;
  for (let i = 0; i < 16; i++) {
    view.setUint32(at + 24 + i * 8, random() % 3 === 0 ? random() % 40 : random(), true);
    view.setUint32(at + 28 + i * 8, random() % 3 === 0 ? 0 : random(), true);
  }
  if (/CVTSI2/.test(form.name) && random() % 2) {
    const bits = BigInt(random() % 64);
    for (let i = 0; i < 16; i++) {
      const v = ((1n << bits) + BigInt((random() % 5) - 2)) * (random() & 1 ? 1n : -1n);
      view.setBigUint64(at + 24 + i * 8, BigInt.asUintN(64, v), true);
    }
  }
  const target =
    form.name === "MASKMOVDQU" ? MEMORY + pick([0, 1, 16, 112, 120, 124, 127]) : random();
  view.setBigUint64(at + 24 + 7 * 8, BigInt(target), true);
  view.setBigUint64(at + 24 + 6 * 8, BigInt(address), true);
  for (let i = 0; i < 128; i += 16) fillVector(view, at + 160 + i, other);
  fillState(view, at + 512, isFloat(form.name), kind, other);
}

/** An XSAVE image. */
function fillState(view: DataView, at: number, float: boolean, kind: number, other: number): void {
  const pending = random() % 16 === 0;
  view.setUint16(at, pending ? 0x340 : 0x37f, true);
  view.setUint16(at + 2, ((random() & 7) << 11) | (pending ? 4 : 0), true);
  view.setUint8(at + 4, random() & 0xff);
  view.setUint32(at + 24, mxcsr(float), true);
  for (let i = 0; i < 8; i++) {
    fillVector(view, at + 32 + i * 16, i & 1 ? kind : other);
    view.setBigUint64(at + 40 + i * 16, BigInt(random() & 0xffff), true);
  }
  view.setUint32(at + 512, 7, true);
  for (let i = 0; i < 16; i++) {
    fillVector(view, at + 160 + i * 16, random() & 1 ? kind : other);
    fillVector(view, at + 576 + i * 16, random() & 1 ? kind : other);
  }
}

export function mxcsr(float: boolean): number {
  if (!float) return 0x1f80;
  let value = 0x1f80;
  if (random() % 2) value |= (random() & 3) << 13;
  if (random() % 4 === 0) value |= 0x40;
  if (random() % 4 === 0) value |= 0x8000;
  if (random() % 4 === 0) value &= ~(random() & 0x1f80);
  // Sticky flags: none, PE (which opens the vector path), any.
  value |= pick([0, 0x20, 0x20, random() & 0x3f]);
  return value;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** What differs between two results, or undefined. */
function difference(native: DataView, core: DataView, at: number): string | undefined {
  const faults = [native.getInt32(at + 136, true), core.getInt32(at + 136, true)];
  if (faults[0] !== faults[1]) return `vector ${faults[0]}, core ${faults[1]}`;
  const found: string[] = [];
  const check = (what: string, from: number, len: number) => {
    const n = hex(new Uint8Array(native.buffer, native.byteOffset + at + from, len));
    const c = hex(new Uint8Array(core.buffer, core.byteOffset + at + from, len));
    if (n !== c) found.push(`${what} ${n}, core ${c}`);
  };
  for (let i = 0; i < 16; i++) if (i !== 4) check(`r${i}`, i * 8, 8);
  const flags = [native.getUint32(at + 128, true) & 0x8d5, core.getUint32(at + 128, true) & 0x8d5];
  if (flags[0] !== flags[1]) found.push(`flags ${flags.map((f) => f?.toString(16))}`);
  check("memory", 144, 128);
  check("fcw fsw", 512, 4);
  check("ftw", 516, 1);
  check("mxcsr", 536, 4);
  for (let i = 0; i < 8; i++) check(`st${i}`, 544 + i * 16, 10);
  for (let i = 0; i < 16; i++) {
    check(`xmm${i}`, 672 + i * 16, 16);
    check(`upper half of ymm${i}`, 1088 + i * 16, 16);
  }
  return found.length ? found.join("; ") : undefined;
}

/** Differences of each operation: how many, and the first. */
export type Failures = Map<string, { count: number; first: string }>;

/** Runs one queue of cases on both and notes the differences. */
function compare<F extends Form>(
  core: AsmModule,
  native: Native,
  queue: F[],
  makeCase: (form: F, view: DataView, at: number) => void,
  failures: Failures,
): void {
  const cases = new DataView(core.memory.buffer, CASES, queue.length * SIZE);
  queue.forEach((form, i) => makeCase(form, cases, i * SIZE));
  const input = Buffer.from(new Uint8Array(core.memory.buffer, CASES, queue.length * SIZE).slice());
  const output = native([], input);
  const expected = new DataView(output.buffer, output.byteOffset, output.length);
  core.exports.runCases?.(CASES, RESULTS, queue.length);
  const actual = new DataView(core.memory.buffer, RESULTS, queue.length * SIZE);
  queue.forEach((form, i) => {
    const at = i * SIZE;
    const what = difference(expected, actual, at);
    if (!what) return;
    const code = hex(input.subarray(at, at + input.readUInt32LE(at + 16)));
    const setting = input.readUInt32LE(at + 536).toString(16);
    const known = failures.get(form.name);
    if (known) known.count++;
    else failures.set(form.name, { count: 1, first: `${code} mxcsr ${setting}: ${what}` });
  });
}

/** A line for each operation that differs. */
export function reportOf(failures: Failures): string {
  return [...failures].map(([name, f]) => `${name} (${f.count}): ${f.first}`).join("\n");
}

/** Compares `count(form)` cases of each form; the number of cases. */
export function compareForms<F extends Form>(
  core: AsmModule,
  native: Native,
  forms: F[],
  count: (form: F) => number,
  make: (form: F, view: DataView, at: number) => void,
  failures: Failures,
): number {
  const queue = forms.flatMap((form) => Array<F>(Math.ceil(count(form) * SCALE)).fill(form));
  for (let i = 0; i < queue.length; i += ROUND)
    compare(core, native, queue.slice(i, i + ROUND), make, failures);
  return queue.length;
}

/** What not every x86-64 processor has, by Linux's name for it. */
const EXTENSIONS: [RegExp, string][] = [
  [/^AES/, "aes"],
  [/^PCLMUL/, "pclmulqdq"],
  [/^SHA\d/, "sha_ni"],
  [/^FN?M(ADD|SUB)/, "fma"],
  [/^CVTP(H2PS|S2PH)/, "f16c"],
];

/** Whether the operation `name` (without V) can be compared here and is asked for. */
export function isComparable(name: string): boolean {
  // The approximations are Intel's; other vendors have their own.
  if (/^R(CP|SQRT)/.test(name) && !isIntel()) return false;
  if (EXTENSIONS.some(([names, flag]) => names.test(name) && !hostHas(flag))) return false;
  return !ONLY || new RegExp(ONLY).test(name);
}

/** Stores into decoded code do not happen here. */
export const REPLACE = {
  "asm/exec/blocks.ts": `import { Cpu } from "../cpu/state";
    export function codeWritten(cpu: Cpu, host: u32, len: u32): void {}`,
};

/** The operations of groups 12, 13 and 14. */
export function groupMember(opcode: number, member: number, prefix: number): string | undefined {
  const names: Record<number, Record<number, string | undefined>> = {
    113: { 2: "PSRLW_I", 4: "PSRAW_I", 6: "PSLLW_I" },
    114: { 2: "PSRLD_I", 4: "PSRAD_I", 6: "PSLLD_I" },
    115: { 2: "PSRLQ_I", 6: "PSLLQ_I", ...(prefix && { 3: "PSRLDQ", 7: "PSLLDQ" }) },
  };
  return names[opcode]?.[member];
}
