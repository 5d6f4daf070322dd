import { expect, test } from "vitest";
import { displaySize } from "./canvas";

test("a picture that fits several times is scaled by a whole number", () => {
  expect(displaySize(640, 480, 1400, 1000)).toEqual({ width: 1280, height: 960, isCrisp: true });
  expect(displaySize(720, 400, 1500, 1000)).toEqual({ width: 1440, height: 800, isCrisp: true });
});

test("where a whole number would waste space the scale is fractional", () => {
  expect(displaySize(1024, 768, 1800, 1350)).toEqual({ width: 1800, height: 1350, isCrisp: false });
});

test("a picture larger than the space shrinks to fit", () => {
  expect(displaySize(1920, 1080, 960, 960)).toEqual({ width: 960, height: 540, isCrisp: false });
});

test("200-line modes fill a 4:3 tube", () => {
  expect(displaySize(320, 200, 640, 480)).toEqual({ width: 640, height: 480, isCrisp: true });
  expect(displaySize(640, 200, 640, 480)).toEqual({ width: 640, height: 480, isCrisp: true });
});
