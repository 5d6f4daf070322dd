/**
 * The soak, bounded for `npm test`: half a minute each of the GRUB disc and the arch-like ISO's menu and
 * first steps, with short cycles. `npm run soak` runs the ISO for as long as it is told, through the same file:
 *
 *   LONGMODE_SOAK = { "seconds": 600, "seed": 1, "guest": "arch" }
 */
import { beforeAll, describe, expect, test } from "vitest";
import { buildCore } from "../../scripts/build-core.mjs";
import { buildCli } from "../../scripts/vm.mjs";
import { archOptions, literally, smokeOptions, tinyOptions } from "./guests";
import { growth, Soak, type SoakGuest } from "./soak";

const MIB = 2 ** 20;

const GUESTS: Record<string, SoakGuest> = {
  arch: { args: archOptions().args, isUp: /Arch-like test ISO/, cycle: [5, 200] },
  grub: { args: smokeOptions("grub", 128), isUp: /GNU GRUB/, cycle: [0.5, 5] },
  tiny: {
    args: tinyOptions().args,
    isUp: literally(tinyOptions().ready),
    cycle: [1, 30],
  },
};

interface Wanted {
  seconds: number;
  seed: number;
  guest: string;
}

async function soak(
  { seconds, seed, guest }: Wanted,
  report?: (line: string) => void,
): Promise<void> {
  const { samples, ...sums } = await new Soak(GUESTS[guest], seed, report).run(seconds);
  report?.(JSON.stringify({ guest, seed, ...sums }));
  if (samples.length < 6) return; // too few to tell
  expect(growth(samples, "own")).toBeLessThan(64 * MIB);
  expect(growth(samples, "heap")).toBeLessThan(8 * MIB);
  expect(growth(samples, "handles")).toBeLessThan(4);
}

// Building takes a part of no soak.
beforeAll(async () => {
  await buildCore({ say: () => {} });
  await buildCli(() => {});
});

const wanted = process.env.LONGMODE_SOAK;
if (wanted) {
  const long: Wanted = JSON.parse(wanted);
  test(
    `${long.seconds} seconds of ${long.guest}`,
    () => soak(long, console.log),
    (long.seconds + 600) * 1000,
  );
} else {
  describe("random input and resets neither hang nor leak", () => {
    test("in GRUB", () => soak({ seconds: 25, seed: 1, guest: "grub" }));
    test("in the ISO's menu and behind it", () => {
      GUESTS.arch.cycle = [2, 8];
      return soak({ seconds: 35, seed: 2, guest: "arch" });
    });
  });
}
