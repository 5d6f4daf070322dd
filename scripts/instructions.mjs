// `npm run instructions`: writes asm/instructions.md, the table of what the processor implements.

import { buildCore } from "./build-core.mjs";
import { isMain, main } from "./cache.mjs";
import { importTypeScript } from "./typescript.mjs";

async function instructions() {
  const wasm = await buildCore();
  const { writeTable } = await importTypeScript("test/cpu/table.ts");
  await writeTable(wasm);
}

if (isMain(import.meta.url)) await main(instructions);
