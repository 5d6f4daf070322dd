/**
 * Repeated string instructions are their items one by one: random starts, directions, sizes and counts in real mode,
 * where offsets wrap at 64 KiB and end at the segment's limit, with REP against the same instruction without it.
 * Single items are compared with a processor in test/cpu.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { RAM } from "../../src/shared/layout";
import { Random } from "../../test/cpu/case";
import { loadSystemCore, type SystemCore } from "../../test/system-core";

const ONE_MORE = 1; // EXEC_JUMP to itself: the instruction goes on
let s: SystemCore;

beforeAll(async () => {
  s = await loadSystemCore();
});

interface State {
  rax: bigint;
  rcx: bigint;
  rsi: bigint;
  rdi: bigint;
  down: boolean;
}

const FIELDS = ["rax", "rcx", "rsi", "rdi"] as const;
const ram = () => new Uint8Array(s.memory.buffer, RAM, 0x1_0000);

function load(state: State, memory: Uint8Array): void {
  s.start(16);
  ram().set(memory);
  for (const field of FIELDS) s.set(field, state[field]);
  s.core.setFlags(state.down ? 0x400 : 0);
}

function result(outcome: string) {
  const registers = FIELDS.map((field) => s.get(field));
  return {
    outcome,
    registers,
    flags: s.core.flags(),
    memory: Buffer.from(ram()).toString("latin1"),
  };
}

/** The repeated instruction, entered again as long as it says that it goes on. */
function repeated(prefix: string, opcode: string) {
  let outcome = "ok";
  for (let turns = 0; turns < 10_000; turns++) {
    outcome = s.run(prefix + opcode);
    if (outcome !== "ok" || s.core.lastResult() !== ONE_MORE) break;
  }
  return result(outcome);
}

/** Item by item, as SDM vol. 2 (REP) writes it. */
function oneByOne(opcode: string, mask: bigint, compares: boolean, whileEqual: boolean) {
  const flags = s.core.flags();
  while ((s.get("rcx") & mask) !== 0n) {
    const outcome = s.run(opcode);
    if (outcome !== "ok") {
      // Flags are those from before a comparison that faults half-way.
      if (compares) s.core.setFlags(flags);
      return result(outcome);
    }
    const rcx = s.get("rcx");
    s.set("rcx", (rcx & ~mask) | ((rcx - 1n) & mask));
    if (compares && ((s.core.flags() & 0x40) !== 0) !== whileEqual) break;
  }
  return result("ok");
}

// biome-ignore format: a table
const OPCODES = ["a4", "a5", "66a5", "aa", "ab", "66ab", "ac", "ad", "66ad", "a6", "a7", "66a7", "ae", "af", "66af"];

describe("REP", () => {
  it.each(OPCODES)(
    "%s does its items one by one, across the wrap and up to the limit",
    (opcode) => {
      const random = new Random(Number.parseInt(opcode, 16));
      const compares = /a[67ef]$/.test(opcode);
      for (let n = 0; n < 120; n++) {
        const memory = Uint8Array.from({ length: 0x1_0000 }, () =>
          compares ? random.below(40) >> 5 : random.next(),
        );
        const edge = () =>
          BigInt(random.chance(60) ? (random.below(64) - 32) & 0xffff : random.below(0x1_0000));
        const address32 = random.chance(30);
        const state = {
          rax: compares ? 0n : random.u64(),
          rcx: BigInt(random.below(random.pick([3, 40, 300]))),
          rsi: edge(),
          rdi: edge(),
          down: random.chance(40),
        };
        if (random.chance(30)) state.rdi = (state.rsi + BigInt(random.below(20) - 10)) & 0xffffn;
        // Upper halves of 16-bit addressing stay as they are.
        if (!address32)
          for (const field of ["rcx", "rsi", "rdi"] as const) state[field] |= 0x1234_0000n;
        const whileEqual = random.chance(50);
        const prefix = (whileEqual ? "f3" : "f2") + (address32 ? "67" : "");
        load(state, memory);
        const whole = repeated(prefix, opcode);
        load(state, memory);
        const single = oneByOne(
          (address32 ? "67" : "") + opcode,
          address32 ? 0xffff_ffffn : 0xffffn,
          compares,
          whileEqual,
        );
        expect({ n, prefix, state, ...whole }).toEqual({ n, prefix, state, ...single });
      }
    },
  );
});
