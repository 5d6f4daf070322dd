/**
 * `-cpu help` and `-cpu MODEL,help`: the models, and the instructions of one of them as asm/instructions.md
 * lists them.
 */
import { cpuModelNames, parseArguments } from "../machine/options";

/** Models from the least to the greatest, as in the table's column. */
const ORDER = ["x86-64-v2", "x86-64-v3", "max"];

interface Section {
  title: string;
  rows: string[][];
}

/** Tables of a Markdown text, without their heads. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) sections.push({ title: line.slice(3), rows: [] });
    if (!line.startsWith("| ") || line.startsWith("| ---")) continue;
    const cells = line.slice(2, -2).split(/(?<!\\)\|/);
    sections.at(-1)?.rows.push(cells.map((cell) => cell.trim().replaceAll("\\|", "|")));
  }
  for (const section of sections) section.rows.shift();
  return sections.filter(({ rows }) => rows.length > 0);
}

function instructions(model: string, table: string): string {
  const rank = ORDER.indexOf(model);
  const lines: string[] = [];
  for (const { title, rows } of sectionsOf(table)) {
    // Opcode, instruction, CPUID, least model, interpreter, translator, vectors; or CPUID and instructions.
    const isTable = rows[0].length > 2;
    const kept = isTable ? rows.filter((row) => ORDER.indexOf(row[3]) <= rank) : rows;
    if (kept.length === 0) continue;
    lines.push("", `${title}:`);
    for (const [first, second, third, , interpreter, translator, vectors] of kept) {
      if (!isTable) lines.push(`  ${first.padEnd(28)} ${second}`);
      else
        lines.push(
          `  ${first.padEnd(30)} ${second.padEnd(46)} ${third.padEnd(18)} ${interpreter.padEnd(22)} ${translator.padEnd(4)} ${vectors}`,
        );
    }
  }
  return lines.slice(1).join("\n");
}

/** What these arguments ask to be told about processors, if anything. `readTable` gives asm/instructions.md. */
export function cpuHelp(args: string[], readTable: () => string): string | undefined {
  const value = args[args.findIndex((arg) => /^--?cpu$/.test(arg)) + 1] ?? "";
  if (!args.some((arg) => /^--?cpu$/.test(arg))) return undefined;
  if (value === "help") {
    const names = cpuModelNames().map((name) => `  ${name}`);
    return [
      "Available CPUs:",
      ...names,
      "",
      "-cpu MODEL,help lists the instructions of a model.",
    ].join("\n");
  }
  if (!value.endsWith(",help")) return undefined;
  const { cpu } = parseArguments(["-cpu", value.slice(0, -",help".length)]);
  return instructions(cpu, readTable());
}
