// What the bus carried, each message once however often it is told, and never more than a page needs.

import type { Activity, Pulse } from "../api.ts";

const SHOWN = 300;
const REMEMBERED = 5000;
const SECONDS = 60;

export interface Feed {
  readonly cursor: string | null;
  readonly shown: readonly Activity[]; // newest last
  readonly told: number; // messages since the page opened, each counted once
  readonly leftOut: number; // of which only the number was told
  readonly gap: boolean; // once true: more than the API keeps was missed
  readonly seen: ReadonlySet<string>;
}

export const EMPTY: Feed = {
  cursor: null,
  shown: [],
  told: 0,
  leftOut: 0,
  gap: false,
  seen: new Set(),
};

/** The feed after one answer, and what was new in it. */
export function take(feed: Feed, pulse: Pulse): { feed: Feed; fresh: Activity[] } {
  const seen = feed.seen as Set<string>; // added to in place: only the newest feed is ever used
  const fresh: Activity[] = [];
  for (const message of pulse.activity) {
    if (seen.has(message.id)) continue;
    seen.add(message.id);
    fresh.push(message);
  }
  for (const id of seen) {
    if (seen.size <= REMEMBERED) break;
    seen.delete(id); // a set keeps the order: the oldest goes
  }
  const left = feed.cursor === null ? 0 : pulse.left_out;
  return {
    fresh,
    feed: {
      cursor: pulse.cursor,
      shown: fresh.length === 0 ? feed.shown : [...feed.shown, ...fresh].slice(-SHOWN),
      told: feed.told + fresh.length + left,
      leftOut: feed.leftOut + left,
      gap: feed.gap || (feed.cursor !== null && pulse.gap),
      seen,
    },
  };
}

/** Messages by second, of the last minute: how much happens, without keeping what. */
export class Minute {
  readonly #counts = new Map<number, Map<string, number>>();

  add(second: number, name: string, count = 1): void {
    let counts = this.#counts.get(second);
    if (counts === undefined) this.#counts.set(second, (counts = new Map()));
    counts.set(name, (counts.get(name) ?? 0) + count);
    for (const old of this.#counts.keys()) if (old <= second - SECONDS) this.#counts.delete(old);
  }

  /** How many of a name in the minute that ends now; of all names without one. */
  total(now: number, name?: string): number {
    let sum = 0;
    for (const [second, counts] of this.#counts) {
      if (second <= now - SECONDS) continue;
      if (name !== undefined) sum += counts.get(name) ?? 0;
      else for (const count of counts.values()) sum += count;
    }
    return sum;
  }

  /** One number a second, the oldest first. */
  line(now: number): number[] {
    return Array.from({ length: SECONDS }, (_, index) => {
      const counts = this.#counts.get(now - SECONDS + 1 + index);
      return counts === undefined ? 0 : [...counts.values()].reduce((sum, it) => sum + it, 0);
    });
  }
}
