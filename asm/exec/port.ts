/**
 * Port input and output (SDM vol. 1 chapter 19, vol. 2 IN OUT INS OUTS): permission by IOPL and the I/O
 * permission bit map of the TSS, then the bus (asm/bus.ts).
 *
 * REP INS and REP OUTS run PORT_TURNS items and are then entered again, so that interrupts get in. INS makes
 * sure its destination can be written before it reads the port, because reading may have effects.
 */
import { ioRead, ioWrite } from "../bus";
import { notePort } from "../cpu/debug";
import { raiseGP } from "../cpu/fault";
import { CR0_PE, isV86, MODE_STEP } from "../cpu/modes";
import { RFLAGS_DF, RFLAGS_IOPL, RFLAGS_RF } from "../cpu/rflags";
import { Cpu, SEG_ES, SEG_TR, segAttr, segBase, segLimit } from "../cpu/state";
import { INSN_REP, INSN_REPNE, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { checkAlignment, probe, sysLd16 } from "../mmu/access";
import { addressMask, segLinear } from "../mmu/address";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { getReg, loadMem, putReg, storeMem } from "./operand";
import { putMasked } from "./string";

const PORT_TURNS: u32 = 256;

/** Offset of the I/O map base in a 32- or 64-bit TSS. */
const TSS_IO_MAP: u64 = 102;

/** Whether `size` ports from `port` may be used now; raises #GP(0) if not. */
export function isPortAllowed(cpu: Cpu, port: u32, size: u32): bool {
  const iopl = (cpu.rflags & RFLAGS_IOPL) >> 12;
  if ((cpu.cr0 & CR0_PE) == 0 || (!isV86(cpu) && cpu.cpl <= iopl)) return true;
  const isTss16 = (segAttr(cpu, SEG_TR) & 8) == 0;
  const limit = segLimit(cpu, SEG_TR);
  if (!isTss16 && limit >= 103) {
    const tss = segBase(cpu, SEG_TR);
    const at = sysLd16(cpu, tss + TSS_IO_MAP) + (port >> 3);
    if (cpu.fault != 0) return false;
    // Two bytes are read, so that an access may straddle them; the last one must be inside the limit.
    if (at + 1 <= limit) {
      const bits = sysLd16(cpu, tss + at) >> (port & 7);
      if (cpu.fault != 0) return false;
      if ((bits & ((1 << size) - 1)) == 0) return true;
    }
  }
  raiseGP(cpu, 0);
  return false;
}

/** Port operands are at most 32 bits wide, whatever REX.W says. */
function portSize(insn: Insn): u32 {
  return insn.osz > 4 ? 4 : insn.osz;
}

/** E4-E7 imm8, EC-EF DX. */
function portNumber(cpu: Cpu, insn: Insn): u32 {
  return (insn.opcode & 8) == 0 ? <u32>insn.imm & 0xff : <u32>cpu.rdx & 0xffff;
}

export function execIn(cpu: Cpu, insn: Insn): u32 {
  const size = portSize(insn);
  const port = portNumber(cpu, insn);
  if (!isPortAllowed(cpu, port, size)) return EXEC_NEXT;
  putReg(cpu, 0, ioRead(cpu, port, size), ctz(size));
  if ((cpu.modeKey & MODE_STEP) != 0) notePort(cpu, port, size);
  return EXEC_NEXT;
}

export function execOut(cpu: Cpu, insn: Insn): u32 {
  const size = portSize(insn);
  const port = portNumber(cpu, insn);
  if (!isPortAllowed(cpu, port, size)) return EXEC_NEXT;
  ioWrite(cpu, port, size, <u32>getReg(cpu, 0, ctz(size)));
  if ((cpu.modeKey & MODE_STEP) != 0) notePort(cpu, port, size);
  return EXEC_NEXT;
}

/** One item of INS; false after a fault. */
function inputItem(cpu: Cpu, port: u32, size: u32, mask: u64): bool {
  const la = segLinear(cpu, SEG_ES, cpu.rdi & mask, size, true);
  if (cpu.fault != 0 || !checkAlignment(cpu, la, size)) return false;
  if (!probe(cpu, la, size, true)) return false;
  storeMem(cpu, la, ioRead(cpu, port, size), ctz(size));
  return cpu.fault == 0;
}

/** One item of OUTS; false after a fault. */
function outputItem(cpu: Cpu, port: u32, size: u32, mask: u64, seg: u32): bool {
  const la = segLinear(cpu, seg, cpu.rsi & mask, size, false);
  if (cpu.fault != 0) return false;
  const value = loadMem(cpu, la, ctz(size));
  if (cpu.fault != 0) return false;
  ioWrite(cpu, port, size, <u32>value);
  return true;
}

/** INS and OUTS, repeated or not. */
export function execPortString(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = portSize(insn);
  const port = <u32>cpu.rdx & 0xffff;
  if (!isPortAllowed(cpu, port, size)) return EXEC_NEXT;
  const mask = addressMask(insn);
  const isRepeated = (insn.flags & (INSN_REP | INSN_REPNE)) != 0;
  const seg = insn.seg;
  const step = (cpu.rflags & RFLAGS_DF) != 0 ? -(<i64>size) : <i64>size;
  let turns = (cpu.modeKey & MODE_STEP) != 0 ? 1 : PORT_TURNS;
  if (isRepeated && (cpu.rcx & mask) == 0) return EXEC_NEXT;
  while (true) {
    if (op == Op.INS) {
      if (!inputItem(cpu, port, size, mask)) return EXEC_NEXT;
      putMasked(cpu, offsetof<Cpu>("rdi"), cpu.rdi + <u64>step, mask);
    } else {
      if (!outputItem(cpu, port, size, mask, seg)) return EXEC_NEXT;
      putMasked(cpu, offsetof<Cpu>("rsi"), cpu.rsi + <u64>step, mask);
    }
    if ((cpu.modeKey & MODE_STEP) != 0) notePort(cpu, port, size);
    if (!isRepeated) return EXEC_NEXT;
    putMasked(cpu, offsetof<Cpu>("rcx"), cpu.rcx - 1, mask);
    if ((cpu.rcx & mask) == 0) return EXEC_NEXT;
    if (--turns == 0) {
      cpu.nextRip = cpu.rip;
      // Not a new instruction: its breakpoint has been met (SDM vol. 3 17.3.1.1).
      if ((cpu.modeKey & MODE_STEP) != 0) cpu.rflags |= RFLAGS_RF;
      return EXEC_JUMP;
    }
  }
}
