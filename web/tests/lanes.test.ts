import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Lane } from "../src/api.ts";
import { clocksApart, draw, LANES, scale, versionAt } from "../src/logic/lanes.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

function entry(lane: Lane, seconds: number, ends: number | null = null): Entry {
  const at = (offset: number) => new Date(START + offset * 1000).toISOString();
  return {
    lane, at: at(seconds), title: "t", id: `${lane}${seconds}`, version: null, causation_id: null,
    status: null, ends_at: ends === null ? null : at(ends), detail: {},
  };
}

const width = () => 80;

test("an order that was placed today and shipped tomorrow is in view at once", () => {
  const drawing = draw([entry("api", 0), entry("store", 0.1), entry("notifications", 90_000)], 700, width);
  assert.ok(drawing.width <= 700);
  assert.deepEqual(drawing.pauses.map((pause) => pause.milliseconds), [89_999_900]);
});

test("moments keep their order, and no two are on one another", () => {
  for (const room of [100, 700]) {
    const moments = scale([0, 1, 2, 500, 501, 99_000, 10_000_000].map((it) => START + it), room);
    for (const [index, moment] of moments.slice(1).entries()) assert.ok(moment.x - moments[index]!.x >= 7);
  }
});

test("pauses of like length are drawn alike, and a longer one is not shorter", () => {
  const [a, b, c, d] = scale([0, 100, 200, 400], 300).map((moment) => moment.x) as [number, number, number, number];
  assert.ok(Math.abs(b - a - (c - b)) < 0.01 && d - c > c - b);
});

test("what overlaps in a lane has rows of its own, and a row is used again", () => {
  const entries = [entry("saga", 0, 10), entry("saga", 0.001), entry("saga", 5000)];
  const lane = draw(entries, 900, width).lanes.find((it) => it.lane === "saga")!;
  assert.deepEqual(lane.entries.map((it) => it.row), [0, 1, 0]);
  assert.ok(lane.entries[0]!.end > lane.entries[0]!.x);
});

test("all lanes are there, also those in which nothing happened", () => {
  assert.deepEqual(draw([], 500, width).lanes.map((it) => [it.lane, it.rows]), LANES.map((lane) => [lane, 1]));
});

test("an entry without a time is left out, and one that ends before it began has no length", () => {
  const [never, backwards] = [{ ...entry("log", 0), at: "never" }, entry("saga", 10, 5)];
  const drawing = draw([never, backwards, entry("saga", 0)], 500, width);
  const placed = drawing.lanes.flatMap((lane) => lane.entries);
  assert.equal(placed.length, 2);
  assert.ok(placed.every((it) => it.end >= it.x));
});

test("the version at a moment is the newest of those before it", () => {
  const states = [{ version: 1, at: "2026-01-01T00:00:00Z" }, { version: 2, at: "2026-01-01T00:00:05Z" }];
  assert.deepEqual([START - 1, START, START + 4999, START + 5000].map((at) => versionAt(states, at)), [null, 1, 1, 2]);
});

test("clocks that differ show where something is told before its cause, or ends before it began", () => {
  const placed = { ...entry("store", 0), id: "placed" };
  const caused = (seconds: number, ends: number | null = null) => ({ ...entry("saga", seconds, ends), causation_id: "placed" });
  assert.equal(clocksApart([placed, caused(0.3, 0.5)]), null);
  assert.equal(clocksApart([placed, caused(-0.9, 0)]), null); // no clock is quite right
  assert.equal(clocksApart([placed, caused(-90, -89.8)])?.milliseconds, 90_000);
  assert.equal(clocksApart([placed, caused(2, -5), caused(-1)])?.milliseconds, 7000);
  assert.equal(clocksApart([caused(-90)]), null); // its cause is not told
});
