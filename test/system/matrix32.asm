; Descriptor checks of 32-bit protected mode: every operation that takes a selector, with all 256 access
; bytes, at CPL 0 and 3 and each RPL. One character per access byte:
;   0-3      went through; the CPL afterwards
;   Z z      went through with ZF set or clear (LAR LSL VERR VERW)
;   A B C D  #TS #NP #SS #GP with the tested selector as error code
;   other    =vector:error

%include "boot.inc"

SEL_CODE0 equ 0x08
SEL_DATA0 equ 0x10
SEL_CODE3 equ 0x18 | 3
SEL_DATA3 equ 0x20 | 3
SEL_TSS   equ 0x28
SEL_SLOT  equ 0x30   ; the descriptor under test
SEL_GATE  equ 0x38   ; a call gate to it
SEL_TSS2  equ 0x40   ; a TSS whose limit is too small
SEL_CODE1 equ 0x48
SEL_GATE1 equ 0x50   ; a call gate to level 1

start:
  mov esp, stack0
  call serial
  lgdt [gdtr]
  jmp SEL_CODE0:.flat
.flat:
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  mov ss, ax
  ; IDT: 256 entries, DPL 3 only for the one that ends a test.
  mov edi, idt
  xor ecx, ecx
.gate:
  imul eax, ecx, 16
  add eax, stubs
  mov edx, eax
  and eax, 0xffff
  or eax, SEL_CODE0 << 16
  mov [edi], eax
  and edx, 0xffff0000
  or edx, 0x8e00
  mov [edi + 4], edx
  add edi, 8
  inc ecx
  cmp ecx, 64
  jb .gate
  or byte [idt + 0x30 * 8 + 5], 0x60
  lidt [idtr]
  mov dword [tss + 4], stack0_inner
  mov dword [tss + 8], SEL_DATA0
  mov dword [tss + 0x66], 0x680000
  mov eax, tss
  mov [gdt + SEL_TSS + 2], ax
  shr eax, 16
  mov [gdt + SEL_TSS + 4], al
  mov ax, SEL_TSS
  ltr ax

  mov ebp, table
.operation:
  mov esi, [ebp]
  test esi, esi
  jz finish
  mov dword [cpl], 0
.level:
  mov dword [rpl], 0
.rpl:
  mov esi, [ebp]
  call puts
  PRINT " cpl "
  PRINTX [cpl], 1
  PRINT " rpl "
  PRINTX [rpl], 1
  PRINT ": "
  mov dword [access], 0
.access:
  call build
  call run
  call report
  inc dword [access]
  cmp dword [access], 256
  jb .access
  PRINT 10
  inc dword [rpl]
  cmp dword [rpl], 4
  jb .rpl
  add dword [cpl], 3
  cmp dword [cpl], 3
  jbe .level
  add ebp, 16
  jmp .operation

; Writes the descriptor under test: a flat segment, a gate to CODE0:landing, or a TSS or LDT of limit 0.
build:
  mov ecx, [access]
  mov eax, 0x0000ffff
  mov edx, 0x00cf0000
  test cl, 0x10
  jz .system
  ; An expand-down segment has its valid offsets above the limit.
  mov ch, cl
  and ch, 0x0c
  cmp ch, 4
  jne .done
  xor eax, eax
  mov edx, 0x00c00000
  jmp .done
.system:
  xor eax, eax
  xor edx, edx
  mov ch, cl
  and ch, 15
  cmp ch, 5
  je .task
  cmp ch, 4
  je .gate
  cmp ch, 6
  je .gate
  cmp ch, 7
  je .gate
  cmp ch, 12
  je .gate
  cmp ch, 14
  je .gate
  cmp ch, 15
  jne .done
.gate:
  mov eax, landing
  mov edx, eax
  and eax, 0xffff
  or eax, SEL_CODE0 << 16
  and edx, 0xffff0000
  cmp ch, 8
  jae .done
  ; A 16-bit gate holds 16 bits of offset: land on the copy below 64 KiB. (QEMU 7.2 takes 32 bits.)
  xor edx, edx
  mov eax, SEL_CODE0 << 16 | 0x8000
  mov byte [0x8000], 0xcd
  mov byte [0x8001], 0x30
  jmp .done
.task:
  mov eax, SEL_TSS2 << 16
.done:
  mov dh, cl
  mov [gdt + SEL_SLOT], eax
  mov [gdt + SEL_SLOT + 4], edx
  ret

; Runs the operation at EBP + 4 at the chosen level with the selector in EBX.
run:
  mov [resume_esp], esp
  mov [resume_ebp], ebp
  mov ebx, SEL_SLOT
  or ebx, [rpl]
  mov [selector], ebx
  ; The call gate names the slot.
  mov eax, landing
  mov edx, eax
  and eax, 0xffff
  shl ebx, 16
  or eax, ebx
  shr ebx, 16
  and edx, 0xffff0000
  or edx, 0xec00
  mov [gdt + SEL_GATE], eax
  mov [gdt + SEL_GATE + 4], edx
  ; So does the interrupt gate 31h.
  or edx, 0xee00
  mov dh, 0xee
  mov [idt + 0x31 * 8], eax
  mov [idt + 0x31 * 8 + 4], edx
  mov edx, landing
  mov eax, SEL_CODE1 << 16
  mov ax, dx
  mov dx, 0xec00
  mov [gdt + SEL_GATE1], eax
  mov [gdt + SEL_GATE1 + 4], edx
  mov ebx, [selector]
  mov [tss + 16], bx
  mov dword [tss + 12], stack3
  mov ecx, SEL_DATA3
  mov edx, SEL_CODE3
  cmp dword [cpl], 0
  je .inner
  push ecx
  push stack3
  push 2
  push edx
  jmp .enter
.inner:
  push 2
  push SEL_CODE0
.enter:
  push dword [ebp + 4]
  cmp dword [cpl], 0
  je .go
  mov ds, ecx
  mov es, ecx
.go:
  iretd

; Where a transfer arrives.
landing:
  int 0x30

; Every vector: EAX = number and so on are saved, the test is over.
align 16
stubs:
%assign n 0
%rep 64
align 16
%if n == 8 || (n >= 10 && n <= 14) || n == 17
  push byte n
%else
  push byte 0
  push byte n
%endif
  jmp near caught
%assign n n + 1
%endrep
caught:
  ; A handler entered on a tested inner stack or code segment may have any selectors: use SS for nothing.
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  pop dword [vector]
  pop dword [error]
  pop dword [frame_ip]
  pop dword [frame_cs]
  pop dword [frame_flags]
  mov ss, ax
  mov esp, [resume_esp]
  mov ebp, [resume_ebp]
  xor eax, eax
  lldt ax
  and byte [gdt + SEL_TSS + 5], 0xfd
  mov ax, SEL_TSS
  ltr ax
  push 2
  popfd
  ret

; Prints the outcome as one character.
report:
  cmp dword [vector], 0x30
  jne .fault
  mov eax, [ebp + 8]
  test eax, eax
  jnz .flags
  mov eax, [frame_cs]
  and eax, 3
  add al, '0'
  jmp putc
.flags:
  mov al, 'Z'
  test byte [frame_flags], 0x40
  jnz putc
  mov al, 'z'
  jmp putc
.fault:
  mov eax, [selector]
  and eax, 0xfffc
  cmp eax, [error]
  jne .odd
  mov eax, [vector]
  sub eax, 10
  cmp eax, 3
  ja .odd
  add al, 'A'
  jmp putc
.odd:
  mov al, '='
  call putc
  PRINTX [vector], 2
  mov al, ':'
  call putc
  PRINTX [error], 4
  ret

; The operations. EBX holds the selector.
op_ds:
  mov ds, ebx
  int 0x30
op_es:
  mov es, ebx
  int 0x30
op_fs:
  mov fs, ebx
  int 0x30
op_gs:
  push ebx
  pop gs
  int 0x30
op_ss:
  mov ss, ebx
  int 0x30
op_lds:
  mov dword [esp - 32], 0
  mov [esp - 28], bx
  lds eax, [esp - 32]
  int 0x30
op_lss:
  mov dword [esp - 32], stack3
  mov [esp - 28], bx
  lss esp, [esp - 32]
  int 0x30
op_lar:
  lar eax, ebx
  int 0x30
op_lsl:
  lsl eax, ebx
  int 0x30
op_verr:
  verr bx
  int 0x30
op_verw:
  verw bx
  int 0x30
op_lldt:
  lldt bx
  int 0x30
op_ltr:
  ltr bx
  int 0x30
op_jmp:
  push ebx
  push landing
  jmp far [esp]
op_call:
  push ebx
  push landing
  call far [esp]
op_call16:
  push bx
  push word 0x8000
  mov byte [ss:0x8000], 0xcd
  mov byte [ss:0x8001], 0x30
  o16 call far [esp]
op_retf:
  push SEL_DATA3
  push stack3
  push ebx
  push landing
  retf
op_retf_ss:
  push ebx
  push stack3
  push SEL_CODE3
  push landing
  retf
op_iret:
  push SEL_DATA3
  push stack3
  push 2
  push ebx
  push landing
  iretd
op_iret_ss:
  push ebx
  push stack3
  push 2
  push SEL_CODE3
  push landing
  iretd
op_jmp_gate:
  jmp SEL_GATE | 3:0
op_call_gate:
  call SEL_GATE | 3:0
op_int_gate:
  int 0x31
op_inner_stack:
  ; The stack of level 1 is the segment under test.
  call SEL_GATE1 | 3:0

table:
  dd name_ds, op_ds, 0, 0
  dd name_es, op_es, 0, 0
  dd name_fs, op_fs, 0, 0
  dd name_gs, op_gs, 0, 0
  dd name_ss, op_ss, 0, 0
  dd name_lds, op_lds, 0, 0
  dd name_lss, op_lss, 0, 0
  dd name_lar, op_lar, 1, 0
  dd name_lsl, op_lsl, 1, 0
  dd name_verr, op_verr, 1, 0
  dd name_verw, op_verw, 1, 0
  dd name_lldt, op_lldt, 0, 0
  dd name_ltr, op_ltr, 0, 0
  dd name_jmp, op_jmp, 0, 0
  dd name_call, op_call, 0, 0
  dd name_call16, op_call16, 0, 0
  dd name_retf, op_retf, 0, 0
  dd name_retf_ss, op_retf_ss, 0, 0
  dd name_iret, op_iret, 0, 0
  dd name_iret_ss, op_iret_ss, 0, 0
  dd name_jmp_gate, op_jmp_gate, 0, 0
  dd name_call_gate, op_call_gate, 0, 0
  dd name_int_gate, op_int_gate, 0, 0
  dd name_inner_stack, op_inner_stack, 0, 0
  dd 0
name_ds: db "MOV DS", 0
name_es: db "MOV ES", 0
name_fs: db "MOV FS", 0
name_gs: db "POP GS", 0
name_ss: db "MOV SS", 0
name_lds: db "LDS", 0
name_lss: db "LSS", 0
name_lar: db "LAR", 0
name_lsl: db "LSL", 0
name_verr: db "VERR", 0
name_verw: db "VERW", 0
name_lldt: db "LLDT", 0
name_ltr: db "LTR", 0
name_jmp: db "JMP", 0
name_call: db "CALL", 0
name_call16: db "CALL 16", 0
name_retf: db "RETF", 0
name_retf_ss: db "RETF SS", 0
name_iret: db "IRET", 0
name_iret_ss: db "IRET SS", 0
name_jmp_gate: db "JMP GATE", 0
name_call_gate: db "CALL GATE", 0
name_int_gate: db "INT GATE", 0
name_inner_stack: db "INNER SS", 0

align 8
gdt:
  dq 0
  dq 0x00cf9b000000ffff
  dq 0x00cf93000000ffff
  dq 0x00cffb000000ffff
  dq 0x00cff3000000ffff
  dq 0x0000890000000067
  dq 0
  dq 0
  dq 0x0000890000000000
  dq 0x00cfbb000000ffff
  dq 0
gdt_end:
gdtr:
  dw gdt_end - gdt - 1
  dd gdt
idtr:
  dw 64 * 8 - 1
  dd idt
image_end:

absolute 0x200000
idt: resb 256 * 8
tss: resb 0x70
cpl: resd 1
rpl: resd 1
access: resd 1
selector: resd 1
vector: resd 1
error: resd 1
frame_ip: resd 1
frame_cs: resd 1
frame_flags: resd 1
resume_esp: resd 1
resume_ebp: resd 1
  resb 4096
stack0:
  resb 4096
stack0_inner:
  resb 4096
stack3:
  resb 64
memory_end:
