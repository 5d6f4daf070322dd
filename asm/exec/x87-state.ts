/**
 * The x87 register stack and its exceptions (SDM vol. 1 8.1, 8.4 to 8.7). Registers lie in physical order; TOP is
 * in FSW, a set bit of Cpu.ftw says that a physical register is not empty.
 *
 * An instruction begins with `checkPendingMF` and `begin`, makes its memory accesses, computes into
 * cpu.f80Se/f80Sig while collecting in cpu.x87Flags, and ends with `settle`, which tells whether the masked
 * response (or the wrapped result of an unmasked overflow) goes into a register. Nothing but cpu.x87Flags
 * has changed before `settle`, so that a memory fault leaves no trace.
 *
 * CPUID says that FCS and FDS are deprecated and that FDP is written on unmasked exceptions only; FOP has
 * that same rule on all current processors. FIP follows every instruction that is not a control instruction.
 * CR0.NE = 0 asks for the FERR# pin and IRQ 13, which the board does not wire: such an exception is reported
 * in FSW, and no instruction waits for it.
 */
import { raise, Vector } from "../cpu/fault";
import { CR0_NE } from "../cpu/modes";
import { Cpu, fpr } from "../cpu/state";
import { INSN_MEM, Insn } from "../decode/insn";
import { effective } from "../mmu/address";
import {
  f80Invalid,
  X87_C1,
  X87_DE,
  X87_IE,
  X87_OE,
  X87_SF,
  X87_UE,
  X87_ZE,
} from "../softfloat/f80";

export const FSW_EXCEPTIONS: u32 = 0x3f;
export const FSW_ES: u32 = 1 << 7;
export const FSW_C0: u32 = 1 << 8;
export const FSW_C1: u32 = 1 << 9;
export const FSW_C2: u32 = 1 << 10;
export const FSW_C3: u32 = 1 << 14;
export const FSW_B: u32 = 1 << 15;
const FSW_TOP: u32 = 7 << 11;

/** Unmasked, these leave the registers as they are. */
const BEFORE: u32 = X87_IE | X87_DE | X87_ZE;

export class X87Reg {
  /** Address of ST(i). */
  // @ts-ignore: decorator
  @inline
  static at(cpu: Cpu, i: u32): usize {
    return fpr(cpu, ((cpu.fsw >> 11) + i) & 7);
  }
  // @ts-ignore: decorator
  @inline
  static se(cpu: Cpu, i: u32): u32 {
    return load<u16>(X87Reg.at(cpu, i), 8);
  }
  // @ts-ignore: decorator
  @inline
  static sig(cpu: Cpu, i: u32): u64 {
    return load<u64>(X87Reg.at(cpu, i));
  }
  // @ts-ignore: decorator
  @inline
  static isEmpty(cpu: Cpu, i: u32): bool {
    return ((cpu.ftw >> (((cpu.fsw >> 11) + i) & 7)) & 1) == 0;
  }
}

/** #MF when an unmasked x87 exception waits: what every waiting x87 instruction, MMX and FWAIT do first. */
export function checkPendingMF(cpu: Cpu): bool {
  if ((cpu.fsw & FSW_ES) == 0 || (cpu.cr0 & CR0_NE) == 0) return false;
  raise(cpu, Vector.MF);
  return true;
}

/** Bits of FCW that exist; bit 6 reads as one. */
const FCW_WRITABLE: u32 = 0x1f7f;

export function setControlWord(cpu: Cpu, value: u32): void {
  cpu.fcw = (value & FCW_WRITABLE) | 0x40;
}

/** ES and B say whether an unmasked exception is flagged. */
export function updateSummary(cpu: Cpu): void {
  const isPending = (cpu.fsw & ~cpu.fcw & FSW_EXCEPTIONS) != 0;
  cpu.fsw = (cpu.fsw & ~(FSW_ES | FSW_B)) | (isPending ? FSW_ES | FSW_B : 0);
}

export function begin(cpu: Cpu): void {
  cpu.x87Flags = 0;
}

/** Stack overflow; the masked response is the default NaN. */
export function stackOverflow(cpu: Cpu): void {
  f80Invalid(cpu);
  cpu.x87Flags = X87_IE | X87_SF | X87_C1;
}

/** Stack underflow, likewise. */
export function stackUnderflow(cpu: Cpu): void {
  f80Invalid(cpu);
  cpu.x87Flags = X87_IE | X87_SF;
}

/** Without a stack fault C1 stays as it is. */
export function keepC1(cpu: Cpu): void {
  if ((cpu.x87Flags & X87_SF) == 0) cpu.x87Flags |= cpu.fsw & FSW_C1;
}

/** Whether a result may go to memory: no unmasked exception but PE is raised. */
export function mayStore(cpu: Cpu): bool {
  return (cpu.x87Flags & ~cpu.fcw & (BEFORE | X87_OE | X87_UE)) == 0;
}

/** Writes the flags and pointers. Whether a result may go to a register and the stack may move. */
export function settle(cpu: Cpu, insn: Insn): bool {
  const flags = cpu.x87Flags;
  cpu.fsw = (cpu.fsw & ~FSW_C1) | (flags & (FSW_EXCEPTIONS | X87_SF | X87_C1));
  cpu.fip = cpu.rip;
  cpu.fcs = 0;
  const unmasked = flags & ~cpu.fcw & FSW_EXCEPTIONS;
  if (unmasked == 0) return true;
  cpu.fsw |= FSW_ES | FSW_B;
  cpu.fop = ((<u32>insn.opcode & 7) << 8) | insn.modrm;
  if ((insn.flags & INSN_MEM) != 0) {
    cpu.fdp = effective(cpu, insn);
    cpu.fds = 0;
  }
  return (unmasked & BEFORE) == 0;
}

/** ST(i) = the result. */
export function setResult(cpu: Cpu, i: u32): void {
  put(cpu, i, cpu.f80Se, cpu.f80Sig);
}

export function put(cpu: Cpu, i: u32, se: u32, sig: u64): void {
  const at = X87Reg.at(cpu, i);
  store<u64>(at, sig);
  store<u16>(at, <u16>se, 8);
  cpu.ftw |= 1 << (((cpu.fsw >> 11) + i) & 7);
}

/** Moves TOP by `by` (modulo 8). */
export function rotate(cpu: Cpu, by: u32): void {
  cpu.fsw = (cpu.fsw & ~FSW_TOP) | ((cpu.fsw + (by << 11)) & FSW_TOP);
}

export function pushResult(cpu: Cpu): void {
  rotate(cpu, 7);
  setResult(cpu, 0);
}

/** Marks ST(i) empty. */
export function free(cpu: Cpu, i: u32): void {
  cpu.ftw &= ~(1 << (((cpu.fsw >> 11) + i) & 7));
}

export function pop(cpu: Cpu): void {
  free(cpu, 0);
  rotate(cpu, 1);
}
