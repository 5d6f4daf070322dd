/**
 * MMX, SSE and the FPU state against the processor the test runs on: every row of the SIMD opcode maps,
 * decoded from bytes and run on random and edge operands in its register, memory and REX.W forms, under
 * every rounding mode, DAZ, FTZ and some unmasked exceptions. Compared are all registers, the x87 state,
 * MXCSR, RFLAGS, memory and the vector of the fault.
 *
 * Cases that page-fault on the host are left out; the others may end exactly at the end of the core's RAM,
 * where one byte too much would reach a device that is not there. SIMD_TEST_SCALE multiplies the cases.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative, hostHas, isIntel } from "../../test/native";

const SIZE = 1024;
const CASES = 0x1880_0000;
const RESULTS = 0x18c0_0000;
const MEMORY = 0x20_0f80;
const ROUND = 4096;
const RFLAGS_AC = 0x40000;
const SCALE = Number(process.env.SIMD_TEST_SCALE ?? 1);
const ONLY = process.env.SIMD_TEST_ONLY;

/** What not every x86-64 processor has, by Linux's name for it. */
const EXTENSIONS: [RegExp, string][] = [
  [/^AES/, "aes"],
  [/^PCLMUL/, "pclmulqdq"],
  [/^SHA\d/, "sha_ni"],
];

/** Stores into decoded code do not happen here. */
const replace = {
  "asm/exec/blocks.ts": `import { Cpu } from "../cpu/state";
    export function codeWritten(cpu: Cpu, host: u32, len: u32): void {}`,
};

/** Letters of asm/decode/row.ts. */
const E = 1;
const G = 2;
const M = 5;
const W = 13;
const Q = 16;

type Native = NonNullable<ReturnType<typeof compileNative>>;

interface Form {
  name: string;
  map: number;
  prefix: number;
  opcode: number;
  letters: number[];
  hasImm: boolean;
  /** ModRM.reg of a group member, or -1. */
  member: number;
}

function operationNames(): Map<number, string> {
  const source = readFileSync(new URL("../decode/ops-simd.ts", import.meta.url), "utf8");
  const body = source.slice(source.indexOf("enum Simd {") + 11, source.lastIndexOf("}"));
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
function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}
function pick<T>(list: readonly T[]): T {
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
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff, 0xff00, 0x00ff, 0x8080, 0x7f80,
];

/** 16 bytes of one of several kinds. */
function fillVector(view: DataView, at: number, kind: number): void {
  const small = random() % 4 === 0;
  for (let i = 0; i < 16; i += kind === 3 || kind === 4 ? 8 : kind === 5 ? 2 : 4) {
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
      default:
        view.setUint32(at + i, random(), true);
    }
  }
}

/** Instruction bytes of a form; `at` is the memory operand's address, or 0 for registers. */
function encode(form: Form, at: number, wide: boolean): number[] {
  const bytes: number[] = [];
  if (form.prefix) bytes.push([0x66, 0xf3, 0xf2][form.prefix - 1] as number);
  const usesGeneral = form.letters.includes(E) || form.letters.includes(G);
  // General registers: not RSP, which the runner keeps, nor RSI, which addresses memory.
  const low = [0, 1, 2, 3, 5, 7];
  let reg = form.member >= 0 ? form.member : random() % 8;
  let rm = random() % 8;
  let rex = wide ? 8 : 0;
  if (form.letters[0] === G) reg = pick(low);
  if (usesGeneral && form.letters[0] !== G) rm = pick(low);
  if (form.letters.includes(E) && form.letters[0] === E) rm = pick(low);
  if (random() % 4 === 0 && form.member < 0) rex |= 4;
  if (random() % 4 === 0 && !at) rex |= 1;
  if (rex || random() % 16 === 0) bytes.push(0x40 | rex);
  bytes.push(0x0f);
  if (form.map === 1) bytes.push(0x38);
  if (form.map === 2) bytes.push(0x3a);
  bytes.push(form.opcode);
  if (form.name === "EMMS") return bytes;
  bytes.push(at ? (reg << 3) | 6 : 0xc0 | (reg << 3) | rm);
  if (form.hasImm) bytes.push(random() & 0xff);
  return bytes;
}

const isFloat = (name: string) =>
  /^(SQRT|ADD|MUL|SUB|MIN|DIV|MAX|CMP|ROUND|HADD|HSUB|ADDSUB|DP|U?COMIS|R?SQRT|RCP|CVT)/.test(name);
const isDouble = (name: string) =>
  /(PD|SD|PD2..|SD2..|PD2PI|SD2SI)$/.test(name) && !/2(PD|SD)$/.test(name);

/** One case in the format of test/native/simd-runner.c. */
function makeCase(form: Form, view: DataView, at: number): void {
  new Uint8Array(view.buffer, view.byteOffset + at, SIZE).fill(0);
  const memory = form.letters.some((l) => l === E || l === M || l === W || l === Q);
  const isMemory = memory && (form.letters.includes(M) || random() % 3 === 0);
  let address = MEMORY + pick([0, 16, 32, 0, 16, 4, 8, 1, 112, 120, 124, 126, 127]);
  const wide = random() % 3 === 0;
  if (!isMemory) address = 0;
  const bytes = encode(form, address, wide);
  bytes.forEach((b, i) => view.setUint8(at + i, b));
  view.setUint32(at + 16, bytes.length, true);
  view.setUint32(at + 20, (random() & 0x8d5) | (random() % 6 === 0 ? RFLAGS_AC : 0), true);
  const float = isFloat(form.name);
  let kinds = float ? (isDouble(form.name) ? [3, 3, 4, 4, 0] : [1, 1, 2, 2, 0]) : [0, 0, 5, 5, 6];
  if (/CVT(SI|PI|DQ)2/.test(form.name)) kinds = [0, 5, 1, 4, 6];
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
  const target = form.name.startsWith("MASKMOV") ? MEMORY + pick([0, 1, 16, 112, 120]) : random();
  view.setBigUint64(at + 24 + 7 * 8, BigInt(target), true);
  view.setBigUint64(at + 24 + 6 * 8, BigInt(address), true);
  for (let i = 0; i < 128; i += 16) fillVector(view, at + 160 + i, other);
  const fx = at + 512;
  const pending = random() % 16 === 0;
  view.setUint16(fx, pending ? 0x340 : 0x37f, true);
  view.setUint16(fx + 2, ((random() & 7) << 11) | (pending ? 4 : 0), true);
  view.setUint8(fx + 4, random() & 0xff);
  view.setUint32(fx + 24, mxcsr(float), true);
  for (let i = 0; i < 8; i++) {
    fillVector(view, fx + 32 + i * 16, i & 1 ? kind : other);
    view.setBigUint64(fx + 40 + i * 16, BigInt(random() & 0xffff), true);
  }
  for (let i = 0; i < 16; i++) fillVector(view, fx + 160 + i * 16, random() & 1 ? kind : other);
}

function mxcsr(float: boolean): number {
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
  for (let i = 0; i < 16; i++) check(`xmm${i}`, 672 + i * 16, 16);
  return found.length ? found.join("; ") : undefined;
}

describe("SIMD instructions", () => {
  let core: AsmModule;
  let native: Native | undefined;
  const forms: Form[] = [];

  beforeAll(async () => {
    core = await loadAsm("asm/test/simd.ts", { replace });
    native = compileNative("simd-runner", ["-no-pie"]);
    core.exports.setup?.();
    const names = operationNames();
    for (let map = 0; map < 3; map++) {
      for (let index = 0; index < 1024; index++) {
        const low = (core.exports.row?.(map, index, 0) ?? 0) >>> 0;
        const high = (core.exports.row?.(map, index, 1) ?? 0) >>> 0;
        const row = BigInt(low) | (BigInt(high) << 32n);
        const opcode = index >> 2;
        const prefix = index & 3;
        if (row === 0n) continue;
        if (high & 0x0400_0000) {
          for (let member = 0; member < 8; member++) {
            const name = groupMember(opcode, member, prefix);
            if (name)
              forms.push({
                name,
                map,
                prefix,
                opcode,
                letters: [prefix ? 14 : 17, 3],
                hasImm: true,
                member,
              });
          }
          continue;
        }
        const op = low & 0xfff;
        if (op < 0x400) continue;
        const letters = [12n, 20n, 28n, 36n]
          .map((s) => Number((row >> (s + 3n)) & 31n))
          .filter((l) => l);
        const name = names.get(op & ~0x200) ?? "?";
        forms.push({ name, map, prefix, opcode, letters, hasImm: letters.includes(3), member: -1 });
      }
    }
  }, 120_000);

  it("does on every operand what the processor does", () => {
    if (!native) return;
    const failures = new Map<string, { count: number; first: string }>();
    let compared = 0;
    let queue: Form[] = [];
    const flush = () => {
      compared += compare(core, native as Native, queue, failures);
      queue = [];
    };
    for (const form of forms) {
      // The approximations are Intel's; other vendors have their own.
      if (/^R(CP|SQRT)/.test(form.name) && !isIntel()) continue;
      if (EXTENSIONS.some(([name, flag]) => name.test(form.name) && !hostHas(flag))) continue;
      if (ONLY && !new RegExp(ONLY).test(form.name)) continue;
      const count = Math.ceil((isFloat(form.name) ? 200 : 60) * SCALE);
      for (let i = 0; i < count; i++) {
        queue.push(form);
        if (queue.length === ROUND) flush();
      }
    }
    if (queue.length) flush();
    const report = [...failures].map(([name, f]) => `${name} (${f.count}): ${f.first}`).join("\n");
    console.info(`${compared} cases of ${forms.length} rows compared`);
    expect(report).toBe("");
    expect(compared).toBeGreaterThan(ONLY ? 0 : 20_000);
  }, 600_000);
});

function groupMember(opcode: number, member: number, prefix: number): string | undefined {
  const names: Record<number, Record<number, string | undefined>> = {
    113: { 2: "PSRLW_I", 4: "PSRAW_I", 6: "PSLLW_I" },
    114: { 2: "PSRLD_I", 4: "PSRAD_I", 6: "PSLLD_I" },
    115: { 2: "PSRLQ_I", 6: "PSLLQ_I", ...(prefix && { 3: "PSRLDQ", 7: "PSLLDQ" }) },
  };
  return names[opcode]?.[member];
}

/** Runs one queue of cases on both and notes the differences; the number of cases compared. */
function compare(
  core: AsmModule,
  native: Native,
  queue: Form[],
  failures: Map<string, { count: number; first: string }>,
): number {
  const cases = new DataView(core.memory.buffer, CASES, queue.length * SIZE);
  queue.forEach((form, i) => makeCase(form, cases, i * SIZE));
  const input = Buffer.from(new Uint8Array(core.memory.buffer, CASES, queue.length * SIZE).slice());
  const output = native([], input);
  const expected = new DataView(output.buffer, output.byteOffset, output.length);
  const isLeftOut = (i: number) => expected.getInt32(i * SIZE + 136, true) === 14;
  queue.forEach((_, i) => {
    if (isLeftOut(i)) cases.setUint32(i * SIZE + 16, 0, true);
  });
  core.exports.runCases?.(CASES, RESULTS, queue.length);
  const actual = new DataView(core.memory.buffer, RESULTS, queue.length * SIZE);
  let compared = 0;
  queue.forEach((form, i) => {
    const at = i * SIZE;
    if (isLeftOut(i)) return;
    compared++;
    const what = difference(expected, actual, at);
    if (!what) return;
    const code = hex(input.subarray(at, at + input.readUInt32LE(at + 16)));
    const setting = input.readUInt32LE(at + 536).toString(16);
    const known = failures.get(form.name);
    if (known) known.count++;
    else failures.set(form.name, { count: 1, first: `${code} mxcsr ${setting}: ${what}` });
  });
  return compared;
}
