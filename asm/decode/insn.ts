/**
 * A decoded instruction: one fixed 32-byte record, what the interpreter runs and what the translator
 * will lift. Registers are byte offsets into Cpu (general registers) or register numbers (others), so
 * that no handler looks at ModRM, REX or the address size.
 *
 *   la = segBase[seg] + ea,   ea = Cpu[base] + (Cpu[index] << scale) + disp   (EA_FLAT64)
 *
 * `base` and `index` are Cpu byte offsets divided by 8: 0-15 a register, 16 zero, 17 ripBase.
 * A RIP-relative operand has base 17 and its displacement already counts from the block's start.
 */

@unmanaged
export class Insn {
  op: u16; // handler: a hot handler's number, or COLD + Op
  ofs: u16; // offset of this instruction from the start of its block
  len: u8; // length in bytes
  seg: u8; // SEG_*; SEG_NONE when its base is known to be 0
  base: u8;
  index: u8;
  scale: u8; // 0-3
  ea: u8; // EA_*
  r: u8; // ModRM.reg operand: Cpu byte offset of the general register, or register number (XMM, MM, ST, CR, DR, segment)
  m: u8; // ModRM.rm operand in register form, likewise
  osz: u8; // operand size in bytes: 1, 2, 4, 8; 16 for SSE, 16 or 32 for AVX
  flags: u8; // INSN_*
  opcode: u8; // last opcode byte (condition in its low 4 bits for Jcc, SETcc, CMOVcc)
  modrm: u8; // the ModRM byte
  imm: i64; // immediate, sign-extended (VEX: 8 bits, then the register of vvvv, then that of a vector index); direct branches: displacement from the block's start of the target
  disp: i64; // displacement; direct branches: links to the successor blocks
}

export const INSN_SIZE: u32 = 32;

/** Address forms. */
export const EA_FLAT64: u32 = 0; // 64-bit addressing, no segment checks needed
export const EA_CHECKED: u32 = 1; // needs mmu/address.ts: 16/32-bit addressing or a limit to check
export const EA_NONE: u32 = 2; // register form
export const EA_FLAT32: u32 = 3; // 32-bit addressing in a flat segment: truncate, no checks
/** Set beside the form: #GP(0) unless CPL = 0. */
export const EA_PRIV: u32 = 0x80;

/** Insn.flags */
export const INSN_LOCK: u32 = 0x01;
export const INSN_REPNE: u32 = 0x02; // F2
export const INSN_REP: u32 = 0x04; // F3
export const INSN_OPSIZE: u32 = 0x08; // 66
export const INSN_REXW: u32 = 0x10;
export const INSN_MEM: u32 = 0x20; // the E/M/W/Q operand is in memory
export const INSN_ADDR32: u32 = 0x40; // effective address size: 16 = neither, 32 = this, 64 = both
export const INSN_ADDR64: u32 = 0x80;

/** Handler numbers at and above this are COLD + Op, run by exec/cold.ts. */
export const COLD: u32 = 1024;
