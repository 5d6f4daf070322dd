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

test("integer scaling never blurs, and never shrinks below one device pixel", () => {
  expect(displaySize(1024, 768, 1800, 1350, "integer")).toEqual({
    width: 1024,
    height: 768,
    isCrisp: true,
  });
  expect(displaySize(1920, 1080, 960, 960, "integer")).toEqual({
    width: 1920,
    height: 1080,
    isCrisp: true,
  });
  expect(displaySize(640, 480, 2000, 2000, "integer")).toEqual({
    width: 1920,
    height: 1440,
    isCrisp: true,
  });
});

test("1:1 is a CSS pixel in whole device pixels", () => {
  expect(displaySize(640, 480, 4000, 4000, "1:1")).toEqual({
    width: 640,
    height: 480,
    isCrisp: true,
  });
  expect(displaySize(640, 480, 300, 300, "1:1", 2)).toEqual({
    width: 1280,
    height: 960,
    isCrisp: true,
  });
  expect(displaySize(640, 480, 300, 300, "1:1", 1.25)).toEqual({
    width: 640,
    height: 480,
    isCrisp: true,
  });
});
