// What a key does: `/`, `g h`, `j k`, `Esc`, `?`.

import type { Screen } from "./route.ts";

export type Action =
  | { kind: "go"; screen: Screen }
  | { kind: "search" | "pause" | "help" | "close" | "next" | "previous" | "open" };

export const GO: Record<string, Screen> = {
  h: "home",
  o: "orders",
  s: "sagas",
  l: "log",
  r: "consumers",
  c: "configuration",
  v: "services",
  f: "faults",
  t: "tour",
  w: "views",
  a: "alarms",
  e: "releases",
  b: "bill",
};

const SINGLE: Record<string, Action> = {
  "/": { kind: "search" },
  p: { kind: "pause" },
  "?": { kind: "help" },
  Escape: { kind: "close" },
  j: { kind: "next" },
  k: { kind: "previous" },
  Enter: { kind: "open" },
};
const TOGETHER = 1500; // milliseconds within which the second key must follow

export interface Pressed {
  key: string;
  at: number;
}

/** The action of a key, given the one before it; none while somebody types text. */
export function action(key: string, at: number, before: Pressed | null, typing: boolean): Action | null {
  if (typing) return key === "Escape" ? { kind: "close" } : null;
  if (before?.key === "g" && at - before.at < TOGETHER && Object.hasOwn(GO, key)) {
    return { kind: "go", screen: GO[key]! };
  }
  return Object.hasOwn(SINGLE, key) ? SINGLE[key]! : null;
}
