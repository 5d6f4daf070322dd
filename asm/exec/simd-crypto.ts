/**
 * AES, carry-less multiplication and SHA (SDM vol. 1 12.13, vol. 2 AESENC ... SHA256RNDS2). `simdCrypto` is a
 * pure function of the vectors and imm8; SHA256RNDS2 reads XMM0 as well. AES itself is in exec/aes.ts.
 *
 * wasm has no carry-less product: integer products of operands with three zeros between any two bits keep
 * the carries out of the bits that count (`clmulLow`). The upper half is the lower half of the bit-reversed
 * operands' product, reversed.
 */
import { Cpu } from "../cpu/state";
import { Insn } from "../decode/insn";
import { Simd } from "../decode/ops-simd";
import {
  aesDecrypt,
  aesDecryptLast,
  aesEncrypt,
  aesEncryptLast,
  aesInverseMixColumns,
  aesKeyAssist,
} from "./aes";
import { source128, Xmm } from "./simd-operand";

export function execSimdCrypto(cpu: Cpu, insn: Insn, op: u32): u32 {
  const b = source128(cpu, insn);
  if (cpu.fault != 0) return 0;
  const a = Xmm.get(cpu, insn.r);
  const result =
    op == Simd.SHA256RNDS2
      ? sha256Rounds(a, b, Xmm.low(cpu, 0))
      : simdCrypto(op, a, b, <u32>insn.imm & 0xff);
  Xmm.set(cpu, insn.r, result);
  return 0;
}

/** f(a, b, imm8) of every operation from AESIMC to SHA1RNDS4 but SHA256RNDS2. */
export function simdCrypto(op: u32, a: v128, b: v128, imm: u32): v128 {
  switch (op) {
    case Simd.AESIMC:
      return aesInverseMixColumns(b);
    case Simd.AESENC:
      return aesEncrypt(a, b);
    case Simd.AESENCLAST:
      return aesEncryptLast(a, b);
    case Simd.AESDEC:
      return aesDecrypt(a, b);
    case Simd.AESDECLAST:
      return aesDecryptLast(a, b);
    case Simd.AESKEYGENASSIST:
      return aesKeyAssist(b, imm);
    case Simd.PCLMULQDQ:
      return carrylessProduct(
        (imm & 1) != 0 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0),
        (imm & 16) != 0 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0),
      );
    case Simd.SHA1NEXTE:
      return i32x4.add(b, i32x4(0, 0, 0, rotl<u32>(i32x4.extract_lane(a, 3), 30)));
    case Simd.SHA1MSG1:
      return v128.xor(a, v128.shuffle<i64>(b, a, 1, 2));
    case Simd.SHA1MSG2:
      return sha1Message(a, b);
    case Simd.SHA256MSG1:
      return sha256Message1(a, b);
    case Simd.SHA256MSG2:
      return sha256Message2(a, b);
    case Simd.SHA1RNDS4:
      return sha1Rounds(a, b, imm & 3);
  }
  return a;
}

/** Bits n = position mod 4 of the low half of the product, from operands split the same way. */
function clmulLow(x: u64, y: u64): u64 {
  const m0: u64 = 0x1111_1111_1111_1111;
  const x0 = x & m0;
  const x1 = x & (m0 << 1);
  const x2 = x & (m0 << 2);
  const x3 = x & (m0 << 3);
  const y0 = y & m0;
  const y1 = y & (m0 << 1);
  const y2 = y & (m0 << 2);
  const y3 = y & (m0 << 3);
  // At most 15 ones meet below bit 60: their sum stays within four bits. What passes bit 63 is lost anyway.
  return (
    (((x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1)) & m0) |
    (((x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2)) & (m0 << 1)) |
    (((x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3)) & (m0 << 2)) |
    (((x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0)) & (m0 << 3))
  );
}

/** Both quadwords with their bits in the opposite order. */
function reverseBits(a: v128): v128 {
  const nibble = i8x16(0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15);
  const low = i8x16.swizzle(nibble, v128.and(a, i8x16.splat(15)));
  const high = i8x16.swizzle(nibble, i8x16.shr_u(a, 4));
  const bytes = v128.or(i8x16.shl(low, 4), high);
  return i8x16.shuffle(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

/** The 127-bit product of two polynomials over GF(2). */
function carrylessProduct(x: u64, y: u64): v128 {
  const reversed = reverseBits(Xmm.make(x, y));
  const high = clmulLow(i64x2.extract_lane(reversed, 0), i64x2.extract_lane(reversed, 1));
  // The reversed product has 127 bits: its low 64 are bits 126-63 of the product.
  const upper = i64x2.shr_u(reverseBits(i64x2.splat(high)), 1);
  return i64x2.replace_lane(upper, 0, clmulLow(x, y));
}

/** SHA1MSG2: W16 to W19 from element 3 down, the last of which needs the first. */
function sha1Message(a: v128, b: v128): v128 {
  const w16 = rotl<u32>(i32x4.extract_lane(a, 3) ^ i32x4.extract_lane(b, 2), 1);
  const w17 = rotl<u32>(i32x4.extract_lane(a, 2) ^ i32x4.extract_lane(b, 1), 1);
  const w18 = rotl<u32>(i32x4.extract_lane(a, 1) ^ i32x4.extract_lane(b, 0), 1);
  const w19 = rotl<u32>(i32x4.extract_lane(a, 0) ^ w16, 1);
  return fourWords(w19, w18, w17, w16);
}

function fourWords(d0: u32, d1: u32, d2: u32, d3: u32): v128 {
  return Xmm.make(<u64>d0 | ((<u64>d1) << 32), <u64>d2 | ((<u64>d3) << 32));
}

/** Round constants of SHA-1 (FIPS 180-4 4.2.1). */
const SHA1_K: StaticArray<u32> = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

/** SHA1RNDS4: four rounds of kind `kind`; A to D in elements 3 to 0 of `state`, E is in the first message word. */
function sha1Rounds(state: v128, words: v128, kind: u32): v128 {
  let a: u32 = i32x4.extract_lane(state, 3);
  let b: u32 = i32x4.extract_lane(state, 2);
  let c: u32 = i32x4.extract_lane(state, 1);
  let d: u32 = i32x4.extract_lane(state, 0);
  let e: u32 = 0;
  const k = unchecked(SHA1_K[kind]);
  for (let i = 0; i < 4; i++) {
    const f = kind == 0 ? (b & c) ^ (~b & d) : kind == 2 ? majority(b, c, d) : b ^ c ^ d;
    const next = f + rotl<u32>(a, 5) + i32x4.extract_lane(words, 3) + e + k;
    words = v128.shuffle<i32>(words, words, 3, 0, 1, 2);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  return fourWords(d, c, b, a);
}

function majority(a: u32, b: u32, c: u32): u32 {
  return (a & b) ^ (a & c) ^ (b & c);
}

/** SHA256RNDS2: two rounds. C D G H from element 3 of `cdgh` down, A B E F of `abef`; `words` has W + K. */
function sha256Rounds(cdgh: v128, abef: v128, words: u64): v128 {
  let a: u32 = i32x4.extract_lane(abef, 3);
  let b: u32 = i32x4.extract_lane(abef, 2);
  let e: u32 = i32x4.extract_lane(abef, 1);
  let f: u32 = i32x4.extract_lane(abef, 0);
  let c: u32 = i32x4.extract_lane(cdgh, 3);
  let d: u32 = i32x4.extract_lane(cdgh, 2);
  let g: u32 = i32x4.extract_lane(cdgh, 1);
  let h: u32 = i32x4.extract_lane(cdgh, 0);
  for (let i = 0; i < 2; i++) {
    const sigma1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const sigma0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const sum = h + sigma1 + ((e & f) ^ (~e & g)) + <u32>words;
    const next = sum + sigma0 + majority(a, b, c);
    words >>= 32;
    h = g;
    g = f;
    f = e;
    e = d + sum;
    d = c;
    c = b;
    b = a;
    a = next;
  }
  return fourWords(f, e, b, a);
}

function rotateRight(a: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(a, n), i32x4.shl(a, 32 - n));
}

/** SHA256MSG1: a + sigma0 of the words that follow each. */
function sha256Message1(a: v128, b: v128): v128 {
  const w = v128.shuffle<i32>(a, b, 1, 2, 3, 4);
  const sigma = v128.xor(v128.xor(rotateRight(w, 7), rotateRight(w, 18)), i32x4.shr_u(w, 3));
  return i32x4.add(a, sigma);
}

function sigma1(w: u32): u32 {
  return rotr<u32>(w, 17) ^ rotr<u32>(w, 19) ^ (w >> 10);
}

/** SHA256MSG2: a + sigma1 of the words two before each, the last two of which it makes itself. */
function sha256Message2(a: v128, b: v128): v128 {
  const w16: u32 = i32x4.extract_lane(a, 0) + sigma1(i32x4.extract_lane(b, 2));
  const w17: u32 = i32x4.extract_lane(a, 1) + sigma1(i32x4.extract_lane(b, 3));
  const w18: u32 = i32x4.extract_lane(a, 2) + sigma1(w16);
  const w19: u32 = i32x4.extract_lane(a, 3) + sigma1(w17);
  return fourWords(w16, w17, w18, w19);
}
