; Integer loops for `npm run bench`, as a Multiboot image: 64-bit code, paging on (2 MiB pages, the first GiB
; mapped to itself), interrupts off. Prints the TSC frequency in kHz (CPUID 4000_0010h) and, for each loop,
;
;   NAME CYCLES        cycles of the time stamp counter, in decimal
;
; twice per loop: the first run is for the host's compiler to warm up. How many instructions a loop has
; is for scripts/bench.mjs to know. Ends with the line "done" and through isa-debug-exit at F4h.

bits 32
org 0x100000
image:
  db 0x7f, "ELF", 1, 1, 1
  times 9 db 0
  dw 2, 3
  dd 1, start, phdr - image, 0, 0
  dw 52, 32, 1, 0, 0, 0
phdr:
  dd 1, 0, image, image, image_end - image, memory_end - image, 7, 4096
align 4
multiboot:
  dd 0x1badb002, 0, -0x1badb002

%define COM1 0x3f8
%define PML4 0x200000
%define BUFFER 0x400000
%define STACK 0x300000

start:
  cld
  mov edi, PML4
  mov ecx, 3 * 1024
  xor eax, eax
  rep stosd
  mov dword [PML4], (PML4 + 0x1000) | 3
  mov dword [PML4 + 0x1000], (PML4 + 0x2000) | 3
  mov edi, PML4 + 0x2000
  mov eax, 0x83
  mov ecx, 512
.map:
  mov [edi], eax
  add edi, 8
  add eax, 0x200000
  loop .map
  mov eax, cr4
  or eax, 1 << 5
  mov cr4, eax
  mov eax, PML4
  mov cr3, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 1 << 8
  wrmsr
  mov eax, cr0
  or eax, 1 << 31
  mov cr0, eax
  lgdt [gdt.pointer]
  jmp 8:entry64

gdt:
  dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff
.pointer:
  dw 23
  dd gdt

bits 64
default rel
entry64:
  mov eax, 16
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov rsp, STACK
  mov eax, 0x40000010
  xor ebx, ebx
  cpuid
  mov eax, eax
  call number
  lea r15, [loops]
.next:
  mov r14, [r15]
  test r14, r14
  jz .end
  mov r13d, 2
.again:
  lfence
  rdtsc
  shl rdx, 32
  or rax, rdx
  mov r12, rax
  call r14
  rdtsc
  shl rdx, 32
  or rax, rdx
  sub rax, r12
  push rax
  mov rsi, [r15 + 8]
  call text
  pop rax
  call number
  dec r13d
  jnz .again
  add r15, 16
  jmp .next
.end:
  lea rsi, [name.end]
  call text
  mov al, 0
  out 0xf4, al
  hlt

loops:
  dq alu, name.alu, branch, name.branch, memory, name.memory, calls, name.calls, sieve, name.sieve, 0
name:
  .alu: db "alu ", 0
  .branch: db "branch ", 0
  .memory: db "mem ", 0
  .calls: db "call ", 0
  .sieve: db "sieve ", 0
  .end: db "done", 10, 0

; 6 instructions a turn
align 16
alu:
  mov ecx, ALU_TURNS
.turn:
  add rax, rcx
  xor rdx, rax
  lea rbx, [rax + rdx * 2]
  sub rsi, rbx
  dec rcx
  jnz .turn
  ret

; 6 or 7 instructions a turn: bit 16 of a linear congruential generator decides
align 16
branch:
  mov ecx, BRANCH_TURNS
  mov eax, 12345
.turn:
  imul eax, eax, 1103515245
  add eax, 12345
  test eax, 0x10000
  jz .even
  inc rdx
.even:
  dec rcx
  jnz .turn
  ret

; 7 instructions a turn, one load and one store in 64 KiB
align 16
memory:
  mov ecx, MEM_TURNS
  mov rsi, BUFFER
.turn:
  mov eax, ecx
  and eax, 0xfff8
  mov rdx, [rsi + rax]
  add rdx, rcx
  mov [rsi + rax], rdx
  dec rcx
  jnz .turn
  ret

; 5 instructions a turn
align 16
calls:
  mov ecx, CALL_TURNS
.turn:
  call .function
  dec rcx
  jnz .turn
  ret
.function:
  add rax, 1
  ret

; Eratosthenes with bytes, up to a million
align 16
sieve:
  mov rdi, BUFFER
  mov r8d, SIEVE_TURNS
.turn:
  mov ecx, 2
.prime:
  mov eax, ecx
  imul eax, ecx
  cmp eax, 1000000
  jae .done
.multiple:
  mov byte [rdi + rax], 1
  add eax, ecx
  cmp eax, 1000000
  jb .multiple
  inc ecx
  jmp .prime
.done:
  dec r8
  jnz .turn
  ret

; Prints the text at RSI.
text:
  lodsb
  test al, al
  jz .end
  mov edx, COM1
  out dx, al
  jmp text
.end:
  ret

; Prints RAX in decimal and a new line.
number:
  mov ecx, 10
  mov ebx, ecx
  sub rsp, 32
  lea rsi, [rsp + 31]
  mov byte [rsi], 0
  dec rsi
  mov [rsi], cl
.digit:
  xor edx, edx
  div rbx
  add dl, "0"
  dec rsi
  mov [rsi], dl
  test rax, rax
  jnz .digit
  call text
  add rsp, 32
  ret

image_end:
memory_end:
