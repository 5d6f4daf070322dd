/**
 * How far a machine has come, told from what it really does: what the firmware reports on its debug
 * console (port 402h) and the state of the first processor.
 *
 *   firmware      until SeaBIOS says that it jumps into a boot sector; skipped when a kernel is started directly
 *   boot loader   until paging is on: neither SeaBIOS nor the usual boot loaders use it
 *   kernel        until the processor has been at privilege level 3, which it keeps in mind (Cpu.hasRunUser)
 *   running       programs run
 *
 * The processor is sampled, not traced, so a phase comes a moment late; it never goes back before a reset. A
 * system that never leaves real mode stays at "boot loader".
 */
import { Cpu, CR0_PG } from "../shared/layout";
import { type SharedMemory, vcpuBase } from "../shared/shared-memory";

export type Phase = "firmware" | "boot loader" | "kernel" | "running";

const ORDER: readonly Phase[] = ["firmware", "boot loader", "kernel", "running"];
const FIRMWARE_BOOTS = /Booting from [0-9a-f]{4}:[0-9a-f]{4}\n/;
const FIRMWARE_GIVES_UP = /No bootable device\./;

export class PhaseTracker {
  private step: number;
  private line = "";
  private hasGivenUp = false;

  constructor(
    private readonly memory: SharedMemory,
    private readonly isDirectBoot: boolean,
  ) {
    this.step = this.first;
  }

  get phase(): Phase {
    return ORDER[this.step];
  }

  reset(): void {
    this.step = this.first;
    this.line = "";
    this.hasGivenUp = false;
  }

  /** The firmware found nothing, or nothing more, to boot. */
  get isStuck(): boolean {
    return this.hasGivenUp && this.step < ORDER.indexOf("kernel");
  }

  firmwareSays(text: string): void {
    this.line = (this.line + text).slice(-4096);
    if (FIRMWARE_BOOTS.test(this.line)) this.reach(1);
    if (FIRMWARE_GIVES_UP.test(this.line)) this.hasGivenUp = true;
  }

  /** Looks at the processor; call it a few times a second. */
  sample(): Phase {
    const { u32 } = this.memory;
    const cpu = vcpuBase(0) >> 2;
    const isPaging = (u32[cpu + (Cpu.cr0 >> 2)] & CR0_PG) !== 0;
    if (isPaging && this.step > 0) this.reach(u32[cpu + (Cpu.hasRunUser >> 2)] ? 3 : 2);
    return this.phase;
  }

  private get first(): number {
    return this.isDirectBoot ? ORDER.indexOf("kernel") : 0;
  }

  private reach(step: number): void {
    this.step = Math.max(this.step, step);
  }
}
