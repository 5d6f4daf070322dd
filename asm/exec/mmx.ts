/**
 * MMX (SDM vol. 1 chapter 9): the operations of exec/simd-int.ts and simd-shuffle.ts on the eight 64-bit
 * registers that are the x87 significands. An operation runs on vectors whose low quadwords hold the
 * operands; those that are not lane by lane (packs, high unpacks, horizontal sums) arrange them first.
 *
 * Each instruction first reports a waiting x87 exception (#MF), then makes its accesses, and only then
 * resets TOP and the tags. As measured on Intel processors, a load that faults leaves the x87 state alone, a store
 * has reset TOP by then, and MASKMOVQ the tags as well.
 */
import { Cpu, fpr } from "../cpu/state";
import { Insn } from "../decode/insn";
import { SIMD_MMX, Simd } from "../decode/ops-simd";
import { simdInt, simdShift } from "./simd-int";
import { giveGeneral, maskedStore } from "./simd-move";
import {
  FSW_TOP,
  isMemory,
  memory16,
  memory32,
  mm,
  mmxEnter,
  setGeneral,
  setMm,
  sourceGeneral,
  sourceMm,
  storeMemory,
  Xmm,
} from "./simd-operand";
import { alignRight, permuteLowWords } from "./simd-shuffle";
import { checkPendingMF } from "./x87-state";

export function execMmx(cpu: Cpu, insn: Insn, mmxOp: u32): u32 {
  const op = mmxOp - SIMD_MMX;
  if (checkPendingMF(cpu)) return 0;
  if (op >= <u32>Simd.UNPCKLPS && op < <u32>Simd.INT_END) return binary(cpu, insn, op);
  const imm = <u32>insn.imm & 0xff;
  switch (op) {
    case Simd.EMMS:
      cpu.fsw &= ~FSW_TOP;
      cpu.ftw = 0;
      return 0;
    case Simd.MOVD:
      return put(cpu, insn.r, sourceGeneral(cpu, insn));
    case Simd.MOVD_STORE:
      giveGeneral(cpu, insn, mm(cpu, insn.r));
      return leave(cpu);
    case Simd.MOVQ:
      return put(cpu, insn.r, sourceMm(cpu, insn));
    case Simd.MOVQ_STORE:
      if (!isMemory(insn)) return put(cpu, insn.m, mm(cpu, insn.r));
      storeMemory(cpu, insn, mm(cpu, insn.r), 8);
      return leave(cpu);
    case Simd.MOVNTDQ:
      storeMemory(cpu, insn, mm(cpu, insn.r), 8);
      return leave(cpu);
    case Simd.MASKMOVDQU:
      mmxEnter(cpu);
      maskedStore(
        cpu,
        insn,
        i64x2.splat(mm(cpu, insn.r)),
        i8x16.bitmask(Xmm.make(mm(cpu, insn.m), 0)),
        8,
      );
      return 0;
    case Simd.PMOVMSKB:
      setGeneral(cpu, insn.r, <u64>i8x16.bitmask(Xmm.make(mm(cpu, insn.m), 0)));
      return leave(cpu);
    case Simd.PEXTRW:
      setGeneral(cpu, insn.r, (mm(cpu, insn.m) >> <u64>((imm & 3) << 4)) & 0xffff);
      return leave(cpu);
    case Simd.PINSRW:
      return insertWord(cpu, insn, imm);
    case Simd.PSHUFW:
      return put(cpu, insn.r, low(permuteLowWords(i64x2.splat(sourceMm(cpu, insn)), imm)));
    case Simd.PALIGNR:
      return alignRightMmx(cpu, insn, imm);
    default:
      // Groups 12 to 14: shifts by a constant.
      return put(cpu, insn.m, low(simdShift(op, i64x2.splat(mm(cpu, insn.m)), imm)));
  }
}

function low(v: v128): u64 {
  return i64x2.extract_lane(v, 0);
}

/** Ends an instruction that writes no MMX register. */
function leave(cpu: Cpu): u32 {
  if (cpu.fault == 0) mmxEnter(cpu);
  else cpu.fsw &= ~FSW_TOP;
  return 0;
}

/** Ends an instruction that writes one, unless its source faulted. */
function put(cpu: Cpu, index: u32, value: u64): u32 {
  if (cpu.fault != 0) return 0;
  mmxEnter(cpu);
  setMm(cpu, index, value);
  return 0;
}

function binary(cpu: Cpu, insn: Insn, op: u32): u32 {
  // PUNPCKLxx are the only ones that read 32 bits of memory.
  const isLow = op >= <u32>Simd.PUNPCKLBW && op <= <u32>Simd.PUNPCKLDQ;
  const source = isLow && isMemory(insn) ? <u64>memory32(cpu, insn) : sourceMm(cpu, insn);
  if (cpu.fault != 0) return 0;
  return put(cpu, insn.r, mmxInt(op, mm(cpu, insn.r), source));
}

/** f(a, b) on quadwords. */
function mmxInt(op: u32, a: u64, b: u64): u64 {
  const x = i64x2.splat(a);
  const y = i64x2.splat(b);
  switch (op) {
    case Simd.PACKSSWB:
    case Simd.PACKSSDW:
    case Simd.PACKUSWB:
    case Simd.PHADDW:
    case Simd.PHADDD:
    case Simd.PHADDSW:
    case Simd.PHSUBW:
    case Simd.PHSUBD:
    case Simd.PHSUBSW: {
      const both = Xmm.make(a, b);
      return low(simdInt(op, both, both));
    }
    case Simd.PUNPCKHBW:
      return i64x2.extract_lane(simdInt(Simd.PUNPCKLBW, x, y), 1);
    case Simd.PUNPCKHWD:
      return i64x2.extract_lane(simdInt(Simd.PUNPCKLWD, x, y), 1);
    case Simd.PUNPCKHDQ:
      return i64x2.extract_lane(simdInt(Simd.PUNPCKLDQ, x, y), 1);
    case Simd.PSHUFB:
      return low(simdInt(op, x, v128.and(y, i8x16.splat(<i8>0x87))));
    default:
      return low(simdInt(op, x, y));
  }
}

function insertWord(cpu: Cpu, insn: Insn, imm: u32): u32 {
  const word: u32 = isMemory(insn)
    ? memory16(cpu, insn)
    : load<u16>(changetype<usize>(cpu) + insn.m);
  if (cpu.fault != 0) return 0;
  mmxEnter(cpu);
  setMm(cpu, insn.r, mm(cpu, insn.r));
  store<u16>(fpr(cpu, insn.r & 7) + ((imm & 3) << 1), <u16>word);
  return 0;
}

/** PALIGNR: bytes imm to imm + 7 of source (low) and destination (high), followed by zeros. */
function alignRightMmx(cpu: Cpu, insn: Insn, imm: u32): u32 {
  const source = sourceMm(cpu, insn);
  if (cpu.fault != 0) return 0;
  const both = Xmm.make(source, mm(cpu, insn.r));
  return put(cpu, insn.r, low(alignRight(i64x2.splat(0), both, imm)));
}
