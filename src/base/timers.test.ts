import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerQueue } from "./timers";

function queue() {
  const time = { now: 0 };
  return { time, timers: new TimerQueue(() => time.now), fired: [] as number[] };
}

test("due timers fire in order of time, then of creation", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
      const { time, timers } = queue();
      const fired: [number, number][] = [];
      times.forEach((at, index) => void timers.at(at, () => fired.push([at, index])));
      time.now = 20;
      timers.poll();
      const expected = times
        .map((at, index): [number, number] => [at, index])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(fired).toEqual(expected);
    }),
  );
});

test("a timer does not fire before its time", () => {
  const { time, timers, fired } = queue();
  timers.at(10, () => fired.push(10));
  time.now = 9;
  timers.poll();
  expect(fired).toEqual([]);
  expect(timers.nextNs).toBe(10);
});

test("a cancelled timer does not fire and does not keep anyone awake", () => {
  const { time, timers, fired } = queue();
  timers.at(5, () => fired.push(5)).cancel();
  time.now = 10;
  timers.poll();
  expect(fired).toEqual([]);
  expect(timers.nextNs).toBe(Number.POSITIVE_INFINITY);
});

test("a timer made in a callback for the present fires in the same poll", () => {
  const { time, timers, fired } = queue();
  timers.at(1, () => timers.at(1, () => fired.push(2)));
  time.now = 1;
  timers.poll();
  expect(fired).toEqual([2]);
});

test("a device that re-arms in the past does not hang the poll", () => {
  const { time, timers } = queue();
  const again = () => void timers.at(0, again);
  again();
  time.now = 1;
  timers.poll();
  expect(timers.nextNs).toBe(0);
});
