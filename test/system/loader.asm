; Boot sector for reference.mjs: loads 64 KiB from sector 1 on to 1 MiB, enters the ELF image there.

bits 16
org 0x7c00
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7c00
  mov si, packet
  mov cx, 8
.read:
  mov ah, 0x42
  mov dl, 0x80
  int 0x13
  add word [packet + 6], 0x200
  add word [packet + 8], 16
  loop .read
  in al, 0x92
  or al, 2
  out 0x92, al
  cli
  lgdt [gdtr]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 0x08:flat
bits 32
flat:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esi, 0x10000
  mov edi, 0x100000
  mov ecx, 0x10000
  rep movsb
  mov eax, 0x2badb002
  jmp [0x100018]
align 4
packet:
  db 16, 0
  dw 16, 0, 0x1000
  dq 1
gdt:
  dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:
  dw 23
  dd gdt
times 510 - ($ - $$) db 0
  dw 0xaa55
