/**
 * What decoding and address translation depend on, gathered in two words so that the hot paths compare
 * instead of deciding: Cpu.modeKey (part of every decoded block's key) and Cpu.tlbKey (the low twelve
 * bits of every TLB tag that may match).
 *
 *   tlbKey  bits 0-1  access mode: 0 user, 1 supervisor, 2 supervisor that may touch user pages
 *                     (SMAP off or RFLAGS.AC), 3 user with alignment checking: no tag has it, so that every
 *                     access takes the slow path, which checks
 *           bits 2-11 address space number; a flush takes the next number (mmu/tlb.ts)
 *
 * Whoever changes CR0, CR4, XCR0, EFER, CPL, a segment register, RFLAGS.TF/VM/AC or DR7 calls updateModes.
 */

import { RFLAGS_AC, RFLAGS_TF, RFLAGS_VM } from "./rflags";
import { Cpu, SEG_CS, SEG_DS, SEG_ES, SEG_SS, segAttr, segBase, segLimit } from "./state";

export const CR0_PE: u64 = 1 << 0;
export const CR0_MP: u64 = 1 << 1;
export const CR0_EM: u64 = 1 << 2;
export const CR0_TS: u64 = 1 << 3;
export const CR0_ET: u64 = 1 << 4;
export const CR0_NE: u64 = 1 << 5;
export const CR0_WP: u64 = 1 << 16;
export const CR0_AM: u64 = 1 << 18;
export const CR0_NW: u64 = 1 << 29;
export const CR0_CD: u64 = 1 << 30;
export const CR0_PG: u64 = 1 << 31;

export const CR4_VME: u64 = 1 << 0;
export const CR4_PVI: u64 = 1 << 1;
export const CR4_TSD: u64 = 1 << 2;
export const CR4_DE: u64 = 1 << 3;
export const CR4_PSE: u64 = 1 << 4;
export const CR4_PAE: u64 = 1 << 5;
export const CR4_MCE: u64 = 1 << 6;
export const CR4_PGE: u64 = 1 << 7;
export const CR4_PCE: u64 = 1 << 8;
export const CR4_OSFXSR: u64 = 1 << 9;
export const CR4_OSXMMEXCPT: u64 = 1 << 10;
export const CR4_UMIP: u64 = 1 << 11;
export const CR4_FSGSBASE: u64 = 1 << 16;
export const CR4_PCIDE: u64 = 1 << 17;
export const CR4_OSXSAVE: u64 = 1 << 18;
export const CR4_SMEP: u64 = 1 << 20;
export const CR4_SMAP: u64 = 1 << 21;
export const CR4_PKE: u64 = 1 << 22;

export const EFER_SCE: u64 = 1 << 0;
export const EFER_LME: u64 = 1 << 8;
export const EFER_LMA: u64 = 1 << 10;
export const EFER_NXE: u64 = 1 << 11;

/** Segment attribute bits (SDM vol. 3 24.4.1). */
export const ATTR_TYPE: u32 = 0xf;
export const ATTR_S: u32 = 1 << 4;
export const ATTR_DPL_SHIFT: u32 = 5;
export const ATTR_P: u32 = 1 << 7;
export const ATTR_L: u32 = 1 << 13;
export const ATTR_DB: u32 = 1 << 14;
export const ATTR_G: u32 = 1 << 15;
export const ATTR_UNUSABLE: u32 = 1 << 16;

export const XCR0_AVX: u64 = 4;
export const XCR0_SSE_AVX: u64 = 6;

/** Bits of Cpu.modeKey. */
export const MODE_CODE16: u32 = 0;
export const MODE_CODE32: u32 = 1;
export const MODE_CODE64: u32 = 2;
export const MODE_CODE_MASK: u32 = 3;
export const MODE_STACK32: u32 = 1 << 2; // SS.B; meaningless in 64-bit code
export const MODE_FLAT: u32 = 1 << 3; // CS DS ES SS: base 0, limit 4 GiB, usable: no checks needed
export const MODE_STEP: u32 = 1 << 4; // one instruction at a time: TF or armed breakpoints
export const MODE_V86: u32 = 1 << 5;
export const MODE_SSE: u32 = 1 << 6; // SSE executes: CR0.EM = 0, CR0.TS = 0, CR4.OSFXSR = 1
export const MODE_X87: u32 = 1 << 7; // x87 executes: CR0.EM = 0, CR0.TS = 0
export const MODE_LONG: u32 = 1 << 8; // EFER.LMA: 64-bit or compatibility mode
export const MODE_PROTECTED: u32 = 1 << 9; // CR0.PE = 1 and not virtual-8086
export const MODE_AVX: u32 = 1 << 10; // AVX executes: CR4.OSXSAVE = 1, XCR0[2:1] = 11b, CR0.TS = 0

export function isLong(cpu: Cpu): bool {
  return (cpu.efer & EFER_LMA) != 0;
}
export function is64(cpu: Cpu): bool {
  return (cpu.modeKey & MODE_CODE_MASK) == MODE_CODE64;
}
export function isProtected(cpu: Cpu): bool {
  return (cpu.modeKey & MODE_PROTECTED) != 0;
}
export function isV86(cpu: Cpu): bool {
  return (cpu.rflags & RFLAGS_VM) != 0;
}

function isFlat(cpu: Cpu, seg: u32): bool {
  const attr = segAttr(cpu, seg);
  if (segBase(cpu, seg) != 0 || segLimit(cpu, seg) != 0xffff_ffff) return false;
  if (seg == SEG_CS) return (attr & 2) != 0; // readable
  return (attr & (ATTR_UNUSABLE | ATTR_S | 8 | 4 | 2)) == (ATTR_S | 2); // writable, expand-up data
}

/** Access modes of tlbKey: user pages, with alignment checked; supervisor pages, and those of users too. */
export const ACCESS_USER: u32 = 0;
export const ACCESS_ALIGNED: u32 = 1;
export const ACCESS_KERNEL: u32 = 2;
export const ACCESS_ALL: u32 = 3;
/** The bit that tells supervisor modes from those of the user. */
export const ACCESS_SUPERVISOR: u32 = 2;

/** Access mode of explicit memory accesses at privilege level `cpl`. */
export function accessMode(cpu: Cpu, cpl: u32): u32 {
  const isSet = (cpu.rflags & RFLAGS_AC) != 0;
  if (cpl == 3) return isSet && (cpu.cr0 & CR0_AM) != 0 ? ACCESS_ALIGNED : ACCESS_USER;
  return isSet || (cpu.cr4 & CR4_SMAP) == 0 ? ACCESS_ALL : ACCESS_KERNEL;
}

/** Recomputes modeKey and the access mode of tlbKey. */
export function updateModes(cpu: Cpu): void {
  const cr0 = cpu.cr0;
  let key: u32;
  const cs = segAttr(cpu, SEG_CS);
  if ((cpu.efer & EFER_LMA) != 0 && (cs & ATTR_L) != 0) {
    key = MODE_CODE64 | MODE_FLAT | MODE_STACK32;
  } else {
    key = (cs & ATTR_DB) != 0 ? MODE_CODE32 : MODE_CODE16;
    if ((segAttr(cpu, SEG_SS) & ATTR_DB) != 0) key |= MODE_STACK32;
    if (isFlat(cpu, SEG_CS) && isFlat(cpu, SEG_SS) && isFlat(cpu, SEG_DS) && isFlat(cpu, SEG_ES)) {
      key |= MODE_FLAT;
    }
  }
  if ((cpu.efer & EFER_LMA) != 0) key |= MODE_LONG;
  const v86 = (cpu.rflags & RFLAGS_VM) != 0;
  if (v86) key |= MODE_V86;
  else if ((cr0 & CR0_PE) != 0) key |= MODE_PROTECTED;
  if ((cr0 & (CR0_EM | CR0_TS)) == 0) {
    key |= MODE_X87;
    if ((cpu.cr4 & CR4_OSFXSR) != 0) key |= MODE_SSE;
  }
  if (
    (cr0 & CR0_TS) == 0 &&
    (cpu.cr4 & CR4_OSXSAVE) != 0 &&
    (cpu.xcr0 & XCR0_SSE_AVX) == XCR0_SSE_AVX
  )
    key |= MODE_AVX;
  if ((cpu.rflags & RFLAGS_TF) != 0 || (cpu.dr7 & 0xff) != 0) key |= MODE_STEP;
  if (cpu.cpl == 3 && (cr0 & CR0_PG) != 0) cpu.hasRunUser = 1;
  cpu.modeKey = key;
  const code = key & MODE_CODE_MASK;
  cpu.ripMask = code == MODE_CODE64 ? ~0 : code == MODE_CODE32 ? 0xffff_ffff : 0xffff;
  cpu.tlbKey = (cpu.tlbKey & ~3) | <u64>accessMode(cpu, cpu.cpl);
}
