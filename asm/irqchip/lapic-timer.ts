/**
 * The local APIC timer (SDM vol. 3 10.5.4): one-shot, periodic and TSC-deadline mode. Nothing ticks: the
 * count is computed from guest time when it is read, and the owner's timersPoll fires what is due.
 * Periods missed while the vCPU did not run become one interrupt.
 */
import { Cpu } from "../cpu/state";
import { crystalNs, guestNs, nsOfTsc, readTsc } from "../cpu/time";
import { accept, Lapic, LVT_MASK, lapic } from "./lapic";
import { updateNextTimer } from "./timers";

const MODE_SHIFT: u32 = 17;
const MODE_ONE_SHOT: u32 = 0;
const MODE_PERIODIC: u32 = 1;
const MODE_TSC_DEADLINE: u32 = 2;

function mode(l: Lapic): u32 {
  return (l.lvtTimer >> MODE_SHIFT) & 3;
}

/** Nanoseconds of one count: divide configuration bits 3, 1-0 select 2, 4, ..., 128, 1. */
function countNs(l: Lapic): f64 {
  const code = ((l.timerDivide >> 1) & 4) | (l.timerDivide & 3);
  return crystalNs() * <f64>(1 << ((code + 1) & 7));
}

function periodNs(l: Lapic): f64 {
  return <f64>l.timerInitial * countNs(l);
}

/** Current count register. */
export function timerCurrent(cpu: Cpu, l: Lapic): u32 {
  if (mode(l) == MODE_TSC_DEADLINE || l.timerInitial == 0) return 0;
  const now = guestNs(cpu);
  if (now < l.timerStart) return l.timerInitial;
  const passed = <u64>((now - l.timerStart) / countNs(l));
  const initial = <u64>l.timerInitial;
  // A periodic count that has run out and awaits its poll has already been reloaded.
  if (mode(l) == MODE_PERIODIC && l.timerDeadline != Infinity)
    return <u32>(initial - (passed % initial));
  return passed >= initial ? 0 : <u32>(initial - passed);
}

export function timerInitialChanged(cpu: Cpu, l: Lapic, value: u32): void {
  if (mode(l) == MODE_TSC_DEADLINE) return;
  l.timerInitial = value;
  l.timerStart = guestNs(cpu);
  l.timerDeadline = value == 0 ? Infinity : l.timerStart + periodNs(l);
  updateNextTimer(cpu);
}

/** The count goes on from where it is, at the new rate. */
export function timerDivideChanged(cpu: Cpu, l: Lapic, value: u32): void {
  const isRunning = l.timerDeadline != Infinity && mode(l) != MODE_TSC_DEADLINE;
  const left = isRunning ? timerCurrent(cpu, l) : 0;
  l.timerDivide = value;
  if (!isRunning) return;
  l.timerStart = guestNs(cpu) - <f64>(l.timerInitial - left) * countNs(l);
  l.timerDeadline = l.timerStart + periodNs(l);
  updateNextTimer(cpu);
}

/** LVT timer was written; entering or leaving TSC-deadline mode disarms (10.5.4.1). */
export function timerModeChanged(cpu: Cpu, l: Lapic, old: u32): void {
  const was = (old >> MODE_SHIFT) & 3;
  if (was == mode(l) || (was != MODE_TSC_DEADLINE && mode(l) != MODE_TSC_DEADLINE)) return;
  cpu.tscDeadline = 0;
  l.timerInitial = 0;
  l.timerDeadline = Infinity;
  updateNextTimer(cpu);
}

/** WRMSR IA32_TSC_DEADLINE; ignored in the other modes. */
export function writeTscDeadline(cpu: Cpu, value: u64): void {
  const l = lapic(cpu);
  if (mode(l) != MODE_TSC_DEADLINE) return;
  cpu.tscDeadline = value;
  l.timerDeadline = value == 0 ? Infinity : nsOfTsc(cpu, value);
  // A deadline already past is due before the next instruction, not at the next slice.
  if (value != 0 && readTsc(cpu) >= value) lapicTimerPoll(cpu, l.timerDeadline);
  updateNextTimer(cpu);
}

/** The TSC was set: an armed deadline moves with it. */
export function tscChanged(cpu: Cpu): void {
  if (cpu.tscDeadline == 0) return;
  lapic(cpu).timerDeadline = nsOfTsc(cpu, cpu.tscDeadline);
  updateNextTimer(cpu);
}

/** Fires the timer if its time has come. */
export function lapicTimerPoll(cpu: Cpu, now: f64): void {
  const l = lapic(cpu);
  if (now < l.timerDeadline) return;
  if (mode(l) == MODE_PERIODIC) {
    const period = periodNs(l);
    l.timerStart += Math.floor((now - l.timerStart) / period) * period;
    l.timerDeadline = l.timerStart + period;
  } else {
    l.timerDeadline = Infinity;
    cpu.tscDeadline = 0;
  }
  if ((l.lvtTimer & LVT_MASK) == 0) accept(cpu, l.lvtTimer & 0xff, false);
}
