/**
 * Is this file an ISO, and will a PC with a BIOS boot it? ECMA-119 (ISO 9660) volume descriptors and
 * the El Torito boot catalog, just far enough to answer in a sentence before the machine starts:
 *
 *   sector 16   primary volume descriptor: "CD001", volume name, size in logical blocks
 *   sector 17   boot record, if the disc boots: "EL TORITO SPECIFICATION", sector of the catalog
 *   ...         more descriptors, ended by type 255
 *   catalog     32-byte entries: validation (platform, checksum), default entry, then sections
 *
 * The firmware (SeaBIOS) looks for the boot record in sector 17 only, takes only a validation entry of
 * platform 0 (80x86) and only the default entry; so does this. Directories, Joliet and Rock Ridge are
 * not read. A file longer than its declared size is normal (hybrid images carry partitions behind).
 */
import type { BlockNode } from "./node";

const SECTOR = 2048;
const DESCRIPTOR_FIRST = 16;
const DESCRIPTOR_MAX = 32;
const DESCRIPTOR_BOOT = 0;
const DESCRIPTOR_PRIMARY = 1;
const DESCRIPTOR_END = 255;
const PLATFORM_X86 = 0x00;
const PLATFORM_EFI = 0xef;
const BOOTABLE = 0x88;
const SECTION_MORE = 0x90;
const SECTION_LAST = 0x91;

export type IsoProblem = "not-iso" | "cut-short" | "no-bios-boot";

export interface IsoReport {
  isIso: boolean;
  volume: string;
  /** Bytes the volume says it has; 0 when it is no ISO. */
  declaredSize: number;
  bootsBios: boolean;
  bootsEfi: boolean;
  /** What is wrong, worst first, with the sentence to show. */
  problem?: { code: IsoProblem; message: string };
}

export async function isIso(node: BlockNode): Promise<IsoReport> {
  const report: IsoReport = {
    isIso: false,
    volume: "",
    declaredSize: 0,
    bootsBios: false,
    bootsEfi: false,
  };
  const problem = (code: IsoProblem, message: string): IsoReport => ({
    ...report,
    problem: { code, message },
  });
  if (node.size === 0) return problem("not-iso", `"${node.name}" is empty: it has 0 bytes.`);

  const descriptors = new Uint8Array(DESCRIPTOR_MAX * SECTOR);
  await node.read(DESCRIPTOR_FIRST * SECTOR, descriptors);
  let catalog = 0;
  for (let at = 0; at < descriptors.length && isDescriptor(descriptors, at); at += SECTOR) {
    const type = descriptors[at];
    if (type === DESCRIPTOR_END) break;
    if (type === DESCRIPTOR_PRIMARY && !report.isIso) readPrimary(descriptors.subarray(at), report);
    if (type === DESCRIPTOR_BOOT && at === SECTOR) catalog = bootCatalog(descriptors.subarray(at));
  }
  if (!report.isIso) return problem("not-iso", await notAnIso(node));
  if (node.size < report.declaredSize) {
    const have = node.size.toLocaleString("en-US");
    const want = report.declaredSize.toLocaleString("en-US");
    return problem(
      "cut-short",
      `"${node.name}" is cut short: ${have} of ${want} bytes. Download it again.`,
    );
  }
  if (catalog > 0) {
    const entries = new Uint8Array(SECTOR);
    await node.read(catalog * SECTOR, entries);
    readCatalog(entries, report);
  }
  if (!report.bootsBios) {
    const why = report.bootsEfi
      ? "it is made for UEFI firmware only"
      : "it has no boot loader for a PC with BIOS";
    return problem(
      "no-bios-boot",
      `"${node.name}" cannot boot here: ${why}. It can still be inserted as a disc.`,
    );
  }
  return report;
}

function isDescriptor(bytes: Uint8Array, at: number): boolean {
  return ascii(bytes, at + 1, 5) === "CD001";
}

function readPrimary(bytes: Uint8Array, report: IsoReport): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR);
  report.isIso = true;
  report.volume = ascii(bytes, 40, 32).trimEnd();
  report.declaredSize = view.getUint32(80, true) * view.getUint16(128, true);
}

/** Sector of the boot catalog, 0 if this boot record is none of El Torito's. */
function bootCatalog(bytes: Uint8Array): number {
  if (ascii(bytes, 7, 23) !== "EL TORITO SPECIFICATION") return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0x47, true);
}

function readCatalog(bytes: Uint8Array, report: IsoReport): void {
  const isValid = bytes[0] === 1 && bytes[0x1e] === 0x55 && bytes[0x1f] === 0xaa;
  if (!isValid) return;
  const note = (platform: number, entry: number) => {
    if (bytes[entry] !== BOOTABLE) return;
    if (platform === PLATFORM_EFI) report.bootsEfi = true;
    if (platform === PLATFORM_X86 && entry === 0x20) report.bootsBios = true;
  };
  note(bytes[1], 0x20);
  for (let at = 0x40; at + 32 <= SECTOR; ) {
    const header = bytes[at];
    if (header !== SECTION_MORE && header !== SECTION_LAST) return;
    const platform = bytes[at + 1];
    const count = bytes[at + 2] | (bytes[at + 3] << 8);
    at += 32;
    for (let i = 0; i < count && at + 32 <= SECTOR; i++, at += 32) note(platform, at);
    if (header === SECTION_LAST) return;
  }
}

/** Files that people choose by mistake, by their first bytes. */
const KINDS: [magic: string, what: string][] = [
  ["PK\x03\x04", "a ZIP archive: unpack it and choose the .iso inside"],
  ["\x1f\x8b", "gzip-compressed: unpack it first"],
  ["\xfd7zXZ\x00", "xz-compressed: unpack it first"],
  ["BZh", "bzip2-compressed: unpack it first"],
  ["\x28\xb5\x2f\xfd", "zstd-compressed: unpack it first"],
  ["7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it and choose the .iso inside"],
  ["Rar!", "a RAR archive: unpack it and choose the .iso inside"],
  ["QFI\xfb", "a qcow2 disk image: use it as a disk, not as a disc"],
  ["KDMV", "a VMware disk image: use it as a disk, not as a disc"],
  ["\x7fELF", "a program (ELF)"],
  ["MZ", "a Windows program"],
  ["%PDF", "a PDF document"],
  ["d8:announce", "a torrent: download what it names first"],
  ["<!DOCTYPE", "a web page: the download was probably an error page"],
  ["<html", "a web page: the download was probably an error page"],
];

async function notAnIso(node: BlockNode): Promise<string> {
  const head = new Uint8Array(512);
  await node.read(0, head);
  const text = ascii(head, 0, 16);
  const kind = KINDS.find(([magic]) => text.toLowerCase().startsWith(magic.toLowerCase()));
  if (kind) return `"${node.name}" is not an ISO but ${kind[1]}.`;
  if (node.size > 512 && head[510] === 0x55 && head[511] === 0xaa) {
    return `"${node.name}" is not an ISO but looks like the image of a disk or a USB stick: use it as a disk.`;
  }
  return `"${node.name}" is not an ISO: there is no CD or DVD file system in it.`;
}

function ascii(bytes: Uint8Array, at: number, len: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + len));
}
