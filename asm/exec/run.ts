/**
 * The processor between blocks: what is pending is looked at, time is sampled, faults are delivered, and the
 * interpreter loop is entered again. One call is one slice; the worker calls again until told otherwise.
 * Order of events at an instruction boundary: SDM vol. 3 table 6-2.
 */
import { Vector, raise } from "../cpu/fault";
import { deliverFault, deliverInterrupt } from "../cpu/exceptions";
import { MODE_STEP } from "../cpu/modes";
import { initCpu, startupIpi } from "../cpu/reset";
import { RFLAGS_IF, RFLAGS_RF, RFLAGS_TF } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { noteTime } from "../cpu/time";
import { nowNs } from "../host";
import { irqAck, irqPending } from "../irqchip/index";
import { timersPoll } from "../irqchip/timers";
import {
  EXIT_CONTROL,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  EXIT_SLICE,
  MACHINE,
  PENDING_CODE,
  PENDING_CONTROL,
  PENDING_FLUSH,
  PENDING_INIT,
  PENDING_INTR,
  PENDING_NMI,
  PENDING_SIPI,
  PENDING_SMI,
} from "../layout";
import { MACHINE_DMA_CODE, MACHINE_DMA_CODE_ENTRIES, Machine } from "../machine";
import { flushAll } from "../mmu/tlb";
import { dropAllBlocks, dropPage } from "./blocks";
import { interpret } from "./interpret";

const DR6_BS: u32 = 1 << 14;

/** What `boundary` found. */
const GO_ON: u32 = 0;
const LEAVE_CONTROL: u32 = 1;
const LEAVE_SHUTDOWN: u32 = 2;

/** Runs about `budget` instructions (at least one unless halted). EXIT_*. */
export function runSlice(cpu: Cpu, budget: u32): u32 {
  const now = nowNs();
  noteTime(cpu, now);
  if (now >= cpu.nextTimerNs) timersPoll(cpu, now);
  const end = cpu.icount + <u64>budget;
  let left = <i32>budget;
  while (left > 0) {
    if (atomic.load<u32>(changetype<usize>(cpu), offsetof<Cpu>("pending")) != 0 || cpu.intrBlocked != 0) {
      const what = boundary(cpu);
      if (what == LEAVE_CONTROL) return EXIT_CONTROL;
      if (what == LEAVE_SHUTDOWN) return EXIT_SHUTDOWN;
    }
    if (cpu.halted != 0) return EXIT_HALT;
    if ((cpu.modeKey & MODE_STEP) != 0) {
      if (!step(cpu)) return EXIT_SHUTDOWN;
      left--;
    } else {
      left = interpret(cpu, left);
      if (cpu.fault != 0 && !deliverFault(cpu)) return EXIT_SHUTDOWN;
    }
    cpu.icount = end - <u64>left;
  }
  return EXIT_SLICE;
}

/** Handles what is pending before the instruction at cpu.rip. */
function boundary(cpu: Cpu): u32 {
  const pending = atomic.load<u32>(changetype<usize>(cpu), offsetof<Cpu>("pending"));
  const once = PENDING_CONTROL | PENDING_CODE | PENDING_FLUSH | PENDING_SMI | PENDING_INIT | PENDING_SIPI | PENDING_INTR;
  atomic.and<u32>(changetype<usize>(cpu), ~(pending & once), offsetof<Cpu>("pending"));
  if ((pending & PENDING_FLUSH) != 0) flushAll(cpu);
  if ((pending & PENDING_CODE) != 0) dropWrittenCode(cpu);
  if ((pending & PENDING_INIT) != 0) initCpu(cpu);
  if ((pending & PENDING_SIPI) != 0) startupIpi(cpu, cpu.sipiVector);
  if ((pending & PENDING_CONTROL) != 0) {
    // The interrupt is looked at again when the slice goes on.
    if ((pending & PENDING_INTR) != 0) cpu.intrBlocked = 1;
    return LEAVE_CONTROL;
  }
  if (cpu.halted == 2) return GO_ON;
  if ((pending & PENDING_NMI) != 0 && cpu.nmiBlocked == 0) {
    atomic.and<u32>(changetype<usize>(cpu), ~PENDING_NMI, offsetof<Cpu>("pending"));
    cpu.halted = 0;
    return deliverInterrupt(cpu, Vector.NMI) ? GO_ON : LEAVE_SHUTDOWN;
  }
  if ((pending & PENDING_INTR) != 0 || cpu.intrBlocked != 0) return interrupt(cpu);
  return GO_ON;
}

/** Delivers an external interrupt, or remembers that one waits. */
function interrupt(cpu: Cpu): u32 {
  cpu.intrBlocked = 0;
  if (!irqPending(cpu)) return GO_ON;
  if ((cpu.rflags & RFLAGS_IF) == 0) {
    cpu.intrBlocked = 1;
    return GO_ON;
  }
  if (cpu.shadow != 0 && cpu.halted == 0) {
    // One instruction runs first (SDM vol. 2, STI; vol. 3 6.8.3).
    cpu.shadow = 0;
    cpu.intrBlocked = 1;
    return GO_ON;
  }
  cpu.shadow = 0;
  const vector = irqAck(cpu);
  if (vector < 0) return GO_ON;
  cpu.halted = 0;
  // More may wait behind this one, below its priority now.
  cpu.intrBlocked = irqPending(cpu) ? 1 : 0;
  return deliverInterrupt(cpu, <u32>vector) ? GO_ON : LEAVE_SHUTDOWN;
}

/** Devices wrote into pages with decoded code: drop their blocks. */
function dropWrittenCode(cpu: Cpu): void {
  const head = atomic.load<u32>(MACHINE, offsetof<Machine>("dmaCodeHead"));
  let tail = cpu.dmaCodeTail;
  if (head - tail > MACHINE_DMA_CODE_ENTRIES) {
    dropAllBlocks(cpu);
    tail = head;
  }
  while (tail != head) {
    const page = atomic.load<u32>(MACHINE + MACHINE_DMA_CODE + ((tail & (MACHINE_DMA_CODE_ENTRIES - 1)) << 2));
    dropPage(cpu, page << 12);
    tail++;
  }
  cpu.dmaCodeTail = tail;
}

/** One instruction with TF set or breakpoints armed (SDM vol. 3 17.2-17.3). False: shutdown. */
function step(cpu: Cpu): bool {
  if ((cpu.rflags & RFLAGS_RF) == 0) {
    const hit = instructionBreakpoints(cpu);
    if (hit != 0) {
      cpu.debugHit = hit;
      raise(cpu, Vector.DB);
      return deliverFault(cpu);
    }
  }
  const traps = (cpu.rflags & RFLAGS_TF) != 0;
  cpu.rflags &= ~RFLAGS_RF;
  interpret(cpu, 1);
  if (cpu.fault != 0) return deliverFault(cpu);
  if (traps) {
    cpu.debugHit |= DR6_BS;
    return deliverInterrupt(cpu, Vector.DB);
  }
  return true;
}

/** DR6 bits of the enabled instruction breakpoints at cpu.rip. */
function instructionBreakpoints(cpu: Cpu): u32 {
  let hit: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    const control = <u32>(cpu.dr7 >> <u64>(16 + (i << 2))) & 15;
    if (((cpu.dr7 >> <u64>(i << 1)) & 3) == 0 || control != 0) continue;
    const address = load<u64>(changetype<usize>(cpu) + (i << 3), offsetof<Cpu>("dr0"));
    if (address == cpu.rip) hit |= 1 << i;
  }
  return hit;
}
