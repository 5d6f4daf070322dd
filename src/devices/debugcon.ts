/**
 * Debug console: bytes written to one port become lines of the host's log. Port E9h as Bochs introduced
 * it, port 402h as SeaBIOS and OVMF use it; QEMU's isa-debugcon. Reading gives E9h, which is how a
 * program finds out that somebody listens. Writes are posted.
 */
import type { AddressMap } from "../memory/address-map";

export const DEBUGCON_READBACK = 0xe9;

export interface DebugconOptions {
  map: AddressMap;
  /** QEMU's iobase: 0xe9, or 0x402 for the firmware's messages. */
  base: number;
  onByte: (byte: number) => void;
}

export class Debugcon {
  constructor(options: DebugconOptions) {
    options.map.ports(
      options.base,
      1,
      {
        read: () => DEBUGCON_READBACK,
        write: (_offset, _size, value) => options.onByte(value),
      },
      { posted: true },
    );
  }

  reset(): void {}
}
