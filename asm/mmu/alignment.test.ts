/**
 * When alignment is checked (SDM vol. 3 6.15): CPL 3, CR0.AM and RFLAGS.AC together, and never the processor's own
 * accesses. What counts as misaligned is compared with a processor by test:cpu --alignment and the tests of asm/exec.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Cpu, RAM, SEG_GDTR, VCPU } from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const DATA = 0x12_0000;
const LOAD = "8b0f"; // MOV ECX,[RDI]
const STORE = "890f";
const AC = "#AC(0)";
const AM = 0x4_0000n;
const RFLAGS_AC = 0x4_0002;

let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});

function start(cpl: number, am: boolean, ac: boolean): void {
  s.start(64, cpl);
  if (am) s.set("cr0", s.get("cr0") | AM);
  s.core.setFlags(ac ? RFLAGS_AC : 2);
  s.core.updateState();
  s.set("rdi", BigInt(DATA + 1));
}

describe("alignment checking", () => {
  beforeEach(() => start(3, true, true));

  it("needs CPL 3, CR0.AM and RFLAGS.AC", () => {
    for (const cpl of [0, 3])
      for (const am of [false, true])
        for (const ac of [false, true]) {
          start(cpl, am, ac);
          const expected = cpl === 3 && am && ac ? AC : "ok";
          expect([cpl, am, ac, s.run(LOAD), s.run(STORE)]).toEqual([
            cpl,
            am,
            ac,
            expected,
            expected,
          ]);
        }
  });

  it("begins and ends with POPF although the translation is known", () => {
    const popf = (flags: number) => {
      s.set("rsp", BigInt(DATA + 64));
      s.view.setUint32(RAM + DATA + 64, flags, true);
      expect(s.run("9d")).toBe("ok");
    };
    expect(s.run(LOAD)).toBe(AC);
    popf(2);
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["ok", "ok"]);
    popf(RFLAGS_AC);
    expect([s.run(LOAD), s.run(STORE)]).toEqual([AC, AC]);
    s.set("rdi", BigInt(DATA + 4));
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["ok", "ok"]);
  });

  it("writes nothing of what is misaligned", () => {
    s.view.setBigUint64(RAM + DATA, 0x1122_3344_5566_7788n, true);
    for (const hex of [STORE, "48890f", "ff07", "870f", "f00fb10f", "0fc70f", "48ab"])
      expect([hex, s.run(hex)]).toEqual([hex, AC]);
    expect(s.view.getBigUint64(RAM + DATA, true)).toBe(0x1122_3344_5566_7788n);
    expect(s.get("rdi")).toBe(BigInt(DATA + 1));
  });

  it("leaves the descriptor tables alone", () => {
    // A GDT at an odd address, whose entry 2 is writable data for everybody.
    s.view.setBigUint64(VCPU + Cpu.segBase + SEG_GDTR * 8, BigInt(DATA + 0x103), true);
    s.view.setUint32(VCPU + Cpu.segLimit + SEG_GDTR * 4, 23, true);
    s.view.setBigUint64(RAM + DATA + 0x113, 0x00cf_f200_0000_ffffn, true);
    s.set("rax", 0x13n);
    expect(s.run("8ed8")).toBe("ok"); // MOV DS,EAX sets the accessed bit
    expect(s.view.getUint8(RAM + DATA + 0x118)).toBe(0xf3);
  });
});
