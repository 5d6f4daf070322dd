; A hard disk's first sectors: 16-bit code that goes through the BIOS services one by one, each when a key
; comes. What it prints, draws and writes is what boot-sector.test.ts looks for.
bits 16
org 0x7c00

  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7c00
  mov [drive], dl
  mov si, hello
  call print
  mov al, dl
  call hex
  mov si, packet                ; the rest of the program, by LBA
  mov dl, [drive]
  mov ah, 0x42
  int 0x13
  jc failed
  jmp second

failed:
  mov si, error
  call print
  mov al, ah
  call hex
  hlt
  jmp $ - 1

print:                          ; the string at SI, by the BIOS' teletype
  lodsb
  test al, al
  jz .end
  mov ah, 0x0e
  mov bx, 7
  int 0x10
  jmp print
.end:
  ret

hex:                            ; AL in two digits and a new line
  push ax
  shr al, 4
  call .digit
  pop ax
  and al, 15
  call .digit
  mov si, newline
  jmp print
.digit:
  cmp al, 10
  sbb al, 0x69
  das
  mov ah, 0x0e
  mov bx, 7
  int 0x10
  ret

key:                            ; waits for a key; AL its character, AH its scan code
  xor ax, ax
  int 0x16
  ret

hello db "sector one, drive ", 0
error db "error ", 0
newline db 13, 10, 0
drive db 0
align 4
packet:
  db 16, 0
  dw 3                          ; sectors
  dw 0x7e00, 0                  ; to
  dq 1                          ; from

times 510 - ($ - $$) db 0
dw 0xaa55

second:
  mov si, loaded
  call print
  call key
  push ax
  mov si, pressed
  call print
  pop ax
  call hex

  mov si, waiting               ; 36 ticks of 18.2 Hz, sleeping in between
  call print
  mov ecx, 37
  mov eax, [0x46c]
.tick:
  hlt
  cmp eax, [0x46c]
  je .tick
  mov eax, [0x46c]
  cmp ecx, 37
  jne .count
  mov si, began
  pusha
  call print
  popa
.count:
  dec ecx
  jnz .tick
  mov si, over
  call print

  call key                      ; 320x200 in 256 colours, linear: a row has the colour of its number
  mov ax, 0x0013
  int 0x10
  mov ax, 0xa000
  mov es, ax
  xor di, di
  xor ax, ax
.row:
  mov cx, 320
  rep stosb
  inc al
  cmp al, 200
  jne .row

  call key                      ; 640x480 in 16 colours, planar: a bar of red in the middle
  mov ax, 0x0012
  int 0x10
  mov dx, 0x3c4                 ; map mask: plane 2
  mov ax, 0x0402
  out dx, ax
  mov di, 80 * 200
  mov al, 0xff
  mov cx, 80 * 80
  rep stosb

  call key                      ; text again, and a sector that goes to the disk
  mov ax, 0x0003
  int 0x10
  xor ax, ax
  mov es, ax
  mov si, write
  mov dl, [drive]
  mov ax, 0x4300
  int 0x13
  jc failed
  mov ax, 0x0201                ; and comes back by cylinder, head and sector
  mov bx, 0x9000
  mov cx, 0x0008
  mov dh, 0
  mov dl, [drive]
  int 0x13
  jc failed
  mov si, 0x9000
  call print

  call key                      ; as programs restarted a PC
  mov word [0x472], 0
  jmp 0xffff:0

loaded db "sector two by LBA", 13, 10, 0
pressed db "key ", 0
waiting db "ticks", 0
began db " begin", 0
over db " end", 13, 10, 0
align 4
write:
  db 16, 0
  dw 1
  dw text, 0
  dq 7

times 1536 - ($ - $$) db 0
text db "written by the guest", 13, 10, 0
times 2048 - ($ - $$) db 0
