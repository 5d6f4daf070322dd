; Interrupts in 64-bit mode (SDM vol. 3 6.6-6.9, 10.5-10.8): when they come after STI, POPF, IRETQ and HLT, their
; priorities and the task priority, what the local APIC's registers show meanwhile, NMIs within NMIs, single
; stepping beside an interrupt, the local APIC's timer, and the 8254 through the 8259s.
;
; A line is a test and what happened in its order: a vector with the value of RBX (which counts instructions),
; register contents as NAME=VALUE.

%include "boot.inc"

SEL_DATA0  equ 0x10
SEL_CODE64 equ 0x18
VECTORS    equ 256
APIC       equ 0x20000000 ; where FEE00000h is mapped, within reach of a displacement
ID         equ APIC + 0x20
TPR        equ APIC + 0x80
PPR        equ APIC + 0xa0
EOI        equ APIC + 0xb0
SVR        equ APIC + 0xf0
ISR        equ APIC + 0x100
IRR        equ APIC + 0x200
ESR        equ APIC + 0x280
ICR        equ APIC + 0x300
ICR_HIGH   equ APIC + 0x310
LVT_TIMER  equ APIC + 0x320
LVT_LINT0  equ APIC + 0x350
TIMER_INIT equ APIC + 0x380
TIMER_NOW  equ APIC + 0x390
TIMER_DIV  equ APIC + 0x3e0
SELF       equ 1 << 18
tables     equ 0x400000

start:
  mov esp, stack0
  call serial
  mov edi, tables
  mov ecx, 6 * 1024
  xor eax, eax
  rep stosd
  mov dword [tables], tables + 0x1003
  mov eax, tables + 0x2003
  mov edi, tables + 0x1000
  mov ecx, 4
.pdpt:
  mov [edi], eax
  add edi, 8
  add eax, 0x1000
  loop .pdpt
  mov eax, 0x83
  mov edi, tables + 0x2000
  mov ecx, 2048
.pd:
  mov [edi], eax
  add edi, 8
  add eax, 0x200000
  loop .pd
  mov dword [tables + 0x2000 + (APIC >> 21) * 8], 0xfee0009b
  mov eax, tables
  mov cr3, eax
  mov eax, cr4
  or eax, 0x20
  mov cr4, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x100
  wrmsr
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax
  lgdt [gdtr]
  jmp SEL_CODE64:long_mode

bits 64
default abs
%include "output64.inc"

; SEND vector: to this processor
%macro SEND 1
  mov dword [ICR], SELF | %1
%endmacro
; SHOW name, address of a local APIC register
%macro SHOW 2
  SAY " ", %1, "="
  mov eax, [%2]
  HEX rax, 8
%endmacro
%macro TEST64 1
  cli
  mov rsp, stack0
  SAY %1, ":"
  xor ebx, ebx
%endmacro
%macro END64 0
  cli
  mov qword [hook], 0
  SAY 10
%endmacro

long_mode:
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, stack0
  xor edx, edx
.next:
  mov eax, edx
  shl eax, 4
  lea edi, [rax + idt]
  add eax, stubs
  mov [rdi], ax
  mov word [rdi + 2], SEL_CODE64
  mov word [rdi + 4], 0x8e00
  shr eax, 16
  mov [rdi + 6], ax
  inc edx
  cmp edx, VECTORS
  jb .next
  lidt [idtr]
  ; 8259s: vectors 20h and 28h, all masked
  mov al, 0x11
  out 0x20, al
  out 0xa0, al
  mov al, 0x20
  out 0x21, al
  mov al, 0x28
  out 0xa1, al
  mov al, 4
  out 0x21, al
  mov al, 2
  out 0xa1, al
  mov al, 1
  out 0x21, al
  out 0xa1, al
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  mov dword [SVR], 0x1ff
  mov dword [TPR], 0
  mov dword [LVT_LINT0], 0x10700

TEST64 "STI holds off for one instruction"
  SEND 0x51
  sti
  inc ebx
  inc ebx
  inc ebx
END64
TEST64 "STI with interrupts on does not"
  sti
  SEND 0x51
  sti
  inc ebx
  inc ebx
END64
TEST64 "POPF does not hold off"
  SEND 0x51
  push 0x202
  popfq
  inc ebx
  inc ebx
END64
TEST64 "STI, CLI lets nothing through"
  SEND 0x51
  sti
  cli
  inc ebx
  SAY " nothing yet"
  sti
  nop
END64
TEST64 "IRETQ does not hold off"
  SEND 0x51
  push SEL_DATA0
  push stack0
  push 0x202
  push SEL_CODE64
  push .there
  iretq
.there:
  inc ebx
  inc ebx
END64
TEST64 "the highest first"
  SEND 0x51
  SEND 0x71
  SEND 0x61
  SEND 0x62
  SHOW "irr2", IRR + 0x20
  SHOW "irr3", IRR + 0x30
  sti
  inc ebx
  inc ebx
  inc ebx
  inc ebx
  inc ebx
END64
TEST64 "the same vector twice is one"
  SEND 0x51
  SEND 0x51
  sti
  nop
  nop
END64
TEST64 "a higher class interrupts, its own does not"
  mov qword [hook], nested
  SEND 0x61
  sti
  nop
  nop
  nop
END64
TEST64 "again while it is served"
  mov qword [hook], again
  SEND 0x61
  sti
  nop
  nop
  nop
END64
TEST64 "CR8 holds its class off"
  mov eax, 6
  mov cr8, rax
  SHOW "tpr", TPR
  SEND 0x6f
  SEND 0x71
  sti
  nop
  nop
  mov ebx, 0x10
  SAY " lower"
  mov eax, 5
  mov cr8, rax
  inc ebx
  inc ebx
  xor eax, eax
  mov cr8, rax
END64
TEST64 "TPR's low half counts within PPR only"
  mov dword [TPR], 0x5f
  mov rax, cr8
  HEX rax, 2
  SHOW "ppr", PPR
  SEND 0x60
  sti
  nop
  nop
  mov dword [TPR], 0
END64
TEST64 "vectors below 16 are errors"
  mov dword [ESR], 0
  mov dword [ICR], SELF | 5
  mov dword [ESR], 0
  SHOW "esr", ESR
  mov dword [ESR], 0
  SHOW "esr", ESR
  sti
  nop
END64
TEST64 "reserved register is an error"
  mov dword [ESR], 0
  mov eax, [APIC + 0x40]
  mov dword [ESR], 0
  SHOW "esr", ESR
  mov dword [ESR], 0
END64
TEST64 "NMI comes with interrupts off"
  call send_nmi
  inc ebx
END64
TEST64 "NMI in an NMI waits for IRETQ"
  mov qword [hook], nmi_nested
  call send_nmi
  inc ebx
END64
TEST64 "NMI before an interrupt"
  SEND 0x51
  mov eax, [ID]
  mov [ICR_HIGH], eax
  push 0x202
  popfq
  inc ebx
  call send_nmi
  inc ebx
END64
TEST64 "an interrupt comes before the step after POPF"
  SEND 0x51
  push 0x302
  popfq
  inc ebx
  push 2
  popfq
END64
TEST64 "a step over INT shows its handler"
  push 0x102
  popfq
  int 0x52
  push 2
  popfq
END64
TEST64 "a step over MOV SS is dropped"
  mov eax, SEL_DATA0
  push 0x102
  popfq
  mov ss, eax
  inc ebx
  push 2
  popfq
END64
TEST64 "HLT wakes, and goes on behind it"
  mov dword [TIMER_DIV], 11
  mov dword [LVT_TIMER], 0x53
  mov dword [TIMER_INIT], 20000
  sti
  hlt
  inc ebx
  SHOW "now", TIMER_NOW
END64
TEST64 "the APIC's timer, masked"
  mov dword [LVT_TIMER], 0x10053
  mov dword [TIMER_INIT], 1000
  sti
.wait_masked:
  cmp dword [TIMER_NOW], 0
  jne .wait_masked
  SHOW "irr2", IRR + 0x20
END64
TEST64 "the APIC's timer, periodic"
  mov dword [LVT_TIMER], 0x20053
  mov dword [TIMER_INIT], 200000
  xor ecx, ecx
  sti
  hlt
  hlt
  hlt
  cli
  mov dword [TIMER_INIT], 0
  mov dword [LVT_TIMER], 0x10053
  SAY " three"
  sti
  nop
END64
TEST64 "the TSC deadline"
  mov dword [LVT_TIMER], 0x40054
  mfence
  rdtsc
  shl rdx, 32
  or rax, rdx
  add rax, 2000000
  mov rdx, rax
  shr rdx, 32
  mov ecx, 0x6e0
  wrmsr
  sti
  hlt
  inc ebx
  mov ecx, 0x6e0
  rdmsr
  HEX rax, 8
  mov dword [LVT_TIMER], 0x10053
END64
TEST64 "the 8254 through the 8259 and LINT0"
  mov dword [LVT_LINT0], 0x700
  mov al, 0x30           ; takes its output low before anybody looks
  out 0x43, al
  mov al, 0xfe
  out 0x21, al
  mov al, 0xe8
  out 0x40, al
  mov al, 0x03
  out 0x40, al
  sti
  hlt
  inc ebx
END64
TEST64 "nothing more until the EOI"
  mov al, 0x0b
  out 0x20, al
  in al, 0x20
  SAY " isr="
  HEX rax, 2
  mov al, 0x30
  out 0x43, al
  mov al, 0xe8
  out 0x40, al
  mov al, 0x03
  out 0x40, al
  sti
  mov al, 0x0a
  out 0x20, al
  mov ecx, 10000000
.wait_pit:
  in al, 0x20
  test al, al
  loopz .wait_pit
  cli
  SAY " irr="
  HEX rax, 2
  mov al, 0x20
  out 0x20, al
  inc ebx
  sti
  nop
  nop
  cli
  mov al, 0x20
  out 0x20, al
  mov al, 0xff
  out 0x21, al
  mov dword [LVT_LINT0], 0x10700
END64
TEST64 "the APIC software-disabled accepts nothing"
  mov dword [SVR], 0xff
  SEND 0x51
  sti
  nop
  nop
  mov dword [SVR], 0x1ff
  nop
  nop
  SHOW "timer", LVT_TIMER
END64
  SAY "end", 10
  xor eax, eax
  out 0xf4, al
.halt:
  hlt
  jmp .halt

send_nmi:
  mov eax, [ID]
  mov [ICR_HIGH], eax
  mov dword [ICR], 0x400
  ret

; Hooks run within a handler, before its EOI.
nested:
  cmp dword [rsp + 16], 0x61
  jne .end
  SHOW "isr3", ISR + 0x30
  SHOW "ppr", PPR
  SEND 0x63
  SEND 0x72
  SAY " (on"
  sti
  nop
  nop
  cli
  SAY " off)"
.end:
  ret
again:
  mov qword [hook], 0
  SEND 0x61
  sti
  nop
  nop
  cli
  SHOW "isr3", ISR + 0x30
  SHOW "irr3", IRR + 0x30
  ret
nmi_nested:
  mov qword [hook], 0
  SAY " ("
  call send_nmi
  call send_nmi
  SAY ")"
  ret

align 16
stubs:
%assign vector 0
%rep VECTORS
  align 16
%if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
%else
  push 0
%endif
  push vector
  jmp handler
%assign vector vector + 1
%endrep

; On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS.
handler:
  push rax
  mov rax, [rsp + 8]
  SAY " "
  HEX rax, 2
  SAY "/"
  HEX rbx, 2
  cmp eax, 1
  je .end
  cmp eax, 13
  je .lost
  cmp eax, 14
  je .lost
  mov rax, [hook]
  test rax, rax
  jz .no_hook
  call rax               ; which finds the vector above its return address and RAX
.no_hook:
  mov rax, [rsp + 8]
  ; The 8259's interrupts end where the test wants it, software's not at all.
  cmp eax, 0x30
  jb .end
  cmp eax, 0x52
  je .end
  mov dword [EOI], 0
.end:
  pop rax
  add rsp, 16
  iretq
.lost:
  SAY " lost", 10
  xor eax, eax
  out 0xf4, al
  hlt

align 8
gdt:
  dq 0, 0
  dq 0x00cf93000000ffff
  dq 0x00af9b000000ffff
gdt_end:
gdtr:
  dw gdt_end - gdt - 1
  dd gdt
idtr:
  dw VECTORS * 16 - 1
  dq idt

image_end:
absolute 0x200000
idt: resb 256 * 16
hook: resq 1
  resb 8192
stack0:
  resb 64
memory_end:
