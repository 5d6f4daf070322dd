/**
 * Completions of disk requests on their way from the disk worker to the device worker, which sleeps in
 * Atomics.wait and would not see a message. In shared memory at DISK_RING (asm/layout.ts):
 *
 *   000  u32 head    completions published, modulo 2^32     written by the disk worker only
 *   040  u32 tail    completions taken, modulo 2^32         written by the device worker only
 *   080  f64 × 4     requests and bytes read, requests and bytes written: for the status line;
 *                    written by the disk worker only, without synchronisation
 *   100  entries     DISK_RING_ENTRIES × { u32 id, u32 status }: status 0 or an index of BLOCK_ERRORS + 1
 *
 * Invariant: 0 <= head - tail <= requests sent and not yet taken <= DISK_RING_ENTRIES. The device worker
 * holds back requests beyond that bound (disk-client.ts), so the ring is never full, the disk worker
 * never waits, and an entry is never overwritten before it was read. An entry is stored before the
 * atomic store of `head` that covers it, and read after the atomic load of `head` that shows it.
 */
import { DISK_RING_SIZE } from "../shared/layout";

const HEAD = 0x000;
const TAIL = 0x040;
const COUNTERS = 0x080;
const ENTRIES = 0x100;
const ENTRY_SIZE = 8;

export const DISK_RING_ENTRIES = 4096;

if (ENTRIES + DISK_RING_ENTRIES * ENTRY_SIZE > DISK_RING_SIZE)
  throw new Error("DISK_RING is too small");

export interface DiskCounters {
  reads: number;
  bytesRead: number;
  writes: number;
  bytesWritten: number;
}

export class DiskRing {
  private readonly words: Int32Array;
  private readonly totals: Float64Array;
  private readonly doorbell: Int32Array;

  /** `ring` and `doorbell` are byte offsets in `buffer`; the doorbell is Machine.deviceDoorbell. */
  constructor(buffer: SharedArrayBuffer, ring: number, doorbell: number) {
    this.words = new Int32Array(buffer, ring, DISK_RING_SIZE / 4);
    this.totals = new Float64Array(buffer, ring + COUNTERS, 4);
    this.doorbell = new Int32Array(buffer, doorbell, 1);
  }

  /** Disk worker: publishes one completion and wakes the device worker. */
  push(id: number, status: number): void {
    const head = Atomics.load(this.words, HEAD >> 2);
    const entry = entryIndex(head);
    this.words[entry] = id;
    this.words[entry + 1] = status;
    Atomics.store(this.words, HEAD >> 2, (head + 1) | 0);
    Atomics.add(this.doorbell, 0, 1);
    Atomics.notify(this.doorbell, 0);
  }

  /** Device worker: calls `take` for every completion that has arrived; says how many. */
  drain(take: (id: number, status: number) => void): number {
    let tail = Atomics.load(this.words, TAIL >> 2);
    let count = 0;
    while (tail !== Atomics.load(this.words, HEAD >> 2)) {
      const entry = entryIndex(tail);
      const id = this.words[entry];
      const status = this.words[entry + 1];
      tail = (tail + 1) | 0;
      // Stored before `take`, which may send the next request and so free this slot for reuse.
      Atomics.store(this.words, TAIL >> 2, tail);
      take(id, status);
      count++;
    }
    return count;
  }

  /** Disk worker: for the status line. */
  count(isWrite: boolean, bytes: number): void {
    const at = isWrite ? 2 : 0;
    this.totals[at] += 1;
    this.totals[at + 1] += bytes;
  }

  counters(): DiskCounters {
    const [reads, bytesRead, writes, bytesWritten] = this.totals;
    return { reads, bytesRead, writes, bytesWritten };
  }
}

function entryIndex(position: number): number {
  return (ENTRIES + ((position >>> 0) % DISK_RING_ENTRIES) * ENTRY_SIZE) >> 2;
}
