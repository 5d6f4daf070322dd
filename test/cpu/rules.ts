/**
 * Which forms are compared with a real processor, how often, and where the comparison is loose. Each exception has
 * its reason beside it; asm/instructions.md shows them.
 */
import type { Leniency } from "./compare";
import { enumNames, type Form } from "./forms";

/** Instructions that a user program cannot try in the same surroundings on both sides, and what tests them. */
const ELSEWHERE: [names: RegExp, test: string][] = [
  [/^Cpuid$/, "identity: asm/cpu/cpuid.test.ts"],
  [/^(Rdtscp?|Rdpmc)$/, "time: asm/exec/system.test.ts"],
  [/^(Rdrand|Rdseed)_/, "random: asm/exec/system.test.ts"],
  [/^Rdpid_/, "identity: asm/exec/system.test.ts"],
  [/^(S[gi]dt|Sldt|Str|Smsw)/, "kept from programs by UMIP: asm/exec/system.test.ts"],
  [/^(Syscall|Sysenter)$/, "calls the kernel: asm/exec/system.test.ts"],
  [/^Int_imm8$/, "calls the kernel: asm/cpu"],
  [/^(Rdpkru|Wrpkru)$/, "protection keys of the host's program"],
  [/^(X(save|rstor)|Xgetbv)/, "state components of the host: asm/exec/fpu-state.test.ts"],
  [/^Vmcall$/, "calls the host's hypervisor"],
];

/** What tests `form` instead of vectors, or undefined when vectors do. */
export function testedElsewhere(form: Form): string | undefined {
  return ELSEWHERE.find(([names]) => names.test(form.name))?.[1];
}

const isTranscendental = (form: Form) =>
  /^(F2xm1|Fyl2x|Fyl2xp1|Fptan|Fpatan|Fsin|Fcos|Fsincos)$/.test(form.name);

/** Shifts through or around by an immediate, whose OF the manual leaves open: the core does as older processors. */
const hasOlderOverflow = (form: Form) => /^(Rol|Rcl|Rcr)_rm\d+_imm8$/.test(form.name);

const MMX = /_mm(_|m|$)|Maskmovq/;
/** Several accesses to memory, or one of 10 bytes and more that is no vector: which comes first is the processor's choice. */
const WIDE =
  /^F(xsave|xrstor|nsave|nstenv|ldenv|rstor|stp_m80fp|bstp|ld_m80|bld)|^(Pusha|Popa|Enter|Retf|Iret|Maskmov)|^(Call|Jmp)_(m16|ptr)|^Cmpxchg16b|^VEX_Vp?maskmov/;

/** What a later instruction of a sequence would carry on, or sees of the host's descriptors. */
export const isLoose = (form: Form) =>
  isTranscendental(form) ||
  hasOlderOverflow(form) ||
  /^(VEX_V)?Maskmov(q|dqu)_|^(Lar|Lsl|Ver[rw])_/i.test(form.name);

export function leniencyOf(forms: Form[]): Leniency {
  const any = (test: (form: Form) => boolean) => forms.some(test);
  return {
    isTranscendental: any(isTranscendental),
    flags: any(hasOlderOverflow) ? 0x800 : 0,
    isMmx: any(({ name }) => MMX.test(name)),
    isWideAccess: any(({ name }) => WIDE.test(name)),
  };
}

/** Bits of Cpu.features by name. */
let bits: Map<string, bigint> | undefined;

/** Whether a processor with these Cpu.features has the instruction. */
export function isOffered(form: Form, features: bigint): boolean {
  bits ??= new Map(
    [...enumNames("asm/decode/ops.ts", "Feature")].map(([bit, name]) => [name, BigInt(bit)]),
  );
  return (
    form.op !== "INVALID" &&
    form.features.every((name) => ((features >> (bits?.get(name) ?? 63n)) & 1n) === 1n)
  );
}

/** Forms that no recorded processor had, and what tests them. */
export function lacksVectors(form: Form): string | undefined {
  return /^Sha(1|256)/.test(form.name) ? "asm/exec/simd-crypto.test.ts" : undefined;
}
