/**
 * Entry of the test module that decodes single instructions (not part of the core). A slot is 16 code bytes;
 * a result is the Insn with the row behind it.
 */
import { MODE_AVX, MODE_FLAT, MODE_PROTECTED, MODE_SSE, MODE_X87 } from "../cpu/modes";
import { cpuAt } from "../cpu/state";
import { decode } from "../decode/decode";
import { COLD, INSN_SIZE, Insn } from "../decode/insn";
import { specialize } from "../exec/specialize";

/** Decodes `count` slots at `slots`; `code` is MODE_CODE16, 32 or 64, `avail` the bytes that may be read of each. */
export function decodeSlots(
  slots: usize,
  count: u32,
  avail: u32,
  code: u32,
  features: u64,
  results: usize,
): void {
  const mode = code | MODE_PROTECTED | MODE_X87 | MODE_SSE | MODE_AVX;
  for (let i: u32 = 0; i < count; i++) {
    const at = results + i * (INSN_SIZE + 8);
    store<u64>(
      at + INSN_SIZE,
      decode(slots + (i << 4), avail, mode, features, 0, changetype<Insn>(at)),
    );
  }
}

/** The same without x87, SSE and AVX enabled: what CR0 and CR4 forbid. */
export function decodeGated(bytes: usize, code: u32, features: u64, result: usize): void {
  store<u64>(result + INSN_SIZE, decode(bytes, 15, code, features, 0, changetype<Insn>(result)));
}

/** Whether the interpreter has a hot handler for the instruction, in flat segments. */
export function isHot(bytes: usize, code: u32, features: u64, result: usize): bool {
  const mode = code | MODE_FLAT | MODE_PROTECTED | MODE_X87 | MODE_SSE | MODE_AVX;
  const insn = changetype<Insn>(result);
  specialize(cpuAt(0), insn, decode(bytes, 15, mode, features, 0, insn), mode, false);
  return <u32>insn.op < COLD;
}
