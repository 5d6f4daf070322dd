/**
 * VEX forms of the moves of SSE (SDM vol. 2 chapter 4): those that merge take the rest from VEX.vvvv, all
 * clear the destination above their length. The aligned ones keep their rule, for 32 bytes too.
 */
import { RFLAGS_CF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { execSimdMove } from "./simd-move";
import { isMemory, setGeneral, sourceGeneral, storeMemory, Xmm } from "./simd-operand";
import { alignedSource, give, isLong, second, source, Ymm } from "./vex-operand";

export function execVexMove(cpu: Cpu, insn: Insn, op: u32): u32 {
  switch (op) {
    case Simd.MOVUPS:
    case Simd.MOVUPD:
    case Simd.MOVDQU:
    case Simd.LDDQU:
      return take(cpu, insn, source(cpu, insn, insn.osz));
    case Simd.MOVAPS:
    case Simd.MOVAPD:
    case Simd.MOVDQA:
    case Simd.MOVNTDQA:
      return take(cpu, insn, alignedSource(cpu, insn, insn.osz));
    case Simd.MOVUPS_STORE:
    case Simd.MOVUPD_STORE:
    case Simd.MOVDQU_STORE:
      give(cpu, insn, xmm(cpu, insn.r), insn.osz, false);
      return 0;
    case Simd.MOVAPS_STORE:
    case Simd.MOVAPD_STORE:
    case Simd.MOVDQA_STORE:
    case Simd.MOVNTPS:
    case Simd.MOVNTPD:
    case Simd.MOVNTDQ:
      give(cpu, insn, xmm(cpu, insn.r), insn.osz, true);
      return 0;
    case Simd.MOVSS:
    case Simd.MOVSD:
      return scalar(cpu, insn, op == Simd.MOVSD ? 8 : 4);
    case Simd.MOVSS_STORE:
    case Simd.MOVSD_STORE:
      return scalarStore(cpu, insn, op == Simd.MOVSD_STORE);
    case Simd.MOVLPS:
    case Simd.MOVLPD:
    case Simd.MOVHPS:
    case Simd.MOVHPD:
      return half(cpu, insn, op);
    case Simd.MOVD: {
      const value = sourceGeneral(cpu, insn);
      if (cpu.fault == 0) Ymm.set128(cpu, insn.r, Xmm.make(value, 0));
      return 0;
    }
    case Simd.MOVQ: {
      const b = source(cpu, insn, 8);
      if (b != 0) Ymm.set128(cpu, insn.r, Xmm.make(load<u64>(b), 0));
      return 0;
    }
    case Simd.MOVQ_STORE:
      if (isMemory(insn)) storeMemory(cpu, insn, Xmm.low(cpu, insn.r), 8);
      else Ymm.set128(cpu, insn.m, Xmm.make(Xmm.low(cpu, insn.r), 0));
      return 0;
    case Simd.MOVSLDUP:
    case Simd.MOVSHDUP:
    case Simd.MOVDDUP:
      return duplicate(cpu, insn, op);
    case Simd.MOVMSKPS:
    case Simd.MOVMSKPD:
    case Simd.PMOVMSKB:
      return mask(cpu, insn, op);
    case Simd.PTEST:
      return test(cpu, insn);
  }
  if (op >= <u32>Simd.PMOVSXBW) return widen(cpu, insn, op);
  // MOVLPS_STORE and its kin, MOVD_STORE, MASKMOVDQU: nothing but memory or a general register is written.
  return execSimdMove(cpu, insn, op);
}

/** V := the 16 or 32 bytes at `from`, unless that is 0. */
function take(cpu: Cpu, insn: Insn, from: usize): u32 {
  if (from == 0) return 0;
  const low = v128.load(from);
  if (isLong(insn)) Ymm.set(cpu, insn.r, low, v128.load(from, 16));
  else Ymm.set128(cpu, insn.r, low);
  return 0;
}

/** VMOVSS, VMOVSD: memory comes zero-extended, a register in front of the rest of VEX.vvvv. */
function scalar(cpu: Cpu, insn: Insn, len: u32): u32 {
  const b = source(cpu, insn, len);
  if (b == 0) return 0;
  const value = len == 8 ? load<u64>(b) : <u64>load<u32>(b);
  Ymm.set128(cpu, insn.r, isMemory(insn) ? Xmm.make(value, 0) : merged(cpu, insn, value, len == 8));
  return 0;
}

function scalarStore(cpu: Cpu, insn: Insn, isDouble: bool): u32 {
  const value = Xmm.low(cpu, insn.r);
  if (isMemory(insn)) storeMemory(cpu, insn, value, isDouble ? 8 : 4);
  else Ymm.set128(cpu, insn.m, merged(cpu, insn, value, isDouble));
  return 0;
}

/** VEX.vvvv with its low element replaced. */
export function merged(cpu: Cpu, insn: Insn, value: u64, isDouble: bool): v128 {
  const a = Xmm.get(cpu, second(insn));
  return isDouble ? i64x2.replace_lane(a, 0, value) : i32x4.replace_lane(a, 0, <u32>value);
}

/** VMOVLPS and VMOVHPS, and VMOVHLPS and VMOVLHPS in their register forms. */
function half(cpu: Cpu, insn: Insn, op: u32): u32 {
  const isLow = op == Simd.MOVLPS || op == Simd.MOVLPD;
  const b = source(cpu, insn, 8);
  if (b == 0) return 0;
  const value = load<u64>(isLow && !isMemory(insn) ? b + 8 : b);
  const a = Xmm.get(cpu, second(insn));
  const result = isLow ? i64x2.replace_lane(a, 0, value) : i64x2.replace_lane(a, 1, value);
  Ymm.set128(cpu, insn.r, result);
  return 0;
}

function duplicate(cpu: Cpu, insn: Insn, op: u32): u32 {
  const wide = isLong(insn);
  const b = source(cpu, insn, wide ? 32 : op == Simd.MOVDDUP ? 8 : 16);
  if (b == 0) return 0;
  if (op == Simd.MOVDDUP) {
    const low = i64x2.splat(load<u64>(b));
    Ymm.set(cpu, insn.r, low, i64x2.splat(wide ? load<u64>(b, 16) : 0));
    return 0;
  }
  const low = duplicated(op, v128.load(b));
  Ymm.set(cpu, insn.r, low, wide ? duplicated(op, v128.load(b, 16)) : i64x2.splat(0));
  return 0;
}

function duplicated(op: u32, b: v128): v128 {
  return op == Simd.MOVSLDUP
    ? v128.shuffle<i32>(b, b, 0, 0, 2, 2)
    : v128.shuffle<i32>(b, b, 1, 1, 3, 3);
}

/** The top bits of all elements, to a general register. */
function mask(cpu: Cpu, insn: Insn, op: u32): u32 {
  const at = xmm(cpu, insn.m);
  let bits = signs(op, v128.load(at));
  if (isLong(insn)) {
    const count: u32 = op == Simd.PMOVMSKB ? 16 : op == Simd.MOVMSKPS ? 4 : 2;
    bits |= signs(op, v128.load(at, 16)) << count;
  }
  setGeneral(cpu, insn.r, <u64>bits);
  return 0;
}

function signs(op: u32, v: v128): u32 {
  if (op == Simd.PMOVMSKB) return i8x16.bitmask(v);
  return op == Simd.MOVMSKPS ? i32x4.bitmask(v) : i64x2.bitmask(v);
}

/** VPTEST: ZF = no common bit, CF = W has no bit outside V. */
function test(cpu: Cpu, insn: Insn): u32 {
  const b = source(cpu, insn, insn.osz);
  if (b == 0) return 0;
  const a = xmm(cpu, insn.r);
  let common = v128.and(v128.load(b), v128.load(a));
  let outside = v128.andnot(v128.load(b), v128.load(a));
  if (isLong(insn)) {
    common = v128.or(common, v128.and(v128.load(b, 16), v128.load(a, 16)));
    outside = v128.or(outside, v128.andnot(v128.load(b, 16), v128.load(a, 16)));
  }
  setTest(cpu, common, outside);
  return 0;
}

/** Flags of VPTEST, VTESTPS and VTESTPD. */
export function setTest(cpu: Cpu, common: v128, outside: v128): void {
  setArith(cpu, (v128.any_true(common) ? 0 : RFLAGS_ZF) | (v128.any_true(outside) ? 0 : RFLAGS_CF));
}

/** VPMOVSX and VPMOVZX: of 256 bits, the upper half is made of what follows the lower half's source. */
function widen(cpu: Cpu, insn: Insn, op: u32): u32 {
  const len = widenedBytes(op);
  const wide = isLong(insn);
  const b = source(cpu, insn, wide ? len << 1 : len);
  if (b == 0) return 0;
  const low = widened(op, b);
  Ymm.set(cpu, insn.r, low, wide ? widened(op, b + len) : i64x2.splat(0));
  return 0;
}

/** Bytes that 128 bits of the result are made of. */
function widenedBytes(op: u32): u32 {
  switch (op) {
    case Simd.PMOVSXBW:
    case Simd.PMOVSXWD:
    case Simd.PMOVSXDQ:
    case Simd.PMOVZXBW:
    case Simd.PMOVZXWD:
    case Simd.PMOVZXDQ:
      return 8;
    case Simd.PMOVSXBD:
    case Simd.PMOVSXWQ:
    case Simd.PMOVZXBD:
    case Simd.PMOVZXWQ:
      return 4;
  }
  return 2;
}

function widened(op: u32, b: usize): v128 {
  switch (op) {
    case Simd.PMOVSXBW:
      return i16x8.extend_low_i8x16_s(i64x2.splat(load<u64>(b)));
    case Simd.PMOVSXWD:
      return i32x4.extend_low_i16x8_s(i64x2.splat(load<u64>(b)));
    case Simd.PMOVSXDQ:
      return i64x2.extend_low_i32x4_s(i64x2.splat(load<u64>(b)));
    case Simd.PMOVZXBW:
      return i16x8.extend_low_i8x16_u(i64x2.splat(load<u64>(b)));
    case Simd.PMOVZXWD:
      return i32x4.extend_low_i16x8_u(i64x2.splat(load<u64>(b)));
    case Simd.PMOVZXDQ:
      return i64x2.extend_low_i32x4_u(i64x2.splat(load<u64>(b)));
    case Simd.PMOVSXBD:
      return fourOf(load<i8>(b), load<i8>(b, 1), load<i8>(b, 2), load<i8>(b, 3));
    case Simd.PMOVSXWQ:
      return Xmm.make(<u64>(<i64>load<i16>(b)), <u64>(<i64>load<i16>(b, 2)));
    case Simd.PMOVSXBQ:
      return Xmm.make(<u64>(<i64>load<i8>(b)), <u64>(<i64>load<i8>(b, 1)));
    case Simd.PMOVZXBD:
      return fourOf(load<u8>(b), load<u8>(b, 1), load<u8>(b, 2), load<u8>(b, 3));
    case Simd.PMOVZXWQ:
      return Xmm.make(<u64>load<u16>(b), <u64>load<u16>(b, 2));
  }
  return Xmm.make(<u64>load<u8>(b), <u64>load<u8>(b, 1));
}

function fourOf(a: i32, b: i32, c: i32, d: i32): v128 {
  return Xmm.make(<u64>(<u32>a) | ((<u64>(<u32>b)) << 32), <u64>(<u32>c) | ((<u64>(<u32>d)) << 32));
}
