// The parts that guest images are made of, without apt: archive, module tables, picture.

import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { CpioWriter } from "./cpio.mjs";
import { isoUuid } from "./iso-image.mjs";
import { modulesDep } from "./kernel-modules.mjs";
import { drawSplash } from "./splash.mjs";

test("a cpio archive holds parents first, then the file, padded to four bytes", () => {
  const cpio = new CpioWriter();
  cpio.file("a/b", "hello", 0o755);
  const bytes = cpio.bytes();
  const text = bytes.toString("latin1");
  expect(text.startsWith("070701")).toBe(true);
  expect(text.indexOf("a\0")).toBe(110);
  expect(text.indexOf("hello\0\0\0")).toBe(112 + 116);
  expect(text.slice(112 + 14, 112 + 22)).toBe((0o100755).toString(16).padStart(8, "0"));
  expect(bytes.length % 512).toBe(0);
});

test("a cpio archive refuses the same name twice", () => {
  const cpio = new CpioWriter();
  cpio.file("x", "1");
  expect(() => cpio.file("x", "2")).toThrow("x is there twice");
});

test("modules.dep names what a module needs so that loading from the end works", () => {
  const module = (name, ...depends) => ({ name, file: `${name}.ko`, depends });
  const modules = [module("pci", "ring", "core"), module("core", "ring"), module("ring")];
  expect(modulesDep(modules)).toBe("pci.ko: core.ko ring.ko\ncore.ko: ring.ko\nring.ko:\n");
});

test("an ISO's UUID is its creation date", () => {
  expect(isoUuid(new Date("2026-01-02T03:04:05Z"))).toBe("2026-01-02-03-04-05-00");
});

test("the boot picture is a 640x480 RGB PNG", () => {
  const png = drawSplash();
  expect(png.readUInt32BE(16)).toBe(640);
  expect(png.readUInt32BE(20)).toBe(480);
  const dataLength = png.readUInt32BE(33);
  expect(inflateSync(png.subarray(41, 41 + dataLength)).length).toBe(480 * (1 + 640 * 3));
});
