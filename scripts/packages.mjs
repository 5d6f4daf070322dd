// Debian packages: the tools that a build needs, and the packages that images are made of.
//
// Tools are installed system-wide when this runs as root; otherwise one sentence names what is
// missing. Contents of images are only downloaded and unpacked, below `.cache/debs/`, which needs no
// root: apt gets private folders for its lists when the system's are empty or out of date.
// Packages are named, never addressed: which archive they come from is the system's apt
// configuration. A package stays at the version that was fetched first; `--refresh` asks again.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cachePath, freshDir, run, SetupError, say, step, toolPath } from "./cache.mjs";

const isRoot = process.getuid?.() === 0;
const isRefreshing = process.argv.includes("--refresh");

function hasCommand(name) {
  return toolPath.split(":").some((dir) => dir !== "" && existsSync(join(dir, name)));
}

function requireApt() {
  if (hasCommand("apt-get") && hasCommand("dpkg-deb")) return;
  throw new SetupError(
    "the guest images and the firmware are made of Debian packages, and this system has no apt-get and " +
      "dpkg-deb. Use a Debian system or container, or bring your own ISO and firmware.",
  );
}

/**
 * Makes sure that commands exist: `{ xorriso: "xorriso", mksquashfs: "squashfs-tools" }` maps each
 * command, or an absolute path of a file, to the package that has it.
 */
export async function ensureTools(commands) {
  const isThere = (name) => (name.startsWith("/") ? existsSync(name) : hasCommand(name));
  const missing = Object.entries(commands).filter(([name]) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].sort();
  const sentence =
    `missing ${missing.map(([name]) => name).join(", ")}: ` +
    `install with "apt-get install ${packages.join(" ")}"`;
  if (!isRoot || !hasCommand("apt-get")) throw new SetupError(sentence);
  const options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  const install = () =>
    run("apt-get", ["install", ...options, ...packages], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  await step(`installing ${packages.join(" ")}`, async () => {
    try {
      await install();
    } catch {
      await run("apt-get", ["update", "-o", "DPkg::Lock::Timeout=300"]);
      await install();
    }
  });
}

// Which lists apt reads. It begins with the system's; after the first failure they are fetched anew,
// into the cache, so that neither root nor an up-to-date system is needed.
let aptOptions = [];
let areListsFresh = false;

function privateAptOptions() {
  const dir = cachePath("apt");
  mkdirSync(join(dir, "state", "lists", "partial"), { recursive: true });
  mkdirSync(join(dir, "cache", "archives", "partial"), { recursive: true });
  const options = {
    "Dir::State": join(dir, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(dir, "cache"),
  };
  return Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

async function refreshLists() {
  aptOptions = privateAptOptions();
  areListsFresh = true;
  await step("reading the package lists", async () => {
    try {
      await run("apt-get", [...aptOptions, "update"]);
    } catch (error) {
      // One unreachable source among several is no reason to stop: what is missing shows by name.
      say(`apt-get update: ${error.message.split("\n").at(-1)}`);
    }
  });
}

/** Runs apt and, if that fails with lists that may be stale, once more with new lists. */
async function apt(command, args, options) {
  const quiet = ["-q", "-o", "APT::Sandbox::User=root"];
  try {
    return await run(command, [...quiet, ...aptOptions, ...args], options);
  } catch (error) {
    if (areListsFresh) throw error;
    await refreshLists();
    return run(command, [...quiet, ...aptOptions, ...args], options);
  }
}

const fetched = new Map();

/**
 * Downloads and unpacks one package. Resolves with `{ name, version, depends, dir }`, `dir` being
 * the root of its files.
 */
export function fetchPackage(name) {
  if (!fetched.has(name)) fetched.set(name, fetchOnce(name));
  return fetched.get(name);
}

async function fetchOnce(name) {
  const dir = cachePath("debs", name);
  const notePath = cachePath("debs", `${name}.json`);
  const known =
    existsSync(notePath) && existsSync(dir) ? JSON.parse(readFileSync(notePath, "utf8")) : null;
  if (known !== null && !isRefreshing) return { ...known, dir };
  requireApt();
  if (isRefreshing && !areListsFresh) await refreshLists();
  return step(`package ${name}`, async () => {
    const temporary = freshDir("debs", `.new-${name}`);
    await apt("apt-get", ["download", name], { cwd: temporary });
    const deb = join(
      temporary,
      readdirSync(temporary).find((file) => file.endsWith(".deb")),
    );
    const field = async (key) => (await run("dpkg-deb", ["-f", deb, key])).toString().trim();
    const note = { name, version: await field("Version"), depends: await field("Depends") };
    await run("dpkg-deb", ["-x", deb, join(temporary, "root")]);
    rmSync(dir, { recursive: true, force: true });
    renameSync(join(temporary, "root"), dir);
    rmSync(temporary, { recursive: true });
    writeFileSync(notePath, JSON.stringify(note, null, 2));
    return { ...note, dir };
  });
}

/** Fetches the kernel that a meta package such as linux-image-amd64 stands for today. */
export async function fetchKernel(metaName) {
  const meta = await fetchPackage(metaName);
  const name = /linux-image-[0-9][^ ,(]*/.exec(meta.depends)?.[0];
  if (name === undefined)
    throw new SetupError(`package ${metaName} names no kernel: "${meta.depends}"`);
  const kernel = await fetchPackage(name);
  const release = name.slice("linux-image-".length);
  return {
    ...kernel,
    release,
    vmlinuz: join(kernel.dir, "boot", `vmlinuz-${release}`),
    config: join(kernel.dir, "boot", `config-${release}`),
    modules: findModules(kernel.dir, release),
  };
}

function findModules(dir, release) {
  const places = ["usr/lib/modules", "lib/modules"].map((place) => join(dir, place, release));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new SetupError(`${dir} has no folder of kernel modules`);
  return found;
}

/**
 * Downloads packages with all that they depend on, resolved by apt as for an empty system.
 * Resolves with the paths of the .deb files and with "name=version" of each.
 */
export async function fetchClosure(label, names) {
  const dir = cachePath("closures", label);
  const notePath = join(dir, "closure.json");
  const known = existsSync(notePath) ? JSON.parse(readFileSync(notePath, "utf8")) : null;
  if (known !== null && !isRefreshing && known.names.join() === names.join()) {
    return { ...known, debs: known.files.map((file) => join(dir, file)) };
  }
  requireApt();
  if (isRefreshing && !areListsFresh) await refreshLists();
  return step(`packages of ${label}`, async () => {
    freshDir("closures", label, "partial");
    writeFileSync(join(dir, "status"), "");
    const args = ["install", "-y", "--download-only", "--no-install-recommends"];
    const places = [
      `Dir::State::status=${join(dir, "status")}`,
      `Dir::Cache::archives=${dir}`,
      "Debug::NoLocking=1",
    ];
    await apt("apt-get", [...args, ...places.flatMap((place) => ["-o", place]), ...names]);
    const files = readdirSync(dir)
      .filter((file) => file.endsWith(".deb"))
      .sort();
    // apt writes the version's colon as %3a in file names.
    const versions = files.map((file) => file.split("_").slice(0, 2).join("=").replace("%3a", ":"));
    writeFileSync(notePath, JSON.stringify({ names, files, versions }, null, 2));
    return { names, files, versions, debs: files.map((file) => join(dir, file)) };
  });
}
