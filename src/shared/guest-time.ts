/**
 * Guest time in nanoseconds, the same in every thread: host time since the machine started, less what
 * it spent paused. The three words that define it are in Machine.
 *
 * `timeOrigin + now` is the one reading that threads of a process agree on (each worker has its own
 * time origin). Order of stores: a reader that sees `clockFrozenAt` >= 0 looks at nothing else, and
 * `clockPaused` is complete before `clockFrozenAt` goes back to -1.
 */
import { MACHINE, Machine } from "./layout";
import type { SharedMemory } from "./shared-memory";

const EPOCH = (MACHINE + Machine.clockEpoch) >> 3;
const PAUSED = (MACHINE + Machine.clockPaused) >> 3;
const FROZEN_AT = (MACHINE + Machine.clockFrozenAt) >> 3;

function hostMs(): number {
  return performance.timeOrigin + performance.now();
}

export function guestNowNs({ f64 }: SharedMemory): number {
  const frozenAt = f64[FROZEN_AT];
  if (frozenAt >= 0) return frozenAt;
  return Math.max(0, (hostMs() - f64[EPOCH] - f64[PAUSED]) * 1e6);
}

/** Guest time 0 is now, and the clock stands still until `runClock`. */
export function startClock({ f64 }: SharedMemory): void {
  f64[FROZEN_AT] = 0;
  f64[EPOCH] = hostMs();
  f64[PAUSED] = 0;
}

export function freezeClock(memory: SharedMemory): void {
  memory.f64[FROZEN_AT] = guestNowNs(memory);
}

export function runClock({ f64 }: SharedMemory): void {
  const frozenAt = f64[FROZEN_AT];
  if (frozenAt < 0) return;
  f64[PAUSED] = hostMs() - f64[EPOCH] - frozenAt / 1e6;
  f64[FROZEN_AT] = -1;
}
