/**
 * Timers of device models: a binary heap of deadlines in guest nanoseconds. Nobody is called back from
 * a clock of its own; whoever runs the devices asks `nextNs` how long it may sleep and calls `poll`.
 *
 * Two timers due at the same time fire in the order they were made. A callback may make and cancel
 * timers; one that is made for a time already past fires in the same `poll`, so a device that always
 * re-arms in the past would never let go: `poll` gives up after a bound and goes on at the next call.
 */
import type { Clock, Timer } from "./clock";

const MAX_PER_POLL = 10_000;

class Entry implements Timer {
  /** Cleared by cancel and by firing. */
  callback: (() => void) | undefined;

  constructor(
    readonly atNs: number,
    readonly order: number,
    callback: () => void,
  ) {
    this.callback = callback;
  }

  cancel(): void {
    this.callback = undefined;
  }

  isBefore(other: Entry): boolean {
    return this.atNs < other.atNs || (this.atNs === other.atNs && this.order < other.order);
  }
}

export class TimerQueue implements Clock {
  private readonly heap: Entry[] = [];
  private order = 0;

  constructor(readonly nowNs: () => number) {}

  at(atNs: number, callback: () => void): Timer {
    const entry = new Entry(atNs, this.order++, callback);
    this.push(entry);
    return entry;
  }

  /** Deadline of the earliest timer, Infinity without one. */
  get nextNs(): number {
    this.dropCancelled();
    return this.heap[0]?.atNs ?? Number.POSITIVE_INFINITY;
  }

  /** Fires everything that is due. */
  poll(): void {
    const now = this.nowNs();
    for (let fired = 0; fired < MAX_PER_POLL && this.nextNs <= now; fired++) {
      const { callback } = this.pop();
      callback?.();
    }
  }

  private dropCancelled(): void {
    while (this.heap.length > 0 && !this.heap[0].callback) this.pop();
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!heap[at].isBefore(heap[parent])) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  private pop(): Entry {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop() as Entry;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && heap[child].isBefore(heap[least])) least = child;
      }
      if (least === at) return first;
      this.swap(at, least);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b], heap[a]];
  }
}
