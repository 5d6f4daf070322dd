/**
 * AVX, AVX2, FMA and F16C: the entry from the interpreter, and the forms of integer and cryptographic SSE operations. Insn.op
 * is COLD plus a number of decode/ops-vex.ts. The decoder has checked the CPUID feature, CR4.OSXSAVE, XCR0 and
 * CR0.TS, VEX.W and L, and that a memory or register form exists.
 *
 * The operations of SSE are pure functions of two vectors of 128 bits; here they run once or twice on operands
 * from elsewhere. What differs in one of the halves is said at its place.
 */
import { is64 } from "../cpu/modes";
import { Cpu, xmm } from "../cpu/state";
import { COLD, Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import { VEX, VEX_ONLY, Vex } from "../decode/ops-vex";
import { tagKey } from "../mmu/tlb";
import { simdCrypto } from "./simd-crypto";
import { simdInt } from "./simd-int";
import { Xmm } from "./simd-operand";
import { execVexConvert, execVexFloat } from "./vex-float";
import { execFma, execHalfToSingle, execSingleToHalf } from "./vex-fma";
import { execGather, execMaskedMove } from "./vex-memory";
import { execVexMove } from "./vex-move";
import { isLong, second, source, Ymm } from "./vex-operand";
import { execVexPermute, execVexShuffle } from "./vex-shuffle";

export function execVex(cpu: Cpu, insn: Insn): u32 {
  const op = <u32>insn.op - COLD;
  if (op >= VEX_ONLY) return execVexOnly(cpu, insn, op);
  const legacy = op - VEX;
  if (legacy < <u32>Simd.MOVE_END) return execVexMove(cpu, insn, legacy);
  if (legacy < <u32>Simd.FLOAT_END) return execVexFloat(cpu, insn, legacy);
  if (legacy < <u32>Simd.CONVERT_END) return execVexConvert(cpu, insn, legacy);
  if (legacy < <u32>Simd.INT_END) return execVexInt(cpu, insn, legacy);
  if (legacy < <u32>Simd.SHUFFLE_END) return execVexShuffle(cpu, insn, legacy);
  const b = source(cpu, insn, 16);
  if (b == 0) return 0;
  const a = Xmm.get(cpu, second(insn));
  Ymm.set128(cpu, insn.r, simdCrypto(legacy, a, v128.load(b), <u32>insn.imm & 0xff));
  return 0;
}

function execVexOnly(cpu: Cpu, insn: Insn, op: u32): u32 {
  if (op == Vex.VZEROUPPER) return zero(cpu, insn);
  if (op >= <u32>Vex.VEX_MOVE_END) return execFma(cpu, insn, op);
  const kind = elementKind(op);
  if (kind == OTHER) return execVexPermute(cpu, insn, op);
  // Accesses element by element are exempt from alignment checking.
  const key = cpu.tlbKey;
  cpu.tlbKey = tagKey(cpu);
  if (kind == MASKED) execMaskedMove(cpu, insn, op);
  else if (kind == GATHER) execGather(cpu, insn, op);
  else if (op == Vex.VCVTPH2PS) execHalfToSingle(cpu, insn);
  else execSingleToHalf(cpu, insn);
  cpu.tlbKey = key;
  return 0;
}

const OTHER: u32 = 0;
const MASKED: u32 = 1;
const GATHER: u32 = 2;
const HALF: u32 = 3;

function elementKind(op: u32): u32 {
  switch (op) {
    case Vex.VMASKMOVPS:
    case Vex.VMASKMOVPD:
    case Vex.VMASKMOVPS_STORE:
    case Vex.VMASKMOVPD_STORE:
    case Vex.VPMASKMOVD:
    case Vex.VPMASKMOVQ:
    case Vex.VPMASKMOVD_STORE:
    case Vex.VPMASKMOVQ_STORE:
      return MASKED;
    case Vex.VPGATHERDD:
    case Vex.VPGATHERDQ:
    case Vex.VPGATHERQD:
    case Vex.VPGATHERQQ:
    case Vex.VGATHERDPS:
    case Vex.VGATHERDPD:
    case Vex.VGATHERQPS:
    case Vex.VGATHERQPD:
      return GATHER;
    case Vex.VCVTPH2PS:
    case Vex.VCVTPS2PH:
      return HALF;
  }
  return OTHER;
}

/** VZEROUPPER, VZEROALL (VEX.L): of the registers that the mode has. */
function zero(cpu: Cpu, insn: Insn): u32 {
  const count: u32 = is64(cpu) ? 16 : 8;
  for (let i: u32 = 0; i < count; i++) {
    const at = xmm(cpu, i);
    if (isLong(insn)) v128.store(at, i64x2.splat(0));
    v128.store(at, i64x2.splat(0), 16);
  }
  return 0;
}

/** PSRLx, PSRAx and PSLLx by a register, counted from PSRLW. */
const SHIFTS: u64 =
  (1 << (Simd.PSRLW - Simd.PSRLW)) |
  (1 << (Simd.PSRLD - Simd.PSRLW)) |
  (1 << (Simd.PSRLQ - Simd.PSRLW)) |
  (1 << (Simd.PSRAW - Simd.PSRLW)) |
  (1 << (Simd.PSRAD - Simd.PSRLW)) |
  (1 << (Simd.PSLLW - Simd.PSRLW)) |
  (1 << (Simd.PSLLD - Simd.PSRLW)) |
  (1 << (Simd.PSLLQ - Simd.PSRLW));

/** Integer and bitwise operations. Shifts by a register take one count of 64 bits for all elements. */
function execVexInt(cpu: Cpu, insn: Insn, op: u32): u32 {
  const a = xmm(cpu, second(insn));
  if (!isLong(insn)) {
    const b = source(cpu, insn, 16);
    if (b != 0) Ymm.set128(cpu, insn.r, simdInt(op, v128.load(a), v128.load(b)));
    return 0;
  }
  const number = op - Simd.PSRLW;
  const isShift = number < 64 && ((SHIFTS >> <u64>number) & 1) != 0;
  const b = source(cpu, insn, isShift ? 16 : 32);
  if (b == 0) return 0;
  const bLow = v128.load(b);
  const bHigh = isShift ? bLow : v128.load(b, 16);
  const low = simdInt(op, v128.load(a), bLow);
  Ymm.set(cpu, insn.r, low, simdInt(op, v128.load(a, 16), bHigh));
  return 0;
}
