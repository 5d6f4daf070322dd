/**
 * Text mode for kernels that are booted without firmware: the video BIOS is run as firmware would run
 * it, by a few instructions in real mode in front of the kernel. They call the option ROM's entry
 * (PCI Firmware 3.2 section 5.2: C000:0003, AX = bus and function), set mode 3 by INT 10h, and then do
 * the mode switches that end at the kernel's entry.
 *
 *   0000  interrupt vectors, all to an IRET     07000  these instructions, their stack below
 *   0400  BIOS data area                        C0000  the ROM, in RAM
 */
import { ByteWriter } from "../base/bytes";
import type { GuestMemory } from "../memory/guest-memory";
import { type EntryState, GDT_GPA, load, PAGE_TABLES_GPA } from "./direct-boot";

export const STUB_GPA = 0x7000;
const ROM_GPA = 0xc_0000;
const BDA_GPA = 0x400;
const IRET_GPA = 0x5f0;

const BDA_COM1 = 0x00;
const BDA_EBDA_SEGMENT = 0x0e;
const BDA_EQUIPMENT = 0x10;
const BDA_MEMORY_KIB = 0x13;
/** Coprocessor, PS/2 mouse, EGA or later, one serial port. */
const EQUIPMENT = 0x0206;

const CODE32 = 0x08;
const DATA = 0x18;

/** Puts ROM, vectors, data area and instructions into memory; the processor starts at 0000:STUB_GPA. */
export function writeVideoStub(
  memory: GuestMemory,
  rom: Uint8Array,
  devfn: number,
  entry: EntryState,
): void {
  load(memory, ROM_GPA, rom, "video BIOS");
  for (let vector = 0; vector < 256; vector++) memory.write32(4 * vector, IRET_GPA);
  memory.write8(IRET_GPA, 0xcf);
  memory.write(BDA_GPA, new Uint8Array(0x100));
  memory.write16(BDA_GPA + BDA_COM1, 0x3f8);
  memory.write16(BDA_GPA + BDA_EBDA_SEGMENT, 0x9fc0);
  memory.write16(BDA_GPA + BDA_EQUIPMENT, EQUIPMENT);
  memory.write16(BDA_GPA + BDA_MEMORY_KIB, 639);
  memory.write(STUB_GPA, stub(devfn, entry));
}

// biome-ignore format: one instruction per line
function stub(devfn: number, entry: EntryState): Uint8Array {
  const code = new ByteWriter();
  code.u8(0xfa);                                     // cli
  code.u8(0x31).u8(0xc0);                            // xor ax, ax
  code.u8(0x8e).u8(0xd8);                            // mov ds, ax
  code.u8(0x8e).u8(0xc0);                            // mov es, ax
  code.u8(0x8e).u8(0xd0);                            // mov ss, ax
  code.u8(0xbc).u16(STUB_GPA);                       // mov sp, STUB_GPA
  code.u8(0xfc);                                     // cld
  code.u8(0xb8).u16(devfn);                          // mov ax, devfn
  code.u8(0x9a).u16(0x0003).u16(ROM_GPA >> 4);       // call C000:0003
  code.u8(0xb8).u16(0x0003);                         // mov ax, 3
  code.u8(0xcd).u8(0x10);                            // int 10h
  code.u8(0xfa);                                     // cli
  code.u8(0x31).u8(0xc0);                            // xor ax, ax
  code.u8(0x8e).u8(0xd8);                            // mov ds, ax
  code.u8(0x0f).u8(0x01).u8(0x16);                   // lgdt [gdtr]
  const gdtr = code.length;
  code.u16(0);
  code.u8(0x0f).u8(0x20).u8(0xc0);                   // mov eax, cr0
  code.u8(0x0c).u8(0x01);                            // or al, 1 (PE)
  code.u8(0x0f).u8(0x22).u8(0xc0);                   // mov cr0, eax
  code.u8(0x66).u8(0xea);                            // jmp CODE32:protected
  const jump = code.length;
  code.u32(0).u16(CODE32);
  code.patch32(jump, STUB_GPA + code.length);        // protected:
  code.u8(0xb8).u32(DATA);                           // mov eax, DATA
  for (const reg of [0xd8, 0xc0, 0xd0, 0xe0, 0xe8]) {
    code.u8(0x8e).u8(reg);                           // mov ds, es, ss, fs, gs, ax
  }
  code.u8(0x0f).u8(0x20).u8(0xc0);                   // mov eax, cr0
  code.u8(0x25).u32(0x9fff_ffff);                    // and eax, ~(CD | NW)
  code.u8(0x0f).u8(0x22).u8(0xc0);                   // mov cr0, eax
  if (entry.mode === "long") {
    code.u8(0xb8).u32(PAGE_TABLES_GPA);              // mov eax, page tables
    code.u8(0x0f).u8(0x22).u8(0xd8);                 // mov cr3, eax
    code.u8(0x0f).u8(0x20).u8(0xe0);                 // mov eax, cr4
    code.u8(0x83).u8(0xc8).u8(0x20);                 // or eax, 20h (PAE)
    code.u8(0x0f).u8(0x22).u8(0xe0);                 // mov cr4, eax
    code.u8(0xb9).u32(0xc000_0080);                  // mov ecx, IA32_EFER
    code.u8(0x0f).u8(0x32);                          // rdmsr
    code.u8(0x0d).u32(0x0000_0100);                  // or eax, 100h (LME)
    code.u8(0x0f).u8(0x30);                          // wrmsr
    code.u8(0x0f).u8(0x20).u8(0xc0);                 // mov eax, cr0
    code.u8(0x0d).u32(0x8000_0000);                  // or eax, 80000000h (PG)
    code.u8(0x0f).u8(0x22).u8(0xc0);                 // mov cr0, eax
  }
  code.u8(0xbc).u32(entry.rsp);                      // mov esp, ...
  code.u8(0xbe).u32(entry.rsi);                      // mov esi, ...
  code.u8(0xbb).u32(entry.rbx);                      // mov ebx, ...
  code.u8(0xb8).u32(entry.rax);                      // mov eax, ...
  code.u8(0xea).u32(entry.rip).u16(entry.cs);        // jmp cs:entry
  code.align(4);
  const table = STUB_GPA + code.length;
  code.patch8(gdtr, table);
  code.patch8(gdtr + 1, table >> 8);
  code.u16(4 * 8 - 1).u32(GDT_GPA);                  // gdtr:
  return code.take();
}
