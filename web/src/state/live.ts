// The one poll: asks for what is new, and tells everybody on the page who shows it.

import { batch, effect, signal } from "@preact/signals";
import type { Activity, Pulse } from "../api.ts";
import { EMPTY, Minute, take, type Feed } from "../logic/activity.ts";
import * as pace from "../logic/pace.ts";
import { get, Problem } from "./client.ts";
import { session } from "./session.ts";

export interface Beat {
  fresh: readonly Activity[];
  first: boolean; // what had been told before the page opened
  counts: Record<string, number>;
  leftOut: number;
}

export const feed = signal<Feed>(EMPTY);
export const pulse = signal<Pulse | null>(null);
export const trouble = signal<{ problem: Problem; since: number; next: number } | null>(null);
export const interval = signal<number | null>(null); // milliseconds until the next question
export const answeredAt = signal<number | null>(null); // milliseconds, of this clock
export const now = signal(Date.now());
export const minute = new Minute();

type Listener = (beat: Beat) => void;
const listeners = new Set<Listener>();
let speed = pace.begin(Date.now());
let timer: ReturnType<typeof setTimeout> | undefined;
let asking = false;

/** Be told after each answer; returns how to stop it. */
export function onBeat(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ask now, and closely from now on. */
export function wake(): void {
  speed = pace.woken(speed, Date.now());
  void ask();
}

export function begin(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) schedule();
    else wake();
  });
  addEventListener("online", wake);
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
  effect(() => {
    if (session.value.kind === "in") wake();
  });
}

function schedule(): void {
  clearTimeout(timer);
  const wait = session.value.kind === "in" ? pace.wait(speed, Date.now(), document.hidden) : null;
  interval.value = wait;
  if (wait !== null) timer = setTimeout(() => void ask(), wait);
}

async function ask(): Promise<void> {
  if (asking || document.hidden || session.value.kind !== "in") return;
  asking = true;
  clearTimeout(timer);
  try {
    const { cursor } = feed.peek();
    answered(await get<Pulse>(cursor === null ? "v1/pulse" : `v1/pulse?after=${encodeURIComponent(cursor)}`));
  } catch (error) {
    failed(error instanceof Problem ? error : new Problem(0, "The page failed", String(error), null));
  } finally {
    asking = false;
    schedule();
    const known = trouble.peek();
    if (known !== null) trouble.value = { ...known, next: Date.now() + (interval.peek() ?? 0) };
  }
}

function answered(told: Pulse): void {
  const before = feed.peek();
  const { feed: after, fresh } = take(before, told);
  const at = Date.now();
  const first = before.cursor === null;
  const leftOut = first ? 0 : told.left_out;
  speed = pace.answered(speed, at, fresh.length + leftOut > 0);
  if (!first) {
    const second = Math.floor(at / 1000);
    for (const message of fresh) minute.add(second, message.service);
    if (leftOut > 0) minute.add(second, "", leftOut);
  }
  batch(() => {
    feed.value = after;
    pulse.value = told;
    trouble.value = null;
    answeredAt.value = now.value = at;
  });
  for (const listener of listeners) listener({ fresh, first, counts: told.counts, leftOut });
}

function failed(problem: Problem): void {
  if (problem.status === 400 && feed.peek().cursor !== null) {
    feed.value = { ...feed.peek(), cursor: null, gap: true }; // it is no cursor any more: begin again
  }
  speed = pace.failed(speed);
  trouble.value = { problem, since: trouble.peek()?.since ?? Date.now(), next: Date.now() };
}
