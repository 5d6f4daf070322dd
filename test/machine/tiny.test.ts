/**
 * The small Linux, started directly: the shortest way to a system whose tools tell what they find. One
 * machine for most of the tests; those that end or reset it come last or have their own.
 */
import { describe, expect, test } from "vitest";
import { literally, tinyOptions } from "./guests";
import { delay, shareVm, useVm, type Vm } from "./vm";

const { args, ready, prompt } = tinyOptions();

async function bootToShell(vm: Vm): Promise<void> {
  await vm.waitForSerial(literally(ready));
  await vm.waitForSerial(literally(prompt));
}

/** Seconds a guest's clock showed at some moment between two of the host's. */
interface Reading {
  guest: number;
  from: number;
  to: number;
}

async function readClock(guestSeconds: () => Promise<number>): Promise<Reading> {
  const from = performance.now() / 1000;
  const guest = await guestSeconds();
  return { guest, from, to: performance.now() / 1000 };
}

/**
 * The guest's clock ran as the host's to 1 %, as far as the two readings can tell; `owed` seconds may have come
 * late before the first or still be on their way after the second.
 */
function expectRealTime(before: Reading, after: Reading, owed = 0.01) {
  const passed = after.guest - before.guest;
  expect(passed).toBeGreaterThan((after.from - before.to) * 0.99 - owed);
  expect(passed).toBeLessThan((after.to - before.from) * 1.01 + owed);
}

describe("a running system", () => {
  const shared = shareVm(args, bootToShell);

  test("shows its shell on the screen, and typed keys run programs there", async () => {
    const { vm } = shared;
    await vm.waitForScreen(/tiny:~#/);
    await vm.sendText("uname -m\n");
    await vm.waitForScreen(/tiny:~# uname -m\nx86_64\ntiny:~#/);
    await vm.sendText("clear; lscpu | head -n 4\n");
    const lscpu = await vm.waitForScreen(/Model name:[\s\S]*tiny:~#/);
    expect(lscpu).toMatch(/Architecture: +x86_64/);
    expect(lscpu).toMatch(/CPU\(s\): +1/);
    await vm.sendText("clear; lspci\n");
    const lspci = await vm.waitForScreen(/1f\.3[\s\S]*tiny:~#/);
    expect(lspci).toContain("00:00.0 0600: 8086:29c0");
    expect(lspci).toContain("00:02.0 0300: 1234:1111");
    expect(lspci).toMatch(/00:1f\.2 0106: 8086:2922( \(ahci\))?/);
    await vm.sendText("clear; head -n 7 /proc/interrupts\n");
    const interrupts = await vm.waitForScreen(/timer[\s\S]*tiny:~#/);
    expect(interrupts).toMatch(/ 1: +\d+ +IO-APIC +1-edge +i8042/);
  });

  test("loses no key of a text that is pasted as keys", async () => {
    const { vm } = shared;
    const lines = Array.from(
      { length: 12 },
      (_, i) => `line ${i}: The quick brown fox; 0123456789 {}|~`,
    );
    await vm.sendText("clear; cat >/tmp/typed\n");
    // The shell takes what comes before the program has the terminal.
    await vm.run("until [ -e /tmp/typed ]; do sleep 0.1; done");
    await vm.sendText(`${lines.join("\n")}\n`);
    await vm.sendKeys("ctrl-d");
    await vm.waitForScreen(/line 11[\s\S]*\n.*tiny:~#/);
    expect((await vm.run("cat /tmp/typed")).trimEnd().split("\n")).toEqual(lines);
  });

  test("takes a long text through the serial port unharmed", async () => {
    const { vm } = shared;
    const lines = Array.from({ length: 200 }, (_, i) => `${i} ${"0123456789abcdef".repeat(3)}`);
    await vm.run("stty -echo");
    vm.sendSerial(`cat >/tmp/pasted\n${lines.join("\n")}\n\x04`);
    const sum = await vm.run("cat /tmp/pasted; stty echo");
    expect(sum.trimEnd().split("\n")).toEqual(lines);
  });

  test("lights the keyboard's lamps", async () => {
    const { vm } = shared;
    await vm.sendKeys("caps_lock");
    await expect.poll(() => vm.leds & 4).toBe(4);
    await vm.sendKeys("caps_lock");
    await expect.poll(() => vm.leds & 4).toBe(0);
  });

  test("finds the board as firmware would have left it", async () => {
    const dmesg = await shared.vm.run("dmesg");
    expect(dmesg).toContain("input: AT Translated Set 2 keyboard");
    expect(dmesg).toMatch(/ACPI: RSDP 0x/);
    expect(dmesg).toMatch(/pci 0000:00:1f\.2: BAR 5 \[mem 0xc[0-9a-f]+-0xc[0-9a-f]+\]/);
  });

  test("warns about nothing that is not known", async () => {
    const lines = await shared.vm.run("dmesg -r | grep '^<[0-4]>'");
    const known = [
      /Performance Events: unsupported p6 CPU/, // no counters are offered
      /Unknown kernel command line parameters/, // nokaslr, which only the decompressor knows
      /Spectre V2 : User space: Vulnerable/, // mitigations=off
    ];
    const unknown = lines
      .split("\n")
      .filter((line) => line !== "" && !known.some((pattern) => pattern.test(line)));
    expect(unknown).toEqual([]);
  });

  test.each(["tsc", "hpet", "acpi_pm"])("keeps time by %s, idle and busy", async (source) => {
    const { vm } = shared;
    const sys = "/sys/devices/system/clocksource/clocksource0";
    await vm.run(`echo ${source} >${sys}/current_clocksource`);
    expect((await vm.run(`cat ${sys}/current_clocksource`)).trim()).toBe(source);
    const uptime = () =>
      readClock(async () => Number((await vm.run("cat /proc/uptime")).split(" ")[0]));
    for (const load of ["sleep 4", "timeout 4 sh -c 'while :; do :; done'"]) {
      const before = await uptime();
      const began = performance.now();
      await vm.run(load);
      const took = (performance.now() - began) / 1000;
      const after = await uptime();
      // The timer interrupt that ends the four seconds, and the counter that is read.
      expect(took).toBeGreaterThan(3.99);
      expectRealTime(before, after);
    }
  });

  test("leaves the host alone while it waits", async () => {
    const { vm } = shared;
    await vm.run("echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource");
    await delay(500);
    const before = process.cpuUsage();
    const icount = vm.machine.instructions;
    await delay(4000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 4e6).toBeLessThan(0.1);
    // It sleeps, but is not dead.
    expect(vm.machine.instructions).toBeGreaterThan(icount);
    expect(vm.machine.instructions - icount).toBeLessThan(40e6);
  });

  test("stands still while it is paused, its clock too", async () => {
    const { vm } = shared;
    const uptime = async () => Number((await vm.run("cat /proc/uptime")).split(" ")[0]);
    const began = performance.now();
    const before = await uptime();
    vm.machine.pause();
    const icount = await vm.standsStill();
    const stood = performance.now();
    await delay(3000);
    expect(vm.machine.instructions).toBe(icount);
    const resumed = performance.now();
    vm.machine.resume();
    const after = await uptime();
    const awake = (stood - began + performance.now() - resumed) / 1000;
    expect(after - before).toBeLessThan(awake + 0.1);
  });

  test("shuts down when the power button is pressed", async () => {
    const { vm } = shared;
    vm.machine.pressPowerButton();
    expect(await vm.waitForStop()).toEqual({ reason: "power-off", status: 0 });
  });
});

describe("ways to start again", () => {
  const shared = shareVm(args, bootToShell);

  test("out of S3: by the alarm, and by a key", async () => {
    const { vm } = shared;
    const alarm = "echo +2 >/sys/class/rtc/rtc0/wakealarm";
    const sleep = "dmesg -c >/dev/null; echo mem >/sys/power/state";
    expect(await vm.run(`${alarm}; ${sleep}; dmesg`)).toContain(
      "Waking up from system sleep state S3",
    );
    vm.forgetSerial();
    vm.sendSerial(`${sleep}; dmesg | grep -c "state S3"\n`);
    await vm.waitForSleep();
    await vm.sendKeys("shift");
    await vm.waitForSerial(/^2\r?$/m);
    expect(vm.resets).toBe(0);
  });

  test.each(["acpi", "kbd", "pci", "triple"])("Linux resets the machine by %s", async (type) => {
    const { vm } = shared;
    const before = vm.resets;
    const chosen = await vm.run(
      `echo ${type} >/sys/kernel/reboot/type; cat /sys/kernel/reboot/type`,
    );
    expect(chosen.trim()).toBe(type);
    vm.sendSerial("reboot -f\n");
    await expect.poll(() => vm.resets).toBe(before + 1);
    await bootToShell(vm);
  });

  test("the host's reset starts it again, also while it is busy", async () => {
    const { vm } = shared;
    vm.sendSerial("while :; do dmesg; done\n");
    await delay(1000);
    const before = vm.resets;
    vm.machine.reset();
    await expect.poll(() => vm.resets).toBe(before + 1);
    await bootToShell(vm);
    expect((await vm.run("uname -m")).trim()).toBe("x86_64");
  });
});

describe("older interrupt hardware", () => {
  const start = useVm();

  test("without APICs the 8259 and the 8254 keep time", async () => {
    // A tick of 250 Hz, whatever happens: every one of them has to come.
    const vm = await start(tinyOptions("nolapic noapic hpet=disable nohz=off highres=off").args);
    await bootToShell(vm);
    const ticks = () =>
      readClock(async () => {
        const text = await vm.run("cat /proc/interrupts");
        const [, count] = /^ +0: +(\d+) +XT-PIC +timer/m.exec(text) ?? [];
        return Number(count) / 250;
      });
    for (const load of ["sleep 8", "timeout 8 sh -c 'while :; do :; done'"]) {
      const before = await ticks();
      await vm.run(load);
      const after = await ticks();
      // The 8254 makes up for two seconds of ticks that a busy host kept from it.
      expectRealTime(before, after, 2);
    }
    expect(await vm.run("cat /proc/interrupts")).toMatch(/ 4: +\d+ +XT-PIC +ttyS0/);
  });
});
