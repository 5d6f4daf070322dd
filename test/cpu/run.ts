/**
 * The long checks of the processor, run by scripts/test-cpu.mjs: native vectors made afresh from a seed, on this
 * processor and on the core; and what is recorded of them (test/cpu/recorded/).
 */
import { CASE, CASE_SIZE, OUT, OUTCOME_SIZE } from "./case";
import { Core } from "./core";
import { type Form, mapOf } from "./forms";
import { type FuzzOptions, type FuzzResult, fuzz } from "./fuzz";
import { Host, HostDied } from "./host";
import { packVector, writePackFile } from "./pack";
import { encodeOutcomes, type Recording, sumOf, writeRecordings } from "./recorded";
import {
  type Batch,
  batchesOf,
  compareBatch,
  countOf,
  MODES,
  makeBatch,
  vectorForms,
} from "./vectors";

export interface Options {
  /** Path of the core. */
  wasm: string;
  seed: number;
  /** Vectors of a form, and ten times as many where flags are computed. */
  count: number;
  only: RegExp;
  /** Every case has alignment checking on. */
  isAligned?: boolean;
  /** Operands in memory lie at the borders of pages, segments and address spaces. */
  isAtEdge?: boolean;
  say(line: string): void;
}

const UD = 6;
const RFLAGS_AC = 0x4_0000;

/** The host has no such instruction although the core has. */
function isMissing(truth: Uint8Array, core: Uint8Array): boolean {
  const traps = (outcomes: Uint8Array) => {
    const view = new DataView(outcomes.buffer, outcomes.byteOffset, outcomes.length);
    return Array.from({ length: outcomes.length / OUTCOME_SIZE }, (_, i) =>
      view.getUint32(i * OUTCOME_SIZE + OUT.trap, true),
    );
  };
  return traps(truth).every((trap) => trap === UD) && traps(core).some((trap) => trap !== UD);
}

function openHost(): Host {
  const host = Host.open();
  if (host === undefined) throw new Error("native vectors need gcc and Linux on x86-64.");
  return host;
}

async function truthOf(host: Host, batch: Batch): Promise<Uint8Array> {
  try {
    return await host.run(batch.cases);
  } catch (error) {
    if (error instanceof HostDied)
      error.message += ` of ${batch.form.name} in ${batch.mode}-bit mode`;
    throw error;
  }
}

function checkAlignment({ cases }: Batch): void {
  const view = new DataView(cases.buffer, cases.byteOffset, cases.length);
  for (let at = CASE.flags; at < cases.length; at += CASE_SIZE)
    view.setUint32(at, view.getUint32(at, true) | RFLAGS_AC, true);
}

/** Compares; passed and failed vectors, and forms this processor does not have. */
export async function compareAll({ wasm, seed, count, only, isAligned, isAtEdge, say }: Options) {
  const core = Core.load(wasm);
  const host = openHost();
  const forms = await vectorForms(core, only);
  const totals = { passed: 0, failed: 0, missing: [] as string[] };
  for (const batch of batchesOf(forms, seed, count, isAtEdge)) {
    if (isAligned) checkAlignment(batch);
    const truth = await truthOf(host, batch);
    const ours = core.run(batch.cases);
    if (isMissing(truth, ours)) {
      totals.missing.push(`${batch.form.name} ${batch.mode}`);
      continue;
    }
    const found = compareBatch(batch, truth, ours);
    totals.failed += found.length;
    totals.passed += batch.lengths.length - found.length;
    for (const line of found.slice(0, 2)) say(line);
  }
  host.close();
  return totals;
}

/** Forms that this processor has as well, as far as one instance of each tells. */
async function sharedForms(core: Core, host: Host): Promise<Form[]> {
  const shared: Form[] = [];
  for (const form of await vectorForms(core)) {
    const mode = MODES.find((one) => form.encodings[one]);
    if (mode === undefined) continue;
    const batch = makeBatch(form, mode, 4, 0);
    if (!isMissing(await truthOf(host, batch), core.run(batch.cases))) shared.push(form);
  }
  return shared;
}

/** The fuzzer on this processor and the core. */
export async function fuzzThisProcessor(
  options: Pick<FuzzOptions, "seconds" | "seed" | "most" | "say"> & { wasm: string },
): Promise<FuzzResult> {
  const core = Core.load(options.wasm);
  const host = openHost();
  const forms = await sharedForms(core, host);
  const result = await fuzz({ ...options, truth: host, core, forms });
  host.close();
  return result;
}

/** Runs the committed numbers of vectors natively and writes their outcomes. Forms this processor lacks keep theirs out. */
export async function record({ wasm, say }: Pick<Options, "wasm" | "say">): Promise<void> {
  const core = Core.load(wasm);
  const host = openHost();
  const files = new Map<string, Recording[]>();
  const missing: string[] = [];
  for (const form of await vectorForms(core)) {
    for (const mode of MODES) {
      if (!form.encodings[mode]) continue;
      const batch = makeBatch(form, mode, countOf(form, mode), 0);
      const truth = await truthOf(host, batch);
      if (isMissing(truth, core.run(batch.cases))) {
        missing.push(`${form.name} ${mode}`);
        continue;
      }
      const file = mapOf(form);
      const list = files.get(file) ?? [];
      files.set(file, list);
      list.push({
        form: form.name,
        mode,
        count: batch.lengths.length,
        sum: sumOf(batch.cases),
        bytes: encodeOutcomes(batch.cases, truth, batch.lengths),
      });
    }
  }
  host.close();
  for (const [file, recordings] of files) {
    writeRecordings(file, recordings);
    const count = recordings.reduce((sum, recording) => sum + recording.count, 0);
    say(`${file}: ${recordings.length} forms and modes, ${count} vectors`);
  }
  if (missing.length) say(`not on this processor: ${missing.join(", ")}`);
}

/** Writes a pack of vectors that went through, at most `count` of each form and mode, as this processor did them. */
export async function writePack(options: Options & { path: string }): Promise<void> {
  const { wasm, seed, count, only, path, say } = options;
  const core = Core.load(wasm);
  const host = openHost();
  const vectors: Uint8Array[] = [];
  for (const form of await vectorForms(core, only)) {
    for (const mode of [64, 32] as const) {
      // Forms that 64-bit code has are asked there, the others in 32-bit code.
      if (!form.encodings[mode] || (mode === 32 && form.encodings[64])) continue;
      const batch = makeBatch(form, mode, 4 * count, seed);
      const truth = await truthOf(host, batch);
      if (isMissing(truth, core.run(batch.cases))) continue;
      let found = 0;
      for (let n = 0; n < batch.lengths.length && found < count; n++) {
        const vector = packVector(core, batch, n, truth);
        if (vector === undefined) continue;
        vectors.push(vector);
        found++;
      }
    }
  }
  host.close();
  writePackFile(path, vectors);
  say(`${path}: ${vectors.length} vectors`);
}
