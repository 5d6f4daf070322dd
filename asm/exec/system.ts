/**
 * System instructions (SDM vol. 2): descriptor-table registers, MSRs, time stamp, processor identification,
 * TLB and cache control, FS/GS base, extended control registers. Control and debug registers are in
 * control-registers.ts, selectors in segment-info.ts, fast system calls in sysenter.ts, x87/SSE state in
 * fpu-state.ts.
 *
 * MONITOR, MWAIT and VMCALL are not offered by CPUID: #UD. There are no performance counters: RDPMC is #GP
 * for every number. Caches are not modelled: INVD and WBINVD do nothing, CLFLUSH checks its address only.
 * The manual says SGDT and SIDT with a 16-bit operand size store a 24-bit base; processors since the 386
 * store all 32 bits, and so does this.
 */

import { CpuidResult, cpuid, hasFeature } from "../cpu/cpuid";
import { raiseGP, raiseUD } from "../cpu/fault";
import {
  CR4_FSGSBASE,
  CR4_OSXSAVE,
  CR4_PCIDE,
  CR4_PKE,
  CR4_TSD,
  CR4_UMIP,
  is64,
  updateModes,
} from "../cpu/modes";
import { readMsr, writeMsr } from "../cpu/msr";
import { RFLAGS_AC } from "../cpu/rflags";
import {
  Cpu,
  SEG_FS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  segBase,
  segLimit,
  setSegBase,
  setSegLimit,
} from "../cpu/state";
import { readTsc } from "../cpu/time";
import { COLD, Insn } from "../decode/insn";
import { Feature, Op } from "../decode/ops";
import { VCPU_SCRATCH } from "../layout";
import { checkAlignment, ld16, ld32, ld64, probe, st16, st32, st64 } from "../mmu/access";
import { effective, operand } from "../mmu/address";
import { flushAll, flushNonGlobal, flushPcid, invlpg, setPkru } from "../mmu/tlb";
import { isCanonical } from "../mmu/walk";
import {
  execClts,
  execLmsw,
  execMovFromCr,
  execMovFromDr,
  execMovToCr,
  execMovToDr,
  execSmsw,
  execXsetbv,
} from "./control-registers";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { execCli, execHlt, execSti } from "./flags";
import { execFpuState, inUseWithMxcsr } from "./fpu-state";
import { execVmcall } from "./hypercall";
import { getReg, putReg } from "./operand";
import { execSegmentInfo } from "./segment-info";
import { execSysenter } from "./sysenter";

const INVPCID_ADDRESS: u64 = 0;
const INVPCID_CONTEXT: u64 = 1;
const INVPCID_ALL: u64 = 2;
const INVPCID_ALL_NON_GLOBAL: u64 = 3;

/** Runs one instruction of the system section of Op (and HLT, CLI, STI). */
export function execSystem(cpu: Cpu, insn: Insn): u32 {
  switch (<u32>insn.op - COLD) {
    case Op.HLT:
      return execHlt(cpu);
    case Op.CLI:
      return execCli(cpu);
    case Op.STI:
      return execSti(cpu);
    case Op.CPUID:
      return execCpuid(cpu);
    case Op.SLDT:
    case Op.STR:
    case Op.LLDT:
    case Op.LTR:
    case Op.VERR:
    case Op.VERW:
    case Op.LAR:
    case Op.LSL:
      return execSegmentInfo(cpu, insn);
    case Op.SGDT:
      return storeTable(cpu, insn, SEG_GDTR);
    case Op.SIDT:
      return storeTable(cpu, insn, SEG_IDTR);
    case Op.LGDT:
      return loadTable(cpu, insn, SEG_GDTR);
    case Op.LIDT:
      return loadTable(cpu, insn, SEG_IDTR);
    case Op.SMSW:
      return execSmsw(cpu, insn);
    case Op.LMSW:
      return execLmsw(cpu, insn);
    case Op.INVLPG:
      return execInvlpg(cpu, insn);
    case Op.SYSCALL:
    case Op.SYSRET:
    case Op.SYSENTER:
    case Op.SYSEXIT:
    case Op.SWAPGS:
      return execSysenter(cpu, insn);
    case Op.RDTSC:
    case Op.RDTSCP:
      return execRdtsc(cpu, <u32>insn.op - COLD == Op.RDTSCP);
    case Op.CLAC:
      return setAccessCheck(cpu, false);
    case Op.STAC:
      return setAccessCheck(cpu, true);
    case Op.XGETBV:
      return execXgetbv(cpu);
    case Op.XSETBV:
      return execXsetbv(cpu);
    case Op.CLTS:
      return execClts(cpu);
    case Op.MOV_FROM_CR:
      return execMovFromCr(cpu, insn);
    case Op.MOV_TO_CR:
      return execMovToCr(cpu, insn);
    case Op.MOV_FROM_DR:
      return execMovFromDr(cpu, insn);
    case Op.MOV_TO_DR:
      return execMovToDr(cpu, insn);
    case Op.RDMSR:
      return execRdmsr(cpu);
    case Op.WRMSR:
      return execWrmsr(cpu);
    case Op.RDPMC: // no counter has any number
      raiseGP(cpu, 0);
      return EXEC_NEXT;
    case Op.INVPCID:
      return execInvpcid(cpu, insn);
    case Op.FXSAVE:
    case Op.FXRSTOR:
    case Op.XSAVE:
    case Op.XRSTOR:
    case Op.XSAVEOPT:
    case Op.XSAVEC:
    case Op.XSAVES:
    case Op.XRSTORS:
    case Op.LDMXCSR:
    case Op.STMXCSR:
      return execFpuState(cpu, insn);
    case Op.CLFLUSH:
    case Op.CLFLUSHOPT:
    case Op.CLWB:
      return execClflush(cpu, insn);
    case Op.RDFSBASE:
    case Op.RDGSBASE:
    case Op.WRFSBASE:
    case Op.WRGSBASE:
      return execFsGsBase(cpu, insn);
    case Op.RDPKRU:
    case Op.WRPKRU:
      return execPkru(cpu, <u32>insn.op - COLD == Op.WRPKRU);
    case Op.LFENCE:
    case Op.MFENCE:
    case Op.SFENCE:
      // A read-modify-write keeps both compilers from moving accesses across; a fence would be deleted.
      atomic.add<u32>(changetype<usize>(cpu), 0, offsetof<Cpu>("pending"));
      return EXEC_NEXT;
    case Op.INVD:
    case Op.WBINVD:
    case Op.PREFETCH:
      return EXEC_NEXT;
    case Op.VMCALL:
      return execVmcall(cpu);
    default: // MONITOR, MWAIT
      raiseUD(cpu);
      return EXEC_NEXT;
  }
}

function execCpuid(cpu: Cpu): u32 {
  const out = changetype<CpuidResult>(changetype<usize>(cpu) + VCPU_SCRATCH);
  cpuid(cpu, <u32>cpu.rax, <u32>cpu.rcx, out);
  cpu.rax = <u64>out.eax;
  cpu.rbx = <u64>out.ebx;
  cpu.rcx = <u64>out.ecx;
  cpu.rdx = <u64>out.edx;
  return EXEC_NEXT;
}

/** SGDT, SIDT: limit, then the base of 4 or 8 bytes. */
function storeTable(cpu: Cpu, insn: Insn, seg: u32): u32 {
  if (cpu.cpl != 0 && (cpu.cr4 & CR4_UMIP) != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const wide = is64(cpu);
  const len: u32 = wide ? 10 : 6;
  const la = operand(cpu, insn, len, true);
  // The limit may lie at an odd multiple of two, so that the base is aligned (SDM vol. 3 3.5.1).
  if (cpu.fault != 0 || !checkAlignment(cpu, la, 2)) return EXEC_NEXT;
  if (!checkAlignment(cpu, la + 2, wide ? 8 : 4)) return EXEC_NEXT;
  if (!probe(cpu, la, len, true)) return EXEC_NEXT;
  st16(cpu, la, segLimit(cpu, seg));
  if (cpu.fault != 0) return EXEC_NEXT;
  if (wide) st64(cpu, la + 2, segBase(cpu, seg));
  else st32(cpu, la + 2, <u32>segBase(cpu, seg));
  return EXEC_NEXT;
}

/** LGDT, LIDT: a 16-bit operand size takes 24 bits of the base. */
function loadTable(cpu: Cpu, insn: Insn, seg: u32): u32 {
  const wide = is64(cpu);
  const la = operand(cpu, insn, wide ? 10 : 6, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const limit = ld16(cpu, la);
  if (cpu.fault != 0) return EXEC_NEXT;
  let base: u64 = wide ? ld64(cpu, la + 2) : <u64>ld32(cpu, la + 2);
  if (cpu.fault != 0) return EXEC_NEXT;
  if (wide) {
    if (!isCanonical(base)) {
      raiseGP(cpu, 0);
      return EXEC_NEXT;
    }
  } else if (insn.osz == 2) {
    base &= 0xff_ffff;
  }
  setSegBase(cpu, seg, base);
  setSegLimit(cpu, seg, limit);
  return EXEC_JUMP;
}

/** INVLPG names a linear address and checks nothing; a non-canonical one is a no-operation. */
function execInvlpg(cpu: Cpu, insn: Insn): u32 {
  let la = segBase(cpu, insn.seg) + effective(cpu, insn);
  if (!is64(cpu)) la &= 0xffff_ffff;
  if (isCanonical(la)) invlpg(cpu, la);
  return EXEC_JUMP;
}

function execInvpcid(cpu: Cpu, insn: Insn): u32 {
  const type = getReg(cpu, insn.r, is64(cpu) ? 3 : 2);
  const la = operand(cpu, insn, 16, false);
  if (cpu.fault != 0) return EXEC_NEXT;
  const pcid = ld64(cpu, la);
  if (cpu.fault != 0) return EXEC_NEXT;
  const address = ld64(cpu, la + 8);
  if (cpu.fault != 0) return EXEC_NEXT;
  const namesPcid = type == INVPCID_ADDRESS || type == INVPCID_CONTEXT;
  if (
    type > INVPCID_ALL_NON_GLOBAL ||
    pcid >> 12 != 0 ||
    (namesPcid && pcid != 0 && (cpu.cr4 & CR4_PCIDE) == 0) ||
    (type == INVPCID_ADDRESS && !isCanonical(address))
  ) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  switch (<u32>type) {
    case <u32>INVPCID_ADDRESS: // drops the page in every address space, which is allowed
      invlpg(cpu, address);
      break;
    case <u32>INVPCID_CONTEXT:
      if ((cpu.cr4 & CR4_PCIDE) != 0) flushPcid(cpu, <u32>pcid);
      else flushNonGlobal(cpu);
      break;
    default: // types 2 and 3: forgetting global pages too is allowed
      flushAll(cpu);
      break;
  }
  return EXEC_JUMP;
}

function execRdtsc(cpu: Cpu, withAux: bool): u32 {
  if ((cpu.cr4 & CR4_TSD) != 0 && cpu.cpl != 0) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const tsc = readTsc(cpu);
  cpu.rax = tsc & 0xffff_ffff;
  cpu.rdx = tsc >> 32;
  if (withAux) cpu.rcx = cpu.tscAux;
  return EXEC_NEXT;
}

/** Unlike other privileged instructions, undefined in programs. */
function setAccessCheck(cpu: Cpu, allows: bool): u32 {
  if (cpu.cpl != 0) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  cpu.rflags = allows ? cpu.rflags | RFLAGS_AC : cpu.rflags & ~RFLAGS_AC;
  updateModes(cpu);
  return EXEC_JUMP;
}

/** XGETBV: XCR0, or with ECX = 1 those of its components that are in use. */
function execXgetbv(cpu: Cpu): u32 {
  if ((cpu.cr4 & CR4_OSXSAVE) == 0) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  const isInUse = <u32>cpu.rcx == 1 && hasFeature(cpu, Feature.XSAVEC);
  if (<u32>cpu.rcx != 0 && !isInUse) {
    raiseGP(cpu, 0);
    return EXEC_NEXT;
  }
  const value = isInUse ? cpu.xcr0 & inUseWithMxcsr(cpu) : cpu.xcr0;
  cpu.rax = value & 0xffff_ffff;
  cpu.rdx = value >> 32;
  return EXEC_NEXT;
}

function execRdmsr(cpu: Cpu): u32 {
  const value = readMsr(cpu, <u32>cpu.rcx);
  if (cpu.fault != 0) return EXEC_NEXT;
  cpu.rax = value & 0xffff_ffff;
  cpu.rdx = value >> 32;
  return EXEC_NEXT;
}

function execWrmsr(cpu: Cpu): u32 {
  writeMsr(cpu, <u32>cpu.rcx, (cpu.rax & 0xffff_ffff) | (cpu.rdx << 32));
  return EXEC_JUMP;
}

/** The checks of a byte load; execute-only code segments apart. */
function execClflush(cpu: Cpu, insn: Insn): u32 {
  const la = operand(cpu, insn, 1, false);
  if (cpu.fault == 0) probe(cpu, la, 1, false);
  return EXEC_NEXT;
}

function execFsGsBase(cpu: Cpu, insn: Insn): u32 {
  if ((cpu.cr4 & CR4_FSGSBASE) == 0) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  const op = <u32>insn.op - COLD;
  const size = insn.osz == 8 ? 3 : 2;
  const seg = op == Op.RDFSBASE || op == Op.WRFSBASE ? SEG_FS : SEG_GS;
  if (op == Op.RDFSBASE || op == Op.RDGSBASE) {
    putReg(cpu, insn.m, segBase(cpu, seg), size);
    return EXEC_NEXT;
  }
  const base = getReg(cpu, insn.m, size);
  if (!isCanonical(base)) raiseGP(cpu, 0);
  else setSegBase(cpu, seg, base);
  return EXEC_NEXT;
}

function execPkru(cpu: Cpu, isWrite: bool): u32 {
  if ((cpu.cr4 & CR4_PKE) == 0) {
    raiseUD(cpu);
  } else if (<u32>cpu.rcx != 0 || (isWrite && <u32>cpu.rdx != 0)) {
    raiseGP(cpu, 0);
  } else if (isWrite) {
    setPkru(cpu, cpu.rax & 0xffff_ffff);
  } else {
    cpu.rax = cpu.pkru;
    cpu.rdx = 0;
  }
  return EXEC_NEXT;
}
