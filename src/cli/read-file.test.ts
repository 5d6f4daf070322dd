import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readFile, readFirmware } from "./read-file";

const dir = mkdtempSync(join(tmpdir(), "read-file-"));
afterAll(() => rmSync(dir, { recursive: true }));

it("takes firmware from the first place that has it", () => {
  writeFileSync(join(dir, "bios.bin"), "abc");
  expect(readFirmware("bios.bin", ["/nowhere", dir])).toEqual(Buffer.from("abc"));
});

it("says what to do when firmware is nowhere", () => {
  expect(() => readFirmware("absent.bin", [dir])).toThrow(
    "The firmware absent.bin is missing: run `npm start` or install the package seabios.",
  );
});

it("says why a file cannot be read", () => {
  expect(() => readFile("-kernel", join(dir, "no"))).toThrow(
    /^-kernel .*no cannot be read: there is no such file\.$/,
  );
  expect(() => readFile("-initrd", dir)).toThrow(
    /^-initrd .* cannot be read: it is a directory\.$/,
  );
});
