/** `npm run vm` as a person or a script sees it: output, exit status, one sentence for every mistake. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { repoRoot } from "../../scripts/cache.mjs";
import { HANG_MS } from "../limits";
import { assembleKernel } from "./kernels";

let dir: string;
beforeAll(async () => {
  await buildCore({ say: () => {} });
  dir = mkdtempSync(join(tmpdir(), "vm-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

type Vm = ChildProcessByStdio<Writable, Readable, Readable>;

function start(args: string[]): {
  vm: Vm;
  ended: Promise<{ status: number | null; out: string; err: string }>;
} {
  const vm = spawn(process.execPath, [join(repoRoot, "scripts/vm.mjs"), "-m", "32", ...args], {
    cwd: dir,
    stdio: "pipe",
  });
  let out = "";
  let err = "";
  vm.stdout.on("data", (data) => {
    out += data;
  });
  vm.stderr.on("data", (data) => {
    err += data;
  });
  const timer = setTimeout(() => vm.kill("SIGKILL"), HANG_MS);
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    vm.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, out, err });
    });
  });
  return { vm, ended };
}

const EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x4"];

/** Runs a kernel without display, serial port on standard output. */
function runKernel(source: string, ...args: string[]) {
  writeFileSync(join(dir, "k.elf"), assembleKernel(source));
  return start(["-vga", "none", "-nographic", "-kernel", "k.elf", ...EXIT, ...args]).ended;
}

describe("exit status", () => {
  test("isa-debug-exit gives (code << 1) | 1, after all serial output", async () => {
    const { status, out } = await runKernel(`
      lea esi, text
      call print
      mov al, 16
      jmp exit
      text: .asciz "hello, world\\n"`);
    expect(out).toBe("hello, world\n");
    expect(status).toBe(33);
  });

  test("power off gives 0", async () => {
    // As a bare-metal program does it that knows QEMU: firmware's PM base, SLP_EN.
    const { status } = await runKernel("mov dx, 0x604; mov ax, 0x2000; out dx, ax; 1: hlt; jmp 1b");
    expect(status).toBe(0);
  });

  test("with -no-reboot a reset gives 0", async () => {
    const { status } = await runKernel(
      "mov dx, 0xcf9; mov al, 6; out dx, al; 1: jmp 1b",
      "-no-reboot",
    );
    expect(status).toBe(0);
  });

  test("with -no-reboot a triple fault gives 0", async () => {
    const { status } = await runKernel("lidt [null]; int3; null: .word 0; .long 0", "-no-reboot");
    expect(status).toBe(0);
  });
});

describe("reset", () => {
  // CMOS memory survives a reset: the second time round the kernel finds its mark and ends.
  const afterReset = (how: string) => `
    mov al, 0x50
    out 0x70, al
    in al, 0x71
    cmp al, 0x5a
    je again
    mov al, 0x50
    out 0x70, al
    mov al, 0x5a
    out 0x71, al
    ${how}
    1: jmp 1b
    again: mov al, 1
    jmp exit`;

  test.each([
    ["CF9", "mov dx, 0xcf9; mov al, 6; out dx, al"],
    ["the keyboard controller", "mov al, 0xfe; out 0x64, al"],
    ["port 92h", "mov al, 1; out 0x92, al"],
    ["a triple fault", "lidt [null]; int3; null: .word 0; .long 0"],
  ])("by %s starts the kernel again", async (_name, how) => {
    const { status } = await runKernel(afterReset(how));
    expect(status).toBe(3);
  });
});

describe("Multiboot", () => {
  test("the kernel gets magic, command line and modules", async () => {
    writeFileSync(join(dir, "one"), "first module\0");
    writeFileSync(join(dir, "two"), "second module\0");
    const { out } = await runKernel(
      `
      call hex
      mov esi, [ebx + 16]
      call print
      mov ecx, [ebx + 20]
      mov edi, [ebx + 24]
      1: call newline
      mov esi, [edi]
      call print
      call newline
      mov esi, [edi + 8]
      call print
      add edi, 16
      loop 1b
      mov al, 0
      jmp exit
      newline: push esi
      lea esi, nl
      call print
      pop esi
      ret
      nl: .asciz "\\n"`,
      "-append",
      "some words",
      "-initrd",
      "one -x,two",
    );
    expect(out).toBe("2badb002\nk.elf some words\nfirst module\none -x\nsecond module\ntwo");
  });

  test("the memory map ends where RAM does", async () => {
    const { out } = await runKernel(
      "mov eax, [ebx + 8]; call hex; mov eax, [ebx + 44]; call hex; mov al, 0; jmp exit",
    );
    const [upperKib, mmapLen] = out
      .trim()
      .split("\n")
      .map((line) => Number.parseInt(line, 16));
    expect(upperKib).toBe(31 * 1024 - 128);
    expect(mmapLen % 24).toBe(0);
  });
});

describe("serial ports", () => {
  test("standard input reaches the guest", async () => {
    writeFileSync(
      join(dir, "k.elf"),
      assembleKernel(`
        lea esi, ready
        call print
        1: mov dx, 0x3fd
        in al, dx
        test al, 1
        jz 1b
        mov dx, 0x3f8
        in al, dx
        jmp exit
        ready: .asciz "?"`),
    );
    const { vm, ended } = start(["-vga", "none", "-nographic", "-kernel", "k.elf", ...EXIT]);
    vm.stdout.once("data", () => vm.stdin.write("!"));
    expect((await ended).status).toBe((0x21 << 1) | 1);
  });

  test("a port can go to a file", async () => {
    const program = 'lea esi, text; call print; mov al, 0; jmp exit; text: .asciz "to a file"';
    writeFileSync(join(dir, "k.elf"), assembleKernel(program));
    const { status, out } = await start([
      "-vga",
      "none",
      "-display",
      "none",
      "-serial",
      "file:out.txt",
      "-kernel",
      "k.elf",
      ...EXIT,
    ]).ended;
    expect(status).toBe(1);
    expect(out).toBe("");
    expect(readFileSync(join(dir, "out.txt"), "latin1")).toBe("to a file");
  });
});

test("help goes to whoever reads it, and nobody misses the rest", async () => {
  const whole = await start(["-cpu", "help"]).ended;
  expect(whole).toMatchObject({ status: 0, err: "" });
  expect(whole.out).toMatch(/^ *x86-64-v3/m);
  const { vm, ended } = start(["-cpu", "max,help"]);
  vm.stdout.destroy();
  expect(await ended).toMatchObject({ status: 0, err: "" });
});

test("an interrupt ends the machine cleanly", async () => {
  writeFileSync(
    join(dir, "k.elf"),
    assembleKernel("mov dx, 0x3f8; mov al, 0x21; out dx, al; 1: jmp 1b"),
  );
  const { vm, ended } = start(["-vga", "none", "-nographic", "-kernel", "k.elf"]);
  vm.stdout.once("data", () => vm.kill("SIGINT"));
  expect(await ended).toEqual({ status: 0, out: "!", err: "" });
});

describe("mistakes are one sentence and status 1", () => {
  test.each([
    [["-frobnicate"], /There is no option -frobnicate/],
    [["-m", "64G"], /too much memory/],
    [["-kernel", "absent"], /-kernel absent cannot be read: there is no such file\./],
    [["-kernel", "."], /it is a directory/],
    [["-cdrom", "absent.iso"], /There is no file "absent\.iso"/],
    [["-bios", "absent.bin"], /-bios absent\.bin cannot be read/],
  ])("%j", async (args, sentence) => {
    const { status, out, err } = await start(["-display", "none", ...args]).ended;
    expect(status).toBe(1);
    expect(out).toBe("");
    expect(err).toMatch(sentence);
    expect(err.trim().split("\n").length).toBe(1);
  });

  test("a kernel that is none", async () => {
    writeFileSync(join(dir, "text"), "this is no kernel\n".repeat(100));
    const { status, err } = await start(["-kernel", "text"]).ended;
    expect(status).toBe(1);
    expect(err).toMatch(/neither a Linux bzImage nor a Multiboot or PVH kernel/);
  });
});
