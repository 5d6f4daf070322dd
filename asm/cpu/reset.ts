/**
 * The state of a processor after RESET, INIT and start-up IPI (SDM vol. 3 9.1, table 9-1; 8.4.3 for the
 * wake-up of application processors).
 *
 * RESET: everything. INIT keeps the x87, MMX, SSE and extended state, CR0.CD and CR0.NW, the TSC, the
 * MTRRs and every other MSR except IA32_EFER; the bootstrap processor then starts at the reset vector, the
 * others wait for a SIPI (Cpu.halted = 2). What belongs to the host stays in both: id, CPU model and
 * features, clock samples, block cache.
 *
 * CS after reset is read-write data by its access rights: real mode does not look at the type.
 */
import { resetFpu } from "../exec/fpu-state";
import { lapicReset } from "../irqchip/index";
import { PENDING_INIT, PENDING_NMI, PENDING_SIPI, PENDING_SMI, VCPU_XMM } from "../layout";
import { flushAll } from "../mmu/tlb";
import { CPUID_SIGNATURE } from "./cpuid";
import { CR0_CD, CR0_ET, CR0_NW, updateModes } from "./modes";
import { setRflags } from "./rflags";
import {
  Cpu,
  SEG_CS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  SEG_LDTR,
  SEG_TR,
  setReg,
  setSegAttr,
  setSegBase,
  setSegLimit,
  setSegSel,
} from "./state";

const DR6_RESET: u64 = 0xffff_0ff0;
const DR7_RESET: u64 = 0x400;
/** WB, WT, UC-, UC, twice. */
const PAT_RESET: u64 = 0x0007_0406_0007_0406;
const APIC_BASE: u64 = 0xfee0_0000;
const APIC_BASE_ENABLE: u64 = 1 << 11;
const APIC_BASE_BSP: u64 = 1 << 8;
const MXCSR_RESET: u32 = 0x1f80;

function resetSegment(cpu: Cpu, seg: u32, selector: u32, base: u64, attr: u32): void {
  setSegSel(cpu, seg, selector);
  setSegBase(cpu, seg, base);
  setSegLimit(cpu, seg, 0xffff);
  setSegAttr(cpu, seg, attr);
}

/** What RESET and INIT have in common. */
function resetCommon(cpu: Cpu): void {
  for (let i: u32 = 0; i < 16; i++) setReg(cpu, i, 0);
  cpu.rdx = CPUID_SIGNATURE;
  setRflags(cpu, 0);
  for (let seg: u32 = 0; seg <= SEG_GS; seg++) resetSegment(cpu, seg, 0, 0, 0x93);
  resetSegment(cpu, SEG_CS, 0xf000, 0xffff_0000, 0x93);
  resetSegment(cpu, SEG_LDTR, 0, 0, 0x82);
  resetSegment(cpu, SEG_TR, 0, 0, 0x8b);
  resetSegment(cpu, SEG_GDTR, 0, 0, 0);
  resetSegment(cpu, SEG_IDTR, 0, 0, 0);
  cpu.zero = 0;
  cpu.rip = 0xfff0;
  cpu.nextRip = 0xfff0;
  cpu.cpl = 0;
  cpu.cr0 = CR0_ET | (cpu.cr0 & (CR0_CD | CR0_NW));
  cpu.cr2 = 0;
  cpu.cr3 = 0;
  cpu.cr4 = 0;
  cpu.cr8 = 0;
  cpu.efer = 0;
  cpu.dr0 = 0;
  cpu.dr1 = 0;
  cpu.dr2 = 0;
  cpu.dr3 = 0;
  cpu.dr6 = DR6_RESET;
  cpu.dr7 = DR7_RESET;
  cpu.fault = 0;
  cpu.watch = 0;
  cpu.effectsHeld = 0;
  cpu.debugHit = 0;
  cpu.shadow = 0;
  cpu.nmiBlocked = 0;
  cpu.hasRunUser = 0;
  lapicReset(cpu);
  cpu.halted = (cpu.apicBase & APIC_BASE_BSP) != 0 ? 0 : 2;
  flushAll(cpu);
  updateModes(cpu);
}

/** RESET: power-on, triple fault, port CF9h. */
export function resetCpu(cpu: Cpu): void {
  const gone = ~(PENDING_NMI | PENDING_SMI | PENDING_INIT | PENDING_SIPI);
  atomic.and<u32>(changetype<usize>(cpu), gone, offsetof<Cpu>("pending"));
  cpu.cr0 = CR0_CD | CR0_NW;
  cpu.xcr0 = 1;
  cpu.apicBase = APIC_BASE | APIC_BASE_ENABLE | (cpu.id == 0 ? APIC_BASE_BSP : 0);
  resetMsrs(cpu);
  resetFpu(cpu);
  cpu.mxcsr = MXCSR_RESET;
  memory.fill(changetype<usize>(cpu) + VCPU_XMM, 0, 16 * 64);
  resetCommon(cpu);
}

function resetMsrs(cpu: Cpu): void {
  cpu.star = 0;
  cpu.lstar = 0;
  cpu.cstar = 0;
  cpu.fmask = 0;
  cpu.kernelGsBase = 0;
  cpu.sysenterCs = 0;
  cpu.sysenterEsp = 0;
  cpu.sysenterEip = 0;
  cpu.pat = PAT_RESET;
  cpu.miscEnable = 1; // fast strings
  cpu.tscAux = 0;
  cpu.tscAdjust = 0;
  cpu.tscDeadline = 0;
  cpu.featureControl = 0;
  cpu.specCtrl = 0;
  cpu.pkru = 0;
  cpu.mtrrDefType = 0;
  const base = changetype<usize>(cpu);
  memory.fill(base + offsetof<Cpu>("mtrrFixed"), 0, 11 * 8);
  memory.fill(base + offsetof<Cpu>("mtrrVar"), 0, 16 * 8);
}

/** INIT: from an IPI, or port 92h and the keyboard controller on machines that wire them so. */
export function initCpu(cpu: Cpu): void {
  resetCommon(cpu);
}

/** Start-up IPI: real mode at vector × 4 KiB; ignored unless the processor waits for it. */
export function startupIpi(cpu: Cpu, vector: u32): void {
  if (cpu.halted != 2) return;
  resetSegment(cpu, SEG_CS, vector << 8, <u64>(vector << 12), 0x93);
  cpu.rip = 0;
  cpu.nextRip = 0;
  cpu.halted = 0;
  updateModes(cpu);
}
