/**
 * What two processors may disagree on. Everything in an outcome is compared but what the manual leaves open
 * and the measured processors do not agree on, and what Linux shows in its own way.
 */
import { OUT, OUTCOME_SIZE, TRAP_NEVER } from "./case";

const SS = 12;
const PF = 14;
/** Linux lets no program of 48-bit addresses have pages from here on. */
const KERNEL = 0x7fff_ffff_f000n;

const REGISTERS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

const hex = (value: bigint | number) => value.toString(16);

const ONE = 1n << 63n;

/** Whether two 80-bit numbers are neighbours. */
function isNear(a: DataView, b: DataView, at: number): boolean {
  const order = (view: DataView) => {
    const se = view.getUint16(at + 8, true);
    const magnitude = (BigInt(se & 0x7fff) << 63n) + (view.getBigUint64(at, true) & (ONE - 1n));
    return se & 0x8000 ? -magnitude : magnitude;
  };
  const distance = order(a) - order(b);
  return distance >= -1n && distance <= 1n;
}

function bytesAt(view: DataView, at: number, len: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, len);
  return Buffer.from(bytes).reverse().toString("hex");
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** IRET, with which Linux returns to the program, makes any null selector 0 (SDM vol. 2, IRET). */
function selector(view: DataView, at: number): number {
  const value = view.getUint16(at, true);
  return value < 4 ? 0 : value;
}

export interface Leniency {
  /** The last place of x87 registers, and C1. */
  isTranscendental?: boolean;
  /** Bits of RFLAGS that are not compared. */
  flags?: number;
  /** A faulting access of an MMX register may leave the x87 unit in MMX state or not. */
  isMmx?: boolean;
  /** Which of several accesses faults, and what is done before it, is the processor's choice. */
  isWideAccess?: boolean;
}

/** What `core` has other than `truth`, in words; empty when they agree. */
export function differences(
  truth: Uint8Array,
  core: Uint8Array,
  leniency: Leniency = {},
): string[] {
  if (same(truth, core)) return [];
  const t = new DataView(truth.buffer, truth.byteOffset, OUTCOME_SIZE);
  const c = new DataView(core.buffer, core.byteOffset, OUTCOME_SIZE);
  const found: string[] = [];
  const u64 = (what: string, at: number) => {
    const [a, b] = [t.getBigUint64(at, true), c.getBigUint64(at, true)];
    if (a !== b) found.push(`${what} ${hex(a)}, core ${hex(b)}`);
  };
  const value = (what: string, a: number, b: number) => {
    if (a !== b) found.push(`${what} ${hex(a)}, core ${hex(b)}`);
  };
  const word = (what: string, at: number, mask = 0xffff_ffff) =>
    value(what, (t.getUint32(at, true) & mask) >>> 0, (c.getUint32(at, true) & mask) >>> 0);
  const trap = t.getUint32(OUT.trap, true);
  // An IRET to flags with AC and from a misaligned stack keeps some hosts busy for ever.
  if (trap === TRAP_NEVER) return [];
  value("vector", trap, c.getUint32(OUT.trap, true));
  u64("rip", OUT.rip);
  if (trap >= SS && trap <= PF && leniency.isWideAccess) return found;
  if (found.length === 0) {
    // Linux shows programs every fault on a kernel address as a protection violation.
    const isKernel = trap === PF && t.getBigUint64(OUT.cr2, true) >= KERNEL;
    word("error", OUT.error, isKernel ? ~1 : ~0);
    u64("cr2", OUT.cr2);
  }
  REGISTERS.forEach((name, i) => {
    u64(name, OUT.regs + 8 * i);
  });
  word("flags", OUT.flags, ~(leniency.flags ?? 0));
  for (const [name, at] of [
    ["cs", OUT.cs],
    ["ss", OUT.ss],
    ["ds", OUT.ds],
    ["es", OUT.ds + 2],
    ["fs", OUT.ds + 4],
    ["gs", OUT.ds + 6],
  ] as const)
    value(name, selector(t, at), selector(c, at));
  u64("fs.base", OUT.fsBase);
  u64("gs.base", OUT.gsBase);
  u64("memory", OUT.hash);
  found.push(...vectorDifferences(t, c, leniency));
  return found;
}

function vectorDifferences(t: DataView, c: DataView, leniency: Leniency): string[] {
  const found: string[] = [];
  const { isTranscendental = false, isMmx = false } = leniency;
  const bytes = (what: string, at: number, len: number) => {
    const [a, b] = [bytesAt(t, at, len), bytesAt(c, at, len)];
    if (a !== b) found.push(`${what} ${a}, core ${b}`);
  };
  for (let i = 0; i < 16; i++) {
    bytes(`xmm${i}`, OUT.fx + 160 + 16 * i, 16);
    bytes(`ymm${i}h`, OUT.high + 16 * i, 16);
  }
  bytes("mxcsr", OUT.fx + 24, 4);
  if (isMmx && t.getUint32(OUT.trap, true) >= SS) return found;
  bytes("fcw", OUT.fx, 2);
  const fsw = [t, c].map((view) => view.getUint16(OUT.fx + 2, true)) as [number, number];
  if ((fsw[0] ^ fsw[1]) & (isTranscendental ? ~0x200 : ~0))
    found.push(`fsw ${hex(fsw[0])}, core ${hex(fsw[1])}`);
  bytes("ftw", OUT.fx + 4, 1);
  bytes("fop", OUT.fx + 6, 2);
  bytes("fip", OUT.fx + 8, 8);
  bytes("fdp", OUT.fx + 16, 8);
  for (let i = 0; i < 8; i++) {
    const at = OUT.fx + 32 + 16 * i;
    if (isTranscendental && isNear(t, c, at)) continue;
    bytes(`st${i}`, at, 10);
  }
  return found;
}
