/**
 * Bare-metal programs that exercise protection and control transfer, and what they log on a correct
 * processor (expected/NAME.txt). `node test/system/reference.mjs bochs|qemu NAME` runs the same image on
 * another emulator and shows where its log differs.
 *
 * The expected logs are those of Bochs 2.7 except where the manual, or a real processor asked by
 * test/native/segments.c, says otherwise:
 *   matrix32  IRET to an outer level with SS not present is #SS (Bochs, QEMU: #NP)
 *   task      a new task's CS is checked before its SS: the error code names CS (QEMU agrees)
 *   v86       IRET to virtual-8086 mode with EIP above FFFFh is #GP(0)
 *   long64    a non-canonical IST stack is #SS(EXT) without a selector
 *   paging32, paging64   nowhere
 *   debug32   RF is set in the frame of a trap between two items of a repeated instruction; a single step does not
 *             tell of the breakpoint at the next instruction (seen on a processor); DR6.BT stays
 *   interrupts   Bochs gives a spurious vector FFh for a request below the one in service (QEMU: none), calls a
 *             bad vector in the ICR a receive error, keeps the TSC deadline MSR set after it has passed, and
 *             lets a disabled local APIC accept vectors
 *
 * QEMU 7.2 (TCG) knows no segment limits, EXT bits, RF in frames, INT1 or VME; it takes the privilege level of
 * conforming code called through a gate, reports a segment not present behind a gate as #GP and a missing
 * inner stack as #TS. Its page faults for reserved bits say "not present", those of read-modify-write
 * instructions "read", and a faulting access leaves large pages accessed. Its local APIC delivers vectors below
 * 16 and has no TSC deadline. MOV SS holds nothing off from its debug exceptions, every item of a repeated
 * instruction meets its breakpoint again, and DR7.GD, CR4.DE and the length of what DR6 reports count for nothing.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assemble, prepareCore, runImage, SYSTEM } from "./board";

const hasNasm = spawnSync("nasm", ["-v"]).status === 0;
const NAMES = [
  "real16",
  "v86",
  "matrix32",
  "gates32",
  "task",
  "long64",
  "paging32",
  "paging64",
  "interrupts",
  "debug32",
];

describe.skipIf(!hasNasm)("protection and control transfer", () => {
  beforeAll(async () => {
    await prepareCore();
  });

  it.each(NAMES)("%s logs what a processor does", async (name) => {
    const expected = readFileSync(join(SYSTEM, "expected", `${name}.txt`), "utf8");
    const log = await runImage(assemble(name));
    expect(log.split("\n")).toEqual(expected.split("\n"));
  });
});
