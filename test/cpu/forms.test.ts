/**
 * The list of forms is complete, the core implements what CPUID offers and nothing else, and
 * asm/instructions.md says so. iced's list of instructions and their CPUID features is the independent one.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { Core } from "./core";
import { allForms, type Form, listedCodes } from "./forms";
import { isOffered } from "./rules";
import { makeTable, TABLE } from "./table";

/** CPUID features, in iced's words, that -cpu max has. */
const OFFERED = new Set(
  `INTEL8086 INTEL186 INTEL286 INTEL386 INTEL486 X64 FPU FPU287 FPU387 CMOV CPUID CX8 CMPXCHG16B TSC MSR SEP SMM CLFSH FXSR
   MULTIBYTENOP PAUSE RDPMC SYSCALL RDTSCP PREFETCHW PREFETCHWT1 WBNOINVD MMX SSE SSE2 SSE3 SSSE3 SSE4_1 SSE4_2 POPCNT
   AES PCLMULQDQ SHA MOVBE LZCNT BMI1 BMI2 ADX RDRAND RDSEED RDPID FSGSBASE INVPCID SMAP PKU CLFLUSHOPT CLWB
   XSAVE XSAVEOPT XSAVEC XSAVES AVX AVX2 FMA F16C`.split(/\s+/),
);

/** VMCALL is the hypercall of the paravirtual features. */
const HYPERCALL = "Vmcall";

/** Opcodes of other instructions that these are without their prefix or feature: hints. */
const isHint = ({ op }: Form) => op === "NOP";

let wasm: string;
let forms: Form[];

beforeAll(async () => {
  wasm = await buildCore({ say: () => {} });
  forms = await allForms();
});

describe("forms", () => {
  it("are all that iced lists", () => {
    const found = new Set(forms.map(({ code }) => code));
    expect(listedCodes().filter(({ code }) => !found.has(code))).toEqual([]);
    expect(forms.length).toBeGreaterThan(2500);
  });

  it("are implemented exactly where CPUID offers them", () => {
    const { features } = Core.load(wasm);
    const wrong = forms
      .filter((form) => !isHint(form) && form.name !== HYPERCALL)
      .filter(
        (form) => form.cpuid.every((name) => OFFERED.has(name)) !== isOffered(form, features),
      );
    expect(wrong.map(({ name, cpuid, op }) => `${name}: ${cpuid}, core ${op}`)).toEqual([]);
  });

  it("depend on a feature of CPUID beyond those of every processor", () => {
    const { features } = Core.load(wasm, 0);
    const wrong = forms.filter((form) => isOffered(form, features) && form.cpuid.includes("AVX"));
    expect(wrong).toEqual([]);
  });

  it("are in asm/instructions.md", async () => {
    const table = await makeTable(wasm);
    expect(readFileSync(TABLE, "utf8") === table, "npm run instructions renews it").toBe(true);
  });
});
