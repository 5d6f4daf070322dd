/**
 * RETF and IRET (SDM vol. 2 RET, IRET; vol. 3 5.8.6, 7.4, 20.2.1-20.2.2 and 20.3 for virtual-8086 mode).
 *
 *   frame of RETF   RIP CS [parameters] [RSP SS]            the last two to an outer privilege level
 *   frame of IRET   RIP CS RFLAGS [RSP SS] [ES DS FS GS]    all nine to virtual-8086 mode
 *
 * 64-bit IRET pops SS:RSP whatever the privilege level. The frame is read without moving RSP, everything is
 * checked, then registers change together.
 *
 * RF: IRET loads it only while breakpoints are armed in DR7. Nothing else can see it, and the instruction
 * after IRET would otherwise run in single-step mode just to clear it again.
 */
import { raiseError, raiseGP, Vector } from "../cpu/fault";
import { ATTR_DB, CR4_VME, is64, isLong, isProtected, isV86, updateModes } from "../cpu/modes";
import {
  getRflags,
  RFLAGS_AC,
  RFLAGS_ARITH,
  RFLAGS_DF,
  RFLAGS_ID,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_NT,
  RFLAGS_RF,
  RFLAGS_TF,
  RFLAGS_VIF,
  RFLAGS_VIP,
  RFLAGS_VM,
  setRflags,
} from "../cpu/rflags";
import {
  commitCs,
  commitSegment,
  descAttr,
  descDpl,
  descPresent,
  descType,
  dropInnerSegments,
  errorCode,
  fetchDescriptor,
  fetchStack,
  isBadLongCode,
  isLongCode,
  isNull,
  loadNull,
  loadReal,
  markDescriptor,
  TYPE_ACCESSED,
  TYPE_CODE,
  TYPE_CONFORMING,
  TYPE_S,
} from "../cpu/segment";
import { Cpu, SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS, segLimit } from "../cpu/state";
import { returnFromTask } from "../cpu/task";
import {
  checkTarget,
  narrowStackPointer,
  peekItem,
  stackMask,
  targetRip,
  withStackPointer,
} from "../cpu/transfer";
import { Insn } from "../decode/insn";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";

/** Flags every IRET loads, and those that depend on operand size. */
const IRET_FLAGS: u32 = RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT;
const IRET_FLAGS32: u32 = RFLAGS_RF | RFLAGS_AC | RFLAGS_ID;

/** RETF and RETF imm16 (Insn.imm bytes of parameters). */
export function farReturn(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  const params: u32 = insn.opcode == 0xca ? <u32>insn.imm & 0xffff : 0;
  const selector = <u32>peekItem(cpu, size, 2);
  if (cpu.fault != 0) return EXEC_NEXT;
  let rip = peekItem(cpu, 0, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (!isProtected(cpu)) {
    if (!returnReal(cpu, selector, rip, 2 * size + params)) return EXEC_NEXT;
    updateModes(cpu);
    return EXEC_JUMP;
  }
  const d = fetchReturnCode(cpu, selector);
  if (cpu.fault != 0) return EXEC_NEXT;
  rip = targetRip(cpu, d, rip);
  const cpl = selector & 3;
  if (cpl > cpu.cpl) {
    return returnOuter(cpu, selector, d, rip, 2 * size + params, size, params, 0)
      ? EXEC_JUMP
      : EXEC_NEXT;
  }
  if (!checkTarget(cpu, d, rip, 0) || !markDescriptor(cpu, selector, d, TYPE_ACCESSED))
    return EXEC_NEXT;
  cpu.rsp = withStackPointer(cpu.rsp, cpu.rsp + 2 * size + params, stackMask(cpu));
  narrowStackPointer(cpu, d);
  commitCs(cpu, selector, d, cpl);
  cpu.nextRip = rip;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** Real and virtual-8086 mode: CS:IP and the stack pointer. */
function returnReal(cpu: Cpu, selector: u32, rip: u64, popped: u32): bool {
  if (rip > <u64>segLimit(cpu, SEG_CS)) {
    raiseGP(cpu, 0);
    return false;
  }
  cpu.rsp = withStackPointer(cpu.rsp, cpu.rsp + popped, stackMask(cpu));
  loadReal(cpu, SEG_CS, selector);
  cpu.nextRip = rip;
  return true;
}

/** Reads and checks the code segment a return goes to; its RPL is the privilege level returned to. */
function fetchReturnCode(cpu: Cpu, selector: u32): u64 {
  if (isNull(selector)) {
    raiseGP(cpu, 0);
    return 0;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return 0;
  const type = descType(d);
  const dpl = descDpl(d);
  const rpl = selector & 3;
  const isAllowed = (type & TYPE_CONFORMING) != 0 ? dpl <= rpl : dpl == rpl;
  const isCode = (type & (TYPE_S | TYPE_CODE)) == (TYPE_S | TYPE_CODE);
  if (!isCode || rpl < cpu.cpl || !isAllowed || isBadLongCode(cpu, d)) {
    raiseGP(cpu, errorCode(selector, 0));
    return 0;
  }
  if (!descPresent(d)) raiseError(cpu, Vector.NP, errorCode(selector, 0));
  return d;
}

/**
 * A return that pops RSP and SS, `at` bytes above the stack pointer, to code segment `d`: an outer
 * privilege level, or any from 64-bit IRET. `params` bytes are released on the new stack too. The flags
 * are the caller's, before (through `flags`, 0 for RETF): they change with CPL.
 */
function returnOuter(
  cpu: Cpu,
  selector: u32,
  d: u64,
  rip: u64,
  at: u32,
  size: u32,
  params: u32,
  flags: u32,
): bool {
  const rsp = peekItem(cpu, at, size);
  if (cpu.fault != 0) return false;
  const ss = <u32>peekItem(cpu, at + size, size) & 0xffff;
  if (cpu.fault != 0) return false;
  const cpl = selector & 3;
  const isLongTarget = isLongCode(cpu, d);
  let stack: u64 = 0;
  if (isNull(ss)) {
    // Only 64-bit code inside the kernel may run on a null SS.
    if (!isLongTarget || cpl == 3 || (ss & 3) != cpl) {
      raiseGP(cpu, 0);
      return false;
    }
  } else {
    stack = fetchStack(cpu, ss, cpl, Vector.GP, 0);
    if (cpu.fault != 0) return false;
  }
  if (!checkTarget(cpu, d, rip, 0) || !markDescriptor(cpu, selector, d, TYPE_ACCESSED))
    return false;
  if (flags != 0) setReturnFlags(cpu, flags, size);
  const isOuter = cpl > cpu.cpl;
  commitCs(cpu, selector, d, cpl);
  if (isNull(ss)) loadNull(cpu, SEG_SS, ss);
  else commitSegment(cpu, SEG_SS, ss, stack);
  // A 16-bit stack takes only SP: the inner level's upper half of ESP shows through.
  const mask: u64 = isLongTarget ? ~0 : (descAttr(stack) & ATTR_DB) != 0 ? 0xffff_ffff : 0xffff;
  cpu.rsp = withStackPointer(cpu.rsp, rsp + params, mask);
  if (isOuter) dropInnerSegments(cpu, cpl);
  cpu.nextRip = rip;
  updateModes(cpu);
  return true;
}

/** RF as IRET loads it: see the file header. */
function dropResume(cpu: Cpu, flags: u32): u32 {
  return (cpu.dr7 & 0xff) == 0 ? flags & ~RFLAGS_RF : flags;
}

/** Loads the flags IRET may change at the current privilege level, before it changes. */
function setReturnFlags(cpu: Cpu, flags: u32, size: u32): void {
  let mask = IRET_FLAGS;
  if (size != 2) mask |= IRET_FLAGS32;
  if (cpu.cpl <= (cpu.rflags & RFLAGS_IOPL) >> 12) mask |= RFLAGS_IF;
  if (cpu.cpl == 0) mask |= size == 2 ? RFLAGS_IOPL : RFLAGS_IOPL | RFLAGS_VIF | RFLAGS_VIP;
  setRflags(cpu, (getRflags(cpu) & ~mask) | (dropResume(cpu, flags) & mask));
}

/** IRET, IRETD, IRETQ. */
export function iret(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  // NMIs are unblocked even when IRET faults (SDM vol. 3 6.7.1).
  cpu.nmiBlocked = 0;
  if (isV86(cpu)) return iretV86(cpu, size);
  if (isProtected(cpu) && (cpu.rflags & RFLAGS_NT) != 0) return iretTask(cpu);
  // Processors read the frame from its upper end.
  const flags = <u32>peekItem(cpu, 2 * size, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const selector = <u32>peekItem(cpu, size, size) & 0xffff;
  if (cpu.fault != 0) return EXEC_NEXT;
  let rip = peekItem(cpu, 0, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (!isProtected(cpu)) return iretReal(cpu, selector, rip, flags, size);
  if ((flags & RFLAGS_VM) != 0 && cpu.cpl == 0 && size == 4 && !isLong(cpu)) {
    return iretToV86(cpu, selector, rip, flags);
  }
  const d = fetchReturnCode(cpu, selector);
  if (cpu.fault != 0) return EXEC_NEXT;
  rip = targetRip(cpu, d, rip);
  const cpl = selector & 3;
  if (cpl > cpu.cpl || is64(cpu)) {
    // RFLAGS always has bit 1 set, so the flags are never 0.
    const isDone = returnOuter(cpu, selector, d, rip, 3 * size, size, 0, flags | 2);
    return isDone ? EXEC_JUMP : EXEC_NEXT;
  }
  if (!checkTarget(cpu, d, rip, 0) || !markDescriptor(cpu, selector, d, TYPE_ACCESSED))
    return EXEC_NEXT;
  setReturnFlags(cpu, flags, size);
  cpu.rsp = withStackPointer(cpu.rsp, cpu.rsp + 3 * size, stackMask(cpu));
  commitCs(cpu, selector, d, cpl);
  cpu.nextRip = rip;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** NT set: return to the calling task; IA-32e mode has no tasks. */
function iretTask(cpu: Cpu): u32 {
  if (isLong(cpu)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  return returnFromTask(cpu, getRflags(cpu)) && cpu.fault == 0 ? EXEC_JUMP : EXEC_NEXT;
}

function iretReal(cpu: Cpu, selector: u32, rip: u64, flags: u32, size: u32): u32 {
  if (!returnReal(cpu, selector, rip, 3 * size)) return EXEC_NEXT;
  let mask = IRET_FLAGS | RFLAGS_IF | RFLAGS_IOPL;
  if (size != 2) mask |= IRET_FLAGS32;
  setRflags(cpu, (getRflags(cpu) & ~mask) | (dropResume(cpu, flags) & mask));
  updateModes(cpu);
  return EXEC_JUMP;
}

/** IRET in virtual-8086 mode; below IOPL 3 only the 16-bit form with CR4.VME, on VIF instead of IF. */
function iretV86(cpu: Cpu, size: u32): u32 {
  const isTrusted = (cpu.rflags & RFLAGS_IOPL) == RFLAGS_IOPL;
  if (!isTrusted && ((cpu.cr4 & CR4_VME) == 0 || size != 2)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  let flags = <u32>peekItem(cpu, 2 * size, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const selector = <u32>peekItem(cpu, size, size) & 0xffff;
  if (cpu.fault != 0) return EXEC_NEXT;
  const rip = peekItem(cpu, 0, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  let mask = IRET_FLAGS;
  if (isTrusted) {
    mask |= RFLAGS_IF;
    if (size != 2) mask |= IRET_FLAGS32;
  } else {
    const isPending = (cpu.rflags & RFLAGS_VIP) != 0 && (flags & RFLAGS_IF) != 0;
    if (isPending || (flags & RFLAGS_TF) != 0) {
      raiseGP(cpu, 0);
      return EXEC_NEXT;
    }
    mask |= RFLAGS_VIF;
    flags = (flags & 0xffff) | ((flags & RFLAGS_IF) != 0 ? RFLAGS_VIF : 0);
  }
  if (!returnReal(cpu, selector, rip, 3 * size)) return EXEC_NEXT;
  setRflags(cpu, (getRflags(cpu) & ~mask) | (dropResume(cpu, flags) & mask));
  updateModes(cpu);
  return EXEC_JUMP;
}

/** From privilege level 0 to virtual-8086 mode: nine doublewords. */
function iretToV86(cpu: Cpu, selector: u32, rip: u64, flags: u32): u32 {
  const esp = <u32>peekItem(cpu, 12, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  const ss = <u32>peekItem(cpu, 16, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  const es = <u32>peekItem(cpu, 20, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  const ds = <u32>peekItem(cpu, 24, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  const fs = <u32>peekItem(cpu, 28, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  const gs = <u32>peekItem(cpu, 32, 4);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (rip > 0xffff) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  setRflags(cpu, dropResume(cpu, flags) & 0x3f_7fd7);
  cpu.cpl = 3;
  loadReal(cpu, SEG_CS, selector);
  loadReal(cpu, SEG_SS, ss & 0xffff);
  loadReal(cpu, SEG_ES, es & 0xffff);
  loadReal(cpu, SEG_DS, ds & 0xffff);
  loadReal(cpu, SEG_FS, fs & 0xffff);
  loadReal(cpu, SEG_GS, gs & 0xffff);
  cpu.rsp = esp;
  cpu.nextRip = rip;
  updateModes(cpu);
  const both = RFLAGS_VIF | RFLAGS_VIP;
  if ((cpu.cr4 & CR4_VME) != 0 && (flags & both) == both) {
    // A virtual interrupt is due: #GP at the first instruction (SDM vol. 3 20.3.3.5).
    cpu.rip = rip;
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  return EXEC_JUMP;
}
