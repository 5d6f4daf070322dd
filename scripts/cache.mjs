// Where built and fetched things live, and how the scripts tell what they are doing.
//
// Everything goes to `.cache/` beside package.json (ignored by git), or to the folder named by the
// environment variable LONGMODE_CACHE. An output is kept together with a stamp: the hash of all that
// went into it (package versions, the text of the building scripts). Same hash, same output: nothing
// is built. No npm package is used here, so that all of this runs before `npm ci`.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const repoRoot = dirname(dirname(fileURLToPath(import.meta.url)));
export const cacheRoot = process.env.LONGMODE_CACHE || join(repoRoot, ".cache");

/** Dates inside images are this one, so that the same packages give the same bytes. */
export const SOURCE_DATE_EPOCH = 1767225600; // 2026-01-01T00:00:00Z

/** Tools such as mkfs or ldconfig are in sbin, which an ordinary user's PATH often lacks. */
export const toolPath = [process.env.PATH, "/usr/sbin", "/sbin"].join(delimiter);

/** A failure whose message is for the person at the terminal: printed as is, without a stack. */
export class SetupError extends Error {}

export function cachePath(...parts) {
  return join(cacheRoot, ...parts);
}

/** An empty folder of that name below the cache. */
export function freshDir(...parts) {
  const dir = cachePath(...parts);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** The path as a person would type it: below the repository where it is there. */
export function shown(path) {
  const short = relative(repoRoot, path);
  return short.startsWith("..") ? path : short;
}

const started = Date.now();

export function say(text) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`[${seconds}s] ${text}\n`);
}

// Steps under way, the innermost last: only that one reports that it is still at work.
const steps = [];

/** Runs `work` under a label: says that it began when it takes a while, and how long it took. */
export async function step(label, work) {
  const begin = Date.now();
  const seconds = () => ((Date.now() - begin) / 1000).toFixed(1);
  const first = setTimeout(() => say(`${label} ...`), 300);
  const beat = setInterval(
    () => steps.at(-1) === label && say(`${label} ... ${seconds()} s so far`),
    10_000,
  );
  steps.push(label);
  try {
    const value = await work();
    say(`${label}: done in ${seconds()} s`);
    return value;
  } finally {
    steps.splice(steps.lastIndexOf(label), 1);
    clearTimeout(first);
    clearInterval(beat);
  }
}

/** Runs a program; resolves with its standard output, or throws with the end of what it printed. */
export function run(command, args, { cwd, env, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: toolPath, LC_ALL: "C", SOURCE_DATE_EPOCH, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out = [];
    const err = [];
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => err.push(chunk));
    child.on("error", (error) => reject(new SetupError(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      const stdout = Buffer.concat(out);
      if (code === 0) return resolve(stdout);
      const said = Buffer.concat([stdout, ...err])
        .toString()
        .trim()
        .split("\n")
        .slice(-12);
      const how = signal ? `was ended by ${signal}` : `exited with ${code}`;
      reject(new SetupError(`${command} ${args.join(" ")}\n${how}:\n${said.join("\n")}`));
    });
    child.stdin.on("error", () => {}); // The program may stop reading; its exit status tells.
    child.stdin.end(input);
  });
}

export function hashOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(typeof part === "string" ? part : JSON.stringify(part));
  return hash.digest("hex");
}

/** The text of scripts in this folder, as an input of a stamp: a changed recipe builds anew. */
export function recipeText(...names) {
  return names.map((name) => readFileSync(join(repoRoot, "scripts", name), "utf8"));
}

/**
 * Builds `dir` by `build(dir)` unless its stamp already says `inputs`. The stamp is written last, so
 * an interrupted build is a missing one.
 */
export async function cached(label, dir, inputs, build) {
  const stampPath = join(dir, ".stamp");
  const stamp = hashOf(inputs);
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) {
    say(`${label}: up to date in ${shown(dir)}`);
    return;
  }
  mkdirSync(dir, { recursive: true });
  rmSync(stampPath, { force: true });
  await step(label, () => build(dir));
  writeFileSync(stampPath, stamp);
}

/** True for the script that was started, false where it is imported. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];
}

/** Runs the main function of a script: a SetupError is a sentence, everything else a bug's stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof SetupError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
