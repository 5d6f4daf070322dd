/**
 * What only VEX encodings have (SDM vol. 2 tables and chapter 5): pairs of key and row in the order of
 * the maps, searched by vexOnlyRow. The VEX forms of SSE instructions are said by flags of their own rows instead.
 *
 * Not here: XOP, AVX-VNNI and what came after AVX2 in VEX encodings, which no -cpu offers.
 */
import { Op } from "./ops";
import { Vex } from "./ops-vex";
import {
  By,
  Ey,
  F_AVX,
  F_AVX2,
  F_BMI1,
  F_BMI2,
  F_F16C,
  F_FMA,
  GROUP,
  Gy,
  Hx,
  Ib,
  Lx,
  Md,
  Mx,
  NOMODRM,
  O1,
  O2,
  O3,
  O4,
  VL_128,
  VL_256,
  VL_AVX2,
  VL_IG,
  VSIB,
  VW_OP,
  VW0,
  VW1,
  Vx,
  Wb,
  Wd,
  Wq,
  Ww,
  Wx,
} from "./row";

/** Maps, as they are in VEX.mmmmm, at their place in a key: map | opcode << 2 | prefix (0 none, 1 = 66, 2 = F3, 3 = F2). */
const M0F: u64 = 1 << 10;
const M0F38: u64 = 2 << 10;
const M0F3A: u64 = 3 << 10;
/** Groups, at the place of a row's operation: 8 rows of GROUPS_VEX each. */
const G15: u64 = 0;
const G17: u64 = 1;

// biome-ignore format: one opcode and prefix per line
export const OPMAP_VEX: StaticArray<u64> = [
  M0F | 0x77 << 2 | 0,    Vex.VZEROUPPER | NOMODRM | F_AVX,                                                     // VEX.0F 77
  M0F | 0xae << 2 | 0,    GROUP | G15,                                                                          // VEX.0F AE
  M0F38 | 0x0c << 2 | 1,  Vex.VPERMILPS | Vx << O1 | Hx << O2 | Wx << O3 | VW0 | F_AVX,                         // VEX.66 0F38 0C
  M0F38 | 0x0d << 2 | 1,  Vex.VPERMILPD | Vx << O1 | Hx << O2 | Wx << O3 | VW0 | F_AVX,                         // VEX.66 0F38 0D
  M0F38 | 0x0e << 2 | 1,  Vex.VTESTPS | Vx << O1 | Wx << O2 | VW0 | F_AVX,                                      // VEX.66 0F38 0E
  M0F38 | 0x0f << 2 | 1,  Vex.VTESTPD | Vx << O1 | Wx << O2 | VW0 | F_AVX,                                      // VEX.66 0F38 0F
  M0F38 | 0x13 << 2 | 1,  Vex.VCVTPH2PS | Vx << O1 | Wx << O2 | VW0 | F_F16C,                                   // VEX.66 0F38 13
  M0F38 | 0x16 << 2 | 1,  Vex.VPERMPS | Vx << O1 | Hx << O2 | Wx << O3 | VW0 | VL_256 | F_AVX2,                 // VEX.66 0F38 16
  M0F38 | 0x18 << 2 | 1,  Vex.VBROADCASTSS | Vx << O1 | Wd << O2 | VW0 | F_AVX,                                 // VEX.66 0F38 18
  M0F38 | 0x19 << 2 | 1,  Vex.VBROADCASTSD | Vx << O1 | Wq << O2 | VW0 | VL_256 | F_AVX,                        // VEX.66 0F38 19
  M0F38 | 0x1a << 2 | 1,  Vex.VBROADCASTF128 | Vx << O1 | Mx << O2 | VW0 | VL_256 | F_AVX,                      // VEX.66 0F38 1A
  M0F38 | 0x2c << 2 | 1,  Vex.VMASKMOVPS | Vx << O1 | Hx << O2 | Mx << O3 | VW0 | F_AVX,                        // VEX.66 0F38 2C
  M0F38 | 0x2d << 2 | 1,  Vex.VMASKMOVPD | Vx << O1 | Hx << O2 | Mx << O3 | VW0 | F_AVX,                        // VEX.66 0F38 2D
  M0F38 | 0x2e << 2 | 1,  Vex.VMASKMOVPS_STORE | Mx << O1 | Hx << O2 | Vx << O3 | VW0 | F_AVX,                  // VEX.66 0F38 2E
  M0F38 | 0x2f << 2 | 1,  Vex.VMASKMOVPD_STORE | Mx << O1 | Hx << O2 | Vx << O3 | VW0 | F_AVX,                  // VEX.66 0F38 2F
  M0F38 | 0x36 << 2 | 1,  Vex.VPERMD | Vx << O1 | Hx << O2 | Wx << O3 | VW0 | VL_256 | F_AVX2,                  // VEX.66 0F38 36
  M0F38 | 0x45 << 2 | 1,  Vex.VPSRLVD | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_AVX2,                        // VEX.66 0F38 45
  M0F38 | 0x46 << 2 | 1,  Vex.VPSRAVD | Vx << O1 | Hx << O2 | Wx << O3 | VW0 | F_AVX2,                          // VEX.66 0F38 46
  M0F38 | 0x47 << 2 | 1,  Vex.VPSLLVD | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_AVX2,                        // VEX.66 0F38 47
  M0F38 | 0x58 << 2 | 1,  Vex.VPBROADCASTD | Vx << O1 | Wd << O2 | VW0 | F_AVX2,                                // VEX.66 0F38 58
  M0F38 | 0x59 << 2 | 1,  Vex.VPBROADCASTQ | Vx << O1 | Wq << O2 | VW0 | F_AVX2,                                // VEX.66 0F38 59
  M0F38 | 0x5a << 2 | 1,  Vex.VBROADCASTI128 | Vx << O1 | Mx << O2 | VW0 | VL_256 | F_AVX2,                     // VEX.66 0F38 5A
  M0F38 | 0x78 << 2 | 1,  Vex.VPBROADCASTB | Vx << O1 | Wb << O2 | VW0 | F_AVX2,                                // VEX.66 0F38 78
  M0F38 | 0x79 << 2 | 1,  Vex.VPBROADCASTW | Vx << O1 | Ww << O2 | VW0 | F_AVX2,                                // VEX.66 0F38 79
  M0F38 | 0x8c << 2 | 1,  Vex.VPMASKMOVD | Vx << O1 | Hx << O2 | Mx << O3 | VW_OP | F_AVX2,                     // VEX.66 0F38 8C
  M0F38 | 0x8e << 2 | 1,  Vex.VPMASKMOVD_STORE | Mx << O1 | Hx << O2 | Vx << O3 | VW_OP | F_AVX2,               // VEX.66 0F38 8E
  M0F38 | 0x90 << 2 | 1,  Vex.VPGATHERDD | Vx << O1 | Md << O2 | Hx << O3 | VSIB | VW_OP | F_AVX2,              // VEX.66 0F38 90
  M0F38 | 0x91 << 2 | 1,  Vex.VPGATHERQD | Vx << O1 | Md << O2 | Hx << O3 | VSIB | VW_OP | F_AVX2,              // VEX.66 0F38 91
  M0F38 | 0x92 << 2 | 1,  Vex.VGATHERDPS | Vx << O1 | Md << O2 | Hx << O3 | VSIB | VW_OP | F_AVX2,              // VEX.66 0F38 92
  M0F38 | 0x93 << 2 | 1,  Vex.VGATHERQPS | Vx << O1 | Md << O2 | Hx << O3 | VSIB | VW_OP | F_AVX2,              // VEX.66 0F38 93
  M0F38 | 0x96 << 2 | 1,  Vex.VFMADDSUB132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 96
  M0F38 | 0x97 << 2 | 1,  Vex.VFMSUBADD132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 97
  M0F38 | 0x98 << 2 | 1,  Vex.VFMADD132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 98
  M0F38 | 0x99 << 2 | 1,  Vex.VFMADD132SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 99
  M0F38 | 0x9a << 2 | 1,  Vex.VFMSUB132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 9A
  M0F38 | 0x9b << 2 | 1,  Vex.VFMSUB132SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 9B
  M0F38 | 0x9c << 2 | 1,  Vex.VFNMADD132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 9C
  M0F38 | 0x9d << 2 | 1,  Vex.VFNMADD132SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 9D
  M0F38 | 0x9e << 2 | 1,  Vex.VFNMSUB132PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 9E
  M0F38 | 0x9f << 2 | 1,  Vex.VFNMSUB132SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 9F
  M0F38 | 0xa6 << 2 | 1,  Vex.VFMADDSUB213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 A6
  M0F38 | 0xa7 << 2 | 1,  Vex.VFMSUBADD213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 A7
  M0F38 | 0xa8 << 2 | 1,  Vex.VFMADD213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 A8
  M0F38 | 0xa9 << 2 | 1,  Vex.VFMADD213SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 A9
  M0F38 | 0xaa << 2 | 1,  Vex.VFMSUB213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 AA
  M0F38 | 0xab << 2 | 1,  Vex.VFMSUB213SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 AB
  M0F38 | 0xac << 2 | 1,  Vex.VFNMADD213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 AC
  M0F38 | 0xad << 2 | 1,  Vex.VFNMADD213SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 AD
  M0F38 | 0xae << 2 | 1,  Vex.VFNMSUB213PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 AE
  M0F38 | 0xaf << 2 | 1,  Vex.VFNMSUB213SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 AF
  M0F38 | 0xb6 << 2 | 1,  Vex.VFMADDSUB231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 B6
  M0F38 | 0xb7 << 2 | 1,  Vex.VFMSUBADD231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                  // VEX.66 0F38 B7
  M0F38 | 0xb8 << 2 | 1,  Vex.VFMADD231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 B8
  M0F38 | 0xb9 << 2 | 1,  Vex.VFMADD231SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 B9
  M0F38 | 0xba << 2 | 1,  Vex.VFMSUB231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                     // VEX.66 0F38 BA
  M0F38 | 0xbb << 2 | 1,  Vex.VFMSUB231SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,             // VEX.66 0F38 BB
  M0F38 | 0xbc << 2 | 1,  Vex.VFNMADD231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 BC
  M0F38 | 0xbd << 2 | 1,  Vex.VFNMADD231SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 BD
  M0F38 | 0xbe << 2 | 1,  Vex.VFNMSUB231PS | Vx << O1 | Hx << O2 | Wx << O3 | VW_OP | F_FMA,                    // VEX.66 0F38 BE
  M0F38 | 0xbf << 2 | 1,  Vex.VFNMSUB231SS | Vx << O1 | Hx << O2 | Wd << O3 | VW_OP | VL_IG | F_FMA,            // VEX.66 0F38 BF
  M0F38 | 0xf2 << 2 | 0,  Op.ANDN | Gy << O1 | By << O2 | Ey << O3 | VL_128 | F_BMI1,                           // VEX.0F38 F2
  M0F38 | 0xf3 << 2 | 0,  GROUP | G17,                                                                          // VEX.0F38 F3
  M0F38 | 0xf5 << 2 | 0,  Op.BZHI | Gy << O1 | Ey << O2 | By << O3 | VL_128 | F_BMI2,                           // VEX.0F38 F5
  M0F38 | 0xf5 << 2 | 2,  Op.PEXT | Gy << O1 | By << O2 | Ey << O3 | VL_128 | F_BMI2,                           // VEX.F3 0F38 F5
  M0F38 | 0xf5 << 2 | 3,  Op.PDEP | Gy << O1 | By << O2 | Ey << O3 | VL_128 | F_BMI2,                           // VEX.F2 0F38 F5
  M0F38 | 0xf6 << 2 | 3,  Op.MULX | Gy << O1 | By << O2 | Ey << O3 | VL_128 | F_BMI2,                           // VEX.F2 0F38 F6
  M0F38 | 0xf7 << 2 | 0,  Op.BEXTR | Gy << O1 | Ey << O2 | By << O3 | VL_128 | F_BMI1,                          // VEX.0F38 F7
  M0F38 | 0xf7 << 2 | 1,  Op.SHLX | Gy << O1 | Ey << O2 | By << O3 | VL_128 | F_BMI2,                           // VEX.66 0F38 F7
  M0F38 | 0xf7 << 2 | 2,  Op.SARX | Gy << O1 | Ey << O2 | By << O3 | VL_128 | F_BMI2,                           // VEX.F3 0F38 F7
  M0F38 | 0xf7 << 2 | 3,  Op.SHRX | Gy << O1 | Ey << O2 | By << O3 | VL_128 | F_BMI2,                           // VEX.F2 0F38 F7
  M0F3A | 0x00 << 2 | 1,  Vex.VPERMQ | Vx << O1 | Wx << O2 | Ib << O3 | VW1 | VL_256 | F_AVX2,                  // VEX.66 0F3A 00
  M0F3A | 0x01 << 2 | 1,  Vex.VPERMPD | Vx << O1 | Wx << O2 | Ib << O3 | VW1 | VL_256 | F_AVX2,                 // VEX.66 0F3A 01
  M0F3A | 0x02 << 2 | 1,  Vex.VPBLENDD | Vx << O1 | Hx << O2 | Wx << O3 | Ib << O4 | VW0 | F_AVX2,              // VEX.66 0F3A 02
  M0F3A | 0x04 << 2 | 1,  Vex.VPERMILPS_I | Vx << O1 | Wx << O2 | Ib << O3 | VW0 | F_AVX,                       // VEX.66 0F3A 04
  M0F3A | 0x05 << 2 | 1,  Vex.VPERMILPD_I | Vx << O1 | Wx << O2 | Ib << O3 | VW0 | F_AVX,                       // VEX.66 0F3A 05
  M0F3A | 0x06 << 2 | 1,  Vex.VPERM2F128 | Vx << O1 | Hx << O2 | Wx << O3 | Ib << O4 | VW0 | VL_256 | F_AVX,    // VEX.66 0F3A 06
  M0F3A | 0x18 << 2 | 1,  Vex.VINSERTF128 | Vx << O1 | Hx << O2 | Wx << O3 | Ib << O4 | VW0 | VL_256 | F_AVX,   // VEX.66 0F3A 18
  M0F3A | 0x19 << 2 | 1,  Vex.VEXTRACTF128 | Wx << O1 | Vx << O2 | Ib << O3 | VW0 | VL_256 | F_AVX,             // VEX.66 0F3A 19
  M0F3A | 0x1d << 2 | 1,  Vex.VCVTPS2PH | Wx << O1 | Vx << O2 | Ib << O3 | VW0 | F_F16C,                        // VEX.66 0F3A 1D
  M0F3A | 0x38 << 2 | 1,  Vex.VINSERTI128 | Vx << O1 | Hx << O2 | Wx << O3 | Ib << O4 | VW0 | VL_256 | F_AVX2,  // VEX.66 0F3A 38
  M0F3A | 0x39 << 2 | 1,  Vex.VEXTRACTI128 | Wx << O1 | Vx << O2 | Ib << O3 | VW0 | VL_256 | F_AVX2,            // VEX.66 0F3A 39
  M0F3A | 0x46 << 2 | 1,  Vex.VPERM2I128 | Vx << O1 | Hx << O2 | Wx << O3 | Ib << O4 | VW0 | VL_256 | F_AVX2,   // VEX.66 0F3A 46
  M0F3A | 0x4a << 2 | 1,  Vex.VBLENDVPS | Vx << O1 | Hx << O2 | Wx << O3 | Lx << O4 | VW0 | F_AVX,              // VEX.66 0F3A 4A
  M0F3A | 0x4b << 2 | 1,  Vex.VBLENDVPD | Vx << O1 | Hx << O2 | Wx << O3 | Lx << O4 | VW0 | F_AVX,              // VEX.66 0F3A 4B
  M0F3A | 0x4c << 2 | 1,  Vex.VPBLENDVB | Vx << O1 | Hx << O2 | Wx << O3 | Lx << O4 | VW0 | VL_AVX2 | F_AVX,    // VEX.66 0F3A 4C
  M0F3A | 0xf0 << 2 | 3,  Op.RORX | Gy << O1 | Ey << O2 | Ib << O3 | VL_128 | F_BMI2,                           // VEX.F2 0F3A F0
];

/** Groups 15 and 17 by ModRM.reg. */
// biome-ignore format: one row per line
export const GROUPS_VEX: StaticArray<u64> = [
  0, 0,
  Op.LDMXCSR | Md << O1 | VL_128 | F_AVX,
  Op.STMXCSR | Md << O1 | VL_128 | F_AVX,
  0, 0, 0, 0,
  0,
  Op.BLSR | By << O1 | Ey << O2 | VL_128 | F_BMI1,
  Op.BLSMSK | By << O1 | Ey << O2 | VL_128 | F_BMI1,
  Op.BLSI | By << O1 | Ey << O2 | VL_128 | F_BMI1,
  0, 0, 0, 0,
];

/** The row of `opcode` in VEX map 1-3 with prefix 0-3, or 0. */
export function vexOnlyRow(map: u32, opcode: u32, prefix: u32): u64 {
  const key = <u64>((map << 10) | (opcode << 2) | prefix);
  let low = 0;
  let high = OPMAP_VEX.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = unchecked(OPMAP_VEX[middle << 1]);
    if (at == key) return unchecked(OPMAP_VEX[(middle << 1) + 1]);
    if (at < key) low = middle + 1;
    else high = middle;
  }
  return 0;
}
