; Access rights of 4-level paging (SDM vol. 3 4.6, 4.7, 4.8): every combination of P, R/W, U/S and XD in the
; leaf with R/W, U/S and XD above it, for 4 KiB, 2 MiB and 1 GiB pages, under CR0.WP, CR4.SMEP, CR4.SMAP and
; EFER.NXE; read, written and fetched at CPL 0 with and without RFLAGS.AC, and at CPL 3.
;
; A line is one configuration, one access and one set of rights above; on it two characters for each leaf 0-15
; (bit 0 P, 1 R/W, 2 U/S, 3 XD): the outcome and the flags that were set on the way.
;   outcome   '.' done, or the error code in base 32
;   flags     done: accessed above (1), accessed (2), dirty (4); after a fault only what it left in the leaf
; Then reserved bits, and accesses that reach two pages.

%include "boot.inc"

SEL_DATA0  equ 0x10
SEL_CODE64 equ 0x18
SEL_USER_D equ 0x28 | 3
SEL_USER64 equ 0x30 | 3
SEL_TSS    equ 0x38      ; 16 bytes
VECTORS    equ 64
DONE       equ 0x30      ; the interrupt that a completed access ends with

; Linear addresses: everything is at its own address for the supervisor; from USER on ring 3 sees the same 2 MiB
; pages; the tested page is in the second 512 GiB.
USER       equ 0x40000000
TESTED     equ 0x8000000000
FRAME      equ 0x800000  ; what it maps, as a 4 KiB, 2 MiB and (with its offset) 1 GiB page

P  equ 1
RW equ 2
US equ 4
A  equ 0x20
D  equ 0x40
PS equ 0x80

pml4  equ 0x400000
pdpt0 equ 0x401000
pd0   equ 0x402000
pd1   equ 0x403000
pdpt  equ 0x404000       ; those of the tested page
pd    equ 0x405000
pt    equ 0x406000

start:
  mov esp, stack0
  call serial
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  mov edi, pml4
  mov ecx, 7 * 1024
  xor eax, eax
  rep stosd
  mov dword [pml4], pdpt0 + P + RW + US
  mov dword [pdpt0], pd0 + P + RW
  mov dword [pdpt0 + 8], pd1 + P + RW + US
  mov eax, P + RW + PS
  mov edi, pd0
  mov ecx, 32
.map:
  mov [edi], eax
  mov [edi + 0x1000], eax
  or dword [edi + 0x1000], US
  add edi, 8
  add eax, 0x200000
  loop .map
  mov eax, pml4
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

; Gate of vector EDX to RAX; ECX = access byte << 8 | IST
gate:
  mov edi, edx
  shl edi, 4
  add edi, idt
  mov [rdi], ax
  mov word [rdi + 2], SEL_CODE64
  mov [rdi + 4], cx
  shr rax, 16
  mov [rdi + 6], ax
  shr rax, 16
  mov [rdi + 8], rax
  ret

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
  add eax, stubs
  mov ecx, 0x8e00
  cmp edx, DONE
  jne .gate
  mov ecx, 0xee00
.gate:
  call gate
  inc edx
  cmp edx, VECTORS
  jb .next
  lidt [idtr]
  mov qword [tss + 4], stack_inner
  mov eax, tss
  mov [gdt + SEL_TSS + 2], ax
  shr eax, 16
  mov [gdt + SEL_TSS + 4], al
  mov ax, SEL_TSS
  ltr ax
  ; What is fetched from the tested page
  mov word [FRAME], 0xcd | DONE << 8

  xor r15d, r15d         ; configuration: bit 0 WP, 1 SMEP, 2 SMAP, 3 NXE
.configuration:
  call configure
  xor r14d, r14d         ; size: 0 4 KiB, 1 2 MiB, 2 1 GiB
.size:
  ; The large pages only with all of the configuration or nothing of it
  test r14d, r14d
  jz .sized
  test r15d, r15d
  jz .sized
  cmp r15d, 15
  jne .end_sizes
.sized:
  xor r13d, r13d         ; who: 0 CPL 0, 1 CPL 0 with AC, 2 CPL 3
.who:
  xor r12d, r12d         ; access: 0 read, 1 write, 2 fetch
.access:
  xor ebp, ebp           ; above: bit 0 R/W, 1 U/S, 2 XD
.above:
  call line
  inc ebp
  cmp ebp, 8
  jb .above
  inc r12d
  cmp r12d, 3
  jb .access
  inc r13d
  cmp r13d, 3
  jb .who
  inc r14d
  cmp r14d, 3
  jb .size
.end_sizes:
  inc r15d
  cmp r15d, 16
  jb .configuration

  mov r15d, 9            ; WP and NXE
  call configure
  call reserved_bits
  call two_pages
  SAY "end", 10
  xor eax, eax
  out 0xf4, al
.halt:
  hlt
  jmp .halt

; CR0.WP, CR4.SMEP, CR4.SMAP, EFER.NXE by R15D
configure:
  mov rax, cr0
  btr rax, 16
  bt r15d, 0
  jnc .no_wp
  bts rax, 16
.no_wp:
  mov cr0, rax
  mov rax, cr4
  mov ecx, r15d
  shr ecx, 1
  and ecx, 3
  shl ecx, 20
  and rax, ~(3 << 20)
  or rax, rcx
  mov cr4, rax
  mov ecx, 0xc0000080
  rdmsr
  btr eax, 11
  bt r15d, 3
  jnc .no_nxe
  bts eax, 11
.no_nxe:
  wrmsr
  ret

; One line of the log: 16 leaves
line:
  HEX r15, 1
  HEX r14, 1
  HEX r13, 1
  HEX r12, 1
  HEX rbp, 1
  SAY " "
  xor ebx, ebx
.leaf:
  call tables
  call access
  call outcome
  inc ebx
  cmp ebx, 16
  jb .leaf
  SAY 10
  ret

; Tables of the tested page for size R14D, rights above EBP and leaf EBX. R8 = address of the entry above, R9 of
; the leaf.
tables:
  mov qword [pml4 + 8], pdpt + P + RW + US
  mov eax, ebp
  and eax, 3
  lea eax, [rax * 2 + P]
  mov rdx, rbp
  shr rdx, 2
  shl rdx, 63
  or rax, rdx            ; rights above
  mov ecx, ebx
  and ecx, 7
  mov rdx, rbx
  shr rdx, 3
  shl rdx, 63
  or rcx, rdx            ; leaf
  cmp r14d, 1
  je .large
  ja .huge
  mov qword [pdpt], pd + P + RW + US
  mov r8d, pd + 4 * 8
  add rax, pt
  mov [r8], rax
  mov r9d, pt
  add rcx, FRAME
  mov [r9], rcx
  jmp .flush
.large:
  mov r8d, pdpt
  add rax, pd
  mov [r8], rax
  mov r9d, pd + 4 * 8
  add rcx, FRAME + PS
  mov [r9], rcx
  jmp .flush
.huge:
  mov r8d, pml4 + 8
  add rax, pdpt
  mov [r8], rax
  mov r9d, pdpt
  add rcx, PS
  mov [r9], rcx
.flush:
  mov rax, cr3
  mov cr3, rax
  ret

; Access R12D by R13D to the tested address. RAX = -1, or the error code of its page fault.
access:
  mov rdi, TESTED + FRAME
access_rdi:
  mov [fault_address], rdi
  mov [base_sp], rsp
  mov edx, [accesses + r12 * 4]
  cmp r13d, 2
  je .user
  mov ecx, r13d
  shl ecx, 18
  or ecx, 2
  push SEL_DATA0
  push stack_inner
  push rcx
  push SEL_CODE64
  push rdx
  iretq
.user:
  add rdx, USER
  push SEL_USER_D
  push USER + stack3
  push 2
  push SEL_USER64
  push rdx
  iretq

align 8
accesses: dd read, write, fetch, read8, write8, modify, compare
read:
  mov al, [rdi]
  int DONE
write:
  mov byte [rdi], 0xcd   ; what is there
  int DONE
fetch:
  jmp rdi
read8:
  mov rax, [rdi]
  int DONE
write8:
  mov rax, -1
  mov [rdi], rax
  int DONE
modify:
  add qword [rdi], 1
  int DONE
compare:
  ; Writes although it is not equal.
  mov rax, -1
  lock cmpxchg [rdi], rcx
  int DONE

; Prints the outcome RAX of an access and the flags of the entries at R8 and R9.
outcome:
  mov rcx, [r9]
  shr ecx, 5
  and ecx, 3
  add ecx, ecx
  cmp rax, -1
  jne .fault
  mov rdx, [r8]
  shr edx, 5
  and edx, 1
  or ecx, edx
  mov al, '.'
  jmp .print
.fault:
  and eax, 31
  mov al, [digits32 + rax]
.print:
  call putc64
  mov al, [digits32 + rcx]
  jmp putc64
digits32: db "0123456789abcdefghijklmnopqrstuv"

; Every bit of every level that is reserved for a read of a present page, with 40 bits of physical addresses.
reserved_bits:
  xor r14d, r14d
.size:
  xor r13d, r13d
  xor r12d, r12d
  mov ebp, 7 - 4
  mov ebx, 7
  mov edi, 0             ; level: 0 leaf, 1 above
.level:
  SAY "reserved "
  HEX r14, 1
  HEX rdi, 1
  SAY " "
  mov esi, 0
.bit:
  push rdi
  push rsi
  call tables
  pop rsi
  pop rdi
  mov rdx, r9
  test edi, edi
  cmovnz rdx, r8
  ; Address bits below MAXPHYADDR would read elsewhere: only those that choose no frame are of interest.
  cmp esi, 40
  jae .try
  cmp esi, 12
  jb .skip
  test edi, edi
  jnz .skip
  mov eax, r14d
  lea eax, [rax * 8 + rax + 12]  ; first bit of the frame: 12, 21, 30
  cmp esi, eax
  jae .skip
.try:
  bts qword [rdx], rsi
  push rdi
  push rsi
  mov rdi, TESTED + FRAME
  call access_rdi
  pop rsi
  pop rdi
  cmp rax, -1
  mov edx, '.'
  je .print
  and eax, 31
  mov dl, [digits32 + rax]
.print:
  mov eax, edx
  call putc64
  jmp .next
.skip:
  SAY "-"
.next:
  inc esi
  cmp esi, 63
  jb .bit
  SAY 10
  inc edi
  cmp edi, 2
  jb .level
  inc r14d
  cmp r14d, 3
  jb .size
  ret

; Accesses to the last 4 bytes of one page and the first 4 of the next, by rights of both: error code, which page
; CR2 is in, and what the two halves hold afterwards.
two_pages:
  xor r14d, r14d
  mov ebp, 3
  mov r12d, 3
.access:
  mov r13d, 0
.who:
  SAY "two pages "
  HEX r12, 1
  HEX r13, 1
  xor ebx, ebx
.rights:
  SAY " "
  push rbx
  mov ebx, 7
  call tables
  pop rbx
  mov eax, ebx
  and eax, 7
  add eax, FRAME
  mov [pt], rax
  mov eax, ebx
  shr eax, 3
  add eax, FRAME + 0x1000
  mov [pt + 8], rax
  mov dword [FRAME + 0xffc], 0x11111111
  mov dword [FRAME + 0x1000], 0x22222222
  mov rdi, TESTED + FRAME + 0xffc
  mov qword [seen_cr2], 0
  call access_rdi
  cmp rax, -1
  mov edx, '.'
  je .print
  and eax, 31
  mov dl, [digits32 + rax]
.print:
  mov eax, edx
  call putc64
  mov rax, [seen_cr2]
  shr eax, 12
  HEX rax, 1
  mov eax, [FRAME + 0xffc]
  HEX rax, 1
  mov eax, [FRAME + 0x1000]
  HEX rax, 1
  inc ebx
  cmp ebx, 64
  jb .rights
  SAY 10
  add r13d, 2
  cmp r13d, 4
  jb .who
  inc r12d
  cmp r12d, 7
  jb .access
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
  cmp dword [rsp], DONE
  jne .fault
  mov rax, -1
  jmp .resume
.fault:
  cmp dword [rsp], 14
  jne .lost
  mov rax, cr2
  mov [seen_cr2], rax
  sub rax, [fault_address]
  cmp rax, 8
  jae .lost
  mov eax, [rsp + 8]
.resume:
  mov ecx, SEL_DATA0
  mov ds, ecx
  mov es, ecx
  mov ss, ecx
  mov rsp, [base_sp]
  push 2
  popfq
  ret
.lost:
  SAY "lost: vector "
  HEX [rsp], 2
  SAY " error "
  HEX [rsp + 8], 4
  SAY " at "
  HEX [rsp + 16], 16
  SAY " address "
  mov rax, cr2
  HEX rax, 16
  SAY 10
  xor eax, eax
  out 0xf4, al
.halt:
  hlt
  jmp .halt

align 8
gdt:
  dq 0, 0
  dq 0x00cf93000000ffff
  dq 0x00af9b000000ffff
  dq 0
  dq 0x00cff3000000ffff
  dq 0x00affb000000ffff
  dq 0x0000890000000067, 0
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
tss: resb 0x70
alignb 16
base_sp: resq 1
fault_address: resq 1
seen_cr2: resq 1
  resb 4096
stack0:
  resb 4096
stack_inner:
  resb 4096
stack3:
  resb 64
memory_end:
