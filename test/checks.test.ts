/**
 * What the tools say about the whole tree: formatter and linter, the types of src/ and of the tests, and
 * that nothing is in the repository that ties it to one machine or one registry.
 *
 * The types of asm/ are checked by AssemblyScript's own compiler, which is stricter than tsc (u32 is not
 * u64): building the core does that. tsc with AssemblyScript's typings cannot: a type parameter that
 * stands for an integer has no arithmetic there, and bool is not boolean.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What a program from node_modules/.bin prints when it is not content; empty when it is. */
function complaints(program: string, ...args: string[]): string {
  const path = join(root, "node_modules/.bin", program);
  const { status, stdout, stderr, error } = spawnSync(path, args, { cwd: root, encoding: "utf8" });
  if (status === 0) return "";
  return `${error?.message ?? ""}${stdout}${stderr}`.slice(-4000);
}

/** Files of the repository; without git (an unpacked archive) what is not generated. */
function trackedFiles(): string[] {
  try {
    const out = execFileSync("git", ["ls-files", "-z"], {
      cwd: root,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return out
      .toString()
      .split("\0")
      .filter((path) => path !== "" && existsSync(join(root, path)));
  } catch {
    const ignored = new Set(["node_modules", "build", "dist", ".cache", ".git"]);
    const below = (dir: string): string[] =>
      readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
        const path = dir ? `${dir}/${entry.name}` : entry.name;
        if (entry.isDirectory()) return ignored.has(entry.name) ? [] : below(path);
        return [path];
      });
    return below("");
  }
}

// biome-ignore format: one subject per line
const TOP_LEVEL = [
  "package.json", "package-lock.json", "vite.config.ts", "index.html", "README.md", "LICENSE", ".gitignore",
  ".ci", "asm", "public", "scripts", "src", "test",
];

describe("tools", () => {
  it("formatter and linter have nothing to say", () => {
    expect(complaints("biome", "check", "--config-path=.ci", "--error-on-warnings")).toBe("");
  });

  it("src/ and the tests type-check", () => {
    expect(complaints("tsc", "-p", "src")).toBe("");
  });

  it("the layers for workers type-check without the DOM and without Node", () => {
    expect(complaints("tsc", "-p", "src/tsconfig.portable.json")).toBe("");
  });

  it("the command line type-checks without the DOM", () => {
    expect(complaints("tsc", "-p", "src/tsconfig.node.json")).toBe("");
  });
});

describe("tree", () => {
  it("has nothing new at the top level", () => {
    const names = new Set(trackedFiles().map((path) => path.split("/")[0]));
    expect([...names].filter((name) => !TOP_LEVEL.includes(name))).toEqual([]);
  });

  it.runIf(process.env.CI)(
    "has the layout that asm/ gives, as set-up has just generated it",
    () => {
      const args = ["diff", "--stat", "--", "src/shared/layout.ts"];
      expect(execFileSync("git", args, { cwd: root, encoding: "utf8" })).toBe("");
    },
  );

  it("names no registry, no package archive and no folder of one machine", () => {
    const hosts = ["registry.", "npmjs", "deb.", "security.", "ftp.", "archive."].map((name) =>
      name.includes(".")
        ? `${name.replace(".", "\\.")}[a-z-]+\\.(?:org|com|net)`
        : `${name}\\.(?:org|com)`,
    );
    const folders = [root, "/home/", "/Users/"].map(
      (path) => `${path}${path.endsWith("/") ? "\\w" : "\\b"}`,
    );
    const pattern = new RegExp([...hosts, ...folders].join("|"), "i");
    const found = trackedFiles().flatMap((path) => {
      const text = readFileSync(join(root, path), "latin1");
      return text
        .split("\n")
        .flatMap((line, n) => (pattern.test(line) ? [`${path}:${n + 1}: ${line.trim()}`] : []));
    });
    expect(found).toEqual([]);
  });
});
