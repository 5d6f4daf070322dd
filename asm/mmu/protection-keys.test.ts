/**
 * Protection keys (SDM vol. 3 4.6.2): every combination of PKRU, CR0.WP, CR4.PKE, privilege and rights of the page
 * against the sentences of the manual, written down again in `expected`.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Cpu, RAM, VCPU } from "../../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const PAGE = 0x20_0000;
const KEY = 5n;
const ENTRY = RAM + 0x10_2008;
const MAX = 2;
const WRPKRU = "0f01ef";
const LOAD = "8b0f"; // MOV ECX,[RDI]
const STORE = "890f";
const PKE = 0x40_0000n;
const WP = 0x1_0000n;

let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});

function setPage(flags: bigint): void {
  s.view.setBigUint64(ENTRY, BigInt(PAGE) | 0x80n | (KEY << 59n) | flags, true);
}

function start(cpl: number, isWriteProtected: boolean): void {
  s.start(64, cpl, MAX);
  s.set("cr4", s.get("cr4") | PKE);
  if (isWriteProtected) s.set("cr0", s.get("cr0") | WP);
  s.core.updateState();
  s.set("rdi", BigInt(PAGE));
}

function wrpkru(value: number): string {
  s.set("rax", BigInt(value));
  s.set("rcx", 0n);
  s.set("rdx", 0n);
  return s.run(WRPKRU);
}

interface Access {
  cpl: number;
  wp: boolean;
  ad: boolean;
  wd: boolean;
  isUserPage: boolean;
  isWritable: boolean;
  isWrite: boolean;
}

function expected({ cpl, wp, ad, wd, isUserPage, isWritable, isWrite }: Access): string {
  const isUser = cpl === 3;
  const byKey = isUserPage && (ad || (wd && isWrite && (isUser || wp)));
  const byRights = (isUser && !isUserPage) || (isWrite && !isWritable && (isUser || wp));
  if (!byKey && !byRights) return "ok";
  return `#PF(${1 | (isWrite ? 2 : 0) | (isUser ? 4 : 0) | (byKey ? 32 : 0)})`;
}

const flags = [false, true];

describe("protection keys", () => {
  it("deny what PKRU says, with their own bit in the error code", () => {
    for (const cpl of [0, 3])
      for (const wp of flags)
        for (const ad of flags)
          for (const wd of flags)
            for (const isUserPage of flags)
              for (const isWritable of flags) {
                start(cpl, wp);
                setPage(1n | (isWritable ? 2n : 0n) | (isUserPage ? 4n : 0n));
                expect(wrpkru(((ad ? 1 : 0) | (wd ? 2 : 0)) << (2 * Number(KEY)))).toBe("ok");
                for (const isWrite of [false, true, false, true]) {
                  const access = { cpl, wp, ad, wd, isUserPage, isWritable, isWrite };
                  const outcome = s.run(isWrite ? STORE : LOAD);
                  expect([access, outcome]).toEqual([access, expected(access)]);
                }
              }
  });

  it("change with PKRU although the translation is known", () => {
    start(3, true);
    setPage(7n);
    const own = 2 * Number(KEY);
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["ok", "ok"]);
    expect(wrpkru(2 << own)).toBe("ok");
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["ok", "#PF(39)"]);
    expect(wrpkru(1 << own)).toBe("ok");
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["#PF(37)", "#PF(39)"]);
    // Other keys' bits are no business of this page.
    expect(wrpkru(~(3 << own) >>> 0)).toBe("ok");
    s.set("rdi", BigInt(PAGE));
    expect([s.run(LOAD), s.run(STORE)]).toEqual(["ok", "ok"]);
  });

  it("are ignored without CR4.PKE, and by instruction fetches", () => {
    start(3, true);
    setPage(7n);
    expect(wrpkru(0xffff_fffc)).toBe("ok");
    expect(s.run(LOAD)).toBe("#PF(37)");
    s.set("cr4", s.get("cr4") & ~PKE);
    s.core.enter(64, 3);
    setPage(7n);
    s.set("rdi", BigInt(PAGE));
    expect(s.run(LOAD)).toBe("ok");
    start(3, true);
    setPage(7n);
    wrpkru(0xffff_fffc);
    expect(s.core.fetchable(PAGE)).toBe(1);
  });

  it("RDPKRU and WRPKRU need CR4.PKE, ECX and EDX of 0", () => {
    start(3, true);
    expect(wrpkru(0x1234_5670)).toBe("ok");
    expect(s.run("0f01ee")).toBe("ok");
    expect([s.get("rax"), s.get("rdx")]).toEqual([0x1234_5670n, 0n]);
    s.set("rdx", 1n);
    expect(s.run(WRPKRU)).toBe("#GP(0)");
    s.set("rcx", 1n);
    expect(s.run("0f01ee")).toBe("#GP(0)");
    s.set("cr4", s.get("cr4") & ~PKE);
    s.set("rcx", 0n);
    expect(s.run("0f01ee")).toBe("#UD");
    expect(s.view.getUint32(VCPU + Cpu.pkru, true)).toBe(0x1234_5670);
  });
});
