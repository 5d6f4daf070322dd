/*
 * What the processor this runs on makes of the integer instructions: the truth that
 * asm/exec/semantics.test.ts compares the core with. Compiled by the test with gcc, once for 64-bit
 * mode and once with -m32 for the decimal instructions.
 *
 *   integer SEED COUNT   writes COUNT records per instruction and operand size to standard output
 *
 * A record is the whole of the registers and flags that went in and came out, so undefined flags and
 * the upper halves of registers are recorded like everything else; the test says which it ignores.
 * Operation numbers are those of asm/test/semantics.ts.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t u64;
typedef uint32_t u32;

struct record {
  u32 op, size, fault, flagsIn, flagsOut, reserved;
  u64 a, b, c, r0, r1; /* r0 and r1 are what a (or b) and c became, see each operation */
};

static u64 state;
static u64 next(void) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1Dull;
}

/* Values near the borders of every operand size, then sparse, dense and plain random ones. */
static u64 value(void) {
  static const u64 edges[] = {
    0, 1, 2, 3, 7, 8, 9, 0xf, 0x10, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff, 0x10000,
    0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
    0x8000000000000001, 0xfffffffffffffffe, 0xffffffffffffffff, 0xffffffff00000000, 0xffffffff80000000,
    0x5555555555555555, 0xaaaaaaaaaaaaaaaa,
  };
  u64 r = next();
  switch (r & 7) {
    case 0: case 1: return edges[(r >> 8) % (sizeof edges / sizeof *edges)];
    case 2: return 1ull << ((r >> 8) & 63);
    case 3: return next() & next() & next();
    case 4: return next() >> ((r >> 8) & 63);
    case 5: return ~(next() >> ((r >> 8) & 63));
    default: return next();
  }
}

static u32 arithmeticFlags(void) { return next() & 0x8d5; }

static sigjmp_buf onFault;
static void faulted(int signal) { (void)signal; siglongjmp(onFault, 1); }

static void emit(struct record *r) {
  r->flagsIn &= 0x8d5;
  r->flagsOut &= 0x8d5;
  if (fwrite(r, sizeof *r, 1, stdout) != 1) exit(1);
}

#define EACH(n) for (int i = 0; i < (n); i++)
#ifdef __x86_64__
#define PUSHF "pushfq\n\tpopq %[f]"
#define POPF "pushq %[f]\n\tpopfq\n\t"
#else
#define PUSHF "pushfl\n\tpopl %[f]"
#define POPF "pushl %[f]\n\tpopfl\n\t"
#endif

#ifdef __x86_64__
#define BY_SIZE(r, one, two, four, eight) \
  switch ((r)->size) { case 0: one; break; case 1: two; break; case 2: four; break; default: eight; break; }

/* One register operand. */
#define UNARY1(mn, m) asm volatile(POPF mn " %" m "[a]\n\t" PUSHF : [a] "+r"(a), [f] "+r"(f) : : "cc", "memory")
#define UNARY(mn) BY_SIZE(r, UNARY1(mn "b", "b"), UNARY1(mn "w", "w"), UNARY1(mn "l", "k"), UNARY1(mn "q", "q"))
/* Destination and source register. */
#define BINARY1(mn, m) \
  asm volatile(POPF mn " %" m "[b], %" m "[a]\n\t" PUSHF : [a] "+r"(a), [f] "+r"(f) : [b] "r"(b) : "cc", "memory")
#define BINARY(mn) BY_SIZE(r, BINARY1(mn "b", "b"), BINARY1(mn "w", "w"), BINARY1(mn "l", "k"), BINARY1(mn "q", "q"))
#define BINARY_WORD(mn) BY_SIZE(r, , BINARY1(mn "w", "w"), BINARY1(mn "l", "k"), BINARY1(mn "q", "q"))
/* Shift by CL. */
#define SHIFT1(mn, m) \
  asm volatile(POPF mn " %%cl, %" m "[a]\n\t" PUSHF : [a] "+r"(a), [f] "+r"(f) : "c"(b) : "cc", "memory")
#define SHIFT(mn) BY_SIZE(r, SHIFT1(mn "b", "b"), SHIFT1(mn "w", "w"), SHIFT1(mn "l", "k"), SHIFT1(mn "q", "q"))
/* Group 2 /6, which assemblers do not write: SAL, the same as SHL. */
#define SAL1(bytes) \
  asm volatile(POPF ".byte " bytes "\n\t" PUSHF : "+a"(a), [f] "+r"(f) : "c"(b) : "cc", "memory")
/* Double shift by CL. */
#define DOUBLE1(mn, m) \
  asm volatile(POPF mn " %%cl, %" m "[b], %" m "[a]\n\t" PUSHF \
    : [a] "+r"(a), [f] "+r"(f) : [b] "r"(b), "c"(c) : "cc", "memory")
#define DOUBLE(mn) BY_SIZE(r, , DOUBLE1(mn "w", "w"), DOUBLE1(mn "l", "k"), DOUBLE1(mn "q", "q"))
/* rDX:rAX and a source. */
#define WIDE1(mn, m) \
  asm volatile(POPF mn " %" m "[b]\n\t" PUSHF : "+a"(a), "+d"(c), [f] "+r"(f) : [b] "r"(b) : "cc", "memory")
#define WIDE(mn) BY_SIZE(r, WIDE1(mn "b", "b"), WIDE1(mn "w", "w"), WIDE1(mn "l", "k"), WIDE1(mn "q", "q"))

static void run(struct record *r) {
  u64 a = r->a, b = r->b, c = r->c, f = r->flagsIn | 0x202;
  switch (r->op) {
    case 0: BINARY("add"); break;
    case 1: BINARY("or"); break;
    case 2: BINARY("adc"); break;
    case 3: BINARY("sbb"); break;
    case 4: BINARY("and"); break;
    case 5: BINARY("sub"); break;
    case 6: BINARY("xor"); break;
    case 7: BINARY("cmp"); break;
    case 8: UNARY("inc"); break;
    case 9: UNARY("dec"); break;
    case 10: UNARY("neg"); break;
    case 11: UNARY("not"); break;
    case 12: BINARY("test"); break;
    case 16: SHIFT("rol"); break;
    case 17: SHIFT("ror"); break;
    case 18: SHIFT("rcl"); break;
    case 19: SHIFT("rcr"); break;
    case 20: SHIFT("shl"); break;
    case 21: SHIFT("shr"); break;
    case 22: BY_SIZE(r, SAL1("0xd2,0xf0"), SAL1("0x66,0xd3,0xf0"), SAL1("0xd3,0xf0"), SAL1("0x48,0xd3,0xf0")); break;
    case 23: SHIFT("sar"); break;
    case 24: DOUBLE("shld"); break;
    case 25: DOUBLE("shrd"); break;
    case 32: WIDE("mul"); break;
    case 33: WIDE("imul"); break;
    case 34: WIDE("div"); break;
    case 35: WIDE("idiv"); break;
    case 36: BINARY_WORD("imul"); break;
    case 40: BINARY_WORD("bt"); break;
    case 41: BINARY_WORD("bts"); break;
    case 42: BINARY_WORD("btr"); break;
    case 43: BINARY_WORD("btc"); break;
    case 44: BINARY_WORD("bsf"); break;
    case 45: BINARY_WORD("bsr"); break;
    case 46: BINARY_WORD("tzcnt"); break;
    case 47: BINARY_WORD("lzcnt"); break;
    case 48: BINARY_WORD("popcnt"); break;
    case 49:
      BY_SIZE(r, , asm volatile(".byte 0x66,0x0f,0xc8" : "+a"(a)), asm volatile("bswap %k0" : "+r"(a)),
              asm volatile("bswap %q0" : "+r"(a)));
      break;
    case 50:
      BY_SIZE(r, asm volatile("crc32b %b1, %k0" : "+r"(a) : "r"(b)), asm volatile("crc32w %w1, %k0" : "+r"(a) : "r"(b)),
              asm volatile("crc32l %k1, %k0" : "+r"(a) : "r"(b)), asm volatile("crc32q %q1, %q0" : "+r"(a) : "r"(b)));
      break;
    case 51: BY_SIZE(r, , , BINARY1("adcx", "k"), BINARY1("adcx", "q")); break;
    case 52: BY_SIZE(r, , , BINARY1("adox", "k"), BINARY1("adox", "q")); break;
    case 64: /* a destination, b source, c accumulator */
#define CMPXCHG1(mn, m) \
  asm volatile(POPF mn " %" m "[b], %" m "[d]\n\t" PUSHF \
    : [d] "+r"(a), "+a"(c), [f] "+r"(f) : [b] "r"(b) : "cc", "memory")
      BY_SIZE(r, CMPXCHG1("cmpxchgb", "b"), CMPXCHG1("cmpxchgw", "w"), CMPXCHG1("cmpxchgl", "k"),
              CMPXCHG1("cmpxchgq", "q"));
      break;
    case 65: /* a destination, c source and old destination */
#define XADD1(mn, m) \
  asm volatile(POPF mn " %" m "[c], %" m "[a]\n\t" PUSHF : [a] "+r"(a), [c] "+r"(c), [f] "+r"(f) : : "cc", "memory")
      BY_SIZE(r, XADD1("xaddb", "b"), XADD1("xaddw", "w"), XADD1("xaddl", "k"), XADD1("xaddq", "q"));
      break;
#define SETCC1(n, cc) case 80 + n: asm volatile(POPF "set" cc " %b[a]\n\t" PUSHF : [a] "+r"(a), [f] "+r"(f) : : "cc", "memory"); break
    SETCC1(0, "o"); SETCC1(1, "no"); SETCC1(2, "b"); SETCC1(3, "ae"); SETCC1(4, "e"); SETCC1(5, "ne");
    SETCC1(6, "be"); SETCC1(7, "a"); SETCC1(8, "s"); SETCC1(9, "ns"); SETCC1(10, "p"); SETCC1(11, "np");
    SETCC1(12, "l"); SETCC1(13, "ge"); SETCC1(14, "le"); SETCC1(15, "g");
  }
  r->r0 = a;
  r->r1 = c;
  r->flagsOut = f;
}

/* First and last operand size (log2 of bytes) of each operation. */
static const struct { int first, last, low, high; } groups[] = {
  {0, 12, 0, 3}, {16, 23, 0, 3}, {24, 25, 1, 3}, {32, 35, 0, 3}, {36, 36, 1, 3}, {40, 49, 1, 3},
  {50, 50, 0, 3}, {51, 52, 2, 3}, {64, 65, 0, 3}, {80, 95, 0, 0},
};

/* Dividends whose quotient mostly just fits or just does not. */
static void aimDivision(struct record *r) {
  unsigned bits = 8u << r->size;
  u64 mask = ~0ull >> (64 - bits);
  u64 b = r->b & mask, high = value() & mask, shape = next() & 7;
  if (r->op == 35) {
    u64 magnitude = (b >> (bits - 1)) ? (0 - b) & mask : b;
    high = magnitude ? next() % (magnitude + 1) / 2 : high;
    if (shape & 1) high = (0 - high) & mask;
    if (shape == 6) high = (r->a >> (bits - 1)) & 1 ? mask : 0;
  } else if (shape < 6 && b) {
    high = next() % b;
    if (shape == 5) high = b - (next() & 1);
  }
  if (r->size == 0) r->a = (r->a & ~0xff00ull) | (high << 8);
  else r->c = (r->c & ~mask) | high;
}

static void all(int count) {
  for (unsigned g = 0; g < sizeof groups / sizeof *groups; g++)
    for (int op = groups[g].first; op <= groups[g].last; op++)
      for (int size = groups[g].low; size <= groups[g].high; size++)
        EACH(count) {
          struct record r = {.op = op, .size = size, .flagsIn = arithmeticFlags(), .a = value(), .b = value(), .c = value()};
          if (op >= 16 && op <= 23) r.b = i & 1 ? next() & 0xff : next() % ((8u << size) + 3);
          if (op >= 24 && op <= 25) r.c = i & 1 ? next() & 0xff : next() % ((8u << size) + 3);
          if (op == 34 || op == 35) aimDivision(&r);
          if (op == 64 && i & 1) r.c = (r.c & 0xffffffff00000000) | (r.a & 0xffffffff);
          if (op == 64 && (i & 3) == 3) r.c = r.a;
          if (sigsetjmp(onFault, 1) == 0) run(&r);
          else r.fault = 1, r.flagsOut = r.flagsIn, r.r0 = r.a, r.r1 = r.c;
          emit(&r);
        }
}
#else
#define DECIMAL(code) asm volatile(POPF code "\n\t" PUSHF : "+a"(a), [f] "+r"(f) : : "cc", "memory")
#define BASES(mn) \
  switch (r->b) { \
    case 0: DECIMAL(mn " $0"); break; case 1: DECIMAL(mn " $1"); break; case 2: DECIMAL(mn " $2"); break; \
    case 7: DECIMAL(mn " $7"); break; case 10: DECIMAL(mn " $10"); break; case 16: DECIMAL(mn " $16"); break; \
    case 100: DECIMAL(mn " $100"); break; case 0x80: DECIMAL(mn " $0x80"); break; default: DECIMAL(mn " $0xff"); break; \
  }

static void run(struct record *r) {
  u32 a = r->a, f = r->flagsIn | 0x202;
  switch (r->op) {
    case 56: DECIMAL("daa"); break;
    case 57: DECIMAL("das"); break;
    case 58: DECIMAL("aaa"); break;
    case 59: DECIMAL("aas"); break;
    case 60: BASES("aam"); break;
    case 61: BASES("aad"); break;
  }
  r->r0 = a;
  r->r1 = 0;
  r->flagsOut = f;
}

static void all(int count) {
  static const u32 bases[] = {10, 10, 0, 1, 2, 7, 16, 100, 0x80, 0xff};
  for (int op = 56; op <= 61; op++)
    EACH(count) {
      struct record r = {.op = op, .flagsIn = arithmeticFlags(), .a = (u32)value(), .b = bases[next() % 10]};
      if (i < 0x400) r.a = (r.a & 0xffffff00) | (i & 0xff);
      if (sigsetjmp(onFault, 1) == 0) run(&r);
      else r.fault = 1, r.flagsOut = r.flagsIn, r.r0 = r.a;
      emit(&r);
    }
}
#endif

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: integer SEED COUNT\n"), 2;
  state = strtoull(argv[1], 0, 0) * 2 + 1;
  for (int i = 0; i < 16; i++) next();
  signal(SIGFPE, faulted);
  all(atoi(argv[2]));
  return fflush(stdout) != 0;
}
