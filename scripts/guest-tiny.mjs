// The guest "tiny": Debian's cloud kernel, unmodified, and an initramfs of busybox with the modules
// for virtio and discs, booted with -kernel and -initrd. It ends in a root shell on the screen (tty1)
// and on the first serial port (ttyS0), each of which says "tiny: shell ready".
//
// The initramfs is not compressed: unpacking is then a copy, where gzip costs about ten instructions
// for each byte. The kernel is LZ4 as Debian has it. What that kernel (6.1) does not have: AHCI, DRM
// and simple framebuffers, PS/2 mouse, i2c, USB. It does have VGA text console, i8042 keyboard, 8250
// serial console, virtio, ata_piix, ext4.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cachePath, isMain, main, recipeText, repoRoot } from "./cache.mjs";
import { CpioWriter } from "./cpio.mjs";
import { modulesAlias, modulesDep, selectModules } from "./kernel-modules.mjs";
import { fetchKernel, fetchPackage } from "./packages.mjs";

// biome-ignore format: one subject per line
const MODULES = [
  "virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "virtio_input", "virtio_balloon", "virtio-rng", "virtio_scsi",
  "ata_piix", "ata_generic", "sd_mod", "sr_mod", "loop",
  "isofs", "squashfs", "overlay", "vfat", "fuse", "virtiofs",
  "nls_ascii", "nls_cp437", "nls_iso8859-1", "nls_utf8",
  "button", "evdev", "crc32c-intel",
];

// Files of the initramfs by their names in scripts/guest-tiny/.
const FILES = {
  init: ["init", 0o755],
  "etc/inittab": ["inittab", 0o644],
  "etc/profile": ["profile", 0o644],
  "etc/acpi/PWRF/00000080": ["power-button", 0o755],
  "etc/udhcpc/default.script": ["udhcpc-script", 0o755],
  "bin/lspci": ["lspci", 0o755],
  "bin/lscpu": ["lscpu", 0o755],
};

const CMDLINE =
  "console=tty0 console=ttyS0 quiet tsc=reliable no_timer_check nokaslr mitigations=off cryptomgr.notests";

function makeInitramfs(busybox, kernel) {
  const cpio = new CpioWriter();
  for (const name of ["dev", "proc", "sys"]) cpio.directory(name);
  cpio.charDevice("dev/console", 5, 1);
  cpio.file("bin/busybox", readFileSync(busybox), 0o755);
  cpio.symlink("bin/sh", "busybox");
  cpio.symlink("sbin", "bin");
  cpio.symlink("usr/bin", "../bin");
  cpio.symlink("usr/sbin", "../bin");
  cpio.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n");
  cpio.file("etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
  cpio.file("etc/hosts", "127.0.0.1 localhost tiny\n");
  for (const [name, [source, mode]] of Object.entries(FILES)) {
    cpio.file(name, readFileSync(join(repoRoot, "scripts/guest-tiny", source)), mode);
  }
  const { modules } = selectModules(kernel.modules, MODULES);
  const dir = `lib/modules/${kernel.release}`;
  for (const module of modules) cpio.file(`${dir}/${module.file}`, module.data);
  cpio.file(`${dir}/modules.dep`, modulesDep(modules));
  cpio.file(`${dir}/modules.alias`, modulesAlias(modules));
  return cpio.bytes();
}

/** Resolves with the folder: vmlinuz, initrd.img, manifest.json. */
export async function buildTiny() {
  const kernel = await fetchKernel("linux-image-cloud-amd64");
  const busybox = await fetchPackage("busybox-static");
  const sources = Object.values(FILES).map(([source]) => `guest-tiny/${source}`);
  const recipes = recipeText("guest-tiny.mjs", "cpio.mjs", "kernel-modules.mjs", ...sources);
  const dir = cachePath("guests", "tiny");
  await cached("guest tiny", dir, [kernel.version, busybox.version, recipes], () => {
    copyFileSync(kernel.vmlinuz, join(dir, "vmlinuz"));
    writeFileSync(join(dir, "initrd.img"), makeInitramfs(join(busybox.dir, "bin/busybox"), kernel));
    const manifest = {
      name: "tiny",
      kernel: "vmlinuz",
      initrd: "initrd.img",
      cmdline: CMDLINE,
      release: kernel.release,
      packages: [`${kernel.name}=${kernel.version}`, `${busybox.name}=${busybox.version}`],
      ready: "tiny: shell ready",
      prompt: "tiny:~# ",
      terminals: ["tty1", "ttyS0", "hvc0"],
    };
    writeFileSync(join(dir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  });
  return dir;
}

if (isMain(import.meta.url)) await main(buildTiny);
