/**
 * What hangs on a port of the i8042: a device that sends bytes when it has some and takes bytes from the
 * controller. The serial line itself (clock, parity, 11-bit frames) is not modelled: a byte arrives whole.
 */
export interface Ps2Device {
  /** Called when bytes became available while there were none. Set by the controller. */
  onReady: () => void;
  /** Whether `take` would give a byte. */
  readonly hasByte: boolean;
  /** Whether the next byte is an event rather than the answer to a command. */
  readonly isEvent: boolean;
  /** Removes and returns the next byte to the controller. */
  take(): number;
  /** A byte from the controller: a command or its argument. */
  receive(byte: number): void;
  reset(): void;
}

export const PS2_ACK = 0xfa;
export const PS2_RESEND = 0xfe;
export const PS2_BAT_PASSED = 0xaa;
