/**
 * Saving and restoring x87, MMX, SSE, AVX and PKRU state: FXSAVE, FXRSTOR (SDM vol. 1 10.5), XSAVE, XSAVEOPT,
 * XSAVEC, XSAVES, XRSTOR, XRSTORS (chapter 13), LDMXCSR, STMXCSR.
 *
 *      0  FCW FSW FTW(abridged) - FOP FIP FDP    pointers: 64 bits with REX.W, else 32 and a selector
 *     24  MXCSR  MXCSR_MASK
 *     32  ST0-ST7 / MM0-MM7, 16 bytes apart, counted from TOP
 *    160  XMM0-XMM15, 16 bytes apart; outside 64-bit mode only XMM0-XMM7, the others are left alone
 *    512  XSAVE header: XSTATE_BV, XCOMP_BV, 48 bytes of zeros
 *    576  upper halves of YMM0-YMM15 (component 2), and PKRU (component 9) where cpu/xstate.ts says
 *
 * The registers are in physical order in Cpu, so images are turned by TOP. Everything that can fault
 * is checked before the first byte moves. XSAVEOPT and XSAVES use the init optimization only (the modified
 * optimization is allowed, not required). There are no supervisor components: IA32_XSS takes 0 only. Like FXSAVE of Intel processors, and unlike AMD's, FOP, FIP and
 * FDP are always saved and restored; MXCSR and XMM are, too, when CR4.OSFXSR = 0.
 */
import { hasFeature } from "../cpu/cpuid";
import { raise, raiseGP, raiseUD, Vector } from "../cpu/fault";
import { CR0_TS, CR4_OSXSAVE, is64 } from "../cpu/modes";
import { Cpu, fpr, xmm } from "../cpu/state";
import {
  pkruOffset,
  XCOMP_COMPACTED,
  XSAVE_AVX,
  XSAVE_HEADER,
  XSTATE_AVX,
  XSTATE_PKRU,
  XSTATE_SSE,
  XSTATE_X87,
  xsaveLength,
} from "../cpu/xstate";
import { COLD, INSN_REXW, Insn } from "../decode/insn";
import { Feature, Op } from "../decode/ops";
import {
  checkAlignment,
  ld8,
  ld16,
  ld32,
  ld64,
  ld128,
  probe,
  st16,
  st32,
  st64,
  st128,
} from "../mmu/access";
import { operand } from "../mmu/address";
import { setPkru } from "../mmu/tlb";
import { setControlWord, updateSummary } from "./x87-state";

/** MXCSR bits that exist; it is also MXCSR_MASK. */
export const MXCSR_WRITABLE: u32 = 0xffff;
export const MXCSR_RESET: u32 = 0x1f80;

const OFFSET_MXCSR: u64 = 24;
const OFFSET_ST: u64 = 32;
const OFFSET_XMM: u64 = 160;
const OFFSET_HEADER: u64 = XSAVE_HEADER;

export function execFpuState(cpu: Cpu, insn: Insn): u32 {
  switch (<u32>insn.op - COLD) {
    case Op.FXSAVE:
      return fxsave(cpu, insn);
    case Op.FXRSTOR:
      return fxrstor(cpu, insn);
    case Op.XSAVE:
      return xsave(cpu, insn, false);
    case Op.XSAVEOPT:
      return xsave(cpu, insn, true);
    case Op.XRSTOR:
      return xrstor(cpu, insn, false);
    case Op.XRSTORS:
      return xrstor(cpu, insn, true);
    case Op.XSAVEC:
    case Op.XSAVES:
      return xsaveCompacted(cpu, insn);
    case Op.LDMXCSR: {
      const la = operand(cpu, insn, 4, false);
      if (cpu.fault != 0) return 0;
      const value = ld32(cpu, la);
      if (cpu.fault != 0) return 0;
      if ((value & ~MXCSR_WRITABLE) != 0) raiseGP(cpu, 0);
      else cpu.mxcsr = value;
      return 0;
    }
    case Op.STMXCSR: {
      const la = operand(cpu, insn, 4, true);
      if (cpu.fault == 0) st32(cpu, la, cpu.mxcsr);
      return 0;
    }
  }
  return 0;
}

/** FNINIT's state; the register contents stay. */
export function resetFpu(cpu: Cpu): void {
  cpu.fcw = 0x37f;
  cpu.fsw = 0;
  cpu.ftw = 0;
  cpu.fop = 0;
  cpu.fip = 0;
  cpu.fdp = 0;
  cpu.fcs = 0;
  cpu.fds = 0;
}

function fxsave(cpu: Cpu, insn: Insn): u32 {
  const la = alignedArea(cpu, insn, 512, 15, true);
  if (cpu.fault != 0) return 0;
  saveX87(cpu, insn, la);
  saveMxcsr(cpu, la);
  saveXmm(cpu, la);
  return 0;
}

function fxrstor(cpu: Cpu, insn: Insn): u32 {
  const la = alignedArea(cpu, insn, 512, 15, false);
  if (cpu.fault != 0) return 0;
  const mxcsr = ld32(cpu, la + OFFSET_MXCSR);
  if ((mxcsr & ~MXCSR_WRITABLE) != 0) {
    raiseGP(cpu, 0);
    return 0;
  }
  restoreX87(cpu, insn, la);
  cpu.mxcsr = mxcsr;
  restoreXmm(cpu, la);
  return 0;
}

/**
 * Linear address of a save area that is aligned and wholly accessible. As measured, the checks of its first
 * doubleword, of its first byte in 64-bit mode, come before those of alignment, as if it were read, all others
 * after them; alignment checking is that of doublewords.
 */
function alignedArea(cpu: Cpu, insn: Insn, len: u32, misaligned: u32, isWrite: bool): u64 {
  const la = operand(cpu, insn, is64(cpu) ? 1 : 4, false);
  if (cpu.fault != 0) return 0;
  if ((<u32>la & misaligned) != 0) {
    if (checkAlignment(cpu, la, 4)) raiseGP(cpu, 0);
    return 0;
  }
  operand(cpu, insn, len, isWrite);
  if (cpu.fault == 0) probe(cpu, la, len, isWrite);
  return la;
}

/** Physical register of ST(i). */
function physical(cpu: Cpu, i: u32): u32 {
  return ((cpu.fsw >> 11) + i) & 7;
}

function saveX87(cpu: Cpu, insn: Insn, la: u64): void {
  st16(cpu, la, cpu.fcw);
  st16(cpu, la + 2, cpu.fsw);
  st16(cpu, la + 4, cpu.ftw);
  st16(cpu, la + 6, cpu.fop);
  if ((insn.flags & INSN_REXW) != 0) {
    st64(cpu, la + 8, cpu.fip);
    st64(cpu, la + 16, cpu.fdp);
  } else {
    st32(cpu, la + 8, <u32>cpu.fip);
    st32(cpu, la + 12, cpu.fcs);
    st32(cpu, la + 16, <u32>cpu.fdp);
    st32(cpu, la + 20, cpu.fds);
  }
  for (let i: u32 = 0; i < 8; i++) {
    const from = fpr(cpu, physical(cpu, i));
    const at = la + OFFSET_ST + <u64>(i << 4);
    st64(cpu, at, load<u64>(from));
    st64(cpu, at + 8, <u64>load<u16>(from, 8));
  }
}

function restoreX87(cpu: Cpu, insn: Insn, la: u64): void {
  setControlWord(cpu, ld16(cpu, la));
  cpu.fsw = ld16(cpu, la + 2);
  updateSummary(cpu);
  cpu.ftw = ld8(cpu, la + 4);
  cpu.fop = ld16(cpu, la + 6) & 0x7ff;
  if ((insn.flags & INSN_REXW) != 0) {
    // As measured, processors keep 48 bits of it, and show the upper ones as copies of bit 47.
    cpu.fip = <u64>(<i64>(ld64(cpu, la + 8) << 16) >> 16);
    cpu.fdp = ld64(cpu, la + 16);
  } else {
    cpu.fip = ld32(cpu, la + 8);
    cpu.fdp = ld32(cpu, la + 16);
  }
  // CPUID says that they are deprecated.
  cpu.fcs = 0;
  cpu.fds = 0;
  for (let i: u32 = 0; i < 8; i++) {
    const at = la + OFFSET_ST + <u64>(i << 4);
    const to = fpr(cpu, physical(cpu, i));
    store<u64>(to, ld64(cpu, at));
    store<u16>(to, <u16>ld16(cpu, at + 8), 8);
  }
}

/** Initial x87 state of XRSTOR: FNINIT's with empty registers of zeros. */
function initX87(cpu: Cpu): void {
  resetFpu(cpu);
  for (let i: u32 = 0; i < 8; i++) {
    store<u64>(fpr(cpu, i), 0);
    store<u64>(fpr(cpu, i), 0, 8);
  }
}

function saveMxcsr(cpu: Cpu, la: u64): void {
  st32(cpu, la + OFFSET_MXCSR, cpu.mxcsr);
  st32(cpu, la + OFFSET_MXCSR + 4, MXCSR_WRITABLE);
}

/** XMM registers that the current mode can name. */
function xmmCount(cpu: Cpu): u32 {
  return is64(cpu) ? 16 : 8;
}

function saveXmm(cpu: Cpu, la: u64): void {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    st128(cpu, la + OFFSET_XMM + <u64>(i << 4), v128.load(xmm(cpu, i)));
  }
}

function restoreXmm(cpu: Cpu, la: u64): void {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    v128.store(xmm(cpu, i), ld128(cpu, la + OFFSET_XMM + <u64>(i << 4)));
  }
}

function saveYmm(cpu: Cpu, la: u64): void {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    st128(cpu, la + XSAVE_AVX + (i << 4), v128.load(xmm(cpu, i), 16));
  }
}

function restoreYmm(cpu: Cpu, la: u64): void {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    v128.store(xmm(cpu, i), ld128(cpu, la + XSAVE_AVX + (i << 4)), 16);
  }
}

/** Clears bits 0-127 (`half` 0) or 128-255 (16) of the registers. */
function clearVectors(cpu: Cpu, half: usize): void {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    v128.store(xmm(cpu, i) + half, i64x2.splat(0));
  }
}

function isVectorUsed(cpu: Cpu, half: usize): bool {
  for (let i: u32 = 0, n = xmmCount(cpu); i < n; i++) {
    if (v128.any_true(v128.load(xmm(cpu, i) + half))) return true;
  }
  return false;
}

function isX87Used(cpu: Cpu): bool {
  if (cpu.fcw != 0x37f || cpu.fsw != 0 || cpu.ftw != 0 || cpu.fop != 0) return true;
  if (cpu.fip != 0 || cpu.fdp != 0 || cpu.fcs != 0 || cpu.fds != 0) return true;
  for (let i: u32 = 0; i < 8; i++) {
    if (load<u64>(fpr(cpu, i)) != 0 || load<u16>(fpr(cpu, i), 8) != 0) return true;
  }
  return false;
}

/** XINUSE: components that are not in their initial state. MXCSR does not count as SSE state. */
function inUse(cpu: Cpu): u64 {
  return (
    (isX87Used(cpu) ? XSTATE_X87 : 0) |
    (isVectorUsed(cpu, 0) ? XSTATE_SSE : 0) |
    (isVectorUsed(cpu, 16) ? XSTATE_AVX : 0) |
    (cpu.pkru != 0 ? XSTATE_PKRU : 0)
  );
}

/** The same for XSAVEC, XSAVES and XGETBV, to whom MXCSR is part of the SSE component. */
export function inUseWithMxcsr(cpu: Cpu): u64 {
  return inUse(cpu) | (cpu.mxcsr != MXCSR_RESET ? XSTATE_SSE : 0);
}

/** The components asked for: EDX:EAX of those that XCR0 enables. IA32_XSS has no bit to add. */
function requested(cpu: Cpu): u64 {
  return ((cpu.rdx << 32) | (cpu.rax & 0xffff_ffff)) & cpu.xcr0;
}

/** XSAVE and its kin need CR4.OSXSAVE and CR0.TS = 0, whatever CR0.EM says. */
function xsaveAllowed(cpu: Cpu): bool {
  if ((cpu.cr4 & CR4_OSXSAVE) == 0) raiseUD(cpu);
  else if ((cpu.cr0 & CR0_TS) != 0) raise(cpu, Vector.NM);
  else return true;
  return false;
}

function saveComponents(cpu: Cpu, insn: Insn, la: u64, saved: u64, xcomp: u64): void {
  if ((saved & XSTATE_X87) != 0) saveX87(cpu, insn, la);
  if ((saved & XSTATE_SSE) != 0) saveXmm(cpu, la);
  if ((saved & XSTATE_AVX) != 0) saveYmm(cpu, la);
  if ((saved & XSTATE_PKRU) != 0) st32(cpu, la + pkruOffset(xcomp), <u32>cpu.pkru);
}

/** XSAVE and XSAVEOPT: the standard format. */
function xsave(cpu: Cpu, insn: Insn, isOptimized: bool): u32 {
  if (!xsaveAllowed(cpu)) return 0;
  const asked = requested(cpu);
  const la = alignedArea(cpu, insn, xsaveLength(asked, 0), 63, true);
  if (cpu.fault != 0) return 0;
  const used = inUse(cpu);
  const header = ld64(cpu, la + OFFSET_HEADER);
  if (cpu.fault != 0) return 0;
  if ((asked & (XSTATE_SSE | XSTATE_AVX)) != 0) saveMxcsr(cpu, la);
  saveComponents(cpu, insn, la, isOptimized ? asked & used : asked, 0);
  st64(cpu, la + OFFSET_HEADER, (header & ~asked) | (asked & used));
  return 0;
}

/**
 * XSAVEC and XSAVES: the compacted format. Of the header nothing but XSTATE_BV and XCOMP_BV is written.
 */
function xsaveCompacted(cpu: Cpu, insn: Insn): u32 {
  if (!xsaveAllowed(cpu)) return 0;
  const asked = requested(cpu);
  const xcomp = asked | XCOMP_COMPACTED;
  const la = alignedArea(cpu, insn, xsaveLength(asked, xcomp), 63, true);
  if (cpu.fault != 0) return 0;
  const saved = asked & inUseWithMxcsr(cpu);
  if ((saved & XSTATE_SSE) != 0) saveMxcsr(cpu, la);
  saveComponents(cpu, insn, la, saved, xcomp);
  st64(cpu, la + OFFSET_HEADER, saved);
  st64(cpu, la + OFFSET_HEADER + 8, xcomp);
  return 0;
}

/** Whether bytes `from` to 63 of the header at `la` are zero. */
function isHeaderClear(cpu: Cpu, la: u64, from: u64): bool {
  let bits: u64 = 0;
  for (let at = from; at < 64; at += 8) bits |= ld64(cpu, la + OFFSET_HEADER + at);
  return bits == 0;
}

/** XRSTOR, in the format that the area has, and XRSTORS, which takes the compacted one only. */
function xrstor(cpu: Cpu, insn: Insn, isSupervisor: bool): u32 {
  if (!xsaveAllowed(cpu)) return 0;
  const asked = requested(cpu);
  const la = alignedArea(cpu, insn, XSAVE_HEADER + 64, 63, false);
  if (cpu.fault != 0) return 0;
  const present = ld64(cpu, la + OFFSET_HEADER);
  const xcomp = ld64(cpu, la + OFFSET_HEADER + 8);
  const isCompacted = (xcomp & XCOMP_COMPACTED) != 0;
  const hasMxcsr = isCompacted
    ? (asked & present & XSTATE_SSE) != 0
    : (asked & (XSTATE_SSE | XSTATE_AVX)) != 0;
  const mxcsr = hasMxcsr ? ld32(cpu, la + OFFSET_MXCSR) : MXCSR_RESET;
  let isValid = (mxcsr & ~MXCSR_WRITABLE) == 0;
  if (isCompacted) {
    const known = cpu.xcr0 | XCOMP_COMPACTED;
    isValid = isValid && hasFeature(cpu, Feature.XSAVEC) && isHeaderClear(cpu, la, 16);
    isValid = isValid && (xcomp & ~known) == 0 && (present & (~xcomp | XCOMP_COMPACTED)) == 0;
  } else {
    // Of the 48 reserved bytes only the first 8 are looked at.
    isValid = isValid && !isSupervisor && (present & ~cpu.xcr0) == 0 && xcomp == 0;
    isValid = isValid && ld64(cpu, la + OFFSET_HEADER + 16) == 0;
  }
  if (!isValid) {
    raiseGP(cpu, 0);
    return 0;
  }
  if (!probe(cpu, la, xsaveLength(asked & present, xcomp), false)) return 0;
  restoreComponents(cpu, insn, la, asked, present, xcomp);
  if (hasMxcsr || (isCompacted && (asked & XSTATE_SSE) != 0)) cpu.mxcsr = mxcsr;
  return 0;
}

/** Loads those of the components `asked` that the area has (`present`), and initializes the others. */
function restoreComponents(
  cpu: Cpu,
  insn: Insn,
  la: u64,
  asked: u64,
  present: u64,
  xcomp: u64,
): void {
  if ((asked & XSTATE_X87) != 0) {
    if ((present & XSTATE_X87) != 0) restoreX87(cpu, insn, la);
    else initX87(cpu);
  }
  if ((asked & XSTATE_SSE) != 0) {
    if ((present & XSTATE_SSE) != 0) restoreXmm(cpu, la);
    else clearVectors(cpu, 0);
  }
  if ((asked & XSTATE_AVX) != 0) {
    if ((present & XSTATE_AVX) != 0) restoreYmm(cpu, la);
    else clearVectors(cpu, 16);
  }
  // Last, because it decides what may be read.
  if ((asked & XSTATE_PKRU) != 0) {
    setPkru(cpu, (present & XSTATE_PKRU) != 0 ? ld32(cpu, la + pkruOffset(xcomp)) : 0);
  }
}
