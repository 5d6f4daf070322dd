/**
 * The notation of the opcode maps: one u64 per row, written as the manual writes it, for instance
 *   Op.ADD | Eb << O1 | Gb << O2 | LOCK
 * following SDM vol. 2 appendix A.2: the capital letter names the addressing method, the small letters
 * the operand type.
 *
 *   bits 0-11 Op | 12-19 operand 1 | 20-27 operand 2 | 28-35 operand 3 | 36-43 operand 4 | 44-51 Feature | 52-63 flags
 *
 * An operand is letter << 3 | size.
 */

import { Feature } from "./ops";

export const O1: u64 = 12;
export const O2: u64 = 20;
export const O3: u64 = 28;
export const O4: u64 = 36;
export const FEAT: u64 = 44;

/** Operand types: b byte, w word, d doubleword, q quadword, v 16/32/64 by operand size, z 16/32, y 32/64, x 128 bits. */
export const SZ_B: u64 = 0;
export const SZ_W: u64 = 1;
export const SZ_D: u64 = 2;
export const SZ_Q: u64 = 3;
export const SZ_V: u64 = 4;
export const SZ_Z: u64 = 5;
export const SZ_Y: u64 = 6;
export const SZ_X: u64 = 7;

/** Addressing methods. */
export const A_NONE: u64 = 0;
export const A_E: u64 = 1; // ModRM.rm general register or memory
export const A_G: u64 = 2; // ModRM.reg general register
export const A_I: u64 = 3; // immediate
export const A_J: u64 = 4; // relative branch displacement
export const A_M: u64 = 5; // ModRM.rm, memory only
export const A_R: u64 = 6; // ModRM.rm, general register only
export const A_S: u64 = 7; // ModRM.reg segment register
export const A_O: u64 = 8; // moffs
export const A_C: u64 = 9; // ModRM.reg control register
export const A_D: u64 = 10; // ModRM.reg debug register
export const A_Z: u64 = 11; // general register in the opcode's low three bits
export const A_V: u64 = 12; // ModRM.reg XMM
export const A_W: u64 = 13; // ModRM.rm XMM or memory
export const A_U: u64 = 14; // ModRM.rm XMM only
export const A_P: u64 = 15; // ModRM.reg MMX
export const A_Q: u64 = 16; // ModRM.rm MMX or memory
export const A_N: u64 = 17; // ModRM.rm MMX only
export const A_X: u64 = 18; // DS:rSI
export const A_Y: u64 = 19; // ES:rDI
export const A_FAR: u64 = 20; // direct far pointer in the instruction (A of the manual)
export const A_ACC: u64 = 21; // AL/AX/EAX/RAX
export const A_CL: u64 = 22;
export const A_DX: u64 = 23;
export const A_ONE: u64 = 24; // the constant 1
export const A_FIXED: u64 = 25; // a fixed register or implied operand; size is its number
export const A_ST: u64 = 26; // ST(i) from ModRM.rm
export const A_H: u64 = 27; // VEX.vvvv XMM/YMM
export const A_B: u64 = 28; // VEX.vvvv general register
export const A_L: u64 = 29; // register in imm8[7:4]

export const Eb: u64 = (1 << 3) | 0;
export const Ew: u64 = (1 << 3) | 1;
export const Ed: u64 = (1 << 3) | 2;
export const Eq: u64 = (1 << 3) | 3;
export const Ev: u64 = (1 << 3) | 4;
export const Ez: u64 = (1 << 3) | 5;
export const Ey: u64 = (1 << 3) | 6;
export const Gb: u64 = (2 << 3) | 0;
export const Gw: u64 = (2 << 3) | 1;
export const Gd: u64 = (2 << 3) | 2;
export const Gq: u64 = (2 << 3) | 3;
export const Gv: u64 = (2 << 3) | 4;
export const Gz: u64 = (2 << 3) | 5;
export const Gy: u64 = (2 << 3) | 6;
export const Ib: u64 = (3 << 3) | 0;
export const Iw: u64 = (3 << 3) | 1;
export const Iv: u64 = (3 << 3) | 4;
export const Iz: u64 = (3 << 3) | 5;
export const Jb: u64 = (4 << 3) | 0;
export const Jz: u64 = (4 << 3) | 5;
export const Mb: u64 = (5 << 3) | 0;
export const Mw: u64 = (5 << 3) | 1;
export const Md: u64 = (5 << 3) | 2;
export const Mq: u64 = (5 << 3) | 3;
export const Mv: u64 = (5 << 3) | 4; // also the memory operand of a type the manual names p, s, a, t: the Op says its size
export const Mz: u64 = (5 << 3) | 5;
export const My: u64 = (5 << 3) | 6;
export const Mx: u64 = (5 << 3) | 7;
export const Rd: u64 = (6 << 3) | 2;
export const Rv: u64 = (6 << 3) | 4;
export const Ry: u64 = (6 << 3) | 6;
export const Sw: u64 = (7 << 3) | 1;
export const Ob: u64 = (8 << 3) | 0;
export const Ov: u64 = (8 << 3) | 4;
export const Cy: u64 = (9 << 3) | 6;
export const Dy: u64 = (10 << 3) | 6;
export const Zb: u64 = (11 << 3) | 0;
export const Zv: u64 = (11 << 3) | 4;
export const Zy: u64 = (11 << 3) | 6;
export const Vd: u64 = (12 << 3) | 2;
export const Vq: u64 = (12 << 3) | 3;
export const Vx: u64 = (12 << 3) | 7;
export const Hx: u64 = (27 << 3) | 7;
export const By: u64 = (28 << 3) | 6;
export const Lx: u64 = (29 << 3) | 7;
export const Wb: u64 = (13 << 3) | 0;
export const Ww: u64 = (13 << 3) | 1;
export const Wd: u64 = (13 << 3) | 2;
export const Wq: u64 = (13 << 3) | 3;
export const Wx: u64 = (13 << 3) | 7;
export const Ud: u64 = (14 << 3) | 2;
export const Uq: u64 = (14 << 3) | 3;
export const Ux: u64 = (14 << 3) | 7;
export const Pd: u64 = (15 << 3) | 2;
export const Pq: u64 = (15 << 3) | 3;
export const Qd: u64 = (16 << 3) | 2;
export const Qq: u64 = (16 << 3) | 3;
export const Nq: u64 = (17 << 3) | 3;
export const Xb: u64 = (18 << 3) | 0;
export const Xv: u64 = (18 << 3) | 4;
export const Xz: u64 = (18 << 3) | 5;
export const Yb: u64 = (19 << 3) | 0;
export const Yv: u64 = (19 << 3) | 4;
export const Yz: u64 = (19 << 3) | 5;
export const Ap: u64 = (20 << 3) | 5;
export const AL: u64 = (21 << 3) | 0;
export const AXv: u64 = (21 << 3) | 4;
export const AXz: u64 = (21 << 3) | 5;
export const CLb: u64 = (22 << 3) | 0;
export const DXw: u64 = (23 << 3) | 1;
export const One: u64 = (24 << 3) | 0;
export const STi: u64 = (26 << 3) | 0;
export const ST0: u64 = (25 << 3) | 0;

/** Row flags. */
export const LOCK: u64 = 1 << 52; // LOCK allowed on the memory form
export const I64: u64 = 1 << 53; // invalid in 64-bit mode
export const O64: u64 = 1 << 54; // only in 64-bit mode
export const D64: u64 = 1 << 55; // operand size defaults to 64 bits in 64-bit mode
export const F64: u64 = 1 << 56; // operand size is forced to 64 bits in 64-bit mode
export const END: u64 = 1 << 57; // ends a block: branches, and whatever changes modes, mappings or interruptibility
export const GROUP: u64 = 1 << 58; // the Op field is a group number: ModRM.reg chooses the row (decode/groups.ts)
export const NOMODRM: u64 = 1 << 59; // no ModRM byte although an operand letter suggests one
export const MODRM: u64 = 1 << 60; // has a ModRM byte although no operand says so
export const PRIV: u64 = 1 << 61; // #GP(0) unless CPL = 0
export const SIMD: u64 = 1 << 62; // 0F map: look in decode/opmap-0f-simd.ts by mandatory prefix

/**
 * Flags of SIMD rows, in the place of those above that only general instructions have: their VEX form. Its
 * operation is VEX more (decode/ops-vex.ts); it needs AVX beside the row's feature.
 */
export const V2: u64 = 1 << 52; // the same operands; VEX.vvvv = 1111b
export const V3: u64 = 1 << 53; // VEX.vvvv is a further source in front of the others (of shifts by imm8: the destination)
export const V3_REG: u64 = 3 << 52; // V3 with a register, V2 with memory
/** What VEX.L may be: 0 and 1 without one of these. Rows of decode/opmap-vex.ts have them too. */
export const VL_128: u64 = 1 << 54; // 0 only
export const VL_AVX2: u64 = 2 << 54; // 1 needs AVX2
export const VL_IG: u64 = 3 << 54; // ignored: scalars
/** Flags of decode/opmap-vex.ts alone. VEX.W is ignored, or the operand size of y operands, without one of the first. */
export const VW0: u64 = 1 << 52; // W must be 0
export const VW1: u64 = 1 << 53; // W must be 1
export const VW_OP: u64 = 3 << 52; // W is added to the operation
export const VL_256: u64 = 1 << 56; // L must be 1
export const VSIB: u64 = 1 << 57; // memory whose index is a vector register
/** All of them: they mean something else in other rows. */
export const VEX_FLAGS: u64 = 0x3f << 52;

/**
 * Features of the SIMD rows. Those of MMX registers add SIMD_MMX to the operation (decode/ops-simd.ts):
 * MMX with SSE's additions, and so on.
 */
export const SSE: u64 = (<u64>Feature.SSE) << FEAT;
export const SSE2: u64 = (<u64>Feature.SSE2) << FEAT;
export const SSE3: u64 = (<u64>Feature.SSE3) << FEAT;
export const SSSE3: u64 = (<u64>Feature.SSSE3) << FEAT;
export const SSE41: u64 = (<u64>Feature.SSE41) << FEAT;
export const SSE42: u64 = (<u64>Feature.SSE42) << FEAT;
export const AES: u64 = (<u64>Feature.AES) << FEAT;
export const PCLMULQDQ: u64 = (<u64>Feature.PCLMULQDQ) << FEAT;
export const SHA: u64 = (<u64>Feature.SHA) << FEAT;
export const MMX: u64 = 0x200 | ((<u64>Feature.MMX) << FEAT);
export const MMX_SSE: u64 = 0x200 | SSE;
export const MMX_SSE2: u64 = 0x200 | SSE2;
export const MMX_SSSE3: u64 = 0x200 | SSSE3;

/** CPUID features at their place in a row. */
export const F_RDPID: u64 = (<u64>Feature.RDPID) << FEAT;
export const F_RDRAND: u64 = (<u64>Feature.RDRAND) << FEAT;
export const F_RDSEED: u64 = (<u64>Feature.RDSEED) << FEAT;
export const F_SSE: u64 = (<u64>Feature.SSE) << FEAT;
export const F_SSE2: u64 = (<u64>Feature.SSE2) << FEAT;
export const F_XSAVE: u64 = (<u64>Feature.XSAVE) << FEAT;
export const F_XSAVEC: u64 = (<u64>Feature.XSAVEC) << FEAT;
export const F_XSAVES: u64 = (<u64>Feature.XSAVES) << FEAT;
export const F_XSAVEOPT: u64 = (<u64>Feature.XSAVEOPT) << FEAT;
export const F_SMAP: u64 = (<u64>Feature.SMAP) << FEAT;
export const F_PKU: u64 = (<u64>Feature.PKU) << FEAT;
export const F_RDTSCP: u64 = (<u64>Feature.RDTSCP) << FEAT;
export const F_FSGSBASE: u64 = (<u64>Feature.FSGSBASE) << FEAT;
export const F_CLWB: u64 = (<u64>Feature.CLWB) << FEAT;
export const F_CLFLUSHOPT: u64 = (<u64>Feature.CLFLUSHOPT) << FEAT;
export const F_POPCNT: u64 = (<u64>Feature.POPCNT) << FEAT;
export const F_INVPCID: u64 = (<u64>Feature.INVPCID) << FEAT;
export const F_LZCNT: u64 = (<u64>Feature.LZCNT) << FEAT;
export const F_BMI1: u64 = (<u64>Feature.BMI1) << FEAT;
export const F_BMI2: u64 = (<u64>Feature.BMI2) << FEAT;
export const F_AVX: u64 = (<u64>Feature.AVX) << FEAT;
export const F_AVX2: u64 = (<u64>Feature.AVX2) << FEAT;
export const F_FMA: u64 = (<u64>Feature.FMA) << FEAT;
export const F_F16C: u64 = (<u64>Feature.F16C) << FEAT;
export const F_SYSCALL: u64 = (<u64>Feature.SYSCALL) << FEAT;
