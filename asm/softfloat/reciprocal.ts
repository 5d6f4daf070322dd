/**
 * RCPPS and RSQRTPS (SDM vol. 2): approximations with a relative error below 1.5 * 2^-12, without
 * exceptions and independent of MXCSR.
 *
 * The manual leaves the bits open; these are those of Intel's processors, whose tables turn out to be a
 * formula: the operand's significand is cut into 2048 (RSQRT: 1024 per exponent parity) intervals and
 * the function of the interval's midpoint is rounded to 12 fraction bits. Compared on a Cascade Lake Xeon
 * for every interval. Denormal operands count as zeros and tiny results become zero.
 */
const QUIET: u32 = 0x0040_0000;
const INFINITY: u32 = 0x7f80_0000;
const INDEFINITE: u32 = 0xffc0_0000;

/** A positive normal double rounded to 12 fraction bits, as binary32 significand and biased exponent. */
function pack12(value: f64, exponentOffset: i32): u32 {
  const bits = reinterpret<u64>(value) + 0x0000_0080_0000_0000;
  const exponent = (<i32>(bits >> 52) & 0x7ff) - 1023 + 127 + exponentOffset;
  const fraction = <u32>(bits >> 29) & 0x007f_f800;
  return exponent < 1 ? 0 : ((<u32>exponent) << 23) | fraction;
}

/** RCPSS of binary32 bits. */
export function reciprocal(a: u32): u32 {
  const sign = a & 0x8000_0000;
  const magnitude = a & 0x7fff_ffff;
  if (magnitude > INFINITY) return a | QUIET;
  if (magnitude == INFINITY) return sign;
  if (magnitude < 0x0080_0000) return sign | INFINITY;
  const middle = 1.0 + (<f64>((magnitude >> 12) & 0x7ff) + 0.5) / 2048.0;
  return sign | pack12(1.0 / middle, 127 - <i32>(magnitude >> 23));
}

/** RSQRTSS of binary32 bits. */
export function reciprocalRoot(a: u32): u32 {
  const sign = a & 0x8000_0000;
  const magnitude = a & 0x7fff_ffff;
  if (magnitude > INFINITY) return a | QUIET;
  if (magnitude < 0x0080_0000) return sign | INFINITY;
  if (sign != 0) return INDEFINITE;
  if (magnitude == INFINITY) return 0;
  const exponent = <i32>(magnitude >> 23) - 127;
  const middle = 1.0 + (<f64>((magnitude >> 13) & 0x3ff) + 0.5) / 1024.0;
  return pack12(1.0 / sqrt<f64>((exponent & 1) != 0 ? middle * 2.0 : middle), -(exponent >> 1));
}
