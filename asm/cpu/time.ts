/**
 * Guest time as one vCPU sees it. The host's clock costs a third of a microsecond per look and may advance
 * in steps of several, so it is sampled every SAMPLE_INSNS instructions and interpolated in between at
 * INSN_NS per instruction, which is faster than any guest code runs here: interpolated time never overtakes
 * the host's by more than a step of its clock, and it never runs backwards. Reading a clock counts as
 * READ_INSNS instructions, so that a loop that only reads time sees it pass.
 *
 *   TSC = guest nanoseconds × Machine.tscKhz / 10^6 + IA32_TSC_ADJUST     (SDM vol. 3 17.17)
 *
 * The TSC is invariant and in step on all vCPUs. The local APIC timer and CPUID leaf 15h's crystal run at
 * a tenth of it.
 */
import { nowNs } from "../host";
import { machine } from "../machine";
import { Cpu } from "./state";

const SAMPLE_INSNS: u64 = 256;
const READ_INSNS: u64 = 16;
const INSN_NS: f64 = 1.0;

/** TSC ticks per tick of the crystal that clocks the local APIC timers. */
export const CRYSTAL_RATIO: u32 = 10;

/** Tells the interpolation that it is `now` (a value of host.nowNs): the worker's loop, after sleeping. */
export function noteTime(cpu: Cpu, now: f64): void {
  const reached = interpolated(cpu);
  cpu.clockNs = now > reached ? now : reached;
  cpu.clockIcount = cpu.icount;
}

function interpolated(cpu: Cpu): f64 {
  const passed = cpu.icount - cpu.clockIcount;
  // After an idle time no more than a sample's worth is made up.
  return cpu.clockNs + <f64>(passed < SAMPLE_INSNS ? passed : SAMPLE_INSNS) * INSN_NS;
}

/** Guest nanoseconds now. */
export function guestNs(cpu: Cpu): f64 {
  if (cpu.icount - cpu.clockIcount >= SAMPLE_INSNS) noteTime(cpu, nowNs());
  const ns = interpolated(cpu);
  cpu.clockIcount -= READ_INSNS;
  return ns;
}

/** TSC ticks since guest time 0, without IA32_TSC_ADJUST. */
function ticksAt(ns: f64): u64 {
  // Whole nanoseconds first: a product of f64 would lose ticks after a day.
  const whole = <u64>ns;
  const khz = <u64>machine().tscKhz;
  const millis = whole / 1_000_000;
  return millis * khz + ((whole - millis * 1_000_000) * khz) / 1_000_000;
}

export function readTsc(cpu: Cpu): u64 {
  return ticksAt(guestNs(cpu)) + cpu.tscAdjust;
}

/** WRMSR IA32_TIME_STAMP_COUNTER: the difference goes to IA32_TSC_ADJUST (SDM vol. 3 17.17.3). */
export function writeTsc(cpu: Cpu, value: u64): void {
  cpu.tscAdjust = value - ticksAt(guestNs(cpu));
}

/** Guest nanoseconds at which the TSC of this vCPU reaches `tsc`; 0 when that is long past. */
export function nsOfTsc(cpu: Cpu, tsc: u64): f64 {
  const ticks = <i64>(tsc - cpu.tscAdjust);
  if (ticks <= 0) return 0;
  const khz = <i64>machine().tscKhz;
  const millis = ticks / khz;
  // Rounded up: at that nanosecond the counter has reached the value.
  return <f64>millis * 1e6 + Math.ceil((<f64>(ticks - millis * khz) * 1e6) / <f64>khz);
}

/** Nanoseconds of one tick of the crystal. */
export function crystalNs(): f64 {
  return (1e6 * <f64>CRYSTAL_RATIO) / <f64>machine().tscKhz;
}
