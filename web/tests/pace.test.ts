import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, begin, failed, wait, woken } from "../src/logic/pace.ts";

const HOUR = 3_600_000;

/** How many questions an hour takes in which nothing happens after `from`. */
function questions(from: number, until: number, happens: boolean): number {
  let pace = begin(from);
  let asked = 0;
  for (let now = from; now < until; now += wait(pace, now, false)!) {
    pace = answered(pace, now, happens);
    asked += 1;
  }
  return asked;
}

test("it asks every second while something happens", () => {
  assert.equal(questions(0, 60_000, true), 60);
});

test("it asks every 5 seconds after 15 quiet ones, and every 15 after two minutes", () => {
  const pace = begin(0);
  assert.deepEqual(
    [0, 14_999, 15_000, 119_999, 120_000, HOUR].map((now) => wait(pace, now, false)),
    [1000, 1000, 5000, 5000, 15_000, 15_000],
  );
  assert.equal(questions(120_000, 180_000, true), 60);
});

test("a minute of an idle page takes four questions", () => {
  let pace = begin(0);
  let asked = 0;
  for (let now = 600_000; now < 660_000; now += wait(pace, now, false)!) {
    pace = answered(pace, now, false);
    asked += 1;
  }
  assert.equal(asked, 4);
});

test("it asks nothing while the page is hidden", () => {
  assert.equal(wait(begin(0), 0, true), null);
  assert.equal(wait(failed(begin(0)), 0, true), null);
});

test("it waits longer after each failure, half a minute at most, and not after an answer", () => {
  let pace = begin(0);
  const waits = Array.from({ length: 20 }, () => wait((pace = failed(pace)), 0, false)!);
  assert.deepEqual([waits[0], waits[1], waits[19]], [1000, 1300, 30_000]);
  assert.ok(waits.every((it, index) => index === 0 || it > waits[index - 1]! || it === 30_000));
  assert.equal(wait(answered(pace, 5, false), 5, false), 1000);
});

test("after an outage of half a minute the page is back within ten seconds", () => {
  let [pace, now, longest] = [begin(0), 0, 0];
  while (now < 30_000) {
    pace = failed(pace);
    longest = wait(pace, now, false)!;
    now += longest;
  }
  assert.ok(now - 30_000 <= 10_000 && longest <= 10_000);
});

test("it looks closely again when the operator comes back", () => {
  assert.equal(wait(woken(begin(0), HOUR), HOUR, false), 1000);
});
