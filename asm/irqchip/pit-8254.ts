/**
 * The 8254 interval timer (Intel 8254 data sheet, 1993) and port 61h (ICH9 data sheet 13.7.1). Channel 0
 * drives IRQ 0, channel 1 nothing (its refresh shows as the toggling bit of port 61h), channel 2 the speaker.
 * All functions run under the irqchip's lock.
 *
 * Counting is arithmetic: a channel knows the tick its count began and computes count and OUT when asked;
 * only the rising edges of channel 0's OUT are events, found by pitPoll. Ticks are whole periods of
 * 1193182 Hz of guest time. Edges that a busy host let pass are made up, one per poll and none while the 8259
 * still holds the last, so that a system that counts ticks keeps time; what is later than BACKLOG (a suspended
 * host) is dropped.
 *
 * Deviations: the count register is loaded at once, not with the next clock pulse; a new count in mode 3
 * starts with the next full period, not the next half; a control word never raises IRQ 0 by itself.
 */
import { chip, PIT } from "./chip";
import { hpetReplacesLegacy } from "./hpet";
import { IRQ_TIMER, setLine } from "./lines";
import { picIsRequested } from "./pic-8259";

@unmanaged
export class PitChannel {
  start: i64; // tick at which the present count began
  elapsed: i64; // ticks counted before the gate went low, in modes 0 and 4
  reload: u32; // 1 to 65536 (10000 in BCD)
  nextReload: u32; // count that takes over at the end of the period (modes 2 and 3), or 0
  mode: u32;
  bcd: u32;
  access: u32; // control word RW field: 1 low byte, 2 high byte, 3 both
  writeLow: u32; // low byte waiting for its high byte, or WRITE_NONE
  readsHigh: u32; // the next unlatched read of a pair gives the high byte
  latch: u32; // latched count
  latchBytes: u32; // bytes of it still to read
  status: u32; // latched status
  hasStatus: u32;
  gate: u32;
  isLoaded: u32; // counting (or waiting for its trigger) since the last control word
  isTriggered: u32; // modes 1 and 5: the gate has risen since
  nextEdge: i64; // channel 0: tick of the next rising edge of OUT, or NEVER
}

const CHANNEL_SIZE: u32 = offsetof<PitChannel>();

export const PIT_HZ: f64 = 1193182;
const NEVER: i64 = i64.MAX_VALUE;
const WRITE_NONE: u32 = 0x100;
const BACKLOG: i64 = 2386364; // two seconds

/** Port 61h: bit 0 gate of channel 2, 1 speaker data, 2-3 NMI enables, 4 refresh, 5 OUT of channel 2. */
const PORT61_GATE2: u32 = 0x01;
const PORT61_WRITABLE: u32 = 0x0f;
const REFRESH_NS: f64 = 15085;

function channel(index: u32): PitChannel {
  return changetype<PitChannel>((PIT + index * CHANNEL_SIZE) as usize);
}

function ticksAt(ns: f64): i64 {
  return <i64>Math.floor((ns * PIT_HZ) / 1e9);
}

function isPeriodic(c: PitChannel): bool {
  return c.mode == 2 || c.mode == 3;
}

/** Takes over a new count when its period has come. */
function settle(c: PitChannel, now: i64): void {
  if (c.nextReload == 0 || now - c.start < <i64>c.reload) return;
  c.start += ((now - c.start) / <i64>c.reload) * <i64>c.reload;
  c.reload = c.nextReload;
  c.nextReload = 0;
}

/** Ticks counted since the count began. */
function elapsed(c: PitChannel, now: i64): i64 {
  if (c.isLoaded == 0) return 0;
  const holds = c.gate == 0 && c.mode != 1 && c.mode != 5;
  // Another vCPU's clock may be a little behind the one that started the count.
  return holds ? c.elapsed : max<i64>(now - c.start, 0);
}

/** The counting element as a program reads it. */
function count(c: PitChannel, now: i64): u32 {
  const passed = elapsed(c, now);
  const modulus: i64 = c.bcd != 0 ? 10000 : 65536;
  const reload = <i64>c.reload;
  let value: i64;
  if (c.mode == 2) value = reload - (passed % reload);
  else if (c.mode == 3) value = reload - ((2 * passed) % reload);
  else value = (reload - (passed % modulus) + modulus) % modulus;
  const binary = <u32>value % <u32>modulus;
  return c.bcd != 0 ? toBcd(binary) : binary;
}

function toBcd(value: u32): u32 {
  return (
    (value % 10) |
    (((value / 10) % 10) << 4) |
    (((value / 100) % 10) << 8) |
    (((value / 1000) % 10) << 12)
  );
}

function fromBcd(value: u32): u32 {
  return (
    (value & 15) +
    ((value >> 4) & 15) * 10 +
    ((value >> 8) & 15) * 100 +
    ((value >> 12) & 15) * 1000
  );
}

function out(c: PitChannel, now: i64): bool {
  if (c.isLoaded == 0) return c.mode != 0;
  const passed = elapsed(c, now);
  const reload = <i64>c.reload;
  switch (c.mode) {
    case 0:
      return passed >= reload;
    case 1:
      return c.isTriggered == 0 || passed >= reload;
    case 2:
      return c.gate == 0 || passed % reload != reload - 1;
    case 3:
      return c.gate == 0 || passed % reload < (reload + 1) / 2;
    case 4:
      return passed != reload;
    default:
      return c.isTriggered == 0 || passed != reload;
  }
}

/** First rising edge of channel 0's OUT after the count began. Its gate is tied high. */
function firstEdge(c: PitChannel): i64 {
  switch (c.mode) {
    case 1:
    case 5:
      return NEVER; // only a gate edge triggers these
    case 4:
      return c.start + <i64>c.reload + 1;
    default:
      return c.start + <i64>c.reload;
  }
}

function loadCount(index: u32, c: PitChannel, value: u32, now: i64): void {
  let reload = c.bcd != 0 ? fromBcd(value) : value;
  if (reload == 0) reload = c.bcd != 0 ? 10000 : 65536;
  settle(c, now);
  if (c.isLoaded != 0 && isPeriodic(c)) {
    c.nextReload = reload;
    return;
  }
  c.reload = reload;
  c.isLoaded = 1;
  c.elapsed = 0;
  // Modes 1 and 5 go on with the old count until the gate triggers them.
  if (c.mode != 1 && c.mode != 5) c.start = now;
  if (index != 0) return;
  if (c.mode == 0) setIrq(false);
  c.nextEdge = firstEdge(c);
}

function setIrq(isAsserted: bool): void {
  if (!hpetReplacesLegacy()) setLine(IRQ_TIMER, isAsserted);
}

function setGate(c: PitChannel, gate: u32, now: i64): void {
  if (c.gate == gate) return;
  if (gate == 0) {
    c.elapsed = elapsed(c, now);
    c.gate = 0;
    return;
  }
  c.gate = 1;
  if (c.mode == 0 || c.mode == 4) {
    c.start = now - c.elapsed;
  } else {
    c.start = now; // a rising gate reloads and starts
    c.isTriggered = 1;
  }
}

function latchCount(c: PitChannel, now: i64): void {
  if (c.latchBytes != 0) return;
  const value = count(c, now);
  c.latch = c.access == 2 ? value >> 8 : value;
  c.latchBytes = c.access == 3 ? 2 : 1;
}

function latchStatus(c: PitChannel, now: i64): void {
  if (c.hasStatus != 0) return;
  c.status =
    (out(c, now) ? 0x80 : 0) |
    (c.isLoaded == 0 || c.nextReload != 0 ? 0x40 : 0) |
    (c.access << 4) |
    (c.mode << 1) |
    c.bcd;
  c.hasStatus = 1;
}

function writeControl(value: u32, now: i64): void {
  const select = value >> 6;
  if (select == 3) {
    // Read-back: bit 5 = 0 latches counts, bit 4 = 0 statuses, bits 1-3 name the channels.
    for (let i: u32 = 0; i < 3; i++) {
      if (((value >> (i + 1)) & 1) == 0) continue;
      const c = channel(i);
      settle(c, now);
      if ((value & 0x20) == 0) latchCount(c, now);
      if ((value & 0x10) == 0) latchStatus(c, now);
    }
    return;
  }
  const c = channel(select);
  settle(c, now);
  const access = (value >> 4) & 3;
  if (access == 0) {
    latchCount(c, now);
    return;
  }
  const mode = (value >> 1) & 7;
  c.access = access;
  c.mode = mode > 5 ? mode - 4 : mode;
  c.bcd = value & 1;
  c.writeLow = WRITE_NONE;
  c.readsHigh = 0;
  c.latchBytes = 0;
  c.hasStatus = 0;
  c.isLoaded = 0;
  c.isTriggered = 0;
  c.nextReload = 0;
  if (select == 0) {
    c.nextEdge = NEVER;
    if (c.mode == 0) setIrq(false);
  }
}

function writeCount(index: u32, value: u32, now: i64): void {
  const c = channel(index);
  switch (c.access) {
    case 1:
      loadCount(index, c, value, now);
      break;
    case 2:
      loadCount(index, c, value << 8, now);
      break;
    default:
      if (c.writeLow == WRITE_NONE) {
        c.writeLow = value;
        // The first byte of a new count stops mode 0.
        if (c.mode == 0 && index == 0) c.nextEdge = NEVER;
      } else {
        loadCount(index, c, c.writeLow | (value << 8), now);
        c.writeLow = WRITE_NONE;
      }
  }
}

function readCount(c: PitChannel, now: i64): u32 {
  if (c.hasStatus != 0) {
    c.hasStatus = 0;
    return c.status;
  }
  if (c.latchBytes != 0) {
    const byte = c.latch & 0xff;
    c.latch >>= 8;
    c.latchBytes--;
    return byte;
  }
  settle(c, now);
  const value = count(c, now);
  if (c.access == 1) return value & 0xff;
  if (c.access == 2) return value >> 8;
  c.readsHigh ^= 1;
  return c.readsHigh != 0 ? value & 0xff : value >> 8;
}

/** Ports 40h-43h. */
export function pitRead(port: u32, ns: f64): u32 {
  return (port & 3) == 3 ? 0xff : readCount(channel(port & 3), ticksAt(ns));
}

export function pitWrite(port: u32, value: u32, ns: f64): void {
  if ((port & 3) == 3) writeControl(value, ticksAt(ns));
  else writeCount(port & 3, value, ticksAt(ns));
}

/** Port 61h. */
export function port61Read(ns: f64): u32 {
  const c = channel(2);
  const now = ticksAt(ns);
  settle(c, now);
  const refresh = (<u32>(<u64>(ns / REFRESH_NS) & 1)) << 4;
  return chip().port61 | refresh | (out(c, now) ? 0x20 : 0);
}

export function port61Write(value: u32, ns: f64): void {
  chip().port61 = value & PORT61_WRITABLE;
  const c = channel(2);
  const now = ticksAt(ns);
  settle(c, now);
  setGate(c, value & PORT61_GATE2, now);
}

/** Guest ns of channel 0's next event, or +Infinity. */
export function pitDeadline(): f64 {
  const edge = channel(0).nextEdge;
  // Rounded up, so that the tick of this time is the edge's.
  return edge == NEVER ? Infinity : Math.ceil((<f64>edge * 1e9) / PIT_HZ) + 1;
}

/** Raises IRQ 0 for an edge that has come. */
export function pitPoll(ns: f64): void {
  const c = channel(0);
  const now = ticksAt(ns);
  if (now < c.nextEdge) return;
  if (isPeriodic(c)) {
    settle(c, now);
    const late = now - c.nextEdge;
    if (c.nextEdge <= c.start)
      c.nextEdge = c.start; // a new count took over meanwhile
    else if (late > BACKLOG) c.nextEdge += late - (late % <i64>c.reload);
    else if (picIsRequested(IRQ_TIMER)) return;
    c.nextEdge += <i64>c.reload;
    setIrq(false);
  } else {
    c.nextEdge = NEVER;
    if (c.mode == 4) setIrq(false);
  }
  setIrq(true);
}

/** Power-on: the data sheet leaves modes undefined; they are 0 and do not count. */
export function pitReset(): void {
  memory.fill(PIT, 0, 3 * CHANNEL_SIZE);
  for (let i: u32 = 0; i < 3; i++) {
    const c = channel(i);
    c.reload = 65536;
    c.access = 3;
    c.writeLow = WRITE_NONE;
    c.gate = i == 2 ? 0 : 1;
    c.nextEdge = NEVER;
  }
  chip().port61 = 0;
}
