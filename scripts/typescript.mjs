// Lets a script use the TypeScript of the tests as it is, without a bundle: Vite's module runner in this process.

import { repoRoot } from "./cache.mjs";

/** Imports a TypeScript module, named relative to the repository. */
export async function importTypeScript(path) {
  const { runnerImport } = await import("vite");
  const options = { configFile: false, root: repoRoot, logLevel: "error" };
  const { module } = await runnerImport(`${repoRoot}/${path}`, options);
  return module;
}
