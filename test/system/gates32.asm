; Interrupt and call gates of 32-bit protected mode: frames, error codes with EXT and IDT bits, stack
; switches, parameter copying, double faults, returns.

%include "boot.inc"
%include "catch32.inc"

start:
  mov esp, stack0
  call setup
  DESC SEL_X + 0x30, 0x00cf9f00, 0xffff   ; conforming code, readable

  ; Exceptions and their frames
TEST "#DE"
  push 0x8d7
  popfd
  xor ecx, ecx
  div ecx
END
TEST "#UD"
  push 0x246
  popfd
  ud2
END
TEST "INT3"
  int3
END
TEST "INTO, OF = 0"
  xor eax, eax
  into
END
TEST "INTO, OF = 1"
  mov eax, 0x7fffffff
  add eax, 1
  into
END
TEST "BOUND"
  mov dword [scratch], 1
  mov dword [scratch + 4], 2
  mov eax, 3
  bound eax, [scratch]
END
TEST "INT1"
  db 0xf1
END
TEST "single step"
  push 0x302
  popfd
  nop
  nop
END
TEST "single step over INT"
  push 0x302
  popfd
  int 0x31
END
TEST "NT and IF in the frame"
  push 0x4202
  popfd
  int 0x31
END
TEST "#NM"
  mov eax, cr0
  or al, 8
  mov cr0, eax
  fld1
END
  clts

  ; Bad gates, by INT n and by an exception
TEST "beyond the IDT"
  int 0x40
END
%macro BADGATE 1
TEST {%1, ", INT 32h"}
  int 0x32
END
TEST {%1, ", #UD"}
  ud2
END
%endmacro
%macro BOTH 3
  GATE 0x32, %1, %2, %3
  GATE 6, %1, %2, %3
%endmacro
  BOTH SEL_CODE0, ok, 0x0e
BADGATE "not present"
  BOTH SEL_CODE0, ok, 0x8c
BADGATE "type call gate"
  BOTH SEL_CODE0, ok, 0x9e
BADGATE "code segment in the IDT"
  BOTH 0, ok, 0x8e
BADGATE "null CS"
  BOTH 3, ok, 0x8e
BADGATE "null CS with RPL"
  BOTH 0x100, ok, 0x8e
BADGATE "CS beyond the GDT"
  BOTH 0x104, ok, 0x8e
BADGATE "CS in no LDT"
  BOTH SEL_DATA0, ok, 0x8e
BADGATE "CS is data"
  BOTH SEL_CODE3, ok, 0x8e
BADGATE "CS of an outer level"
  DESC SEL_X, 0x00cf1b00, 0xffff
  BOTH SEL_X, ok, 0x8e
BADGATE "CS not present"
  DESC SEL_X, 0x00409b00, 0x0fff
  BOTH SEL_X, ok, 0x8e
BADGATE "offset beyond CS"
  DESC SEL_X, 0x00cf9f00, 0xffff
  BOTH SEL_X | 3, ok, 0x8e
BADGATE "conforming CS"
  BOTH SEL_CODE0, ok, 0x8f
TEST "trap gate keeps IF"
  push 0x202
  popfd
  int 0x32
END
  ; 16-bit gates
  mov byte [0x8000], 0xea
  mov dword [0x8001], ok16
  mov word [0x8005], SEL_CODE0
  BOTH SEL_CODE0, 0x8000, 0x86
BADGATE "16-bit interrupt gate"
  BOTH SEL_CODE0, 0x8000, 0x87
BADGATE "16-bit trap gate"
  GATE 6, SEL_CODE0, stubs + 6 * 16, 0x8e

  ; Double faults
  GATE 13, SEL_CODE0, stubs + 13 * 16, 0x0e
TEST "#GP, its gate not present"
  mov eax, 0x1000
  mov ds, eax
END
  GATE 13, 0x1000, stubs + 13 * 16, 0x8e
TEST "#GP, its gate's CS bad"
  mov eax, 0x1000
  mov ds, eax
END
TEST "#GP from INT n, its gate's CS bad"
  int 0x50
END
  GATE 13, SEL_CODE0, stubs + 13 * 16, 0x8e
  GATE 0, SEL_CODE0, stubs, 0x0e
TEST "#DE, its gate not present"
  xor ecx, ecx
  div ecx
END
  GATE 0, SEL_CODE0, stubs, 0x8e

  ; From ring 3
TEST "ring 3 INT to DPL 3"
  RING3 .int
.int:
  int 0x30
END
TEST "ring 3 INT to DPL 0"
  RING3 .int0
.int0:
  int 0x31
END
TEST "ring 3 INT1"
  RING3 .int1
.int1:
  db 0xf1
END
TEST "ring 3 INT3 to DPL 0"
  RING3 .int3
.int3:
  int3
END
TEST "ring 3 HLT"
  RING3 .hlt, 0x8d7
.hlt:
  hlt
END
TEST "ring 3 IOPL 3"
  RING3 .iopl, 0x3202
.iopl:
  int 0x30
END
TEST "ring 3 IRET cannot change IOPL or IF"
  RING3 .flags, 0x202
.flags:
  push 0x3fd7
  push SEL_CODE3
  push .flags2
  iretd
.flags2:
  int 0x30
END
TEST "ring 3 IRET to ring 0"
  RING3 .inward
.inward:
  push 2
  push SEL_CODE0
  push ok
  iretd
END
TEST "ring 3 RETF to ring 0"
  RING3 .inward2
.inward2:
  push SEL_CODE0
  push ok
  retf
END
  GATE 0x30, SEL_CODE3, .handler3, 0xee
TEST "ring 3 INT to a ring 3 handler"
  RING3 .same
.same:
  int 0x30
.handler3:
  mov eax, esp
  sub eax, stack3
  push eax
  pop eax
  ud2
END
  GATE 0x30, SEL_CODE0, stubs + 0x30 * 16, 0xee
  DESC SEL_X, 0x00cf9f00, 0xffff
  GATE 0x32, SEL_X, .conforming, 0xee
TEST "ring 3 INT to conforming code"
  RING3 .conf
.conf:
  int 0x32
.conforming:
  push cs
  pop eax
  ud2
END

  ; Call gates
  CALLGATE SEL_X, SEL_CODE0, params, 0xec, 3
TEST "call gate, ring 0"
  push 0x11
  push 0x22
  push 0x33
  call SEL_X:0
END
TEST "call gate, ring 3, 3 parameters"
  RING3 .call
.call:
  push 0x11
  push 0x22
  push 0x33
  call SEL_X:0
END
  CALLGATE SEL_X, SEL_CODE0, retparams, 0xec, 3
TEST "call gate and RETF 12"
  RING3 .call2
.call2:
  push 0x11
  push 0x22
  push 0x33
  mov eax, SEL_DATA0
  call SEL_X:0
  mov eax, ds
  mov ebx, es
  mov ecx, fs
  mov edx, gs
  int 0x33
END
  mov byte [0x8000], 0xea
  mov dword [0x8001], params16
  mov word [0x8005], SEL_CODE0
  CALLGATE SEL_X, SEL_CODE0, 0x8000, 0xe4, 2
TEST "16-bit call gate, ring 3, 2 parameters"
  RING3 .call3
.call3:
  push 0x11223344
  call SEL_X:0
END
  CALLGATE SEL_X, SEL_CODE0, params, 0x8c, 0
TEST "call gate DPL 0 from ring 3"
  RING3 .call4
.call4:
  call SEL_X:0
END
  CALLGATE SEL_X, SEL_CODE0, params, 0x6c, 0
TEST "call gate not present"
  call SEL_X:0
END
  CALLGATE SEL_X, 0, params, 0xec, 0
TEST "call gate to null"
  call SEL_X:0
END
  CALLGATE SEL_X, SEL_DATA0, params, 0xec, 0
TEST "call gate to data"
  call SEL_X:0
END
  CALLGATE SEL_X, SEL_CODE0, params, 0xec, 0
TEST "JMP through a gate to inner code"
  RING3 .call5
.call5:
  jmp SEL_X:0
END

  ; Inner stacks: ring 1
  DESC SEL_X + 8, 0x00cfbb00, 0xffff
  CALLGATE SEL_X, SEL_X + 8, params, 0xec, 1
  DESC SEL_X + 16, 0x00cfb300, 0xffff
  mov dword [tss + 12], stack1
  mov dword [tss + 16], SEL_X + 16 + 1
TEST "ring 1"
  RING3 .ring1
.ring1:
  push 0x55
  call SEL_X:0
END
  DESC SEL_X + 16, 0x0040b300, 0x0fff
TEST "ring 1 stack beyond its limit"
  RING3 .ring1b
.ring1b:
  call SEL_X:0
END
  DESC SEL_X + 16, 0x00cfb700, 0x0fff
  mov dword [tss + 12], 8
TEST "ring 1 expand-down stack"
  RING3 .ring1c
.ring1c:
  call SEL_X:0
END
  mov dword [tss + 12], stack1
  mov dword [tss + 16], 0
TEST "ring 1 null stack"
  RING3 .ring1d
.ring1d:
  call SEL_X:0
END
  mov dword [tss + 16], 0x1001
TEST "ring 1 stack beyond the GDT"
  RING3 .ring1e
.ring1e:
  call SEL_X:0
END
  mov dword [tss + 16], SEL_X + 16 + 1
  DESC SEL_X + 16, 0x008fb300, 0xffff
  mov dword [tss + 12], 0x12348000
TEST "ring 1 16-bit stack"
  RING3 .ring1f
.ring1f:
  push 0x55
  call SEL_X:0
END
  mov eax, tss
  DESC SEL_X + 24, 0x00008900, 0x0000000f
  mov [gdt + SEL_X + 24 + 2], ax
  shr eax, 16
  mov [gdt + SEL_X + 24 + 4], al
  mov ax, SEL_X + 24
  ltr ax
TEST "TSS limit below the ring 1 stack"
  RING3 .ring1g
.ring1g:
  call SEL_X:0
END
  and byte [gdt + SEL_TSS + 5], 0xfd
  mov ax, SEL_TSS
  ltr ax

  ; Direct transfers
  DESC SEL_X, 0x00409b00, 0x0fff
TEST "JMP beyond the limit"
  jmp SEL_X:0x1000
END
  DESC SEL_X + 8, 0x0040f300, 0x0fff
TEST "ring 3 CALL with no room on the stack"
  RING3 .nospace
.nospace:
  mov ax, SEL_X + 8 + 3
  mov ss, ax
  mov esp, 0x1006
  call SEL_CODE3:.spaced
.spaced:
  int 0x33
END
TEST "ring 3 RETF beyond the stack"
  RING3 .nospace2
.nospace2:
  mov ax, SEL_X + 8 + 3
  mov ss, ax
  mov esp, 0xffc
  retf
END
  DESC SEL_X, 0x008ff300, 0xffff
TEST "IRET to a 16-bit stack keeps the upper half of ESP"
  mov esp, stack0
  push SEL_X | 3
  push 0x12348000
  push 0x202
  push SEL_CODE3
  push .narrow
  iretd
.narrow:
  mov eax, esp
  shr eax, 16
  int 0x33
END
  DESC SEL_X + 0x38, 0x008f9300, 0xffff
TEST "POP SS of a 32-bit stack across 64 KiB"
  mov esp, 0x1fffc
  mov dword [esp], SEL_X + 0x38
  pop ss
  mov eax, esp
  push SEL_DATA0
  pop ss
  mov esp, stack0
  int 0x33
END
TEST "RETF 8 in ring 0"
  push 1
  push 2
  push SEL_CODE0
  push .popped
  retf 8
.popped:
  mov eax, [base_esp]
  sub eax, esp
  int 0x33
END
TEST "16-bit RETF"
  mov byte [0x8000], 0xea
  mov dword [0x8001], ok
  mov word [0x8005], SEL_CODE0
  push word SEL_CODE0
  push word 0x8000
  o16 retf
END
TEST "16-bit IRET keeps the upper half of EFLAGS"
  push 0x40202
  popfd
  push word 0x4002
  push word SEL_CODE0
  push word 0x8000
  o16 iret
END
TEST "RETF to null"
  push 0
  push ok
  retf
END
TEST "IRET beyond the limit of CS"
  DESC SEL_X, 0x00409b00, 0x0fff
  push 2
  push SEL_X
  push 0x1000
  iretd
END
  jmp finish

; Handlers that report with INT 33h
ok:
  pushfd
  pop eax
  int 0x33
ok16:
  mov eax, [esp]
  mov ebx, [esp + 4]
  mov ecx, esp
  sub ecx, [base_esp]
  int 0x33
params:
  mov eax, [esp + 8]
  mov ebx, [esp + 12]
  mov ecx, [esp + 16]
  mov edx, [esp + 20]
  mov esi, [esp + 24]
  mov edi, ss
  int 0x33
params16:
  mov eax, [esp]
  mov ebx, [esp + 4]
  mov ecx, [esp + 8]
  int 0x33
retparams:
  mov ds, eax
  mov es, eax
  mov eax, SEL_X + 0x30
  mov fs, eax
  mov eax, SEL_DATA3
  mov gs, eax
  retf 12

MEMORY
memory_end:
