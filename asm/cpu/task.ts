/**
 * Hardware task switching (SDM vol. 3 chapter 7): JMP, CALL, interrupts and exceptions through TSS
 * descriptors and task gates, IRET with NT set. 32- and 16-bit TSS; IA-32e mode has none.
 *
 *   32-bit TSS   00 link  1C CR3  20 EIP  24 EFLAGS  28 EAX ECX EDX EBX ESP EBP ESI EDI
 *                48 ES CS SS DS FS GS  60 LDT  64 T  66 I/O map base
 *   16-bit TSS   00 link  0E IP  10 FLAGS  12 AX CX DX BX SP BP SI DI  22 ES CS SS DS  2A LDT
 *
 * Until the commit everything can fault and nothing has changed: the new TSS is copied, then every byte
 * to be written (old TSS, busy bits, back link) is tried with its own value. From the commit on the new
 * task is current; a fault while loading its LDT or segments is raised there, at its first instruction,
 * with the remaining segments holding their selectors but unusable.
 *
 * Not specified by the manual: a 16-bit TSS sets the upper halves of the general registers to ones, as the
 * 80386 does (test386.asm checks it), and leaves FS and GS null.
 */

import { VCPU_TRANSFER } from "../layout";
import { sysLd8, sysLd16, sysLd32, sysSt8, sysSt16, sysSt32 } from "../mmu/access";
import { setAddressSpace } from "../mmu/tlb";
import { loadPdptrs } from "../mmu/walk";
import { armWatch } from "./debug";
import { raise, raiseError, raiseGP, Vector } from "./fault";
import { ATTR_UNUSABLE, CR0_PG, CR0_TS, CR4_PAE, CR4_PCIDE, updateModes } from "./modes";
import { RFLAGS_NT, RFLAGS_VM, setRflags } from "./rflags";
import {
  commitSegment,
  commitSystem,
  descAttr,
  descBase,
  descDpl,
  descLimit,
  descPresent,
  descriptorAddress,
  descType,
  errorCode,
  fetchData,
  fetchDescriptor,
  fetchStack,
  isNull,
  loadNull,
  loadReal,
  markDescriptor,
  TYPE_ACCESSED,
  TYPE_CODE,
  TYPE_CONFORMING,
  TYPE_LDT,
  TYPE_S,
  TYPE_TSS16,
  TYPE_TSS32,
} from "./segment";
import {
  Cpu,
  reg,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_LDTR,
  SEG_SS,
  SEG_TR,
  segAttr,
  segBase,
  segLimit,
  segSel,
  setReg,
  setSegAttr,
  setSegSel,
} from "./state";

/** What causes a task switch. */
export const TASK_JUMP: u32 = 0;
export const TASK_CALL: u32 = 1;
export const TASK_INTERRUPT: u32 = 2;
export const TASK_RETURN: u32 = 3;

/** Smallest limits of the two TSS formats. */
const LIMIT_TSS32: u32 = 0x67;
const LIMIT_TSS16: u32 = 0x2b;

/** DR6.BT: the new task's TSS has T set. */
export const DR6_BT: u32 = 1 << 15;
/** L0-L3 and LE of DR7, cleared by every task switch. */
const DR7_LOCAL: u64 = 0x155;
/** RFLAGS bits that exist. */
const RFLAGS_VALID: u32 = 0x3f_7fd7;

/** Copy of the new TSS in the vCPU's scratch, behind Transfer. */
const IMAGE: u32 = VCPU_TRANSFER + 0x80;

function image32(cpu: Cpu, at: u32): u32 {
  return load<u32>(changetype<usize>(cpu) + IMAGE + at);
}
function image16(cpu: Cpu, at: u32): u32 {
  return load<u16>(changetype<usize>(cpu) + IMAGE + at);
}

/**
 * Reads and checks the descriptor of an available TSS (busy, for TASK_RETURN: `vector` is then #TS, else
 * #GP). A null selector counts as outside the table.
 */
export function fetchTss(cpu: Cpu, selector: u32, vector: u32, ext: u32): u64 {
  const code = errorCode(selector, ext);
  if ((selector & 4) != 0 || isNull(selector)) {
    raiseError(cpu, vector, code);
    return 0;
  }
  const d = fetchDescriptor(cpu, selector, vector, ext);
  if (cpu.fault != 0) return 0;
  const busy: u32 = vector == Vector.TS ? 2 : 0;
  const type = descType(d);
  if (type != (TYPE_TSS16 | busy) && type != (TYPE_TSS32 | busy)) {
    raiseError(cpu, vector, code);
    return 0;
  }
  if (!descPresent(d)) raiseError(cpu, Vector.NP, code);
  return d;
}

/** Linear address `at` bytes into a TSS at `base`. */
function tssLa(base: u64, at: u32): u64 {
  return (base + at) & 0xffff_ffff;
}

/** Tries a byte for reading and writing. */
function touch(cpu: Cpu, la: u64): bool {
  const value = sysLd8(cpu, la);
  if (cpu.fault != 0) return false;
  sysSt8(cpu, la, value);
  return cpu.fault == 0;
}

/** Copies the static and dynamic part of the TSS at `base`. */
function copyImage(cpu: Cpu, base: u64, is32: bool): bool {
  const last = is32 ? LIMIT_TSS32 : LIMIT_TSS16;
  for (let at: u32 = 0; at < last; at += 4) {
    const value = sysLd32(cpu, tssLa(base, at));
    if (cpu.fault != 0) return false;
    store<u32>(changetype<usize>(cpu) + IMAGE + at, value);
  }
  return true;
}

/** Makes sure that everything the switch writes can be written. */
function touchAll(cpu: Cpu, selector: u32, base: u64, reason: u32): bool {
  const old = segBase(cpu, SEG_TR);
  const last = (segAttr(cpu, SEG_TR) & 8) != 0 ? LIMIT_TSS32 : LIMIT_TSS16;
  if (segLimit(cpu, SEG_TR) < last) {
    raiseError(cpu, Vector.TS, errorCode(segSel(cpu, SEG_TR), 0));
    return false;
  }
  if (!touch(cpu, tssLa(old, 0)) || !touch(cpu, tssLa(old, last))) return false;
  if (reason == TASK_CALL || reason == TASK_INTERRUPT) {
    if (!touch(cpu, tssLa(base, 0)) || !touch(cpu, tssLa(base, 1))) return false;
  } else if (!touch(cpu, descriptorAddress(cpu, segSel(cpu, SEG_TR)) + 5)) {
    return false;
  }
  return reason == TASK_RETURN || touch(cpu, descriptorAddress(cpu, selector) + 5);
}

function saveState32(cpu: Cpu, eip: u32, flags: u32): void {
  const base = segBase(cpu, SEG_TR);
  sysSt32(cpu, tssLa(base, 0x20), eip);
  sysSt32(cpu, tssLa(base, 0x24), flags);
  for (let i: u32 = 0; i < 8; i++) sysSt32(cpu, tssLa(base, 0x28 + (i << 2)), <u32>reg(cpu, i));
  for (let i: u32 = 0; i < 6; i++) sysSt16(cpu, tssLa(base, 0x48 + (i << 2)), segSel(cpu, i));
}

function saveState16(cpu: Cpu, ip: u32, flags: u32): void {
  const base = segBase(cpu, SEG_TR);
  sysSt16(cpu, tssLa(base, 0x0e), ip);
  sysSt16(cpu, tssLa(base, 0x10), flags);
  for (let i: u32 = 0; i < 8; i++) sysSt16(cpu, tssLa(base, 0x12 + (i << 1)), <u32>reg(cpu, i));
  for (let i: u32 = 0; i < 4; i++) sysSt16(cpu, tssLa(base, 0x22 + (i << 1)), segSel(cpu, i));
}

/**
 * Switches to the task of the TSS `d`, which fetchTss has checked (the caller checks privilege). The old
 * task resumes at `rip` with `flags`. True: the new task is current, cpu.rip and cpu.nextRip are its
 * EIP; cpu.fault may hold its #DB trap. False: a fault, in the old task before the commit and in the new
 * one after it.
 */
export function switchTask(
  cpu: Cpu,
  selector: u32,
  d: u64,
  reason: u32,
  rip: u64,
  flags: u32,
  ext: u32,
): bool {
  const is32 = (descType(d) & 8) != 0;
  const base = descBase(d);
  if (descLimit(d) < (is32 ? LIMIT_TSS32 : LIMIT_TSS16)) {
    raiseError(cpu, Vector.TS, errorCode(selector, ext));
    return false;
  }
  if (!copyImage(cpu, base, is32) || !touchAll(cpu, selector, base, reason)) return false;
  const oldSelector = segSel(cpu, SEG_TR);
  if (reason == TASK_RETURN) flags &= ~RFLAGS_NT;
  if ((segAttr(cpu, SEG_TR) & 8) != 0) saveState32(cpu, <u32>rip, flags);
  else saveState16(cpu, <u32>rip, flags);
  if (reason == TASK_JUMP || reason == TASK_RETURN) {
    const la = descriptorAddress(cpu, oldSelector) + 5;
    sysSt8(cpu, la, sysLd8(cpu, la) & ~2);
  } else {
    sysSt16(cpu, tssLa(base, 0), oldSelector);
  }
  // A task that jumps to itself leaves its descriptor busy, so the new bit is set from memory.
  if (reason != TASK_RETURN) {
    const la = descriptorAddress(cpu, selector) + 5;
    sysSt8(cpu, la, sysLd8(cpu, la) | 2);
  }
  commitSystem(cpu, SEG_TR, selector, d, base, descAttr(d) | 2);
  const isNested = reason == TASK_CALL || reason == TASK_INTERRUPT;
  return commitRegisters(cpu, is32, isNested) && loadSegments(cpu, is32, ext) && finish(cpu, is32);
}

/** Loads CR3, flags, EIP and the general registers; false: the new CR3's PAE pointers are bad. */
function commitRegisters(cpu: Cpu, is32: bool, isNested: bool): bool {
  let flags: u32;
  let eip: u32;
  if (is32) {
    eip = image32(cpu, 0x20);
    flags = image32(cpu, 0x24);
    for (let i: u32 = 0; i < 8; i++) setReg(cpu, i, image32(cpu, 0x28 + (i << 2)));
  } else {
    eip = image16(cpu, 0x0e);
    flags = image16(cpu, 0x10);
    for (let i: u32 = 0; i < 8; i++) setReg(cpu, i, 0xffff_0000 | image16(cpu, 0x12 + (i << 1)));
  }
  setRflags(cpu, (flags & RFLAGS_VALID) | (isNested ? RFLAGS_NT : 0));
  cpu.rip = eip;
  cpu.nextRip = eip;
  cpu.cr0 |= CR0_TS;
  cpu.dr7 &= ~DR7_LOCAL;
  armWatch(cpu);
  if (is32 && (cpu.cr0 & CR0_PG) != 0 && cpu.cr3 != <u64>image32(cpu, 0x1c)) {
    cpu.cr3 = image32(cpu, 0x1c);
    setAddressSpace(cpu, (cpu.cr4 & CR4_PCIDE) != 0, false);
    if ((cpu.cr4 & CR4_PAE) != 0) return loadPdptrs(cpu);
  }
  return true;
}

/** Selector of segment register `seg` in the copied TSS. */
function imageSel(cpu: Cpu, is32: bool, seg: u32): u32 {
  if (is32) return image16(cpu, 0x48 + (seg << 2));
  return seg < 4 ? image16(cpu, 0x22 + (seg << 1)) : 0;
}

/** Loads LDTR and the segment registers of the new task. */
function loadSegments(cpu: Cpu, is32: bool, ext: u32): bool {
  const isV86 = (cpu.rflags & RFLAGS_VM) != 0;
  const cs = imageSel(cpu, is32, SEG_CS);
  cpu.cpl = isV86 ? 3 : cs & 3;
  for (let seg: u32 = 0; seg < 6; seg++) {
    setSegSel(cpu, seg, imageSel(cpu, is32, seg));
    setSegAttr(cpu, seg, ATTR_UNUSABLE | (cpu.cpl << 5));
  }
  const ldt = image16(cpu, is32 ? 0x60 : 0x2a);
  setSegSel(cpu, SEG_LDTR, ldt);
  setSegAttr(cpu, SEG_LDTR, ATTR_UNUSABLE);
  if (isV86) {
    for (let seg: u32 = 0; seg < 6; seg++) loadReal(cpu, seg, segSel(cpu, seg));
  }
  updateModes(cpu);
  if (!loadTaskLdt(cpu, ldt, ext)) return false;
  if (isV86) return true;
  const isLoaded =
    loadTaskCs(cpu, cs, ext) &&
    loadTaskSs(cpu, segSel(cpu, SEG_SS), ext) &&
    loadTaskData(cpu, SEG_ES, ext) &&
    loadTaskData(cpu, SEG_DS, ext) &&
    loadTaskData(cpu, SEG_FS, ext) &&
    loadTaskData(cpu, SEG_GS, ext);
  updateModes(cpu);
  return isLoaded;
}

function raiseTS(cpu: Cpu, selector: u32, ext: u32): bool {
  raiseError(cpu, Vector.TS, errorCode(selector, ext));
  return false;
}

function loadTaskLdt(cpu: Cpu, selector: u32, ext: u32): bool {
  if (isNull(selector)) {
    loadNull(cpu, SEG_LDTR, selector);
    return true;
  }
  if ((selector & 4) != 0) return raiseTS(cpu, selector, ext);
  const d = fetchDescriptor(cpu, selector, Vector.TS, ext);
  if (cpu.fault != 0) return false;
  if (descType(d) != TYPE_LDT || !descPresent(d)) return raiseTS(cpu, selector, ext);
  commitSystem(cpu, SEG_LDTR, selector, d, descBase(d), descAttr(d));
  return true;
}

function loadTaskCs(cpu: Cpu, selector: u32, ext: u32): bool {
  if (isNull(selector)) return raiseTS(cpu, selector, ext);
  const d = fetchDescriptor(cpu, selector, Vector.TS, ext);
  if (cpu.fault != 0) return false;
  const type = descType(d);
  const dpl = descDpl(d);
  const isAllowed = (type & TYPE_CONFORMING) != 0 ? dpl <= cpu.cpl : dpl == cpu.cpl;
  if ((type & (TYPE_S | TYPE_CODE)) != (TYPE_S | TYPE_CODE) || !isAllowed) {
    return raiseTS(cpu, selector, ext);
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, ext));
    return false;
  }
  if (!markDescriptor(cpu, selector, d, TYPE_ACCESSED)) return false;
  commitSegment(cpu, SEG_CS, selector, d);
  return true;
}

function loadTaskSs(cpu: Cpu, selector: u32, ext: u32): bool {
  if (isNull(selector)) return raiseTS(cpu, selector, ext);
  const d = fetchStack(cpu, selector, cpu.cpl, Vector.TS, ext);
  if (cpu.fault != 0) return false;
  commitSegment(cpu, SEG_SS, selector, d);
  return true;
}

function loadTaskData(cpu: Cpu, seg: u32, ext: u32): bool {
  const selector = segSel(cpu, seg);
  if (isNull(selector)) {
    loadNull(cpu, seg, selector);
    return true;
  }
  const d = fetchData(cpu, selector, Vector.TS, ext);
  if (cpu.fault != 0) return false;
  commitSegment(cpu, seg, selector, d);
  return true;
}

/** The last checks of the new task, and its debug trap. */
function finish(cpu: Cpu, is32: bool): bool {
  if (<u32>cpu.rip > segLimit(cpu, SEG_CS)) {
    raiseGP(cpu, 0);
    return false;
  }
  if (is32 && (image16(cpu, 0x64) & 1) != 0) {
    cpu.debugHit |= DR6_BT;
    raise(cpu, Vector.DB);
  }
  return true;
}

/** IRET with NT set: back to the task that the current TSS names. */
export function returnFromTask(cpu: Cpu, flags: u32): bool {
  const selector = sysLd16(cpu, segBase(cpu, SEG_TR));
  if (cpu.fault != 0) return false;
  const d = fetchTss(cpu, selector, Vector.TS, 0);
  if (cpu.fault != 0) return false;
  return switchTask(cpu, selector, d, TASK_RETURN, cpu.nextRip, flags, 0);
}
