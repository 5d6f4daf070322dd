/**
 * Operands of MMX and SSE instructions: XMM, MMX and general registers, memory of exactly the width the
 * manual gives, and its alignment rule (SDM vol. 2 tables 2-18 to 2-25): a 128-bit memory operand must be
 * 16-byte aligned, or #GP(0), except for the instructions that use `unaligned`.
 *
 * In 64-bit mode an access that the TLB answers needs no other check (class Quick): only canonical
 * addresses have entries. The same goes for loads in flat 32-bit segments; the rest goes the general way.
 *
 * Every load may fault: look at cpu.fault before using the value. Legacy SSE leaves bits 128 and up of the
 * destination register alone, so writing a register is a 16-byte store; VEX forms clear them.
 */
import { raiseGP } from "../cpu/fault";
import { Cpu, fpr, segBase, xmm } from "../cpu/state";
import { EA_FLAT32, EA_FLAT64, INSN_MEM, INSN_REXW, Insn } from "../decode/insn";
import { ld8, ld16, ld32, ld64, ld128, Mem, st8, st16, st32, st64, st128 } from "../mmu/access";
import { effective, operand } from "../mmu/address";
import { PAGE_MASK, TLB_ADDEND, TLB_TAG_W, Tlb } from "../mmu/tlb";
import { Ea } from "./hot-semantics";

export const FSW_TOP: u32 = 0x3800;

export class Xmm {
  // @ts-ignore: decorator
  @inline
  static get(cpu: Cpu, index: u32): v128 {
    return v128.load(xmm(cpu, index));
  }
  // @ts-ignore: decorator
  @inline
  static set(cpu: Cpu, index: u32, value: v128): void {
    v128.store(xmm(cpu, index), value);
  }
  // @ts-ignore: decorator
  @inline
  static low(cpu: Cpu, index: u32): u64 {
    return load<u64>(xmm(cpu, index));
  }
  // @ts-ignore: decorator
  @inline
  static setLow(cpu: Cpu, index: u32, value: u64): void {
    store<u64>(xmm(cpu, index), value);
  }
  // @ts-ignore: decorator
  @inline
  static high(cpu: Cpu, index: u32): u64 {
    return load<u64>(xmm(cpu, index), 8);
  }
  // @ts-ignore: decorator
  @inline
  static setHigh(cpu: Cpu, index: u32, value: u64): void {
    store<u64>(xmm(cpu, index), value, 8);
  }
  /** A vector of two quadwords. */
  // @ts-ignore: decorator
  @inline
  static make(low: u64, high: u64): v128 {
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}

export function isMemory(insn: Insn): bool {
  return (insn.flags & INSN_MEM) != 0;
}

/** REX.W: a general operand has 64 bits instead of 32. */
export function isWide(insn: Insn): bool {
  return (insn.flags & INSN_REXW) != 0;
}

class Quick {
  /** Host address of the memory operand of sizeof<T>() bytes for reading, or 0. */
  // @ts-ignore: decorator
  @inline
  static read<T>(cpu: Cpu, insn: Insn): u32 {
    if (insn.ea == <u8>EA_FLAT64) {
      return Mem.readHost<T>(cpu, Ea.sum(cpu, insn) + segBase(cpu, insn.seg));
    }
    if (insn.ea != <u8>EA_FLAT32) return 0;
    return Mem.readHost<T>(cpu, Ea.sum(cpu, insn) & 0xffff_ffff);
  }
  /** The same for writing. */
  // @ts-ignore: decorator
  @inline
  static write<T>(cpu: Cpu, insn: Insn): u32 {
    if (insn.ea != <u8>EA_FLAT64) return 0;
    const la = Ea.sum(cpu, insn) + segBase(cpu, insn.seg);
    const entry = Tlb.entry(cpu, la);
    const tag = ((la + (sizeof<T>() - 1)) & PAGE_MASK) | cpu.tlbKey;
    return load<u64>(entry, TLB_TAG_W) == tag ? load<u32>(entry, TLB_ADDEND) + <u32>la : 0;
  }
}

/**
 * Linear address of a 128-bit memory operand that must be aligned. Being misaligned is found before being out of
 * the segment, which in the stack segment is another exception.
 */
function alignedOperand(cpu: Cpu, insn: Insn, isWrite: bool): u64 {
  if (((<u32>effective(cpu, insn) + <u32>segBase(cpu, insn.seg)) & 15) != 0) {
    raiseGP(cpu, 0);
    return 0;
  }
  return operand(cpu, insn, 16, isWrite);
}

/** W of 128 bits. */
export function source128(cpu: Cpu, insn: Insn): v128 {
  if (!isMemory(insn)) return Xmm.get(cpu, insn.m);
  const host = Quick.read<v128>(cpu, insn);
  if (host != 0 && (host & 15) == 0) return v128.load(host);
  const la = alignedOperand(cpu, insn, false);
  if (cpu.fault != 0) return i64x2.splat(0);
  return ld128(cpu, la);
}

/** W of 128 bits without the alignment rule. */
export function unaligned128(cpu: Cpu, insn: Insn): v128 {
  if (!isMemory(insn)) return Xmm.get(cpu, insn.m);
  const host = Quick.read<v128>(cpu, insn);
  if (host != 0) return v128.load(host);
  const la = operand(cpu, insn, 16, false);
  if (cpu.fault != 0) return i64x2.splat(0);
  return ld128(cpu, la);
}

/** W of 64 bits: the low quadword of a register, or 8 bytes. */
export function source64(cpu: Cpu, insn: Insn): u64 {
  return isMemory(insn) ? memory64(cpu, insn) : Xmm.low(cpu, insn.m);
}

/** W of 32 bits, zero-extended. */
export function source32(cpu: Cpu, insn: Insn): u32 {
  return isMemory(insn) ? memory32(cpu, insn) : load<u32>(xmm(cpu, insn.m));
}

export function memory64(cpu: Cpu, insn: Insn): u64 {
  const host = Quick.read<u64>(cpu, insn);
  if (host != 0) return load<u64>(host);
  const la = operand(cpu, insn, 8, false);
  return cpu.fault != 0 ? 0 : ld64(cpu, la);
}

export function memory32(cpu: Cpu, insn: Insn): u32 {
  const host = Quick.read<u32>(cpu, insn);
  if (host != 0) return load<u32>(host);
  const la = operand(cpu, insn, 4, false);
  return cpu.fault != 0 ? 0 : ld32(cpu, la);
}

export function memory16(cpu: Cpu, insn: Insn): u32 {
  const la = operand(cpu, insn, 2, false);
  return cpu.fault != 0 ? 0 : ld16(cpu, la);
}

export function memory8(cpu: Cpu, insn: Insn): u32 {
  const la = operand(cpu, insn, 1, false);
  return cpu.fault != 0 ? 0 : ld8(cpu, la);
}

export function storeMemory128(cpu: Cpu, insn: Insn, value: v128, isAligned: bool): void {
  const host = Quick.write<v128>(cpu, insn);
  if (host != 0 && (!isAligned || (host & 15) == 0)) {
    v128.store(host, value);
    return;
  }
  const la = isAligned ? alignedOperand(cpu, insn, true) : operand(cpu, insn, 16, true);
  if (cpu.fault == 0) st128(cpu, la, value);
}

/** Stores the low `len` (1, 2, 4, 8) bytes of `value` in the memory operand. */
export function storeMemory(cpu: Cpu, insn: Insn, value: u64, len: u32): void {
  if (len == 8) {
    const host = Quick.write<u64>(cpu, insn);
    if (host != 0) {
      store<u64>(host, value);
      return;
    }
  }
  const la = operand(cpu, insn, len, true);
  if (cpu.fault != 0) return;
  if (len == 8) st64(cpu, la, value);
  else if (len == 4) st32(cpu, la, <u32>value);
  else if (len == 2) st16(cpu, la, <u32>value);
  else st8(cpu, la, <u32>value);
}

/** E of 32 or 64 bits (REX.W): general register or memory. */
export function sourceGeneral(cpu: Cpu, insn: Insn): u64 {
  if (!isMemory(insn)) {
    const value = load<u64>(changetype<usize>(cpu) + insn.m);
    return isWide(insn) ? value : value & 0xffff_ffff;
  }
  return isWide(insn) ? memory64(cpu, insn) : <u64>memory32(cpu, insn);
}

/** Writes general register G; 32-bit results come zero-extended. */
export function setGeneral(cpu: Cpu, offset: u32, value: u64): void {
  store<u64>(changetype<usize>(cpu) + offset, value);
}

/** What every MMX instruction but EMMS does to the x87 state (SDM vol. 1 9.5.1): TOP = 0, all valid. */
export function mmxEnter(cpu: Cpu): void {
  cpu.fsw &= ~FSW_TOP;
  cpu.ftw = 0xff;
}

/** MMX register `index`: the significand of physical x87 register `index`. */
export function mm(cpu: Cpu, index: u32): u64 {
  return load<u64>(fpr(cpu, index & 7));
}

export function setMm(cpu: Cpu, index: u32, value: u64): void {
  const at = fpr(cpu, index & 7);
  store<u64>(at, value);
  store<u16>(at, 0xffff, 8);
}

/** Q: MMX register or 8 bytes of memory. */
export function sourceMm(cpu: Cpu, insn: Insn): u64 {
  return isMemory(insn) ? memory64(cpu, insn) : mm(cpu, insn.m);
}
