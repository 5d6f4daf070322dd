/**
 * GRUB's rescue CD from the keyboard: 16-bit disk and video BIOS calls, 32-bit code, the menu in text mode,
 * a VBE graphics mode, and two ways to end. Every entry is chosen with the arrow keys of the PS/2 keyboard,
 * and what it does is looked for on the screen.
 */
import { expect, test } from "vitest";
import type { Picture } from "./glyphs";
import { literally, smokeOptions } from "./guests";
import { useVm, type Vm } from "./vm";

const start = useVm();
/** Fewer keys than the BIOS keeps for a program that is busy; of more it loses some, here as on any PC. */
const BIOS_KEYS = 8;
const MENU = /GNU GRUB[\s\S]*\*Say hello[\s\S]*Halt/;

/** Pixels by colour. */
function colors({ data }: Picture): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at < data.length; at += 4) {
    const color = `#${((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]).toString(16).padStart(6, "0")}`;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  return counts;
}

async function bootToMenu(): Promise<Vm> {
  const vm = await start(smokeOptions("grub", 128));
  await vm.waitForScreen(MENU);
  return vm;
}

/** Goes down `steps` entries from the first; the highlighted one is marked with a star. */
async function choose(vm: Vm, steps: number, title: string): Promise<void> {
  for (let i = 0; i < steps; i++) await vm.sendKeys("down");
  await vm.waitForScreen(new RegExp(`\\*${title}`));
  await vm.sendKeys("ret");
}

test("the arrow keys move the selection, both ways and not beyond the ends", async () => {
  const vm = await bootToMenu();
  await vm.sendKeys("down");
  await vm.waitForScreen(/\*Processor and memory/);
  await vm.sendKeys("end");
  await vm.waitForScreen(/\*Halt/);
  await vm.sendKeys("down", "up");
  await vm.waitForScreen(/\*Reboot/);
  await vm.sendKeys("home", "up");
  await vm.waitForScreen(/\*Say hello/);
  await vm.sendKeys("ret");
  await vm.waitForScreen(/grub: hello from entry one/);
});

test("finds long mode and all of the memory", async () => {
  const vm = await bootToMenu();
  await choose(vm, 1, "Processor and memory");
  const text = await vm.waitForScreen(/this processor has long mode[\s\S]*\(cd0?\)/);
  const available = [
    ...text.matchAll(/base_addr = 0x([0-9a-f]+), length = 0x([0-9a-f]+), available RAM/g),
  ];
  const bytes = available.reduce((sum, [, , length]) => sum + Number.parseInt(length, 16), 0);
  expect(bytes).toBeGreaterThan(127 * 2 ** 20);
  expect(bytes).toBeLessThanOrEqual(128 * 2 ** 20);
});

test("the command line takes every printable character", async () => {
  const vm = await bootToMenu();
  await vm.sendKeys("c");
  await vm.waitForScreen(/grub>/);
  const typed = "abcXYZ0189-=[]\\;,./`~!@#$%^&*()_+{}|:<>?";
  const line = `echo '${typed}'`;
  for (let shown = 0; shown < line.length; shown += BIOS_KEYS) {
    await vm.sendText(line.slice(shown, shown + BIOS_KEYS));
    await vm.waitForScreen(literally(line.slice(0, shown + BIOS_KEYS)));
  }
  await vm.sendKeys("ret");
  await vm.waitForScreen(literally(`\n${typed}\n`));
});

test("a VBE mode shows what was asked for", async () => {
  const vm = await bootToMenu();
  await choose(vm, 2, "Graphics mode 800x600");
  await vm.waitForSerial(/grub: graphics mode/);
  // The ground that was asked for makes a frame of ten pixels around the terminal, which paints its own.
  const frame = 800 * 600 - 780 * 580;
  const isDrawn = () => colors(vm.screen.picture()).get("#103858") === frame;
  await expect.poll(isDrawn).toBe(true);
  const picture = vm.screen.picture();
  expect([picture.width, picture.height]).toEqual([800, 600]);
  expect(vm.screen.colorAt(9, 300, picture)).toBe("#103858");
  expect(vm.screen.colorAt(10, 300, picture)).toBe("#545454");
  // "grub: graphics mode" in dots of the foreground.
  const ink = () => colors(vm.screen.picture()).get("#a8a8a8") ?? 0;
  await expect.poll(ink).toBeGreaterThan(200);
  expect(ink()).toBeLessThan(600);
  await vm.sendKeys("esc");
  await vm.waitForScreen(MENU);
});

test("the reboot entry resets the machine, which comes back to the menu", async () => {
  const vm = await bootToMenu();
  await choose(vm, 3, "Reboot");
  await expect.poll(() => vm.resets).toBe(1);
  await vm.waitForScreen(MENU);
});

test("Ctrl-Alt-Delete in the menu resets the machine", async () => {
  const vm = await bootToMenu();
  await vm.sendKeys("ctrl-alt-delete");
  await expect.poll(() => vm.resets).toBe(1);
  await vm.waitForScreen(MENU);
});

test("the halt entry stops the machine", async () => {
  const vm = await bootToMenu();
  await choose(vm, 4, "Halt");
  expect(await vm.waitForStop()).toEqual({ reason: "power-off", status: 0 });
});
