/**
 * Interrupt messages between local APICs, from the I/O APIC and from MSI writes (SDM vol. 3 10.6, 10.7 and
 * 10.11): which processors a destination names, and what each delivery mode does to them. Run by any
 * thread: a message only sets bits of the receiver with atomics.
 *
 * A destination of FFh in eight bits is a broadcast for xAPIC and x2APIC receivers alike; x2APIC senders
 * use all 32 bits. Lowest-priority arbitration takes the receiver of lowest PPR, the lowest number first.
 */

import { Cpu, cpuAt } from "../cpu/state";
import { PENDING_INIT, PENDING_NMI, PENDING_SIPI, PENDING_SMI } from "../layout";
import { machine } from "../machine";
import { signal } from "./chip";
import {
  accept,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST,
  DELIVERY_NMI,
  DELIVERY_SIPI,
  DELIVERY_SMI,
  ESR_SEND_ILLEGAL,
  isApicEnabled,
  isX2,
  lapic,
  logicalX2,
  ppr,
  raiseError,
  SVR_ENABLE,
} from "./lapic";

const ICR_LOGICAL: u32 = 1 << 11;
const ICR_ASSERT: u32 = 1 << 14;
const ICR_LEVEL: u32 = 1 << 15;

/** MSI address bits (SDM vol. 3 10.11.1). */
const MSI_LOGICAL: u32 = 1 << 2;
const MSI_REDIRECT: u32 = 1 << 3;

const DFR_FLAT: u32 = 0xf;

/** Bit mask of the vCPUs that `dest` names. `isWide`: a 32-bit x2APIC destination. */
function destinations(dest: u32, isLogical: bool, isWide: bool): u32 {
  const count = machine().vcpuCount;
  const broadcast: u32 = isWide ? ~0 : 0xff;
  let mask: u32 = 0;
  for (let id: u32 = 0; id < count; id++) {
    const target = cpuAt(id);
    if (!isApicEnabled(target)) continue;
    let named: bool;
    if (dest == broadcast) named = true;
    else if (!isLogical) named = dest == id;
    else if (isX2(target)) named = dest >> 16 == 0 && (dest & logicalX2(id)) != 0;
    else named = matchesLogical(target, dest);
    if (named) mask |= 1 << id;
  }
  return mask;
}

/** xAPIC logical destination: flat or cluster model (SDM vol. 3 10.6.2.2). */
function matchesLogical(target: Cpu, dest: u32): bool {
  const l = lapic(target);
  const mine = l.ldr >> 24;
  if (l.dfr >> 28 == DFR_FLAT) return (dest & mine) != 0;
  return dest >> 4 == mine >> 4 && (dest & mine & 0xf) != 0;
}

/** The receiver of a lowest-priority message among `mask`, as a mask of one bit or none. */
function lowestPriority(mask: u32): u32 {
  let best: u32 = 0;
  let bestPriority: u32 = 0x100;
  for (let id: u32 = 0; mask >> id != 0; id++) {
    if (((mask >> id) & 1) == 0) continue;
    const l = lapic(cpuAt(id));
    if ((l.svr & SVR_ENABLE) == 0) continue;
    const priority = ppr(l);
    if (priority < bestPriority) {
      best = 1 << id;
      bestPriority = priority;
    }
  }
  return best;
}

/** Carries out one delivery mode on each receiver; whether anybody took the message. */
function deliver(mask: u32, mode: u32, vector: u32, isLevel: bool): bool {
  if (mode == DELIVERY_LOWEST) {
    mask = lowestPriority(mask);
    mode = DELIVERY_FIXED;
  }
  let taken = false;
  for (let id: u32 = 0; mask >> id != 0; id++) {
    if (((mask >> id) & 1) == 0) continue;
    const target = cpuAt(id);
    switch (mode) {
      case DELIVERY_FIXED:
        // A software-disabled APIC takes no fixed interrupts (10.4.7.2).
        if ((lapic(target).svr & SVR_ENABLE) == 0) continue;
        accept(target, vector, isLevel);
        break;
      case DELIVERY_SMI:
        signal(id, PENDING_SMI);
        break;
      case DELIVERY_NMI:
        signal(id, PENDING_NMI);
        break;
      case DELIVERY_INIT:
        signal(id, PENDING_INIT);
        break;
      case DELIVERY_SIPI:
        target.sipiVector = vector;
        signal(id, PENDING_SIPI);
        break;
      default: // reserved, and ExtINT outside LINT0
        continue;
    }
    taken = true;
  }
  return taken;
}

/** A message from the I/O APIC or a device; whether anybody took it. */
export function sendMessage(
  dest: u32,
  isLogical: bool,
  mode: u32,
  vector: u32,
  isLevel: bool,
  isWide: bool,
): bool {
  return deliver(destinations(dest, isLogical, isWide), mode, vector, isLevel);
}

/** An MSI or MSI-X write to FEExxxxxh; other addresses reach no APIC. */
export function sendMsi(address: u64, data: u32): void {
  const low = <u32>address;
  if (address >> 20 != 0xfee) return;
  const isLogical = (low & MSI_LOGICAL) != 0;
  let mode = (data >> 8) & 7;
  // The redirection hint asks for one receiver among those named.
  if (mode == DELIVERY_FIXED && isLogical && (low & MSI_REDIRECT) != 0) mode = DELIVERY_LOWEST;
  sendMessage((low >> 12) & 0xff, isLogical, mode, data & 0xff, (data & ICR_LEVEL) != 0, false);
}

/** A write of ICR: `dest` has 8 bits in xAPIC mode, 32 in x2APIC mode. */
export function sendIpi(cpu: Cpu, icr: u32, dest: u32): void {
  const mode = (icr >> 8) & 7;
  const vector = icr & 0xff;
  if ((mode == DELIVERY_FIXED || mode == DELIVERY_LOWEST) && vector < 16) {
    raiseError(cpu, ESR_SEND_ILLEGAL);
    return;
  }
  // INIT level de-assert synchronises arbitration IDs on old buses; nothing is left to do.
  if (mode == DELIVERY_INIT && (icr & ICR_ASSERT) == 0 && (icr & ICR_LEVEL) != 0) return;
  const self: u32 = 1 << cpu.id;
  let mask: u32;
  switch ((icr >> 18) & 3) {
    case 0:
      mask = destinations(dest, (icr & ICR_LOGICAL) != 0, isX2(cpu));
      break;
    case 1:
      mask = self;
      break;
    case 2:
      mask = destinations(~0, false, true);
      break;
    default:
      mask = destinations(~0, false, true) & ~self;
      break;
  }
  deliver(mask, mode, vector, false);
}

/** An IPI to the processors whose bits are set in `ids`, by hypercall; how many of them there are. */
export function sendPvIpi(ids: u32, icr: u32): u32 {
  ids &= (1 << machine().vcpuCount) - 1;
  const mode = (icr >> 8) & 7;
  deliver(ids, mode, icr & 0xff, false);
  return popcnt<u32>(ids);
}
