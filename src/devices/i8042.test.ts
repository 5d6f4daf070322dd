import { beforeEach, expect, test } from "vitest";
import { KEYS } from "../shared/keys";
import { I8042, translateSet2 } from "./i8042";
import { MockBoard, MockLine } from "./mock-board";
import { Ps2Keyboard } from "./ps2-keyboard";
import { Ps2Mouse } from "./ps2-mouse";

let board: MockBoard;
let irq1: MockLine;
let irq12: MockLine;
let keyboard: Ps2Keyboard;
let mouse: Ps2Mouse;
let controller: I8042;
let resets: number;
let leds: number;

beforeEach(() => {
  board = new MockBoard();
  irq1 = new MockLine();
  irq12 = new MockLine();
  resets = 0;
  leds = -1;
  keyboard = new Ps2Keyboard((mask) => {
    leds = mask;
  });
  mouse = new Ps2Mouse(board.clock);
  controller = new I8042({
    map: board,
    clock: board.clock,
    irq1,
    irq12,
    keyboard,
    mouse,
    onReset: () => resets++,
  });
});

/** Reads everything offered, waiting between bytes as a driver does; aux bytes get 100h added. */
function drain(): number[] {
  const bytes: number[] = [];
  for (let idle = 0; idle < 2; ) {
    const status = board.in(0x64);
    if (status & 1) {
      bytes.push(board.in(0x60) | (status & 0x20 ? 0x100 : 0));
      idle = 0;
    } else {
      idle++;
      board.clock.advance(20e6);
    }
  }
  return bytes;
}

function toKeyboard(...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    board.out(0x60, byte);
    return drain();
  });
}

function toMouse(...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    board.out(0x64, 0xd4);
    board.out(0x60, byte);
    return drain().map((value) => value - 0x100);
  });
}

function setMode(mode: number): void {
  board.out(0x64, 0x60);
  board.out(0x60, mode);
}

function press(evdev: number): number[] {
  keyboard.key(evdev, true);
  return drain();
}

function release(evdev: number): number[] {
  keyboard.key(evdev, false);
  return drain();
}

test("self test, interface tests and the system flag", () => {
  expect(board.in(0x64) & 0x04).toBe(0);
  board.out(0x64, 0xaa);
  expect(drain()).toEqual([0x55]);
  expect(board.in(0x64) & 0x04).toBe(0x04);
  board.out(0x64, 0xab);
  board.out(0x64, 0xa9);
  expect(drain()).toEqual([0, 0]);
});

test("command byte and controller RAM read back", () => {
  setMode(0x65);
  board.out(0x64, 0x20);
  expect(drain()).toEqual([0x65]);
  board.out(0x64, 0x75);
  board.out(0x60, 0x99);
  board.out(0x64, 0x35);
  expect(drain()).toEqual([0x99]);
});

test("status shows data, source and whether the last write was a command", () => {
  board.out(0x64, 0xd3);
  board.out(0x60, 0x42);
  expect(board.in(0x64)).toBe(0x31);
  expect(board.shadow.get(0x64)).toBe(0x31);
  expect(irq12.isAsserted).toBe(true);
  expect(board.in(0x60)).toBe(0x42);
  expect(board.in(0x60)).toBe(0x42); // the buffer keeps its byte
  board.out(0x64, 0xa8);
  expect(board.in(0x64)).toBe(0x18);
});

test("every key in set 2 translates to its set 1 code", () => {
  const wrong = KEYS.filter((key) => {
    const low = translateSet2(key.set2 & 0xff) | (key.set2 & 0xff00);
    return key.set2 !== 0 && low !== key.set1;
  });
  expect(wrong).toEqual([]);
});

test("keys arrive in set 2 untranslated and in set 1 translated", () => {
  setMode(0x01);
  expect(press(30)).toEqual([0x1c]);
  expect(release(30)).toEqual([0xf0, 0x1c]);
  expect(press(103)).toEqual([0xe0, 0x75]);
  expect(release(103)).toEqual([0xe0, 0xf0, 0x75]);
  setMode(0x41);
  expect(press(30)).toEqual([0x1e]);
  expect(release(30)).toEqual([0x9e]);
  expect(release(103)).toEqual([]);
  expect(press(103)).toEqual([0xe0, 0x48]);
  expect(release(103)).toEqual([0xe0, 0xc8]);
  expect(press(65)).toEqual([0x41]); // F7, the one code above 80h
});

test("Pause, Break, Print Screen and SysRq", () => {
  setMode(0x41);
  expect(press(119)).toEqual([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]);
  expect(release(119)).toEqual([]);
  expect(press(99)).toEqual([0xe0, 0x2a, 0xe0, 0x37]);
  expect(release(99)).toEqual([0xe0, 0xb7, 0xe0, 0xaa]);
  press(29);
  expect(press(119)).toEqual([0xe0, 0x46, 0xe0, 0xc6]);
  release(29);
  press(56);
  expect(press(99)).toEqual([0x54]);
});

test("one interrupt per byte, and bytes of key events keep a distance", () => {
  setMode(0x41);
  keyboard.key(103, true);
  expect(irq1.edges).toBe(1);
  expect(board.in(0x60)).toBe(0xe0);
  expect(board.in(0x64) & 1).toBe(0);
  expect(irq1.isAsserted).toBe(false);
  board.clock.advance(400_000);
  expect(irq1.edges).toBe(2);
  expect(board.in(0x60)).toBe(0x48);
});

test("a disabled keyboard keeps its bytes; writing to it enables it", () => {
  setMode(0x41);
  board.out(0x64, 0xad);
  keyboard.key(30, true);
  expect(drain()).toEqual([]);
  board.out(0x64, 0xae);
  expect(drain()).toEqual([0x1e]);
  board.out(0x64, 0xad);
  expect(toKeyboard(0xee)).toEqual([0xee]);
});

test("keyboard reset, identify and echo; the id is translated as well", () => {
  setMode(0x01);
  expect(toKeyboard(0xff)).toEqual([0xfa, 0xaa]);
  expect(toKeyboard(0xf2)).toEqual([0xfa, 0xab, 0x83]);
  expect(toKeyboard(0xee)).toEqual([0xee]);
  expect(toKeyboard(0x12)).toEqual([0xfe]);
  setMode(0x41);
  expect(toKeyboard(0xf2)).toEqual([0xfa, 0xab, 0x41]);
});

test("LEDs, rate and resend", () => {
  setMode(0x01);
  expect(toKeyboard(0xed, 0x06)).toEqual([0xfa, 0xfa]);
  expect(leds).toBe(6);
  expect(toKeyboard(0xf3, 0x20)).toEqual([0xfa, 0xfa]);
  expect(keyboard.typematic).toBe(0x20);
  press(30);
  expect(toKeyboard(0xfe)).toEqual([0x1c]);
});

test("keys pressed between a command and its argument come after both are acknowledged", () => {
  expect(toKeyboard(0xed)).toEqual([0xfa]);
  keyboard.key(30, true);
  keyboard.key(30, false);
  expect(drain()).toEqual([]);
  expect(toKeyboard(4)).toEqual([0xfa, 0x1c, 0xf0, 0x1c]);
});

test("scanning off, defaults and on", () => {
  setMode(0x01);
  expect(toKeyboard(0xf5)).toEqual([0xfa]);
  expect(press(31)).toEqual([]);
  expect(toKeyboard(0xf4)).toEqual([0xfa]);
  expect(press(32)).toEqual([0x23]);
});

test("scan code sets 1 and 3, and asking for the set", () => {
  setMode(0x01);
  expect(toKeyboard(0xf0, 0x00)).toEqual([0xfa, 0xfa, 0x02]);
  toKeyboard(0xf0, 0x01);
  expect(press(103)).toEqual([0xe0, 0x48]);
  expect(release(103)).toEqual([0xe0, 0xc8]);
  toKeyboard(0xf0, 0x03);
  expect(press(103)).toEqual([0x63]);
  expect(release(103)).toEqual([]); // typematic, no break
  expect(press(42)).toEqual([0x12]);
  expect(release(42)).toEqual([0xf0, 0x12]);
  toKeyboard(0xf8);
  press(103);
  expect(release(103)).toEqual([0xf0, 0x63]);
  toKeyboard(0xfd, 0x63);
  toKeyboard(0xf4);
  press(103);
  expect(release(103)).toEqual([]);
  expect(toKeyboard(0xf0, 0x07)).toEqual([0xfa, 0xfe]);
});

test("events beyond the buffer wait and none is lost below the limit", () => {
  setMode(0x01);
  for (let i = 0; i < 40; i++) {
    keyboard.key(30, true);
    keyboard.key(30, false);
  }
  expect(drain().length).toBe(40 * 3);
});

test("a flood drops presses but never the release of a key that went down", () => {
  setMode(0x01);
  keyboard.key(42, true);
  for (let i = 0; i < 500; i++) {
    keyboard.key(30, true);
    keyboard.key(30, false);
  }
  keyboard.key(42, false);
  const bytes = drain();
  expect(bytes.slice(-2)).toEqual([0xf0, 0x12]);
  expect(bytes.length).toBeLessThan(500);
});

test("output port: A20, reset by pulse and by write", () => {
  board.out(0x64, 0xd0);
  expect(drain()[0] & 0x03).toBe(0x03);
  board.out(0x64, 0xd1);
  board.out(0x60, 0x01);
  expect(controller.isA20Enabled).toBe(false);
  board.out(0x64, 0xdf);
  expect(controller.isA20Enabled).toBe(true);
  board.out(0x64, 0xfe);
  expect(resets).toBe(1);
  board.out(0x64, 0xd1);
  board.out(0x60, 0x02);
  expect(resets).toBe(2);
  board.out(0x64, 0xff);
  expect(resets).toBe(2);
});

test("mouse reset and standard packets", () => {
  setMode(0x03);
  expect(toMouse(0xff)).toEqual([0xfa, 0xaa, 0x00]);
  mouse.move(5, 5);
  expect(drain()).toEqual([]); // not enabled
  expect(toMouse(0xf4)).toEqual([0xfa]);
  mouse.move(5, -3);
  expect(drain()).toEqual([0x108, 0x105, 0x103]);
  mouse.setButtons(1);
  mouse.setButtons(0);
  expect(drain()).toEqual([0x109, 0x100, 0x100, 0x108, 0x100, 0x100]);
  expect(irq12.edges).toBeGreaterThan(3);
});

test("large motion is spread over packets and fractions add up", () => {
  toMouse(0xf4);
  mouse.move(-300, 0);
  expect(drain()).toEqual([0x118, 0x101, 0x100, 0x118, 0x1d3, 0x100]);
  mouse.move(0.5, 0);
  drain();
  mouse.move(0.5, 0);
  expect(drain()).toContain(0x101);
});

test("IntelliMouse and Explorer knocks", () => {
  toMouse(0xf3, 200, 0xf3, 100, 0xf3, 80);
  expect(toMouse(0xf2)).toEqual([0xfa, 3]);
  toMouse(0xf4);
  mouse.wheel(1);
  expect(drain()).toEqual([0x108, 0x100, 0x100, 0x1ff]);
  toMouse(0xf3, 200, 0xf3, 200, 0xf3, 80);
  expect(toMouse(0xf2)).toEqual([0xfa, 4]);
  mouse.setButtons(0x10);
  expect(drain()).toEqual([0x108, 0x100, 0x100, 0x120]);
  mouse.setButtons(0);
  mouse.wheel(-1);
  expect(drain().slice(-1)).toEqual([0x101]);
});

test("status request, resolution, scaling and remote mode", () => {
  expect(toMouse(0xe8, 3, 0xf3, 40, 0xe7)).toEqual([0xfa, 0xfa, 0xfa, 0xfa, 0xfa]);
  toMouse(0xf4);
  mouse.setButtons(1);
  drain();
  expect(toMouse(0xe9)).toEqual([0xfa, 0x34, 3, 40]);
  mouse.move(10, 0);
  expect(drain()).toEqual([0x109, 20 + 0x100, 0x100]);
  toMouse(0xf0);
  mouse.move(7, 0);
  expect(drain()).toEqual([]);
  expect(toMouse(0xeb)).toEqual([0xfa, 0x09, 7, 0]);
  expect(toMouse(0xeb)).toEqual([0xfa, 0x09, 0, 0]);
});

test("wrap mode echoes until it is left", () => {
  expect(toMouse(0xee, 0x55, 0xf4, 0xec)).toEqual([0xfa, 0x55, 0xf4, 0xfa]);
});

test("motion is summed while the guest does not read, at the sample rate otherwise", () => {
  toMouse(0xf4);
  for (let i = 0; i < 50; i++) mouse.move(2, 0);
  const bytes = drain();
  expect(bytes.length).toBe(6);
  expect(bytes[4]).toBe(0x100 + 98);
});

test("set up as firmware does it, a key comes translated and the mouse is silent", () => {
  controller.setUpAsFirmware();
  board.out(0x64, 0x20);
  expect(drain()).toEqual([0x65]);
  keyboard.key(1, true);
  mouse.move(1, 1);
  expect(drain()).toEqual([0x01]);
  expect(board.in(0x64) & 4).toBe(4);
});
