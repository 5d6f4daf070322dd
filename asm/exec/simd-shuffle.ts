/**
 * Operations chosen by an imm8 (SDM vol. 2 chapter 4): permutations, blends, shifts by a constant, element
 * inserts and extracts, MPSADBW. The permutations are pure functions of their vectors and the immediate.
 *
 * A variable permutation builds its byte indices and uses swizzle, which gives 0 for indices above 15.
 * An inserted or extracted element in memory is accessed in its own width and need not be aligned.
 */
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { simdShift } from "./simd-int";
import { giveGeneral } from "./simd-move";
import {
  isMemory,
  isWide,
  memory8,
  memory16,
  memory32,
  setGeneral,
  source128,
  sourceGeneral,
  storeMemory,
  Xmm,
} from "./simd-operand";
import { execSimdString } from "./simd-string";

export function execSimdShuffle(cpu: Cpu, insn: Insn, op: u32): u32 {
  const imm = <u32>insn.imm & 0xff;
  switch (op) {
    case Simd.PSRLW_I:
    case Simd.PSRAW_I:
    case Simd.PSLLW_I:
    case Simd.PSRLD_I:
    case Simd.PSRAD_I:
    case Simd.PSLLD_I:
    case Simd.PSRLQ_I:
    case Simd.PSLLQ_I:
      Xmm.set(cpu, insn.m, simdShift(op, Xmm.get(cpu, insn.m), imm));
      return 0;
    case Simd.PSRLDQ:
      Xmm.set(cpu, insn.m, alignRight(i64x2.splat(0), Xmm.get(cpu, insn.m), imm));
      return 0;
    case Simd.PSLLDQ:
      if (imm > 15) Xmm.set(cpu, insn.m, i64x2.splat(0));
      else Xmm.set(cpu, insn.m, alignRight(Xmm.get(cpu, insn.m), i64x2.splat(0), 16 - imm));
      return 0;
    case Simd.PINSRB:
    case Simd.PINSRW:
    case Simd.PINSRD:
      return insert(cpu, insn, op, imm);
    case Simd.PEXTRW:
      setGeneral(cpu, insn.r, <u64>load<u16>(xmm(cpu, insn.m) + ((imm & 7) << 1)));
      return 0;
    case Simd.PEXTRB:
      return extract(cpu, insn, <u32>load<u8>(xmm(cpu, insn.r) + (imm & 15)), 1);
    case Simd.PEXTRW_STORE:
      return extract(cpu, insn, <u32>load<u16>(xmm(cpu, insn.r) + ((imm & 7) << 1)), 2);
    case Simd.EXTRACTPS:
      return extract(cpu, insn, load<u32>(xmm(cpu, insn.r) + ((imm & 3) << 2)), 4);
    case Simd.PEXTRD:
      if (isWide(insn)) {
        return giveGeneral(cpu, insn, load<u64>(xmm(cpu, insn.r) + ((imm & 1) << 3)));
      }
      return extract(cpu, insn, load<u32>(xmm(cpu, insn.r) + ((imm & 3) << 2)), 4);
    case Simd.INSERTPS:
      return insertSingle(cpu, insn, imm);
    case Simd.PCMPESTRM:
    case Simd.PCMPESTRI:
    case Simd.PCMPISTRM:
    case Simd.PCMPISTRI:
      return execSimdString(cpu, insn, op, imm);
  }
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  Xmm.set(cpu, insn.r, simdPermute(op, Xmm.get(cpu, insn.r), b, imm));
  return 0;
}

/** f(a, b, imm8) of the permutations and blends. */
export function simdPermute(op: u32, a: v128, b: v128, imm: u32): v128 {
  switch (op) {
    case Simd.PSHUFD:
      return permuteDwords(b, imm);
    case Simd.PSHUFHW:
      return v128.shuffle<i64>(b, permuteLowWords(v128.shuffle<i64>(b, b, 1, 0), imm), 0, 2);
    case Simd.PSHUFLW:
      return v128.shuffle<i64>(permuteLowWords(b, imm), b, 0, 3);
    case Simd.SHUFPS:
      return v128.shuffle<i32>(permuteDwords(a, imm), permuteDwords(b, imm), 0, 1, 6, 7);
    case Simd.SHUFPD:
      return Xmm.make(
        (imm & 1) != 0 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0),
        (imm & 2) != 0 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0),
      );
    case Simd.BLENDPS: {
      const bits = i32x4(1, 2, 4, 8);
      return v128.bitselect(b, a, i32x4.eq(v128.and(i32x4.splat(imm), bits), bits));
    }
    case Simd.BLENDPD: {
      const bits = i64x2(1, 2);
      return v128.bitselect(b, a, i64x2.eq(v128.and(i64x2.splat(imm), bits), bits));
    }
    case Simd.PBLENDW: {
      const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
      return v128.bitselect(b, a, i16x8.eq(v128.and(i16x8.splat(<i16>imm), bits), bits));
    }
    case Simd.PALIGNR:
      return alignRight(a, b, imm);
    case Simd.MPSADBW:
      return multipleSums(a, b, imm);
  }
  return a;
}

/** Element i of the result is doubleword imm[2i+1:2i] of `b`. */
function permuteDwords(b: v128, imm: u32): v128 {
  let index = i32x4.splat(imm & 3);
  index = i32x4.replace_lane(index, 1, (imm >> 2) & 3);
  index = i32x4.replace_lane(index, 2, (imm >> 4) & 3);
  index = i32x4.replace_lane(index, 3, imm >> 6);
  const bytes = i32x4.add(i32x4.mul(index, i32x4.splat(0x0404_0404)), i32x4.splat(0x0302_0100));
  return i8x16.swizzle(b, bytes);
}

/** The same for the four low words; the high ones come out as copies of word 0. */
export function permuteLowWords(b: v128, imm: u32): v128 {
  const index =
    (imm & 3) | ((imm & 0xc) << 14) | ((<u64>imm & 0x30) << 28) | ((<u64>imm & 0xc0) << 42);
  return i8x16.swizzle(b, Xmm.make(index * 0x0202 + 0x0100_0100_0100_0100, 0));
}

/** PALIGNR: bytes imm to imm + 15 of b (low) and a (high), followed by zeros. */
export function alignRight(a: v128, b: v128, imm: u32): v128 {
  if (imm > 31) return i64x2.splat(0);
  const index = i8x16.add(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(<i8>imm),
  );
  return v128.or(i8x16.swizzle(b, index), i8x16.swizzle(a, i8x16.sub(index, i8x16.splat(16))));
}

/** MPSADBW: eight sums of four absolute differences; imm chooses the blocks. */
function multipleSums(a: v128, b: v128, imm: u32): v128 {
  const block = permuteDwords(b, (imm & 3) * 0x55);
  const window = alignRight(i64x2.splat(0), a, imm & 4);
  // Bytes j to j + 3 of the window for j = 0-3 and 4-7, against the same four bytes of the block.
  const first = i8x16.swizzle(window, i8x16(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6));
  const second = i8x16.swizzle(window, i8x16(4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10));
  return i16x8.narrow_i32x4_u(sumFour(first, block), sumFour(second, block));
}

function sumFour(a: v128, b: v128): v128 {
  const difference = i8x16.sub(i8x16.max_u(a, b), i8x16.min_u(a, b));
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference));
}

function insert(cpu: Cpu, insn: Insn, op: u32, imm: u32): u32 {
  let value: u64;
  if (op == Simd.PINSRD || !isMemory(insn)) value = sourceGeneral(cpu, insn);
  else value = op == Simd.PINSRB ? <u64>memory8(cpu, insn) : <u64>memory16(cpu, insn);
  if (cpu.fault != 0) return 0;
  const at = xmm(cpu, insn.r);
  if (op == Simd.PINSRB) store<u8>(at + (imm & 15), <u8>value);
  else if (op == Simd.PINSRW) store<u16>(at + ((imm & 7) << 1), <u16>value);
  else if (isWide(insn)) store<u64>(at + ((imm & 1) << 3), value);
  else store<u32>(at + ((imm & 3) << 2), <u32>value);
  return 0;
}

/** Writes an element of `len` bytes to memory, or zero-extended to a general register. */
function extract(cpu: Cpu, insn: Insn, value: u32, len: u32): u32 {
  if (isMemory(insn)) storeMemory(cpu, insn, value, len);
  else setGeneral(cpu, insn.m, value);
  return 0;
}

/** INSERTPS: imm[7:6] source element (memory: the one read), [5:4] destination, [3:0] elements zeroed. */
function insertSingle(cpu: Cpu, insn: Insn, imm: u32): u32 {
  const value = isMemory(insn)
    ? memory32(cpu, insn)
    : load<u32>(xmm(cpu, insn.m) + ((imm >> 6) << 2));
  if (cpu.fault != 0) return 0;
  const at = xmm(cpu, insn.r);
  store<u32>(at + (((imm >> 4) & 3) << 2), value);
  const bits = i32x4(1, 2, 4, 8);
  const keep = i32x4.ne(v128.and(i32x4.splat(imm), bits), bits);
  v128.store(at, v128.and(v128.load(at), keep));
  return 0;
}
