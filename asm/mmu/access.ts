/**
 * Loads and stores by linear address, with everything the guest can observe: permissions, faults, page
 * crossing, device memory, self-modifying code.
 *
 * Fast path: one TLB entry, one comparison that also rejects page-crossing accesses (class Mem, inlined
 * into the interpreter's hot handlers). All else goes through `loadSlow` and `storeSlow`. After an access
 * the caller looks at cpu.fault; a store that faults has written nothing.
 *
 * While alignment is checked (CPL 3, CR0.AM, RFLAGS.AC; SDM vol. 3 6.15) nothing matches in the TLB, so the rule
 * costs nothing otherwise: an access of 2, 4 or 8 bytes must be aligned to its own size. Operands of other
 * sizes are made of such accesses, and the parts are what processors check.
 */
import { mmioLoad, mmioStore } from "../bus";
import { isWatchedPage, noteAccess } from "../cpu/debug";
import { raiseError, raiseGP, Vector } from "../cpu/fault";
import { ACCESS_ALIGNED, ACCESS_ALL, ACCESS_KERNEL, CR4_SMAP, EFER_LMA, is64 } from "../cpu/modes";
import { Cpu, FAULT_EFFECT } from "../cpu/state";
import { codeWritten } from "../exec/blocks";
import { ownsMmio } from "../irqchip/index";
import { CODE_MAP } from "../layout";
import { hostAddress, hostAddressForWrite, isReadOnly } from "./physical";
import { PAGE_MASK, TLB_ADDEND, TLB_TAG_R, TLB_TAG_W, TLB_TAG_X, Tlb, tagKey } from "./tlb";
import {
  ACCESS_FETCH,
  ACCESS_READ,
  ACCESS_WRITE,
  isCanonical,
  WALK_READABLE,
  WALK_WRITABLE,
  walk,
} from "./walk";

export class Mem {
  /** Whether the TLB lets a load of sizeof<T>() bytes at `la` through: `get` may follow. */
  // @ts-ignore: decorator
  @inline
  static canLoad<T>(cpu: Cpu, la: u64): bool {
    const tag = ((la + (sizeof<T>() - 1)) & PAGE_MASK) | cpu.tlbKey;
    return load<u64>(Tlb.entry(cpu, la), TLB_TAG_R) == tag;
  }
  /** The same for a store, or a load that a store follows: `put` and `get` may follow. */
  // @ts-ignore: decorator
  @inline
  static canStore<T>(cpu: Cpu, la: u64): bool {
    const tag = ((la + (sizeof<T>() - 1)) & PAGE_MASK) | cpu.tlbKey;
    return load<u64>(Tlb.entry(cpu, la), TLB_TAG_W) == tag;
  }
  /** Host address of what the TLB lets through. */
  // @ts-ignore: decorator
  @inline
  private static host(cpu: Cpu, la: u64): u32 {
    return load<u32>(Tlb.entry(cpu, la), TLB_ADDEND) + <u32>la;
  }
  // @ts-ignore: decorator
  @inline
  static get<T>(cpu: Cpu, la: u64): T {
    return load<T>(Mem.host(cpu, la));
  }
  // @ts-ignore: decorator
  @inline
  static put<T>(cpu: Cpu, la: u64, value: T): void {
    store<T>(Mem.host(cpu, la), value);
  }
  /** Host address for a load of sizeof<T>() bytes at `la`, or 0 when the slow path must decide. */
  // @ts-ignore: decorator
  @inline
  static readHost<T>(cpu: Cpu, la: u64): u32 {
    return Mem.canLoad<T>(cpu, la) ? Mem.host(cpu, la) : 0;
  }
  // @ts-ignore: decorator
  @inline
  static ld<T>(cpu: Cpu, la: u64): T {
    if (Mem.canLoad<T>(cpu, la)) return Mem.get<T>(cpu, la);
    return <T>loadSlow(cpu, la, sizeof<T>(), ACCESS_READ);
  }
  /** A load whose page must be writable: the first half of a read-modify-write. */
  // @ts-ignore: decorator
  @inline
  static ldw<T>(cpu: Cpu, la: u64): T {
    if (Mem.canStore<T>(cpu, la)) return Mem.get<T>(cpu, la);
    return <T>loadSlow(cpu, la, sizeof<T>(), ACCESS_WRITE);
  }
  // @ts-ignore: decorator
  @inline
  static st<T>(cpu: Cpu, la: u64, value: T): void {
    if (Mem.canStore<T>(cpu, la)) Mem.put<T>(cpu, la, value);
    else storeSlow(cpu, la, <u64>value, sizeof<T>());
  }
}

/**
 * Translates one byte's page and enters it in the TLB. True: cpu.walkGpa is valid and cpu.walkHost is the
 * host address, 0 for device memory (and for stores to memory that swallows them).
 */
function translate(cpu: Cpu, la: u64, access: u32): bool {
  const key = tagKey(cpu);
  if (!walk(cpu, la, access, <u32>key & 3)) return false;
  const gpa = cpu.walkGpa;
  const host = hostAddress(gpa);
  const writeHost = hostAddressForWrite(gpa);
  cpu.walkHost = access == ACCESS_WRITE ? writeHost : host;
  if (host == 0) return true;
  const entry = Tlb.entry(cpu, la);
  const tag = (la & PAGE_MASK) | key;
  if (load<u64>(entry, TLB_TAG_R) != tag) store<u64>(entry, ~0, TLB_TAG_R);
  if (load<u64>(entry, TLB_TAG_W) != tag) store<u64>(entry, ~0, TLB_TAG_W);
  if (load<u64>(entry, TLB_TAG_X) != tag) store<u64>(entry, ~0, TLB_TAG_X);
  store<u32>(entry, host - <u32>la, TLB_ADDEND);
  if (access == ACCESS_FETCH) store<u64>(entry, tag, TLB_TAG_X);
  const isWatched = cpu.watch != 0 && isWatchedPage(cpu, la);
  if ((cpu.walkFlags & WALK_READABLE) != 0 && !isWatched) {
    store<u64>(entry, tag, TLB_TAG_R);
    const hasCode = load<u32>(CODE_MAP + ((host >> 12) << 2)) != 0;
    if ((cpu.walkFlags & WALK_WRITABLE) != 0 && writeHost == host && !hasCode) {
      store<u64>(entry, tag, TLB_TAG_W);
    }
  }
  return true;
}

/** Bytes from `la` to the end of its page. */
function toPageEnd(la: u64): u32 {
  return 4096 - (<u32>la & 0xfff);
}

/**
 * The page behind that of `la`; outside 64-bit code the 32-bit space wraps. #GP(0) where the canonical addresses
 * end between the two: both ends of an operand are checked before its pages are looked at.
 */
function nextPage(cpu: Cpu, la: u64): u64 {
  const next = (la & PAGE_MASK) + 4096;
  if (next == 0x1_0000_0000 && !is64(cpu)) return 0;
  if ((cpu.efer & EFER_LMA) != 0 && !isCanonical(next)) raiseGP(cpu, 0);
  return next;
}

/** Load of `size` (1-8) bytes, zero-extended; ACCESS_WRITE demands write permission. */
export function loadSlow(cpu: Cpu, la: u64, size: u32, access: u32): u64 {
  // The address may not exist: its segment check has failed already.
  if (cpu.fault != 0) return 0;
  if (isAlignmentChecked(cpu)) return loadAligned(cpu, la, size, access);
  const room = toPageEnd(la);
  if (size > room) {
    const upper = nextPage(cpu, la);
    if (cpu.fault != 0) return 0;
    const low = loadPart(cpu, la, room, access);
    if (cpu.fault != 0) return 0;
    const high = loadPart(cpu, upper, size - room, access);
    return low | (high << (<u64>(room << 3)));
  }
  return loadPart(cpu, la, size, access);
}

function isAlignmentChecked(cpu: Cpu): bool {
  return (<u32>cpu.tlbKey & 3) == ACCESS_ALIGNED;
}

/**
 * Alignment comes before permissions: false after #AC(0), where alignment is checked and `la` is no multiple of
 * `size`, a power of two. A non-canonical address is left to the access itself.
 */
export function checkAlignment(cpu: Cpu, la: u64, size: u32): bool {
  if ((<u32>la & (size - 1)) == 0 || !isAlignmentChecked(cpu)) return true;
  if ((cpu.efer & EFER_LMA) != 0 && !isCanonical(la)) return true;
  raiseError(cpu, Vector.AC, 0);
  return false;
}

/** Ends alignment checking for accesses that are exempt from it, until Cpu.tlbKey gets back what this returns. */
export function suspendAlignment(cpu: Cpu): u64 {
  const key = cpu.tlbKey;
  cpu.tlbKey = tagKey(cpu);
  return key;
}

/** A load under alignment checking: #AC(0), or a load by the entries of ordinary user accesses. */
function loadAligned(cpu: Cpu, la: u64, size: u32, access: u32): u64 {
  if (!checkAlignment(cpu, la, size)) return 0;
  const key = suspendAlignment(cpu);
  const value = loadSlow(cpu, la, size, access);
  cpu.tlbKey = key;
  return value;
}

function storeAligned(cpu: Cpu, la: u64, value: u64, size: u32): void {
  if (!checkAlignment(cpu, la, size)) return;
  const key = suspendAlignment(cpu);
  storeSlow(cpu, la, value, size);
  cpu.tlbKey = key;
}

/** A load that lies in one page; sizes that are no power of two go byte by byte. */
function loadPart(cpu: Cpu, la: u64, size: u32, access: u32): u64 {
  if (!translate(cpu, la, access)) return 0;
  if (cpu.watch != 0) noteAccess(cpu, la, size, false);
  const gpa = cpu.walkGpa;
  // A store target without memory behind it may still be readable (ROM).
  const host = access == ACCESS_WRITE ? hostAddress(gpa) : cpu.walkHost;
  if (host != 0) return loadHost(host, size);
  if ((size & (size - 1)) == 0) return mmioLoad(cpu, gpa, size);
  let value: u64 = 0;
  for (let i: u32 = 0; i < size; i++) {
    value |= mmioLoad(cpu, gpa + i, 1) << (<u64>(i << 3));
  }
  return value;
}

function loadHost(host: u32, size: u32): u64 {
  switch (size) {
    case 1:
      return load<u8>(host);
    case 2:
      return load<u16>(host);
    case 4:
      return load<u32>(host);
    case 8:
      return load<u64>(host);
  }
  let value: u64 = 0;
  for (let i: u32 = 0; i < size; i++) value |= (<u64>load<u8>(host + i)) << (<u64>(i << 3));
  return value;
}

/** Store of the low `size` (1-8) bytes of `value`. */
export function storeSlow(cpu: Cpu, la: u64, value: u64, size: u32): void {
  if (cpu.fault != 0) return;
  if (isAlignmentChecked(cpu)) {
    storeAligned(cpu, la, value, size);
    return;
  }
  const room = toPageEnd(la);
  if (size > room) {
    // Both pages must take the store before either is written.
    const upper = nextPage(cpu, la);
    if (cpu.fault != 0) return;
    if (!translate(cpu, upper, ACCESS_WRITE)) {
      // The lower page's fault comes first.
      cpu.fault = 0;
      if (translate(cpu, la, ACCESS_WRITE)) translate(cpu, upper, ACCESS_WRITE);
      return;
    }
    if (!translate(cpu, la, ACCESS_WRITE)) return;
    storePart(cpu, la, value, room);
    storePart(cpu, upper, value >> <u64>(room << 3), size - room);
    return;
  }
  storePart(cpu, la, value, size);
}

function storePart(cpu: Cpu, la: u64, value: u64, size: u32): void {
  if (!translate(cpu, la, ACCESS_WRITE)) return;
  if (cpu.watch != 0) noteAccess(cpu, la, size, true);
  const gpa = cpu.walkGpa;
  const host = cpu.walkHost;
  if (host == 0) {
    if (isReadOnly(gpa)) return;
    if (cpu.effectsHeld != 0 && ownsMmio(cpu, gpa)) {
      cpu.fault = FAULT_EFFECT;
      return;
    }
    if ((size & (size - 1)) == 0) mmioStore(cpu, gpa, size, value);
    else
      for (let i: u32 = 0; i < size; i++)
        mmioStore(cpu, gpa + i, 1, (value >> <u64>(i << 3)) & 0xff);
    return;
  }
  switch (size) {
    case 1:
      store<u8>(host, <u8>value);
      break;
    case 2:
      store<u16>(host, <u16>value);
      break;
    case 4:
      store<u32>(host, <u32>value);
      break;
    case 8:
      store<u64>(host, value);
      break;
    default:
      for (let i: u32 = 0; i < size; i++) store<u8>(host + i, <u8>(value >> <u64>(i << 3)));
  }
  if (load<u32>(CODE_MAP + ((host >> 12) << 2)) != 0) codeWritten(cpu, host, size);
}

export function ld8(cpu: Cpu, la: u64): u32 {
  return Mem.ld<u8>(cpu, la);
}
export function ld16(cpu: Cpu, la: u64): u32 {
  return Mem.ld<u16>(cpu, la);
}
export function ld32(cpu: Cpu, la: u64): u32 {
  return Mem.ld<u32>(cpu, la);
}
export function ld64(cpu: Cpu, la: u64): u64 {
  return Mem.ld<u64>(cpu, la);
}
export function ldw8(cpu: Cpu, la: u64): u32 {
  return Mem.ldw<u8>(cpu, la);
}
export function ldw16(cpu: Cpu, la: u64): u32 {
  return Mem.ldw<u16>(cpu, la);
}
export function ldw32(cpu: Cpu, la: u64): u32 {
  return Mem.ldw<u32>(cpu, la);
}
export function ldw64(cpu: Cpu, la: u64): u64 {
  return Mem.ldw<u64>(cpu, la);
}
export function st8(cpu: Cpu, la: u64, value: u32): void {
  Mem.st<u8>(cpu, la, <u8>value);
}
export function st16(cpu: Cpu, la: u64, value: u32): void {
  Mem.st<u16>(cpu, la, <u16>value);
}
export function st32(cpu: Cpu, la: u64, value: u32): void {
  Mem.st<u32>(cpu, la, value);
}
export function st64(cpu: Cpu, la: u64, value: u64): void {
  Mem.st<u64>(cpu, la, value);
}

export function ld128(cpu: Cpu, la: u64): v128 {
  const host = hostRead(cpu, la, 16);
  if (host != 0) return v128.load(host);
  if (cpu.fault != 0) return i64x2.splat(0);
  // Operands of 16 bytes are never subject to alignment checking: those that must be aligned raise #GP.
  const key = suspendAlignment(cpu);
  const low = ld64(cpu, la);
  const high = ld64(cpu, la + 8);
  cpu.tlbKey = key;
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}

export function st128(cpu: Cpu, la: u64, value: v128): void {
  const host = hostWrite(cpu, la, 16);
  if (host != 0) {
    v128.store(host, value);
    return;
  }
  if (cpu.fault != 0 || !probe(cpu, la, 16, true)) return;
  const key = suspendAlignment(cpu);
  st64(cpu, la, i64x2.extract_lane(value, 0));
  st64(cpu, la + 8, i64x2.extract_lane(value, 1));
  cpu.tlbKey = key;
}

/**
 * Host address of [la, la + len) for reading when it is plain memory inside one page; else 0, with
 * cpu.fault set if the access is not allowed.
 */
export function hostRead(cpu: Cpu, la: u64, len: u32): u32 {
  if (len > toPageEnd(la)) return 0;
  const entry = Tlb.entry(cpu, la);
  if (load<u64>(entry, TLB_TAG_R) == ((la & PAGE_MASK) | cpu.tlbKey)) {
    return load<u32>(entry, TLB_ADDEND) + <u32>la;
  }
  if (isAlignmentChecked(cpu)) return 0;
  if (!translate(cpu, la, ACCESS_READ) || (cpu.watch != 0 && isWatchedPage(cpu, la))) return 0;
  return cpu.walkHost;
}

/** The same for writing; 0 also when the page holds decoded code, which only the slow path may change. */
export function hostWrite(cpu: Cpu, la: u64, len: u32): u32 {
  if (len > toPageEnd(la)) return 0;
  const entry = Tlb.entry(cpu, la);
  if (load<u64>(entry, TLB_TAG_W) == ((la & PAGE_MASK) | cpu.tlbKey)) {
    return load<u32>(entry, TLB_ADDEND) + <u32>la;
  }
  if (isAlignmentChecked(cpu)) return 0;
  if (!translate(cpu, la, ACCESS_WRITE) || (cpu.watch != 0 && isWatchedPage(cpu, la))) return 0;
  const host = cpu.walkHost;
  return host != 0 && load<u32>(CODE_MAP + ((host >> 12) << 2)) == 0 ? host : 0;
}

/** Checks that [la, la + len) may be read or written (len up to 64 KiB), touching nothing; raises and returns false if not. */
export function probe(cpu: Cpu, la: u64, len: u32, isWrite: bool): bool {
  const access = isWrite ? ACCESS_WRITE : ACCESS_READ;
  if (!translate(cpu, la, access)) return false;
  let done = toPageEnd(la);
  let next = la;
  while (done < len) {
    next = nextPage(cpu, next);
    if (!translate(cpu, next, access)) return false;
    done += 4096;
  }
  return true;
}

/**
 * Host address of the instruction byte at `la`, entered for fetching; 0 with cpu.fault set when fetching
 * is not allowed, 0 without a fault when device memory answers.
 */
export function fetchHost(cpu: Cpu, la: u64): u32 {
  const entry = Tlb.entry(cpu, la);
  if (load<u64>(entry, TLB_TAG_X) == ((la & PAGE_MASK) | tagKey(cpu))) {
    return load<u32>(entry, TLB_ADDEND) + <u32>la;
  }
  return translate(cpu, la, ACCESS_FETCH) ? cpu.walkHost : 0;
}

/**
 * Implicit supervisor accesses (SDM vol. 3 4.6): descriptor tables and TSS, whatever the CPL. The TLB key
 * is switched to supervisor for the one access; SMAP applies to them regardless of RFLAGS.AC.
 */
function supervisorKey(cpu: Cpu): u64 {
  return (cpu.tlbKey & ~3) | ((cpu.cr4 & CR4_SMAP) != 0 ? ACCESS_KERNEL : ACCESS_ALL);
}

class Sys {
  // @ts-ignore: decorator
  @inline
  static ld<T>(cpu: Cpu, la: u64): T {
    const key = cpu.tlbKey;
    cpu.tlbKey = supervisorKey(cpu);
    const value = Mem.ld<T>(cpu, la);
    cpu.tlbKey = key;
    return value;
  }
  // @ts-ignore: decorator
  @inline
  static st<T>(cpu: Cpu, la: u64, value: T): void {
    // What failed before must not be followed by a store.
    if (cpu.fault != 0) return;
    const key = cpu.tlbKey;
    cpu.tlbKey = supervisorKey(cpu);
    Mem.st<T>(cpu, la, value);
    cpu.tlbKey = key;
  }
}

export function sysLd8(cpu: Cpu, la: u64): u32 {
  return Sys.ld<u8>(cpu, la);
}
export function sysLd16(cpu: Cpu, la: u64): u32 {
  return Sys.ld<u16>(cpu, la);
}
export function sysLd32(cpu: Cpu, la: u64): u32 {
  return Sys.ld<u32>(cpu, la);
}
export function sysLd64(cpu: Cpu, la: u64): u64 {
  return Sys.ld<u64>(cpu, la);
}
export function sysSt8(cpu: Cpu, la: u64, value: u32): void {
  Sys.st<u8>(cpu, la, <u8>value);
}
export function sysSt16(cpu: Cpu, la: u64, value: u32): void {
  Sys.st<u16>(cpu, la, <u16>value);
}
export function sysSt32(cpu: Cpu, la: u64, value: u32): void {
  Sys.st<u32>(cpu, la, value);
}
export function sysSt64(cpu: Cpu, la: u64, value: u64): void {
  Sys.st<u64>(cpu, la, value);
}
