/**
 * Who answers which I/O port and which guest physical range: the device worker's side of the three
 * access ways (see asm/layout.ts, PORT_CLASS_* and MmioRegion). Registering a handler also publishes
 * its class in shared memory, so that the core knows without asking whether an access is answered by
 * nobody, may be posted, or needs a reply.
 *
 * A handler sees offsets from its base and sizes up to its `width`; wider accesses are split into
 * consecutive ones, lowest address first, as an ISA or PCI bridge does.
 */
export type AccessSize = 1 | 2 | 4;

export interface IoHandler {
  /** Value read at `offset` from the registered base, zero-extended. */
  read(offset: number, size: AccessSize): number;
  write(offset: number, size: AccessSize, value: number): void;
}

export interface IoOptions {
  /** Widest access the device decodes; default 1 for ports, 4 for MMIO. */
  width?: AccessSize;
  /** Writes have no result the guest can see at once: the vCPU does not wait for them. */
  posted?: boolean;
  /**
   * The guest chose the address (a PCI BAR): where it overlaps something fixed, or something placed
   * earlier, the other one answers.
   */
  isGuestPlaced?: boolean;
}

export interface Registration {
  remove(): void;
}

export interface AddressMap {
  /** Registers `count` ports from `base`. Throws when a port is taken by a fixed one: two chips at one port is a bug of the board. */
  ports(base: number, count: number, handler: IoHandler, options?: IoOptions): Registration;
  /** Registers guest physical addresses [base, base + len). `base` up to 2^53. */
  mmio(base: number, len: number, handler: IoHandler, options?: IoOptions): Registration;
  /** Makes reads of `port` come from shared memory: call with every new value (UART LSR, i8042 status). */
  publishPort(port: number, value: number): void;
}
