/**
 * MMX and SSE against the processor the test runs on: every row of the SIMD opcode maps, decoded from bytes and
 * run on random and edge operands in its register, memory and REX.W forms, under every rounding mode, DAZ, FTZ
 * and some unmasked exceptions. Compared are all registers, the x87 state, MXCSR, RFLAGS, memory and the vector of
 * the fault. The memory ends at a page that is not there. SIMD_TEST_SCALE multiplies the cases.
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
  makeCase,
  type Native,
  type Form as Operands,
  operationNames,
  pick,
  REPLACE,
  random,
  reportOf,
} from "../../test/simd-native";

interface Form extends Operands {
  map: number;
  prefix: number;
  opcode: number;
  hasImm: boolean;
  /** ModRM.reg of a group member, or -1. */
  member: number;
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

describe("SIMD instructions", () => {
  let core: AsmModule;
  let native: Native | undefined;
  const forms: Form[] = [];

  beforeAll(async () => {
    core = await loadAsm("asm/test/simd.ts", { replace: REPLACE });
    // Legacy instructions keep the upper halves, which cannot be seen without AVX.
    native = hostHas("avx") ? compileNative("simd-runner", ["-no-pie", "-DAVX"]) : undefined;
    core.exports.setup?.();
    const names = operationNames("ops-simd.ts", "Simd");
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
  });

  it("does on every operand what the processor does", () => {
    if (!native) return;
    const failures: Failures = new Map();
    const chosen = forms.filter((form) => isComparable(form.name));
    const compared = compareForms(
      core,
      native,
      chosen,
      (form) => (isFloat(form.name) ? 200 : 60),
      (form, view, at) =>
        makeCase(form, view, at, (address) => encode(form, address, random() % 3 === 0)),
      failures,
    );
    console.info(`${compared} cases of ${chosen.length} rows compared`);
    expect(reportOf(failures)).toBe("");
    expect(compared).toBeGreaterThan(0);
  });
});
