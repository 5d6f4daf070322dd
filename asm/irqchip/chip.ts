/**
 * What the chips of the irqchip share: where their state lies, the lock that guards it, and the way a
 * processor is told.
 *
 *   IRQCHIP +000 Chip: the lock and single registers     +100 Ioapic, +140 its redirection table
 *           +040 Pic master   +0a0 Pic slave             +400 Pit    +500 Hpet
 *
 * Everything here may be run by any worker (vCPUs and the device worker's own instance of the core); the
 * page's main thread may not, since it must not sleep. Local APICs lie in the vCPU blocks and are not
 * under the lock: other threads only set IRR and TMR bits there, with atomics.
 */

import { Cpu, cpuAt } from "../cpu/state";
import { wakeVcpu } from "../host";
import { IRQCHIP } from "../layout";

@unmanaged
export class Chip {
  lock: u32; // 0 free, 1 taken, 2 taken and somebody may sleep on it
  picIntr: u32; // INTR output of the 8259 pair
  pmBase: u32; // reserved
  port61: u32; // bits 0-3 of the NMI status and control port
  port80: u32; // last POST code
}

export const PIC_MASTER: u32 = IRQCHIP + 0x040;
export const PIC_SLAVE: u32 = IRQCHIP + 0x0a0;
export const IOAPIC: u32 = IRQCHIP + 0x100;
export const IOAPIC_TABLE: u32 = IRQCHIP + 0x140;
export const PIT: u32 = IRQCHIP + 0x400;
export const HPET: u32 = IRQCHIP + 0x500;

/** How long a sleeper waits before it looks again, in case a wake-up went to a thread that was torn down. */
const LOCK_SLEEP_NS: i64 = 1_000_000;
const LOCK_SPINS: u32 = 64;

export function chip(): Chip {
  return changetype<Chip>(IRQCHIP as usize);
}

/** Takes the irqchip's lock. Not recursive; held for well under a microsecond. */
export function lockChip(): void {
  // Invariant: whoever sleeps has seen 2, and whoever frees the lock from 2 wakes a sleeper. A thread that
  // slept takes the lock as 2, because others may still sleep.
  for (let i: u32 = 0; i < LOCK_SPINS; i++) {
    if (atomic.cmpxchg<u32>(IRQCHIP, 0, 1) == 0) return;
  }
  while (atomic.xchg<u32>(IRQCHIP, 2) != 0) {
    atomic.wait<i32>(IRQCHIP, 2, LOCK_SLEEP_NS);
  }
}

export function unlockChip(): void {
  if (atomic.xchg<u32>(IRQCHIP, 0) == 2) atomic.notify(IRQCHIP, 1);
}

/** Sets PENDING_* bits of vCPU `id` and wakes it. */
export function signal(id: u32, bits: u32): void {
  atomic.or<u32>(changetype<usize>(cpuAt(id)), bits, offsetof<Cpu>("pending"));
  wakeVcpu(id);
}

/** Sets PENDING_* bits of the vCPU that runs this. */
export function signalSelf(cpu: Cpu, bits: u32): void {
  atomic.or<u32>(changetype<usize>(cpu), bits, offsetof<Cpu>("pending"));
}
