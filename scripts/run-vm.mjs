// The command line's machine as a child process, for what runs programs in a guest and reads what they say.

import { spawn } from "node:child_process";

/** Calls `onLine` for each whole line of a stream. */
function splitLines(onLine) {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk.toString("latin1")).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) onLine(line);
  };
}

/**
 * Runs the command line's machine until it ends, `isDone(stderr)` holds or `cap` seconds have passed. `onLine`
 * sees standard output as it comes.
 */
export function runVm(program, args, cap, { isDone = () => false, onLine = () => {} } = {}) {
  return new Promise((resolve) => {
    const vm = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const chunks = { out: [], err: [] };
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      vm.kill("SIGKILL");
    }, cap * 1000);
    const split = splitLines(onLine);
    vm.stdout.on("data", (chunk) => {
      chunks.out.push(chunk);
      split(chunk);
    });
    vm.stderr.on("data", (chunk) => {
      chunks.err.push(chunk);
      if (isDone(chunk)) vm.kill();
    });
    vm.on("close", (status) => {
      clearTimeout(timer);
      resolve({
        status: isLate ? null : status,
        out: Buffer.concat(chunks.out),
        err: Buffer.concat(chunks.err),
      });
    });
  });
}
