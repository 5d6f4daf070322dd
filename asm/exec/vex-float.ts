/**
 * VEX forms of SSE floating point and conversions (SDM vol. 2 chapters 3 and 4), of one or two halves. All of an
 * instruction's exceptions are collected before anything is written, as in simd-float.ts.
 */
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { fastFromInt, fastNarrow, fastWiden } from "../softfloat/fast";
import { MXCSR_RC } from "../softfloat/ieee754";
import { execSimdConvert, signed, simdConvert, widen } from "./simd-convert";
import {
  approximate,
  CMP,
  dotPairs,
  dotProducts,
  dotSums,
  execSimdFloat,
  nextStep,
  packed,
  scalar,
  settle,
  simdFloatOther,
} from "./simd-float";
import { sourceGeneral, Xmm } from "./simd-operand";
import { merged } from "./vex-move";
import { isLong, second, source, Ymm } from "./vex-operand";

export function execVexFloat(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  let imm = <u32>insn.imm & 0xff;
  if (op < <u32>Simd.HADDPS) {
    const kind = (op - Simd.SQRTPS) >> 2;
    // VCMP has 32 predicates.
    if (kind == CMP) imm &= 31;
    const isDouble = (op & 1) != 0;
    if ((op & 2) == 0) return packedForm(cpu, insn, kind, imm, isDouble);
    const b = source(cpu, insn, isDouble ? 8 : 4);
    if (b == 0) return 0;
    const a = Xmm.low(cpu, second(insn));
    return put(
      cpu,
      insn,
      isDouble
        ? scalar<f64, i64>(cpu, kind, a, load<u64>(b), imm)
        : scalar<f32, i32>(cpu, kind, <u64>(<u32>a), load<u32>(b), imm),
      isDouble,
    );
  }
  switch (op) {
    case Simd.UCOMISS:
    case Simd.COMISS:
    case Simd.UCOMISD:
    case Simd.COMISD:
      return execSimdFloat(cpu, insn, op);
    case Simd.RSQRTSS:
    case Simd.RCPSS: {
      const b = source(cpu, insn, 4);
      return b != 0 ? put(cpu, insn, approximate(cpu, op, load<u32>(b)), false) : 0;
    }
    case Simd.DPPS:
      if (isLong(insn)) return dotProduct(cpu, insn, imm);
  }
  const b = source(cpu, insn, insn.osz);
  if (b == 0) return 0;
  const a = xmm(cpu, second(insn));
  const low = simdFloatOther(cpu, op, v128.load(a), v128.load(b), imm);
  let high = i64x2.splat(0);
  if (isLong(insn)) high = simdFloatOther(cpu, op, v128.load(a, 16), v128.load(b, 16), imm);
  if (settle(cpu)) Ymm.set(cpu, insn.r, low, high);
  return 0;
}

/** VEX.vvvv with a new low element, unless an exception is unmasked. */
function put(cpu: Cpu, insn: Insn, value: u64, isDouble: bool): u32 {
  if (settle(cpu)) Ymm.set128(cpu, insn.r, merged(cpu, insn, value, isDouble));
  return 0;
}

function packedForm(cpu: Cpu, insn: Insn, kind: u32, imm: u32, isDouble: bool): u32 {
  const b = source(cpu, insn, insn.osz);
  if (b == 0) return 0;
  const a = xmm(cpu, second(insn));
  const low = packedOf(cpu, kind, v128.load(a), v128.load(b), imm, isDouble);
  let high = i64x2.splat(0);
  if (isLong(insn)) high = packedOf(cpu, kind, v128.load(a, 16), v128.load(b, 16), imm, isDouble);
  if (settle(cpu)) Ymm.set(cpu, insn.r, low, high);
  return 0;
}

function packedOf(cpu: Cpu, kind: u32, a: v128, b: v128, imm: u32, isDouble: bool): v128 {
  return isDouble ? packed<f64, i64>(cpu, kind, a, b, imm) : packed<f32, i32>(cpu, kind, a, b, imm);
}

/** VDPPS of 256 bits: both halves take each step together. */
function dotProduct(cpu: Cpu, insn: Insn, imm: u32): u32 {
  const b = source(cpu, insn, 32);
  if (b == 0) return 0;
  const a = xmm(cpu, second(insn));
  let low = dotProducts(cpu, v128.load(a), v128.load(b), imm);
  let high = dotProducts(cpu, v128.load(a, 16), v128.load(b, 16), imm);
  if (nextStep(cpu)) {
    low = dotPairs(cpu, low);
    high = dotPairs(cpu, high);
    if (nextStep(cpu)) {
      low = dotSums(cpu, low, imm);
      high = dotSums(cpu, high, imm);
    }
  }
  if (settle(cpu)) Ymm.set(cpu, insn.r, low, high);
  return 0;
}

export function execVexConvert(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  switch (op) {
    case Simd.CVTSI2SS:
    case Simd.CVTSI2SD: {
      const value = signed(insn, sourceGeneral(cpu, insn));
      if (cpu.fault != 0) return 0;
      const isDouble = op == Simd.CVTSI2SD;
      const result = isDouble ? fastFromInt<f64>(cpu, value) : fastFromInt<f32>(cpu, value);
      return put(cpu, insn, result, isDouble);
    }
    case Simd.CVTSS2SD: {
      const b = source(cpu, insn, 4);
      return b != 0 ? put(cpu, insn, fastWiden(cpu, load<u32>(b)), true) : 0;
    }
    case Simd.CVTSD2SS: {
      const b = source(cpu, insn, 8);
      return b != 0 ? put(cpu, insn, fastNarrow(cpu, load<u64>(b)), false) : 0;
    }
    case Simd.CVTTSS2SI:
    case Simd.CVTTSD2SI:
    case Simd.CVTSS2SI:
    case Simd.CVTSD2SI:
      return execSimdConvert(cpu, insn, op);
    case Simd.CVTPS2PD:
    case Simd.CVTDQ2PD:
      return wider(cpu, insn, op);
  }
  const b = source(cpu, insn, insn.osz);
  if (b == 0) return 0;
  const rc = (cpu.mxcsr & MXCSR_RC) >> 13;
  let low = simdConvert(cpu, op, v128.load(b), rc);
  let high = i64x2.splat(0);
  if (isLong(insn)) {
    high = simdConvert(cpu, op, v128.load(b, 16), rc);
    if (op == Simd.CVTPD2PS || op == Simd.CVTPD2DQ || op == Simd.CVTTPD2DQ) {
      // Results of half the size share the lower half.
      low = v128.shuffle<i64>(low, high, 0, 2);
      high = i64x2.splat(0);
    }
  }
  if (settle(cpu)) Ymm.set(cpu, insn.r, low, high);
  return 0;
}

/** VCVTPS2PD and VCVTDQ2PD: from a source of half the size. */
function wider(cpu: Cpu, insn: Insn, op: u32): u32 {
  const b = source(cpu, insn, insn.osz >> 1);
  if (b == 0) return 0;
  const low = widened(cpu, op, load<u64>(b));
  const high = isLong(insn) ? widened(cpu, op, load<u64>(b, 8)) : i64x2.splat(0);
  if (settle(cpu)) Ymm.set(cpu, insn.r, low, high);
  return 0;
}

function widened(cpu: Cpu, op: u32, b: u64): v128 {
  return op == Simd.CVTPS2PD ? widen(cpu, b) : f64x2.convert_low_i32x4_s(i64x2.splat(b));
}
