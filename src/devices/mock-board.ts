/**
 * The board as a device's unit test sees it: an address map driven by in/out calls, interrupt lines
 * that remember their edges, a clock turned by hand and a small guest RAM. Test support only, never
 * part of the machine. It follows the contracts of memory/, irq/ and base/clock.ts, including the
 * splitting of wide accesses, so that a test reads like a guest.
 */
import type { Clock, Timer } from "../base/clock";
import type { IrqLine } from "../irq/line";
import type {
  AccessSize,
  AddressMap,
  IoHandler,
  IoOptions,
  Registration,
} from "../memory/address-map";
import type { GuestMemory } from "../memory/guest-memory";

interface Range {
  base: number;
  end: number;
  handler: IoHandler;
  width: number;
  posted: boolean;
}

export class MockClock implements Clock {
  private time = 0;
  private timers: { atNs: number; callback: () => void }[] = [];

  nowNs(): number {
    return this.time;
  }

  at(atNs: number, callback: () => void): Timer {
    const timer = { atNs, callback };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  get armed(): number {
    return this.timers.length;
  }

  /** Lets `ns` pass and fires what falls due, in order, each at its own time. */
  advance(ns: number): void {
    const end = this.time + ns;
    for (;;) {
      const due = this.timers.filter((timer) => timer.atNs <= end);
      if (due.length === 0) break;
      const next = due.reduce((a, b) => (b.atNs < a.atNs ? b : a));
      this.timers = this.timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.atNs);
      next.callback();
    }
    this.time = end;
  }
}

export class MockLine implements IrqLine {
  isAsserted = false;
  /** Rising edges so far. */
  edges = 0;

  set(isAsserted: boolean): void {
    if (isAsserted && !this.isAsserted) this.edges++;
    this.isAsserted = isAsserted;
  }
}

export class MockMemory implements GuestMemory {
  readonly ramHigh = 0;
  private readonly bytes: Uint8Array;
  private readonly cursor: DataView;

  constructor(readonly ramLow = 0x10000) {
    this.bytes = new Uint8Array(ramLow);
    this.cursor = new DataView(this.bytes.buffer);
  }

  private isRam(gpa: number, len: number): boolean {
    return gpa >= 0 && gpa + len <= this.ramLow;
  }

  read(gpa: number, into: Uint8Array): boolean {
    for (let i = 0; i < into.length; i++) {
      into[i] = this.isRam(gpa + i, 1) ? this.bytes[gpa + i] : 0xff;
    }
    return this.isRam(gpa, into.length);
  }

  write(gpa: number, from: Uint8Array): boolean {
    for (let i = 0; i < from.length; i++) {
      if (this.isRam(gpa + i, 1)) this.bytes[gpa + i] = from[i];
    }
    return this.isRam(gpa, from.length);
  }

  read8 = (gpa: number): number => (this.isRam(gpa, 1) ? this.bytes[gpa] : 0xff);
  read16 = (gpa: number): number =>
    this.isRam(gpa, 2) ? this.cursor.getUint16(gpa, true) : 0xffff;
  read32 = (gpa: number): number =>
    this.isRam(gpa, 4) ? this.cursor.getUint32(gpa, true) : 0xffff_ffff;
  read64 = (gpa: number): bigint =>
    this.isRam(gpa, 8) ? this.cursor.getBigUint64(gpa, true) : 0xffff_ffff_ffff_ffffn;

  write8(gpa: number, value: number): void {
    if (this.isRam(gpa, 1)) this.bytes[gpa] = value;
  }
  write16(gpa: number, value: number): void {
    if (this.isRam(gpa, 2)) this.cursor.setUint16(gpa, value, true);
  }
  write32(gpa: number, value: number): void {
    if (this.isRam(gpa, 4)) this.cursor.setUint32(gpa, value, true);
  }
  write64(gpa: number, value: bigint): void {
    if (this.isRam(gpa, 8)) this.cursor.setBigUint64(gpa, value, true);
  }

  view(gpa: number, len: number): Uint8Array | undefined {
    return this.isRam(gpa, len) ? this.bytes.subarray(gpa, gpa + len) : undefined;
  }
  offset(gpa: number, len: number): number {
    return this.isRam(gpa, len) ? gpa : -1;
  }
  written(): void {}
}

export class MockBoard implements AddressMap {
  readonly clock = new MockClock();
  readonly memory = new MockMemory();
  /** Published port shadows. */
  readonly shadow = new Map<number, number>();
  private portRanges: Range[] = [];
  private mmioRanges: Range[] = [];

  ports(base: number, count: number, handler: IoHandler, options: IoOptions = {}): Registration {
    return this.add(this.portRanges, base, count, handler, options, 1);
  }

  mmio(base: number, len: number, handler: IoHandler, options: IoOptions = {}): Registration {
    return this.add(this.mmioRanges, base, len, handler, options, 4);
  }

  publishPort(port: number, value: number): void {
    this.shadow.set(port, value);
  }

  private add(
    ranges: Range[],
    base: number,
    count: number,
    handler: IoHandler,
    options: IoOptions,
    width: number,
  ): Registration {
    const end = base + count;
    if (ranges.some((other) => base < other.end && other.base < end)) {
      throw new Error(`range ${base.toString(16)} is taken`);
    }
    const range = {
      base,
      end,
      handler,
      width: options.width ?? width,
      posted: options.posted ?? false,
    };
    ranges.push(range);
    return {
      remove: () => {
        ranges.splice(ranges.indexOf(range), 1);
      },
    };
  }

  /** One access of `size` bytes, split to the width of whoever answers; ones where nobody does. */
  private access(ranges: Range[], at: number, size: number, value?: number): number {
    let result = 0;
    for (let done = 0; done < size; ) {
      const range = ranges.find((r) => at + done >= r.base && at + done < r.end);
      const step = range ? Math.min(size - done, range.width) : 1;
      if (value !== undefined) {
        const part = step === 4 ? value >>> 0 : (value >>> (done * 8)) & (2 ** (step * 8) - 1);
        range?.handler.write(at + done - range.base, step as AccessSize, part);
      } else {
        const part = range?.handler.read(at + done - range.base, step as AccessSize) ?? 0xff;
        result += part * 2 ** (done * 8);
      }
      done += step;
    }
    return result;
  }

  in(port: number, size: AccessSize = 1): number {
    const isShadowed = size === 1 && this.isPosted(port);
    return (
      (isShadowed ? this.shadow.get(port) : undefined) ?? this.access(this.portRanges, port, size)
    );
  }
  out(port: number, value: number, size: AccessSize = 1): void {
    this.access(this.portRanges, port, size, value);
  }
  load(gpa: number, size: AccessSize = 4): number {
    return this.access(this.mmioRanges, gpa, size);
  }
  store(gpa: number, value: number, size: AccessSize = 4): void {
    this.access(this.mmioRanges, gpa, size, value);
  }
  /** Whether writes to `port` are posted. */
  isPosted(port: number): boolean {
    return this.portRanges.find((r) => port >= r.base && port < r.end)?.posted ?? false;
  }
}
