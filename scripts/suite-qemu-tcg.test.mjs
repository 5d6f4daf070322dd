import { expect, it } from "vitest";
import { judgeProgram } from "./suite-qemu-tcg.mjs";
import { parseCheck } from "./test-guest.mjs";

it("passes a program that ends and prints as it does natively", () => {
  const result = { status: 3, hash: "aa", notes: [] };
  expect(judgeProgram(result, { status: 3, hash: "aa" }).outcome).toBe("passed");
  expect(judgeProgram(result, { status: 3, hash: "varies" }).outcome).toBe("passed");
  expect(judgeProgram(result, { status: 0, hash: "aa" }).why).toBe("status 3, natively 0");
  const differs = { ...result, notes: ["2 lines differ", "-a"] };
  expect(judgeProgram(differs, { status: 3, hash: "bb" })).toEqual({
    outcome: "failed",
    why: "2 lines differ",
  });
});

it("reads what the guest of checks tells", () => {
  expect(parseCheck("@ bpf ok 1038 passed")).toEqual({
    name: "bpf",
    isPassed: true,
    detail: "1038 passed",
  });
  expect(parseCheck("@ xor failed ")?.isPassed).toBe(false);
  expect(parseCheck("@end")).toBeUndefined();
});
