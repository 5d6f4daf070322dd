/**
 * The device worker's side of the disk worker: a DiskBackend whose requests go out as messages and
 * whose completions are taken from the ring. The device worker calls `poll` whenever its doorbell rang.
 */
import {
  DISK_DISCARD,
  DISK_FLUSH,
  DISK_READ,
  DISK_WRITE,
  type DiskBackend,
  type DiskDone,
  type DiskRequest,
  type Segments,
} from "./backend";
import type { DiskRequestMessage } from "./disk-messages";
import { DISK_RING_ENTRIES, type DiskRing } from "./disk-ring";
import { statusError } from "./error";

export class DiskClient implements DiskBackend {
  private readonly ring: DiskRing;
  private readonly post: (message: DiskRequestMessage) => void;
  /** Callback of each request under way, by id; free ids are on the stack below. */
  private readonly done: (DiskDone | undefined)[] = [];
  private readonly freeIds: number[] = [];
  private readonly held: { request: DiskRequest & { node: number }; done: DiskDone }[] = [];
  private readonly limit: number;

  constructor(
    ring: DiskRing,
    post: (message: DiskRequestMessage) => void,
    limit = DISK_RING_ENTRIES,
  ) {
    this.ring = ring;
    this.post = post;
    this.limit = Math.min(limit, DISK_RING_ENTRIES);
  }

  /** Requests sent and not completed. */
  get inFlight(): number {
    return this.done.length - this.freeIds.length;
  }

  read(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.send({ node, op: DISK_READ, offset, segments }, done);
  }

  write(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.send({ node, op: DISK_WRITE, offset, segments }, done);
  }

  flush(node: number, done: DiskDone): void {
    this.send({ node, op: DISK_FLUSH, offset: 0, segments: [] }, done);
  }

  discard(node: number, offset: number, len: number, done: DiskDone): void {
    this.send({ node, op: DISK_DISCARD, offset, segments: [len] }, done);
  }

  /** Calls the callbacks of all requests that have completed; says how many. */
  poll(): number {
    return this.ring.drain((id, status) => {
      const done = this.done[id];
      this.done[id] = undefined;
      this.freeIds.push(id);
      const held = this.held.shift();
      if (held) this.send(held.request, held.done);
      done?.(statusError(status));
    });
  }

  private send(request: DiskRequest & { node: number }, done: DiskDone): void {
    const id = this.freeIds.pop() ?? (this.done.length < this.limit ? this.done.length : -1);
    if (id < 0) {
      this.held.push({ request, done });
      return;
    }
    this.done[id] = done;
    this.post({ id, ...request });
  }
}
