// Writes ISO 9660 images that a PC BIOS boots from CD through isolinux: El Torito without emulation,
// four sectors loaded and the boot-info table patched in, as isolinux wants it.
//
// The UUID of an ISO 9660 file system, as udev and blkid show it, is its creation date: that date is
// given by the caller, and every other time in the image is SOURCE_DATE_EPOCH.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { run, SOURCE_DATE_EPOCH } from "./cache.mjs";
import { ensureTools, fetchPackage } from "./packages.mjs";

/** `2026-01-02-03-04-05-00` is the UUID of an image created at that time. */
export function isoUuid(date) {
  return `${date.toISOString().slice(0, 19).replace(/[T:]/g, "-")}-00`;
}

/** xorriso options that set the volume's dates, so that an image is the same each time. */
export function xorrisoDates(date) {
  const digits = isoUuid(date).replaceAll("-", "");
  return [`--modification-date=${digits}`, "--set_all_file_dates", `=${SOURCE_DATE_EPOCH}`];
}

/**
 * Copies isolinux and the modules that a configuration uses to `dir`/`bootDir`. Module names are
 * without `.c32`; those that they are linked against must be named too.
 */
export async function addIsolinux(dir, bootDir, modules) {
  const isolinux = await fetchPackage("isolinux");
  const syslinux = await fetchPackage("syslinux-common");
  const target = join(dir, bootDir);
  mkdirSync(target, { recursive: true });
  copyFileSync(join(isolinux.dir, "usr/lib/ISOLINUX/isolinux.bin"), join(target, "isolinux.bin"));
  for (const name of ["ldlinux", ...modules]) {
    copyFileSync(
      join(syslinux.dir, "usr/lib/syslinux/modules/bios", `${name}.c32`),
      join(target, `${name}.c32`),
    );
  }
  return [isolinux, syslinux];
}

/**
 * Makes `image` of the tree `dir`, which holds `bootDir`/isolinux.bin. With the first bytes of
 * isolinux' `isohdpfx.bin` in front it also boots from a disk ("hybrid").
 */
export async function writeIsolinuxIso({ dir, image, bootDir, label, date, application }) {
  await ensureTools({ xorriso: "xorriso" });
  const isolinux = await fetchPackage("isolinux");
  const identity = [
    "-volid",
    label,
    "-appid",
    application,
    "-publisher",
    "Longmode",
    "-preparer",
    "Longmode",
  ];
  const format = ["-iso-level", "3", "-full-iso9660-filenames", "-joliet", "-rational-rock"];
  const boot = [
    "-eltorito-boot",
    `${bootDir}/isolinux.bin`,
    "-eltorito-catalog",
    `${bootDir}/boot.cat`,
  ];
  const noEmulation = ["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
  const hybrid = ["-isohybrid-mbr", join(isolinux.dir, "usr/lib/ISOLINUX/isohdpfx.bin")];
  const options = [
    ...identity,
    ...format,
    ...boot,
    ...noEmulation,
    ...hybrid,
    ...xorrisoDates(date),
  ];
  await run("xorriso", ["-as", "mkisofs", "-quiet", ...options, "-output", image, dir]);
}
