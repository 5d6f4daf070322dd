import { beforeEach, expect, test } from "vitest";
import {
  CODE_MAP,
  Cpu,
  LOW_MAP_READ,
  LOW_MAP_VGA,
  LOW_MAP_WRITE,
  MACHINE,
  MACHINE_DMA_CODE,
  MACHINE_REGIONS,
  Machine,
  MmioRegion,
  PENDING_CODE,
  PENDING_FLUSH,
  PORT_CLASS,
  PORT_CLASS_CORE,
  PORT_CLASS_NONE,
  PORT_CLASS_POSTED,
  PORT_CLASS_SHADOW,
  PORT_CLASS_SYNC,
  PORT_SHADOW,
  RAM,
  ROM,
  ROM_SIZE,
  VCPU,
} from "../shared/layout";
import { type SharedMemory, sharedMemory } from "../shared/shared-memory";
import type { IoHandler } from "./address-map";
import { IoMap } from "./io-map";
import { PhysicalMap } from "./physical-map";
import { Ram } from "./ram";

const RAM_LOW = 0x20_0000;
const RAM_HIGH = 0x10_0000;
const HIGH = 0x1_0000_0000;
const PENDING = (VCPU + Cpu.pending) >> 2;

let memory: SharedMemory;
let ram: Ram;
let physical: PhysicalMap;
let map: IoMap;

beforeEach(() => {
  memory = sharedMemory(new SharedArrayBuffer(RAM + RAM_LOW + RAM_HIGH));
  memory.u32[(MACHINE + Machine.ramLow) >> 2] = RAM_LOW;
  memory.u32[(MACHINE + Machine.ramHigh) >> 2] = RAM_HIGH;
  memory.u32[(MACHINE + Machine.vcpuCount) >> 2] = 1;
  ram = new Ram(memory);
  physical = new PhysicalMap(memory);
  map = new IoMap(memory, physical);
});

/** Answers reads with base + offset and notes accesses. */
function device(tag = 0): IoHandler & { log: string[] } {
  const log: string[] = [];
  return {
    log,
    read: (offset, size) => {
      log.push(`r${offset}.${size}`);
      return tag + offset;
    },
    write: (offset, size, value) => log.push(`w${offset}.${size}=${value.toString(16)}`),
  };
}

const lowSlot = (gpa: number) =>
  memory.u32[(MACHINE + Machine.lowMapFirst + ((gpa >> 14) << 2)) >> 2];

test("RAM above 4 GiB lies behind the low part", () => {
  ram.write32(HIGH + 8, 0x1234_5678);
  expect(memory.view.getUint32(RAM + RAM_LOW + 8, true)).toBe(0x1234_5678);
  expect(ram.read32(HIGH + 8)).toBe(0x1234_5678);
});

test("reads outside RAM give ones and say so", () => {
  const bytes = new Uint8Array(4);
  expect(ram.read(RAM_LOW - 2, bytes)).toBe(false);
  expect([...bytes]).toEqual([0, 0, 0xff, 0xff]);
  expect(ram.read32(RAM_LOW)).toBe(0xffff_ffff);
  expect(ram.read64(HIGH + RAM_HIGH - 4)).toBe(0xffff_ffff_ffff_ffffn);
});

test("a write across the end of RAM keeps what fits and touches nothing else", () => {
  expect(ram.write(RAM_LOW - 1, new Uint8Array([7, 8]))).toBe(false);
  expect(ram.read8(RAM_LOW - 1)).toBe(7);
  expect(ram.read8(HIGH)).toBe(0);
});

test("a range that begins below the high part keeps what lies in it", () => {
  const bytes = new Uint8Array(16);
  expect(ram.write(HIGH - 8, bytes.fill(5))).toBe(false);
  expect([ram.read8(HIGH), ram.read8(HIGH + 7), ram.read8(HIGH + 8)]).toEqual([5, 5, 0]);
  expect(ram.read(HIGH - 8, bytes)).toBe(false);
  expect([...bytes]).toEqual([...Array(8).fill(0xff), ...Array(8).fill(5)]);
});

test("a view crosses neither the end of RAM nor the hole", () => {
  expect(ram.view(RAM_LOW - 1, 2)).toBeUndefined();
  expect(ram.view(-1, 1)).toBeUndefined();
  expect(ram.view(HIGH - 1, 2)).toBeUndefined();
  expect(ram.view(RAM_LOW - 2, 2)?.length).toBe(2);
});

test("a write into a granule with decoded code is reported", () => {
  const page = (RAM + 0x3000) >> 12;
  memory.u32[(CODE_MAP >> 2) + page] = 1 << 2;
  ram.write(0x3000 + 2 * 128 + 127, new Uint8Array(1));
  expect(memory.u32[(MACHINE + Machine.dmaCodeHead) >> 2]).toBe(1);
  expect(memory.u32[(MACHINE + MACHINE_DMA_CODE) >> 2]).toBe(page);
  expect(memory.u32[PENDING] & PENDING_CODE).toBe(PENDING_CODE);
});

test("a write beside the granules with decoded code is not reported", () => {
  memory.u32[(CODE_MAP >> 2) + ((RAM + 0x3000) >> 12)] = 1 << 2;
  ram.write(0x3000, new Uint8Array(256));
  ram.write(0x3000 + 3 * 128, new Uint8Array(4096 - 3 * 128));
  expect(memory.u32[(MACHINE + Machine.dmaCodeHead) >> 2]).toBe(0);
  expect(memory.u32[PENDING]).toBe(0);
});

test("a long write reports every page it hits", () => {
  for (const page of [1, 2, 3]) memory.i32[(CODE_MAP >> 2) + (RAM >> 12) + page] = -1;
  ram.write(0x1fff, new Uint8Array(0x1002));
  const ring = memory.u32.subarray((MACHINE + MACHINE_DMA_CODE) >> 2);
  expect([...ring.subarray(0, 4)]).toEqual([(RAM >> 12) + 1, (RAM >> 12) + 2, (RAM >> 12) + 3, 0]);
});

test("after reset the ROM area reads the ROM and the VGA window is the VGA's", () => {
  physical.setRom(new Uint8Array(0x4_0000).fill(0x90));
  physical.resetLowMap();
  expect(lowSlot(0)).toBe(RAM | LOW_MAP_READ | LOW_MAP_WRITE);
  expect(lowSlot(0xb_8000)).toBe(LOW_MAP_VGA);
  expect(lowSlot(0xf_c000)).toBe((ROM + ROM_SIZE - 0x4000) | LOW_MAP_READ);
  expect(memory.bytes[lowSlot(0xc_0000) & ~0x3fff]).toBe(0xff);
  expect(memory.u32[PENDING] & PENDING_FLUSH).toBe(PENDING_FLUSH);
});

test("shadowing opens a slot for reads and writes of RAM separately", () => {
  physical.setRom(new Uint8Array(0x4_0000));
  physical.setShadow(0xe_0000, false, true);
  expect(lowSlot(0xe_0000)).toBe((ROM + ROM_SIZE - 0x2_0000) | LOW_MAP_READ | LOW_MAP_WRITE);
  physical.setShadow(0xe_0000, true, false);
  expect(lowSlot(0xe_0000)).toBe((RAM + 0xe_0000) | LOW_MAP_READ);
});

test("port classes follow registrations", () => {
  const cls = (port: number) => memory.bytes[PORT_CLASS + port];
  map.corePorts(0x20, 2);
  const uart = map.ports(0x3f8, 8, device(), { posted: true });
  map.ports(0x70, 2, device());
  map.publishPort(0x3fd, 0x60);
  expect([cls(0x20), cls(0x22), cls(0x3f8), cls(0x3fd), cls(0x71)]).toEqual([
    PORT_CLASS_CORE,
    PORT_CLASS_NONE,
    PORT_CLASS_POSTED,
    PORT_CLASS_SHADOW,
    PORT_CLASS_SYNC,
  ]);
  expect(memory.bytes[PORT_SHADOW + 0x3fd]).toBe(0x60);
  uart.remove();
  expect(cls(0x3fd)).toBe(PORT_CLASS_NONE);
});

test("two fixed chips at one port are refused", () => {
  map.ports(0x60, 1, device());
  expect(() => map.ports(0x60, 5, device())).toThrow("overlap");
});

test("a BAR over a fixed port answers only when that port is free again", () => {
  const bar = device(0x40);
  const fixed = map.ports(0x3c0, 4, device(0x80));
  map.ports(0x3c0, 8, bar, { isGuestPlaced: true });
  expect(map.portRead(0x3c1, 1)).toBe(0x81);
  expect(map.portRead(0x3c5, 1)).toBe(0x45);
  fixed.remove();
  expect(map.portRead(0x3c1, 1)).toBe(0x41);
});

test("wide port accesses are split lowest first, and reach neighbours", () => {
  const low = device();
  const high = device();
  map.ports(0x100, 2, low);
  map.ports(0x102, 1, high);
  map.portWrite(0x100, 4, 0xddccbbaa);
  expect(low.log).toEqual(["w0.1=aa", "w1.1=bb"]);
  expect(high.log).toEqual(["w0.1=cc"]);
  expect(map.portRead(0x101, 4)).toBe(0xffff_0001);
});

test("an access as wide as the device decodes is not split", () => {
  const handler = device();
  map.ports(0x100, 4, handler, { width: 2 });
  map.portWrite(0x100, 4, 0x1122_3344);
  expect(handler.log).toEqual(["w0.2=3344", "w2.2=1122"]);
});

test("MMIO is found by 64-bit address and published", () => {
  const handler = device(5);
  const base = 0x38_0000_0000;
  const registration = map.mmio(base, 0x1000, handler, { posted: true });
  expect(map.mmioRead(base + 0xffc, 4)).toBe(0x1001);
  const at = MACHINE + MACHINE_REGIONS;
  expect(memory.view.getBigUint64(at + MmioRegion.base, true)).toBe(BigInt(base));
  expect(memory.view.getBigUint64(at + MmioRegion.end, true)).toBe(BigInt(base + 0x1000));
  expect(memory.u32[(at + MmioRegion.posted) >> 2]).toBe(1);
  const generation = physical.generation;
  registration.remove();
  expect(physical.generation).not.toBe(generation);
  expect(memory.u32[(MACHINE + Machine.regionCount) >> 2]).toBe(0);
  expect(map.mmioRead(base, 4)).toBe(0xffff_ffff);
});
