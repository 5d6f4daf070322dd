/**
 * Chooses the handler of a decoded instruction: a hot one when its form has one (exec/hot.ts), else COLD + Op.
 * Also fuses CMP or TEST with the conditional jump behind it. Near branches and stack operations are hot only
 * where their width is fixed: in 64-bit code, and direct jumps also in flat 32-bit code.
 */
import { MODE_CODE_MASK, MODE_CODE32, MODE_CODE64, MODE_FLAT, MODE_STEP } from "../cpu/modes";
import { Cpu } from "../cpu/state";
import { COLD, EA_PRIV, INSN_MEM, INSN_OPSIZE, INSN_SIZE, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { PRIV } from "../decode/row";
import { Hot } from "./hot";

const E: u32 = 1;
const G: u32 = 2;
const I: u32 = 3;
const Z: u32 = 11;
const ACC: u32 = 21;
const O: u32 = 8;
const CL: u32 = 22;

const RR: u32 = 0;
const RI: u32 = 1;
const RM: u32 = 2;
const MR: u32 = 3;
const MI: u32 = 4;
const NO_FORM: u32 = 5;

/** Form of a two-operand instruction; register forms are turned so that Insn.m is the destination. */
function formOf(insn: Insn, row: u64): u32 {
  const first = <u32>(row >> 15) & 31;
  const second = <u32>(row >> 23) & 31;
  const isMem = (<u32>insn.flags & INSN_MEM) != 0;
  if (first == E && second == G) return isMem ? MR : RR;
  if (first == G && second == E) {
    if (isMem) return RM;
    const r = insn.r;
    insn.r = insn.m;
    insn.m = r;
    return RR;
  }
  if (second == I) {
    if (first == E) return isMem ? MI : RI;
    if (first == Z || first == ACC) return RI;
  }
  if (first == ACC && second == O) return RM;
  if (first == O && second == ACC) return MR;
  return NO_FORM;
}

function log2Size(insn: Insn): u32 {
  const osz = <u32>insn.osz;
  return osz == 8 ? 3 : osz >> 1;
}

/** Sets insn.op. `hasPrevious`: the record before belongs to the same block and may be fused. */
export function specialize(cpu: Cpu, insn: Insn, row: u64, mode: u32, hasPrevious: bool): void {
  const op = <i32>insn.op - <i32>COLD;
  const hot = choose(insn, row, op, mode, hasPrevious);
  if (hot != 0) insn.op = <u16>hot;
  else if (op == Op.INVALID || op == Op.UD) insn.op = <u16>Hot.BAD;
  else if ((row & PRIV) != 0 && op < 0x300) insn.ea |= <u8>EA_PRIV;
}

/** Number of a hot handler, or 0. */
function choose(insn: Insn, row: u64, op: i32, mode: u32, hasPrevious: bool): u32 {
  const size = log2Size(insn);
  const isMem = (<u32>insn.flags & INSN_MEM) != 0;
  const code = mode & MODE_CODE_MASK;
  const is64 = code == MODE_CODE64;
  if (op >= Op.ADD && op <= Op.CMP) {
    const form = formOf(insn, row);
    return form == NO_FORM ? 0 : Hot.ALU + <u32>(op - 1) * 20 + form * 4 + size;
  }
  switch (op) {
    case Op.TEST: {
      const form = formOf(insn, row);
      if (form == NO_FORM || form == RM) return 0;
      return Hot.TEST + (form < RM ? form : form - 1) * 4 + size;
    }
    case Op.MOV: {
      const form = formOf(insn, row);
      return form == NO_FORM ? 0 : Hot.MOV + form * 4 + size;
    }
    case Op.MOVZX8:
      return (isMem ? Hot.MOVZX8_M : Hot.MOVZX8_R) + size;
    case Op.MOVZX16:
      return (isMem ? Hot.MOVZX16_M : Hot.MOVZX16_R) + size;
    case Op.MOVSX8:
      return (isMem ? Hot.MOVSX8_M : Hot.MOVSX8_R) + size;
    case Op.MOVSX16:
      return (isMem ? Hot.MOVSX16_M : Hot.MOVSX16_R) + size;
    case Op.MOVSXD:
      return size != 3 ? 0 : isMem ? Hot.MOVSXD_M : Hot.MOVSXD_R;
    case Op.LEA:
      return size == 3 ? Hot.LEA64 : size == 2 ? Hot.LEA32 : 0;
    case Op.INC:
      return (isMem ? Hot.INC_M : Hot.INC_R) + size;
    case Op.DEC:
      return (isMem ? Hot.DEC_M : Hot.DEC_R) + size;
    case Op.NEG:
      return isMem ? 0 : Hot.NEG_R + size;
    case Op.NOT:
      return isMem ? 0 : Hot.NOT_R + size;
    case Op.SHL:
    case Op.SAL:
      return shift(row, isMem, 0, size);
    case Op.SHR:
      return shift(row, isMem, 1, size);
    case Op.SAR:
      return shift(row, isMem, 2, size);
    case Op.ROL:
      return shift(row, isMem, 3, size);
    case Op.ROR:
      return shift(row, isMem, 4, size);
    case Op.IMUL2:
      return (isMem ? Hot.IMUL_RM : Hot.IMUL_RR) + size;
    case Op.IMUL3:
      return (isMem ? Hot.IMUL_RMI : Hot.IMUL_RRI) + size;
    case Op.PUSH:
      if (!is64 || size != 3) return 0;
      return (<u32>(row >> 15) & 31) == I ? Hot.PUSH_I : isMem ? Hot.PUSH_M : Hot.PUSH_R;
    case Op.POP:
      return is64 && size == 3 && !isMem ? Hot.POP_R : 0;
    case Op.CALL:
      return is64 ? Hot.CALL : 0;
    case Op.CALL_IND:
      return !is64 ? 0 : isMem ? Hot.CALL_M : Hot.CALL_R;
    case Op.JMP_IND:
      return !is64 ? 0 : isMem ? Hot.JMP_M : Hot.JMP_R;
    case Op.RET:
      return is64 ? Hot.RET : 0;
    case Op.JMP:
      return hasDirectJumps(insn, mode) ? Hot.JMP : 0;
    case Op.JCC:
      return hasDirectJumps(insn, mode) ? conditionalJump(insn, hasPrevious) : 0;
    case Op.CMOV:
      if (size == 3) return isMem ? Hot.CMOV_RM64 : Hot.CMOV_RR64;
      return size != 2 ? 0 : isMem ? Hot.CMOV_RM32 : Hot.CMOV_RR32;
    case Op.SETCC:
      return isMem ? Hot.SETCC_M : Hot.SETCC_R;
    case Op.XCHG:
      return isMem ? 0 : xchg(insn, row, size);
    case Op.CWD:
      return size == 3 ? Hot.CQO : size == 2 ? Hot.CDQ : 0;
    case Op.CBW:
      return size == 3 ? Hot.CDQE : size == 2 ? Hot.CWDE : 0;
    case Op.BT:
      if (isMem || size < 2) return 0;
      return ((<u32>(row >> 23) & 31) == I ? Hot.BT_RI32 : Hot.BT_RR32) + size - 2;
    case Op.NOP:
    case Op.PREFETCH:
      return Hot.NOP;
  }
  return 0;
}

function shift(row: u64, isMem: bool, kind: u32, size: u32): u32 {
  if (isMem) return 0;
  return ((<u32>(row >> 23) & 31) == CL ? Hot.SHIFT_CL : Hot.SHIFT_I) + kind * 4 + size;
}

function xchg(insn: Insn, row: u64, size: u32): u32 {
  // 90-97 leave rAX implicit: Insn.r is then its offset, 0.
  if ((<u32>(row >> 15) & 31) == Z) insn.r = 0;
  return size == 3 ? Hot.XCHG_RR64 : size == 2 ? Hot.XCHG_RR32 : 0;
}

/** Whether a direct jump needs neither limit check nor 16-bit truncation. */
function hasDirectJumps(insn: Insn, mode: u32): bool {
  const code = mode & MODE_CODE_MASK;
  if (code == MODE_CODE64) return true;
  return (
    code == MODE_CODE32 &&
    (mode & (MODE_FLAT | MODE_STEP)) == MODE_FLAT &&
    (<u32>insn.flags & INSN_OPSIZE) == 0
  );
}

function conditionalJump(insn: Insn, hasPrevious: bool): u32 {
  const cc = <u32>insn.opcode & 15;
  if (hasPrevious) {
    const previous = changetype<Insn>(changetype<usize>(insn) - INSN_SIZE);
    const fused = fusedWith(<u32>previous.op, cc);
    if (fused != 0) previous.op = <u16>fused;
  }
  return Hot.JCC + cc;
}

/** Handler of the pair (the instruction with handler `op`, a jump on condition `cc`), or 0. */
function fusedWith(op: u32, cc: u32): u32 {
  const add = Hot.ALU;
  const sub = Hot.ALU + 5 * 20;
  const cmp = Hot.ALU + 7 * 20;
  if (op == cmp + RR * 4 + 2) return Hot.CMP_JCC_RR32 + cc;
  if (op == cmp + RR * 4 + 3) return Hot.CMP_JCC_RR64 + cc;
  if (op == cmp + RI * 4 + 2) return Hot.CMP_JCC_RI32 + cc;
  if (op == cmp + RI * 4 + 3) return Hot.CMP_JCC_RI64 + cc;
  if (op == Hot.TEST + 0) return Hot.TEST_JCC_RR8 + cc;
  if (op == Hot.TEST + 2) return Hot.TEST_JCC_RR32 + cc;
  if (op == Hot.TEST + 3) return Hot.TEST_JCC_RR64 + cc;
  if (op == Hot.TEST + 4) return Hot.TEST_JCC_RI8 + cc;
  if (op == Hot.TEST + 6) return Hot.TEST_JCC_RI32 + cc;
  if ((cc & ~1) != 4) return 0;
  // JZ and JNZ: width (32 or 64 bits) and condition choose among four.
  const width = op & 3;
  if (width < 2) return 0;
  const which = (width - 2) * 2 + (cc & 1);
  if (op == Hot.DEC_R + width) return Hot.DEC_JZ + which;
  if (op == add + RI * 4 + width) return Hot.ADD_JZ + which;
  if (op == sub + RI * 4 + width) return Hot.SUB_JZ + which;
  return 0;
}
