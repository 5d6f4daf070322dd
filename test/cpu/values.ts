/**
 * Operands worth trying: borders of every integer size, floating-point numbers where rounding, range and special
 * values change the answer, 80-bit numbers of all classes, control words. All from one Random, so that a seed
 * means the same cases everywhere.
 */
import { DATA, DATA_SIZE, type Random, SS16_LIMIT } from "./case";

/** Low and high half of a 64-bit value. */
export type Pair = [low: number, high: number];

// biome-ignore format: a table
const EDGES: Pair[] = [
  [0, 0], [1, 0], [2, 0], [3, 0], [7, 0], [8, 0], [0x7f, 0], [0x80, 0], [0xff, 0], [0x100, 0], [0x7fff, 0], [0x8000, 0], [0xffff, 0],
  [0x7fffffff, 0], [0x80000000, 0], [0x80000001, 0], [0xffffffff, 0], [0, 1], [0xffffffff, 0x7fffffff], [0, 0x80000000],
  [1, 0x80000000], [0xffffffff, 0xffffffff], [0xfffffffe, 0xffffffff], [0, 0x8000], [0x80000000, 0xffffffff],
  [0x55555555, 0x55555555], [0xaaaaaaaa, 0xaaaaaaaa],
];

/** An address in or around the data pages, often next to a border. */
export function pointer(random: Random): number {
  const page = random.pick([0, 0, 0, 1, 1, 4, 4, 2, 3]);
  const kind = random.below(8);
  if (kind < 2) return DATA + page * 4096 + random.pick([0, 4096]) + random.below(64) - 32;
  const offset = random.below(4096);
  return DATA + page * 4096 + (kind < 5 ? offset & ~63 : offset);
}

/** Bytes from an operand's beginning to a border in it or at its end. */
function beforeBorder(random: Random): number {
  return random.chance(50) ? random.below(20) : 8 * random.below(80);
}

/** An address just before or on a border: of pages that differ in rights, or of a 16-bit segment. */
export function pointerAtEdge(random: Random): number {
  const page = random.below(DATA_SIZE / 4096 + 1);
  const border = random.chance(25) ? SS16_LIMIT + 1 : page * 4096;
  return DATA + border - (random.chance(30) ? 0 : beforeBorder(random));
}

/** The same before the end of the lower canonical addresses. */
export function lastCanonical(random: Random): bigint {
  return 0x8000_0000_0000n - BigInt(beforeBorder(random));
}

export function integer(random: Random): Pair {
  const kind = random.below(100);
  if (kind < 20) return [pointer(random), 0];
  if (kind < 35) {
    const small = random.below(600) - 300;
    return [small >>> 0, small < 0 ? 0xffff_ffff : 0];
  }
  if (kind < 55) return random.pick(EDGES);
  if (kind < 65) {
    const bit = random.below(64);
    return bit < 32 ? [(1 << bit) >>> 0, 0] : [0, (1 << (bit - 32)) >>> 0];
  }
  const value: Pair = [random.next(), random.next()];
  if (kind < 75) return [value[0], 0];
  if (kind < 80)
    return [(value[0] & random.next() & random.next()) >>> 0, value[1] & random.next()];
  return value;
}

// biome-ignore format: a table
export const SINGLES = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0xbf000000, 0x3fc00000, 0x7f7fffff, 0xff7fffff,
  0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fc12345, 0x7f800001, 0xff812345, 0x00000001, 0x80000001,
  0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x01000000, 0x00ffffff, 0x4f000000, 0xcf000000, 0x4effffff,
  0x5f000000, 0xdf000000, 0x5effffff, 0xcf000001, 0x3effffff, 0x3f000001, 0x3f7fffff, 0x3f800001, 0x4b000001, 0x4b7fffff,
  0x4b800001, 0x33800000, 0x33800001, 0x7e800000, 0x7f000000, 0x1fffffff, 0x20000000, 0x00400000, 0x40400000, 0x41200000,
];
/** Upper and lower halves of doubles. */
// biome-ignore format: a table
export const DOUBLES: [high: number, low: number][] = [
  [0x00000000, 0], [0x80000000, 0], [0x3ff00000, 0], [0xbff00000, 0], [0x40000000, 0], [0x3fe00000, 0], [0xbfe00000, 0], [0x3ff80000, 0],
  [0x7fefffff, 0xffffffff], [0xffefffff, 0xffffffff], [0x7ff00000, 0], [0xfff00000, 0], [0x7ff80000, 0], [0xfff80000, 0],
  [0x7ff81234, 0x56789abc], [0x7ff00000, 1], [0xfff01234, 0x56789abc], [0, 1], [0x80000000, 1], [0x000fffff, 0xffffffff],
  [0x800fffff, 0xffffffff], [0x00100000, 0], [0x80100000, 0], [0x00100000, 1], [0x00200000, 0], [0x001fffff, 0xffffffff],
  [0x41dfffff, 0xffc00000], [0x41e00000, 0], [0xc1e00000, 0], [0xc1e00000, 0x00200000], [0xc1e00000, 0x00100000], [0x41dfffff, 0xffe00000],
  [0x43e00000, 0], [0xc3e00000, 0], [0x43dfffff, 0xffffffff], [0x3fdfffff, 0xffffffff], [0x3fefffff, 0xffffffff], [0x3ff00000, 1],
  [0x47efffff, 0xe0000000], [0x47efffff, 0xefffffff], [0x47efffff, 0xf0000000], [0x47f00000, 0], [0x38100000, 0], [0x380fffff, 0xffffffff],
  [0x36a00000, 0], [0x36900000, 0], [0x36900000, 1], [0x380fffff, 0xe0000000], [0x43300000, 1], [0x3ca00000, 0], [0x7fd00000, 0],
  [0x1ff00000, 0], [0x40080000, 0], [0x40240000, 0], [0x00080000, 0],
];
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff, 0xff00, 0x00ff, 0x8080, 0x7f80,
];
const COUNTS = [0, 1, 15, 16, 31, 32, 63, 64, 7, 0x4142_4300, 0x6100_6261];
/** Half-precision numbers, two at a time. */
const HALVES = [
  0, 0x8000, 0x3c00, 0xbc00, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfdff, 1, 0x8001, 0x3ff,
  0x400, 0x83ff,
];

export type VectorKind =
  | "any"
  | "singles"
  | "single"
  | "doubles"
  | "double"
  | "words"
  | "counts"
  | "halves";

/** `len` bytes, a multiple of 8, of one kind. */
export function fillVector(
  view: DataView,
  at: number,
  len: number,
  kind: VectorKind,
  random: Random,
): void {
  const isPlain = random.chance(25);
  for (let i = at; i < at + len; i += 8) {
    if (kind === "doubles") {
      const [high, low] = random.pick(DOUBLES);
      view.setUint32(i, low, true);
      view.setUint32(i + 4, high, true);
    } else if (kind === "double") {
      // Near one, or with few bits: sums and products that are exact or just not.
      const exponent = 1023 + random.below(81) - 40;
      const low = random.next();
      view.setUint32(i, isPlain ? 0 : low, true);
      const fraction = random.next() & (isPlain ? 0xfff00 : 0xfffff);
      view.setUint32(
        i + 4,
        ((random.next() & 0x8000_0000) | (exponent << 20) | fraction) >>> 0,
        true,
      );
    } else {
      view.setUint32(i, element(kind, isPlain, random), true);
      view.setUint32(i + 4, element(kind, isPlain, random), true);
    }
  }
}

function element(kind: VectorKind, isPlain: boolean, random: Random): number {
  switch (kind) {
    case "singles":
      return random.pick(SINGLES);
    case "single": {
      const exponent = 127 + random.below(41) - 20;
      const fraction = random.next() & (isPlain ? 0x7f_f000 : 0x7f_ffff);
      return ((random.next() & 0x8000_0000) | (exponent << 23) | fraction) >>> 0;
    }
    case "words":
      return ((random.pick(WORDS) << 16) | random.pick(WORDS)) >>> 0;
    case "halves":
      return ((random.pick(HALVES) << 16) | random.pick(HALVES)) >>> 0;
    case "counts":
      return random.pick(COUNTS);
    default:
      return random.next();
  }
}

/** MXCSR: all exceptions masked half of the time, any rounding. */
export function mxcsr(random: Random): number {
  let value = 0x1f80;
  if (random.chance(50)) value |= (random.next() & 3) << 13;
  if (random.chance(25)) value |= 0x40;
  if (random.chance(25)) value |= 0x8000;
  if (random.chance(25)) value &= ~(random.next() & 0x1f80);
  return value | random.pick([0, 0x20, 0x20, random.next() & 0x3f]);
}

/** Sign and exponent, upper and lower half of the significand. */
export type Extended = [se: number, high: number, low: number];

const TOP = 0x8000_0000;
const ALL = 0xffff_ffff;
// biome-ignore format: a table
const EXTENDED: Extended[] = [
  [0, 0, 0], [0x3fff, TOP, 0], [0x3fff, TOP, 1], [0x3ffe, ALL, ALL], [0x3fff, ALL, ALL], [0x4000, TOP, 0], [0x3ffe, TOP, 0], [0x3fff, 0xc0000000, 0],
  [0x7fff, TOP, 0], [0x7fff, 0xc0000000, 0], [0x7fff, ALL, ALL], [0x7fff, 0xc0000000, 5], [0x7fff, TOP, 1], [0x7fff, 0x80001234, 0x56789abc],
  [0x7fff, 0xbfffffff, ALL], [0, 0, 1], [0, 0x7fffffff, ALL], [0, 0x40000000, 0], [0, TOP, 0], [0, ALL, ALL], [0, TOP, 5], [1, TOP, 0], [1, TOP, 1],
  [1, ALL, ALL], [2, TOP, 0], [0x7ffe, ALL, ALL], [0x7ffe, TOP, 0], [0x7ffe, 0xffffff00, 0], [0x7ffe, ALL, 0xfffff800], [0x7ffd, ALL, ALL],
  [0x3fff, 0x40000000, 0], [1, 0, 0], [0x7fff, 0, 0], [0x7fff, 0x40000000, 0], [0x7fff, 0, 12345], [0x4001, 0x7fffffff, ALL],
  [0x4000, 0xc90fdaa2, 0x2168c235], [0x3fff, 0xc90fdaa2, 0x2168c235], [0x3ffe, 0xc90fdaa2, 0x2168c235], [0x4000, 0xc90fdaa2, 0x2168c234],
  [0x4001, 0x96cbe3f9, 0x990e91a8], [0x403e, TOP, 0], [0x403e, ALL, ALL], [0x403d, ALL, ALL], [0x403f, TOP, 0], [0x401d, ALL, ALL], [0x401e, TOP, 0],
  [0x401e, 0x80000001, 0], [0x401e, TOP, TOP], [0x400d, ALL, ALL], [0x400e, TOP, 0], [0x400e, 0x80008000, 0], [0x400d, 0xfffeffff, 0],
  [0x3ffd, TOP, 0], [0x3ffe, 0xb504f333, 0xf9de6484], [0x3fff, 0xb504f333, 0xf9de6485], [0x3ffd, 0x95f61998, 0x0c4336f7], [0x3fbe, TOP, 0], [0x3fbf, TOP, 0],
  [0x403a, 0xde0b6b3a, 0x763fffff], [0x403a, 0xde0b6b3a, 0x76400000], [0x403a, 0xde0b6b3a, 0x763ffff8], [0x407e, ALL, ALL], [0x43fe, ALL, ALL],
  [0x43fe, ALL, 0xfffff800], [0x43fe, ALL, 0xfffffbff], [0x43ff, TOP, 0], [0x3c01, TOP, 0], [0x3c00, ALL, ALL], [0x3c00, ALL, 0xfffffbff],
  [0x3bcd, TOP, 0], [0x3bcc, TOP, 0], [0x3bcc, TOP, 1], [0x407e, 0xffffff00, 0], [0x407e, 0xffffff80, 0], [0x3f81, TOP, 0], [0x3f80, ALL, ALL],
  [0x3f80, 0xfffffe80, 0], [0x3f6a, TOP, 0], [0x3f69, TOP, 0], [0x3f69, TOP, 1], [0x4002, 0xa0000000, 0], [0x4004, 0xc8000000, 0],
  [0x4040, 0xddddeeee, 0xffff1234], [0x400c, 0xfffc0000, 0], [0x400d, 0xc0000000, 0], [0x5fff, TOP, 0], [0x1fff, TOP, 0], [0x5ffe, ALL, ALL], [0x2000, TOP, 77],
];
/** Lower bits of a significand that may be zero: those below a double, a single, an integer. */
const CUTS: Pair[] = [
  [0, 0xffffff00],
  [0xfffff800, ALL],
  [0, ALL],
  [0, 0xf0000000],
  [0, 0xffff0000],
  [0, 0xffffff80],
  [0xfffffc00, ALL],
];

const TRANSCENDENTAL = /^F(2XM1|SIN|COS|SINCOS|PTAN|YL2XP1)/i;

/** A random 80-bit number; those for transcendental functions lie in their range. */
export function extended(random: Random, name: string): Extended {
  const kind = random.below(16);
  const sign = random.next() & 0x8000;
  if (kind < 4) {
    const [se, high, low] = random.pick(EXTENDED);
    return [se | sign, high, low];
  }
  if (kind === 4) return [random.next() & 0xffff, random.next(), random.next()];
  if (kind === 5) return [sign, random.next() >>> random.below(32), random.next()];
  let exponent = 0x3fff + random.below(9) - 4;
  if (kind === 6) exponent = random.below(0x7fff);
  if (kind === 7) exponent = 0x3fff + random.below(161) - 80;
  if (kind === 8)
    exponent =
      random.pick([
        1,
        2,
        30,
        60,
        70,
        0x7ffa,
        0x7fe0,
        0x3fff + 128,
        0x3fff - 127,
        0x3fff + 1024,
        0x3fff - 1023,
      ]) + random.below(4);
  if (TRANSCENDENTAL.test(name) && kind > 8) exponent = 0x3ffe - random.below(kind > 11 ? 3 : 70);
  let high = (random.next() | TOP) >>> 0;
  let low = random.next();
  if (kind & 1) {
    const [lowMask, highMask] = random.pick(CUTS);
    low = (low & lowMask) >>> 0;
    high = (high & highMask) >>> 0;
  }
  return [(exponent & 0x7fff) | sign, high, low];
}

/** One that relates to the given: equal, near, a small multiple, far away. */
export function related(random: Random, [se, high, low]: Extended): Extended {
  const sign = random.next() & 0x8000;
  const exponent =
    (se & 0x7fff) +
    random.pick([0, 0, 1, -1, 2, -2, 30, 62, 63, 64, 65, 66, -64, 100, -40, -63, -65]);
  if (exponent <= 0 || exponent > 0x7ffe) return [se ^ sign, high, low];
  const delta = random.pick([0, 0, 1, -1, 2, -3, -2048, 1024]);
  return [exponent | sign, (high | TOP) >>> 0, (low + delta) >>> 0];
}

export function controlWord(random: Random): number {
  let fcw = 0x7f | (random.next() & 0x0c00) | random.pick([0x300, 0x300, 0x300, 0x200, 0x100, 0]);
  if (random.chance(25)) fcw &= ~(random.next() & 0x3f);
  if (random.chance(6)) fcw &= ~0x3f;
  return fcw;
}

export function statusWord(random: Random): number {
  return (
    ((random.next() & 7) << 11) |
    (random.next() & 0x4700) |
    (random.chance(33) ? random.next() & 0x7f : 0)
  );
}
