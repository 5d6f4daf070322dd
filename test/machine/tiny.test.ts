/** The small Linux, started directly: the shortest way to a shell, and what only a shell can tell. */
import { expect, test } from "vitest";
import { literally, tinyOptions } from "./guests";
import { useVm } from "./vm";

const start = useVm();

test("boots to its shell on the serial port and on the screen, and powers off", async () => {
  const { args, ready, prompt } = tinyOptions();
  const vm = await start(args);
  await vm.waitForSerial(literally(ready), 120_000);
  console.log(`tiny: shell after ${vm.seconds.toFixed(1)} s, ${(vm.machine.instructions / 1e6).toFixed(0)} M instructions`);
  const shell = literally(prompt);
  await vm.waitForSerial(shell);
  console.log(await vm.serialCommand("uname -m", shell));
  console.log(await vm.serialCommand("lscpu; lspci", shell));
  console.log(await vm.serialCommand("cat /proc/interrupts", shell));
  console.log(await vm.serialCommand("dmesg", shell));
  console.log(vm.screen.text());
  vm.sendSerial("poweroff\n");
  expect(await vm.waitForStop()).toEqual({ reason: "power-off", status: 0 });
});
