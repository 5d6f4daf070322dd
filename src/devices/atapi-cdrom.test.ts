import { describe, expect, it } from "vitest";
import { AhciDriver, PatternNode } from "./ahci-driver";
import { IS_OFS, PORT_IS, PORT_SIG } from "./ahci-port";

const BUFFER = 0x20_0000;
const CD = 20 * 2048 * 1000; // 40 MB: a CD
const DVD = 2048 * 2_000_000;

/** A drive on port 2 whose power-on attention was taken already. */
async function withCdrom(size = CD) {
  const driver = new AhciDriver();
  const node = new PatternNode(size);
  driver.nodes.set(1, node);
  const trays: boolean[] = [];
  const disc = size > 0 ? { node: 1, size } : undefined;
  const onTray = (isOpen: boolean) => void trays.push(isOpen);
  const drive = driver.ahci.addCdrom(2, { serial: "QM00003", disc, onTray });
  driver.start(2);
  await driver.packet(2, [0x00]);
  return { driver, node, drive, trays };
}

const read10 = (lba: number, count: number) => [
  0x28,
  0,
  lba >>> 24,
  lba >>> 16,
  lba >>> 8,
  lba,
  0,
  count >>> 8,
  count,
  0,
];

describe("ATAPI drive", () => {
  it("shows its signature and refuses IDENTIFY DEVICE with it", async () => {
    const { driver } = await withCdrom();
    expect(driver.port(2, PORT_SIG)).toBe(0xeb14_0101);
    expect(await driver.run(2, { command: 0xec, prdt: [[BUFFER, 512]] })).toMatchObject({
      isError: true,
      error: 0x04,
    });
    expect(driver.memory.read8(driver.fis(2) + 0x45)).toBe(0x14);
    expect(driver.memory.read8(driver.fis(2) + 0x46)).toBe(0xeb);
  });

  it("identifies itself as a removable CD-ROM with 12-byte packets", async () => {
    const { driver } = await withCdrom();
    await driver.run(2, { command: 0xa1, prdt: [[BUFFER, 512]] });
    expect(driver.memory.read16(BUFFER)).toBe(0x85c0);
  });

  it("reports power-on as unit attention, once", async () => {
    const driver = new AhciDriver();
    driver.nodes.set(1, new PatternNode(CD));
    driver.ahci.addCdrom(2, { serial: "1", disc: { node: 1, size: CD } });
    driver.start(2);
    const first = await driver.packet(2, [0x00]);
    expect(first).toMatchObject({ isError: true, status: 0x51, error: 0x60 });
    expect(await driver.sense(2)).toEqual([6, 0x29, 0]);
    expect(await driver.packet(2, [0x00])).toMatchObject({ isError: false, status: 0x50 });
    expect(await driver.sense(2)).toEqual([0, 0, 0]);
  });

  it("reads sectors with READ(10) and READ(12)", async () => {
    const { driver } = await withCdrom();
    expect(await driver.packet(2, read10(17, 3), BUFFER, 3 * 2048)).toMatchObject({
      isError: false,
      len: 3 * 2048,
    });
    expect(driver.bytes(BUFFER, 3 * 2048)).toEqual(PatternNode.bytes(17 * 2048, 3 * 2048));
    await driver.packet(2, [0xa8, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0], BUFFER, 4096);
    expect(driver.bytes(BUFFER, 4096)).toEqual(PatternNode.bytes(256 * 2048, 4096));
  });

  it("reads by PIO as well, ending in a register FIS", async () => {
    const { driver } = await withCdrom();
    const spec = { command: 0xa0, packet: read10(5, 1), prdt: [[BUFFER, 2048]], lba: 2048 << 8 };
    expect(await driver.run(2, spec as never)).toMatchObject({ isError: false, len: 2048 });
    expect(driver.port(2, PORT_IS) & 3).toBe(3);
    expect(driver.memory.read32(BUFFER)).toBe(5 * 2048);
  });

  it("reads user data with READ CD and refuses raw sectors and audio", async () => {
    const { driver } = await withCdrom();
    const readCd = (fields: number, type = 0) => [
      0xbe,
      type << 2,
      0,
      0,
      0,
      9,
      0,
      0,
      1,
      fields,
      0,
      0,
    ];
    expect(await driver.packet(2, readCd(0x10), BUFFER, 2048)).toMatchObject({ isError: false });
    expect(driver.memory.read32(BUFFER)).toBe(9 * 2048);
    expect(await driver.packet(2, readCd(0xf8), BUFFER, 2352)).toMatchObject({ isError: true });
    expect(await driver.sense(2)).toEqual([5, 0x24, 0]);
    await driver.packet(2, readCd(0x10, 1), BUFFER, 2352);
    expect(await driver.sense(2)).toEqual([5, 0x64, 0]);
    await driver.packet(2, [0xb9, 0, 0, 0, 2, 3, 0, 2, 1, 0x10, 0, 0], BUFFER, 2048); // ends before it begins
    expect(await driver.sense(2)).toEqual([5, 0x24, 0]);
  });

  it("reports its capacity as the last sector", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x25], BUFFER, 8);
    expect([...driver.bytes(BUFFER, 8)]).toEqual([0, 0, 0x4e, 0x1f, 0, 0, 8, 0]);
  });

  it("refuses sectors beyond the end", async () => {
    const { driver } = await withCdrom();
    expect(await driver.packet(2, read10(19_999, 2), BUFFER, 4096)).toMatchObject({
      isError: true,
    });
    expect(await driver.sense(2)).toEqual([5, 0x21, 0]);
  });

  it("turns a storage failure into MEDIUM ERROR", async () => {
    const { driver, node } = await withCdrom();
    node.badAt = 2048 * 6;
    expect(await driver.packet(2, read10(5, 4), BUFFER, 8192)).toMatchObject({ error: 0x30 });
    expect(await driver.sense(2)).toEqual([3, 0x11, 0]);
    expect(await driver.packet(2, read10(7, 1), BUFFER, 2048)).toMatchObject({ isError: false });
  });

  it("aborts unknown commands", async () => {
    const { driver } = await withCdrom();
    expect(await driver.packet(2, [0x2a])).toMatchObject({ isError: true, error: 0x54 });
    expect(await driver.sense(2)).toEqual([5, 0x20, 0]);
  });

  it("cuts answers to the allocation length", async () => {
    const { driver } = await withCdrom();
    driver.memory.write(BUFFER, new Uint8Array(64).fill(0xee));
    expect(await driver.packet(2, [0x12, 0, 0, 0, 5, 0], BUFFER, 36)).toMatchObject({ len: 5 });
    expect([...driver.bytes(BUFFER, 6)]).toEqual([0x05, 0x80, 0x05, 0x32, 31, 0xee]);
    await driver.packet(2, [0x12, 0, 0, 0, 36, 0], BUFFER, 20);
    expect(driver.port(2, PORT_IS) & IS_OFS).not.toBe(0);
  });
});

describe("table of contents and disc information", () => {
  it("has one data track and the lead-out", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x43, 0, 0, 0, 0, 0, 0, 0, 100, 0], BUFFER, 100);
    expect([...driver.bytes(BUFFER, 20)]).toEqual([
      0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0x4e, 0x20,
    ]);
  });

  it("gives addresses as minutes, seconds, frames when asked", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100, 0], BUFFER, 100);
    // 20000 + 150 frames = 4 min 28 s 50 f
    expect([...driver.bytes(BUFFER, 12)]).toEqual([0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 4, 28, 50]);
  });

  it("answers session information and the full table", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x43, 0, 1, 0, 0, 0, 0, 0, 100, 0], BUFFER, 100);
    expect([...driver.bytes(BUFFER, 12)]).toEqual([0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]);
    expect(await driver.packet(2, [0x43, 2, 2, 0, 0, 0, 0, 0, 100, 0], BUFFER, 100)).toMatchObject({
      len: 48,
    });
    await driver.packet(2, [0x43, 0, 0, 0, 0, 0, 2, 0, 100, 0], BUFFER, 100); // no track 2
    expect(await driver.sense(2)).toEqual([5, 0x24, 0]);
  });

  it("is a CD or a DVD by size", async () => {
    const get = [0x46, 1, 0, 0, 0, 0, 0, 0, 8, 0];
    const cd = await withCdrom();
    await cd.driver.packet(2, get, BUFFER, 8);
    expect(cd.driver.bytes(BUFFER + 6, 2)).toEqual(Uint8Array.of(0, 0x08));
    const dvd = await withCdrom(DVD);
    await dvd.driver.packet(2, get, BUFFER, 8);
    expect(dvd.driver.bytes(BUFFER + 6, 2)).toEqual(Uint8Array.of(0, 0x10));
    const structure = [0xad, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0];
    expect(await dvd.driver.packet(2, structure, BUFFER, 2052)).toMatchObject({ len: 2048 });
    await cd.driver.packet(2, structure, BUFFER, 2052);
    expect(await cd.driver.sense(2)).toEqual([5, 0x30, 2]);
  });

  it("counts the bytes of its feature list right", async () => {
    const { driver } = await withCdrom();
    const all = await driver.packet(2, [0x46, 0, 0, 0, 0, 0, 0, 4, 0, 0], BUFFER, 1024);
    const view = new DataView(driver.bytes(BUFFER, all.len).buffer);
    expect(view.getUint32(0)).toBe(all.len - 4);
    let at = 8;
    while (at < all.len) at += 4 + view.getUint8(at + 3);
    expect(at).toBe(all.len);
  });

  it("describes disc and track", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], BUFFER, 34);
    expect([...driver.bytes(BUFFER, 4)]).toEqual([0, 32, 0x0e, 1]);
    await driver.packet(2, [0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0], BUFFER, 36);
    expect([...driver.bytes(BUFFER, 4)]).toEqual([0, 34, 1, 1]);
    expect([...driver.bytes(BUFFER + 24, 4)]).toEqual([0, 0, 0x4e, 0x20]);
  });
});

describe("mode pages", () => {
  it("come one at a time or all, with a header of either size", async () => {
    const { driver } = await withCdrom();
    await driver.packet(2, [0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64, 0], BUFFER, 64);
    expect([...driver.bytes(BUFFER, 2)]).toEqual([0, 26]);
    expect([...driver.bytes(BUFFER + 8, 2)]).toEqual([0x2a, 0x12]);
    const all = await driver.packet(2, [0x1a, 0, 0x3f, 0, 255, 0], BUFFER, 255);
    expect(driver.memory.read8(BUFFER)).toBe(all.len - 1);
    expect(await driver.packet(2, [0x5a, 0, 0x0f, 0, 0, 0, 0, 0, 64, 0])).toMatchObject({
      isError: true,
    });
  });

  it("keep what MODE SELECT sets, and refuse to change the rest", async () => {
    const { driver } = await withCdrom();
    const list = new Uint8Array(20);
    list.set([0x01, 0x0a, 0x20, 5], 8);
    driver.memory.write(BUFFER, list);
    const select = {
      command: 0xa0,
      features: 1,
      packet: [0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0],
      isWrite: true,
      prdt: [[BUFFER, 20]],
    };
    expect(await driver.run(2, select as never)).toMatchObject({ isError: false });
    await driver.packet(2, [0x5a, 0, 0x01, 0, 0, 0, 0, 0, 20, 0], BUFFER + 0x1000, 20);
    expect([...driver.bytes(BUFFER + 0x1008, 4)]).toEqual([0x01, 0x0a, 0x20, 5]);
    driver.memory.write8(BUFFER + 8 + 7, 1);
    await driver.run(2, select as never);
    expect(await driver.sense(2)).toEqual([5, 0x26, 0]);
  });
});

describe("tray and discs", () => {
  const event = [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0];

  it("an empty drive is not ready", async () => {
    const { driver } = await withCdrom(0);
    expect(await driver.packet(2, [0x00])).toMatchObject({ isError: true, error: 0x20 });
    expect(await driver.sense(2)).toEqual([2, 0x3a, 1]);
    await driver.packet(2, event, BUFFER, 8);
    expect([...driver.bytes(BUFFER + 4, 2)]).toEqual([0, 0]);
  });

  it("a new disc shows by unit attention and as an event, once", async () => {
    const { driver, drive } = await withCdrom(0);
    driver.nodes.set(7, new PatternNode(4096));
    drive.insert({ node: 7, size: 4096 });
    await driver.packet(2, event, BUFFER, 8);
    expect([...driver.bytes(BUFFER, 6)]).toEqual([0, 6, 4, 0x10, 2, 2]);
    await driver.packet(2, event, BUFFER, 8);
    expect(driver.memory.read8(BUFFER + 4)).toBe(0);
    await driver.packet(2, read10(0, 1));
    expect(await driver.sense(2)).toEqual([6, 0x28, 0]);
    expect(await driver.packet(2, read10(1, 1), BUFFER, 2048)).toMatchObject({ isError: false });
    expect(driver.memory.read32(BUFFER)).toBe(2048);
  });

  it("the guest opens the tray and closes it over the same disc", async () => {
    const { driver, trays } = await withCdrom();
    await driver.packet(2, [0x1b, 0, 0, 0, 2, 0]);
    expect(trays).toEqual([true]);
    await driver.packet(2, [0x00]);
    expect(await driver.sense(2)).toEqual([2, 0x3a, 2]);
    await driver.packet(2, event, BUFFER, 8);
    expect([...driver.bytes(BUFFER + 4, 2)]).toEqual([3, 1]);
    await driver.packet(2, [0x1b, 0, 0, 0, 3, 0]);
    expect(trays).toEqual([true, false]);
    await driver.packet(2, [0x00]);
    expect(await driver.sense(2)).toEqual([6, 0x28, 0]);
    expect(await driver.packet(2, [0x00])).toMatchObject({ isError: false });
  });

  it("a locked disc is not ejected, but the guest is asked", async () => {
    const { driver, drive } = await withCdrom();
    await driver.packet(2, [0x1e, 0, 0, 0, 1, 0]);
    await driver.packet(2, [0x1b, 0, 0, 0, 2, 0]);
    expect(await driver.sense(2)).toEqual([5, 0x53, 2]);
    expect(drive.eject()).toBe(false);
    await driver.packet(2, event, BUFFER, 8);
    expect([...driver.bytes(BUFFER + 4, 2)]).toEqual([1, 2]);
    expect(drive.eject(true)).toBe(true);
    await driver.packet(2, [0x00]);
    expect(await driver.sense(2)).toEqual([2, 0x3a, 2]);
  });
});
