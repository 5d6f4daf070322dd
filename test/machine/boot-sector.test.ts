/** 16-bit code from a hard disk's boot sector (boot-sector.asm): the BIOS' services over our devices. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repoRoot } from "../../scripts/cache.mjs";
import { RAM } from "../../src/shared/layout";
import { delay, Vm } from "./vm";

let dir: string;
let disk: string;
let vm: Vm;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "boot-sector-"));
  disk = join(dir, "disk.img");
  const source = join(repoRoot, "test/machine/boot-sector.asm");
  execFileSync("nasm", ["-f", "bin", "-o", disk, source]);
  writeFileSync(disk, Buffer.concat([readFileSync(disk)], 1024 * 1024));
  vm = await Vm.start(["-m", "32", "-drive", `file=${disk},format=raw`, "-boot", "c"]);
});
afterAll(() => {
  vm?.stop();
  rmSync(dir, { recursive: true });
});

test("the BIOS starts it, and reads more of the disk for it", async () => {
  await vm.waitForScreen(/sector one, drive 80\nsector two by LBA/);
});

test("a key comes through the BIOS", async () => {
  await vm.sendKeys("q");
  await vm.waitForScreen(/key 71/);
});

test("the BIOS' clock ticks 18.2 times a second", async () => {
  await vm.waitForScreen(/ticks begin end/);
  // The counter in the BIOS' data area, from one change to another.
  const ticks = () => vm.machine.shared.view.getUint32(RAM + 0x46c, true);
  const change = async () => {
    const before = ticks();
    while (ticks() === before) await delay(1);
    return { count: ticks(), at: performance.now() / 1000 };
  };
  // A busy host sees a change late; then it looks again.
  const rate = async () => {
    const first = await change();
    await delay(4000);
    const last = await change();
    return (last.count - first.count) / (last.at - first.at);
  };
  const PIT_HZ = 1_193_182;
  await expect.poll(async () => (await rate()) / (PIT_HZ / 65_536)).toBeCloseTo(1, 2);
});

test("mode 13h shows bytes as colours of the palette", async () => {
  await vm.sendKeys("spc");
  await expect.poll(() => vm.screen.picture().width).toBe(320);
  await expect.poll(() => vm.screen.colorAt(0, 199) !== "#000000").toBe(true);
  const picture = vm.screen.picture();
  expect([picture.width, picture.height]).toEqual([320, 200]);
  // The palette that the video BIOS loads: 16 colours of CGA, 16 greys, then hues from blue on.
  const rows = [0, 1, 4, 14, 15, 20, 31, 32, 40];
  const colors = [
    "#000000",
    "#0000aa",
    "#aa0000",
    "#ffff55",
    "#ffffff",
    "#383838",
    "#ffffff",
    "#0000ff",
    "#ff0000",
  ];
  expect(rows.map((y) => vm.screen.colorAt(160, y, picture))).toEqual(colors);
  expect(vm.screen.colorAt(0, 40, picture)).toBe(vm.screen.colorAt(319, 40, picture));
});

test("mode 12h shows what is written to one plane", async () => {
  await vm.sendKeys("spc");
  await expect.poll(() => vm.screen.picture().height).toBe(480);
  await expect.poll(() => vm.screen.colorAt(639, 279)).toBe("#aa0000");
  const picture = vm.screen.picture();
  expect([picture.width, picture.height]).toEqual([640, 480]);
  const at = (y: number) => [vm.screen.colorAt(0, y, picture), vm.screen.colorAt(639, y, picture)];
  expect(at(199)).toEqual(["#000000", "#000000"]);
  expect(at(200)).toEqual(["#aa0000", "#aa0000"]);
  expect(at(279)).toEqual(["#aa0000", "#aa0000"]);
  expect(at(280)).toEqual(["#000000", "#000000"]);
});

test("what it writes is in the image, and comes back", async () => {
  await vm.sendKeys("spc");
  await vm.waitForScreen(/^written by the guest/);
  const sector = readFileSync(disk).subarray(7 * 512, 8 * 512);
  expect(sector.toString("latin1")).toMatch(/^written by the guest\r\n\0/);
});

test("a jump to FFFF:0 starts the machine again", async () => {
  await vm.sendKeys("spc");
  await expect.poll(() => vm.resets).toBe(1);
  await vm.waitForScreen(/sector one, drive 80\nsector two by LBA/);
});
