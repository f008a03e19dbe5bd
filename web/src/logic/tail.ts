// The tail of the log: shards read in turn, one list of what came, and what came while it was paused.

import type { Log, LogRecord, LogShard } from "../api.ts";

export const KEPT = 2000; // records in the list
export const HELD = 2000; // records that wait while it is paused
const NOTES = 3;
const AGO = 5000; // milliseconds before now, where "from now on" begins

export interface Row extends LogRecord {
  shard: string;
}

export interface Shard extends LogShard {
  cursor: string | null; // null: begin at `since`
  since: string | null; // when the last record that is known came; null: none is
  last: bigint; // its sequence number
  behind: number | null; // milliseconds
  done: boolean; // closed, and read to its end or older than the page
  turn: number; // when it was read last, in turns
}

export interface Tail {
  readonly shards: readonly Shard[]; // by name
  readonly rows: readonly Row[]; // oldest first
  readonly held: readonly Row[];
  readonly paused: boolean;
  readonly came: number; // while it is paused
  readonly cut: number; // of those, no longer held
  readonly told: number; // since the page began
  readonly notes: readonly string[]; // what the list lacks, and why
  readonly turns: number;
  readonly asOf: string | null;
}

export const EMPTY: Tail = {
  shards: [], rows: [], held: [], paused: false, came: 0, cut: 0, told: 0, notes: [], turns: 0, asOf: null,
};

export const id = (row: Row): string => `${row.shard}/${row.sequence}`;

/** The number of a shard: its name without what all names have. */
export function brief(shard: string): string {
  return shard.replace(/^shardId-0*(?=\d)/, "");
}

/** The path of the next question: the shard whose turn is longest ago; without any, which there are. */
export function question(tail: Tail): { shard: string | null; path: string } {
  const next = [...tail.shards].filter((it) => !it.done).sort((one, other) => one.turn - other.turn)[0];
  if (next === undefined) return { shard: null, path: "v1/log" };
  const query = new URLSearchParams({ shard: next.shard });
  if (next.cursor !== null) query.set("after", next.cursor);
  else if (next.since !== null) query.set("since", next.since);
  return { shard: next.shard, path: `v1/log?${query.toString()}` };
}

/** The tail after an answer. What is told again, after a place had to be found again, is there once. */
export function take(tail: Tail, answer: Log): Tail {
  const turns = tail.turns + 1;
  const before = new Map(tail.shards.map((it) => [it.shard, it]));
  const asked = answer.shard === null ? undefined : before.get(answer.shard);
  const last = asked?.last ?? -1n;
  const fresh = answer.records
    .filter((it) => BigInt(it.sequence) > last)
    .map((it): Row => ({ ...it, shard: answer.shard ?? "" }));
  const newest = answer.records.at(-1);
  const shards = answer.shards.map((told): Shard => {
    const known = before.get(told.shard);
    // What was closed before the page began is not the tail; what is closed later is read to its end.
    const shard = known ?? { cursor: null, since: null, last: -1n, behind: null, done: !told.open, turn: 0 };
    const same = { ...shard, ...told };
    if (told.shard !== answer.shard) return same;
    if (!answer.read) return { ...same, cursor: answer.cursor ?? same.cursor, turn: same.turn + 1e-6 };
    return {
      ...same,
      cursor: answer.cursor,
      since: newest?.arrived_at ?? (answer.behind_ms === 0 ? ago(answer.as_of) : same.since),
      last: newest === undefined ? last : max(last, BigInt(newest.sequence)),
      behind: answer.behind_ms,
      done: answer.cursor === null,
      turn: turns,
    };
  });
  const after = { ...tail, shards, turns, told: tail.told + fresh.length, asOf: answer.as_of };
  if (!tail.paused) return { ...after, rows: merged(tail.rows, fresh) };
  const held = [...tail.held, ...fresh];
  const over = Math.max(0, held.length - HELD);
  return { ...after, held: held.slice(over), came: tail.came + fresh.length, cut: tail.cut + over };
}

/** A little before: clocks differ, and what is told again is shown once. */
function ago(time: string): string {
  return new Date(Date.parse(time) - AGO).toISOString();
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function merged(rows: readonly Row[], more: readonly Row[]): readonly Row[] {
  if (more.length === 0) return rows;
  return [...rows, ...more].sort(byArrival).slice(-KEPT);
}

function byArrival(one: Row, other: Row): number {
  if (one.arrived_at !== other.arrived_at) return one.arrived_at < other.arrived_at ? -1 : 1;
  if (one.shard !== other.shard) return one.shard < other.shard ? -1 : 1;
  return BigInt(one.sequence) < BigInt(other.sequence) ? -1 : 1;
}

export function paused(tail: Tail): Tail {
  return { ...tail, paused: true };
}

/** What came meanwhile is shown, and what was cut of it is said. */
export function resumed(tail: Tail): Tail {
  const { cut, came } = tail;
  const after = { ...tail, rows: merged(tail.rows, tail.held), held: [], paused: false, came: 0, cut: 0 };
  if (cut === 0) return after;
  const words = `${count(came)} records came while the list was paused; the oldest ${count(cut)} of them are not in it: it holds ${count(HELD)}.`;
  return noted(after, words);
}

/** A place that is known no more: the shard goes on at its last record, which is told again and shown once. */
export function lost(tail: Tail, shard: string): Tail {
  const shards = tail.shards.map((it) => (it.shard === shard ? { ...it, cursor: null } : it));
  const found = tail.shards.find((it) => it.shard === shard);
  if (found === undefined) return tail;
  if (found.since !== null) return { ...tail, shards };
  return noted({ ...tail, shards }, `Shard ${brief(shard)} was asked for too late: its list begins 15 minutes ago.`);
}

/** A shard that the log has no more. */
export function gone(tail: Tail, shard: string): Tail {
  const shards = tail.shards.map((it) => (it.shard === shard ? { ...it, done: true } : it));
  return noted({ ...tail, shards }, `Shard ${brief(shard)} is not in the log any more.`);
}

/** Go on at the newest record of each shard: what lies between is not read. */
export function jumped(tail: Tail): Tail {
  if (tail.asOf === null) return tail;
  const since = ago(tail.asOf);
  const late = tail.shards.filter((it) => !it.done && (it.behind ?? 0) > AGO);
  if (late.length === 0) return tail;
  const shards = tail.shards.map((it) => (late.includes(it) ? { ...it, cursor: null, since, behind: null } : it));
  const from = late.map((it) => `shard ${brief(it.shard)} from ${it.since?.slice(11, 23) ?? "its begin"}`).join(", ");
  return noted({ ...tail, shards }, `Skipped, and so not in the list: ${from} to ${since.slice(11, 23)} UTC.`);
}

function noted(tail: Tail, note: string): Tail {
  return { ...tail, notes: [...tail.notes, note].slice(-NOTES) };
}

export function count(number: number): string {
  return number.toLocaleString("en");
}

/** How late the list is, in milliseconds: that of the shard which is furthest behind. */
export function behind(tail: Tail): number {
  return Math.max(0, ...tail.shards.filter((it) => !it.done).map((it) => it.behind ?? 0));
}

/** Whether a record has every word: in its type, service, order, event, shard or why it cannot be read. */
export function matches(row: Row, words: readonly string[]): boolean {
  const texts = [row.type, row.service, row.order_id, row.event_id, row.problem, row.sequence, `shard:${brief(row.shard)}`];
  const text = texts.filter((it) => it !== null).map((it) => it.slice(0, 200)).join("\n").toLowerCase();
  return words.every((it) => text.includes(it));
}

export function words(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter((it) => it !== "");
}

/** What became of a shard that takes no records any more. */
export function fate(shards: readonly LogShard[], shard: LogShard): string {
  const children = shards.filter((it) => it.parents.includes(shard.shard));
  const names = children.map((it) => brief(it.shard)).join(" and ");
  if (shard.open) return "open";
  if (children.length === 0) return "closed";
  const others = [...new Set(children.flatMap((it) => it.parents))].filter((it) => it !== shard.shard);
  return others.length > 0 ? `merged with ${others.map(brief).join(" and ")} into ${names}` : `split into ${names}`;
}
