/**
 * Keyboard controller, Intel 8042 with IBM's PS/2 firmware: ports 60h and 64h, IRQ 1 and 12. Follows the
 * PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device controller".
 *
 *   60h r/w  data                     64h r  status: PERR TO AUX INH A2 SYS IBF OBF    64h w  command
 *   command byte (20h/60h): 0 XLATE EN2 EN1 0 SYS INT12 INT1 (EN bits disable when 1)
 *
 * One byte at a time: the next byte of a device enters the output buffer only after the guest read the
 * one before, with a falling and a rising edge of the interrupt line between. Bytes of key events keep a
 * distance in time as well: interrupt handlers of the real-mode era read port 60h twice and expect the
 * same byte. Commands are carried out at once, so IBF is never seen set.
 * Status has no side effects and is published in the port shadow; writes to 64h are then posted, which
 * a guest cannot tell from a controller that takes a few microseconds.
 * A20: the bit is kept in the output port, but the core does not mask address line 20. Not modelled:
 * the password commands (A4-A6), the test inputs, the keyboard lock (always unlocked).
 */
import type { Clock, Timer } from "../base/clock";
import type { IrqLine } from "../irq/line";
import type { AddressMap } from "../memory/address-map";
import type { Ps2Device } from "./ps2-device";

const STATUS_OBF = 0x01;
const STATUS_SYS = 0x04;
const STATUS_A2 = 0x08;
const STATUS_UNLOCKED = 0x10;
const STATUS_AUX = 0x20;

const MODE_INT1 = 0x01;
const MODE_INT12 = 0x02;
const MODE_SYS = 0x04;
const MODE_DISABLE_KEYBOARD = 0x10;
const MODE_DISABLE_AUX = 0x20;
const MODE_TRANSLATE = 0x40;

const OUT_NO_RESET = 0x01;
const OUT_A20 = 0x02;
const OUT_OBF = 0x10;
const OUT_AUX_OBF = 0x20;

/** Between two bytes of key events. A real line needs about 1 ms for eleven bits. */
const EVENT_GAP_NS = 300_000;

/** Set 2 to set 1, as the controller's ROM has it; codes above 84h pass unchanged. */
// biome-ignore format: sixteen to a row
const TRANSLATE = new Uint8Array([
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
  0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
  0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
  0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
  0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
  0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
  0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
  0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
  0x80, 0x81, 0x82, 0x41, 0x54,
]);

/** The controller's translation of one byte from a keyboard in set 2. */
export function translateSet2(byte: number): number {
  return byte < TRANSLATE.length ? TRANSLATE[byte] : byte;
}

export interface I8042Options {
  map: AddressMap;
  clock: Clock;
  irq1: IrqLine;
  irq12: IrqLine;
  keyboard: Ps2Device;
  mouse: Ps2Device;
  /** The reset line of the processor was pulsed (command FEh, output port bit 0). */
  onReset: () => void;
  /** Bit 1 of the output port changed. */
  onA20?: (isEnabled: boolean) => void;
}

export class I8042 {
  private mode = 0;
  private status = 0;
  private outputPort = 0;
  private data = 0;
  private readonly ram = new Uint8Array(32);
  /** Answers of the controller itself, ahead of the devices'. */
  private replies: { byte: number; isAux: boolean }[] = [];
  /** A 64h command that takes its argument from port 60h. */
  private command = 0;
  /** Translation saw F0h: the next byte is a release. */
  private isBreak = false;
  private nextEventNs = 0;
  private timer: Timer | undefined;

  constructor(private readonly options: I8042Options) {
    options.keyboard.onReady = () => this.fill();
    options.mouse.onReady = () => this.fill();
    options.map.ports(0x60, 1, {
      read: () => this.readData(),
      write: (_offset, _size, value) => this.writeData(value),
    });
    options.map.ports(
      0x64,
      1,
      { read: () => this.status, write: (_offset, _size, value) => this.writeCommand(value) },
      { posted: true },
    );
    this.reset();
  }

  reset(): void {
    this.mode = MODE_INT1 | MODE_INT12;
    this.status = STATUS_A2 | STATUS_UNLOCKED;
    this.outputPort = OUT_NO_RESET | OUT_A20;
    this.replies = [];
    this.command = 0;
    this.isBreak = false;
    this.timer?.cancel();
    this.timer = undefined;
    this.options.keyboard.reset();
    this.options.mouse.reset();
    this.update();
  }

  /** The state that firmware leaves: keyboard on and translated to set 1, mouse off, self-test passed. */
  setUpAsFirmware(): void {
    this.mode = MODE_TRANSLATE | MODE_DISABLE_AUX | MODE_SYS | MODE_INT1;
    this.status |= STATUS_SYS;
    this.update();
  }

  /** Port 92h shares the A20 bit. */
  setA20(isEnabled: boolean): void {
    if (isEnabled === ((this.outputPort & OUT_A20) !== 0)) return;
    this.outputPort ^= OUT_A20;
    this.options.onA20?.(isEnabled);
  }

  get isA20Enabled(): boolean {
    return (this.outputPort & OUT_A20) !== 0;
  }

  /** Publishes the status first: the interrupt handler may run at once. */
  private update(): void {
    this.options.map.publishPort(0x64, this.status);
    const isFull = (this.status & STATUS_OBF) !== 0;
    const isAux = (this.status & STATUS_AUX) !== 0;
    this.options.irq1.set(isFull && !isAux && (this.mode & MODE_INT1) !== 0);
    this.options.irq12.set(isFull && isAux && (this.mode & MODE_INT12) !== 0);
  }

  /** Moves the next byte into the empty output buffer: controller, keyboard, mouse, in this order. */
  private fill(): void {
    while ((this.status & STATUS_OBF) === 0) {
      const reply = this.replies.shift();
      if (reply) {
        this.put(reply.byte, reply.isAux);
        return;
      }
      if (this.keyboardIsDue()) {
        const isEvent = this.options.keyboard.isEvent;
        const byte = this.translate(this.options.keyboard.take());
        if (byte === undefined) continue;
        if (isEvent) this.nextEventNs = this.options.clock.nowNs() + EVENT_GAP_NS;
        this.put(byte, false);
        return;
      }
      if (this.mode & MODE_DISABLE_AUX || !this.options.mouse.hasByte) return;
      this.put(this.options.mouse.take(), true);
      return;
    }
  }

  private keyboardIsDue(): boolean {
    const { keyboard, clock } = this.options;
    if (this.mode & MODE_DISABLE_KEYBOARD || !keyboard.hasByte) return false;
    if (!keyboard.isEvent || clock.nowNs() >= this.nextEventNs) return true;
    this.timer ??= clock.at(this.nextEventNs, () => {
      this.timer = undefined;
      this.fill();
    });
    return false;
  }

  /** Set 2 to set 1 when the command byte asks for it; undefined while a release prefix is swallowed. */
  private translate(byte: number): number | undefined {
    if ((this.mode & MODE_TRANSLATE) === 0) {
      this.isBreak = false;
      return byte;
    }
    if (byte === 0xf0) {
      this.isBreak = true;
      return undefined;
    }
    const translated = translateSet2(byte) | (this.isBreak ? 0x80 : 0);
    this.isBreak = false;
    return translated;
  }

  private put(byte: number, isAux: boolean): void {
    this.data = byte;
    this.status = (this.status & ~STATUS_AUX) | STATUS_OBF | (isAux ? STATUS_AUX : 0);
    this.update();
  }

  private reply(byte: number, isAux = false): void {
    this.replies.push({ byte, isAux });
    this.fill();
  }

  private readData(): number {
    const byte = this.data;
    this.status &= ~(STATUS_OBF | STATUS_AUX);
    this.update();
    this.fill();
    return byte;
  }

  private writeData(value: number): void {
    this.status &= ~STATUS_A2;
    const command = this.command;
    this.command = 0;
    if (command >= 0x60 && command <= 0x7f) {
      this.writeRam(command & 31, value);
    } else {
      switch (command) {
        case 0xd1:
          this.writeOutputPort(value);
          break;
        case 0xd2:
          this.reply(value);
          break;
        case 0xd3:
          this.reply(value, true);
          break;
        case 0xd4:
          this.mode &= ~MODE_DISABLE_AUX; // sending starts the line's clock
          this.options.mouse.receive(value);
          break;
        default:
          this.mode &= ~MODE_DISABLE_KEYBOARD;
          this.options.keyboard.receive(value);
      }
    }
    this.fill();
    this.update();
  }

  private writeCommand(value: number): void {
    this.status |= STATUS_A2;
    this.command = 0;
    if (value >= 0x20 && value <= 0x3f)
      this.reply(value === 0x20 ? this.mode : this.ram[value & 31]);
    else if (value >= 0x60 && value <= 0x7f) this.command = value;
    else if (value >= 0xf0) this.pulse(value);
    else this.execute(value);
    this.fill();
    this.update();
  }

  private execute(value: number): void {
    switch (value) {
      case 0xa7:
        this.mode |= MODE_DISABLE_AUX;
        return;
      case 0xa8:
        this.mode &= ~MODE_DISABLE_AUX;
        return;
      case 0xa9: // auxiliary interface test
      case 0xab: // keyboard interface test
        this.reply(0x00);
        return;
      case 0xaa:
        this.status |= STATUS_SYS;
        this.mode |= MODE_SYS;
        this.reply(0x55);
        return;
      case 0xad:
        this.mode |= MODE_DISABLE_KEYBOARD;
        return;
      case 0xae:
        this.mode &= ~MODE_DISABLE_KEYBOARD;
        return;
      case 0xc0:
        this.reply(0x80); // input port: keyboard not locked
        return;
      case 0xd0:
        this.reply(this.readOutputPort());
        return;
      case 0xd1:
      case 0xd2:
      case 0xd3:
      case 0xd4:
        this.command = value;
        return;
      case 0xdd:
      case 0xdf:
        this.setA20(value === 0xdf);
        return;
      case 0xe0:
        this.reply(0x00); // test inputs
        return;
      default: // A4-A6 password, reserved codes: no answer
    }
  }

  private writeRam(address: number, value: number): void {
    this.ram[address] = value;
    if (address !== 0) return;
    this.mode = value;
    this.status = (this.status & ~STATUS_SYS) | (value & MODE_SYS);
  }

  private readOutputPort(): number {
    const isFull = (this.status & STATUS_OBF) !== 0;
    const isAux = (this.status & STATUS_AUX) !== 0;
    return this.outputPort | (isFull ? (isAux ? OUT_AUX_OBF : OUT_OBF) : 0);
  }

  private writeOutputPort(value: number): void {
    this.setA20((value & OUT_A20) !== 0);
    if ((value & OUT_NO_RESET) === 0) this.options.onReset();
  }

  /** F0-FF: low bits of the output port go to 0 for 6 µs where the command's bit is 0. */
  private pulse(value: number): void {
    if ((value & OUT_NO_RESET) === 0) this.options.onReset();
  }
}
