import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockError } from "./error";
import { type RandomSource, ReadAheadNode } from "./read-ahead";

const OPTIONS = { chunkSize: 1024, windowSize: 4096, cacheSize: 8192 };

/** A source that remembers what was asked of it. */
class Source implements RandomSource {
  readonly name = "test.iso";
  readonly asked: [offset: number, len: number][] = [];
  isBroken = false;

  constructor(readonly data: Uint8Array) {}

  get size(): number {
    return this.data.length;
  }
  async fetch(offset: number, len: number): Promise<Uint8Array> {
    this.asked.push([offset, len]);
    if (this.isBroken) throw new BlockError("gone", this.name, "gone");
    return this.data.slice(offset, offset + len);
  }
}

function source(size: number): Source {
  return new Source(Uint8Array.from({ length: size }, (_, i) => (i * 31) ^ (i >> 8)));
}

async function read(node: ReadAheadNode, offset: number, len: number): Promise<Uint8Array> {
  const into = new Uint8Array(len).fill(0xee);
  await node.read(offset, into);
  return into;
}

describe("read-ahead", () => {
  it("gives the source's bytes whatever is read, zeroes past the end", async () => {
    const from = source(20_000);
    const node = new ReadAheadNode(from, OPTIONS);
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(21_000), fc.nat(5000)), { minLength: 1, maxLength: 12 }),
      async (reads) => {
        const results = await Promise.all(reads.map(([offset, len]) => read(node, offset, len)));
        results.forEach((result, i) => {
          const [offset, len] = reads[i];
          const expected = new Uint8Array(len);
          expected.set(from.data.subarray(offset, offset + len));
          expect(Buffer.compare(result, expected)).toBe(0);
        });
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it("fetches one chunk for a lone read, and once for two at a time", async () => {
    const from = source(20_000);
    const node = new ReadAheadNode(from, OPTIONS);
    await Promise.all([read(node, 5000, 10), read(node, 5100, 10)]);
    expect(from.asked).toEqual([[4096, 1024]]);
    await read(node, 4100, 500);
    expect(from.asked).toHaveLength(1);
  });

  it("fetches windows ahead of a sequential reader", async () => {
    const from = source(64 * 1024);
    const node = new ReadAheadNode(from, { ...OPTIONS, cacheSize: 65_536 });
    for (let at = 0; at < 12 * 1024; at += 512) await read(node, at, 512);
    expect(from.asked.slice(0, 3)).toEqual([
      [0, 1024],
      [1024, 4096],
      [5120, 4096],
    ]);
    expect(from.asked.length).toBeLessThanOrEqual(5);
  });

  it("forgets what was used least recently", async () => {
    const from = source(64 * 1024);
    const node = new ReadAheadNode(from, OPTIONS);
    for (let chunk = 0; chunk < 9; chunk++) await read(node, chunk * 2048, 1);
    const before = from.asked.length;
    await read(node, 8 * 2048, 1);
    expect(from.asked.length).toBe(before);
    await read(node, 0, 1);
    expect(from.asked.length).toBe(before + 1);
  });

  it("tries again after a failure and leaves the buffer alone meanwhile", async () => {
    const from = source(20_000);
    const node = new ReadAheadNode(from, OPTIONS);
    await read(node, 0, 10);
    from.isBroken = true;
    const into = new Uint8Array(2000).fill(7);
    await expect(node.read(500, into)).rejects.toMatchObject({ code: "gone" });
    expect(into.every((byte) => byte === 7)).toBe(true);
    from.isBroken = false;
    expect(await read(node, 500, 2000)).toEqual(from.data.slice(500, 2500));
  });

  it("refuses writes", async () => {
    const node = new ReadAheadNode(source(100), OPTIONS);
    await expect(node.write()).rejects.toMatchObject({ code: "read-only" });
  });
});
