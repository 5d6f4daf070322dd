/**
 * Binary32 and binary64 arithmetic in integers, under MXCSR (SDM vol. 1 chapter 4.8-4.9, 10.2.3, 11.5):
 * every rounding mode, DAZ and FTZ, and all six exceptions, which are collected in cpu.simdFlags. This is
 * the reference; softfloat/fast.ts uses the host's arithmetic where that is provably the same.
 *
 *   value = (-1)^sign * 2^(exponent - bias) * significand / 2^63     significand normalised to bit 63
 *
 * A number is its bits in a u64 (binary32 in the low half); `f` is FORMAT_SINGLE or FORMAT_DOUBLE.
 * x86 detects tininess after rounding. An unmasked exception still returns some result: the instruction
 * is abandoned by whoever looks at cpu.simdFlags (exec/simd-float.ts settle).
 * Division and square root produce one bit per step: the slow path is for rare operands and modes.
 */
import { Cpu } from "../cpu/state";

export const MXCSR_IE: u32 = 1 << 0;
export const MXCSR_DE: u32 = 1 << 1;
export const MXCSR_ZE: u32 = 1 << 2;
export const MXCSR_OE: u32 = 1 << 3;
export const MXCSR_UE: u32 = 1 << 4;
export const MXCSR_PE: u32 = 1 << 5;
export const MXCSR_DAZ: u32 = 1 << 6;
export const MXCSR_UM: u32 = 1 << 11;
export const MXCSR_PM: u32 = 1 << 12;
export const MXCSR_RC: u32 = 3 << 13;
export const MXCSR_FTZ: u32 = 1 << 15;

/** Rounding control values. */
export const RC_NEAREST: u32 = 0;
export const RC_DOWN: u32 = 1;
export const RC_UP: u32 = 2;
export const RC_ZERO: u32 = 3;

export const FORMAT_SINGLE: u32 = 0;
export const FORMAT_DOUBLE: u32 = 1;

/** Results of `softCompare`. */
export const LESS: u32 = 0;
export const EQUAL: u32 = 1;
export const GREATER: u32 = 2;
export const UNORDERED: u32 = 3;

/** Layout of the two formats. */
export class Ieee {
  // @ts-ignore: decorator
  @inline
  static fractionBits(f: u32): u32 {
    return f != 0 ? 52 : 23;
  }
  // @ts-ignore: decorator
  @inline
  static maxExponent(f: u32): i32 {
    return f != 0 ? 0x7ff : 0xff;
  }
  // @ts-ignore: decorator
  @inline
  static bias(f: u32): i32 {
    return f != 0 ? 1023 : 127;
  }
  // @ts-ignore: decorator
  @inline
  static signMask(f: u32): u64 {
    return f != 0 ? 0x8000_0000_0000_0000 : 0x8000_0000;
  }
  // @ts-ignore: decorator
  @inline
  static infinity(f: u32): u64 {
    return f != 0 ? 0x7ff0_0000_0000_0000 : 0x7f80_0000;
  }
  // @ts-ignore: decorator
  @inline
  static quietBit(f: u32): u64 {
    return f != 0 ? 0x0008_0000_0000_0000 : 0x0040_0000;
  }
  /** The QNaN floating-point indefinite: the answer of an invalid operation. */
  // @ts-ignore: decorator
  @inline
  static indefinite(f: u32): u64 {
    return f != 0 ? 0xfff8_0000_0000_0000 : 0xffc0_0000;
  }
  // @ts-ignore: decorator
  @inline
  static magnitude(f: u32, a: u64): u64 {
    return a & (Ieee.signMask(f) - 1);
  }
  // @ts-ignore: decorator
  @inline
  static exponent(f: u32, a: u64): i32 {
    return <i32>(a >> <u64>Ieee.fractionBits(f)) & Ieee.maxExponent(f);
  }
  // @ts-ignore: decorator
  @inline
  static isNaN(f: u32, a: u64): bool {
    return Ieee.magnitude(f, a) > Ieee.infinity(f);
  }
  // @ts-ignore: decorator
  @inline
  static isSignalling(f: u32, a: u64): bool {
    return Ieee.isNaN(f, a) && (a & Ieee.quietBit(f)) == 0;
  }
  // @ts-ignore: decorator
  @inline
  static isInfinite(f: u32, a: u64): bool {
    return Ieee.magnitude(f, a) == Ieee.infinity(f);
  }
  // @ts-ignore: decorator
  @inline
  static isZero(f: u32, a: u64): bool {
    return Ieee.magnitude(f, a) == 0;
  }
  /** The significand normalised to bit 63 of a number that is not zero; see `scale`. */
  // @ts-ignore: decorator
  @inline
  static significand(f: u32, a: u64): u64 {
    const fraction = a & (((<u64>1) << (<u64>Ieee.fractionBits(f))) - 1);
    if (Ieee.exponent(f, a) == 0) return fraction << clz(fraction);
    return (fraction << (<u64>(63 - Ieee.fractionBits(f)))) | 0x8000_0000_0000_0000;
  }
  /** Its biased exponent, which is below 1 for denormals. */
  // @ts-ignore: decorator
  @inline
  static scale(f: u32, a: u64): i32 {
    const exponent = Ieee.exponent(f, a);
    if (exponent != 0) return exponent;
    const fraction = a & (((<u64>1) << (<u64>Ieee.fractionBits(f))) - 1);
    return 1 - (<i32>clz(fraction) - <i32>(63 - Ieee.fractionBits(f)));
  }
}

function signal(cpu: Cpu, flags: u32): void {
  cpu.simdFlags |= flags;
}

export function invalid(cpu: Cpu, f: u32): u64 {
  signal(cpu, MXCSR_IE);
  return Ieee.indefinite(f);
}

/** A denormal operand: zero under DAZ, else it is reported and used. */
export function denormalInput(cpu: Cpu, f: u32, a: u64): u64 {
  if (Ieee.exponent(f, a) != 0 || Ieee.isZero(f, a)) return a;
  if ((cpu.mxcsr & MXCSR_DAZ) != 0) return a & Ieee.signMask(f);
  signal(cpu, MXCSR_DE);
  return a;
}

/** The result when a or b is a NaN (SDM vol. 1 table 4-7): the first that is one, made quiet. */
export function propagateNaN(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  if (Ieee.isSignalling(f, a) || Ieee.isSignalling(f, b)) signal(cpu, MXCSR_IE);
  return (Ieee.isNaN(f, a) ? a : b) | Ieee.quietBit(f);
}

/** Shifts right; bits that fall out are kept as one sticky bit 0. */
export function shiftRightJam(value: u64, count: u32): u64 {
  if (count == 0) return value;
  if (count > 63) return value != 0 ? 1 : 0;
  return (value >> <u64>count) | (value << (<u64>(64 - count)) != 0 ? 1 : 0);
}

/** Upper half of the 128-bit product. */
export function mulHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffff_ffff;
  const a1 = a >> 32;
  const b0 = b & 0xffff_ffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const other = a0 * b1 + (middle & 0xffff_ffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

export function roundingControl(cpu: Cpu): u32 {
  return (cpu.mxcsr & MXCSR_RC) >> 13;
}

/** What rounding adds below the last kept bit; `mask` covers the bits that are dropped. */
function increment(rc: u32, sign: u64, mask: u64): u64 {
  if (rc == RC_NEAREST) return (mask >> 1) + 1;
  if (rc == RC_ZERO) return 0;
  return (rc == RC_UP) == (sign == 0) ? mask : 0;
}

/** Rounds to the format: `exponent` is biased, `significand` has bit 63 set and its bit 0 is sticky. */
export function roundPack(cpu: Cpu, f: u32, sign: u64, exponent: i32, significand: u64): u64 {
  const isFlushed = (cpu.mxcsr & MXCSR_FTZ) != 0;
  const fraction = Ieee.fractionBits(f);
  const rc = roundingControl(cpu);
  const limit = Ieee.maxExponent(f);
  const magnitude = rounded(cpu, fraction, limit, rc, isFlushed, sign, exponent, significand);
  return magnitude | (sign != 0 ? Ieee.signMask(f) : 0);
}

/**
 * The same for a format of `fraction` bits below the leading one whose infinity has exponent `limit`, without
 * the sign. `isFlushed`: tiny results become zero.
 */
export function rounded(
  cpu: Cpu,
  fraction: u32,
  limit: i32,
  rc: u32,
  isFlushed: bool,
  sign: u64,
  exponent: i32,
  significand: u64,
): u64 {
  const drop = <u64>(63 - fraction);
  const mask = ((<u64>1) << drop) - 1;
  const add = increment(rc, sign, mask);
  let isTiny = false;
  if (exponent < 1) {
    // Tiny unless rounding with unbounded exponent reaches the least normal number.
    isTiny = exponent < 0 || significand + add >= significand;
    if (isTiny) {
      if ((cpu.mxcsr & MXCSR_UM) == 0) {
        signal(cpu, MXCSR_UE | ((significand & mask) != 0 ? MXCSR_PE : 0));
        return 0;
      }
      if (isFlushed) {
        signal(cpu, MXCSR_UE | MXCSR_PE);
        return 0;
      }
    }
    significand = shiftRightJam(significand, <u32>(1 - exponent));
    exponent = 0;
  }
  const dropped = significand & mask;
  let result = significand + add;
  if (exponent > 0 && result < significand) {
    exponent++;
    result = (result >> 1) | 0x8000_0000_0000_0000;
  }
  if (exponent >= limit) {
    signal(cpu, MXCSR_OE | ((cpu.mxcsr & (MXCSR_OE << 7)) != 0 || dropped != 0 ? MXCSR_PE : 0));
    return ((<u64>limit) << (<u64>fraction)) - (add == 0 ? 1 : 0);
  }
  result >>= drop;
  if (rc == RC_NEAREST && dropped == add) result &= ~1;
  if (dropped != 0) signal(cpu, MXCSR_PE | (isTiny ? MXCSR_UE : 0));
  // Bit 63 of a normal significand adds one to the exponent field; so does a denormal that grew normal.
  const base = exponent > 0 ? <u64>(exponent - 1) : 0;
  return (base << (<u64>fraction)) + result;
}

export function softAdd(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b)) return propagateNaN(cpu, f, a, b);
  return addMagnitudes(cpu, f, a, b);
}

export function softSub(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b)) return propagateNaN(cpu, f, a, b);
  return addMagnitudes(cpu, f, a, b ^ Ieee.signMask(f));
}

function addMagnitudes(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  const mask = Ieee.signMask(f);
  if (Ieee.isInfinite(f, a) && Ieee.isInfinite(f, b)) return a == b ? a : invalid(cpu, f);
  a = denormalInput(cpu, f, a);
  b = denormalInput(cpu, f, b);
  if (Ieee.isInfinite(f, a)) return a;
  if (Ieee.isInfinite(f, b)) return b;
  const isZeroA = Ieee.isZero(f, a);
  const isZeroB = Ieee.isZero(f, b);
  if (isZeroA && isZeroB) {
    return a == b ? a : roundingControl(cpu) == RC_DOWN ? mask : 0;
  }
  if (Ieee.magnitude(f, a) < Ieee.magnitude(f, b)) {
    const swap = a;
    a = b;
    b = swap;
  }
  // One bit of headroom for the carry; the guard bits below the 53 are enough for the sticky bit.
  let exponent = Ieee.scale(f, a) + 1;
  let sum = Ieee.significand(f, a) >> 1;
  if (!isZeroA && !isZeroB) {
    const distance = <u32>(exponent - 1 - Ieee.scale(f, b));
    const smaller = shiftRightJam(Ieee.significand(f, b) >> 1, distance);
    sum = ((a ^ b) & mask) == 0 ? sum + smaller : sum - smaller;
  }
  if (sum == 0) return roundingControl(cpu) == RC_DOWN ? mask : 0;
  const shift = <i32>clz(sum);
  exponent -= shift;
  return roundPack(cpu, f, a & mask, exponent, sum << shift);
}

export function softMul(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b)) return propagateNaN(cpu, f, a, b);
  const sign = (a ^ b) & Ieee.signMask(f);
  const daz = (cpu.mxcsr & MXCSR_DAZ) != 0;
  const isZeroA = daz ? Ieee.exponent(f, a) == 0 : Ieee.isZero(f, a);
  const isZeroB = daz ? Ieee.exponent(f, b) == 0 : Ieee.isZero(f, b);
  const isInfinite = Ieee.isInfinite(f, a) || Ieee.isInfinite(f, b);
  if (isInfinite && (isZeroA || isZeroB)) return invalid(cpu, f);
  a = denormalInput(cpu, f, a);
  b = denormalInput(cpu, f, b);
  if (isInfinite) return sign | Ieee.infinity(f);
  if (isZeroA || isZeroB) return sign;
  const x = Ieee.significand(f, a);
  const y = Ieee.significand(f, b);
  let exponent = Ieee.scale(f, a) + Ieee.scale(f, b) - Ieee.bias(f) + 1;
  let high = mulHigh(x, y);
  const low = x * y;
  if (<i64>high >= 0) {
    high = (high << 1) | (low >> 63);
    exponent--;
    return roundPack(cpu, f, sign, exponent, high | (low << 1 != 0 ? 1 : 0));
  }
  return roundPack(cpu, f, sign, exponent, high | (low != 0 ? 1 : 0));
}

export function softDiv(cpu: Cpu, f: u32, a: u64, b: u64): u64 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b)) return propagateNaN(cpu, f, a, b);
  const sign = (a ^ b) & Ieee.signMask(f);
  const daz = (cpu.mxcsr & MXCSR_DAZ) != 0;
  const isZeroA = daz ? Ieee.exponent(f, a) == 0 : Ieee.isZero(f, a);
  const isZeroB = daz ? Ieee.exponent(f, b) == 0 : Ieee.isZero(f, b);
  if (Ieee.isInfinite(f, a)) {
    if (Ieee.isInfinite(f, b)) return invalid(cpu, f);
    denormalInput(cpu, f, b);
    return sign | Ieee.infinity(f);
  }
  if (isZeroB) {
    if (isZeroA) return invalid(cpu, f);
    signal(cpu, MXCSR_ZE);
    return sign | Ieee.infinity(f);
  }
  denormalInput(cpu, f, a);
  denormalInput(cpu, f, b);
  if (isZeroA || Ieee.isInfinite(f, b)) return sign;
  const divisor = Ieee.significand(f, b);
  let exponent = Ieee.scale(f, a) - Ieee.scale(f, b) + Ieee.bias(f);
  let remainder = Ieee.significand(f, a);
  let quotient: u64 = 0;
  let bits = 55;
  if (remainder < divisor) exponent--;
  else {
    quotient = 1;
    remainder -= divisor;
    bits = 54;
  }
  for (; bits != 0; bits--) {
    const carry = <i64>remainder < 0;
    remainder <<= 1;
    quotient <<= 1;
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  return roundPack(cpu, f, sign, exponent, (quotient << 9) | (remainder != 0 ? 1 : 0));
}

export function softSqrt(cpu: Cpu, f: u32, a: u64): u64 {
  if (Ieee.isNaN(f, a)) return propagateNaN(cpu, f, a, a);
  const daz = (cpu.mxcsr & MXCSR_DAZ) != 0;
  if (daz ? Ieee.exponent(f, a) == 0 : Ieee.isZero(f, a)) return a & Ieee.signMask(f);
  if ((a & Ieee.signMask(f)) != 0) return invalid(cpu, f);
  if (Ieee.isInfinite(f, a)) return a;
  denormalInput(cpu, f, a);
  const exponent = Ieee.scale(f, a) - Ieee.bias(f);
  // The radicand in [1, 4), two integer bits on top.
  let radicand = Ieee.significand(f, a) >> <u64>(1 - (exponent & 1));
  let root: u64 = 0;
  let remainder: u64 = 0;
  for (let i = 0; i < 55; i++) {
    remainder = (remainder << 2) | (radicand >> 62);
    radicand <<= 2;
    const trial = (root << 2) | 1;
    root <<= 1;
    if (remainder >= trial) {
      remainder -= trial;
      root |= 1;
    }
  }
  const significand = (root << 9) | (remainder != 0 ? 1 : 0);
  return roundPack(cpu, f, 0, (exponent >> 1) + Ieee.bias(f), significand);
}

/** How a relates to b; QNaNs are invalid too when `isSignalling`. */
export function softCompare(cpu: Cpu, f: u32, a: u64, b: u64, isSignalling: bool): u32 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b)) {
    if (isSignalling || Ieee.isSignalling(f, a) || Ieee.isSignalling(f, b)) signal(cpu, MXCSR_IE);
    return UNORDERED;
  }
  a = denormalInput(cpu, f, a);
  b = denormalInput(cpu, f, b);
  if (a == b || (Ieee.isZero(f, a) && Ieee.isZero(f, b))) return EQUAL;
  const mask = Ieee.signMask(f);
  if (((a ^ b) & mask) != 0) return (a & mask) != 0 ? LESS : GREATER;
  return a < b == ((a & mask) == 0) ? LESS : GREATER;
}

/**
 * To a signed 32- or 64-bit integer. NaN and values out of range are invalid and give the integer
 * indefinite 8000...0h. Denormal operands are not reported.
 */
export function softToInt(cpu: Cpu, f: u32, a: u64, is64: bool, rc: u32): u64 {
  const least: u64 = is64 ? 0x8000_0000_0000_0000 : 0x8000_0000;
  const sign = a & Ieee.signMask(f);
  if ((cpu.mxcsr & MXCSR_DAZ) != 0 && Ieee.exponent(f, a) == 0) return 0;
  if (Ieee.isZero(f, a)) return 0;
  const exponent = Ieee.scale(f, a) - Ieee.bias(f);
  if (exponent > 63 || Ieee.exponent(f, a) == Ieee.maxExponent(f)) {
    signal(cpu, MXCSR_IE);
    return least;
  }
  const significand = Ieee.significand(f, a);
  let value: u64;
  let rest: u64; // the fraction, as a 64-bit one with a sticky bit
  if (exponent < 0) {
    value = 0;
    rest = shiftRightJam(significand, <u32>(-1 - exponent));
  } else if (exponent == 63) {
    value = significand;
    rest = 0;
  } else {
    value = significand >> <u64>(63 - exponent);
    rest = significand << (<u64>(exponent + 1));
  }
  const half: u64 = 0x8000_0000_0000_0000;
  if (rc == RC_NEAREST) {
    if (rest > half || (rest == half && (value & 1) != 0)) value++;
  } else if (rest != 0 && increment(rc, sign, 1) != 0) value++;
  if (value > (sign != 0 ? least : least - 1)) {
    signal(cpu, MXCSR_IE);
    return least;
  }
  if (rest != 0) signal(cpu, MXCSR_PE);
  if (sign != 0) value = -value;
  return is64 ? value : value & 0xffff_ffff;
}

export function softFromInt(cpu: Cpu, f: u32, value: i64): u64 {
  if (value == 0) return 0;
  const sign = value < 0 ? Ieee.signMask(f) : 0;
  const magnitude = <u64>(value < 0 ? -value : value);
  const shift = <i32>clz(magnitude);
  return roundPack(cpu, f, sign, Ieee.bias(f) + 63 - shift, magnitude << shift);
}

/** Binary32 to binary64, which is exact. */
export function softWiden(cpu: Cpu, a: u64): u64 {
  const sign = (a & 0x8000_0000) << 32;
  if (Ieee.isNaN(FORMAT_SINGLE, a)) {
    if (Ieee.isSignalling(FORMAT_SINGLE, a)) signal(cpu, MXCSR_IE);
    return sign | 0x7ff8_0000_0000_0000 | ((a & 0x3f_ffff) << 29);
  }
  if (Ieee.isInfinite(FORMAT_SINGLE, a)) return sign | Ieee.infinity(FORMAT_DOUBLE);
  a = denormalInput(cpu, FORMAT_SINGLE, a);
  if (Ieee.isZero(FORMAT_SINGLE, a)) return sign;
  const exponent = <u64>(Ieee.scale(FORMAT_SINGLE, a) + (1023 - 127) - 1);
  return sign | ((exponent << 52) + (Ieee.significand(FORMAT_SINGLE, a) >> 11));
}

/** Binary64 to binary32. */
export function softNarrow(cpu: Cpu, a: u64): u64 {
  const sign = (a >> 32) & 0x8000_0000;
  if (Ieee.isNaN(FORMAT_DOUBLE, a)) {
    if (Ieee.isSignalling(FORMAT_DOUBLE, a)) signal(cpu, MXCSR_IE);
    return sign | 0x7fc0_0000 | ((a >> 29) & 0x3f_ffff);
  }
  if (Ieee.isInfinite(FORMAT_DOUBLE, a)) return sign | Ieee.infinity(FORMAT_SINGLE);
  a = denormalInput(cpu, FORMAT_DOUBLE, a);
  if (Ieee.isZero(FORMAT_DOUBLE, a)) return sign;
  const exponent = Ieee.scale(FORMAT_DOUBLE, a) - (1023 - 127);
  return roundPack(cpu, FORMAT_SINGLE, sign, exponent, Ieee.significand(FORMAT_DOUBLE, a));
}

/** ROUNDxx: to an integral value in the format. Denormal operands are not reported. */
export function softRoundIntegral(cpu: Cpu, f: u32, a: u64, rc: u32, isQuiet: bool): u64 {
  if (Ieee.isNaN(f, a)) return propagateNaN(cpu, f, a, a);
  const sign = a & Ieee.signMask(f);
  if ((cpu.mxcsr & MXCSR_DAZ) != 0 && Ieee.exponent(f, a) == 0) return sign;
  const exponent = Ieee.exponent(f, a) - Ieee.bias(f);
  if (Ieee.isZero(f, a) || exponent >= <i32>Ieee.fractionBits(f)) return a;
  if (!isQuiet) {
    const whole =
      exponent < 0 ? 0 : a & ~(((<u64>1) << (<u64>(<i32>Ieee.fractionBits(f) - exponent))) - 1);
    if (whole != a) signal(cpu, MXCSR_PE);
  }
  if (exponent < 0) {
    // Below one: 0 or 1.
    const half = (<u64>(Ieee.bias(f) - 1)) << (<u64>Ieee.fractionBits(f));
    const isUp = rc == RC_NEAREST ? Ieee.magnitude(f, a) > half : increment(rc, sign, 1) != 0;
    return sign | (isUp ? (<u64>Ieee.bias(f)) << (<u64>Ieee.fractionBits(f)) : 0);
  }
  // A carry out of the fraction lands in the exponent, which is what it should do.
  const mask = ((<u64>1) << (<u64>(<i32>Ieee.fractionBits(f) - exponent))) - 1;
  const add = increment(rc, sign, mask);
  let result = a + add;
  if (rc == RC_NEAREST && (a & mask) == add) result &= ~(mask + 1);
  return result & ~mask;
}
