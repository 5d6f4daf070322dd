import { expect, it } from "vitest";
import { soakOptions } from "./soak.mjs";

it("has defaults for everything", () => {
  expect(soakOptions([])).toEqual({ seconds: 600, seed: 1, guest: "arch" });
});

it("takes what is asked for", () => {
  const words = ["--seconds", "30", "--seed=9", "--guest", "grub"];
  expect(soakOptions(words)).toEqual({ seconds: 30, seed: 9, guest: "grub" });
});

it.each([
  [["--seconds", "soon"], '--seconds is a number, not "soon".'],
  [["--guest", "plan9"], '--guest is one of arch, grub, tiny, not "plan9".'],
  [["--fast"], "Unknown option '--fast'."],
])("%j is one sentence", (words, sentence) => {
  expect(() => soakOptions(words)).toThrow(sentence);
});
