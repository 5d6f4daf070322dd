/**
 * Fused multiply-add of binary32 and binary64 with one rounding, under MXCSR (SDM vol. 1 14.5, IEEE 754-2008
 * 5.4.1): the product keeps all of its 128 bits until the addend has been added. In the conventions of
 * ieee754.ts, which rounds and reports.
 *
 * The first NaN among the operands comes through, in the order in which the caller names them; a product of zero
 * and infinity is invalid only when no operand is a quiet NaN.
 */
import { Cpu } from "../cpu/state";
import {
  addMagnitudes,
  denormalInput,
  Ieee,
  invalid,
  MXCSR_DAZ,
  MXCSR_IE,
  MXCSR_PE,
  MXCSR_RC,
  mulHigh,
  RC_DOWN,
  roundPack,
  signal,
} from "./ieee754";

/** a * b + c, none of them a NaN. */
export function softFma(cpu: Cpu, f: u32, a: u64, b: u64, c: u64): u64 {
  const mask = Ieee.signMask(f);
  const daz = (cpu.mxcsr & MXCSR_DAZ) != 0;
  const isZeroA = daz ? Ieee.exponent(f, a) == 0 : Ieee.isZero(f, a);
  const isZeroB = daz ? Ieee.exponent(f, b) == 0 : Ieee.isZero(f, b);
  const sign = (a ^ b) & mask;
  const isInfinite = Ieee.isInfinite(f, a) || Ieee.isInfinite(f, b);
  if (isInfinite && (isZeroA || isZeroB)) return invalid(cpu, f);
  if (isInfinite && Ieee.isInfinite(f, c) && (c & mask) != sign) return invalid(cpu, f);
  a = denormalInput(cpu, f, a);
  b = denormalInput(cpu, f, b);
  c = denormalInput(cpu, f, c);
  if (isInfinite) return sign | Ieee.infinity(f);
  if (Ieee.isInfinite(f, c)) return c;
  if (isZeroA || isZeroB) return addMagnitudes(cpu, f, sign, c);
  const x = Ieee.significand(f, a);
  const y = Ieee.significand(f, b);
  // hi:lo / 2^126 * 2^(exponent - bias): the top bit is free for a carry, the low ones of a product are 0.
  let exponent = Ieee.scale(f, a) + Ieee.scale(f, b) - Ieee.bias(f) + 1;
  let hi = mulHigh(x, y);
  let lo = x * y;
  if (<i64>hi >= 0) {
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
    exponent--;
  }
  if (Ieee.isZero(f, c)) return roundPack(cpu, f, sign, exponent, hi | u64(lo != 0));
  lo = (lo >> 1) | (hi << 63);
  hi >>= 1;
  return addProduct(cpu, f, sign, exponent, hi, lo, c);
}

/** Rounds (-1)^sign * hi:lo / 2^126 * 2^(exponent - bias) + c; neither is zero. */
function addProduct(cpu: Cpu, f: u32, sign: u64, exponent: i32, hi: u64, lo: u64, c: u64): u64 {
  const mask = Ieee.signMask(f);
  let hiC = Ieee.significand(f, c) >> 1;
  let loC: u64 = 0;
  const scaleC = Ieee.scale(f, c);
  const isLess = exponent < scaleC || (exponent == scaleC && hi < hiC);
  const signC = c & mask;
  let distance = exponent - scaleC;
  if (isLess) {
    // The larger goes first.
    const swapHi = hi;
    const swapLo = lo;
    hi = hiC;
    lo = loC;
    hiC = swapHi;
    loC = swapLo;
    distance = -distance;
    exponent = scaleC;
  }
  const isDifferent = signC != sign;
  const result = isLess ? signC : sign;
  const n = <u32>distance;
  if (n >= 127) {
    loC = 1;
    hiC = 0;
  } else if (n >= 64) {
    const lost = loC | (n > 64 ? hiC << (<u64>(128 - n)) : 0);
    loC = (hiC >> <u64>(n - 64)) | u64(lost != 0);
    hiC = 0;
  } else if (n != 0) {
    const lost = loC << (<u64>(64 - n));
    loC = (loC >> <u64>n) | (hiC << (<u64>(64 - n))) | u64(lost != 0);
    hiC >>= <u64>n;
  }
  let sumLo: u64;
  let sumHi: u64;
  if (isDifferent) {
    sumLo = lo - loC;
    sumHi = hi - hiC - u64(lo < loC);
  } else {
    sumLo = lo + loC;
    sumHi = hi + hiC + u64(sumLo < lo);
  }
  if ((sumHi | sumLo) == 0) return (cpu.mxcsr & MXCSR_RC) >> 13 == RC_DOWN ? mask : 0;
  exponent++;
  if (sumHi == 0) {
    sumHi = sumLo;
    sumLo = 0;
    exponent -= 64;
  }
  const shift = clz(sumHi);
  if (shift != 0) {
    sumHi = (sumHi << shift) | (sumLo >> (64 - shift));
    sumLo <<= shift;
  }
  return roundPack(cpu, f, result, exponent - <i32>shift, sumHi | u64(sumLo != 0));
}

/** The result when one of x, y, z is a NaN: the first that is one, made quiet. */
export function propagateOfThree(cpu: Cpu, f: u32, x: u64, y: u64, z: u64): u64 {
  if (Ieee.isSignalling(f, x) || Ieee.isSignalling(f, y) || Ieee.isSignalling(f, z))
    signal(cpu, MXCSR_IE);
  return (Ieee.isNaN(f, x) ? x : Ieee.isNaN(f, y) ? y : z) | Ieee.quietBit(f);
}

/**
 * softFma of binary32 on the host's binary64, where the product is exact: when the sum is exact, too, one rounding
 * is left. Everything that is not plain, or not rounded to nearest, is left to softFma.
 */
export function fastFma32(cpu: Cpu, a: u32, b: u32, c: u32): u64 {
  if ((cpu.mxcsr & MXCSR_RC) == 0 && isPlain(a) && isPlain(b) && isPlain(c)) {
    const product = <f64>reinterpret<f32>(a) * <f64>reinterpret<f32>(b);
    const addend = <f64>reinterpret<f32>(c);
    const sum = product + addend;
    // Knuth's TwoSum: the error of the sum.
    const t = sum - product;
    const error = product - (sum - t) + (addend - t);
    const result = <f32>sum;
    const bits = reinterpret<u32>(result);
    if (error == 0 && ((bits >> 23) & 0xff) - 2 < 0xfc) {
      if (<f64>result != sum) cpu.simdFlags |= MXCSR_PE;
      return bits;
    }
  }
  return softFma(cpu, 0, a, b, c);
}

/** Zero or normal. */
function isPlain(a: u32): bool {
  return ((a >> 23) & 0xff) - 1 < 0xfe || a << 1 == 0;
}
