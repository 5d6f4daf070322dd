/**
 * Boots a Multiboot 1 kernel (Multiboot Specification 0.6.96) as QEMU's -kernel does: ELF32, ELF64 for
 * x86-64 entered in 32-bit mode all the same, or the address fields of the header ("a.out kludge").
 *
 *   header in the first 8 KiB: 1BADB002, flags, checksum [, header, load, load end, bss end, entry]
 *   at entry: EAX 2BADB002, EBX information, protected mode, flat segments, paging off, IF clear
 *
 * `-initrd "a one,b two"` gives two modules; each module's string is its file name and arguments.
 * Video modes (flag 2 of the header) are not set: the information structure does not claim any.
 */
import { ByteWriter, latin1 } from "../base/bytes";
import {
  BootError,
  CMDLINE_GPA,
  type EntryState,
  load,
  type MachineImage,
  PARAMS_GPA,
  STACK_TOP_GPA,
  writeGdt,
} from "./direct-boot";
import type { E820Entry } from "./e820";
import { type Loaded, loadElf, zero } from "./elf";

const HEADER_MAGIC = 0x1bad_b002;
const LOADER_MAGIC = 0x2bad_b002;
const SEARCH_LEN = 8192;
const FLAG_ADDRESSES = 1 << 16;

const INFO_MEMORY = 1 << 0;
const INFO_BOOT_DEVICE = 1 << 1;
const INFO_CMDLINE = 1 << 2;
const INFO_MODS = 1 << 3;
const INFO_MMAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;
const INFO_LEN = 88;

export interface MultibootModule {
  bytes: Uint8Array;
  /** File name and arguments. */
  text: string;
}

export interface MultibootBoot {
  kernel: Uint8Array;
  /** File name and arguments: what the kernel sees as its command line. */
  cmdline: string;
  modules: MultibootModule[];
  e820: E820Entry[];
}

/** Offset of the header in the file, or -1. */
export function multibootHeader(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + 12 <= Math.min(SEARCH_LEN, file.length); at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 0x1_0000_0000 === 0) return at;
  }
  return -1;
}

export function loadMultiboot(image: MachineImage, boot: MultibootBoot): EntryState {
  const at = multibootHeader(boot.kernel);
  if (at < 0) throw new BootError("not-a-kernel", "The kernel has no Multiboot header.");
  const view = new DataView(boot.kernel.buffer, boot.kernel.byteOffset, boot.kernel.byteLength);
  const hasAddresses = (view.getUint32(at + 4, true) & FLAG_ADDRESSES) !== 0;
  const kernel = hasAddresses
    ? loadByHeader(image, boot.kernel, view, at)
    : loadElf(image, boot.kernel);
  writeInfo(image, boot, kernel.end);
  writeGdt(image.memory, false);
  return {
    mode: "protected",
    rip: kernel.entry,
    rsp: STACK_TOP_GPA,
    rax: LOADER_MAGIC,
    rbx: PARAMS_GPA,
    rsi: 0,
    cs: 0x08,
    ds: 0x18,
  };
}

/** The "a.out kludge": the header says which part of the file goes where. */
function loadByHeader(image: MachineImage, kernel: Uint8Array, view: DataView, at: number): Loaded {
  const [headerAddr, loadAddr, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((field) =>
    view.getUint32(at + field, true),
  );
  const start = at - (headerAddr - loadAddr);
  if (headerAddr < loadAddr || start < 0) {
    throw new BootError(
      "unsupported-kernel",
      "The kernel's Multiboot header has impossible addresses.",
    );
  }
  const len = loadEnd === 0 ? kernel.length - start : loadEnd - loadAddr;
  load(image.memory, loadAddr, kernel.subarray(start, start + len), "kernel");
  zero(image, loadAddr + len, bssEnd - (loadAddr + len));
  return { entry, end: Math.max(loadAddr + len, bssEnd) };
}

/** The information structure at PARAMS_GPA; strings and lists from CMDLINE_GPA; modules behind the kernel. */
function writeInfo(image: MachineImage, boot: MultibootBoot, kernelEnd: number): void {
  const extra = new ByteWriter();
  const place = (bytes: Uint8Array) => {
    extra.align(4);
    const gpa = CMDLINE_GPA + extra.length;
    extra.bytes(bytes);
    return gpa;
  };
  const cmdline = place(latin1(boot.cmdline, true));
  const loaderName = place(latin1("longmode", true));
  const mods = placeModules(image, boot.modules, kernelEnd, place);
  const mmap = place(packMmap(boot.e820));
  const above1M = boot.e820.find((entry) => entry.type === 1 && entry.base === 0x10_0000)?.len ?? 0;

  const info = new Uint8Array(INFO_LEN);
  const view = new DataView(info.buffer);
  const flags =
    INFO_MEMORY | INFO_BOOT_DEVICE | INFO_CMDLINE | INFO_MODS | INFO_MMAP | INFO_LOADER_NAME;
  view.setUint32(0, flags, true);
  view.setUint32(4, 639, true);
  view.setUint32(8, above1M / 1024, true);
  view.setUint32(12, 0x8000_ffff, true); // first hard disk, no partition
  view.setUint32(16, cmdline, true);
  view.setUint32(20, boot.modules.length, true);
  view.setUint32(24, mods, true);
  view.setUint32(44, boot.e820.length * 24, true);
  view.setUint32(48, mmap, true);
  view.setUint32(64, loaderName, true);
  load(image.memory, PARAMS_GPA, info, "boot information");
  load(image.memory, CMDLINE_GPA, extra.take(), "boot information");
}

/** Loads modules on pages of their own from `gpa` on. */
export function* loadModules(
  image: MachineImage,
  modules: MultibootModule[],
  gpa: number,
): Generator<MultibootModule & { gpa: number }> {
  let at = gpa;
  for (const module of modules) {
    at = Math.ceil(at / 4096) * 4096;
    if (at + module.bytes.length > image.ramTop) {
      throw new BootError("bad-initrd", `The module "${module.text}" does not fit into memory.`);
    }
    load(image.memory, at, module.bytes, "module");
    yield { ...module, gpa: at };
    at += module.bytes.length;
  }
}

function placeModules(
  image: MachineImage,
  modules: MultibootModule[],
  kernelEnd: number,
  place: (bytes: Uint8Array) => number,
): number {
  const list = new ByteWriter();
  for (const { gpa, bytes, text } of loadModules(image, modules, kernelEnd)) {
    list.u32(gpa).u32(gpa + bytes.length);
    list.u32(place(latin1(text, true))).u32(0);
  }
  return place(list.take());
}

/** Memory map entries: their own size (without that field), then an e820 entry. */
function packMmap(entries: E820Entry[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { base, len, type } of entries) writer.u32(20).u64(base).u64(len).u32(type);
  return writer.take();
}
