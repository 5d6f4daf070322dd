/**
 * Operations of the general-purpose and system instruction set, in the order of the manual's opcode
 * maps. One number per mnemonic (or per form where the forms share no semantics); the operand size is
 * Insn.osz. x87 operations are in ops-x87.ts (300h-3FFh), MMX and SSE in ops-simd.ts (400h-7FFh), AVX in ops-vex.ts (800h-AFFh).
 */
// biome-ignore format: in the order of the maps
export const enum Op {
  INVALID = 0, // #UD
  ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, // in the order of group 1
  PUSH_SEG, POP_SEG, DAA, DAS, AAA, AAS,
  INC, DEC, PUSH, POP, PUSHA, POPA, BOUND, ARPL, MOVSXD,
  IMUL2, IMUL3, // IMUL Gv,Ev and IMUL Gv,Ev,I
  JCC, TEST, XCHG, MOV, MOV_FROM_SEG, LEA, MOV_TO_SEG, NOP, PAUSE,
  CBW, CWD, CALL_FAR, FWAIT, PUSHF, POPF, SAHF, LAHF,
  ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR, // in the order of group 2
  RET, RET_IMM, LES, LDS, ENTER, LEAVE, RET_FAR, RET_FAR_IMM, INT3, INT, INTO, IRET,
  AAM, AAD, SALC, XLAT, LOOPNE, LOOPE, LOOP, JCXZ,
  CALL, JMP, JMP_FAR, CALL_IND, JMP_IND, CALL_FAR_IND, JMP_FAR_IND,
  INT1, HLT, CMC, NOT, NEG, MUL, IMUL, DIV, IDIV, CLC, STC, CLI, STI, CLD, STD,
  CMOV, SETCC, CPUID, BT, BTS, BTR, BTC, SHLD, SHRD, RSM, CMPXCHG, LSS, LFS, LGS,
  MOVZX8, MOVZX16, MOVSX8, MOVSX16, POPCNT, UD, BSF, BSR, TZCNT, LZCNT,
  XADD, MOVNTI, CMPXCHG8B, RDRAND, RDSEED, RDPID, BSWAP, MOVBE_LOAD, MOVBE_STORE, CRC32, ADCX, ADOX,
  // BMI1 and BMI2, in VEX encodings
  ANDN, BLSR, BLSMSK, BLSI, BZHI, PEXT, PDEP, MULX, BEXTR, SHLX, SARX, SHRX, RORX,
  // strings: 8-bit or Insn.osz, repeated when INSN_REP or INSN_REPNE says so
  MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS,
  // ports
  IN, OUT,
  // system
  SLDT, STR, LLDT, LTR, VERR, VERW, SGDT, SIDT, LGDT, LIDT, SMSW, LMSW, INVLPG,
  SWAPGS, RDTSCP, MONITOR, MWAIT, CLAC, STAC, XGETBV, XSETBV, VMCALL,
  LAR, LSL, SYSCALL, CLTS, SYSRET, INVD, WBINVD, SYSENTER, SYSEXIT,
  MOV_FROM_CR, MOV_TO_CR, MOV_FROM_DR, MOV_TO_DR, WRMSR, RDTSC, RDMSR, RDPMC, INVPCID,
  FXSAVE, FXRSTOR, XSAVE, XRSTOR, XSAVEOPT, XSAVEC, XSAVES, XRSTORS, LDMXCSR, STMXCSR, CLFLUSH, CLFLUSHOPT, CLWB,
  LFENCE, MFENCE, SFENCE, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE, PREFETCH, RDPKRU, WRPKRU,
  // what the decoder answers instead of an instruction that cannot run
  TOO_LONG, // more than 15 bytes: #GP(0)
  FPU_UNAVAILABLE, // Insn.imm: 0 x87, 1 MMX, 2 SSE, 3 AVX: #NM or #UD by CR0, CR4 and XCR0
  END,
}

/** CPUID feature a row depends on; #UD when -cpu does not offer it. Bits of Cpu.features. */
// biome-ignore format: in the order of CPUID's leaves
export const enum Feature {
  BASE = 0,
  X87, MMX, SSE, SSE2, SSE3, SSSE3, SSE41, SSE42, POPCNT, CX16, XSAVE, RDTSCP, RDRAND, FSGSBASE,
  MOVBE, CRC32, RDSEED, RDPID, CLFLUSHOPT, AES, PCLMULQDQ, SHA, LZCNT, BMI1, BMI2, ADX, INVPCID,
  AVX, AVX2, FMA, F16C, PKU, XSAVEOPT, CMPXCHG8B, SYSCALL, SMAP, CLWB, XSAVEC, XSAVES,
  AMD, // no feature: the vendor, and what depends on it
  END,
}
