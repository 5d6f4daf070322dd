/**
 * Encodings that no list of instruction forms has, against the processor the tests run on: REX in front of other
 * prefixes, prefixes that mean nothing to an instruction, LOCK where it is not allowed, opcodes and operands that are
 * invalid, what only the kernel may do and which of its checks is first.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DATA, encodeCase, type Mode, Random } from "./case";
import { Peers } from "./peers";
import { integer, pointer } from "./values";

const INSTANCES = 40;

// biome-ignore format: rows
const ANYWHERE = [
  "0fbcc1", "0fbdc1", "660fbcc1", "660fbdc1", "f20fbcc1", "f20fbdc1", "f30fbcc1", "f30fbdc1", "66f30fbcc1", "66f30fbdc1",
  "f30fb8c1", "66f30fb8c1", "f20fb8c1", "0fb8c1", "660fb8c1",
  "0fc70f", "660fc70f", "f20fc70f", "f30fc70f", "f00fc70f", "0fc7cf", "0fc707", "0fc71f",
  "90", "6690", "f390", "f290", "f30f1efa", "0f0d0f", "0f0dc8", "0f1807", "0f18c7", "0f1fc0",
  "0fb9c0", "0fb907", "0fffc0", "0fff07", "0f0b", "0f04", "0f0a", "0f0c", "0f24c0", "0f26c0", "0f36", "0f39", "0f3b", "0fa6", "0fa7", "0f7ac0", "0faa",
  "f001c8", "f00107", "f003c1", "f0030f", "f03907", "f0390f", "f00fa30f", "f00fab0f", "f00fb1c8", "f00fb10f", "f0880f", "f090", "f0ff37", "f0ff07", "f0f717", "f0f707",
  "f00fba2701", "f00fba2f01", "f08707", "f00fc10f", "f00fc80f", "f08f07", "f0d007", "f00fa40f01", "f069c0", "f0a4", "f0c7070000", "f0f3a4",
  "8ec8", "8ef0", "8ef8", "8cf0", "8cf8", "c6c801", "c7c801000000", "fed0", "feff", "fff8", "ffe8", "ffd8", "8fc8", "8fd0", "f6c801",
  "cd00", "cd02", "cd0d", "cdff", "fa", "fb", "f4", "ec", "cf", "cb", "ca0800", "66cf", "66cb",
  "0f00d0", "0f00d8", "0f0117", "0f011f", "0f01f0", "0f0137", "0f013f", "0f06", "0f08", "0f09", "0f30", "0f32", "0f33", "0f35",
  "0f20c0", "0f20c8", "0f20d8", "0f20e0", "0f20e8", "0f20f8", "0f22c0", "0f22c8", "0f22e0",
  "0f21c0", "0f21e0", "0f21f8", "0f23c0", "0f23e0", "0f01ca", "0f01cb", "0f01c8", "0f01c9", "660f38820f", "f00f20c0",
  "0f01d1", "0f01c0", "0f01fa",
];
// biome-ignore format: rows
const ONLY_64 = [
  "486601c8", "482e01c8", "48660fbec1", "4148f7d9", "48f3ab", "4866f7d1", "4867c3", "f24801c8", "f34801c8", "48f201c8",
  "480fbcc1", "480fbdc1", "48f30fbcc1", "f3480fbcc1", "66480fc70f", "f2480fc70f", "f3480fc70f", "f066480fc70f",
  "4190", "f34190", "664190", "4890", "d6", "06", "0e", "27", "60", "62", "9a", "c4", "ce", "d40a", "d50a", "ea", "82c001", "48cf", "48cb",
  "0f07", "440f20c0", "440f22c0", "440f20c8", "440f21c0", "0f01f8",
];

function instance(code: string, mode: Mode, random: Random): Uint8Array {
  const address = (la: number) => BigInt(mode === 16 ? (la - DATA) & 0xffff : la);
  const regs: Record<number, bigint> = {};
  for (let i = 0; i < (mode === 64 ? 16 : 8); i++) {
    const [low, high] = integer(random);
    regs[i] = BigInt(low) | (mode === 64 ? BigInt(high) << 32n : 0n);
  }
  if (random.chance(40)) regs[1] = 0n;
  regs[4] = address(pointer(random));
  if (random.chance(70)) regs[7] = address(pointer(random) & ~15);
  return encodeCase({ mode, code, regs, flags: random.next() & 0x8d5 });
}

let peers: Peers;
beforeAll(async () => {
  peers = await Peers.open();
});
afterAll(() => peers.close());

describe("unusual encodings do what the processor does", () => {
  it.each([64, 32, 16] as const)("in %i-bit mode", async (mode) => {
    const random = new Random(mode);
    const codes = mode === 64 ? [...ANYWHERE, ...ONLY_64] : ANYWHERE;
    const cases = codes.flatMap((code) =>
      Array.from({ length: INSTANCES }, () => instance(code, mode, random)),
    );
    expect((await peers.disagreements(cases)).slice(0, 20)).toEqual([]);
  });
});
