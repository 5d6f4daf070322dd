/** Little-endian bytes: a growing writer for tables and structures, and conversions. */

export class ByteWriter {
  private data = new Uint8Array(256);
  private view = new DataView(this.data.buffer);
  private len = 0;

  get length(): number {
    return this.len;
  }

  u8(value: number): this {
    this.reserve(1);
    this.view.setUint8(this.len, value);
    this.len += 1;
    return this;
  }
  u16(value: number): this {
    this.reserve(2);
    this.view.setUint16(this.len, value, true);
    this.len += 2;
    return this;
  }
  u32(value: number): this {
    this.reserve(4);
    this.view.setUint32(this.len, value, true);
    this.len += 4;
    return this;
  }
  u64(value: number | bigint): this {
    this.reserve(8);
    this.view.setBigUint64(this.len, BigInt(value), true);
    this.len += 8;
    return this;
  }
  bytes(from: ArrayLike<number>): this {
    this.reserve(from.length);
    this.data.set(from, this.len);
    this.len += from.length;
    return this;
  }
  /** Latin-1 text, padded or cut to `len` when given. */
  text(text: string, len = text.length, padding = 0): this {
    for (let i = 0; i < len; i++) this.u8(i < text.length ? text.charCodeAt(i) : padding);
    return this;
  }
  zeros(count: number): this {
    this.reserve(count);
    this.len += count;
    return this;
  }
  align(to: number): this {
    return this.zeros((to - (this.len % to)) % to);
  }

  /** Overwrites an earlier field. */
  patch8(at: number, value: number): void {
    this.view.setUint8(at, value);
  }
  patch32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.data.slice(0, this.len);
  }

  private reserve(count: number): void {
    if (this.len + count <= this.data.length) return;
    const grown = new Uint8Array(Math.max(this.data.length * 2, this.len + count));
    grown.set(this.data.subarray(0, this.len));
    this.data = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Latin-1 bytes of `text`, with a terminating zero when `isTerminated`. */
export function latin1(text: string, isTerminated = false): Uint8Array {
  const bytes = new Uint8Array(text.length + (isTerminated ? 1 : 0));
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function le32(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]);
}
export function le16(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8]);
}

/** Sum of all bytes modulo 256: firmware tables are complete when it is 0. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum & 0xff;
}
