/** Addresses of the q35 board that more than one part of the machine speaks of. */

/** Guest physical addresses and ports that are the same on every start. */
export const MEMORY_MAP = {
  mmconfig: 0xb000_0000, // 256 MiB, where firmware enables it
  pciWindow: 0xc000_0000, // BARs, up to the I/O APIC
  ioapic: 0xfec0_0000, // in the core
  hpet: 0xfed0_0000, // in the core
  lapic: 0xfee0_0000, // in the core
  pciWindow64: 0x8_0000_0000, // 32 GiB ..
  pciWindow64End: 0x10_0000_0000, // .. 64 GiB
  pmBase: 0x600, // ACPI registers, once firmware enables them
} as const;

/** ISA interrupts; 16-23 are PIRQA-H. */
export const IRQ = {
  keyboard: 1,
  com2: 3,
  com1: 4,
  rtc: 8,
  sci: 9,
  mouse: 12,
} as const;

export const SERIAL = [
  { base: 0x3f8, irq: IRQ.com1 },
  { base: 0x2f8, irq: IRQ.com2 },
  { base: 0x3e8, irq: IRQ.com1 },
  { base: 0x2e8, irq: IRQ.com2 },
] as const;

/** Slot and function on bus 0. */
export const PCI_SLOTS = {
  mch: [0x00, 0],
  vga: [0x02, 0],
  lpc: [0x1f, 0],
  ahci: [0x1f, 2],
  smbus: [0x1f, 3],
} as const;
