/**
 * Fused multiply-add of binary32 and binary64: x * y + z with a single rounding, under MXCSR (SDM vol. 1 14.5;
 * IEEE 754-2008 5.4.1). `softMulAdd` does it in integers of 128 bits, with every mode and exception;
 * `fastMulAdd` on the host's arithmetic for plain operands, rounding to nearest:
 *
 *   binary32   the product is exact in binary64; the sum is rounded there to odd (if inexact, the neighbour with
 *              an odd last bit is taken), which a second rounding to 24 bits cannot tell from the exact sum
 *   binary64   the product in two parts (Dekker), the sum in three (Knuth), the lower two of them added with
 *              rounding to odd, then the last rounding (Boldo and Melquiond 2008)
 *
 * Both run on two elements at a time, too: fusedSingles and fusedDoubles.
 *
 * NaNs go through unchanged in sign, the first of x, y, z that is one, made quiet. Zero times infinity is invalid
 * only when z is not a quiet NaN.
 */
import { Cpu } from "../cpu/state";
import { Fast, inexact } from "./fast";
import {
  denormalInput,
  Ieee,
  invalid,
  MXCSR_DAZ,
  mulHigh,
  propagateNaN,
  RC_DOWN,
  roundingControl,
  roundPack,
} from "./ieee754";

/** What is negated before the sum. */
export const NEGATE_ADDEND: u32 = 1;
export const NEGATE_PRODUCT: u32 = 2;

export function softMulAdd(cpu: Cpu, f: u32, x: u64, y: u64, z: u64, negate: u32): u64 {
  if (Ieee.isNaN(f, x) || Ieee.isNaN(f, y) || Ieee.isNaN(f, z)) return nan(cpu, f, x, y, z);
  const mask = Ieee.signMask(f);
  const sign = (x ^ y ^ ((negate & NEGATE_PRODUCT) != 0 ? mask : 0)) & mask;
  if ((negate & NEGATE_ADDEND) != 0) z ^= mask;
  const daz = (cpu.mxcsr & MXCSR_DAZ) != 0;
  const isZero =
    (daz ? Ieee.exponent(f, x) == 0 : Ieee.isZero(f, x)) ||
    (daz ? Ieee.exponent(f, y) == 0 : Ieee.isZero(f, y));
  const isInfinite = Ieee.isInfinite(f, x) || Ieee.isInfinite(f, y);
  if (isInfinite) {
    if (isZero || (Ieee.isInfinite(f, z) && (z & mask) != sign)) return invalid(cpu, f);
  }
  x = denormalInput(cpu, f, x);
  y = denormalInput(cpu, f, y);
  z = denormalInput(cpu, f, z);
  if (isInfinite) return sign | Ieee.infinity(f);
  if (Ieee.isInfinite(f, z)) return z;
  if (isZero) {
    if (Ieee.isZero(f, z)) return (z & mask) == sign ? z : zero(cpu, f);
    return roundPack(cpu, f, z & mask, Ieee.scale(f, z), Ieee.significand(f, z));
  }
  const a = Ieee.significand(f, x);
  const b = Ieee.significand(f, y);
  let exponent = Ieee.scale(f, x) + Ieee.scale(f, y) - Ieee.bias(f) + 1;
  let high = mulHigh(a, b);
  let low = a * b;
  if (<i64>high >= 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponent--;
  }
  if (Ieee.isZero(f, z)) return roundPack(cpu, f, sign, exponent, high | (low != 0 ? 1 : 0));
  return sum(cpu, f, sign, exponent, high, low, z);
}

function nan(cpu: Cpu, f: u32, x: u64, y: u64, z: u64): u64 {
  if (Ieee.isNaN(f, x) || Ieee.isNaN(f, y)) {
    const signalling = Ieee.isSignalling(f, z) ? z : x;
    propagateNaN(cpu, f, signalling, y);
    return propagateNaN(cpu, f, x, y);
  }
  return propagateNaN(cpu, f, z, z);
}

/** Zero as the sum of opposite numbers. */
function zero(cpu: Cpu, f: u32): u64 {
  return roundingControl(cpu) == RC_DOWN ? Ieee.signMask(f) : 0;
}

class Wide {
  /** Lower half of high:low shifted right by 1 to 127, with a sticky bit. */
  // @ts-ignore: decorator
  @inline
  static lowShifted(high: u64, low: u64, count: u64): u64 {
    if (count < 64) {
      return (low >> count) | (high << (64 - count)) | (low << (64 - count) != 0 ? 1 : 0);
    }
    if (count == 64) return high | (low != 0 ? 1 : 0);
    return (high >> (count - 64)) | (high << (128 - count) != 0 || low != 0 ? 1 : 0);
  }
  // @ts-ignore: decorator
  @inline
  static highShifted(high: u64, count: u64): u64 {
    return count < 64 ? high >> count : 0;
  }
}

/** The product high:low, which has bit 127 set, plus z: neither is zero. */
function sum(cpu: Cpu, f: u32, sign: u64, exponent: i32, high: u64, low: u64, z: u64): u64 {
  const isSame = (z & Ieee.signMask(f)) == sign;
  let otherHigh = Ieee.significand(f, z);
  let otherLow: u64 = 0;
  let distance = exponent - Ieee.scale(f, z);
  if (distance < 0 || (distance == 0 && otherHigh > high)) {
    exponent -= distance;
    distance = -distance;
    otherLow = low;
    low = 0;
    const swap = high;
    high = otherHigh;
    otherHigh = swap;
    if (!isSame) sign ^= Ieee.signMask(f);
  }
  // One bit of headroom for the carry: the product has 22 zeros at its end.
  exponent++;
  low = (low >> 1) | (high << 63);
  high >>= 1;
  const count = distance < 126 ? <u64>(distance + 1) : 127;
  otherLow = Wide.lowShifted(otherHigh, otherLow, count);
  otherHigh = Wide.highShifted(otherHigh, count);
  if (isSame) {
    low += otherLow;
    high += otherHigh + u64(low < otherLow);
  } else {
    high -= otherHigh + u64(low < otherLow);
    low -= otherLow;
  }
  if (high == 0) {
    if (low == 0) return zero(cpu, f);
    high = low;
    low = 0;
    exponent -= 64;
  }
  const shift = clz(high);
  if (shift != 0) high = (high << shift) | (low >> (64 - shift));
  return roundPack(cpu, f, sign, exponent - <i32>shift, high | (low << shift != 0 ? 1 : 0));
}

class Odd {
  /** What rounding x + y to s has dropped. */
  // @ts-ignore: decorator
  @inline
  static error(x: f64, y: f64, s: f64): f64 {
    const other = s - x;
    return x - (s - other) + (y - other);
  }
  /** The rounded sum s, whose error is not zero, as rounding to odd gives it. */
  // @ts-ignore: decorator
  @inline
  static toOdd(s: f64, error: f64): f64 {
    const bits = reinterpret<u64>(s);
    if ((bits & 1) != 0) return s;
    return reinterpret<f64>(error > 0 == s > 0 ? bits + 1 : bits - 1);
  }
}

/** x * y + z of single elements: F is f32 or f64. */
export function fastMulAdd<F>(cpu: Cpu, x: u64, y: u64, z: u64, negate: u32): u64 {
  if (Fast.isNearest(cpu)) {
    const r =
      sizeof<F>() == 8 ? fastDouble(cpu, x, y, z, negate) : fastSingle(cpu, x, y, z, negate);
    if (r != ~0) return r;
  }
  return softMulAdd(cpu, Fast.format<F>(), x, y, z, negate);
}

/** ~0: not here. */
function fastSingle(cpu: Cpu, x: u64, y: u64, z: u64, negate: u32): u64 {
  if (!Fast.isPlain<f32>(x) || !Fast.isPlain<f32>(y) || !Fast.isPlain<f32>(z)) return ~0;
  if ((negate & NEGATE_PRODUCT) != 0) x ^= 0x8000_0000;
  if ((negate & NEGATE_ADDEND) != 0) z ^= 0x8000_0000;
  const product = <f64>Fast.float<f32>(x) * <f64>Fast.float<f32>(y);
  const addend = <f64>Fast.float<f32>(z);
  const s = product + addend;
  const error = Odd.error(product, addend, s);
  const r = <f32>(error != 0 ? Odd.toOdd(s, error) : s);
  const bits = Fast.bits<f32>(r);
  if (!Fast.isSafe<f32>(bits)) return s == 0 ? bits : ~0;
  if (error != 0 || <f64>r != s) inexact(cpu);
  return bits;
}

/** How far from 1 exponents may be so that no part of product and sum is too large, or too small to be exact. */
const FACTOR_REACH: u32 = 400;
const ADDEND_REACH: u32 = 900;

class Range {
  // @ts-ignore: decorator
  @inline
  static hasFactor(a: u64): bool {
    return <u32>(Ieee.exponent(1, a) - (1023 - FACTOR_REACH)) <= 2 * FACTOR_REACH;
  }
  // @ts-ignore: decorator
  @inline
  static hasAddend(a: u64): bool {
    const exponent = Ieee.exponent(1, a);
    return <u32>(exponent - (1023 - ADDEND_REACH)) <= 2 * ADDEND_REACH || Ieee.isZero(1, a);
  }
}

/** 2^27 + 1: x times it splits x in two halves. */
const SPLITTER: f64 = 134217729.0;

function fastDouble(cpu: Cpu, a: u64, b: u64, c: u64, negate: u32): u64 {
  if (!Range.hasFactor(a) || !Range.hasFactor(b) || !Range.hasAddend(c)) return ~0;
  const sign = Ieee.signMask(1);
  const x = reinterpret<f64>((negate & NEGATE_PRODUCT) != 0 ? a ^ sign : a);
  const y = reinterpret<f64>(b);
  const z = reinterpret<f64>((negate & NEGATE_ADDEND) != 0 ? c ^ sign : c);
  const product = x * y;
  const xs = x * SPLITTER;
  const ys = y * SPLITTER;
  const x1 = xs - (xs - x);
  const y1 = ys - (ys - y);
  const x2 = x - x1;
  const y2 = y - y1;
  const rest = x2 * y2 - (product - x1 * y1 - x2 * y1 - x1 * y2);
  const middle = z + rest;
  const first = Odd.error(z, rest, middle);
  const upper = product + middle;
  const second = Odd.error(product, middle, upper);
  let lower = first + second;
  const error = Odd.error(first, second, lower);
  if (error != 0) lower = Odd.toOdd(lower, error);
  const r = upper + lower;
  if (error != 0 || Odd.error(upper, lower, r) != 0) inexact(cpu);
  return reinterpret<u64>(r);
}

/** The steps above on two elements. */
class Pair {
  // @ts-ignore: decorator
  @inline
  static error(x: v128, y: v128, s: v128): v128 {
    const other = f64x2.sub(s, x);
    return f64x2.add(f64x2.sub(x, f64x2.sub(s, other)), f64x2.sub(y, other));
  }
  // @ts-ignore: decorator
  @inline
  static isNotZero(x: v128): v128 {
    return f64x2.ne(x, i64x2.splat(0));
  }
  /** `isInexact`: the elements whose error is not zero. */
  // @ts-ignore: decorator
  @inline
  static toOdd(s: v128, error: v128, isInexact: v128): v128 {
    const one = i64x2.splat(1);
    const isEven = i64x2.eq(v128.and(s, one), i64x2.splat(0));
    const zero = i64x2.splat(0);
    // -1 where the error points towards zero, else 1.
    const step = v128.or(v128.xor(f64x2.gt(error, zero), f64x2.gt(s, zero)), one);
    return i64x2.add(s, v128.and(step, v128.and(isEven, isInexact)));
  }
  /** The upper halves of the significands. */
  // @ts-ignore: decorator
  @inline
  static upper(x: v128): v128 {
    const scaled = f64x2.mul(x, f64x2.splat(SPLITTER));
    return f64x2.sub(scaled, f64x2.sub(scaled, x));
  }
}

/** Whether all four are zero or normal. */
function areSinglesPlain(v: v128): bool {
  const magnitude = v128.and(v, i32x4.splat(0x7fff_ffff));
  const isNormal = v128.and(
    i32x4.gt_s(magnitude, i32x4.splat(0x007f_ffff)),
    i32x4.lt_s(magnitude, i32x4.splat(0x7f80_0000)),
  );
  return i32x4.all_true(v128.or(isNormal, i32x4.eq(magnitude, i64x2.splat(0))));
}

/**
 * Four sums x * y + z of binary32 to `to`, rounded to nearest; `signs` are those of the addends to be changed. False
 * when it must be done one by one.
 */
export function fusedSingles(cpu: Cpu, to: usize, x: v128, y: v128, z: v128, signs: v128): bool {
  if (!areSinglesPlain(x) || !areSinglesPlain(y) || !areSinglesPlain(z)) return false;
  z = v128.xor(z, signs);
  const p0 = f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
  const z0 = f64x2.promote_low_f32x4(z);
  const s0 = f64x2.add(p0, z0);
  const error0 = Pair.error(p0, z0, s0);
  let inexact0 = Pair.isNotZero(error0);
  const r0 = f32x4.demote_f64x2_zero(Pair.toOdd(s0, error0, inexact0));
  inexact0 = v128.or(inexact0, f64x2.ne(f64x2.promote_low_f32x4(r0), s0));

  x = v128.shuffle<i64>(x, x, 1, 1);
  y = v128.shuffle<i64>(y, y, 1, 1);
  z = v128.shuffle<i64>(z, z, 1, 1);
  const p1 = f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
  const z1 = f64x2.promote_low_f32x4(z);
  const s1 = f64x2.add(p1, z1);
  const error1 = Pair.error(p1, z1, s1);
  let inexact1 = Pair.isNotZero(error1);
  const r1 = f32x4.demote_f64x2_zero(Pair.toOdd(s1, error1, inexact1));
  inexact1 = v128.or(inexact1, f64x2.ne(f64x2.promote_low_f32x4(r1), s1));

  const result = v128.shuffle<i64>(r0, r1, 0, 2);
  const isInexact = v128.shuffle<i32>(inexact0, inexact1, 0, 2, 4, 6);
  const magnitude = v128.and(result, i32x4.splat(0x7fff_ffff));
  const isNormal = v128.and(
    i32x4.gt_s(magnitude, i32x4.splat(0x00ff_ffff)),
    i32x4.lt_s(magnitude, i32x4.splat(0x7f80_0000)),
  );
  const isZero = v128.andnot(i32x4.eq(magnitude, i64x2.splat(0)), isInexact);
  if (!i32x4.all_true(v128.or(isNormal, isZero))) return false;
  if (v128.any_true(isInexact)) inexact(cpu);
  v128.store(to, result);
  return true;
}

/** Whether the exponents of both are at most `reach` away from that of one. */
function areNear(magnitude: v128, reach: u64): v128 {
  return v128.and(
    i64x2.gt_s(magnitude, i64x2.splat(((1023 - reach) << 52) - 1)),
    i64x2.lt_s(magnitude, i64x2.splat((1023 + reach + 1) << 52)),
  );
}

/** The same of two sums of binary64. */
export function fusedDoubles(cpu: Cpu, to: usize, x: v128, y: v128, z: v128, signs: v128): bool {
  const mask = i64x2.splat(0x7fff_ffff_ffff_ffff);
  const addend = v128.and(z, mask);
  const isPlain = v128.and(
    v128.and(areNear(v128.and(x, mask), FACTOR_REACH), areNear(v128.and(y, mask), FACTOR_REACH)),
    v128.or(areNear(addend, ADDEND_REACH), i64x2.eq(addend, i64x2.splat(0))),
  );
  if (!i64x2.all_true(isPlain)) return false;
  z = v128.xor(z, signs);
  const product = f64x2.mul(x, y);
  const x1 = Pair.upper(x);
  const y1 = Pair.upper(y);
  const x2 = f64x2.sub(x, x1);
  const y2 = f64x2.sub(y, y1);
  let excess = f64x2.sub(product, f64x2.mul(x1, y1));
  excess = f64x2.sub(f64x2.sub(excess, f64x2.mul(x2, y1)), f64x2.mul(x1, y2));
  const rest = f64x2.sub(f64x2.mul(x2, y2), excess);
  const middle = f64x2.add(z, rest);
  const first = Pair.error(z, rest, middle);
  const upper = f64x2.add(product, middle);
  const second = Pair.error(product, middle, upper);
  let lower = f64x2.add(first, second);
  const error = Pair.error(first, second, lower);
  const isInexact = Pair.isNotZero(error);
  lower = Pair.toOdd(lower, error, isInexact);
  const result = f64x2.add(upper, lower);
  const dropped = Pair.isNotZero(Pair.error(upper, lower, result));
  if (v128.any_true(v128.or(isInexact, dropped))) inexact(cpu);
  v128.store(to, result);
  return true;
}
