/**
 * The decoder against iced-x86: length, validity, mnemonic and every operand, for each row of the opcode
 * maps (all prefixes, both ModRM forms, all three code sizes) and for random bytes. The two are written as
 * text in one notation and compared; where they may differ is in the tables below.
 *
 * iced is told nothing of what this processor offers: an instruction that only iced knows must need a
 * CPUID feature of NOT_OFFERED.
 */
import { readFileSync } from "node:fs";
import {
  Code,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  Instruction,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
} from "iced-x86";
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";

const SLOT = 16;
const RESULT = 40;
const BATCH = 4096;
const SLOTS = 0x100_0000;
const RESULTS = SLOTS + BATCH * SLOT;
const COLD = 1024;

const OPSIZE = 0x08;
const REXW = 0x10;
const MEM = 0x20;
const ADDR32 = 0x40;
const ADDR64 = 0x80;

type Bits = 16 | 32 | 64;
const CODE: Record<Bits, number> = { 16: 0, 32: 1, 64: 2 };

const root = new URL("../..", import.meta.url).pathname;

/** Members of a `const enum` of asm/, by value. */
function enumNames(file: string, name: string): Map<number, string> {
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

const OPS = enumNames("asm/decode/ops.ts", "Op");
const SIMD = enumNames("asm/decode/ops-simd.ts", "Simd");
const VEX = enumNames("asm/decode/ops-vex.ts", "Vex");
const X87 = enumNames("asm/decode/ops-x87.ts", "X87");
const FEATURES = enumNames("asm/decode/ops.ts", "Feature");

function opName(op: number): string {
  if (op >= 0x800 && op < 0xa00) return `V${SIMD.get(op - 0x400)}`;
  const name =
    op < 0x300
      ? OPS.get(op)
      : op < 0x400
        ? X87.get(op)
        : op >= 0xa00
          ? VEX.get(op)
          : SIMD.get(op & ~0x200);
  return name ?? `op ${op.toString(16)}`;
}

/** Numbers of iced's enums to their names, in lower case. */
function reverse(kind: object): string[] {
  const names: string[] = [];
  for (const [name, value] of Object.entries(kind)) {
    if (typeof value === "number") names[value] = name.toLowerCase();
  }
  return names;
}

const MNEMONICS = reverse(Mnemonic);
const REGISTERS = reverse(Register);
const FEATURE_NAMES = reverse(CpuidFeature);
const OP_KINDS = reverse(OpKind);

/** Conditions in the order of their codes, as iced writes them. */
const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");
const conditional = (prefix: string) => CONDITIONS.map((condition) => prefix + condition);
const sized = (prefix: string, sizes = "bwdq") => [...sizes].map((size) => prefix + size);

/** What iced calls an operation whose name does not say it. */
const MNEMONICS_OF: Record<string, string[]> = {
  JCC: conditional("j"),
  SETCC: conditional("set"),
  CMOV: conditional("cmov"),
  JCXZ: ["jcxz", "jecxz", "jrcxz"],
  CBW: ["cbw", "cwde", "cdqe"],
  CWD: ["cwd", "cdq", "cqo"],
  PUSHF: ["pushf", "pushfd", "pushfq"],
  POPF: ["popf", "popfd", "popfq"],
  PUSHA: ["pusha", "pushad"],
  POPA: ["popa", "popad"],
  IRET: ["iret", "iretd", "iretq"],
  CMPXCHG8B: ["cmpxchg8b", "cmpxchg16b"],
  FXSAVE: ["fxsave", "fxsave64"],
  FXRSTOR: ["fxrstor", "fxrstor64"],
  XSAVE: ["xsave", "xsave64"],
  XSAVEOPT: ["xsaveopt", "xsaveopt64"],
  XRSTOR: ["xrstor", "xrstor64"],
  XSAVEC: ["xsavec", "xsavec64"],
  XSAVES: ["xsaves", "xsaves64"],
  XRSTORS: ["xrstors", "xrstors64"],
  SYSRET: ["sysret", "sysretq"],
  SYSEXIT: ["sysexit", "sysexitq"],
  LOOPNE: ["loopne"],
  LOOPE: ["loope"],
  MOVZX8: ["movzx"],
  MOVZX16: ["movzx"],
  MOVSX8: ["movsx"],
  MOVSX16: ["movsx"],
  IMUL2: ["imul"],
  IMUL3: ["imul"],
  FWAIT: ["wait"],
  XLAT: ["xlatb"],
  MOVS: sized("movs"),
  CMPS: sized("cmps"),
  STOS: sized("stos"),
  LODS: sized("lods"),
  SCAS: sized("scas"),
  INS: sized("ins", "bwd"),
  OUTS: sized("outs", "bwd"),
  RET_FAR: ["retf"],
  RET_FAR_IMM: ["retf"],
  UD: ["ud0", "ud1", "ud2"],
  MOV_FROM_SEG: ["mov"],
  MOV_TO_SEG: ["mov"],
  MOV_FROM_CR: ["mov"],
  MOV_TO_CR: ["mov"],
  MOV_FROM_DR: ["mov"],
  MOV_TO_DR: ["mov"],
  CALL_FAR: ["call"],
  JMP_FAR: ["jmp"],
  CALL_FAR_IND: ["call"],
  JMP_FAR_IND: ["jmp"],
  MOVLPS: ["movlps", "movhlps"],
  MOVHPS: ["movhps", "movlhps"],
  MASKMOVDQU: ["maskmovdqu", "maskmovq"],
  MOVNTDQ: ["movntdq", "movntq"],
  PEXTRD: ["pextrd", "pextrq"],
  PINSRD: ["pinsrd", "pinsrq"],
  PCMPESTRM: ["pcmpestrm", "pcmpestrm64"],
  PCMPESTRI: ["pcmpestri", "pcmpestri64"],
  MOVD: ["movd", "movq"],
  MOVD_STORE: ["movd", "movq"],
  MOVQ_STORE: ["movq"],
  LDMXCSR: ["ldmxcsr", "vldmxcsr"],
  STMXCSR: ["stmxcsr", "vstmxcsr"],
  VZEROUPPER: ["vzeroupper", "vzeroall"],
  FSTP: ["fstp", "fstpnce"],
  PREFETCH: [
    "prefetchnta",
    "prefetcht0",
    "prefetcht1",
    "prefetcht2",
    "prefetch",
    "prefetchw",
    "prefetchwt1",
  ],
  // Hints that only newer processors know are no operations here, as the manual reserves them to be.
  NOP: [
    "nop",
    "reservednop",
    "cldemote",
    "prefetchit0",
    "prefetchit1",
    "endbr32",
    "endbr64",
    "rdsspd",
    "rdsspq",
    "bndcl",
    "bndcu",
    "bndcn",
    "bndmk",
    "bndmov",
    "bndldx",
    "bndstx",
  ],
  // A prefix that makes it another instruction on newer processors is ignored.
  WBINVD: ["wbinvd", "wbnoinvd"],
};

/** Operations of Simd, whose VEX forms have a V in front of the name. */
const SIMD_NAMES = new Set(SIMD.values());

function mnemonicsOf(name: string): string[] {
  if (name.startsWith("V") && SIMD_NAMES.has(name.slice(1)))
    return mnemonicsOf(name.slice(1)).map((mnemonic) => `v${mnemonic}`);
  return MNEMONICS_OF[name] ?? [name.replace(/_(STORE|LOAD|SEG|IMM|IND|I)$/, "").toLowerCase()];
}

/** The size of the memory operand follows from the operation, the mode and the operand size, not from the row. */
const SIZE_BY_OP = new Set(
  `LEA FNSTENV FLDENV FBLD FBSTP FLD FSTP FRSTOR FNSAVE CALL_FAR_IND JMP_FAR_IND LGDT LIDT SGDT SIDT LES LDS LSS
   LFS LGS PINSRB PINSRW PEXTRB PEXTRW_STORE FXSAVE FXRSTOR XSAVE XRSTOR XSAVEOPT XSAVEC XSAVES XRSTORS MOV_FROM_SEG CMPXCHG8B INVPCID BOUND NOP
   PREFETCH CLFLUSH CLFLUSHOPT CLWB INVLPG`.split(/\s+/),
);

/** VEX forms with sources and destinations of different lengths, or elements in memory. */
const LENGTH_BY_OP = new RegExp(
  `^V(${[
    "CVT(PS2PD|PD2PS|DQ2PD|T?PD2DQ|PH2PS|PS2PH)|PMOV[SZ]X.*|MOVDDUP|P?GATHER.*|PBROADCAST.*|BROADCAST.*",
    "(INSERT|EXTRACT)[FI]128|FN?M(ADD|SUB)\\d+SD|PS[LR][LA][WDQ]|PINSR[BW]|PEXTR[BW](_STORE)?",
  ].join("|")})$`,
);

/** Only the low bits of the register count, or all above the low are zeroed: its width is a matter of taste. */
const ANY_WIDTH = new Set(
  `LAR LSL LLDT LTR VERR VERW LMSW MOV_TO_SEG ARPL NOP MOV_FROM_CR MOV_TO_CR MOV_FROM_DR MOV_TO_DR RDPID
   INVPCID MOVMSKPS MOVMSKPD PINSRB PINSRW PEXTRB PEXTRW PEXTRW_STORE PMOVMSKB EXTRACTPS
   VMOVMSKPS VMOVMSKPD VPINSRB VPINSRW VPEXTRB VPEXTRW VPEXTRW_STORE VPMOVMSKB VEXTRACTPS`.split(
    /\s+/,
  ),
);

/** Instructions with implied operands that iced lists in front of or behind those of the row. */
const IMPLIED: Record<string, RegExp> = {
  LODS: /^(al|e?ax|rax)$/,
  SCAS: /^(al|e?ax|rax)$/,
  STOS: /^(al|e?ax|rax)$/,
  INS: /^dx$/,
  OUTS: /^dx$/,
  MASKMOVDQU: /^memoryseg/,
  VMASKMOVDQU: /^memoryseg/,
};

interface Ours {
  name: string;
  len: number;
  operands: string[];
}

const GPR = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];

function gpr(offset: number, bytes: number): string {
  const n = offset >> 3;
  if (bytes === 1)
    return offset & 1 ? `${"acdb"[n]}h` : n < 4 ? `${"acdb"[n]}l` : n < 8 ? `${GPR[n]}l` : `r${n}l`;
  const suffix = bytes === 2 ? "w" : bytes === 4 ? "d" : "";
  if (n >= 8) return `r${n}${suffix}`;
  return bytes === 2 ? GPR[n] : `${bytes === 4 ? "e" : "r"}${GPR[n]}`;
}

/** One decoded slot of ours in the common notation. */
function describeOurs(view: DataView, at: number, bits: Bits): Ours {
  const op = view.getUint16(at, true) - COLD;
  const byte = (offset: number) => view.getUint8(at + offset);
  const row = view.getBigUint64(at + 32, true);
  const name = opName(op);
  const ours: Ours = { name, len: byte(4), operands: [] };
  if (name === "INVALID" || name === "TOO_LONG") return ours;
  const flags = byte(13);
  const osize = operandSize(row, flags, bits);
  for (let shift = 12n; shift <= 36n; shift += 8n) {
    const operand = Number((row >> shift) & 0xffn);
    if (operand === 0) break;
    const wide = flags & REXW && bits === 64 ? 8 : 4;
    const vector = op >= 0x800 ? byte(12) : 16;
    const bytes = [1, 2, 4, 8, osize, Math.min(osize, 4), wide, vector][operand & 7];
    const text = describeOperand(view, at, operand >> 3, bytes, bits, osize);
    // ENTER's second immediate lies above the first.
    const imm = view.getBigInt64(at + 16, true);
    if (op >= 0x800 && operand >> 3 === 3) ours.operands.push(`#${hex(imm & 0xffn)}`);
    else if (name === "ENTER")
      ours.operands.push(`#${hex(ours.operands.length === 0 ? imm & 0xffffn : imm >> 16n)}`);
    else ours.operands.push(text);
  }
  return ours;
}

function operandSize(row: bigint, flags: number, bits: Bits): number {
  const has = (bit: bigint) => ((row >> bit) & 1n) === 1n;
  if (bits !== 64) return (bits === 32) === ((flags & OPSIZE) === 0) ? 4 : 2;
  if (has(56n) || flags & REXW) return 8;
  if (flags & OPSIZE) return 2;
  return has(55n) ? 8 : 4;
}

const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs"];

function hex(value: bigint, bytes = 8): string {
  return BigInt.asUintN(bytes * 8, value).toString(16);
}

function describeOperand(
  view: DataView,
  at: number,
  letter: number,
  bytes: number,
  bits: Bits,
  osize: number,
): string {
  const byte = (offset: number) => view.getUint8(at + offset);
  const r = byte(10);
  const m = byte(11);
  const flags = byte(13);
  const imm = view.getBigInt64(at + 16, true);
  const isMem = (flags & MEM) !== 0;
  const vector = bytes === 32 ? "ymm" : "xmm";
  const memory = () => `m${bytes}[${describeMemory(view, at, bits)}]`;
  switch (letter) {
    case 1: // E
      return isMem ? memory() : gpr(m, bytes);
    case 2: // G
      return gpr(r, bytes);
    case 3: // I
      return `#${hex(imm)}`;
    case 4: // J
      return `j${hex(imm, bits === 64 ? 8 : osize === 2 ? 2 : 4)}`;
    case 5: // M
    case 8: // O
      return memory();
    case 6: // R
    case 11: // Z
      return gpr(m, bytes);
    case 7:
      return SEGMENTS[r];
    case 9:
      return `cr${r}`;
    case 10:
      return `dr${r}`;
    case 12:
      return `${vector}${r}`;
    case 13:
    case 14:
      return isMem ? memory() : `${vector}${m}`;
    case 15:
      return `mm${r}`;
    case 16:
    case 17:
      return isMem ? memory() : `mm${m}`;
    case 18: // X
      return `x${bytes}:${describeSegment(byte(5), bits)}`;
    case 19: // Y
      return `y${bytes}`;
    case 20:
      return `f${hex(view.getBigInt64(at + 24, true), 2)}:${hex(imm, 4)}`;
    case 21:
      return gpr(0, bytes);
    case 22:
      return "cl";
    case 23:
      return "dx";
    case 24:
      return "#1";
    case 25:
      return "st0";
    case 26:
      return `st${m}`;
    case 27: // H
      return `${vector}${(imm >> 8n) & 15n}`;
    case 28: // B
      return gpr(Number((imm >> 8n) & 0xffn), bytes);
    case 29: // L
      return `${vector}${(imm >> 4n) & 15n}`;
  }
  return `letter ${letter}`;
}

/** In 64-bit mode only FS and GS are segments; the others are written as none. */
function describeSegment(segment: number, bits: Bits): string {
  if (bits === 64) return segment === 4 || segment === 5 ? `${SEGMENTS[segment]}:` : "";
  return `${SEGMENTS[segment]}:`;
}

function describeMemory(view: DataView, at: number, bits: Bits): string {
  const byte = (offset: number) => view.getUint8(at + offset);
  const flags = byte(13);
  const width = flags & ADDR64 ? 8 : flags & ADDR32 ? 4 : 2;
  const parts: string[] = [];
  const base = byte(6);
  if (base < 16) parts.push(gpr(base << 3, width));
  if (base === 17) parts.push(width === 8 ? "rip" : "eip");
  const op = view.getUint16(at, true) - COLD;
  const isVsib = opName(op).includes("GATHER");
  // Its length is that of the indices, which iced names; ours is in the operation.
  if (isVsib) parts.push(`mm${byte(18)}*${1 << byte(8)}`);
  else if (byte(7) < 16) parts.push(`${gpr(byte(7) << 3, width)}*${1 << byte(8)}`);
  parts.push(hex(view.getBigInt64(at + 24, true), width));
  return describeSegment(byte(5), bits) + parts.join("+");
}

// biome-ignore format: two rows
const IMMEDIATE_BYTES: Record<string, number> = {
  immediate8: 1, immediate8_2nd: 1, immediate16: 2, immediate32: 4, immediate64: 8,
  immediate8to16: 2, immediate8to32: 4, immediate8to64: 8, immediate32to64: 8,
};

/** The same of iced's instruction. */
function describeIced(insn: Instruction, bits: Bits): string[] {
  return Array.from({ length: insn.opCount }, (_, n) => {
    const kind = OP_KINDS[insn.opKind(n)];
    const bytes = MemorySizeExt.size(insn.memorySize);
    const segment = describeSegment(SEGMENTS.indexOf(REGISTERS[insn.memorySegment]), bits);
    if (kind === "register") return REGISTERS[insn.opRegister(n)];
    if (kind.startsWith("nearbranch")) return `j${hex(insn.nearBranchTarget)}`;
    if (kind === "farbranch16")
      return `f${insn.farBranchSelector.toString(16)}:${insn.farBranch16.toString(16)}`;
    if (kind === "farbranch32")
      return `f${insn.farBranchSelector.toString(16)}:${insn.farBranch32.toString(16)}`;
    if (kind.startsWith("immediate")) return `#${hex(insn.immediate(n), IMMEDIATE_BYTES[kind])}`;
    if (/^memoryseg[er]?si$/.test(kind)) return `x${bytes}:${segment}`;
    if (/^memoryes[er]?di$/.test(kind)) return `y${bytes}`;
    if (kind === "memory") return `m${bytes}[${segment}${describeIcedMemory(insn, bits)}]`;
    return kind;
  });
}

function describeIcedMemory(insn: Instruction, bits: Bits): string {
  const base = REGISTERS[insn.memoryBase];
  const index = REGISTERS[insn.memoryIndex];
  const name = index.replace(/^[xy](?=mm)/, "");
  const parts = [base, index === "none" ? "none" : `${name}*${insn.memoryIndexScale}`].filter(
    (part) => part !== "none",
  );
  const first = parts[0]?.replace(/\*.*/, "");
  const width =
    first === undefined || first.startsWith("mm")
      ? addressWidth(insn, bits)
      : /^r(\d+|[a-z]+)$/.test(first)
        ? 8
        : /^(e|r\d+d)/.test(first)
          ? 4
          : 2;
  return [...parts, hex(insn.memoryDisplacement, width)].join("+");
}

function addressWidth(insn: Instruction, bits: Bits): number {
  return insn.memoryDisplSize === 0 ? bits / 8 : Math.max(insn.memoryDisplSize, 1);
}

/** CPUID features (iced's names) without rows: their instructions are #UD. */
const NOT_OFFERED = new RegExp(
  `^(${[
    "d3now.*|sse4a|fma4|xop|tbm|lwp|avx(512|_|10).*|amx.*|gfni|aeskle|kl|wide_kl|sha512|sm[34]|vaes|vpclmulqdq",
    "svm|skinit_or_svm|sev_.*|rmpquery|invlpgb|mcommit|rdpru|clzero|monitorx?|padlock.*|hreset",
    "vmx|smx|sgx1|oss|tdx|tse|pconfig|lkgs|fred|msrlist|wrmsrns|uintr|serialize|rtm|hle_or_rtm|tsxldtrk",
    "waitpkg|cet_ss|movdiri|movdir64b|enqcmd|rao_int|ptwrite|cmpccxadd|user_msr",
  ].join("|")})$`,
);

/** Everything offered: what a row does not name is then invalid for want of a row. */
const ALL_FEATURES = (1n << 62n) - 1n;

class Random {
  constructor(private state: number) {}
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }
  below(n: number): number {
    return this.next() % n;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}

/** Differences by kind and operation, with a first example of each. */
class Report {
  private readonly kinds = new Map<string, { count: number; example: string }>();
  compared = 0;
  add(kind: string, example: string): void {
    const entry = this.kinds.get(kind);
    if (entry) entry.count++;
    else this.kinds.set(kind, { count: 1, example });
  }
  text(): string {
    return [...this.kinds]
      .map(([kind, { count, example }]) => `${kind} (${count}): ${example}`)
      .join("\n");
  }
}

let core: AsmModule;
const iced = new Instruction();

beforeAll(async () => {
  core = await loadAsm("asm/test/decode.ts");
});

/** Decodes all of `samples` with both and notes where they differ. */
function compareAll(samples: Iterable<Uint8Array>, bits: Bits, report: Report): void {
  const slots = new Uint8Array(core.memory.buffer, SLOTS, BATCH * SLOT);
  const results = new DataView(core.memory.buffer, RESULTS, BATCH * RESULT);
  const decode = core.exports.decodeSlots as unknown as (...args: (number | bigint)[]) => void;
  let count = 0;
  const flush = () => {
    decode(SLOTS, count, SLOT, CODE[bits], ALL_FEATURES, RESULTS);
    const decoder = new Decoder(bits, slots.slice(0, count * SLOT), DecoderOptions.None);
    for (let i = 0; i < count; i++) {
      decoder.position = i * SLOT;
      decoder.ip = 0n;
      decoder.decodeOut(iced);
      compareOne(
        slots.subarray(i * SLOT, (i + 1) * SLOT),
        describeOurs(results, i * RESULT, bits),
        bits,
        report,
      );
    }
    decoder.free();
    count = 0;
  };
  for (const sample of samples) {
    slots.set(sample.subarray(0, SLOT), count * SLOT);
    if (++count === BATCH) flush();
  }
  flush();
}

function compareOne(bytes: Uint8Array, ours: Ours, bits: Bits, report: Report): void {
  report.compared++;
  const code = () => `${bits}: ${Buffer.from(bytes).toString("hex")}`;
  const isOurs = ours.name !== "INVALID" && ours.name !== "TOO_LONG";
  const isTheirs = iced.code !== Code.INVALID;
  if (!isOurs && !isTheirs) return;
  const mnemonic = MNEMONICS[iced.mnemonic];
  if (!isOurs) {
    const needs = [...iced.cpuidFeatures()].map((feature) => FEATURE_NAMES[feature]);
    if (!needs.some((feature) => NOT_OFFERED.test(feature)))
      report.add(`only iced: ${mnemonic} ${needs}`, code());
    return;
  }
  if (!isTheirs) {
    report.add(`only ours: ${ours.name}`, code());
    return;
  }
  if (ours.len !== iced.length)
    report.add(`length of ${ours.name}`, `${code()} ${ours.len} is ${iced.length}`);
  if (!mnemonicsOf(ours.name).includes(mnemonic))
    report.add(`name of ${ours.name}: ${mnemonic}`, code());
  const theirs = describeIced(iced, bits);
  if (!sameOperands(ours, theirs))
    report.add(`operands of ${ours.name}`, `${code()} ${ours.operands} is ${theirs}`);
}

function sameOperands({ name, operands }: Ours, all: string[]): boolean {
  const implied = IMPLIED[name];
  const theirs = implied ? all.filter((operand) => !implied.test(operand)) : all;
  // ST(0) is implied where the other operand is memory.
  const ours = operands[0] === "st0" && theirs[0]?.startsWith("m") ? operands.slice(1) : operands;
  // Later instructions in the space of reserved NOPs have operands of their own.
  if (name === "NOP" && theirs.length === 0) return true;
  return ours.every((operand, n) => {
    const other = theirs[n];
    if (other === undefined) return false;
    if (operand === other) return true;
    if (operand.startsWith("#") && other.startsWith("#")) {
      // An immediate is sign-extended here even where only its low bits count.
      const width = BigInt(other.length - 1) * 4n;
      return (
        operand.endsWith(other.slice(1)) && BigInt(`0x${other.slice(1)}`) >> (width - 1n) === 1n
      );
    }
    const isMemory = /^m\d/.test(operand);
    if (LENGTH_BY_OP.test(name)) {
      const bare = (text: string) => text.replace(/^m\d+|^[xy](?=mm)/, "");
      if (bare(operand) === bare(other)) return true;
    }
    if (isMemory && SIZE_BY_OP.has(name))
      return operand.replace(/^m\d+/, "") === other.replace(/^m\d+/, "");
    return !isMemory && ANY_WIDTH.has(name) && gprNumber(operand) === gprNumber(other);
  });
}

/** Number of a general register of any width but bytes. */
function gprNumber(name: string): string {
  return name.replace(/^[er](?=[a-z])/, "").replace(/^(r\d+)[wd]$/, "$1");
}

const MAPS = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const PREFIXES = [[], [0x66], [0xf3], [0xf2], [0x66, 0xf2], [0x66, 0xf3], [0x67], [0xf0]];

/** Every opcode with every prefix, every register form and three memory forms of every ModRM.reg. */
function* everyRow(bits: Bits, random: Random): Generator<Uint8Array> {
  for (const map of MAPS) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const prefix of PREFIXES) {
        for (let n = 0; n < 88; n++) {
          const modrm =
            n < 64 ? 0xc0 | n : ((n & 7) << 3) | (random.below(3) << 6) | random.below(8);
          const rex = bits === 64 && random.below(2) ? [0x40 | random.below(16)] : [];
          const sample = new Uint8Array(SLOT);
          for (let i = 0; i < SLOT; i++) sample[i] = random.next() >>> 8;
          sample.set([...prefix, ...rex, ...map, opcode, modrm]);
          yield sample;
        }
      }
    }
  }
}

/** Every VEX opcode with every prefix, W, L and length of prefix, register and memory forms. */
function* everyVexRow(bits: Bits, random: Random): Generator<Uint8Array> {
  for (let map = 0; map < 5; map++) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (let last = 0; last < 16; last++) {
        for (let n = 0; n < 20; n++) {
          const sample = new Uint8Array(SLOT);
          for (let i = 0; i < SLOT; i++) sample[i] = random.next() >>> 8;
          const vvvv = random.below(2) ? 0x78 : random.below(16) << 3;
          // W, L and pp of all values; R, X and B must look like mod = 3 outside 64-bit mode.
          const payload = ((last & 8) << 4) | vvvv | (last & 7);
          const top = bits === 64 ? random.below(8) << 5 : 0xc0 | (random.below(2) << 5);
          if (map === 1 && n & 1) {
            const r = bits === 64 ? random.below(2) << 7 : 0x80;
            sample.set([0xc5, r | (payload & 0x7f) | (bits === 64 ? 0 : 0x40), opcode]);
            sample[3] = n < 10 ? sample[3] | 0xc0 : sample[3] & 0x3f;
          } else {
            sample.set([0xc4, top | (map === 4 ? random.below(32) : map), payload, opcode]);
            sample[4] = n < 10 ? sample[4] | 0xc0 : sample[4] & 0x3f;
          }
          const prefix = random.below(40) ? [] : [random.pick(SOUP)];
          yield Uint8Array.from([...prefix, ...sample]).slice(0, SLOT);
        }
      }
    }
  }
}

const SOUP = [
  0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x40, 0x41, 0x44, 0x48, 0x4f,
];

/** Random bytes behind a random number of prefixes, the two-byte maps as often as the first. */
function* randomBytes(random: Random, count: number): Generator<Uint8Array> {
  for (let n = 0; n < count; n++) {
    const sample = new Uint8Array(SLOT);
    for (let i = 0; i < SLOT; i++) sample[i] = random.next() >>> 8;
    let at = random.pick([0, 0, 1, 1, 2, 3, 4, 13, 14]);
    for (let i = 0; i < at; i++) sample[i] = random.pick(SOUP);
    const map = random.pick(MAPS);
    for (const byte of map) sample[at++] = byte;
    yield sample;
  }
}

describe.each([64, 32, 16] as const)("decoder, %i-bit code", (bits) => {
  it("agrees with iced on every row of the maps", () => {
    const report = new Report();
    compareAll(everyRow(bits, new Random(bits)), bits, report);
    expect(report.text()).toBe("");
    expect(report.compared).toBeGreaterThan(700_000);
  });

  it("agrees with iced on every row with a VEX prefix", () => {
    const report = new Report();
    compareAll(everyVexRow(bits, new Random(bits + 2)), bits, report);
    expect(report.text()).toBe("");
    expect(report.compared).toBeGreaterThan(400_000);
  });

  it("agrees with iced on random bytes", () => {
    const report = new Report();
    compareAll(randomBytes(new Random(bits + 1), 200_000), bits, report);
    expect(report.text()).toBe("");
  });
});

describe("decoder", () => {
  const decodeOne = (
    bytes: string,
    bits: Bits,
    options: { features?: bigint; avail?: number; isGated?: boolean } = {},
  ) => {
    const { features = ALL_FEATURES, avail = SLOT, isGated = false } = options;
    const code = Uint8Array.from(Buffer.from(bytes.padEnd(SLOT * 2, "0"), "hex"));
    new Uint8Array(core.memory.buffer, SLOTS, SLOT).set(code);
    const call = (name: string, ...args: (number | bigint)[]) =>
      (core.exports[name] as unknown as (...args: (number | bigint)[]) => void)(...args);
    if (isGated) call("decodeGated", SLOTS, CODE[bits], features, RESULTS);
    else call("decodeSlots", SLOTS, 1, avail, CODE[bits], features, RESULTS);
    const view = new DataView(core.memory.buffer, RESULTS, RESULT);
    return {
      ...describeOurs(view, 0, bits),
      row: view.getBigUint64(32, true),
      imm: view.getBigInt64(16, true),
    };
  };

  it("asks for more bytes as long as the instruction is not whole", () => {
    const whole = "66f0480fc1848d78563412"; // LOCK XADD with all there is
    for (let avail = 0; avail < 11; avail++) expect(decodeOne(whole, 64, { avail }).row).toBe(0n);
    expect(decodeOne(whole, 64, { avail: 11 })).toMatchObject({ name: "XADD", len: 11 });
  });

  it("takes 15 bytes and no more", () => {
    expect(decodeOne(`${"66".repeat(14)}90`, 64)).toMatchObject({ name: "NOP", len: 15 });
    expect(decodeOne(`${"66".repeat(15)}90`, 64)).toMatchObject({ name: "TOO_LONG", len: 15 });
    expect(decodeOne(`${"2e".repeat(12)}0fb6c1`, 32)).toMatchObject({ name: "MOVZX8", len: 15 });
    expect(decodeOne(`${"2e".repeat(13)}0fb6c1`, 32)).toMatchObject({ name: "TOO_LONG" });
  });

  it("knows no instruction of a feature that is not offered", () => {
    const bit = (name: string) =>
      1n << BigInt([...FEATURES].find(([, other]) => other === name)?.[0] ?? 63);
    const without = (name: string) => ({ features: ALL_FEATURES & ~bit(name) });
    expect(decodeOne("f30fb8c1", 64)).toMatchObject({ name: "POPCNT" });
    expect(decodeOne("f30fb8c1", 64, without("POPCNT"))).toMatchObject({ name: "INVALID" });
    expect(decodeOne("0f01f9", 64, without("RDTSCP"))).toMatchObject({ name: "INVALID" });
    expect(decodeOne("660f3800c1", 64, without("SSSE3"))).toMatchObject({ name: "INVALID" });
    expect(decodeOne("0fc7f0", 64, without("RDRAND"))).toMatchObject({ name: "INVALID" });
  });

  it("reads TZCNT as BSF and LZCNT as BSR where they are not offered", () => {
    expect(decodeOne("f30fbcc1", 64)).toMatchObject({ name: "TZCNT", len: 4 });
    expect(decodeOne("f30fbcc1", 64, { features: 1n })).toMatchObject({ name: "BSF", len: 4 });
    expect(decodeOne("f30fbdc1", 64, { features: 1n })).toMatchObject({ name: "BSR", len: 4 });
  });

  it("answers FPU_UNAVAILABLE, with its kind, to what CR0 and CR4 forbid", () => {
    const gated = (bytes: string) => {
      const { name, imm } = decodeOne(bytes, 64, { isGated: true });
      return [name, imm];
    };
    expect(gated("d9e8")).toEqual(["FPU_UNAVAILABLE", 0n]);
    expect(gated("0f6ec0")).toEqual(["FPU_UNAVAILABLE", 1n]);
    expect(gated("0f58c1")).toEqual(["FPU_UNAVAILABLE", 2n]);
    expect(gated("0fae10")).toEqual(["FPU_UNAVAILABLE", 2n]);
    expect(gated("0fae00")).toEqual(["FPU_UNAVAILABLE", 1n]);
    expect(gated("c5f458c2")).toEqual(["FPU_UNAVAILABLE", 3n]);
    expect(gated("c5f8ae10")).toEqual(["FPU_UNAVAILABLE", 3n]);
    expect(gated("c4e2f0f2c2")[0]).toBe("ANDN");
    expect(gated("01c8")[0]).toBe("ADD");
  });
});
