/*
 * Single instructions on the processor this runs on, whole: registers, flags, memory, faults with error code
 * and CR2. The truth that asm/exec/integer.test.ts compares the core with. Compiled by the test with gcc,
 * for 64-bit mode and with -m32.
 *
 *   vectors [16] < CASES > RESULTS     16: 16-bit protected mode (with -m32 only)
 *
 *   0x10000000  code: one page of INT3, the instruction at +800h
 *   0x20000000  data: pages 0 1 read-write, 2 read-only, 3 absent, 4 read-write; around them nothing
 *
 * CASES starts with the contents of the data pages (5 × 4096 bytes; page 3 is not used). Everything happens in
 * a signal handler on its own stack: it takes the outcome of a case from the interrupted context, loads the
 * next case into that context and returns, so the instruction runs with exactly the wanted registers. It ends
 * in the INT3 that follows it, or that it jumped to, or in a fault. In 64-bit mode GS.base = 0x20000100.
 *
 * In 16-bit mode, by three LDT descriptors: CS has the code page as base and limit, so IP is 800h; DS and ES
 * have the data pages as base and limit; SS the same, but with a limit 100h bytes lower.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#else
#include <asm/ldt.h>
#endif

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define CODE 0x10000000
#define START (CODE + 0x800)
#define DATA 0x20000000
#define PAGES 5
#define ABSENT 3

struct test {
  u8 code[16];
  u64 regs[16]; /* by number: rax rcx rdx rbx rsp rbp rsi rdi r8 ... */
  u64 flags;
  u64 patchAt, patch; /* 8 bytes of data memory set before the case; patchAt 0: none */
};
struct result {
  u64 regs[16];
  u64 rip, flags, cr2, hash;
  u32 trap, error;
};

static u8 pristine[PAGES * 4096];
static struct test test;
static struct result result;
static int running;
static int is16;

#ifdef __x86_64__
static const int registers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#define COUNT 16
#define IP REG_RIP
#define FLAGS REG_EFL
#else
static const int registers[] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
#define COUNT 8
#define IP REG_EIP
#define FLAGS REG_EFL
#endif

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void fillData(void) {
  for (int page = 0; page < PAGES; page++)
    if (page != 2 && page != ABSENT) memcpy((u8 *)DATA + page * 4096, pristine + page * 4096, 4096);
}

static u64 hashData(void) {
  u64 hash = 0xcbf29ce484222325;
  for (int page = 0; page < PAGES; page++) {
    if (page == ABSENT) continue;
    const u64 *words = (const u64 *)((u8 *)DATA + page * 4096);
    for (int i = 0; i < 512; i++) hash = (hash ^ words[i]) * 0x100000001b3, hash ^= hash >> 29;
  }
  return hash;
}

static void onSignal(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  /* A case may have alignment checking on, and the library does not expect it. */
#ifdef __x86_64__
  __asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" ::: "memory", "cc");
#else
  __asm__ volatile("pushfl; andl $~0x40000, (%%esp); popfl" ::: "memory", "cc");
#endif
  ucontext_t *uc = context;
  greg_t *g = uc->uc_mcontext.gregs;
  if (running) {
    for (int i = 0; i < COUNT; i++) result.regs[i] = (u64)g[registers[i]];
    if (COUNT == 8)
      for (int i = 0; i < 16; i++) result.regs[i] &= i < 8 ? 0xffffffff : 0;
    result.rip = COUNT == 8 ? (u32)g[IP] : (u64)g[IP];
    result.flags = (u32)g[FLAGS];
    result.trap = g[REG_TRAPNO];
    result.error = g[REG_ERR];
#ifdef __x86_64__
    result.cr2 = g[REG_CR2];
#else
    result.cr2 = uc->uc_mcontext.cr2;
#endif
    if (result.trap == 3) result.trap = 0xff, result.error = 0, result.rip--;
    if (result.trap != 14) result.cr2 = 0;
    result.hash = hashData();
    memset((u8 *)START, 0xcc, 16);
    if (fwrite(&result, sizeof result, 1, stdout) != 1) fail("write");
  }
  if (fread(&test, sizeof test, 1, stdin) != 1) {
    fflush(stdout);
    _exit(0);
  }
  running = 1;
  fillData();
  if (test.patchAt) memcpy((void *)(uintptr_t)test.patchAt, &test.patch, 8);
  memcpy((u8 *)START, test.code, 16);
  for (int i = 0; i < COUNT; i++) g[registers[i]] = (greg_t)test.regs[i];
  g[IP] = is16 ? START - CODE : START;
#ifndef __x86_64__
  if (is16) g[REG_CS] = 0x07, g[REG_DS] = g[REG_ES] = 0x0f, g[REG_SS] = 0x17;
#endif
  g[FLAGS] = (greg_t)(test.flags | 0x202);
}

static void map(u32 at, u32 len, int protection) {
  void *p = mmap((void *)(uintptr_t)at, len, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (p != (void *)(uintptr_t)at) fail("mmap");
}

#ifndef __x86_64__
static void describe(unsigned entry, u32 base, u32 limit, int contents) {
  struct user_desc d = {.entry_number = entry, .base_addr = base, .limit = limit, .contents = contents, .useable = 1};
  if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d)) fail("modify_ldt");
}
#endif

int main(int argc, char **argv) {
  is16 = argc > 1 && !strcmp(argv[1], "16");
  static u8 stack[1 << 16];
  if (fread(pristine, sizeof pristine, 1, stdin) != 1) fail("read");
  map(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(DATA, PAGES * 4096, PROT_READ | PROT_WRITE);
  memset((void *)CODE, 0xcc, 4096);
  memcpy((u8 *)DATA + 2 * 4096, pristine + 2 * 4096, 4096);
  if (mprotect((u8 *)DATA + 2 * 4096, 4096, PROT_READ)) fail("mprotect");
  if (munmap((u8 *)DATA + ABSENT * 4096, 4096)) fail("munmap");
#ifdef __x86_64__
  syscall(SYS_arch_prctl, ARCH_SET_GS, DATA + 0x100);
#else
  if (is16) {
    describe(0, CODE, 0xfff, MODIFY_LDT_CONTENTS_CODE);
    describe(1, DATA, PAGES * 4096 - 1, MODIFY_LDT_CONTENTS_DATA);
    describe(2, DATA, PAGES * 4096 - 1 - 0x100, MODIFY_LDT_CONTENTS_DATA);
  }
#endif
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigaltstack(&alternate, 0);
  int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  for (int i = 0; i < 5; i++)
    if (sigaction(signals[i], &action, 0)) fail("sigaction");
  raise(SIGTRAP);
  return 1;
}
