/**
 * RFLAGS (SDM vol. 1 3.4.3). The six arithmetic flags are kept lazily: the instruction that sets them
 * leaves its kind and size in ccOp, its result in ccDst and one source in ccSrc; whoever wants a flag
 * derives it here. ccDst and ccSrc hold values truncated to the operand size (zero-extended).
 *
 *   kind    ccDst            ccSrc               CF                        OF
 *   FLAGS   -                the six flag bits   as stored                 as stored
 *   ADD     a + b            b                   dst < src                 (~(a ^ b) & (a ^ dst)) sign
 *   SUB     a - b            b                   a < b                     ((a ^ b) & (a ^ dst)) sign
 *   LOGIC   result           -                   0                         0 (AF = 0, documented as undefined)
 *   INC     a + 1            CF before           ccSrc                     dst = sign bit
 *   DEC     a - 1            CF before           ccSrc                     dst = sign bit - 1
 *   RESULT  result           CF, AF, OF bits     as stored                 as stored
 *
 * ccOp = kind << 2 | log2(size). RESULT serves ADC, SBB, shifts and whatever else has SF, ZF and PF by
 * its result. All others compute their flags at once and store kind FLAGS.
 */
import { Cpu } from "./state";

export const RFLAGS_CF: u32 = 1 << 0;
export const RFLAGS_FIXED: u32 = 1 << 1;
export const RFLAGS_PF: u32 = 1 << 2;
export const RFLAGS_AF: u32 = 1 << 4;
export const RFLAGS_ZF: u32 = 1 << 6;
export const RFLAGS_SF: u32 = 1 << 7;
export const RFLAGS_TF: u32 = 1 << 8;
export const RFLAGS_IF: u32 = 1 << 9;
export const RFLAGS_DF: u32 = 1 << 10;
export const RFLAGS_OF: u32 = 1 << 11;
export const RFLAGS_IOPL: u32 = 3 << 12;
export const RFLAGS_NT: u32 = 1 << 14;
export const RFLAGS_RF: u32 = 1 << 16;
export const RFLAGS_VM: u32 = 1 << 17;
export const RFLAGS_AC: u32 = 1 << 18;
export const RFLAGS_VIF: u32 = 1 << 19;
export const RFLAGS_VIP: u32 = 1 << 20;
export const RFLAGS_ID: u32 = 1 << 21;

/** The six flags kept lazily. */
export const RFLAGS_ARITH: u32 = 0x8d5;

export const CC_FLAGS: u32 = 0;
export const CC_ADD: u32 = 1 << 2;
export const CC_SUB: u32 = 2 << 2;
export const CC_LOGIC: u32 = 3 << 2;
export const CC_INC: u32 = 4 << 2;
export const CC_DEC: u32 = 5 << 2;
export const CC_RESULT: u32 = 6 << 2;

/** Even parity of the low byte, as RFLAGS_PF. */
export function parity(value: u32): u32 {
  // 9669h has bit i set when nibble i has even parity.
  const v = value ^ (value >> 4);
  return ((0x9669 >> (v & 15)) & 1) << 2;
}

/** SF, ZF and PF of `result`, which is truncated to `8 << size` bits. */
export function szp(result: u64, size: u32): u32 {
  const sign = <u32>(result >> <u64>((8 << size) - 8)) & 0x80;
  return sign | (result == 0 ? RFLAGS_ZF : 0) | parity(<u32>result);
}

function truncate(value: u64, size: u32): u64 {
  return value & (<u64>-1 >> <u64>(64 - (8 << size)));
}

export function getCF(cpu: Cpu): u32 {
  const op = cpu.ccOp;
  switch (op >> 2) {
    case 0:
      return <u32>cpu.ccSrc & 1;
    case 1:
      return u32(cpu.ccDst < cpu.ccSrc);
    case 2:
      return u32(truncate(cpu.ccDst + cpu.ccSrc, op & 3) < cpu.ccSrc);
    case 3:
      return 0;
    default:
      return <u32>cpu.ccSrc & 1;
  }
}

export function getZF(cpu: Cpu): bool {
  if (cpu.ccOp >> 2 == 0) return (cpu.ccSrc & RFLAGS_ZF) != 0;
  return cpu.ccDst == 0;
}

export function getSF(cpu: Cpu): bool {
  const op = cpu.ccOp;
  if (op >> 2 == 0) return (cpu.ccSrc & RFLAGS_SF) != 0;
  return <bool>((cpu.ccDst >> <u64>((8 << (op & 3)) - 1)) & 1);
}

export function getPF(cpu: Cpu): bool {
  if (cpu.ccOp >> 2 == 0) return (cpu.ccSrc & RFLAGS_PF) != 0;
  return parity(<u32>cpu.ccDst) != 0;
}

export function getOF(cpu: Cpu): bool {
  const op = cpu.ccOp;
  const dst = cpu.ccDst;
  const src = cpu.ccSrc;
  const top = <u64>((8 << (op & 3)) - 1);
  switch (op >> 2) {
    case 0:
      return (src & RFLAGS_OF) != 0;
    case 1: {
      const a = dst - src;
      return <bool>((((a ^ dst) & (src ^ dst)) >> top) & 1);
    }
    case 2: {
      const a = dst + src;
      return <bool>((((a ^ src) & (a ^ dst)) >> top) & 1);
    }
    case 3:
      return false;
    case 4:
      return dst == (<u64>1) << top;
    case 5:
      return dst == ((<u64>1) << top) - 1;
    default:
      return (src & RFLAGS_OF) != 0;
  }
}

function getAF(cpu: Cpu): u32 {
  const dst = <u32>cpu.ccDst;
  const src = <u32>cpu.ccSrc;
  switch (cpu.ccOp >> 2) {
    case 0:
      return src & RFLAGS_AF;
    case 1:
      return ((dst - src) ^ src ^ dst) & RFLAGS_AF;
    case 2:
      return ((dst + src) ^ src ^ dst) & RFLAGS_AF;
    case 3:
      return 0;
    case 4:
      return (dst & 15) == 0 ? RFLAGS_AF : 0;
    case 5:
      return (dst & 15) == 15 ? RFLAGS_AF : 0;
    default:
      return src & RFLAGS_AF;
  }
}

/** The six arithmetic flags at their RFLAGS positions. */
export function getArith(cpu: Cpu): u32 {
  if (cpu.ccOp >> 2 == 0) return <u32>cpu.ccSrc & RFLAGS_ARITH;
  return szp(cpu.ccDst, cpu.ccOp & 3) | getCF(cpu) | getAF(cpu) | (getOF(cpu) ? RFLAGS_OF : 0);
}

/** Sets the six arithmetic flags from RFLAGS bits; other bits are ignored. */
export function setArith(cpu: Cpu, flags: u32): void {
  cpu.ccOp = CC_FLAGS;
  cpu.ccSrc = <u64>(flags & RFLAGS_ARITH);
}

/** All of RFLAGS, as PUSHF sees it. */
export function getRflags(cpu: Cpu): u32 {
  return cpu.rflags | getArith(cpu);
}

/** Replaces all of RFLAGS. The caller updates modes when TF, VM or AC changed (cpu/modes.ts updateModes). */
export function setRflags(cpu: Cpu, flags: u32): void {
  cpu.rflags = (flags & ~RFLAGS_ARITH) | RFLAGS_FIXED;
  setArith(cpu, flags);
}

/** Condition `cc` (low four opcode bits of Jcc, SETcc, CMOVcc; SDM vol. 2 B.1.4.7). */
export function condition(cpu: Cpu, cc: u32): bool {
  let taken: bool;
  switch ((cc >> 1) & 7) {
    case 0:
      taken = getOF(cpu);
      break;
    case 1:
      taken = getCF(cpu) != 0;
      break;
    case 2:
      taken = getZF(cpu);
      break;
    case 3:
      taken = getCF(cpu) != 0 || getZF(cpu);
      break;
    case 4:
      taken = getSF(cpu);
      break;
    case 5:
      taken = getPF(cpu);
      break;
    case 6:
      taken = getSF(cpu) != getOF(cpu);
      break;
    default:
      taken = getZF(cpu) || getSF(cpu) != getOF(cpu);
      break;
  }
  return taken != <bool>(cc & 1);
}
