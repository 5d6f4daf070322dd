import { expect, test } from "vitest";
import { evdevOfCode, typedOfKey } from "./keymap";

test("codes and their browser aliases give evdev codes", () => {
  expect(evdevOfCode("KeyA")).toBe(30);
  expect(evdevOfCode("OSLeft")).toBe(125);
  expect(evdevOfCode("Unidentified")).toBeUndefined();
});

test("key values of virtual keyboards are typed on a US layout", () => {
  expect(typedOfKey("Enter")?.key.evdev).toBe(28);
  expect(typedOfKey("%")).toMatchObject({ key: { evdev: 6 }, isShifted: true });
  expect(typedOfKey("Unidentified")).toBeUndefined();
});
