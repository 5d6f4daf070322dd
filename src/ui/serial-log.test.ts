import { expect, it, vi } from "vitest";
import { SerialLog } from "./serial-log";

const bytes = (text: string) => new TextEncoder().encode(text);

it("puts characters together whose bytes come apart", () => {
  const log = new SerialLog();
  const [first, second] = [bytes("é").slice(0, 1), bytes("é").slice(1)];
  expect(log.add(first)).toBe("");
  expect(log.add(second)).toBe("é");
});

it("lets each wait begin after what the last one matched", async () => {
  const log = new SerialLog();
  log.add(bytes("boot\n# "));
  expect((await log.wait(/# $/, 1000)).index).toBe(5);
  const next = log.wait(/(\w+)\r\n# $/, 1000);
  log.add(bytes("uname\r\nx86_64\r\n"));
  log.add(bytes("# "));
  expect((await next)[1]).toBe("x86_64");
});

it("says what there was when nothing matched in time", async () => {
  vi.useFakeTimers();
  const log = new SerialLog();
  log.add(bytes("Kernel panic"));
  const wait = expect(log.wait(/login:/, 5000)).rejects.toThrow(
    /login:\/ in 5 s; it ends with "Kernel panic"/,
  );
  await vi.advanceTimersByTimeAsync(5000);
  await wait;
  vi.useRealTimers();
});

it("keeps the end of a long talk, and waits go on across the cut", async () => {
  const log = new SerialLog();
  const wait = log.wait(/done/, 1000);
  for (let i = 0; i < 40; i++) log.add(bytes("x".repeat(65536)));
  log.add(bytes("done"));
  await wait;
  expect(log.text.length).toBeLessThan(1.3 * 2 ** 20);
  expect(log.text.endsWith("done")).toBe(true);
});
