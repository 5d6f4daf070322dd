/**
 * Numbers with 128-bit significands, for the functions of the x87 unit (f80-functions.ts): about 60 bits more
 * than their results keep, so that these are almost always correctly rounded.
 *
 *   Wide        a positive number: hi:lo / 2^127 * 2^exponent, bit 63 of hi set
 *   fraction    hi:lo / 2^128, a fixed-point number below 1 in the same record, exponent unused
 *
 * Operations round down and are wrong by a few units of the 128th bit. There are no values in wasm of this
 * size, so they live in numbered slots of the vCPU's scratch memory; a result may replace an operand.
 */
import { divide128, mulHigh } from "../base/bits";
import { Cpu } from "../cpu/state";
import { VCPU_WIDE } from "../layout";
import { BIAS, f80Round } from "./f80";

@unmanaged
export class Wide {
  lo: u64;
  hi: u64;
  exponent: i32;
  pad: u32;
  pad1: u64;
}

/** Slot `n`, 0 to 15. */
export function wide(cpu: Cpu, n: u32): Wide {
  return changetype<Wide>(changetype<usize>(cpu) + VCPU_WIDE + (n << 5));
}

/** d = hi:lo / 2^127 * 2^exponent, normalised; hi:lo is not 0. */
export function wideSet(d: Wide, exponent: i32, hi: u64, lo: u64): void {
  if (hi == 0) {
    hi = lo;
    lo = 0;
    exponent -= 64;
  }
  const shift = clz(hi);
  if (shift != 0) {
    hi = (hi << shift) | (lo >> (64 - shift));
    lo <<= shift;
  }
  d.hi = hi;
  d.lo = lo;
  d.exponent = exponent - <i32>shift;
}

/** d = hi:lo >> count. */
function setShifted(d: Wide, hi: u64, lo: u64, count: u32): void {
  if (count == 0) {
    d.hi = hi;
    d.lo = lo;
  } else if (count < 64) {
    d.hi = hi >> <u64>count;
    d.lo = (hi << (<u64>(64 - count))) | (lo >> <u64>count);
  } else {
    d.hi = 0;
    d.lo = count < 128 ? hi >> <u64>(count - 64) : 0;
  }
}

/** d = upper 128 bits of the product of a and b as integers: the product of fractions. */
export function fractionMul(d: Wide, a: Wide, b: Wide): void {
  const a1 = a.hi;
  const a0 = a.lo;
  const b1 = b.hi;
  const b0 = b.lo;
  const x = a1 * b0;
  const y = a0 * b1;
  let carry: u64 = 0;
  let sum = x + y;
  if (sum < x) carry++;
  const low = mulHigh(a0, b0);
  sum += low;
  if (sum < low) carry++;
  let lo = a1 * b1;
  let hi = mulHigh(a1, b1);
  const p = mulHigh(a1, b0);
  lo += p;
  if (lo < p) hi++;
  const q = mulHigh(a0, b1);
  lo += q;
  if (lo < q) hi++;
  lo += carry;
  if (lo < carry) hi++;
  d.hi = hi;
  d.lo = lo;
}

/** d = the number a, which is below 1, as a fraction. */
export function fractionOf(d: Wide, a: Wide): void {
  setShifted(d, a.hi, a.lo, <u32>(-1 - a.exponent));
}

export function wideMul(d: Wide, a: Wide, b: Wide): void {
  const exponent = a.exponent + b.exponent + 1;
  fractionMul(d, a, b);
  wideSet(d, exponent, d.hi, d.lo);
}

/** Next 64 bits of the quotient r / m, r < m; r becomes the remainder times 2^64. */
function quotientDigit(r: Wide, m: Wide): u64 {
  let q: u64 = r.hi >= m.hi ? ~0 : divide128(r.hi, r.lo, m.hi);
  // r:0 - q * m in 192 bits; the estimate by the upper half of m is at most two too large.
  const low = q * m.lo;
  let middle = mulHigh(q, m.lo);
  const part = q * m.hi;
  middle += part;
  const top = mulHigh(q, m.hi) + u64(middle < part);
  let lo = 0 - low;
  const borrow = u64(low != 0);
  let hi = r.lo - middle - borrow;
  const borrow2 = u64(r.lo < middle || (r.lo == middle && borrow != 0));
  let sign = r.hi - top - borrow2;
  while (sign != 0) {
    q--;
    lo += m.lo;
    const carry = u64(lo < m.lo);
    const before = hi;
    hi += m.hi + carry;
    if (hi < before || (carry != 0 && hi == before)) sign++;
  }
  r.hi = hi;
  r.lo = lo;
  return q;
}

/** d = a / b; a is lost. */
export function wideDiv(d: Wide, a: Wide, b: Wide): void {
  let exponent = a.exponent - b.exponent - 1;
  if (a.hi > b.hi || (a.hi == b.hi && a.lo >= b.lo)) {
    setShifted(a, a.hi, a.lo, 1);
    exponent++;
  }
  const hi = quotientDigit(a, b);
  wideSet(d, exponent, hi, quotientDigit(a, b));
}

/** d = a + b. */
export function wideAdd(d: Wide, a: Wide, b: Wide): void {
  if (a.exponent < b.exponent) {
    const swap = a;
    a = b;
    b = swap;
  }
  const hi = a.hi;
  const lo = a.lo;
  let exponent = a.exponent;
  setShifted(d, b.hi, b.lo, <u32>(exponent - b.exponent));
  d.lo += lo;
  const carry = u64(d.lo < lo);
  const sum = d.hi + hi + carry;
  const isOver = sum < hi || (carry != 0 && sum == hi);
  d.hi = sum;
  if (isOver) {
    setShifted(d, sum, d.lo, 1);
    d.hi |= 0x8000_0000_0000_0000;
    exponent++;
  }
  d.exponent = exponent;
}

/** d = a - b, a > b. What b has below a's last bit makes it one smaller. */
export function wideSub(d: Wide, a: Wide, b: Wide): void {
  const hi = a.hi;
  const lo = a.lo;
  const exponent = a.exponent;
  const distance = <u32>(exponent - b.exponent);
  setShifted(d, b.hi, b.lo, distance);
  if ((d.hi | d.lo) == 0) d.lo = 1;
  const borrow = u64(lo < d.lo);
  wideSet(d, exponent, hi - d.hi - borrow, lo - d.lo);
}

/** d = a * (1 + f) or a * (1 - f), f a fraction. */
export function wideAdjust(d: Wide, a: Wide, f: Wide, isLess: bool): void {
  const hi = a.hi;
  const lo = a.lo;
  let exponent = a.exponent;
  fractionMul(d, a, f);
  if (isLess) {
    if ((d.hi | d.lo) == 0) d.lo = 1;
    const borrow = u64(lo < d.lo);
    wideSet(d, exponent, hi - d.hi - borrow, lo - d.lo);
    return;
  }
  d.lo += lo;
  const carry = u64(d.lo < lo);
  const sum = d.hi + hi + carry;
  const isOver = sum < hi || (carry != 0 && sum == hi);
  d.hi = sum;
  if (isOver) {
    setShifted(d, sum, d.lo, 1);
    d.hi |= 0x8000_0000_0000_0000;
    exponent++;
  }
  d.exponent = exponent;
}

/**
 * d = z * (c[first] + z * (c[first + step] + ... c[last])), or with alternating signs, of fractions. The
 * coefficients are pairs of u64, low half first, at `table`.
 */
export function fractionSeries(
  d: Wide,
  z: Wide,
  table: usize,
  first: i32,
  last: i32,
  step: i32,
  isAlternating: bool,
): void {
  d.lo = load<u64>(table + (last << 4));
  d.hi = load<u64>(table + (last << 4), 8);
  for (let i = last - step; i >= first; i -= step) {
    fractionMul(d, d, z);
    const lo = load<u64>(table + (i << 4));
    const hi = load<u64>(table + (i << 4), 8);
    if (isAlternating) {
      const borrow = u64(lo < d.lo);
      d.hi = hi - d.hi - borrow;
      d.lo = lo - d.lo;
    } else {
      d.lo += lo;
      d.hi += hi + u64(d.lo < lo);
    }
  }
  fractionMul(d, d, z);
}

/** The result is the irrational number that `a` approximates. */
export function wideRound(cpu: Cpu, sign: u32, a: Wide): void {
  f80Round(cpu, sign, a.exponent + BIAS, a.hi, a.lo | 1, 0);
}
