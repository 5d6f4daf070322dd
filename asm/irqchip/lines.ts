/**
 * Interrupt lines by global system interrupt: 0-15 are the ISA lines, wired to the 8259 pair and the I/O
 * APIC (IRQ 0 to pin 2, as the MADT's override says), 16-23 are I/O APIC pins only. Under the lock.
 */
import { IOAPIC_PINS, ioapicSetPin } from "./ioapic";
import { picSetLine } from "./pic-8259";

export const IRQ_TIMER: u32 = 0;
export const IRQ_RTC: u32 = 8;

const TIMER_PIN: u32 = 2;

export function setLine(gsi: u32, isAsserted: bool): void {
  if (gsi < 16) {
    picSetLine(gsi, isAsserted);
    if (gsi == IRQ_TIMER) ioapicSetPin(TIMER_PIN, isAsserted);
    else if (gsi != TIMER_PIN) ioapicSetPin(gsi, isAsserted);
  } else if (gsi < IOAPIC_PINS) {
    ioapicSetPin(gsi, isAsserted);
  }
}
