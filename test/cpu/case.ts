/**
 * The two records that the processors under test understand (test/native/machine.c, which also tells what
 * memory a case sees, and test/cpu/core.ts): a case is user code and the state it starts from, an outcome the
 * state it ended in.
 *
 *        case                                             outcome
 *   0    code, 256 bytes, INT3 behind it                  16 general registers
 *   256  16 general registers                             128  RIP
 *   384  RFLAGS, mode (16, 32, 64): u32                   136  RFLAGS, vector, error code: u32; CS, SS: u16
 *   392  data memory set first: address, length: u32      152  CR2 of a #PF
 *   400  its bytes, 64                                    160  hash of the data pages
 *   464  FXSAVE64's image to XMM15, 416 bytes             168  DS ES FS GS: u16
 *   880  upper halves of YMM0-15                          176  FXSAVE64's image, MXCSR_MASK 0, upper halves of YMM0-15
 *                                                         848  FS.base, GS.base
 */
export const CODE = 0x1000_0000;
export const START = CODE + 0x800;
export const DATA = 0x2000_0000;
export const PAGES = 5;
export const PAGE_READONLY = 2;
export const PAGE_ABSENT = 3;
export const DATA_SIZE = PAGES * 4096;
/** GS.base in 64-bit mode. */
export const GS_BASE = DATA + 0x100;
/** Limit of SS in 16-bit mode, and of the other data segments. */
export const SS16_LIMIT = DATA_SIZE - 1 - 0x100;
export const DS16_LIMIT = DATA_SIZE - 1;

export const CODE_SIZE = 256;
export const CASE_SIZE = 1152;
export const OUTCOME_SIZE = 864;

/** Offsets in a case. */
export const CASE = {
  regs: 256,
  flags: 384,
  mode: 388,
  patchAt: 392,
  patchLen: 396,
  patch: 400,
  fx: 464,
  high: 880,
} as const;

/** Offsets in an outcome. */
export const OUT = {
  regs: 0,
  rip: 128,
  flags: 136,
  trap: 140,
  error: 144,
  cs: 148,
  ss: 150,
  cr2: 152,
  hash: 160,
  ds: 168,
  fx: 176,
  high: 592,
  fsBase: 848,
  gsBase: 856,
} as const;

/** Offsets in FXSAVE64's image. */
export const FX = { fcw: 0, fsw: 2, ftw: 4, fop: 6, fip: 8, fdp: 16, mxcsr: 24, st: 32, xmm: 160 };

/** Outcome.trap: the INT3 that ends a case, and a case that did not end. */
export const TRAP_END = 3;
export const TRAP_NEVER = 0xff;

export type Mode = 16 | 32 | 64;

/** What a case written by hand says of itself. */
export interface Program {
  mode: Mode;
  /** Hexadecimal. */
  code: string;
  /** By number; RSP is in the middle of the data pages, the others 0. */
  regs?: Record<number, bigint>;
  flags?: number;
  /** What DATA begins with, hexadecimal. */
  data?: string;
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** The case of a program; x87 and SSE as after FNINIT, and with MXCSR's default. */
export function encodeCase({ mode, code, regs = {}, flags = 0, data = "" }: Program): Uint8Array {
  const bytes = new Uint8Array(CASE_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.fill(0xcc, 0, CODE_SIZE).set(hex(code));
  bytes.set(hex(data), CASE.patch);
  view.setUint32(CASE.patchAt, DATA, true);
  view.setUint32(CASE.patchLen, hex(data).length, true);
  for (const [index, value] of Object.entries({ 4: BigInt(DATA + 4096), ...regs }))
    view.setBigUint64(CASE.regs + 8 * Number(index), value, true);
  view.setUint32(CASE.flags, flags, true);
  view.setUint32(CASE.mode, mode, true);
  view.setUint16(CASE.fx + FX.fcw, 0x37f, true);
  view.setUint32(CASE.fx + FX.mxcsr, 0x1f80, true);
  return bytes;
}

/** 32-bit xorshift: the same cases on every machine. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) + 0x7f4a7c15) | 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return Math.imul(x, 0x2545f491) >>> 0;
  }
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
  u64(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }
}

/**
 * Contents of the data pages. Page 0 random; 1 nearly equal to 0, so that string comparisons run; 2 small
 * numbers; 4 zero but for a few bytes.
 */
export function dataPages(): Uint8Array {
  const random = new Random(1);
  const data = new Uint8Array(DATA_SIZE);
  for (let i = 0; i < 4096; i++) data[i] = random.next();
  data.copyWithin(4096, 0, 4096);
  for (let i = 0; i < 24; i++) data[4096 + random.below(4096)] ^= 1;
  for (let i = 0; i < 4096; i += 4) data[8192 + i] = random.below(20);
  for (let i = 0; i < 16; i++) data[16384 + random.below(4096)] = random.next();
  return data;
}

const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));

/** Hash of the data pages that are there, as two words. */
export function hashPages(words: Int32Array): [low: number, high: number] {
  let a = 0x811c9dc5 | 0;
  let b = 0xcbf29ce4 | 0;
  for (let page = 0; page < PAGES; page++) {
    if (page === PAGE_ABSENT) continue;
    for (let i = page << 10; i < (page + 1) << 10; i += 2) {
      a = rotate(Math.imul(a ^ words[i], 0x01000193), 13);
      b = rotate(Math.imul(b ^ words[i + 1], 0x85ebca6b), 17);
    }
  }
  return [a >>> 0, b >>> 0];
}
