/**
 * The core (build/core.wasm) as its host sees it: what it exports, and the imports that every host of
 * it provides (asm/host.ts). Each vCPU worker has an instance; the device worker has one for the
 * irqchip. All of them work on the same memory.
 */
import { guestNowNs } from "../shared/guest-time";
import { Cpu } from "../shared/layout";
import { type SharedMemory, vcpuBase } from "../shared/shared-memory";

export interface CoreExports {
  /** Runs up to `budget` instructions; EXIT_*. */
  run(vcpu: number, budget: number): number;
  /** The vCPU's state as after RESET. */
  reset(vcpu: number): void;
  /** Once, before the first reset: identity and features by CPU_MODEL_*, with CPU_VENDOR_AMD or without. */
  initVcpu(vcpu: number, cpuModel: number): void;
  /** After the host wrote control or segment registers. */
  updateVcpuModes(vcpu: number): void;
  irqchipReset(): void;
  irqSetLine(gsi: number, level: number): void;
  msiWrite(addrLo: number, addrHi: number, data: number): void;
}

export interface CoreHost {
  /** Carries out the request in the vCPU's mailbox before it returns. */
  deviceAccess(vcpu: number): void;
  /** The posted ring of the vCPU has entries. */
  deviceKick(vcpu: number): void;
  /** `-d`: a code and two values. */
  trace(code: number, a: bigint, b: bigint): void;
}

export function instantiateCore(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  shared: SharedMemory,
  host: CoreHost,
): CoreExports {
  const random = new Uint32Array(64);
  let randomLeft = 0;
  const imports = {
    deviceAccess: host.deviceAccess,
    deviceKick: host.deviceKick,
    trace: host.trace,
    nowNs: () => guestNowNs(shared),
    wakeVcpu: (vcpu: number) => {
      Atomics.notify(shared.i32, (vcpuBase(vcpu) + Cpu.pending) >> 2);
    },
    random32: () => {
      if (randomLeft === 0) {
        crypto.getRandomValues(random);
        randomLeft = random.length;
      }
      return random[--randomLeft];
    },
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort }, host: imports });
  return instance.exports as unknown as CoreExports;
}

function abort(): never {
  throw new Error(
    "The core stopped at an assertion: this is a bug of the machine, not of the guest.",
  );
}
