/**
 * Two- and one-operand arithmetic and logic (SDM vol. 2: ADD OR ADC SBB AND SUB XOR CMP, INC DEC NEG,
 * TEST, ADCX, ADOX). Pure: operands are values of 8 << size bits, zero-extended; the result comes back
 * likewise and the flags are left in the lazy form of cpu/rflags.ts. Used by the hot and the cold
 * handlers, so that they cannot disagree.
 *
 * AF after AND, OR, XOR and TEST, which the manual leaves undefined, is 0 as on Intel processors.
 */
import { maskOf, truncate } from "../base/bits";
import {
  CC_ADD,
  CC_DEC,
  CC_INC,
  CC_LOGIC,
  CC_RESULT,
  CC_SUB,
  getArith,
  getCF,
  RFLAGS_AF,
  RFLAGS_CF,
  RFLAGS_OF,
  setArith,
} from "../cpu/rflags";
import { Cpu } from "../cpu/state";

function lazy(cpu: Cpu, kind: u32, size: u32, result: u64, source: u64): u64 {
  cpu.ccOp = kind | size;
  cpu.ccDst = result;
  cpu.ccSrc = source;
  return result;
}

/** Leaves a result whose SF, ZF and PF follow from it, with CF, AF and OF given at their RFLAGS positions. */
export function setResult(cpu: Cpu, result: u64, size: u32, flags: u32): u64 {
  return lazy(cpu, CC_RESULT, size, result, flags);
}

/** CF becomes `carry` (0 or 1), the other flags stay. */
export function setCF(cpu: Cpu, carry: u32): void {
  setArith(cpu, (getArith(cpu) & ~RFLAGS_CF) | carry);
}

export function add(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  return lazy(cpu, CC_ADD, size, truncate(a + b, size), b);
}
export function sub(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  return lazy(cpu, CC_SUB, size, truncate(a - b, size), b);
}
export function or(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  return lazy(cpu, CC_LOGIC, size, a | b, 0);
}
export function and(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  return lazy(cpu, CC_LOGIC, size, a & b, 0);
}
export function xor(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  return lazy(cpu, CC_LOGIC, size, a ^ b, 0);
}

export function adc(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  const carry = getCF(cpu);
  const result = truncate(a + b + carry, size);
  const cf = u32(carry != 0 ? result <= a : result < a);
  const over = <u32>(((a ^ result) & (b ^ result)) >> <u64>((8 << size) - 1)) & 1;
  return setResult(cpu, result, size, cf | (<u32>(a ^ b ^ result) & RFLAGS_AF) | (over << 11));
}

export function sbb(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  const carry = getCF(cpu);
  const result = truncate(a - b - carry, size);
  const cf = u32(carry != 0 ? a <= b : a < b);
  const over = <u32>(((a ^ b) & (a ^ result)) >> <u64>((8 << size) - 1)) & 1;
  return setResult(cpu, result, size, cf | (<u32>(a ^ b ^ result) & RFLAGS_AF) | (over << 11));
}

/** Group 1 by its number: ADD OR ADC SBB AND SUB XOR CMP. CMP returns `a`. */
export function aluOp(cpu: Cpu, op: u32, a: u64, b: u64, size: u32): u64 {
  switch (op) {
    case 0:
      return add(cpu, a, b, size);
    case 1:
      return or(cpu, a, b, size);
    case 2:
      return adc(cpu, a, b, size);
    case 3:
      return sbb(cpu, a, b, size);
    case 4:
      return and(cpu, a, b, size);
    case 5:
      return sub(cpu, a, b, size);
    case 6:
      return xor(cpu, a, b, size);
    default:
      sub(cpu, a, b, size);
      return a;
  }
}

export function inc(cpu: Cpu, a: u64, size: u32): u64 {
  return lazy(cpu, CC_INC, size, truncate(a + 1, size), getCF(cpu));
}
export function dec(cpu: Cpu, a: u64, size: u32): u64 {
  return lazy(cpu, CC_DEC, size, truncate(a - 1, size), getCF(cpu));
}
export function neg(cpu: Cpu, a: u64, size: u32): u64 {
  return lazy(cpu, CC_SUB, size, truncate(0 - a, size), a);
}
export function not(a: u64, size: u32): u64 {
  return a ^ maskOf(size);
}

/** ADCX: an addition through CF that touches no other flag. */
export function adcx(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  const carry = getCF(cpu);
  const result = truncate(a + b + carry, size);
  setCF(cpu, u32(carry != 0 ? result <= a : result < a));
  return result;
}

/** ADOX: an addition through OF that touches no other flag. */
export function adox(cpu: Cpu, a: u64, b: u64, size: u32): u64 {
  const flags = getArith(cpu);
  const carry = (flags >> 11) & 1;
  const result = truncate(a + b + carry, size);
  const out = u32(carry != 0 ? result <= a : result < a);
  setArith(cpu, (flags & ~RFLAGS_OF) | (out << 11));
  return result;
}
