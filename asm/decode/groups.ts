/**
 * Opcode extensions by ModRM.reg, SDM vol. 2 table A-6. Each group has 16 rows: 8 for memory operands, 8 for
 * register operands (ModRM.mod = 3). A group row completes the row that named the group: it supplies the Op,
 * and operands or flags that not all members share. Group 7's register forms are chosen by the whole ModRM
 * byte (table G7_REG), group 15's also by F3 (RDFSBASE ...).
 */
import { Op } from "./ops";
import {
  D64,
  Ed,
  END,
  Ev,
  Ew,
  F_FSGSBASE,
  F_PKU,
  F_RDRAND,
  F_RDSEED,
  F_RDTSCP,
  F_SMAP,
  F_SSE,
  F_XSAVE,
  F_XSAVEC,
  F_XSAVEOPT,
  F_XSAVES,
  F64,
  Iz,
  LOCK,
  Mb,
  Mv,
  Mw,
  Mx,
  O1,
  O2,
  O64,
  PRIV,
  Rv,
  Ry,
} from "./row";

export const enum Group {
  G1,
  G1A,
  G2,
  G3,
  G4,
  G5,
  G6,
  G7,
  G8,
  G9,
  G11,
  G15,
  G16,
  GP,
  END,
}

// biome-ignore format: one row per line
export const GROUPS: StaticArray<u64> = [
  // G1: 80-83
  Op.ADD | LOCK, Op.OR | LOCK, Op.ADC | LOCK, Op.SBB | LOCK, Op.AND | LOCK, Op.SUB | LOCK, Op.XOR | LOCK, Op.CMP,
  Op.ADD, Op.OR, Op.ADC, Op.SBB, Op.AND, Op.SUB, Op.XOR, Op.CMP,
  // G1A: 8F
  Op.POP, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  Op.POP, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  // G2: C0 C1 D0-D3
  Op.ROL, Op.ROR, Op.RCL, Op.RCR, Op.SHL, Op.SHR, Op.SAL, Op.SAR,
  Op.ROL, Op.ROR, Op.RCL, Op.RCR, Op.SHL, Op.SHR, Op.SAL, Op.SAR,
  // G3: F6 F7; TEST's immediate is added by the decoder (Ib or Iz)
  Op.TEST | Iz << O2, Op.TEST | Iz << O2, Op.NOT | LOCK, Op.NEG | LOCK, Op.MUL, Op.IMUL, Op.DIV, Op.IDIV,
  Op.TEST | Iz << O2, Op.TEST | Iz << O2, Op.NOT, Op.NEG, Op.MUL, Op.IMUL, Op.DIV, Op.IDIV,
  // G4: FE
  Op.INC | LOCK, Op.DEC | LOCK, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  Op.INC, Op.DEC, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  // G5: FF
  Op.INC | LOCK, Op.DEC | LOCK, Op.CALL_IND | F64 | END, Op.CALL_FAR_IND | END, Op.JMP_IND | F64 | END, Op.JMP_FAR_IND | END, Op.PUSH | D64, Op.INVALID,
  Op.INC, Op.DEC, Op.CALL_IND | F64 | END, Op.INVALID, Op.JMP_IND | F64 | END, Op.INVALID, Op.PUSH | D64, Op.INVALID,
  // G6: 0F 00
  Op.SLDT | Mw << O1, Op.STR | Mw << O1, Op.LLDT | Ew << O1 | END, Op.LTR | Ew << O1 | END, Op.VERR | Ew << O1, Op.VERW | Ew << O1, Op.INVALID, Op.INVALID,
  Op.SLDT | Rv << O1, Op.STR | Rv << O1, Op.LLDT | Ew << O1 | END, Op.LTR | Ew << O1 | END, Op.VERR | Ew << O1, Op.VERW | Ew << O1, Op.INVALID, Op.INVALID,
  // G7: 0F 01 (register forms but SMSW and LMSW: G7_REG)
  Op.SGDT | Mv << O1, Op.SIDT | Mv << O1, Op.LGDT | Mv << O1 | PRIV | END, Op.LIDT | Mv << O1 | PRIV | END, Op.SMSW | Mw << O1, Op.INVALID, Op.LMSW | Ew << O1 | PRIV | END, Op.INVLPG | Mb << O1 | PRIV | END,
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.SMSW | Rv << O1, Op.INVALID, Op.LMSW | Ew << O1 | PRIV | END, Op.INVALID,
  // G8: 0F BA
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.BT, Op.BTS | LOCK, Op.BTR | LOCK, Op.BTC | LOCK,
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.BT, Op.BTS, Op.BTR, Op.BTC,
  // G9: 0F C7
  Op.INVALID, Op.CMPXCHG8B | Mv << O1 | LOCK, Op.INVALID, Op.XRSTORS | Mx << O1 | PRIV | F_XSAVES, Op.XSAVEC | Mx << O1 | F_XSAVEC, Op.XSAVES | Mx << O1 | PRIV | F_XSAVES, Op.INVALID, Op.INVALID,
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.RDRAND | Rv << O1 | F_RDRAND, Op.RDSEED | Rv << O1 | F_RDSEED,
  // G11: C6 C7
  Op.MOV, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  Op.MOV, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  // G15: 0F AE without prefix
  Op.FXSAVE | Mx << O1, Op.FXRSTOR | Mx << O1, Op.LDMXCSR | Ed << O1 | F_SSE, Op.STMXCSR | Ed << O1 | F_SSE, Op.XSAVE | Mx << O1 | F_XSAVE, Op.XRSTOR | Mx << O1 | F_XSAVE, Op.XSAVEOPT | Mx << O1 | F_XSAVEOPT, Op.CLFLUSH | Mb << O1,
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.LFENCE, Op.MFENCE, Op.SFENCE,
  // G16: 0F 18
  Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1,
  Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1,
  // GP: 0F 0D
  Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1, Op.PREFETCH | Mb << O1,
  Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1, Op.NOP | Ev << O1,
];

/** 0F 01 with ModRM C0-DF and F8-FF, by ModRM & 3Fh. */
// biome-ignore format: one row per line
export const G7_REG: StaticArray<u64> = [
  /* c0 */ Op.INVALID, Op.VMCALL | END, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* c8 */ Op.INVALID, Op.INVALID, Op.CLAC | END | F_SMAP, Op.STAC | END | F_SMAP, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* d0 */ Op.XGETBV | F_XSAVE, Op.XSETBV | PRIV | END | F_XSAVE, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* d8 */ Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* e0 */ Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* e8 */ Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.RDPKRU | F_PKU, Op.WRPKRU | F_PKU,
  /* f0 */ Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
  /* f8 */ Op.SWAPGS | O64 | PRIV | END, Op.RDTSCP | F_RDTSCP, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
];

/** F3 0F AE, register form. */
// biome-ignore format: one row per line
export const G15_F3_REG: StaticArray<u64> = [
  Op.RDFSBASE | Ry << O1 | O64 | F_FSGSBASE,
  Op.RDGSBASE | Ry << O1 | O64 | F_FSGSBASE,
  Op.WRFSBASE | Ry << O1 | O64 | F_FSGSBASE,
  Op.WRGSBASE | Ry << O1 | O64 | F_FSGSBASE,
  Op.INVALID, Op.INVALID, Op.INVALID, Op.INVALID,
];
