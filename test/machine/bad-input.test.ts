/**
 * Discs that are none, that cannot boot, that are cut short, and that change under a running machine: each
 * is one sentence for the person who started it. What concerns options is in command-line.test.ts.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { repoRoot } from "../../scripts/cache.mjs";
import { buildCli } from "../../scripts/vm.mjs";
import { HANG_MS } from "../limits";
import { guestFile } from "./guests";

let dir: string;
beforeAll(async () => {
  await buildCore({ say: () => {} });
  await buildCli(() => {});
  dir = mkdtempSync(join(tmpdir(), "bad-input-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Run {
  vm: ChildProcessByStdio<Writable, Readable, Readable>;
  out: string;
  err: string;
  /** Exit status, once it has ended. */
  ended: Promise<number | null>;
}

/** `npm run vm` in the folder of this test; ended by force after a minute. */
function start(...args: string[]): Run {
  const script = join(repoRoot, "scripts/vm.mjs");
  const vm = spawn(process.execPath, [script, "-m", "64", ...args], { cwd: dir, stdio: "pipe" });
  const timer = setTimeout(() => vm.kill("SIGKILL"), HANG_MS);
  const ended = new Promise<number | null>((resolve) => {
    vm.on("close", (status) => {
      clearTimeout(timer);
      resolve(status);
    });
  });
  const run: Run = { vm, out: "", err: "", ended };
  vm.stdout.on("data", (data) => {
    run.out += data;
  });
  vm.stderr.on("data", (data) => {
    run.err += data;
  });
  return run;
}

/** The one sentence with which the machine refuses to start. */
async function refusal(...args: string[]): Promise<string> {
  const run = start("-nographic", ...args);
  expect(await run.ended).toBe(1);
  expect(run.out).toBe("");
  const lines = run.err.trim().split("\n");
  expect(lines.length).toBe(1);
  return lines[0];
}

/** A primary volume descriptor and the end of the set, over as many sectors as it says it has. */
function plainIso(sectors: number): Buffer {
  const iso = Buffer.alloc(sectors * 2048);
  const primary = iso.subarray(16 * 2048);
  primary.write("\x01CD001\x01", 0, "latin1");
  primary.write("DATA".padEnd(32), 40);
  primary.writeUInt32LE(sectors, 80);
  primary.writeUInt32BE(sectors, 84);
  primary.writeUInt16LE(2048, 128);
  primary.writeUInt16BE(2048, 130);
  iso.write("\xffCD001\x01", 17 * 2048, "latin1");
  return iso;
}

describe("a disc that cannot be started", () => {
  test("is an archive that holds the ISO", async () => {
    writeFileSync(
      join(dir, "linux.zip"),
      Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100_000)]),
    );
    expect(await refusal("-cdrom", "linux.zip")).toBe(
      'vm: "linux.zip" is not an ISO but a ZIP archive: unpack it and choose the .iso inside.',
    );
  });

  test("is no image at all", async () => {
    writeFileSync(join(dir, "notes.txt"), "shopping list\n".repeat(10_000));
    expect(await refusal("-cdrom", "notes.txt")).toMatch(/^vm: "notes.txt" is not an ISO: /);
  });

  test("is empty", async () => {
    writeFileSync(join(dir, "empty.iso"), "");
    expect(await refusal("-cdrom", "empty.iso")).toMatch(/^vm: "empty.iso" is empty/);
  });

  test("has no boot loader", async () => {
    writeFileSync(join(dir, "data.iso"), plainIso(200));
    expect(await refusal("-cdrom", "data.iso")).toMatch(
      /^vm: "data.iso" cannot boot here: it has no boot loader for a PC with BIOS/,
    );
  });

  test("is cut short", async () => {
    const whole = readFileSync(guestFile("smoke", "grub.iso"));
    writeFileSync(join(dir, "part.iso"), whole.subarray(0, whole.length / 2));
    expect(await refusal("-cdrom", "part.iso")).toMatch(
      /^vm: "part.iso" is cut short: [\d,]+ of [\d,]+ bytes\. Download it again\.$/,
    );
  });
});

test("such a disc is only remarked upon when something else can be started", async () => {
  writeFileSync(join(dir, "data.iso"), plainIso(200));
  const memtest = guestFile("smoke", "memtest64.bin");
  const run = start(
    "-nographic",
    "-cdrom",
    "data.iso",
    "-kernel",
    memtest,
    "-append",
    "console=ttyS0,115200",
  );
  await expect.poll(() => run.out).toMatch(/Memtest86\+/);
  run.vm.kill("SIGINT");
  expect(await run.ended).toBe(0);
  expect(run.err).toMatch(/^vm: "data.iso" cannot boot here: .*\n$/);
});

test("a serial port cannot go into a folder that is not there", async () => {
  const kernel = ["-kernel", guestFile("smoke", "memtest64.bin")];
  expect(await refusal("-serial", "file:absent/out.txt", ...kernel)).toMatch(
    /^vm: -serial file:absent\/out.txt cannot be written: ENOENT/,
  );
});

describe("a disc that changes while the machine runs", () => {
  /** GRUB's command line on the serial port, from a copy of its disc. */
  async function grubShell(name: string): Promise<Run> {
    copyFileSync(guestFile("smoke", "grub.iso"), join(dir, name));
    const serial = ["-display", "none", "-serial", "stdio"]; // with -nographic the BIOS speaks there too
    const run = start(...serial, "-cdrom", name, "-boot", "d");
    await expect.poll(() => run.out).toMatch(/Halt/);
    run.vm.stdin.write("c");
    await expect.poll(() => run.out).toMatch(/grub> /);
    return run;
  }

  test("becomes shorter: one sentence, and the guest sees a failing drive", async () => {
    const run = await grubShell("shrinks.iso");
    truncateSync(join(dir, "shrinks.iso"), 40 * 2048);
    run.vm.stdin.write("insmod tetris\rinsmod gcry_rsa\rcat /boot/grub/grub.cfg\r");
    await expect.poll(() => run.err).toMatch(/shrinks/);
    expect(run.err).toBe(
      'vm: "shrinks.iso" became shorter while it was in use: restore the file and start again.\n',
    );
    await expect.poll(() => run.out).toMatch(/error: /);
    run.vm.kill("SIGINT");
    expect(await run.ended).toBe(0);
  });

  test("is deleted: what is open stays readable", async () => {
    const run = await grubShell("gone.iso");
    unlinkSync(join(dir, "gone.iso"));
    run.vm.stdin.write("cat /boot/grub/grub.cfg\r");
    await expect.poll(() => run.out).toMatch(/every entry has an effect[\s\S]*grub> $/);
    run.vm.stdin.write("halt\r");
    expect(await run.ended).toBe(0);
    expect(run.err).toBe("");
  });
});
