/** Files of the host under Node, for -drive file=… and -cdrom: see src/block/source-host.ts. */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { BlockError, type BlockErrorCode } from "../block/error";
import type { HostFile } from "../block/source-host";

export async function openHostFile(path: string, readOnly: boolean): Promise<HostFile> {
  let handle: FileHandle;
  let isReadOnly = readOnly;
  try {
    handle = await open(path, readOnly ? "r" : "r+");
  } catch (error) {
    if (readOnly || !["EACCES", "EPERM", "EROFS"].includes(codeOf(error)))
      throw openError(error, path);
    // Not ours to write: open it for reading, and let the overlay take the writes.
    handle = await open(path, "r").catch((reason) => {
      throw openError(reason, path);
    });
    isReadOnly = true;
  }
  const size = await sizeOf(handle, path);
  const name = basename(path);
  const guard = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw ioError(error, name);
    }
  };
  return {
    name,
    size,
    isReadOnly,
    async read(offset, into) {
      return (await guard(handle.read(into, 0, into.length, offset))).bytesRead;
    },
    async write(offset, from) {
      for (let at = 0; at < from.length; ) {
        at += (await guard(handle.write(from, at, from.length - at, offset + at))).bytesWritten;
      }
    },
    flush: () => guard(handle.datasync()),
    close: () => guard(handle.close()),
  };
}

async function sizeOf(handle: FileHandle, path: string): Promise<number> {
  const stat = await handle.stat();
  if (stat.isFile()) return stat.size;
  await handle.close();
  throw new BlockError("not-found", path, `"${path}" is not a file: name an image.`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException)?.code ?? "";
}

function openError(error: unknown, path: string): BlockError {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new BlockError("not-found", path, `There is no file "${path}": check the path.`);
  }
  if (code === "EISDIR")
    return new BlockError("not-found", path, `"${path}" is a directory: name an image.`);
  if (code === "EACCES" || code === "EPERM") {
    return new BlockError(
      "forbidden",
      path,
      `"${path}" may not be read by this user: check its permissions.`,
    );
  }
  return new BlockError("io", path, `Cannot open "${path}": ${(error as Error).message}.`);
}

function ioError(error: unknown, name: string): BlockError {
  const full: BlockErrorCode =
    codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT" ? "no-space" : "io";
  const fix =
    full === "no-space" ? "the host's disk is full, free some space" : (error as Error).message;
  return new BlockError(full, name, `Reading or writing "${name}" failed: ${fix}.`);
}
