/**
 * The ACPI tables of the board as one blob with relocations, so that the same tables can be linked by
 * firmware (table-loader.ts) or by us when there is no firmware (direct boot). ACPI 6.4 section 5.2;
 * IA-PC HPET 1.0a 3.2.4; PCI Firmware 3.2 4.1.2 (MCFG); Windows ACPI Emulated Devices Table (WAET).
 *
 *   RSDP -> XSDT and RSDT -> FADT (-> FACS, DSDT), MADT, HPET, MCFG, WAET
 *
 * Pointers hold offsets from the start of the blob until they are linked; checksums are 0 until then.
 */
import { ByteWriter, checksum } from "../base/bytes";
import { APM_ACPI_DISABLE, APM_ACPI_ENABLE } from "./acpi-constants";
import { type DsdtConfig, dsdtBody } from "./dsdt";

export interface Pointer {
  /** Where the pointer is, in the blob (or in the RSDP). */
  offset: number;
  size: 4 | 8;
}

export interface Checksum {
  /** Where the checksum byte goes, and the range it makes sum to 0. */
  offset: number;
  start: number;
  len: number;
}

export interface AcpiTables {
  blob: Uint8Array;
  pointers: Pointer[];
  checksums: Checksum[];
  rsdp: Uint8Array;
  /** Pointers in the RSDP, to places in the blob. */
  rsdpPointers: Pointer[];
  rsdpChecksums: Checksum[];
}

export interface AcpiConfig extends DsdtConfig {
  /** Present processors' APIC identifiers are 0 .. cpuCount - 1. */
  pmBase: number;
}

const OEM_ID = "LNGMOD";
const OEM_TABLE_ID = "LONGMODE";
const HEADER_LEN = 36;
const LAPIC_BASE = 0xfee0_0000;
const IO_APIC_BASE = 0xfec0_0000;
const HPET_BASE = 0xfed0_0000;
/** Event timer block: vendor 8086, 3 comparators, 64-bit counter, legacy replacement. */
const HPET_BLOCK_ID = 0x8086_a201;

/** Collects tables, remembering where pointers and checksums are. */
class Blob {
  readonly writer = new ByteWriter();
  readonly pointers: Pointer[] = [];
  readonly checksums: Checksum[] = [];

  /** A table with the standard header; returns its offset. */
  table(signature: string, revision: number, body: (writer: ByteWriter) => void): number {
    const { writer } = this;
    writer.align(16);
    const start = writer.length;
    writer.text(signature, 4).u32(0).u8(revision).u8(0).text(OEM_ID, 6).text(OEM_TABLE_ID, 8);
    writer.u32(1).text("LNGM", 4).u32(1);
    body(writer);
    const len = writer.length - start;
    writer.patch32(start + 4, len);
    this.checksums.push({ offset: start + 9, start, len });
    return start;
  }

  pointer(size: 4 | 8, target: number): void {
    this.pointers.push({ offset: this.writer.length, size });
    if (size === 4) this.writer.u32(target);
    else this.writer.u64(target);
  }
}

/** Generic address structure of an I/O port register (5.2.3.2). */
function ioAddress(writer: ByteWriter, port: number, bytes: number): void {
  const accessSize = bytes === 1 ? 1 : bytes === 2 ? 2 : bytes === 4 ? 3 : 0;
  writer
    .u8(port === 0 ? 0 : 1)
    .u8(bytes * 8)
    .u8(0)
    .u8(port === 0 ? 0 : accessSize)
    .u64(port);
}

/** FADT flags: WBINVD, C1 everywhere, no sleep button, 32-bit PM timer, reset register. */
const FADT_FLAGS = (1 << 0) | (1 << 2) | (1 << 5) | (1 << 8) | (1 << 10);
/** IAPC_BOOT_ARCH: legacy devices, 8042. */
const BOOT_ARCH = 0x0003;

function addFadt(blob: Blob, config: AcpiConfig, facs: number, dsdt: number): number {
  const { pmBase } = config;
  return blob.table("FACP", 6, (writer) => {
    blob.pointer(4, facs);
    blob.pointer(4, dsdt);
    writer.u8(0).u8(0).u16(9); // INT_MODEL, preferred profile, SCI interrupt
    writer.u32(0xb2).u8(APM_ACPI_ENABLE).u8(APM_ACPI_DISABLE).u8(0).u8(0);
    writer
      .u32(pmBase)
      .u32(0)
      .u32(pmBase + 4)
      .u32(0)
      .u32(0)
      .u32(pmBase + 8);
    writer.u32(pmBase + 0x20).u32(0);
    writer.u8(4).u8(2).u8(0).u8(4).u8(16).u8(0).u8(0).u8(0);
    writer.u16(0x0fff).u16(0x0fff); // no C2, no C3
    writer.u16(0).u16(0).u8(0).u8(0).u8(0).u8(0).u8(0x32); // century in CMOS 32h
    writer.u16(BOOT_ARCH).u8(0).u32(FADT_FLAGS);
    ioAddress(writer, 0xcf9, 1);
    writer.u8(0x0f).u16(0).u8(0); // reset value, ARM flags, minor revision
    // X_FIRMWARE_CTRL stays 0: both forms at once are an error by 5.2.9.
    writer.u64(0);
    blob.pointer(8, dsdt);
    ioAddress(writer, pmBase, 4);
    ioAddress(writer, 0, 0);
    ioAddress(writer, pmBase + 4, 2);
    ioAddress(writer, 0, 0);
    ioAddress(writer, 0, 0);
    ioAddress(writer, pmBase + 8, 4);
    ioAddress(writer, pmBase + 0x20, 16);
    ioAddress(writer, 0, 0);
    ioAddress(writer, 0, 0); // sleep control and status of reduced hardware
    ioAddress(writer, 0, 0);
    writer.u64(0); // hypervisor vendor
  });
}

function addMadt(blob: Blob, config: AcpiConfig): number {
  return blob.table("APIC", 3, (writer) => {
    writer.u32(LAPIC_BASE).u32(1); // PCAT_COMPAT: the 8259s are there
    for (let id = 0; id < config.cpuCount; id++) writer.u8(0).u8(8).u8(id).u8(id).u32(1);
    writer.u8(1).u8(12).u8(0).u8(0).u32(IO_APIC_BASE).u32(0);
    writer.u8(2).u8(10).u8(0).u8(0).u32(2).u16(0); // the PIT arrives at pin 2
    // What PIRQs and the SCI use: level triggered, active high.
    for (const irq of [5, 9, 10, 11]) writer.u8(2).u8(10).u8(0).u8(irq).u32(irq).u16(0x000d);
    writer.u8(4).u8(6).u8(0xff).u16(0).u8(1); // NMI on LINT1 of every processor
  });
}

function addHpet(blob: Blob): number {
  return blob.table("HPET", 1, (writer) => {
    writer.u32(HPET_BLOCK_ID);
    writer.u8(0).u8(64).u8(0).u8(0).u64(HPET_BASE);
    writer.u8(0).u16(0).u8(0);
  });
}

export function buildAcpi(config: AcpiConfig): AcpiTables {
  const blob = new Blob();
  // FACS first: it must be aligned to 64 bytes and has no checksum.
  const facs = 0;
  blob.writer.text("FACS", 4).u32(64).zeros(24).u8(2).zeros(31);
  const dsdt = blob.table("DSDT", 2, (writer) => writer.bytes(dsdtBody(config)));
  const tables = [
    addFadt(blob, config, facs, dsdt),
    addMadt(blob, config),
    addHpet(blob),
    blob.table("MCFG", 1, (writer) =>
      writer.zeros(8).u64(config.mmconfigBase).u16(0).u8(0).u8(0xff).u32(0),
    ),
    blob.table("WAET", 1, (writer) => writer.u32(2)), // the PM timer needs to be read only once
  ];
  const list = (size: 4 | 8) => () => {
    for (const table of tables) blob.pointer(size, table);
  };
  const rsdt = blob.table("RSDT", 1, list(4));
  const xsdt = blob.table("XSDT", 1, list(8));
  const rsdp = new ByteWriter().text("RSD PTR ", 8).u8(0).text(OEM_ID, 6).u8(2).u32(rsdt);
  rsdp.u32(HEADER_LEN).u64(xsdt).u8(0).zeros(3);
  return {
    blob: blob.writer.take(),
    pointers: blob.pointers,
    checksums: blob.checksums,
    rsdp: rsdp.take(),
    rsdpPointers: [
      { offset: 16, size: 4 },
      { offset: 24, size: 8 },
    ],
    rsdpChecksums: [
      { offset: 8, start: 0, len: 20 },
      { offset: 32, start: 0, len: 36 },
    ],
  };
}

/** Adds `base` to pointers and fills in checksums: the tables as they lie in memory at `base`. */
export function linkAcpi(tables: AcpiTables, base: number): { blob: Uint8Array; rsdp: Uint8Array } {
  const link = (bytes: Uint8Array, pointers: Pointer[], checksums: Checksum[]): Uint8Array => {
    const linked = bytes.slice();
    const view = new DataView(linked.buffer);
    for (const { offset, size } of pointers) {
      if (size === 4) view.setUint32(offset, view.getUint32(offset, true) + base, true);
      else view.setBigUint64(offset, view.getBigUint64(offset, true) + BigInt(base), true);
    }
    for (const { offset, start, len } of checksums) {
      linked[offset] = 0;
      linked[offset] = -checksum(linked.subarray(start, start + len));
    }
    return linked;
  };
  return {
    blob: link(tables.blob, tables.pointers, tables.checksums),
    rsdp: link(tables.rsdp, tables.rsdpPointers, tables.rsdpChecksums),
  };
}
