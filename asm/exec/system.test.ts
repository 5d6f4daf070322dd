/** System instructions: mode switches and the checks of SDM vol. 2. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  CPU_MODEL_MAX,
  CPU_VENDOR_AMD,
  Cpu,
  RAM,
  SEG_FS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  VCPU,
} from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

let s: SystemCore;
const GP = "#GP(0)";
const PG = 0x8000_0000n;
const DATA = 0x12_0000;
/** What asm/host.ts gives. */
const RANDOM = 0x9abc_def1n;

/** MOV CRn,rAX and MOV rAX,CRn. */
const toCr = (n: number) => `0f22${(0xc0 | (n << 3)).toString(16)}`;
const fromCr = (n: number) => `0f20${(0xc0 | (n << 3)).toString(16)}`;
const toDr = (n: number) => `0f23${(0xc0 | (n << 3)).toString(16)}`;
const fromDr = (n: number) => `0f21${(0xc0 | (n << 3)).toString(16)}`;

function writeCr(n: number, value: bigint): string {
  s.set("rax", value);
  return n === 8 ? s.run("440f22c0") : s.run(toCr(n));
}
function writeDr(n: number, value: bigint): string {
  s.set("rax", value);
  return s.run(toDr(n));
}
function readDr(n: number): bigint | string {
  const outcome = s.run(fromDr(n));
  return outcome === "ok" ? s.get("rax") : outcome;
}
const segBase = (seg: number) => s.view.getBigUint64(VCPU + Cpu.segBase + seg * 8, true);
const segLimit = (seg: number) => s.view.getUint32(VCPU + Cpu.segLimit + seg * 4, true);
const setCs = (attr: number) => s.view.setUint32(VCPU + Cpu.segAttr + 4, attr, true);

beforeAll(async () => {
  s = await loadSystemCore({ random32: () => Number(RANDOM) });
});

describe("CR0", () => {
  beforeEach(() => s.start(32));
  it("refuses PG without PE, NW without CD", () => {
    expect(writeCr(0, PG)).toBe(GP);
    expect(writeCr(0, 0x2000_0011n)).toBe(GP);
    expect(s.get("cr0")).toBe(0x11n);
  });
  it("reads ET as 1 and reserved bits as 0", () => {
    expect(writeCr(0, 0x0ffa_ffe1n)).toBe("ok");
    expect(s.get("cr0")).toBe(0x31n);
  });
  it("activates long mode with LME and PAE, and leaves it", () => {
    s.wrmsr(0xc000_0080, 0x100n);
    expect(writeCr(0, PG | 0x11n)).toBe(GP); // no PAE
    expect(writeCr(4, 0x20n)).toBe("ok");
    expect(writeCr(0, PG | 0x11n)).toBe("ok");
    expect(s.get("efer")).toBe(0x500n);
    expect(writeCr(4, 0n)).toBe(GP);
    expect(writeCr(0, 0x11n)).toBe("ok");
    expect(s.get("efer")).toBe(0x100n);
  });
  it("does not activate long mode from a code segment with L set", () => {
    s.wrmsr(0xc000_0080, 0x100n);
    writeCr(4, 0x20n);
    setCs(0xa09b);
    expect(writeCr(0, PG | 0x11n)).toBe(GP);
  });
  it("loads the PDPTEs for PAE paging and refuses reserved bits in them", () => {
    writeCr(4, 0x20n);
    s.view.setBigUint64(RAM + DATA, 0x10_0007n, true);
    s.set("cr3", BigInt(DATA));
    expect(writeCr(0, PG | 0x11n)).toBe(GP);
    expect(s.get("cr0")).toBe(0x11n);
    s.view.setBigUint64(RAM + DATA, 0x10_1001n, true);
    expect(writeCr(0, PG | 0x11n)).toBe("ok");
    expect(s.get("pdpte0")).toBe(0x10_1001n);
    s.view.setBigUint64(RAM + DATA + 0x20, 0x10_2007n, true);
    expect(writeCr(3, BigInt(DATA + 0x20))).toBe(GP);
    expect(s.get("cr3")).toBe(BigInt(DATA));
  });
  it("refuses to turn paging off in 64-bit code", () => {
    s.start(64);
    expect(writeCr(0, 0x11n)).toBe(GP);
    expect(writeCr(0, 1n << 32n)).toBe(GP);
  });
  it("is changed by LMSW and CLTS, never to real mode", () => {
    s.set("rax", 0xfffen);
    expect(s.run("0f01f0")).toBe("ok");
    expect(s.get("cr0")).toBe(0x1fn);
    expect(s.run("0f06")).toBe("ok");
    expect(s.get("cr0")).toBe(0x17n);
    s.set("rax", 0n);
    s.run("0f01f0");
    expect(s.get("cr0")).toBe(0x11n);
  });
  it("is read by SMSW, outside the kernel only without UMIP", () => {
    s.start(32, 3);
    s.set("rax", ~0n);
    expect(s.run("0f01e0")).toBe("ok");
    expect(s.get("rax")).toBe(0x11n);
    s.set("cr4", 0x800n);
    expect(s.run("0f01e0")).toBe(GP);
  });
});

describe("SMSW", () => {
  it("gives as much of CR0 as the operand holds", () => {
    s.start(64);
    s.set("cr0", 0x8005_0033n);
    const read = (hex: string) => {
      s.set("rax", (1n << 64n) - 1n);
      expect(s.run(hex)).toBe("ok");
      return s.get("rax");
    };
    expect(read("480f01e0")).toBe(0x8005_0033n);
    expect(read("0f01e0")).toBe(0x8005_0033n);
    expect(read("660f01e0")).toBe(0xffff_ffff_ffff_0033n);
  });
});

describe("MOV to SS at CPL 0", () => {
  const GDT = 0x12_8000;
  const mov = (selector: number) => {
    s.set("rax", BigInt(selector));
    return s.run("8ed0");
  };
  /** Entries: 1 and 2 writable data of DPL 0 and 3, 3 not present, 4 read-only. */
  const setGdt = () => {
    const data = (dpl: number, type = 0x93) =>
      0x00cf_0000_0000_ffffn | (BigInt(type | (dpl << 5)) << 40n);
    [0n, data(0), data(3), data(0, 0x13), data(0, 0x91)].forEach((entry, i) => {
      s.view.setBigUint64(RAM + GDT + 8 * i, entry, true);
    });
    s.view.setBigUint64(VCPU + Cpu.segBase + SEG_GDTR * 8, BigInt(GDT), true);
    s.view.setUint32(VCPU + Cpu.segLimit + SEG_GDTR * 4, 39, true);
  };
  it("takes a null selector in 64-bit code only, with RPL 0", () => {
    for (const [mode, expected] of [
      [64, ["ok", GP, GP, GP]],
      [32, [GP, GP, GP, GP]],
    ] as const) {
      s.start(mode);
      setGdt();
      expect([0, 1, 2, 3].map(mov)).toEqual(expected);
    }
  });
  it("wants a present, writable segment of the same DPL and RPL", () => {
    for (const mode of [32, 64]) {
      s.start(mode);
      setGdt();
      expect([8, 0x0b, 0x10, 0x13, 0x18, 0x20, 0x28].map(mov)).toEqual([
        "ok",
        "#GP(8)",
        "#GP(16)",
        "#GP(16)",
        "#SS(24)",
        "#GP(32)",
        "#GP(40)",
      ]);
    }
  });
});

describe("CR3, CR4 and CR8", () => {
  beforeEach(() => s.start(64));
  it("refuses bits beyond the physical address in CR3", () => {
    expect(writeCr(3, (1n << 40n) | 0x10_0000n)).toBe(GP);
    expect(writeCr(3, (1n << 63n) | 0x10_0000n)).toBe(GP);
    expect(writeCr(3, 0x10_0000n)).toBe("ok");
  });
  it("refuses reserved bits of CR4: VMXE, SMXE, LA57, PKE", () => {
    for (const bit of [12n, 13n, 14n, 15n, 19n, 22n, 23n, 32n])
      expect(writeCr(4, 0x20n | (1n << bit))).toBe(GP);
    expect(writeCr(4, 0n)).toBe(GP); // PAE must stay
    expect(writeCr(4, 0x37_0fffn)).toBe("ok");
  });
  it("takes PCIDE only in long mode with PCID 0, and then keeps bit 63 out of CR3", () => {
    s.set("cr3", 0x10_0001n);
    expect(writeCr(4, 0x2_0020n)).toBe(GP);
    s.set("cr3", 0x10_0000n);
    expect(writeCr(4, 0x2_0020n)).toBe("ok");
    expect(writeCr(3, (1n << 63n) | 0x10_0005n)).toBe("ok");
    expect(s.get("cr3")).toBe(0x10_0005n);
    s.start(32);
    expect(writeCr(4, 0x2_0020n)).toBe(GP);
  });
  it("changes mappings at once", () => {
    s.view.setUint8(RAM + 0x13_0000, 0x5a);
    s.view.setUint8(RAM + 0x33_0000, 0xa5);
    expect(s.core.peek(0x13_0000)).toBe(0x5a);
    s.view.setBigUint64(RAM + 0x10_2000, 0x20_0087n, true);
    expect(writeCr(3, 0x10_0000n)).toBe("ok");
    expect(s.core.peek(0x13_0000)).toBe(0xa5);
  });
  it("keeps the task priority in CR8 and the local APIC alike", () => {
    expect(writeCr(8, 16n)).toBe(GP);
    expect(writeCr(8, 9n)).toBe("ok");
    expect(s.core.loadMmio(0xfee0_0080, 4)).toBe(0x90);
    s.core.storeMmio(0xfee0_0080, 4, 0x35, 0);
    expect(s.run("440f20c0")).toBe("ok");
    expect(s.get("rax")).toBe(3n);
  });
  it("does not know CR1 and CR5", () => {
    expect(s.run(fromCr(1))).toBe("#UD");
    expect(s.run(toCr(5))).toBe("#UD");
  });
});

describe("debug registers", () => {
  beforeEach(() => s.start(64));
  it("fix the reserved bits of DR6 and DR7", () => {
    expect(writeDr(6, 0xffff_ffffn)).toBe("ok");
    expect(readDr(6)).toBe(0xffff_efffn);
    expect(writeDr(7, 0xffff_dfffn)).toBe("ok");
    expect(readDr(7)).toBe(0xffff_07ffn);
    expect(writeDr(7, 1n << 32n)).toBe(GP);
    expect(writeDr(6, 1n << 32n)).toBe(GP);
  });
  it("alias DR4 and DR5 unless CR4.DE", () => {
    writeDr(7, 0n);
    expect(readDr(5)).toBe(0x400n);
    s.set("cr4", 0x28n);
    expect(readDr(5)).toBe("#UD");
  });
  it("trap every access under general detect", () => {
    writeDr(7, 0x2000n);
    expect(readDr(0)).toBe("#DB");
    expect(s.view.getUint32(VCPU + Cpu.debugHit, true)).toBe(0x2000);
  });
});

describe("descriptor-table registers", () => {
  it("load 24, 32 and 64 bits of base", () => {
    s.start(32);
    s.set("rax", BigInt(DATA));
    s.view.setUint16(RAM + DATA, 0x1234, true);
    s.view.setBigUint64(RAM + DATA + 2, 0xff00_8765_4321_0fedn, true);
    expect(s.run("660f0110")).toBe("ok");
    expect([segLimit(SEG_GDTR), segBase(SEG_GDTR)]).toEqual([0x1234, 0x21_0fedn]);
    expect(s.run("0f0118")).toBe("ok");
    expect(segBase(SEG_IDTR)).toBe(0x4321_0fedn);
    s.start(64);
    s.set("rax", BigInt(DATA));
    expect(s.run("0f0118")).toBe(GP); // non-canonical
    s.view.setBigUint64(RAM + DATA + 2, 0xffff_ff80_4321_0fedn, true);
    expect(s.run("660f0110")).toBe("ok");
    expect(segBase(SEG_GDTR)).toBe(0xffff_ff80_4321_0fedn);
  });
  it("are stored whole, outside the kernel only without UMIP", () => {
    s.start(64);
    s.view.setBigUint64(VCPU + Cpu.segBase + SEG_IDTR * 8, 0xffff_ff80_0000_1000n, true);
    s.view.setUint32(VCPU + Cpu.segLimit + SEG_IDTR * 4, 0xfff, true);
    s.set("rax", BigInt(DATA));
    expect(s.run("0f0108")).toBe("ok");
    expect(s.view.getUint16(RAM + DATA, true)).toBe(0xfff);
    expect(s.view.getBigUint64(RAM + DATA + 2, true)).toBe(0xffff_ff80_0000_1000n);
    s.core.enter(64, 3);
    s.set("cr4", 0x820n);
    expect(s.run("0f0108")).toBe(GP);
  });
});

describe("the rest", () => {
  beforeEach(() => s.start(64));
  it("RDTSC and RDTSCP obey CR4.TSD outside the kernel", () => {
    s.set("tscAux", 7n);
    s.set("rcx", ~0n);
    expect(s.run("0f01f9")).toBe("ok");
    expect(s.get("rcx")).toBe(7n);
    s.core.enter(64, 3);
    expect(s.run("0f31")).toBe("ok");
    s.set("cr4", 0x24n);
    expect(s.run("0f31")).toBe(GP);
  });
  it("RDPID and RDTSCP give TSC_AUX", () => {
    s.set("tscAux", 0x8765_4321n);
    s.set("rax", (1n << 64n) - 1n);
    expect(s.run("f30fc7f8")).toBe("ok");
    expect(s.get("rax")).toBe(0x8765_4321n);
    expect(s.run("f3410fc7f9")).toBe("ok"); // R9
    expect(s.get("r9")).toBe(0x8765_4321n);
    expect(s.run("0f01f9")).toBe("ok");
    expect(s.get("rcx")).toBe(0x8765_4321n);
    expect(s.run("f30fc738")).toBe("#UD"); // memory
  });
  it("RDRAND and RDSEED say by CF that they have a number, of the operand's size", () => {
    for (const hex of ["0fc7f0", "0fc7f8"]) {
      s.set("rax", (1n << 64n) - 1n);
      s.core.setFlags(0x8d4);
      expect(s.run(hex)).toBe("ok");
      expect([s.get("rax"), s.core.flags() & 0x8d5]).toEqual([RANDOM, 1]);
      s.set("rax", (1n << 64n) - 1n);
      expect(s.run(`66${hex}`)).toBe("ok");
      expect(s.get("rax")).toBe(0xffff_ffff_ffff_0000n | (RANDOM & 0xffffn));
      expect(s.run(`48${hex}`)).toBe("ok");
      expect(s.get("rax")).toBe((RANDOM << 32n) | RANDOM);
    }
  });
  it("RDPMC knows no counter", () => {
    expect(s.run("0f33")).toBe(GP);
  });
  it("XSETBV and XGETBV need OSXSAVE and check XCR0", () => {
    s.set("rcx", 0n);
    expect(s.run("0f01d0")).toBe("#UD");
    expect(s.run("0f01d1")).toBe("#UD");
    s.set("cr4", 0x4_0020n);
    s.set("rdx", 0n);
    s.set("rax", 3n);
    expect(s.run("0f01d1")).toBe("ok");
    s.set("rax", 7n);
    expect(s.run("0f01d1")).toBe(GP);
    s.set("rax", 2n);
    expect(s.run("0f01d1")).toBe(GP);
    expect(s.run("0f01d0")).toBe("ok");
    expect(s.get("rax")).toBe(3n);
    s.set("rcx", 1n);
    expect(s.run("0f01d0")).toBe(GP);
  });
  it("AVX state needs SSE state in XCR0", () => {
    s.start(64, 0, 1);
    s.set("cr4", 0x4_0020n);
    s.set("rcx", 0n);
    s.set("rdx", 0n);
    for (const [value, outcome] of [
      [7n, "ok"],
      [3n, "ok"],
      [5n, GP],
      [6n, GP],
      [0xfn, GP],
    ] as const) {
      s.set("rax", value);
      expect([value, s.run("0f01d1")]).toEqual([value, outcome]);
    }
  });
  it("AVX needs CR4.OSXSAVE, XCR0[2:1] and no CR0.TS, and does not look at EM and OSFXSR", () => {
    const VADDPS = "c5f458c2";
    const VSTMXCSR = "c5f8ae1e";
    const outcomes = (cr0: bigint, cr4: bigint, xcr0: bigint) => {
      s.start(64, 0, 1);
      s.set("cr0", (s.get("cr0") & ~0xcn) | cr0);
      s.set("cr4", 0x20n | cr4);
      s.set("xcr0", xcr0);
      s.core.updateState();
      s.set("rsi", 0x1000n);
      return [s.run(VADDPS), s.run(VSTMXCSR)];
    };
    const both = (outcome: string) => [outcome, outcome];
    expect(outcomes(0n, 0x4_0000n, 7n)).toEqual(both("ok"));
    expect(outcomes(4n, 0x4_0000n, 7n)).toEqual(both("ok"));
    expect(outcomes(8n, 0x4_0000n, 7n)).toEqual(both("#NM"));
    expect(outcomes(8n, 0x4_0000n, 3n)).toEqual(both("#UD"));
    expect(outcomes(0n, 0x4_0200n, 3n)).toEqual(both("#UD"));
    expect(outcomes(0n, 0x200n, 7n)).toEqual(both("#UD"));
  });
  it("FSGSBASE instructions need CR4.FSGSBASE and canonical addresses", () => {
    expect(s.run("f3480faec0")).toBe("#UD");
    s.set("cr4", 0x1_0020n);
    s.set("rax", 0xffff_8000_0000_0000n);
    expect(s.run("f3480faed0")).toBe("ok"); // WRFSBASE RAX
    expect(segBase(SEG_FS)).toBe(0xffff_8000_0000_0000n);
    expect(s.run("f30faed8")).toBe("ok"); // WRGSBASE EAX
    expect(segBase(SEG_GS)).toBe(0n);
    s.set("rax", 1n << 47n);
    expect(s.run("f3480faed0")).toBe(GP);
    expect(s.run("f3480faec3")).toBe("ok"); // RDFSBASE RBX
    expect(s.get("rbx")).toBe(0xffff_8000_0000_0000n);
  });
  it("INVPCID checks its descriptor and drops translations", () => {
    s.set("rax", BigInt(DATA));
    s.view.setBigUint64(RAM + DATA, 0n, true);
    s.view.setBigUint64(RAM + DATA + 8, 0x13_0000n, true);
    s.set("rcx", 4n);
    expect(s.run("660f388208")).toBe(GP);
    s.set("rcx", 0n);
    s.view.setUint8(RAM + 0x13_0000, 1);
    s.view.setUint8(RAM + 0x33_0000, 2);
    expect(s.core.peek(0x13_0000)).toBe(1);
    s.view.setBigUint64(RAM + 0x10_2000, 0x20_0087n, true);
    s.view.setBigUint64(RAM + DATA + 0x20_0000, 0n, true);
    s.view.setBigUint64(RAM + DATA + 0x20_0008, 0x13_0000n, true);
    expect(s.run("660f388208")).toBe("ok");
    expect(s.core.peek(0x13_0000)).toBe(2);
    s.view.setBigUint64(RAM + DATA + 0x20_0000, 1n, true);
    expect(s.run("660f388208")).toBe(GP); // a PCID without CR4.PCIDE
    s.view.setBigUint64(RAM + DATA + 0x20_0000, 0x1000n, true);
    s.set("rcx", 2n);
    expect(s.run("660f388208")).toBe(GP);
  });
  it("INVLPG ignores an address that is not canonical, CLFLUSH does not", () => {
    s.set("rax", 1n << 47n);
    expect(s.run("0f0138")).toBe("ok");
    expect(s.run("0fae38")).toBe(GP);
    s.set("rax", 0x80_0000n);
    expect(s.run("0fae38")).toBe("#PF(0)");
    expect(s.run("0f0d08")).toBe("ok"); // PREFETCHW
  });
  it("does not offer MONITOR and MWAIT", () => {
    for (const hex of ["0f01c8", "0f01c9"]) expect(s.run(hex)).toBe("#UD");
  });
  it("VMCALL answers an unknown hypercall with -ENOSYS", () => {
    s.set("rax", 0x7fffn);
    expect(s.run("0f01c1")).toBe("ok");
    expect(s.get("rax")).toBe(BigInt.asUintN(64, -1000n));
  });
  it("HLT halts at CPL 0 only", () => {
    expect(s.run("f4")).toBe("ok");
    expect(s.view.getUint32(VCPU + Cpu.halted, true)).toBe(1);
    s.core.enter(64, 3);
    expect(s.run("f4")).toBe(GP);
  });
});

describe("fast system calls by vendor", () => {
  const AMD = CPU_MODEL_MAX | CPU_VENDOR_AMD;
  const SYSCALL = "0f05";
  const SYSENTER = "0f34";
  const COMPATIBILITY = 0xc0fb;
  function enterUser(mode: number, model: number): void {
    s.start(mode, 3, model);
    s.set("efer", s.get("efer") | 1n);
    s.set("star", 0x0010_0020_0001_2340n);
    s.set("lstar", 0x5000n);
    s.set("cstar", 0x6000n);
    s.set("sysenterCs", 8n);
  }
  const rip = () => s.get("nextRip");

  it("CPUID tells the vendor", () => {
    const name = (model: number) => {
      s.start(64, 0, model);
      return s.cpuid(0).ecx;
    };
    expect(name(CPU_MODEL_MAX)).toBe(0x6c65_746e); // "ntel"
    expect(name(AMD)).toBe(0x444d_4163); // "cAMD"
  });
  it("AMD's event counters are there, and count nothing", () => {
    s.start(64, 0, AMD);
    expect(s.wrmsr(0xc001_0000, 0x43n)).toBe("ok");
    expect(s.rdmsr(0xc001_0007)).toBe(0n);
    s.start(64, 0, CPU_MODEL_MAX);
    expect(s.wrmsr(0xc001_0000, 0x43n)).toBe(GP);
  });
  it("SYSCALL exists outside 64-bit mode for AMD alone", () => {
    for (const model of [CPU_MODEL_MAX, AMD]) {
      const outcome = model === AMD ? "ok" : "#UD";
      enterUser(32, model);
      expect(s.run(SYSCALL)).toBe(outcome);
      if (model === AMD) expect(rip()).toBe(0x1_2340n);
      enterUser(64, model);
      expect(s.run(SYSCALL)).toBe("ok");
      expect(rip()).toBe(0x5000n);
      enterUser(64, model);
      setCs(COMPATIBILITY);
      s.core.updateState();
      expect(s.run(SYSCALL)).toBe(outcome);
      if (model === AMD) expect(rip()).toBe(0x6000n);
    }
  });
  it("SYSENTER exists in long mode for Intel alone", () => {
    enterUser(64, CPU_MODEL_MAX);
    expect(s.run(SYSENTER)).toBe("ok");
    enterUser(64, AMD);
    expect(s.run(SYSENTER)).toBe("#UD");
    enterUser(32, AMD);
    expect(s.run(SYSENTER)).toBe("ok");
  });
});
