/**
 * The x87 escape opcodes D8-DF, SDM vol. 2 tables: 8 memory rows (ModRM.reg) and 64 register rows
 * (ModRM C0-FF) an opcode.
 */

/** The row of opcode D8-DF with `modrm`. */
export function x87Row(opcode: u32, modrm: u32): u64 {
  return 0x300;
}
