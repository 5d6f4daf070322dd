/**
 * isa-debug-exit of QEMU: a write of `value` ends the emulator with exit status (value << 1) | 1, so that
 * a bare test image can report. Status 0 cannot be reported: that is how a script tells a test's verdict
 * from a normal power-off. Reads give zero.
 */
import type { AddressMap } from "../memory/address-map";

export interface IsaDebugExitOptions {
  map: AddressMap;
  /** QEMU's iobase and iosize; defaults 0x501 and 2. kvm-unit-tests use 0xf4 and 4. */
  base?: number;
  size?: number;
  onExit: (status: number) => void;
}

export class IsaDebugExit {
  constructor(options: IsaDebugExitOptions) {
    options.map.ports(
      options.base ?? 0x501,
      options.size ?? 2,
      {
        read: () => 0,
        write: (_offset, _size, value) => options.onExit(((value << 1) | 1) & 0xff),
      },
      { width: (options.size ?? 2) >= 4 ? 4 : 2 },
    );
  }

  reset(): void {}
}
