/**
 * The software TLB of one vCPU: 4096 direct-mapped entries at VCPU_TLB.
 *
 *   +0  tagR u64   linear page | tlbKey: loads may use the entry
 *   +8  tagW u64   likewise for stores; never set while the page holds decoded code
 *   +16 addend u32 host address = addend + low 32 bits of the linear address
 *   +20 -
 *   +24 tagX u64   likewise for instruction fetch
 *
 * The low twelve bits of a tag are the access mode and the address space number (cpu/modes.ts), so a flush
 * takes a fresh number instead of writing 128 KiB, and with PCID each space keeps its entries. No tag of
 * an entry in use has 3 in bits 0-1: with that access mode nothing matches. The index adds the page number to its own high part: neighbouring pages never share
 * an entry, which lets one comparison reject accesses that cross a page.
 *
 * Large pages are entered 4 KiB at a time; the range they cover is remembered so that INVLPG inside it
 * becomes a flush. Documents: SDM vol. 3 4.10.
 */

import { ACCESS_ALIGNED } from "../cpu/modes";
import { Cpu } from "../cpu/state";
import { VCPU_BLOCK_HASH, VCPU_JUMP_CACHE, VCPU_TLB } from "../layout";

export const TLB_ENTRIES: u32 = 4096;
export const TLB_ENTRY_SIZE: u32 = 32;
export const TLB_TAG_R: usize = 0;
export const TLB_TAG_W: usize = 8;
export const TLB_ADDEND: usize = 16;
export const TLB_TAG_X: usize = 24;

export const PAGE_MASK: u64 = ~0xfff;

const ASN_SHIFT: u64 = 2;
/** Handed out in turn by flushes. The largest of ten bits is left out: with it, a key could equal TLB_NEVER. */
const ASN_COUNT: u32 = 1023;
const TLB_NEVER: u64 = ~0;

export class Tlb {
  /** Address of the entry for linear address `la`. */
  // @ts-ignore: decorator
  @inline
  static entry(cpu: Cpu, la: u64): usize {
    return (
      changetype<usize>(cpu) +
      VCPU_TLB +
      (((<u32>(la >> 12) + <u32>(la >> 24)) & (TLB_ENTRIES - 1)) << 5)
    );
  }
}

/** PKRU (SDM vol. 3 4.6.2): what it denies is part of the entries, so those of pages with a changed key have to go. */
export function setPkru(cpu: Cpu, value: u64): void {
  const changed = cpu.pkru ^ value;
  cpu.pkru = value;
  for (let key: u64 = 0; key < 16; key++) {
    if (((changed >> (key << 1)) & 3) != 0 && ((cpu.pkeysSeen >> <u32>key) & 1) != 0) {
      flushAll(cpu);
      return;
    }
  }
}

/** What tags of the current address space carry: tlbKey, without alignment checking. */
export function tagKey(cpu: Cpu): u64 {
  const key = cpu.tlbKey;
  return (<u32>key & 3) == ACCESS_ALIGNED ? key & ~3 : key;
}

function wipe(cpu: Cpu): void {
  memory.fill(changetype<usize>(cpu) + VCPU_TLB, 0xff, TLB_ENTRIES * TLB_ENTRY_SIZE);
  cpu.pkeysSeen = 0;
  wipeJumpCache(cpu);
}

/** Forgets which block starts at which RIP; blocks themselves stay. */
export function wipeJumpCache(cpu: Cpu): void {
  memory.fill(changetype<usize>(cpu) + VCPU_JUMP_CACHE, 0, VCPU_BLOCK_HASH - VCPU_JUMP_CACHE);
}

function forgetLargeRanges(cpu: Cpu): void {
  cpu.largeUserBase = ~0;
  cpu.largeUserEnd = 0;
  cpu.largeKernelBase = ~0;
  cpu.largeKernelEnd = 0;
}

/** Drops every translation, global ones included. */
export function flushAll(cpu: Cpu): void {
  let asn = cpu.tlbNextAsn;
  if (asn == 0 || asn >= ASN_COUNT) {
    wipe(cpu);
    asn = 1;
  }
  cpu.tlbNextAsn = asn + 1;
  cpu.tlbKey = (cpu.tlbKey & 3) | ((<u64>asn) << ASN_SHIFT);
  cpu.pcidValid = 0;
  forgetLargeRanges(cpu);
}

/**
 * Drops the translations of the current address space that are not global. Global ones go too (a TLB may
 * forget anything at any time) and are refilled by the page walk.
 */
export function flushNonGlobal(cpu: Cpu): void {
  const valid = cpu.pcidValid;
  const slot = cpu.pcidSlot;
  flushAll(cpu);
  // Other PCIDs keep theirs; the current one has just moved to a fresh number.
  cpu.pcidValid = valid & ~(1 << slot);
  rememberPcid(cpu);
}

/** Records that the current address space number belongs to the current PCID. */
function rememberPcid(cpu: Cpu): void {
  const slot = cpu.pcidSlot;
  if (slot >= PCID_SLOTS) return;
  store<u32>(
    changetype<usize>(cpu) + (slot << 2),
    ((<u32>(cpu.tlbKey >> ASN_SHIFT)) << 12) | (<u32>cpu.cr3 & 0xfff),
    offsetof<Cpu>("pcidAsn"),
  );
  cpu.pcidValid |= 1 << slot;
}

const PCID_SLOTS: u32 = 8;

/**
 * MOV CR3 (SDM vol. 3 4.10.4.1) once cpu.cr3 holds the new value. `keep` is bit 63 of the source with
 * CR4.PCIDE: translations of that PCID may stay. Eight PCIDs keep their address space number.
 */
export function setAddressSpace(cpu: Cpu, pcide: bool, keep: bool): void {
  if (!pcide) {
    flushAll(cpu);
    return;
  }
  const pcid = <u32>cpu.cr3 & 0xfff;
  const base = changetype<usize>(cpu) + offsetof<Cpu>("pcidAsn");
  let slot: u32 = PCID_SLOTS;
  for (let i: u32 = 0; i < PCID_SLOTS; i++) {
    if (((cpu.pcidValid >> i) & 1) != 0 && (load<u32>(base + (i << 2)) & 0xfff) == pcid) slot = i;
  }
  if (slot < PCID_SLOTS && keep) {
    cpu.pcidSlot = slot;
    cpu.tlbKey = (cpu.tlbKey & 3) | ((<u64>(load<u32>(base + (slot << 2)) >> 12)) << ASN_SHIFT);
    return;
  }
  if (slot == PCID_SLOTS) slot = pcid & (PCID_SLOTS - 1);
  cpu.pcidSlot = slot;
  const valid = cpu.pcidValid & ~(1 << slot);
  const wraps = cpu.tlbNextAsn == 0 || cpu.tlbNextAsn >= ASN_COUNT;
  flushAll(cpu);
  // A wrap wiped the entries behind every number handed out before.
  cpu.pcidValid = wraps ? 0 : valid;
  rememberPcid(cpu);
}

/** INVPCID type 1: drops the translations of one PCID; a later switch to it starts empty. */
export function flushPcid(cpu: Cpu, pcid: u32): void {
  if ((<u32>cpu.cr3 & 0xfff) == pcid) {
    flushNonGlobal(cpu);
    return;
  }
  const base = changetype<usize>(cpu) + offsetof<Cpu>("pcidAsn");
  for (let i: u32 = 0; i < PCID_SLOTS; i++) {
    if ((load<u32>(base + (i << 2)) & 0xfff) == pcid) cpu.pcidValid &= ~(1 << i);
  }
}

/** Remembers that [base, base + size) was entered from a large page. */
export function noteLargePage(cpu: Cpu, base: u64, size: u64): void {
  if (<i64>base < 0) {
    if (base < cpu.largeKernelBase) cpu.largeKernelBase = base;
    if (base + (size - 1) > cpu.largeKernelEnd) cpu.largeKernelEnd = base + (size - 1);
  } else {
    if (base < cpu.largeUserBase) cpu.largeUserBase = base;
    if (base + (size - 1) > cpu.largeUserEnd) cpu.largeUserEnd = base + (size - 1);
  }
}

/** INVLPG: drops the translations of the page that contains `la`, in every address space. */
export function invlpg(cpu: Cpu, la: u64): void {
  const inLarge =
    <i64>la < 0
      ? la >= cpu.largeKernelBase && la <= cpu.largeKernelEnd
      : la >= cpu.largeUserBase && la <= cpu.largeUserEnd;
  if (inLarge) {
    flushAll(cpu);
    return;
  }
  const entry = Tlb.entry(cpu, la);
  store<u64>(entry, TLB_NEVER, TLB_TAG_R);
  store<u64>(entry, TLB_NEVER, TLB_TAG_W);
  store<u64>(entry, TLB_NEVER, TLB_TAG_X);
  // Jump cache entries of a page are not gathered anywhere; blocks never cross a page.
  const cache = changetype<usize>(cpu) + VCPU_JUMP_CACHE + (jumpCachePage(la) << 4);
  memory.fill(cache, 0, 64 << 4);
}

/** First of the 64 jump cache entries that serve the page of `rip`. */
export function jumpCachePage(rip: u64): u32 {
  return ((<u32>(rip >> 12) + <u32>(rip >> 19)) & 127) << 6;
}

/** Takes the store permission away from every entry that maps host page `host` (page aligned). */
export function dropWriteTags(cpu: Cpu, host: u32): void {
  let entry = changetype<usize>(cpu) + VCPU_TLB;
  const end = entry + TLB_ENTRIES * TLB_ENTRY_SIZE;
  for (; entry < end; entry += TLB_ENTRY_SIZE) {
    const tag = load<u64>(entry, TLB_TAG_W);
    if (load<u32>(entry, TLB_ADDEND) + (<u32>tag & 0xffff_f000) == host) {
      store<u64>(entry, TLB_NEVER, TLB_TAG_W);
    }
  }
}
