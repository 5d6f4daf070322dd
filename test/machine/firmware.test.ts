/** SeaBIOS on the board, in one thread: what firmware finds, and that it gets to the end of its work. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { cachePath } from "../../scripts/cache.mjs";
import { textScreen } from "../../src/display/text";
import { InlineMachine } from "../../src/machine/inline";
import { parseArguments } from "../../src/machine/options";
import { VGA_SHARED, VGA_SIZE, VRAM, VRAM_SIZE } from "../../src/shared/layout";
import { HANG_MS } from "../limits";

let module: WebAssembly.Module;
beforeAll(async () => {
  module = new WebAssembly.Module(readFileSync(await buildCore({ say: () => {} })));
});

const image = (name: string) => new Uint8Array(readFileSync(join(cachePath("firmware"), name)));

async function boot(
  line: string,
  until: string,
): Promise<{ log: string[]; machine: InlineMachine }> {
  const log: string[] = [];
  const machine = new InlineMachine({
    module,
    parts: {
      config: parseArguments(line.split(" ")),
      firmware: image("bios-256k.bin"),
      vgaBios: image("vgabios-stdvga.bin"),
      disks: [],
    },
    onMessage: (message) => {
      if (message.type === "debugcon") log.push(new TextDecoder("latin1").decode(message.bytes));
    },
  });
  await machine.run(() => log.join("").includes(until), HANG_MS);
  return { log, machine };
}

test("finds memory, functions, tables and devices, and ends without a boot device", async () => {
  const { log: pieces, machine } = await boot("-m 64", "No bootable device");
  const log = pieces.join("");
  expect(log).toContain("Running on QEMU (q35)");
  expect(log).toContain("qemu/e820: addr 0x0000000000000000 len 0x0000000004000000 [RAM]");
  expect(log).toContain("PCIe: using q35 mmconfig at 0xb0000000");
  expect(log.match(/PCI: init bdf=.*/g)).toEqual([
    "PCI: init bdf=00:00.0 id=8086:29c0",
    "PCI: init bdf=00:02.0 id=1234:1111",
    "PCI: init bdf=00:1f.0 id=8086:2918",
    "PCI: init bdf=00:1f.2 id=8086:2922",
    "PCI: init bdf=00:1f.3 id=8086:2930",
  ]);
  expect(log).toContain("Copying SMBIOS");
  expect(log).toContain("ACPI: parse DSDT");
  expect(log).toContain("PS2 keyboard initialized");
  const { bytes } = machine.memory;
  const screen = textScreen({
    regs: bytes.subarray(VGA_SHARED, VGA_SHARED + VGA_SIZE),
    vram: bytes.subarray(VRAM, VRAM + VRAM_SIZE),
  });
  expect(screen?.lines.join("\n")).toMatch(/SeaBIOS[\s\S]*No bootable device/);
});

test("more than 2.75 GiB of RAM continue above 4 GiB", async () => {
  const log = (await boot("-m 3G -vga none", "e820 map has")).log.join("");
  expect(log).toContain("addr 0x0000000000000000 len 0x0000000080000000 [RAM]");
  expect(log).toContain("addr 0x0000000100000000 len 0x0000000040000000 [RAM]");
});

test("a reset starts firmware again", async () => {
  const booted = await boot("-m 64 -vga none", "No bootable device");
  booted.log.length = 0;
  booted.machine.send({ type: "reset" });
  const isAgain = await booted.machine.run(
    () => booted.log.join("").includes("No bootable device"),
    HANG_MS,
  );
  expect(isAgain).toBe(true);
  expect(booted.log.join("")).toMatch(/^SeaBIOS \(version/);
});
