/**
 * etc/table-loader: the script by which firmware places and links the ACPI tables. QEMU's
 * docs/specs (BIOS linker/loader), commands of 128 bytes each:
 *
 *   1 ALLOCATE      file[56], u32 alignment, u8 zone (1 high memory, 2 F segment)
 *   2 ADD_POINTER   destination[56], source[56], u32 offset, u8 size
 *   3 ADD_CHECKSUM  file[56], u32 offset, u32 start, u32 length
 */
import { ByteWriter } from "../base/bytes";
import type { AcpiTables } from "./acpi-tables";

export const TABLES_FILE = "etc/acpi/tables";
export const RSDP_FILE = "etc/acpi/rsdp";
export const LOADER_FILE = "etc/table-loader";

const COMMAND_LEN = 128;
const FILE_LEN = 56;
const ZONE_HIGH = 1;
const ZONE_FSEG = 2;

export function tableLoader(tables: AcpiTables): Uint8Array {
  const writer = new ByteWriter();
  const command = (code: number, body: () => void) => {
    const start = writer.length;
    writer.u32(code);
    body();
    writer.zeros(COMMAND_LEN - (writer.length - start));
  };
  const allocate = (file: string, alignment: number, zone: number) =>
    command(1, () => writer.text(file, FILE_LEN).u32(alignment).u8(zone));
  const addPointer = (file: string, offset: number, size: number) =>
    command(2, () => writer.text(file, FILE_LEN).text(TABLES_FILE, FILE_LEN).u32(offset).u8(size));
  const addChecksum = (file: string, offset: number, start: number, len: number) =>
    command(3, () => writer.text(file, FILE_LEN).u32(offset).u32(start).u32(len));

  allocate(TABLES_FILE, 64, ZONE_HIGH);
  allocate(RSDP_FILE, 16, ZONE_FSEG);
  for (const { offset, size } of tables.pointers) addPointer(TABLES_FILE, offset, size);
  for (const { offset, start, len } of tables.checksums)
    addChecksum(TABLES_FILE, offset, start, len);
  for (const { offset, size } of tables.rsdpPointers) addPointer(RSDP_FILE, offset, size);
  for (const { offset, start, len } of tables.rsdpChecksums)
    addChecksum(RSDP_FILE, offset, start, len);
  return writer.take();
}
