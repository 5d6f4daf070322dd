// The picture behind the ISO's boot menu: 640x480, drawn here and written as PNG (RFC 2083; 8-bit
// RGB, one filter type per row, one IDAT). vesamenu lays its text over the lower two thirds, so the
// drawing stays in the upper third and the rest is dark.

import { deflateSync, crc32 as zlibCrc32 } from "node:zlib";

const WIDTH = 640;
const HEIGHT = 480;

// biome-ignore format: one glyph per line, seven rows of five dots, the leftmost is the high bit
const GLYPHS = {
  A: [0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
  C: [0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e],
  D: [0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e],
  E: [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f],
  G: [0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f],
  H: [0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
  I: [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
  K: [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11],
  L: [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f],
  M: [0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11],
  N: [0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11],
  O: [0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
  R: [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11],
  S: [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
  T: [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
  "-": [0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00],
  " ": [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
};

function mix(from, to, part) {
  return from.map((channel, index) => Math.round(channel + (to[index] - channel) * part));
}

/** Text as a list of lit dots: `cell` pixels from dot to dot, `dot` pixels wide. */
function drawText(pixels, text, top, cell, dot, color) {
  const left = (WIDTH - (text.length * 6 - 1) * cell) >> 1;
  for (const [index, letter] of [...text].entries()) {
    for (let row = 0; row < 7; row++) {
      for (let column = 0; column < 5; column++) {
        if (((GLYPHS[letter][row] >> (4 - column)) & 1) === 0) continue;
        const x = left + (index * 6 + column) * cell;
        fillSquare(pixels, x, top + row * cell, dot, color(x / WIDTH));
      }
    }
  }
}

function fillSquare(pixels, left, top, size, [red, green, blue]) {
  for (let y = top; y < top + size; y++) {
    for (let x = left; x < left + size; x++) pixels.set([red, green, blue], (y * WIDTH + x) * 3);
  }
}

function drawBackground(pixels) {
  const [above, below] = [
    [16, 26, 44],
    [7, 9, 15],
  ];
  for (let y = 0; y < HEIGHT; y++) {
    const color = mix(above, below, Math.min(1, y / 300));
    for (let x = 0; x < WIDTH; x++) pixels.set(color, (y * WIDTH + x) * 3);
  }
  // A fine grid of dots that fades out downwards.
  for (let y = 8; y < 200; y += 16) {
    for (let x = 8; x < WIDTH; x += 16)
      fillSquare(pixels, x, y, 1, mix([52, 74, 108], below, y / 200));
  }
}

/** The CRC that PNG puts behind each chunk; Node's zlib has it from version 20.15 on. */
function crc32(bytes) {
  if (zlibCrc32) return zlibCrc32(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const head = Buffer.alloc(4);
  const tail = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  tail.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, tail]);
}

export function drawSplash() {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  drawBackground(pixels);
  drawText(pixels, "LONGMODE", 44, 9, 8, (part) => mix([64, 208, 196], [112, 132, 255], part));
  drawText(pixels, "ARCH-LIKE TEST ISO", 124, 3, 3, () => [120, 136, 164]);
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  for (let y = 0; y < HEIGHT; y++)
    rows.set(pixels.subarray(y * WIDTH * 3, (y + 1) * WIDTH * 3), y * (1 + WIDTH * 3) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filters per row, not interlaced
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
