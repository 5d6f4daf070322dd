/**
 * What a CD/DVD drive says about itself and its disc: the data blocks of MMC-6 and SPC-3 as functions of
 * the disc's size, with no state of their own. A disc here is one session with one data track of 2048-
 * byte sectors; up to 80 minutes it is a CD-ROM, above that a single-layer DVD-ROM. Numbers in these
 * blocks are big-endian.
 */

export const CD_SECTOR = 2048;
/** 80 minutes at 75 sectors a second. */
const CD_SECTORS_MAX = 80 * 60 * 75;
const MSF_OFFSET = 150;
const LEAD_OUT = 0xaa;
const DATA_TRACK = 0x14; // ADR 1, control 4: data, copying prohibited
const DVD_START = 0x03_0000;

export const PROFILE_CD_ROM = 0x0008;
export const PROFILE_DVD_ROM = 0x0010;

/** The profile of a disc of this size, 0 without a disc. */
export function profileOf(sectors: number): number {
  if (sectors === 0) return 0;
  return sectors > CD_SECTORS_MAX ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

export class Block {
  private readonly bytes: number[] = [];

  u8(...values: number[]): this {
    this.bytes.push(...values.map((value) => value & 0xff));
    return this;
  }
  u16(value: number): this {
    return this.u8(value >>> 8, value);
  }
  u32(value: number): this {
    return this.u8(value >>> 24, value >>> 16, value >>> 8, value);
  }
  text(text: string, len: number): this {
    return this.u8(...Array.from(text.slice(0, len).padEnd(len), (char) => char.charCodeAt(0)));
  }
  block(other: Block): this {
    return this.u8(...other.bytes);
  }
  zeros(count: number): this {
    return this.u8(...new Array<number>(count).fill(0));
  }
  get length(): number {
    return this.bytes.length;
  }
  take(): Uint8Array {
    return new Uint8Array(this.bytes);
  }
  /** With a 16-bit count of the bytes that follow it in front. */
  counted(extra = 0): Uint8Array {
    return new Block()
      .u16(this.length + extra)
      .block(this)
      .take();
  }
}

/** A sector number as a 4-byte address field: LBA, or minute, second, frame. */
function address(lba: number, isMsf: boolean): Block {
  if (!isMsf) return new Block().u32(lba);
  const frames = lba + MSF_OFFSET;
  return new Block().u8(
    0,
    Math.floor(frames / (75 * 60)),
    Math.floor(frames / 75) % 60,
    frames % 75,
  );
}

/** READ TOC/PMA/ATIP; undefined for a track that does not exist or another format. */
export function readToc(
  sectors: number,
  format: number,
  isMsf: boolean,
  start: number,
): Uint8Array | undefined {
  if (format === 0) return toc(sectors, isMsf, start);
  if (format === 1) {
    return new Block().u8(1, 1, 0, DATA_TRACK, 1, 0).block(address(0, isMsf)).counted();
  }
  if (format === 2) return start > 1 ? undefined : fullToc(sectors);
  return undefined;
}

function toc(sectors: number, isMsf: boolean, start: number): Uint8Array | undefined {
  if (start > 1 && start !== LEAD_OUT) return undefined;
  const block = new Block().u8(1, 1);
  if (start <= 1) block.u8(0, DATA_TRACK, 1, 0).block(address(0, isMsf));
  return block.u8(0, DATA_TRACK, LEAD_OUT, 0).block(address(sectors, isMsf)).counted();
}

/** Format 2: the entries as in the lead-in, addresses always as minute, second, frame. */
function fullToc(sectors: number): Uint8Array {
  const msf = (lba: number) => address(lba, true).take().subarray(1);
  const block = new Block().u8(1, 1);
  const entry = (point: number, where: ArrayLike<number>) =>
    block.u8(1, DATA_TRACK, 0, point, 0, 0, 0, 0, where[0], where[1], where[2]);
  entry(0xa0, [1, 0, 0]); // first track; disc type CD-ROM
  entry(0xa1, [1, 0, 0]); // last track
  entry(0xa2, msf(sectors)); // lead-out
  entry(1, msf(0));
  return block.counted();
}

/** READ SUB-CHANNEL, format 1 (current position); the audio status says that nothing plays. */
export function subChannel(format: number, isMsf: boolean): Uint8Array | undefined {
  if (format !== 1) return undefined;
  const position = new Block()
    .u8(1, DATA_TRACK, 1, 1)
    .block(address(0, isMsf))
    .block(address(0, isMsf));
  return new Block().u8(0, 0x15).u16(position.length).block(position).take();
}

/** Feature descriptors (MMC-6 chapter 5): number, version and flags, data. */
function features(profile: number): { code: number; isCurrent: boolean; block: Block }[] {
  const isDvd = profile === PROFILE_DVD_ROM;
  const isCd = profile === PROFILE_CD_ROM;
  const descriptor = (
    code: number,
    version: number,
    isPersistent: boolean,
    isCurrent: boolean,
    data: number[],
  ) => {
    const flags = (version << 2) | (isPersistent ? 2 : 0) | (isCurrent ? 1 : 0);
    return { code, isCurrent, block: new Block().u16(code).u8(flags, data.length, ...data) };
  };
  const profiles = [0x00, 0x10, isDvd ? 1 : 0, 0, 0x00, 0x08, isCd ? 1 : 0, 0];
  return [
    descriptor(0x0000, 0, true, true, profiles),
    descriptor(0x0001, 2, true, true, [0, 0, 0, 8, 1, 0, 0, 0]), // core: SATA; device busy event
    descriptor(0x0002, 1, true, true, [0x02, 0, 0, 0]), // morphing: operational change events
    descriptor(0x0003, 0, true, true, [0x39, 0, 0, 0]), // removable: tray, eject, lock
    descriptor(0x0010, 0, false, isCd || isDvd, [0, 0, 8, 0, 0, 1, 0, 0]), // random readable, 2048
    descriptor(0x001d, 0, false, isCd, []), // multi-read
    descriptor(0x001e, 2, false, isCd, [0, 0, 0, 0]), // CD read
    descriptor(0x001f, 0, false, isDvd, []), // DVD read
    descriptor(0x0100, 0, true, true, []), // power management
    descriptor(0x0105, 0, true, true, []), // time-out
  ];
}

/** GET CONFIGURATION: `which` 0 all features, 1 current ones, 2 just `first`. */
export function configuration(sectors: number, which: number, first: number): Uint8Array {
  const profile = profileOf(sectors);
  const body = new Block();
  for (const { code, isCurrent, block } of features(profile)) {
    if (which === 2 ? code === first : code >= first && (which === 0 || isCurrent))
      body.block(block);
  }
  return new Block()
    .u32(body.length + 4)
    .u16(0)
    .u16(profile)
    .block(body)
    .take();
}

export function discInformation(): Uint8Array {
  return new Block()
    .u8(0x0e, 1, 1, 1, 1, 0) // complete, one session, one track
    .u8(0) // disc type: CD-ROM
    .zeros(3 + 4)
    .u32(0xffff_ffff) // start of the last session's lead-in and of the last possible lead-out: unknown
    .u32(0xffff_ffff)
    .zeros(8 + 2)
    .counted();
}

export function trackInformation(sectors: number): Uint8Array {
  return new Block()
    .u8(1, 1, 0, 0x04, 0x01, 0) // track 1, session 1, data track, mode 1
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(sectors)
    .zeros(4 + 4)
    .counted();
}

/** READ DVD STRUCTURE; undefined for a format that a DVD-ROM has not. */
export function dvdStructure(format: number, sectors: number): Uint8Array | undefined {
  switch (format) {
    case 0x00: // physical format: DVD-ROM version 1, 120 mm, one layer
      return new Block()
        .zeros(2)
        .u8(0x01, 0x02, 0x01, 0x10)
        .u32(DVD_START)
        .u32(DVD_START + sectors - 1)
        .u32(0)
        .zeros(2048 - 16)
        .counted();
    case 0x01: // copyright: none
      return new Block().zeros(2).u32(0).counted();
    case 0x04: // manufacturing information
      return new Block().zeros(2).zeros(2048).counted();
    case 0xff: {
      const list = new Block().zeros(2);
      for (const [code, len] of [
        [0x00, 2052],
        [0x01, 8],
        [0x04, 2052],
      ])
        list.u8(code, 0x40).u16(len);
      return list.counted();
    }
    default:
      return undefined;
  }
}

/** Mode pages with their values; none can be changed but the retry byte and count of page 1. */
function modePages(isLocked: boolean, recovery: ArrayLike<number>): [code: number, page: Block][] {
  const lock = isLocked ? 0x02 : 0;
  return [
    [0x01, new Block().u8(0x01, 0x0a, recovery[0], recovery[1], 0, 0, 0, 0, 0, 0, 0, 0)],
    [0x1a, new Block().u8(0x1a, 0x0a).zeros(10)],
    [0x1c, new Block().u8(0x1c, 0x0a).zeros(10)],
    [
      0x2a, // capabilities
      new Block()
        .u8(0x2a, 0x12, 0x3b, 0x00) // reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM; writes nothing
        .u8(0x70, 0x60, 0x29 | lock, 0x00) // mode 2, multi-session; tray, eject, lock
        .u16(706) // 4× in kB/s
        .u16(2)
        .u16(512)
        .u16(706)
        .zeros(4),
    ],
  ];
}

/** Pages of MODE SENSE: `code` 3Fh for all; `control` 0 current, 1 changeable, 2 default. */
export function modeSense(
  code: number,
  control: number,
  isLocked: boolean,
  recovery: ArrayLike<number>,
): Block | undefined {
  const body = new Block();
  for (const [pageCode, page] of modePages(isLocked, control === 2 ? [0, 0] : recovery)) {
    if (code !== 0x3f && code !== pageCode) continue;
    if (control !== 1) body.block(page);
    else
      body.u8(
        ...page.take().map((byte, i) => (i < 2 ? byte : pageCode === 0x01 && i < 4 ? 0xff : 0)),
      );
  }
  return body.length > 0 ? body : undefined;
}

export interface InquiryIdentity {
  model: string;
  firmware: string;
  serial: string;
}

export function inquiry({ model, firmware }: InquiryIdentity): Uint8Array {
  return new Block()
    .u8(0x05, 0x80, 0x05, 0x32, 31, 0, 0, 0) // CD-ROM, removable, SPC-3, ATAPI
    .text("LONGMODE", 8)
    .text(model.replace(/^LONGMODE /, ""), 16)
    .text(firmware, 4)
    .take();
}

/** Vital product data pages; undefined for one there is not. */
export function inquiryPage(page: number, identity: InquiryIdentity): Uint8Array | undefined {
  const body = new Block();
  switch (page) {
    case 0x00:
      body.u8(0x00, 0x80, 0x83);
      break;
    case 0x80:
      body.text(identity.serial, 20);
      break;
    case 0x83: // T10 vendor identification
      body
        .u8(0x02, 0x01, 0, 8 + 16 + 20)
        .text("LONGMODE", 8)
        .text(identity.model, 16)
        .text(identity.serial, 20);
      break;
    default:
      return undefined;
  }
  return new Block().u8(0x05, page).u16(body.length).block(body).take();
}
