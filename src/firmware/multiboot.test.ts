import { beforeEach, expect, test } from "vitest";
import { Ram } from "../memory/ram";
import { MACHINE, Machine, RAM } from "../shared/layout";
import { sharedMemory } from "../shared/shared-memory";
import { type MachineImage, PARAMS_GPA } from "./direct-boot";
import { systemMap } from "./e820";
import { loadMultiboot, type MultibootModule, multibootHeader } from "./multiboot";

const MIB = 2 ** 20;
const RAM_LOW = 8 * MIB;

let image: MachineImage;
let ram: Ram;
beforeEach(() => {
  const memory = sharedMemory(new SharedArrayBuffer(RAM + RAM_LOW));
  memory.u32[(MACHINE + Machine.ramLow) >> 2] = RAM_LOW;
  memory.u32[(MACHINE + Machine.vcpuCount) >> 2] = 1;
  ram = new Ram(memory);
  image = { memory: ram, ramTop: RAM_LOW - 0x2_0000 };
});

const load = (kernel: Uint8Array, modules: MultibootModule[] = []) =>
  loadMultiboot(image, {
    kernel,
    cmdline: "k",
    modules,
    e820: systemMap(RAM_LOW, 0, 0x2_0000, 0xb000_0000),
  });

function header(view: DataView, at: number, flags: number): void {
  view.setUint32(at, 0x1bad_b002, true);
  view.setUint32(at + 4, flags, true);
  view.setUint32(at + 8, -(0x1bad_b002 + flags), true);
}

interface Segment {
  vaddr: number;
  paddr: number;
  memsz: number;
}

/** An ELF file of either class with one segment of 16 bytes, the first of them 90h. */
function elf(is64: boolean, entry: number, { vaddr, paddr, memsz }: Segment): Uint8Array {
  const file = new Uint8Array(0x300);
  const view = new DataView(file.buffer);
  const word = (at: number, value: number) =>
    is64 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true);
  view.setUint32(0, 0x464c_457f, true);
  view.setUint8(4, is64 ? 2 : 1);
  view.setUint16(18, is64 ? 62 : 3, true);
  word(24, entry);
  word(is64 ? 32 : 28, 0x80);
  view.setUint16(is64 ? 54 : 42, is64 ? 56 : 32, true);
  view.setUint16(is64 ? 56 : 44, 1, true);
  view.setUint32(0x80, 1, true);
  const values = [0x200, vaddr, paddr, 16, memsz];
  values.forEach((value, i) => void word(is64 ? 0x88 + 8 * i : 0x84 + 4 * i, value));
  header(view, 0x100, 0);
  file[0x200] = 0x90;
  return file;
}

test("the header is found by magic and checksum", () => {
  const file = new Uint8Array(9000);
  const view = new DataView(file.buffer);
  view.setUint32(16, 0x1bad_b002, true); // magic alone is not enough
  expect(multibootHeader(file)).toBe(-1);
  header(view, 4096, 3);
  expect(multibootHeader(file)).toBe(4096);
});

test("a header behind the first 8 KiB does not count", () => {
  const file = new Uint8Array(9000);
  header(new DataView(file.buffer), 8192, 0);
  expect(multibootHeader(file)).toBe(-1);
});

test("an ELF32 kernel is loaded by physical addresses and entered in protected mode", () => {
  ram.write8(0x10_0020, 0xff);
  const entry = load(elf(false, 0x10_0004, { vaddr: 0x10_0000, paddr: 0x10_0000, memsz: 64 }));
  expect(entry).toMatchObject({
    mode: "protected",
    rip: 0x10_0004,
    rax: 0x2bad_b002,
    rbx: PARAMS_GPA,
    cs: 8,
  });
  expect(ram.read8(0x10_0000)).toBe(0x90);
  expect(ram.read8(0x10_0020)).toBe(0); // BSS
});

test("an ELF64 kernel for x86-64 is entered in protected mode too", () => {
  const entry = load(elf(true, 0x10_0004, { vaddr: 0x10_0000, paddr: 0x10_0000, memsz: 16 }));
  expect(entry).toMatchObject({ mode: "protected", rip: 0x10_0004 });
});

test("an entry in a segment's virtual addresses becomes physical", () => {
  const entry = load(elf(false, 0xc010_0004, { vaddr: 0xc010_0000, paddr: 0x10_0000, memsz: 16 }));
  expect(entry.rip).toBe(0x10_0004);
});

test("the address fields of the header come before ELF", () => {
  const file = new Uint8Array(0x200);
  const view = new DataView(file.buffer);
  header(view, 0x20, 1 << 16);
  [0x10_0020, 0x10_0000, 0x10_0100, 0x10_0200, 0x10_0040].forEach((value, i) => {
    view.setUint32(0x20 + 12 + 4 * i, value, true);
  });
  file[0x40] = 0xf4;
  file[0x100] = 0xee; // behind the load end
  expect(load(file).rip).toBe(0x10_0040);
  expect(ram.read8(0x10_0040)).toBe(0xf4);
  expect(ram.read8(0x10_0100)).toBe(0);
});

test("modules lie page-aligned behind the kernel's BSS", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  load(elf(false, 0x10_0000, { vaddr: 0x10_0000, paddr: 0x10_0000, memsz: 0x1800 }), [
    { bytes, text: "m arg" },
  ]);
  const list = ram.read32(PARAMS_GPA + 24);
  expect(ram.read32(PARAMS_GPA + 20)).toBe(1);
  expect([ram.read32(list), ram.read32(list + 4)]).toEqual([0x10_2000, 0x10_2003]);
  expect(ram.read8(0x10_2002)).toBe(3);
});

test("a kernel larger than memory is refused in one sentence", () => {
  const kernel = elf(false, 0x10_0000, { vaddr: 0x10_0000, paddr: 0x10_0000, memsz: 16 * MIB });
  expect(() => load(kernel)).toThrow(/does not fit into memory: give the machine more than 17 MiB/);
});

test("a file that is neither ELF nor has addresses is no kernel", () => {
  const file = new Uint8Array(0x200);
  header(new DataView(file.buffer), 0, 0);
  expect(() => load(file)).toThrow("neither an x86 ELF file nor has it load addresses");
});
