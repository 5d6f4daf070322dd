import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cpuHelp } from "./cpu-help";

const table = () => readFileSync(new URL("../../asm/instructions.md", import.meta.url), "utf8");

test("-cpu help names the models", () => {
  expect(cpuHelp(["-m", "1G", "-cpu", "help"], table)).toMatch(/x86-64-v2\n.*x86-64-v3\n.*max\n/);
  expect(cpuHelp(["-cpu", "max"], table)).toBeUndefined();
  expect(cpuHelp(["-m", "1G"], table)).toBeUndefined();
});

test("-cpu MODEL,help lists what the model has and what no model has", () => {
  const v2 = cpuHelp(["-cpu", "x86-64-v2,help"], table) ?? "";
  const v3 = cpuHelp(["-cpu", "x86-64-v3,help"], table) ?? "";
  const max = cpuHelp(["-cpu", "max,help"], table) ?? "";
  expect(v2).toMatch(/^One-byte opcodes:\n {2}00 \/r +ADD r\/m8, r8 +hot +no +\d+$/m);
  expect(v2).toMatch(/PCMPGTQ/);
  expect(v2).not.toMatch(/VADDPS ymm/);
  expect(v3).toMatch(/VADDPS ymm/);
  expect(v3).not.toMatch(/SHA256RNDS2/);
  expect(max).toMatch(/SHA256RNDS2/);
  expect(max).toMatch(/^Not offered:\n[^]*AMX\.TILE/m);
});

test("a model that is not there is an error", () => {
  expect(() => cpuHelp(["-cpu", "pentium,help"], table)).toThrow(/-cpu is one of/);
});
