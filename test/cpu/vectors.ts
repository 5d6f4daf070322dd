/**
 * Native vectors: for a form, a mode, a seed and a number, the cases that are run, on whatever runs them. 20 of
 * each form, 200 where flags are computed, shared out over the modes that have the form.
 */

import { Builder } from "./build";
import { CASE_SIZE, type Mode, OUTCOME_SIZE, Random } from "./case";
import { differences } from "./compare";
import type { Core } from "./core";
import { disassemble } from "./disassemble";
import { allForms, type Form } from "./forms";
import { isOffered, leniencyOf, testedElsewhere } from "./rules";

export const MODES = [64, 32, 16] as const;

export interface Batch {
  form: Form;
  mode: Mode;
  cases: Uint8Array;
  /** Length of each instruction. */
  lengths: number[];
}

/** How many of the vectors of a form each mode gets, in the order of MODES. */
const SHARES = [12, 5, 3];
const SHARE_SUM = 20;

/** Vectors of `form` in `mode` when a form gets `least`, or ten times as many where it computes flags. */
export function countOf(form: Form, mode: Mode, least = SHARE_SUM): number {
  const wanted = form.setsFlags ? least * 10 : least;
  const shares = MODES.map((m, i) => (form.encodings[m] ? SHARES[i] : 0));
  const sum = shares.reduce((a, b) => a + b, 0);
  return Math.ceil((wanted * shares[MODES.indexOf(mode)]) / sum);
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** `count` cases of a form; `isAtEdge`: their operands in memory lie at borders. */
export function makeBatch(
  form: Form,
  mode: Mode,
  count: number,
  seed: number,
  isAtEdge = false,
): Batch {
  const cases = new Uint8Array(count * CASE_SIZE);
  const view = new DataView(cases.buffer);
  const random = new Random(hashOf(`${form.name} ${mode}`) ^ Math.imul(seed, 0x632be5ab));
  const lengths = Array.from({ length: count }, (_, i) =>
    new Builder(random, mode, view, i * CASE_SIZE, isAtEdge).vector(form),
  );
  return { form, mode, cases, lengths };
}

/** Forms that vectors are for: what the core offers and programs can try. */
export async function vectorForms(core: Core, only = /^/): Promise<Form[]> {
  const forms = await allForms();
  return forms.filter(
    (form) => isOffered(form, core.features) && !testedElsewhere(form) && only.test(form.name),
  );
}

/** Every form in every mode it has. */
export function* batchesOf(
  forms: Form[],
  seed: number,
  least?: number,
  isAtEdge = false,
): Generator<Batch> {
  for (const form of forms)
    for (const mode of MODES) {
      if (form.encodings[mode])
        yield makeBatch(form, mode, countOf(form, mode, least), seed, isAtEdge);
    }
}

/** Where the core's outcomes are not the true ones, in words, one line per vector. */
export function compareBatch(
  { form, mode, cases, lengths }: Batch,
  truth: Uint8Array,
  core: Uint8Array,
): string[] {
  const leniency = leniencyOf([form]);
  return lengths.flatMap((_, i) => {
    const [from, to] = [i * OUTCOME_SIZE, (i + 1) * OUTCOME_SIZE];
    const found = differences(truth.subarray(from, to), core.subarray(from, to), leniency);
    if (found.length === 0) return [];
    const { bytes, text } = disassemble(cases.subarray(i * CASE_SIZE, i * CASE_SIZE + 15), mode);
    return [`${form.name} ${mode}-bit #${i}: ${bytes}: ${text} | ${found.join("; ")}`];
  });
}
