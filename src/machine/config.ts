/**
 * What a machine is made of, as one typed value. The command line, the URL, the form in the page and a
 * saved machine are spellings of it, all generated from the table in options.ts.
 */

export type CpuModel = "x86-64-v2" | "x86-64-v3" | "max";
export type CpuVendor = "GenuineIntel" | "AuthenticAMD";

export interface DriveConfig {
  id: string;
  /** Path or URL; empty for a medium that is put in later. */
  file: string;
  media: "disk" | "cdrom";
  /** none: only for a -device that names it. */
  interface: "ide" | "none";
  format?: "raw";
  readOnly: boolean;
  snapshot: boolean;
  serial?: string;
  bootIndex?: number;
}

export interface DeviceConfig {
  driver: string;
  properties: [string, string][];
}

export interface BootConfig {
  /** Letters a (floppy), c (disk), d (CD-ROM), n (network). */
  order: string;
  /** For the first boot only. */
  once?: string;
  menu: boolean;
  splashTimeMs?: number;
  rebootTimeoutMs?: number;
}

export type DisplayKind = "none" | "page";

export interface MachineConfig {
  name: string;
  board: "q35";
  /** Bytes of RAM. */
  memory: number;
  cpuCount: number;
  cpu: CpuModel;
  cpuVendor: CpuVendor;
  accel: "interp";
  boot: BootConfig;
  drives: DriveConfig[];
  devices: DeviceConfig[];
  kernel: string;
  initrd: string;
  append: string;
  /** Firmware image instead of SeaBIOS. */
  bios: string;
  /** One per port: "stdio", "none", "file:PATH", "vc" (a tab of the page). */
  serial: string[];
  display: DisplayKind;
  /** -nographic: firmware and system talk on the first serial port. */
  nographic: boolean;
  /** Undefined: std, or none with -nodefaults. */
  vga?: "std" | "none";
  rtcBase: "utc" | "localtime" | number;
  /** Reset ends the machine. */
  noReboot: boolean;
  /** Power off leaves the machine stopped instead of ending it. */
  noShutdown: boolean;
  /** All disks forget what is written to them. */
  snapshot: boolean;
  /** Nothing that was not asked for: no VGA, no serial port. */
  noDefaults: boolean;
  /** -d: what to tell about the guest. */
  debug: string[];
}

export function defaultConfig(): MachineConfig {
  return {
    name: "",
    board: "q35",
    memory: 512 * 2 ** 20,
    cpuCount: 1,
    cpu: "x86-64-v2",
    cpuVendor: "GenuineIntel",
    accel: "interp",
    boot: { order: "cd", menu: false },
    drives: [],
    devices: [],
    kernel: "",
    initrd: "",
    append: "",
    bios: "",
    serial: [],
    display: "page",
    nographic: false,
    rtcBase: "utc",
    noReboot: false,
    noShutdown: false,
    snapshot: false,
    noDefaults: false,
    debug: [],
  };
}

/** The serial ports there are: what was asked for, or one with a place to go. */
export function serialPorts(config: MachineConfig): string[] {
  if (config.serial.length > 0) return config.serial;
  if (config.nographic) return ["stdio"];
  return config.noDefaults ? [] : ["vc"];
}

export function hasVga(config: MachineConfig): boolean {
  return (config.vga ?? (config.noDefaults ? "none" : "std")) === "std";
}
