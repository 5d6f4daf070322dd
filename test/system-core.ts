/** One vCPU and single system instructions for the tests of asm/exec/system.ts and its neighbours. */
import { Cpu, VCPU } from "../src/shared/layout";
import { loadAsm } from "./asc";

export interface SystemCore {
  core: Record<string, (...args: number[]) => number>;
  view: DataView;
  memory: WebAssembly.Memory;
  /** Power-on and flat segments in `mode` 16, 32 or 64 at privilege `cpl`. */
  start(mode: number, cpl?: number, model?: number): void;
  get(field: keyof typeof Cpu): bigint;
  set(field: keyof typeof Cpu, value: bigint): void;
  /** Runs the instruction with these bytes; "ok" or the exception, as "#GP(0)". */
  run(hex: string): string;
  rdmsr(msr: number): bigint | string;
  wrmsr(msr: number, value: bigint): string;
  cpuid(leaf: number, index?: number): { eax: number; ebx: number; ecx: number; edx: number };
}

const NAMES: Record<number, string> = {
  1: "#DB",
  6: "#UD",
  7: "#NM",
  12: "#SS",
  13: "#GP",
  14: "#PF",
  17: "#AC",
};
const MASK = (1n << 64n) - 1n;

export async function loadSystemCore(host: Record<string, unknown> = {}): Promise<SystemCore> {
  const { exports: core, memory } = await loadAsm("asm/test/system.ts", {
    host: { nowNs: () => 0, wakeVcpu: () => {}, random32: () => 1, ...host },
  });
  const view = new DataView(memory.buffer);
  const s: SystemCore = {
    core,
    view,
    memory,
    start(mode, cpl = 0, model = 0) {
      core.powerOn(1, model);
      core.enter(mode, cpl);
    },
    get: (field) => view.getBigUint64(VCPU + Cpu[field], true),
    set: (field, value) => view.setBigUint64(VCPU + Cpu[field], value & MASK, true),
    run(hex) {
      const bytes = hex.match(/[0-9a-f]{2}/g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
      const at = core.code() >>> 0;
      for (let i = 0; i < 16; i++) view.setUint8(at + i, bytes[i] ?? 0x90);
      if (core.exec() >= 0) return "ok";
      const vector = core.faultVector();
      const name = NAMES[vector] ?? `#${vector}`;
      const error = view.getUint32(VCPU + Cpu.faultError, true);
      return view.getUint32(VCPU + Cpu.faultHasError, true) ? `${name}(${error})` : name;
    },
    rdmsr(msr) {
      s.set("rcx", BigInt(msr));
      const outcome = s.run("0f32");
      return outcome === "ok" ? s.get("rax") | (s.get("rdx") << 32n) : outcome;
    },
    wrmsr(msr, value) {
      s.set("rcx", BigInt(msr));
      s.set("rax", value & 0xffff_ffffn);
      s.set("rdx", value >> 32n);
      return s.run("0f30");
    },
    cpuid(leaf, index = 0) {
      s.set("rax", BigInt(leaf));
      s.set("rcx", BigInt(index));
      s.run("0fa2");
      const [eax, ebx, ecx, edx] = (["rax", "rbx", "rcx", "rdx"] as const).map((r) =>
        Number(s.get(r)),
      );
      return { eax, ebx, ecx, edx };
    },
  };
  return s;
}
