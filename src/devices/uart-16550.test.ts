import { beforeEach, expect, test } from "vitest";
import { MockBoard, MockLine } from "./mock-board";
import { Uart16550 } from "./uart-16550";

let board: MockBoard;
let irq: MockLine;
let uart: Uart16550;
let sent: string;
let drained: number;

beforeEach(() => {
  board = new MockBoard();
  irq = new MockLine();
  sent = "";
  drained = 0;
  uart = new Uart16550({
    map: board,
    base: 0x3f8,
    irq,
    clock: board.clock,
    onTransmit: (byte) => {
      sent += String.fromCharCode(byte);
    },
    onDrain: () => drained++,
  });
});

const read = (offset: number): number => board.in(0x3f8 + offset);
const write = (offset: number, value: number): void => board.out(0x3f8 + offset, value);
const receive = (text: string): number => uart.receive(new TextEncoder().encode(text));

test("after reset the transmitter is empty and nothing is pending", () => {
  expect(read(5)).toBe(0x60);
  expect(read(2)).toBe(0x01);
  expect(read(6)).toBe(0xb0);
});

test("bytes written to THR leave at once; THR is posted and LSR published", () => {
  write(0, 0x48);
  write(0, 0x69);
  expect(sent).toBe("Hi");
  expect(board.isPosted(0x3f8)).toBe(true);
  expect(board.isPosted(0x3f9)).toBe(false);
  expect(board.shadow.get(0x3fd)).toBe(0x60);
});

test("divisor latch hides data and IER", () => {
  write(3, 0x83);
  write(0, 0x34);
  write(1, 0x12);
  expect([read(0), read(1)]).toEqual([0x34, 0x12]);
  write(3, 0x03);
  expect(read(1)).toBe(0);
  expect(sent).toBe("");
});

test("scratch register keeps any value", () => {
  write(7, 0xa5);
  expect(read(7)).toBe(0xa5);
});

test("enabling ETBEI raises THRE, reading IIR clears it, a write raises it again", () => {
  write(1, 0x02);
  expect(irq.isAsserted).toBe(true);
  expect(read(2)).toBe(0x02);
  expect(irq.isAsserted).toBe(false);
  expect(read(2)).toBe(0x01);
  write(0, 0x41);
  expect(irq.isAsserted).toBe(true);
});

test("without FIFOs one character at a time is received and held back by the queue", () => {
  write(1, 0x01);
  receive("abc");
  expect(read(5)).toBe(0x61);
  expect(read(2)).toBe(0x04);
  expect([read(0), read(0), read(0)]).toEqual([0x61, 0x62, 0x63]);
  expect(read(5)).toBe(0x60);
  expect(irq.isAsserted).toBe(false);
});

test("trigger level interrupts with data available", () => {
  write(2, 0x81); // trigger 8
  write(1, 0x01);
  receive("1234567");
  expect(irq.isAsserted).toBe(false);
  receive("8");
  expect(read(2)).toBe(0xc4);
  read(0);
  expect(irq.isAsserted).toBe(false);
});

test("characters below the trigger level interrupt after four character times", () => {
  write(3, 0x83);
  write(0, 1); // 115200
  write(3, 0x03);
  write(2, 0xc1);
  write(1, 0x01);
  receive("x");
  board.clock.advance(300_000);
  expect(irq.isAsserted).toBe(false);
  board.clock.advance(60_000);
  expect(read(2)).toBe(0xcc);
  expect(read(0)).toBe(0x78);
  expect(irq.isAsserted).toBe(false);
});

test("clearing the receive FIFO drops what it held", () => {
  write(2, 0x01);
  receive("abc");
  write(2, 0x03);
  expect(read(5)).toBe(0x60);
});

test("loopback returns data, drives MSR from MCR and sends nothing out", () => {
  write(4, 0x1a);
  expect(read(6) & 0xf0).toBe(0x90);
  write(0, 0x5a);
  expect(read(5)).toBe(0x61);
  expect(read(0)).toBe(0x5a);
  expect(sent).toBe("");
});

test("host bytes wait while the guest tests in loopback", () => {
  write(4, 0x10);
  receive("z");
  expect(read(5)).toBe(0x60);
  write(4, 0x00);
  expect(read(0)).toBe(0x7a);
});

test("overrun in loopback sets OE and interrupts as line status", () => {
  write(1, 0x04);
  write(4, 0x10);
  write(0, 1);
  write(0, 2);
  expect(read(5)).toBe(0x63);
  expect(read(2)).toBe(0x06);
  expect(read(5)).toBe(0x61);
  expect(read(0)).toBe(2);
});

test("modem status changes latch deltas until MSR is read", () => {
  write(1, 0x08);
  write(4, 0x10); // CTS, DSR, DCD drop
  expect(irq.isAsserted).toBe(true);
  expect(read(2)).toBe(0x00);
  expect(read(6)).toBe(0x0b);
  expect(read(6)).toBe(0x00);
  expect(irq.isAsserted).toBe(false);
});

test("break arrives as a zero with BI", () => {
  uart.receiveBreak();
  expect(read(5)).toBe(0x71);
  expect(read(0)).toBe(0);
  expect(read(5)).toBe(0x60);
});

test("a full queue takes part of the bytes and tells when it drained", () => {
  const many = new Uint8Array(70_000).map((_, i) => i & 0xff);
  const taken = uart.receive(many);
  expect(taken).toBe(65_536);
  for (let i = 0; i < 40_000; i++) expect(read(0)).toBe(i & 0xff);
  expect(drained).toBe(1);
});
