/**
 * The soak: a machine that is typed and clicked at without sense, reset, paused and powered off again and
 * again. Two things are watched:
 *
 *   hangs   every cycle begins with a reset (or a new machine), after which the firmware has to speak and
 *           the guest has to get to its first screen within a limit: vCPU, device and disk workers all
 *           have a part in that. While input comes, time and the picture have to be readable.
 *   leaks   what the process has when a guest has come up, garbage collected: its own memory must not grow,
 *           and that of a machine which ended has to be given back. The two are told apart by Linux' list
 *           of mappings, for how much of its RAM a guest has touched says nothing.
 *
 * Everything random comes from the seed; what the guest makes of it also depends on the host's timing.
 */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { KEYS } from "../../src/shared/keys";
import { HANG_MS } from "../limits";
import { delay, Vm } from "./vm";

export interface SoakGuest {
  args: string[];
  /** What the guest says on the serial port when it has got somewhere. */
  isUp: RegExp;
  /** Seconds of a cycle, shortest and longest; most are short. */
  cycle: [number, number];
}

export interface SoakSample {
  seconds: number;
  /** Resident bytes of the process but those of machines' memories. */
  own: number;
  heap: number;
  handles: number;
}

export interface SoakResult {
  cycles: number;
  resets: number;
  machines: number;
  inputs: number;
  instructions: number;
  samples: SoakSample[];
}

/** A small generator of good enough numbers (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

export class Soak {
  private readonly random: () => number;
  private began = 0;
  private readonly result: SoakResult = {
    cycles: 0,
    resets: 0,
    machines: 0,
    inputs: 0,
    instructions: 0,
    samples: [],
  };
  /** The machine that runs; none when it was powered off. */
  private vm: Vm | undefined;
  private failure: string | undefined;
  /** Instructions of this machine that are in the result. */
  private counted = 0;
  /** Bytes of a machine's memory, guest RAM and all; every machine of a soak has the same. */
  private memorySize = 0;
  private readonly held = new Set<number>();

  constructor(
    private readonly guest: SoakGuest,
    seed: number,
    private readonly report: (line: string) => void = () => {},
  ) {
    this.random = generator(seed);
  }

  async run(seconds: number): Promise<SoakResult> {
    this.began = performance.now();
    try {
      while (this.seconds < seconds || this.result.cycles < 2) await this.cycle(seconds);
      return this.result;
    } finally {
      this.vm?.stop();
    }
  }

  private get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  private between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  private pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)];
  }

  /** A start that has to succeed, then a while of input. */
  private async cycle(limit: number): Promise<void> {
    const vm = await this.freshStart();
    await vm.waitForSerial(this.guest.isUp);
    await this.sample();
    const [shortest, longest] = this.guest.cycle;
    const length = shortest + (longest - shortest) * this.random() ** 3;
    const end = Math.min(limit, this.seconds + Math.min(length, limit / 4));
    while (this.vm && this.seconds < end) {
      await this.input(vm);
      await delay(this.between(0, 60));
    }
    this.held.clear();
    if (this.failure) throw new Error(this.failure);
    this.result.cycles++;
    this.result.instructions += vm.machine.instructions - this.counted;
    this.counted = this.vm ? vm.machine.instructions : 0;
  }

  /** The running machine, reset, or a new one when it was powered off. */
  private async freshStart(): Promise<Vm> {
    if (this.vm && (await this.reset(this.vm))) return this.vm;
    const vm = await Vm.start(this.guest.args);
    this.vm = vm;
    this.counted = 0;
    this.memorySize = vm.machine.shared.bytes.length;
    this.result.machines++;
    vm.stopped.then((stopped) => {
      this.vm = undefined;
      if (stopped.reason !== "power-off")
        this.failure = `The machine ended by itself: ${JSON.stringify(stopped)}`;
    });
    return vm;
  }

  /** Whether it came to a reset; a guest may have powered the machine off before. */
  private async reset(vm: Vm): Promise<boolean> {
    vm.firmware = "";
    vm.forgetSerial();
    const before = vm.resets;
    vm.machine.reset();
    // Impatient people press it twice.
    if (this.random() < 0.3) vm.machine.reset();
    await waitFor(
      "The machine hangs: no sign of its reset",
      () => vm.resets > before || this.vm !== vm,
    );
    if (this.vm !== vm) return false;
    this.result.resets++;
    return true;
  }

  private async input(vm: Vm): Promise<void> {
    this.result.inputs++;
    const dice = this.random();
    if (dice < 0.45) this.key(vm);
    else if (dice < 0.6) vm.send({ type: "mouse-move", dx: this.step(200), dy: this.step(200) });
    else if (dice < 0.65)
      vm.send({ type: "mouse-buttons", buttons: Math.floor(this.random() * 32) });
    else if (dice < 0.7) vm.send({ type: "mouse-wheel", clicks: this.step(3) });
    else if (dice < 0.8)
      await vm.sendKeys(this.pick(["ret", "down", "up", "tab", "esc", "spc", "y"]));
    else if (dice < 0.85) vm.sendSerial(this.letters(40));
    else if (dice < 0.9) await vm.sendText(this.letters(12));
    else if (dice < 0.97) this.look(vm);
    else if (dice < 0.985) await this.pause(vm);
    else if (dice < 0.993) await vm.sendKeys("ctrl-alt-delete");
    else if (dice < 0.996) vm.machine.pressPowerButton();
    else if (dice < 0.998) vm.machine.reset();
  }

  /** Presses, repeats and releases in any order; never more than a hand can hold. */
  private key(vm: Vm): void {
    const [oldest] = this.held;
    if (oldest !== undefined && (this.held.size > 6 || this.random() < 0.5)) {
      this.held.delete(oldest);
      vm.sendKey(oldest, false);
      return;
    }
    const { evdev } = this.pick(KEYS);
    this.held.add(evdev);
    vm.sendKey(evdev, true);
  }

  private step(range: number): number {
    return Math.round(this.between(-range, range));
  }

  private letters(length: number): string {
    return Array.from({ length }, () => this.pick([..."abcdefghij0123456789 -/.\n"])).join("");
  }

  /** As the page does with every frame. */
  private look(vm: Vm): void {
    const { width, height, data } = vm.screen.picture();
    if (width * height * 4 !== data.length || width < 1 || height < 1) {
      throw new Error(`The screen has ${data.length} bytes for ${width}x${height} pixels.`);
    }
  }

  private async pause(vm: Vm): Promise<void> {
    vm.machine.pause();
    await delay(this.between(1, 300));
    vm.machine.resume();
  }

  /** Waits until the memory of machines that ended is gone, for workers take their time to end. */
  private async sample(): Promise<void> {
    let memory: HostMemory = { machines: 0, own: 0 };
    await waitFor("The memory of a machine that ended was not given back", () => {
      collectGarbage();
      memory = hostMemory(this.memorySize);
      return memory.machines <= 1;
    });
    const { own } = memory;
    const { heapUsed } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const sample = { seconds: this.seconds, own, heap: heapUsed, handles };
    this.result.samples.push(sample);
    const { cycles, machines, resets, inputs } = this.result;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    this.report(
      `${sample.seconds.toFixed(0).padStart(5)} s  cycle ${cycles + 1}, machine ${machines}, ${resets} resets, ` +
        `${inputs} inputs; own memory ${mib(own)}, heap ${mib(heapUsed)}, ${handles} handles`,
    );
  }
}

interface HostMemory {
  /** How many machines' memories are mapped. */
  machines: number;
  /** Resident bytes besides those. */
  own: number;
}

/** What this process has resident, by proc_pid_smaps(5). A memory that can be written in whole has its own mapping. */
function hostMemory(memorySize: number): HostMemory {
  const found: HostMemory = { machines: 0, own: 0 };
  let isMachine = false;
  for (const line of readFileSync("/proc/self/smaps", "latin1").split("\n")) {
    const mapping = /^([0-9a-f]+)-([0-9a-f]+) (....) /.exec(line);
    if (mapping) {
      const [, begin, end, rights] = mapping;
      isMachine = rights.startsWith("rw") && parseInt(end, 16) - parseInt(begin, 16) === memorySize;
      if (isMachine) found.machines++;
    } else if (!isMachine && line.startsWith("Rss:")) {
      found.own += 1024 * parseInt(line.slice(4), 10);
    }
  }
  return found;
}

async function waitFor(what: string, isThere: () => boolean): Promise<void> {
  const deadline = performance.now() + HANG_MS;
  while (!isThere()) {
    if (performance.now() > deadline) throw new Error(`${what} in ${HANG_MS / 1000} s.`);
    await delay(20);
  }
}

/** Growth from the end of the first third to the end, in bytes: medians, so that one odd sample does not count. */
export function growth(samples: SoakSample[], of: "own" | "heap" | "handles"): number {
  const values = samples.map((sample) => sample[of]);
  const third = Math.floor(values.length / 3);
  return median(values.slice(-third)) - median(values.slice(third, 2 * third));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
