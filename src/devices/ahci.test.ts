import { describe, expect, it } from "vitest";
import { MemoryOverlay } from "../block/overlay";
import { HOST_CAP, HOST_GHC, HOST_IS, HOST_PI } from "./ahci";
import { AhciDriver, OUTSIDE_RAM, PatternNode, until } from "./ahci-driver";
import {
  CMD_CLO,
  CMD_CR,
  CMD_FRE,
  CMD_ST,
  IS_DHRS,
  IS_HBFS,
  IS_IFS,
  IS_OFS,
  IS_PSS,
  IS_TFES,
  PORT_CI,
  PORT_CLB,
  PORT_CMD,
  PORT_FB,
  PORT_IE,
  PORT_IS,
  PORT_SACT,
  PORT_SCTL,
  PORT_SERR,
  PORT_SIG,
  PORT_SSTS,
  PORT_TFD,
} from "./ahci-port";

const BUFFER = 0x20_0000;
const MIB = 1024 * 1024;

function withDisk(size = 64 * MIB) {
  const driver = new AhciDriver();
  const node = new PatternNode(size);
  const overlay = new MemoryOverlay(node);
  driver.nodes.set(0, overlay);
  const info = { node: 0, size, isReadOnly: false, canDiscard: true };
  const disk = driver.ahci.addDisk(0, info, { serial: "QM00001" });
  driver.start(0);
  return { driver, node, overlay, disk };
}

describe("host", () => {
  it("says what it can", () => {
    const { driver } = withDisk();
    expect(driver.reg(HOST_PI)).toBe(0x3f);
    expect(driver.reg(HOST_CAP) & 0x1f).toBe(5); // six ports
    expect((driver.reg(HOST_CAP) >>> 8) & 0x1f).toBe(31);
    expect(driver.reg(HOST_CAP) & (1 << 30)).not.toBe(0);
    expect(driver.ahci.pci.configRead(8, 4) >>> 8).toBe(0x010601);
  });

  it("keeps list addresses over an HBA reset and nothing else", () => {
    const { driver } = withDisk();
    driver.setReg(HOST_GHC, 1);
    expect(driver.reg(HOST_GHC)).toBe(0x8000_0000);
    expect(driver.port(0, PORT_CLB)).toBe(driver.list(0));
    expect(driver.port(0, PORT_IE)).toBe(0);
    expect(driver.port(0, PORT_CMD) & (CMD_ST | CMD_FRE)).toBe(0);
  });

  it("shows its registers through the index and data ports", () => {
    const { driver } = withDisk();
    driver.ahci.pci.configWrite(0x20, 4, 0xc000);
    driver.ahci.pci.configWrite(0x04, 2, 0x0007);
    driver.board.out(0xc010, 0x100 + PORT_SSTS, 4);
    expect(driver.board.in(0xc014, 4)).toBe(0x133);
  });

  it("writes narrow accesses into their part of a register", () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_IE, 0);
    driver.board.store(0xfeb0_0100 + PORT_IE, 0x40, 1);
    driver.board.store(0xfeb0_0100 + PORT_IE + 3, 0x40, 1);
    expect(driver.port(0, PORT_IE)).toBe(0x4000_0040);
  });
});

describe("link", () => {
  it("has an empty port without device", () => {
    const { driver } = withDisk();
    expect(driver.port(1, PORT_SSTS)).toBe(0);
    expect(driver.port(1, PORT_TFD)).toBe(0x7f);
    expect(driver.port(1, PORT_SIG)).toBe(0xffff_ffff);
  });

  it("sends the signature as soon as FISes are received", () => {
    const { driver } = withDisk();
    driver.setReg(HOST_GHC, 1);
    expect(driver.port(0, PORT_SSTS)).toBe(0x133);
    expect(driver.port(0, PORT_TFD) & 0x80).toBe(0x80);
    driver.setPort(0, PORT_FB, driver.fis(0));
    driver.setPort(0, PORT_CMD, CMD_FRE);
    expect(driver.port(0, PORT_SIG)).toBe(0x101);
    expect(driver.port(0, PORT_TFD)).toBe(0x150);
    expect(driver.memory.read8(driver.fis(0) + 0x40)).toBe(0x34);
  });

  it("comes back from COMRESET with the change recorded in SERR", () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_CMD, CMD_FRE);
    driver.setPort(0, PORT_SCTL, 0x301);
    expect(driver.port(0, PORT_SSTS)).toBe(0);
    driver.setPort(0, PORT_SCTL, 0x300);
    expect(driver.port(0, PORT_SSTS)).toBe(0x133);
    expect(driver.port(0, PORT_SERR)).toBe(0x0401_0000);
    expect(driver.port(0, PORT_IS) & 0x40).toBe(0x40);
    driver.setPort(0, PORT_SERR, 0xffff_ffff);
    expect(driver.port(0, PORT_IS) & 0x40).toBe(0);
    expect(driver.port(0, PORT_SIG)).toBe(0x101);
  });

  it("answers a software reset with the signature", async () => {
    const { driver } = withDisk();
    await driver.run(0, { command: 0, control: 0x04, headerFlags: 0x500 });
    driver.memory.write(driver.fis(0) + 0x40, new Uint8Array(20));
    await driver.run(0, { command: 0, control: 0x00 });
    await until(() => (driver.port(0, PORT_TFD) & 0x80) === 0);
    expect(driver.memory.read8(driver.fis(0) + 0x40)).toBe(0x34);
    expect(driver.port(0, PORT_TFD)).toBe(0x150);
  });
});

describe("disk commands", () => {
  it("identifies itself by PIO, with the model spelled in swapped bytes", async () => {
    const { driver } = withDisk();
    const result = await driver.run(0, { command: 0xec, prdt: [[BUFFER, 512]] });
    expect(result).toMatchObject({ status: 0x50, isError: false, len: 512 });
    expect(driver.port(0, PORT_IS) & (IS_PSS | IS_DHRS)).toBe(IS_PSS);
    const words = new Uint16Array(driver.bytes(BUFFER, 512).buffer);
    const model = Array.from(words.subarray(27, 47), (w) =>
      String.fromCharCode(w >> 8, w & 0xff),
    ).join("");
    expect(model.trimEnd()).toBe("LONGMODE HARDDISK");
    expect(words[60] | (words[61] << 16)).toBe((64 * MIB) / 512);
    expect(words[100]).toBe(words[60]);
    const sum = driver.bytes(BUFFER, 512).reduce((a, b) => a + b, 0);
    expect(sum & 0xff).toBe(0);
    // SeaBIOS takes status from the PIO setup FIS and wants DRDY and no error there.
    expect(driver.memory.read8(driver.fis(0) + 0x22) & 0x61).toBe(0x40);
  });

  it("reads sectors by DMA into scattered descriptors", async () => {
    const { driver } = withDisk();
    const prdt: [number, number][] = [
      [BUFFER, 100],
      [BUFFER + 0x1000, 4],
      [BUFFER + 0x2000, 4096 - 104],
    ];
    const result = await driver.run(0, { command: 0x25, lba: 1000, count: 8, prdt });
    expect(result).toMatchObject({ status: 0x50, error: 0, isError: false, len: 4096 });
    const expected = PatternNode.bytes(512_000, 4096);
    expect(driver.bytes(BUFFER, 100)).toEqual(expected.subarray(0, 100));
    expect(driver.bytes(BUFFER + 0x1000, 4)).toEqual(expected.subarray(100, 104));
    expect(driver.bytes(BUFFER + 0x2000, 4096 - 104)).toEqual(expected.subarray(104));
    expect(driver.port(0, PORT_IS) & IS_DHRS).toBe(IS_DHRS);
    expect(driver.memory.writes.reduce((sum, [, len]) => sum + len, 0)).toBe(4096);
  });

  it("reads more than one piece of a large transfer in order", async () => {
    const { driver } = withDisk();
    const sectors = (3 * MIB) / 512 + 1;
    const prdt: [number, number][] = [[BUFFER, 3 * MIB + 512]];
    const result = await driver.run(0, { command: 0x25, lba: 7, count: sectors, prdt });
    expect(result).toMatchObject({ isError: false, len: 3 * MIB + 512 });
    const expected = Buffer.from(PatternNode.bytes(7 * 512, 3 * MIB + 512));
    expect(expected.equals(driver.bytes(BUFFER, 3 * MIB + 512))).toBe(true);
  });

  it("writes what it later reads, by DMA and by PIO", async () => {
    const { driver } = withDisk();
    const data = Uint8Array.from({ length: 1024 }, (_, i) => (i * 7) & 0xff);
    driver.memory.write(BUFFER, data);
    const write = { command: 0x35, lba: 5, count: 2, isWrite: true, prdt: [[BUFFER, 1024]] };
    expect(await driver.run(0, write as never)).toMatchObject({ isError: false, len: 1024 });
    driver.memory.write(
      BUFFER,
      data.map((b) => b ^ 0xff),
    );
    const pio = { command: 0x30, lba: 6, count: 1, isWrite: true, prdt: [[BUFFER, 512]] };
    expect(await driver.run(0, pio as never)).toMatchObject({ isError: false, status: 0x50 });
    await driver.run(0, { command: 0xea });
    const read = { command: 0x24, lba: 5, count: 2, prdt: [[BUFFER + 0x1000, 1024]] };
    expect(await driver.run(0, read as never)).toMatchObject({ isError: false });
    expect(driver.bytes(BUFFER + 0x1000, 512)).toEqual(data.subarray(0, 512));
    expect(driver.bytes(BUFFER + 0x1200, 512)).toEqual(data.subarray(0, 512).map((b) => b ^ 0xff));
  });

  it("translates cylinder, head, sector", async () => {
    const { driver } = withDisk();
    const lba = 1 | (2 << 8); // sector 1, cylinder 2
    await driver.run(0, { command: 0xc8, lba, device: 3, count: 1, prdt: [[BUFFER, 512]] });
    expect(driver.memory.read32(BUFFER)).toBe((2 * 16 + 3) * 63 * 512);
  });

  it("refuses sectors beyond the end with IDNF", async () => {
    const { driver } = withDisk();
    const lba = (64 * MIB) / 512 - 1;
    const result = await driver.run(0, { command: 0x25, lba, count: 2, prdt: [[BUFFER, 1024]] });
    expect(result).toMatchObject({ status: 0x51, error: 0x10, isError: true });
  });

  it("aborts commands it does not have", async () => {
    const { driver } = withDisk();
    expect(await driver.run(0, { command: 0xa1, prdt: [[BUFFER, 512]] })).toMatchObject({
      error: 0x04,
      isError: true,
    });
    expect(await driver.run(0, { command: 0xec, prdt: [[BUFFER, 512]] })).toMatchObject({
      isError: false,
    });
  });

  it("ignores the descriptors of a command without data", async () => {
    const { driver } = withDisk();
    const prdt: [number, number][] = [[0, 0]];
    expect(await driver.run(0, { command: 0xef, features: 3, count: 0x45, prdt })).toMatchObject({
      isError: false,
      len: 0,
    });
  });

  it("reports a storage failure as an uncorrectable error", async () => {
    const { driver, node } = withDisk();
    node.badAt = 512 * 3 + 7;
    const result = await driver.run(0, { command: 0x25, lba: 2, count: 4, prdt: [[BUFFER, 2048]] });
    expect(result).toMatchObject({ isError: true, error: 0x40 });
    node.badAt = -1;
    const again = await driver.run(0, { command: 0x25, lba: 2, count: 4, prdt: [[BUFFER, 2048]] });
    expect(again).toMatchObject({ isError: false });
  });

  it("zeroes trimmed sectors", async () => {
    const { driver } = withDisk();
    driver.memory.write(BUFFER, new Uint8Array(512));
    driver.memory.write64(BUFFER, (4n << 48n) | 10n);
    const trim = { command: 0x06, features: 1, count: 1, isWrite: true, prdt: [[BUFFER, 512]] };
    expect(await driver.run(0, trim as never)).toMatchObject({ isError: false });
    await driver.run(0, { command: 0x25, lba: 9, count: 6, prdt: [[BUFFER, 3072]] });
    expect(driver.memory.read32(BUFFER + 508)).toBe(9 * 512 + 508);
    expect(driver.bytes(BUFFER + 512, 2048)).toEqual(new Uint8Array(2048));
    expect(driver.memory.read32(BUFFER + 2560)).toBe(14 * 512);
  });

  it("says that it is healthy", async () => {
    const { driver } = withDisk();
    const healthy = { command: 0xb0, features: 0xda, lba: 0xc24f00 };
    expect(await driver.run(0, healthy)).toMatchObject({ isError: false });
    expect(driver.memory.read8(driver.fis(0) + 0x45)).toBe(0x4f);
    expect(driver.memory.read8(driver.fis(0) + 0x46)).toBe(0xc2);
    const data = { command: 0xb0, features: 0xd0, lba: 0xc24f00, prdt: [[BUFFER, 512]] };
    expect(await driver.run(0, data as never)).toMatchObject({ isError: false, len: 512 });
    expect(driver.bytes(BUFFER, 512).reduce((a, b) => a + b, 0) & 0xff).toBe(0);
  });
});

describe("queued commands", () => {
  const fpdma = (lba: number, sectors: number, slot: number, gpa: number, isWrite = false) => ({
    command: isWrite ? 0x61 : 0x60,
    lba,
    features: sectors,
    count: slot << 3,
    isWrite,
    prdt: [[gpa, sectors * 512]] as [number, number][],
  });

  it("run side by side and clear their SACT bits", async () => {
    const { driver } = withDisk();
    const slots = Array.from({ length: 32 }, (_, i) => i);
    for (const slot of slots) {
      driver.build(0, slot, fpdma(slot * 100, 8, slot, BUFFER + slot * 4096));
    }
    driver.issueQueued(0, slots);
    expect(driver.port(0, PORT_CI)).toBe(0); // accepted
    expect(driver.port(0, PORT_SACT)).toBe(0xffff_ffff);
    await until(() => driver.port(0, PORT_SACT) === 0);
    for (const slot of slots) {
      expect(driver.bytes(BUFFER + slot * 4096, 4096)).toEqual(
        PatternNode.bytes(slot * 51_200, 4096),
      );
    }
    expect(driver.port(0, PORT_TFD) & 0xff).toBe(0x50);
    expect(driver.memory.read8(driver.fis(0) + 0x58)).toBe(0xa1);
  });

  it("write and read back", async () => {
    const { driver } = withDisk();
    driver.memory.write(
      BUFFER,
      Uint8Array.from({ length: 512 }, (_, i) => i ^ 0x5a),
    );
    driver.build(0, 3, fpdma(77, 1, 3, BUFFER, true));
    driver.issueQueued(0, [3]);
    await until(() => driver.port(0, PORT_SACT) === 0);
    driver.build(0, 9, fpdma(77, 1, 9, BUFFER + 0x1000));
    driver.issueQueued(0, [9]);
    await until(() => driver.port(0, PORT_SACT) === 0);
    expect(driver.bytes(BUFFER + 0x1000, 512)).toEqual(driver.bytes(BUFFER, 512));
  });

  it("stop at a failure, whose tag the error log then names", async () => {
    const { driver, node } = withDisk();
    node.badAt = 500 * 512;
    driver.build(0, 4, fpdma(500, 8, 4, BUFFER));
    driver.issueQueued(0, [4]);
    await until(() => (driver.port(0, PORT_IS) & IS_TFES) !== 0);
    expect(driver.port(0, PORT_SACT)).toBe(1 << 4);
    await driver.recover(0);
    expect(driver.port(0, PORT_SACT)).toBe(0);
    driver.build(0, 5, fpdma(0, 1, 5, BUFFER));
    driver.issueQueued(0, [5]);
    await until(() => (driver.port(0, PORT_IS) & IS_TFES) !== 0); // aborted until the log is read
    await driver.recover(0);
    const log = { command: 0x2f, lba: 0x10, count: 1, prdt: [[BUFFER, 512]] };
    expect(await driver.run(0, log as never)).toMatchObject({ isError: false, len: 512 });
    expect(driver.memory.read8(BUFFER)).toBe(4);
    expect(driver.memory.read8(BUFFER + 3)).toBe(0x40);
    expect(driver.memory.read8(BUFFER + 4) | (driver.memory.read8(BUFFER + 5) << 8)).toBe(500);
    driver.build(0, 6, fpdma(1, 1, 6, BUFFER));
    driver.issueQueued(0, [6]);
    await until(() => driver.port(0, PORT_SACT) === 0);
    expect(driver.memory.read32(BUFFER)).toBe(512);
  });
});

describe("interrupts", () => {
  it("raise the line until the driver has cleared port and host status", async () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_IS, 0xffff_ffff);
    driver.setReg(HOST_IS, 0xffff_ffff);
    expect(driver.isLineHigh).toBe(false);
    await driver.run(0, { command: 0xe7 });
    expect(driver.isLineHigh).toBe(true);
    expect(driver.reg(HOST_IS)).toBe(1);
    driver.setPort(0, PORT_IS, driver.port(0, PORT_IS));
    expect(driver.isLineHigh).toBe(true);
    driver.setReg(HOST_IS, 1);
    expect(driver.isLineHigh).toBe(false);
  });

  it("come as messages, again when clearing left something standing", async () => {
    const { driver } = withDisk();
    const { pci } = driver.ahci;
    pci.configWrite(0x84, 4, 0xfee0_0000);
    pci.configWrite(0x8c, 2, 0x4041);
    pci.configWrite(0x82, 2, 1);
    driver.setPort(0, PORT_IS, 0xffff_ffff);
    driver.setReg(HOST_IS, 0xffff_ffff);
    driver.messages.length = 0;
    await driver.run(0, { command: 0xe7 });
    expect(driver.messages).toEqual([[0xfee0_0000, 0x4041]]);
    driver.setReg(HOST_IS, 1); // port status still set
    expect(driver.messages).toHaveLength(2);
    expect(driver.isLineHigh).toBe(false);
    driver.setPort(0, PORT_IS, 0xffff_ffff);
    driver.setReg(HOST_IS, 1);
    expect(driver.messages).toHaveLength(2);
  });

  it("stay away while masked", async () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_IE, 0);
    await driver.run(0, { command: 0xe7 });
    expect(driver.isLineHigh).toBe(false);
    expect(driver.port(0, PORT_IS) & IS_DHRS).toBe(IS_DHRS);
    driver.setPort(0, PORT_IE, IS_DHRS);
    expect(driver.isLineHigh).toBe(true);
  });
});

describe("a hostile driver", () => {
  it("with a command list outside RAM gets a host bus error", async () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_CMD, CMD_FRE);
    driver.setPort(0, PORT_CLB, OUTSIDE_RAM);
    driver.setPort(0, PORT_CMD, CMD_FRE | CMD_ST);
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_HBFS).not.toBe(0);
    driver.setPort(0, PORT_CMD, CMD_FRE);
    driver.setPort(0, PORT_IS, 0xffff_ffff);
    driver.startPort(0);
    expect(await driver.run(0, { command: 0xec, prdt: [[BUFFER, 512]] })).toMatchObject({
      isError: false,
    });
  });

  it("with a command table or buffer outside RAM gets a host bus error", async () => {
    const { driver } = withDisk();
    driver.build(0, 0, { command: 0xec, prdt: [[BUFFER, 512]] });
    driver.memory.write32(driver.list(0) + 8, OUTSIDE_RAM);
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_HBFS).not.toBe(0);
    await driver.recover(0);
    const prdt: [number, number][] = [
      [BUFFER, 512],
      [8 * MIB - 256, 512], // runs out of RAM half way
    ];
    await driver.run(0, { command: 0x25, count: 2, prdt });
    driver.build(0, 0, { command: 0x25, count: 2, prdt });
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_HBFS).not.toBe(0);
    expect(driver.port(0, PORT_TFD) & 0x80).toBe(0x80);
  });

  it("with a descriptor table that ends in RAM's last bytes is stopped", async () => {
    const { driver } = withDisk();
    driver.build(0, 0, { command: 0x25, count: 1 });
    const table = 8 * MIB - 0x80;
    driver.memory.write(table, driver.bytes(driver.table(0, 0), 0x40));
    driver.memory.write32(driver.list(0), 5 | (0xffff << 16));
    driver.memory.write32(driver.list(0) + 8, table);
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_HBFS).not.toBe(0);
  });

  it("with too short a table gets what fits and an overflow", async () => {
    const { driver } = withDisk();
    const result = await driver.run(0, { command: 0x25, lba: 1, count: 4, prdt: [[BUFFER, 512]] });
    expect(result).toMatchObject({ isError: false, len: 512 });
    expect(driver.port(0, PORT_IS) & IS_OFS).not.toBe(0);
    expect(driver.memory.read32(BUFFER)).toBe(512);
  });

  it("with too little to write has the command aborted", async () => {
    const { driver } = withDisk();
    const write = { command: 0x35, count: 4, isWrite: true, prdt: [[BUFFER, 512]] };
    expect(await driver.run(0, write as never)).toMatchObject({ isError: true, error: 0x04 });
  });

  it("with no register FIS in the table gets an interface error", async () => {
    const { driver } = withDisk();
    driver.build(0, 0, { command: 0xec, prdt: [[BUFFER, 512]] });
    driver.memory.write8(driver.table(0, 0), 0x46);
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_IFS).not.toBe(0);
  });

  it("without bus mastering moves nothing", async () => {
    const { driver } = withDisk();
    driver.ahci.pci.configWrite(0x04, 2, 0x0002);
    driver.build(0, 0, { command: 0xec, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_IS) & IS_HBFS).not.toBe(0);
    expect(driver.bytes(BUFFER, 512)).toEqual(new Uint8Array(512));
  });

  it("with a received FIS area outside RAM gets a host bus error", async () => {
    const { driver } = withDisk();
    driver.setPort(0, PORT_FB, OUTSIDE_RAM);
    driver.build(0, 0, { command: 0xe7 });
    driver.setPort(0, PORT_CI, 1);
    await until(() => (driver.port(0, PORT_IS) & IS_HBFS) !== 0);
  });
});

describe("stops and resets with requests under way", () => {
  function withSlowDisk() {
    const all = withDisk();
    let open = () => {};
    all.node.gate = new Promise((resolve) => {
      open = resolve;
    });
    return { ...all, open };
  }

  it("a stopped port says so only when the disk is done", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    expect(driver.port(0, PORT_TFD)).toBe(0x80);
    driver.setPort(0, PORT_CMD, CMD_FRE);
    expect(driver.port(0, PORT_CI)).toBe(0);
    expect(driver.port(0, PORT_CMD) & CMD_CR).toBe(CMD_CR);
    open();
    await until(() => (driver.port(0, PORT_CMD) & CMD_CR) === 0);
    expect(driver.port(0, PORT_IS) & IS_DHRS).toBe(0); // nobody was told
  });

  it("a stopped port does not go on with the rest of a large transfer", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 6144, prdt: [[BUFFER, 3 * MIB]] });
    driver.setPort(0, PORT_CI, 1);
    driver.setPort(0, PORT_CMD, CMD_FRE);
    open();
    await until(() => (driver.port(0, PORT_CMD) & CMD_CR) === 0);
    expect(driver.memory.writes).toEqual([[BUFFER, MIB]]);
  });

  it("an HBA reset is over only when the disk is done", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    driver.setReg(HOST_GHC, 1);
    expect(driver.reg(HOST_GHC) & 1).toBe(1);
    open();
    await until(() => (driver.reg(HOST_GHC) & 1) === 0);
    driver.start(0);
    expect(await driver.run(0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] })).toMatchObject({
      isError: false,
    });
  });

  it("a COMRESET keeps the device busy until the disk is done", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    driver.setPort(0, PORT_CMD, CMD_FRE);
    driver.setPort(0, PORT_SCTL, 1);
    driver.setPort(0, PORT_SCTL, 0);
    expect(driver.port(0, PORT_SSTS)).toBe(0x133);
    expect(driver.port(0, PORT_TFD) & 0x80).toBe(0x80);
    open();
    await until(() => (driver.port(0, PORT_TFD) & 0x80) === 0);
    expect(driver.port(0, PORT_SIG)).toBe(0x101);
  });

  it("a machine reset can be waited for", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    driver.ahci.reset();
    let isQuiet = false;
    const quiet = driver.ahci.quiesce().then(() => {
      isQuiet = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isQuiet).toBe(false);
    open();
    await quiet;
  });

  it("command list override frees a busy port", async () => {
    const { driver, open } = withSlowDisk();
    driver.build(0, 0, { command: 0x25, count: 1, prdt: [[BUFFER, 512]] });
    driver.setPort(0, PORT_CI, 1);
    driver.setPort(0, PORT_CMD, CMD_FRE);
    driver.setPort(0, PORT_CMD, CMD_FRE | CMD_CLO);
    expect(driver.port(0, PORT_TFD) & 0x88).toBe(0);
    open();
    await until(() => (driver.port(0, PORT_CMD) & CMD_CR) === 0);
  });
});
