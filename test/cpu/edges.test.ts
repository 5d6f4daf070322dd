/**
 * Where a fault comes from at the edges of address spaces, segments and pages: cases that fuzzing found, each
 * with what a processor does. Where there is one it is asked as well.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import {
  DATA,
  encodeCase,
  FX,
  OUT,
  OUTCOME_SIZE,
  PAGE_ABSENT,
  type Program,
  SS16_LIMIT,
  START,
  TRAP_END,
} from "./case";
import { Core } from "./core";
import { Host } from "./host";

const [DB, BR, SS, GP, PF, AC, XM] = [1, 5, 12, 13, 14, 17, 19];
const FLAGS = 0x8d5;
const RFLAGS_TF = 0x100;
const RFLAGS_AC = 0x4_0000;
const [RAX, RCX, RSP, RBP, RSI, RDI] = [0, 1, 4, 5, 6, 7];
const ABSENT = DATA + PAGE_ABSENT * 4096;

interface Edge extends Program {
  does: string;
  trap: number;
  /** Registers in the end. */
  ends?: Record<number, bigint>;
  /** MXCSR in the end. */
  mxcsr?: number;
  /** RIP and the arithmetic flags are those from before. */
  stays?: boolean;
}

const EDGES: Edge[] = [
  ...["8b4fff", "0f474fff", "034fff", "894fff", "014fff", "660f6f4fff"].map((code) => ({
    does: `${code} begins at the last canonical address`,
    mode: 64 as const,
    code,
    regs: { [RDI]: 0x8000_0000_0000n },
    trap: GP,
  })),
  {
    does: "a load that ends at the last canonical address",
    mode: 64,
    code: "8b4ffc",
    regs: { [RDI]: 0x8000_0000_0000n },
    trap: PF,
  },
  {
    does: "a push across the last canonical address",
    mode: 64,
    code: "50",
    regs: { [RSP]: 0x8000_0000_0004n },
    trap: SS,
  },
  {
    does: "an aligned save area that ends beyond the 16-bit segment",
    mode: 16,
    code: "0fae04",
    regs: { [RSI]: 0x4f00n },
    trap: GP,
  },
  {
    does: "FXSAVE of an area that is not aligned",
    mode: 64,
    code: "0fae07",
    regs: { [RDI]: BigInt(DATA + 8) },
    trap: GP,
  },
  {
    does: "the same with alignment checking",
    mode: 64,
    code: "0fae07",
    regs: { [RDI]: BigInt(DATA + 9) },
    flags: RFLAGS_AC,
    trap: AC,
  },
  {
    does: "and through a segment that cannot be written",
    mode: 32,
    code: "2e0fae07",
    regs: { [RDI]: BigInt(DATA + 9) },
    flags: RFLAGS_AC,
    trap: AC,
  },
  {
    does: "and in 64-bit mode across the end of the canonical addresses",
    mode: 64,
    code: "0fae4500",
    regs: { [RBP]: 0x8000_0000_0000n - 3n },
    trap: GP,
  },
  {
    does: "BOUND reads no upper bound for an index below the lower",
    mode: 16,
    code: "66624600",
    regs: { [RAX]: 0x8000_0000n, [RBP]: BigInt(SS16_LIMIT - 5) },
    trap: BR,
  },
  {
    does: "an 80-bit store that is not aligned, to a page that is absent",
    mode: 64,
    code: "d9eedb3f",
    regs: { [RDI]: BigInt(ABSENT + 1) },
    flags: RFLAGS_AC,
    trap: AC,
  },
  {
    does: "FRSTOR of an area that is not aligned and ends beyond the segment",
    mode: 16,
    code: "66dd660f",
    regs: { [RBP]: BigInt(SS16_LIMIT - 0x53) },
    flags: RFLAGS_AC,
    trap: AC,
  },
  {
    does: "FXSAVE of an area whose first doubleword leaves the segment",
    mode: 16,
    code: "0fae4600",
    regs: { [RBP]: BigInt(SS16_LIMIT - 1) },
    trap: SS,
  },
  ...[
    ["FLDENV", "d927", 4],
    ["FNSAVE", "dd37", 64],
    ["a far jump", "ff2f", 4],
    ["LSS", "0fb237", 4],
  ].map(([name, code, back]) => ({
    does: `${name} touches what it begins with before it looks at the end, which is not canonical`,
    mode: 64 as const,
    code: String(code),
    regs: { [RDI]: 0x8000_0000_0000n - BigInt(back) },
    trap: PF,
  })),
  ...["df27", "db2f", "d9eedb3f", "d9eedf37"].map((code) => ({
    does: `${code} (80 bits) of which the last two are beyond the canonical addresses`,
    mode: 64 as const,
    code,
    regs: { [RDI]: 0x8000_0000_0000n - 8n },
    trap: PF,
  })),
  ...["488707", "d12f", "0f1107"].map((code) => ({
    does: `${code} with alignment checking across the end of the canonical addresses`,
    mode: 64 as const,
    code,
    regs: { [RDI]: 0x8000_0000_0000n - 1n },
    flags: RFLAGS_AC,
    trap: code === "0f1107" ? GP : AC,
  })),
  {
    does: "VMASKMOVPS checks the addresses of all elements before any page",
    mode: 64,
    // VPCMPEQD YMM1,YMM1,YMM1, VMASKMOVPS YMM0,YMM1,[RDI]
    code: "c5f576c9 c4e2752c07",
    regs: { [RDI]: 0x8000_0000_0000n - 16n },
    trap: GP,
  },
  {
    does: "REPE CMPSB takes a step and keeps the flags",
    mode: 64,
    code: "f3a6",
    regs: { [RCX]: 3n, [RSI]: BigInt(DATA), [RDI]: BigInt(DATA) },
    flags: RFLAGS_TF | 0x01,
    trap: DB,
    stays: true,
  },
  {
    does: "a far jump to compatibility mode clears the upper half of RSP",
    mode: 64,
    code: "ff2f",
    data: "20080010 2300",
    regs: { [RSP]: 0xffff_ffff_ffff_fff0n, [RDI]: BigInt(DATA) },
    trap: TRAP_END,
    ends: { [RSP]: 0xffff_fff0n },
  },
  {
    does: "FXRSTOR64 keeps 48 bits of FIP, and all of FDP",
    mode: 64,
    // FXRSTOR64, FXSAVE64, MOV RAX,[RDI+8], MOV RCX,[RDI+16]
    code: "480fae0f 480fae07 488b4708 488b4f10",
    data: "7f03000000000000 37e77a450cc2bd33 37e77a450c42bdf3 801f0000",
    regs: { [RDI]: BigInt(DATA) },
    trap: TRAP_END,
    ends: { [RAX]: 0xffff_c20c_457a_e737n, [RCX]: 0xf3bd_420c_457a_e737n },
  },
  {
    does: "FPREM of a pseudo-denormal by infinity normalises it",
    mode: 64,
    // FLD infinity, FLD the pseudo-denormal, FPREM, FSTP [RDI+20h], MOVZX EAX,WORD PTR [RDI+28h]
    code: "db6f0a db2f d9f8 db7f20 0fb74728",
    data: "05000000000000800000 0000000000000080ff7f",
    regs: { [RDI]: BigInt(DATA) },
    trap: TRAP_END,
    ends: { [RAX]: 1n },
  },
  {
    does: "FSCALE of a denormal by zero does not underflow",
    mode: 64,
    // FLDCW, FLDZ, FLD the denormal, FSCALE, FNSTSW AX
    code: "d96f0a d9ee db2f d9fd dfe0",
    data: "c750d77ded55ab0b0000 6f03",
    regs: { [RDI]: BigInt(DATA) },
    trap: TRAP_END,
    ends: { [RAX]: 0x3002n },
  },
  {
    does: "FPREM of a denormal by infinity does not underflow",
    mode: 64,
    // FLDCW, FLD infinity, FLD the denormal, FPREM, FNSTSW AX
    code: "d96f14 db6f0a db2f d9f8 dfe0",
    data: "c750d77ded55ab0b0000 0000000000000080ff7f 6f03",
    regs: { [RDI]: BigInt(DATA) },
    trap: TRAP_END,
    ends: { [RAX]: 0x3002n },
  },
  {
    does: "VCVTPS2PH of a denormal is inexact also where an unmasked underflow takes its place",
    mode: 64,
    // LDMXCSR [RDI], MOVD XMM2,[RDI+4], VCVTPS2PH XMM1,XMM2,0
    code: "0fae17 660f6e5704 c4e3791dd100",
    data: "80170000 00001000",
    regs: { [RDI]: BigInt(DATA) },
    trap: XM,
    mxcsr: 0x17b2,
  },
  {
    does: "POP to a segment register reads a word at the end of a page",
    mode: 32,
    code: "1f",
    regs: { [RSP]: BigInt(ABSENT - 2) },
    trap: TRAP_END,
  },
];

let core: Core;
let host: Host | undefined;

beforeAll(async () => {
  core = Core.load(await buildCore({ say: () => {} }));
  host = Host.open();
});
afterAll(() => host?.close());

describe("at an edge", () => {
  it.each(EDGES)("$does", async (edge) => {
    const outcomes = [core.run(encodeCase(edge)), await host?.run(encodeCase(edge))];
    for (const outcome of outcomes) {
      if (!outcome) continue;
      expect(outcome.length).toBe(OUTCOME_SIZE);
      const view = new DataView(outcome.buffer, outcome.byteOffset);
      expect(view.getUint32(OUT.trap, true)).toBe(edge.trap);
      for (const [index, value] of Object.entries(edge.ends ?? {}))
        expect(view.getBigUint64(OUT.regs + 8 * Number(index), true)).toBe(value);
      if (edge.mxcsr !== undefined)
        expect(view.getUint32(OUT.fx + FX.mxcsr, true)).toBe(edge.mxcsr);
      if (!edge.stays) continue;
      expect(Number(view.getBigUint64(OUT.rip, true))).toBe(START);
      expect(view.getUint32(OUT.flags, true) & FLAGS).toBe((edge.flags ?? 0) & FLAGS);
    }
  });
});
