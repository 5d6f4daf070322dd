/**
 * `npm run vm -- <options>`: brings the core and the command line's bundles up to date, then becomes
 * the machine. Bundling takes a second and happens only when src/ changed.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildCore } from "./build-core.mjs";
import { withLock } from "./lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(root, "build/cli");
const STAMP = join(root, "build/cli.stamp");
const ENTRIES = ["main", "vcpu-worker", "device-worker", "disk-worker"];

function sources(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return sources(path);
      return path.endsWith(".ts") && !path.endsWith(".test.ts") ? [path] : [];
    })
    .sort();
}

/** Bundles src/cli for Node into build/cli; returns the path of the main program. */
export function buildCli(say = console.error) {
  return withLock(join(root, "build/cli.lock"), () => build(say));
}

async function build(say) {
  const hash = createHash("sha256");
  for (const path of sources(join(root, "src")))
    hash.update(path.slice(root.length)).update(readFileSync(path));
  const stamp = hash.digest("hex");
  const main = join(OUT, "main.mjs");
  if (existsSync(main) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) return main;
  const began = Date.now();
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    input: Object.fromEntries(ENTRIES.map((name) => [name, join(root, `src/cli/${name}.ts`)])),
    platform: "node",
    external: [/^node:/],
    logLevel: "warn",
  });
  const { output } = await bundle.write({
    dir: OUT,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
  });
  await bundle.close();
  const written = new Set(output.map(({ fileName }) => fileName));
  for (const name of readdirSync(OUT)) if (!written.has(name)) rmSync(join(OUT, name));
  writeFileSync(STAMP, stamp);
  say(`cli: bundled in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return main;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const quiet = () => {};
    const isTty = process.stderr.isTTY;
    await buildCore({ say: isTty ? undefined : quiet });
    const main = await buildCli(isTty ? undefined : quiet);
    // In this process: whoever ends it, by whatever signal, ends the machine.
    await import(pathToFileURL(main).href);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
