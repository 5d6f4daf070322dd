/**
 * Near transfers (SDM vol. 2 CALL JMP RET Jcc LOOPcc JCXZ). A target outside CS's limit, or not canonical in
 * 64-bit mode, is #GP(0) before anything changes.
 *
 * Direct branches have Insn.imm = target - RIP of the block's first instruction. 16-bit operand sizes cut the
 * target to IP; in 64-bit mode the operand size of near branches is always 64 bits, as on Intel processors.
 */
import { truncate } from "../base/bits";
import { raiseGP } from "../cpu/fault";
import { is64 } from "../cpu/modes";
import { condition, getZF } from "../cpu/rflags";
import { Cpu, SEG_CS, segLimit } from "../cpu/state";
import { peekItem } from "../cpu/transfer";
import { INSN_ADDR32, INSN_ADDR64, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { isCanonical } from "../mmu/walk";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { readE, sizeOf } from "./operand";
import { moveStack, push } from "./stack";

/** Whether near transfers may go to `target`; raises #GP(0) if not. */
export function isTarget(cpu: Cpu, target: u64): bool {
  if (is64(cpu) ? isCanonical(target) : target <= <u64>segLimit(cpu, SEG_CS)) return true;
  raiseGP(cpu, 0);
  return false;
}

function jumpTo(cpu: Cpu, target: u64): u32 {
  if (isTarget(cpu, target)) cpu.nextRip = target;
  return EXEC_JUMP;
}

function directTarget(cpu: Cpu, insn: Insn): u64 {
  return truncate(cpu.ripBase + <u64>insn.imm, sizeOf(insn));
}

/** The push comes first, as on a processor: its fault wins, and what it wrote stays if the target is bad. */
function callTo(cpu: Cpu, target: u64, size: u32): u32 {
  const rsp = cpu.rsp;
  push(cpu, cpu.nextRip, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (isTarget(cpu, target)) cpu.nextRip = target;
  else cpu.rsp = rsp;
  return EXEC_JUMP;
}

export function execJmp(cpu: Cpu, insn: Insn): u32 {
  return jumpTo(cpu, directTarget(cpu, insn));
}

export function execJcc(cpu: Cpu, insn: Insn): u32 {
  return condition(cpu, insn.opcode) ? jumpTo(cpu, directTarget(cpu, insn)) : EXEC_JUMP;
}

export function execCall(cpu: Cpu, insn: Insn): u32 {
  return callTo(cpu, directTarget(cpu, insn), insn.osz);
}

export function execJmpIndirect(cpu: Cpu, insn: Insn): u32 {
  const target = readE(cpu, insn, sizeOf(insn));
  return cpu.fault == 0 ? jumpTo(cpu, target) : EXEC_NEXT;
}

export function execCallIndirect(cpu: Cpu, insn: Insn): u32 {
  const target = readE(cpu, insn, sizeOf(insn));
  return cpu.fault == 0 ? callTo(cpu, target, insn.osz) : EXEC_NEXT;
}

/** RET and RET Iw, which drops that many more bytes. */
export function execRet(cpu: Cpu, insn: Insn, op: u32): u32 {
  const target = peekItem(cpu, 0, insn.osz);
  if (cpu.fault != 0 || !isTarget(cpu, target)) return EXEC_NEXT;
  const extra = op == Op.RET_IMM ? <u32>insn.imm & 0xffff : 0;
  moveStack(cpu, <i64>(insn.osz + extra));
  cpu.nextRip = target;
  return EXEC_JUMP;
}

/** log2 of the address size, which is that of the counter. */
function counterSize(insn: Insn): u32 {
  if ((insn.flags & INSN_ADDR64) != 0) return 3;
  return (insn.flags & INSN_ADDR32) != 0 ? 2 : 1;
}

export function execJcxz(cpu: Cpu, insn: Insn): u32 {
  return truncate(cpu.rcx, counterSize(insn)) == 0
    ? jumpTo(cpu, directTarget(cpu, insn))
    : EXEC_JUMP;
}

/** LOOP, LOOPE, LOOPNE. */
export function execLoop(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = counterSize(insn);
  const count = truncate(cpu.rcx - 1, size);
  let taken = count != 0;
  if (op == Op.LOOPE) taken = taken && getZF(cpu);
  else if (op == Op.LOOPNE) taken = taken && !getZF(cpu);
  if (taken) {
    const target = directTarget(cpu, insn);
    if (!isTarget(cpu, target)) return EXEC_NEXT;
    cpu.nextRip = target;
  }
  cpu.rcx = size == 1 ? (cpu.rcx & ~0xffff) | count : count;
  return EXEC_JUMP;
}
