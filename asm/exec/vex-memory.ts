/**
 * Vector instructions that access memory element by element under a mask (SDM vol. 2, VMASKMOV, VPMASKMOV,
 * VGATHERDPD ... VPGATHERQQ). An element that is not chosen is not accessed and cannot fault.
 *
 * Masked stores check all elements before the first is written. Where an operand crosses into a page that cannot
 * be written, processors leave other addresses of it in CR2 than that of the first such element. A gather writes
 * each element and clears its mask as it goes, in ascending order, so that it can be restarted after a fault.
 */
import { RFLAGS_RF, RFLAGS_TF } from "../cpu/rflags";
import { Cpu, reg, xmm } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Vex } from "../decode/ops-vex";
import { ld32, ld64, probe, st32, st64 } from "../mmu/access";
import { addressMask, effective, segLinear } from "../mmu/address";
import { EXEC_JUMP, EXEC_NEXT } from "./exec";
import { scratch, second, Ymm } from "./vex-operand";

/** Whether the top bit of the element of `size` bytes at `at` is set. */
function isChosen(at: usize, size: u32): bool {
  return (load<u8>(at + size - 1) & 0x80) != 0;
}

export function execMaskedMove(cpu: Cpu, insn: Insn, op: u32): u32 {
  const isDouble =
    op == Vex.VMASKMOVPD ||
    op == Vex.VMASKMOVPD_STORE ||
    op == Vex.VPMASKMOVQ ||
    op == Vex.VPMASKMOVQ_STORE;
  const isStore =
    op == Vex.VMASKMOVPS_STORE ||
    op == Vex.VMASKMOVPD_STORE ||
    op == Vex.VPMASKMOVD_STORE ||
    op == Vex.VPMASKMOVQ_STORE;
  const size: u32 = isDouble ? 8 : 4;
  return isStore ? maskedStore(cpu, insn, size) : maskedLoad(cpu, insn, size);
}

/** Linear address of the element at offset `at` of the memory operand. It does not wrap at the address size. */
function elementAddress(cpu: Cpu, insn: Insn, at: u32, size: u32, isWrite: bool): u64 {
  return segLinear(cpu, insn.seg, effective(cpu, insn) + <u64>at, size, isWrite);
}

/** The segment's checks of all elements: they come before any page is looked at. */
function mayAccess(cpu: Cpu, insn: Insn, mask: usize, size: u32, isWrite: bool): bool {
  for (let at: u32 = 0; at < insn.osz; at += size) {
    if (!isChosen(mask + at, size)) continue;
    elementAddress(cpu, insn, at, size, isWrite);
    if (cpu.fault != 0) return false;
  }
  return true;
}

function maskedLoad(cpu: Cpu, insn: Insn, size: u32): u32 {
  const mask = xmm(cpu, second(insn));
  if (!mayAccess(cpu, insn, mask, size, false)) return 0;
  const result = scratch(cpu);
  v128.store(result, i64x2.splat(0));
  v128.store(result, i64x2.splat(0), 16);
  for (let at: u32 = 0; at < insn.osz; at += size) {
    if (!isChosen(mask + at, size)) continue;
    const la = elementAddress(cpu, insn, at, size, false);
    if (size == 8) store<u64>(result + at, ld64(cpu, la));
    else store<u32>(result + at, ld32(cpu, la));
    if (cpu.fault != 0) return 0;
  }
  Ymm.set(cpu, insn.r, v128.load(result), v128.load(result, 16));
  return 0;
}

function maskedStore(cpu: Cpu, insn: Insn, size: u32): u32 {
  const mask = xmm(cpu, second(insn));
  const values = xmm(cpu, insn.r);
  if (!mayAccess(cpu, insn, mask, size, true)) return 0;
  for (let at: u32 = 0; at < insn.osz; at += size) {
    if (!isChosen(mask + at, size)) continue;
    const la = elementAddress(cpu, insn, at, size, true);
    if (!probe(cpu, la, size, true)) return 0;
  }
  for (let at: u32 = 0; at < insn.osz; at += size) {
    if (!isChosen(mask + at, size)) continue;
    const la = elementAddress(cpu, insn, at, size, true);
    if (size == 8) st64(cpu, la, load<u64>(values + at));
    else st32(cpu, la, load<u32>(values + at));
    if (cpu.fault != 0) return 0;
  }
  return 0;
}

/** A fault of a gather: what waits after elements that were done, the single step's trap, comes in its place. */
function interruptGather(cpu: Cpu, hasDone: bool): u32 {
  if (!hasDone || (cpu.rflags & RFLAGS_TF) == 0) return EXEC_NEXT;
  cpu.fault = 0;
  cpu.nextRip = cpu.rip;
  cpu.rflags |= RFLAGS_RF;
  return EXEC_JUMP;
}

export function execGather(cpu: Cpu, insn: Insn, op: u32): u32 {
  const isQuad =
    op == Vex.VPGATHERDQ || op == Vex.VPGATHERQQ || op == Vex.VGATHERDPD || op == Vex.VGATHERQPD;
  const hasQuadIndex =
    op == Vex.VPGATHERQD || op == Vex.VPGATHERQQ || op == Vex.VGATHERQPS || op == Vex.VGATHERQPD;
  const size: u32 = isQuad ? 8 : 4;
  // As many as there are of the larger of element and index.
  const count = <u32>insn.osz / (isQuad || hasQuadIndex ? 8 : 4);
  const index = xmm(cpu, <u32>(insn.imm >> 16) & 15);
  const mask = xmm(cpu, second(insn));
  const result = xmm(cpu, insn.r);
  const base = reg(cpu, insn.base) + <u64>insn.disp;
  // Processors begin by spreading the mask's top bits; the destination is cleared above its length with its first element.
  const isShort = insn.osz == 16;
  for (let at: u32 = 0; at < insn.osz; at += size) {
    const spread: i64 = isChosen(mask + at, size) ? -1 : 0;
    if (size == 8) store<i64>(mask + at, spread);
    else store<i32>(mask + at, <i32>spread);
  }
  if (isShort) v128.store(mask, i64x2.splat(0), 16);
  let hasDone = false;
  for (let i: u32 = 0; i < count; i++) {
    const at = i * size;
    if (!isChosen(mask + at, size)) continue;
    const offset = hasQuadIndex ? load<i64>(index + (i << 3)) : <i64>load<i32>(index + (i << 2));
    const ea = (base + ((<u64>offset) << (<u64>insn.scale))) & addressMask(insn);
    const la = segLinear(cpu, insn.seg, ea, size, false);
    if (cpu.fault != 0) return interruptGather(cpu, hasDone);
    const value = size == 8 ? ld64(cpu, la) : <u64>ld32(cpu, la);
    if (cpu.fault != 0) return interruptGather(cpu, hasDone);
    hasDone = true;
    if (size == 8) {
      store<u64>(result + at, value);
      store<u64>(mask + at, 0);
    } else {
      store<u32>(result + at, <u32>value);
      store<u32>(mask + at, 0);
    }
    if (isShort) v128.store(result, i64x2.splat(0), 16);
  }
  // Elements without an index are cleared, and so is the mask.
  for (let at = count * size; at < 32; at += 4) store<u32>(result + at, 0);
  v128.store(mask, i64x2.splat(0));
  v128.store(mask, i64x2.splat(0), 16);
  return 0;
}
