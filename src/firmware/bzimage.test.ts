import { beforeEach, expect, test } from "vitest";
import { Ram } from "../memory/ram";
import { MACHINE, Machine, RAM } from "../shared/layout";
import { sharedMemory } from "../shared/shared-memory";
import { isBzImage, type LinuxBoot, loadLinux } from "./bzimage";
import { CMDLINE_GPA, type MachineImage, PARAMS_GPA } from "./direct-boot";
import { systemMap } from "./e820";

const MIB = 2 ** 20;
const RAM_LOW = 24 * MIB;
const TOP = RAM_LOW - 0x2_0000;

let image: MachineImage;
let ram: Ram;
beforeEach(() => {
  const memory = sharedMemory(new SharedArrayBuffer(RAM + RAM_LOW));
  memory.u32[(MACHINE + Machine.ramLow) >> 2] = RAM_LOW;
  memory.u32[(MACHINE + Machine.vcpuCount) >> 2] = 1;
  ram = new Ram(memory);
  image = { memory: ram, ramTop: TOP };
});

/** A kernel of two set-up sectors and a recognisable protected-mode part. */
function kernel(change: (view: DataView) => void = () => {}): Uint8Array {
  const file = new Uint8Array(3 * 512 + 0x1000);
  const view = new DataView(file.buffer);
  view.setUint8(0x1f1, 2);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint8(0x201, 0x6a); // the header ends at 26C
  view.setUint32(0x202, 0x5372_6448, true);
  view.setUint16(0x206, 0x020f, true);
  view.setUint8(0x211, 0x01);
  view.setUint32(0x22c, 0x7fff_ffff, true);
  view.setUint32(0x230, 0x20_0000, true);
  view.setUint8(0x234, 1);
  view.setUint16(0x236, 0x0001, true);
  view.setUint32(0x238, 255, true);
  view.setBigUint64(0x258, 0x100_0000n, true);
  view.setUint32(0x260, 2 * MIB, true);
  view.setUint32(3 * 512, 0x1234_5678, true);
  change(view);
  return file;
}

function boot(change: Partial<LinuxBoot> = {}) {
  const e820 = systemMap(RAM_LOW, 0, 0x2_0000, 0xb000_0000);
  return loadLinux(image, {
    kernel: kernel(),
    cmdline: "quiet",
    e820,
    rsdpGpa: 0xf_0000,
    hasTextMode: false,
    ...change,
  });
}

test("a file that is no bzImage is not taken for one", () => {
  expect(isBzImage(kernel())).toBe(true);
  expect(isBzImage(new Uint8Array(10_000))).toBe(false);
  expect(isBzImage(new Uint8Array(3))).toBe(false);
});

test("the kernel goes to its preferred address and is entered in long mode", () => {
  expect(boot()).toMatchObject({
    mode: "long",
    rip: 0x100_0200,
    rsi: PARAMS_GPA,
    cs: 0x10,
    ds: 0x18,
  });
  expect(ram.read32(0x100_0000)).toBe(0x1234_5678);
});

test("a kernel without a 64-bit entry is entered in protected mode at its start", () => {
  const old = kernel((view) => view.setUint16(0x236, 0, true));
  expect(boot({ kernel: old })).toMatchObject({ mode: "protected", rip: 0x100_0000 });
});

test("a relocatable kernel that does not fit there moves down", () => {
  const large = kernel((view) => view.setUint32(0x260, 16 * MIB, true));
  expect(boot({ kernel: large }).rip).toBe(0x20_0200);
});

test("a kernel that cannot move says how much memory it needs", () => {
  const large = kernel((view) => {
    view.setUint32(0x260, 16 * MIB, true);
    view.setUint8(0x234, 0);
  });
  expect(() => boot({ kernel: large })).toThrow("This kernel needs 33 MiB of memory.");
});

test("the boot parameters hold header, command line, tables and memory map", () => {
  boot();
  expect(ram.read32(PARAMS_GPA + 0x202)).toBe(0x5372_6448);
  expect(ram.read8(PARAMS_GPA + 0x210)).toBe(0xff);
  expect(ram.read32(PARAMS_GPA + 0x228)).toBe(CMDLINE_GPA);
  const cmdline = new Uint8Array(6);
  ram.read(CMDLINE_GPA, cmdline);
  expect(String.fromCharCode(...cmdline)).toBe("quiet\0");
  expect(ram.read64(PARAMS_GPA + 0x70)).toBe(0xf_0000n);
  expect(ram.read8(PARAMS_GPA + 0x1e8)).toBe(7);
  expect(ram.read64(PARAMS_GPA + 0x2d0 + 3 * 20)).toBe(0x10_0000n);
  expect(ram.read64(PARAMS_GPA + 0x2d0 + 3 * 20 + 8)).toBe(BigInt(TOP - MIB));
});

test("nothing of the set-up code before the header reaches the boot parameters", () => {
  const noisy = kernel((view) => view.setUint32(0x100, 0xdead_beef, true));
  boot({ kernel: noisy });
  expect(ram.read32(PARAMS_GPA + 0x100)).toBe(0);
});

test("the initrd lies page-aligned below the tables and the kernel's limit", () => {
  boot({ initrd: new Uint8Array(5000).fill(7) });
  const base = ram.read32(PARAMS_GPA + 0x218);
  expect(base % 4096).toBe(0);
  expect(base).toBe(TOP - 8192);
  expect(ram.read32(PARAMS_GPA + 0x21c)).toBe(5000);
  expect(ram.read8(base + 4999)).toBe(7);
});

test("initrd_addr_max is obeyed", () => {
  const low = kernel((view) => view.setUint32(0x22c, 0x13f_ffff, true));
  boot({ kernel: low, initrd: new Uint8Array(4096) });
  expect(ram.read32(PARAMS_GPA + 0x218)).toBe(0x13f_f000);
});

test("an initrd that would overlap the kernel is refused with the size needed", () => {
  expect(() => boot({ initrd: new Uint8Array(7 * MIB) })).toThrow(
    /give the machine at least 27 MiB/,
  );
});

test("a command line that is too long for the kernel is refused", () => {
  expect(() => boot({ cmdline: "x".repeat(256) })).toThrow(
    "has 256 characters; this kernel takes 255",
  );
});

test("text mode is described only when it is set", () => {
  boot();
  expect(ram.read8(PARAMS_GPA + 0x0f)).toBe(0);
  boot({ hasTextMode: true });
  expect([
    ram.read8(PARAMS_GPA + 0x07),
    ram.read8(PARAMS_GPA + 0x0e),
    ram.read8(PARAMS_GPA + 0x0f),
  ]).toEqual([80, 25, 1]);
});
