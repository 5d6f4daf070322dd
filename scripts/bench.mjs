// `npm run bench`: how fast the machine is, as a table, under Node and in Chromium.
//
//   npm run bench [-- rates|boots]... [--node|--chromium]
//
// Rates are millions of guest instructions per second of the loops in test/bench/loops.asm: 64-bit code with
// paging, each measured by the guest's own clock in its second run. Boots are seconds from the start of
// the machine to the shell on its serial port, with the time of the processes and workers but without that
// of building anything.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cachePath, isMain, main, repoRoot, run, SetupError, say, step } from "./cache.mjs";
import { CHROMIUM, withPage } from "./chromium.mjs";
import { ensureTools } from "./packages.mjs";
import { buildImages, checkNode, compileCore, installPackages } from "./setup.mjs";

const TURNS = { ALU: 50e6, BRANCH: 30e6, MEM: 30e6, CALL: 40e6, SIEVE: 20 };
const BOOT_LIMIT_MS = 600_000;

/** Instructions that each loop of test/bench/loops.asm executes, with the call and return around it. */
function instructionCounts() {
  let odd = 0;
  let value = 12345;
  for (let n = 0; n < TURNS.BRANCH; n++) {
    value = (Math.imul(value, 1103515245) + 12345) | 0;
    odd += (value >> 16) & 1;
  }
  let sieve = 0;
  for (let n = 2; n * n < 1e6; n++) sieve += 6 + 4 * Math.ceil((1e6 - n * n) / n);
  return {
    alu: 6 * TURNS.ALU,
    branch: 6 * TURNS.BRANCH + odd,
    mem: 7 * TURNS.MEM,
    call: 5 * TURNS.CALL,
    sieve: (sieve + 4) * TURNS.SIEVE,
  };
}

async function assembleLoops() {
  const dir = join(repoRoot, "build/bench");
  mkdirSync(dir, { recursive: true });
  const path = join(dir, "loops.elf");
  const turns = Object.entries(TURNS).map(([name, count]) => `-D${name}_TURNS=${count}`);
  await run("nasm", ["-f", "bin", ...turns, "-o", path, join(repoRoot, "test/bench/loops.asm")]);
  return path;
}

/** What the loops printed, as millions of instructions per second by loop. */
function ratesOf(text) {
  const lines = text.trim().split(/\r?\n/);
  const khz = Number(lines[0]);
  const cycles = Object.fromEntries(lines.slice(1).map((line) => line.split(" ")));
  const counts = Object.entries(instructionCounts());
  if (!(khz > 0) || counts.some(([name]) => !(cycles[name] > 0)))
    throw new SetupError(`the loops ended early; they printed:\n${text}`);
  return Object.fromEntries(
    counts.map(([name, count]) => [name, (count / (cycles[name] / khz)) * 1e-3]),
  );
}

/** The machines to boot: options, what their shell says, and what to type at which sign. */
function bootedGuests() {
  const manifest = (name) =>
    JSON.parse(readFileSync(cachePath("guests", name, "manifest.json"), "utf8"));
  const tiny = manifest("tiny");
  const arch = manifest("arch-like");
  return {
    tiny: {
      config: { m: "256M", kernel: tiny.kernel, initrd: tiny.initrd, append: tiny.cmdline },
      ready: tiny.ready,
      keys: [],
    },
    "arch-like": {
      config: { m: "1G", cdrom: arch.iso, boot: "d" },
      ready: arch.prompt,
      // The second entry of the boot menu has its console on the serial port. The menu is complete with its
      // last line.
      keys: [["Press [Tab] to edit options", "\u001b[B\r"]],
    },
  };
}

// ---- Node ----

function nodeMachine(args) {
  const program = join(repoRoot, "build/cli/main.mjs");
  return spawn(process.execPath, [program, "-nographic", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function nodeRates(loops) {
  const child = nodeMachine([
    "-m",
    "64",
    "-device",
    "isa-debug-exit,iobase=0xf4",
    "-kernel",
    loops,
  ]);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return ratesOf(text);
}

function nodeBoot(name, { config, ready, keys }) {
  const files = new Set(["kernel", "initrd", "cdrom"]);
  const args = Object.entries(config).flatMap(([key, value]) => [
    `-${key}`,
    files.has(key) ? cachePath("guests", name, value) : value,
  ]);
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = nodeMachine(args);
    const left = [...keys];
    let text = "";
    const end = (error) => {
      clearTimeout(timer);
      child.kill("SIGTERM");
      if (error) reject(error);
      else resolve((performance.now() - began) / 1000);
    };
    const timer = setTimeout(() => {
      end(new SetupError(`${name} did not say "${ready}"; its last words:\n${text.slice(-500)}`));
    }, BOOT_LIMIT_MS);
    child.on("error", end);
    child.on("close", () => end(new SetupError(`${name} ended early:\n${text.slice(-500)}`)));
    child.stdout.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (left.length > 0 && text.includes(left[0][0])) child.stdin.write(left.shift()[1]);
      if (left.length === 0 && text.includes(ready)) end();
    });
  });
}

// ---- Chromium ----

/** In the page: starts a machine and resolves with its serial text and seconds once it said `ready`. */
async function bootInPage({ query, files, ready, keys, limitMs }) {
  const entry = "/src/index.ts";
  const { createMachine, parseQuery } = await import(entry);
  const chosen = new Map();
  for (const name of files) {
    const blob = await (await fetch(`/files/${name}`)).blob();
    chosen.set(name, new File([blob], name));
  }
  const machine = createMachine(parseQuery(new URLSearchParams(query)), { files: chosen });
  const began = performance.now();
  await machine.start();
  const escaped = (text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  for (const [sign, text] of keys) {
    await machine.waitForSerial(escaped(sign), limitMs);
    machine.sendSerial(text);
  }
  await machine.waitForSerial(escaped(ready), limitMs);
  const seconds = (performance.now() - began) / 1000;
  const text = machine.serialText();
  machine.stop();
  return { text, seconds };
}

/** Chosen files are read as they would be from a disk; kernels are loaded beforehand, as by the page. */
function inPage(page, { config, ready, keys = [] }) {
  const files = [config.kernel, config.initrd, config.cdrom].filter(Boolean);
  const query = new URLSearchParams(config).toString();
  return page.evaluate(bootInPage, { query, files, ready, keys, limitMs: BOOT_LIMIT_MS });
}

// ---- the table ----

function printTable(title, columns, rows, digits) {
  const width = Math.max(title.length, ...Object.keys(rows).map((name) => name.length)) + 2;
  console.log(`\n${title.padEnd(width)}${columns.map((name) => name.padStart(10)).join("")}`);
  for (const [name, values] of Object.entries(rows)) {
    const cells = columns.map((column) => (values[column]?.toFixed(digits) ?? "-").padStart(10));
    console.log(name.padEnd(width) + cells.join(""));
  }
}

function note(rows, column, values) {
  for (const [name, value] of Object.entries(values)) {
    rows[name] ??= {};
    rows[name][column] = value;
  }
}

function chosenOf(args) {
  const known = ["rates", "boots", "--node", "--chromium"];
  const unknown = args.find((word) => !known.includes(word));
  if (unknown !== undefined)
    throw new SetupError(`unknown argument "${unknown}": there are ${known.join(", ")}`);
  const has = (one, other) => args.includes(one) || !args.includes(other);
  return {
    rates: has("rates", "boots"),
    boots: has("boots", "rates"),
    node: has("--node", "--chromium"),
    chromium: has("--chromium", "--node"),
  };
}

async function bench() {
  const chosen = chosenOf(process.argv.slice(2));
  checkNode();
  await installPackages();
  await ensureTools({ nasm: "nasm", ...(chosen.chromium ? { [CHROMIUM]: "chromium" } : {}) });
  await compileCore();
  const { buildCli } = await import("./vm.mjs");
  await buildCli(say);
  if (chosen.boots) {
    const missing = await buildImages(["firmware", "tiny", "iso"]);
    if (missing.length > 0) throw new SetupError(missing.join("\n"));
  }
  const loops = await assembleLoops();
  const guests = chosen.boots ? bootedGuests() : {};
  const rates = {};
  const boots = {};

  if (chosen.node) {
    if (chosen.rates) note(rates, "Node", await step("loops under Node", () => nodeRates(loops)));
    for (const [name, guest] of Object.entries(guests)) {
      const seconds = await step(`${name} under Node`, () => nodeBoot(name, guest));
      note(boots, "Node", { [name]: seconds });
    }
  }
  if (chosen.chromium) {
    const served = { "loops.elf": loops };
    for (const [name, { config }] of Object.entries(guests)) {
      for (const file of [config.kernel, config.initrd, config.cdrom])
        if (file) served[file] = cachePath("guests", name, file);
    }
    await withPage(served, async (page) => {
      if (chosen.rates) {
        const config = { m: "64M", kernel: "loops.elf" };
        // The last line of the last loop; the machine then stands still.
        const { text } = await step("loops in Chromium", () =>
          inPage(page, { config, ready: "done" }),
        );
        note(rates, "Chromium", ratesOf(text));
      }
      for (const [name, guest] of Object.entries(guests)) {
        const { seconds } = await step(`${name} in Chromium`, () => inPage(page, guest));
        note(boots, "Chromium", { [name]: seconds });
      }
    });
  }
  const columns = [chosen.node && "Node", chosen.chromium && "Chromium"].filter(Boolean);
  if (chosen.rates) printTable("M instructions/s", columns, rates, 0);
  if (chosen.boots) printTable("seconds to shell", columns, boots, 1);
}

if (isMain(import.meta.url)) await main(bench);
