/**
 * The text screen as characters: what a test looks for and what "copy as text" copies. Only text modes have
 * one; a guest that draws its console into a framebuffer has none. Bytes are taken for code page 437, the
 * character set of the video BIOS; a guest that loaded a font of its own may mean other characters.
 */
import { VGA_CRTC } from "../shared/layout";
import type { ScanoutSource } from "./scanout";
import { decodeMode, planeOffset } from "./vga-mode";

const CP437 =
  "\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_" +
  "`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»" +
  "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
const CHARACTERS = [...CP437];

export interface TextScreen {
  /** Rows without their trailing blanks. */
  lines: string[];
  columns: number;
  /** Cursor position, or undefined while it is off or elsewhere. */
  cursor: { row: number; column: number } | undefined;
}

/** The text screen, or undefined when the mode has none. */
export function textScreen({ regs, vram }: ScanoutSource): TextScreen | undefined {
  const mode = decodeMode(regs);
  if (mode.kind !== "text") return undefined;
  const lines: string[] = [];
  const at = (regs[VGA_CRTC + 0x0e] << 8) | regs[VGA_CRTC + 0x0f];
  const isCursorOn = (regs[VGA_CRTC + 0x0a] & 0x20) === 0;
  let cursor: TextScreen["cursor"];
  for (const region of mode.regions) {
    const count = Math.floor((region.end - region.first) / mode.cellHeight);
    for (let row = 0; row < count; row++) {
      let line = "";
      for (let column = 0; column < mode.columns; column++) {
        const ma = region.start + row * mode.pitch + column;
        if (isCursorOn && (ma & 0xffff) === at) cursor = { row: lines.length, column };
        line += CHARACTERS[vram[(planeOffset(mode, ma, 0) & 0xffff) * 4]];
      }
      lines.push(line.replace(/[\0 \u00a0]+$/, "").replaceAll("\0", " "));
    }
  }
  return { lines, columns: mode.columns, cursor };
}
