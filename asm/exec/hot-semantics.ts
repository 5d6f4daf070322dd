/**
 * What the interpreter's handlers are made of: operand access, addresses, arithmetic with its lazy flags,
 * conditions. Everything is inlined; T is u8, u16, u32 or u64 and decides the operand size.
 */
import {
  CC_ADD,
  CC_DEC,
  CC_FLAGS,
  CC_INC,
  CC_LOGIC,
  CC_RESULT,
  CC_SUB,
  condition,
  getArith,
  getCF,
  getSF,
  getZF,
  RFLAGS_AF,
  RFLAGS_CF,
  RFLAGS_OF,
  szp,
} from "../cpu/rflags";
import { Cpu, segBase } from "../cpu/state";
import { EA_FLAT32, EA_FLAT64, INSN_SIZE, Insn } from "../decode/insn";
import { effective, operand } from "../mmu/address";
import { imul } from "./muldiv";

/** A linear address no TLB entry matches: stands for an operand whose segment check failed. */
const NOWHERE: u64 = 0x8000_0000_0000_0000;

export class Reg {
  // @ts-ignore: decorator
  @inline
  static next(insn: Insn): Insn {
    return changetype<Insn>(changetype<usize>(insn) + INSN_SIZE);
  }
  /** Address of the links of a direct branch: taken at +0, not taken at +4. */
  // @ts-ignore: decorator
  @inline
  static link(insn: Insn): usize {
    return changetype<usize>(insn) + offsetof<Insn>("disp");
  }
  // @ts-ignore: decorator
  @inline
  static r<T>(cpu: Cpu, insn: Insn): T {
    return load<T>(changetype<usize>(cpu) + insn.r);
  }
  // @ts-ignore: decorator
  @inline
  static m<T>(cpu: Cpu, insn: Insn): T {
    return load<T>(changetype<usize>(cpu) + insn.m);
  }
  // @ts-ignore: decorator
  @inline
  static setR<T>(cpu: Cpu, insn: Insn, value: T): void {
    if (sizeof<T>() == 4) store<u64>(changetype<usize>(cpu) + insn.r, <u64>value);
    else store<T>(changetype<usize>(cpu) + insn.r, value);
  }
  // @ts-ignore: decorator
  @inline
  static setM<T>(cpu: Cpu, insn: Insn, value: T): void {
    if (sizeof<T>() == 4) store<u64>(changetype<usize>(cpu) + insn.m, <u64>value);
    else store<T>(changetype<usize>(cpu) + insn.m, value);
  }
}

export class Ea {
  /** Base, index and displacement, before truncation. */
  // @ts-ignore: decorator
  @inline
  static sum(cpu: Cpu, insn: Insn): u64 {
    const base = changetype<usize>(cpu);
    return (
      load<u64>(base + ((<u32>insn.base) << 3)) +
      (load<u64>(base + ((<u32>insn.index) << 3)) << (<u64>insn.scale)) +
      <u64>insn.disp
    );
  }
  /** Effective address, as LEA wants it. */
  // @ts-ignore: decorator
  @inline
  static offset(cpu: Cpu, insn: Insn): u64 {
    return insn.ea == <u8>EA_FLAT64 ? Ea.sum(cpu, insn) : effective(cpu, insn);
  }
  /** Linear address of the memory operand for a load. */
  // @ts-ignore: decorator
  @inline
  static read<T>(cpu: Cpu, insn: Insn): u64 {
    if (insn.ea == <u8>EA_FLAT64) return Ea.sum(cpu, insn) + segBase(cpu, insn.seg);
    return checked(cpu, insn, sizeof<T>(), false);
  }
  // @ts-ignore: decorator
  @inline
  static write<T>(cpu: Cpu, insn: Insn): u64 {
    if (insn.ea == <u8>EA_FLAT64) return Ea.sum(cpu, insn) + segBase(cpu, insn.seg);
    return checked(cpu, insn, sizeof<T>(), true);
  }
}

/** Linear address outside plain 64-bit addressing; NOWHERE with a fault raised. */
function checked(cpu: Cpu, insn: Insn, len: u32, isWrite: bool): u64 {
  if (insn.ea == <u8>EA_FLAT32) return Ea.sum(cpu, insn) & 0xffff_ffff;
  const la = operand(cpu, insn, len, isWrite);
  return cpu.fault != 0 ? NOWHERE : la;
}

export class Alu {
  // @ts-ignore: decorator
  @inline
  static log2<T>(): u32 {
    return sizeof<T>() == 8 ? 3 : sizeof<T>() == 4 ? 2 : sizeof<T>() == 2 ? 1 : 0;
  }
  // @ts-ignore: decorator
  @inline
  static lazy<T>(cpu: Cpu, kind: u32, result: T, source: T): T {
    cpu.ccDst = <u64>result;
    cpu.ccSrc = <u64>source;
    cpu.ccOp = kind | Alu.log2<T>();
    return result;
  }
  // @ts-ignore: decorator
  @inline
  static add<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.lazy<T>(cpu, CC_ADD, <T>(a + b), b);
  }
  // @ts-ignore: decorator
  @inline
  static sub<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.lazy<T>(cpu, CC_SUB, <T>(a - b), b);
  }
  // @ts-ignore: decorator
  @inline
  static cmp<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.sub<T>(cpu, a, b);
  }
  // @ts-ignore: decorator
  @inline
  static and<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.lazy<T>(cpu, CC_LOGIC, <T>(a & b), 0);
  }
  // @ts-ignore: decorator
  @inline
  static or<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.lazy<T>(cpu, CC_LOGIC, <T>(a | b), 0);
  }
  // @ts-ignore: decorator
  @inline
  static xor<T>(cpu: Cpu, a: T, b: T): T {
    return Alu.lazy<T>(cpu, CC_LOGIC, <T>(a ^ b), 0);
  }
  // @ts-ignore: decorator
  @inline
  static adc<T>(cpu: Cpu, a: T, b: T): T {
    const result = Alu.adcValue<T>(cpu, a, b);
    Alu.adcFlags<T>(cpu, a, b, result);
    return result;
  }
  // @ts-ignore: decorator
  @inline
  static sbb<T>(cpu: Cpu, a: T, b: T): T {
    const result = Alu.sbbValue<T>(cpu, a, b);
    Alu.sbbFlags<T>(cpu, a, b, result);
    return result;
  }
  // @ts-ignore: decorator
  @inline
  static inc<T>(cpu: Cpu, a: T): T {
    const carry = getCF(cpu);
    return Alu.lazy<T>(cpu, CC_INC, <T>(a + 1), <T>carry);
  }
  // @ts-ignore: decorator
  @inline
  static dec<T>(cpu: Cpu, a: T): T {
    const carry = getCF(cpu);
    return Alu.lazy<T>(cpu, CC_DEC, <T>(a - 1), <T>carry);
  }
  // Shifts of 32 and 64 bits and products, as exec/shift.ts and exec/muldiv.ts define them.
  // @ts-ignore: decorator
  @inline
  static shl<T>(cpu: Cpu, a: T, count: u32): T {
    const n = <T>(count & (sizeof<T>() * 8 - 1));
    if (n == 0) return a;
    const top = <T>(sizeof<T>() * 8 - 1);
    const cf = <u32>((a << (n - 1)) >> top);
    return Alu.lazy<T>(cpu, CC_RESULT, a << n, <T>(cf | ((<u32>((a ^ (a << 1)) >> top)) << 11)));
  }
  // @ts-ignore: decorator
  @inline
  static shr<T>(cpu: Cpu, a: T, count: u32): T {
    const n = <T>(count & (sizeof<T>() * 8 - 1));
    if (n == 0) return a;
    const over = (<u32>(a >> (sizeof<T>() * 8 - 1))) << 11;
    return Alu.lazy<T>(cpu, CC_RESULT, a >> n, <T>((<u32>(a >> (n - 1)) & 1) | over));
  }
  // @ts-ignore: decorator
  @inline
  static sar<T>(cpu: Cpu, a: T, count: u32): T {
    const n = <T>(count & (sizeof<T>() * 8 - 1));
    if (n == 0) return a;
    const result = sizeof<T>() == 8 ? <T>(<i64>a >> <i64>n) : <T>(<i32>a >> <i32>n);
    return Alu.lazy<T>(cpu, CC_RESULT, result, <T>((a >> (n - 1)) & 1));
  }
  // @ts-ignore: decorator
  @inline
  static imul<T>(cpu: Cpu, a: T, b: T): T {
    const product = <i64>(<i32>a) * <i64>(<i32>b);
    const low = <T>product;
    // ZF is 0 whatever the product is, which CC_RESULT does not say of a product of 0.
    const isPlain = sizeof<T>() == 4 || ((<i64>a ^ <i64>(<i32>a)) | (<i64>b ^ <i64>(<i32>b))) == 0;
    if (low == 0 || !isPlain) return <T>imul(cpu, <u64>a, <u64>b, Alu.log2<T>());
    const fits = sizeof<T>() == 8 || <i64>(<i32>low) == product;
    return Alu.lazy<T>(cpu, CC_RESULT, low, fits ? 0 : <T>(RFLAGS_CF | RFLAGS_OF));
  }
  /** BT: CF = the bit, the other flags stay (OF SF AF PF are undefined by the manual; processors keep them). */
  // @ts-ignore: decorator
  @inline
  static bt<T>(cpu: Cpu, a: T, n: u32): void {
    const bit = <u32>(<u64>a >> <u64>(n & (sizeof<T>() * 8 - 1))) & 1;
    const flags = (getArith(cpu) & ~RFLAGS_CF) | bit;
    cpu.ccSrc = <u64>flags;
    cpu.ccOp = CC_FLAGS;
  }

  // The value and flag halves of a read-modify-write: flags change only after the store has succeeded.
  // @ts-ignore: decorator
  @inline
  static addValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a + b);
  }
  // @ts-ignore: decorator
  @inline
  static addFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    Alu.lazy<T>(cpu, CC_ADD, v, b);
  }
  // @ts-ignore: decorator
  @inline
  static subValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a - b);
  }
  // @ts-ignore: decorator
  @inline
  static subFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    Alu.lazy<T>(cpu, CC_SUB, v, b);
  }
  // @ts-ignore: decorator
  @inline
  static andValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a & b);
  }
  // @ts-ignore: decorator
  @inline
  static andFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    Alu.lazy<T>(cpu, CC_LOGIC, v, 0);
  }
  // @ts-ignore: decorator
  @inline
  static orValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a | b);
  }
  // @ts-ignore: decorator
  @inline
  static orFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    Alu.lazy<T>(cpu, CC_LOGIC, v, 0);
  }
  // @ts-ignore: decorator
  @inline
  static xorValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a ^ b);
  }
  // @ts-ignore: decorator
  @inline
  static xorFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    Alu.lazy<T>(cpu, CC_LOGIC, v, 0);
  }
  // @ts-ignore: decorator
  @inline
  static adcValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a + b + <T>getCF(cpu));
  }
  // @ts-ignore: decorator
  @inline
  static adcFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    carryFlags(cpu, <u64>a, <u64>b, <u64>v, Alu.log2<T>());
  }
  // @ts-ignore: decorator
  @inline
  static sbbValue<T>(cpu: Cpu, a: T, b: T): T {
    return <T>(a - b - <T>getCF(cpu));
  }
  // @ts-ignore: decorator
  @inline
  static sbbFlags<T>(cpu: Cpu, a: T, b: T, v: T): void {
    borrowFlags(cpu, <u64>a, <u64>b, <u64>v, Alu.log2<T>());
  }
}

/** Flags of v = a + b + CF: the carries out of bits 3 and top come from the full-adder identity. */
function carryFlags(cpu: Cpu, a: u64, b: u64, v: u64, size: u32): void {
  const top = <u64>((8 << size) - 1);
  const carries = (a & b) | ((a | b) & ~v);
  const flags =
    szp(v, size) |
    (<u32>(carries >> top) & RFLAGS_CF) |
    (<u32>(a ^ b ^ v) & RFLAGS_AF) |
    ((<u32>(((a ^ v) & (b ^ v)) >> top) & 1) * RFLAGS_OF);
  cpu.ccSrc = <u64>flags;
  cpu.ccOp = CC_FLAGS;
}

/** Flags of v = a - b - CF. */
function borrowFlags(cpu: Cpu, a: u64, b: u64, v: u64, size: u32): void {
  const top = <u64>((8 << size) - 1);
  const borrows = (~a & b) | ((~a | b) & v);
  const flags =
    szp(v, size) |
    (<u32>(borrows >> top) & RFLAGS_CF) |
    (<u32>(a ^ b ^ v) & RFLAGS_AF) |
    ((<u32>(((a ^ b) & (a ^ v)) >> top) & 1) * RFLAGS_OF);
  cpu.ccSrc = <u64>flags;
  cpu.ccOp = CC_FLAGS;
}

export class Cond {
  /** Condition `cc`, a constant, from the lazy flags. */
  // @ts-ignore: decorator
  @inline
  static test(cpu: Cpu, cc: u32): bool {
    switch (cc) {
      case 2:
        return getCF(cpu) != 0;
      case 3:
        return getCF(cpu) == 0;
      case 4:
        return getZF(cpu);
      case 5:
        return !getZF(cpu);
      case 8:
        return getSF(cpu);
      case 9:
        return !getSF(cpu);
    }
    return condition(cpu, cc);
  }
  /** Condition after CMP a, b. */
  // @ts-ignore: decorator
  @inline
  static compare<T>(cpu: Cpu, cc: u32, a: T, b: T): bool {
    if (sizeof<T>() == 4) {
      switch (cc) {
        case 12:
          return <i32>a < <i32>b;
        case 13:
          return <i32>a >= <i32>b;
        case 14:
          return <i32>a <= <i32>b;
        case 15:
          return <i32>a > <i32>b;
        case 8:
          return <i32>(a - b) < 0;
        case 9:
          return <i32>(a - b) >= 0;
      }
    } else {
      switch (cc) {
        case 12:
          return <i64>a < <i64>b;
        case 13:
          return <i64>a >= <i64>b;
        case 14:
          return <i64>a <= <i64>b;
        case 15:
          return <i64>a > <i64>b;
        case 8:
          return <i64>(a - b) < 0;
        case 9:
          return <i64>(a - b) >= 0;
      }
    }
    switch (cc) {
      case 2:
        return a < b;
      case 3:
        return a >= b;
      case 4:
        return a == b;
      case 5:
        return a != b;
      case 6:
        return a <= b;
      case 7:
        return a > b;
    }
    return condition(cpu, cc);
  }
  /** Condition after TEST or AND with result v: CF = OF = 0. */
  // @ts-ignore: decorator
  @inline
  static logic<T>(cpu: Cpu, cc: u32, v: T): bool {
    const negative = <bool>(<u32>(<u64>v >> (sizeof<T>() * 8 - 1)) & 1);
    switch (cc) {
      case 0:
      case 2:
        return false;
      case 1:
      case 3:
        return true;
      case 4:
      case 6:
        return v == 0;
      case 5:
      case 7:
        return v != 0;
      case 8:
      case 12:
        return negative;
      case 9:
      case 13:
        return !negative;
      case 14:
        return negative || v == 0;
      case 15:
        return !negative && v != 0;
    }
    return condition(cpu, cc);
  }
}
