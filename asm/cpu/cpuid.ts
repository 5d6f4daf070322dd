/**
 * CPUID (SDM vol. 2, CPUID) for the -cpu models x86-64-v2 (default), x86-64-v3 and max. One table says which
 * feature has which bit; Cpu.features, which decoding obeys, is made from it too, so the two cannot disagree.
 *
 * Signature and leaves are of a GenuineIntel family 6 model 2Ch, a model that no table of vulnerabilities
 * names with more than ARCH_CAPABILITIES denies; vendor=AuthenticAMD changes the name and the fast system calls,
 * nothing else. Time is stated three times, so that nobody calibrates:
 * leaf 15h (Linux takes TSC and local APIC timer from it), leaf 16h, and the hypervisor leaf 40000010h
 * (FreeBSD, illumos, OVMF). The hypervisor signs as KVM with two paravirtual features, "I/O delays are not
 * needed" and IPIs by hypercall; Linux reads 40000010h only from ACRN, and a VMware signature promises a backdoor port.
 *
 * Not offered: MONITOR, performance counters, thermal control, SMX, VMX, 5-level paging.
 */

import { Feature } from "../decode/ops";
import { isApicEnabled } from "../irqchip/lapic";
import { machine } from "../machine";
import { CR4_OSXSAVE, CR4_PKE } from "./modes";
import { Cpu } from "./state";
import { CRYSTAL_RATIO } from "./time";
import {
  XCOMP_COMPACTED,
  XSAVE_AVX,
  XSAVE_AVX_BYTES,
  XSAVE_PKRU,
  XSAVE_PKRU_BYTES,
  XSTATE_AVX,
  XSTATE_PKRU,
  XSTATE_SSE,
  XSTATE_X87,
  xsaveLength,
} from "./xstate";

export const CPU_MODEL_V2: u32 = 0;
export const CPU_MODEL_V3: u32 = 1;
export const CPU_MODEL_MAX: u32 = 2;
/** Added to a model: the vendor is AMD. */
export const CPU_VENDOR_AMD: u32 = 0x100;

/** Leaf 1 EAX, and EDX after RESET: family 6, model 2Ch, stepping 1. */
export const CPUID_SIGNATURE: u32 = 0x0002_06c1;

const MAX_BASIC: u32 = 0x16;
const MAX_HYPERVISOR: u32 = 0x4000_0010;
const MAX_EXTENDED: u32 = 0x8000_0008;

/** Registers that hold feature bits. */
const L1_ECX: u32 = 0 << 8;
const L1_EDX: u32 = 1 << 8;
const L7_EBX: u32 = 2 << 8;
const L7_ECX: u32 = 3 << 8;
const L7_EDX: u32 = 4 << 8;
const LD_EAX: u32 = 5 << 8; // leaf 0Dh, sub-leaf 1
const X1_ECX: u32 = 6 << 8; // leaf 80000001h
const X1_EDX: u32 = 7 << 8;
const L72_EDX: u32 = 8 << 8; // leaf 7, sub-leaf 2

/** Least model that offers the row. */
const V3: u32 = CPU_MODEL_V3 << 20;
const MAX: u32 = CPU_MODEL_MAX << 20;

/** A row: Feature (BASE where nothing else depends on it) | register | bit << 12 | least model. */
const BIT: u32 = 1 << 12;

// biome-ignore format: one feature per line, in the order of the manual
const FEATURES: StaticArray<u32> = [
  Feature.SSE3 | L1_ECX | 0 * BIT,
  Feature.PCLMULQDQ | L1_ECX | 1 * BIT | MAX,
  Feature.SSSE3 | L1_ECX | 9 * BIT,
  Feature.FMA | L1_ECX | 12 * BIT | V3,
  Feature.CX16 | L1_ECX | 13 * BIT,
  Feature.BASE | L1_ECX | 17 * BIT, // PCID
  Feature.SSE41 | L1_ECX | 19 * BIT,
  Feature.SSE42 | L1_ECX | 20 * BIT,
  Feature.CRC32 | L1_ECX | 20 * BIT,
  Feature.BASE | L1_ECX | 21 * BIT, // x2APIC
  Feature.MOVBE | L1_ECX | 22 * BIT | V3,
  Feature.POPCNT | L1_ECX | 23 * BIT,
  Feature.BASE | L1_ECX | 24 * BIT, // TSC deadline
  Feature.AES | L1_ECX | 25 * BIT | MAX,
  Feature.XSAVE | L1_ECX | 26 * BIT,
  Feature.AVX | L1_ECX | 28 * BIT | V3,
  Feature.F16C | L1_ECX | 29 * BIT | V3,
  Feature.RDRAND | L1_ECX | 30 * BIT,
  Feature.BASE | L1_ECX | 31 * BIT, // hypervisor
  Feature.X87 | L1_EDX | 0 * BIT,
  Feature.BASE | L1_EDX | 1 * BIT, // VME
  Feature.BASE | L1_EDX | 2 * BIT, // DE
  Feature.BASE | L1_EDX | 3 * BIT, // PSE
  Feature.BASE | L1_EDX | 4 * BIT, // TSC
  Feature.BASE | L1_EDX | 5 * BIT, // MSR
  Feature.BASE | L1_EDX | 6 * BIT, // PAE
  Feature.BASE | L1_EDX | 7 * BIT, // MCE
  Feature.CMPXCHG8B | L1_EDX | 8 * BIT,
  Feature.BASE | L1_EDX | 11 * BIT, // SEP
  Feature.BASE | L1_EDX | 12 * BIT, // MTRR
  Feature.BASE | L1_EDX | 13 * BIT, // PGE
  Feature.BASE | L1_EDX | 14 * BIT, // MCA
  Feature.BASE | L1_EDX | 15 * BIT, // CMOV
  Feature.BASE | L1_EDX | 16 * BIT, // PAT
  Feature.BASE | L1_EDX | 17 * BIT, // PSE-36
  Feature.BASE | L1_EDX | 19 * BIT, // CLFSH
  Feature.MMX | L1_EDX | 23 * BIT,
  Feature.BASE | L1_EDX | 24 * BIT, // FXSR
  Feature.SSE | L1_EDX | 25 * BIT,
  Feature.SSE2 | L1_EDX | 26 * BIT,
  Feature.BASE | L1_EDX | 27 * BIT, // self snoop
  Feature.FSGSBASE | L7_EBX | 0 * BIT,
  Feature.BASE | L7_EBX | 1 * BIT, // TSC_ADJUST
  Feature.BMI1 | L7_EBX | 3 * BIT | V3,
  Feature.AVX2 | L7_EBX | 5 * BIT | V3,
  Feature.BASE | L7_EBX | 6 * BIT, // FDP is written on unmasked x87 exceptions only
  Feature.BASE | L7_EBX | 7 * BIT, // SMEP
  Feature.BMI2 | L7_EBX | 8 * BIT | V3,
  Feature.BASE | L7_EBX | 9 * BIT, // ERMS
  Feature.INVPCID | L7_EBX | 10 * BIT,
  Feature.BASE | L7_EBX | 13 * BIT, // FCS and FDS are zero
  Feature.RDSEED | L7_EBX | 18 * BIT,
  Feature.ADX | L7_EBX | 19 * BIT | MAX,
  Feature.SMAP | L7_EBX | 20 * BIT,
  Feature.CLFLUSHOPT | L7_EBX | 23 * BIT,
  Feature.CLWB | L7_EBX | 24 * BIT | MAX,
  Feature.SHA | L7_EBX | 29 * BIT | MAX,
  Feature.BASE | L7_ECX | 2 * BIT, // UMIP
  Feature.PKU | L7_ECX | 3 * BIT | MAX,
  Feature.RDPID | L7_ECX | 22 * BIT,
  Feature.BASE | L7_EDX | 4 * BIT, // FSRM
  Feature.BASE | L7_EDX | 26 * BIT, // IBRS and IBPB: SPEC_CTRL, PRED_CMD
  Feature.BASE | L7_EDX | 27 * BIT, // STIBP
  Feature.BASE | L7_EDX | 29 * BIT, // ARCH_CAPABILITIES
  Feature.BASE | L72_EDX | 4 * BIT, // BHI_CTRL: Linux else clears branch history at every system call
  Feature.BASE | L72_EDX | 5 * BIT, // MCDT_NO
  Feature.XSAVEOPT | LD_EAX | 0 * BIT,
  Feature.XSAVEC | LD_EAX | 1 * BIT | MAX,
  Feature.XSAVEC | LD_EAX | 2 * BIT | MAX, // XGETBV of XINUSE
  Feature.XSAVES | LD_EAX | 3 * BIT | MAX,
  Feature.BASE | X1_ECX | 0 * BIT, // LAHF in 64-bit mode
  Feature.LZCNT | X1_ECX | 5 * BIT | V3,
  Feature.BASE | X1_ECX | 8 * BIT, // PREFETCHW
  Feature.SYSCALL | X1_EDX | 11 * BIT,
  Feature.BASE | X1_EDX | 20 * BIT, // NX
  Feature.BASE | X1_EDX | 26 * BIT, // 1 GiB pages
  Feature.RDTSCP | X1_EDX | 27 * BIT,
  Feature.BASE | X1_EDX | 29 * BIT, // long mode
];

/** Bits that follow the processor's state. */
const L1_ECX_OSXSAVE: u32 = 1 << 27;
const L1_EDX_APIC: u32 = 1 << 9;
const L1_EDX_HTT: u32 = 1 << 28;
const L7_ECX_OSPKE: u32 = 1 << 4;

const INVARIANT_TSC: u32 = 1 << 8;
const PHYSICAL_BITS: u32 = 40;
const LINEAR_BITS: u32 = 48;
const KVM_FEATURE_NOP_IO_DELAY: u32 = 1 << 1;
const KVM_FEATURE_PV_SEND_IPI: u32 = 1 << 11;

/** Result of cpuid(): written to registers by the instruction. */
@unmanaged
export class CpuidResult {
  eax: u32;
  ebx: u32;
  ecx: u32;
  edx: u32;
}

/** Chooses model and vendor, before the processor is reset. */
export function initCpuid(cpu: Cpu, choice: u32): void {
  const model = choice & ~CPU_VENDOR_AMD;
  cpu.cpuModel = model;
  let features: u64 = (choice & CPU_VENDOR_AMD) != 0 ? (<u64>1) << Feature.AMD : 0;
  for (let i = 0; i < FEATURES.length; i++) {
    const row = unchecked(FEATURES[i]);
    if (row >> 20 <= model) features |= (<u64>1) << (<u64>(row & 0xff));
  }
  cpu.features = features | (1 << Feature.BASE);
}

export function hasFeature(cpu: Cpu, feature: u32): bool {
  return ((cpu.features >> <u64>feature) & 1) != 0;
}

/** XCR0 bits that XSETBV may set. */
export function xcr0Supported(cpu: Cpu): u64 {
  if (!hasFeature(cpu, Feature.XSAVE)) return 0;
  return (
    XSTATE_X87 |
    XSTATE_SSE |
    (hasFeature(cpu, Feature.AVX) ? XSTATE_AVX : 0) |
    (hasFeature(cpu, Feature.PKU) ? XSTATE_PKRU : 0)
  );
}

/** The feature bits of one register. */
function featureBits(cpu: Cpu, register: u32): u32 {
  let bits: u32 = 0;
  for (let i = 0; i < FEATURES.length; i++) {
    const row = unchecked(FEATURES[i]);
    if ((row & 0xf00) != register || row >> 20 > cpu.cpuModel) continue;
    if (hasFeature(cpu, row & 0xff)) bits |= 1 << ((row >> 12) & 31);
  }
  return bits;
}

function set(out: CpuidResult, eax: u32, ebx: u32, ecx: u32, edx: u32): void {
  out.eax = eax;
  out.ebx = ebx;
  out.ecx = ecx;
  out.edx = edx;
}

/** Four characters of `text` from `at`, the first in the low byte. */
function fourOf(text: string, at: u32): u32 {
  let word: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (at + i < <u32>text.length) word |= (<u32>text.charCodeAt(at + i)) << (i << 3);
  }
  return word;
}

const VENDOR_INTEL: string = "GenuineIntel";
const VENDOR_AMD: string = "AuthenticAMD";
const HYPERVISOR: string = "KVMKVMKVM";
const BRAND_V2: string = "Longmode x86-64-v2 processor";
const BRAND_V3: string = "Longmode x86-64-v3 processor";
const BRAND_MAX: string = "Longmode x86-64 processor";

/** Bits an APIC ID needs below the package. */
function idShift(): u32 {
  const count = machine().vcpuCount;
  return count <= 1 ? 0 : 32 - clz<u32>(count - 1);
}

function leaf1(cpu: Cpu, out: CpuidResult): void {
  const count = machine().vcpuCount;
  let ecx = featureBits(cpu, L1_ECX);
  if ((cpu.cr4 & CR4_OSXSAVE) != 0) ecx |= L1_ECX_OSXSAVE;
  let edx = featureBits(cpu, L1_EDX);
  if (isApicEnabled(cpu)) edx |= L1_EDX_APIC;
  if (count > 1) edx |= L1_EDX_HTT;
  const ebx = (cpu.id << 24) | (count << 16) | ((64 / 8) << 8);
  set(out, CPUID_SIGNATURE, ebx, ecx, edx);
}

/** Deterministic cache parameters; the sizes are those of a small core and say nothing about the host. */
function leaf4(out: CpuidResult, index: u32): void {
  const count = machine().vcpuCount;
  const cores = ((1 << idShift()) - 1) << 26;
  const shared = ((1 << idShift()) - 1) << 14;
  const line: u32 = 63; // 64 bytes, one partition
  const eightWays: u32 = 7 << 22;
  switch (count == 0 ? 4 : index) {
    case 0: // L1 data, 32 KiB
      set(out, 0x121 | cores, eightWays | line, 63, 0);
      break;
    case 1: // L1 instruction, 32 KiB
      set(out, 0x122 | cores, eightWays | line, 63, 0);
      break;
    case 2: // L2, 256 KiB
      set(out, 0x143 | cores, eightWays | line, 511, 0);
      break;
    case 3: // L3, 8 MiB, shared, inclusive
      set(out, 0x163 | cores | shared, (15 << 22) | line, 8191, 2);
      break;
    default:
      set(out, 0, 0, 0, 0);
  }
}

function leaf7(cpu: Cpu, out: CpuidResult, index: u32): void {
  if (index == 0) {
    let ecx = featureBits(cpu, L7_ECX);
    if ((cpu.cr4 & CR4_PKE) != 0) ecx |= L7_ECX_OSPKE;
    set(out, 2, featureBits(cpu, L7_EBX), ecx, featureBits(cpu, L7_EDX));
  } else {
    set(out, 0, 0, 0, index == 2 ? featureBits(cpu, L72_EDX) : 0);
  }
}

/** x2APIC topology: one thread to a core, all cores in one package. */
function leafB(cpu: Cpu, out: CpuidResult, index: u32): void {
  switch (index) {
    case 0:
      set(out, 0, 1, 0x100, cpu.id);
      break;
    case 1:
      set(out, idShift(), machine().vcpuCount, 0x201, cpu.id);
      break;
    default:
      set(out, 0, 0, index & 0xff, cpu.id);
  }
}

/** Size and place of the state components, for what XCR0 enables now and for all there are. */
function leafD(cpu: Cpu, out: CpuidResult, index: u32): void {
  const supported = xcr0Supported(cpu);
  set(out, 0, 0, 0, 0);
  if (supported == 0) return;
  if (index == 0) {
    set(out, <u32>supported, xsaveLength(cpu.xcr0, 0), xsaveLength(supported, 0), 0);
  } else if (index == 1) {
    const isCompacted = hasFeature(cpu, Feature.XSAVEC);
    const bytes = isCompacted ? xsaveLength(cpu.xcr0, XCOMP_COMPACTED | cpu.xcr0) : 0;
    set(out, featureBits(cpu, LD_EAX), bytes, 0, 0);
  } else if (index == 2 && (supported & XSTATE_AVX) != 0) {
    set(out, XSAVE_AVX_BYTES, XSAVE_AVX, 0, 0);
  } else if (index == 9 && (supported & XSTATE_PKRU) != 0) {
    set(out, XSAVE_PKRU_BYTES, XSAVE_PKRU, 0, 0);
  }
}

function setVendor(out: CpuidResult, eax: u32, vendor: string): void {
  set(out, eax, fourOf(vendor, 0), fourOf(vendor, 8), fourOf(vendor, 4));
}

function basic(cpu: Cpu, out: CpuidResult, leaf: u32, index: u32): void {
  const khz = machine().tscKhz;
  switch (leaf) {
    case 0x00:
      setVendor(out, MAX_BASIC, hasFeature(cpu, Feature.AMD) ? VENDOR_AMD : VENDOR_INTEL);
      break;
    case 0x01:
      leaf1(cpu, out);
      break;
    case 0x02: // 64-byte prefetch, TLBs of 4 KiB pages, caches in leaf 4
      set(out, 0x03b5_ff01, 0xf0, 0, 0);
      break;
    case 0x04:
      leaf4(out, index);
      break;
    case 0x06: // ARAT: the APIC timer never stops
      set(out, 4, 0, 0, 0);
      break;
    case 0x07:
      leaf7(cpu, out, index);
      break;
    case 0x0b:
      leafB(cpu, out, index);
      break;
    case 0x0d:
      leafD(cpu, out, index);
      break;
    case 0x15: // TSC = crystal × EBX / EAX, crystal in Hz in ECX
      set(out, 1, CRYSTAL_RATIO, khz * (1000 / CRYSTAL_RATIO), 0);
      break;
    case 0x16:
      set(out, khz / 1000, khz / 1000, khz / (1000 * CRYSTAL_RATIO), 0);
      break;
    default:
      set(out, 0, 0, 0, 0);
  }
}

function hypervisor(out: CpuidResult, leaf: u32): void {
  const khz = machine().tscKhz;
  switch (leaf & 0xff) {
    case 0x00:
      set(out, MAX_HYPERVISOR, fourOf(HYPERVISOR, 0), fourOf(HYPERVISOR, 4), fourOf(HYPERVISOR, 8));
      break;
    case 0x01:
      set(out, KVM_FEATURE_NOP_IO_DELAY | KVM_FEATURE_PV_SEND_IPI, 0, 0, 0);
      break;
    case 0x10: // TSC and local APIC timer in kHz
      set(out, khz, khz / CRYSTAL_RATIO, 0, 0);
      break;
    default:
      set(out, 0, 0, 0, 0);
  }
}

function extended(cpu: Cpu, out: CpuidResult, leaf: u32): void {
  switch (leaf & 0xff) {
    case 0x00:
      set(out, MAX_EXTENDED, 0, 0, 0);
      break;
    case 0x01:
      set(out, 0, 0, featureBits(cpu, X1_ECX), featureBits(cpu, X1_EDX));
      break;
    case 0x02:
    case 0x03:
    case 0x04: {
      const brand =
        cpu.cpuModel == CPU_MODEL_V2
          ? BRAND_V2
          : cpu.cpuModel == CPU_MODEL_V3
            ? BRAND_V3
            : BRAND_MAX;
      const at = ((leaf & 0xff) - 2) << 4;
      set(
        out,
        fourOf(brand, at),
        fourOf(brand, at + 4),
        fourOf(brand, at + 8),
        fourOf(brand, at + 12),
      );
      break;
    }
    case 0x06: // L2: 256 KiB, 8 ways, 64-byte lines
      set(out, 0, 0, 0x0100_6040, 0);
      break;
    case 0x07:
      set(out, 0, 0, 0, INVARIANT_TSC);
      break;
    case 0x08:
      set(out, PHYSICAL_BITS | (LINEAR_BITS << 8), 0, 0, 0);
      break;
    default:
      set(out, 0, 0, 0, 0);
  }
}

/** CPUID of `leaf` and `index` (EAX and ECX). Leaves above a maximum answer as the highest basic leaf. */
export function cpuid(cpu: Cpu, leaf: u32, index: u32, out: CpuidResult): void {
  if (leaf >> 8 == 0x0040_0000 && leaf <= MAX_HYPERVISOR) hypervisor(out, leaf);
  else if (leaf >= 0x8000_0000 && leaf <= MAX_EXTENDED) extended(cpu, out, leaf);
  else basic(cpu, out, leaf <= MAX_BASIC ? leaf : MAX_BASIC, index);
}
