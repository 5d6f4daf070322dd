/**
 * The x87 unit (SDM vol. 1 chapter 8, vol. 2 F*): dispatch, arithmetic, comparisons and what works on
 * registers alone. The stack and the exceptions are in x87-state.ts, memory forms in x87-memory.ts,
 * control instructions in x87-control.ts, what replaces ST(0) by a function of it in x87-function.ts.
 *
 * Condition codes that the manual leaves undefined are left alone, as current Intel processors do. CR0.EM
 * and TS are the decoder's.
 */
import { condition, RFLAGS_CF, RFLAGS_PF, RFLAGS_ZF, setArith } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { COLD, INSN_MEM, Insn } from "../decode/insn";
import { X87 } from "../decode/ops-x87";
import { F80, f80Add, f80Compare, f80Div, f80Mul, f80Sub, INTEGER_BIT } from "../softfloat/f80";
import { EQUAL, GREATER, LESS, UNORDERED } from "../softfloat/ieee754";
import { controlX87 } from "./x87-control";
import { functionX87 } from "./x87-function";
import { freeX87, loadSource, loadX87, storeDecimal, storeInt, storeX87 } from "./x87-memory";
import {
  begin,
  checkPendingMF,
  FSW_C0,
  FSW_C1,
  FSW_C2,
  FSW_C3,
  keepC1,
  pop,
  pushResult,
  put,
  rotate,
  setResult,
  settle,
  stackOverflow,
  stackUnderflow,
  X87Reg,
} from "./x87-state";

const FSW_CC: u32 = FSW_C0 | FSW_C2 | FSW_C3;

/** Kinds of arithmetic, as ModRM.reg numbers them. */
const ADD: u32 = 0;
const MUL: u32 = 1;
const SUB: u32 = 4;
const SUBR: u32 = 5;
const DIV: u32 = 6;

export function execX87(cpu: Cpu, insn: Insn): u32 {
  const op = <u32>insn.op - COLD;
  if (isNotWaiting(op)) {
    controlX87(cpu, insn, op);
    return 0;
  }
  if (checkPendingMF(cpu)) return 0;
  begin(cpu);
  switch (op - X87.FIRST) {
    case X87.FADD - X87.FIRST:
    case X87.FMUL - X87.FIRST:
    case X87.FSUB - X87.FIRST:
    case X87.FSUBR - X87.FIRST:
    case X87.FDIV - X87.FIRST:
    case X87.FDIVR - X87.FIRST:
      arithmetic(cpu, insn, op - X87.FADD);
      break;
    case X87.FIADD - X87.FIRST:
    case X87.FIMUL - X87.FIRST:
    case X87.FISUB - X87.FIRST:
    case X87.FISUBR - X87.FIRST:
    case X87.FIDIV - X87.FIRST:
    case X87.FIDIVR - X87.FIRST:
      arithmetic(cpu, insn, op - X87.FIADD);
      break;
    case X87.FADDP - X87.FIRST:
    case X87.FMULP - X87.FIRST:
      if (arithmetic(cpu, insn, op - X87.FADDP)) pop(cpu);
      break;
    case X87.FSUBP - X87.FIRST:
    case X87.FSUBRP - X87.FIRST:
    case X87.FDIVP - X87.FIRST:
    case X87.FDIVRP - X87.FIRST:
      if (arithmetic(cpu, insn, op - X87.FSUBP + SUB)) pop(cpu);
      break;
    case X87.FCOM - X87.FIRST:
    case X87.FICOM - X87.FIRST:
      compare(cpu, insn, 0, false);
      break;
    case X87.FCOMP - X87.FIRST:
    case X87.FICOMP - X87.FIRST:
      compare(cpu, insn, 1, false);
      break;
    case X87.FCOMPP - X87.FIRST:
      compare(cpu, insn, 2, false);
      break;
    case X87.FUCOM - X87.FIRST:
      compare(cpu, insn, 0, true);
      break;
    case X87.FUCOMP - X87.FIRST:
      compare(cpu, insn, 1, true);
      break;
    case X87.FUCOMPP - X87.FIRST:
      compare(cpu, insn, 2, true);
      break;
    case X87.FCOMI - X87.FIRST:
      compareFlags(cpu, insn, false, false);
      break;
    case X87.FCOMIP - X87.FIRST:
      compareFlags(cpu, insn, true, false);
      break;
    case X87.FUCOMI - X87.FIRST:
      compareFlags(cpu, insn, false, true);
      break;
    case X87.FUCOMIP - X87.FIRST:
      compareFlags(cpu, insn, true, true);
      break;
    case X87.FLD - X87.FIRST:
    case X87.FILD - X87.FIRST:
    case X87.FBLD - X87.FIRST:
      loadX87(cpu, insn, op);
      break;
    case X87.FST - X87.FIRST:
      storeX87(cpu, insn, false);
      break;
    case X87.FSTP - X87.FIRST:
      storeX87(cpu, insn, true);
      break;
    case X87.FIST - X87.FIRST:
    case X87.FISTP - X87.FIRST:
    case X87.FISTTP - X87.FIRST:
      storeInt(cpu, insn, op);
      break;
    case X87.FBSTP - X87.FIRST:
      storeDecimal(cpu, insn);
      break;
    case X87.FXCH - X87.FIRST:
      exchange(cpu, insn);
      break;
    case X87.FFREE - X87.FIRST:
      freeX87(cpu, insn, false);
      break;
    case X87.FFREEP - X87.FIRST:
      freeX87(cpu, insn, true);
      break;
    case X87.FCMOVB - X87.FIRST:
    case X87.FCMOVE - X87.FIRST:
    case X87.FCMOVBE - X87.FIRST:
    case X87.FCMOVU - X87.FIRST:
    case X87.FCMOVNB - X87.FIRST:
    case X87.FCMOVNE - X87.FIRST:
    case X87.FCMOVNBE - X87.FIRST:
    case X87.FCMOVNU - X87.FIRST:
      conditionalMove(cpu, insn, op - X87.FCMOVB);
      break;
    case X87.FNOP - X87.FIRST:
      keepC1(cpu);
      settle(cpu, insn);
      break;
    case X87.FINCSTP - X87.FIRST:
      settle(cpu, insn);
      rotate(cpu, 1);
      break;
    case X87.FDECSTP - X87.FIRST:
      settle(cpu, insn);
      rotate(cpu, 7);
      break;
    case X87.FCHS - X87.FIRST:
      changeSign(cpu, insn, 0xffff, 0x8000);
      break;
    case X87.FABS - X87.FIRST:
      changeSign(cpu, insn, 0x7fff, 0);
      break;
    case X87.FTST - X87.FIRST:
      compareZero(cpu, insn);
      break;
    case X87.FXAM - X87.FIRST:
      examine(cpu, insn);
      break;
    case X87.FLD1 - X87.FIRST:
    case X87.FLDL2T - X87.FIRST:
    case X87.FLDL2E - X87.FIRST:
    case X87.FLDPI - X87.FIRST:
    case X87.FLDLG2 - X87.FIRST:
    case X87.FLDLN2 - X87.FIRST:
    case X87.FLDZ - X87.FIRST:
      loadConstant(cpu, insn, op - X87.FLD1);
      break;
    case X87.FLDCW - X87.FIRST:
    case X87.FLDENV - X87.FIRST:
    case X87.FRSTOR - X87.FIRST:
      controlX87(cpu, insn, op);
      break;
    default:
      functionX87(cpu, insn, op);
      break;
  }
  return 0;
}

/** The control instructions that execute although an exception is pending. */
function isNotWaiting(op: u32): bool {
  return op >= <u32>X87.FNSTCW && op != X87.FLDENV && op != X87.FRSTOR;
}

/** The source of a two-operand instruction, in cpu.f80Se/f80Sig. False: a stack underflow or memory fault. */
function source(cpu: Cpu, insn: Insn, i: u32): bool {
  if ((insn.flags & INSN_MEM) != 0) {
    loadSource(cpu, insn);
    if (cpu.fault != 0) return false;
  } else if (X87Reg.isEmpty(cpu, i)) {
    stackUnderflow(cpu);
    return false;
  } else F80.set(cpu, X87Reg.se(cpu, i), X87Reg.sig(cpu, i));
  return true;
}

/** Destination = destination `kind` source; true when the stack may pop. */
function arithmetic(cpu: Cpu, insn: Insn, kind: u32): bool {
  // DC and DE have ST(i) as destination.
  const isToSti = (insn.flags & INSN_MEM) == 0 && (insn.opcode & 4) != 0;
  const to: u32 = isToSti ? insn.m : 0;
  if (source(cpu, insn, isToSti ? 0 : insn.m)) {
    if (X87Reg.isEmpty(cpu, to)) stackUnderflow(cpu);
    else apply(cpu, kind, X87Reg.se(cpu, to), X87Reg.sig(cpu, to), cpu.f80Se, cpu.f80Sig);
  }
  if (cpu.fault != 0 || !settle(cpu, insn)) return false;
  setResult(cpu, to);
  return true;
}

function apply(cpu: Cpu, kind: u32, aSe: u32, aSig: u64, bSe: u32, bSig: u64): void {
  switch (kind) {
    case ADD:
      f80Add(cpu, aSe, aSig, bSe, bSig);
      break;
    case MUL:
      f80Mul(cpu, aSe, aSig, bSe, bSig);
      break;
    case SUB:
      f80Sub(cpu, aSe, aSig, bSe, bSig);
      break;
    case SUBR:
      f80Sub(cpu, bSe, bSig, aSe, aSig);
      break;
    case DIV:
      f80Div(cpu, aSe, aSig, bSe, bSig);
      break;
    default:
      f80Div(cpu, bSe, bSig, aSe, aSig);
  }
}

/** How ST(0) relates to the source (LESS ...), or UNORDERED after a stack underflow. */
function relation(cpu: Cpu, insn: Insn, i: u32, isQuiet: bool): u32 {
  if (!source(cpu, insn, i)) return UNORDERED;
  if (X87Reg.isEmpty(cpu, 0)) {
    stackUnderflow(cpu);
    return UNORDERED;
  }
  return f80Compare(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0), cpu.f80Se, cpu.f80Sig, isQuiet);
}

/** SDM vol. 2 tables 3-21: C3, C2 and C0 of a relation. */
function conditionCodes(relation: u32): u32 {
  switch (relation) {
    case LESS:
      return FSW_C0;
    case EQUAL:
      return FSW_C3;
    case GREATER:
      return 0;
    default:
      return FSW_CC;
  }
}

function compare(cpu: Cpu, insn: Insn, pops: u32, isQuiet: bool): void {
  // FCOMPP and FUCOMPP have ST(1) as their only source.
  const codes = conditionCodes(relation(cpu, insn, pops == 2 ? 1 : insn.m, isQuiet));
  if (cpu.fault != 0) return;
  const mayPop = settle(cpu, insn);
  cpu.fsw = (cpu.fsw & ~FSW_CC) | codes;
  if (!mayPop) return;
  if (pops > 0) pop(cpu);
  if (pops > 1) pop(cpu);
}

function compareZero(cpu: Cpu, insn: Insn): void {
  let codes: u32 = FSW_CC;
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else codes = conditionCodes(f80Compare(cpu, X87Reg.se(cpu, 0), X87Reg.sig(cpu, 0), 0, 0, false));
  settle(cpu, insn);
  cpu.fsw = (cpu.fsw & ~FSW_CC) | codes;
}

/** FCOMI and its kin: the relation goes to ZF, PF and CF. */
function compareFlags(cpu: Cpu, insn: Insn, isPop: bool, isQuiet: bool): void {
  const codes = conditionCodes(relation(cpu, insn, insn.m, isQuiet));
  keepC1(cpu);
  const mayPop = settle(cpu, insn);
  setArith(
    cpu,
    ((codes & FSW_C3) != 0 ? RFLAGS_ZF : 0) |
      ((codes & FSW_C2) != 0 ? RFLAGS_PF : 0) |
      ((codes & FSW_C0) != 0 ? RFLAGS_CF : 0),
  );
  if (isPop && mayPop) pop(cpu);
}

/** FXCH. An empty register takes part as the default NaN when that is masked. */
function exchange(cpu: Cpu, insn: Insn): void {
  const i = <u32>insn.m;
  const isEmpty0 = X87Reg.isEmpty(cpu, 0);
  const isEmptyI = X87Reg.isEmpty(cpu, i);
  if (isEmpty0 || isEmptyI) stackUnderflow(cpu);
  if (!settle(cpu, insn)) return;
  const se0 = isEmpty0 ? cpu.f80Se : X87Reg.se(cpu, 0);
  const sig0 = isEmpty0 ? cpu.f80Sig : X87Reg.sig(cpu, 0);
  const seI = isEmptyI ? cpu.f80Se : X87Reg.se(cpu, i);
  const sigI = isEmptyI ? cpu.f80Sig : X87Reg.sig(cpu, i);
  put(cpu, i, se0, sig0);
  put(cpu, 0, seI, sigI);
}

/** FCMOVcc: B E BE U, then their negations. */
function conditionalMove(cpu: Cpu, insn: Insn, kind: u32): void {
  const i = <u32>insn.m;
  const isEmpty = X87Reg.isEmpty(cpu, 0) || X87Reg.isEmpty(cpu, i);
  if (isEmpty) stackUnderflow(cpu);
  else F80.set(cpu, X87Reg.se(cpu, i), X87Reg.sig(cpu, i));
  keepC1(cpu);
  if (!settle(cpu, insn)) return;
  if (isEmpty || isMoved(cpu, kind)) setResult(cpu, 0);
}

function isMoved(cpu: Cpu, kind: u32): bool {
  // Condition numbers of Jcc: B 2, E 4, BE 6, P 10.
  const code: u32 = (kind & 3) == 3 ? 10 : ((kind & 3) + 1) << 1;
  return condition(cpu, code) == kind < 4;
}

function changeSign(cpu: Cpu, insn: Insn, mask: u32, flip: u32): void {
  if (X87Reg.isEmpty(cpu, 0)) stackUnderflow(cpu);
  else F80.set(cpu, (X87Reg.se(cpu, 0) & mask) ^ flip, X87Reg.sig(cpu, 0));
  if (settle(cpu, insn)) setResult(cpu, 0);
}

/** FXAM: class of ST(0) in C3, C2 and C0, its sign in C1. */
function examine(cpu: Cpu, insn: Insn): void {
  const se = X87Reg.se(cpu, 0);
  const sig = X87Reg.sig(cpu, 0);
  settle(cpu, insn);
  let codes = FSW_C2;
  if (X87Reg.isEmpty(cpu, 0)) codes = FSW_C3 | FSW_C0;
  else if (F80.isUnsupported(se, sig)) codes = 0;
  else if (F80.isInfinite(se, sig)) codes = FSW_C2 | FSW_C0;
  else if (F80.isNaN(se, sig)) codes = FSW_C0;
  else if (F80.isDenormal(se, sig)) codes = FSW_C3 | FSW_C2;
  else if (sig == 0) codes = FSW_C3;
  if ((se & 0x8000) != 0) codes |= FSW_C1;
  cpu.fsw = (cpu.fsw & ~(FSW_CC | FSW_C1)) | codes;
}

/** 1, log2 10, log2 e, pi, log10 2, ln 2, 0: exponent, significand rounded down. */
const CONSTANT_EXPONENT: StaticArray<u16> = [0x3fff, 0x4000, 0x3fff, 0x4000, 0x3ffd, 0x3ffe, 0];
const CONSTANT: StaticArray<u64> = [
  INTEGER_BIT,
  0xd49a784bcd1b8afe,
  0xb8aa3b295c17f0bb,
  0xc90fdaa22168c234,
  0x9a209a84fbcff798,
  0xb17217f7d1cf79ab,
  0,
];
/** The part below the last place, in 1/256. */
const CONSTANT_REST: StaticArray<u8> = [0, 0x49, 0xbe, 0xc4, 0x8f, 0xc9, 0];

/** FLD1 to FLDZ: rounded by RC, but never inexact. */
function loadConstant(cpu: Cpu, insn: Insn, n: u32): void {
  if (!X87Reg.isEmpty(cpu, 7)) stackOverflow(cpu);
  else {
    const rc = F80.rounding(cpu);
    const rest = <u32>unchecked(CONSTANT_REST[n]);
    const isUp = rc == 0 ? rest > 0x80 : rc == 2 && rest != 0;
    F80.set(cpu, unchecked(CONSTANT_EXPONENT[n]), unchecked(CONSTANT[n]) + u64(isUp));
  }
  if (settle(cpu, insn)) pushResult(cpu);
}
