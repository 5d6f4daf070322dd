/**
 * LPC bridge of ICH9: PCI function 00:1f.0, 8086:2918. ICH9 datasheet (316972) chapters 10 and 13.
 *
 *   40  PMBASE      15:7 base | 0 fixed 1          60-63  PIRQA-D  7 not routed to ISA | 3:0 ISA IRQ
 *   44  ACPI_CNTL   7 enable | 2:0 SCI select      68-6B  PIRQE-H
 *   A0  GEN_PMCON_1 ...                            F0     RCBA     31:14 base | 0 enable
 *
 * Interrupt wiring, that of QEMU's q35 so that one DSDT describes both: INTA-INTD of slots 0-24 go to
 * PIRQE-PIRQH, rotated by the slot number; slot 30 to PIRQE-H unrotated; slots 25-29 and 31 as their
 * DxxIR registers in RCBA say, at reset INTA-D to PIRQA-D. PIRQA-H are GSI 16-23; each is also an ISA
 * interrupt while its route register says so. An operating system uses the one or the other.
 *
 * Ports: B2/B3 APM (see acpi-pm.ts), CF9 reset control (through the PCI root, which owns CF8-CFF).
 * GCS in RCBA has No Reboot strapped to 1: the TCO watchdog is not there, and drivers notice.
 */
import type { Clock } from "../../base/clock";
import type { IrqLine, IrqSink } from "../../irq/line";
import type { AddressMap, IoHandler, Registration } from "../../memory/address-map";
import { PciFunction } from "../../pci/function";
import { AcpiPm, PM_LEN } from "./acpi-pm";

const PMBASE = 0x40;
const ACPI_CNTL = 0x44;
const PIRQA_ROUT = 0x60;
const PIRQE_ROUT = 0x68;
const LPC_IO_DEC = 0x80;
const LPC_EN = 0x82;
const GEN_PMCON_1 = 0xa0;
const GEN_PMCON_3 = 0xa4;
const RCBA = 0xf0;

const ACPI_CNTL_EN = 0x80;
const PIRQ_ROUTE_OFF = 0x80;
const RCBA_LEN = 0x4000;
/** Where firmware puts the power management ports; the core answers the timer there. */
export const PMBASE_USUAL = 0x600;
const PM_TIMER = 8;

/** DxxIR registers in RCBA by slot (10.1.45 on), each with four 4-bit fields INTA-INTD. */
const ROUTE_REGISTERS = new Map([
  [31, 0x3140],
  [29, 0x3144],
  [28, 0x3146],
  [27, 0x3148],
  [26, 0x314c],
  [25, 0x3150],
]);
const ROUTE_DEFAULT = 0x3210;
const GCS = 0x3410;
const GCS_NO_REBOOT = 0x20;

/** SCI_IRQ_SEL (ACPI_CNTL 2:0) to GSI; the missing codes are reserved. */
const SCI_GSI = [9, 10, 11, 9, 20, 21, 9, 9];

const RST_CPU = 0x04;

export interface LpcOptions {
  map: AddressMap & { corePorts(base: number, count: number): Registration };
  irq: IrqSink;
  clock: Clock;
  onPowerOff: () => void;
  onSuspend: () => void;
  onWake: () => void;
  /** The guest asked for a reset of the whole machine. */
  onReset: () => void;
}

export class LpcIch9 {
  readonly pci = new PciFunction({
    name: "lpc",
    vendor: 0x8086,
    device: 0x2918,
    revision: 2,
    classCode: 0x060100,
    isMultifunction: true,
  });
  readonly pm: AcpiPm;
  /** CF9, for the PCI root: 8-bit accesses only. */
  readonly resetControl: IoHandler;

  private readonly lines: IrqLine[];
  /** Asserted functions per slot × 4 + pin. */
  private readonly asserted = new Map<number, number>();
  private readonly chipset = new DataView(new ArrayBuffer(RCBA_LEN));
  private isSciAsserted = false;
  private pmPorts: Registration[] = [];
  private pmBase = -1;
  private rcbaRegion: Registration | undefined;
  private resetValue = 0;
  private readonly apm = new Uint8Array(2);

  constructor(private readonly options: LpcOptions) {
    const { map, irq, onReset } = options;
    this.lines = Array.from({ length: 24 }, (_, gsi) => irq.line(gsi));
    this.pm = new AcpiPm({ ...options, setSci: (isAsserted) => this.setSci(isAsserted) });
    this.describeConfig();
    this.pci.onConfigWrite = (offset, len) => this.configWritten(offset, len);
    this.resetControl = {
      read: (offset) => (offset === 1 ? this.resetValue : 0xff),
      write: (offset, _size, value) => {
        if (offset !== 1) return;
        this.resetValue = value & 0x0a;
        if (value & RST_CPU) onReset();
      },
    };
    map.ports(0xb2, 2, {
      read: (offset) => this.apm[offset],
      write: (offset, _size, value) => {
        this.apm[offset] = value;
        if (offset === 0) this.pm.apmWritten(value);
      },
    });
    this.resetChipset();
  }

  reset(): void {
    this.pm.reset();
    this.resetChipset();
    this.apm.fill(0);
    this.updatePmBase();
    this.updateRcba();
    this.updateLines();
  }

  /** INTA-INTD of a slot, one function's share of it: the wiring of the board. */
  setIntx(slot: number, pin: number, isAsserted: boolean): void {
    const key = slot * 4 + pin;
    const count = (this.asserted.get(key) ?? 0) + (isAsserted ? 1 : -1);
    if (count > 0) this.asserted.set(key, count);
    else this.asserted.delete(key);
    this.updateLines();
  }

  private describeConfig(): void {
    const { config } = this.pci;
    config.set32(PMBASE, 1);
    config.allow(PMBASE, 4, 0xff80);
    config.allow(ACPI_CNTL, 1, ACPI_CNTL_EN | 7);
    for (let i = 0; i < 4; i++) {
      for (const register of [PIRQA_ROUT + i, PIRQE_ROUT + i]) {
        config.set8(register, PIRQ_ROUTE_OFF);
        config.allow(register, 1, PIRQ_ROUTE_OFF | 0x0f);
      }
    }
    config.allow(LPC_IO_DEC, 2, 0x1377);
    config.allow(LPC_EN, 2, 0x3f0f);
    config.allow(GEN_PMCON_1, 2, 0xfebf);
    config.allow(GEN_PMCON_3, 1, 0xff);
    config.allow(RCBA, 4, 0xffff_c001);
  }

  private configWritten(offset: number, len: number): void {
    const touches = (first: number, count: number) =>
      offset < first + count && offset + len > first;
    if (touches(PMBASE, 5)) this.updatePmBase();
    if (touches(RCBA, 4)) this.updateRcba();
    if (touches(PIRQA_ROUT, 12) || touches(ACPI_CNTL, 1)) this.updateLines();
  }

  private updatePmBase(): void {
    const { config } = this.pci;
    const isOn = (config.get8(ACPI_CNTL) & ACPI_CNTL_EN) !== 0;
    const base = isOn ? config.get16(PMBASE) & 0xff80 : 0;
    if (base === this.pmBase) return;
    this.pmBase = base;
    for (const ports of this.pmPorts) ports.remove();
    this.pmPorts = [];
    if (base === 0) return;
    const { map } = this.options;
    // The timer first: it is the core's where the core expects it, whatever else is placed there.
    if (base === PMBASE_USUAL) this.pmPorts.push(map.corePorts(base + PM_TIMER, 4));
    this.pmPorts.push(map.ports(base, PM_LEN, this.pm, { width: 4, isGuestPlaced: true }));
  }

  private updateRcba(): void {
    this.rcbaRegion?.remove();
    this.rcbaRegion = undefined;
    const value = this.pci.config.get32(RCBA);
    if ((value & 1) === 0) return;
    const base = (value & 0xffff_c000) >>> 0;
    this.rcbaRegion = this.options.map.mmio(base, RCBA_LEN, this.chipsetSpace, {
      width: 4,
      isGuestPlaced: true,
    });
  }

  private readonly chipsetSpace: IoHandler = {
    read: (offset, size) => {
      if (size === 4) return this.chipset.getUint32(offset & ~3, true);
      return size === 2 ? this.chipset.getUint16(offset & ~1, true) : this.chipset.getUint8(offset);
    },
    write: (offset, size, value) => {
      for (let i = 0; i < size; i++) this.writeChipset(offset + i, (value >>> (8 * i)) & 0xff);
      this.updateLines();
    },
  };

  private writeChipset(offset: number, byte: number): void {
    if (offset === GCS) this.chipset.setUint8(GCS, byte | GCS_NO_REBOOT);
    else if (offset >= 0x3100 && offset < 0x3420) this.chipset.setUint8(offset, byte);
  }

  private resetChipset(): void {
    for (let at = 0; at < RCBA_LEN; at += 4) this.chipset.setUint32(at, 0, true);
    for (const register of ROUTE_REGISTERS.values())
      this.chipset.setUint16(register, ROUTE_DEFAULT, true);
    this.chipset.setUint8(GCS, GCS_NO_REBOOT);
  }

  /** PIRQ (0-7 for A-H) of a slot's pin. */
  private pirqOf(slot: number, pin: number): number {
    const register = ROUTE_REGISTERS.get(slot);
    if (register !== undefined) return (this.chipset.getUint16(register, true) >> (4 * pin)) & 7;
    return slot === 30 ? pin + 4 : ((slot + pin) % 4) + 4;
  }

  private setSci(isAsserted: boolean): void {
    this.isSciAsserted = isAsserted;
    this.updateLines();
  }

  /** Drives GSI 16-23 and the ISA interrupts that PIRQs or the SCI are routed to. */
  private updateLines(): void {
    const { config } = this.pci;
    let levels = 0;
    for (const key of this.asserted.keys()) levels |= 1 << this.pirqOf(key >> 2, key & 3);
    let gsis = levels << 16;
    let owned = 0xff_0000;
    for (let pirq = 0; pirq < 8; pirq++) {
      const route = config.get8(pirq < 4 ? PIRQA_ROUT + pirq : PIRQE_ROUT + pirq - 4);
      if (route & PIRQ_ROUTE_OFF) continue;
      owned |= 1 << (route & 15);
      if (levels & (1 << pirq)) gsis |= 1 << (route & 15);
    }
    const sci = 1 << SCI_GSI[config.get8(ACPI_CNTL) & 7];
    owned |= sci;
    if (this.isSciAsserted) gsis |= sci;
    for (let gsi = 0; gsi < 24; gsi++) {
      if ((owned | this.driven) & (1 << gsi)) this.lines[gsi].set((gsis & (1 << gsi)) !== 0);
    }
    this.driven = owned;
  }
  /** Lines driven at the last update: one that is not routed any more falls. */
  private driven = 0;
}
