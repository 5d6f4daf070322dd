/**
 * The transcendental functions of the x87 unit (SDM vol. 1 8.3.7 to 8.3.10, vol. 2 F2XM1 FYL2X FYL2XP1 FPATAN FPTAN
 * FSIN FCOS FSINCOS; conventions as in f80.ts), computed with 128 bits from power series and rounded once.
 * Processors promise an error below one unit in the last place; these results are the nearest ones, and
 * theirs are nearly always the same.
 *
 * Like Intel's, the reduction of angles takes pi as 66 bits, C90FDAA2_2168C234_Ch: sines of large angles
 * are those of a slightly different angle, which programs have come to expect.
 *
 * Slots of wide.ts: 0 operand, 1 argument of the series, 2 its sum, 3 and up results.
 */
import { Cpu } from "../cpu/state";
import {
  BIAS,
  F80,
  f80Denormals,
  f80Invalid,
  f80Round,
  f80Special,
  INTEGER_BIT,
  X87_PE,
  X87_UE,
  X87_ZE,
} from "./f80";
import {
  fractionMul,
  fractionOf,
  fractionSeries,
  Wide,
  wide,
  wideAdd,
  wideAdjust,
  wideDiv,
  wideMul,
  wideRound,
  wideSet,
  wideSub,
} from "./wide";
import { ARC_TANGENTS, FACTORIALS, ODD_RECIPROCALS } from "./wide-tables";

/** The first 128 bits of pi, log2 e and ln 2. */
const PI_HIGH: u64 = 0xc90f_daa2_2168_c234;
const PI_LOW: u64 = 0xc4c6_628b_80dc_1cd1;
const LOG2E_HIGH: u64 = 0xb8aa_3b29_5c17_f0bb;
const LOG2E_LOW: u64 = 0xbe87_fed0_691d_3e88;
const LN2_HIGH: u64 = 0xb172_17f7_d1cf_79ab;
const LN2_LOW: u64 = 0xc9e3_b398_03f2_f6af;

/** Intel's pi / 2 in units of 2^-65. */
const HALF_PI_HIGH: u64 = 0x3;
const HALF_PI_LOW: u64 = 0x243f_6a88_85a3_08d3;

/** Slot `n` = the magnitude of a number that is not zero. */
function widen(cpu: Cpu, n: u32, se: u32, sig: u64): void {
  wideSet(wide(cpu, n), F80.exponent(se) == 0 ? 1 - BIAS : F80.exponent(se) - BIAS, sig, 0);
}

/** Rounds a result that processors report as inexact although it is exact, or exact but for the rounding. */
function roundAsInexact(cpu: Cpu, sign: u32, a: Wide): void {
  f80Round(cpu, sign, a.exponent + BIAS, a.hi, a.lo, 0);
  F80.signal(cpu, X87_PE | (F80.exponent(cpu.f80Se) == 0 ? X87_UE : 0));
}

/** 2^x - 1 for |x| <= 1. */
export function f80Exp2m1(cpu: Cpu, se: u32, sig: u64): void {
  if (f80Special(cpu, se, sig, 0, 0)) return;
  const sign = se & 0x8000;
  if (F80.isInfinite(se, sig)) {
    if (sign == 0) F80.set(cpu, se, sig);
    else F80.set(cpu, 0x8000 | BIAS, INTEGER_BIT);
    return;
  }
  if (f80Denormals(cpu, se, sig, 0, 0)) return;
  if (sig == 0) {
    F80.set(cpu, se, sig);
    return;
  }
  if (F80.exponent(se) >= BIAS) {
    // 2^-1 - 1 = -1/2. Beyond 1 the result is undefined: the operand.
    if (se == (0x8000 | BIAS) && sig == INTEGER_BIT) se--;
    F80.signal(cpu, X87_PE);
    F80.set(cpu, se, sig);
    return;
  }
  const y = wide(cpu, 0);
  widen(cpu, 0, se, sig);
  wideSet(wide(cpu, 1), -1, LN2_HIGH, LN2_LOW);
  wideMul(y, y, wide(cpu, 1));
  fractionOf(wide(cpu, 1), y);
  fractionSeries(wide(cpu, 2), wide(cpu, 1), changetype<usize>(FACTORIALS), 0, 31, 1, sign != 0);
  wideAdjust(y, y, wide(cpu, 2), sign != 0);
  wideRound(cpu, sign, y);
}

/** Slot 3 = 2 * atanh(n / d) * log2 e = log2((d + n) / (d - n)); n in slot 0, d in slot 4, n / d below 0.18. */
function logarithm(cpu: Cpu): void {
  const t = wide(cpu, 3);
  wideDiv(t, wide(cpu, 0), wide(cpu, 4));
  const z = wide(cpu, 1);
  fractionOf(z, t);
  fractionMul(z, z, z);
  fractionSeries(wide(cpu, 2), z, changetype<usize>(ODD_RECIPROCALS), 0, 24, 1, false);
  wideAdjust(t, t, wide(cpu, 2), false);
  wideSet(wide(cpu, 1), 1, LOG2E_HIGH, LOG2E_LOW);
  wideMul(t, t, wide(cpu, 1));
}

/** Significand of the square root of 2, rounded down. */
const SQRT2: u64 = 0xb504_f333_f9de_6484;

/** y times |log2 of slot 6|, y > 0; `sign` is that of y. */
function productWithLog2(cpu: Cpu, sign: u32, ySe: u32, ySig: u64): void {
  const x = wide(cpu, 6);
  if (x.hi == INTEGER_BIT && x.lo == 0) {
    productWithInt(cpu, sign, x.exponent, ySe, ySig);
    return;
  }
  const isNegative = log2Magnitude(cpu);
  finishProduct(cpu, isNegative ? sign ^ 0x8000 : sign, ySe, ySig);
}

/** Slot 3 = |log2 of slot 6|, which is no power of two; true when it is negative. */
function log2Magnitude(cpu: Cpu): bool {
  const m = wide(cpu, 6);
  let power = m.exponent;
  const isAbove = m.hi > SQRT2;
  // x = 2^power * m with m from sqrt(1/2) to sqrt(2).
  if (isAbove) power++;
  m.exponent = isAbove ? -1 : 0;
  const one = wide(cpu, 5);
  wideSet(one, 0, INTEGER_BIT, 0);
  wideAdd(wide(cpu, 4), one, m);
  if (isAbove) wideSub(wide(cpu, 0), one, m);
  else wideSub(wide(cpu, 0), m, one);
  logarithm(cpu);
  const log = wide(cpu, 3);
  if (power == 0) return isAbove;
  const whole = wide(cpu, 4);
  const isNegative = power < 0;
  wideSet(whole, 63, <u64>(isNegative ? -power : power), 0);
  if (isNegative == isAbove) wideAdd(log, whole, log);
  else wideSub(log, whole, log);
  return isNegative;
}

/** y * log2 x. */
export function f80YLog2X(cpu: Cpu, xSe: u32, xSig: u64, ySe: u32, ySig: u64): void {
  if (f80Special(cpu, xSe, xSig, ySe, ySig)) return;
  const isInfiniteY = F80.isInfinite(ySe, ySig);
  const isOne = xSe == BIAS && xSig == INTEGER_BIT;
  const isInfiniteX = F80.isInfinite(xSe, xSig);
  const isNegativeX = (xSe & 0x8000) != 0 && xSig != 0;
  const isProductInvalid = (ySig == 0 && (xSig == 0 || isInfiniteX)) || (isInfiniteY && isOne);
  if (isNegativeX || isProductInvalid) {
    f80Invalid(cpu);
    return;
  }
  const sign = ySe & 0x8000;
  if (xSig == 0 && !isInfiniteY) {
    F80.signal(cpu, X87_ZE);
    F80.set(cpu, (sign ^ 0x8000) | 0x7fff, INTEGER_BIT);
    return;
  }
  if (f80Denormals(cpu, xSe, xSig, ySe, ySig)) return;
  const isBelowOne = F80.exponent(xSe) < BIAS;
  if (isInfiniteY || isInfiniteX) {
    F80.set(cpu, (isBelowOne ? sign ^ 0x8000 : sign) | 0x7fff, INTEGER_BIT);
    return;
  }
  if (ySig == 0 || isOne) {
    F80.set(cpu, isBelowOne ? sign ^ 0x8000 : sign, 0);
    return;
  }
  widen(cpu, 6, xSe, xSig);
  productWithLog2(cpu, sign, ySe, ySig);
}

/** y * n. The logarithm is exact, but processors find it just below where it is negative. */
function productWithInt(cpu: Cpu, sign: u32, n: i32, ySe: u32, ySig: u64): void {
  const isNegative = n < 0;
  const product = wide(cpu, 0);
  wideSet(product, 63, <u64>(isNegative ? -n : n), 0);
  widen(cpu, 1, ySe, ySig);
  wideMul(product, product, wide(cpu, 1));
  if (!isNegative) {
    roundAsInexact(cpu, sign, product);
    return;
  }
  justBelow(product);
  wideRound(cpu, sign ^ 0x8000, product);
}

/** y times slot 3. */
function finishProduct(cpu: Cpu, sign: u32, ySe: u32, ySig: u64): void {
  widen(cpu, 1, ySe, ySig);
  wideMul(wide(cpu, 3), wide(cpu, 3), wide(cpu, 1));
  wideRound(cpu, sign, wide(cpu, 3));
}

/** a minus its last bit. */
function justBelow(a: Wide): void {
  wideSet(a, a.exponent, a.hi - u64(a.lo == 0), a.lo - 1);
}

/**
 * y * log2(1 + x). The manual promises it for |x| <= 1 - sqrt(1/2); like processors this goes on, and gives x itself
 * up to -1.
 */
export function f80YLog2XP1(cpu: Cpu, xSe: u32, xSig: u64, ySe: u32, ySig: u64): void {
  if (f80Special(cpu, xSe, xSig, ySe, ySig)) return;
  const isInfiniteX = F80.isInfinite(xSe, xSig);
  const isInfiniteY = F80.isInfinite(ySe, ySig);
  const sign = (xSe ^ ySe) & 0x8000;
  if ((isInfiniteX && (ySig == 0 || (xSe & 0x8000) != 0)) || (isInfiniteY && xSig == 0)) {
    f80Invalid(cpu);
    return;
  }
  if (f80Denormals(cpu, xSe, xSig, ySe, ySig)) return;
  if (isInfiniteX || isInfiniteY) {
    F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    return;
  }
  if (xSig == 0 || ySig == 0) {
    F80.set(cpu, sign, 0);
    return;
  }
  widen(cpu, 0, xSe, xSig);
  if (F80.exponent(xSe) >= BIAS - 2) {
    farLog2P1(cpu, xSe, xSig, ySe, ySig);
    return;
  }
  // atanh(x / (2 + x))
  wideSet(wide(cpu, 5), 1, INTEGER_BIT, 0);
  if ((xSe & 0x8000) != 0) wideSub(wide(cpu, 4), wide(cpu, 5), wide(cpu, 0));
  else wideAdd(wide(cpu, 4), wide(cpu, 5), wide(cpu, 0));
  logarithm(cpu);
  finishProduct(cpu, sign, ySe, ySig);
}

/** y * log2(1 + x) where 1 + x is not near 1; |x| is in slot 0. */
function farLog2P1(cpu: Cpu, xSe: u32, xSig: u64, ySe: u32, ySig: u64): void {
  const one = wide(cpu, 5);
  wideSet(one, 0, INTEGER_BIT, 0);
  if ((xSe & 0x8000) == 0) wideAdd(wide(cpu, 6), one, wide(cpu, 0));
  else if (F80.exponent(xSe) < BIAS) wideSub(wide(cpu, 6), one, wide(cpu, 0));
  else {
    F80.signal(cpu, X87_PE);
    F80.set(cpu, xSe, xSig);
    return;
  }
  productWithLog2(cpu, ySe & 0x8000, ySe, ySig);
}

/** Slot 3 = atan(a / b), a <= b, both positive: a in slot 0, b in slot 4. */
function arcTangent(cpu: Cpu): void {
  const t = wide(cpu, 3);
  const a = wide(cpu, 0);
  const b = wide(cpu, 4);
  if (a.exponent == b.exponent && a.hi == b.hi) {
    wideSet(t, -1, PI_HIGH, PI_LOW);
    return;
  }
  wideDiv(t, a, b);
  let index: u32 = 0;
  if (t.exponent >= -4) {
    // t = c + d with c = index / 16: atan t = atan c + atan(d / (1 + c t)).
    const f = wide(cpu, 1);
    fractionOf(f, t);
    index = <u32>(f.hi >> 60);
    const c = wide(cpu, 5);
    wideSet(c, 63, <u64>index, 0);
    c.exponent -= 4;
    wideMul(c, c, t);
    wideSet(b, 0, INTEGER_BIT, 0);
    wideAdd(b, b, c);
    f.hi &= ((<u64>1) << 60) - 1;
    if ((f.hi | f.lo) == 0) f.lo = 1;
    wideSet(a, -1, f.hi, f.lo);
    wideDiv(t, a, b);
  }
  const z = wide(cpu, 1);
  fractionOf(z, t);
  fractionMul(z, z, z);
  fractionSeries(wide(cpu, 2), z, changetype<usize>(ODD_RECIPROCALS), 0, 15, 1, true);
  wideAdjust(t, t, wide(cpu, 2), true);
  if (index == 0) return;
  const table = changetype<usize>(ARC_TANGENTS) + (index << 4);
  wideSet(wide(cpu, 5), -1, load<u64>(table, 8), load<u64>(table));
  wideAdd(t, wide(cpu, 5), t);
}

/** The angle of the point (x, y), from -pi to pi. */
export function f80ArcTangent(cpu: Cpu, ySe: u32, ySig: u64, xSe: u32, xSig: u64): void {
  if (f80Special(cpu, ySe, ySig, xSe, xSig)) return;
  if (f80Denormals(cpu, ySe, ySig, xSe, xSig)) return;
  const sign = ySe & 0x8000;
  const isLeft = (xSe & 0x8000) != 0;
  const isInfiniteX = F80.isInfinite(xSe, xSig);
  const isInfiniteY = F80.isInfinite(ySe, ySig);
  const angle = wide(cpu, 3);
  if (isInfiniteX && isInfiniteY) {
    wideSet(angle, -1, PI_HIGH, PI_LOW);
    finishAngle(cpu, sign, false, isLeft);
    return;
  }
  if (ySig == 0 || isInfiniteX) {
    if (isLeft) f80Round(cpu, sign, BIAS + 1, PI_HIGH, PI_LOW, 0);
    else F80.set(cpu, sign, 0);
    return;
  }
  if (xSig == 0 || isInfiniteY) {
    f80Round(cpu, sign, BIAS, PI_HIGH, PI_LOW, 0);
    return;
  }
  widen(cpu, 0, ySe, ySig);
  widen(cpu, 4, xSe, xSig);
  const y = wide(cpu, 0);
  const x = wide(cpu, 4);
  const isSteep = y.exponent > x.exponent || (y.exponent == x.exponent && y.hi > x.hi);
  if (isSteep) {
    widen(cpu, 0, xSe, xSig);
    widen(cpu, 4, ySe, ySig);
  } else if (!isLeft && y.exponent - x.exponent < -40) {
    wideDiv(angle, y, x);
    roundAsInexact(cpu, sign, angle);
    return;
  }
  arcTangent(cpu);
  finishAngle(cpu, sign, isSteep, isLeft);
}

/** Moves the angle in slot 3, 0 to pi / 4, to where the point lies: beyond the diagonal, left of the axis. */
function finishAngle(cpu: Cpu, sign: u32, isSteep: bool, isLeft: bool): void {
  const angle = wide(cpu, 3);
  const base = wide(cpu, 5);
  wideSet(base, isSteep ? 0 : 1, PI_HIGH, PI_LOW);
  if (isSteep && isLeft) wideAdd(angle, base, angle);
  else if (isSteep || isLeft) wideSub(angle, base, angle);
  wideRound(cpu, sign, angle);
}

/** An angle is out of the range of the trigonometric functions: C2. */
export const TRIG_RANGE: u32 = 1;
/** The result is set already (NaN, invalid, or an unmasked denormal). */
export const TRIG_DONE: u32 = 2;
/** Zero: its sine and tangent are itself. */
export const TRIG_ZERO: u32 = 3;
/** Else: these bits and the quadrant in bits 0-1; a negative remainder in bit 2. */
export const TRIG_REDUCED: u32 = 8;

/** Reduces |angle| into slot 0, from 0 to pi / 4; TRIG_*. */
export function f80ReduceAngle(cpu: Cpu, se: u32, sig: u64): u32 {
  if (f80Special(cpu, se, sig, 0, 0)) return TRIG_DONE;
  if (F80.isInfinite(se, sig)) {
    f80Invalid(cpu);
    return TRIG_DONE;
  }
  const exponent = F80.exponent(se) - BIAS;
  if (exponent >= 63) return TRIG_RANGE;
  if (f80Denormals(cpu, se, sig, 0, 0)) return TRIG_DONE;
  if (sig == 0) return TRIG_ZERO;
  if (exponent < -1 || (exponent == -1 && sig <= PI_HIGH)) {
    widen(cpu, 0, se, sig);
    return TRIG_REDUCED;
  }
  // Remainder of sig * 2^(exponent + 2) by pi / 2, bit by bit, in units of 2^-65.
  let high: u64 = 0;
  let low = sig;
  let quotient: u32 = 0;
  for (let i = exponent + 2; i > 0; i--) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    quotient <<= 1;
    if (high > HALF_PI_HIGH || (high == HALF_PI_HIGH && low >= HALF_PI_LOW)) {
      high -= HALF_PI_HIGH + u64(low < HALF_PI_LOW);
      low -= HALF_PI_LOW;
      quotient++;
    }
  }
  const otherLow = HALF_PI_LOW - low;
  const otherHigh = HALF_PI_HIGH - high - u64(HALF_PI_LOW < low);
  let negative: u32 = 0;
  if (high > otherHigh || (high == otherHigh && low > otherLow)) {
    high = otherHigh;
    low = otherLow;
    quotient++;
    negative = 4;
  }
  wideSet(wide(cpu, 0), 62, high, low);
  return TRIG_REDUCED | (quotient & 3) | negative;
}

/** Slot `n` = sine of slot 0. */
function sineOf(cpu: Cpu, n: u32): void {
  squareOf(cpu);
  fractionSeries(wide(cpu, 2), wide(cpu, 1), changetype<usize>(FACTORIALS), 1, 31, 2, true);
  wideAdjust(wide(cpu, n), wide(cpu, 0), wide(cpu, 2), true);
}

/** Slot `n` = cosine of slot 0. */
function cosineOf(cpu: Cpu, n: u32): void {
  squareOf(cpu);
  const f = wide(cpu, 2);
  fractionSeries(f, wide(cpu, 1), changetype<usize>(FACTORIALS), 0, 32, 2, true);
  if ((f.hi | f.lo) == 0) f.lo = 1;
  wideSet(wide(cpu, n), -1, 0 - f.hi - u64(f.lo != 0), 0 - f.lo);
}

/** Slot 1 = square of slot 0 as a fraction. */
function squareOf(cpu: Cpu): void {
  const z = wide(cpu, 1);
  fractionOf(z, wide(cpu, 0));
  fractionMul(z, z, z);
}

/** Angles below 2^-68 are their own sine and tangent, and their cosine is 1. */
const TINY_ANGLE: i32 = -68;

/** Sine of an angle with sign `sign` that f80ReduceAngle has reduced to `reduced`. */
export function f80Sine(cpu: Cpu, sign: u32, reduced: u32): void {
  if (wide(cpu, 0).exponent < TINY_ANGLE) {
    roundAsInexact(cpu, sign, wide(cpu, 0));
    return;
  }
  if ((reduced & 1) != 0) cosineOf(cpu, 3);
  else {
    sineOf(cpu, 3);
    if ((reduced & 4) != 0) sign ^= 0x8000;
  }
  if ((reduced & 2) != 0) sign ^= 0x8000;
  wideRound(cpu, sign, wide(cpu, 3));
}

export function f80Cosine(cpu: Cpu, reduced: u32): void {
  if (wide(cpu, 0).exponent < TINY_ANGLE) {
    F80.signal(cpu, X87_PE);
    F80.set(cpu, BIAS, INTEGER_BIT);
    return;
  }
  let sign: u32 = 0;
  if ((reduced & 1) != 0) {
    sineOf(cpu, 3);
    // cos(pi / 2 + r) = -sin r
    if ((reduced & 4) == 0) sign = 0x8000;
  } else cosineOf(cpu, 3);
  if ((reduced & 2) != 0) sign ^= 0x8000;
  wideRound(cpu, sign, wide(cpu, 3));
}

export function f80Tangent(cpu: Cpu, sign: u32, reduced: u32): void {
  const angle = wide(cpu, 0);
  if (angle.exponent < TINY_ANGLE) {
    roundAsInexact(cpu, sign, angle);
    return;
  }
  if ((reduced & 4) != 0) sign ^= 0x8000;
  if ((reduced & 1) == 0 && angle.exponent < -33) {
    // It is just above the angle, but processors round it as if it were just below.
    justBelow(angle);
    wideRound(cpu, sign, angle);
    return;
  }
  sineOf(cpu, 3);
  cosineOf(cpu, 4);
  if ((reduced & 1) != 0) {
    // tan(pi / 2 + r) = -cos r / sin r
    wideDiv(wide(cpu, 5), wide(cpu, 4), wide(cpu, 3));
    sign ^= 0x8000;
  } else wideDiv(wide(cpu, 5), wide(cpu, 3), wide(cpu, 4));
  wideRound(cpu, sign, wide(cpu, 5));
}
