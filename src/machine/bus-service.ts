/**
 * The device worker's side of asm/bus.ts: carries out what vCPUs posted and what they wait for.
 *
 * Order: a vCPU's posted writes come before any later request of the same vCPU. Having seen
 * MAIL_REQUEST, this side drains that vCPU's ring up to the tail it then reads, and only then answers.
 * Rings have one producer (the vCPU) and one consumer (this): the head is stored after the entries were
 * carried out, and the tail is read once more after that, so that an entry posted meanwhile without a
 * doorbell is not left behind.
 */

import type { AccessSize } from "../memory/address-map";
import type { IoMap } from "../memory/io-map";
import type { PhysicalMap } from "../memory/physical-map";
import {
  ACCESS_MMIO_READ,
  ACCESS_MMIO_WRITE,
  ACCESS_PORT_READ,
  ACCESS_PORT_WRITE,
  MAIL_FLUSH,
  MAIL_REPLY,
  MAIL_REQUEST,
  Mailbox,
  RING_HEAD,
  RING_TAIL,
  RingEntry,
  VCPU_MAILBOX,
  VCPU_RING,
  VCPU_RING_ENTRIES,
} from "../shared/layout";
import { type SharedMemory, vcpuBase, vcpuCount } from "../shared/shared-memory";

export class BusService {
  private readonly count: number;
  /** Requests answered and posted writes carried out so far. */
  requests = 0;
  posted = 0;

  constructor(
    private readonly memory: SharedMemory,
    private readonly map: IoMap,
    private readonly physical: PhysicalMap,
  ) {
    this.count = vcpuCount(memory);
  }

  /** One look at every vCPU; false when there was nothing to do. */
  serve(): boolean {
    let didAnything = false;
    for (let index = 0; index < this.count; index++) {
      if (this.serveVcpu(index)) didAnything = true;
    }
    return didAnything;
  }

  serveVcpu(index: number): boolean {
    const box = vcpuBase(index) + VCPU_MAILBOX;
    const state = (box + Mailbox.state) >> 2;
    const isWaiting = Atomics.load(this.memory.i32, state) === MAIL_REQUEST;
    const didPosted = this.drain(index);
    if (!isWaiting) return didPosted;
    this.answer(box);
    Atomics.store(this.memory.i32, state, MAIL_REPLY);
    Atomics.notify(this.memory.i32, state);
    return true;
  }

  private drain(index: number): boolean {
    const { i32 } = this.memory;
    const base = vcpuBase(index);
    const headWord = (base + RING_HEAD) >> 2;
    const tailWord = (base + RING_TAIL) >> 2;
    let head = Atomics.load(i32, headWord);
    let tail = Atomics.load(i32, tailWord);
    if (head === tail) return false;
    do {
      for (; head !== tail; head = (head + 1) | 0) {
        this.carryOut(base + VCPU_RING + (head & (VCPU_RING_ENTRIES - 1)) * RingEntry.SIZE);
      }
      Atomics.store(i32, headWord, head);
      tail = Atomics.load(i32, tailWord);
    } while (head !== tail);
    return true;
  }

  private carryOut(entry: number): void {
    const { bytes, view } = this.memory;
    const size = bytes[entry + RingEntry.size] as AccessSize;
    const value = view.getUint32(entry + RingEntry.value, true);
    this.posted++;
    if (bytes[entry + RingEntry.kind] === ACCESS_PORT_WRITE) {
      this.map.portWrite(view.getUint32(entry + RingEntry.addr, true), size, value);
    } else {
      this.map.mmioWrite(this.address(entry + RingEntry.addr), size, value);
    }
  }

  private answer(box: number): void {
    const { view } = this.memory;
    const size = view.getUint32(box + Mailbox.size, true) as AccessSize;
    const address = this.address(box + Mailbox.addr);
    const value = view.getUint32(box + Mailbox.data, true);
    const generation = this.physical.generation;
    let reply = 0;
    this.requests++;
    switch (view.getUint32(box + Mailbox.kind, true)) {
      case ACCESS_PORT_READ:
        reply = this.map.portRead(address, size);
        break;
      case ACCESS_PORT_WRITE:
        this.map.portWrite(address, size, value);
        break;
      case ACCESS_MMIO_READ:
        reply = this.map.mmioRead(address, size);
        break;
      case ACCESS_MMIO_WRITE:
        this.map.mmioWrite(address, size, value);
        break;
    }
    view.setUint32(box + Mailbox.data, reply, true);
    view.setUint32(box + Mailbox.data + 4, 0, true);
    view.setUint32(
      box + Mailbox.flags,
      this.physical.generation === generation ? 0 : MAIL_FLUSH,
      true,
    );
  }

  private address(at: number): number {
    const { view } = this.memory;
    return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
  }
}
