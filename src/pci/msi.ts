/**
 * MSI capability with one vector and a 64-bit address. PCI Local Bus 3.0 section 6.8.1.
 *
 *   +0 id 05, next   +2 control (bit 0 enable, bit 7 64-bit)   +4 address   +8 upper address   +C data
 *
 * Several vectors and per-vector masking are not offered; the control word says so.
 */
import { type ConfigSpace, PCI_CAP_ID_MSI } from "./config-space";

const CONTROL_ENABLE = 0x0001;
const CONTROL_64BIT = 0x0080;

export class Msi {
  readonly offset: number;
  readonly len = 14;

  constructor(
    private readonly config: ConfigSpace,
    at?: number,
  ) {
    this.offset = config.addCapability(PCI_CAP_ID_MSI, this.len, at);
    config.set16(this.offset + 2, CONTROL_64BIT);
    // Multiple message enable (bits 4-6) is writable, as drivers expect, and has no effect.
    config.allow(this.offset + 2, 2, CONTROL_ENABLE | 0x70);
    config.allow(this.offset + 4, 4, 0xffff_fffc);
    config.allow(this.offset + 8, 4, 0xffff_ffff);
    config.allow(this.offset + 12, 2, 0xffff);
  }

  get isEnabled(): boolean {
    return (this.config.get16(this.offset + 2) & CONTROL_ENABLE) !== 0;
  }
  get address(): number {
    return this.config.get32(this.offset + 8) * 0x1_0000_0000 + this.config.get32(this.offset + 4);
  }
  get data(): number {
    return this.config.get16(this.offset + 12);
  }
}
