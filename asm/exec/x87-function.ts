/** x87 functions of ST(0). */
import { raiseUD } from "../cpu/fault";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";

export function functionX87(cpu: Cpu, insn: Insn, op: u32): void {
  raiseUD(cpu);
}
