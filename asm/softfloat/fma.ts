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

/** Exponents with which no part of product and sum can be too large, or too small to be exact. */
class Range {
  // @ts-ignore: decorator
  @inline
  static hasFactor(a: u64): bool {
    return <u32>(Ieee.exponent(1, a) - (1023 - 400)) <= 800;
  }
  // @ts-ignore: decorator
  @inline
  static hasAddend(a: u64): bool {
    return <u32>(Ieee.exponent(1, a) - (1023 - 900)) <= 1800 || Ieee.isZero(1, a);
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
