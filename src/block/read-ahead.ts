/**
 * A read-only node over a source whose every request is dear (a picked File: 0.5 ms, an HTTP range:
 * 20-40 ms) and whose bytes are cheap: requests are made in whole 256 KiB chunks, sequential readers
 * get 1 MiB windows fetched ahead of them, and a bounded cache keeps the most recently used chunks.
 *
 *   chunk      0     1     2     3     4     5     6     7     8
 *   read      ##
 *   read            ##        chunk 0 is here, so this is a sequential reader: fetch 1-4, mark 3
 *   read                        ## reaches the mark: fetch 5-8 behind its back, mark 5
 *
 * Sequential is judged by "the chunk before is here", which follows any number of streams at once.
 * Concurrent reads of one chunk share one request. A failed request is forgotten: the next read tries
 * again, so a network that comes back is a disk that comes back.
 */
import { type BlockNode, lengthWithin, refuseWrite } from "./node";

export interface RandomSource {
  readonly name: string;
  readonly size: number;
  /** Exactly [offset, offset + len), which lies within the source; rejects with a BlockError. */
  fetch(offset: number, len: number): Promise<Uint8Array>;
  close?(): void;
}

export interface ReadAheadOptions {
  chunkSize?: number;
  windowSize?: number;
  cacheSize?: number;
}

export class ReadAheadNode implements BlockNode {
  readonly isReadOnly = true;
  /** What went over the wire, for tests and the status line. */
  requests = 0;
  bytesFetched = 0;
  private readonly source: RandomSource;
  private readonly chunkSize: number;
  private readonly windowChunks: number;
  private readonly cacheChunks: number;
  private readonly chunkCount: number;
  /** Least recently used first: a Map keeps insertion order. */
  private readonly cache = new Map<number, Uint8Array>();
  private readonly pending = new Map<number, Promise<Uint8Array>>();
  private readonly marks = new Set<number>();

  constructor(source: RandomSource, options: ReadAheadOptions = {}) {
    this.source = source;
    this.chunkSize = options.chunkSize ?? 256 * 1024;
    this.windowChunks = Math.max(1, (options.windowSize ?? 1024 * 1024) / this.chunkSize);
    this.cacheChunks = Math.max(1, (options.cacheSize ?? 32 * 1024 * 1024) / this.chunkSize);
    this.chunkCount = Math.ceil(source.size / this.chunkSize);
  }

  get name(): string {
    return this.source.name;
  }

  get size(): number {
    return this.source.size;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const len = lengthWithin(this.size, offset, into.length);
    into.fill(0, len);
    if (len === 0) return;
    const first = Math.floor(offset / this.chunkSize);
    const last = Math.floor((offset + len - 1) / this.chunkSize);
    const parts: (Uint8Array | Promise<Uint8Array>)[] = [];
    for (let index = first; index <= last; index++) parts.push(this.chunk(index, last));
    // Settled all before the first copy: a read that fails leaves `into` untouched, and no rejection
    // of a later chunk goes unheard.
    const chunks = await Promise.all(parts);
    for (let index = first; index <= last; index++) {
      const base = index * this.chunkSize;
      const from = Math.max(offset, base);
      const to = Math.min(offset + len, base + this.chunkSize);
      into.set(chunks[index - first].subarray(from - base, to - base), from - offset);
    }
  }

  write(): Promise<void> {
    return Promise.reject(refuseWrite(this.name));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.cache.clear();
    this.source.close?.();
    return Promise.resolve();
  }

  /** Puts bytes that are known already (the probe of an HTTP server) into the cache. */
  prime(bytes: Uint8Array): void {
    for (let index = 0; index < this.chunkCount; index++) {
      const base = index * this.chunkSize;
      const end = Math.min(base + this.chunkSize, this.size);
      if (end > bytes.length) return;
      this.keep(index, bytes.slice(base, end));
    }
  }

  private chunk(index: number, last: number): Uint8Array | Promise<Uint8Array> {
    const cached = this.cache.get(index);
    if (cached) {
      this.cache.delete(index);
      this.cache.set(index, cached);
    } else if (!this.pending.has(index)) {
      const isSequential = this.isHere(index - 1) && index > 0;
      const wanted = last - index + 1;
      const count = this.start(index, isSequential ? Math.max(wanted, this.windowChunks) : wanted);
      if (isSequential) this.marks.add(index + (count >> 1));
    }
    if (this.marks.delete(index)) this.fetchAhead(index);
    return cached ?? (this.pending.get(index) as Promise<Uint8Array>);
  }

  private isHere(index: number): boolean {
    return this.cache.has(index) || this.pending.has(index);
  }

  private fetchAhead(index: number): void {
    let next = index + 1;
    while (next <= index + this.windowChunks && this.isHere(next)) next++;
    if (next >= this.chunkCount || this.isHere(next)) return;
    this.start(next, this.windowChunks);
    this.marks.add(next);
  }

  /** Requests up to `wanted` chunks from `index` that nobody has asked for; says how many. */
  private start(index: number, wanted: number): number {
    const limit = Math.min(wanted, this.windowChunks, this.chunkCount - index);
    let count = 1;
    while (count < limit && !this.isHere(index + count)) count++;
    const base = index * this.chunkSize;
    const len = Math.min(count * this.chunkSize, this.size - base);
    this.requests++;
    const request = this.source.fetch(base, len).then((bytes) => {
      this.bytesFetched += len;
      return bytes;
    });
    for (let i = 0; i < count; i++) {
      const start = i * this.chunkSize;
      const chunk = request.then(
        (bytes) => {
          this.pending.delete(index + i);
          const part = bytes.slice(start, start + this.chunkSize);
          this.keep(index + i, part);
          return part;
        },
        (error) => {
          this.pending.delete(index + i);
          this.marks.delete(index + i);
          throw error;
        },
      );
      chunk.catch(() => {}); // fetched ahead: nobody may be waiting
      this.pending.set(index + i, chunk);
    }
    return count;
  }

  private keep(index: number, chunk: Uint8Array): void {
    this.cache.set(index, chunk);
    if (this.cache.size <= this.cacheChunks) return;
    const oldest = this.cache.keys().next().value as number;
    this.cache.delete(oldest);
    this.marks.delete(oldest);
  }
}
