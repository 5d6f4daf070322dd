/**
 * The line at the bottom: what the machine is doing, how fast, what it read, and the keyboard's lights.
 * Read from shared memory twice a second; nothing is asked of the workers.
 */
import { byId, el, sizeText } from "./dom";
import type { Machine } from "./machine";
import type { Progress } from "./resources";

const PERIOD_MS = 500;
/** A processor below this share of its best second is mostly halted. */
const IDLE_RATE = 2e6;

const PHASE_TEXT = {
  firmware: "Firmware",
  "boot loader": "Boot loader",
  kernel: "Kernel",
  running: "Running",
} as const;

export class StatusLine {
  private readonly phase = el("span", { class: "phase" });
  private readonly speed = el("span", { title: "Instructions the processor carries out" });
  private readonly disk = el("span", { title: "What the machine read from its disks, and wrote" });
  private readonly lock = el("span");
  private readonly diskLight = light("Disk");
  private readonly keyLights = [light("Scroll"), light("Num"), light("Caps")];
  private readonly root = byId("status");
  private timer: ReturnType<typeof setInterval> | undefined;
  private last = { at: 0, instructions: 0, transfers: 0 };
  /** For tests and the title. */
  text = "";
  perSecond = 0;

  constructor(
    private readonly machine: Machine,
    private readonly onPhase: (text: string) => void,
  ) {
    const [scroll, num, caps] = this.keyLights;
    this.root.replaceChildren(
      this.phase,
      this.speed,
      this.disk,
      el("span", { class: "space" }),
      this.lock,
      el("span", { class: "lights" }, this.diskLight, num, caps, scroll),
    );
    machine.on("leds", (leds) => {
      for (const [bit, key] of this.keyLights.entries())
        key.classList.toggle("on", (leds & (1 << bit)) !== 0);
    });
    machine.on("state", () => this.update());
  }

  start(): void {
    this.last = { at: performance.now(), instructions: 0, transfers: 0 };
    this.timer ??= setInterval(() => this.update(), PERIOD_MS);
    this.update();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** While files are loaded. */
  loading({ name, loaded, total }: Progress): void {
    const size = total > 0 ? `${sizeText(loaded)} of ${sizeText(total)}` : sizeText(loaded);
    this.tell(`Loading ${name}${loaded > 0 ? `, ${size}` : ""}`);
  }

  /** Where the keyboard or the mouse go. */
  setCapture(text: string): void {
    this.lock.textContent = text;
  }

  private update(): void {
    const { machine } = this;
    this.root.dataset.state = machine.state;
    if (machine.state === "off") {
      this.tell("Off");
      this.stop();
      this.speed.textContent = "";
      this.diskLight.classList.remove("on");
      return;
    }
    if (machine.state === "loading") return;
    this.measure();
    const { phase } = machine;
    if (machine.state === "paused") {
      this.tell("Paused");
      this.speed.textContent = "";
    } else if (machine.foundNothingToBoot) this.tell("Nothing to boot");
    else if (phase)
      this.tell(
        phase === "running" && this.perSecond < IDLE_RATE ? "Running, idle" : PHASE_TEXT[phase],
      );
  }

  private measure(): void {
    const { machine, last } = this;
    const at = performance.now();
    const { instructions } = machine;
    const { reads, writes, bytesRead, bytesWritten } = machine.diskCounters;
    const seconds = (at - last.at) / 1000;
    if (seconds > 0.05) this.perSecond = Math.max(0, instructions - last.instructions) / seconds;
    this.speed.textContent = `${rateText(this.perSecond)} instructions/s`;
    const read = `${reads.toLocaleString("en-US")} disk reads, ${sizeText(bytesRead)}`;
    const written =
      writes > 0 ? ` · ${writes.toLocaleString("en-US")} writes, ${sizeText(bytesWritten)}` : "";
    this.disk.textContent = read + written;
    this.diskLight.classList.toggle("on", reads + writes !== last.transfers);
    this.last = { at, instructions, transfers: reads + writes };
  }

  private tell(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.phase.textContent = text;
    this.onPhase(text);
  }
}

function light(name: string): HTMLElement {
  return el("span", { class: "light" }, name);
}

/** "182 million", with three digits. */
function rateText(perSecond: number): string {
  if (perSecond < 1e6) return `${Math.round(perSecond / 1e3)} thousand`;
  return `${(perSecond / 1e6).toFixed(perSecond < 1e7 ? 1 : 0)} million`;
}
