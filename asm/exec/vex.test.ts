/**
 * AVX, AVX2, FMA and F16C against the processor the test runs on: every VEX form of the SIMD opcode maps and every
 * vector row of opmap-vex.ts with VEX.L and VEX.W of both values, allowed or not, on the operands of simd.test.ts.
 * Memory operands lie aligned and not, also across the end of the last page; masked accesses and gathers choose
 * elements behind it, too. SIMD_TEST_SCALE multiplies the cases.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative, hostHas } from "../../test/native";
import {
  compareForms,
  E,
  type Failures,
  G,
  groupMember,
  isComparable,
  isFloat,
  M,
  MEMORY,
  makeCase,
  type Native,
  type Form as Operands,
  operationNames,
  pick,
  REPLACE,
  random,
  reportOf,
  SIZE,
} from "../../test/simd-native";

interface Form extends Operands {
  /** 1 = 0F, 2 = 0F38, 3 = 0F3A. */
  map: number;
  prefix: number;
  opcode: number;
  hasImm: boolean;
  /** ModRM.reg of a group member, or -1. */
  member: number;
  /** VEX.vvvv names an operand. */
  hasVvvv: boolean;
  /** Bytes of an index of a gather, or 0. */
  indexBytes: number;
}

/** Letters of asm/decode/row.ts. */
const I = 3;
const U = 14;
const H = 27;
const L = 29;

/** Flags of asm/decode/row.ts. */
const V3 = 1n << 53n;
const ANY_VEX_FORM = 3n << 52n;
const GROUP = 1n << 58n;
const NOMODRM = 1n << 59n;

const lettersOf = (row: bigint) =>
  [12n, 20n, 28n, 36n].map((s) => Number((row >> (s + 3n)) & 31n)).filter((letter) => letter);

/** The VEX forms of the SSE rows. */
function formsOfSimd(row: (map: number, index: number) => bigint): Form[] {
  const names = operationNames("ops-simd.ts", "Simd");
  const forms: Form[] = [];
  for (let map = 0; map < 3; map++) {
    for (let index = 0; index < 1024; index++) {
      const r = row(map, index);
      const form = { map: map + 1, prefix: index & 3, opcode: index >> 2, indexBytes: 0 };
      if (r & GROUP && form.prefix === 1) {
        for (let member = 0; member < 8; member++) {
          const name = groupMember(form.opcode, member, form.prefix);
          if (name)
            forms.push({ ...form, name, letters: [U, I], hasImm: true, member, hasVvvv: true });
        }
      }
      if ((r & 0xfffn) < 0x400n || !(r & ANY_VEX_FORM) || r & GROUP) continue;
      const letters = lettersOf(r);
      const hasVvvv = (r & V3) !== 0n;
      const name = names.get(Number(r & 0xfffn)) ?? "?";
      forms.push({ ...form, name, letters, hasImm: letters.includes(I), member: -1, hasVvvv });
    }
  }
  return forms;
}

/** The vector rows that only VEX has, and VLDMXCSR and VSTMXCSR. */
function formsOfVex(row: (index: number) => bigint): Form[] {
  const names = operationNames("ops-vex.ts", "Vex");
  const forms: Form[] = [];
  for (let index = 0; row(index + 1) !== 0n; index += 2) {
    const key = Number(row(index));
    const r = row(index + 1);
    const form = { map: key >> 10, prefix: key & 3, opcode: (key >> 2) & 0xff };
    if (r & GROUP && form.map === 1) {
      const common = { ...form, letters: [M], hasImm: false, hasVvvv: false, indexBytes: 0 };
      forms.push({ ...common, name: "LDMXCSR", member: 2 });
      forms.push({ ...common, name: "STMXCSR", member: 3 });
    }
    if ((r & 0xfffn) < 0xa00n || r & GROUP) continue;
    const letters = lettersOf(r);
    const name = names.get(Number(r & 0xfffn))?.slice(1) ?? "?";
    forms.push({
      ...form,
      name,
      letters,
      hasImm: letters.includes(I) || letters.includes(L),
      member: -1,
      hasVvvv: letters.includes(H),
      indexBytes: /GATHERQ/.test(name) ? 8 : /GATHER/.test(name) ? 4 : 0,
    });
    if (r & NOMODRM) forms[forms.length - 1].member = 8;
  }
  return forms;
}

/** Instruction bytes of a form; `at` is the memory operand's address, or 0 for registers. */
function encode(form: Form, at: number): number[] {
  // General registers: not RSP, which the runner keeps, nor RSI, which addresses memory.
  const low = [0, 1, 2, 3, 5, 7];
  const isGroup = form.member >= 0;
  let reg = isGroup ? form.member & 7 : random() % 8;
  let rm = random() % 8;
  if (form.letters[0] === G) reg = pick(low);
  if (form.letters.includes(E)) rm = pick(low);
  const isR = !isGroup && random() % 3 === 0;
  const isB = !at && random() % 3 === 0;
  const isX = form.indexBytes !== 0 && random() % 2 === 0;
  const w = random() % 2;
  const vvvv = form.hasVvvv || random() % 16 === 0 ? random() % 16 : 0;
  const last = ((~vvvv & 15) << 3) | ((random() % 2) << 2) | form.prefix;
  const bytes: number[] = [];
  if (form.map === 1 && !isB && !isX && w === 0 && random() % 2)
    bytes.push(0xc5, (isR ? 0 : 0x80) | last);
  else {
    const inverted = (isR ? 0 : 0x80) | (isX ? 0 : 0x40) | (isB ? 0 : 0x20);
    bytes.push(0xc4, inverted | form.map, (w << 7) | last);
  }
  bytes.push(form.opcode);
  if (form.member === 8) return bytes;
  if (form.indexBytes) bytes.push((reg << 3) | 4, (random() & 0xf8) | 6);
  else bytes.push(at ? (reg << 3) | 6 : 0xc0 | (reg << 3) | rm);
  if (form.hasImm) bytes.push(random() & 0xff);
  return bytes;
}

/** Where the case at `at` has the byte `offset` of a vector register. */
const place = (at: number, register: number, offset: number) =>
  at + 512 + (offset < 16 ? 160 + offset : 576 + offset - 16) + register * 16;

/** Indices that lead into the memory, seldom behind it. */
function fillIndices(form: Form, view: DataView, at: number): void {
  const long = view.getUint8(at) === 0xc4 ? 1 : 0;
  const sib = view.getUint8(at + 4 + long);
  const isX = long && (view.getUint8(at + 1) & 0x40) === 0;
  const register = ((sib >> 3) & 7) | (isX ? 8 : 0);
  const base = Number(view.getBigUint64(at + 24 + 6 * 8, true));
  const behind = random() % 4 === 0;
  for (let offset = 0; offset < 32; offset += form.indexBytes) {
    const target = MEMORY + ((random() % (behind && random() % 4 === 0 ? 256 : 160)) - 40);
    const index = (target - base) >> (sib >> 6);
    if (form.indexBytes === 4) view.setInt32(place(at, register, offset), index, true);
    else view.setBigInt64(place(at, register, offset), BigInt(index), true);
  }
}

/** Makes the addends of a fused multiply-add nearly, or just, the products with the other sign. */
function fillAddends(view: DataView, at: number): void {
  const byte = (n: number) => view.getUint8(at + n);
  const modrm = byte(4);
  const isDouble = (byte(2) & 0x80) !== 0;
  const reg = ((modrm >> 3) & 7) | (byte(1) & 0x80 ? 0 : 8);
  const vvvv = (~byte(2) >> 3) & 15;
  const isMemory = modrm < 0xc0;
  const rm = (modrm & 7) | (byte(1) & 0x20 ? 0 : 8);
  const address = Number(view.getBigUint64(at + 24 + 6 * 8, true)) - MEMORY;
  const step = isDouble ? 8 : 4;
  for (
    let offset = 0;
    offset < 32 && (!isMemory || address + offset + step <= 128);
    offset += step
  ) {
    const third = isMemory ? at + 160 + address + offset : place(at, rm, offset);
    const others = [place(at, reg, offset), place(at, vvvv, offset), third];
    // 96h-9Fh, A6h-AFh, B6h-BFh: the addend is the second, third, first operand.
    const [addend] = others.splice([1, 2, 0][(byte(3) >> 4) - 9] as number, 1) as [number];
    const get = (p: number) => (isDouble ? view.getFloat64(p, true) : view.getFloat32(p, true));
    const [x, y] = others.map(get) as [number, number];
    const product = x * y * (random() & 1 ? 1 : -1);
    const change = random() & random() & 3;
    if (isDouble) {
      view.setFloat64(addend, product, true);
      view.setBigUint64(addend, view.getBigUint64(addend, true) ^ BigInt(change), true);
    } else {
      view.setFloat32(addend, product, true);
      view.setUint32(addend, view.getUint32(addend, true) ^ change, true);
    }
  }
}

describe("AVX instructions", () => {
  let core: AsmModule;
  let native: Native | undefined;
  let forms: Form[] = [];

  beforeAll(async () => {
    core = await loadAsm("asm/test/simd.ts", { replace: REPLACE });
    native = hostHas("avx2") ? compileNative("simd-runner", ["-no-pie", "-DAVX"]) : undefined;
    const call = (name: string, ...args: number[]) => (core.exports[name]?.(...args) ?? 0) >>> 0;
    const whole = (low: number, high: number) => BigInt(low) | (BigInt(high) << 32n);
    call("setup");
    forms = [
      ...formsOfSimd((map, index) => whole(call("row", map, index, 0), call("row", map, index, 1))),
      ...formsOfVex((index) => whole(call("vexRow", index, 0), call("vexRow", index, 1))),
    ].filter((form) => isComparable(form.name));
  });

  it("VCVTPS2PH of a denormal is inexact also where an unmasked underflow takes its place", () => {
    const [from, to] = [0x1880_0000, 0x1880_0800];
    const view = new DataView(core.memory.buffer);
    new Uint8Array(core.memory.buffer, from, SIZE).fill(0);
    [0xc4, 0xe3, 0x79, 0x1d, 0xd1, 0].forEach((byte, n) => {
      view.setUint8(from + n, byte); // VCVTPS2PH xmm1, xmm2, 0
    });
    view.setUint32(from + 16, 6, true);
    view.setUint32(from + 1024, 7, true);
    view.setUint32(from + 512 + 24, 0x1780, true);
    view.setUint32(place(from, 2, 0), 0x0010_0000, true);
    core.exports.runCases?.(from, to, 1);
    expect(view.getUint32(to + 136, true)).toBe(19);
    expect(view.getUint32(to + 512 + 24, true)).toBe(0x17b2); // as Intel processors have it
  });

  it("do on every operand what the processor does", () => {
    if (!native) return;
    const failures: Failures = new Map();
    const compared = compareForms(
      core,
      native,
      forms,
      (form) => (isFloat(form.name) ? 200 : 100),
      (form, view, at) => {
        makeCase(form, view, at, (address) => encode(form, address));
        if (form.indexBytes) fillIndices(form, view, at);
        if (/^FN?M/.test(form.name) && random() % 3 === 0) fillAddends(view, at);
      },
      failures,
    );
    console.info(`${compared} cases of ${forms.length} rows compared`);
    expect(reportOf(failures)).toBe("");
    expect(compared).toBeGreaterThan(0);
  });
});
