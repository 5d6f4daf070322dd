/**
 * The processor between blocks: what is pending is looked at, time is sampled, faults are delivered, and the
 * interpreter loop is entered again. One call is one slice; the worker calls again until told otherwise.
 * Order of events at an instruction boundary: SDM vol. 3 table 6-2.
 *
 * Pending events are looked at where blocks end. Three things need one instruction to end a block: the
 * instruction after STI or MOV SS while an interrupt waits, everything while stepping (MODE_STEP), and a store
 * to the irqchip, which may make an interrupt deliverable. Nobody knows the last before it happens, so such a
 * store inside a block raises FAULT_EFFECT in place of storing, and the instruction runs again, alone.
 */

import { DR6_BS, instructionBreakpoints } from "../cpu/debug";
import { deliverFault, deliverInterrupt, STEP_CANCELLED } from "../cpu/exceptions";
import { raise, Vector } from "../cpu/fault";
import { MODE_STEP, updateModes } from "../cpu/modes";
import { initCpu, startupIpi } from "../cpu/reset";
import { RFLAGS_IF, RFLAGS_RF, RFLAGS_TF } from "../cpu/rflags";
import { Cpu, FAULT_EFFECT, SHADOW_SS, shadowNow } from "../cpu/state";
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

/** What `boundary` found. */
const GO_ON: u32 = 0;
const LEAVE_CONTROL: u32 = 1;
const LEAVE_SHUTDOWN: u32 = 2;
const HELD_OFF: u32 = 3; // one instruction runs before what waits is looked at again

/** Instructions of a slice while a timer has more to make up: time for the guest to take one tick. */
const LATE_BUDGET: u32 = 20_000;

/** Runs about `budget` instructions (at least one unless halted). EXIT_*. */
export function runSlice(cpu: Cpu, budget: u32): u32 {
  const now = nowNs();
  noteTime(cpu, now);
  if (now >= cpu.nextTimerNs) {
    timersPoll(cpu, now);
    if (now >= cpu.nextTimerNs) budget = min(budget, LATE_BUDGET);
  }
  const end = cpu.icount + <u64>budget;
  let left = <i32>budget;
  while (left > 0) {
    let what = GO_ON;
    if (
      atomic.load<u32>(changetype<usize>(cpu), offsetof<Cpu>("pending")) != 0 ||
      cpu.intrBlocked != 0
    ) {
      what = boundary(cpu);
      if (what == LEAVE_CONTROL) return EXIT_CONTROL;
      if (what == LEAVE_SHUTDOWN) return EXIT_SHUTDOWN;
    }
    if (cpu.halted != 0) return EXIT_HALT;
    if ((cpu.modeKey & MODE_STEP) != 0) {
      if (!step(cpu)) return EXIT_SHUTDOWN;
      left--;
    } else if (what == HELD_OFF) {
      if (!single(cpu)) return EXIT_SHUTDOWN;
      left--;
    } else {
      cpu.effectsHeld = 1;
      left = interpret(cpu, left);
      cpu.effectsHeld = 0;
      if (cpu.fault == FAULT_EFFECT) {
        if (!single(cpu)) return EXIT_SHUTDOWN;
        left--;
      } else if (cpu.fault != 0 && !deliverFault(cpu)) {
        return EXIT_SHUTDOWN;
      }
    }
    cpu.icount = end - <u64>left;
  }
  return EXIT_SLICE;
}

/** Handles what is pending before the instruction at cpu.rip. */
function boundary(cpu: Cpu): u32 {
  const pending = atomic.load<u32>(changetype<usize>(cpu), offsetof<Cpu>("pending"));
  const once =
    PENDING_CONTROL |
    PENDING_CODE |
    PENDING_FLUSH |
    PENDING_SMI |
    PENDING_INIT |
    PENDING_SIPI |
    PENDING_INTR;
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
    if (shadowNow(cpu) == SHADOW_SS) {
      if ((pending & PENDING_INTR) != 0) cpu.intrBlocked = 1;
      return HELD_OFF;
    }
    // An interrupt that came with it waits for the handler.
    if ((pending & PENDING_INTR) != 0) cpu.intrBlocked = 1;
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
  if (shadowNow(cpu) != 0) {
    // One instruction runs first (SDM vol. 2, STI; vol. 3 6.8.3).
    cpu.intrBlocked = 1;
    return HELD_OFF;
  }
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
    const page = atomic.load<u32>(
      MACHINE + MACHINE_DMA_CODE + ((tail & (MACHINE_DMA_CODE_ENTRIES - 1)) << 2),
    );
    dropPage(cpu, page << 12);
    tail++;
  }
  cpu.dmaCodeTail = tail;
}

/** Runs the instruction at cpu.rip and no other. False: shutdown. */
function single(cpu: Cpu): bool {
  cpu.fault = 0;
  cpu.shadow = 0;
  cpu.modeKey |= MODE_STEP;
  interpret(cpu, 1);
  updateModes(cpu);
  return cpu.fault == 0 || deliverFault(cpu);
}

/** One instruction with TF set or breakpoints armed (SDM vol. 3 17.2-17.3). False: shutdown. */
function step(cpu: Cpu): bool {
  // SYSRET has set TF: its trap comes before the next instruction, not after it.
  if ((cpu.debugHit & DR6_BS) != 0) return deliverInterrupt(cpu, Vector.DB);
  const isHeld = shadowNow(cpu) == SHADOW_SS;
  if ((cpu.rflags & RFLAGS_RF) == 0 && !isHeld) {
    const hit = instructionBreakpoints(cpu);
    if (hit != 0) {
      cpu.debugHit |= hit;
      raise(cpu, Vector.DB);
      return deliverFault(cpu);
    }
  }
  const traps = (cpu.rflags & RFLAGS_TF) != 0;
  cpu.rflags &= ~RFLAGS_RF;
  cpu.shadow = 0;
  interpret(cpu, 1);
  if (cpu.fault != 0) {
    // What the instruction met before it failed is forgotten.
    if ((cpu.fault & 0xff) != Vector.DB) cpu.debugHit = 0;
    return deliverFault(cpu);
  }
  const isStep = traps && (cpu.debugHit & STEP_CANCELLED) == 0;
  cpu.debugHit &= ~STEP_CANCELLED;
  // MOV SS holds traps off: its single step is dropped, its data breakpoints wait for the next instruction.
  if (cpu.shadow == SHADOW_SS && !isHeld) return true;
  if (isStep) cpu.debugHit |= DR6_BS;
  return cpu.debugHit == 0 || deliverInterrupt(cpu, Vector.DB);
}
