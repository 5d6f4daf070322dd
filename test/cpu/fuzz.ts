/**
 * Random sequences of instructions on two processors, normally the one this runs on and the core. A sequence is up
 * to 20 instructions of one flavour (integers, x87, vectors or a mixture) and of random bytes, with branches
 * forward and operands in the data pages. Where the two end in different states, instructions and initial state
 * are taken away as long as they still do, and what is left is printed as a test.
 *
 * Not in sequences: what test/cpu/rules.ts compares loosely or not at all, since a later instruction would carry
 * the difference on.
 */
import { Code, Decoder, DecoderOptions, FlowControl, Instruction } from "iced-x86";
import { Builder } from "./build";
import {
  CASE,
  CASE_SIZE,
  CODE_SIZE,
  FX,
  type Mode,
  OUT,
  OUTCOME_SIZE,
  Random,
  TRAP_NEVER,
} from "./case";
import { differences } from "./compare";
import { disassemble } from "./disassemble";
import type { Form } from "./forms";
import { isLoose, leniencyOf } from "./rules";

export interface Processor {
  run(cases: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

export interface FuzzOptions {
  truth: Processor;
  core: Processor;
  /** What both have. */
  forms: Form[];
  seconds: number;
  seed: number;
  /** Findings after which it stops. */
  most?: number;
  say(text: string): void;
}

export interface FuzzResult {
  sequences: number;
  instructions: number;
  seconds: number;
  findings: string[];
}

const BATCH = 512;
const LONGEST = 20;

/** Names of the forms a sequence is made of: integers twice, vectors, x87, everything twice. */
const INTEGERS = /^(?!.*([xy]mm|_mm(_|m|$)))(?!F(?!x(save|rstor)))/;
const VECTORS = /[xy]mm|_mm(_|m|$)/;
const X87 = /^F(?!x(save|rstor))|^Wait/;
const FLAVOURS = [INTEGERS, INTEGERS, VECTORS, X87, /^/, /^/];

/** Instructions that mostly end a sequence get a small share. */
const ENDS =
  /^(Ret|Iret|Call|Jmp|Int|Into|Hlt|Ud[012]|In_|Out_|Ins[bwd]|Outs|Cli|Sti|Mov_Sreg|Pop[wdq]_[A-Z]S|L[defgs]s_|Bound|Aam|Popf|Fldenv|Frstor|Fxrstor|.*ldmxcsr)/i;

class Chooser {
  private readonly pools: { plain: Form[]; ending: Form[] }[];
  private readonly byCode: Map<number, Form>;
  private readonly decoders = new Map<Mode, Instruction>();

  constructor(
    forms: Form[],
    private readonly random: Random,
    private readonly mode: Mode,
  ) {
    const usable = forms.filter((form) => form.encodings[mode] && !isLoose(form));
    this.byCode = new Map(usable.map((form) => [form.code, form]));
    const isEnding = (form: Form) => form.isPrivileged || ENDS.test(form.name);
    this.pools = FLAVOURS.map((names) => {
      const pool = usable.filter(({ name }) => names.test(name));
      return { plain: pool.filter((form) => !isEnding(form)), ending: pool.filter(isEnding) };
    });
  }

  /** The parts of one sequence, and the forms among them. */
  choose(): { parts: (Form | number[])[]; forms: Form[] } {
    const { random } = this;
    const forms: Form[] = [];
    const pool = random.pick(this.pools);
    const count = 1 + random.below(LONGEST);
    const parts = Array.from({ length: count }, () => {
      const raw = random.chance(4) ? this.bytes() : undefined;
      const isEnding = pool.ending.length > 0 && random.chance(2);
      const form = raw ? raw.form : random.pick(isEnding ? pool.ending : pool.plain);
      if (form) forms.push(form);
      return raw?.bytes ?? (form as Form);
    });
    return { parts, forms };
  }

  /** Random bytes that are an instruction both have, or none at all. */
  private bytes(): { bytes: number[]; form: Form | undefined } | undefined {
    const { random, mode } = this;
    const bytes: number[] = [];
    for (let n = random.below(4); n > 0; n--)
      bytes.push(
        random.pick([
          0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x40, 0x48, 0x4f,
        ]),
      );
    if (random.chance(60)) bytes.push(0x0f);
    if (random.chance(20)) bytes.push(random.pick([0x38, 0x3a]));
    if (random.chance(10)) bytes.push(random.pick([0xc4, 0xc5]));
    while (bytes.length < 15) bytes.push(random.next() & 0xff);
    const decoder = new Decoder(mode, Uint8Array.from(bytes), DecoderOptions.None);
    const instruction = this.decoders.get(mode) ?? new Instruction();
    this.decoders.set(mode, instruction);
    decoder.decodeOut(instruction);
    decoder.free();
    const { code, length, flowControl } = instruction;
    const isKnown = code === Code.INVALID ? !isEscape(bytes) : this.byCode.has(code);
    const stays = flowControl === FlowControl.Next || flowControl === FlowControl.Exception;
    if (!isKnown || !stays) return undefined;
    return { bytes: bytes.slice(0, Math.max(1, length)), form: this.byCode.get(code) };
  }
}

/**
 * EVEX, XOP and MVEX, and 0F 01 with a register, where VMCALL is with any prefix: what the host has of them, or its
 * hypervisor makes of them, is its own affair.
 */
function isEscape(bytes: number[]): boolean {
  const isSystem = bytes.some(
    (byte, i) => byte === 0x0f && bytes[i + 1] === 0x01 && bytes[i + 2] >= 0xc0,
  );
  if (isSystem) return true;
  return bytes.some(
    (byte) => byte === 0x62 || byte === 0x8f || byte === 0xc4 || byte === 0xc5 || byte === 0xd5,
  );
}

interface Sequence {
  case: Uint8Array;
  starts: number[];
  forms: Form[];
}

function makeSequence(
  chooser: Chooser,
  random: Random,
  mode: Mode,
  view: DataView,
  at: number,
): Sequence {
  const { parts, forms } = chooser.choose();
  const builder = new Builder(random, mode, view, at);
  builder.sequence(parts);
  return {
    case: new Uint8Array(view.buffer, view.byteOffset + at, CASE_SIZE),
    starts: builder.starts,
    forms,
  };
}

const trapOf = (outcome: Uint8Array) => outcome[OUT.trap];

/** Differences between two outcomes. Sequences have no loops, but the core's budget is small for long strings. */
function compare(truth: Uint8Array, core: Uint8Array, forms: Form[]): string[] {
  if (trapOf(core) === TRAP_NEVER) return [];
  return differences(truth, core, leniencyOf(forms));
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { truth, core, seconds, seed, most = 5, say } = options;
  const result: FuzzResult = { sequences: 0, instructions: 0, seconds: 0, findings: [] };
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let said = 0;
  for (let round = 0; elapsed() < seconds && result.findings.length < most; round++) {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + round);
    const mode = random.pick([64, 64, 64, 64, 32, 16] as const);
    const chooser = new Chooser(options.forms, random, mode);
    const cases = new Uint8Array(BATCH * CASE_SIZE);
    const view = new DataView(cases.buffer);
    const sequences = Array.from({ length: BATCH }, (_, i) =>
      makeSequence(chooser, random, mode, view, i * CASE_SIZE),
    );
    const running = truth.run(cases);
    const ours = await core.run(cases);
    const theirs = await running;
    for (const [i, sequence] of sequences.entries()) {
      result.instructions += sequence.starts.length;
      const [from, to] = [i * OUTCOME_SIZE, (i + 1) * OUTCOME_SIZE];
      if (compare(theirs.subarray(from, to), ours.subarray(from, to), sequence.forms).length === 0)
        continue;
      const report = await minimise(options, sequence);
      if (report === undefined) continue;
      result.findings.push(report);
      say(report);
      if (result.findings.length >= most) break;
    }
    result.sequences += BATCH;
    if (elapsed() > said + 30) {
      said = elapsed();
      say(
        `${said.toFixed(0)} s: ${result.sequences} sequences, ${result.findings.length} differences`,
      );
    }
  }
  result.seconds = elapsed();
  return result;
}

/** Initial state that may be set to something plain: offset, length, plain bytes. */
function simplifications(): { at: number; plain: number[] }[] {
  const zeros = (len: number) => new Array<number>(len).fill(0);
  const fx = CASE.fx;
  return [
    { at: CASE.patchLen, plain: zeros(4) },
    { at: fx + FX.xmm, plain: zeros(256) },
    { at: CASE.high, plain: zeros(256) },
    { at: fx + FX.mxcsr, plain: [0x80, 0x1f, 0, 0] },
    { at: fx, plain: [0x7f, 3, 0, 0, 0] },
    { at: fx + FX.fop, plain: zeros(18) },
    { at: fx + FX.st, plain: zeros(128) },
    { at: CASE.flags, plain: zeros(4) },
    ...Array.from({ length: 16 }, (_, i) => ({ at: CASE.regs + 8 * i, plain: zeros(8) })),
    ...Array.from({ length: 8 }, (_, i) => ({ at: fx + FX.st + 16 * i, plain: zeros(16) })),
    ...Array.from({ length: 16 }, (_, i) => ({ at: fx + FX.xmm + 16 * i, plain: zeros(16) })),
    ...Array.from({ length: 16 }, (_, i) => ({ at: CASE.high + 16 * i, plain: zeros(16) })),
  ];
}

/** Takes away what the difference does not need. Undefined when it does not happen again. */
async function minimise(
  { truth, core }: FuzzOptions,
  { case: first, starts, forms }: Sequence,
): Promise<string | undefined> {
  let best = first.slice();
  const run = async (one: Uint8Array) => {
    const running = truth.run(one);
    const ours = await core.run(one);
    return compare(await running, ours, forms);
  };
  if ((await run(best)).length === 0) return undefined;
  const attempt = async (change: (one: Uint8Array) => void) => {
    const one = best.slice();
    change(one);
    if (Buffer.compare(one, best) !== 0 && (await run(one)).length > 0) best = one;
  };
  for (const start of starts) await attempt((one) => one.fill(0xcc, start, CODE_SIZE));
  const ends = [...starts.slice(1), CODE_SIZE];
  for (let pass = 0; pass < 2; pass++)
    for (const [i, start] of starts.entries()) {
      const last = best.lastIndexOf(
        best.subarray(0, CODE_SIZE).findLast((byte) => byte !== 0xcc) ?? 0,
        CODE_SIZE - 1,
      );
      if (start <= last) await attempt((one) => one.fill(0x90, start, Math.min(ends[i], last + 1)));
    }
  for (const { at, plain } of simplifications()) await attempt((one) => one.set(plain, at));
  return describe(best, starts, await run(best));
}

/** A finding as a test: bytes, instructions, the state it starts from and what differs. */
function describe(one: Uint8Array, starts: number[], found: string[]): string {
  const view = new DataView(one.buffer, one.byteOffset, one.length);
  const mode = view.getUint32(CASE.mode, true) as Mode;
  const lines = [`difference in ${mode}-bit mode`];
  let hasRest = false;
  for (const [i, start] of starts.entries()) {
    const code = one.subarray(start, starts[i + 1] ?? CODE_SIZE);
    const isNop = code.every((byte) => byte === 0x90 || byte === 0xcc);
    if (isNop && hasRest) continue;
    if (isNop) continue;
    hasRest = true;
    const { bytes, text } = disassemble(one, mode, start);
    lines.push(`  +${start.toString(16).padStart(2, "0")}  ${bytes.padEnd(32)} ${text}`);
  }
  const state: string[] = [];
  const names = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
  names.forEach((name, i) => {
    const value = view.getBigUint64(CASE.regs + 8 * i, true);
    if (value !== 0n) state.push(`${name}=${value.toString(16)}`);
  });
  const hex = (at: number, len: number) =>
    Buffer.from(one.slice(at, at + len))
      .reverse()
      .toString("hex");
  const show = (name: string, at: number, len: number) => {
    if (one.subarray(at, at + len).some((byte) => byte !== 0))
      state.push(`${name}=${hex(at, len)}`);
  };
  show("flags", CASE.flags, 4);
  show("mxcsr", CASE.fx + FX.mxcsr, 4);
  show("fcw", CASE.fx, 2);
  show("fsw", CASE.fx + FX.fsw, 2);
  show("ftw", CASE.fx + FX.ftw, 1);
  for (let i = 0; i < 8; i++) show(`st${i}`, CASE.fx + FX.st + 16 * i, 10);
  for (let i = 0; i < 16; i++) show(`xmm${i}`, CASE.fx + FX.xmm + 16 * i, 16);
  for (let i = 0; i < 16; i++) show(`ymm${i}h`, CASE.high + 16 * i, 16);
  const patch = view.getUint32(CASE.patchLen, true);
  if (patch)
    state.push(`[${view.getUint32(CASE.patchAt, true).toString(16)}]=${hex(CASE.patch, patch)}`);
  lines.push(`  from ${state.join(" ")}`, ...found.map((line) => `  ${line}`));
  return lines.join("\n");
}
