// Makes any text fit to be shown: nothing in it can act on the page, hide, or fill it.

const LONGEST = 2000;

// Characters that are not seen, that turn the direction of what follows, or that a terminal obeys:
// shown as their code. (Joined emoji lose their joiner: this page shows what there is.)
const UNSEEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]/g;
const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// More marks on one letter than any language needs climb over the lines above.
const PILED_UP = /(\p{M}{4})\p{M}+/gu;

/** The text as it can be shown, at most so many characters of it, and how many were left out. */
export function visible(text: string, longest: number = LONGEST): { text: string; leftOut: number } {
  const kept = text.length > longest ? text.slice(0, longest) : text;
  return {
    text: kept.replace(HALF_A_PAIR, code).replace(UNSEEN, code).replace(PILED_UP, "$1"),
    leftOut: text.length - kept.length,
  };
}

function code(character: string): string {
  const hex = character.charCodeAt(0).toString(16).toUpperCase();
  return `<U+${hex.padStart(4, "0")}>`;
}

/** The same for a place that holds one short line. */
export function line(text: string, longest = 200): string {
  const shown = visible(text.replace(/\s+/g, " "), longest);
  return shown.leftOut > 0 ? `${shown.text}…` : shown.text;
}

/** A value of JSON in one line: what an allow-listed field holds. */
export function value(it: unknown): string {
  if (it === undefined) return "";
  return typeof it === "string" ? it : JSON.stringify(it);
}

/** The beginning of an id, enough to tell those on a page apart. */
export function short(id: string): string {
  return line(id, 8).replace(/…$/, "");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const UNITS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** A length of time as people say it: 340 ms, 2.4 s, 1 min 14 s, 2 h 1 min. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10_000) return `${(Math.floor(milliseconds / 100) / 10).toString()} s`;
  const index = UNITS.findIndex(([size]) => milliseconds >= size);
  const [size, name] = UNITS[index]!;
  const [smaller, below] = UNITS[index + 1] ?? [0, ""];
  const rest = smaller === 0 ? 0 : Math.floor((milliseconds % size) / smaller);
  return `${Math.floor(milliseconds / size)} ${name}${rest > 0 ? ` ${rest} ${below}` : ""}`;
}

function coarse(milliseconds: number): string {
  return duration(milliseconds).split(" ").slice(0, 2).join(" ").replace(/\.\d/, "");
}

/** How long ago, or "now"; a clock that is ahead of this one is said as it is. */
export function ago(then: number, now: number): string {
  const passed = now - then;
  if (Number.isNaN(passed)) return "at an unknown time";
  if (passed < -2000) return `in ${coarse(-passed)}`;
  return passed < 1000 ? "now" : `${coarse(passed)} ago`;
}

/** The time of day with milliseconds, as the operator's clock has it. */
export function clock(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "unknown";
  const pad = (count: number, size = 2) => String(count).padStart(size, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
