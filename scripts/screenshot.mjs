// Makes public/screenshot.png, the picture in the README: the page in Chromium with the boot menu of the
// Arch-like ISO.
//
//   node scripts/screenshot.mjs

import { statSync } from "node:fs";
import { join } from "node:path";
import { cachePath, isMain, main, repoRoot, SetupError, say, step } from "./cache.mjs";
import { CHROMIUM, withPage } from "./chromium.mjs";
import { ensureTools } from "./packages.mjs";
import { buildImages, checkNode, compileCore, installPackages } from "./setup.mjs";

/** The menu's graphics mode is there and has been for a while: it draws itself within a second or two, and the
 * page's hint about the keyboard goes away. */
async function menuShown(page) {
  await page.waitForFunction(
    () => window.longmode?.machine?.screen.pixels()?.width >= 640,
    undefined,
    { timeout: 120_000 },
  );
  await page.waitForTimeout(9000);
}

async function screenshot() {
  checkNode();
  await installPackages();
  await ensureTools({ [CHROMIUM]: "chromium" });
  await compileCore();
  const missing = await buildImages(["firmware", "iso"]);
  if (missing.length > 0) throw new SetupError(missing.join("\n"));
  const path = join(repoRoot, "public/screenshot.png");
  await withPage(
    {},
    async (page) => {
      await page.setInputFiles("#iso-file", cachePath("guests/arch-like/arch-like.iso"));
      await step("boot menu", () => menuShown(page));
      await page.screenshot({ path });
    },
    { viewport: { width: 1000, height: 720 }, colorScheme: "dark" },
  );
  say(`public/screenshot.png: ${Math.round(statSync(path).size / 1024)} KiB`);
}

if (isMain(import.meta.url)) await main(screenshot);
