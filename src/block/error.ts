/**
 * What can go wrong with a disk, as a closed set of codes. The message is one sentence for the person
 * at the machine: it names the file and says what to do. Codes travel between threads as their index
 * in BLOCK_ERRORS plus one (0 is success), see disk-ring.ts; append, never reorder.
 */
export const BLOCK_ERRORS = [
  "io", // the storage failed and gave no better reason
  "changed", // the file is not the one that was opened any more
  "gone", // the file disappeared while in use
  "not-found", // there never was such a file
  "forbidden", // it exists but may not be read
  "unreachable", // no answer from the server, or none that this page may see (CORS)
  "bad-answer", // the server answered something that cannot be used as a disk
  "encoded", // the server compresses ranges: offsets mean nothing
  "too-large", // would not fit into memory
  "read-only", // a write to something that cannot be written
  "out-of-range", // a write beyond the end
  "no-space", // the store is full
  "unsupported-format", // an image format that is not read here
  "closed", // the node was closed, or was never opened
] as const;

export type BlockErrorCode = (typeof BLOCK_ERRORS)[number];

export class BlockError extends Error {
  readonly code: BlockErrorCode;
  /** The file, address or image the message speaks of. */
  readonly file: string;

  constructor(code: BlockErrorCode, file: string, message: string) {
    super(message);
    this.name = "BlockError";
    this.code = code;
    this.file = file;
  }
}

/** Any rejection as a BlockError: what is not one already becomes "io" with its own text. */
export function toBlockError(error: unknown, file: string): BlockError {
  if (error instanceof BlockError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new BlockError("io", file, `Reading or writing "${file}" failed: ${reason}.`);
}

export function errorStatus(code: BlockErrorCode): number {
  return BLOCK_ERRORS.indexOf(code) + 1;
}

/** The code of a status word; undefined for success. An unknown status is an I/O error. */
export function statusError(status: number): BlockErrorCode | undefined {
  return status === 0 ? undefined : (BLOCK_ERRORS[status - 1] ?? "io");
}
