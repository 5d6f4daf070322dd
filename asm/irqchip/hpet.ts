/**
 * The high precision event timers (IA-PC HPET specification 1.0a, 2.3): three comparators on a 64-bit
 * counter of 10 ns, as QEMU's q35 has it. Writes and the poll run under the irqchip's lock; the counter is
 * read without it.
 *
 *   +000 capabilities  +010 configuration  +020 interrupt status  +0f0 counter
 *   +100 + 20h·n: configuration and capability, comparator, (FSB route: not offered)
 *
 * Timers may be routed to I/O APIC pins 2, 8 and 16-23. With legacy replacement timer 0 is IRQ 0 and timer 1
 * IRQ 8, and the PIT and the RTC are cut off from them. Periods missed while nobody polled become one
 * interrupt. A one-shot comparator behind a 64-bit counter waits for the wrap, as the specification says.
 */
import { HPET } from "./chip";
import { IRQ_RTC, IRQ_TIMER, setLine } from "./lines";

@unmanaged
export class Hpet {
  config: u32;
  status: u32; // level-triggered interrupts not yet cleared
  offset: f64; // guest ns at which the running counter was 0
  halted: u64; // the counter while it stands still
}

@unmanaged
export class HpetTimer {
  config: u32; // low half; the routing capability in the high half is constant
  setsHigh: u32; // VAL_SET took a low half: the high half written next belongs to it
  comparator: u64;
  period: u64;
  deadline: f64; // guest ns of the next match, or +Infinity
}

const TIMERS: u32 = 3;
const TIMER_AT: u32 = HPET + 0x40;
const TIMER_SIZE: u32 = offsetof<HpetTimer>();

const TICK_NS: u64 = 10;
/** Revision 1, three timers, 64 bits, legacy replacement, vendor 8086h. */
const CAPABILITIES: u32 = 0x8086_a201;
const PERIOD_FS: u32 = 10_000_000;
const ROUTES: u32 = 0x00ff_0104;

const CONFIG_ENABLE: u32 = 1;
const CONFIG_LEGACY: u32 = 2;

const TN_LEVEL: u32 = 1 << 1;
const TN_ENABLE: u32 = 1 << 2;
const TN_PERIODIC: u32 = 1 << 3;
const TN_PERIODIC_CAP: u32 = 1 << 4;
const TN_SIZE_CAP: u32 = 1 << 5;
const TN_SETVAL: u32 = 1 << 6;
const TN_32BIT: u32 = 1 << 8;
const TN_ROUTE_SHIFT: u32 = 9;
const TN_WRITABLE: u32 = TN_LEVEL | TN_ENABLE | TN_PERIODIC | TN_SETVAL | TN_32BIT | (31 << 9);

function hpet(): Hpet {
  return changetype<Hpet>(HPET as usize);
}
function timer(index: u32): HpetTimer {
  return changetype<HpetTimer>((TIMER_AT + index * TIMER_SIZE) as usize);
}

export function hpetReplacesLegacy(): bool {
  return (hpet().config & CONFIG_LEGACY) != 0;
}

function counter(h: Hpet, ns: f64): u64 {
  if ((h.config & CONFIG_ENABLE) == 0) return h.halted;
  return <u64>Math.max(ns - h.offset, 0) / TICK_NS;
}

/** Recomputes when timer `t` matches next. */
function arm(h: Hpet, t: HpetTimer, ns: f64): void {
  if ((h.config & CONFIG_ENABLE) == 0 || (t.config & TN_ENABLE) == 0) {
    t.deadline = Infinity;
    return;
  }
  const count = counter(h, ns);
  let left = t.comparator - count;
  if ((t.config & TN_32BIT) != 0) left &= 0xffff_ffff;
  t.deadline = h.offset + (<f64>count + <f64>left) * <f64>TICK_NS;
}

function gsi(h: Hpet, index: u32): u32 {
  if ((h.config & CONFIG_LEGACY) != 0 && index < 2) return index == 0 ? IRQ_TIMER : IRQ_RTC;
  const route = (timer(index).config >> TN_ROUTE_SHIFT) & 31;
  return ((ROUTES >> route) & 1) != 0 ? route : 0xff;
}

/** GSI 2 is the I/O APIC pin that ISA IRQ 0 arrives on. */
function drive(line: u32, isAsserted: bool): void {
  setLine(line == 2 ? IRQ_TIMER : line, isAsserted);
}

function interrupt(h: Hpet, index: u32): void {
  const line = gsi(h, index);
  if ((timer(index).config & TN_LEVEL) == 0) {
    drive(line, true);
    drive(line, false);
  } else {
    h.status |= 1 << index;
    drive(line, true);
  }
}

function writeStatus(h: Hpet, value: u32): void {
  for (let i: u32 = 0; i < TIMERS; i++) {
    if (((value & h.status) >> i) & 1) drive(gsi(h, i), false);
  }
  h.status &= ~value;
}

function writeConfig(h: Hpet, value: u32, ns: f64): void {
  const was = h.config;
  const now = value & (CONFIG_ENABLE | CONFIG_LEGACY);
  const changed = was ^ now;
  if ((changed & CONFIG_LEGACY) != 0) {
    // Whoever drove the lines so far lets go of them.
    setLine(IRQ_TIMER, false);
    setLine(IRQ_RTC, false);
  }
  if ((changed & CONFIG_ENABLE) != 0) {
    if ((now & CONFIG_ENABLE) != 0) h.offset = ns - <f64>h.halted * <f64>TICK_NS;
    else h.halted = counter(h, ns);
  }
  h.config = now;
  for (let i: u32 = 0; i < TIMERS; i++) arm(h, timer(i), ns);
}

function writeTimerConfig(h: Hpet, index: u32, value: u32, ns: f64): void {
  const t = timer(index);
  // A timer that stops being an asserted level releases its line.
  if (
    ((h.status >> index) & 1) != 0 &&
    (value & (TN_LEVEL | TN_ENABLE)) != (TN_LEVEL | TN_ENABLE)
  ) {
    writeStatus(h, 1 << index);
  }
  t.config = (value & TN_WRITABLE) | TN_PERIODIC_CAP | TN_SIZE_CAP;
  if ((t.config & TN_32BIT) != 0) {
    t.comparator = <u64>(<u32>t.comparator);
    t.period = <u64>(<u32>t.period);
  }
  arm(h, t, ns);
}

/** Replaces the half of `old` at byte 4 × `high`. */
function merge(old: u64, value: u32, high: u32): u64 {
  return high != 0
    ? (old & 0xffff_ffff) | ((<u64>value) << 32)
    : (old & 0xffff_ffff_0000_0000) | <u64>value;
}

function writeComparator(h: Hpet, t: HpetTimer, value: u32, high: u32, ns: f64): void {
  if (high != 0 && (t.config & TN_32BIT) != 0) return;
  const isPeriodic = (t.config & TN_PERIODIC) != 0;
  // In periodic mode a write sets the period, and the accumulator too when VAL_SET is on. A write of the
  // low half turns VAL_SET off, but still covers the high half that may follow.
  const sets = (t.config & TN_SETVAL) != 0 || (high != 0 && t.setsHigh != 0);
  if (!isPeriodic || sets) t.comparator = merge(t.comparator, value, high);
  if (isPeriodic) t.period = merge(t.period, value, high);
  t.setsHigh = u32(sets && high == 0);
  t.config &= ~TN_SETVAL;
  arm(h, t, ns);
}

/** Registers are 64 bits; `offset` is a multiple of 4. */
export function hpetRead32(offset: u32, ns: f64): u32 {
  const h = hpet();
  const high = (offset >> 2) & 1;
  let value: u64;
  if (offset >= 0x100 && offset < 0x100 + TIMERS * 0x20) {
    const t = timer((offset - 0x100) >> 5);
    switch ((offset >> 3) & 3) {
      case 0:
        value = <u64>t.config | ((<u64>ROUTES) << 32);
        break;
      case 1:
        value = t.comparator;
        break;
      default:
        value = 0;
    }
  } else {
    switch (offset >> 3) {
      case 0x00 >> 3:
        value = <u64>CAPABILITIES | ((<u64>PERIOD_FS) << 32);
        break;
      case 0x10 >> 3:
        value = <u64>h.config;
        break;
      case 0x20 >> 3:
        value = <u64>h.status;
        break;
      case 0xf0 >> 3:
        value = counter(h, ns);
        break;
      default:
        value = 0;
    }
  }
  return <u32>(high != 0 ? value >> 32 : value);
}

/** The whole register at `offset` (a multiple of 8), read at one moment. */
export function hpetRead64(offset: u32, ns: f64): u64 {
  return <u64>hpetRead32(offset, ns) | ((<u64>hpetRead32(offset + 4, ns)) << 32);
}

export function hpetWrite32(offset: u32, value: u32, ns: f64): void {
  // What has matched by now is delivered before a write can disarm it.
  hpetPoll(ns);
  const h = hpet();
  const high = (offset >> 2) & 1;
  if (offset >= 0x100 && offset < 0x100 + TIMERS * 0x20) {
    const index = (offset - 0x100) >> 5;
    const part = (offset >> 3) & 3;
    if (part == 0 && high == 0) writeTimerConfig(h, index, value, ns);
    else if (part == 1) writeComparator(h, timer(index), value, high, ns);
    return;
  }
  switch (offset >> 2) {
    case 0x10 >> 2:
      writeConfig(h, value, ns);
      break;
    case 0x20 >> 2:
      writeStatus(h, value);
      break;
    case 0xf0 >> 2:
    case 0xf4 >> 2:
      // Only a halted counter may be written.
      if ((h.config & CONFIG_ENABLE) == 0) h.halted = merge(h.halted, value, high);
      break;
    default:
      break;
  }
}

/** Guest ns of the next match of any timer, or +Infinity. */
export function hpetDeadline(): f64 {
  return Math.min(timer(0).deadline, Math.min(timer(1).deadline, timer(2).deadline));
}

function expire(h: Hpet, index: u32, ns: f64): void {
  const t = timer(index);
  if ((t.config & TN_PERIODIC) != 0 && t.period != 0) {
    const late = <u64>(ns - t.deadline) / TICK_NS / t.period + 1;
    t.comparator += late * t.period;
    if ((t.config & TN_32BIT) != 0) t.comparator &= 0xffff_ffff;
    t.deadline += <f64>(late * t.period) * <f64>TICK_NS;
  } else {
    // The next match is a whole wrap away: 42.9 s in 32 bits, never in 64.
    t.deadline = (t.config & TN_32BIT) != 0 ? t.deadline + 4294967296.0 * <f64>TICK_NS : Infinity;
  }
  interrupt(h, index);
}

export function hpetPoll(ns: f64): void {
  const h = hpet();
  for (let i: u32 = 0; i < TIMERS; i++) {
    if (ns >= timer(i).deadline) expire(h, i, ns);
  }
}

export function hpetReset(): void {
  memory.fill(HPET, 0, <usize>(TIMER_AT - HPET + TIMERS * TIMER_SIZE));
  for (let i: u32 = 0; i < TIMERS; i++) {
    const t = timer(i);
    t.config = TN_PERIODIC_CAP | TN_SIZE_CAP;
    t.comparator = ~0;
    t.deadline = Infinity;
  }
}
