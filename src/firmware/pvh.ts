/**
 * Boots an ELF kernel by its PVH entry, as QEMU's -kernel does: Xen's "x86/HVM direct boot ABI"
 * (xen/docs/misc/pvh.pandoc, public/arch-x86/hvm/start_info.h). Linux' vmlinux and FreeBSD's kernel have it.
 *
 *   note "Xen" type 18 (XEN_ELFNOTE_PHYS32_ENTRY): physical address of a 32-bit entry
 *   at entry: EBX start info, protected mode, flat segments, paging off, IF clear
 *   start info, version 1:  0 magic  4 version  8 flags  12 modules  16 module list  24 command line
 *                          32 RSDP  40 memory map  48 its entries
 *
 * Xen itself is not there: the note is all that is taken from its ABI.
 */
import { ByteWriter, latin1 } from "../base/bytes";
import {
  CMDLINE_GPA,
  type EntryState,
  load,
  type MachineImage,
  PARAMS_GPA,
  STACK_TOP_GPA,
  writeGdt,
} from "./direct-boot";
import type { E820Entry } from "./e820";
import { elfNote, loadElf } from "./elf";
import { loadModules, type MultibootModule } from "./multiboot";

const XEN_ELFNOTE_PHYS32_ENTRY = 18;
const START_INFO_MAGIC = 0x336e_c578;
const START_INFO_VERSION = 1;

export interface PvhBoot {
  kernel: Uint8Array;
  cmdline: string;
  initrd?: Uint8Array;
  e820: E820Entry[];
  rsdpGpa: number;
}

/** The PVH entry of a file, or undefined if it has none. */
export function pvhEntry(file: Uint8Array): number | undefined {
  const note = elfNote(file, "Xen", XEN_ELFNOTE_PHYS32_ENTRY);
  if (!note || note.length < 4) return undefined;
  return new DataView(note.buffer, note.byteOffset).getUint32(0, true);
}

export function loadPvh(image: MachineImage, boot: PvhBoot, entry: number): EntryState {
  const { end } = loadElf(image, boot.kernel);
  writeStartInfo(image, boot, end);
  writeGdt(image.memory, false);
  return {
    mode: "protected",
    rip: entry,
    rsp: STACK_TOP_GPA,
    rax: 0,
    rbx: PARAMS_GPA,
    rsi: 0,
    cs: 0x08,
    ds: 0x18,
  };
}

function writeStartInfo(image: MachineImage, boot: PvhBoot, kernelEnd: number): void {
  const extra = new ByteWriter();
  const place = (bytes: Uint8Array) => {
    extra.align(8);
    const gpa = CMDLINE_GPA + extra.length;
    extra.bytes(bytes);
    return gpa;
  };
  const cmdline = place(latin1(boot.cmdline, true));
  const memory = new ByteWriter();
  for (const { base, len, type } of boot.e820) memory.u64(base).u64(len).u32(type).u32(0);
  const map = place(memory.take());
  const wanted: MultibootModule[] = boot.initrd ? [{ bytes: boot.initrd, text: "" }] : [];
  const modules = new ByteWriter();
  for (const { gpa, bytes } of loadModules(image, wanted, kernelEnd))
    modules.u64(gpa).u64(bytes.length).u64(0).u64(0);
  const list = wanted.length > 0 ? place(modules.take()) : 0;
  const info = new ByteWriter().u32(START_INFO_MAGIC).u32(START_INFO_VERSION).u32(0);
  info.u32(wanted.length).u64(list).u64(cmdline).u64(boot.rsdpGpa);
  info.u64(map).u32(boot.e820.length).u32(0);
  load(image.memory, PARAMS_GPA, info.take(), "boot information");
  load(image.memory, CMDLINE_GPA, extra.take(), "boot information");
}
