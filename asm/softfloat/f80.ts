/**
 * The 80-bit double extended-precision format and its basic arithmetic (SDM vol. 1 4.2, 4.8, 4.9, 8.1.5, 8.5):
 * add, subtract, multiply, divide, square root, compare, under the rounding and precision control of FCW.
 *
 *   value = (-1)^sign * 2^(exponent - 16383) * significand / 2^63     integer bit 63 is explicit
 *
 * A number travels as `se` (exponent in bits 0-14, sign in bit 15) and `sig`; results come back in cpu.f80Se
 * and cpu.f80Sig. What is raised is collected in cpu.x87Flags in FSW's bits, with C1 for "rounded up".
 * Formats that lost their meaning with the 387 (unnormals, pseudo-infinities, pseudo-NaNs) are invalid
 * operands; pseudo-denormals are denormals. Tininess is detected after rounding.
 *
 * An unmasked invalid operation, division by zero or denormal operand leaves no result: the caller looks at
 * the flags (exec/x87-state.ts). Unmasked overflow and underflow give the result with its exponent wrapped
 * by 3 * 2^13; if that is not enough (FSCALE), infinity or zero.
 */
import { divide128, mulHigh } from "../base/bits";
import { Cpu } from "../cpu/state";
import { EQUAL, GREATER, LESS, RC_DOWN, RC_NEAREST, RC_UP, UNORDERED } from "./ieee754";

export const X87_IE: u32 = 1 << 0;
export const X87_DE: u32 = 1 << 1;
export const X87_ZE: u32 = 1 << 2;
export const X87_OE: u32 = 1 << 3;
export const X87_UE: u32 = 1 << 4;
export const X87_PE: u32 = 1 << 5;
export const X87_SF: u32 = 1 << 6;
export const X87_C1: u32 = 1 << 9;
/** Beside FSW's bits: an operand was a denormal of 32 or 64 bits, which a widened copy no longer shows. */
export const X87_DENORMAL_SOURCE: u32 = 1 << 16;

export const INTEGER_BIT: u64 = 0x8000_0000_0000_0000;
const QUIET_BIT: u64 = 0x4000_0000_0000_0000;
export const BIAS: i32 = 16383;
/** What wraps the exponent of an overflowed or underflowed result when that is not masked. */
const EXPONENT_WRAP: i32 = 24576;

export class F80 {
  // @ts-ignore: decorator
  @inline
  static exponent(se: u32): i32 {
    return se & 0x7fff;
  }
  // @ts-ignore: decorator
  @inline
  static isUnsupported(se: u32, sig: u64): bool {
    return <i64>sig >= 0 && (se & 0x7fff) != 0;
  }
  /** Not for unsupported formats. */
  // @ts-ignore: decorator
  @inline
  static isNaN(se: u32, sig: u64): bool {
    return (se & 0x7fff) == 0x7fff && sig != INTEGER_BIT;
  }
  // @ts-ignore: decorator
  @inline
  static isSignalling(se: u32, sig: u64): bool {
    return F80.isNaN(se, sig) && (sig & QUIET_BIT) == 0;
  }
  // @ts-ignore: decorator
  @inline
  static isInfinite(se: u32, sig: u64): bool {
    return (se & 0x7fff) == 0x7fff && sig == INTEGER_BIT;
  }
  // @ts-ignore: decorator
  @inline
  static isDenormal(se: u32, sig: u64): bool {
    return (se & 0x7fff) == 0 && sig != 0;
  }
  /** The biased exponent of a number that is not zero, as if it were normal: below 1 for denormals. */
  // @ts-ignore: decorator
  @inline
  static scale(se: u32, sig: u64): i32 {
    const exponent = F80.exponent(se);
    return (exponent == 0 ? 1 : exponent) - <i32>clz(sig);
  }
  // @ts-ignore: decorator
  @inline
  static normal(sig: u64): u64 {
    return sig << clz(sig);
  }
  /** Rounding control of FCW: RC_*. */
  // @ts-ignore: decorator
  @inline
  static rounding(cpu: Cpu): u32 {
    return (cpu.fcw >> 10) & 3;
  }
  // @ts-ignore: decorator
  @inline
  static set(cpu: Cpu, se: u32, sig: u64): void {
    cpu.f80Se = se;
    cpu.f80Sig = sig;
  }
  // @ts-ignore: decorator
  @inline
  static signal(cpu: Cpu, flags: u32): void {
    cpu.x87Flags |= flags;
  }
}

/** The masked answer of an invalid operation: the QNaN floating-point indefinite. */
export function f80Invalid(cpu: Cpu): void {
  F80.signal(cpu, X87_IE);
  F80.set(cpu, 0xffff, INTEGER_BIT | QUIET_BIT);
}

/** Low bits of the significand that precision control drops (SDM vol. 1 8.1.5.2; 01 is reserved). */
function precisionDrop(cpu: Cpu): u32 {
  const pc = (cpu.fcw >> 8) & 3;
  return pc == 0 ? 40 : pc == 2 ? 11 : 0;
}

/**
 * Reports denormal operands. True: that is not masked, and the operation ends here. Zeros of operands that
 * do not exist serve as 0, 0.
 */
export function f80Denormals(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): bool {
  const isDenormal =
    F80.isDenormal(aSe, aSig) ||
    F80.isDenormal(bSe, bSig) ||
    (cpu.x87Flags & X87_DENORMAL_SOURCE) != 0;
  if (!isDenormal) return false;
  F80.signal(cpu, X87_DE);
  return (cpu.fcw & X87_DE) == 0;
}

/** Whether unsupported formats and NaNs among the operands decide the result, which then is set. */
export function f80Special(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): bool {
  if (F80.isUnsupported(aSe, aSig) || F80.isUnsupported(bSe, bSig)) {
    f80Invalid(cpu);
    return true;
  }
  if (!F80.isNaN(aSe, aSig) && !F80.isNaN(bSe, bSig)) return false;
  propagateNaN(cpu, aSe, aSig, bSe, bSig);
  return true;
}

/** SDM vol. 1 table 4-7, x87 rows: a QNaN before an SNaN, else the larger significand, else the positive one. */
function propagateNaN(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  const signalsA = F80.isSignalling(aSe, aSig);
  const signalsB = F80.isSignalling(bSe, bSig);
  if (signalsA || signalsB) F80.signal(cpu, X87_IE);
  let takesA: bool;
  if (!F80.isNaN(bSe, bSig)) takesA = true;
  else if (!F80.isNaN(aSe, aSig)) takesA = false;
  else if (signalsA != signalsB) takesA = signalsB;
  else takesA = aSig != bSig ? aSig > bSig : aSe < bSe;
  if (takesA) F80.set(cpu, aSe, aSig | QUIET_BIT);
  else F80.set(cpu, bSe, bSig | QUIET_BIT);
}

/** Whether a fraction `rest` / 2^64 below an (odd) last place rounds the magnitude up. */
export function f80RoundsUp(rc: u32, isNegative: bool, isOdd: bool, rest: u64): bool {
  if (rest == 0) return false;
  if (rc == RC_NEAREST) return rest > INTEGER_BIT || (rest == INTEGER_BIT && isOdd);
  return rc == (isNegative ? RC_DOWN : RC_UP);
}

/** Low half of high:low shifted right by `count`, bits that fall out kept in bit 0. */
function shiftRestJam(high: u64, low: u64, count: u32): u64 {
  if (count == 0) return low;
  if (count < 64)
    return (
      (high << (<u64>(64 - count))) | (low >> <u64>count) | u64(low << (<u64>(64 - count)) != 0)
    );
  if (count == 64) return high | u64(low != 0);
  if (count < 128)
    return (high >> <u64>(count - 64)) | u64(((high << (<u64>(128 - count))) | low) != 0);
  return u64((high | low) != 0);
}

function shiftRight(value: u64, count: u32): u64 {
  return count < 64 ? value >> <u64>count : 0;
}

/**
 * Sets the result to 2^(exponent - bias) * (sig + rest / 2^64) / 2^63 rounded to 64 - drop bits. `sig` has
 * bit 63 set, bit 0 of `rest` is sticky.
 */
export function f80Round(cpu: Cpu, sign: u32, exponent: i32, sig: u64, rest: u64, drop: u32): void {
  const rc = F80.rounding(cpu);
  const unit = (<u64>1) << (<u64>drop);
  const negative = sign != 0;
  let tiny: u32 = 0;
  if (exponent < 1) {
    // Tiny unless rounding with unbounded exponent reaches the least normal number.
    const kept = drop == 0 ? rest : (sig << (<u64>(64 - drop))) | u64(rest != 0);
    const carries = sig >= 0 - unit && f80RoundsUp(rc, negative, true, kept);
    if (exponent < 0 || !carries) {
      if ((cpu.fcw & X87_UE) == 0) {
        F80.signal(cpu, X87_UE);
        exponent += EXPONENT_WRAP;
        if (exponent < 1) {
          F80.signal(cpu, X87_PE);
          F80.set(cpu, sign, 0);
          return;
        }
      } else {
        const shift = <u32>(1 - exponent);
        rest = shiftRestJam(sig, rest, shift);
        sig = shiftRight(sig, shift);
        exponent = 0;
        tiny = X87_UE;
      }
    }
  }
  if (drop != 0) {
    rest = (sig << (<u64>(64 - drop))) | u64(rest != 0);
    sig &= 0 - unit;
  }
  if (rest != 0) {
    F80.signal(cpu, X87_PE | tiny);
    if (f80RoundsUp(rc, negative, (sig & unit) != 0, rest)) {
      F80.signal(cpu, X87_C1);
      sig += unit;
      if (sig == 0) {
        sig = INTEGER_BIT;
        exponent++;
      }
    }
  }
  if (exponent >= 0x7fff) {
    overflow(cpu, sign, exponent, sig, unit);
    return;
  }
  if (exponent == 0 && <i64>sig < 0) exponent = 1;
  F80.set(cpu, sign | exponent, sig);
}

function overflow(cpu: Cpu, sign: u32, exponent: i32, sig: u64, unit: u64): void {
  F80.signal(cpu, X87_OE);
  if ((cpu.fcw & X87_OE) == 0) {
    exponent -= EXPONENT_WRAP;
    if (exponent < 0x7fff) F80.set(cpu, sign | <u32>exponent, sig);
    else {
      F80.signal(cpu, X87_PE | X87_C1);
      F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    }
    return;
  }
  F80.signal(cpu, X87_PE);
  const rc = F80.rounding(cpu);
  if (rc == RC_NEAREST || rc == (sign != 0 ? RC_DOWN : RC_UP)) {
    F80.signal(cpu, X87_C1);
    F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
  } else {
    cpu.x87Flags &= ~X87_C1;
    F80.set(cpu, sign | 0x7ffe, 0 - unit);
  }
}

export function f80Add(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  if (!f80Special(cpu, aSe, aSig, bSe, bSig)) sum(cpu, aSe, aSig, bSe, bSig);
}

/** a - b. */
export function f80Sub(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  if (!f80Special(cpu, aSe, aSig, bSe, bSig)) sum(cpu, aSe, aSig, bSe ^ 0x8000, bSig);
}

function sum(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  const isInfiniteA = F80.isInfinite(aSe, aSig);
  const isInfiniteB = F80.isInfinite(bSe, bSig);
  if (isInfiniteA && isInfiniteB && aSe != bSe) {
    f80Invalid(cpu);
    return;
  }
  if (f80Denormals(cpu, aSe, aSig, bSe, bSig)) return;
  if (isInfiniteA || isInfiniteB) {
    F80.set(cpu, isInfiniteA ? aSe : bSe, INTEGER_BIT);
    return;
  }
  const signs = (aSe ^ bSe) & 0x8000;
  if ((aSig | bSig) == 0) {
    F80.set(cpu, signs == 0 ? aSe : zeroSign(cpu), 0);
    return;
  }
  let a = F80.normal(aSig);
  let b = F80.normal(bSig);
  let exponent = F80.scale(aSe, aSig);
  let other = F80.scale(bSe, bSig);
  let sign = aSe & 0x8000;
  if (aSig == 0 || (bSig != 0 && (exponent < other || (exponent == other && a < b)))) {
    const swap = a;
    a = b;
    b = swap;
    const swapExponent = exponent;
    exponent = other;
    other = swapExponent;
    sign = bSe & 0x8000;
  }
  const distance = b == 0 ? 0 : <u32>(exponent - other);
  let low = shiftRestJam(b, 0, distance);
  let high = shiftRight(b, distance);
  if (signs == 0) {
    high += a;
    if (high < a) {
      low = (high << 63) | (low >> 1) | (low & 1);
      high = (high >> 1) | INTEGER_BIT;
      exponent++;
    }
  } else {
    high = a - high - u64(low != 0);
    low = 0 - low;
    if ((high | low) == 0) {
      F80.set(cpu, zeroSign(cpu), 0);
      return;
    }
    if (high == 0) {
      high = low;
      low = 0;
      exponent -= 64;
    }
    const shift = clz(high);
    if (shift != 0) {
      high = (high << shift) | (low >> (64 - shift));
      low <<= shift;
      exponent -= <i32>shift;
    }
  }
  f80Round(cpu, sign, exponent, high, low, precisionDrop(cpu));
}

/** Sign of the zero that two numbers of opposite sign add up to. */
function zeroSign(cpu: Cpu): u32 {
  return F80.rounding(cpu) == RC_DOWN ? 0x8000 : 0;
}

export function f80Mul(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  if (f80Special(cpu, aSe, aSig, bSe, bSig)) return;
  const isInfinite = F80.isInfinite(aSe, aSig) || F80.isInfinite(bSe, bSig);
  const isZero = aSig == 0 || bSig == 0;
  if (isInfinite && isZero) {
    f80Invalid(cpu);
    return;
  }
  if (f80Denormals(cpu, aSe, aSig, bSe, bSig)) return;
  const sign = (aSe ^ bSe) & 0x8000;
  if (isInfinite) {
    F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    return;
  }
  if (isZero) {
    F80.set(cpu, sign, 0);
    return;
  }
  const a = F80.normal(aSig);
  const b = F80.normal(bSig);
  let exponent = F80.scale(aSe, aSig) + F80.scale(bSe, bSig) - BIAS + 1;
  let high = mulHigh(a, b);
  let low = a * b;
  if (<i64>high >= 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponent--;
  }
  f80Round(cpu, sign, exponent, high, low, precisionDrop(cpu));
}

/** a / b. */
export function f80Div(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  if (f80Special(cpu, aSe, aSig, bSe, bSig)) return;
  const isInfiniteA = F80.isInfinite(aSe, aSig);
  const isInfiniteB = F80.isInfinite(bSe, bSig);
  const sign = (aSe ^ bSe) & 0x8000;
  if ((isInfiniteA && isInfiniteB) || (aSig | bSig) == 0) {
    f80Invalid(cpu);
    return;
  }
  if (bSig == 0 && !isInfiniteA) {
    // A denormal dividend is not reported then.
    F80.signal(cpu, X87_ZE);
    F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    return;
  }
  if (f80Denormals(cpu, aSe, aSig, bSe, bSig)) return;
  if (isInfiniteA) {
    F80.set(cpu, sign | 0x7fff, INTEGER_BIT);
    return;
  }
  if (isInfiniteB || aSig == 0) {
    F80.set(cpu, sign, 0);
    return;
  }
  const a = F80.normal(aSig);
  const b = F80.normal(bSig);
  let exponent = F80.scale(aSe, aSig) - F80.scale(bSe, bSig) + BIAS;
  let high = a;
  let low: u64 = 0;
  if (a >= b) {
    high = a >> 1;
    low = a << 63;
  } else exponent--;
  const quotient = divide128(high, low, b);
  const remainder = low - quotient * b;
  f80Round(cpu, sign, exponent, quotient, fractionOf(remainder, b), precisionDrop(cpu));
}

/** remainder / divisor as a 64-bit fraction that is right about 0, half and their sides; divisor has bit 63 set. */
function fractionOf(remainder: u64, divisor: u64): u64 {
  if (remainder == 0) return 0;
  const rest = divisor - remainder;
  if (remainder == rest) return INTEGER_BIT;
  return remainder > rest ? INTEGER_BIT | 1 : 1;
}

export function f80Sqrt(cpu: Cpu, se: u32, sig: u64): void {
  if (f80Special(cpu, se, sig, 0, 0)) return;
  if (sig == 0) {
    F80.set(cpu, se, sig);
    return;
  }
  if ((se & 0x8000) != 0) {
    f80Invalid(cpu);
    return;
  }
  if (f80Denormals(cpu, se, sig, 0, 0)) return;
  if (F80.isInfinite(se, sig)) {
    F80.set(cpu, se, sig);
    return;
  }
  const exponent = F80.scale(se, sig) - BIAS;
  // The radicand in [1/4, 1) of 2^128.
  const radicand = F80.normal(sig);
  const odd = <u64>(exponent & 1);
  const high = radicand >> (1 - odd);
  const low = odd != 0 ? 0 : radicand << 63;
  const root = squareRoot(high, low);
  // (root + 1/2)^2 = root^2 + root + 1/4: above half exactly when the remainder exceeds the root.
  const square = root * root;
  const remainder = low - square;
  const remainderHigh = high - mulHigh(root, root) - u64(low < square);
  let rest: u64 = 0;
  if (remainderHigh != 0 || remainder > root) rest = INTEGER_BIT | 1;
  else if (remainder != 0) rest = 1;
  f80Round(cpu, 0, (exponent >> 1) + BIAS, root, rest, precisionDrop(cpu));
}

/** Floor of the square root of high:low, which is 2^126 or more. */
function squareRoot(high: u64, low: u64): u64 {
  // 53 bits from the host, one step of Newton's for the rest, then the last place.
  let root = <u64>(sqrt<f64>(<f64>high) * 4294967296.0);
  if (root <= high) root = ~0;
  const quotient = divide128(high, low, root);
  const sum = root + quotient;
  root = (sum >> 1) | (sum < root ? INTEGER_BIT : 0);
  while (isSquareAbove(root, high, low)) root--;
  while (root != ~0 && !isSquareAbove(root + 1, high, low)) root++;
  return root;
}

/** root * root > high:low. */
function isSquareAbove(root: u64, high: u64, low: u64): bool {
  const squareHigh = mulHigh(root, root);
  return squareHigh > high || (squareHigh == high && root * root > low);
}

/** How a relates to b (LESS, EQUAL, GREATER, UNORDERED); QNaNs are no invalid operands when `isQuiet`. */
export function f80Compare(cpu: Cpu, aSe: u32, aSig: u64, bSe: u32, bSig: u64, isQuiet: bool): u32 {
  if (F80.isUnsupported(aSe, aSig) || F80.isUnsupported(bSe, bSig)) {
    F80.signal(cpu, X87_IE);
    return UNORDERED;
  }
  if (F80.isNaN(aSe, aSig) || F80.isNaN(bSe, bSig)) {
    if (!isQuiet || F80.isSignalling(aSe, aSig) || F80.isSignalling(bSe, bSig))
      F80.signal(cpu, X87_IE);
    return UNORDERED;
  }
  f80Denormals(cpu, aSe, aSig, bSe, bSig);
  if ((aSig | bSig) == 0) return EQUAL;
  const isNegative = (aSe & 0x8000) != 0;
  if (((aSe ^ bSe) & 0x8000) != 0) return isNegative ? LESS : GREATER;
  // A pseudo-denormal equals the normal number with exponent 1.
  let a = F80.exponent(aSe);
  let b = F80.exponent(bSe);
  if (a == 0) a = 1;
  if (b == 0) b = 1;
  if (a == b && aSig == bSig) return EQUAL;
  const isSmaller = a != b ? a < b : aSig < bSig;
  return isSmaller != isNegative ? LESS : GREATER;
}
