// The fault process, as a screen shows it: asked each second while it is seen.

import { signal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, post, Problem } from "./client.ts";

const EVERY = 1000; // milliseconds; it is on this machine and costs nobody anything

/** Where it answers: at the emulator's own address. */
export const AT = "/_faults/v1/";

/** One answer of the fault process, kept when the next one fails. */
export interface Seen<T> {
  data: Signal<T | null>;
  problem: Signal<Problem | null>;
  busy: Signal<boolean>; // something that was asked for is not answered yet
  ask: () => Promise<void>;
  does: (path: string, document?: unknown) => Promise<void>;
}

export function seen<T>(path: string): Seen<T> {
  const data = signal<T | null>(null);
  const problem = signal<Problem | null>(null);
  const busy = signal(false);
  let asking = false;
  const take = async (answer: Promise<T>) => {
    try {
      data.value = await answer;
      problem.value = null;
    } catch (error) {
      problem.value = error instanceof Problem ? error : new Problem(0, "The page failed", String(error), null);
    }
  };
  return {
    data,
    problem,
    busy,
    ask: async () => {
      if (asking || busy.peek()) return;
      asking = true;
      await take(get<T>(AT + path));
      asking = false;
    },
    does: async (path, document = {}) => {
      busy.value = true;
      await take(post<T>(AT + path, document));
      busy.value = false;
    },
  };
}

/** Ask again and again while the screen is there and somebody sees it. */
export function useAsked<T>(of: Seen<T>): void {
  useEffect(() => {
    void of.ask();
    const timer = setInterval(() => {
      // What went wrong stays to be read until the next thing is done.
      if (!document.hidden && (of.problem.peek() === null || of.data.peek() === null)) void of.ask();
    }, EVERY);
    return () => clearInterval(timer);
  }, [of]);
}
