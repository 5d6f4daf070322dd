/**
 * VMCALL as a guest of KVM makes it (Documentation/virt/kvm/x86/hypercalls.rst of Linux): the number in RAX,
 * operands in RBX RCX RDX RSI, the result in RAX; 32 bits of each outside 64-bit mode.
 *
 * Answered is SEND_IPI, which CPUID offers (KVM_FEATURE_PV_SEND_IPI): one call for all receivers. Others get
 * -ENOSYS, and -EPERM below privilege level 0, as from KVM. VMMCALL, AMD's form, is not there.
 */
import { is64 } from "../cpu/modes";
import { Cpu } from "../cpu/state";
import { sendPvIpi } from "../irqchip/lapic-ipi";
import { EXEC_NEXT } from "./exec";

const KVM_HC_SEND_IPI: u64 = 10;

const KVM_EPERM: i64 = -1;
const KVM_EINVAL: i64 = -22;
const KVM_ENOSYS: i64 = -1000;

/** ICR bits a receiver map makes meaningless: destination mode and shorthand. */
const ICR_DESTINATION: u32 = (1 << 11) | (3 << 18);

/** The map of receivers, RBX then RCX, begins at APIC ID RDX; RSI is an ICR. The number of receivers. */
function sendIpi(cpu: Cpu, wide: bool): i64 {
  const icr = <u32>cpu.rsi;
  if ((icr & ICR_DESTINATION) != 0) return KVM_EINVAL;
  const width: u32 = wide ? 64 : 32;
  const mask: u64 = wide ? ~0 : 0xffff_ffff;
  const first = <u32>cpu.rdx;
  // vCPU numbers are APIC IDs and end at 31: bit i of `ids` is receiver i.
  let ids: u32 = 0;
  for (let id: u32 = first; id < 32 && id - first < 2 * width; id++) {
    const at = id - first;
    const map = (at < width ? cpu.rbx : cpu.rcx) & mask;
    if (((map >> <u64>(at & (width - 1))) & 1) != 0) ids |= 1 << id;
  }
  return <i64>sendPvIpi(ids, icr);
}

export function execVmcall(cpu: Cpu): u32 {
  const wide = is64(cpu);
  const nr = wide ? cpu.rax : cpu.rax & 0xffff_ffff;
  let result: i64;
  if (cpu.cpl != 0) result = KVM_EPERM;
  else if (nr == KVM_HC_SEND_IPI) result = sendIpi(cpu, wide);
  else result = KVM_ENOSYS;
  cpu.rax = wide ? <u64>result : <u64>result & 0xffff_ffff;
  return EXEC_NEXT;
}
