import assert from "node:assert/strict";
import { test } from "node:test";
import type { Activity, Pulse } from "../src/api.ts";
import { EMPTY, Minute, take, type Feed } from "../src/logic/activity.ts";

function message(number: number): Activity {
  return {
    id: `m-${number}`, type: "OrderPlaced", kind: "event", service: "orders", order_id: null, version: 1,
    occurred_at: "2026-01-01T00:00:00Z", recorded_at: "2026-01-01T00:00:00Z", correlation_id: "c",
    causation_id: null, outcome: null, reason: null,
  };
}

function pulse(numbers: number[], more: Partial<Pulse> = {}): Pulse {
  return {
    as_of: "2026-01-01T00:00:00Z", cursor: `after ${numbers.at(-1)}`, activity: numbers.map(message), left_out: 0,
    counts: {}, gap: false, environment: "dev", operator: { name: "o", may_operate: false }, ...more,
  };
}

const empty = (): Feed => ({ ...EMPTY, seen: new Set() });
const numbers = (feed: Feed) => feed.shown.map((it) => Number(it.id.slice(2)));

test("what is told twice is shown once, also within one answer", () => {
  let { feed } = take(empty(), pulse([1, 2]));
  const second = take(feed, pulse([2, 3, 3, 1, 4]));
  assert.deepEqual(second.fresh.map((it) => it.id), ["m-3", "m-4"]);
  assert.deepEqual(numbers(second.feed), [1, 2, 3, 4]);
  assert.equal(second.feed.told, 4);
});

test("an outage loses nothing: the same question is asked again and answered with all of it", () => {
  let { feed } = take(empty(), pulse([1]));
  assert.equal(feed.cursor, "after 1");
  // The answer to `after 1` never came; the next one tells what happened meanwhile too.
  ({ feed } = take(feed, pulse([2, 3, 4, 5])));
  assert.deepEqual(numbers(feed), [1, 2, 3, 4, 5]);
});

test("10,000 messages take no more room than a few hundred", () => {
  let feed = empty();
  for (let first = 0; first < 10_000; first += 200) {
    ({ feed } = take(feed, pulse(Array.from({ length: 200 }, (_, index) => first + index))));
  }
  assert.equal(feed.shown.length, 300);
  assert.equal(feed.seen.size, 5000);
  assert.equal(feed.told, 10_000);
  assert.equal(numbers(feed).at(-1), 9999);
  assert.ok(feed.seen.has("m-9999") && !feed.seen.has("m-1"), "the oldest are forgotten");
});

test("messages of a burst that are not told are counted, and what the first answer leaves out is not", () => {
  let { feed } = take(empty(), pulse([1], { left_out: 70 }));
  assert.equal(feed.leftOut, 0);
  ({ feed } = take(feed, pulse([2], { left_out: 800 })));
  assert.deepEqual([feed.leftOut, feed.told], [800, 802]);
});

test("a gap is remembered", () => {
  let { feed } = take(empty(), pulse([1], { gap: true }));
  assert.equal(feed.gap, false);
  ({ feed } = take(feed, pulse([2], { gap: true })));
  ({ feed } = take(feed, pulse([3])));
  assert.equal(feed.gap, true);
});

test("a minute counts by name and second, and forgets what is older", () => {
  const minute = new Minute();
  minute.add(100, "orders", 3);
  minute.add(130, "orders");
  minute.add(130, "payments", 2);
  assert.deepEqual([minute.total(130), minute.total(130, "orders"), minute.total(160, "orders"), minute.total(200)], [6, 4, 1, 0]);
  assert.deepEqual(minute.line(130).slice(-1), [3]);
  assert.equal(minute.line(130).length, 60);
  assert.equal(minute.line(130)[29], 3);
});
