/**
 * A CD/DVD drive: the ATAPI command set (PACKET, MMC-6 and SPC-3) over the bytes of an ISO. The drive
 * is there with or without a disc; discs come and go while the guest runs, which it learns by unit
 * attention and by GET EVENT STATUS NOTIFICATION.
 *
 * Three ways the tray moves: the guest ejects (START STOP UNIT), the person ejects (`eject`, refused
 * while the guest has it locked: then the guest is asked by an eject-request event), and the person
 * changes the disc (`insert`, which closes the tray). A disc that the guest ejected stays in the open
 * tray and is back when the tray closes.
 *
 * A command that fails reports CHECK CONDITION with sense key, code and qualifier, kept for REQUEST
 * SENSE until the next command. Reads the storage could not do are MEDIUM ERROR 11/00.
 *
 * Not modelled: audio, raw and multi-session sectors (ILLEGAL REQUEST, mode or field), writing, regions
 * and authentication of DVD-Video, spin-up time.
 */
import {
  ATA_ABRT,
  ATA_DRDY,
  ATA_DSC,
  ATA_ERR,
  type AtaCommand,
  type AtaDevice,
  type AtaProtocol,
  SIGNATURE_PACKET,
  signatureRegisters,
  type TransferError,
} from "./ata";
import { type DriveIdentity, identifyPacket } from "./ata-identify";
import {
  Block,
  CD_SECTOR,
  configuration,
  discInformation,
  dvdStructure,
  inquiry,
  inquiryPage,
  modeSense,
  PROFILE_DVD_ROM,
  profileOf,
  readToc,
  subChannel,
  trackInformation,
} from "./mmc";

const READY = ATA_DRDY | ATA_DSC;
/** Sector count register at the end of PACKET: status phase, device to host. */
const REASON_STATUS = 0x03;

/** Sense key, additional sense code and qualifier (SPC-3 annex D). */
export type Sense = readonly [key: number, asc: number, ascq: number];
const NO_SENSE: Sense = [0x0, 0x00, 0x00];
const NOT_READY_NO_MEDIUM: Sense = [0x2, 0x3a, 0x01]; // tray closed
const NOT_READY_TRAY_OPEN: Sense = [0x2, 0x3a, 0x02];
const MEDIUM_READ_ERROR: Sense = [0x3, 0x11, 0x00];
const ILLEGAL_OPCODE: Sense = [0x5, 0x20, 0x00];
const ILLEGAL_LBA: Sense = [0x5, 0x21, 0x00];
const ILLEGAL_FIELD: Sense = [0x5, 0x24, 0x00];
const ILLEGAL_PARAMETER: Sense = [0x5, 0x26, 0x00];
const ILLEGAL_INCOMPATIBLE_MEDIUM: Sense = [0x5, 0x30, 0x02];
const ILLEGAL_NO_SAVING: Sense = [0x5, 0x39, 0x00];
const ILLEGAL_REMOVAL_PREVENTED: Sense = [0x5, 0x53, 0x02];
const ILLEGAL_TRACK_MODE: Sense = [0x5, 0x64, 0x00];
const ATTENTION_MEDIUM_CHANGED: Sense = [0x6, 0x28, 0x00];
const ATTENTION_RESET: Sense = [0x6, 0x29, 0x00];
const ABORTED_DATA: Sense = [0xb, 0x4b, 0x00]; // data phase error

/** Media events of GET EVENT STATUS NOTIFICATION. */
const EVENT_NONE = 0;
const EVENT_EJECT_REQUEST = 1;
const EVENT_NEW_MEDIA = 2;
const EVENT_MEDIA_REMOVAL = 3;
const CLASS_MEDIA = 4;

export interface Disc {
  node: number;
  size: number;
}

export interface CdromOptions extends Partial<DriveIdentity> {
  serial: string;
  disc?: Disc;
  /** The guest opened or closed the tray. */
  onTray?: (isOpen: boolean) => void;
}

/** What a command answers: data, a sense, nothing, or later (it finishes by itself). */
type Reply = Uint8Array | Sense | "done" | "later";

interface CommandRow {
  run: (drive: AtapiCdrom, cdb: Uint8Array, command: AtaCommand) => Reply;
  /** Needs a disc in a closed tray. */
  needsDisc?: boolean;
  /** Answered in spite of a pending unit attention. */
  ignoresAttention?: boolean;
  /** Where the CDB has its allocation length: offset, bytes. */
  limit?: readonly [at: number, bytes: number];
}

export class AtapiCdrom implements AtaDevice {
  readonly signature = SIGNATURE_PACKET;
  readonly resetStatus = 0; // a packet device is not ready until it was spoken to
  private readonly identity: DriveIdentity;
  private readonly onTray: (isOpen: boolean) => void;
  private disc: Disc | undefined;
  private sense: Sense = NO_SENSE;
  private attention: Sense | undefined;
  private event = EVENT_NONE;
  private recovery = [0, 0];
  private transferMode = 0x45;
  private isStandby = false;
  isTrayOpen = false;
  isLocked = false;

  constructor(options: CdromOptions) {
    this.identity = {
      serial: options.serial,
      model: options.model ?? "LONGMODE DVD-ROM",
      firmware: options.firmware ?? "1.0",
    };
    this.onTray = options.onTray ?? (() => {});
    this.disc = options.disc;
  }

  // What the person does

  /** Puts a disc in, in place of the one that is there. */
  insert(disc: Disc): void {
    this.disc = disc;
    this.isTrayOpen = false;
    this.attention = ATTENTION_MEDIUM_CHANGED;
    this.event = EVENT_NEW_MEDIA;
  }

  /** Takes the disc out; false when the guest holds it and `isForced` is not said: it is then asked. */
  eject(isForced = false): boolean {
    if (this.isLocked && !isForced && this.disc && !this.isTrayOpen) {
      this.event = EVENT_EJECT_REQUEST;
      return false;
    }
    this.disc = undefined;
    this.isTrayOpen = true;
    this.isLocked = false;
    this.event = EVENT_MEDIA_REMOVAL;
    return true;
  }

  get insertedDisc(): Disc | undefined {
    return this.disc;
  }

  /** Sectors of the disc that can be read now, 0 without one. */
  get sectors(): number {
    return this.disc && !this.isTrayOpen ? Math.ceil(this.disc.size / CD_SECTOR) : 0;
  }

  // ATA

  reset(isSoft: boolean): void {
    this.sense = NO_SENSE;
    this.isStandby = false;
    if (isSoft) return;
    this.isLocked = false;
    this.recovery = [0, 0];
    this.attention = ATTENTION_RESET;
  }

  execute(command: AtaCommand): void {
    const { command: code, features } = command.taskFile;
    switch (code) {
      case 0xa0:
        return this.packet(command);
      case 0xa1: {
        const error = command.send(identifyPacket(this.identity, this.transferMode));
        return error ? this.abort(command) : this.succeed(command, "pio-in");
      }
      case 0x08: // DEVICE RESET
        this.reset(true);
        return command.finish({
          protocol: "none",
          status: 0,
          error: 1,
          ...signatureRegisters(this.signature),
        });
      case 0x90: // EXECUTE DEVICE DIAGNOSTIC
        return command.finish({
          protocol: "none",
          status: 0,
          error: 1,
          ...signatureRegisters(this.signature),
        });
      case 0xec: // IDENTIFY DEVICE: aborted, with the signature that tells what this is
        return command.finish({
          protocol: "none",
          status: READY | ATA_ERR,
          error: ATA_ABRT,
          ...signatureRegisters(this.signature),
        });
      case 0xef:
        return this.setFeatures(command, features & 0xff, command.taskFile.count & 0xff);
      case 0xe0: // STANDBY (IMMEDIATE), IDLE (IMMEDIATE), SLEEP, FLUSH CACHE
      case 0xe2:
      case 0xe6:
        this.isStandby = true;
        return this.succeed(command, "none");
      case 0xe1:
      case 0xe3:
        this.isStandby = false;
        return this.succeed(command, "none");
      case 0xe7:
        return this.succeed(command, "none");
      case 0xe5: // CHECK POWER MODE
        return command.finish({
          protocol: "none",
          status: READY,
          error: 0,
          count: this.isStandby ? 0 : 0xff,
        });
      default:
        return this.abort(command);
    }
  }

  private setFeatures(command: AtaCommand, feature: number, mode: number): void {
    if (feature === 0x03) {
      if (mode >> 3 === 4 || mode >> 3 === 8) this.transferMode = mode;
      return this.succeed(command, "none");
    }
    if (feature === 0x66 || feature === 0xcc) return this.succeed(command, "none");
    this.abort(command);
  }

  private succeed(command: AtaCommand, protocol: AtaProtocol): void {
    command.finish({ protocol, status: READY, error: 0 });
  }

  private abort(command: AtaCommand): void {
    command.finish({ protocol: "none", status: READY | ATA_ERR, error: ATA_ABRT });
  }

  // PACKET

  private packet(command: AtaCommand): void {
    this.isStandby = false;
    const cdb = command.packet;
    const row = COMMANDS[cdb[0]];
    const reply = this.dispatch(row, cdb, command);
    if (reply === "later") return;
    if (reply === "done") return this.complete(command, NO_SENSE, 0);
    if (!(reply instanceof Uint8Array)) return this.complete(command, reply, 0);
    const limit = row?.limit ? field(cdb, row.limit[0], row.limit[1]) : reply.length;
    const data = reply.subarray(0, limit);
    const error = command.send(data);
    this.complete(command, error ? ABORTED_DATA : NO_SENSE, data.length);
  }

  private dispatch(row: CommandRow | undefined, cdb: Uint8Array, command: AtaCommand): Reply {
    if (this.attention && !row?.ignoresAttention) {
      const attention = this.attention;
      this.attention = undefined;
      return attention;
    }
    if (!row) return ILLEGAL_OPCODE;
    if (row.needsDisc && this.sectors === 0)
      return this.isTrayOpen ? NOT_READY_TRAY_OPEN : NOT_READY_NO_MEDIUM;
    return row.run(this, cdb, command);
  }

  /** The end of PACKET: sense key in the error register, and bytes moved in the LBA registers. */
  complete(command: AtaCommand, sense: Sense, len: number): void {
    // REQUEST SENSE has reported what there was; every other command replaces it.
    this.sense = sense;
    const isDma = (command.taskFile.features & 1) !== 0;
    const isGood = sense[0] === 0;
    const count = Math.min(len, 0xfffe);
    command.finish({
      protocol: isDma || !isGood || len === 0 ? "dma" : "packet-pio-in",
      status: READY | (isGood ? 0 : ATA_ERR),
      error: isGood ? 0 : (sense[0] << 4) | (sense[0] === 5 ? ATA_ABRT : 0),
      count: REASON_STATUS,
      lba: count * 0x100,
    });
  }

  read(command: AtaCommand, lba: number, sectors: number): Reply {
    const disc = this.disc;
    if (!disc || lba + sectors > this.sectors || lba < 0) return ILLEGAL_LBA;
    if (sectors === 0) return "done";
    const len = sectors * CD_SECTOR;
    command.readDisk(disc.node, lba * CD_SECTOR, len, (error: TransferError | undefined) => {
      const isHost = error === "bus" || error === "overflow";
      this.complete(
        command,
        error ? (isHost ? ABORTED_DATA : MEDIUM_READ_ERROR) : NO_SENSE,
        error ? 0 : len,
      );
    });
    return "later";
  }

  /** READ CD: the user data of mode 1 sectors is all there is. */
  readCd(command: AtaCommand, cdb: Uint8Array, lba: number, sectors: number): Reply {
    const sectorType = (cdb[1] >>> 2) & 7;
    if (sectorType !== 0 && sectorType !== 2) return ILLEGAL_TRACK_MODE;
    const fields = cdb[9] & 0xf8;
    if (sectors < 0 || cdb[9] & 0x06 || (cdb[10] & 7) !== 0) return ILLEGAL_FIELD;
    if (fields === 0) return lba + sectors <= this.sectors ? "done" : ILLEGAL_LBA;
    return fields === 0x10 ? this.read(command, lba, sectors) : ILLEGAL_FIELD;
  }

  requestSense(): Uint8Array {
    let sense = this.sense;
    if (sense === NO_SENSE && this.attention) {
      sense = this.attention;
      this.attention = undefined;
    }
    return new Block()
      .u8(0x70, 0, sense[0], 0, 0, 0, 0, 10, 0, 0, 0, 0, sense[1], sense[2], 0, 0, 0, 0)
      .take();
  }

  inquiry(cdb: Uint8Array): Reply {
    if (cdb[1] & 1) return inquiryPage(cdb[2], this.identity) ?? ILLEGAL_FIELD;
    return cdb[2] === 0 ? inquiry(this.identity) : ILLEGAL_FIELD;
  }

  startStop(cdb: Uint8Array): Reply {
    const isLoadEject = (cdb[4] & 2) !== 0;
    const isStart = (cdb[4] & 1) !== 0;
    if (!isLoadEject || isStart === !this.isTrayOpen) return "done";
    if (!isStart) {
      if (this.isLocked) return ILLEGAL_REMOVAL_PREVENTED;
      this.isTrayOpen = true;
      this.event = EVENT_MEDIA_REMOVAL;
    } else {
      this.isTrayOpen = false;
      if (this.disc) {
        this.attention = ATTENTION_MEDIUM_CHANGED;
        this.event = EVENT_NEW_MEDIA;
      }
    }
    this.onTray(this.isTrayOpen);
    return "done";
  }

  eventStatus(cdb: Uint8Array): Reply {
    if ((cdb[1] & 1) === 0) return ILLEGAL_FIELD; // asynchronous notification
    if ((cdb[4] & (1 << CLASS_MEDIA)) === 0)
      return new Block().u8(0, 2, 0x80, 1 << CLASS_MEDIA).take();
    const status = (this.isTrayOpen ? 1 : 0) | (this.sectors > 0 ? 2 : 0);
    const { event } = this;
    this.event = EVENT_NONE;
    return new Block().u8(0, 6, CLASS_MEDIA, 1 << CLASS_MEDIA, event, status, 0, 0).take();
  }

  modeSense(cdb: Uint8Array, isLong: boolean): Reply {
    const control = cdb[2] >>> 6;
    if (control === 3) return ILLEGAL_NO_SAVING;
    const pages = modeSense(cdb[2] & 0x3f, control, this.isLocked, this.recovery);
    if (!pages) return ILLEGAL_FIELD;
    if (isLong) return new Block().zeros(6).block(pages).counted();
    return new Block()
      .u8(pages.length + 3, 0, 0, 0)
      .block(pages)
      .take();
  }

  /** MODE SELECT: error recovery parameters can be set, other pages only to what they are. */
  modeSelect(cdb: Uint8Array, command: AtaCommand, isLong: boolean): Reply {
    const len = isLong ? field(cdb, 7, 2) : cdb[4];
    if (len === 0) return "done";
    const header = isLong ? 8 : 4;
    const list = command.receive(len);
    if (typeof list === "string") return ABORTED_DATA;
    const recovery = [...this.recovery];
    for (let at = header; at < len; ) {
      const code = list[at] & 0x3f;
      const current = modeSense(code, 0, this.isLocked, this.recovery)?.take();
      if (code === 0x3f || !current || at + current.length > len || list[at + 1] !== current[1])
        return ILLEGAL_PARAMETER;
      for (let i = 2; i < current.length; i++) {
        if (code === 0x01 && i < 4) recovery[i - 2] = list[at + i];
        else if (list[at + i] !== current[i]) return ILLEGAL_PARAMETER;
      }
      at += current.length;
    }
    this.recovery = recovery;
    return "done";
  }

  preventAllow(cdb: Uint8Array): Reply {
    this.isLocked = (cdb[4] & 1) !== 0;
    return "done";
  }

  mechanismStatus(): Uint8Array {
    return new Block().u8(0, this.isTrayOpen ? 0x10 : 0, 0, 0, 0, 0, 0, 0).take();
  }

  dvdStructure(cdb: Uint8Array): Reply {
    if (profileOf(this.sectors) !== PROFILE_DVD_ROM) return ILLEGAL_INCOMPATIBLE_MEDIUM;
    if (cdb[6] !== 0) return ILLEGAL_FIELD; // second layer
    return dvdStructure(cdb[7], this.sectors) ?? ILLEGAL_FIELD;
  }

  trackInformation(cdb: Uint8Array): Reply {
    const kind = cdb[1] & 3;
    const number = field(cdb, 2, 4);
    const isKnown = kind === 0 ? number < this.sectors : number === 1;
    return kind < 3 && isKnown ? trackInformation(this.sectors) : ILLEGAL_FIELD;
  }

  toc(cdb: Uint8Array): Reply {
    const format = cdb[2] & 0xf || cdb[9] >>> 6; // the old place of the field, still used
    return readToc(this.sectors, format, (cdb[1] & 2) !== 0, cdb[6]) ?? ILLEGAL_FIELD;
  }
}

function field(cdb: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value = value * 0x100 + cdb[at + i];
  return value;
}

function fromMsf(cdb: Uint8Array, at: number): number {
  return (cdb[at] * 60 + cdb[at + 1]) * 75 + cdb[at + 2] - 150;
}

/** Commands by operation code. */
// biome-ignore format: one command per line
const COMMANDS: Partial<Record<number, CommandRow>> = {
  0x00: { needsDisc: true, run: () => "done" },                                                        // TEST UNIT READY
  0x03: { ignoresAttention: true, limit: [4, 1], run: (drive) => drive.requestSense() },               // REQUEST SENSE
  0x12: { ignoresAttention: true, limit: [3, 2], run: (drive, cdb) => drive.inquiry(cdb) },            // INQUIRY
  0x15: { run: (drive, cdb, command) => drive.modeSelect(cdb, command, false) },                       // MODE SELECT(6)
  0x1a: { limit: [4, 1], run: (drive, cdb) => drive.modeSense(cdb, false) },                           // MODE SENSE(6)
  0x1b: { run: (drive, cdb) => drive.startStop(cdb) },                                                 // START STOP UNIT
  0x1e: { run: (drive, cdb) => drive.preventAllow(cdb) },                                              // PREVENT ALLOW MEDIUM REMOVAL
  0x25: { needsDisc: true, run: (drive) => new Block().u32(drive.sectors - 1).u32(CD_SECTOR).take() }, // READ CAPACITY
  0x28: { needsDisc: true, run: (drive, cdb, command) => drive.read(command, field(cdb, 2, 4), field(cdb, 7, 2)) }, // READ(10)
  0x2b: { needsDisc: true, run: (drive, cdb) => (field(cdb, 2, 4) < drive.sectors ? "done" : ILLEGAL_LBA) }, // SEEK(10)
  0x35: { run: () => "done" },                                                                         // SYNCHRONIZE CACHE
  0x42: { needsDisc: true, limit: [7, 2], run: (_, cdb) => subChannel(cdb[3], (cdb[1] & 2) !== 0) ?? ILLEGAL_FIELD }, // READ SUB-CHANNEL
  0x43: { needsDisc: true, limit: [7, 2], run: (drive, cdb) => drive.toc(cdb) },                       // READ TOC/PMA/ATIP
  0x46: { ignoresAttention: true, limit: [7, 2], run: (drive, cdb) => configuration(drive.sectors, cdb[1] & 3, field(cdb, 2, 2)) }, // GET CONFIGURATION
  0x4a: { ignoresAttention: true, limit: [7, 2], run: (drive, cdb) => drive.eventStatus(cdb) },        // GET EVENT STATUS NOTIFICATION
  0x4e: { run: () => "done" },                                                                         // STOP PLAY/SCAN
  0x51: { needsDisc: true, limit: [7, 2], run: () => discInformation() },                              // READ DISC INFORMATION
  0x52: { needsDisc: true, limit: [7, 2], run: (drive, cdb) => drive.trackInformation(cdb) },          // READ TRACK INFORMATION
  0x55: { run: (drive, cdb, command) => drive.modeSelect(cdb, command, true) },                        // MODE SELECT(10)
  0x5a: { limit: [7, 2], run: (drive, cdb) => drive.modeSense(cdb, true) },                            // MODE SENSE(10)
  0xa8: { needsDisc: true, run: (drive, cdb, command) => drive.read(command, field(cdb, 2, 4), field(cdb, 6, 4)) }, // READ(12)
  0xad: { needsDisc: true, limit: [8, 2], run: (drive, cdb) => drive.dvdStructure(cdb) },              // READ DVD STRUCTURE
  0xb9: { needsDisc: true, run: (drive, cdb, command) => drive.readCd(command, cdb, fromMsf(cdb, 3), fromMsf(cdb, 6) - fromMsf(cdb, 3)) }, // READ CD MSF
  0xbb: { run: () => "done" },                                                                         // SET CD SPEED
  0xbd: { limit: [8, 2], run: (drive) => drive.mechanismStatus() },                                    // MECHANISM STATUS
  0xbe: { needsDisc: true, run: (drive, cdb, command) => drive.readCd(command, cdb, field(cdb, 2, 4), field(cdb, 6, 3)) }, // READ CD
};
