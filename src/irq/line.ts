/** One interrupt line into the irqchip (asm/irqchip/), by global system interrupt number. */
export interface IrqLine {
  /** Level-triggered lines stay asserted until lowered; edge-triggered ones fire on 0 → 1. */
  set(isAsserted: boolean): void;
}

/** What a PCI function needs of the interrupt system. */
export interface IrqSink {
  /** GSI line: 0-15 ISA (also wired to the 8259s), 16-23 PIRQA-PIRQH. */
  line(gsi: number): IrqLine;
  /** Message signalled interrupt as written by the function: address and data. */
  msi(address: number, data: number): void;
}
