/** The HPET against the IA-PC HPET specification, and the ACPI PM timer. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { HPET, type IrqMachine, loadIrqMachine } from "../../test/irqchip";

const CONFIG = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const T0 = 0x100;
const T1 = 0x120;
const T2 = 0x140;
const COMPARATOR = 8;

const LEVEL = 2;
const ENABLE = 4;
const PERIODIC = 8;
const SETVAL = 0x40;
const MODE32 = 0x100;
const route = (gsi: number) => gsi << 9;

let m: IrqMachine;
const read = (offset: number) => m.core.mmioRead(0, HPET + offset) >>> 0;
const write = (offset: number, value: number) => m.core.mmioWrite(0, HPET + offset, value);

beforeAll(async () => {
  m = await loadIrqMachine();
});

beforeEach(() => {
  m.reset();
  m.core.outb(0x21, 0xff);
  m.core.outb(0xa1, 0xff);
  for (let pin = 0; pin < 24; pin++) m.redirect(pin, 0x40 + pin);
});

/** Enables the counter at guest time 0, with `flags` of the general configuration. */
function start(flags = 0) {
  m.at(0);
  write(CONFIG, 1 | flags);
}

it("identifies itself as QEMU's: three 64-bit timers of 10 ns with legacy replacement", () => {
  expect(read(0)).toBe(0x8086_a201);
  expect(read(4)).toBe(10_000_000);
  expect(read(T0)).toBe(0x30);
  expect(read(T0 + 4)).toBe(0x00ff_0104);
});

it("counts only while enabled and may be set only while halted", () => {
  m.at(1_000_000);
  expect(read(COUNTER)).toBe(0);
  write(COUNTER, 500);
  write(COUNTER + 4, 3);
  write(CONFIG, 1);
  m.at(2_000_000);
  expect(read(COUNTER)).toBeGreaterThanOrEqual(100_400);
  expect(read(COUNTER)).toBeLessThanOrEqual(100_500);
  expect(m.core.mmioRead64High(0, HPET + COUNTER)).toBe(3);
  write(COUNTER, 0);
  expect(read(COUNTER)).toBeGreaterThan(100_000);
  write(CONFIG, 0);
  const halted = read(COUNTER);
  m.at(9_000_000);
  expect(read(COUNTER)).toBe(halted);
});

it("fires a one-shot comparator once on the pin it is routed to", () => {
  start();
  write(T2, ENABLE | route(20));
  write(T2 + COMPARATOR, 1000);
  write(T2 + COMPARATOR + 4, 0);
  expect(m.core.nextTimer(0)).toBeCloseTo(10_000, -3);
  m.pollAt(9_000);
  expect(m.take()).toEqual([]);
  m.pollAt(11_000);
  expect(m.take()).toEqual([0x40 + 20]);
  expect(m.core.nextTimer(0)).toBe(Number.POSITIVE_INFINITY);
});

it("repeats in periodic mode: accumulator by VAL_SET, then the period", () => {
  start();
  write(T0, ENABLE | PERIODIC | SETVAL | MODE32 | route(2));
  write(T0 + COMPARATOR, 5_000);
  expect(read(T0) & SETVAL).toBe(0);
  write(T0 + COMPARATOR, 10_000);
  expect(read(T0 + COMPARATOR)).toBe(5_000);
  const fired: number[] = [];
  for (let us = 1; us <= 400; us++) {
    m.pollAt(us * 1000 + 500);
    if (m.take().length) fired.push(us);
    m.setLapic(0xb0, 0);
  }
  expect(fired).toEqual([50, 150, 250, 350]);
});

it("takes a 64-bit accumulator and period as two halves each", () => {
  start();
  write(T0, ENABLE | PERIODIC | SETVAL | route(2));
  m.core.mmioWrite64(0, HPET + T0 + COMPARATOR, 100, 1);
  m.core.mmioWrite64(0, HPET + T0 + COMPARATOR, 50, 0);
  expect(read(T0 + COMPARATOR)).toBe(100);
  expect(read(T0 + COMPARATOR + 4)).toBe(1);
});

it("makes one interrupt of many missed periods", () => {
  start();
  write(T0, ENABLE | PERIODIC | SETVAL | MODE32 | route(2));
  write(T0 + COMPARATOR, 1000);
  write(T0 + COMPARATOR, 1000);
  m.pollAt(1_005_000);
  expect(m.take()).toEqual([0x42]);
  m.setLapic(0xb0, 0);
  m.pollAt(1_009_000);
  expect(m.take()).toEqual([]);
  expect(read(T0 + COMPARATOR)).toBe(101_000);
});

it("holds a level until its status bit is written", () => {
  start();
  m.redirect(16, 0x8050);
  write(T1, ENABLE | LEVEL | route(16));
  write(T1 + COMPARATOR, 100);
  write(T1 + COMPARATOR + 4, 0);
  m.pollAt(2_000);
  expect(read(STATUS)).toBe(2);
  expect(m.take()).toEqual([0x50]);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([0x50]);
  write(STATUS, 2);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([]);
  expect(read(STATUS)).toBe(0);
});

it("waits for the wrap when the comparator is behind the counter", () => {
  start();
  m.at(1_000_000);
  write(T2, ENABLE | MODE32 | route(20));
  write(T2 + COMPARATOR, 10);
  m.pollAt(2_000_000);
  expect(m.take()).toEqual([]);
  m.pollAt(42_949_672_960 + 1000);
  expect(m.take()).toEqual([0x40 + 20]);
});

it("drives IRQ 0 and 8 with legacy replacement and cuts the PIT and the RTC off", () => {
  start(2);
  write(T0, ENABLE | MODE32 | route(20));
  write(T0 + COMPARATOR, 100);
  write(T1, ENABLE | MODE32);
  write(T1 + COMPARATOR, 200);
  m.pollAt(1_500);
  expect(m.take()).toEqual([0x42]);
  m.setLapic(0xb0, 0);
  m.pollAt(2_500);
  expect(m.take()).toEqual([0x48]);
  m.setLapic(0xb0, 0);
  m.core.outb(0x43, 0x34);
  m.core.outb(0x40, 10);
  m.core.outb(0x40, 0);
  m.pollAt(1e6);
  m.pulse(8);
  expect(m.take()).toEqual([]);
  write(CONFIG, 1);
  m.pulse(8);
  expect(m.take()).toEqual([0x48]);
});

it("does not interrupt while a timer is disabled", () => {
  start();
  write(T2, MODE32 | route(20));
  write(T2 + COMPARATOR, 100);
  m.pollAt(1e6);
  expect(m.take()).toEqual([]);
});

it("runs the PM timer at 3.579545 MHz in 32 bits", () => {
  m.at(1e9);
  expect(m.core.inl(0x608)).toBe(3_579_545);
  m.at(2000e9);
  expect(m.core.inl(0x608) >>> 0).toBe((3_579_545 * 2000) % 2 ** 32);
  m.at(3e9);
});
