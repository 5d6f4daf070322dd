/**
 * Small Multiboot kernels for machine tests, assembled on this host: a header, a few routines that print
 * to COM1, and whatever a test adds at `start:`. EAX and EBX are as the boot loader left them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PRELUDE = `
.intel_syntax noprefix
.section .text
.align 4
.long 0x1badb002, 0, -0x1badb002
.globl _start
_start:
  cld
  jmp start
# puts the zero-terminated string at ESI
print:
  push eax
  push edx
  mov dx, 0x3f8
1: lodsb
  test al, al
  jz 2f
  out dx, al
  jmp 1b
2: pop edx
  pop eax
  ret
# prints EAX as eight hexadecimal digits and a newline
hex:
  push ecx
  push edx
  push eax
  mov ecx, 8
1: rol eax, 4
  push eax
  and eax, 15
  movzx eax, byte ptr [digits + eax]
  mov dx, 0x3f8
  out dx, al
  pop eax
  loop 1b
  mov al, 10
  out dx, al
  pop eax
  pop edx
  pop ecx
  ret
# ends the machine with the code in AL, by isa-debug-exit at F4
exit:
  out 0xf4, al
  hlt
  jmp exit
digits: .ascii "0123456789abcdef"
start:
`;

/** An ELF32 Multiboot kernel at 1 MiB whose program is `source` (GNU assembler, Intel syntax). */
export function assembleKernel(source: string): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), "kernel-"));
  try {
    writeFileSync(join(dir, "k.s"), `${PRELUDE}${source}\n`);
    execFileSync("as", ["--32", "k.s", "-o", "k.o"], { cwd: dir });
    execFileSync(
      "ld",
      [
        "-m",
        "elf_i386",
        "-Ttext",
        "0x100000",
        "-N",
        "--no-warn-rwx-segments",
        "k.o",
        "-o",
        "k.elf",
      ],
      { cwd: dir },
    );
    return new Uint8Array(readFileSync(join(dir, "k.elf")));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
