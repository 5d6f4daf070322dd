/**
 * PS/2 mouse: IBM PS/2 Hardware Interface Technical Reference, "Auxiliary device", with the wheel of
 * Microsoft's IntelliMouse (id 3) and the two side buttons of the Explorer (id 4), which a driver turns
 * on by setting the sample rate to 200, 100, 80 or 200, 200, 80.
 *
 *   byte 0   Yovfl Xovfl Ysign Xsign 1 middle right left
 *   byte 1   X (right positive)     byte 2   Y (up positive)
 *   byte 3   id 3: wheel (down positive)   id 4: 0 0 button5 button4 | wheel, 4 bits
 *
 * Motion is summed while a packet waits to be read, at most one packet per sample period; a change of
 * buttons starts a packet of its own, so that a quick click is not lost. What exceeds the nine bits of a
 * packet goes into the next one: the overflow bits are never set. The resolution is stored and reported;
 * counts are the host's.
 */
import type { Clock, Timer } from "../base/clock";
import { PS2_ACK, PS2_BAT_PASSED, PS2_RESEND, type Ps2Device } from "./ps2-device";

export const MOUSE_LEFT = 0x01;
export const MOUSE_RIGHT = 0x02;
export const MOUSE_MIDDLE = 0x04;
export const MOUSE_SIDE = 0x08;
export const MOUSE_EXTRA = 0x10;

const ID_STANDARD = 0;
const ID_INTELLIMOUSE = 3;
const ID_EXPLORER = 4;

/** Motion and button states not sent yet; merged when the guest does not read. */
const PENDING_MAX = 32;

interface Report {
  dx: number;
  dy: number;
  dz: number;
  buttons: number;
}

export class Ps2Mouse implements Ps2Device {
  onReady: () => void = () => {};

  private id = ID_STANDARD;
  private isReporting = false;
  private isRemote = false;
  private isWrapping = false;
  private isScaled = false;
  private resolution = 2;
  private sampleRate = 100;
  private lastRates = [0, 0, 0];
  private command = 0;
  private responses: number[] = [];
  private packet: number[] = [];
  private lastAnswer: number[] = [];
  private pending: Report[] = [];
  private buttons = 0;
  private readonly fraction = { dx: 0, dy: 0, dz: 0 };
  private nextSampleNs = 0;
  private timer: Timer | undefined;

  /** `onReporting` hears when the guest turns the reports on or off: it has a use for a mouse, or not. */
  constructor(
    private readonly clock: Clock,
    private readonly onReporting: (isOn: boolean) => void = () => {},
  ) {}

  reset(): void {
    this.id = ID_STANDARD;
    this.isWrapping = false;
    this.command = 0;
    this.responses = [];
    this.lastRates = [0, 0, 0];
    this.setDefaults();
  }

  get deviceId(): number {
    return this.id;
  }

  get hasByte(): boolean {
    return this.responses.length > 0 || this.packet.length > 0;
  }

  get isEvent(): boolean {
    return this.responses.length === 0;
  }

  take(): number {
    const byte = this.responses.shift() ?? this.packet.shift() ?? 0;
    if (this.packet.length === 0) this.sample();
    return byte;
  }

  /** Relative motion in counts, right and down positive, as evdev and the DOM have it. */
  move(dx: number, dy: number): void {
    this.motion(dx, -dy, 0);
  }

  /** Wheel clicks, away from the user positive (REL_WHEEL). */
  wheel(clicks: number): void {
    this.motion(0, 0, -clicks);
  }

  /** All buttons held down, MOUSE_*. */
  setButtons(buttons: number): void {
    if (buttons === this.buttons) return;
    this.buttons = buttons;
    this.report(0, 0, 0, buttons);
  }

  /** Fractions of a count (scaled displays, smooth wheels) add up until they make one. */
  private motion(dx: number, dy: number, dz: number): void {
    const { fraction } = this;
    fraction.dx += dx;
    fraction.dy += dy;
    fraction.dz += dz;
    const x = Math.trunc(fraction.dx);
    const y = Math.trunc(fraction.dy);
    const z = Math.trunc(fraction.dz);
    fraction.dx -= x;
    fraction.dy -= y;
    fraction.dz -= z;
    if (x !== 0 || y !== 0 || z !== 0) this.report(x, y, z, this.buttons);
  }

  private report(dx: number, dy: number, dz: number, buttons: number): void {
    if (!this.isReporting && !this.isRemote) return; // off: motion is not counted
    const last = this.pending[this.pending.length - 1];
    if (last && (last.buttons === buttons || this.pending.length >= PENDING_MAX)) {
      last.dx += dx;
      last.dy += dy;
      last.dz += dz;
      last.buttons = buttons;
    } else {
      this.pending.push({ dx, dy, dz, buttons });
    }
    this.sample();
  }

  /** Stream mode: makes the next packet when the last one was read and the sample period is over. */
  private sample(): void {
    const canSend = this.isReporting && !this.isRemote && !this.isWrapping;
    if (!canSend || this.packet.length > 0 || this.pending.length === 0 || this.timer) return;
    const now = this.clock.nowNs();
    if (now < this.nextSampleNs) {
      this.timer = this.clock.at(this.nextSampleNs, () => {
        this.timer = undefined;
        this.sample();
      });
      return;
    }
    this.nextSampleNs = now + 1e9 / Math.max(10, this.sampleRate);
    const hadByte = this.hasByte;
    this.packet = this.nextPacket(this.isScaled);
    if (!hadByte) this.onReady();
  }

  private nextPacket(isScaled: boolean): number[] {
    const report = this.pending[0] ?? { dx: 0, dy: 0, dz: 0, buttons: this.buttons };
    const dx = clamp(report.dx, -255, 255);
    const dy = clamp(report.dy, -255, 255);
    const zMax = this.id === ID_EXPLORER ? 7 : 127;
    const dz = this.id === ID_STANDARD ? 0 : clamp(report.dz, -zMax, zMax);
    report.dx -= dx;
    report.dy -= dy;
    report.dz = this.id === ID_STANDARD ? 0 : report.dz - dz;
    if (report.dx === 0 && report.dy === 0 && report.dz === 0) this.pending.shift();
    return this.encode(isScaled ? scale(dx) : dx, isScaled ? scale(dy) : dy, dz, report.buttons);
  }

  private encode(dx: number, dy: number, dz: number, buttons: number): number[] {
    const signs = (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0);
    const bytes = [0x08 | signs | (buttons & 7), dx & 0xff, dy & 0xff];
    if (this.id === ID_INTELLIMOUSE) bytes.push(dz & 0xff);
    // Buttons 4 and 5 lie at bits 3 and 4 of the mask, at bits 4 and 5 of the byte.
    if (this.id === ID_EXPLORER) bytes.push((dz & 15) | ((buttons & 0x18) << 1));
    return bytes;
  }

  receive(byte: number): void {
    const hadByte = this.hasByte;
    // A command in the middle of a packet ends the packet: the driver is not waiting for its rest.
    this.packet = [];
    if (this.isWrapping && byte !== 0xec && byte !== 0xff) this.responses.push(byte);
    else if (this.command !== 0) this.argument(byte);
    else this.execute(byte);
    if (!hadByte && this.hasByte) this.onReady();
  }

  private answer(...bytes: number[]): void {
    this.responses.push(PS2_ACK, ...bytes);
    this.lastAnswer = bytes.length > 0 ? bytes : [PS2_ACK];
  }

  private execute(byte: number): void {
    switch (byte) {
      case 0xe6: // scaling 1:1
      case 0xe7: // scaling 2:1
        this.isScaled = byte === 0xe7;
        this.answer();
        return;
      case 0xe8: // resolution
      case 0xf3: // sample rate
        this.command = byte;
        this.answer();
        return;
      case 0xe9:
        this.answer(this.status(), this.resolution, this.sampleRate);
        return;
      case 0xea: // stream mode
      case 0xf0: // remote mode
        this.isRemote = byte === 0xf0;
        this.pending = [];
        this.answer();
        return;
      case 0xeb:
        this.answer(...this.nextPacket(false));
        return;
      case 0xec: // leave wrap mode
      case 0xee: // wrap mode
        this.isWrapping = byte === 0xee;
        this.answer();
        return;
      case 0xf2:
        this.answer(this.id);
        return;
      case 0xf4: // enable
      case 0xf5: // disable
        this.setReporting(byte === 0xf4);
        this.pending = [];
        this.answer();
        return;
      case 0xf6:
        this.setDefaults();
        this.answer();
        return;
      case 0xfe:
        this.responses.push(...this.lastAnswer);
        return;
      case 0xff:
        this.reset();
        this.answer(PS2_BAT_PASSED, this.id);
        return;
      default:
        this.responses.push(PS2_RESEND);
    }
  }

  private argument(byte: number): void {
    if (this.command === 0xe8) this.resolution = byte & 3;
    else this.setSampleRate(byte);
    this.command = 0;
    this.answer();
  }

  private setSampleRate(rate: number): void {
    this.sampleRate = rate;
    this.lastRates = [this.lastRates[1], this.lastRates[2], rate];
    const knock = this.lastRates.join(" ");
    if (knock === "200 100 80" && this.id === ID_STANDARD) this.id = ID_INTELLIMOUSE;
    if (knock === "200 200 80") this.id = ID_EXPLORER;
  }

  private status(): number {
    const { buttons } = this;
    return (
      (buttons & MOUSE_RIGHT ? 1 : 0) |
      (buttons & MOUSE_MIDDLE ? 2 : 0) |
      (buttons & MOUSE_LEFT ? 4 : 0) |
      (this.isScaled ? 0x10 : 0) |
      (this.isReporting ? 0x20 : 0) |
      (this.isRemote ? 0x40 : 0)
    );
  }

  private setReporting(isOn: boolean): void {
    if (isOn !== this.isReporting) this.onReporting(isOn);
    this.isReporting = isOn;
  }

  private setDefaults(): void {
    this.setReporting(false);
    this.isRemote = false;
    this.isScaled = false;
    this.resolution = 2;
    this.sampleRate = 100;
    this.pending = [];
    this.packet = [];
    this.timer?.cancel();
    this.timer = undefined;
  }
}

/** 2:1 scaling, for packets of stream mode only: the reference's table, doubling from 6 counts on. */
function scale(count: number): number {
  const size = Math.abs(count);
  const scaled = size < 6 ? [0, 1, 1, 3, 6, 9][size] : Math.min(255, size * 2);
  return count < 0 ? -scaled : scaled;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
