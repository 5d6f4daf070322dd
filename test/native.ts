/**
 * Programs of test/native/ that ask the processor the tests run on. They need gcc and an x86-64 host:
 * where that is missing the answer is undefined, and why is said.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** Compiles test/native/`name`.c with extra `flags`; the path of the program. */
export function buildNative(name: string, flags: string[] = []): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "longmode-native-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, name);
  const source = join(root, "test/native", `${name}.c`);
  const gcc = spawnSync("gcc", ["-O1", "-mno-red-zone", ...flags, "-o", program, source], {
    encoding: "utf8",
  });
  if (process.arch !== "x64" || gcc.error || gcc.status !== 0) {
    const reason = gcc.error?.message ?? gcc.stderr.split("\n").slice(0, 3).join("; ");
    console.warn(
      `test/native/${name}.c ${flags.join(" ")}: not compared with a real processor: ${reason}`,
    );
    return undefined;
  }
  return program;
}

/** The same, as a function that runs it. */
export function compileNative(name: string, flags: string[] = []) {
  const program = buildNative(name, flags);
  if (program === undefined) return undefined;
  return (args: string[] = [], input?: Buffer) =>
    execFileSync(program, args, { input, maxBuffer: 1 << 28 });
}

/** Whether the processor is one of Intel's, on which what the manual leaves open was measured. */
export function isIntel(): boolean {
  try {
    return readFileSync("/proc/cpuinfo", "utf8").includes("GenuineIntel");
  } catch {
    return false;
  }
}

/** Whether the processor has the feature that Linux calls `flag`. */
export function hostHas(flag: string): boolean {
  try {
    return new RegExp(`^flags.*\\s${flag}(\\s|$)`, "m").test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}
