/**
 * Entry of the test module that decodes and runs single MMX, SSE, AVX and FPU-state instructions (not part of
 * the core). The state is that of one vCPU in 64-bit mode at CPL 3; the page behind that of a case's memory is
 * not there. asm/exec/simd.test.ts and vex.test.ts make the cases and judge the results.
 */

import { raiseUD } from "../cpu/fault";
import {
  ATTR_L,
  CR0_AM,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  EFER_LMA,
  EFER_LME,
  updateModes,
} from "../cpu/modes";
import { getArith, RFLAGS_AC, setArith } from "../cpu/rflags";
import { Cpu, cpuAt, fpr, SEG_CS, setSegAttr, xmm } from "../cpu/state";
import { XSTATE_PKRU } from "../cpu/xstate";
import { decode, INSN_MAX } from "../decode/decode";
import { COLD, Insn } from "../decode/insn";
import { OPMAP_0F_SIMD } from "../decode/opmap-0f-simd";
import { OPMAP_0F3A } from "../decode/opmap-0f3a";
import { OPMAP_0F38 } from "../decode/opmap-0f38";
import { GROUPS_VEX, OPMAP_VEX } from "../decode/opmap-vex";
import { Op } from "../decode/ops";
import { VEX } from "../decode/ops-vex";
import { execFpuState } from "../exec/fpu-state";
import { execSimd } from "../exec/simd";
import { execSystem } from "../exec/system";
import { execVex } from "../exec/vex";
import { RAM, VCPU_SCRATCH } from "../layout";
import { machine } from "../machine";
import { flushAll } from "../mmu/tlb";

/** gpa and linear address of the memory of a case, at the end of the last page. */
const MEMORY: u32 = 0x0020_0f80;
const MEMORY_SIZE: u32 = 128;

/** gpa of the page tables. */
const TABLES: u32 = 0x0011_0000;

/** Bytes of a case: those of the legacy save area, the XSAVE header and component 2 behind 512 others. */
const CASE_SIZE: u32 = 1344;

/** gpa of the save area of an FPU-state case. */
const AREA: u32 = 0x0010_0000;

export function setup(): void {
  const cpu = cpuAt(0);
  const m = machine();
  m.ramLow = MEMORY + MEMORY_SIZE;
  // Two megabytes as one page, then a single small one.
  const entries: u32 = RAM + TABLES;
  store<u64>(entries, (TABLES + 0x1000) | 7);
  store<u64>(entries + 0x1000, (TABLES + 0x2000) | 7);
  store<u64>(entries + 0x2000, 0x87);
  store<u64>(entries + 0x2008, (TABLES + 0x3000) | 7);
  store<u64>(entries + 0x3000, (MEMORY & ~0xfff) | 7);
  cpu.cr3 = TABLES;
  cpu.cr0 = CR0_PG | CR0_PE | CR0_NE | CR0_AM;
  cpu.cpl = 3;
  cpu.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
  cpu.efer = EFER_LMA | EFER_LME;
  cpu.xcr0 = 7;
  cpu.features = ~0;
  setSegAttr(cpu, SEG_CS, ATTR_L | 0x9b);
  flushAll(cpu);
  updateModes(cpu);
}

/** Row of a map (0 = 0F, 1 = 0F38, 2 = 0F3A), as two halves. */
export function row(map: u32, index: u32, half: u32): u32 {
  const r = map == 0 ? OPMAP_0F_SIMD[index] : map == 1 ? OPMAP_0F38[index] : OPMAP_0F3A[index];
  return <u32>(half == 0 ? r : r >> 32);
}

/** The same of the rows in opmap-vex.ts: key and row in turn, then its groups from 1000h on. */
export function vexRow(index: u32, half: u32): u32 {
  const r =
    index >= 0x1000
      ? GROUPS_VEX[index - 0x1000]
      : <i32>index < OPMAP_VEX.length
        ? OPMAP_VEX[index]
        : 0;
  return <u32>(half == 0 ? r : r >> 32);
}

/**
 * Runs `count` cases of 1344 bytes in the format of test/native/simd-runner.c at `from`, writing the
 * results in its format to `to`. A case of length 0 is skipped.
 */
export function runCases(from: u32, to: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) runCase(from + i * CASE_SIZE, to + i * CASE_SIZE);
}

/** The flags of a case: the arithmetic ones and AC. */
export function setFlags(cpu: Cpu, flags: u32): void {
  setArith(cpu, flags);
  cpu.rflags = flags & RFLAGS_AC;
  updateModes(cpu);
}

function runCase(from: u32, to: u32): void {
  const len = load<u32>(from, 16);
  if (len == 0) return;
  const cpu = cpuAt(0);
  const insn = changetype<Insn>(changetype<usize>(cpu) + VCPU_SCRATCH);
  const base = changetype<usize>(cpu);
  memory.copy(base, from + 24, 128);
  setFlags(cpu, load<u32>(from, 20));
  memory.copy(RAM + MEMORY, from + 160, MEMORY_SIZE);
  loadState(cpu, from + 512);
  cpu.fault = 0;
  cpu.ripBase = 0;
  decode(from, INSN_MAX, cpu.modeKey, cpu.features, 0, insn);
  const op = <u32>insn.op - COLD;
  if (op == Op.INVALID || <u32>insn.len != len) raiseUD(cpu);
  else if (op >= VEX + 0x400) execVex(cpu, insn);
  else if (op >= 0x400) execSimd(cpu, insn);
  else execFpuState(cpu, insn);
  memory.copy(to, base, 128);
  store<u64>(to, <u64>getArith(cpu), 128);
  store<u32>(to, cpu.fault != 0 ? cpu.fault & 0xff : ~0, 136);
  memory.copy(to + 144, RAM + MEMORY, MEMORY_SIZE);
  saveState(cpu, to + 512);
}

export function loadImage(cpu: Cpu, from: u32): void {
  cpu.fcw = (load<u16>(from) & 0x1f7f) | 0x40;
  cpu.fsw = load<u16>(from, 2);
  const isPending = (cpu.fsw & ~cpu.fcw & 0x3f) != 0;
  cpu.fsw = (cpu.fsw & ~0x8080) | (isPending ? 0x8080 : 0);
  cpu.ftw = load<u8>(from, 4);
  cpu.mxcsr = load<u32>(from, 24);
  for (let i: u32 = 0; i < 8; i++) {
    const at = fpr(cpu, (i + (cpu.fsw >> 11)) & 7);
    store<u64>(at, load<u64>(from + 32 + (i << 4)));
    store<u64>(at, load<u16>(from + 32 + (i << 4), 8), 8);
  }
  for (let i: u32 = 0; i < 16; i++) {
    v128.store(xmm(cpu, i), v128.load(from + 160 + (i << 4)));
  }
}

export function saveImage(cpu: Cpu, to: u32): void {
  memory.fill(to, 0, 512);
  store<u16>(to, <u16>cpu.fcw);
  store<u16>(to, <u16>cpu.fsw, 2);
  store<u8>(to, <u8>cpu.ftw, 4);
  store<u32>(to, cpu.mxcsr, 24);
  for (let i: u32 = 0; i < 8; i++) {
    const at = fpr(cpu, (i + (cpu.fsw >> 11)) & 7);
    store<u64>(to + 32 + (i << 4), load<u64>(at));
    store<u16>(to + 32 + (i << 4), load<u16>(at, 8), 8);
  }
  for (let i: u32 = 0; i < 16; i++) {
    v128.store(to + 160 + (i << 4), v128.load(xmm(cpu, i)));
  }
}

/**
 * Runs `count` cases of test/native/fpu-state.c in place: 4096 bytes each, the state before at 0, the save
 * area at 1024, instruction bytes at 2048, EAX, EDX, the offset of RDI in the area and PKRU after them.
 */
export function runStateCases(at: u32, count: u32, xcr0: u32): void {
  const cpu = cpuAt(0);
  cpu.xcr0 = xcr0;
  for (let i: u32 = 0; i < count; i++) runStateCase(cpu, at + (i << 12));
}

function runStateCase(cpu: Cpu, at: u32): void {
  const insn = changetype<Insn>(changetype<usize>(cpu) + VCPU_SCRATCH);
  memory.copy(RAM + AREA, at + 1024, 1024);
  loadState(cpu, at);
  cpu.rax = load<u32>(at, 2056);
  cpu.rdx = load<u32>(at, 2060);
  cpu.rdi = AREA + load<u32>(at, 2064);
  cpu.pkru = (cpu.xcr0 & XSTATE_PKRU) != 0 ? load<u32>(at, 2068) : 0;
  cpu.rcx = 1;
  cpu.fault = 0;
  cpu.ripBase = 0;
  decode(at + 2048, INSN_MAX, cpu.modeKey, cpu.features, 0, insn);
  execSystem(cpu, insn);
  memory.fill(at, 0, 2072);
  if (cpu.fault == 0) {
    store<u32>(at, <u32>cpu.rax, 2056);
    store<u32>(at, <u32>cpu.rdx, 2060);
  }
  store<u32>(at, <u32>cpu.pkru, 2068);
  store<u32>(at, cpu.fault != 0 ? cpu.fault & 0xff : ~0, 2048);
  memory.copy(at + 1024, RAM + AREA, 1024);
  saveState(cpu, at);
  store<u16>(at, <u16>cpu.fop, 6);
  store<u64>(at, cpu.fip, 8);
  store<u64>(at, cpu.fdp, 16);
}

/** An XSAVE64 image without its header. */
function saveState(cpu: Cpu, to: u32): void {
  saveImage(cpu, to);
  for (let i: u32 = 0; i < 16; i++) v128.store(to + 576 + (i << 4), v128.load(xmm(cpu, i), 16));
}

/** Loads an XSAVE64 image; components that its header lacks are in their initial state. */
function loadState(cpu: Cpu, from: u32): void {
  const present = load<u32>(from, 512);
  if ((present & 1) == 0) {
    memory.fill(from, 0, 24);
    memory.fill(from + 32, 0, 128);
    store<u16>(from, 0x37f);
  }
  if ((present & 2) == 0) memory.fill(from + 160, 0, 256);
  if ((present & 4) == 0) memory.fill(from + 576, 0, 256);
  loadImage(cpu, from);
  cpu.fop = load<u16>(from, 6);
  cpu.fip = load<u64>(from, 8);
  cpu.fdp = load<u64>(from, 16);
  for (let i: u32 = 0; i < 16; i++) v128.store(xmm(cpu, i), v128.load(from + 576 + (i << 4)), 16);
}
