import { expect, it } from "vitest";
import { cleanRuns, jobsOf, judgeRows, mxcsrFlags, packRow } from "./suite-testfloat.mjs";

it("packs operands, result and flags as the guest reads them", () => {
  const row = new Uint8Array(80).fill(0xee);
  packRow("3FFF8000000000000001 C0800000 1 0D", row);
  expect([...row.subarray(0, 11)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f, 0]);
  expect([...row.subarray(16, 21)]).toEqual([0, 0, 0x80, 0xc0, 0]);
  expect([...row.subarray(48, 50)]).toEqual([1, 0]);
  expect(row[64]).toBe(0x20 | 0x08 | 0x04);
});

it("knows where MXCSR has each of TestFloat's flags", () => {
  expect([1, 2, 4, 8, 16].map(mxcsrFlags)).toEqual([0x20, 0x10, 0x08, 0x04, 0x01]);
});

it("asks for every rounding and precision with the control words that make them", () => {
  const jobs = jobsOf({
    name: "extF80_add",
    routine: "extf80_add",
    rounds: true,
    precise: true,
    options: [],
  });
  expect(jobs.length).toBe(12);
  expect(jobs[0]).toMatchObject({ fcw: 0x003f, mxcsr: 0x1f80 });
  expect(jobs[11]).toMatchObject({ fcw: 0x0f3f, mxcsr: 0x7f80 });
  expect(jobs[11].args).toEqual(["-rminMag", "-precision80", "extF80_add"]);
});

it("fails a job with wrong rows, and one that was not finished", () => {
  const jobs = [{ label: "one" }, { label: "two" }, { label: "three" }];
  const output =
    "J 00000000 00000010 00000000\nR 00000001 00000003 00ff 00000020\nJ 00000001 00000010 00000001\n";
  expect(judgeRows(output, jobs)).toEqual([
    { label: "one", outcome: "passed", why: "16 rows" },
    {
      label: "two",
      outcome: "failed",
      why: "1 of 16 rows differ",
      rows: ["00000003 00ff 00000020"],
    },
    { label: "three", outcome: "failed", why: "did not come to its end" },
  ]);
});

it("finds the clean runs in what testfloat says", () => {
  const text =
    "In 372 tests, no errors found in i32_to_f64.\nIn 5 tests, errors found in f32_add.\n";
  expect(cleanRuns(text)).toEqual(["i32_to_f64"]);
});
