/**
 * Entry of the test module that decodes and runs single x87 instructions (not part of the core). Cases and
 * results have the format of test/native/simd-runner.c; asm/exec/x87.test.ts makes and judges them.
 */

import { raiseUD } from "../cpu/fault";
import {
  ATTR_DB,
  ATTR_L,
  CR0_AM,
  CR0_NE,
  CR0_PE,
  CR4_OSFXSR,
  EFER_LMA,
  updateModes,
} from "../cpu/modes";
import { getArith } from "../cpu/rflags";
import { Cpu, cpuAt, SEG_CS, SEG_DS, setSegAttr, setSegLimit } from "../cpu/state";
import { decode, INSN_MAX } from "../decode/decode";
import { COLD, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { execFwait } from "../exec/misc";
import { execX87 } from "../exec/x87";
import { RAM, VCPU_SCRATCH } from "../layout";
import { machine } from "../machine";
import { flushAll } from "../mmu/tlb";
import { loadImage, saveImage, setFlags } from "./simd";

/** gpa of the memory of a case; RAM ends with it. */
const MEMORY: u32 = 0x0020_0f80;
const MEMORY_SIZE: u32 = 128;

/** 64-bit mode; or with `bits` 16 and 32 real and protected mode with flat segments. */
export function setup(bits: u32, isReal: bool): void {
  const cpu = cpuAt(0);
  machine().ramLow = MEMORY + MEMORY_SIZE;
  cpu.cr0 = CR0_AM | CR0_NE | (isReal ? 0 : CR0_PE);
  cpu.cpl = isReal ? 0 : 3;
  cpu.cr4 = CR4_OSFXSR;
  cpu.efer = bits == 64 ? EFER_LMA : 0;
  cpu.features = ~0;
  setSegAttr(cpu, SEG_CS, 0x9b | (bits == 64 ? ATTR_L : bits == 32 ? ATTR_DB : 0));
  setSegAttr(cpu, SEG_DS, 0x93);
  setSegLimit(cpu, SEG_DS, 0xffff_ffff);
  flushAll(cpu);
  updateModes(cpu);
}

/** Op of an instruction, by its bytes. */
export function decodedOp(bytes: u32): u32 {
  const cpu = cpuAt(0);
  const insn = changetype<Insn>(changetype<usize>(cpu) + VCPU_SCRATCH);
  decode(bytes, INSN_MAX, cpu.modeKey, cpu.features, 0, insn);
  return <u32>insn.op - COLD;
}

/** Runs `count` cases of 1024 bytes at `from`, writing results to `to`. */
export function runCases(from: u32, to: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) runCase(from + (i << 10), to + (i << 10));
}

function runCase(from: u32, to: u32): void {
  const cpu = cpuAt(0);
  const insn = changetype<Insn>(changetype<usize>(cpu) + VCPU_SCRATCH);
  const base = changetype<usize>(cpu);
  memory.copy(base, from + 24, 128);
  setFlags(cpu, load<u32>(from, 20));
  memory.copy(RAM + MEMORY, from + 160, MEMORY_SIZE);
  loadImage(cpu, from + 512);
  loadPointers(cpu, from + 512);
  cpu.fault = 0;
  cpu.ripBase = 0;
  cpu.rip = load<u32>(from, 152);
  decode(from, INSN_MAX, cpu.modeKey, cpu.features, 0, insn);
  const op = <u32>insn.op - COLD;
  if (<u32>insn.len != load<u32>(from, 16)) raiseUD(cpu);
  else if (op == Op.FWAIT) execFwait(cpu);
  else if (op < 0x300 || op >= 0x400) raiseUD(cpu);
  else execX87(cpu, insn);
  memory.copy(to, base, 128);
  store<u64>(to, <u64>getArith(cpu), 128);
  store<u32>(to, cpu.fault != 0 ? cpu.fault & 0xff : ~0, 136);
  memory.copy(to + 144, RAM + MEMORY, MEMORY_SIZE);
  saveImage(cpu, to + 512);
  store<u16>(to + 512, <u16>cpu.fop, 6);
  store<u64>(to + 512, cpu.fip, 8);
  store<u64>(to + 512, cpu.fdp, 16);
}

function loadPointers(cpu: Cpu, image: u32): void {
  cpu.fop = load<u16>(image, 6) & 0x7ff;
  cpu.fip = load<u64>(image, 8);
  cpu.fdp = load<u64>(image, 16);
  cpu.fcs = 0;
  cpu.fds = 0;
}
