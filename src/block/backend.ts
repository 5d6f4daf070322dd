/**
 * How a device model reaches its disk: requests with completions, addressed by node number, moving
 * bytes between the node and the shared memory in place. The segments say where: [host offset, length]
 * pairs, checked by the device against guest RAM before they come here, in transfer order.
 *
 * `done` is always called, exactly once, on the device's thread, never from inside the request itself.
 * A flush covers every write whose `done` was called before it. Nothing can be taken back: a device
 * that is reset has to wait for its requests before it tells the guest that the reset is over, because
 * they still write to guest RAM.
 */
import { type BlockErrorCode, toBlockError } from "./error";
import type { BlockNode } from "./node";

export type DiskDone = (error: BlockErrorCode | undefined) => void;

/** [host offset, length, host offset, length, ...] */
export type Segments = readonly number[];

export interface DiskBackend {
  read(node: number, offset: number, segments: Segments, done: DiskDone): void;
  write(node: number, offset: number, segments: Segments, done: DiskDone): void;
  flush(node: number, done: DiskDone): void;
  /** The range reads as zeroes afterwards, or is left as it was where a node cannot do that. */
  discard(node: number, offset: number, len: number, done: DiskDone): void;
}

/** What a device has to know of the node behind it. */
export interface DiskInfo {
  node: number;
  size: number;
  isReadOnly: boolean;
  canDiscard: boolean;
}

export const DISK_READ = 1;
export const DISK_WRITE = 2;
export const DISK_FLUSH = 3;
export const DISK_DISCARD = 4;

export interface DiskRequest {
  op: number; // DISK_*
  offset: number;
  /** Segments, or the length of a discard as the only element. */
  segments: Segments;
}

/** Scattered requests up to this size go through one contiguous buffer: one access of the node, not many. */
const BOUNCE_LIMIT = 1024 * 1024;

/** Carries out one request on a node, with `memory` the bytes that host offsets count from. */
export async function runRequest(
  node: BlockNode,
  request: DiskRequest,
  memory: Uint8Array,
): Promise<void> {
  const { op, offset, segments } = request;
  if (op === DISK_FLUSH) return node.flush();
  if (op === DISK_DISCARD) return node.discard?.(offset, segments[0]);
  const parts: Uint8Array[] = [];
  let len = 0;
  for (let i = 0; i < segments.length; i += 2) {
    parts.push(memory.subarray(segments[i], segments[i] + segments[i + 1]));
    len += segments[i + 1];
  }
  const access = (at: number, bytes: Uint8Array) =>
    op === DISK_READ ? node.read(at, bytes) : node.write(at, bytes);
  if (parts.length === 1) return access(offset, parts[0]);
  if (len > BOUNCE_LIMIT) return accessEach(offset, parts, access);
  const bounce = new Uint8Array(len);
  if (op === DISK_READ) await node.read(offset, bounce);
  let at = 0;
  for (const part of parts) {
    if (op === DISK_READ) part.set(bounce.subarray(at, at + part.length));
    else bounce.set(part, at);
    at += part.length;
  }
  if (op === DISK_WRITE) await node.write(offset, bounce);
}

async function accessEach(
  offset: number,
  parts: Uint8Array[],
  access: (at: number, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let at = offset;
  const all = parts.map((part) => {
    at += part.length;
    return access(at - part.length, part);
  });
  // All of them, also after a failure: `done` promises that nothing touches the memory any more.
  const results = await Promise.allSettled(all);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** The backend without a worker: nodes on the device's own thread. For tests and the simplest host. */
export class InlineBackend implements DiskBackend {
  private readonly memory: Uint8Array;
  private readonly nodes: Map<number, BlockNode>;

  constructor(memory: Uint8Array, nodes: Map<number, BlockNode>) {
    this.memory = memory;
    this.nodes = nodes;
  }

  read(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.run(node, { op: DISK_READ, offset, segments }, done);
  }

  write(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.run(node, { op: DISK_WRITE, offset, segments }, done);
  }

  flush(node: number, done: DiskDone): void {
    this.run(node, { op: DISK_FLUSH, offset: 0, segments: [] }, done);
  }

  discard(node: number, offset: number, len: number, done: DiskDone): void {
    this.run(node, { op: DISK_DISCARD, offset, segments: [len] }, done);
  }

  private run(number: number, request: DiskRequest, done: DiskDone): void {
    const node = this.nodes.get(number);
    if (!node) {
      queueMicrotask(() => done("closed"));
      return;
    }
    runRequest(node, request, this.memory).then(
      () => done(undefined),
      (error) => done(toBlockError(error, node.name).code),
    );
  }
}

export function diskInfo(number: number, node: BlockNode): DiskInfo {
  return {
    node: number,
    size: node.size,
    isReadOnly: node.isReadOnly,
    canDiscard: node.discard !== undefined,
  };
}
