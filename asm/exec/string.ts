/**
 * String instructions (SDM vol. 1 7.3.9, vol. 2 MOVS CMPS STOS LODS SCAS, REP/REPE/REPNE).
 *
 * A repeated instruction works in turns: a run of items inside one page on host memory where source and
 * destination are plain RAM, else a single item through the full access path. After TURNS turns it is entered
 * again (EXEC_JUMP to its own address), so interrupts get in; registers are exact after every turn, so a fault
 * in the middle needs nothing undone. Flags of CMPS and SCAS appear only when the repetition ends: a fault,
 * a single step or an interruption in the middle shows those from before, as SDM vol. 2 REP says.
 *
 * Overlapping MOVS goes item by item, as programs use it to fill memory. As measured on Intel processors, CMPS
 * reads ES:rDI first, and a repeated instruction with 32-bit addresses in 64-bit mode clears the upper halves of
 * RCX, and of the pointers MOVS and STOS move, even if it then does nothing or faults.
 */
import { truncate } from "../base/bits";
import { is64, MODE_FLAT, MODE_STEP } from "../cpu/modes";
import { getZF, RFLAGS_DF, RFLAGS_RF } from "../cpu/rflags";
import { Cpu, SEG_ES, SEG_FS } from "../cpu/state";
import { INSN_REP, INSN_REPNE, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { hostRead, hostWrite } from "../mmu/access";
import { addressMask, segLinear } from "../mmu/address";
import { sub } from "./alu";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { loadMem, putReg, sizeOf, storeMem } from "./operand";

const TURNS: u32 = 64;

/** Writes the part of a register that the address size covers; 32 bits clear the upper half. */
export function putMasked(cpu: Cpu, offset: u32, value: u64, mask: u64): void {
  putReg(cpu, offset, value, mask == 0xffff ? 1 : mask == 0xffff_ffff ? 2 : 3);
}

function isDown(cpu: Cpu): bool {
  return (cpu.rflags & RFLAGS_DF) != 0;
}

/** Distance of `items` items in the direction of DF. */
function distance(cpu: Cpu, items: u32, size: u32): u64 {
  const bytes = (<u64>items) << (<u64>size);
  return isDown(cpu) ? 0 - bytes : bytes;
}

function moveSource(cpu: Cpu, items: u32, size: u32, mask: u64): void {
  putMasked(cpu, offsetof<Cpu>("rsi"), cpu.rsi + distance(cpu, items, size), mask);
}
function moveTarget(cpu: Cpu, items: u32, size: u32, mask: u64): void {
  putMasked(cpu, offsetof<Cpu>("rdi"), cpu.rdi + distance(cpu, items, size), mask);
}

/** The item at segment:rSI; look at cpu.fault. */
function loadSource(cpu: Cpu, seg: u32, size: u32, mask: u64): u64 {
  const la = segLinear(cpu, seg, cpu.rsi & mask, 1 << size, false);
  return cpu.fault == 0 ? loadMem(cpu, la, size) : 0;
}
/** The item at ES:rDI; look at cpu.fault. */
function loadTarget(cpu: Cpu, size: u32, mask: u64): u64 {
  const la = segLinear(cpu, SEG_ES, cpu.rdi & mask, 1 << size, false);
  return cpu.fault == 0 ? loadMem(cpu, la, size) : 0;
}
function storeTarget(cpu: Cpu, value: u64, size: u32, mask: u64): void {
  const la = segLinear(cpu, SEG_ES, cpu.rdi & mask, 1 << size, true);
  if (cpu.fault == 0) storeMem(cpu, la, value, size);
}

/** One item by the full access path; registers change only if it does not fault. */
function item(cpu: Cpu, op: u32, seg: u32, size: u32, mask: u64): void {
  switch (op) {
    case Op.MOVS: {
      const value = loadSource(cpu, seg, size, mask);
      if (cpu.fault == 0) storeTarget(cpu, value, size, mask);
      if (cpu.fault != 0) return;
      moveSource(cpu, 1, size, mask);
      moveTarget(cpu, 1, size, mask);
      break;
    }
    case Op.STOS:
      storeTarget(cpu, cpu.rax, size, mask);
      if (cpu.fault == 0) moveTarget(cpu, 1, size, mask);
      break;
    case Op.LODS: {
      const value = loadSource(cpu, seg, size, mask);
      if (cpu.fault != 0) return;
      putReg(cpu, 0, value, size);
      moveSource(cpu, 1, size, mask);
      break;
    }
    case Op.CMPS: {
      const b = loadTarget(cpu, size, mask);
      if (cpu.fault != 0) return;
      const a = loadSource(cpu, seg, size, mask);
      if (cpu.fault != 0) return;
      sub(cpu, a, b, size);
      moveSource(cpu, 1, size, mask);
      moveTarget(cpu, 1, size, mask);
      break;
    }
    default: {
      const b = loadTarget(cpu, size, mask);
      if (cpu.fault != 0) return;
      sub(cpu, truncate(cpu.rax, size), b, size);
      moveTarget(cpu, 1, size, mask);
    }
  }
}

/** Host address of the item at seg:ea, 0 when it is not plain RAM inside one page or faults. */
function runStart(cpu: Cpu, seg: u32, ea: u64, size: u32, isWrite: bool): u32 {
  const la = segLinear(cpu, seg, ea, 1 << size, isWrite);
  if (cpu.fault != 0) return 0;
  return isWrite ? hostWrite(cpu, la, 1 << size) : hostRead(cpu, la, 1 << size);
}

/** How many of `count` items from `host` = offset `ea` stay in the page and below the offset's wrap. */
function reach(cpu: Cpu, count: u32, host: u32, ea: u64, size: u32, mask: u64): u32 {
  const at = host & 0xfff;
  let inPage: u32;
  let room: u64;
  if (isDown(cpu)) {
    inPage = (at >> size) + 1;
    room = (ea >> <u64>size) + 1;
  } else {
    inPage = (4096 - at) >> size;
    room = (min<u64>(mask - ea, 4095) + 1) >> <u64>size;
  }
  return min<u32>(min<u32>(count, inPage), <u32>min<u64>(room, 4096));
}

/** Whether the segment holds all `items` items from `ea`; raises nothing. The first one is known to be inside. */
function isInside(cpu: Cpu, seg: u32, ea: u64, items: u32, size: u32, isWrite: bool): bool {
  if (is64(cpu) || ((cpu.modeKey & MODE_FLAT) != 0 && seg < SEG_FS)) return true;
  const bytes = items << size;
  segLinear(cpu, seg, isDown(cpu) ? ea - (bytes - (1 << size)) : ea, bytes, isWrite);
  const inside = cpu.fault == 0;
  cpu.fault = 0;
  return inside;
}

function loadHost(host: u32, size: u32): u64 {
  switch (size) {
    case 0:
      return load<u8>(host);
    case 1:
      return load<u16>(host);
    case 2:
      return load<u32>(host);
    default:
      return load<u64>(host);
  }
}

function storeHost(host: u32, value: u64, size: u32): void {
  switch (size) {
    case 0:
      store<u8>(host, <u8>value);
      break;
    case 1:
      store<u16>(host, <u16>value);
      break;
    case 2:
      store<u32>(host, <u32>value);
      break;
    default:
      store<u64>(host, value);
  }
}

/** Copies a run whose first items are at `from` and `to`, in the order MOVS has. */
function copyRun(to: u32, from: u32, items: u32, size: u32, down: bool): void {
  const bytes = items << size;
  // Going up, a destination closely above the source reads what was just written; going down, one below.
  const ahead = down ? from - to : to - from;
  if (ahead == 0 || ahead >= bytes) {
    const back = down ? bytes - (1 << size) : 0;
    memory.copy(to - back, from - back, bytes);
    return;
  }
  const step = down ? 0 - (1 << size) : 1 << size;
  for (; items != 0; items--) {
    storeHost(to, loadHost(from, size), size);
    to += step;
    from += step;
  }
}

/** Fills `items` items upward from `to`. */
function fillRun(to: u32, value: u64, items: u32, size: u32): void {
  let pattern = truncate(value, size);
  if (size == 0) pattern *= 0x0101_0101_0101_0101;
  else if (size == 1) pattern *= 0x0001_0001_0001_0001;
  else if (size == 2) pattern |= pattern << 32;
  const bytes = items << size;
  if (pattern == rotl<u64>(pattern, 8)) {
    memory.fill(to, <u8>pattern, bytes);
    return;
  }
  const end = to + bytes;
  for (; to + 8 <= end; to += 8) store<u64>(to, pattern);
  for (; to < end; to += 1 << size) storeHost(to, pattern, size);
}

/**
 * A run of MOVS, STOS, CMPS or SCAS on host memory, of at most `count` items. Returns how many items it did
 * (CMPS and SCAS stop after the first that ends the repetition, and set the flags by the last one); 0 when a
 * single item must take the full path, or after a fault.
 */
function run(cpu: Cpu, op: u32, seg: u32, size: u32, mask: u64, count: u32, whileEqual: bool): u32 {
  const si = cpu.rsi & mask;
  const di = cpu.rdi & mask;
  const isWrite = op == Op.MOVS || op == Op.STOS;
  let items = count;
  let from: u32 = 0;
  if (op == Op.MOVS) {
    from = runStart(cpu, seg, si, size, false);
    if (from == 0) return 0;
  }
  const to = runStart(cpu, SEG_ES, di, size, isWrite);
  if (to == 0) return 0;
  if (op == Op.CMPS) {
    from = runStart(cpu, seg, si, size, false);
    if (from == 0) return 0;
  }
  items = reach(cpu, items, to, di, size, mask);
  if (from != 0) items = reach(cpu, items, from, si, size, mask);
  if (!isInside(cpu, SEG_ES, di, items, size, isWrite)) return 0;
  if (from != 0 && !isInside(cpu, seg, si, items, size, false)) return 0;

  const down = isDown(cpu);
  if (op == Op.MOVS) copyRun(to, from, items, size, down);
  else if (op == Op.STOS) fillRun(down ? to - ((items - 1) << size) : to, cpu.rax, items, size);
  else items = compareRun(cpu, to, from, items, size, whileEqual);
  if (from != 0) moveSource(cpu, items, size, mask);
  moveTarget(cpu, items, size, mask);
  return items;
}

/** CMPS, or SCAS when `from` is 0: items compared, flags set by the last. */
function compareRun(cpu: Cpu, to: u32, from: u32, items: u32, size: u32, whileEqual: bool): u32 {
  const step = isDown(cpu) ? 0 - (1 << size) : 1 << size;
  let a = truncate(cpu.rax, size);
  let b: u64 = 0;
  let done: u32 = 0;
  while (done < items) {
    if (from != 0) {
      a = loadHost(from, size);
      from += step;
    }
    b = loadHost(to, size);
    to += step;
    done++;
    if ((a == b) != whileEqual) break;
  }
  sub(cpu, a, b, size);
  return done;
}

/** What a repeated instruction does before its first item, even if there is none or it faults. */
function clearUpper(cpu: Cpu, op: u32, mask: u64): void {
  putMasked(cpu, offsetof<Cpu>("rcx"), cpu.rcx, mask);
  if (op == Op.MOVS) putMasked(cpu, offsetof<Cpu>("rsi"), cpu.rsi, mask);
  if (op == Op.MOVS || op == Op.STOS) putMasked(cpu, offsetof<Cpu>("rdi"), cpu.rdi, mask);
}

function repeat(cpu: Cpu, op: u32, seg: u32, size: u32, mask: u64, whileEqual: bool): u32 {
  const isCompare = op == Op.CMPS || op == Op.SCAS;
  const isStepping = (cpu.modeKey & MODE_STEP) != 0;
  const ccOp = cpu.ccOp;
  const ccDst = cpu.ccDst;
  const ccSrc = cpu.ccSrc;
  for (let turn: u32 = isStepping ? 1 : TURNS; turn != 0; turn--) {
    let done: u32 = 0;
    if (!isStepping && op != Op.LODS) {
      done = run(cpu, op, seg, size, mask, <u32>min<u64>(cpu.rcx & mask, 4096), whileEqual);
    }
    if (done == 0) {
      if (cpu.fault == 0) item(cpu, op, seg, size, mask);
      if (cpu.fault != 0) break;
      done = 1;
    }
    putMasked(cpu, offsetof<Cpu>("rcx"), cpu.rcx - done, mask);
    if ((cpu.rcx & mask) == 0) return EXEC_NEXT;
    if (isCompare && getZF(cpu) != whileEqual) return EXEC_NEXT;
  }
  if (isCompare) {
    cpu.ccOp = ccOp;
    cpu.ccDst = ccDst;
    cpu.ccSrc = ccSrc;
  }
  if (cpu.fault != 0) return EXEC_NEXT;
  cpu.nextRip = cpu.rip;
  // Not a new instruction: its breakpoint has been met (SDM vol. 3 17.3.1.1).
  if (isStepping) cpu.rflags |= RFLAGS_RF;
  return EXEC_JUMP;
}

/** MOVS CMPS STOS LODS SCAS; either repeat prefix repeats those that do not compare. */
export function execString(cpu: Cpu, insn: Insn, op: u32): u32 {
  const size = sizeOf(insn);
  const mask = addressMask(insn);
  const flags = <u32>insn.flags;
  if ((flags & (INSN_REP | INSN_REPNE)) == 0) {
    item(cpu, op, insn.seg, size, mask);
    return EXEC_NEXT;
  }
  if (mask == 0xffff_ffff) clearUpper(cpu, op, mask);
  if ((cpu.rcx & mask) == 0) return EXEC_NEXT;
  return repeat(cpu, op, insn.seg, size, mask, (flags & INSN_REP) != 0);
}
