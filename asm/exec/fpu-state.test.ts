/**
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XRSTOR of both formats, XGETBV, LDMXCSR and STMXCSR against the
 * processor the test runs on: random states, components in use or not, requested components, areas with wrong
 * headers, reserved MXCSR bits and misaligned addresses. Compared are the whole area, the state afterwards (PKRU
 * too, where there is one) and the fault. XSAVES and XRSTORS, which are not for programs, in asm/exec/xsave.test.ts.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative, hostHas, isIntel } from "../../test/native";

const SIZE = 4096;
const COUNT = 3500;
const CASES = 0x1880_0000;
/** Opcode and ModRM with [RDI]. */
const FORMS: [string, number[]][] = [
  ["FXSAVE", [0x0f, 0xae, 0x07]],
  ["FXRSTOR", [0x0f, 0xae, 0x0f]],
  ["LDMXCSR", [0x0f, 0xae, 0x17]],
  ["STMXCSR", [0x0f, 0xae, 0x1f]],
  ["XSAVE", [0x0f, 0xae, 0x27]],
  ["XRSTOR", [0x0f, 0xae, 0x2f]],
  ["XSAVEOPT", [0x0f, 0xae, 0x37]],
  ["XSAVEC", [0x0f, 0xc7, 0x27]],
  ["XRSTOR", [0x0f, 0xae, 0x2f]],
  ["XGETBV", [0x0f, 0x01, 0xd0]],
];
/** XSAVEC, XRSTOR of what it saves, XGETBV: not on every processor. */
const COMPACTED = 7;
const hasPkru = hostHas("ospke");
const XCR0 = hasPkru ? 0x207 : 7;

/** Stores into decoded code do not happen here. */
const replace = {
  "asm/exec/blocks.ts": `import { Cpu } from "../cpu/state";
    export function codeWritten(cpu: Cpu, host: u32, len: u32): void {}`,
};

let seed = 0x1234_5677;
function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}

/** A plausible XSAVE image without selectors, which current processors no longer keep. */
function fillImage(bytes: Buffer): void {
  for (let i = 0; i < 1024; i += 4) bytes.writeUInt32LE(random(), i);
  bytes.writeUInt16LE(random() & 1 ? 0x37f : random() & 0xffff, 0);
  bytes.writeUInt16LE(random() & 0x7ff, 6);
  bytes.writeUInt16LE(0, 12);
  bytes.writeUInt16LE(0, 20);
  // 64-bit pointers with REX.W: canonical ones.
  bytes.writeUInt32LE(random() & 0x7fff, 12);
  bytes.writeUInt32LE(random() & 0x7fff, 20);
  bytes.writeUInt32LE(random() & 0xffff, 24);
  bytes.writeUInt32LE(random() & 7, 512);
  bytes.fill(0, 516, 576);
}

function makeCase(at: Buffer): void {
  at.fill(0);
  const op = random() % (hostHas("xsavec") ? FORMS.length : COMPACTED);
  const wide = random() & 1;
  Buffer.from([...(wide ? [0x48] : []), ...FORMS[op][1]]).copy(at, 2048);
  fillImage(at.subarray(0, 1024));
  const area = at.subarray(1024, 2048);
  fillImage(area);
  if (!wide) {
    area.writeUInt32LE(0, 12);
    area.writeUInt32LE(0, 20);
  }
  if (random() % 8 === 0) area.writeUInt32LE(random() & 0x1ffff, 24);
  if (random() % 8 === 0) area.writeUInt8(1 << (random() % 8), 514 + (random() % 40));
  // The standard place of PKRU is behind the area.
  const isCompacted = op >= COMPACTED;
  const asked = isCompacted ? random() & XCR0 : random() & 7;
  at.writeUInt32LE(random() % 4 ? asked : asked & ~2, 2056);
  if (isCompacted) compact(area);
  // Key 0, that of the program itself, stays accessible.
  // PKRU that WRPKRU has made 0 may or may not count as in use.
  at.writeUInt32LE(((random() & ~3) | 4) >>> 0, 2068);
  at.writeUInt32LE(op < 4 ? random() : 0, 2060);
  at.writeUInt32LE(random() % 8 ? 0 : ([8, 16, 32, 64][random() % 4] as number), 2064);
  if (op === 2) area.writeUInt32LE(random() & (random() & 1 ? 0xffff : 0x1ffff), 0);
}

/** Makes the header that of a compacted area, mostly. */
function compact(area: Buffer): void {
  const xcomp = random() & XCR0;
  area.writeUInt32LE(random() & (random() % 8 ? xcomp : XCR0), 512);
  area.writeUInt32LE(xcomp, 520);
  area.writeUInt32LE(random() % 8 ? 0x8000_0000 : (random() % 4) * 0x4000_0000, 524);
  for (const pkru of [576, 832]) area[pkru] &= ~3;
  if (random() % 16 === 0) area.writeUInt8(1 << (random() % 8), 512 + (random() % 64));
}

/** The parts of a state image that exist: no reserved bytes, no header. */
function state(image: Buffer): string {
  const parts = [image.subarray(0, 5), image.subarray(6, 28)];
  for (let i = 0; i < 8; i++) parts.push(image.subarray(32 + i * 16, 42 + i * 16));
  parts.push(image.subarray(160, 416), image.subarray(576, 832));
  return parts.map((p) => p.toString("hex")).join(" ");
}

function difference(native: Buffer, core: Buffer): string | undefined {
  const faults = [native.readInt32LE(2048), core.readInt32LE(2048)];
  if (faults[0] !== faults[1]) return `vector ${faults}`;
  for (let i = 1024; i < 2048; i++) {
    if (native[i] !== core[i])
      return `area byte ${i - 1024}: ${native[i]?.toString(16)}, core ${core[i]?.toString(16)}`;
  }
  if (faults[0] !== -1) return undefined;
  for (const at of [2056, 2060, 2068]) {
    // XINUSE of components that there are not here does not count.
    const [n, c] = [native, core].map(
      (image) => (image.readUInt32LE(at) & (at === 2056 ? XCR0 : ~0)) >>> 0,
    );
    if (n !== c)
      return `${at === 2068 ? "pkru" : "result"} ${n.toString(16)}, core ${c.toString(16)}`;
  }
  const states = [state(native.subarray(0, 1024)), state(core.subarray(0, 1024))];
  return states[0] === states[1] ? undefined : `state\n  ${states.join("\n  ")}`;
}

describe("FPU state instructions", () => {
  let core: AsmModule;
  let native: ReturnType<typeof compileNative>;

  beforeAll(async () => {
    core = await loadAsm("asm/test/simd.ts", { replace });
    native = compileNative("fpu-state");
    core.exports.setup?.();
  });

  it("save and restore what the processor does", () => {
    // AMD saves and restores the x87 pointers only while an exception is pending.
    if (!native || !isIntel()) return;
    const input = Buffer.alloc(COUNT * SIZE);
    for (let i = 0; i < COUNT; i++) makeCase(input.subarray(i * SIZE, (i + 1) * SIZE));
    const output = native(hasPkru ? ["pkru"] : [], input);
    const memory = Buffer.from(core.memory.buffer, CASES, COUNT * SIZE);
    input.copy(memory);
    core.exports.runStateCases?.(CASES, COUNT, XCR0);
    const failures = new Map<string, string>();
    for (let i = 0; i < COUNT; i++) {
      const range: [number, number] = [i * SIZE, (i + 1) * SIZE];
      const what = difference(output.subarray(...range), memory.subarray(...range));
      const case_ = input.subarray(...range);
      const wide = case_[2048] === 0x48;
      const code = case_.subarray(wide ? 2049 : 2048, wide ? 2052 : 2051);
      const name =
        FORMS.find(([, bytes]) => code.equals(Buffer.from(bytes)))?.[0] + (wide ? "64" : "");
      const asked = `mask ${case_.readUInt32LE(2056)} used ${case_.readUInt32LE(512)} area ${case_.readUInt32LE(1536)}`;
      if (what && !failures.has(name)) failures.set(name, `${asked}: ${what}`);
    }
    expect([...failures].map(([name, what]) => `${name} ${what}`).join("\n")).toBe("");
  });
});
