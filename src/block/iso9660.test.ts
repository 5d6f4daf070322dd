import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type IsoReport, isIso } from "./iso9660";
import { ChunkedNode } from "./source-http";

const SECTOR = 2048;

function report(bytes: Uint8Array, name = "test.iso"): Promise<IsoReport> {
  return isIso(new ChunkedNode(name, [bytes], bytes.length));
}

/** A volume by hand: primary descriptor, boot record, catalog at sector 19. */
function handmade(platform = 0, indicator = 0x88): Uint8Array {
  const bytes = new Uint8Array(40 * SECTOR);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(Buffer.from(value, "latin1"), at);
  bytes[16 * SECTOR] = 1;
  text(16 * SECTOR + 1, "CD001\x01");
  text(16 * SECTOR + 40, "TEST_VOLUME".padEnd(32));
  view.setUint32(16 * SECTOR + 80, 40, true);
  view.setUint16(16 * SECTOR + 128, SECTOR, true);
  text(17 * SECTOR + 1, "CD001\x01EL TORITO SPECIFICATION");
  view.setUint32(17 * SECTOR + 0x47, 19, true);
  bytes[18 * SECTOR] = 255;
  text(18 * SECTOR + 1, "CD001\x01");
  bytes.set([1, platform], 19 * SECTOR);
  bytes.set([0x55, 0xaa], 19 * SECTOR + 0x1e);
  bytes[19 * SECTOR + 0x20] = indicator;
  return bytes;
}

describe("an ISO", () => {
  it("that boots with a BIOS has no problem", async () => {
    expect(await report(handmade())).toEqual({
      isIso: true,
      volume: "TEST_VOLUME",
      declaredSize: 40 * SECTOR,
      bootsBios: true,
      bootsEfi: false,
    });
  });

  it("for UEFI only says that", async () => {
    const { problem, bootsEfi } = await report(handmade(0xef));
    expect(bootsEfi).toBe(true);
    expect(problem?.code).toBe("no-bios-boot");
    expect(problem?.message).toContain("UEFI firmware only");
  });

  it("whose entry is not bootable cannot boot", async () => {
    expect((await report(handmade(0, 0x00))).problem?.code).toBe("no-bios-boot");
  });

  it("cut short names both sizes", async () => {
    const { problem } = await report(handmade().subarray(0, 30 * SECTOR));
    expect(problem).toEqual({
      code: "cut-short",
      message: '"test.iso" is cut short: 61,440 of 81,920 bytes. Download it again.',
    });
  });

  it("with a catalog outside the file cannot boot, and does not throw", async () => {
    const bytes = handmade();
    new DataView(bytes.buffer).setUint32(17 * SECTOR + 0x47, 0xffff_ffff, true);
    expect((await report(bytes)).problem?.code).toBe("no-bios-boot");
  });
});

describe("a file that is no ISO", () => {
  it("is named for what it is", async () => {
    const message = async (head: string, size = 100_000) => {
      const bytes = new Uint8Array(size);
      bytes.set(Buffer.from(head, "latin1").subarray(0, size));
      return (await report(bytes, "a.iso")).problem?.message;
    };
    expect(await message("PK\x03\x04")).toContain("a ZIP archive");
    expect(await message("\xfd7zXZ\x00")).toContain("xz-compressed");
    expect(await message("<!doctype html>")).toContain("a web page");
    expect(await message("QFI\xfb")).toContain("qcow2 disk image");
    expect(await message(`${"\0".repeat(510)}\x55\xaa`)).toContain("use it as a disk");
    expect(await message("hello")).toContain("no CD or DVD file system");
    expect(await message("hello", 100)).toContain("is not an ISO");
    expect((await report(new Uint8Array(0))).problem?.message).toContain("is empty");
  });
});

const xorriso = "/usr/bin/xorriso";

describe.skipIf(!existsSync(xorriso))("an image made by xorriso", () => {
  const folder = mkdtempSync(join(tmpdir(), "iso-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function make(...options: string[]): Uint8Array {
    const tree = join(folder, "tree");
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, "boot.img"), new Uint8Array(4 * SECTOR).fill(0x90));
    writeFileSync(join(tree, "efi.img"), new Uint8Array(4 * SECTOR));
    const iso = join(folder, "out.iso");
    rmSync(iso, { force: true });
    execFileSync(xorriso, ["-as", "mkisofs", "-quiet", "-V", "MADE", "-o", iso, ...options, tree], {
      stdio: "ignore",
    });
    return new Uint8Array(readFileSync(iso));
  }
  const bios = ["-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4"];
  const efi = ["-e", "efi.img", "-no-emul-boot"];

  it("for both kinds of firmware boots here", async () => {
    const made = await report(make(...bios, "-eltorito-alt-boot", ...efi));
    expect(made).toMatchObject({ isIso: true, volume: "MADE", bootsBios: true, bootsEfi: true });
    expect(made.problem).toBeUndefined();
  });

  it("without boot loader is an ISO that does not boot", async () => {
    const made = await report(make());
    expect(made).toMatchObject({ isIso: true, bootsBios: false, bootsEfi: false });
    expect(made.problem?.code).toBe("no-bios-boot");
  });

  it("for UEFI only does not boot here", async () => {
    expect((await report(make(...efi))).problem?.message).toContain("UEFI firmware only");
  });

  it("is not taken for cut short, until it is", async () => {
    const iso = make(...bios);
    expect((await report(iso)).problem).toBeUndefined();
    const cut = iso.subarray(0, iso.length - SECTOR * 200);
    expect((await report(cut)).problem?.code).toBe("cut-short");
  });
});
