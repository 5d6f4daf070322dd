/**
 * Bytes to Insn: prefixes, opcode maps, ModRM, SIB, displacement, immediates (SDM vol. 2 chapter 2 and
 * appendix A). Pure: reads only the bytes, the mode and the offered features, so the interpreter, the
 * translator, the disassembler and the tests share it.
 *
 * Follows Intel where processors differ: a REX prefix counts only directly before the opcode, 66h is ignored
 * by near branches in 64-bit mode, F2/F3 win over 66 as mandatory prefix. A VEX prefix fills the same variables
 * as the legacy ones (decodeVex). EVEX encodings are not offered and decode to INVALID.
 */
import {
  MODE_AVX,
  MODE_CODE_MASK,
  MODE_CODE32,
  MODE_CODE64,
  MODE_FLAT,
  MODE_PROTECTED,
  MODE_SSE,
  MODE_X87,
} from "../cpu/modes";
import { SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_NONE, SEG_SS, SEG_SS64 } from "../cpu/state";
import { G7_REG, G15_F3_REG, GROUPS, Group } from "./groups";
import {
  COLD,
  EA_CHECKED,
  EA_FLAT32,
  EA_FLAT64,
  EA_NONE,
  INSN_ADDR32,
  INSN_ADDR64,
  INSN_LOCK,
  INSN_MEM,
  INSN_OPSIZE,
  INSN_REP,
  INSN_REPNE,
  INSN_REXW,
  Insn,
} from "./insn";
import { OPMAP_0F } from "./opmap-0f";
import { GROUPS_SIMD, OPMAP_0F_SIMD } from "./opmap-0f-simd";
import { OPMAP_0F3A } from "./opmap-0f3a";
import { OPMAP_0F38 } from "./opmap-0f38";
import { OPMAP_1BYTE } from "./opmap-1byte";
import { GROUPS_VEX, vexOnlyRow } from "./opmap-vex";
import { x87Row } from "./opmap-x87";
import { Feature, Op } from "./ops";
import { VEX, Vex } from "./ops-vex";
import {
  A_B,
  A_H,
  A_U,
  A_V,
  AXv,
  D64,
  Eb,
  Ev,
  Ez,
  F_CLFLUSHOPT,
  F_CLWB,
  F_INVPCID,
  F_POPCNT,
  F_RDPID,
  F64,
  GROUP,
  Gv,
  Hx,
  I64,
  Ib,
  LOCK,
  Mb,
  MODRM,
  NOMODRM,
  O1,
  O2,
  O64,
  PRIV,
  Ry,
  SIMD,
  SZ_B,
  SZ_V,
  SZ_W,
  V3,
  V3_REG,
  VEX_FLAGS,
  VL_256,
  VL_IG,
  VSIB,
  VW_OP,
  VW0,
  VW1,
  Zv,
} from "./row";

/** decode() needs more bytes than there are. */
export const DECODE_SHORT: u32 = 0;
/** Longest instruction (SDM vol. 2 2.3.11). */
export const INSN_MAX: u32 = 15;

/** Addressing methods that are encoded in ModRM. */
// biome-ignore format: two rows
const MODRM_LETTERS: u32 =
  (1 << 1) | (1 << 2) | (1 << 5) | (1 << 6) | (1 << 7) | (1 << 9) | (1 << 10) |
  (1 << 12) | (1 << 13) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 17) | (1 << 26);

const REX_B: u32 = 1;
const REX_X: u32 = 2;
const REX_R: u32 = 4;
const REX_W: u32 = 8;

/** What the prefixes said, packed for the helpers below. */
const P_REX: u32 = 0x10; // a REX prefix is there; its WRXB are bits 0-3

function hasModrm(row: u64): bool {
  if ((row & (MODRM | GROUP)) != 0) return true;
  if ((row & NOMODRM) != 0) return false;
  const letters =
    (1 << (<u32>(row >> 15) & 31)) |
    (1 << (<u32>(row >> 23) & 31)) |
    (1 << (<u32>(row >> 31) & 31)) |
    (1 << (<u32>(row >> 39) & 31));
  return (letters & MODRM_LETTERS) != 0;
}

/** Byte offset of general register `n` in Cpu; byte registers 4-7 without REX are AH CH DH BH. */
function gprOffset(n: u32, size: u64, rex: u32): u8 {
  if (size == SZ_B && (rex & P_REX) == 0 && n >= 4 && n < 8) return <u8>(((n - 4) << 3) + 1);
  return <u8>(n << 3);
}

/** Row for 0F 01 / 0F AE / 0F C7 and the plain groups. */
function groupRow(row: u64, modrm: u32, flags: u32): u64 {
  const group = <u32>row & 0xfff;
  const reg = (modrm >> 3) & 7;
  const isReg = modrm >= 0xc0;
  let member = unchecked(GROUPS[(group << 4) + (isReg ? 8 : 0) + reg]);
  if (group == Group.G7 && isReg && reg != 4 && reg != 6) {
    // SWAPGS and RDTSCP ignore prefixes, the others are invalid with one.
    const isPrefixed = (flags & (INSN_REP | INSN_REPNE | INSN_OPSIZE)) != 0;
    member = isPrefixed && modrm < 0xf8 ? 0 : unchecked(G7_REG[modrm & 0x3f]);
  } else if (group == Group.G15) {
    if ((flags & INSN_REP) != 0) member = isReg ? unchecked(G15_F3_REG[reg]) : 0;
    else if ((flags & INSN_REPNE) != 0) member = 0;
    else if ((flags & INSN_OPSIZE) != 0) {
      member = 0;
      if (!isReg && reg == 7) member = Op.CLFLUSHOPT | (Mb << O1) | F_CLFLUSHOPT;
      else if (!isReg && reg == 6) member = Op.CLWB | (Mb << O1) | F_CLWB;
    }
  } else if (group == Group.G9) {
    // 66 and F3 select VMX instructions on the memory forms 6 and 7, which are INVALID here; CMPXCHG8B ignores
    // prefixes (F3 F0 is XRELEASE LOCK), XSAVEC and its kin have none.
    const isPrefixed = (flags & (INSN_REP | INSN_REPNE | INSN_OPSIZE)) != 0;
    if (!isReg && reg > 1 && isPrefixed) member = 0;
    else if (isReg && (flags & (INSN_REP | INSN_REPNE)) != 0) {
      member = (flags & INSN_REP) != 0 && reg == 7 ? Op.RDPID | (Ry << O1) | F_RDPID | F64 : 0;
    }
  } else if (group == Group.G3 && reg < 2 && (row & (Ev << O1)) == Eb << O1) {
    member = Op.TEST | (Ib << O2);
  }
  if ((<u32>member & 0xfff) == Op.INVALID) return Op.INVALID | MODRM;
  return (row & ~(<u64>0xfff | GROUP)) | member | MODRM;
}

/** Prefix-dependent rows of the 0F map that are not SIMD. */
function row0F(opcode: u32, flags: u32, features: u64): u64 {
  if ((flags & INSN_REP) != 0) {
    if (opcode == 0xb8) return Op.POPCNT | (Gv << O1) | (Ev << O2) | F_POPCNT;
    if (opcode == 0xbc && ((features >> Feature.BMI1) & 1) != 0)
      return Op.TZCNT | (Gv << O1) | (Ev << O2);
    if (opcode == 0xbd && ((features >> Feature.LZCNT) & 1) != 0)
      return Op.LZCNT | (Gv << O1) | (Ev << O2);
  }
  const row = unchecked(OPMAP_0F[opcode]);
  // MOVNTI shares its row with SIMD opcodes that take mandatory prefixes.
  if (opcode == 0xc3 && (flags & (INSN_OPSIZE | INSN_REP | INSN_REPNE)) != 0)
    return Op.INVALID | MODRM;
  if ((row & SIMD) == 0) return row;
  return prefixed(OPMAP_0F_SIMD, opcode, flags);
}

/** A row as the legacy encoding has it. */
function withoutVex(row: u64): u64 {
  return (row & 0xfff) >= 0x400 ? row & ~VEX_FLAGS : row;
}

/** Row of a map indexed by opcode and mandatory prefix. */
function prefixed(map: StaticArray<u64>, opcode: u32, flags: u32): u64 {
  let prefix: u32 = 0;
  if ((flags & INSN_REPNE) != 0) prefix = 3;
  else if ((flags & INSN_REP) != 0) prefix = 2;
  else if ((flags & INSN_OPSIZE) != 0) prefix = 1;
  const row = withoutVex(unchecked(map[(opcode << 2) + prefix]));
  return (row & NOMODRM) != 0 ? row : row | MODRM;
}

/** 0F38's CRC32 and MOVBE also take 66 as operand size together with F2. */
function row0F38(opcode: u32, flags: u32): u64 {
  if (opcode == 0x82 && (flags & (INSN_OPSIZE | INSN_REP | INSN_REPNE)) == INSN_OPSIZE) {
    return Op.INVPCID | (Gv << O1) | (Mb << O2) | F64 | PRIV | F_INVPCID;
  }
  return prefixed(OPMAP_0F38, opcode, flags);
}

/**
 * What a VEX prefix says: bits 0-4 map (1 = 0F, 2 = 0F38, 3 = 0F3A), 8-9 mandatory prefix (1 = 66, 2 = F3,
 * 3 = F2), 10 L, 11-14 vvvv, 15 W, 16 set, 20-23 as in REX.
 */
const VEX_L: u32 = 1 << 10;
const VEX_W: u32 = 1 << 15;
const IS_VEX: u32 = 1 << 16;

/** Packs the two or three bytes of a VEX prefix (SDM vol. 2 2.3.5). */
function vexOf(first: u32, second: u32, third: u32, mode64: bool): u32 {
  const isTwo = first == 0xc5;
  const last = (isTwo ? second & 0x7f : third) ^ 0x78;
  const vex = IS_VEX | (last << 8) | (isTwo ? 1 : second & 31);
  if (!mode64) return vex;
  let rex = (~second >> 5) & (isTwo ? REX_R : REX_R | REX_X | REX_B);
  if ((vex & VEX_W) != 0) rex |= REX_W;
  return vex | (rex << 20);
}

function vexRegister(vex: u32): u32 {
  return (vex >> 11) & 15;
}

/** The row of an opcode behind a VEX prefix with its final operation and operands; or INVALID. */
function vexRow(vex: u32, opcode: u32, modrm: u32, features: u64): u64 {
  const prefix = (vex >> 8) & 3;
  const map = vex & 31;
  let row: u64 = 0;
  const slot = (opcode << 2) + prefix;
  if (map == 1) {
    row = unchecked(OPMAP_0F_SIMD[slot]);
    if ((row & GROUP) != 0)
      row = unchecked(GROUPS_SIMD[((opcode - 0x71) << 4) + ((modrm >> 2) & 14) + prefix]);
  } else if (map == 2) row = unchecked(OPMAP_0F38[slot]);
  else if (map == 3) row = unchecked(OPMAP_0F3A[slot]);
  if ((<u32>row & 0xfff) >= 0x400 && (row & V3_REG) != 0)
    return vexOfSimd(row, vex, modrm, features);
  row = vexOnlyRow(map, opcode, prefix);
  if ((row & GROUP) != 0)
    row = unchecked(GROUPS_VEX[((<u32>row & 0xfff) << 3) + ((modrm >> 3) & 7)]);
  const isWide = (vex & VEX_W) != 0;
  const w = row & VW_OP;
  if (
    row == 0 ||
    (w == VW0 && isWide) ||
    (w == VW1 && !isWide) ||
    !allowsLength(row, vex, features)
  )
    return Op.INVALID;
  let usesRegister = false;
  for (let shift: u64 = O1; shift <= 36; shift += 8) {
    const letter = (row >> (shift + 3)) & 31;
    if (letter == A_H || letter == A_B) usesRegister = true;
  }
  if (!usesRegister && vexRegister(vex) != 0) return Op.INVALID;
  return (row & ~(VW_OP | VL_256)) + u64(w == VW_OP && isWide);
}

/** VEX.L against the row's VL flags. */
function allowsLength(row: u64, vex: u32, features: u64): bool {
  const isLong = (vex & VEX_L) != 0;
  switch (<u32>((row & VL_IG) >> 54)) {
    case 1:
      return !isLong;
    case 2:
      return !isLong || ((features >> Feature.AVX2) & 1) != 0;
    case 3:
      return true;
  }
  return isLong || (row & VL_256) == 0;
}

/** The VEX form of an SSE row. */
function vexOfSimd(row: u64, vex: u32, modrm: u32, features: u64): u64 {
  const kind = row & V3_REG;
  const isThree = kind == V3 || (kind == V3_REG && modrm >= 0xc0);
  if (
    ((features >> Feature.AVX) & 1) == 0 ||
    !allowsLength(row & ~VL_256, vex, features) ||
    (!isThree && vexRegister(vex) != 0)
  )
    return Op.INVALID;
  row = (row & ~V3_REG) + VEX;
  if (!isThree) return row;
  // The further source stands behind the destination, or is it (shifts by imm8).
  const operands = (row >> O1) & 0xffff_ffff;
  const first = operands & 0xff;
  const all =
    first >> 3 == A_U && operands >> 8 == Ib
      ? (operands << 8) | Hx
      : first | (Hx << 8) | ((operands >> 8) << 16);
  return (row & ~((<u64>0xffff_ffff) << O1)) | ((all & 0xffff_ffff) << O1);
}

/**
 * Decodes the instruction at host address `bytes`, of which `avail` bytes may be read, into `insn` (all
 * fields but `op` and `ofs` are final; op = COLD + Op). `ofs` is the offset from the block's start and is
 * needed for RIP-relative operands and branch targets. Returns the row with the length left in insn.len; or
 * DECODE_SHORT when `avail` bytes are not enough.
 */
export function decode(
  bytes: usize,
  avail: u32,
  mode: u32,
  features: u64,
  ofs: u32,
  insn: Insn,
): u64 {
  const code = mode & MODE_CODE_MASK;
  const mode64 = code == MODE_CODE64;
  let at: u32 = 0;
  let flags: u32 = 0;
  let rex: u32 = 0;
  let segment: i32 = -1;
  let address: bool = false;
  let byte: u32 = 0;
  if (avail > INSN_MAX) avail = INSN_MAX;

  while (true) {
    if (at >= avail) return short(avail, insn, ofs);
    byte = load<u8>(bytes + at);
    at++;
    if (mode64 && (byte & 0xf0) == 0x40) {
      rex = (byte & 0xf) | P_REX;
      continue;
    }
    switch (byte) {
      case 0x26:
        segment = mode64 ? segment : SEG_ES;
        break;
      case 0x2e:
        segment = mode64 ? segment : SEG_CS;
        break;
      case 0x36:
        segment = mode64 ? segment : SEG_SS;
        break;
      case 0x3e:
        segment = mode64 ? segment : SEG_DS;
        break;
      case 0x64:
      case 0x65:
        segment = SEG_FS + (byte & 1);
        break;
      case 0x66:
        flags |= INSN_OPSIZE;
        break;
      case 0x67:
        address = true;
        break;
      case 0xf0:
        flags |= INSN_LOCK;
        break;
      case 0xf2:
        flags = (flags & ~INSN_REP) | INSN_REPNE;
        break;
      case 0xf3:
        flags = (flags & ~INSN_REPNE) | INSN_REP;
        break;
      default:
        at |= 0x100;
        break;
    }
    if (at > 0xff) break;
    // A legacy prefix after REX makes the REX ignored.
    rex = 0;
  }
  at &= 0xff;
  if ((rex & REX_W) != 0) flags |= INSN_REXW;
  if (mode64) flags |= address ? INSN_ADDR32 : INSN_ADDR64;
  else if ((code == MODE_CODE32) != address) flags |= INSN_ADDR32;

  let row: u64;
  let map: u32 = 0;
  let vex: u32 = 0;
  let isVsib = false;
  if ((byte & 0xfe) == 0xc4) {
    if (at + 1 >= avail) return short(avail, insn, ofs);
    const next = <u32>load<u8>(bytes + at);
    // Elsewhere, and with memory operands, it is LES or LDS.
    if (mode64 || (next >= 0xc0 && (mode & MODE_PROTECTED) != 0)) {
      vex = vexOf(byte, next, load<u8>(bytes + at + 1), mode64);
      at += byte == 0xc5 ? 1 : 2;
    }
  }
  if (vex != 0) {
    if (at >= avail) return short(avail, insn, ofs);
    byte = load<u8>(bytes + at);
    at++;
    const isBad = rex != 0 || (flags & (INSN_OPSIZE | INSN_REP | INSN_REPNE | INSN_LOCK)) != 0;
    // The row may depend on the ModRM byte; VZEROUPPER has none.
    if (at >= avail && byte != 0x77) return short(avail, insn, ofs);
    row = isBad ? Op.INVALID : vexRow(vex, byte, at < avail ? load<u8>(bytes + at) : 0, features);
    isVsib = (row & VSIB) != 0;
    if ((row & VL_IG) == VL_IG) vex &= ~VEX_L;
    row &= ~VEX_FLAGS;
    rex = vex >> 20;
    if ((rex & REX_W) != 0) flags |= INSN_REXW;
    map = vex & 31;
  } else if (byte != 0x0f) {
    row = unchecked(OPMAP_1BYTE[byte]);
    if (byte == 0x63 && mode64) row = Op.MOVSXD | (Gv << O1) | (Ez << O2);
    else if (byte == 0x90 && (flags & INSN_REP) != 0)
      row = Op.PAUSE; // with REX.B too
    else if (byte == 0x90 && (rex & REX_B) != 0) row = Op.XCHG | (Zv << O1) | (AXv << O2);
  } else {
    if (at >= avail) return short(avail, insn, ofs);
    byte = load<u8>(bytes + at);
    at++;
    map = 1;
    if (byte == 0x38 || byte == 0x3a) {
      map = byte;
      if (at >= avail) return short(avail, insn, ofs);
      byte = load<u8>(bytes + at);
      at++;
      row = map == 0x38 ? row0F38(byte, flags) : prefixed(OPMAP_0F3A, byte, flags);
    } else {
      row = row0F(byte, flags, features);
    }
  }
  insn.opcode = <u8>byte;
  insn.modrm = 0;

  let modrm: u32 = 0;
  const needsModrm = hasModrm(row);
  if (needsModrm) {
    if (at >= avail) return short(avail, insn, ofs);
    modrm = load<u8>(bytes + at);
    at++;
    insn.modrm = <u8>modrm;
    if (map == 1 && vex == 0 && (byte & 0xfc) == 0x20) modrm |= 0xc0; // MOV CR/DR: a register whatever mod says
    if ((row & GROUP) != 0) {
      row =
        map == 1 && byte >= 0x71 && byte <= 0x73
          ? withoutVex(
              unchecked(
                GROUPS_SIMD[
                  ((byte - 0x71) << 4) + ((modrm >> 2) & 14) + u32((flags & INSN_OPSIZE) != 0)
                ],
              ),
            )
          : groupRow(row, modrm, flags);
    } else if (map == 0 && (byte & 0xf8) == 0xd8) row = x87Row(byte, modrm) | MODRM;
  }

  // The effective operand size (SDM vol. 1 table 3-3, 3-4).
  let osize: u32;
  if (mode64) {
    if ((row & F64) != 0 || (flags & INSN_REXW) != 0) osize = 8;
    else if ((flags & INSN_OPSIZE) != 0) osize = 2;
    else osize = (row & D64) != 0 ? 8 : 4;
  } else {
    osize = (code == MODE_CODE32) == ((flags & INSN_OPSIZE) == 0) ? 4 : 2;
  }

  insn.seg = <u8>SEG_NONE;
  insn.base = 16;
  insn.index = 16;
  insn.scale = 0;
  insn.ea = <u8>EA_NONE;
  insn.r = 0;
  insn.m = 0;
  insn.imm = 0;
  insn.disp = 0;
  insn.osz = 0;
  insn.ofs = <u16>ofs;

  if (needsModrm && modrm < 0xc0) {
    flags |= INSN_MEM;
    const sib = at;
    at = decodeMemory(bytes, at, avail, mode, modrm, rex, flags, segment, insn);
    if (at == 0) return short(avail, insn, ofs);
    if (isVsib) {
      if ((modrm & 7) != 4 || (flags & (INSN_ADDR32 | INSN_ADDR64)) == 0) row = Op.INVALID;
      else vex |= vectorIndex(load<u8>(bytes + sib), rex, insn) << 24;
    }
  }

  // Operands.
  let immediates: u32 = 0;
  for (let shift: u64 = O1; shift <= 36; shift += 8) {
    const operand = (row >> shift) & 0xff;
    if (operand == 0) break;
    const letter = <u32>(operand >> 3);
    const size = operand & 7;
    switch (letter) {
      case 1: // E
        if (modrm >= 0xc0) insn.m = gprOffset((modrm & 7) | ((rex & REX_B) << 3), size, rex);
        break;
      case 5: // M
        if (modrm >= 0xc0) row = Op.INVALID;
        break;
      case 6: // R
        if (modrm < 0xc0) row = Op.INVALID;
        insn.m = gprOffset((modrm & 7) | ((rex & REX_B) << 3), size, rex);
        break;
      case 2: // G
        insn.r = gprOffset(((modrm >> 3) & 7) | ((rex & REX_R) << 1), size, rex);
        break;
      case 11: // Z
        insn.m = gprOffset((byte & 7) | ((rex & REX_B) << 3), size, rex);
        break;
      case 7: // S
        insn.r = <u8>((modrm >> 3) & 7);
        break;
      case 9: // C
      case 10: // D
      case 12: // V
        insn.r = <u8>(((modrm >> 3) & 7) | ((rex & REX_R) << 1));
        break;
      case 13: // W
        if (modrm >= 0xc0) insn.m = <u8>((modrm & 7) | ((rex & REX_B) << 3));
        break;
      case 14: // U
        if (modrm < 0xc0) row = Op.INVALID;
        insn.m = <u8>((modrm & 7) | ((rex & REX_B) << 3));
        break;
      case 15: // P
        insn.r = <u8>((modrm >> 3) & 7);
        break;
      case 16: // Q
        if (modrm >= 0xc0) insn.m = <u8>(modrm & 7);
        break;
      case 17: // N
        if (modrm < 0xc0) row = Op.INVALID;
        insn.m = <u8>(modrm & 7);
        break;
      case 26: // ST(i)
        insn.m = <u8>(modrm & 7);
        break;
      case 29: // L: four bits of an immediate byte, three outside 64-bit mode
        if (at >= avail) return short(avail, insn, ofs);
        insn.imm = <i64>load<u8>(bytes + at) & (mode64 ? 0xff : 0x7f);
        at++;
        break;
      case 24: // 1
        insn.imm = 1;
        break;
      case 18: // X
        insn.seg = segmentOf(mode64, segment, SEG_DS);
        break;
      case 8: {
        // O
        const width: u32 = (flags & INSN_ADDR64) != 0 ? 8 : (flags & INSN_ADDR32) != 0 ? 4 : 2;
        if (at + width > avail) return short(avail, insn, ofs);
        insn.disp =
          width == 8
            ? load<u64>(bytes + at)
            : width == 4
              ? load<u32>(bytes + at)
              : load<u16>(bytes + at);
        at += width;
        flags |= INSN_MEM;
        insn.seg = segmentOf(mode64, segment, SEG_DS);
        insn.ea = addressForm(mode, flags, segment);
        break;
      }
      case 20: {
        // direct far pointer: offset in imm, selector in disp
        const width: u32 = osize == 2 ? 2 : 4;
        if (at + width + 2 > avail) return short(avail, insn, ofs);
        insn.imm = width == 4 ? load<u32>(bytes + at) : load<u16>(bytes + at);
        insn.disp = load<u16>(bytes + at + width);
        at += width + 2;
        break;
      }
      case 3: {
        // I
        const width: u32 =
          size == SZ_B ? 1 : size == SZ_W ? 2 : size == SZ_V ? osize : osize == 2 ? 2 : 4;
        if (at + width > avail) return short(avail, insn, ofs);
        const p = bytes + at;
        let value: i64;
        if (width == 1) {
          value = (<u32>row & 0xfff) >= 0x400 ? <i64>load<u8>(p) : <i64>load<i8>(p);
        } else if (width == 2) value = size == SZ_W ? <i64>load<u16>(p) : <i64>load<i16>(p);
        else if (width == 4) value = load<i32>(p);
        else value = load<i64>(p);
        // ENTER has two: the level goes into bits 16-23.
        insn.imm = immediates == 0 ? value : insn.imm | ((value & 0xff) << 16);
        immediates++;
        at += width;
        break;
      }
      case 4: {
        // J
        const width: u32 = size == SZ_B ? 1 : osize == 2 ? 2 : 4;
        if (at + width > avail) return short(avail, insn, ofs);
        const p = bytes + at;
        at += width;
        insn.imm =
          (width == 1 ? <i64>load<i8>(p) : width == 2 ? <i64>load<i16>(p) : <i64>load<i32>(p)) +
          <i64>(ofs + at);
        break;
      }
    }
    if (insn.osz == 0) insn.osz = <u8>operandBytes(letter, size, osize, flags, mode64);
  }
  if (insn.osz == 0) insn.osz = <u8>osize;
  // XLAT, MASKMOVQ and MASKMOVDQU have an implied operand in DS.
  if ((map == 0 && (row & 0xfff) == Op.XLAT) || (map == 1 && byte == 0xf7)) {
    insn.seg = segmentOf(mode64, segment, SEG_DS);
  }
  if (insn.base == 17) insn.disp += <i64>(ofs + at);

  let op = <u32>row & 0xfff;
  if (vex != 0) op = vexOperands(op, vex, mode64, insn);
  const feature = (row >> 44) & 0xff;
  if (
    !registerExists(op, insn.r) ||
    ((row & I64) != 0 && mode64) ||
    ((row & O64) != 0 && !mode64) ||
    (feature != 0 && ((features >> feature) & 1) == 0) ||
    ((flags & INSN_LOCK) != 0 && ((row & LOCK) == 0 || (flags & INSN_MEM) == 0))
  ) {
    op = Op.INVALID;
  }
  if (op >= 0x800 || (vex != 0 && (op == Op.LDMXCSR || op == Op.STMXCSR)))
    op = (mode & MODE_AVX) != 0 ? op : unavailable(insn, 3);
  else if (op >= 0x300) op = fpuGate(op, row, mode, insn);
  else if (op == Op.FXSAVE || op == Op.FXRSTOR)
    op = (mode & MODE_X87) != 0 ? op : unavailable(insn, 1);
  else if (op == Op.LDMXCSR || op == Op.STMXCSR)
    op = (mode & MODE_SSE) != 0 ? op : unavailable(insn, 2);
  insn.op = <u16>(COLD + op);
  insn.len = <u8>at;
  insn.flags = <u8>flags;
  return row | (1 << 63);
}

/** Takes the index out of a memory operand with VSIB: the number of a vector register. */
function vectorIndex(sib: u32, rex: u32, insn: Insn): u32 {
  insn.index = 16;
  insn.scale = <u8>(sib >> 6);
  return ((sib >> 3) & 7) | ((rex & REX_X) << 2);
}

/**
 * Stores what only VEX encodings have: the length in osz, and in imm the registers of vvvv (bits 8-15) and of
 * the index (16-23). Gathers whose three registers are not different are undefined. Returns the operation.
 */
function vexOperands(op: u32, vex: u32, mode64: bool, insn: Insn): u32 {
  // There are eight registers outside 64-bit mode; the top bit of vvvv counts only where vvvv names none.
  const register = vexRegister(vex) & (mode64 ? 15 : 7);
  if (op < 0x800) {
    insn.imm = (insn.imm & 0xff) | <i64>(register << 11);
    return op;
  }
  insn.osz = (vex & VEX_L) != 0 ? 32 : 16;
  const index = vex >> 24;
  insn.imm = (insn.imm & 0xff) | <i64>((register << 8) | (index << 16));
  const isGather = op >= <u32>Vex.VPGATHERDD && op <= <u32>Vex.VGATHERQPD;
  return isGather && (insn.r == register || insn.r == index || register == index)
    ? <u32>Op.INVALID
    : op;
}

/** Whether the segment, control or debug register that ModRM.reg names exists (CS cannot be loaded by MOV). */
function registerExists(op: u32, r: u32): bool {
  switch (op) {
    case Op.MOV_TO_SEG:
      return r != 1 && r < 6;
    case Op.MOV_FROM_SEG:
      return r < 6;
    case Op.MOV_FROM_CR:
    case Op.MOV_TO_CR:
      return r < 16 && ((1 << r) & 0x11d) != 0;
    case Op.MOV_FROM_DR:
    case Op.MOV_TO_DR:
      return r < 8;
  }
  return true;
}

/** Op for an FPU or SIMD instruction: itself, or FPU_UNAVAILABLE when CR0/CR4 forbid it now. */
function fpuGate(op: u32, row: u64, mode: u32, insn: Insn): u32 {
  if (op < 0x400) return (mode & MODE_X87) != 0 ? op : unavailable(insn, 0);
  let usesXmm = false;
  for (let shift: u64 = O1; shift <= 36; shift += 8) {
    const letter = (row >> (shift + 3)) & 31;
    if (letter >= A_V && letter <= A_U) usesXmm = true;
  }
  if (usesXmm) return (mode & MODE_SSE) != 0 ? op : unavailable(insn, 2);
  return (mode & MODE_X87) != 0 ? op : unavailable(insn, 1);
}

function unavailable(insn: Insn, kind: i64): u32 {
  insn.imm = kind;
  return Op.FPU_UNAVAILABLE;
}

/** Fewer bytes than the instruction needs: more are wanted, unless 15 were there already. */
function short(avail: u32, insn: Insn, ofs: u32): u64 {
  if (avail < INSN_MAX) return DECODE_SHORT;
  insn.op = <u16>(COLD + Op.TOO_LONG);
  insn.len = <u8>INSN_MAX;
  insn.ofs = <u16>ofs;
  insn.flags = 0;
  insn.ea = <u8>EA_NONE;
  return 1 << 63;
}

/** Segment of an operand whose default is `dflt`; in 64-bit mode only FS and GS have a base. */
function segmentOf(mode64: bool, segment: i32, dflt: u32): u8 {
  if (mode64) {
    if (segment >= <i32>SEG_FS) return <u8>segment;
    return <u8>(dflt == SEG_SS ? SEG_SS64 : SEG_NONE);
  }
  return <u8>(segment < 0 ? dflt : segment);
}

/** EA_* of a memory operand. */
function addressForm(mode: u32, flags: u32, segment: i32): u8 {
  if ((flags & INSN_ADDR64) != 0) return <u8>EA_FLAT64;
  if ((mode & MODE_CODE_MASK) == MODE_CODE64) return <u8>EA_CHECKED;
  // CS may be read but not written: an override goes through the checks.
  const isData = segment < <i32>SEG_FS && segment != <i32>SEG_CS;
  if ((mode & MODE_FLAT) != 0 && (flags & INSN_ADDR32) != 0 && isData) return <u8>EA_FLAT32;
  return <u8>EA_CHECKED;
}

/** ModRM, SIB and displacement of a memory operand (SDM vol. 2 tables 2-1 to 2-3). Returns the next offset, 0 = too few bytes. */
function decodeMemory(
  bytes: usize,
  at: u32,
  avail: u32,
  mode: u32,
  modrm: u32,
  rex: u32,
  flags: u32,
  segment: i32,
  insn: Insn,
): u32 {
  const mode64 = (mode & MODE_CODE_MASK) == MODE_CODE64;
  const mod = modrm >> 6;
  const rm = modrm & 7;
  let dflt: u32 = SEG_DS;
  let width: u32 = mod == 1 ? 1 : 0;
  insn.ea = addressForm(mode, flags, segment);
  if ((flags & (INSN_ADDR32 | INSN_ADDR64)) == 0) {
    if (mod == 2) width = 2;
    if (mod == 0 && rm == 6) {
      width = 2;
    } else {
      // BX+SI BX+DI BP+SI BP+DI SI DI BP BX
      insn.base = rm < 2 || rm == 7 ? 3 : rm == 2 || rm == 3 || rm == 6 ? 5 : rm == 4 ? 6 : 7;
      if (rm < 4) insn.index = (rm & 1) == 0 ? 6 : 7;
      if (rm == 2 || rm == 3 || rm == 6) dflt = SEG_SS;
    }
  } else {
    if (mod == 2) width = 4;
    let base: u32 = rm | ((rex & REX_B) << 3);
    if (rm == 4) {
      if (at >= avail) return 0;
      const sib = <u32>load<u8>(bytes + at);
      at++;
      const index = ((sib >> 3) & 7) | ((rex & REX_X) << 2);
      if (index != 4) {
        insn.index = <u8>index;
        insn.scale = <u8>(sib >> 6);
      }
      base = (sib & 7) | ((rex & REX_B) << 3);
      if ((sib & 7) == 5 && mod == 0) {
        base = 16;
        width = 4;
      }
    } else if (rm == 5 && mod == 0) {
      base = mode64 ? 17 : 16;
      width = 4;
    }
    insn.base = <u8>base;
    if (base == 4 || base == 5) dflt = SEG_SS;
  }
  insn.seg = segmentOf(mode64, segment, dflt);
  if (at + width > avail) return 0;
  const p = bytes + at;
  if (width == 1) insn.disp = load<i8>(p);
  else if (width == 2) insn.disp = load<i16>(p);
  else if (width == 4) insn.disp = load<i32>(p);
  return at + width;
}

/** Operand size in bytes that an operand of this kind implies, 0 = none. */
function operandBytes(letter: u32, size: u64, osize: u32, flags: u32, mode64: bool): u32 {
  // DX, CL, the constant 1, immediates, segment registers and branch targets say nothing.
  if (
    letter == 23 ||
    letter == 22 ||
    letter == 24 ||
    letter == 3 ||
    letter == 7 ||
    letter == 4 ||
    letter == 26
  )
    return 0;
  switch (<u32>size) {
    case 0:
      return 1;
    case 1:
      return 2;
    case 2:
      return 4;
    case 3:
      return 8;
    case 4:
      return osize;
    case 5:
      return osize == 2 ? 2 : 4;
    case 6:
      return mode64 && (flags & INSN_REXW) != 0 ? 8 : 4;
    default:
      return 16;
  }
}
