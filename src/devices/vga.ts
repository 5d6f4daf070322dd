/**
 * Standard VGA of QEMU and Bochs, PCI 1234:1111 (QEMU docs/specs/standard-vga): a VGA with the DISPI
 * interface and 16 MiB of memory.
 *
 *   BAR 0  16 MiB, prefetchable   VRAM itself: the core maps it, nothing here is called (`onLfb`)
 *   BAR 2  4 KiB   000 EDID   400 ports 3C0h-3DFh   500 DISPI, 16 bits each   600 extended: size, byte order
 *   ROM    vgabios-stdvga
 *   ports  3B4 3B5 3BA 3C0-3CF 3D4 3D5 3DA   1CE index, 1CF and 1D0 data (16 bits)
 *
 * The window at A0000h is asm/vga-window.ts. Registers that route it (misc, sequencer, graphics, DISPI) are
 * written synchronously, because the very next store may depend on them; CRT controller, attribute and DAC
 * writes are posted. Big-endian framebuffers do not exist: register 604h always says little.
 */
import type { Clock } from "../base/clock";
import { log } from "../base/log";
import type { AccessSize, AddressMap, IoHandler } from "../memory/address-map";
import { PciFunction } from "../pci/function";
import { VGA_DISPI_INDEX, VGA_SHARED, VGA_SIZE, VRAM, VRAM_SIZE } from "../shared/layout";
import { type EdidOptions, edid } from "./edid";
import { VgaDispi } from "./vga-dispi";
import { VgaRegisters } from "./vga-registers";

const MMIO_EDID_END = 0x400;
const MMIO_PORTS = 0x400;
const MMIO_PORTS_END = 0x420;
const MMIO_DISPI = 0x500;
const MMIO_DISPI_END = 0x516;
const MMIO_EXTENDED = 0x600;
const EXTENDED_SIZE = 8;
const LITTLE_ENDIAN = 0x1e1e_1e1e;

export interface VgaOptions {
  map: AddressMap;
  clock: Clock;
  /** All of shared memory: registers at VGA_SHARED, planes at VRAM. */
  shared: Uint8Array;
  /** BAR 0 appeared at this gpa, moved, or disappeared (undefined). */
  onLfb: (base: number | undefined, size: number) => void;
  /** The video BIOS; without one the guest has to set modes itself. */
  rom?: Uint8Array;
  /** Preferred resolution of the monitor. */
  monitor?: EdidOptions;
}

export class Vga {
  readonly pci: PciFunction;
  private readonly registers: VgaRegisters;
  private readonly dispi: VgaDispi;
  private readonly regs: Uint8Array;
  private readonly edid: Uint8Array;

  constructor(options: VgaOptions) {
    const { map, shared } = options;
    this.regs = shared.subarray(VGA_SHARED, VGA_SHARED + VGA_SIZE);
    this.dispi = new VgaDispi(this.regs, shared.subarray(VRAM, VRAM + VRAM_SIZE));
    this.registers = new VgaRegisters(this.regs, options.clock, () => this.dispi.isDac8Bit);
    this.edid = edid(options.monitor ?? { width: 1024, height: 768 });
    this.pci = new PciFunction({
      name: "VGA",
      vendor: 0x1234,
      device: 0x1111,
      revision: 2,
      classCode: 0x030000,
    });
    this.pci.addBar(0, {
      kind: "mem32",
      size: VRAM_SIZE,
      isPrefetchable: true,
      onMap: (base) => options.onLfb(base, VRAM_SIZE),
    });
    this.pci.addBar(2, {
      kind: "mem32",
      size: 4096,
      width: 4,
      handler: {
        read: (offset, size) => this.readMmio(offset, size),
        write: (offset, size, value) => this.writeMmio(offset, size, value),
      },
    });
    if (options.rom) this.pci.addRom(options.rom);
    this.registerPorts(map);
    this.reset();
  }

  /** Registers to power-on values; memory keeps its contents. The PCI function is reset by its bus. */
  reset(): void {
    this.registers.reset();
    this.dispi.reset();
  }

  private registerPorts(map: AddressMap): void {
    const at = (base: number): IoHandler => ({
      read: (offset) => this.registers.read(base + offset),
      write: (offset, _size, value) => this.registers.write(base + offset, value),
    });
    const posted = { posted: true };
    map.ports(0x3b4, 2, at(0x3b4), posted);
    map.ports(0x3ba, 1, at(0x3ba));
    map.ports(0x3c0, 2, at(0x3c0), posted);
    map.ports(0x3c2, 4, at(0x3c2));
    map.ports(0x3c6, 4, at(0x3c6), posted);
    map.ports(0x3ca, 6, at(0x3ca));
    map.ports(0x3d4, 2, at(0x3d4), posted);
    map.ports(0x3da, 1, at(0x3da));
    map.ports(
      0x1ce,
      3,
      {
        read: (offset, size) => this.readDispiPort(offset, size),
        write: (offset, size, value) => this.writeDispiPort(offset, size, value),
      },
      { width: 2 },
    );
  }

  /** Both registers are 16 bits wide at odd distances; byte accesses are not decoded. */
  private readDispiPort(offset: number, size: AccessSize): number {
    if (size !== 2) return 0xff;
    return offset === 0 ? this.dispiIndex : this.dispi.read(this.dispiIndex);
  }

  private writeDispiPort(offset: number, size: AccessSize, value: number): void {
    if (size !== 2) return;
    if (offset === 0) this.dispiIndex = value;
    else this.dispi.write(this.dispiIndex, value);
  }

  private get dispiIndex(): number {
    return this.regs[VGA_DISPI_INDEX] | (this.regs[VGA_DISPI_INDEX + 1] << 8);
  }

  private set dispiIndex(value: number) {
    this.regs[VGA_DISPI_INDEX] = value & 0xff;
    this.regs[VGA_DISPI_INDEX + 1] = value >> 8;
  }

  private readMmio(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = 0; i < size; i++) value += this.readMmioByte(offset + i) * 256 ** i;
    return value;
  }

  private readMmioByte(offset: number): number {
    if (offset < MMIO_EDID_END) return this.edid[offset] ?? 0;
    if (offset >= MMIO_PORTS && offset < MMIO_PORTS_END) {
      return this.registers.read(0x3c0 + offset - MMIO_PORTS);
    }
    if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END) {
      const value = this.dispi.read((offset - MMIO_DISPI) >> 1);
      return offset & 1 ? value >> 8 : value & 0xff;
    }
    if (offset >= MMIO_EXTENDED && offset < MMIO_EXTENDED + 4) {
      return offset === MMIO_EXTENDED ? EXTENDED_SIZE : 0;
    }
    if (offset >= MMIO_EXTENDED + 4 && offset < MMIO_EXTENDED + EXTENDED_SIZE) {
      return LITTLE_ENDIAN & 0xff;
    }
    return 0xff;
  }

  private writeMmio(offset: number, size: AccessSize, value: number): void {
    if (offset >= MMIO_PORTS && offset < MMIO_PORTS_END) {
      for (let i = 0; i < size; i++) {
        this.registers.write(0x3c0 + offset - MMIO_PORTS + i, (value >>> (8 * i)) & 0xff);
      }
    } else if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END && size >= 2) {
      for (let i = 0; i < size; i += 2) {
        this.dispi.write((offset - MMIO_DISPI + i) >> 1, (value >>> (8 * i)) & 0xffff);
      }
    } else if (offset === MMIO_EXTENDED + 4 && value >>> 0 !== LITTLE_ENDIAN) {
      log.guest("VGA: big-endian framebuffer", "stays little endian");
    }
  }
}
