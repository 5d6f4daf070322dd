/**
 * Far CALL and JMP (SDM vol. 2 CALL, JMP; vol. 3 5.8 code segments and call gates, 7.3 task switches).
 *
 * Direct forms carry the offset in Insn.imm and the selector in Insn.disp; memory forms read m16:16,
 * m16:32 or m16:64 by operand size. RETF and IRET are in far-return.ts.
 *
 * Everything that can fault comes first: descriptors, stack room, target limit, pushes (through
 * cpu/transfer.ts). CS, SS and RSP change together at the end. In IA-32e mode TSS descriptors, task gates
 * and 16- and 32-bit call gates are #GP; type 12 is the 16-byte call gate.
 */
import { raiseError, raiseGP, Vector } from "../cpu/fault";
import { isLong, isProtected, updateModes } from "../cpu/modes";
import { getRflags } from "../cpu/rflags";
import {
  commitCs,
  descDpl,
  descPresent,
  descType,
  errorCode,
  fetchDescriptor,
  fetchUpper,
  isBadLongCode,
  isLongCode,
  isNull,
  loadReal,
  markDescriptor,
  TYPE_ACCESSED,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_CODE,
  TYPE_CONFORMING,
  TYPE_S,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS32,
} from "../cpu/segment";
import { Cpu, SEG_CS, SEG_SS, segLimit, segSel } from "../cpu/state";
import { fetchTss, switchTask, TASK_CALL, TASK_JUMP } from "../cpu/task";
import {
  checkTarget,
  commitInnerStack,
  commitStackPointer,
  hasRoom,
  narrowStackPointer,
  peekItem,
  pushItem,
  targetRip,
  transfer,
  useCurrentStack,
  useInnerStack,
  useStackOfTarget,
} from "../cpu/transfer";
import { INSN_MEM, Insn } from "../decode/insn";
import { ld16, ld32, ld64 } from "../mmu/access";
import { operand } from "../mmu/address";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";

/** Reads the instruction's far pointer into the transfer scratch; false: a fault. */
function readPointer(cpu: Cpu, insn: Insn): bool {
  const t = transfer(cpu);
  const size = <u32>insn.osz;
  if ((insn.flags & INSN_MEM) == 0) {
    t.offset = <u64>insn.imm & (size == 2 ? 0xffff : 0xffff_ffff);
    t.selector = <u32>insn.disp & 0xffff;
    return true;
  }
  const la = operand(cpu, insn, size, false);
  if (cpu.fault != 0) return false;
  const offset = size == 8 ? ld64(cpu, la) : size == 4 ? <u64>ld32(cpu, la) : <u64>ld16(cpu, la);
  if (cpu.fault != 0) return false;
  operand(cpu, insn, size + 2, false);
  if (cpu.fault != 0) return false;
  const selector = ld16(cpu, isLong(cpu) ? la + size : (la + size) & 0xffff_ffff);
  if (cpu.fault != 0) return false;
  t.offset = offset;
  t.selector = selector;
  return true;
}

/** JMP ptr16:16, ptr16:32, m16:16, m16:32, m16:64. */
export function farJump(cpu: Cpu, insn: Insn): u32 {
  if (!readPointer(cpu, insn)) return EXEC_NEXT;
  return transferTo(cpu, <u32>insn.osz, false);
}

/** CALL ptr16:16, ptr16:32, m16:16, m16:32, m16:64. */
export function farCall(cpu: Cpu, insn: Insn): u32 {
  if (!readPointer(cpu, insn)) return EXEC_NEXT;
  return transferTo(cpu, <u32>insn.osz, true);
}

function transferTo(cpu: Cpu, size: u32, isCall: bool): u32 {
  if (!isProtected(cpu)) return transferReal(cpu, size, isCall);
  const selector = transfer(cpu).selector;
  if (isNull(selector)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return EXEC_NEXT;
  const type = descType(d);
  if ((type & TYPE_S) != 0) return transferDirect(cpu, selector, d, size, isCall);
  if (type == TYPE_CALL_GATE32 || (type == TYPE_CALL_GATE16 && !isLong(cpu))) {
    return checkGate(cpu, selector, d) ? throughCallGate(cpu, selector, d, isCall) : EXEC_NEXT;
  }
  if (!isLong(cpu)) {
    if (type == TYPE_TSS16 || type == TYPE_TSS32) {
      return checkGate(cpu, selector, d) ? toTask(cpu, selector, isCall) : EXEC_NEXT;
    }
    if (type == TYPE_TASK_GATE) {
      const tss = <u32>(d >> 16) & 0xffff;
      return checkGate(cpu, selector, d) ? toTask(cpu, tss, isCall) : EXEC_NEXT;
    }
  }
  raiseGP(cpu, errorCode(selector, 0));
  return EXEC_NEXT;
}

/** Real and virtual-8086 mode. */
function transferReal(cpu: Cpu, size: u32, isCall: bool): u32 {
  const t = transfer(cpu);
  if (isCall) {
    useCurrentStack(cpu, 0);
    if (!hasRoom(cpu, 2, size)) return EXEC_NEXT;
  }
  if (t.offset > <u64>segLimit(cpu, SEG_CS)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  if (isCall) {
    if (!pushItem(cpu, segSel(cpu, SEG_CS), size) || !pushItem(cpu, cpu.nextRip, size))
      return EXEC_NEXT;
    commitStackPointer(cpu);
  }
  loadReal(cpu, SEG_CS, t.selector);
  cpu.nextRip = t.offset;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** Privilege and presence of a gate or TSS descriptor. */
function checkGate(cpu: Cpu, selector: u32, d: u64): bool {
  const dpl = descDpl(d);
  if (dpl < cpu.cpl || dpl < (selector & 3)) {
    raiseGP(cpu, errorCode(selector, 0));
    return false;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, 0));
    return false;
  }
  return true;
}

function toTask(cpu: Cpu, selector: u32, isCall: bool): u32 {
  const tss = fetchTss(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return EXEC_NEXT;
  const reason = isCall ? TASK_CALL : TASK_JUMP;
  const isDone = switchTask(cpu, selector, tss, reason, cpu.nextRip, getRflags(cpu), 0);
  return isDone && cpu.fault == 0 ? EXEC_JUMP : EXEC_NEXT;
}

/** A code segment named by the instruction itself: privilege does not change. */
function transferDirect(cpu: Cpu, selector: u32, d: u64, size: u32, isCall: bool): u32 {
  const offset = targetRip(cpu, d, transfer(cpu).offset);
  const type = descType(d);
  const dpl = descDpl(d);
  const isAllowed =
    (type & TYPE_CONFORMING) != 0 ? dpl <= cpu.cpl : dpl == cpu.cpl && (selector & 3) <= cpu.cpl;
  if ((type & TYPE_CODE) == 0 || !isAllowed || isBadLongCode(cpu, d)) {
    raiseGP(cpu, errorCode(selector, 0));
    return EXEC_NEXT;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, 0));
    return EXEC_NEXT;
  }
  return commitTransfer(cpu, selector, d, offset, size, isCall);
}

/** The end of a transfer that stays at its privilege level. */
function commitTransfer(
  cpu: Cpu,
  selector: u32,
  d: u64,
  offset: u64,
  size: u32,
  isCall: bool,
): u32 {
  if (isCall) {
    // The pushes come before the check of the target, as processors show by a #PF in place of #GP(0).
    if (isLong(cpu)) useStackOfTarget(cpu, isLongCode(cpu, d));
    else useCurrentStack(cpu, 0);
    if (!hasRoom(cpu, 2, size)) return EXEC_NEXT;
    if (!pushItem(cpu, segSel(cpu, SEG_CS), size) || !pushItem(cpu, cpu.nextRip, size))
      return EXEC_NEXT;
  }
  if (!checkTarget(cpu, d, offset, 0)) return EXEC_NEXT;
  if (!markDescriptor(cpu, selector, d, TYPE_ACCESSED)) return EXEC_NEXT;
  if (isCall) commitStackPointer(cpu);
  narrowStackPointer(cpu, d);
  commitCs(cpu, selector, d, cpu.cpl);
  cpu.nextRip = offset;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** A call gate that checkGate has passed. */
function throughCallGate(cpu: Cpu, gateSelector: u32, gate: u64, isCall: bool): u32 {
  const size: u32 = isLong(cpu) ? 8 : descType(gate) == TYPE_CALL_GATE32 ? 4 : 2;
  const selector = <u32>(gate >> 16) & 0xffff;
  let offset = gate & 0xffff;
  if (size >= 4) offset |= (gate >> 32) & 0xffff_0000;
  if (size == 8) {
    const upper = fetchUpper(cpu, gateSelector);
    if (cpu.fault != 0) return EXEC_NEXT;
    offset |= upper << 32;
  }
  if (isNull(selector)) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return EXEC_NEXT;
  const type = descType(d);
  const dpl = descDpl(d);
  const isConforming = (type & TYPE_CONFORMING) != 0;
  const isAllowed = isCall || isConforming ? dpl <= cpu.cpl : dpl == cpu.cpl;
  const isCode = (type & (TYPE_S | TYPE_CODE)) == (TYPE_S | TYPE_CODE);
  const isWidth = size != 8 || (isLongCode(cpu, d) && !isBadLongCode(cpu, d));
  if (!isCode || !isAllowed || !isWidth) {
    raiseGP(cpu, errorCode(selector, 0));
    return EXEC_NEXT;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, 0));
    return EXEC_NEXT;
  }
  if (isCall && !isConforming && dpl < cpu.cpl) {
    return callInner(cpu, selector, d, offset, size, <u32>(gate >> 32) & 31);
  }
  return commitTransfer(cpu, selector, d, offset, size, isCall);
}

/** A call to more privilege: new stack, old SS:RSP, parameters (not in IA-32e mode), return address. */
function callInner(cpu: Cpu, selector: u32, d: u64, offset: u64, size: u32, count: u32): u32 {
  const cpl = descDpl(d);
  const params: u32 = size == 8 ? 0 : count;
  if (!useInnerStack(cpu, cpl, 0)) return EXEC_NEXT;
  if (!hasRoom(cpu, 4 + params, size) || !checkTarget(cpu, d, offset, 0)) return EXEC_NEXT;
  if (!pushItem(cpu, segSel(cpu, SEG_SS), size) || !pushItem(cpu, cpu.rsp, size)) return EXEC_NEXT;
  for (let i = params; i > 0; i--) {
    const value = peekItem(cpu, (i - 1) * size, size);
    if (cpu.fault != 0 || !pushItem(cpu, value, size)) return EXEC_NEXT;
  }
  if (!pushItem(cpu, segSel(cpu, SEG_CS), size) || !pushItem(cpu, cpu.nextRip, size))
    return EXEC_NEXT;
  if (!markDescriptor(cpu, selector, d, TYPE_ACCESSED)) return EXEC_NEXT;
  commitCs(cpu, selector, d, cpl);
  commitInnerStack(cpu, cpl);
  cpu.nextRip = offset;
  updateModes(cpu);
  return EXEC_JUMP;
}
