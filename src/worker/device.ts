/**
 * The device worker: all device models on one thread. It sleeps in Atomics.wait on the doorbell, with
 * the next timer as the limit, and turns to its event loop only for mail and for what needs it.
 *
 * Lost wake-ups: the doorbell's value is read before the turn that finds nothing to do, and
 * Atomics.wait does not sleep when it has changed since.
 */
import { log, setLogSink } from "../base/log";
import { DiskClient } from "../block/disk-client";
import type { DiskRequestMessage } from "../block/disk-messages";
import { DiskRing } from "../block/disk-ring";
import { instantiateCore } from "../machine/core";
import { DeviceSide } from "../machine/device-side";
import type { DeviceToHost, HostToDevice } from "../machine/messages";
import type { PcParts } from "../machine/pc";
import { guestNowNs } from "../shared/guest-time";
import { DISK_RING, MACHINE, Machine, RUN_PAUSED, RUN_STOPPED } from "../shared/layout";
import { type SharedMemory, sharedMemory } from "../shared/shared-memory";

export interface DeviceStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  parts: PcParts;
  /** To the disk worker. */
  requests: MessagePort;
}

const DOORBELL = (MACHINE + Machine.deviceDoorbell) >> 2;
const RUN_STATE = (MACHINE + Machine.runState) >> 2;
const MAIL = (MACHINE + Machine.deviceMail) >> 2;

/** Output is sent at least this often while the guest keeps the devices busy. */
const FLUSH_MS = 8;
/** An idle paused machine looks up now and then, in case the clock was changed under it. */
const IDLE_MS = 1000;

export class DeviceWorker {
  private readonly shared: SharedMemory;
  private readonly devices: DeviceSide;
  private received = 0;
  private readonly yieldChannel = new MessageChannel();

  constructor(
    start: DeviceStart,
    private readonly post: (message: DeviceToHost) => void,
    onTrace: (code: number, a: bigint, b: bigint) => void,
  ) {
    setLogSink((line) => post({ type: "log", line }));
    this.shared = sharedMemory(start.memory.buffer);
    // This instance never runs guest code, so nobody calls back for an access.
    const core = instantiateCore(start.module, start.memory, this.shared, {
      deviceAccess: () => {},
      deviceKick: () => {},
      trace: onTrace,
    });
    const ring = new DiskRing(
      start.memory.buffer as unknown as SharedArrayBuffer,
      DISK_RING,
      MACHINE + Machine.deviceDoorbell,
    );
    const disks = new DiskClient(ring, (message: DiskRequestMessage) =>
      start.requests.postMessage(message),
    );
    this.devices = new DeviceSide(
      this.shared,
      core,
      start.parts,
      disks,
      post,
      () => disks.poll() > 0,
    );
  }

  receive(message: HostToDevice): void {
    this.received++;
    try {
      this.devices.receive(message);
    } catch (error) {
      log.note((error as Error).message);
    }
  }

  /** Works until the machine is stopped. */
  async run(): Promise<void> {
    const { i32 } = this.shared;
    this.post({ type: "ready" });
    let flushed = performance.now();
    while (Atomics.load(i32, RUN_STATE) !== RUN_STOPPED) {
      const bell = Atomics.load(i32, DOORBELL);
      const didAnything = this.devices.turn();
      if (this.devices.needsEventLoop || Atomics.load(i32, MAIL) !== this.received) {
        await this.yieldToEvents();
        continue;
      }
      if (didAnything && performance.now() - flushed < FLUSH_MS) continue;
      this.devices.flush();
      flushed = performance.now();
      if (!didAnything) this.sleep(bell);
    }
    this.devices.flush();
    this.yieldChannel.port1.close();
  }

  private sleep(bell: number): void {
    const isPaused = Atomics.load(this.shared.i32, RUN_STATE) === RUN_PAUSED;
    const ms = (this.devices.nextNs - guestNowNs(this.shared)) / 1e6;
    const limit = isPaused ? IDLE_MS : Math.max(0, Math.min(IDLE_MS, ms));
    if (limit > 0) Atomics.wait(this.shared.i32, DOORBELL, bell, limit);
  }

  /** Lets one round of messages in. setTimeout would cost 4 ms in a browser. */
  private yieldToEvents(): Promise<void> {
    return new Promise((resolve) => {
      this.yieldChannel.port1.onmessage = () => resolve();
      this.yieldChannel.port2.postMessage(0);
    });
  }
}
