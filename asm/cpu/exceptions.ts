/**
 * Delivery of interrupts and exceptions (SDM vol. 3 chapter 6, 20.2-20.3 for real and virtual-8086 mode;
 * vol. 2 INT n operation section).
 *
 *   deliverFault      the exception an instruction raised (cpu.fault), return address cpu.rip
 *   deliverInterrupt  external interrupt, NMI, #DB trap; return address cpu.rip, the next instruction
 *   softInterrupt     INT n, INT3, INTO, INT1; return address cpu.nextRip
 *
 * Each goes through `enterHandler`, which changes registers only after every check, table read and push
 * has succeeded. If one fails, cpu.fault holds the nested exception and the interrupted state is whole:
 * `deliver` then combines the two by SDM vol. 3 table 6-5 into the nested one, #DF, or shutdown. A task
 * gate is the exception to "whole": a fault after the switch belongs to the new task (cpu/task.ts).
 *
 * EXT (bit 0 of error codes) is set in faults met while delivering anything but INT n, INT3 and INTO.
 *
 * Debug exceptions: whoever finds a debug condition ORs its DR6 bits into cpu.debugHit before raising #DB
 * or calling deliverInterrupt(cpu, Vector.DB); they move to DR6 here and DR7.GD is cleared.
 *
 * Not modelled: shadow stacks, FRED, virtualisation exceptions; CPUID offers none of them.
 */
import { EXEC_JUMP, EXEC_NEXT } from "../exec/exec";
import { sysLd8, sysLd16, sysLd64 } from "../mmu/access";
import { raiseError, raiseGP, Vector } from "./fault";
import { CR0_PE, CR4_VME, isLong, updateModes } from "./modes";
import {
  getOF,
  getRflags,
  RFLAGS_AC,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_NT,
  RFLAGS_RF,
  RFLAGS_TF,
  RFLAGS_VIF,
  RFLAGS_VM,
} from "./rflags";
import {
  commitCs,
  descDpl,
  descPresent,
  descType,
  errorCode,
  fetchDescriptor,
  isBadLongCode,
  isLongCode,
  isNull,
  loadNull,
  loadReal,
  markDescriptor,
  TYPE_ACCESSED,
  TYPE_CODE,
  TYPE_CONFORMING,
  TYPE_INTERRUPT_GATE16,
  TYPE_INTERRUPT_GATE32,
  TYPE_S,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE16,
  TYPE_TRAP_GATE32,
} from "./segment";
import {
  Cpu,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_IDTR,
  SEG_SS,
  SEG_TR,
  segAttr,
  segBase,
  segLimit,
  segSel,
} from "./state";
import { fetchTss, switchTask, TASK_INTERRUPT } from "./task";
import {
  checkTarget,
  commitInnerStack,
  commitStackPointer,
  hasRoom,
  longTssStack,
  pushItem,
  transfer,
  useCurrentStack,
  useInnerStack,
  useLongStack,
} from "./transfer";

/** How a handler is entered; bit 0 is the EXT bit of nested error codes. */
const ENTER_EXT: u32 = 1;
const ENTER_SOFT: u32 = 2; // INT n, INT3, INTO: the gate's DPL counts
const ENTER_ERROR: u32 = 4; // push an error code

/** DR7.GD: general detect enable. */
const DR7_GD: u64 = 1 << 13;
/** The breakpoint bits of DR6, which a new debug exception replaces; the others accumulate. */
const DR6_B: u64 = 0xf;
const DR6_RTM: u32 = 1 << 16;

/**
 * In cpu.debugHit: the instruction just executed with TF set is not followed by a single-step trap, because
 * it cleared TF on the way into a handler (INT n and SYSCALL; SDM vol. 3 17.3.1.4).
 */
export const STEP_CANCELLED: u32 = 1 << 31;

/** Classes of SDM vol. 3 table 6-4. */
const CLASS_BENIGN: u32 = 0;
const CLASS_CONTRIBUTORY: u32 = 1;
const CLASS_PAGE_FAULT: u32 = 2;
const CLASS_DOUBLE_FAULT: u32 = 3;

function exceptionClass(vector: u32): u32 {
  switch (vector) {
    case Vector.DE:
    case Vector.TS:
    case Vector.NP:
    case Vector.SS:
    case Vector.GP:
      return CLASS_CONTRIBUTORY;
    case Vector.DF:
      return CLASS_DOUBLE_FAULT;
    case Vector.PF:
      return CLASS_PAGE_FAULT;
    default:
      return CLASS_BENIGN;
  }
}

/** Delivers cpu.fault of the instruction at cpu.rip. False: shutdown (triple fault). */
export function deliverFault(cpu: Cpu): bool {
  const vector = cpu.fault & 0xff;
  const how = ENTER_EXT | (cpu.faultHasError != 0 ? ENTER_ERROR : 0);
  return deliver(cpu, vector, how, cpu.faultError, exceptionClass(vector), true);
}

/**
 * Delivers an external interrupt, NMI (Vector.NMI) or #DB trap between two instructions, the next of which
 * is at cpu.rip. False: shutdown.
 */
export function deliverInterrupt(cpu: Cpu, vector: u32): bool {
  if (vector == Vector.NMI) cpu.nmiBlocked = 1;
  return deliver(cpu, vector, ENTER_EXT, 0, CLASS_BENIGN, false);
}

/** Whether the exception sets RF in the saved flags: faults do (and #DF, which replaces one), so that an
 * instruction breakpoint is not met twice. */
function setsResume(vector: u32): bool {
  return vector != Vector.DB && vector != Vector.MC;
}

function deliver(cpu: Cpu, vector: u32, how: u32, error: u32, first: u32, isFault: bool): bool {
  let isDebug = vector == Vector.DB;
  while (true) {
    cpu.fault = 0;
    if (isDebug) enterDebug(cpu);
    let image = getRflags(cpu);
    if (isFault && setsResume(vector)) image |= RFLAGS_RF;
    if (enterHandler(cpu, vector, cpu.rip, image, how, error)) {
      cpu.halted = 0;
      cpu.shadow = 0;
      if (cpu.fault == 0) return true;
      first = CLASS_BENIGN; // the debug trap of a task switch
    }
    vector = cpu.fault & 0xff;
    const second = exceptionClass(vector);
    if (first == CLASS_DOUBLE_FAULT && second != CLASS_BENIGN) return false;
    if (
      (first == CLASS_CONTRIBUTORY && second == CLASS_CONTRIBUTORY) ||
      (first == CLASS_PAGE_FAULT && second != CLASS_BENIGN)
    ) {
      vector = Vector.DF;
      how = ENTER_EXT | ENTER_ERROR;
      error = 0;
      first = CLASS_DOUBLE_FAULT;
    } else {
      how = ENTER_EXT | (cpu.faultHasError != 0 ? ENTER_ERROR : 0);
      error = cpu.faultError;
      first = second;
    }
    isFault = true;
    isDebug = vector == Vector.DB;
  }
}

function enterDebug(cpu: Cpu): void {
  const hit = cpu.debugHit & ~(DR6_RTM | STEP_CANCELLED);
  cpu.debugHit = 0;
  cpu.dr6 = (cpu.dr6 & ~DR6_B) | <u64>hit;
  cpu.dr7 &= ~DR7_GD;
}

/**
 * INT n (opcode CDh), INT3 (CCh), INTO (CEh) and INT1 (F1h). INTO with OF = 0 goes on. EXEC_JUMP: continue
 * at cpu.nextRip; a fault leaves everything as it was.
 */
export function softInterrupt(cpu: Cpu, vector: u32, opcode: u32): u32 {
  if (opcode == 0xce && !getOF(cpu)) return EXEC_NEXT;
  const flags = getRflags(cpu);
  if ((flags & RFLAGS_VM) != 0 && opcode == 0xcd) {
    if ((cpu.cr4 & CR4_VME) != 0) {
      const isRedirected = redirects(cpu, vector);
      if (cpu.fault != 0) return EXEC_NEXT;
      if (isRedirected) return redirect(cpu, vector, flags);
    }
    if ((flags & RFLAGS_IOPL) != RFLAGS_IOPL) {
      raiseGP(cpu, 0);
      return EXEC_NEXT;
    }
  }
  const how = opcode == 0xf1 ? ENTER_EXT : ENTER_SOFT;
  if (!enterHandler(cpu, vector, cpu.nextRip, flags, how, 0)) return EXEC_NEXT;
  if (opcode == 0xf1) enterDebug(cpu);
  if ((flags & RFLAGS_TF) != 0) cpu.debugHit |= STEP_CANCELLED;
  return EXEC_JUMP;
}

/**
 * The software interrupt redirection bitmap (SDM vol. 3 20.3.3): the 32 bytes below the I/O permission
 * bitmap of the TSS; a clear bit sends INT n to the 8086 program's own handler.
 */
function redirects(cpu: Cpu, vector: u32): bool {
  const limit = segLimit(cpu, SEG_TR);
  const base = segBase(cpu, SEG_TR);
  if ((segAttr(cpu, SEG_TR) & 8) == 0 || limit < 103) {
    raiseGP(cpu, 0);
    return false;
  }
  const ioMap = sysLd16(cpu, (base + 102) & 0xffff_ffff);
  if (cpu.fault != 0) return false;
  const at = ioMap - 32 + (vector >> 3);
  if (at > limit) {
    raiseGP(cpu, 0);
    return false;
  }
  const bits = sysLd8(cpu, (base + at) & 0xffff_ffff);
  return cpu.fault == 0 && ((bits >> (vector & 7)) & 1) == 0;
}

/** INT n to the handler of the virtual-8086 program: as in real mode, with VIF in place of IF below IOPL 3. */
function redirect(cpu: Cpu, vector: u32, flags: u32): u32 {
  const ip = sysLd16(cpu, <u64>(vector << 2));
  if (cpu.fault != 0) return EXEC_NEXT;
  const sel = sysLd16(cpu, <u64>(vector << 2) + 2);
  if (cpu.fault != 0) return EXEC_NEXT;
  let clear: u32 = RFLAGS_IF;
  if ((flags & RFLAGS_IOPL) != RFLAGS_IOPL) {
    clear = RFLAGS_VIF;
    flags = (flags & ~RFLAGS_IF) | RFLAGS_IOPL | ((flags & RFLAGS_VIF) != 0 ? RFLAGS_IF : 0);
  }
  if (!pushReal(cpu, flags, <u32>cpu.nextRip, 0)) return EXEC_NEXT;
  commitStackPointer(cpu);
  cpu.rflags &= ~(clear | RFLAGS_TF | RFLAGS_RF);
  loadReal(cpu, SEG_CS, sel);
  cpu.nextRip = ip;
  updateModes(cpu);
  if ((flags & RFLAGS_TF) != 0) cpu.debugHit |= STEP_CANCELLED;
  return EXEC_JUMP;
}

/** Pushes the three words of an 8086 interrupt frame. */
function pushReal(cpu: Cpu, flags: u32, ip: u32, ext: u32): bool {
  useCurrentStack(cpu, ext);
  return (
    hasRoom(cpu, 3, 2) &&
    pushItem(cpu, flags & 0xffff, 2) &&
    pushItem(cpu, segSel(cpu, SEG_CS), 2) &&
    pushItem(cpu, ip & 0xffff, 2)
  );
}

/**
 * Enters the handler of `vector` with return address `rip` and saved flags `image`. False: cpu.fault holds
 * the exception met on the way.
 */
function enterHandler(cpu: Cpu, vector: u32, rip: u64, image: u32, how: u32, error: u32): bool {
  if ((cpu.cr0 & CR0_PE) == 0) return enterReal(cpu, vector, rip, image);
  if (isLong(cpu)) return enterLong(cpu, vector, rip, image, how, error);
  const code = errorCode(vector << 3, 2 | (how & ENTER_EXT));
  if ((vector << 3) + 7 > segLimit(cpu, SEG_IDTR)) {
    raiseGP(cpu, code);
    return false;
  }
  const gate = sysLd64(cpu, (segBase(cpu, SEG_IDTR) + (vector << 3)) & 0xffff_ffff);
  if (cpu.fault != 0) return false;
  switch (descType(gate)) {
    case TYPE_TASK_GATE:
      return checkGate(cpu, gate, code, how) && enterTask(cpu, gate, rip, image, how, error);
    case TYPE_INTERRUPT_GATE16:
    case TYPE_TRAP_GATE16:
    case TYPE_INTERRUPT_GATE32:
    case TYPE_TRAP_GATE32:
      return checkGate(cpu, gate, code, how) && enterGate(cpu, gate, rip, image, how, error);
    default:
      raiseGP(cpu, code);
      return false;
  }
}

/** Real mode: far pointers at the base of IDTR, no error codes (SDM vol. 3 20.1.4). */
function enterReal(cpu: Cpu, vector: u32, rip: u64, image: u32): bool {
  if ((vector << 2) + 3 > segLimit(cpu, SEG_IDTR)) {
    raiseGP(cpu, 0);
    return false;
  }
  const entry = (segBase(cpu, SEG_IDTR) + (vector << 2)) & 0xffff_ffff;
  const ip = sysLd16(cpu, entry);
  if (cpu.fault != 0) return false;
  const sel = sysLd16(cpu, (entry + 2) & 0xffff_ffff);
  if (cpu.fault != 0 || !pushReal(cpu, image, <u32>rip, 0)) return false;
  commitStackPointer(cpu);
  cpu.rflags &= ~(RFLAGS_IF | RFLAGS_TF | RFLAGS_AC | RFLAGS_RF);
  loadReal(cpu, SEG_CS, sel);
  enterAt(cpu, ip);
  return true;
}

function enterAt(cpu: Cpu, rip: u64): void {
  cpu.rip = rip;
  cpu.nextRip = rip;
  updateModes(cpu);
}

/** The checks every gate of the IDT shares; `code` names its entry. */
function checkGate(cpu: Cpu, gate: u64, code: u32, how: u32): bool {
  if ((how & ENTER_SOFT) != 0 && descDpl(gate) < cpu.cpl) {
    raiseGP(cpu, code);
    return false;
  }
  if (!descPresent(gate)) {
    raiseError(cpu, Vector.NP, code);
    return false;
  }
  return true;
}

function enterTask(cpu: Cpu, gate: u64, rip: u64, image: u32, how: u32, error: u32): bool {
  const ext = how & ENTER_EXT;
  const selector = <u32>(gate >> 16) & 0xffff;
  const tss = fetchTss(cpu, selector, Vector.GP, ext);
  if (cpu.fault != 0) return false;
  if (!switchTask(cpu, selector, tss, TASK_INTERRUPT, rip, image, ext)) return false;
  if ((how & ENTER_ERROR) == 0) return true;
  // The error code goes on the new task's stack, in the size of its TSS.
  const pending = cpu.fault;
  cpu.fault = 0;
  const size: u32 = (segAttr(cpu, SEG_TR) & 8) != 0 ? 4 : 2;
  useCurrentStack(cpu, ext);
  if (!hasRoom(cpu, 1, size) || !pushItem(cpu, error, size)) return false;
  commitStackPointer(cpu);
  cpu.fault = pending;
  return true;
}

/** Reads and checks the code segment a gate names. */
function fetchHandler(cpu: Cpu, selector: u32, ext: u32): u64 {
  if (isNull(selector)) {
    raiseGP(cpu, ext);
    return 0;
  }
  const d = fetchDescriptor(cpu, selector, Vector.GP, ext);
  if (cpu.fault != 0) return 0;
  const type = descType(d);
  const dpl = descDpl(d);
  const isV86 = (cpu.rflags & RFLAGS_VM) != 0;
  const isBad =
    (type & (TYPE_S | TYPE_CODE)) != (TYPE_S | TYPE_CODE) ||
    dpl > cpu.cpl ||
    (isLong(cpu) && (!isLongCode(cpu, d) || isBadLongCode(cpu, d))) ||
    // A virtual-8086 task is left for privilege level 0 only.
    (isV86 && ((type & TYPE_CONFORMING) != 0 || dpl != 0));
  if (isBad) {
    raiseGP(cpu, errorCode(selector, ext));
    return 0;
  }
  if (!descPresent(d)) raiseError(cpu, Vector.NP, errorCode(selector, ext));
  return d;
}

/** Privilege level a handler in code segment `d` runs at. */
function handlerCpl(cpu: Cpu, d: u64): u32 {
  return (descType(d) & TYPE_CONFORMING) != 0 ? cpu.cpl : descDpl(d);
}

/** 16- and 32-bit interrupt and trap gates. */
function enterGate(cpu: Cpu, gate: u64, rip: u64, image: u32, how: u32, error: u32): bool {
  const ext = how & ENTER_EXT;
  const type = descType(gate);
  const size: u32 = (type & 8) != 0 ? 4 : 2;
  const selector = <u32>(gate >> 16) & 0xffff;
  const target = (<u32>gate & 0xffff) | (size == 4 ? <u32>(gate >> 32) & 0xffff_0000 : 0);
  const d = fetchHandler(cpu, selector, ext);
  if (cpu.fault != 0) return false;
  const cpl = handlerCpl(cpu, d);
  const isInner = cpl < cpu.cpl;
  const isV86 = (cpu.rflags & RFLAGS_VM) != 0;
  if (isInner) {
    if (!useInnerStack(cpu, cpl, ext)) return false;
  } else {
    useCurrentStack(cpu, ext);
  }
  const items: u32 = (isV86 ? 9 : isInner ? 5 : 3) + ((how & ENTER_ERROR) != 0 ? 1 : 0);
  if (!hasRoom(cpu, items, size) || !checkTarget(cpu, d, target, ext)) return false;
  if (isV86 && !pushV86(cpu, size)) return false;
  if (isInner) {
    if (!pushItem(cpu, segSel(cpu, SEG_SS), size) || !pushItem(cpu, cpu.rsp, size)) return false;
  }
  if (!pushReturn(cpu, rip, image, how, error, size)) return false;
  if (!markDescriptor(cpu, selector, d, TYPE_ACCESSED)) return false;
  if (isV86) {
    loadNull(cpu, SEG_ES, 0);
    loadNull(cpu, SEG_DS, 0);
    loadNull(cpu, SEG_FS, 0);
    loadNull(cpu, SEG_GS, 0);
  }
  commitHandler(cpu, selector, d, cpl, isInner, (type & 1) == 0);
  enterAt(cpu, target);
  return true;
}

function pushV86(cpu: Cpu, size: u32): bool {
  return (
    pushItem(cpu, segSel(cpu, SEG_GS), size) &&
    pushItem(cpu, segSel(cpu, SEG_FS), size) &&
    pushItem(cpu, segSel(cpu, SEG_DS), size) &&
    pushItem(cpu, segSel(cpu, SEG_ES), size)
  );
}

/** Flags, CS, RIP and the error code if there is one. */
function pushReturn(cpu: Cpu, rip: u64, image: u32, how: u32, error: u32, size: u32): bool {
  return (
    pushItem(cpu, image, size) &&
    pushItem(cpu, segSel(cpu, SEG_CS), size) &&
    pushItem(cpu, rip, size) &&
    ((how & ENTER_ERROR) == 0 || pushItem(cpu, error, size))
  );
}

function commitHandler(
  cpu: Cpu,
  selector: u32,
  d: u64,
  cpl: u32,
  isInner: bool,
  isInterruptGate: bool,
): void {
  commitCs(cpu, selector, d, cpl);
  if (isInner) commitInnerStack(cpu, cpl);
  else commitStackPointer(cpu);
  cpu.rflags &= ~(
    RFLAGS_TF |
    RFLAGS_NT |
    RFLAGS_RF |
    RFLAGS_VM |
    (isInterruptGate ? RFLAGS_IF : 0)
  );
}

/** IA-32e mode: 16-byte gates, IST, frame always with SS:RSP on a stack aligned to 16 (SDM vol. 3 6.14). */
function enterLong(cpu: Cpu, vector: u32, rip: u64, image: u32, how: u32, error: u32): bool {
  const ext = how & ENTER_EXT;
  const code = errorCode(vector << 3, 2 | ext);
  if ((vector << 4) + 15 > segLimit(cpu, SEG_IDTR)) {
    raiseGP(cpu, code);
    return false;
  }
  const entry = segBase(cpu, SEG_IDTR) + (vector << 4);
  const gate = sysLd64(cpu, entry);
  if (cpu.fault != 0) return false;
  const upper = sysLd64(cpu, entry + 8);
  if (cpu.fault != 0) return false;
  const type = descType(gate);
  if ((type != TYPE_INTERRUPT_GATE32 && type != TYPE_TRAP_GATE32) || descType(upper) != 0) {
    raiseGP(cpu, code);
    return false;
  }
  if (!checkGate(cpu, gate, code, how)) return false;
  const selector = <u32>(gate >> 16) & 0xffff;
  const target = (gate & 0xffff) | ((gate >> 32) & 0xffff_0000) | (upper << 32);
  const d = fetchHandler(cpu, selector, ext);
  if (cpu.fault != 0) return false;
  const cpl = handlerCpl(cpu, d);
  const isInner = cpl < cpu.cpl;
  if (!useLongHandlerStack(cpu, <u32>(gate >> 32) & 7, cpl, ext)) return false;
  const items: u32 = (how & ENTER_ERROR) != 0 ? 6 : 5;
  if (!hasRoom(cpu, items, 8) || !checkTarget(cpu, d, target, ext)) return false;
  if (!pushItem(cpu, segSel(cpu, SEG_SS), 8) || !pushItem(cpu, cpu.rsp, 8)) return false;
  if (!pushReturn(cpu, rip, image, how, error, 8)) return false;
  if (!markDescriptor(cpu, selector, d, TYPE_ACCESSED)) return false;
  commitHandler(cpu, selector, d, cpl, isInner, (type & 1) == 0);
  enterAt(cpu, target);
  return true;
}

function useLongHandlerStack(cpu: Cpu, ist: u32, cpl: u32, ext: u32): bool {
  if (ist != 0) {
    const rsp = longTssStack(cpu, (ist << 3) + 28, ext);
    if (cpu.fault != 0) return false;
    useLongStack(cpu, rsp, cpl, ext);
  } else if (cpl < cpu.cpl) {
    if (!useInnerStack(cpu, cpl, ext)) return false;
  } else {
    useLongStack(cpu, cpu.rsp, cpl, ext);
  }
  const t = transfer(cpu);
  t.rsp &= ~15;
  return true;
}
