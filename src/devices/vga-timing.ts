/**
 * Where the beam is: the display-enable and vertical-retrace bits of input status 1, computed from the CRT
 * controller's totals, the dot clock of the miscellaneous output register and guest time. IBM VGA technical
 * reference, "CRT Controller". A frame that is not programmed yet, and every DISPI mode, counts as 60 Hz with
 * a retrace of a twentieth.
 */
import {
  DISPI_ENABLE,
  DISPI_ENABLED,
  VGA_CRTC,
  VGA_DISPI,
  VGA_MISC,
  VGA_SEQ,
} from "../shared/layout";

export const STATUS1_BLANK = 0x01;
export const STATUS1_RETRACE = 0x08;

const DOT_CLOCKS_HZ = [25_175_000, 28_322_000, 25_175_000, 25_175_000];
const DEFAULT_FRAME_NS = 1e9 / 60;

interface Timing {
  lineNs: number;
  lines: number;
  displayLines: number;
  retraceStart: number;
  retraceLines: number;
  /** Part of a line that shows pixels. */
  displayShare: number;
}

function timing(regs: Uint8Array): Timing | undefined {
  if (regs[VGA_DISPI + 2 * DISPI_ENABLE] & DISPI_ENABLED) return undefined;
  const crtc = (index: number): number => regs[VGA_CRTC + index];
  const overflow = crtc(7);
  const bits = (low: number, bit8: number, bit9: number): number =>
    low | (((overflow >> bit8) & 1) << 8) | (((overflow >> bit9) & 1) << 9);
  const clocking = regs[VGA_SEQ + 1];
  const dotHz = DOT_CLOCKS_HZ[(regs[VGA_MISC] >> 2) & 3] / (clocking & 8 ? 2 : 1);
  const characters = crtc(0) + 5;
  const lines = bits(crtc(6), 0, 5) + 2;
  if (lines < 100 || characters < 20) return undefined;
  const retraceStart = bits(crtc(0x10), 2, 7);
  return {
    lineNs: (characters * (clocking & 1 ? 8 : 9) * 1e9) / dotHz,
    lines,
    displayLines: bits(crtc(0x12), 1, 6) + 1,
    retraceStart,
    retraceLines: (crtc(0x11) - retraceStart) & 15 || 16,
    displayShare: (crtc(1) + 1) / characters,
  };
}

/** STATUS1_BLANK and STATUS1_RETRACE at guest time `nowNs`. */
export function retraceStatus(regs: Uint8Array, nowNs: number): number {
  const t = timing(regs);
  if (!t) {
    const phase = (nowNs % DEFAULT_FRAME_NS) / DEFAULT_FRAME_NS;
    return phase >= 0.95 ? STATUS1_BLANK | STATUS1_RETRACE : 0;
  }
  const position = (nowNs / t.lineNs) % t.lines;
  const line = Math.floor(position);
  const isShowing = line < t.displayLines && position - line < t.displayShare;
  const isRetrace = line >= t.retraceStart && line < t.retraceStart + t.retraceLines;
  return (isShowing ? 0 : STATUS1_BLANK) | (isRetrace ? STATUS1_RETRACE : 0);
}
