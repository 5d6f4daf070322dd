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
import { fastFma32, propagateOfThree, softFma } from "../softfloat/fma";
import { halfToSingle, singleToHalf } from "../softfloat/half";
import { Ieee, MXCSR_RC } from "../softfloat/ieee754";
import { settle } from "./simd-float";
import { isMemory, storeMemory } from "./simd-operand";
import { give, isLong, scratch, second, source, Ymm } from "./vex-operand";

/** Numbers of one order of operands. */
const PER_ORDER: u32 = 20;

/** What an FMA does, by (number - first of its order) >> 1, in the order of the opcodes. */
const ADDSUB: u32 = 0;
const SUBADD: u32 = 1;

/** Whether the operation of number `kind` is scalar: the odd ones from VFMADDxxxSS on. */
function isScalar(kind: u32): bool {
  return kind >= 3 && (kind & 1) != 0;
}

export function execFma(cpu: Cpu, insn: Insn, op: u32): u32 {
  cpu.simdFlags = 0;
  const number = op - Vex.VFMADDSUB132PS;
  const order = number / PER_ORDER;
  const kind = (number % PER_ORDER) >> 1;
  const size: u32 = (op & 1) != 0 ? 8 : 4;
  const scalar = isScalar(kind);
  const length: u32 = scalar ? size : insn.osz;
  const third = source(cpu, insn, length);
  if (third == 0) return 0;
  const first = xmm(cpu, insn.r);
  const other = xmm(cpu, second(insn));
  const to = scratch(cpu);
  v128.store(to, v128.load(first));
  v128.store(to, i64x2.splat(0), 16);
  for (let at: u32 = 0; at < length; at += size) {
    // a * b + c
    const a = (order == 0 ? first : other) + at;
    const b = (order == 1 ? first : third) + at;
    const c = (order == 0 ? other : order == 1 ? third : first) + at;
    const isOdd = (at & size) != 0;
    if (size == 8) {
      const r = element(cpu, 1, kind, isOdd, load<u64>(a), load<u64>(b), load<u64>(c));
      store<u64>(to + at, r);
    } else {
      const r = element(cpu, 0, kind, isOdd, load<u32>(a), load<u32>(b), load<u32>(c));
      store<u32>(to + at, <u32>r);
    }
  }
  if (settle(cpu)) Ymm.set(cpu, insn.r, v128.load(to), v128.load(to, 16));
  return 0;
}

function element(cpu: Cpu, f: u32, kind: u32, isOdd: bool, a: u64, b: u64, c: u64): u64 {
  if (Ieee.isNaN(f, a) || Ieee.isNaN(f, b) || Ieee.isNaN(f, c))
    return propagateOfThree(cpu, f, a, b, c);
  // VFMSUB and VFNMSUB subtract; VFNMADD and VFNMSUB negate the product.
  const subtracts =
    kind == ADDSUB ? !isOdd : kind == SUBADD ? isOdd : kind == 4 || kind == 5 || kind >= 8;
  if (subtracts) c ^= Ieee.signMask(f);
  if (kind >= 6) a ^= Ieee.signMask(f);
  return f != 0 ? softFma(cpu, f, a, b, c) : fastFma32(cpu, <u32>a, <u32>b, <u32>c);
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
