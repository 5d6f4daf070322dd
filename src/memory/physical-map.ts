/**
 * What lies where in guest physical space, as the vCPUs see it: the part of Machine that the board's
 * bridges, the framebuffer and the address map write (asm/machine.ts).
 *
 *   lowMap    64 slots of 16 KiB below 1 MiB: RAM, shadowed ROM or the VGA window
 *   lfb       the linear framebuffer's BAR
 *   rom       the firmware image below 4 GiB
 *   regions   what the device worker answers
 *
 * Every change bumps mapGeneration (odd while it is being made) and sets PENDING_FLUSH on all vCPUs,
 * so that no translation made before outlives the instruction that caused the change.
 */
import {
  LOW_MAP_READ,
  LOW_MAP_VGA,
  LOW_MAP_WRITE,
  MACHINE,
  MACHINE_REGION_MAX,
  MACHINE_REGIONS,
  Machine,
  MmioRegion,
  PENDING_FLUSH,
  RAM,
  ROM,
  ROM_SIZE,
} from "../shared/layout";
import { pendAll, type SharedMemory } from "../shared/shared-memory";

export const LOW_SLOT_SIZE = 0x4000;
const LOW_SLOTS = 64;

export interface Region {
  base: number;
  end: number;
  posted: boolean;
}

const word = (field: number) => (MACHINE + field) >> 2;

export class PhysicalMap {
  constructor(private readonly memory: SharedMemory) {}

  /** Changes so far; an access that finds another value after it than before it needs MAIL_FLUSH. */
  get generation(): number {
    return this.memory.u32[word(Machine.mapGeneration)];
  }

  /** RAM everywhere below 1 MiB except the VGA window and the ROM area, which reads the ROM. */
  resetLowMap(): void {
    this.change(() => {
      for (let slot = 0; slot < LOW_SLOTS; slot++) {
        const gpa = slot * LOW_SLOT_SIZE;
        if (gpa >= 0xa_0000 && gpa < 0xc_0000) this.setSlot(slot, LOW_MAP_VGA);
        else if (gpa >= 0xc_0000) this.setSlot(slot, this.romOffset(gpa) | LOW_MAP_READ);
        else this.setSlot(slot, (RAM + gpa) | LOW_MAP_READ | LOW_MAP_WRITE);
      }
    });
  }

  /** PAM: where reads of one 16 KiB slot of C0000-FFFFF go, and whether writes reach RAM. */
  setShadow(gpa: number, isReadRam: boolean, isWriteRam: boolean): void {
    const source = isReadRam ? RAM + gpa : this.romOffset(gpa);
    const bits = LOW_MAP_READ | (isWriteRam ? LOW_MAP_WRITE : 0);
    this.change(() => this.setSlot(gpa / LOW_SLOT_SIZE, source | bits));
  }

  /** Whether A0000-BFFFF is the VGA's; otherwise the RAM beneath shows (SMRAM opened). */
  setVgaWindow(isVga: boolean): void {
    this.change(() => {
      for (let gpa = 0xa_0000; gpa < 0xc_0000; gpa += LOW_SLOT_SIZE) {
        this.setSlot(
          gpa / LOW_SLOT_SIZE,
          isVga ? LOW_MAP_VGA : (RAM + gpa) | LOW_MAP_READ | LOW_MAP_WRITE,
        );
      }
    });
  }

  /** The firmware image, which ends at 4 GiB and whose last 128 KiB also appear at E0000. */
  setRom(image: Uint8Array): void {
    if (image.length > ROM_SIZE || image.length % LOW_SLOT_SIZE !== 0) {
      throw new Error(
        `The firmware image has ${image.length} bytes; it must be a multiple of 16 KiB up to 1 MiB.`,
      );
    }
    this.memory.bytes.fill(0xff, ROM, ROM + ROM_SIZE - image.length);
    this.memory.bytes.set(image, ROM + ROM_SIZE - image.length);
    this.change(() => {
      this.memory.u32[word(Machine.romBase)] = 0x1_0000_0000 - image.length;
      this.memory.u32[word(Machine.romSize)] = image.length;
    });
  }

  /** Where the linear framebuffer appears; undefined = nowhere. */
  setFramebuffer(base: number | undefined, size: number): void {
    this.change(() => {
      this.memory.u32[word(Machine.lfbBase)] = base ?? 0;
      this.memory.u32[word(Machine.lfbSize)] = base === undefined ? 0 : size;
    });
  }

  /** Replaces the table of device regions. False when they do not fit: the last ones are left out. */
  setRegions(regions: readonly Region[]): boolean {
    const { view, u32 } = this.memory;
    const present = regions.slice(0, MACHINE_REGION_MAX);
    this.change(() => {
      for (const [index, region] of present.entries()) {
        const at = MACHINE + MACHINE_REGIONS + index * MmioRegion.SIZE;
        view.setBigUint64(at + MmioRegion.base, BigInt(region.base), true);
        view.setBigUint64(at + MmioRegion.end, BigInt(region.end), true);
        view.setUint32(at + MmioRegion.posted, region.posted ? 1 : 0, true);
      }
      u32[word(Machine.regionCount)] = present.length;
    });
    return present.length === regions.length;
  }

  /** Host offset of what the ROM area below 1 MiB shows at `gpa` while it is not shadowed. */
  private romOffset(gpa: number): number {
    // C0000-DFFFF has no ROM of the board behind it. It reads the ones that pad ROM's start, unless
    // the image fills all of ROM.
    if (gpa < 0xe_0000) return ROM;
    return ROM + ROM_SIZE - (0x10_0000 - gpa);
  }

  private setSlot(slot: number, value: number): void {
    Atomics.store(this.memory.i32, word(Machine.lowMapFirst) + slot, value | 0);
  }

  private change(apply: () => void): void {
    const generation = word(Machine.mapGeneration);
    Atomics.add(this.memory.i32, generation, 1);
    apply();
    Atomics.add(this.memory.i32, generation, 1);
    pendAll(this.memory, PENDING_FLUSH);
  }
}
