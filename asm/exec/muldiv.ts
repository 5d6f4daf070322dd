/**
 * Multiplication and division (SDM vol. 2: MUL IMUL DIV IDIV, AAM AAD). The one-operand forms work on
 * rDX:rAX (AX for bytes) and write them; `src` is the operand, 8 << size bits, zero-extended.
 *
 * What the manual leaves undefined follows Intel processors, as measured: MUL and IMUL set SF and PF by the
 * low half of the product and clear ZF and AF; DIV and IDIV change no flag.
 */
import { divide128, mulHigh, mulHighSigned, signExtend, truncate } from "../base/bits";
import { raise, Vector } from "../cpu/fault";
import { parity, RFLAGS_AF, RFLAGS_CF, RFLAGS_OF, setArith, szp } from "../cpu/rflags";
import { Cpu } from "../cpu/state";

/** CF and OF say that the product does not fit its low half. */
function productFlags(cpu: Cpu, low: u64, size: u32, overflow: bool): void {
  const sign = <u32>(low >> <u64>((8 << size) - 8)) & 0x80;
  setArith(cpu, sign | parity(<u32>low) | (overflow ? RFLAGS_CF | RFLAGS_OF : 0));
}

/** Writes a double-width result to rDX:rAX, or AH:AL. */
function putWide(cpu: Cpu, low: u64, high: u64, size: u32): void {
  switch (size) {
    case 0:
      cpu.rax = (cpu.rax & ~0xffff) | (low & 0xff) | ((high & 0xff) << 8);
      break;
    case 1:
      cpu.rax = (cpu.rax & ~0xffff) | (low & 0xffff);
      cpu.rdx = (cpu.rdx & ~0xffff) | (high & 0xffff);
      break;
    case 2:
      cpu.rax = low & 0xffff_ffff;
      cpu.rdx = high & 0xffff_ffff;
      break;
    default:
      cpu.rax = low;
      cpu.rdx = high;
  }
}

/** MUL: rDX:rAX = rAX * src. */
export function mul(cpu: Cpu, src: u64, size: u32): void {
  const a = truncate(cpu.rax, size);
  const product = a * src;
  const high = size == 3 ? mulHigh(a, src) : product >> <u64>(8 << size);
  const low = truncate(product, size);
  putWide(cpu, low, high, size);
  productFlags(cpu, low, size, high != 0);
}

/** IMUL, one operand: rDX:rAX = rAX * src, signed. */
export function imulWide(cpu: Cpu, src: u64, size: u32): void {
  const a = signExtend(cpu.rax, size);
  const b = signExtend(src, size);
  const product = a * b;
  const high = size == 3 ? mulHighSigned(a, b) : product >> <i64>(8 << size);
  const low = truncate(<u64>product, size);
  putWide(cpu, low, <u64>high, size);
  productFlags(cpu, low, size, high != signExtend(low, size) >> 63);
}

/** IMUL, two or three operands. */
export function imul(cpu: Cpu, left: u64, right: u64, size: u32): u64 {
  const a = signExtend(left, size);
  const b = signExtend(right, size);
  const product = a * b;
  const low = truncate(<u64>product, size);
  const fits = size == 3 ? mulHighSigned(a, b) == product >> 63 : signExtend(low, size) == product;
  productFlags(cpu, low, size, !fits);
  return low;
}

/** The dividend of an operand size below 8 bytes: AX, DX:AX or EDX:EAX. */
function dividend(cpu: Cpu, size: u32): u64 {
  if (size == 0) return cpu.rax & 0xffff;
  const bits = <u64>(8 << size);
  return truncate(cpu.rax, size) | (truncate(cpu.rdx, size) << bits);
}

/** DIV: false after #DE. */
export function div(cpu: Cpu, src: u64, size: u32): bool {
  if (size == 3) {
    if (cpu.rdx >= src) return overflow(cpu);
    const q = divide128(cpu.rdx, cpu.rax, src);
    putWide(cpu, q, cpu.rax - q * src, size);
    return true;
  }
  if (src == 0) return overflow(cpu);
  const n = dividend(cpu, size);
  const q = n / src;
  if (q != truncate(q, size)) return overflow(cpu);
  putWide(cpu, q, n - q * src, size);
  return true;
}

/** IDIV: false after #DE. */
export function idiv(cpu: Cpu, src: u64, size: u32): bool {
  if (src == 0) return overflow(cpu);
  if (size == 3) return idiv64(cpu, <i64>src);
  const d = signExtend(src, size);
  const n = size == 2 ? <i64>dividend(cpu, size) : signExtend(dividend(cpu, size), size + 1);
  // wasm traps on this one quotient that has no representation.
  if (d == -1 && n == i64.MIN_VALUE) return overflow(cpu);
  const q = n / d;
  if (q != signExtend(<u64>q, size)) return overflow(cpu);
  putWide(cpu, <u64>q, <u64>(n - q * d), size);
  return true;
}

function idiv64(cpu: Cpu, d: i64): bool {
  let low = cpu.rax;
  let high = cpu.rdx;
  const isNegative = <i64>high < 0;
  if (isNegative) {
    high = ~high + u64(low == 0);
    low = 0 - low;
  }
  const magnitude = <u64>(d < 0 ? 0 - d : d);
  if (high >= magnitude) return overflow(cpu);
  let q = divide128(high, low, magnitude);
  let rest = low - q * magnitude;
  const isQuotientNegative = isNegative != d < 0;
  if (q > (isQuotientNegative ? <u64>i64.MIN_VALUE : <u64>i64.MAX_VALUE)) return overflow(cpu);
  if (isQuotientNegative) q = 0 - q;
  if (isNegative) rest = 0 - rest;
  cpu.rax = q;
  cpu.rdx = rest;
  return true;
}

function overflow(cpu: Cpu): bool {
  raise(cpu, Vector.DE);
  return false;
}

/** AAM: false after #DE. CF, AF and OF, undefined, become 0. */
export function aam(cpu: Cpu, base: u32): bool {
  if (base == 0) return overflow(cpu);
  const al = <u32>cpu.rax & 0xff;
  const ah = al / base;
  const low = al % base;
  cpu.rax = (cpu.rax & ~0xffff) | <u64>(ah << 8) | <u64>low;
  setArith(cpu, szp(low, 0));
  return true;
}

/** AAD. CF, AF and OF, undefined, are those of the byte addition AL + AH * base. */
export function aad(cpu: Cpu, base: u32): void {
  const al = <u32>cpu.rax & 0xff;
  const addend = ((<u32>cpu.rax >> 8) * base) & 0xff;
  const sum = (al + addend) & 0xff;
  cpu.rax = (cpu.rax & ~0xffff) | <u64>sum;
  const over = ((al ^ sum) & (addend ^ sum) & 0x80) << 4;
  setArith(cpu, szp(sum, 0) | u32(sum < al) | ((al ^ addend ^ sum) & RFLAGS_AF) | over);
}
