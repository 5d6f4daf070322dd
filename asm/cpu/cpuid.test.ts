/** CPUID: what a level promises is there, decoding agrees, and time is stated consistently. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});
beforeEach(() => s.start(64));

const bit = (word: number, n: number) => (word >>> n) & 1;

function text(...words: number[]) {
  const bytes = new Uint8Array(new Uint32Array(words).buffer);
  return String.fromCharCode(...bytes).replace(/\0+$/, "");
}

it("names vendor, hypervisor and brand", () => {
  const leaf0 = s.cpuid(0);
  expect(leaf0.eax).toBe(0x16);
  expect(text(leaf0.ebx, leaf0.edx, leaf0.ecx)).toBe("GenuineIntel");
  const hypervisor = s.cpuid(0x4000_0000);
  expect(text(hypervisor.ebx, hypervisor.ecx, hypervisor.edx)).toBe("KVMKVMKVM");
  const brand = [0x8000_0002, 0x8000_0003, 0x8000_0004].map((leaf) => {
    const { eax, ebx, ecx, edx } = s.cpuid(leaf);
    return text(eax, ebx, ecx, edx);
  });
  expect(brand.join("")).toBe("Longmode x86-64-v2 processor");
});

it("offers everything that the x86-64-v2 level of the psABI requires", () => {
  const { ecx, edx } = s.cpuid(1);
  const extended = s.cpuid(0x8000_0001);
  const baseline = [0, 8, 15, 23, 24, 25, 26]; // FPU CX8 CMOV MMX FXSR SSE SSE2
  const v2 = [0, 9, 13, 19, 20, 23]; // SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT
  expect(baseline.map((n) => bit(edx, n))).toEqual(baseline.map(() => 1));
  expect(v2.map((n) => bit(ecx, n))).toEqual(v2.map(() => 1));
  expect([
    bit(extended.ecx, 0),
    bit(extended.edx, 11),
    bit(extended.edx, 20),
    bit(extended.edx, 29),
  ]).toEqual([1, 1, 1, 1]);
  expect([bit(ecx, 28), bit(s.cpuid(7).ebx, 5)]).toEqual([0, 0]); // no AVX, AVX2
});

/** Extensions by the least -cpu that has them: 1 v3, 2 max. */
const EXTENSIONS: [string, number][] = [
  ["0f38f000", 1], // MOVBE
  ["c4e278f2c1", 1], // ANDN
  ["c4e278f7c1", 1], // BEXTR
  ["c4e278f3c9", 1], // BLSR
  ["c4e278f5c1", 1], // BZHI
  ["c4e27bf6c1", 1], // MULX
  ["c4e27bf5c1", 1], // PDEP
  ["c4e37bf0c101", 1], // RORX
  ["c4e279f7c1", 1], // SHLX
  ["660f38dcc1", 2], // AESENC
  ["660f3adfc101", 2], // AESKEYGENASSIST
  ["660f3a44c101", 2], // PCLMULQDQ
  ["0f38c9c1", 2], // SHA1MSG1
  ["0f38cbc1", 2], // SHA256RNDS2
  ["0f3accc101", 2], // SHA1RNDS4
  ["660f38f6c0", 2], // ADCX
  ["f30f38f6c0", 2], // ADOX
  ["660fae30", 2], // CLWB
  ["0f01ee", 2], // RDPKRU
  ["0f01ef", 2], // WRPKRU
  ["0fc720", 2], // XSAVEC
  ["0fc728", 2], // XSAVES
  ["0fc718", 2], // XRSTORS
];

it("executes the extensions of each level and of none above", () => {
  for (const model of [0, 1, 2]) {
    s.start(64, 0, model);
    for (const [hex, least] of EXTENSIONS) {
      s.run(hex);
      expect([model, hex, s.core.decoded() > 0]).toEqual([model, hex, model >= least]);
    }
    const op = (hex: string) => {
      s.run(hex);
      return s.core.decodedOp();
    };
    // Without their bits TZCNT and LZCNT are BSF and BSR with a prefix that says nothing.
    expect([op("f30fbcc1") === op("0fbcc1"), op("f30fbdc1") === op("0fbdc1")]).toEqual(
      model === 0 ? [true, true] : [false, false],
    );
  }
});

it("decodes an instruction exactly when its feature bit is set", () => {
  const samples: [string, () => number][] = [
    ["0f38f000", () => bit(s.cpuid(1).ecx, 22)], // MOVBE
    ["660f38f6c0", () => bit(s.cpuid(7).ebx, 19)], // ADCX
    ["f30fb8c0", () => bit(s.cpuid(1).ecx, 23)], // POPCNT
    ["0fc7f0", () => bit(s.cpuid(1).ecx, 30)], // RDRAND
    ["0fc7f8", () => bit(s.cpuid(7).ebx, 18)], // RDSEED
    ["f30faec0", () => bit(s.cpuid(7).ebx, 0)], // RDFSBASE
    ["0f01cb", () => bit(s.cpuid(7).ebx, 20)], // STAC
    ["660fae38", () => bit(s.cpuid(7).ebx, 23)], // CLFLUSHOPT
    ["660f38dbc0", () => bit(s.cpuid(1).ecx, 25)], // AESIMC
    ["0f01ee", () => bit(s.cpuid(7).ecx, 3)], // RDPKRU
    ["0f01d0", () => bit(s.cpuid(1).ecx, 26)], // XGETBV
  ];
  for (const model of [0, 1, 2]) {
    s.start(64, 0, model);
    for (const [hex, offered] of samples) {
      s.run(hex);
      expect([model, hex, s.core.decoded() > 0]).toEqual([model, hex, offered() === 1]);
    }
  }
});

it("states the TSC frequency alike in leaves 15h, 16h and 40000010h", () => {
  const crystal = s.cpuid(0x15);
  expect((crystal.ecx * crystal.ebx) / crystal.eax).toBe(2_000_000_000);
  expect(s.cpuid(0x16).eax).toBe(2000);
  expect(s.cpuid(0x4000_0010)).toEqual({ eax: 2_000_000, ebx: crystal.ecx / 1000, ecx: 0, edx: 0 });
  expect(bit(s.cpuid(0x8000_0007).edx, 8)).toBe(1);
});

it("has the sub-leaves of leaf 7 that sub-leaf 0 announces", () => {
  expect(s.cpuid(7, 0).eax).toBe(2);
  expect(s.cpuid(7, 1)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
  expect(s.cpuid(7, 2)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0x30 });
  expect(s.cpuid(7, 3)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
});

it("answers hypercalls: IPIs by a map of receivers, ENOSYS and EPERM else", () => {
  const call = (...operands: bigint[]) => {
    for (const [i, r] of (["rax", "rbx", "rcx", "rdx", "rsi"] as const).entries())
      s.set(r, operands[i] ?? 0n);
    expect(s.run("0f01c1")).toBe("ok");
    return BigInt.asIntN(64, s.get("rax"));
  };
  s.core.powerOn(4, 0);
  s.core.enter(64, 0);
  expect(bit(s.cpuid(0x4000_0001).eax, 11)).toBe(1);
  expect(call(10n, 6n, 0n, 0n, 0x41n)).toBe(2n);
  expect(call(10n, 0xfn, 0n, 2n, 0x41n)).toBe(2n);
  expect(call(10n, 0xffff_ffffn, 0n, 0xffff_ffffn)).toBe(0n);
  expect(call(10n, 1n, 0n, 0n, 0x841n)).toBe(-22n);
  expect(call(99n)).toBe(-1000n);
  s.core.enter(64, 3);
  expect(call(10n)).toBe(-1n);
});

it("answers leaves beyond the basic maximum as the highest one", () => {
  expect(s.cpuid(0x17)).toEqual(s.cpuid(0x16));
  expect(s.cpuid(0x8000_0009)).toEqual(s.cpuid(0x16));
  expect(s.cpuid(0x4000_0011)).toEqual(s.cpuid(0x16));
});

it("describes the topology of four processors", () => {
  s.core.powerOn(4, 0);
  s.core.enter(64, 0);
  expect((s.cpuid(1).ebx >>> 16) & 0xff).toBe(4);
  expect(bit(s.cpuid(1).edx, 28)).toBe(1);
  expect(s.cpuid(0xb, 0)).toEqual({ eax: 0, ebx: 1, ecx: 0x100, edx: 0 });
  expect(s.cpuid(0xb, 1)).toEqual({ eax: 2, ebx: 4, ecx: 0x201, edx: 0 });
  expect(s.cpuid(0xb, 2)).toEqual({ eax: 0, ebx: 0, ecx: 2, edx: 0 });
});

it("describes caches whose sizes add up", () => {
  const size = (index: number) => {
    const { ebx, ecx } = s.cpuid(4, index);
    return ((ebx >>> 22) + 1) * (((ebx >>> 12) & 0x3ff) + 1) * ((ebx & 0xfff) + 1) * (ecx + 1);
  };
  expect([0, 1, 2, 3].map(size)).toEqual([32 << 10, 32 << 10, 256 << 10, 8 << 20]);
  expect(s.cpuid(4, 4).eax & 0x1f).toBe(0);
});

it("follows CR4.OSXSAVE and the APIC enable bit", () => {
  expect(bit(s.cpuid(1).ecx, 27)).toBe(0);
  s.set("cr4", s.get("cr4") | (1n << 18n));
  expect(bit(s.cpuid(1).ecx, 27)).toBe(1);
  expect(bit(s.cpuid(1).edx, 9)).toBe(1);
  expect(s.wrmsr(0x1b, 0xfee0_0100n)).toBe("ok");
  expect(bit(s.cpuid(1).edx, 9)).toBe(0);
});
