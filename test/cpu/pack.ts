/**
 * Native vectors as a pack: programs for a boot image that runs each of them at CPL 3 under paging of its own and
 * compares registers, so that the whole machine is under test and not only the core.
 *
 *   pack    u32 magic, u32 number of vectors, the vectors
 *   vector  u32 length, u16 length of the name, u16 mode (32, 64), u32 feature mask (scripts/test-suite.mjs),
 *           u32 length of the code, u16 regions, u16 memory pieces, u16 registers, u16 0; name, code;
 *           regions u64 address, u64 length; pieces u64 address, u32 length, bytes; registers u16 number,
 *           u16 count, u64 values
 *
 * A program starts at 10000h with general registers and vectors 0, RFLAGS 202h, FNINIT, MXCSR 1F80h, and ends at a
 * HLT. It loads the state of the case, runs the instruction where it was run natively, compares flags, MXCSR, x87
 * status and changed memory itself (UD2 when they differ) and leaves registers to be compared. Only vectors that
 * went through to the next instruction can be put in this form. The data page that is read-only is writable here.
 */
import { writeFileSync } from "node:fs";
import {
  CASE,
  CASE_SIZE,
  CODE,
  DATA,
  DATA_SIZE,
  FX,
  type Mode,
  OUT,
  OUTCOME_SIZE,
  PAGE_ABSENT,
  PAGES,
  START,
  TRAP_END,
} from "./case";
import type { Core, DataPiece } from "./core";
import type { Form } from "./forms";
import { isLoose } from "./rules";
import type { Batch } from "./vectors";

const MAGIC = 0x4b415056;
const ENTRY = 0x10000;
/** Scratch memory of the programs: XSAVE image, then slots, then a stack. */
const AREA = 0x3000_0000;
const IMAGE_SIZE = 832;
const SLOT_SP = AREA + 0x400;
const SLOT_AX = AREA + 0x408;
const SLOT_FLAGS = AREA + 0x410;
const SLOT_WORD = AREA + 0x418;
const STACK = AREA + 0xf00;
const EPILOGUE = START + 0x40;
const COMPARED_FLAGS = 0xcd5;

/** Numbers of registers in a pack, by their number in the instruction set. */
const GPR = [1, 3, 4, 2, 8, 7, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16];
const XMM0 = 17;
const MM0 = 35;

/** Feature bits by what iced calls them. */
// biome-ignore format: two rows
const FEATURE_BITS: Record<string, number> = {
  AVX: 2, AVX2: 2, FMA: 2, F16C: 2, BMI1: 6, BMI2: 7, CLWB: 8, SSSE3: 12, SSE4_1: 13, SSE4_2: 14,
  AES: 15, PCLMULQDQ: 16, MOVBE: 17, ADX: 18, CLFLUSHOPT: 21, FSGSBASE: 22, SHA: 4,
};

class Bytes {
  readonly list: number[] = [];
  put(...bytes: number[]): this {
    this.list.push(...bytes);
    return this;
  }
  int(value: number | bigint, len: number): this {
    for (let i = 0, rest = BigInt(value); i < len; i++, rest >>= 8n)
      this.list.push(Number(rest & 0xffn));
    return this;
  }
}

/** Encoders of the few instructions a program needs, for both modes. */
class Program {
  readonly code = new Bytes();
  constructor(
    private readonly mode: Mode,
    private readonly origin: number,
  ) {}
  private get wide(): boolean {
    return this.mode === 64;
  }
  /** ModRM for a 32-bit absolute address. */
  private absolute(reg: number, address: number): this {
    if (this.wide) this.code.put((reg << 3) | 4, 0x25).int(address, 4);
    else this.code.put((reg << 3) | 5).int(address, 4);
    return this;
  }
  private rex(bits = 8): this {
    if (this.wide) this.code.put(0x40 | bits);
    return this;
  }
  load(n: number, value: bigint): this {
    if (this.wide) this.code.put(0x48 | (n >> 3), 0xb8 | (n & 7)).int(value, 8);
    else this.code.put(0xb8 | n).int(value & 0xffff_ffffn, 4);
    return this;
  }
  storeTo(address: number, n: number): this {
    this.rex().code.put(0x89);
    return this.absolute(n, address);
  }
  loadFrom(n: number, address: number): this {
    this.rex().code.put(0x8b);
    return this.absolute(n, address);
  }
  /** CMP [address], imm32, and UD2 when they differ. */
  expect32(address: number, value: number): this {
    this.code.put(0x81);
    this.absolute(7, address)
      .code.int(value >>> 0, 4)
      .put(0x74, 2, 0x0f, 0x0b);
    return this;
  }
  /** Ops of group 15: FXSAVE's kin, LDMXCSR 2, STMXCSR 3, XRSTOR 5. */
  group15(reg: number, address: number): this {
    if (reg === 5) this.rex();
    this.code.put(0x0f, 0xae);
    return this.absolute(reg, address);
  }
  storeStatus(address: number): this {
    this.code.put(0xdd);
    return this.absolute(7, address);
  }
  jump(target: number): this {
    const end = this.origin + this.code.list.length + 5;
    this.code.put(0xe9).int(target - end, 4);
    return this;
  }
}

function prologue(mode: Mode, input: DataView, usesVectors: boolean, usesGs: boolean): number[] {
  const program = new Program(mode, ENTRY);
  if (usesGs) program.load(0, BigInt(DATA + 0x100)).code.put(0xf3, 0x48, 0x0f, 0xae, 0xd8); // WRGSBASE RAX
  if (usesVectors) {
    program.load(0, 7n).code.put(0x31, 0xd2); // EDX:EAX = 7
    program.group15(5, AREA);
  }
  program.load(4, BigInt(STACK));
  program.code
    .put(0x68)
    .int((input.getUint32(CASE.flags, true) & COMPARED_FLAGS) | 0x202, 4)
    .put(0x9d);
  const count = mode === 64 ? 16 : 8;
  for (let n = 0; n < count; n++) program.load(n, input.getBigUint64(CASE.regs + 8 * n, true));
  return program.jump(START).code.list;
}

function epilogue(
  mode: Mode,
  outcome: DataView,
  usesVectors: boolean,
  isX87: boolean,
  changed: DataPiece[],
): number[] {
  const program = new Program(mode, EPILOGUE);
  program.storeTo(SLOT_SP, 4).load(4, BigInt(STACK));
  program.code.put(0x9c); // PUSHF
  program.storeTo(SLOT_AX, 0);
  program.code.put(0x58); // POP rAX
  program.code.put(0x25).int(COMPARED_FLAGS, 4); // AND EAX
  program.storeTo(SLOT_FLAGS, 0);
  program.expect32(SLOT_FLAGS, outcome.getUint32(OUT.flags, true) & COMPARED_FLAGS);
  if (usesVectors)
    program.group15(3, SLOT_WORD).expect32(SLOT_WORD, outcome.getUint32(OUT.fx + FX.mxcsr, true));
  if (isX87) {
    program.load(0, 0n).storeTo(SLOT_WORD, 0).storeStatus(SLOT_WORD);
    program.expect32(SLOT_WORD, outcome.getUint16(OUT.fx + FX.fsw, true));
  }
  for (const { address, bytes } of changed) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    program.expect32(address, view.getUint32(0, true));
  }
  program.loadFrom(0, SLOT_AX).loadFrom(4, SLOT_SP);
  return program.code.put(0xf4).list;
}

/** XSAVE image of the case's vectors. */
function imageOf(cases: Uint8Array): Uint8Array {
  const image = new Uint8Array(IMAGE_SIZE);
  image.set(cases.subarray(CASE.fx, CASE.fx + 416));
  image.set(cases.subarray(CASE.high, CASE.high + 256), 576);
  new DataView(image.buffer).setUint32(28, 0xffff, true);
  image[512] = 7;
  return image;
}

/** Words of the data pages that the instruction changed. */
function changesOf(before: Uint8Array, after: Uint8Array): DataPiece[] {
  const changed: DataPiece[] = [];
  const [a, b] = [new Int32Array(before.buffer), new Int32Array(after.buffer)];
  for (let i = 0; i < a.length; i++)
    if (a[i] !== b[i])
      changed.push({ address: DATA + 4 * i, bytes: after.subarray(4 * i, 4 * i + 4) });
  return changed;
}

/** Parts of the data pages near what the registers point to; other parts are 0 in the program. */
function windows(before: Uint8Array, input: DataView, targets: number[]): DataPiece[] {
  const found: DataPiece[] = [];
  const isTaken = new Uint8Array(DATA_SIZE >> 7);
  const pointers = Array.from({ length: 16 }, (_, n) => input.getUint32(CASE.regs + 8 * n, true));
  for (const address of [...pointers, ...targets]) {
    for (let block = (address - DATA - 128) >> 7; block <= (address - DATA + 128) >> 7; block++)
      if (block >= 0 && block < isTaken.length) isTaken[block] = 1;
  }
  isTaken.forEach((taken, block) => {
    if (taken && block >> 5 !== PAGE_ABSENT)
      found.push({
        address: DATA + (block << 7),
        bytes: before.slice(block << 7, (block + 1) << 7),
      });
  });
  return found;
}

interface Expectation {
  number: number;
  values: bigint[];
}

function expectations(
  mode: Mode,
  outcome: DataView,
  usesVectors: boolean,
  isX87: boolean,
): Expectation[] {
  const list: Expectation[] = [];
  const count = mode === 64 ? 16 : 8;
  for (let n = 0; n < count; n++)
    list.push({ number: GPR[n], values: [outcome.getBigUint64(OUT.regs + 8 * n, true)] });
  if (usesVectors)
    for (let n = 0; n < count; n++) {
      const [low, high] = [OUT.fx + FX.xmm + 16 * n, OUT.high + 16 * n];
      const values = [low, low + 8, high, high + 8].map((at) => outcome.getBigUint64(at, true));
      list.push({ number: XMM0 + n, values });
    }
  if (isX87) {
    const top = outcome.getUint16(OUT.fx + FX.fsw, true) >> 11;
    for (let n = 0; n < 8; n++) {
      const at = OUT.fx + FX.st + 16 * n;
      const values = [outcome.getBigUint64(at, true), BigInt(outcome.getUint16(at + 8, true))];
      list.push({ number: MM0 + ((n + top) & 7), values });
    }
  }
  return list;
}

function maskOf({ cpuid }: Form, usesGs: boolean): number {
  const bits = cpuid.map((name) => FEATURE_BITS[name]).filter((bit) => bit !== undefined);
  return [...bits, ...(usesGs ? [FEATURE_BITS.FSGSBASE] : [])].reduce(
    (mask, bit) => mask | (1 << bit),
    0,
  );
}

/** Offset of a case whose outcome is the next instruction, with a stack that HLT's handler can be entered from. */
function isPlain(mode: Mode, outcome: DataView, len: number, input: DataView): boolean {
  const isHere = outcome.getBigUint64(OUT.rip, true) === BigInt(START + len + 1);
  const isUser = outcome.getUint16(OUT.cs, true) === (mode === 64 ? 0x33 : 0x23);
  const isSegmented =
    outcome.getUint16(OUT.ds + 4, true) !== 0 || outcome.getUint16(OUT.ds + 6, true) !== 0;
  const isPending = (outcome.getUint16(OUT.fx + FX.fsw, true) & 0x80) !== 0;
  const wasPending = (input.getUint16(CASE.fx + FX.fsw, true) & 0x80) !== 0;
  const trap = outcome.getUint32(OUT.trap, true);
  return trap === TRAP_END && isHere && isUser && !isSegmented && !isPending && !wasPending;
}

/** Instructions that see the segments, the flags or the x87 state whole, of which a program has others. */
const ELSEWHERE =
  /^(Mov_(Sreg|rm\d+_Sreg|r\d+_Sreg|r(32|64)m16_Sreg)|Push[wdq]_[A-Z]S|Pop[wdq]_[A-Z]S|Pushf|Popf|Wr[fg]s|Rd[fg]s|F(xsave|nsave|nstenv|xrstor|rstor|ldenv)|L[defgs]s_|Lar|Lsl|Ver|Std)/;

const X87 = /^F(?!x(save|rstor))|^Wait|_mm(_|m|$)|^Emms/;

/** One vector of a pack, or undefined when the case cannot be put so. */
export function packVector(
  core: Core,
  batch: Batch,
  n: number,
  truth: Uint8Array,
): Uint8Array | undefined {
  const { form, mode } = batch;
  const cases = batch.cases.subarray(n * CASE_SIZE, (n + 1) * CASE_SIZE);
  const input = new DataView(cases.buffer, cases.byteOffset, CASE_SIZE);
  const outcome = new DataView(truth.buffer, truth.byteOffset + n * OUTCOME_SIZE, OUTCOME_SIZE);
  const len = batch.lengths[n];
  if (
    mode === 16 ||
    isLoose(form) ||
    ELSEWHERE.test(form.name) ||
    !isPlain(mode, outcome, len, input)
  )
    return undefined;
  const code = cases.slice(0, len);
  const prefixes = code.subarray(0, 5);
  const usesGs = mode === 64 && prefixes.includes(0x65);
  if (prefixes.includes(0x64) || (mode === 32 && prefixes.includes(0x65))) return undefined;
  const isX87 = X87.test(form.name);
  const usesVectors = isX87 || /[xy]mm|Ldmxcsr|Vzero/i.test(form.name);
  const { before, after } = core.dataAround(cases);
  const changed = changesOf(before, after);
  if (changed.length > 32) return undefined;
  const head = prologue(mode, input, usesVectors, usesGs);
  const inner = new Program(mode, START + len).jump(EPILOGUE).code.list;
  const tail = epilogue(mode, outcome, usesVectors, isX87, changed);
  const pieces: DataPiece[] = [
    { address: START, bytes: Uint8Array.from([...code, ...inner]) },
    { address: EPILOGUE, bytes: Uint8Array.from(tail) },
    ...windows(
      before,
      input,
      changed.map(({ address }) => address),
    ),
  ];
  if (usesVectors) pieces.push({ address: AREA, bytes: imageOf(cases) });
  const kept = pieces.filter(({ address }) => address >= DATA && address < DATA + DATA_SIZE);
  if (!core.isSameWith(cases, kept, changed)) return undefined;
  const name = `${form.name} ${mode} #${n}`;
  const expected = expectations(mode, outcome, usesVectors, isX87);
  return encode(name, mode, maskOf(form, usesGs), head, pieces, expected);
}

function encode(
  name: string,
  mode: Mode,
  mask: number,
  code: number[],
  pieces: DataPiece[],
  expected: Expectation[],
): Uint8Array {
  const pages = Array.from({ length: PAGES }, (_, page) => page).filter(
    (page) => page !== PAGE_ABSENT,
  );
  const regions = [[CODE, 4096], [AREA, 4096], ...pages.map((page) => [DATA + page * 4096, 4096])];
  const out = new Bytes().int(name.length, 2).int(mode, 2).int(mask, 4).int(code.length, 4);
  out.int(regions.length, 2).int(pieces.length, 2).int(expected.length, 2).int(0, 2);
  out.put(...Buffer.from(name, "latin1")).put(...code);
  for (const [address, length] of regions) out.int(address, 8).int(length, 8);
  for (const { address, bytes } of pieces)
    out
      .int(address, 8)
      .int(bytes.length, 4)
      .put(...bytes);
  for (const { number, values } of expected) {
    out.int(number, 2).int(values.length, 2);
    for (const value of values) out.int(value, 8);
  }
  return Uint8Array.from(out.list);
}

export function writePackFile(path: string, vectors: Uint8Array[]): void {
  const parts = [new Bytes().int(MAGIC, 4).int(vectors.length, 4).list];
  const all = vectors.flatMap((vector) => [
    Buffer.from(new Bytes().int(vector.length, 4).list),
    vector,
  ]);
  writeFileSync(path, Buffer.concat([Buffer.from(parts[0]), ...all]));
}
