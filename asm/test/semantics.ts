/**
 * Entry of the test module that runs the pure semantic functions on recorded operands (not part of the
 * core). `runRecords` overwrites the outputs of each record of test/native/integer.c with what the core
 * makes of its inputs; the test compares. Operation numbers are those of that file.
 */
import { truncate } from "../base/bits";
import { condition, getArith, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu, cpuAt, FAULT_PENDING } from "../cpu/state";
import { adcx, adox, aluOp, and, dec, inc, neg, not, sub } from "../exec/alu";
import { aaa, aas, daa, das } from "../exec/bcd";
import { bitOp, bsf, bsr, byteSwap, crc32c, lzcnt, popCount, tzcnt } from "../exec/bits";
import { aad, aam, div, idiv, imul, imulWide, mul } from "../exec/muldiv";
import { shiftOp, shld, shrd } from "../exec/shift";

@unmanaged
class Rec {
  op: u32;
  size: u32;
  fault: u32;
  flagsIn: u32;
  flagsOut: u32;
  reserved: u32;
  a: u64;
  b: u64;
  c: u64;
  r0: u64;
  r1: u64;
}

/** A register after `value` was written to its low 8 << size bits. */
function merged(old: u64, value: u64, size: u32): u64 {
  if (size >= 2) return value;
  const mask: u64 = size == 0 ? 0xff : 0xffff;
  return (old & ~mask) | value;
}

function unary(cpu: Cpu, r: Rec): void {
  const a = truncate(r.a, r.size);
  const b = truncate(r.b, r.size);
  let result: u64 = 0;
  switch (r.op) {
    case 8:
      result = inc(cpu, a, r.size);
      break;
    case 9:
      result = dec(cpu, a, r.size);
      break;
    case 10:
      result = neg(cpu, a, r.size);
      break;
    case 11:
      result = not(a, r.size);
      break;
    default:
      and(cpu, a, b, r.size);
      return;
  }
  r.r0 = merged(r.a, result, r.size);
}

function wide(cpu: Cpu, r: Rec): void {
  cpu.rax = r.a;
  cpu.rdx = r.c;
  const b = truncate(r.b, r.size);
  switch (r.op) {
    case 32:
      mul(cpu, b, r.size);
      break;
    case 33:
      imulWide(cpu, b, r.size);
      break;
    case 34:
      div(cpu, b, r.size);
      break;
    default:
      idiv(cpu, b, r.size);
  }
  r.r0 = cpu.rax;
  r.r1 = cpu.rdx;
}

function bits(cpu: Cpu, r: Rec): void {
  const a = truncate(r.a, r.size);
  const b = truncate(r.b, r.size);
  let result: u64 = 0;
  switch (r.op) {
    case 44:
      result = bsf(cpu, b);
      if (b == 0) return;
      break;
    case 45:
      result = bsr(cpu, b);
      if (b == 0) return;
      break;
    case 46:
      result = tzcnt(cpu, b, r.size);
      break;
    case 47:
      result = lzcnt(cpu, b, r.size);
      break;
    case 48:
      result = popCount(cpu, b);
      break;
    case 49:
      result = byteSwap(a, r.size);
      break;
    case 50:
      r.r0 = crc32c(<u32>r.a, r.b, r.size);
      return;
    case 51:
      result = adcx(cpu, a, b, r.size);
      break;
    case 52:
      result = adox(cpu, a, b, r.size);
      break;
    default:
      result = bitOp(cpu, r.op - 40, a, <u32>b & ((8 << r.size) - 1));
      if (r.op == 40) return;
  }
  r.r0 = merged(r.a, result, r.size);
}

function decimal(cpu: Cpu, r: Rec): void {
  cpu.rax = r.a;
  switch (r.op) {
    case 56:
      daa(cpu);
      break;
    case 57:
      das(cpu);
      break;
    case 58:
      aaa(cpu);
      break;
    case 59:
      aas(cpu);
      break;
    case 60:
      aam(cpu, <u32>r.b);
      break;
    default:
      aad(cpu, <u32>r.b);
  }
  r.r0 = cpu.rax;
}

/** CMPXCHG and XADD, as far as flags and values go; exec/atomic.ts has the instructions. */
function exchange(cpu: Cpu, r: Rec): void {
  const a = truncate(r.a, r.size);
  if (r.op == 65) {
    const sum = aluOp(cpu, 0, a, truncate(r.c, r.size), r.size);
    // The source register gets the old destination first.
    r.r1 = merged(r.c, a, r.size);
    r.r0 = merged(r.a, sum, r.size);
    return;
  }
  sub(cpu, truncate(r.c, r.size), a, r.size);
  if ((getArith(cpu) & RFLAGS_ZF) != 0) r.r0 = merged(r.a, truncate(r.b, r.size), r.size);
  else r.r1 = merged(r.c, a, r.size);
}

function runRecord(cpu: Cpu, r: Rec): void {
  const op = r.op;
  const a = truncate(r.a, r.size);
  const b = truncate(r.b, r.size);
  r.r0 = r.a;
  r.r1 = r.c;
  if (op < 8) {
    const result = aluOp(cpu, op, a, b, r.size);
    if (op != 7) r.r0 = merged(r.a, result, r.size);
  } else if (op < 16) unary(cpu, r);
  else if (op < 24) r.r0 = merged(r.a, shiftOp(cpu, op - 16, a, <u32>r.b & 0xff, r.size), r.size);
  else if (op == 24) r.r0 = merged(r.a, shld(cpu, a, b, <u32>r.c & 0xff, r.size), r.size);
  else if (op == 25) r.r0 = merged(r.a, shrd(cpu, a, b, <u32>r.c & 0xff, r.size), r.size);
  else if (op < 36) wide(cpu, r);
  else if (op == 36) r.r0 = merged(r.a, imul(cpu, a, b, r.size), r.size);
  else if (op < 56) bits(cpu, r);
  else if (op < 64) decimal(cpu, r);
  else if (op < 80) exchange(cpu, r);
  else r.r0 = merged(r.a, u64(condition(cpu, op - 80)), 0);
}

/** Runs `count` records at `at`. */
export function runRecords(at: u32, count: u32): void {
  const cpu = cpuAt(0);
  for (let i: u32 = 0; i < count; i++) {
    const r = changetype<Rec>((at + i * 64) as usize);
    cpu.fault = 0;
    setArith(cpu, r.flagsIn);
    runRecord(cpu, r);
    r.fault = cpu.fault == 0 ? 0 : 1 + (cpu.fault & ~FAULT_PENDING);
    r.flagsOut = getArith(cpu);
  }
}
