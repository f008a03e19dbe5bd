// Puts what happened to an order onto lanes over time, with the pauses shortened.

import type { Entry, Lane } from "../api.ts";

export const LANES: readonly Lane[] = ["api", "store", "log", "views", "archive", "saga", "notifications"];

const SHORTEST = 7; // between two moments, in pixels
const LONGEST = 110;
const BETWEEN_LABELS = 10;
const NOTABLE = 1000; // milliseconds between two clocks

export interface Moment {
  at: number; // milliseconds
  x: number;
}
export interface Pause {
  from: number; // x
  to: number;
  milliseconds: number;
}
export interface Placed {
  entry: Entry;
  row: number; // within its lane
  x: number;
  end: number; // x of its end; the same for what takes no time
}
export interface Drawing {
  width: number;
  moments: Moment[];
  pauses: Pause[]; // those that are shorter here than they were
  lanes: { lane: Lane; rows: number; entries: Placed[] }[];
}

export function draw(entries: readonly Entry[], room: number, labelWidth: (entry: Entry) => number): Drawing {
  const timed = entries.filter((entry) => !Number.isNaN(Date.parse(entry.at)));
  const times = timed.flatMap((entry) => [Date.parse(entry.at), ...end(entry)]);
  const moments = scale([...new Set(times)].sort((one, other) => one - other), room - 150);
  const x = new Map(moments.map((moment) => [moment.at, moment.x]));
  const pauses = moments.slice(1).flatMap((moment, index): Pause[] => {
    const before = moments[index]!;
    const milliseconds = moment.at - before.at;
    const isShortened = moment.x - before.x >= LONGEST - 1 && milliseconds >= 1000;
    return isShortened ? [{ from: before.x, to: moment.x, milliseconds }] : [];
  });
  let width = (moments.at(-1)?.x ?? 0) + 40;
  const lanes = LANES.map((lane) => {
    const ends: number[] = []; // of each row, where it is free again
    const placed = timed
      .filter((entry) => entry.lane === lane)
      .map((entry): Placed => {
        const from = x.get(Date.parse(entry.at))!;
        const to = Math.max(from, x.get(end(entry)[0] ?? Date.parse(entry.at)) ?? from);
        const row = free(ends, from);
        ends[row] = Math.max(to, from + labelWidth(entry)) + BETWEEN_LABELS;
        width = Math.max(width, ends[row]! + 10);
        return { entry, row, x: from, end: to };
      });
    return { lane, rows: Math.max(1, ends.length), entries: placed };
  });
  return { width, moments, pauses, lanes };
}

function end(entry: Entry): number[] {
  const time = entry.ends_at === null ? Number.NaN : Date.parse(entry.ends_at);
  return Number.isNaN(time) ? [] : [time];
}

function free(ends: readonly number[], from: number): number {
  const row = ends.findIndex((it) => it <= from);
  return row === -1 ? ends.length : row;
}

/** Each moment's place. A pause is as wide as it is long, but for bounds: all of it shall be in view. */
export function scale(times: readonly number[], room: number): Moment[] {
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  const widths = (unit: number) => pauses.map((pause) => Math.min(LONGEST, Math.max(SHORTEST, pause * unit)));
  const total = (unit: number) => widths(unit).reduce((sum, it) => sum + it, 0);
  let [low, high] = [0, LONGEST]; // pixels for a millisecond; halving the range finds what fits
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (total(middle) <= room) low = middle;
    else high = middle;
  }
  const chosen = widths(low);
  let x = 0;
  return times.map((at, index) => ({ at, x: index === 0 ? 0 : (x += chosen[index - 1]!) }));
}

export interface ClocksApart {
  milliseconds: number; // at least
  entry: Entry; // which shows it
}

/** How far the clocks differ of who told this, if anything is told before what it came from, or to end before it began. */
export function clocksApart(entries: readonly Entry[]): ClocksApart | null {
  const began = new Map(entries.map((entry) => [entry.id, Date.parse(entry.at)]));
  const found = entries.map((entry): ClocksApart => {
    const at = Date.parse(entry.at);
    const cause = began.get(entry.causation_id ?? "") ?? at;
    return { milliseconds: Math.max(cause - at, at - (end(entry)[0] ?? at)), entry };
  });
  const most = found.reduce<ClocksApart | null>((one, other) => (other.milliseconds > (one?.milliseconds ?? 0) ? other : one), null);
  return most !== null && most.milliseconds >= NOTABLE ? most : null;
}

/** The version that an order had at a moment; null before its first. */
export function versionAt(states: readonly { version: number; at: string }[], at: number): number | null {
  const past = states.filter((state) => Date.parse(state.at) <= at);
  return past.length === 0 ? null : Math.max(...past.map((state) => state.version));
}
