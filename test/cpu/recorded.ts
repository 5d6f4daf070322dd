/**
 * Outcomes of native vectors as they are kept in test/cpu/recorded/: what a real processor made of the cases that
 * the builder makes of a form, a mode and a number. The cases are not kept, only a sum that tells when the builder
 * makes others than those that were run.
 *
 *   file    gzip of blocks
 *   block   name of the form (u8 length, text), mode u8, count u16, sum of the cases u32, bytes u32, outcomes
 *   outcome one entry per 8 bytes that differ from the default, 00 00 behind the last
 *   entry   u16: bits 0-6 word + 1, bit 7 given as difference (XOR), bits 8-11 length; then its bytes, upper
 *           zero bytes left out
 *
 * The default is that nothing happens but that the next instruction, INT3, is reached.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  CASE,
  CASE_SIZE,
  CODE,
  DATA,
  dataPages,
  hashPages,
  type Mode,
  OUT,
  OUTCOME_SIZE,
  START,
  TRAP_END,
} from "./case";

const FOLDER = new URL("recorded/", import.meta.url).pathname;
const WORDS = OUTCOME_SIZE / 8;

export interface Recording {
  form: string;
  mode: Mode;
  count: number;
  /** Sum of the cases that were run. */
  sum: number;
  /** Encoded outcomes. */
  bytes: Uint8Array;
}

export function sumOf(cases: Uint8Array): number {
  const words = new Int32Array(cases.buffer, cases.byteOffset, cases.length >> 2);
  let sum = 0x811c9dc5 | 0;
  for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i], 0x01000193) ^ (sum >>> 15);
  return sum >>> 0;
}

const pages = new Int32Array(dataPages().buffer);
const pageBytes = new Uint8Array(pages.buffer);
const emptyHash = hashPages(pages);

/** Outcome of a case whose instruction of `len` bytes does nothing. */
function defaultOutcome(cases: DataView, at: number, len: number): DataView {
  const outcome = new DataView(new ArrayBuffer(OUTCOME_SIZE));
  const to = new Uint8Array(outcome.buffer);
  const from = new Uint8Array(cases.buffer, cases.byteOffset + at, CASE_SIZE);
  const mode = cases.getUint32(at + CASE.mode, true);
  to.set(from.subarray(CASE.regs, CASE.regs + 128), OUT.regs);
  to.set(from.subarray(CASE.fx, CASE.fx + 416 + 256), OUT.fx);
  outcome.setUint32(OUT.fx + 28, 0, true);
  const start = mode === 16 ? START - CODE : START;
  outcome.setBigUint64(OUT.rip, BigInt(start + len + 1), true);
  outcome.setUint32(OUT.flags, cases.getUint32(at + CASE.flags, true) | 0x202, true);
  outcome.setUint32(OUT.trap, TRAP_END, true);
  outcome.setUint16(OUT.cs, mode === 64 ? 0x33 : mode === 32 ? 0x23 : 0x07, true);
  outcome.setUint16(OUT.ss, mode === 16 ? 0x17 : 0x2b, true);
  const data = mode === 64 ? 0 : mode === 32 ? 0x2b : 0x0f;
  outcome.setUint32(OUT.ds, data | (data << 16), true);
  if (mode === 64) outcome.setBigUint64(OUT.gsBase, BigInt(DATA + 0x100), true);
  const [low, high] = hashBefore(cases, at);
  outcome.setUint32(OUT.hash, low, true);
  outcome.setUint32(OUT.hash + 4, high, true);
  return outcome;
}

/** Hash of the data pages that the case begins with. */
function hashBefore(cases: DataView, at: number): [number, number] {
  const len = cases.getUint32(at + CASE.patchLen, true);
  if (len === 0) return emptyHash;
  const offset = cases.getUint32(at + CASE.patchAt, true) - DATA;
  const kept = pageBytes.slice(offset, offset + len);
  pageBytes.set(new Uint8Array(cases.buffer, cases.byteOffset + at + CASE.patch, len), offset);
  const hash = hashPages(pages);
  pageBytes.set(kept, offset);
  return hash;
}

function significant(value: bigint): number {
  let len = 0;
  for (let rest = value; rest !== 0n; rest >>= 8n) len++;
  return len;
}

/** Parts of an outcome that are not the processor's: what XSAVE leaves in reserved bytes. */
function clean(outcome: DataView): void {
  outcome.setUint8(OUT.fx + 5, 0);
  for (let i = 0; i < 8; i++) {
    outcome.setUint16(OUT.fx + 32 + 16 * i + 10, 0, true);
    outcome.setUint32(OUT.fx + 32 + 16 * i + 12, 0, true);
  }
}

/** Encodes the outcomes of `cases`; `lengths` are those of the instructions. */
export function encodeOutcomes(
  cases: Uint8Array,
  outcomes: Uint8Array,
  lengths: number[],
): Uint8Array {
  const view = new DataView(cases.buffer, cases.byteOffset, cases.length);
  const out: number[] = [];
  lengths.forEach((len, n) => {
    const before = defaultOutcome(view, n * CASE_SIZE, len);
    const after = new DataView(outcomes.slice(n * OUTCOME_SIZE, (n + 1) * OUTCOME_SIZE).buffer);
    clean(after);
    for (let word = 0; word < WORDS; word++) {
      const value = after.getBigUint64(8 * word, true);
      const difference = value ^ before.getBigUint64(8 * word, true);
      if (difference === 0n) continue;
      const isShorter = significant(difference) < significant(value);
      let rest = isShorter ? difference : value;
      const count = significant(rest);
      out.push((word + 1) | (isShorter ? 0x80 : 0), count);
      for (; rest !== 0n; rest >>= 8n) out.push(Number(rest & 0xffn));
    }
    out.push(0, 0);
  });
  return Uint8Array.from(out);
}

/** The outcomes again. */
export function decodeOutcomes(
  cases: Uint8Array,
  encoded: Uint8Array,
  lengths: number[],
): Uint8Array {
  const view = new DataView(cases.buffer, cases.byteOffset, cases.length);
  const outcomes = new Uint8Array(lengths.length * OUTCOME_SIZE);
  let at = 0;
  lengths.forEach((len, n) => {
    const outcome = defaultOutcome(view, n * CASE_SIZE, len);
    for (; encoded[at] !== 0; ) {
      const word = (encoded[at] & 0x7f) - 1;
      const isDifference = (encoded[at] & 0x80) !== 0;
      const count = encoded[at + 1];
      let value = 0n;
      for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(encoded[at + 2 + i]);
      if (isDifference) value ^= outcome.getBigUint64(8 * word, true);
      outcome.setBigUint64(8 * word, value, true);
      at += 2 + count;
    }
    at += 2;
    outcomes.set(new Uint8Array(outcome.buffer), n * OUTCOME_SIZE);
  });
  return outcomes;
}

/** All recordings, by form and mode. */
export function readRecordings(): Map<string, Recording> {
  const found = new Map<string, Recording>();
  for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".gz"))) {
    const bytes = gunzipSync(readFileSync(join(FOLDER, name)));
    for (let at = 0; at < bytes.length; ) {
      const length = bytes[at];
      const form = bytes.toString("latin1", at + 1, at + 1 + length);
      at += 1 + length;
      const mode = bytes[at] as Mode;
      const count = bytes.readUInt16LE(at + 1);
      const sum = bytes.readUInt32LE(at + 3);
      const size = bytes.readUInt32LE(at + 7);
      at += 11;
      found.set(`${form} ${mode}`, {
        form,
        mode,
        count,
        sum,
        bytes: bytes.subarray(at, at + size),
      });
      at += size;
    }
  }
  return found;
}

/** Writes one file of recordings. */
export function writeRecordings(name: string, recordings: Recording[]): void {
  const parts = recordings.flatMap(({ form, mode, count, sum, bytes }) => {
    const head = Buffer.alloc(12 + form.length);
    head[0] = head.write(form, 1, "latin1");
    const at = 1 + form.length;
    head[at] = mode;
    head.writeUInt16LE(count, at + 1);
    head.writeUInt32LE(sum, at + 3);
    head.writeUInt32LE(bytes.length, at + 7);
    return [head, bytes];
  });
  writeFileSync(join(FOLDER, `${name}.gz`), gzipSync(Buffer.concat(parts), { level: 9 }));
}
