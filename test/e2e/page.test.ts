/** What a person finds on the page before and beside the machine. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { cachePath } from "../../scripts/cache.mjs";
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

const GRUB_ISO = cachePath("guests/smoke/grub.iso");
const MEMTEST_ISO = cachePath("guests/smoke/memtest.iso");

let site: Site;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  site = await serveSources();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await openPage(browser, { width: 1280, height: 800 });
  errors = collectErrors(page);
});

afterEach(async () => {
  expect(errors).toEqual([]);
  await page.close();
});

/** Drags a file over the window and lets it go. */
async function drop(name: string, path: string): Promise<void> {
  const base64 = readFileSync(path).toString("base64");
  const transfer = await page.evaluateHandle(
    async ([fileName, content]) => {
      const bytes = await (
        await fetch(`data:application/octet-stream;base64,${content}`)
      ).arrayBuffer();
      const data = new DataTransfer();
      data.items.add(new File([bytes], fileName));
      return data;
    },
    [name, base64],
  );
  await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
  await page.locator("#drop").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

const untilText = (what: string, pattern: RegExp) =>
  until(
    what,
    () => screenText(page),
    (text) => pattern.test(text),
  );

test("the first screen offers one thing, says that nothing is uploaded, and is reached by keyboard", async () => {
  await page.goto(site.url);
  await page.locator(".preset").waitFor();
  expect(await page.locator(".promise").innerText()).toContain("Nothing is uploaded");
  const order: string[] = [];
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("Tab");
    order.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""));
  }
  expect(order[0]).toBe("Choose an ISO…");
  expect(order[1]).toMatch(/^Try Tiny Linux/);
  expect(order[2]).toBe("Customise");
});

test("an ISO dropped anywhere boots", async () => {
  await page.goto(site.url);
  await page.locator(".preset").waitFor();
  await drop("dropped.iso", GRUB_ISO);
  await untilText("GRUB's menu", /Say hello/);
  expect(await page.title()).toBe("dropped.iso · Boot loader · Longmode");
});

test("an ISO dropped on a running machine is the disc in its drive, and can be ejected", async () => {
  await page.goto(site.url);
  await page.setInputFiles("#iso-file", GRUB_ISO);
  await untilText("GRUB's menu", /Say hello/);
  await page.keyboard.press("KeyC");
  await untilText("GRUB's prompt", /grub>/);
  await typeText(page, "ls (cd)/\n");
  await untilText("the files of the disc", /^boot\/ boot\.catalog/m);
  await drop("memtest.iso", MEMTEST_ISO);
  await page.locator("#hint", { hasText: "memtest.iso is in the CD-ROM drive" }).waitFor();
  await page.locator("#screen").click();
  // GRUB keeps what it read until two seconds after the last use.
  const list = async () => {
    await page.waitForTimeout(3000);
    await typeText(page, "clear\nls (cd)/\n");
    await page.waitForTimeout(1000);
    return screenText(page);
  };
  await until("the files of the other disc", list, (text) => /^boot\/ isolinux\//m.test(text));
  await page.locator("#disc-menu").click();
  await page.getByText("In the drive: memtest.iso").waitFor();
  await page.getByRole("menuitem", { name: "Eject" }).click();
  await page.locator("#hint", { hasText: "The CD-ROM drive is empty" }).waitFor();
});

test("the form has the options of the command line and writes them into the address", async () => {
  await page.goto(`${site.url}?m=1G`);
  await page.locator(".preset").waitFor();
  await page.locator("#customise summary").click();
  expect(await page.locator("#option-m").inputValue()).toBe("1G");
  await page.locator("#option-m").fill("9T");
  await page.locator("#option-m").press("Tab");
  expect(await page.locator(".field.bad .problem").innerText()).toMatch(
    /^-m 9T is too much memory/,
  );
  expect(new URL(page.url()).search).toBe("?m=1G");
  await page.locator("#option-m").fill("768M");
  await page.locator("#option-m").press("Tab");
  await page.locator("#option-cpu").selectOption("max");
  await page.locator("#option-no-reboot").check();
  await page.locator("#option-append").fill("console=ttyS0 panic=1");
  await page.locator("#option-append").press("Tab");
  await page.locator(".field.bad .problem", { hasText: "-append needs a -kernel." }).waitFor();
  expect(new URL(page.url()).search).toBe("?m=768M&cpu=max&no-reboot=on");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.locator(".notice", { hasText: "There is nothing to boot yet" }).waitFor();
});

test("share gives an address that starts the same machine", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${site.url}?vm=tiny&m=200M&cmdline=console=ttyS0,115200 quiet`);
  await until(
    "the shell",
    () => serialText(page),
    (text) => text.includes("tiny: shell ready"),
  );
  await page.locator("#share").click();
  await page.locator("#hint", { hasText: "The address is on the clipboard." }).waitFor();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  expect(address).toBe(`${site.url}?vm=tiny&m=200M&append=console=ttyS0,115200+quiet`);
});

test("a guest that reads no mouse is told of when it is clicked", async () => {
  await page.goto(`${site.url}?vm=tiny`);
  await untilText("the shell", /tiny:~#/);
  await page.locator("#mouse").click();
  await page.locator("#screen").click();
  await page.locator("#hint", { hasText: "reads no mouse at present" }).waitFor();
  expect(await page.evaluate(() => document.pointerLockElement)).toBe(null);
});

test("the picture is scaled as asked", async () => {
  await page.goto(`${site.url}?vm=tiny`);
  await untilText("the shell", /tiny:~#/);
  const width = async (choice: string) => {
    await page.locator("#view-menu").click();
    await page.getByRole("menuitemradio", { name: choice }).click();
    return page.locator("#canvas").evaluate((canvas) => canvas.getBoundingClientRect().width);
  };
  expect(await width("Actual size")).toBe(720);
  expect(await width("Whole pixels")).toBe(720);
  expect(await width("Fit")).toBeGreaterThan(1000);
});

test("full screen shows the screen alone, with the toolbar at the edge", async () => {
  await page.goto(`${site.url}?vm=tiny`);
  await untilText("the shell", /tiny:~#/);
  await page.locator("#fullscreen").click();
  await until(
    "full screen",
    () => page.evaluate(() => document.fullscreenElement?.id),
    (id) => id === "machine",
  );
  expect(await page.locator("#status").isVisible()).toBe(false);
  await typeText(page, "echo typed\n");
  await untilText("the answer", /^typed$/m);
  await page.evaluate(() => document.exitFullscreen());
  await page.locator("#status").waitFor();
});

test("something else puts the boot card back", async () => {
  await page.goto(`${site.url}?vm=tiny&m=128M`);
  await until(
    "the machine",
    () => machineState(page),
    (state) => state === "running",
  );
  await page.locator("#power-menu").click();
  await page.getByRole("menuitem", { name: "Force off" }).click();
  await page.locator("dialog").getByRole("button", { name: "Force off" }).click();
  await page.locator("#overlay").getByRole("button", { name: "Something else" }).click();
  await page.locator("#choose").waitFor();
  expect(new URL(page.url()).search).toBe("");
  expect(await page.title()).toBe("Longmode");
});
