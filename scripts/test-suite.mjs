// `npm run test:suite -- NAME PATH`: runs a processor test suite of others that its owner has built.
//
//   kvm-unit-tests PATH    its build folder, configured for x86_64 or i386: x86/*.flat and x86/unittests.cfg
//   test386 PATH           a folder with test386.bin (64 or 128 KiB, OUT_PORT 0xE9, POST_PORT 0x190) and
//                          test386-EE-reference.txt
//   vectors PATH           a folder with vecboot.bin and packs of vectors (*.pack) for it
//   qemu-tcg PATH          programs of QEMU's tests/tcg, see suite-qemu-tcg.mjs
//   testfloat PATH         a folder with testfloat and testfloat_gen, see suite-testfloat.mjs
//
//   --only RE    tests whose name matches       --cpu MODEL    default max
//   --cap S      seconds a test may take        --show         what each failing test printed
//   --record     qemu-tcg: run natively and keep what that gives
//
// Nothing of a suite is fetched, built or kept here. One processor. The last line is "N passed, N failed";
// what needs a feature that this processor does not offer is listed as skipped.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isMain, main, SetupError } from "./cache.mjs";
import { runVm } from "./run-vm.mjs";
import { qemuTcg } from "./suite-qemu-tcg.mjs";
import { testfloat } from "./suite-testfloat.mjs";

/** kvm-unit-tests for what -cpu max leaves out, by the name of the image. */
const NOT_OFFERED = {
  "VMX and SVM": /^(vmx|svm|svm_npt|vmware_backdoors)\.flat$/,
  "Hyper-V": /^hyperv_/,
  "performance counters": /^pmu/,
  "KVM's clock and page faults": /^(asyncpf|kvmclock_test)\.flat$/,
  "TSX, CET, LAM, supervisor protection keys, RDPRU": /^(tsx-ctrl|cet|lam|pks|rdpru)\.flat$/,
  "an IOMMU": /^intel[-_]iommu\.flat$/,
};

/** Sections of unittests.cfg: { name, file, ... }. */
export function parseUnitTests(text) {
  const tests = [];
  for (const line of text.split("\n")) {
    const section = /^\[(.+)\]/.exec(line);
    if (section) tests.push({ name: section[1] });
    const pair = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (pair && tests.length > 0) tests.at(-1)[pair[1]] = pair[2].replace(/^(["'])(.*)\1$/, "$2");
  }
  return tests;
}

/** What a run of a kvm-unit-tests image comes to: isa-debug-exit gives (code << 1) | 1, and code 77 skips. */
export function judgeUnitTest(status, output) {
  const failed = output.match(/^FAIL: .*$/gm) ?? [];
  if (status === 77 || status === 155) return { outcome: "skipped", why: "by itself" };
  if (status === 1 && failed.length === 0) {
    const isEmpty = !/^PASS: /m.test(output) && /^SKIP: /m.test(output);
    return isEmpty ? { outcome: "skipped", why: "by itself" } : { outcome: "passed" };
  }
  if (failed.length > 0) return { outcome: "failed", why: failed[0] };
  const trap = /^Unhandled.*$/m.exec(output)?.[0];
  return {
    outcome: "failed",
    why: status === null ? "too slow" : (trap ?? `exit status ${status}`),
  };
}

/**
 * What test386 wrote to its two ports, in one stream: POST codes up to EEh, result lines, POST FFh. Counts the
 * POST stages that were passed and the lines that are as in the reference.
 */
export function judgeTest386(bytes, reference) {
  const textAt = bytes.indexOf(0xee);
  const posts = textAt < 0 ? bytes : bytes.subarray(0, textAt + 1);
  const isDone = textAt >= 0 && bytes.at(-1) === 0xff;
  const result = {
    passed: Math.max(0, posts.length - (isDone ? 0 : 1)),
    failed: isDone ? 0 : 1,
    why: [],
  };
  if (!isDone) result.why.push(`stopped at POST ${(bytes.at(-1) ?? 0).toString(16)}`);
  if (textAt < 0) return result;
  const lines = (text) => text.split("\n").map((line) => line.trim());
  const got = lines(
    Buffer.from(bytes.subarray(textAt + 1, isDone ? -1 : undefined)).toString("latin1"),
  );
  const want = lines(reference);
  for (let i = 0; i < Math.max(got.length, want.length); i++) {
    if ((got[i] ?? "") === (want[i] ?? "")) {
      if (want[i]) result.passed++;
      continue;
    }
    result.failed++;
    if (result.why.length < 10)
      result.why.push(`line ${i + 1}: "${got[i] ?? ""}", not "${want[i] ?? ""}"`);
  }
  return result;
}

/** Bits of a pack's feature mask with the least -cpu that offers the feature; without one, none does. */
// biome-ignore format: one per line
export const VECTOR_FEATURES = [
  ["3DNow!"],
  ["SSE4a"],
  ["AVX, AVX2, FMA or F16C", "x86-64-v3"],
  ["RDRAND or RDSEED", "x86-64-v2"],
  ["SHA", "max"],
  ["CLZERO"],
  ["BMI1", "x86-64-v3"],
  ["BMI2", "x86-64-v3"],
  ["CLWB", "max"],
  ["RDTSCP", "x86-64-v2"],
  ["VAES"],
  ["AFP"],
  ["SSSE3", "x86-64-v2"],
  ["SSE4.1", "x86-64-v2"],
  ["SSE4.2", "x86-64-v2"],
  ["AES", "max"],
  ["PCLMULQDQ", "max"],
  ["MOVBE", "x86-64-v3"],
  ["ADX", "max"],
  ["XSAVE", "x86-64-v2"],
  ["RDPID", "x86-64-v2"],
  ["CLFLUSHOPT", "x86-64-v2"],
  ["FSGSBASE", "x86-64-v2"],
  ["extended 3DNow!"],
];

const MODEL_ORDER = ["x86-64-v2", "x86-64-v3", "max"];

/** What a vector with this feature mask needs that `cpu` does not offer. */
function missingFeature(mask, cpu) {
  const rank = MODEL_ORDER.indexOf(cpu.split(",")[0]);
  const missing = VECTOR_FEATURES.find(
    ([, least], bit) => (mask >> bit) & 1 && !(least && MODEL_ORDER.indexOf(least) <= rank),
  );
  return missing?.[0];
}

/** Lines of vecboot: PASS|FAIL|FAULT, name, feature mask, detail, between tabs. */
export function judgeVectors(output, cpu = "max") {
  const all = output.split(/\r?\n/).map((line) => line.split("\t"));
  const isSkipped = ([, , mask]) => mask && missingFeature(Number.parseInt(mask, 16), cpu);
  const lines = all.filter((line) => !isSkipped(line));
  const skipped = all
    .filter(isSkipped)
    .map((line) => ({ name: line[1], why: `needs ${isSkipped(line)}` }));
  const failed = lines.filter(([word]) => word === "FAIL" || word === "FAULT");
  const isDone = lines.some(([word]) => word.startsWith("SUMMARY"));
  return {
    passed: lines.filter(([word]) => word === "PASS").length,
    failed: failed.length + (isDone ? 0 : 1),
    skipped,
    why: failed
      .map(([, name, , detail]) => `${name}: ${detail}`)
      .concat(isDone ? [] : ["the run ended early"]),
  };
}

function need(path) {
  if (!existsSync(path)) throw new SetupError(`${path} is missing: is the suite built?`);
  return path;
}

const MACHINE = ["-display", "none", "-nodefaults", "-vga", "none", "-no-reboot"];
/** Seconds for what does not say how long it may take. */
const CAP_S = 120;
const DEBUG_EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"];

async function unitTests(suite) {
  const folder = join(suite.path, "x86");
  const tests = parseUnitTests(readFileSync(need(join(folder, "unittests.cfg")), "utf8"));
  const config = join(suite.path, "config.mak");
  const arch = existsSync(config)
    ? /^ARCH=(\w+)/m.exec(readFileSync(config, "utf8"))?.[1]
    : undefined;
  const environment = join(suite.scratch, "env");
  writeFileSync(environment, "TESTDEV=1\n");
  for (const test of tests) {
    const { name, file, arch: only, test_args: args = "", timeout = "90" } = test;
    if (!suite.only.test(name) || !file || (only && arch && only !== arch)) continue;
    const image = join(folder, file);
    if (!existsSync(image)) continue;
    const reason = Object.keys(NOT_OFFERED).find((key) => NOT_OFFERED[key].test(file));
    if (reason) {
      suite.report(name, { outcome: "skipped", why: `needs ${reason}` });
      continue;
    }
    // The processor's vendor is part of what a few tests are about; other features are what --cpu offers.
    const vendor = /,(vendor=\w+)/.exec(test.qemu_params ?? "")?.[1];
    const append = args.replace(/`date \+%s`/g, String(Math.floor(Date.now() / 1000)));
    const { status, out } = await suite.run(
      [
        ...["-m", "256", "-serial", "stdio", ...DEBUG_EXIT, "-device", "pc-testdev"],
        ...["-kernel", image, "-initrd", environment, "-append", append],
        ...(vendor ? ["-cpu", `${suite.cpu},${vendor}`] : []),
      ],
      suite.cap ?? 4 * Number(timeout),
    );
    const output = out.toString("latin1").replaceAll("\r", "");
    suite.report(name, judgeUnitTest(status, output), output);
  }
}

async function test386(suite) {
  const image = need(join(suite.path, "test386.bin"));
  const reference = readFileSync(need(join(suite.path, "test386-EE-reference.txt")), "latin1");
  let last = -1;
  const ports = ["0xe9", "0x190"].flatMap((port) => ["-device", `isa-debugcon,iobase=${port}`]);
  const { err } = await suite.run(
    ["-m", "32", "-bios", image, "-serial", "none", ...ports, "-d", "firmware"],
    suite.cap ?? CAP_S,
    {
      isDone(chunk) {
        last = chunk.at(-1) ?? last;
        return last === 0xff;
      },
    },
  );
  suite.count("test386", judgeTest386(err, reference));
}

async function vectors(suite) {
  const kernel = need(join(suite.path, "vecboot.bin"));
  for (const pack of readdirSync(suite.path).filter((name) => name.endsWith(".pack"))) {
    if (!suite.only.test(pack)) continue;
    const options = ["-m", "512", "-serial", "stdio", ...DEBUG_EXIT, "-kernel", kernel];
    const { out } = await suite.run(
      [...options, "-initrd", join(suite.path, pack)],
      suite.cap ?? CAP_S,
    );
    suite.count(pack, judgeVectors(out.toString("latin1"), suite.cpu));
  }
}

const SUITES = { "kvm-unit-tests": unitTests, test386, vectors, "qemu-tcg": qemuTcg, testfloat };

function parseSuite(args) {
  const suite = { only: /^/, cpu: "max", isShown: false, isRecording: false, rest: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--only") suite.only = new RegExp(`^(${args[++i]})$`);
    else if (args[i] === "--cap") suite.cap = Number(args[++i]);
    else if (args[i] === "--cpu") suite.cpu = args[++i];
    else if (args[i] === "--show") suite.isShown = true;
    else if (args[i] === "--record") suite.isRecording = true;
    else if (args[i].startsWith("--")) throw new SetupError(`there is no option ${args[i]}`);
    else suite.rest.push(args[i]);
  }
  const [name, path] = suite.rest;
  if (!SUITES[name] || !path || suite.rest.length > 2 || !((suite.cap ?? CAP_S) > 0)) {
    throw new SetupError(
      `usage: npm run test:suite -- ${Object.keys(SUITES).join("|")} PATH [--only RE] [--cap S]`,
    );
  }
  return { ...suite, name, path: resolve(need(path)) };
}

async function testSuite() {
  const options = parseSuite(process.argv.slice(2));
  const { buildCore } = await import("./build-core.mjs");
  const { buildCli } = await import("./vm.mjs");
  await buildCore();
  const program = await buildCli();
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const suite = {
    ...options,
    scratch: mkdtempSync(join(tmpdir(), "suite-")),
    run: (args, cap, listeners) =>
      runVm(program, ["-cpu", options.cpu, ...MACHINE, ...args], cap, listeners),
    /** One test with one outcome. */
    report(name, { outcome, why = "" }, output = "", seconds = undefined) {
      totals[outcome]++;
      const time = seconds === undefined ? "" : ` (${seconds.toFixed(1)} s)`;
      console.log(`${outcome.padEnd(8)} ${name}${time}${why ? `: ${why}` : ""}`);
      if (outcome === "failed" && options.isShown)
        console.log(output.trimEnd().replace(/^/gm, "  | "));
    },
    /** A run with many results. */
    count(name, { passed, failed, skipped = [], why }) {
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += skipped.length;
      for (const one of skipped) console.log(`skipped  ${one.name}: ${one.why}`);
      console.log(`${name}: ${passed} passed, ${failed} failed`);
      for (const line of why) console.log(`  ${line}`);
    },
  };
  try {
    await SUITES[options.name](suite);
  } finally {
    rmSync(suite.scratch, { recursive: true });
  }
  if (options.isRecording) return;
  if (totals.passed + totals.failed === 0) throw new SetupError("nothing was run.");
  if (totals.skipped > 0) console.log(`${totals.skipped} skipped`);
  if (totals.failed > 0) process.exitCode = 1;
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
}

if (isMain(import.meta.url)) await main(testSuite);
