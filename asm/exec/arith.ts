/**
 * Handlers of the instructions that compute: operand forms around the pure functions of alu.ts, shift.ts,
 * muldiv.ts and bits.ts. The operand order of a two-operand form follows from the last opcode byte, as in
 * the columns of the opcode map (SDM vol. 2 table A-2): 00-3F by its low three bits
 *   0, 1 E,G   2, 3 G,E   4, 5 accumulator,I        80-83 E,I   C0-C1 E,Ib   D0-D1 E,1   D2-D3 E,CL
 * Accumulator forms have Insn.r = 0.
 */

import { signExtend, truncate } from "../base/bits";
import { MODE_CODE_MASK, MODE_CODE16 } from "../cpu/modes";
import { RFLAGS_CF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { INSN_OPSIZE, INSN_REXW, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { random32 } from "../host";
import { addressMask, effective, segLinear } from "../mmu/address";
import { adcx, adox, aluOp, and, dec, inc, neg, not } from "./alu";
import { bitOp, bsf, bsr, crc32c, lzcnt, popCount, tzcnt } from "./bits";
import { EXEC_NEXT } from "./exec";
import { aad, aam, div, idiv, imul, imulWide, mul } from "./muldiv";
import {
  addressToModify,
  getReg,
  isMem,
  loadMem,
  loadMemToModify,
  putReg,
  readE,
  readToModify,
  sizeOf,
  storeMem,
  writeBack,
} from "./operand";
import {
  rclImmediate,
  rcrImmediate,
  rolImmediate,
  rorImmediate,
  shiftOp,
  shld,
  shrd,
} from "./shift";

/** CL or the immediate, whichever the opcode has. */
function shiftCount(cpu: Cpu, insn: Insn): u32 {
  return (insn.opcode & 0xfe) == 0xd2 ? <u32>cpu.rcx & 0xff : <u32>insn.imm & 0xff;
}

/** Group 2. */
function shifted(cpu: Cpu, insn: Insn, op: u32, a: u64, size: u32): u64 {
  const count = shiftCount(cpu, insn);
  if ((insn.opcode & 0xfe) == 0xc0 && !isMem(insn)) {
    if (op == <u32>Op.ROL) return rolImmediate(cpu, a, count, size);
    if (op == <u32>Op.RCL) return rclImmediate(cpu, a, count, size);
    if (op == <u32>Op.RCR) return rcrImmediate(cpu, a, count, size);
    if (op == <u32>Op.ROR) return rorImmediate(cpu, a, count, size);
  }
  return shiftOp(cpu, op - Op.ROL, a, count, size);
}

/** What `op` makes of its E operand `a`, and its flags. */
function modified(cpu: Cpu, insn: Insn, op: u32, a: u64, size: u32): u64 {
  switch (op) {
    case Op.INC:
      return inc(cpu, a, size);
    case Op.DEC:
      return dec(cpu, a, size);
    case Op.NOT:
      return not(a, size);
    case Op.NEG:
      return neg(cpu, a, size);
    case Op.SHLD: // A4 imm8, A5 CL
    case Op.SHRD: {
      const count = (insn.opcode & 1) != 0 ? <u32>cpu.rcx & 0xff : <u32>insn.imm & 0xff;
      const b = getReg(cpu, insn.r, size);
      return op == Op.SHLD ? shld(cpu, a, b, count, size) : shrd(cpu, a, b, count, size);
    }
  }
  if (op >= <u32>Op.ROL) return shifted(cpu, insn, op, a, size);
  const b = insn.opcode < 0x40 ? getReg(cpu, insn.r, size) : truncate(<u64>insn.imm, size);
  return aluOp(cpu, op - Op.ADD, a, b, size);
}

/** Every instruction that reads its E operand, changes it and writes it back. */
export function execModify(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const la = addressToModify(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const a = readToModify(cpu, insn, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  writeBack(cpu, insn, la, modified(cpu, insn, op, a, size), size);
  return EXEC_NEXT;
}

/** Group 1 and its six one-byte forms: ADD OR ADC SBB AND SUB XOR CMP. */
export function execAlu(cpu: Cpu, insn: Insn, op: u32): u32 {
  const opcode = <u32>insn.opcode;
  const form = opcode < 0x40 ? opcode & 6 : 0;
  if (form == 0 && op != Op.CMP) return execModify(cpu, insn, op);
  const size = sizeOf(insn);
  let a: u64;
  let b: u64;
  if (form == 0) {
    a = readE(cpu, insn, size);
    b = opcode < 0x40 ? getReg(cpu, insn.r, size) : truncate(<u64>insn.imm, size);
  } else {
    a = getReg(cpu, insn.r, size);
    b = form == 2 ? readE(cpu, insn, size) : truncate(<u64>insn.imm, size);
  }
  if (cpu.fault != 0) return EXEC_NEXT;
  const result = aluOp(cpu, op - Op.ADD, a, b, size);
  if (op != Op.CMP) putReg(cpu, insn.r, result, size);
  return EXEC_NEXT;
}

/** TEST: 84, 85 E,G; A8, A9 accumulator,I; F6, F7 E,I. */
export function execTest(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const opcode = <u32>insn.opcode;
  const a = (opcode & 0xfe) == 0xa8 ? getReg(cpu, insn.r, size) : readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const b = (opcode & 0xfe) == 0x84 ? getReg(cpu, insn.r, size) : truncate(<u64>insn.imm, size);
  and(cpu, a, b, size);
  return EXEC_NEXT;
}

/** MUL IMUL DIV IDIV of group 3. */
export function execWide(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const src = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  switch (op) {
    case Op.MUL:
      mul(cpu, src, size);
      break;
    case Op.IMUL:
      imulWide(cpu, src, size);
      break;
    case Op.DIV:
      div(cpu, src, size);
      break;
    default:
      idiv(cpu, src, size);
  }
  return EXEC_NEXT;
}

/** IMUL Gv,Ev and IMUL Gv,Ev,I. */
export function execImul(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const a = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const b = op == Op.IMUL2 ? getReg(cpu, insn.r, size) : <u64>insn.imm;
  putReg(cpu, insn.r, imul(cpu, a, b, size), size);
  return EXEC_NEXT;
}

/** Instructions that compute Gv from Ev (and Gv) alone. */
export function execUnaryBits(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const a = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  let result: u64;
  switch (op) {
    case Op.BSF:
      result = bsf(cpu, a);
      // The destination stays as it is, upper half included.
      if (a == 0) return EXEC_NEXT;
      break;
    case Op.BSR:
      result = bsr(cpu, a);
      if (a == 0) return EXEC_NEXT;
      break;
    case Op.TZCNT:
      result = tzcnt(cpu, a, size);
      break;
    case Op.LZCNT:
      result = lzcnt(cpu, a, size);
      break;
    case Op.POPCNT:
      result = popCount(cpu, a);
      break;
    case Op.ADCX:
      result = adcx(cpu, getReg(cpu, insn.r, size), a, size);
      break;
    default:
      result = adox(cpu, getReg(cpu, insn.r, size), a, size);
  }
  putReg(cpu, insn.r, result, size);
  return EXEC_NEXT;
}

/** CRC32 Gy,Eb (F0) and Gy,Ev (F1): Insn.osz is the destination's size, the source has its own. */
export function execCrc32(cpu: Cpu, insn: Insn): u32 {
  const flags = <u32>insn.flags;
  let size: u32 = 0;
  if ((insn.opcode & 1) != 0) {
    const is16 = (cpu.modeKey & MODE_CODE_MASK) == MODE_CODE16;
    if ((flags & INSN_REXW) != 0) size = 3;
    else size = is16 != ((flags & INSN_OPSIZE) != 0) ? 1 : 2;
  }
  const data = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  putReg(cpu, insn.r, crc32c(<u32>getReg(cpu, insn.r, 2), data, size), 2);
  return EXEC_NEXT;
}

/**
 * BT BTS BTR BTC. With a register as bit offset (last opcode byte not BA) a memory operand is a bit string:
 * the offset is signed and reaches operands far from the effective address.
 */
export function execBitTest(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const which = op - Op.BT;
  const isImmediate = insn.opcode == 0xba;
  const offset = isImmediate ? <i64>insn.imm : signExtend(getReg(cpu, insn.r, size), size);
  const n = <u32>offset & ((8 << size) - 1);
  if (!isMem(insn)) {
    const result = bitOp(cpu, which, getReg(cpu, insn.m, size), n);
    if (which != 0) putReg(cpu, insn.m, result, size);
    return EXEC_NEXT;
  }
  let ea = effective(cpu, insn);
  if (!isImmediate) {
    const element = (offset >> <i64>(3 + size)) << (<i64>size);
    ea = (ea + <u64>element) & addressMask(insn);
  }
  const la = segLinear(cpu, insn.seg, ea, 1 << size, which != 0);
  if (cpu.fault != 0) return EXEC_NEXT;
  const a = which != 0 ? loadMemToModify(cpu, la, size) : loadMem(cpu, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const result = bitOp(cpu, which, a, n);
  if (which != 0) storeMem(cpu, la, result, size);
  return EXEC_NEXT;
}

export function execAam(cpu: Cpu, insn: Insn): u32 {
  aam(cpu, <u32>insn.imm & 0xff);
  return EXEC_NEXT;
}
export function execAad(cpu: Cpu, insn: Insn): u32 {
  aad(cpu, <u32>insn.imm & 0xff);
  return EXEC_NEXT;
}

/** RDRAND and RDSEED: always successful, so CF = 1 and the other flags 0. */
export function execRandom(cpu: Cpu, insn: Insn): u32 {
  const value = <u64>random32() | ((<u64>random32()) << 32);
  putReg(cpu, insn.m, value, sizeOf(insn));
  setArith(cpu, RFLAGS_CF);
  return EXEC_NEXT;
}
