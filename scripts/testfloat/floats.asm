; Runs rows of TestFloat on the machine's float instructions: a Multiboot kernel, 64-bit, for
; scripts/suite-testfloat.mjs. Needs FXSR and SSE4.1; AVX state is enabled where there is some.
;
;   module: jobs    u32 routine | u32 MXCSR | u32 FCW | u32 rows | the rows, 80 bytes each
;           row     operands a, b, c and result, 16 bytes each | u32 flags as in MXCSR | 12 bytes 0
;           end     routine FFFFFFFFh
;   COM1:   "R job row result(high low) flags" for the first rows of a job that differ, "J job rows wrong"
;   ports:  F4h when all is done
;
; A routine has RSI = row, leaves its result at RESULT and flags in EAX. DE (bit 1) is not compared: it is no
; IEEE flag, and TestFloat does not know it.

bits 32
ORIGIN equ 0x100000
org ORIGIN

MAGIC equ 0x1badb002
FLAGS equ 0x10003                       ; modules on pages, memory information, addresses as below
TABLES equ ORIGIN + 0x8000              ; 24 KiB, behind the image
STACK equ ORIGIN + 0x10000
FLAGS_COMPARED equ 0x3d
SHOWN equ 4

header:
  dd MAGIC, FLAGS, -(MAGIC + FLAGS)
  dd header, ORIGIN, 0, STACK, start

start:
  cld
  mov esp, STACK
  mov esi, [ebx + 24]                   ; first module's address
  mov ebp, [esi]
  mov edi, TABLES                       ; 1:1, 4 GiB in 2 MiB pages
  xor eax, eax
  mov ecx, 6 * 1024
  rep stosd
  mov dword [TABLES], TABLES + 0x1000 + 3
  mov edi, TABLES + 0x1000
  mov eax, TABLES + 0x2000 + 3
.directory:
  mov [edi], eax
  add edi, 8
  add eax, 0x1000
  cmp edi, TABLES + 0x1000 + 32
  jb .directory
  mov edi, TABLES + 0x2000
  mov eax, 0x83
.page:
  mov [edi], eax
  add edi, 8
  add eax, 0x200000
  jnc .page
  mov eax, cr4
  or eax, 0x620                         ; PAE, OSFXSR, OSXMMEXCPT
  mov cr4, eax
  mov eax, TABLES
  mov cr3, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x100
  wrmsr
  mov eax, cr0
  and eax, ~0xc                         ; EM, TS
  or eax, 0x80000022                    ; PG, NE, MP
  mov cr0, eax
  lgdt [gdt_pointer]
  jmp 8:long_mode

align 8
gdt:
  dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
  dw $ - gdt - 1
  dd gdt

bits 64
default rel

long_mode:
  mov eax, 16
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov eax, 1
  cpuid
  and ecx, 0x14000000                   ; AVX, XSAVE
  cmp ecx, 0x14000000
  jne .jobs
  mov rax, cr4
  or eax, 0x40000                       ; OSXSAVE
  mov cr4, rax
  xor ecx, ecx
  xor edx, edx
  mov eax, 7
  xsetbv
.jobs:
  xor r12d, r12d                        ; job
  mov esi, ebp
.job:
  mov eax, [rsi]
  cmp eax, -1
  je .end
  lea rbx, [routines]
  mov r14d, [rbx + rax * 4]
  mov eax, [rsi + 4]
  mov [mxcsr], eax
  mov eax, [rsi + 8]
  mov [fcw], eax
  mov r13d, [rsi + 12]                  ; rows
  add rsi, 16
  xor r15d, r15d                        ; row
  xor ebp, ebp                          ; wrong ones
.row:
  fninit
  fldcw [fcw]
  ldmxcsr [mxcsr]
  mov qword [result], 0
  mov qword [result + 8], 0
  call r14
  xor eax, [rsi + 64]
  test eax, FLAGS_COMPARED
  jnz .wrong
  mov rax, [result]
  cmp rax, [rsi + 48]
  jne .wrong
  mov rax, [result + 8]
  cmp rax, [rsi + 56]
  je .right
.wrong:
  xor eax, [rsi + 64]
  inc ebp
  cmp ebp, SHOWN
  ja .right
  call show_row
.right:
  add rsi, 80
  inc r15d
  cmp r15d, r13d
  jb .row
  mov al, 'J'
  call put
  mov eax, r12d
  call put_number
  mov eax, r13d
  call put_number
  mov eax, ebp
  call put_number
  call put_newline
  inc r12d
  jmp .job
.end:
  mov eax, 0
  out 0xf4, al
  hlt

; ---- output

put:                                    ; AL
  push rdx
  push rax
.wait:
  mov dx, 0x3fd
  in al, dx
  test al, 0x20
  jz .wait
  pop rax
  mov dx, 0x3f8
  out dx, al
  pop rdx
  ret

put_newline:
  mov al, 10
  jmp put

put_number:                             ; a blank and EAX
  mov edx, eax
  mov cl, 32
  mov al, ' '
  call put
  shl rdx, 32
  jmp put_digits.next
put_digits:                             ; RDX as CL/4 digits, from the top
.next:
  rol rdx, 4
  mov al, dl
  and al, 15
  cmp al, 10
  jb .decimal
  add al, 'a' - '0' - 10
.decimal:
  add al, '0'
  call put
  sub cl, 4
  jnz .next
  ret

show_row:
  push rax
  mov al, 'R'
  call put
  mov eax, r12d
  call put_number
  mov eax, r15d
  call put_number
  mov al, ' '
  call put
  mov rdx, [result + 8]
  mov cl, 64
  call put_digits
  mov rdx, [result]
  mov cl, 64
  call put_digits
  pop rax
  and eax, 0x3f
  call put_number
  jmp put_newline

; ---- routines, in the order of ROUTINES in suite-testfloat.mjs

%macro sse_end 1                        ; XMM0 to RESULT, flags
  %1 [result], xmm0
  stmxcsr [status]
  mov eax, [status]
  ret
%endmacro

%macro integer_end 1                    ; RAX or EAX
  mov [result], %1
  stmxcsr [status]
  mov eax, [status]
  ret
%endmacro

%macro compare_end 1                    ; condition, false if unordered
  setnp dl
  %1 al
  and al, dl
  mov [result], al
  stmxcsr [status]
  mov eax, [status]
  ret
%endmacro

%macro x87_end 0                        ; flags, of which IE-PE lie as in MXCSR
  fnstsw ax
  movzx eax, ax
  ret
%endmacro

%macro sse_binary 1
f32_%1:
  movss xmm0, [rsi]
  %1ss xmm0, [rsi + 16]
  sse_end movss
f64_%1:
  movsd xmm0, [rsi]
  %1sd xmm0, [rsi + 16]
  sse_end movsd
%endmacro

sse_binary add
sse_binary sub
sse_binary mul
sse_binary div

f32_sqrt:
  sqrtss xmm0, [rsi]
  sse_end movss
f64_sqrt:
  sqrtsd xmm0, [rsi]
  sse_end movsd
f32_to_f64:
  cvtss2sd xmm0, [rsi]
  sse_end movsd
f64_to_f32:
  cvtsd2ss xmm0, [rsi]
  sse_end movss
i32_to_f32:
  cvtsi2ss xmm0, dword [rsi]
  sse_end movss
i32_to_f64:
  cvtsi2sd xmm0, dword [rsi]
  sse_end movsd
i64_to_f32:
  cvtsi2ss xmm0, qword [rsi]
  sse_end movss
i64_to_f64:
  cvtsi2sd xmm0, qword [rsi]
  sse_end movsd
f32_to_i32:
  cvtss2si eax, [rsi]
  integer_end eax
f32_to_i64:
  cvtss2si rax, [rsi]
  integer_end rax
f64_to_i32:
  cvtsd2si eax, [rsi]
  integer_end eax
f64_to_i64:
  cvtsd2si rax, [rsi]
  integer_end rax
f32_round:
  roundss xmm0, [rsi], 4
  sse_end movss
f64_round:
  roundsd xmm0, [rsi], 4
  sse_end movsd
f32_round_inexact:                      ; PE suppressed
  roundss xmm0, [rsi], 12
  sse_end movss
f64_round_inexact:
  roundsd xmm0, [rsi], 12
  sse_end movsd

%macro sse_compare 3                    ; name, condition, instruction
f32_%1:
  movss xmm0, [rsi]
  %3ss xmm0, [rsi + 16]
  compare_end %2
f64_%1:
  movsd xmm0, [rsi]
  %3sd xmm0, [rsi + 16]
  compare_end %2
%endmacro

sse_compare eq, sete, ucomi
sse_compare eq_signaling, sete, comi
sse_compare le, setbe, comi
sse_compare le_quiet, setbe, ucomi
sse_compare lt, setb, comi
sse_compare lt_quiet, setb, ucomi

f16_to_f32:
  movzx eax, word [rsi]
  movd xmm1, eax
  vcvtph2ps xmm0, xmm1
  sse_end movss
f32_to_f16:
  movss xmm1, [rsi]
  vcvtps2ph xmm0, xmm1, 4
  movd eax, xmm0
  integer_end ax
f32_muladd:
  movss xmm1, [rsi]                      ; the first factor: of two NaNs it is the result
  movss xmm0, [rsi + 16]
  vfmadd213ss xmm0, xmm1, [rsi + 32]
  sse_end movss
f64_muladd:
  movsd xmm1, [rsi]                      ; the first factor: of two NaNs it is the result
  movsd xmm0, [rsi + 16]
  vfmadd213sd xmm0, xmm1, [rsi + 32]
  sse_end movsd

%macro x87_binary 1
extf80_%1:
  fld tword [rsi]
  fld tword [rsi + 16]
  f%1p st1, st0
  fstp tword [result]
  x87_end
%endmacro

x87_binary add
x87_binary sub
x87_binary mul
x87_binary div

extf80_rem:
  fld tword [rsi + 16]
  fld tword [rsi]
.more:
  fprem1
  fnstsw ax
  test ah, 4
  jnz .more
  fstp tword [result]
  x87_end
extf80_sqrt:
  fld tword [rsi]
  fsqrt
  fstp tword [result]
  x87_end
extf80_round:
  fld tword [rsi]
  frndint
  fstp tword [result]
  x87_end
extf80_to_f32:
  fld tword [rsi]
  fstp dword [result]
  x87_end
extf80_to_f64:
  fld tword [rsi]
  fstp qword [result]
  x87_end
extf80_to_i32:
  fld tword [rsi]
  fistp dword [result]
  x87_end
extf80_to_i64:
  fld tword [rsi]
  fistp qword [result]
  x87_end
f32_to_extf80:
  fld dword [rsi]
  fstp tword [result]
  x87_end
f64_to_extf80:
  fld qword [rsi]
  fstp tword [result]
  x87_end
i32_to_extf80:
  fild dword [rsi]
  fstp tword [result]
  x87_end
i64_to_extf80:
  fild qword [rsi]
  fstp tword [result]
  x87_end

%macro x87_compare 3                    ; name, condition, instruction
extf80_%1:
  fld tword [rsi + 16]
  fld tword [rsi]
  %3 st0, st1
  setnp dl
  %2 al
  and al, dl
  mov [result], al
  x87_end
%endmacro

x87_compare eq, sete, fucomi
x87_compare eq_signaling, sete, fcomi
x87_compare le, setbe, fcomi
x87_compare le_quiet, setbe, fucomi
x87_compare lt, setb, fcomi
x87_compare lt_quiet, setb, fucomi

align 16
result: dq 0, 0
status: dd 0
mxcsr: dd 0
fcw: dd 0

routines:
%include "routines.inc"
%if $ - header > TABLES - ORIGIN
%error the image reaches into its page tables
%endif
