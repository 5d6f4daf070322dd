/**
 * What firmware does to the chipset and to PCI before an operating system starts, for kernels that are
 * booted without firmware: places the fixed windows, routes interrupts, assigns every base address
 * register and switches decoding on.
 */
import {
  PCI_BASE_ADDRESS_0,
  PCI_COMMAND,
  PCI_COMMAND_IO,
  PCI_COMMAND_MEMORY,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
} from "../pci/config-space";
import type { PciRoot } from "../pci/root";

export interface PciWindows {
  mmconfigBase: number;
  pmBase: number;
  memoryBase: number;
  memoryEnd: number;
  ioBase: number;
}

const LPC = 0x1f << 3;
const MCH = 0;

/** ISA interrupts of PIRQA-D and again of PIRQE-H, as SeaBIOS routes them. */
const PIRQ_IRQS = [10, 10, 11, 11];

interface Wanted {
  devfn: number;
  register: number;
  size: number;
  isIo: boolean;
}

export function setUpChipset(root: PciRoot, windows: PciWindows): void {
  root.write(0, MCH, 0x64, 4, 0);
  root.write(0, MCH, 0x60, 4, windows.mmconfigBase | 1);
  // All of C0000-FFFFF is RAM: the tables lie there, and there is no ROM to shadow.
  root.write(0, MCH, 0x90, 1, 0x30);
  for (let pam = 0x91; pam <= 0x96; pam++) root.write(0, MCH, pam, 1, 0x33);
  root.write(0, LPC, 0x40, 4, windows.pmBase | 1);
  root.write(0, LPC, 0x44, 1, 0x80);
  for (let i = 0; i < 4; i++) {
    root.write(0, LPC, 0x60 + i, 1, PIRQ_IRQS[i]);
    root.write(0, LPC, 0x68 + i, 1, PIRQ_IRQS[i]);
  }
}

export function assignPci(root: PciRoot, windows: PciWindows): void {
  const wanted: Wanted[] = [];
  const decoding = new Map<number, number>();
  for (const { slot, number } of root.list()) {
    const devfn = slot * 8 + number;
    let command = 0;
    for (const bar of sizeBars(root, devfn)) {
      wanted.push(bar);
      command |= bar.isIo ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    }
    decoding.set(devfn, command);
    const pin = root.read(0, devfn, PCI_INTERRUPT_PIN, 1);
    if (pin > 0) root.write(0, devfn, PCI_INTERRUPT_LINE, 1, PIRQ_IRQS[(slot + pin - 1) & 3]);
  }
  // Largest first: each region then lies at a multiple of its size without gaps.
  wanted.sort((a, b) => b.size - a.size);
  let io = windows.ioBase;
  let memory = windows.memoryBase;
  for (const { devfn, register, size, isIo } of wanted) {
    if (isIo) {
      io = Math.ceil(io / size) * size;
      root.write(0, devfn, register, 4, io);
      io += size;
    } else {
      memory = Math.ceil(memory / size) * size;
      if (memory + size > windows.memoryEnd) continue; // stays unmapped; the system may find room
      root.write(0, devfn, register, 4, memory);
      memory += size;
    }
  }
  for (const [devfn, command] of decoding) root.write(0, devfn, PCI_COMMAND, 2, command);
}

/** Sizes by writing ones, with decoding off. */
function sizeBars(root: PciRoot, devfn: number): Wanted[] {
  const found: Wanted[] = [];
  for (let index = 0; index < 6; index++) {
    const register = PCI_BASE_ADDRESS_0 + 4 * index;
    const before = root.read(0, devfn, register, 4);
    root.write(0, devfn, register, 4, 0xffff_ffff);
    const mask = root.read(0, devfn, register, 4);
    root.write(0, devfn, register, 4, before);
    if (mask === 0) continue;
    const isIo = (mask & 1) !== 0;
    const size = isIo ? -(mask & 0xfffc) & 0xffff : -(mask & ~15) >>> 0;
    if (size > 0) found.push({ devfn, register, size, isIo });
    if (!isIo && (mask & 6) === 4) index++; // the upper half, left at 0
  }
  return found;
}
