/**
 * The 256 words of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE. ACS-3 section 7.12, ATA8-ACS for the
 * packet device; SATA 3.2 section 13.2 for words 76-79. Only what the command tables of ata-disk.ts and
 * atapi-cdrom.ts really do is claimed. Strings are two characters a word, first one in the high byte.
 */
import { SECTOR_SIZE } from "./ata";

/** Default translation of small disks; above 16383 cylinders the fields stand still. */
export const HEADS = 16;
export const SECTORS_PER_TRACK = 63;
const CYLINDERS_MAX = 16383;
/** Largest sector count the 28-bit commands reach. */
const LBA28_MAX = 0x0fff_ffff;
export const QUEUE_DEPTH = 32;
export const MULTIPLE_MAX = 16;
/** Blocks of 512 bytes of ranges that one DATA SET MANAGEMENT may carry. */
export const TRIM_BLOCKS_MAX = 8;

export interface DriveIdentity {
  serial: string;
  model: string;
  firmware: string;
}

export interface DiskState {
  sectors: number;
  canTrim: boolean;
  hasWriteCache: boolean;
  hasReadAhead: boolean;
  isSmartEnabled: boolean;
  /** Sectors per DRQ block of READ MULTIPLE, 0 when not set. */
  multiple: number;
  /** Mode as SET FEATURES 03h names it: 40h + Ultra DMA mode, 20h + multiword mode. */
  transferMode: number;
  cylinders: number;
  heads: number;
  sectorsPerTrack: number;
}

export function cylindersOf(sectors: number, heads: number, sectorsPerTrack: number): number {
  return Math.min(CYLINDERS_MAX, Math.floor(sectors / (heads * sectorsPerTrack)));
}

export function identifyDisk(identity: DriveIdentity, state: DiskState): Uint8Array {
  const words = new Words();
  const { sectors } = state;
  const lba28 = Math.min(sectors, LBA28_MAX);
  const chs = state.cylinders * state.heads * state.sectorsPerTrack;
  words.set(0, 0x0040); // ATA, fixed
  words.set(1, cylindersOf(sectors, HEADS, SECTORS_PER_TRACK));
  words.set(3, HEADS);
  words.set(6, SECTORS_PER_TRACK);
  words.identity(identity);
  words.set(47, 0x8000 | MULTIPLE_MAX);
  words.set(49, 0x0f00); // LBA, DMA, IORDY
  words.set(50, 0x4000);
  words.set(53, 0x0007); // words 54-58, 64-70 and 88 are valid
  words.set(54, state.cylinders);
  words.set(55, state.heads);
  words.set(56, state.sectorsPerTrack);
  words.set32(57, chs);
  words.set(59, state.multiple ? 0x0100 | state.multiple : 0);
  words.set32(60, lba28);
  words.transferModes(state.transferMode);
  words.set(69, state.canTrim ? 0x4020 : 0); // deterministic zeroes after TRIM
  words.set(75, QUEUE_DEPTH - 1);
  words.set(76, 0x010e); // NCQ; 1.5, 3 and 6 Gbit/s
  words.set(77, 0x0006); // at 6 Gbit/s
  words.set(80, 0x07e0); // ATA-5 to ACS-3
  words.set(81, 0xffff); // no minor version
  words.set(82, 0x4069); // NOP, look-ahead, write cache, power management, SMART
  words.set(83, 0x7400); // FLUSH EXT, FLUSH, 48-bit
  words.set(84, 0x4063); // FUA EXT, general purpose logging, SMART self-test and error log
  words.set(
    85,
    (state.hasReadAhead ? 0x4048 : 0x4008) |
      (state.hasWriteCache ? 0x20 : 0) |
      (state.isSmartEnabled ? 1 : 0),
  );
  words.set(86, 0x3400);
  words.set(87, 0x4063);
  words.set64(100, sectors);
  words.set(105, state.canTrim ? TRIM_BLOCKS_MAX : 0);
  words.set(106, 0x4000); // logical sector = physical sector = 512 bytes
  words.set(169, state.canTrim ? 1 : 0);
  words.set(217, 1); // does not rotate
  words.set(222, 0x10ff); // serial transport
  return words.finish();
}

export function identifyPacket(identity: DriveIdentity, transferMode: number): Uint8Array {
  const words = new Words();
  words.set(0, 0x85c0); // packet, CD-ROM, removable, DRQ within 50 us, 12-byte packets
  words.identity(identity);
  words.set(49, 0x0f00); // LBA, DMA, IORDY
  words.set(50, 0x4000);
  words.set(53, 0x0006);
  words.transferModes(transferMode);
  words.set(76, 0x000e);
  words.set(77, 0x0006);
  words.set(80, 0x01e0); // ATA/ATAPI-5 to ATA8-ACS
  words.set(82, 0x4218); // NOP, DEVICE RESET, PACKET, power management
  words.set(83, 0x4000);
  words.set(84, 0x4000);
  words.set(85, 0x4218);
  words.set(87, 0x4000);
  words.set(222, 0x10ff);
  return words.finish();
}

class Words {
  private readonly bytes = new Uint8Array(SECTOR_SIZE);
  private readonly view = new DataView(this.bytes.buffer);

  set(word: number, value: number): void {
    this.view.setUint16(word * 2, value, true);
  }
  set32(word: number, value: number): void {
    this.view.setUint32(word * 2, value, true);
  }
  set64(word: number, value: number): void {
    this.view.setBigUint64(word * 2, BigInt(value), true);
  }

  identity({ serial, firmware, model }: DriveIdentity): void {
    this.text(10, 10, serial);
    this.text(23, 4, firmware);
    this.text(27, 20, model);
  }

  /** Words 63-68 and 88: modes that exist, and the one that is set. */
  transferModes(mode: number): void {
    const multiword = mode >> 3 === 4 ? 0x100 << (mode & 7) : 0;
    const ultra = mode >> 3 === 8 ? 0x100 << (mode & 7) : 0;
    this.set(63, 0x0007 | multiword);
    this.set(64, 0x0003); // PIO 3 and 4
    for (const word of [65, 66, 67, 68]) this.set(word, 120); // cycle times in ns
    this.set(88, 0x007f | ultra);
  }

  /** Integrity word: signature A5h and a checksum that makes the sum of all bytes 0. */
  finish(): Uint8Array {
    this.bytes[510] = 0xa5;
    this.bytes[511] = -this.bytes.reduce((sum, byte) => sum + byte, 0);
    return this.bytes;
  }

  private text(word: number, words: number, text: string): void {
    const padded = text.slice(0, words * 2).padEnd(words * 2);
    for (let i = 0; i < words * 2; i++)
      this.bytes[word * 2 + (i ^ 1)] = padded.charCodeAt(i) & 0x7f;
  }
}
