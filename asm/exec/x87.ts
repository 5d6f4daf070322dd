/** x87 instructions: see opmap-x87.ts for their rows. */
import { raiseUD } from "../cpu/fault";
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";

export function execX87(cpu: Cpu, insn: Insn): u32 {
  raiseUD(cpu);
  return 0;
}
