// `npm run test:suite -- qemu-tcg PATH`: the programs of QEMU's tests/tcg.
//
//   PATH/u64/ u32/       static Linux programs for x86_64 and i386, as tests/tcg/Makefile.target builds them
//   PATH/sys64/ sys32/   programs that run on the bare machine
//   NAME.args            arguments, where a program wants some
//   NAME.native, native.tsv   what the processor of this host makes of them: `--record` writes it
//
// A Linux program passes if it prints the same and ends the same as natively; one whose output is not the same
// in two native runs, on all processors and on one (addresses, times, threads), is judged by its status alone. A program on the bare machine
// prints to port E9h and powers off if all is well; otherwise it ends by port F4h.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./cache.mjs";
import { runInGuest, runNatively } from "./guest-programs.mjs";

const LINUX = ["u64", "u32"];
const BARE = ["sys64", "sys32"];
const NATIVE_S = 60;
/** What the interpreter may take of the time of the processor that recorded. */
const SLOWDOWN = 200;
const LEAST_S = 60;

function programsIn(suite, folder) {
  const dir = join(suite.path, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .map((file) => ({ name: `${folder}/${file}`, path: join(dir, file) }))
    .filter(({ name, path }) => {
      const isProgram = statSync(path).isFile() && (statSync(path).mode & 0o111) !== 0;
      return isProgram && (suite.only.test(name) || suite.only.test(name.split("/")[1]));
    })
    .map((program) => {
      const args = `${program.path}.args`;
      const words = existsSync(args) ? readFileSync(args, "utf8").trim().split(/\s+/) : [];
      return { ...program, args: words };
    });
}

/** native.tsv: name, status, hash of the output or "varies", seconds. */
function readRecord(path) {
  const record = new Map();
  if (!existsSync(path)) return record;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [name, status, hash, seconds] = line.split("\t");
    if (hash) record.set(name, { status: Number(status), hash, seconds: Number(seconds) });
  }
  return record;
}

async function recordNatively(suite, programs, file) {
  const record = readRecord(file);
  const firsts = programs.map(({ path, args }) => {
    const began = performance.now();
    const result = runNatively(path, args, suite.scratch, NATIVE_S);
    writeFileSync(`${path}.native`, result.output);
    return { ...result, output: undefined, seconds: (performance.now() - began) / 1000 };
  });
  await new Promise((resolve) => setTimeout(resolve, 1100)); // whoever prints the time prints another
  for (const [i, { name, path, args }] of programs.entries()) {
    const { status, hash, seconds } = firsts[i];
    const second = runNatively("taskset", ["-c", "0", path, ...args], suite.scratch, NATIVE_S);
    const isSame = hash === second.hash && status === second.status;
    record.set(name, { status, hash: isSame ? hash : "varies", seconds });
    console.log(`recorded ${name}: status ${status}${isSame ? "" : ", output varies"}`);
  }
  const lines = [...record].map(([name, { status, hash, seconds }]) =>
    [name, status, hash, seconds.toFixed(2)].join("\t"),
  );
  writeFileSync(file, `${lines.sort().join("\n")}\n`);
}

/** What a program's run in the guest comes to, against the native one. */
export function judgeProgram({ status, hash, notes }, native) {
  if (status !== native.status) {
    return { outcome: "failed", why: `status ${status}, natively ${native.status}` };
  }
  if (native.hash === "varies" || native.hash === hash) return { outcome: "passed" };
  return { outcome: "failed", why: notes[0] ?? "another output" };
}

async function linuxPrograms(suite, programs, record) {
  const known = programs.filter(({ name }) => record.has(name));
  for (const { name } of programs.filter((program) => !known.includes(program))) {
    suite.report(name, { outcome: "skipped", why: "was not recorded" });
  }
  const runs = known.map((program) => {
    const { hash, seconds } = record.get(program.name);
    return {
      ...program,
      native: hash === "varies" ? undefined : `${program.path}.native`,
      seconds: Math.ceil(LEAST_S + seconds * SLOWDOWN),
    };
  });
  const unreached = await runInGuest(suite, runs, ({ name }, result) => {
    const verdict = judgeProgram(result, record.get(name));
    suite.report(name, verdict, result.notes.join("\n"), result.seconds);
  });
  for (const { name } of unreached) {
    suite.report(name, { outcome: "failed", why: "the guest ended before it" });
  }
}

async function barePrograms(suite, programs) {
  for (const { name, path } of programs) {
    const { status, err } = await suite.run(
      [
        ...[
          "-m",
          "128",
          "-serial",
          "none",
          "-device",
          "isa-debugcon,iobase=0xe9",
          "-d",
          "firmware",
        ],
        ...["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", path],
      ],
      suite.cap ?? LEAST_S,
    );
    const verdict =
      status === 0 ? { outcome: "passed" } : { outcome: "failed", why: `exit status ${status}` };
    suite.report(name, verdict, err.toString("latin1").slice(-2000));
  }
}

export async function qemuTcg(suite) {
  const file = join(suite.path, "native.tsv");
  const linux = LINUX.map((folder) => programsIn(suite, folder));
  const bare = BARE.flatMap((folder) => programsIn(suite, folder));
  if (linux.flat().length + bare.length === 0) throw new SetupError("no program has such a name.");
  if (suite.isRecording) return recordNatively(suite, linux.flat(), file);
  const record = readRecord(file);
  await barePrograms(suite, bare);
  for (const programs of linux) {
    if (programs.length > 0) await linuxPrograms(suite, programs, record);
  }
}
