/** Devices raise lines and send MSIs from another thread while a vCPU acknowledges: nothing is lost or left locked. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { IRQCHIP } from "../../src/shared/layout";
import { type IrqMachine, loadIrqMachine } from "../../test/irqchip";

const DEVICE = `
  const { workerData, parentPort } = require("node:worker_threads");
  const { wasm, memory, rounds, kind, done } = workerData;
  const flag = new Int32Array(done);
  const host = new Proxy({ nowNs: () => 0, wakeVcpu: () => {} }, { get: (o, n) => o[n] ?? (() => 0) });
  WebAssembly.instantiate(wasm, { env: { memory, abort() {} }, host }).then(({ instance }) => {
    const core = instance.exports;
    for (let i = 0; i < rounds; i++) {
      if (kind === "level") {
        // A device holds its line until the driver has served it.
        core.irqSetLine(16, 1);
        while (Atomics.load(flag, 1) <= i);
        core.irqSetLine(16, 0);
        Atomics.store(flag, 2, i + 1);
      } else if (kind === "edge") {
        core.irqSetLine(10, 1);
        core.irqSetLine(10, 0);
      } else {
        core.msi(0xfee00000, 0x40 + (i % 64));
      }
    }
    Atomics.store(flag, 0, 1);
    parentPort.postMessage("done");
  });
`;

let m: IrqMachine;

beforeAll(async () => {
  m = await loadIrqMachine();
});
beforeEach(() => {
  m.reset();
  m.core.outb(0x21, 0xff);
  m.core.outb(0xa1, 0xff);
});

/** Runs `rounds` of the device in a worker and `step` here until it is done and nothing is pending. */
async function against(
  kind: string,
  rounds: number,
  step: (flag: Int32Array, vectors: number[]) => void,
) {
  const flag = new Int32Array(new SharedArrayBuffer(16));
  const { wasm, memory } = m;
  const workerData = { wasm, memory, rounds, kind, done: flag.buffer };
  const worker = new Worker(DEVICE, { eval: true, workerData });
  // It may be gone before the loop ends.
  const exited = once(worker, "exit");
  while (Atomics.load(flag, 0) === 0 || m.core.pending(0)) {
    for (let i = 0; i < 1000; i++) step(flag, m.take());
    await new Promise(setImmediate);
  }
  await exited;
  expect(new Int32Array(memory.buffer)[IRQCHIP >> 2]).toBe(0);
}

it("serves every round of a level-triggered device exactly once", async () => {
  m.redirect(16, 0x8050);
  const rounds = 3000;
  let served = 0;
  await against("level", rounds, (flag, vectors) => {
    for (const vector of vectors) {
      expect(vector).toBe(0x50);
      // An interrupt that finds its device already served is delivered again at most until the line falls.
      if (Atomics.load(flag, 1) === Atomics.load(flag, 2)) {
        served++;
        Atomics.add(flag, 1, 1);
        while (Atomics.load(flag, 2) !== served);
      }
      m.setLapic(0xb0, 0);
    }
  });
  expect(served).toBe(rounds);
  expect(m.ioapic(0x10 + 32)).toBe(0x8050);
});

it("delivers the last of any number of edges", async () => {
  m.redirect(10, 0x60);
  let count = 0;
  await against("edge", 20_000, (_, vectors) => {
    for (const _vector of vectors) {
      count++;
      m.setLapic(0xb0, 0);
    }
  });
  expect(count).toBeGreaterThan(0);
  expect(m.take()).toEqual([]);
  m.pulse(10);
  expect(m.take()).toEqual([0x60]);
});

it("keeps IRR bits that are set while others are acknowledged", async () => {
  const seen = new Set<number>();
  await against("msi", 50_000, (_, vectors) => {
    for (const vector of vectors) {
      seen.add(vector);
      m.setLapic(0xb0, 0);
    }
    while (m.core.pending(0)) {
      seen.add(m.core.ack(0));
      m.setLapic(0xb0, 0);
    }
  });
  expect(seen.size).toBe(64);
  expect([0x200, 0x210, 0x220, 0x230, 0x240].map((r) => m.lapic(r))).toEqual([0, 0, 0, 0, 0]);
});
