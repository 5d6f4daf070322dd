/**
 * What may come between two instructions, on the whole machine: interrupts made deliverable by the last
 * store, the instruction after STI and MOV SS, single steps, breakpoints on data and ports.
 *
 * Each program notes in EBX how far the main line has come; its handlers print EBX, or DR6, as they are entered.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { assembleKernel } from "./kernels";
import { useVm } from "./vm";

const dir = mkdtempSync(join(tmpdir(), "boundary-"));
afterAll(() => rmSync(dir, { recursive: true }));
const startVm = useVm();

/** Handlers by vector: `gate` fills the IDT. The local APIC is on, both 8259s are masked. */
const SET_UP = `
  jmp begin
  .align 8
idt: .fill 0x100, 8, 0
idtr: .word 0x7ff; .long idt
gate: # EAX vector, EDX handler
  mov [idt + eax * 8], dx
  mov word ptr [idt + eax * 8 + 2], cs
  mov word ptr [idt + eax * 8 + 4], 0x8e00
  shr edx, 16
  mov [idt + eax * 8 + 6], dx
  ret
interrupt:
  push eax
  mov eax, ebx
  call hex
  mov dword ptr [0xfee000b0], 0
  pop eax
  iret
debug: # prints DR6 and the distance of the return address from ESI; returns with TF clear and RF set
  push eax
  mov eax, dr6
  call hex
  xor eax, eax
  mov dr6, eax
  mov eax, [esp + 4]
  sub eax, esi
  call hex
  pop eax
  and dword ptr [esp + 8], 0xfffffeff
  or dword ptr [esp + 8], 0x10000
  iret
begin:
  mov esp, 0x80000
  lidt [idtr]
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  mov dword ptr [0xfee000f0], 0x1ff
  mov dword ptr [0xfee00080], 0
  mov eax, 0x41
  lea edx, interrupt
  call gate
  mov eax, 0x51
  lea edx, interrupt
  call gate
  mov eax, 1
  lea edx, debug
  call gate
  xor ebx, ebx
`;

const END = `
  xor eax, eax
  jmp exit
`;

/** The numbers that the program prints. */
async function run(source: string): Promise<number[]> {
  const path = join(dir, "k.elf");
  writeFileSync(path, assembleKernel(SET_UP + source + END));
  const devices = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-device", "pc-testdev"];
  const vm = await startVm([
    "-m",
    "16",
    "-kernel",
    path,
    "-vga",
    "none",
    "-serial",
    "stdio",
    ...devices,
  ]);
  expect((await vm.waitForStop()).status).toBe(1);
  const lines = vm.serialText().trim();
  return lines === "" ? [] : lines.split(/\r?\n/).map((line) => Number.parseInt(line, 16));
}

const SELF_IPI = (vector: number) => `mov dword ptr [0xfee00300], ${0x4_4000 | vector}\n`;

it("takes an interrupt before the instruction after the store that sends it", async () => {
  expect(await run(`sti\n nop\n inc ebx\n ${SELF_IPI(0x41)} inc ebx\n inc ebx\n cli\n`)).toEqual([
    1,
  ]);
});

it("takes an interrupt that a lowered task priority lets in, at once", async () => {
  const raise = "mov dword ptr [0xfee00080], 0xf0\n";
  const lower = "mov dword ptr [0xfee00080], 0\n";
  expect(await run(`${raise} sti\n ${SELF_IPI(0x41)} inc ebx\n ${lower} inc ebx\n cli\n`)).toEqual([
    1,
  ]);
});

it("takes an interrupt raised by OUT before the next instruction", async () => {
  // pin 14 of the I/O APIC, edge-triggered, vector 41h; pc-testdev drives its line
  const route = `mov dword ptr [0xfec00000], 0x2d\n mov dword ptr [0xfec00010], 0
    mov dword ptr [0xfec00000], 0x2c\n mov dword ptr [0xfec00010], 0x41\n`;
  expect(
    await run(`${route} mov dx, 0x200e\n mov al, 1\n sti\n inc ebx\n out dx, al\n inc ebx\n cli\n`),
  ).toEqual([1]);
});

it("runs one instruction after STI, and takes both waiting interrupts before the next", async () => {
  const waiting = SELF_IPI(0x41) + SELF_IPI(0x51);
  expect(await run(`cli\n ${waiting} sti\n inc ebx\n cli\n inc ebx\n`)).toEqual([1, 1]);
});

it("does not hold off interrupts by an STI that finds IF set", async () => {
  expect(await run(`sti\n nop\n sti\n inc ebx\n ${SELF_IPI(0x41)} inc ebx\n cli\n`)).toEqual([1]);
});

it("runs one instruction after MOV SS before an interrupt", async () => {
  expect(
    await run(`cli\n mov ax, ss\n ${SELF_IPI(0x41)} sti\n mov ss, ax\n inc ebx\n cli\n`),
  ).toEqual([1]);
});

const TF = "pushfd\n or dword ptr [esp], 0x100\n popfd\n";
/** DR6 after a single step, and with breakpoint 0 met. */
const BS = 0xffff_4ff0;
const B0 = 0xffff_0ff1;

it("traps after the instruction that follows POPF", async () => {
  expect(await run(`lea esi, 1f\n ${TF} nop\n 1: nop\n`)).toEqual([BS, 0]);
});

it("skips the single step of MOV SS", async () => {
  expect(await run(`mov ax, ss\n lea esi, 1f\n ${TF} mov ss, ax\n nop\n 1: nop\n`)).toEqual([
    BS,
    0,
  ]);
});

it("steps over INT n without entering its handler stepping", async () => {
  const out = await run(`lea esi, 1f\n ${TF} int 0x41\n nop\n 1: nop\n`);
  expect(out).toEqual([0, BS, 0]);
});

const arm = (control: string, address: string) =>
  `mov eax, ${address}\n mov dr0, eax\n mov eax, ${control}\n mov dr7, eax\n`;
const DISARM = "mov eax, 0x400\n mov dr7, eax\n";
const CELL = "jmp 9f\n .align 8\n cell: .quad 0\n 9:\n";

it("traps after a store into watched bytes, not beside them and not after a load", async () => {
  const program = `${CELL} ${arm("0xd0402", "offset cell")} lea esi, 1f
    mov ecx, [cell]\n mov byte ptr [cell + 4], 1\n mov word ptr [cell + 3], 1\n 1: nop\n ${DISARM}
    mov [cell], ecx\n`;
  expect(await run(program)).toEqual([B0, 0]);
});

it("traps after a load from watched bytes, also by a string instruction", async () => {
  const program = `${CELL} ${arm("0x30402", "offset cell + 4")} mov esi, offset cell\n lea edi, [esi + 256]
    mov ecx, 2\n cld\n rep movsd\n ${DISARM}`;
  expect((await run(program))[0]).toBe(B0);
});

it("keeps the breakpoint that MOV SS meets until the next instruction has run", async () => {
  const program = `${CELL} mov [cell], ss\n ${arm("0x30402", "offset cell")} lea esi, 1f\n mov ss, [cell]\n nop\n 1: nop\n ${DISARM}`;
  expect(await run(program)).toEqual([B0, 0]);
});

it("traps after OUT to a watched port when CR4.DE is set", async () => {
  const program = `mov eax, cr4\n or eax, 8\n mov cr4, eax\n ${arm("0x20402", "0x80")} lea esi, 1f
    out 0x80, al\n 1: out 0x84, al\n ${DISARM}`;
  expect(await run(program)).toEqual([B0, 0]);
});

it("stops before an instruction, once", async () => {
  expect(
    await run(`${arm("0x402", "offset 1f")} lea esi, 1f\n nop\n 1: inc ebx\n ${DISARM}`),
  ).toEqual([B0, 0]);
});
