/**
 * The architectural state of one vCPU, at the start of its block in shared memory.
 * Names are the SDM's. The general registers come first, so that a decoded instruction addresses them
 * by byte offset (AH = 1, CH = 9, ...); `zero` serves as the absent base or index register and
 * `ripBase` as the base of RIP-relative operands.
 *
 * Segment registers are parallel arrays indexed by SEG_*: `attr` holds the access rights in the
 * layout of SDM vol. 3 24.4.1 (type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15, unusable 16),
 * `limit` is in bytes. SEG_NONE has base 0 for 64-bit mode's flat segments.
 *
 * RFLAGS: CF PF AF ZF SF OF are kept lazily in ccOp/ccDst/ccSrc (cpu/rflags.ts), all others in `rflags`.
 */
import { VCPU, VCPU_FPR, VCPU_STRIDE, VCPU_XMM } from "../layout";

@unmanaged
export class Cpu {
  rax: u64;
  rcx: u64;
  rdx: u64;
  rbx: u64;
  rsp: u64;
  rbp: u64;
  rsi: u64;
  rdi: u64;
  r8: u64;
  r9: u64;
  r10: u64;
  r11: u64;
  r12: u64;
  r13: u64;
  r14: u64;
  r15: u64;
  zero: u64; // always 0
  ripBase: u64; // RIP of the first instruction of the running block
  rip: u64; // RIP of the current instruction; valid in cold handlers and outside run()
  nextRip: u64; // RIP of the following instruction; cold handlers that jump write it
  ripMask: u64; // all ones in the code size: RIP wraps there
  segBase: u64; // u64[16], by SEG_*
  segBase1: u64;
  segBase2: u64;
  segBase3: u64;
  segBase4: u64;
  segBase5: u64;
  segBase6: u64;
  segBase7: u64;
  segBase8: u64;
  segBase9: u64;
  segBase10: u64;
  segBase11: u64;
  segBase12: u64;
  segBase13: u64;
  segBase14: u64;
  segBase15: u64;
  segLimit: u64; // u32[16]
  segLimit1: u64;
  segLimit2: u64;
  segLimit3: u64;
  segLimit4: u64;
  segLimit5: u64;
  segLimit6: u64;
  segLimit7: u64;
  segAttr: u64; // u32[16]
  segAttr1: u64;
  segAttr2: u64;
  segAttr3: u64;
  segAttr4: u64;
  segAttr5: u64;
  segAttr6: u64;
  segAttr7: u64;
  segSel: u64; // u32[16]
  segSel1: u64;
  segSel2: u64;
  segSel3: u64;
  segSel4: u64;
  segSel5: u64;
  segSel6: u64;
  segSel7: u64;

  ccDst: u64; // lazy flags, see cpu/rflags.ts
  ccSrc: u64;
  ccOp: u32;
  rflags: u32; // without CF PF AF ZF SF OF; bit 1 is set

  tlbKey: u64; // low 12 bits of every TLB tag that may match now: address space number and access mode
  tlbNextAsn: u32;
  modeKey: u32; // MODE_* bits that decoding depends on, see cpu/modes.ts
  cpl: u32;
  fault: u32; // 0, or FAULT_PENDING | vector: raised by the instruction in progress
  faultError: u32; // error code to push
  faultHasError: u32;

  pending: u32; // PENDING_*; atomics only
  halted: u32; // 1 after HLT, 2 while waiting for SIPI
  shadow: u32; // SHADOW_*: what is held off for the instruction at shadowRip
  id: u32; // number of this vCPU

  cr0: u64;
  cr2: u64;
  cr3: u64;
  cr4: u64;
  cr8: u64; // mirrors the LAPIC's TPR[7:4]
  xcr0: u64;
  efer: u64;
  dr0: u64;
  dr1: u64;
  dr2: u64;
  dr3: u64;
  dr6: u64;
  dr7: u64;

  star: u64;
  lstar: u64;
  cstar: u64;
  fmask: u64;
  kernelGsBase: u64;
  sysenterCs: u64;
  sysenterEsp: u64;
  sysenterEip: u64;
  pat: u64;
  apicBase: u64;
  miscEnable: u64;
  tscAux: u64;
  tscAdjust: u64;
  tscDeadline: u64;
  featureControl: u64;
  mtrrDefType: u64;
  specCtrl: u64;
  pkru: u64;

  icount: u64; // instructions retired since start
  clockNs: f64; // guest time at the last sample
  clockIcount: u64; // icount at that sample
  nextTimerNs: f64; // earliest in-core timer deadline, or +Infinity

  fcw: u32; // x87 control word
  fsw: u32; // x87 status word; TOP is in its bits 11-13
  ftw: u32; // abridged tag word as FXSAVE has it: bit i = physical register i is not empty
  fop: u32;
  fip: u64;
  fdp: u64;
  fcs: u32;
  fds: u32;
  mxcsr: u32;
  cpuModel: u32; // CPU_MODEL_* chosen by -cpu, see cpu/cpuid.ts
  features: u64; // bit Feature.X set: offered

  sipiVector: u32;
  debugHit: u32; // DR6 bits collected by the instruction in progress
  largeUserBase: u64; // address range covered by large pages since the last flush, per half
  largeUserEnd: u64;
  largeKernelBase: u64;
  largeKernelEnd: u64;
  mtrrFixed: u64; // u64[11]
  mtrrFixed1: u64;
  mtrrFixed2: u64;
  mtrrFixed3: u64;
  mtrrFixed4: u64;
  mtrrFixed5: u64;
  mtrrFixed6: u64;
  mtrrFixed7: u64;
  mtrrFixed8: u64;
  mtrrFixed9: u64;
  mtrrFixed10: u64;
  mtrrVar: u64; // u64[16]: base, mask pairs
  mtrrVar1: u64;
  mtrrVar2: u64;
  mtrrVar3: u64;
  mtrrVar4: u64;
  mtrrVar5: u64;
  mtrrVar6: u64;
  mtrrVar7: u64;
  mtrrVar8: u64;
  mtrrVar9: u64;
  mtrrVar10: u64;
  mtrrVar11: u64;
  mtrrVar12: u64;
  mtrrVar13: u64;
  mtrrVar14: u64;
  mtrrVar15: u64;
  blocksNext: u32; // next free byte of the block arena
  blockGeneration: u32; // counts full drops of the block cache
  dmaCodeTail: u32; // how far this vCPU has read Machine's ring of written code pages
  pcidValid: u32; // bit i: pcidAsn[i] is in use (mmu/tlb.ts)
  pcidSlot: u32; // entry of the current PCID
  simdFlags: u32; // MXCSR exception bits of the SIMD float instruction in progress
  intrBlocked: u32; // 1: an interrupt waits for RFLAGS.IF or for the instruction after STI
  effectsHeld: u32; // 1: stores to the irqchip raise FAULT_EFFECT, see exec/run.ts
  pcidAsn: u64; // u32[8]: address space number << 12 | PCID
  pcidAsn1: u64;
  pcidAsn2: u64;
  pcidAsn3: u64;
  pdpte0: u64; // PAE paging: the four registers loaded with CR3 (SDM vol. 3 4.4.1)
  pdpte1: u64;
  pdpte2: u64;
  pdpte3: u64;
  walkGpa: u64; // result of the last page walk: guest physical address of the byte
  walkFlags: u32; // WALK_* of it
  walkHost: u32; // its host address, or 0 for device memory
  mcBankOff: u32; // bit i: machine-check bank i was switched off (cpu/msr.ts)
  nmiBlocked: u32; // 1 from the delivery of an NMI until the next IRET
  f80Sig: u64; // result of the last softfloat/f80.ts operation: significand
  f80Se: u32; // and sign and exponent
  x87Flags: u32; // FSW bits and others the x87 instruction in progress has raised (softfloat/f80.ts)
  shadowRip: u64; // RIP of the instruction after STI or MOV SS
  watch: u32; // bit i: DRi is an armed data breakpoint (cpu/debug.ts)
  hasRunUser: u32; // 1 once it has been at CPL 3 under paging since its reset: the host shows that programs run
  pkeysSeen: u32; // bit i: the TLB may have entries of pages with protection key i
}

export const SEG_ES: u32 = 0;
export const SEG_CS: u32 = 1;
export const SEG_SS: u32 = 2;
export const SEG_DS: u32 = 3;
export const SEG_FS: u32 = 4;
export const SEG_GS: u32 = 5;
export const SEG_NONE: u32 = 6;
export const SEG_LDTR: u32 = 7;
export const SEG_TR: u32 = 8;
export const SEG_GDTR: u32 = 9;
export const SEG_IDTR: u32 = 10;
export const SEG_SS64: u32 = 11; // stack operand in 64-bit mode: base 0, but a bad address is #SS

export const FAULT_PENDING: u32 = 0x100;
/** Cpu.fault of a store that has to be the last thing in its block: nothing is raised (exec/run.ts). */
export const FAULT_EFFECT: u32 = 0x200;

/** What STI, and MOV SS or POP SS, hold off for one instruction: interrupts; NMIs and debug traps as well. */
export const SHADOW_STI: u32 = 1;
export const SHADOW_SS: u32 = 2;

/** The next instruction runs before what `shadow` (SHADOW_*) stands for may come. */
export function holdOff(cpu: Cpu, shadow: u32): void {
  cpu.shadow = shadow;
  cpu.shadowRip = cpu.nextRip;
}

/** SHADOW_* that holds for the instruction at cpu.rip. It ends with that instruction, whoever notices. */
export function shadowNow(cpu: Cpu): u32 {
  return cpu.rip == cpu.shadowRip ? cpu.shadow : 0;
}

/** State of vCPU `index`. */
export function cpuAt(index: u32): Cpu {
  return changetype<Cpu>((VCPU + index * VCPU_STRIDE) as usize);
}

export function reg(cpu: Cpu, index: u32): u64 {
  return load<u64>(changetype<usize>(cpu) + (index << 3));
}
export function setReg(cpu: Cpu, index: u32, value: u64): void {
  store<u64>(changetype<usize>(cpu) + (index << 3), value);
}

export function segBase(cpu: Cpu, seg: u32): u64 {
  return load<u64>(changetype<usize>(cpu) + (seg << 3), offsetof<Cpu>("segBase"));
}
export function setSegBase(cpu: Cpu, seg: u32, value: u64): void {
  store<u64>(changetype<usize>(cpu) + (seg << 3), value, offsetof<Cpu>("segBase"));
}
export function segLimit(cpu: Cpu, seg: u32): u32 {
  return load<u32>(changetype<usize>(cpu) + (seg << 2), offsetof<Cpu>("segLimit"));
}
export function setSegLimit(cpu: Cpu, seg: u32, value: u32): void {
  store<u32>(changetype<usize>(cpu) + (seg << 2), value, offsetof<Cpu>("segLimit"));
}
export function segAttr(cpu: Cpu, seg: u32): u32 {
  return load<u32>(changetype<usize>(cpu) + (seg << 2), offsetof<Cpu>("segAttr"));
}
export function setSegAttr(cpu: Cpu, seg: u32, value: u32): void {
  store<u32>(changetype<usize>(cpu) + (seg << 2), value, offsetof<Cpu>("segAttr"));
}
export function segSel(cpu: Cpu, seg: u32): u32 {
  return load<u32>(changetype<usize>(cpu) + (seg << 2), offsetof<Cpu>("segSel"));
}
export function setSegSel(cpu: Cpu, seg: u32, value: u32): void {
  store<u32>(changetype<usize>(cpu) + (seg << 2), value, offsetof<Cpu>("segSel"));
}

/** Address of XMM register `index` in this memory. */
export function xmm(cpu: Cpu, index: u32): usize {
  return changetype<usize>(cpu) + VCPU_XMM + (index << 6);
}

/** Address of physical x87 register `index`: u64 significand, then u16 sign and exponent. */
export function fpr(cpu: Cpu, index: u32): usize {
  return changetype<usize>(cpu) + VCPU_FPR + (index << 4);
}
