/**
 * The pure semantic functions (alu, shift, muldiv, bits, bcd) against the processor the test runs on: all
 * registers and the six arithmetic flags after every instruction. `ignored` lists flags that are undefined
 * and where this core follows current Intel processors; other vendors and generations differ there.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type AsmModule, loadAsm } from "../../test/asc";
import { compileNative, isIntel } from "../../test/native";

const CF = 0x1;
const PF = 0x4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;
const RECORDS = 0x1800_0000;
const RECORD = 64;
const COUNT = 600;

/** Flags that the manual leaves undefined, compared only on the kind of processor that was measured. */
const UNDEFINED: Record<string, number> = {
  or: AF,
  and: AF,
  xor: AF,
  test: AF,
  rol: OF,
  ror: OF,
  rcl: OF,
  rcr: OF,
  shl: AF | OF | CF,
  shr: AF | OF | CF,
  sal: AF | OF | CF,
  sar: AF | OF,
  shld: 0x8d5,
  shrd: 0x8d5,
  mul: SF | ZF | AF | PF,
  imul1: SF | ZF | AF | PF,
  imul2: SF | ZF | AF | PF,
  div: 0x8d5,
  idiv: 0x8d5,
  bt: 0x8d4 & ~ZF,
  bts: 0x8d4 & ~ZF,
  btr: 0x8d4 & ~ZF,
  btc: 0x8d4 & ~ZF,
  bsf: 0x8d5 & ~ZF,
  bsr: 0x8d5 & ~ZF,
  tzcnt: OF | SF | PF | AF,
  lzcnt: OF | SF | PF | AF,
  daa: OF,
  das: OF,
  aaa: OF | SF | ZF | PF,
  aas: OF | SF | ZF | PF,
  aam: OF | AF | CF,
  aad: OF | AF | CF,
};

const NAMES: Record<number, string> = Object.fromEntries(
  [
    [0, "add or adc sbb and sub xor cmp inc dec neg not test"],
    [16, "rol ror rcl rcr shl shr sal sar shld shrd"],
    [32, "mul imul1 div idiv imul2"],
    [40, "bt bts btr btc bsf bsr tzcnt lzcnt popcnt bswap crc32 adcx adox"],
    [56, "daa das aaa aas aam aad"],
    [64, "cmpxchg xadd"],
    [80, "seto setno setb setae sete setne setbe seta sets setns setp setnp setl setge setle setg"],
  ].flatMap(([first, names]) =>
    (names as string).split(" ").map((name, i) => [(first as number) + i, name]),
  ),
);

function flagNames(flags: number): string {
  const names = { CF, PF, AF, ZF, SF, OF };
  return Object.entries(names)
    .filter(([, bit]) => flags & bit)
    .map(([name]) => name)
    .join(" ");
}

/** One line per kind of difference, at most `limit`. */
function differences(native: Buffer, core: Buffer): string[] {
  const strict = isIntel();
  const found = new Map<string, string>();
  for (let at = 0; at < native.length; at += RECORD) {
    if (native.compare(core, at, at + RECORD, at, at + RECORD) === 0) continue;
    const op = native.readUInt32LE(at);
    const name = NAMES[op];
    const size = native.readUInt32LE(at + 4);
    const u64 = (buffer: Buffer, field: number) =>
      buffer.readBigUInt64LE(at + 24 + 8 * field).toString(16);
    const flags =
      (native.readUInt32LE(at + 16) ^ core.readUInt32LE(at + 16)) &
      ~(strict ? 0 : (UNDEFINED[name] ?? 0));
    const values = [3, 4].some((field) => u64(native, field) !== u64(core, field));
    const fault = native.readUInt32LE(at + 8) !== core.readUInt32LE(at + 8);
    if (!flags && !values && !fault) continue;
    const key = `${name}${8 << size} ${flagNames(flags)}${values ? " value" : ""}${fault ? " fault" : ""}`;
    if (found.has(key)) continue;
    found.set(
      key,
      `${key}: a ${u64(native, 0)} b ${u64(native, 1)} c ${u64(native, 2)} flags ${native.readUInt32LE(at + 12).toString(16)}` +
        ` -> processor ${u64(native, 3)} ${u64(native, 4)} ${flagNames(native.readUInt32LE(at + 16))}` +
        `, core ${u64(core, 3)} ${u64(core, 4)} ${flagNames(core.readUInt32LE(at + 16))}`,
    );
  }
  return [...found.values()].slice(0, 30);
}

let asm: AsmModule;

function runOnCore(native: Buffer): Buffer {
  const memory = new Uint8Array(asm.memory.buffer, RECORDS, native.length);
  memory.set(native);
  asm.exports.runRecords(RECORDS, native.length / RECORD);
  return Buffer.from(memory.slice());
}

beforeAll(async () => {
  asm = await loadAsm("asm/test/semantics.ts");
});

for (const mode of ["-m64", "-m32"]) {
  const native = compileNative("integer", [mode]);
  describe.skipIf(!native)(`semantics against this processor, ${mode}`, () => {
    for (const seed of ["1", "2", "3"]) {
      it(`agrees on results and flags, seed ${seed}`, () => {
        const records = native?.([seed, String(COUNT)]) as Buffer;
        expect(records.length).toBeGreaterThan(COUNT * RECORD);
        expect(differences(records, runOnCore(records))).toEqual([]);
      });
    }
  });
}

it("reports a difference when there is one", () => {
  const record = Buffer.alloc(RECORD); // 8-bit ADD 0, 0 that claims to give 1 and CF
  record.writeBigUInt64LE(1n, 24 + 24);
  record.writeUInt32LE(CF, 16);
  expect(differences(record, runOnCore(record))).toHaveLength(1);
});
