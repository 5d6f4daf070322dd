// Set-up of a fresh clone, the part that `npm start` and `npm test` have in common: npm packages, the
// core, the firmware, guests, and the system's tools. Every step says what it does, does nothing when
// its result is up to date, and tells in one sentence what is missing when it cannot work.
//
// Imported before `npm ci`: no npm package here, and none in what this imports.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repoRoot, SetupError, say, step } from "./cache.mjs";

const NODE_MINIMUM = [20, 19];

/** This project needs a Node that its own tools run on; an older one fails in ways that tell nothing. */
export function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: ${NODE_MINIMUM.join(".")} or newer is needed.`,
  );
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm keeps its own account of what it has
 * installed in node_modules/.package-lock.json; optional packages may be absent (other systems' binaries).
 */
export function isInstalled(root = repoRoot) {
  const accountPath = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(accountPath)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const have = JSON.parse(readFileSync(accountPath, "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === "" || have[path]?.version === version) return true;
    return have[path] === undefined && Boolean(optional || devOptional);
  });
}

/** Runs a program with its output shown as it comes; resolves with its exit status. */
export function runShown(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", "inherit", "inherit"];
    const child = spawn(command, args, { cwd: repoRoot, stdio, ...options });
    child.on("error", (error) => reject(new SetupError(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (signal === null) resolve(code);
      else reject(new SetupError(`${command} ${args[0]} was ended by ${signal}`));
    });
  });
}

export async function installPackages() {
  if (isInstalled()) return;
  // When npm runs this script it says where it is; otherwise it is in the PATH.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund"];
  await step("npm packages", async () => {
    const status = await (npm?.endsWith(".js")
      ? runShown(process.execPath, [npm, ...args])
      : runShown("npm", args));
    if (status !== 0) throw new SetupError("npm ci failed: see its message above.");
  });
}

/** The core, with AssemblyScript's compiler from node_modules. */
export async function compileCore() {
  const { buildCore } = await import("./build-core.mjs");
  return buildCore({ say });
}

/** The programs that tests call, each with the Debian package that has it. */
const TEST_TOOLS = {
  gcc: "gcc",
  "/usr/include/stdio.h": "libc6-dev",
  "/usr/lib32/libc.a": "gcc-multilib",
  nasm: "nasm",
  chromium: "chromium",
};

export async function installTestTools() {
  const { ensureTools } = await import("./packages.mjs");
  await ensureTools(TEST_TOOLS);
}

/**
 * Builds firmware and guests by name. What fails for a reason the user can do something about is
 * returned as sentences; a bug is thrown.
 */
export async function buildImages(names) {
  const { buildGuests } = await import("./guests.mjs");
  try {
    await buildGuests(names);
    return [];
  } catch (error) {
    if (error instanceof SetupError) return error.message.split("\n");
    throw error;
  }
}
