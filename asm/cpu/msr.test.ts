/** MSRs: reserved bits, forbidden transitions, and those that Linux reads before anything else. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

let s: SystemCore;
const GP = "#GP(0)";
const NON_CANONICAL = 0x0000_8000_0000_0000n;

beforeAll(async () => {
  s = await loadSystemCore();
});
beforeEach(() => s.start(64));

it("refuses an unknown MSR both ways", () => {
  expect(s.rdmsr(0x1234)).toBe(GP);
  expect(s.wrmsr(0x1234, 0n)).toBe(GP);
  expect(s.rdmsr(0xc001_0010)).toBe(GP);
  expect(s.rdmsr(0x4b56_4d01)).toBe(GP); // no KVM clock is offered
});

it.each([
  [0x1b, 0xfee0_0900n],
  [0x3a, 0n],
  [0xfe, 0x508n],
  [0x17, 0n],
  [0x8b, 1n << 32n],
  [0x179, 10n],
  [0x1a0, 0x1801n],
  [0x277, 0x0007_0406_0007_0406n],
  [0x2ff, 0n],
  [0x400, (1n << 64n) - 1n],
  [0x401, 0n],
  [0xce, 0x1400n],
])("reads %x after reset", (msr, value) => {
  expect(s.rdmsr(msr)).toBe(value);
});

it("says in ARCH_CAPABILITIES that nothing leaks, and takes no write", () => {
  const bits = [0, 1, 3, 4, 5, 6, 8, 13, 14, 15, 20, 24, 26, 27, 62];
  expect(s.rdmsr(0x10a)).toBe(bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n));
  expect(s.wrmsr(0x10a, 0n)).toBe(GP);
});

it.each([0x175, 0x176, 0xc000_0082, 0xc000_0083, 0xc000_0100, 0xc000_0101, 0xc000_0102])(
  "keeps a canonical address in %x and refuses another",
  (msr) => {
    expect(s.wrmsr(msr, 0xffff_8000_1234_5678n)).toBe("ok");
    expect(s.wrmsr(msr, NON_CANONICAL)).toBe(GP);
    expect(s.rdmsr(msr)).toBe(0xffff_8000_1234_5678n);
  },
);

describe("EFER", () => {
  it("keeps LMA and refuses LME under paging and reserved bits", () => {
    expect(s.wrmsr(0xc000_0080, 0x901n)).toBe("ok");
    expect(s.rdmsr(0xc000_0080)).toBe(0xd01n);
    expect(s.wrmsr(0xc000_0080, 0x801n)).toBe(GP);
    expect(s.wrmsr(0xc000_0080, 0x1_0d01n)).toBe(GP);
    expect(s.rdmsr(0xc000_0080)).toBe(0xd01n);
  });
  it("takes LME without paging, and LMA only follows CR0.PG", () => {
    s.start(32);
    expect(s.wrmsr(0xc000_0080, 0xd00n)).toBe("ok");
    expect(s.rdmsr(0xc000_0080)).toBe(0x900n);
  });
});

it("checks memory types in PAT and MTRRs", () => {
  expect(s.wrmsr(0x277, 0x0007_0406_0007_0402n)).toBe(GP);
  expect(s.wrmsr(0x277, 0x0007_0106_0007_0106n)).toBe("ok");
  expect(s.wrmsr(0x250, 0x0606_0606_0606_0607n)).toBe(GP);
  expect(s.wrmsr(0x26f, 0x0606_0606_0606_0606n)).toBe("ok");
  expect(s.rdmsr(0x26f)).toBe(0x0606_0606_0606_0606n);
  expect(s.wrmsr(0x20f, 0xff_c000_0800n)).toBe("ok");
  expect(s.rdmsr(0x20f)).toBe(0xff_c000_0800n);
  expect(s.wrmsr(0x200, 1n << 40n)).toBe(GP);
  expect(s.wrmsr(0x2ff, 0xc06n)).toBe("ok");
  expect(s.wrmsr(0x2ff, 0x1c06n)).toBe(GP);
  expect(s.rdmsr(0x210)).toBe(GP);
});

it("moves TSC_ADJUST with the TSC and back", () => {
  s.wrmsr(0x10, 1_000_000n);
  const adjust = s.rdmsr(0x3b) as bigint;
  expect(Number(1_000_000n - adjust)).toBeLessThan(2000);
  s.wrmsr(0x3b, adjust + 5_000_000n);
  expect(Number(s.rdmsr(0x10))).toBeGreaterThanOrEqual(6_000_000);
  expect(Number(s.rdmsr(0x10))).toBeLessThan(6_010_000);
});

it("locks FEATURE_CONTROL for good", () => {
  expect(s.wrmsr(0x3a, 5n)).toBe(GP);
  expect(s.wrmsr(0x3a, 1n)).toBe("ok");
  expect(s.wrmsr(0x3a, 1n)).toBe(GP);
});

it("offers SPEC_CTRL and PRED_CMD as CPUID says", () => {
  expect(s.wrmsr(0x48, 0x401n)).toBe("ok");
  expect(s.rdmsr(0x48)).toBe(0x401n);
  expect(s.wrmsr(0x48, 4n)).toBe(GP);
  expect(s.wrmsr(0x49, 1n)).toBe("ok");
  expect(s.rdmsr(0x49)).toBe(GP);
});

it("reads x2APIC registers only in x2APIC mode", () => {
  expect(s.rdmsr(0x802)).toBe(GP);
  expect(s.wrmsr(0x1b, 0xfee0_0d00n)).toBe("ok");
  expect(s.rdmsr(0x803)).toBe(0x0005_0014n);
  expect(s.wrmsr(0x80b, 0n)).toBe("ok");
  expect(s.wrmsr(0x80b, 1n)).toBe(GP);
  expect(s.wrmsr(0x830, 0x0000_0003_0004_4040n)).toBe("ok");
  expect(s.rdmsr(0x830)).toBe(0x0000_0003_0004_4040n);
});

it("switches machine-check banks off and on", () => {
  expect(s.wrmsr(0x404, 0n)).toBe("ok");
  expect(s.rdmsr(0x404)).toBe(0n);
  expect(s.wrmsr(0x404, (1n << 64n) - 1n)).toBe("ok");
  expect(s.rdmsr(0x404)).toBe((1n << 64n) - 1n);
  expect(s.wrmsr(0x405, 1n)).toBe(GP);
  expect(s.wrmsr(0x404, 0xaaaa_aaaa_aaaa_aaaan)).toBe(GP);
  expect(s.wrmsr(0x406, 0xaaaa_aaaa_aaaa_aaaan)).toBe("ok");
  expect(s.wrmsr(0x407, 5n)).toBe("ok");
  expect([s.rdmsr(0x406), s.rdmsr(0x407), s.rdmsr(0x40a)]).toEqual([
    0xaaaa_aaaa_aaaa_aaaan,
    5n,
    0n,
  ]);
  expect(s.rdmsr(0x428)).toBe(GP);
});
