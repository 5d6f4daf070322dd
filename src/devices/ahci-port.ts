/**
 * One port of the AHCI controller: its registers, the FISes its device sends, and the engine that takes
 * commands out of the list. AHCI 1.3.1 chapters 3.3 (registers), 5 (data transfer), 6 (errors), 10.4
 * (reset).
 *
 *   00 CLB  04 CLBU  08 FB  0C FBU   10 IS   14 IE   18 CMD   20 TFD  24 SIG
 *   28 SSTS 2C SCTL  30 SERR 34 SACT 38 CI   3C SNTF 40 FBS   others read 0
 *
 * Commands start in the order of their slots, round robin; one at a time, except that queued ones step
 * aside once the device has accepted them. An error stops the engine until the driver clears ST.
 *
 * Stopping does not end the disk requests that are under way, and those write to guest RAM: so CMD.CR
 * stays set, a COMRESET keeps the device busy, and an HBA reset keeps GHC.HR until they are back. That is
 * what the specification lets a slow drive do, and drivers wait.
 *
 * The link is always up at 6 Gbit/s (or what SCTL allows) when a device is there; power states of the
 * link, port multipliers, FIS-based switching, cold presence detection and staggered spin-up are absent,
 * and their registers and bits read 0.
 */
import { log } from "../base/log";
import type { GuestMemory } from "../memory/guest-memory";
import { AhciCommand, type CommandContext, type CommandOwner } from "./ahci-command";
import {
  ATA_BSY,
  ATA_DRDY,
  ATA_DRQ,
  ATA_DSC,
  ATA_ERR,
  ATA_SRST,
  type AtaDevice,
  type Completion,
  signatureRegisters,
} from "./ata";
import type { DriveIo } from "./drive-io";

export const PORT_CLB = 0x00;
export const PORT_CLBU = 0x04;
export const PORT_FB = 0x08;
export const PORT_FBU = 0x0c;
export const PORT_IS = 0x10;
export const PORT_IE = 0x14;
export const PORT_CMD = 0x18;
export const PORT_TFD = 0x20;
export const PORT_SIG = 0x24;
export const PORT_SSTS = 0x28;
export const PORT_SCTL = 0x2c;
export const PORT_SERR = 0x30;
export const PORT_SACT = 0x34;
export const PORT_CI = 0x38;
export const PORT_SNTF = 0x3c;

export const IS_DHRS = 1 << 0; // device to host register FIS
export const IS_PSS = 1 << 1; // PIO setup FIS
export const IS_DSS = 1 << 2; // DMA setup FIS
export const IS_SDBS = 1 << 3; // set device bits FIS
export const IS_DPS = 1 << 5; // descriptor with its interrupt bit processed
export const IS_PCS = 1 << 6; // = SERR.DIAG.X
export const IS_PRCS = 1 << 22; // = SERR.DIAG.N
export const IS_OFS = 1 << 24; // more data than descriptors
export const IS_IFS = 1 << 27; // interface fatal error
export const IS_HBFS = 1 << 29; // host bus fatal error
export const IS_TFES = 1 << 30; // task file error
const IS_WRITABLE = 0x7dc0_00af & ~(IS_PCS | IS_PRCS);
const IE_WRITABLE = 0x7dc0_007f;

export const CMD_ST = 1 << 0;
const CMD_SUD = 1 << 1; // always on: no staggered spin-up
const CMD_POD = 1 << 2; // always on: no cold presence detection
export const CMD_CLO = 1 << 3;
export const CMD_FRE = 1 << 4;
export const CMD_FR = 1 << 14;
export const CMD_CR = 1 << 15;
const CMD_ATAPI = 1 << 24;
const CMD_DLAE = 1 << 25;
const CMD_KEPT = CMD_ATAPI | CMD_DLAE;

const SERR_DIAG_N = 1 << 16;
const SERR_DIAG_X = 1 << 26;
const SCTL_WRITABLE = 0xfff;
const DET_INIT = 1;
const DET_OFFLINE = 4;
const LINK_SPEED = 3;
const LINK_UP = 0x103; // active, device present and communicating; speed goes between
const NO_DEVICE_TFD = 0x7f;
const NO_SIGNATURE = 0xffff_ffff;

/** Offsets in the received FIS area. The DMA setup FISes of queued commands are not written there. */
const FIS_PIO_SETUP = 0x20;
const FIS_D2H = 0x40;
const FIS_SDB = 0x58;

export interface PortBoard {
  readonly memory: GuestMemory;
  /** False while the driver has bus mastering off: nothing moves then. */
  canMaster(): boolean;
  /** The port's interrupt status or enable changed; `isNew` when an event was added. */
  interruptChanged(isNew: boolean): void;
}

export class AhciPort implements CommandOwner {
  private clb = 0;
  private clbu = 0;
  private fb = 0;
  private fbu = 0;
  private is = 0;
  private ie = 0;
  private cmd = 0;
  private tfd = NO_DEVICE_TFD;
  private sig = NO_SIGNATURE;
  private sctl = 0;
  private serr = 0;
  private sact = 0;
  private ci = 0;

  private device: AtaDevice | undefined;
  private io: DriveIo | undefined;
  /** Counts stops and resets: commands of an earlier epoch have no say any more. */
  private epoch = 0;
  /** The command the device is busy with, and those it has queued, by slot. */
  private current: AhciCommand | undefined;
  private queued = 0;
  private lastSlot = 31;
  /** A fatal error was reported: nothing starts until ST is cleared. */
  private isHalted = false;
  private isIssuing = false;
  /** Waiting for disk requests before the reset or stop is over. */
  private isDraining = false;
  private isInSoftReset = false;
  /** The signature FIS of the last reset waits for the driver to enable FIS reception. */
  private hasSignatureToSend = false;

  constructor(
    readonly index: number,
    private readonly board: PortBoard,
  ) {}

  attach(device: AtaDevice, io: DriveIo): void {
    this.device = device;
    this.io = io;
    this.linkUp();
  }

  get isIdle(): boolean {
    return this.io?.isIdle ?? true;
  }

  /** Interrupt status as the driver sees it, and whether it raises the controller's line. */
  get status(): number {
    const pcs = this.serr & SERR_DIAG_X ? IS_PCS : 0;
    const prcs = this.serr & SERR_DIAG_N ? IS_PRCS : 0;
    return (this.is | pcs | prcs) >>> 0;
  }

  get isInterrupting(): boolean {
    return (this.status & this.ie) !== 0;
  }

  read(register: number): number {
    switch (register) {
      case PORT_CLB:
        return this.clb;
      case PORT_CLBU:
        return this.clbu;
      case PORT_FB:
        return this.fb;
      case PORT_FBU:
        return this.fbu;
      case PORT_IS:
        return this.status;
      case PORT_IE:
        return this.ie;
      case PORT_CMD:
        return this.readCommand();
      case PORT_TFD:
        return this.tfd;
      case PORT_SIG:
        return this.sig;
      case PORT_SSTS:
        return this.linkStatus();
      case PORT_SCTL:
        return this.sctl;
      case PORT_SERR:
        return this.serr >>> 0;
      case PORT_SACT:
        return this.sact >>> 0;
      case PORT_CI:
        return this.ci >>> 0;
      default:
        return 0;
    }
  }

  write(register: number, value: number): void {
    switch (register) {
      case PORT_CLB:
        this.clb = (value & ~0x3ff) >>> 0;
        break;
      case PORT_CLBU:
        this.clbu = value;
        break;
      case PORT_FB:
        this.fb = (value & ~0xff) >>> 0;
        break;
      case PORT_FBU:
        this.fbu = value;
        break;
      case PORT_IS:
        this.is &= ~(value & IS_WRITABLE);
        this.board.interruptChanged(false);
        break;
      case PORT_IE:
        this.ie = (value & IE_WRITABLE) >>> 0;
        this.board.interruptChanged(false);
        break;
      case PORT_CMD:
        this.writeCommand(value);
        break;
      case PORT_SCTL:
        this.writeControl(value & SCTL_WRITABLE);
        break;
      case PORT_SERR:
        this.serr &= ~value;
        this.board.interruptChanged(false);
        break;
      case PORT_SACT:
        if (this.cmd & CMD_ST) this.sact |= value;
        break;
      case PORT_CI:
        if (this.cmd & CMD_ST) this.ci |= value;
        this.issue();
    }
  }

  /** HBA reset (10.4.3): everything but the list and FIS addresses, then a COMRESET. */
  reset(): void {
    this.is = 0;
    this.ie = 0;
    this.cmd = 0;
    this.sctl = 0;
    this.serr = 0;
    this.stop();
    this.linkUp();
  }

  /** Power-on: the addresses too. */
  powerOn(): void {
    this.clb = 0;
    this.clbu = 0;
    this.fb = 0;
    this.fbu = 0;
    this.reset();
  }

  /** Calls `action` when no disk request of this port is under way. */
  whenIdle(action: () => void): void {
    if (this.io) this.io.whenIdle(action);
    else action();
  }

  // Commands

  isCurrent(command: AhciCommand): boolean {
    return command.epoch === this.epoch;
  }

  /** The device accepted a queued command: a register FIS without interrupt clears BSY and the slot. */
  released(command: AhciCommand): void {
    this.queued |= 1 << command.slot;
    this.current = undefined;
    this.ci &= ~(1 << command.slot);
    this.sendRegisterFis(
      command,
      { protocol: "queued", status: ATA_DRDY | ATA_DSC, error: 0 },
      false,
    );
    this.issue();
  }

  finished(command: AhciCommand, completion: Completion): void {
    this.noteTransfer(command);
    if (command.hasBusError) return this.fatal(IS_HBFS, "a command's buffer lies outside RAM");
    const isError = (completion.status & ATA_ERR) !== 0;
    if (completion.protocol === "queued") {
      this.queued &= ~(1 << command.slot);
      this.sendSetDeviceBits(completion, isError ? 0 : 1 << command.slot);
    } else {
      this.current = undefined;
      if (!isError) this.ci &= ~(1 << command.slot); // an error leaves it set (6.2.1)
      this.sendFinalFis(command, completion, isError);
    }
    if (isError) this.halt(IS_TFES);
    else this.issue();
  }

  private readonly issue = (): void => {
    if (this.isIssuing) return;
    this.isIssuing = true;
    while (this.canIssue()) this.start(this.nextSlot());
    this.isIssuing = false;
  };

  private canIssue(): boolean {
    const isReady = (this.cmd & CMD_ST) !== 0 && !this.isHalted && !this.isDraining;
    return isReady && this.current === undefined && this.waiting !== 0 && this.device !== undefined;
  }

  /** Slots that were issued and have not started: a queued one that is issued again waits for its turn. */
  private get waiting(): number {
    return this.ci & ~this.queued;
  }

  private nextSlot(): number {
    let slot = this.lastSlot;
    do slot = (slot + 1) & 31;
    while ((this.waiting & (1 << slot)) === 0);
    this.lastSlot = slot;
    return slot;
  }

  private start(slot: number): void {
    const device = this.device as AtaDevice;
    if (!this.board.canMaster())
      return this.fatal(IS_HBFS, "a command was issued with bus mastering off");
    const context: CommandContext = {
      memory: this.board.memory,
      io: this.io as DriveIo,
      owner: this,
      epoch: this.epoch,
    };
    const command = AhciCommand.fetch(this.clbu * 0x1_0000_0000 + this.clb, slot, context);
    if (command === "bus") return this.fatal(IS_HBFS, "the command list or table lies outside RAM");
    if (command === "fis") return this.fatal(IS_IFS, "a command table holds no register FIS");
    if (command.isControl) return this.control(command);
    this.current = command;
    this.tfd = ATA_BSY;
    device.execute(command);
  }

  /** A register FIS with the C bit clear: only its control byte counts (SATA 3.2 section 11.4). */
  private control(command: AhciCommand): void {
    this.ci &= ~(1 << command.slot);
    const isReset = (command.control & ATA_SRST) !== 0;
    if (isReset && !this.isInSoftReset) {
      this.device?.reset(true);
      this.abandon();
      this.tfd = command.clearsBusy ? 0 : ATA_BSY;
    } else if (!isReset && this.isInSoftReset) {
      this.tfd = ATA_BSY;
      this.hasSignatureToSend = true;
      this.sendSignature();
    }
    this.isInSoftReset = isReset;
  }

  // What the device sends

  private sendFinalFis(command: AhciCommand, completion: Completion, isError: boolean): void {
    const { protocol } = completion;
    if (protocol === "pio-in" && !isError) return this.sendPioSetup(command, completion, true);
    if (protocol === "packet-pio-in") this.sendPioSetup(command, completion, true);
    if (protocol === "pio-out") this.sendPioSetup(command, completion, false);
    this.sendRegisterFis(command, completion, true);
  }

  private sendRegisterFis(command: AhciCommand, completion: Completion, interrupts: boolean): void {
    const fis = new Uint8Array(20);
    fis[0] = 0x34;
    fis[1] = interrupts ? 0x40 : 0;
    this.fillRegisters(fis, command, completion);
    this.tfd = completion.status | (completion.error << 8);
    this.store(FIS_D2H, fis);
    if (interrupts) this.raise(IS_DHRS);
  }

  /** The FIS that announces a block of PIO data; its end status stands in for the final FIS of reads. */
  private sendPioSetup(command: AhciCommand, completion: Completion, isIn: boolean): void {
    const fis = new Uint8Array(20);
    fis[0] = 0x5f;
    fis[1] = isIn ? 0x60 : 0;
    this.fillRegisters(fis, command, completion);
    fis[2] = ATA_DRDY | ATA_DSC | ATA_DRQ;
    fis[15] = completion.status;
    fis[16] = command.bytesMoved & 0xff;
    fis[17] = (command.bytesMoved >>> 8) & 0xff;
    this.tfd = completion.status | (completion.error << 8);
    this.store(FIS_PIO_SETUP, fis);
    if (isIn) this.raise(IS_PSS);
  }

  private sendSetDeviceBits(completion: Completion, done: number): void {
    const fis = new Uint8Array(8);
    fis[0] = 0xa1;
    fis[1] = 0x40;
    fis[2] = completion.status & 0x77;
    fis[3] = completion.error;
    new DataView(fis.buffer).setUint32(4, done >>> 0, true);
    this.tfd =
      (this.tfd & (ATA_BSY | ATA_DRQ)) | (completion.status & 0x77) | (completion.error << 8);
    this.sact &= ~done;
    this.store(FIS_SDB, fis);
    this.raise(IS_SDBS);
  }

  private fillRegisters(fis: Uint8Array, command: AhciCommand, completion: Completion): void {
    const lba = completion.lba ?? command.taskFile.lba;
    const count = completion.count ?? command.taskFile.count;
    const low = lba % 0x100_0000;
    const high = (lba - low) / 0x100_0000;
    fis[2] = completion.status;
    fis[3] = completion.error;
    fis.set([low & 0xff, (low >>> 8) & 0xff, low >>> 16], 4);
    fis[7] = completion.device ?? command.taskFile.device;
    fis.set([high & 0xff, (high >>> 8) & 0xff, high >>> 16], 8);
    fis[12] = count & 0xff;
    fis[13] = count >>> 8;
  }

  /** The register FIS after a reset, as soon as the driver receives FISes and the drive is at rest. */
  private sendSignature(): void {
    const { device } = this;
    if (!device || !this.hasSignatureToSend || this.isDraining || (this.cmd & CMD_FRE) === 0)
      return;
    this.hasSignatureToSend = false;
    const { count, lba } = signatureRegisters(device.signature);
    const fis = new Uint8Array(20);
    fis[0] = 0x34;
    fis[2] = device.resetStatus;
    fis[3] = 0x01; // diagnostics passed
    fis.set([lba & 0xff, (lba >>> 8) & 0xff, lba >>> 16], 4);
    fis[12] = count;
    this.tfd = device.resetStatus | 0x0100;
    this.sig = device.signature;
    this.store(FIS_D2H, fis);
  }

  private store(offset: number, fis: Uint8Array): void {
    if ((this.cmd & CMD_FRE) === 0 || !this.board.canMaster()) return;
    const gpa = this.fbu * 0x1_0000_0000 + this.fb + offset;
    if (!this.board.memory.write(gpa, fis))
      this.fatal(IS_HBFS, "the received FIS area lies outside RAM");
  }

  private noteTransfer(command: AhciCommand): void {
    if (command.hasOverflowed) this.raise(IS_OFS);
    if (command.wantsPrdInterrupt) this.raise(IS_DPS);
    if (!command.isReleased)
      this.board.memory.write32(command.headerGpa + 4, command.bytesMoved >>> 0);
  }

  // Errors, stops and resets

  private raise(bits: number): void {
    this.is |= bits;
    this.board.interruptChanged(true);
  }

  private fatal(bit: number, what: string): void {
    log.guest("AHCI", what);
    this.halt(bit);
  }

  /** Reports an error and freezes: the command stays current, so the port stays busy until ST is cleared. */
  private halt(bit: number): void {
    this.isHalted = true;
    this.epoch++;
    this.raise(bit);
  }

  /** ST cleared, or a reset: forgets every command and waits for what the disk still does. */
  private stop(): void {
    this.ci = 0;
    this.lastSlot = 31;
    this.isHalted = false;
    this.abandon();
  }

  /** Forgets the commands the device has, and starts no other before their disk requests are back. */
  private abandon(): void {
    this.epoch++;
    this.current = undefined;
    this.queued = 0;
    this.sact = 0;
    this.isDraining = true;
    this.whenIdle(() => {
      this.isDraining = false;
      this.sendSignature();
      this.issue();
    });
  }

  private readCommand(): number {
    const running = this.cmd & CMD_ST || this.isDraining ? CMD_CR : 0;
    const receiving = this.cmd & CMD_FRE ? CMD_FR : 0;
    const slot = this.cmd & CMD_ST ? (this.lastSlot & 31) << 8 : 0;
    return (this.cmd | CMD_SUD | CMD_POD | running | receiving | slot) >>> 0;
  }

  private writeCommand(value: number): void {
    const wasStarted = (this.cmd & CMD_ST) !== 0;
    this.cmd = value & (CMD_ST | CMD_FRE | CMD_KEPT);
    const isStarted = (this.cmd & CMD_ST) !== 0;
    if (wasStarted && !isStarted) {
      // The device answers a command that the host gave up on, and nobody listens: it is idle afterwards.
      const wasBusy = this.current !== undefined && !this.isHalted;
      this.stop();
      if (wasBusy) this.tfd = ATA_DRDY | ATA_DSC;
    }
    if (value & CMD_CLO && !isStarted && this.device) this.tfd &= ~(ATA_BSY | ATA_DRQ);
    this.sendSignature();
  }

  private writeControl(value: number): void {
    const before = this.sctl & 0xf;
    const after = value & 0xf;
    this.sctl = value;
    if (after === DET_INIT || after === DET_OFFLINE) {
      if (before !== after) this.stop();
      this.hasSignatureToSend = false;
      this.tfd = NO_DEVICE_TFD;
    } else if (before === DET_INIT || before === DET_OFFLINE) {
      this.linkUp();
    }
  }

  /** The device comes up after COMRESET or power-on. */
  private linkUp(): void {
    this.sig = NO_SIGNATURE;
    this.isInSoftReset = false;
    if (!this.device) {
      this.tfd = NO_DEVICE_TFD;
      return;
    }
    this.device.reset(false);
    this.tfd = ATA_BSY;
    this.serr |= SERR_DIAG_N | SERR_DIAG_X;
    this.hasSignatureToSend = true;
    this.sendSignature();
    this.board.interruptChanged(true);
  }

  private linkStatus(): number {
    const det = this.sctl & 0xf;
    if (det === DET_OFFLINE) return DET_OFFLINE;
    if (!this.device || det === DET_INIT) return 0;
    const limit = (this.sctl >>> 4) & 0xf;
    return LINK_UP | ((limit === 0 ? LINK_SPEED : Math.min(limit, LINK_SPEED)) << 4);
  }
}
