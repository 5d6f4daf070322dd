/**
 * Every instruction form against the processor the tests run on, on other operands than the recorded ones.
 * `npm run test:cpu` does it at length.
 */
import { describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { isIntel } from "../native";
import { compareAll, type Options } from "./run";

const ROUNDS: [string, Omit<Options, "wasm" | "say">][] = [
  ["of every form", { seed: 1, count: 20, only: /^/ }],
  ["with alignment checked", { seed: 2, count: 20, only: /^/, isAligned: true }],
  ["at borders", { seed: 3, count: 10, only: /^/, isAtEdge: true }],
  ["of the x87", { seed: 4, count: 600, only: /^(F(?!x)|Wait)/ }],
  ["of its functions", { seed: 5, count: 3000, only: /^F(2xm1|yl2x|sin|cos|ptan|patan)/ }],
  ["in vector registers", { seed: 6, count: 60, only: /mm/ }],
];

describe.skipIf(!isIntel())("this processor and the core", () => {
  it.each(ROUNDS)("agree on operands %s", async (_, options) => {
    const wasm = await buildCore({ say: () => {} });
    const found: string[] = [];
    const { passed } = await compareAll({ ...options, wasm, say: (line) => found.push(line) });
    expect(found.slice(0, 20)).toEqual([]);
    expect(passed).toBeGreaterThan(20_000);
  });
});
