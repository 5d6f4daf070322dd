/**
 * Numbers of the hot handlers: specialised forms the interpreter runs inline (interpret.ts). Families are laid
 * out so that specialize.ts computes a number: base + form * 4 + size, size = log2 of the operand's bytes;
 * conditional families add the condition code. A family without a byte form has its base one below its first
 * number. No number is left out: with holes the compiler splits the interpreter's switch into several tables.
 */
// biome-ignore format: families in rows
export const enum Hot {
  BAD = 0, // #UD
  STALE = 1, // the block was dropped: look up again from here
  FALL = 2, // end of a block without a branch
  NOP = 3,

  // op * 20 + form * 4 + size; ops in group 1 order, forms RR RI RM MR MI (destination first)
  ALU = 4,
  TEST = 164, // RR RI MR MI
  MOV = 180, // RR RI RM MR MI
  MOVZX8_R = 199, MOVZX8_M = 202, MOVZX16_R = 205, MOVZX16_M = 208,
  MOVSX8_R = 211, MOVSX8_M = 214, MOVSX16_R = 217, MOVSX16_M = 220,
  MOVSXD_R = 224, MOVSXD_M = 225, LEA32 = 226, LEA64 = 227,
  INC_R = 228, DEC_R = 232, INC_M = 236, DEC_M = 240, NEG_R = 244, NOT_R = 248,
  SHIFT_I = 252, // SHL SHR SAR ROL ROR by immediate: kind * 4 + size
  SHIFT_CL = 272, // the same by CL
  IMUL_RR = 291, IMUL_RM = 294, IMUL_RRI = 297, IMUL_RMI = 300,
  PUSH_R = 304, PUSH_I = 305, PUSH_M = 306, POP_R = 307, // 64-bit mode only
  CALL = 308, CALL_R = 309, CALL_M = 310, RET = 311, JMP = 312, JMP_R = 313, JMP_M = 314, // all but JMP: 64-bit mode only
  JCC = 315, // + condition
  CMP_JCC_RR32 = 331, CMP_JCC_RI32 = 347, CMP_JCC_RR64 = 363, CMP_JCC_RI64 = 379, // fused pairs, + condition
  TEST_JCC_RR8 = 395, TEST_JCC_RR32 = 411, TEST_JCC_RR64 = 427,
  TEST_JCC_RI8 = 443, TEST_JCC_RI32 = 459,
  DEC_JZ = 475, ADD_JZ = 479, SUB_JZ = 483, // an immediate, and JZ or JNZ: 32, 32, 64, 64 bits
  CMOV_RR32 = 487, CMOV_RR64 = 488, CMOV_RM32 = 489, CMOV_RM64 = 490, SETCC_R = 491, SETCC_M = 492,
  XCHG_RR32 = 493, XCHG_RR64 = 494, CDQ = 495, CQO = 496, CDQE = 497, CWDE = 498,
  BT_RI32 = 499, BT_RI64 = 500, BT_RR32 = 501, BT_RR64 = 502,
}
