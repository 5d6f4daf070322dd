/**
 * The stack (SDM vol. 1 6.2, vol. 2 PUSH POP PUSHA POPA PUSHF POPF ENTER LEAVE). Item sizes are in bytes. The
 * width of the stack pointer is that of 64-bit mode or of SS.B; RSP changes only after every access of the
 * instruction has succeeded.
 *
 * As on current processors, PUSH of a segment register with a 32-bit operand size writes 16 bits only.
 */
import { raiseGP } from "../cpu/fault";
import { CR4_VME, isV86, updateModes } from "../cpu/modes";
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
import { loadSegment } from "../cpu/segment";
import { Cpu, holdOff, SEG_FS, SEG_GS, SEG_SS, SHADOW_SS, segSel } from "../cpu/state";
import { peekItem, stackMask, withStackPointer } from "../cpu/transfer";
import { Insn } from "../decode/insn";
import { checkAlignment, probe, st16 } from "../mmu/access";
import { segLinear } from "../mmu/address";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { getReg, loadMem, putReg, readE, sizeOf, storeMem, writeE } from "./operand";

/** Moves the stack pointer by `delta` bytes. */
export function moveStack(cpu: Cpu, delta: i64): void {
  cpu.rsp = withStackPointer(cpu.rsp, cpu.rsp + <u64>delta, stackMask(cpu));
}

/** Pushes the low `size` (2, 4, 8) bytes of `value`; look at cpu.fault. */
export function push(cpu: Cpu, value: u64, size: u32): void {
  const mask = stackMask(cpu);
  const rsp = (cpu.rsp - size) & mask;
  const la = segLinear(cpu, SEG_SS, rsp, size, true);
  if (cpu.fault != 0) return;
  storeMem(cpu, la, value, ctz(size));
  if (cpu.fault == 0) cpu.rsp = withStackPointer(cpu.rsp, rsp, mask);
}

/** Pops `size` (2, 4, 8) bytes; look at cpu.fault. */
export function pop(cpu: Cpu, size: u32): u64 {
  const value = peekItem(cpu, 0, size);
  if (cpu.fault == 0) moveStack(cpu, size);
  return value;
}

/** 50-57, FF /6 E; 68, 6A I. */
export function execPush(cpu: Cpu, insn: Insn): u32 {
  const isImmediate = (insn.opcode & 0xfd) == 0x68;
  const value = isImmediate ? <u64>insn.imm : readE(cpu, insn, sizeOf(insn));
  if (cpu.fault == 0) push(cpu, value, insn.osz);
  return EXEC_NEXT;
}

/** 58-5F, 8F /0. An address that uses rSP sees it already incremented. */
export function execPop(cpu: Cpu, insn: Insn): u32 {
  const rsp = cpu.rsp;
  const value = pop(cpu, insn.osz);
  if (cpu.fault != 0) return EXEC_NEXT;
  writeE(cpu, insn, value, sizeOf(insn));
  if (cpu.fault != 0) cpu.rsp = rsp;
  return EXEC_NEXT;
}

/** The segment register a PUSH or POP names in its opcode: 06 0E 16 1E, 0F A0 and 0F A8. */
function opcodeSegment(insn: Insn): u32 {
  const opcode = <u32>insn.opcode;
  if (opcode >= 0xa0) return opcode < 0xa8 ? SEG_FS : SEG_GS;
  return opcode >> 3;
}

export function execPushSeg(cpu: Cpu, insn: Insn): u32 {
  const selector = segSel(cpu, opcodeSegment(insn));
  if (insn.osz != 4) {
    push(cpu, selector, insn.osz);
    return EXEC_NEXT;
  }
  const mask = stackMask(cpu);
  const rsp = (cpu.rsp - 4) & mask;
  const la = segLinear(cpu, SEG_SS, rsp, 2, true);
  if (cpu.fault != 0) return EXEC_NEXT;
  st16(cpu, la, selector);
  if (cpu.fault == 0) cpu.rsp = withStackPointer(cpu.rsp, rsp, mask);
  return EXEC_NEXT;
}

/** A new SS holds off interrupts until the next instruction has run. */
export function execPopSeg(cpu: Cpu, insn: Insn): u32 {
  const seg = opcodeSegment(insn);
  // Whatever the operand size, processors read two bytes.
  const selector = <u32>peekItem(cpu, 0, 2);
  if (cpu.fault != 0) return EXEC_NEXT;
  // The stack that is popped from is the old one, also when SS is loaded.
  const rsp = cpu.rsp;
  moveStack(cpu, insn.osz);
  if (!loadSegment(cpu, seg, selector)) {
    cpu.rsp = rsp;
    return EXEC_NEXT;
  }
  if (seg == SEG_SS) holdOff(cpu, SHADOW_SS);
  return EXEC_JUMP;
}

/** PUSHA: rAX rCX rDX rBX, rSP as it was, rBP rSI rDI. */
export function execPusha(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  const mask = stackMask(cpu);
  for (let i: u32 = 1; i <= 8; i++) {
    const la = segLinear(cpu, SEG_SS, (cpu.rsp - i * size) & mask, size, true);
    if (cpu.fault != 0 || !checkAlignment(cpu, la, size)) return EXEC_NEXT;
    if (!probe(cpu, la, size, true)) return EXEC_NEXT;
  }
  const rsp = cpu.rsp;
  for (let i: u32 = 0; i < 8; i++) {
    const la = segLinear(cpu, SEG_SS, (rsp - (i + 1) * size) & mask, size, true);
    storeMem(cpu, la, getReg(cpu, i << 3, 3), ctz(size));
  }
  moveStack(cpu, -8 * <i64>size);
  return EXEC_NEXT;
}

export function execPopa(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  // All eight must be readable before the first register changes.
  for (let i: u32 = 0; i < 8; i++) {
    peekItem(cpu, i * size, size);
    if (cpu.fault != 0) return EXEC_NEXT;
  }
  for (let i: u32 = 0; i < 8; i++) {
    // The stack pointer's item (number 3 from the top) is skipped.
    if (i != 3) putReg(cpu, (7 - i) << 3, peekItem(cpu, i * size, size), ctz(size));
  }
  moveStack(cpu, 8 * <i64>size);
  return EXEC_NEXT;
}

/** PUSHF; in virtual-8086 mode with IOPL below 3 only 16 bits and only with VME, which shows VIF as IF. */
export function execPushf(cpu: Cpu, insn: Insn): u32 {
  let flags = getRflags(cpu);
  if (isV86(cpu) && (flags & RFLAGS_IOPL) != RFLAGS_IOPL) {
    if ((cpu.cr4 & CR4_VME) == 0 || insn.osz != 2) {
      raiseGP(cpu, 0);
      return EXEC_NEXT;
    }
    flags &= ~RFLAGS_IF;
    flags |= RFLAGS_IOPL | ((flags & RFLAGS_VIF) != 0 ? RFLAGS_IF : 0);
  }
  push(cpu, flags & ~(RFLAGS_VM | RFLAGS_RF), insn.osz);
  return EXEC_NEXT;
}

/** The flags POPF may change now, before the operand size is looked at. */
function popfMask(cpu: Cpu): u32 {
  let mask = RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_ID;
  if (isV86(cpu)) return mask | RFLAGS_IF; // IOPL is 3 here
  const iopl = (cpu.rflags >> 12) & 3;
  if (cpu.cpl == 0) mask |= RFLAGS_IOPL;
  if (cpu.cpl <= iopl) mask |= RFLAGS_IF;
  return mask;
}

/** POPF of 16 bits in virtual-8086 mode with VME and IOPL below 3: IF is VIF. */
function popfVme(cpu: Cpu, value: u32): bool {
  const wantsIF = (value & RFLAGS_IF) != 0;
  if ((value & RFLAGS_TF) != 0 || (wantsIF && (cpu.rflags & RFLAGS_VIP) != 0)) {
    raiseGP(cpu, 0);
    return false;
  }
  const mask = RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT;
  const rest = getRflags(cpu) & ~(mask | RFLAGS_VIF);
  setRflags(cpu, rest | (value & mask) | (wantsIF ? RFLAGS_VIF : 0));
  return true;
}

/** POPF. RF is cleared; VM, VIP and VIF stay. */
export function execPopf(cpu: Cpu, insn: Insn): u32 {
  const isVme = isV86(cpu) && (cpu.rflags & RFLAGS_IOPL) != RFLAGS_IOPL;
  if (isVme && ((cpu.cr4 & CR4_VME) == 0 || insn.osz != 2)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const value = <u32>peekItem(cpu, 0, insn.osz);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (isVme) {
    if (!popfVme(cpu, value)) return EXEC_NEXT;
  } else {
    const mask = insn.osz == 2 ? popfMask(cpu) & 0xffff : popfMask(cpu);
    setRflags(cpu, (getRflags(cpu) & ~(mask | RFLAGS_RF)) | (value & mask));
  }
  moveStack(cpu, insn.osz);
  updateModes(cpu);
  return EXEC_JUMP;
}

/**
 * ENTER: pushes rBP, copies `level - 1` frame pointers of the enclosing procedures, pushes its own, and makes
 * room. Items have the operand size, rSP and the walk through the old frame the stack's width.
 */
export function execEnter(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  const allocate = <u64>insn.imm & 0xffff;
  const level = <u32>(insn.imm >> 16) & 31;
  const mask = stackMask(cpu);
  let rsp = pushAt(cpu, cpu.rsp, cpu.rbp, size, mask);
  if (cpu.fault != 0) return EXEC_NEXT;
  // With a 16-bit stack and 32-bit operands the upper half of ESP is part of it.
  const frame = withStackPointer(cpu.rsp, rsp, mask);
  for (let i: u32 = 1; i < level; i++) {
    const from = segLinear(cpu, SEG_SS, (cpu.rbp - i * size) & mask, size, false);
    if (cpu.fault != 0) return EXEC_NEXT;
    const value = loadMem(cpu, from, ctz(size));
    if (cpu.fault != 0) return EXEC_NEXT;
    rsp = pushAt(cpu, rsp, value, size, mask);
    if (cpu.fault != 0) return EXEC_NEXT;
  }
  if (level != 0) {
    rsp = pushAt(cpu, rsp, frame, size, mask);
    if (cpu.fault != 0) return EXEC_NEXT;
  }
  rsp = (rsp - allocate) & mask;
  // The new top of the stack must be writable.
  const top = segLinear(cpu, SEG_SS, rsp, size, true);
  if (cpu.fault != 0 || !checkAlignment(cpu, top, size)) return EXEC_NEXT;
  if (!probe(cpu, top, size, true)) return EXEC_NEXT;
  putReg(cpu, offsetof<Cpu>("rbp"), frame, ctz(size));
  cpu.rsp = withStackPointer(cpu.rsp, rsp, mask);
  return EXEC_NEXT;
}

/** Writes an item below `rsp` without moving RSP; returns the new stack pointer. */
function pushAt(cpu: Cpu, rsp: u64, value: u64, size: u32, mask: u64): u64 {
  const top = (rsp - size) & mask;
  const la = segLinear(cpu, SEG_SS, top, size, true);
  if (cpu.fault == 0) storeMem(cpu, la, value, ctz(size));
  return top;
}

/** LEAVE: rSP = rBP, then POP rBP. */
export function execLeave(cpu: Cpu, insn: Insn): u32 {
  const size = <u32>insn.osz;
  const mask = stackMask(cpu);
  const la = segLinear(cpu, SEG_SS, cpu.rbp & mask, size, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const value = loadMem(cpu, la, ctz(size));
  if (cpu.fault != 0) return EXEC_NEXT;
  cpu.rsp = withStackPointer(cpu.rsp, cpu.rbp + size, mask);
  putReg(cpu, offsetof<Cpu>("rbp"), value, ctz(size));
  return EXEC_NEXT;
}
