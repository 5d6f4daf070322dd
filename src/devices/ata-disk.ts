/**
 * An ATA disk with 512-byte sectors: the command set of ACS-3 that SeaBIOS, boot loaders and current
 * systems use, over the bytes of one disk node. 28-bit, 48-bit and queued (NCQ) transfers; CHS
 * translation for those who still ask.
 *
 * Writes go to the node when the command is done and are stored for good by FLUSH CACHE, by FUA writes,
 * and by every write while the write cache is off: the node below keeps that promise (src/block/node.ts).
 * Storage errors come back as UNC on reads and as a device fault on writes, which a kernel does not
 * mistake for a bad command.
 *
 * Not modelled: security, host protected area (READ NATIVE MAX just names the size), power-up in
 * standby, APM, sanitize, streaming, self-tests that take time; those commands are aborted and their
 * IDENTIFY bits are 0. A disk sent to SLEEP aborts commands until it is reset.
 */
import type { DiskInfo } from "../block/backend";
import {
  ATA_ABRT,
  ATA_DEVICE_LBA,
  ATA_DF,
  ATA_DRDY,
  ATA_DSC,
  ATA_ERR,
  ATA_IDNF,
  ATA_UNC,
  type AtaCommand,
  type AtaDevice,
  type AtaProtocol,
  type Completion,
  SECTOR_SIZE,
  SIGNATURE_DISK,
  signatureRegisters,
  type TransferError,
} from "./ata";
import {
  cylindersOf,
  type DiskState,
  type DriveIdentity,
  HEADS,
  identifyDisk,
  MULTIPLE_MAX,
  QUEUE_DEPTH,
  SECTORS_PER_TRACK,
} from "./ata-identify";
import { LOG_NCQ_ERROR, type QueueError, readLog, smartData, smartThresholds } from "./ata-logs";
import type { DriveIo } from "./drive-io";

const READY = ATA_DRDY | ATA_DSC;
const SMART_LBA = 0xc24f; // in LBA mid and high
const UDMA = 0x40;

export interface DiskIdentity extends Partial<DriveIdentity> {
  serial: string;
}

interface SectorRange {
  lba: number;
  sectors: number;
}

type Handler = (disk: AtaDisk, command: AtaCommand) => void;

export class AtaDisk implements AtaDevice {
  readonly signature = SIGNATURE_DISK;
  readonly resetStatus = READY;
  private readonly identity: DriveIdentity;
  private readonly state: DiskState;
  private isStandby = false;
  private isAsleep = false;
  /** After a failed queued command, until its log page was read: everything queued is aborted. */
  private queueError: QueueError | undefined;

  constructor(
    private readonly io: DriveIo,
    private readonly info: DiskInfo,
    identity: DiskIdentity,
  ) {
    this.identity = { model: "LONGMODE HARDDISK", firmware: "1.0", ...identity };
    const sectors = Math.floor(info.size / SECTOR_SIZE);
    this.state = {
      sectors,
      canTrim: info.canDiscard && !info.isReadOnly,
      hasWriteCache: true,
      hasReadAhead: true,
      isSmartEnabled: true,
      multiple: MULTIPLE_MAX,
      transferMode: UDMA | 5,
      cylinders: cylindersOf(sectors, HEADS, SECTORS_PER_TRACK),
      heads: HEADS,
      sectorsPerTrack: SECTORS_PER_TRACK,
    };
  }

  reset(isSoft: boolean): void {
    this.queueError = undefined;
    this.isAsleep = false;
    if (isSoft) return;
    this.isStandby = false;
    this.state.hasWriteCache = true;
    this.state.hasReadAhead = true;
    this.state.multiple = MULTIPLE_MAX;
    this.state.heads = HEADS;
    this.state.sectorsPerTrack = SECTORS_PER_TRACK;
    this.state.cylinders = cylindersOf(this.state.sectors, HEADS, SECTORS_PER_TRACK);
  }

  execute(command: AtaCommand): void {
    const handler = COMMANDS[command.taskFile.command];
    if (!handler || this.isAsleep) this.abort(command);
    else handler(this, command);
  }

  // How commands end

  succeed(command: AtaCommand, protocol: AtaProtocol, registers: Partial<Completion> = {}): void {
    command.finish({ protocol, status: READY, error: 0, ...registers });
  }

  abort(command: AtaCommand): void {
    command.finish({ protocol: "none", status: READY | ATA_ERR, error: ATA_ABRT });
  }

  private fail(
    command: AtaCommand,
    protocol: AtaProtocol,
    isWrite: boolean,
    reason: TransferError,
    lba: number,
  ): void {
    const isAborted = reason === "overflow" || reason === "bus";
    const status = READY | ATA_ERR | (isWrite && !isAborted ? ATA_DF : 0);
    const error = isWrite || isAborted ? ATA_ABRT : ATA_UNC;
    command.finish({ protocol, status, error, lba });
  }

  // Addresses

  /** The sectors of a 28- or 48-bit command; an IDNF completion when they do not all exist. */
  private range(command: AtaCommand, isExt: boolean): SectorRange | undefined {
    const { taskFile } = command;
    const sectors = isExt ? taskFile.count || 0x1_0000 : taskFile.count & 0xff || 0x100;
    const lba = isExt ? taskFile.lba : this.lba28(taskFile.lba, taskFile.device);
    if (lba >= 0 && lba + sectors <= this.state.sectors) return { lba, sectors };
    command.finish({ protocol: "none", status: READY | ATA_ERR, error: ATA_IDNF });
    return undefined;
  }

  private lba28(lba: number, device: number): number {
    const low = lba % 0x100_0000;
    if (device & ATA_DEVICE_LBA) return (device & 0xf) * 0x100_0000 + low;
    const sector = low & 0xff; // counts from 1
    const cylinder = low >>> 8;
    const { heads, sectorsPerTrack } = this.state;
    if (sector === 0 || sector > sectorsPerTrack || (device & 0xf) >= heads) return -1;
    return (cylinder * heads + (device & 0xf)) * sectorsPerTrack + sector - 1;
  }

  // Transfers

  transfer(
    command: AtaCommand,
    isWrite: boolean,
    isExt: boolean,
    protocol: AtaProtocol,
    isFua = false,
  ): void {
    if (protocol.startsWith("pio") && isMultiple(command) && this.state.multiple === 0)
      return this.abort(command);
    const range = this.range(command, isExt);
    if (range) this.move(command, range, isWrite, protocol, isFua);
  }

  queued(command: AtaCommand, isWrite: boolean): void {
    const { taskFile } = command;
    const tag = (taskFile.count >>> 3) & 0x1f;
    if (this.queueError || tag >= QUEUE_DEPTH) return this.abort(command);
    const sectors = taskFile.features || 0x1_0000;
    command.release();
    if (taskFile.lba + sectors > this.state.sectors) {
      return this.finishQueued(command, {
        protocol: "queued",
        status: READY | ATA_ERR,
        error: ATA_IDNF,
      });
    }
    this.move(
      command,
      { lba: taskFile.lba, sectors },
      isWrite,
      "queued",
      (taskFile.device & 0x80) !== 0,
    );
  }

  private move(
    command: AtaCommand,
    range: SectorRange,
    isWrite: boolean,
    protocol: AtaProtocol,
    isFua: boolean,
  ): void {
    this.isStandby = false;
    const { node, isReadOnly } = this.info;
    const offset = range.lba * SECTOR_SIZE;
    const len = range.sectors * SECTOR_SIZE;
    const done = (error: TransferError | undefined) => {
      if (command.isAbandoned) return;
      if (!error) return this.finishMove(command, protocol);
      if (protocol !== "queued") return this.fail(command, protocol, isWrite, error, range.lba);
      const status = READY | ATA_ERR | (isWrite ? ATA_DF : 0);
      this.finishQueued(command, {
        protocol,
        status,
        error: isWrite ? ATA_ABRT : ATA_UNC,
        lba: range.lba,
      });
    };
    if (!isWrite) return command.readDisk(node, offset, len, done);
    if (isReadOnly) return done("read-only");
    const isThrough = isFua || !this.state.hasWriteCache;
    command.writeDisk(node, offset, len, (error) => {
      if (error || !isThrough) done(error);
      else this.io.flush(node, done);
    });
  }

  private finishMove(command: AtaCommand, protocol: AtaProtocol): void {
    if (protocol === "queued") this.finishQueued(command, { protocol, status: READY, error: 0 });
    else this.succeed(command, protocol);
  }

  private finishQueued(command: AtaCommand, completion: Completion): void {
    if (completion.status & ATA_ERR) {
      const { taskFile } = command;
      this.queueError = {
        tag: (taskFile.count >>> 3) & 0x1f,
        status: completion.status,
        error: completion.error,
        lba: completion.lba ?? taskFile.lba,
        count: taskFile.count,
        device: taskFile.device,
      };
    }
    command.finish(completion);
  }

  verify(command: AtaCommand, isExt: boolean): void {
    if (this.range(command, isExt)) this.succeed(command, "none");
  }

  seek(command: AtaCommand): void {
    const lba = this.lba28(command.taskFile.lba, command.taskFile.device);
    if (lba >= 0 && lba < this.state.sectors) this.succeed(command, "none");
    else command.finish({ protocol: "none", status: READY | ATA_ERR, error: ATA_IDNF });
  }

  flush(command: AtaCommand): void {
    if (this.info.isReadOnly) return this.succeed(command, "none");
    this.io.flush(this.info.node, (error) => {
      if (error) this.fail(command, "none", true, error, 0);
      else this.succeed(command, "none");
    });
  }

  /** DATA SET MANAGEMENT with TRIM: 8-byte entries, 48 bits of LBA and 16 of count; 0 sectors end nothing. */
  trim(command: AtaCommand): void {
    const { taskFile } = command;
    if ((taskFile.features & 1) === 0 || !this.state.canTrim) return this.abort(command);
    const entries = command.receive((taskFile.count || 1) * SECTOR_SIZE);
    if (typeof entries === "string") return this.abort(command);
    const view = new DataView(entries.buffer);
    const ranges: SectorRange[] = [];
    for (let at = 0; at < entries.length; at += 8) {
      const lba = view.getUint32(at, true) + view.getUint16(at + 4, true) * 0x1_0000_0000;
      const sectors = view.getUint16(at + 6, true);
      if (sectors === 0) continue;
      if (lba + sectors > this.state.sectors) {
        return command.finish({ protocol: "dma", status: READY | ATA_ERR, error: ATA_IDNF });
      }
      ranges.push({ lba, sectors });
    }
    this.discardAll(command, ranges);
  }

  private discardAll(command: AtaCommand, ranges: SectorRange[]): void {
    const next = ranges.shift();
    if (!next) return this.succeed(command, "dma");
    this.io.discard(this.info.node, next.lba * SECTOR_SIZE, next.sectors * SECTOR_SIZE, (error) => {
      if (command.isAbandoned) return;
      if (error) this.fail(command, "dma", true, error, next.lba);
      else this.discardAll(command, ranges);
    });
  }

  // Information

  private sendPage(command: AtaCommand, page: Uint8Array | undefined, protocol: AtaProtocol): void {
    if (!page) return this.abort(command);
    const error = command.send(page);
    if (error) this.fail(command, protocol, false, error, 0);
    else this.succeed(command, protocol);
  }

  identify(command: AtaCommand): void {
    this.sendPage(command, identifyDisk(this.identity, this.state), "pio-in");
  }

  /** READ LOG (DMA) EXT: log in LBA bits 0-7, first page in bits 8-15 and 32-39. */
  readLog(command: AtaCommand, protocol: AtaProtocol): void {
    const { lba, count } = command.taskFile;
    const log = lba % 0x100;
    const firstPage = Math.floor(lba / 0x100) % 0x100;
    if (count !== 1 || firstPage !== 0) return this.abort(command);
    const page = readLog(log, true, this.queueError);
    if (log === LOG_NCQ_ERROR) this.queueError = undefined;
    this.sendPage(command, page, protocol);
  }

  smart(command: AtaCommand): void {
    const { features, lba, count } = command.taskFile;
    const subcommand = features & 0xff;
    if (Math.floor(lba / 0x100) % 0x1_0000 !== SMART_LBA) return this.abort(command);
    if (subcommand === 0xd8) this.state.isSmartEnabled = true;
    else if (!this.state.isSmartEnabled) return this.abort(command);
    switch (subcommand) {
      case 0xd0:
        return this.sendPage(command, smartData(), "pio-in");
      case 0xd1:
        return this.sendPage(command, smartThresholds(), "pio-in");
      case 0xd5: // READ LOG
        return this.sendPage(
          command,
          count === 1 ? readLog(lba % 0x100, false, undefined) : undefined,
          "pio-in",
        );
      case 0xd9:
        this.state.isSmartEnabled = false;
        return this.succeed(command, "none");
      case 0xda: // RETURN STATUS: the signature unchanged means healthy
        return this.succeed(command, "none", { lba: SMART_LBA * 0x100 + (lba % 0x100) });
      case 0xd2: // autosave
      case 0xd3: // save
      case 0xd4: // off-line immediate: over at once, without findings
      case 0xd8: // enable
      case 0xdb: // automatic off-line
        return this.succeed(command, "none");
      default:
        return this.abort(command);
    }
  }

  setFeatures(command: AtaCommand): void {
    const { features, count } = command.taskFile;
    switch (features & 0xff) {
      case 0x02:
        this.state.hasWriteCache = true;
        return this.succeed(command, "none");
      case 0x82: // write cache off: what is in it goes out first
        this.state.hasWriteCache = false;
        return this.flush(command);
      case 0x03:
        return this.setTransferMode(command, count & 0xff);
      case 0x55:
      case 0xaa:
        this.state.hasReadAhead = (features & 0xff) === 0xaa;
        return this.succeed(command, "none");
      case 0x66: // keep settings over a software reset, which happens anyway
      case 0xcc:
        return this.succeed(command, "none");
      default:
        return this.abort(command);
    }
  }

  private setTransferMode(command: AtaCommand, mode: number): void {
    const kind = mode >> 3;
    const number = mode & 7;
    const isPio = (kind === 0 && number <= 1) || (kind === 1 && number <= 4);
    const isDma = (kind === 4 && number <= 2) || (kind === 8 && number <= 6);
    if (!isPio && !isDma) return this.abort(command);
    if (isDma) this.state.transferMode = mode;
    this.succeed(command, "none");
  }

  setMultiple(command: AtaCommand): void {
    const count = command.taskFile.count & 0xff;
    if (count > MULTIPLE_MAX || (count & (count - 1)) !== 0) return this.abort(command);
    this.state.multiple = count;
    this.succeed(command, "none");
  }

  /** INITIALIZE DEVICE PARAMETERS: another CHS translation. */
  setGeometry(command: AtaCommand): void {
    const sectorsPerTrack = command.taskFile.count & 0xff;
    const heads = (command.taskFile.device & 0xf) + 1;
    if (sectorsPerTrack === 0) return this.abort(command);
    this.state.heads = heads;
    this.state.sectorsPerTrack = sectorsPerTrack;
    this.state.cylinders = cylindersOf(this.state.sectors, heads, sectorsPerTrack);
    this.succeed(command, "none");
  }

  nativeMax(command: AtaCommand, isExt: boolean): void {
    const last = this.state.sectors - 1;
    if (isExt) return this.succeed(command, "none", { lba: last });
    const lba = Math.min(last, 0x0fff_ffff);
    const device = (command.taskFile.device & 0xf0) | (lba >>> 24);
    this.succeed(command, "none", { lba: lba & 0xff_ffff, device });
  }

  power(command: AtaCommand, isStandby: boolean): void {
    this.isStandby = isStandby;
    if (isStandby) this.flush(command);
    else this.succeed(command, "none");
  }

  checkPower(command: AtaCommand): void {
    this.succeed(command, "none", { count: this.isStandby ? 0x00 : 0xff });
  }

  sleep(command: AtaCommand): void {
    this.isAsleep = true;
    this.flush(command);
  }

  diagnose(command: AtaCommand): void {
    command.finish({
      protocol: "none",
      status: READY,
      error: 0x01,
      ...signatureRegisters(SIGNATURE_DISK),
    });
  }
}

/** READ and WRITE MULTIPLE, whose blocks have to be set first. */
function isMultiple(command: AtaCommand): boolean {
  return [0x29, 0x39, 0xc4, 0xc5, 0xce].includes(command.taskFile.command);
}

const read28 =
  (protocol: AtaProtocol): Handler =>
  (disk, command) =>
    disk.transfer(command, false, false, protocol);
const write28 =
  (protocol: AtaProtocol): Handler =>
  (disk, command) =>
    disk.transfer(command, true, false, protocol);
const read48 =
  (protocol: AtaProtocol): Handler =>
  (disk, command) =>
    disk.transfer(command, false, true, protocol);
const write48 =
  (protocol: AtaProtocol, isFua = false): Handler =>
  (disk, command) =>
    disk.transfer(command, true, true, protocol, isFua);
const power =
  (isStandby: boolean): Handler =>
  (disk, command) =>
    disk.power(command, isStandby);
const done: Handler = (disk, command) => disk.succeed(command, "none");

/** Commands by code; what is not here is aborted. */
// biome-ignore format: one command per line
const COMMANDS: Partial<Record<number, Handler>> = {
  0x06: (disk, command) => disk.trim(command),                 // DATA SET MANAGEMENT
  0x10: done,                                                  // RECALIBRATE
  0x20: read28("pio-in"),                                      // READ SECTOR(S)
  0x21: read28("pio-in"),                                      // ... without retries
  0x24: read48("pio-in"),                                      // READ SECTOR(S) EXT
  0x25: read48("dma"),                                         // READ DMA EXT
  0x27: (disk, command) => disk.nativeMax(command, true),      // READ NATIVE MAX ADDRESS EXT
  0x29: read48("pio-in"),                                      // READ MULTIPLE EXT
  0x2f: (disk, command) => disk.readLog(command, "pio-in"),    // READ LOG EXT
  0x30: write28("pio-out"),                                    // WRITE SECTOR(S)
  0x31: write28("pio-out"),                                    // ... without retries
  0x34: write48("pio-out"),                                    // WRITE SECTOR(S) EXT
  0x35: write48("dma"),                                        // WRITE DMA EXT
  0x39: write48("pio-out"),                                    // WRITE MULTIPLE EXT
  0x3d: write48("dma", true),                                  // WRITE DMA FUA EXT
  0x40: (disk, command) => disk.verify(command, false),        // READ VERIFY SECTOR(S)
  0x41: (disk, command) => disk.verify(command, false),        // ... without retries
  0x42: (disk, command) => disk.verify(command, true),         // READ VERIFY SECTOR(S) EXT
  0x47: (disk, command) => disk.readLog(command, "dma"),       // READ LOG DMA EXT
  0x60: (disk, command) => disk.queued(command, false),        // READ FPDMA QUEUED
  0x61: (disk, command) => disk.queued(command, true),         // WRITE FPDMA QUEUED
  0x70: (disk, command) => disk.seek(command),                 // SEEK
  0x90: (disk, command) => disk.diagnose(command),             // EXECUTE DEVICE DIAGNOSTIC
  0x91: (disk, command) => disk.setGeometry(command),          // INITIALIZE DEVICE PARAMETERS
  0x94: power(true),                                           // STANDBY IMMEDIATE (old)
  0x95: power(false),                                          // IDLE IMMEDIATE (old)
  0x96: power(true),                                           // STANDBY (old)
  0x97: power(false),                                          // IDLE (old)
  0x98: (disk, command) => disk.checkPower(command),           // CHECK POWER MODE (old)
  0x99: (disk, command) => disk.sleep(command),                // SLEEP (old)
  0xb0: (disk, command) => disk.smart(command),                // SMART
  0xc4: read28("pio-in"),                                      // READ MULTIPLE
  0xc5: write28("pio-out"),                                    // WRITE MULTIPLE
  0xc6: (disk, command) => disk.setMultiple(command),          // SET MULTIPLE MODE
  0xc8: read28("dma"),                                         // READ DMA
  0xc9: read28("dma"),                                         // ... without retries
  0xca: write28("dma"),                                        // WRITE DMA
  0xcb: write28("dma"),                                        // ... without retries
  0xce: write48("pio-out", true),                              // WRITE MULTIPLE FUA EXT
  0xe0: power(true),                                           // STANDBY IMMEDIATE
  0xe1: power(false),                                          // IDLE IMMEDIATE
  0xe2: power(true),                                           // STANDBY
  0xe3: power(false),                                          // IDLE
  0xe5: (disk, command) => disk.checkPower(command),           // CHECK POWER MODE
  0xe6: (disk, command) => disk.sleep(command),                // SLEEP
  0xe7: (disk, command) => disk.flush(command),                // FLUSH CACHE
  0xea: (disk, command) => disk.flush(command),                // FLUSH CACHE EXT
  0xec: (disk, command) => disk.identify(command),             // IDENTIFY DEVICE
  0xef: (disk, command) => disk.setFeatures(command),          // SET FEATURES
  0xf8: (disk, command) => disk.nativeMax(command, false),     // READ NATIVE MAX ADDRESS
};
