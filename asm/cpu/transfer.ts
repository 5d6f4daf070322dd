/**
 * The stack a control transfer pushes on before it commits: interrupts, exceptions, far calls and call
 * gates write their frame through a `Transfer`, which holds a copy of the stack's hidden part and the
 * moving stack pointer. Registers change only once every push has succeeded, so a fault in between
 * leaves the interrupted state whole (what was written below the stack pointer is no state).
 *
 * SDM vol. 3 5.8.5 (stack switching), 6.12.1, 6.14.2 and 6.14.4 (64-bit mode), 7.7 (64-bit TSS), vol. 2
 * CALL and INT n. Pushes use the access rights of the privilege level the handler will run at; TSS
 * reads are implicit supervisor accesses.
 */

import { VCPU_TRANSFER } from "../layout";
import { ld16, ld32, ld64, st16, st32, st64, sysLd16, sysLd32, sysLd64 } from "../mmu/access";
import { segLinear } from "../mmu/address";
import { isCanonical } from "../mmu/walk";
import { raiseError, raiseGP, Vector } from "./fault";
import {
  ATTR_DB,
  ATTR_L,
  ATTR_UNUSABLE,
  accessMode,
  EFER_LMA,
  isLong,
  MODE_CODE_MASK,
  MODE_CODE64,
  MODE_STACK32,
} from "./modes";
import { descAttr, descBase, descLimit, errorCode, fetchStack } from "./segment";
import {
  Cpu,
  SEG_SS,
  SEG_TR,
  segAttr,
  segBase,
  segLimit,
  segSel,
  setSegAttr,
  setSegBase,
  setSegLimit,
  setSegSel,
} from "./state";

@unmanaged
export class Transfer {
  base: u64; // linear base of the stack segment; 0 for a 64-bit stack
  rsp: u64; // stack pointer so far
  mask: u64; // the part of RSP that moves: 16, 32 or 64 bits
  limit: u32;
  attr: u32;
  sel: u32;
  error: u32; // error code of this stack's #SS
  access: u32; // access mode of the pushes, as in Cpu.tlbKey
  selector: u32; // far pointer read from memory or popped
  offset: u64;
}

export function transfer(cpu: Cpu): Transfer {
  return changetype<Transfer>(changetype<usize>(cpu) + VCPU_TRANSFER);
}

/** The part of RSP that stack operations move now. */
export function stackMask(cpu: Cpu): u64 {
  const mode = cpu.modeKey;
  if ((mode & MODE_CODE_MASK) == MODE_CODE64) return ~0;
  return (mode & MODE_STACK32) != 0 ? 0xffff_ffff : 0xffff;
}

/** Chooses the stack in use; `error` is the code its #SS would carry (0 or EXT). */
export function useCurrentStack(cpu: Cpu, error: u32): void {
  const t = transfer(cpu);
  t.rsp = cpu.rsp;
  t.mask = stackMask(cpu);
  // A flat 64-bit stack is told by its mask: neither base nor limit apply.
  t.base = t.mask == ~0 ? 0 : segBase(cpu, SEG_SS);
  t.limit = segLimit(cpu, SEG_SS);
  t.attr = segAttr(cpu, SEG_SS);
  t.sel = segSel(cpu, SEG_SS);
  t.error = error;
  t.access = accessMode(cpu, cpu.cpl);
}

/**
 * Chooses the stack in use for a far call in IA-32e mode: it is a 64-bit stack if the target is 64-bit
 * code, whatever the caller is; for other targets SS decides, so that a call from 64-bit code to
 * compatibility mode pushes at ESP (seen on current Intel processors).
 */
export function useStackOfTarget(cpu: Cpu, isLongTarget: bool): void {
  useCurrentStack(cpu, 0);
  const t = transfer(cpu);
  t.mask = isLongTarget ? ~0 : (t.attr & ATTR_DB) != 0 ? 0xffff_ffff : 0xffff;
  t.base = isLongTarget ? 0 : segBase(cpu, SEG_SS);
}

/** Chooses a 64-bit stack that starts at `rsp`, pushed on by privilege level `cpl`. */
export function useLongStack(cpu: Cpu, rsp: u64, cpl: u32, error: u32): void {
  const t = transfer(cpu);
  t.rsp = rsp;
  t.mask = ~0;
  t.base = 0;
  t.sel = cpl; // a null selector with RPL = CPL
  t.error = error;
  t.access = accessMode(cpu, cpl);
}

/** RSP of privilege level or IST slot at byte `at` of the 64-bit TSS; #TS when outside its limit. */
export function longTssStack(cpu: Cpu, at: u32, ext: u32): u64 {
  if (at + 7 > segLimit(cpu, SEG_TR)) {
    raiseError(cpu, Vector.TS, errorCode(segSel(cpu, SEG_TR), ext));
    return 0;
  }
  return sysLd64(cpu, segBase(cpu, SEG_TR) + at);
}

/** Chooses the stack the TSS names for privilege level `cpl`; false: #TS, #SS or #PF raised. */
export function useInnerStack(cpu: Cpu, cpl: u32, ext: u32): bool {
  if (isLong(cpu)) {
    const rsp = longTssStack(cpu, (cpl << 3) + 4, ext);
    if (cpu.fault != 0) return false;
    useLongStack(cpu, rsp, cpl, ext);
    return true;
  }
  const base = segBase(cpu, SEG_TR);
  const is32 = (segAttr(cpu, SEG_TR) & 8) != 0;
  const at = is32 ? (cpl << 3) + 4 : (cpl << 2) + 2;
  if (at + (is32 ? 5 : 3) > segLimit(cpu, SEG_TR)) {
    raiseError(cpu, Vector.TS, errorCode(segSel(cpu, SEG_TR), ext));
    return false;
  }
  const esp = is32 ? sysLd32(cpu, wrap(base + at)) : sysLd16(cpu, wrap(base + at));
  if (cpu.fault != 0) return false;
  const sel = sysLd16(cpu, wrap(base + at + (is32 ? 4 : 2)));
  if (cpu.fault != 0) return false;
  if ((sel & 0xfffc) == 0) {
    raiseError(cpu, Vector.TS, ext);
    return false;
  }
  const d = fetchStack(cpu, sel, cpl, Vector.TS, ext);
  if (cpu.fault != 0) return false;
  const t = transfer(cpu);
  t.base = descBase(d);
  t.limit = descLimit(d);
  t.attr = descAttr(d);
  t.sel = sel;
  t.mask = (t.attr & ATTR_DB) != 0 ? 0xffff_ffff : 0xffff;
  t.rsp = withStackPointer(cpu.rsp, esp, t.mask);
  t.error = errorCode(sel, ext);
  t.access = accessMode(cpu, cpl);
  return true;
}

function wrap(la: u64): u64 {
  return la & 0xffff_ffff;
}

/** True when `len` bytes at offset `at` lie in a data segment. In one of 4 GiB they may wrap, as in mmu/address.ts. */
function inLimit(attr: u32, limit: u32, at: u32, len: u32): bool {
  const last = at + (len - 1);
  if ((attr & 4) == 0 && limit == 0xffff_ffff) return true;
  if (last < at) return false;
  if ((attr & 4) == 0) return last <= limit;
  return at > limit && last <= ((attr & ATTR_DB) != 0 ? 0xffff_ffff : 0xffff);
}

function refuseStack(cpu: Cpu): bool {
  raiseError(cpu, Vector.SS, transfer(cpu).error);
  return false;
}

/** Checks that `count` items of `size` bytes fit below the stack pointer; false: #SS raised. */
export function hasRoom(cpu: Cpu, count: u32, size: u32): bool {
  const t = transfer(cpu);
  let rsp = t.rsp;
  for (let i: u32 = 0; i < count; i++) {
    rsp = (rsp - size) & t.mask;
    if (t.mask == ~0) {
      if (!isCanonical(rsp) || !isCanonical(rsp + size - 1)) return refuseStack(cpu);
    } else if (!inLimit(t.attr, t.limit, <u32>rsp, size)) {
      return refuseStack(cpu);
    }
  }
  return true;
}

/** Writes one item of 2, 4 or 8 bytes; hasRoom has been asked. False: #PF (or #AC) raised. */
export function pushItem(cpu: Cpu, value: u64, size: u32): bool {
  const t = transfer(cpu);
  const moved = (t.rsp - size) & t.mask;
  const la = t.mask == ~0 ? moved : (t.base + moved) & 0xffff_ffff;
  const access = cpu.tlbKey & 3;
  cpu.tlbKey = (cpu.tlbKey & ~3) | <u64>t.access;
  if (size == 8) st64(cpu, la, value);
  else if (size == 4) st32(cpu, la, <u32>value);
  else st16(cpu, la, <u32>value);
  cpu.tlbKey = (cpu.tlbKey & ~3) | access;
  if (cpu.fault != 0) return false;
  t.rsp = withStackPointer(t.rsp, moved, t.mask);
  return true;
}

/** Makes the frame's stack pointer the current one. */
export function commitStackPointer(cpu: Cpu): void {
  cpu.rsp = transfer(cpu).rsp;
}

/** Loads SS from the chosen inner stack; the caller has set CPL to `cpl`. */
export function commitInnerStack(cpu: Cpu, cpl: u32): void {
  const t = transfer(cpu);
  setSegSel(cpu, SEG_SS, t.sel);
  if ((cpu.efer & EFER_LMA) != 0) {
    setSegBase(cpu, SEG_SS, 0);
    setSegLimit(cpu, SEG_SS, 0);
    setSegAttr(cpu, SEG_SS, ATTR_UNUSABLE | (cpl << 5));
  } else {
    setSegBase(cpu, SEG_SS, t.base);
    setSegLimit(cpu, SEG_SS, t.limit);
    setSegAttr(cpu, SEG_SS, t.attr);
  }
  cpu.rsp = t.rsp;
}

/** Item of `size` bytes `at` bytes above the current stack pointer; #SS(0) or #PF raised when it cannot be read. */
export function peekItem(cpu: Cpu, at: u32, size: u32): u64 {
  const ea = (cpu.rsp + at) & stackMask(cpu);
  const la = segLinear(cpu, SEG_SS, ea, size, false);
  if (cpu.fault != 0) return 0;
  if (size == 8) return ld64(cpu, la);
  return size == 4 ? ld32(cpu, la) : ld16(cpu, la);
}

/** A far transfer from 64-bit code to code segment `d`: in compatibility mode RSP begins with its upper half clear. */
export function narrowStackPointer(cpu: Cpu, d: u64): void {
  if (isLong(cpu) && (descAttr(d) & ATTR_L) == 0) cpu.rsp &= 0xffff_ffff;
}

/** RSP with `value` in the part that a stack of `mask` uses; a 32-bit stack clears the upper half. */
export function withStackPointer(old: u64, value: u64, mask: u64): u64 {
  return mask == 0xffff ? (old & ~mask) | (value & mask) : value & mask;
}

/** RIP of a far transfer to code descriptor `d`: code that is not 64-bit takes the low half. */
export function targetRip(cpu: Cpu, d: u64, rip: u64): u64 {
  return isLong(cpu) && (descAttr(d) & ATTR_L) != 0 ? rip : rip & 0xffff_ffff;
}

/** RIP `rip` of a far transfer to code descriptor `d`: inside its limit, or canonical in 64-bit code. */
export function checkTarget(cpu: Cpu, d: u64, rip: u64, error: u32): bool {
  const isBad =
    isLong(cpu) && (descAttr(d) & ATTR_L) != 0 ? !isCanonical(rip) : rip > <u64>descLimit(d);
  if (isBad) raiseGP(cpu, error);
  return !isBad;
}
