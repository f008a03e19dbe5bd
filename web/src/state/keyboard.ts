// The keyboard: one listener for the page; a screen says what its rows are.

import { signal } from "@preact/signals";
import { action, type Pressed } from "../logic/keys.ts";
import { go } from "./place.ts";

export const help = signal(false);

type Rows = () => HTMLElement[];
let rows: Rows = () => [];
let open: (index: number) => void = () => undefined;
const closers: (() => void)[] = [];
let before: Pressed | null = null;

/** The rows that j and k walk over; returns how to take them back. */
export function walked(of: Rows, opens: (index: number) => void): () => void {
  rows = of;
  open = opens;
  return () => {
    if (rows === of) rows = () => [];
  };
}

/** What Escape closes; the newest first. */
export function closes(close: () => void): () => void {
  closers.push(close);
  return () => {
    closers.splice(closers.indexOf(close), 1);
  };
}

export function listen(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    const typing = target.matches("input:not([type=range]), textarea, select");
    const found = action(event.key, event.timeStamp, before, typing);
    before = { key: event.key, at: event.timeStamp };
    if (found === null) return;
    const walks = found.kind === "open";
    if (walks && !rows().includes(target)) return; // a link or button does its own
    if (carryOut(found)) event.preventDefault();
  });
}

function carryOut(found: NonNullable<ReturnType<typeof action>>): boolean {
  switch (found.kind) {
    case "go":
      go(found.screen);
      return true;
    case "search":
      document.querySelector<HTMLInputElement>(document.querySelector("#filter") ? "#filter" : "#search")?.focus();
      return true;
    case "pause": {
      const button = document.querySelector<HTMLElement>("#pause");
      button?.click();
      return button !== null;
    }
    case "help":
      help.value = !help.value;
      return true;
    case "close":
      if (help.value) help.value = false;
      else if (closers.length > 0) closers.at(-1)!();
      else (document.activeElement as HTMLElement | null)?.blur();
      return true;
    case "next":
      return walk(1);
    case "previous":
      return walk(-1);
    case "open": {
      const index = rows().indexOf(document.activeElement as HTMLElement);
      if (index === -1) return false;
      open(index);
      return true;
    }
  }
}

function walk(step: number): boolean {
  const all = rows();
  if (all.length === 0) return false;
  const index = all.indexOf(document.activeElement as HTMLElement);
  const next = index === -1 ? (step > 0 ? 0 : all.length - 1) : index + step;
  const row = all[Math.min(all.length - 1, Math.max(0, next))]!;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}
