/**
 * The board and everything that keeps it going, turn by turn: timers, accesses of the vCPUs, completed
 * disk requests, messages from outside, and the machine's reset. Driven by the device worker's loop or
 * by machine/inline.ts.
 *
 * Reset, whoever asks for it, and S3, the sleep that ends in one:
 *
 *   runState RUNNING or PAUSED -> RESETTING   vCPUs finish what they wait for and park
 *   all parked; in S3: and something wakes    sleeping until then
 *   no disk request under way                 chips and processors are reset
 *   runState RESETTING -> what it was         unless somebody stopped the machine meanwhile
 *
 * While it is RESETTING nobody else but a stop changes the run state: a vCPU that ran again in the middle
 * would never park. Who pauses or resumes meanwhile does it after "was-reset" (lifecycle.ts).
 */

import { log } from "../base/log";
import type { DiskBackend } from "../block/backend";
import {
  MACHINE,
  Machine,
  PENDING_CONTROL,
  RUN_RESETTING,
  RUN_RUNNING,
  RUN_STOPPED,
} from "../shared/layout";
import { pendAll, type SharedMemory } from "../shared/shared-memory";
import { BusService } from "./bus-service";
import type { CoreExports } from "./core";
import type { DeviceToHost, HostToDevice, StopReason } from "./messages";
import { Pc, type PcEvents, type PcParts } from "./pc";

const RUN_STATE = (MACHINE + Machine.runState) >> 2;
const PARKED = (MACHINE + Machine.parkedCount) >> 2;
const SHUTDOWNS = (MACHINE + Machine.shutdowns) >> 2;

/** Collected output is sent when it has grown this much, or when the turn ends. */
const OUTPUT_LIMIT = 16_384;

/** Bytes on their way out, sent in pieces. */
class Output {
  private readonly bytes = new Uint8Array(OUTPUT_LIMIT);
  private len = 0;

  constructor(private readonly send: (bytes: Uint8Array) => void) {}

  add(byte: number): void {
    this.bytes[this.len++] = byte;
    if (this.len === OUTPUT_LIMIT) this.flush();
  }

  flush(): void {
    if (this.len === 0) return;
    this.send(this.bytes.slice(0, this.len));
    this.len = 0;
  }
}

type ResetPhase = "none" | "parking" | "sleeping" | "quiescing" | "quiet";
/** What a reset is for: S3 is "sleep" until something wakes the machine. */
type ResetCause = "reset" | "sleep" | "wake";

export class DeviceSide implements PcEvents {
  readonly pc: Pc;
  readonly bus: BusService;
  private readonly outputs: Output[] = [];
  private readonly debugcon = new Output((bytes) => this.post({ type: "debugcon", bytes }));
  private phase: ResetPhase = "none";
  private cause: ResetCause = "reset";
  /** The run state that the reset under way comes back to. */
  private stateBefore = RUN_RUNNING;

  constructor(
    private readonly memory: SharedMemory,
    core: CoreExports,
    private readonly parts: PcParts,
    disks: DiskBackend,
    private readonly post: (message: DeviceToHost) => void,
    /** Takes completed disk requests; true when there were some. */
    private readonly pollDisks: () => boolean = () => false,
  ) {
    this.pc = new Pc(memory, core, parts, disks, this);
    this.bus = new BusService(memory, this.pc.map, this.pc.physical);
  }

  /** Does what there is to do; false when nothing was. */
  turn(): boolean {
    let didAnything = this.bus.serve();
    if (this.pollDisks()) didAnything = true;
    this.pc.clock.poll();
    if (Atomics.load(this.memory.i32, SHUTDOWNS) !== 0) {
      log.guest("triple fault", "the processor shut down and is reset");
      this.onReset();
      Atomics.store(this.memory.i32, SHUTDOWNS, 0);
      Atomics.notify(this.memory.i32, SHUTDOWNS);
    }
    if (this.phase !== "none") this.continueReset();
    return didAnything;
  }

  /** Sends what was collected: called when a turn finds nothing more to do, and now and then before. */
  flush(): void {
    for (const output of this.outputs) output?.flush();
    this.debugcon.flush();
  }

  /** True while only the event loop can bring things forward. */
  get needsEventLoop(): boolean {
    return this.phase === "quiescing";
  }

  /** Guest time at which something is due. */
  get nextNs(): number {
    return this.pc.clock.nextNs;
  }

  receive(message: HostToDevice): void {
    const { pc } = this;
    switch (message.type) {
      case "serial":
        pc.serial[message.port]?.receive(message.bytes);
        return;
      case "key":
        pc.keyboard.key(message.evdev, message.isDown);
        if (message.isDown) pc.lpc.pm.keyPressed();
        return;
      case "mouse-move":
        pc.mouse.move(message.dx, message.dy);
        return;
      case "mouse-wheel":
        pc.mouse.wheel(message.clicks);
        return;
      case "mouse-buttons":
        pc.mouse.setButtons(message.buttons);
        return;
      case "power-button":
        pc.pressPowerButton();
        return;
      case "reset":
        this.startReset("reset");
        return;
      case "disc":
        pc.changeDisc(message.drive, message.info);
    }
  }

  onSerial(port: number, byte: number): void {
    this.outputs[port] ??= new Output((bytes) => this.post({ type: "serial", port, bytes }));
    this.outputs[port].add(byte);
  }

  onDebugcon(byte: number): void {
    this.debugcon.add(byte);
  }

  onLeds(leds: number): void {
    this.post({ type: "leds", leds });
  }

  onMouse(isWanted: boolean): void {
    this.post({ type: "mouse", isWanted });
  }

  onPowerOff(): void {
    this.stop("power-off", 0);
  }

  onSuspend(): void {
    log.guest("S3", "the guest sleeps until a key, the power button or its alarm wakes it");
    this.startReset("sleep");
  }

  onWake(): void {
    if (this.cause === "sleep") this.cause = "wake";
  }

  onExit(status: number): void {
    this.stop("exit", status);
  }

  onPanic(): void {
    this.stop("panic", 1);
  }

  onReset(): void {
    if (this.parts.config.noReboot) this.stop("reset", 0);
    else this.startReset("reset");
  }

  private stop(reason: StopReason, status: number): void {
    if (Atomics.exchange(this.memory.i32, RUN_STATE, RUN_STOPPED) === RUN_STOPPED) return;
    Atomics.notify(this.memory.i32, RUN_STATE);
    pendAll(this.memory, PENDING_CONTROL);
    this.flush();
    this.post({ type: "stopped", reason, status });
  }

  private startReset(cause: ResetCause): void {
    if (this.phase !== "none") {
      // A sleeper is reset as it is; other resets are under way already.
      if (cause === "reset" && this.phase !== "quiet") this.cause = cause;
      return;
    }
    this.cause = cause;
    const { i32 } = this.memory;
    for (let state = Atomics.load(i32, RUN_STATE); state !== RUN_STOPPED; ) {
      const found = Atomics.compareExchange(i32, RUN_STATE, state, RUN_RESETTING);
      if (found === state) {
        this.stateBefore = state;
        this.phase = "parking";
        pendAll(this.memory, PENDING_CONTROL);
        return;
      }
      state = found;
    }
  }

  private continueReset(): void {
    const { i32 } = this.memory;
    if (this.phase === "parking" && Atomics.load(i32, PARKED) === this.parts.config.cpuCount) {
      this.phase = "sleeping";
    }
    if (this.phase === "sleeping" && this.cause !== "sleep") {
      this.phase = "quiescing";
      this.pc.ahci.quiesce().then(() => {
        this.phase = "quiet";
      });
    }
    if (this.phase !== "quiet") return;
    this.phase = "none";
    if (this.cause === "wake") this.pc.wake();
    else this.pc.reset();
    Atomics.compareExchange(i32, RUN_STATE, RUN_RESETTING, this.stateBefore);
    Atomics.notify(i32, RUN_STATE);
    this.post({ type: this.cause === "wake" ? "was-woken" : "was-reset" });
  }
}
