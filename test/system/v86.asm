; Virtual-8086 mode: entry by IRET, exits by every kind of exception and INT, IOPL, and the virtual
; interrupt extensions (CR4.VME) with their redirection bitmap.

%include "boot.inc"
%include "catch32.inc"

VM equ 0x20000

; V86TEST name, eflags: 16-bit code follows, run at 0800:0000
%macro V86TEST 2
TEST %1
  mov esi, %%begin
  mov edi, 0x8000
  mov ecx, %%end - %%begin
  rep movsb
  push 0x1111
  push 0x2222
  push 0x3333
  push 0x4444
  push 0x0900
  push 0x12341000
  push (%2) | VM | 2
  push 0x0800
  push 0
  xor eax, eax
  xor ecx, ecx
  xor esi, esi
  xor edi, edi
  iretd
bits 16
%%begin:
%define V86_END %%end
%endmacro
%macro ENDV86 0
  hlt
V86_END:
bits 32
  PRINT 0
END
%endmacro

start:
  mov esp, stack0
  call setup
  ; Redirection bitmap at 68h: INT 60h-67h go to the 8086 program, all others to the IDT. I/O map at 88h.
  mov word [tss + 0x66], 0x88
  mov edi, tss + 0x68
  mov ecx, 8
  mov eax, -1
  rep stosd
  mov byte [tss + 0x68 + 12], 0
  mov ecx, 0x800
  rep stosd
  mov word [gdt + SEL_TSS], 0x2088
  mov eax, 0
  and byte [gdt + SEL_TSS + 5], 0xfd
  mov ax, SEL_TSS
  ltr ax
  ; INT 60h of the 8086 program: 0A00:0010
  mov dword [0x60 * 4], 0x0a000010
  mov word [0xa010], 0x0b0f   ; UD2

  V86TEST "#UD and the frame", 0x246
  ud2
  ENDV86
  V86TEST "HLT", 0x3000
  ENDV86
  V86TEST "INT 31h, IOPL 0", 0x202
  int 0x31
  ENDV86
  V86TEST "INT 31h, IOPL 3, gate DPL 0", 0x3202
  int 0x31
  ENDV86
  V86TEST "INT 30h, IOPL 3, gate DPL 3", 0x3202
  int 0x30
  ENDV86
  V86TEST "INT 30h, IOPL 0", 0x202
  int 0x30
  ENDV86
  V86TEST "INT3, IOPL 0, gate DPL 0", 0x202
  int3
  ENDV86
  or byte [idt + 3 * 8 + 5], 0x60
  V86TEST "INT3, IOPL 0, gate DPL 3", 0x202
  int3
  ENDV86
  V86TEST "INT1, IOPL 0", 0x202
  db 0xf1
  ENDV86
  V86TEST "single step", 0x302
  nop
  nop
  ENDV86
  V86TEST "LAR", 0x202
  lar ax, cx
  ENDV86
  V86TEST "LLDT", 0x202
  lldt ax
  ENDV86
  V86TEST "LTR", 0x202
  ltr ax
  ENDV86
  V86TEST "STR", 0x202
  str ax
  ENDV86
  V86TEST "ARPL", 0x202
  arpl ax, cx
  ENDV86
  V86TEST "SYSEXIT", 0x202
  sysexit
  ENDV86
  V86TEST "segments and a far jump", 0x202
  mov ax, 0x1234
  mov ds, ax
  push ax
  pop es
  mov word [cs:0x40], 0x0b0f
  jmp 0x0804:0
  ENDV86
  V86TEST "far call and return", 0x202
  mov dword [cs:0x100], 0x0b0f9090
  mov byte [cs:0x40], 0xcb
  call 0x0804:0
  jmp 0x0810:0
  ENDV86
  V86TEST "far jump beyond 64 KiB", 0x202
  jmp dword 0x0800:0x10000
  ENDV86
  V86TEST "segment limit", 0x202
  mov ebx, 0x10000
  mov al, [ebx]
  ENDV86
  V86TEST "stack wrap", 0x202
  mov sp, 1
  push ax
  ENDV86
  V86TEST "IRET, IOPL 3", 0x3202
  push word 0x7fd7
  push word 0x0800
  push word 0x20
  mov word [cs:0x20], 0x0b0f
  iret
  ENDV86
  V86TEST "IRETD, IOPL 3", 0x3202
  push dword 0x3f0ed7
  push dword 0x0800
  push dword 0x40
  mov word [cs:0x40], 0x0b0f
  o32 iret
  ENDV86
  V86TEST "IRET, IOPL 0", 0x202
  iret
  ENDV86
  GATE 0x31, SEL_CODE3, stubs, 0xee
  V86TEST "gate to ring 3", 0x3202
  int 0x31
  ENDV86
  DESC SEL_X, 0x00cf9f00, 0xffff
  GATE 0x31, SEL_X, stubs, 0xee
  V86TEST "gate to conforming code", 0x3202
  int 0x31
  ENDV86
  DESC SEL_X, 0x00cfbb00, 0xffff
  GATE 0x31, SEL_X, stubs, 0xee
  V86TEST "gate to ring 1", 0x3202
  int 0x31
  ENDV86
  mov byte [0xb000], 0xea
  mov dword [0xb001], frame16
  mov word [0xb005], SEL_CODE0
  GATE 0x31, SEL_CODE0, 0xb000, 0xe6
  V86TEST "16-bit gate", 0x3202
  int 0x31
  ENDV86
TEST "IRET to virtual-8086 mode beyond 64 KiB"
  push 0
  push 0
  push 0
  push 0
  push 0
  push 0
  push VM | 2
  push 0
  push 0x10000
  iretd
END

  mov eax, cr4
  or al, 1
  mov cr4, eax
  PRINT "VME", 10
  V86TEST "INT 31h to the IDT, IOPL 0", 0x202
  int 0x31
  ENDV86
  V86TEST "INT 30h to the IDT, IOPL 3", 0x3202
  int 0x30
  ENDV86
  V86TEST "redirected, IOPL 3", 0x3202
  int 0x60
  ENDV86
  V86TEST "redirected, IOPL 0, VIF = 0", 0x202
  int 0x60
  ENDV86
  V86TEST "redirected, IOPL 0, VIF = 1", 0x80202
  int 0x60
  ENDV86
  V86TEST "redirected, what was pushed", 0x80202
  mov word [cs:0x2010], 0x9090
  mov dword [cs:0x2010], 0x59585bcc
  int 0x60
  ENDV86
  V86TEST "pushed flags, IOPL 0, VIF = 1", 0x80202
  mov dword [cs:0x2010], 0x0f58595b
  mov byte [cs:0x2014], 0x0b
  int 0x60
  ENDV86
  V86TEST "pushed flags, IOPL 0, VIF = 0", 0x202
  int 0x60
  ENDV86
  V86TEST "pushed flags, IOPL 3, NT", 0x7202
  int 0x60
  ENDV86
  V86TEST "CLI, IOPL 0", 0x80202
  cli
  ud2
  ENDV86
  V86TEST "STI, IOPL 0", 0x202
  sti
  ud2
  ENDV86
  V86TEST "STI, IOPL 0, VIP", 0x100202
  sti
  ud2
  ENDV86
  V86TEST "PUSHF, IOPL 0, VIF = 1", 0x80202
  pushf
  pop ax
  ud2
  ENDV86
  V86TEST "PUSHF, IOPL 0, VIF = 0", 0x202
  pushf
  pop ax
  ud2
  ENDV86
  V86TEST "PUSHFD, IOPL 0", 0x202
  pushfd
  ENDV86
  V86TEST "POPF, IOPL 0", 0x202
  push word 0x202
  popf
  ud2
  ENDV86
  V86TEST "POPF, IOPL 0, VIP", 0x100202
  push word 0x202
  popf
  ud2
  ENDV86
  V86TEST "POPF, IOPL 0, TF", 0x202
  push word 0x102
  popf
  ud2
  ENDV86
  V86TEST "IRET, IOPL 0, VIF from IF", 0x202
  push word 0x4ad7
  push word 0x0800
  push word 0x40
  mov word [cs:0x40], 0x0b0f
  iret
  ENDV86
  V86TEST "IRET, IOPL 0, VIP", 0x100202
  push word 0x202
  push word 0x0800
  push word 0x40
  iret
  ENDV86
  V86TEST "IRET, IOPL 0, TF", 0x202
  push word 0x102
  push word 0x0800
  push word 0x40
  iret
  ENDV86
  V86TEST "IRETD, IOPL 0", 0x202
  o32 iret
  ENDV86
  and byte [gdt + SEL_TSS + 5], 0xfd
  mov word [gdt + SEL_TSS], 0x70
  mov ax, SEL_TSS
  ltr ax
  V86TEST "bitmap beyond the TSS", 0x3202
  int 0x60
  ENDV86
  jmp finish

frame16:
  mov eax, [esp]
  mov ebx, [esp + 4]
  mov ecx, [esp + 8]
  mov edx, [esp + 12]
  mov esi, [esp + 16]
  mov edi, ss
  mov ax, SEL_DATA0
  mov ds, ax
  int 0x33

MEMORY
memory_end:
