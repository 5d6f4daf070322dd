/** x87 instructions: see opmap-x87.ts for their rows. */
import { raiseUD } from "../cpu/fault";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { operand } from "../mmu/address";
import { ld16, st16 } from "../mmu/access";

export function execX87(cpu: Cpu, insn: Insn): u32 {
  const o = <u32>insn.opcode, m = <u32>insn.modrm;
  if (o == 0xdb && m == 0xe3) { cpu.fcw = 0x37f; cpu.fsw = 0; cpu.ftw = 0; return 0; }
  if (o == 0xdb && m == 0xe2) { cpu.fsw &= 0x7f00; return 0; }
  if (o == 0xdf && m == 0xe0) { cpu.rax = (cpu.rax & ~0xffff) | <u64>(cpu.fsw & 0xffff); return 0; }
  if (m < 0xc0) {
    const la = operand(cpu, insn, 2, true); if (cpu.fault) return 0;
    if (o == 0xdd && (m & 0x38) == 0x38) { st16(cpu, la, cpu.fsw); return 0; }
    if (o == 0xd9 && (m & 0x38) == 0x38) { st16(cpu, la, cpu.fcw); return 0; }
    if (o == 0xd9 && (m & 0x38) == 0x28) { cpu.fcw = ld16(cpu, la); return 0; }
  }
  raiseUD(cpu);
  return 0;
}
