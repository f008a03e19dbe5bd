// What a view's screen says: the phases of a rebuild with how far each is, and what may be done.

import type { Rebuild, View, ViewChange } from "../api.ts";

export interface Phase {
  name: string;
  state: "done" | "running" | "waits";
  /** How far it is in words; empty where it has no count. */
  words: string;
  /** Between 0 and 1; null where nobody can tell. */
  part: number | null;
}

const ORDER: Rebuild["phase"][] = ["plan", "partition", "fold", "catch_up", "switch"];
const count = (of: number) => of.toLocaleString("en");

/** The five phases in their order. */
export function phases(rebuild: Rebuild): Phase[] {
  const at = ORDER.indexOf(rebuild.phase);
  return ORDER.map((phase, index) => {
    const state = index < at ? "done" : index === at ? "running" : "waits";
    return { name: NAMES[phase], state, ...far(phase, state, rebuild) };
  });
}

const NAMES: Record<Rebuild["phase"], string> = {
  plan: "plan: list the archive",
  partition: "divide the archive by order",
  fold: "fold each order",
  catch_up: "catch up with the log",
  switch: "serve it",
};

function far(phase: Rebuild["phase"], state: Phase["state"], it: Rebuild): Pick<Phase, "words" | "part"> {
  switch (phase) {
    case "plan":
      return { words: it.objects === null ? "" : `${count(it.objects)} files, ${size(it.bytes ?? 0)}`, part: state === "done" ? 1 : null };
    case "partition":
      return of(it.partitioned, it.tasks, "groups of files");
    case "fold":
      return of(it.folded, it.partitions, "partitions");
    case "catch_up":
      if (it.records !== null) return { words: `${count(it.records)} records applied`, part: state === "done" ? 1 : null };
      return { words: state === "running" ? "waits until every projector writes both" : "", part: null };
    default:
      return { words: "", part: null };
  }
}

function of(done: number, all: number | null, what: string): Pick<Phase, "words" | "part"> {
  if (all === null) return { words: "", part: null };
  return { words: `${count(done)} of ${count(all)} ${what}`, part: all === 0 ? 1 : done / all };
}

export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let index = 0;
  while (bytes >= 1000 && index < units.length - 1) {
    bytes /= 1000;
    index += 1;
  }
  return `${index === 0 ? bytes : bytes.toFixed(1)} ${units[index]}`;
}

/** What each change does, for whoever has to choose. */
export function next(view: View): { change: ViewChange; words: string; command: string }[] {
  const named = (state: string) => view.generations.find((it) => it.state === state)?.name ?? "";
  const served = named("served");
  const beside = view.generations.find((it) => it.state !== "served")?.name ?? "";
  const words: Record<ViewChange, string> = {
    rebuild: view.rebuild ? `go on filling ${beside}` : `fill a new generation beside ${served}, and serve it`,
    back: `serve ${beside} again in place of ${served}`,
    retire: named("erased") ? `go on erasing ${beside}` : `stop writing ${beside}, and erase it`,
  };
  const commands: Record<ViewChange, string> = {
    rebuild: `make rebuild VIEW=${view.name}`,
    back: `make rebuild-back VIEW=${view.name}`,
    retire: `make rebuild-retire VIEW=${view.name}`,
  };
  // A word that this page does not know is none that it could explain.
  return view.may.filter((it) => Object.hasOwn(words, it)).map((change) => ({ change, words: words[change], command: commands[change] }));
}
