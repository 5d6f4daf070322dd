import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KeyboardInput } from "./keyboard";

let target: EventTarget;
let sent: string[];
let escapes: number;

function make(userAgent: string): void {
  vi.stubGlobal("navigator", { userAgent });
  target = new EventTarget();
  sent = [];
  escapes = 0;
  new KeyboardInput({
    target: target as HTMLElement,
    sink: { sendKey: (evdev, isDown) => sent.push(`${isDown ? "+" : "-"}${evdev}`) },
    onEscape: () => escapes++,
  });
}

function key(type: "keydown" | "keyup", code: string, more: Partial<KeyboardEvent> = {}): Event {
  const event = Object.assign(new Event(type, { cancelable: true }), { code, key: "", ...more });
  target.dispatchEvent(event);
  return event;
}

beforeEach(() => {
  vi.useFakeTimers();
  make("X11; Linux x86_64");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("keys go in by their place on the keyboard, and the page does not see them", () => {
  expect(key("keydown", "KeyA").defaultPrevented).toBe(true);
  key("keydown", "KeyA", { repeat: true });
  key("keyup", "KeyA");
  expect(sent).toEqual(["+30", "+30", "-30"]);
});

test("Ctrl-Alt-G releases what is held and gives the keyboard back", () => {
  key("keydown", "ControlLeft", { ctrlKey: true });
  key("keydown", "AltLeft", { ctrlKey: true, altKey: true });
  key("keydown", "KeyG", { ctrlKey: true, altKey: true });
  expect(sent).toEqual(["+29", "+56", "-56", "-29"]);
  expect(escapes).toBe(1);
});

test("keys that are down when the focus goes are released", () => {
  key("keydown", "ShiftLeft");
  target.dispatchEvent(new Event("blur"));
  key("keyup", "ShiftLeft");
  expect(sent).toEqual(["+42", "-42"]);
});

test("a phone's keyboard without codes types characters", () => {
  key("keydown", "", { key: "A" });
  expect(sent).toEqual(["+42", "+30", "-30", "-42"]);
});

test("AltGr on Windows is the right Alt alone, Ctrl stays Ctrl", () => {
  make("Windows NT 10.0");
  key("keydown", "ControlLeft");
  key("keydown", "AltRight");
  key("keyup", "ControlLeft");
  key("keyup", "AltRight");
  expect(sent).toEqual(["+100", "-100"]);
  key("keydown", "ControlLeft");
  key("keydown", "KeyC");
  expect(sent.slice(2)).toEqual(["+29", "+46"]);
});

test("Ctrl held alone on Windows goes in a moment later", () => {
  make("Windows NT 10.0");
  key("keydown", "ControlLeft");
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual(["+29"]);
});

test("Command on a Mac releases the keys it swallowed, and Caps Lock is a stroke", () => {
  make("Macintosh; Intel Mac OS X 10_15");
  key("keydown", "MetaLeft");
  key("keydown", "KeyC");
  key("keyup", "MetaLeft", { key: "Meta" });
  expect(sent).toEqual(["+125", "+46", "-125", "-46"]);
  key("keydown", "CapsLock");
  expect(sent.slice(4)).toEqual(["+58", "-58"]);
});
