// The guest "checks": a stock Debian kernel with the modules that test something, glibc and stress-ng from their
// packages, and guest-checks/init, which tries them and tells what came of it (scripts/test-guest.mjs).

import {
  copyFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { cached, cachePath, freshDir, isMain, main, recipeText } from "./cache.mjs";
import { CpioWriter } from "./cpio.mjs";
import { modulesAlias, modulesDep, selectModules } from "./kernel-modules.mjs";
import { fetchClosure, fetchKernel, fetchPackage } from "./packages.mjs";
import { buildRootfs } from "./rootfs.mjs";

const PACKAGES = ["base-passwd", "libc-bin", "stress-ng"];
const TESTS = ["test_bpf", "test_user_copy", "test_static_keys", "raid6_pq", "xor", "tcrypt"];
const CRYPTO = ["kernel/arch/x86/crypto", "kernel/crypto"];
/** Modules there that are no algorithms, or interfaces to user space. */
const NO_ALGORITHM = /^(tcrypt|cryptd|crypto_user|algif|af_alg|test_)/;

function cryptoModules(kernel) {
  return CRYPTO.flatMap((dir) => readdirSync(join(kernel.modules, dir), { recursive: true }))
    .filter((file) => file.endsWith(".ko"))
    .map((file) => basename(file, ".ko"))
    .filter((name) => !NO_ALGORITHM.test(name))
    .sort();
}

function addTree(cpio, dir, place) {
  for (const name of readdirSync(dir).sort()) {
    const [path, at] = [join(dir, name), place === "" ? name : `${place}/${name}`];
    const info = lstatSync(path);
    if (info.isSymbolicLink()) cpio.symlink(at, readlinkSync(path));
    else if (info.isDirectory()) {
      cpio.directory(at);
      addTree(cpio, path, at);
    } else if (info.isFile()) cpio.file(at, readFileSync(path), info.mode & 0o777);
  }
}

function makeInitramfs(root, busybox, kernel) {
  const cpio = new CpioWriter();
  addTree(cpio, root, "");
  cpio.charDevice("dev/console", 5, 1);
  cpio.file("usr/bin/busybox", readFileSync(busybox), 0o755);
  cpio.file("init", recipeText("guest-checks/init")[0], 0o755);
  const crypto = cryptoModules(kernel);
  cpio.file("crypto-modules", `${crypto.join("\n")}\n`);
  const { modules } = selectModules(kernel.modules, [...TESTS, ...crypto]);
  const dir = `usr/lib/modules/${kernel.release}`;
  for (const module of modules) cpio.file(`${dir}/${module.file}`, module.data);
  cpio.file(`${dir}/modules.dep`, modulesDep(modules));
  cpio.file(`${dir}/modules.alias`, modulesAlias(modules));
  return cpio.bytes();
}

/** Resolves with the folder: vmlinuz, initrd.img. */
export async function buildChecks() {
  const kernel = await fetchKernel("linux-image-amd64");
  const busybox = await fetchPackage("busybox-static");
  const closure = await fetchClosure("checks", PACKAGES);
  const recipes = recipeText("guest-checks.mjs", "guest-checks/init", "rootfs.mjs", "cpio.mjs");
  const dir = cachePath("guests", "checks");
  const inputs = [kernel.version, busybox.version, closure.versions, recipes];
  await cached("guest checks", dir, inputs, async () => {
    const root = freshDir("work", "checks-root");
    await buildRootfs(root, { debs: closure.debs, machineId: "0".repeat(32) });
    copyFileSync(kernel.vmlinuz, join(dir, "vmlinuz"));
    const image = makeInitramfs(root, join(busybox.dir, "bin/busybox"), kernel);
    writeFileSync(join(dir, "initrd.img"), image);
    rmSync(root, { recursive: true });
  });
  return dir;
}

if (isMain(import.meta.url)) await main(buildChecks);
