/**
 * Compiles an AssemblyScript entry with the settings of the core and instantiates it on a memory of its
 * own. For tests of parts of the core; the whole core comes from test/core.ts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const root = new URL("..", import.meta.url).pathname;

export interface AsmModule {
  exports: Record<string, (...args: number[]) => number>;
  memory: WebAssembly.Memory;
  /** The compiled module, for another thread to instantiate on the same memory. */
  wasm: Uint8Array<ArrayBuffer>;
}

export interface AsmOptions {
  /** Functions of asm/host.ts; one that is missing throws when it is called. */
  host?: Record<string, unknown>;
  /** Source text in place of files, by path relative to the repository: stands for parts not under test. */
  replace?: Record<string, string>;
}

// biome-ignore format: one option per word
const FLAGS = [
  "--runtime", "stub", "-O1", "--noAssert", "--uncheckedBehavior", "always", "--enable", "threads", "--enable", "simd",
  "--importMemory", "--sharedMemory", "--initialMemory", "6500", "--maximumMemory", "65536", "--memoryBase", "4096",
];

async function compile(
  entry: string,
  replace: Record<string, string>,
): Promise<Uint8Array<ArrayBuffer>> {
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([entry, "-o", "module.wasm", ...FLAGS], {
    readFile(path) {
      try {
        return replace[path] ?? readFileSync(join(root, path), "utf8");
      } catch {
        return null;
      }
    },
    writeFile(path, contents) {
      if (path === "module.wasm") wasm = new Uint8Array(contents as Uint8Array<ArrayBuffer>);
    },
    listFiles: () => [],
  });
  if (error || !wasm)
    throw new Error(`${entry} does not compile: ${error?.message}\n${stderr.toString()}`);
  return wasm;
}

/** `entry` is relative to the repository. */
export async function loadAsm(entry: string, options: AsmOptions = {}): Promise<AsmModule> {
  const wasm = await compile(entry, options.replace ?? {});
  const memory = new WebAssembly.Memory({ initial: 6500, maximum: 65536, shared: true });
  const host = new Proxy(options.host ?? {}, {
    get: (given, name: string) =>
      given[name] ??
      (() => {
        throw new Error(`asm/host.ts: ${name} is not provided by this test`);
      }),
  });
  const imports = { env: { memory, abort: () => {} }, host };
  const { instance } = await WebAssembly.instantiate(
    wasm,
    imports as unknown as WebAssembly.Imports,
  );
  return { exports: instance.exports as AsmModule["exports"], memory, wasm };
}
