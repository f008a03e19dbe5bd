import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log, LogRecord, LogShard } from "../src/api.ts";
import * as tails from "../src/logic/tail.ts";
import { EMPTY, HELD, KEPT, take, type Tail } from "../src/logic/tail.ts";

const [ZERO, ONE, TWO] = ["shardId-000000000000", "shardId-000000000001", "shardId-000000000012"] as const;
const AT = Date.parse("2026-12-01T12:00:00Z");

function record(number: number, more: Partial<LogRecord> = {}): LogRecord {
  return {
    sequence: `4966852394051234567890123456789${String(number).padStart(9, "0")}`,
    arrived_at: new Date(AT + number).toISOString(), size: 640, problem: null, event_id: `e-${number}`, type: "OrderPlaced",
    service: "orders", order_id: "5eb1a7e5-0000-4000-8000-000000000001", version: 1, occurred_at: null, fields: {}, ...more,
  };
}

const open = (shard: string, parents: string[] = []): LogShard => ({ shard, parents, open: true });
const closed = (shard: string): LogShard => ({ shard, parents: [], open: false });

function answer(shard: string | null, numbers: number[], more: Partial<Log> = {}): Log {
  return {
    as_of: "2026-12-01T12:00:30.000Z", shards: [open(ZERO)], shard, records: numbers.map((it) => record(it)),
    cursor: shard && `after ${numbers.at(-1)}`, behind_ms: 0, read: shard !== null, wait_ms: 2000, ...more,
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const numbers = (tail: Tail) => tail.rows.map((it) => Number(it.sequence.slice(-9)));
const begun = () => take(EMPTY, answer(null, []));
const query = (tail: Tail) => Object.fromEntries(new URLSearchParams(tails.question(tail).path.split("?")[1] ?? ""));

test("first the shards are asked for, then their records, then what came after", () => {
  assert.equal(tails.question(EMPTY).path, "v1/log");
  const tail = begun();
  assert.deepEqual(query(tail), { shard: ZERO });
  assert.deepEqual(query(take(tail, answer(ZERO, [1, 2]))), { shard: ZERO, after: "after 2" });
});

test("shards take turns, and a question that was not its turn is asked again before others are twice", () => {
  const shards = [open(ZERO), open(ONE)];
  let tail = take(EMPTY, answer(null, [], { shards }));
  const asked: string[] = [];
  for (const _ of range(0, 4)) {
    const { shard } = tails.question(tail);
    asked.push(shard!);
    tail = take(tail, answer(shard, [], { shards }));
  }
  assert.deepEqual(asked, [ZERO, ONE, ZERO, ONE]);
  tail = take(tail, answer(ZERO, [], { shards, read: false, cursor: "same" }));
  assert.equal(tails.question(tail).shard, ZERO);
});

test("records of several shards are one list by arrival", () => {
  const shards = [open(ZERO), open(ONE)];
  let tail = take(EMPTY, answer(null, [], { shards }));
  tail = take(tail, answer(ZERO, [1, 4], { shards }));
  tail = take(tail, answer(ONE, [2, 3], { shards }));
  assert.deepEqual(numbers(tail), [1, 2, 3, 4]);
});

test("a place that has expired is found again by the last record, which is shown once", () => {
  let tail = tails.lost(take(begun(), answer(ZERO, [1, 2])), ZERO);
  assert.deepEqual(query(tail), { shard: ZERO, since: record(2).arrived_at });
  tail = take(tail, answer(ZERO, [2, 3]));
  assert.deepEqual(numbers(tail), [1, 2, 3]);
  assert.deepEqual(tail.notes, [], "nothing is missing");
});

test("a quiet shard whose place has expired goes on from when it was read last", () => {
  const tail = tails.lost(take(begun(), answer(ZERO, [])), ZERO);
  assert.deepEqual(query(tail), { shard: ZERO, since: "2026-12-01T12:00:25.000Z" });
  const behind = tails.lost(take(begun(), answer(ZERO, [], { behind_ms: 9 })), ZERO);
  assert.equal(query(behind)["since"], undefined, "what was not read yet is not skipped");
  assert.match(behind.notes[0]!, /15 minutes/);
});

test("what comes while it is paused waits, is counted, and is shown when it goes on", () => {
  let tail = tails.paused(take(begun(), answer(ZERO, [1])));
  tail = take(tail, answer(ZERO, range(2, 1002)));
  assert.deepEqual([tail.rows.length, tail.came, tail.cut], [1, 1000, 0]);
  tail = tails.resumed(tail);
  assert.deepEqual([tail.rows.length, tail.came, tail.notes.length], [1001, 0, 0]);
});

test("of more than can be held while it is paused the oldest are cut, and that is said", () => {
  let tail = tails.paused(begun());
  for (const part of range(0, 5)) tail = take(tail, answer(ZERO, range(part * 500, part * 500 + 500)));
  assert.deepEqual([tail.came, tail.cut, tail.held.length], [2500, 500, HELD]);
  tail = tails.resumed(tail);
  assert.match(tail.notes[0]!, /2,500 records came .* the oldest 500 of them are not in it/);
  assert.equal(numbers(tail)[0], 500);
});

test("10,000 records take no more room than the page keeps", () => {
  let tail = begun();
  for (const part of range(0, 20)) tail = take(tail, answer(ZERO, range(part * 500, part * 500 + 500)));
  assert.deepEqual([tail.rows.length, tail.told, numbers(tail).at(-1)], [KEPT, 10_000, 9999]);
});

test("a shard that is split is read to its end, and then those that it was split into", () => {
  let tail = take(begun(), answer(ZERO, [1]));
  const shards = [closed(ZERO), open(ONE, [ZERO]), open(TWO, [ZERO])];
  tail = take(tail, answer(ZERO, [2], { shards, cursor: null }));
  assert.equal(tails.fate(tail.shards, tail.shards[0]!), "split into 1 and 12");
  assert.deepEqual(query(tail), { shard: ONE });
  tail = take(tail, answer(ONE, [3], { shards }));
  tail = take(tail, answer(TWO, [4], { shards }));
  assert.deepEqual(query(tail), { shard: ONE, after: "after 3" });
  assert.deepEqual(numbers(tail), [1, 2, 3, 4]);
});

test("shards that are merged say with which, and what was closed before the page began is not read", () => {
  const shards = [closed(ZERO), closed(ONE), open(TWO, [ZERO, ONE])];
  const tail = take(EMPTY, answer(null, [], { shards }));
  assert.equal(tails.fate(shards, shards[0]!), "merged with 1 into 12");
  assert.equal(tails.fate(shards, shards[2]!), "open");
  assert.deepEqual(query(tail), { shard: TWO });
});

test("a shard that the log has no more is not asked for again", () => {
  const tail = tails.gone(begun(), ZERO);
  assert.equal(tails.question(tail).path, "v1/log");
  assert.match(tail.notes[0]!, /not in the log any more/);
});

test("a jump to the newest says what is skipped", () => {
  const late = take(begun(), answer(ZERO, [1], { behind_ms: 60_000 }));
  assert.equal(tails.behind(late), 60_000);
  const tail = tails.jumped(late);
  assert.deepEqual(query(tail), { shard: ZERO, since: "2026-12-01T12:00:25.000Z" });
  assert.match(tail.notes[0]!, /Skipped.*shard 0 from 12:00:00.001 to 12:00:25.000/);
  assert.equal(tails.behind(tail), 0);
  const near = take(begun(), answer(ZERO, [1]));
  assert.equal(tails.jumped(near), near);
});

test("no more than three notes stay", () => {
  let tail = begun();
  for (const _ of range(0, 9)) tail = tails.gone(tail, ZERO);
  assert.equal(tail.notes.length, 3);
});

test("a filter's words are all in a record: its type, order, service, event or shard", () => {
  const row = { ...record(1), shard: ONE };
  const has = (filter: string) => tails.matches(row, tails.words(filter));
  assert.ok(has("orderPLACED 5eb1a7e5") && has("shard:1") && has("") && has("e-1 orders"));
  assert.ok(!has("orderplaced payments") && !has("shard:2"));
  assert.ok(tails.matches({ ...row, type: null, problem: "it is not JSON" }, ["json"]));
  assert.ok(!tails.matches({ ...row, type: "x".repeat(200_000) + "y" }, ["y"]), "a long text is looked at in part");
});
