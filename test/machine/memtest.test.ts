/** memtest86+: 64-bit and 32-bit code that owns the whole machine, on a text screen of its own. */
import { expect, test } from "vitest";
import { guestFile, smokeOptions } from "./guests";
import { useVm, type Vm } from "./vm";

const start = useVm();

/** Its screen once a test is under way; the processor's name comes from CPUID, the board's from SMBIOS. */
const TESTING =
  /Memtest86\+ v6[\s\S]*Longmode[\s\S]*Test #\d+ +\[[\s\S]*Testing: .*\d[KM]B - [\s\S]*Using: Core #0[\s\S]*Standard PC \(Q35/;

async function isTesting(vm: Vm): Promise<string> {
  const first = await vm.waitForScreen(TESTING);
  expect(first).toMatch(/Errors: 0\b/);
  const [, number] = /Test #(\d+)/.exec(first) ?? [];
  const next = await vm.waitForScreen(new RegExp(`Test #(?!${number}\\b)\\d`));
  expect(next).toMatch(/Errors: 0\b/);
  return next;
}

test("from CD: isolinux' prompt, then the 64-bit program tests its memory", async () => {
  const vm = await start(smokeOptions("memtest", 64));
  await vm.waitForScreen(/boot:/);
  await vm.sendKeys("ret");
  const screen = await isTesting(vm);
  expect(screen).toContain(".x64");
  expect(screen).toMatch(/Memory {2}: {3}64MB/);
  // Its frame is drawn with line characters of the PC's character set.
  expect(screen).toMatch(/\n─+┴─+/);
  // Esc ends the tests and resets the machine.
  await vm.sendKeys("esc");
  await expect.poll(() => vm.resets).toBe(1);
  await vm.waitForScreen(/boot:/);
});

test("from CD: what is typed at the prompt starts the 32-bit program", async () => {
  const vm = await start(smokeOptions("memtest", 64));
  await vm.waitForScreen(/boot:/);
  await vm.sendText("memtest32\n");
  expect(await isTesting(vm)).toContain(".x32");
});

test("-kernel: started by the Linux boot protocol, with its screen on the serial port too", async () => {
  const kernel = [
    "-kernel",
    guestFile("smoke", "memtest64.bin"),
    "-append",
    "console=ttyS0,115200",
  ];
  const vm = await start(["-m", "64", ...kernel]);
  await isTesting(vm);
  expect(vm.serialText()).toMatch(/Memtest86\+ v6/);
  // It reads key codes from the controller as firmware leaves it.
  await vm.sendKeys("esc");
  await expect.poll(() => vm.resets).toBe(1);
});
