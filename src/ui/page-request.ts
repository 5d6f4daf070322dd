/**
 * What the page is asked to run: a preset by name (`?vm=tiny`), options of the machine by QEMU's names
 * (`?m=1G&boot=d`, one table with the command line: machine/options.ts) and files chosen on this
 * computer. The first two travel in the address; files stay here.
 */
import type { MachineConfig } from "../machine/config";
import { ConfigError } from "../machine/keyval";
import { OPTIONS, parseQuery } from "../machine/options";

export interface Preset {
  title: string;
  text: string;
  /** Bytes to load before it starts. */
  size: number;
  /** Options by name. */
  config: Record<string, string>;
}

export type Presets = Record<string, Preset>;

const PRESET_KEY = "vm";
const CDROM_KEY = "cdrom";

const KEY_ORDER = new Map(OPTIONS.map((option, index) => [option.key, index]));
const KEY_OF_ALIAS = new Map(
  OPTIONS.flatMap((option) => (option.aliases ?? []).map((alias) => [alias, option.key] as const)),
);

export class PageRequest {
  /** Options that differ from the preset, or from the defaults. */
  options = new URLSearchParams();
  presetName: string | undefined;
  /** Chosen files by the name that options have for them. */
  readonly files = new Map<string, File>();

  constructor(private readonly presets: Presets) {}

  /** Takes over a query; `problem` is one sentence when it cannot be used. */
  static read(
    query: URLSearchParams,
    presets: Presets,
  ): { request: PageRequest; problem?: string } {
    const request = new PageRequest(presets);
    try {
      const name = query.get(PRESET_KEY);
      if (name !== null) request.choosePreset(name);
      for (const [key, value] of query) {
        if (key !== PRESET_KEY) request.options.append(KEY_OF_ALIAS.get(key) ?? key, value);
      }
      request.config();
      return { request };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { request: new PageRequest(presets), problem: error.message };
    }
  }

  choosePreset(name: string): void {
    if (!Object.hasOwn(this.presets, name)) {
      const known = Object.keys(this.presets).join(", ") || "none";
      throw new ConfigError(`There is no built-in machine "${name}": there is ${known}.`);
    }
    this.presetName = name;
  }

  get preset(): Preset | undefined {
    return this.presetName === undefined ? undefined : this.presets[this.presetName];
  }

  values(key: string): string[] {
    return this.options.getAll(key);
  }

  /** Sets all values of an option; none removes it. */
  set(key: string, values: string[]): void {
    const entries = [...this.options].filter(([other]) => other !== key);
    for (const value of values) if (value !== "") entries.push([key, value]);
    // In the table's order: a -device may name a -drive.
    entries.sort(([a], [b]) => (KEY_ORDER.get(a) ?? 0) - (KEY_ORDER.get(b) ?? 0));
    this.options = new URLSearchParams(entries);
  }

  /** Keeps a chosen file and gives the name under which options can speak of it. */
  addFile(file: File): string {
    this.files.set(file.name, file);
    return file.name;
  }

  /** The disc to boot from. */
  chooseDisc(file: File): void {
    this.presetName = undefined;
    this.set(CDROM_KEY, [this.addFile(file)]);
  }

  /** Throws a ConfigError, with one sentence, for options that cannot be used. */
  config(): MachineConfig {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(this.preset?.config ?? {})) {
      // An option that can be given once replaces the preset's.
      if (!this.options.has(key)) query.append(key, value);
    }
    for (const [key, value] of this.options) query.append(key, value);
    const config = parseQuery(query);
    addEmptyDrive(config);
    return config;
  }

  /** There is something to boot without a further choice. */
  get isComplete(): boolean {
    const config = this.config();
    return config.kernel !== "" || config.drives.some(({ file }) => file !== "");
  }

  /** What the machine is called in the title. */
  get title(): string {
    const config = this.config();
    if (config.name) return config.name;
    if (this.preset) return this.preset.title;
    const medium = config.drives.find(({ file }) => file !== "")?.file ?? config.kernel;
    return medium.split("/").pop() || "PC";
  }

  /** The query that asks for the same; files of this computer are left out. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    if (this.presetName !== undefined) query.set(PRESET_KEY, this.presetName);
    for (const [key, value] of this.options) {
      if (!this.files.has(value) && !this.files.has(fileOf(value))) query.append(key, value);
    }
    return query;
  }

  /** Files that the address cannot carry. */
  get localFiles(): string[] {
    const values = [...this.options.values()];
    return [...this.files.keys()].filter((name) =>
      values.some((value) => value === name || fileOf(value) === name),
    );
  }
}

function fileOf(value: string): string {
  return /(?:^|,)file=([^,]*)/.exec(value)?.[1] ?? "";
}

/** As on q35, there is a CD-ROM drive even when nothing is in it: a disc can be put in later. */
function addEmptyDrive(config: MachineConfig): void {
  const { drives } = config;
  if (config.noDefaults || drives.length === 6 || drives.some(({ media }) => media === "cdrom"))
    return;
  drives.push({
    id: "cdrom0",
    file: "",
    media: "cdrom",
    interface: "ide",
    readOnly: true,
    snapshot: false,
  });
}
