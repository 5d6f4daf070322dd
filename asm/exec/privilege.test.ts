/**
 * What a user program on a host cannot show: I/O permission, CLI STI PUSHF POPF by privilege, virtual-8086 mode
 * and its extensions, and how repeated string instructions give way. Expectations are those of SDM vol. 1
 * chapter 19, vol. 2 (operation sections of the instructions) and vol. 3 chapter 20.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Cpu, RAM, SEG_TR, VCPU } from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const IF = 0x200;
const TF = 0x100;
const IOPL3 = 0x3000;
const VM = 0x2_0000;
const VIF = 0x8_0000;
const VIP = 0x10_0000;
const ID = 0x20_0000;
const VME = 1n;
const PVI = 2n;
const GP = "#GP(0)";
const ONE_MORE = 1; // EXEC_JUMP to itself: the instruction goes on

/** Linear addresses. Of the 4 MiB that there are in 64-bit mode, END is the end. */
const DATA = 0x12_0000n;
const TSS = 0x13_0000;
const END = 0x40_0000n;
/** In virtual-8086 mode too. */
const STACK = 0x100n;

interface Setting {
  code: string;
  /** 16: virtual-8086 mode. */
  mode?: 16 | 32 | 64;
  cpl?: number;
  cr4?: bigint;
  flags?: number;
  regs?: Partial<Record<"rax" | "rcx" | "rdx" | "rsi" | "rdi", bigint>>;
  /** Value on top of the stack, for POPF. */
  stack?: bigint;
  tssLimit?: number;
  /** Ports that the I/O permission bit map allows. */
  ports?: number[];
}

let s: SystemCore;
beforeAll(async () => {
  s = await loadSystemCore();
});

/** A TSS with its bit map at 68h, outside the default limit; all ports denied but those given. */
function layTss(limit: number, ports: number[]): void {
  const { view } = s;
  const map = RAM + TSS + 0x68;
  view.setBigUint64(VCPU + Cpu.segBase + 8 * SEG_TR, BigInt(TSS), true);
  view.setUint32(VCPU + Cpu.segLimit + 4 * SEG_TR, limit, true);
  view.setUint16(RAM + TSS + 102, 0x68, true);
  new Uint8Array(view.buffer, map, 0x2001).fill(0xff);
  for (const port of ports) {
    const at = map + (port >> 3);
    view.setUint8(at, view.getUint8(at) & ~(1 << (port & 7)));
  }
}

/** Runs one instruction. */
function run({
  code,
  mode = 32,
  cpl = 3,
  cr4 = 0n,
  flags = 0,
  regs = {},
  stack = 0n,
  tssLimit = 0x67,
  ports = [],
}: Setting) {
  s.start(mode, cpl);
  if (mode === 16) s.set("cr0", 0x11n);
  s.set("cr4", s.get("cr4") | cr4);
  layTss(tssLimit, ports);
  for (const field of ["rax", "rcx", "rdx", "rsi", "rdi"] as const) s.set(field, regs[field] ?? 0n);
  s.set("rsp", STACK);
  s.view.setBigUint64(RAM + Number(STACK), stack, true);
  s.core.setFlags(flags);
  s.core.updateState();
  const outcome = s.run(code);
  return { outcome, flags: s.core.flags(), again: s.core.lastResult() === ONE_MORE };
}

const IN_AL_60 = "e460";
const IN_EAX_64 = "e564";
const CLI = "fa";
const STI = "fb";
const PUSHF = "9c";
const POPF = "9d";

describe("port permission", () => {
  it("is given by IOPL", () => {
    expect(run({ code: IN_AL_60, flags: IOPL3 }).outcome).toBe("ok");
    expect(s.get("rax")).toBe(0xffn);
  });
  it("is refused without IOPL and bit map", () => {
    expect(run({ code: IN_AL_60 }).outcome).toBe(GP);
  });
  it("is given by a clear bit", () => {
    expect(run({ code: IN_AL_60, tssLimit: 0x800, ports: [0x60] }).outcome).toBe("ok");
    expect(run({ code: IN_AL_60, tssLimit: 0x800, ports: [0x61] }).outcome).toBe(GP);
  });
  it("needs the bits of all ports of the access", () => {
    expect(run({ code: IN_EAX_64, tssLimit: 0x800, ports: [0x64, 0x65, 0x66, 0x67] }).outcome).toBe(
      "ok",
    );
    expect(run({ code: IN_EAX_64, tssLimit: 0x800, ports: [0x64, 0x65, 0x66] }).outcome).toBe(GP);
  });
  it("reads two bytes of the map, which must be inside the limit", () => {
    const ports = [0x60];
    expect(run({ code: IN_AL_60, tssLimit: 0x68 + 0xd, ports }).outcome).toBe("ok");
    expect(run({ code: IN_AL_60, tssLimit: 0x68 + 0xc, ports }).outcome).toBe(GP);
  });
  it("ignores IOPL in virtual-8086 mode", () => {
    expect(run({ code: IN_AL_60, mode: 16, flags: VM | IOPL3 }).outcome).toBe(GP);
    const ports = [0x60];
    expect(run({ code: IN_AL_60, mode: 16, flags: VM, tssLimit: 0x800, ports }).outcome).toBe("ok");
  });
});

describe("CLI and STI", () => {
  it("work on IF when CPL is not above IOPL", () => {
    expect(run({ code: CLI, cpl: 0, flags: IF }).flags & IF).toBe(0);
    expect(run({ code: STI, cpl: 3, flags: IOPL3 }).flags & IF).toBe(IF);
    expect(run({ code: STI, cpl: 3 }).outcome).toBe(GP);
  });
  it("work on VIF with CR4.PVI at CPL 3", () => {
    expect(run({ code: STI, cr4: PVI, flags: IF }).flags & (IF | VIF)).toBe(IF | VIF);
    expect(run({ code: CLI, cr4: PVI, flags: IF | VIF }).flags & (IF | VIF)).toBe(IF);
    expect(run({ code: STI, cr4: PVI, flags: VIP }).outcome).toBe(GP);
    expect(run({ code: STI, cr4: PVI, cpl: 2 }).outcome).toBe(GP);
  });
  it("work on VIF with CR4.VME in virtual-8086 mode below IOPL 3", () => {
    expect(run({ code: STI, mode: 16, cr4: VME, flags: VM }).flags & (IF | VIF)).toBe(VIF);
    expect(run({ code: STI, mode: 16, cr4: VME, flags: VM | IOPL3 }).flags & (IF | VIF)).toBe(IF);
    expect(run({ code: CLI, mode: 16, flags: VM }).outcome).toBe(GP);
  });
});

describe("PUSHF and POPF", () => {
  it("POPF changes IOPL and IF at CPL 0 only as far as allowed", () => {
    const stack = BigInt(IOPL3 | IF | ID | VIF | VIP | VM);
    expect(run({ code: POPF, cpl: 0, stack }).flags).toBe(IOPL3 | IF | ID | 2);
    expect(run({ code: POPF, cpl: 3, stack }).flags).toBe(ID | 2);
    expect(run({ code: POPF, cpl: 1, flags: 0x1000, stack }).flags).toBe(0x1000 | IF | ID | 2);
  });
  it("POPF of 16 bits leaves the upper half alone", () => {
    const outcome = run({ code: `66${POPF}`, cpl: 0, flags: ID, stack: 0x2_0001n });
    expect(outcome.flags).toBe(ID | 3);
    expect(s.get("rsp")).toBe(STACK + 2n);
  });
  it("are #GP(0) in virtual-8086 mode below IOPL 3", () => {
    expect(run({ code: PUSHF, mode: 16, flags: VM }).outcome).toBe(GP);
    expect(run({ code: POPF, mode: 16, flags: VM }).outcome).toBe(GP);
    expect(run({ code: `66${PUSHF}`, mode: 16, cr4: VME, flags: VM }).outcome).toBe(GP);
  });
  it("POPF in virtual-8086 mode with IOPL 3 cannot change IOPL", () => {
    const outcome = run({ code: POPF, mode: 16, flags: VM | IOPL3, stack: BigInt(IF | 0x1000) });
    expect(outcome.flags).toBe(VM | IOPL3 | IF | 2);
  });
  it("see VIF as IF with CR4.VME", () => {
    const v86 = { mode: 16, cr4: VME } as const;
    expect(run({ code: POPF, ...v86, flags: VM, stack: BigInt(IF | 0x41) }).flags).toBe(
      VM | VIF | 0x43,
    );
    expect(run({ code: POPF, ...v86, flags: VM | VIP, stack: BigInt(IF) }).outcome).toBe(GP);
    expect(run({ code: POPF, ...v86, flags: VM, stack: BigInt(TF) }).outcome).toBe(GP);
    expect(run({ code: PUSHF, ...v86, flags: VM | VIF }).outcome).toBe("ok");
    expect(s.get("rsp")).toBe(STACK - 2n);
  });
});

describe("repeated string instructions", () => {
  it("give way after a bounded number of items, with exact registers", () => {
    const { again } = run({ code: "f3ac", regs: { rcx: 1000n, rsi: DATA } });
    expect(again).toBe(true);
    expect(s.get("rsi") - DATA).toBe(1000n - s.get("rcx"));
    expect(s.get("rcx")).toBeLessThan(1000n);
  });
  it("do one item at a time while single-stepping", () => {
    const regs = { rcx: 10n, rsi: DATA, rdi: DATA + 0x1000n };
    expect(run({ code: "f3a4", flags: TF, regs }).again).toBe(true);
    expect([s.get("rcx"), s.get("rsi"), s.get("rdi")]).toEqual([9n, DATA + 1n, DATA + 0x1001n]);
  });
  it("leave the flags from before when CMPS faults in the middle", () => {
    // Eight equal bytes, then a page fault.
    const regs = { rcx: 20n, rsi: END - 0x100n, rdi: END - 8n };
    expect(run({ code: "f3a6", mode: 64, flags: 0x895, regs })).toMatchObject({
      outcome: "#PF(4)",
      flags: 0x897,
    });
    expect([s.get("rcx"), s.get("rdi"), s.get("cr2")]).toEqual([12n, END, END]);
  });
  it("need permission once for all items of INS, and the page before the port", () => {
    expect(run({ code: "f36c", regs: { rcx: 2n, rdx: 0x60n, rdi: DATA } }).outcome).toBe(GP);
    const regs = { rcx: 4n, rdx: 0x60n, rdi: END };
    expect(run({ code: "f36c", mode: 64, flags: IOPL3, regs }).outcome).toBe("#PF(6)");
    run({ code: "f36d", flags: IOPL3, regs: { rcx: 3n, rdi: DATA } });
    expect(s.get("rdi")).toBe(DATA + 12n);
  });
});

describe("rotates by an immediate above 1", () => {
  const overflow = (code: string, rax: bigint, flags = 0) =>
    (run({ code, flags, regs: { rax } }).flags & 0x800) !== 0;
  it("leave OF as the last step of one bit does, ROR as it was", () => {
    expect(overflow("c0c007", 1n)).toBe(true); // ROL AL: 80h, CF 0
    expect(overflow("c0c007", 3n, 0x800)).toBe(false); // 81h, CF 1
    expect(overflow("c0d002", 0x20n)).toBe(true); // RCL AL: 80h, CF 0
    expect(overflow("c0d002", 0x60n, 0x800)).toBe(false); // 80h, CF 1
    expect(overflow("c0d802", 1n)).toBe(true); // RCR AL: 80h
    expect(overflow("c0c802", 2n, 0x800)).toBe(true);
  });
});
