// The "arch-like" ISO: the shape of Arch Linux' monthly image, made of Debian packages.
//
//   isolinux -> whichsys.c32 -> vesamenu.c32 (640x480, serial line, 15 s) -> stock 64-bit kernel
//   initramfs (xz): finds the ISO by UUID, loop-mounts arch/x86_64/airootfs.sfs (squashfs, xz with x86
//   filter, 1 MiB blocks), overlay in memory -> systemd -> root shell on tty1 and ttyS0
//
// The same packages and the same recipe give the same bytes: every date is fixed, and the UUID is
// the image's creation date. Kernel and modules are Debian's, unmodified and signed.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import {
  cached,
  cachePath,
  freshDir,
  hashOf,
  isMain,
  main,
  repoRoot,
  run,
  SOURCE_DATE_EPOCH,
  step,
} from "./cache.mjs";
import { CpioWriter } from "./cpio.mjs";
import { addIsolinux, isoUuid, writeIsolinuxIso } from "./iso-image.mjs";
import { modulesAlias, modulesDep, selectModules } from "./kernel-modules.mjs";
import { ensureTools, fetchClosure, fetchKernel, fetchPackage } from "./packages.mjs";
import { buildRootfs } from "./rootfs.mjs";
import { drawSplash } from "./splash.mjs";

const LABEL = "ARCH_LIKE";
const IMAGE_DATE = new Date(SOURCE_DATE_EPOCH * 1000);
const SOURCES = join(repoRoot, "scripts/guest-iso");

// biome-ignore format: one subject per line
const PACKAGES = [
  "base-files", "base-passwd", "libc-bin", "usr-is-merged", "systemd", "systemd-sysv", "udev", "libpam-systemd", "dbus",
  "bash", "coreutils", "util-linux", "mount", "login", "passwd", "hostname", "kmod", "procps", "e2fsprogs",
  "findutils", "grep", "sed", "gzip", "tar", "mawk", "diffutils", "ncurses-base", "ncurses-bin",
  "pciutils", "iproute2", "iputils-ping", "less", "nano", "vim-tiny",
];

// biome-ignore format: one subject per line
const INITRAMFS_MODULES = [
  "virtio_pci", "virtio_blk", "virtio_scsi",
  "ahci", "ata_piix", "ata_generic", "sd_mod", "sr_mod",
  "isofs", "loop", "squashfs", "overlay",
];

// biome-ignore format: one subject per line
const ROOT_MODULES = [
  ...INITRAMFS_MODULES,
  "virtio_net", "virtio_console", "virtio_input", "virtio_balloon", "virtio-rng", "virtio-gpu", "9p", "9pnet_virtio", "virtiofs",
  "bochs", "vga16fb", "psmouse", "mousedev", "evdev", "joydev", "pcspkr", "button", "serio_raw",
  "i2c-i801", "lpc_ich", "iTCO_wdt", "qemu_fw_cfg", "pvpanic-pci", "e1000", "e1000e", "nvme",
  "ext4", "vfat", "nls_ascii", "nls_cp437", "nls_utf8", "udf", "fuse", "autofs4", "configfs", "crc32c-intel",
];

// Units that only cost time on a medium that forgets everything.
// biome-ignore format: one subject per line
const MASKED = [
  "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "systemd-tmpfiles-clean.timer", "dpkg-db-backup.timer",
  "systemd-hwdb-update.service", "systemd-journal-flush.service", "systemd-pstore.service", "systemd-random-seed.service",
  "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-networkd-wait-online.service",
];

const ENABLED = { "getty.target.wants": ["getty@tty1.service", "serial-getty@ttyS0.service"] };

function makeInitramfs(busybox, kernel) {
  const cpio = new CpioWriter();
  for (const name of ["dev", "proc", "sys", "run", "new_root"]) cpio.directory(name);
  cpio.charDevice("dev/console", 5, 1);
  cpio.file("bin/busybox", readFileSync(busybox), 0o755);
  cpio.symlink("sbin", "bin");
  cpio.file("init", readFileSync(join(SOURCES, "init")), 0o755);
  const { modules } = selectModules(kernel.modules, INITRAMFS_MODULES);
  const dir = `lib/modules/${kernel.release}`;
  for (const module of modules) cpio.file(`${dir}/${module.file}`, module.data);
  cpio.file(`${dir}/modules.dep`, modulesDep(modules));
  cpio.file(`${dir}/modules.alias`, modulesAlias(modules));
  return cpio.bytes();
}

async function addModules(root, kernel) {
  const target = join(root, "usr/lib/modules", kernel.release);
  const { modules } = selectModules(kernel.modules, ROOT_MODULES);
  for (const module of modules) {
    mkdirSync(dirname(join(target, module.file)), { recursive: true });
    writeFileSync(join(target, module.file), module.data);
  }
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    if (existsSync(join(kernel.modules, name)))
      copyFileSync(join(kernel.modules, name), join(target, name));
  }
  await run("depmod", ["--basedir", root, kernel.release]);
}

function configureUnits(root) {
  const dir = join(root, "etc/systemd/system");
  for (const unit of MASKED) symlinkSync("/dev/null", join(dir, unit));
  for (const [target, units] of Object.entries(ENABLED)) {
    mkdirSync(join(dir, target), { recursive: true });
    for (const unit of units)
      symlinkSync(`/lib/systemd/system/${unit.replace(/@.*\./, "@.")}`, join(dir, target, unit));
  }
  symlinkSync("/lib/systemd/system/multi-user.target", join(dir, "default.target"));
}

/** Lines "name priority" for mksquashfs -sort: the files of boot-order.txt first, in its order. */
function bootOrder(root) {
  const lines = readFileSync(join(SOURCES, "boot-order.txt"), "utf8").split("\n");
  const patterns = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const asRegExp = (pattern) =>
    new RegExp(`^${pattern.replace(/[.+@]/g, "\\$&").replaceAll("*", "[^/]*")}$`);
  const expressions = patterns.map(asRegExp);
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const names = entries
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
  const placed = names.map((name) => [
    name,
    expressions.findIndex((expression) => expression.test(name)),
  ]);
  const first = placed.filter(([, place]) => place >= 0);
  return first.map(([name, place]) => `${name} ${32000 - place}\n`).join("");
}

async function makeSquashfs(root, image) {
  // Its times come from the environment variable SOURCE_DATE_EPOCH, which run() sets.
  const format = ["-comp", "xz", "-Xbcj", "x86", "-b", "1M"];
  const sortFile = `${image}.sort`;
  writeFileSync(sortFile, bootOrder(root));
  const order = ["-sort", sortFile];
  await run("mksquashfs", [
    root,
    image,
    ...format,
    ...order,
    "-all-root",
    "-no-xattrs",
    "-noappend",
    "-quiet",
    "-no-progress",
  ]);
  rmSync(sortFile);
}

async function addBootMenu(tree) {
  const bootDir = join(tree, "boot/syslinux");
  const modules = [
    "libcom32",
    "libutil",
    "libgpl",
    "libmenu",
    "whichsys",
    "vesamenu",
    "chain",
    "hdt",
    "reboot",
    "poweroff",
  ];
  await addIsolinux(tree, "boot/syslinux", modules);
  for (const file of readdirSync(join(SOURCES, "syslinux"))) {
    const text = readFileSync(join(SOURCES, "syslinux", file), "utf8");
    writeFileSync(join(bootDir, file), text.replaceAll("@UUID@", isoUuid(IMAGE_DATE)));
  }
  writeFileSync(join(bootDir, "splash.png"), drawSplash());
}

async function buildImage(dir, { kernel, busybox, memtest, closure, machineId }) {
  const root = freshDir("work", "airootfs");
  const tree = freshDir("work", "arch-like");
  const extraUsers = [["u", "messagebus", "-", "System Message Bus", "/nonexistent"]];
  await step("ISO: root file system", async () => {
    await buildRootfs(root, {
      debs: closure.debs,
      overlay: join(SOURCES, "root"),
      machineId,
      extraUsers,
    });
    await addModules(root, kernel);
    configureUnits(root);
  });
  for (const place of ["arch/boot/x86_64", "arch/x86_64", "boot/memtest86+"])
    mkdirSync(join(tree, place), { recursive: true });
  await step("ISO: squashfs, xz", () => makeSquashfs(root, join(tree, "arch/x86_64/airootfs.sfs")));
  await step("ISO: initramfs, xz", async () => {
    const initramfs = makeInitramfs(join(busybox.dir, "bin/busybox"), kernel);
    const packed = await run("xz", ["--check=crc32", "-9", "--stdout"], { input: initramfs });
    writeFileSync(join(tree, "arch/boot/x86_64/initramfs-linux.img"), packed);
  });
  copyFileSync(kernel.vmlinuz, join(tree, "arch/boot/x86_64/vmlinuz-linux"));
  copyFileSync(join(memtest.dir, "boot/memtest86+x64.bin"), join(tree, "boot/memtest86+/memtest"));
  await addBootMenu(tree);
  const image = join(dir, "arch-like.iso");
  const application = "Arch-like test ISO";
  await writeIsolinuxIso({
    dir: tree,
    image,
    bootDir: "boot/syslinux",
    label: LABEL,
    date: IMAGE_DATE,
    application,
  });
  rmSync(root, { recursive: true });
  rmSync(tree, { recursive: true });
  return statSync(image).size;
}

/** Every file below scripts/guest-iso and the scripts that read them. */
function recipes() {
  const below = readdirSync(SOURCES, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = below.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  const scripts = ["guest-iso", "rootfs", "splash", "cpio", "iso-image", "kernel-modules"];
  return [...paths, ...scripts.map((name) => join(repoRoot, "scripts", `${name}.mjs`))].map(
    (path) => readFileSync(path, "utf8"),
  );
}

/** Resolves with the folder: arch-like.iso, manifest.json. */
export async function buildIso() {
  await ensureTools({
    xorriso: "xorriso",
    mksquashfs: "squashfs-tools",
    xz: "xz-utils",
    depmod: "kmod",
    ldconfig: "libc-bin",
  });
  const kernel = await fetchKernel("linux-image-amd64");
  const busybox = await fetchPackage("busybox-static");
  const memtest = await fetchPackage("memtest86+");
  const isolinux = await fetchPackage("isolinux");
  const closure = await fetchClosure("arch-like", PACKAGES);
  const single = [kernel, busybox, memtest, isolinux].map(
    ({ name, version }) => `${name}=${version}`,
  );
  const inputs = [single, closure.versions, recipes()];
  const dir = cachePath("guests", "arch-like");
  await cached("guest arch-like ISO", dir, inputs, async () => {
    const machineId = hashOf(closure.versions).slice(0, 32);
    const size = await buildImage(dir, { kernel, busybox, memtest, closure, machineId });
    const manifest = {
      name: "arch-like",
      iso: "arch-like.iso",
      size,
      label: LABEL,
      uuid: isoUuid(IMAGE_DATE),
      release: kernel.release,
      packages: [...single, ...closure.versions],
      menu: {
        title: "Arch-like test ISO",
        seconds: 15,
        entries: ["Live system (x86_64, BIOS)", "Live system with serial console"],
      },
      terminals: ["tty1", "ttyS0"],
      prompt: "root@archiso ~ # ",
    };
    writeFileSync(join(dir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  });
  return dir;
}

if (isMain(import.meta.url)) await main(buildIso);
