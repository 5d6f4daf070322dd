/**
 * The monitor's description that display adapters hand to the guest: VESA EDID 1.4, one block of 128 bytes.
 * The preferred timing is CVT with reduced blanking at 60 Hz, computed as VESA's CVT 1.1 section 5.
 */
export interface EdidOptions {
  /** Preferred resolution; the width is a multiple of 8. */
  width: number;
  height: number;
  /** Up to 13 characters. */
  name?: string;
}

const REFRESH_HZ = 60;
const H_FRONT = 48;
const H_SYNC = 32;
const H_BLANK = 160;
const V_FRONT = 3;
const V_BACK_MIN = 6;
const V_BLANK_MIN_US = 460;
const CLOCK_STEP_HZ = 250_000;
const DPI = 96;

/** Standard timings offered beside the preferred one, at 60 Hz: width and aspect code. */
const STANDARD = [
  [1280, 2], // 5:4
  [1280, 0], // 16:10
  [1440, 0],
  [1600, 1], // 4:3
  [1680, 0],
  [1920, 3], // 16:9
  [1920, 0],
  [2560, 0],
];

export function edid({ width, height, name = "Longmode" }: EdidOptions): Uint8Array {
  const block = new Uint8Array(128);
  block.set([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
  block.set([0x31, 0xa4], 8); // maker "LMD", five bits a letter
  block.set([1, 0, 1, 0, 0, 0], 10); // product 1, serial 1
  block.set([0xff, 2026 - 1990, 1, 4], 16); // model year, version 1.4
  const widthMm = Math.round((width * 25.4) / DPI);
  const heightMm = Math.round((height * 25.4) / DPI);
  block.set(
    [0xa5, Math.min(255, Math.round(widthMm / 10)), Math.min(255, Math.round(heightMm / 10))],
    20,
  );
  block.set([120, 0x06], 23); // gamma 2.2; sRGB, preferred timing is native
  block.set([0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54], 25); // sRGB primaries
  block.set([0x21, 0x08, 0x00], 35); // 640×480, 800×600, 1024×768 at 60 Hz
  STANDARD.forEach(([x, aspect], index) => {
    block.set([x / 8 - 31, aspect << 6], 38 + 2 * index);
  });
  block.set(detailedTiming(width, height, widthMm, heightMm), 54);
  block.set(textDescriptor(0xfc, name), 72);
  // Limits: 50-125 Hz vertical, 30-160 kHz horizontal, 600 MHz; no further timing formula.
  block.set([0, 0, 0, 0xfd, 0, 50, 125, 30, 160, 60, 1, 0x0a], 90);
  block.fill(0x20, 102, 108);
  block.set([0, 0, 0, 0x10, 0], 108); // unused descriptor
  let sum = 0;
  for (const byte of block) sum += byte;
  block[127] = -sum & 0xff;
  return block;
}

function verticalSync(width: number, height: number): number {
  if (width * 3 === height * 4) return 4;
  if (width * 9 === height * 16) return 5;
  if (width * 10 === height * 16) return 6;
  return width * 4 === height * 5 || width * 9 === height * 15 ? 7 : 10;
}

function detailedTiming(
  width: number,
  height: number,
  widthMm: number,
  heightMm: number,
): number[] {
  const sync = verticalSync(width, height);
  const lineUs = (1e6 / REFRESH_HZ - V_BLANK_MIN_US) / height;
  const vBlank = Math.max(Math.floor(V_BLANK_MIN_US / lineUs) + 1, V_FRONT + sync + V_BACK_MIN);
  const hz = REFRESH_HZ * (height + vBlank) * (width + H_BLANK);
  const clock = (Math.floor(hz / CLOCK_STEP_HZ) * CLOCK_STEP_HZ) / 10_000;
  return [
    clock & 0xff,
    clock >> 8,
    width & 0xff,
    H_BLANK,
    (width >> 8) << 4,
    height & 0xff,
    vBlank & 0xff,
    ((height >> 8) << 4) | (vBlank >> 8),
    H_FRONT,
    H_SYNC,
    (V_FRONT << 4) | sync,
    0,
    widthMm & 0xff,
    heightMm & 0xff,
    ((widthMm >> 8) << 4) | (heightMm >> 8),
    0,
    0,
    0x1a, // digital separate sync, horizontal positive
  ];
}

function textDescriptor(tag: number, text: string): Uint8Array {
  const bytes = new Uint8Array(18).fill(0x20);
  bytes.set([0, 0, 0, tag, 0]);
  const characters = new TextEncoder().encode(text.slice(0, 13));
  bytes.set(characters, 5);
  if (characters.length < 13) bytes[5 + characters.length] = 0x0a;
  return bytes;
}
