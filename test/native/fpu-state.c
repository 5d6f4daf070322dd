/*
 * Runs FXSAVE, XSAVE and their kin on the host's processor, for asm/exec/fpu-state.test.ts. Reads cases
 * from standard input and writes one result for each, both 4096 bytes:
 *
 *            case                                    result
 *   0        XSAVE image of the state before         XSAVE64 image of the state after
 *   1024     save area, 1024 bytes                   save area
 *   2048     instruction bytes, 8; memory is [RDI]   vector of the fault or -1, u32
 *   2056     EAX, EDX, offset of RDI in the area       2056: EAX, EDX
 *   2068     PKRU                                      2068: PKRU
 *
 * Only x87, SSE and AVX state is looked at, and PKRU when the program has an argument. Linux on x86-64 only.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct record {
  uint8_t state[1024];
  uint8_t area[1024];
  uint8_t code[8];
  uint32_t eax, edx, offset, pkru;
  uint8_t pad[4096 - 2072];
};
_Static_assert(sizeof(struct record) == 4096, "layout");

static struct record in __attribute__((aligned(64)));
static struct record out __attribute__((aligned(64)));
static uint8_t area[4096] __attribute__((aligned(4096)));
static sigjmp_buf back;
static uint32_t vector;

static void on_fault(int signo, siginfo_t *info, void *context) {
  (void)signo, (void)info;
  vector = (uint32_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_TRAPNO];
  siglongjmp(back, 1);
}

static void wrpkru(uint32_t pkru) {
  __asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static uint32_t rdpkru(void) {
  uint32_t pkru, edx;
  __asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(pkru), "=d"(edx) : "c"(0));
  return pkru;
}

int main(int argc, char **argv) {
  (void)argv;
  int hasPkru = argc > 1;
  uint32_t own = hasPkru ? rdpkru() : 0;
  uint8_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 1;
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGILL, &action, 0);
  sigaction(SIGSEGV, &action, 0);
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(&out, 0, sizeof out);
    memcpy(code, in.code, 8);
    size_t length = 4 + (code[0] >= 0x40 && code[0] < 0x50) - 1;
    code[length] = 0xc3;
    memcpy(area, in.area, 1024);
    uint64_t a = in.eax, d = in.edx;
    uint8_t *rdi = area + in.offset;
    if (hasPkru) wrpkru(in.pkru);
    if (sigsetjmp(back, 0) == 0) {
      vector = 0xffffffff;
      __asm__ volatile(
          "mov $7, %%eax; xor %%edx, %%edx; xrstor64 (%[state])\n"
          "mov %[a], %%rax; mov %[d], %%rdx; mov $1, %%ecx; call *%[code]\n"
          "mov %%eax, %[eax]; mov %%edx, %[edx]\n"
          "mov $7, %%eax; xor %%edx, %%edx; xsave64 (%[after])\n"
          "fninit\n"
          : [eax] "=m"(out.eax), [edx] "=m"(out.edx)
          : [state] "r"(in.state), [a] "r"(a), [d] "r"(d), [code] "r"(code), "D"(rdi), [after] "r"(out.state)
          : "rax", "rcx", "rdx", "memory");
    }
    if (hasPkru) {
      out.pkru = rdpkru();
      wrpkru(own);
    }
    uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
    memcpy(out.area, area, 1024);
    memcpy(out.code, &vector, 4);
    if (fwrite(&out, sizeof out, 1, stdout) != 1) return 1;
  }
  return 0;
}
