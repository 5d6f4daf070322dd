/**
 * The built page on a host that sends no headers: a service worker isolates it after one reload, the
 * core stays in the browser's own cache, and a browser that takes no service worker gets a sentence.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  collectErrors,
  noticeText,
  openBrowser,
  openPage,
  root,
  type Site,
  screenText,
  serveFolder,
  until,
} from "./browser";

const folder = mkdtempSync(join(tmpdir(), "static-"));
let site: Site;
let browser: Browser;

beforeAll(async () => {
  await build({
    root,
    configFile: join(root, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  site = await serveFolder(folder);
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true });
});

test("the service worker isolates the page after one reload, and a machine runs", async () => {
  const page = await openPage(browser);
  const errors = collectErrors(page);
  let loads = 0;
  const viaWorker = new Map<string, boolean>();
  page.on("load", () => loads++);
  page.on("response", (response) =>
    viaWorker.set(new URL(response.url()).pathname, response.fromServiceWorker()),
  );
  await page.goto(`${site.url}?vm=tiny`);
  await until(
    "the shell",
    () => screenText(page).catch(() => ""),
    (text) => text.includes("tiny: shell ready"),
  );
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(loads).toBe(2);
  expect(viaWorker.get("/")).toBe(true);
  const core = [...viaWorker.keys()].find((path) => path.endsWith(".wasm"));
  expect(core).toBeDefined();
  expect(viaWorker.get(core ?? "")).toBe(false);
  expect(errors).toEqual([]);
  await page.close();
});

test("the page needs nothing but its own folder, wherever that is", async () => {
  const page = await openPage(browser);
  const outside: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(site.url) && !/^(data|blob):/.test(request.url()))
      outside.push(request.url());
  });
  await page.goto(site.url);
  await page.locator(".preset").first().waitFor();
  expect(outside).toEqual([]);
  await page.close();
});

test("without a service worker it says which headers to send, and does not reload for ever", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await openPage(context);
  let loads = 0;
  page.on("load", () => loads++);
  await page.goto(`${site.url}?vm=tiny`);
  expect(await noticeText(page)).toMatch(
    /^This page is not isolated .*Cross-Origin-Embedder-Policy: require-corp/,
  );
  await page.waitForTimeout(1000);
  expect(loads).toBe(1);
  await context.close();
});

test("an address that is not secure is told to use https or localhost", async () => {
  const page = await openPage(browser);
  await page.addInitScript(() => {
    Object.defineProperty(window, "isSecureContext", { value: false });
    Object.defineProperty(window, "crossOriginIsolated", { value: false });
  });
  await page.goto(site.url);
  expect(await noticeText(page)).toMatch(
    /^This address is not secure.*open it over https, or as localhost\.$/,
  );
  await page.close();
});
