/** Resets that meet other commands, against the smallest machine there is: firmware and nothing to boot. */
import { expect, test } from "vitest";
import { delay, useVm, type Vm } from "./vm";

const start = useVm();

async function isReset(vm: Vm, before: number): Promise<void> {
  await expect.poll(() => vm.resets, { interval: 5 }).toBeGreaterThan(before);
}

test("a reset gets through whenever the machine is paused and resumed", async () => {
  const vm = await start(["-m", "16", "-vga", "none"]);
  for (let i = 0; i < 120; i++) {
    const before = vm.resets;
    vm.machine.reset();
    await delay((i % 12) / 4);
    vm.machine.pause();
    await delay((i % 5) / 2);
    vm.machine.resume();
    await isReset(vm, before);
  }
  vm.firmware = "";
  vm.machine.reset();
  await expect.poll(() => vm.firmware).toMatch(/No bootable device/);
});

test("a machine that is reset while it is paused starts again when it is resumed", async () => {
  const vm = await start(["-m", "16", "-vga", "none"]);
  await expect.poll(() => vm.firmware).toMatch(/No bootable device/);
  vm.machine.pause();
  await delay(50);
  vm.firmware = "";
  vm.machine.reset();
  await isReset(vm, 0);
  const icount = await vm.standsStill();
  await delay(200);
  expect(vm.machine.instructions).toBe(icount);
  expect(vm.firmware).toBe("");
  vm.machine.resume();
  await expect.poll(() => vm.firmware).toMatch(/^SeaBIOS[\s\S]*No bootable device/);
});

test("many resets in a row end in a machine that works", async () => {
  const vm = await start(["-m", "16", "-vga", "none"]);
  for (let i = 0; i < 200; i++) {
    vm.machine.reset();
    if (i % 20 === 0) await delay(20);
  }
  await delay(500);
  vm.firmware = "";
  vm.machine.reset();
  await expect.poll(() => vm.firmware).toMatch(/SeaBIOS[\s\S]*No bootable device/);
});
