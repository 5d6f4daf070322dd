// `npm run fuzz`: random instruction sequences on the core and on the processor this runs on. Needs gcc and Linux
// on x86-64.
//
//   npm run fuzz -- [--seconds N] [--seed S] [--most N]
//
//   --seconds N   how long (default 60)      --seed S   which sequences (default: the time)
//   --most N      differences after which it stops (default 5)
//
// A difference is printed as a minimal test: bytes, instructions, the state it starts from, what differs. The exit
// status is 1 then. The same seed makes the same sequences.

import { buildCore } from "./build-core.mjs";
import { isMain, main, SetupError } from "./cache.mjs";
import { importTypeScript } from "./typescript.mjs";

const USAGE = "usage: npm run fuzz -- [--seconds N] [--seed S] [--most N]";

export function parseFuzz(args) {
  const options = { seconds: 60, seed: Date.now() & 0x7fff_ffff, most: 5 };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, "");
    const value = Number(args[i + 1]);
    if (!Object.hasOwn(options, name) || !Number.isInteger(value) || value < 0)
      throw new SetupError(USAGE);
    options[name] = value;
  }
  return options;
}

async function fuzz() {
  const options = parseFuzz(process.argv.slice(2));
  const wasm = await buildCore();
  const { fuzzThisProcessor } = await importTypeScript("test/cpu/run.ts");
  console.log(`seed ${options.seed}, ${options.seconds} s`);
  const result = await fuzzThisProcessor({ wasm, ...options, say: console.log });
  const { sequences, instructions, seconds, findings } = result;
  const rate = Math.round(sequences / seconds);
  console.log(`${sequences} sequences, ${instructions} instructions, ${rate} sequences/s`);
  if (findings.length > 0) process.exitCode = 1;
  console.log(`${findings.length} differences`);
}

if (isMain(import.meta.url)) await main(fuzz);
