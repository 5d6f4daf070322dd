/**
 * Throw-away writes: what the guest writes stays in memory, 64 KiB clusters at a time, and everything
 * else is read from the node below (QEMU's -snapshot). Without a node below it is an empty disk in
 * memory. Memory grows with what the guest writes and is bounded by `limit`; beyond it writes fail
 * with "no-space" rather than taking the tab down.
 *
 * A cluster that is written in part is filled from below first. That read is asynchronous, so the rule
 * is: whoever finds a cluster in the map uses it, and a fill that comes back late never replaces one
 * that a full write has put there meanwhile.
 */
import { BlockError } from "./error";
import { type BlockNode, checkWrite, lengthWithin } from "./node";

const CLUSTER = 64 * 1024;

export interface OverlayOptions {
  /** Most bytes of clusters to keep. */
  limit?: number;
}

export class MemoryOverlay implements BlockNode {
  readonly isReadOnly = false;
  readonly name: string;
  readonly size: number;
  private readonly below: BlockNode;
  private readonly limit: number;
  private readonly clusters = new Map<number, Uint8Array>();
  private readonly fills = new Map<number, Promise<Uint8Array>>();

  constructor(below: BlockNode, options: OverlayOptions = {}) {
    this.below = below;
    this.name = below.name;
    this.size = below.size;
    this.limit = options.limit ?? 2 ** 30;
  }

  /** An empty disk of `size` bytes. */
  static blank(name: string, size: number, options?: OverlayOptions): MemoryOverlay {
    return new MemoryOverlay(new ZeroNode(name, size), options);
  }

  /** Bytes of memory in use. */
  get used(): number {
    return this.clusters.size * CLUSTER;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const len = lengthWithin(this.size, offset, into.length);
    into.fill(0, len);
    const reads: Promise<void>[] = [];
    for (let at = 0; at < len; ) {
      const { index, start, count } = piece(offset + at, len - at);
      const cluster = this.clusters.get(index);
      if (cluster) {
        into.set(cluster.subarray(start, start + count), at);
        at += count;
        continue;
      }
      // One read below for a whole run of clusters that are not here.
      let run = count;
      while (at + run < len && !this.clusters.has(Math.floor((offset + at + run) / CLUSTER))) {
        run += piece(offset + at + run, len - at - run).count;
      }
      reads.push(this.below.read(offset + at, into.subarray(at, at + run)));
      at += run;
    }
    await Promise.all(reads);
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    checkWrite(this, offset, from.length);
    const late: Promise<void>[] = [];
    for (let at = 0; at < from.length; ) {
      const { index, start, count } = piece(offset + at, from.length - at);
      const part = from.subarray(at, at + count);
      const cluster = this.clusters.get(index) ?? (count === CLUSTER ? this.add(index) : undefined);
      if (cluster) cluster.set(part, start);
      else late.push(this.fill(index).then((filled) => filled.set(part, start)));
      at += count;
    }
    await Promise.all(late);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  async discard(offset: number, len: number): Promise<void> {
    checkWrite(this, offset, len);
    for (let at = 0; at < len; ) {
      const { index, count } = piece(offset + at, len - at);
      // Forgetting a cluster would bring back what lies below, so it is zeroed instead.
      if (count === CLUSTER && this.below instanceof ZeroNode) this.clusters.delete(index);
      else await this.write(offset + at, new Uint8Array(count));
      at += count;
    }
  }

  async close(): Promise<void> {
    this.clusters.clear();
    await this.below.close();
  }

  private add(index: number): Uint8Array {
    if (this.used + CLUSTER > this.limit) {
      throw new BlockError(
        "no-space",
        this.name,
        `The guest wrote more than ${Math.round(this.limit / 2 ** 20)} MiB to "${this.name}", which only ` +
          "keeps writes in memory: use a disk that is stored.",
      );
    }
    const cluster = new Uint8Array(CLUSTER);
    this.clusters.set(index, cluster);
    return cluster;
  }

  private fill(index: number): Promise<Uint8Array> {
    let fill = this.fills.get(index);
    if (!fill) {
      fill = this.readBelow(index).finally(() => this.fills.delete(index));
      this.fills.set(index, fill);
    }
    return fill;
  }

  private async readBelow(index: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(CLUSTER);
    await this.below.read(index * CLUSTER, bytes);
    const cluster = this.clusters.get(index);
    if (cluster) return cluster;
    const added = this.add(index);
    added.set(bytes);
    return added;
  }
}

/** The part of [offset, offset + len) that lies in one cluster. */
function piece(offset: number, len: number): { index: number; start: number; count: number } {
  const index = Math.floor(offset / CLUSTER);
  const start = offset - index * CLUSTER;
  return { index, start, count: Math.min(len, CLUSTER - start) };
}

/** Nothing but zeroes. */
class ZeroNode implements BlockNode {
  readonly isReadOnly = true;
  readonly name: string;
  readonly size: number;

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }

  read(_offset: number, into: Uint8Array): Promise<void> {
    into.fill(0);
    return Promise.resolve();
  }

  async write(): Promise<void> {}
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}
