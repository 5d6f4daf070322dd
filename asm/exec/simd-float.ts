/**
 * SSE floating point (SDM vol. 1 chapters 10.2, 11.5; vol. 2 chapter 4) under MXCSR: packed, scalar,
 * horizontal and dot product arithmetic, minimum and maximum, comparisons, rounding.
 *
 * Every instruction collects its exceptions in cpu.simdFlags over all elements; `settle` then makes them
 * sticky in MXCSR or, when one is unmasked, raises #XM (#UD while CR4.OSXMMEXCPT = 0) and the destination
 * stays as it was. Packed arithmetic runs on the wasm vector when nothing but PE can be raised and PE is
 * set already; else element by element through softfloat/fast.ts, which falls back to softfloat/ieee754.ts.
 *
 * wasm may change NaNs in arithmetic: no result that is one is taken from it. Its pmin and pmax are
 * selections, bit-exact, and x86's MIN and MAX with the operands exchanged.
 */
import { raise, raiseUD, Vector } from "../cpu/fault";
import { CR4_OSXMMEXCPT } from "../cpu/modes";
import { RFLAGS_CF, RFLAGS_PF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { fastAdd, fastDiv, fastMul, fastRoundIntegral, fastSqrt, fastSub } from "../softfloat/fast";
import {
  EQUAL,
  LESS,
  MXCSR_DAZ,
  MXCSR_DE,
  MXCSR_IE,
  MXCSR_PE,
  MXCSR_PM,
  MXCSR_RC,
  MXCSR_ZE,
  softCompare,
  UNORDERED,
} from "../softfloat/ieee754";
import { reciprocal, reciprocalRoot } from "../softfloat/reciprocal";
import { source32, source64, source128, Xmm } from "./simd-operand";

/** Operations of the regular block, (op - SQRTPS) / 4. */
const SQRT: u32 = 0;
const ADD: u32 = 1;
const MUL: u32 = 2;
const SUB: u32 = 3;
const MIN: u32 = 4;
const DIV: u32 = 5;
const MAX: u32 = 6;
export const CMP: u32 = 7;
const ROUND: u32 = 8;

/** Exceptions found in the operands, before anything is computed. */
const BEFORE: u32 = MXCSR_IE | MXCSR_DE | MXCSR_ZE;

/**
 * Ends a float instruction: true when its result may be written. When an exception of the operands is
 * unmasked nothing was computed, and those of the results are not reported.
 */
export function settle(cpu: Cpu): bool {
  const flags = cpu.simdFlags;
  if (flags == 0) return true;
  const unmasked = flags & ~(cpu.mxcsr >> 7);
  if (unmasked == 0) {
    cpu.mxcsr |= flags;
    return true;
  }
  cpu.mxcsr |= (unmasked & BEFORE) != 0 ? flags & BEFORE : flags;
  if ((cpu.cr4 & CR4_OSXMMEXCPT) != 0) raise(cpu, Vector.XM);
  else raiseUD(cpu);
  return false;
}

export function execSimdFloat(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  let imm = <u32>insn.imm & 0xff;
  if (op < <u32>Simd.HADDPS) {
    const kind = (op - Simd.SQRTPS) >> 2;
    if (kind == CMP) imm &= 7;
    switch (op & 3) {
      case 0: {
        const b = source128(cpu, insn);
        if (cpu.fault != 0) return 0;
        return put(cpu, insn, packed<f32, i32>(cpu, kind, Xmm.get(cpu, insn.r), b, imm));
      }
      case 1: {
        const b = source128(cpu, insn);
        if (cpu.fault != 0) return 0;
        return put(cpu, insn, packed<f64, i64>(cpu, kind, Xmm.get(cpu, insn.r), b, imm));
      }
      case 2: {
        const b = <u64>source32(cpu, insn);
        if (cpu.fault != 0) return 0;
        const at = xmm(cpu, insn.r);
        const result = scalar<f32, i32>(cpu, kind, load<u32>(at), b, imm);
        if (settle(cpu)) store<u32>(at, <u32>result);
        return 0;
      }
      default: {
        const b = source64(cpu, insn);
        if (cpu.fault != 0) return 0;
        const at = xmm(cpu, insn.r);
        const result = scalar<f64, i64>(cpu, kind, load<u64>(at), b, imm);
        if (settle(cpu)) store<u64>(at, result);
        return 0;
      }
    }
  }
  switch (op) {
    case Simd.UCOMISS:
    case Simd.COMISS:
    case Simd.UCOMISD:
    case Simd.COMISD:
      return compareToFlags(cpu, insn, op);
    case Simd.RSQRTSS:
    case Simd.RCPSS: {
      const b = source32(cpu, insn);
      if (cpu.fault != 0) return 0;
      store<u32>(xmm(cpu, insn.r), approximate(cpu, op, b));
      return 0;
    }
  }
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  return put(cpu, insn, simdFloatOther(cpu, op, Xmm.get(cpu, insn.r), b, imm));
}

/** Writes V unless an exception is unmasked. */
function put(cpu: Cpu, insn: Insn, value: v128): u32 {
  if (settle(cpu)) Xmm.set(cpu, insn.r, value);
  return 0;
}

/** f(a, b, imm8) of the packed operations outside the regular block. */
export function simdFloatOther(cpu: Cpu, op: u32, a: v128, b: v128, imm: u32): v128 {
  switch (op) {
    case Simd.HADDPS:
      return packed<f32, i32>(cpu, ADD, evenSingles(a, b), oddSingles(a, b), 0);
    case Simd.HSUBPS:
      return packed<f32, i32>(cpu, SUB, evenSingles(a, b), oddSingles(a, b), 0);
    case Simd.HADDPD:
      return packed<f64, i64>(cpu, ADD, evenDoubles(a, b), oddDoubles(a, b), 0);
    case Simd.HSUBPD:
      return packed<f64, i64>(cpu, SUB, evenDoubles(a, b), oddDoubles(a, b), 0);
    case Simd.ADDSUBPS:
      return addSubSingles(cpu, a, b);
    case Simd.ADDSUBPD:
      return Xmm.make(
        fastSub<f64>(cpu, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)),
        fastAdd<f64>(cpu, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)),
      );
    case Simd.DPPS:
      return dotSingles(cpu, a, b, imm);
    case Simd.DPPD:
      return dotDoubles(cpu, a, b, imm);
    case Simd.RCPPS:
    case Simd.RSQRTPS: {
      let r = i32x4.splat(approximate(cpu, op, i32x4.extract_lane(b, 0)));
      r = i32x4.replace_lane(r, 1, approximate(cpu, op, i32x4.extract_lane(b, 1)));
      r = i32x4.replace_lane(r, 2, approximate(cpu, op, i32x4.extract_lane(b, 2)));
      return i32x4.replace_lane(r, 3, approximate(cpu, op, i32x4.extract_lane(b, 3)));
    }
  }
  return a;
}

function evenSingles(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}
function oddSingles(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}
function evenDoubles(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}
function oddDoubles(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

function addSubSingles(cpu: Cpu, a: v128, b: v128): v128 {
  const sub = packed<f32, i32>(cpu, SUB, evenSingles(a, a), evenSingles(b, b), 0);
  const add = packed<f32, i32>(cpu, ADD, oddSingles(a, a), oddSingles(b, b), 0);
  return v128.shuffle<i32>(sub, add, 0, 4, 1, 5);
}

/**
 * DPPS. Every element of the result is computed, then imm8[3:0] chooses those that are kept: in each the
 * pairs are added with the neighbour first, which only shows in which of several NaNs comes through.
 */
function dotSingles(cpu: Cpu, a: v128, b: v128, imm: u32): v128 {
  const products = dotProducts(cpu, a, b, imm);
  if (!nextStep(cpu)) return a;
  const pairs = dotPairs(cpu, products);
  if (!nextStep(cpu)) return a;
  return dotSums(cpu, pairs, imm);
}

/** The first step of DPPS. */
export function dotProducts(cpu: Cpu, a: v128, b: v128, imm: u32): v128 {
  const bits = i32x4(1, 2, 4, 8);
  const chosen = i32x4.eq(v128.and(i32x4.splat(imm >> 4), bits), bits);
  return packed<f32, i32>(cpu, MUL, v128.and(a, chosen), v128.and(b, chosen), 0);
}
/** The second step of DPPS. */
export function dotPairs(cpu: Cpu, p: v128): v128 {
  return packed<f32, i32>(cpu, ADD, v128.shuffle<i32>(p, p, 1, 0, 3, 2), p, 0);
}
/** The last step of DPPS. */
export function dotSums(cpu: Cpu, pairs: v128, imm: u32): v128 {
  const bits = i32x4(1, 2, 4, 8);
  const sums = packed<f32, i32>(cpu, ADD, pairs, v128.shuffle<i32>(pairs, pairs, 2, 3, 0, 1), 0);
  return v128.and(sums, i32x4.eq(v128.and(i32x4.splat(imm), bits), bits));
}

function dotDoubles(cpu: Cpu, a: v128, b: v128, imm: u32): v128 {
  const bits = i64x2(1, 2);
  const chosen = i64x2.eq(v128.and(i64x2.splat(imm >> 4), bits), bits);
  const p = packed<f64, i64>(cpu, MUL, v128.and(a, chosen), v128.and(b, chosen), 0);
  if (!nextStep(cpu)) return a;
  const sums = packed<f64, i64>(cpu, ADD, p, v128.shuffle<i64>(p, p, 1, 0), 0);
  return v128.and(sums, i64x2.eq(v128.and(i64x2.splat(imm), bits), bits));
}

/**
 * Between the steps of a dot product: an unmasked exception keeps the following ones from happening, and
 * what a finished step found stays in MXCSR whatever they find.
 */
export function nextStep(cpu: Cpu): bool {
  if ((cpu.simdFlags & ~(cpu.mxcsr >> 7)) != 0) return false;
  cpu.mxcsr |= cpu.simdFlags;
  cpu.simdFlags = 0;
  return true;
}

export function approximate(cpu: Cpu, op: u32, a: u32): u32 {
  return op == Simd.RCPPS || op == Simd.RCPSS ? reciprocal(a) : reciprocalRoot(a);
}

/** UCOMISx and COMISx: ZF PF CF = 111 unordered, 000 greater, 001 less, 100 equal; OF AF SF cleared. */
function compareToFlags(cpu: Cpu, insn: Insn, op: u32): u32 {
  const isSignalling = op == Simd.COMISS || op == Simd.COMISD;
  let relation: u32;
  if (op == Simd.COMISS || op == Simd.UCOMISS) {
    const b = <u64>source32(cpu, insn);
    if (cpu.fault != 0) return 0;
    relation = softCompare(cpu, 0, load<u32>(xmm(cpu, insn.r)), b, isSignalling);
  } else {
    const b = source64(cpu, insn);
    if (cpu.fault != 0) return 0;
    relation = softCompare(cpu, 1, Xmm.low(cpu, insn.r), b, isSignalling);
  }
  if (!settle(cpu)) return 0;
  let flags: u32 = 0;
  if (relation == UNORDERED) flags = RFLAGS_ZF | RFLAGS_PF | RFLAGS_CF;
  else if (relation == LESS) flags = RFLAGS_CF;
  else if (relation == EQUAL) flags = RFLAGS_ZF;
  setArith(cpu, flags);
  return 0;
}

/** One element of the arithmetic and rounding operations. */
function element<F>(cpu: Cpu, kind: u32, a: u64, b: u64, imm: u32): u64 {
  switch (kind) {
    case SQRT:
      return fastSqrt<F>(cpu, b);
    case ADD:
      return fastAdd<F>(cpu, a, b);
    case MUL:
      return fastMul<F>(cpu, a, b);
    case SUB:
      return fastSub<F>(cpu, a, b);
    case DIV:
      return fastDiv<F>(cpu, a, b);
    default: {
      const rc = (imm & 4) != 0 ? (cpu.mxcsr & MXCSR_RC) >> 13 : imm & 3;
      return fastRoundIntegral<F>(cpu, b, rc, (imm & 8) != 0);
    }
  }
}

/** One operation of the regular block on scalars. F and I are f32 and i32 or f64 and i64. */
export function scalar<F, I>(cpu: Cpu, kind: u32, a: u64, b: u64, imm: u32): u64 {
  if (kind == MIN || kind == MAX || kind == CMP) {
    // Zeros in the upper elements raise nothing.
    const r = selection<F, I>(cpu, kind, Xmm.make(a, 0), Xmm.make(b, 0), imm);
    return i64x2.extract_lane(r, 0);
  }
  return element<F>(cpu, kind, a, b, imm);
}

/** The same on whole vectors: exported for the forms with separate operands. */
export function packed<F, I>(cpu: Cpu, kind: u32, a: v128, b: v128, imm: u32): v128 {
  if (kind == MIN || kind == MAX || kind == CMP) return selection<F, I>(cpu, kind, a, b, imm);
  if (kind != ROUND && (cpu.mxcsr & (MXCSR_RC | MXCSR_PE | MXCSR_PM)) == (MXCSR_PE | MXCSR_PM)) {
    const r = arithmetic<F>(kind, a, b);
    if (isOrdinary<I>(kind, a, b, r)) return r;
  }
  if (sizeof<F>() == 8) {
    return Xmm.make(
      element<F>(cpu, kind, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0), imm),
      element<F>(cpu, kind, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1), imm),
    );
  }
  const a0: u64 = i64x2.extract_lane(a, 0);
  const a1: u64 = i64x2.extract_lane(a, 1);
  const b0: u64 = i64x2.extract_lane(b, 0);
  const b1: u64 = i64x2.extract_lane(b, 1);
  return Xmm.make(
    element<F>(cpu, kind, a0 & 0xffff_ffff, b0 & 0xffff_ffff, imm) |
      (element<F>(cpu, kind, a0 >> 32, b0 >> 32, imm) << 32),
    element<F>(cpu, kind, a1 & 0xffff_ffff, b1 & 0xffff_ffff, imm) |
      (element<F>(cpu, kind, a1 >> 32, b1 >> 32, imm) << 32),
  );
}

function arithmetic<F>(kind: u32, a: v128, b: v128): v128 {
  switch (kind) {
    case SQRT:
      return v128.sqrt<F>(b);
    case ADD:
      return v128.add<F>(a, b);
    case MUL:
      return v128.mul<F>(a, b);
    case SUB:
      return v128.sub<F>(a, b);
    default:
      return v128.div<F>(a, b);
  }
}

/** Masks of the elements' classes. */
class Lanes {
  // @ts-ignore: decorator
  @inline
  static splat<I>(single: u32, double: u64): v128 {
    return sizeof<I>() == 8 ? i64x2.splat(double) : i32x4.splat(single);
  }
  // @ts-ignore: decorator
  @inline
  static infinity<I>(): v128 {
    return Lanes.splat<I>(0x7f80_0000, 0x7ff0_0000_0000_0000);
  }
  // @ts-ignore: decorator
  @inline
  static leastNormal<I>(): v128 {
    return Lanes.splat<I>(0x0080_0000, 0x0010_0000_0000_0000);
  }
  // @ts-ignore: decorator
  @inline
  static magnitude<I>(v: v128): v128 {
    return v128.and(v, Lanes.splat<I>(0x7fff_ffff, 0x7fff_ffff_ffff_ffff));
  }
  // @ts-ignore: decorator
  @inline
  static isZero<I>(magnitude: v128): v128 {
    return v128.eq<I>(magnitude, i64x2.splat(0));
  }
  // @ts-ignore: decorator
  @inline
  static isNaN<I>(magnitude: v128): v128 {
    return v128.gt<I>(magnitude, Lanes.infinity<I>());
  }
  // @ts-ignore: decorator
  @inline
  static isDenormal<I>(magnitude: v128): v128 {
    return v128.and(
      v128.gt<I>(magnitude, i64x2.splat(0)),
      v128.lt<I>(magnitude, Lanes.leastNormal<I>()),
    );
  }
  // @ts-ignore: decorator
  @inline
  static isQuiet<I>(v: v128): v128 {
    const bit = Lanes.splat<I>(0x0040_0000, 0x0008_0000_0000_0000);
    return v128.eq<I>(v128.and(v, bit), bit);
  }
}

/**
 * Whether r = f(a, b) can have raised no exception but PE. A finite normal result comes of finite
 * operands; it is not tiny when it lies above twice the least normal number. Sums are exact when they
 * are zero; products, quotients and roots must have a zero operand to be.
 */
function isOrdinary<I>(kind: u32, a: v128, b: v128, r: v128): bool {
  const x = Lanes.magnitude<I>(a);
  const y = Lanes.magnitude<I>(b);
  const z = Lanes.magnitude<I>(r);
  let denormal = Lanes.isDenormal<I>(y);
  let zero = Lanes.isZero<I>(z);
  if (kind != SQRT) denormal = v128.or(denormal, Lanes.isDenormal<I>(x));
  if (v128.any_true(denormal)) return false;
  if (kind == MUL) {
    zero = v128.and(zero, v128.or(Lanes.isZero<I>(x), Lanes.isZero<I>(y)));
  } else if (kind == DIV) {
    zero = v128.and(zero, Lanes.isZero<I>(x));
  }
  const normal = v128.and(
    v128.lt<I>(z, Lanes.infinity<I>()),
    v128.gt<I>(z, Lanes.splat<I>(0x00ff_ffff, 0x001f_ffff_ffff_ffff)),
  );
  return v128.all_true<I>(v128.or(normal, zero));
}

/** MIN, MAX and CMP, which select and never round. */
function selection<F, I>(cpu: Cpu, kind: u32, a: v128, b: v128, imm: u32): v128 {
  const x = Lanes.magnitude<I>(a);
  const y = Lanes.magnitude<I>(b);
  const nan = v128.or(Lanes.isNaN<I>(x), Lanes.isNaN<I>(y));
  const denormalA = Lanes.isDenormal<I>(x);
  const denormalB = Lanes.isDenormal<I>(y);
  if (v128.any_true(nan)) {
    // Predicates 1, 2, 5, 6, 9, A, D, E complain about quiet NaNs too; from 10h on the others do.
    const isSignalling = kind != CMP || (((0x6666 >> (imm & 15)) ^ (imm >> 4)) & 1) != 0;
    const quiet = v128.and(
      v128.or(Lanes.isQuiet<I>(a), v128.not(Lanes.isNaN<I>(x))),
      v128.or(Lanes.isQuiet<I>(b), v128.not(Lanes.isNaN<I>(y))),
    );
    if (isSignalling || !v128.all_true<I>(quiet)) cpu.simdFlags |= MXCSR_IE;
  }
  const denormal = v128.or(denormalA, denormalB);
  if (v128.any_true(denormal)) {
    if ((cpu.mxcsr & MXCSR_DAZ) != 0) {
      a = v128.andnot(a, v128.and(denormalA, x));
      b = v128.andnot(b, v128.and(denormalB, y));
    } else if (v128.any_true(v128.andnot(denormal, nan))) {
      cpu.simdFlags |= MXCSR_DE;
    }
  }
  if (kind == MIN) return v128.pmin<F>(b, a);
  if (kind == MAX) return v128.pmax<F>(b, a);
  return compare<F>(a, b, imm);
}

/**
 * CMPxx: each predicate is a set of the four relations, bit 0 less, 1 equal, 2 greater, 3 unordered.
 * Legacy instructions have the first eight; 10h-1Fh differ from 0-Fh only in what they signal.
 */
function compare<F>(a: v128, b: v128, imm: u32): v128 {
  // EQ LT LE UNORD NEQ NLT NLE ORD EQ_UQ NGE NGT FALSE NEQ_OQ GE GT TRUE, from the low nibble up
  const relations = <u32>(<u64>0xf465_0b9a_7ced_8312 >> <u64>((imm & 15) << 2)) & 15;
  let r = i64x2.splat(0);
  if ((relations & 1) != 0) r = v128.or(r, v128.lt<F>(a, b));
  if ((relations & 2) != 0) r = v128.or(r, v128.eq<F>(a, b));
  if ((relations & 4) != 0) r = v128.or(r, v128.gt<F>(a, b));
  if ((relations & 8) != 0) r = v128.or(r, v128.or(v128.ne<F>(a, a), v128.ne<F>(b, b)));
  return r;
}
