/** What people get wrong, and what fails under them: one clear sentence each, and a way on. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cachePath } from "../../scripts/cache.mjs";
import {
  machineState,
  noticeText,
  openBrowser,
  openPage,
  type Site,
  screenText,
  serveSources,
  typeText,
  until,
} from "./browser";

const SECTOR = 2048;
const grubIso = cachePath("guests/smoke/grub.iso");
const archIso = cachePath("guests/arch-like/arch-like.iso");

let site: Site;
let browser: Browser;
let page: Page;
const folder = mkdtempSync(join(tmpdir(), "e2e-"));

beforeAll(async () => {
  site = await serveSources();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  page = await openPage(browser);
});

afterEach(() => page.close());

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function choose(path: string): Promise<string> {
  await page.goto(site.url);
  await page.locator(".preset").first().waitFor();
  await page.setInputFiles("#iso-file", path);
  return noticeText(page);
}

describe("addresses", () => {
  const cases: [query: string, sentence: RegExp][] = [
    ["?m=99G", /^-m 99G is too much memory: at most \d+M fit beside the rest of the machine\.$/],
    ["?m=lots", /^-m is a size such as 512M or 2G, not "lots"\.$/],
    ["?colour=blue", /^The address has "colour", which is no option of the machine\.$/],
    ["?vm=windows", /^There is no built-in machine "windows": there is tiny\.$/],
    ["?vm=tiny&cpu=z80", /^-cpu is one of .*, not "z80"\.$/],
    ["?vm=tiny&serial=file:/tmp/x", /^-serial file:\/tmp\/x is for the command line/],
    [
      "?kernel=nowhere/vmlinuz",
      /^"nowhere\/vmlinuz" is neither a Linux bzImage nor a Multiboot or PVH kernel\.$/,
    ],
    ["?cdrom=http://127.0.0.1:1/none.iso", /none\.iso/],
  ];
  test.each(cases)("%s", async (query, sentence) => {
    await page.goto(site.url + query);
    expect(await noticeText(page)).toMatch(sentence);
    expect(await page.locator("#choose").isVisible()).toBe(true);
  });

  test("options without anything to boot are kept for the ISO that is chosen", async () => {
    await page.goto(`${site.url}?m=96M&name=small`);
    await page.setInputFiles("#iso-file", grubIso);
    await until(
      "the machine",
      () => machineState(page),
      (state) => state === "running",
    );
    expect(await page.evaluate(() => window.longmode?.machine?.config.memory)).toBe(96 * 2 ** 20);
    expect(new URL(page.url()).search).toBe("?m=96M&name=small");
  });
});

describe("files", () => {
  test("a text is no ISO", async () => {
    expect(await choose(file("notes.txt", "Not a disc.\n".repeat(100)))).toBe(
      '"notes.txt" is not an ISO: there is no CD or DVD file system in it.',
    );
  });

  test("an archive is named as what it is", async () => {
    expect(
      await choose(file("image.iso.xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))),
    ).toMatch(/xz-compressed: unpack it first/);
  });

  test("an empty file says so", async () => {
    expect(await choose(file("empty.iso", ""))).toBe('"empty.iso" is empty: it has 0 bytes.');
  });

  test("an ISO that is cut short gives both sizes", async () => {
    const iso = readFileSync(grubIso);
    const sentence = await choose(file("short.iso", iso.subarray(0, 3_000_000)));
    expect(sentence).toMatch(
      /^"short\.iso" is cut short: 3,000,000 of [\d,]+ bytes\. Download it again\.$/,
    );
    expect(await page.getByRole("button", { name: "Start anyway" }).isVisible()).toBe(true);
  });

  test("an ISO without a boot record cannot boot", async () => {
    const iso = Uint8Array.from(readFileSync(grubIso));
    iso.fill(0, 17 * SECTOR + 7, 18 * SECTOR);
    const sentence = await choose(file("data.iso", iso));
    expect(sentence).toMatch(
      /^"data\.iso" cannot boot here: it has no boot loader for a PC with BIOS\./,
    );
    await page.getByRole("button", { name: "Start anyway" }).click();
    await page.getByText("The firmware found nothing to boot from").waitFor();
  });

  test("a disk image is offered as a disk", async () => {
    const disk = new Uint8Array(2 ** 20);
    disk.set([0x55, 0xaa], 510);
    // Prints one letter through the video BIOS and stops.
    disk.set([0xb8, 0x40, 0x0e, 0xcd, 0x10, 0xfa, 0xf4], 0);
    expect(await choose(file("stick.img", disk))).toMatch(
      /looks like the image of a disk or a USB stick: use it as a disk/,
    );
    await page.getByRole("button", { name: "Use it as a disk" }).click();
    await until(
      "its boot sector",
      () => screenText(page),
      (text) => /Booting from Hard Disk[^]*\n@/.test(text),
    );
  });

  test("a file that disappears while it is read ends in a sentence, not in silence", async () => {
    const path = join(folder, "vanishing.iso");
    copyFileSync(archIso, path);
    await page.goto(site.url);
    await page.setInputFiles("#iso-file", path);
    await until(
      "the boot menu",
      () => page.evaluate(() => window.longmode?.machine?.serialText() ?? ""),
      (text) => text.includes("Automatic boot in"),
    );
    rmSync(path);
    await page.keyboard.press("Enter");
    expect(await noticeText(page)).toMatch(
      /^"vanishing\.iso" (is no longer there|was changed or can no longer be read)/,
    );
  });
});

describe("what the host lacks", () => {
  test("memory that the browser does not give", async () => {
    await page.addInitScript(() => {
      const { Memory } = WebAssembly;
      WebAssembly.Memory = new Proxy(Memory, {
        construct(target, [descriptor]) {
          if (descriptor.shared) throw new RangeError("could not allocate memory");
          return new target(descriptor);
        },
      });
    });
    await page.goto(`${site.url}?vm=tiny`);
    expect(await noticeText(page)).toBe(
      "This host gives no memory for a machine of 256M: try a smaller -m.",
    );
  });

  test("WebAssembly without SIMD", async () => {
    await page.addInitScript(() => {
      const { validate } = WebAssembly;
      WebAssembly.validate = (bytes) =>
        !new Uint8Array(bytes as ArrayBuffer).includes(0xfd) && validate(bytes);
    });
    await page.goto(`${site.url}?vm=tiny`);
    expect(await noticeText(page)).toMatch(/^This browser's WebAssembly lacks SIMD: update it/);
    expect(await page.locator("#choose").isDisabled()).toBe(true);
  });

  test("firmware that the server does not have can be chosen", async () => {
    await page.route(/\/firmware\/[^/]+\.bin$/, (route) => route.fulfill({ status: 404 }));
    await page.goto(site.url);
    await page.setInputFiles("#iso-file", grubIso);
    expect(await noticeText(page)).toMatch(/^The PC's firmware is missing on this server/);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose the firmware" }).click();
    const names = ["bios-256k.bin", "vgabios-stdvga.bin"];
    await (await chooser).setFiles(names.map((name) => cachePath("firmware", name)));
    await until(
      "GRUB's menu",
      () => screenText(page),
      (text) => text.includes("Say hello"),
    );
  });
});

test("GRUB's menu works from the keyboard", async () => {
  await page.goto(site.url);
  await page.setInputFiles("#iso-file", grubIso);
  await until(
    "GRUB's menu",
    () => screenText(page),
    (text) => text.includes("Say hello"),
  );
  await page.keyboard.press("KeyC");
  await until(
    "GRUB's prompt",
    () => screenText(page),
    (text) => /grub> *$/.test(text.trimEnd()),
  );
  await typeText(page, "echo keys-work\n");
  await until(
    "the answer",
    () => screenText(page),
    (text) => /^keys-work$/m.test(text),
  );
});
