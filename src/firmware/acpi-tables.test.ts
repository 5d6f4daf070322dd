import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checksum } from "../base/bytes";
import { buildAcpi, linkAcpi } from "./acpi-tables";
import { buildSmbios, linkAnchor } from "./smbios";
import { tableLoader } from "./table-loader";

const config = {
  cpuCount: 2,
  serialPorts: [{ base: 0x3f8, irq: 4 }],
  mmconfigBase: 0xb000_0000,
  pciWindow: 0xc000_0000,
  pciWindow64: { base: 0x8_0000_0000, end: 0x10_0000_0000 },
  pmBase: 0x600,
};
const BASE = 0x7ff0_0000;

/** Tables reached from the RSDP through the XSDT and FADT, as a kernel walks them. */
function walk(): Map<string, Uint8Array> {
  const { blob, rsdp } = linkAcpi(buildAcpi(config), BASE);
  const view = new DataView(blob.buffer);
  const tableAt = (address: bigint | number) => {
    const at = Number(address) - BASE;
    return blob.subarray(at, at + view.getUint32(at + 4, true));
  };
  const found = new Map<string, Uint8Array>();
  const keep = (table: Uint8Array) =>
    found.set(String.fromCharCode(...table.subarray(0, 4)), table);
  const xsdt = tableAt(new DataView(rsdp.buffer).getBigUint64(24, true));
  keep(xsdt);
  keep(tableAt(new DataView(rsdp.buffer).getUint32(16, true)));
  for (let at = 36; at < xsdt.length; at += 8) {
    keep(tableAt(new DataView(xsdt.buffer, xsdt.byteOffset + at).getBigUint64(0, true)));
  }
  const fadt = found.get("FACP") as Uint8Array;
  const fields = new DataView(fadt.buffer, fadt.byteOffset);
  keep(tableAt(fields.getUint32(36, true)));
  keep(tableAt(fields.getBigUint64(140, true)));
  return found;
}

/** Runs a program in a scratch folder that holds `files`; what it printed. */
function run(command: string, args: string[], files: Record<string, Uint8Array>) {
  const dir = mkdtempSync(join(tmpdir(), "acpi-"));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(dir, file), bytes);
  const result = spawnSync(command, args, { cwd: dir, encoding: "utf8" });
  const read = (file: string) => readFileSync(join(dir, file), "utf8");
  return {
    result,
    output: result.stdout + result.stderr,
    read,
    done: () => rmSync(dir, { recursive: true }),
  };
}

const hasIasl = spawnSync("iasl", ["-v"]).status === 0;
const hasDmidecode = spawnSync("dmidecode", ["--version"]).status === 0;

test("every table is reachable and sums to zero", () => {
  const tables = walk();
  expect([...tables.keys()].sort()).toEqual([
    "APIC",
    "DSDT",
    "FACP",
    "FACS",
    "HPET",
    "MCFG",
    "RSDT",
    "WAET",
    "XSDT",
  ]);
  const sums = [...tables].filter(([name]) => name !== "FACS").map(([, table]) => checksum(table));
  expect(sums).toEqual(sums.map(() => 0));
  const { rsdp } = linkAcpi(buildAcpi(config), BASE);
  expect(checksum(rsdp)).toBe(0);
  expect(checksum(rsdp.subarray(0, 20))).toBe(0);
});

test("the loader script links to the same bytes as we do", () => {
  const tables = buildAcpi(config);
  const script = tableLoader(tables);
  const files: Record<string, { bytes: Uint8Array; base: number }> = {
    "etc/acpi/tables": { bytes: tables.blob.slice(), base: BASE },
    "etc/acpi/rsdp": { bytes: tables.rsdp.slice(), base: 0xf_5000 },
  };
  const nameAt = (at: number) =>
    String.fromCharCode(...script.subarray(at, at + 56)).replace(/\0.*$/, "");
  const view = new DataView(script.buffer);
  for (let at = 0; at < script.length; at += 128) {
    const file = files[nameAt(at + 4)];
    const target = new DataView(file.bytes.buffer);
    if (script[at] === 2) {
      const { base } = files[nameAt(at + 60)];
      const offset = view.getUint32(at + 116, true);
      if (script[at + 120] === 4)
        target.setUint32(offset, target.getUint32(offset, true) + base, true);
      else target.setBigUint64(offset, target.getBigUint64(offset, true) + BigInt(base), true);
    } else if (script[at] === 3) {
      const [offset, start, len] = [60, 64, 68].map((field) => view.getUint32(at + field, true));
      file.bytes[offset] -= checksum(file.bytes.subarray(start, start + len));
    }
  }
  const linked = linkAcpi(tables, BASE);
  expect(files["etc/acpi/tables"].bytes).toEqual(linked.blob);
  expect(files["etc/acpi/rsdp"].bytes).toEqual(linked.rsdp);
});

describe.skipIf(!hasIasl)("as iasl reads them", () => {
  test.each([...walk().keys()].filter((name) => name !== "FACS"))(
    "%s disassembles without a complaint",
    (name) => {
      const table = walk().get(name) as Uint8Array;
      const { output, read, done } = run("iasl", ["-d", "table.aml"], { "table.aml": table });
      const listing = read("table.dsl");
      done();
      expect(output).not.toMatch(/error|warning|invalid|incorrect/i);
      expect(listing).not.toMatch(/\*\*\*\*|Error:|Invalid|unknown/i);
    },
  );

  test("the DSDT compiles again from its disassembly", () => {
    const { done, read } = run(
      "sh",
      ["-c", "iasl -d dsdt.aml >/dev/null 2>&1; iasl -p out dsdt.dsl >log 2>&1"],
      {
        "dsdt.aml": walk().get("DSDT") as Uint8Array,
      },
    );
    const log = read("log");
    done();
    expect(log).toMatch(/Compilation successful\. 0 Errors, 0 Warnings/);
  });

  test("slots get the interrupts that the LPC bridge drives", () => {
    const { read, done } = run("iasl", ["-d", "dsdt.aml"], {
      "dsdt.aml": walk().get("DSDT") as Uint8Array,
    });
    const listing = read("dsdt.dsl").replace(/\s+/g, " ");
    done();
    const gsi = (slot: string, pin: string) =>
      new RegExp(`Package \\(0x04\\) \\{ 0x0*${slot}FFFF, ${pin}, Zero, (0x..) \\}`).exec(
        listing,
      )?.[1];
    expect(gsi("1", "Zero")).toBe("0x15"); // slot 1 INTA: PIRQF
    expect(gsi("2", "One")).toBe("0x17"); // slot 2 INTB: PIRQH
    expect(gsi("1F", "Zero")).toBe("0x10");
    expect(gsi("1E", "Zero")).toBe("0x14");
  });
});

describe.skipIf(!hasDmidecode)("SMBIOS as dmidecode reads it", () => {
  test("structures decode, and memory is the machine's", () => {
    const smbios = buildSmbios({
      cpuCount: 2,
      ramLow: 0x8000_0000,
      ramHigh: 0x4000_0000,
      name: "demo",
    });
    // The layout of `dmidecode --dump-bin`: anchor at 0, table at 32.
    const dump = new Uint8Array(32 + smbios.tables.length);
    dump.set(linkAnchor(smbios.anchor, 32));
    dump.set(smbios.tables, 32);
    const { output, done } = run("dmidecode", ["--from-dump", "smbios.bin"], {
      "smbios.bin": dump,
    });
    done();
    expect(output).toMatch(/SMBIOS 2\.8 present/);
    expect(output).toMatch(/Size: 3072 MB|Size: 3 GB/);
    expect(output).toMatch(/Socket Designation: CPU 1/);
    expect(output).toMatch(/SKU Number: demo/);
    expect(output).toMatch(/Range Size: 2 GB[\s\S]*Range Size: 1 GB/);
    expect(output).toMatch(/End Of Table/);
    expect(output).not.toMatch(/wrong|invalid|broken|truncated|OUT OF SPEC/i);
  });
});
