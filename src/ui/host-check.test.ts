import { afterEach, expect, it, vi } from "vitest";
import { hostProblem, missingFeatures } from "./host-check";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("finds all features in an engine that has them", () => {
  expect(missingFeatures()).toEqual([]);
});

it("names the features that an engine refuses", () => {
  const opcodes = (bytes: BufferSource) => new Uint8Array(bytes as ArrayBuffer).includes(0xfd);
  vi.spyOn(WebAssembly, "validate").mockImplementation((bytes) => !opcodes(bytes));
  expect(missingFeatures()).toEqual(["SIMD"]);
  expect(hostProblem()).toMatch(/lacks SIMD: update it/);
});

it("tells the headers when the page is not isolated", () => {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("crossOriginIsolated", false);
  expect(hostProblem()).toMatch(/Cross-Origin-Opener-Policy: same-origin/);
});

it("asks for https where the address is not secure", () => {
  vi.stubGlobal("isSecureContext", false);
  expect(hostProblem()).toMatch(/over https/);
});

it("has nothing to say in an isolated page", () => {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("crossOriginIsolated", true);
  expect(hostProblem()).toBeUndefined();
});
