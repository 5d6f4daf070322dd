/**
 * The loop of one vCPU: runs guest code in slices, sleeps while the processor is halted, stands still
 * while the machine does not run. It never turns to its event loop: everything it needs to know is in
 * shared memory.
 *
 * Slices end often, because V8 replaces the code of a function only when it is entered again.
 */
import { type CoreExports, instantiateCore } from "../machine/core";
import { guestNowNs } from "../shared/guest-time";
import {
  Cpu,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  MACHINE,
  MAIL_REQUEST,
  Machine,
  Mailbox,
  RUN_RUNNING,
  RUN_STOPPED,
  VCPU_MAILBOX,
} from "../shared/layout";
import { ringDoorbell, type SharedMemory, sharedMemory, vcpuBase } from "../shared/shared-memory";

export interface VcpuStart {
  index: number;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

const RUN_STATE = (MACHINE + Machine.runState) >> 2;
const PARKED = (MACHINE + Machine.parkedCount) >> 2;
const SHUTDOWNS = (MACHINE + Machine.shutdowns) >> 2;

/** Instructions per slice: about a millisecond. */
const BUDGET = 200_000;
/** Looks at the mailbox before sleeping: a device on another core often answers within 2 µs. */
const SPINS = 100;
/** A request is never waited for longer than this without looking whether the machine is gone. */
const CHECK_MS = 100;

/** Runs until the machine is stopped. */
export function runVcpu(
  start: VcpuStart,
  onTrace: (code: number, a: bigint, b: bigint) => void,
): void {
  const shared = sharedMemory(start.memory.buffer);
  const { i32 } = shared;
  const core = instantiateCore(start.module, start.memory, shared, {
    deviceAccess: (vcpu) => waitForDevice(shared, vcpu),
    deviceKick: () => ringDoorbell(shared),
    trace: onTrace,
  });
  for (;;) {
    const state = Atomics.load(i32, RUN_STATE);
    if (state === RUN_STOPPED) return;
    if (state === RUN_RUNNING) slice(shared, core, start.index);
    else park(shared);
  }
}

function slice(shared: SharedMemory, core: CoreExports, index: number): void {
  const exit = core.run(index, BUDGET);
  if (exit === EXIT_HALT) sleep(shared, index);
  else if (exit === EXIT_SHUTDOWN) waitForReset(shared, index);
}

/** HLT: until something is pending, or the next in-core timer is due. */
function sleep(shared: SharedMemory, index: number): void {
  const base = vcpuBase(index);
  const nextNs = shared.f64[(base + Cpu.nextTimerNs) >> 3];
  const ms = Math.max(0, (nextNs - guestNowNs(shared)) / 1e6);
  Atomics.wait(shared.i32, (base + Cpu.pending) >> 2, 0, ms);
}

function park(shared: SharedMemory): void {
  const { i32 } = shared;
  Atomics.add(i32, PARKED, 1);
  ringDoorbell(shared);
  for (;;) {
    const state = Atomics.load(i32, RUN_STATE);
    if (state === RUN_RUNNING || state === RUN_STOPPED) break;
    Atomics.wait(i32, RUN_STATE, state);
  }
  Atomics.sub(i32, PARKED, 1);
}

/** Triple fault: the device worker resets the machine, or stops it. */
function waitForReset(shared: SharedMemory, index: number): void {
  const { i32 } = shared;
  const bit = 1 << index;
  Atomics.or(i32, SHUTDOWNS, bit);
  ringDoorbell(shared);
  for (;;) {
    const present = Atomics.load(i32, SHUTDOWNS);
    if ((present & bit) === 0) return;
    Atomics.wait(i32, SHUTDOWNS, present);
  }
}

function waitForDevice(shared: SharedMemory, index: number): void {
  const { i32 } = shared;
  const state = (vcpuBase(index) + VCPU_MAILBOX + Mailbox.state) >> 2;
  ringDoorbell(shared);
  for (let i = 0; i < SPINS; i++) {
    if (Atomics.load(i32, state) !== MAIL_REQUEST) return;
  }
  while (Atomics.load(i32, state) === MAIL_REQUEST) {
    if (Atomics.wait(i32, state, MAIL_REQUEST, CHECK_MS) !== "timed-out") continue;
    if (Atomics.load(i32, RUN_STATE) === RUN_STOPPED) return;
  }
}
