import { expect, it } from "vitest";
import { judgeTest386, judgeUnitTest, judgeVectors, parseUnitTests } from "./test-suite.mjs";

it("reads sections with quoted values", () => {
  const text =
    "# comment\n[one]\nfile = a.flat\ntest_args = 'x y'\n\n[two]\nfile = b.flat\narch = i386\n";
  expect(parseUnitTests(text)).toEqual([
    { name: "one", file: "a.flat", test_args: "x y" },
    { name: "two", file: "b.flat", arch: "i386" },
  ]);
});

it("passes a test by its exit status unless an assertion failed", () => {
  expect(judgeUnitTest(1, "PASS: a\n").outcome).toBe("passed");
  expect(judgeUnitTest(1, "sieve done\n").outcome).toBe("passed");
  expect(judgeUnitTest(3, "PASS: a\nFAIL: b\n")).toEqual({ outcome: "failed", why: "FAIL: b" });
  expect(judgeUnitTest(1, "SKIP: a\n").outcome).toBe("skipped");
  expect(judgeUnitTest(155, "").outcome).toBe("skipped");
});

it("says why a test without a verdict failed", () => {
  expect(judgeUnitTest(127, "Unhandled exception 6 #UD at ip 1\n").why).toBe(
    "Unhandled exception 6 #UD at ip 1",
  );
  expect(judgeUnitTest(null, "PASS: a\n")).toEqual({ outcome: "failed", why: "too slow" });
});

it("counts POST stages and lines of test386", () => {
  const reference = "daa A \nadd B \n";
  const run = (text, end) => Uint8Array.from([0, 1, 0xee, ...Buffer.from(text), ...end]);
  expect(judgeTest386(run("daa A \nadd B \n", [0xff]), reference)).toEqual({
    passed: 5,
    failed: 0,
    why: [],
  });
  const wrong = judgeTest386(run("daa A \nadd C \n", [0xff]), reference);
  expect([wrong.passed, wrong.failed, wrong.why]).toEqual([4, 1, ['line 2: "add C", not "add B"']]);
  expect(judgeTest386(Uint8Array.from([0, 1, 0x11]), reference)).toEqual({
    passed: 2,
    failed: 1,
    why: ["stopped at POST 11"],
  });
});

it("fails a run of vectors that has no summary", () => {
  const lines = "PASS\tx\t0\t\r\nFAIL\ty\t0\tgpr0[0] got 1 want 2\r\n";
  expect(judgeVectors(`${lines}SUMMARY pass 1 fail 1 fault 0\r\n`)).toEqual({
    passed: 1,
    failed: 1,
    skipped: [],
    why: ["y: gpr0[0] got 1 want 2"],
  });
  expect(judgeVectors(lines).failed).toBe(2);
});

it("skips vectors by their feature mask and the processor", () => {
  const lines =
    "PASS\tadd\t000000\t\nFAULT\tpfadd\t000001\tvec 6\nPASS\tvaddps\t000004\t\nFAIL\tsha\t000010\tx\nSUMMARY\n";
  const names = (cpu) => judgeVectors(lines, cpu).skipped.map(({ name }) => name);
  expect(names("max")).toEqual(["pfadd"]);
  expect(names("x86-64-v3,vendor=AuthenticAMD")).toEqual(["pfadd", "sha"]);
  expect(names("x86-64-v2")).toEqual(["pfadd", "vaddps", "sha"]);
  expect(judgeVectors(lines, "max")).toMatchObject({ passed: 2, failed: 1 });
});
