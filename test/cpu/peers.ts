/**
 * The core and the processor the tests run on, side by side. Only processors of Intel are asked: where the manual
 * leaves a choice the core does as they do.
 */
import { buildCore } from "../../scripts/build-core.mjs";
import { isIntel } from "../native";
import { CASE, CODE_SIZE, OUTCOME_SIZE } from "./case";
import { differences, type Leniency } from "./compare";
import { Core } from "./core";
import { Host } from "./host";

/** Mode, code and flags of a case. */
function describe(one: Uint8Array): string {
  const view = new DataView(one.buffer, one.byteOffset);
  const code = Buffer.from(one.subarray(0, CODE_SIZE))
    .toString("hex")
    .replace(/(cc)+$/, "");
  const flags = view.getUint32(CASE.flags, true).toString(16);
  return `${view.getUint32(CASE.mode, true)}-bit ${code} flags ${flags}`;
}

export class Peers {
  private constructor(
    readonly core: Core,
    private readonly host: Host | undefined,
  ) {}

  static async open(): Promise<Peers> {
    const core = Core.load(await buildCore({ say: () => {} }));
    return new Peers(core, isIntel() ? Host.open() : undefined);
  }

  /** What the core does otherwise, in words, one line per case. None where there is no such processor. */
  async disagreements(list: Uint8Array[], leniency: Leniency = {}): Promise<string[]> {
    const cases = new Uint8Array(Buffer.concat(list));
    const truth = await this.host?.run(cases);
    if (truth === undefined) return [];
    const ours = this.core.run(cases);
    return list.flatMap((one, i) => {
      const [from, to] = [i * OUTCOME_SIZE, (i + 1) * OUTCOME_SIZE];
      const found = differences(truth.subarray(from, to), ours.subarray(from, to), leniency);
      if (found.length === 0) return [];
      return [`#${i} ${describe(one)} | ${found.join("; ")}`];
    });
  }

  close(): void {
    this.host?.close();
  }
}
