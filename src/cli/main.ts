/**
 * `npm run vm -- <QEMU options>`: the machine without a page. Serial output goes to standard output and
 * standard input to the serial port; what goes wrong is one sentence on standard error.
 *
 * Exit status as QEMU's: 0 after power off, after a reset with -no-reboot, and when interrupted;
 * (code << 1) | 1 by isa-debug-exit; 1 for options and files that cannot be used.
 */
import { openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setLogSink } from "../base/log";
import type { DiskSpec } from "../block/open";
import { BootError } from "../firmware/direct-boot";
import { multibootHeader } from "../firmware/multiboot";
import { hasVga, type MachineConfig, serialPorts } from "../machine/config";
import { isKernel, type KernelFiles } from "../machine/direct-start";
import { ConfigError, splitCommas } from "../machine/keyval";
import { DiskOpenError, Machine, type MachineFiles, type Stopped } from "../machine/lifecycle";
import { helpText, parseArguments } from "../machine/options";
import { cpuHelp } from "./cpu-help";
import { firmwareDirs, readFile, readFirmware } from "./read-file";
import { nodeWorkers } from "./spawn-node";

/** The repository: this bundle is build/cli/main.mjs. */
const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

function readKernel(config: MachineConfig): KernelFiles | undefined {
  if (!config.kernel) return undefined;
  const kernel = readFile("-kernel", config.kernel);
  if (!isKernel(kernel)) {
    throw new ConfigError(
      `-kernel ${config.kernel} is neither a Linux bzImage nor a Multiboot or PVH kernel.`,
    );
  }
  const files: KernelFiles = {
    kernel,
    kernelName: config.kernel,
    modules: [],
    append: config.append,
  };
  if (!config.initrd) return files;
  if (multibootHeader(kernel) < 0) files.initrd = readFile("-initrd", config.initrd);
  else {
    files.modules = splitCommas(config.initrd).map((text) => ({
      bytes: readFile("-initrd", text.split(" ")[0]),
      text,
    }));
  }
  return files;
}

function diskSpec(
  config: MachineConfig,
  drive: MachineConfig["drives"][number],
): DiskSpec | undefined {
  if (drive.file === "") return undefined;
  const isHttp = /^https?:/.test(drive.file);
  return {
    source: isHttp ? { kind: "http", url: drive.file } : { kind: "host", path: drive.file },
    // A CD-ROM is whatever the file holds: no container format begins where an ISO has its blank sectors.
    format: drive.media === "cdrom" ? "raw" : drive.format,
    readOnly: drive.readOnly,
    snapshot: drive.snapshot || config.snapshot,
  };
}

function readBios(config: MachineConfig): Uint8Array {
  return config.bios
    ? readFile("-bios", config.bios)
    : readFirmware("bios-256k.bin", firmwareDirs(root));
}

function collectFiles(config: MachineConfig): MachineFiles {
  const kernel = readKernel(config);
  const none = new Uint8Array(0);
  return {
    firmware: kernel ? none : readBios(config),
    vgaBios: hasVga(config) ? readFirmware("vgabios-stdvga.bin", firmwareDirs(root)) : none,
    kernel,
    disks: config.drives.map((drive) => diskSpec(config, drive)),
  };
}

/** Where each serial port's bytes go. */
function serialOutputs(config: MachineConfig): (((bytes: Uint8Array) => void) | undefined)[] {
  return serialPorts(config).map((target) => {
    if (target === "stdio") return (bytes) => writeAll(1, bytes);
    if (!target.startsWith("file:")) return undefined;
    const path = target.slice("file:".length);
    let file: number;
    try {
      file = openSync(path, "w");
    } catch (error) {
      throw new ConfigError(`-serial ${target} cannot be written: ${(error as Error).message}.`);
    }
    return (bytes) => writeAll(file, bytes);
  });
}

/** Synchronous, so that nothing is lost when the process exits; a full pipe is waited for. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") fail(`Output cannot be written: ${(error as Error).message}.`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function print(text: string): void {
  writeAll(1, new TextEncoder().encode(text));
}

function connectInput(machine: Machine, config: MachineConfig): void {
  const port = serialPorts(config).indexOf("stdio");
  if (port < 0) return;
  const { stdin } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", (bytes: Buffer) => {
    // Ctrl-A X ends the machine, as with QEMU's -nographic.
    if (stdin.isTTY && isEscape(bytes)) machine.stop();
    else machine.send({ type: "serial", port, bytes: new Uint8Array(bytes) });
  });
  stdin.on("error", () => {});
}

let wasPrefix = false;
function isEscape(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (wasPrefix && (byte === 0x78 || byte === 0x58)) return true;
    wasPrefix = byte === 1;
  }
  return false;
}

/** Nothing else than this disc can be started: what is wrong with it is the end, not a remark. */
function isOnlyHope(config: MachineConfig, drive: number): boolean {
  return !config.kernel && !config.drives.some(({ file }, index) => file !== "" && index !== drive);
}

function fail(sentence: string): never {
  process.stderr.write(`vm: ${sentence}\n`);
  process.exit(1);
}

function finish(stopped: Stopped): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  if (stopped.message) fail(stopped.message);
  process.exit(stopped.status);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h") || args.includes("-help")) {
    print(`usage: npm run vm -- [options]\n\n${helpText()}\n`);
    return;
  }
  const help = cpuHelp(args, () => readFileSync(join(root, "asm/instructions.md"), "utf8"));
  if (help !== undefined) {
    print(`${help}\n`);
    return;
  }
  const config = parseArguments(args);
  const files = collectFiles(config);
  const outputs = serialOutputs(config);
  const isVerbose = config.debug.includes("guest_errors");
  setLogSink(isVerbose ? (line) => process.stderr.write(`${line}\n`) : () => {});
  const core = await WebAssembly.compile(readFileSync(join(root, "build/core.wasm")));
  const machine = new Machine(config, files, core, nodeWorkers, {
    onSerial: (port, bytes) => outputs[port]?.(bytes),
    onDebugcon: (bytes) => config.debug.includes("firmware") && writeAll(2, bytes),
    onLog: (line) => isVerbose && process.stderr.write(`${line}\n`),
    onDisk: (drive, _name, iso) => {
      if (!iso?.problem) return;
      if (isOnlyHope(config, drive)) fail(iso.problem.message);
      process.stderr.write(`vm: ${iso.problem.message}\n`);
    },
    onDiskError: (_drive, message) => process.stderr.write(`vm: ${message}\n`),
    onStopped: (stopped) => {
      if (stopped.reason === "power-off" && config.noShutdown) return;
      finish(stopped);
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => machine.stop());
  await machine.start();
  connectInput(machine, config);
}

main().catch((error: Error) => {
  const isTheirs =
    error instanceof ConfigError || error instanceof BootError || error instanceof DiskOpenError;
  fail(isTheirs ? error.message : (error.stack ?? error.message));
});
