// Small guests that are no Linux, to `.cache/guests/smoke/`:
//
//   memtest.iso                memtest86+ from CD by isolinux: real mode, then 64-bit (or 32-bit) code
//   memtest64.bin, -32.bin     the same two programs for -kernel (Linux boot protocol)
//   grub.iso                   a GRUB rescue CD: 16- and 32-bit code, menu, VBE graphics, reboot, halt

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cachePath, freshDir, isMain, main, recipeText, repoRoot, run } from "./cache.mjs";
import { addIsolinux, writeIsolinuxIso, xorrisoDates } from "./iso-image.mjs";
import { ensureTools, fetchPackage } from "./packages.mjs";

const IMAGE_DATE = new Date("2026-01-01T00:00:00Z");

async function buildMemtest(dir, memtest) {
  const tree = freshDir("work", "memtest");
  mkdirSync(join(tree, "boot"));
  const programs = { memtest64: "memtest86+x64.bin", memtest32: "memtest86+ia32.bin" };
  for (const [name, file] of Object.entries(programs)) {
    copyFileSync(join(memtest.dir, "boot", file), join(dir, `${name}.bin`));
    copyFileSync(join(memtest.dir, "boot", file), join(tree, "boot", name));
  }
  await addIsolinux(tree, "isolinux", []);
  copyFileSync(
    join(repoRoot, "scripts/guest-smoke/isolinux.cfg"),
    join(tree, "isolinux/isolinux.cfg"),
  );
  const application = "memtest86+ smoke test";
  const image = join(dir, "memtest.iso");
  await writeIsolinuxIso({
    dir: tree,
    image,
    bootDir: "isolinux",
    label: "MEMTEST",
    date: IMAGE_DATE,
    application,
  });
  rmSync(tree, { recursive: true });
}

async function buildGrub(dir, grub) {
  await ensureTools({ "grub-mkrescue": "grub-common", xorriso: "xorriso", mformat: "mtools" });
  const tree = freshDir("work", "grub");
  mkdirSync(join(tree, "boot/grub"), { recursive: true });
  copyFileSync(join(repoRoot, "scripts/guest-smoke/grub.cfg"), join(tree, "boot/grub/grub.cfg"));
  const platform = [
    "--directory",
    join(grub.dir, "usr/lib/grub/i386-pc"),
    "--locales=",
    "--themes=",
  ];
  const image = ["--output", join(dir, "grub.iso"), tree, "--", "-volid", "GRUBSMOKE"];
  const [, digits] = xorrisoDates(IMAGE_DATE)[0].split("=");
  const dates = [
    "-volume_date",
    "uuid",
    digits,
    "-volume_date",
    "all_file_dates",
    `=${IMAGE_DATE / 1000}`,
  ];
  await run("grub-mkrescue", [...platform, ...image, ...dates]);
  rmSync(tree, { recursive: true });
}

/** Resolves with the folder: memtest.iso, memtest64.bin, memtest32.bin, grub.iso, manifest.json. */
export async function buildSmoke() {
  const memtest = await fetchPackage("memtest86+");
  const grub = await fetchPackage("grub-pc-bin");
  const isolinux = await fetchPackage("isolinux");
  const dir = cachePath("guests", "smoke");
  const recipes = recipeText(
    "guest-smoke.mjs",
    "iso-image.mjs",
    "guest-smoke/isolinux.cfg",
    "guest-smoke/grub.cfg",
  );
  const versions = [memtest, grub, isolinux].map(({ name, version }) => `${name}=${version}`);
  await cached("guests memtest and grub", dir, [versions, recipes], async () => {
    await buildMemtest(dir, memtest);
    await buildGrub(dir, grub);
    const manifest = {
      packages: versions,
      memtest: {
        iso: "memtest.iso",
        kernels: ["memtest64.bin", "memtest32.bin"],
        cmdline: "console=ttyS0,115200",
      },
      grub: {
        iso: "grub.iso",
        entries: ["Say hello", "Processor and memory", "Graphics mode 800x600", "Reboot", "Halt"],
      },
    };
    writeFileSync(join(dir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  });
  return dir;
}

if (isMain(import.meta.url)) await main(buildSmoke);
