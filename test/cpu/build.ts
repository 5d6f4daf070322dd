/**
 * Random instances of instruction forms: encodings with the registers, flags, vectors and memory they start from.
 * An operand in memory is first given an address, next to a page's border, in a page that is read-only or absent,
 * or anywhere, aligned or not, and then the registers of a random way to address it are set to lead there.
 *
 * A case of one instruction is a vector, of several a sequence for the fuzzer.
 */
import {
  CASE,
  CASE_SIZE,
  CODE,
  CODE_SIZE,
  DATA,
  DATA_SIZE,
  FX,
  GS_BASE,
  type Mode,
  PAGE_ABSENT,
  PAGE_READONLY,
  type Random,
  START,
} from "./case";
import type { Encoding, Form } from "./forms";
import {
  controlWord,
  type Extended,
  extended,
  fillVector,
  integer,
  lastCanonical,
  mxcsr,
  type Pair,
  pointer,
  pointerAtEdge,
  related,
  statusWord,
  type VectorKind,
} from "./values";

/** What a name tells of an instruction: the few things that decide which operands are worth trying. */
interface Traits {
  isString: boolean;
  isX87: boolean;
  isMmx: boolean;
  usesVectors: boolean;
  kinds: VectorKind[];
  isFloat: boolean;
  branch: number;
  isFar: boolean;
}

const X87 = /^F(?!x(save|rstor))/;
const FLOAT =
  /^(V?)(Sqrt|Add[ps]|Mul[ps]|Sub[ps]|Min[ps]|Div|Max[ps]|Cmp[ps][sd]|Cmp[sp][sd]_xmm|Round|Hadd|Hsub|Addsub|Dp|Ucomi|Comi|Rsqrt|Rcp|Cvt|Fn?m(add|sub))/i;
const DOUBLE = /^V?F?[A-Z]+[0-9]*(PD|SD)(_|$)|(PD|SD)2[A-Z]+_/i;

const traitsByForm = new Map<Form, Traits>();

function traitsOf(form: Form): Traits {
  const known = traitsByForm.get(form);
  if (known !== undefined) return known;
  const name = form.name.replace(/^VEX_/, "");
  const isX87 = X87.test(name) || name === "Wait";
  const isFloat = !isX87 && FLOAT.test(name);
  const isDouble = DOUBLE.test(name);
  let kinds: VectorKind[] = ["any", "any", "words", "words", "counts"];
  if (isFloat)
    kinds = isDouble
      ? ["doubles", "doubles", "double", "double", "any"]
      : ["singles", "singles", "single", "single", "any"];
  if (/cvt(si|pi|dq)2/i.test(name)) kinds = ["any", "words", "singles", "double", "counts"];
  if (/cvtph2ps/i.test(name)) kinds = ["halves", "halves", "words", "any"];
  const rel = /rel(8|16|32)/.exec(form.instruction);
  const traits = {
    isString: /^(Movs[bwdq]_m|Cmps[bwdq]_m|Stos|Lods|Scas|Ins[bwd]_m|Outs)/.test(name),
    isX87,
    isMmx: /_mm(_|m|$)/.test(name) || name === "Emms",
    usesVectors: /[xy]mm/.test(name),
    kinds,
    isFloat,
    branch: rel ? Number(rel[1]) / 8 : 0,
    isFar: /^(Call|Jmp)_(ptr|m16)/.test(name),
  };
  traitsByForm.set(form, traits);
  return traits;
}

const REX = 0x40;
const RSP = 4;
const FLAGS = 0x8d5;
const TF = 0x100;
const DF = 0x400;
const AC = 0x4_0000;

const SELECTORS = [
  0, 1, 2, 3, 0x23, 0x2b, 0x33, 0x28, 0x2a, 0x08, 0x10, 0x18, 0x07, 0x0f, 0x17, 0x0c, 0x1f, 0x88,
  0xfff8,
];

const big = ([low, high]: Pair) => BigInt(low) | (BigInt(high) << 32n);

/** Writes one case at `at` of `view`. */
export class Builder {
  /** Instructions with the offsets they start at. */
  readonly starts: number[] = [];
  private readonly code: number[] = [];
  private readonly bytes: Uint8Array;
  private branches: { at: number; len: number; end: number }[] = [];
  private isSingle = true;
  /** Registers that an instruction before needs as they are. */
  private pinned = 0;

  constructor(
    private readonly random: Random,
    private readonly mode: Mode,
    private readonly view: DataView,
    private readonly at: number,
    /** Operands in memory lie at borders, and alignment is checked more often. */
    private readonly isAtEdge = false,
  ) {
    this.bytes = new Uint8Array(view.buffer, view.byteOffset + at, CASE_SIZE);
    this.bytes.fill(0);
    view.setUint32(at + CASE.mode, mode, true);
  }

  /** A case of one instruction; its length. */
  vector(form: Form): number {
    this.state([form]);
    this.add(form);
    this.finish();
    return this.code.length;
  }

  /** A case of several instructions, forms or ready bytes, as many as there is room for. Branches go forward. */
  sequence(parts: (Form | number[])[]): void {
    this.isSingle = false;
    this.state(parts.filter((part): part is Form => !Array.isArray(part)));
    for (const part of parts) {
      if (this.code.length > CODE_SIZE - 20) break;
      if (Array.isArray(part)) {
        this.starts.push(this.code.length);
        this.code.push(...part);
      } else this.add(part);
    }
    this.finish();
  }

  private finish(): void {
    for (const { at, len, end } of this.branches) {
      const later = this.starts.filter((start) => start >= end);
      const target = later.length > 0 ? this.random.pick(later) : this.code.length;
      const distance = target - end;
      if (len === 1 && distance > 127) continue;
      for (let i = 0; i < len; i++) this.code[at + i] = (distance >> (8 * i)) & 0xff;
    }
    this.bytes.fill(0xcc, 0, CODE_SIZE);
    this.bytes.set(this.code.slice(0, CODE_SIZE - 1));
  }

  private register(n: number): bigint {
    return this.view.getBigUint64(this.at + CASE.regs + 8 * n, true);
  }

  private setRegister(n: number, value: bigint): void {
    const kept = this.mode === 64 ? value : value & 0xffff_ffffn;
    this.view.setBigUint64(this.at + CASE.regs + 8 * n, BigInt.asUintN(64, kept), true);
  }

  /** Addresses of 16-bit mode are offsets in the data pages. */
  private address(la: number): bigint {
    if (this.mode !== 16) return BigInt(la);
    const above = this.random.chance(20) ? BigInt(this.random.next() & 0xffff) << 16n : 0n;
    return above | BigInt((la - DATA) & 0xffff);
  }

  private state(forms: Form[]): void {
    const { view, at, random, mode } = this;
    const traits = forms.map(traitsOf);
    for (let i = 0; i < (mode === 64 ? 16 : 8); i++) {
      const [low, high] = integer(random);
      const isPointer = high === 0 && low >= DATA - 64 && low < DATA + DATA_SIZE + 64;
      view.setUint32(at + CASE.regs + 8 * i, isPointer ? Number(this.address(low)) : low, true);
      if (mode === 64) view.setUint32(at + CASE.regs + 8 * i + 4, high, true);
    }
    const stack = random.chance(95) ? this.writable(64) : pointer(random);
    this.setRegister(RSP, this.address(random.chance(80) ? stack & ~7 : stack));
    const isString = traits.some((t) => t.isString);
    let flags = random.next() & FLAGS;
    if (random.chance(isString ? 35 : 5)) flags |= DF;
    if (random.chance(this.isAtEdge ? 30 : 6)) flags |= AC;
    // A gather that the host's pager interrupts traps in the middle, on some runs.
    if (random.chance(2) && !forms.some((form) => form.encodings[mode]?.isVsib)) flags |= TF;
    view.setUint32(at + CASE.flags, flags, true);
    this.vectors(forms, traits);
  }

  private vectors(forms: Form[], traits: Traits[]): void {
    const { view, at, random } = this;
    const fx = at + CASE.fx;
    const isFloat = traits.some((t) => t.isFloat);
    const isX87 = traits.some((t) => t.isX87);
    view.setUint32(fx + FX.mxcsr, isFloat || random.chance(5) ? mxcsr(random) : 0x1f80, true);
    view.setUint16(fx + FX.fcw, isX87 ? controlWord(random) : 0x37f, true);
    let fsw = isX87 ? statusWord(random) : (random.next() & 7) << 11;
    const fcw = view.getUint16(fx + FX.fcw, true);
    if (random.chance(88)) fsw &= ~(fsw & ~fcw & 0x3f);
    if (!isX87 && random.chance(2)) {
      view.setUint16(fx + FX.fcw, 0x37b, true);
      fsw |= 4;
    }
    if ((fsw & ~view.getUint16(fx + FX.fcw, true) & 0x3f) !== 0) fsw |= 0x8080;
    view.setUint16(fx + FX.fsw, fsw, true);
    const name = forms[0]?.name.replace(/^VEX_/, "") ?? "";
    view.setUint8(fx + FX.ftw, isX87 ? this.tags(name, fsw >> 11) : random.next());
    if (isX87) {
      view.setUint16(fx + FX.fop, random.next() & 0x7ff, true);
      view.setUint32(fx + FX.fip, random.next() >>> 1, true);
      view.setUint32(fx + FX.fdp, random.next() >>> 1, true);
    }
    if (isX87 || traits.some((t) => t.isMmx)) this.stack(isX87, name, traits[0].kinds);
    if (!traits.some((t) => t.usesVectors)) {
      this.bytes.fill(random.next() & 0xff, CASE.fx + FX.xmm, CASE.high + 256);
      return;
    }
    for (let i = 0; i < 16; i++) {
      const { kinds } = traits[i % traits.length];
      fillVector(view, fx + FX.xmm + 16 * i, 16, random.pick(kinds), random);
      fillVector(view, at + CASE.high + 16 * i, 16, random.pick(kinds), random);
    }
  }

  private tags(name: string, top: number): number {
    const kind = this.random.below(8);
    if (kind === 0) return this.random.next() & 0xff;
    if (kind === 1) return 0xff;
    if (kind === 2 && this.random.chance(25)) return 0;
    if (/^(Fld|Fild|Fbld|Fptan|Fsincos|Fxtract|Fdecstp)/.test(name))
      return 0xff & ~(1 << ((top + 7) & 7));
    return 0xff;
  }

  private stack(isX87: boolean, name: string, kinds: VectorKind[]): void {
    const { view, random } = this;
    const st = this.at + CASE.fx + FX.st;
    const first = extended(random, name);
    for (let i = 0; i < 8; i++) {
      if (!isX87) {
        fillVector(view, st + 16 * i, 8, random.pick(kinds), random);
        view.setUint16(st + 16 * i + 8, random.next(), true);
        continue;
      }
      let value: Extended = first;
      if (i > 0) value = random.chance(33) ? related(random, first) : extended(random, name);
      view.setUint32(st + 16 * i, value[2], true);
      view.setUint32(st + 16 * i + 4, value[1], true);
      view.setUint16(st + 16 * i + 8, value[0], true);
    }
  }

  /** Somewhere in the data pages with `len` writable bytes on both sides. */
  private writable(len: number): number {
    const page = this.random.pick([0, 1, 4]);
    return DATA + page * 4096 + len + this.random.below(4096 - 2 * len);
  }

  /** Sets data memory that the case begins with. Only one place can be. */
  private patch(la: number, len: number): DataView | undefined {
    const { view, at } = this;
    const end = la + len - DATA;
    const isWritable = [la - DATA, end - 1].every((offset) => {
      const page = offset >> 12;
      return offset >= 0 && offset < DATA_SIZE && page !== PAGE_READONLY && page !== PAGE_ABSENT;
    });
    if (!isWritable || view.getUint32(at + CASE.patchLen, true) !== 0) return undefined;
    view.setUint32(at + CASE.patchAt, la, true);
    view.setUint32(at + CASE.patchLen, len, true);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + CASE.patch, len);
  }

  /** Appends an instance of `form`. */
  private add(form: Form): void {
    const { random, mode } = this;
    const encoding = form.encodings[mode];
    if (encoding === undefined) return;
    const traits = traitsOf(form);
    const start = this.code.length;
    this.starts.push(start);
    const isMem =
      encoding.hasModrm &&
      encoding.memory.length > 0 &&
      (encoding.registers.length === 0 || random.chance(this.isSingle ? 50 : 35));
    const isMoffs =
      encoding.escapes.length === 0 && (encoding.opcodes[0] & 0xfc) === 0xa0 && !encoding.vex;
    const addressBits = this.prefixes(form, encoding, traits, isMem || isMoffs);
    let modrm = 0;
    if (encoding.hasModrm) modrm = random.pick(isMem ? encoding.memory : encoding.registers);
    const wrxb = this.head(form, encoding, modrm, isMem);
    const head = this.code.length;
    let target = 0;
    if (isMem) target = this.memory(modrm, encoding, addressBits, wrxb, traits);
    else if (encoding.hasModrm) this.code.push(modrm);
    const tailAt = this.code.length;
    if (isMoffs) target = this.moffs(addressBits);
    else this.immediate(encoding.tail);
    this.fix(form, traits, { isMem, modrm, wrxb, target, tailAt, head });
  }

  /** Legacy prefixes; the address size that results. */
  private prefixes(form: Form, encoding: Encoding, traits: Traits, isMem: boolean): number {
    const { random, mode, code } = this;
    const has67 = encoding.prefixes.includes(0x67);
    const usesAddress = isMem || traits.isString;
    const isOther = !has67 && usesAddress && random.chance(10);
    if (isOther) code.push(0x67);
    if (usesAddress && random.chance(8))
      code.push(
        random.pick(mode === 64 ? [0x65, 0x65, 0x64, 0x2e, 0x36] : [0x26, 0x2e, 0x36, 0x3e, 0x64]),
      );
    if (form.isLockable ? isMem && random.chance(20) : random.chance(0.5)) code.push(0xf0);
    if (traits.isString && random.chance(70)) code.push(random.pick([0xf2, 0xf3]));
    code.push(...encoding.prefixes);
    const is67 = isOther || has67;
    if (mode === 64) return is67 ? 32 : 64;
    return (mode === 32) !== is67 ? 32 : 16;
  }

  /** REX or VEX, and the opcode; the RXB bits as REX has them, VEX.vvvv above. */
  private head(form: Form, encoding: Encoding, modrm: number, isMem: boolean): number {
    const { random, mode, code } = this;
    const { vex, isWide, opcodes, escapes } = encoding;
    const opcode = random.pick(opcodes);
    let rxb = mode === 64 && random.chance(60) ? random.below(8) : 0;
    // Bits that would not be registers, or not be there.
    if (!isMem) rxb &= ~2;
    if (vex === undefined) {
      if (rxb || isWide || (mode === 64 && random.chance(5)))
        code.push(REX | (isWide ? 8 : 0) | rxb);
      code.push(...escapes, opcode);
      return rxb;
    }
    let vvvv = form.usesVvvv || random.chance(1) ? random.below(mode === 64 ? 16 : 8) : 0;
    if (encoding.isVsib && random.chance(90)) {
      // Destination, mask and index have to be three registers.
      rxb = 0;
      vvvv = 8 + ((modrm >> 3) & 3);
      if (mode !== 64) vvvv = ((modrm >> 3) + 1) & 3;
    }
    const low = (isWide ? 0x80 : 0) | ((~vvvv & 15) << 3) | (vex.isLong ? 4 : 0) | vex.pp;
    if (vex.map === 1 && !isWide && (rxb & 3) === 0 && random.chance(50)) {
      code.push(0xc5, (low & 0x7f) | (rxb & 4 ? 0 : 0x80), opcode);
    } else {
      code.push(0xc4, ((~rxb & 7) << 5) | vex.map, low, opcode);
    }
    return rxb | (vvvv << 4);
  }

  private immediate(len: number): void {
    const { random, code } = this;
    const kind = random.below(4);
    if (len === 1 && kind === 0)
      code.push(random.pick([0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 0x7f, 0x80, 0xff]));
    else if (kind < 2) {
      const [low, high] = integer(random);
      for (let i = 0; i < len; i++) code.push(((i < 4 ? low : high) >>> (8 * (i & 3))) & 0xff);
    } else for (let i = 0; i < len; i++) code.push(random.next() & 0xff);
  }

  private moffs(addressBits: number): number {
    const target = pointer(this.random);
    const offset = this.address(target);
    for (let i = 0; i < addressBits / 8; i++)
      this.code.push(Number((offset >> BigInt(8 * i)) & 0xffn));
    return target;
  }

  /** Address for a memory operand. */
  private target(): number {
    const { random } = this;
    if (this.isAtEdge && random.chance(85)) return pointerAtEdge(random);
    if (!this.isSingle && random.chance(85)) {
      const at = this.writable(64);
      return random.chance(60) ? at & ~31 : at;
    }
    return pointer(random);
  }

  /** ModRM for memory, SIB and displacement, with registers that lead to the address returned. */
  private memory(
    modrm: number,
    encoding: Encoding,
    addressBits: number,
    rxb: number,
    traits: Traits,
  ): number {
    const target = this.target();
    if (addressBits === 16) this.memory16(modrm, target);
    else this.memoryWide(modrm, encoding, addressBits, rxb, target);
    if (traits.usesVectors || traits.isX87 || traits.isMmx) this.operand(target, traits);
    return target;
  }

  private memory16(modrm: number, target: number): void {
    const { random, code } = this;
    const mod = random.below(3);
    const rm = random.below(8);
    code.push((modrm & 0x38) | (mod << 6) | rm);
    const offset = (target - DATA) & 0xffff;
    if (mod === 0 && rm === 6) {
      code.push(offset & 0xff, offset >> 8);
      return;
    }
    const disp = mod === 0 ? 0 : mod === 1 ? (random.next() << 24) >> 24 : random.next() & 0xffff;
    const base = [3, 3, 5, 5, 6, 7, 5, 3][rm];
    let rest = offset - disp;
    if (rm < 4) rest -= Number(this.register(rm & 1 ? 7 : 6) & 0xffffn);
    this.setRegister(base, (this.register(base) & 0xffff_0000n) | BigInt(rest & 0xffff));
    for (let i = 0; i < mod; i++) code.push((disp >> (8 * i)) & 0xff);
  }

  private memoryWide(
    modrm: number,
    encoding: Encoding,
    addressBits: number,
    rxb: number,
    target: number,
  ): void {
    const { random, code, mode } = this;
    const isGs = mode === 64 && code.slice(this.starts.at(-1)).includes(0x65);
    const isLast = this.isAtEdge && mode === 64 && random.chance(30);
    const wanted = isLast
      ? lastCanonical(random)
      : this.mode === 16
        ? this.address(target)
        : BigInt(target) - (isGs ? BigInt(GS_BASE) : 0n);
    const mod = this.pinned !== 0 ? random.pick([0, 1, 2, 2, 2, 2]) : random.pick([0, 1, 1, 2]);
    const needsSib = encoding.isVsib || random.chance(40);
    const rm = needsSib ? 4 : random.pick([0, 1, 2, 3, 5, 6, 7]);
    code.push((modrm & 0x38) | (mod << 6) | rm);
    let base = rm | ((rxb & 1) << 3);
    let rest = wanted;
    if (needsSib) {
      const scale = random.below(4);
      const low = random.below(8);
      const index = random.below(8) | ((rxb & 2) << 2);
      code.push((scale << 6) | ((index & 7) << 3) | low);
      base = low | ((rxb & 1) << 3);
      if (encoding.isVsib) this.indices(index);
      else if (index !== 4) rest -= this.index(index, base, addressBits) << BigInt(scale);
      if (low === 5 && mod === 0) return this.displacement(rest, 4);
    } else if (rm === 5 && mod === 0) {
      // The end of the instruction is not known yet: three bytes at most are to follow.
      return this.displacement(mode === 64 ? wanted - BigInt(START + code.length + 4) : wanted, 4);
    }
    const needed = BigInt.asIntN(64, rest - this.register(base));
    if ((this.pinned >> base) & 1 && mod === 2 && BigInt.asIntN(32, needed) === needed)
      return this.displacement(needed, 4);
    const disp = mod === 0 ? 0 : mod === 1 ? (random.next() << 24) >> 24 : random.next() | 0;
    const value = rest - BigInt(disp);
    // Garbage above a 32-bit address must not matter.
    const above = addressBits === 32 && random.chance(50) ? BigInt(random.next()) << 32n : 0n;
    if (this.isSingle || (base !== RSP && !((this.pinned >> base) & 1))) {
      this.setRegister(base, addressBits === 32 ? (value & 0xffff_ffffn) | above : value);
    }
    if (!this.isSingle) this.pinned |= 1 << base;
    if (mod !== 0) this.displacement(BigInt(disp), mod === 1 ? 1 : 4);
  }

  /** Value of an index register; one that is the base too is set to 0 with it, and the address is elsewhere. */
  private index(index: number, base: number, addressBits: number): bigint {
    if (index === base) return 0n;
    if (index !== RSP && this.random.chance(50))
      this.setRegister(index, BigInt(this.random.below(2000) - 1000));
    const value = this.register(index);
    return addressBits === 32 ? value & 0xffff_ffffn : value;
  }

  /** A vector of addresses: offsets mostly within the page. */
  private indices(index: number): void {
    const { view, at, random } = this;
    if (random.chance(10)) return;
    const isWide = random.chance(50);
    for (const from of [at + CASE.fx + FX.xmm, at + CASE.high]) {
      for (let i = 0; i < 16; i += isWide ? 8 : 4) {
        const value = random.below(64) - 32;
        view.setInt32(from + 16 * index + i, value, true);
        if (isWide) view.setInt32(from + 16 * index + i + 4, value >> 31, true);
      }
    }
  }

  private displacement(value: bigint, len: number): void {
    for (let i = 0; i < len; i++) this.code.push(Number((value >> BigInt(8 * i)) & 0xffn));
  }

  /** Contents of a vector or floating-point operand. */
  private operand(target: number, traits: Traits): void {
    const { random } = this;
    const patch = this.patch(target, traits.usesVectors ? 32 : 16);
    if (patch === undefined) return;
    if (!traits.isX87) {
      fillVector(patch, 0, patch.byteLength, random.pick(traits.kinds), random);
      return;
    }
    const kind = random.below(5);
    if (kind === 0) fillVector(patch, 0, 16, "singles", random);
    else if (kind === 1) fillVector(patch, 0, 16, "doubles", random);
    else if (kind === 2) {
      const [se, high, low] = extended(random, "");
      patch.setUint32(0, low, true);
      patch.setUint32(4, high, true);
      patch.setUint16(8, se, true);
    } else if (kind === 3) {
      for (let i = 0; i < 9; i++) patch.setUint8(i, (random.below(10) << 4) | random.below(10));
      patch.setUint8(9, random.next() & 0x80);
    } else {
      patch.setUint16(0, controlWord(random), true);
      patch.setUint16(random.pick([2, 4]), statusWord(random), true);
    }
  }

  /** What some instructions need in their operands to do more than fault. */
  private fix(
    form: Form,
    traits: Traits,
    {
      isMem,
      modrm,
      wrxb,
      target,
      tailAt,
    }: {
      isMem: boolean;
      modrm: number;
      wrxb: number;
      target: number;
      tailAt: number;
      head: number;
    },
  ): void {
    const { random, code } = this;
    const name = form.name.replace(/^VEX_/, "");
    const rm = (modrm & 7) | ((wrxb & 1) << 3);
    const small = () => BigInt(random.below(random.pick([3, 20, 300])));
    if (traits.branch) this.branch(traits, tailAt);
    else if (traits.isString) this.string();
    else if (/^(Call|Jmp)_rm/.test(name)) this.indirect(isMem, rm, target);
    else if (/^(Call|Jmp)_m16|^L[defgs]s_/.test(name)) this.farPointer(target, name);
    else if (traits.isFar) this.direct(tailAt);
    else if (/^Ret[nf]?(w|d|q)?(_|$)|^Iret|^Popf|^Pop[wdq]_[A-Z]S/.test(name)) this.popped(name);
    else if (/^Mov_Sreg/.test(name)) {
      if (!isMem) this.setRegister(rm, BigInt(random.pick(SELECTORS)));
    } else if (/^(Lar|Lsl|Verr|Verw)_/.test(name)) {
      if (!isMem) this.setRegister(rm, BigInt(random.pick(SELECTORS)));
      else this.patch(target, 2)?.setUint16(0, random.pick(SELECTORS), true);
    } else if (/^I?div_/i.test(name) && random.chance(60)) {
      if (random.chance(50)) this.setRegister(2, small());
      else
        this.setRegister(2, BigInt.asUintN(64, BigInt(Number(this.register(0) >> 63n) ? -1 : 0)));
      if (/rm8/.test(name))
        this.setRegister(0, this.register(0) & (random.chance(50) ? 0xfffn : 0x7fn));
    } else if (/^Bt[src]?_rm\\d+_r/.test(name) && isMem && random.chance(70)) {
      this.setRegister(((modrm >> 3) & 7) | ((wrxb & 4) << 1), small());
    } else if (/^Cmpxchg/.test(name)) this.exchange(isMem, rm, target, name);
    else if (name === "Xlat_m8") this.setRegister(3, this.address(this.target()));
    // Which byte faults, and whether an empty mask does, is the processor's choice.
    else if (/^V?maskmov(q|dqu)_/i.test(name)) this.setRegister(7, this.address(this.writable(64)));
    else if (/^(Leave|Enter)/.test(name)) {
      if (random.chance(80)) this.setRegister(5, this.address(this.writable(256)));
      if (/^Enter/.test(name) && random.chance(90)) code[tailAt + 1] = random.below(3);
    } else if (/^(V?ldmxcsr)/i.test(name))
      this.patch(target, 4)?.setUint32(0, random.chance(90) ? mxcsr(random) : random.next(), true);
    else if (/^Fxrstor/.test(name)) {
      const image = this.patch(target, 32);
      image?.setUint16(FX.fcw, controlWord(random), true);
      image?.setUint16(FX.fsw, statusWord(random), true);
      image?.setUint8(FX.ftw, random.next());
      image?.setUint32(FX.mxcsr, random.chance(95) ? mxcsr(random) : random.next(), true);
    } else if (/^Bound/.test(name) && random.chance(60)) {
      const size = /r16/.test(name) ? 2 : 4;
      const bounds = this.patch(target, 8);
      for (let i = 0; i < 2; i++)
        if (size === 2) bounds?.setInt16(2 * i, random.below(0x8000) * (i || -1), true);
        else bounds?.setInt32(4 * i, random.below(0x7fff_ffff) * (i || -1), true);
    }
  }

  /** Displacements of a vector lead to INT3 in the code page; those of a sequence are set when all is written. */
  private branch(traits: Traits, tailAt: number): void {
    const { random, code } = this;
    const len = code.length - tailAt;
    if (!this.isSingle) {
      this.branches.push({ at: tailAt, len, end: code.length });
      return;
    }
    const near = random.pick([0x10, 0x30, 0x70, -0x20, -0x70]);
    if (traits.branch > 1 && random.chance(10)) return;
    const far = len > 1 && random.chance(50) ? near * 14 : near;
    for (let i = 0; i < len; i++) code[tailAt + i] = (far >> (8 * i)) & 0xff;
  }

  private string(): void {
    const { random } = this;
    if (random.chance(90)) this.setRegister(6, this.address(pointer(random)));
    if (random.chance(90)) this.setRegister(7, this.address(pointer(random)));
    if (random.chance(90)) this.setRegister(1, BigInt(random.below(random.pick([3, 40, 700]))));
    // Overlapping and nearly overlapping moves.
    if (random.chance(20)) this.setRegister(7, this.register(6) + BigInt(random.below(40) - 20));
    if (random.chance(30)) this.setRegister(0, 0n);
  }

  /** INT3 somewhere in the code page before the code under test. */
  private landing(size = 4): bigint {
    const { random } = this;
    if (random.chance(5)) return big(integer(random));
    // Code that is not 64-bit must not care for the upper half.
    const above = size === 8 && random.chance(20) ? BigInt(random.next()) << 32n : 0n;
    return above | BigInt((this.mode === 16 ? 0 : CODE) + random.below(0x700));
  }

  private indirect(isMem: boolean, rm: number, target: number): void {
    if (!isMem) this.setRegister(rm, this.landing());
    else this.patch(target, 8)?.setBigUint64(0, this.landing(), true);
  }

  private selector(): number {
    const own = this.mode === 64 ? 0x33 : this.mode === 32 ? 0x23 : 0x07;
    return this.random.chance(60) ? own : this.random.pick(SELECTORS);
  }

  /** A far pointer in memory; LDS and its like load a data segment. */
  private farPointer(target: number, name: string): void {
    const size = /m1616|m16_16|_m1616/.test(name) ? 2 : /1664/.test(name) ? 8 : 4;
    const isData = /^L/.test(name);
    const pointer = this.patch(target, size + 2);
    if (pointer === undefined) return;
    const landing = this.landing(size);
    if (size === 8) pointer.setBigUint64(0, landing, true);
    else
      for (let i = 0; i < size; i++)
        pointer.setUint8(i, Number((landing >> BigInt(8 * i)) & 0xffn));
    pointer.setUint16(size, isData ? this.random.pick(SELECTORS) : this.selector(), true);
  }

  private direct(tailAt: number): void {
    const { code } = this;
    const size = code.length - tailAt - 2;
    const landing = this.landing();
    for (let i = 0; i < size; i++) code[tailAt + i] = Number((landing >> BigInt(8 * i)) & 0xffn);
    const selector = this.selector();
    code[tailAt + size] = selector & 0xff;
    code[tailAt + size + 1] = selector >> 8;
  }

  /** Return addresses, frames, flags or selectors on the stack. */
  private popped(name: string): void {
    const { random, mode } = this;
    const stack = this.writable(96);
    const size = /q(_|$)/.test(name)
      ? 8
      : /w(_|$)/.test(name)
        ? 2
        : /d(_|$)/.test(name)
          ? 4
          : mode / 8;
    const frame = this.patch(stack, 40);
    if (frame === undefined) return;
    this.setRegister(RSP, this.address(stack));
    const flags = BigInt(
      (random.next() & 0x0cd5) | 0x200 | (random.chance(5) ? TF : 0) | (random.chance(10) ? AC : 0),
    );
    let values = [this.landing(/^(Retf|Iret)/.test(name) ? size : 4)];
    if (/^Popf/.test(name)) values = [flags | BigInt(random.next() & 0x7000)];
    else if (/^Pop/.test(name)) values = [BigInt(random.pick(SELECTORS))];
    else if (/^Ret[fn]?/.test(name) && /^Retf/.test(name)) values.push(BigInt(this.selector()));
    else if (/^Iret/.test(name)) {
      values.push(BigInt(this.selector()), flags, this.address(this.writable(64)));
      values.push(BigInt(random.chance(70) ? (mode === 16 ? 0x17 : 0x2b) : random.pick(SELECTORS)));
    }
    values.forEach((value, i) => {
      for (let byte = 0; byte < size; byte++)
        frame.setUint8(i * size + byte, Number((value >> BigInt(8 * byte)) & 0xffn));
    });
  }

  /** Makes the comparison succeed half of the time. */
  private exchange(isMem: boolean, rm: number, target: number, name: string): void {
    const { random } = this;
    if (random.chance(50)) return;
    if (!isMem) {
      this.setRegister(rm, this.register(0));
      return;
    }
    const memory = this.patch(target, 16);
    memory?.setBigUint64(0, this.register(0), true);
    if (/16b/.test(name)) memory?.setBigUint64(8, this.register(2), true);
    else if (/8b/.test(name)) memory?.setUint32(4, Number(this.register(2) & 0xffff_ffffn), true);
  }
}
