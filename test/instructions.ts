/**
 * Random instances of the general-purpose instructions: encodings with the registers, flags and memory they
 * start from, for test/native/vectors.c and asm/test/vectors.ts. One line per opcode, in the order of the
 * opcode map; the letters after it say what follows and which prefixes make sense:
 *
 *   m ModRM   M ModRM, memory only   R ModRM, register only   /n ModRM.reg   b w z v immediate   j J rel8 relz
 *   o moffs   +r register in the opcode   L LOCK allowed with memory   S string (REP prefixes)
 *   64 or 32: only in that mode (32 includes 16)   ~ flags undefined by the manual: compared only with Intel processors
 *   % OF is not compared: it follows an older processor
 *   V VEX prefix: the opcode is map (1 = 0F, 2 = 0F38, 3 = 0F3A), prefix (0, 1 = 66, 2 = F3, 3 = F2) and byte
 *   = whole instructions byte by byte, often with rCX = 0 and rDI an aligned pointer   H not for the cold handlers alone
 *   ? what a fault leaves half done is not defined: neither memory nor registers but rSP are compared after one
 */
export const CODE = 0x1000_0000;
export const START = CODE + 0x800;
export const DATA = 0x2000_0000;
const PAGES = 5;

const ALU = ["00", "08", "10", "18", "20", "28", "30", "38"].flatMap((first) => {
  const at = (n: number) => (Number.parseInt(first, 16) + n).toString(16).padStart(2, "0");
  const lock = first === "38" ? "" : " L";
  const loose = ["08", "20", "30"].includes(first) ? " ~" : "";
  return [
    `${at(0)} m${lock}${loose}`,
    `${at(1)} m${lock}${loose}`,
    `${at(2)} m${loose}`,
    `${at(3)} m${loose}`,
    `${at(4)} b${loose}`,
    `${at(5)} z${loose}`,
  ];
});

/** ROL, RCL and RCR of group 2. */
const OLDER = [0, 2, 3];
const GROUPS = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
    `80 m/${n} b L ~`,
    `81 m/${n} z L ~`,
    `83 m/${n} b L ~`,
    `82 m/${n} b 32 ~`,
    `c0 m/${n} b ~${OLDER.includes(n) ? " %" : ""}`,
    `c1 m/${n} b ~${OLDER.includes(n) ? " %" : ""}`,
    `d0 m/${n} ~`,
    `d1 m/${n} ~`,
    `d2 m/${n} ~`,
    `d3 m/${n} ~`,
  ]),
  "f6 m/0 b ~",
  "f6 m/1 b ~",
  "f7 m/0 z ~",
  "f7 m/1 z ~",
  ...[2, 3].flatMap((n) => [`f6 m/${n} L`, `f7 m/${n} L`]),
  ...[4, 5, 6, 7].flatMap((n) => [`f6 m/${n} ~`, `f7 m/${n} ~`]),
  "fe m/0 L",
  "fe m/1 L",
  "ff m/0 L",
  "ff m/1 L",
  "ff m/2",
  "ff m/4",
  "ff m/6",
  "8f m/0",
  "c6 m/0 b",
  "c7 m/0 z",
  "0fc7 M/1 L",
  ...[4, 5, 6, 7].map((n) => `0fba m/${n} b L ~`),
];

// biome-ignore format: rows of the opcode map
const ONE_BYTE = [
  "27 32 ~", "2f 32 ~", "37 32 ~", "3f 32 ~", "40+r 32", "48+r 32", "50+r", "58+r", "60 32 ?", "61 32 ?", "62 M 32", "63 m 64",
  "63 m 32", "68 z", "69 m z ~", "6a b", "6b m b ~", "6c S", "6d S", "6e S", "6f S",
  ...Array.from({ length: 16 }, (_, n) => `7${n.toString(16)} j`),
  "84 m ~", "85 m ~", "86 m L", "87 m L", "88 m", "89 m", "8a m", "8b m", "8d M", "90", "90+r", "98", "99", "9b", "9c", "9d", "9e", "9f",
  "a0 o", "a1 o", "a2 o", "a3 o", "a4 S", "a5 S", "a6 S", "a7 S", "a8 b ~", "a9 z ~", "aa S", "ab S", "ac S", "ad S", "ae S", "af S",
  "b0+r b", "b8+r v", "c2 w", "c3", "c8 wb ?", "c9", "d4 b 32 ~", "d5 b 32 ~", "d6 32", "d7", "e0 j", "e1 j", "e2 j", "e3 j",
  "e4 b", "e5 b", "e6 b", "e7 b", "e8 J", "e9 J", "eb j", "ec", "ed", "ee", "ef", "f4", "f5", "f8", "f9", "fa", "fb", "fc", "fd",
];

// biome-ignore format: rows of the opcode map
const TWO_BYTE = [
  "0f0b", "0f1f m", ...Array.from({ length: 16 }, (_, n) => `0f4${n.toString(16)} m`),
  ...Array.from({ length: 16 }, (_, n) => `0f8${n.toString(16)} J`), ...Array.from({ length: 16 }, (_, n) => `0f9${n.toString(16)} m`),
  "0fa3 m ~", "0fa4 m b ~", "0fa5 m ~", "0fab m L ~", "0fac m b ~", "0fad m ~", "0faf m ~", "0fb0 m L", "0fb1 m L", "0fb3 m L ~",
  "0fb6 m", "0fb7 m", "f30fb8 m", "0fbb m L ~", "0fbc m ~", "f30fbc m ~", "0fbd m ~", "f30fbd m ~", "0fbe m", "0fbf m",
  "0fc0 m L", "0fc1 m L", "0fc3 M", "0fc8+r", "0f38f0 M", "0f38f1 M", "f20f38f0 m", "f20f38f1 m", "660f38f6 m", "f30f38f6 m",
];

/** BMI1 and BMI2. */
// biome-ignore format: in the order of the map
const VEX = [
  "0200f2 V m ~", "0200f3 V m/1 ~", "0200f3 V m/2 ~", "0200f3 V m/3 ~", "0200f5 V m ~", "0202f5 V m", "0203f5 V m", "0203f6 V m",
  "0200f7 V m ~", "0201f7 V m", "0202f7 V m", "0203f7 V m", "0303f0 V m b",
];

/**
 * Corners of prefixes, invalid forms and privilege: REX in front of other prefixes, BSF of 0, CMPXCHG8B with prefixes
 * that mean nothing to it, LOCK where it is not allowed, what only the kernel may do and which of its checks is first.
 */
// biome-ignore format: rows
const EXACT = [
  "486601c8 64", "482e01c8 64", "48660fbec1 64", "4148f7d9 64", "48f3ab 64", "4866f7d1 64", "4867c3 64", "f24801c8 64", "f34801c8 64", "48f201c8 64",
  "0fbcc1", "0fbdc1", "660fbcc1", "660fbdc1", "480fbcc1 64", "480fbdc1 64", "f20fbcc1", "f20fbdc1", "f30fbcc1", "f30fbdc1", "66f30fbcc1", "66f30fbdc1",
  "48f30fbcc1 64", "f3480fbcc1 64", "f30fb8c1", "66f30fb8c1", "f20fb8c1", "0fb8c1", "660fb8c1",
  "0fc70f", "660fc70f", "f20fc70f", "f30fc70f", "66480fc70f 64", "f2480fc70f 64", "f3480fc70f 64", "f00fc70f", "f066480fc70f 64", "0fc7cf", "0fc707", "0fc71f H",
  "90", "6690", "f390", "f290", "4190 64", "f34190 64", "664190 64", "4890 64", "f30f1efa", "0f0d0f H", "0f0dc8 H", "0f1807 H", "0f18c7 H", "0f1807 H", "0f1fc0",
  "0fb9c0", "0fb907", "0fffc0", "0fff07", "0f0b", "0f04", "0f0a", "0f0c", "0f24c0", "0f26c0", "0f36", "0f39", "0f3b", "0fa6", "0fa7", "0f7ac0", "0faa H",
  "f001c8", "f00107", "f003c1", "f0030f", "f03907", "f0390f", "f00fa30f", "f00fab0f", "f00fb1c8", "f00fb10f", "f0880f", "f090", "f0ff37", "f0ff07", "f0f717", "f0f707",
  "f00fba2701", "f00fba2f01", "f08707", "f00fc10f", "f00fc80f", "f08f07", "f0d007", "f00fa40f01", "f069c0", "f0a4", "f0c7070000", "f0f3a4",
  "8ec8", "8ef0", "8ef8", "8cf0", "8cf8", "c6c801", "c7c801000000", "fed0", "feff", "fff8", "ffe8", "ffd8", "8fc8", "8fd0", "f6c801", "d6 64", "06 64", "0e 64", "27 64", "60 64", "62 64",
  "9a 64", "c4 64", "ce 64", "d40a 64", "d50a 64", "ea 64", "82c001 64", "cd00", "cd02", "cd0d", "cdff", "fa", "fb", "f4", "ec", "cf", "cb", "ca0800", "48cf 64", "48cb 64", "66cf", "66cb",
  "0f00d0 H", "0f00d8 H", "0f0117 H", "0f011f H", "0f01f0 H", "0f0137 H", "0f013f H", "0f06 H", "0f08 H", "0f09 H", "0f30 H", "0f32 H", "0f33 H", "0f35 H", "0f07 64 H",
  "0f20c0 H", "0f20c8 H", "0f20d8 H", "0f20e0 H", "0f20e8 H", "0f20f8 H", "0f22c0 H", "0f22c8 H", "0f22e0 H", "440f20c0 64 H", "440f22c0 64 H", "440f20c8 64 H",
  "0f21c0 H", "0f21e0 H", "0f21f8 H", "0f23c0 H", "0f23e0 H", "440f21c0 64 H", "0f01f8 64 H", "0f01ca H", "0f01cb H", "0f01c8 H", "0f01c9 H", "660f38820f H", "f00f20c0 H",
  "0f01d1 H", "0f01c0 H", "0f01fa H",
].map((bytes) => `=${bytes} ~`);

export const TEMPLATES = [...EXACT, ...ALU, ...GROUPS, ...ONE_BYTE, ...TWO_BYTE, ...VEX];

export type Mode = 16 | 32 | 64;

export interface Instance {
  template: string;
  code: number[];
  regs: bigint[];
  flags: number;
  patchAt: number;
  patch: bigint;
}

/** 32-bit xorshift: the same cases on every machine. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 0x9e3779b1 + 0x7f4a7c15) | 1;
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
export function dataPages(random: Random): Uint8Array {
  const data = new Uint8Array(PAGES * 4096);
  for (let i = 0; i < 4096; i++) data[i] = random.next();
  data.copyWithin(4096, 0, 4096);
  for (let i = 0; i < 24; i++) data[4096 + random.below(4096)] ^= 1;
  for (let i = 0; i < 4096; i += 4) data[8192 + i] = random.below(20);
  for (let i = 0; i < 16; i++) data[16384 + random.below(4096)] = random.next();
  return data;
}

const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0x0000800000000000n,
];

/** An address in or around the data pages, often next to a border. */
function pointer(random: Random): bigint {
  const page = random.pick([0, 0, 1, 1, 2, 4, 3]);
  const offset = random.chance(25)
    ? random.pick([0, 4096]) + random.below(32) - 16
    : random.below(4096);
  return BigInt(DATA + page * 4096 + offset);
}

function registerValue(random: Random): bigint {
  const kind = random.below(100);
  if (kind < 55) return pointer(random);
  if (kind < 75) return BigInt.asUintN(64, BigInt(random.below(600) - 300));
  if (kind < 88) return random.pick(EDGES);
  return random.u64();
}

/** In 16-bit mode the data pages start at offset 0, and upper halves of addresses must not matter. */
function toOffset(value: bigint, random: Random): bigint {
  const isPointer = value >= BigInt(DATA) - 16n && value < BigInt(DATA + 0x6000);
  if (!isPointer) return value;
  return (
    BigInt.asUintN(16, value - BigInt(DATA)) |
    (random.chance(20) ? BigInt(random.next() & 0xffff) << 16n : 0n)
  );
}

const mask32 = 0xffff_ffffn;

function le(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** ModRM, SIB and displacement. */
function modrm(random: Random, reg: number, kind: string, address: number, mode: Mode): number[] {
  const isReg = kind !== "M" && (kind === "R" || random.chance(40));
  const mod = isReg ? 3 : random.pick([0, 1, 1, 2]);
  const rm = random.below(8);
  const bytes = [(mod << 6) | (reg << 3) | rm];
  if (isReg) return bytes;
  const small = () => BigInt(random.below(0x800) - 0x400);
  if (address === 16) {
    if (mod === 0 && rm === 6) bytes.push(...le(toOffset(pointer(random), random), 2));
    else if (mod !== 0) bytes.push(...le(small(), mod));
    return bytes;
  }
  let base = rm;
  if (rm === 4) {
    const sib = random.next() & 0xff;
    bytes.push(sib);
    base = sib & 7;
  }
  let absolute = pointer(random);
  if (mode === 16) absolute = toOffset(absolute, random);
  else if (mode === 64 && rm === 5) absolute -= BigInt(START);
  if (mod === 0 && base === 5) bytes.push(...le(absolute, 4));
  else if (mod === 1) bytes.push(random.next() & 0xff);
  else if (mod === 2) bytes.push(...le(small(), 4));
  return bytes;
}

/** Three bytes of a VEX prefix, at times with L, which general instructions do not have. */
function vexPrefix(random: Random, map: number, prefix: number, mode64: boolean): number[] {
  const rxb = mode64 ? random.below(8) : 0;
  const register = random.below(mode64 ? 16 : 8);
  const last = (random.below(2) << 7) | (register << 3) | (random.chance(3) ? 4 : 0) | prefix;
  return [0xc4, ((~rxb & 7) << 5) | map, last ^ 0x78];
}

/** The instruction whose bytes `template` gives, with random registers and flags. */
function exactInstance(template: string, mode: Mode, random: Random): Instance {
  const bytes = /^=(\S+)/.exec(template)?.[1].match(/../g) ?? [];
  const code = bytes.map((byte) => Number.parseInt(byte, 16));
  while (code.length < 16) code.push(0xcc);
  let regs = Array.from({ length: 16 }, () => registerValue(random));
  if (random.chance(40)) regs[1] = 0n;
  regs[4] = pointer(random);
  if (random.chance(70)) regs[7] = pointer(random) & ~15n;
  if (mode === 16) regs = regs.map((value) => toOffset(value, random));
  if (mode !== 64) regs = regs.map((value, i) => (i < 8 ? value & mask32 : 0n));
  return { template, code, regs, flags: 0x200 | (random.next() & 0x8d5), patchAt: 0, patch: 0n };
}

/** One random instance of `template`. */
export function instance(template: string, mode: Mode, random: Random): Instance {
  if (template.startsWith("=")) return exactInstance(template, mode, random);
  const mode64 = mode === 64;
  const [head, ...words] = template.split(" ");
  const has = (word: string) => words.includes(word);
  const isString = has("S");
  const regs = Array.from({ length: 16 }, () => registerValue(random));
  regs[4] = random.chance(90) ? pointer(random) : registerValue(random);
  if (isString) {
    regs[1] = random.chance(90) ? BigInt(random.below(random.pick([3, 40, 700]))) : random.u64();
    regs[6] = random.chance(90) ? pointer(random) : regs[6];
    regs[7] = random.chance(90) ? pointer(random) : regs[7];
    // Overlapping and nearly overlapping moves.
    if (random.chance(20)) regs[7] = BigInt.asUintN(64, regs[6] + BigInt(random.below(40) - 20));
    if (random.chance(30)) regs[0] = 0n;
  }
  if (mode === 16) for (let i = 0; i < 8; i++) regs[i] = toOffset(regs[i], random);
  if (!mode64) for (let i = 0; i < 16; i++) regs[i] = i < 8 ? regs[i] & mask32 : 0n;

  // Prefixes: mandatory ones are part of the opcode and come last.
  const opcode = (head.replace("+r", "").match(/../g) as string[]).map((byte) =>
    Number.parseInt(byte, 16),
  );
  const code: number[] = [];
  let is16 = random.chance(25);
  const other = random.chance(10);
  const address = mode64 ? (other ? 32 : 64) : (mode === 32) !== other ? 32 : 16;
  const isVex = has("V");
  if (opcode[0] === 0x9b || head === "660f38f6" || (isVex && !random.chance(5))) is16 = false;
  if (is16) code.push(0x66);
  if (other) code.push(0x67);
  if (random.chance(8)) code.push(mode64 ? 0x65 : random.pick([0x26, 0x2e, 0x36, 0x3e]));
  if (has("L") && random.chance(20)) code.push(0xf0);
  if (isString && random.chance(70)) code.push(random.pick([0xf2, 0xf3]));
  while ([0x66, 0xf2, 0xf3].includes(opcode[0])) code.push(opcode.shift() as number);
  const rex = mode64 && random.chance(isVex ? 2 : 60) ? 0x40 | random.below(16) : 0;
  if (rex) code.push(rex);
  const operand = rex & 8 ? 64 : is16 !== (mode === 16) ? 16 : 32;
  if (head.endsWith("+r")) opcode[opcode.length - 1] |= random.below(8);
  if (isVex)
    code.push(...vexPrefix(random, opcode.shift() as number, opcode.shift() as number, mode64));
  code.push(...opcode);

  for (const word of words) {
    const [kind, extension] = word.split("/");
    if (kind === "m" || kind === "M" || kind === "R") {
      code.push(
        ...modrm(random, extension ? Number(extension) : random.below(8), kind, address, mode),
      );
    } else if (kind === "o") {
      code.push(
        ...le(mode === 16 ? toOffset(pointer(random), random) : pointer(random), address / 8),
      );
    } else if (/^[bwzv]+$/.test(kind)) {
      for (const letter of kind) code.push(...immediate(random, letter, operand));
    } else if (kind === "j") {
      code.push(random.pick([0x20, 0x70, 0x80, 0xc0, 0x30]));
    } else if (kind === "J") {
      const near = BigInt(random.below(0x700) + 0x20);
      const wide = operand === 16 && !mode64 ? 2 : 4;
      code.push(...le(random.chance(10) ? random.u64() : random.chance(50) ? near : -near, wide));
    }
  }
  while (code.length < 16) code.push(0xcc);

  const flags = 0x200 | (random.next() & 0x8d5) | (random.chance(isString ? 35 : 5) ? 0x400 : 0);
  let patchAt = 0;
  let patch = 0n;
  if (opcode[0] === 0x9d || (opcode[0] & 0xfe) === 0xc2) {
    // What POPF and RET find on the stack: no TF, AC, NT or ID (the host's
    // kernel keeps those), a target in the code page.
    patchAt = DATA + 64 + random.below(4096);
    regs[4] = BigInt(mode === 16 ? patchAt - DATA : patchAt);
    patch =
      opcode[0] === 0x9d
        ? BigInt(random.next() & 0xbed7)
        : BigInt((mode === 16 ? 0 : CODE) + random.below(0x700));
    if (opcode[0] !== 0x9d && random.chance(10)) patch = random.u64() & (mode64 ? ~0n : mask32);
  }
  return { template, code: code.slice(0, 16), regs, flags, patchAt, patch };
}

function immediate(random: Random, letter: string, operand: number): number[] {
  const bytes =
    letter === "b" ? 1 : letter === "w" ? 2 : letter === "v" ? operand / 8 : operand === 16 ? 2 : 4;
  return le(random.chance(30) ? random.pick(EDGES) : random.u64(), bytes);
}

/** Stands for what the core's other parts do not contribute to single instructions. Ports read as 5Ah. */
export const ALONE = {
  "asm/bus.ts": `
    import { Cpu } from "./cpu/state";
    export function ioRead(cpu: Cpu, port: u32, size: u32): u32 { return 0x5a5a5a5a; }
    export function ioWrite(cpu: Cpu, port: u32, size: u32, value: u32): void {}
    export function mmioLoad(cpu: Cpu, gpa: u64, size: u32): u64 { return ~0; }
    export function mmioStore(cpu: Cpu, gpa: u64, size: u32, value: u64): void {}`,
  "asm/exec/blocks.ts": `
    import { Cpu } from "../cpu/state";
    export function codeWritten(cpu: Cpu, host: u32, len: u32): void {}`,
  "asm/exec/system.ts": `
    import { Cpu } from "../cpu/state";
    import { Insn } from "../decode/insn";
    export function execSystem(cpu: Cpu, insn: Insn): u32 { return 0; }`,
};

export const CASE_SIZE = 168;
export const RESULT_SIZE = 168;

export function encodeCases(instances: Instance[]): Buffer {
  const buffer = Buffer.alloc(instances.length * CASE_SIZE);
  instances.forEach((one, n) => {
    const at = n * CASE_SIZE;
    buffer.set(one.code, at);
    one.regs.forEach((value, i) => {
      buffer.writeBigUInt64LE(value, at + 16 + 8 * i);
    });
    buffer.writeBigUInt64LE(BigInt(one.flags), at + 144);
    buffer.writeBigUInt64LE(BigInt(one.patchAt), at + 152);
    buffer.writeBigUInt64LE(one.patch, at + 160);
  });
  return buffer;
}

export interface Outcome {
  regs: bigint[];
  rip: bigint;
  flags: number;
  cr2: bigint;
  hash: bigint;
  trap: number;
  error: number;
}

export function decodeResult(buffer: Buffer, n: number): Outcome {
  const at = n * RESULT_SIZE;
  const u64 = (i: number) => buffer.readBigUInt64LE(at + 8 * i);
  return {
    regs: Array.from({ length: 16 }, (_, i) => u64(i)),
    rip: u64(16),
    flags: Number(u64(17) & 0xffff_ffffn),
    cr2: u64(18),
    hash: u64(19),
    trap: buffer.readUInt32LE(at + 160),
    error: buffer.readUInt32LE(at + 164),
  };
}
