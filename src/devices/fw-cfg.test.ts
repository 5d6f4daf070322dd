import { beforeEach, expect, test } from "vitest";
import { FW_CFG_FILE_DIR, FW_CFG_NB_CPUS, FwCfg } from "./fw-cfg";
import { MockBoard } from "./mock-board";

let board: MockBoard;
let fwCfg: FwCfg;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

beforeEach(() => {
  board = new MockBoard();
  fwCfg = new FwCfg({ map: board, memory: board.memory });
  fwCfg.setFile("etc/zebra", text("stripes"));
  fwCfg.setFile("bootorder", text("/pci@i0cf8/pci@1f,2/drive@0/disk@0\0"));
  fwCfg.setU16(FW_CFG_NB_CPUS, 4);
});

function bytes(key: number, count: number): number[] {
  board.out(0x510, key, 2);
  return Array.from({ length: count }, () => board.in(0x511));
}

/** Builds a control block at 1000h and starts it; returns the control word afterwards. */
function dma(control: number, len: number, address: number): number {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, control);
  view.setUint32(4, len);
  view.setUint32(8, Math.floor(address / 2 ** 32));
  view.setUint32(12, address % 2 ** 32);
  board.memory.write(0x1000, new Uint8Array(view.buffer));
  board.out(0x514, 0, 4);
  board.out(0x518, 0x00100000, 4); // 0000_1000h, big endian
  const result = new Uint8Array(4);
  board.memory.read(0x1000, result);
  return new DataView(result.buffer).getUint32(0);
}

function ram(gpa: number, len: number): string {
  const into = new Uint8Array(len);
  board.memory.read(gpa, into);
  return new TextDecoder().decode(into);
}

test("signature, DMA signature and id", () => {
  expect(String.fromCharCode(...bytes(0, 4))).toBe("QEMU");
  expect(bytes(1, 4)).toEqual([3, 0, 0, 0]);
  expect(board.in(0x514, 4)).toBe(0x554d4551); // "QEMU"
  expect(board.in(0x518, 4)).toBe(0x47464320); // " CFG"
});

test("directory lists files by name with size and selector, big endian", () => {
  const dir = new DataView(new Uint8Array(bytes(FW_CFG_FILE_DIR, 4 + 2 * 64)).buffer);
  expect(dir.getUint32(0)).toBe(2);
  expect(dir.getUint32(4)).toBe(35);
  expect(dir.getUint16(8)).toBe(0x20);
  const name = new TextDecoder().decode(new Uint8Array(dir.buffer, 12, 56)).replace(/\0+$/, "");
  expect(name).toBe("bootorder");
  expect(dir.getUint16(72)).toBe(0x21);
});

test("reads past the end and of unknown items give zeroes", () => {
  expect(bytes(FW_CFG_NB_CPUS, 4)).toEqual([4, 0, 0, 0]);
  expect(bytes(0x77, 2)).toEqual([0, 0]);
});

test("DMA select and read, then the rest and zeroes", () => {
  expect(dma((0x21 << 16) | 0x0a, 4, 0x2000)).toBe(0);
  expect(ram(0x2000, 4)).toBe("stri");
  board.memory.write(0x3000, new Uint8Array(8).fill(0xee));
  expect(dma(0x02, 6, 0x3000)).toBe(0);
  expect(ram(0x3000, 6)).toBe("pes\0\0\0");
  expect(board.memory.read8(0x3006)).toBe(0xee);
});

test("DMA skip moves the cursor", () => {
  dma((0x21 << 16) | 0x0c, 3, 0);
  expect(board.in(0x511)).toBe("i".charCodeAt(0));
});

test("DMA outside RAM sets ERROR and stays bounded", () => {
  expect(dma((0x21 << 16) | 0x0a, 0xffff_ffff, 0x8000)).toBe(1);
  expect(dma(0x02, 16, 2 ** 40)).toBe(1);
});

test("DMA write needs a writable file and stays inside it", () => {
  let written = "";
  fwCfg.setFile("etc/vmgenid_addr", new Uint8Array(8), (data, offset, len) => {
    written = `${offset}+${len}:${data[offset]}`;
  });
  board.memory.write(0x4000, new Uint8Array([9, 8, 7, 6]));
  expect(dma((0x21 << 16) | 0x18, 4, 0x4000)).toBe(0);
  expect(written).toBe("0+4:9");
  expect(fwCfg.file("etc/vmgenid_addr")?.slice(0, 4)).toEqual(new Uint8Array([9, 8, 7, 6]));
  expect(dma((0x21 << 16) | 0x18, 9, 0x4000)).toBe(1);
  expect(dma((0x20 << 16) | 0x18, 1, 0x4000)).toBe(1); // bootorder is read-only
});

test("callbacks are asked each time", () => {
  let turn = 0;
  fwCfg.setItem(0x8001, () => new Uint8Array([++turn]));
  expect(bytes(0x8001, 1)).toEqual([1]);
  expect(bytes(0x8001, 1)).toEqual([2]);
});

test("a control block outside RAM is ignored", () => {
  board.out(0x514, 0, 4);
  board.out(0x518, 0xf0ff_ffff, 4);
  expect(board.memory.read32(0)).toBe(0);
});
