/**
 * Effective to linear address with segmentation (SDM vol. 3 5.3, 5.5; vol. 1 3.7.5): limit and type checks
 * of protected mode, plain bases of real and virtual-8086 mode, canonical form in 64-bit mode.
 */
import { raiseError, Vector } from "../cpu/fault";
import {
  ACCESS_ALIGNED,
  ATTR_DB,
  ATTR_UNUSABLE,
  MODE_CODE_MASK,
  MODE_CODE64,
  MODE_PROTECTED,
} from "../cpu/modes";
import { Cpu, reg, SEG_SS, SEG_SS64, segAttr, segBase, segLimit } from "../cpu/state";
import { INSN_ADDR32, INSN_ADDR64, Insn } from "../decode/insn";
import { isCanonical } from "./walk";

/** Effective address of the memory operand, truncated to the address size. */
export function effective(cpu: Cpu, insn: Insn): u64 {
  const ea = reg(cpu, insn.base) + (reg(cpu, insn.index) << (<u64>insn.scale)) + <u64>insn.disp;
  return ea & addressMask(insn);
}

/** All ones in the instruction's address size. */
export function addressMask(insn: Insn): u64 {
  const flags = <u32>insn.flags;
  if ((flags & INSN_ADDR64) != 0) return ~0;
  return (flags & INSN_ADDR32) != 0 ? 0xffff_ffff : 0xffff;
}

/** Linear address of the memory operand of `len` bytes; raises #GP/#SS (look at cpu.fault). */
export function operand(cpu: Cpu, insn: Insn, len: u32, isWrite: bool): u64 {
  return segLinear(cpu, insn.seg, effective(cpu, insn), len, isWrite);
}

/** Linear address of `len` bytes at `ea` in segment `seg`; raises #GP(0), or #SS(0) for the stack segment. */
export function segLinear(cpu: Cpu, seg: u32, ea: u64, len: u32, isWrite: bool): u64 {
  if ((cpu.modeKey & MODE_CODE_MASK) == MODE_CODE64) {
    const la = seg == 4 || seg == 5 ? ea + segBase(cpu, seg) : ea;
    if (isCanonical(la) && (isCanonical(la + <u64>(len - 1)) || isMisaligned(cpu, la, len)))
      return la;
    return refuse(cpu, seg);
  }
  const attr = segAttr(cpu, seg);
  const limit = segLimit(cpu, seg);
  const offset = <u32>ea;
  const last = offset + (len - 1);
  if ((cpu.modeKey & MODE_PROTECTED) != 0) {
    if ((attr & ATTR_UNUSABLE) != 0) return refuse(cpu, seg);
    const isCode = (attr & 8) != 0;
    if (isWrite ? isCode || (attr & 2) == 0 : isCode && (attr & 2) == 0) return refuse(cpu, seg);
    if (!isCode && (attr & 4) != 0) {
      // Expand-down: valid offsets lie above the limit.
      const top: u32 = (attr & ATTR_DB) != 0 ? 0xffff_ffff : 0xffff;
      if (offset <= limit || last > top || last < offset) return refuse(cpu, seg);
      return (segBase(cpu, seg) + <u64>offset) & 0xffff_ffff;
    }
  }
  // With a limit of 4 GiB an operand may wrap (SDM vol. 3 5.3 leaves it open; processors do not fault).
  if (limit != 0xffff_ffff && (last > limit || last < offset)) return refuse(cpu, seg);
  return (segBase(cpu, seg) + <u64>offset) & 0xffff_ffff;
}

/** Whether the access itself will raise #AC: that comes before what its end would raise. */
function isMisaligned(cpu: Cpu, la: u64, len: u32): bool {
  if ((<u32>cpu.tlbKey & 3) != ACCESS_ALIGNED) return false;
  return (len == 2 || len == 4 || len == 8) && (<u32>la & (len - 1)) != 0;
}

function refuse(cpu: Cpu, seg: u32): u64 {
  raiseError(cpu, seg == SEG_SS || seg == SEG_SS64 ? Vector.SS : Vector.GP, 0);
  return 0;
}
