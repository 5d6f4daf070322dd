/**
 * Operands of VEX-encoded vector instructions: registers of 32 bytes, a further source in VEX.vvvv, memory
 * without an alignment rule (SDM vol. 2 2.4, tables 2-14 ff.: only the aligned moves have one), results that
 * clear the register above their length.
 *
 * A source is handed out as an address in this memory: of the register, of guest RAM where the TLB answers, or
 * of a copy. #AC of the wide accesses is that of their halves.
 */
import { raiseGP } from "../cpu/fault";
import { Cpu, segBase, xmm } from "../cpu/state";
import { EA_FLAT64, Insn } from "../decode/insn";
import { VCPU_SCRATCH } from "../layout";
import { hostRead, hostWrite, ld8, ld16, ld32, ld64, ld128, probe, st128 } from "../mmu/access";
import { effective, operand } from "../mmu/address";
import { PAGE_MASK, TLB_ADDEND, TLB_TAG_R, TLB_TAG_W, Tlb } from "../mmu/tlb";
import { Ea } from "./hot-semantics";
import { isMemory } from "./simd-operand";

/** Where vector instructions put what has no place of its own: a copied operand, a result in the making. */
const OPERAND_AT: usize = 0x4000;
const RESULT_AT: usize = 0x4040;

export class Ymm {
  /** Upper half of a register. */
  // @ts-ignore: decorator
  @inline
  static high(cpu: Cpu, index: u32): v128 {
    return v128.load(xmm(cpu, index), 16);
  }
  // @ts-ignore: decorator
  @inline
  static set(cpu: Cpu, index: u32, low: v128, high: v128): void {
    const at = xmm(cpu, index);
    v128.store(at, low);
    v128.store(at, high, 16);
  }
  /** A 128-bit result. */
  // @ts-ignore: decorator
  @inline
  static set128(cpu: Cpu, index: u32, low: v128): void {
    Ymm.set(cpu, index, low, i64x2.splat(0));
  }
}

/** VEX.vvvv. */
export function second(insn: Insn): u32 {
  return <u32>(insn.imm >> 8) & 15;
}

/** The register in imm8[7:4]. */
export function fourth(insn: Insn): u32 {
  return <u32>(insn.imm >> 4) & 15;
}

/** VEX.L: 256 bits. */
export function isLong(insn: Insn): bool {
  return insn.osz == 32;
}

/** 32 bytes for a result that is made element by element. */
export function scratch(cpu: Cpu): usize {
  return changetype<usize>(cpu) + VCPU_SCRATCH + RESULT_AT;
}

/** Host address of `len` readable bytes of a 64-bit memory operand, if the TLB knows it, or 0. */
function quickRead(cpu: Cpu, insn: Insn, len: u32): usize {
  if (insn.ea != <u8>EA_FLAT64) return 0;
  const la = Ea.sum(cpu, insn) + segBase(cpu, insn.seg);
  const entry = Tlb.entry(cpu, la);
  const tag = ((la + <u64>(len - 1)) & PAGE_MASK) | cpu.tlbKey;
  return load<u64>(entry, TLB_TAG_R) == tag ? load<u32>(entry, TLB_ADDEND) + <u32>la : 0;
}

/** Address of the bytes of W: a register, or `len` bytes of memory (1 to 32, a power of two). 0: a fault is raised. */
export function source(cpu: Cpu, insn: Insn, len: u32): usize {
  if (!isMemory(insn)) return xmm(cpu, insn.m);
  const host = quickRead(cpu, insn, len);
  if (host != 0) return host;
  const la = operand(cpu, insn, len, false);
  return cpu.fault != 0 ? 0 : copied(cpu, la, len);
}

/** The same of memory that must be aligned to its size. */
export function alignedSource(cpu: Cpu, insn: Insn, len: u32): usize {
  if (!isMemory(insn)) return xmm(cpu, insn.m);
  const host = quickRead(cpu, insn, len);
  if (host != 0 && (host & (len - 1)) == 0) return host;
  const la = alignedOperand(cpu, insn, len, false);
  return cpu.fault != 0 ? 0 : copied(cpu, la, len);
}

/** Alignment comes before the segment's limit. */
function alignedOperand(cpu: Cpu, insn: Insn, len: u32, isWrite: bool): u64 {
  if (((effective(cpu, insn) + segBase(cpu, insn.seg)) & <u64>(len - 1)) != 0) {
    raiseGP(cpu, 0);
    return 0;
  }
  return operand(cpu, insn, len, isWrite);
}

/** Address of a copy of `len` bytes at `la`, or of themselves; 0 with a fault raised. */
function copied(cpu: Cpu, la: u64, len: u32): usize {
  const host = len >= 16 ? hostRead(cpu, la, len) : 0;
  if (host != 0) return host;
  if (cpu.fault != 0) return 0;
  const to = changetype<usize>(cpu) + VCPU_SCRATCH + OPERAND_AT;
  switch (len) {
    case 1:
      store<u8>(to, <u8>ld8(cpu, la));
      break;
    case 2:
      store<u16>(to, <u16>ld16(cpu, la));
      break;
    case 4:
      store<u32>(to, ld32(cpu, la));
      break;
    case 8:
      store<u64>(to, ld64(cpu, la));
      break;
    default:
      v128.store(to, ld128(cpu, la));
      if (len == 32 && cpu.fault == 0) v128.store(to, ld128(cpu, la + 16), 16);
  }
  return cpu.fault != 0 ? 0 : to;
}

/** Writes 16 or 32 bytes to the memory operand, or the register W with the rest cleared. */
export function give(cpu: Cpu, insn: Insn, from: usize, len: u32, isAligned: bool): void {
  const low = v128.load(from);
  const high = len == 32 ? v128.load(from, 16) : i64x2.splat(0);
  if (!isMemory(insn)) {
    Ymm.set(cpu, insn.m, low, high);
    return;
  }
  if (insn.ea == <u8>EA_FLAT64) {
    const la = Ea.sum(cpu, insn) + segBase(cpu, insn.seg);
    const entry = Tlb.entry(cpu, la);
    const tag = ((la + <u64>(len - 1)) & PAGE_MASK) | cpu.tlbKey;
    if (load<u64>(entry, TLB_TAG_W) == tag && (!isAligned || (<u32>la & (len - 1)) == 0)) {
      const host = load<u32>(entry, TLB_ADDEND) + <u32>la;
      v128.store(host, low);
      if (len == 32) v128.store(host, high, 16);
      return;
    }
  }
  const la = isAligned ? alignedOperand(cpu, insn, len, true) : operand(cpu, insn, len, true);
  if (cpu.fault != 0) return;
  if (len == 32 && hostWrite(cpu, la, 32) == 0) {
    // Both halves must be writable before one is written.
    if (cpu.fault != 0 || !probe(cpu, la, 32, true)) return;
  }
  st128(cpu, la, low);
  if (len == 32 && cpu.fault == 0) st128(cpu, la + 16, high);
}
