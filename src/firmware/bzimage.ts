/**
 * Boots a Linux bzImage without firmware, by the 64-bit boot protocol (Documentation/arch/x86/boot.rst):
 * the kernel is entered in long mode at startup_64 with RSI at the boot parameters; a kernel without
 * that entry is entered in protected mode at startup_32 by the 32-bit protocol.
 *
 *   image   setup_sects × 512 bytes of real-mode set-up, then the protected-mode kernel
 *   1F1     setup header: 1FE AA55  202 "HdrS"  206 version  211 loadflags  228 cmd_line_ptr ...
 *
 * The real-mode part never runs; what it would find out about the screen is told by us.
 */
import { latin1 } from "../base/bytes";
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

const SETUP_SECTS = 0x1f1;
const BOOT_FLAG = 0x1fe;
const JUMP_OFFSET = 0x201;
const HEADER_MAGIC = 0x202;
const VERSION = 0x206;
const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const CMD_LINE_PTR = 0x228;
const INITRD_ADDR_MAX = 0x22c;
const KERNEL_ALIGNMENT = 0x230;
const RELOCATABLE_KERNEL = 0x234;
const XLOADFLAGS = 0x236;
const CMDLINE_SIZE = 0x238;
const PREF_ADDRESS = 0x258;
const INIT_SIZE = 0x260;

const LOADED_HIGH = 0x01;
const XLF_KERNEL_64 = 0x01;
const LOADER_UNDEFINED = 0xff;
const ENTRY_64 = 0x200;

/** Fields of the boot parameters outside the setup header. */
const SCREEN_INFO = 0x000;
const ACPI_RSDP_ADDR = 0x070;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const PARAMS_LEN = 0x1000;

export interface LinuxBoot {
  kernel: Uint8Array;
  initrd?: Uint8Array;
  cmdline: string;
  e820: E820Entry[];
  rsdpGpa: number;
  /** The screen is in VGA text mode 3. */
  hasTextMode: boolean;
}

export function isBzImage(file: Uint8Array): boolean {
  if (file.length < 0x268) return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return (
    view.getUint16(BOOT_FLAG, true) === 0xaa55 && view.getUint32(HEADER_MAGIC, true) === 0x5372_6448
  );
}

/** Loads kernel, initrd and parameters; returns how to enter. */
export function loadLinux(image: MachineImage, boot: LinuxBoot): EntryState {
  const { kernel } = boot;
  if (!isBzImage(kernel)) throw new BootError("not-a-kernel", "The kernel is not a Linux bzImage.");
  const header = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  const version = header.getUint16(VERSION, true);
  if (version < 0x020a || (header.getUint8(LOADFLAGS) & LOADED_HIGH) === 0) {
    const text = `${version >> 8}.${version & 0xff}`;
    throw new BootError(
      "unsupported-kernel",
      `The kernel speaks boot protocol ${text}; 2.10 or later is needed.`,
    );
  }
  const setupLen = ((header.getUint8(SETUP_SECTS) || 4) + 1) * 512;
  const base = loadAddress(header, image.ramTop);
  load(image.memory, base, kernel.subarray(setupLen), "kernel");

  const params = new Uint8Array(PARAMS_LEN);
  // The header ends where the byte at 201h, the operand of its first jump, says.
  params.set(
    kernel.subarray(SETUP_SECTS, HEADER_MAGIC + header.getUint8(JUMP_OFFSET)),
    SETUP_SECTS,
  );
  const view = new DataView(params.buffer);
  view.setUint8(TYPE_OF_LOADER, LOADER_UNDEFINED);
  view.setUint32(CODE32_START, base, true);
  placeCmdline(image, view, boot.cmdline);
  placeInitrd(image, view, boot.initrd, base + header.getUint32(INIT_SIZE, true));
  view.setBigUint64(ACPI_RSDP_ADDR, BigInt(boot.rsdpGpa), true);
  view.setUint8(E820_ENTRIES, boot.e820.length);
  for (const [index, entry] of boot.e820.entries()) {
    const at = E820_TABLE + 20 * index;
    view.setBigUint64(at, BigInt(entry.base), true);
    view.setBigUint64(at + 8, BigInt(entry.len), true);
    view.setUint32(at + 16, entry.type, true);
  }
  if (boot.hasTextMode) describeTextMode(view);
  load(image.memory, PARAMS_GPA, params, "boot parameters");

  const isLong = (header.getUint16(XLOADFLAGS, true) & XLF_KERNEL_64) !== 0;
  writeGdt(image.memory, isLong);
  return {
    mode: isLong ? "long" : "protected",
    rip: isLong ? base + ENTRY_64 : base,
    rsp: STACK_TOP_GPA,
    rax: 0,
    rbx: 0,
    rsi: PARAMS_GPA,
    cs: 0x10,
    ds: 0x18,
  };
}

/** The kernel's preferred address when it fits and may be chosen, else the traditional 1 MiB. */
function loadAddress(header: DataView, ramTop: number): number {
  const preferred = Number(header.getBigUint64(PREF_ADDRESS, true));
  const initSize = header.getUint32(INIT_SIZE, true);
  const fits = preferred >= 0x10_0000 && preferred + initSize <= ramTop;
  if (fits) return preferred;
  if (header.getUint8(RELOCATABLE_KERNEL) === 0) {
    const mib = Math.ceil((preferred + initSize) / 0x10_0000) + 1;
    throw new BootError("too-big", `This kernel needs ${mib} MiB of memory.`);
  }
  const alignment = header.getUint32(KERNEL_ALIGNMENT, true) || 0x20_0000;
  return Math.ceil(0x10_0000 / alignment) * alignment;
}

function placeCmdline(image: MachineImage, params: DataView, cmdline: string): void {
  const limit = params.getUint32(CMDLINE_SIZE, true) || 255;
  if (cmdline.length > limit) {
    throw new BootError(
      "unsupported-kernel",
      `The kernel command line has ${cmdline.length} characters; this kernel takes ${limit}.`,
    );
  }
  load(image.memory, CMDLINE_GPA, latin1(cmdline, true), "command line");
  params.setUint32(CMD_LINE_PTR, CMDLINE_GPA, true);
}

/** At the top of usable low RAM, as boot loaders do, page-aligned and clear of the kernel. */
function placeInitrd(
  image: MachineImage,
  params: DataView,
  initrd: Uint8Array | undefined,
  kernelEnd: number,
): void {
  if (!initrd || initrd.length === 0) return;
  const max = params.getUint32(INITRD_ADDR_MAX, true) || 0x37ff_ffff;
  const top = Math.min(image.ramTop, max + 1);
  const base = Math.floor((top - initrd.length) / 4096) * 4096;
  if (base < kernelEnd) {
    const mib = Math.ceil((kernelEnd + initrd.length + 0x20_0000) / 0x10_0000);
    throw new BootError(
      "bad-initrd",
      `Kernel and initrd do not fit into memory: give the machine at least ${mib} MiB.`,
    );
  }
  load(image.memory, base, initrd, "initrd");
  params.setUint32(RAMDISK_IMAGE, base, true);
  params.setUint32(RAMDISK_SIZE, initrd.length, true);
}

/** screen_info of mode 3 (include/uapi/linux/screen_info.h). */
function describeTextMode(params: DataView): void {
  params.setUint8(SCREEN_INFO + 0x06, 3); // video mode
  params.setUint8(SCREEN_INFO + 0x07, 80); // columns
  params.setUint16(SCREEN_INFO + 0x0a, 3, true); // INT 10h AH=12h BL=10h: 256 KiB, colour
  params.setUint8(SCREEN_INFO + 0x0e, 25); // lines
  params.setUint8(SCREEN_INFO + 0x0f, 1); // is a VGA
  params.setUint16(SCREEN_INFO + 0x10, 16, true); // scan lines per character
}
