/**
 * The 80-bit format from and to integers, packed decimals and the shorter formats, and rounding to integral
 * values (SDM vol. 1 4.2, 4.7, 4.8.4, 8.3; conventions as in f80.ts). Widening keeps SNaNs as they are and
 * remembers denormals in X87_DENORMAL_SOURCE, so that the operation that follows reports both.
 */
import { Cpu } from "../cpu/state";
import {
  BIAS,
  F80,
  f80Denormals,
  f80RoundsUp,
  f80Special,
  INTEGER_BIT,
  X87_C1,
  X87_DENORMAL_SOURCE,
  X87_IE,
  X87_OE,
  X87_PE,
  X87_UE,
} from "./f80";
import { Ieee, RC_DOWN, RC_NEAREST, RC_UP } from "./ieee754";

export function f80FromInt(cpu: Cpu, value: i64): void {
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

/** The bits of a binary32 or binary64 (FORMAT_*), widened exactly. */
export function f80Widen(cpu: Cpu, f: u32, bits: u64): void {
  const sign: u32 = (bits & Ieee.signMask(f)) != 0 ? 0x8000 : 0;
  if (Ieee.isZero(f, bits)) {
    F80.set(cpu, sign, 0);
    return;
  }
  const exponent = Ieee.exponent(f, bits);
  if (exponent == Ieee.maxExponent(f)) {
    const fraction = bits << (<u64>(63 - Ieee.fractionBits(f)));
    F80.set(cpu, sign | 0x7fff, fraction | INTEGER_BIT);
    return;
  }
  if (exponent == 0) F80.signal(cpu, X87_DENORMAL_SOURCE);
  F80.set(cpu, sign | <u32>(Ieee.scale(f, bits) - Ieee.bias(f) + BIAS), Ieee.significand(f, bits));
}

/**
 * To binary32 or binary64. Unmasked overflow and underflow set only their flag: such a result is not stored.
 */
export function f80Narrow(cpu: Cpu, f: u32, se: u32, sig: u64): u64 {
  const sign: u64 = (se & 0x8000) != 0 ? Ieee.signMask(f) : 0;
  if (f80Special(cpu, se, sig, 0, 0)) {
    const payload = (cpu.f80Sig << 1) >> <u64>(64 - Ieee.fractionBits(f));
    return ((cpu.f80Se & 0x8000) != 0 ? Ieee.signMask(f) : 0) | Ieee.infinity(f) | payload;
  }
  if (sig == 0) return sign;
  if (F80.isInfinite(se, sig)) return sign | Ieee.infinity(f);
  return narrowFinite(cpu, f, sign, F80.scale(se, sig) - BIAS + Ieee.bias(f), F80.normal(sig));
}

function narrowFinite(cpu: Cpu, f: u32, sign: u64, exponent: i32, sig: u64): u64 {
  const rc = F80.rounding(cpu);
  const drop = <u64>(63 - Ieee.fractionBits(f));
  const negative = sign != 0;
  if (exponent >= Ieee.maxExponent(f)) return overflow(cpu, f, sign);
  let shift = drop;
  let tiny: u32 = 0;
  if (exponent < 1) {
    const isFull = sig >> drop == <u64>-1 >> drop;
    if (exponent < 0 || !isFull || !f80RoundsUp(rc, negative, true, sig << (64 - drop))) {
      if ((cpu.fcw & X87_UE) == 0) {
        F80.signal(cpu, X87_UE);
        return 0;
      }
      shift = drop + <u64>(1 - exponent);
      tiny = X87_UE;
    }
  }
  let kept: u64 = 0;
  let rest: u64;
  if (shift < 64) {
    kept = sig >> shift;
    rest = sig << (64 - shift);
  } else rest = shift == 64 ? sig : 1;
  let isUp = false;
  if (rest != 0) {
    F80.signal(cpu, X87_PE | tiny);
    isUp = f80RoundsUp(rc, negative, (kept & 1) != 0, rest);
    if (isUp) {
      F80.signal(cpu, X87_C1);
      kept++;
    }
  }
  // The leading bit of a normal significand adds one to the exponent field; so does a carry.
  const base = tiny == 0 ? <u64>(<i64>(exponent - 1)) : 0;
  const bits = (base << (<u64>Ieee.fractionBits(f))) + kept;
  if (exponent > 0 && bits >= Ieee.infinity(f)) return overflow(cpu, f, sign);
  return sign | bits;
}

function overflow(cpu: Cpu, f: u32, sign: u64): u64 {
  F80.signal(cpu, X87_OE);
  if ((cpu.fcw & X87_OE) == 0) {
    cpu.x87Flags &= ~(X87_PE | X87_C1);
    return 0;
  }
  F80.signal(cpu, X87_PE);
  const rc = F80.rounding(cpu);
  const isInfinite = rc == RC_NEAREST || rc == (sign != 0 ? RC_DOWN : RC_UP);
  if (isInfinite) F80.signal(cpu, X87_C1);
  else cpu.x87Flags &= ~X87_C1;
  return sign | (Ieee.infinity(f) - (isInfinite ? 0 : 1));
}

/** The magnitude rounded to an integer, which must be below 2^64 before rounding. */
function integral(cpu: Cpu, se: u32, sig: u64, rc: u32): u64 {
  const shift = BIAS + 63 - F80.exponent(se);
  if (shift <= 0) return sig;
  let kept: u64 = 0;
  let rest: u64;
  if (shift < 64) {
    kept = sig >> <u64>shift;
    rest = sig << (<u64>(64 - shift));
  } else rest = shift == 64 ? sig : u64(sig != 0);
  if (rest == 0) return kept;
  F80.signal(cpu, X87_PE);
  if (!f80RoundsUp(rc, (se & 0x8000) != 0, (kept & 1) != 0, rest)) return kept;
  F80.signal(cpu, X87_C1);
  return kept + 1;
}

/** FRNDINT. */
export function f80RoundIntegral(cpu: Cpu, se: u32, sig: u64): void {
  if (f80Special(cpu, se, sig, 0, 0)) return;
  if (f80Denormals(cpu, se, sig, 0, 0)) return;
  if (sig == 0 || F80.exponent(se) >= BIAS + 63) {
    F80.set(cpu, se, sig);
    return;
  }
  const value = integral(cpu, se, sig, F80.rounding(cpu));
  if (value == 0) F80.set(cpu, se & 0x8000, 0);
  else F80.set(cpu, (se & 0x8000) | <u32>(BIAS + 63 - <i32>clz(value)), F80.normal(value));
}

/** Not an integer of any size. */
function isOutOfRange(se: u32, sig: u64): bool {
  return F80.isUnsupported(se, sig) || F80.exponent(se) > BIAS + 63;
}

/** To a signed integer of 8 << size bits, rounded by `rc`; the integer indefinite when it does not fit. */
export function f80ToInt(cpu: Cpu, se: u32, sig: u64, size: u32, rc: u32): u64 {
  const least = (<u64>1) << (<u64>((8 << size) - 1));
  const isNegative = (se & 0x8000) != 0;
  if (!isOutOfRange(se, sig)) {
    const value = integral(cpu, se, sig, rc);
    if (value <= (isNegative ? least : least - 1)) return isNegative ? 0 - value : value;
    cpu.x87Flags &= ~(X87_PE | X87_C1);
  }
  F80.signal(cpu, X87_IE);
  return least;
}

const BCD_LIMIT: u64 = 1_000_000_000_000_000_000;

/** Magnitude of FBSTP's integer, or ~0 for the packed BCD indefinite. */
export function f80ToDecimal(cpu: Cpu, se: u32, sig: u64): u64 {
  if (!isOutOfRange(se, sig)) {
    const value = integral(cpu, se, sig, F80.rounding(cpu));
    if (value < BCD_LIMIT) return value;
    cpu.x87Flags &= ~(X87_PE | X87_C1);
  }
  F80.signal(cpu, X87_IE);
  return ~0;
}

/** The lowest `count` decimal digits, 4 bits each. */
export function packDecimal(value: u64, count: u32): u64 {
  let digits: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    digits |= (value % 10) << (<u64>(i << 2));
    value /= 10;
  }
  return digits;
}

/** Value of 18 digits; those above 9 count what they say, as processors do. */
export function unpackDecimal(low: u64, high: u32): u64 {
  let value = <u64>((high >> 4) & 15) * 10 + <u64>(high & 15);
  for (let i: i64 = 60; i >= 0; i -= 4) value = value * 10 + ((low >> <u64>i) & 15);
  return value;
}
