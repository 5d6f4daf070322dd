// `npm run soak -- [--seconds 600] [--seed 1] [--guest arch|grub|tiny]`: a machine under random keys, mouse
// and resets, watched for hangs and leaks. What it does is in test/machine/soak.ts; a line per cycle.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMain, main, repoRoot, SetupError } from "./cache.mjs";
import { runShown } from "./setup.mjs";

const GUESTS = ["arch", "grub", "tiny"];

/** What the words of the command line ask for. */
export function soakOptions(words) {
  let values;
  try {
    const options = {
      seconds: { type: "string" },
      seed: { type: "string" },
      guest: { type: "string" },
    };
    ({ values } = parseArgs({ args: words, options }));
  } catch (error) {
    throw new SetupError(`${error.message.split(".")[0]}.`);
  }
  const { seconds = "600", seed = "1", guest = "arch" } = values;
  for (const [name, value] of Object.entries({ seconds, seed })) {
    if (!/^[1-9]\d*$/.test(value)) throw new SetupError(`--${name} is a number, not "${value}".`);
  }
  if (!GUESTS.includes(guest))
    throw new SetupError(`--guest is one of ${GUESTS.join(", ")}, not "${guest}".`);
  return { seconds: Number(seconds), seed: Number(seed), guest };
}

async function soak() {
  const wanted = soakOptions(process.argv.slice(2));
  const vitest = join(repoRoot, "node_modules/vitest/vitest.mjs");
  const args = [
    "run",
    "--project",
    "machine",

    "test/machine/soak.test.ts",
    "--disable-console-intercept",
  ];
  process.exitCode = await runShown(process.execPath, [vitest, ...args], {
    env: { ...process.env, LONGMODE_SOAK: JSON.stringify(wanted) },
  });
}

if (isMain(import.meta.url)) await main(soak);
