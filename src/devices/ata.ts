/**
 * What an ATA device and the port it hangs on say to each other, and the names of ATA8-ACS both use.
 * A device sees commands as task files plus a way to move their data, and never a register of the host
 * bus adapter; the port sees completions and turns them into FISes and interrupts.
 */
import type { BlockErrorCode } from "../block/error";

/** Status register (ACS-3 section 6.1). */
export const ATA_BSY = 0x80;
export const ATA_DRDY = 0x40;
export const ATA_DF = 0x20;
export const ATA_DSC = 0x10; // obsolete "seek complete"; set with DRDY by every real drive
export const ATA_DRQ = 0x08;
export const ATA_ERR = 0x01; // CHK for PACKET

/** Error register (ACS-3 section 6.2). */
export const ATA_UNC = 0x40;
export const ATA_IDNF = 0x10;
export const ATA_ABRT = 0x04;

/** Device register: the LBA field holds an LBA and not cylinder, head, sector. */
export const ATA_DEVICE_LBA = 0x40;

/** Control register: software reset. */
export const ATA_SRST = 0x04;

export const SECTOR_SIZE = 512;

/** The registers of one command as they arrive; 48 bits of LBA, 16 of count and features. */
export interface TaskFile {
  command: number;
  features: number;
  lba: number;
  count: number;
  device: number;
}

export type AtaProtocol =
  | "none" // no data
  | "pio-in"
  | "pio-out"
  | "dma" // PACKET with DMA included
  | "packet-pio-in"
  | "queued"; // completes by Set Device Bits

/** How a command ended; registers not named keep what the command brought. */
export interface Completion {
  protocol: AtaProtocol;
  status: number;
  error: number;
  lba?: number;
  count?: number;
  device?: number;
}

/** Why data could not move: the storage, the guest's addresses, or a table shorter than the data. */
export type TransferError = BlockErrorCode | "bus" | "overflow";

/** One command under way. Every command is finished exactly once, now or later. */
export interface AtaCommand {
  readonly taskFile: TaskFile;
  /** Command packet of PACKET. */
  readonly packet: Uint8Array;
  /** The host stopped or reset the port meanwhile: whatever is done now is done for nobody. */
  readonly isAbandoned: boolean;
  /** Gives `data` to the host, as far as its buffer goes. */
  send(data: Uint8Array): TransferError | undefined;
  /** Takes `len` bytes from the host; a TransferError when it has not that many. */
  receive(len: number): Uint8Array | TransferError;
  /** Moves len bytes of node `node` from `offset` to the host. `done` may be called at once. */
  readDisk(
    node: number,
    offset: number,
    len: number,
    done: (error: TransferError | undefined) => void,
  ): void;
  writeDisk(
    node: number,
    offset: number,
    len: number,
    done: (error: TransferError | undefined) => void,
  ): void;
  /** A queued command was accepted: the device is free for the next one. */
  release(): void;
  finish(completion: Completion): void;
}

export interface AtaDevice {
  /** Count, LBA low, mid, high after reset, as PxSIG shows them: which kind of device this is. */
  readonly signature: number;
  /** Status and error that follow a reset. */
  readonly resetStatus: number;
  /** COMRESET, power-on, or software reset; nothing is under way any more. */
  reset(isSoft: boolean): void;
  execute(command: AtaCommand): void;
}

export const SIGNATURE_DISK = 0x0000_0101;
export const SIGNATURE_PACKET = 0xeb14_0101;

/** The registers of a signature: count 1, LBA low 1, and the kind in LBA mid and high. */
export function signatureRegisters(signature: number): {
  count: number;
  lba: number;
  device: number;
} {
  return { count: signature & 0xff, lba: signature >>> 8, device: 0 };
}
