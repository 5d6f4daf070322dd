/**
 * Breakpoints of the debug registers (SDM vol. 3 17.2): which of DR0-DR3 an instruction, an access or a port
 * meets. A hit is collected in Cpu.debugHit with the bits of DR6; exec/run.ts delivers it, instruction
 * breakpoints as a fault before the instruction, all others as a trap after it.
 *
 *   DR7   1:0 3:2 5:4 7:6 enable (local, global)   19:16 23:20 27:24 31:28 R/W in the low, LEN in the high half
 *   R/W   0 instruction   1 write   2 port, with CR4.DE   3 read or write        LEN   0 1, 1 2, 2 8, 3 4 bytes
 *
 * Data breakpoints cost nothing while none is armed: pages that hold one never enter the TLB for data, so that
 * every access to them takes the slow path of mmu/access.ts, which asks here. Cpu.watch says whether one is.
 *
 * A breakpoint that is not enabled never shows in DR6 here; the manual leaves that open.
 */
import { CR4_DE, isLong } from "./modes";
import { Cpu, SEG_CS, segBase } from "./state";

export const DR6_BS: u32 = 1 << 14;

const RW_INSTRUCTION: u32 = 0;
const RW_WRITE: u32 = 1;
const RW_PORT: u32 = 2;

function isEnabled(cpu: Cpu, i: u32): bool {
  return ((cpu.dr7 >> <u64>(i << 1)) & 3) != 0;
}
/** R/W in bits 0-1, LEN in bits 2-3. */
function control(cpu: Cpu, i: u32): u32 {
  return <u32>(cpu.dr7 >> <u64>(16 + (i << 2))) & 15;
}
function address(cpu: Cpu, i: u32): u64 {
  return load<u64>(changetype<usize>(cpu) + (i << 3), offsetof<Cpu>("dr0"));
}
/** Bytes watched; the address counts without its low bits. */
function length(ctl: u32): u64 {
  switch (ctl >> 2) {
    case 0:
      return 1;
    case 1:
      return 2;
    case 2:
      return 8;
    default:
      return 4;
  }
}

function isData(ctl: u32): bool {
  return (ctl & 1) != 0;
}

/** Cpu.watch as DR7 says. True: it or what it stands for may have changed, so the TLB must forget its pages. */
export function armWatch(cpu: Cpu): bool {
  let watch: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (isEnabled(cpu, i) && isData(control(cpu, i))) watch |= 1 << i;
  }
  const changed = (watch | cpu.watch) != 0;
  cpu.watch = watch;
  return changed;
}

/** Whether a data breakpoint lies in the page of `la`. */
export function isWatchedPage(cpu: Cpu, la: u64): bool {
  for (let i: u32 = 0; i < 4; i++) {
    if (((cpu.watch >> i) & 1) != 0 && (address(cpu, i) ^ la) >> 12 == 0) return true;
  }
  return false;
}

function overlaps(cpu: Cpu, i: u32, first: u64, size: u64): bool {
  const len = length(control(cpu, i));
  const start = address(cpu, i) & ~(len - 1);
  return first < start + len && start < first + size;
}

/** An access of `size` bytes at `la` has been made. */
export function noteAccess(cpu: Cpu, la: u64, size: u32, isWrite: bool): void {
  for (let i: u32 = 0; i < 4; i++) {
    if (((cpu.watch >> i) & 1) == 0) continue;
    if (!isWrite && (control(cpu, i) & 3) == RW_WRITE) continue;
    if (overlaps(cpu, i, la, size)) cpu.debugHit |= 1 << i;
  }
}

/** An access to `size` ports from `port` has been made. */
export function notePort(cpu: Cpu, port: u32, size: u32): void {
  if ((cpu.cr4 & CR4_DE) == 0) return;
  for (let i: u32 = 0; i < 4; i++) {
    if (!isEnabled(cpu, i) || (control(cpu, i) & 3) != RW_PORT) continue;
    if (overlaps(cpu, i, port, size)) cpu.debugHit |= 1 << i;
  }
}

/** DR6 bits of the enabled instruction breakpoints at cpu.rip. */
export function instructionBreakpoints(cpu: Cpu): u32 {
  let la = segBase(cpu, SEG_CS) + cpu.rip;
  if (!isLong(cpu)) la &= 0xffff_ffff;
  let hit: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (isEnabled(cpu, i) && (control(cpu, i) & 3) == RW_INSTRUCTION && address(cpu, i) == la)
      hit |= 1 << i;
  }
  return hit;
}
