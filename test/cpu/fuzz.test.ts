/**
 * The fuzzer finds what is broken: cores with one wrong handler, compared with the right one, so that no real
 * processor is needed. Against the real one it runs for a few seconds.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { loadAsm } from "../asc";
import { Core } from "./core";
import type { Form } from "./forms";
import { type FuzzResult, fuzz } from "./fuzz";
import { fuzzThisProcessor } from "./run";
import { vectorForms } from "./vectors";

let path: string;
let core: Core;
let forms: Form[];

beforeAll(async () => {
  path = await buildCore({ say: () => {} });
  core = Core.load(path);
  forms = await vectorForms(core);
});

const root = new URL("../..", import.meta.url).pathname;

/** The core with `text` of a source file replaced. */
async function brokenCore(file: string, text: string, wrong: string): Promise<Core> {
  const source = readFileSync(`${root}${file}`, "utf8");
  expect(source).toContain(text);
  const { wasm } = await loadAsm("asm/index.ts", {
    replace: { [file]: source.replace(text, wrong) },
  });
  return new Core(wasm);
}

const fuzzCores = (suspect: Core): Promise<FuzzResult> =>
  fuzz({ truth: core, core: suspect, forms, seconds: 60, seed: 5, most: 1, say: () => {} });

describe("the fuzzer", () => {
  it("finds nothing between two equal cores", async () => {
    const result = await fuzz({ truth: core, core, forms, seconds: 2, seed: 1, say: () => {} });
    expect(result.findings).toEqual([]);
    expect(result.sequences).toBeGreaterThan(1000);
  });

  it("reduces a wrong instruction to itself", async () => {
    const right = "a == 0 ? 0 : ctz(a)";
    const suspect = await brokenCore("asm/exec/bits.ts", right, `${right} ^ u64(ctz(a) == 8)`);
    const { findings } = await fuzzCores(suspect);
    expect(findings[0]).toMatch(/^difference in \d\d-bit mode\n.* bsf /);
  });

  const isLinux = process.platform === "linux" && process.arch === "x64";
  it.skipIf(!isLinux)("finds nothing on this processor in some seconds", async () => {
    const result = await fuzzThisProcessor({ wasm: path, seconds: 10, seed: 2, say: () => {} });
    expect(result.findings).toEqual([]);
  });
});
