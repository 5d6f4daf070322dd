/**
 * Register settings of the standard video modes, for tests: the parameter tables of the IBM VGA technical
 * reference ("Video BIOS parameter tables"), as misc | sequencer | CRT controller | graphics | attribute.
 */
import {
  VGA_ATC,
  VGA_ATC_INDEX,
  VGA_CRTC,
  VGA_DAC_MASK,
  VGA_GC,
  VGA_MISC,
  VGA_SEQ,
} from "../shared/layout";

// biome-ignore format: one register group per line
const MODES: Record<string, string[]> = {
  "3": ["67", "03 00 03 00 02",
    "5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff",
    "00 00 00 00 00 10 0e 00 ff", "00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f 0c 00 0f 08 00"],
  "4": ["63", "03 09 03 00 02",
    "2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff",
    "00 00 00 00 00 30 0f 0f ff", "00 13 15 17 02 04 06 07 10 11 12 13 14 15 16 17 01 00 03 00 00"],
  "6": ["63", "03 01 01 00 06",
    "5f 4f 50 82 54 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 28 00 96 b9 c2 ff",
    "00 00 00 00 00 00 0d 0f ff", "00 17 17 17 17 17 17 17 17 17 17 17 17 17 17 17 01 00 01 00 00"],
  "d": ["63", "03 09 0f 00 06",
    "2d 27 28 90 2b 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 e3 ff",
    "00 00 00 00 00 00 05 0f ff", "00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 17 01 00 0f 00 00"],
  "12": ["e3", "03 01 0f 00 06",
    "5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff",
    "00 00 00 00 00 00 05 0f ff", "00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f 01 00 0f 00 00"],
  "13": ["63", "03 01 0f 00 0e",
    "5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff",
    "00 00 00 00 00 40 05 0f ff", "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 41 00 0f 00 00"],
};

/** Loads the registers of mode `name` (hexadecimal, as INT 10h numbers it) with the screen on. */
export function setMode(regs: Uint8Array, name: string): void {
  const hex = (text: string): number[] => text.split(" ").map((byte) => Number.parseInt(byte, 16));
  const [misc, seq, crtc, gc, atc] = MODES[name].map(hex);
  regs.fill(0);
  regs.set(misc, VGA_MISC);
  regs.set(seq, VGA_SEQ);
  regs.set(crtc, VGA_CRTC);
  regs.set(gc, VGA_GC);
  regs.set(atc, VGA_ATC);
  regs[VGA_ATC_INDEX] = 0x20;
  regs[VGA_DAC_MASK] = 0xff;
}
