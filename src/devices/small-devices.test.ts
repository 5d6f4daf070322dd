import { beforeEach, expect, test } from "vitest";
import { Debugcon } from "./debugcon";
import { Dma8237 } from "./dma-8237";
import { IsaDebugExit } from "./isa-debug-exit";
import { MockBoard, MockLine } from "./mock-board";
import { PcTestdev } from "./pc-testdev";
import { Port92 } from "./port92";
import { Pvpanic } from "./pvpanic";

let board: MockBoard;

beforeEach(() => {
  board = new MockBoard();
});

test("debugcon passes bytes on, answers E9h and is posted", () => {
  let text = "";
  new Debugcon({
    map: board,
    base: 0x402,
    onByte: (byte) => {
      text += String.fromCharCode(byte);
    },
  });
  board.out(0x402, 0x4f);
  board.out(0x402, 0x4b);
  expect(text).toBe("OK");
  expect(board.in(0x402)).toBe(0xe9);
  expect(board.isPosted(0x402)).toBe(true);
});

test("isa-debug-exit reports (value << 1) | 1", () => {
  const statuses: number[] = [];
  new IsaDebugExit({ map: board, base: 0xf4, size: 4, onExit: (status) => statuses.push(status) });
  board.out(0xf4, 0, 4);
  board.out(0xf4, 0x10, 1);
  expect(statuses).toEqual([1, 33]);
  expect(board.in(0xf4)).toBe(0);
});

test("port 92h resets on a rising edge only and shares A20", () => {
  let resets = 0;
  const a20 = {
    isA20Enabled: true,
    setA20(on: boolean) {
      a20.isA20Enabled = on;
    },
  };
  new Port92({ map: board, a20, onReset: () => resets++ });
  expect(board.in(0x92)).toBe(0x02);
  board.out(0x92, 0x00);
  expect(a20.isA20Enabled).toBe(false);
  board.out(0x92, 0x03);
  board.out(0x92, 0x03);
  expect(resets).toBe(1);
  expect(board.in(0x92)).toBe(0x03);
});

test("pc-testdev storage by port and by memory, and interrupt lines", () => {
  const lines = Array.from({ length: 24 }, () => new MockLine());
  const dev = new PcTestdev({ map: board, line: (gsi) => lines[gsi] });
  board.out(0xe0, 0x12345678, 4);
  expect(board.in(0xe1, 1)).toBe(0x56);
  board.out(0xe2, 0xabcd, 2);
  expect(board.in(0xe0, 4)).toBe(0xabcd5678);
  expect(board.in(0xe8, 4)).toBe(0xabcd5678);
  board.store(0xff00_0010, 0xcafe_babe);
  expect(board.load(0xff00_0012, 2)).toBe(0xcafe);
  board.out(0x200a, 1);
  expect(lines[10].isAsserted).toBe(true);
  dev.reset();
  expect(lines[10].isAsserted).toBe(false);
  expect(board.load(0xff00_0010)).toBe(0);
});

test("8237 keeps addresses, counts, pages and masks", () => {
  new Dma8237(board).reset();
  board.out(0x0c, 0);
  board.out(0x04, 0x34);
  board.out(0x04, 0x12);
  board.out(0x0c, 0);
  expect([board.in(0x04), board.in(0x04)]).toEqual([0x34, 0x12]);
  expect(board.in(0x0f)).toBe(0xff);
  board.out(0x0a, 0x02);
  expect(board.in(0x0f)).toBe(0xfb);
  board.out(0xd4, 0x01); // second controller, every second port
  expect(board.in(0xde)).toBe(0xfd);
  board.out(0x81, 0x0e);
  expect(board.in(0x81)).toBe(0x0e);
  expect(board.in(0x08)).toBe(0);
});

test("pvpanic says what it supports and reports a panic", () => {
  const events: string[] = [];
  new Pvpanic({ map: board, onEvent: (event) => events.push(event) });
  expect(board.in(0x505)).toBe(3);
  board.out(0x505, 1);
  expect(events).toEqual(["panicked"]);
});
