/** The 8259 pair against the Intel data sheet: priorities, modes, cascade, ELCR. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { type IrqMachine, loadIrqMachine } from "../../test/irqchip";

let m: IrqMachine;
const out = (port: number, value: number) => m.core.outb(port, value);
const inb = (port: number) => m.core.inb(port);

beforeAll(async () => {
  m = await loadIrqMachine();
});

beforeEach(() => {
  m.reset();
  m.initPic();
});

it("delivers an edge once and holds lower priorities back until EOI", () => {
  m.core.irqSetLine(3, 1);
  m.core.irqSetLine(4, 1);
  expect(m.take()).toEqual([0x0b]);
  out(0x20, 0x20);
  expect(m.take()).toEqual([0x0c]);
  out(0x20, 0x20);
  expect(m.take()).toEqual([]);
});

it("lets a higher priority interrupt a lower one in service", () => {
  m.pulse(5);
  expect(m.take()).toEqual([0x0d]);
  m.pulse(1);
  expect(m.take()).toEqual([0x09]);
  out(0x20, 0x0b);
  expect(inb(0x20)).toBe(0x22);
  out(0x20, 0x20);
  expect(inb(0x20)).toBe(0x20);
});

it("delivers the slave through line 2 and needs an EOI at both", () => {
  m.pulse(8);
  m.pulse(12);
  expect(m.take()).toEqual([0x70]);
  out(0xa0, 0x20);
  expect(m.take()).toEqual([]);
  out(0x20, 0x20);
  expect(m.take()).toEqual([0x74]);
});

it("keeps requests of masked lines in IRR", () => {
  out(0x21, 0x08);
  m.pulse(3);
  expect(m.take()).toEqual([]);
  out(0x20, 0x0a);
  expect(inb(0x20)).toBe(0x08);
  expect(inb(0x21)).toBe(0x08);
  out(0x21, 0x00);
  expect(m.take()).toEqual([0x0b]);
});

it("repeats a level-triggered request until the line falls", () => {
  out(0x4d1, 0xff);
  expect(inb(0x4d1)).toBe(0xde);
  out(0x4d0, 0xff);
  expect(inb(0x4d0)).toBe(0xf8);
  m.core.irqSetLine(11, 1);
  expect(m.take()).toEqual([0x73]);
  out(0xa0, 0x20);
  out(0x20, 0x20);
  expect(m.take()).toEqual([0x73]);
  m.core.irqSetLine(11, 0);
  out(0xa0, 0x20);
  out(0x20, 0x20);
  expect(m.take()).toEqual([]);
});

it("answers an acknowledge without request with IRQ 7 and sets no ISR bit", () => {
  out(0x4d0, 0x20);
  m.core.irqSetLine(5, 1);
  expect(m.core.pending(0)).toBe(1);
  m.core.irqSetLine(5, 0);
  expect(m.core.pending(0)).toBe(0);
  out(0x20, 0x0c); // poll: nothing
  expect(inb(0x20)).toBe(0);
  out(0x20, 0x0b);
  expect(inb(0x20)).toBe(0);
});

it("rotates priorities on EOI and by command", () => {
  m.pulse(3);
  expect(m.take()).toEqual([0x0b]);
  out(0x20, 0xa0); // rotate on non-specific EOI: 3 is now lowest, 4 highest
  m.core.irqSetLine(3, 1);
  m.core.irqSetLine(4, 1);
  m.core.irqSetLine(1, 1);
  expect(m.take()).toEqual([0x0c]);
  out(0x20, 0x20);
  expect(m.take()).toEqual([0x09]);
  out(0x20, 0x20);
  expect(m.take()).toEqual([0x0b]);
  out(0x20, 0x20);
  out(0x20, 0xc0 | 5); // set priority: 5 lowest, 6 highest
  m.pulse(0);
  m.pulse(6);
  expect(m.take()).toEqual([0x0e]);
});

it("serves lower priorities in special mask mode while the served line is masked", () => {
  m.pulse(1);
  expect(m.take()).toEqual([0x09]);
  m.pulse(6);
  expect(m.take()).toEqual([]);
  out(0x21, 0x02);
  out(0x20, 0x68);
  expect(m.take()).toEqual([0x0e]);
});

it("ends interrupts by itself in automatic EOI mode, rotating when asked", () => {
  out(0x20, 0x11);
  out(0x21, 0x08);
  out(0x21, 4);
  out(0x21, 3);
  m.pulse(2);
  m.pulse(4);
  m.pulse(5);
  expect(m.take()).toEqual([0x0c, 0x0d]);
  out(0x20, 0x80);
  m.pulse(0);
  expect(m.take()).toEqual([0x08]);
  m.pulse(0);
  m.pulse(7);
  expect(m.take()).toEqual([0x0f, 0x08]);
});

it("polls: the read acknowledges and names the line", () => {
  m.pulse(6);
  out(0x20, 0x0c);
  expect(inb(0x20)).toBe(0x86);
  out(0x20, 0x0b);
  expect(inb(0x20)).toBe(0x40);
});

it("forgets edges and masks at ICW1, not asserted levels", () => {
  out(0x4d0, 0x20);
  m.pulse(3);
  m.core.irqSetLine(5, 1);
  out(0x21, 0xff);
  m.initPic();
  expect(m.take()).toEqual([0x0d]);
});

it("wakes the boot processor once per rise of INTR", () => {
  m.pulse(3);
  m.pulse(4);
  expect(m.woken).toEqual([0]);
  expect(m.core.pendingBits(0)).toBe(1);
});

it("reaches the processor only through an unmasked ExtINT LINT0, or directly without local APIC", () => {
  m.setLapic(0x350, 0x1_0700);
  m.pulse(3);
  expect(m.core.pending(0)).toBe(0);
  m.core.clearPending(0);
  m.setLapic(0x350, 0x700);
  expect(m.core.pendingBits(0)).toBe(1);
  expect(m.take()).toEqual([0x0b]);
  m.setLapic(0x350, 0x1_0700);
  m.pulse(1);
  expect(m.core.pending(0)).toBe(0);
  expect(m.core.apicBase(0, 0xfee0_0100)).toBe(1);
  expect(m.take()).toEqual([0x09]);
});
