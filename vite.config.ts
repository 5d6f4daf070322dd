/**
 * Vite for the page, and vitest for the tests. Three things are ours: the core is compiled before the
 * page is served or built (and again when asm/ changes); firmware and the small Linux, which
 * scripts/guests.mjs keeps outside of the sources, appear as firmware/ and guests/tiny/ beside the page;
 * and every response carries the headers that make the page cross-origin isolated, without which there
 * is no shared memory.
 */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Connect, Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { buildCore } from "./scripts/build-core.mjs";
import { cachePath } from "./scripts/cache.mjs";
import { HANG_MS, TEST_MS } from "./test/limits.ts";

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

/** Folders of the cache that the page may load from; everything else there stays private. */
const IMAGES = ["firmware", "guests/tiny"];

function imageFiles(): { url: string; path: string }[] {
  return IMAGES.flatMap((folder) => {
    const dir = cachePath(folder);
    if (!existsSync(dir)) return [];
    const names = readdirSync(dir).filter((name) => !name.startsWith("."));
    return names.map((name) => ({ url: `${folder}/${name}`, path: join(dir, name) }));
  });
}

/** Serves the images from the cache and, in a build, copies them beside the page. */
function images(): Plugin {
  const serve: Connect.NextHandleFunction = (request, response, next) => {
    const url = request.url?.split("?")[0].slice(1);
    const file = imageFiles().find((image) => image.url === url);
    if (!file) {
      // Not the page itself, which Vite answers with where nothing is found.
      if (!IMAGES.some((folder) => url?.startsWith(`${folder}/`))) return next();
      response.statusCode = 404;
      response.end();
      return;
    }
    for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
    response.setHeader("Content-Type", "application/octet-stream");
    response.setHeader("Content-Length", statSync(file.path).size);
    response.setHeader("Cache-Control", "no-cache");
    if (request.method === "HEAD") response.end();
    else createReadStream(file.path).pipe(response);
  };
  return {
    name: "images",
    configureServer(server) {
      server.middlewares.use(serve);
    },
    generateBundle() {
      for (const { url, path } of imageFiles()) {
        this.emitFile({ type: "asset", fileName: url, source: readFileSync(path) });
      }
    },
  };
}

/** Two threads that wait for each other without sleeping: slow when others run beside them. */
const THREADED = ["asm/irqchip/threads.test.ts"];

/**
 * Tests by what they exercise, in the order in which they run. The machine and the browser want the
 * processor for themselves: their files run one at a time, so that two cores are enough.
 */
const projects = [
  {
    name: "unit",
    include: ["{src,scripts}/**/*.test.{ts,mjs}", "test/*.test.ts"],
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
  },
  {
    name: "processor",
    include: ["asm/**/*.test.ts", "test/cpu/*.test.ts"],
    exclude: THREADED,
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
  },
  {
    name: "machine",
    include: ["test/{machine,system,guest}/**/*.test.ts", ...THREADED],
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    fileParallelism: false,
  },
  {
    name: "e2e",
    include: ["test/e2e/**/*.test.ts"],
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    fileParallelism: false,
  },
];

export default defineConfig({
  base: "./",
  plugins: [core(), images()],
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: "es" },
  // Loaded when its tab is opened: found only then, it would make the server reload the page.
  optimizeDeps: { include: ["@xterm/xterm", "@xterm/addon-fit"] },
  build: { target: "es2022", assetsInlineLimit: 0 },
  test: {
    // A broken machine fails in many tests, and each waits for long.
    bail: process.env.CI ? 5 : 0,
    projects: projects.map((test, groupOrder) => ({
      extends: true as const,
      test: {
        environment: "node" as const,
        maxWorkers: 2,
        sequence: { groupOrder },
        expect: { poll: { timeout: HANG_MS } },
        ...test,
      },
    })),
  },
});
