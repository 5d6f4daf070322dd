/**
 * Entry of the test module that decodes and runs single FPU-state instructions (not part of the core) for
 * asm/exec/fpu-state.test.ts. The state is that of one vCPU in 64-bit mode at CPL 3.
 */

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
import { Cpu, cpuAt, fpr, SEG_CS, setSegAttr, xmm } from "../cpu/state";
import { XSTATE_PKRU } from "../cpu/xstate";
import { decode, INSN_MAX } from "../decode/decode";
import { Insn } from "../decode/insn";
import { execSystem } from "../exec/system";
import { RAM, VCPU_SCRATCH } from "../layout";
import { machine } from "../machine";
import { flushAll } from "../mmu/tlb";

/** gpa and linear address of the memory of a case, at the end of the last page. */
const MEMORY: u32 = 0x0020_0f80;
const MEMORY_SIZE: u32 = 128;

/** gpa of the page tables. */
const TABLES: u32 = 0x0011_0000;

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

function loadImage(cpu: Cpu, from: u32): void {
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

function saveImage(cpu: Cpu, to: u32): void {
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
