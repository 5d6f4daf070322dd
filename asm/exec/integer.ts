/**
 * The general-purpose instructions: one switch over Op.INVALID ... Op.OUT (decode/ops.ts), complete for
 * every operand size, address size and mode. This is the fallback of the interpreter's hot handlers and the
 * definition they are tested against.
 *
 * Far transfers, interrupts and segment loads are in far.ts, cpu/exceptions.ts and cpu/segment.ts; CPUID is
 * in system.ts. RSM outside system management mode is #UD, and there is no such mode here.
 */
import { softInterrupt } from "../cpu/exceptions";
import { raiseUD, Vector } from "../cpu/fault";
import { RFLAGS_DF } from "../cpu/rflags";
import { Cpu } from "../cpu/state";
import { COLD, Insn } from "../decode/insn";
import { Op } from "../decode/ops";
import {
  execAad,
  execAam,
  execAlu,
  execBitTest,
  execCrc32,
  execImul,
  execModify,
  execRandom,
  execTest,
  execUnaryBits,
  execWide,
} from "./arith";
import { execCmpxchg, execCmpxchg8b, execXadd, execXchg } from "./atomic";
import { aaa, aas, daa, das } from "./bcd";
import { execBmi } from "./bmi";
import {
  execCall,
  execCallIndirect,
  execJcc,
  execJcxz,
  execJmp,
  execJmpIndirect,
  execLoop,
  execRet,
} from "./branch";
import { EXEC_NEXT } from "./exec";
import { farCall, farJump } from "./far";
import { farReturn, iret } from "./far-return";
import { execCarry, execCli, execHlt, execLahf, execSahf, execSti } from "./flags";
import { execArpl, execBound, execFwait, execRdpid } from "./misc";
import {
  execBswap,
  execCbw,
  execCmov,
  execCwd,
  execExtend,
  execLea,
  execLoadFar,
  execMov,
  execMovbe,
  execMovFromSeg,
  execMovnti,
  execMovsxd,
  execMovToSeg,
  execSalc,
  execSetcc,
  execXlat,
} from "./move";
import { execIn, execOut, execPortString } from "./port";
import {
  execEnter,
  execLeave,
  execPop,
  execPopa,
  execPopf,
  execPopSeg,
  execPush,
  execPusha,
  execPushf,
  execPushSeg,
} from "./stack";
import { execString } from "./string";
import { execSystem } from "./system";

/** Runs the cold instruction `insn` (Insn.op = COLD + Op). */
// biome-ignore format: one operation per line
export function execInteger(cpu: Cpu, insn: Insn): u32 {
  const op = <u32>insn.op - COLD;
  switch (op) {
    case Op.ADD:
    case Op.OR:
    case Op.ADC:
    case Op.SBB:
    case Op.AND:
    case Op.SUB:
    case Op.XOR:
    case Op.CMP: return execAlu(cpu, insn, op);
    case Op.PUSH_SEG: return execPushSeg(cpu, insn);
    case Op.POP_SEG: return execPopSeg(cpu, insn);
    case Op.DAA: daa(cpu); return EXEC_NEXT;
    case Op.DAS: das(cpu); return EXEC_NEXT;
    case Op.AAA: aaa(cpu); return EXEC_NEXT;
    case Op.AAS: aas(cpu); return EXEC_NEXT;
    case Op.INC:
    case Op.DEC: return execModify(cpu, insn, op);
    case Op.PUSH: return execPush(cpu, insn);
    case Op.POP: return execPop(cpu, insn);
    case Op.PUSHA: return execPusha(cpu, insn);
    case Op.POPA: return execPopa(cpu, insn);
    case Op.BOUND: return execBound(cpu, insn);
    case Op.ARPL: return execArpl(cpu, insn);
    case Op.MOVSXD: return execMovsxd(cpu, insn);
    case Op.IMUL2:
    case Op.IMUL3: return execImul(cpu, insn, op);
    case Op.JCC: return execJcc(cpu, insn);
    case Op.TEST: return execTest(cpu, insn);
    case Op.XCHG: return execXchg(cpu, insn);
    case Op.MOV: return execMov(cpu, insn);
    case Op.MOV_FROM_SEG: return execMovFromSeg(cpu, insn);
    case Op.LEA: return execLea(cpu, insn);
    case Op.MOV_TO_SEG: return execMovToSeg(cpu, insn);
    case Op.NOP:
    case Op.PAUSE: return EXEC_NEXT;
    case Op.CBW: return execCbw(cpu, insn);
    case Op.CWD: return execCwd(cpu, insn);
    case Op.CALL_FAR: return farCall(cpu, insn);
    case Op.FWAIT: return execFwait(cpu);
    case Op.PUSHF: return execPushf(cpu, insn);
    case Op.POPF: return execPopf(cpu, insn);
    case Op.SAHF: return execSahf(cpu);
    case Op.LAHF: return execLahf(cpu);
    case Op.ROL:
    case Op.ROR:
    case Op.RCL:
    case Op.RCR:
    case Op.SHL:
    case Op.SHR:
    case Op.SAL:
    case Op.SAR: return execModify(cpu, insn, op);
    case Op.RET:
    case Op.RET_IMM: return execRet(cpu, insn, op);
    case Op.LES:
    case Op.LDS: return execLoadFar(cpu, insn, op);
    case Op.ENTER: return execEnter(cpu, insn);
    case Op.LEAVE: return execLeave(cpu, insn);
    case Op.RET_FAR:
    case Op.RET_FAR_IMM: return farReturn(cpu, insn);
    case Op.INT3: return softInterrupt(cpu, Vector.BP, insn.opcode);
    case Op.INT: return softInterrupt(cpu, <u32>insn.imm & 0xff, insn.opcode);
    case Op.INTO: return softInterrupt(cpu, Vector.OF, insn.opcode);
    case Op.IRET: return iret(cpu, insn);
    case Op.AAM: return execAam(cpu, insn);
    case Op.AAD: return execAad(cpu, insn);
    case Op.SALC: return execSalc(cpu);
    case Op.XLAT: return execXlat(cpu, insn);
    case Op.LOOPNE:
    case Op.LOOPE:
    case Op.LOOP: return execLoop(cpu, insn, op);
    case Op.JCXZ: return execJcxz(cpu, insn);
    case Op.CALL: return execCall(cpu, insn);
    case Op.JMP: return execJmp(cpu, insn);
    case Op.JMP_FAR: return farJump(cpu, insn);
    case Op.CALL_IND: return execCallIndirect(cpu, insn);
    case Op.JMP_IND: return execJmpIndirect(cpu, insn);
    case Op.CALL_FAR_IND: return farCall(cpu, insn);
    case Op.JMP_FAR_IND: return farJump(cpu, insn);
    case Op.INT1: return softInterrupt(cpu, Vector.DB, insn.opcode);
    case Op.HLT: return execHlt(cpu);
    case Op.CMC: return execCarry(cpu, op);
    case Op.NOT:
    case Op.NEG: return execModify(cpu, insn, op);
    case Op.MUL:
    case Op.IMUL:
    case Op.DIV:
    case Op.IDIV: return execWide(cpu, insn, op);
    case Op.CLC:
    case Op.STC: return execCarry(cpu, op);
    case Op.CLI: return execCli(cpu);
    case Op.STI: return execSti(cpu);
    case Op.CLD: cpu.rflags &= ~RFLAGS_DF; return EXEC_NEXT;
    case Op.STD: cpu.rflags |= RFLAGS_DF; return EXEC_NEXT;
    case Op.CMOV: return execCmov(cpu, insn);
    case Op.SETCC: return execSetcc(cpu, insn);
    case Op.CPUID: return execSystem(cpu, insn);
    case Op.BT:
    case Op.BTS:
    case Op.BTR:
    case Op.BTC: return execBitTest(cpu, insn, op);
    case Op.SHLD:
    case Op.SHRD: return execModify(cpu, insn, op);
    case Op.CMPXCHG: return execCmpxchg(cpu, insn);
    case Op.LSS:
    case Op.LFS:
    case Op.LGS: return execLoadFar(cpu, insn, op);
    case Op.MOVZX8: return execExtend(cpu, insn, 0, false);
    case Op.MOVZX16: return execExtend(cpu, insn, 1, false);
    case Op.MOVSX8: return execExtend(cpu, insn, 0, true);
    case Op.MOVSX16: return execExtend(cpu, insn, 1, true);
    case Op.POPCNT:
    case Op.BSF:
    case Op.BSR:
    case Op.TZCNT:
    case Op.LZCNT: return execUnaryBits(cpu, insn, op);
    case Op.XADD: return execXadd(cpu, insn);
    case Op.MOVNTI: return execMovnti(cpu, insn);
    case Op.CMPXCHG8B: return execCmpxchg8b(cpu, insn);
    case Op.RDRAND:
    case Op.RDSEED: return execRandom(cpu, insn);
    case Op.RDPID: return execRdpid(cpu, insn);
    case Op.BSWAP: return execBswap(cpu, insn);
    case Op.MOVBE_LOAD:
    case Op.MOVBE_STORE: return execMovbe(cpu, insn, op);
    case Op.CRC32: return execCrc32(cpu, insn);
    case Op.ADCX:
    case Op.ADOX: return execUnaryBits(cpu, insn, op);
    case Op.ANDN:
    case Op.BLSR:
    case Op.BLSMSK:
    case Op.BLSI:
    case Op.BZHI:
    case Op.PEXT:
    case Op.PDEP:
    case Op.MULX:
    case Op.BEXTR:
    case Op.SHLX:
    case Op.SARX:
    case Op.SHRX:
    case Op.RORX: return execBmi(cpu, insn, op);
    case Op.MOVS:
    case Op.CMPS:
    case Op.STOS:
    case Op.LODS:
    case Op.SCAS: return execString(cpu, insn, op);
    case Op.INS:
    case Op.OUTS: return execPortString(cpu, insn, op);
    case Op.IN: return execIn(cpu, insn);
    case Op.OUT: return execOut(cpu, insn);
    default: // INVALID, UD, RSM
      raiseUD(cpu);
      return EXEC_NEXT;
  }
}
