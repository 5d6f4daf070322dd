/**
 * Binary32 and binary64 arithmetic on the host's own, with the same results and exceptions as
 * softfloat/ieee754.ts, which takes over whenever that is not certain: another rounding mode, a NaN,
 * infinity or denormal among the operands, a result that is tiny or overflowed.
 *
 * What remains can only raise PE, and whether the rounded result is exact is decided in integers from
 * odd parts (significands without their trailing zeros):
 *   a + b     the error of the rounded sum is itself a float (Knuth's TwoSum): is it zero?
 *   a * b     the product has as many trailing zeros as both factors together: do the dropped bits fit?
 *   a / b     exact when odd(q) * odd(b) = odd(a);   sqrt(a): when odd(s)^2 = odd(a)
 * While PE is set in MXCSR already and masked the question is not asked.
 *
 * F is f32 or f64. Results and operands are bits in a u64.
 */
import { Cpu } from "../cpu/state";
import {
  Ieee,
  MXCSR_PE,
  MXCSR_PM,
  MXCSR_RC,
  RC_DOWN,
  RC_NEAREST,
  RC_UP,
  softAdd,
  softDiv,
  softFromInt,
  softMul,
  softNarrow,
  softRoundIntegral,
  softSqrt,
  softSub,
  softToInt,
  softWiden,
} from "./ieee754";

export class Fast {
  /** FORMAT_SINGLE or FORMAT_DOUBLE. */
  // @ts-ignore: decorator
  @inline
  static format<F>(): u32 {
    return sizeof<F>() == 8 ? 1 : 0;
  }
  // @ts-ignore: decorator
  @inline
  static float<F>(a: u64): F {
    if (sizeof<F>() == 8) return <F>reinterpret<f64>(a);
    return <F>reinterpret<f32>(<u32>a);
  }
  // @ts-ignore: decorator
  @inline
  static bits<F>(a: F): u64 {
    if (sizeof<F>() == 8) return reinterpret<u64>(<f64>a);
    return <u64>reinterpret<u32>(<f32>a);
  }
  /** Zero, or normal and a little away from overflow. */
  // @ts-ignore: decorator
  @inline
  static isPlain<F>(a: u64): bool {
    const f = Fast.format<F>();
    const margin = <u32>(Ieee.maxExponent(f) - 4);
    return <u32>(Ieee.exponent(f, a) - 1) < margin || Ieee.isZero(f, a);
  }
  /** Normal, finite, and not a number to which a tiny one may have been rounded. */
  // @ts-ignore: decorator
  @inline
  static isSafe<F>(a: u64): bool {
    const f = Fast.format<F>();
    return <u32>(Ieee.exponent(f, a) - 2) < <u32>(Ieee.maxExponent(f) - 2);
  }
  // @ts-ignore: decorator
  @inline
  static isNearest(cpu: Cpu): bool {
    return (cpu.mxcsr & MXCSR_RC) == 0;
  }
  /** It is not known yet that PE makes no difference. */
  // @ts-ignore: decorator
  @inline
  static wantsExactness(cpu: Cpu): bool {
    const settled = MXCSR_PE | MXCSR_PM;
    return (cpu.mxcsr & settled) != settled && (cpu.simdFlags & MXCSR_PE) == 0;
  }
}

export function inexact(cpu: Cpu): void {
  cpu.simdFlags |= MXCSR_PE;
}

/** The significand without trailing zeros. */
function odd(f: u32, a: u64): u64 {
  const significand = Ieee.significand(f, a);
  return significand >> ctz(significand);
}

/** Whether x * y = z for odd parts. */
function isProduct(x: u64, y: u64, z: u64): bool {
  if (clz(x) + clz(y) < 64) return false;
  return x * y == z;
}

export function fastAdd<F>(cpu: Cpu, a: u64, b: u64): u64 {
  if (Fast.isNearest(cpu) && Fast.isPlain<F>(a) && Fast.isPlain<F>(b)) {
    const sum = sumOf<F>(cpu, Fast.float<F>(a), Fast.float<F>(b));
    if (sum != ~0) return sum;
  }
  return softAdd(cpu, Fast.format<F>(), a, b);
}

export function fastSub<F>(cpu: Cpu, a: u64, b: u64): u64 {
  if (Fast.isNearest(cpu) && Fast.isPlain<F>(a) && Fast.isPlain<F>(b)) {
    const difference = sumOf<F>(cpu, Fast.float<F>(a), -Fast.float<F>(b));
    if (difference != ~0) return difference;
  }
  return softSub(cpu, Fast.format<F>(), a, b);
}

/** x + y of plain numbers, or ~0 when the sum is tiny or overflowed. */
function sumOf<F>(cpu: Cpu, x: F, y: F): u64 {
  const r = <F>(x + y);
  const bits = Fast.bits<F>(r);
  const f = Fast.format<F>();
  if (<u32>(Ieee.exponent(f, bits) - 1) >= <u32>(Ieee.maxExponent(f) - 1)) {
    return r == 0 ? bits : ~0;
  }
  if (Fast.wantsExactness(cpu)) {
    const other = <F>(r - x);
    const error = <F>(<F>(x - <F>(r - other)) + <F>(y - other));
    if (error != 0) inexact(cpu);
  }
  return bits;
}

export function fastMul<F>(cpu: Cpu, a: u64, b: u64): u64 {
  const f = Fast.format<F>();
  if (Fast.isNearest(cpu) && Fast.isPlain<F>(a) && Fast.isPlain<F>(b)) {
    const r = Fast.bits<F>(<F>(Fast.float<F>(a) * Fast.float<F>(b)));
    if (Fast.isSafe<F>(r)) {
      if (Fast.wantsExactness(cpu)) {
        const carry =
          Ieee.exponent(f, r) - Ieee.exponent(f, a) - Ieee.exponent(f, b) + Ieee.bias(f);
        const dropped = <i32>Ieee.fractionBits(f) + carry;
        const spare = 2 * <i32>(63 - Ieee.fractionBits(f));
        const zeros = <i32>ctz(Ieee.significand(f, a)) + <i32>ctz(Ieee.significand(f, b)) - spare;
        if (zeros < dropped) inexact(cpu);
      }
      return r;
    }
    if (Ieee.isZero(f, a) || Ieee.isZero(f, b)) return r;
  }
  return softMul(cpu, f, a, b);
}

export function fastDiv<F>(cpu: Cpu, a: u64, b: u64): u64 {
  const f = Fast.format<F>();
  if (Fast.isNearest(cpu) && Fast.isPlain<F>(a) && Fast.isPlain<F>(b)) {
    const r = Fast.bits<F>(<F>(Fast.float<F>(a) / Fast.float<F>(b)));
    if (Fast.isSafe<F>(r)) {
      if (Fast.wantsExactness(cpu) && !isProduct(odd(f, r), odd(f, b), odd(f, a))) inexact(cpu);
      return r;
    }
    if (Ieee.isZero(f, a) && !Ieee.isZero(f, b)) return r;
  }
  return softDiv(cpu, f, a, b);
}

export function fastSqrt<F>(cpu: Cpu, a: u64): u64 {
  const f = Fast.format<F>();
  if (Fast.isNearest(cpu) && Fast.isPlain<F>(a) && (a & Ieee.signMask(f)) == 0) {
    const r = Fast.bits<F>(sqrt<F>(Fast.float<F>(a)));
    if (Ieee.isZero(f, a)) return r;
    if (Fast.wantsExactness(cpu)) {
      const root = odd(f, r);
      if (!isProduct(root, root, odd(f, a))) inexact(cpu);
    }
    return r;
  }
  return softSqrt(cpu, f, a);
}

/** To a signed integer, rounding by `rc`. */
export function fastToInt<F>(cpu: Cpu, a: u64, is64: bool, rc: u32): u64 {
  const f = Fast.format<F>();
  const limit = Ieee.bias(f) + (is64 ? 63 : 31);
  const exponent = Ieee.exponent(f, a);
  // The largest magnitudes are left to the exact path, where rounding may carry out of range.
  if (exponent != 0 && exponent < limit - 1) {
    const x = Fast.float<F>(a);
    const whole = roundBy<F>(x, rc);
    if (whole != x) inexact(cpu);
    return is64 ? <u64>(<i64>whole) : <u64>(<u32>(<i32>whole));
  }
  return softToInt(cpu, f, a, is64, rc);
}

function roundBy<F>(x: F, rc: u32): F {
  if (rc == RC_NEAREST) return nearest<F>(x);
  if (rc == RC_DOWN) return floor<F>(x);
  return rc == RC_UP ? ceil<F>(x) : trunc<F>(x);
}

/** To an integral value in the same format; PE only unless `isQuiet`. */
export function fastRoundIntegral<F>(cpu: Cpu, a: u64, rc: u32, isQuiet: bool): u64 {
  if (!Fast.isPlain<F>(a)) return softRoundIntegral(cpu, Fast.format<F>(), a, rc, isQuiet);
  const x = Fast.float<F>(a);
  const whole = roundBy<F>(x, rc);
  if (whole != x && !isQuiet) inexact(cpu);
  return Fast.bits<F>(whole);
}

export function fastFromInt<F>(cpu: Cpu, value: i64): u64 {
  const f = Fast.format<F>();
  if (value == 0) return 0;
  const magnitude = <u64>(value < 0 ? -value : value);
  // Few enough significant bits are exact in every mode.
  const isExact = 64 - clz(magnitude) - ctz(magnitude) <= <u64>(Ieee.fractionBits(f) + 1);
  if (isExact || Fast.isNearest(cpu)) {
    if (!isExact) inexact(cpu);
    return Fast.bits<F>(<F>value);
  }
  return softFromInt(cpu, f, value);
}

/** Binary64 to binary32. */
export function fastNarrow(cpu: Cpu, a: u64): u64 {
  if (Fast.isNearest(cpu) && Fast.isPlain<f64>(a)) {
    const x = reinterpret<f64>(a);
    const r = <f32>x;
    const bits = <u64>reinterpret<u32>(r);
    if (Fast.isSafe<f32>(bits) || x == 0) {
      if (<f64>r != x) inexact(cpu);
      return bits;
    }
  }
  return softNarrow(cpu, a);
}

/** Binary32 to binary64. */
export function fastWiden(cpu: Cpu, a: u64): u64 {
  if (Fast.isPlain<f32>(a)) return reinterpret<u64>(<f64>reinterpret<f32>(<u32>a));
  return softWiden(cpu, a);
}
