/**
 * Compiles asm/ into build/core.wasm, only when something in asm/ or the compiler changed.
 *
 *   node scripts/build-core.mjs [--quick]      --quick: -O1, for a fast look; built again next time
 *
 * The imported memory is declared with the widest limits that fit every machine: at least up to guest
 * RAM (asm/layout.ts), at most 4 GiB.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLayout } from "./layout.mjs";
import { withLock } from "./lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const CORE_WASM = join(root, "build/core.wasm");
const STAMP = join(root, "build/core.stamp");
const ASC = join(root, "node_modules/assemblyscript/bin/asc.js");

// biome-ignore format: one option per line
const FLAGS = [
  "--runtime", "stub",
  "--noAssert",
  "--uncheckedBehavior", "always",
  "--enable", "threads",
  "--enable", "simd",
  "--importMemory", "--sharedMemory", "--noExportMemory",
  "--initialMemory", "6144",
  "--maximumMemory", "65536",
  "--memoryBase", "4096",
  "--disableWarning", "112", // v128 parameters of functions that only the core itself calls
];

function sources(dir = join(root, "asm")) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return sources(path);
      return path.endsWith(".ts") && !path.endsWith(".test.ts") ? [path] : [];
    })
    .sort();
}

function stampOf(flags) {
  const hash = createHash("sha256");
  hash.update(flags.join(" "));
  hash.update(readFileSync(join(root, "node_modules/assemblyscript/package.json")));
  for (const path of sources()) hash.update(path.slice(root.length)).update(readFileSync(path));
  return hash.digest("hex");
}

function compile(flags, output) {
  return new Promise((resolve, reject) => {
    // Without this option asc starts itself once more, and that process would outlive a kill.
    const args = ["--enable-source-maps", ASC, "asm/index.ts", "-o", output, ...flags];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    // A build that is given up leaves neither the compiler nor half a file behind.
    const giveUp = () => {
      child.kill();
      rmSync(output, { force: true });
    };
    process.once("exit", giveUp);
    child.on("close", () => process.off("exit", giveUp));
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`asm/ does not compile:\n${text}`)),
    );
  });
}

/** Brings build/core.wasm and the layout that TypeScript knows up to date; returns the core's path. */
export async function buildCore({ quick = false, say = console.error } = {}) {
  return withLock(join(root, "build/core.lock"), () => build(quick, say));
}

async function build(quick, say) {
  writeLayout(say);
  const flags = [...FLAGS, quick ? "-O1" : "-O3"];
  const stamp = stampOf(flags);
  if (existsSync(CORE_WASM) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp)
    return CORE_WASM;
  mkdirSync(dirname(CORE_WASM), { recursive: true });
  const began = Date.now();
  say("core: compiling asm/ ...");
  // Beside the final name first: whoever loads the core never sees half a file.
  const fresh = `${CORE_WASM}.${process.pid}`;
  await compile(flags, fresh);
  renameSync(fresh, CORE_WASM);
  writeFileSync(STAMP, stamp);
  const kib = Math.round(readFileSync(CORE_WASM).length / 1024);
  say(`core: ${kib} KiB in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return CORE_WASM;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildCore({ quick: process.argv.includes("--quick") });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
