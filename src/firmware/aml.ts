/**
 * A builder for ACPI machine language: each function returns the bytes of one object. ACPI 6.4 chapter
 * 20 (grammar) and section 6.4 (resource descriptors). Only what the DSDT of this board says.
 *
 *   scope("\\_SB", device("PCI0", name("_HID", eisaId("PNP0A08")), ...))
 *
 * Names are paths: "\\_SB.PCI0", "^LNKA"; segments shorter than four letters are padded with "_".
 */
import { ByteWriter, latin1 } from "../base/bytes";

export type Aml = Uint8Array;

export function join(...parts: Aml[]): Aml {
  const writer = new ByteWriter();
  for (const part of parts) writer.bytes(part);
  return writer.take();
}

function op(...codes: number[]): Aml {
  return new Uint8Array(codes);
}

/** NameString (20.2.2). */
export function path(text: string): Aml {
  const prefix = /^[\\^]*/.exec(text)?.[0] ?? "";
  const segments = text
    .slice(prefix.length)
    .split(".")
    .filter((segment) => segment !== "");
  const body = latin1(segments.map((segment) => segment.padEnd(4, "_")).join(""));
  if (segments.length === 0) return join(latin1(prefix), op(0));
  if (segments.length === 1) return join(latin1(prefix), body);
  if (segments.length === 2) return join(latin1(prefix), op(0x2e), body);
  return join(latin1(prefix), op(0x2f, segments.length), body);
}

/** PkgLength in front of `body`; it counts itself (20.2.4). */
function packaged(body: Aml): Aml {
  const lengthOf = (bytes: number) => body.length + bytes;
  if (lengthOf(1) < 0x40) return join(op(lengthOf(1)), body);
  for (const extra of [1, 2, 3]) {
    const total = lengthOf(1 + extra);
    if (total >= 2 ** (4 + 8 * extra)) continue;
    const lead = op((extra << 6) | (total & 15));
    const rest = new Uint8Array(extra).map((_, i) => total >> (4 + 8 * i));
    return join(lead, rest, body);
  }
  throw new Error("AML package too long");
}

export function integer(value: number | bigint): Aml {
  const big = BigInt(value);
  if (big === 0n) return op(0x00);
  if (big === 1n) return op(0x01);
  if (big < 0x100n) return new ByteWriter().u8(0x0a).u8(Number(big)).take();
  if (big < 0x1_0000n) return new ByteWriter().u8(0x0b).u16(Number(big)).take();
  if (big < 0x1_0000_0000n) return new ByteWriter().u8(0x0c).u32(Number(big)).take();
  return new ByteWriter().u8(0x0e).u64(big).take();
}

export function text(value: string): Aml {
  return join(op(0x0d), latin1(value, true));
}

/** EISA identifier compressed to a DWord (19.3.4). */
export function eisaId(id: string): Aml {
  const letter = (i: number) => id.charCodeAt(i) - 0x40;
  const vendor = (letter(0) << 10) | (letter(1) << 5) | letter(2);
  const product = Number.parseInt(id.slice(3), 16);
  return new ByteWriter()
    .u8(0x0c)
    .u8(vendor >> 8)
    .u8(vendor)
    .u8(product >> 8)
    .u8(product)
    .take();
}

export function name(label: string, value: Aml): Aml {
  return join(op(0x08), path(label), value);
}

export function buffer(bytes: Uint8Array): Aml {
  return join(op(0x11), packaged(join(integer(bytes.length), bytes)));
}

export function pkg(...elements: Aml[]): Aml {
  return join(op(0x12), packaged(join(op(elements.length), ...elements)));
}

export function scope(label: string, ...terms: Aml[]): Aml {
  return join(op(0x10), packaged(join(path(label), ...terms)));
}

export function device(label: string, ...terms: Aml[]): Aml {
  return join(op(0x5b, 0x82), packaged(join(path(label), ...terms)));
}

export function method(label: string, args: number, ...terms: Aml[]): Aml {
  return join(op(0x14), packaged(join(path(label), op(args), ...terms)));
}

/** The same, entered by one thread at a time. */
export function serializedMethod(label: string, args: number, ...terms: Aml[]): Aml {
  return join(op(0x14), packaged(join(path(label), op(args | 8), ...terms)));
}

export const SYSTEM_IO = 1;
export const PCI_CONFIG = 2;

export function operationRegion(label: string, space: number, offset: number, len: number): Aml {
  return join(op(0x5b, 0x80), path(label), op(space), integer(offset), integer(len));
}

/** Byte-wide fields at consecutive bits: [name, bits], a null name skips. */
export function byteFields(region: string, fields: [string | null, number][]): Aml {
  const body = fields.map(([label, bits]) =>
    label === null
      ? join(op(0), fieldLength(bits))
      : join(latin1(label.padEnd(4, "_")), fieldLength(bits)),
  );
  return join(op(0x5b, 0x81), packaged(join(path(region), op(0x01), ...body)));
}

function fieldLength(bits: number): Aml {
  return bits < 0x40 ? op(bits) : op(0x40 | (bits & 15), bits >> 4);
}

export const local = (n: number): Aml => op(0x60 + n);
export const arg = (n: number): Aml => op(0x68 + n);
export const ref = path;
const NULL_TARGET = op(0x00);

export const store = (value: Aml, target: Aml): Aml => join(op(0x70), value, target);
export const returns = (value: Aml): Aml => join(op(0xa4), value);
export const and = (a: Aml, b: Aml, target = NULL_TARGET): Aml => join(op(0x7b), a, b, target);
export const or = (a: Aml, b: Aml, target = NULL_TARGET): Aml => join(op(0x7d), a, b, target);
export const shiftLeft = (a: Aml, b: Aml, target = NULL_TARGET): Aml =>
  join(op(0x79), a, b, target);
export const equal = (a: Aml, b: Aml): Aml => join(op(0x93), a, b);
export const not = (a: Aml): Aml => join(op(0x92), a);
export const findSetRightBit = (a: Aml, target: Aml): Aml => join(op(0x82), a, target);
export const subtract = (a: Aml, b: Aml, target: Aml): Aml => join(op(0x74), a, b, target);
export const when = (condition: Aml, ...terms: Aml[]): Aml =>
  join(op(0xa0), packaged(join(condition, ...terms)));
export const otherwise = (...terms: Aml[]): Aml => join(op(0xa1), packaged(join(...terms)));
export const createDwordField = (source: Aml, index: number, label: string): Aml =>
  join(op(0x8a), source, integer(index), path(label));
export const createWordField = (source: Aml, index: number, label: string): Aml =>
  join(op(0x8b), source, integer(index), path(label));

/** A resource template: descriptors and the end tag. */
export function resources(...descriptors: Aml[]): Aml {
  return buffer(join(...descriptors, op(0x79, 0x00)));
}

/** Fixed I/O ports, 16-bit decode (6.4.2.5). */
export function ioPorts(base: number, len: number): Aml {
  return new ByteWriter().u8(0x47).u8(1).u16(base).u16(base).u8(1).u8(len).take();
}

/** One ISA interrupt, edge triggered, active high (6.4.2.1). */
export function isaIrq(irq: number): Aml {
  return new ByteWriter()
    .u8(0x22)
    .u16(1 << irq)
    .take();
}

/** ISA interrupts a link may use: level, active low, shared. */
export function linkIrqs(irqs: number[]): Aml {
  const mask = irqs.reduce((bits, irq) => bits | (1 << irq), 0);
  return new ByteWriter().u8(0x23).u16(mask).u8(0x18).take();
}

export function memory32Fixed(base: number, len: number, isWritable = true): Aml {
  return new ByteWriter()
    .u8(0x86)
    .u16(9)
    .u8(isWritable ? 1 : 0)
    .u32(base)
    .u32(len)
    .take();
}

/** Address space descriptors (6.4.3.5), as a host bridge produces them: fixed minimum and maximum. */
const PRODUCER_FIXED = 0x0c;

function addressSpace(
  tag: number,
  width: 2 | 4 | 8,
  type: number,
  flags: number,
  min: bigint,
  max: bigint,
): Aml {
  const writer = new ByteWriter().u8(tag).u16(3 + 5 * width);
  writer.u8(type).u8(PRODUCER_FIXED).u8(flags);
  for (const value of [0n, min, max, 0n, max - min + 1n]) {
    if (width === 2) writer.u16(Number(value));
    else if (width === 4) writer.u32(Number(value));
    else writer.u64(value);
  }
  return writer.take();
}

export function busNumbers(first: number, last: number): Aml {
  return addressSpace(0x88, 2, 2, 0, BigInt(first), BigInt(last));
}
export function ioWindow(first: number, last: number): Aml {
  return addressSpace(0x88, 2, 1, 3, BigInt(first), BigInt(last)); // entire range
}
export function memoryWindow32(first: number, last: number, isCacheable = false): Aml {
  return addressSpace(0x87, 4, 0, isCacheable ? 3 : 1, BigInt(first), BigInt(last));
}
export function memoryWindow64(first: number, last: number): Aml {
  return addressSpace(0x8a, 8, 0, 3, BigInt(first), BigInt(last));
}
