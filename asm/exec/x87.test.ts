/**
 * The x87 environments of real mode, which no program of a host's sees, against the figures of SDM vol. 1 8.1.10.
 * Everything else of the x87 is compared with a processor in test/cpu.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Cpu, RAM, VCPU } from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const AREA = 0x1000;
const FNSTENV = "d933"; // [BP+DI], or [EBX] with 67h
let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});

/** The seven words of `size` bytes that FNSTENV with these prefixes stores. */
function environment(prefixes: string, size: 2 | 4): number[] {
  const { view } = s;
  s.start(16);
  s.set("rbx", BigInt(AREA));
  view.setUint32(VCPU + Cpu.fcw, 0x37f, true);
  view.setUint32(VCPU + Cpu.fsw, 0x1800, true);
  view.setUint32(VCPU + Cpu.ftw, 0x81, true);
  view.setUint32(VCPU + Cpu.fop, 0x5a5, true);
  s.set("fip", 0x8765_4321n);
  s.set("fdp", 0xfedc_ba98n);
  expect(s.run(prefixes + FNSTENV)).toBe("ok");
  return Array.from({ length: 7 }, (_, i) => {
    const at = RAM + AREA + i * size;
    return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
  });
}

// ST5 and ST4 are the physical registers 0 and 7 when TOP is 3; they hold zeros.
describe("FNSTENV in real mode", () => {
  it("stores the environment of 32 bits (figure 8-10)", () => {
    expect(environment("6667", 4)).toEqual([
      0xffff_037f, 0xffff_1800, 0xffff_7ffd, 0xffff_4321, 0x0876_55a5, 0xffff_ba98, 0x0fed_c000,
    ]);
  });

  it("stores the environment of 16 bits (figure 8-12)", () => {
    expect(environment("67", 2)).toEqual([0x037f, 0x1800, 0x7ffd, 0x4321, 0x55a5, 0xba98, 0xc000]);
  });
});
