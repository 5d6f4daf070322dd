// Picks kernel modules out of an unpacked kernel package, with all they depend on, and writes the
// two tables that modprobe reads (modules.dep, modules.alias; kmod's modules.dep(5) and depmod(8)).
//
// A package has no such tables: depmod makes them when it is installed. All depmod needs is in the
// .modinfo section of each module (ELF64): NUL-separated `depends=`, `softdep=pre:` and `alias=`.
// Symbols are not looked at, so a module that is not told to `depends=` on another is taken at its word.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

/** Lower case with underscores: modprobe takes `virtio-rng` and `virtio_rng` for one. */
function canonical(name) {
  return name.replaceAll("-", "_");
}

function listModules(dir) {
  const files = new Map();
  for (const entry of readdirSync(dir, { recursive: true })) {
    if (entry.endsWith(".ko")) files.set(canonical(basename(entry, ".ko")), join(dir, entry));
  }
  return files;
}

/** The text of section .modinfo as [key, value] pairs. */
export function readModinfo(elf) {
  const sectionTable = Number(elf.readBigUInt64LE(0x28));
  const [entrySize, count, namesIndex] = [0x3a, 0x3c, 0x3e].map((at) => elf.readUInt16LE(at));
  const section = (index) => {
    const at = sectionTable + index * entrySize;
    const begin = Number(elf.readBigUInt64LE(at + 0x18));
    return {
      name: elf.readUInt32LE(at),
      bytes: elf.subarray(begin, begin + Number(elf.readBigUInt64LE(at + 0x20))),
    };
  };
  const names = section(namesIndex).bytes;
  for (let index = 1; index < count; index++) {
    const { name, bytes } = section(index);
    if (names.toString("latin1", name, name + 9) !== ".modinfo\0") continue;
    const pairs = bytes.toString("latin1").split("\0").filter(Boolean);
    return pairs.map((pair) => [
      pair.slice(0, pair.indexOf("=")),
      pair.slice(pair.indexOf("=") + 1),
    ]);
  }
  return [];
}

/**
 * Reads the modules `names` and what they need from `dir` (…/lib/modules/RELEASE). Names that the
 * kernel does not have as a module are returned in `absent`: they are built in, or not there at all.
 */
export function selectModules(dir, names) {
  const available = listModules(dir);
  const selected = new Map();
  const absent = [];
  const add = (name) => {
    const key = canonical(name);
    if (selected.has(key)) return;
    const path = available.get(key);
    if (path === undefined) return void absent.push(name);
    const data = readFileSync(path);
    const info = readModinfo(data);
    const values = (wanted) => info.filter(([k]) => k === wanted).map(([, value]) => value);
    const depends = values("depends")
      .flatMap((list) => list.split(","))
      .filter(Boolean)
      .map(canonical);
    const soft = values("softdep")
      .flatMap(softBefore)
      .filter((dependency) => available.has(dependency));
    selected.set(key, {
      name: key,
      file: relative(dir, path),
      data,
      depends,
      aliases: values("alias"),
    });
    for (const dependency of [...depends, ...soft]) add(dependency);
    selected.get(key).depends.push(...soft);
  };
  for (const name of names) add(name);
  return { modules: [...selected.values()], absent };
}

/** `softdep=pre: a b post: c` asks for a and b before the module. */
function softBefore(text) {
  const before = /pre:([^:]*?)(?:\w+:|$)/.exec(text)?.[1] ?? "";
  return before.split(/\s+/).filter(Boolean).map(canonical);
}

/**
 * The text of modules.dep: every module with all it needs. modprobe loads such a line from its end,
 * so a module stands before those that it needs itself.
 */
export function modulesDep(modules) {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const postorder = (module, seen) => {
    if (module === undefined || seen.has(module)) return [];
    seen.add(module);
    return [...module.depends.flatMap((name) => postorder(byName.get(name), seen)), module];
  };
  const line = (module) => {
    const [, ...needed] = postorder(module, new Set()).reverse();
    return [`${module.file}:`, ...needed.map((other) => other.file)].join(" ");
  };
  return `${modules.map(line).join("\n")}\n`;
}

export function modulesAlias(modules) {
  const lines = modules.flatMap((module) =>
    module.aliases.map((alias) => `alias ${alias} ${module.name}\n`),
  );
  return lines.join("");
}
