; Debug exceptions: single steps, data, instruction and port breakpoints, general detect, and what MOV SS, REP and
; interrupts do to them. Each #DB is logged as [ip dr6 flags] and returned from, with RF set.

%include "boot.inc"
%include "catch32.inc"

%define TF 0x100

%macro STEP_ON 0
  pushfd
  or dword [esp], TF
  popfd
%endmacro
%macro STEP_OFF 0
  pushfd
  and dword [esp], ~TF
  popfd
%endmacro
; WATCH number, address, R/W and LEN bits of DR7
%macro WATCH 3
  mov eax, %2
  mov dr%1, eax
  mov eax, ((%3) << (16 + 4 * %1)) | (2 << (2 * %1)) | 0x700
  mov dr7, eax
%endmacro
%macro UNWATCH 0
  mov eax, 0x400
  mov dr7, eax
%endmacro
EXEC equ 0
W1 equ 1
W2 equ 5
W8 equ 9
W4 equ 13
P1 equ 2
P2 equ 6
RW1 equ 3
RW2 equ 7
RW4 equ 15

on_debug:
  pushad
  mov ebp, esp ; 32 eip, 36 cs, 40 eflags
  PRINT "["
  mov eax, [ebp + 32]
  sub eax, [base_ip]
  PRINTX eax, 4
  PRINT " "
  mov eax, dr6
  PRINTX eax, 8
  PRINT " "
  PRINTX [ebp + 40], 6
  mov eax, dr7
  test ax, 0x2000
  jz .no_gd
  PRINT " GD"
.no_gd:
  PRINT "]"
  xor eax, eax
  mov dr6, eax
  or dword [ebp + 40], 0x10000
  inc dword [depth]
  cmp dword [depth], 40
  ja finish
  popad
  iretd

; INT 31h, 3: returns.
on_int:
  nop
  iretd

start:
  mov esp, stack0
  call setup
  GATE 1, SEL_CODE0, on_debug, 0x8e
  GATE 0x31, SEL_CODE0, on_int, 0x8e
  GATE 3, SEL_CODE0, on_int, 0x8e
  mov eax, cr4
  or eax, 8 ; DE
  mov cr4, eax
  xor eax, eax
  mov dr6, eax

TEST "single steps"
  STEP_ON
  nop
  mov eax, 1
  jmp .a
.a:
  STEP_OFF
END
TEST "PUSHF shows TF"
  STEP_ON
  pushfd
  pop eax
  and eax, TF
  STEP_OFF
  PRINTX eax, 4
END
TEST "MOV SS"
  mov eax, ss
  STEP_ON
  mov ss, eax
  nop
  nop
  STEP_OFF
END
TEST "POP SS, MOV SS"
  push ss
  mov eax, ss
  STEP_ON
  pop ss
  mov ss, eax
  nop
  STEP_OFF
END
TEST "STI is no MOV SS"
  STEP_ON
  cli
  nop
  STEP_OFF
END
TEST "REP MOVSB"
  mov esi, scratch
  mov edi, scratch + 16
  mov ecx, 3
  STEP_ON
  rep movsb
  nop
  STEP_OFF
END
TEST "REP with no items"
  xor ecx, ecx
  STEP_ON
  rep movsb
  STEP_OFF
END
TEST "INT 31h"
  STEP_ON
  int 0x31
  nop
  STEP_OFF
END
TEST "INT3"
  STEP_ON
  int3
  nop
  STEP_OFF
END
TEST "INT1"
  db 0xf1
  nop
END
TEST "INT1 under single steps"
  STEP_ON
  db 0xf1
  nop
  STEP_OFF
END
TEST "IRET to single steps"
  pushfd
  or dword [esp], TF
  push cs
  push .b
  iretd
.b:
  nop
  nop
  STEP_OFF
END
TEST "a fault under single steps"
  STEP_ON
  ud2
END

TEST "byte written"
  WATCH 0, scratch + 5, W1
  mov byte [scratch + 4], 1
  mov byte [scratch + 5], 1
  mov al, [scratch + 5]
  mov dword [scratch + 4], 2
  mov dword [scratch + 2], 2
  mov dword [scratch + 1], 2
  inc byte [scratch + 5]
  xchg al, [scratch + 5]
  push dword [scratch + 5]
  pop dword [scratch + 5]
  UNWATCH
END
TEST "words, at an address that is aligned by dropping bits"
  WATCH 1, scratch + 9, W2
  mov byte [scratch + 8], 1
  mov byte [scratch + 9], 1
  mov byte [scratch + 10], 1
  UNWATCH
END
TEST "doubleword read or written"
  WATCH 2, scratch + 12, RW4
  mov al, [scratch + 12]
  mov al, [scratch + 15]
  mov al, [scratch + 16]
  mov [scratch + 15], al
  cmp dword [scratch + 10], 0
  add dword [scratch + 15], 1
  UNWATCH
END
TEST "two at once"
  mov eax, scratch
  mov dr0, eax
  mov eax, scratch + 2
  mov dr3, eax
  mov eax, (W1 << 16) | (RW2 << 28) | 0x700 | 2 | 0x80
  mov dr7, eax
  mov dword [scratch], 7
  mov eax, [scratch]
  UNWATCH
END
TEST "not enabled"
  mov eax, scratch
  mov dr0, eax
  mov eax, (W1 << 16) | 0x700
  mov dr7, eax
  mov dword [scratch], 7
END
TEST "locally enabled"
  mov eax, (W1 << 16) | 0x701
  mov dr7, eax
  mov dword [scratch], 7
  UNWATCH
END
TEST "with a single step"
  WATCH 0, scratch, W4
  STEP_ON
  mov [scratch], eax
  nop
  STEP_OFF
  UNWATCH
END
TEST "the stack"
  lea ebx, [esp - 4]
  WATCH 3, ebx, W4
  push eax
  pop eax
  call .c
.c:
  add esp, 4
  UNWATCH
END
TEST "REP STOSB over it"
  mov edi, scratch + 30
  mov ecx, 4
  WATCH 0, scratch + 32, W1
  rep stosb
  UNWATCH
END
TEST "REP MOVSD from it"
  mov esi, scratch + 32
  mov edi, scratch + 64
  mov ecx, 2
  WATCH 0, scratch + 36, RW4
  rep movsd
  UNWATCH
END
TEST "REP CMPSB"
  mov dword [scratch + 32], 0
  mov dword [scratch + 64], 0
  mov esi, scratch + 32
  mov edi, scratch + 64
  mov ecx, 4
  WATCH 0, scratch + 66, RW1
  repe cmpsb
  UNWATCH
END
TEST "MOV SS from it"
  mov word [scratch], SEL_DATA0
  WATCH 0, scratch, RW2
  mov ss, [scratch]
  nop
  nop
  UNWATCH
END
TEST "MOV SS from it, then a store to it"
  WATCH 0, scratch, RW2
  mov ss, [scratch]
  mov word [scratch], SEL_DATA0
  nop
  UNWATCH
END
TEST "a fault after the access"
  WATCH 0, scratch, RW4
  lldt [scratch]
END
  UNWATCH

TEST "instruction"
  WATCH 0, .d, EXEC
  nop
.d:
  nop
  nop
  UNWATCH
END
TEST "instruction, met twice"
  mov ecx, 2
  WATCH 0, .e, EXEC
.e:
  dec ecx
  jnz .e
  UNWATCH
END
TEST "in the middle of an instruction"
  WATCH 0, .f + 1, EXEC
.f:
  mov eax, 0x90909090
  UNWATCH
END
TEST "instruction behind MOV SS"
  mov ebx, ss
  WATCH 0, .g, EXEC
  mov ss, ebx
.g:
  nop
  UNWATCH
END
TEST "instruction under single steps"
  WATCH 0, .h, EXEC
  STEP_ON
  nop
.h:
  nop
  STEP_OFF
  UNWATCH
END
TEST "of REP"
  mov edi, scratch
  mov ecx, 3
  WATCH 0, .i, EXEC
.i:
  rep stosb
  UNWATCH
END
TEST "that faults"
  WATCH 0, .j, EXEC
.j:
  ud2
END
  UNWATCH
TEST "port"
  WATCH 0, 0x80, P1
  out 0x80, al
  in al, 0x81
  in al, 0x80
  out 0x7f, ax
  mov [0x80], al
  UNWATCH
END
TEST "port without CR4.DE"
  mov eax, cr4
  and al, ~8
  mov cr4, eax
  WATCH 0, 0x80, P1
  out 0x80, al
  UNWATCH
END
  mov eax, cr4
  or al, 8
  mov cr4, eax

TEST "general detect"
  mov eax, 0x2700
  mov dr7, eax
  mov eax, dr0
  mov ebx, dr7
  PRINTX ebx, 8
END
TEST "general detect of a write"
  mov eax, 0x2700
  mov dr7, eax
  mov dr2, eax
END
TEST "DR6 keeps what nobody cleared"
  WATCH 0, scratch, W4
  mov eax, 0xffffffff
  mov dr6, eax
  mov eax, dr6
  PRINTX eax, 8
  mov [scratch], eax
  UNWATCH
END
TEST "DR4 and DR5 with CR4.DE"
  mov eax, dr4
END
  jmp finish

MEMORY
memory_end:
