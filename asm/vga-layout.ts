/**
 * The VGA's registers in shared memory, as offsets from VGA_SHARED. The device worker writes them
 * (src/devices/vga.ts), the core reads those that route the window at A0000h (asm/vga-window.ts) and keeps
 * the latches, the page reads all of them to draw (src/display/scanout.ts). Bytes unless noted.
 *
 * VRAM is the four planes interleaved: byte `offset` of plane `p` lies at VRAM + offset × 4 + p, so that one
 * 32-bit word is what the VGA fetches, latches and writes at once. With the DISPI interface enabled and
 * 8 or more bits per pixel the same bytes are the linear framebuffer.
 */

export const VGA_MISC: u32 = 0x00; // miscellaneous output, 3C2h/3CCh
export const VGA_FEATURE: u32 = 0x01; // feature control, 3DAh/3CAh
export const VGA_SEQ_INDEX: u32 = 0x02;
export const VGA_GC_INDEX: u32 = 0x03;
export const VGA_CRTC_INDEX: u32 = 0x04;
export const VGA_ATC_INDEX: u32 = 0x05; // with bit 5: the palette belongs to the screen
export const VGA_ATC_FLIP_FLOP: u32 = 0x06; // 0: the next write to 3C0h is an index
export const VGA_DAC_MASK: u32 = 0x07;
export const VGA_DAC_READ_INDEX: u32 = 0x08;
export const VGA_DAC_WRITE_INDEX: u32 = 0x09;
export const VGA_DAC_COMPONENT: u32 = 0x0a; // red, green or blue comes next
export const VGA_DAC_STATE: u32 = 0x0b; // 3C7h: 0 after a write index, 3 after a read index
export const VGA_DISPI_INDEX: u32 = 0x0c; // u16
export const VGA_LATCH: u32 = 0x10; // u32: the four latches, plane 0 lowest
export const VGA_SEQ: u32 = 0x20; // 8 sequencer registers
export const VGA_GC: u32 = 0x30; // 16 graphics controller registers
export const VGA_CRTC: u32 = 0x40; // 32 CRT controller registers
export const VGA_ATC: u32 = 0x60; // 32 attribute controller registers
export const VGA_DISPI: u32 = 0x80; // 16 × u16
export const VGA_DAC: u32 = 0x100; // 256 × red, green, blue; 6 bits each, or 8 with DISPI_8BIT_DAC
export const VGA_SIZE: u32 = 0x400;

/** DISPI registers by index, Bochs' "VBE display interface" as QEMU extends it. */
export const DISPI_ID: u32 = 0;
export const DISPI_XRES: u32 = 1;
export const DISPI_YRES: u32 = 2;
export const DISPI_BPP: u32 = 3;
export const DISPI_ENABLE: u32 = 4;
export const DISPI_BANK: u32 = 5;
export const DISPI_VIRT_WIDTH: u32 = 6;
export const DISPI_VIRT_HEIGHT: u32 = 7;
export const DISPI_X_OFFSET: u32 = 8;
export const DISPI_Y_OFFSET: u32 = 9;
export const DISPI_VIDEO_MEMORY_64K: u32 = 10;

/** Bits of DISPI_ENABLE. */
export const DISPI_ENABLED: u32 = 0x01;
export const DISPI_GETCAPS: u32 = 0x02;
export const DISPI_8BIT_DAC: u32 = 0x20;
export const DISPI_LFB_ENABLED: u32 = 0x40;
export const DISPI_NOCLEARMEM: u32 = 0x80;
