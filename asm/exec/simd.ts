/**
 * MMX and SSE to SSE4.2: the entry from the interpreter. Insn.op is COLD plus a number of
 * decode/ops-simd.ts, whose kinds choose the file. The decoder has already checked the CPUID feature,
 * CR0.EM and TS and CR4.OSFXSR, and that a memory or register form exists.
 *
 * The VEX forms are in exec/vex.ts: the functions of vectors here serve both.
 */
import { Cpu } from "../cpu/state";
import { COLD, Insn } from "../decode/insn";
import { SIMD_MMX, Simd } from "../decode/ops-simd";
import { execMmx } from "./mmx";
import { execSimdConvert } from "./simd-convert";
import { execSimdCrypto } from "./simd-crypto";
import { execSimdFloat } from "./simd-float";
import { execSimdInt } from "./simd-int";
import { execSimdMove } from "./simd-move";
import { execSimdShuffle } from "./simd-shuffle";

export function execSimd(cpu: Cpu, insn: Insn): u32 {
  const op = <u32>insn.op - COLD;
  if ((op & SIMD_MMX) != 0) return execMmx(cpu, insn, op);
  if (op < <u32>Simd.MOVE_END) return execSimdMove(cpu, insn, op);
  if (op < <u32>Simd.FLOAT_END) return execSimdFloat(cpu, insn, op);
  if (op < <u32>Simd.CONVERT_END) return execSimdConvert(cpu, insn, op);
  if (op < <u32>Simd.INT_END) return execSimdInt(cpu, insn, op);
  if (op < <u32>Simd.SHUFFLE_END) return execSimdShuffle(cpu, insn, op);
  return execSimdCrypto(cpu, insn, op);
}
