/**
 * MMX and SSE in the 0F map (SDM vol. 2 table A-3): index = opcode * 4 + mandatory prefix, 0 none,
 * 1 = 66, 2 = F3, 3 = F2; F3 and F2 win over 66. 0 is #UD.
 *
 * Deviations from the manual's columns: the rows of 0F 12, 16 without prefix carry W where the manual
 * splits MOVLPS Mq from MOVHLPS Uq; PINSRW's memory operand is a word although its letter is
 * Ed, because E of word size would name a 16-bit register. A scalar operation lists the width it reads from
 * memory in W and the whole register in V. MMX rows add SIMD_MMX to the number (MMX, MMX_SSE, ...).
 * Not here: MOVNTI, group 15 (0F AE), POPCNT, the prefetches: decode/opmap-0f.ts has them.
 */

import { Simd } from "./ops-simd";
import {
  Ed,
  Ey,
  Gd,
  GROUP,
  Gy,
  Ib,
  MMX,
  MMX_SSE,
  MMX_SSE2,
  Mq,
  Mx,
  NOMODRM,
  Nq,
  O1,
  O2,
  O3,
  Pq,
  Qd,
  Qq,
  SSE,
  SSE2,
  SSE3,
  Ux,
  V2,
  V3,
  V3_REG,
  Vd,
  VL_128,
  VL_AVX2,
  VL_IG,
  Vq,
  Vx,
  Wd,
  Wq,
  Wx,
} from "./row";

// biome-ignore format: one opcode and prefix per line
export const OPMAP_0F_SIMD: StaticArray<u64> = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 00-03
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 04-07
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 08-0B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 0C-0F
  Simd.MOVUPS | Vx << O1 | Wx << O2 | SSE | V2,                         // 0F 10
  Simd.MOVUPD | Vx << O1 | Wx << O2 | SSE2 | V2,                        // 66 0F 10
  Simd.MOVSS | Vx << O1 | Wd << O2 | SSE | V3_REG | VL_IG,              // F3 0F 10
  Simd.MOVSD | Vx << O1 | Wq << O2 | SSE2 | V3_REG | VL_IG,             // F2 0F 10
  Simd.MOVUPS_STORE | Wx << O1 | Vx << O2 | SSE | V2,                   // 0F 11
  Simd.MOVUPD_STORE | Wx << O1 | Vx << O2 | SSE2 | V2,                  // 66 0F 11
  Simd.MOVSS_STORE | Wd << O1 | Vx << O2 | SSE | V3_REG | VL_IG,        // F3 0F 11
  Simd.MOVSD_STORE | Wq << O1 | Vx << O2 | SSE2 | V3_REG | VL_IG,       // F2 0F 11
  Simd.MOVLPS | Vq << O1 | Wq << O2 | SSE | V3 | VL_128,                // 0F 12
  Simd.MOVLPD | Vq << O1 | Mq << O2 | SSE2 | V3 | VL_128,               // 66 0F 12
  Simd.MOVSLDUP | Vx << O1 | Wx << O2 | SSE3 | V2,                      // F3 0F 12
  Simd.MOVDDUP | Vx << O1 | Wq << O2 | SSE3 | V2,                       // F2 0F 12
  Simd.MOVLPS_STORE | Mq << O1 | Vq << O2 | SSE | V2 | VL_128,          // 0F 13
  Simd.MOVLPD_STORE | Mq << O1 | Vq << O2 | SSE2 | V2 | VL_128,         // 66 0F 13
  0,                                                                    // F3 0F 13
  0,                                                                    // F2 0F 13
  Simd.UNPCKLPS | Vx << O1 | Wx << O2 | SSE | V3,                       // 0F 14
  Simd.UNPCKLPD | Vx << O1 | Wx << O2 | SSE2 | V3,                      // 66 0F 14
  0,                                                                    // F3 0F 14
  0,                                                                    // F2 0F 14
  Simd.UNPCKHPS | Vx << O1 | Wx << O2 | SSE | V3,                       // 0F 15
  Simd.UNPCKHPD | Vx << O1 | Wx << O2 | SSE2 | V3,                      // 66 0F 15
  0,                                                                    // F3 0F 15
  0,                                                                    // F2 0F 15
  Simd.MOVHPS | Vq << O1 | Wq << O2 | SSE | V3 | VL_128,                // 0F 16
  Simd.MOVHPD | Vq << O1 | Mq << O2 | SSE2 | V3 | VL_128,               // 66 0F 16
  Simd.MOVSHDUP | Vx << O1 | Wx << O2 | SSE3 | V2,                      // F3 0F 16
  0,                                                                    // F2 0F 16
  Simd.MOVHPS_STORE | Mq << O1 | Vq << O2 | SSE | V2 | VL_128,          // 0F 17
  Simd.MOVHPD_STORE | Mq << O1 | Vq << O2 | SSE2 | V2 | VL_128,         // 66 0F 17
  0,                                                                    // F3 0F 17
  0,                                                                    // F2 0F 17
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 18-1B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 1C-1F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 20-23
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 24-27
  Simd.MOVAPS | Vx << O1 | Wx << O2 | SSE | V2,                         // 0F 28
  Simd.MOVAPD | Vx << O1 | Wx << O2 | SSE2 | V2,                        // 66 0F 28
  0,                                                                    // F3 0F 28
  0,                                                                    // F2 0F 28
  Simd.MOVAPS_STORE | Wx << O1 | Vx << O2 | SSE | V2,                   // 0F 29
  Simd.MOVAPD_STORE | Wx << O1 | Vx << O2 | SSE2 | V2,                  // 66 0F 29
  0,                                                                    // F3 0F 29
  0,                                                                    // F2 0F 29
  Simd.CVTPI2PS | Vx << O1 | Qq << O2 | SSE,                            // 0F 2A
  Simd.CVTPI2PD | Vx << O1 | Qq << O2 | SSE2,                           // 66 0F 2A
  Simd.CVTSI2SS | Vx << O1 | Ey << O2 | SSE | V3 | VL_IG,               // F3 0F 2A
  Simd.CVTSI2SD | Vx << O1 | Ey << O2 | SSE2 | V3 | VL_IG,              // F2 0F 2A
  Simd.MOVNTPS | Mx << O1 | Vx << O2 | SSE | V2,                        // 0F 2B
  Simd.MOVNTPD | Mx << O1 | Vx << O2 | SSE2 | V2,                       // 66 0F 2B
  0,                                                                    // F3 0F 2B
  0,                                                                    // F2 0F 2B
  Simd.CVTTPS2PI | Pq << O1 | Wq << O2 | SSE,                           // 0F 2C
  Simd.CVTTPD2PI | Pq << O1 | Wx << O2 | SSE2,                          // 66 0F 2C
  Simd.CVTTSS2SI | Gy << O1 | Wd << O2 | SSE | V2 | VL_IG,              // F3 0F 2C
  Simd.CVTTSD2SI | Gy << O1 | Wq << O2 | SSE2 | V2 | VL_IG,             // F2 0F 2C
  Simd.CVTPS2PI | Pq << O1 | Wq << O2 | SSE,                            // 0F 2D
  Simd.CVTPD2PI | Pq << O1 | Wx << O2 | SSE2,                           // 66 0F 2D
  Simd.CVTSS2SI | Gy << O1 | Wd << O2 | SSE | V2 | VL_IG,               // F3 0F 2D
  Simd.CVTSD2SI | Gy << O1 | Wq << O2 | SSE2 | V2 | VL_IG,              // F2 0F 2D
  Simd.UCOMISS | Vd << O1 | Wd << O2 | SSE | V2 | VL_IG,                // 0F 2E
  Simd.UCOMISD | Vq << O1 | Wq << O2 | SSE2 | V2 | VL_IG,               // 66 0F 2E
  0,                                                                    // F3 0F 2E
  0,                                                                    // F2 0F 2E
  Simd.COMISS | Vd << O1 | Wd << O2 | SSE | V2 | VL_IG,                 // 0F 2F
  Simd.COMISD | Vq << O1 | Wq << O2 | SSE2 | V2 | VL_IG,                // 66 0F 2F
  0,                                                                    // F3 0F 2F
  0,                                                                    // F2 0F 2F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 30-33
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 34-37
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 38-3B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 3C-3F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 40-43
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 44-47
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 48-4B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 4C-4F
  Simd.MOVMSKPS | Gd << O1 | Ux << O2 | SSE | V2,                       // 0F 50
  Simd.MOVMSKPD | Gd << O1 | Ux << O2 | SSE2 | V2,                      // 66 0F 50
  0,                                                                    // F3 0F 50
  0,                                                                    // F2 0F 50
  Simd.SQRTPS | Vx << O1 | Wx << O2 | SSE | V2,                         // 0F 51
  Simd.SQRTPD | Vx << O1 | Wx << O2 | SSE2 | V2,                        // 66 0F 51
  Simd.SQRTSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                 // F3 0F 51
  Simd.SQRTSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                // F2 0F 51
  Simd.RSQRTPS | Vx << O1 | Wx << O2 | SSE | V2,                        // 0F 52
  0,                                                                    // 66 0F 52
  Simd.RSQRTSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                // F3 0F 52
  0,                                                                    // F2 0F 52
  Simd.RCPPS | Vx << O1 | Wx << O2 | SSE | V2,                          // 0F 53
  0,                                                                    // 66 0F 53
  Simd.RCPSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 53
  0,                                                                    // F2 0F 53
  Simd.ANDPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 54
  Simd.ANDPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 54
  0,                                                                    // F3 0F 54
  0,                                                                    // F2 0F 54
  Simd.ANDNPS | Vx << O1 | Wx << O2 | SSE | V3,                         // 0F 55
  Simd.ANDNPD | Vx << O1 | Wx << O2 | SSE2 | V3,                        // 66 0F 55
  0,                                                                    // F3 0F 55
  0,                                                                    // F2 0F 55
  Simd.ORPS | Vx << O1 | Wx << O2 | SSE | V3,                           // 0F 56
  Simd.ORPD | Vx << O1 | Wx << O2 | SSE2 | V3,                          // 66 0F 56
  0,                                                                    // F3 0F 56
  0,                                                                    // F2 0F 56
  Simd.XORPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 57
  Simd.XORPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 57
  0,                                                                    // F3 0F 57
  0,                                                                    // F2 0F 57
  Simd.ADDPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 58
  Simd.ADDPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 58
  Simd.ADDSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 58
  Simd.ADDSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 58
  Simd.MULPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 59
  Simd.MULPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 59
  Simd.MULSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 59
  Simd.MULSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 59
  Simd.CVTPS2PD | Vx << O1 | Wq << O2 | SSE2 | V2,                      // 0F 5A
  Simd.CVTPD2PS | Vx << O1 | Wx << O2 | SSE2 | V2,                      // 66 0F 5A
  Simd.CVTSS2SD | Vx << O1 | Wd << O2 | SSE2 | V3 | VL_IG,              // F3 0F 5A
  Simd.CVTSD2SS | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,              // F2 0F 5A
  Simd.CVTDQ2PS | Vx << O1 | Wx << O2 | SSE2 | V2,                      // 0F 5B
  Simd.CVTPS2DQ | Vx << O1 | Wx << O2 | SSE2 | V2,                      // 66 0F 5B
  Simd.CVTTPS2DQ | Vx << O1 | Wx << O2 | SSE2 | V2,                     // F3 0F 5B
  0,                                                                    // F2 0F 5B
  Simd.SUBPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 5C
  Simd.SUBPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 5C
  Simd.SUBSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 5C
  Simd.SUBSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 5C
  Simd.MINPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 5D
  Simd.MINPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 5D
  Simd.MINSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 5D
  Simd.MINSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 5D
  Simd.DIVPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 5E
  Simd.DIVPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 5E
  Simd.DIVSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 5E
  Simd.DIVSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 5E
  Simd.MAXPS | Vx << O1 | Wx << O2 | SSE | V3,                          // 0F 5F
  Simd.MAXPD | Vx << O1 | Wx << O2 | SSE2 | V3,                         // 66 0F 5F
  Simd.MAXSS | Vx << O1 | Wd << O2 | SSE | V3 | VL_IG,                  // F3 0F 5F
  Simd.MAXSD | Vx << O1 | Wq << O2 | SSE2 | V3 | VL_IG,                 // F2 0F 5F
  Simd.PUNPCKLBW | Pq << O1 | Qd << O2 | MMX,                           // 0F 60
  Simd.PUNPCKLBW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 60
  0,                                                                    // F3 0F 60
  0,                                                                    // F2 0F 60
  Simd.PUNPCKLWD | Pq << O1 | Qd << O2 | MMX,                           // 0F 61
  Simd.PUNPCKLWD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 61
  0,                                                                    // F3 0F 61
  0,                                                                    // F2 0F 61
  Simd.PUNPCKLDQ | Pq << O1 | Qd << O2 | MMX,                           // 0F 62
  Simd.PUNPCKLDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 62
  0,                                                                    // F3 0F 62
  0,                                                                    // F2 0F 62
  Simd.PACKSSWB | Pq << O1 | Qq << O2 | MMX,                            // 0F 63
  Simd.PACKSSWB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,            // 66 0F 63
  0,                                                                    // F3 0F 63
  0,                                                                    // F2 0F 63
  Simd.PCMPGTB | Pq << O1 | Qq << O2 | MMX,                             // 0F 64
  Simd.PCMPGTB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 64
  0,                                                                    // F3 0F 64
  0,                                                                    // F2 0F 64
  Simd.PCMPGTW | Pq << O1 | Qq << O2 | MMX,                             // 0F 65
  Simd.PCMPGTW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 65
  0,                                                                    // F3 0F 65
  0,                                                                    // F2 0F 65
  Simd.PCMPGTD | Pq << O1 | Qq << O2 | MMX,                             // 0F 66
  Simd.PCMPGTD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 66
  0,                                                                    // F3 0F 66
  0,                                                                    // F2 0F 66
  Simd.PACKUSWB | Pq << O1 | Qq << O2 | MMX,                            // 0F 67
  Simd.PACKUSWB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,            // 66 0F 67
  0,                                                                    // F3 0F 67
  0,                                                                    // F2 0F 67
  Simd.PUNPCKHBW | Pq << O1 | Qq << O2 | MMX,                           // 0F 68
  Simd.PUNPCKHBW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 68
  0,                                                                    // F3 0F 68
  0,                                                                    // F2 0F 68
  Simd.PUNPCKHWD | Pq << O1 | Qq << O2 | MMX,                           // 0F 69
  Simd.PUNPCKHWD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 69
  0,                                                                    // F3 0F 69
  0,                                                                    // F2 0F 69
  Simd.PUNPCKHDQ | Pq << O1 | Qq << O2 | MMX,                           // 0F 6A
  Simd.PUNPCKHDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,           // 66 0F 6A
  0,                                                                    // F3 0F 6A
  0,                                                                    // F2 0F 6A
  Simd.PACKSSDW | Pq << O1 | Qq << O2 | MMX,                            // 0F 6B
  Simd.PACKSSDW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,            // 66 0F 6B
  0,                                                                    // F3 0F 6B
  0,                                                                    // F2 0F 6B
  0,                                                                    // 0F 6C
  Simd.PUNPCKLQDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,          // 66 0F 6C
  0,                                                                    // F3 0F 6C
  0,                                                                    // F2 0F 6C
  0,                                                                    // 0F 6D
  Simd.PUNPCKHQDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,          // 66 0F 6D
  0,                                                                    // F3 0F 6D
  0,                                                                    // F2 0F 6D
  Simd.MOVD | Pq << O1 | Ey << O2 | MMX,                                // 0F 6E
  Simd.MOVD | Vx << O1 | Ey << O2 | SSE2 | V2 | VL_128,                 // 66 0F 6E
  0,                                                                    // F3 0F 6E
  0,                                                                    // F2 0F 6E
  Simd.MOVQ | Pq << O1 | Qq << O2 | MMX,                                // 0F 6F
  Simd.MOVDQA | Vx << O1 | Wx << O2 | SSE2 | V2,                        // 66 0F 6F
  Simd.MOVDQU | Vx << O1 | Wx << O2 | SSE2 | V2,                        // F3 0F 6F
  0,                                                                    // F2 0F 6F
  Simd.PSHUFW | Pq << O1 | Qq << O2 | Ib << O3 | MMX_SSE,               // 0F 70
  Simd.PSHUFD | Vx << O1 | Wx << O2 | Ib << O3 | SSE2 | V2 | VL_AVX2,   // 66 0F 70
  Simd.PSHUFHW | Vx << O1 | Wx << O2 | Ib << O3 | SSE2 | V2 | VL_AVX2,  // F3 0F 70
  Simd.PSHUFLW | Vx << O1 | Wx << O2 | Ib << O3 | SSE2 | V2 | VL_AVX2,  // F2 0F 70
  GROUP | 12,                                                           // 0F 71
  GROUP | 12,                                                           // 66 0F 71
  0,                                                                    // F3 0F 71
  0,                                                                    // F2 0F 71
  GROUP | 13,                                                           // 0F 72
  GROUP | 13,                                                           // 66 0F 72
  0,                                                                    // F3 0F 72
  0,                                                                    // F2 0F 72
  GROUP | 14,                                                           // 0F 73
  GROUP | 14,                                                           // 66 0F 73
  0,                                                                    // F3 0F 73
  0,                                                                    // F2 0F 73
  Simd.PCMPEQB | Pq << O1 | Qq << O2 | MMX,                             // 0F 74
  Simd.PCMPEQB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 74
  0,                                                                    // F3 0F 74
  0,                                                                    // F2 0F 74
  Simd.PCMPEQW | Pq << O1 | Qq << O2 | MMX,                             // 0F 75
  Simd.PCMPEQW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 75
  0,                                                                    // F3 0F 75
  0,                                                                    // F2 0F 75
  Simd.PCMPEQD | Pq << O1 | Qq << O2 | MMX,                             // 0F 76
  Simd.PCMPEQD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 76
  0,                                                                    // F3 0F 76
  0,                                                                    // F2 0F 76
  Simd.EMMS | MMX | NOMODRM,                                            // 0F 77
  0,                                                                    // 66 0F 77
  0,                                                                    // F3 0F 77
  0,                                                                    // F2 0F 77
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 78-7B
  0,                                                                    // 0F 7C
  Simd.HADDPD | Vx << O1 | Wx << O2 | SSE3 | V3,                        // 66 0F 7C
  0,                                                                    // F3 0F 7C
  Simd.HADDPS | Vx << O1 | Wx << O2 | SSE3 | V3,                        // F2 0F 7C
  0,                                                                    // 0F 7D
  Simd.HSUBPD | Vx << O1 | Wx << O2 | SSE3 | V3,                        // 66 0F 7D
  0,                                                                    // F3 0F 7D
  Simd.HSUBPS | Vx << O1 | Wx << O2 | SSE3 | V3,                        // F2 0F 7D
  Simd.MOVD_STORE | Ey << O1 | Pq << O2 | MMX,                          // 0F 7E
  Simd.MOVD_STORE | Ey << O1 | Vx << O2 | SSE2 | V2 | VL_128,           // 66 0F 7E
  Simd.MOVQ | Vx << O1 | Wq << O2 | SSE2 | V2 | VL_128,                 // F3 0F 7E
  0,                                                                    // F2 0F 7E
  Simd.MOVQ_STORE | Qq << O1 | Pq << O2 | MMX,                          // 0F 7F
  Simd.MOVDQA_STORE | Wx << O1 | Vx << O2 | SSE2 | V2,                  // 66 0F 7F
  Simd.MOVDQU_STORE | Wx << O1 | Vx << O2 | SSE2 | V2,                  // F3 0F 7F
  0,                                                                    // F2 0F 7F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 80-83
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 84-87
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 88-8B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 8C-8F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 90-93
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 94-97
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 98-9B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 9C-9F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // A0-A3
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // A4-A7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // A8-AB
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // AC-AF
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // B0-B3
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // B4-B7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // B8-BB
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // BC-BF
  0, 0, 0, 0, 0, 0, 0, 0, // C0-C1
  Simd.CMPPS | Vx << O1 | Wx << O2 | Ib << O3 | SSE | V3,               // 0F C2
  Simd.CMPPD | Vx << O1 | Wx << O2 | Ib << O3 | SSE2 | V3,              // 66 0F C2
  Simd.CMPSS | Vx << O1 | Wd << O2 | Ib << O3 | SSE | V3 | VL_IG,       // F3 0F C2
  Simd.CMPSD | Vx << O1 | Wq << O2 | Ib << O3 | SSE2 | V3 | VL_IG,      // F2 0F C2
  0, 0, 0, 0, // C3
  Simd.PINSRW | Pq << O1 | Ed << O2 | Ib << O3 | MMX_SSE,               // 0F C4
  Simd.PINSRW | Vx << O1 | Ed << O2 | Ib << O3 | SSE2 | V3 | VL_128,    // 66 0F C4
  0,                                                                    // F3 0F C4
  0,                                                                    // F2 0F C4
  Simd.PEXTRW | Gd << O1 | Nq << O2 | Ib << O3 | MMX_SSE,               // 0F C5
  Simd.PEXTRW | Gd << O1 | Ux << O2 | Ib << O3 | SSE2 | V2 | VL_128,    // 66 0F C5
  0,                                                                    // F3 0F C5
  0,                                                                    // F2 0F C5
  Simd.SHUFPS | Vx << O1 | Wx << O2 | Ib << O3 | SSE | V3,              // 0F C6
  Simd.SHUFPD | Vx << O1 | Wx << O2 | Ib << O3 | SSE2 | V3,             // 66 0F C6
  0,                                                                    // F3 0F C6
  0,                                                                    // F2 0F C6
  0, 0, 0, 0, // C7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // C8-CB
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // CC-CF
  0,                                                                    // 0F D0
  Simd.ADDSUBPD | Vx << O1 | Wx << O2 | SSE3 | V3,                      // 66 0F D0
  0,                                                                    // F3 0F D0
  Simd.ADDSUBPS | Vx << O1 | Wx << O2 | SSE3 | V3,                      // F2 0F D0
  Simd.PSRLW | Pq << O1 | Qq << O2 | MMX,                               // 0F D1
  Simd.PSRLW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F D1
  0,                                                                    // F3 0F D1
  0,                                                                    // F2 0F D1
  Simd.PSRLD | Pq << O1 | Qq << O2 | MMX,                               // 0F D2
  Simd.PSRLD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F D2
  0,                                                                    // F3 0F D2
  0,                                                                    // F2 0F D2
  Simd.PSRLQ | Pq << O1 | Qq << O2 | MMX,                               // 0F D3
  Simd.PSRLQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F D3
  0,                                                                    // F3 0F D3
  0,                                                                    // F2 0F D3
  Simd.PADDQ | Pq << O1 | Qq << O2 | MMX_SSE2,                          // 0F D4
  Simd.PADDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F D4
  0,                                                                    // F3 0F D4
  0,                                                                    // F2 0F D4
  Simd.PMULLW | Pq << O1 | Qq << O2 | MMX,                              // 0F D5
  Simd.PMULLW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F D5
  0,                                                                    // F3 0F D5
  0,                                                                    // F2 0F D5
  0,                                                                    // 0F D6
  Simd.MOVQ_STORE | Wq << O1 | Vx << O2 | SSE2 | V2 | VL_128,           // 66 0F D6
  Simd.MOVQ2DQ | Vx << O1 | Nq << O2 | SSE2,                            // F3 0F D6
  Simd.MOVDQ2Q | Pq << O1 | Ux << O2 | SSE2,                            // F2 0F D6
  Simd.PMOVMSKB | Gd << O1 | Nq << O2 | MMX_SSE,                        // 0F D7
  Simd.PMOVMSKB | Gd << O1 | Ux << O2 | SSE2 | V2 | VL_AVX2,            // 66 0F D7
  0,                                                                    // F3 0F D7
  0,                                                                    // F2 0F D7
  Simd.PSUBUSB | Pq << O1 | Qq << O2 | MMX,                             // 0F D8
  Simd.PSUBUSB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F D8
  0,                                                                    // F3 0F D8
  0,                                                                    // F2 0F D8
  Simd.PSUBUSW | Pq << O1 | Qq << O2 | MMX,                             // 0F D9
  Simd.PSUBUSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F D9
  0,                                                                    // F3 0F D9
  0,                                                                    // F2 0F D9
  Simd.PMINUB | Pq << O1 | Qq << O2 | MMX_SSE,                          // 0F DA
  Simd.PMINUB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F DA
  0,                                                                    // F3 0F DA
  0,                                                                    // F2 0F DA
  Simd.PAND | Pq << O1 | Qq << O2 | MMX,                                // 0F DB
  Simd.PAND | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,                // 66 0F DB
  0,                                                                    // F3 0F DB
  0,                                                                    // F2 0F DB
  Simd.PADDUSB | Pq << O1 | Qq << O2 | MMX,                             // 0F DC
  Simd.PADDUSB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F DC
  0,                                                                    // F3 0F DC
  0,                                                                    // F2 0F DC
  Simd.PADDUSW | Pq << O1 | Qq << O2 | MMX,                             // 0F DD
  Simd.PADDUSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F DD
  0,                                                                    // F3 0F DD
  0,                                                                    // F2 0F DD
  Simd.PMAXUB | Pq << O1 | Qq << O2 | MMX_SSE,                          // 0F DE
  Simd.PMAXUB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F DE
  0,                                                                    // F3 0F DE
  0,                                                                    // F2 0F DE
  Simd.PANDN | Pq << O1 | Qq << O2 | MMX,                               // 0F DF
  Simd.PANDN | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F DF
  0,                                                                    // F3 0F DF
  0,                                                                    // F2 0F DF
  Simd.PAVGB | Pq << O1 | Qq << O2 | MMX_SSE,                           // 0F E0
  Simd.PAVGB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F E0
  0,                                                                    // F3 0F E0
  0,                                                                    // F2 0F E0
  Simd.PSRAW | Pq << O1 | Qq << O2 | MMX,                               // 0F E1
  Simd.PSRAW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F E1
  0,                                                                    // F3 0F E1
  0,                                                                    // F2 0F E1
  Simd.PSRAD | Pq << O1 | Qq << O2 | MMX,                               // 0F E2
  Simd.PSRAD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F E2
  0,                                                                    // F3 0F E2
  0,                                                                    // F2 0F E2
  Simd.PAVGW | Pq << O1 | Qq << O2 | MMX_SSE,                           // 0F E3
  Simd.PAVGW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F E3
  0,                                                                    // F3 0F E3
  0,                                                                    // F2 0F E3
  Simd.PMULHUW | Pq << O1 | Qq << O2 | MMX_SSE,                         // 0F E4
  Simd.PMULHUW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F E4
  0,                                                                    // F3 0F E4
  0,                                                                    // F2 0F E4
  Simd.PMULHW | Pq << O1 | Qq << O2 | MMX,                              // 0F E5
  Simd.PMULHW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F E5
  0,                                                                    // F3 0F E5
  0,                                                                    // F2 0F E5
  0,                                                                    // 0F E6
  Simd.CVTTPD2DQ | Vx << O1 | Wx << O2 | SSE2 | V2,                     // 66 0F E6
  Simd.CVTDQ2PD | Vx << O1 | Wq << O2 | SSE2 | V2,                      // F3 0F E6
  Simd.CVTPD2DQ | Vx << O1 | Wx << O2 | SSE2 | V2,                      // F2 0F E6
  Simd.MOVNTDQ | Mq << O1 | Pq << O2 | MMX_SSE,                         // 0F E7
  Simd.MOVNTDQ | Mx << O1 | Vx << O2 | SSE2 | V2,                       // 66 0F E7
  0,                                                                    // F3 0F E7
  0,                                                                    // F2 0F E7
  Simd.PSUBSB | Pq << O1 | Qq << O2 | MMX,                              // 0F E8
  Simd.PSUBSB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F E8
  0,                                                                    // F3 0F E8
  0,                                                                    // F2 0F E8
  Simd.PSUBSW | Pq << O1 | Qq << O2 | MMX,                              // 0F E9
  Simd.PSUBSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F E9
  0,                                                                    // F3 0F E9
  0,                                                                    // F2 0F E9
  Simd.PMINSW | Pq << O1 | Qq << O2 | MMX_SSE,                          // 0F EA
  Simd.PMINSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F EA
  0,                                                                    // F3 0F EA
  0,                                                                    // F2 0F EA
  Simd.POR | Pq << O1 | Qq << O2 | MMX,                                 // 0F EB
  Simd.POR | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,                 // 66 0F EB
  0,                                                                    // F3 0F EB
  0,                                                                    // F2 0F EB
  Simd.PADDSB | Pq << O1 | Qq << O2 | MMX,                              // 0F EC
  Simd.PADDSB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F EC
  0,                                                                    // F3 0F EC
  0,                                                                    // F2 0F EC
  Simd.PADDSW | Pq << O1 | Qq << O2 | MMX,                              // 0F ED
  Simd.PADDSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F ED
  0,                                                                    // F3 0F ED
  0,                                                                    // F2 0F ED
  Simd.PMAXSW | Pq << O1 | Qq << O2 | MMX_SSE,                          // 0F EE
  Simd.PMAXSW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F EE
  0,                                                                    // F3 0F EE
  0,                                                                    // F2 0F EE
  Simd.PXOR | Pq << O1 | Qq << O2 | MMX,                                // 0F EF
  Simd.PXOR | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,                // 66 0F EF
  0,                                                                    // F3 0F EF
  0,                                                                    // F2 0F EF
  0,                                                                    // 0F F0
  0,                                                                    // 66 0F F0
  0,                                                                    // F3 0F F0
  Simd.LDDQU | Vx << O1 | Mx << O2 | SSE3 | V2,                         // F2 0F F0
  Simd.PSLLW | Pq << O1 | Qq << O2 | MMX,                               // 0F F1
  Simd.PSLLW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F F1
  0,                                                                    // F3 0F F1
  0,                                                                    // F2 0F F1
  Simd.PSLLD | Pq << O1 | Qq << O2 | MMX,                               // 0F F2
  Simd.PSLLD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F F2
  0,                                                                    // F3 0F F2
  0,                                                                    // F2 0F F2
  Simd.PSLLQ | Pq << O1 | Qq << O2 | MMX,                               // 0F F3
  Simd.PSLLQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F F3
  0,                                                                    // F3 0F F3
  0,                                                                    // F2 0F F3
  Simd.PMULUDQ | Pq << O1 | Qq << O2 | MMX_SSE2,                        // 0F F4
  Simd.PMULUDQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F F4
  0,                                                                    // F3 0F F4
  0,                                                                    // F2 0F F4
  Simd.PMADDWD | Pq << O1 | Qq << O2 | MMX,                             // 0F F5
  Simd.PMADDWD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F F5
  0,                                                                    // F3 0F F5
  0,                                                                    // F2 0F F5
  Simd.PSADBW | Pq << O1 | Qq << O2 | MMX_SSE,                          // 0F F6
  Simd.PSADBW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F F6
  0,                                                                    // F3 0F F6
  0,                                                                    // F2 0F F6
  Simd.MASKMOVDQU | Pq << O1 | Nq << O2 | MMX_SSE,                      // 0F F7
  Simd.MASKMOVDQU | Vx << O1 | Ux << O2 | SSE2 | V2 | VL_128,           // 66 0F F7
  0,                                                                    // F3 0F F7
  0,                                                                    // F2 0F F7
  Simd.PSUBB | Pq << O1 | Qq << O2 | MMX,                               // 0F F8
  Simd.PSUBB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F F8
  0,                                                                    // F3 0F F8
  0,                                                                    // F2 0F F8
  Simd.PSUBW | Pq << O1 | Qq << O2 | MMX,                               // 0F F9
  Simd.PSUBW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F F9
  0,                                                                    // F3 0F F9
  0,                                                                    // F2 0F F9
  Simd.PSUBD | Pq << O1 | Qq << O2 | MMX,                               // 0F FA
  Simd.PSUBD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F FA
  0,                                                                    // F3 0F FA
  0,                                                                    // F2 0F FA
  Simd.PSUBQ | Pq << O1 | Qq << O2 | MMX_SSE2,                          // 0F FB
  Simd.PSUBQ | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F FB
  0,                                                                    // F3 0F FB
  0,                                                                    // F2 0F FB
  Simd.PADDB | Pq << O1 | Qq << O2 | MMX,                               // 0F FC
  Simd.PADDB | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F FC
  0,                                                                    // F3 0F FC
  0,                                                                    // F2 0F FC
  Simd.PADDW | Pq << O1 | Qq << O2 | MMX,                               // 0F FD
  Simd.PADDW | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F FD
  0,                                                                    // F3 0F FD
  0,                                                                    // F2 0F FD
  Simd.PADDD | Pq << O1 | Qq << O2 | MMX,                               // 0F FE
  Simd.PADDD | Vx << O1 | Wx << O2 | SSE2 | V3 | VL_AVX2,               // 66 0F FE
  0,                                                                    // F3 0F FE
  0,                                                                    // F2 0F FE
  0, 0, 0, 0, // FF
];

/**
 * Groups 12, 13 and 14 (0F 71, 72, 73): index = (group - 12) * 16 + ModRM.reg * 2 + (1 with prefix 66).
 * The register shifted is ModRM.rm; the memory forms do not exist.
 */
// biome-ignore format: one opcode and prefix per line
export const GROUPS_SIMD: StaticArray<u64> = [
  0,                                                                    // 0F 71 /0
  0,                                                                    // 66 0F 71 /0
  0,                                                                    // 0F 71 /1
  0,                                                                    // 66 0F 71 /1
  Simd.PSRLW_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 71 /2
  Simd.PSRLW_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 71 /2
  0,                                                                    // 0F 71 /3
  0,                                                                    // 66 0F 71 /3
  Simd.PSRAW_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 71 /4
  Simd.PSRAW_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 71 /4
  0,                                                                    // 0F 71 /5
  0,                                                                    // 66 0F 71 /5
  Simd.PSLLW_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 71 /6
  Simd.PSLLW_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 71 /6
  0,                                                                    // 0F 71 /7
  0,                                                                    // 66 0F 71 /7
  0,                                                                    // 0F 72 /0
  0,                                                                    // 66 0F 72 /0
  0,                                                                    // 0F 72 /1
  0,                                                                    // 66 0F 72 /1
  Simd.PSRLD_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 72 /2
  Simd.PSRLD_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 72 /2
  0,                                                                    // 0F 72 /3
  0,                                                                    // 66 0F 72 /3
  Simd.PSRAD_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 72 /4
  Simd.PSRAD_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 72 /4
  0,                                                                    // 0F 72 /5
  0,                                                                    // 66 0F 72 /5
  Simd.PSLLD_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 72 /6
  Simd.PSLLD_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 72 /6
  0,                                                                    // 0F 72 /7
  0,                                                                    // 66 0F 72 /7
  0,                                                                    // 0F 73 /0
  0,                                                                    // 66 0F 73 /0
  0,                                                                    // 0F 73 /1
  0,                                                                    // 66 0F 73 /1
  Simd.PSRLQ_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 73 /2
  Simd.PSRLQ_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 73 /2
  0,                                                                    // 0F 73 /3
  Simd.PSRLDQ | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F 73 /3
  0,                                                                    // 0F 73 /4
  0,                                                                    // 66 0F 73 /4
  0,                                                                    // 0F 73 /5
  0,                                                                    // 66 0F 73 /5
  Simd.PSLLQ_I | Nq << O1 | Ib << O2 | MMX,                             // 0F 73 /6
  Simd.PSLLQ_I | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,             // 66 0F 73 /6
  0,                                                                    // 0F 73 /7
  Simd.PSLLDQ | Ux << O1 | Ib << O2 | SSE2 | V3 | VL_AVX2,              // 66 0F 73 /7
];
