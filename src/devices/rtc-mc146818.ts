/**
 * Real time clock and CMOS memory: Motorola MC146818A as integrated in the ICH9 (ports 70h-73h, IRQ 8).
 * Follows the MC146818A data sheet for registers 00h-0Dh and the ICH9 data sheet, 13.6, for the extended
 * bank; the contents of the rest of the CMOS are those that SeaBIOS reads (docs of QEMU's pc machine).
 *
 *   00 sec  02 min  04 hour  06 weekday  07 day  08 month  09 year  32 century     01 03 05 alarm
 *   0A UIP|divider|rate   0B SET PIE AIE UIE SQWE DM 24 DSE   0C IRQF PF AF UF   0D VRT
 *
 * Time is not counted but computed: host UTC plus the offset the guest chose by setting the clock, so
 * a suspended laptop wakes with the right time and without a storm of missed interrupts. PF, AF and UF
 * are evaluated when somebody looks; timers run only while an enabled interrupt is not yet pending.
 * Not modelled: daylight saving (DSE is stored), the square wave output, the battery (VRT is 1), other
 * dividers than the 32.768 kHz one (they hold the clock in reset, as divider 11x does on the chip).
 */
import type { Clock, Timer } from "../base/clock";
import type { IrqLine } from "../irq/line";
import type { AddressMap } from "../memory/address-map";

const REG_SECONDS = 0x00;
const REG_SECONDS_ALARM = 0x01;
const REG_MINUTES = 0x02;
const REG_MINUTES_ALARM = 0x03;
const REG_HOURS = 0x04;
const REG_HOURS_ALARM = 0x05;
const REG_DAY_OF_WEEK = 0x06;
const REG_DAY_OF_MONTH = 0x07;
const REG_MONTH = 0x08;
const REG_YEAR = 0x09;
const REG_A = 0x0a;
const REG_B = 0x0b;
const REG_C = 0x0c;
const REG_D = 0x0d;
const REG_CENTURY = 0x32;

const A_UIP = 0x80;
const A_DIVIDER = 0x70;
const A_DIVIDER_32K = 0x20;
const B_SET = 0x80;
const B_PIE = 0x40;
const B_AIE = 0x20;
const B_UIE = 0x10;
const B_DM_BINARY = 0x04;
const B_24H = 0x02;
const C_IRQF = 0x80;
const C_PF = 0x40;
const C_AF = 0x20;
const C_UF = 0x10;
const D_VRT = 0x80;

/** UIP rises this long before the seconds change (data sheet: tBUC = 244 µs). */
const UIP_LEAD_NS = 244_000;
const NS_PER_SECOND = 1e9;
const WALL_TOLERANCE_NS = 100e6;

export interface RtcOptions {
  map: AddressMap;
  irq: IrqLine;
  clock: Clock;
  /** Host UTC in milliseconds since 1970, as fine as the host has it; may jump. */
  wallMs: () => number;
  /** Initial CMOS bytes, see `cmosContents`. */
  contents?: Map<number, number>;
  /** The alarm raised its flag and is enabled to interrupt. */
  onAlarm?: () => void;
  /** Bit 7 of port 70h: the guest masks or unmasks NMI. */
  onNmiMask?: (isMasked: boolean) => void;
}

export class RtcMc146818 {
  private readonly cmos = new Uint8Array(256);
  private index = 0;
  private extendedIndex = 0;
  /** Guest time minus host time while running; the frozen guest time while B_SET holds the clock. */
  private offsetNs = 0;
  private frozenNs: number | undefined;
  /** A moment at which host UTC and the guest's clock were compared. */
  private anchorWallNs = Number.NEGATIVE_INFINITY;
  private anchorClockNs = 0;
  /** Guest times up to which update and periodic events have been accounted for. */
  private updatesSeenNs = 0;
  private periodicSeenNs = 0;
  private timer: Timer | undefined;

  constructor(private readonly options: RtcOptions) {
    for (const [register, value] of options.contents ?? []) this.cmos[register] = value;
    this.cmos[REG_A] = A_DIVIDER_32K | 6;
    this.cmos[REG_B] = B_24H;
    this.cmos[REG_D] = D_VRT;
    this.updatesSeenNs = this.periodicSeenNs = this.timeNs();
    options.map.ports(0x70, 4, {
      read: (offset) => this.readPort(offset),
      write: (offset, _size, value) => this.writePort(offset, value),
    });
  }

  /** Platform reset: interrupts off, flags clear; time and CMOS survive on the battery. */
  reset(): void {
    this.index = 0;
    this.extendedIndex = 0;
    this.cmos[REG_B] &= ~(B_PIE | B_AIE | B_UIE | 0x08);
    this.cmos[REG_C] = 0;
    this.options.onNmiMask?.(false);
    this.update();
  }

  /** A CMOS byte as firmware left it (monitor, shutdown status in tests). */
  peek(register: number): number {
    return this.cmos[register & 0xff];
  }

  poke(register: number, value: number): void {
    this.cmos[register & 0xff] = value;
  }

  private readPort(offset: number): number {
    if (offset === 1) return this.readRegister(this.index);
    if (offset === 3) return this.cmos[0x80 | this.extendedIndex];
    // The manual: index ports are write-only; reads of them float.
    return 0xff;
  }

  private writePort(offset: number, value: number): void {
    switch (offset) {
      case 0:
        this.index = value & 0x7f;
        this.options.onNmiMask?.((value & 0x80) !== 0);
        return;
      case 1:
        this.writeRegister(this.index, value);
        return;
      case 2:
        this.extendedIndex = value & 0x7f;
        return;
      default:
        this.cmos[0x80 | this.extendedIndex] = value;
    }
  }

  private readRegister(register: number): number {
    switch (register) {
      case REG_SECONDS:
      case REG_MINUTES:
      case REG_HOURS:
      case REG_DAY_OF_WEEK:
      case REG_DAY_OF_MONTH:
      case REG_MONTH:
      case REG_YEAR:
      case REG_CENTURY:
        if (this.frozenNs === undefined) this.storeTime(this.timeNs());
        return this.cmos[register];
      case REG_A:
        return this.cmos[REG_A] | (this.isUpdateInProgress() ? A_UIP : 0);
      case REG_C: {
        this.collectEvents();
        const value = this.cmos[REG_C];
        this.cmos[REG_C] = 0;
        this.update();
        return value;
      }
      default:
        return this.cmos[register];
    }
  }

  private writeRegister(register: number, value: number): void {
    switch (register) {
      case REG_SECONDS:
      case REG_MINUTES:
      case REG_HOURS:
      case REG_DAY_OF_WEEK:
      case REG_DAY_OF_MONTH:
      case REG_MONTH:
      case REG_YEAR:
      case REG_CENTURY:
        this.setTimeRegister(register, value);
        break;
      case REG_A:
        this.collectEvents();
        this.cmos[REG_A] = value & ~A_UIP;
        // The first update after the divider leaves reset comes half a second later; here it keeps step.
        this.freeze(!this.isRunning());
        this.periodicSeenNs = this.timeNs();
        break;
      case REG_B:
        this.collectEvents();
        // The manual: setting SET aborts an update in progress and clears UIE.
        this.cmos[REG_B] = value & B_SET ? value & ~B_UIE : value;
        this.freeze(!this.isRunning());
        break;
      case REG_C:
      case REG_D:
        return; // read-only
      default:
        this.cmos[register] = value;
    }
    this.update();
  }

  private isRunning(): boolean {
    return (this.cmos[REG_A] & A_DIVIDER) === A_DIVIDER_32K && (this.cmos[REG_B] & B_SET) === 0;
  }

  /**
   * Host UTC. The host's calendar may have whole milliseconds only, too coarse for UIP: the guest's clock
   * carries on from the last look, until the two disagree (a pause, a suspended laptop, a set clock).
   */
  private wallNs(): number {
    // Milliseconds times 1e6 exceed 2^53 around now; the lost digits are below a microsecond.
    const wall = this.options.wallMs() * 1e6;
    const clock = this.options.clock.nowNs();
    const carried = this.anchorWallNs + (clock - this.anchorClockNs);
    if (Math.abs(carried - wall) < WALL_TOLERANCE_NS) return carried;
    this.anchorWallNs = wall;
    this.anchorClockNs = clock;
    return wall;
  }

  private timeNs(): number {
    return this.frozenNs ?? this.wallNs() + this.offsetNs;
  }

  /** Stops the time registers for setting, or lets them run on from what they hold. */
  private freeze(isFrozen: boolean): void {
    if (isFrozen === (this.frozenNs !== undefined)) return;
    if (isFrozen) {
      const now = this.timeNs();
      this.storeTime(now);
      this.frozenNs = now;
      return;
    }
    this.frozenNs = undefined;
    this.offsetNs = this.loadTime() - this.wallNs();
    this.updatesSeenNs = this.periodicSeenNs = this.timeNs();
  }

  private setTimeRegister(register: number, value: number): void {
    if (this.frozenNs !== undefined) {
      this.cmos[register] = value;
      return;
    }
    // Written while running: the register changes, the fraction of the second goes on.
    const now = this.timeNs();
    this.storeTime(now);
    this.cmos[register] = value;
    const fraction = now - Math.floor(now / NS_PER_SECOND) * NS_PER_SECOND;
    this.offsetNs = this.loadTime() + fraction - this.wallNs();
    this.updatesSeenNs = this.periodicSeenNs = this.timeNs();
  }

  private isUpdateInProgress(): boolean {
    if (this.frozenNs !== undefined) return false;
    const fraction = this.timeNs() % NS_PER_SECOND;
    return fraction >= NS_PER_SECOND - UIP_LEAD_NS;
  }

  private encode(value: number): number {
    return this.cmos[REG_B] & B_DM_BINARY ? value : (Math.floor(value / 10) << 4) | (value % 10);
  }

  private decode(raw: number): number {
    return this.cmos[REG_B] & B_DM_BINARY ? raw : (raw >> 4) * 10 + (raw & 15);
  }

  private encodeHour(hour: number): number {
    if (this.cmos[REG_B] & B_24H) return this.encode(hour);
    return this.encode(hour % 12 || 12) | (hour >= 12 ? 0x80 : 0);
  }

  private decodeHour(raw: number): number {
    if (this.cmos[REG_B] & B_24H) return this.decode(raw);
    return (this.decode(raw & 0x7f) % 12) + (raw & 0x80 ? 12 : 0);
  }

  private storeTime(ns: number): void {
    const date = new Date(Math.floor(ns / NS_PER_SECOND) * 1000);
    const year = date.getUTCFullYear();
    this.cmos[REG_SECONDS] = this.encode(date.getUTCSeconds());
    this.cmos[REG_MINUTES] = this.encode(date.getUTCMinutes());
    this.cmos[REG_HOURS] = this.encodeHour(date.getUTCHours());
    this.cmos[REG_DAY_OF_WEEK] = this.encode(date.getUTCDay() + 1);
    this.cmos[REG_DAY_OF_MONTH] = this.encode(date.getUTCDate());
    this.cmos[REG_MONTH] = this.encode(date.getUTCMonth() + 1);
    this.cmos[REG_YEAR] = this.encode(year % 100);
    this.cmos[REG_CENTURY] = this.encode(Math.floor(year / 100));
  }

  private loadTime(): number {
    const year = this.decode(this.cmos[REG_CENTURY]) * 100 + this.decode(this.cmos[REG_YEAR]);
    const date = new Date(0);
    date.setUTCFullYear(
      year,
      this.decode(this.cmos[REG_MONTH]) - 1,
      this.decode(this.cmos[REG_DAY_OF_MONTH]),
    );
    date.setUTCHours(
      this.decodeHour(this.cmos[REG_HOURS]),
      this.decode(this.cmos[REG_MINUTES]),
      this.decode(this.cmos[REG_SECONDS]),
    );
    return date.getTime() * 1e6;
  }

  /** Period of the rate selected in register A; 0 = off. Rates 1 and 2 repeat 8 and 9 (data sheet). */
  private periodNs(): number {
    const rate = this.cmos[REG_A] & 15;
    if (rate === 0 || (this.cmos[REG_A] & A_DIVIDER) !== A_DIVIDER_32K) return 0;
    const shift = rate <= 2 ? rate + 7 : rate;
    return (2 ** (shift - 1) / 32768) * NS_PER_SECOND;
  }

  private alarmMatches(ns: number): boolean {
    const date = new Date(Math.floor(ns / NS_PER_SECOND) * 1000);
    const matches = (register: number, now: number): boolean =>
      (this.cmos[register] & 0xc0) === 0xc0 || this.cmos[register] === now;
    return (
      matches(REG_SECONDS_ALARM, this.encode(date.getUTCSeconds())) &&
      matches(REG_MINUTES_ALARM, this.encode(date.getUTCMinutes())) &&
      matches(REG_HOURS_ALARM, this.encodeHour(date.getUTCHours()))
    );
  }

  /** Sets PF, AF and UF for whatever happened since the last look. */
  private collectEvents(): void {
    const now = this.timeNs();
    const period = this.periodNs();
    if (period > 0 && Math.floor(now / period) !== Math.floor(this.periodicSeenNs / period)) {
      this.cmos[REG_C] |= C_PF;
    }
    this.periodicSeenNs = now;
    if (this.frozenNs !== undefined) return;
    const second = Math.floor(now / NS_PER_SECOND);
    const seen = Math.floor(this.updatesSeenNs / NS_PER_SECOND);
    if (second !== seen) {
      this.cmos[REG_C] |= C_UF;
      // A day repeats every alarm; looking further back finds nothing new.
      for (let s = Math.max(seen + 1, second - 86_400); s <= second; s++) {
        if (!this.alarmMatches(s * NS_PER_SECOND)) continue;
        if ((this.cmos[REG_C] & C_AF) === 0 && this.cmos[REG_B] & B_AIE) this.options.onAlarm?.();
        this.cmos[REG_C] |= C_AF;
        break;
      }
    }
    this.updatesSeenNs = now;
  }

  /** Drives IRQ 8 from the flags and arms the timer for the next enabled event. */
  private update(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.collectEvents();
    // PIE, AIE and UIE lie at the bit positions of PF, AF and UF.
    const enabled = this.cmos[REG_B] & (B_PIE | B_AIE | B_UIE);
    const isPending = (this.cmos[REG_C] & enabled) !== 0;
    if (isPending) this.cmos[REG_C] |= C_IRQF;
    this.options.irq.set(isPending);
    if (enabled === 0 || isPending) return; // until register C is read nothing can change the line
    const now = this.timeNs();
    let waitNs = Number.POSITIVE_INFINITY;
    const period = this.periodNs();
    if (enabled & B_PIE && period > 0) waitNs = period - (now % period);
    if (enabled & (B_AIE | B_UIE) && this.frozenNs === undefined) {
      waitNs = Math.min(waitNs, NS_PER_SECOND - (now % NS_PER_SECOND));
    }
    if (waitNs === Number.POSITIVE_INFINITY) return;
    // A microsecond more: the division above must not land just before the boundary.
    const { clock } = this.options;
    this.timer = clock.at(clock.nowNs() + waitNs + 1000, () => this.update());
  }
}
