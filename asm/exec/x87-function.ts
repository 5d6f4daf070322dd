/**
 * x87 instructions that replace ST(0), or ST(0) and ST(1), by functions of them (SDM vol. 2 FSQRT FRNDINT FPREM
 * FPREM1 FSCALE FXTRACT F2XM1 FYL2X FYL2XP1 FPTAN FPATAN FSIN FCOS FSINCOS).
 */
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { X87 } from "../decode/ops-x87";
import { BIAS, F80, f80Sqrt, INTEGER_BIT, X87_C1 } from "../softfloat/f80";
import { f80RoundIntegral } from "../softfloat/f80-convert";
import {
  f80ArcTangent,
  f80Cosine,
  f80Exp2m1,
  f80ReduceAngle,
  f80Sine,
  f80Tangent,
  f80YLog2X,
  f80YLog2XP1,
  TRIG_DONE,
  TRIG_RANGE,
  TRIG_ZERO,
} from "../softfloat/f80-functions";
import {
  f80Exponent,
  f80Rem,
  f80Scale,
  f80Significand,
  REM_NONE,
  REM_PARTIAL,
} from "../softfloat/f80-scale";
import {
  FSW_C0,
  FSW_C1,
  FSW_C2,
  FSW_C3,
  pop,
  pushResult,
  put,
  setResult,
  settle,
  stackOverflow,
  stackUnderflow,
  X87Reg,
} from "./x87-state";

export function functionX87(cpu: Cpu, insn: Insn, op: u32): void {
  switch (op) {
    case X87.FSQRT:
    case X87.FRNDINT:
    case X87.F2XM1:
      unary(cpu, insn, op);
      return;
    case X87.FPREM:
      remainder(cpu, insn, false);
      return;
    case X87.FPREM1:
      remainder(cpu, insn, true);
      return;
    case X87.FSCALE:
      scale(cpu, insn);
      return;
    case X87.FXTRACT:
      extract(cpu, insn);
      return;
    case X87.FYL2X:
    case X87.FYL2XP1:
    case X87.FPATAN:
      binary(cpu, insn, op);
      return;
    case X87.FSIN:
    case X87.FCOS:
      trigonometric(cpu, insn, op);
      return;
    case X87.FPTAN:
    case X87.FSINCOS:
      trigonometricPair(cpu, insn, op == X87.FPTAN);
      return;
  }
}

function unary(cpu: Cpu, insn: Insn, op: u32): void {
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else if (op == X87.FSQRT) f80Sqrt(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  else if (op == X87.F2XM1) f80Exp2m1(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  else f80RoundIntegral(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0));
  if (settle(cpu, insn)) setResult(cpu, 0);
}

/** Whether both ST(0) and ST(1) are there; else the underflow is set. */
function hasPair(cpu: Cpu): bool {
  if (!X87Reg.isEmpty(cpu, 0) && !X87Reg.isEmpty(cpu, 1)) return true;
  stackUnderflow(cpu);
  return false;
}

/** FPREM and FPREM1: quotient bits 2, 1 and 0 go to C0, C3 and C1. */
function remainder(cpu: Cpu, insn: Insn, isNearest: bool): void {
  let quotient = REM_NONE;
  if (hasPair(cpu)) {
    quotient = f80Rem(
      cpu,
      X87Reg.se(cpu, 0),
      X87Reg.sig(cpu, 0),
      X87Reg.se(cpu, 1),
      X87Reg.sig(cpu, 1),
      isNearest,
    );
  }
  const mayStore = settle(cpu, insn);
  cpu.fsw &= ~FSW_C2;
  if (!mayStore) return;
  setResult(cpu, 0);
  if (quotient == REM_NONE) return;
  cpu.fsw &= ~(FSW_C0 | FSW_C1 | FSW_C3);
  if (quotient == REM_PARTIAL) cpu.fsw |= FSW_C2;
  else {
    if ((quotient & 4) != 0) cpu.fsw |= FSW_C0;
    if ((quotient & 2) != 0) cpu.fsw |= FSW_C3;
    if ((quotient & 1) != 0) cpu.fsw |= FSW_C1;
  }
}

function scale(cpu: Cpu, insn: Insn): void {
  if (hasPair(cpu)) {
    f80Scale(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0), X87Reg.se(cpu, 1), X87Reg.sig(cpu, 1));
  }
  if (settle(cpu, insn)) setResult(cpu, 0);
}

/** FXTRACT: the exponent takes ST(0)'s place and the significand is pushed. */
function extract(cpu: Cpu, insn: Insn): void {
  const se = X87Reg.se(cpu, 0);
  const sig = X87Reg.sig(cpu, 0);
  let isFault = true;
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else if (!X87Reg.isEmpty(cpu, 7)) stackOverflow(cpu);
  else {
    isFault = false;
    f80Exponent(cpu, se, sig);
  }
  if (!settle(cpu, insn)) return;
  setResult(cpu, 0);
  if (!isFault) f80Significand(cpu, se, sig);
  pushResult(cpu);
}

/** FYL2X FYL2XP1 FPATAN: ST(1) becomes the result, and ST(0) is popped. */
function binary(cpu: Cpu, insn: Insn, op: u32): void {
  if (hasPair(cpu)) {
    const se0 = X87Reg.se(cpu, 0);
    const sig0 = X87Reg.sig(cpu, 0);
    const se1 = X87Reg.se(cpu, 1);
    const sig1 = X87Reg.sig(cpu, 1);
    if (op == X87.FYL2X) f80YLog2X(cpu, se0, sig0, se1, sig1);
    else if (op == X87.FYL2XP1) f80YLog2XP1(cpu, se0, sig0, se1, sig1);
    else f80ArcTangent(cpu, se1, sig1, se0, sig0);
  }
  if (!settle(cpu, insn)) return;
  setResult(cpu, 1);
  pop(cpu);
}

/** FSIN FCOS. C2 says that the angle is out of range; ST(0) then stays. */
function trigonometric(cpu: Cpu, insn: Insn, op: u32): void {
  let reduced = TRIG_DONE;
  const se = X87Reg.se(cpu, 0);
  const sig = X87Reg.sig(cpu, 0);
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else reduced = f80ReduceAngle(cpu, se, sig);
  if (reduced == TRIG_ZERO) {
    if (op == X87.FSIN) F80.set(cpu, se, sig);
    else F80.set(cpu, BIAS, INTEGER_BIT);
  } else if (reduced != TRIG_DONE && reduced != TRIG_RANGE) {
    if (op == X87.FSIN) f80Sine(cpu, se & 0x8000, reduced);
    else f80Cosine(cpu, reduced);
  }
  const mayStore = settle(cpu, insn);
  setC2(cpu, reduced == TRIG_RANGE);
  if (mayStore && reduced != TRIG_RANGE) setResult(cpu, 0);
}

function setC2(cpu: Cpu, isOutOfRange: bool): void {
  cpu.fsw = (cpu.fsw & ~FSW_C2) | (isOutOfRange ? FSW_C2 : 0);
}

/** FPTAN and FSINCOS: tangent or sine take ST(0)'s place, and 1 or the cosine is pushed. */
function trigonometricPair(cpu: Cpu, insn: Insn, isTangent: bool): void {
  let reduced = TRIG_DONE;
  const se = X87Reg.se(cpu, 0);
  const sig = X87Reg.sig(cpu, 0);
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else if (!X87Reg.isEmpty(cpu, 7)) stackOverflow(cpu);
  else reduced = f80ReduceAngle(cpu, se, sig);
  let firstSe = cpu.f80Se;
  let firstSig = cpu.f80Sig;
  if (reduced == TRIG_ZERO) {
    firstSe = se;
    firstSig = sig;
    F80.set(cpu, BIAS, INTEGER_BIT);
  } else if (reduced != TRIG_DONE && reduced != TRIG_RANGE) {
    if (isTangent) f80Tangent(cpu, se & 0x8000, reduced);
    else f80Sine(cpu, se & 0x8000, reduced);
    firstSe = cpu.f80Se;
    firstSig = cpu.f80Sig;
    if (isTangent) F80.set(cpu, BIAS, INTEGER_BIT);
    else {
      // C1 speaks of the cosine.
      cpu.x87Flags &= ~X87_C1;
      f80Cosine(cpu, reduced);
    }
  }
  const mayStore = settle(cpu, insn);
  setC2(cpu, reduced == TRIG_RANGE);
  if (!mayStore || reduced == TRIG_RANGE) return;
  put(cpu, 0, firstSe, firstSig);
  pushResult(cpu);
}
