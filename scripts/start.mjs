// `npm start`: sets up whatever is missing, then serves the page and prints its URL.
//
//   npm start [-- --port N] [--host]
//
// npm packages and the core must succeed. Firmware and the small Linux may be missing (no apt on this
// system, no network): the page is served all the same, for an ISO and firmware of your own.

import { isMain, main, repoRoot, SetupError, say } from "./cache.mjs";
import { buildImages, checkNode, compileCore, installPackages } from "./setup.mjs";

function serverOptions(args) {
  const server = {};
  for (let i = 0; i < args.length; i++) {
    const [name, glued] = args[i].split("=");
    if (name === "--host") server.host = glued ?? true;
    else if (name === "--port") {
      const text = glued ?? args[++i];
      const port = Number(text);
      if (!Number.isInteger(port) || port < 1 || port > 65535)
        throw new SetupError(`--port is a number from 1 to 65535, not "${text ?? ""}"`);
      server.port = port;
      server.strictPort = true;
    } else throw new SetupError(`unknown option "${args[i]}": there are --port N and --host`);
  }
  return server;
}

async function start() {
  const server = serverOptions(process.argv.slice(2));
  checkNode();
  await installPackages();
  // The compiler keeps one processor busy, the images mostly wait for the network.
  const [missing] = await Promise.all([buildImages(["firmware", "tiny"]), compileCore()]);
  const { createServer } = await import("vite");
  const vite = await createServer({ root: repoRoot, clearScreen: false, server });
  try {
    await vite.listen();
  } catch (error) {
    await vite.close();
    throw new SetupError(`the page cannot be served: ${error.message}`);
  }
  for (const sentence of missing) say(`not available: ${sentence}`);
  if (missing.length > 0)
    say("The page works without, with an ISO and firmware that you choose there.");
  say("Longmode is served at");
  vite.printUrls();
}

if (isMain(import.meta.url)) await main(start);
