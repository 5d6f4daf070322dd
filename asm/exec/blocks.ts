/**
 * The cache of decoded basic blocks. A block is a straight run of instructions inside one 4 KiB page, keyed by
 * the host address of its first byte (so all mappings of a physical page share it) and the decoding mode.
 *
 *   Block header, 32 bytes, then count + 1 Insn records; the last record is a FALL when nothing branches away.
 *
 * Found through a hash of the key; the jump cache in front of it maps (RIP, mode, address space) to blocks and
 * is only used for flat code segments, where RIP is the linear address. Blocks of a page are chained, so that
 * a store into decoded code drops exactly that page: its records become STALE, which looks the RIP up again,
 * wherever the interpreter stands or whatever links there. Memory of dropped blocks is only reused when the
 * arena is full and everything is dropped.
 *
 * An instruction that crosses a page is decoded afresh each time it runs, into VCPU_SCRATCH.
 */
import { mmioLoad } from "../bus";
import { raiseGP } from "../cpu/fault";
import { ACCESS_SUPERVISOR, MODE_CODE_MASK, MODE_CODE64, MODE_FLAT, MODE_STEP } from "../cpu/modes";
import { Cpu, SEG_CS, segBase, segLimit } from "../cpu/state";
import { decode, INSN_MAX } from "../decode/decode";
import { INSN_SIZE, Insn } from "../decode/insn";
import { END } from "../decode/row";
import {
  CODE_MAP,
  VCPU_BLOCK_HASH,
  VCPU_BLOCKS,
  VCPU_BLOCKS_END,
  VCPU_JUMP_CACHE,
  VCPU_PAGE_BLOCKS,
  VCPU_SCRATCH,
} from "../layout";
import { fetchHost } from "../mmu/access";
import { dropWriteTags, jumpCachePage, wipeJumpCache } from "../mmu/tlb";
import { isCanonical } from "../mmu/walk";
import { Hot } from "./hot";
import { specialize } from "./specialize";

@unmanaged
export class Block {
  hashNext: u32;
  pageNext: u32;
  host: u32; // host address of the first byte
  mode: u32; // modeKey it was decoded for
  count: u16; // guest instructions, without a final FALL
  len: u16; // bytes
  pad0: u32;
  pad1: u64;
  // @ts-ignore: decorator
  @inline
  static first(block: Block): Insn {
    return changetype<Insn>(changetype<usize>(block) + BLOCK_HEADER);
  }
}

export const BLOCK_HEADER: u32 = 32;
/** Longest block, in instructions. */
const BLOCK_MAX: u32 = 64;
const HASH_MASK: u32 = 0xffff;

/** Block decoded from an instruction that crosses a page: in scratch memory, never cached. */
const SCRATCH_BLOCK: u32 = 0x1000;
const SCRATCH_BYTES: u32 = 0x800;

function hashSlot(cpu: Cpu, host: u32, mode: u32): usize {
  const h = (host ^ (host >> 15) ^ (mode * 0x9e5)) & HASH_MASK;
  return changetype<usize>(cpu) + VCPU_BLOCK_HASH + (h << 2);
}

function pageSlot(cpu: Cpu, host: u32): usize {
  return changetype<usize>(cpu) + VCPU_PAGE_BLOCKS + ((host >> 12) << 2);
}

export class Jump {
  /** Key of a jump cache entry: mode, and which address space and privilege RIP is meant in. Never 0, as wiped entries are: MODE_FLAT. */
  // @ts-ignore: decorator
  @inline
  static key(cpu: Cpu): u32 {
    return (cpu.modeKey << 12) | (<u32>cpu.tlbKey & (0xffc | ACCESS_SUPERVISOR));
  }
  /** Jump cache entry for `rip`: {rip u64, key u32, block u32}. */
  // @ts-ignore: decorator
  @inline
  static entry(cpu: Cpu, rip: u64): usize {
    return (
      changetype<usize>(cpu) +
      VCPU_JUMP_CACHE +
      ((jumpCachePage(rip) + ((<u32>rip ^ (<u32>rip >> 6)) & 63)) << 4)
    );
  }
  /** The block the cache has for `rip`, or 0, without a branch. */
  // @ts-ignore: decorator
  @inline
  static block(cpu: Cpu, rip: u64): u32 {
    const entry = Jump.entry(cpu, rip);
    const differs = (load<u64>(entry) ^ rip) | <u64>(load<u32>(entry, 8) ^ Jump.key(cpu));
    return select<u32>(load<u32>(entry, 12), 0, differs == 0);
  }
  /** findBlock inlined. Without a flat code segment, and in single steps, no entry has been made. */
  // @ts-ignore: decorator
  @inline
  static find(cpu: Cpu, rip: u64): Block {
    const entry = Jump.entry(cpu, rip);
    return load<u64>(entry) == rip && load<u32>(entry, 8) == Jump.key(cpu)
      ? changetype<Block>(load<u32>(entry, 12))
      : lookup(cpu, rip);
  }
}

/** Block that starts at `rip` in the current mode; 0 with cpu.fault raised (cpu.rip is set to `rip`). */
export function findBlock(cpu: Cpu, rip: u64): Block {
  return Jump.find(cpu, rip);
}

/** findBlock without the jump cache, which it refills. */
export function lookup(cpu: Cpu, rip: u64): Block {
  cpu.rip = rip;
  const mode = cpu.modeKey;
  let la = rip;
  let room: u32 = 0xffff_ffff;
  if ((mode & MODE_CODE_MASK) == MODE_CODE64) {
    if (!isCanonical(rip)) {
      raiseGP(cpu, 0);
      return changetype<Block>(0);
    }
  } else {
    const limit = segLimit(cpu, SEG_CS);
    if (<u32>rip > limit) {
      raiseGP(cpu, 0);
      return changetype<Block>(0);
    }
    room = limit - <u32>rip + 1;
    if (room == 0) room = 0xffff_ffff;
    la = (segBase(cpu, SEG_CS) + rip) & 0xffff_ffff;
  }
  const host = fetchHost(cpu, la);
  if (host == 0) {
    return cpu.fault != 0 ? changetype<Block>(0) : crossingBlock(cpu, la, mode, room, 0);
  }
  let block = changetype<Block>(load<u32>(hashSlot(cpu, host, mode)));
  while (changetype<usize>(block) != 0) {
    if (block.host == host && block.mode == mode) break;
    block = changetype<Block>(block.hashNext);
  }
  if (changetype<usize>(block) == 0) {
    block = decodeBlock(cpu, host, la, mode, room);
    if (changetype<usize>(block) == 0 || block.host == 0) return block;
  } else if (<u32>block.len > room) {
    // Decoded under a larger limit: run it an instruction at a time until the limit faults.
    return crossingBlock(cpu, la, mode, room, host);
  }
  if ((mode & (MODE_FLAT | MODE_STEP)) == MODE_FLAT) {
    const entry = Jump.entry(cpu, rip);
    store<u64>(entry, rip);
    store<u32>(entry, Jump.key(cpu), 8);
    store<u32>(entry, changetype<u32>(block), 12);
  }
  return block;
}

/** Decodes a new block at host address `host`, linear address `la`; `room` bytes are within the CS limit. */
function decodeBlock(cpu: Cpu, host: u32, la: u64, mode: u32, room: u32): Block {
  if (
    cpu.blocksNext + BLOCK_HEADER + (BLOCK_MAX + 1) * INSN_SIZE >
    changetype<u32>(cpu) + VCPU_BLOCKS_END
  ) {
    dropAllBlocks(cpu);
  }
  const block = changetype<Block>(cpu.blocksNext);
  let avail: u32 = 4096 - (host & 0xfff);
  if (avail > room) avail = room;
  let insn = changetype<Insn>(changetype<usize>(block) + BLOCK_HEADER);
  let ofs: u32 = 0;
  let count: u32 = 0;
  const most: u32 = (mode & MODE_STEP) != 0 ? 1 : BLOCK_MAX;
  while (count < most) {
    const row = decode(host + ofs, avail - ofs, mode, cpu.features, ofs, insn);
    if (row == 0) break;
    ofs += insn.len;
    count++;
    specialize(cpu, insn, row, mode, count > 1);
    const ends = (row & END) != 0 || isSingle(insn);
    insn = changetype<Insn>(changetype<usize>(insn) + INSN_SIZE);
    if (ends) break;
  }
  if (count == 0) return crossingBlock(cpu, la, mode, room, host);
  appendFall(insn, ofs);
  insn = changetype<Insn>(changetype<usize>(insn) + INSN_SIZE);
  cpu.blocksNext = changetype<u32>(insn);
  block.host = host;
  block.mode = mode;
  block.count = <u16>count;
  block.len = <u16>ofs;
  const slot = hashSlot(cpu, host, mode);
  block.hashNext = load<u32>(slot);
  store<u32>(slot, changetype<u32>(block));
  const page = pageSlot(cpu, host);
  block.pageNext = load<u32>(page);
  store<u32>(page, changetype<u32>(block));
  markCode(cpu, host, ofs);
  return block;
}

/** Undecodable instructions end a block: what follows them is probably no code. */
function isSingle(insn: Insn): bool {
  return <u32>insn.op == Hot.BAD;
}

/** The record after the last instruction: go on at the next address. */
function appendFall(insn: Insn, ofs: u32): void {
  insn.op = <u16>Hot.FALL;
  insn.ofs = <u16>ofs;
  insn.len = 0;
  insn.imm = <i64>ofs;
  insn.disp = 0;
}

/** Bits of the code map word for bytes [host, host + len) of one page: one bit per 128 bytes. */
function granules(host: u32, len: u32): u32 {
  const first = (host & 0xfff) >> 7;
  const last = ((host & 0xfff) + len - 1) >> 7;
  return (<u32>-1 >> (31 - (last > 31 ? 31 : last))) & ((<u32>-1) << first);
}

function markCode(cpu: Cpu, host: u32, len: u32): void {
  const word = CODE_MAP + ((host >> 12) << 2);
  if (atomic.or<u32>(word, granules(host, len)) == 0) dropWriteTags(cpu, host & ~0xfff);
}

/**
 * One instruction that crosses a page, lies in device memory (host = 0), or ends beyond the CS limit, built in
 * scratch memory from bytes fetched one page at a time. Raises what the fetch raises.
 */
function crossingBlock(cpu: Cpu, la: u64, mode: u32, room: u32, host: u32): Block {
  const scratch = changetype<usize>(cpu) + VCPU_SCRATCH;
  const bytes = scratch + SCRATCH_BYTES;
  const block = changetype<Block>(scratch + SCRATCH_BLOCK);
  const insn = changetype<Insn>(scratch + SCRATCH_BLOCK + BLOCK_HEADER);
  let have: u32 = 0;
  let row: u64 = 0;
  while (row == 0) {
    if (have >= room) {
      raiseGP(cpu, 0);
      return changetype<Block>(0);
    }
    const mask: u64 = (mode & MODE_CODE_MASK) == MODE_CODE64 ? ~0 : 0xffff_ffff;
    const at = (la + have) & mask;
    const from = fetchHost(cpu, at);
    if (cpu.fault != 0) return changetype<Block>(0);
    const byte = from != 0 ? load<u8>(from) : <u8>mmioLoad(cpu, cpu.walkGpa, 1);
    store<u8>(bytes + have, byte);
    have++;
    row = decode(bytes, have, mode, cpu.features, 0, insn);
    if (have > INSN_MAX) break;
  }
  specialize(cpu, insn, row, mode, false);
  const next = changetype<Insn>(changetype<usize>(insn) + INSN_SIZE);
  appendFall(next, insn.len);
  block.host = 0;
  block.mode = mode;
  block.count = 1;
  block.len = insn.len;
  return block;
}

/** A store of `size` bytes has reached host page with decoded code: drop the page's blocks if it hit any. */
export function codeWritten(cpu: Cpu, host: u32, size: u32): void {
  const word = CODE_MAP + ((host >> 12) << 2);
  if ((load<u32>(word) & granules(host, size)) == 0) return;
  dropPage(cpu, host);
}

/** Drops every block decoded from the page of `host`. */
export function dropPage(cpu: Cpu, host: u32): void {
  const page = pageSlot(cpu, host);
  let block = changetype<Block>(load<u32>(page));
  while (changetype<usize>(block) != 0) {
    unhash(cpu, block);
    let insn = changetype<Insn>(changetype<usize>(block) + BLOCK_HEADER);
    for (let i: u32 = 0; i <= block.count; i++) {
      insn.op = <u16>Hot.STALE;
      insn = changetype<Insn>(changetype<usize>(insn) + INSN_SIZE);
    }
    block = changetype<Block>(block.pageNext);
  }
  store<u32>(page, 0);
  atomic.store<u32>(CODE_MAP + ((host >> 12) << 2), 0);
}

function unhash(cpu: Cpu, dead: Block): void {
  const slot = hashSlot(cpu, dead.host, dead.mode);
  let block = changetype<Block>(load<u32>(slot));
  if (changetype<usize>(block) == changetype<usize>(dead)) {
    store<u32>(slot, dead.hashNext);
    return;
  }
  while (changetype<usize>(block) != 0) {
    if (block.hashNext == changetype<u32>(dead)) {
      block.hashNext = dead.hashNext;
      return;
    }
    block = changetype<Block>(block.hashNext);
  }
}

/** Empties the cache; whoever holds a Block pointer notices by cpu.blockGeneration. */
export function dropAllBlocks(cpu: Cpu): void {
  const base = changetype<usize>(cpu);
  memory.fill(base + VCPU_BLOCK_HASH, 0, (HASH_MASK + 1) << 2);
  memory.fill(base + VCPU_PAGE_BLOCKS, 0, VCPU_BLOCKS - VCPU_PAGE_BLOCKS);
  wipeJumpCache(cpu);
  cpu.blocksNext = changetype<u32>(cpu) + VCPU_BLOCKS;
  cpu.blockGeneration++;
}
