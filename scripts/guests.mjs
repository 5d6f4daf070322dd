// Command line for the firmware and the guest images: builds what is missing or out of date.
//
//   node scripts/guests.mjs [tiny|iso|smoke|firmware|all]... [--refresh]
//
// Without a name it builds all. `--refresh` asks for newer versions of the packages. What exists is
// then in `.cache/`: firmware/, guests/tiny/, guests/arch-like/, guests/smoke/, each guest with a
// manifest.json that names its files, its packages and what it prints.

import { isMain, main, SetupError, say, shown } from "./cache.mjs";
import { buildFirmware } from "./firmware.mjs";
import { buildIso } from "./guest-iso.mjs";
import { buildSmoke } from "./guest-smoke.mjs";
import { buildTiny } from "./guest-tiny.mjs";

const BUILDERS = { firmware: buildFirmware, tiny: buildTiny, smoke: buildSmoke, iso: buildIso };

/**
 * Builds guests by name; resolves with what each builder returned (a folder, or for `firmware` the
 * paths of its files). All are tried; what failed is told at the end.
 */
export async function buildGuests(names = Object.keys(BUILDERS)) {
  const built = {};
  const failures = [];
  for (const name of names) {
    try {
      built[name] = await BUILDERS[name]();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  if (failures.length > 0) throw new SetupError(failures.join("\n"));
  return built;
}

async function commandLine() {
  const words = process.argv.slice(2).filter((word) => word !== "--refresh");
  const unknown = words.filter((word) => word !== "all" && !(word in BUILDERS));
  if (unknown.length > 0) {
    throw new SetupError(
      `unknown guest "${unknown[0]}": one of ${Object.keys(BUILDERS).join(", ")}, all`,
    );
  }
  const isAll = words.length === 0 || words.includes("all");
  const built = await buildGuests(isAll ? undefined : words);
  for (const [name, value] of Object.entries(built)) {
    const paths = typeof value === "string" ? [value] : Object.values(value);
    say(`${name}: ${paths.map(shown).join(", ")}`);
  }
}

if (isMain(import.meta.url)) await main(commandLine);
