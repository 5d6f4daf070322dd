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
import { type Batch, batchesOf, compareBatch, MODES, makeBatch, vectorForms } from "./vectors";

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

/** Cases that the host is given at once: each time costs two switches between processes. */
const ROUND = 2048;

/** Outcomes of several batches. */
async function truthOf(host: Host, batches: Batch[]): Promise<Uint8Array> {
  try {
    return await host.run(Buffer.concat(batches.map(({ cases }) => cases)));
  } catch (error) {
    if (error instanceof HostDied)
      error.message += ` of ${batches.map(({ form, mode }) => `${form.name} ${mode}`).join(", ")}`;
    throw error;
  }
}

/** Batches with what the host makes of them. */
async function* withTruth(
  host: Host,
  batches: Iterable<Batch>,
): AsyncGenerator<{ batch: Batch; truth: Uint8Array }> {
  let waiting: Batch[] = [];
  let count = 0;
  const answer = async () => {
    const truth = await truthOf(host, waiting);
    let at = 0;
    const answered = waiting.map((batch) => {
      const from = at;
      at += batch.lengths.length * OUTCOME_SIZE;
      return { batch, truth: truth.subarray(from, at) };
    });
    waiting = [];
    count = 0;
    return answered;
  };
  for (const batch of batches) {
    waiting.push(batch);
    count += batch.lengths.length;
    if (count >= ROUND) yield* await answer();
  }
  if (count > 0) yield* await answer();
}

function checkAlignment(batch: Batch): Batch {
  const { cases } = batch;
  const view = new DataView(cases.buffer, cases.byteOffset, cases.length);
  for (let at = CASE.flags; at < cases.length; at += CASE_SIZE)
    view.setUint32(at, view.getUint32(at, true) | RFLAGS_AC, true);
  return batch;
}

function* aligned(batches: Iterable<Batch>): Generator<Batch> {
  for (const batch of batches) yield checkAlignment(batch);
}

/** Compares; passed and failed vectors, and forms this processor does not have. */
export async function compareAll({ wasm, seed, count, only, isAligned, isAtEdge, say }: Options) {
  const core = Core.load(wasm);
  const host = openHost();
  const forms = await vectorForms(core, only);
  const totals = { passed: 0, failed: 0, missing: [] as string[] };
  const batches = batchesOf(forms, seed, count, isAtEdge);
  for await (const { batch, truth } of withTruth(host, isAligned ? aligned(batches) : batches)) {
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
  const batches = (await vectorForms(core)).flatMap((form) => {
    const mode = MODES.find((one) => form.encodings[one]);
    return mode === undefined ? [] : [makeBatch(form, mode, 4, 0)];
  });
  for await (const { batch, truth } of withTruth(host, batches))
    if (!isMissing(truth, core.run(batch.cases))) shared.push(batch.form);
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
  for await (const { batch, truth } of withTruth(host, batchesOf(await vectorForms(core), 0))) {
    const { form, mode, cases, lengths } = batch;
    if (isMissing(truth, core.run(cases))) {
      missing.push(`${form.name} ${mode}`);
      continue;
    }
    const file = mapOf(form);
    const list = files.get(file) ?? [];
    files.set(file, list);
    list.push({
      form: form.name,
      mode,
      count: lengths.length,
      sum: sumOf(cases),
      bytes: encodeOutcomes(cases, truth, lengths),
    });
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
  // Forms that 64-bit code has are asked there, the others in 32-bit code.
  const batches = (await vectorForms(core, only)).flatMap((form) => {
    const mode = ([64, 32] as const).find((one) => form.encodings[one]);
    return mode === undefined ? [] : [makeBatch(form, mode, 4 * count, seed)];
  });
  for await (const { batch, truth } of withTruth(host, batches)) {
    if (isMissing(truth, core.run(batch.cases))) continue;
    let found = 0;
    for (let n = 0; n < batch.lengths.length && found < count; n++) {
      const vector = packVector(core, batch, n, truth);
      if (vector === undefined) continue;
      vectors.push(vector);
      found++;
    }
  }
  host.close();
  writePackFile(path, vectors);
  say(`${path}: ${vectors.length} vectors`);
}
