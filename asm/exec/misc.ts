/**
 * What fits nowhere else: BOUND, ARPL, FWAIT, RDPID (SDM vol. 2).
 *
 * FWAIT reports a pending x87 exception as #MF with CR0.NE set. With NE clear a processor would assert FERR#
 * and stop for an interrupt; this board does not wire it, and the instruction goes on.
 */
import { signExtend } from "../base/bits";
import { raise, raiseUD, Vector } from "../cpu/fault";
import { CR0_MP, CR0_TS, isProtected } from "../cpu/modes";
import { getArith, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { operand } from "../mmu/address";
import { EXEC_NEXT } from "./exec";
import { getReg, loadMem, putReg, readE, sizeOf, writeE } from "./operand";
import { checkPendingMF } from "./x87-state";

/** BOUND: lower and upper bound, signed, lie side by side in memory. */
export function execBound(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const la = operand(cpu, insn, insn.osz, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const lower = signExtend(loadMem(cpu, la, size), size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const index = signExtend(getReg(cpu, insn.r, size), size);
  // An index below the lower bound needs no upper one, which may be missing.
  if (index < lower) {
    raise(cpu, Vector.BR);
    return EXEC_NEXT;
  }
  operand(cpu, insn, insn.osz << 1, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const upper = signExtend(loadMem(cpu, la + insn.osz, size), size);
  if (cpu.fault == 0 && index > upper) raise(cpu, Vector.BR);
  return EXEC_NEXT;
}

/** ARPL: raises the RPL of a selector to that of the source. It writes, and needs to be allowed to, only then. */
export function execArpl(cpu: Cpu, insn: Insn): u32 {
  if (!isProtected(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  const selector = readE(cpu, insn, 1);
  if (cpu.fault != 0) return EXEC_NEXT;
  const rpl = getReg(cpu, insn.r, 1) & 3;
  const isRaised = (selector & 3) < rpl;
  if (isRaised) writeE(cpu, insn, (selector & ~3) | rpl, 1);
  if (cpu.fault == 0) setArith(cpu, (getArith(cpu) & ~RFLAGS_ZF) | (isRaised ? RFLAGS_ZF : 0));
  return EXEC_NEXT;
}

export function execFwait(cpu: Cpu): u32 {
  if ((cpu.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) raise(cpu, Vector.NM);
  else checkPendingMF(cpu);
  return EXEC_NEXT;
}

export function execRdpid(cpu: Cpu, insn: Insn): u32 {
  putReg(cpu, insn.m, cpu.tscAux & 0xffff_ffff, 3);
  return EXEC_NEXT;
}
