/*
 * Runs single instructions on the host's processor, so that asm/exec/simd.test.ts and
 * asm/exec/x87.test.ts can compare the core with a real one. Reads cases from standard input and writes
 * one result for each to standard output, both 1024 bytes, or 1344 when compiled with AVX:
 *
 *            case                                 result
 *   0        instruction bytes, 16                16 general registers
 *   16       length, u32                          128: RFLAGS, u64
 *   20       RFLAGS, u32                          136: vector of the fault or -1, u32
 *   24       16 general registers (RSP unused)
 *   160      128 bytes of memory                  144: 128 bytes of memory
 *   512      FXSAVE image                         512: FXSAVE image
 *   1024     with AVX: XSAVE header, YMM_Hi128    1024: the same
 *
 * The memory is at MEMORY, followed by an inaccessible page. A faulting instruction reports the state
 * of its signal frame. Of RFLAGS a case may choose the six arithmetic flags and AC. Linux on x86-64 only.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define MEMORY ((uint8_t *)0x200f80)
#define MEMORY_PAGE ((void *)0x200000)

#ifdef AVX
#define IMAGE 832
#define RESTORE "mov $7, %eax; xor %edx, %edx; xrstor64 in+512(%rip)\n"
#define SAVE "mov $7, %eax; xor %edx, %edx; xsave64 out+512(%rip)\n"
#else
#define IMAGE 512
#define RESTORE "fxrstor64 in+512(%rip)\n"
#define SAVE "fxsave64 out+512(%rip)\n"
#endif

struct input {
  uint8_t code[16];
  uint32_t length, flags;
  uint64_t gpr[16];
  uint8_t pad[8];
  uint8_t memory[128];
  uint8_t pad2[224];
  uint8_t image[IMAGE] __attribute__((aligned(64)));
};
struct output {
  uint64_t gpr[16];
  uint64_t flags;
  uint32_t vector, pad;
  uint8_t memory[128];
  uint8_t pad2[240];
  uint8_t image[IMAGE] __attribute__((aligned(64)));
};
_Static_assert(sizeof(struct input) == 512 + IMAGE && sizeof(struct output) == 512 + IMAGE, "layout");

struct input in;
struct output out;
void *code;
uint64_t run_flags;
static sigjmp_buf back;

/* Loads the registers, calls the instruction, stores the registers. RSP stays ours. */
void run_case(void);
__asm__(
    ".text\n"
    "run_case:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; sub $8, %rsp\n"
    "  " RESTORE
    "  push run_flags(%rip); popf\n"
    "  mov in+24(%rip), %rax; mov in+32(%rip), %rcx; mov in+40(%rip), %rdx; mov in+48(%rip), %rbx\n"
    "  mov in+64(%rip), %rbp; mov in+72(%rip), %rsi; mov in+80(%rip), %rdi\n"
    "  mov in+88(%rip), %r8; mov in+96(%rip), %r9; mov in+104(%rip), %r10; mov in+112(%rip), %r11\n"
    "  mov in+120(%rip), %r12; mov in+128(%rip), %r13; mov in+136(%rip), %r14; mov in+144(%rip), %r15\n"
    "  call *code(%rip)\n"
    "  mov %rax, out(%rip); mov %rcx, out+8(%rip); mov %rdx, out+16(%rip); mov %rbx, out+24(%rip)\n"
    "  mov %rbp, out+40(%rip); mov %rsi, out+48(%rip); mov %rdi, out+56(%rip)\n"
    "  mov %r8, out+64(%rip); mov %r9, out+72(%rip); mov %r10, out+80(%rip); mov %r11, out+88(%rip)\n"
    "  mov %r12, out+96(%rip); mov %r13, out+104(%rip); mov %r14, out+112(%rip); mov %r15, out+120(%rip)\n"
    "  pushf; pop out+128(%rip)\n"
    "  " SAVE
    "  cld; pushf; andl $~0x40000, (%rsp); popf\n"
    "  add $8, %rsp; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n");

static void on_fault(int signo, siginfo_t *info, void *context) {
  (void)signo, (void)info;
  __asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" ::: "memory", "cc");
  ucontext_t *uc = context;
  static const int regs[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 16; i++) out.gpr[i] = i == 4 ? 0 : (uint64_t)uc->uc_mcontext.gregs[regs[i]];
  out.flags = (uint64_t)uc->uc_mcontext.gregs[REG_EFL];
  out.vector = (uint32_t)uc->uc_mcontext.gregs[REG_TRAPNO];
  memcpy(out.image, uc->uc_mcontext.fpregs, IMAGE);
  siglongjmp(back, 1);
}

static void clean(void) {
  uint32_t mxcsr = 0x1f80;
  __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

int main(void) {
  code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void *page = mmap(MEMORY_PAGE, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  void *guard = mmap((char *)MEMORY_PAGE + 4096, 4096, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (code == MAP_FAILED || page != MEMORY_PAGE || guard == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  static uint8_t stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigaction(SIGILL, &action, 0);
  sigaction(SIGFPE, &action, 0);
  sigaction(SIGSEGV, &action, 0);
  sigaction(SIGBUS, &action, 0);
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(&out, 0, sizeof out);
    memcpy(code, in.code, in.length);
    ((uint8_t *)code)[in.length] = 0xc3;
    memcpy(MEMORY, in.memory, sizeof in.memory);
    run_flags = (in.flags & 0x408d5) | 0x202;
    if (sigsetjmp(back, 0) == 0) {
      out.vector = 0xffffffff;
      run_case();
    }
    clean();
    memcpy(out.memory, MEMORY, sizeof out.memory);
    if (fwrite(&out, sizeof out, 1, stdout) != 1) return 1;
  }
  return 0;
}
