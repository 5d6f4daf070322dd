import { expect, test } from "vitest";
import { KEYS, keyByCode, keyOfCharacter, keysOfCombination } from "./keys";

test("evdev, code and scan codes are each used once", () => {
  for (const column of ["evdev", "code", "set1", "set2", "set3"] as const) {
    const used = KEYS.map((key) => key[column]).filter((value) => value !== 0);
    const twice = used.filter((value, index) => used.indexOf(value) !== index);
    expect({ column, twice }).toEqual({ column, twice: [] });
  }
});

test("evdev 1 to 83 and 87, 88 are set 1 scan codes, as Linux defined them", () => {
  const wrong = KEYS.filter((key) => key.evdev <= 83 && key.set1 !== key.evdev);
  expect(wrong).toEqual([]);
  expect([keyByCode("F11")?.evdev, keyByCode("F12")?.set1]).toEqual([87, 88]);
});

test("sendkey takes QEMU's names and set 1 codes", () => {
  expect(keysOfCombination("ctrl-alt-delete")?.map((key) => key.evdev)).toEqual([29, 56, 111]);
  expect(keysOfCombination("0x1c")?.map((key) => key.code)).toEqual(["Enter"]);
  expect(keysOfCombination("0xc8")?.map((key) => key.code)).toEqual(["ArrowUp"]);
  expect(keysOfCombination("ctrl-nosuch")).toBeUndefined();
});

test("characters map to US keys", () => {
  expect(keyOfCharacter("A")).toMatchObject({ key: { code: "KeyA" }, isShifted: true });
  expect(keyOfCharacter("\n")).toMatchObject({ key: { code: "Enter" }, isShifted: false });
  expect(keyOfCharacter("?")).toMatchObject({ key: { code: "Slash" }, isShifted: true });
  expect(keyOfCharacter("|")).toMatchObject({ key: { code: "Backslash" }, isShifted: true });
  expect(keyOfCharacter("_")).toMatchObject({ key: { code: "Minus" }, isShifted: true });
  expect(keyOfCharacter("é")).toBeUndefined();
});
