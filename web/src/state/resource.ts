// One answer of the API that a screen shows: kept when the next one fails, with its age.

import { signal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Activity } from "../api.ts";
import { get, Problem } from "./client.ts";
import { onBeat } from "./live.ts";

const BETWEEN = 2000; // milliseconds between two questions that messages cause
const AGAIN = 5000; // after one that failed

export interface Resource<T> {
  data: Signal<T | null>;
  at: Signal<number | null>; // when it was answered, of this clock
  problem: Signal<Problem | null>;
  asked: () => number; // when it was asked last
  asking: () => boolean; // it is not answered yet
  refresh: () => Promise<void>;
}

interface Refreshing {
  /** Whether a message changes what is shown. */
  when?: (message: Activity) => boolean;
  /** Milliseconds after which it is asked for again in any case. */
  every: number;
}

/** What a path answers, asked for again as messages come; null asks nothing. */
export function useResource<T>(path: string | null, { when, every }: Refreshing): Resource<T> {
  const resource = useMemo(() => make<T>(path), [path]);
  useEffect(() => {
    if (path === null) return;
    let stale = false;
    void resource.refresh();
    return onBeat(({ fresh, first, leftOut }) => {
      if (first) return;
      stale ||= leftOut > 0 || (when !== undefined && fresh.some(when));
      if (resource.asking()) return; // what came meanwhile may not be in that answer
      const age = Date.now() - resource.asked();
      const failed = resource.problem.peek() !== null;
      if ((stale && age >= BETWEEN) || age >= every || (failed && age >= AGAIN)) {
        stale = false;
        void resource.refresh();
      }
    });
  }, [resource]);
  return resource;
}

function make<T>(path: string | null): Resource<T> {
  const data = signal<T | null>(null);
  const at = signal<number | null>(null);
  const problem = signal<Problem | null>(null);
  let asking = false;
  let asked = 0;
  const refresh = async () => {
    if (asking || path === null) return;
    asking = true;
    asked = Date.now();
    try {
      data.value = await get<T>(path);
      at.value = Date.now();
      problem.value = null;
    } catch (error) {
      problem.value = error instanceof Problem ? error : new Problem(0, "The page failed", String(error), null);
    } finally {
      asking = false;
    }
  };
  return { data, at, problem, asked: () => asked, asking: () => asking, refresh };
}
