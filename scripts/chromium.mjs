// The page in the system's Chromium, for the benchmark and the picture of the README. It is served from the
// sources, as `npm start` does, with further files below /files/.

import { createReadStream, statSync } from "node:fs";
import { repoRoot } from "./cache.mjs";

export const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";

/** Streams `files` (paths by name) from where they are. */
function servedFiles(files) {
  return {
    name: "files",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = files[request.url?.replace(/^\/files\//, "")];
        if (path === undefined) return next();
        response.setHeader("Content-Length", statSync(path).size);
        createReadStream(path).pipe(response);
      });
    },
  };
}

/** Opens the page and runs `work(page)`, a page of playwright; everything is closed afterwards. */
export async function withPage(files, work, options = {}) {
  const [{ createServer }, { chromium }] = await Promise.all([
    import("vite"),
    import("playwright-core"),
  ]);
  const vite = await createServer({
    root: repoRoot,
    logLevel: "error",
    plugins: [servedFiles(files)],
    server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
  });
  await vite.listen();
  try {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
    try {
      const page = await browser.newPage(options);
      await page.goto(`http://127.0.0.1:${vite.httpServer.address().port}/`);
      return await work(page);
    } finally {
      await browser.close();
    }
  } finally {
    await vite.close();
  }
}
