/** The three ways to a device, seen from the device's end of the mailbox and the ring. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import {
  LOW_MAP_VGA,
  MACHINE,
  MACHINE_REGIONS,
  MAIL_FLUSH,
  MAIL_REPLY,
  MAIL_REQUEST,
  Machine,
  Mailbox,
  MmioRegion,
  PORT_CLASS,
  PORT_CLASS_NONE,
  PORT_CLASS_POSTED,
  PORT_CLASS_SHADOW,
  PORT_CLASS_SYNC,
  PORT_SHADOW,
  RAM,
  RING_HEAD,
  RING_TAIL,
  RingEntry,
  VCPU,
  VCPU_MAILBOX,
  VCPU_RING,
  VCPU_RING_ENTRIES,
} from "../src/shared/layout";
import { loadSystemCore, type SystemCore } from "../test/system-core";

const BOX = VCPU + VCPU_MAILBOX;
const KINDS = ["", "in", "out", "load", "store"];

let s: SystemCore;
/** What the device side saw, in order. */
let log: string[];
let kicks: number;
let reply: (kind: string, addr: number, size: number) => number;
let flags: number;

function drain() {
  const { view } = s;
  let head = view.getUint32(VCPU + RING_HEAD, true);
  while (head !== view.getUint32(VCPU + RING_TAIL, true)) {
    const entry = VCPU + VCPU_RING + (head % VCPU_RING_ENTRIES) * RingEntry.SIZE;
    const kind = KINDS[view.getUint8(entry + RingEntry.kind)];
    const size = view.getUint8(entry + RingEntry.size);
    const addr = view.getBigUint64(entry + RingEntry.addr, true).toString(16);
    log.push(
      `posted ${kind}${size} ${addr} ${view.getUint32(entry + RingEntry.value, true).toString(16)}`,
    );
    head++;
  }
  view.setUint32(VCPU + RING_HEAD, head, true);
}

function deviceAccess() {
  const { view } = s;
  expect(view.getUint32(BOX + Mailbox.state, true)).toBe(MAIL_REQUEST);
  drain();
  const kind = KINDS[view.getUint32(BOX + Mailbox.kind, true)];
  const size = view.getUint32(BOX + Mailbox.size, true);
  const addr = Number(view.getBigUint64(BOX + Mailbox.addr, true));
  const data = view.getUint32(BOX + Mailbox.data, true);
  const isWrite = kind === "out" || kind === "store";
  log.push(`${kind}${size} ${addr.toString(16)}${isWrite ? ` ${data.toString(16)}` : ""}`);
  view.setBigUint64(BOX + Mailbox.data, BigInt(reply(kind, addr, size)), true);
  view.setUint32(BOX + Mailbox.flags, flags, true);
  view.setUint32(BOX + Mailbox.state, MAIL_REPLY, true);
}

const classOf = (port: number, value: number) => s.view.setUint8(PORT_CLASS + port, value);

function regions(...list: [number, number, number][]) {
  list.forEach(([base, len, posted], i) => {
    const at = MACHINE + MACHINE_REGIONS + i * MmioRegion.SIZE;
    s.view.setBigUint64(at + MmioRegion.base, BigInt(base), true);
    s.view.setBigUint64(at + MmioRegion.end, BigInt(base + len), true);
    s.view.setUint32(at + MmioRegion.posted, posted, true);
  });
  s.view.setUint32(MACHINE + Machine.regionCount, list.length, true);
}

beforeAll(async () => {
  s = await loadSystemCore({ deviceAccess: () => deviceAccess(), deviceKick: () => void kicks++ });
});

beforeEach(() => {
  s.start(64);
  regions();
  drain();
  log = [];
  kicks = 0;
  flags = 0;
  reply = () => 0x1234_5678;
  for (const port of [0x1f0, 0x3f8, 0x3f9, 0xcfc]) classOf(port, PORT_CLASS_NONE);
});

it("answers an unclaimed port with ones and tells nobody", () => {
  expect(s.core.portIn(0x1f0, 1)).toBe(0xff);
  expect(s.core.portIn(0x1f0, 2)).toBe(0xffff);
  expect(s.core.portIn(0x1f0, 4) >>> 0).toBe(0xffff_ffff);
  s.core.portOut(0x1f0, 4, 1);
  expect([log, kicks]).toEqual([[], 0]);
});

it("asks the device worker both ways, with values cut to their size", () => {
  classOf(0xcfc, PORT_CLASS_SYNC);
  expect(s.core.portIn(0xcfc, 4)).toBe(0x1234_5678);
  expect(s.core.portIn(0xcfc, 1)).toBe(0x78);
  s.core.portOut(0xcfc, 2, 0xabcd_ef01);
  expect(log).toEqual(["in4 cfc", "in1 cfc", "out2 cfc ef01"]);
  expect(s.view.getUint32(BOX + Mailbox.state, true)).toBe(0);
});

it("posts writes and wakes the device once, until the ring has been emptied", () => {
  classOf(0x3f8, PORT_CLASS_POSTED);
  s.core.portOut(0x3f8, 1, 0x41);
  s.core.portOut(0x3f8, 1, 0x42);
  expect([log, kicks]).toEqual([[], 1]);
  drain();
  s.core.portOut(0x3f8, 1, 0x43);
  drain();
  expect(log).toEqual(["posted out1 3f8 41", "posted out1 3f8 42", "posted out1 3f8 43"]);
  expect(kicks).toBe(2);
});

it("keeps the order of posted writes and later requests", () => {
  classOf(0x3f8, PORT_CLASS_POSTED);
  s.core.portOut(0x3f8, 1, 0x41);
  s.core.portIn(0x3f8, 1);
  expect(log).toEqual(["posted out1 3f8 41", "in1 3f8"]);
});

it("carries a write out at once when the ring is full", () => {
  classOf(0x3f8, PORT_CLASS_POSTED);
  for (let i = 0; i < VCPU_RING_ENTRIES; i++) s.core.portOut(0x3f8, 1, i & 0xff);
  expect([log.length, kicks]).toEqual([0, 1]);
  s.core.portOut(0x3f8, 1, 0xee);
  expect(log.length).toBe(VCPU_RING_ENTRIES + 1);
  expect(log.at(-2)).toBe("posted out1 3f8 ff");
  expect(log.at(-1)).toBe("out1 3f8 ee");
});

it("reads a shadowed port without asking", () => {
  classOf(0x3f9, PORT_CLASS_SHADOW);
  s.view.setUint8(PORT_SHADOW + 0x3f9, 0x60);
  expect(s.core.portIn(0x3f9, 1)).toBe(0x60);
  s.core.portOut(0x3f9, 1, 1);
  expect([log, kicks]).toEqual([[], 1]);
});

it("answers the interrupt controllers in the core", () => {
  s.core.portOut(0x21, 1, 0xa5);
  expect(s.core.portIn(0x21, 1)).toBe(0xa5);
  expect(s.core.loadMmio(0xfec0_0000, 4)).toBe(0);
  expect(s.core.loadMmio(0xfed0_0000, 8) >>> 0).toBe(0x8086_a201);
  expect(s.core.loadMmioHigh(0xfed0_0000)).toBe(10_000_000);
  expect(s.core.loadMmio(0xfee0_0030, 4)).toBe(0x0005_0014);
  s.core.portOut(0x80, 1, 0x55);
  expect(s.core.portIn(0x80, 1)).toBe(0x55);
  expect(log).toEqual([]);
});

it("gives device memory to its region and nobody's to ones", () => {
  regions([0xe000_0000, 0x1000, 0], [0xe000_1000, 0x1000, 1]);
  reply = (_kind, addr) => addr & 0xffff;
  expect(s.core.loadMmio(0xe000_0ffc, 4)).toBe(0x0ffc);
  s.core.storeMmio(0xe000_0010, 2, 0xdead_beef, 0);
  s.core.storeMmio(0xe000_1004, 4, 0xdead_beef, 0);
  expect(s.core.loadMmio(0xe000_2000, 4) >>> 0).toBe(0xffff_ffff);
  s.core.storeMmio(0xe000_2000, 4, 1, 0);
  drain();
  expect(log).toEqual([
    "load4 e0000ffc",
    "store2 e0000010 beef",
    "posted store4 e0001004 deadbeef",
  ]);
});

it("splits 8-byte accesses, low half first", () => {
  regions([0xe000_0000, 0x1000, 0]);
  reply = (_kind, addr) => (addr & 4 ? 0x2222 : 0x1111);
  expect(s.core.loadMmio(0xe000_0000, 8)).toBe(0x1111);
  expect(s.core.loadMmioHigh(0xe000_0000)).toBe(0x2222);
  log = [];
  s.core.storeMmio(0xe000_0008, 8, 0xaaaa, 0xbbbb);
  expect(log).toEqual(["store4 e0000008 aaaa", "store4 e000000c bbbb"]);
});

it("drops translations when a reply says that the memory map changed", () => {
  classOf(0xcfc, PORT_CLASS_SYNC);
  s.view.setUint8(RAM + 0x13_0000, 1);
  s.view.setUint8(RAM + 0x33_0000, 2);
  expect(s.core.peek(0x13_0000)).toBe(1);
  s.view.setBigUint64(RAM + 0x10_2000, 0x20_0087n, true);
  s.core.portOut(0xcfc, 4, 0);
  expect(s.core.peek(0x13_0000)).toBe(1);
  flags = MAIL_FLUSH;
  s.core.portOut(0xcfc, 4, 0);
  expect(s.core.peek(0x13_0000)).toBe(2);
});

it("asks for a window address only where no VGA window is mapped", () => {
  regions([0xa_0000, 0x2_0000, 0]);
  s.view.setUint32(MACHINE + Machine.lowMapFirst + (0xa_0000 >> 14) * 4, 0, true);
  expect(s.core.loadMmio(0xa_0000, 1)).toBe(0x78);
  s.view.setUint32(MACHINE + Machine.lowMapFirst + (0xa_0000 >> 14) * 4, LOW_MAP_VGA, true);
  s.core.loadMmio(0xa_0000, 1);
  expect(log).toEqual(["load1 a0000"]);
});
