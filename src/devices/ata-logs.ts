/**
 * Logs and SMART pages of a disk that never wears out: enough for smartmontools and for the error
 * handling of NCQ. ACS-3 section 7.49 (SMART), 9.10 (General Purpose logs), SATA 3.2 section 13.7 (log
 * 10h, which names the queued command that failed). Every page is 512 bytes and, but for the directory,
 * ends in a checksum.
 */
import { SECTOR_SIZE } from "./ata";

export const LOG_DIRECTORY = 0x00;
export const LOG_SMART_ERROR = 0x01;
export const LOG_SMART_SELF_TEST = 0x06;
export const LOG_NCQ_ERROR = 0x10;

/** The failed queued command as log 10h tells it. */
export interface QueueError {
  tag: number;
  status: number;
  error: number;
  lba: number;
  count: number;
  device: number;
}

/** A log read by READ LOG EXT (`isGpl`) or SMART READ LOG; undefined when there is none. */
export function readLog(
  log: number,
  isGpl: boolean,
  queueError: QueueError | undefined,
): Uint8Array | undefined {
  const page = new Uint8Array(SECTOR_SIZE);
  if (log === LOG_DIRECTORY) {
    const logs = isGpl ? [LOG_NCQ_ERROR] : [LOG_SMART_ERROR, LOG_SMART_SELF_TEST];
    page[0] = 1; // version
    for (const present of logs) page[present * 2] = 1; // one page each
    return page;
  }
  if (isGpl && log === LOG_NCQ_ERROR) return sealed(ncqError(page, queueError));
  if (!isGpl && log === LOG_SMART_ERROR) page[0] = 1;
  else if (!isGpl && log === LOG_SMART_SELF_TEST) page[0] = 1;
  else return undefined;
  return sealed(page);
}

function ncqError(page: Uint8Array, failed: QueueError | undefined): Uint8Array {
  if (!failed) {
    page[0] = 0x80; // NQ: the last error was not a queued command's
    return page;
  }
  const low = failed.lba % 0x100_0000;
  const high = (failed.lba - low) / 0x100_0000;
  page[0] = failed.tag;
  page[2] = failed.status;
  page[3] = failed.error;
  page.set([low & 0xff, (low >>> 8) & 0xff, low >>> 16, failed.device], 4);
  page.set([high & 0xff, (high >>> 8) & 0xff, high >>> 16], 8);
  page[12] = failed.count & 0xff;
  page[13] = failed.count >>> 8;
  return page;
}

/** Attributes: id, flags, value, threshold, raw. */
const ATTRIBUTES: [id: number, flags: number, value: number, threshold: number, raw: number][] = [
  [5, 0x33, 100, 10, 0], // reallocated sectors
  [9, 0x32, 100, 0, 1], // power-on hours
  [12, 0x32, 100, 0, 1], // power cycles
  [194, 0x22, 100, 0, 30], // temperature
  [197, 0x32, 100, 0, 0], // pending sectors
  [199, 0x32, 100, 0, 0], // interface CRC errors
];

export function smartData(): Uint8Array {
  const page = new Uint8Array(SECTOR_SIZE);
  page[0] = 0x10; // revision
  ATTRIBUTES.forEach(([id, flags, value, , raw], i) => {
    page.set([id, flags, 0, value, value, raw], 2 + i * 12);
  });
  page[362] = 0x00; // no off-line collection was ever started
  page[363] = 0x00; // no self-test was ever run
  page[367] = 0x10; // self-tests are implemented
  page[368] = 0x03; // attributes survive power cycles
  page[370] = 0x01; // error logging
  page[372] = 1; // minutes of a short and an extended self-test
  page[373] = 1;
  return sealed(page);
}

export function smartThresholds(): Uint8Array {
  const page = new Uint8Array(SECTOR_SIZE);
  page[0] = 0x10;
  ATTRIBUTES.forEach(([id, , , threshold], i) => {
    page.set([id, threshold], 2 + i * 12);
  });
  return sealed(page);
}

/** With the last byte such that all bytes add up to 0. */
function sealed(page: Uint8Array): Uint8Array {
  page[511] = 0;
  page[511] = -page.reduce((sum, byte) => sum + byte, 0);
  return page;
}
