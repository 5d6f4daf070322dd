/**
 * Guest physical address to host address in the shared memory. Where several devices claim an address the
 * order is that of the board: the low map (PAM, VGA window) below 1 MiB, RAM, the linear framebuffer, the
 * firmware image below 4 GiB. Everything else is device memory (asm/bus.ts).
 */
import { LOW_MAP_READ, LOW_MAP_WRITE, RAM, ROM, ROM_SIZE, VRAM } from "../layout";
import { lowMap, machine } from "../machine";

/** Host address that serves reads of `gpa`, or 0 when no memory answers. */
export function hostAddress(gpa: u64): u32 {
  const m = machine();
  if (gpa >> 20 == 0) {
    const slot = lowMap(<u32>gpa);
    if ((slot & LOW_MAP_READ) == 0) return 0;
    return (slot & 0xffff_c000) + (<u32>gpa & 0x3fff);
  }
  if (gpa < <u64>m.ramLow) return RAM + <u32>gpa;
  if (gpa >= 0x1_0000_0000) {
    const high = gpa - 0x1_0000_0000;
    return high < <u64>m.ramHigh ? RAM + m.ramLow + <u32>high : 0;
  }
  const address = <u32>gpa;
  if (address - m.lfbBase < m.lfbSize) return VRAM + (address - m.lfbBase);
  if (address - m.romBase < m.romSize) return ROM + ROM_SIZE - m.romSize + (address - m.romBase);
  return 0;
}

/** Host address that takes writes to `gpa`: 0 when nothing does (ROM, device memory). */
export function hostAddressForWrite(gpa: u64): u32 {
  if (gpa >> 20 == 0) {
    return (lowMap(<u32>gpa) & LOW_MAP_WRITE) != 0 ? RAM + <u32>gpa : 0;
  }
  const host = hostAddress(gpa);
  return host - ROM < ROM_SIZE ? 0 : host;
}

/** Whether writes to `gpa` are swallowed by read-only memory instead of reaching a device. */
export function isReadOnly(gpa: u64): bool {
  if (gpa >> 20 == 0) return (lowMap(<u32>gpa) & (LOW_MAP_READ | LOW_MAP_WRITE)) == LOW_MAP_READ;
  return hostAddress(gpa) - ROM < ROM_SIZE;
}
