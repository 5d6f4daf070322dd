/**
 * The processor the tests run on, as a peer of Core (test/cpu/core.ts): test/native/machine.c in a process that
 * lives as long as there are cases. Needs gcc and Linux on x86-64.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { buildNative } from "../native";
import { CASE_SIZE, dataPages, OUTCOME_SIZE } from "./case";

// biome-ignore format: one option per word
const FLAGS = ["-mgeneral-regs-only", "-fno-stack-protector", "-ffreestanding", "-nostdlib", "-static-pie", "-fPIE"];
/** Cases of one round (ROUND of the program). */
const ROUND = 4096;

/** The program ended in the middle of cases: one of them reached it. */
export class HostDied extends Error {}

export class Host {
  private child: ChildProcess | undefined;
  private received: Buffer[] = [];
  private wake: () => void = () => {};

  private constructor(private readonly program: string) {}

  /** Undefined, with a warning, where there is no such processor or no compiler. */
  static open(): Host | undefined {
    const program = buildNative("machine", FLAGS);
    return program === undefined ? undefined : new Host(program);
  }

  private start(): ChildProcess {
    const child = spawn(this.program, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdout?.on("data", (chunk: Buffer) => {
      this.received.push(chunk);
      this.wake();
    });
    child.stdin?.on("error", () => {});
    child.on("exit", () => {
      if (this.child === child) this.child = undefined;
      this.wake();
    });
    child.stdin?.write(dataPages());
    this.received = [];
    return child;
  }

  /** Runs cases; their outcomes. */
  async run(cases: Uint8Array): Promise<Uint8Array> {
    const count = cases.length / CASE_SIZE;
    const outcomes = new Uint8Array(count * OUTCOME_SIZE);
    for (let from = 0; from < count; from += ROUND) {
      const to = Math.min(count, from + ROUND);
      const round = await this.round(cases.subarray(from * CASE_SIZE, to * CASE_SIZE), to - from);
      outcomes.set(round, from * OUTCOME_SIZE);
    }
    return outcomes;
  }

  private async round(cases: Uint8Array, count: number): Promise<Uint8Array> {
    this.child ??= this.start();
    const { child } = this;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(count);
    child.stdin?.write(head);
    child.stdin?.write(Buffer.from(cases));
    const wanted = count * OUTCOME_SIZE;
    const have = () => this.received.reduce((sum, chunk) => sum + chunk.length, 0);
    while (have() < wanted && this.child === child) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const outcomes = Buffer.concat(this.received);
    this.received = [];
    if (outcomes.length !== wanted)
      throw new HostDied(`test/native/machine.c ended within ${count} cases`);
    return outcomes;
  }

  close(): void {
    this.child?.stdin?.end();
    this.child = undefined;
  }
}
