/**
 * Handlers of the instructions that move data (SDM vol. 2: MOV, MOVZX, MOVSX, MOVSXD, MOVBE, MOVNTI, LEA,
 * XLAT, CBW ... CQO, CMOVcc, SETcc, BSWAP, SALC) and of segment register loads (MOV, POP, LDS ... LSS, which
 * cpu/segment.ts carries out).
 *
 * MOVNTI is a plain store: the caches of this machine are not modelled. CMOVcc reads its source, and clears
 * the destination's upper half, whether or not the condition holds.
 */

import { signExtend } from "../base/bits";
import { condition, getCF } from "../cpu/rflags";
import { loadSegment } from "../cpu/segment";
import {
  Cpu,
  holdOff,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_SS,
  SHADOW_SS,
  segSel,
} from "../cpu/state";
import { Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { ld8, ld16 } from "../mmu/access";
import { addressMask, effective, operand, segLinear } from "../mmu/address";
import { byteSwap, moveBigEndian } from "./bits";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { getReg, isMem, loadMem, putReg, readE, sizeOf, writeE } from "./operand";

/** 88, 89 E,G; 8A, 8B G,E; A0, A1 accumulator,O; A2, A3 O,accumulator; B0-BF Z,I; C6, C7 E,I. */
export function execMov(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  switch (insn.opcode & 0xfe) {
    case 0x88:
    case 0xa2:
      writeE(cpu, insn, getReg(cpu, insn.r, size), size);
      break;
    case 0x8a:
    case 0xa0: {
      const value = readE(cpu, insn, size);
      if (cpu.fault == 0) putReg(cpu, insn.r, value, size);
      break;
    }
    default:
      writeE(cpu, insn, <u64>insn.imm, size);
  }
  return EXEC_NEXT;
}

/** MOVZX, MOVSX, MOVSXD: from an E operand of 1 << `from` bytes. */
export function execExtend(cpu: Cpu, insn: Insn, from: u32, isSigned: bool): u32 {
  const value = readE(cpu, insn, from);
  if (cpu.fault != 0) return EXEC_NEXT;
  putReg(cpu, insn.r, isSigned ? <u64>signExtend(value, from) : value, sizeOf(insn));
  return EXEC_NEXT;
}

/** MOVSXD: 63 in 64-bit mode. With a 16-bit operand size it is a plain move, with 32 bits too. */
export function execMovsxd(cpu: Cpu, insn: Insn): u32 {
  return execExtend(cpu, insn, insn.osz == 2 ? 1 : 2, true);
}

export function execLea(cpu: Cpu, insn: Insn): u32 {
  putReg(cpu, insn.r, effective(cpu, insn), sizeOf(insn));
  return EXEC_NEXT;
}

export function execXlat(cpu: Cpu, insn: Insn): u32 {
  const ea = (cpu.rbx + (cpu.rax & 0xff)) & addressMask(insn);
  const la = segLinear(cpu, insn.seg, ea, 1, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const value = ld8(cpu, la);
  if (cpu.fault == 0) putReg(cpu, 0, value, 0);
  return EXEC_NEXT;
}

/** CBW CWDE CDQE: the lower half of the accumulator fills the upper. */
export function execCbw(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  putReg(cpu, 0, <u64>signExtend(cpu.rax, size - 1), size);
  return EXEC_NEXT;
}

/** CWD CDQ CQO: the accumulator's sign fills rDX. */
export function execCwd(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  putReg(cpu, offsetof<Cpu>("rdx"), <u64>(signExtend(cpu.rax, size) >> 63), size);
  return EXEC_NEXT;
}

export function execCmov(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const value = readE(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  putReg(cpu, insn.r, condition(cpu, insn.opcode) ? value : getReg(cpu, insn.r, size), size);
  return EXEC_NEXT;
}

export function execSetcc(cpu: Cpu, insn: Insn): u32 {
  writeE(cpu, insn, u64(condition(cpu, insn.opcode)), 0);
  return EXEC_NEXT;
}

export function execBswap(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  putReg(cpu, insn.m, byteSwap(getReg(cpu, insn.m, size), size), size);
  return EXEC_NEXT;
}

export function execMovbe(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  if (op == Op.MOVBE_STORE) {
    writeE(cpu, insn, moveBigEndian(getReg(cpu, insn.r, size), size), size);
    return EXEC_NEXT;
  }
  const value = readE(cpu, insn, size);
  if (cpu.fault == 0) putReg(cpu, insn.r, moveBigEndian(value, size), size);
  return EXEC_NEXT;
}

export function execMovnti(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  writeE(cpu, insn, getReg(cpu, insn.r, size), size);
  return EXEC_NEXT;
}

/** SALC (D6, in no current manual): AL = CF ? FFh : 0. */
export function execSalc(cpu: Cpu): u32 {
  putReg(cpu, 0, getCF(cpu) != 0 ? 0xff : 0, 0);
  return EXEC_NEXT;
}

/** MOV Ev,Sw: memory always takes 16 bits, a register the operand size. */
export function execMovFromSeg(cpu: Cpu, insn: Insn): u32 {
  writeE(cpu, insn, segSel(cpu, insn.r), isMem(insn) ? 1 : sizeOf(insn));
  return EXEC_NEXT;
}

/** MOV Sw,Ew. A new SS holds off interrupts until the next instruction has run. */
export function execMovToSeg(cpu: Cpu, insn: Insn): u32 {
  const selector = <u32>readE(cpu, insn, 1);
  if (cpu.fault != 0 || !loadSegment(cpu, insn.r, selector)) return EXEC_NEXT;
  if (insn.r == SEG_SS) holdOff(cpu, SHADOW_SS);
  return EXEC_JUMP;
}

function farPointerSegment(op: u32): u32 {
  switch (op) {
    case Op.LES:
      return SEG_ES;
    case Op.LDS:
      return SEG_DS;
    case Op.LSS:
      return SEG_SS;
    case Op.LFS:
      return SEG_FS;
    default:
      return SEG_GS;
  }
}

/** LES LDS LSS LFS LGS: offset, then selector, from memory. */
export function execLoadFar(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const la = operand(cpu, insn, insn.osz, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const offset = loadMem(cpu, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  operand(cpu, insn, insn.osz + 2, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const selector = ld16(cpu, la + insn.osz);
  if (cpu.fault != 0 || !loadSegment(cpu, farPointerSegment(op), selector)) return EXEC_NEXT;
  putReg(cpu, insn.r, offset, size);
  return EXEC_JUMP;
}
