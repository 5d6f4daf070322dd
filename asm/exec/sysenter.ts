/**
 * Fast system calls (SDM vol. 2 SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS; vol. 3 5.8.7-5.8.8). The
 * segments come from MSRs and are flat by definition: no descriptor is read.
 *
 * As on Intel processors SYSCALL and SYSRET exist in 64-bit mode only (CSTAR is never used), SYSENTER also
 * in compatibility mode, and SYSRET checks RCX before anything changes, at CPL 0. With the vendor AMD (APM
 * vol. 3) SYSCALL and SYSRET exist also in compatibility mode, where SYSCALL goes to CSTAR, and in legacy
 * protected mode, where it goes to STAR 31:0; SYSENTER and SYSEXIT do not exist in long mode.
 */
import { hasFeature } from "../cpu/cpuid";
import { DR6_BS } from "../cpu/debug";
import { STEP_CANCELLED } from "../cpu/exceptions";
import { raiseGP, raiseUD } from "../cpu/fault";
import { ATTR_DB, ATTR_G, ATTR_L, CR0_PE, EFER_SCE, is64, isLong, updateModes } from "../cpu/modes";
import { getRflags, RFLAGS_IF, RFLAGS_RF, RFLAGS_TF, RFLAGS_VM, setRflags } from "../cpu/rflags";
import { loadFlat } from "../cpu/segment";
import { Cpu, SEG_CS, SEG_GS, SEG_SS, segBase, setSegBase } from "../cpu/state";
import { COLD, Insn } from "../decode/insn";
import { Feature, Op } from "../decode/ops";
import { isCanonical } from "../mmu/walk";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";

/** Present, accessed, 4 GiB: execute-read code and read-write data. */
const CODE: u32 = 0x9b | ATTR_G;
const DATA: u32 = 0x93 | ATTR_G | ATTR_DB;
const DPL3: u32 = 3 << 5;

/** RFLAGS bits SYSRET loads from R11. */
const SYSRET_FLAGS: u32 = 0x3c_7fd7;

export function execSysenter(cpu: Cpu, insn: Insn): u32 {
  switch (<u32>insn.op - COLD) {
    case Op.SYSCALL:
      return syscall(cpu);
    case Op.SYSRET:
      return sysret(cpu, insn.osz == 8);
    case Op.SYSENTER:
      return sysenter(cpu);
    case Op.SYSEXIT:
      return sysexit(cpu, insn.osz == 8);
    case Op.SWAPGS:
      return swapgs(cpu);
  }
  raiseUD(cpu);
  return EXEC_NEXT;
}

/** CS and SS = CS + 8 for the kernel. */
function loadKernel(cpu: Cpu, selector: u32, isLongCode: bool): void {
  selector &= 0xfffc;
  loadFlat(cpu, SEG_CS, selector, CODE | (isLongCode ? ATTR_L : ATTR_DB));
  loadFlat(cpu, SEG_SS, selector + 8, DATA);
  cpu.cpl = 0;
}

function loadUser(cpu: Cpu, cs: u32, ss: u32, isLongCode: bool): void {
  loadFlat(cpu, SEG_CS, cs | 3, CODE | DPL3 | (isLongCode ? ATTR_L : ATTR_DB));
  loadFlat(cpu, SEG_SS, ss | 3, DATA | DPL3);
  cpu.cpl = 3;
}

function jump(cpu: Cpu, rip: u64): u32 {
  cpu.nextRip = rip;
  updateModes(cpu);
  return EXEC_JUMP;
}

function refuse(cpu: Cpu): u32 {
  raiseGP(cpu, 0);
  return EXEC_NEXT;
}

/** SYSCALL or SYSRET in this mode. */
function isSyscallThere(cpu: Cpu): bool {
  if ((cpu.efer & EFER_SCE) == 0) return false;
  return is64(cpu) || (hasFeature(cpu, Feature.AMD) && (cpu.cr0 & CR0_PE) != 0);
}

/** SYSENTER or SYSEXIT in this mode. */
function isSysenterThere(cpu: Cpu): bool {
  return !(hasFeature(cpu, Feature.AMD) && isLong(cpu));
}

/** In legacy mode: neither masks nor keeps flags. */
function legacySyscall(cpu: Cpu): u32 {
  cpu.rcx = cpu.nextRip;
  setRflags(cpu, getRflags(cpu) & ~(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF));
  loadKernel(cpu, <u32>(cpu.star >> 32), false);
  return jump(cpu, cpu.star & 0xffff_ffff);
}

function syscall(cpu: Cpu): u32 {
  if (!isSyscallThere(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  if (!isLong(cpu)) return legacySyscall(cpu);
  const target = is64(cpu) ? cpu.lstar : cpu.cstar;
  const flags = getRflags(cpu) & ~RFLAGS_RF;
  cpu.rcx = cpu.nextRip;
  cpu.r11 = flags;
  setRflags(cpu, flags & ~(<u32>cpu.fmask));
  if ((flags & <u32>cpu.fmask & RFLAGS_TF) != 0) cpu.debugHit |= STEP_CANCELLED;
  loadKernel(cpu, <u32>(cpu.star >> 32), true);
  return jump(cpu, target);
}

function sysret(cpu: Cpu, isLongTarget: bool): u32 {
  if (!isSyscallThere(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  if (cpu.cpl != 0 || (isLongTarget && !isCanonical(cpu.rcx))) return refuse(cpu);
  const base = <u32>(cpu.star >> 48);
  if (isLong(cpu)) setRflags(cpu, <u32>cpu.r11 & SYSRET_FLAGS);
  else setRflags(cpu, getRflags(cpu) | RFLAGS_IF);
  // Unlike POPF and IRET it traps before the next instruction.
  if ((getRflags(cpu) & RFLAGS_TF) != 0) cpu.debugHit |= DR6_BS;
  loadUser(cpu, isLongTarget ? base + 16 : base, base + 8, isLongTarget);
  return jump(cpu, isLongTarget ? cpu.rcx : cpu.rcx & 0xffff_ffff);
}

function sysenter(cpu: Cpu): u32 {
  if (!isSysenterThere(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  if ((cpu.cr0 & CR0_PE) == 0 || (cpu.sysenterCs & 0xfffc) == 0) return refuse(cpu);
  const isWide = isLong(cpu);
  cpu.rflags &= ~(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF);
  loadKernel(cpu, <u32>cpu.sysenterCs, isWide);
  cpu.rsp = isWide ? cpu.sysenterEsp : cpu.sysenterEsp & 0xffff_ffff;
  return jump(cpu, isWide ? cpu.sysenterEip : cpu.sysenterEip & 0xffff_ffff);
}

function sysexit(cpu: Cpu, isLongTarget: bool): u32 {
  if (!isSysenterThere(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  if ((cpu.cr0 & CR0_PE) == 0 || (cpu.sysenterCs & 0xfffc) == 0 || cpu.cpl != 0) return refuse(cpu);
  if (isLongTarget && (!isCanonical(cpu.rcx) || !isCanonical(cpu.rdx))) return refuse(cpu);
  const cs = <u32>cpu.sysenterCs;
  loadUser(cpu, cs + (isLongTarget ? 32 : 16), cs + (isLongTarget ? 40 : 24), isLongTarget);
  cpu.rsp = isLongTarget ? cpu.rcx : cpu.rcx & 0xffff_ffff;
  return jump(cpu, isLongTarget ? cpu.rdx : cpu.rdx & 0xffff_ffff);
}

function swapgs(cpu: Cpu): u32 {
  if (!is64(cpu)) {
    raiseUD(cpu);
    return EXEC_NEXT;
  }
  if (cpu.cpl != 0) return refuse(cpu);
  const base = segBase(cpu, SEG_GS);
  setSegBase(cpu, SEG_GS, cpu.kernelGsBase);
  cpu.kernelGsBase = base;
  return EXEC_NEXT;
}
