; Access rights of 32-bit and PAE paging (SDM vol. 3 4.3, 4.4, 4.6, 4.7), like paging64.asm: every combination of
; P, R/W, U/S (and XD) in the leaf with the rights above it, for 4 KiB pages, 4 MiB pages (CR4.PSE) and the 2 MiB
; pages of PAE, under CR0.WP, CR4.SMEP, CR4.SMAP and EFER.NXE; read, written and fetched at CPL 0 with and
; without EFLAGS.AC, and at CPL 3.
;
; A line is: paging (0 32-bit, 1 with 4 MiB pages, 2 PAE, 3 with 2 MiB pages), configuration, who, access, rights
; above. On it two characters for each leaf, as in paging64.asm. Then reserved bits, and what PAE's processor
; keeps of the four page-directory-pointer-table entries.

%include "boot.inc"

SEL_CODE0  equ 0x08
SEL_DATA0  equ 0x10
SEL_USER   equ 0x18 | 3
SEL_USER_D equ 0x20 | 3
SEL_TSS    equ 0x28
VECTORS    equ 64
DONE       equ 0x30      ; the interrupt that a completed access ends with

USER       equ 0x40000000 ; ring 3 sees the first 16 MiB here
TESTED     equ 0x80000000
FRAME      equ 0x800000   ; what TESTED + FRAME maps, whatever the page size
P  equ 1
RW equ 2
US equ 4
PS equ 0x80

dir   equ 0x400000        ; 32-bit: page directory, 4 + 4 tables
pts   equ 0x401000
pdpt  equ 0x409000        ; PAE: pointers, three directories
pds   equ 0x40a000
pd    equ 0x40c000        ; that of the tested page
pt    equ 0x40d000        ; table of the tested page, either kind

start:
  mov esp, stack0
  call serial
  mov al, 0xff
  out 0x21, al
  out 0xa1, al
  lgdt [gdtr]
  jmp SEL_CODE0:.flat
.flat:
  mov ax, SEL_DATA0
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov edi, dir
  mov ecx, 16 * 1024
  xor eax, eax
  rep stosd
  ; 32-bit tables: 16 MiB at 0 and, for everybody, at USER
  mov edi, pts
  mov eax, P + RW
.fill:
  mov [edi], eax
  mov [edi + 0x4000], eax
  or dword [edi + 0x4000], US
  add edi, 4
  add eax, 0x1000
  cmp edi, pts + 0x4000
  jb .fill
  xor ecx, ecx
.tables:
  mov eax, ecx
  shl eax, 12
  add eax, pts + P + RW
  mov [dir + ecx * 4], eax
  add eax, 0x4000 + US
  mov [dir + (USER >> 20) + ecx * 4], eax
  inc ecx
  cmp ecx, 4
  jb .tables
  ; PAE: 2 MiB pages
  mov dword [pdpt], pds + P
  mov dword [pdpt + 8], pds + 0x1000 + P
  mov dword [pdpt + 16], pd + P
  mov eax, P + RW + PS
  mov edi, pds
.pae:
  mov [edi], eax
  mov [edi + 0x1000], eax
  or dword [edi + 0x1000], US
  add edi, 8
  add eax, 0x200000
  cmp eax, 0x1000000
  jb .pae

  xor edx, edx
.next:
  mov eax, edx
  shl eax, 4
  add eax, stubs
  mov [idt + edx * 8], ax
  mov word [idt + edx * 8 + 2], SEL_CODE0
  mov word [idt + edx * 8 + 4], 0x8e00
  shr eax, 16
  mov [idt + edx * 8 + 6], ax
  inc edx
  cmp edx, VECTORS
  jb .next
  mov byte [idt + DONE * 8 + 5], 0xee
  lidt [idtr]
  mov dword [tss + 4], stack_inner
  mov dword [tss + 8], SEL_DATA0
  mov eax, tss
  mov [gdt + SEL_TSS + 2], ax
  shr eax, 16
  mov [gdt + SEL_TSS + 4], al
  mov ax, SEL_TSS
  ltr ax
  mov word [FRAME], 0xcd | DONE << 8

  mov dword [paging], 0
.paging:
  mov dword [config], 0
.config:
  ; PAE: WP, SMEP and SMAP together or not at all. 32-bit: no XD.
  mov eax, [config]
  cmp dword [paging], 2
  jb .plain
  mov ecx, eax
  and ecx, 7
  jz .chosen
  cmp ecx, 7
  je .chosen
  jmp .end_config
.plain:
  test eax, 8
  jnz .end_config
.chosen:
  call configure
  mov dword [who], 0
.who:
  mov dword [kind], 0
.kind:
  mov dword [above], 0
.above:
  call line
  inc dword [above]
  mov ecx, [paging]
  movzx ecx, byte [aboves + ecx]
  cmp [above], ecx
  jb .above
  inc dword [kind]
  cmp dword [kind], 3
  jb .kind
  inc dword [who]
  cmp dword [who], 3
  jb .who
.end_config:
  inc dword [config]
  cmp dword [config], 16
  jb .config
  inc dword [paging]
  cmp dword [paging], 4
  jb .paging

  mov dword [config], 9
  mov dword [who], 0
  mov dword [kind], 0
  call reserved_bits
  call pointers
  jmp finish

aboves: db 4, 1, 8, 1    ; sets of rights above, by kind of paging
leaves: db 8, 8, 16, 16

; Turns paging off and on again, as `paging` and `config` (bit 0 WP, 1 SMEP, 2 SMAP, 3 NXE) say.
configure:
  mov eax, cr0
  and eax, 0x7ffeffff
  mov cr0, eax
  mov ecx, [config]
  shr ecx, 1
  and ecx, 3
  shl ecx, 20
  mov eax, cr4
  and eax, ~(3 << 20 | 0x30)
  or eax, ecx
  mov ecx, [paging]
  mov edx, dir
  cmp ecx, 2
  jb .legacy
  or eax, 0x20           ; PAE
  mov edx, pdpt
  jmp .set
.legacy:
  test ecx, ecx
  jz .set
  or eax, 0x10           ; PSE
.set:
  mov cr4, eax
  mov cr3, edx
  mov ecx, 0xc0000080
  rdmsr
  btr eax, 11
  test dword [config], 8
  jz .no_nxe
  bts eax, 11
.no_nxe:
  wrmsr
  mov eax, cr0
  or eax, 0x80000000
  test dword [config], 1
  jz .no_wp
  or eax, 0x10000
.no_wp:
  mov cr0, eax
  ret

; One line of the log
line:
  PRINTX [paging], 1
  PRINTX [config], 1
  PRINTX [who], 1
  PRINTX [kind], 1
  PRINTX [above], 1
  PRINT " "
  mov dword [leaf], 0
.leaf:
  call tables
  mov edi, TESTED + FRAME
  call access
  call outcome
  inc dword [leaf]
  mov ecx, [paging]
  movzx ecx, byte [leaves + ecx]
  cmp [leaf], ecx
  jb .leaf
  PRINT 10
  ret

; Writes the entries of the tested page; entry_above and entry_leaf point to them.
tables:
  mov eax, [above]
  and eax, 3
  lea eax, [eax * 2 + P]
  mov ecx, [leaf]
  and ecx, 7
  mov edx, [leaf]
  shr edx, 3
  shl edx, 31            ; XD of the leaf
  mov ebx, [above]
  shr ebx, 2
  shl ebx, 31            ; and above
  cmp dword [paging], 1
  je .four
  jb .small
  cmp dword [paging], 3
  je .two
  mov edi, pd + (FRAME >> 21) * 8
  add eax, pt
  mov [edi], eax
  mov [edi + 4], ebx
  mov [entry_above], edi
  add ecx, FRAME
  mov [pt], ecx
  mov [pt + 4], edx
  mov dword [entry_leaf], pt
  jmp .flush
.two:
  mov edi, pd + (FRAME >> 21) * 8
  add ecx, FRAME + PS
  mov [edi], ecx
  mov [edi + 4], edx
  mov dword [entry_above], zero
  mov [entry_leaf], edi
  jmp .flush
.small:
  mov edi, dir + ((TESTED + FRAME) >> 22) * 4
  add eax, pt
  mov [edi], eax
  mov [entry_above], edi
  add ecx, FRAME
  mov [pt], ecx
  mov dword [entry_leaf], pt
  jmp .flush
.four:
  mov edi, dir + ((TESTED + FRAME) >> 22) * 4
  add ecx, FRAME + PS
  mov [edi], ecx
  mov dword [entry_above], zero
  mov [entry_leaf], edi
.flush:
  mov eax, cr3
  mov cr3, eax
  ret

; Access `kind` by `who` to EDI. EAX = -1, or the error code of its page fault.
access:
  mov [fault_address], edi
  mov [base_sp], esp
  mov eax, [kind]
  mov edx, [accesses + eax * 4]
  cmp dword [who], 2
  je .user
  mov ecx, [who]
  shl ecx, 18
  or ecx, 2
  push ecx
  push SEL_CODE0
  push edx
  iret
.user:
  add edx, USER
  push SEL_USER_D
  push USER + stack3
  push 2
  push SEL_USER
  push edx
  mov ecx, SEL_USER_D
  mov ds, ecx
  iret

align 4
accesses: dd read, write, fetch
read:
  mov al, [edi]
  int DONE
write:
  mov byte [edi], 0xcd   ; what is there
  int DONE
fetch:
  jmp edi

; Prints the outcome EAX of an access and the flags of the entries.
outcome:
  mov ecx, [entry_leaf]
  mov ecx, [ecx]
  shr ecx, 5
  and ecx, 3
  add ecx, ecx
  cmp eax, -1
  jne .fault
  mov edx, [entry_above]
  mov edx, [edx]
  shr edx, 5
  and edx, 1
  or ecx, edx
  mov al, '.'
  jmp .print
.fault:
  and eax, 31
  mov al, [digits32 + eax]
.print:
  call putc
  mov al, [digits32 + ecx]
  jmp putc
digits32: db "0123456789abcdefghijklmnopqrstuv"

; Every bit of the leaf that chooses no frame, for a read of a present page. Bits 13 to 20 of a 4 MiB page are
; address bits 32 to 39.
reserved_bits:
  mov dword [paging], 0
.paging:
  call configure
  PRINT "reserved "
  PRINTX [paging], 1
  PRINT " "
  mov dword [above], 3
  mov dword [leaf], 7
  xor esi, esi
.bit:
  mov ecx, [paging]
  call tables
  mov ecx, [paging]
  cmp esi, 3
  jb .skip
  cmp esi, 12
  jb .try
  cmp esi, 40
  jae .try
  ; 4 MiB: bit 21; 2 MiB: bits 13 to 20
  cmp ecx, 1
  jne .not_four
  cmp esi, 21
  je .try
.not_four:
  cmp ecx, 3
  jne .skip
  cmp esi, 21
  jae .skip
.try:
  ; P, R/W, U/S and PS of this level stay; a PDE without PS would be no leaf.
  cmp esi, 7
  je .skip
  mov edi, [entry_leaf]
  bts [edi], esi
  mov edi, TESTED + FRAME
  push esi
  call access
  pop esi
  cmp eax, -1
  mov dl, '.'
  je .print
  and eax, 31
  mov dl, [digits32 + eax]
.print:
  mov al, dl
  call putc
  jmp .next
.skip:
  mov al, '-'
  call putc
.next:
  inc esi
  mov ecx, 32
  cmp dword [paging], 2
  jb .width
  mov ecx, 64
.width:
  cmp esi, ecx
  jb .bit
  PRINT 10
  inc dword [paging]
  cmp dword [paging], 4
  jb .paging
  ; Without CR4.PSE bit 7 of a directory entry means nothing.
  mov dword [paging], 0
  call configure
  call tables
  mov edi, [entry_above]
  or dword [edi], PS
  mov eax, cr3
  mov cr3, eax
  PRINT "PS without PSE "
  mov edi, TESTED + FRAME
  call access
  call outcome
  PRINT 10
  ret

; READ label: a read of the tested page
%macro READ 1
  PRINT %1, ": "
  mov edi, TESTED + FRAME
  call access
  call outcome
  PRINT 10
%endmacro

; Page-directory-pointer-table entries are read by MOV to CR3, not by page walks (SDM vol. 3 4.4.1).
pointers:
  mov dword [paging], 3
  call configure
  call tables
  READ "pointer present"
  mov dword [pdpt + 16], 0
  READ "cleared in memory"
  invlpg [TESTED + FRAME]
  READ "INVLPG"
  mov eax, cr4
  xor eax, 0x80          ; PGE
  mov cr4, eax
  READ "CR4.PGE changed"
  mov dword [pdpt + 16], pd + P
  READ "restored in memory"
  mov eax, cr3
  mov cr3, eax
  READ "MOV CR3"
  xor esi, esi
  PRINT "reserved bits of a pointer "
.bit:
  mov dword [pdpt + 16], pd + P
  mov dword [pdpt + 20], 0
  cmp esi, 12
  jb .try
  cmp esi, 40
  jae .try
  PRINT "-"
  jmp .next
.try:
  cmp esi, 0
  je .next
  bts dword [pdpt + 16], esi
  mov dword [expect_gp], .failed
  mov [base_sp], esp
  mov eax, cr3
  mov cr3, eax
  PRINT "."
  jmp .next
.failed:
  PRINT "G"
.next:
  mov dword [expect_gp], 0
  inc esi
  cmp esi, 64
  jb .bit
  mov dword [pdpt + 16], pd + P
  mov dword [pdpt + 20], 0
  mov eax, cr3
  mov cr3, eax
  PRINT 10
  ; An entry that is not present may hold anything.
  mov dword [pdpt + 24], -1 - P
  mov dword [pdpt + 28], -1
  mov cr3, eax
  READ "another one not present"
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

; On the stack: vector, error code, EIP, CS, EFLAGS (ESP, SS).
handler:
  mov ecx, SEL_DATA0
  mov ds, ecx
  mov es, ecx
  cmp dword [esp], DONE
  jne .fault
  mov eax, -1
  jmp .resume
.fault:
  cmp dword [esp], 13
  jne .page
  cmp dword [expect_gp], 0
  je .lost
  mov esp, [base_sp]
  jmp [expect_gp]
.page:
  cmp dword [esp], 14
  jne .lost
  mov eax, cr2
  cmp eax, [fault_address]
  jne .lost
  mov eax, [esp + 4]
.resume:
  mov esp, [base_sp]
  push 2
  popfd
  ret
.lost:
  mov ebp, esp
  PRINT "lost: vector "
  PRINTX [ebp], 2
  PRINT " error "
  PRINTX [ebp + 4], 4
  PRINT " at "
  PRINTX [ebp + 8], 8
  PRINT " address "
  mov ebx, cr2
  PRINTX ebx, 8
  PRINT 10
  jmp finish

align 8
gdt:
  dq 0
  dq 0x00cf9b000000ffff
  dq 0x00cf93000000ffff
  dq 0x00cffb000000ffff
  dq 0x00cff3000000ffff
  dq 0x0000890000000067
gdt_end:
gdtr:
  dw gdt_end - gdt - 1
  dd gdt
idtr:
  dw VECTORS * 8 - 1
  dd idt

image_end:
absolute 0x200000
idt: resb 256 * 8
tss: resb 0x68
alignb 16
base_sp: resd 1
fault_address: resd 1
expect_gp: resd 1
paging: resd 1
config: resd 1
who: resd 1
kind: resd 1
above: resd 1
leaf: resd 1
entry_above: resd 1
entry_leaf: resd 1
zero: resd 1
  resb 4096
stack0:
  resb 4096
stack_inner:
  resb 4096
stack3:
  resb 64
memory_end:
