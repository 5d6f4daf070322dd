// The firmware that the page serves and the machine maps below 4 GiB: SeaBIOS and its VGA BIOS, from
// Debian's package `seabios`, copied to `.cache/firmware/`.
//
// bios-256k.bin is the build for q35 and i440FX with 256 KiB; vgabios-stdvga.bin is the option ROM
// of the Bochs/standard VGA (1234:1111).

import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { cached, cachePath, isMain, main, recipeText, SetupError } from "./cache.mjs";
import { fetchPackage } from "./packages.mjs";

const FILES = ["bios-256k.bin", "vgabios-stdvga.bin"];

/** Resolves with the paths of the firmware files by name. */
export async function buildFirmware() {
  const seabios = await fetchPackage("seabios");
  const dir = cachePath("firmware");
  await cached("firmware", dir, [seabios.version, recipeText("firmware.mjs")], () => {
    for (const file of FILES) {
      const source = join(seabios.dir, "usr/share/seabios", file);
      if (!existsSync(source))
        throw new SetupError(`package seabios ${seabios.version} has no ${file}`);
      copyFileSync(source, join(dir, file));
    }
  });
  return Object.fromEntries(FILES.map((file) => [file, join(dir, file)]));
}

if (isMain(import.meta.url)) await main(buildFirmware);
