/**
 * System Management BIOS tables, version 2.8 (DMTF DSP0134): what dmidecode shows.
 *
 *   0 BIOS   1 System   3 Chassis   4 Processor   16, 17, 19 Memory   32 Boot   127 End
 *
 * Firmware copies the anchor and the table to memory, fills in the address and the checksums.
 */
import { ByteWriter, checksum } from "../base/bytes";

export interface SmbiosConfig {
  cpuCount: number;
  ramLow: number;
  ramHigh: number;
  /** `-name`: shown as the system's SKU. */
  name?: string;
  uuid?: Uint8Array;
}

export interface SmbiosTables {
  anchor: Uint8Array;
  tables: Uint8Array;
}

const MIB = 0x10_0000;
const HANDLE_MEMORY_ARRAY = 0x1000;
const NO_HANDLE = 0xfffe;

/** Structures in order; strings are numbered as they are used. */
class Structures {
  readonly writer = new ByteWriter();
  count = 0;
  largest = 0;

  add(
    type: number,
    handle: number,
    body: (writer: ByteWriter, text: (value: string) => number) => void,
  ): void {
    const { writer } = this;
    const start = writer.length;
    const strings: string[] = [];
    writer.u8(type).u8(0).u16(handle);
    body(writer, (value) => strings.push(value));
    writer.patch8(start + 1, writer.length - start);
    for (const value of strings) writer.text(value).u8(0);
    writer.u8(0);
    if (strings.length === 0) writer.u8(0);
    this.count++;
    this.largest = Math.max(this.largest, writer.length - start);
  }
}

function addFirmwareAndSystem(structures: Structures, config: SmbiosConfig): void {
  structures.add(0, 0x0000, (writer, text) => {
    writer.u8(text("SeaBIOS")).u8(text("1.16")).u16(0xe800).u8(text("04/01/2014")).u8(0);
    writer.u64(0x08).u8(0).u8(0x14); // characteristics not given; virtual machine, targeted content
    writer.u8(1).u8(16).u8(0xff).u8(0xff);
  });
  structures.add(1, 0x0100, (writer, text) => {
    writer.u8(text("Longmode")).u8(text("Standard PC (Q35 + ICH9)")).u8(text("pc-q35")).u8(0);
    writer.bytes(config.uuid ?? new Uint8Array(16)).u8(6); // woken by the power switch
    writer.u8(config.name ? text(config.name) : 0).u8(0);
  });
  structures.add(3, 0x0300, (writer, text) => {
    writer.u8(text("Longmode")).u8(1).u8(text("pc-q35")).u8(0).u8(0);
    writer.u8(3).u8(3).u8(3).u8(2).u32(0).u8(0).u8(0).u8(0).u8(0);
    writer.u8(0); // SKU
  });
}

function addProcessors(structures: Structures, config: SmbiosConfig): void {
  for (let index = 0; index < config.cpuCount; index++) {
    structures.add(4, 0x0400 + index, (writer, text) => {
      writer
        .u8(text(`CPU ${index}`))
        .u8(3)
        .u8(1)
        .u8(text("Longmode"));
      writer.u64(0).u8(text("pc-q35")).u8(0).u16(0).u16(2000).u16(2000);
      writer.u8(0x41).u8(1).u16(0xffff).u16(0xffff).u16(0xffff);
      writer.u8(0).u8(0).u8(0).u8(1).u8(1).u8(1).u16(2).u16(0x01);
    });
  }
}

function addMemory(structures: Structures, config: SmbiosConfig): void {
  const total = config.ramLow + config.ramHigh;
  structures.add(16, HANDLE_MEMORY_ARRAY, (writer) => {
    writer
      .u8(1)
      .u8(3)
      .u8(6)
      .u32(total / 1024)
      .u16(NO_HANDLE)
      .u16(1)
      .u64(0);
  });
  structures.add(17, 0x1100, (writer, text) => {
    writer
      .u16(HANDLE_MEMORY_ARRAY)
      .u16(NO_HANDLE)
      .u16(0xffff)
      .u16(0xffff)
      .u16(Math.min(total / MIB, 0x7fff));
    writer.u8(9).u8(0).u8(text("DIMM 0")).u8(0).u8(7).u16(2).u16(0);
    writer.u8(text("Longmode")).u8(0).u8(0).u8(0).u8(0).u32(0).u16(0).u16(0).u16(0).u16(0);
  });
  const mapped: [number, number][] = [[0, config.ramLow]];
  if (config.ramHigh > 0) mapped.push([0x1_0000_0000, config.ramHigh]);
  for (const [index, [base, len]] of mapped.entries()) {
    structures.add(19, 0x1300 + index, (writer) => {
      const isLow = base === 0;
      writer.u32(isLow ? 0 : 0xffff_ffff).u32(isLow ? len / 1024 - 1 : 0xffff_ffff);
      writer.u16(HANDLE_MEMORY_ARRAY).u8(1);
      writer.u64(isLow ? 0 : base).u64(isLow ? 0 : base + len - 1);
    });
  }
}

export function buildSmbios(config: SmbiosConfig): SmbiosTables {
  const structures = new Structures();
  addFirmwareAndSystem(structures, config);
  addProcessors(structures, config);
  addMemory(structures, config);
  structures.add(32, 0x2000, (writer) => writer.zeros(6).u8(0));
  structures.add(127, 0x7f00, () => {});
  const tables = structures.writer.take();
  const anchor = new ByteWriter()
    .text("_SM_", 4)
    .u8(0)
    .u8(0x1f)
    .u8(2)
    .u8(8)
    .u16(structures.largest)
    .u8(0)
    .zeros(5);
  anchor.text("_DMI_", 5).u8(0).u16(tables.length).u32(0).u16(structures.count).u8(0x28);
  return { anchor: linkAnchor(anchor.take(), 0), tables };
}

/** The anchor for tables at `base`. */
export function linkAnchor(anchor: Uint8Array, base: number): Uint8Array {
  const linked = anchor.slice();
  new DataView(linked.buffer).setUint32(0x18, base, true);
  linked[0x15] = 0;
  linked[0x15] = -checksum(linked.subarray(0x10));
  linked[4] = 0;
  linked[4] = -checksum(linked);
  return linked;
}
