/**
 * FMA (SDM vol. 2, VFMADD132PD ... VFNMSUB231SS) and F16C (VCVTPH2PS, VCVTPS2PH). All of an instruction's
 * exceptions are collected before anything is written.
 *
 * The digits of an FMA's name say which operands are multiplied and which is added: 1 the destination, 2
 * VEX.vvvv, 3 the register or memory operand. NaNs are looked for in the order of that product and sum.
 */
import { Cpu, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Vex } from "../decode/ops-vex";
import {
  fastMulAdd,
  fusedDoubles,
  fusedSingles,
  NEGATE_ADDEND,
  NEGATE_PRODUCT,
} from "../softfloat/fma";
import { halfToSingle, singleToHalf } from "../softfloat/half";
import { MXCSR_RC } from "../softfloat/ieee754";
import { settle } from "./simd-float";
import { isMemory, storeMemory, Xmm } from "./simd-operand";
import { give, isLong, scratch, second, source, Ymm } from "./vex-operand";

/** Numbers of one order of operands. */
const PER_ORDER: u32 = 20;
/** Of those, the first are VFMADDSUB and VFMSUBADD, which add and subtract in turn. */
const ALTERNATING: u32 = 4;

export function execFma(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  const number = op - Vex.VFMADDSUB132PS;
  const order = number / PER_ORDER;
  const form = number % PER_ORDER;
  const isDouble = (form & 1) != 0;
  const isScalar = form >= ALTERNATING && (form & 2) != 0;
  const len: u32 = !isScalar ? <u32>insn.osz : isDouble ? 8 : 4;
  const third = source(cpu, insn, len);
  if (third == 0) return 0;
  const first = xmm(cpu, insn.r);
  const other = xmm(cpu, second(insn));
  // x * y + z
  const x = order == 0 ? first : other;
  const y = order == 1 ? first : third;
  const z = order == 0 ? other : order == 1 ? third : first;
  // Negations of the elements with even and odd numbers.
  let even = (form >> 2) - 1;
  let odd = even;
  if (form < ALTERNATING) {
    even = form < 2 ? NEGATE_ADDEND : 0;
    odd = even ^ NEGATE_ADDEND;
  }
  const to = scratch(cpu);
  v128.store(to, v128.load(first));
  v128.store(to, i64x2.splat(0), 16);
  for (let at: u32 = 0; at < len; at += 16) {
    if (!isScalar && fused(cpu, to + at, x + at, y + at, z + at, isDouble, even, odd)) continue;
    const end = len < 16 ? len : at + 16;
    if (isDouble) elements<f64, u64>(cpu, to, x, y, z, at, end, even, odd);
    else elements<f32, u32>(cpu, to, x, y, z, at, end, even, odd);
  }
  if (settle(cpu)) Ymm.set(cpu, insn.r, v128.load(to), v128.load(to, 16));
  return 0;
}

/** 16 bytes of elements at once, or false. */
function fused(
  cpu: Cpu,
  to: usize,
  x: usize,
  y: usize,
  z: usize,
  isDouble: bool,
  even: u32,
  odd: u32,
): bool {
  if ((cpu.mxcsr & MXCSR_RC) != 0) return false;
  const a = v128.load(x);
  const b = v128.load(y);
  const c = v128.load(z);
  const product: u64 = (even & NEGATE_PRODUCT) != 0 ? 1 : 0;
  const first = <u64>(even & NEGATE_ADDEND);
  const second = <u64>(odd & NEGATE_ADDEND);
  if (isDouble) {
    const negated = v128.xor(a, i64x2.splat(product << 63));
    return fusedDoubles(cpu, to, negated, b, c, Xmm.make(first << 63, second << 63));
  }
  const negated = v128.xor(a, i32x4.splat((<u32>product) << 31));
  return fusedSingles(cpu, to, negated, b, c, i64x2.splat((first << 31) | (second << 63)));
}

/** The elements between `at` and `end`; I is the integer of F's size. */
function elements<F, I>(
  cpu: Cpu,
  to: usize,
  x: usize,
  y: usize,
  z: usize,
  at: u32,
  end: u32,
  even: u32,
  odd: u32,
): void {
  for (; at < end; at += sizeof<F>()) {
    const a = <u64>load<I>(x + at);
    const b = <u64>load<I>(y + at);
    const negate = (at & sizeof<F>()) != 0 ? odd : even;
    store<I>(to + at, <I>fastMulAdd<F>(cpu, a, b, <u64>load<I>(z + at), negate));
  }
}

/** VCVTPH2PS: four or eight halves to binary32. */
export function execHalfToSingle(cpu: Cpu, insn: Insn): u32 {
  cpu.simdFlags = 0;
  const from = source(cpu, insn, insn.osz >> 1);
  if (from == 0) return 0;
  const to = scratch(cpu);
  v128.store(to, i64x2.splat(0), 16);
  const count: u32 = insn.osz >> 2;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(to + (i << 2), halfToSingle(cpu, load<u16>(from + (i << 1))));
  }
  if (settle(cpu)) Ymm.set(cpu, insn.r, v128.load(to), v128.load(to, 16));
  return 0;
}

/** VCVTPS2PH: four or eight binary32 to halves. imm8[2] takes the rounding of MXCSR, else imm8[1:0] is it. */
export function execSingleToHalf(cpu: Cpu, insn: Insn): u32 {
  cpu.simdFlags = 0;
  const imm = <u32>insn.imm;
  const rc = (imm & 4) != 0 ? (cpu.mxcsr & MXCSR_RC) >> 13 : imm & 3;
  const from = xmm(cpu, insn.r);
  const to = scratch(cpu);
  v128.store(to, i64x2.splat(0));
  const count: u32 = insn.osz >> 2;
  for (let i: u32 = 0; i < count; i++) {
    store<u16>(to + (i << 1), <u16>singleToHalf(cpu, load<u32>(from + (i << 2)), rc));
  }
  if (!settle(cpu)) return 0;
  if (isMemory(insn) && !isLong(insn)) storeMemory(cpu, insn, load<u64>(to), 8);
  else give(cpu, insn, to, 16, false);
  return 0;
}
