/**
 * The local APIC of one vCPU (SDM vol. 3 chapter 10): registers by xAPIC MMIO and x2APIC MSRs, interrupt
 * acceptance and priority. IPIs and messages are in lapic-ipi.ts, the timer in lapic-timer.ts.
 *
 * Invariant: IRR and TMR bits are set by any thread with atomics; all other registers are written by their
 * own vCPU only. Who sets an IRR bit afterwards sets PENDING_INTR and wakes the vCPU; the vCPU clears
 * PENDING_INTR before it asks irqPending. So a bit set too late for the question leaves the flag set.
 *
 * Not modelled: APR and the arbitration ID (read as 0), EOI broadcast suppression, CMCI, thermal and
 * performance interrupts (their LVT entries exist and never fire). The manual leaves LINT0 masked at
 * reset; here the boot processor's starts as ExtINT, as QEMU does, for firmware that knows no APIC.
 */

import { Cpu, cpuAt } from "../cpu/state";
import { guestNs } from "../cpu/time";
import { PENDING_INTR, PENDING_NMI, PENDING_SMI, VCPU_LAPIC } from "../layout";
import { lockChip, signal, signalSelf, unlockChip } from "./chip";
import { ioapicEoi } from "./ioapic";
import { sendIpi } from "./lapic-ipi";
import {
  lapicTimerPoll,
  timerCurrent,
  timerDivideChanged,
  timerInitialChanged,
  timerModeChanged,
} from "./lapic-timer";
import { picIntr } from "./pic-8259";
import { updateNextTimer } from "./timers";

@unmanaged
export class Lapic {
  tpr: u32;
  ldr: u32; // xAPIC form: logical ID in bits 31-24
  dfr: u32;
  svr: u32;
  esr: u32; // as read
  esrPending: u32; // errors since the last write of ESR
  icrLow: u32;
  icrHigh: u32;
  lvtTimer: u32; // six LVT entries in register order
  lvtThermal: u32;
  lvtPerf: u32;
  lvtLint0: u32;
  lvtLint1: u32;
  lvtError: u32;
  timerInitial: u32;
  timerDivide: u32;
  timerStart: f64; // guest ns at which the count was (or would have been) the initial count
  timerDeadline: f64; // guest ns of the next expiry, or +Infinity
  isr: u64; // u32[8] each
  isr2: u64;
  isr4: u64;
  isr6: u64;
  tmr: u64;
  tmr2: u64;
  tmr4: u64;
  tmr6: u64;
  irr: u64;
  irr2: u64;
  irr4: u64;
  irr6: u64;
}

export const APIC_BASE_BSP: u64 = 1 << 8;
export const APIC_BASE_X2: u64 = 1 << 10;
export const APIC_BASE_ENABLE: u64 = 1 << 11;
export const APIC_BASE_ADDRESS: u64 = 0xff_ffff_f000; // MAXPHYADDR 40

export const LVT_MASK: u32 = 1 << 16;
export const SVR_ENABLE: u32 = 1 << 8;

export const DELIVERY_FIXED: u32 = 0;
export const DELIVERY_LOWEST: u32 = 1;
export const DELIVERY_SMI: u32 = 2;
export const DELIVERY_NMI: u32 = 4;
export const DELIVERY_INIT: u32 = 5;
export const DELIVERY_SIPI: u32 = 6;
export const DELIVERY_EXTINT: u32 = 7;

export const ESR_SEND_ILLEGAL: u32 = 1 << 5;
export const ESR_RECEIVE_ILLEGAL: u32 = 1 << 6;
export const ESR_REGISTER: u32 = 1 << 7;

const VERSION: u32 = 0x0005_0014; // integrated APIC, six LVT entries

/** Register numbers: MMIO offset / 16, MSR - 800h (SDM vol. 3 tables 10-1 and 10-6). */
const REG_ID: u32 = 0x02;
const REG_VERSION: u32 = 0x03;
const REG_TPR: u32 = 0x08;
const REG_PPR: u32 = 0x0a;
const REG_EOI: u32 = 0x0b;
const REG_LDR: u32 = 0x0d;
const REG_DFR: u32 = 0x0e;
const REG_SVR: u32 = 0x0f;
const REG_ISR: u32 = 0x10;
const REG_TMR: u32 = 0x18;
const REG_IRR: u32 = 0x20;
const REG_ESR: u32 = 0x28;
const REG_ICR: u32 = 0x30;
const REG_ICR_HIGH: u32 = 0x31;
const REG_LVT: u32 = 0x32;
const REG_LVT_LINT0: u32 = 0x35;
const REG_LVT_ERROR: u32 = 0x37;
const REG_INITIAL: u32 = 0x38;
const REG_CURRENT: u32 = 0x39;
const REG_DIVIDE: u32 = 0x3e;
const REG_SELF_IPI: u32 = 0x3f;

/** Writable bits of the LVT entries: timer, thermal, performance, LINT0, LINT1, error. */
const LVT_BITS_TIMER: u32 = 0x0007_00ff;
const LVT_BITS_LOCAL: u32 = 0x0001_07ff;
const LVT_BITS_LINT: u32 = 0x0001_a7ff;
const LVT_BITS_ERROR: u32 = 0x0001_00ff;
const SVR_BITS: u32 = 0x0000_03ff;

export function lapic(cpu: Cpu): Lapic {
  return changetype<Lapic>(changetype<usize>(cpu) + VCPU_LAPIC);
}

export function isApicEnabled(cpu: Cpu): bool {
  return (cpu.apicBase & APIC_BASE_ENABLE) != 0;
}
export function isX2(cpu: Cpu): bool {
  return (cpu.apicBase & APIC_BASE_X2) != 0;
}

/** Highest vector set in the eight words at `bits`, or -1. */
function highest(bits: usize): i32 {
  for (let i: i32 = 7; i >= 0; i--) {
    const word = atomic.load<u32>(bits + (i << 2));
    if (word != 0) return (i << 5) + 31 - <i32>clz<u32>(word);
  }
  return -1;
}

function isrOf(l: Lapic): usize {
  return changetype<usize>(l) + offsetof<Lapic>("isr");
}
function tmrOf(l: Lapic): usize {
  return changetype<usize>(l) + offsetof<Lapic>("tmr");
}
function irrOf(l: Lapic): usize {
  return changetype<usize>(l) + offsetof<Lapic>("irr");
}

/** Processor priority (SDM vol. 3 10.8.3.1). */
export function ppr(l: Lapic): u32 {
  const inService = highest(isrOf(l));
  const isrClass: u32 = inService < 0 ? 0 : <u32>inService & 0xf0;
  return (l.tpr & 0xf0) >= isrClass ? l.tpr : isrClass;
}

/** The vector that may be dispensed now, or -1. */
function dispensable(l: Lapic): i32 {
  const vector = highest(irrOf(l));
  return vector >= 0 && (<u32>vector & 0xf0) > (ppr(l) & 0xf0) ? vector : -1;
}

/** Whether the 8259's INTR reaches this processor. */
function hasExtInt(cpu: Cpu): bool {
  if (cpu.id != 0 || !picIntr()) return false;
  if (!isApicEnabled(cpu)) return true;
  return (lapic(cpu).lvtLint0 & (LVT_MASK | 0x700)) == DELIVERY_EXTINT << 8;
}

export function lapicHasExtInt(cpu: Cpu): bool {
  return hasExtInt(cpu);
}

export function lapicPending(cpu: Cpu): bool {
  return isApicEnabled(cpu) && dispensable(lapic(cpu)) >= 0;
}

/** Moves the foremost interrupt from IRR to ISR and returns its vector, or -1. */
export function lapicAck(cpu: Cpu): i32 {
  if (!isApicEnabled(cpu)) return -1;
  const l = lapic(cpu);
  const vector = dispensable(l);
  if (vector < 0) return -1;
  const word = (<u32>vector >> 5) << 2;
  const bit: u32 = 1 << (vector & 31);
  atomic.and<u32>(irrOf(l) + word, ~bit);
  store<u32>(isrOf(l) + word, load<u32>(isrOf(l) + word) | bit);
  return vector;
}

/** Flags this vCPU when something has become deliverable by a change of its own. */
export function recheck(cpu: Cpu): void {
  if (lapicPending(cpu) || hasExtInt(cpu)) signalSelf(cpu, PENDING_INTR);
}

/** Accepts a fixed interrupt for `target`, from any thread. */
export function accept(target: Cpu, vector: u32, isLevel: bool): void {
  const l = lapic(target);
  if (vector < 16) {
    raiseError(target, ESR_RECEIVE_ILLEGAL);
    return;
  }
  const word = (vector >> 5) << 2;
  const bit: u32 = 1 << (vector & 31);
  if (isLevel) atomic.or<u32>(tmrOf(l) + word, bit);
  else atomic.and<u32>(tmrOf(l) + word, ~bit);
  if ((atomic.or<u32>(irrOf(l) + word, bit) & bit) == 0) signal(target.id, PENDING_INTR);
}

/** Records an error and raises LVT error; atomics, because senders record the receiver's errors. */
export function raiseError(target: Cpu, error: u32): void {
  const l = lapic(target);
  const old = atomic.or<u32>(changetype<usize>(l), error, offsetof<Lapic>("esrPending"));
  if ((old & error) == 0 && (l.lvtError & LVT_MASK) == 0 && (l.lvtError & 0xff) >= 16) {
    accept(target, l.lvtError & 0xff, false);
  }
}

/** An event on a local interrupt pin or source with LVT entry `lvt`. */
function localInterrupt(target: Cpu, lvt: u32): void {
  if ((lvt & LVT_MASK) != 0) return;
  switch ((lvt >> 8) & 7) {
    case DELIVERY_FIXED:
      accept(target, lvt & 0xff, false);
      break;
    case DELIVERY_SMI:
      signal(target.id, PENDING_SMI);
      break;
    case DELIVERY_NMI:
      signal(target.id, PENDING_NMI);
      break;
    case DELIVERY_EXTINT:
      signal(target.id, PENDING_INTR);
      break;
    default:
      break;
  }
}

/** The 8259 pair raised INTR: LINT0 of the boot processor. */
export function extIntRaised(): void {
  const bsp = cpuAt(0);
  if (isApicEnabled(bsp)) localInterrupt(bsp, lapic(bsp).lvtLint0);
  else signal(0, PENDING_INTR);
}

/** The NMI pin, wired to LINT1 of every processor. */
export function lint1(target: Cpu): void {
  if (isApicEnabled(target)) localInterrupt(target, lapic(target).lvtLint1);
  else signal(target.id, PENDING_NMI);
}

function eoi(cpu: Cpu): void {
  const l = lapic(cpu);
  const vector = highest(isrOf(l));
  if (vector < 0) return;
  const word = (<u32>vector >> 5) << 2;
  const bit: u32 = 1 << (vector & 31);
  store<u32>(isrOf(l) + word, load<u32>(isrOf(l) + word) & ~bit);
  if ((atomic.load<u32>(tmrOf(l) + word) & bit) != 0) {
    lockChip();
    ioapicEoi(<u32>vector);
    unlockChip();
  }
  recheck(cpu);
}

/** TPR, by its register or CR8. */
export function setTpr(cpu: Cpu, tpr: u32): void {
  lapic(cpu).tpr = tpr & 0xff;
  cpu.cr8 = <u64>((tpr >> 4) & 15);
  recheck(cpu);
}

/** Logical x2APIC ID (SDM vol. 3 10.12.10.2). */
export function logicalX2(id: u32): u32 {
  return ((id >> 4) << 16) | (1 << (id & 15));
}

function lvtAddress(l: Lapic, reg: u32): usize {
  return changetype<usize>(l) + offsetof<Lapic>("lvtTimer") + ((reg - REG_LVT) << 2);
}

function lvtBits(reg: u32): u32 {
  switch (reg - REG_LVT) {
    case 0:
      return LVT_BITS_TIMER;
    case 1:
    case 2:
      return LVT_BITS_LOCAL;
    case 3:
    case 4:
      return LVT_BITS_LINT;
    default:
      return LVT_BITS_ERROR;
  }
}

/** Reads register `reg`; an unimplemented one records an error (xAPIC) and reads 0. */
function readRegister(cpu: Cpu, reg: u32): u32 {
  const l = lapic(cpu);
  if (reg >= REG_ISR && reg < REG_ESR) {
    // ISR, TMR and IRR follow each other in the register file and in Lapic.
    return atomic.load<u32>(isrOf(l) + ((reg - REG_ISR) << 2));
  }
  if (reg >= REG_LVT && reg <= REG_LVT_ERROR) return load<u32>(lvtAddress(l, reg));
  switch (reg) {
    case REG_ID:
      return isX2(cpu) ? cpu.id : cpu.id << 24;
    case REG_VERSION:
      return VERSION;
    case REG_TPR:
      return l.tpr;
    case REG_PPR:
      return ppr(l);
    case REG_LDR:
      return isX2(cpu) ? logicalX2(cpu.id) : l.ldr;
    case REG_DFR:
      return l.dfr;
    case REG_SVR:
      return l.svr;
    case REG_ESR:
      return l.esr;
    case REG_ICR:
      return l.icrLow;
    case REG_ICR_HIGH:
      return l.icrHigh;
    case REG_INITIAL:
      return l.timerInitial;
    case REG_CURRENT:
      return timerCurrent(cpu, l);
    case REG_DIVIDE:
      return l.timerDivide;
    default:
      if (!isKnown(reg)) raiseError(cpu, ESR_REGISTER);
      return 0;
  }
}

/** Registers that exist and read as 0: APR, EOI, RRD. */
function isKnown(reg: u32): bool {
  return reg == 0x09 || reg == REG_EOI || reg == 0x0c;
}

function writeLvt(cpu: Cpu, l: Lapic, reg: u32, value: u32): void {
  // A count that has run out belongs to the old mode and vector.
  if (reg == REG_LVT) lapicTimerPoll(cpu, guestNs(cpu));
  const old = load<u32>(lvtAddress(l, reg));
  value &= lvtBits(reg);
  // While the APIC is software-disabled the mask bits cannot be cleared (10.4.7.2).
  if ((l.svr & SVR_ENABLE) == 0) value |= LVT_MASK;
  store<u32>(lvtAddress(l, reg), value);
  if (reg == REG_LVT) timerModeChanged(cpu, l, old);
  if (reg == REG_LVT_LINT0) recheck(cpu);
}

function writeSvr(l: Lapic, value: u32): void {
  l.svr = value & SVR_BITS;
  if ((value & SVR_ENABLE) != 0) return;
  for (let reg = REG_LVT; reg <= REG_LVT_ERROR; reg++) {
    store<u32>(lvtAddress(l, reg), load<u32>(lvtAddress(l, reg)) | LVT_MASK);
  }
}

function writeRegister(cpu: Cpu, reg: u32, value: u32): void {
  const l = lapic(cpu);
  if (reg >= REG_LVT && reg <= REG_LVT_ERROR) {
    writeLvt(cpu, l, reg, value);
    return;
  }
  switch (reg) {
    case REG_TPR:
      setTpr(cpu, value);
      break;
    case REG_EOI:
      eoi(cpu);
      break;
    case REG_LDR:
      l.ldr = value & 0xff00_0000;
      break;
    case REG_DFR:
      l.dfr = value | 0x0fff_ffff;
      break;
    case REG_SVR:
      writeSvr(l, value);
      break;
    case REG_ESR:
      l.esr = atomic.xchg<u32>(changetype<usize>(l), 0, offsetof<Lapic>("esrPending"));
      break;
    case REG_ICR:
      l.icrLow = value & 0x000c_cfff;
      sendIpi(cpu, l.icrLow, l.icrHigh >> 24);
      break;
    case REG_ICR_HIGH:
      l.icrHigh = value & 0xff00_0000;
      break;
    case REG_INITIAL:
      timerInitialChanged(cpu, l, value);
      break;
    case REG_DIVIDE:
      timerDivideChanged(cpu, l, value & 0xb);
      break;
    case REG_ID: // read-only here, as on every processor since the Pentium 4
    case REG_VERSION:
    case REG_PPR:
    case REG_CURRENT:
      break;
    default:
      if (!isKnown(reg)) raiseError(cpu, ESR_REGISTER);
  }
}

/** MMIO load at `offset` 0-FFFh of the APIC page; only aligned 32-bit registers have content. */
export function lapicRead(cpu: Cpu, offset: u32): u32 {
  if ((offset & 12) != 0) return 0;
  return readRegister(cpu, offset >> 4) >> ((offset & 3) << 3);
}

/** MMIO store; anything but an aligned 32-bit access is undefined in the manual and ignored here. */
export function lapicWrite(cpu: Cpu, offset: u32, value: u32): void {
  if ((offset & 15) == 0) writeRegister(cpu, offset >> 4, value);
}

/** Whether MSR 800h + reg may be read (1) and written (2) in x2APIC mode (SDM vol. 3 table 10-6). */
function msrAccess(reg: u32): u32 {
  if (reg >= REG_ISR && reg < REG_ESR) return 1;
  if (reg >= REG_LVT && reg <= REG_LVT_ERROR) return 3;
  switch (reg) {
    case REG_ID:
    case REG_VERSION:
    case REG_PPR:
    case REG_LDR:
    case REG_CURRENT:
      return 1;
    case REG_TPR:
    case REG_SVR:
    case REG_ESR:
    case REG_ICR:
    case REG_INITIAL:
    case REG_DIVIDE:
      return 3;
    case REG_EOI:
    case REG_SELF_IPI:
      return 2;
    default:
      return 0;
  }
}

/** Bits that WRMSR may set in register `reg`. */
function msrBits(reg: u32): u64 {
  if (reg >= REG_LVT && reg <= REG_LVT_ERROR) return <u64>(lvtBits(reg) | 0x5000); // read-only bits are ignored
  switch (reg) {
    case REG_TPR:
    case REG_SELF_IPI:
      return 0xff;
    case REG_SVR:
      return <u64>SVR_BITS;
    case REG_ICR:
      return 0xffff_ffff_000c_cfff;
    case REG_INITIAL:
      return 0xffff_ffff;
    case REG_DIVIDE:
      return 0xb;
    default: // EOI and ESR take 0 only
      return 0;
  }
}

/** Whether RDMSR of 800h + `reg` is allowed. */
export function lapicMsrReadable(cpu: Cpu, reg: u32): bool {
  return isX2(cpu) && (msrAccess(reg) & 1) != 0;
}

export function lapicMsrRead(cpu: Cpu, reg: u32): u64 {
  const low = <u64>readRegister(cpu, reg);
  return reg == REG_ICR ? low | ((<u64>lapic(cpu).icrHigh) << 32) : low;
}

/** WRMSR to 800h + `reg`; false: #GP(0). */
export function lapicMsrWrite(cpu: Cpu, reg: u32, value: u64): bool {
  if (!isX2(cpu) || (msrAccess(reg) & 2) == 0 || (value & ~msrBits(reg)) != 0) return false;
  if (reg == REG_ICR) {
    const l = lapic(cpu);
    l.icrLow = <u32>value;
    l.icrHigh = <u32>(value >> 32);
    sendIpi(cpu, l.icrLow, l.icrHigh);
  } else if (reg == REG_SELF_IPI) {
    if (value < 16) raiseError(cpu, ESR_SEND_ILLEGAL);
    else accept(cpu, <u32>value, false);
  } else {
    writeRegister(cpu, reg, <u32>value);
  }
  return true;
}

/** WRMSR IA32_APIC_BASE (SDM vol. 3 10.12.1, figure 10-27); false: #GP(0). */
export function writeApicBase(cpu: Cpu, value: u64): bool {
  const known = APIC_BASE_ADDRESS | APIC_BASE_BSP | APIC_BASE_X2 | APIC_BASE_ENABLE;
  if ((value & ~known) != 0) return false;
  const modes = APIC_BASE_X2 | APIC_BASE_ENABLE;
  const from = cpu.apicBase & modes;
  const to = value & modes;
  if (to == APIC_BASE_X2) return false;
  if (from == modes && to == APIC_BASE_ENABLE) return false;
  if (from == 0 && to == modes) return false;
  cpu.apicBase = value;
  if (from != 0 && to == 0) lapicReset(cpu);
  recheck(cpu);
  return true;
}

/** Power-up, reset and INIT state of the registers (10.4.7.1, 10.4.7.3); IA32_APIC_BASE is kept. */
export function lapicReset(cpu: Cpu): void {
  const l = lapic(cpu);
  memory.fill(changetype<usize>(l), 0, offsetof<Lapic>());
  l.dfr = ~0;
  l.svr = 0xff;
  for (let reg = REG_LVT; reg <= REG_LVT_ERROR; reg++) store<u32>(lvtAddress(l, reg), LVT_MASK);
  if (cpu.id == 0) l.lvtLint0 = DELIVERY_EXTINT << 8;
  l.timerDeadline = Infinity;
  cpu.tscDeadline = 0;
  cpu.cr8 = 0;
  updateNextTimer(cpu);
}
