/**
 * The same cases as vectors.ts, run through the interpreter loop: block cache, hot handlers, and cold ones where
 * the form has no hot one. Every instruction is a block of its own (MODE_STEP), but for runPairs.
 */
import { MODE_STEP } from "../cpu/modes";
import { Cpu, cpuAt } from "../cpu/state";
import { INSN_REP, INSN_REPNE } from "../decode/insn";
import { dropAllBlocks, dropPage } from "../exec/blocks";
import { interpret } from "../exec/interpret";
import { RAM } from "../layout";
import {
  Case,
  CODE_GPA,
  instruction,
  prepare,
  Result,
  report,
  runCase as runCold,
  setup as setupCold,
} from "./vectors";

export { pristine } from "./vectors";

export function setup(mode: u32): void {
  setupCold(mode);
  dropAllBlocks(cpuAt(0));
}

function runCase(cpu: Cpu, c: Case, r: Result, mode: u32): void {
  // Stepping would show the flags between the items of a repeated instruction, which has no hot handler anyway.
  dropPage(cpu, RAM + CODE_GPA);
  prepare(cpu, c, mode);
  if ((<u32>instruction(cpu).flags & (INSN_REP | INSN_REPNE)) != 0) {
    runCold(cpu, c, r, mode);
    return;
  }
  cpu.modeKey |= MODE_STEP;
  interpret(cpu, 1);
  if (cpu.fault == 0) cpu.nextRip = cpu.rip;
  report(cpu, r, mode);
}

/**
 * Runs `count` cases of two instructions, the second of which branches: as one block (isStepped = 0), where the
 * two may share a handler, or one by one.
 */
export function runPairs(at: u32, to: u32, count: u32, mode: u32, isStepped: u32): void {
  const cpu = cpuAt(0);
  for (let i: u32 = 0; i < count; i++) {
    dropPage(cpu, RAM + CODE_GPA);
    prepare(cpu, changetype<Case>((at + i * offsetof<Case>()) as usize), mode);
    if (isStepped != 0) {
      cpu.modeKey |= MODE_STEP;
      interpret(cpu, 1);
      if (cpu.fault == 0) interpret(cpu, 1);
    } else {
      interpret(cpu, 2);
    }
    if (cpu.fault == 0) cpu.nextRip = cpu.rip;
    report(cpu, changetype<Result>((to + i * offsetof<Result>()) as usize), mode);
  }
}

/** Runs `count` cases at `at`; results go to `to`. */
export function runCases(at: u32, to: u32, count: u32, mode: u32): void {
  const cpu = cpuAt(0);
  for (let i: u32 = 0; i < count; i++) {
    const c = changetype<Case>((at + i * offsetof<Case>()) as usize);
    runCase(cpu, c, changetype<Result>((to + i * offsetof<Result>()) as usize), mode);
  }
}
