/**
 * The x87 unit against the processor the test runs on: FWAIT and every encoding of D8-DF, decoded from
 * bytes and run on random and edge operands under every rounding mode, precision and mask, with full,
 * empty and pending stacks. Compared are all registers, tags, FCW, FSW, FOP, FIP, FDP, EFLAGS, memory and
 * the vector of the fault. Transcendental results may differ by one unit in the last place; how many are
 * equal is printed. The environments of real mode, which no program sees, are compared with the manual's
 * figures.
 *
 * The core follows Intel's processors since Skylake where the manual leaves a choice (undefined condition
 * codes, FOP and FDP, results out of range), so only those are asked.
 *
 * X87_TEST_SCALE multiplies the cases, X87_TEST_ONLY is a regular expression over the names.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative, isIntel } from "../../test/native";

const SIZE = 1024;
const CASES = 0x1880_0000;
const RESULTS = 0x18c0_0000;
const MEMORY = 0x20_0f80;
const ROUND = 4096;
const RIP = 0x1234_5678;
const RFLAGS_AC = 0x40000;
const NOT_CANONICAL = 0x1234_0000_0000_0000n;
const SCALE = Number(process.env.X87_TEST_SCALE ?? 1);
const ONLY = process.env.X87_TEST_ONLY;

/** Stores into decoded code do not happen here. */
const replace = {
  "asm/exec/blocks.ts": `import { Cpu } from "../cpu/state";
    export function codeWritten(cpu: Cpu, host: u32, len: u32): void {}`,
};

interface Form {
  name: string;
  opcode: number;
  /** ModRM values to choose from. */
  modrm: number[];
  cases: number;
}

const TRANSCENDENTAL = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;
const PUSHES = /^(FLD|FILD|FBLD|FPTAN|FSINCOS|FXTRACT|FDECSTP)/;
const ARITHMETIC = /^F(I?(ADD|MUL|SUB|DIV|COM)|UCOM|SQRT|PREM|SCALE|RNDINT|XTRACT|ST$|STP|IST|BST)/;

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
const random64 = () => (BigInt(random()) << 32n) | BigInt(random());

const ONE = 1n << 63n;
const QUIET = 3n << 62n;
const ALL = (1n << 64n) - 1n;
const PI = 0xc90fdaa22168c235n;

// biome-ignore format: a table
const EDGES: [number, bigint][] = [
  [0, 0n], [0x3fff, ONE], [0x3fff, ONE + 1n], [0x3ffe, ALL], [0x3fff, ALL], [0x4000, ONE], [0x3ffe, ONE], [0x3fff, QUIET],
  [0x7fff, ONE], [0x7fff, QUIET], [0x7fff, ALL], [0x7fff, QUIET + 5n], [0x7fff, ONE + 1n], [0x7fff, ONE + 0x1234_5678_9abcn],
  [0x7fff, ALL - (1n << 62n)], [0, 1n], [0, ONE - 1n], [0, 1n << 62n], [0, ONE], [0, ALL], [0, ONE + 5n], [1, ONE], [1, ONE + 1n],
  [1, ALL], [2, ONE], [0x7ffe, ALL], [0x7ffe, ONE], [0x7ffe, ALL << 40n & ALL], [0x7ffe, ALL << 11n & ALL], [0x7ffd, ALL],
  [0x3fff, 1n << 62n], [1, 0n], [0x7fff, 0n], [0x7fff, 1n << 62n], [0x7fff, 12345n], [0x4001, 0x7fff_ffff_ffff_ffffn],
  [0x4000, PI], [0x3fff, PI], [0x3ffe, PI], [0x4000, PI - 1n], [0x4001, 0x96cbe3f9990e91a8n], [0x403e, ONE], [0x403e, ALL], [0x403d, ALL],
  [0x403f, ONE], [0x401d, ALL], [0x401e, ONE], [0x401e, ONE + (1n << 32n)], [0x401e, ONE + (1n << 31n)], [0x400d, ALL], [0x400e, ONE],
  [0x400e, 0x8000_8000_0000_0000n], [0x400d, 0xfffe_ffff_0000_0000n], [0x3ffd, ONE], [0x3ffe, 0xb504f333f9de6484n], [0x3fff, 0xb504f333f9de6485n],
  [0x3ffd, 0x95f619980c4336f7n], [0x3ffe, ONE - 1n + ONE], [0x3fbe, ONE], [0x3fbf, ONE], [0x403a, 0xde0b6b3a763fffffn], [0x403a, 0xde0b6b3a76400000n],
  [0x403a, 0xde0b6b3a763ffff8n], [0x407e, ALL], [0x43fe, ALL], [0x43fe, 0xffff_ffff_ffff_f800n], [0x43fe, 0xffff_ffff_ffff_fbffn], [0x43ff, ONE],
  [0x3c01, ONE], [0x3c00, ALL], [0x3c00, ALL - 0x400n], [0x3bcd, ONE], [0x3bcc, ONE], [0x3bcc, ONE + 1n], [0x407e, 0xffff_ff00_0000_0000n],
  [0x407e, 0xffff_ff80_0000_0000n], [0x3f81, ONE], [0x3f80, ALL], [0x3f80, 0xffff_fe80_0000_0000n], [0x3f6a, ONE], [0x3f69, ONE], [0x3f69, ONE + 1n],
  [0x4002, 0xa000_0000_0000_0000n], [0x4004, 0xc800_0000_0000_0000n], [0x4040, 0xdddd_eeee_ffff_1234n], [0x400c, 0xfffc_0000_0000_0000n],
  [0x400d, 0xc000_0000_0000_0000n], [0x5fff, ONE], [0x1fff, ONE], [0x5ffe, ALL], [0x2000, ONE + 77n],
];
// biome-ignore format: a table
const SINGLES = [
  0x00000000, 0x3f800000, 0x40000000, 0x3f000000, 0x3fc00000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7fc12345, 0x7f800001, 0x7f812345,
  0x00000001, 0x007fffff, 0x00800000, 0x00400000, 0x00800001, 0x40490fdb, 0x4f000000, 0x34000000,
];
// biome-ignore format: a table
const DOUBLES = [
  0x0000000000000000n, 0x3ff0000000000000n, 0x4000000000000000n, 0x3fe0000000000000n, 0x7fefffffffffffffn, 0x7ff0000000000000n,
  0x7ff8000000000000n, 0x7ff8123456789abcn, 0x7ff0000000000001n, 0x7ff0123456789abcn, 0x0000000000000001n, 0x000fffffffffffffn,
  0x0010000000000000n, 0x0010000000000001n, 0x400921fb54442d18n, 0x3cb0000000000000n,
];

const sign = () => (random() & 1) << 15;

/** A random 80-bit number; those for transcendental functions lie in their range. */
function extended(name: string): [number, bigint] {
  const kind = random() % 16;
  if (kind < 4) {
    const [exponent, significand] = pick(EDGES);
    return [exponent | sign(), significand];
  }
  if (kind === 4) return [random() & 0xffff, random64()];
  if (kind === 5) return [sign(), random64() >> BigInt(random() % 64)];
  let exponent = 0x3fff + (random() % 9) - 4;
  if (kind === 6) exponent = random() % 0x7fff;
  if (kind === 7) exponent = 0x3fff + (random() % 161) - 80;
  if (kind === 8)
    exponent =
      pick([
        1,
        2,
        30,
        60,
        70,
        0x7ffe,
        0x7ffd,
        0x7fe0,
        0x3fff + 128,
        0x3fff - 127,
        0x3fff + 1024,
        0x3fff - 1023,
      ]) +
      (random() % 4);
  if (/^F(2XM1|SIN|COS|SINCOS|PTAN|YL2XP1)/.test(name) && kind > 8)
    exponent = 0x3ffe - (random() % (kind > 11 ? 3 : 70));
  let significand = random64() | ONE;
  if (kind & 1)
    significand &=
      pick([ALL << 40n, ALL << 11n, ALL << 32n, ALL << 60n, ALL << 48n, ALL << 39n, ALL << 10n]) &
      ALL;
  return [(exponent & 0x7fff) | sign(), significand];
}

/** One that relates to [exponent, significand]: equal, near, a small multiple, far away. */
function related([se, significand]: [number, bigint]): [number, bigint] {
  const exponent =
    (se & 0x7fff) + pick([0, 0, 1, -1, 2, -2, 30, 62, 63, 64, 65, 66, -64, 100, -40, -63, -65]);
  if (exponent <= 0 || exponent > 0x7ffe) return [se ^ sign(), significand];
  const delta = pick([0n, 0n, 1n, -1n, 2n, -3n, 1n << 40n, -(1n << 11n), 1n << 10n]);
  return [exponent | sign(), BigInt.asUintN(64, significand + delta) | ONE];
}

/** The 128 bytes at `from`, with an operand of the instruction's type at `offset`. */
function fillMemory(view: DataView, from: number, offset: number, form: Form): void {
  const at = from + offset;
  for (let i = 0; i < 128; i += 4) view.setUint32(from + i, random(), true);
  const [se, significand] = extended(form.name);
  const kind = random() % 4; // 0 and 1: an edge, 2: a number of few bits, 3: random bits
  const plain = (random() / 65536 - 32768) / 2 ** (random() % 30);
  switch (form.opcode) {
    case 0xd8:
    case 0xd9:
      if (kind < 2) view.setUint32(at, pick(SINGLES) | (random() & 0x8000_0000), true);
      else if (kind === 2) view.setFloat32(at, plain, true);
      break;
    case 0xdc:
    case 0xdd:
      if (kind < 2) view.setBigUint64(at, pick(DOUBLES) | (BigInt(random() & 1) << 63n), true);
      else if (kind === 2) view.setFloat64(at, plain, true);
      break;
    case 0xdb:
      view.setBigUint64(at, significand, true);
      view.setUint16(at + 8, se, true);
      break;
    default:
      if (form.name === "FBLD" && random() % 4) {
        for (let i = 0; i < 9; i++) view.setUint8(at + i, ((random() % 10) << 4) | (random() % 10));
      }
      if (random() % 3 === 0)
        view.setBigInt64(at, BigInt(pick([0, 1, -1, 2, 10, -7, 0x7fff, -0x8000, 0x8000])), true);
  }
  if (/ENV|RSTOR|LDCW/.test(form.name)) {
    view.setUint16(at, random() % 4 ? controlWord() : random(), true);
    view.setUint16(at + (random() & 1 ? 2 : 4), statusWord(), true);
  }
}

function controlWord(): number {
  let fcw = 0x7f | (random() & 0x0c00) | pick([0x300, 0x300, 0x300, 0x200, 0x100, 0]);
  if (random() % 4 === 0) fcw &= ~(random() & 0x3f);
  if (random() % 16 === 0) fcw &= ~0x3f;
  return fcw;
}

function statusWord(): number {
  return ((random() & 7) << 11) | (random() & 0x4700) | (random() % 3 === 0 ? random() & 0x7f : 0);
}

function tagWord(name: string, top: number): number {
  const mode = random() % 8;
  if (mode === 0) return random() & 0xff;
  if (mode === 1) return 0xff;
  if (mode === 2 && random() % 4 === 0) return 0;
  if (PUSHES.test(name)) return 0xff & ~(1 << ((top + 7) & 7));
  return 0xff;
}

/** One case in the format of test/native/simd-runner.c. */
function makeCase(form: Form, view: DataView, at: number): void {
  new Uint8Array(view.buffer, view.byteOffset + at, SIZE).fill(0);
  const modrm = pick(form.modrm);
  const bytes = form.name === "FWAIT" ? [form.opcode] : [form.opcode, modrm];
  if (modrm < 0xc0 && /ENV|SAVE|RSTOR/.test(form.name) && random() & 1) bytes.unshift(0x66);
  else if (random() % 32 === 0) bytes.unshift(0x66);
  new Uint8Array(view.buffer, view.byteOffset + at).set(bytes);
  view.setUint32(at + 16, bytes.length, true);
  view.setUint32(at + 20, (random() & 0x8d5) | (random() % 6 === 0 ? RFLAGS_AC : 0), true);
  view.setUint32(at + 152, RIP, true);
  for (let i = 0; i < 16; i++) view.setBigUint64(at + 24 + i * 8, random64(), true);
  const offset = pick([0, 0, 1, 4, 7, 12]);
  fillMemory(view, at + 160, offset, form);
  const address = random() % 50 === 0 ? NOT_CANONICAL : BigInt(MEMORY + offset);
  view.setBigUint64(at + 24 + 6 * 8, address, true);
  const fx = at + 512;
  const fcw = controlWord();
  let fsw = statusWord();
  const pending = fsw & ~fcw & 0x3f;
  if (pending && random() % 8) fsw &= ~pending;
  const top = (fsw >> 11) & 7;
  view.setUint16(fx, fcw, true);
  view.setUint16(fx + 2, fsw, true);
  view.setUint8(fx + 4, tagWord(form.name, top));
  view.setUint16(fx + 6, random() & 0x7ff, true);
  view.setBigUint64(fx + 8, BigInt(random() & 0x7fff_ffff), true);
  view.setBigUint64(fx + 16, BigInt(random() & 0x7fff_ffff), true);
  view.setUint32(fx + 24, 0x1f80, true);
  const first = extended(form.name);
  for (let i = 0; i < 8; i++) {
    const [se, significand] =
      i === 0 ? first : random() % 3 === 0 ? related(first) : extended(form.name);
    view.setBigUint64(fx + 32 + i * 16, significand, true);
    view.setUint16(fx + 40 + i * 16, se, true);
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).reverse().toString("hex");

interface Tally {
  count: number;
  failures: number;
  exact: number;
  first: string;
}

/** Distance in units in the last place of two 80-bit numbers, or undefined when they are no neighbours. */
function distance(a: DataView, b: DataView, at: number): bigint | undefined {
  const order = (view: DataView) => {
    const se = view.getUint16(at + 8, true);
    const magnitude = (BigInt(se & 0x7fff) << 63n) + (view.getBigUint64(at, true) & (ONE - 1n));
    return se & 0x8000 ? -magnitude : magnitude;
  };
  const d = order(a) - order(b);
  return d < 0n ? -d : d;
}

/** What differs between two results, and whether that is allowed. */
function difference(
  form: Form,
  native: DataView,
  core: DataView,
  at: number,
): { text: string; isAllowed: boolean } {
  const faults = [native.getInt32(at + 136, true), core.getInt32(at + 136, true)];
  if (faults[0] !== faults[1])
    return { text: `vector ${faults[0]}, core ${faults[1]}`, isAllowed: false };
  const found: string[] = [];
  let isAllowed = TRANSCENDENTAL.test(form.name);
  const check = (what: string, from: number, len: number) => {
    const n = hex(new Uint8Array(native.buffer, native.byteOffset + at + from, len));
    const c = hex(new Uint8Array(core.buffer, core.byteOffset + at + from, len));
    if (n === c) return;
    found.push(`${what} ${n}, core ${c}`);
    if (!what.startsWith("st") || (distance(native, core, at + from) ?? 9n) > 1n) isAllowed = false;
  };
  for (let i = 0; i < 16; i++) if (i !== 4) check(`r${i}`, i * 8, 8);
  const flags = [native, core].map((view) => view.getUint32(at + 128, true) & 0x8d5) as [
    number,
    number,
  ];
  if (flags[0] !== flags[1]) {
    found.push(`flags ${flags[0].toString(16)}, core ${flags[1].toString(16)}`);
    isAllowed = false;
  }
  check("memory", 144, 128);
  check("fcw", 512, 2);
  const status = [native.getUint16(at + 514, true), core.getUint16(at + 514, true)] as [
    number,
    number,
  ];
  if (status[0] !== status[1]) {
    found.push(`fsw ${status[0].toString(16)}, core ${status[1].toString(16)}`);
    // C1 says which way a result was rounded.
    if ((status[0] ^ status[1]) & ~0x200) isAllowed = false;
  }
  check("ftw", 516, 1);
  check("fop", 518, 2);
  check("fip", 520, 8);
  check("fdp", 528, 8);
  for (let i = 0; i < 8; i++) check(`st${i}`, 544 + i * 16, 10);
  return { text: found.join("; "), isAllowed: found.length > 0 && isAllowed };
}

function describeCase(cases: DataView, at: number): string {
  const word = (offset: number) => cases.getUint16(at + 512 + offset, true).toString(16);
  const st = (i: number) =>
    `${word(40 + i * 16)}:${cases.getBigUint64(at + 544 + i * 16, true).toString(16)}`;
  const bytes = hex(new Uint8Array(cases.buffer, cases.byteOffset + at, 3));
  const offset = cases.getUint8(at + 24 + 6 * 8) & 0x7f;
  const memory = hex(new Uint8Array(cases.buffer, cases.byteOffset + at + 160 + offset, 10));
  return `[${bytes}] fcw ${word(0)} fsw ${word(2)} ftw ${word(4)} ${st(0)} ${st(1)} m ${memory}`;
}

type Native = NonNullable<ReturnType<typeof compileNative>>;

/** Addresses of the runner's code page stand for the address of the instruction. */
function normalizePointer(native: DataView, at: number): void {
  if (native.getUint32(at + 524, true) !== 0) native.setBigUint64(at + 520, BigInt(RIP), true);
}

function compare(core: AsmModule, run: Native, forms: Form[], tallies: Map<string, Tally>): void {
  const input = Buffer.alloc(forms.length * SIZE);
  const cases = new DataView(input.buffer, input.byteOffset, input.length);
  for (const [i, form] of forms.entries()) makeCase(form, cases, i * SIZE);
  const output = run([], input);
  const memory = new Uint8Array(core.memory.buffer);
  memory.set(input, CASES);
  core.exports.runCases?.(CASES, RESULTS, forms.length);
  const native = new DataView(output.buffer, output.byteOffset, output.length);
  const ours = new DataView(core.memory.buffer, RESULTS, forms.length * SIZE);
  forms.forEach((form, i) => {
    const tally = tallies.get(form.name) ?? { count: 0, failures: 0, exact: 0, first: "" };
    tallies.set(form.name, tally);
    normalizePointer(native, i * SIZE);
    const { text, isAllowed } = difference(form, native, ours, i * SIZE);
    tally.count++;
    if (text === "") tally.exact++;
    else if (!isAllowed && tally.failures++ < Number(process.env.X87_TEST_SHOW ?? 1)) {
      tally.first += `\n    ${describeCase(cases, i * SIZE)}\n      ${text}`;
    }
  });
}

function operationNames(): string[] {
  const source = readFileSync(new URL("../decode/ops-x87.ts", import.meta.url), "utf8");
  const body = source
    .slice(source.indexOf("enum X87 {") + 10, source.lastIndexOf("}"))
    .replace(/\/\/.*/g, "");
  return [...body.matchAll(/(\w+)(?:\s*=\s*\w+)?\s*,/g)].map(([, name]) => name as string);
}

function casesOf(name: string): number {
  if (TRANSCENDENTAL.test(name)) return 3000;
  if (name === "INVALID") return 16;
  return ARITHMETIC.test(name) ? 1000 : 300;
}

/** Every encoding, register forms of one row together. */
function allForms(core: AsmModule): Form[] {
  const names = operationNames();
  const forms: Form[] = [{ name: "FWAIT", opcode: 0x9b, modrm: [0xc0], cases: 300 }];
  const bytes = new Uint8Array(core.memory.buffer, CASES, 16);
  for (let opcode = 0xd8; opcode <= 0xdf; opcode++) {
    const rows = new Map<string, Form>();
    for (let n = 0; n < 72; n++) {
      const modrm = n < 8 ? (n << 3) | 6 : 0xc0 + n - 8;
      bytes.set([opcode, modrm]);
      const op = core.exports.decodedOp?.(CASES) ?? 0;
      const name = op < 0x300 ? "INVALID" : (names[op - 0x300] ?? "?");
      const key = n < 8 ? `memory ${n}` : `${name} ${modrm >> 3}`;
      const form = rows.get(key) ?? { name, opcode, modrm: [], cases: casesOf(name) };
      form.modrm.push(modrm);
      rows.set(key, form);
    }
    forms.push(...rows.values());
  }
  return forms;
}

describe("x87 instructions", () => {
  let core: AsmModule;
  let native: Native | undefined;

  beforeAll(async () => {
    core = await loadAsm("asm/test/x87.ts", { replace });
    native = compileNative("simd-runner", ["-no-pie"]);
  });

  it("do on every operand what the processor does", () => {
    if (!native || !isIntel()) return;
    core.exports.setup?.(64, 0);
    const tallies = new Map<string, Tally>();
    let queue: Form[] = [];
    for (const form of allForms(core)) {
      if (ONLY && !new RegExp(ONLY).test(form.name)) continue;
      for (let i = 0; i < Math.ceil(form.cases * SCALE); i++) {
        queue.push(form);
        if (queue.length < ROUND) continue;
        compare(core, native, queue, tallies);
        queue = [];
      }
    }
    if (queue.length) compare(core, native, queue, tallies);
    const total = [...tallies.values()].reduce((sum, { count }) => sum + count, 0);
    const loose = [...tallies]
      .filter(([name]) => TRANSCENDENTAL.test(name))
      .map(([name, { count, exact }]) => `${name} ${exact} of ${count}`);
    console.info(`${total} cases compared; exactly equal: ${loose.join(", ")}`);
    const report = [...tallies]
      .filter(([, { failures }]) => failures)
      .map(([name, { failures, count, first }]) => `${name} ${failures} of ${count}:${first}`);
    expect(report.join("\n")).toBe("");
    expect(total).toBeGreaterThan(ONLY ? 0 : 100_000);
  });

  /** Runs one instruction with [RSI] as operand and these pointers; the 128 bytes at RSI afterwards. */
  function environment(bits: number, isReal: boolean, bytes: number[]): DataView {
    core.exports.setup?.(bits, isReal ? 1 : 0);
    const view = new DataView(core.memory.buffer);
    new Uint8Array(core.memory.buffer, CASES, SIZE).fill(0);
    new Uint8Array(core.memory.buffer, CASES, bytes.length).set(bytes);
    view.setUint32(CASES + 16, bytes.length, true);
    view.setUint32(CASES + 24 + 3 * 8, MEMORY, true);
    const fx = CASES + 512;
    view.setUint16(fx, 0x37f, true);
    view.setUint16(fx + 2, 0x1800, true);
    view.setUint8(fx + 4, 0x81);
    view.setUint16(fx + 6, 0x5a5, true);
    view.setUint32(fx + 8, 0x8765_4321, true);
    view.setUint32(fx + 16, 0xfedc_ba98, true);
    core.exports.runCases?.(CASES, RESULTS, 1);
    expect(view.getInt32(RESULTS + 136, true)).toBe(-1);
    return new DataView(core.memory.buffer, RESULTS + 144, 128);
  }
  const words = (view: DataView, size: 2 | 4) =>
    Array.from({ length: 7 }, (_, i) =>
      size === 2 ? view.getUint16(i * 2, true) : view.getUint32(i * 4, true),
    );

  // ST5 and ST4 are the physical registers 0 and 7 when TOP is 3; they hold zeros. 67h: 32-bit addresses.
  it("stores the environment of 32-bit real mode (figure 8-10)", () => {
    expect(words(environment(16, true, [0x66, 0x67, 0xd9, 0x33]), 4)).toEqual([
      0xffff_037f, 0xffff_1800, 0xffff_7ffd, 0xffff_4321, 0x0876_55a5, 0xffff_ba98, 0x0fed_c000,
    ]);
  });

  it("stores the environment of 16-bit real mode (figure 8-12)", () => {
    expect(words(environment(16, true, [0x67, 0xd9, 0x33]), 2)).toEqual([
      0x037f, 0x1800, 0x7ffd, 0x4321, 0x55a5, 0xba98, 0xc000,
    ]);
  });

  it("stores the environment of 16-bit protected mode (figure 8-11)", () => {
    expect(words(environment(16, false, [0x67, 0xd9, 0x33]), 2)).toEqual([
      0x037f, 0x1800, 0x7ffd, 0x4321, 0, 0xba98, 0,
    ]);
  });
});
