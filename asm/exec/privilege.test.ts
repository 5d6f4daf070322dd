/**
 * What a user program on a host cannot show: I/O permission, CLI STI PUSHF POPF by privilege, virtual-8086 mode
 * and its extensions, and how repeated string instructions give way. Expectations are those of SDM vol. 1
 * chapter 19, vol. 2 (operation sections of the instructions) and vol. 3 chapter 20.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import {
  ALONE,
  CASE_SIZE,
  DATA,
  decodeResult,
  encodeCases,
  type Mode,
  RESULT_SIZE,
} from "../../test/instructions";

const CASE = 0x1840_0000;
const RESULT = CASE + CASE_SIZE;
const IF = 0x200;
const TF = 0x100;
const IOPL3 = 0x3000;
const VM = 0x2_0000;
const VIF = 0x8_0000;
const VIP = 0x10_0000;
const ID = 0x20_0000;
const VME = 1;
const PVI = 2;
const GP = 13;
const NO_FAULT = 0xff;

interface Setting {
  code: number[];
  mode?: Mode;
  cpl?: number;
  cr4?: number;
  flags?: number;
  regs?: Record<number, bigint>;
  /** Value on top of the stack, for POPF. */
  stack?: bigint;
  tssLimit?: number;
  data?: (data: DataView) => void;
}

let asm: AsmModule;
beforeAll(async () => {
  asm = await loadAsm("asm/test/vectors.ts", { replace: ALONE });
});

/** Runs one instruction with the stack pointer at data offset 100h. */
function run({
  code,
  mode = 32,
  cpl = 3,
  cr4 = 0,
  flags = 0,
  regs = {},
  stack,
  tssLimit = 0x67,
  data,
}: Setting) {
  const memory = new Uint8Array(asm.memory.buffer);
  const pages = new Uint8Array(5 * 4096);
  (data ?? bitmap())(new DataView(pages.buffer));
  asm.exports.setup(mode);
  asm.exports.privilege(cpl, cr4, tssLimit);
  memory.set(pages, asm.exports.pristine());
  const rsp = mode === 16 ? 0x100n : BigInt(DATA + 0x100);
  const all = Array.from({ length: 16 }, (_, i) => regs[i] ?? (i === 4 ? rsp : 0n));
  const patchAt = stack === undefined ? 0 : DATA + 0x100;
  memory.set(
    encodeCases([{ template: "", code, regs: all, flags, patchAt, patch: stack ?? 0n }]),
    CASE,
  );
  const again = asm.exports.runOnce(CASE, RESULT, mode) !== 0;
  const outcome = decodeResult(Buffer.from(memory.slice(RESULT, RESULT + RESULT_SIZE)), 0);
  return { ...outcome, again, trap: outcome.trap === NO_FAULT ? undefined : outcome.trap };
}

const IN_AL_60 = [0xe4, 0x60];
const IN_EAX_64 = [0xe5, 0x64];
const CLI = [0xfa];
const STI = [0xfb];
const PUSHF = [0x9c];
const POPF = [0x9d];

/** A TSS in page 1 with its bit map at 68h, outside the default limit; all ports denied but those given. */
const bitmap =
  (...allowed: number[]) =>
  (data: DataView) => {
    data.setUint16(0x1000 + 102, 0x68, true);
    for (let i = 0; i < 0x2001; i++) data.setUint8(0x1068 + (i % 0xf00), 0xff);
    for (const port of allowed) {
      const at = 0x1068 + (port >> 3);
      data.setUint8(at, data.getUint8(at) & ~(1 << (port & 7)));
    }
  };

describe("port permission", () => {
  it("is given by IOPL", () => {
    expect(run({ code: IN_AL_60, flags: IOPL3 })).toMatchObject({ trap: undefined });
    expect(run({ code: IN_AL_60, flags: IOPL3 }).regs[0]).toBe(0x5an);
  });
  it("is refused without IOPL and bit map", () => {
    expect(run({ code: IN_AL_60 })).toMatchObject({ trap: GP, error: 0 });
  });
  it("is given by a clear bit", () => {
    expect(run({ code: IN_AL_60, tssLimit: 0x800, data: bitmap(0x60) }).trap).toBeUndefined();
    expect(run({ code: IN_AL_60, tssLimit: 0x800, data: bitmap(0x61) }).trap).toBe(GP);
  });
  it("needs the bits of all ports of the access", () => {
    expect(
      run({ code: IN_EAX_64, tssLimit: 0x800, data: bitmap(0x64, 0x65, 0x66, 0x67) }).trap,
    ).toBeUndefined();
    expect(run({ code: IN_EAX_64, tssLimit: 0x800, data: bitmap(0x64, 0x65, 0x66) }).trap).toBe(GP);
  });
  it("reads two bytes of the map, which must be inside the limit", () => {
    const data = bitmap(0x60);
    expect(run({ code: IN_AL_60, tssLimit: 0x68 + 0xd, data }).trap).toBeUndefined();
    expect(run({ code: IN_AL_60, tssLimit: 0x68 + 0xc, data }).trap).toBe(GP);
  });
  it("ignores IOPL in virtual-8086 mode", () => {
    expect(run({ code: IN_AL_60, mode: 16, flags: VM | IOPL3 }).trap).toBe(GP);
    const data = bitmap(0x60);
    expect(
      run({ code: IN_AL_60, mode: 16, flags: VM, tssLimit: 0x800, data }).trap,
    ).toBeUndefined();
  });
});

describe("CLI and STI", () => {
  it("work on IF when CPL is not above IOPL", () => {
    expect(run({ code: CLI, cpl: 0, flags: IF }).flags & IF).toBe(0);
    expect(run({ code: STI, cpl: 3, flags: IOPL3 }).flags & IF).toBe(IF);
    expect(run({ code: STI, cpl: 3 }).trap).toBe(GP);
  });
  it("work on VIF with CR4.PVI at CPL 3", () => {
    expect(run({ code: STI, cr4: PVI, flags: IF }).flags & (IF | VIF)).toBe(IF | VIF);
    expect(run({ code: CLI, cr4: PVI, flags: IF | VIF }).flags & (IF | VIF)).toBe(IF);
    expect(run({ code: STI, cr4: PVI, flags: VIP }).trap).toBe(GP);
    expect(run({ code: STI, cr4: PVI, cpl: 2 }).trap).toBe(GP);
  });
  it("work on VIF with CR4.VME in virtual-8086 mode below IOPL 3", () => {
    expect(run({ code: STI, mode: 16, cr4: VME, flags: VM }).flags & (IF | VIF)).toBe(VIF);
    expect(run({ code: STI, mode: 16, cr4: VME, flags: VM | IOPL3 }).flags & (IF | VIF)).toBe(IF);
    expect(run({ code: CLI, mode: 16, flags: VM }).trap).toBe(GP);
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
    const outcome = run({ code: [0x66, ...POPF], cpl: 0, flags: ID, stack: 0x2_0001n });
    expect(outcome.flags).toBe(ID | 3);
    expect(outcome.regs[4]).toBe(BigInt(DATA + 0x102));
  });
  it("are #GP(0) in virtual-8086 mode below IOPL 3", () => {
    expect(run({ code: PUSHF, mode: 16, flags: VM }).trap).toBe(GP);
    expect(run({ code: POPF, mode: 16, flags: VM }).trap).toBe(GP);
    expect(run({ code: [0x66, ...PUSHF], mode: 16, cr4: VME, flags: VM }).trap).toBe(GP);
  });
  it("POPF in virtual-8086 mode with IOPL 3 cannot change IOPL", () => {
    const outcome = run({ code: POPF, mode: 16, flags: VM | IOPL3, stack: BigInt(IF | 0x1000) });
    expect(outcome.flags).toBe(VM | IOPL3 | IF | 2);
  });
  it("see VIF as IF with CR4.VME", () => {
    const v86 = { mode: 16 as Mode, cr4: VME };
    expect(run({ code: POPF, ...v86, flags: VM, stack: BigInt(IF | 0x41) }).flags).toBe(
      VM | VIF | 0x43,
    );
    expect(run({ code: POPF, ...v86, flags: VM | VIP, stack: BigInt(IF) }).trap).toBe(GP);
    expect(run({ code: POPF, ...v86, flags: VM, stack: BigInt(TF) }).trap).toBe(GP);
    expect(run({ code: PUSHF, ...v86, flags: VM | VIF }).regs[4]).toBe(0xfen);
  });
});

describe("repeated string instructions", () => {
  const at = (offset: number) => BigInt(DATA + offset);
  it("give way after a bounded number of items, with exact registers", () => {
    const outcome = run({ code: [0xf3, 0xac], regs: { 1: 1000n, 6: at(0) } });
    expect(outcome.again).toBe(true);
    expect(outcome.regs[6] - at(0)).toBe(1000n - outcome.regs[1]);
    expect(outcome.regs[1]).toBeLessThan(1000n);
  });
  it("do one item at a time while single-stepping", () => {
    const outcome = run({
      code: [0xf3, 0xa4],
      flags: TF,
      regs: { 1: 10n, 6: at(0), 7: at(0x1000) },
    });
    expect(outcome).toMatchObject({ again: true });
    expect(outcome.regs.slice(0, 8)).toEqual([0n, 9n, 0n, 0n, at(0x100), 0n, at(1), at(0x1001)]);
  });
  it("leave the flags from before when CMPS faults in the middle", () => {
    // Page 3 is absent: eight equal bytes, then a page fault.
    const outcome = run({
      code: [0xf3, 0xa6],
      flags: 0x895,
      regs: { 1: 20n, 6: at(0), 7: at(0x2ff8) },
    });
    expect(outcome).toMatchObject({ trap: 14, cr2: at(0x3000), flags: 0x897 });
    expect(outcome.regs[1]).toBe(12n);
    expect(outcome.regs[7]).toBe(at(0x3000));
  });
  it("need permission once for all items of INS, and the page before the port", () => {
    expect(run({ code: [0xf3, 0x6c], regs: { 1: 2n, 2: 0x60n, 7: at(0) } }).trap).toBe(GP);
    const outcome = run({
      code: [0xf3, 0x6c],
      flags: IOPL3,
      regs: { 1: 4n, 2: 0x60n, 7: at(0x2fff) },
    });
    expect(outcome).toMatchObject({ trap: 14, error: 7 });
    expect(run({ code: [0xf3, 0x6d], flags: IOPL3, regs: { 1: 3n, 7: at(0) } }).regs[7]).toBe(
      at(12),
    );
  });
});

describe("rotates by an immediate above 1", () => {
  const overflow = (code: number[], value: bigint, flags = 0) =>
    (run({ code, flags, regs: { 0: value } }).flags & 0x800) !== 0;
  it("leave OF as the last step of one bit does, ROR as it was", () => {
    expect(overflow([0xc0, 0xc0, 7], 1n)).toBe(true); // ROL AL: 80h, CF 0
    expect(overflow([0xc0, 0xc0, 7], 3n, 0x800)).toBe(false); // 81h, CF 1
    expect(overflow([0xc0, 0xd0, 2], 0x20n)).toBe(true); // RCL AL: 80h, CF 0
    expect(overflow([0xc0, 0xd0, 2], 0x60n, 0x800)).toBe(false); // 80h, CF 1
    expect(overflow([0xc0, 0xd8, 2], 1n)).toBe(true); // RCR AL: 80h
    expect(overflow([0xc0, 0xc8, 2], 2n, 0x800)).toBe(true);
  });
});
