// `npm test`: sets up whatever is missing, then runs every test.
//
//   npm test [-- vitest's arguments]      for instance  npm test -- --project unit
//
// With arguments only what they select runs, but all is set up. The last line is "N passed, N failed";
// a test file that could not be run counts as one failure.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, repoRoot, SetupError, say } from "./cache.mjs";
import {
  buildImages,
  checkNode,
  compileCore,
  installPackages,
  installTestTools,
  runShown,
} from "./setup.mjs";

const RESULTS = join(repoRoot, "build/test-results.json");

/** Counts of vitest's JSON report. */
export function countResults(report) {
  const broken = report.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

async function test() {
  checkNode();
  await installPackages();
  await installTestTools();
  const [missing] = await Promise.all([buildImages(), compileCore()]);
  const { buildCli } = await import("./vm.mjs");
  await buildCli(say);
  if (missing.length > 0) throw new SetupError(`the tests need all guests:\n${missing.join("\n")}`);

  rmSync(RESULTS, { force: true });
  const status = await runShown(process.execPath, [
    join(repoRoot, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${RESULTS}`,
    ...process.argv.slice(2),
  ]);
  process.exitCode = status;
  if (!existsSync(RESULTS))
    throw new SetupError(`vitest ended with status ${status} and without a report`);
  const { passed, failed, skipped } = countResults(JSON.parse(readFileSync(RESULTS, "utf8")));
  if (skipped > 0) console.log(`${skipped} skipped`);
  if (failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed`);
}

if (isMain(import.meta.url)) await main(test);
