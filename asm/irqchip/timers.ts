/**
 * Who fires which timer: each vCPU its own local APIC timer, vCPU 0 also the PIT and the HPET.
 * Cpu.nextTimerNs is the earliest deadline of those; it is written by its own vCPU only. Another vCPU that
 * programs the PIT or the HPET ends vCPU 0's slice, which then looks again.
 */

import { Cpu } from "../cpu/state";
import { noteTime } from "../cpu/time";
import { PENDING_CONTROL } from "../layout";
import { lockChip, signal, unlockChip } from "./chip";
import { hpetDeadline, hpetPoll } from "./hpet";
import { lapic } from "./lapic";
import { lapicTimerPoll } from "./lapic-timer";
import { pitDeadline, pitPoll } from "./pit-8254";

/** Recomputes cpu.nextTimerNs. */
export function updateNextTimer(cpu: Cpu): void {
  let next = lapic(cpu).timerDeadline;
  if (cpu.id == 0) next = Math.min(next, Math.min(pitDeadline(), hpetDeadline()));
  cpu.nextTimerNs = next;
}

/** The PIT or the HPET was programmed by `cpu`. */
export function boardTimersChanged(cpu: Cpu): void {
  if (cpu.id == 0) updateNextTimer(cpu);
  else signal(0, PENDING_CONTROL);
}

/** Fires what is due at `now`, a fresh value of host.nowNs, and updates cpu.nextTimerNs. */
export function timersPoll(cpu: Cpu, now: f64): void {
  noteTime(cpu, now);
  lapicTimerPoll(cpu, now);
  if (cpu.id == 0 && (now >= pitDeadline() || now >= hpetDeadline())) {
    lockChip();
    pitPoll(now);
    hpetPoll(now);
    unlockChip();
  }
  updateNextTimer(cpu);
}
