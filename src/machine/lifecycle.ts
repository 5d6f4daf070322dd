/**
 * A machine from outside: makes its memory and its workers, starts, pauses, resets and stops it, and
 * carries what goes in and out. The same in a browser and under Node; what differs is how a worker is
 * made (`WorkerHost`).
 *
 *   created -> start() -> running <-> paused -> stopped       workers are gone once stopped
 *
 * Starting: the disk worker opens all disks; then the device worker builds the board; then the vCPU
 * workers start, and the run state lets them go.
 */
import type { DiskInfo } from "../block/backend";
import type { DiskCommand, DiskEvent } from "../block/disk-messages";
import { type DiskCounters, DiskRing } from "../block/disk-ring";
import type { IsoReport } from "../block/iso9660";
import type { DiskSpec } from "../block/open";
import { freezeClock, guestNowNs, runClock } from "../shared/guest-time";
import {
  Cpu,
  DISK_RING,
  MACHINE,
  Machine as MachineLayout,
  PENDING_CONTROL,
  RUN_PAUSED,
  RUN_RUNNING,
  RUN_STOPPED,
} from "../shared/layout";
import { pendAll, ringDoorbell, type SharedMemory, vcpuBase } from "../shared/shared-memory";
import type { DeviceStart } from "../worker/device";
import type { VcpuStart } from "../worker/vcpu";
import type { MachineConfig } from "./config";
import { allocateMemory, initMemory } from "./memory";
import type { DeviceToHost, HostToDevice, StopReason } from "./messages";
import type { PcParts } from "./pc";

const RUN_STATE = (MACHINE + MachineLayout.runState) >> 2;
const MAIL = (MACHINE + MachineLayout.deviceMail) >> 2;

export interface WorkerHandle {
  post(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

/** How workers are made here. */
export interface WorkerHost {
  spawn(
    kind: "vcpu" | "device" | "disk",
    onMessage: (message: unknown) => void,
    onError: (error: Error) => void,
  ): WorkerHandle;
}

export interface MachineFiles {
  firmware: Uint8Array;
  vgaBios: Uint8Array;
  kernel?: PcParts["kernel"];
  /** By drive of the configuration; undefined = no medium. */
  disks: (DiskSpec | undefined)[];
}

export interface Stopped {
  reason: StopReason | "stopped" | "failed";
  /** As QEMU's exit status. */
  status: number;
  message?: string;
}

export interface MachineEvents {
  onSerial?(port: number, bytes: Uint8Array): void;
  onDebugcon?(bytes: Uint8Array): void;
  onLeds?(leds: number): void;
  /** The guest turned the reports of its mouse on or off. */
  onMouse?(isWanted: boolean): void;
  onReset?(): void;
  onLog?(line: string): void;
  /** A disk was opened, at start or later. */
  onDisk?(drive: number, name: string, iso: IsoReport | undefined): void;
  onDiskProgress?(drive: number, loaded: number, total: number): void;
  /** A disk fails while the guest runs. */
  onDiskError?(drive: number, message: string): void;
  onStopped?(stopped: Stopped): void;
}

/** A disk could not be opened; the message is one sentence for the person. */
export class DiskOpenError extends Error {
  override readonly name = "DiskOpenError";
  constructor(
    readonly drive: number,
    message: string,
  ) {
    super(message);
  }
}

export class Machine {
  readonly memory: WebAssembly.Memory;
  readonly shared: SharedMemory;
  private readonly workers: WorkerHandle[] = [];
  private readonly disk: WorkerHandle;
  private device: WorkerHandle | undefined;
  private readonly opening = new Map<number, (event: DiskEvent) => void>();
  private readonly requests = new MessageChannel();
  private readonly diskRing: DiskRing;
  private isPaused = false;
  private stopped: Stopped | undefined;

  constructor(
    readonly config: MachineConfig,
    private readonly files: MachineFiles,
    private readonly core: WebAssembly.Module,
    private readonly host: WorkerHost,
    private readonly events: MachineEvents,
  ) {
    this.memory = allocateMemory(config);
    this.shared = initMemory(this.memory, config);
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    const doorbell = MACHINE + MachineLayout.deviceDoorbell;
    this.diskRing = new DiskRing(buffer, DISK_RING, doorbell);
    this.disk = this.spawn("disk", (message) => this.diskSays(message as DiskEvent));
    const requests = this.requests.port1;
    this.toDisk({ type: "start", buffer, ring: DISK_RING, doorbell, requests }, [requests]);
  }

  /** Opens the disks, builds the board and runs. Rejects with a sentence when something is missing. */
  async start(isPaused = false): Promise<void> {
    try {
      const disks = await Promise.all(
        this.files.disks.map((spec, drive) => spec && this.openDisk(drive, spec)),
      );
      await this.startDevices(disks);
    } catch (error) {
      this.end({ reason: "failed", status: 1, message: (error as Error).message }, false);
      throw error;
    }
    for (let index = 0; index < this.config.cpuCount; index++) {
      const start: VcpuStart = { index, module: this.core, memory: this.memory };
      this.spawn("vcpu", () => {}).post(start);
    }
    if (isPaused) this.isPaused = true;
    else this.resume();
  }

  pause(): void {
    if (this.isPaused || this.stopped) return;
    this.isPaused = true;
    freezeClock(this.shared);
    this.applyPause();
  }

  resume(): void {
    if (this.stopped) return;
    this.isPaused = false;
    runClock(this.shared);
    this.applyPause();
  }

  get isRunning(): boolean {
    return !this.stopped && !this.isPaused;
  }

  reset(): void {
    this.send({ type: "reset" });
  }

  pressPowerButton(): void {
    this.send({ type: "power-button" });
  }

  /** Pulls the plug. */
  stop(): void {
    this.end({ reason: "stopped", status: 0 });
  }

  /** Anything that goes into the machine: keys, mouse, serial bytes. */
  send(message: HostToDevice): void {
    if (this.stopped || !this.device) return;
    this.device.post(message);
    Atomics.add(this.shared.i32, MAIL, 1);
    ringDoorbell(this.shared);
  }

  /** Puts another disc into a CD-ROM drive; undefined takes it out. */
  async changeDisc(drive: number, spec: DiskSpec | undefined): Promise<void> {
    this.send({ type: "disc", drive, info: undefined });
    if (!spec) {
      this.toDisk({ type: "close", node: drive });
      return;
    }
    const info = await this.openDisk(drive, spec);
    this.send({ type: "disc", drive, info });
  }

  /** Instructions retired so far, of all processors. */
  get instructions(): number {
    let sum = 0n;
    for (let index = 0; index < this.config.cpuCount; index++) {
      sum += this.shared.view.getBigUint64(vcpuBase(index) + Cpu.icount, true);
    }
    return Number(sum);
  }

  get guestNs(): number {
    return guestNowNs(this.shared);
  }

  get diskCounters(): DiskCounters {
    return this.diskRing.counters();
  }

  /** Makes the run state what was asked for; not during a reset, which ends in another call of this. */
  private applyPause(): void {
    const { i32 } = this.shared;
    const [from, to] = this.isPaused ? [RUN_RUNNING, RUN_PAUSED] : [RUN_PAUSED, RUN_RUNNING];
    if (Atomics.compareExchange(i32, RUN_STATE, from, to) !== from) return;
    Atomics.notify(i32, RUN_STATE);
    pendAll(this.shared, PENDING_CONTROL);
    ringDoorbell(this.shared);
  }

  private spawn(
    kind: "vcpu" | "device" | "disk",
    onMessage: (message: unknown) => void,
  ): WorkerHandle {
    const worker = this.host.spawn(kind, onMessage, (error) => {
      this.end({
        reason: "failed",
        status: 1,
        message: `The ${kind} worker failed: ${error.message}`,
      });
    });
    this.workers.push(worker);
    return worker;
  }

  private toDisk(command: DiskCommand, transfer: Transferable[] = []): void {
    this.disk.post(command, transfer);
  }

  private openDisk(drive: number, spec: DiskSpec): Promise<DiskInfo> {
    return new Promise((resolve, reject) => {
      this.opening.set(drive, (event) => {
        if (event.type === "opened") {
          this.events.onDisk?.(drive, event.name, event.iso);
          resolve(event.info);
        } else if (event.type === "failed") {
          reject(new DiskOpenError(drive, event.message));
        }
      });
      const probeIso = this.config.drives[drive].media === "cdrom";
      this.toDisk({ type: "open", node: drive, spec, probeIso });
    });
  }

  private diskSays(event: DiskEvent): void {
    switch (event.type) {
      case "opened":
      case "failed":
        this.opening.get(event.node)?.(event);
        this.opening.delete(event.node);
        return;
      case "progress":
        this.events.onDiskProgress?.(event.node, event.loaded, event.total);
        return;
      case "error":
        this.events.onDiskError?.(event.node, event.message);
    }
  }

  private startDevices(disks: (DiskInfo | undefined)[]): Promise<void> {
    const { firmware, vgaBios, kernel } = this.files;
    return new Promise((resolve, reject) => {
      this.device = this.spawn("device", (data) => {
        const message = data as DeviceToHost;
        if (message.type === "ready") resolve();
        else if (message.type === "failed") {
          reject(new Error(message.message));
          this.end({ reason: "failed", status: 1, message: message.message });
        } else this.deviceSays(message);
      });
      const requests = this.requests.port2;
      const parts: PcParts = { config: this.config, firmware, vgaBios, kernel, disks };
      const start: DeviceStart = { module: this.core, memory: this.memory, parts, requests };
      this.device.post(start, [requests]);
    });
  }

  private deviceSays(message: DeviceToHost): void {
    const { events } = this;
    switch (message.type) {
      case "serial":
        events.onSerial?.(message.port, message.bytes);
        return;
      case "debugcon":
        events.onDebugcon?.(message.bytes);
        return;
      case "leds":
        events.onLeds?.(message.leds);
        return;
      case "mouse":
        events.onMouse?.(message.isWanted);
        return;
      case "log":
        events.onLog?.(message.line);
        return;
      case "was-woken":
        this.applyPause();
        return;
      case "was-reset":
        this.applyPause();
        events.onReset?.();
        return;
      case "stopped":
        this.end({ reason: message.reason, status: message.status });
    }
  }

  private end(stopped: Stopped, isTold = true): void {
    if (this.stopped) return;
    this.stopped = stopped;
    freezeClock(this.shared);
    Atomics.store(this.shared.i32, RUN_STATE, RUN_STOPPED);
    Atomics.notify(this.shared.i32, RUN_STATE);
    pendAll(this.shared, PENDING_CONTROL);
    ringDoorbell(this.shared);
    // FIXME: writes under way are lost with the disk worker; a guest that powered off has flushed them.
    for (const worker of this.workers) worker.terminate();
    if (isTold) this.events.onStopped?.(stopped);
  }
}
