/** Files that the command line reads whole; what cannot be read is one sentence. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../machine/keyval";

export function readFile(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a directory"
          : code === "EACCES"
            ? "this user may not read it"
            : `${code}`;
    throw new ConfigError(`${option} ${path} cannot be read: ${why}.`);
  }
}

/** Where firmware lies: the cache of the repository at `root`, then where Debian's package puts it. */
export function firmwareDirs(root: string): string[] {
  const cache = process.env.LONGMODE_CACHE || join(root, ".cache");
  return [join(cache, "firmware"), "/usr/share/seabios"];
}

/** A firmware image by its usual name. */
export function readFirmware(name: string, dirs: string[]): Uint8Array {
  for (const dir of dirs) {
    try {
      return readFileSync(join(dir, name));
    } catch {
      // the next place
    }
  }
  throw new ConfigError(
    `The firmware ${name} is missing: run \`npm start\` or install the package seabios.`,
  );
}
