/**
 * What all threads of one machine share beside RAM: run state, doorbells, the physical memory map and
 * the clock. One instance at MACHINE; the TypeScript side reads it through generated offsets.
 * Words written by more than one thread are only touched with atomics (runState, doorbells).
 */
import { MACHINE } from "./layout";

@unmanaged
export class Machine {
  runState: u32; // RUN_*
  deviceDoorbell: u32; // incremented and notified whenever the device worker has something to do
  mapGeneration: u32; // incremented whenever lowMap, lfb* or the regions change
  vcpuCount: u32;
  ramLow: u32; // bytes of RAM from gpa 0
  ramHigh: u32; // bytes of RAM from gpa 4 GiB
  lfbBase: u32; // gpa of the linear framebuffer, 0 = not mapped
  lfbSize: u32;
  romBase: u32; // gpa of the firmware image at the top of 4 GiB
  romSize: u32; // its length; it lies at ROM + ROM_SIZE - romSize
  regionCount: u32; // device MMIO regions in use, see MmioRegion
  tscKhz: u32;
  dmaCodeHead: u32; // DMA writes that hit code pages: ring of host page numbers, see MACHINE_DMA_CODE
  parkedCount: u32; // vCPUs that stand still because runState is not RUN_RUNNING
  clockEpoch: f64; // host milliseconds (timeOrigin + now) at which guest time was 0
  clockPaused: f64; // host milliseconds spent paused so far
  clockFrozenAt: f64; // guest nanoseconds while paused, or -1 while running
  deviceMail: u32; // messages sent to the device worker, which yields to its event loop to receive them
  shutdowns: u32; // bit per vCPU that shut down (triple fault) and waits for the device worker to reset
  lowMapFirst: u32; // 64 × u32 follow: host offset of the slot (16 KiB aligned) | LOW_MAP_*
}

/** One range of guest physical addresses answered by the device worker. */
@unmanaged
export class MmioRegion {
  base: u64;
  end: u64; // exclusive
  posted: u32; // 1: writes are posted
  pad: u32;
}

export const MACHINE_REGIONS: u32 = 0x400; // MmioRegion[MACHINE_REGION_MAX] at MACHINE + this
export const MACHINE_REGION_MAX: u32 = 64;
export const MACHINE_DMA_CODE: u32 = 0x1000; // u32[256] ring of host page numbers at MACHINE + this
export const MACHINE_DMA_CODE_ENTRIES: u32 = 256;

/** The one machine of this memory. */
export function machine(): Machine {
  return changetype<Machine>(MACHINE as usize);
}

/** The word of the low memory map that covers `gpa` (< 1 MiB). */
export function lowMap(gpa: u32): u32 {
  return load<u32>(MACHINE + ((gpa >> 14) << 2), offsetof<Machine>("lowMapFirst"));
}
