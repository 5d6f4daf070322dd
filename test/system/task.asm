; Hardware task switches: JMP, CALL, IRET and interrupts to 32- and 16-bit TSSs, what is saved and
; loaded, busy bits, links, NT, TS, and the faults of every check.

%include "boot.inc"
%include "catch32.inc"

SEL_TASK equ 0x30      ; the task under test
SEL_GATE equ 0x38      ; a task gate to it
SEL_LDT  equ 0x40
SEL_Y    equ 0x48      ; free
SEL_H    equ 0x50      ; four handler tasks: 50 58 60 68, for #TS #NP #SS #GP
SEL_F    equ 0x70      ; and for #DF

; A TSS descriptor: TSSDESC selector, address, limit, access byte
%macro TSSDESC 4
  mov eax, %2
  mov edi, gdt + ((%1) & 0xfff8)
  mov word [edi], %3
  mov [edi + 2], ax
  shr eax, 16
  mov [edi + 4], al
  mov byte [edi + 5], %4
  mov byte [edi + 6], 0
  mov [edi + 7], ah
%endmacro

; Fills the 32-bit TSS at EDI: ring 0, flat, EIP in EAX, ESP in EBX.
fill32:
  push edi
  mov ecx, 26
  xchg eax, edx
  xor eax, eax
  rep stosd
  pop edi
  mov [edi + 0x20], edx
  mov dword [edi + 0x24], 2
  mov [edi + 0x38], ebx
  mov dword [edi + 0x28], 0xa0a0a0a0
  mov dword [edi + 0x2c], 0xc0c0c0c0
  mov dword [edi + 0x30], 0xd0d0d0d0
  mov dword [edi + 0x34], 0xb0b0b0b0
  mov dword [edi + 0x3c], 0xbbbbbbbb
  mov dword [edi + 0x40], 0x51515151
  mov dword [edi + 0x44], 0xd1d1d1d1
  mov dword [edi + 0x48], SEL_DATA0
  mov dword [edi + 0x4c], SEL_CODE0
  mov dword [edi + 0x50], SEL_DATA0
  mov dword [edi + 0x54], SEL_DATA0
  mov word [edi + 0x66], 0x68
  ret

; The task under test in its initial state, and our own TSS.
fresh:
  mov edi, task
  mov eax, body
  mov ebx, stack1
  call fill32
  TSSDESC SEL_TASK, task, 0x67, 0x89
  mov dword [gdt + SEL_GATE], SEL_TASK << 16
  mov dword [gdt + SEL_GATE + 4], 0x8500
  mov edi, tss
  mov ecx, 26
  mov eax, 0x77777777
  rep stosd
  mov dword [tss + 0x60], 0
  mov dword [tss + 0x64], 0x680000
  TSSDESC SEL_TSS, tss, 0x67, 0x89
  mov ax, SEL_TSS
  ltr ax
  TSSDESC SEL_H, handlers, 0x67, 0x89
  TSSDESC SEL_H + 8, handlers + 0x80, 0x67, 0x89
  TSSDESC SEL_H + 16, handlers + 0x100, 0x67, 0x89
  TSSDESC SEL_H + 24, handlers + 0x180, 0x67, 0x89
  TSSDESC SEL_F, handlers + 0x200, 0x67, 0x89
  mov edi, handlers
  xor esi, esi
.next:
  mov eax, [entries + esi * 4]
  mov ebx, stack0_inner
  call fill32
  add edi, 0x80
  inc esi
  cmp esi, 5
  jb .next
  ret
entries: dd fault.ts, fault.np, fault.ss, fault.gp, fault.df

; Makes exceptions 8 and 10-13 task gates.
handle:
  mov dword [idt + 8 * 8], SEL_F << 16
  mov dword [idt + 8 * 8 + 4], 0x8500
  mov dword [idt + 10 * 8], SEL_H << 16
  mov dword [idt + 10 * 8 + 4], 0x8500
  mov dword [idt + 11 * 8], (SEL_H + 8) << 16
  mov dword [idt + 11 * 8 + 4], 0x8500
  mov dword [idt + 12 * 8], (SEL_H + 16) << 16
  mov dword [idt + 12 * 8 + 4], 0x8500
  mov dword [idt + 13 * 8], (SEL_H + 24) << 16
  mov dword [idt + 13 * 8 + 4], 0x8500
  ret

%macro CASE 1
  call fresh
  PRINT %1, ": "
  mov dword [base_ip], %%code
  mov dword [resume], %%next
  mov [base_esp], esp
  mov dword [depth], 0
  mov eax, 0x01020304
  mov ebx, 0x11121314
  mov ecx, 0x21222324
  mov edx, 0x31323334
  mov esi, 0x41424344
  mov edi, 0x51525354
  mov ebp, 0x61626364
%define CASE_NEXT %%next
%%code:
%endmacro
%macro END_CASE 0
  PRINT "went through "
CASE_NEXT:
  cld
  mov esp, [base_esp]
  call state
  PRINT 10
%endmacro

; What the fault handler tasks print: vector, error code, and where the interrupted task was.
fault:
.df:
  mov ebp, 8
  jmp .any
.ts:
  mov ebp, 10
  jmp .any
.np:
  mov ebp, 11
  jmp .any
.ss:
  mov ebp, 12
  jmp .any
.gp:
  mov ebp, 13
.any:
  PRINT "task v="
  PRINTX ebp, 2
  PRINT " e="
  mov eax, [esp]
  PRINTX eax, 8
  PRINT " sp="
  mov eax, esp
  sub eax, stack0_inner
  PRINTX eax, 4
  str bx
  movzx ebx, bx
  mov edi, [gdt + ebx + 2]
  and edi, 0xffffff
  PRINT " link="
  movzx eax, word [edi]
  PRINTX eax, 4
  mov edx, eax
  mov edi, [gdt + edx + 2]
  and edi, 0xffffff
  PRINT " eip="
  mov eax, [edi + 0x20]
  cmp edi, tss
  jne .other
  sub eax, [base_ip]
.other:
  cmp edi, task
  jne .mine
  sub eax, body
.mine:
  PRINTX eax, 4
  PRINT " fl="
  PRINTX [edi + 0x24], 6
  PRINT " cs="
  PRINTX [edi + 0x4c], 4
  PRINT " ss="
  PRINTX [edi + 0x50], 4
  PRINT " ds="
  PRINTX [edi + 0x54], 4
  PRINT " "
  jmp [resume]

; Busy bits, link, NT, TS, and what our TSS holds.
state:
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  xor eax, eax
  mov fs, ax
  mov gs, ax
  PRINT "| busy "
  movzx eax, byte [gdt + SEL_TSS + 5]
  PRINTX eax, 2
  movzx eax, byte [gdt + SEL_TASK + 5]
  PRINTX eax, 2
  PRINT " tr="
  str ax
  PRINTX eax, 4
  PRINT " link="
  PRINTX [task], 4
  PRINT " cr0="
  mov eax, cr0
  and eax, 0xf
  PRINTX eax, 1
  pushfd
  pop eax
  PRINT " nt="
  shr eax, 14
  PRINTX eax, 1
  PRINT " saved"
  mov eax, [tss + 0x20]
  cmp eax, 0x77777777
  je .none
  sub eax, [base_ip]
  mov [tss + 0x20], eax
  mov eax, [tss + 0x38]
  sub eax, [base_esp]
  mov [tss + 0x38], eax
.none:
  mov esi, tss
  mov ecx, 26
.word:
  PRINT " "
  PRINTX [esi], 8
  add esi, 4
  loop .word
  clts
  push 2
  popfd
  xor eax, eax
  lldt ax
  ret

; The task under test: says what it found, then does what [action] says.
body:
  cld
  mov [scratch], eax
  mov eax, cr0
  mov [scratch + 4], eax
  pushfd
  pop eax
  mov [scratch + 8], eax
  sldt eax
  mov [scratch + 12], eax
  mov eax, [scratch]
  PRINT "in "
  PRINTX eax, 8
  PRINTX ebx, 8
  PRINTX ecx, 8
  PRINTX edx, 8
  PRINTX esi, 8
  PRINTX edi, 8
  PRINTX ebp, 8
  PRINT " sp="
  mov eax, esp
  sub eax, stack1
  PRINTX eax, 8
  PRINT " fl="
  PRINTX [scratch + 8], 6
  PRINT " ts="
  mov eax, [scratch + 4]
  shr eax, 3
  PRINTX eax, 1
  PRINT " ldt="
  PRINTX [scratch + 12], 4
  PRINT " "
  jmp [action]
act_resume:
  jmp [resume]
act_iret:
  iretd
  PRINT "again "
  jmp [resume]
act_error:
  PRINT "error="
  mov eax, [esp]
  PRINTX eax, 8
  PRINT " "
  jmp [resume]
act_jump:
  jmp SEL_TSS:0
  jmp [resume]
act_call_self:
  call SEL_TSS:0
  jmp [resume]

start:
  mov esp, stack0
  call setup
  mov dword [action], act_resume

CASE "JMP"
  jmp SEL_TASK:0
END_CASE
CASE "JMP through a gate"
  jmp SEL_GATE:0
END_CASE
CASE "CALL"
  call SEL_TASK:0
END_CASE
CASE "CALL through a gate"
  call SEL_GATE:0
END_CASE
  mov dword [action], act_iret
CASE "CALL and IRET"
  call SEL_TASK:0
END_CASE
CASE "CALL, IRET, and again"
  call SEL_TASK:0
  call SEL_TASK:0
END_CASE
  mov dword [action], act_jump
CASE "JMP and JMP back"
  jmp SEL_TASK:0
END_CASE
  mov dword [action], act_call_self
CASE "CALL and CALL of the busy caller"
  call SEL_TASK:0
END_CASE
  mov dword [action], act_iret
  mov dword [idt + 0x32 * 8], SEL_TASK << 16
  mov dword [idt + 0x32 * 8 + 4], 0x8500
CASE "INT through a task gate"
  int 0x32
END_CASE
CASE "INT through a task gate, flags"
  push 0x4ad7
  popfd
  int 0x32
END_CASE
  mov dword [action], act_error
  mov dword [idt + 11 * 8], SEL_TASK << 16
  mov dword [idt + 11 * 8 + 4], 0x8500
CASE "exception with an error code"
  DESC SEL_Y, 0x00cf1300, 0xffff
  mov eax, SEL_Y
  mov ds, eax
END_CASE
  mov dword [action], act_resume

  ; 16-bit TSS
%macro TASK16 0
  mov edi, task
  mov ecx, 26
  mov eax, -1
  rep stosd
  mov word [task + 0x0e], 0x8000
  mov word [task + 0x10], 2
  mov word [task + 0x12], 0xa0a0
  mov word [task + 0x14], 0xc0c0
  mov word [task + 0x16], 0xd0d0
  mov word [task + 0x18], 0xb0b0
  mov word [task + 0x1a], 0x9000
  mov word [task + 0x1c], 0xbbbb
  mov word [task + 0x1e], 0x5151
  mov word [task + 0x20], 0xd1d1
  mov word [task + 0x22], SEL_DATA0
  mov word [task + 0x24], SEL_CODE0
  mov word [task + 0x26], SEL_DATA0
  mov word [task + 0x28], SEL_DATA0
  mov word [task + 0x2a], 0
  TSSDESC SEL_TASK, task, 0x2b, 0x81
%endmacro
  mov byte [0x8000], 0xe9
  mov dword [0x8001], body16 - 0x8005
CASE "JMP to a 16-bit TSS"
  TASK16
  jmp SEL_TASK:0
END_CASE
  mov dword [action], act_iret
CASE "CALL of a 16-bit TSS and IRET"
  TASK16
  call SEL_TASK:0
END_CASE
CASE "what a 16-bit TSS gets"
  TASK16
  call SEL_TASK:0
  mov esi, task
  mov ecx, 11
.word:
  PRINTX [esi], 8
  PRINT " "
  add esi, 4
  loop .word
END_CASE

  ; Faults before the switch
  call handle
  mov dword [action], act_resume
CASE "busy"
  or byte [gdt + SEL_TASK + 5], 2
  jmp SEL_TASK:0
END_CASE
CASE "busy through a gate"
  or byte [gdt + SEL_TASK + 5], 2
  jmp SEL_GATE:0
END_CASE
CASE "not present"
  and byte [gdt + SEL_TASK + 5], 0x7f
  jmp SEL_TASK:0
END_CASE
CASE "gate not present"
  and byte [gdt + SEL_GATE + 5], 0x7f
  jmp SEL_GATE:0
END_CASE
CASE "limit"
  mov word [gdt + SEL_TASK], 0x66
  jmp SEL_TASK:0
END_CASE
CASE "limit by INT"
  mov word [gdt + SEL_TASK], 0x66
  int 0x32
END_CASE
CASE "not present by INT"
  and byte [gdt + SEL_TASK + 5], 0x7f
  int 0x32
END_CASE
CASE "gate to an LDT selector"
  mov word [gdt + SEL_GATE + 2], SEL_TASK | 4
  jmp SEL_GATE:0
END_CASE
CASE "gate to null"
  mov word [gdt + SEL_GATE + 2], 0
  jmp SEL_GATE:0
END_CASE
CASE "gate to data"
  mov word [gdt + SEL_GATE + 2], SEL_DATA0
  jmp SEL_GATE:0
END_CASE
CASE "gate beyond the GDT"
  mov word [gdt + SEL_GATE + 2], 0x1000
  jmp SEL_GATE:0
END_CASE
CASE "IRET with NT to null"
  mov word [tss], 0
  push 0x4002
  popfd
  iretd
END_CASE
CASE "IRET with NT to an available task"
  mov word [tss], SEL_TASK
  push 0x4002
  popfd
  iretd
END_CASE
CASE "IRET with NT to data"
  mov word [tss], SEL_DATA0
  push 0x4002
  popfd
  iretd
END_CASE
CASE "IRET with NT to a busy task"
  or byte [gdt + SEL_TASK + 5], 2
  mov word [tss], SEL_TASK
  push 0x4002
  popfd
  iretd
END_CASE
CASE "IRET with NT, not present"
  mov byte [gdt + SEL_TASK + 5], 0x0b
  mov word [tss], SEL_TASK
  push 0x4002
  popfd
  iretd
END_CASE

  ; Faults in the new task
%macro BAD 3
CASE %1
  mov dword [task + %2], %3
  jmp SEL_TASK:0
END_CASE
CASE {%1, ", INT"}
  mov dword [task + %2], %3
  int 0x32
END_CASE
%endmacro
  DESC SEL_Y, 0x00cf1b00, 0xffff
BAD "LDT in no table", 0x60, 4
BAD "LDT is data", 0x60, SEL_DATA0
BAD "LDT beyond the GDT", 0x60, 0x1000
BAD "CS null", 0x4c, 0
BAD "CS data", 0x4c, SEL_DATA0
BAD "CS beyond the GDT", 0x4c, 0x1000
BAD "CS not present", 0x4c, SEL_Y
BAD "CS of ring 3 without RPL", 0x4c, SEL_CODE3 & ~3
BAD "CS RPL 1", 0x4c, SEL_CODE0 | 1
BAD "SS null", 0x50, 0
BAD "SS code", 0x50, SEL_CODE0
BAD "SS beyond the GDT", 0x50, 0x1000
BAD "SS RPL 3", 0x50, SEL_DATA0 | 3
BAD "SS of ring 3", 0x50, SEL_DATA3
BAD "DS beyond the GDT", 0x54, 0x1000
BAD "DS TSS", 0x54, SEL_TSS
BAD "FS not in the LDT", 0x58, 0x0c
BAD "ES RPL 3", 0x48, SEL_DATA0 | 3
BAD "null data segments", 0x54, 3
  DESC SEL_Y, 0x00cf1300, 0xffff
BAD "SS not present", 0x50, SEL_Y
BAD "DS not present", 0x54, SEL_Y
BAD "GS not present", 0x5c, SEL_Y
  DESC SEL_Y, 0x00409b00, 0x0fff
BAD "EIP beyond CS", 0x4c, SEL_Y
  DESC SEL_LDT, 0x00000200, 0x0007
BAD "LDT not present", 0x60, SEL_LDT
  mov eax, gdt + SEL_DATA0
  DESC SEL_LDT, 0x00008200, 0x0007
  mov [gdt + SEL_LDT + 2], ax
  shr eax, 16
  mov [gdt + SEL_LDT + 4], al
CASE "segments in the new LDT"
  mov word [task + 0x60], SEL_LDT
  mov word [task + 0x54], 4
  mov word [task + 0x50], 4
  jmp SEL_TASK:0
END_CASE

  ; The debug trap bit
CASE "T bit"
  mov word [task + 0x64], 1
  jmp SEL_TASK:0
END_CASE
  mov eax, dr6
  and eax, 0xe00f
  PRINT "dr6="
  PRINTX eax, 4
  PRINT 10
  ; DR7
  mov eax, 0x7ff
  and eax, 0x755
  mov dr7, eax
  call fresh
  mov dword [resume], .after
  jmp SEL_TASK:0
.after:
  mov esp, stack0
  mov eax, dr7
  PRINT " dr7="
  PRINTX eax, 4
  PRINT 10
  jmp finish

body16:
  movzx eax, ax
  movzx ebx, bx
  movzx ecx, cx
  movzx edx, dx
  movzx esi, si
  movzx edi, di
  movzx ebp, bp
  movzx esp, sp
  add esp, stack1 - 0x9000
  jmp body

MEMORY
alignb 128
task: resb 128
handlers: resb 5 * 128
action: resd 1
memory_end:
