/**
 * The soak: a machine that is typed and clicked at without sense, reset, paused and powered off again and
 * again. Two things are watched:
 *
 *   hangs   every cycle begins with a reset (or a new machine), after which the firmware has to speak and
 *           the guest has to get to its first screen within a limit: vCPU, device and disk workers all
 *           have a part in that. While input comes, time and the picture have to be readable.
 *   leaks   the process' memory, garbage collected, at the end of each cycle. Guest RAM is touched whole
 *           beforehand, so that it does not count as growth when a guest uses more of it.
 *
 * Everything random comes from the seed; what the guest makes of it also depends on the host's timing.
 */
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
  rss: number;
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
  private vm: Vm | undefined;
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
      while (this.seconds < seconds) await this.cycle(seconds);
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
    const [shortest, longest] = this.guest.cycle;
    const length = shortest + (longest - shortest) * this.random() ** 3;
    const end = Math.min(limit, this.seconds + length);
    let isRunning = true;
    vm.stopped.then((stopped) => {
      isRunning = false;
      if (stopped.reason !== "power-off")
        this.failure = `The machine ended by itself: ${JSON.stringify(stopped)}`;
    });
    while (isRunning && this.seconds < end) {
      await this.input(vm);
      await delay(this.between(0, 60));
    }
    this.held.clear();
    if (this.failure) throw new Error(this.failure);
    this.result.cycles++;
    this.result.instructions += vm.machine.instructions - this.counted;
    this.counted = vm.machine.instructions;
    if (!isRunning) this.forget();
    this.sample();
  }

  private failure: string | undefined;
  private counted = 0;

  private forget(): void {
    this.vm = undefined;
    this.counted = 0;
  }

  /** The running machine, reset, or a new one. */
  private async freshStart(): Promise<Vm> {
    if (this.vm) {
      const { vm } = this;
      vm.firmware = "";
      vm.forgetSerial();
      const before = vm.resets;
      vm.machine.reset();
      // Impatient people press it twice.
      if (this.random() < 0.3) vm.machine.reset();
      await waitFor("its reset", () => vm.resets > before);
      this.result.resets++;
      return vm;
    }
    const vm = await Vm.start(this.guest.args);
    this.vm = vm;
    this.result.machines++;
    const { bytes } = vm.machine.shared;
    for (let at = 0; at < bytes.length; at += 4096) Atomics.or(bytes, at, 0);
    return vm;
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

  private sample(): void {
    collectGarbage();
    const { rss, heapUsed } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const sample = { seconds: this.seconds, rss, heap: heapUsed, handles };
    this.result.samples.push(sample);
    const { cycles, machines, resets, inputs } = this.result;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    this.report(
      `${sample.seconds.toFixed(0).padStart(5)} s  cycle ${cycles}, machine ${machines}, ${resets} resets, ` +
        `${inputs} inputs; rss ${mib(rss)}, heap ${mib(heapUsed)}, ${handles} handles`,
    );
  }
}

async function waitFor(what: string, isThere: () => boolean): Promise<void> {
  const deadline = performance.now() + HANG_MS;
  while (!isThere()) {
    if (performance.now() > deadline)
      throw new Error(`The machine hangs: no sign of ${what} in ${HANG_MS / 1000} s.`);
    await delay(20);
  }
}

/** Growth from the end of the first third to the end, in bytes: medians, so that one odd sample does not count. */
export function growth(samples: SoakSample[], of: "rss" | "heap" | "handles"): number {
  const values = samples.map((sample) => sample[of]);
  const third = Math.floor(values.length / 3);
  return median(values.slice(-third)) - median(values.slice(third, 2 * third));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
