/**
 * Who may import whom. The RULES below are the architecture: a list of layers from the bottom up, where a
 * file may import from its own folder and from every layer below its own, never sideways or upwards. What
 * departs from that is in the list of exceptions, each with its reason, and an exception that no file needs
 * any more is an error too. Which files may know the DOM or Node is a matter of types: src/tsconfig.portable.json
 * and src/tsconfig.node.json, run by checks.test.ts; here it is only that no package comes in unseen.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Rules {
  /** From the bottom up. A name is a file without extension, or a folder with all below it when it ends in "/". */
  layers: string[][];
  /** "importer -> imported": why. A reason that begins with "type:" is good for types alone. */
  exceptions: Record<string, string>;
  /** Packages (and node:) by the layer entry that may import them. */
  packages: Record<string, RegExp>;
}

const SRC: Rules = {
  layers: [
    ["base/"],
    ["shared/"],
    ["memory/"],
    // Below the buses: a PCI function has INTx lines, and a line is nothing but a level.
    ["irq/"],
    ["pci/", "block/", "net/"],
    ["devices/", "virtio/"],
    ["firmware/"],
    ["machine/"],
    ["monitor/"],
    ["worker/"],
    ["cli/", "display/", "input/"],
    ["ui/"],
    ["index", "main"],
  ],
  exceptions: {
    "machine/lifecycle -> worker/device": "type: the first message of a worker that it starts",
    "machine/lifecycle -> worker/vcpu": "type: the first message of a worker that it starts",
  },
  packages: { "cli/": /^node:/, "ui/": /^(@xterm\/|idb-keyval$)/, main: /^@xterm\// },
};

/**
 * AssemblyScript compiles all of asm/ into one program, so that nothing but this list keeps the decoder pure
 * and the memory unit free of instructions. `cpu/` is two layers: what the processor's state is, and what
 * the processor does with it (segments, exceptions, tasks: all need memory).
 */
const ASM: Rules = {
  layers: [
    ["layout", "machine", "vga-layout", "host", "base/"],
    ["cpu/state", "cpu/modes", "cpu/rflags", "cpu/fault", "cpu/time", "cpu/debug"],
    ["decode/", "softfloat/"],
    ["irqchip/", "vga-window"],
    ["mmu/", "bus"],
    ["cpu/"],
    ["exec/"],
    ["index", "test/"],
  ],
  exceptions: {
    "mmu/access -> exec/blocks": "a store into a page with decoded code drops the blocks it hits",
    "cpu/exceptions -> exec/exec": "what a handler answers to the interpreter's loop",
    "cpu/reset -> exec/fpu-state": "the initial state of x87 and SSE, as XRSTOR makes it",
  },
  packages: {},
};

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return /\.ts$/.test(entry.name) && !/\.(test|d)\.ts$/.test(entry.name) ? [path] : [];
  });
}

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s+)?"([^"]+)"/gm;
const URL_IMPORT = /(?:new URL|import)\(\s*"(\.[^"]+)"/g;

/** Imports of a file, by paths relative to `base` and without extension. */
function importsOf(base: string, path: string): Import[] {
  const from = relative(base, path).replace(/\.ts$/, "");
  const text = readFileSync(path, "utf8");
  const found = [...text.matchAll(IMPORT)].map(([, type, to]) => ({ to, isType: Boolean(type) }));
  for (const [, to] of text.matchAll(URL_IMPORT)) found.push({ to, isType: false });
  return found.map(({ to, isType }) => {
    const target = to.startsWith(".") ? normalize(join(dirname(from), to)) : to;
    return { from, to: target.replace(/\.ts$/, ""), isType };
  });
}

/** The number of the layer of a file, by the longest name that covers it, and that name. */
function layerOf(rules: Rules, file: string): { level: number; name: string } | undefined {
  let best: { level: number; name: string } | undefined;
  rules.layers.forEach((names, level) => {
    for (const name of names) {
      const isCovered = name.endsWith("/") ? file.startsWith(name) : file === name;
      if (isCovered && name.length > (best?.name.length ?? 0)) best = { level, name };
    }
  });
  return best;
}

/** What is wrong with the imports below `folder`: one sentence each. */
function violations(folder: string, rules: Rules, imports: Import[]): string[] {
  const problems: string[] = [];
  const unused = new Set(Object.keys(rules.exceptions));
  for (const { from, to, isType } of imports) {
    const importer = layerOf(rules, from);
    if (!importer) {
      problems.push(`${folder}/${from} is in no layer`);
    } else if (/^[@a-z]/.test(to) && !existsSync(join(root, folder, `${to}.ts`))) {
      // Assets beside the sources (build/core.wasm) begin with "..", everything else is a package.
      if (!rules.packages[importer.name]?.test(to))
        problems.push(`${folder}/${from} imports "${to}"`);
    } else if (!to.startsWith("..")) {
      const imported = layerOf(rules, to);
      const exception = `${from} -> ${to}`;
      const reason = rules.exceptions[exception];
      if (!imported) problems.push(`${folder}/${to}, which ${from} imports, is in no layer`);
      else if (importer.name === imported.name || imported.level < importer.level) continue;
      else if (isPeer(rules, importer, imported)) continue;
      else if (reason && (isType || !reason.startsWith("type:"))) unused.delete(exception);
      else
        problems.push(
          `${exception} goes ${imported.level === importer.level ? "sideways" : "upwards"} in ${folder}/`,
        );
    }
  }
  for (const exception of unused) problems.push(`the exception ${exception} is not needed`);
  return problems;
}

/** Single files of one layer may know each other; folders of one layer may not. */
function isPeer(
  rules: Rules,
  a: { level: number; name: string },
  b: { level: number; name: string },
): boolean {
  return a.level === b.level && rules === ASM && (!a.name.endsWith("/") || !b.name.endsWith("/"));
}

function importsBelow(folder: string): Import[] {
  const base = join(root, folder);
  return filesBelow(base).flatMap((path) => importsOf(base, path));
}

describe("layers", () => {
  it("src/ imports downwards only", () => {
    expect(violations("src", SRC, importsBelow("src"))).toEqual([]);
  });

  it("asm/ imports downwards only, and nothing from outside", () => {
    const imports = importsBelow("asm");
    expect(imports.filter(({ to }) => to.startsWith(".."))).toEqual([]);
    expect(violations("asm", ASM, imports)).toEqual([]);
  });

  it("finds an import upwards, one sideways, an unknown package and an exception without use", () => {
    const check = (from: string, to: string, rules = SRC) =>
      violations("src", { ...rules, exceptions: {} }, [{ from, to, isType: false }]);
    expect(check("memory/ram", "machine/pc")).toEqual([
      "memory/ram -> machine/pc goes upwards in src/",
    ]);
    expect(check("pci/root", "block/node")).toEqual([
      "pci/root -> block/node goes sideways in src/",
    ]);
    expect(check("devices/vga", "node:fs")).toEqual(['src/devices/vga imports "node:fs"']);
    expect(violations("src", { ...SRC, exceptions: { "a -> b": "no" } }, [])).toEqual([
      "the exception a -> b is not needed",
    ]);
  });
});
