/**
 * The interrupt system of the machine, answered inside the core: 8259 pair, I/O APIC, local APICs, PIT,
 * HPET, PM timer and the ports beside them. One implementation for all threads: devices raise lines and
 * send MSIs through their worker's own instance of the core, vCPUs ask what is pending and acknowledge.
 *
 *   device -> irqSetLine / msiWrite -> PIC, I/O APIC -> local APIC: IRR bit, PENDING_INTR, wake-up
 *   vCPU   -> irqPending? -> irqAck -> vector ... EOI -> I/O APIC delivers again while the line is asserted
 *
 * The vCPU clears PENDING_INTR before it asks irqPending; whoever makes something deliverable (a new
 * request, an EOI, a lowered TPR, an unmasked LINT0) sets it again.
 */

import { Cpu, cpuAt } from "../cpu/state";
import { guestNs } from "../cpu/time";
import { PENDING_INTR, PORT_CLASS, PORT_CLASS_CORE } from "../layout";
import { machine } from "../machine";
import { chip, lockChip, signalSelf, unlockChip } from "./chip";
import { hpetRead32, hpetRead64, hpetReplacesLegacy, hpetReset, hpetWrite32 } from "./hpet";
import { ioapicRead, ioapicReset, ioapicWrite } from "./ioapic";
import {
  APIC_BASE_ENABLE,
  APIC_BASE_X2,
  lapicAck,
  lapicHasExtInt,
  lapicPending,
  lapicRead,
  lapicWrite,
  lint1,
} from "./lapic";
import { sendMsi } from "./lapic-ipi";
import { IRQ_RTC, setLine } from "./lines";
import { picAck, picRead, picReset, picWrite } from "./pic-8259";
import { pitRead, pitReset, pitWrite, port61Read, port61Write } from "./pit-8254";
import { pmTimer } from "./pm-timer";
import { boardTimersChanged } from "./timers";

export { lapicReset } from "./lapic";
export { timersPoll } from "./timers";

const IOAPIC_GPA: u64 = 0xfec0_0000;
const HPET_GPA: u64 = 0xfed0_0000;
const HPET_LEN: u64 = 0x400;

/** First port of each range that is answered here. */
const PORT_PIC_MASTER: u32 = 0x20;
const PORT_PIT: u32 = 0x40;
const PORT_NMI_STATUS: u32 = 0x61;
const PORT_POST: u32 = 0x80;
const PORT_PIC_SLAVE: u32 = 0xa0;
const PORT_ELCR: u32 = 0x4d0;
const PORT_PM_TIMER: u32 = 0x608;

/** A device drives global system interrupt `gsi` (0-23). Edge lines fire on 0 -> 1. */
export function irqSetLine(gsi: u32, level: u32): void {
  lockChip();
  // With legacy replacement the HPET owns IRQ 8; the RTC's line ends nowhere.
  if (gsi != IRQ_RTC || !hpetReplacesLegacy()) setLine(gsi, level != 0);
  unlockChip();
}

/** A device sends a message signalled interrupt. */
export function msiWrite(address: u64, data: u32): void {
  sendMsi(address, data);
}

/** The NMI button: every processor whose LINT1 is set up for it. */
export function irqNmi(): void {
  const count = machine().vcpuCount;
  for (let id: u32 = 0; id < count; id++) lint1(cpuAt(id));
}

/** Whether an interrupt is deliverable now; RFLAGS.IF is the caller's. */
export function irqPending(cpu: Cpu): bool {
  return lapicHasExtInt(cpu) || lapicPending(cpu);
}

/** Acknowledges the foremost interrupt: its vector, or -1. The 8259 pair comes before the local APIC. */
export function irqAck(cpu: Cpu): i32 {
  let vector: i32;
  if (lapicHasExtInt(cpu)) {
    lockChip();
    vector = <i32>picAck();
    unlockChip();
  } else {
    vector = lapicAck(cpu);
  }
  if (irqPending(cpu)) signalSelf(cpu, PENDING_INTR);
  return vector;
}

function portRead8(cpu: Cpu, port: u32): u32 {
  switch (port >> 3) {
    case PORT_PIC_MASTER >> 3:
    case PORT_PIC_SLAVE >> 3:
    case PORT_ELCR >> 3: {
      lockChip();
      const value = picRead(port);
      unlockChip();
      return value;
    }
    case PORT_PIT >> 3: {
      const ns = guestNs(cpu);
      lockChip();
      const value = pitRead(port, ns);
      unlockChip();
      return value;
    }
    case PORT_NMI_STATUS >> 3: {
      const ns = guestNs(cpu);
      lockChip();
      const value = port61Read(ns);
      unlockChip();
      return value;
    }
    case PORT_POST >> 3:
      return chip().port80;
    default:
      return 0xff;
  }
}

function portWrite8(cpu: Cpu, port: u32, value: u32): void {
  switch (port >> 3) {
    case PORT_PIC_MASTER >> 3:
    case PORT_PIC_SLAVE >> 3:
    case PORT_ELCR >> 3:
      lockChip();
      picWrite(port, value);
      unlockChip();
      break;
    case PORT_PIT >> 3: {
      const ns = guestNs(cpu);
      lockChip();
      pitWrite(port, value, ns);
      unlockChip();
      boardTimersChanged(cpu);
      break;
    }
    case PORT_NMI_STATUS >> 3: {
      const ns = guestNs(cpu);
      lockChip();
      port61Write(value, ns);
      unlockChip();
      break;
    }
    case PORT_POST >> 3:
      chip().port80 = value;
      break;
    default:
      break;
  }
}

/** IN from a port of class core; wider accesses are byte cycles on consecutive ports, PM timer excepted. */
export function portRead(cpu: Cpu, port: u32, size: u32): u32 {
  if (port >> 2 == PORT_PM_TIMER >> 2) {
    return (pmTimer(guestNs(cpu)) >> ((port & 3) << 3)) & (<u32>-1 >> (32 - (size << 3)));
  }
  let value: u32 = 0;
  for (let i: u32 = 0; i < size; i++) value |= (portRead8(cpu, port + i) & 0xff) << (i << 3);
  return value;
}

export function portWrite(cpu: Cpu, port: u32, size: u32, value: u32): void {
  if (port >> 2 == PORT_PM_TIMER >> 2) return;
  for (let i: u32 = 0; i < size; i++) portWrite8(cpu, port + i, (value >> (i << 3)) & 0xff);
}

function inApicPage(cpu: Cpu, gpa: u64): bool {
  if ((cpu.apicBase & (APIC_BASE_ENABLE | APIC_BASE_X2)) != APIC_BASE_ENABLE) return false;
  return (gpa ^ cpu.apicBase) >> 12 == 0;
}

/** Whether device memory at `gpa` is answered here. */
export function ownsMmio(cpu: Cpu, gpa: u64): bool {
  return gpa >> 12 == IOAPIC_GPA >> 12 || gpa - HPET_GPA < HPET_LEN || inApicPage(cpu, gpa);
}

/** Loads from the local APIC, I/O APIC and HPET pages; registers are 32 bits but the HPET's. */
export function mmioRead(cpu: Cpu, gpa: u64, size: u32): u64 {
  const offset = <u32>gpa & 0xfff;
  const mask = <u64>-1 >> <u64>(64 - (size << 3));
  if (inApicPage(cpu, gpa)) return <u64>lapicRead(cpu, offset) & mask;
  if (gpa >> 12 == IOAPIC_GPA >> 12) {
    lockChip();
    const value = ioapicRead(offset);
    unlockChip();
    return <u64>value & mask;
  }
  // The HPET's counter is read without the lock: it depends on words that change while it is set up only.
  const ns = guestNs(cpu);
  if (size == 8) return hpetRead64(offset & 0x3f8, ns);
  return <u64>(hpetRead32(offset & 0x3fc, ns) >> ((offset & 3) << 3)) & mask;
}

/** Stores to those pages; anything narrower than a register is undefined by their manuals and ignored. */
export function mmioWrite(cpu: Cpu, gpa: u64, size: u32, value: u64): void {
  const offset = <u32>gpa & 0xfff;
  if (inApicPage(cpu, gpa)) {
    lapicWrite(cpu, offset, <u32>value);
    return;
  }
  if (gpa >> 12 == IOAPIC_GPA >> 12) {
    lockChip();
    ioapicWrite(offset, <u32>value);
    unlockChip();
    return;
  }
  if (size < 4) return;
  const ns = guestNs(cpu);
  lockChip();
  hpetWrite32(offset & 0x3fc, <u32>value, ns);
  if (size == 8) hpetWrite32((offset & 0x3fc) + 4, <u32>(value >> 32), ns);
  unlockChip();
  boardTimersChanged(cpu);
}

function claimPorts(first: u32, count: u32): void {
  memory.fill(PORT_CLASS + first, <u8>PORT_CLASS_CORE, count);
}

/**
 * Power-on and system reset, while no vCPU runs and before their own resets (cpu/reset.ts), which include
 * the local APICs. Lines keep the level their devices drive.
 */
export function irqchipReset(): void {
  lockChip();
  picReset();
  ioapicReset();
  hpetReset();
  pitReset();
  chip().port80 = 0;
  unlockChip();
  claimPorts(PORT_PIC_MASTER, 2);
  claimPorts(PORT_PIT, 4);
  claimPorts(PORT_NMI_STATUS, 1);
  claimPorts(PORT_POST, 1);
  claimPorts(PORT_PIC_SLAVE, 2);
  claimPorts(PORT_ELCR, 2);
}
