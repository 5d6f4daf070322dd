/**
 * Entry of the tests of system instructions, MSRs, CPUID and the bus: one vCPU in real, protected or long
 * mode, to run single instructions on. State is read and written through src/shared/layout.ts.
 */

import { ioRead, ioWrite, mmioLoad, mmioStore } from "../bus";
import { initCpuid } from "../cpu/cpuid";
import { updateModes } from "../cpu/modes";
import { resetCpu } from "../cpu/reset";
import { getRflags, setRflags } from "../cpu/rflags";
import {
  cpuAt,
  FAULT_PENDING,
  SEG_CS,
  SEG_GS,
  SEG_TR,
  setSegAttr,
  setSegBase,
  setSegLimit,
  setSegSel,
} from "../cpu/state";
import { decode } from "../decode/decode";
import { COLD, EA_PRIV, Insn } from "../decode/insn";
import { PRIV } from "../decode/row";
import { execCold } from "../exec/cold";
import { EXEC_JUMP, EXEC_NEXT } from "../exec/exec";
import { irqchipReset } from "../irqchip/index";
import { LOW_MAP_READ, LOW_MAP_WRITE, RAM, VCPU_SCRATCH } from "../layout";
import { Machine, machine } from "../machine";
import { fetchHost, ld8 } from "../mmu/access";
import { flushAll } from "../mmu/tlb";

/** Guest physical addresses: identity-mapped tables of long mode, code, data. */
const TABLES: u32 = 0x10_0000;
const CODE: u32 = 0x11_0000;

/** Power-on with `vcpus` processors of -cpu model `model`; memory is RAM from 0 on. */
export function powerOn(vcpus: u32, model: u32): void {
  const m = machine();
  m.vcpuCount = vcpus;
  m.tscKhz = 2_000_000;
  m.ramLow = 0x100_0000;
  for (let slot: u32 = 0; slot < 64; slot++)
    store<u32>(
      changetype<usize>(m) + (slot << 2),
      (RAM + (slot << 14)) | LOW_MAP_READ | LOW_MAP_WRITE,
      offsetof<Machine>("lowMapFirst"),
    );
  irqchipReset();
  for (let id: u32 = 0; id < vcpus; id++) {
    const cpu = cpuAt(id);
    cpu.id = id;
    cpu.tlbNextAsn = 0;
    initCpuid(cpu, model);
    resetCpu(cpu);
  }
}

/** Flat segments and the mode of the register values; long mode maps the first 4 MiB 1:1 for everybody. */
export function enter(mode: u32, cpl: u32): void {
  const cpu = cpuAt(0);
  const rpl = cpl | (mode == 16 ? 0 : 8);
  for (let seg: u32 = 0; seg <= SEG_GS; seg++) {
    setSegBase(cpu, seg, 0);
    setSegLimit(cpu, seg, mode == 16 ? 0xffff : 0xffff_ffff);
    setSegAttr(cpu, seg, (mode == 16 ? 0x93 : 0xc093) | (cpl << 5));
    setSegSel(cpu, seg, mode == 16 ? 0 : rpl + 8);
  }
  setSegSel(cpu, SEG_CS, mode == 16 ? 0 : rpl);
  setSegAttr(cpu, SEG_CS, (mode == 16 ? 0x93 : mode == 32 ? 0xc09b : 0xa09b) | (cpl << 5));
  setSegAttr(cpu, SEG_TR, 0x8b);
  memory.fill(RAM + TABLES, 0, 0x3000);
  store<u64>(RAM + TABLES, TABLES + 0x1007);
  store<u64>(RAM + TABLES + 0x1000, TABLES + 0x2007);
  store<u64>(RAM + TABLES + 0x2000, 0x87);
  store<u64>(RAM + TABLES + 0x2008, 0x20_0087);
  cpu.cr0 = mode == 16 ? 0x10 : mode == 32 ? 0x11 : 0x8000_0011;
  cpu.cr3 = TABLES;
  cpu.cr4 = mode == 64 ? 0x20 : 0;
  cpu.efer = mode == 64 ? 0x500 : 0;
  cpu.cpl = cpl;
  setRflags(cpu, 2);
  updateModes(cpu);
  flushAll(cpu);
}

/** Host address of the code bytes that `exec` runs. */
export function code(): u32 {
  return RAM + CODE;
}

/** Decodes and runs the instruction at code(): EXEC_*, or -1 and the fault in Cpu. */
export function exec(): i32 {
  const cpu = cpuAt(0);
  const insn = changetype<Insn>((changetype<usize>(cpu) + VCPU_SCRATCH + 0x100) as usize);
  cpu.fault = 0;
  cpu.rip = CODE;
  cpu.ripBase = CODE;
  const row = decode(RAM + CODE, 15, cpu.modeKey, cpu.features, 0, insn);
  if ((row & PRIV) != 0) insn.ea |= <u8>EA_PRIV;
  cpu.nextRip = cpu.rip + insn.len;
  const result = execCold(cpu, insn, insn.op);
  return cpu.fault == 0 ? <i32>result : -1;
}

/** EXEC_JUMP when the instruction that `exec` ran goes on where it is: a repeated one that gave way; else 0. */
export function lastResult(): u32 {
  const cpu = cpuAt(0);
  return cpu.fault == 0 && cpu.nextRip == cpu.rip ? EXEC_JUMP : EXEC_NEXT;
}

export function flags(): u32 {
  return getRflags(cpuAt(0));
}
export function setFlags(value: u32): void {
  setRflags(cpuAt(0), value);
}

/** Length that decoding gives, and whether the instruction is valid there: len, or -len. */
export function decoded(): i32 {
  const cpu = cpuAt(0);
  const insn = changetype<Insn>((changetype<usize>(cpu) + VCPU_SCRATCH + 0x100) as usize);
  decode(RAM + CODE, 15, cpu.modeKey, cpu.features, 0, insn);
  return insn.op == <u16>COLD ? -(<i32>insn.len) : <i32>insn.len;
}

/** Op of the instruction at code(). */
export function decodedOp(): u32 {
  decoded();
  const insn = changetype<Insn>((changetype<usize>(cpuAt(0)) + VCPU_SCRATCH + 0x100) as usize);
  return <u32>insn.op - COLD;
}

/** Vector of the pending fault, or -1. */
export function faultVector(): i32 {
  const cpu = cpuAt(0);
  return cpu.fault == 0 ? -1 : <i32>(cpu.fault & ~FAULT_PENDING);
}

/** A byte at linear address `la`, through the TLB. */
export function peek(la: u32): u32 {
  cpuAt(0).fault = 0;
  return ld8(cpuAt(0), <u64>la);
}

/** Whether an instruction can be fetched from `la`. */
export function fetchable(la: u32): bool {
  cpuAt(0).fault = 0;
  return fetchHost(cpuAt(0), <u64>la) != 0;
}

export function updateState(): void {
  updateModes(cpuAt(0));
}

export function portIn(port: u32, size: u32): u32 {
  return ioRead(cpuAt(0), port, size);
}
export function portOut(port: u32, size: u32, value: u32): void {
  ioWrite(cpuAt(0), port, size, value);
}
export function loadMmio(gpa: u32, size: u32): u32 {
  return <u32>mmioLoad(cpuAt(0), <u64>gpa, size);
}
export function loadMmioHigh(gpa: u32): u32 {
  return <u32>(mmioLoad(cpuAt(0), <u64>gpa, 8) >> 32);
}
export function storeMmio(gpa: u32, size: u32, low: u32, high: u32): void {
  mmioStore(cpuAt(0), <u64>gpa, size, <u64>low | ((<u64>high) << 32));
}
