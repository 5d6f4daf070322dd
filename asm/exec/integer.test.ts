/**
 * Whole general-purpose instructions, decoded and executed as user code with paging on, against the processor
 * the test runs on: registers, RIP, flags, memory, and for faults vector, error code and CR2. 64-bit mode,
 * 32-bit protected mode, and 16-bit protected mode with segment bases, limits and a 16-bit stack.
 */

import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from "iced-x86";
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import {
  ALONE,
  dataPages,
  decodeResult,
  encodeCases,
  type Instance,
  instance,
  type Mode,
  type Outcome,
  Random,
  RESULT_SIZE,
  START,
  TEMPLATES,
} from "../../test/instructions";
import { compileNative, isIntel } from "../../test/native";

const CASES = 0x1840_0000;
const PER_TEMPLATE = 40;
const NO_FAULT = 0xff;
const PF = 14;
const AC = 17;
/** CF PF AF ZF SF DF OF and IOPL. */
const FLAGS = 0x3cd5;
const OF = 0x800;
const RFLAGS_AC = 0x40000;

/** The complete handlers by themselves, and the interpreter loop with its hot ones in front of them. */
const UNITS = { cold: "asm/test/vectors.ts", hot: "asm/test/hot-vectors.ts" } as const;
type Unit = keyof typeof UNITS;
const modules = new Map<Unit, AsmModule>();

beforeAll(async () => {
  modules.set("cold", await loadAsm(UNITS.cold, { replace: ALONE }));
  modules.set("hot", await loadAsm(UNITS.hot, { replace: { "asm/bus.ts": ALONE["asm/bus.ts"] } }));
});

function runOnCore(
  asm: AsmModule,
  pages: Uint8Array,
  cases: Buffer,
  count: number,
  mode: Mode,
): Buffer {
  const memory = new Uint8Array(asm.memory.buffer);
  asm.exports.setup(mode);
  memory.set(pages, asm.exports.pristine());
  memory.set(cases, CASES);
  const results = CASES + cases.length;
  asm.exports.runCases(CASES, results, count, mode);
  return Buffer.from(memory.slice(results, results + count * RESULT_SIZE));
}

/** A jump to where no code is faults only at the next fetch; the core's test stops before that. */
function withoutFetchFault(native: Outcome): Outcome {
  const isFetch = native.trap === PF && native.rip === native.cr2 && native.rip !== BigInt(START);
  return isFetch ? { ...native, trap: NO_FAULT, error: 0, cr2: 0n } : native;
}

/** MOVBE of 64 bits with a 66h prefix beside REX.W is never checked for alignment by some processors. */
function isMovbeQuirk(one: Instance, core: Outcome): boolean {
  return /^0f38f[01]/.test(one.template) && one.code[0] === 0x66 && core.trap === AC;
}

/** A far return that found a selector the host has: the core has no descriptors here (asm/cpu/segment.test.ts has). */
function isFarReturn(one: Instance, native: Outcome): boolean {
  return /^=(48|66)?c[abf]/.test(one.template) && native.trap === NO_FAULT;
}

/** A 32-bit program has its own pages, stack and vDSO above this address; the core has nothing there. */
const OWN_PAGES = 0x5000_0000n;

/** Linux lets no program of 48-bit addresses have pages from here on. */
const KERNEL = 0x7fff_ffff_f000n;

const NAMES = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

function disassemble(one: Instance, mode: Mode): string {
  const decoder = new Decoder(mode, Uint8Array.from(one.code), DecoderOptions.None);
  decoder.ip = BigInt(START);
  const instruction = decoder.decode();
  const hex = one.code
    .slice(0, instruction.length)
    .map((byte) => byte.toString(16).padStart(2, "0"));
  const formatter = new Formatter(FormatterSyntax.Intel);
  return `${hex.join(" ")}: ${formatter.format(instruction)}`;
}

function compare(one: Instance, native: Outcome, core: Outcome, mode: Mode): string[] {
  const found: string[] = [];
  const check = (what: string, a: bigint | number, b: bigint | number) => {
    if (a !== b) found.push(`${what} ${a.toString(16)} core ${b.toString(16)}`);
  };
  check("trap", native.trap, core.trap);
  // Linux shows programs every fault on a kernel address as a protection violation.
  const present = mode === 64 && native.cr2 >= KERNEL ? 1 : 0;
  if (native.trap === core.trap) check("error", native.error, core.error | present);
  check("rip", native.rip, core.rip);
  check("cr2", native.cr2, core.cr2);
  const isHalfDone = one.template.includes("?") && native.trap !== NO_FAULT;
  NAMES.forEach((name, i) => {
    if (!isHalfDone || name === "rsp") check(name, native.regs[i], core.regs[i]);
  });
  const isLoose = one.template.includes("~") && !isIntel();
  const flags = one.template.includes("%") ? FLAGS & ~OF : FLAGS;
  if (!isLoose) check("flags", native.flags & flags, core.flags & flags);
  if (!isHalfDone) check("memory", native.hash, core.hash);
  return found;
}

/** At most two differences per template. */
function differences(
  asm: AsmModule,
  native: (cases: Buffer) => Buffer,
  seed: number,
  mode: Mode,
  flags = 0,
): string[] {
  const random = new Random(seed);
  const pages = dataPages(random);
  const other = mode === 64 ? "32" : "64";
  const isLeftOut = (template: string) => {
    const words = template.split(" ");
    return words.includes(other) || (asm === modules.get("cold") && words.includes("H"));
  };
  const instances = TEMPLATES.filter((template) => !isLeftOut(template)).flatMap((template) =>
    Array.from({ length: PER_TEMPLATE }, () => {
      const one = instance(template, mode, random);
      return { ...one, flags: one.flags | flags };
    }),
  );
  const cases = encodeCases(instances);
  const expected = native(Buffer.concat([pages, cases]));
  expect(expected.length).toBe(instances.length * RESULT_SIZE);
  const actual = runOnCore(asm, pages, cases, instances.length, mode);
  const found = new Map<string, string[]>();
  instances.forEach((one, n) => {
    const start = one.regs.map((value, i) => `${NAMES[i]}=${value.toString(16)}`).join(" ");
    const core = decodeResult(actual, n);
    if (mode !== 64 && core.trap === PF && core.cr2 >= OWN_PAGES) return;
    const processor = withoutFetchFault(decodeResult(expected, n));
    if (isMovbeQuirk(one, core) || isFarReturn(one, processor)) return;
    const outcome = compare(one, processor, core, mode);
    const list = found.get(one.template) ?? [];
    if (outcome.length && list.length < 2) {
      list.push(
        `[${one.template}] ${disassemble(one, mode)} | ${outcome.join(", ")} | flags=${one.flags.toString(16)} ${start}`,
      );
      found.set(one.template, list);
    }
  });
  return [...found.values()].flat();
}

for (const mode of [64, 32, 16] as const) {
  const flags = mode === 64 ? ["-m64"] : ["-m32", "-static", "-Wl,-Ttext-segment=0x63000000"];
  const native = compileNative("vectors", flags);
  describe.skipIf(!native)(`instructions against this processor, ${mode}-bit mode`, () => {
    const run = (cases: Buffer) => native?.([String(mode)], cases) as Buffer;
    it.each([
      ["cold", 1],
      ["cold", 2],
      ["hot", 1],
      ["hot", 2],
    ] as const)("agrees on the whole outcome, %s handlers, seed %i", (unit, seed) => {
      const found = differences(modules.get(unit) as AsmModule, run, seed, mode);
      expect(found.slice(0, 40)).toEqual([]);
    });
    it.each(["cold", "hot"] as const)("agrees when alignment is checked, %s handlers", (unit) => {
      const found = differences(modules.get(unit) as AsmModule, run, 4, mode, RFLAGS_AC);
      expect(found.slice(0, 40)).toEqual([]);
    });
  });
}

/** What compilers put in front of conditional jumps, and some that have no handler together with one. */
// biome-ignore format: opcodes in rows
const BEFORE_JUMPS = [
  "38 m", "39 m", "3a m", "3b m", "3c b", "3d z", "80 m/7 b", "81 m/7 z", "83 m/7 b", "84 m", "85 m", "a8 b", "a9 z", "f6 m/0 b", "f7 m/0 z",
  "01 m", "81 m/0 z", "83 m/0 b", "80 m/0 b", "29 m", "81 m/5 z", "83 m/5 b", "80 m/5 b", "fe m/1", "ff m/1", "ff m/0", "21 m", "d1 m/5",
];

describe("an instruction and a conditional jump", () => {
  it.each([64, 32] as const)("do together what they do one by one, %i-bit mode", (mode) => {
    const asm = modules.get("hot") as AsmModule;
    const random = new Random(3);
    const pages = dataPages(random);
    const instances = BEFORE_JUMPS.flatMap((template) =>
      Array.from({ length: 16 * 12 }, (_, n) => {
        const one = instance(template, mode, random);
        const { length } = new Decoder(
          mode,
          Uint8Array.from(one.code),
          DecoderOptions.None,
        ).decode();
        // Often a result of zero, which half of the conditions are about.
        if (n % 3 === 0) one.regs = one.regs.map((value, i) => (i === 4 ? value : 1n));
        return { ...one, code: [...one.code.slice(0, length), 0x70 + (n & 15), 0x20].slice(0, 16) };
      }),
    );
    const cases = encodeCases(instances);
    const memory = new Uint8Array(asm.memory.buffer);
    const [together, single] = [0, 1].map((isStepped) => {
      asm.exports.setup(mode);
      memory.set(pages, asm.exports.pristine());
      memory.set(cases, CASES);
      const results = CASES + cases.length;
      asm.exports.runPairs(CASES, results, instances.length, mode, isStepped);
      return Buffer.from(memory.slice(results, results + instances.length * RESULT_SIZE));
    });
    let taken = 0;
    instances.forEach((one, n) => {
      const outcome = decodeResult(together, n);
      expect(outcome, disassemble(one, mode)).toEqual(decodeResult(single, n));
      if (outcome.trap === NO_FAULT && outcome.rip >= BigInt(START + 0x20)) taken++;
    });
    expect(taken).toBeGreaterThan(instances.length / 8);
  });
});
