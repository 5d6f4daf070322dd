/**
 * The two cascaded 8259A interrupt controllers of the PC (Intel 8259A data sheet, 1988; ELCR after the
 * ICH9 data sheet 5.8 and 13.4). All functions run under the irqchip's lock.
 *
 *   port  20h/A0h  write: ICW1, OCW2, OCW3     read: IRR, ISR or poll
 *         21h/A1h  write: ICW2-4, OCW1 (IMR)   read: IMR
 *         4D0h/4D1h ELCR: a bit per line, 1 = level-triggered
 *
 * Not modelled: MCS-80/85 mode, buffered mode, ICW3's slave numbers (the slave sits on line 2) and LTIM,
 * which the chipset replaces by ELCR. The slave's request is a level into the master whatever ELCR says.
 * The data sheet drops an edge request whose line falls before it is acknowledged (a spurious IRQ 7); here
 * it stays latched, as in QEMU: the PIT's pulses carry no width.
 */
import { Chip, chip, PIC_MASTER, PIC_SLAVE } from "./chip";
import { extIntRaised } from "./lapic";

@unmanaged
export class Pic {
  irr: u32; // requests: latched edges and asserted levels
  imr: u32;
  isr: u32;
  lines: u32; // present levels of the inputs
  elcr: u32;
  base: u32; // vector of line 0
  lowest: u32; // line of lowest priority; the next one is the highest
  readsIsr: u32; // OCW3: what a read of A0 = 0 gives
  polls: u32; // the next read is a poll
  specialMask: u32;
  autoEoi: u32;
  rotatesOnAutoEoi: u32;
  fullyNested: u32; // ICW4 SFNM
  initStep: u32; // 0 operating, 2-4: ICWn expected
  icw1: u32;
}

const ICW1_IC4: u32 = 0x01;
const ICW1_SNGL: u32 = 0x02;
const ICW1: u32 = 0x10;
const ICW4_AEOI: u32 = 0x02;
const ICW4_SFNM: u32 = 0x10;
const OCW3: u32 = 0x08;

const CASCADE: u32 = 2;
const NO_PRIORITY: u32 = 8;
const SPURIOUS_LINE: u32 = 7;

/** Lines whose ELCR bit is fixed to edge: 0, 1, 2 and 8, 13 (ICH9 13.4.8). */
const ELCR_MASK_MASTER: u32 = 0xf8;
const ELCR_MASK_SLAVE: u32 = 0xde;

function master(): Pic {
  return changetype<Pic>(PIC_MASTER as usize);
}
function slave(): Pic {
  return changetype<Pic>(PIC_SLAVE as usize);
}

/** Priority (0 highest) of the foremost line in `mask`, or NO_PRIORITY. */
function priority(p: Pic, mask: u32): u32 {
  if (mask == 0) return NO_PRIORITY;
  const shift = (p.lowest + 1) & 7;
  return ctz<u32>(((mask >> shift) | (mask << (8 - shift))) & 0xff);
}

function lineOf(p: Pic, prio: u32): u32 {
  return (prio + p.lowest + 1) & 7;
}

/** The line that would be acknowledged now, or -1. */
function requested(p: Pic): i32 {
  const prio = priority(p, p.irr & ~p.imr);
  if (prio == NO_PRIORITY) return -1;
  let inService = p.isr;
  if (p.specialMask != 0) inService &= ~p.imr;
  if (p.fullyNested != 0) inService &= ~(1 << CASCADE);
  return prio < priority(p, inService) ? <i32>lineOf(p, prio) : -1;
}

/** Recomputes the cascade and INTR. */
function update(): void {
  const m = master();
  const bit: u32 = 1 << CASCADE;
  m.irr = requested(slave()) >= 0 ? m.irr | bit : m.irr & ~bit;
  const intr = u32(requested(m) >= 0);
  const before = atomic.xchg<u32>(changetype<usize>(chip()), intr, offsetof<Chip>("picIntr"));
  if (intr != 0 && before == 0) extIntRaised();
}

function acknowledge(p: Pic, line: u32): void {
  const bit: u32 = 1 << line;
  if (p.autoEoi == 0) p.isr |= bit;
  else if (p.rotatesOnAutoEoi != 0) p.lowest = line;
  if ((p.elcr & bit) == 0) p.irr &= ~bit;
}

/** Interrupt acknowledge cycle: the vector, IRQ 7's or 15's when the request is gone. */
export function picAck(): u32 {
  const m = master();
  const line = requested(m);
  let vector: u32;
  if (line < 0) {
    vector = m.base + SPURIOUS_LINE;
  } else if (line == CASCADE) {
    const s = slave();
    const inner = requested(s);
    acknowledge(m, CASCADE);
    if (inner >= 0) acknowledge(s, <u32>inner);
    vector = s.base + (inner >= 0 ? <u32>inner : SPURIOUS_LINE);
  } else {
    acknowledge(m, <u32>line);
    vector = m.base + <u32>line;
  }
  update();
  return vector & 0xff;
}

/** Whether an edge of the master's input `irq` waits to be acknowledged and is not masked. */
export function picIsRequested(irq: u32): bool {
  const p = master();
  return (p.irr & ~p.imr & (1 << irq)) != 0;
}

/** Sets input `irq` 0-15; 2 is the cascade and has no pin. */
export function picSetLine(irq: u32, isAsserted: bool): void {
  if (irq == CASCADE) return;
  const p = irq < 8 ? master() : slave();
  const bit: u32 = 1 << (irq & 7);
  const was = (p.lines & bit) != 0;
  if (isAsserted) {
    p.lines |= bit;
    if (!was || (p.elcr & bit) != 0) p.irr |= bit;
  } else {
    p.lines &= ~bit;
    if ((p.elcr & bit) != 0) p.irr &= ~bit;
  }
  if (was != isAsserted) update();
}

function initialise(p: Pic, icw1: u32): void {
  p.icw1 = icw1;
  p.irr = p.lines & p.elcr; // the edge sense circuit is reset
  p.imr = 0;
  p.isr = 0;
  p.lowest = 7;
  p.readsIsr = 0;
  p.polls = 0;
  p.specialMask = 0;
  p.autoEoi = 0;
  p.rotatesOnAutoEoi = 0;
  p.fullyNested = 0;
  p.initStep = 2;
}

/** OCW2: bits 7-5 R, SL, EOI. */
function operate(p: Pic, value: u32): void {
  const line = value & 7;
  switch (value >> 5) {
    case 0: // rotate in automatic EOI mode: clear
      p.rotatesOnAutoEoi = 0;
      break;
    case 1: // non-specific EOI
    case 5: {
      const prio = priority(p, p.isr);
      if (prio == NO_PRIORITY) break;
      const served = lineOf(p, prio);
      p.isr &= ~(1 << served);
      if (value >> 5 == 5) p.lowest = served;
      break;
    }
    case 3: // specific EOI
      p.isr &= ~(1 << line);
      break;
    case 4: // rotate in automatic EOI mode: set
      p.rotatesOnAutoEoi = 1;
      break;
    case 6: // set priority
      p.lowest = line;
      break;
    case 7: // rotate on specific EOI
      p.isr &= ~(1 << line);
      p.lowest = line;
      break;
    default:
      break;
  }
}

function writeCommand(p: Pic, value: u32): void {
  if ((value & ICW1) != 0) {
    initialise(p, value);
  } else if ((value & OCW3) != 0) {
    if ((value & 4) != 0) p.polls = 1;
    if ((value & 2) != 0) p.readsIsr = value & 1;
    if ((value & 0x40) != 0) p.specialMask = (value >> 5) & 1;
  } else {
    operate(p, value);
  }
}

function writeData(p: Pic, value: u32): void {
  const wantsIcw4 = (p.icw1 & ICW1_IC4) != 0;
  switch (p.initStep) {
    case 2:
      p.base = value & 0xf8;
      if ((p.icw1 & ICW1_SNGL) == 0) p.initStep = 3;
      else p.initStep = wantsIcw4 ? 4 : 0;
      break;
    case 3:
      p.initStep = wantsIcw4 ? 4 : 0;
      break;
    case 4:
      p.autoEoi = u32((value & ICW4_AEOI) != 0);
      p.fullyNested = u32((value & ICW4_SFNM) != 0);
      p.initStep = 0;
      break;
    default:
      p.imr = value;
      break;
  }
}

function poll(p: Pic): u32 {
  p.polls = 0;
  const line = requested(p);
  if (line < 0) return 0;
  acknowledge(p, <u32>line);
  update();
  return 0x80 | <u32>line;
}

/** Ports 20h, 21h, A0h, A1h, 4D0h, 4D1h. */
export function picRead(port: u32): u32 {
  if (port >= 0x4d0) return (port & 1) != 0 ? slave().elcr : master().elcr;
  const p = (port & 0x80) != 0 ? slave() : master();
  if (p.polls != 0) return poll(p);
  if ((port & 1) != 0) return p.imr;
  return p.readsIsr != 0 ? p.isr : p.irr;
}

export function picWrite(port: u32, value: u32): void {
  if (port >= 0x4d0) {
    const p = (port & 1) != 0 ? slave() : master();
    const elcr = value & ((port & 1) != 0 ? ELCR_MASK_SLAVE : ELCR_MASK_MASTER);
    // A line that changes its trigger forgets what it latched and follows its level.
    const changed = elcr ^ p.elcr;
    p.elcr = elcr;
    p.irr = (p.irr & ~changed) | (p.lines & changed & elcr);
  } else {
    const p = (port & 0x80) != 0 ? slave() : master();
    if ((port & 1) != 0) writeData(p, value);
    else writeCommand(p, value);
  }
  update();
}

/** INTR as the processor sees it; may be read without the lock. */
export function picIntr(): bool {
  return atomic.load<u32>(changetype<usize>(chip()), offsetof<Chip>("picIntr")) != 0;
}

/** Power-on state: all lines edge-triggered and unmasked, vectors 0, as before any ICW. */
export function picReset(): void {
  for (let i: u32 = 0; i < 2; i++) {
    const p = i == 0 ? master() : slave();
    p.elcr = 0;
    initialise(p, 0);
    p.base = 0;
    p.initStep = 0;
  }
  update();
}
