/**
 * Kernels in ELF files (System V ABI, chapters 4 and 5), of 32 or 64 bits, for x86. They are entered in 32-bit
 * mode whatever their class, so addresses are cut to 32 bits. Only program headers are looked at.
 */
import { BootError, checkFits, load, type MachineImage } from "./direct-boot";

const ELF_MAGIC = 0x464c_457f;
const ELFCLASS64 = 2;
const EM_386 = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;

interface Segment {
  type: number;
  offset: number;
  vaddr: number;
  paddr: number;
  filesz: number;
  memsz: number;
}

export interface Loaded {
  entry: number;
  /** First address behind everything loaded, BSS included. */
  end: number;
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

/** Entry and program headers; undefined for what is no ELF file for x86. */
function programHeaders(file: Uint8Array): { entry: number; segments: Segment[] } | undefined {
  if (file.length < 64) return undefined;
  const view = viewOf(file);
  const machine = view.getUint16(18, true);
  if (view.getUint32(0, true) !== ELF_MAGIC || (machine !== EM_386 && machine !== EM_X86_64)) {
    return undefined;
  }
  const is64 = view.getUint8(4) === ELFCLASS64;
  const word = (at: number) =>
    is64 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
  const entry = Number(BigInt(word(24)) & 0xffff_ffffn);
  const phoff = word(is64 ? 32 : 28);
  const phentsize = view.getUint16(is64 ? 54 : 42, true);
  const phnum = view.getUint16(is64 ? 56 : 44, true);
  const fields = is64 ? [8, 16, 24, 32, 40] : [4, 8, 12, 16, 20];
  const segments: Segment[] = [];
  for (let i = 0; i < phnum; i++) {
    const at = phoff + i * phentsize;
    if (at + phentsize > file.length) return undefined;
    const [offset, vaddr, paddr, filesz, memsz] = fields.map((field) => word(at + field));
    segments.push({ type: view.getUint32(at, true), offset, vaddr, paddr, filesz, memsz });
  }
  return { entry, segments };
}

/** Zeroes `len` bytes of guest memory. */
export function zero(image: MachineImage, gpa: number, len: number): void {
  if (len <= 0) return;
  checkFits(image.memory, gpa, len, "kernel"); // before a buffer of that size is made
  image.memory.write(gpa, new Uint8Array(len));
}

export function loadElf(image: MachineImage, kernel: Uint8Array): Loaded {
  const headers = programHeaders(kernel);
  if (!headers) {
    throw new BootError(
      "not-a-kernel",
      "The Multiboot kernel is neither an x86 ELF file nor has it load addresses.",
    );
  }
  const { entry, segments } = headers;
  const loads = segments.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0);
  let end = 0;
  let physicalEntry = entry;
  for (const { offset, vaddr, paddr, filesz, memsz } of loads) {
    load(image.memory, paddr, kernel.subarray(offset, offset + filesz), "kernel");
    zero(image, paddr + filesz, memsz - filesz);
    end = Math.max(end, paddr + memsz);
    // An entry given as a virtual address means the same byte of the segment.
    if (vaddr !== paddr && entry >= vaddr && entry < vaddr + filesz)
      physicalEntry = entry - vaddr + paddr;
  }
  if (loads.length === 0) throw new BootError("not-a-kernel", "The kernel has nothing to load.");
  return { entry: physicalEntry, end };
}

/** The content of the first note of that name and type; notes are aligned to 4 bytes, or 8 if the file says so. */
export function elfNote(file: Uint8Array, name: string, type: number): Uint8Array | undefined {
  const view = viewOf(file);
  for (const segment of programHeaders(file)?.segments ?? []) {
    if (segment.type !== PT_NOTE) continue;
    const end = Math.min(segment.offset + segment.filesz, file.length);
    for (let at = segment.offset; at + 12 <= end; ) {
      const [nameLen, len] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      const content = at + 12 + Math.ceil(nameLen / 4) * 4;
      const found = String.fromCharCode(...file.subarray(at + 12, at + 12 + Math.min(nameLen, 16)));
      if (found === `${name}\0` && view.getUint32(at + 8, true) === type)
        return file.subarray(content, content + len);
      at = content + Math.ceil(len / 4) * 4;
    }
  }
  return undefined;
}
