/**
 * The one table of options: QEMU's words, how each is read into a MachineConfig, how it is written
 * back, and its help. The command line (`-m 512M`), the URL (`?m=512M`) and the page's form all come
 * from it. An option that takes no value is `on` in a URL.
 */
import { RAM_MAX } from "../shared/layout";
import {
  type CpuModel,
  type CpuVendor,
  type DriveConfig,
  defaultConfig,
  type MachineConfig,
} from "./config";
import {
  ConfigError,
  checkKeys,
  type KeyValues,
  parseChoice,
  parseKeyValues,
  parseNumber,
  parseSize,
  parseSwitch,
  printKeyValues,
  printSize,
  splitCommas,
} from "./keyval";

export interface FormField {
  label: string;
  /** The values to offer; the empty one is the default. */
  choices?: readonly string[];
  /** The value is a file, which may be chosen on the person's computer. */
  isFile?: boolean;
  /** May be given several times. */
  isList?: boolean;
}

export interface Option {
  key: string;
  aliases?: string[];
  /** What the value is, for help; absent when the option takes none. */
  value?: string;
  help: string;
  /** How the page's form asks for it; absent for what only a command line needs. */
  form?: FormField;
  parse(config: MachineConfig, value: string): void;
  /** Values that give this part of the configuration again; none when it is the default. */
  print(config: MachineConfig): string[];
}

const MEMORY_MIN = 8 * 2 ** 20;
/** FIXME: more processors need their workers started; until then -smp 2 is refused. */
const CPUS_MAX = 1;

const CPU_MODELS: Record<string, CpuModel> = {
  "x86-64-v2": "x86-64-v2",
  "x86-64-v3": "x86-64-v3",
  max: "max",
  host: "max",
  qemu64: "x86-64-v2",
};

/** Names that -cpu takes, with what the other names of a model stand for. */
export function cpuModelNames(): string[] {
  return Object.entries(CPU_MODELS).map(([name, model]) =>
    name === model ? name : `${name} (${model})`,
  );
}

const CPU_VENDORS: CpuVendor[] = ["GenuineIntel", "AuthenticAMD"];

/** Devices that -device may add, with the properties they take. */
const DEVICE_PROPERTIES: Record<string, string[]> = {
  "isa-debug-exit": ["iobase", "iosize"],
  "isa-debugcon": ["iobase"],
  pvpanic: ["ioport"],
  "pc-testdev": [],
  "ide-cd": ["drive", "bus", "bootindex", "id"],
  "ide-hd": ["drive", "bus", "bootindex", "id", "serial"],
  VGA: ["id", "addr"],
};

export const DEBUG_ITEMS = ["guest_errors", "int", "unimp", "firmware"] as const;

function parseMachine(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "type");
  for (const [key, setting] of pairs) {
    if (key === "type") {
      if (!/^(pc-)?q35(-\d+\.\d+)?$/.test(setting)) {
        throw new ConfigError(`-M knows the machine q35, not "${setting}".`);
      }
    } else if (key === "accel") {
      optionOf("accel").parse(config, setting);
    } else if (["usb", "vmport", "smm", "hpet", "graphics", "kernel_irqchip"].includes(key)) {
      const isOn = parseSwitch(`-M ${key}`, setting);
      if (isOn && (key === "usb" || key === "vmport" || key === "smm")) {
        throw new ConfigError(`-M ${key}=on is not possible: this machine has none.`);
      }
      if (key === "graphics") config.nographic = !isOn;
    } else {
      throw new ConfigError(`-M has no "${key}".`);
    }
  }
}

function parseMemory(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "size");
  checkKeys("-m", pairs, ["size"]);
  const bytes = parseSize("-m", pairs.get("size") ?? "", "m");
  const whole = Math.ceil(bytes / 65536) * 65536;
  if (whole > RAM_MAX) {
    throw new ConfigError(
      `-m ${value} is too much memory: at most ${RAM_MAX / 2 ** 20}M fit beside the rest of the machine.`,
    );
  }
  if (whole < MEMORY_MIN) {
    throw new ConfigError(
      `-m ${value} is too little memory: a PC needs at least ${MEMORY_MIN / 2 ** 20}M.`,
    );
  }
  config.memory = whole;
}

function parseSmp(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "cpus");
  checkKeys("-smp", pairs, ["cpus", "sockets", "dies", "cores", "threads", "maxcpus"]);
  const number = (key: string) => {
    const text = pairs.get(key);
    return text === undefined ? undefined : parseNumber(`-smp ${key}`, text, 1, 255);
  };
  const product =
    (number("sockets") ?? 1) *
    (number("dies") ?? 1) *
    (number("cores") ?? 1) *
    (number("threads") ?? 1);
  const cpus = number("cpus") ?? product;
  if (cpus > CPUS_MAX)
    throw new ConfigError(
      `-smp ${value} is not possible yet: this machine has ${CPUS_MAX} processor.`,
    );
  if (product > 1 && product < cpus)
    throw new ConfigError(`-smp ${value} has fewer threads than processors.`);
  config.cpuCount = cpus;
}

function parseCpu(config: MachineConfig, value: string): void {
  const [model, ...changes] = splitCommas(value);
  const known = CPU_MODELS[model];
  if (!known)
    throw new ConfigError(`-cpu is one of ${Object.keys(CPU_MODELS).join(", ")}, not "${model}".`);
  config.cpu = known;
  for (const change of changes) {
    if (!change.startsWith("vendor="))
      throw new ConfigError(`-cpu ${model} comes as it is: "${change}" cannot be changed.`);
    config.cpuVendor = parseChoice("-cpu vendor", change.slice(7), CPU_VENDORS);
  }
}

function parseBoot(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "order");
  checkKeys("-boot", pairs, ["order", "once", "menu", "splash-time", "reboot-timeout", "strict"]);
  for (const key of ["order", "once"] as const) {
    const letters = pairs.get(key);
    if (letters === undefined) continue;
    if (!/^[acdn]+$/.test(letters)) {
      throw new ConfigError(
        `-boot ${key} has the letters a, c (disk), d (CD-ROM) and n, not "${letters}".`,
      );
    }
    config.boot[key] = letters;
  }
  const menu = pairs.get("menu");
  if (menu !== undefined) config.boot.menu = parseSwitch("-boot menu", menu);
  const splash = pairs.get("splash-time");
  if (splash !== undefined)
    config.boot.splashTimeMs = parseNumber("-boot splash-time", splash, 0, 65535);
  const timeout = pairs.get("reboot-timeout");
  if (timeout !== undefined)
    config.boot.rebootTimeoutMs = parseNumber("-boot reboot-timeout", timeout, 0, 65535);
}

const DRIVE_KEYS = [
  "file",
  "if",
  "media",
  "format",
  "readonly",
  "snapshot",
  "id",
  "index",
  "serial",
  "cache",
  "aio",
  "bootindex",
];

function parseDrive(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "file");
  checkKeys("-drive", pairs, DRIVE_KEYS);
  const media = parseChoice("-drive media", pairs.get("media") ?? "disk", ["disk", "cdrom"]);
  const format = pairs.get("format");
  if (format !== undefined && format !== "raw") {
    throw new ConfigError(
      `-drive format is raw so far: convert "${pairs.get("file") ?? ""}" with qemu-img convert -O raw.`,
    );
  }
  const drive: DriveConfig = {
    id: pairs.get("id") ?? `drive${config.drives.length}`,
    file: pairs.get("file") ?? "",
    media,
    interface: parseChoice("-drive if", pairs.get("if") ?? "ide", ["ide", "none"]),
    readOnly: media === "cdrom" || parseSwitch("-drive readonly", pairs.get("readonly") ?? "off"),
    snapshot: parseSwitch("-drive snapshot", pairs.get("snapshot") ?? "off"),
  };
  if (format) drive.format = "raw";
  const serial = pairs.get("serial");
  if (serial !== undefined) drive.serial = serial;
  setBootIndex(drive, pairs);
  if (drive.file === "" && media === "disk")
    throw new ConfigError(`-drive ${value} names no file=.`);
  addDrive(config, drive);
}

function setBootIndex(drive: DriveConfig, pairs: KeyValues): void {
  const index = pairs.get("bootindex");
  if (index !== undefined) drive.bootIndex = parseNumber("bootindex", index, 0, 255);
}

function addDrive(config: MachineConfig, drive: DriveConfig): void {
  if (config.drives.some(({ id }) => id === drive.id))
    throw new ConfigError(`There are two drives with id=${drive.id}.`);
  if (config.drives.length === 6)
    throw new ConfigError("There are more than six drives: the controller has six ports.");
  config.drives.push(drive);
}

function printDrive(drive: DriveConfig): string {
  const pairs: [string, string][] = [
    ["file", drive.file],
    ["if", drive.interface],
    ["media", drive.media],
    ["id", drive.id],
  ];
  if (drive.format) pairs.push(["format", drive.format]);
  if (drive.readOnly && drive.media === "disk") pairs.push(["readonly", "on"]);
  if (drive.snapshot) pairs.push(["snapshot", "on"]);
  if (drive.serial !== undefined) pairs.push(["serial", drive.serial]);
  if (drive.bootIndex !== undefined) pairs.push(["bootindex", String(drive.bootIndex)]);
  return printKeyValues(pairs);
}

const CDROM_ID = "cdrom0";

function isPlainCdrom(drive: DriveConfig): boolean {
  return drive.id === CDROM_ID && drive.media === "cdrom" && drive.bootIndex === undefined;
}

function parseDevice(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "driver");
  const driver = pairs.get("driver") ?? "";
  const known = DEVICE_PROPERTIES[driver];
  if (!known)
    throw new ConfigError(
      `-device ${driver} is not there yet: there are ${Object.keys(DEVICE_PROPERTIES).join(", ")}.`,
    );
  pairs.delete("driver");
  checkKeys(`-device ${driver}`, pairs, known);
  for (const port of ["iobase", "ioport"]) {
    const text = pairs.get(port);
    if (text !== undefined) parseNumber(`-device ${driver},${port}`, text, 0, 0xffff);
  }
  const driveId = pairs.get("drive");
  if (driver.startsWith("ide-")) {
    const drive = config.drives.find(({ id }) => id === driveId);
    if (!drive)
      throw new ConfigError(`-device ${driver} needs drive=ID of a -drive that comes before it.`);
    drive.interface = "ide";
    drive.media = driver === "ide-cd" ? "cdrom" : "disk";
    setBootIndex(drive, pairs);
    return;
  }
  if (driver === "VGA") config.vga = "std";
  else config.devices.push({ driver, properties: [...pairs] });
}

function parseSerial(config: MachineConfig, value: string): void {
  const target = value === "mon:stdio" ? "stdio" : value === "null" ? "none" : value;
  if (!["stdio", "none", "vc"].includes(target) && !/^file:./.test(target)) {
    throw new ConfigError(`-serial is stdio, file:PATH, vc or none, not "${value}".`);
  }
  if (config.serial.length === 4) throw new ConfigError("There are more than four serial ports.");
  config.serial.push(target);
}

function parseRtc(config: MachineConfig, value: string): void {
  const pairs = parseKeyValues(value, "base");
  checkKeys("-rtc", pairs, ["base", "clock", "driftfix"]);
  const base = pairs.get("base") ?? "utc";
  const time = Date.parse(
    /T|Z/.test(base) ? (/Z$/.test(base) ? base : `${base}Z`) : `${base}T00:00:00Z`,
  );
  if (base === "utc" || base === "localtime") config.rtcBase = base;
  else if (Number.isNaN(time))
    throw new ConfigError(`-rtc base is utc, localtime or a date, not "${base}".`);
  else config.rtcBase = time;
  parseChoice("-rtc clock", pairs.get("clock") ?? "host", ["host", "vm"]);
  parseChoice("-rtc driftfix", pairs.get("driftfix") ?? "none", ["none", "slew"]);
}

type TextKey = "name" | "kernel" | "initrd" | "append" | "bios";
type FlagKey = "nographic" | "noReboot" | "noShutdown" | "snapshot" | "noDefaults";

/** An option whose value is kept as it is. */
function textOption(
  key: TextKey,
  value: string,
  help: string,
  form: FormField,
  aliases: string[] = [],
): Option {
  return {
    key,
    aliases,
    value,
    help,
    form,
    parse: (config, text) => {
      config[key] = text;
    },
    print: (config) => (config[key] === "" ? [] : [config[key]]),
  };
}

/** An option that is there or not. */
function flagOption(key: string, field: FlagKey, help: string, form?: FormField): Option {
  return {
    key,
    help,
    form,
    parse: (config, value) => {
      config[field] = parseSwitch(`-${key}`, value);
    },
    print: (config) => (config[field] ? ["on"] : []),
  };
}

/** An option that says what is the case anyway. */
function acceptedOption(key: string, help: string): Option {
  return {
    key,
    help,
    parse: (_config, value) => void parseSwitch(`-${key}`, value),
    print: () => [],
  };
}

export const OPTIONS: readonly Option[] = [
  {
    key: "M",
    aliases: ["machine"],
    value: "q35[,accel=interp]",
    help: "the board",
    parse: parseMachine,
    print: () => [],
  },
  {
    key: "m",
    value: "SIZE",
    help: `memory, in MiB unless it says K, M or G; default ${printSize(defaultConfig().memory)}`,
    form: { label: "Memory" },
    parse: parseMemory,
    print: ({ memory }) => (memory === defaultConfig().memory ? [] : [printSize(memory)]),
  },
  {
    key: "smp",
    value: "N",
    help: "number of processors",
    parse: parseSmp,
    print: ({ cpuCount }) => (cpuCount === 1 ? [] : [String(cpuCount)]),
  },
  {
    key: "cpu",
    value: "MODEL[,vendor=NAME]",
    help: `processor: ${Object.keys(CPU_MODELS).join(", ")}; default ${defaultConfig().cpu}; ${CPU_VENDORS.join(" or ")}; MODEL,help lists its instructions`,
    form: { label: "Processor", choices: ["x86-64-v2", "x86-64-v3", "max"] },
    parse: parseCpu,
    print: ({ cpu, cpuVendor }) => {
      const { cpu: usual, cpuVendor: usualVendor } = defaultConfig();
      if (cpuVendor !== usualVendor) return [`${cpu},vendor=${cpuVendor}`];
      return cpu === usual ? [] : [cpu];
    },
  },
  {
    key: "accel",
    value: "interp",
    help: "how guest code runs",
    parse: (config, value) => {
      config.accel = parseChoice("-accel", value.split(",")[0], ["interp"]);
    },
    print: () => [],
  },
  {
    key: "boot",
    value: "[order=]LETTERS[,menu=on][,once=LETTERS]",
    help: "what to boot from: c disk, d CD-ROM",
    form: { label: "Boot order" },
    parse: parseBoot,
    print: ({ boot }) => {
      const pairs: [string, string][] = [];
      if (boot.order !== defaultConfig().boot.order) pairs.push(["order", boot.order]);
      if (boot.once) pairs.push(["once", boot.once]);
      if (boot.menu) pairs.push(["menu", "on"]);
      if (boot.splashTimeMs !== undefined) pairs.push(["splash-time", String(boot.splashTimeMs)]);
      if (boot.rebootTimeoutMs !== undefined)
        pairs.push(["reboot-timeout", String(boot.rebootTimeoutMs)]);
      return pairs.length === 0 ? [] : [printKeyValues(pairs)];
    },
  },
  {
    key: "cdrom",
    aliases: ["iso"],
    value: "FILE",
    help: "CD-ROM image",
    form: { label: "Disc", isFile: true },
    parse: (config, file) =>
      addDrive(config, {
        id: CDROM_ID,
        file,
        media: "cdrom",
        interface: "ide",
        readOnly: true,
        snapshot: false,
      }),
    print: ({ drives }) => drives.filter(isPlainCdrom).map(({ file }) => file),
  },
  {
    key: "drive",
    value: "file=FILE[,media=disk|cdrom][,if=ide|none][,id=ID]...",
    help: "a disk or CD-ROM; may be given several times",
    form: { label: "Drives", isList: true },
    parse: parseDrive,
    print: ({ drives }) => drives.filter((drive) => !isPlainCdrom(drive)).map(printDrive),
  },
  {
    key: "hda",
    value: "FILE",
    help: "disk image",
    form: { label: "Hard disk", isFile: true },
    parse: (config, file) =>
      addDrive(config, {
        id: "hda",
        file,
        media: "disk",
        interface: "ide",
        readOnly: false,
        snapshot: false,
      }),
    print: () => [],
  },
  {
    key: "device",
    value: "DRIVER[,KEY=VALUE]...",
    help: `adds a device: ${Object.keys(DEVICE_PROPERTIES).join(", ")}`,
    form: { label: "Devices", isList: true },
    parse: parseDevice,
    print: ({ devices }) =>
      devices.map(({ driver, properties }) =>
        [driver, ...properties.map((pair) => printKeyValues([pair]))].join(","),
      ),
  },
  textOption("kernel", "FILE", "Linux bzImage, Multiboot or PVH kernel, booted without firmware", {
    label: "Kernel",
    isFile: true,
  }),
  textOption("initrd", "FILE", "initial RAM disk, or Multiboot modules: FILE ARGUMENTS,FILE ...", {
    label: "Initial RAM disk",
    isFile: true,
  }),
  textOption("append", "TEXT", "kernel command line", { label: "Kernel command line" }, [
    "cmdline",
  ]),
  textOption("bios", "FILE", "firmware image instead of SeaBIOS", {
    label: "Firmware",
    isFile: true,
  }),
  {
    key: "serial",
    value: "stdio|file:PATH|vc|none",
    help: "where the next serial port goes; may be given several times",
    form: { label: "Serial ports", isList: true },
    parse: parseSerial,
    print: ({ serial }) => serial,
  },
  flagOption(
    "nographic",
    "nographic",
    "no display; the first serial port is standard input and output",
  ),
  {
    key: "display",
    value: "none|page",
    help: "where the screen is shown",
    parse: (config, value) => {
      config.display = parseChoice("-display", value, ["none", "page"]);
    },
    print: ({ display }) => (display === "page" ? [] : [display]),
  },
  {
    key: "vga",
    value: "std|none",
    help: "display adapter",
    form: { label: "Display adapter", choices: ["std", "none"] },
    parse: (config, value) => {
      config.vga = parseChoice("-vga", value, ["std", "none"] as const);
    },
    print: ({ vga }) => (vga === undefined ? [] : [vga]),
  },
  {
    key: "rtc",
    value: "base=utc|localtime|DATE",
    help: "what the real time clock says at start",
    form: { label: "Clock" },
    parse: parseRtc,
    print: ({ rtcBase }) => {
      if (rtcBase === "utc") return [];
      return [
        `base=${typeof rtcBase === "number" ? new Date(rtcBase).toISOString().slice(0, 19) : rtcBase}`,
      ];
    },
  },
  flagOption("no-reboot", "noReboot", "a reset ends the machine", { label: "Stop at reset" }),
  flagOption("no-shutdown", "noShutdown", "power off stops the machine and keeps it"),
  flagOption("snapshot", "snapshot", "disks forget what is written to them", {
    label: "Throw-away disks",
  }),
  flagOption("nodefaults", "noDefaults", "no devices that were not asked for"),
  textOption("name", "NAME", "what the machine is called", { label: "Name" }),
  {
    key: "d",
    value: "ITEM[,ITEM]...",
    help: `tell on standard error: ${DEBUG_ITEMS.join(", ")}`,
    parse: (config, value) => {
      config.debug = splitCommas(value).map((item) => parseChoice("-d", item, DEBUG_ITEMS));
    },
    print: ({ debug }) => (debug.length === 0 ? [] : [debug.join(",")]),
  },
  {
    key: "monitor",
    value: "none",
    help: "there is no monitor yet",
    parse: (_config, value) => void parseChoice("-monitor", value, ["none", "null"]),
    print: () => [],
  },
  acceptedOption("no-user-config", "accepted: there is none"),
  acceptedOption("show-cursor", "accepted: it is shown"),
];

const BY_NAME = new Map(
  OPTIONS.flatMap((option) => [option.key, ...(option.aliases ?? [])].map((key) => [key, option])),
);

function optionOf(name: string): Option {
  const option = BY_NAME.get(name);
  if (!option) throw new ConfigError(`There is no option "${name}".`);
  return option;
}

/** What belongs to the options together, checked once all of them are known. */
function finish(config: MachineConfig): MachineConfig {
  if (config.initrd && !config.kernel) throw new ConfigError("-initrd needs a -kernel.");
  if (config.append && !config.kernel) throw new ConfigError("-append needs a -kernel.");
  if (config.nographic) config.display = "none";
  return config;
}

/** Reads a command line (without the program's name). Both `-m` and `--m` work, as in QEMU. */
export function parseArguments(args: readonly string[]): MachineConfig {
  const config = defaultConfig();
  for (let i = 0; i < args.length; i++) {
    const text = args[i];
    if (!text.startsWith("-"))
      throw new ConfigError(`"${text}" is not an option: disks are given with -cdrom or -drive.`);
    const name = text.replace(/^--?/, "");
    if (!BY_NAME.has(name)) throw new ConfigError(`There is no option ${text}: see --help.`);
    const option = optionOf(name);
    if (option.value === undefined) {
      option.parse(config, "on");
    } else {
      if (i + 1 === args.length) throw new ConfigError(`${text} needs a value: ${option.value}.`);
      option.parse(config, args[++i]);
    }
  }
  return finish(config);
}

/** The command line that gives this configuration. */
export function printArguments(config: MachineConfig): string[] {
  return OPTIONS.flatMap((option) =>
    option
      .print(config)
      .flatMap((value) =>
        option.value === undefined ? [`-${option.key}`] : [`-${option.key}`, value],
      ),
  );
}

/** Reads the query of a URL; `ignored` keys belong to the page. */
export function parseQuery(
  query: URLSearchParams,
  ignored: readonly string[] = [],
  base = defaultConfig(),
): MachineConfig {
  for (const [key, value] of query) {
    if (ignored.includes(key)) continue;
    if (!BY_NAME.has(key))
      throw new ConfigError(`The address has "${key}", which is no option of the machine.`);
    optionOf(key).parse(base, value === "" && optionOf(key).value === undefined ? "on" : value);
  }
  return finish(base);
}

export function printQuery(config: MachineConfig): URLSearchParams {
  const query = new URLSearchParams();
  for (const option of OPTIONS) {
    for (const value of option.print(config)) query.append(option.key, value);
  }
  return query;
}

/** The list of options for --help. */
export function helpText(): string {
  const lines = OPTIONS.map((option) => {
    const usage = `-${option.key}${option.value === undefined ? "" : ` ${option.value}`}`;
    return `  ${usage.padEnd(28)} ${option.help}`;
  });
  return lines.join("\n");
}
