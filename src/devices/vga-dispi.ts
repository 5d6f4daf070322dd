/**
 * The DISPI interface of the Bochs VGA ("VBE display API", as QEMU's standard VGA extends it): resolution,
 * depth, banking and panning through an index and a data register, ports 1CEh and 1CFh (1D0h), or flat at
 * 500h of the MMIO BAR.
 *
 *   0 ID  1 XRES  2 YRES  3 BPP  4 ENABLE  5 BANK  6 VIRT_WIDTH  7 VIRT_HEIGHT  8 X_OFFSET  9 Y_OFFSET
 *   10 VIDEO_MEMORY_64K
 *
 * Values are taken as written while disabled; enabling, and any write while enabled, brings them into what
 * the memory can show (XRES first, then the virtual size, then the offsets). VIRT_HEIGHT is not writable: it
 * is what the memory holds at the present line length. With GETCAPS, XRES, YRES and BPP read as maxima.
 */
import {
  DISPI_8BIT_DAC,
  DISPI_BANK,
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_ENABLED,
  DISPI_GETCAPS,
  DISPI_ID,
  DISPI_NOCLEARMEM,
  DISPI_VIDEO_MEMORY_64K,
  DISPI_VIRT_HEIGHT,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  VGA_DISPI,
  VGA_GC,
  VGA_SEQ,
} from "../shared/layout";

const ID_FIRST = 0xb0c0;
const ID_LAST = 0xb0c5;
const XRES_MAX = 2560;
const YRES_MAX = 1600;
const BPP_MAX = 32;
const DEPTHS = [4, 8, 15, 16, 24, 32];

export class VgaDispi {
  private readonly values: Uint16Array;

  /** `regs` is the VGA's part of shared memory, `vram` all of its memory. */
  constructor(
    private readonly regs: Uint8Array,
    private readonly vram: Uint8Array,
  ) {
    this.values = new Uint16Array(regs.buffer, regs.byteOffset + VGA_DISPI, 16);
  }

  reset(): void {
    this.values.fill(0);
    this.values[DISPI_ID] = ID_LAST;
    this.values[DISPI_BPP] = 8;
  }

  get isDac8Bit(): boolean {
    return (this.values[DISPI_ENABLE] & DISPI_8BIT_DAC) !== 0;
  }

  read(index: number): number {
    const { values } = this;
    const isCaps = (values[DISPI_ENABLE] & DISPI_GETCAPS) !== 0;
    switch (index) {
      case DISPI_XRES:
        return isCaps ? XRES_MAX : values[index];
      case DISPI_YRES:
        return isCaps ? YRES_MAX : values[index];
      case DISPI_BPP:
        return isCaps ? BPP_MAX : values[index];
      case DISPI_VIDEO_MEMORY_64K:
        return this.vram.length >> 16;
      default:
        return index <= DISPI_Y_OFFSET ? values[index] : 0;
    }
  }

  write(index: number, value: number): void {
    const { values } = this;
    switch (index) {
      case DISPI_ID:
        if (value >= ID_FIRST && value <= ID_LAST) values[index] = value;
        return;
      case DISPI_BANK:
        values[index] = value & ((this.vram.length >> (values[DISPI_BPP] === 4 ? 18 : 16)) - 1);
        return;
      case DISPI_ENABLE:
        this.enable(value);
        return;
      case DISPI_XRES:
      case DISPI_YRES:
      case DISPI_BPP:
      case DISPI_VIRT_WIDTH:
      case DISPI_X_OFFSET:
      case DISPI_Y_OFFSET:
        values[index] = value;
        if (values[DISPI_ENABLE] & DISPI_ENABLED) this.fit();
        return;
      default: // VIRT_HEIGHT, VIDEO_MEMORY_64K, unknown: read-only
    }
  }

  /** Bytes of a line in all planes together. */
  private get pitch(): number {
    const { values } = this;
    const bpp = values[DISPI_BPP] === 15 ? 16 : values[DISPI_BPP];
    return (values[DISPI_VIRT_WIDTH] * bpp) >> 3;
  }

  private enable(value: number): void {
    const { values } = this;
    const wasEnabled = (values[DISPI_ENABLE] & DISPI_ENABLED) !== 0;
    values[DISPI_ENABLE] = value;
    if ((value & DISPI_ENABLED) === 0) {
      values[DISPI_BANK] = 0;
      return;
    }
    if (wasEnabled) return;
    values[DISPI_VIRT_WIDTH] = 0; // becomes XRES
    values[DISPI_X_OFFSET] = 0;
    values[DISPI_Y_OFFSET] = 0;
    values[DISPI_BANK] = 0;
    this.fit();
    if ((value & DISPI_NOCLEARMEM) === 0) this.vram.fill(0, 0, this.pitch * values[DISPI_YRES]);
    // The window becomes a 64 KiB graphics map at A0000h, all planes writable, as a mode set leaves it.
    const { regs } = this;
    regs[VGA_GC + 6] = (regs[VGA_GC + 6] & ~0x0e) | 0x05;
    regs[VGA_SEQ + 2] = 0x0f;
    regs[VGA_SEQ + 4] = values[DISPI_BPP] === 4 ? 0x06 : 0x0e;
  }

  /** Brings all values into what can be shown. */
  private fit(): void {
    const { values, vram } = this;
    if (!DEPTHS.includes(values[DISPI_BPP])) values[DISPI_BPP] = 8;
    const step = values[DISPI_BPP] === 4 ? 8 : 1; // planar lines are whole bytes
    const width = Math.min(XRES_MAX, Math.max(8, values[DISPI_XRES]));
    values[DISPI_XRES] = width - (width % step);
    values[DISPI_YRES] = Math.min(YRES_MAX, Math.max(1, values[DISPI_YRES]));
    const virtual = Math.max(values[DISPI_VIRT_WIDTH], values[DISPI_XRES]);
    values[DISPI_VIRT_WIDTH] = virtual - (virtual % step);
    if (this.pitch * values[DISPI_YRES] > vram.length) {
      values[DISPI_VIRT_WIDTH] = values[DISPI_XRES];
      const lines = Math.floor(vram.length / this.pitch);
      values[DISPI_YRES] = Math.min(values[DISPI_YRES], lines);
    }
    const lines = Math.floor(vram.length / this.pitch);
    values[DISPI_VIRT_HEIGHT] = Math.min(lines, 0xffff);
    if (values[DISPI_X_OFFSET] + values[DISPI_XRES] > values[DISPI_VIRT_WIDTH]) {
      values[DISPI_X_OFFSET] = values[DISPI_VIRT_WIDTH] - values[DISPI_XRES];
    }
    if (values[DISPI_Y_OFFSET] + values[DISPI_YRES] > lines) {
      values[DISPI_Y_OFFSET] = lines - values[DISPI_YRES];
    }
  }
}
