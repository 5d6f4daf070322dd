// Lets one process at a time build something: others wait for it and then find the work done.
//
// The lock is a file with the builder's process id, made exclusively; one whose process is gone is
// taken over.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes the lock of a dead process; a second lock keeps two waiters from removing each other's. */
function takeOver(path, owner) {
  const guard = `${path}.takeover`;
  try {
    writeFileSync(guard, "", { flag: "wx" });
  } catch {
    return; // somebody else does it
  }
  try {
    if (Number(readFileSync(path, "utf8")) === owner) rmSync(path, { force: true });
  } catch {
    // released meanwhile
  } finally {
    rmSync(guard, { force: true });
  }
}

export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let owner = Number.NaN;
    try {
      owner = Number(readFileSync(path, "utf8"));
    } catch {
      continue; // released meanwhile
    }
    // An empty file is one that is being written this moment.
    if (owner > 0 && !isAlive(owner)) takeOver(path, owner);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
