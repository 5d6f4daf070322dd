/**
 * Integer and bitwise operations whose result depends on two vectors only (SDM vol. 2 chapter 4):
 * destination = f(destination, source). `simdInt` is pure, so that MMX (exec/mmx.ts) and later the VEX
 * forms with three operands and two halves use the same functions.
 *
 * Shifts by a register take the count from the source's low quadword, for all elements at once.
 * Where wasm's operation is x86's with the operands the other way round, the call shows it.
 */
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { source128, Xmm } from "./simd-operand";

export function execSimdInt(cpu: Cpu, insn: Insn, op: u32): u32 {
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  const a = Xmm.get(cpu, insn.r);
  if (op >= <u32>Simd.PBLENDVB && op <= <u32>Simd.BLENDVPD) {
    Xmm.set(cpu, insn.r, blendVariable(op, a, b, Xmm.get(cpu, 0)));
  } else {
    Xmm.set(cpu, insn.r, simdInt(op, a, b));
  }
  return 0;
}

/** f(a, b) of every operation from UNPCKLPS to PHMINPOSUW but the variable blends. */
export function simdInt(op: u32, a: v128, b: v128): v128 {
  switch (op) {
    case Simd.UNPCKLPS:
    case Simd.PUNPCKLDQ:
      return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    case Simd.UNPCKHPS:
    case Simd.PUNPCKHDQ:
      return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    case Simd.UNPCKLPD:
    case Simd.PUNPCKLQDQ:
      return v128.shuffle<i64>(a, b, 0, 2);
    case Simd.UNPCKHPD:
    case Simd.PUNPCKHQDQ:
      return v128.shuffle<i64>(a, b, 1, 3);
    case Simd.PUNPCKLBW:
      return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    case Simd.PUNPCKHBW:
      return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    case Simd.PUNPCKLWD:
      return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    case Simd.PUNPCKHWD:
      return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    case Simd.ANDPS:
    case Simd.ANDPD:
    case Simd.PAND:
      return v128.and(a, b);
    case Simd.ANDNPS:
    case Simd.ANDNPD:
    case Simd.PANDN:
      return v128.andnot(b, a);
    case Simd.ORPS:
    case Simd.ORPD:
    case Simd.POR:
      return v128.or(a, b);
    case Simd.XORPS:
    case Simd.XORPD:
    case Simd.PXOR:
      return v128.xor(a, b);
    case Simd.PACKSSWB:
      return i8x16.narrow_i16x8_s(a, b);
    case Simd.PACKUSWB:
      return i8x16.narrow_i16x8_u(a, b);
    case Simd.PACKSSDW:
      return i16x8.narrow_i32x4_s(a, b);
    case Simd.PACKUSDW:
      return i16x8.narrow_i32x4_u(a, b);
    case Simd.PCMPGTB:
      return i8x16.gt_s(a, b);
    case Simd.PCMPGTW:
      return i16x8.gt_s(a, b);
    case Simd.PCMPGTD:
      return i32x4.gt_s(a, b);
    case Simd.PCMPGTQ:
      return i64x2.gt_s(a, b);
    case Simd.PCMPEQB:
      return i8x16.eq(a, b);
    case Simd.PCMPEQW:
      return i16x8.eq(a, b);
    case Simd.PCMPEQD:
      return i32x4.eq(a, b);
    case Simd.PCMPEQQ:
      return i64x2.eq(a, b);
    case Simd.PSRLW:
    case Simd.PSRLD:
    case Simd.PSRLQ:
    case Simd.PSRAW:
    case Simd.PSRAD:
    case Simd.PSLLW:
    case Simd.PSLLD:
    case Simd.PSLLQ:
      return simdShift(op, a, i64x2.extract_lane(b, 0));
    case Simd.PADDB:
      return i8x16.add(a, b);
    case Simd.PADDW:
      return i16x8.add(a, b);
    case Simd.PADDD:
      return i32x4.add(a, b);
    case Simd.PADDQ:
      return i64x2.add(a, b);
    case Simd.PSUBB:
      return i8x16.sub(a, b);
    case Simd.PSUBW:
      return i16x8.sub(a, b);
    case Simd.PSUBD:
      return i32x4.sub(a, b);
    case Simd.PSUBQ:
      return i64x2.sub(a, b);
    case Simd.PADDUSB:
      return i8x16.add_sat_u(a, b);
    case Simd.PADDUSW:
      return i16x8.add_sat_u(a, b);
    case Simd.PADDSB:
      return i8x16.add_sat_s(a, b);
    case Simd.PADDSW:
      return i16x8.add_sat_s(a, b);
    case Simd.PSUBUSB:
      return i8x16.sub_sat_u(a, b);
    case Simd.PSUBUSW:
      return i16x8.sub_sat_u(a, b);
    case Simd.PSUBSB:
      return i8x16.sub_sat_s(a, b);
    case Simd.PSUBSW:
      return i16x8.sub_sat_s(a, b);
    case Simd.PMINUB:
      return i8x16.min_u(a, b);
    case Simd.PMINSB:
      return i8x16.min_s(a, b);
    case Simd.PMINSW:
      return i16x8.min_s(a, b);
    case Simd.PMINUW:
      return i16x8.min_u(a, b);
    case Simd.PMINSD:
      return i32x4.min_s(a, b);
    case Simd.PMINUD:
      return i32x4.min_u(a, b);
    case Simd.PMAXUB:
      return i8x16.max_u(a, b);
    case Simd.PMAXSB:
      return i8x16.max_s(a, b);
    case Simd.PMAXSW:
      return i16x8.max_s(a, b);
    case Simd.PMAXUW:
      return i16x8.max_u(a, b);
    case Simd.PMAXSD:
      return i32x4.max_s(a, b);
    case Simd.PMAXUD:
      return i32x4.max_u(a, b);
    case Simd.PAVGB:
      return i8x16.avgr_u(a, b);
    case Simd.PAVGW:
      return i16x8.avgr_u(a, b);
    case Simd.PMULLW:
      return i16x8.mul(a, b);
    case Simd.PMULLD:
      return i32x4.mul(a, b);
    case Simd.PMULHW:
      return highWords(i32x4.extmul_low_i16x8_s(a, b), i32x4.extmul_high_i16x8_s(a, b));
    case Simd.PMULHUW:
      return highWords(i32x4.extmul_low_i16x8_u(a, b), i32x4.extmul_high_i16x8_u(a, b));
    case Simd.PMULHRSW:
      return multiplyHighRound(a, b);
    case Simd.PMULUDQ:
      return i64x2.mul(
        v128.and(a, i64x2.splat(0xffff_ffff)),
        v128.and(b, i64x2.splat(0xffff_ffff)),
      );
    case Simd.PMULDQ:
      return i64x2.mul(i64x2.shr_s(i64x2.shl(a, 32), 32), i64x2.shr_s(i64x2.shl(b, 32), 32));
    case Simd.PMADDWD:
      return i32x4.dot_i16x8_s(a, b);
    case Simd.PMADDUBSW:
      return multiplyAddBytes(a, b);
    case Simd.PSADBW:
      return sumOfDifferences(a, b);
    case Simd.PSHUFB:
      return i8x16.swizzle(a, v128.and(b, i8x16.splat(<i8>0x8f)));
    case Simd.PHADDW:
      return i16x8.add(evenWords(a, b), oddWords(a, b));
    case Simd.PHADDSW:
      return i16x8.add_sat_s(evenWords(a, b), oddWords(a, b));
    case Simd.PHSUBW:
      return i16x8.sub(evenWords(a, b), oddWords(a, b));
    case Simd.PHSUBSW:
      return i16x8.sub_sat_s(evenWords(a, b), oddWords(a, b));
    case Simd.PHADDD:
      return i32x4.add(evenDwords(a, b), oddDwords(a, b));
    case Simd.PHSUBD:
      return i32x4.sub(evenDwords(a, b), oddDwords(a, b));
    case Simd.PSIGNB: {
      const sign = i8x16.shr_s(b, 7);
      return v128.andnot(i8x16.sub(v128.xor(a, sign), sign), i8x16.eq(b, i64x2.splat(0)));
    }
    case Simd.PSIGNW: {
      const sign = i16x8.shr_s(b, 15);
      return v128.andnot(i16x8.sub(v128.xor(a, sign), sign), i16x8.eq(b, i64x2.splat(0)));
    }
    case Simd.PSIGND: {
      const sign = i32x4.shr_s(b, 31);
      return v128.andnot(i32x4.sub(v128.xor(a, sign), sign), i32x4.eq(b, i64x2.splat(0)));
    }
    case Simd.PABSB:
      return i8x16.abs(b);
    case Simd.PABSW:
      return i16x8.abs(b);
    case Simd.PABSD:
      return i32x4.abs(b);
    case Simd.PHMINPOSUW:
      return minimumPosition(b);
  }
  return a;
}

/** Shifts every element by `count`; counts past the element's width give 0, or sign bits for PSRAx. */
export function simdShift(op: u32, a: v128, count: u64): v128 {
  const n: i32 = count < 64 ? <i32>count : 64;
  switch (op) {
    case Simd.PSRLW:
    case Simd.PSRLW_I:
      return n < 16 ? i16x8.shr_u(a, n) : i64x2.splat(0);
    case Simd.PSRLD:
    case Simd.PSRLD_I:
      return n < 32 ? i32x4.shr_u(a, n) : i64x2.splat(0);
    case Simd.PSRLQ:
    case Simd.PSRLQ_I:
      return n < 64 ? i64x2.shr_u(a, n) : i64x2.splat(0);
    case Simd.PSRAW:
    case Simd.PSRAW_I:
      return i16x8.shr_s(a, n < 16 ? n : 15);
    case Simd.PSRAD:
    case Simd.PSRAD_I:
      return i32x4.shr_s(a, n < 32 ? n : 31);
    case Simd.PSLLW:
    case Simd.PSLLW_I:
      return n < 16 ? i16x8.shl(a, n) : i64x2.splat(0);
    case Simd.PSLLD:
    case Simd.PSLLD_I:
      return n < 32 ? i32x4.shl(a, n) : i64x2.splat(0);
    case Simd.PSLLQ:
    case Simd.PSLLQ_I:
      return n < 64 ? i64x2.shl(a, n) : i64x2.splat(0);
  }
  return a;
}

/** PBLENDVB, BLENDVPS, BLENDVPD: b where the top bit of the mask's element is set, else a. */
export function blendVariable(op: u32, a: v128, b: v128, mask: v128): v128 {
  if (op == Simd.PBLENDVB) return v128.bitselect(b, a, i8x16.shr_s(mask, 7));
  if (op == Simd.BLENDVPS) return v128.bitselect(b, a, i32x4.shr_s(mask, 31));
  return v128.bitselect(b, a, i64x2.shr_s(mask, 63));
}

/** The upper words of eight 32-bit products. */
function highWords(low: v128, high: v128): v128 {
  return v128.shuffle<i16>(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
}

function evenWords(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
function oddWords(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
function evenDwords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}
function oddDwords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}

/** PMULHRSW. wasm's q15mulr saturates the one case that wraps here: -1 times -1 gives 8000h. */
function multiplyHighRound(a: v128, b: v128): v128 {
  const least = i16x8.splat(<i16>0x8000);
  const wraps = v128.and(i16x8.eq(a, least), i16x8.eq(b, least));
  return v128.xor(i16x8.q15mulr_sat_s(a, b), wraps);
}

/** PMADDUBSW: unsigned bytes of a times signed bytes of b, pairs added with saturation. */
function multiplyAddBytes(a: v128, b: v128): v128 {
  const even = i16x8.mul(v128.and(a, i16x8.splat(0xff)), i16x8.shr_s(i16x8.shl(b, 8), 8));
  const odd = i16x8.mul(i16x8.shr_u(a, 8), i16x8.shr_s(b, 8));
  return i16x8.add_sat_s(even, odd);
}

/** PSADBW: the sums of eight absolute byte differences each, in two quadwords. */
function sumOfDifferences(a: v128, b: v128): v128 {
  const difference = i8x16.sub(i8x16.max_u(a, b), i8x16.min_u(a, b));
  const words = i16x8.extadd_pairwise_i8x16_u(difference);
  const dwords = i32x4.extadd_pairwise_i16x8_u(words);
  return i64x2.add(i64x2.shr_u(dwords, 32), v128.and(dwords, i64x2.splat(0xffff_ffff)));
}

/** PHMINPOSUW: the least word and the index of its first occurrence. */
function minimumPosition(b: v128): v128 {
  let least = b;
  least = i16x8.min_u(least, v128.shuffle<i64>(least, least, 1, 0));
  least = i16x8.min_u(least, v128.shuffle<i32>(least, least, 1, 0, 3, 2));
  least = i16x8.min_u(least, v128.shuffle<i16>(least, least, 1, 0, 3, 2, 5, 4, 7, 6));
  const position = <u64>ctz(<u32>i16x8.bitmask(i16x8.eq(b, least)));
  return Xmm.make(<u64>i16x8.extract_lane_u(least, 0) | (position << 16), 0);
}
