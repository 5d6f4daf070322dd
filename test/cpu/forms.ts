/**
 * Every instruction form there is, found by trying: all prefixes, opcodes and ModRM bytes of all maps, legacy and
 * VEX, in 16-, 32- and 64-bit code, through the decoder of the core and through iced-x86's. A form is one
 * instruction and operand size as the manual's tables list them (iced's Code); what the core's tables say about
 * it comes from its row, and which CPUID feature it depends on from decoding it without.
 *
 * This is the one list behind the table of instructions (asm/instructions.md), the native vectors and the
 * fuzzer. Left out are encodings that Intel's processors never had, and EVEX.
 */
import { existsSync, readFileSync } from "node:fs";
import {
  Code,
  CodeExt,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  EncodingKind,
  Instruction,
  OpCodeOperandKind,
  RflagsBits,
} from "iced-x86";
import { type AsmModule, loadAsm } from "../asc";
import type { Mode } from "./case";

/** Bytes that make a form; what belongs to ModRM, and immediates, follow. */
export interface Encoding {
  prefixes: number[];
  /** REX.W or VEX.W. */
  isWide: boolean;
  vex: { map: number; pp: number; isLong: boolean } | undefined;
  /** Escapes in front of the opcode; none with VEX. */
  escapes: number[];
  /** The opcode; several when its low three bits are a register. */
  opcodes: number[];
  /** ModRM of memory operands, with their ModRM.reg only, and of register operands. */
  memory: number[];
  registers: number[];
  hasModrm: boolean;
  /** Bytes behind ModRM, SIB and displacement: immediates, branch displacements, moffs. */
  tail: number;
  /** The memory operand is a vector of addresses: ModRM needs a SIB byte. */
  isVsib: boolean;
}

export interface Form {
  code: number;
  /** iced's name, as ADD_RM32_R32. */
  name: string;
  /** As the manual writes them: "66 0F 58 /r", "ADDPD xmm1, xmm2/m128". */
  opcode: string;
  instruction: string;
  /** CPUID features of iced, and of asm/decode/ops.ts those without which the core has another instruction or #UD. */
  cpuid: string[];
  features: string[];
  /** Operation of the core, "INVALID" where it has none. */
  op: string;
  /** Instruction that only CPL 0 may run. */
  isPrivileged: boolean;
  /** Whether the interpreter has hot handlers for its register and memory operands. */
  hot: { registers: boolean; memory: boolean };
  isLockable: boolean;
  /** A general instruction that computes arithmetic flags. */
  setsFlags: boolean;
  /** VEX.vvvv is an operand. */
  usesVvvv: boolean;
  encodings: Partial<Record<Mode, Encoding>>;
}

const root = new URL("../..", import.meta.url).pathname;

/** Members of a `const enum` of asm/, by value. */
export function enumNames(file: string, name: string): Map<number, string> {
  const text = readFileSync(`${root}${file}`, "utf8").replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
  const body = new RegExp(`const enum ${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? "";
  const names = new Map<number, string>();
  let value = -1;
  for (const member of body.split(",").map((part) => part.trim())) {
    if (member === "") continue;
    const [key, start] = member.split("=").map((part) => part.trim());
    value = start === undefined ? value + 1 : Number(start);
    if (!/^(\w+_)?END$|^FIRST$/.test(key)) names.set(value, key);
  }
  return names;
}

function namesOf(kind: object): Map<number, string> {
  return new Map(
    Object.entries(kind).flatMap(([name, value]) =>
      typeof value === "number" ? [[value, name] as const] : [],
    ),
  );
}

const CODES = namesOf(Code);
const CPUIDS = namesOf(CpuidFeature);
const VVVV = new Set(
  [...namesOf(OpCodeOperandKind)].flatMap(([kind, name]) => (/vvvv/.test(name) ? [kind] : [])),
);

/** CPUID features of processors that are not Intel's. */
const FOREIGN =
  /^(D3NOW|PADLOCK_.*|SSE4A|FMA4|XOP|SVM|SKINIT_or_SVM|SEV_.*|RMPQUERY|INVLPGB|MCOMMIT|RDPRU|CLZERO|MONITORX)$/;

const listed = new Map<number, boolean>();

function cpuidOf(code: number): string[] {
  const instruction = Instruction.create(code);
  const names = Array.from(instruction.cpuidFeatures(), (feature) => CPUIDS.get(feature) ?? "?");
  instruction.free();
  return names;
}

/** What a processor of Intel may have and is not EVEX; FWAIT in front makes no instruction of its own. */
export function isListed(code: number): boolean {
  const known = listed.get(code);
  if (known !== undefined) return known;
  const info = CodeExt.opCode(code);
  const isOurs =
    info.isInstruction &&
    !info.fwait &&
    !cpuidOf(code).some((name) => FOREIGN.test(name)) &&
    (info.encoding === EncodingKind.Legacy || info.encoding === EncodingKind.VEX) &&
    info.decoderOption === DecoderOptions.None &&
    ((info.intelDecoder64 && info.mode64) || (info.intelDecoder32 && info.compatibilityMode)) &&
    code !== Code.Ud0 && // of processors for which it had no ModRM byte
    code !== Code.Popw_CS; // of the 8086
  info.free();
  listed.set(code, isOurs);
  return isOurs;
}

const SLOT = 16;
const RESULT = 40;
const BATCH = 8192;
const SLOTS = 0x100_0000;
const RESULTS = SLOTS + BATCH * SLOT;
const COLD = 1024;
const MODE_NUMBER: Record<Mode, number> = { 16: 0, 32: 1, 64: 2 };
const ALL_FEATURES = (1n << 62n) - 1n;
const PRIV = 1n << 61n;

interface Probe {
  encoding: Encoding;
  opcode: number;
  modrm: number;
  bytes: number[];
}

const PREFIXES = [[], [0x66], [0xf3], [0xf2], [0x66, 0xf3], [0x66, 0xf2], [0x67]];
const ESCAPES = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
/** [rBX], or [rBX + XMM7] or [BP + DI]; with them ModRM.reg 0 to 7. */
const MEMORY = Array.from({ length: 8 }, (_, reg) => (reg << 3) | 3);
const VSIB = Array.from({ length: 8 }, (_, reg) => (reg << 3) | 4);
const SIB = 0x3b;
const REGISTERS = Array.from({ length: 64 }, (_, n) => 0xc0 | n);

/** Opcodes of a map that are prefixes or escapes. */
function isPrefix(escapes: number[], opcode: number, mode: Mode): boolean {
  if (escapes.length === 1) return opcode === 0x38 || opcode === 0x3a;
  if (escapes.length > 1) return false;
  if (mode === 64 && ((opcode & 0xf0) === 0x40 || [0xc4, 0xc5, 0x62].includes(opcode))) return true;
  return [0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3].includes(opcode);
}

function* legacyProbes(mode: Mode): Generator<Probe> {
  for (const prefixes of PREFIXES)
    for (const isWide of mode === 64 ? [false, true] : [false])
      for (const escapes of ESCAPES)
        for (let opcode = 0; opcode < 256; opcode++) {
          if (isPrefix(escapes, opcode, mode)) continue;
          const head = [...prefixes, ...(isWide ? [0x48] : []), ...escapes, opcode];
          const encoding = { prefixes, isWide, vex: undefined, escapes } as unknown as Encoding;
          for (const modrm of MEMORY) yield { encoding, opcode, modrm, bytes: [...head, modrm] };
          for (const modrm of REGISTERS) yield { encoding, opcode, modrm, bytes: [...head, modrm] };
        }
}

/** VEX.vvvv is 1111b, which is valid whether it names a register or none. */
function* vexProbes(): Generator<Probe> {
  for (let map = 1; map <= 3; map++)
    for (let pp = 0; pp < 4; pp++)
      for (const isWide of [false, true])
        for (const isLong of [false, true])
          for (let opcode = 0; opcode < 256; opcode++) {
            const vex = { map, pp, isLong };
            const encoding = { prefixes: [], isWide, vex, escapes: [] } as unknown as Encoding;
            const second = (isWide ? 0xf8 : 0x78) | (isLong ? 4 : 0) | pp;
            const head = [0xc4, 0xe0 | map, second, opcode];
            for (const modrm of MEMORY) yield { encoding, opcode, modrm, bytes: [...head, modrm] };
            for (const modrm of VSIB)
              yield { encoding, opcode, modrm, bytes: [...head, modrm, SIB] };
            for (let n = 0; n < 16; n++) {
              const modrm = 0xc0 | ((n & 7) << 3) | (n >> 3);
              yield { encoding, opcode, modrm, bytes: [...head, modrm] };
            }
          }
}

/** Names of the core's operations, by number. */
function operationNames(): (op: number) => string {
  const general = enumNames("asm/decode/ops.ts", "Op");
  const x87 = enumNames("asm/decode/ops-x87.ts", "X87");
  const simd = enumNames("asm/decode/ops-simd.ts", "Simd");
  const vex = existsSync(`${root}asm/decode/ops-vex.ts`)
    ? enumNames("asm/decode/ops-vex.ts", "Vex")
    : new Map<number, string>();
  return (op) => {
    if (op < 0x300) return general.get(op) ?? "?";
    if (op < 0x400) return x87.get(op) ?? "?";
    if (op < 0x800) return simd.get(op & ~0x200) ?? "?";
    return vex.get(op) ?? `V${simd.get(op - 0x400) ?? "?"}`;
  };
}

interface Ours {
  op: number;
  row: bigint;
  hasModrm: boolean;
}

/** The core's decoder: op number and row of each slot. */
class OurDecoder {
  private readonly view: DataView;
  constructor(private readonly asm: AsmModule) {
    this.view = new DataView(asm.memory.buffer);
  }
  decode(slots: Uint8Array, mode: Mode, features = ALL_FEATURES): Ours[] {
    const count = slots.length / SLOT;
    const found = [];
    for (let from = 0; from < count; from += BATCH) {
      const n = Math.min(BATCH, count - from);
      new Uint8Array(this.asm.memory.buffer).set(
        slots.subarray(from * SLOT, (from + n) * SLOT),
        SLOTS,
      );
      const decodeSlots = this.asm.exports.decodeSlots as unknown as (
        ...args: (number | bigint)[]
      ) => void;
      decodeSlots(SLOTS, n, 15, MODE_NUMBER[mode], features, RESULTS);
      for (let i = 0; i < n; i++) {
        const at = RESULTS + i * RESULT;
        found.push({
          op: this.view.getUint16(at, true) - COLD,
          row: this.view.getBigUint64(at + 32, true),
          hasModrm: this.view.getUint8(at + 15) !== 0,
        });
      }
    }
    return found;
  }
  isHot(bytes: number[], mode: Mode): boolean {
    new Uint8Array(this.asm.memory.buffer).fill(0, SLOTS, SLOTS + SLOT).set(bytes, SLOTS);
    const isHot = this.asm.exports.isHot as unknown as (...args: (number | bigint)[]) => number;
    return isHot(SLOTS, MODE_NUMBER[mode], ALL_FEATURES, RESULTS) !== 0;
  }
}

interface Theirs {
  code: number;
  isVsib: boolean;
  len: number;
}

/** iced's Code of each slot. */
function icedCodes(slots: Uint8Array, mode: Mode): Theirs[] {
  const decoder = new Decoder(mode, slots, DecoderOptions.None);
  const instruction = new Instruction();
  const found = [];
  for (let at = 0; at < slots.length; at += SLOT) {
    decoder.position = at;
    decoder.decodeOut(instruction);
    const { code } = instruction;
    const isVsib = code !== Code.INVALID && instruction.isVsib;
    found.push({ code, isVsib, len: instruction.length });
  }
  instruction.free();
  decoder.free();
  return found;
}

function slotsOf(probes: Probe[]): Uint8Array {
  const slots = new Uint8Array(probes.length * SLOT);
  probes.forEach(({ bytes }, i) => {
    slots.set(bytes, i * SLOT);
  });
  return slots;
}

function* batches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length) yield batch;
}

/** Notes in `form` that `probe` is it. The first way to write a form is kept; others differ in ignored bits. */
function note(form: Form, mode: Mode, probe: Probe, ours: Ours, iced: Theirs): void {
  const { encoding, opcode, modrm, bytes } = probe;
  let known = form.encodings[mode];
  if (known === undefined) {
    const { hasModrm } = ours;
    const tail = iced.len - bytes.length + (hasModrm ? 0 : 1);
    const lists = { opcodes: [], memory: [], registers: [] };
    known = { ...encoding, ...lists, hasModrm, tail, isVsib: iced.isVsib };
    form.encodings[mode] = known;
  }
  const isSame =
    known.prefixes === encoding.prefixes &&
    known.isWide === encoding.isWide &&
    known.vex?.map === encoding.vex?.map &&
    known.vex?.pp === encoding.vex?.pp &&
    known.vex?.isLong === encoding.vex?.isLong &&
    known.escapes === encoding.escapes &&
    (known.opcodes.length === 0 || known.opcodes[0] >> 3 === opcode >> 3);
  if (!isSame) return;
  if (!known.opcodes.includes(opcode)) known.opcodes.push(opcode);
  const list = modrm < 0xc0 ? known.memory : known.registers;
  if (!list.includes(modrm)) list.push(modrm);
}

const ARITHMETIC =
  RflagsBits.CF | RflagsBits.PF | RflagsBits.AF | RflagsBits.ZF | RflagsBits.SF | RflagsBits.OF;

function setsFlags(code: number): boolean {
  const instruction = Instruction.create(code);
  const { rflagsModified, isPrivileged } = instruction;
  instruction.free();
  return !isPrivileged && (rflagsModified & ARITHMETIC & ~RflagsBits.CF) !== 0;
}

function newForm(code: number): Form {
  const info = CodeExt.opCode(code);
  const form: Form = {
    code,
    name: CODES.get(code) ?? "?",
    opcode: info.opCodeString,
    instruction: info.instructionString,
    cpuid: cpuidOf(code),
    features: [],
    op: "INVALID",
    isPrivileged: false,
    hot: { registers: false, memory: false },
    isLockable: info.canUseLockPrefix,
    setsFlags: setsFlags(code),
    usesVvvv: Array.from({ length: info.opCount }, (_, i) => info.opKind(i)).some((kind) =>
      VVVV.has(kind),
    ),
    encodings: {},
  };
  info.free();
  return form;
}

function* probesOf(mode: Mode): Generator<Probe> {
  yield* legacyProbes(mode);
  yield* vexProbes();
}

/** Bytes of one instance, operands 0. */
export function exampleOf(encoding: Encoding, isMemory = false): number[] {
  const { prefixes, isWide, vex, opcodes, memory, registers, hasModrm, isVsib } = encoding;
  const modrm = isMemory ? memory[0] : (registers[0] ?? memory[0]);
  const tail = hasModrm ? [modrm, ...(isVsib ? [SIB] : [])] : [];
  if (vex === undefined)
    return [...prefixes, ...(isWide ? [0x48] : []), ...encoding.escapes, opcodes[0], ...tail];
  const second = (isWide ? 0xf8 : 0x78) | (vex.isLong ? 4 : 0) | vex.pp;
  return [0xc4, 0xe0 | vex.map, second, opcodes[0], ...tail];
}

function findHot(decoder: OurDecoder, forms: Form[]): void {
  for (const { op, hot, encodings } of forms) {
    const mode = encodings[64] ? 64 : 32;
    const encoding = encodings[mode];
    if (op === "INVALID" || encoding === undefined) continue;
    const hasMemory = encoding.hasModrm && encoding.memory.length > 0;
    hot.registers = encoding.registers.length > 0 && decoder.isHot(exampleOf(encoding), mode);
    hot.memory = hasMemory && decoder.isHot(exampleOf(encoding, true), mode);
  }
}

/** Which CPUID features make a difference to the core's decoder. */
function findFeatures(decoder: OurDecoder, forms: Form[]): void {
  const names = enumNames("asm/decode/ops.ts", "Feature");
  for (const mode of [64, 32] as const) {
    const tried = forms.filter(
      ({ encodings, op }) => op !== "INVALID" && encodings[mode] && (mode === 64 || !encodings[64]),
    );
    const slots = new Uint8Array(tried.length * SLOT);
    tried.forEach(({ encodings }, i) => {
      slots.set(exampleOf(encodings[mode] as Encoding), i * SLOT);
    });
    const all = decoder.decode(slots, mode);
    for (const [bit, name] of names) {
      if (bit === 0) continue;
      decoder.decode(slots, mode, ALL_FEATURES & ~(1n << BigInt(bit))).forEach(({ op }, i) => {
        if (op !== all[i].op) tried[i].features.push(name);
      });
    }
  }
}

/** The opcode map that a form belongs to. */
export function mapOf({ opcode, name }: Form): "1byte" | "0f" | "0f38" | "0f3a" | "x87" | "vex" {
  if (/^VEX/.test(opcode)) return "vex";
  if (/\bD[89A-F]\b/.test(opcode) && /^F/.test(name) && !/\b0F\b/.test(opcode)) return "x87";
  if (/\b0F ?38\b/.test(opcode)) return "0f38";
  if (/\b0F ?3A\b/.test(opcode)) return "0f3a";
  return /\b0F\b/.test(opcode) ? "0f" : "1byte";
}

/** All codes that are listed; every one of them must turn up among the forms. */
export function listedCodes(): { code: number; name: string }[] {
  return [...CODES].filter(([code]) => isListed(code)).map(([code, name]) => ({ code, name }));
}

let known: Promise<Form[]> | undefined;

/** All forms, in the order of iced's codes, which is that of the opcode maps. Trying takes seconds, so it is done once. */
export function allForms(): Promise<Form[]> {
  known ??= findForms();
  return known;
}

async function findForms(): Promise<Form[]> {
  const decoder = new OurDecoder(await loadAsm("asm/test/decode.ts"));
  const nameOf = operationNames();
  const forms = new Map<number, Form>();
  for (const mode of [64, 32, 16] as const) {
    for (const probes of batches(probesOf(mode))) {
      const slots = slotsOf(probes);
      const ours = decoder.decode(slots, mode);
      icedCodes(slots, mode).forEach((theirs, i) => {
        const { code } = theirs;
        if (code === Code.INVALID || !isListed(code)) return;
        const form = forms.get(code) ?? newForm(code);
        forms.set(code, form);
        const { op, row } = ours[i];
        if (op === 0) return;
        form.op = nameOf(op);
        form.isPrivileged = (row & PRIV) !== 0n;
        note(form, mode, probes[i], ours[i], theirs);
      });
    }
  }
  const found = [...forms.values()].sort((a, b) => a.code - b.code);
  findFeatures(decoder, found);
  findHot(decoder, found);
  return found;
}
