/**
 * The differentiated system description table: what of the board a system cannot find by itself.
 * ACPI 6.4 chapter 6; PCI Firmware Specification 3.2 chapter 4 for _OSC.
 *
 *   \_PIC, \_S3, \_S5           \_SB.PCI0  _CRS windows, _OSC, _PRT for all slots
 *   \_SB.LNKA-LNKH           \_SB.PCI0.ISA  RTC, keyboard, mouse, COM1.., PIC, PIT, FPU, fw_cfg
 *   \_SB.HPET, \_SB.MRES     \_SB.C000..  processors
 *
 * The routing follows machine/q35/lpc-ich9.ts: slots 0-24 rotate over PIRQE-H, 25-29 and 31 take
 * PIRQA-D, 30 PIRQE-H. The power button is the fixed one: no device describes it.
 */
import * as aml from "./aml";

export interface DsdtConfig {
  cpuCount: number;
  /** Base ports and interrupts of the serial ports that are there. */
  serialPorts: { base: number; irq: number }[];
  mmconfigBase: number;
  /** First address of the PCI memory window below the I/O APIC. */
  pciWindow: number;
  /** 64-bit PCI window, above all RAM. */
  pciWindow64: { base: number; end: number };
}

const IO_APIC_BASE = 0xfec0_0000;
const HPET_BASE = 0xfed0_0000;

/** ISA interrupts that PIRQs may use; firmware routes them to 10 and 11. */
const LINK_IRQS = [5, 10, 11];
const PIRQ_NAMES = ["A", "B", "C", "D", "E", "F", "G", "H"];

function pirqOf(slot: number, pin: number): number {
  if (slot <= 24) return ((slot + pin) % 4) + 4;
  return slot === 30 ? pin + 4 : pin;
}

/** 32 slots × 4 pins; `target` gives the last two elements of an entry. */
function routingTable(target: (pirq: number) => [aml.Aml, aml.Aml]): aml.Aml {
  const entries: aml.Aml[] = [];
  for (let slot = 0; slot < 32; slot++) {
    for (let pin = 0; pin < 4; pin++) {
      const address = aml.integer(((slot << 16) | 0xffff) >>> 0);
      entries.push(aml.pkg(address, aml.integer(pin), ...target(pirqOf(slot, pin))));
    }
  }
  return aml.pkg(...entries);
}

/** PCI interrupt link: reads and writes the route register of one PIRQ. */
function link(letter: string, index: number): aml.Aml {
  const register = aml.ref(`\\_SB.PCI0.ISA.PRQ${letter}`);
  return aml.device(
    `LNK${letter}`,
    aml.name("_HID", aml.eisaId("PNP0C0F")),
    aml.name("_UID", aml.integer(index)),
    aml.name("_PRS", aml.resources(aml.linkIrqs(LINK_IRQS))),
    aml.method(
      "_STA",
      0,
      aml.when(aml.and(register, aml.integer(0x80)), aml.returns(aml.integer(0x09))),
      aml.returns(aml.integer(0x0b)),
    ),
    aml.serializedMethod("_DIS", 0, aml.or(register, aml.integer(0x80), register)),
    aml.serializedMethod(
      "_CRS",
      0,
      aml.name("BUFF", aml.resources(aml.linkIrqs([]))),
      aml.createWordField(aml.ref("BUFF"), 1, "IRQW"),
      aml.when(
        aml.not(aml.and(register, aml.integer(0x80))),
        aml.shiftLeft(aml.integer(1), aml.and(register, aml.integer(0x0f)), aml.ref("IRQW")),
      ),
      aml.returns(aml.ref("BUFF")),
    ),
    aml.serializedMethod(
      "_SRS",
      1,
      aml.createWordField(aml.arg(0), 1, "IRQW"),
      aml.findSetRightBit(aml.ref("IRQW"), aml.local(0)),
      aml.subtract(aml.local(0), aml.integer(1), register),
    ),
  );
}

const PCI_OSC_UUID = [
  0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f, 0x1c, 0x40, 0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66,
];

/** Grants what the system asks for: there is nothing that firmware would keep for itself. */
function osc(): aml.Aml {
  const CONTROLS = 0x1f;
  return aml.method(
    "_OSC",
    4,
    aml.createDwordField(aml.arg(3), 0, "CDW1"),
    aml.when(
      aml.equal(aml.arg(0), aml.buffer(new Uint8Array(PCI_OSC_UUID))),
      aml.createDwordField(aml.arg(3), 4, "CDW2"),
      aml.createDwordField(aml.arg(3), 8, "CDW3"),
      aml.and(aml.ref("CDW3"), aml.integer(CONTROLS), aml.local(0)),
      // Unknown revision: bit 3. Controls that were masked: bit 4.
      aml.when(
        aml.not(aml.equal(aml.arg(1), aml.integer(1))),
        aml.or(aml.ref("CDW1"), aml.integer(0x08), aml.ref("CDW1")),
      ),
      aml.when(
        aml.not(aml.equal(aml.ref("CDW3"), aml.local(0))),
        aml.or(aml.ref("CDW1"), aml.integer(0x10), aml.ref("CDW1")),
      ),
      aml.store(aml.local(0), aml.ref("CDW3")),
    ),
    aml.otherwise(aml.or(aml.ref("CDW1"), aml.integer(0x04), aml.ref("CDW1"))),
    aml.returns(aml.arg(3)),
  );
}

function isaDevice(label: string, id: string, ...descriptors: aml.Aml[]): aml.Aml {
  const hid = id.startsWith("PNP") ? aml.eisaId(id) : aml.text(id);
  return aml.device(label, aml.name("_HID", hid), aml.name("_CRS", aml.resources(...descriptors)));
}

function isaBridge(config: DsdtConfig): aml.Aml {
  const routes: [string | null, number][] = [
    ...PIRQ_NAMES.slice(0, 4).map((letter): [string, number] => [`PRQ${letter}`, 8]),
    [null, 32],
    ...PIRQ_NAMES.slice(4).map((letter): [string, number] => [`PRQ${letter}`, 8]),
  ];
  const serial = config.serialPorts.map(({ base, irq }, index) =>
    aml.device(
      `COM${index + 1}`,
      aml.name("_HID", aml.eisaId("PNP0501")),
      aml.name("_UID", aml.integer(index + 1)),
      aml.name("_STA", aml.integer(0x0f)),
      aml.name("_CRS", aml.resources(aml.ioPorts(base, 8), aml.isaIrq(irq))),
    ),
  );
  return aml.device(
    "ISA",
    aml.name("_ADR", aml.integer(0x001f_0000)),
    aml.operationRegion("PIRQ", aml.PCI_CONFIG, 0x60, 0x0c),
    aml.byteFields("PIRQ", routes),
    isaDevice(
      "PIC",
      "PNP0000",
      aml.ioPorts(0x20, 2),
      aml.ioPorts(0xa0, 2),
      aml.ioPorts(0x4d0, 2),
      aml.isaIrq(2),
    ),
    isaDevice("PIT", "PNP0100", aml.ioPorts(0x40, 4), aml.isaIrq(0)),
    isaDevice("RTC", "PNP0B00", aml.ioPorts(0x70, 8), aml.isaIrq(8)),
    isaDevice("KBD", "PNP0303", aml.ioPorts(0x60, 1), aml.ioPorts(0x64, 1), aml.isaIrq(1)),
    isaDevice("MOU", "PNP0F13", aml.isaIrq(12)),
    isaDevice("SPKR", "PNP0800", aml.ioPorts(0x61, 1)),
    isaDevice("FPU", "PNP0C04", aml.ioPorts(0xf0, 1), aml.isaIrq(13)),
    aml.device(
      "FWCF",
      aml.name("_HID", aml.text("QEMU0002")),
      aml.name("_STA", aml.integer(0x0b)),
      aml.name("_CRS", aml.resources(aml.ioPorts(0x510, 12))),
    ),
    ...serial,
  );
}

function hostBridge(config: DsdtConfig): aml.Aml {
  const { pciWindow, pciWindow64 } = config;
  return aml.device(
    "PCI0",
    aml.name("_HID", aml.eisaId("PNP0A08")),
    aml.name("_CID", aml.eisaId("PNP0A03")),
    aml.name("_SEG", aml.integer(0)),
    aml.name("_BBN", aml.integer(0)),
    aml.name("_UID", aml.integer(0)),
    aml.name(
      "_CRS",
      aml.resources(
        aml.busNumbers(0, 0xff),
        aml.ioPorts(0xcf8, 8),
        aml.ioWindow(0, 0xcf7),
        aml.ioWindow(0xd00, 0xffff),
        aml.memoryWindow32(0xa_0000, 0xb_ffff, true),
        aml.memoryWindow32(pciWindow, IO_APIC_BASE - 1),
        aml.memoryWindow64(pciWindow64.base, pciWindow64.end - 1),
      ),
    ),
    osc(),
    aml.name(
      "PRTA",
      routingTable((pirq) => [aml.integer(0), aml.integer(16 + pirq)]),
    ),
    aml.name(
      "PRTP",
      routingTable((pirq) => [aml.path(`\\_SB.LNK${PIRQ_NAMES[pirq]}`), aml.integer(0)]),
    ),
    aml.method(
      "_PRT",
      0,
      aml.when(aml.ref("\\PICF"), aml.returns(aml.ref("PRTA"))),
      aml.returns(aml.ref("PRTP")),
    ),
    isaBridge(config),
  );
}

function processor(index: number): aml.Aml {
  return aml.device(
    `C${index.toString(16).toUpperCase().padStart(3, "0")}`,
    aml.name("_HID", aml.text("ACPI0007")),
    aml.name("_UID", aml.integer(index)),
  );
}

/** The body of the DSDT, after its header. */
export function dsdtBody(config: DsdtConfig): Uint8Array {
  const zero = aml.integer(0);
  return aml.join(
    aml.name("\\PICF", zero),
    aml.method("\\_PIC", 1, aml.store(aml.arg(0), aml.ref("\\PICF"))),
    aml.name("\\_S3", aml.pkg(aml.integer(1), aml.integer(1), zero, zero)),
    aml.name("\\_S5", aml.pkg(zero, zero, zero, zero)),
    aml.scope(
      "\\_SB",
      hostBridge(config),
      ...PIRQ_NAMES.map((letter, index) => link(letter, index)),
      isaDevice("HPET", "PNP0103", aml.memory32Fixed(HPET_BASE, 0x400)),
      isaDevice("MRES", "PNP0C02", aml.memory32Fixed(config.mmconfigBase, 0x1000_0000)),
      ...Array.from({ length: config.cpuCount }, (_, index) => processor(index)),
    ),
  );
}
