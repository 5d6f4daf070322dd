/** The local APIC against SDM vol. 3 chapter 10. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { APIC, type IrqMachine, loadIrqMachine } from "../../test/irqchip";

const ICR = 0x300;
const TIMER = 0x320;
const INITIAL = 0x380;
const CURRENT = 0x390;
const DIVIDE = 0x3e0;
const MASK = 0x1_0000;
const PERIODIC = 0x2_0000;
const DEADLINE = 0x4_0000;

let m: IrqMachine;

beforeAll(async () => {
  m = await loadIrqMachine();
});

beforeEach(() => {
  m.reset(4);
});

const msi = (vector: number, id = 0) => m.core.msi(APIC | (id << 12), vector);

it("comes up disabled by software, all entries masked, LINT0 of the boot processor as ExtINT", () => {
  m.core.reset(2, 1_000_000);
  expect(m.lapic(0x20)).toBe(0);
  expect(m.lapic(0x20, 1)).toBe(1 << 24);
  expect(m.lapic(0x30)).toBe(0x0005_0014);
  expect(m.lapic(0xe0)).toBe(0xffff_ffff);
  expect(m.lapic(0xf0)).toBe(0xff);
  expect(m.lapic(0x350)).toBe(0x700);
  expect(m.lapic(0x350, 1)).toBe(MASK);
  expect([TIMER, 0x330, 0x340, 0x360, 0x370].map((r) => m.lapic(r))).toEqual(Array(5).fill(MASK));
  msi(0x40);
  expect(m.core.pending(0)).toBe(0);
});

it("dispenses by priority class and blocks the class in service", () => {
  msi(0x41);
  msi(0x52);
  msi(0x58);
  expect(m.take()).toEqual([0x58]);
  expect(m.lapic(0xa0)).toBe(0x50);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([0x52]);
  m.setLapic(0xb0, 0);
  expect(m.take()).toEqual([0x41]);
  expect(m.lapic(0x120)).toBe(1 << 1);
});

it("nests a higher class over the one in service", () => {
  msi(0x41);
  expect(m.take()).toEqual([0x41]);
  msi(0x61);
  expect(m.take()).toEqual([0x61]);
  expect(m.lapic(0xa0)).toBe(0x60);
  m.setLapic(0xb0, 0);
  expect(m.lapic(0xa0)).toBe(0x40);
});

it("flags the processor again at EOI and at a lowered TPR", () => {
  msi(0x51);
  msi(0x41);
  expect(m.core.ack(0)).toBe(0x51);
  m.core.clearPending(0);
  m.setLapic(0xb0, 0);
  expect(m.core.pendingBits(0)).toBe(1);
  m.core.tpr(0, 0x50);
  expect(m.core.cr8(0)).toBe(5);
  expect(m.lapic(0x80)).toBe(0x50);
  m.core.clearPending(0);
  expect(m.core.pending(0)).toBe(0);
  m.setLapic(0x80, 0x30);
  expect(m.core.cr8(0)).toBe(3);
  expect(m.core.pendingBits(0)).toBe(1);
  expect(m.take()).toEqual([0x41]);
});

it("wakes the receiver once per new request", () => {
  msi(0x41, 2);
  msi(0x41, 2);
  msi(0x42, 2);
  expect(m.woken).toEqual([2, 2]);
});

it("records illegal vectors and raises LVT error", () => {
  m.setLapic(0x370, 0xfe);
  msi(0x0f);
  expect(m.take()).toEqual([0xfe]);
  m.setLapic(0x280, 0);
  expect(m.lapic(0x280)).toBe(0x40);
  m.setLapic(ICR, 0x0_4005);
  m.setLapic(0x280, 0);
  expect(m.lapic(0x280)).toBe(0x20);
  m.setLapic(0x280, 0);
  expect(m.lapic(0x280)).toBe(0);
});

it("masks all local entries while disabled by software and refuses to unmask them", () => {
  m.setLapic(TIMER, 0x40);
  m.setLapic(0xf0, 0xff);
  expect(m.lapic(TIMER)).toBe(0x40 | MASK);
  m.setLapic(TIMER, 0x41);
  expect(m.lapic(TIMER)).toBe(0x41 | MASK);
});

it.each([
  ["one processor", 0x0000_4040, 2 << 24, [2]],
  ["itself", 0x0004_4040, 0, [0]],
  ["all", 0x0008_4040, 0, [0, 1, 2, 3]],
  ["all but itself", 0x000c_4040, 0, [1, 2, 3]],
  ["a physical broadcast", 0x0000_4040, 0xff << 24, [0, 1, 2, 3]],
])("sends an IPI to %s", (_, low, high, receivers) => {
  m.setLapic(0x310, high);
  m.setLapic(ICR, low);
  expect([0, 1, 2, 3].filter((id) => m.core.pending(id))).toEqual(receivers);
  for (const id of receivers) expect(m.take(id)).toEqual([0x40]);
});

it("matches logical destinations in the flat and the cluster model", () => {
  for (let id = 0; id < 4; id++) m.setLapic(0xd0, (1 << id) << 24, id);
  m.setLapic(0x310, 0x0a << 24);
  m.setLapic(ICR, 0x4840);
  expect([0, 1, 2, 3].filter((id) => m.take(id).length)).toEqual([1, 3]);
  for (let id = 0; id < 4; id++) {
    m.setLapic(0xe0, 0, id);
    m.setLapic(0xd0, (((id >> 1) << 4) | (1 << (id & 1))) << 24, id);
    m.setLapic(0xb0, 0, id);
  }
  m.setLapic(0x310, 0x12 << 24);
  m.setLapic(ICR, 0x4840);
  expect([0, 1, 2, 3].filter((id) => m.take(id).length)).toEqual([3]);
});

it("sends NMI, INIT and SIPI, and ignores the INIT de-assert", () => {
  m.setLapic(0x310, 1 << 24);
  m.setLapic(ICR, 0x4400);
  expect(m.core.pendingBits(1)).toBe(0x02);
  m.setLapic(ICR, 0xc500);
  expect(m.core.pendingBits(1)).toBe(0x0a);
  m.core.clearPending(1);
  m.setLapic(ICR, 0x8500);
  expect(m.core.pendingBits(1)).toBe(0);
  m.setLapic(ICR, 0x469f);
  expect(m.core.pendingBits(1)).toBe(0x10);
  expect(m.core.sipiVector(1)).toBe(0x9f);
});

it("delivers the NMI button through LINT1", () => {
  m.core.irqNmi();
  expect(m.core.pendingBits(0)).toBe(0);
  m.setLapic(0x360, 0x400);
  m.core.irqNmi();
  expect(m.core.pendingBits(0)).toBe(2);
});

it("honours the redirection hint of an MSI: one receiver", () => {
  for (let id = 0; id < 4; id++) m.setLapic(0xd0, (1 << id) << 24, id);
  m.setLapic(0x80, 0x90, 0);
  m.core.msi(APIC | (0x0f << 12) | 0xc, 0xa0);
  expect([0, 1, 2, 3].map((id) => m.take(id).length)).toEqual([0, 1, 0, 0]);
});

it("counts a one-shot timer down and fires it once", () => {
  m.setLapic(DIVIDE, 0xb); // by 1: 100 MHz
  m.setLapic(TIMER, 0x40);
  m.at(1000);
  m.setLapic(INITIAL, 1000);
  const started = m.core.nextTimer(0) - 10_000;
  m.at(started + 5000);
  expect(m.lapic(CURRENT)).toBeGreaterThan(490);
  expect(m.lapic(CURRENT)).toBeLessThanOrEqual(500);
  m.pollAt(started + 9999);
  expect(m.take()).toEqual([]);
  m.pollAt(started + 10_000);
  expect(m.take()).toEqual([0x40]);
  expect(m.lapic(CURRENT)).toBe(0);
  expect(m.core.nextTimer(0)).toBe(Number.POSITIVE_INFINITY);
});

it("divides by every value of the divide configuration register", () => {
  const periods = [0, 1, 2, 3, 8, 9, 10, 11].map((code) => {
    m.setLapic(INITIAL, 0);
    m.setLapic(DIVIDE, code);
    m.at(1_000_000);
    m.setLapic(INITIAL, 1000);
    return Math.round((m.core.nextTimer(0) - 1_000_000) / 10_000);
  });
  expect(periods).toEqual([2, 4, 8, 16, 32, 64, 128, 1]);
});

it("reloads a periodic timer and makes one interrupt of many missed periods", () => {
  m.setLapic(DIVIDE, 0xb);
  m.setLapic(TIMER, 0x40 | PERIODIC);
  m.setLapic(INITIAL, 100_000); // 1 ms
  const first = m.core.nextTimer(0);
  m.pollAt(first);
  expect(m.take()).toEqual([0x40]);
  m.setLapic(0xb0, 0);
  m.pollAt(first + 50_500_000);
  expect(m.take()).toEqual([0x40]);
  m.setLapic(0xb0, 0);
  m.pollAt(first + 50_600_000);
  expect(m.take()).toEqual([]);
  expect(m.core.nextTimer(0)).toBe(first + 51_000_000);
});

it("keeps a one-shot count that has run out at zero when the mode becomes periodic", () => {
  m.setLapic(DIVIDE, 0xb);
  m.setLapic(TIMER, 0x40);
  m.setLapic(INITIAL, 1000);
  m.at(m.core.nextTimer(0) + 5_000);
  expect(m.lapic(CURRENT)).toBe(0);
  m.setLapic(TIMER, 0x41 | PERIODIC);
  expect(m.lapic(CURRENT)).toBe(0);
  expect(m.take()).toEqual([0x40]);
});

it("does not interrupt while the timer is masked", () => {
  m.setLapic(DIVIDE, 0xb);
  m.setLapic(TIMER, 0x40 | MASK);
  m.setLapic(INITIAL, 100);
  m.pollAt(1e6);
  expect(m.take()).toEqual([]);
});

it("fires at the TSC deadline, then reads as 0", () => {
  m.setLapic(TIMER, 0x40 | DEADLINE);
  m.core.tscDeadline(0, 5_000_000);
  expect(m.core.deadlineMsr(0)).toBe(5_000_000);
  expect(m.core.nextTimer(0)).toBe(5_000_000);
  m.pollAt(4_999_999);
  expect(m.take()).toEqual([]);
  m.pollAt(5_000_000);
  expect(m.take()).toEqual([0x40]);
  expect(m.core.deadlineMsr(0)).toBe(0);
});

it("fires a deadline in the past at once", () => {
  m.at(1e6);
  m.setLapic(TIMER, 0x40 | DEADLINE);
  m.core.tscDeadline(0, 1000);
  expect(m.take()).toEqual([0x40]);
});

it("ignores the deadline outside its mode and disarms when the mode changes", () => {
  m.core.tscDeadline(0, 5_000_000);
  expect(m.core.deadlineMsr(0)).toBe(0);
  m.setLapic(TIMER, 0x40 | DEADLINE);
  m.core.tscDeadline(0, 5_000_000);
  m.setLapic(TIMER, 0x40);
  expect(m.core.nextTimer(0)).toBe(Number.POSITIVE_INFINITY);
});

it("moves an armed deadline with the TSC", () => {
  m.setLapic(TIMER, 0x40 | DEADLINE);
  m.core.tscDeadline(0, 5_000_000);
  m.at(1_000_000);
  m.core.setTsc(0, 4_000_000);
  expect(Math.abs(m.core.nextTimer(0) - 2_000_000)).toBeLessThan(1000);
});

it("allows only the mode changes of figure 10-27", () => {
  const base = 0xfee0_0000;
  const sequence: [number, number][] = [
    [base | 0x500, 0], // x2APIC without enable
    [base | 0xd00, 1], // xAPIC -> x2APIC
    [base | 0x900, 0], // x2APIC -> xAPIC
    [base | 0x100, 1], // disabled
    [base | 0xd00, 0], // disabled -> x2APIC
    [base | 0x900, 1],
    [base | 0x901, 0], // reserved bit
  ];
  expect(sequence.map(([value]) => m.core.apicBase(0, value))).toEqual(
    sequence.map(([, ok]) => ok),
  );
});

it("answers at the base the MSR names, and not at all in x2APIC mode", () => {
  m.core.apicBase(0, 0xd000_0900);
  expect(m.core.ownsMmio(0, APIC)).toBe(0);
  expect(m.core.ownsMmio(0, 0xd000_0030)).toBe(1);
  m.core.apicBase(0, APIC | 0xd00);
  expect(m.core.ownsMmio(0, APIC)).toBe(0);
});

it("has x2APIC registers with their own identifiers and checks", () => {
  expect(m.core.x2Readable(3, 0x02)).toBe(0);
  m.core.apicBase(3, APIC | 0xc00);
  expect(m.core.x2Read(3, 0x02)).toBe(3);
  expect(m.core.x2Read(3, 0x0d)).toBe(8);
  expect([0x0b, 0x0e, 0x31, 0x3f, 0x40].map((r) => m.core.x2Readable(3, r))).toEqual([
    0, 0, 0, 0, 0,
  ]);
  expect(m.core.x2Write(3, 0x0b, 1, 0)).toBe(0);
  expect(m.core.x2Write(3, 0x0b, 0, 0)).toBe(1);
  expect(m.core.x2Write(3, 0x08, 0x100, 0)).toBe(0);
  expect(m.core.x2Write(3, 0x28, 1, 0)).toBe(0);
  expect(m.core.x2Write(3, 0x0d, 1, 0)).toBe(0);
});

it("sends x2APIC IPIs in one write, to itself by SELF IPI", () => {
  for (let id = 0; id < 4; id++) m.core.apicBase(id, APIC | 0xc00 | (id ? 0 : 0x100));
  m.core.x2Write(0, 0x30, 0x4040, 2);
  m.core.x2Write(0, 0x30, 0x4841, 0x0000_000a);
  m.core.x2Write(0, 0x3f, 0x42, 0);
  m.core.x2Write(0, 0x30, 0x4043, 0xff); // not a broadcast in 32 bits
  expect([0, 1, 2, 3].map((id) => m.take(id))).toEqual([[0x42], [0x41], [0x40], [0x41]]);
});

it("reads the TSC as guest nanoseconds at its frequency, never backwards", () => {
  m.at(1_000_000_000);
  const first = m.core.tsc(0);
  expect(first).toBe(1_000_000_000);
  let last = first;
  for (let i = 0; i < 1000; i++) {
    const next = m.core.tsc(0);
    expect(next).toBeGreaterThan(last);
    last = next;
  }
  m.core.setTsc(0, 5);
  expect(m.core.tsc(0)).toBeLessThan(2000);
});
