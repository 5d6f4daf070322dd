/**
 * Instructions that look at descriptors without using them: LAR, LSL, VERR, VERW, ARPL, and those that
 * read and write LDTR and TR (SDM vol. 2). A selector that fails a check clears ZF and nothing else; only
 * a page fault on the descriptor table is a fault.
 */
import { raiseGP, raiseUD } from "../cpu/fault";
import { CR4_UMIP, isLong, isProtected } from "../cpu/modes";
import { getArith, RFLAGS_ZF, setArith } from "../cpu/rflags";
import {
  descDpl,
  descLimit,
  descriptorAddress,
  descType,
  inTable,
  isNull,
  loadLdt,
  loadTr,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_CODE,
  TYPE_CONFORMING,
  TYPE_LDT,
  TYPE_S,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS16_BUSY,
  TYPE_TSS32,
  TYPE_TSS32_BUSY,
  TYPE_WRITABLE,
} from "../cpu/segment";
import { Cpu, SEG_LDTR, SEG_TR, segSel } from "../cpu/state";
import { COLD, INSN_MEM, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { ld16, ldw16, st16, sysLd64 } from "../mmu/access";
import { operand } from "../mmu/address";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";

/** System types LSL accepts, and the gates LAR accepts besides; bit n = type n. */
const SEGMENTS: u32 =
  (1 << TYPE_TSS16) |
  (1 << TYPE_LDT) |
  (1 << TYPE_TSS16_BUSY) |
  (1 << TYPE_TSS32) |
  (1 << TYPE_TSS32_BUSY);
const SEGMENTS_LONG: u32 = (1 << TYPE_LDT) | (1 << TYPE_TSS32) | (1 << TYPE_TSS32_BUSY);
const GATES: u32 = (1 << TYPE_CALL_GATE16) | (1 << TYPE_TASK_GATE) | (1 << TYPE_CALL_GATE32);
const GATES_LONG: u32 = 1 << TYPE_CALL_GATE32;

export function execSegmentInfo(cpu: Cpu, insn: Insn): u32 {
  if (!isProtected(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  const op = <u32>insn.op - COLD;
  switch (op) {
    case Op.SLDT:
      return storeSelector(cpu, insn, segSel(cpu, SEG_LDTR));
    case Op.STR:
      return storeSelector(cpu, insn, segSel(cpu, SEG_TR));
    case Op.ARPL:
      return adjustRpl(cpu, insn);
    case Op.LLDT:
    case Op.LTR: {
      if (cpu.cpl != 0) {
        raiseGP(cpu, 0);
        return EXEC_NEXT;
      }
      const selector = readSelector(cpu, insn);
      if (cpu.fault != 0) return EXEC_NEXT;
      const isLoaded = op == Op.LLDT ? loadLdt(cpu, selector) : loadTr(cpu, selector);
      return isLoaded ? EXEC_JUMP : EXEC_NEXT;
    }
  }
  const selector = readSelector(cpu, insn);
  if (cpu.fault != 0) return EXEC_NEXT;
  const isKnown = !isNull(selector) && inTable(cpu, selector, 8);
  const d = isKnown ? sysLd64(cpu, descriptorAddress(cpu, selector)) : 0;
  if (cpu.fault != 0) return EXEC_NEXT;
  const isGood = isKnown && passes(cpu, op, selector, d);
  setArith(cpu, (getArith(cpu) & ~RFLAGS_ZF) | (isGood ? RFLAGS_ZF : 0));
  if (isGood && op == Op.LAR) writeRegister(cpu, insn, <u32>(d >> 32) & 0xff_ff00);
  if (isGood && op == Op.LSL) writeRegister(cpu, insn, descLimit(d));
  return EXEC_NEXT;
}

/** Whether the descriptor has a type the instruction asks about and is visible at CPL and RPL. */
function passes(cpu: Cpu, op: u32, selector: u32, d: u64): bool {
  const type = descType(d);
  const dpl = descDpl(d);
  const isVisible = dpl >= cpu.cpl && dpl >= (selector & 3);
  if ((type & TYPE_S) == 0) {
    if (op != Op.LAR && op != Op.LSL) return false;
    let types = isLong(cpu) ? SEGMENTS_LONG : SEGMENTS;
    if (op == Op.LAR) types |= isLong(cpu) ? GATES_LONG : GATES;
    return isVisible && ((types >> type) & 1) != 0;
  }
  const isCode = (type & TYPE_CODE) != 0;
  const isReadable = !isCode || (type & TYPE_WRITABLE) != 0;
  if (op == Op.VERW) return isVisible && !isCode && (type & TYPE_WRITABLE) != 0;
  if (op == Op.VERR && !isReadable) return false;
  return isVisible || (isCode && (type & TYPE_CONFORMING) != 0);
}

function readSelector(cpu: Cpu, insn: Insn): u32 {
  if ((insn.flags & INSN_MEM) == 0) return load<u16>(changetype<usize>(cpu) + insn.m);
  const la = operand(cpu, insn, 2, false);
  return cpu.fault != 0 ? 0 : ld16(cpu, la);
}

/** SLDT and STR: 16 bits to memory, zero-extended to a register. */
function storeSelector(cpu: Cpu, insn: Insn, selector: u32): u32 {
  if ((cpu.cr4 & CR4_UMIP) != 0 && cpu.cpl != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  if ((insn.flags & INSN_MEM) != 0) {
    const la = operand(cpu, insn, 2, true);
    if (cpu.fault == 0) st16(cpu, la, selector);
  } else if (insn.osz == 2) {
    store<u16>(changetype<usize>(cpu) + insn.m, <u16>selector);
  } else {
    store<u64>(changetype<usize>(cpu) + insn.m, selector);
  }
  return EXEC_NEXT;
}

function writeRegister(cpu: Cpu, insn: Insn, value: u32): void {
  const at = changetype<usize>(cpu) + insn.r;
  if (insn.osz == 2) store<u16>(at, <u16>value);
  else store<u64>(at, value);
}

/** ARPL: raises the destination selector's RPL to the source's; ZF tells whether it did. */
function adjustRpl(cpu: Cpu, insn: Insn): u32 {
  const source: u32 = load<u16>(changetype<usize>(cpu) + insn.r);
  const isMemory = (insn.flags & INSN_MEM) != 0;
  let la: u64 = 0;
  let selector: u32;
  if (isMemory) {
    la = operand(cpu, insn, 2, true);
    if (cpu.fault != 0) return EXEC_NEXT;
    selector = ldw16(cpu, la);
    if (cpu.fault != 0) return EXEC_NEXT;
  } else {
    selector = load<u16>(changetype<usize>(cpu) + insn.m);
  }
  const isRaised = (selector & 3) < (source & 3);
  if (isRaised) {
    selector = (selector & 0xfffc) | (source & 3);
    if (isMemory) st16(cpu, la, selector);
    else store<u16>(changetype<usize>(cpu) + insn.m, <u16>selector);
    if (cpu.fault != 0) return EXEC_NEXT;
  }
  setArith(cpu, (getArith(cpu) & ~RFLAGS_ZF) | (isRaised ? RFLAGS_ZF : 0));
  return EXEC_NEXT;
}
