/**
 * The x87 escape opcodes D8-DF, SDM vol. 2 tables, by ModRM. Three tables in the manual's order:
 * memory forms by ModRM.reg, register forms by ModRM.reg, and the register forms that ModRM.rm tells apart
 * (marked RM in the second).
 *
 * The manual leaves encodings empty that processors execute as aliases (FCOM at DC D0, FXCH at DD C8 and
 * DF C8, FSTP at D9 D8, DF D0 and DF D8, FCOMP at DC D8 and DE D0, FFREEP at DF C0); they are here, because
 * programs use some. All others are 0, INVALID.
 */
import { Feature } from "./ops";
import { X87 } from "./ops-x87";
import { FEAT, Md, Mq, Mv, Mw, O1, O2, ST0, STi } from "./row";

const FPU: u64 = (<u64>Feature.X87) << FEAT;
/** The row depends on ModRM.rm. */
const RM: u64 = 1;
const AXw: u64 = (21 << 3) | 1;

// biome-ignore format: one per line
const MEMORY: StaticArray<u64> = [
  // D8
  X87.FADD | ST0 << O1 | Md << O2 | FPU,
  X87.FMUL | ST0 << O1 | Md << O2 | FPU,
  X87.FCOM | ST0 << O1 | Md << O2 | FPU,
  X87.FCOMP | ST0 << O1 | Md << O2 | FPU,
  X87.FSUB | ST0 << O1 | Md << O2 | FPU,
  X87.FSUBR | ST0 << O1 | Md << O2 | FPU,
  X87.FDIV | ST0 << O1 | Md << O2 | FPU,
  X87.FDIVR | ST0 << O1 | Md << O2 | FPU,
  // D9
  X87.FLD | Md << O1 | FPU,
  0,
  X87.FST | Md << O1 | FPU,
  X87.FSTP | Md << O1 | FPU,
  X87.FLDENV | Mv << O1 | FPU,
  X87.FLDCW | Mw << O1 | FPU,
  X87.FNSTENV | Mv << O1 | FPU,
  X87.FNSTCW | Mw << O1 | FPU,
  // DA
  X87.FIADD | ST0 << O1 | Md << O2 | FPU,
  X87.FIMUL | ST0 << O1 | Md << O2 | FPU,
  X87.FICOM | ST0 << O1 | Md << O2 | FPU,
  X87.FICOMP | ST0 << O1 | Md << O2 | FPU,
  X87.FISUB | ST0 << O1 | Md << O2 | FPU,
  X87.FISUBR | ST0 << O1 | Md << O2 | FPU,
  X87.FIDIV | ST0 << O1 | Md << O2 | FPU,
  X87.FIDIVR | ST0 << O1 | Md << O2 | FPU,
  // DB
  X87.FILD | Md << O1 | FPU,
  X87.FISTTP | Md << O1 | FPU,
  X87.FIST | Md << O1 | FPU,
  X87.FISTP | Md << O1 | FPU,
  0,
  X87.FLD | Mv << O1 | FPU, // 80 bits
  0,
  X87.FSTP | Mv << O1 | FPU, // 80 bits
  // DC
  X87.FADD | ST0 << O1 | Mq << O2 | FPU,
  X87.FMUL | ST0 << O1 | Mq << O2 | FPU,
  X87.FCOM | ST0 << O1 | Mq << O2 | FPU,
  X87.FCOMP | ST0 << O1 | Mq << O2 | FPU,
  X87.FSUB | ST0 << O1 | Mq << O2 | FPU,
  X87.FSUBR | ST0 << O1 | Mq << O2 | FPU,
  X87.FDIV | ST0 << O1 | Mq << O2 | FPU,
  X87.FDIVR | ST0 << O1 | Mq << O2 | FPU,
  // DD
  X87.FLD | Mq << O1 | FPU,
  X87.FISTTP | Mq << O1 | FPU,
  X87.FST | Mq << O1 | FPU,
  X87.FSTP | Mq << O1 | FPU,
  X87.FRSTOR | Mv << O1 | FPU,
  0,
  X87.FNSAVE | Mv << O1 | FPU,
  X87.FNSTSW | Mw << O1 | FPU,
  // DE
  X87.FIADD | ST0 << O1 | Mw << O2 | FPU,
  X87.FIMUL | ST0 << O1 | Mw << O2 | FPU,
  X87.FICOM | ST0 << O1 | Mw << O2 | FPU,
  X87.FICOMP | ST0 << O1 | Mw << O2 | FPU,
  X87.FISUB | ST0 << O1 | Mw << O2 | FPU,
  X87.FISUBR | ST0 << O1 | Mw << O2 | FPU,
  X87.FIDIV | ST0 << O1 | Mw << O2 | FPU,
  X87.FIDIVR | ST0 << O1 | Mw << O2 | FPU,
  // DF
  X87.FILD | Mw << O1 | FPU,
  X87.FISTTP | Mw << O1 | FPU,
  X87.FIST | Mw << O1 | FPU,
  X87.FISTP | Mw << O1 | FPU,
  X87.FBLD | Mv << O1 | FPU, // 80 bits
  X87.FILD | Mq << O1 | FPU,
  X87.FBSTP | Mv << O1 | FPU, // 80 bits
  X87.FISTP | Mq << O1 | FPU,
];

// biome-ignore format: one per line
const REGISTER: StaticArray<u64> = [
  // D8
  X87.FADD | ST0 << O1 | STi << O2 | FPU,
  X87.FMUL | ST0 << O1 | STi << O2 | FPU,
  X87.FCOM | ST0 << O1 | STi << O2 | FPU,
  X87.FCOMP | ST0 << O1 | STi << O2 | FPU,
  X87.FSUB | ST0 << O1 | STi << O2 | FPU,
  X87.FSUBR | ST0 << O1 | STi << O2 | FPU,
  X87.FDIV | ST0 << O1 | STi << O2 | FPU,
  X87.FDIVR | ST0 << O1 | STi << O2 | FPU,
  // D9
  X87.FLD | STi << O1 | FPU,
  X87.FXCH | ST0 << O1 | STi << O2 | FPU,
  RM,
  X87.FSTP | STi << O1 | FPU,
  RM,
  RM,
  RM,
  RM,
  // DA
  X87.FCMOVB | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVE | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVBE | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVU | ST0 << O1 | STi << O2 | FPU,
  0,
  RM,
  0,
  0,
  // DB
  X87.FCMOVNB | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVNE | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVNBE | ST0 << O1 | STi << O2 | FPU,
  X87.FCMOVNU | ST0 << O1 | STi << O2 | FPU,
  RM,
  X87.FUCOMI | ST0 << O1 | STi << O2 | FPU,
  X87.FCOMI | ST0 << O1 | STi << O2 | FPU,
  0,
  // DC
  X87.FADD | STi << O1 | ST0 << O2 | FPU,
  X87.FMUL | STi << O1 | ST0 << O2 | FPU,
  X87.FCOM | ST0 << O1 | STi << O2 | FPU,
  X87.FCOMP | ST0 << O1 | STi << O2 | FPU,
  X87.FSUBR | STi << O1 | ST0 << O2 | FPU,
  X87.FSUB | STi << O1 | ST0 << O2 | FPU,
  X87.FDIVR | STi << O1 | ST0 << O2 | FPU,
  X87.FDIV | STi << O1 | ST0 << O2 | FPU,
  // DD
  X87.FFREE | STi << O1 | FPU,
  X87.FXCH | ST0 << O1 | STi << O2 | FPU,
  X87.FST | STi << O1 | FPU,
  X87.FSTP | STi << O1 | FPU,
  X87.FUCOM | ST0 << O1 | STi << O2 | FPU,
  X87.FUCOMP | ST0 << O1 | STi << O2 | FPU,
  0,
  0,
  // DE
  X87.FADDP | STi << O1 | ST0 << O2 | FPU,
  X87.FMULP | STi << O1 | ST0 << O2 | FPU,
  X87.FCOMP | ST0 << O1 | STi << O2 | FPU,
  RM,
  X87.FSUBRP | STi << O1 | ST0 << O2 | FPU,
  X87.FSUBP | STi << O1 | ST0 << O2 | FPU,
  X87.FDIVRP | STi << O1 | ST0 << O2 | FPU,
  X87.FDIVP | STi << O1 | ST0 << O2 | FPU,
  // DF
  X87.FFREEP | STi << O1 | FPU,
  X87.FXCH | ST0 << O1 | STi << O2 | FPU,
  X87.FSTP | STi << O1 | FPU,
  X87.FSTP | STi << O1 | FPU,
  RM,
  X87.FUCOMIP | ST0 << O1 | STi << O2 | FPU,
  X87.FCOMIP | ST0 << O1 | STi << O2 | FPU,
  0,
];

// biome-ignore format: one line of the manual's tables each
const BY_RM: StaticArray<u64> = [
  // D9 D0
  X87.FNOP | FPU, 0, 0, 0, 0, 0, 0, 0,
  // D9 E0
  X87.FCHS | FPU, X87.FABS | FPU, 0, 0, X87.FTST | FPU, X87.FXAM | FPU, 0, 0,
  // D9 E8
  X87.FLD1 | FPU, X87.FLDL2T | FPU, X87.FLDL2E | FPU, X87.FLDPI | FPU, X87.FLDLG2 | FPU, X87.FLDLN2 | FPU, X87.FLDZ | FPU, 0,
  // D9 F0
  X87.F2XM1 | FPU, X87.FYL2X | FPU, X87.FPTAN | FPU, X87.FPATAN | FPU,
  X87.FXTRACT | FPU, X87.FPREM1 | FPU, X87.FDECSTP | FPU, X87.FINCSTP | FPU,
  // D9 F8
  X87.FPREM | FPU, X87.FYL2XP1 | FPU, X87.FSQRT | FPU, X87.FSINCOS | FPU, X87.FRNDINT | FPU, X87.FSCALE | FPU, X87.FSIN | FPU, X87.FCOS | FPU,
  // DA E8
  0, X87.FUCOMPP | FPU, 0, 0, 0, 0, 0, 0,
  // DB E0
  X87.FNENI | FPU, X87.FNDISI | FPU, X87.FNCLEX | FPU, X87.FNINIT | FPU, X87.FNSETPM | FPU, 0, 0, 0,
  // DE D8
  0, X87.FCOMPP | FPU, 0, 0, 0, 0, 0, 0,
  // DF E0
  X87.FNSTSW | AXw << O1 | FPU, 0, 0, 0, 0, 0, 0, 0,
];

/** Which line of BY_RM `opcode` with ModRM.reg has. */
function lineOf(opcode: u32, reg: u32): u32 {
  switch (opcode & 7) {
    case 1:
      return reg == 2 ? 0 : reg - 3;
    case 2:
      return 5;
    case 3:
      return 6;
    case 6:
      return 7;
    default:
      return 8;
  }
}

/** The row of opcode D8-DF with `modrm`. */
export function x87Row(opcode: u32, modrm: u32): u64 {
  const reg = (modrm >> 3) & 7;
  const index = ((opcode & 7) << 3) | reg;
  if (modrm < 0xc0) return unchecked(MEMORY[index]);
  const row = unchecked(REGISTER[index]);
  return row == RM ? unchecked(BY_RM[(lineOf(opcode, reg) << 3) | (modrm & 7)]) : row;
}
