// Follows the log while its screen is open: one question at a time, when the API says that it may be.

import { signal } from "@preact/signals";
import type { Log } from "../api.ts";
import * as pace from "../logic/pace.ts";
import { EMPTY, gone, lost, question, take, type Tail } from "../logic/tail.ts";
import { get, Problem } from "./client.ts";

const FORGOTTEN = 5 * 60_000; // milliseconds after which a list that was left begins anew
const SOON = 250; // between two questions that take no read
const SELDOM = 5000; // where there is no shard to read
const SPREAD = 400; // two pages that wait for the same turn come apart

export const tail = signal<Tail>(EMPTY);
export const tailProblem = signal<Problem | null>(null);
export const tailAnsweredAt = signal<number | null>(null); // milliseconds, of this clock

let speed = pace.begin(0);
let timer: ReturnType<typeof setTimeout> | undefined;
let following = false;
let asking = false;
let left = 0;

/** Follow the log; returns how to stop it. */
export function follow(): () => void {
  following = true;
  if (Date.now() - left > FORGOTTEN) tail.value = EMPTY;
  const seen = () => (document.hidden ? clearTimeout(timer) : lookNow());
  document.addEventListener("visibilitychange", seen);
  lookNow();
  return () => {
    following = false;
    left = Date.now();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}

/** Ask now, and closely from now on. */
export function lookNow(): void {
  speed = pace.woken(speed, Date.now());
  void ask();
}

async function ask(): Promise<void> {
  if (asking || !following || document.hidden) return;
  clearTimeout(timer);
  asking = true;
  const { shard, path } = question(tail.peek());
  let wait = 0;
  try {
    wait = answered(await get<Log>(path));
  } catch (error) {
    wait = failed(shard, error instanceof Problem ? error : new Problem(0, "The page failed", String(error), null));
  } finally {
    asking = false;
    if (following && !document.hidden) timer = setTimeout(() => void ask(), wait);
  }
}

function answered(answer: Log): number {
  const now = Date.now();
  tail.value = take(tail.peek(), answer);
  tailProblem.value = null;
  tailAnsweredAt.value = now;
  const more = (answer.behind_ms ?? 0) > 0;
  speed = pace.answered(speed, now, answer.records.length > 0 || more);
  if (answer.shard === null) return tail.peek().shards.some((it) => !it.done) ? SOON : SELDOM;
  const turn = answer.wait_ms + Math.random() * SPREAD;
  return answer.read && !more ? Math.max(turn, pace.wait(speed, now, false) ?? 0) : turn;
}

function failed(shard: string | null, problem: Problem): number {
  const before = tail.peek();
  const known = before.shards.find((it) => it.shard === shard);
  // The place has expired, or is none after a new deployment: it goes on by the last record's time.
  if (shard !== null && (problem.status === 410 || (problem.status === 400 && known?.cursor))) {
    tail.value = lost(before, shard);
    return SOON;
  }
  if (shard !== null && problem.status === 404 && known) {
    tail.value = gone(before, shard);
    return SOON;
  }
  tailProblem.value = problem;
  speed = pace.failed(speed);
  return pace.wait(speed, Date.now(), false) ?? 0;
}
