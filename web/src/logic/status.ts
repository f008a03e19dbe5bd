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
  stuck: { word: "stuck", tone: "bad" },
  timed_out: { word: "timed out", tone: "bad" },
  aborted: { word: "aborted", tone: "undone" },
  open: { word: "open", tone: "busy" },
  complete: { word: "complete", tone: "good" },
  deploying: { word: "deploying", tone: "busy" },
  rolled_back: { word: "rolled back", tone: "undone" },
  rolling_back: { word: "rolling back", tone: "warn" },
};

/** A word that is not known is shown as it is. */
export function status(name: string): Status {
  const key = name.toLowerCase().replace(/[\s-]/g, "_");
  return Object.hasOwn(STATUSES, key) ? STATUSES[key]! : { word: name, tone: "plain" };
}
