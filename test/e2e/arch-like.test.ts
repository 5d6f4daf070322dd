import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cachePath } from "../../scripts/cache.mjs";
import {
  collectErrors,
  machineState,
  openBrowser,
  openPage,
  type Site,
  screenText,
  serveSources,
  typeText,
  until,
} from "./browser";
import { learn, readConsole } from "./console-reader";

const ISO = cachePath("guests/arch-like/arch-like.iso");

let site: Site;
let browser: Browser;
let page: Page;
let errors: string[];
/** The later tests need the prompt that the second one waits for. */
let isBooted = false;

beforeAll(async () => {
  site = await serveSources();
  browser = await openBrowser();
  page = await openPage(browser, { width: 1280, height: 900 });
  errors = collectErrors(page);
  await page.goto(site.url);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

interface Picture {
  width: number;
  height: number;
  /** Share of all pixels, by kind of colour. */
  splash: number;
  title: number;
  selected: number;
}

/** What of the menu's splash is on the screen as the person sees it, from a screenshot of the page. */
async function menuPicture(): Promise<Picture> {
  const png = await page.locator("#canvas").screenshot();
  return page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const image = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const count = { splash: 0, title: 0, selected: 0 };
    const near = (at: number, rgb: number[]) =>
      rgb.every((value, i) => Math.abs(data[at + i] - value) <= 12);
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
      // Letters of the splash run from teal to blue; nothing else is so saturated and so bright.
      if (blue > 190 && green > 120 && red < 130) count.splash++;
      if (near(at, [0x40, 0xd0, 0xc4])) count.title++;
      if (near(at, [0x28, 0x42, 0x6b])) count.selected++;
    }
    const all = image.width * image.height;
    const share = (value: number) => value / all;
    return {
      width: image.width,
      height: image.height,
      splash: share(count.splash),
      title: share(count.title),
      selected: share(count.selected),
    };
  }, png.toString("base64"));
}

test("the ISO chosen in the file picker shows its graphical menu", async () => {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose an ISO" }).click();
  await (await chooser).setFiles(ISO);
  const isMenu = ({ splash, title, selected }: Picture) =>
    splash > 0.02 && title > 0.0005 && selected > 0.01;
  await page.locator("#machine").waitFor();
  const picture = await until("the menu over its splash", menuPicture, isMenu);
  expect(picture.width / picture.height).toBeCloseTo(4 / 3, 1);
  expect(await page.evaluate(() => document.getElementById("canvas")?.getAttribute("width"))).toBe(
    "640",
  );
  expect(await page.locator("#status").innerText()).toMatch(/^Boot loader/);
});

test("Enter boots it to the root prompt on the screen", async () => {
  await page.keyboard.press("Enter");
  await until(
    "the kernel",
    () => page.title(),
    (title) => /Kernel|Running/.test(title),
  );
  await until("the root prompt", consoleText, (text) => /root@archiso . # *$/.test(text.trimEnd()));
  isBooted = true;
  expect(await page.title()).toMatch(/^arch-like\.iso · Running/);
});

/** The console, whether it is a text screen or a framebuffer. */
async function consoleText(): Promise<string> {
  return (await screenText(page)) || readConsole(page);
}

async function run(command: string, answer: RegExp): Promise<string> {
  await typeText(page, `clear; ${command}\n`);
  return until(
    `the answer to ${command}`,
    consoleText,
    (text) => answer.test(text) && /# *$/.test(text.trimEnd()),
  );
}

test("typed commands answer on the screen", async () => {
  expect(isBooted).toBe(true);
  await typeText(page, 'clear; for i in {33..126}; do printf "\\x$(printf %x $i)"; done; echo\n');
  await until(
    "all of ASCII in the first line",
    () => learn(page),
    (isLearned) => isLearned,
  );
  expect(await run("uname -m", /^x86_64$/m)).toMatch(/^x86_64$/m);
  const cpu = await run("lscpu | head -n 20", /^Vendor ID:/m);
  expect(cpu).toMatch(/^Architecture: +x86_64$/m);
  expect(cpu).toMatch(/^CPU op-mode\(s\): +32-bit, 64-bit$/m);
  const pci = await run("lspci", /^00:1f\.3 /m);
  expect(pci).toMatch(/^00:00\.0 Host bridge: Intel Corporation 82G33\/G31\/P35\/P31/m);
  expect(pci).toMatch(/^00:1f\.2 SATA controller: Intel Corporation 82801IR/m);
  const interrupts = await run("cat /proc/interrupts", /^LOC: +\d+/m);
  expect(interrupts).toMatch(/IO-APIC +1-edge +i8042/);
  expect(interrupts).toMatch(/^ERR: +0$/m);
});

test("the mouse goes in by a click after it was asked for, and comes back by the chord", async () => {
  expect(isBooted).toBe(true);
  const reports = async () =>
    Number(/ (\d+) +IO-APIC +12-edge/.exec(await run("cat /proc/interrupts", /^ERR: /m))?.[1] ?? 0);
  const isCaptured = () => page.evaluate(() => document.pointerLockElement?.id === "screen");
  const before = await reports();
  await page.locator("#screen").click();
  expect(await isCaptured()).toBe(false);
  await page.locator("#mouse").click();
  await page.locator("#screen").click();
  await until("the capture", isCaptured, (is) => is);
  for (let step = 0; step < 20; step++) {
    await page.mouse.move(400 + 10 * step, 400);
    await page.waitForTimeout(50);
  }
  await page.keyboard.press("Control+Alt+KeyG");
  await until("the release", isCaptured, (is) => !is);
  await page.locator("#mouse").click();
  await page.locator("#screen").click();
  // Three bytes or more for each of the movements that came through.
  expect(await reports()).toBeGreaterThan(before + 15);
});

test("poweroff stops the machine", async () => {
  expect(isBooted).toBe(true);
  await typeText(page, "poweroff\n");
  await page.getByRole("heading", { name: "Powered off" }).waitFor();
  expect(await machineState(page)).toBe("off");
  expect(errors).toEqual([]);
});
