/**
 * Entry of irqchip/*.test.ts: the irqchip's exports with vCPUs by number and no 64-bit parameters, and the
 * resets that the machine does around it.
 */
import { Cpu, cpuAt } from "../cpu/state";
import { readTsc, writeTsc } from "../cpu/time";
import * as chip from "../irqchip/index";
import {
  lapicMsrRead,
  lapicMsrReadable,
  lapicMsrWrite,
  setTpr,
  writeApicBase,
} from "../irqchip/lapic";
import { tscChanged, writeTscDeadline } from "../irqchip/lapic-timer";
import { machine } from "../machine";

export { irqNmi, irqSetLine } from "../irqchip/index";

export function reset(vcpus: u32, tscKhz: u32): void {
  machine().vcpuCount = vcpus;
  machine().tscKhz = tscKhz;
  chip.irqchipReset();
  for (let id: u32 = 0; id < vcpus; id++) {
    const cpu = cpuAt(id);
    memory.fill(changetype<usize>(cpu), 0, 0x4000);
    cpu.id = id;
    cpu.apicBase = 0xfee0_0800 | (id == 0 ? 0x100 : 0);
    chip.lapicReset(cpu);
  }
}
export function msi(address: u32, data: u32): void {
  chip.msiWrite(<u64>address, data);
}
export function pending(id: u32): u32 {
  return u32(chip.irqPending(cpuAt(id)));
}
export function ack(id: u32): i32 {
  return chip.irqAck(cpuAt(id));
}
export function pendingBits(id: u32): u32 {
  return atomic.load<u32>(changetype<usize>(cpuAt(id)), offsetof<Cpu>("pending"));
}
export function clearPending(id: u32): void {
  cpuAt(id).pending = 0;
}
export function sipiVector(id: u32): u32 {
  return cpuAt(id).sipiVector;
}
export function inb(port: u32): u32 {
  return chip.portRead(cpuAt(0), port, 1);
}
export function inl(port: u32): u32 {
  return chip.portRead(cpuAt(0), port, 4);
}
export function outb(port: u32, value: u32): void {
  chip.portWrite(cpuAt(0), port, 1, value);
}
export function outw(port: u32, value: u32): void {
  chip.portWrite(cpuAt(0), port, 2, value);
}
export function mmioRead(id: u32, gpa: u32): u32 {
  return <u32>chip.mmioRead(cpuAt(id), <u64>gpa, 4);
}
export function mmioRead64High(id: u32, gpa: u32): u32 {
  return <u32>(chip.mmioRead(cpuAt(id), <u64>gpa, 8) >> 32);
}
export function mmioWrite(id: u32, gpa: u32, value: u32): void {
  chip.mmioWrite(cpuAt(id), <u64>gpa, 4, <u64>value);
}
export function mmioWrite64(id: u32, gpa: u32, low: u32, high: u32): void {
  chip.mmioWrite(cpuAt(id), <u64>gpa, 8, <u64>low | ((<u64>high) << 32));
}
export function ownsMmio(id: u32, gpa: u32): u32 {
  return u32(chip.ownsMmio(cpuAt(id), <u64>gpa));
}
export function poll(id: u32, now: f64): void {
  chip.timersPoll(cpuAt(id), now);
}
export function nextTimer(id: u32): f64 {
  return cpuAt(id).nextTimerNs;
}
/** Makes the next look at the clock a fresh one. */
export function retire(id: u32, count: u32): void {
  cpuAt(id).icount += <u64>count;
}
export function tpr(id: u32, value: u32): void {
  setTpr(cpuAt(id), value);
}
export function cr8(id: u32): u32 {
  return <u32>cpuAt(id).cr8;
}
export function apicBase(id: u32, low: u32): u32 {
  return u32(writeApicBase(cpuAt(id), <u64>low));
}
export function x2Readable(id: u32, reg: u32): u32 {
  return u32(lapicMsrReadable(cpuAt(id), reg));
}
export function x2Read(id: u32, reg: u32): u32 {
  return <u32>lapicMsrRead(cpuAt(id), reg);
}
export function x2Write(id: u32, reg: u32, low: u32, high: u32): u32 {
  return u32(lapicMsrWrite(cpuAt(id), reg, <u64>low | ((<u64>high) << 32)));
}
export function tsc(id: u32): f64 {
  return <f64>readTsc(cpuAt(id));
}
export function setTsc(id: u32, value: f64): void {
  writeTsc(cpuAt(id), <u64>value);
  tscChanged(cpuAt(id));
}
export function tscDeadline(id: u32, value: f64): void {
  writeTscDeadline(cpuAt(id), <u64>value);
}
export function deadlineMsr(id: u32): f64 {
  return <f64>cpuAt(id).tscDeadline;
}
