/**
 * The least board a bare-metal image of test/system/ needs: one processor with 64 MiB of RAM, the core's
 * interrupt controllers and timers, the data and line status registers of COM1, and isa-debug-exit at F4h. No threads, no firmware: the image is entered as
 * the multiboot specification says, and `runImage` returns what it logged.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCore } from "../../scripts/build-core.mjs";
import * as L from "../../src/shared/layout";

export const SYSTEM = new URL(".", import.meta.url).pathname;
const COM1 = 0x3f8;
const EXIT = 0xf4;
const BUDGET = 100_000;
/** Longest wait for a timer of the core. */
const HALT_MS = 1000;

let core: WebAssembly.Module | undefined;

/** Compiles the core where that has not been done; it can take a minute. */
export async function prepareCore(): Promise<WebAssembly.Module> {
  core ??= new WebAssembly.Module(readFileSync(await buildCore({ say: () => {} })));
  return core;
}

/** Assembles test/system/`name`.asm. */
export function assemble(name: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "longmode-image-"));
  try {
    const out = join(folder, "image");
    execFileSync("nasm", ["-f", "bin", "-I", SYSTEM, "-o", out, join(SYSTEM, `${name}.asm`)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs an image for at most `slices` × 100,000 instructions; its log, and why it ended. */
export async function runImage(image: Buffer, slices = 1000): Promise<string> {
  const module = await prepareCore();
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const words = new Int32Array(memory.buffer);
  const set = (at: number, value: number) => view.setUint32(at, value, true);
  const mailbox = L.VCPU + L.VCPU_MAILBOX;
  let log = "";
  let lineControl = 0;
  let isDone = false;

  const write = (port: number, data: number) => {
    if (port === COM1 + 3) lineControl = data;
    else if (port === COM1 && (lineControl & 0x80) === 0) log += String.fromCharCode(data & 0xff);
    else if (port === EXIT) {
      isDone = true;
      Atomics.or(words, (L.VCPU + L.Cpu.pending) >> 2, L.PENDING_CONTROL);
    }
  };
  const host = {
    deviceAccess() {
      const port = view.getUint32(mailbox + L.Mailbox.addr, true);
      if (view.getUint32(mailbox + L.Mailbox.kind, true) === L.ACCESS_PORT_WRITE) {
        write(port, view.getUint32(mailbox + L.Mailbox.data, true));
      } else {
        set(mailbox + L.Mailbox.data, port === COM1 + 5 ? 0x60 : 0xff);
      }
      set(mailbox + L.Mailbox.state, L.MAIL_IDLE);
    },
    deviceKick() {},
    nowNs: () => performance.now() * 1e6,
    wakeVcpu() {},
    random32: () => 4,
    trace() {},
  };
  const { exports } = await WebAssembly.instantiate(module, {
    env: { memory, abort() {} },
    host,
  } as unknown as WebAssembly.Imports);
  const machine = exports as Record<string, (...args: number[]) => number>;

  set(L.MACHINE + L.Machine.ramLow, 64 << 20);
  set(L.MACHINE + L.Machine.tscKhz, 1_000_000);
  set(L.MACHINE + L.Machine.vcpuCount, 1);
  for (let slot = 0; slot < 64; slot++) {
    const flags = L.LOW_MAP_READ | L.LOW_MAP_WRITE;
    set(L.MACHINE + L.Machine.lowMapFirst + slot * 4, (L.RAM + slot * 0x4000) | flags);
  }
  for (const port of [COM1, COM1 + 1, COM1 + 3, COM1 + 5, EXIT]) {
    bytes[L.PORT_CLASS + port] = L.PORT_CLASS_SYNC;
  }
  for (const port of [0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x61, 0xa0, 0xa1]) {
    bytes[L.PORT_CLASS + port] = L.PORT_CLASS_CORE;
  }
  machine.irqchipReset();
  machine.initVcpu(0, 0);

  // One program header; flat segments as the multiboot specification wants them.
  const header = image.readUInt32LE(28);
  const offset = image.readUInt32LE(header + 4);
  const size = image.readUInt32LE(header + 16);
  bytes.set(image.subarray(offset, offset + size), L.RAM + image.readUInt32LE(header + 12));
  for (const segment of [0, 1, 2, 3, 4, 5]) {
    view.setBigUint64(L.VCPU + L.Cpu.segBase + segment * 8, 0n, true);
    set(L.VCPU + L.Cpu.segLimit + segment * 4, 0xffff_ffff);
    set(L.VCPU + L.Cpu.segAttr + segment * 4, segment === 1 ? 0xc09b : 0xc093);
    set(L.VCPU + L.Cpu.segSel + segment * 4, segment === 1 ? 0x10 : 0x18);
  }
  set(L.VCPU + L.Cpu.cr0, 0x11);
  set(L.VCPU + L.Cpu.rax, 0x2bad_b002);
  const entry = BigInt(image.readUInt32LE(24));
  view.setBigUint64(L.VCPU + L.Cpu.rip, entry, true);
  view.setBigUint64(L.VCPU + L.Cpu.nextRip, entry, true);
  machine.updateVcpuModes(0);
  Atomics.store(words, (L.MACHINE + L.Machine.runState) >> 2, L.RUN_RUNNING);

  let haltedSince = performance.now();
  for (let slice = 0; slice < slices && !isDone; slice++) {
    const why = machine.run(0, BUDGET);
    if (why === L.EXIT_SHUTDOWN) return `${log}\n*** shutdown\n`;
    if (why !== L.EXIT_HALT) haltedSince = performance.now();
    else if (performance.now() - haltedSince > HALT_MS) return `${log}\n*** halted\n`;
    else slice--;
  }
  return isDone ? log : `${log}\n*** still running\n`;
}
