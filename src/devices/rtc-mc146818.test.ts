import { beforeEach, expect, test } from "vitest";
import { cmosContents } from "./cmos-contents";
import { MockBoard, MockLine } from "./mock-board";
import { RtcMc146818 } from "./rtc-mc146818";

// 2026-11-20T13:07:58.500Z, a Friday.
const START = Date.UTC(2026, 10, 20, 13, 7, 58, 500);
let board: MockBoard;
let irq: MockLine;
let masked: boolean;
let alarms: number;
let rtc: RtcMc146818;

beforeEach(() => {
  board = new MockBoard();
  irq = new MockLine();
  masked = false;
  alarms = 0;
  rtc = new RtcMc146818({
    map: board,
    irq,
    clock: board.clock,
    wallMs: () => START + board.clock.nowNs() / 1e6,
    contents: cmosContents({ ramLow: 2 ** 31, ramHigh: 2 ** 31, cpuCount: 4, bootOrder: "dcn" }),
    onAlarm: () => void alarms++,
    onNmiMask: (isMasked) => {
      masked = isMasked;
    },
  });
});

const read = (register: number): number => {
  board.out(0x70, register);
  return board.in(0x71);
};
const write = (register: number, value: number): void => {
  board.out(0x70, register);
  board.out(0x71, value);
};
const ms = (count: number): void => board.clock.advance(count * 1e6);

test("time is host UTC in BCD with a century", () => {
  expect([0x32, 9, 8, 7, 6, 4, 2, 0].map(read)).toEqual([
    0x20, 0x26, 0x11, 0x20, 6, 0x13, 0x07, 0x58,
  ]);
  ms(1600);
  expect([2, 0].map(read)).toEqual([0x08, 0x00]);
});

test("binary and 12-hour formats", () => {
  write(0x0b, 0x04);
  expect([4, 2, 0].map(read)).toEqual([0x81, 7, 58]);
  write(0x0b, 0x00);
  expect([4, 2, 0].map(read)).toEqual([0x81, 0x07, 0x58]);
});

test("setting the clock under SET takes effect when SET is cleared", () => {
  write(0x0b, 0x82);
  write(0x32, 0x19);
  write(9, 0x99);
  write(8, 0x12);
  write(7, 0x31);
  write(4, 0x23);
  write(2, 0x59);
  write(0, 0x59);
  ms(5000);
  expect(read(0)).toBe(0x59);
  write(0x0b, 0x02);
  ms(1001);
  expect([0x32, 9, 8, 7, 4, 2, 0].map(read)).toEqual([0x20, 0, 1, 1, 0, 0, 0]);
});

test("UIP is set for the 244 µs before the seconds change", () => {
  ms(499.7);
  expect(read(0x0a) & 0x80).toBe(0);
  ms(0.1);
  expect(read(0x0a) & 0x80).toBe(0x80);
  expect(read(0)).toBe(0x58);
  ms(0.3);
  expect(read(0x0a) & 0x80).toBe(0);
  expect(read(0)).toBe(0x59);
});

test("a host clock of whole milliseconds is fine enough for UIP, and its jumps are followed", () => {
  board = new MockBoard();
  let jumpMs = 0;
  new RtcMc146818({
    map: board,
    irq,
    clock: board.clock,
    wallMs: () => Math.floor(START + board.clock.nowNs() / 1e6) + jumpMs,
  });
  read(0);
  ms(499.8);
  expect(read(0x0a) & 0x80).toBe(0x80);
  jumpMs = 3_600_000; // the laptop slept for an hour
  ms(1000);
  expect([4, 2, 0].map(read)).toEqual([0x14, 0x07, 0x59]);
});

test("update interrupt fires every second and register C acknowledges it", () => {
  write(0x0b, 0x12);
  expect(irq.isAsserted).toBe(false);
  ms(501);
  expect(irq.isAsserted).toBe(true);
  expect(read(0x0c)).toBe(0xd0); // the periodic flag runs along, not enabled
  expect(irq.isAsserted).toBe(false);
  expect(read(0x0c)).toBe(0);
  ms(1000);
  expect(irq.edges).toBe(2);
});

test("an interrupt nobody acknowledges keeps the line up without timers", () => {
  write(0x0b, 0x12);
  ms(501);
  expect(board.clock.armed).toBe(0);
  ms(100_000);
  expect(irq.edges).toBe(1);
});

test("periodic interrupt at 1024 Hz when each one is acknowledged", () => {
  let count = 0;
  const set = irq.set.bind(irq);
  irq.set = (level) => {
    set(level);
    if (level && count < 10_000) {
      count++;
      board.clock.at(board.clock.nowNs() + 1000, () => read(0x0c));
    }
  };
  write(0x0a, 0x26);
  write(0x0b, 0x42);
  ms(1000);
  expect(count).toBeGreaterThanOrEqual(1023);
  expect(count).toBeLessThanOrEqual(1025);
});

test("periodic flag is seen by polling without an interrupt", () => {
  read(0x0c);
  ms(2);
  expect(read(0x0c) & 0xc0).toBe(0x40);
});

test("alarm matches, with don't-care fields", () => {
  write(5, 0x13);
  write(3, 0x08);
  write(1, 0x05);
  write(0x0b, 0x22);
  ms(6000);
  expect(irq.isAsserted).toBe(false);
  ms(501);
  expect(irq.isAsserted).toBe(true);
  expect(alarms).toBe(1);
  expect(read(0x0c) & 0xa0).toBe(0xa0);
  write(5, 0xff);
  write(3, 0xff);
  write(1, 0x10);
  ms(5000);
  expect(irq.edges).toBe(2);
});

test("port 70h bit 7 masks NMI and the index port reads ones", () => {
  board.out(0x70, 0x8f);
  expect(masked).toBe(true);
  expect(board.in(0x70)).toBe(0xff);
  board.out(0x70, 0x0f);
  expect(masked).toBe(false);
});

test("the extended bank is apart from the first", () => {
  write(0x40, 0x11);
  board.out(0x72, 0x40);
  board.out(0x73, 0x22);
  expect(board.in(0x73)).toBe(0x22);
  expect(read(0x40)).toBe(0x11);
});

test("CMOS tells SeaBIOS memory sizes, processors and boot order", () => {
  expect(read(0x15) | (read(0x16) << 8)).toBe(640);
  expect(read(0x17) | (read(0x18) << 8)).toBe(65535);
  expect((read(0x34) | (read(0x35) << 8)) * 65536 + 16 * 2 ** 20).toBe(2 ** 31);
  expect((read(0x5b) | (read(0x5c) << 8) | (read(0x5d) << 16)) * 65536).toBe(2 ** 31);
  expect(read(0x5f)).toBe(3);
  expect(read(0x3d)).toBe(0x23);
  expect(read(0x38)).toBe(0x40);
});

test("reset keeps time and memory, drops interrupts", () => {
  write(0x0f, 0x0a);
  write(0x0b, 0x12);
  ms(501);
  rtc.reset();
  expect(irq.isAsserted).toBe(false);
  expect(rtc.peek(0x0f)).toBe(0x0a);
  expect(read(0x0b)).toBe(0x02);
});
