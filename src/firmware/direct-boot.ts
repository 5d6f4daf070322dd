/**
 * What bzimage.ts and multiboot.ts have in common: the state of the processor at a kernel's entry, and
 * the errors of an image that cannot be booted.
 *
 * Low memory of a directly booted kernel:
 *
 *   01000  GDT                     10000  boot parameters, multiboot information
 *   02000  page tables, 24 KiB     20000  command line, module list
 *   07000  video-stub.ts           F0000  RSDP, SMBIOS anchor
 *   09000  end of a small stack
 */
import type { GuestMemory } from "../memory/guest-memory";

export type BootErrorCode = "not-a-kernel" | "unsupported-kernel" | "too-big" | "bad-initrd";

/** An image the person chose cannot be booted; the message is for them. */
export class BootError extends Error {
  override readonly name = "BootError";
  constructor(
    readonly code: BootErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export const GDT_GPA = 0x1000;
export const PAGE_TABLES_GPA = 0x2000;
export const STACK_TOP_GPA = 0x9000;
export const PARAMS_GPA = 0x1_0000;
export const CMDLINE_GPA = 0x2_0000;

/** Where and how the processor starts; everything not named is as after reset. */
export interface EntryState {
  mode: "protected" | "long";
  rip: number;
  rsp: number;
  rax: number;
  rbx: number;
  rsi: number;
  /** Selectors of the flat code and data segments in the GDT at GDT_GPA. */
  cs: number;
  ds: number;
}

export interface MachineImage {
  memory: GuestMemory;
  /** First byte above usable low RAM: our tables lie from there. */
  ramTop: number;
}

const CODE32 = 0x00cf_9b00_0000_ffffn;
const CODE64 = 0x00af_9b00_0000_ffffn;
const DATA = 0x00cf_9300_0000_ffffn;

/** Selectors: 08 32-bit code, 10 code of the entry's mode (Linux wants 10), 18 data. */
export function writeGdt(memory: GuestMemory, isLong: boolean): void {
  for (const [index, descriptor] of [0n, CODE32, isLong ? CODE64 : CODE32, DATA].entries()) {
    memory.write64(GDT_GPA + 8 * index, descriptor);
  }
}

/** Identity mapping of the first 4 GiB with 2 MiB pages; returns CR3. */
export function writeIdentityTables(memory: GuestMemory): number {
  const PRESENT_WRITABLE = 3;
  const LARGE = 0x80;
  const directories = PAGE_TABLES_GPA + 0x2000;
  memory.write64(PAGE_TABLES_GPA, BigInt(PAGE_TABLES_GPA + 0x1000 + PRESENT_WRITABLE));
  for (let gib = 0; gib < 4; gib++) {
    const directory = directories + gib * 0x1000;
    memory.write64(PAGE_TABLES_GPA + 0x1000 + 8 * gib, BigInt(directory + PRESENT_WRITABLE));
    for (let i = 0; i < 512; i++) {
      const page = gib * 0x4000_0000 + i * 0x20_0000;
      memory.write64(directory + 8 * i, BigInt(page + PRESENT_WRITABLE + LARGE));
    }
  }
  return PAGE_TABLES_GPA;
}

/** Copies a file's bytes to `gpa`; an image larger than RAM is the person's problem, told in one sentence. */
export function load(memory: GuestMemory, gpa: number, bytes: Uint8Array, what: string): void {
  checkFits(memory, gpa, bytes.length, what);
  memory.write(gpa, bytes);
}

export function checkFits(memory: GuestMemory, gpa: number, len: number, what: string): void {
  if (memory.offset(gpa, len) >= 0) return;
  const mib = Math.ceil((gpa + len) / 0x10_0000);
  throw new BootError(
    "too-big",
    `The ${what} does not fit into memory: give the machine more than ${mib} MiB.`,
  );
}
