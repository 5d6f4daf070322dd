/**
 * The block graph: every disk, image and medium is a BlockNode, a range of bytes that is read and
 * written asynchronously, and nodes are built on nodes (an overlay on a file, later a qcow2 image on
 * an OPFS file with a backing node). Offsets and lengths are bytes in no particular alignment; sectors
 * are the business of the device above.
 *
 * Reads past the end give zeroes, so that an image whose size is no multiple of the sector size reads
 * like QEMU's; writes past the end are refused with "out-of-range".
 */
import { BlockError } from "./error";

export interface BlockNode {
  /** What a person calls it: a file name or an address. Only for messages. */
  readonly name: string;
  readonly size: number;
  readonly isReadOnly: boolean;
  /** Fills `into` from `offset`. `into` may lie in shared memory. Rejects with a BlockError. */
  read(offset: number, into: Uint8Array): Promise<void>;
  write(offset: number, from: Uint8Array): Promise<void>;
  /** Resolves when every write that resolved before the call would survive a crash. */
  flush(): Promise<void>;
  /** The contents of the range do not matter any more; reads give zeroes afterwards. */
  discard?(offset: number, len: number): Promise<void>;
  close(): Promise<void>;
}

/** How much of [offset, offset + len) exists; the rest of a read is zeroes. */
export function lengthWithin(size: number, offset: number, len: number): number {
  return Math.max(0, Math.min(len, size - offset));
}

export function refuseWrite(name: string): BlockError {
  return new BlockError(
    "read-only",
    name,
    `"${name}" is open for reading only and was not changed.`,
  );
}

export function checkWrite(node: BlockNode, offset: number, len: number): void {
  if (node.isReadOnly) throw refuseWrite(node.name);
  if (offset < 0 || offset + len > node.size) {
    throw new BlockError("out-of-range", node.name, `A write went past the end of "${node.name}".`);
  }
}
