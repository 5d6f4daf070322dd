/**
 * Segment registers and descriptors (SDM vol. 3 3.4, 3.5, 5.2-5.7, 5.11; vol. 2 MOV, POP, LDS, LLDT, LTR).
 *
 *   63      56 55 54 53  52 51     48 47 46  45 44 43  40 39      16 15       0
 *   base 31:24  G D/B L AVL limit 19:16 P  DPL   S  type   base 23:0  limit 15:0
 *
 * A descriptor travels as that u64; its attributes in Cpu keep the bits where they are, minus the limit.
 * In IA-32e mode system descriptors take 16 bytes: the second half holds base bits 63:32.
 *
 * A fault here is raised before any register changes; only the accessed or busy bit in memory may have
 * been set by then, as on a processor. Those bits are set by a plain read and write of the byte: other
 * vCPUs that set the same bit at once write the same value.
 *
 * The surprising decision: a null selector leaves base 0, limit 0 and "unusable", as Intel processors do,
 * and the next load in real mode makes the segment a 64 KiB read-write one again.
 */
import { sysLd8, sysLd64, sysSt8 } from "../mmu/access";
import { isCanonical } from "../mmu/walk";
import { raiseError, raiseGP, Vector } from "./fault";
import {
  ATTR_DB,
  ATTR_G,
  ATTR_L,
  ATTR_UNUSABLE,
  is64,
  isLong,
  isProtected,
  isV86,
  updateModes,
} from "./modes";
import {
  Cpu,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GDTR,
  SEG_GS,
  SEG_LDTR,
  SEG_SS,
  SEG_TR,
  segAttr,
  segBase,
  segLimit,
  setSegAttr,
  setSegBase,
  setSegLimit,
  setSegSel,
} from "./state";

/** Types of system segments and gates (SDM vol. 3 table 3-2). */
export const TYPE_TSS16: u32 = 1;
export const TYPE_LDT: u32 = 2;
export const TYPE_TSS16_BUSY: u32 = 3;
export const TYPE_CALL_GATE16: u32 = 4;
export const TYPE_TASK_GATE: u32 = 5;
export const TYPE_INTERRUPT_GATE16: u32 = 6;
export const TYPE_TRAP_GATE16: u32 = 7;
export const TYPE_TSS32: u32 = 9;
export const TYPE_TSS32_BUSY: u32 = 11;
export const TYPE_CALL_GATE32: u32 = 12;
export const TYPE_INTERRUPT_GATE32: u32 = 14;
export const TYPE_TRAP_GATE32: u32 = 15;

/** Bits of a code or data descriptor's type, with S beside them. */
export const TYPE_ACCESSED: u32 = 1;
export const TYPE_WRITABLE: u32 = 2; // of data; readable, of code
export const TYPE_CONFORMING: u32 = 4; // of code; expand-down, of data
export const TYPE_CODE: u32 = 8;
export const TYPE_S: u32 = 16;

/** Attributes of a segment as real and virtual-8086 mode load it: present, read-write data, accessed. */
const ATTR_REAL: u32 = 0x93;
const ATTR_V86: u32 = 0xf3;

export function descBase(d: u64): u64 {
  return ((d >> 16) & 0xff_ffff) | ((d >> 32) & 0xff00_0000);
}
/** Limit in bytes. */
export function descLimit(d: u64): u32 {
  const raw = (<u32>d & 0xffff) | (<u32>(d >> 32) & 0xf_0000);
  return (<u32>(d >> 32) & (1 << 23)) != 0 ? (raw << 12) | 0xfff : raw;
}
/** Attributes in the layout of Cpu.segAttr. */
export function descAttr(d: u64): u32 {
  return <u32>(d >> 40) & 0xf0ff;
}
/** Type with S as bit 4. */
export function descType(d: u64): u32 {
  return <u32>(d >> 40) & 0x1f;
}
export function descDpl(d: u64): u32 {
  return <u32>(d >> 45) & 3;
}
export function descPresent(d: u64): bool {
  return (<u32>(d >> 40) & 0x80) != 0;
}

export function isNull(selector: u32): bool {
  return (selector & 0xfffc) == 0;
}

/** Error code that names a selector; `ext` is 1 while an event outside the program is delivered. */
export function errorCode(selector: u32, ext: u32): u32 {
  return (selector & 0xfffc) | ext;
}

/** Whether the `len` bytes of the descriptor `selector` names lie inside its table. */
export function inTable(cpu: Cpu, selector: u32, len: u32): bool {
  const isLocal = (selector & 4) != 0;
  if (isLocal && (segAttr(cpu, SEG_LDTR) & ATTR_UNUSABLE) != 0) return false;
  const limit = segLimit(cpu, isLocal ? SEG_LDTR : SEG_GDTR);
  return (selector & 0xfff8) + (len - 1) <= limit;
}

/** Linear address of the descriptor `selector` names. */
export function descriptorAddress(cpu: Cpu, selector: u32): u64 {
  const table = segBase(cpu, (selector & 4) != 0 ? SEG_LDTR : SEG_GDTR);
  const la = table + (selector & 0xfff8);
  return isLong(cpu) ? la : la & 0xffff_ffff;
}

/** Reads a descriptor; outside its table `vector` is raised with the selector. */
export function fetchDescriptor(cpu: Cpu, selector: u32, vector: u32, ext: u32): u64 {
  if (!inTable(cpu, selector, 8)) {
    raiseError(cpu, vector, errorCode(selector, ext));
    return 0;
  }
  return sysLd64(cpu, descriptorAddress(cpu, selector));
}

/**
 * Second half of a 16-byte system descriptor (IA-32e mode). Its type field must be zero, so that it
 * cannot be taken for a descriptor itself.
 */
export function fetchUpper(cpu: Cpu, selector: u32): u64 {
  if (!inTable(cpu, selector, 16)) {
    raiseGP(cpu, errorCode(selector, 0));
    return 0;
  }
  const upper = sysLd64(cpu, descriptorAddress(cpu, selector) + 8);
  if (cpu.fault == 0 && descType(upper) != 0) raiseGP(cpu, errorCode(selector, 0));
  return upper;
}

/** Sets bits of the descriptor's type byte in memory unless they are set; false: #PF raised. */
export function markDescriptor(cpu: Cpu, selector: u32, d: u64, bits: u32): bool {
  const type = <u32>(d >> 40) & 0xff;
  if ((type & bits) == bits) return true;
  sysSt8(cpu, descriptorAddress(cpu, selector) + 5, type | bits);
  return cpu.fault == 0;
}

/** Loads a segment register's visible and hidden parts from a descriptor that has been checked. */
export function commitSegment(cpu: Cpu, seg: u32, selector: u32, d: u64): void {
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, descBase(d));
  setSegLimit(cpu, seg, descLimit(d));
  setSegAttr(cpu, seg, descAttr(d) | TYPE_ACCESSED);
}

/** Loads CS from a checked code descriptor and enters privilege level `cpl`. updateModes is the caller's. */
export function commitCs(cpu: Cpu, selector: u32, d: u64, cpl: u32): void {
  commitSegment(cpu, SEG_CS, (selector & 0xfffc) | cpl, d);
  cpu.cpl = cpl;
}

/** Loads a null selector: the segment is unusable until the next load. */
export function loadNull(cpu: Cpu, seg: u32, selector: u32): void {
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, 0);
  setSegLimit(cpu, seg, 0);
  setSegAttr(cpu, seg, ATTR_UNUSABLE | (seg == SEG_SS ? cpu.cpl << 5 : 0));
}

/**
 * Loads a segment register, CS included, in real or virtual-8086 mode. Real mode changes only selector,
 * base and access rights: limit and D/B stay as protected mode left them ("unreal" mode).
 */
export function loadReal(cpu: Cpu, seg: u32, selector: u32): void {
  const attr = segAttr(cpu, seg);
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, <u64>(selector << 4));
  if (isV86(cpu)) {
    setSegLimit(cpu, seg, 0xffff);
    setSegAttr(cpu, seg, ATTR_V86);
  } else if ((attr & ATTR_UNUSABLE) != 0) {
    setSegLimit(cpu, seg, 0xffff);
    setSegAttr(cpu, seg, ATTR_REAL);
  } else {
    setSegAttr(cpu, seg, (attr & (ATTR_DB | ATTR_G)) | ATTR_REAL);
  }
}

/**
 * Reads and checks the descriptor of a stack segment for privilege level `cpl`; the selector is not null.
 * `vector` (#GP, or #TS while switching stacks or tasks) reports all but a segment that is not present.
 */
export function fetchStack(cpu: Cpu, selector: u32, cpl: u32, vector: u32, ext: u32): u64 {
  const d = fetchDescriptor(cpu, selector, vector, ext);
  if (cpu.fault != 0) return 0;
  const isWritableData =
    (descType(d) & (TYPE_S | TYPE_CODE | TYPE_WRITABLE)) == (TYPE_S | TYPE_WRITABLE);
  if (!isWritableData || (selector & 3) != cpl || descDpl(d) != cpl) {
    raiseError(cpu, vector, errorCode(selector, ext));
    return 0;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.SS, errorCode(selector, ext));
    return 0;
  }
  markDescriptor(cpu, selector, d, TYPE_ACCESSED);
  return d;
}

/** Reads and checks the descriptor of a data segment (DS ES FS GS); the selector is not null. */
export function fetchData(cpu: Cpu, selector: u32, vector: u32, ext: u32): u64 {
  const d = fetchDescriptor(cpu, selector, vector, ext);
  if (cpu.fault != 0) return 0;
  const type = descType(d);
  const isReadable = (type & TYPE_S) != 0 && (type & (TYPE_CODE | TYPE_WRITABLE)) != TYPE_CODE;
  const isConforming = (type & (TYPE_CODE | TYPE_CONFORMING)) == (TYPE_CODE | TYPE_CONFORMING);
  const dpl = descDpl(d);
  if (!isReadable || (!isConforming && ((selector & 3) > dpl || cpu.cpl > dpl))) {
    raiseError(cpu, vector, errorCode(selector, ext));
    return 0;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, ext));
    return 0;
  }
  markDescriptor(cpu, selector, d, TYPE_ACCESSED);
  return d;
}

/** A null stack selector is allowed only in 64-bit mode below privilege level 3, with RPL = CPL. */
function loadNullStack(cpu: Cpu, selector: u32): bool {
  if (!is64(cpu) || cpu.cpl == 3 || (selector & 3) != cpu.cpl) {
    raiseGP(cpu, 0);
    return false;
  }
  loadNull(cpu, SEG_SS, selector);
  return true;
}

/**
 * MOV, POP and LxS to ES SS DS FS GS. False: a fault has been raised and nothing has changed. Holding off
 * interrupts after MOV SS and POP SS (Cpu.shadow) is the caller's, since LSS does not.
 */
export function loadSegment(cpu: Cpu, seg: u32, selector: u32): bool {
  selector &= 0xffff;
  if (!isProtected(cpu)) {
    loadReal(cpu, seg, selector);
  } else if (isNull(selector)) {
    if (seg != SEG_SS) loadNull(cpu, seg, selector);
    else if (!loadNullStack(cpu, selector)) return false;
  } else {
    const d =
      seg == SEG_SS
        ? fetchStack(cpu, selector, cpu.cpl, Vector.GP, 0)
        : fetchData(cpu, selector, Vector.GP, 0);
    if (cpu.fault != 0) return false;
    commitSegment(cpu, seg, selector, d);
  }
  updateModes(cpu);
  return true;
}

/**
 * On a return to privilege level `cpl`: data segments the outer level may not use become null. Only the
 * selector and the access rights change: 64-bit mode goes on with the FS and GS bases.
 */
export function dropInnerSegments(cpu: Cpu, cpl: u32): void {
  dropInner(cpu, SEG_ES, cpl);
  dropInner(cpu, SEG_DS, cpl);
  dropInner(cpu, SEG_FS, cpl);
  dropInner(cpu, SEG_GS, cpl);
}

function dropInner(cpu: Cpu, seg: u32, cpl: u32): void {
  const attr = segAttr(cpu, seg);
  // A null selector loses its RPL.
  if ((attr & ATTR_UNUSABLE) != 0) setSegSel(cpu, seg, 0);
  if ((attr & ATTR_UNUSABLE) != 0 || ((attr >> 5) & 3) >= cpl) return;
  if ((attr & (TYPE_CODE | TYPE_CONFORMING)) == (TYPE_CODE | TYPE_CONFORMING)) return;
  setSegSel(cpu, seg, 0);
  setSegAttr(cpu, seg, ATTR_UNUSABLE);
}

/** A flat segment as SYSCALL and its kin load it, without looking at the descriptor table. */
export function loadFlat(cpu: Cpu, seg: u32, selector: u32, attr: u32): void {
  setSegSel(cpu, seg, selector & 0xffff);
  setSegBase(cpu, seg, 0);
  setSegLimit(cpu, seg, 0xffff_ffff);
  setSegAttr(cpu, seg, attr);
}

/** Base of a system segment, with its upper half in IA-32e mode; raises #GP(selector) when that is bad. */
function systemBase(cpu: Cpu, selector: u32, d: u64): u64 {
  let base = descBase(d);
  if (isLong(cpu)) {
    const upper = fetchUpper(cpu, selector);
    if (cpu.fault != 0) return 0;
    base |= upper << 32;
    if (!isCanonical(base)) raiseGP(cpu, errorCode(selector, 0));
  }
  return base;
}

/** LLDT; privilege and mode are the caller's to check. False: a fault has been raised. */
export function loadLdt(cpu: Cpu, selector: u32): bool {
  if (isNull(selector)) {
    loadNull(cpu, SEG_LDTR, selector);
    return true;
  }
  if ((selector & 4) != 0) {
    raiseGP(cpu, errorCode(selector, 0));
    return false;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return false;
  if (descType(d) != TYPE_LDT) {
    raiseGP(cpu, errorCode(selector, 0));
    return false;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, 0));
    return false;
  }
  const base = systemBase(cpu, selector, d);
  if (cpu.fault != 0) return false;
  commitSystem(cpu, SEG_LDTR, selector, d, base, descAttr(d));
  return true;
}

/** LTR; privilege and mode are the caller's to check. False: a fault has been raised. */
export function loadTr(cpu: Cpu, selector: u32): bool {
  if (isNull(selector)) {
    raiseGP(cpu, 0);
    return false;
  }
  if ((selector & 4) != 0) {
    raiseGP(cpu, errorCode(selector, 0));
    return false;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, 0);
  if (cpu.fault != 0) return false;
  const type = descType(d);
  if (type != TYPE_TSS32 && (type != TYPE_TSS16 || isLong(cpu))) {
    raiseGP(cpu, errorCode(selector, 0));
    return false;
  }
  if (!descPresent(d)) {
    raiseError(cpu, Vector.NP, errorCode(selector, 0));
    return false;
  }
  const base = systemBase(cpu, selector, d);
  if (cpu.fault != 0 || !markDescriptor(cpu, selector, d, 2)) return false;
  commitSystem(cpu, SEG_TR, selector, d, base, descAttr(d) | 2);
  return true;
}

export function commitSystem(
  cpu: Cpu,
  seg: u32,
  selector: u32,
  d: u64,
  base: u64,
  attr: u32,
): void {
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, base);
  setSegLimit(cpu, seg, descLimit(d));
  setSegAttr(cpu, seg, attr);
}

/** Whether a descriptor is a 64-bit code segment here (L counts only in IA-32e mode). */
export function isLongCode(cpu: Cpu, d: u64): bool {
  return isLong(cpu) && (descAttr(d) & ATTR_L) != 0;
}

/** IA-32e mode reserves the combination of L and D. */
export function isBadLongCode(cpu: Cpu, d: u64): bool {
  return isLong(cpu) && (descAttr(d) & (ATTR_L | ATTR_DB)) == (ATTR_L | ATTR_DB);
}

/** The type byte of a descriptor in memory, for clearing a busy bit. */
export function readTypeByte(cpu: Cpu, selector: u32): u32 {
  return sysLd8(cpu, descriptorAddress(cpu, selector) + 5);
}
