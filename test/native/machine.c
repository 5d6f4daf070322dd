/*
 * The processor this runs on as an oracle: runs code as user code of a wanted mode from a wanted state and
 * tells the whole state it ends in. test/cpu/host.ts talks to it, test/cpu/case.ts has the layout of records.
 *
 *   machine < PAGES ROUNDS > RESULTS     a round is a u32 count and that many cases; as many results answer it
 *
 *   0x10000000  code: one page of INT3, the case's bytes at +800h; not writable
 *   0x20000000  data: pages 0 1 read-write, 2 read-only, 3 absent, 4 read-write; nothing of it executable
 *
 * PAGES are the contents of the data pages, which every case begins with. Everything happens in a signal
 * handler on its own stack: it takes the outcome of a case from the interrupted context, loads the next into
 * that context, vector registers and x87 state included, and returns. A case ends in the INT3 behind it, or
 * that it jumped to, in a fault, or after two ticks of a timer (vector FFh).
 *
 *   mode 64   GS.base = 0x20000100, FS.base = 0
 *   mode 32   compatibility mode, flat segments
 *   mode 16   compatibility mode by three LDT descriptors: CS has the code page as base and limit, so IP is
 *             800h; DS and ES have the data pages; SS the same with a limit 100h bytes lower
 *
 * No C library: FS has to be free, and no pointer into this program may be in a register. Once set up it may
 * only read, write and return from signals (seccomp), whatever the code under test tries.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/time.h>
#include <stdint.h>
#include <sys/syscall.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define CODE 0x10000000ul
#define START (CODE + 0x800)
#define DATA 0x20000000ul
#define PAGES 5
#define READONLY 2
#define ABSENT 3
#define CODE_SIZE 256
#define ROUND 4096

/* FXSAVE64's image up to XMM15, then the upper halves of YMM0-15. */
struct vectors {
  u8 fx[416];
  u8 high[256];
};
struct test {
  u8 code[CODE_SIZE];
  u64 regs[16]; /* by number: rax rcx rdx rbx rsp rbp rsi rdi r8 ... */
  u32 flags, mode;
  u32 patchAt, patchLen; /* data memory that the case sets first */
  u8 patch[64];
  struct vectors vectors;
  u8 pad[16];
};
struct result {
  u64 regs[16];
  u64 rip;
  u32 flags, trap, error;
  u16 cs, ss;
  u64 cr2;
  u64 hash;
  u16 ds, es, fs, gs;
  struct vectors vectors;
  u64 fsBase, gsBase;
};
_Static_assert(sizeof(struct test) == 1152 && sizeof(struct result) == 864, "test/cpu/case.ts");

static u8 pristine[PAGES * 4096];
static struct test tests[ROUND];
static struct result results[ROUND];
static u32 count, current, ticks;
static int running, dirty, hasBases;
static u8 *code; /* the code page, writable here */

static long call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
static void quit(int status) {
  for (;;) call(SYS_exit, status, 0, 0, 0, 0, 0);
}
static void copy(void *to, const void *from, u64 len) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
}
static void fill(void *to, u8 value, u64 len) {
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(len) : "a"(value) : "memory");
}
/* False at the end of the input. */
static int take(void *to, u64 len) {
  for (u64 at = 0; at < len;) {
    long got = call(SYS_read, 0, (long)((u8 *)to + at), (long)(len - at), 0, 0, 0);
    if (got <= 0) return 0;
    at += (u64)got;
  }
  return 1;
}
static void give(const void *from, u64 len) {
  for (u64 at = 0; at < len;) {
    long put = call(SYS_write, 1, (long)((const u8 *)from + at), (long)(len - at), 0, 0, 0);
    if (put <= 0) quit(3);
    at += (u64)put;
  }
}

static u64 hashData(void) {
  u32 a = 0x811c9dc5, b = 0xcbf29ce4;
  for (int page = 0; page < PAGES; page++) {
    if (page == ABSENT) continue;
    const u32 *words = (const u32 *)(DATA + page * 4096);
    for (int i = 0; i < 1024; i += 2) {
      a = (a ^ words[i]) * 0x01000193, a = a << 13 | a >> 19;
      b = (b ^ words[i + 1]) * 0x85ebca6b, b = b << 17 | b >> 15;
    }
  }
  return (u64)b << 32 | a;
}

static u64 getBase(int isGs) {
  u64 base = 0;
  if (!hasBases) return 0;
  if (isGs) __asm__ volatile("rdgsbase %0" : "=r"(base));
  else __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}
static void setSegments(u32 mode) {
  u32 data = mode == 64 ? 0 : mode == 32 ? 0x2b : 0x0f;
  __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(data));
  if (!hasBases) return;
  __asm__ volatile("mov %0, %%fs; mov %0, %%gs; wrfsbase %1; wrgsbase %2"
                   : : "r"(0), "r"(0ul), "r"(mode == 64 ? DATA + 0x100 : 0ul));
}

static const u8 order[16] = {13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7};
static u64 *registerOf(struct sigcontext_64 *c, int n) { return (u64 *)&c->r8 + order[n]; }

static void report(struct sigcontext_64 *c, int isTimeout) {
  struct result *r = &results[current];
  for (int i = 0; i < 16; i++) r->regs[i] = *registerOf(c, i);
  r->rip = c->ip;
  r->flags = (u32)c->flags;
  r->cs = c->cs;
  r->ss = c->ss;
  r->trap = isTimeout ? 0xff : (u32)c->trapno;
  r->error = isTimeout ? 0 : (u32)c->err;
  r->cr2 = r->trap == 14 ? c->cr2 : 0;
  r->hash = hashData();
  __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                   : "=r"(r->ds), "=r"(r->es), "=r"(r->fs), "=r"(r->gs));
  r->fsBase = getBase(0);
  r->gsBase = getBase(1);
  const u8 *area = (const u8 *)c->fpstate;
  const u64 *header = (const u64 *)(area + 512);
  copy(r->vectors.fx, area, 416);
  fill(r->vectors.fx + 28, 0, 4); /* MXCSR_MASK, which is not the case's */
  if (header[0] & 4) copy(r->vectors.high, area + 576, 256);
  else fill(r->vectors.high, 0, 256);
}

static void load(struct sigcontext_64 *c) {
  const struct test *t = &tests[current];
  if (dirty) {
    for (int page = 0; page < PAGES; page++)
      if (page != READONLY && page != ABSENT) copy((u8 *)DATA + page * 4096, pristine + page * 4096, 4096);
  }
  dirty = 1;
  if (t->patchLen) copy((u8 *)(u64)t->patchAt, t->patch, t->patchLen);
  copy(code + 0x800, t->code, CODE_SIZE);
  for (int i = 0; i < 16; i++) *registerOf(c, i) = t->regs[i];
  c->ip = t->mode == 16 ? START - CODE : START;
  c->cs = t->mode == 64 ? 0x33 : t->mode == 32 ? 0x23 : 0x07;
  c->ss = t->mode == 16 ? 0x17 : 0x2b;
  c->flags = t->flags | 0x202;
  u8 *area = (u8 *)c->fpstate;
  u64 *header = (u64 *)(area + 512);
  copy(area, t->vectors.fx, 28); /* MXCSR_MASK stays */
  copy(area + 32, t->vectors.fx + 32, 416 - 32);
  copy(area + 576, t->vectors.high, 256);
  header[0] |= 7;
  setSegments(t->mode);
  ticks = 0;
}

__attribute__((used)) static void onSignal(int number, void *info, struct ucontext *uc) {
  (void)info;
  struct sigcontext_64 *c = (struct sigcontext_64 *)&uc->uc_mcontext;
  if (running && number == SIGALRM && ++ticks < 2) return;
  if (running) report(c, number == SIGALRM), current++;
  if (current == count) {
    if (count) give(results, count * sizeof(struct result));
    setSegments(64);
    if (!take(&count, 4)) quit(0);
    if (count == 0 || count > ROUND || !take(tests, count * sizeof(struct test))) quit(4);
    current = 0;
  }
  running = 1;
  load(c);
}

/* Signals leave AC, which this program could not live with, and NT and ID, which the next case would inherit. */
__asm__(".text\n"
        "handler: pushfq; andl $~0x244000, (%rsp); popfq; jmp onSignal\n"
        "restorer: mov $15, %eax; syscall\n"
        ".globl _start\n"
        "_start: and $-16, %rsp; call start\n");
extern u8 handler[], restorer[];

static void map(u64 at, u64 len, int protection, int file) {
  int flags = file < 0 ? 0x32 : 0x11; /* private anonymous or shared, fixed */
  if (call(SYS_mmap, (long)at, (long)len, protection, flags, file, 0) != (long)at) quit(2);
}
static void describe(unsigned entry, u32 base, u32 limit, int contents) {
  struct user_desc d;
  fill(&d, 0, sizeof d);
  d.entry_number = entry, d.base_addr = base, d.limit = limit, d.contents = contents, d.useable = 1;
  if (call(SYS_modify_ldt, 0x11, (long)&d, sizeof d, 0, 0, 0)) quit(2);
}

static void setUp(u64 *stack) {
  u64 *p = stack + 1 + stack[0] + 1; /* arguments, then the environment, then the auxiliary vector */
  while (*p++) {}
  for (; p[0]; p += 2)
    if (p[0] == 26) hasBases = p[1] >> 1 & 1; /* AT_HWCAP2, FSGSBASE */
  if (!take(pristine, sizeof pristine)) quit(2);
  long file = call(SYS_memfd_create, (long)"code", 0, 0, 0, 0, 0);
  if (file < 0 || call(SYS_ftruncate, file, 4096, 0, 0, 0, 0)) quit(2);
  map(CODE, 4096, 5, (int)file);
  code = (u8 *)call(SYS_mmap, 0, 4096, 3, 1, file, 0);
  fill(code, 0xcc, 4096);
  map(DATA, PAGES * 4096, 3, -1);
  copy((void *)DATA, pristine, sizeof pristine);
  call(SYS_mprotect, DATA + READONLY * 4096, 4096, 1, 0, 0, 0);
  call(SYS_munmap, DATA + ABSENT * 4096, 4096, 0, 0, 0, 0);
  describe(0, CODE, 0xfff, 2);
  describe(1, DATA, PAGES * 4096 - 1, 0);
  describe(2, DATA, PAGES * 4096 - 1 - 0x100, 0);
  if (!hasBases) call(SYS_arch_prctl, ARCH_SET_GS, DATA + 0x100, 0, 0, 0, 0);
}

__attribute__((used)) static void start(u64 ignored0, u64 ignored1, u64 ignored2, u64 ignored3) {
  (void)ignored0, (void)ignored1, (void)ignored2, (void)ignored3;
  setUp((u64 *)__builtin_frame_address(0) + 2);
  static u8 stack[1 << 16];
  struct { void *sp; int flags; u64 size; } alternate = {stack, 0, sizeof stack};
  struct { void *handler; u64 flags; void *restorer; u64 mask; } action = {
      handler, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER | SA_RESTART, restorer, 1ul << (SIGALRM - 1)};
  call(SYS_sigaltstack, (long)&alternate, 0, 0, 0, 0, 0);
  static const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
  for (int i = 0; i < 6; i++) call(SYS_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0);
  u64 interval[4] = {0, 50000, 0, 50000};
  call(SYS_setitimer, 0, (long)interval, 0, 0, 0, 0);
  if (hasBases) call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0, 0);
  __asm__ volatile("int3");
  quit(2);
}
