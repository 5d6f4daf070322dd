/**
 * Vite for the page, and vitest for the tests. Two things are ours: the core is compiled before the
 * page is served or built (and again when asm/ changes), and every response carries the headers that
 * make the page cross-origin isolated, without which there is no shared memory.
 */
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { buildCore } from "./scripts/build-core.mjs";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Compiles asm/ into build/core.wasm. Tests ask for the core themselves, when they need it. */
function core(): Plugin {
  return {
    name: "core",
    async buildStart() {
      if (!process.env.VITEST) await buildCore();
    },
    configureServer(server) {
      if (process.env.VITEST) return;
      let isBuilding = false;
      server.watcher.add("asm");
      server.watcher.on("change", async (path) => {
        if (isBuilding || !/\basm\/.*(?<!\.test)\.ts$/.test(path)) return;
        isBuilding = true;
        try {
          await buildCore();
          server.ws.send({ type: "full-reload" });
        } catch (error) {
          server.config.logger.error((error as Error).message);
        } finally {
          isBuilding = false;
        }
      });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [core()],
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: "es" },
  build: { target: "es2022", assetsInlineLimit: 0 },
  test: {
    include: ["{src,asm,test,scripts}/**/*.test.{ts,mjs}"],
    environment: "node",
    testTimeout: 30_000,
  },
});
