/**
 * Raising exceptions. An instruction that faults calls one of these, leaves architectural state as it
 * was and returns at once; the interpreter loop sees Cpu.fault and delivers (cpu/exceptions.ts).
 * Double-fault classification happens at delivery, so the first raise of an instruction wins here.
 */
import { Cpu, FAULT_PENDING } from "./state";

export const enum Vector {
  DE = 0,
  DB = 1,
  NMI = 2,
  BP = 3,
  OF = 4,
  BR = 5,
  UD = 6,
  NM = 7,
  DF = 8,
  TS = 10,
  NP = 11,
  SS = 12,
  GP = 13,
  PF = 14,
  MF = 16,
  AC = 17,
  MC = 18,
  XM = 19,
}

/** A fault without error code (#DE #DB #BP #OF #BR #UD #NM #MF #XM). */
export function raise(cpu: Cpu, vector: u32): void {
  cpu.fault = FAULT_PENDING | vector;
  cpu.faultHasError = 0;
}

/** A fault with an error code (#DF #TS #NP #SS #GP #PF #AC). */
export function raiseError(cpu: Cpu, vector: u32, error: u32): void {
  cpu.fault = FAULT_PENDING | vector;
  cpu.faultError = error;
  cpu.faultHasError = 1;
}

export function raiseUD(cpu: Cpu): void {
  raise(cpu, Vector.UD);
}

/** #GP(error); error is 0 or a selector with its EXT/IDT bits. */
export function raiseGP(cpu: Cpu, error: u32): void {
  raiseError(cpu, Vector.GP, error);
}
