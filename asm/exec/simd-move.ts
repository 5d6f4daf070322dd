/**
 * Moves of SSE to SSE4.1 (SDM vol. 2 chapters 4.3): between XMM registers, memory and general registers,
 * with the element duplications and the widening PMOVSX/PMOVZX, which read only what they widen.
 *
 * Bits are moved as integers; a float never passes through f32 or f64, where a NaN could change.
 * Non-temporal hints have no effect: memory is one coherent array.
 */
import { RFLAGS_CF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { checkAlignment, probe, st8 } from "../mmu/access";
import { addressMask, segLinear } from "../mmu/address";
import {
  isMemory,
  isWide,
  memory16,
  memory32,
  memory64,
  mm,
  mmxEnter,
  setGeneral,
  setMm,
  source32,
  source64,
  source128,
  sourceGeneral,
  storeMemory,
  storeMemory128,
  unaligned128,
  Xmm,
} from "./simd-operand";
import { checkPendingMF } from "./x87-state";

export function execSimdMove(cpu: Cpu, insn: Insn, op: u32): u32 {
  switch (op) {
    case Simd.MOVUPS:
    case Simd.MOVUPD:
    case Simd.MOVDQU:
    case Simd.LDDQU:
      return put(cpu, insn, unaligned128(cpu, insn));
    case Simd.MOVAPS:
    case Simd.MOVAPD:
    case Simd.MOVDQA:
    case Simd.MOVNTDQA:
      return put(cpu, insn, source128(cpu, insn));
    case Simd.MOVSS:
      if (isMemory(insn)) return put(cpu, insn, Xmm.make(memory32(cpu, insn), 0));
      store<u32>(xmm(cpu, insn.r), load<u32>(xmm(cpu, insn.m)));
      return 0;
    case Simd.MOVSD:
      if (isMemory(insn)) return put(cpu, insn, Xmm.make(memory64(cpu, insn), 0));
      Xmm.setLow(cpu, insn.r, Xmm.low(cpu, insn.m));
      return 0;
    case Simd.MOVUPS_STORE:
    case Simd.MOVUPD_STORE:
    case Simd.MOVDQU_STORE:
      return give(cpu, insn, false);
    case Simd.MOVAPS_STORE:
    case Simd.MOVAPD_STORE:
    case Simd.MOVDQA_STORE:
    case Simd.MOVNTPS:
    case Simd.MOVNTPD:
    case Simd.MOVNTDQ:
      return give(cpu, insn, true);
    case Simd.MOVSS_STORE:
      if (isMemory(insn)) storeMemory(cpu, insn, load<u32>(xmm(cpu, insn.r)), 4);
      else store<u32>(xmm(cpu, insn.m), load<u32>(xmm(cpu, insn.r)));
      return 0;
    case Simd.MOVSD_STORE:
      if (isMemory(insn)) storeMemory(cpu, insn, Xmm.low(cpu, insn.r), 8);
      else Xmm.setLow(cpu, insn.m, Xmm.low(cpu, insn.r));
      return 0;
    case Simd.MOVLPS:
    case Simd.MOVLPD: {
      const value = isMemory(insn) ? memory64(cpu, insn) : Xmm.high(cpu, insn.m);
      if (cpu.fault == 0) Xmm.setLow(cpu, insn.r, value);
      return 0;
    }
    case Simd.MOVHPS:
    case Simd.MOVHPD: {
      const value = source64(cpu, insn);
      if (cpu.fault == 0) Xmm.setHigh(cpu, insn.r, value);
      return 0;
    }
    case Simd.MOVLPS_STORE:
    case Simd.MOVLPD_STORE:
      storeMemory(cpu, insn, Xmm.low(cpu, insn.r), 8);
      return 0;
    case Simd.MOVHPS_STORE:
    case Simd.MOVHPD_STORE:
      storeMemory(cpu, insn, Xmm.high(cpu, insn.r), 8);
      return 0;
    case Simd.MOVSLDUP: {
      const b = source128(cpu, insn);
      return put(cpu, insn, v128.shuffle<i32>(b, b, 0, 0, 2, 2));
    }
    case Simd.MOVSHDUP: {
      const b = source128(cpu, insn);
      return put(cpu, insn, v128.shuffle<i32>(b, b, 1, 1, 3, 3));
    }
    case Simd.MOVDDUP:
      return put(cpu, insn, i64x2.splat(source64(cpu, insn)));
    case Simd.MOVMSKPS:
      setGeneral(cpu, insn.r, <u64>i32x4.bitmask(Xmm.get(cpu, insn.m)));
      return 0;
    case Simd.MOVMSKPD:
      setGeneral(cpu, insn.r, <u64>i64x2.bitmask(Xmm.get(cpu, insn.m)));
      return 0;
    case Simd.PMOVMSKB:
      setGeneral(cpu, insn.r, <u64>i8x16.bitmask(Xmm.get(cpu, insn.m)));
      return 0;
    case Simd.MOVD:
      return put(cpu, insn, Xmm.make(sourceGeneral(cpu, insn), 0));
    case Simd.MOVD_STORE:
      return giveGeneral(cpu, insn, Xmm.low(cpu, insn.r));
    case Simd.MOVQ:
      return put(cpu, insn, Xmm.make(source64(cpu, insn), 0));
    case Simd.MOVQ_STORE:
      if (isMemory(insn)) storeMemory(cpu, insn, Xmm.low(cpu, insn.r), 8);
      else Xmm.set(cpu, insn.m, Xmm.make(Xmm.low(cpu, insn.r), 0));
      return 0;
    case Simd.MOVQ2DQ:
      if (checkPendingMF(cpu)) return 0;
      mmxEnter(cpu);
      Xmm.set(cpu, insn.r, Xmm.make(mm(cpu, insn.m), 0));
      return 0;
    case Simd.MOVDQ2Q:
      if (checkPendingMF(cpu)) return 0;
      mmxEnter(cpu);
      setMm(cpu, insn.r, Xmm.low(cpu, insn.m));
      return 0;
    case Simd.MASKMOVDQU:
      maskedStore(cpu, insn, Xmm.get(cpu, insn.r), i8x16.bitmask(Xmm.get(cpu, insn.m)), 16);
      return 0;
    case Simd.PTEST:
      return test(cpu, insn);
    case Simd.PMOVSXBW:
      return put(cpu, insn, i16x8.extend_low_i8x16_s(wide8(cpu, insn)));
    case Simd.PMOVSXBD:
      return put(cpu, insn, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(wide4(cpu, insn))));
    case Simd.PMOVSXBQ:
      return put(
        cpu,
        insn,
        i64x2.extend_low_i32x4_s(
          i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(wide2(cpu, insn))),
        ),
      );
    case Simd.PMOVSXWD:
      return put(cpu, insn, i32x4.extend_low_i16x8_s(wide8(cpu, insn)));
    case Simd.PMOVSXWQ:
      return put(cpu, insn, i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(wide4(cpu, insn))));
    case Simd.PMOVSXDQ:
      return put(cpu, insn, i64x2.extend_low_i32x4_s(wide8(cpu, insn)));
    case Simd.PMOVZXBW:
      return put(cpu, insn, i16x8.extend_low_i8x16_u(wide8(cpu, insn)));
    case Simd.PMOVZXBD:
      return put(cpu, insn, i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(wide4(cpu, insn))));
    case Simd.PMOVZXBQ:
      return put(
        cpu,
        insn,
        i64x2.extend_low_i32x4_u(
          i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(wide2(cpu, insn))),
        ),
      );
    case Simd.PMOVZXWD:
      return put(cpu, insn, i32x4.extend_low_i16x8_u(wide8(cpu, insn)));
    case Simd.PMOVZXWQ:
      return put(cpu, insn, i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(wide4(cpu, insn))));
    case Simd.PMOVZXDQ:
      return put(cpu, insn, i64x2.extend_low_i32x4_u(wide8(cpu, insn)));
  }
  return 0;
}

/** Writes V unless the source faulted. */
function put(cpu: Cpu, insn: Insn, value: v128): u32 {
  if (cpu.fault == 0) Xmm.set(cpu, insn.r, value);
  return 0;
}

/** Writes V to W. */
function give(cpu: Cpu, insn: Insn, isAligned: bool): u32 {
  const value = Xmm.get(cpu, insn.r);
  if (isMemory(insn)) storeMemory128(cpu, insn, value, isAligned);
  else Xmm.set(cpu, insn.m, value);
  return 0;
}

/** Writes the low doubleword or quadword (REX.W) of `value` to E. */
export function giveGeneral(cpu: Cpu, insn: Insn, value: u64): u32 {
  if (isMemory(insn)) storeMemory(cpu, insn, value, isWide(insn) ? 8 : 4);
  else setGeneral(cpu, insn.m, isWide(insn) ? value : value & 0xffff_ffff);
  return 0;
}

/** The 8, 4 or 2 bytes that are widened. */
function wide8(cpu: Cpu, insn: Insn): v128 {
  return i64x2.splat(source64(cpu, insn));
}
function wide4(cpu: Cpu, insn: Insn): v128 {
  return i32x4.splat(source32(cpu, insn));
}
function wide2(cpu: Cpu, insn: Insn): v128 {
  const value: u32 = isMemory(insn) ? memory16(cpu, insn) : load<u16>(xmm(cpu, insn.m));
  return i16x8.splat(<i16>value);
}

/** PTEST: ZF = no common bit, CF = W has no bit outside V; the other flags are cleared. */
function test(cpu: Cpu, insn: Insn): u32 {
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  const a = Xmm.get(cpu, insn.r);
  const isZero = !v128.any_true(v128.and(b, a));
  const isInside = !v128.any_true(v128.andnot(b, a));
  setArith(cpu, (isZero ? RFLAGS_ZF : 0) | (isInside ? RFLAGS_CF : 0));
  return 0;
}

/**
 * MASKMOVQ and MASKMOVDQU: the bytes of `value` selected by `mask` go to DS:rDI. All `len` bytes are checked
 * before the first is written, selected or not, as the manual leaves it to the processor. Where alignment is
 * checked, rDI must be a multiple of 8.
 */
export function maskedStore(cpu: Cpu, insn: Insn, value: v128, mask: u32, len: u32): void {
  const la = segLinear(cpu, insn.seg, cpu.rdi & addressMask(insn), len, true);
  if (cpu.fault != 0 || !checkAlignment(cpu, la, 8) || !probe(cpu, la, len, true)) return;
  const low = i64x2.extract_lane(value, 0);
  const high = i64x2.extract_lane(value, 1);
  for (let i: u32 = 0; i < len; i++) {
    if (((mask >> i) & 1) == 0) continue;
    const byte = i < 8 ? low >> <u64>(i << 3) : high >> <u64>((i - 8) << 3);
    st8(cpu, la + <u64>i, <u32>byte & 0xff);
    if (cpu.fault != 0) return;
  }
}
