/**
 * Every instruction form against a real processor: the outcomes in test/cpu/recorded/, which any machine can
 * check. `npm run test:cpu` makes others, on the processor it runs on, and renews these (-- --record).
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { CASE_SIZE, OUT, OUTCOME_SIZE } from "./case";
import { Core } from "./core";
import type { Form } from "./forms";
import { decodeOutcomes, encodeOutcomes, readRecordings, sumOf } from "./recorded";
import { lacksVectors } from "./rules";
import { compareBatch, countOf, MODES, makeBatch, vectorForms } from "./vectors";

let core: Core;
let forms: Form[];
const recordings = readRecordings();

beforeAll(async () => {
  core = new Core(new Uint8Array(readFileSync(await buildCore({ say: () => {} }))));
  forms = await vectorForms(core);
});

describe("recorded vectors", () => {
  it("are there for every form that the core offers, 20, or 200 where flags are computed", () => {
    const lacking = forms
      .filter((form) => lacksVectors(form) === undefined)
      .flatMap((form) =>
        MODES.filter((mode) => {
          const count = recordings.get(`${form.name} ${mode}`)?.count ?? 0;
          return form.encodings[mode] && count < countOf(form, mode);
        }).map((mode) => `${form.name} ${mode}`),
      );
    expect(lacking, "record on a processor that has them: npm run test:cpu -- --record").toEqual(
      [],
    );
  });

  it("end on the core as they did on the processor", () => {
    const found: string[] = [];
    const stale: string[] = [];
    let count = 0;
    for (const form of forms)
      for (const mode of MODES) {
        const recording = recordings.get(`${form.name} ${mode}`);
        if (recording === undefined) continue;
        const batch = makeBatch(form, mode, recording.count, 0);
        if (sumOf(batch.cases) !== recording.sum) {
          stale.push(`${form.name} ${mode}`);
          continue;
        }
        const truth = decodeOutcomes(batch.cases, recording.bytes, batch.lengths);
        found.push(...compareBatch(batch, truth, core.run(batch.cases)));
        count += recording.count;
      }
    expect(stale, "other cases than those recorded: npm run test:cpu -- --record").toEqual([]);
    expect(found.slice(0, 20)).toEqual([]);
    expect(count).toBeGreaterThan(90_000);
  });
});

/** What the comparison would say if the core changed one byte of an outcome. */
function differencesAfter(change: (outcomes: DataView, at: number) => void): number {
  const form = forms.find(({ name }) => name === "Add_rm32_r32") as Form;
  const batch = makeBatch(form, 64, 5, 1);
  const truth = core.run(batch.cases);
  const changed = truth.slice();
  change(new DataView(changed.buffer), 3 * OUTCOME_SIZE);
  return compareBatch(batch, truth, changed).length;
}

describe("the comparison", () => {
  it.each([
    ["a register", OUT.regs + 8],
    ["a flag", OUT.flags],
    ["memory", OUT.hash],
    ["RIP", OUT.rip],
    ["the fault", OUT.trap],
    ["MXCSR", OUT.fx + 24],
    ["an upper half", OUT.high + 255],
    ["the x87 status", OUT.fx + 2],
  ])("finds a difference in %s", (_, offset) => {
    const flip = (outcomes: DataView, at: number) =>
      outcomes.setUint8(at + offset, outcomes.getUint8(at + offset) ^ 1);
    expect(differencesAfter(flip)).toBe(1);
    expect(differencesAfter(() => {})).toBe(0);
  });

  it("reads outcomes as they were written", () => {
    for (const name of ["Add_rm32_r32", "Fld_m80fp", "Addps_xmm_xmmm128"]) {
      const form = forms.find((one) => one.name === name) as Form;
      const batch = makeBatch(form, 64, 30, 2);
      expect(batch.cases.length).toBe(30 * CASE_SIZE);
      const outcomes = core.run(batch.cases);
      const encoded = encodeOutcomes(batch.cases, outcomes, batch.lengths);
      const decoded = decodeOutcomes(batch.cases, encoded, batch.lengths);
      expect(compareBatch(batch, outcomes, decoded)).toEqual([]);
    }
  });
});
