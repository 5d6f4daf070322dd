// `npm run test:suite -- testfloat PATH`: Berkeley TestFloat 3 against the machine's float instructions.
//
//   PATH/testfloat         static, "Linux-x86_64-GCC": runs in a Linux guest; each function and rounding that is
//                          clean natively must be clean there, and the whole text must be the same
//   PATH/testfloat_gen     runs here: its rows (operands, result, flags) go to testfloat/floats.asm, which
//                          executes the instruction for each on the bare machine and compares all bits
//
// What rows are asked for is FUNCTIONS: all that an instruction computes. x87 results are asked for in each
// rounding precision where the instruction obeys it. Not asked for: unsigned integers, 128-bit floats and the
// conversions between half and others than single precision, for which there are no instructions.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repoRoot, run, SetupError } from "./cache.mjs";
import { runInGuest, runNatively } from "./guest-programs.mjs";
import { ensureTools } from "./packages.mjs";

const ROUNDINGS = ["near_even", "min", "max", "minMag"]; // in the order of RC
const PRECISIONS = { 32: 0, 64: 2, 80: 3 }; // PC
const MXCSR = 0x1f80;
const FCW = 0x003f;
const ROW_LEN = 80;
/** Functions of three operands have six million rows: one of so many is taken. */
const SAMPLE = 16;
const CAP_S = 300;

const SSE = ["f32", "f64"];
const COMPARISONS = ["eq", "eq_signaling", "le", "le_quiet", "lt", "lt_quiet"];
const both = (make) => SSE.flatMap((type) => make(type));

/**
 * name: TestFloat's function; routine: its label in floats.asm; `rounds`: in all four modes; `precise`: in all
 * x87 precisions; options for testfloat_gen.
 */
const FUNCTIONS = [
  ...both((type) => [
    ...["add", "sub", "mul", "div", "sqrt"].map((op) => ({ name: `${type}_${op}`, rounds: true })),
    ...["i32", "i64"].map((int) => ({ name: `${int}_to_${type}`, rounds: true })),
    ...["i32", "i64"].map((int) => ({
      name: `${type}_to_${int}`,
      rounds: true,
      options: ["-exact"],
    })),
    {
      name: `${type}_roundToInt`,
      routine: `${type}_round`,
      rounds: true,
      options: ["-exact"],
    },
    { name: `${type}_roundToInt`, routine: `${type}_round_inexact`, rounds: true },
    ...COMPARISONS.map((op) => ({ name: `${type}_${op}` })),
    { name: `${type}_mulAdd`, routine: `${type}_muladd`, rounds: true },
    { name: `${type}_to_extF80` },
    { name: `extF80_to_${type}`, rounds: true },
  ]),
  { name: "f32_to_f64" },
  { name: "f64_to_f32", rounds: true },
  { name: "f16_to_f32" },
  { name: "f32_to_f16", rounds: true },
  ...["add", "sub", "mul", "div", "sqrt"].map((op) => ({
    name: `extF80_${op}`,
    rounds: true,
    precise: true,
  })),
  { name: "extF80_rem" },
  { name: "extF80_roundToInt", routine: "extf80_round", rounds: true, options: ["-exact"] },
  ...["i32", "i64"].flatMap((int) => [
    { name: `extF80_to_${int}`, rounds: true, options: ["-exact"] },
    { name: `${int}_to_extF80` },
  ]),
  ...COMPARISONS.map((op) => ({ name: `extF80_${op}` })),
].map((entry) => ({ routine: entry.name.toLowerCase(), options: [], ...entry }));

const ROUTINES = [...new Set(FUNCTIONS.map(({ routine }) => routine))];

/** The runs of testfloat_gen that a function needs, with the control words for each. */
export function jobsOf({ name, routine, rounds, precise, options }) {
  const roundings = rounds ? ROUNDINGS : ROUNDINGS.slice(0, 1);
  const precisions = precise ? Object.keys(PRECISIONS) : ["80"];
  return precisions.flatMap((precision) =>
    roundings.map((rounding, rc) => ({
      label: [routine, rounds && rounding, precise && `precision ${precision}`]
        .filter(Boolean)
        .join(", "),
      routine: ROUTINES.indexOf(routine),
      mxcsr: MXCSR | (rc << 13),
      fcw: FCW | (PRECISIONS[precision] << 8) | (rc << 10),
      every: name.endsWith("mulAdd") ? SAMPLE : 1,
      args: [...options, `-r${rounding}`, ...(precise ? [`-precision${precision}`] : []), name],
    })),
  );
}

/** IEEE flags as TestFloat prints them (inexact 1, underflow, overflow, infinite, invalid) in MXCSR's places. */
export function mxcsrFlags(flags) {
  const place = [0x20, 0x10, 0x08, 0x04, 0x01];
  return place.reduce((sum, bit, i) => sum | (flags & (1 << i) ? bit : 0), 0);
}

/** One line, "operand ... result flags" in hexadecimal, as floats.asm reads it. */
export function packRow(line, row) {
  row.fill(0);
  const words = line.split(" ");
  const place = (hex, at) => {
    for (let i = hex.length, to = at; i > 0; i -= 2)
      row[to++] = Number.parseInt(hex.slice(Math.max(0, i - 2), i), 16);
  };
  for (let i = 0; i < words.length - 2; i++) place(words[i], 16 * i);
  place(words.at(-2), 48);
  row[64] = mxcsrFlags(Number.parseInt(words.at(-1), 16));
}

async function jobBytes(program, { routine, mxcsr, fcw, every, args }) {
  const script = `"$0" "$@" 2>/dev/null | awk 'NR % ${every} == 0'`;
  const child = spawn("sh", ["-c", script, program, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const rows = [];
  let chunk = Buffer.alloc(0);
  let used = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (used === chunk.length) {
      chunk = Buffer.alloc(4096 * ROW_LEN);
      used = 0;
      rows.push(chunk);
    }
    packRow(line, chunk.subarray(used, used + ROW_LEN));
    used += ROW_LEN;
  }
  if (used === 0) throw new SetupError(`testfloat_gen ${args.join(" ")} printed no rows.`);
  rows[rows.length - 1] = chunk.subarray(0, used);
  const count = rows.reduce((sum, { length }) => sum + length, 0) / ROW_LEN;
  const head = Buffer.alloc(16);
  for (const [i, value] of [routine, mxcsr, fcw, count].entries()) head.writeUInt32LE(value, 4 * i);
  return [head, ...rows];
}

/** Lines of floats.asm: what became of each job, with its first wrong rows. */
export function judgeRows(output, jobs) {
  const shown = jobs.map(() => []);
  const counts = new Map();
  for (const line of output.split(/\r?\n/)) {
    const [kind, job, ...fields] = line.split(" ");
    if (kind === "R") shown[Number.parseInt(job, 16)]?.push(fields.join(" "));
    else if (kind === "J")
      counts.set(
        Number.parseInt(job, 16),
        fields.map((n) => parseInt(n, 16)),
      );
  }
  return jobs.map(({ label }, i) => {
    const [rows, wrong] = counts.get(i) ?? [];
    if (rows === undefined) return { label, outcome: "failed", why: "did not come to its end" };
    if (wrong === 0) return { label, outcome: "passed", why: `${rows} rows` };
    return { label, outcome: "failed", why: `${wrong} of ${rows} rows differ`, rows: shown[i] };
  });
}

async function assemble(suite) {
  await ensureTools({ nasm: "nasm" });
  const list = ROUTINES.map((routine) => `  dd ${routine}\n`).join("");
  writeFileSync(join(suite.scratch, "routines.inc"), list);
  const image = join(suite.scratch, "floats.bin");
  const source = join(repoRoot, "scripts/testfloat/floats.asm");
  await run("nasm", ["-f", "bin", "-I", `${suite.scratch}/`, "-o", image, source]);
  return image;
}

/** The line of row `index` (hexadecimal) of a job: what was asked and expected. */
function rowText(program, { args, every }, index) {
  const line = (Number.parseInt(index, 16) + 1) * every;
  const script = `"$0" "$@" 2>/dev/null | sed -n '${line}{p;q}'`;
  return spawnSync("sh", ["-c", script, program, ...args])
    .stdout.toString()
    .trimEnd();
}

async function instructionRows(suite) {
  const generator = join(suite.path, "testfloat_gen");
  const image = await assemble(suite);
  for (const entry of FUNCTIONS) {
    if (!suite.only.test(entry.routine)) continue;
    const jobs = jobsOf(entry);
    const pack = join(suite.scratch, "rows");
    const parts = [];
    for (const job of jobs) parts.push(...(await jobBytes(generator, job)));
    parts.push(Buffer.alloc(4, 0xff));
    writeFileSync(pack, Buffer.concat(parts));
    const { out } = await suite.run(
      [
        ...["-m", "512", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
        ...["-kernel", image, "-initrd", pack],
      ],
      suite.cap ?? CAP_S,
    );
    for (const [i, { label, rows = [], ...verdict }] of judgeRows(
      out.toString("latin1"),
      jobs,
    ).entries()) {
      const notes = suite.isShown ? rows.map((row) => noteOf(generator, jobs[i], row)) : [];
      suite.report(label, verdict, notes.join("\n"));
    }
  }
}

function noteOf(generator, job, row) {
  const [index, result, flags] = row.split(" ");
  return `${rowText(generator, job, index)} (flags as TestFloat's)\n  got ${result} ${flags} (as MXCSR's)`;
}

/** Functions and roundings that a run of testfloat reports as clean. */
export function cleanRuns(text) {
  return [...text.matchAll(/no errors found in ([^.\r\n]+)\./g)].map((match) => match[1]);
}

async function inGuest(suite) {
  const path = join(suite.path, "testfloat");
  const programs = [
    ["all1", ["-all1"]],
    ["all2", ["-all2"]],
    ["all1-results", ["-checkAll", "-all1"]],
    ["all2-results", ["-checkAll", "-all2"]],
  ]
    .filter(([name]) => suite.only.test(name))
    .map(([name, args]) => {
      const native = join(suite.scratch, name);
      const { output, hash } = runNatively(path, args, suite.scratch, 60);
      writeFileSync(native, output);
      return { name: `testfloat/${name}`, path, args, native, hash, seconds: CAP_S };
    });
  if (programs.length === 0) return;
  const unreached = await runInGuest(suite, programs, ({ name, hash, native }, result) => {
    const clean = cleanRuns(readFileSync(native, "latin1"));
    if (hash === result.hash) {
      suite.count(name, { passed: clean.length, failed: 0, why: [] });
      return;
    }
    const lost = cleanRuns(result.notes.filter((line) => line.startsWith("-")).join("\n"));
    const failed = Math.max(1, lost.length);
    suite.count(name, { passed: clean.length - lost.length, failed, why: result.notes });
  });
  for (const { name } of unreached)
    suite.count(name, { passed: 0, failed: 1, why: ["the guest ended before it"] });
}

export async function testfloat(suite) {
  await inGuest(suite);
  await instructionRows(suite);
}
