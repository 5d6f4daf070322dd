/**
 * Binary16 to binary32 and back (SDM vol. 1 14.4, VCVTPH2PS and VCVTPS2PH). Widening is exact, reports nothing
 * but signalling NaNs, and knows no DAZ for its denormal operands; narrowing rounds by the immediate or MXCSR and
 * knows no FTZ for its tiny results.
 */
import { Cpu } from "../cpu/state";
import { denormalInput, FORMAT_SINGLE, Ieee, MXCSR_IE, MXCSR_PE, rounded } from "./ieee754";

const FRACTION: u32 = 10;
const BIAS: i32 = 15;
const LIMIT: i32 = 31;

export function halfToSingle(cpu: Cpu, a: u32): u32 {
  const sign = (a & 0x8000) << 16;
  const exponent = (a >> FRACTION) & 31;
  const fraction = a & 0x3ff;
  if (exponent == <u32>LIMIT) {
    if (fraction == 0) return sign | 0x7f80_0000;
    if ((fraction & 0x200) == 0) cpu.simdFlags |= MXCSR_IE;
    return sign | 0x7fc0_0000 | (fraction << 13);
  }
  if (exponent != 0) return sign | ((exponent + (127 - BIAS)) << 23) | (fraction << 13);
  if (fraction == 0) return sign;
  const shift = <u32>clz(fraction) - 21;
  return sign | ((127 - BIAS + 1 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

export function singleToHalf(cpu: Cpu, a: u32, rc: u32): u32 {
  const f = FORMAT_SINGLE;
  const sign = (a >> 16) & 0x8000;
  if (Ieee.isNaN(f, a)) {
    if (Ieee.isSignalling(f, a)) cpu.simdFlags |= MXCSR_IE;
    return sign | 0x7e00 | ((a >> 13) & 0x1ff);
  }
  if (Ieee.isInfinite(f, a)) return sign | 0x7c00;
  const value = denormalInput(cpu, f, a);
  if (Ieee.isZero(f, value)) return sign;
  // Inexact whatever comes of it: processors say so also where an unmasked underflow takes its place.
  if (Ieee.exponent(f, value) == 0) cpu.simdFlags |= MXCSR_PE;
  const exponent = Ieee.scale(f, value) - (127 - BIAS);
  const significand = Ieee.significand(f, value);
  return sign | <u32>rounded(cpu, FRACTION, LIMIT, rc, false, sign, exponent, significand);
}
