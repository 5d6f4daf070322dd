// Runs a test image of this folder on another emulator and prints the lines where its log differs from
// expected/NAME.txt ("-" expected, "+" seen).
//
//   node test/system/reference.mjs qemu|bochs NAME
//
// QEMU loads the image with -kernel. Bochs (packages bochs, bochs-term, bochsbios) boots it from a disk
// through loader.asm; its terminal display wants a terminal, which script(1) gives.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const [engine, name] = process.argv.slice(2);
if (!["qemu", "bochs"].includes(engine) || !name) {
  console.error("usage: node test/system/reference.mjs qemu|bochs NAME");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "longmode-reference-"));
const path = (file) => join(folder, file);

function assemble(source) {
  const out = path(`${source}.bin`);
  execFileSync("nasm", ["-f", "bin", "-I", here, "-o", out, join(here, `${source}.asm`)]);
  return readFileSync(out);
}

function qemu() {
  assemble(name);
  // biome-ignore format: one option per word
  spawnSync("qemu-system-x86_64", [
    "-accel", "tcg", "-cpu", "max", "-m", "64", "-display", "none", "-monitor", "none", "-no-reboot",
    "-kernel", path(`${name}.bin`), "-serial", `file:${path("log")}`, "-device", "isa-debug-exit,iobase=0xf4",
  ], { timeout: 30_000, stdio: "ignore" });
}

function bochs() {
  const cylinders = 20;
  const disk = Buffer.alloc(cylinders * 16 * 63 * 512);
  assemble("loader").copy(disk);
  assemble(name).copy(disk, 512);
  writeFileSync(path("disk"), disk);
  writeFileSync(path("rc"), "c\n");
  writeFileSync(
    path("config"),
    `plugin_ctrl: unmapped=1, biosdev=1, speaker=0, e1000=0
config_interface: textconfig
display_library: term
cpu: model=corei7_icelake_u, count=1, ips=20000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=64, host=64
romimage: file=/usr/share/bochs/BIOS-bochs-legacy
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path="${path("disk")}", mode=flat, cylinders=${cylinders}, heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev=${path("log")}
log: ${path("bochs.log")}
panic: action=fatal
error: action=ignore
info: action=ignore
clock: sync=none
`,
  );
  // It does not leave by itself: the image halts.
  spawnSync("script", ["-qc", `bochs -q -f ${path("config")} -rc ${path("rc")}`, "/dev/null"], {
    timeout: 20_000,
    stdio: "ignore",
    env: { ...process.env, TERM: "xterm" },
  });
}

try {
  if (engine === "qemu") qemu();
  else bochs();
  const seen = readFileSync(path("log"), "latin1").split("\n");
  const expected = readFileSync(join(here, "expected", `${name}.txt`), "utf8").split("\n");
  let differences = 0;
  for (let i = 0; i < Math.max(seen.length, expected.length); i++) {
    if (seen[i] === expected[i]) continue;
    differences++;
    if (differences <= 100) console.log(`- ${expected[i] ?? ""}\n+ ${seen[i] ?? ""}`);
  }
  console.log(`${differences} lines differ`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
