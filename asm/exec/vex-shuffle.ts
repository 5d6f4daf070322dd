/**
 * VEX forms of what an imm8 chooses in SSE, and the permutations, broadcasts, variable shifts and blends that
 * came with AVX and AVX2 (SDM vol. 2 chapters 4 and 5).
 *
 * Most work within halves of 128 bits with the same immediate; BLENDPS, BLENDPD, SHUFPD, VPERMILPD and MPSADBW
 * have further bits of it for the upper one.
 */
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { Vex } from "../decode/ops-vex";
import { blendVariable, simdShift } from "./simd-int";
import { isMemory, isWide, sourceGeneral, Xmm } from "./simd-operand";
import { alignRight, execSimdShuffle, simdPermute } from "./simd-shuffle";
import { setTest } from "./vex-move";
import { fourth, give, isLong, scratch, second, source, Ymm } from "./vex-operand";

export function execVexShuffle(cpu: Cpu, insn: Insn, op: u32): u32 {
  const imm = <u32>insn.imm & 0xff;
  if (op >= <u32>Simd.PSRLW_I && op <= <u32>Simd.PSLLDQ) return shift(cpu, insn, op, imm);
  switch (op) {
    case Simd.PINSRB:
    case Simd.PINSRW:
    case Simd.PINSRD:
      return insert(cpu, insn, op, imm);
    case Simd.INSERTPS:
      return insertSingle(cpu, insn, imm);
    case Simd.PCMPESTRM:
    case Simd.PCMPISTRM:
      execSimdShuffle(cpu, insn, op);
      if (cpu.fault == 0) Ymm.set128(cpu, 0, Xmm.get(cpu, 0));
      return 0;
    case Simd.PCMPESTRI:
    case Simd.PCMPISTRI:
    case Simd.PEXTRW:
    case Simd.PEXTRB:
    case Simd.PEXTRW_STORE:
    case Simd.PEXTRD:
    case Simd.EXTRACTPS:
      return execSimdShuffle(cpu, insn, op);
  }
  const b = source(cpu, insn, insn.osz);
  if (b == 0) return 0;
  const a = xmm(cpu, second(insn));
  const low = simdPermute(op, v128.load(a), v128.load(b), imm);
  let high = i64x2.splat(0);
  if (isLong(insn)) {
    high = simdPermute(op, v128.load(a, 16), v128.load(b, 16), upperImmediate(op, imm));
  }
  Ymm.set(cpu, insn.r, low, high);
  return 0;
}

/** The immediate as the upper half has it. */
function upperImmediate(op: u32, imm: u32): u32 {
  switch (op) {
    case Simd.BLENDPS:
      return imm >> 4;
    case Simd.BLENDPD:
    case Simd.SHUFPD:
      return imm >> 2;
    case Simd.MPSADBW:
      return imm >> 3;
  }
  return imm;
}

/** Shifts by an immediate: VEX.vvvv is the destination. */
function shift(cpu: Cpu, insn: Insn, op: u32, imm: u32): u32 {
  const from = xmm(cpu, insn.m);
  const low = shifted(op, v128.load(from), imm);
  const high = isLong(insn) ? shifted(op, v128.load(from, 16), imm) : i64x2.splat(0);
  Ymm.set(cpu, second(insn), low, high);
  return 0;
}

function shifted(op: u32, v: v128, imm: u32): v128 {
  if (op == Simd.PSRLDQ) return alignRight(i64x2.splat(0), v, imm);
  if (op == Simd.PSLLDQ) return imm > 15 ? i64x2.splat(0) : alignRight(v, i64x2.splat(0), 16 - imm);
  return simdShift(op, v, imm);
}

/** VPINSRx: VEX.vvvv with one element from a general register or memory. */
function insert(cpu: Cpu, insn: Insn, op: u32, imm: u32): u32 {
  let value: u64;
  if (op == Simd.PINSRD || !isMemory(insn)) value = sourceGeneral(cpu, insn);
  else {
    const b = source(cpu, insn, op == Simd.PINSRB ? 1 : 2);
    value = b == 0 ? 0 : op == Simd.PINSRB ? <u64>load<u8>(b) : <u64>load<u16>(b);
  }
  if (cpu.fault != 0) return 0;
  const at = scratch(cpu);
  v128.store(at, Xmm.get(cpu, second(insn)));
  if (op == Simd.PINSRB) store<u8>(at + (imm & 15), <u8>value);
  else if (op == Simd.PINSRW) store<u16>(at + ((imm & 7) << 1), <u16>value);
  else if (isWide(insn)) store<u64>(at + ((imm & 1) << 3), value);
  else store<u32>(at + ((imm & 3) << 2), <u32>value);
  Ymm.set128(cpu, insn.r, v128.load(at));
  return 0;
}

/** VINSERTPS: imm[7:6] source element (memory: the one read), [5:4] destination, [3:0] elements zeroed. */
function insertSingle(cpu: Cpu, insn: Insn, imm: u32): u32 {
  const b = source(cpu, insn, 4);
  if (b == 0) return 0;
  const value = load<u32>(isMemory(insn) ? b : b + ((imm >> 6) << 2));
  const at = scratch(cpu);
  v128.store(at, Xmm.get(cpu, second(insn)));
  store<u32>(at + (((imm >> 4) & 3) << 2), value);
  const bits = i32x4(1, 2, 4, 8);
  const keep = i32x4.ne(v128.and(i32x4.splat(imm), bits), bits);
  Ymm.set128(cpu, insn.r, v128.and(v128.load(at), keep));
  return 0;
}

/** The operations of ops-vex.ts that neither touch memory element by element nor round. */
export function execVexPermute(cpu: Cpu, insn: Insn, op: u32): u32 {
  const imm = <u32>insn.imm & 0xff;
  const len = sourceBytes(op, insn.osz);
  if (op == Vex.VEXTRACTF128 || op == Vex.VEXTRACTI128) {
    give(cpu, insn, xmm(cpu, insn.r) + ((imm & 1) << 4), 16, false);
    return 0;
  }
  const b = source(cpu, insn, len);
  if (b == 0) return 0;
  const a = xmm(cpu, second(insn));
  const low = v128.load(b);
  switch (op) {
    case Vex.VBROADCASTSS:
    case Vex.VPBROADCASTD:
      return fill(cpu, insn, i32x4.splat(load<u32>(b)));
    case Vex.VBROADCASTSD:
    case Vex.VPBROADCASTQ:
      return fill(cpu, insn, i64x2.splat(load<u64>(b)));
    case Vex.VPBROADCASTB:
      return fill(cpu, insn, i8x16.splat(load<i8>(b)));
    case Vex.VPBROADCASTW:
      return fill(cpu, insn, i16x8.splat(load<i16>(b)));
    case Vex.VBROADCASTF128:
    case Vex.VBROADCASTI128:
      return fill(cpu, insn, low);
    case Vex.VINSERTF128:
    case Vex.VINSERTI128:
      if ((imm & 1) != 0) Ymm.set(cpu, insn.r, v128.load(a), low);
      else Ymm.set(cpu, insn.r, low, v128.load(a, 16));
      return 0;
    case Vex.VPERM2F128:
    case Vex.VPERM2I128:
      Ymm.set(cpu, insn.r, chosenHalf(a, b, imm), chosenHalf(a, b, imm >> 4));
      return 0;
    case Vex.VPERMQ:
    case Vex.VPERMPD:
      Ymm.set(
        cpu,
        insn.r,
        Xmm.make(load<u64>(b + ((imm & 3) << 3)), load<u64>(b + (((imm >> 2) & 3) << 3))),
        Xmm.make(load<u64>(b + (((imm >> 4) & 3) << 3)), load<u64>(b + ((imm >> 6) << 3))),
      );
      return 0;
    case Vex.VPERMD:
    case Vex.VPERMPS:
      return permuteAcross(cpu, insn, a, b);
    case Vex.VTESTPS:
    case Vex.VTESTPD:
      return testSigns(cpu, insn, op, b);
  }
  const wide = isLong(insn);
  const first = withinHalf(cpu, insn, op, 0, a, b, imm);
  Ymm.set(cpu, insn.r, first, wide ? withinHalf(cpu, insn, op, 16, a, b, imm) : i64x2.splat(0));
  return 0;
}

/** Size of W where it is not that of the result. */
function sourceBytes(op: u32, length: u32): u32 {
  switch (op) {
    case Vex.VPBROADCASTB:
      return 1;
    case Vex.VPBROADCASTW:
      return 2;
    case Vex.VBROADCASTSS:
    case Vex.VPBROADCASTD:
      return 4;
    case Vex.VBROADCASTSD:
    case Vex.VPBROADCASTQ:
      return 8;
    case Vex.VBROADCASTF128:
    case Vex.VBROADCASTI128:
    case Vex.VINSERTF128:
    case Vex.VINSERTI128:
      return 16;
  }
  return length;
}

function fill(cpu: Cpu, insn: Insn, value: v128): u32 {
  Ymm.set(cpu, insn.r, value, isLong(insn) ? value : i64x2.splat(0));
  return 0;
}

/** VPERM2x128: half 0-1 of `a`, 2-3 of `b`, or zero. */
function chosenHalf(a: usize, b: usize, select: u32): v128 {
  if ((select & 8) != 0) return i64x2.splat(0);
  return v128.load(((select & 2) != 0 ? b : a) + ((select & 1) << 4));
}

/** VPERMD, VPERMPS: doublewords of W by indices in VEX.vvvv. */
function permuteAcross(cpu: Cpu, insn: Insn, a: usize, b: usize): u32 {
  const at = scratch(cpu);
  for (let i: u32 = 0; i < 32; i += 4) {
    store<u32>(at + i, load<u32>(b + ((load<u32>(a + i) & 7) << 2)));
  }
  Ymm.set(cpu, insn.r, v128.load(at), v128.load(at, 16));
  return 0;
}

/** VTESTPS, VTESTPD: as VPTEST of the top bits only. */
function testSigns(cpu: Cpu, insn: Insn, op: u32, b: usize): u32 {
  const a = xmm(cpu, insn.r);
  const bits = op == Vex.VTESTPS ? i32x4.splat(0x8000_0000) : i64x2.splat((<u64>1) << 63);
  let common = v128.and(v128.load(b), v128.load(a));
  let outside = v128.andnot(v128.load(b), v128.load(a));
  if (isLong(insn)) {
    common = v128.or(common, v128.and(v128.load(b, 16), v128.load(a, 16)));
    outside = v128.or(outside, v128.andnot(v128.load(b, 16), v128.load(a, 16)));
  }
  setTest(cpu, v128.and(common, bits), v128.and(outside, bits));
  return 0;
}

/** One half of the operations that stay in it; `at` is 0 or 16. */
function withinHalf(cpu: Cpu, insn: Insn, op: u32, at: u32, a: usize, b: usize, imm: u32): v128 {
  const x = v128.load(a + at);
  const y = v128.load(b + at);
  switch (op) {
    case Vex.VPERMILPS:
      return singlesBy(x, y);
    case Vex.VPERMILPD:
      return doublesBy(x, i64x2.shr_u(y, 1));
    case Vex.VPERMILPS_I:
      return simdPermute(Simd.PSHUFD, y, y, imm);
    case Vex.VPERMILPD_I:
      return simdPermute(Simd.SHUFPD, y, y, at == 0 ? imm : imm >> 2);
    case Vex.VPBLENDD:
      return simdPermute(Simd.BLENDPS, x, y, at == 0 ? imm : imm >> 4);
    case Vex.VBLENDVPS:
      return blendVariable(Simd.BLENDVPS, x, y, v128.load(xmm(cpu, fourth(insn)) + at));
    case Vex.VBLENDVPD:
      return blendVariable(Simd.BLENDVPD, x, y, v128.load(xmm(cpu, fourth(insn)) + at));
    case Vex.VPBLENDVB:
      return blendVariable(Simd.PBLENDVB, x, y, v128.load(xmm(cpu, fourth(insn)) + at));
  }
  const isQuad = op == Vex.VPSRLVQ || op == Vex.VPSLLVQ;
  return isQuad ? shiftQuads(op, x, y) : shiftDoubles(op, x, y);
}

/** Doublewords of `v` by bits 1-0 of the elements of `index`. */
function singlesBy(v: v128, index: v128): v128 {
  const which = v128.and(index, i32x4.splat(3));
  const bytes = i32x4.add(i32x4.mul(which, i32x4.splat(0x0404_0404)), i32x4.splat(0x0302_0100));
  return i8x16.swizzle(v, bytes);
}

/** Quadwords of `v` by bit 0 of the elements of `index`. */
function doublesBy(v: v128, index: v128): v128 {
  const which = v128.and(index, i64x2.splat(1));
  const bytes = i64x2.add(
    i64x2.mul(which, i64x2.splat(0x0808_0808_0808_0808)),
    i64x2.splat(0x0706_0504_0302_0100),
  );
  return i8x16.swizzle(v, bytes);
}

/** VPSLLVD, VPSRLVD, VPSRAVD: counts of 32 and more leave nothing, or the sign. */
function shiftDoubles(op: u32, v: v128, counts: v128): v128 {
  let r = v;
  r = i32x4.replace_lane(
    r,
    0,
    shiftDouble(op, i32x4.extract_lane(v, 0), i32x4.extract_lane(counts, 0)),
  );
  r = i32x4.replace_lane(
    r,
    1,
    shiftDouble(op, i32x4.extract_lane(v, 1), i32x4.extract_lane(counts, 1)),
  );
  r = i32x4.replace_lane(
    r,
    2,
    shiftDouble(op, i32x4.extract_lane(v, 2), i32x4.extract_lane(counts, 2)),
  );
  return i32x4.replace_lane(
    r,
    3,
    shiftDouble(op, i32x4.extract_lane(v, 3), i32x4.extract_lane(counts, 3)),
  );
}

function shiftDouble(op: u32, value: u32, count: u32): u32 {
  if (op == Vex.VPSRAVD) return <u32>(<i32>value >> (count < 32 ? <i32>count : 31));
  if (count >= 32) return 0;
  return op == Vex.VPSLLVD ? value << count : value >> count;
}

/** VPSLLVQ, VPSRLVQ. */
function shiftQuads(op: u32, v: v128, counts: v128): v128 {
  return Xmm.make(
    shiftQuad(op, i64x2.extract_lane(v, 0), i64x2.extract_lane(counts, 0)),
    shiftQuad(op, i64x2.extract_lane(v, 1), i64x2.extract_lane(counts, 1)),
  );
}

function shiftQuad(op: u32, value: u64, count: u64): u64 {
  if (count >= 64) return 0;
  return op == Vex.VPSLLVQ ? value << count : value >> count;
}
