/**
 * Binary16 to and from binary32 (SDM vol. 1 14.4): storage only, nothing is computed with halves. MXCSR.DAZ does
 * not apply to halves and FTZ not to them as results; denormal halves are exact in binary32 and are not reported.
 */
import { Cpu } from "../cpu/state";
import {
  denormalInput,
  FORMAT_SINGLE,
  Ieee,
  MXCSR_IE,
  MXCSR_OE,
  MXCSR_PE,
  MXCSR_UE,
  MXCSR_UM,
  RC_NEAREST,
  RC_UP,
  RC_ZERO,
  shiftRightJam,
  signal,
} from "./ieee754";

const INFINITY: u32 = 0x7c00;

export function halfToSingle(cpu: Cpu, a: u32): u32 {
  const sign = (a & 0x8000) << 16;
  const magnitude = a & 0x7fff;
  if (magnitude > INFINITY) {
    if ((a & 0x200) == 0) signal(cpu, MXCSR_IE);
    return sign | 0x7fc0_0000 | ((a & 0x3ff) << 13);
  }
  if (magnitude == INFINITY) return sign | 0x7f80_0000;
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + ((127 - 15) << 23));
  if (magnitude == 0) return sign;
  const shift = clz(magnitude) - 21; // to bit 10
  return sign | (((113 - shift) << 23) + ((magnitude << (shift + 13)) & 0x7f_ffff));
}

/** Rounds as `rc` says. */
export function singleToHalf(cpu: Cpu, bits: u32, rc: u32): u32 {
  let a = <u64>bits;
  const sign = <u32>(a >> 16) & 0x8000;
  if (Ieee.isNaN(FORMAT_SINGLE, a)) {
    if (Ieee.isSignalling(FORMAT_SINGLE, a)) signal(cpu, MXCSR_IE);
    return sign | 0x7e00 | (<u32>(a >> 13) & 0x3ff);
  }
  if (Ieee.isInfinite(FORMAT_SINGLE, a)) return sign | INFINITY;
  a = denormalInput(cpu, FORMAT_SINGLE, a);
  if (Ieee.isZero(FORMAT_SINGLE, a)) return sign;
  const exponent = Ieee.scale(FORMAT_SINGLE, a) - (127 - 15);
  return sign | round(cpu, sign, exponent, Ieee.significand(FORMAT_SINGLE, a), rc);
}

/** As roundPack of ieee754.ts for 11 bits of significand. Returns the magnitude. */
function round(cpu: Cpu, sign: u32, exponent: i32, significand: u64, rc: u32): u32 {
  const drop: u64 = 53;
  const mask: u64 = ((<u64>1) << drop) - 1;
  let add: u64 = 0;
  if (rc == RC_NEAREST) add = (mask >> 1) + 1;
  else if (rc != RC_ZERO && (rc == RC_UP) == (sign == 0)) add = mask;
  let isTiny = false;
  if (exponent < 1) {
    isTiny = exponent < 0 || significand + add >= significand;
    if (isTiny && (cpu.mxcsr & MXCSR_UM) == 0) {
      signal(cpu, MXCSR_UE | ((significand & mask) != 0 ? MXCSR_PE : 0));
      return 0;
    }
    significand = shiftRightJam(significand, <u32>(1 - exponent));
    exponent = 0;
  }
  const dropped = significand & mask;
  let rounded = significand + add;
  if (exponent > 0 && rounded < significand) {
    exponent++;
    rounded = (rounded >> 1) | 0x8000_0000_0000_0000;
  }
  if (exponent >= 31) {
    signal(cpu, MXCSR_OE | ((cpu.mxcsr & (MXCSR_OE << 7)) != 0 || dropped != 0 ? MXCSR_PE : 0));
    return INFINITY - u32(add == 0);
  }
  rounded >>= drop;
  if (rc == RC_NEAREST && dropped == add) rounded &= ~1;
  if (dropped != 0) signal(cpu, MXCSR_PE | (isTiny ? MXCSR_UE : 0));
  const base = exponent > 0 ? <u32>(exponent - 1) : 0;
  return (base << 10) + <u32>rounded;
}
