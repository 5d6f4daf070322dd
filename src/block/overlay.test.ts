import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryOverlay } from "./overlay";
import { ChunkedNode } from "./source-http";

const SIZE = 300_000; // four clusters and a part

function base(): Uint8Array {
  return Uint8Array.from({ length: SIZE }, (_, i) => (i * 13) ^ (i >> 7));
}

describe("memory overlay", () => {
  it("behaves as an array does, and leaves what lies below alone", async () => {
    const range = fc.tuple(fc.nat(SIZE - 1), fc.nat(80_000), fc.nat(255));
    const step = fc.tuple(fc.constantFrom("write", "read", "discard"), range);
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const below = base();
      const model = base();
      const overlay = new MemoryOverlay(new ChunkedNode("base", [below], SIZE));
      for (const [kind, [offset, want, value]] of steps) {
        const len = Math.min(want, SIZE - offset);
        if (kind === "write") {
          const data = new Uint8Array(len).fill(value + 1);
          await overlay.write(offset, data);
          model.set(data, offset);
        } else if (kind === "discard") {
          await overlay.discard(offset, len);
          model.fill(0, offset, offset + len);
        } else {
          const into = new Uint8Array(len);
          await overlay.read(offset, into);
          expect(Buffer.compare(into, model.subarray(offset, offset + len))).toBe(0);
        }
      }
      const all = new Uint8Array(SIZE);
      await overlay.read(0, all);
      expect(Buffer.compare(all, model)).toBe(0);
      expect(Buffer.compare(below, base())).toBe(0);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it("loses no write when several touch one cluster at once", async () => {
    const overlay = new MemoryOverlay(new ChunkedNode("base", [base()], SIZE));
    await Promise.all(
      Array.from({ length: 16 }, (_, i) => overlay.write(i * 100, new Uint8Array(100).fill(i + 1))),
    );
    const into = new Uint8Array(1600);
    await overlay.read(0, into);
    expect(Array.from({ length: 16 }, (_, i) => into[i * 100 + 50])).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
  });

  it("keeps a full write that overtakes a partial one still reading from below", async () => {
    const below = new ChunkedNode("base", [base()], SIZE);
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = { ...below, name: "slow", size: SIZE, isReadOnly: true };
    const read = async (offset: number, into: Uint8Array) => {
      await gate;
      await below.read(offset, into);
    };
    const overlay = new MemoryOverlay(Object.assign(Object.create(below), slow, { read }));
    const partial = overlay.write(10, new Uint8Array(10).fill(1));
    await overlay.write(0, new Uint8Array(65_536).fill(2));
    release();
    await partial;
    const into = new Uint8Array(65_536);
    await overlay.read(0, into);
    expect([into[5], into[15], into[65_535]]).toEqual([2, 1, 2]);
  });

  it("reads as zeroes when blank and takes no memory before the first write", async () => {
    const disk = MemoryOverlay.blank("new", 2 ** 40);
    const into = new Uint8Array(100).fill(1);
    await disk.read(2 ** 39, into);
    expect(into).toEqual(new Uint8Array(100));
    expect(disk.used).toBe(0);
  });

  it("refuses writes past the end and beyond its limit", async () => {
    const disk = MemoryOverlay.blank("new", 1_000_000, { limit: 128 * 1024 });
    await expect(disk.write(999_999, new Uint8Array(2))).rejects.toMatchObject({
      code: "out-of-range",
    });
    await disk.write(0, new Uint8Array(128 * 1024));
    await expect(disk.write(500_000, new Uint8Array(1))).rejects.toMatchObject({
      code: "no-space",
    });
  });
});
