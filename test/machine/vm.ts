/**
 * A machine for tests, in Node and with the threads of the command line: options in QEMU's words, keys and
 * text in, serial output and screen out. The names are those of the npm entry's Machine (src/ui/machine.ts),
 * which needs a page; what is there besides is for looking on: guest time, instructions, leds, resets.
 *
 * A test ends with `stop`, also when it fails: `useVm` sees to that, and `shareVm` for all tests of a group.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { cachePath } from "../../scripts/cache.mjs";
import { buildCli } from "../../scripts/vm.mjs";
import { Scanout, type ScanoutSource } from "../../src/display/scanout";
import { textScreen } from "../../src/display/text";
import type { MachineConfig } from "../../src/machine/config";
import {
  Machine,
  type MachineFiles,
  type Stopped,
  type WorkerHost,
} from "../../src/machine/lifecycle";
import type { HostToDevice } from "../../src/machine/messages";
import { parseArguments } from "../../src/machine/options";
import { keyOfCharacter, keysOfCombination } from "../../src/shared/keys";
import {
  MACHINE,
  Machine as MachineLayout,
  RUN_RESETTING,
  VGA_SHARED,
  VGA_SIZE,
  VRAM,
  VRAM_SIZE,
} from "../../src/shared/layout";
import { SerialLog } from "../../src/ui/serial-log";
import { HANG_MS } from "../limits";
import { GlyphReader, type Picture } from "./glyphs";

const SCREEN_POLL_MS = 100;
const KEY_SHIFT = 42;
/** Between press and release, and between keys: a guest that polls its keyboard sees each of them. */
const KEY_PAUSE_MS = 25;
/** Without an instruction for so long, it is paused: a processor that waits for interrupts has a few. */
const STILL_MS = 300;
/** Between output on a console and its pixels: drivers draw from a worker thread. */
const LEARN_MS = 1000;
/** Text comes as the page sends it when somebody pastes: keys per pause. */
const TEXT_BURST = 4;
const TEXT_PAUSE_MS = 40;

function firmware(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(cachePath("firmware"), name)));
}

function filesOf(config: MachineConfig): MachineFiles {
  const bytes = (path: string) => new Uint8Array(readFileSync(path));
  const { kernel, initrd, append } = config;
  return {
    firmware: firmware("bios-256k.bin"),
    vgaBios: firmware("vgabios-stdvga.bin"),
    kernel: kernel
      ? {
          kernel: bytes(kernel),
          kernelName: kernel,
          initrd: initrd ? bytes(initrd) : undefined,
          modules: [],
          append,
        }
      : undefined,
    disks: config.drives.map(({ file, readOnly, snapshot }) =>
      file === ""
        ? undefined
        : { source: { kind: "host", path: file }, format: "raw", readOnly, snapshot },
    ),
  };
}

/** Workers from the bundles that the command line uses. */
function workersFrom(main: string): WorkerHost {
  return {
    spawn(kind, onMessage, onError) {
      const worker = new Worker(new URL(`./${kind}-worker.mjs`, pathToFileURL(main)), {
        name: kind,
      });
      worker.on("message", onMessage);
      worker.on("error", onError);
      return {
        post: (message, transfer = []) => worker.postMessage(message, transfer as never),
        terminate: () => void worker.terminate(),
      };
    },
  };
}

export class Vm {
  readonly machine: Machine;
  readonly screen: VmScreen;
  readonly log: string[] = [];
  readonly diskErrors: string[] = [];
  /** What the firmware says on its debug console. */
  firmware = "";
  leds = 0;
  isMouseWanted = false;
  resets = 0;
  /** Resolves once the machine is off. */
  readonly stopped: Promise<Stopped>;
  private readonly serial: SerialLog[] = [];
  private readonly startedMs = performance.now();

  private constructor(config: MachineConfig, core: WebAssembly.Module, workers: WorkerHost) {
    let isStopped: (stopped: Stopped) => void;
    this.stopped = new Promise((resolve) => {
      isStopped = resolve;
    });
    const latin1 = new TextDecoder("latin1");
    this.machine = new Machine(config, filesOf(config), core, workers, {
      onSerial: (port, bytes) => void this.port(port).add(bytes),
      onDebugcon: (bytes) => {
        this.firmware = (this.firmware + latin1.decode(bytes)).slice(-100_000);
      },
      onLeds: (leds) => {
        this.leds = leds;
      },
      onMouse: (isWanted) => {
        this.isMouseWanted = isWanted;
      },
      onReset: () => {
        this.resets++;
      },
      onLog: (line) => void this.log.push(line),
      onDiskError: (_drive, message) => void this.diskErrors.push(message),
      onStopped: (stopped) => isStopped(stopped),
    });
    this.screen = new VmScreen(this.machine);
  }

  static async start(args: string[]): Promise<Vm> {
    const quiet = () => {};
    const core = await WebAssembly.compile(readFileSync(await buildCore({ say: quiet })));
    const workers = workersFrom(await buildCli(quiet));
    const vm = new Vm(parseArguments(args), core, workers);
    await vm.machine.start();
    return vm;
  }

  /** Seconds since it was made. */
  get seconds(): number {
    return (performance.now() - this.startedMs) / 1000;
  }

  serialText(port = 0): string {
    return this.port(port).text;
  }

  sendSerial(text: string, port = 0): void {
    this.send({ type: "serial", port, bytes: new TextEncoder().encode(text) });
  }

  /** Resolves when the port says something that matches, after what the last wait matched. */
  waitForSerial(pattern: RegExp, port = 0): Promise<RegExpExecArray> {
    return this.port(port).wait(pattern, HANG_MS);
  }

  /** What a serial port said so far is not waited for any more. */
  forgetSerial(): void {
    this.serial.length = 0;
  }

  /** Runs a command in the shell that listens on the serial port; resolves with what it printed. */
  async run(command: string): Promise<string> {
    // The shell echoes what is typed: the marks are not in there as they come out.
    this.sendSerial(`echo @$((1))begin; ${command}; echo @$((1))end\n`);
    const [, text] = await this.waitForSerial(/@1begin\r?\n([\s\S]*?)@1end\r?\n/);
    return text.replaceAll("\r", "");
  }

  /** Reads the font of Linux' console on the first terminal, so that `screen` knows its characters. */
  async learnConsoleFont(): Promise<void> {
    const text = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
    await this.run(`printf '\\033[2J\\033[H%s' '${text.replace("'", "'\\''")}' >/dev/tty1`);
    await delay(LEARN_MS);
    this.screen.learn(text);
    await this.run("printf '\\033[2J\\033[H' >/dev/tty1");
  }

  /** Resolves with the screen's text, in text and in graphics modes, once it matches. */
  async waitForScreen(pattern: RegExp): Promise<string> {
    const deadline = performance.now() + HANG_MS;
    for (;;) {
      const text = this.screen.text();
      if (pattern.test(text)) return text;
      if (performance.now() > deadline) {
        throw new Error(
          `The screen did not show ${pattern} in ${HANG_MS / 1000} s; it shows:\n${text}`,
        );
      }
      await delay(SCREEN_POLL_MS);
    }
  }

  /** Resolves when the guest is in S3. */
  async waitForSleep(): Promise<void> {
    const runState = (MACHINE + MachineLayout.runState) >> 2;
    const { i32 } = this.machine.shared;
    while (Atomics.load(i32, runState) !== RUN_RESETTING) await delay(SCREEN_POLL_MS);
  }

  /** Resolves with the instructions retired once no more are: the processor has seen that it is paused. */
  async standsStill(): Promise<number> {
    for (;;) {
      const { instructions } = this.machine;
      await delay(STILL_MS);
      if (this.machine.instructions === instructions) return instructions;
    }
  }

  sendKey(evdev: number, isDown: boolean): void {
    this.send({ type: "key", evdev, isDown });
  }

  /** Presses and releases a combination by QEMU's names, "ctrl-alt-delete"; several one after the other. */
  async sendKeys(...combinations: string[]): Promise<void> {
    for (const combination of combinations) {
      const keys = keysOfCombination(combination);
      if (!keys) throw new Error(`"${combination}" has a key that is not known.`);
      for (const { evdev } of keys) this.sendKey(evdev, true);
      await delay(KEY_PAUSE_MS);
      for (const { evdev } of keys.reverse()) this.sendKey(evdev, false);
      await delay(KEY_PAUSE_MS);
    }
  }

  /** Types as on a US keyboard. */
  async sendText(text: string): Promise<void> {
    for (const [index, character] of [...text].entries()) {
      const typed = keyOfCharacter(character);
      if (!typed) throw new Error(`No key of a US keyboard types ${JSON.stringify(character)}.`);
      if (typed.isShifted) this.sendKey(KEY_SHIFT, true);
      this.sendKey(typed.key.evdev, true);
      this.sendKey(typed.key.evdev, false);
      if (typed.isShifted) this.sendKey(KEY_SHIFT, false);
      if (index % TEXT_BURST === TEXT_BURST - 1) await delay(TEXT_PAUSE_MS);
    }
  }

  send(message: HostToDevice): void {
    this.machine.send(message);
  }

  /** Resolves with how it ended, or rejects when it still runs after that time. */
  async waitForStop(): Promise<Stopped> {
    const late = delay(HANG_MS).then(() => {
      throw new Error(
        `The machine still runs after ${HANG_MS / 1000} s; the screen shows:\n${this.screen.text()}`,
      );
    });
    return Promise.race([this.stopped, late]);
  }

  stop(): void {
    this.machine.stop();
  }

  private port(port: number): SerialLog {
    this.serial[port] ??= new SerialLog();
    return this.serial[port];
  }
}

/** The picture on the VGA's connector. */
export class VmScreen {
  private readonly scanout: Scanout;
  private readonly source: ScanoutSource;
  private readonly glyphs = new GlyphReader(firmware("vgabios-stdvga.bin"));

  constructor(machine: Machine) {
    const { bytes } = machine.shared;
    this.source = {
      regs: bytes.subarray(VGA_SHARED, VGA_SHARED + VGA_SIZE),
      vram: bytes.subarray(VRAM, VRAM + VRAM_SIZE),
    };
    this.scanout = new Scanout(this.source);
  }

  get isText(): boolean {
    return textScreen(this.source) !== undefined;
  }

  /** Lines of a text mode, or what can be read on a picture: the given one, or that of a graphics mode. */
  text(picture?: Picture): string {
    const characters = picture ? undefined : textScreen(this.source)?.lines;
    const lines = characters ?? this.glyphs.lines(picture ?? this.picture());
    return lines.join("\n").trimEnd();
  }

  learn(text: string): void {
    this.glyphs.learn(this.picture(), text);
  }

  /** A copy of the picture as it is now. */
  picture(): Picture {
    const { width, height, pixels } = this.scanout.frame(0);
    return { width, height, data: pixels.slice() };
  }

  /** "#rrggbb" at a place of the picture. */
  colorAt(x: number, y: number, { width, data } = this.picture()): string {
    const at = 4 * (y * width + x);
    return `#${[0, 1, 2].map((i) => data[at + i].toString(16).padStart(2, "0")).join("")}`;
  }
}

/** Starts machines for the tests of a file, and stops them after each test. */
export function useVm(): (args: string[]) => Promise<Vm> {
  const running: Vm[] = [];
  afterEach(() => {
    for (const vm of running.splice(0)) vm.stop();
  });
  return async (args) => {
    const vm = await Vm.start(args);
    running.push(vm);
    return vm;
  };
}

/** One machine for a group of tests that are cheap once it has booted: in order, and not after a failure to boot. */
export function shareVm(args: string[], boot: (vm: Vm) => Promise<unknown>): { vm: Vm } {
  const shared = {} as { vm: Vm };
  beforeAll(async () => {
    shared.vm = await Vm.start(args);
    await boot(shared.vm);
  });
  afterAll(() => shared.vm?.stop());
  return shared;
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
