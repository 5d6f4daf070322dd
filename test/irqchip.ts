/**
 * The irqchip alone, as the tests of asm/irqchip/ drive it: ports, registers, lines and guest time in
 * nanoseconds that only passes when the test says so.
 */
import { loadAsm } from "./asc";

export const TSC_KHZ = 1_000_000;
export const APIC = 0xfee0_0000;
export const IOAPIC = 0xfec0_0000;
export const HPET = 0xfed0_0000;
export const PENDING_INTR = 0x01;

export interface IrqMachine {
  /** Functions of asm/test/irqchip.ts. */
  core: Record<string, (...args: number[]) => number>;
  /** For other threads: the module and the memory this one runs on. */
  wasm: Uint8Array<ArrayBuffer>;
  memory: WebAssembly.Memory;
  /** vCPUs woken since the last reset, in order. */
  woken: number[];
  /** Power-on with `vcpus` processors at time 0. */
  reset(vcpus?: number): void;
  /** Lets guest time reach `ns` without running any timer. */
  at(ns: number): void;
  /** Lets guest time reach `ns` and runs the timers of vCPU 0. */
  pollAt(ns: number): void;
  lapic(register: number, id?: number): number;
  setLapic(register: number, value: number, id?: number): void;
  ioapic(register: number): number;
  setIoapic(register: number, value: number): void;
  /** Writes redirection entry `pin`. */
  redirect(pin: number, low: number, high?: number): void;
  /** 8259 pair initialised as a PC's firmware does: vectors 08h and 70h, all lines unmasked. */
  initPic(): void;
  /** The interrupts vCPU `id` takes now, acknowledged in order until none is left. */
  take(id?: number): number[];
  /** A rising edge on an ISA or PCI line, and back. */
  pulse(gsi: number): void;
}

export async function loadIrqMachine(): Promise<IrqMachine> {
  let now = 0;
  const woken: number[] = [];
  const {
    exports: core,
    memory,
    wasm,
  } = await loadAsm("asm/test/irqchip.ts", {
    host: { nowNs: () => now, wakeVcpu: (id: number) => void woken.push(id) },
  });
  const m: IrqMachine = {
    core,
    wasm,
    memory,
    woken,
    reset(vcpus = 1) {
      now = 0;
      for (let line = 0; line < 24; line++) core.irqSetLine(line, 0);
      core.reset(vcpus, TSC_KHZ);
      for (let id = 0; id < vcpus; id++) m.setLapic(0xf0, 0x1ff, id);
      woken.length = 0;
    },
    at(ns) {
      now = ns;
      core.retire(0, 100_000);
    },
    pollAt(ns) {
      m.at(ns);
      core.poll(0, ns);
    },
    lapic: (register, id = 0) => core.mmioRead(id, APIC + register) >>> 0,
    setLapic: (register, value, id = 0) => void core.mmioWrite(id, APIC + register, value),
    ioapic(register) {
      core.mmioWrite(0, IOAPIC, register);
      return core.mmioRead(0, IOAPIC + 0x10) >>> 0;
    },
    setIoapic(register, value) {
      core.mmioWrite(0, IOAPIC, register);
      core.mmioWrite(0, IOAPIC + 0x10, value);
    },
    redirect(pin, low, high = 0) {
      m.setIoapic(0x11 + 2 * pin, high);
      m.setIoapic(0x10 + 2 * pin, low);
    },
    initPic() {
      for (const [port, base, icw3] of [
        [0x20, 0x08, 4],
        [0xa0, 0x70, 2],
      ]) {
        core.outb(port, 0x11);
        core.outb(port + 1, base);
        core.outb(port + 1, icw3);
        core.outb(port + 1, 1);
      }
    },
    take(id = 0) {
      const vectors: number[] = [];
      while (core.pending(id)) vectors.push(core.ack(id));
      return vectors;
    },
    pulse(gsi) {
      core.irqSetLine(gsi, 1);
      core.irqSetLine(gsi, 0);
    },
  };
  return m;
}
