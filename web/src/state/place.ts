// Where the operator is: the address, and the look that was chosen.

import { computed, signal } from "@preact/signals";
import { address, parse, screensAt, type Screen } from "../logic/route.ts";

const hash = signal(location.hash);
export const screens = screensAt(location.hostname);
export const route = computed(() => parse(hash.value, screens));

addEventListener("hashchange", () => (hash.value = location.hash));

/** The login brings the address back without an event. */
export function readAddress(): void {
  hash.value = location.hash;
}

export function go(screen: Screen, id: string | null = null, query: Record<string, string> = {}): void {
  location.hash = address(screen, id, query);
}

/** Change what is said after the ? without a step in the history. */
export function note(query: Record<string, string>): void {
  const { screen, id } = route.value;
  if (screen === "unknown") return;
  history.replaceState(null, "", address(screen, id, query));
  hash.value = location.hash;
}

export type Look = "system" | "light" | "dark";
const LOOK = "console.look";
const kept = localStorage.getItem(LOOK);
export const look = signal<Look>(kept === "light" || kept === "dark" ? kept : "system");

export function choose(next: Look): void {
  look.value = next;
  localStorage.setItem(LOOK, next);
  show();
}

export function show(): void {
  document.documentElement.dataset["look"] = look.value;
}
