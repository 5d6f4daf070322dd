import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiskClient } from "../block/disk-client";
import type { DiskEvent, DiskRequestMessage } from "../block/disk-messages";
import { DISK_RING_ENTRIES, DiskRing } from "../block/disk-ring";
import type { BlockErrorCode } from "../block/error";
import { DISK_RING, DISK_RING_SIZE, MACHINE, Machine } from "../shared/layout";

const DOORBELL = MACHINE + Machine.deviceDoorbell;
const RAM_AT = DISK_RING + DISK_RING_SIZE;

describe("disk ring", () => {
  it("carries completions in order over many turns of its counters", () => {
    const buffer = new SharedArrayBuffer(RAM_AT);
    const words = new Int32Array(buffer, DISK_RING);
    words[0] = -3; // head and tail, about to wrap around 2^32
    words[16] = -3;
    const ring = new DiskRing(buffer, DISK_RING, DOORBELL);
    const seen: number[] = [];
    for (let id = 0; id < 3 * DISK_RING_ENTRIES; id += 3) {
      for (let i = 0; i < 3; i++) ring.push(id + i, 0);
      expect(ring.drain((taken) => seen.push(taken))).toBe(3);
    }
    expect(seen).toHaveLength(3 * DISK_RING_ENTRIES);
    expect(seen.every((id, i) => id === i)).toBe(true);
    expect(ring.drain(() => {})).toBe(0);
  });

  it("holds a full set of requests", () => {
    const ring = new DiskRing(new SharedArrayBuffer(RAM_AT), DISK_RING, DOORBELL);
    for (let id = 0; id < DISK_RING_ENTRIES; id++) ring.push(id, id & 3);
    const seen: number[] = [];
    ring.drain((id, status) => seen.push(status === (id & 3) ? id : -1));
    expect(seen.every((id, i) => id === i)).toBe(true);
  });
});

describe("disk client", () => {
  it("never has more requests out than the ring has room for", () => {
    const ring = new DiskRing(new SharedArrayBuffer(RAM_AT), DISK_RING, DOORBELL);
    const sent: DiskRequestMessage[] = [];
    const client = new DiskClient(ring, (message) => sent.push(message), 4);
    const done: number[] = [];
    for (let i = 0; i < 10; i++) client.read(0, i, [], () => done.push(i));
    expect(sent).toHaveLength(4);
    while (sent.length > 0) {
      const batch = sent.splice(0);
      expect(new Set(batch.map((message) => message.id)).size).toBe(batch.length);
      for (const message of batch) ring.push(message.id, 0);
      client.poll();
    }
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(client.inFlight).toBe(0);
  });
});

describe("disk worker in a thread", () => {
  const folder = mkdtempSync(join(tmpdir(), "disk-worker-"));
  const path = join(folder, "disk.img");
  const image = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 11) ^ (i >> 8));
  const buffer = new SharedArrayBuffer(RAM_AT + 8 * 1024 * 1024);
  const ram = new Uint8Array(buffer);
  const ring = new DiskRing(buffer, DISK_RING, DOORBELL);
  const events: DiskEvent[] = [];
  let worker: Worker;
  let client: DiskClient;

  beforeAll(async () => {
    writeFileSync(path, image);
    const file = join(folder, "disk-worker.mjs");
    const bundle = await rolldown({
      input: "src/cli/disk-worker.ts",
      platform: "node",
      logLevel: "silent",
    });
    await bundle.write({ file, format: "esm" });
    worker = new Worker(file);
    worker.on("message", (event: DiskEvent) => events.push(event));
    const { port1, port2 } = new MessageChannel();
    client = new DiskClient(ring, (message) => port1.postMessage(message));
    const start = { type: "start", buffer, ring: DISK_RING, doorbell: DOORBELL, requests: port2 };
    worker.postMessage(start, [port2]);
  });
  afterAll(async () => {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  });

  /** Waits as the device worker does: blocked, so that no message could reach it. */
  function block(isDone: () => boolean): void {
    const doorbell = new Int32Array(buffer, DOORBELL, 1);
    const deadline = Date.now() + 10_000;
    while (!isDone() && Date.now() < deadline) {
      const before = Atomics.load(doorbell, 0);
      if (client.poll() === 0) Atomics.wait(doorbell, 0, before, 100);
    }
    expect(isDone()).toBe(true);
  }

  async function open(node: number, spec: unknown, probeIso = false): Promise<DiskEvent> {
    const before = events.length;
    worker.postMessage({ type: "open", node, spec, probeIso });
    while (events.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
    return events[before];
  }

  it("opens, reads into shared memory and completes while the requester is blocked", async () => {
    const opened = await open(0, { source: { kind: "host", path } });
    expect(opened).toMatchObject({ type: "opened", name: "disk.img", info: { size: 3_000_000 } });
    const results: (BlockErrorCode | undefined)[] = [];
    for (let i = 0; i < 500; i++) {
      const offset = (i * 5003) % 2_900_000;
      const at = RAM_AT + i * 8192;
      client.read(0, offset, [at, 1000, at + 4096, 3000], (error) => results.push(error));
    }
    block(() => results.length === 500);
    expect(results.every((error) => error === undefined)).toBe(true);
    for (let i = 0; i < 500; i++) {
      const offset = (i * 5003) % 2_900_000;
      const at = RAM_AT + i * 8192;
      const got = Buffer.concat([ram.slice(at, at + 1000), ram.slice(at + 4096, at + 7096)]);
      expect(got.equals(image.subarray(offset, offset + 4000))).toBe(true);
    }
    expect(ring.counters()).toMatchObject({ reads: 500, bytesRead: 2_000_000 });
  });

  it("writes, and a flush comes after the writes before it", async () => {
    await open(1, { source: { kind: "host", path }, snapshot: true });
    const order: string[] = [];
    ram.fill(0x77, RAM_AT, RAM_AT + 100_000);
    client.write(1, 5000, [RAM_AT, 100_000], () => order.push("write"));
    client.flush(1, () => order.push("flush"));
    block(() => order.length === 2);
    expect(order).toEqual(["write", "flush"]);
    let isRead = false;
    client.read(1, 4999, [RAM_AT + 200_000, 3], () => {
      isRead = true;
    });
    block(() => isRead);
    expect([...ram.slice(RAM_AT + 200_000, RAM_AT + 200_003)]).toEqual([image[4999], 0x77, 0x77]);
  });

  it("reports what is wrong with an image and with a node that is not open", async () => {
    expect(await open(2, { source: { kind: "host", path: "/nowhere.iso" } })).toMatchObject({
      type: "failed",
      node: 2,
      code: "not-found",
    });
    const opened = await open(3, { source: { kind: "host", path }, readOnly: true }, true);
    expect(opened).toMatchObject({ iso: { isIso: false, problem: { code: "not-iso" } } });
    let result: BlockErrorCode | undefined;
    client.read(9, 0, [RAM_AT, 10], (error) => {
      result = error;
    });
    block(() => result !== undefined);
    expect(result).toBe("closed");
  });

  it("tells the host once why requests fail", async () => {
    await open(4, { source: { kind: "host", path }, readOnly: true });
    const results: (BlockErrorCode | undefined)[] = [];
    for (let i = 0; i < 3; i++) client.write(4, 0, [RAM_AT, 10], (error) => results.push(error));
    block(() => results.length === 3);
    expect(results).toEqual(["read-only", "read-only", "read-only"]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events.filter((event) => event.type === "error")).toHaveLength(1);
  });
});
