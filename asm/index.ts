/**
 * What the host may call. Every worker that needs the processor, or only the interrupt controllers, has its
 * own instance of this module on the one shared memory; `vcpu` is the processor's number.
 */
import { initCpuid } from "./cpu/cpuid";
import { updateModes } from "./cpu/modes";
import { resetCpu } from "./cpu/reset";
import { cpuAt } from "./cpu/state";
import { dropAllBlocks } from "./exec/blocks";
import { runSlice } from "./exec/run";
import {
  irqchipReset as resetChips,
  irqSetLine as setLine,
  msiWrite as writeMsi,
} from "./irqchip/index";
import { flushAll } from "./mmu/tlb";

/** Prepares vCPU `vcpu` for its first reset: number, -cpu model (CPU_MODEL_*), empty caches. */
export function initVcpu(vcpu: u32, cpuModel: u32): void {
  const cpu = cpuAt(vcpu);
  cpu.id = vcpu;
  cpu.tlbNextAsn = 0;
  initCpuid(cpu, cpuModel);
  dropAllBlocks(cpu);
  resetCpu(cpu);
  flushAll(cpu);
}

/** Power-on state (SDM vol. 3 9.1); caches of translations are emptied. */
export function reset(vcpu: u32): void {
  const cpu = cpuAt(vcpu);
  resetCpu(cpu);
  flushAll(cpu);
}

/** Runs about `budget` instructions; returns EXIT_*. */
export function run(vcpu: u32, budget: u32): u32 {
  return runSlice(cpuAt(vcpu), budget);
}

/** To be called after the host wrote control registers or segments into a stopped vCPU's state. */
export function updateVcpuModes(vcpu: u32): void {
  const cpu = cpuAt(vcpu);
  updateModes(cpu);
  flushAll(cpu);
}

/** Drives global system interrupt `gsi` to `level` (0 or 1). */
export function irqSetLine(gsi: u32, level: u32): void {
  setLine(gsi, level);
}

/** A message signalled interrupt: `address` and `data` as the function writes them. */
export function msiWrite(addressLow: u32, addressHigh: u32, data: u32): void {
  writeMsi(<u64>addressLow | ((<u64>addressHigh) << 32), data);
}

/** Puts the interrupt controllers and timers into their power-on state. */
export function irqchipReset(): void {
  resetChips();
}
