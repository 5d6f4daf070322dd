/**
 * Shifts and rotates (SDM vol. 2: SAL SAR SHL SHR, ROL ROR RCL RCR, SHLD SHRD). Pure, like alu.ts: `a` is a
 * value of 8 << size bits, zero-extended; `count` is the unmasked count (CL or the immediate).
 *
 * What the manual leaves undefined follows Intel processors, as measured (test/cpu/):
 *   OF for counts above 1 is that of a one-bit shift of the original operand (but see rolImmediate), AF becomes 0,
 *   counts above the operand size shift in zeros (CF = 0), or the sign for SAR,
 *   16-bit SHLD and SHRD by more than 16 go on with the destination's own bits behind the source's.
 * A masked count of 0 changes no flag.
 */
import { signExtend, truncate } from "../base/bits";
import { getArith, getCF, RFLAGS_CF, RFLAGS_OF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { setResult } from "./alu";

function masked(count: u32, size: u32): u64 {
  return <u64>(count & (size == 3 ? 63 : 31));
}

/** Number of the sign bit. */
function topBit(size: u32): u64 {
  return <u64>((8 << size) - 1);
}

function bit(value: u64, n: u64): u32 {
  return <u32>(value >> n) & 1;
}

/** OF of a left shift by one: the two top bits differ. */
function leftOverflow(a: u64, top: u64): u32 {
  return bit(a ^ (a << 1), top) << 11;
}

export function shl(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const n = masked(count, size);
  if (n == 0) return a;
  const top = topBit(size);
  const cf = n <= top + 1 ? bit(a, top + 1 - n) : 0;
  return setResult(cpu, truncate(a << n, size), size, cf | leftOverflow(a, top));
}

export function shr(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const n = masked(count, size);
  if (n == 0) return a;
  return setResult(cpu, a >> n, size, bit(a, n - 1) | (bit(a, topBit(size)) << 11));
}

export function sar(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const n = masked(count, size);
  if (n == 0) return a;
  const value = signExtend(a, size);
  return setResult(cpu, truncate(<u64>(value >> n), size), size, <u32>(value >> (n - 1)) & 1);
}

/** A rotate's flags: CF and OF (at its RFLAGS position), the others stay. */
function rotated(cpu: Cpu, result: u64, cf: u32, over: u32): u64 {
  setArith(cpu, (getArith(cpu) & ~(RFLAGS_CF | RFLAGS_OF)) | cf | over);
  return result;
}

export function rol(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const wanted = masked(count, size);
  if (wanted == 0) return a;
  const top = topBit(size);
  const n = wanted & top;
  const result = truncate((a << n) | ((a >> 1) >> (top - n)), size);
  return rotated(cpu, result, <u32>result & 1, leftOverflow(a, top));
}

export function ror(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const wanted = masked(count, size);
  if (wanted == 0) return a;
  const top = topBit(size);
  const n = wanted & top;
  const result = truncate((a >> n) | ((a << 1) << (top - n)), size);
  return rotated(cpu, result, bit(result, top), (bit(a, top) ^ (<u32>a & 1)) << 11);
}

/**
 * ROL by an immediate. OF is defined for a count of 1 only; for the others it is as from a last step of one bit,
 * as the 80386 has it (test386.asm looks), where current processors leave it alone.
 */
export function rolImmediate(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const result = rol(cpu, a, count, size);
  if (masked(count, size) != 0)
    rotated(cpu, result, <u32>result & 1, (bit(result, topBit(size)) ^ (<u32>result & 1)) << 11);
  return result;
}

/** ROR by an immediate: as Intel processors do, only a count of 1 touches OF. */
export function rorImmediate(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const overflow = getArith(cpu) & RFLAGS_OF;
  const result = ror(cpu, a, count, size);
  if (masked(count, size) != 1) setArith(cpu, (getArith(cpu) & ~RFLAGS_OF) | overflow);
  return result;
}

/** The count of RCL and RCR: they rotate one bit more than the operand has. */
function throughCarry(count: u32, size: u32): u64 {
  const n = masked(count, size);
  return size == 0 ? n % 9 : size == 1 ? n % 17 : n;
}

export function rcl(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const n = throughCarry(count, size);
  if (n == 0) return a;
  const top = topBit(size);
  const carry = (<u64>getCF(cpu)) << (n - 1);
  const result = truncate((a << n) | carry | ((a >> 1) >> (top + 1 - n)), size);
  return rotated(cpu, result, bit(a, top + 1 - n), leftOverflow(a, top));
}

export function rcr(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const n = throughCarry(count, size);
  if (n == 0) return a;
  const top = topBit(size);
  const carry = getCF(cpu);
  const result = truncate(
    (a >> n) | ((<u64>carry) << (top + 1 - n)) | ((a << 1) << (top + 1 - n)),
    size,
  );
  return rotated(cpu, result, bit(a, n - 1), (bit(a, top) ^ carry) << 11);
}

/** RCL and RCR by an immediate: OF as ROL by an immediate has it. */
export function rclImmediate(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const result = rcl(cpu, a, count, size);
  if (throughCarry(count, size) != 0)
    rotated(cpu, result, getCF(cpu), (bit(result, topBit(size)) ^ getCF(cpu)) << 11);
  return result;
}

export function rcrImmediate(cpu: Cpu, a: u64, count: u32, size: u32): u64 {
  const result = rcr(cpu, a, count, size);
  const top = topBit(size);
  if (throughCarry(count, size) != 0)
    rotated(cpu, result, getCF(cpu), bit(result ^ (result << 1), top) << 11);
  return result;
}

export function shld(cpu: Cpu, a: u64, b: u64, count: u32, size: u32): u64 {
  const n = masked(count, size);
  if (n == 0) return a;
  const top = topBit(size);
  const over = leftOverflow(a, top);
  if (size == 1) {
    const wide = (a << 32) | (b << 16) | a;
    return setResult(cpu, ((wide << n) >> 32) & 0xffff, size, bit(wide, 48 - n) | over);
  }
  const result = truncate((a << n) | (b >> (top + 1 - n)), size);
  return setResult(cpu, result, size, bit(a, top + 1 - n) | over);
}

export function shrd(cpu: Cpu, a: u64, b: u64, count: u32, size: u32): u64 {
  const n = masked(count, size);
  if (n == 0) return a;
  const top = topBit(size);
  const over = (bit(a, top) ^ (<u32>b & 1)) << 11;
  if (size == 1) {
    const wide = (a << 32) | (b << 16) | a;
    return setResult(cpu, (wide >> n) & 0xffff, size, bit(wide, n - 1) | over);
  }
  const result = truncate((a >> n) | (b << (top + 1 - n)), size);
  return setResult(cpu, result, size, bit(a, n - 1) | over);
}

/** Group 2 by its number: ROL ROR RCL RCR SHL SHR SAL SAR. */
export function shiftOp(cpu: Cpu, op: u32, a: u64, count: u32, size: u32): u64 {
  switch (op) {
    case 0:
      return rol(cpu, a, count, size);
    case 1:
      return ror(cpu, a, count, size);
    case 2:
      return rcl(cpu, a, count, size);
    case 3:
      return rcr(cpu, a, count, size);
    case 5:
      return shr(cpu, a, count, size);
    case 7:
      return sar(cpu, a, count, size);
    default: // 6 is SAL, the same as SHL
      return shl(cpu, a, count, size);
  }
}
