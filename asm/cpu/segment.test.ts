/**
 * Descriptor checks against the processor the test runs on: test/native/segments.c tries every instruction
 * that takes a selector with every kind of descriptor at CPL 3 of 64-bit mode; the core does the same with
 * the same tables and must raise the same exception with the same error code.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Cpu, MACHINE, Machine, RAM, VCPU } from "../../src/shared/layout";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative } from "../../test/native";

const GDT = 0x2_0000;
const LDT = 0x2_1000;
const OPS = [
  "LAR",
  "LSL",
  "VERR",
  "VERW",
  "DS",
  "ES",
  "GS",
  "SS",
  "JMP",
  "CALL",
  "RETF",
  "IRET CS",
  "IRET SS",
];

const native = compileNative("segments", ["-no-pie", "-fno-pie"]);
let core: AsmModule;
let view: DataView;

beforeAll(async () => {
  core = await loadAsm("asm/test/protection.ts");
  view = new DataView(core.memory.buffer);
  view.setUint32(MACHINE + Machine.ramLow, 0x0400_0000, true);
  for (let slot = 0; slot < 64; slot++) {
    view.setUint32(MACHINE + Machine.lowMapFirst + slot * 4, (RAM + slot * 0x4000) | 3, true);
  }
});

const set32 = (field: number, value: number) => view.setUint32(VCPU + field, value, true);
const get32 = (field: number) => view.getUint32(VCPU + field, true);

function segment(index: number, selector: number, attr: number, base = 0, limit = 0xffff_ffff) {
  view.setBigUint64(VCPU + Cpu.segBase + index * 8, BigInt(base), true);
  set32(Cpu.segLimit + index * 4, limit);
  set32(Cpu.segAttr + index * 4, attr);
  set32(Cpu.segSel + index * 4, selector);
}

/** 64-bit mode at CPL 3 as Linux runs it. */
function userMode(ldtEntries: number) {
  set32(Cpu.cr0, 0x31);
  set32(Cpu.cr4, 0x20);
  set32(Cpu.efer, 0x501);
  set32(Cpu.rflags, 0x202);
  set32(Cpu.cpl, 3);
  set32(Cpu.fault, 0);
  view.setBigUint64(VCPU + Cpu.rsp, 0x3_0000n, true);
  view.setBigUint64(VCPU + Cpu.rax, 0x5a5a5a5an, true);
  segment(1, 0x33, 0xa0fb);
  segment(2, 0x2b, 0xc0f3);
  for (const index of [0, 3, 4, 5]) segment(index, 0, 0x1_0000, 0, 0);
  segment(7, 0x50, 0x82, LDT, ldtEntries * 8 - 1);
  segment(9, 0, 0, GDT, 0x7f);
  core.exports.prepare();
}

describe.skipIf(!native)("segment descriptors", () => {
  it("are judged as by the processor", () => {
    if (!native) return;
    const lines = native()
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
    const hex = (text: string) => Number.parseInt(text, 16);
    let ldtEntries = 0;
    let stub = 0;
    const found = new Map<string, string>();
    let tests = 0;
    for (const [kind, ...rest] of lines) {
      if (kind === "stub") stub = hex(rest[0]);
      if (kind === "desc") {
        const [selector, high, low] = rest.map(hex);
        const at = RAM + (selector & 4 ? LDT : GDT) + (selector & 0xfff8);
        view.setUint32(at, low, true);
        view.setUint32(at + 4, high, true);
        if (selector & 4) ldtEntries = Math.max(ldtEntries, (selector >> 3) + 1);
      }
      if (kind !== "test") continue;
      tests++;
      const op = Number(rest[0]);
      const selector = hex(rest[1]);
      userMode(ldtEntries);
      core.exports.probe(op, selector, stub);
      const fault = get32(Cpu.fault);
      const vector = fault ? fault & 0xff : -1;
      const error = fault ? get32(Cpu.faultError) : 0;
      const zf = vector < 0 && op < 4 ? (get32(Cpu.ccSrc) >> 6) & 1 : 0;
      const value = vector < 0 && op < 2 ? get32(Cpu.rax) : 0;
      const mine = `${vector} ${error.toString(16)} ${zf} ${value.toString(16)}`;
      const theirs = rest.slice(2).join(" ");
      const key = `${OPS[op]}: processor ${theirs}, core ${mine}`;
      if (mine !== theirs && !found.has(key)) found.set(key, `selector ${rest[1]}: ${key}`);
    }
    expect([...found.values()].slice(0, 40)).toEqual([]);
    expect(tests).toBeGreaterThan(3000);
  });
});
