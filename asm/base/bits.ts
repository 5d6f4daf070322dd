/**
 * Arithmetic on operands of 8 << size bits (size = log2 of the bytes, 0-3) and on 128-bit numbers, which
 * wasm does not have. No x86 state in here. Operands travel as u64, zero-extended; shift counts of wasm
 * are taken modulo 64, so every function says which counts it allows.
 *
 * The 128-bit division follows Knuth, The Art of Computer Programming vol. 2, 4.3.1, algorithm D, with two
 * 32-bit digits.
 */

/** All ones in `8 << size` bits. */
export function maskOf(size: u32): u64 {
  return <u64>-1 >> <u64>(64 - (8 << size));
}

export function truncate(value: u64, size: u32): u64 {
  return value & maskOf(size);
}

export function signExtend(value: u64, size: u32): i64 {
  const unused = <i64>(64 - (8 << size));
  return ((<i64>value) << unused) >> unused;
}

/** Upper half of the unsigned product. */
export function mulHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffff_ffff;
  const a1 = a >> 32;
  const b0 = b & 0xffff_ffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const cross = a0 * b1 + (middle & 0xffff_ffff);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

/** Upper half of the signed product. */
export function mulHighSigned(a: i64, b: i64): i64 {
  // Read as unsigned, a negative number is 2^64 too large.
  return <i64>mulHigh(<u64>a, <u64>b) - ((a >> 63) & b) - ((b >> 63) & a);
}

/** One digit of the quotient (high:next) / divisor, where divisor has its top bit set and high < divisor. */
function quotientDigit(high: u64, next: u64, divisor: u64): u64 {
  const d1 = divisor >> 32;
  const d0 = divisor & 0xffff_ffff;
  let q = high / d1;
  let rest = high - q * d1;
  // The estimate by the leading digit is at most two too large.
  while (q > 0xffff_ffff || q * d0 > ((rest << 32) | next)) {
    q--;
    rest += d1;
    if (rest > 0xffff_ffff) break;
  }
  return q;
}

/** Quotient of high:low / divisor; high < divisor, so that it fits. The remainder is low - quotient * divisor. */
export function divide128(high: u64, low: u64, divisor: u64): u64 {
  if (high == 0) return low / divisor;
  const shift = clz(divisor);
  const d = divisor << shift;
  // (low >> 1) >> (63 - shift) is low >> (64 - shift), and 0 when shift is 0.
  const n2 = (high << shift) | ((low >> 1) >> (63 - shift));
  const n10 = low << shift;
  const n1 = n10 >> 32;
  const q1 = quotientDigit(n2, n1, d);
  const rest = ((n2 << 32) | n1) - q1 * d;
  const q0 = quotientDigit(rest, n10 & 0xffff_ffff, d);
  return (q1 << 32) | q0;
}
