/**
 * Operands of cold handlers: general registers by their byte offset in Cpu, memory by linear address, both by
 * size (log2 of the bytes). Values are zero-extended u64. A 32-bit register write clears the upper half;
 * 8- and 16-bit writes keep the rest (SDM vol. 1 3.4.1.1).
 *
 * Memory destinations: `readToModify` demands write permission, so the `writeBack` that follows cannot fault and
 * flags may be set in between. `writeE` can fault: registers and flags change only after it.
 */
import { Cpu } from "../cpu/state";
import { INSN_MEM, Insn } from "../decode/insn";
import {
  ld8,
  ld16,
  ld32,
  ld64,
  ldw8,
  ldw16,
  ldw32,
  ldw64,
  st8,
  st16,
  st32,
  st64,
} from "../mmu/access";
import { operand } from "../mmu/address";

export function getReg(cpu: Cpu, offset: u32, size: u32): u64 {
  const p = changetype<usize>(cpu) + offset;
  switch (size) {
    case 0:
      return load<u8>(p);
    case 1:
      return load<u16>(p);
    case 2:
      return load<u32>(p);
    default:
      return load<u64>(p);
  }
}

export function putReg(cpu: Cpu, offset: u32, value: u64, size: u32): void {
  const p = changetype<usize>(cpu) + offset;
  switch (size) {
    case 0:
      store<u8>(p, <u8>value);
      break;
    case 1:
      store<u16>(p, <u16>value);
      break;
    case 2:
      store<u64>(p, value & 0xffff_ffff);
      break;
    default:
      store<u64>(p, value);
  }
}

export function loadMem(cpu: Cpu, la: u64, size: u32): u64 {
  switch (size) {
    case 0:
      return ld8(cpu, la);
    case 1:
      return ld16(cpu, la);
    case 2:
      return ld32(cpu, la);
    default:
      return ld64(cpu, la);
  }
}

/** A load that also demands write permission: the first half of a read-modify-write. */
export function loadMemToModify(cpu: Cpu, la: u64, size: u32): u64 {
  switch (size) {
    case 0:
      return ldw8(cpu, la);
    case 1:
      return ldw16(cpu, la);
    case 2:
      return ldw32(cpu, la);
    default:
      return ldw64(cpu, la);
  }
}

export function storeMem(cpu: Cpu, la: u64, value: u64, size: u32): void {
  switch (size) {
    case 0:
      st8(cpu, la, <u32>value);
      break;
    case 1:
      st16(cpu, la, <u32>value);
      break;
    case 2:
      st32(cpu, la, <u32>value);
      break;
    default:
      st64(cpu, la, value);
  }
}

/** log2 of the operand size. */
export function sizeOf(insn: Insn): u32 {
  return ctz(<u32>insn.osz);
}

export function isMem(insn: Insn): bool {
  return (insn.flags & INSN_MEM) != 0;
}

/** The E operand's value; look at cpu.fault. */
export function readE(cpu: Cpu, insn: Insn, size: u32): u64 {
  if (!isMem(insn)) return getReg(cpu, insn.m, size);
  const la = operand(cpu, insn, 1 << size, false);
  return cpu.fault == 0 ? loadMem(cpu, la, size) : 0;
}

/** Linear address of the E operand that is going to be modified; 0 for a register. Look at cpu.fault. */
export function addressToModify(cpu: Cpu, insn: Insn, size: u32): u64 {
  return isMem(insn) ? operand(cpu, insn, 1 << size, true) : 0;
}

/** The value at `la` = addressToModify(...), with write permission; look at cpu.fault. */
export function readToModify(cpu: Cpu, insn: Insn, la: u64, size: u32): u64 {
  return isMem(insn) ? loadMemToModify(cpu, la, size) : getReg(cpu, insn.m, size);
}

/** Writes back what readToModify read. */
export function writeBack(cpu: Cpu, insn: Insn, la: u64, value: u64, size: u32): void {
  if (isMem(insn)) storeMem(cpu, la, value, size);
  else putReg(cpu, insn.m, value, size);
}

/** Writes the E operand of an instruction that does not read it; look at cpu.fault. */
export function writeE(cpu: Cpu, insn: Insn, value: u64, size: u32): void {
  if (!isMem(insn)) {
    putReg(cpu, insn.m, value, size);
    return;
  }
  const la = operand(cpu, insn, 1 << size, true);
  if (cpu.fault == 0) storeMem(cpu, la, value, size);
}
