/**
 * `-kernel`: puts the machine into the state that firmware and boot loader would leave, and the
 * processor at the kernel's entry. Linux bzImage, Multiboot 1 and PVH; anything else is told to the person.
 */
import { linkAcpi } from "../firmware/acpi-tables";
import { isBzImage, loadLinux } from "../firmware/bzimage";
import {
  BootError,
  type EntryState,
  GDT_GPA,
  type MachineImage,
  PAGE_TABLES_GPA,
  writeIdentityTables,
} from "../firmware/direct-boot";
import { systemMap } from "../firmware/e820";
import { loadMultiboot, type MultibootModule, multibootHeader } from "../firmware/multiboot";
import { assignPci, setUpChipset } from "../firmware/pci-setup";
import { loadPvh, pvhEntry } from "../firmware/pvh";
import { linkAnchor } from "../firmware/smbios";
import { STUB_GPA, writeVideoStub } from "../firmware/video-stub";
import {
  Cpu,
  CR0_ET,
  CR0_PE,
  CR0_PG,
  CR4_PAE,
  EFER_LMA,
  EFER_LME,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  SEG_SS,
} from "../shared/layout";
import { type SharedMemory, vcpuBase } from "../shared/shared-memory";
import type { Pc } from "./pc";
import { MEMORY_MAP, PCI_SLOTS } from "./pc-map";

/** Bytes at the top of low RAM that hold ACPI and SMBIOS tables. */
const TABLES_LEN = 0x2_0000;
const RSDP_GPA = 0xf_0000;
const SMBIOS_ANCHOR_GPA = 0xf_0040;
const SMBIOS_OFFSET = 0x1_0000;
/** Firmware_Waking_Vector; the FACS is the first of the tables. */
const FACS_WAKING_VECTOR = 12;

export interface KernelFiles {
  kernel: Uint8Array;
  /** File name and arguments as the person wrote them: a Multiboot kernel sees them. */
  kernelName: string;
  initrd?: Uint8Array;
  modules: MultibootModule[];
  append: string;
}

/** True for a file that can be started this way. */
export function isKernel(file: Uint8Array): boolean {
  return isBzImage(file) || multibootHeader(file) >= 0 || pvhEntry(file) !== undefined;
}

const WINDOWS = {
  mmconfigBase: MEMORY_MAP.mmconfig,
  pmBase: MEMORY_MAP.pmBase,
  memoryBase: MEMORY_MAP.pciWindow,
  memoryEnd: MEMORY_MAP.ioapic,
  ioBase: 0xc000,
};

export function startKernel(pc: Pc, files: KernelFiles): void {
  const { ramLow, ramHigh } = pc.ram;
  const top = ramLow - TABLES_LEN;
  setUpChipset(pc.pci, WINDOWS);
  assignPci(pc.pci, WINDOWS);
  writeTables(pc, top);
  const image: MachineImage = { memory: pc.ram, ramTop: top };
  const e820 = systemMap(ramLow, ramHigh, TABLES_LEN, MEMORY_MAP.mmconfig);
  const hasTextMode = pc.vga !== undefined && pc.vgaBios.length > 0;
  const entry = loadKernel(image, files, e820, hasTextMode);
  setMemoryTypes(pc.memory);
  if (entry.mode === "long") writeIdentityTables(pc.ram);
  if (hasTextMode) {
    const [slot, number] = PCI_SLOTS.vga;
    writeVideoStub(pc.ram, pc.vgaBios, slot * 8 + number, entry);
    enterRealMode(pc, STUB_GPA);
  } else {
    enter(pc, entry);
  }
}

function loadKernel(
  image: MachineImage,
  files: KernelFiles,
  e820: ReturnType<typeof systemMap>,
  hasTextMode: boolean,
): EntryState {
  const { kernel, initrd, append } = files;
  if (isBzImage(kernel)) {
    return loadLinux(image, {
      kernel,
      initrd,
      cmdline: append,
      e820,
      rsdpGpa: RSDP_GPA,
      hasTextMode,
    });
  }
  if (multibootHeader(kernel) >= 0) {
    const cmdline = [files.kernelName, append].filter((part) => part !== "").join(" ");
    return loadMultiboot(image, { kernel, cmdline, modules: files.modules, e820 });
  }
  const pvh = pvhEntry(kernel);
  if (pvh !== undefined) {
    return loadPvh(image, { kernel, cmdline: append, initrd, e820, rsdpGpa: RSDP_GPA }, pvh);
  }
  throw new BootError(
    "not-a-kernel",
    `"${files.kernelName}" is neither a Linux bzImage nor a Multiboot or PVH kernel.`,
  );
}

/**
 * The end of S3 (ACPI 6.4, 16.3): chipset and memory types again, then vCPU 0 to the waking vector that
 * the system left in the FACS, in real mode. Base address registers are restored by the system.
 */
export function resumeKernel(pc: Pc): void {
  setUpChipset(pc.pci, WINDOWS);
  setMemoryTypes(pc.memory);
  enterRealMode(pc, pc.ram.read32(pc.ram.ramLow - TABLES_LEN + FACS_WAKING_VECTOR));
}

/** ACPI and SMBIOS tables to the top of low RAM, their entry points below 1 MiB. */
function writeTables(pc: Pc, top: number): void {
  const { blob, rsdp } = linkAcpi(pc.acpi, top);
  if (blob.length > SMBIOS_OFFSET) throw new Error("ACPI tables have outgrown their place");
  pc.ram.write(top, blob);
  pc.ram.write(RSDP_GPA, rsdp);
  pc.ram.write(top + SMBIOS_OFFSET, pc.smbios.tables);
  pc.ram.write(SMBIOS_ANCHOR_GPA, linkAnchor(pc.smbios.anchor, top + SMBIOS_OFFSET));
}

const CODE32_ATTR = 0xc09b;
const CODE64_ATTR = 0xa09b;
const DATA_ATTR = 0xc093;
const DATA_SEGMENTS = [SEG_DS, SEG_ES, SEG_SS, SEG_FS, SEG_GS];

/** vCPU 0 to the kernel's entry; the others stay where RESET left them, waiting for a SIPI. */
function enter(pc: Pc, entry: EntryState): void {
  const { memory } = pc;
  const base = vcpuBase(0);
  const set64 = (field: number, value: number) =>
    memory.view.setBigUint64(base + field, BigInt(value), true);
  const isLong = entry.mode === "long";
  set64(Cpu.rip, entry.rip);
  set64(Cpu.nextRip, entry.rip);
  set64(Cpu.rsp, entry.rsp);
  set64(Cpu.rax, entry.rax);
  set64(Cpu.rbx, entry.rbx);
  set64(Cpu.rsi, entry.rsi);
  set64(Cpu.rdx, 0);
  setSegment(memory, SEG_CS, entry.cs, isLong ? CODE64_ATTR : CODE32_ATTR);
  for (const seg of DATA_SEGMENTS) setSegment(memory, seg, entry.ds, DATA_ATTR);
  setTable(memory, SEG_GDTR, GDT_GPA, 4 * 8 - 1);
  setTable(memory, SEG_IDTR, 0, 0);
  if (isLong) {
    set64(Cpu.cr3, PAGE_TABLES_GPA);
    set64(Cpu.cr4, CR4_PAE);
    set64(Cpu.efer, EFER_LME | EFER_LMA);
    set64(Cpu.cr0, CR0_PG + (CR0_PE | CR0_ET));
  } else {
    set64(Cpu.cr0, CR0_PE | CR0_ET);
  }
  pc.core.updateVcpuModes(0);
}

/**
 * vCPU 0 to `gpa` in real mode, at an IP below 16, with data segments of 4 GiB ("big real mode"), in which
 * firmware calls option ROMs; otherwise as after RESET.
 */
function enterRealMode(pc: Pc, gpa: number): void {
  const base = vcpuBase(0);
  const { view } = pc.memory;
  const ip = gpa & 15;
  view.setBigUint64(base + Cpu.rip, BigInt(ip), true);
  view.setBigUint64(base + Cpu.nextRip, BigInt(ip), true);
  view.setBigUint64(base + Cpu.segBase + 8 * SEG_CS, BigInt(gpa - ip), true);
  view.setUint32(base + Cpu.segSel + 4 * SEG_CS, (gpa >>> 4) & 0xffff, true);
  for (const seg of DATA_SEGMENTS) view.setUint32(base + Cpu.segLimit + 4 * seg, 0xffff_ffff, true);
  pc.core.updateVcpuModes(0);
}

const MTRR_ENABLED_WB = 0xc06; // E, FE, default type 6 (write-back)
const MTRR_VALID = 0x800;
const PHYSICAL_LIMIT = 2 ** 40;

/** MTRRs as firmware leaves them: write-back, but for the VGA window, ROMs and the device windows. */
function setMemoryTypes(memory: SharedMemory): void {
  const base = vcpuBase(0);
  const set = (field: number, value: bigint) => memory.view.setBigUint64(base + field, value, true);
  set(Cpu.mtrrDefType, BigInt(MTRR_ENABLED_WB));
  for (let i = 0; i < 11; i++) {
    const type = i < 2 ? 6n : i === 2 ? 0n : 5n;
    set(Cpu.mtrrFixed + 8 * i, type * 0x0101_0101_0101_0101n);
  }
  const uncached: [number, number][] = [
    [MEMORY_MAP.mmconfig, 0x1000_0000],
    [MEMORY_MAP.pciWindow, 0x4000_0000],
  ];
  for (const [i, [start, len]] of uncached.entries()) {
    set(Cpu.mtrrVar + 16 * i, BigInt(start));
    set(Cpu.mtrrVar + 16 * i + 8, BigInt(PHYSICAL_LIMIT - len + MTRR_VALID));
  }
}

function setSegment(memory: SharedMemory, seg: number, selector: number, attr: number): void {
  const base = vcpuBase(0);
  memory.view.setBigUint64(base + Cpu.segBase + 8 * seg, 0n, true);
  memory.view.setUint32(base + Cpu.segLimit + 4 * seg, 0xffff_ffff, true);
  memory.view.setUint32(base + Cpu.segAttr + 4 * seg, attr, true);
  memory.view.setUint32(base + Cpu.segSel + 4 * seg, selector, true);
}

function setTable(memory: SharedMemory, seg: number, table: number, limit: number): void {
  const base = vcpuBase(0);
  memory.view.setBigUint64(base + Cpu.segBase + 8 * seg, BigInt(table), true);
  memory.view.setUint32(base + Cpu.segLimit + 4 * seg, limit, true);
}
