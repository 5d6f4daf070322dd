/**
 * asm/instructions.md: every form with what the core does with it, made from the list of forms, the models'
 * features and the recorded vectors. Written by `npm run instructions`; a test fails when it is out of date.
 */
import { writeFileSync } from "node:fs";
import { Core, MODELS } from "./core";
import { allForms, type Form, mapOf } from "./forms";
import { readRecordings } from "./recorded";
import { isOffered, lacksVectors, testedElsewhere } from "./rules";
import { MODES } from "./vectors";

export const TABLE = new URL("../../asm/instructions.md", import.meta.url).pathname;

const MAPS = [
  ["1byte", "One-byte opcodes"],
  ["0f", "Two-byte opcodes, 0F"],
  ["0f38", "Three-byte opcodes, 0F 38"],
  ["0f3a", "Three-byte opcodes, 0F 3A"],
  ["x87", "x87"],
  ["vex", "VEX"],
] as const;

interface Row {
  form: Form;
  /** The least -cpu that has it, if any does. */
  model: string | undefined;
  vectors: number;
}

/** CPUID features a processor of x86-64 always has are not worth a word. */
const BASE = /^(INTEL\d+|X64|FPU\d*|MULTIBYTENOP|PAUSE|CPUID|TSC|MSR|CMOV|CX8|SMM|CLFSH)$/;

function cpuidText({ cpuid }: Form): string {
  return cpuid
    .filter((name) => !BASE.test(name))
    .join(", ")
    .replaceAll("_", ".");
}

function interpreterText({ hot, encodings, op }: Form): string {
  if (op === "NOP") return "hot";
  const encoding = encodings[64] ?? encodings[32];
  const hasBoth = encoding?.hasModrm && encoding.registers.length > 0 && encoding.memory.length > 0;
  if (!hot.registers && !hot.memory) return "cold";
  if (!hasBoth || (hot.registers && hot.memory)) return "hot";
  return hot.registers ? "hot, memory cold" : "hot, registers cold";
}

function testText({ form, vectors }: Row): string {
  if (vectors > 0) return String(vectors);
  return testedElsewhere(form) ?? lacksVectors(form) ?? "none";
}

const escaped = (text: string) => text.replaceAll("|", "\\|");

function section(title: string, rows: Row[]): string[] {
  return [
    `## ${title}`,
    "",
    "| Opcode | Instruction | CPUID | -cpu | Interpreter | Translator | Native vectors |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => {
      const { form, model } = row;
      const cells = [
        form.opcode,
        form.instruction,
        cpuidText(form),
        model ?? "",
        interpreterText(form),
        "no",
        testText(row),
      ];
      return `| ${cells.map(escaped).join(" | ")} |`;
    }),
    "",
  ];
}

/** Forms by the CPUID feature they would need, mnemonics once. */
function byFeature(forms: Form[]): string[] {
  const groups = new Map<string, string[]>();
  for (const form of forms) {
    const feature = form.cpuid.join(" + ").replaceAll("_", ".");
    const mnemonic = form.instruction.split(" ")[0];
    const list = groups.get(feature) ?? [];
    groups.set(feature, list);
    if (!list.includes(mnemonic)) list.push(mnemonic);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([feature, list]) => `| ${feature} | ${list.join(" ")} |`);
}

/** The text of asm/instructions.md. */
export async function makeTable(wasm: string): Promise<string> {
  const recordings = readRecordings();
  const features = MODELS.map((_, model) => Core.load(wasm, model).features);
  const rows = (await allForms()).map((form): Row => {
    const least = features.findIndex((set) => isOffered(form, set));
    const counts = MODES.map((mode) => recordings.get(`${form.name} ${mode}`)?.count ?? 0);
    return { form, model: MODELS[least], vectors: counts.reduce((a, b) => a + b) };
  });
  const isHint = ({ form }: Row) => form.op === "NOP" && !/^(NOP|Nop)/.test(form.name);
  const offered = rows.filter((row) => row.model !== undefined && !isHint(row));
  const hints = rows.filter((row) => row.model !== undefined && isHint(row));
  const others = rows.filter((row) => row.model === undefined);
  const vectors = offered.reduce((sum, row) => sum + row.vectors, 0);
  const tested = offered.filter((row) => row.vectors > 0).length;
  return [
    "# Instructions",
    "",
    "<!-- Made by `npm run instructions` from the decoder's tables: do not edit. -->",
    "",
    "Every instruction form that processors of Intel have or had and that is not EVEX encoded, and what this",
    "processor does with it. *-cpu* is the least model that has the form. The *interpreter* runs it hot, inside its",
    "loop, or cold, by a call. There is no *translator* yet. *Native vectors* are instances whose outcome a real",
    `processor decided (test/cpu/recorded/), or what tests the form instead: ${vectors.toLocaleString("en")} vectors for`,
    `${tested.toLocaleString("en")} of ${offered.length.toLocaleString("en")} forms.`,
    "",
    ...MAPS.flatMap(([map, title]) =>
      section(
        title,
        offered.filter(({ form }) => mapOf(form) === map),
      ),
    ),
    "## No operation",
    "",
    "Hints of newer processors, and opcodes that the manual reserves to do nothing.",
    "",
    "| CPUID | Instructions |",
    "| --- | --- |",
    ...byFeature(hints.map(({ form }) => form)),
    "",
    "## Not offered",
    "",
    "These raise #UD.",
    "",
    "| CPUID | Instructions |",
    "| --- | --- |",
    ...byFeature(others.map(({ form }) => form)),
    "",
  ].join("\n");
}

export async function writeTable(wasm: string): Promise<void> {
  writeFileSync(TABLE, await makeTable(wasm));
}
