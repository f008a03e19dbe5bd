// Every text of the API is shown by one of these: isolated, without what hides or acts, bounded.

import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { status, type Tone } from "../logic/status.ts";
import { ago, clock, line, short, value, visible } from "../logic/text.ts";
import { now } from "../state/live.ts";
import { address } from "../logic/route.ts";

/** One short line. */
export function Line({ text, longest = 200 }: { text: string; longest?: number }) {
  return <bdi class="text">{line(text, longest)}</bdi>;
}

/** Text of any length, cut where the page says so. */
export function Whole({ text, longest = 2000 }: { text: string; longest?: number }) {
  const shown = visible(text, longest);
  return (
    <bdi class="text">
      {shown.text}
      {shown.leftOut > 0 && (
        <span class="quiet"> … {shown.leftOut.toLocaleString("en")} more characters are not shown</span>
      )}
    </bdi>
  );
}

export function Value({ of }: { of: unknown }) {
  return of === undefined ? <span class="quiet">none</span> : <Whole text={value(of)} longest={400} />;
}

export function OrderLink({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <a class="id" href={address("orders", id)} title={line(id, 80)}>
      {whole ? line(id, 80) : short(id)}
    </a>
  );
}

/** A moment: how long ago it was, and exactly when as a title. */
export function Ago({ time }: { time: string | number | null }) {
  const then = typeof time === "number" ? time : Date.parse(time ?? "");
  // A signal of the text alone: a thousand of these are looked at each second, and few change.
  const words = useMemo(() => computed(() => ago(then, now.value)), [then]);
  if (time === null) return <span class="quiet">never</span>;
  const exact = Number.isNaN(then) ? "" : new Date(then).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {words}
    </time>
  );
}

export function Clock({ time }: { time: string }) {
  return (
    <time class="clock" dateTime={Number.isNaN(Date.parse(time)) ? "" : time} title={line(time, 40)}>
      {clock(time)}
    </time>
  );
}

const SHAPES = {
  good: "M1.5 7.5l4 4 7-8",
  bad: "M2.5 2.5l9 9m0-9l-9 9",
  busy: "M7 1.5a5.5 5.5 0 1 1-5.5 5.5",
  warn: "M7 1.5l6 11H1z",
  undone: "M4.5 2L2 5l2.5 3M2 5h6.500a3.500 3.500 0 0 1 0 7H5",
  plain: "M7 5.500a1.500 1.500 0 1 0 .01 0z",
};

/** A status as word, shape and colour; a word that is not known may say its tone. */
export function StatusMark({ name, tone: given }: { name: string; tone?: Tone }) {
  const { word, tone: known } = status(name);
  const tone = given ?? known;
  return (
    <span class={`status ${tone}`}>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        <path d={SHAPES[tone]} />
      </svg>
      {line(word, 40)}
    </span>
  );
}

export function Code({ children }: { children: ComponentChildren }) {
  return <code>{children}</code>;
}
