/**
 * The interpreter loop: one dense switch over specialised handlers, every one on its own line of the same
 * shape (operands, semantics, flags, next record). What is not here is cold: exec/cold.ts.
 *
 * Faults: a memory access that fails leaves cpu.fault set; the handler returns through Step.leave before it has
 * changed a register or flag. A handler ends with `continue` after advancing to the next record, or with
 * `break` and `rip`/`slot` set: the branch tail below the switch finds the next block, first through the link
 * in `slot`. Links are made only inside one page, where the mapping of the target is that of the branch.
 *
 * interpret() must return regularly (V8 never replaces the code of a running loop): its budget sees to that.
 */
import { raiseGP, raiseUD, Vector } from "../cpu/fault";
import { MODE_FLAT, MODE_STEP } from "../cpu/modes";
import { condition } from "../cpu/rflags";
import { Cpu, FAULT_PENDING, SEG_SS64 } from "../cpu/state";
import { COLD, INSN_SIZE, Insn } from "../decode/insn";
import { Mem } from "../mmu/access";
import { isCanonical } from "../mmu/walk";
import { BLOCK_HEADER, Block, findBlock, lookup } from "./blocks";
import { execCold } from "./cold";
import { EXEC_JUMP, EXEC_LEAVE } from "./exec";
import { Hot } from "./hot";
import { Alu, Cond, Ea, Reg } from "./hot-semantics";
import { imul } from "./muldiv";
import { rol, rolImmediate, ror, rorImmediate, sar, shl, shr } from "./shift";

class Step {
  /** Leaves the loop at `insn`, which has not completed; gives back the budget of what was not run. */
  static leave(cpu: Cpu, insn: Insn, block: Block, left: i32): i32 {
    cpu.rip = (cpu.ripBase + <u64>insn.ofs) & cpu.ripMask;
    const op = <i32>insn.op;
    // A bad address through rSP is a stack fault (SDM vol. 3 6.15, #SS).
    if (cpu.fault == (FAULT_PENDING | Vector.GP) && cpu.faultHasError != 0) {
      if (
        insn.seg == <u8>SEG_SS64 ||
        (op >= Hot.PUSH_R && op <= Hot.RET && op != Hot.PUSH_M && op != Hot.CALL_M)
      ) {
        if (op < <i32>COLD) cpu.fault = FAULT_PENDING | Vector.SS;
      }
    }
    return left + remaining(insn, block);
  }
}

/** Instructions of `block` from `insn` on. */
function remaining(insn: Insn, block: Block): i32 {
  const done = (changetype<usize>(insn) - changetype<usize>(block) - BLOCK_HEADER) / INSN_SIZE;
  return <i32>block.count - <i32>done;
}

/** Runs up to `left` instructions from cpu.rip. Returns the budget left; why it stopped is in the state. */
export function interpret(cpu: Cpu, left: i32): i32 {
  let block = findBlock(cpu, cpu.rip);
  if (changetype<usize>(block) == 0) return left;
  const icountEnd = cpu.icount + <u64>left;
  let rip = cpu.rip;
  let slot: usize = 0;
  cpu.ripBase = rip;
  left -= block.count;
  let insn = changetype<Insn>(changetype<usize>(block) + BLOCK_HEADER);
  while (true) {
    // Every label is a sum: asc makes one table only of labels that are all of one kind.
    // biome-ignore format: one handler per line
    switch (<u32>insn.op) {
      case Hot.BAD + 0: { raiseUD(cpu); return Step.leave(cpu, insn, block, left); }
      case Hot.STALE + 0: { rip = (cpu.ripBase + <u64>insn.ofs) & cpu.ripMask; slot = 0; left += remaining(insn, block); break; }
      case Hot.FALL + 0: { rip = cpu.ripBase + <u64>insn.imm; slot = Reg.link(insn); break; }
      case Hot.NOP + 0: { insn = Reg.next(insn); continue; }
      case Hot.ALU + 0: { Reg.setM<u8>(cpu, insn, Alu.add<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 1: { Reg.setM<u16>(cpu, insn, Alu.add<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 2: { Reg.setM<u32>(cpu, insn, Alu.add<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 3: { Reg.setM<u64>(cpu, insn, Alu.add<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 4: { Reg.setM<u8>(cpu, insn, Alu.add<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 5: { Reg.setM<u16>(cpu, insn, Alu.add<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 6: { Reg.setM<u32>(cpu, insn, Alu.add<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 7: { Reg.setM<u64>(cpu, insn, Alu.add<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 8: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.add<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 9: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.add<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 10: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.add<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 11: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.add<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 12: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.addValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 13: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.addValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 14: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.addValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 15: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.addValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 16: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.addValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 17: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.addValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 18: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.addValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 19: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.addValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.addFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 20: { Reg.setM<u8>(cpu, insn, Alu.or<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 21: { Reg.setM<u16>(cpu, insn, Alu.or<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 22: { Reg.setM<u32>(cpu, insn, Alu.or<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 23: { Reg.setM<u64>(cpu, insn, Alu.or<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 24: { Reg.setM<u8>(cpu, insn, Alu.or<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 25: { Reg.setM<u16>(cpu, insn, Alu.or<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 26: { Reg.setM<u32>(cpu, insn, Alu.or<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 27: { Reg.setM<u64>(cpu, insn, Alu.or<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 28: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.or<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 29: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.or<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 30: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.or<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 31: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.or<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 32: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.orValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 33: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.orValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 34: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.orValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 35: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.orValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 36: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.orValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 37: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.orValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 38: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.orValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 39: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.orValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.orFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 40: { Reg.setM<u8>(cpu, insn, Alu.adc<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 41: { Reg.setM<u16>(cpu, insn, Alu.adc<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 42: { Reg.setM<u32>(cpu, insn, Alu.adc<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 43: { Reg.setM<u64>(cpu, insn, Alu.adc<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 44: { Reg.setM<u8>(cpu, insn, Alu.adc<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 45: { Reg.setM<u16>(cpu, insn, Alu.adc<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 46: { Reg.setM<u32>(cpu, insn, Alu.adc<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 47: { Reg.setM<u64>(cpu, insn, Alu.adc<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 48: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.adc<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 49: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.adc<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 50: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.adc<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 51: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.adc<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 52: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.adcValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 53: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.adcValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 54: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.adcValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 55: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.adcValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 56: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.adcValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 57: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.adcValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 58: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.adcValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 59: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.adcValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.adcFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 60: { Reg.setM<u8>(cpu, insn, Alu.sbb<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 61: { Reg.setM<u16>(cpu, insn, Alu.sbb<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 62: { Reg.setM<u32>(cpu, insn, Alu.sbb<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 63: { Reg.setM<u64>(cpu, insn, Alu.sbb<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 64: { Reg.setM<u8>(cpu, insn, Alu.sbb<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 65: { Reg.setM<u16>(cpu, insn, Alu.sbb<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 66: { Reg.setM<u32>(cpu, insn, Alu.sbb<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 67: { Reg.setM<u64>(cpu, insn, Alu.sbb<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 68: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.sbb<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 69: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.sbb<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 70: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.sbb<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 71: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.sbb<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 72: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.sbbValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 73: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.sbbValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 74: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.sbbValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 75: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.sbbValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 76: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.sbbValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 77: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.sbbValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 78: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.sbbValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 79: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.sbbValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.sbbFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 80: { Reg.setM<u8>(cpu, insn, Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 81: { Reg.setM<u16>(cpu, insn, Alu.and<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 82: { Reg.setM<u32>(cpu, insn, Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 83: { Reg.setM<u64>(cpu, insn, Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 84: { Reg.setM<u8>(cpu, insn, Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 85: { Reg.setM<u16>(cpu, insn, Alu.and<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 86: { Reg.setM<u32>(cpu, insn, Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 87: { Reg.setM<u64>(cpu, insn, Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 88: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.and<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 89: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.and<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 90: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.and<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 91: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.and<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 92: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.andValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 93: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.andValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 94: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.andValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 95: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.andValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 96: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.andValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 97: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.andValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 98: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.andValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 99: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.andValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.andFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 100: { Reg.setM<u8>(cpu, insn, Alu.sub<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 101: { Reg.setM<u16>(cpu, insn, Alu.sub<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 102: { Reg.setM<u32>(cpu, insn, Alu.sub<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 103: { Reg.setM<u64>(cpu, insn, Alu.sub<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 104: { Reg.setM<u8>(cpu, insn, Alu.sub<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 105: { Reg.setM<u16>(cpu, insn, Alu.sub<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 106: { Reg.setM<u32>(cpu, insn, Alu.sub<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 107: { Reg.setM<u64>(cpu, insn, Alu.sub<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 108: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.sub<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 109: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.sub<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 110: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.sub<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 111: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.sub<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 112: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.subValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 113: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.subValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 114: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.subValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 115: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.subValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 116: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.subValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 117: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.subValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 118: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.subValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 119: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.subValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.subFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 120: { Reg.setM<u8>(cpu, insn, Alu.xor<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 121: { Reg.setM<u16>(cpu, insn, Alu.xor<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 122: { Reg.setM<u32>(cpu, insn, Alu.xor<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 123: { Reg.setM<u64>(cpu, insn, Alu.xor<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.ALU + 124: { Reg.setM<u8>(cpu, insn, Alu.xor<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 125: { Reg.setM<u16>(cpu, insn, Alu.xor<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 126: { Reg.setM<u32>(cpu, insn, Alu.xor<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 127: { Reg.setM<u64>(cpu, insn, Alu.xor<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 128: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, Alu.xor<u8>(cpu, Reg.r<u8>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 129: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, Alu.xor<u16>(cpu, Reg.r<u16>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 130: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, Alu.xor<u32>(cpu, Reg.r<u32>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 131: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, Alu.xor<u64>(cpu, Reg.r<u64>(cpu, insn), b)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 132: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u8>(cpu, insn); const v = Alu.xorValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 133: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u16>(cpu, insn); const v = Alu.xorValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 134: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u32>(cpu, insn); const v = Alu.xorValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 135: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = Reg.r<u64>(cpu, insn); const v = Alu.xorValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 136: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u8>insn.imm; const v = Alu.xorValue<u8>(cpu, a, b); Mem.st<u8>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u8>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 137: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u16>insn.imm; const v = Alu.xorValue<u16>(cpu, a, b); Mem.st<u16>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u16>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 138: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u32>insn.imm; const v = Alu.xorValue<u32>(cpu, a, b); Mem.st<u32>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u32>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 139: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); const b = <u64>insn.imm; const v = Alu.xorValue<u64>(cpu, a, b); Mem.st<u64>(cpu, la, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.xorFlags<u64>(cpu, a, b, v); insn = Reg.next(insn); continue; }
      case Hot.ALU + 140: { Alu.cmp<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 141: { Alu.cmp<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 142: { Alu.cmp<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 143: { Alu.cmp<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 144: { Alu.cmp<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 145: { Alu.cmp<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 146: { Alu.cmp<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 147: { Alu.cmp<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 148: { const b = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u8>(cpu, Reg.r<u8>(cpu, insn), b); insn = Reg.next(insn); continue; }
      case Hot.ALU + 149: { const b = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u16>(cpu, Reg.r<u16>(cpu, insn), b); insn = Reg.next(insn); continue; }
      case Hot.ALU + 150: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u32>(cpu, Reg.r<u32>(cpu, insn), b); insn = Reg.next(insn); continue; }
      case Hot.ALU + 151: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u64>(cpu, Reg.r<u64>(cpu, insn), b); insn = Reg.next(insn); continue; }
      case Hot.ALU + 152: { const a = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u8>(cpu, a, Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 153: { const a = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u16>(cpu, a, Reg.r<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 154: { const a = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u32>(cpu, a, Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 155: { const a = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u64>(cpu, a, Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.ALU + 156: { const a = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u8>(cpu, a, <u8>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 157: { const a = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u16>(cpu, a, <u16>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 158: { const a = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u32>(cpu, a, <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.ALU + 159: { const a = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.cmp<u64>(cpu, a, <u64>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 0: { Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 1: { Alu.and<u16>(cpu, Reg.m<u16>(cpu, insn), Reg.r<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 2: { Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 3: { Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 4: { Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), <u8>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 5: { Alu.and<u16>(cpu, Reg.m<u16>(cpu, insn), <u16>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 6: { Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 7: { Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), <u64>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 8: { const a = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u8>(cpu, a, Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 9: { const a = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u16>(cpu, a, Reg.r<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 10: { const a = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u32>(cpu, a, Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 11: { const a = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u64>(cpu, a, Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.TEST + 12: { const a = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u8>(cpu, a, <u8>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 13: { const a = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u16>(cpu, a, <u16>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 14: { const a = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u32>(cpu, a, <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.TEST + 15: { const a = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.and<u64>(cpu, a, <u64>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.MOV + 0: { Reg.setM<u8>(cpu, insn, Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOV + 1: { Reg.setM<u16>(cpu, insn, Reg.r<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOV + 2: { Reg.setM<u32>(cpu, insn, Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOV + 3: { Reg.setM<u64>(cpu, insn, Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOV + 4: { Reg.setM<u8>(cpu, insn, <u8>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.MOV + 5: { Reg.setM<u16>(cpu, insn, <u16>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.MOV + 6: { Reg.setM<u32>(cpu, insn, <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.MOV + 7: { Reg.setM<u64>(cpu, insn, <u64>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.MOV + 8: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u8>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.MOV + 9: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.MOV + 10: { const v = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.MOV + 11: { const v = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.MOV + 12: { Mem.st<u8>(cpu, Ea.write<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 13: { Mem.st<u16>(cpu, Ea.write<u16>(cpu, insn), Reg.r<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 14: { Mem.st<u32>(cpu, Ea.write<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 15: { Mem.st<u64>(cpu, Ea.write<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 16: { Mem.st<u8>(cpu, Ea.write<u8>(cpu, insn), <u8>insn.imm); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 17: { Mem.st<u16>(cpu, Ea.write<u16>(cpu, insn), <u16>insn.imm); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 18: { Mem.st<u32>(cpu, Ea.write<u32>(cpu, insn), <u32>insn.imm); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOV + 19: { Mem.st<u64>(cpu, Ea.write<u64>(cpu, insn), <u64>insn.imm); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_R + 1: { Reg.setR<u16>(cpu, insn, <u16>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_R + 2: { Reg.setR<u32>(cpu, insn, <u32>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_R + 3: { Reg.setR<u64>(cpu, insn, <u64>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_M + 1: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16>v); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_M + 2: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32>v); insn = Reg.next(insn); continue; }
      case Hot.MOVZX8_M + 3: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64>v); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_R + 1: { Reg.setR<u16>(cpu, insn, <u16>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_R + 2: { Reg.setR<u32>(cpu, insn, <u32>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_R + 3: { Reg.setR<u64>(cpu, insn, <u64>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_M + 1: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16>v); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_M + 2: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32>v); insn = Reg.next(insn); continue; }
      case Hot.MOVZX16_M + 3: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_R + 1: { Reg.setR<u16>(cpu, insn, <u16><i16><i8>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_R + 2: { Reg.setR<u32>(cpu, insn, <u32><i32><i8>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_R + 3: { Reg.setR<u64>(cpu, insn, <u64><i64><i8>Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_M + 1: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16><i16><i8>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_M + 2: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32><i32><i8>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX8_M + 3: { const v = Mem.ld<u8>(cpu, Ea.read<u8>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64><i64><i8>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_R + 1: { Reg.setR<u16>(cpu, insn, <u16><i16><i16>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_R + 2: { Reg.setR<u32>(cpu, insn, <u32><i32><i16>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_R + 3: { Reg.setR<u64>(cpu, insn, <u64><i64><i16>Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_M + 1: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16><i16><i16>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_M + 2: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32><i32><i16>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSX16_M + 3: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64><i64><i16>v); insn = Reg.next(insn); continue; }
      case Hot.MOVSXD_R + 0: { Reg.setR<u64>(cpu, insn, <u64><i64><i32>Reg.m<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.MOVSXD_M + 0: { const v = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64><i64><i32>v); insn = Reg.next(insn); continue; }
      case Hot.LEA32 + 0: { Reg.setR<u32>(cpu, insn, <u32>Ea.offset(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.LEA64 + 0: { Reg.setR<u64>(cpu, insn, Ea.offset(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.INC_R + 0: { Reg.setM<u8>(cpu, insn, Alu.inc<u8>(cpu, Reg.m<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.INC_R + 1: { Reg.setM<u16>(cpu, insn, Alu.inc<u16>(cpu, Reg.m<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.INC_R + 2: { Reg.setM<u32>(cpu, insn, Alu.inc<u32>(cpu, Reg.m<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.INC_R + 3: { Reg.setM<u64>(cpu, insn, Alu.inc<u64>(cpu, Reg.m<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.INC_M + 0: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u8>(cpu, la, <u8>(a + 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.inc<u8>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.INC_M + 1: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u16>(cpu, la, <u16>(a + 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.inc<u16>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.INC_M + 2: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u32>(cpu, la, <u32>(a + 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.inc<u32>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.INC_M + 3: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u64>(cpu, la, <u64>(a + 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.inc<u64>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.DEC_R + 0: { Reg.setM<u8>(cpu, insn, Alu.dec<u8>(cpu, Reg.m<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.DEC_R + 1: { Reg.setM<u16>(cpu, insn, Alu.dec<u16>(cpu, Reg.m<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.DEC_R + 2: { Reg.setM<u32>(cpu, insn, Alu.dec<u32>(cpu, Reg.m<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.DEC_R + 3: { Reg.setM<u64>(cpu, insn, Alu.dec<u64>(cpu, Reg.m<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.DEC_M + 0: { const la = Ea.write<u8>(cpu, insn); const a = Mem.ldw<u8>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u8>(cpu, la, <u8>(a - 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.dec<u8>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.DEC_M + 1: { const la = Ea.write<u16>(cpu, insn); const a = Mem.ldw<u16>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u16>(cpu, la, <u16>(a - 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.dec<u16>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.DEC_M + 2: { const la = Ea.write<u32>(cpu, insn); const a = Mem.ldw<u32>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u32>(cpu, la, <u32>(a - 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.dec<u32>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.DEC_M + 3: { const la = Ea.write<u64>(cpu, insn); const a = Mem.ldw<u64>(cpu, la); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u64>(cpu, la, <u64>(a - 1)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Alu.dec<u64>(cpu, a); insn = Reg.next(insn); continue; }
      case Hot.NEG_R + 0: { Reg.setM<u8>(cpu, insn, Alu.sub<u8>(cpu, 0, Reg.m<u8>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.NEG_R + 1: { Reg.setM<u16>(cpu, insn, Alu.sub<u16>(cpu, 0, Reg.m<u16>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.NEG_R + 2: { Reg.setM<u32>(cpu, insn, Alu.sub<u32>(cpu, 0, Reg.m<u32>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.NEG_R + 3: { Reg.setM<u64>(cpu, insn, Alu.sub<u64>(cpu, 0, Reg.m<u64>(cpu, insn))); insn = Reg.next(insn); continue; }
      case Hot.NOT_R + 0: { Reg.setM<u8>(cpu, insn, <u8>~Reg.m<u8>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.NOT_R + 1: { Reg.setM<u16>(cpu, insn, <u16>~Reg.m<u16>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.NOT_R + 2: { Reg.setM<u32>(cpu, insn, <u32>~Reg.m<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.NOT_R + 3: { Reg.setM<u64>(cpu, insn, <u64>~Reg.m<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 0: { Reg.setM<u8>(cpu, insn, <u8>shl(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>insn.imm, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 1: { Reg.setM<u16>(cpu, insn, <u16>shl(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>insn.imm, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 2: { Reg.setM<u32>(cpu, insn, <u32>shl(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>insn.imm, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 3: { Reg.setM<u64>(cpu, insn, <u64>shl(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>insn.imm, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 4: { Reg.setM<u8>(cpu, insn, <u8>shr(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>insn.imm, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 5: { Reg.setM<u16>(cpu, insn, <u16>shr(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>insn.imm, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 6: { Reg.setM<u32>(cpu, insn, <u32>shr(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>insn.imm, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 7: { Reg.setM<u64>(cpu, insn, <u64>shr(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>insn.imm, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 8: { Reg.setM<u8>(cpu, insn, <u8>sar(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>insn.imm, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 9: { Reg.setM<u16>(cpu, insn, <u16>sar(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>insn.imm, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 10: { Reg.setM<u32>(cpu, insn, <u32>sar(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>insn.imm, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 11: { Reg.setM<u64>(cpu, insn, <u64>sar(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>insn.imm, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 12: { Reg.setM<u8>(cpu, insn, <u8>rolImmediate(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>insn.imm, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 13: { Reg.setM<u16>(cpu, insn, <u16>rolImmediate(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>insn.imm, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 14: { Reg.setM<u32>(cpu, insn, <u32>rolImmediate(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>insn.imm, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 15: { Reg.setM<u64>(cpu, insn, <u64>rolImmediate(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>insn.imm, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 16: { Reg.setM<u8>(cpu, insn, <u8>rorImmediate(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>insn.imm, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 17: { Reg.setM<u16>(cpu, insn, <u16>rorImmediate(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>insn.imm, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 18: { Reg.setM<u32>(cpu, insn, <u32>rorImmediate(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>insn.imm, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_I + 19: { Reg.setM<u64>(cpu, insn, <u64>rorImmediate(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>insn.imm, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 0: { Reg.setM<u8>(cpu, insn, <u8>shl(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>cpu.rcx & 0xff, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 1: { Reg.setM<u16>(cpu, insn, <u16>shl(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>cpu.rcx & 0xff, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 2: { Reg.setM<u32>(cpu, insn, <u32>shl(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>cpu.rcx & 0xff, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 3: { Reg.setM<u64>(cpu, insn, <u64>shl(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>cpu.rcx & 0xff, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 4: { Reg.setM<u8>(cpu, insn, <u8>shr(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>cpu.rcx & 0xff, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 5: { Reg.setM<u16>(cpu, insn, <u16>shr(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>cpu.rcx & 0xff, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 6: { Reg.setM<u32>(cpu, insn, <u32>shr(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>cpu.rcx & 0xff, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 7: { Reg.setM<u64>(cpu, insn, <u64>shr(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>cpu.rcx & 0xff, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 8: { Reg.setM<u8>(cpu, insn, <u8>sar(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>cpu.rcx & 0xff, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 9: { Reg.setM<u16>(cpu, insn, <u16>sar(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>cpu.rcx & 0xff, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 10: { Reg.setM<u32>(cpu, insn, <u32>sar(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>cpu.rcx & 0xff, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 11: { Reg.setM<u64>(cpu, insn, <u64>sar(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>cpu.rcx & 0xff, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 12: { Reg.setM<u8>(cpu, insn, <u8>rol(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>cpu.rcx & 0xff, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 13: { Reg.setM<u16>(cpu, insn, <u16>rol(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>cpu.rcx & 0xff, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 14: { Reg.setM<u32>(cpu, insn, <u32>rol(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>cpu.rcx & 0xff, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 15: { Reg.setM<u64>(cpu, insn, <u64>rol(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>cpu.rcx & 0xff, 3)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 16: { Reg.setM<u8>(cpu, insn, <u8>ror(cpu, <u64>Reg.m<u8>(cpu, insn), <u32>cpu.rcx & 0xff, 0)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 17: { Reg.setM<u16>(cpu, insn, <u16>ror(cpu, <u64>Reg.m<u16>(cpu, insn), <u32>cpu.rcx & 0xff, 1)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 18: { Reg.setM<u32>(cpu, insn, <u32>ror(cpu, <u64>Reg.m<u32>(cpu, insn), <u32>cpu.rcx & 0xff, 2)); insn = Reg.next(insn); continue; }
      case Hot.SHIFT_CL + 19: { Reg.setM<u64>(cpu, insn, <u64>ror(cpu, <u64>Reg.m<u64>(cpu, insn), <u32>cpu.rcx & 0xff, 3)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RR + 1: { Reg.setR<u16>(cpu, insn, <u16>imul(cpu, <u64>Reg.r<u16>(cpu, insn), <u64>Reg.m<u16>(cpu, insn), 1)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RR + 2: { Reg.setR<u32>(cpu, insn, <u32>imul(cpu, <u64>Reg.r<u32>(cpu, insn), <u64>Reg.m<u32>(cpu, insn), 2)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RR + 3: { Reg.setR<u64>(cpu, insn, <u64>imul(cpu, <u64>Reg.r<u64>(cpu, insn), <u64>Reg.m<u64>(cpu, insn), 3)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RM + 1: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16>imul(cpu, <u64>Reg.r<u16>(cpu, insn), <u64>v, 1)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RM + 2: { const v = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32>imul(cpu, <u64>Reg.r<u32>(cpu, insn), <u64>v, 2)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RM + 3: { const v = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64>imul(cpu, <u64>Reg.r<u64>(cpu, insn), <u64>v, 3)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RRI + 1: { Reg.setR<u16>(cpu, insn, <u16>imul(cpu, <u64><u16>insn.imm, <u64>Reg.m<u16>(cpu, insn), 1)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RRI + 2: { Reg.setR<u32>(cpu, insn, <u32>imul(cpu, <u64><u32>insn.imm, <u64>Reg.m<u32>(cpu, insn), 2)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RRI + 3: { Reg.setR<u64>(cpu, insn, <u64>imul(cpu, <u64><u64>insn.imm, <u64>Reg.m<u64>(cpu, insn), 3)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RMI + 1: { const v = Mem.ld<u16>(cpu, Ea.read<u16>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u16>(cpu, insn, <u16>imul(cpu, <u64><u16>insn.imm, <u64>v, 1)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RMI + 2: { const v = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, <u32>imul(cpu, <u64><u32>insn.imm, <u64>v, 2)); insn = Reg.next(insn); continue; }
      case Hot.IMUL_RMI + 3: { const v = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, <u64>imul(cpu, <u64><u64>insn.imm, <u64>v, 3)); insn = Reg.next(insn); continue; }
      case Hot.PUSH_R + 0: { const v = Reg.m<u64>(cpu, insn); Mem.st<u64>(cpu, cpu.rsp - 8, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); cpu.rsp -= 8; insn = Reg.next(insn); continue; }
      case Hot.PUSH_I + 0: { Mem.st<u64>(cpu, cpu.rsp - 8, <u64>insn.imm); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); cpu.rsp -= 8; insn = Reg.next(insn); continue; }
      case Hot.PUSH_M + 0: { const v = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u64>(cpu, cpu.rsp - 8, v); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); cpu.rsp -= 8; insn = Reg.next(insn); continue; }
      case Hot.POP_R + 0: { const v = Mem.ld<u64>(cpu, cpu.rsp); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); cpu.rsp += 8; Reg.setM<u64>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.CALL + 0: { Mem.st<u64>(cpu, cpu.rsp - 8, cpu.ripBase + <u64>insn.ofs + <u64>insn.len); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); cpu.rsp -= 8; rip = cpu.ripBase + <u64>insn.imm; slot = Reg.link(insn); break; }
      case Hot.CALL_R + 0: { const target = Reg.m<u64>(cpu, insn); Mem.st<u64>(cpu, cpu.rsp - 8, cpu.ripBase + <u64>insn.ofs + <u64>insn.len); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); if (!isCanonical(target)) { raiseGP(cpu, 0); cpu.rip = cpu.ripBase + <u64>insn.ofs; return left + remaining(insn, block); } cpu.rsp -= 8; rip = target; slot = 0; break; }
      case Hot.CALL_M + 0: { const target = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Mem.st<u64>(cpu, cpu.rsp - 8, cpu.ripBase + <u64>insn.ofs + <u64>insn.len); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); if (!isCanonical(target)) { raiseGP(cpu, 0); cpu.rip = cpu.ripBase + <u64>insn.ofs; return left + remaining(insn, block); } cpu.rsp -= 8; rip = target; slot = 0; break; }
      case Hot.RET + 0: { const target = Mem.ld<u64>(cpu, cpu.rsp); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); if (!isCanonical(target)) { raiseGP(cpu, 0); cpu.rip = cpu.ripBase + <u64>insn.ofs; return left + remaining(insn, block); } cpu.rsp += 8; rip = target; slot = 0; break; }
      case Hot.JMP + 0: { rip = cpu.ripBase + <u64>insn.imm; slot = Reg.link(insn); break; }
      case Hot.JMP_R + 0: { const target = Reg.m<u64>(cpu, insn); if (!isCanonical(target)) { raiseGP(cpu, 0); cpu.rip = cpu.ripBase + <u64>insn.ofs; return left + remaining(insn, block); } rip = target; slot = 0; break; }
      case Hot.JMP_M + 0: { const target = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); if (!isCanonical(target)) { raiseGP(cpu, 0); cpu.rip = cpu.ripBase + <u64>insn.ofs; return left + remaining(insn, block); } rip = target; slot = 0; break; }
      case Hot.JCC + 0: { const t = Cond.test(cpu, 0); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 1: { const t = Cond.test(cpu, 1); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 2: { const t = Cond.test(cpu, 2); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 3: { const t = Cond.test(cpu, 3); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 4: { const t = Cond.test(cpu, 4); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 5: { const t = Cond.test(cpu, 5); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 6: { const t = Cond.test(cpu, 6); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 7: { const t = Cond.test(cpu, 7); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 8: { const t = Cond.test(cpu, 8); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 9: { const t = Cond.test(cpu, 9); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 10: { const t = Cond.test(cpu, 10); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 11: { const t = Cond.test(cpu, 11); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 12: { const t = Cond.test(cpu, 12); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 13: { const t = Cond.test(cpu, 13); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 14: { const t = Cond.test(cpu, 14); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.JCC + 15: { const t = Cond.test(cpu, 15); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 0: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 0, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 1: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 1, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 2: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 2, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 3: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 3, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 4: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 4, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 5: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 5, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 6: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 6, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 7: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 7, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 8: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 8, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 9: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 9, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 10: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 10, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 11: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 11, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 12: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 12, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 13: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 13, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 14: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 14, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR32 + 15: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 15, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 0: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 0, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 1: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 1, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 2: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 2, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 3: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 3, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 4: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 4, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 5: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 5, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 6: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 6, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 7: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 7, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 8: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 8, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 9: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 9, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 10: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 10, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 11: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 11, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 12: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 12, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 13: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 13, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 14: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 14, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI32 + 15: { const a = Reg.m<u32>(cpu, insn); const b = <u32>insn.imm; Alu.cmp<u32>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u32>(cpu, 15, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 0: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 0, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 1: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 1, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 2: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 2, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 3: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 3, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 4: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 4, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 5: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 5, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 6: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 6, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 7: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 7, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 8: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 8, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 9: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 9, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 10: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 10, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 11: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 11, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 12: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 12, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 13: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 13, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 14: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 14, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RR64 + 15: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 15, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 0: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 0, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 1: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 1, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 2: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 2, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 3: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 3, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 4: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 4, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 5: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 5, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 6: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 6, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 7: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 7, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 8: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 8, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 9: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 9, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 10: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 10, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 11: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 11, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 12: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 12, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 13: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 13, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 14: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 14, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMP_JCC_RI64 + 15: { const a = Reg.m<u64>(cpu, insn); const b = <u64>insn.imm; Alu.cmp<u64>(cpu, a, b); insn = Reg.next(insn); const t = Cond.compare<u64>(cpu, 15, a, b); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 0: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 0, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 1: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 1, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 2: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 2, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 3: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 3, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 4: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 4, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 5: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 5, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 6: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 6, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 7: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 7, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 8: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 8, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 9: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 9, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 10: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 10, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 11: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 11, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 12: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 12, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 13: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 13, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 14: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 14, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR8 + 15: { const v = Alu.and<u8>(cpu, Reg.m<u8>(cpu, insn), Reg.r<u8>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u8>(cpu, 15, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 0: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 0, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 1: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 1, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 2: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 2, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 3: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 3, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 4: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 4, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 5: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 5, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 6: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 6, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 7: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 7, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 8: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 8, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 9: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 9, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 10: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 10, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 11: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 11, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 12: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 12, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 13: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 13, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 14: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 14, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR32 + 15: { const v = Alu.and<u32>(cpu, Reg.m<u32>(cpu, insn), Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u32>(cpu, 15, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 0: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 0, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 1: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 1, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 2: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 2, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 3: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 3, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 4: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 4, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 5: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 5, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 6: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 6, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 7: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 7, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 8: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 8, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 9: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 9, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 10: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 10, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 11: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 11, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 12: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 12, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 13: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 13, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 14: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 14, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.TEST_JCC_RR64 + 15: { const v = Alu.and<u64>(cpu, Reg.m<u64>(cpu, insn), Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); const t = Cond.logic<u64>(cpu, 15, v); slot = Reg.link(insn); if (t) rip = cpu.ripBase + <u64>insn.imm; else { rip = cpu.ripBase + <u64>insn.ofs + <u64>insn.len; slot += 4; } break; }
      case Hot.CMOV_RR32 + 0: { const v = condition(cpu, insn.opcode & 15) ? Reg.m<u32>(cpu, insn) : Reg.r<u32>(cpu, insn); Reg.setR<u32>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.CMOV_RR64 + 0: { const v = condition(cpu, insn.opcode & 15) ? Reg.m<u64>(cpu, insn) : Reg.r<u64>(cpu, insn); Reg.setR<u64>(cpu, insn, v); insn = Reg.next(insn); continue; }
      case Hot.CMOV_RM32 + 0: { const b = Mem.ld<u32>(cpu, Ea.read<u32>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u32>(cpu, insn, condition(cpu, insn.opcode & 15) ? b : Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.CMOV_RM64 + 0: { const b = Mem.ld<u64>(cpu, Ea.read<u64>(cpu, insn)); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); Reg.setR<u64>(cpu, insn, condition(cpu, insn.opcode & 15) ? b : Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.SETCC_R + 0: { Reg.setM<u8>(cpu, insn, u8(condition(cpu, insn.opcode & 15))); insn = Reg.next(insn); continue; }
      case Hot.SETCC_M + 0: { Mem.st<u8>(cpu, Ea.write<u8>(cpu, insn), u8(condition(cpu, insn.opcode & 15))); if (cpu.fault != 0) return Step.leave(cpu, insn, block, left); insn = Reg.next(insn); continue; }
      case Hot.XCHG_RR32 + 0: { const a = Reg.m<u32>(cpu, insn); const b = Reg.r<u32>(cpu, insn); Reg.setM<u32>(cpu, insn, b); Reg.setR<u32>(cpu, insn, a); insn = Reg.next(insn); continue; }
      case Hot.XCHG_RR64 + 0: { const a = Reg.m<u64>(cpu, insn); const b = Reg.r<u64>(cpu, insn); Reg.setM<u64>(cpu, insn, b); Reg.setR<u64>(cpu, insn, a); insn = Reg.next(insn); continue; }
      case Hot.CDQ + 0: { cpu.rdx = <u64><u32>(<i32>cpu.rax >> 31); insn = Reg.next(insn); continue; }
      case Hot.CQO + 0: { cpu.rdx = <u64>(<i64>cpu.rax >> 63); insn = Reg.next(insn); continue; }
      case Hot.CDQE + 0: { cpu.rax = <u64><i64><i32>cpu.rax; insn = Reg.next(insn); continue; }
      case Hot.CWDE + 0: { cpu.rax = <u64><u32><i32><i16>cpu.rax; insn = Reg.next(insn); continue; }
      case Hot.BT_RI32 + 0: { Alu.bt<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.BT_RI64 + 0: { Alu.bt<u64>(cpu, Reg.m<u64>(cpu, insn), <u32>insn.imm); insn = Reg.next(insn); continue; }
      case Hot.BT_RR32 + 0: { Alu.bt<u32>(cpu, Reg.m<u32>(cpu, insn), <u32>Reg.r<u32>(cpu, insn)); insn = Reg.next(insn); continue; }
      case Hot.BT_RR64 + 0: { Alu.bt<u64>(cpu, Reg.m<u64>(cpu, insn), <u32>Reg.r<u64>(cpu, insn)); insn = Reg.next(insn); continue; }
      default: {
        const op = <u32>insn.op;
        cpu.rip = (cpu.ripBase + <u64>insn.ofs) & cpu.ripMask;
        cpu.nextRip = (cpu.ripBase + <u64>insn.ofs + <u64>insn.len) & cpu.ripMask;
        cpu.icount = icountEnd - <u64>(left + remaining(insn, block));
        const result = execCold(cpu, insn, op);
        // cpu.rip stays as it is: a fault after a task switch is the new task's.
        if (cpu.fault != 0) return left + remaining(insn, block);
        if (result == EXEC_JUMP) {
          left += remaining(insn, block) - 1;
          rip = cpu.nextRip;
          slot = 0;
          if (cpu.intrBlocked != 0 || (cpu.modeKey & MODE_STEP) != 0) { cpu.rip = rip; return left; }
          break;
        }
        if (result == EXEC_LEAVE) {
          cpu.rip = cpu.nextRip;
          return left + remaining(insn, block) - 1;
        }
        insn = Reg.next(insn);
        continue;
      }
    }
    // The branch tail: `rip` is the target, `slot` the link to it or 0.
    if (left <= 0 || cpu.pending != 0) {
      cpu.rip = rip & cpu.ripMask;
      return left;
    }
    let next: Block;
    if (slot != 0) {
      next = changetype<Block>(load<u32>(slot));
      if (changetype<usize>(next) == 0) {
        rip &= cpu.ripMask;
        const generation = cpu.blockGeneration;
        const from = cpu.ripBase;
        next = findBlock(cpu, rip);
        if (changetype<usize>(next) == 0) return left;
        if (
          ((from ^ rip) & ~0xfff) == 0 &&
          block.host != 0 &&
          next.host != 0 &&
          generation == cpu.blockGeneration &&
          (cpu.modeKey & (MODE_FLAT | MODE_STEP)) == MODE_FLAT
        ) {
          store<u32>(slot, changetype<u32>(next));
        }
      }
    } else {
      rip &= cpu.ripMask;
      next = <u32>insn.op == Hot.STALE ? lookup(cpu, rip) : findBlock(cpu, rip);
      if (changetype<usize>(next) == 0) return left;
    }
    block = next;
    cpu.ripBase = rip;
    left -= block.count;
    insn = changetype<Insn>(changetype<usize>(block) + BLOCK_HEADER);
  }
}
