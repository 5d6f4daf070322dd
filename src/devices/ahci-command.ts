/**
 * One command slot of an AHCI port while its command runs: the command header and table in guest RAM,
 * and the walk along the physical region descriptors. AHCI 1.3.1 sections 4.2.2 and 4.2.3; SATA 3.2
 * section 10.5 for the register FIS.
 *
 *   command list + 32 × slot             command table
 *   0  flags, FIS length, PRDT length    00  command FIS (64 bytes)
 *   4  bytes transferred                 40  ATAPI command (16 bytes)
 *   8  command table address             80  PRDT: { address u64, reserved, I | byte count - 1 } × length
 *
 * Everything here comes from the guest and may be nonsense. Descriptors are read one at a time as the
 * transfer needs them (SeaBIOS leaves 4 MiB descriptors at address 0 behind commands without data), only
 * the bytes that really move are checked against RAM, and a transfer goes in pieces of at most 1 MiB, so
 * that no table however long makes us allocate much.
 */
import type { GuestMemory } from "../memory/guest-memory";
import type { AtaCommand, Completion, TaskFile, TransferError } from "./ata";
import type { DriveIo } from "./drive-io";

const HEADER_SIZE = 32;
const HEADER_CFL = 0x1f; // length of the command FIS in dwords
const HEADER_ATAPI = 1 << 5;
const HEADER_CLEAR_BUSY = 1 << 10;
const TABLE_ATAPI = 0x40;
const TABLE_PRDT = 0x80;
const PRD_SIZE = 16;
const PRD_COUNT = 0x3f_ffff;
const PRD_INTERRUPT = 0x8000_0000;
const PIECE = 1024 * 1024;

export const FIS_REGISTER_H2D = 0x27;
const FIS_IS_COMMAND = 0x80;
const FIS_PM_PORT = 0x0f;

/** What the port does when a command moves on. */
export interface CommandOwner {
  /** False once the port was stopped or reset after this command was fetched. */
  isCurrent(command: AhciCommand): boolean;
  released(command: AhciCommand): void;
  finished(command: AhciCommand, completion: Completion): void;
}

export interface CommandContext {
  memory: GuestMemory;
  io: DriveIo;
  owner: CommandOwner;
  /** The port's count of stops and resets when the command was fetched. */
  epoch: number;
}

interface Piece {
  gpa: number;
  len: number;
}

export class AhciCommand implements AtaCommand {
  readonly taskFile: TaskFile;
  readonly packet: Uint8Array;
  /** This FIS carries a new value of the control register instead of a command. */
  readonly isControl: boolean;
  readonly control: number;
  /** The guest wants BSY cleared as soon as the FIS was sent (for software reset). */
  readonly clearsBusy: boolean;
  isReleased = false;
  isFinished = false;
  /** Data was left over when the table ended; a descriptor or buffer lay outside RAM. */
  hasOverflowed = false;
  hasBusError = false;
  /** A descriptor with its interrupt bit was used up. */
  wantsPrdInterrupt = false;
  bytesMoved = 0;

  private prdIndex = 0;
  private prd: Piece = { gpa: 0, len: 0 };
  private prdInterrupt = false;

  private constructor(
    readonly slot: number,
    readonly epoch: number,
    readonly headerGpa: number,
    private readonly tableGpa: number,
    private readonly prdCount: number,
    private readonly context: CommandContext,
    flags: number,
    fis: Uint8Array,
  ) {
    this.isControl = (fis[1] & FIS_IS_COMMAND) === 0;
    this.control = fis[15];
    this.clearsBusy = (flags & HEADER_CLEAR_BUSY) !== 0;
    this.packet = new Uint8Array(16);
    if (flags & HEADER_ATAPI) context.memory.read(tableGpa + TABLE_ATAPI, this.packet);
    this.taskFile = {
      command: fis[2],
      features: fis[3] | (fis[11] << 8),
      lba:
        (fis[4] | (fis[5] << 8) | (fis[6] << 16)) +
        (fis[8] | (fis[9] << 8) | (fis[10] << 16)) * 0x100_0000,
      device: fis[7],
      count: fis[12] | (fis[13] << 8),
    };
  }

  /** Reads slot `slot` of the list: a command, or what is wrong with it. */
  static fetch(
    listGpa: number,
    slot: number,
    context: CommandContext,
  ): AhciCommand | "bus" | "fis" {
    const headerGpa = listGpa + slot * HEADER_SIZE;
    const header = new Uint8Array(16);
    if (!context.memory.read(headerGpa, header)) return "bus";
    const view = new DataView(header.buffer);
    const flags = view.getUint16(0, true);
    const tableGpa = (view.getUint32(8, true) & ~0x7f) >>> 0;
    const table = view.getUint32(12, true) * 0x1_0000_0000 + tableGpa;
    const fis = new Uint8Array(64);
    if (!context.memory.read(table, fis)) return "bus";
    const len = (flags & HEADER_CFL) * 4;
    if (len < 8 || fis[0] !== FIS_REGISTER_H2D || (fis[1] & FIS_PM_PORT) !== 0) return "fis";
    fis.fill(0, Math.min(len, fis.length));
    return new AhciCommand(
      slot,
      context.epoch,
      headerGpa,
      table,
      view.getUint16(2, true),
      context,
      flags,
      fis,
    );
  }

  get isAbandoned(): boolean {
    return !this.context.owner.isCurrent(this);
  }

  send(data: Uint8Array): TransferError | undefined {
    const pieces = this.take(data.length);
    let at = 0;
    for (const { gpa, len } of pieces) {
      this.context.memory.write(gpa, data.subarray(at, at + len));
      at += len;
    }
    if (this.hasBusError) return "bus";
    if (at < data.length) this.hasOverflowed = true;
    return undefined;
  }

  receive(len: number): Uint8Array | TransferError {
    const data = new Uint8Array(len);
    let at = 0;
    for (const piece of this.take(len)) {
      this.context.memory.read(piece.gpa, data.subarray(at, at + piece.len));
      at += piece.len;
    }
    if (this.hasBusError) return "bus";
    if (at === len) return data;
    this.hasOverflowed = true;
    return "overflow";
  }

  readDisk(
    node: number,
    offset: number,
    len: number,
    done: (error: TransferError | undefined) => void,
  ): void {
    if (len === 0) return done(undefined);
    const pieces = this.take(Math.min(len, PIECE));
    if (this.hasBusError) return done("bus");
    if (pieces.length === 0) {
      this.hasOverflowed = true; // the host has no room for the rest: it is dropped (6.1.4)
      return done(undefined);
    }
    const moved = lengthOf(pieces);
    this.context.io.read(node, offset, this.segments(pieces), (error) => {
      // Whoever owns the command now: these bytes of RAM have changed.
      for (const piece of pieces) this.context.memory.written(piece.gpa, piece.len);
      if (this.isAbandoned) return;
      if (error) done(error);
      else this.readDisk(node, offset + moved, len - moved, done);
    });
  }

  writeDisk(
    node: number,
    offset: number,
    len: number,
    done: (error: TransferError | undefined) => void,
  ): void {
    if (len === 0) return done(undefined);
    const pieces = this.take(Math.min(len, PIECE));
    if (this.hasBusError) return done("bus");
    const moved = lengthOf(pieces);
    if (moved === 0) {
      this.hasOverflowed = true;
      return done("overflow");
    }
    this.context.io.write(node, offset, this.segments(pieces), (error) => {
      if (this.isAbandoned) return;
      if (error) done(error);
      else this.writeDisk(node, offset + moved, len - moved, done);
    });
  }

  release(): void {
    this.isReleased = true;
    if (!this.isAbandoned) this.context.owner.released(this);
  }

  finish(completion: Completion): void {
    if (this.isFinished) return;
    this.isFinished = true;
    if (!this.isAbandoned) this.context.owner.finished(this, completion);
  }

  /** The next `len` bytes of the host's buffer, fewer where the table ends or leaves RAM. */
  private take(len: number): Piece[] {
    const pieces: Piece[] = [];
    for (let left = len; left > 0; ) {
      if (this.prd.len === 0 && !this.nextPrd()) break;
      const { gpa } = this.prd;
      const part = Math.min(left, this.prd.len);
      if (this.context.memory.offset(gpa, part) < 0) {
        this.hasBusError = true;
        break;
      }
      const last = pieces[pieces.length - 1];
      if (
        last &&
        last.gpa + last.len === gpa &&
        this.context.memory.offset(last.gpa, last.len + part) >= 0
      ) {
        last.len += part;
      } else {
        pieces.push({ gpa, len: part });
      }
      this.prd = { gpa: gpa + part, len: this.prd.len - part };
      if (this.prd.len === 0 && this.prdInterrupt) this.wantsPrdInterrupt = true;
      left -= part;
      this.bytesMoved += part;
    }
    return pieces;
  }

  private nextPrd(): boolean {
    if (this.prdIndex === this.prdCount) return false;
    const bytes = new Uint8Array(PRD_SIZE);
    if (!this.context.memory.read(this.tableGpa + TABLE_PRDT + this.prdIndex * PRD_SIZE, bytes)) {
      this.hasBusError = true;
      return false;
    }
    this.prdIndex++;
    const view = new DataView(bytes.buffer);
    const gpa = view.getUint32(4, true) * 0x1_0000_0000 + ((view.getUint32(0, true) & ~1) >>> 0);
    const word = view.getUint32(12, true);
    this.prd = { gpa, len: (word & PRD_COUNT) + 1 };
    this.prdInterrupt = (word & PRD_INTERRUPT) !== 0;
    return true;
  }

  private segments(pieces: Piece[]): number[] {
    return pieces.flatMap(({ gpa, len }) => [this.context.memory.offset(gpa, len), len]);
  }
}

function lengthOf(pieces: Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.len, 0);
}
