/**
 * The one SharedArrayBuffer of a machine, seen through typed views, and the few words of it that every
 * thread touches: the vCPUs' pending words and the device worker's doorbell.
 */
import { Cpu, MACHINE, Machine, VCPU, VCPU_STRIDE } from "./layout";

export interface SharedMemory {
  readonly buffer: ArrayBufferLike;
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly view: DataView;
}

export function sharedMemory(buffer: ArrayBufferLike): SharedMemory {
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f64: new Float64Array(buffer),
    view: new DataView(buffer),
  };
}

/** Start of the block of vCPU `index`. */
export function vcpuBase(index: number): number {
  return VCPU + index * VCPU_STRIDE;
}

export function vcpuCount(memory: SharedMemory): number {
  return memory.u32[(MACHINE + Machine.vcpuCount) >> 2];
}

/** Sets bits of a vCPU's pending word and wakes it if it sleeps. */
export function pend(memory: SharedMemory, index: number, bits: number): void {
  const word = (vcpuBase(index) + Cpu.pending) >> 2;
  Atomics.or(memory.i32, word, bits);
  Atomics.notify(memory.i32, word);
}

/** The same for every vCPU of the machine. */
export function pendAll(memory: SharedMemory, bits: number): void {
  const count = vcpuCount(memory);
  for (let index = 0; index < count; index++) pend(memory, index, bits);
}

/** Tells the device worker that there is something to do. */
export function ringDoorbell(memory: SharedMemory): void {
  const word = (MACHINE + Machine.deviceDoorbell) >> 2;
  Atomics.add(memory.i32, word, 1);
  Atomics.notify(memory.i32, word);
}
