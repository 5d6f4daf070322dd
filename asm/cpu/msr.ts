/**
 * RDMSR and WRMSR (SDM vol. 4, chapter 2): the architectural MSRs behind the features CPUID offers, and a
 * handful that Linux, SeaBIOS and Windows touch without asking. An unknown MSR is #GP(0), as are reserved
 * bits, non-canonical addresses and the transitions the manual forbids.
 *
 * MTRRs and PAT keep their values and mean nothing: memory here is always coherent. Machine-check banks
 * never record anything. DEBUGCTL accepts LBR and BTF and forgets them (single step on branches and branch
 * records are not modelled); P-state and thermal MSRs do not exist.
 */

import { Feature } from "../decode/ops";
import { lapicMsrRead, lapicMsrReadable, lapicMsrWrite, writeApicBase } from "../irqchip/lapic";
import { tscChanged, writeTscDeadline } from "../irqchip/lapic-timer";
import { VCPU_MC } from "../layout";
import { machine } from "../machine";
import { flushAll } from "../mmu/tlb";
import { isCanonical } from "../mmu/walk";
import { hasFeature } from "./cpuid";
import { raiseGP } from "./fault";
import { CR0_PG, EFER_LMA, EFER_LME, EFER_NXE, EFER_SCE, updateModes } from "./modes";
import { Cpu, SEG_FS, SEG_GS, segBase, setSegBase } from "./state";
import { readTsc, writeTsc } from "./time";

const K7_EVNTSEL0: u32 = 0xc001_0000;
const P5_MC_ADDR: u32 = 0x0000;
const P5_MC_TYPE: u32 = 0x0001;
const IA32_TIME_STAMP_COUNTER: u32 = 0x0010;
const IA32_PLATFORM_ID: u32 = 0x0017;
const IA32_APIC_BASE: u32 = 0x001b;
const EBL_CR_POWERON: u32 = 0x002a;
const CORE_THREAD_COUNT: u32 = 0x0035;
const IA32_FEATURE_CONTROL: u32 = 0x003a;
const IA32_TSC_ADJUST: u32 = 0x003b;
const IA32_SPEC_CTRL: u32 = 0x0048;
const IA32_PRED_CMD: u32 = 0x0049;
const IA32_BIOS_UPDT_TRIG: u32 = 0x0079;
const IA32_BIOS_SIGN_ID: u32 = 0x008b;
const PLATFORM_INFO: u32 = 0x00ce;
const IA32_MTRRCAP: u32 = 0x00fe;
const IA32_ARCH_CAPABILITIES: u32 = 0x010a;
const IA32_SYSENTER_CS: u32 = 0x0174;
const IA32_SYSENTER_ESP: u32 = 0x0175;
const IA32_SYSENTER_EIP: u32 = 0x0176;
const IA32_MCG_CAP: u32 = 0x0179;
const IA32_MCG_STATUS: u32 = 0x017a;
const IA32_MISC_ENABLE: u32 = 0x01a0;
const IA32_DEBUGCTL: u32 = 0x01d9;
const IA32_MTRR_PHYSBASE0: u32 = 0x0200;
const IA32_MTRR_FIX64K_00000: u32 = 0x0250;
const IA32_MTRR_FIX16K_80000: u32 = 0x0258;
const IA32_MTRR_FIX4K_C0000: u32 = 0x0268;
const IA32_PAT: u32 = 0x0277;
const IA32_MTRR_DEF_TYPE: u32 = 0x02ff;
const IA32_MC0_CTL: u32 = 0x0400;
const IA32_TSC_DEADLINE: u32 = 0x06e0;
const X2APIC_FIRST: u32 = 0x0800;
const IA32_XSS: u32 = 0x0da0;
const IA32_EFER: u32 = 0xc000_0080;
const IA32_STAR: u32 = 0xc000_0081;
const IA32_LSTAR: u32 = 0xc000_0082;
const IA32_CSTAR: u32 = 0xc000_0083;
const IA32_FMASK: u32 = 0xc000_0084;
const IA32_FS_BASE: u32 = 0xc000_0100;
const IA32_GS_BASE: u32 = 0xc000_0101;
const IA32_KERNEL_GS_BASE: u32 = 0xc000_0102;
const IA32_TSC_AUX: u32 = 0xc000_0103;

/** Eight variable ranges, fixed ranges, write combining. */
const MTRRCAP: u64 = 0x508;
const MTRR_VARIABLE: u32 = 8;
const MTRR_BASE_BITS: u64 = 0xff_ffff_f0ff;
const MTRR_MASK_BITS: u64 = 0xff_ffff_f800;
const MTRR_DEF_TYPE_BITS: u64 = 0xcff;

/** The update revision that a BIOS would have loaded; systems only want it not to be 0. */
const MICROCODE_REVISION: u64 = 1 << 32;

/**
 * RDCL_NO, IBRS_ALL, SKIP_L1DFL, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO,
 * BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO: an interpreter speculates about nothing.
 */
const ARCH_CAPABILITIES: u64 =
  (1 << 0) |
  (1 << 1) |
  (1 << 3) |
  (1 << 4) |
  (1 << 5) |
  (1 << 6) |
  (1 << 8) |
  (1 << 13) |
  (1 << 14) |
  (1 << 15) |
  (1 << 20) |
  (1 << 24) |
  (1 << 26) |
  (1 << 27) |
  (1 << 62);

/** IBRS, STIBP, BHI_DIS_S. */
const SPEC_CTRL_BITS: u64 = 0x403;

const FEATURE_CONTROL_LOCK: u64 = 1;

/** Branch trace storage and PEBS are unavailable. */
const MISC_ENABLE_FIXED: u64 = (1 << 11) | (1 << 12);
/** Performance monitoring, bit 7, is not there. */
const MISC_ENABLE_READ_ONLY: u64 = (1 << 7) | (1 << 11) | (1 << 12);
/**
 * Bits with a meaning on some processor: kept and without effect, those that would hide CPUID leaves (22) and
 * NX (34) among them. Others are reserved.
 */
const MISC_ENABLE_KNOWN: u64 =
  (1 << 0) |
  (1 << 3) |
  (1 << 7) |
  (1 << 11) |
  (1 << 12) |
  (1 << 16) |
  (1 << 18) |
  (1 << 22) |
  (1 << 23) |
  (1 << 34);

const MC_BANKS: u32 = 10;
const DEBUGCTL_BITS: u64 = 3;

function refuse(cpu: Cpu): u64 {
  raiseGP(cpu, 0);
  return 0;
}

/** Number of the fixed-range MTRR at `msr`, 0-10, or -1. */
function fixedMtrr(msr: u32): i32 {
  if (msr == IA32_MTRR_FIX64K_00000) return 0;
  if (msr == IA32_MTRR_FIX16K_80000 || msr == IA32_MTRR_FIX16K_80000 + 1) {
    return <i32>(msr - IA32_MTRR_FIX16K_80000) + 1;
  }
  const index = msr - IA32_MTRR_FIX4K_C0000;
  return index < 8 ? <i32>index + 3 : -1;
}

function fixedAt(cpu: Cpu, index: i32): usize {
  return changetype<usize>(cpu) + offsetof<Cpu>("mtrrFixed") + ((<usize>index) << 3);
}
function variableAt(cpu: Cpu, msr: u32): usize {
  return changetype<usize>(cpu) + offsetof<Cpu>("mtrrVar") + ((msr - IA32_MTRR_PHYSBASE0) << 3);
}

/** Whether every byte of `types` is a memory type: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, and 7 UC- in the PAT. */
function areTypes(types: u64, count: u32, allowed: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const type = <u32>(types >> <u64>(i << 3)) & 0xff;
    if (type > 7 || ((allowed >> type) & 1) == 0) return false;
  }
  return true;
}
const MTRR_TYPES: u32 = 0x73;
const PAT_TYPES: u32 = 0xf3;

/**
 * The four counters and their event selects, which every processor of AMD's has without a CPUID bit (APM vol. 2
 * 13.2). Nothing is ever counted, and they keep nothing.
 */
function isK7Counter(cpu: Cpu, msr: u32): bool {
  return msr - K7_EVNTSEL0 < 8 && hasFeature(cpu, Feature.AMD);
}

/** The value of `msr`; an unknown one raises #GP(0). */
export function readMsr(cpu: Cpu, msr: u32): u64 {
  if (msr - X2APIC_FIRST < 0x100) {
    return lapicMsrReadable(cpu, msr - X2APIC_FIRST)
      ? lapicMsrRead(cpu, msr - X2APIC_FIRST)
      : refuse(cpu);
  }
  if (msr - IA32_MC0_CTL < MC_BANKS * 4) {
    const index = msr - IA32_MC0_CTL;
    if ((index & 2) != 0) return load<u64>(bankAt(cpu, index));
    const isOff = ((cpu.mcBankOff >> (index >> 2)) & 1) != 0;
    return (index & 1) == 0 && !isOff ? ~0 : 0;
  }
  if (msr - IA32_MTRR_PHYSBASE0 < MTRR_VARIABLE * 2) return load<u64>(variableAt(cpu, msr));
  const fixed = fixedMtrr(msr);
  if (fixed >= 0) return load<u64>(fixedAt(cpu, fixed));
  if (isK7Counter(cpu, msr)) return 0;
  if (msr >= IA32_EFER) return readLong(cpu, msr);
  return readLow(cpu, msr);
}

function readLow(cpu: Cpu, msr: u32): u64 {
  switch (msr) {
    case P5_MC_ADDR:
    case P5_MC_TYPE:
    case IA32_PLATFORM_ID:
    case EBL_CR_POWERON:
    case IA32_MCG_STATUS:
    case IA32_DEBUGCTL:
      return 0;
    case IA32_TIME_STAMP_COUNTER:
      return readTsc(cpu);
    case IA32_APIC_BASE:
      return cpu.apicBase;
    case CORE_THREAD_COUNT:
      return <u64>((machine().vcpuCount << 16) | machine().vcpuCount);
    case IA32_FEATURE_CONTROL:
      return cpu.featureControl;
    case IA32_TSC_ADJUST:
      return cpu.tscAdjust;
    case IA32_SPEC_CTRL:
      return cpu.specCtrl;
    case IA32_BIOS_SIGN_ID:
      return MICROCODE_REVISION;
    case PLATFORM_INFO: // maximum non-turbo ratio
      return <u64>((machine().tscKhz / 100_000) << 8);
    case IA32_MTRRCAP:
      return MTRRCAP;
    case IA32_ARCH_CAPABILITIES:
      return ARCH_CAPABILITIES;
    case IA32_SYSENTER_CS:
      return cpu.sysenterCs;
    case IA32_SYSENTER_ESP:
      return cpu.sysenterEsp;
    case IA32_SYSENTER_EIP:
      return cpu.sysenterEip;
    case IA32_MCG_CAP:
      return MC_BANKS;
    case IA32_MISC_ENABLE:
      return cpu.miscEnable | MISC_ENABLE_FIXED;
    case IA32_PAT:
      return cpu.pat;
    case IA32_MTRR_DEF_TYPE:
      return cpu.mtrrDefType;
    case IA32_TSC_DEADLINE:
      return cpu.tscDeadline;
    case IA32_XSS:
      return hasFeature(cpu, Feature.XSAVES) ? 0 : refuse(cpu);
    default:
      return refuse(cpu);
  }
}

function readLong(cpu: Cpu, msr: u32): u64 {
  switch (msr) {
    case IA32_EFER:
      return cpu.efer;
    case IA32_STAR:
      return cpu.star;
    case IA32_LSTAR:
      return cpu.lstar;
    case IA32_CSTAR:
      return cpu.cstar;
    case IA32_FMASK:
      return cpu.fmask;
    case IA32_FS_BASE:
      return segBase(cpu, SEG_FS);
    case IA32_GS_BASE:
      return segBase(cpu, SEG_GS);
    case IA32_KERNEL_GS_BASE:
      return cpu.kernelGsBase;
    case IA32_TSC_AUX:
      return cpu.tscAux;
    default:
      return refuse(cpu);
  }
}

/** IA32_EFER (SDM vol. 3 2.2.1): LMA is read-only, LME cannot change under paging. */
function writeEfer(cpu: Cpu, value: u64): bool {
  if ((value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) != 0) return false;
  const changed = cpu.efer ^ value;
  if ((changed & EFER_LME) != 0 && (cpu.cr0 & CR0_PG) != 0) return false;
  cpu.efer = (value & ~EFER_LMA) | (cpu.efer & EFER_LMA);
  if ((changed & EFER_NXE) != 0) flushAll(cpu);
  updateModes(cpu);
  return true;
}

/** Writes `msr`; #GP(0) for an unknown one or a value it does not take. */
export function writeMsr(cpu: Cpu, msr: u32, value: u64): void {
  let isValid: bool;
  if (msr - X2APIC_FIRST < 0x100) isValid = lapicMsrWrite(cpu, msr - X2APIC_FIRST, value);
  else if (msr - IA32_MC0_CTL < MC_BANKS * 4) isValid = writeBank(cpu, msr - IA32_MC0_CTL, value);
  else if (msr - IA32_MTRR_PHYSBASE0 < MTRR_VARIABLE * 2) isValid = writeVariable(cpu, msr, value);
  else if (fixedMtrr(msr) >= 0) isValid = writeFixed(cpu, fixedMtrr(msr), value);
  else if (isK7Counter(cpu, msr)) isValid = true;
  else if (msr >= IA32_EFER) isValid = writeLong(cpu, msr, value);
  else isValid = writeLow(cpu, msr, value);
  if (!isValid) raiseGP(cpu, 0);
}

/** Address and miscellaneous register of a machine-check bank. */
function bankAt(cpu: Cpu, index: u32): usize {
  return changetype<usize>(cpu) + VCPU_MC + ((((index >> 2) << 1) | (index & 1)) << 3);
}

/**
 * Machine-check bank registers: control takes all ones or 0 (SDM vol. 3 15.3.2.1), status only 0. Address and
 * miscellaneous registers keep what is written, as KVM's do; no error ever fills them.
 */
function writeBank(cpu: Cpu, index: u32, value: u64): bool {
  if ((index & 2) != 0) {
    store<u64>(bankAt(cpu, index), value);
    return true;
  }
  if ((index & 1) != 0) return value == 0;
  if (value + 1 > 1) return false;
  const bit: u32 = 1 << (index >> 2);
  cpu.mcBankOff = value == 0 ? cpu.mcBankOff | bit : cpu.mcBankOff & ~bit;
  return true;
}

function writeVariable(cpu: Cpu, msr: u32, value: u64): bool {
  const isMask = (msr & 1) != 0;
  if ((value & ~(isMask ? MTRR_MASK_BITS : MTRR_BASE_BITS)) != 0) return false;
  if (!isMask && !areTypes(value, 1, MTRR_TYPES)) return false;
  store<u64>(variableAt(cpu, msr), value);
  return true;
}

function writeFixed(cpu: Cpu, index: i32, value: u64): bool {
  if (!areTypes(value, 8, MTRR_TYPES)) return false;
  store<u64>(fixedAt(cpu, index), value);
  return true;
}

function writeLow(cpu: Cpu, msr: u32, value: u64): bool {
  switch (msr) {
    case P5_MC_ADDR:
    case P5_MC_TYPE:
    case IA32_MCG_STATUS:
      return value == 0;
    case IA32_BIOS_UPDT_TRIG: // no update applies to this processor
    case IA32_BIOS_SIGN_ID:
      return true;
    case IA32_TIME_STAMP_COUNTER:
      writeTsc(cpu, value);
      tscChanged(cpu);
      return true;
    case IA32_APIC_BASE:
      return writeApicBase(cpu, value);
    case IA32_FEATURE_CONTROL:
      if ((cpu.featureControl & FEATURE_CONTROL_LOCK) != 0 || value > FEATURE_CONTROL_LOCK)
        return false;
      cpu.featureControl = value;
      return true;
    case IA32_TSC_ADJUST:
      cpu.tscAdjust = value;
      tscChanged(cpu);
      return true;
    case IA32_SPEC_CTRL:
      if ((value & ~SPEC_CTRL_BITS) != 0) return false;
      cpu.specCtrl = value;
      return true;
    case IA32_PRED_CMD: // IBPB: nothing is predicted
      return value <= 1;
    case IA32_SYSENTER_CS:
      cpu.sysenterCs = value & 0xffff_ffff;
      return true;
    case IA32_SYSENTER_ESP:
      if (!isCanonical(value)) return false;
      cpu.sysenterEsp = value;
      return true;
    case IA32_SYSENTER_EIP:
      if (!isCanonical(value)) return false;
      cpu.sysenterEip = value;
      return true;
    case IA32_MISC_ENABLE:
      if ((value & ~MISC_ENABLE_KNOWN) != 0) return false;
      cpu.miscEnable = value & ~MISC_ENABLE_READ_ONLY;
      return true;
    case IA32_DEBUGCTL:
      return (value & ~DEBUGCTL_BITS) == 0;
    case IA32_PAT:
      if (!areTypes(value, 8, PAT_TYPES)) return false;
      cpu.pat = value;
      return true;
    case IA32_MTRR_DEF_TYPE:
      if ((value & ~MTRR_DEF_TYPE_BITS) != 0 || !areTypes(value, 1, MTRR_TYPES)) return false;
      cpu.mtrrDefType = value;
      return true;
    case IA32_TSC_DEADLINE:
      writeTscDeadline(cpu, value);
      return true;
    case IA32_XSS: // no supervisor state component exists
      return hasFeature(cpu, Feature.XSAVES) && value == 0;
    default:
      return false;
  }
}

function writeLong(cpu: Cpu, msr: u32, value: u64): bool {
  switch (msr) {
    case IA32_EFER:
      return writeEfer(cpu, value);
    case IA32_STAR:
      cpu.star = value;
      return true;
    case IA32_FMASK:
      if (value >> 32 != 0) return false;
      cpu.fmask = value;
      return true;
    case IA32_TSC_AUX:
      if (value >> 32 != 0) return false;
      cpu.tscAux = value;
      return true;
    default:
      break;
  }
  if (!isCanonical(value)) return false;
  switch (msr) {
    case IA32_LSTAR:
      cpu.lstar = value;
      return true;
    case IA32_CSTAR:
      cpu.cstar = value;
      return true;
    case IA32_FS_BASE:
      setSegBase(cpu, SEG_FS, value);
      return true;
    case IA32_GS_BASE:
      setSegBase(cpu, SEG_GS, value);
      return true;
    case IA32_KERNEL_GS_BASE:
      cpu.kernelGsBase = value;
      return true;
    default:
      return false;
  }
}
