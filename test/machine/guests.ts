/** The guests that scripts/guests.mjs builds, as options of the machine and what to expect from them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cachePath } from "../../scripts/cache.mjs";

function manifest(guest: string) {
  return JSON.parse(readFileSync(join(cachePath("guests", guest), "manifest.json"), "utf8"));
}

export function guestFile(guest: string, name: string): string {
  return join(cachePath("guests", guest), name);
}

/** Options that boot the small Linux; its shell is on the screen and on the first serial port. */
export function tinyOptions(extraCmdline = ""): { args: string[]; ready: string; prompt: string } {
  const { kernel, initrd, cmdline, ready, prompt } = manifest("tiny");
  const args = [
    "-m",
    "256",
    "-kernel",
    guestFile("tiny", kernel),
    "-initrd",
    guestFile("tiny", initrd),
  ];
  return { args: [...args, "-append", `${cmdline} ${extraCmdline}`.trim()], ready, prompt };
}

export function archOptions(): {
  args: string[];
  prompt: string;
  entries: string[];
  release: string;
} {
  const { iso, prompt, menu, release } = manifest("arch-like");
  return {
    args: ["-m", "1024", "-cdrom", guestFile("arch-like", iso), "-boot", "d"],
    prompt,
    entries: menu.entries,
    release,
  };
}

/** The small guests without a Linux: "memtest" and "grub". */
export function smokeOptions(name: "memtest" | "grub", megabytes: number): string[] {
  const { iso } = manifest("smoke")[name];
  return ["-m", String(megabytes), "-cdrom", guestFile("smoke", iso), "-boot", "d"];
}

/** A string as a pattern that means itself. */
export function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}
