/**
 * Allocates the memory of a machine and writes what all threads must know before the first of them
 * starts: sizes, number of processors, the clock.
 */
import { startClock } from "../shared/guest-time";
import { MACHINE, Machine, RAM, RUN_PAUSED } from "../shared/layout";
import { type SharedMemory, sharedMemory } from "../shared/shared-memory";
import type { MachineConfig } from "./config";
import { ConfigError } from "./keyval";

const WASM_PAGE = 65536;
const GIB = 2 ** 30;
/** As q35 does: RAM ends below MMCONFIG, and what would not fit there moves above 4 GiB. */
const LOW_MAX = 0xb000_0000;
const LOW_WHEN_SPLIT = 2 * GIB;

/** One nanosecond per tick: guests read and print it, and it divides well. */
const TSC_KHZ = 1_000_000;

export function splitRam(bytes: number): { ramLow: number; ramHigh: number } {
  if (bytes < LOW_MAX) return { ramLow: bytes, ramHigh: 0 };
  return { ramLow: LOW_WHEN_SPLIT, ramHigh: bytes - LOW_WHEN_SPLIT };
}

/** The shared memory for a machine of this configuration. Its size never changes. */
export function allocateMemory(config: MachineConfig): WebAssembly.Memory {
  const pages = (RAM + config.memory) / WASM_PAGE;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    const mib = config.memory / 2 ** 20;
    throw new ConfigError(`This host gives no memory for a machine of ${mib}M: try a smaller -m.`);
  }
}

export function initMemory(memory: WebAssembly.Memory, config: MachineConfig): SharedMemory {
  const shared = sharedMemory(memory.buffer);
  const { u32 } = shared;
  const set = (field: number, value: number) => {
    u32[(MACHINE + field) >> 2] = value;
  };
  const { ramLow, ramHigh } = splitRam(config.memory);
  set(Machine.runState, RUN_PAUSED);
  set(Machine.vcpuCount, config.cpuCount);
  set(Machine.ramLow, ramLow);
  set(Machine.ramHigh, ramHigh);
  set(Machine.tscKhz, TSC_KHZ);
  startClock(shared);
  return shared;
}
