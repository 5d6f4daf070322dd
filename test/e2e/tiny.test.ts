/** The built-in Linux in Chromium: from an address to a shell, and everything the page offers around it. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  collectErrors,
  machineState,
  openBrowser,
  openPage,
  type Site,
  screenText,
  serialText,
  serveSources,
  typeText,
  until,
} from "./browser";

let site: Site;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  site = await serveSources();
  browser = await openBrowser();
  page = await openPage(browser, { width: 1280, height: 800 });
  errors = collectErrors(page);
  await page.goto(`${site.url}?vm=tiny&name=e2e`);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const untilScreen = (what: string, pattern: RegExp) =>
  until(
    what,
    () => screenText(page),
    (text) => pattern.test(text),
  );

test("?vm=tiny reaches its shell without a click", async () => {
  await untilScreen("the shell on the screen", /tiny: shell ready[^]*tiny:~#/);
  expect(await serialText(page)).toContain("tiny: shell ready");
  await until(
    "the phase",
    () => page.title(),
    (title) => title.startsWith("e2e · Running"),
  );
});

test("keys typed into the screen reach the shell", async () => {
  await typeText(page, "echo $((6*7)) \"$(uname -m)\" '<{|}>~'\n");
  await untilScreen("the answer", /^42 x86_64 <\{\|\}>~$/m);
});

test("the escape chord gives the keyboard back, and a click takes it again", async () => {
  await page.keyboard.press("Control+Alt+KeyG");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("tab-screen");
  await typeText(page, "lost");
  await page.locator("#screen").click();
  await typeText(page, "echo kept\n");
  await untilScreen("the answer", /^kept$/m);
  expect(await screenText(page)).not.toContain("lost");
});

test("the serial tab is a terminal of its own", async () => {
  await page.getByRole("tab", { name: "Serial" }).click();
  await page.locator(".xterm-helper-textarea").waitFor({ state: "attached" });
  await page.keyboard.type("echo serial-$((6*7))\n");
  await until(
    "the answer",
    () => serialText(page),
    (text) => /\nserial-42\r/.test(text),
  );
  await until(
    "the answer in the terminal",
    () => page.locator(".xterm-rows").innerText(),
    (text) => text.includes("serial-42"),
  );
  await page.getByRole("tab", { name: "Screen" }).click();
});

test("pause stands still, continue goes on", async () => {
  const instructions = () => page.evaluate(() => window.longmode?.machine?.instructions ?? 0);
  await page.getByRole("button", { name: "Pause" }).click();
  expect(await machineState(page)).toBe("paused");
  let before = -1;
  const isStill = async () => {
    const last = before;
    before = await instructions();
    return before === last;
  };
  await until("the standstill", isStill, (is) => is);
  await page.waitForTimeout(500);
  expect(await instructions()).toBe(before);
  await page.locator("#overlay").getByRole("button", { name: "Continue" }).click();
  await typeText(page, "echo awake\n");
  await untilScreen("the answer", /^awake$/m);
});

test("the status line counts instructions, and lights follow the guest", async () => {
  await typeText(page, "while true; do :; done\n");
  await until(
    "millions of instructions",
    () => page.locator("#status").innerText(),
    (text) => /\d{2,} million instructions\/s/.test(text),
  );
  await page.keyboard.press("Control+KeyC");
  await page.keyboard.press("CapsLock", { delay: 100 });
  await until(
    "the light of Caps Lock",
    () => page.locator(".light", { hasText: "Caps" }).getAttribute("class"),
    (name) => name?.includes("on") === true,
  );
  await page.keyboard.press("CapsLock", { delay: 100 });
});

test("the picture on the page is the text of the screen", async () => {
  const colours = await page.evaluate(() => {
    const canvas = document.getElementById("canvas") as HTMLCanvasElement;
    const data =
      canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const count: Record<string, number> = {};
    for (let i = 0; i < data.length; i += 4) {
      const colour = `${data[i]},${data[i + 1]},${data[i + 2]}`;
      count[colour] = (count[colour] ?? 0) + 1;
    }
    return { size: `${canvas.width}x${canvas.height}`, count };
  });
  expect(colours.size).toBe("720x400");
  expect(colours.count["170,170,170"]).toBeGreaterThan(1000);
  expect(colours.count["0,0,0"]).toBeGreaterThan(200_000);
});

test("reset starts anew", async () => {
  await typeText(page, "echo before-reset\n");
  await untilScreen("the answer", /^before-reset$/m);
  await page.locator("#power-menu").click();
  await page.getByRole("menuitem", { name: "Reset" }).click();
  await untilScreen("the shell again", /^(?![^]*before-reset)[^]*tiny: shell ready[^]*tiny:~#/);
});

test("the power button shuts the guest down, and it can be started again", async () => {
  await page.locator("#power-menu").click();
  await page.getByRole("menuitem", { name: "Shut down" }).click();
  await page.getByRole("heading", { name: "Powered off" }).waitFor();
  expect(await machineState(page)).toBe("off");
  await page.getByRole("button", { name: "Start again" }).click();
  await untilScreen("the shell again", /tiny: shell ready/);
});

test("force off asks first", async () => {
  await page.locator("#power-menu").click();
  await page.getByRole("menuitem", { name: "Force off" }).click();
  await page.locator("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(await machineState(page)).toBe("running");
  await page.locator("#power-menu").click();
  await page.getByRole("menuitem", { name: "Force off" }).click();
  await page.locator("dialog").getByRole("button", { name: "Force off" }).click();
  await page.getByRole("heading", { name: "Off" }).waitFor();
  expect(await machineState(page)).toBe("off");
});

test("the address asks for the same machine, and nothing went wrong in the page", async () => {
  expect(new URL(page.url()).search).toBe("?vm=tiny&name=e2e");
  expect(errors).toEqual([]);
});
