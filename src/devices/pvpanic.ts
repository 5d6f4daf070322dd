/**
 * pvpanic of QEMU (docs/specs/pvpanic), ISA variant at port 505h: a guest kernel that panics says so.
 * Reading gives the supported events, writing reports one. ACPI device QEMU0001 tells the guest about it.
 */
import type { AddressMap } from "../memory/address-map";

export const PVPANIC_PANICKED = 0x01;
export const PVPANIC_CRASH_LOADED = 0x02;

export interface PvpanicOptions {
  map: AddressMap;
  /** The guest panicked, or its crash kernel took over. */
  onEvent: (event: "panicked" | "crash-loaded") => void;
}

export class Pvpanic {
  constructor(options: PvpanicOptions) {
    options.map.ports(0x505, 1, {
      read: () => PVPANIC_PANICKED | PVPANIC_CRASH_LOADED,
      write: (_offset, _size, value) => {
        if (value & PVPANIC_PANICKED) options.onEvent("panicked");
        else if (value & PVPANIC_CRASH_LOADED) options.onEvent("crash-loaded");
      },
    });
  }

  reset(): void {}
}
