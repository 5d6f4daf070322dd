/**
 * Entry of the test module that decodes and runs single instructions as user code with paging on (not part of
 * the core): the counterpart of test/native/vectors.c, which describes the memory the instruction sees and
 * the two records.
 */

import { Vector } from "../cpu/fault";
import { updateModes } from "../cpu/modes";
import { getRflags, setRflags } from "../cpu/rflags";
import {
  Cpu,
  cpuAt,
  FAULT_PENDING,
  reg,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_GS,
  SEG_SS,
  SEG_TR,
  setReg,
  setSegAttr,
  setSegBase,
  setSegLimit,
  setSegSel,
} from "../cpu/state";
import { decode } from "../decode/decode";
import { Insn } from "../decode/insn";
import { EXEC_JUMP } from "../exec/exec";
import { execInteger } from "../exec/integer";
import { RAM, VCPU_SCRATCH } from "../layout";
import { machine } from "../machine";
import { flushAll } from "../mmu/tlb";

const CODE: u32 = 0x1000_0000;
const START: u32 = CODE + 0x800;
const DATA: u32 = 0x2000_0000;
const PAGES: u32 = 5;
const ABSENT: u32 = 3;

/** Guest physical addresses. */
const TABLES: u32 = 0x10_0000;
export const CODE_GPA: u32 = 0x11_0000;
const DATA_GPA: u32 = 0x12_0000;
const PRISTINE: u32 = RAM + 0x18_0000;

@unmanaged
export class Case {
  code0: u64;
  code1: u64;
  regs: u64; // u64[16]
  regs1: u64;
  regs2: u64;
  regs3: u64;
  regs4: u64;
  regs5: u64;
  regs6: u64;
  regs7: u64;
  regs8: u64;
  regs9: u64;
  regs10: u64;
  regs11: u64;
  regs12: u64;
  regs13: u64;
  regs14: u64;
  regs15: u64;
  flags: u64;
  patchAt: u64;
  patch: u64;
}

@unmanaged
export class Result {
  regs: u64; // u64[16]
  regs1: u64;
  regs2: u64;
  regs3: u64;
  regs4: u64;
  regs5: u64;
  regs6: u64;
  regs7: u64;
  regs8: u64;
  regs9: u64;
  regs10: u64;
  regs11: u64;
  regs12: u64;
  regs13: u64;
  regs14: u64;
  regs15: u64;
  rip: u64;
  flags: u64;
  cr2: u64;
  hash: u64;
  trap: u32;
  error: u32;
}

/** Where the test puts the contents of the data pages. */
export function pristine(): u32 {
  return PRISTINE;
}

function entry(table: u32, index: u32, value: u64, width: u32): void {
  if (width == 8) store<u64>(RAM + TABLES + table + index * 8, value);
  else store<u32>(RAM + TABLES + table + index * 4, <u32>value);
}

/** Page tables: four levels of 8-byte entries, or two of 4-byte entries. */
function buildTables(mode64: bool): void {
  memory.fill(RAM + TABLES, 0, 0x6000);
  const width: u32 = mode64 ? 8 : 4;
  const link = <u64>TABLES | 7;
  const shift: u32 = mode64 ? 21 : 22;
  const mask: u32 = mode64 ? 511 : 1023;
  if (mode64) {
    entry(0x0000, 0, link + 0x1000, width);
    entry(0x1000, 0, link + 0x2000, width);
  }
  const directory: u32 = mode64 ? 0x2000 : 0;
  entry(directory, (CODE >> shift) & mask, link + 0x3000, width);
  entry(directory, (DATA >> shift) & mask, link + 0x4000, width);
  entry(0x3000, (CODE >> 12) & mask, <u64>CODE_GPA | 7, width);
  for (let page: u32 = 0; page < PAGES; page++) {
    const rights: u64 = page == ABSENT ? 0 : page == 2 ? 5 : 7;
    entry(0x4000, ((DATA >> 12) + page) & mask, <u64>(DATA_GPA + (page << 12)) | rights, width);
  }
}

function segment(cpu: Cpu, seg: u32, selector: u32, base: u64, limit: u32, attr: u32): void {
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, base);
  setSegLimit(cpu, seg, limit);
  setSegAttr(cpu, seg, attr);
}

/** User mode as Linux sets it up for 64-bit or for 32-bit programs, or 16-bit segments of the LDT. */
export function setup(mode: u32): void {
  const mode64 = mode == 64;
  const cpu = cpuAt(0);
  memory.fill(changetype<usize>(cpu), 0, offsetof<Cpu>());
  const m = machine();
  m.ramLow = 0x100_0000;
  buildTables(mode64);
  memory.fill(RAM + CODE_GPA, 0xcc, 4096);
  for (let seg: u32 = 0; seg <= SEG_GS; seg++) {
    setSegBase(cpu, seg, 0);
    setSegLimit(cpu, seg, 0xffff_ffff);
    setSegAttr(cpu, seg, 0xc0f3);
  }
  setSegAttr(cpu, SEG_CS, mode64 ? 0xa0fb : 0xc0fb);
  setSegSel(cpu, SEG_CS, mode64 ? 0x33 : 0x23);
  setSegSel(cpu, SEG_SS, 0x2b);
  setSegSel(cpu, SEG_DS, mode64 ? 0 : 0x2b);
  setSegSel(cpu, SEG_ES, mode64 ? 0 : 0x2b);
  if (mode64) setSegBase(cpu, SEG_GS, DATA + 0x100);
  if (mode == 16) {
    segment(cpu, SEG_CS, 0x07, CODE, 0xfff, 0xfb);
    segment(cpu, SEG_DS, 0x0f, DATA, (PAGES << 12) - 1, 0xf3);
    segment(cpu, SEG_ES, 0x0f, DATA, (PAGES << 12) - 1, 0xf3);
    segment(cpu, SEG_SS, 0x17, DATA, (PAGES << 12) - 1 - 0x100, 0xf3);
  }
  cpu.cr0 = 0x8005_0031;
  cpu.cr3 = TABLES;
  cpu.cr4 = mode64 ? 0x20 : 0;
  cpu.efer = mode64 ? 0x501 : 0;
  cpu.cpl = 3;
  cpu.features = ~0;
  setRflags(cpu, 0x200);
  updateModes(cpu);
  flushAll(cpu);
}

/** After setup: privilege, extensions, and a TSS in data page 1 with its I/O bit map behind it. */
export function privilege(cpl: u32, cr4: u32, tssLimit: u32): void {
  const cpu = cpuAt(0);
  cpu.cpl = cpl;
  cpu.cr4 = cr4;
  segment(cpu, SEG_TR, 0x40, DATA + 0x1000, tssLimit, 0x8b);
  updateModes(cpu);
  flushAll(cpu);
}

/** Runs one case once, without going on with a repeated instruction; true if it wants to. */
export function runOnce(at: u32, to: u32, mode: u32): bool {
  const cpu = cpuAt(0);
  const c = changetype<Case>(at as usize);
  prepare(cpu, c, mode);
  const result = execInteger(cpu, instruction(cpu));
  report(cpu, changetype<Result>(to as usize), mode);
  return result == EXEC_JUMP && cpu.nextRip == cpu.rip;
}

export function instruction(cpu: Cpu): Insn {
  return changetype<Insn>((changetype<usize>(cpu) + VCPU_SCRATCH) as usize);
}

function fillData(): void {
  memory.copy(RAM + DATA_GPA, PRISTINE, PAGES << 12);
}

function hashData(): u64 {
  let hash: u64 = 0xcbf29ce484222325;
  for (let page: u32 = 0; page < PAGES; page++) {
    if (page == ABSENT) continue;
    const at = RAM + DATA_GPA + (page << 12);
    for (let i: u32 = 0; i < 4096; i += 8) {
      hash = (hash ^ load<u64>(at + i)) * 0x100000001b3;
      hash ^= hash >> 29;
    }
  }
  return hash;
}

function hasErrorCode(vector: u32): bool {
  return (
    vector == Vector.DF ||
    (vector >= <u32>Vector.TS && vector <= <u32>Vector.PF) ||
    vector == Vector.AC
  );
}

/** RIP of the instruction. */
function startOf(mode: u32): u32 {
  return mode == 16 ? START - CODE : START;
}

export function prepare(cpu: Cpu, c: Case, mode: u32): void {
  fillData();
  if (c.patchAt != 0) store<u64>(RAM + DATA_GPA + <u32>c.patchAt - DATA, c.patch);
  const code = RAM + CODE_GPA + (START & 0xfff);
  store<u64>(code, c.code0);
  store<u64>(code, c.code1, 8);
  for (let i: u32 = 0; i < 16; i++) setReg(cpu, i, load<u64>(changetype<usize>(c) + 16 + (i << 3)));
  setRflags(cpu, <u32>c.flags);
  updateModes(cpu);
  cpu.fault = 0;
  cpu.cr2 = 0;
  cpu.shadow = 0;
  cpu.ripBase = startOf(mode);
  const insn = instruction(cpu);
  decode(code, 15, cpu.modeKey, cpu.features, 0, insn);
  cpu.rip = cpu.ripBase;
  cpu.nextRip = cpu.rip + insn.len;
}

export function report(cpu: Cpu, r: Result, mode: u32): void {
  const vector = cpu.fault & ~FAULT_PENDING;
  r.trap = cpu.fault != 0 ? vector : 0xff;
  r.error = cpu.fault != 0 && hasErrorCode(vector) ? cpu.faultError : 0;
  r.cr2 = cpu.cr2;
  r.rip = cpu.fault != 0 ? cpu.rip : cpu.nextRip;
  r.flags = getRflags(cpu);
  r.hash = hashData();
  for (let i: u32 = 0; i < 16; i++) {
    const value = mode == 64 ? reg(cpu, i) : i < 8 ? reg(cpu, i) & 0xffff_ffff : 0;
    store<u64>(changetype<usize>(r) + (i << 3), value);
  }
}

export function runCase(cpu: Cpu, c: Case, r: Result, mode: u32): void {
  prepare(cpu, c, mode);
  const insn = instruction(cpu);
  while (execInteger(cpu, insn) == EXEC_JUMP && cpu.fault == 0 && cpu.nextRip == cpu.rip) {
    cpu.nextRip = cpu.rip + insn.len;
  }
  report(cpu, r, mode);
}

/** Runs `count` cases at `at`; results go to `to`. */
export function runCases(at: u32, to: u32, count: u32, mode: u32): void {
  const cpu = cpuAt(0);
  for (let i: u32 = 0; i < count; i++) {
    const c = changetype<Case>((at + i * offsetof<Case>()) as usize);
    runCase(cpu, c, changetype<Result>((to + i * offsetof<Result>()) as usize), mode);
  }
}
