// How a status is told: by a word, a shape and a colour, so that none of them is needed alone.

export type Tone = "good" | "bad" | "busy" | "warn" | "undone" | "plain";

export interface Status {
  word: string;
  tone: Tone;
}

const STATUSES: Record<string, Status> = {
  placed: { word: "placed", tone: "busy" },
  confirmed: { word: "confirmed", tone: "good" },
  rejected: { word: "rejected", tone: "bad" },
  cancelled: { word: "cancelled", tone: "undone" },
  done: { word: "done", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  refused: { word: "refused", tone: "warn" },
  running: { word: "running", tone: "busy" },
  undone: { word: "undone", tone: "undone" },
  succeeded: { word: "succeeded", tone: "good" },
  parked: { word: "parked", tone: "warn" },
  unreadable: { word: "unreadable", tone: "warn" },
  alarm: { word: "alarm", tone: "bad" },
  ok: { word: "ok", tone: "good" },
  no_data: { word: "no data", tone: "plain" },
  stuck: { word: "stuck", tone: "bad" },
  timed_out: { word: "timed out", tone: "bad" },
  aborted: { word: "aborted", tone: "undone" },
  open: { word: "open", tone: "busy" },
  complete: { word: "complete", tone: "good" },
  silent: { word: "silent", tone: "warn" },
  baking: { word: "baking", tone: "busy" },
  validating: { word: "validating", tone: "busy" },
  reverted: { word: "reverted", tone: "undone" },
  deploying: { word: "deploying", tone: "busy" },
  rolled_back: { word: "rolled back", tone: "undone" },
  agree: { word: "the books agree", tone: "good" },
  disagree: { word: "the books disagree", tone: "bad" },
  on: { word: "on", tone: "warn" },
  served: { word: "served", tone: "good" },
  filled: { word: "being filled", tone: "busy" },
  kept: { word: "kept as the way back", tone: "plain" },
  erased: { word: "being erased", tone: "undone" },
  equal: { word: "equal", tone: "good" },
  differs: { word: "differs", tone: "bad" },
  ended: { word: "ended", tone: "plain" },
  answered: { word: "answered", tone: "good" },
  awaited: { word: "awaited", tone: "busy" },
  late: { word: "late", tone: "bad" },
  chosen: { word: "chosen", tone: "good" },
  waits: { word: "waits", tone: "plain" },
  promoted: { word: "promoted", tone: "good" },
  not_rolled_back: { word: "not rolled back", tone: "bad" },
  interrupted: { word: "interrupted", tone: "bad" },
  rolling_back: { word: "rolling back", tone: "warn" },
};

/** A word that is not known is shown as it is. */
export function status(name: string): Status {
  const key = name.toLowerCase().replace(/[\s-]/g, "_");
  return Object.hasOwn(STATUSES, key) ? STATUSES[key]! : { word: name, tone: "plain" };
}
