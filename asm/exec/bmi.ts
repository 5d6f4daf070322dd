/**
 * BMI1 and BMI2 (SDM vol. 2: ANDN BEXTR BLSI BLSMSK BLSR, BZHI MULX PDEP PEXT RORX SARX SHLX SHRX): VEX-encoded,
 * 32 or 64 bits, with up to three operands. The register of VEX.vvvv is in bits 8-15 of Insn.imm as an offset
 * in Cpu.
 *
 * What the manual leaves undefined follows Intel processors, as measured: AF and PF are cleared, and so is SF by BEXTR.
 */
import { mulHigh, signExtend, truncate } from "../base/bits";
import { RFLAGS_CF, RFLAGS_SF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { EXEC_NEXT } from "./exec";
import { getReg, putReg, readE, sizeOf } from "./operand";

export function execBmi(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const source = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const v = <u32>(insn.imm >> 8) & 0xff;
  switch (op) {
    case Op.MULX:
      mulx(cpu, insn.r, v, source, size);
      break;
    case Op.BLSR:
    case Op.BLSMSK:
    case Op.BLSI:
      putReg(cpu, v, lowestBit(cpu, op, source, size), size);
      break;
    case Op.RORX:
      putReg(cpu, insn.r, rotateRight(source, <u32>insn.imm, size), size);
      break;
    default:
      putReg(cpu, insn.r, bmi(cpu, op, source, getReg(cpu, v, size), size), size);
  }
  return EXEC_NEXT;
}

/** Gy of the instructions that make it from Ey (`e`) and By (`b`). */
function bmi(cpu: Cpu, op: u32, e: u64, b: u64, size: u32): u64 {
  const count = <u64>(<u32>b & ((8 << size) - 1));
  switch (op) {
    case Op.ANDN:
      return resultFlags(cpu, ~b & e, size, 0);
    case Op.BEXTR:
      return bextr(cpu, e, <u32>b);
    case Op.BZHI:
      return bzhi(cpu, e, <u32>b & 0xff, size);
    case Op.PDEP:
      return deposit(b, e);
    case Op.PEXT:
      return extract(b, e);
    case Op.SHLX:
      return e << count;
    case Op.SHRX:
      return e >> count;
    default: // SARX
      return <u64>(signExtend(e, size) >> <i64>count);
  }
}

/** Sets SF and ZF by `result` and CF as given, clears the others. */
function resultFlags(cpu: Cpu, result: u64, size: u32, carry: u32): u64 {
  const sign = <u32>(result >> <u64>((8 << size) - 8)) & RFLAGS_SF;
  setArith(cpu, sign | (result == 0 ? RFLAGS_ZF : 0) | carry);
  return result;
}

/** BLSR, BLSMSK, BLSI: the lowest one removed, everything up to it, it alone. */
function lowestBit(cpu: Cpu, op: u32, a: u64, size: u32): u64 {
  const isZero = a == 0;
  if (op == Op.BLSI) return resultFlags(cpu, a & (0 - a), size, isZero ? 0 : RFLAGS_CF);
  const result = truncate(op == Op.BLSR ? a & (a - 1) : a ^ (a - 1), size);
  return resultFlags(cpu, result, size, isZero ? RFLAGS_CF : 0);
}

/** BEXTR: control[15:8] bits from bit control[7:0] on. */
function bextr(cpu: Cpu, a: u64, control: u32): u64 {
  const start = control & 0xff;
  const length = (control >> 8) & 0xff;
  let result: u64 = start < 64 ? a >> <u64>start : 0;
  if (length < 64) result &= ((<u64>1) << (<u64>length)) - 1;
  setArith(cpu, result == 0 ? RFLAGS_ZF : 0);
  return result;
}

/** BZHI: the bits below `count`. */
function bzhi(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  if (count >= <u32>(8 << size)) return resultFlags(cpu, a, size, RFLAGS_CF);
  return resultFlags(cpu, a & (((<u64>1) << (<u64>count)) - 1), size, 0);
}

/** PDEP: the low bits of `a`, in order, at the ones of `mask`. */
function deposit(a: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (; mask != 0; mask &= mask - 1) {
    if ((a & 1) != 0) result |= mask & (0 - mask);
    a >>= 1;
  }
  return result;
}

/** PEXT: the bits of `a` at the ones of `mask`, packed. */
function extract(a: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let bit: u64 = 1; mask != 0; mask &= mask - 1) {
    if ((a & mask & (0 - mask)) != 0) result |= bit;
    bit <<= 1;
  }
  return result;
}

function rotateRight(a: u64, count: u32, size: u32): u64 {
  return size == 3 ? rotr<u64>(a, <u64>count) : <u64>rotr<u32>(<u32>a, count);
}

/** MULX: the low half to `low`, then the high half to `high`, which wins when they are one register. */
function mulx(cpu: Cpu, high: u32, low: u32, source: u64, size: u32): void {
  const factor = getReg(cpu, 2 << 3, size);
  const product = factor * source;
  const upper = size == 3 ? mulHigh(factor, source) : product >> 32;
  putReg(cpu, low, product, size);
  putReg(cpu, high, upper, size);
}
