/** The I/O APIC against the 82093AA data sheet. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { IOAPIC, type IrqMachine, loadIrqMachine } from "../../test/irqchip";

const LEVEL = 0x8000;
const MASK = 0x1_0000;
const REMOTE_IRR = 0x4000;

let m: IrqMachine;
const line = (gsi: number, level: number) => m.core.irqSetLine(gsi, level);

beforeAll(async () => {
  m = await loadIrqMachine();
});

beforeEach(() => {
  m.reset(2);
  m.core.outb(0x21, 0xff);
  m.core.outb(0xa1, 0xff);
});

it("identifies itself with 24 pins and all entries masked", () => {
  expect(m.ioapic(1)).toBe(0x0017_0020);
  expect(m.ioapic(0x10)).toBe(MASK);
  expect(m.ioapic(0x10 + 47)).toBe(0);
  m.setIoapic(0, 0x0200_0000);
  expect(m.ioapic(0)).toBe(0x0200_0000);
});

it("sends an edge once per rise", () => {
  m.redirect(10, 0x40);
  line(10, 1);
  expect(m.take()).toEqual([0x40]);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([]);
  line(10, 0);
  line(10, 1);
  expect(m.take()).toEqual([0x40]);
});

it("loses an edge on a masked pin", () => {
  m.redirect(10, 0x40 | MASK);
  line(10, 1);
  m.redirect(10, 0x40);
  expect(m.take()).toEqual([]);
});

it("delivers an asserted level when it is unmasked", () => {
  m.redirect(16, 0x40 | LEVEL | MASK);
  line(16, 1);
  m.redirect(16, 0x40 | LEVEL);
  expect(m.take()).toEqual([0x40]);
});

it("repeats a level at EOI while it is asserted, and not before", () => {
  m.redirect(16, 0x40 | LEVEL);
  line(16, 1);
  expect(m.ioapic(0x10 + 32)).toBe(0x40 | LEVEL | REMOTE_IRR);
  expect(m.take()).toEqual([0x40]);
  line(16, 0);
  line(16, 1);
  expect(m.take()).toEqual([]);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([0x40]);
  line(16, 0);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([]);
  expect(m.ioapic(0x10 + 32)).toBe(0x40 | LEVEL);
});

it("takes an EOI by its own register", () => {
  m.redirect(16, 0x40 | LEVEL);
  line(16, 1);
  line(16, 0);
  m.core.mmioWrite(0, IOAPIC + 0x40, 0x40);
  expect(m.ioapic(0x10 + 32)).toBe(0x40 | LEVEL);
});

it("drops remote IRR when an entry becomes edge-triggered", () => {
  m.redirect(16, 0x40 | LEVEL);
  line(16, 1);
  m.setIoapic(0x10 + 32, 0x40 | MASK);
  m.setIoapic(0x10 + 32, 0x40 | LEVEL | MASK);
  expect(m.ioapic(0x10 + 32)).toBe(0x40 | LEVEL | MASK);
});

it("does not let software set delivery status or remote IRR", () => {
  m.setIoapic(0x10, 0xffff_ffff);
  expect(m.ioapic(0x10)).toBe(0x1_afff);
});

it("routes ISA IRQ 0 to pin 2 and leaves pin 0 alone", () => {
  m.redirect(0, 0x50);
  m.redirect(2, 0x51);
  m.pulse(0);
  expect(m.take()).toEqual([0x51]);
});

it("delivers to the destination, physical or logical", () => {
  m.redirect(10, 0x40, 1 << 24);
  m.pulse(10);
  expect(m.take(0)).toEqual([]);
  expect(m.take(1)).toEqual([0x40]);
  m.setLapic(0xb0, 0, 1);
  m.setLapic(0xd0, 0x0400_0000, 0);
  m.setLapic(0xd0, 0x0800_0000, 1);
  m.redirect(11, 0x41 | 0x800, 0x0c00_0000);
  m.pulse(11);
  expect(m.take(0)).toEqual([0x41]);
  expect(m.take(1)).toEqual([0x41]);
});

it("gives a lowest-priority message to the processor of lowest priority", () => {
  m.setLapic(0xd0, 0x0100_0000, 0);
  m.setLapic(0xd0, 0x0200_0000, 1);
  m.setLapic(0x80, 0x80, 0);
  m.redirect(11, 0x91 | 0x900, 0x0300_0000);
  m.pulse(11);
  expect(m.take(0)).toEqual([]);
  expect(m.take(1)).toEqual([0x91]);
});

it("sends an NMI entry as NMI", () => {
  m.redirect(2, 0x400);
  m.pulse(0);
  expect(m.core.pendingBits(0)).toBe(2);
});

it("keeps a level pending for an EOI from the processor that served it", () => {
  m.redirect(20, 0x60 | LEVEL, 1 << 24);
  line(20, 1);
  expect(m.take(1)).toEqual([0x60]);
  m.setLapic(0xb0, 0, 1);
  expect(m.take(1)).toEqual([0x60]);
});
