/**
 * An instruction and the conditional jump behind it, which may share a handler, do together what they do one by one
 * and what the processor the tests run on does.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Builder } from "../../test/cpu/build";
import {
  CASE,
  CASE_SIZE,
  CODE,
  type Mode,
  OUT,
  OUTCOME_SIZE,
  Random,
  START,
  TRAP_END,
} from "../../test/cpu/case";
import { allForms, type Form } from "../../test/cpu/forms";
import { Peers } from "../../test/cpu/peers";

/** What compilers put in front of conditional jumps, and some that have no handler together with one. */
const BEFORE_JUMPS =
  /^(Cmp|Test|Add|Sub|And|Dec|Inc|Shr)_(rm?\d+(_r\d+|_imm\d+|_rm\d+|_1)?|[AER]+[LX]_imm\d+)$/;
/** Of each form, on every condition. */
const INSTANCES = 3 * 16;
const TARGET = 0x20;

let peers: Peers;
let forms: Form[];
beforeAll(async () => {
  peers = await Peers.open();
  forms = (await allForms()).filter(({ name }) => BEFORE_JUMPS.test(name));
});
afterAll(() => peers.close());

function pair(form: Form, mode: Mode, n: number, random: Random): Uint8Array {
  const bytes = new Uint8Array(CASE_SIZE);
  const view = new DataView(bytes.buffer);
  new Builder(random, mode, view, 0).sequence([form, [0x70 | (n & 15), TARGET]]);
  // Often a result of zero, which half of the conditions are about.
  if (n % 3 === 0)
    for (let i = 0; i < 8; i++) if (i !== 4) view.setBigUint64(CASE.regs + 8 * i, 1n, true);
  return bytes;
}

describe("an instruction and a conditional jump", () => {
  it.each([64, 32, 16] as const)(
    "do together what they do one by one, %i-bit mode",
    async (mode) => {
      const random = new Random(mode);
      const pairs = forms
        .filter(({ encodings }) => encodings[mode])
        .flatMap((form) =>
          Array.from({ length: INSTANCES }, (_, n) => pair(form, mode, n, random)),
        );
      expect((await peers.disagreements(pairs)).slice(0, 20)).toEqual([]);

      // TF would show between the two.
      const cases = new Uint8Array(Buffer.concat(pairs));
      for (let at = CASE.flags + 1; at < cases.length; at += CASE_SIZE) cases[at] &= ~1;
      const together = peers.core.run(cases);
      peers.core.isStepping = true;
      const single = peers.core.run(cases);
      peers.core.isStepping = false;
      expect(Buffer.compare(together, single)).toBe(0);

      const view = new DataView(together.buffer);
      let taken = 0;
      for (let at = 0; at < together.length; at += OUTCOME_SIZE) {
        const hasEnded = view.getUint32(at + OUT.trap, true) === TRAP_END;
        const offset = Number(view.getBigUint64(at + OUT.rip, true)) & (START - CODE - 1);
        if (hasEnded && offset >= TARGET) taken++;
      }
      expect(taken).toBeGreaterThan(pairs.length / 8);
    },
  );
});
