/**
 * The arch-like ISO from its boot menu to power off, in the shape that most Linux ISOs have: SeaBIOS,
 * isolinux with a graphical menu, an unmodified kernel, systemd. One boot for all of it; a person's way in
 * is the keyboard and the screen, and the serial port's shell only looks behind the scenes.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Picture } from "./glyphs";
import { archOptions, literally } from "./guests";
import { delay, Vm } from "./vm";

const { args, prompt, entries, release } = archOptions();
const MIB = 2 ** 20;
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

/** Part of a picture's pixels that have a colour for which `is` holds. */
function share({ data }: Picture, is: (r: number, g: number, b: number) => boolean): number {
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (is(data[at], data[at + 1], data[at + 2])) count++;
  return count / (data.length / 4);
}

/** struct input_event as twelve half words: eight of time, then type, code and the value's two. */
function parseEvents(text: string): number[][] {
  const fields = text.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return fields.filter((field) => field.length === 12).map((field) => field.slice(8));
}

describe("the arch-like ISO", () => {
  let vm: Vm;
  let atPrompt: Picture;
  const dir = mkdtempSync(join(tmpdir(), "arch-"));
  const disk = join(dir, "disk.img");
  const took: Record<string, string> = {};

  beforeAll(async () => {
    writeFileSync(disk, randomBytes(16 * MIB));
    vm = await Vm.start([...args, "-drive", `file=${disk},format=raw,serial=LONGDISK1`]);
  });
  afterAll(() => {
    console.log(took);
    vm?.stop();
    rmSync(dir, { recursive: true });
  });

  /** Types a command on the screen's console; resolves with what stands below it. */
  async function typed(command: string, until: RegExp): Promise<string> {
    await vm.sendText(`clear; ${command}\n`);
    const text = await vm.waitForScreen(new RegExp(`${until.source}[\\s\\S]*root@archiso ~ # ?$`));
    return text;
  }

  test("shows a graphical menu over its picture", async () => {
    await vm.waitForScreen(literally(entries[0]));
    took.menu = vm.seconds.toFixed(1);
    // The menu fades nothing in: what is there stays until a key is pressed.
    const picture = vm.screen.picture();
    expect([picture.width, picture.height]).toEqual([640, 480]);
    const text = vm.screen.text(picture);
    expect(text).toContain("Arch-like test ISO");
    for (const entry of entries) expect(text).toContain(entry);
    // The title is drawn in teal to blue blocks, the ground is a dark gradient, the selection a bar.
    expect(share(picture, (r, g, b) => b > 180 && g > 120 && r < 130)).toBeGreaterThan(0.015);
    expect(share(picture, (r, g, b) => r < 30 && g < 40 && b < 60)).toBeGreaterThan(0.6);
    expect(share(picture, (r, g, b) => r === 0x28 && g === 0x42 && b === 0x6b)).toBeGreaterThan(
      0.02,
    );
    const row = text.split("\n").findIndex((line) => line.includes(entries[0]));
    expect(vm.screen.colorAt(320, 8 + 16 * row + 1, picture)).toBe("#28426b");
  });

  test("moves the selection with the arrow keys, also back", async () => {
    const row = (name: string) =>
      vm.screen
        .text()
        .split("\n")
        .findIndex((line) => line.includes(name));
    const isChosen = (name: string) => vm.screen.colorAt(560, 8 + 16 * row(name) + 1) === "#28426b";
    await vm.sendKeys("down", "down");
    await expect.poll(() => isChosen("Boot existing OS")).toBe(true);
    await vm.sendKeys("up", "up");
    await expect.poll(() => isChosen(entries[0])).toBe(true);
  });

  test("boots to a root prompt on the screen, drawn in graphics by the kernel", async () => {
    await vm.sendKeys("ret");
    await vm.waitForSerial(literally(prompt));
    took.serialPrompt = vm.seconds.toFixed(1);
    const isPrompt = () => !vm.screen.isText && /root@archiso ~ #$/.test(vm.screen.text());
    await expect.poll(isPrompt, { interval: 500 }).toBe(true);
    took.screenPrompt = vm.seconds.toFixed(1);
    took.instructions = `${(vm.machine.instructions / 1e9).toFixed(2)} G`;
    await delay(500);
    atPrompt = vm.screen.picture();
    // What the kernel's font says about what was there before it was known.
    await vm.learnConsoleFont();
    const text = vm.screen.text(atPrompt);
    expect(text).toContain("archiso login: root (automatic login)");
    expect(text).toMatch(/fb0: bochs-drmdrmfb frame buffer device/);
    expect(text).toMatch(/root@archiso ~ #$/);
    expect(atPrompt.width * atPrompt.height).toBeGreaterThanOrEqual(1024 * 768);
    await vm.sendText("\n");
  });

  test("runs what is typed: uname -m, lscpu, lspci, /proc/interrupts", async () => {
    const uname = await typed("uname -m; uname -r", /x86_64/);
    expect(uname).toContain(`x86_64\n${release}`);
    const lscpu = await typed("lscpu | head -n 12", /Model name/);
    expect(lscpu).toMatch(/Architecture: +x86_64/);
    expect(lscpu).toMatch(/CPU op-mode\(s\): +32-bit, 64-bit/);
    expect(lscpu).toMatch(/Vendor ID: +GenuineIntel/);
    const lspci = await typed("lspci", /SMBus/);
    expect(lspci).toContain(
      "00:00.0 Host bridge: Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller",
    );
    expect(lspci).toContain("00:02.0 VGA compatible controller:");
    expect(lspci).toContain(
      "00:1f.0 ISA bridge: Intel Corporation 82801IB (ICH9) LPC Interface Controller",
    );
    expect(lspci).toContain(
      "00:1f.2 SATA controller: Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA",
    );
    expect(lspci).toContain(
      "00:1f.3 SMBus: Intel Corporation 82801I (ICH9 Family) SMBus Controller",
    );
    const interrupts = await typed("grep -v ' 0 ' /proc/interrupts", /Local timer/);
    expect(interrupts).toMatch(/\d+ +IO-APIC +1-edge +i8042/);
    expect(interrupts).toMatch(/\d+ +PCI-MSI.*ahci/);
  });

  test("sees the mouse move, click and turn its wheel", async () => {
    expect(vm.isMouseWanted).toBe(true);
    const handler = await vm.run(
      "sed -n '/Mouse/,/^$/s/.*Handlers=.*\\(event[0-9]*\\).*/\\1/p' /proc/bus/input/devices",
    );
    const device = `/dev/input/${handler.trim()}`;
    const isOpen = `ls -l /proc/$!/fd 2>&1 | grep -q ${device}`;
    await vm.run(`cat ${device} >/tmp/events & until ${isOpen}; do sleep 0.2; done`);
    vm.send({ type: "mouse-move", dx: 30, dy: -7 });
    await delay(100);
    vm.send({ type: "mouse-buttons", buttons: 1 });
    await delay(100);
    vm.send({ type: "mouse-buttons", buttons: 0 });
    await delay(100);
    vm.send({ type: "mouse-wheel", clicks: 1 });
    const [EV_KEY, EV_REL, REL_X, REL_Y, REL_WHEEL, BTN_LEFT] = [1, 2, 0, 1, 8, 0x110];
    const seen = parseEvents(await vm.run("sleep 1; kill $!; od -A n -v -t d2 -w24 /tmp/events"));
    const values = (type: number, code: number) =>
      seen.filter(([t, c]) => t === type && c === code).map(([, , value]) => value);
    expect(values(EV_REL, REL_X)).toEqual([30]);
    expect(values(EV_REL, REL_Y)).toEqual([-7]);
    expect(values(EV_REL, REL_WHEEL)).toEqual([1]);
    expect(values(EV_KEY, BTN_LEFT)).toEqual([1, 0]);
  });

  test("writes a disk: what a flush has confirmed is in the image, and is read back", async () => {
    const size = (await vm.run("cat /sys/block/sda/size")).trim();
    expect(size).toBe(String((16 * MIB) / 512));
    expect(await vm.run("lsblk -dno SERIAL /dev/sda")).toContain("LONGDISK1");
    expect(await vm.run("md5sum </dev/sda")).toContain(md5(readFileSync(disk)));
    const data = "dd if=/dev/urandom bs=64k count=64 status=none | tee /tmp/data";
    await vm.run(`${data} | dd of=/dev/sda bs=64k seek=32 conv=notrunc,fsync status=none`);
    const sum = (await vm.run("md5sum </tmp/data")).slice(0, 32);
    expect(md5(readFileSync(disk).subarray(2 * MIB, 6 * MIB))).toBe(sum);
    // Past the cache, which holds the system's programs decompressed as well.
    expect(
      await vm.run("dd if=/dev/sda bs=64k skip=32 count=64 iflag=direct status=none | md5sum"),
    ).toContain(sum);
  });

  test("reads its disc with one interrupt per command", async () => {
    const count = async () =>
      Number(/(\d+) +PCI-MSI.*ahci/.exec(await vm.run("cat /proc/interrupts"))?.[1]);
    const before = await count();
    const sum = await vm.run("dd if=/dev/sr0 bs=64k count=64 iflag=direct status=none | md5sum");
    const after = await count();
    expect(after - before).toBeGreaterThanOrEqual(64);
    expect(after - before).toBeLessThan(64 * 2 + 20);
    expect(sum).toMatch(/^[0-9a-f]{32}/);
  });

  test("warns about nothing that is not known", async () => {
    const lines = await vm.run("dmesg -l emerg,alert,crit,err,warn --notime");
    const known = [
      /Performance Events: unsupported p6 CPU/, // no counters are offered
      /Unknown kernel command line parameters "archiso/, // they are for the initramfs
      /iTCO_wdt.*unable to reset NO_REBOOT flag/, // the watchdog is strapped off
      /Memory type 0x07 not supported yet, not instantiating SPD/, // as on QEMU: there are no SPD chips
      /Not activating Mandatory Access Control/, // the image has no tomoyo-init
    ];
    const unknown = lines
      .split("\n")
      .filter((line) => line !== "" && !known.some((pattern) => pattern.test(line)));
    expect(unknown).toEqual([]);
    expect((await vm.run("systemctl --failed --no-legend --plain | cat")).trim()).toBe("");
  });

  test("leaves the host alone while it waits at its prompt", async () => {
    await delay(2000);
    const before = process.cpuUsage();
    await delay(5000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 5e6).toBeLessThan(0.1);
  });

  test("sleeps in S3 and goes on where it was when a key is pressed", async () => {
    vm.sendSerial("echo mem >/sys/power/state; echo $((40 + 2)) awake\n");
    await vm.waitForSleep();
    await vm.sendKeys("shift");
    await vm.waitForSerial(/42 awake/);
    expect(await vm.run("dmesg | grep PM:")).toContain("Waking up from system sleep state S3");
    expect(await typed("uname -m", /x86_64/)).toContain("x86_64");
  });

  test("poweroff, typed, ends the machine with status 0", async () => {
    await vm.sendText("poweroff\n");
    expect(await vm.waitForStop()).toEqual({ reason: "power-off", status: 0 });
    took.off = vm.seconds.toFixed(1);
  });
});
