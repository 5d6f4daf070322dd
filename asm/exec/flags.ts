/**
 * Flag instructions (SDM vol. 2 CLC STC CMC CLD STD CLI STI, SAHF LAHF) and HLT. CLI and STI follow table 3-7
 * and 4-19: IOPL, virtual-8086 mode extensions and protected-mode virtual interrupts.
 */
import { raiseGP } from "../cpu/fault";
import { CR4_PVI, CR4_VME, isV86 } from "../cpu/modes";
import {
  getArith,
  getCF,
  RFLAGS_AF,
  RFLAGS_CF,
  RFLAGS_FIXED,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_OF,
  RFLAGS_PF,
  RFLAGS_SF,
  RFLAGS_VIF,
  RFLAGS_VIP,
  RFLAGS_ZF,
  setArith,
} from "../cpu/rflags";
import { Cpu, holdOff, SHADOW_STI } from "../cpu/state";
import { Op } from "../decode/ops";
import { setCF } from "./alu";
import { EXEC_JUMP, EXEC_LEAVE, EXEC_NEXT } from "./exec";

/** CLC, STC, CMC. */
export function execCarry(cpu: Cpu, op: u32): u32 {
  setCF(cpu, op == Op.CLC ? 0 : op == Op.STC ? 1 : getCF(cpu) ^ 1);
  return EXEC_NEXT;
}

/** The flags SAHF and LAHF move. */
const LOW_FLAGS: u32 = RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF | RFLAGS_CF;

export function execSahf(cpu: Cpu): u32 {
  setArith(cpu, (getArith(cpu) & RFLAGS_OF) | ((<u32>cpu.rax >> 8) & LOW_FLAGS));
  return EXEC_NEXT;
}

export function execLahf(cpu: Cpu): u32 {
  const flags = (getArith(cpu) & LOW_FLAGS) | RFLAGS_FIXED;
  cpu.rax = (cpu.rax & ~0xff00) | <u64>(flags << 8);
  return EXEC_NEXT;
}

/**
 * Which flag CLI and STI work on: IF, VIF (virtual-8086 mode with VME, or CPL 3 with PVI), or 0 after #GP(0).
 */
function interruptFlag(cpu: Cpu): u32 {
  const iopl = (cpu.rflags & RFLAGS_IOPL) >> 12;
  if (isV86(cpu)) {
    if (iopl == 3) return RFLAGS_IF;
    if ((cpu.cr4 & CR4_VME) != 0) return RFLAGS_VIF;
  } else {
    if (cpu.cpl <= iopl) return RFLAGS_IF;
    if (cpu.cpl == 3 && (cpu.cr4 & CR4_PVI) != 0) return RFLAGS_VIF;
  }
  raiseGP(cpu, 0);
  return 0;
}

export function execCli(cpu: Cpu): u32 {
  cpu.rflags &= ~interruptFlag(cpu);
  return EXEC_NEXT;
}

/** STI: when it sets IF, interrupts stay off for one more instruction. */
export function execSti(cpu: Cpu): u32 {
  const flag = interruptFlag(cpu);
  if (flag == RFLAGS_VIF && (cpu.rflags & RFLAGS_VIP) != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  if (flag == RFLAGS_IF && (cpu.rflags & RFLAGS_IF) == 0) holdOff(cpu, SHADOW_STI);
  cpu.rflags |= flag;
  return EXEC_JUMP;
}

/** HLT: the loop is left with RIP behind it; an interrupt or NMI clears Cpu.halted. */
export function execHlt(cpu: Cpu): u32 {
  if (cpu.cpl != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  cpu.halted = 1;
  return EXEC_LEAVE;
}
