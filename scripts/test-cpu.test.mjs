import { expect, it } from "vitest";
import { parseFuzz } from "./fuzz.mjs";
import { parseTestCpu } from "./test-cpu.mjs";

it("reads the options of test:cpu", () => {
  expect(parseTestCpu(["--seed", "7", "--count", "30", "--only", "^Add"])).toEqual({
    seed: 7,
    count: 30,
    only: /^Add/,
    isAligned: false,
    isAtEdge: false,
    isRecord: false,
    pack: undefined,
  });
  expect(parseTestCpu(["--alignment"]).isAligned).toBe(true);
  expect(parseTestCpu(["--edges"]).isAtEdge).toBe(true);
  expect(parseTestCpu(["--pack", "x.pack"]).pack).toBe("x.pack");
  expect(() => parseTestCpu(["--seed", "x"])).toThrow("usage");
  expect(() => parseTestCpu(["--else"])).toThrow("usage");
});

it("reads the options of fuzz", () => {
  expect(parseFuzz(["--seconds", "3", "--seed", "9"])).toEqual({ seconds: 3, seed: 9, most: 5 });
  expect(() => parseFuzz(["--second", "3"])).toThrow("usage");
});
