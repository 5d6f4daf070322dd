/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM vol. 2 4.1): string comparison within 16 bytes.
 *
 *   imm8   1:0 element: 0 unsigned bytes, 1 unsigned words, 2 and 3 signed
 *          3:2 equal any, ranges, equal each, equal ordered
 *          5:4 polarity: bit 4 inverts, bit 5 restricts that to the valid elements of W
 *          6   index: the last match instead of the first; mask: elements instead of bits
 *
 * A row of the manual's comparison matrix is one vector comparison of W with a broadcast element of V,
 * and everything after it is arithmetic on bit masks, bit j standing for element j of W.
 */
import { RFLAGS_CF, RFLAGS_OF, RFLAGS_SF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { isWide, unaligned128, Xmm } from "./simd-operand";

const IMM_WORDS: u32 = 0x01;
const IMM_SIGNED: u32 = 0x02;
const IMM_NEGATE: u32 = 0x10;
const IMM_MASKED: u32 = 0x20;
const IMM_LAST: u32 = 0x40;

export function execSimdString(cpu: Cpu, insn: Insn, op: u32, imm: u32): u32 {
  const b = unaligned128(cpu, insn);
  if (cpu.fault != 0) return 0;
  const a = Xmm.get(cpu, insn.r);
  const count: u32 = (imm & IMM_WORDS) != 0 ? 8 : 16;
  const all: u32 = (1 << count) - 1;
  let lengthA: u32;
  let lengthB: u32;
  if (op == Simd.PCMPESTRM || op == Simd.PCMPESTRI) {
    lengthA = explicitLength(cpu.rax, isWide(insn), count);
    lengthB = explicitLength(cpu.rdx, isWide(insn), count);
  } else {
    lengthA = implicitLength(a, count);
    lengthB = implicitLength(b, count);
  }
  let result = aggregate(a, b, lengthA, lengthB, imm);
  if ((imm & IMM_NEGATE) != 0) {
    result ^= (imm & IMM_MASKED) != 0 ? (1 << lengthB) - 1 : all;
  }
  if (op == Simd.PCMPESTRI || op == Simd.PCMPISTRI) {
    let index = count;
    if (result != 0) index = (imm & IMM_LAST) != 0 ? 31 - clz(result) : ctz(result);
    cpu.rcx = index;
  } else {
    Xmm.set(cpu, 0, (imm & IMM_LAST) != 0 ? elementMask(result, count) : Xmm.make(result, 0));
  }
  setArith(
    cpu,
    (result != 0 ? RFLAGS_CF : 0) |
      (lengthB < count ? RFLAGS_ZF : 0) |
      (lengthA < count ? RFLAGS_SF : 0) |
      ((result & 1) != 0 ? RFLAGS_OF : 0),
  );
  return 0;
}

/** |EAX| or |RAX|, at most `count`. */
function explicitLength(value: u64, is64: bool, count: u32): u32 {
  const signed = is64 ? <i64>value : <i64>(<i32>value);
  const length = <u64>(signed < 0 ? -signed : signed);
  return length < count ? <u32>length : count;
}

/** Elements before the first zero. */
function implicitLength(v: v128, count: u32): u32 {
  return ctz(equalMask(v, i64x2.splat(0), count) | (1 << count));
}

function equalMask(a: v128, b: v128, count: u32): u32 {
  return count == 16 ? i8x16.bitmask(i8x16.eq(a, b)) : i16x8.bitmask(i16x8.eq(a, b));
}

/** Element `i` of `v` in every element. */
function broadcast(v: v128, i: u32, count: u32): v128 {
  if (count == 16) return i8x16.swizzle(v, i8x16.splat(<i8>i));
  return i8x16.swizzle(v, i16x8.splat(<i16>(i * 0x0202 + 0x0100)));
}

/** Bit j: element j of `b` is at least (at most) element j of `a`. */
function atLeast(b: v128, a: v128, imm: u32): u32 {
  switch (imm & (IMM_WORDS | IMM_SIGNED)) {
    case 0:
      return i8x16.bitmask(i8x16.ge_u(b, a));
    case 1:
      return i16x8.bitmask(i16x8.ge_u(b, a));
    case 2:
      return i8x16.bitmask(i8x16.ge_s(b, a));
    default:
      return i16x8.bitmask(i16x8.ge_s(b, a));
  }
}

/** IntRes1 of the manual. */
function aggregate(a: v128, b: v128, lengthA: u32, lengthB: u32, imm: u32): u32 {
  const count: u32 = (imm & IMM_WORDS) != 0 ? 8 : 16;
  const all: u32 = (1 << count) - 1;
  const validA: u32 = (1 << lengthA) - 1;
  const validB: u32 = (1 << lengthB) - 1;
  let result: u32 = 0;
  switch ((imm >> 2) & 3) {
    case 0:
      for (let i: u32 = 0; i < lengthA; i++) result |= equalMask(b, broadcast(a, i, count), count);
      return result & validB;
    case 1:
      for (let i: u32 = 0; i + 1 < lengthA; i += 2) {
        const low = broadcast(a, i, count);
        const high = broadcast(a, i + 1, count);
        result |= atLeast(b, low, imm) & atLeast(high, b, imm);
      }
      return result & validB;
    case 2:
      return (equalMask(a, b, count) & validA & validB) | (all & ~(validA | validB));
    default:
      // Element j of W starts a match when elements j + i equal V's i, as far as W's 16 bytes reach.
      result = all;
      for (let i: u32 = 0; i < lengthA; i++) {
        const equal = equalMask(b, broadcast(a, i, count), count) & validB;
        result &= (equal >> i) | ~(all >> i);
      }
      return result;
  }
}

/** All bits of the elements whose bit in `mask` is set. */
function elementMask(mask: u32, count: u32): v128 {
  if (count == 8) {
    const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
    return i16x8.eq(v128.and(i16x8.splat(<i16>mask), bits), bits);
  }
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const bytes = i8x16.swizzle(
    i32x4.splat(mask),
    i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1),
  );
  return i8x16.eq(v128.and(bytes, bits), bits);
}
