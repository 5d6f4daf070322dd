/**
 * Decimal adjustment (SDM vol. 2: DAA DAS AAA AAS). They work on AL or AX and the flags; invalid in 64-bit
 * mode, which the decoder sees to. What the manual leaves undefined follows Intel processors, as measured:
 * OF becomes 0, and AAA and AAS set SF, ZF and PF by AL.
 */
import { getArith, RFLAGS_AF, RFLAGS_CF, setArith, szp } from "../cpu/rflags";
import { Cpu } from "../cpu/state";

function putAL(cpu: Cpu, al: u32): void {
  cpu.rax = (cpu.rax & ~0xff) | <u64>(al & 0xff);
}

function needsAdjust(al: u32, flags: u32): bool {
  return (al & 15) > 9 || (flags & RFLAGS_AF) != 0;
}

export function daa(cpu: Cpu): void {
  const flags = getArith(cpu);
  const old = <u32>cpu.rax & 0xff;
  let al = old;
  let out: u32 = 0;
  if (needsAdjust(old, flags)) {
    al += 6;
    out = RFLAGS_AF;
  }
  if (old > 0x99 || (flags & RFLAGS_CF) != 0) {
    al += 0x60;
    out |= RFLAGS_CF;
  }
  al &= 0xff;
  putAL(cpu, al);
  setArith(cpu, out | szp(al, 0));
}

export function das(cpu: Cpu): void {
  const flags = getArith(cpu);
  const old = <u32>cpu.rax & 0xff;
  let al = old;
  let out: u32 = 0;
  if (needsAdjust(old, flags)) {
    // Unlike DAA, the borrow of this step alone is enough to set CF.
    if (old < 6) out = RFLAGS_CF;
    al -= 6;
    out |= RFLAGS_AF;
  }
  if (old > 0x99 || (flags & RFLAGS_CF) != 0) {
    al -= 0x60;
    out |= RFLAGS_CF;
  }
  al &= 0xff;
  putAL(cpu, al);
  setArith(cpu, out | szp(al, 0));
}

function ascii(cpu: Cpu, delta: u32): void {
  let ax = <u32>cpu.rax & 0xffff;
  let out: u32 = 0;
  if (needsAdjust(ax, getArith(cpu))) {
    ax += delta;
    out = RFLAGS_AF | RFLAGS_CF;
  }
  ax &= 0xff0f;
  cpu.rax = (cpu.rax & ~0xffff) | <u64>ax;
  setArith(cpu, out | szp(ax & 15, 0));
}

export function aaa(cpu: Cpu): void {
  ascii(cpu, 0x106);
}
export function aas(cpu: Cpu): void {
  ascii(cpu, <u32>-0x106);
}
