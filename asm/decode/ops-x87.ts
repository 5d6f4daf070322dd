/**
 * Operations of the x87 unit, SDM vol. 1 chapter 8: 300h to 3FFh of Insn's operations (ops.ts lists the
 * general ones). Forms of one mnemonic share a number; the opcode byte tells a register from the four
 * memory types (exec/x87-memory.ts).
 */
// biome-ignore format: by kind
export const enum X87 {
  FIRST = 0x300, // no instruction
  FADD, FMUL, FCOM, FCOMP, FSUB, FSUBR, FDIV, FDIVR, // in the order of ModRM.reg
  FIADD, FIMUL, FICOM, FICOMP, FISUB, FISUBR, FIDIV, FIDIVR,
  FADDP, FMULP, FCOMPP, FSUBP, FSUBRP, FDIVP, FDIVRP,
  FLD, FILD, FBLD, FST, FSTP, FIST, FISTP, FISTTP, FBSTP,
  FXCH, FFREE, FFREEP, FUCOM, FUCOMP, FUCOMPP, FCOMI, FCOMIP, FUCOMI, FUCOMIP,
  FCMOVB, FCMOVE, FCMOVBE, FCMOVU, FCMOVNB, FCMOVNE, FCMOVNBE, FCMOVNU,
  FNOP, FCHS, FABS, FTST, FXAM,
  FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ,
  F2XM1, FYL2X, FPTAN, FPATAN, FXTRACT, FPREM1, FDECSTP, FINCSTP,
  FPREM, FYL2XP1, FSQRT, FSINCOS, FRNDINT, FSCALE, FSIN, FCOS,
  FLDCW, FNSTCW, FLDENV, FNSTENV, FRSTOR, FNSAVE, FNSTSW, FNCLEX, FNINIT,
  FNENI, FNDISI, FNSETPM, // of the 8087 and 287: they do nothing
  END,
}
