/**
 * PS/2 keyboard, 104 keys and the multimedia ones: IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboards (101- and 102-Key)". Scan code sets 1, 2 and 3 with the per-key modes of set 3; all commands.
 *
 *   host -> keyboard                     answer
 *   ED leds  F0 set  F3 rate             FA for the command, FA for its argument
 *   EE echo                              EE
 *   F2 identify                          FA AB 83
 *   F4 enable  F5 disable  F6 defaults   FA
 *   F7-FA all keys, FB-FD listed keys    FA (set 3 modes)
 *   FE resend                            the last byte again
 *   FF reset                             FA, then AA (self-test passed, at once: no 500 ms)
 *
 * The keyboard's own buffer holds 16 bytes, as the real one; events that find no room wait in front of
 * it instead of becoming an overrun code, so that a lagging tab loses no key release. Repetition comes
 * from the host's keyboard as further presses; the typematic rate is stored and not used. The fake
 * shift codes around navigation keys (Num Lock, Shift) are not sent: no current system needs them.
 */
import { KEYS, keyByEvdev } from "../shared/keys";
import { PS2_ACK, PS2_BAT_PASSED, PS2_RESEND, type Ps2Device } from "./ps2-device";

const BUFFER_SIZE = 16;
const WAITING_MAX = 128;

const KEY_LEFTCTRL = 29;
const KEY_LEFTSHIFT = 42;
const KEY_RIGHTSHIFT = 54;
const KEY_LEFTALT = 56;
const KEY_RIGHTCTRL = 97;
const KEY_SYSRQ = 99;
const KEY_RIGHTALT = 100;
const KEY_PAUSE = 119;

/** Set 3 key modes. */
const MODE_REPEAT = 1;
const MODE_BREAK = 2;

/** Set 3 defaults other than "repeat, no break": IBM's table of key types. */
const MAKE_BREAK_KEYS = [
  ..."ControlLeft ShiftLeft ShiftRight AltLeft CapsLock MetaLeft MetaRight ContextMenu".split(" "),
];
const MAKE_ONLY_KEYS = [
  ..."Escape F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 PrintScreen ScrollLock Pause".split(" "),
  ..."Insert Home PageUp End PageDown ControlRight AltRight NumLock NumpadEnter".split(" "),
  ..."NumpadDivide NumpadMultiply NumpadSubtract Numpad0 Numpad1 Numpad2 Numpad3 Numpad4".split(
    " ",
  ),
  ..."Numpad5 Numpad6 Numpad7 Numpad8 Numpad9 NumpadDecimal".split(" "),
];

export class Ps2Keyboard implements Ps2Device {
  onReady: () => void = () => {};
  /** Bits: 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
  leds = 0;
  /** Rate and delay as the guest set them. */
  typematic = 0x2b;

  private set = 2;
  private isEnabled = true;
  private responses: number[] = [];
  private buffer: number[] = [];
  /** Sequences that do not fit the buffer yet. */
  private waiting: number[][] = [];
  private readonly held = new Set<number>();
  private readonly modes = new Uint8Array(256);
  /** The command that waits for its argument. */
  private command = 0;
  private lastByte = 0;

  constructor(private readonly onLeds: (leds: number) => void = () => {}) {
    this.setDefaults();
  }

  reset(): void {
    this.responses = [];
    this.clearBuffer();
    this.held.clear();
    this.command = 0;
    this.setDefaults();
    this.isEnabled = true;
    this.setLeds(0);
  }

  get scanCodeSet(): number {
    return this.set;
  }

  /** Between a command and its argument the keyboard does not scan: drivers drop what they did not ask for. */
  get hasByte(): boolean {
    const isListening = this.command !== 0 && this.command < 0xfb;
    return this.responses.length > 0 || (this.buffer.length > 0 && !isListening);
  }

  get isEvent(): boolean {
    return this.responses.length === 0;
  }

  take(): number {
    const byte = this.responses.shift() ?? this.buffer.shift() ?? 0;
    this.lastByte = byte;
    this.refill();
    return byte;
  }

  /** A key by evdev code; a press of a held key is a repetition. Unknown keys are ignored. */
  key(evdev: number, isDown: boolean): void {
    const isRepeat = isDown && this.held.has(evdev);
    if (!isDown && !this.held.has(evdev)) return; // its press never reached us
    const bytes = this.sequence(evdev, isDown, isRepeat);
    if (bytes === undefined) return;
    // A full queue refuses presses only: every release whose press was seen gets through.
    if (isDown && this.waiting.length >= WAITING_MAX) return;
    if (isDown) this.held.add(evdev);
    else this.held.delete(evdev);
    if (!this.isEnabled || bytes.length === 0) return;
    this.waiting.push(bytes);
    const hadByte = this.hasByte;
    this.refill();
    if (!hadByte && this.hasByte) this.onReady();
  }

  private refill(): void {
    while (this.waiting.length > 0 && this.buffer.length + this.waiting[0].length <= BUFFER_SIZE) {
      this.buffer.push(...(this.waiting.shift() as number[]));
    }
  }

  private clearBuffer(): void {
    this.buffer = [];
    this.waiting = [];
  }

  /** Bytes of one event in the current set, or undefined when the set lacks the key. */
  private sequence(evdev: number, isDown: boolean, isRepeat: boolean): number[] | undefined {
    const key = keyByEvdev(evdev);
    if (!key) return undefined;
    if (this.set === 3) return this.sequence3(key.set3, isDown, isRepeat);
    const code = this.set === 1 ? key.set1 : key.set2;
    if (code === 0) return undefined;
    if (evdev === KEY_PAUSE) return isDown && !isRepeat ? this.pauseSequence() : [];
    if (evdev === KEY_SYSRQ) return this.printSequence(isDown, isRepeat);
    if (code === 0xf1 || code === 0xf2) return isDown && !isRepeat ? [code] : [];
    return this.coded(code, isDown);
  }

  /** Make or break of a set 1 or set 2 code. */
  private coded(code: number, isDown: boolean): number[] {
    const prefix = code > 0xff ? [code >> 8] : [];
    const low = code & 0xff;
    if (isDown) return [...prefix, low];
    return this.set === 1 ? [...prefix, low | 0x80] : [...prefix, 0xf0, low];
  }

  private sequence3(code: number, isDown: boolean, isRepeat: boolean): number[] | undefined {
    if (code === 0) return undefined;
    const mode = this.modes[code];
    if (isDown) return isRepeat && (mode & MODE_REPEAT) === 0 ? [] : [code];
    return mode & MODE_BREAK ? [0xf0, code] : [];
  }

  private isHeld(...keys: number[]): boolean {
    return keys.some((key) => this.held.has(key));
  }

  /** Pause sends make and break together on press; with Ctrl it is Break. */
  private pauseSequence(): number[] {
    const isBreak = this.isHeld(KEY_LEFTCTRL, KEY_RIGHTCTRL);
    if (this.set === 1) {
      return isBreak ? [0xe0, 0x46, 0xe0, 0xc6] : [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];
    }
    if (isBreak) return [0xe0, 0x7e, 0xe0, 0xf0, 0x7e];
    return [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77];
  }

  /** Print Screen: SysRq with Alt, bare with Shift or Ctrl, with a fake shift otherwise. */
  private printSequence(isDown: boolean, isRepeat: boolean): number[] {
    const isFirst = this.set === 1;
    if (this.isHeld(KEY_LEFTALT, KEY_RIGHTALT)) return this.coded(isFirst ? 0x54 : 0x84, isDown);
    const print = this.coded(isFirst ? 0xe037 : 0xe07c, isDown);
    const hasModifier = this.isHeld(KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTCTRL, KEY_RIGHTCTRL);
    if (hasModifier || isRepeat) return print;
    const shift = this.coded(isFirst ? 0xe02a : 0xe012, isDown);
    return isDown ? [...shift, ...print] : [...print, ...shift];
  }

  receive(byte: number): void {
    const hadByte = this.hasByte;
    if (this.command !== 0 && byte < 0xed) this.argument(byte);
    else this.execute(byte);
    if (!hadByte && this.hasByte) this.onReady();
  }

  private execute(byte: number): void {
    this.command = 0;
    switch (byte) {
      case 0xed: // set LEDs
      case 0xf0: // select scan code set
      case 0xf3: // typematic rate and delay
      case 0xfb: // set keys to repeat
      case 0xfc: // set keys to make/break
      case 0xfd: // set keys to make only
        this.command = byte;
        this.responses.push(PS2_ACK);
        return;
      case 0xee:
        this.responses.push(0xee);
        return;
      case 0xf2:
        this.responses.push(PS2_ACK, 0xab, 0x83);
        return;
      case 0xf4:
      case 0xf5:
      case 0xf6:
        this.clearBuffer();
        if (byte !== 0xf4) this.setDefaults();
        if (byte !== 0xf6) this.isEnabled = byte === 0xf4;
        this.responses.push(PS2_ACK);
        return;
      case 0xf7:
      case 0xf8:
      case 0xf9:
      case 0xfa:
        this.modes.fill([MODE_REPEAT, MODE_BREAK, 0, MODE_REPEAT | MODE_BREAK][byte - 0xf7]);
        this.responses.push(PS2_ACK);
        return;
      case 0xfe:
        this.responses.push(this.lastByte);
        return;
      case 0xff:
        this.reset();
        this.responses.push(PS2_ACK, PS2_BAT_PASSED);
        return;
      default:
        this.responses.push(PS2_RESEND);
    }
  }

  private argument(byte: number): void {
    const command = this.command;
    this.command = 0;
    switch (command) {
      case 0xed:
        this.setLeds(byte & 7);
        break;
      case 0xf0:
        if (byte > 3) {
          this.responses.push(PS2_RESEND);
          return;
        }
        this.responses.push(PS2_ACK);
        if (byte === 0) this.responses.push(this.set);
        else this.selectSet(byte);
        return;
      case 0xf3:
        this.typematic = byte & 0x7f;
        break;
      default: // FB-FD: any number of set 3 codes, ended by the next command
        this.modes[byte] = [MODE_REPEAT, MODE_BREAK, 0][command - 0xfb];
        this.command = command;
    }
    this.responses.push(PS2_ACK);
  }

  private selectSet(set: number): void {
    this.set = set;
    this.clearBuffer();
  }

  private setLeds(leds: number): void {
    if (leds === this.leds) return;
    this.leds = leds;
    this.onLeds(leds);
  }

  private setDefaults(): void {
    this.set = 2;
    this.typematic = 0x2b; // 10.9 characters a second after 500 ms
    this.modes.fill(MODE_REPEAT);
    for (const key of KEYS) {
      if (MAKE_BREAK_KEYS.includes(key.code)) this.modes[key.set3] = MODE_BREAK;
      if (MAKE_ONLY_KEYS.includes(key.code)) this.modes[key.set3] = 0;
    }
  }
}
