/*
 * What the processor does with segment descriptors at CPL 3 of 64-bit mode: LAR, LSL, VERR, VERW, segment
 * loads, far JMP, far CALL, RETFQ and IRETQ with every selector of a local descriptor table of all kinds
 * that modify_ldt allows, and of the kernel's flat GDT entries.
 *
 *   desc SELECTOR HIGH LOW          a descriptor, in hexadecimal
 *   test OP SELECTOR VECTOR ERROR ZF VALUE
 *
 * VECTOR is -1 when the instruction went through. Compile with -no-pie -fno-pie: the far transfers
 * land on addresses below 4 GiB.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

unsigned long saved_rsp;
struct { unsigned offset; unsigned short selector; } __attribute__((packed)) far_pointer;
char low_stack[8192] __attribute__((aligned(4096)));
unsigned long back_pointer, stub_pointer;
unsigned result_zf;
unsigned probe(unsigned op, unsigned selector);
void back(void);
void stub(void);

asm(".text\n"
    ".globl probe\n"
    "probe:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, saved_rsp\n"
    "  mov $0x5a5a5a5a, %eax\n"
    "  cld; mov $0, %edx\n"
    "  jmp *table(,%rdi,8)\n"
    "op_lar: lar %esi, %eax; setz %dl; jmp back\n"
    "op_lsl: lsl %esi, %eax; setz %dl; jmp back\n"
    "op_verr: verr %si; setz %dl; jmp back\n"
    "op_verw: verw %si; setz %dl; jmp back\n"
    "op_ds: mov %esi, %ds; jmp back\n"
    "op_es: mov %esi, %es; jmp back\n"
    "op_gs: mov %esi, %gs; jmp back\n"
    "op_ss: mov %esi, %ss; jmp back\n"
    "op_jmp: mov %si, far_pointer+4; ljmpl *far_pointer\n"
    /* Intel pushes at ESP when the target is compatibility-mode code, so the stack must lie low. */
    "op_call: mov %si, far_pointer+4; mov $low_stack+4096, %esp; lcalll *far_pointer\n"
    "op_lret: push %rsi; pushq $stub; lretq\n"
    "op_iret_cs: pushq $0x2b; push %rsp; pushfq; push %rsi; pushq $stub; iretq\n"
    "op_iret_ss: push %rsi; push %rsp; pushfq; pushq $0x33; pushq $back; iretq\n"
    /* Reached in 32- or 64-bit code; 48h is DEC EAX in the one and REX.W in the other. */
    ".globl stub\n"
    "stub: .byte 0x31, 0xc0, 0x48, 0x85, 0xc0, 0x75, 0x07\n"
    "  .byte 0xff, 0x24, 0x25; .long back_pointer\n"
    "  .byte 0xea; .long back; .word 0x33\n"
    ".globl back\n"
    "back: mov saved_rsp, %rsp\n"
    "  mov %edx, result_zf\n"
    "  mov $0x2b, %ecx; mov %ecx, %ss; xor %ecx, %ecx; mov %ecx, %ds; mov %ecx, %es; mov %ecx, %gs\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"
    ".data\n"
    "table: .quad op_lar, op_lsl, op_verr, op_verw, op_ds, op_es, op_gs, op_ss, op_jmp, op_call, op_lret, op_iret_cs, op_iret_ss\n"
    ".text\n");

static volatile int vector;
static volatile unsigned error;

static void handler(int number, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  (void)number; (void)info;
  vector = (int)r[REG_TRAPNO];
  error = (unsigned)r[REG_ERR];
  r[REG_RIP] = (greg_t)back;
}

static void describe(unsigned selector, unsigned high, unsigned low) {
  printf("desc %x %x %x\n", selector, high, low);
}

static void run(unsigned selector) {
  for (unsigned op = 0; op < 13; op++) {
    vector = -1;
    error = 0;
    unsigned value = probe(op, selector);
    printf("test %u %x %d %x %u %x\n", op, selector, vector, error, vector < 0 && op < 4 ? result_zf & 1 : 0,
           vector < 0 && op < 2 ? value : 0);
  }
}

int main(void) {
  static char alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, 0);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  sigaction(SIGSEGV, &action, 0);
  sigaction(SIGBUS, &action, 0);
  sigaction(SIGILL, &action, 0);
  sigaction(SIGTRAP, &action, 0);
  back_pointer = (unsigned long)back;
  far_pointer.offset = (unsigned)(unsigned long)stub;
  printf("stub %x\n", far_pointer.offset);

  unsigned entry = 0;
  for (unsigned kind = 0; kind < 64; kind++) {
    struct user_desc d;
    memset(&d, 0, sizeof d);
    d.entry_number = entry;
    d.contents = kind & 3;
    d.read_exec_only = kind >> 2 & 1;
    d.seg_not_present = kind >> 3 & 1;
    d.limit_in_pages = kind >> 4 & 1;
    d.limit = d.limit_in_pages ? 0xfffff : kind & 32 ? 0x1234 : 0xffff;
    d.base_addr = kind & 32 && d.contents < 2 ? 0x1000 : 0;
    d.useable = kind >> 5 & 1;
    d.seg_32bit = 1;
    if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d) != 0) continue;
    unsigned type = (d.read_exec_only ^ 1) << 1 | d.contents << 2 | 1;
    unsigned high = type << 8 | 0xf000 | (d.limit & 0xf0000) | d.useable << 20 | 1 << 22 | d.limit_in_pages << 23;
    high |= (d.base_addr & 0xff000000) | (d.base_addr >> 16 & 0xff);
    if (d.seg_not_present) high &= ~0x8000u;
    describe(entry << 3 | 4, high, d.base_addr << 16 | (d.limit & 0xffff));
    entry++;
  }
  describe(0x08, 0x00cf9b00, 0xffff);
  describe(0x10, 0x00af9b00, 0xffff);
  describe(0x18, 0x00cf9300, 0xffff);
  describe(0x20, 0x00cffb00, 0xffff);
  describe(0x28, 0x00cff300, 0xffff);
  describe(0x30, 0x00affb00, 0xffff);
  for (unsigned i = 0; i < entry; i++)
    for (unsigned rpl = 0; rpl < 4; rpl++) run(i << 3 | 4 | rpl);
  for (unsigned i = 0; i <= 6; i++)
    for (unsigned rpl = 0; rpl < 4; rpl++) run(i << 3 | rpl);
  for (unsigned rpl = 0; rpl < 4; rpl++) run(0xfff8 | rpl);
  return 0;
}
