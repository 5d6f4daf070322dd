/**
 * XSAVES and XRSTORS, which no program may use: they do what XSAVEC and XRSTOR of the compacted format do, which
 * fpu-state.test.ts compares with a processor, and refuse more.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RAM, VCPU, VCPU_XMM } from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const AREA = 0x12_0000;
const OSXSAVE = 0x4_0000n;
const PKE = 0x40_0000n;
const IA32_XSS = 0xda0;
const XSAVEC = "480fc727";
const XSAVES = "480fc72f";
const XRSTORS = "480fc71f";
const XRSTOR = "480fae2f";
const GP = "#GP(0)";

let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});

function start(cpl = 0, model = 2): void {
  s.start(64, cpl, model);
  s.set("cr4", s.get("cr4") | OSXSAVE | (model === 2 ? PKE : 0n));
  s.set("xcr0", model === 2 ? 0x207n : 3n);
  s.core.updateState();
  s.set("rdi", BigInt(AREA));
  ask(0xffff_ffffn);
  new Uint8Array(s.memory.buffer, RAM + AREA, 4096).fill(0);
}

/** EDX:EAX. */
function ask(components: bigint): void {
  s.set("rax", components);
  s.set("rdx", components >> 32n);
}

const area = () => Buffer.from(new Uint8Array(s.memory.buffer, RAM + AREA, 1024)).toString("hex");
const header = (at: number) => s.view.getBigUint64(RAM + AREA + 512 + at, true);
const setHeader = (at: number, value: bigint) =>
  s.view.setBigUint64(RAM + AREA + 512 + at, value, true);
const vector = (n: number) => VCPU + VCPU_XMM + n * 64;

function fillState(): void {
  for (let n = 0; n < 16; n++)
    for (let i = 0; i < 32; i += 8)
      s.view.setBigUint64(vector(n) + i, BigInt(n * 100 + i + 1), true);
  s.set("pkru", 0x5555_5550n);
}

describe("XSAVES and XRSTORS", () => {
  beforeEach(() => {
    start();
    fillState();
  });

  it("save what XSAVEC saves, and restore it", () => {
    expect(s.run(XSAVEC)).toBe("ok");
    const image = area();
    new Uint8Array(s.memory.buffer, RAM + AREA, 1024).fill(0);
    expect(s.run(XSAVES)).toBe("ok");
    expect(area()).toBe(image);
    expect([header(0), header(8)]).toEqual([0x206n, (1n << 63n) | 0x207n]);
    new Uint8Array(s.memory.buffer, VCPU + VCPU_XMM, 16 * 64).fill(0xee);
    s.set("pkru", 0n);
    expect(s.run(XRSTORS)).toBe("ok");
    expect(s.view.getBigUint64(vector(3) + 8, true)).toBe(309n);
    expect(s.view.getBigUint64(vector(15) + 24, true)).toBe(1525n);
    expect(s.get("pkru")).toBe(0x5555_5550n);
  });

  it("are for the kernel", () => {
    start(3);
    expect([s.run(XSAVES), s.run(XRSTORS)]).toEqual([GP, GP]);
    expect([s.run(XSAVEC), s.run(XRSTOR)]).toEqual(["ok", "ok"]);
  });

  it("need an aligned area, OSXSAVE and TS = 0", () => {
    s.set("rdi", BigInt(AREA + 32));
    expect([s.run(XSAVES), s.run(XRSTORS)]).toEqual([GP, GP]);
    start();
    s.set("cr0", s.get("cr0") | 8n);
    s.core.updateState();
    expect([s.run(XSAVES), s.run(XRSTORS)]).toEqual(["#NM", "#NM"]);
    s.set("cr4", 0x20n);
    s.core.updateState();
    expect([s.run(XSAVES), s.run(XRSTORS)]).toEqual(["#UD", "#UD"]);
  });

  it("XRSTORS takes the compacted format only, and no component beyond XCR0", () => {
    expect(s.run(XRSTORS)).toBe(GP);
    setHeader(8, (1n << 63n) | 7n);
    expect(s.run(XRSTORS)).toBe("ok");
    setHeader(8, (1n << 63n) | 0x17n);
    expect(s.run(XRSTORS)).toBe(GP);
    setHeader(8, (1n << 63n) | 3n);
    setHeader(0, 4n);
    expect(s.run(XRSTORS)).toBe(GP);
    setHeader(0, 3n);
    for (let at = 16; at < 64; at += 8) {
      setHeader(at, 1n);
      expect(s.run(XRSTORS)).toBe(GP);
      setHeader(at, 0n);
    }
    s.view.setUint32(RAM + AREA + 24, 0x1_0000, true);
    expect(s.run(XRSTORS)).toBe(GP);
    ask(1n); // MXCSR is not asked for
    expect(s.run(XRSTORS)).toBe("ok");
  });

  it("IA32_XSS has no bit to set", () => {
    expect([s.rdmsr(IA32_XSS), s.wrmsr(IA32_XSS, 0n), s.wrmsr(IA32_XSS, 0x100n)]).toEqual([
      0n,
      "ok",
      GP,
    ]);
    expect(s.cpuid(0xd, 1)).toEqual({ eax: 15, ebx: s.cpuid(0xd, 1).ebx, ecx: 0, edx: 0 });
  });

  it("are unknown to smaller processors, to whom a compacted area is wrong", () => {
    start(0, 0);
    expect([s.run(XSAVEC), s.run(XSAVES), s.run(XRSTORS), s.rdmsr(IA32_XSS)]).toEqual([
      "#UD",
      "#UD",
      "#UD",
      GP,
    ]);
    s.set("rdi", BigInt(AREA));
    ask(3n);
    expect(s.run(XRSTOR)).toBe("ok");
    setHeader(8, 1n << 63n);
    expect(s.run(XRSTOR)).toBe(GP);
  });
});

describe("CPUID leaf 0Dh", () => {
  it("gives the sizes that the instructions use", () => {
    start();
    const standard = s.cpuid(0xd, 0);
    expect(standard.eax & 0x200).toBe(0x200);
    expect([standard.ebx, standard.ecx]).toEqual([2696, 2696]);
    expect(s.cpuid(0xd, 9)).toEqual({ eax: 8, ebx: 2688, ecx: 0, edx: 0 });
    s.set("xcr0", 0x203n);
    expect([s.cpuid(0xd, 0).ebx, s.cpuid(0xd, 1).ebx]).toEqual([2696, 584]);
    s.set("xcr0", 3n);
    expect([s.cpuid(0xd, 0).ebx, s.cpuid(0xd, 1).ebx]).toEqual([576, 576]);
  });
});
