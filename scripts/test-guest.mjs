// `npm run test:guest`: what a stock Debian kernel, glibc and stress-ng find out about the processor.
//
//   [--only NAME,...]   kernel-log glibc bpf test_user_copy test_static_keys raid6_pq xor crypto stress, or
//                       one stressor as stress-cpu; default all
//   [--seconds N]       for each of the stressors, default 60
//   [--cpu MODEL]       default max
//
// The guest is that of guest-checks.mjs, made of Debian packages. The last line is "N passed, N failed".

import { join } from "node:path";
import { isMain, main, SetupError } from "./cache.mjs";
import { buildChecks } from "./guest-checks.mjs";
import { runVm } from "./run-vm.mjs";

/** What all but the stressors may take, and what a stressor takes beside its time. */
const CHECKS_S = 1200;
const STRESSOR_S = 120;
const STRESSORS = 12;

function parse(args) {
  const options = { only: "", seconds: 60, cpu: "max" };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, "");
    if (!(name in options) || args[i + 1] === undefined)
      throw new SetupError(
        "usage: npm run test:guest -- [--only NAME,...] [--seconds N] [--cpu MODEL]",
      );
    options[name] = args[i + 1];
  }
  if (!(Number(options.seconds) > 0)) throw new SetupError("--seconds wants a number.");
  return options;
}

/** "@ NAME ok|failed DETAIL" of guest-checks/init. */
export function parseCheck(line) {
  const [, name, outcome, detail] = /^@ (\S+) (ok|failed) ?(.*)$/.exec(line) ?? [];
  return name && { name, isPassed: outcome === "ok", detail: detail.trim() };
}

async function testGuest() {
  const { only, seconds, cpu } = parse(process.argv.slice(2));
  const guest = await buildChecks();
  const { buildCore } = await import("./build-core.mjs");
  const { buildCli } = await import("./vm.mjs");
  await buildCore();
  const program = await buildCli();
  const totals = { passed: 0, failed: 0 };
  let isDone = false;
  const checks = only && ` checks=${only}`;
  const append = `console=ttyS0 quiet panic=-1 log_buf_len=4M seconds=${seconds}${checks}`;
  const args = ["-cpu", cpu, "-m", "2048", "-display", "none", "-nodefaults", "-no-reboot"];
  const files = ["-kernel", join(guest, "vmlinuz"), "-initrd", join(guest, "initrd.img")];
  const limit = CHECKS_S + STRESSORS * (Number(seconds) + STRESSOR_S);
  const { out } = await runVm(
    program,
    [...args, "-vga", "none", "-serial", "stdio", ...files, "-append", append],
    limit,
    {
      onLine(line) {
        const check = parseCheck(line);
        if (check) {
          totals[check.isPassed ? "passed" : "failed"]++;
          console.log(`${check.isPassed ? "passed" : "failed"}   ${check.name}: ${check.detail}`);
        } else if (line.startsWith("| ")) console.log(`  ${line}`);
        else if (line === "@end") isDone = true;
      },
    },
  );
  if (!isDone) {
    totals.failed++;
    console.log(`failed   the guest ended early:\n${out.toString("latin1").slice(-2000)}`);
  }
  if (totals.failed > 0) process.exitCode = 1;
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
}

if (isMain(import.meta.url)) await main(testGuest);
