/**
 * Memory controller hub of q35: PCI function 00:00.0, 8086:29c0. Intel 3 Series Express Chipset
 * datasheet (316966), chapter 5.
 *
 *   60  PCIEXBAR  63:28 base | 2:1 length 256/128/64 MiB | 0 enable      MMCONFIG
 *   90  PAM0      5:4 F0000-FFFFF                                        bit 0 of a field: reads
 *   91  PAM1      1:0 C0000-C3FFF | 5:4 C4000-C7FFF                      go to RAM, bit 1: writes
 *   92-96         PAM2-PAM6: C8000, D0000, D8000, E0000, E8000 alike     go to RAM
 *   9D  SMRAM     6 D_OPEN | 5 D_CLS | 4 D_LCK | 3 G_SMRAME              A0000-BFFFF as RAM
 *
 * System management mode does not exist here (QEMU: `-M q35,smm=off`). D_OPEN still shows the RAM under
 * the VGA window, as it would. DRAM timing, EPBAR, MCHBAR and DMIBAR are absent: they read as zeroes.
 */
import type { PhysicalMap } from "../../memory/physical-map";
import { PciFunction } from "../../pci/function";

const PCIEXBAR = 0x60;
const PAM0 = 0x90;
const PAM6 = 0x96;
const SMRAM = 0x9d;
const ESMRAMC = 0x9e;

const PAM_READ = 1;
const PAM_WRITE = 2;
const SMRAM_D_OPEN = 0x40;
const SMRAM_D_LCK = 0x10;
const SMRAM_G_SMRAME = 0x08;
const SMRAM_C_BASE_SEG = 0x02;

export const MMCONFIG_BASE = 0xb000_0000;
const MIB = 0x10_0000;

export interface MchOptions {
  physical: PhysicalMap;
  /** Places the MMCONFIG window; undefined = nowhere. */
  setMmconfig: (base: number | undefined, len: number) => void;
}

export class Mch {
  readonly pci = new PciFunction({
    name: "mch",
    vendor: 0x8086,
    device: 0x29c0,
    classCode: 0x060000,
  });

  constructor(private readonly options: MchOptions) {
    const { config } = this.pci;
    config.set32(PCIEXBAR, MMCONFIG_BASE);
    config.allow(PCIEXBAR, 4, 0xfc00_0007);
    config.allow(PCIEXBAR + 4, 4, 0x0000_000f);
    for (let pam = PAM0; pam <= PAM6; pam++) config.allow(pam, 1, pam === PAM0 ? 0x30 : 0x33);
    config.set8(SMRAM, SMRAM_C_BASE_SEG);
    config.set8(ESMRAMC, 0x38);
    this.pci.onConfigWrite = (offset, len) => this.configWritten(offset, len);
    this.allowSmram();
  }

  reset(): void {
    this.allowSmram();
    this.options.physical.resetLowMap();
    this.options.setMmconfig(undefined, 0);
  }

  /** What `restoreMap` brings back behind a reset: PCIEXBAR and PAM0-PAM6. */
  saveMap(): Map<number, number> {
    const registers = [PCIEXBAR, PCIEXBAR + 4, PAM0 & ~3, PAM6 & ~3];
    return new Map(registers.map((register) => [register, this.pci.config.get32(register)]));
  }

  restoreMap(saved: Map<number, number>): void {
    for (const [register, value] of saved) {
      this.pci.config.set32(register, value);
      this.configWritten(register, 4);
    }
  }

  private configWritten(offset: number, len: number): void {
    const touches = (first: number, count: number) =>
      offset < first + count && offset + len > first;
    if (touches(PCIEXBAR, 8)) this.updateMmconfig();
    for (let pam = PAM0; pam <= PAM6; pam++) {
      if (touches(pam, 1)) this.updatePam(pam);
    }
    if (touches(SMRAM, 1)) this.updateSmram();
  }

  private updateMmconfig(): void {
    const { config } = this.pci;
    const low = config.get32(PCIEXBAR);
    const len = (256 * MIB) >>> ((low >>> 1) & 3);
    const base = config.get32(PCIEXBAR + 4) * 0x1_0000_0000 + ((low & -len) >>> 0);
    this.options.setMmconfig((low & 1) !== 0 ? base : undefined, len);
  }

  private updatePam(pam: number): void {
    const value = this.pci.config.get8(pam);
    const shadow = (gpa: number, field: number) =>
      this.options.physical.setShadow(gpa, (field & PAM_READ) !== 0, (field & PAM_WRITE) !== 0);
    if (pam === PAM0) {
      for (let gpa = 0xf_0000; gpa < 0x10_0000; gpa += 0x4000) shadow(gpa, value >> 4);
      return;
    }
    const gpa = 0xc_0000 + (pam - PAM0 - 1) * 0x8000;
    shadow(gpa, value);
    shadow(gpa + 0x4000, value >> 4);
  }

  private updateSmram(): void {
    const { config } = this.pci;
    const value = config.get8(SMRAM);
    if (value & SMRAM_D_LCK) config.set8(SMRAM, value & ~SMRAM_D_OPEN);
    this.allowSmram();
    const isOpen =
      (config.get8(SMRAM) & (SMRAM_D_OPEN | SMRAM_G_SMRAME)) === (SMRAM_D_OPEN | SMRAM_G_SMRAME);
    this.options.physical.setVgaWindow(!isOpen);
  }

  /** D_LCK makes the register read-only until reset, itself included. */
  private allowSmram(): void {
    const isLocked = (this.pci.config.get8(SMRAM) & SMRAM_D_LCK) !== 0;
    this.pci.config.allow(SMRAM, 1, isLocked ? 0x20 : 0x78);
  }
}
