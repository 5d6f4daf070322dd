/**
 * What the end-to-end tests share: the development server on a free port, a server of plain files that
 * sends no headers of its own, the system's Chromium, and reading the machine from outside by what the
 * page offers to scripts (`window.longmode`).
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createServer } from "vite";
import { buildCore, CORE_WASM } from "../../scripts/build-core.mjs";
import { keyOfCharacter } from "../../src/shared/keys";
import type { Machine } from "../../src/ui/machine";
import { HANG_MS } from "../limits";

export const root = fileURLToPath(new URL("../..", import.meta.url));

declare global {
  interface Window {
    longmode: { machine: Machine | undefined } | undefined;
  }
}

export interface Site {
  url: string;
  close(): Promise<void>;
}

/** `npm start`'s server, without watching files. */
export async function serveSources(): Promise<Site> {
  // `npm test` has compiled it.
  if (!existsSync(CORE_WASM)) await buildCore();
  const server = await createServer({
    root,
    configFile: join(root, "vite.config.ts"),
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const port = (server.httpServer?.address() as AddressInfo | undefined)?.port;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** A static host as there are many: right types, no header that isolates. */
export async function serveFolder(folder: string): Promise<Site> {
  const server = createHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(
      folder,
      normalize(decodeURIComponent(pathname.endsWith("/") ? `${pathname}index.html` : pathname)),
    );
    if (!existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Length": statSync(path).size });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}/`, close };
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page in a window of this size, or in a context of its own; it waits as long as a busy machine needs. */
export async function openPage(
  browser: Browser | BrowserContext,
  viewport?: { width: number; height: number },
): Promise<Page> {
  const page = await browser.newPage(viewport && { viewport });
  page.setDefaultTimeout(HANG_MS);
  return page;
}

/** What went wrong in the page's scripts, for a test to find empty. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
      errors.push(message.text());
  });
  return errors;
}

export function machineState(page: Page): Promise<string | undefined> {
  return page.evaluate(() => window.longmode?.machine?.state);
}

export function serialText(page: Page): Promise<string> {
  return page.evaluate(() => window.longmode?.machine?.serialText() ?? "");
}

/** The characters of a text screen; empty in graphics modes. */
export function screenText(page: Page): Promise<string> {
  return page.evaluate(() => window.longmode?.machine?.screen.text() ?? "");
}

/** Polls until `read` gives something `isDone` accepts, and says what there was when it never does. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  isDone: (value: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + HANG_MS;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (Date.now() > deadline) {
      throw new Error(`${what} did not come about in ${HANG_MS / 1000} s; the last was:\n${value}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A guest that is polled for keys sees each of them. */
const KEY_MS = 20;

/** Presses the keys that type this text on a US keyboard, Shift as a key of its own. */
export async function typeText(page: Page, text: string): Promise<void> {
  for (const character of text) {
    const typed = keyOfCharacter(character);
    if (!typed) throw new Error(`No key types "${character}".`);
    if (typed.isShifted) await page.keyboard.down("Shift");
    await page.keyboard.press(typed.key.code, { delay: KEY_MS });
    if (typed.isShifted) await page.keyboard.up("Shift");
  }
}

/** The sentence of the notice on the page. */
export async function noticeText(page: Page): Promise<string> {
  const notice = page.locator(".notice p").first();
  await notice.waitFor();
  return (await notice.textContent()) ?? "";
}
