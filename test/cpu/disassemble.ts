/** Instructions as text, for reports. */
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from "iced-x86";
import { CODE, type Mode, START } from "./case";

export interface Disassembled {
  text: string;
  len: number;
  bytes: string;
}

/** The instruction `offset` bytes into the code of a case. */
export function disassemble(code: Uint8Array, mode: Mode, offset = 0): Disassembled {
  const decoder = new Decoder(mode, code.slice(offset, offset + 15), DecoderOptions.None);
  decoder.ip = BigInt((mode === 16 ? START - CODE : START) + offset);
  const instruction = decoder.decode();
  const formatter = new Formatter(FormatterSyntax.Intel);
  const len = Math.max(1, instruction.length);
  const bytes = Array.from(code.subarray(offset, offset + len), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  const found = { text: formatter.format(instruction), len, bytes: bytes.join(" ") };
  formatter.free();
  instruction.free();
  decoder.free();
  return found;
}
