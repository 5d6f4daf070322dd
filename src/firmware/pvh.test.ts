import { beforeEach, expect, test } from "vitest";
import { Ram } from "../memory/ram";
import { MACHINE, Machine, RAM } from "../shared/layout";
import { sharedMemory } from "../shared/shared-memory";
import { BootError, type MachineImage } from "./direct-boot";
import { loadPvh, pvhEntry } from "./pvh";

const RAM_LOW = 8 * 2 ** 20;
const ENTRY = 0x10_0010;

let image: MachineImage;
let ram: Ram;
beforeEach(() => {
  const memory = sharedMemory(new SharedArrayBuffer(RAM + RAM_LOW));
  memory.u32[(MACHINE + Machine.ramLow) >> 2] = RAM_LOW;
  memory.u32[(MACHINE + Machine.vcpuCount) >> 2] = 1;
  ram = new Ram(memory);
  image = { memory: ram, ramTop: RAM_LOW - 0x2_0000 };
});

/** An ELF64 file: one segment of 16 bytes at 1 MiB, and notes of the given types, 18 being the entry. */
function kernel(noteTypes: number[]): Uint8Array {
  const file = new Uint8Array(0x300);
  const view = new DataView(file.buffer);
  const set64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  view.setUint32(0, 0x464c_457f, true);
  view.setUint8(4, 2);
  view.setUint16(18, 62, true);
  set64(32, 0x80);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  view.setUint32(0x80, 1, true);
  [0x200, 0x10_0000, 0x10_0000, 16, 64].forEach((value, i) => void set64(0x88 + 8 * i, value));
  view.setUint32(0xb8, 4, true);
  [0x210, 0, 0, 24 * noteTypes.length, 0].forEach((value, i) => void set64(0xc0 + 8 * i, value));
  for (const [i, type] of noteTypes.entries()) {
    const at = 0x210 + 24 * i;
    view.setUint32(at, 4, true);
    view.setUint32(at + 4, 8, true);
    view.setUint32(at + 8, type, true);
    file.set([...Buffer.from("Xen\0")], at + 12);
    set64(at + 16, type === 18 ? ENTRY : 1);
  }
  file.fill(0x90, 0x200, 0x210);
  return file;
}

test("finds the entry among other notes", () => {
  expect(pvhEntry(kernel([1, 18, 3]))).toBe(ENTRY);
  expect(pvhEntry(kernel([1]))).toBeUndefined();
  expect(pvhEntry(new Uint8Array(20))).toBeUndefined();
});

test("loads, and tells the kernel of its command line, memory and initrd", () => {
  const initrd = Uint8Array.of(1, 2, 3);
  const e820 = [{ base: 0, len: 0x9_f000, type: 1 }];
  const boot = { kernel: kernel([18]), cmdline: "quiet", initrd, e820, rsdpGpa: 0xf_0000 };
  const state = loadPvh(image, boot, ENTRY);
  expect(state).toMatchObject({ mode: "protected", rip: ENTRY });
  expect(ram.read32(0x10_0000)).toBe(0x9090_9090);
  const info = (field: number) => ram.read32(state.rbx + field);
  expect([info(0), info(4), info(12), info(32), info(48)]).toEqual([
    0x336e_c578, 1, 1, 0xf_0000, 1,
  ]);
  const text = new Uint8Array(6);
  ram.read(info(24), text);
  expect(String.fromCharCode(...text)).toBe("quiet\0");
  expect([0, 8, 16].map((field) => ram.read32(info(40) + field))).toEqual([0, 0x9_f000, 1]);
  const module = ram.read32(info(16));
  expect([module % 4096, ram.read32(info(16) + 8)]).toEqual([0, 3]);
  expect(ram.read32(module) & 0xff_ffff).toBe(0x03_0201);
});

test("an initrd larger than memory is told to the person", () => {
  const boot = { kernel: kernel([18]), cmdline: "", e820: [], rsdpGpa: 0 };
  const initrd = new Uint8Array(RAM_LOW);
  expect(() => loadPvh(image, { ...boot, initrd }, ENTRY)).toThrow(BootError);
});
