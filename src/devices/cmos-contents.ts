/**
 * What the CMOS memory says about the machine: the bytes that SeaBIOS (and a few kernels) read, as
 * QEMU's pc machines fill them. Hard disk types and floppies are "none": SeaBIOS finds disks on PCI. The
 * shutdown status (0Fh) is not among them: it has to survive a reset, which is what it is for.
 */
export interface CmosConfig {
  /** RAM from gpa 0 up to the PCI hole, and from 4 GiB upward, in bytes. */
  ramLow: number;
  ramHigh: number;
  cpuCount: number;
  /** QEMU's `-boot order=`: a floppy, c disk, d CD-ROM, n network. */
  bootOrder: string;
}

const BOOT_DEVICE: Record<string, number> = { a: 1, b: 1, c: 2, d: 3, n: 4, o: 4, p: 4 };

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK_64K = 64 * KIB;

/** Register -> value for `RtcOptions.contents`. */
export function cmosContents(config: CmosConfig): Map<number, number> {
  const cmos = new Map<number, number>();
  const word = (register: number, value: number): void => {
    cmos.set(register, value & 0xff);
    cmos.set(register + 1, (value >> 8) & 0xff);
  };

  word(0x15, 640); // base memory, KiB
  const extended = Math.min(65535, Math.floor(Math.max(0, config.ramLow - MIB) / KIB));
  word(0x17, extended); // memory above 1 MiB in KiB, set by CMOS set-up and found by POST
  word(0x30, extended);
  const above16 = Math.max(0, config.ramLow - 16 * MIB);
  word(0x34, Math.min(65535, Math.floor(above16 / CHUNK_64K)));
  const high = Math.floor(config.ramHigh / CHUNK_64K);
  cmos.set(0x5b, high & 0xff);
  cmos.set(0x5c, (high >> 8) & 0xff);
  cmos.set(0x5d, (high >> 16) & 0xff);
  cmos.set(0x5f, config.cpuCount - 1);

  const boot = [...config.bootOrder].map((letter) => BOOT_DEVICE[letter] ?? 0);
  cmos.set(0x3d, (boot[0] ?? 0) | ((boot[1] ?? 0) << 4));
  cmos.set(0x38, (boot[2] ?? 0) << 4);

  cmos.set(0x10, 0); // floppy drives
  cmos.set(0x12, 0); // hard disk types
  cmos.set(0x14, 0x06); // equipment: coprocessor, PS/2 pointing device, EGA/VGA

  let sum = 0;
  for (let register = 0x10; register < 0x2e; register++) sum += cmos.get(register) ?? 0;
  cmos.set(0x2e, (sum >> 8) & 0xff);
  cmos.set(0x2f, sum & 0xff);
  return cmos;
}
