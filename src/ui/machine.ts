/**
 * A machine as a program uses it, and the page is one such program: made from a configuration, it
 * loads what it needs when it is started, can be started again after it stopped, and offers its
 * screen, serial ports, keyboard and mouse. Workers and memory exist only while it is on.
 *
 *   const machine = createMachine({ kernel: "vmlinuz", initrd: "initrd.img", append: "console=ttyS0" });
 *   await machine.start();
 *   await machine.waitForSerial(/# $/);
 *   machine.sendSerial("uname -m\n");
 */
import { Emitter } from "../base/emitter";
import type { DiskCounters } from "../block/disk-ring";
import type { IsoReport } from "../block/iso9660";
import { Scanout, type ScanoutSource } from "../display/scanout";
import { textScreen } from "../display/text";
import { defaultConfig, type MachineConfig, serialPorts } from "../machine/config";
import { ConfigError } from "../machine/keyval";
import { type Stopped, Machine as Workers } from "../machine/lifecycle";
import type { HostToDevice } from "../machine/messages";
import { type Phase, PhaseTracker } from "../machine/phase";
import { keyOfCharacter, keysOfCombination } from "../shared/keys";
import { VGA_SHARED, VGA_SIZE, VRAM, VRAM_SIZE } from "../shared/layout";
import { browserWorkers } from "../worker/spawn-browser";
import { type Progress, ResourceLoader, type Resources } from "./resources";
import { SerialLog } from "./serial-log";

export type MachineState = "off" | "loading" | "running" | "paused";

export interface MachineEvents {
  state: MachineState;
  /** While loading. */
  progress: Progress;
  serial: { port: number; text: string };
  /** What the firmware prints on its debug console. */
  firmware: string;
  /** Bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
  leds: number;
  reset: undefined;
  log: string;
  disk: { drive: number; name: string; iso: IsoReport | undefined };
  diskProgress: { drive: number; loaded: number; total: number };
  diskError: { drive: number; message: string };
  /** The guest turned the reports of its mouse on or off. */
  mouse: boolean;
  stopped: Stopped;
}

export interface Pixels {
  width: number;
  height: number;
  /** RGBA, row by row. */
  data: Uint8ClampedArray<ArrayBuffer>;
}

const WAIT_MS = 60_000;
const SCREEN_POLL_MS = 100;
/** Between two looks at how far it has come. */
const SAMPLE_MS = 100;
/** sendText: keys per pause, below what the keyboard's queue and a BIOS keep for a guest that is busy. */
const TEXT_BURST = 4;
const TEXT_PAUSE_MS = 40;

export class Machine extends Emitter<MachineEvents> {
  readonly screen = new Screen(() => this.workers);
  private workers: Workers | undefined;
  private tracker: PhaseTracker | undefined;
  private currentState: MachineState = "off";
  private logs: SerialLog[] = [];
  private wantsMouse = false;
  /** Counts starts, so that a start that was given up finds out. */
  private generation = 0;
  private sampler: ReturnType<typeof setInterval> | undefined;
  /** Something was typed or clicked into it since it was started. */
  hasInput = false;

  constructor(
    readonly config: MachineConfig,
    readonly resources: Resources = {},
  ) {
    super();
    checkForPage(config);
  }

  get state(): MachineState {
    return this.currentState;
  }

  /** Loads, opens the disks, builds the board and runs. Rejects with a sentence for the person. */
  async start(): Promise<void> {
    if (this.currentState !== "off") return;
    const generation = ++this.generation;
    this.logs = serialPorts(this.config).map(() => new SerialLog());
    this.hasInput = false;
    this.wantsMouse = false;
    this.enter("loading");
    try {
      const loader = new ResourceLoader(this.resources, (progress) =>
        this.emit("progress", progress),
      );
      const [core, files] = await Promise.all([loader.core(), loader.collect(this.config)]);
      if (generation !== this.generation) return;
      const workers = new Workers(
        this.config,
        files,
        core,
        browserWorkers,
        this.hostEvents(generation),
      );
      this.workers = workers;
      this.tracker = new PhaseTracker(workers.shared, files.kernel !== undefined);
      await workers.start();
      if (generation !== this.generation) return;
      this.sampler = setInterval(() => this.tracker?.sample(), SAMPLE_MS);
      this.enter("running");
    } catch (error) {
      if (generation !== this.generation) return;
      this.forget();
      throw error;
    }
  }

  pause(): void {
    if (this.currentState !== "running") return;
    this.workers?.pause();
    this.enter("paused");
  }

  resume(): void {
    if (this.currentState !== "paused") return;
    this.workers?.resume();
    this.enter("running");
  }

  reset(): void {
    this.workers?.reset();
    this.resume();
  }

  /** ACPI: asks the guest to shut down. */
  pressPowerButton(): void {
    this.resume();
    this.workers?.pressPowerButton();
  }

  /** Pulls the plug. */
  stop(): void {
    if (this.workers) this.workers.stop();
    else if (this.currentState !== "off") {
      this.generation++;
      this.forget();
    }
  }

  /** How far it has come; undefined while it is off. */
  get phase(): Phase | undefined {
    return this.tracker?.phase;
  }

  /** The firmware found nothing to boot from. */
  get foundNothingToBoot(): boolean {
    return this.tracker?.isStuck === true;
  }

  /** Instructions retired since the start, by all processors. */
  get instructions(): number {
    return this.workers?.instructions ?? 0;
  }

  get diskCounters(): DiskCounters {
    return this.workers?.diskCounters ?? { reads: 0, bytesRead: 0, writes: 0, bytesWritten: 0 };
  }

  /** The guest has asked its mouse for reports. */
  get isMouseWanted(): boolean {
    return this.wantsMouse;
  }

  sendKey(evdev: number, isDown: boolean): void {
    this.input({ type: "key", evdev, isDown });
  }

  /** Presses and releases a combination by QEMU's names: "ctrl-alt-delete", "alt-f2". */
  sendKeys(combination: string): void {
    const keys = keysOfCombination(combination);
    if (!keys) throw new ConfigError(`"${combination}" has a key that is not known.`);
    for (const { evdev } of keys) this.sendKey(evdev, true);
    for (const { evdev } of keys.reverse()) this.sendKey(evdev, false);
  }

  /** Types text as on a US keyboard; characters it does not have are left out. */
  async sendText(text: string): Promise<void> {
    const shift = 42;
    for (const [index, character] of [...text.replaceAll("\r\n", "\n")].entries()) {
      const typed = keyOfCharacter(character);
      if (!typed) continue;
      if (typed.isShifted) this.sendKey(shift, true);
      this.sendKey(typed.key.evdev, true);
      this.sendKey(typed.key.evdev, false);
      if (typed.isShifted) this.sendKey(shift, false);
      if (index % TEXT_BURST === TEXT_BURST - 1) await delay(TEXT_PAUSE_MS);
    }
  }

  sendMouse(dx: number, dy: number): void {
    this.input({ type: "mouse-move", dx, dy });
  }

  /** Bit 0 left, 1 right, 2 middle, 3 and 4 the side buttons: as MouseEvent.buttons. */
  sendMouseButtons(buttons: number): void {
    this.input({ type: "mouse-buttons", buttons });
  }

  /** Notches of the wheel, away from the person positive. */
  sendMouseWheel(clicks: number): void {
    this.input({ type: "mouse-wheel", clicks });
  }

  sendSerial(text: string, port = 0): void {
    this.input({ type: "serial", port, bytes: new TextEncoder().encode(text) });
  }

  serialText(port = 0): string {
    return this.logs[port]?.text ?? "";
  }

  /** Resolves when the port says something that matches, after what the last wait matched. */
  waitForSerial(pattern: RegExp, timeoutMs = WAIT_MS, port = 0): Promise<RegExpExecArray> {
    const log = this.logs[port];
    if (!log)
      return Promise.reject(
        new Error(`The machine has no serial port ${port}, or was not started.`),
      );
    return log.wait(pattern, timeoutMs);
  }

  /** Resolves with the lines of a text screen that matches. */
  async waitForScreen(pattern: RegExp, timeoutMs = WAIT_MS): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const text = this.screen.text() ?? "";
      if (pattern.test(text)) return text;
      if (performance.now() > deadline) {
        throw new Error(
          `The screen did not show ${pattern} in ${timeoutMs / 1000} s; it shows:\n${text}`,
        );
      }
      await delay(SCREEN_POLL_MS);
    }
  }

  /** The drive that discs go into; -1 when the machine has none. */
  get discDrive(): number {
    return this.config.drives.findIndex(
      ({ media, interface: bus }) => media === "cdrom" && bus !== "none",
    );
  }

  /** Puts a disc into the CD-ROM drive; undefined takes it out. */
  async changeDisc(file: File | undefined): Promise<void> {
    const { discDrive } = this;
    if (discDrive < 0)
      throw new ConfigError("This machine has no CD-ROM drive to put a disc into.");
    const spec =
      file && ({ source: { kind: "file", file }, format: "raw", readOnly: true } as const);
    await this.workers?.changeDisc(discDrive, spec);
  }

  private input(message: HostToDevice): void {
    if (this.currentState !== "running") return;
    this.hasInput = true;
    this.workers?.send(message);
  }

  private hostEvents(generation: number): ConstructorParameters<typeof Workers>[4] {
    const decoder = new TextDecoder("latin1");
    const isPresent = () => generation === this.generation;
    return {
      onSerial: (port, bytes) => {
        const text = this.logs[port]?.add(bytes);
        if (text) this.emit("serial", { port, text });
      },
      onDebugcon: (bytes) => {
        const text = decoder.decode(bytes);
        this.tracker?.firmwareSays(text);
        this.emit("firmware", text);
      },
      onLeds: (leds) => this.emit("leds", leds),
      onMouse: (isWanted) => {
        this.wantsMouse = isWanted;
        this.emit("mouse", isWanted);
      },
      onReset: () => {
        this.tracker?.reset();
        this.emit("reset", undefined);
      },
      onLog: (line) => this.emit("log", line),
      onDisk: (drive, name, iso) => this.emit("disk", { drive, name, iso }),
      onDiskProgress: (drive, loaded, total) => this.emit("diskProgress", { drive, loaded, total }),
      onDiskError: (drive, message) => this.emit("diskError", { drive, message }),
      onStopped: (stopped) => {
        if (!isPresent()) return;
        this.generation++;
        this.screen.keepLastFrame();
        this.forget();
        this.emit("stopped", stopped);
      },
    };
  }

  private forget(): void {
    this.workers = undefined;
    this.tracker = undefined;
    clearInterval(this.sampler);
    this.wantsMouse = false;
    this.enter("off");
  }

  private enter(state: MachineState): void {
    if (state === this.currentState) return;
    this.currentState = state;
    this.emit("state", state);
  }
}

/** The picture on the machine's VGA connector. */
export class Screen {
  private lastFrame: Pixels | undefined;
  private lastText: string | undefined;

  constructor(private readonly workers: () => Workers | undefined) {}

  /** Registers and memory of the VGA, for who draws them; undefined while the machine is off. */
  get source(): ScanoutSource | undefined {
    const bytes = this.workers()?.shared.bytes;
    if (!bytes) return undefined;
    return {
      regs: bytes.subarray(VGA_SHARED, VGA_SHARED + VGA_SIZE),
      vram: bytes.subarray(VRAM, VRAM + VRAM_SIZE),
    };
  }

  /** The lines of a text screen; undefined in graphics modes. After a stop: the last ones. */
  text(): string | undefined {
    const { source } = this;
    return source ? textScreen(source)?.lines.join("\n") : this.lastText;
  }

  /** The picture as it is now; after a stop: the last one. */
  pixels(): Pixels | undefined {
    const { source } = this;
    if (!source) return this.lastFrame;
    const { width, height, pixels } = new Scanout(source).frame(0);
    return { width, height, data: pixels };
  }

  keepLastFrame(): void {
    this.lastText = this.text();
    this.lastFrame = this.pixels();
  }
}

/** A configuration given in part; what is missing is as QEMU's options default to. */
export function createMachine(config: Partial<MachineConfig>, resources: Resources = {}): Machine {
  return new Machine({ ...defaultConfig(), ...config }, resources);
}

/** What the command line can and a page cannot. */
function checkForPage(config: MachineConfig): void {
  const target = config.serial.find((value) => value.startsWith("file:"));
  if (target)
    throw new ConfigError(`-serial ${target} is for the command line: a page has vc or none.`);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
