/**
 * Interrupt lines and messages of the device models, into the one irqchip there is: the code in asm/
 * that the vCPUs also run, instantiated once more in this thread on the same memory. It locks its own
 * state and wakes the vCPU it interrupts.
 */
import type { IrqLine, IrqSink } from "./line";

/** The exports of the core that inject interrupts. */
export interface IrqExports {
  irqSetLine(gsi: number, level: number): void;
  msiWrite(addrLo: number, addrHi: number, data: number): void;
}

export class CoreIrq implements IrqSink {
  private readonly lines = new Map<number, CoreLine>();

  constructor(private readonly core: IrqExports) {}

  line(gsi: number): IrqLine {
    let line = this.lines.get(gsi);
    if (!line) {
      line = new CoreLine(this.core, gsi);
      this.lines.set(gsi, line);
    }
    return line;
  }

  msi(address: number, data: number): void {
    this.core.msiWrite(address >>> 0, Math.floor(address / 0x1_0000_0000), data >>> 0);
  }
}

class CoreLine implements IrqLine {
  private isAsserted = false;

  constructor(
    private readonly core: IrqExports,
    private readonly gsi: number,
  ) {}

  set(isAsserted: boolean): void {
    if (isAsserted === this.isAsserted) return;
    this.isAsserted = isAsserted;
    this.core.irqSetLine(this.gsi, isAsserted ? 1 : 0);
  }
}
