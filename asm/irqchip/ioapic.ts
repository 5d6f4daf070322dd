/**
 * The I/O APIC (82093AA data sheet, with the EOI register of version 20h): 24 pins, a redirection table,
 * messages to local APICs. All functions run under the irqchip's lock.
 *
 *   FEC00000h IOREGSEL, +10h IOWIN, +40h EOI (version 20h)      register 0 ID, 1 version, 2 arbitration
 *   entry: 7-0 vector | 10-8 delivery mode | 11 logical | 12 delivery status | 13 polarity |
 *          14 remote IRR | 15 level | 16 mask | 63-56 destination
 *
 * Pin polarity is not modelled: a line is asserted or not, whatever its voltage. ISA IRQ 0 arrives on pin 2.
 * ExtINT entries send nothing: the 8259 pair reaches the processor through LINT0 only.
 */
import { IOAPIC, IOAPIC_TABLE } from "./chip";
import { sendMessage } from "./lapic-ipi";

@unmanaged
export class Ioapic {
  select: u32;
  id: u32; // at bits 27-24
  lines: u32; // a bit per pin: asserted
}

export const IOAPIC_PINS: u32 = 24;

const IOAPIC_VERSION: u32 = 0x0017_0020;

const ENTRY_DELIVERY_MODE: u64 = 7 << 8;
const ENTRY_LOGICAL: u64 = 1 << 11;
const ENTRY_STATUS: u64 = 1 << 12;
const ENTRY_REMOTE_IRR: u64 = 1 << 14;
const ENTRY_LEVEL: u64 = 1 << 15;
const ENTRY_MASK: u64 = 1 << 16;
const ENTRY_WRITABLE: u64 = 0xff00_0000_0001_afff;

const MODE_EXTINT: u32 = 7;
const MODE_LOWEST: u32 = 1;

function ioapic(): Ioapic {
  return changetype<Ioapic>(IOAPIC as usize);
}
function entryAt(pin: u32): u64 {
  return load<u64>(IOAPIC_TABLE + (pin << 3));
}
function setEntry(pin: u32, entry: u64): void {
  store<u64>(IOAPIC_TABLE + (pin << 3), entry);
}

/** Sends the message of `pin`; a level-triggered one then waits for its EOI. */
function deliver(pin: u32, entry: u64): void {
  const mode = <u32>((entry & ENTRY_DELIVERY_MODE) >> 8);
  if (mode == MODE_EXTINT) return;
  const isLevel = (entry & ENTRY_LEVEL) != 0;
  const accepted = sendMessage(
    <u32>(entry >> 56),
    (entry & ENTRY_LOGICAL) != 0,
    mode,
    <u32>entry & 0xff,
    isLevel,
    false,
  );
  if (isLevel && accepted && mode <= MODE_LOWEST) setEntry(pin, entry | ENTRY_REMOTE_IRR);
}

/** Delivers `pin` if it is level-triggered, asserted, unmasked and not waiting for an EOI. */
function deliverLevel(pin: u32): void {
  const entry = entryAt(pin);
  if ((entry & (ENTRY_LEVEL | ENTRY_MASK | ENTRY_REMOTE_IRR)) != ENTRY_LEVEL) return;
  if (((ioapic().lines >> pin) & 1) != 0) deliver(pin, entry);
}

export function ioapicSetPin(pin: u32, isAsserted: bool): void {
  const io = ioapic();
  const bit: u32 = 1 << pin;
  const was = (io.lines & bit) != 0;
  if (was == isAsserted) return;
  io.lines = isAsserted ? io.lines | bit : io.lines & ~bit;
  if (!isAsserted) return;
  const entry = entryAt(pin);
  if ((entry & ENTRY_LEVEL) != 0) deliverLevel(pin);
  else if ((entry & ENTRY_MASK) == 0) deliver(pin, entry); // an edge on a masked pin is lost
}

/** EOI message of `vector`: pins still asserted are delivered again. */
export function ioapicEoi(vector: u32): void {
  for (let pin: u32 = 0; pin < IOAPIC_PINS; pin++) {
    const entry = entryAt(pin);
    if ((entry & (ENTRY_LEVEL | ENTRY_REMOTE_IRR)) != (ENTRY_LEVEL | ENTRY_REMOTE_IRR)) continue;
    if ((<u32>entry & 0xff) != vector) continue;
    setEntry(pin, entry & ~ENTRY_REMOTE_IRR);
    deliverLevel(pin);
  }
}

function readRegister(io: Ioapic): u32 {
  const index = io.select;
  if (index >= 0x10 && index < 0x10 + 2 * IOAPIC_PINS) {
    return load<u32>(IOAPIC_TABLE + ((index - 0x10) << 2));
  }
  switch (index) {
    case 0:
    case 2:
      return io.id;
    case 1:
      return IOAPIC_VERSION;
    default:
      return 0;
  }
}

function writeRegister(io: Ioapic, value: u32): void {
  const index = io.select;
  if (index == 0) io.id = value & 0x0f00_0000;
  if (index < 0x10 || index >= 0x10 + 2 * IOAPIC_PINS) return;
  const pin = (index - 0x10) >> 1;
  const old = entryAt(pin);
  const shift: u64 = (index & 1) != 0 ? 32 : 0;
  const half: u64 = ((<u64>0xffff_ffff) << shift) & ENTRY_WRITABLE;
  let entry = (old & ~half) | (((<u64>value) << shift) & half);
  // Turning an entry edge-triggered clears remote IRR: how systems drop a lost EOI.
  if ((entry & ENTRY_LEVEL) == 0) entry &= ~ENTRY_REMOTE_IRR;
  setEntry(pin, entry & ~ENTRY_STATUS);
  deliverLevel(pin);
}

export function ioapicRead(offset: u32): u32 {
  const io = ioapic();
  switch (offset & 0xff) {
    case 0x00:
      return io.select;
    case 0x10:
      return readRegister(io);
    default:
      return 0;
  }
}

export function ioapicWrite(offset: u32, value: u32): void {
  const io = ioapic();
  switch (offset & 0xff) {
    case 0x00:
      io.select = value & 0xff;
      break;
    case 0x10:
      writeRegister(io, value);
      break;
    case 0x40:
      ioapicEoi(value & 0xff);
      break;
    default:
      break;
  }
}

/** Hardware reset: every entry masked. The lines keep what the devices drive. */
export function ioapicReset(): void {
  const io = ioapic();
  io.select = 0;
  io.id = 0;
  for (let pin: u32 = 0; pin < IOAPIC_PINS; pin++) setEntry(pin, ENTRY_MASK);
}
