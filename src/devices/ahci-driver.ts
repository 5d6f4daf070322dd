/**
 * The driver's side of the AHCI controller for its tests: a board with a few MiB of RAM, a PCI bus of one
 * function, and the steps of a real driver (find the ABAR, start a port, build command tables, issue,
 * wait). Test support only. Host offsets differ from guest addresses here, as in the real memory, so
 * that mixing them up shows.
 */
import { InlineBackend } from "../block/backend";
import type { BlockNode } from "../block/node";
import type { GuestMemory } from "../memory/guest-memory";
import { Ahci, GHC_HR, GHC_IE, HOST_GHC, HOST_IS } from "./ahci";
import {
  CMD_CR,
  CMD_FRE,
  CMD_ST,
  PORT_CI,
  PORT_CLB,
  PORT_CMD,
  PORT_FB,
  PORT_IE,
  PORT_IS,
  PORT_SACT,
  PORT_SERR,
  PORT_TFD,
} from "./ahci-port";
import { MockBoard } from "./mock-board";

export const ABAR = 0xfeb0_0000;
const HOST_OFFSET = 0x3000;
const RAM_SIZE = 8 * 1024 * 1024;
export const OUTSIDE_RAM = 0x4000_0000;

/** RAM at gpa 0, HOST_OFFSET bytes into a shared buffer. */
export class TestMemory implements GuestMemory {
  readonly ramLow = RAM_SIZE;
  readonly ramHigh = 0;
  readonly host = new Uint8Array(new SharedArrayBuffer(HOST_OFFSET + RAM_SIZE));
  /** Ranges reported as written by DMA. */
  readonly writes: [gpa: number, len: number][] = [];
  private readonly data = new DataView(this.host.buffer, HOST_OFFSET);

  offset(gpa: number, len: number): number {
    return gpa >= 0 && gpa + len <= RAM_SIZE ? gpa + HOST_OFFSET : -1;
  }
  view(gpa: number, len: number): Uint8Array | undefined {
    const offset = this.offset(gpa, len);
    return offset < 0 ? undefined : this.host.subarray(offset, offset + len);
  }
  read(gpa: number, into: Uint8Array): boolean {
    const view = this.view(gpa, into.length);
    into.set(view ?? new Uint8Array(into.length).fill(0xff));
    return view !== undefined;
  }
  write(gpa: number, from: Uint8Array): boolean {
    this.view(gpa, from.length)?.set(from);
    return this.offset(gpa, from.length) >= 0;
  }
  read8 = (gpa: number): number => this.data.getUint8(gpa);
  read16 = (gpa: number): number => this.data.getUint16(gpa, true);
  read32 = (gpa: number): number => this.data.getUint32(gpa, true);
  read64 = (gpa: number): bigint => this.data.getBigUint64(gpa, true);
  write8 = (gpa: number, value: number): void => this.data.setUint8(gpa, value);
  write16 = (gpa: number, value: number): void => this.data.setUint16(gpa, value, true);
  write32 = (gpa: number, value: number): void => this.data.setUint32(gpa, value, true);
  write64 = (gpa: number, value: bigint): void => this.data.setBigUint64(gpa, value, true);
  written(gpa: number, len: number): void {
    this.writes.push([gpa, len]);
  }
}

export interface CommandSpec {
  command: number;
  features?: number;
  lba?: number;
  count?: number;
  device?: number;
  /** Command packet: makes it PACKET. */
  packet?: number[];
  /** [guest address, length] of each descriptor; length 0 is 4 MiB. */
  prdt?: [gpa: number, len: number][];
  isWrite?: boolean;
  /** Control byte of a FIS that is no command. */
  control?: number;
  headerFlags?: number;
}

export interface CommandResult {
  status: number;
  error: number;
  isError: boolean;
  /** Bytes transferred, from the command header. */
  len: number;
}

/** One port as a driver keeps it: command list, received FISes and 32 command tables in guest RAM. */
export class AhciDriver {
  readonly board = new MockBoard();
  readonly memory = new TestMemory();
  readonly nodes = new Map<number, BlockNode>();
  readonly backend = new InlineBackend(this.memory.host, this.nodes);
  readonly ahci = new Ahci({ memory: this.memory, disks: this.backend, map: this.board });
  readonly messages: [address: number, data: number][] = [];
  isLineHigh = false;

  constructor() {
    const irq = {
      line: () => ({ set: () => {} }),
      msi: (address: number, data: number) => void this.messages.push([address, data]),
    };
    const setIntx = (_slot: number, _pin: number, isAsserted: boolean) => {
      this.isLineHigh = isAsserted;
    };
    this.ahci.pci.attach({ map: this.board, irq, setIntx }, 0x1f);
    this.ahci.pci.configWrite(0x24, 4, ABAR);
    this.ahci.pci.configWrite(0x04, 2, 0x0006); // memory space, bus master
  }

  reg(offset: number): number {
    return this.board.load(ABAR + offset, 4);
  }
  setReg(offset: number, value: number): void {
    this.board.store(ABAR + offset, value >>> 0, 4);
  }
  port(port: number, register: number): number {
    return this.reg(0x100 + port * 0x80 + register);
  }
  setPort(port: number, register: number, value: number): void {
    this.setReg(0x100 + port * 0x80 + register, value);
  }

  list(port: number): number {
    return 0x10_0000 + port * 0x1_0000;
  }
  fis(port: number): number {
    return this.list(port) + 0x400;
  }
  table(port: number, slot: number): number {
    return this.list(port) + 0x1000 + slot * 0x400;
  }

  /** Resets the controller, enables its interrupts and starts the ports given. */
  start(...ports: number[]): void {
    this.setReg(HOST_GHC, GHC_HR);
    this.setReg(HOST_GHC, GHC_IE);
    for (const port of ports) this.startPort(port);
  }

  startPort(port: number): void {
    this.setPort(port, PORT_CLB, this.list(port));
    this.setPort(port, PORT_FB, this.fis(port));
    this.setPort(port, PORT_CMD, CMD_FRE);
    this.setPort(port, PORT_SERR, 0xffff_ffff);
    this.setPort(port, PORT_IS, 0xffff_ffff);
    this.setPort(port, PORT_IE, 0x7dc0_007f);
    this.setPort(port, PORT_CMD, CMD_FRE | CMD_ST);
  }

  /** Writes the header and table of `slot`. */
  build(port: number, slot: number, spec: CommandSpec): void {
    const { memory } = this;
    const table = this.table(port, slot);
    const header = this.list(port) + slot * 32;
    const prdt = spec.prdt ?? [];
    const { lba = 0, count = 0, features = 0 } = spec;
    const high = Math.floor(lba / 0x100_0000);
    memory.write(table, new Uint8Array(0x80));
    const isControl = spec.control !== undefined;
    memory.write(
      table,
      Uint8Array.of(
        0x27,
        isControl ? 0 : 0x80,
        spec.packet ? 0xa0 : spec.command,
        features,
        lba,
        lba >>> 8,
        (lba >>> 16) & 0xff,
        spec.device ?? 0x40,
        high,
        high >>> 8,
        high >>> 16,
        features >>> 8,
        count,
        count >>> 8,
        0,
        spec.control ?? 0,
      ),
    );
    if (spec.packet) memory.write(table + 0x40, Uint8Array.from(spec.packet));
    prdt.forEach(([gpa, len], i) => {
      memory.write32(table + 0x80 + i * 16, gpa);
      memory.write32(table + 0x84 + i * 16, 0);
      memory.write32(table + 0x8c + i * 16, (len - 1) & 0x3f_ffff);
    });
    const flags =
      5 | (spec.packet ? 0x20 : 0) | (spec.isWrite ? 0x40 : 0) | (spec.headerFlags ?? 0);
    memory.write32(header, flags | (prdt.length << 16));
    memory.write32(header + 4, 0);
    memory.write32(header + 8, table);
    memory.write32(header + 12, 0);
  }

  /** Runs one command to its end, as a polling driver does. */
  async run(port: number, spec: CommandSpec, slot = 0): Promise<CommandResult> {
    this.build(port, slot, spec);
    this.setPort(port, PORT_IS, 0xffff_ffff);
    this.setReg(HOST_IS, 0xffff_ffff);
    this.setPort(port, PORT_CI, 1 << slot);
    await until(() => (this.port(port, PORT_CI) & (1 << slot)) === 0 || this.hasFailed(port));
    const tfd = this.port(port, PORT_TFD);
    const isError = this.hasFailed(port);
    const len = this.memory.read32(this.list(port) + slot * 32 + 4);
    if (isError) await this.recover(port);
    return { status: tfd & 0xff, error: (tfd >>> 8) & 0xff, isError, len };
  }

  /** PACKET with DMA into `gpa`. */
  packet(port: number, packet: number[], gpa = 0x20_0000, len = 0x1000): Promise<CommandResult> {
    return this.run(port, { command: 0xa0, features: 1, packet, prdt: [[gpa, len]] });
  }

  /** Sense key, code and qualifier as REQUEST SENSE gives them. */
  async sense(port: number): Promise<[number, number, number]> {
    const gpa = 0x2f_0000;
    await this.packet(port, [0x03, 0, 0, 0, 18, 0], gpa, 18);
    return [this.memory.read8(gpa + 2), this.memory.read8(gpa + 12), this.memory.read8(gpa + 13)];
  }

  /** TFES, HBFS, HBDS, IFS: the port has stopped. */
  hasFailed(port: number): boolean {
    return (this.port(port, PORT_IS) & 0x7800_0000) !== 0;
  }

  /** Error recovery without reset (AHCI 6.2.2.1). */
  async recover(port: number): Promise<void> {
    this.setPort(port, PORT_CMD, CMD_FRE);
    await until(() => (this.port(port, PORT_CMD) & CMD_CR) === 0);
    this.setPort(port, PORT_SERR, 0xffff_ffff);
    this.setPort(port, PORT_IS, 0xffff_ffff);
    this.setPort(port, PORT_CMD, CMD_FRE | CMD_ST);
  }

  /** Issues queued commands in the slots given, whose tags are their slots. */
  issueQueued(port: number, slots: number[]): void {
    const mask = slots.reduce((bits, slot) => bits | (1 << slot), 0);
    this.setPort(port, PORT_SACT, mask);
    this.setPort(port, PORT_CI, mask);
  }

  bytes(gpa: number, len: number): Uint8Array {
    return (this.memory.view(gpa, len) as Uint8Array).slice();
  }
}

/** Waits until `isDone`, letting promises and messages run. */
export async function until(isDone: () => boolean, tries = 20_000): Promise<void> {
  for (let i = 0; i < tries; i++) {
    if (isDone()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it never happened");
}

/** A node of `size` bytes whose every 32-bit word names its own offset. */
export class PatternNode implements BlockNode {
  readonly isReadOnly = true;
  readonly name = "pattern";
  /** Reads that touch these offsets fail. */
  badAt = -1;
  /** While set, reads wait for it. */
  gate: Promise<void> | undefined;

  constructor(readonly size: number) {}

  static bytes(offset: number, len: number): Uint8Array {
    const bytes = new Uint8Array(len);
    for (let i = 0; i < len; i++) {
      const at = offset + i;
      bytes[i] = (at & ~3) >>> ((at & 3) * 8);
    }
    return bytes;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.gate;
    if (this.badAt >= offset && this.badAt < offset + into.length) throw new Error("bad sector");
    into.set(PatternNode.bytes(offset, into.length));
  }
  async write(): Promise<void> {
    throw new Error("read-only");
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}
