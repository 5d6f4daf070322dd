/** The 8254 and port 61h against the Intel data sheet; one tick is 838.1 ns. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { type IrqMachine, loadIrqMachine } from "../../test/irqchip";

const HZ = 1_193_182;

let m: IrqMachine;
/** Guest ns in the middle of tick `tick`. */
const ns = (tick: number) => ((tick + 0.5) * 1e9) / HZ;
const atTick = (tick: number) => m.at(ns(tick));
const pollTick = (tick: number) => m.pollAt(ns(tick));
const out = (port: number, value: number) => m.core.outb(port, value);
const inb = (port: number) => m.core.inb(port);

/** Programs `channel` in `mode` with a 16-bit count. */
function program(channel: number, mode: number, count: number, bcd = 0) {
  out(0x43, (channel << 6) | 0x30 | (mode << 1) | bcd);
  out(0x40 + channel, count & 0xff);
  out(0x40 + channel, count >> 8);
}

function read16(channel: number) {
  const low = inb(0x40 + channel);
  return low | (inb(0x40 + channel) << 8);
}

function latched(channel: number) {
  out(0x43, channel << 6);
  return read16(channel);
}

/** OUT of `channel` by the read-back command: bit 7 of its status. */
function status(channel: number) {
  out(0x43, 0xe0 | (2 << channel));
  return inb(0x40 + channel);
}

beforeAll(async () => {
  m = await loadIrqMachine();
});

beforeEach(() => {
  m.reset();
  m.initPic();
  atTick(1000);
});

it("mode 0 raises OUT and IRQ 0 at the terminal count and wraps", () => {
  program(0, 0, 500);
  atTick(1100);
  expect(latched(0)).toBe(400);
  expect(status(0)).toBe(0x30);
  pollTick(1499);
  expect(m.take()).toEqual([]);
  pollTick(1500);
  expect(m.take()).toEqual([0x08]);
  expect(status(0)).toBe(0xb0);
  atTick(1510);
  expect(latched(0)).toBe(65526);
  expect(m.core.nextTimer(0)).toBe(Number.POSITIVE_INFINITY);
});

it("mode 2 counts from N to 1 and raises IRQ 0 every N ticks", () => {
  program(0, 2, 100);
  atTick(1099);
  expect(latched(0)).toBe(1);
  expect(status(0) & 0x80).toBe(0);
  const fired: number[] = [];
  for (let tick = 1090; tick < 1450; tick++) {
    pollTick(tick);
    if (m.take().length) {
      fired.push(tick);
      out(0x20, 0x20);
    }
  }
  expect(fired).toEqual([1100, 1200, 1300, 1400]);
});

it("mode 3 counts by two and keeps OUT high for half the period", () => {
  program(0, 3, 1000);
  atTick(1200);
  expect(latched(0)).toBe(600);
  expect(status(0) & 0x80).toBe(0x80);
  atTick(1700);
  expect(latched(0)).toBe(600);
  expect(status(0) & 0x80).toBe(0);
});

it("mode 4 strobes once", () => {
  program(0, 4, 50);
  pollTick(1049);
  expect(status(0) & 0x80).toBe(0x80);
  atTick(1050);
  expect(status(0) & 0x80).toBe(0);
  pollTick(1051);
  expect(status(0) & 0x80).toBe(0x80);
  expect(m.take()).toEqual([0x08]);
});

it("modes 1 and 5 wait for the gate", () => {
  program(2, 1, 100);
  expect(status(2) & 0x80).toBe(0x80);
  atTick(2000);
  expect(status(2) & 0x80).toBe(0x80);
  out(0x61, 1);
  atTick(2050);
  expect(status(2) & 0x80).toBe(0);
  expect(latched(2)).toBe(50);
  atTick(2100);
  expect(status(2) & 0x80).toBe(0x80);
  out(0x61, 0);
  program(2, 5, 100);
  out(0x61, 1);
  atTick(2200);
  expect(status(2) & 0x80).toBe(0);
  atTick(2201);
  expect(status(2) & 0x80).toBe(0x80);
});

it("holds the count in mode 0 while the gate is low", () => {
  out(0x61, 1);
  program(2, 0, 1000);
  atTick(1100);
  out(0x61, 0);
  atTick(5000);
  expect(latched(2)).toBe(900);
  out(0x61, 1);
  atTick(5899);
  expect(inb(0x61) & 0x20).toBe(0);
  atTick(5900);
  expect(inb(0x61) & 0x20).toBe(0x20);
});

it("counts in BCD", () => {
  program(0, 2, 0x1000, 1);
  atTick(1001);
  expect(latched(0)).toBe(0x0999);
  program(2, 0, 0, 1);
  out(0x61, 1);
  atTick(1002);
  expect(latched(2)).toBe(0x9999);
});

it("reads unlatched pairs low byte first, and single bytes as programmed", () => {
  program(0, 2, 0x1234);
  expect(read16(0)).toBe(0x1234);
  out(0x43, 0x14); // low byte only
  out(0x40, 0x80);
  expect(inb(0x40)).toBe(0x80);
  expect(inb(0x40)).toBe(0x80);
  out(0x43, 0x24); // high byte only
  out(0x40, 0x12);
  expect(inb(0x40)).toBe(0x12);
});

it("keeps a latched count until it is read, and the first of two latches", () => {
  program(0, 2, 5000);
  atTick(1100);
  out(0x43, 0x00);
  atTick(1200);
  out(0x43, 0x00);
  expect(read16(0)).toBe(4900);
  expect(latched(0)).toBe(4800);
});

it("reads back status before count", () => {
  out(0x43, 0x34);
  out(0x43, 0xc2);
  expect(inb(0x40)).toBe(0x80 | 0x40 | 0x34);
  program(0, 2, 0x0403);
  out(0x43, 0xc2);
  expect(inb(0x40)).toBe(0x80 | 0x34);
  expect(read16(0)).toBe(0x0403);
});

it("takes a new count of mode 2 at the end of the period", () => {
  program(0, 2, 100);
  atTick(1050);
  out(0x40, 200);
  out(0x40, 0);
  expect(latched(0)).toBe(50);
  pollTick(1100);
  expect(m.take()).toEqual([0x08]);
  out(0x20, 0x20);
  pollTick(1250);
  expect(m.take()).toEqual([]);
  expect(latched(0)).toBe(50);
  pollTick(1300);
  expect(m.take()).toEqual([0x08]);
});

it("drops the ticks of a long pause but makes up a few", () => {
  program(0, 2, 1000);
  pollTick(10_000_000);
  expect(m.take()).toEqual([0x08]);
  out(0x20, 0x20);
  pollTick(10_000_001);
  expect(m.take()).toEqual([]);
  pollTick(10_003_500); // three periods late
  const made = [];
  for (let i = 0; i < 6; i++) {
    made.push(m.take().length);
    out(0x20, 0x20);
    pollTick(10_003_500);
  }
  expect(made).toEqual([1, 1, 1, 0, 0, 0]);
});

it("makes up every tick that a busy host was late with", () => {
  const period = 4773; // 250 Hz
  atTick(10_000);
  program(0, 2, period);
  const late = 10_100 + 30 * period;
  pollTick(late); // far more than eight periods, far less than a pause
  let made = 0;
  for (let i = 0; i < 40; i++) {
    made += m.take().length;
    out(0x20, 0x20);
    pollTick(late);
  }
  expect(made).toBe(30);
});

it("makes up no tick before the guest has taken the last", () => {
  const period = 4773;
  atTick(10_000);
  program(0, 2, period);
  const late = 10_100 + 5 * period;
  let made = 0;
  for (let i = 0; i < 20; i++) {
    pollTick(late); // several times between two acknowledgements
    pollTick(late);
    pollTick(late);
    made += m.take().length;
    out(0x20, 0x20);
  }
  expect(made).toBe(5);
});

it("toggles the refresh bit and stores the speaker bits of port 61h", () => {
  out(0x61, 0xff);
  expect(inb(0x61) & 0xcf).toBe(0x0f);
  const seen = new Set<number>();
  for (let i = 0; i < 10; i++) {
    m.at(1e6 + i * 15_085);
    seen.add(inb(0x61) & 0x10);
  }
  expect(seen).toEqual(new Set([0, 0x10]));
});

it("sends IRQ 0 to pin 2 of the I/O APIC", () => {
  m.core.outb(0x21, 0xff);
  m.redirect(2, 0x30);
  program(0, 2, 100);
  pollTick(1100);
  expect(m.take()).toEqual([0x30]);
});
