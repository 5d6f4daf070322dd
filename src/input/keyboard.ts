/**
 * The page's keyboard into the machine: while an element has the focus, its keys go in, all of them
 * that the browser gives away. One chord stays here, QEMU's Ctrl-Alt-G, and gives the keyboard back.
 *
 * Keys that would stay down are released: all when the focus goes; on a Mac those pressed together with
 * Command, for which the browser sends no release. Caps Lock on a Mac sends a press when it comes on and
 * a release when it goes off: both are a stroke. AltGr on Windows comes as ControlLeft and AltRight at
 * the same instant: that ControlLeft is left out.
 */
import { evdevOfCode, typedOfKey } from "./keymap";

export const ESCAPE_CHORD = "Ctrl+Alt+G";

const KEY_LEFTSHIFT = 42;
const KEY_CAPSLOCK = 58;
/** Longer than a browser takes between the two halves of AltGr. */
const ALTGR_MS = 20;

export interface KeyboardSink {
  sendKey(evdev: number, isDown: boolean): void;
}

export interface KeyboardOptions {
  target: HTMLElement;
  sink: KeyboardSink;
  /** The chord was pressed. */
  onEscape: () => void;
}

export function isEscapeChord(event: KeyboardEvent): boolean {
  return event.code === "KeyG" && event.ctrlKey && event.altKey;
}

export class KeyboardInput {
  private readonly held = new Map<number, string>();
  private heldBack: ReturnType<typeof setTimeout> | undefined;
  private readonly isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent);
  private readonly isWindows = /Windows/.test(navigator.userAgent);

  constructor(private readonly options: KeyboardOptions) {
    const { target } = options;
    target.addEventListener("keydown", (event) => this.down(event));
    target.addEventListener("keyup", (event) => this.up(event));
    target.addEventListener("blur", () => this.releaseAll());
    // Text from input methods and phones ends up nowhere else: there is no field to type into.
    target.addEventListener("beforeinput", (event) => event.preventDefault());
  }

  releaseAll(): void {
    this.flushHeldBack();
    for (const evdev of [...this.held.keys()].reverse()) this.options.sink.sendKey(evdev, false);
    this.held.clear();
  }

  private down(event: KeyboardEvent): void {
    if (isEscapeChord(event)) {
      event.preventDefault();
      this.releaseAll();
      this.options.onEscape();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (this.isWindows && this.holdBack(event)) return;
    const evdev = evdevOfCode(event.code);
    if (evdev === undefined) {
      this.typeCharacter(event.key);
    } else if (this.isMac && evdev === KEY_CAPSLOCK) {
      this.stroke(evdev);
    } else {
      this.held.set(evdev, event.code);
      this.options.sink.sendKey(evdev, true);
    }
  }

  private up(event: KeyboardEvent): void {
    event.preventDefault();
    this.flushHeldBack();
    const evdev = evdevOfCode(event.code);
    if (evdev === undefined) return;
    if (this.isMac && evdev === KEY_CAPSLOCK) {
      this.stroke(evdev);
      return;
    }
    if (this.held.delete(evdev)) this.options.sink.sendKey(evdev, false);
    if (this.isMac && event.key === "Meta") this.releaseAll();
  }

  /** True when the event is dealt with: a ControlLeft that may be half of AltGr waits for the other. */
  private holdBack(event: KeyboardEvent): boolean {
    if (event.code === "AltRight" && this.heldBack !== undefined) {
      clearTimeout(this.heldBack);
      this.heldBack = undefined;
      return false;
    }
    this.flushHeldBack();
    if (event.code !== "ControlLeft" || event.repeat) return false;
    this.heldBack = setTimeout(() => this.flushHeldBack(), ALTGR_MS);
    return true;
  }

  private flushHeldBack(): void {
    if (this.heldBack === undefined) return;
    clearTimeout(this.heldBack);
    this.heldBack = undefined;
    const evdev = evdevOfCode("ControlLeft") as number;
    this.held.set(evdev, "ControlLeft");
    this.options.sink.sendKey(evdev, true);
  }

  private stroke(evdev: number): void {
    this.options.sink.sendKey(evdev, true);
    this.options.sink.sendKey(evdev, false);
  }

  /** An event without a code, from a phone's keyboard. */
  private typeCharacter(character: string): void {
    const typed = typedOfKey(character);
    if (!typed) return;
    const { sink } = this.options;
    if (typed.isShifted) sink.sendKey(KEY_LEFTSHIFT, true);
    this.stroke(typed.key.evdev);
    if (typed.isShifted) sink.sendKey(KEY_LEFTSHIFT, false);
  }
}
