// Programs of a suite in a Linux guest: an initramfs with them, what runs them one after the other, and what
// they print natively. The kernel is Debian's, with all that programs may ask of one; programs must be static.
//
//   guest's console   @ FOLDER/NAME STATUS SHA256 HUNDREDTHS      one program is done
//                     | text                                      how its output differs
//                     @end                                        all are done

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { recipeText } from "./cache.mjs";
import { CpioWriter } from "./cpio.mjs";
import { fetchKernel, fetchPackage } from "./packages.mjs";

/** Output that is longer is compared by its hash alone. */
const NATIVE_LIMIT = 32 * 2 ** 20;

/**
 * Runs a program here as the guest does; resolves with its status as a shell has it and its output. The output
 * goes to a file, as in the guest: programs may look what it is.
 */
export function runNatively(path, args, scratch, seconds) {
  const file = join(scratch, "out");
  const out = openSync(file, "w");
  const { status, signal } = spawnSync(path, args, {
    cwd: scratch,
    stdio: ["ignore", out, "ignore"],
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  closeSync(out);
  const output = readFileSync(file);
  return {
    status: status ?? 128 + constants.signals[signal],
    output,
    hash: createHash("sha256").update(output).digest("hex"),
  };
}

/** The initramfs for programs `{ name: "FOLDER/NAME", path, args, seconds, native? }`, written to `file`. */
async function writeInitramfs(file, programs) {
  const busybox = await fetchPackage("busybox-static");
  const cpio = new CpioWriter();
  for (const name of ["dev", "proc", "sys", "tmp", "root"]) cpio.directory(name);
  cpio.charDevice("dev/console", 5, 1);
  cpio.file("bin/busybox", readFileSync(join(busybox.dir, "bin/busybox")), 0o755);
  cpio.symlink("bin/sh", "busybox");
  cpio.symlink("sbin", "bin");
  cpio.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n");
  cpio.file("etc/group", "root:x:0:\nnogroup:x:65534:\n");
  cpio.file("init", recipeText("guest-programs/init")[0], 0o755);
  const list = programs.map(({ name, args, seconds }) => [seconds, name, ...args].join(" "));
  cpio.file("t/list", `${list.join("\n")}\n`);
  const added = new Set();
  for (const { name, path, native } of programs) {
    if (added.has(name)) continue;
    added.add(name);
    cpio.file(`t/${name}`, readFileSync(path), 0o755);
    if (native && statSync(native).size < NATIVE_LIMIT)
      cpio.file(`t/${name}.native`, readFileSync(native));
  }
  writeFileSync(file, cpio.bytes());
}

/**
 * Runs programs in the guest by `suite.run`; calls `onResult(program, { status, hash, seconds, notes })` for
 * each that ended, in their order. Resolves with those that the guest did not come to.
 */
export async function runInGuest(suite, programs, onResult) {
  const { vmlinuz } = await fetchKernel("linux-image-amd64");
  const initrd = join(suite.scratch, "programs.img");
  await writeInitramfs(initrd, programs);
  const waiting = [...programs];
  let done;
  const tell = () => {
    if (done) onResult(waiting.shift(), done);
    done = undefined;
  };
  const options = ["-m", "1024", "-serial", "stdio", "-kernel", vmlinuz];
  const append = "console=ttyS0 quiet panic=-1 cryptomgr.notests vsyscall=xonly";
  const limit = programs.reduce((sum, { seconds }) => sum + seconds, 60);
  await suite.run([...options, "-initrd", initrd, "-append", append], suite.cap ?? limit, {
    onLine(line) {
      const result = /^@ (\S+) (\d+) (\w+) (\d+)$/.exec(line);
      if (result || line === "@end") tell();
      if (result) {
        const [, , status, hash, hundredths] = result;
        done = { status: Number(status), hash, seconds: hundredths / 100, notes: [] };
      } else if (line.startsWith("| ")) done?.notes.push(line.slice(2));
    },
  });
  tell();
  return waiting;
}
