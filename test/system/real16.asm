; Real mode: interrupt frames, the interrupt table's limit, far transfers, segment limits that protected
; mode left behind, instructions that do not exist there.

%include "boot.inc"

%define R(x) ((x) - real_begin + 0x8000)

; T "name" ... E: 16-bit code; any interrupt ends it
%macro T 1
  mov si, R(%%text)
  call puts16
  mov word [cs:R(resume)], R(%%next)
  mov word [cs:R(base)], R(%%code)
  jmp %%code
%%text: db %1, ": ", 0
%define T_NEXT %%next
%%code:
%endmacro
%macro E 0
  mov si, R(through)
  call puts16
T_NEXT:
  call newline
%endmacro

start:
  mov esp, stack
  call serial
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  mov esi, real_begin
  mov edi, 0x8000
  mov ecx, real_end - real_begin
  cld
  rep movsb
  lgdt [gdtr]
  jmp 0x08:R(narrow)

align 8
real_begin:
bits 16
narrow:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov ax, 0x18
  mov fs, ax      ; base 0, limit 4 GiB
  mov ax, 0x20
  mov gs, ax      ; limit FFFh
  mov eax, cr0
  and al, 0xfe
  mov cr0, eax
  jmp 0:R(flush)
flush:
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7000
  lidt [R(idtr)]
  ; 256 vectors to the stubs
  xor di, di
  xor bx, bx
.vector:
  mov ax, bx
  shl ax, 3
  add ax, R(stubs)
  cmp bx, 128
  jb .have
  mov ax, R(stubs)
.have:
  stosw
  xor ax, ax
  stosw
  inc bx
  cmp bx, 256
  jb .vector

  T "INT 60h"
  push word 0x4ed7
  popf
  int 0x60
  E
  T "INT3"
  int3
  E
  T "INTO"
  mov al, 0x7f
  inc al
  into
  E
  T "#DE"
  xor cx, cx
  div cx
  E
  T "#UD"
  ud2
  E
  T "BOUND"
  mov dword [0x500], 0x00020001
  mov ax, 3
  bound ax, [0x500]
  E
  T "single step"
  push word 0x102
  popf
  nop
  nop
  E
  T "single step over INT"
  push word 0x102
  popf
  int 0x61
  E
  T "LLDT"
  lldt ax
  E
  T "LTR"
  ltr ax
  E
  T "SLDT"
  sldt ax
  E
  T "LAR"
  lar ax, bx
  E
  T "VERW"
  verw ax
  E
  T "ARPL"
  arpl ax, bx
  E
  T "SYSENTER"
  sysenter
  E
  T "SYSEXIT"
  sysexit
  E
  T "word across the end of DS"
  mov ax, [0xffff]
  E
  T "offset beyond DS"
  mov ebx, 0x10000
  mov al, [ebx]
  E
  T "FS keeps its 4 GiB limit"
  mov ebx, 0x110000
  mov dword [fs:ebx], 0x600df00d
  mov ebx, 0x110000
  mov eax, [fs:ebx]
  mov ecx, eax
  int 0x62
  E
  T "FS keeps it after a load too"
  mov ax, 0x1000
  mov fs, ax
  mov ebx, 0x100000
  mov ecx, [fs:ebx]
  int 0x62
  E
  T "GS keeps its small limit"
  mov al, [gs:0xfff]
  mov al, [gs:0x1000]
  E
  T "GS keeps it after a load too"
  mov ax, 0x1000
  mov gs, ax
  mov al, [gs:0x1000]
  E
  T "code segment writable"
  mov word [cs:0x500], 0x1234
  mov cx, [0x500]
  int 0x62
  E
  T "far CALL and RETF 2"
  push word 0x1111
  mov dx, sp
  call 0:R(.far)
  sub dx, sp
  mov cx, dx
  int 0x62
.far:
  retf 2
  E
  T "far CALL with 32-bit operands"
  mov edx, esp
  call dword 0:R(.far32)
  sub edx, esp
  mov ecx, edx
  int 0x62
.far32:
  sub edx, esp
  mov ebx, [esp]
  o32 retf
  E
  T "far JMP beyond 64 KiB"
  jmp dword 0:0x12345
  E
  T "RETF beyond 64 KiB"
  push dword 0
  push dword 0x12345
  o32 retf
  E
  T "IRET"
  push word 0x7fd7 & ~0x100
  push word 0
  push word R(.iret)
  iret
.iret:
  pushf
  pop cx
  int 0x62
  E
  T "IRETD"
  push dword 0x247ed7
  push dword 0
  push dword R(.iretd)
  o32 iret
.iretd:
  pushfd
  pop ecx
  int 0x62
  E
  T "IRETD beyond 64 KiB"
  push dword 2
  push dword 0
  push dword 0x10000
  o32 iret
  E
  mov word [0x500], 0x7f
  mov dword [0x502], 0
  lidt [0x500]
  T "INT beyond the table"
  int 0x62
  E
  mov word [0x500], 13 * 4 + 2
  lidt [0x500]
  T "INT beyond the table, #GP too"
  int 0x62
  E
  mov word [0x500], 0x3ff
  mov dword [0x502], 0x9000
  lidt [0x500]
  mov word [0x9000 + 0x61 * 4], R(stubs) + 0x61 * 8
  mov word [0x9000 + 0x61 * 4 + 2], 0
  T "table elsewhere"
  int 0x61
  E
  mov si, R(last)
  call puts16
  xor eax, eax
  out 0xf4, al
.halt:
  cli
  hlt
  jmp .halt

align 8
stubs:
%assign n 0
%rep 128
align 8
  push strict byte n
  jmp near caught
%assign n n + 1
%endrep
caught:
  ; sp: vector, ip, cs, flags
  pushad
  mov bp, sp
  push ds
  xor ax, ax
  mov ds, ax
  mov es, ax
  cld
  mov si, R(text_v)
  call puts16
  mov ax, [bp + 32]
  call hex16
  mov si, R(text_ip)
  call puts16
  mov ax, [bp + 34]
  sub ax, [R(base)]
  call hex16
  mov si, R(text_cs)
  call puts16
  mov ax, [bp + 36]
  call hex16
  mov si, R(text_fl)
  call puts16
  mov ax, [bp + 38]
  call hex16
  mov si, R(text_sp)
  call puts16
  lea ax, [bp + 40]
  call hex16
  cmp word [bp + 32], 0x62
  jne .plain
  mov si, R(text_cx)
  call puts16
  mov ax, [bp + 26]
  call hex16
  mov ax, [bp + 24]
  call hex16
.plain:
  mov sp, 0x7000
  push word 2
  popf
  jmp [R(resume)]

putc16:
  push dx
  push ax
  mov dx, COM1 + 5
.wait:
  in al, dx
  test al, 0x20
  jz .wait
  pop ax
  mov dx, COM1
  out dx, al
  pop dx
  ret
puts16:
  push ax
.next:
  mov al, [cs:si]
  inc si
  test al, al
  jz .end
  call putc16
  jmp .next
.end:
  pop ax
  ret
hex16:
  mov cx, 4
.next:
  rol ax, 4
  push ax
  and ax, 15
  cmp al, 10
  jb .digit
  add al, 'a' - '0' - 10
.digit:
  add al, '0'
  call putc16
  pop ax
  loop .next
  ret
newline:
  mov al, 10
  jmp putc16
text_v: db "v=", 0
text_ip: db " ip=", 0
text_cs: db " cs=", 0
text_fl: db " fl=", 0
text_sp: db " sp=", 0
text_cx: db " cx=", 0
through: db "went through", 0
last: db "end", 10, 0
idtr:
  dw 0x3ff
  dd 0
resume: dw 0
base: dw 0
real_end:
bits 32

align 8
gdt:
  dq 0
  dq 0x00009b000000ffff
  dq 0x000093000000ffff
  dq 0x008f93000000ffff
  dq 0x0000930000000fff
gdt_end:
gdtr:
  dw gdt_end - gdt - 1
  dd gdt
image_end:
absolute 0x200000
  resb 4096
stack:
memory_end:
