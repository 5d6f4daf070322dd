/**
 * The 0F38 map (SDM vol. 2 table A-4): index = opcode * 4 + mandatory prefix, 0 none, 1 = 66, 2 = F3,
 * 3 = F2; F3 and F2 win over 66. 0 is #UD.
 *
 * Unlike the rest of the map, F0 and F1 take 66 also as the operand size: MOVBE with and without it is
 * the same row, and CRC32 (F2) with 66 reads a word. PBLENDVB and BLENDVPx read XMM0 as well. The
 * memory operand of INVPCID is 128 bits. SHA256RNDS2 reads XMM0 too.
 * Not here: the VMX instructions INVEPT and INVVPID, which #UD.
 */

import { Feature, Op } from "./ops";
import { Simd } from "./ops-simd";
import {
  AES,
  Eb,
  END,
  Ev,
  Ey,
  F64,
  FEAT,
  Gv,
  Gy,
  MMX_SSSE3,
  Mv,
  Mx,
  O1,
  O2,
  Pq,
  PRIV,
  Qq,
  SHA,
  SSE41,
  SSE42,
  SSSE3,
  V2,
  V3,
  VL_128,
  VL_AVX2,
  Vx,
  Wd,
  Wq,
  Ww,
  Wx,
} from "./row";

// biome-ignore format: one opcode and prefix per line
export const OPMAP_0F38: StaticArray<u64> = [
  Simd.PSHUFB | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 00
  Simd.PSHUFB | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 00
  0,                                                                    // F3 0F38 00
  0,                                                                    // F2 0F38 00
  Simd.PHADDW | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 01
  Simd.PHADDW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 01
  0,                                                                    // F3 0F38 01
  0,                                                                    // F2 0F38 01
  Simd.PHADDD | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 02
  Simd.PHADDD | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 02
  0,                                                                    // F3 0F38 02
  0,                                                                    // F2 0F38 02
  Simd.PHADDSW | Pq << O1 | Qq << O2 | MMX_SSSE3,                       // 0F38 03
  Simd.PHADDSW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,            // 66 0F38 03
  0,                                                                    // F3 0F38 03
  0,                                                                    // F2 0F38 03
  Simd.PMADDUBSW | Pq << O1 | Qq << O2 | MMX_SSSE3,                     // 0F38 04
  Simd.PMADDUBSW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,          // 66 0F38 04
  0,                                                                    // F3 0F38 04
  0,                                                                    // F2 0F38 04
  Simd.PHSUBW | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 05
  Simd.PHSUBW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 05
  0,                                                                    // F3 0F38 05
  0,                                                                    // F2 0F38 05
  Simd.PHSUBD | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 06
  Simd.PHSUBD | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 06
  0,                                                                    // F3 0F38 06
  0,                                                                    // F2 0F38 06
  Simd.PHSUBSW | Pq << O1 | Qq << O2 | MMX_SSSE3,                       // 0F38 07
  Simd.PHSUBSW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,            // 66 0F38 07
  0,                                                                    // F3 0F38 07
  0,                                                                    // F2 0F38 07
  Simd.PSIGNB | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 08
  Simd.PSIGNB | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 08
  0,                                                                    // F3 0F38 08
  0,                                                                    // F2 0F38 08
  Simd.PSIGNW | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 09
  Simd.PSIGNW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 09
  0,                                                                    // F3 0F38 09
  0,                                                                    // F2 0F38 09
  Simd.PSIGND | Pq << O1 | Qq << O2 | MMX_SSSE3,                        // 0F38 0A
  Simd.PSIGND | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,             // 66 0F38 0A
  0,                                                                    // F3 0F38 0A
  0,                                                                    // F2 0F38 0A
  Simd.PMULHRSW | Pq << O1 | Qq << O2 | MMX_SSSE3,                      // 0F38 0B
  Simd.PMULHRSW | Vx << O1 | Wx << O2 | SSSE3 | V3 | VL_AVX2,           // 66 0F38 0B
  0,                                                                    // F3 0F38 0B
  0,                                                                    // F2 0F38 0B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 0C-0F
  0,                                                                    // 0F38 10
  Simd.PBLENDVB | Vx << O1 | Wx << O2 | SSE41,                          // 66 0F38 10
  0,                                                                    // F3 0F38 10
  0,                                                                    // F2 0F38 10
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 11-13
  0,                                                                    // 0F38 14
  Simd.BLENDVPS | Vx << O1 | Wx << O2 | SSE41,                          // 66 0F38 14
  0,                                                                    // F3 0F38 14
  0,                                                                    // F2 0F38 14
  0,                                                                    // 0F38 15
  Simd.BLENDVPD | Vx << O1 | Wx << O2 | SSE41,                          // 66 0F38 15
  0,                                                                    // F3 0F38 15
  0,                                                                    // F2 0F38 15
  0, 0, 0, 0, // 16
  0,                                                                    // 0F38 17
  Simd.PTEST | Vx << O1 | Wx << O2 | SSE41 | V2,                        // 66 0F38 17
  0,                                                                    // F3 0F38 17
  0,                                                                    // F2 0F38 17
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 18-1B
  Simd.PABSB | Pq << O1 | Qq << O2 | MMX_SSSE3,                         // 0F38 1C
  Simd.PABSB | Vx << O1 | Wx << O2 | SSSE3 | V2 | VL_AVX2,              // 66 0F38 1C
  0,                                                                    // F3 0F38 1C
  0,                                                                    // F2 0F38 1C
  Simd.PABSW | Pq << O1 | Qq << O2 | MMX_SSSE3,                         // 0F38 1D
  Simd.PABSW | Vx << O1 | Wx << O2 | SSSE3 | V2 | VL_AVX2,              // 66 0F38 1D
  0,                                                                    // F3 0F38 1D
  0,                                                                    // F2 0F38 1D
  Simd.PABSD | Pq << O1 | Qq << O2 | MMX_SSSE3,                         // 0F38 1E
  Simd.PABSD | Vx << O1 | Wx << O2 | SSSE3 | V2 | VL_AVX2,              // 66 0F38 1E
  0,                                                                    // F3 0F38 1E
  0,                                                                    // F2 0F38 1E
  0, 0, 0, 0, // 1F
  0,                                                                    // 0F38 20
  Simd.PMOVSXBW | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 20
  0,                                                                    // F3 0F38 20
  0,                                                                    // F2 0F38 20
  0,                                                                    // 0F38 21
  Simd.PMOVSXBD | Vx << O1 | Wd << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 21
  0,                                                                    // F3 0F38 21
  0,                                                                    // F2 0F38 21
  0,                                                                    // 0F38 22
  Simd.PMOVSXBQ | Vx << O1 | Ww << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 22
  0,                                                                    // F3 0F38 22
  0,                                                                    // F2 0F38 22
  0,                                                                    // 0F38 23
  Simd.PMOVSXWD | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 23
  0,                                                                    // F3 0F38 23
  0,                                                                    // F2 0F38 23
  0,                                                                    // 0F38 24
  Simd.PMOVSXWQ | Vx << O1 | Wd << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 24
  0,                                                                    // F3 0F38 24
  0,                                                                    // F2 0F38 24
  0,                                                                    // 0F38 25
  Simd.PMOVSXDQ | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 25
  0,                                                                    // F3 0F38 25
  0,                                                                    // F2 0F38 25
  0, 0, 0, 0, 0, 0, 0, 0, // 26-27
  0,                                                                    // 0F38 28
  Simd.PMULDQ | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 28
  0,                                                                    // F3 0F38 28
  0,                                                                    // F2 0F38 28
  0,                                                                    // 0F38 29
  Simd.PCMPEQQ | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,            // 66 0F38 29
  0,                                                                    // F3 0F38 29
  0,                                                                    // F2 0F38 29
  0,                                                                    // 0F38 2A
  Simd.MOVNTDQA | Vx << O1 | Mx << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 2A
  0,                                                                    // F3 0F38 2A
  0,                                                                    // F2 0F38 2A
  0,                                                                    // 0F38 2B
  Simd.PACKUSDW | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,           // 66 0F38 2B
  0,                                                                    // F3 0F38 2B
  0,                                                                    // F2 0F38 2B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 2C-2F
  0,                                                                    // 0F38 30
  Simd.PMOVZXBW | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 30
  0,                                                                    // F3 0F38 30
  0,                                                                    // F2 0F38 30
  0,                                                                    // 0F38 31
  Simd.PMOVZXBD | Vx << O1 | Wd << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 31
  0,                                                                    // F3 0F38 31
  0,                                                                    // F2 0F38 31
  0,                                                                    // 0F38 32
  Simd.PMOVZXBQ | Vx << O1 | Ww << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 32
  0,                                                                    // F3 0F38 32
  0,                                                                    // F2 0F38 32
  0,                                                                    // 0F38 33
  Simd.PMOVZXWD | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 33
  0,                                                                    // F3 0F38 33
  0,                                                                    // F2 0F38 33
  0,                                                                    // 0F38 34
  Simd.PMOVZXWQ | Vx << O1 | Wd << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 34
  0,                                                                    // F3 0F38 34
  0,                                                                    // F2 0F38 34
  0,                                                                    // 0F38 35
  Simd.PMOVZXDQ | Vx << O1 | Wq << O2 | SSE41 | V2 | VL_AVX2,           // 66 0F38 35
  0,                                                                    // F3 0F38 35
  0,                                                                    // F2 0F38 35
  0, 0, 0, 0, // 36
  0,                                                                    // 0F38 37
  Simd.PCMPGTQ | Vx << O1 | Wx << O2 | SSE42 | V3 | VL_AVX2,            // 66 0F38 37
  0,                                                                    // F3 0F38 37
  0,                                                                    // F2 0F38 37
  0,                                                                    // 0F38 38
  Simd.PMINSB | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 38
  0,                                                                    // F3 0F38 38
  0,                                                                    // F2 0F38 38
  0,                                                                    // 0F38 39
  Simd.PMINSD | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 39
  0,                                                                    // F3 0F38 39
  0,                                                                    // F2 0F38 39
  0,                                                                    // 0F38 3A
  Simd.PMINUW | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3A
  0,                                                                    // F3 0F38 3A
  0,                                                                    // F2 0F38 3A
  0,                                                                    // 0F38 3B
  Simd.PMINUD | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3B
  0,                                                                    // F3 0F38 3B
  0,                                                                    // F2 0F38 3B
  0,                                                                    // 0F38 3C
  Simd.PMAXSB | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3C
  0,                                                                    // F3 0F38 3C
  0,                                                                    // F2 0F38 3C
  0,                                                                    // 0F38 3D
  Simd.PMAXSD | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3D
  0,                                                                    // F3 0F38 3D
  0,                                                                    // F2 0F38 3D
  0,                                                                    // 0F38 3E
  Simd.PMAXUW | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3E
  0,                                                                    // F3 0F38 3E
  0,                                                                    // F2 0F38 3E
  0,                                                                    // 0F38 3F
  Simd.PMAXUD | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 3F
  0,                                                                    // F3 0F38 3F
  0,                                                                    // F2 0F38 3F
  0,                                                                    // 0F38 40
  Simd.PMULLD | Vx << O1 | Wx << O2 | SSE41 | V3 | VL_AVX2,             // 66 0F38 40
  0,                                                                    // F3 0F38 40
  0,                                                                    // F2 0F38 40
  0,                                                                    // 0F38 41
  Simd.PHMINPOSUW | Vx << O1 | Wx << O2 | SSE41 | V2 | VL_128,          // 66 0F38 41
  0,                                                                    // F3 0F38 41
  0,                                                                    // F2 0F38 41
  0, 0, 0, 0, 0, 0, 0, 0, // 42-43
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 44-47
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 48-4B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 4C-4F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 50-53
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 54-57
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 58-5B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 5C-5F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 60-63
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 64-67
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 68-6B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 6C-6F
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 70-73
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 74-77
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 78-7B
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 7C-7F
  0, 0, 0, 0, 0, 0, 0, 0, // 80-81
  0,                                                                    // 0F38 82
  Op.INVPCID | Gy << O1 | Mx << O2 | <u64>Feature.INVPCID << FEAT | PRIV | F64 | END,// 66 0F38 82
  0,                                                                    // F3 0F38 82
  0,                                                                    // F2 0F38 82
  0, 0, 0, 0, // 83
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
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // C0-C3
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // C4-C7
  Simd.SHA1NEXTE | Vx << O1 | Wx << O2 | SHA,                           // 0F38 C8
  0,                                                                    // 66 0F38 C8
  0,                                                                    // F3 0F38 C8
  0,                                                                    // F2 0F38 C8
  Simd.SHA1MSG1 | Vx << O1 | Wx << O2 | SHA,                            // 0F38 C9
  0,                                                                    // 66 0F38 C9
  0,                                                                    // F3 0F38 C9
  0,                                                                    // F2 0F38 C9
  Simd.SHA1MSG2 | Vx << O1 | Wx << O2 | SHA,                            // 0F38 CA
  0,                                                                    // 66 0F38 CA
  0,                                                                    // F3 0F38 CA
  0,                                                                    // F2 0F38 CA
  Simd.SHA256RNDS2 | Vx << O1 | Wx << O2 | SHA,                         // 0F38 CB
  0,                                                                    // 66 0F38 CB
  0,                                                                    // F3 0F38 CB
  0,                                                                    // F2 0F38 CB
  Simd.SHA256MSG1 | Vx << O1 | Wx << O2 | SHA,                          // 0F38 CC
  0,                                                                    // 66 0F38 CC
  0,                                                                    // F3 0F38 CC
  0,                                                                    // F2 0F38 CC
  Simd.SHA256MSG2 | Vx << O1 | Wx << O2 | SHA,                          // 0F38 CD
  0,                                                                    // 66 0F38 CD
  0,                                                                    // F3 0F38 CD
  0,                                                                    // F2 0F38 CD
  0, 0, 0, 0, 0, 0, 0, 0, // CE-CF
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // D0-D3
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // D4-D7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // D8-DA
  0,                                                                    // 0F38 DB
  Simd.AESIMC | Vx << O1 | Wx << O2 | AES | V2 | VL_128,                // 66 0F38 DB
  0,                                                                    // F3 0F38 DB
  0,                                                                    // F2 0F38 DB
  0,                                                                    // 0F38 DC
  Simd.AESENC | Vx << O1 | Wx << O2 | AES | V3 | VL_128,                // 66 0F38 DC
  0,                                                                    // F3 0F38 DC
  0,                                                                    // F2 0F38 DC
  0,                                                                    // 0F38 DD
  Simd.AESENCLAST | Vx << O1 | Wx << O2 | AES | V3 | VL_128,            // 66 0F38 DD
  0,                                                                    // F3 0F38 DD
  0,                                                                    // F2 0F38 DD
  0,                                                                    // 0F38 DE
  Simd.AESDEC | Vx << O1 | Wx << O2 | AES | V3 | VL_128,                // 66 0F38 DE
  0,                                                                    // F3 0F38 DE
  0,                                                                    // F2 0F38 DE
  0,                                                                    // 0F38 DF
  Simd.AESDECLAST | Vx << O1 | Wx << O2 | AES | V3 | VL_128,            // 66 0F38 DF
  0,                                                                    // F3 0F38 DF
  0,                                                                    // F2 0F38 DF
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // E0-E3
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // E4-E7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // E8-EB
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // EC-EF
  Op.MOVBE_LOAD | Gv << O1 | Mv << O2 | <u64>Feature.MOVBE << FEAT,     // 0F38 F0
  Op.MOVBE_LOAD | Gv << O1 | Mv << O2 | <u64>Feature.MOVBE << FEAT,     // 66 0F38 F0
  0,                                                                    // F3 0F38 F0
  Op.CRC32 | Gy << O1 | Eb << O2 | <u64>Feature.SSE42 << FEAT,          // F2 0F38 F0
  Op.MOVBE_STORE | Mv << O1 | Gv << O2 | <u64>Feature.MOVBE << FEAT,    // 0F38 F1
  Op.MOVBE_STORE | Mv << O1 | Gv << O2 | <u64>Feature.MOVBE << FEAT,    // 66 0F38 F1
  0,                                                                    // F3 0F38 F1
  Op.CRC32 | Gy << O1 | Ev << O2 | <u64>Feature.SSE42 << FEAT,          // F2 0F38 F1
  0, 0, 0, 0, 0, 0, 0, 0, // F2-F3
  0, 0, 0, 0, 0, 0, 0, 0, // F4-F5
  0,                                                                    // 0F38 F6
  Op.ADCX | Gy << O1 | Ey << O2 | <u64>Feature.ADX << FEAT,             // 66 0F38 F6
  Op.ADOX | Gy << O1 | Ey << O2 | <u64>Feature.ADX << FEAT,             // F3 0F38 F6
  0,                                                                    // F2 0F38 F6
  0, 0, 0, 0, // F7
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // F8-FB
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // FC-FF
];
