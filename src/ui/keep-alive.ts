/**
 * While a machine runs: a Web Lock, so that browsers do not freeze the tab in the background, and a
 * question before the tab is closed when that would lose something: the person worked in the machine,
 * or it wrote to a disk.
 */
import type { Machine } from "./machine";

export class KeepAlive {
  private release: (() => void) | undefined;
  private machine: Machine | undefined;

  constructor() {
    addEventListener("beforeunload", (event) => {
      if (this.wouldLose()) event.preventDefault();
    });
  }

  watch(machine: Machine): void {
    this.machine = machine;
    machine.on("state", (state) => (state === "off" ? this.letGo() : this.hold()));
  }

  private wouldLose(): boolean {
    const { machine } = this;
    if (!machine || machine.state === "off" || machine.state === "loading") return false;
    return machine.hasInput || machine.diskCounters.writes > 0;
  }

  private hold(): void {
    if (this.release || !navigator.locks) return;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.release = release;
    navigator.locks.request("longmode:running", { mode: "shared" }, () => held).catch(() => {});
  }

  private letGo(): void {
    this.release?.();
    this.release = undefined;
  }
}
