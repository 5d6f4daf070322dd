/**
 * QEMU's option syntax: "first,key=value,flag=on". A comma inside a value is doubled. The first element
 * without "=" belongs to the option's implied key; later ones without "=" are switched on.
 */

/** A value the person gave cannot be used; the message is one sentence for them. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type KeyValues = Map<string, string>;

export function parseKeyValues(text: string, impliedKey?: string): KeyValues {
  const pairs: KeyValues = new Map();
  splitCommas(text).forEach((element, index) => {
    if (element === "") return;
    const equals = element.indexOf("=");
    if (equals >= 0) pairs.set(element.slice(0, equals), element.slice(equals + 1));
    else if (index === 0 && impliedKey) pairs.set(impliedKey, element);
    else pairs.set(element, "on");
  });
  return pairs;
}

/** Splits at single commas; doubled ones become one. */
export function splitCommas(text: string): string[] {
  return text
    .replaceAll(",,", "\0")
    .split(",")
    .map((element) => element.replaceAll("\0", ","));
}

export function printKeyValues(pairs: Iterable<[string, string]>): string {
  return [...pairs].map(([key, value]) => `${key}=${value.replaceAll(",", ",,")}`).join(",");
}

/** Refuses keys that the option does not have. */
export function checkKeys(option: string, pairs: KeyValues, known: readonly string[]): void {
  for (const key of pairs.keys()) {
    if (!known.includes(key)) {
      throw new ConfigError(`${option} has no "${key}": it takes ${known.join(", ")}.`);
    }
  }
}

export function parseSwitch(option: string, value: string): boolean {
  if (["on", "yes", "true", "1"].includes(value)) return true;
  if (["off", "no", "false", "0"].includes(value)) return false;
  throw new ConfigError(`${option} is "on" or "off", not "${value}".`);
}

export function parseChoice<T extends string>(
  option: string,
  value: string,
  choices: readonly T[],
): T {
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw new ConfigError(`${option} is one of ${choices.join(", ")}, not "${value}".`);
}

export function parseNumber(option: string, value: string, min: number, max: number): number {
  const number = /^(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new ConfigError(`${option} is a number from ${min} to ${max}, not "${value}".`);
  }
  return number;
}

const UNITS: Record<string, number> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** "512", "512M", "1.5G": bytes, a bare number in units of `defaultUnit`. */
export function parseSize(option: string, value: string, defaultUnit: "b" | "m" = "m"): number {
  const match = /^(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/i.exec(value);
  if (!match) throw new ConfigError(`${option} is a size such as 512M or 2G, not "${value}".`);
  return Math.floor(Number(match[1]) * UNITS[match[2].toLowerCase() || defaultUnit]);
}

export function printSize(bytes: number): string {
  for (const [suffix, unit] of [
    ["G", 2 ** 30],
    ["M", 2 ** 20],
    ["K", 2 ** 10],
  ] as const) {
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  }
  return `${bytes}B`;
}
