/**
 * A file the person picked or dropped (File API), read lazily: nothing is uploaded or copied, each
 * chunk is sliced out when the guest asks for it. The browser compares the file with what it was when
 * it was picked and fails every later read if it was written to (NotReadableError) or removed
 * (NotFoundError): both end the disk with a sentence, since half an old and half a new image is worse
 * than none.
 */
import { BlockError } from "./error";
import { type RandomSource, ReadAheadNode, type ReadAheadOptions } from "./read-ahead";

/** What is used of a File, so that tests need no browser. */
export interface FileLike {
  readonly name: string;
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export function openFile(file: FileLike, options?: ReadAheadOptions): ReadAheadNode {
  return new ReadAheadNode(new FileSource(file), options);
}

class FileSource implements RandomSource {
  private readonly file: FileLike;
  readonly name: string;
  readonly size: number;

  constructor(file: FileLike) {
    this.file = file;
    this.name = file.name;
    this.size = file.size;
  }

  async fetch(offset: number, len: number): Promise<Uint8Array> {
    let buffer: ArrayBuffer;
    try {
      buffer = await this.file.slice(offset, offset + len).arrayBuffer();
    } catch (error) {
      throw fileError(error, this.name);
    }
    if (buffer.byteLength !== len) throw changed(this.name);
    return new Uint8Array(buffer);
  }
}

function changed(name: string): BlockError {
  return new BlockError(
    "changed",
    name,
    `"${name}" was changed or can no longer be read since it was chosen: choose the file again.`,
  );
}

function fileError(error: unknown, name: string): BlockError {
  const kind = error instanceof Error ? error.name : "";
  if (kind === "NotFoundError") {
    return new BlockError(
      "gone",
      name,
      `"${name}" is no longer there (moved, deleted, or its drive was unplugged): put it back and choose it again.`,
    );
  }
  if (kind === "NotAllowedError" || kind === "SecurityError") {
    return new BlockError(
      "forbidden",
      name,
      `The browser may not read "${name}" any more: choose the file again.`,
    );
  }
  return changed(name);
}
