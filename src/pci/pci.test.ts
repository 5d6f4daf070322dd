import { beforeEach, expect, test } from "vitest";
import type { AddressMap, IoHandler, Registration } from "../memory/address-map";
import {
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_MEMORY,
  PCI_STATUS,
  PCI_STATUS_INTERRUPT,
} from "./config-space";
import { PciFunction } from "./function";
import { PciRoot } from "./root";

interface Mapped {
  base: number;
  len: number;
  handler: IoHandler;
}

/** The board of these tests: records what is mapped and what interrupts fire. */
class Board implements AddressMap {
  portMap: Mapped[] = [];
  mmioMap: Mapped[] = [];
  intx: string[] = [];
  msis: [number, number][] = [];
  readonly root: PciRoot;

  constructor() {
    const line = { set: () => {} };
    const irq = {
      line: () => line,
      msi: (address: number, data: number) => void this.msis.push([address, data]),
    };
    this.root = new PciRoot(this, irq, (slot, pin, isAsserted) => {
      this.intx.push(`${slot}${"ABCD"[pin]}${isAsserted ? "+" : "-"}`);
    });
  }
  ports(base: number, len: number, handler: IoHandler): Registration {
    return this.add(this.portMap, { base, len, handler });
  }
  mmio(base: number, len: number, handler: IoHandler): Registration {
    return this.add(this.mmioMap, { base, len, handler });
  }
  publishPort(): void {}
  private add(list: Mapped[], entry: Mapped): Registration {
    list.push(entry);
    return { remove: () => void list.splice(list.indexOf(entry), 1) };
  }

  config(slot: number, register: number): void {
    this.portMap[0].handler.write(0, 4, 0x8000_0000 | (slot << 11) | (register & 0xfc));
  }
  read(slot: number, register: number, size: 1 | 2 | 4 = 4): number {
    this.config(slot, register);
    return this.portMap[1].handler.read(register & 3, size);
  }
  write(slot: number, register: number, value: number, size: 1 | 2 | 4 = 4): void {
    this.config(slot, register);
    this.portMap[1].handler.write(register & 3, size, value);
  }
}

let board: Board;
const registers: IoHandler = { read: (offset) => offset, write: () => {} };

beforeEach(() => {
  board = new Board();
});

function attach(build: (fn: PciFunction) => void): PciFunction {
  const fn = new PciFunction({
    name: "test",
    vendor: 0x1234,
    device: 0x5678,
    classCode: 0x010601,
    interruptPin: 1,
  });
  build(fn);
  board.root.attach(fn, 3);
  return fn;
}

test("identity reads back, and an empty slot reads as ones", () => {
  attach(() => {});
  expect(board.read(3, 0)).toBe(0x5678_1234);
  expect(board.read(3, 8)).toBe(0x0106_0100);
  expect(board.read(3, 0x0b, 1)).toBe(1);
  expect(board.read(4, 0)).toBe(0xffff_ffff);
});

test("an address without the enable bit selects nobody", () => {
  attach(() => {});
  board.portMap[0].handler.write(0, 4, 3 << 11);
  expect(board.portMap[1].handler.read(0, 4)).toBe(0xffff_ffff);
});

test("MMCONFIG reaches the same registers, and reads ones above 256 bytes of a conventional function", () => {
  attach(() => {});
  board.root.setMmconfig(0xb000_0000, 0x1000_0000);
  const { handler } = board.mmioMap[0];
  expect(handler.read(3 << 15, 4)).toBe(0x5678_1234);
  expect(handler.read((3 << 15) | 0x100, 4)).toBe(0xffff_ffff);
  expect(handler.read((1 << 20) | (3 << 15), 4)).toBe(0xffff_ffff);
});

test("writing ones to a memory BAR tells its size and kind", () => {
  attach((fn) =>
    fn.addBar(0, { kind: "mem32", size: 0x2000, isPrefetchable: true, handler: registers }),
  );
  board.write(3, 0x10, 0xffff_ffff);
  expect(board.read(3, 0x10)).toBe(0xffff_e008);
});

test("writing ones to a 64-bit BAR tells its size over both halves", () => {
  attach((fn) => fn.addBar(2, { kind: "mem64", size: 0x4000, handler: registers }));
  board.write(3, 0x18, 0xffff_ffff);
  board.write(3, 0x1c, 0xffff_ffff);
  expect(board.read(3, 0x18)).toBe(0xffff_c004);
  expect(board.read(3, 0x1c)).toBe(0xffff_ffff);
});

test("writing ones to an I/O BAR tells its size", () => {
  attach((fn) => fn.addBar(4, { kind: "io", size: 32, handler: registers }));
  board.write(3, 0x20, 0xffff_ffff);
  expect(board.read(3, 0x20)).toBe(0xffff_ffe1);
});

test("a BAR is mapped while memory decoding is on, and follows its address", () => {
  const bases: (number | undefined)[] = [];
  attach((fn) =>
    fn.addBar(0, {
      kind: "mem32",
      size: 0x1000,
      handler: registers,
      onMap: (base) => bases.push(base),
    }),
  );
  board.write(3, 0x10, 0xfebf_0000);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  board.write(3, 0x10, 0xfebf_1000);
  expect(board.mmioMap.map(({ base }) => base)).toEqual([0xfebf_1000]);
  board.write(3, PCI_COMMAND, 0, 2);
  expect(board.mmioMap).toEqual([]);
  expect(bases).toEqual([0xfebf_0000, 0xfebf_1000, undefined]);
});

test("sizing with decoding on does not leave a region at the top of memory", () => {
  attach((fn) => fn.addBar(0, { kind: "mem32", size: 0x1000, handler: registers }));
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  board.write(3, 0x10, 0xffff_ffff);
  expect(board.mmioMap).toEqual([]);
});

test("a 64-bit BAR above 4 GiB is mapped there", () => {
  attach((fn) => fn.addBar(0, { kind: "mem64", size: 0x1000, handler: registers }));
  board.write(3, 0x14, 0x38);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  expect(board.mmioMap[0].base).toBe(0x38_0000_0000);
});

test("the expansion ROM shows its image only when enabled in both places", () => {
  attach((fn) => fn.addRom(new Uint8Array([0x55, 0xaa, 4])));
  board.write(3, 0x30, 0xffff_fffe);
  expect(board.read(3, 0x30)).toBe(0xffff_f800);
  board.write(3, 0x30, 0xfea0_0001);
  expect(board.mmioMap).toEqual([]);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  expect(board.mmioMap[0].handler.read(0, 4)).toBe(0xff04_aa55);
});

test("INTx follows the device, shows in status, and is held off by the disable bit", () => {
  const fn = attach(() => {});
  fn.setInterrupt(true);
  expect(board.read(3, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT).toBe(PCI_STATUS_INTERRUPT);
  board.write(3, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
  board.write(3, PCI_COMMAND, 0, 2);
  fn.setInterrupt(false);
  expect(board.intx).toEqual(["3A+", "3A-", "3A+", "3A-"]);
});

test("with MSI on, a rising edge is one message and the line stays low", () => {
  const fn = attach((it) => it.addMsi(0x80));
  expect(board.read(3, 0x34, 1)).toBe(0x80);
  board.write(3, 0x84, 0xfee0_1000);
  board.write(3, 0x8c, 0x4031, 2);
  board.write(3, 0x82, 1, 2);
  fn.setInterrupt(true);
  fn.setInterrupt(true);
  expect(board.msis).toEqual([[0xfee0_1000, 0x4031]]);
  expect(board.intx).toEqual([]);
});

test("an MSI-X vector goes out as its table entry says, and a masked one waits", () => {
  const fn = attach((it) => it.addMsix({ vectors: 2, bar: 1 }));
  board.write(3, 0x14, 0xfebf_0000);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  const { handler } = board.mmioMap[0];
  handler.write(16, 4, 0xfee0_0000);
  handler.write(24, 4, 0x55);
  board.write(3, 0x42, 0x8000, 2);
  fn.signal(1);
  expect(board.msis).toEqual([]);
  expect(handler.read(0x800, 4)).toBe(2);
  handler.write(28, 4, 0);
  expect(board.msis).toEqual([[0xfee0_0000, 0x55]]);
  expect(handler.read(0x800, 4)).toBe(0);
});

test("the MSI-X function mask holds all vectors back until it goes", () => {
  const fn = attach((it) => it.addMsix({ vectors: 1, bar: 1 }));
  board.write(3, 0x14, 0xfebf_0000);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  board.mmioMap[0].handler.write(12, 4, 0);
  board.write(3, 0x42, 0xc000, 2);
  fn.signal(0);
  expect(board.msis.length).toBe(0);
  board.write(3, 0x42, 0x8000, 2);
  expect(board.msis.length).toBe(1);
});

test("reset unmaps regions, disables messages and lowers the line", () => {
  const fn = attach((it) => {
    it.addBar(0, { kind: "mem32", size: 0x1000, handler: registers });
    it.addMsi();
  });
  board.write(3, 0x10, 0xfebf_0000);
  board.write(3, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
  fn.setInterrupt(true);
  fn.reset();
  expect(board.mmioMap).toEqual([]);
  expect(board.read(3, 0x10)).toBe(0);
  expect(board.read(3, 0)).toBe(0x5678_1234);
  expect(board.intx).toEqual(["3A+", "3A-"]);
});

test("two functions in one slot are refused in one sentence", () => {
  attach(() => {});
  expect(() => attach(() => {})).toThrow("slot 3.0 is taken by test");
});
