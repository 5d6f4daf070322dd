/**
 * Linear to physical translation (SDM vol. 3 chapter 4): no paging, 32-bit (with PSE), PAE and 4-level
 * paging, NX, global pages, SMEP, SMAP, WP, protection keys, accessed and dirty bits. 5-level paging is not
 * offered by CPUID and not modelled.
 *
 *   entry:  63 NX | 62-59 key | 51-40 reserved (MAXPHYADDR 40) | 39-12 frame | 8 G | 7 PS | 6 D | 5 A | 2 U/S | 1 R/W | 0 P
 *
 * The result is left in cpu.walkGpa/walkFlags; a page fault is raised with CR2 set. Accessed flags are set only
 * when the whole translation has succeeded, as on the 80386; the manual leaves it open.
 */

import { raiseError, raiseGP, Vector } from "../cpu/fault";
import {
  ACCESS_ALL,
  ACCESS_USER,
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PKE,
  CR4_PSE,
  CR4_SMEP,
  EFER_LMA,
  EFER_NXE,
} from "../cpu/modes";
import { Cpu } from "../cpu/state";
import { hostAddress } from "./physical";
import { noteLargePage } from "./tlb";

export const MAXPHYADDR: u32 = 40;

const PTE_P: u64 = 1 << 0;
const PTE_W: u64 = 1 << 1;
const PTE_U: u64 = 1 << 2;
const PTE_A: u64 = 1 << 5;
const PTE_D: u64 = 1 << 6;
const PTE_PS: u64 = 1 << 7;
const PTE_G: u64 = 1 << 8;
const PTE_NX: u64 = 1 << 63;
const PTE_FRAME: u64 = 0x0000_00ff_ffff_f000;
const PTE_RESERVED: u64 = 0x000f_ff00_0000_0000;

/** What is wanted of the page; ACCESS_WRITE and ACCESS_FETCH exclude each other. */
export const ACCESS_READ: u32 = 0;
export const ACCESS_WRITE: u32 = 1;
export const ACCESS_FETCH: u32 = 2;

/** walkFlags */
export const WALK_WRITABLE: u32 = 1; // a store in this access mode needs no further walk
export const WALK_READABLE: u32 = 2; // a load in this access mode is allowed too

/** Error code bits of #PF (SDM vol. 3 4.7). */
const PF_P: u32 = 1;
const PF_W: u32 = 2;
const PF_U: u32 = 4;
const PF_RSVD: u32 = 8;
const PF_I: u32 = 16;
const PF_PK: u32 = 32;

export function isCanonical(la: u64): bool {
  return <i64>(la << 16) >> 16 == <i64>la;
}

function pageFault(cpu: Cpu, la: u64, access: u32, mode: u32, error: u32): bool {
  if (access == ACCESS_WRITE) error |= PF_W;
  if (mode == ACCESS_USER) error |= PF_U;
  if (access == ACCESS_FETCH && ((cpu.efer & EFER_NXE) != 0 || (cpu.cr4 & CR4_SMEP) != 0)) {
    // The I/D bit exists only where fetches are distinguished: NX needs PAE structures.
    if ((cpu.cr4 & (CR4_PAE | CR4_SMEP)) != 0) error |= PF_I;
  }
  cpu.cr2 = la;
  raiseError(cpu, Vector.PF, error);
  return false;
}

/** Reads a paging-structure entry; outside RAM the bus gives ones. */
function readEntry(gpa: u64, size: u32): u64 {
  const host = hostAddress(gpa);
  if (host == 0) return ~0;
  return size == 8 ? load<u64>(host) : <u64>load<u32>(host);
}

function setBits(gpa: u64, size: u32, bits: u64): void {
  const host = hostAddress(gpa);
  if (host == 0) return;
  if (size == 8) atomic.or<u64>(host, bits);
  else atomic.or<u32>(host, <u32>bits);
}

/**
 * Translates `la` for `access` in access mode `mode` (not ACCESS_ALIGNED). False: #PF (or #GP for a non-canonical address) has been raised.
 */
export function walk(cpu: Cpu, la: u64, access: u32, mode: u32): bool {
  if ((cpu.cr0 & CR0_PG) == 0) {
    cpu.walkGpa = la & 0xffff_ffff;
    cpu.walkFlags = WALK_READABLE | WALK_WRITABLE;
    return true;
  }
  if ((cpu.efer & EFER_LMA) != 0) {
    if (!isCanonical(la)) {
      raiseGP(cpu, 0);
      return false;
    }
    return walkTables(cpu, la, access, mode, cpu.cr3 & PTE_FRAME, 39);
  }
  if ((cpu.cr4 & CR4_PAE) != 0) {
    const pdpte = load<u64>(
      changetype<usize>(cpu) + ((<u32>((la >> 30) & 3)) << 3),
      offsetof<Cpu>("pdpte0"),
    );
    if ((pdpte & PTE_P) == 0) return pageFault(cpu, la, access, mode, 0);
    return walkTables(cpu, la, access, mode, pdpte & PTE_FRAME, 21);
  }
  return walk32(cpu, la, access, mode);
}

/** PAE and 4-level structures from the table at `table`, whose entries are selected by la bits from `shift`. */
function walkTables(cpu: Cpu, la: u64, access: u32, mode: u32, table: u64, shift: u64): bool {
  const nxe = (cpu.efer & EFER_NXE) != 0;
  const reserved = PTE_RESERVED | (nxe ? 0 : PTE_NX);
  // PAE paging has no NX-independent high bits: 62-52 are reserved there.
  const reservedPae: u64 = (cpu.efer & EFER_LMA) != 0 ? 0 : 0x7ff0_0000_0000_0000;
  let rights: u64 = PTE_W | PTE_U;
  let nx: u64 = 0;
  let gpa: u64;
  let entry: u64;
  // Entries whose accessed flag is to be set; bit 0 tells them from none.
  let fresh: u64 = 0;
  let fresh2: u64 = 0;
  let fresh3: u64 = 0;
  while (true) {
    gpa = table + (((la >> shift) & 511) << 3);
    entry = readEntry(gpa, 8);
    if ((entry & PTE_P) == 0) return pageFault(cpu, la, access, mode, 0);
    let bad = entry & (reserved | reservedPae);
    const isLeaf = shift == 12 || ((entry & PTE_PS) != 0 && shift <= 30);
    if ((entry & PTE_PS) != 0) {
      if (shift == 39) bad |= PTE_PS;
      // Bits between the PAT bit (12) and the frame of a large page are reserved.
      if (shift == 30 || shift == 21)
        bad |= entry & (((<u64>1) << shift) - 1) & 0xffff_ffff_ffff_e000;
    }
    if (bad != 0) return pageFault(cpu, la, access, mode, PF_P | PF_RSVD);
    rights &= entry;
    nx |= entry & PTE_NX;
    if (isLeaf) break;
    if ((entry & PTE_A) == 0) {
      fresh3 = fresh2;
      fresh2 = fresh;
      fresh = gpa | 1;
    }
    table = entry & PTE_FRAME;
    shift -= 9;
  }
  const size = (<u64>1) << shift;
  const frame = entry & PTE_FRAME & ~(size - 1);
  if (!finish(cpu, la, access, mode, rights, nx != 0, entry, gpa, 8)) return false;
  if (fresh != 0) {
    setBits(fresh & ~1, 8, PTE_A);
    if (fresh2 != 0) setBits(fresh2 & ~1, 8, PTE_A);
    if (fresh3 != 0) setBits(fresh3 & ~1, 8, PTE_A);
  }
  if (size > 4096) noteLargePage(cpu, la & ~(size - 1), size);
  cpu.walkGpa = frame | (la & (size - 1));
  return true;
}

function walk32(cpu: Cpu, la: u64, access: u32, mode: u32): bool {
  let gpa = (cpu.cr3 & 0xffff_f000) + (((la >> 22) & 1023) << 2);
  let entry = readEntry(gpa, 4);
  if ((entry & PTE_P) == 0) return pageFault(cpu, la, access, mode, 0);
  let rights = entry & (PTE_W | PTE_U);
  if ((entry & PTE_PS) != 0 && (cpu.cr4 & CR4_PSE) != 0) {
    // PSE-36: bits 13-20 are address bits 32-39, bit 21 is reserved.
    if ((entry & (1 << 21)) != 0) return pageFault(cpu, la, access, mode, PF_P | PF_RSVD);
    if (!finish(cpu, la, access, mode, rights, false, entry, gpa, 4)) return false;
    noteLargePage(cpu, la & 0xffc0_0000, 1 << 22);
    cpu.walkGpa = (entry & 0xffc0_0000) | (((entry >> 13) & 0xff) << 32) | (la & 0x3f_ffff);
    return true;
  }
  const fresh = (entry & PTE_A) == 0;
  const pde = gpa;
  gpa = (entry & 0xffff_f000) + (((la >> 12) & 1023) << 2);
  entry = readEntry(gpa, 4);
  if ((entry & PTE_P) == 0) return pageFault(cpu, la, access, mode, 0);
  rights &= entry;
  if (!finish(cpu, la, access, mode, rights, false, entry, gpa, 4)) return false;
  if (fresh) setBits(pde, 4, PTE_A);
  cpu.walkGpa = (entry & 0xffff_f000) | (la & 0xfff);
  return true;
}

/**
 * What the protection key of a user page denies to data accesses (SDM vol. 3 4.6.2): bit ACCESS_READ, bit
 * ACCESS_WRITE. PKRU says so for all of them, of writes by the supervisor under CR0.WP only.
 */
function deniedByKey(cpu: Cpu, entry: u64, mode: u32): u32 {
  if ((cpu.cr4 & CR4_PKE) == 0 || (cpu.efer & EFER_LMA) == 0) return 0;
  const key = (entry >> 59) & 15;
  cpu.pkeysSeen |= 1 << (<u32>key);
  const bits = <u32>(cpu.pkru >> (key << 1));
  if ((bits & 1) != 0) return 3;
  return mode == ACCESS_USER || (cpu.cr0 & CR0_WP) != 0 ? bits & 2 : 0;
}

/** Checks the combined rights (SDM vol. 3 4.6.1) and sets A and D in the leaf entry at `gpa`. */
function finish(
  cpu: Cpu,
  la: u64,
  access: u32,
  mode: u32,
  rights: u64,
  nx: bool,
  entry: u64,
  gpa: u64,
  size: u32,
): bool {
  const isUserPage = (rights & PTE_U) != 0;
  const readable = mode == ACCESS_USER ? isUserPage : mode == ACCESS_ALL || !isUserPage;
  const writable =
    readable && ((rights & PTE_W) != 0 || (mode != ACCESS_USER && (cpu.cr0 & CR0_WP) == 0));
  const denied = isUserPage ? deniedByKey(cpu, entry, mode) : 0;
  let allowed: bool;
  if (access == ACCESS_FETCH) {
    allowed = !nx && (mode == ACCESS_USER ? isUserPage : !isUserPage || (cpu.cr4 & CR4_SMEP) == 0);
  } else {
    if (((denied >> access) & 1) != 0) return pageFault(cpu, la, access, mode, PF_P | PF_PK);
    allowed = access == ACCESS_WRITE ? writable : readable;
  }
  if (!allowed) return pageFault(cpu, la, access, mode, PF_P);
  const want = access == ACCESS_WRITE ? PTE_A | PTE_D : PTE_A;
  if ((entry & want) != want) {
    setBits(gpa, size, want);
    entry |= want;
  }
  cpu.walkFlags =
    (readable && (denied & 1) == 0 ? WALK_READABLE : 0) |
    (writable && (denied & 2) == 0 && (entry & PTE_D) != 0 ? WALK_WRITABLE : 0);
  return true;
}

/** Loads the PAE page-directory-pointer registers from CR3; false: #GP(0) raised, nothing changed. */
export function loadPdptrs(cpu: Cpu): bool {
  const table = cpu.cr3 & 0xffff_ffe0;
  for (let i: u64 = 0; i < 4; i++) {
    const entry = readEntry(table + (i << 3), 8);
    if ((entry & PTE_P) != 0 && (entry & 0xffff_ff00_0000_01e6) != 0) {
      raiseGP(cpu, 0);
      return false;
    }
  }
  for (let i: u32 = 0; i < 4; i++) {
    store<u64>(
      changetype<usize>(cpu) + (i << 3),
      readEntry(table + ((<u64>i) << 3), 8),
      offsetof<Cpu>("pdpte0"),
    );
  }
  return true;
}
