/**
 * The core as it is shipped, as the counterpart of test/native/machine.c: runs cases (test/cpu/case.ts) as user
 * code under paging, from and to the whole state. An exception goes through IDT, TSS and stack to a stub that
 * halts; what the stack then holds is the outcome. Tables and selectors are those of Linux, as far as user code
 * can tell.
 *
 *   gpa 10_0000  page tables      12_0000  GDT, LDT, TSS, IDT, stack, stubs: linear KERNEL, supervisor only
 *       11_0000  code page        13_0000  data pages
 */
import { readFileSync } from "node:fs";
import { instantiateCore } from "../../src/machine/core";
import {
  Cpu,
  EXIT_HALT,
  MACHINE,
  MACHINE_DMA_CODE,
  MACHINE_DMA_CODE_ENTRIES,
  Machine,
  PENDING_CODE,
  RAM,
  VCPU,
  VCPU_FPR,
  VCPU_XMM,
} from "../../src/shared/layout";
import { sharedMemory } from "../../src/shared/shared-memory";
import {
  CASE,
  CASE_SIZE,
  CODE,
  CODE_SIZE,
  DATA,
  DATA_SIZE,
  DS16_LIMIT,
  dataPages,
  FX,
  GS_BASE,
  hashPages,
  OUT,
  OUTCOME_SIZE,
  PAGE_ABSENT,
  PAGE_READONLY,
  PAGES,
  SS16_LIMIT,
  START,
  TRAP_NEVER,
} from "./case";

const TABLES = 0x10_0000;
const CODE_GPA = 0x11_0000;
const KERNEL_GPA = 0x12_0000;
const DATA_GPA = 0x13_0000;
const RAM_SIZE = 0x100_0000;

const KERNEL = 0xffff_c900_0000_0000n;
/** Offsets from KERNEL. */
const GDT = 0;
const LDT = 0x100;
const TSS = 0x200;
const STACK_TOP = 0x1000;
const IDT = 0x1000;
const STUBS = 0x2000;
const KERNEL_PAGES = 4;

const SEG_ES = 0;
const SEG_CS = 1;
const SEG_SS = 2;
const SEG_DS = 3;
const SEG_FS = 4;
const SEG_GS = 5;
const SEG_LDTR = 7;
const SEG_TR = 8;
const SEG_GDTR = 9;
const SEG_IDTR = 10;

const NX = 1n << 63n;
/** Breakpoint at DR0, which is 0: where no code is. */
const DR7_L0 = 1n;
const UNUSABLE = 1 << 16;
/** Instructions a case may take; those that repeat may come back in between. */
const BUDGET = 20_000;

/** -cpu models by their number, CPU_MODEL_* of asm/cpu/cpuid.ts. */
export const MODELS = ["x86-64-v2", "x86-64-v3", "max"];
const MODEL_MAX = 2;
const ERROR_CODES =
  (1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17);

export class Core {
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly exports: ReturnType<typeof instantiateCore>;
  private readonly pristine = dataPages();

  /** Instructions are run one at a time, as with a breakpoint that none of them meets. */
  isStepping = false;

  /** `wasm`: the compiled core, build/core.wasm. */
  constructor(
    wasm: Uint8Array<ArrayBuffer>,
    private readonly model = MODEL_MAX,
  ) {
    const memory = new WebAssembly.Memory({ initial: 6500, maximum: 65536, shared: true });
    const shared = sharedMemory(memory.buffer);
    this.view = shared.view;
    this.bytes = shared.bytes;
    this.words = new Int32Array(memory.buffer, RAM + DATA_GPA, DATA_SIZE >> 2);
    const unused = () => {
      throw new Error("user code reached a device");
    };
    this.exports = instantiateCore(new WebAssembly.Module(wasm), memory, shared, {
      deviceAccess: unused,
      deviceKick: unused,
      trace: () => {},
    });
    this.setUp();
  }

  static load(path: string, model = MODEL_MAX): Core {
    return new Core(new Uint8Array(readFileSync(path)), model);
  }

  /** CPUID features on which decoding depends, by bit number Feature.X. */
  get features(): bigint {
    return this.view.getBigUint64(VCPU + Cpu.features, true);
  }

  private u64(gpa: number, value: bigint): void {
    this.view.setBigUint64(RAM + gpa, value, true);
  }

  private set(field: number, value: bigint): void {
    this.view.setBigUint64(VCPU + field, value, true);
  }

  private segment(seg: number, selector: number, base: bigint, limit: number, attr: number): void {
    this.set(Cpu.segBase + 8 * seg, base);
    this.view.setUint32(VCPU + Cpu.segLimit + 4 * seg, limit, true);
    this.view.setUint32(VCPU + Cpu.segAttr + 4 * seg, attr, true);
    this.view.setUint32(VCPU + Cpu.segSel + 4 * seg, selector, true);
  }

  private setUp(): void {
    const machine = (field: number, value: number) =>
      this.view.setUint32(MACHINE + field, value, true);
    machine(Machine.vcpuCount, 1);
    machine(Machine.ramLow, RAM_SIZE);
    machine(Machine.tscKhz, 1_000_000);
    this.view.setFloat64(MACHINE + Machine.clockFrozenAt, 0, true);
    this.exports.irqchipReset();
    this.exports.initVcpu(0, this.model);
    this.bytes.fill(0xcc, RAM + CODE_GPA, RAM + CODE_GPA + 4096);
    this.buildPageTables();
    this.buildTables();
    this.set(Cpu.cr0, 0x8005_0033n);
    this.set(Cpu.cr3, BigInt(TABLES));
    this.set(Cpu.cr4, 0x47_06e8n); // PKE OSXSAVE PCIDE-less FSGSBASE OSXMMEXCPT OSFXSR PGE MCE PAE DE
    this.set(Cpu.efer, 0xd01n);
    this.set(Cpu.xcr0, 0x207n);
    this.segment(SEG_GDTR, 0, KERNEL + BigInt(GDT), 127, 0);
    this.segment(SEG_IDTR, 0, KERNEL + BigInt(IDT), 4095, 0);
    this.segment(SEG_TR, 0x40, KERNEL + BigInt(TSS), 0x67, 0x8b);
    this.segment(SEG_LDTR, 0x50, KERNEL + BigInt(LDT), 23, 0x82);
  }

  private buildPageTables(): void {
    let next = TABLES + 0x1000;
    const map = (la: bigint, gpa: number, rights: bigint) => {
      let table = TABLES;
      for (let level = 3n; level > 0n; level--) {
        const at = table + 8 * Number((la >> (12n + 9n * level)) & 511n);
        if (this.view.getBigUint64(RAM + at, true) === 0n) {
          this.u64(at, BigInt(next) | 7n);
          next += 0x1000;
        }
        table = Number(this.view.getBigUint64(RAM + at, true) & 0xffff_f000n);
      }
      this.u64(table + 8 * Number((la >> 12n) & 511n), BigInt(gpa) | rights);
    };
    map(BigInt(CODE), CODE_GPA, 5n);
    for (let page = 0; page < PAGES; page++) {
      if (page === PAGE_ABSENT) continue;
      const rights = page === PAGE_READONLY ? 5n : 7n;
      map(BigInt(DATA + page * 4096), DATA_GPA + page * 4096, rights | NX);
    }
    for (let page = 0; page < KERNEL_PAGES; page++)
      map(KERNEL + BigInt(page * 4096), KERNEL_GPA + page * 4096, 3n);
  }

  private buildTables(): void {
    const descriptor = (at: number, base: number, limit: number, attr: number) => {
      const low = BigInt(limit & 0xffff) | (BigInt(base & 0xff_ffff) << 16n);
      const high = BigInt(attr & 0xf0ff) | BigInt((limit >> 8) & 0xf00);
      this.u64(KERNEL_GPA + at, low | (high << 40n) | (BigInt(base >>> 24) << 56n));
    };
    const flat = [0xc09b, 0xa09b, 0xc093, 0xc0fb, 0xc0f3, 0xa0fb];
    flat.forEach((attr, i) => {
      descriptor(GDT + 8 * (i + 1), 0, 0xf_ffff, attr);
    });
    // Where Linux keeps the processor's number as the limit of a segment that programs can load.
    descriptor(GDT + 8 * 15, 0, 0, 0x40f5);
    descriptor(LDT, CODE, 0xfff, 0x10fb);
    descriptor(LDT + 8, DATA, DS16_LIMIT, 0x10f3);
    descriptor(LDT + 16, DATA, SS16_LIMIT, 0x10f3);
    this.u64(KERNEL_GPA + TSS + 4, KERNEL + BigInt(STACK_TOP));
    this.view.setUint16(RAM + KERNEL_GPA + TSS + 0x66, 0x68, true);
    for (let vector = 0; vector < 256; vector++) {
      const stub = KERNEL + BigInt(STUBS + vector * 16);
      const gate = vector === 3 || vector === 4 ? 0xeen : 0x8en;
      const at = KERNEL_GPA + IDT + vector * 16;
      this.u64(
        at,
        (stub & 0xffffn) | (0x10n << 16n) | (gate << 40n) | (((stub >> 16n) & 0xffffn) << 48n),
      );
      this.u64(at + 8, stub >> 32n);
      this.bytes[RAM + KERNEL_GPA + STUBS + vector * 16] = 0xf4;
    }
  }

  /** The code page has changed. */
  private dropCode(): void {
    const head = this.view.getUint32(MACHINE + Machine.dmaCodeHead, true);
    const slot = head & (MACHINE_DMA_CODE_ENTRIES - 1);
    const page = (RAM + CODE_GPA) >>> 12;
    this.view.setUint32(MACHINE + MACHINE_DMA_CODE + 4 * slot, page, true);
    this.view.setUint32(MACHINE + Machine.dmaCodeHead, head + 1, true);
    this.view.setUint32(VCPU + Cpu.pending, PENDING_CODE, true);
  }

  private loadSegments(mode: number): void {
    const data = (selector: number, base: number, limit: number, attr: number) => {
      for (const seg of [SEG_DS, SEG_ES]) this.segment(seg, selector, BigInt(base), limit, attr);
    };
    if (mode === 16) {
      this.segment(SEG_CS, 0x07, BigInt(CODE), 0xfff, 0xfb);
      this.segment(SEG_SS, 0x17, BigInt(DATA), SS16_LIMIT, 0xf3);
      data(0x0f, DATA, DS16_LIMIT, 0xf3);
    } else {
      this.segment(
        SEG_CS,
        mode === 64 ? 0x33 : 0x23,
        0n,
        0xffff_ffff,
        mode === 64 ? 0xa0fb : 0xc0fb,
      );
      this.segment(SEG_SS, 0x2b, 0n, 0xffff_ffff, 0xc0f3);
      if (mode === 64) data(0, 0, 0, UNUSABLE);
      else data(0x2b, 0, 0xffff_ffff, 0xc0f3);
    }
    this.segment(SEG_FS, 0, 0n, 0, UNUSABLE);
    this.segment(SEG_GS, 0, mode === 64 ? BigInt(GS_BASE) : 0n, 0, UNUSABLE);
  }

  private load(cases: DataView, at: number): void {
    const { view, bytes } = this;
    const source = new Uint8Array(cases.buffer, cases.byteOffset + at, CASE_SIZE);
    const mode = cases.getUint32(at + CASE.mode, true);
    bytes.set(this.pristine, RAM + DATA_GPA);
    const patchLen = cases.getUint32(at + CASE.patchLen, true);
    const patchAt = cases.getUint32(at + CASE.patchAt, true);
    if (patchLen)
      bytes.set(
        source.subarray(CASE.patch, CASE.patch + patchLen),
        RAM + DATA_GPA + patchAt - DATA,
      );
    bytes.set(source.subarray(0, CODE_SIZE), RAM + CODE_GPA + START - CODE);
    bytes.set(source.subarray(CASE.regs, CASE.regs + 128), VCPU);
    const flags = cases.getUint32(at + CASE.flags, true);
    view.setUint32(VCPU + Cpu.rflags, (flags & ~0x8d5) | 0x202, true);
    view.setUint32(VCPU + Cpu.ccOp, 0, true);
    this.set(Cpu.ccSrc, BigInt(flags & 0x8d5));
    const rip = BigInt(mode === 16 ? START - CODE : START);
    this.set(Cpu.rip, rip);
    this.set(Cpu.nextRip, rip);
    this.set(Cpu.cr2, 0n);
    this.set(Cpu.pkru, 0n);
    this.set(Cpu.dr7, this.isStepping ? DR7_L0 : 0n);
    for (const field of [Cpu.halted, Cpu.fault, Cpu.shadow, Cpu.debugHit])
      view.setUint32(VCPU + field, 0, true);
    view.setUint32(VCPU + Cpu.cpl, 3, true);
    this.loadSegments(mode);
    this.loadVectors(cases, at);
    this.dropCode();
    this.exports.updateVcpuModes(0);
  }

  private loadVectors(cases: DataView, at: number): void {
    const { view, bytes } = this;
    const fx = at + CASE.fx;
    const source = new Uint8Array(cases.buffer, cases.byteOffset, cases.byteLength);
    const fcw = (cases.getUint16(fx + FX.fcw, true) & 0x1f7f) | 0x40;
    let fsw = cases.getUint16(fx + FX.fsw, true) & ~0x8080;
    if ((fsw & ~fcw & 0x3f) !== 0) fsw |= 0x8080;
    view.setUint32(VCPU + Cpu.fcw, fcw, true);
    view.setUint32(VCPU + Cpu.fsw, fsw, true);
    view.setUint32(VCPU + Cpu.ftw, cases.getUint8(fx + FX.ftw), true);
    view.setUint32(VCPU + Cpu.fop, cases.getUint16(fx + FX.fop, true) & 0x7ff, true);
    view.setUint32(VCPU + Cpu.mxcsr, cases.getUint32(fx + FX.mxcsr, true), true);
    this.set(Cpu.fip, cases.getBigUint64(fx + FX.fip, true));
    this.set(Cpu.fdp, cases.getBigUint64(fx + FX.fdp, true));
    view.setUint32(VCPU + Cpu.fcs, 0, true);
    view.setUint32(VCPU + Cpu.fds, 0, true);
    for (let i = 0; i < 8; i++) {
      const register = VCPU + VCPU_FPR + (((i + (fsw >> 11)) & 7) << 4);
      bytes.set(source.subarray(fx + FX.st + 16 * i, fx + FX.st + 16 * i + 10), register);
    }
    for (let i = 0; i < 16; i++) {
      const register = VCPU + VCPU_XMM + (i << 6);
      bytes.set(source.subarray(fx + FX.xmm + 16 * i, fx + FX.xmm + 16 * i + 16), register);
      bytes.set(
        source.subarray(at + CASE.high + 16 * i, at + CASE.high + 16 * i + 16),
        register + 16,
      );
    }
  }

  private report(out: DataView, at: number, hasEnded: boolean): void {
    const { view, bytes } = this;
    const target = new Uint8Array(out.buffer, out.byteOffset + at, OUTCOME_SIZE);
    target.set(bytes.subarray(VCPU, VCPU + 128), OUT.regs);
    const stub = Number(view.getBigUint64(VCPU + Cpu.rip, true) - KERNEL) - STUBS;
    const vector = hasEnded ? stub >> 4 : TRAP_NEVER;
    out.setUint32(at + OUT.trap, vector, true);
    if (hasEnded) {
      let frame =
        RAM + KERNEL_GPA + (Number(view.getBigUint64(VCPU + Cpu.rsp, true) - KERNEL) & 0xfff);
      if ((ERROR_CODES >> vector) & 1 && vector < 32) {
        out.setUint32(at + OUT.error, view.getUint32(frame, true), true);
        frame += 8;
      }
      out.setBigUint64(at + OUT.rip, view.getBigUint64(frame, true), true);
      out.setUint16(at + OUT.cs, view.getUint16(frame + 8, true), true);
      out.setUint32(at + OUT.flags, view.getUint32(frame + 16, true), true);
      out.setBigUint64(at + OUT.regs + 32, view.getBigUint64(frame + 24, true), true);
      out.setUint16(at + OUT.ss, view.getUint16(frame + 32, true), true);
    }
    if (vector === 14)
      out.setBigUint64(at + OUT.cr2, view.getBigUint64(VCPU + Cpu.cr2, true), true);
    const [low, high] = hashPages(this.words);
    out.setUint32(at + OUT.hash, low, true);
    out.setUint32(at + OUT.hash + 4, high, true);
    [SEG_DS, SEG_ES, SEG_FS, SEG_GS].forEach((seg, i) => {
      out.setUint16(at + OUT.ds + 2 * i, view.getUint32(VCPU + Cpu.segSel + 4 * seg, true), true);
    });
    out.setBigUint64(
      at + OUT.fsBase,
      view.getBigUint64(VCPU + Cpu.segBase + 8 * SEG_FS, true),
      true,
    );
    out.setBigUint64(
      at + OUT.gsBase,
      view.getBigUint64(VCPU + Cpu.segBase + 8 * SEG_GS, true),
      true,
    );
    this.reportVectors(out, at + OUT.fx, at + OUT.high);
  }

  private reportVectors(out: DataView, fx: number, high: number): void {
    const { view, bytes } = this;
    const target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    const word = (field: number) => view.getUint32(VCPU + field, true);
    const fsw = word(Cpu.fsw);
    out.setUint16(fx + FX.fcw, word(Cpu.fcw), true);
    out.setUint16(fx + FX.fsw, fsw, true);
    out.setUint8(fx + FX.ftw, word(Cpu.ftw));
    out.setUint16(fx + FX.fop, word(Cpu.fop), true);
    out.setBigUint64(fx + FX.fip, view.getBigUint64(VCPU + Cpu.fip, true), true);
    out.setBigUint64(fx + FX.fdp, view.getBigUint64(VCPU + Cpu.fdp, true), true);
    out.setUint32(fx + FX.mxcsr, word(Cpu.mxcsr), true);
    for (let i = 0; i < 8; i++) {
      const register = VCPU + VCPU_FPR + (((i + (fsw >> 11)) & 7) << 4);
      target.set(bytes.subarray(register, register + 10), fx + FX.st + 16 * i);
    }
    for (let i = 0; i < 16; i++) {
      const register = VCPU + VCPU_XMM + (i << 6);
      target.set(bytes.subarray(register, register + 16), fx + FX.xmm + 16 * i);
      target.set(bytes.subarray(register + 16, register + 32), high + 16 * i);
    }
  }

  /** Runs `count` cases; their outcomes. */
  run(cases: Uint8Array, count = cases.length / CASE_SIZE): Uint8Array {
    const input = new DataView(cases.buffer, cases.byteOffset, cases.length);
    const outcomes = new Uint8Array(count * OUTCOME_SIZE);
    const output = new DataView(outcomes.buffer);
    for (let i = 0; i < count; i++) {
      this.load(input, i * CASE_SIZE);
      const hasEnded = this.exports.run(0, BUDGET) === EXIT_HALT;
      this.report(output, i * OUTCOME_SIZE, hasEnded);
    }
    return outcomes;
  }

  /** Contents of the data pages. */
  private data(): Uint8Array {
    return this.bytes.slice(RAM + DATA_GPA, RAM + DATA_GPA + DATA_SIZE);
  }

  /** Contents of the data pages before and after a case. */
  dataAround(one: Uint8Array): { before: Uint8Array; after: Uint8Array } {
    this.load(new DataView(one.buffer, one.byteOffset, one.length), 0);
    const before = this.data();
    this.exports.run(0, BUDGET);
    return { before, after: this.data() };
  }

  /** Whether a case ends the same when the data pages begin with nothing but `pieces`; of memory only `changed` counts. */
  isSameWith(one: Uint8Array, pieces: DataPiece[], changed: DataPiece[]): boolean {
    const outcome = () => {
      const out = new Uint8Array(OUTCOME_SIZE);
      const hasEnded = this.exports.run(0, BUDGET) === EXIT_HALT;
      this.report(new DataView(out.buffer), 0, hasEnded);
      return out.fill(0, OUT.hash, OUT.hash + 8);
    };
    const view = new DataView(one.buffer, one.byteOffset, one.length);
    const host = (address: number) => RAM + DATA_GPA + address - DATA;
    this.load(view, 0);
    const whole = outcome();
    this.load(view, 0);
    this.bytes.fill(0, host(DATA), host(DATA + DATA_SIZE));
    for (const { address, bytes } of pieces) this.bytes.set(bytes, host(address));
    if (Buffer.compare(whole, outcome()) !== 0) return false;
    return changed.every(({ address, bytes }) => {
      const at = host(address);
      return Buffer.compare(bytes, this.bytes.subarray(at, at + bytes.length)) === 0;
    });
  }
}

/** Bytes of the data pages. */
export interface DataPiece {
  address: number;
  bytes: Uint8Array;
}
