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
import { fastMulAdd, NEGATE_ADDEND } from "../softfloat/fma";
import { halfToSingle, singleToHalf } from "../softfloat/half";
import { MXCSR_RC } from "../softfloat/ieee754";
import { settle } from "./simd-float";
import { isMemory, storeMemory } from "./simd-operand";
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
  if (isDouble) elements<f64, u64>(cpu, to, x, y, z, len, even, odd);
  else elements<f32, u32>(cpu, to, x, y, z, len, even, odd);
  if (settle(cpu)) Ymm.set(cpu, insn.r, v128.load(to), v128.load(to, 16));
  return 0;
}

/** `len` bytes of elements; I is the integer of F's size. */
function elements<F, I>(
  cpu: Cpu,
  to: usize,
  x: usize,
  y: usize,
  z: usize,
  len: u32,
  even: u32,
  odd: u32,
): void {
  for (let at: u32 = 0; at < len; at += sizeof<F>()) {
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
