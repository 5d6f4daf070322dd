// `npm run test:cpu`: the processor against the one this runs on, at length. Needs gcc and Linux on x86-64.
//
//   npm run test:cpu -- [--seed N] [--count N] [--only RE] [--alignment] [--edges]
//
//   --seed N     which vectors (default 1; 0 are the recorded ones)
//   --count N    vectors of each instruction form, ten times as many where it computes flags (default 100)
//   --only RE    forms whose name matches, as Add_rm32_r32 (asm/instructions.md)
//   --alignment  with alignment checking on
//   --edges      with operands in memory at the borders of pages, segments and address spaces
//   --record     renews the recorded vectors in test/cpu/recorded/ from this processor
//   --pack FILE  writes the vectors that went through as a pack for vecboot, at most --count of each form
//
// The last line is "N passed, N failed". Forms that this processor lacks are listed.

import { buildCore } from "./build-core.mjs";
import { isMain, main, SetupError } from "./cache.mjs";
import { importTypeScript } from "./typescript.mjs";

const USAGE =
  "usage: npm run test:cpu -- [--seed N] [--count N] [--only RE] [--alignment] [--edges] [--record | --pack FILE]";

function numberOf(text, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new SetupError(USAGE);
  return value;
}

export function parseTestCpu(args) {
  const options = {
    seed: 1,
    count: undefined,
    only: /^/,
    isAligned: false,
    isAtEdge: false,
    isRecord: false,
    pack: undefined,
  };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--seed") options.seed = numberOf(args[++i], 0);
    else if (args[i] === "--count") options.count = numberOf(args[++i], 1);
    else if (args[i] === "--only" && args[i + 1]) options.only = new RegExp(args[++i]);
    else if (args[i] === "--alignment") options.isAligned = true;
    else if (args[i] === "--edges") options.isAtEdge = true;
    else if (args[i] === "--record") options.isRecord = true;
    else if (args[i] === "--pack" && args[i + 1]) options.pack = args[++i];
    else throw new SetupError(USAGE);
  }
  return options;
}

async function testCpu() {
  const { isRecord, pack, ...options } = parseTestCpu(process.argv.slice(2));
  const wasm = await buildCore();
  const cpu = await importTypeScript("test/cpu/run.ts");
  const say = console.log;
  if (isRecord) return cpu.record({ wasm, say });
  const { seed, only, count } = options;
  if (pack) return cpu.writePack({ wasm, seed, count: count ?? 2, only, path: pack, say });
  const { passed, failed, missing } = await cpu.compareAll({
    ...options,
    wasm,
    count: count ?? 100,
    say,
  });
  if (missing.length > 0) console.log(`not on this processor: ${missing.join(", ")}`);
  if (failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed`);
}

if (isMain(import.meta.url)) await main(testCpu);
