/**
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XRSTOR of both formats, XGETBV, LDMXCSR and STMXCSR against the
 * processor the tests run on: random states, components in use or not, requested components, areas with wrong
 * headers, reserved MXCSR bits and misaligned addresses. Compared are the whole area, the state afterwards (PKRU
 * too, where there is one) and the fault. XSAVES and XRSTORS, which are not for programs, in asm/exec/xsave.test.ts.
 *
 * A case is a program that brings the state about, runs the instruction and shows what cannot be seen otherwise:
 *
 *   RBX   the area; its header is set before, the rest is as the data pages have it
 *   RDI   the instruction's operand, at or near RBX
 *   RSI   an area of zeros, from which XRSTOR makes components initial
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASE, DATA, dataPages, encodeCase, FX, Random } from "../../test/cpu/case";
import { Peers } from "../../test/cpu/peers";
import { hostHas } from "../../test/native";

const COUNT = 3500;
const HEADER = 512;
const PAGE_ZEROS = 4;
const [RBX, RSI, RDI] = [3, 6, 7];

/** With [RDI]. */
const STANDARD: Record<string, string> = {
  FXSAVE: "0fae07",
  FXRSTOR: "0fae0f",
  LDMXCSR: "0fae17",
  STMXCSR: "0fae1f",
  XSAVE: "0fae27",
  XRSTOR: "0fae2f",
  XSAVEOPT: "0fae37",
};
/** XSAVEC, XRSTOR of what it saves, XGETBV: not on every processor. */
const COMPACTED: Record<string, string> = { XSAVEC: "0fc727", XRSTOR: "0fae2f", XGETBV: "0f01d0" };

const hasPkru = hostHas("ospke");
const XCR0 = hasPkru ? 0x207 : 7;

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes.toString("hex");
};
const MOV_EAX = "b8";
const MOV_ECX = "b9";
/** MOV DWORD PTR [RBX + offset], value. */
const store = (offset: number, value: number) => `c783${u32(offset)}${u32(value)}`;
/** AND BYTE PTR [RBX + offset], FCh. */
const clearTwo = (offset: number) => `80a3${u32(offset)}fc`;
const WRPKRU = "0f01ef";
const RDPKRU = "0f01ee";
const XRSTOR64_RSI = "480fae2e";
/** MOV DWORD PTR [RSI + 24], value: what XRSTOR makes of MXCSR. LDMXCSR might count as use of SSE. */
const setMxcsr = (value: number) => `c74618${u32(value)}`;
/** AND EAX, XCR0: components that only the host has do not count; MOV R8D,EAX; MOV R9D,EDX */
const KEEP_RESULT = `25${u32(XCR0)} 4189c0 4189d1`;

/** Where an area of 576 bytes has a header of zeros, and MXCSR too. */
function zeros(): number {
  const data = dataPages().subarray(PAGE_ZEROS * 4096);
  const isZero = (from: number, len: number) => data.subarray(from, from + len).every((b) => !b);
  for (let at = 0; ; at += 64)
    if (isZero(at + FX.mxcsr, 4) && isZero(at + HEADER, 64)) return DATA + PAGE_ZEROS * 4096 + at;
}
const ZEROS = zeros();

/** The header of an area in the standard format, sometimes with what must not be there. */
function standardHeader(random: Random): Buffer {
  const header = Buffer.alloc(64);
  header[0] = random.below(8);
  if (random.chance(12)) header[2 + random.below(40)] = 1 << random.below(8);
  return header;
}

/** That of a compacted one, mostly. */
function compactedHeader(random: Random): Buffer {
  const header = Buffer.alloc(64);
  const xcomp = random.next() & XCR0;
  header.writeUInt32LE(random.next() & (random.chance(88) ? xcomp : XCR0), 0);
  header.writeUInt32LE(xcomp, 8);
  header.writeUInt32LE(random.chance(88) ? 0x8000_0000 : random.below(4) * 0x4000_0000, 12);
  if (random.chance(6)) header[random.below(64)] = 1 << random.below(8);
  return header;
}

/** Everything that the instructions save, at random. */
function fillState(view: DataView, random: Random): void {
  for (let at = CASE.fx; at < CASE.high + 256; at += 4) view.setUint32(at, random.next(), true);
  const fx = CASE.fx;
  if (random.chance(50)) view.setUint16(fx + FX.fcw, 0x37f, true);
  view.setUint16(fx + FX.fop, random.next() & 0x7ff, true);
  for (const pointer of [fx + FX.fip, fx + FX.fdp])
    view.setUint32(pointer + 4, random.next() & 0x7fff, true);
  view.setUint32(fx + FX.mxcsr, random.next() & 0xffff, true);
  for (let i = 0; i < 8; i++) {
    view.setUint16(fx + FX.st + 16 * i + 10, 0, true);
    view.setUint32(fx + FX.st + 16 * i + 12, 0, true);
  }
}

/** A case whose area has these bits of MXCSR at random. */
function instance(random: Random, mxcsr: number): Uint8Array {
  const isCompacted = hostHas("xsavec") && random.chance(30);
  const [name, bytes] = random.pick(Object.entries(isCompacted ? COMPACTED : STANDARD));
  const isWide = random.chance(50) && name !== "XGETBV";
  const asked = random.next() & (isCompacted ? XCR0 : 7);
  const area = DATA + 64 * random.below(64);
  // Canonical pointers, or selectors of 0: current processors keep none.
  const upper = () => (isWide ? random.next() & 0x7fff : 0);
  const first =
    name === "LDMXCSR" ? random.next() & (random.chance(50) ? 0xffff : 0x1_ffff) : 0x37f;
  const code = [
    // Key 0, that of the program itself, stays accessible. PKRU of 0 may or may not count as in use.
    hasPkru ? `${MOV_EAX}${u32((random.next() & ~3) | 4)} 31c9 31d2 ${WRPKRU}` : "",
    setMxcsr(random.next() & 0xffff),
    `31d2 ${MOV_EAX}${u32(random.below(8))} ${XRSTOR64_RSI}`,
    random.chance(50) || name === "LDMXCSR" ? store(0, first) : "",
    store(FX.fip + 4, upper()) + store(FX.fdp + 4, upper()),
    store(FX.mxcsr, random.next() & mxcsr),
    isCompacted ? clearTwo(576) + clearTwo(832) : "",
    `${MOV_EAX}${u32(random.chance(75) ? asked : asked & ~2)} 31d2 ${MOV_ECX}${u32(1)}`,
    isWide ? "48" : "",
    bytes,
    KEEP_RESULT,
    hasPkru ? `31c9 ${RDPKRU}` : "",
  ].join("");
  const header = isCompacted ? compactedHeader(random) : standardHeader(random);
  const offset = random.chance(88) ? 0 : random.pick([8, 16, 32, 64]);
  const one = encodeCase({
    mode: 64,
    code,
    regs: { [RBX]: BigInt(area), [RSI]: BigInt(ZEROS), [RDI]: BigInt(area + offset) },
    data: header.toString("hex"),
  });
  const view = new DataView(one.buffer);
  view.setUint32(CASE.patchAt, area + HEADER, true);
  fillState(view, random);
  return one;
}

let peers: Peers;
beforeAll(async () => {
  peers = await Peers.open();
});
afterAll(() => peers.close());

describe("FPU state instructions", () => {
  it("save and restore what the processor does", async () => {
    const random = new Random(1);
    const cases = Array.from({ length: COUNT }, () => instance(random, 0xffff));
    expect((await peers.disagreements(cases)).slice(0, 20)).toEqual([]);
  });

  it("refuse reserved bits of MXCSR", async () => {
    const random = new Random(2);
    const cases = Array.from({ length: COUNT / 4 }, () => instance(random, 0x1_ffff));
    // XRSTOR may have loaded other components before it looks at MXCSR.
    const found = await peers.disagreements(cases, { isWideAccess: true });
    expect(found.slice(0, 20)).toEqual([]);
  });
});
