/**
 * Remainders and what works on the exponent (SDM vol. 2 FPREM FPREM1 FSCALE FXTRACT; conventions as in f80.ts).
 *
 * FPREM reduces any exponent difference below 64 at once. Beyond that the manual lets a processor take 32 to 63
 * bits a step; this takes, like Intel's, the number between them that is the difference modulo 32.
 */
import { divide128 } from "../base/bits";
import { Cpu } from "../cpu/state";
import {
  BIAS,
  F80,
  f80Denormals,
  f80Invalid,
  f80Round,
  f80Special,
  INTEGER_BIT,
  X87_ZE,
} from "./f80";

/** Result bit of `f80Rem` beside the quotient's low three: the reduction is not complete. */
export const REM_PARTIAL: u32 = 8;
/** Instead of them: the operands have no remainder, or it is not to be given. */
export const REM_NONE: u32 = 16;

/**
 * a - b * q, where q is a / b truncated or, if `isNearest`, rounded to nearest even. Returns q modulo 8 or one
 * of REM_*.
 */
export function f80Rem(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64, isNearest: bool): u32 {
  if (f80Special(cpu, aSe, aSig, bSe, bSig)) return REM_NONE;
  if (F80.isInfinite(aSe, aSig) || bSig == 0) {
    f80Invalid(cpu);
    return REM_NONE;
  }
  if (f80Denormals(cpu, aSe, aSig, bSe, bSig)) return REM_NONE;
  if (aSig == 0) {
    F80.set(cpu, aSe, aSig);
    return 0;
  }
  const sign = aSe & 0x8000;
  const a = F80.normal(aSig);
  const exponent = F80.scale(aSe, aSig);
  if (F80.isInfinite(bSe, bSig)) {
    keep(cpu, aSe, aSig);
    return 0;
  }
  const b = F80.normal(bSig);
  const distance = exponent - F80.scale(bSe, bSig);
  if (distance < 0) {
    // Below b: at most rounding to nearest takes one b away.
    const isUp = isNearest && distance == -1 && a > b;
    if (!isUp) {
      f80Round(cpu, sign, exponent, a, 0, 0);
      return 0;
    }
    roundRemainder(cpu, sign ^ 0x8000, exponent, (b << 1) - a);
    return 1;
  }
  const isPartial = distance >= 64;
  const steps = isPartial ? (distance & 31) | 32 : distance;
  const isAbove = a >= b;
  const rest = isAbove ? a - b : a;
  const low = rest << (<u64>steps);
  const high = steps == 0 ? 0 : rest >> <u64>(64 - steps);
  let quotient = divide128(high, low, b);
  let remainder = low - quotient * b;
  quotient += u64(isAbove) << (<u64>steps);
  if (isPartial) {
    roundRemainder(cpu, sign, exponent - steps, remainder);
    return REM_PARTIAL;
  }
  let negative: u32 = 0;
  if (isNearest) {
    const other = b - remainder;
    if (remainder > other || (remainder == other && (quotient & 1) != 0)) {
      remainder = other;
      quotient++;
      negative = 0x8000;
    }
  }
  roundRemainder(cpu, sign ^ negative, exponent - steps, remainder);
  return <u32>quotient & 7;
}

/** A result that is the operand: a denormal one does not underflow, a pseudo-denormal gets the exponent it stands for. */
function keep(cpu: Cpu, se: u32, sig: u64): void {
  F80.set(cpu, se | u32(F80.exponent(se) == 0 && (sig & INTEGER_BIT) != 0), sig);
}

/** Remainders are exact, but may be denormal; zero keeps the sign of the dividend. */
function roundRemainder(cpu: Cpu, sign: u32, exponent: i32, remainder: u64): void {
  if (remainder == 0) F80.set(cpu, sign, 0);
  else f80Round(cpu, sign, exponent - <i32>clz(remainder), F80.normal(remainder), 0, 0);
}

/** A power of two beyond all exponents. */
const SCALE_LIMIT: i32 = 0x1_0000;

/** a * 2^(b truncated). */
export function f80Scale(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  if (f80Special(cpu, aSe, aSig, bSe, bSig)) return;
  const sign = aSe & 0x8000;
  const isInfiniteA = F80.isInfinite(aSe, aSig);
  const isNegativeB = (bSe & 0x8000) != 0;
  if (F80.isInfinite(bSe, bSig)) {
    if (isNegativeB ? isInfiniteA : aSig == 0) {
      f80Invalid(cpu);
      return;
    }
    if (f80Denormals(cpu, aSe, aSig, 0, 0)) return;
    if (isNegativeB) F80.set(cpu, sign, 0);
    else F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    return;
  }
  if (f80Denormals(cpu, aSe, aSig, bSe, bSig)) return;
  if (isInfiniteA || aSig == 0) {
    F80.set(cpu, aSe, aSig);
    return;
  }
  if (bSig == 0) {
    keep(cpu, aSe, aSig);
    return;
  }
  const magnitude = F80.exponent(bSe) - BIAS;
  let power: i32 = 0;
  if (magnitude >= 16) power = SCALE_LIMIT;
  else if (magnitude >= 0) power = <i32>(bSig >> <u64>(63 - magnitude));
  if (isNegativeB) power = -power;
  f80Round(cpu, sign, F80.scale(aSe, aSig) + power, F80.normal(aSig), 0, 0);
}

/** The exponent of a number as a number; `f80Significand` gives the other half. */
export function f80Exponent(cpu: Cpu, se: u32, sig: u64): void {
  if (f80Special(cpu, se, sig, 0, 0)) return;
  if (sig == 0) {
    F80.signal(cpu, X87_ZE);
    F80.set(cpu, 0xffff, INTEGER_BIT);
    return;
  }
  if (F80.isInfinite(se, sig)) {
    F80.set(cpu, 0x7fff, INTEGER_BIT);
    return;
  }
  if (f80Denormals(cpu, se, sig, 0, 0)) return;
  const value = F80.scale(se, sig) - BIAS;
  if (value == 0) {
    F80.set(cpu, 0, 0);
    return;
  }
  const magnitude = <u64>(value < 0 ? -value : value);
  F80.set(
    cpu,
    (value < 0 ? 0x8000 : 0) | <u32>(BIAS + 63 - <i32>clz(magnitude)),
    F80.normal(magnitude),
  );
}

/** The significand of a number with its sign, in [1, 2); zeros, infinities and NaNs as they are (made quiet). */
export function f80Significand(cpu: Cpu, se: u32, sig: u64): void {
  if (f80Special(cpu, se, sig, 0, 0)) return;
  if (sig == 0 || F80.isInfinite(se, sig)) F80.set(cpu, se, sig);
  else F80.set(cpu, (se & 0x8000) | BIAS, F80.normal(sig));
}
