/**
 * MOV to and from control and debug registers, LMSW, SMSW, CLTS, XSETBV (SDM vol. 2; vol. 3 2.5, 9.8.5 for
 * the switch into and out of IA-32e mode, 17.2 for the debug registers).
 *
 *   PG 0 -> 1 with EFER.LME: long mode becomes active (LMA); needs CR4.PAE, CS.L = 0, no 16-bit TSS
 *   PG 0 -> 1 with CR4.PAE, without LME: PAE paging; the four PDPTEs are loaded from CR3
 *   PG 1 -> 0: LMA clears; refused in 64-bit code and with CR4.PCIDE
 *
 * CPL is the dispatcher's: these handlers run at CPL 0 (SMSW apart). Caching bits CD and NW only keep their
 * value. A write of CR0, CR3 or CR4 that fails has changed nothing.
 */

import { hasFeature, xcr0Supported } from "../cpu/cpuid";
import { armWatch } from "../cpu/debug";
import { raise, raiseGP, raiseUD, Vector } from "../cpu/fault";
import {
  ATTR_L,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PKE,
  CR4_PSE,
  CR4_PVI,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CR4_VME,
  EFER_LMA,
  EFER_LME,
  is64,
  isLong,
  updateModes,
  XCR0_AVX,
  XCR0_SSE_AVX,
} from "../cpu/modes";
import { Cpu, SEG_CS, SEG_TR, segAttr, segSel } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Feature } from "../decode/ops";
import { setTpr } from "../irqchip/lapic";
import { flushAll, setAddressSpace } from "../mmu/tlb";
import { loadPdptrs } from "../mmu/walk";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { getReg, putReg, readE, writeE } from "./operand";

/** Bits of CR0 that exist; the others read as 0 and writes to those below bit 32 vanish. */
const CR0_BITS: u64 = 0xe005_003f;
/** A write of any of these reloads the PDPTEs under PAE paging (SDM vol. 3 4.4.1). */
const CR0_RELOADS: u64 = CR0_PG | CR0_CD | CR0_NW;
const CR4_RELOADS: u64 = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP;
const CR4_BITS: u64 =
  CR4_VME |
  CR4_PVI |
  CR4_TSD |
  CR4_DE |
  CR4_PSE |
  CR4_PAE |
  CR4_MCE |
  CR4_PGE |
  CR4_PCE |
  CR4_OSFXSR |
  CR4_OSXMMEXCPT |
  CR4_UMIP |
  CR4_FSGSBASE |
  CR4_PCIDE |
  CR4_SMEP;
/** Bits whose change alters what a translation means. */
const CR4_FLUSHES: u64 = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE;

const CR3_BITS: u64 = 0xff_ffff_ffff; // MAXPHYADDR 40
const CR3_NO_FLUSH: u64 = 1 << 63;

const DR6_FIXED: u64 = 0xffff_0ff0;
const DR6_WRITABLE: u64 = 0xe00f; // B0-B3, BD, BS, BT; RTM's bit 16 stays set
const DR7_FIXED: u64 = 0x400;
const DR7_WRITABLE: u64 = 0xffff_23ff;
const DR7_GD: u64 = 1 << 13;
const DR6_BD: u32 = 1 << 13;

/** Operand size of MOV CR and MOV DR: 64 bits in 64-bit mode, else 32 whatever the prefixes say. */
function registerSize(cpu: Cpu): u32 {
  return is64(cpu) ? 3 : 2;
}

function refuse(cpu: Cpu): u32 {
  raiseGP(cpu, 0);
  return EXEC_NEXT;
}

function isPaePaging(cpu: Cpu): bool {
  return (cpu.cr0 & CR0_PG) != 0 && (cpu.cr4 & CR4_PAE) != 0 && !isLong(cpu);
}

/** Whether TR holds a 16-bit TSS, with which long mode cannot be entered. */
function hasTss16(cpu: Cpu): bool {
  const type = segAttr(cpu, SEG_TR) & 0x1f;
  return segSel(cpu, SEG_TR) != 0 && (type == 1 || type == 3);
}

/** Replaces CR0; false: #GP(0) is due and nothing has changed. */
function writeCr0(cpu: Cpu, value: u64): bool {
  if (value >> 32 != 0) return false;
  if ((value & (CR0_PG | CR0_PE)) == CR0_PG) return false;
  if ((value & (CR0_NW | CR0_CD)) == CR0_NW) return false;
  const old = cpu.cr0;
  const next = (value & CR0_BITS) | CR0_ET;
  const changed = old ^ next;
  let efer = cpu.efer;
  if ((changed & CR0_PG) != 0) {
    const isCode64 = (segAttr(cpu, SEG_CS) & ATTR_L) != 0;
    if ((next & CR0_PG) != 0) {
      if ((efer & EFER_LME) != 0) {
        if ((cpu.cr4 & CR4_PAE) == 0 || isCode64 || hasTss16(cpu)) return false;
        efer |= EFER_LMA;
      }
    } else {
      if ((cpu.cr4 & CR4_PCIDE) != 0 || (isLong(cpu) && isCode64)) return false;
      efer &= ~EFER_LMA;
    }
  }
  const isPae = (next & CR0_PG) != 0 && (cpu.cr4 & CR4_PAE) != 0 && (efer & EFER_LMA) == 0;
  if (isPae && (changed & CR0_RELOADS) != 0 && !loadPdptrs(cpu)) return false;
  cpu.cr0 = next;
  cpu.efer = efer;
  if ((changed & (CR0_PG | CR0_PE | CR0_WP)) != 0) flushAll(cpu);
  updateModes(cpu);
  return true;
}

function writeCr3(cpu: Cpu, value: u64): bool {
  const pcide = (cpu.cr4 & CR4_PCIDE) != 0;
  const keep = pcide && (value & CR3_NO_FLUSH) != 0;
  if (keep) value &= ~CR3_NO_FLUSH;
  // Outside long mode the register has 32 bits.
  if ((value & ~CR3_BITS) != 0) return false;
  const old = cpu.cr3;
  cpu.cr3 = value;
  if (isPaePaging(cpu) && !loadPdptrs(cpu)) {
    cpu.cr3 = old;
    return false;
  }
  setAddressSpace(cpu, pcide, keep);
  return true;
}

function cr4Bits(cpu: Cpu): u64 {
  let bits = CR4_BITS;
  if (hasFeature(cpu, Feature.SMAP)) bits |= CR4_SMAP;
  if (hasFeature(cpu, Feature.XSAVE)) bits |= CR4_OSXSAVE;
  if (hasFeature(cpu, Feature.PKU)) bits |= CR4_PKE;
  return bits;
}

function writeCr4(cpu: Cpu, value: u64): bool {
  if ((value & ~cr4Bits(cpu)) != 0) return false;
  const changed = cpu.cr4 ^ value;
  if (isLong(cpu) && (value & CR4_PAE) == 0) return false;
  if ((changed & value & CR4_PCIDE) != 0 && (!isLong(cpu) || (cpu.cr3 & 0xfff) != 0)) return false;
  const isPae = (cpu.cr0 & CR0_PG) != 0 && (value & CR4_PAE) != 0 && !isLong(cpu);
  if (isPae && (changed & CR4_RELOADS) != 0 && !loadPdptrs(cpu)) return false;
  cpu.cr4 = value;
  if ((changed & CR4_FLUSHES) != 0) flushAll(cpu);
  updateModes(cpu);
  return true;
}

export function execMovFromCr(cpu: Cpu, insn: Insn): u32 {
  let value: u64;
  switch (<u32>insn.r) {
    case 0:
      value = cpu.cr0;
      break;
    case 2:
      value = cpu.cr2;
      break;
    case 3:
      value = cpu.cr3;
      break;
    case 4:
      value = cpu.cr4;
      break;
    case 8:
      value = cpu.cr8;
      break;
    default:
      raiseUD(cpu);
      return EXEC_NEXT;
  }
  putReg(cpu, insn.m, value, registerSize(cpu));
  return EXEC_NEXT;
}

export function execMovToCr(cpu: Cpu, insn: Insn): u32 {
  const value = getReg(cpu, insn.m, registerSize(cpu));
  let isValid = true;
  switch (<u32>insn.r) {
    case 0:
      isValid = writeCr0(cpu, value);
      break;
    case 2:
      cpu.cr2 = value;
      break;
    case 3:
      isValid = writeCr3(cpu, value);
      break;
    case 4:
      isValid = writeCr4(cpu, value);
      break;
    case 8:
      if (value > 15) isValid = false;
      else setTpr(cpu, (<u32>value) << 4);
      break;
    default:
      raiseUD(cpu);
      return EXEC_NEXT;
  }
  if (!isValid) return refuse(cpu);
  return EXEC_JUMP;
}

/** CLTS. */
export function execClts(cpu: Cpu): u32 {
  cpu.cr0 &= ~CR0_TS;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** LMSW: the low four bits of CR0, of which PE can only be set. */
export function execLmsw(cpu: Cpu, insn: Insn): u32 {
  const source = readE(cpu, insn, 1);
  if (cpu.fault != 0) return EXEC_NEXT;
  const low = CR0_PE | CR0_MP | CR0_EM | CR0_TS;
  const value = (cpu.cr0 & ~(low & ~CR0_PE)) | (source & low);
  if (!writeCr0(cpu, value)) return refuse(cpu);
  return EXEC_JUMP;
}

/** SMSW: 16 bits to memory, the operand size to a register. */
export function execSmsw(cpu: Cpu, insn: Insn): u32 {
  if (cpu.cpl != 0 && (cpu.cr4 & CR4_UMIP) != 0) return refuse(cpu);
  writeE(cpu, insn, cpu.cr0, ctz<u32>(insn.osz));
  return EXEC_NEXT;
}

/**
 * The debug register that MOV names, after the checks both directions share: DR4 and DR5 are DR6 and DR7
 * unless CR4.DE, and general detect traps every access. -1: a fault was raised.
 */
function debugRegister(cpu: Cpu, insn: Insn): i32 {
  let index = <i32>insn.r;
  if (index == 4 || index == 5) {
    if ((cpu.cr4 & CR4_DE) != 0) {
      raiseUD(cpu);
      return -1;
    }
    index += 2;
  }
  if ((cpu.dr7 & DR7_GD) != 0) {
    cpu.debugHit |= DR6_BD;
    raise(cpu, Vector.DB);
    return -1;
  }
  return index;
}

export function execMovFromDr(cpu: Cpu, insn: Insn): u32 {
  const index = debugRegister(cpu, insn);
  let value: u64;
  switch (index) {
    case 0:
      value = cpu.dr0;
      break;
    case 1:
      value = cpu.dr1;
      break;
    case 2:
      value = cpu.dr2;
      break;
    case 3:
      value = cpu.dr3;
      break;
    case 6:
      value = cpu.dr6;
      break;
    case 7:
      value = cpu.dr7;
      break;
    default:
      return EXEC_NEXT;
  }
  putReg(cpu, insn.m, value, registerSize(cpu));
  return EXEC_NEXT;
}

export function execMovToDr(cpu: Cpu, insn: Insn): u32 {
  const index = debugRegister(cpu, insn);
  if (index < 0) return EXEC_NEXT;
  const value = getReg(cpu, insn.m, registerSize(cpu));
  if (index >= 6 && value >> 32 != 0) return refuse(cpu);
  switch (index) {
    case 0:
      cpu.dr0 = value;
      break;
    case 1:
      cpu.dr1 = value;
      break;
    case 2:
      cpu.dr2 = value;
      break;
    case 3:
      cpu.dr3 = value;
      break;
    case 6:
      cpu.dr6 = (value & DR6_WRITABLE) | DR6_FIXED;
      break;
    default:
      cpu.dr7 = (value & DR7_WRITABLE) | DR7_FIXED;
      break;
  }
  if (armWatch(cpu)) flushAll(cpu);
  updateModes(cpu);
  return EXEC_JUMP;
}

/** XSETBV: XCR0 is the only register; x87 state is always on. */
export function execXsetbv(cpu: Cpu): u32 {
  if ((cpu.cr4 & CR4_OSXSAVE) == 0) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  const value = (cpu.rax & 0xffff_ffff) | (cpu.rdx << 32);
  if (<u32>cpu.rcx != 0 || (value & 1) == 0 || (value & ~xcr0Supported(cpu)) != 0)
    return refuse(cpu);
  // AVX needs SSE (SDM vol. 1 13.3).
  if ((value & XCR0_SSE_AVX) == XCR0_AVX) return refuse(cpu);
  cpu.xcr0 = value;
  updateModes(cpu);
  return EXEC_JUMP;
}
