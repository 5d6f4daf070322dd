/**
 * Entry of the test module for segmentation and control transfers (not part of the core): operations
 * numbered as in test/native/segments.c, run on the vCPU state the test has prepared.
 */
import { deliverFault, deliverInterrupt, softInterrupt } from "../cpu/exceptions";
import { updateModes } from "../cpu/modes";
import { loadSegment } from "../cpu/segment";
import { Cpu, cpuAt, SEG_DS, SEG_ES, SEG_GS, SEG_SS, setReg } from "../cpu/state";
import { COLD, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { farCall, farJump } from "../exec/far";
import { farReturn, iret } from "../exec/far-return";
import { execSegmentInfo } from "../exec/segment-info";
import { push } from "../exec/stack";
import { VCPU_SCRATCH } from "../layout";
import { flushAll } from "../mmu/tlb";

export function prepare(): void {
  flushAll(cpuAt(0));
  updateModes(cpuAt(0));
}

function instruction(cpu: Cpu, op: u32, size: u32): Insn {
  const insn = changetype<Insn>(changetype<usize>(cpu) + VCPU_SCRATCH);
  memory.fill(changetype<usize>(insn), 0, 32);
  insn.op = <u16>(COLD + op);
  insn.osz = <u8>size;
  return insn;
}

/** LAR, LSL, VERR, VERW with the selector in RSI and the result in RAX. */
function info(cpu: Cpu, op: u32, selector: u32): void {
  const insn = instruction(cpu, op, 4);
  insn.m = 6 * 8;
  insn.r = 0;
  setReg(cpu, 6, selector);
  execSegmentInfo(cpu, insn);
}

function interruptReturn(cpu: Cpu, cs: u32, ss: u32, rip: u32): void {
  const rsp = cpu.rsp;
  push(cpu, ss, 8);
  push(cpu, rsp, 8);
  push(cpu, 0x202, 8);
  push(cpu, cs, 8);
  push(cpu, rip, 8);
  iret(cpu, instruction(cpu, Op.IRET, 8));
}

/** Operation `op` of test/native/segments.c; far transfers go to offset `rip`. */
export function probe(op: u32, selector: u32, rip: u32): void {
  const cpu = cpuAt(0);
  switch (op) {
    case 0:
      return info(cpu, Op.LAR, selector);
    case 1:
      return info(cpu, Op.LSL, selector);
    case 2:
      return info(cpu, Op.VERR, selector);
    case 3:
      return info(cpu, Op.VERW, selector);
    case 4:
      loadSegment(cpu, SEG_DS, selector);
      return;
    case 5:
      loadSegment(cpu, SEG_ES, selector);
      return;
    case 6:
      loadSegment(cpu, SEG_GS, selector);
      return;
    case 7:
      loadSegment(cpu, SEG_SS, selector);
      return;
    case 8:
    case 9: {
      const insn = instruction(cpu, op == 8 ? Op.JMP_FAR : Op.CALL_FAR, 4);
      insn.imm = rip;
      insn.disp = selector;
      if (op == 8) farJump(cpu, insn);
      else farCall(cpu, insn);
      return;
    }
    case 10:
      push(cpu, selector, 8);
      push(cpu, rip, 8);
      farReturn(cpu, instruction(cpu, Op.RET_FAR, 8));
      return;
    case 11:
      return interruptReturn(cpu, selector, 0x2b, rip);
    default:
      return interruptReturn(cpu, 0x33, selector, rip);
  }
}

/** Far instructions with operand size `size`; the pointer is direct. */
export function jumpFar(selector: u32, offset: u32, size: u32): u32 {
  const insn = instruction(cpuAt(0), Op.JMP_FAR, size);
  insn.imm = offset;
  insn.disp = selector;
  return farJump(cpuAt(0), insn);
}
export function callFar(selector: u32, offset: u32, size: u32): u32 {
  const insn = instruction(cpuAt(0), Op.CALL_FAR, size);
  insn.imm = offset;
  insn.disp = selector;
  return farCall(cpuAt(0), insn);
}
export function returnFar(size: u32, params: u32): u32 {
  const insn = instruction(cpuAt(0), Op.RET_FAR_IMM, size);
  insn.opcode = 0xca;
  insn.imm = params;
  return farReturn(cpuAt(0), insn);
}
export function returnInterrupt(size: u32): u32 {
  return iret(cpuAt(0), instruction(cpuAt(0), Op.IRET, size));
}
export function fault(): u32 {
  return u32(deliverFault(cpuAt(0)));
}
export function interrupt(vector: u32): u32 {
  return u32(deliverInterrupt(cpuAt(0), vector));
}
export function software(vector: u32, opcode: u32): u32 {
  return softInterrupt(cpuAt(0), vector, opcode);
}
export function pushValue(value: u32, size: u32): void {
  push(cpuAt(0), value, size);
}
