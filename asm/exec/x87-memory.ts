/**
 * x87 loads and stores (SDM vol. 2 FLD FILD FBLD FST FSTP FIST FISTP FISTTP FBSTP) and the memory operand of
 * arithmetic. Bits 1-2 of the opcode name the type: 0 binary32, 1 int32, 2 binary64, 3 int16.
 *
 * A store that an unmasked exception suppresses does not look at its address: it cannot fault.
 */
import { Cpu } from "../cpu/state";
import { INSN_MEM, Insn } from "../decode/insn";
import { X87 } from "../decode/ops-x87";
import { checkAlignment, ld16, ld32, ld64, probe, st16, st32, st64 } from "../mmu/access";
import { operand } from "../mmu/address";
import {
  F80,
  f80Special,
  INTEGER_BIT,
  X87_DE,
  X87_DENORMAL_SOURCE,
  X87_SF,
} from "../softfloat/f80";
import {
  f80FromInt,
  f80Narrow,
  f80ToDecimal,
  f80ToInt,
  f80Widen,
  packDecimal,
  unpackDecimal,
} from "../softfloat/f80-convert";
import { FORMAT_DOUBLE, FORMAT_SINGLE, RC_ZERO } from "../softfloat/ieee754";
import {
  free,
  mayStore,
  pop,
  pushResult,
  setResult,
  settle,
  stackOverflow,
  stackUnderflow,
  X87Reg,
} from "./x87-state";

/** The memory operand of arithmetic, widened; look at cpu.fault. */
export function loadSource(cpu: Cpu, insn: Insn): void {
  switch ((<u32>insn.opcode >> 1) & 3) {
    case 0: {
      const la = operand(cpu, insn, 4, false);
      if (cpu.fault == 0) f80Widen(cpu, FORMAT_SINGLE, ld32(cpu, la));
      break;
    }
    case 1: {
      const la = operand(cpu, insn, 4, false);
      if (cpu.fault == 0) f80FromInt(cpu, <i32>ld32(cpu, la));
      break;
    }
    case 2: {
      const la = operand(cpu, insn, 8, false);
      if (cpu.fault == 0) f80Widen(cpu, FORMAT_DOUBLE, ld64(cpu, la));
      break;
    }
    default: {
      const la = operand(cpu, insn, 2, false);
      if (cpu.fault == 0) f80FromInt(cpu, <i16>ld16(cpu, la));
    }
  }
}

/** The 80 bits at the operand; look at cpu.fault. */
function loadExtended(cpu: Cpu, insn: Insn): void {
  const la = operand(cpu, insn, 8, false);
  if (cpu.fault != 0) return;
  const sig = ld64(cpu, la);
  if (cpu.fault != 0) return;
  operand(cpu, insn, 10, false);
  if (cpu.fault != 0) return;
  F80.set(cpu, ld16(cpu, la + 8), sig);
}

/** FLD FILD FBLD of memory, FLD ST(i). */
export function loadX87(cpu: Cpu, insn: Insn, op: u32): void {
  let isConverted = false;
  if ((insn.flags & INSN_MEM) == 0) {
    const i = <u32>insn.m;
    if (X87Reg.isEmpty(cpu, i)) stackUnderflow(cpu);
    else F80.set(cpu, X87Reg.se(cpu, i), X87Reg.sig(cpu, i));
  } else if (op == X87.FBLD) loadDecimal(cpu, insn);
  else if (op == X87.FLD && insn.opcode == 0xdb) loadExtended(cpu, insn);
  else if (op == X87.FILD && insn.opcode == 0xdf && ((<u32>insn.modrm >> 3) & 7) == 5)
    loadInt64(cpu, insn);
  else {
    loadSource(cpu, insn);
    isConverted = true;
  }
  if (cpu.fault != 0) return;
  // Both at once count as underflow.
  if (!X87Reg.isEmpty(cpu, 7) && (cpu.x87Flags & X87_SF) == 0) stackOverflow(cpu);
  else if (isConverted) reportWidened(cpu);
  // A denormal is loaded even when its exception is not masked.
  if (settle(cpu, insn) || (cpu.x87Flags & X87_DE) != 0) pushResult(cpu);
}

/** A load from a shorter format quiets SNaNs and reports denormals. */
function reportWidened(cpu: Cpu): void {
  f80Special(cpu, cpu.f80Se, cpu.f80Sig, 0, 0);
  if ((cpu.x87Flags & X87_DENORMAL_SOURCE) != 0) F80.signal(cpu, X87_DE);
}

function loadInt64(cpu: Cpu, insn: Insn): void {
  const la = operand(cpu, insn, 8, false);
  if (cpu.fault == 0) f80FromInt(cpu, <i64>ld64(cpu, la));
}

function loadDecimal(cpu: Cpu, insn: Insn): void {
  loadExtended(cpu, insn);
  if (cpu.fault != 0) return;
  const sign = cpu.f80Se & 0x8000;
  f80FromInt(cpu, <i64>unpackDecimal(cpu.f80Sig, cpu.f80Se));
  cpu.f80Se |= sign;
}

/** FST and FSTP to memory or a register. */
export function storeX87(cpu: Cpu, insn: Insn, isPop: bool): void {
  if ((insn.flags & INSN_MEM) == 0) {
    storeRegister(cpu, insn, isPop);
    return;
  }
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else F80.set(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  if (insn.opcode == 0xdb) storeTenBytes(cpu, insn, cpu.f80Sig, cpu.f80Se);
  else {
    const isDouble = insn.opcode == 0xdd;
    const bits = f80Narrow(cpu, isDouble ? FORMAT_DOUBLE : FORMAT_SINGLE, cpu.f80Se, cpu.f80Sig);
    storeValue(cpu, insn, isDouble ? 3 : 2, bits);
  }
  finishStore(cpu, insn, isPop);
}

/** Stores 1 << size bytes, unless an unmasked exception forbids. */
function storeValue(cpu: Cpu, insn: Insn, size: u32, value: u64): void {
  if (!mayStore(cpu)) return;
  const la = operand(cpu, insn, 1 << size, true);
  if (cpu.fault != 0) return;
  if (size == 3) st64(cpu, la, value);
  else if (size == 2) st32(cpu, la, <u32>value);
  else st16(cpu, la, <u32>value & 0xffff);
}

function finishStore(cpu: Cpu, insn: Insn, isPop: bool): void {
  if (cpu.fault != 0) return;
  const isStored = mayStore(cpu);
  settle(cpu, insn);
  if (isPop && isStored) pop(cpu);
}

function storeRegister(cpu: Cpu, insn: Insn, isPop: bool): void {
  const i = <u32>insn.m;
  if (!X87Reg.isEmpty(cpu, 0)) F80.set(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  else if (insn.opcode != 0xd9) stackUnderflow(cpu);
  else {
    // D9 D8, an alias of FSTP, does not care and moves nothing.
    settle(cpu, insn);
    pop(cpu);
    return;
  }
  if (!settle(cpu, insn)) return;
  setResult(cpu, i);
  if (isPop) pop(cpu);
}

/** Likewise ten bytes, of which a fault writes none. All that the first eight can raise comes first. */
function storeTenBytes(cpu: Cpu, insn: Insn, low: u64, high: u32): void {
  if (!mayStore(cpu)) return;
  const la = operand(cpu, insn, 8, true);
  if (cpu.fault != 0 || !checkAlignment(cpu, la, 8)) return;
  operand(cpu, insn, 10, true);
  if (cpu.fault != 0) {
    cpu.fault = 0;
    if (probe(cpu, la, 8, true)) operand(cpu, insn, 10, true);
    return;
  }
  if ((<u32>la & 0xfff) > 4096 - 10 && !probe(cpu, la, 10, true)) return;
  st64(cpu, la, low);
  if (cpu.fault == 0) st16(cpu, la + 8, high);
}

/** FIST FISTP FISTTP. */
export function storeInt(cpu: Cpu, insn: Insn, op: u32): void {
  const opcode = <u32>insn.opcode;
  const reg = (<u32>insn.modrm >> 3) & 7;
  const size: u32 = opcode == 0xdb ? 2 : opcode == 0xdd || reg == 7 ? 3 : 1;
  let value: u64;
  if (X87Reg.isEmpty(cpu, 0)) {
    stackUnderflow(cpu);
    value = (<u64>1) << (<u64>((8 << size) - 1));
  } else {
    const rc = op == X87.FISTTP ? RC_ZERO : F80.rounding(cpu);
    value = f80ToInt(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0), size, rc);
  }
  storeValue(cpu, insn, size, value);
  finishStore(cpu, insn, op != X87.FIST);
}

/** FBSTP. The packed BCD indefinite is FFFF_C000_0000_0000_0000h. */
export function storeDecimal(cpu: Cpu, insn: Insn): void {
  let value: u64 = ~0;
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else value = f80ToDecimal(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  if (value == ~0) storeTenBytes(cpu, insn, INTEGER_BIT | (INTEGER_BIT >> 1), 0xffff);
  else {
    const high = <u32>packDecimal(value / 10_000_000_000_000_000, 2);
    storeTenBytes(cpu, insn, packDecimal(value, 16), high | (X87Reg.se(cpu, 0) & 0x8000));
  }
  finishStore(cpu, insn, true);
}

/** FFREE, FFREEP. */
export function freeX87(cpu: Cpu, insn: Insn, isPop: bool): void {
  settle(cpu, insn);
  free(cpu, insn.m);
  if (isPop) pop(cpu);
}
