/**
 * Conversions of SSE and SSE2 between integers, binary32 and binary64 (SDM vol. 2 chapter 3, CVTxx), with
 * the exceptions of exec/simd-float.ts. A 64-bit source in memory is 8 bytes without alignment, a 128-bit
 * one must be aligned. Results of half a register clear the other half (CVTPD2PS, CVTPD2DQ).
 *
 * Those with an MMX register make the transition of MMX instructions, even when they end in #XM. CVTPI2PS
 * from memory should make it, too, by the manual; processors do not, as in CVTPI2PD.
 */
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { fastFromInt, fastNarrow, fastToInt, fastWiden } from "../softfloat/fast";
import {
  MXCSR_PE,
  MXCSR_PM,
  MXCSR_RC,
  RC_DOWN,
  RC_NEAREST,
  RC_UP,
  RC_ZERO,
} from "../softfloat/ieee754";
import { settle } from "./simd-float";
import {
  isMemory,
  isWide,
  memory64,
  mmxEnter,
  setGeneral,
  setMm,
  source32,
  source64,
  source128,
  sourceGeneral,
  sourceMm,
  Xmm,
} from "./simd-operand";
import { checkPendingMF } from "./x87-state";

const SINGLES: u64 = 0xffff_ffff;

export function execSimdConvert(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  const rc = (cpu.mxcsr & MXCSR_RC) >> 13;
  switch (op) {
    case Simd.CVTPI2PS:
    case Simd.CVTPI2PD:
      return fromMmx(cpu, insn, op);
    case Simd.CVTTPS2PI:
    case Simd.CVTTPD2PI:
      return toMmx(cpu, insn, op == Simd.CVTTPD2PI, RC_ZERO);
    case Simd.CVTPS2PI:
    case Simd.CVTPD2PI:
      return toMmx(cpu, insn, op == Simd.CVTPD2PI, rc);
    case Simd.CVTSI2SS: {
      const value = signed(insn, sourceGeneral(cpu, insn));
      if (cpu.fault != 0) return 0;
      const result = <u32>fastFromInt<f32>(cpu, value);
      if (settle(cpu)) store<u32>(xmm(cpu, insn.r), result);
      return 0;
    }
    case Simd.CVTSI2SD: {
      const value = signed(insn, sourceGeneral(cpu, insn));
      if (cpu.fault != 0) return 0;
      const result = fastFromInt<f64>(cpu, value);
      if (settle(cpu)) Xmm.setLow(cpu, insn.r, result);
      return 0;
    }
    case Simd.CVTTSS2SI:
      return toGeneral<f32>(cpu, insn, RC_ZERO);
    case Simd.CVTTSD2SI:
      return toGeneral<f64>(cpu, insn, RC_ZERO);
    case Simd.CVTSS2SI:
      return toGeneral<f32>(cpu, insn, rc);
    case Simd.CVTSD2SI:
      return toGeneral<f64>(cpu, insn, rc);
    case Simd.CVTSS2SD: {
      const b = <u64>source32(cpu, insn);
      if (cpu.fault != 0) return 0;
      const result = fastWiden(cpu, b);
      if (settle(cpu)) Xmm.setLow(cpu, insn.r, result);
      return 0;
    }
    case Simd.CVTSD2SS: {
      const b = source64(cpu, insn);
      if (cpu.fault != 0) return 0;
      const result = <u32>fastNarrow(cpu, b);
      if (settle(cpu)) store<u32>(xmm(cpu, insn.r), result);
      return 0;
    }
    case Simd.CVTPS2PD:
    case Simd.CVTDQ2PD: {
      const b = source64(cpu, insn);
      if (cpu.fault != 0) return 0;
      return put(
        cpu,
        insn,
        op == Simd.CVTPS2PD ? widen(cpu, b) : f64x2.convert_low_i32x4_s(i64x2.splat(b)),
      );
    }
  }
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  return put(cpu, insn, simdConvert(cpu, op, b, rc));
}

/** f(b) of the packed conversions with a 128-bit source. */
export function simdConvert(cpu: Cpu, op: u32, b: v128, rc: u32): v128 {
  const low = i64x2.extract_lane(b, 0);
  const high = i64x2.extract_lane(b, 1);
  switch (op) {
    case Simd.CVTPD2PS:
      return Xmm.make(fastNarrow(cpu, low) | (fastNarrow(cpu, high) << 32), 0);
    case Simd.CVTDQ2PS:
      return Xmm.make(singlesOf(cpu, low), singlesOf(cpu, high));
    case Simd.CVTPS2DQ:
    case Simd.CVTTPS2DQ: {
      const mode = op == Simd.CVTPS2DQ ? rc : RC_ZERO;
      if ((cpu.mxcsr & (MXCSR_PE | MXCSR_PM)) == (MXCSR_PE | MXCSR_PM)) {
        // In range nothing but PE can be raised; denormals become 0 with or without DAZ, or +-1.
        const magnitude = f32x4.abs(b);
        const isNormal = v128.or(
          i32x4.gt_s(magnitude, i32x4.splat(0x007f_ffff)),
          i32x4.eq(magnitude, i32x4.splat(0)),
        );
        const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x4f00_0000));
        if (i32x4.all_true(v128.and(isNormal, isSmall))) {
          return i32x4.trunc_sat_f32x4_s(roundSingles(b, mode));
        }
      }
      return Xmm.make(integersOf(cpu, low, mode), integersOf(cpu, high, mode));
    }
    default: {
      // CVTPD2DQ, CVTTPD2DQ
      const mode = op == Simd.CVTPD2DQ ? rc : RC_ZERO;
      const first = fastToInt<f64>(cpu, low, false, mode);
      return Xmm.make(first | (fastToInt<f64>(cpu, high, false, mode) << 32), 0);
    }
  }
}

function put(cpu: Cpu, insn: Insn, value: v128): u32 {
  if (settle(cpu)) Xmm.set(cpu, insn.r, value);
  return 0;
}

/** The source of CVTSI2SD by operand size. */
export function signed(insn: Insn, value: u64): i64 {
  return isWide(insn) ? <i64>value : <i64>(<i32>value);
}

function roundSingles(b: v128, rc: u32): v128 {
  if (rc == RC_NEAREST) return f32x4.nearest(b);
  if (rc == RC_DOWN) return f32x4.floor(b);
  return rc == RC_UP ? f32x4.ceil(b) : b;
}

/** Two binary32 to two binary64. */
export function widen(cpu: Cpu, b: u64): v128 {
  return Xmm.make(fastWiden(cpu, b & SINGLES), fastWiden(cpu, b >> 32));
}

/** Two doublewords to two binary32. */
function singlesOf(cpu: Cpu, b: u64): u64 {
  const low = fastFromInt<f32>(cpu, <i64>(<i32>b));
  return low | (fastFromInt<f32>(cpu, <i64>b >> 32) << 32);
}

/** Two binary32 to two doublewords. */
function integersOf(cpu: Cpu, b: u64, rc: u32): u64 {
  const low = fastToInt<f32>(cpu, b & SINGLES, false, rc);
  return low | (fastToInt<f32>(cpu, b >> 32, false, rc) << 32);
}

function toGeneral<F>(cpu: Cpu, insn: Insn, rc: u32): u32 {
  const b = sizeof<F>() == 8 ? source64(cpu, insn) : <u64>source32(cpu, insn);
  if (cpu.fault != 0) return 0;
  const result = fastToInt<F>(cpu, b, isWide(insn), rc);
  if (settle(cpu)) setGeneral(cpu, insn.r, result);
  return 0;
}

function fromMmx(cpu: Cpu, insn: Insn, op: u32): u32 {
  const isTransition = !isMemory(insn);
  if (isTransition && checkPendingMF(cpu)) return 0;
  const b = isMemory(insn) ? memory64(cpu, insn) : sourceMm(cpu, insn);
  if (cpu.fault != 0) return 0;
  if (isTransition) mmxEnter(cpu);
  if (op == Simd.CVTPI2PD) {
    Xmm.set(cpu, insn.r, f64x2.convert_low_i32x4_s(i64x2.splat(b)));
  } else {
    const result = singlesOf(cpu, b);
    if (!settle(cpu)) return 0;
    Xmm.setLow(cpu, insn.r, result);
  }
  return 0;
}

function toMmx(cpu: Cpu, insn: Insn, isDouble: bool, rc: u32): u32 {
  if (checkPendingMF(cpu)) return 0;
  let result: u64;
  if (isDouble) {
    const b = source128(cpu, insn);
    if (cpu.fault != 0) return 0;
    const low = fastToInt<f64>(cpu, i64x2.extract_lane(b, 0), false, rc);
    result = low | (fastToInt<f64>(cpu, i64x2.extract_lane(b, 1), false, rc) << 32);
  } else {
    const b = source64(cpu, insn);
    if (cpu.fault != 0) return 0;
    result = integersOf(cpu, b, rc);
  }
  mmxEnter(cpu);
  if (!settle(cpu)) return 0;
  setMm(cpu, insn.r, result);
  return 0;
}
