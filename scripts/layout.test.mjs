import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fieldsOf, generate, OUTPUT } from "./layout.mjs";

test("the committed layout is the one the sources give", () => {
  expect(readFileSync(OUTPUT, "utf8")).toBe(generate());
});

test("fields are aligned to their own size, and the struct to its widest field", () => {
  const text =
    "@unmanaged\nexport class S {\n  a: u8;\n  b: u32; // why\n  c: u16;\n  d: f64;\n  e: u8;\n}\n";
  expect(fieldsOf(text, "S")).toEqual({
    fields: [
      { name: "a", offset: 0 },
      { name: "b", offset: 4 },
      { name: "c", offset: 8 },
      { name: "d", offset: 16 },
      { name: "e", offset: 24 },
    ],
    size: 32,
  });
});
