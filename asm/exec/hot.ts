/**
 * Numbers of the hot handlers: specialised forms the interpreter runs inline (interpret.ts). Families are laid
 * out so that specialize.ts computes a number: base + form * 4 + size, size = log2 of the operand's bytes;
 * conditional families add the condition code. All are below COLD; the switch over them must stay dense.
 */
// biome-ignore format: families in rows
export const enum Hot {
  BAD = 0, // #UD
  STALE = 1, // the block was dropped: look up again from here
  FALL = 2, // end of a block without a branch
  NOP = 3,

  // op * 20 + form * 4 + size; ops in group 1 order, forms RR RI RM MR MI (destination first)
  ALU = 16,
  TEST = 176, // RR RI MR MI
  MOV = 192, // RR RI RM MR MI
  MOVZX8_R = 212, MOVZX8_M = 216, MOVZX16_R = 220, MOVZX16_M = 224,
  MOVSX8_R = 228, MOVSX8_M = 232, MOVSX16_R = 236, MOVSX16_M = 240,
  MOVSXD_R = 244, MOVSXD_M = 245, LEA32 = 246, LEA64 = 247,
  INC_R = 248, DEC_R = 252, INC_M = 256, DEC_M = 260, NEG_R = 264, NOT_R = 268,
  SHIFT_I = 272, // SHL SHR SAR ROL ROR by immediate: kind * 4 + size
  SHIFT_CL = 292, // the same by CL
  IMUL_RR = 312, IMUL_RM = 316, IMUL_RRI = 320, IMUL_RMI = 324,
  PUSH_R = 328, PUSH_I = 329, PUSH_M = 330, POP_R = 331, // 64-bit mode only
  CALL = 332, CALL_R = 333, CALL_M = 334, RET = 335, JMP = 336, JMP_R = 337, JMP_M = 338, // CALL.. but JMP: 64-bit mode only
  JCC = 340, // + condition
  CMP_JCC_RR32 = 356, CMP_JCC_RI32 = 372, CMP_JCC_RR64 = 388, CMP_JCC_RI64 = 404, // fused pairs, + condition
  TEST_JCC_RR8 = 420, TEST_JCC_RR32 = 436, TEST_JCC_RR64 = 452,
  CMOV_RR32 = 468, CMOV_RR64 = 469, CMOV_RM32 = 470, CMOV_RM64 = 471, SETCC_R = 472, SETCC_M = 473,
  XCHG_RR32 = 474, XCHG_RR64 = 475, CDQ = 476, CQO = 477, CDQE = 478, CWDE = 479,
  BT_RI32 = 480, BT_RI64 = 481, BT_RR32 = 482, BT_RR64 = 483,
  END,
}
