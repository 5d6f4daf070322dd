/**
 * Everything the interpreter's switch has no handler for: by Op to the unit that implements it.
 */
import { raise, raiseGP, raiseUD, Vector } from "../cpu/fault";
import { CR0_EM, CR4_OSFXSR, CR4_OSXSAVE, XCR0_SSE_AVX } from "../cpu/modes";
import { Cpu } from "../cpu/state";
import { COLD, EA_PRIV, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import { FIRST_SIMD } from "../decode/ops-simd";
import { FIRST_VEX } from "../decode/ops-vex";
import { execFpuState } from "./fpu-state";
import { execInteger } from "./integer";
import { execSegmentInfo } from "./segment-info";
import { execSimd } from "./simd";
import { execSysenter } from "./sysenter";
import { execSystem } from "./system";
import { execVex } from "./vex";
import { execX87 } from "./x87";

/** The same for those of ops-simd.ts and ops-vex.ts: always EXEC_NEXT. */
export function execVector(cpu: Cpu, insn: Insn, op: u32): u32 {
  return op >= COLD + FIRST_VEX ? execVex(cpu, insn) : execSimd(cpu, insn);
}

/** Runs the instruction whose Insn.op is `op`; EXEC_*. */
export function execCold(cpu: Cpu, insn: Insn, op: u32): u32 {
  if (op >= COLD + FIRST_SIMD) return execVector(cpu, insn, op);
  op -= COLD;
  if (op >= 0x300) return execX87(cpu, insn);
  if ((<u32>insn.ea & EA_PRIV) != 0 && cpu.cpl != 0) {
    raiseGP(cpu, 0);
    return 0;
  }
  switch (op) {
    case Op.HLT:
    case Op.CLI:
    case Op.STI:
    case Op.CPUID:
      return execSystem(cpu, insn);
    case Op.SLDT:
    case Op.STR:
    case Op.LLDT:
    case Op.LTR:
    case Op.VERR:
    case Op.VERW:
    case Op.LAR:
    case Op.LSL:
      return execSegmentInfo(cpu, insn);
    case Op.SYSCALL:
    case Op.SYSRET:
    case Op.SYSENTER:
    case Op.SYSEXIT:
    case Op.SWAPGS:
      return execSysenter(cpu, insn);
    case Op.FXSAVE:
    case Op.FXRSTOR:
    case Op.XSAVE:
    case Op.XRSTOR:
    case Op.XSAVEOPT:
    case Op.XSAVEC:
    case Op.XSAVES:
    case Op.XRSTORS:
    case Op.LDMXCSR:
    case Op.STMXCSR:
      return execFpuState(cpu, insn);
    case Op.TOO_LONG:
      raiseGP(cpu, 0);
      return 0;
    case Op.FPU_UNAVAILABLE:
      return unavailable(cpu, insn);
  }
  return <i32>op < Op.SLDT ? execInteger(cpu, insn) : execSystem(cpu, insn);
}

/**
 * SDM vol. 3 tables 2-4 and 13-1: EM and a missing OSFXSR make SIMD undefined; TS, and EM for x87, are #NM. AVX
 * looks at CR4.OSXSAVE and XCR0 in place of EM and OSFXSR (SDM vol. 2 2.4).
 */
function unavailable(cpu: Cpu, insn: Insn): u32 {
  if (insn.imm == 3) {
    if ((cpu.cr4 & CR4_OSXSAVE) == 0 || (cpu.xcr0 & XCR0_SSE_AVX) != XCR0_SSE_AVX) raiseUD(cpu);
    else raise(cpu, Vector.NM);
    return 0;
  }
  const isSimd = insn.imm != 0;
  if (isSimd && ((cpu.cr0 & CR0_EM) != 0 || (insn.imm == 2 && (cpu.cr4 & CR4_OSFXSR) == 0)))
    raiseUD(cpu);
  else raise(cpu, Vector.NM);
  return 0;
}
