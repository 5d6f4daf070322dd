/**
 * Port 92h, the PS/2 "system control port A": bit 0 resets the processor on a 0 -> 1 transition, bit 1 is
 * A20. The other bits (watchdog, disk lights) are stored and do nothing.
 * The A20 bit is kept in step with the keyboard controller's, and both read back, but the core does not
 * mask address line 20: it is always enabled. No system in use depends on the wrap at 1 MiB.
 */
import type { AddressMap } from "../memory/address-map";

const BIT_RESET = 0x01;
const BIT_A20 = 0x02;

export interface Port92Options {
  map: AddressMap;
  onReset: () => void;
  /** The keyboard controller holds the A20 bit. */
  a20: { readonly isA20Enabled: boolean; setA20(isEnabled: boolean): void };
}

export class Port92 {
  private stored = 0;

  constructor(private readonly options: Port92Options) {
    options.map.ports(0x92, 1, {
      read: () => this.stored | (options.a20.isA20Enabled ? BIT_A20 : 0),
      write: (_offset, _size, value) => this.write(value),
    });
  }

  reset(): void {
    this.stored = 0;
  }

  private write(value: number): void {
    const isReset = (value & ~this.stored & BIT_RESET) !== 0;
    this.stored = value & ~BIT_A20;
    this.options.a20.setA20((value & BIT_A20) !== 0);
    if (isReset) this.options.onReset();
  }
}
