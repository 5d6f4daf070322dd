/**
 * x87 control instructions: control and status word, environment and whole state (SDM vol. 1 8.1.10, figures
 * 8-9 to 8-12; vol. 2 FLDENV FSTENV FSAVE FRSTOR FINIT FCLEX). They do not move FIP; those that begin with N
 * do not wait for a pending exception.
 *
 *   environment, fields 2 bytes apart with 16-bit, 4 with 32-bit operands (upper halves ones):
 *     FCW FSW FTW | protected: FIP FCS(+FOP in bits 16-26) FDP FDS
 *                 | real, V86: FIP[15:0] FIP[31:16]<<12|FOP FDP[15:0] FDP[31:16]<<12
 *   FSAVE appends ST0-ST7, 10 bytes each.
 *
 * The tag word in memory has two bits a register and is computed; of a loaded one only "empty" counts.
 */
import { isProtected } from "../cpu/modes";
import { Cpu, fpr } from "../cpu/state";
import { INSN_MEM, Insn } from "../decode/insn";
import { X87 } from "../decode/ops-x87";
import { checkAlignment, ld16, ld32, probe, st16, st32 } from "../mmu/access";
import { operand } from "../mmu/address";
import { F80, INTEGER_BIT } from "../softfloat/f80";
import { resetFpu } from "./fpu-state";
import { FSW_EXCEPTIONS, setControlWord, updateSummary, X87Reg } from "./x87-state";

const TAG_VALID: u32 = 0;
const TAG_ZERO: u32 = 1;
const TAG_SPECIAL: u32 = 2;
const TAG_EMPTY: u32 = 3;

/** The control instructions; the pending exception has been looked at. */
export function controlX87(cpu: Cpu, insn: Insn, op: u32): void {
  switch (op) {
    case X87.FLDCW: {
      const la = operand(cpu, insn, 2, false);
      if (cpu.fault != 0) return;
      const value = ld16(cpu, la);
      if (cpu.fault != 0) return;
      setControlWord(cpu, value);
      updateSummary(cpu);
      return;
    }
    case X87.FNSTCW:
      storeWord(cpu, insn, cpu.fcw);
      return;
    case X87.FNSTSW:
      if ((insn.flags & INSN_MEM) != 0) storeWord(cpu, insn, cpu.fsw);
      else store<u16>(changetype<usize>(cpu), <u16>cpu.fsw);
      return;
    case X87.FNCLEX:
      cpu.fsw &= 0x7f00;
      return;
    case X87.FNINIT:
      resetFpu(cpu);
      return;
    case X87.FLDENV:
      restore(cpu, insn, false);
      return;
    case X87.FRSTOR:
      restore(cpu, insn, true);
      return;
    case X87.FNSTENV:
      if (!save(cpu, insn, false)) return;
      cpu.fcw |= FSW_EXCEPTIONS;
      updateSummary(cpu);
      return;
    case X87.FNSAVE:
      if (save(cpu, insn, true)) resetFpu(cpu);
      return;
  }
}

function storeWord(cpu: Cpu, insn: Insn, value: u32): void {
  const la = operand(cpu, insn, 2, true);
  if (cpu.fault == 0) st16(cpu, la, value);
}

/** The two-bit tag of physical register `n`. */
function tagOf(cpu: Cpu, n: u32): u32 {
  if (((cpu.ftw >> n) & 1) == 0) return TAG_EMPTY;
  const sig = load<u64>(fpr(cpu, n));
  const exponent = F80.exponent(load<u16>(fpr(cpu, n), 8));
  if (exponent == 0) return sig == 0 ? TAG_ZERO : TAG_SPECIAL;
  return exponent == 0x7fff || (sig & INTEGER_BIT) == 0 ? TAG_SPECIAL : TAG_VALID;
}

function fullTagWord(cpu: Cpu): u32 {
  let tags: u32 = 0;
  for (let n: u32 = 0; n < 8; n++) tags |= tagOf(cpu, n) << (n << 1);
  return tags;
}

/** Bytes of the environment, and of it with the registers. */
function lengthOf(insn: Insn, hasRegisters: bool): u32 {
  return (insn.osz == 2 ? 14 : 28) + (hasRegisters ? 80 : 0);
}

/** Linear address of the environment, wholly accessible. All of its first field is checked first, its end last. */
function area(cpu: Cpu, insn: Insn, len: u32, isWrite: bool): u64 {
  const size: u32 = insn.osz == 2 ? 2 : 4;
  const la = operand(cpu, insn, size, isWrite);
  if (cpu.fault != 0 || !checkAlignment(cpu, la, size) || !probe(cpu, la, size, isWrite)) return 0;
  operand(cpu, insn, len, isWrite);
  if (cpu.fault == 0) probe(cpu, la, len, isWrite);
  return la;
}

/** Stores field `n` of the environment. */
function putField(cpu: Cpu, la: u64, insn: Insn, n: u32, value: u32): void {
  if (insn.osz == 2) st16(cpu, la + <u64>(n << 1), value & 0xffff);
  else st32(cpu, la + <u64>(n << 2), value);
}

function save(cpu: Cpu, insn: Insn, hasRegisters: bool): bool {
  const la = area(cpu, insn, lengthOf(insn, hasRegisters), true);
  if (cpu.fault != 0) return false;
  const ones: u32 = 0xffff_0000;
  const fip = <u32>cpu.fip;
  const fdp = <u32>cpu.fdp;
  putField(cpu, la, insn, 0, cpu.fcw | ones);
  putField(cpu, la, insn, 1, cpu.fsw | ones);
  putField(cpu, la, insn, 2, fullTagWord(cpu) | ones);
  if (isProtected(cpu)) {
    putField(cpu, la, insn, 3, fip);
    putField(cpu, la, insn, 4, cpu.fcs | (cpu.fop << 16));
    putField(cpu, la, insn, 5, fdp);
    putField(cpu, la, insn, 6, cpu.fds | ones);
  } else {
    const ip = fip + (cpu.fcs << 4);
    const dp = fdp + (cpu.fds << 4);
    putField(cpu, la, insn, 3, ip | ones);
    putField(cpu, la, insn, 4, ((ip >> 16) << 12) | cpu.fop);
    putField(cpu, la, insn, 5, dp | ones);
    putField(cpu, la, insn, 6, (dp >> 16) << 12);
  }
  if (!hasRegisters) return true;
  const base = la + <u64>lengthOf(insn, false);
  for (let i: u32 = 0; i < 8; i++) {
    const at = base + <u64>(i * 10);
    // In words, because no register of the image but every fourth is aligned to more.
    const sig = X87Reg.sig(cpu, i);
    for (let j: u64 = 0; j < 8; j += 2) st16(cpu, at + j, <u32>(sig >> (j << 3)) & 0xffff);
    st16(cpu, at + 8, X87Reg.se(cpu, i));
  }
  return true;
}

function field(cpu: Cpu, la: u64, insn: Insn, n: u32): u32 {
  return insn.osz == 2 ? ld16(cpu, la + <u64>(n << 1)) : ld32(cpu, la + <u64>(n << 2));
}

function restore(cpu: Cpu, insn: Insn, hasRegisters: bool): void {
  const la = area(cpu, insn, lengthOf(insn, hasRegisters), false);
  if (cpu.fault != 0) return;
  setControlWord(cpu, field(cpu, la, insn, 0));
  cpu.fsw = field(cpu, la, insn, 1) & 0xffff;
  updateSummary(cpu);
  const tags = field(cpu, la, insn, 2);
  cpu.ftw = 0;
  for (let n: u32 = 0; n < 8; n++) {
    if (((tags >> (n << 1)) & 3) != TAG_EMPTY) cpu.ftw |= 1 << n;
  }
  restorePointers(cpu, la, insn);
  if (!hasRegisters) return;
  const base = la + <u64>lengthOf(insn, false);
  for (let i: u32 = 0; i < 8; i++) {
    const at = base + <u64>(i * 10);
    for (let j: u32 = 0; j < 8; j += 2) store<u16>(X87Reg.at(cpu, i) + j, <u16>ld16(cpu, at + j));
    store<u16>(X87Reg.at(cpu, i), <u16>ld16(cpu, at + 8), 8);
  }
}

function restorePointers(cpu: Cpu, la: u64, insn: Insn): void {
  const ip = field(cpu, la, insn, 3);
  const cs = field(cpu, la, insn, 4);
  const dp = field(cpu, la, insn, 5);
  const ds = field(cpu, la, insn, 6);
  cpu.fcs = 0;
  cpu.fds = 0;
  if (isProtected(cpu)) {
    cpu.fip = ip;
    cpu.fdp = dp;
    cpu.fop = insn.osz == 2 ? 0 : (cs >> 16) & 0x7ff;
  } else {
    cpu.fip = (ip & 0xffff) | ((cs << 4) & 0xffff_0000);
    cpu.fdp = (dp & 0xffff) | ((ds << 4) & 0xffff_0000);
    cpu.fop = cs & 0x7ff;
  }
}
