/**
 * The whole machine in one thread, for tests and for debugging: the core calls the devices directly.
 * The same board, the same bus, the same memory layout as with workers; what is missing is concurrency.
 * One processor only.
 */
import { InlineBackend } from "../block/backend";
import type { BlockNode } from "../block/node";
import { guestNowNs, runClock } from "../shared/guest-time";
import {
  Cpu,
  EXIT_CONTROL,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  MACHINE,
  Machine,
  RUN_RUNNING,
  RUN_STOPPED,
} from "../shared/layout";
import { type SharedMemory, vcpuBase } from "../shared/shared-memory";
import { type CoreExports, instantiateCore } from "./core";
import { DeviceSide } from "./device-side";
import { allocateMemory, initMemory } from "./memory";
import type { DeviceToHost, HostToDevice } from "./messages";
import type { PcParts } from "./pc";

const RUN_STATE = (MACHINE + Machine.runState) >> 2;
const PARKED = (MACHINE + Machine.parkedCount) >> 2;
const SHUTDOWNS = (MACHINE + Machine.shutdowns) >> 2;
const BUDGET = 200_000;
/** Turns to the event loop at least this often, so that disks and timers of the host come to pass. */
const YIELD_MS = 5;

export interface InlineOptions {
  module: WebAssembly.Module;
  parts: PcParts;
  /** Block nodes by drive number. */
  nodes?: Map<number, BlockNode>;
  onMessage?: (message: DeviceToHost) => void;
  onTrace?: (code: number, a: bigint, b: bigint) => void;
}

export class InlineMachine {
  readonly memory: SharedMemory;
  readonly core: CoreExports;
  readonly devices: DeviceSide;
  /** Everything that came out of each serial port, as text. */
  readonly serialText: string[] = [];
  stopped: Extract<DeviceToHost, { type: "stopped" }> | undefined;
  private isStarted = false;

  constructor(options: InlineOptions) {
    const { module, parts, nodes = new Map() } = options;
    const wasmMemory = allocateMemory(parts.config);
    this.memory = initMemory(wasmMemory, parts.config);
    this.core = instantiateCore(module, wasmMemory, this.memory, {
      deviceAccess: (vcpu) => void this.devices.bus.serveVcpu(vcpu),
      deviceKick: (vcpu) => void this.devices.bus.serveVcpu(vcpu),
      trace: options.onTrace ?? (() => {}),
    });
    const backend = new InlineBackend(this.memory.bytes, nodes);
    const decoder = new TextDecoder("latin1");
    this.devices = new DeviceSide(this.memory, this.core, parts, backend, (message) => {
      if (message.type === "serial") {
        this.serialText[message.port] =
          (this.serialText[message.port] ?? "") + decoder.decode(message.bytes);
      } else if (message.type === "stopped") {
        this.stopped = message;
      }
      options.onMessage?.(message);
    });
  }

  send(message: HostToDevice): void {
    this.devices.receive(message);
  }

  /** Runs until `until` holds, the machine stops, or `timeoutMs` have passed; true unless it timed out. */
  async run(until: () => boolean = () => false, timeoutMs = 10_000): Promise<boolean> {
    const { i32 } = this.memory;
    const deadline = performance.now() + timeoutMs;
    if (!this.isStarted) {
      this.isStarted = true;
      runClock(this.memory);
      Atomics.store(i32, RUN_STATE, RUN_RUNNING);
    }
    let yielded = performance.now();
    while (performance.now() < deadline) {
      this.devices.turn();
      this.devices.flush();
      if (this.stopped || until()) return true;
      const state = Atomics.load(i32, RUN_STATE);
      if (state === RUN_STOPPED) return true;
      const isIdle = state === RUN_RUNNING ? this.slice() : this.park();
      const now = performance.now();
      if (isIdle || now - yielded > YIELD_MS) {
        await pause(isIdle ? this.idleMs() : 0);
        yielded = performance.now();
      }
    }
    return false;
  }

  /** One slice; true when the processor has nothing to do. */
  private slice(): boolean {
    const { i32 } = this.memory;
    switch (this.core.run(0, BUDGET)) {
      case EXIT_HALT:
        return Atomics.load(i32, (vcpuBase(0) + Cpu.pending) >> 2) === 0;
      case EXIT_SHUTDOWN:
        Atomics.or(i32, SHUTDOWNS, 1);
        return false;
      case EXIT_CONTROL:
        return false;
    }
    return false;
  }

  /** The processor stands still until the devices let it go on. */
  private park(): boolean {
    Atomics.store(this.memory.i32, PARKED, 1);
    this.devices.turn();
    Atomics.store(this.memory.i32, PARKED, 0);
    return true;
  }

  private idleMs(): number {
    const core = this.memory.f64[(vcpuBase(0) + Cpu.nextTimerNs) >> 3];
    const next = Math.min(core, this.devices.nextNs);
    return Math.max(0, Math.min(10, (next - guestNowNs(this.memory)) / 1e6));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
