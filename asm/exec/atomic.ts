/**
 * Instructions that software uses on shared memory (SDM vol. 2 XCHG XADD CMPXCHG CMPXCHG8B CMPXCHG16B).
 * With one processor a LOCK prefix asks for nothing more than the instruction does anyway: translated code is
 * only left between instructions. Every one of these is therefore load, compute, store between the two marked
 * calls readToModify and writeBack (or the pair in cmpxchgWide), which is where wasm's atomics go when several
 * vCPUs run at once.
 *
 * CMPXCHG with a register destination that differs leaves the destination's upper half alone, and on a match
 * the accumulator's, as measured on Intel processors.
 */
import { raiseGP, raiseUD } from "../cpu/fault";
import { getArith, getZF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu, segBase } from "../cpu/state";
import { INSN_REXW, Insn } from "../decode/insn";
import { Feature } from "../decode/ops";
import { ld64, ldw64, probe, st64 } from "../mmu/access";
import { effective, operand } from "../mmu/address";
import { add, sub } from "./alu";
import { EXEC_NEXT } from "./exec";
import { addressToModify, getReg, isMem, putReg, readToModify, sizeOf, writeBack } from "./operand";

export function execXchg(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const la = addressToModify(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const old = readToModify(cpu, insn, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const value = getReg(cpu, insn.r, size);
  putReg(cpu, insn.r, old, size);
  writeBack(cpu, insn, la, value, size);
  return EXEC_NEXT;
}

export function execXadd(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const la = addressToModify(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const old = readToModify(cpu, insn, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const sum = add(cpu, old, getReg(cpu, insn.r, size), size);
  // The sum is written last: XADD AL,AL doubles.
  putReg(cpu, insn.r, old, size);
  writeBack(cpu, insn, la, sum, size);
  return EXEC_NEXT;
}

export function execCmpxchg(cpu: Cpu, insn: Insn): u32 {
  const size = sizeOf(insn);
  const la = addressToModify(cpu, insn, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  const old = readToModify(cpu, insn, la, size);
  if (cpu.fault != 0) return EXEC_NEXT;
  sub(cpu, getReg(cpu, 0, size), old, size);
  if (getZF(cpu)) {
    writeBack(cpu, insn, la, getReg(cpu, insn.r, size), size);
    return EXEC_NEXT;
  }
  // A memory destination is always written, a register one only on a match.
  if (isMem(insn)) writeBack(cpu, insn, la, old, size);
  putReg(cpu, 0, old, size);
  return EXEC_NEXT;
}

function setZF(cpu: Cpu, isEqual: bool): void {
  setArith(cpu, (getArith(cpu) & ~RFLAGS_ZF) | (isEqual ? RFLAGS_ZF : 0));
}

function pair(high: u64, low: u64): u64 {
  return (high << 32) | (low & 0xffff_ffff);
}

/** CMPXCHG8B; with REX.W CMPXCHG16B, whose operand must be aligned. */
export function execCmpxchg8b(cpu: Cpu, insn: Insn): u32 {
  if ((insn.flags & INSN_REXW) != 0) return cmpxchgWide(cpu, insn);
  const la = operand(cpu, insn, 8, true);
  if (cpu.fault != 0) return EXEC_NEXT;
  const old = ldw64(cpu, la);
  if (cpu.fault != 0) return EXEC_NEXT;
  const isEqual = old == pair(cpu.rdx, cpu.rax);
  st64(cpu, la, isEqual ? pair(cpu.rcx, cpu.rbx) : old);
  if (!isEqual) {
    cpu.rax = old & 0xffff_ffff;
    cpu.rdx = old >> 32;
  }
  setZF(cpu, isEqual);
  return EXEC_NEXT;
}

function cmpxchgWide(cpu: Cpu, insn: Insn): u32 {
  if (((cpu.features >> Feature.CX16) & 1) == 0) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  // Alignment comes before the check for a canonical address.
  if (((effective(cpu, insn) + segBase(cpu, insn.seg)) & 15) != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const la = operand(cpu, insn, 16, true);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (!probe(cpu, la, 16, true)) return EXEC_NEXT;
  const low = ld64(cpu, la);
  const high = ld64(cpu, la + 8);
  if (cpu.fault != 0) return EXEC_NEXT;
  const isEqual = low == cpu.rax && high == cpu.rdx;
  st64(cpu, la, isEqual ? cpu.rbx : low);
  st64(cpu, la + 8, isEqual ? cpu.rcx : high);
  if (!isEqual) {
    cpu.rax = low;
    cpu.rdx = high;
  }
  setZF(cpu, isEqual);
  return EXEC_NEXT;
}
