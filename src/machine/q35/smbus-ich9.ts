/**
 * SMBus controller of ICH9: PCI function 00:1f.3, 8086:2930. ICH9 datasheet (316972) chapter 20.
 *
 *   +0 HST_STS  7 BYTE_DONE 6 INUSE 5 SMBALERT 4 FAILED 3 BUS_ERR 2 DEV_ERR 1 INTR 0 HOST_BUSY
 *   +2 HST_CNT  6 START 4:2 command 1 KILL 0 INTREN      +3 HST_CMD  +4 XMIT_SLVA  +5 D0  +6 D1
 *
 * No device sits on the bus: every transaction ends at once with DEV_ERR, which is what the absence of
 * an acknowledge gives. A driver binds, probes, and finds nothing. The slave side is not modelled.
 */
import type { AccessSize, IoHandler } from "../../memory/address-map";
import { PciFunction } from "../../pci/function";

const HOSTC = 0x40;

const HST_STS = 0x00;
const HST_CNT = 0x02;
const STS_DEV_ERR = 0x04;
const STS_INUSE = 0x40;
const STS_CLEARABLE = 0xfe;
const CNT_INTREN = 0x01;
const CNT_START = 0x40;

export class SmbusIch9 implements IoHandler {
  readonly pci = new PciFunction({
    name: "smbus",
    vendor: 0x8086,
    device: 0x2930,
    revision: 2,
    classCode: 0x0c0500,
    interruptPin: 1,
  });
  private readonly registers = new Uint8Array(32);

  constructor() {
    this.pci.config.allow(HOSTC, 1, 0x1f);
    this.pci.addBar(4, { kind: "io", size: 64, handler: this });
  }

  reset(): void {
    this.registers.fill(0);
  }

  read(offset: number, _size: AccessSize): number {
    const value = this.registers[offset & 31];
    // Reading the status takes the semaphore: whoever saw INUSE clear owns the controller.
    if (offset === HST_STS) this.registers[HST_STS] |= STS_INUSE;
    return value;
  }

  write(offset: number, _size: AccessSize, value: number): void {
    if (offset === HST_STS) {
      this.registers[HST_STS] &= ~(value & STS_CLEARABLE);
    } else {
      this.registers[offset & 31] = offset === HST_CNT ? value & ~CNT_START : value;
      if (offset === HST_CNT && value & CNT_START) this.registers[HST_STS] |= STS_DEV_ERR;
    }
    const wantsInterrupt = (this.registers[HST_CNT] & CNT_INTREN) !== 0;
    this.pci.setInterrupt(wantsInterrupt && (this.registers[HST_STS] & STS_DEV_ERR) !== 0);
  }
}
