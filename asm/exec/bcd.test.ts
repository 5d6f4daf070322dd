/** The decimal instructions against the processor the tests run on, on everything that decides what they do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeCase } from "../../test/cpu/case";
import { Peers } from "../../test/cpu/peers";

const AF_CF = [0, 0x01, 0x10, 0x11];
const AL = Array.from({ length: 256 }, (_, al) => al);
const BASES = [0, 1, 2, 7, 10, 16, 100, 0x80, 0xff];
/** With these, the other flags and the rest of RAX may not matter, or are added to. */
const OTHERS = [
  { flags: 0, above: 0n },
  { flags: 0x8c4, above: 0x8765_ff00n },
];

let peers: Peers;
beforeAll(async () => {
  peers = await Peers.open();
});
afterAll(() => peers.close());

const cases = (code: string, flagsBefore: number[]) =>
  OTHERS.flatMap(({ flags, above }) =>
    flagsBefore.flatMap((bits) =>
      AL.map((al) =>
        encodeCase({ mode: 32, code, regs: { 0: above | BigInt(al) }, flags: flags | bits }),
      ),
    ),
  );

describe("decimal instructions", () => {
  it.each([
    ["DAA", "27"],
    ["DAS", "2f"],
    ["AAA", "37"],
    ["AAS", "3f"],
  ])("%s of every AL, AF and CF", async (_, code) => {
    expect(await peers.disagreements(cases(code, AF_CF))).toEqual([]);
  });

  it.each([
    ["AAM", "d4"],
    ["AAD", "d5"],
  ])("%s of every AL in several bases", async (_, opcode) => {
    const all = BASES.flatMap((base) =>
      cases(opcode + base.toString(16).padStart(2, "0"), [0, 0x11]),
    );
    expect(await peers.disagreements(all)).toEqual([]);
  });
});
