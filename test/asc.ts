/**
 * Compiles an AssemblyScript entry with the settings of the core and instantiates it on a memory of its
 * own. For tests of parts of the core; the whole core comes from test/core.ts.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

export interface AsmModule {
  exports: Record<string, (...args: number[]) => number>;
  memory: WebAssembly.Memory;
}

/** `entry` is relative to the repository; `host` replaces functions of asm/host.ts. */
export async function loadAsm(entry: string, host: Record<string, unknown> = {}): Promise<AsmModule> {
  const folder = mkdtempSync(join(tmpdir(), "longmode-asm-"));
  try {
    const out = join(folder, "module.wasm");
    // biome-ignore format: one option per word
    execFileSync(process.execPath, [
      join(root, "node_modules/assemblyscript/bin/asc.js"), entry, "-o", out, "--runtime", "stub", "-O1", "--noAssert",
      "--uncheckedBehavior", "always", "--enable", "threads", "--enable", "simd", "--importMemory", "--sharedMemory",
      "--initialMemory", "6500", "--maximumMemory", "65536", "--memoryBase", "4096",
    ], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    const memory = new WebAssembly.Memory({ initial: 6500, maximum: 65536, shared: true });
    const missing = new Proxy(host, {
      get: (target, name: string) =>
        target[name] ??
        (() => {
          throw new Error(`asm/host.ts: ${name} is not provided by this test`);
        }),
    });
    const { instance } = await WebAssembly.instantiate(readFileSync(out), {
      env: { memory, abort: () => {} },
      host: missing,
    } as unknown as WebAssembly.Imports);
    return { exports: instance.exports as AsmModule["exports"], memory };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
