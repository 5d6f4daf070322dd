/**
 * The bus of one vCPU: every port and device-memory access ends here and takes one of three ways, by the
 * class of the port (PORT_CLASS) or the range the address lies in.
 *
 *   in the core   irqchip (asm/irqchip/), VGA window (asm/vga-window.ts)      a call
 *   posted        ring at VCPU_RING, drained by the device worker             nobody waits
 *   synchronous   mailbox at VCPU_MAILBOX, host import deviceAccess           the vCPU waits
 *
 *   mailbox page  +000 Mailbox: one request   +040 ring tail (vCPU)   +080 ring head (device worker)
 *   ring          VCPU_RING_ENTRIES × RingEntry, used modulo their number
 *
 * What nobody answers reads as ones and swallows writes, as an undecoded bus cycle does. A multi-byte port
 * access goes where its first port goes; accesses of 8 bytes to device memory become two of 4, low half
 * first, because no device of this board decodes more.
 */

import { Cpu } from "./cpu/state";
import { deviceAccess, deviceKick } from "./host";
import { mmioRead, mmioWrite, ownsMmio, portRead, portWrite } from "./irqchip/index";
import {
  ACCESS_MMIO_READ,
  ACCESS_MMIO_WRITE,
  ACCESS_PORT_READ,
  ACCESS_PORT_WRITE,
  LOW_MAP_VGA,
  MACHINE,
  MAIL_FLUSH,
  MAIL_IDLE,
  MAIL_REPLY,
  MAIL_REQUEST,
  PORT_CLASS,
  PORT_CLASS_CORE,
  PORT_CLASS_NONE,
  PORT_CLASS_POSTED,
  PORT_CLASS_SHADOW,
  PORT_SHADOW,
  VCPU_MAILBOX,
  VCPU_RING,
  VCPU_RING_ENTRIES,
} from "./layout";
import { lowMap, MACHINE_REGIONS, MmioRegion, machine } from "./machine";
import { flushAll } from "./mmu/tlb";
import { vgaRead, vgaWrite } from "./vga-window";

/** One synchronous request. `state` is the only word both sides write; atomics only. */
@unmanaged
export class Mailbox {
  state: u32; // MAIL_*
  kind: u32; // ACCESS_*
  size: u32; // bytes: 1, 2, 4
  flags: u32; // of the reply: MAIL_FLUSH
  addr: u64; // port or gpa
  data: u64; // value written, or the reply's value
}

/** One posted write. */
@unmanaged
export class RingEntry {
  kind: u8; // ACCESS_PORT_WRITE or ACCESS_MMIO_WRITE
  size: u8; // 1, 2, 4
  reserved: u16;
  value: u32;
  addr: u64; // port or gpa
}

export const RING_TAIL: u32 = VCPU_MAILBOX + 0x40; // entries ever posted; written by the vCPU
export const RING_HEAD: u32 = VCPU_MAILBOX + 0x80; // entries ever carried out; written by the device worker

function mailbox(cpu: Cpu): Mailbox {
  return changetype<Mailbox>(changetype<usize>(cpu) + VCPU_MAILBOX);
}

/** Carries out one access of at most 4 bytes in the device worker and waits for it. */
function request(cpu: Cpu, kind: u32, addr: u64, size: u32, value: u32): u32 {
  const box = mailbox(cpu);
  box.kind = kind;
  box.size = size;
  box.flags = 0;
  box.addr = addr;
  box.data = <u64>value;
  // Invariant: a posted write is carried out before any later request of the same vCPU. This side stores
  // the ring tail before MAIL_REQUEST, both sequentially consistent; the device worker, having seen
  // MAIL_REQUEST, drains the ring up to the tail it then reads before it looks at the mailbox.
  atomic.store<u32>(changetype<usize>(box), MAIL_REQUEST);
  deviceAccess(cpu.id);
  const replied = atomic.load<u32>(changetype<usize>(box)) == MAIL_REPLY;
  const data = <u32>box.data;
  const flags = box.flags;
  atomic.store<u32>(changetype<usize>(box), MAIL_IDLE);
  // deviceAccess returns without a reply only while the machine is being torn down.
  if (!replied) return ~0;
  if ((flags & MAIL_FLUSH) != 0) flushAll(cpu);
  return data;
}

/** Queues a write that the vCPU does not wait for. */
function post(cpu: Cpu, kind: u32, addr: u64, size: u32, value: u32): void {
  const base = changetype<usize>(cpu);
  const tail = load<u32>(base, RING_TAIL);
  if (tail - atomic.load<u32>(base, RING_HEAD) >= VCPU_RING_ENTRIES) {
    // Full: the request drains the ring first, so order is kept.
    request(cpu, kind, addr, size, value);
    return;
  }
  const slot = (tail & (VCPU_RING_ENTRIES - 1)) * offsetof<RingEntry>();
  const entry = changetype<RingEntry>(base + VCPU_RING + slot);
  entry.kind = <u8>kind;
  entry.size = <u8>size;
  entry.value = value;
  entry.addr = addr;
  // Single producer, single consumer: the entry is complete before the tail names it. The head is read
  // after the tail is stored, and the consumer reads the tail once more after its last head: whichever
  // comes second sees the other, so either the consumer goes on or it is woken here.
  atomic.store<u32>(base, tail + 1, RING_TAIL);
  if (atomic.load<u32>(base, RING_HEAD) == tail) deviceKick(cpu.id);
}

/** All ones of `size` bytes (1, 2, 4). */
function ones(size: u32): u32 {
  return <u32>-1 >> (32 - (size << 3));
}

/** IN: the value read, zero-extended. */
export function ioRead(cpu: Cpu, port: u32, size: u32): u32 {
  switch (<u32>load<u8>(PORT_CLASS + (port & 0xffff))) {
    case PORT_CLASS_NONE:
      return ones(size);
    case PORT_CLASS_CORE:
      return portRead(cpu, port, size);
    case PORT_CLASS_SHADOW:
      if (size == 1) return <u32>atomic.load<u8>(PORT_SHADOW + (port & 0xffff));
      break;
    default:
      break;
  }
  return request(cpu, ACCESS_PORT_READ, <u64>port, size, 0) & ones(size);
}

/** OUT. */
export function ioWrite(cpu: Cpu, port: u32, size: u32, value: u32): void {
  value &= ones(size);
  switch (<u32>load<u8>(PORT_CLASS + (port & 0xffff))) {
    case PORT_CLASS_NONE:
      return;
    case PORT_CLASS_CORE:
      portWrite(cpu, port, size, value);
      return;
    case PORT_CLASS_POSTED:
    case PORT_CLASS_SHADOW:
      post(cpu, ACCESS_PORT_WRITE, <u64>port, size, value);
      return;
    default:
      request(cpu, ACCESS_PORT_WRITE, <u64>port, size, value);
  }
}

/** The device region that holds `gpa`, or null. */
function region(gpa: u64): MmioRegion | null {
  const count = machine().regionCount;
  let at: usize = MACHINE + MACHINE_REGIONS;
  for (let i: u32 = 0; i < count; i++) {
    const r = changetype<MmioRegion>(at);
    if (gpa >= r.base && gpa < r.end) return r;
    at += offsetof<MmioRegion>();
  }
  return null;
}

function inVgaWindow(gpa: u64): bool {
  return gpa >> 17 == 0xa0000 >> 17 && (lowMap(<u32>gpa) & LOW_MAP_VGA) != 0;
}

/** A load from device memory; `size` 1, 2, 4 or 8, zero-extended. */
export function mmioLoad(cpu: Cpu, gpa: u64, size: u32): u64 {
  if (ownsMmio(cpu, gpa)) return mmioRead(cpu, gpa, size);
  if (size == 8) return mmioLoad4(cpu, gpa, 4) | (mmioLoad4(cpu, gpa + 4, 4) << 32);
  return mmioLoad4(cpu, gpa, size);
}

function mmioLoad4(cpu: Cpu, gpa: u64, size: u32): u64 {
  if (inVgaWindow(gpa)) return <u64>vgaRead(<u32>gpa, size);
  if (region(gpa) === null) return <u64>ones(size);
  return <u64>(request(cpu, ACCESS_MMIO_READ, gpa, size, 0) & ones(size));
}

/** A store to device memory; `size` 1, 2, 4 or 8. */
export function mmioStore(cpu: Cpu, gpa: u64, size: u32, value: u64): void {
  if (ownsMmio(cpu, gpa)) {
    mmioWrite(cpu, gpa, size, value);
    return;
  }
  if (size == 8) {
    mmioStore4(cpu, gpa, 4, <u32>value);
    mmioStore4(cpu, gpa + 4, 4, <u32>(value >> 32));
    return;
  }
  mmioStore4(cpu, gpa, size, <u32>value & ones(size));
}

function mmioStore4(cpu: Cpu, gpa: u64, size: u32, value: u32): void {
  if (inVgaWindow(gpa)) {
    vgaWrite(<u32>gpa, size, value);
    return;
  }
  const r = region(gpa);
  if (r === null) return;
  if (r.posted != 0) post(cpu, ACCESS_MMIO_WRITE, gpa, size, value);
  else request(cpu, ACCESS_MMIO_WRITE, gpa, size, value);
}
