/**
 * A file of the host through functions that the host gives us: Node's file handles on the command line
 * (src/cli/host-file.ts), OPFS sync handles in a browser later. Reads go straight into the given
 * bytes, guest RAM included; the host's own page cache is the read-ahead.
 */
import { BlockError, toBlockError } from "./error";
import { type BlockNode, checkWrite, lengthWithin } from "./node";

export interface HostFile {
  readonly name: string;
  readonly size: number;
  readonly isReadOnly: boolean;
  /** Reads into `into` from `offset`; resolves to the number of bytes, 0 at the end of the file. */
  read(offset: number, into: Uint8Array): Promise<number>;
  write(offset: number, from: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export class HostNode implements BlockNode {
  private readonly file: HostFile;
  readonly name: string;
  readonly size: number;
  readonly isReadOnly: boolean;

  constructor(file: HostFile) {
    this.file = file;
    this.name = file.name;
    this.size = file.size;
    this.isReadOnly = file.isReadOnly;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const len = lengthWithin(this.size, offset, into.length);
    into.fill(0, len);
    let at = 0;
    while (at < len) {
      const count = await this.guard(() => this.file.read(offset + at, into.subarray(at, len)));
      if (count === 0) {
        throw new BlockError(
          "changed",
          this.name,
          `"${this.name}" became shorter while it was in use: restore the file and start again.`,
        );
      }
      at += count;
    }
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    checkWrite(this, offset, from.length);
    await this.guard(() => this.file.write(offset, from));
  }

  flush(): Promise<void> {
    return this.isReadOnly ? Promise.resolve() : this.guard(() => this.file.flush());
  }

  close(): Promise<void> {
    return this.guard(() => this.file.close());
  }

  private async guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw toBlockError(error, this.name);
    }
  }
}
