; IA-32e mode: interrupt stack table, stack alignment, 16-byte gates, IRETQ, ring 3 in 64-bit and compatibility
; mode, call gates, SYSCALL, SYSENTER, page faults and double faults.

%include "boot.inc"

SEL_CODE32 equ 0x08
SEL_DATA0  equ 0x10
SEL_CODE64 equ 0x18
SEL_USER32 equ 0x20 | 3
SEL_USER_D equ 0x28 | 3
SEL_USER64 equ 0x30 | 3
SEL_TSS    equ 0x38      ; 16 bytes
SEL_GATE   equ 0x48      ; 16 bytes
SEL_X      equ 0x58      ; 16 bytes
SEL_Y      equ 0x68
VECTORS    equ 64

start:
  mov esp, stack0
  call serial
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  ; 4 GiB identity-mapped by 2 MiB pages that ring 3 may use; the page at 6 MiB is absent.
  mov edi, tables
  mov ecx, 6 * 1024
  xor eax, eax
  rep stosd
  mov dword [tables], tables + 0x1007
  mov eax, tables + 0x2007
  mov edi, tables + 0x1000
  mov ecx, 4
.pdpt:
  mov [edi], eax
  add edi, 8
  add eax, 0x1000
  loop .pdpt
  mov eax, 0x87
  mov edi, tables + 0x2000
  mov ecx, 2048
.pd:
  mov [edi], eax
  add edi, 8
  add eax, 0x200000
  loop .pd
  mov dword [tables + 0x2000 + 3 * 8], 0
  mov eax, tables
  mov cr3, eax
  mov eax, cr4
  or eax, 0x20
  mov cr4, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x101
  wrmsr
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax
  lgdt [gdtr]
  jmp SEL_CODE64:long_mode

bits 64
default abs

%include "output64.inc"

%macro TEST64 1
  SAY %1, ": "
  mov qword [base_ip], %%code
  mov qword [resume], %%next
  mov [base_sp], rsp
  mov dword [depth], 0
  jmp %%code
%define TEST_NEXT %%next
align 16
%%code:
%endmacro
%macro END64 0
  SAY "went through"
TEST_NEXT:
  SAY 10
%endmacro

; GATE64 vector, selector, offset, access byte, IST
%macro GATE64 5
  mov rax, %3
  mov ebx, %2
  mov ecx, (%4) << 8 | (%5)
  mov edi, idt + (%1) * 16
  call gate64
%endmacro
gate64:
  mov [rdi], ax
  mov [rdi + 2], bx
  mov [rdi + 4], cx
  shr rax, 16
  mov [rdi + 6], ax
  shr rax, 16
  mov [rdi + 8], rax
  ret

; USER selector, address
%macro USER 2
  push SEL_USER_D
  push stack3
  push 0x202
  push %1
  push %2
  iretq
%endmacro

long_mode:
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov fs, ax
  mov gs, ax
  mov esp, stack0
  xor edx, edx
.next:
  mov eax, edx
  shl eax, 4
  add eax, stubs
  mov ebx, SEL_CODE64
  mov ecx, 0x8e00
  mov edi, edx
  shl edi, 4
  add edi, idt
  call gate64
  inc edx
  cmp edx, VECTORS
  jb .next
  or byte [idt + 0x30 * 16 + 5], 0x60
  or byte [idt + 0x33 * 16 + 5], 0x60
  lidt [idtr]
  mov qword [tss + 4], stack_inner
  mov qword [tss + 36], stack_ist1
  mov qword [tss + 44], stack_ist2 + 8
  mov eax, tss
  mov [gdt + SEL_TSS + 2], ax
  shr eax, 16
  mov [gdt + SEL_TSS + 4], al
  mov ax, SEL_TSS
  ltr ax
  xor ebx, ebx
  xor esi, esi
  xor edi, edi
  xor ebp, ebp

TEST64 "#UD"
  mov qword [scratch], 0
  ud2
END64
TEST64 "unaligned stack"
  sub rsp, 5
  ud2
END64
TEST64 "#GP with error code, unaligned stack"
  sub rsp, 9
  mov eax, 0x1000
  mov ds, eax
END64
TEST64 "null SS stays on the frame"
  xor eax, eax
  mov ss, eax
  ud2
END64
  mov eax, SEL_DATA0
  mov ss, eax
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 1
TEST64 "IST 1"
  sub rsp, 5
  ud2
END64
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 2
TEST64 "IST 2, unaligned"
  ud2
END64
TEST64 "IST 2 from ring 3"
  USER SEL_USER64, .ud
.ud:
  ud2
END64
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 3
TEST64 "IST 3 not canonical"
  mov rax, 0x0001000000000000
  mov [tss + 52], rax
  ud2
END64
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 0
%macro BADGATE64 1
TEST64 {%1, ", INT 32h"}
  int 0x32
END64
TEST64 {%1, ", #UD"}
  ud2
END64
%endmacro
%macro BOTH64 4
  GATE64 0x32, %1, %2, %3, %4
  GATE64 6, %1, %2, %3, %4
%endmacro
  BOTH64 SEL_CODE64, ok, 0x0e, 0
BADGATE64 "not present"
  BOTH64 SEL_CODE64, ok, 0x86, 0
BADGATE64 "16-bit gate"
  BOTH64 SEL_CODE64, ok, 0x85, 0
BADGATE64 "task gate"
  BOTH64 SEL_CODE32, ok, 0x8e, 0
BADGATE64 "CS is 32-bit"
  BOTH64 0, ok, 0x8e, 0
BADGATE64 "null CS"
  BOTH64 SEL_USER64, ok, 0x8e, 0
BADGATE64 "CS of ring 3"
  BOTH64 SEL_DATA0, ok, 0x8e, 0
BADGATE64 "CS is data"
  BOTH64 SEL_CODE64, 0x0000800000000000, 0x8e, 0
BADGATE64 "offset not canonical"
  BOTH64 SEL_CODE64, ok, 0x8f, 0
TEST64 "trap gate keeps IF"
  push 0x202
  popfq
  int 0x32
END64
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 0
TEST64 "beyond the IDT"
  int 0x40
END64
TEST64 "INTO is not there"
  db 0xce
END64
TEST64 "far JMP ptr is not there"
  db 0xea
  dd 0
  dw 8
END64
TEST64 "NT and IRET"
  push 0x4002
  popfq
  push SEL_DATA0
  push stack0
  push 2
  push SEL_CODE64
  push ok
  iretq
END64

  ; Page faults
TEST64 "#PF read"
  mov eax, [0x600010]
END64
TEST64 "#PF write"
  mov [0x600020], eax
END64
TEST64 "#PF from ring 3"
  USER SEL_USER64, .pf
.pf:
  mov [0x600030], eax
END64
TEST64 "#PF on the fetch"
  mov eax, 0x600040
  jmp rax
END64
TEST64 "#PF pushing the frame becomes #DF"
  mov byte [idt + 8 * 16 + 4], 1
  mov esp, 0x600100
  ud2
END64
TEST64 "#PF on an IST stack"
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 3
  mov qword [tss + 52], 0x600100
  ud2
END64
  GATE64 6, SEL_CODE64, stubs + 6 * 16, 0x8e, 0
TEST64 "#PF, its gate not present"
  GATE64 14, SEL_CODE64, stubs + 14 * 16, 0x0e, 0
  mov eax, [0x600050]
END64
  GATE64 14, SEL_CODE64, stubs + 14 * 16, 0x8e, 0
TEST64 "ring 3 without an inner stack"
  mov qword [tss + 4], 0x600100
  USER SEL_USER64, .inner
.inner:
  int 0x30
END64
  mov qword [tss + 4], stack_inner
TEST64 "#SS for a stack that is not canonical"
  mov rsp, 0x0000800000000010
  push rax
END64
TEST64 "#SS through RBP"
  mov rbp, 0x0000800000000010
  mov rax, [rbp]
END64
TEST64 "#GP through RAX"
  mov rax, 0x0000800000000010
  mov rax, [rax]
END64

  ; IRETQ
TEST64 "IRETQ to ring 0"
  push SEL_DATA0
  push stack0 - 3
  push 0x8d7
  push SEL_CODE64
  push .here
  iretq
.here:
  int 0x33
END64
TEST64 "IRETQ to a null SS in ring 0"
  push 0
  push stack0
  push 2
  push SEL_CODE64
  push .here2
  iretq
.here2:
  mov eax, ss
  int 0x33
END64
TEST64 "IRETQ to a null SS in ring 3"
  push 3
  push stack3
  push 2
  push SEL_USER64
  push ok
  iretq
END64
TEST64 "IRETQ to RIP not canonical"
  push SEL_DATA0
  push stack0
  push 2
  push SEL_CODE64
  mov rax, 0x0000800000000000
  push rax
  iretq
END64
TEST64 "IRETQ to RSP not canonical"
  push SEL_USER_D
  mov rax, 0x0000800000000000
  push rax
  push 2
  push SEL_USER64
  push .user
  iretq
.user:
  mov rax, rsp
  mov rsp, stack3
  int 0x33
END64
TEST64 "IRETD in 64-bit code"
  sub rsp, 20
  mov dword [rsp], .here3
  mov dword [rsp + 4], SEL_USER64
  mov dword [rsp + 8], 0x202
  mov dword [rsp + 12], stack3
  mov dword [rsp + 16], SEL_USER_D
  iretd
.here3:
  int 0x33
END64
TEST64 "IRETQ to compatibility mode"
  USER SEL_USER32, .compat
bits 32
.compat:
  mov eax, esp
  push eax
  int 0x33
bits 64
END64
TEST64 "IRETQ with VM set"
  push SEL_USER_D
  push stack3
  push 0x20202
  push SEL_USER64
  push .vm
  iretq
.vm:
  int 0x33
END64
TEST64 "IRETQ to a descriptor with L and D"
  mov dword [gdt + SEL_Y + 4], 0x00efbb00 | 0x4000
  mov dword [gdt + SEL_Y], 0xffff
  mov byte [gdt + SEL_Y + 5], 0x9b
  push SEL_DATA0
  push stack0
  push 2
  push SEL_Y
  push ok
  iretq
END64
TEST64 "data segments after IRETQ to ring 3"
  mov eax, SEL_DATA0
  mov ds, eax
  mov es, eax
  mov fs, eax
  mov eax, SEL_USER_D
  mov gs, eax
  USER SEL_USER64, .segs
.segs:
  mov eax, ds
  mov ebx, es
  mov ecx, fs
  mov edx, gs
  int 0x33
END64
TEST64 "ring 3 INT to DPL 0"
  USER SEL_USER64, .int0
.int0:
  int 0x31
END64
TEST64 "compatibility mode #GP"
  USER SEL_USER32, .hlt
bits 32
.hlt:
  hlt
bits 64
END64
TEST64 "compatibility mode segment load"
  USER SEL_USER32, .load
bits 32
.load:
  mov eax, SEL_DATA0
  mov ds, eax
bits 64
END64

  ; Far transfers
TEST64 "far CALL to compatibility mode and RETF"
  mov dword [scratch], .callee
  mov dword [scratch + 4], SEL_CODE32
  mov rbx, rsp
  call far dword [scratch]
  sub rbx, rsp
  int 0x33
bits 32
.callee:
  pop ecx
  pop edx
  mov esi, esp
  push edx
  push ecx
  retf
bits 64
END64
TEST64 "far JMP m16:64"
  mov rax, .there
  mov [scratch], rax
  mov dword [scratch + 8], SEL_CODE64
  jmp far qword [scratch]
.there:
  int 0x33
END64
TEST64 "far JMP m16:64 not canonical"
  mov rax, 0x0000800000000000
  mov [scratch], rax
  mov dword [scratch + 8], SEL_CODE64
  jmp far qword [scratch]
END64
TEST64 "far JMP to the TSS"
  mov dword [scratch], 0
  mov dword [scratch + 4], SEL_TSS
  jmp far dword [scratch]
END64
TEST64 "RETFQ to ring 3"
  push SEL_USER_D
  push stack3
  push SEL_USER64
  push .outer
  retfq
.outer:
  int 0x33
END64
%macro CALLGATE64 3
  mov rax, %2
  mov dword [gdt + SEL_GATE], (%1) << 16
  mov [gdt + SEL_GATE], ax
  shr rax, 16
  mov word [gdt + SEL_GATE + 4], (%3) << 8
  mov [gdt + SEL_GATE + 6], ax
  shr rax, 16
  mov [gdt + SEL_GATE + 8], rax
  mov dword [scratch], 0
  mov dword [scratch + 4], SEL_GATE | 3
%endmacro
  CALLGATE64 SEL_CODE64, gatecallee, 0xec
TEST64 "call gate from ring 0"
  mov rbx, rsp
  call far dword [scratch]
END64
TEST64 "call gate from ring 3"
  USER SEL_USER64, .gate
.gate:
  call far dword [scratch]
END64
TEST64 "call gate from compatibility mode"
  USER SEL_USER32, .gate32
bits 32
.gate32:
  call SEL_GATE | 3:0
bits 64
END64
  CALLGATE64 SEL_CODE64, gatereturn, 0xec
TEST64 "call gate from compatibility mode and back"
  USER SEL_USER32, .gate32b
bits 32
.gate32b:
  call SEL_GATE | 3:0
  int 0x33
bits 64
END64
  CALLGATE64 SEL_CODE32, gatecallee, 0xec
TEST64 "call gate to 32-bit code"
  call far dword [scratch]
END64
  CALLGATE64 SEL_CODE64, gatecallee, 0xe4
TEST64 "16-bit call gate"
  call far dword [scratch]
END64
  CALLGATE64 SEL_CODE64, 0x0000800000000000, 0xec
TEST64 "call gate not canonical"
  call far dword [scratch]
END64
  CALLGATE64 SEL_CODE64, gatecallee, 0xec
TEST64 "call gate with a type in its upper half"
  mov dword [gdt + SEL_GATE + 12], 0x0c00
  call far dword [scratch]
END64

  ; System descriptors
TEST64 "LLDT not canonical"
  mov dword [gdt + SEL_X], 0xffff
  mov dword [gdt + SEL_X + 4], 0x8200
  mov dword [gdt + SEL_X + 8], 0x8000
  mov dword [gdt + SEL_X + 12], 0
  mov eax, SEL_X
  lldt ax
END64
TEST64 "LTR busy"
  mov eax, SEL_TSS
  ltr ax
END64
TEST64 "LTR of a 16-bit TSS"
  mov byte [gdt + SEL_X + 5], 0x81
  mov eax, SEL_X
  ltr ax
END64
  and byte [gdt + SEL_TSS + 5], 0xfd
  mov eax, SEL_TSS
  ltr ax
  mov dword [gdt + SEL_GATE + 12], 0
TEST64 "LAR of the TSS, a 16-bit TSS, the call gate, code"
  mov eax, SEL_TSS
  lar ebx, eax
  mov eax, SEL_X
  lar ecx, eax
  mov eax, SEL_GATE
  lar edx, eax
  mov eax, SEL_CODE64
  lar rsi, eax
  int 0x33
END64

  ; Fast system calls
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, SEL_CODE64 | (SEL_USER32 - 0x00) << 16
  and edx, 0xfffcffff
  wrmsr
  mov ecx, 0xc0000082
  mov eax, entry
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0x4700
  wrmsr
TEST64 "SYSCALL from ring 3"
  USER SEL_USER64, .syscall
.syscall:
  syscall
.after:
END64
  mov ecx, 0xc0000082
  mov eax, entry_return
  xor edx, edx
  wrmsr
TEST64 "SYSCALL and SYSRETQ"
  USER SEL_USER64, .syscall2
.syscall2:
  mov eax, 0x1ad7
  push rax
  popfq
  syscall
  mov eax, cs
  mov ebx, ss
  int 0x33
END64
  mov ecx, 0xc0000082
  mov eax, entry_return32
  xor edx, edx
  wrmsr
TEST64 "SYSCALL and SYSRETL"
  USER SEL_USER64, .syscall3
.syscall3:
  syscall
bits 32
  mov eax, cs
  mov ebx, ss
  mov ecx, esp
  int 0x33
bits 64
END64
TEST64 "SYSRET in ring 3"
  USER SEL_USER64, .sysret
.sysret:
  o64 sysret
END64
TEST64 "SYSRETQ to RCX not canonical"
  mov rcx, 0x0000800000000000
  mov r11, 2
  o64 sysret
END64
TEST64 "SYSCALL without SCE"
  mov ecx, 0xc0000080
  rdmsr
  and al, 0xfe
  wrmsr
  syscall
END64
TEST64 "SYSENTER without a selector"
  sysenter
END64
TEST64 "SYSEXIT without a selector"
  sysexit
END64
  mov ecx, 0x174
  mov eax, SEL_CODE64
  xor edx, edx
  wrmsr
  mov ecx, 0x175
  mov eax, stack_inner - 64
  wrmsr
  mov ecx, 0x176
  mov eax, sysentry
  wrmsr
TEST64 "SYSENTER from ring 3"
  USER SEL_USER64, .sysenter
.sysenter:
  sysenter
END64
TEST64 "SYSENTER from compatibility mode"
  USER SEL_USER32, .sysenter32
bits 32
.sysenter32:
  sysenter
bits 64
END64
TEST64 "SYSEXIT in ring 3"
  USER SEL_USER64, .sysexit
.sysexit:
  sysexit
END64
TEST64 "SYSEXITQ not canonical"
  mov rcx, 0x0000800000000000
  mov edx, ok
  o64 sysexit
END64
TEST64 "SWAPGS"
  mov ecx, 0xc0000101
  mov eax, 0x1234
  mov edx, 0xffffffff
  wrmsr
  mov ecx, 0xc0000102
  mov eax, 0x5678
  xor edx, edx
  wrmsr
  swapgs
  mov ecx, 0xc0000101
  rdmsr
  mov ebx, eax
  mov esi, edx
  mov ecx, 0xc0000102
  rdmsr
  int 0x33
END64
TEST64 "SWAPGS in ring 3"
  USER SEL_USER64, .swapgs
.swapgs:
  swapgs
END64
TEST64 "a null selector clears the base of FS"
  mov ecx, 0xc0000100
  mov eax, 0x1234
  xor edx, edx
  wrmsr
  xor eax, eax
  mov fs, eax
  rdmsr
  int 0x33
END64
TEST64 "IRETQ to ring 3 keeps the base of a null FS"
  mov ecx, 0xc0000100
  mov eax, scratch
  xor edx, edx
  wrmsr
  mov dword [scratch], 0x600df00d
  USER SEL_USER64, .fsbase
.fsbase:
  mov eax, [fs:0]
  int 0x33
END64
  SAY "end", 10
  xor eax, eax
  out 0xf4, al
.halt:
  cli
  hlt
  jmp .halt

ok:
  pushfq
  pop rax
  int 0x33
gatecallee:
  mov rax, [rsp]
  sub rax, [base_ip]
  mov rcx, [rsp + 8]
  mov rdx, [rsp + 16]
  mov rsi, [rsp + 24]
  mov edi, ss
  mov rbx, rsp
  int 0x33
gatereturn:
  retfq
entry:
  sub rcx, .rel
  mov edx, ss
  mov rbx, rsp
  pushfq
  pop rax
  mov esp, stack0
  mov rcx, r11
.rel:
  int 0x33
entry_return:
  o64 sysret
entry_return32:
  sysret
sysentry:
  mov edx, ss
  mov eax, cs
  mov ecx, esp
  int 0x33

align 16
stubs:
%assign n 0
%rep VECTORS
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
  cld
  push rax
  push rcx
  push rdx
  push rbx
  push rsi
  push rdi
  push rbp
  mov rbp, rsp
  ; rbp: 0 rbp rdi rsi rbx rdx rcx rax, 56 vector, 64 error, 72 rip, 80 cs, 88 rflags, 96 rsp, 104 ss
  SAY "v="
  HEX [rbp + 56], 2
  SAY " e="
  HEX [rbp + 64], 4
  SAY " cs="
  HEX [rbp + 80], 4
  SAY " ip="
  mov rax, [rbp + 72]
  sub rax, [base_ip]
  HEX rax, 4
  SAY " fl="
  HEX [rbp + 88], 6
  SAY " ss="
  HEX [rbp + 104], 4
  SAY " sp="
  mov rax, [rbp + 96]
  test byte [rbp + 80], 3
  jz .inner
  sub rax, stack3
  jmp .sp
.inner:
  sub rax, [base_sp]
.sp:
  HEX rax, 8
  SAY " at="
  lea rax, [rbp + 112]
  sub rax, stack0
  HEX rax, 4
  mov eax, ss
  HEX rax, 4
  cmp dword [rbp + 56], 14
  jne .nopf
  SAY " cr2="
  mov rax, cr2
  HEX rax, 8
.nopf:
  cmp dword [rbp + 56], 0x33
  jne .plain
  SAY " ax="
  HEX [rbp + 48], 16
  SAY " bx="
  HEX [rbp + 24], 16
  SAY " cx="
  HEX [rbp + 40], 16
  SAY " dx="
  HEX [rbp + 32], 16
  SAY " si="
  HEX [rbp + 16], 16
  SAY " di="
  HEX [rbp + 8], 8
.plain:
  mov eax, SEL_DATA0
  mov ss, eax
  mov ds, eax
  mov es, eax
  mov rsp, [base_sp]
  push 2
  popfq
  inc dword [depth]
  cmp dword [depth], 4
  ja .halt
  jmp [resume]
.halt:
  SAY "lost", 10
  xor eax, eax
  out 0xf4, al
  hlt

align 8
gdt:
  dq 0
  dq 0x00cf9b000000ffff
  dq 0x00cf93000000ffff
  dq 0x00af9b000000ffff
  dq 0x00cffb000000ffff
  dq 0x00cff3000000ffff
  dq 0x00affb000000ffff
  dq 0x0000890000000067, 0
  times 8 dq 0
gdt_end:
gdtr:
  dw gdt_end - gdt - 1
  dd gdt
idtr:
  dw VECTORS * 16 - 1
  dq idt

image_end:
absolute 0x200000
tables: resb 0x6000
idt: resb 256 * 16
tss: resb 0x70
alignb 16
base_ip: resq 1
base_sp: resq 1
resume: resq 1
depth: resq 1
scratch: resq 16
  resb 4096
stack0:
  resb 4096
stack_inner:
  resb 4096
stack_ist1:
  resb 4096
stack_ist2:
  resb 4096
stack3:
  resb 64
memory_end:
