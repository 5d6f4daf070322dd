/**
 * The register file of a VGA behind ports 3B4h-3DAh: sequencer, graphics, CRT and attribute controllers and
 * the DAC. IBM VGA technical reference; FreeVGA register descriptions. Registers live in shared memory
 * (asm/vga-layout.ts), where the core's window and the page's scanout read them; this class is the only
 * writer.
 *
 *   3C0/3C1 attribute   3C2/3CC misc   3C4/5 sequencer   3C6-3C9 DAC   3CE/F graphics
 *   3B4/5 or 3D4/5 CRTC   3BA or 3DA status 1 (read), feature control (write)   by misc bit 0
 *
 * Retrace bits follow the programmed timing and the guest's clock (vga-timing.ts). Not modelled: the
 * vertical retrace interrupt (status 0 bit 7 reads 0), the light pen, the synchronous reset bits (the
 * screen stays), the write lock of the palette while the screen owns it.
 */
import type { Clock } from "../base/clock";
import {
  VGA_ATC,
  VGA_ATC_FLIP_FLOP,
  VGA_ATC_INDEX,
  VGA_CRTC,
  VGA_CRTC_INDEX,
  VGA_DAC,
  VGA_DAC_COMPONENT,
  VGA_DAC_MASK,
  VGA_DAC_READ_INDEX,
  VGA_DAC_STATE,
  VGA_DAC_WRITE_INDEX,
  VGA_FEATURE,
  VGA_GC,
  VGA_GC_INDEX,
  VGA_MISC,
  VGA_SEQ,
  VGA_SEQ_INDEX,
  VGA_SIZE,
} from "../shared/layout";
import { retraceStatus } from "./vga-timing";

/** Bits that exist, by register. */
const SEQ_MASK = [0x03, 0x3d, 0x0f, 0x3f, 0x0e];
const GC_MASK = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
const CRTC_COUNT = 0x19;
const ATC_PALETTE_MASK = 0x3f;
const ATC_MASK = [0xef, 0xff, 0x3f, 0x0f, 0x0f];

const MISC_COLOR = 0x01;
const STATUS0_SWITCH_SENSE = 0x10;
const STATUS1_DIAGNOSTIC = 0x30;
const CR11_PROTECT = 0x80;

export class VgaRegisters {
  /** Colour components of a palette entry being written. */
  private readonly pending = [0, 0, 0];
  private diagnostic = 0;

  /** `regs` is the VGA's part of shared memory, VGA_SIZE bytes at VGA_SHARED. */
  constructor(
    private readonly regs: Uint8Array,
    private readonly clock: Clock,
    /** Whether the DAC takes eight bits per component (DISPI). */
    private readonly isDac8Bit: () => boolean,
  ) {}

  reset(): void {
    this.regs.fill(0, 0, VGA_SIZE);
    this.regs[VGA_DAC_MASK] = 0xff;
  }

  /** A byte read from port 3B0h-3DFh. */
  read(port: number): number {
    const { regs } = this;
    const isColor = (regs[VGA_MISC] & MISC_COLOR) !== 0;
    if (port < 0x3c0 ? isColor : port >= 0x3d0 && !isColor) return 0xff;
    switch (port < 0x3c0 ? port + 0x20 : port) {
      case 0x3c0:
        return regs[VGA_ATC_INDEX];
      case 0x3c1:
        return this.readAttribute();
      case 0x3c2:
        return STATUS0_SWITCH_SENSE;
      case 0x3c3:
        return 0x01; // the adapter is enabled
      case 0x3c4:
        return regs[VGA_SEQ_INDEX];
      case 0x3c5:
        return regs[VGA_SEQ + regs[VGA_SEQ_INDEX]];
      case 0x3c6:
        return regs[VGA_DAC_MASK];
      case 0x3c7:
        return regs[VGA_DAC_STATE];
      case 0x3c8:
        return regs[VGA_DAC_WRITE_INDEX];
      case 0x3c9:
        return this.readDac();
      case 0x3ca:
        return regs[VGA_FEATURE];
      case 0x3cc:
        return regs[VGA_MISC];
      case 0x3ce:
        return regs[VGA_GC_INDEX];
      case 0x3cf:
        return regs[VGA_GC + regs[VGA_GC_INDEX]];
      case 0x3d4:
        return regs[VGA_CRTC_INDEX];
      case 0x3d5:
        return this.readCrtc();
      case 0x3da:
        return this.readStatus1();
      default:
        return 0xff;
    }
  }

  write(port: number, value: number): void {
    const { regs } = this;
    const isColor = (regs[VGA_MISC] & MISC_COLOR) !== 0;
    if (port < 0x3c0 ? isColor : port >= 0x3d0 && !isColor) return;
    switch (port < 0x3c0 ? port + 0x20 : port) {
      case 0x3c0:
        this.writeAttribute(value);
        return;
      case 0x3c2:
        regs[VGA_MISC] = value & ~0x10;
        return;
      case 0x3c4:
        regs[VGA_SEQ_INDEX] = value & 7;
        return;
      case 0x3c5:
        regs[VGA_SEQ + regs[VGA_SEQ_INDEX]] = value & (SEQ_MASK[regs[VGA_SEQ_INDEX]] ?? 0);
        return;
      case 0x3c6:
        regs[VGA_DAC_MASK] = value;
        return;
      case 0x3c7:
        regs[VGA_DAC_READ_INDEX] = value;
        regs[VGA_DAC_COMPONENT] = 0;
        regs[VGA_DAC_STATE] = 3;
        return;
      case 0x3c8:
        regs[VGA_DAC_WRITE_INDEX] = value;
        regs[VGA_DAC_COMPONENT] = 0;
        regs[VGA_DAC_STATE] = 0;
        return;
      case 0x3c9:
        this.writeDac(value);
        return;
      case 0x3ce:
        regs[VGA_GC_INDEX] = value & 15;
        return;
      case 0x3cf:
        regs[VGA_GC + regs[VGA_GC_INDEX]] = value & (GC_MASK[regs[VGA_GC_INDEX]] ?? 0);
        return;
      case 0x3d4:
        regs[VGA_CRTC_INDEX] = value & 0x1f;
        return;
      case 0x3d5:
        this.writeCrtc(value);
        return;
      case 0x3da:
        regs[VGA_FEATURE] = value & 0x0b;
        return;
      default: // read-only and unused ports
    }
  }

  private readAttribute(): number {
    const index = this.regs[VGA_ATC_INDEX] & 0x1f;
    return index < 0x15 ? this.regs[VGA_ATC + index] : 0;
  }

  private writeAttribute(value: number): void {
    const { regs } = this;
    const isData = regs[VGA_ATC_FLIP_FLOP] !== 0;
    regs[VGA_ATC_FLIP_FLOP] = isData ? 0 : 1;
    if (!isData) {
      regs[VGA_ATC_INDEX] = value & 0x3f;
      return;
    }
    const index = regs[VGA_ATC_INDEX] & 0x1f;
    if (index < 0x10) regs[VGA_ATC + index] = value & ATC_PALETTE_MASK;
    else if (index < 0x15) regs[VGA_ATC + index] = value & ATC_MASK[index - 0x10];
  }

  private readCrtc(): number {
    const index = this.regs[VGA_CRTC_INDEX];
    return index < CRTC_COUNT ? this.regs[VGA_CRTC + index] : 0;
  }

  private writeCrtc(value: number): void {
    const { regs } = this;
    const index = regs[VGA_CRTC_INDEX];
    if (index >= CRTC_COUNT) return;
    const at = VGA_CRTC + index;
    if (index <= 7 && regs[VGA_CRTC + 0x11] & CR11_PROTECT) {
      // The manual: protection spares the line compare bit of the overflow register.
      if (index === 7) regs[at] = (regs[at] & ~0x10) | (value & 0x10);
      return;
    }
    regs[at] = value;
  }

  private readDac(): number {
    const { regs } = this;
    const component = regs[VGA_DAC_COMPONENT];
    const value = regs[VGA_DAC + regs[VGA_DAC_READ_INDEX] * 3 + component];
    regs[VGA_DAC_COMPONENT] = (component + 1) % 3;
    if (component === 2) regs[VGA_DAC_READ_INDEX]++;
    return value;
  }

  /** The entry changes with its third component, so that no half-written colour shows. */
  private writeDac(value: number): void {
    const { regs } = this;
    const component = regs[VGA_DAC_COMPONENT];
    this.pending[component] = this.isDac8Bit() ? value : value & 0x3f;
    regs[VGA_DAC_COMPONENT] = (component + 1) % 3;
    if (component !== 2) return;
    regs.set(this.pending, VGA_DAC + regs[VGA_DAC_WRITE_INDEX] * 3);
    regs[VGA_DAC_WRITE_INDEX]++;
  }

  private readStatus1(): number {
    this.regs[VGA_ATC_FLIP_FLOP] = 0;
    // Bits 4 and 5 echo two colour outputs: changing is all that old adapter tests look for.
    this.diagnostic ^= STATUS1_DIAGNOSTIC;
    return retraceStatus(this.regs, this.clock.nowNs()) | this.diagnostic;
  }
}
