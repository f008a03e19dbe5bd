// One order: what happened to it, where and when, and what it was at each moment.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Entry, Lane, Timeline } from "../api.ts";
import { difference, leaves } from "../logic/difference.ts";
import { clocksApart, draw, LANES, versionAt, type Drawing } from "../logic/lanes.ts";
import { address } from "../logic/route.ts";
import { status } from "../logic/status.ts";
import { duration, isUuid, line, visible } from "../logic/text.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Clock, Line, StatusMark, Value, Whole } from "../parts/text.tsx";
import { Waterfall } from "../parts/waterfall.tsx";
import { closes } from "../state/keyboard.ts";
import { go, note, route } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const VIEWS = ["compact", "timeline", "trace", "raw"] as const;
type View = (typeof VIEWS)[number];
const RAW = 60_000; // characters

export function OrderScreen({ id }: { id: string }) {
  useEffect(() => closes(() => go("orders")), []);
  if (!isUuid(id)) {
    return (
      <Empty whole title="This is no order's id.">
        An order's id is a UUID. <a href={address("orders")}>All orders</a>
      </Empty>
    );
  }
  return <Known id={id} />;
}

function Known({ id }: { id: string }) {
  const path = `v1/orders/${encodeURIComponent(id)}/timeline`;
  const timeline = useResource<Timeline>(path, { every: 30_000, when: (message) => message.order_id === id });
  if (timeline.problem.value?.status === 404 && timeline.data.value === null) {
    return (
      <Empty whole title="No order has this id.">
        It may have been placed a moment ago, or elsewhere.{" "}
        <button class="link" onClick={() => void timeline.refresh()}>
          Look again
        </button>{" "}
        or see <a href={address("orders")}>all orders</a>.
      </Empty>
    );
  }
  return <Answered of={timeline}>{(data) => <Story data={data} />}</Answered>;
}

function Story({ data }: { data: Timeline }) {
  const { query } = route.value;
  const view: View = VIEWS.find((it) => it === query["view"]) ?? "timeline";
  const entries = useMemo(() => data.entries, [data]);
  const moments = useMemo(() => times(data), [data]);
  // Without a choice it is the newest moment, also when newer ones come.
  const chosen = query["at"] === undefined ? moments.length - 1 : Math.min(moments.length - 1, Math.max(0, Number(query["at"]) || 0));
  const at = moments[chosen] ?? 0;
  const set = (change: Record<string, string | null>) => {
    const next = Object.entries({ ...query, ...change }).filter((it): it is [string, string] => it[1] !== null);
    note(Object.fromEntries(next));
  };
  const setMoment = (index: number) => set({ at: index >= moments.length - 1 ? null : String(index) });
  const apart = useMemo(() => clocksApart(entries), [entries]);
  const silent = LANES.filter((lane) => data.parts[lane] && !data.parts[lane].answered);
  const newest = data.states.at(-1);
  const state = newest?.state["status"];
  return (
    <>
      <div class="head">
        <h1 class="id">
          <span class="quiet">Order</span> <Line text={data.order_id} longest={60} />
        </h1>
        {typeof state === "string" && <StatusMark name={state} />}
        <AsOf time={data.as_of} />
      </div>
      {data.correlation_id !== null && (
        <p class="quiet correlation">
          correlation <code><Line text={data.correlation_id} longest={60} /></code>
        </p>
      )}
      {silent.length > 0 && (
        <p class="quiet silent-parts" role="status">
          Not told here:{" "}
          {silent.map((lane, index) => (
            <span key={lane}>
              {index > 0 && "; "}
              <strong>{lane}</strong>, because <Whole text={data.parts[lane].problem ?? "it gave no reason"} longest={160} />
            </span>
          ))}
          . The rest is whole.
        </p>
      )}
      {apart !== null && (
        <p class="quiet silent-parts" role="status">
          The clocks of services differ by {duration(apart.milliseconds)} at least: each entry has the time of who told it, and{" "}
          <strong><Line text={apart.entry.title} longest={80} /></strong> is told too early.
        </p>
      )}
      {data.left_out > 0 && <div class="notice" role="status">{data.left_out.toLocaleString("en")} more entries are left out: an order's page lists 500.</div>}
      <div class="tabs" role="tablist" aria-label="How it is shown">
        {VIEWS.map((it) => (
          <button key={it} role="tab" aria-selected={it === view} onClick={() => set({ view: it === "timeline" ? null : it })}>
            {it}
          </button>
        ))}
      </div>
      {entries.length === 0 ? (
        <Empty title="Nothing is known of this order yet.">It appears here when its first event is stored.</Empty>
      ) : view === "trace" ? (
        <Waterfall id={data.order_id} />
      ) : view === "raw" ? (
        <Raw data={data} />
      ) : (
        <>
          <Scrubber moments={moments} chosen={chosen} states={data.states} choose={setMoment} />
          <div class="story">
            <section class="card" aria-label={view === "compact" ? "What happened" : "Lanes over time"}>
              {view === "compact" ? (
                <Compact entries={entries} at={at} choose={(time) => setMoment(moments.indexOf(time))} />
              ) : (
                <Lanes entries={entries} parts={data.parts} at={at} choose={(time) => setMoment(moments.indexOf(time))} />
              )}
            </section>
            <Then data={data} at={at} />
          </div>
        </>
      )}
    </>
  );
}

function times(data: Timeline): number[] {
  const all = [...data.entries.map((it) => it.at), ...data.states.map((it) => it.at)];
  return [...new Set(all.map(Date.parse).filter((time) => !Number.isNaN(time)))].sort((one, other) => one - other);
}

interface ScrubberProps {
  moments: number[];
  chosen: number;
  states: Timeline["states"];
  choose: (index: number) => void;
}

/** Time travel: a step for each moment at which something happened. */
function Scrubber({ moments, chosen, states, choose }: ScrubberProps) {
  const at = moments[chosen] ?? 0;
  const version = versionAt(states, at);
  const last = moments.length - 1;
  const passed = at - (moments[0] ?? 0);
  const words = `${duration(passed)} after its first moment, version ${version ?? "none"}`;
  return (
    <div class="scrubber card">
      <button class="icon" onClick={() => choose(chosen - 1)} disabled={chosen <= 0} aria-label="Earlier">
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M12 5l-5 5 5 5" /></svg>
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(0, last)}
        value={chosen}
        aria-label="Moment"
        aria-valuetext={words}
        onInput={(event) => choose(Number(event.currentTarget.value))}
      />
      <button class="icon" onClick={() => choose(chosen + 1)} disabled={chosen >= last} aria-label="Later">
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M8 5l5 5-5 5" /></svg>
      </button>
      <span class="when">
        <Clock time={new Date(at).toISOString()} /> <strong>+{duration(passed)}</strong>{" "}
        {version === null ? "not stored yet" : `version ${version}`}
        {chosen === last && <span class="quiet"> · newest</span>}
      </span>
    </div>
  );
}

/** What the order was at the chosen moment, and what its newest version then had changed. */
function Then({ data, at }: { data: Timeline; at: number }) {
  const [whole, setWhole] = useState(false);
  const version = versionAt(data.states, at);
  const index = data.states.findIndex((it) => it.version === version);
  const current = data.states[index];
  if (current === undefined) {
    return (
      <section class="card then" aria-label="State">
        <h2>The order did not exist yet</h2>
        <p class="quiet">Its first version comes later.</p>
      </section>
    );
  }
  const before = data.states[index - 1]?.state;
  const changes = difference(before ?? {}, current.state);
  const lines = leaves(current.state);
  return (
    <section class="card then" aria-label="State">
      <div class="card-head">
        <h2>
          Version {current.version} <span class="quiet"><Line text={current.type} longest={60} /></span>
        </h2>
        <button class="link" onClick={() => setWhole(!whole)}>
          {whole ? "Only what changed" : "The whole state"}
        </button>
      </div>
      {whole ? (
        <table class="diff" aria-label={`State at version ${current.version}`}>
          <tbody>
            {lines.map((it) => (
              <tr key={it.path}>
                <th scope="row"><Line text={it.path} longest={80} /></th>
                <td><Value of={it.value} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : changes.length === 0 ? (
        <p class="quiet">It changed nothing that is shown here.</p>
      ) : (
        <table class="diff" aria-label={`What version ${current.version} changed`}>
          <tbody>
            {changes.map((it) => (
              <tr key={it.path}>
                <th scope="row"><Line text={it.path} longest={80} /></th>
                <td>
                  {it.before !== undefined && (
                    <del><Value of={it.before} /></del>
                  )}
                  {it.before !== undefined && it.after !== undefined && <span aria-hidden="true"> → </span>}
                  {it.after !== undefined && (
                    <ins><Value of={it.after} /></ins>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Compact({ entries, at, choose }: { entries: readonly Entry[]; at: number; choose: (time: number) => void }) {
  return (
    <ol class="compact">
      {entries.map((entry, index) => {
        const time = Date.parse(entry.at);
        return (
          <li key={`${entry.lane}/${entry.id}/${index}`} class={time > at ? "later" : ""}>
            <button class="row" onClick={() => choose(time)}>
              <Clock time={entry.at} />
              <span class="lane-name">{line(entry.lane, 20)}</span>
              <span class="what">
                <strong><Line text={entry.title} longest={80} /></strong>
                {entry.status !== null && <StatusMark name={entry.status} />}
                {entry.ends_at !== null && <span class="quiet"> took {duration(Math.max(0, Date.parse(entry.ends_at) - time))}</span>}
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

const ROW = 24;
const LABEL_COLUMN = 104;

function labelWidth(entry: Entry): number {
  return 22 + Math.min(26, line(entry.title, 26).length) * 7.2;
}

interface LanesProps {
  entries: readonly Entry[];
  parts: Timeline["parts"];
  at: number;
  choose: (time: number) => void;
}

function Lanes({ entries, parts, at, choose }: LanesProps) {
  const box = useRef<HTMLDivElement>(null);
  const whole = useWidth(box);
  const room = whole < 560 ? whole : whole - LABEL_COLUMN;
  const drawing = useMemo(() => {
    const whole = draw(entries, room, labelWidth);
    const told = (lane: Lane) => parts[lane]?.answered !== false;
    return { ...whole, lanes: whole.lanes.filter((it) => it.entries.length > 0 || told(it.lane)) };
  }, [entries, parts, room]);
  const [open, setOpen] = useState<string | null>(null);
  const shown = entries.find((entry, index) => key(entry, index) === open);
  const named = whole < 560 ? 17 : 0; // on a narrow page a lane's name stands in it
  let y = 20;
  const tops = drawing.lanes.map((lane) => {
    const top = y + named;
    y += lane.rows * ROW + 12 + named;
    return top;
  });
  const width = Math.max(room, drawing.width);
  const cursor = drawing.moments.filter((moment) => moment.at <= at).at(-1)?.x ?? 0;
  const scrolled = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const view = scrolled.current!;
    if (cursor === drawing.moments.at(-1)?.x && view.scrollLeft === 0) return; // as it was opened
    if (cursor < view.scrollLeft || cursor > view.scrollLeft + view.clientWidth - 60) {
      view.scrollLeft = cursor - view.clientWidth / 2;
    }
  }, [cursor]);
  const indexes = new Map(entries.map((entry, index) => [entry, index]));
  return (
    <div class={`lanes ${named > 0 ? "narrow" : ""}`} ref={box}>
      <div class="lane-labels" aria-hidden="true">
        <svg width={LABEL_COLUMN} height={y}>
          {drawing.lanes.map((lane, index) => (
            <text key={lane.lane} x="0" y={tops[index]! + 16} class={parts[lane.lane]?.answered === false ? "silent" : ""}>
              {lane.lane}
            </text>
          ))}
        </svg>
      </div>
      <div class="lane-scroll" ref={scrolled} tabIndex={0} role="region" aria-label="Lanes over time; scrolls sideways">
        <svg width={width} height={y} role="group" aria-label="What happened, by lane">
          {drawing.lanes.map((lane, index) => (
            <g key={lane.lane}>
              <line class="rule" x1="0" x2={width} y1={tops[index]! - 6 - named} y2={tops[index]! - 6 - named} />
              {named > 0 && (
                <text class="lane-name" x="0" y={tops[index]! - 6}>
                  {lane.lane}
                </text>
              )}
            </g>
          ))}
          <Pauses drawing={drawing} height={y} />
          <rect class="future" x={cursor + 14} y="0" width={Math.max(0, width - cursor - 14)} height={y} />
          <line class="cursor" x1={cursor + 10} x2={cursor + 10} y1="0" y2={y} />
          {drawing.lanes.flatMap((lane, index) =>
            lane.entries.map((placed) => {
              const place = indexes.get(placed.entry)!;
              const name = key(placed.entry, place);
              return (
                <Mark
                  key={name}
                  entry={placed.entry}
                  x={placed.x + 10}
                  end={placed.end + 10}
                  y={tops[index]! + placed.row * ROW + 10}
                  later={Date.parse(placed.entry.at) > at}
                  chosen={open === name}
                  choose={() => {
                    setOpen(open === name ? null : name);
                    choose(Date.parse(placed.entry.at));
                  }}
                />
              );
            }),
          )}
        </svg>
      </div>
      {shown && <EntryDetail entry={shown} close={() => setOpen(null)} />}
    </div>
  );
}

function key(entry: Entry, index: number): string {
  return `${entry.lane}/${entry.id}/${index}`;
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}

function Pauses({ drawing, height }: { drawing: Drawing; height: number }) {
  return (
    <>
      {drawing.pauses.map((pause) => {
        const middle = (pause.from + pause.to) / 2 + 10;
        return (
          <g key={pause.from} class="pause">
            <path d={`M${middle - 3} 16l6 4-6 4 6 4`} />
            <line x1={middle} x2={middle} y1="30" y2={height} />
            <text x={middle} y="11">
              {duration(pause.milliseconds)}
            </text>
          </g>
        );
      })}
    </>
  );
}

interface MarkProps {
  entry: Entry;
  x: number;
  end: number;
  y: number;
  later: boolean;
  chosen: boolean;
  choose: () => void;
}

function Mark({ entry, x, end, y, later, chosen, choose }: MarkProps) {
  const tone = entry.status === null ? "plain" : status(entry.status).tone;
  const title = line(entry.title, 26);
  const spoken = [title, entry.status, entry.lane, entry.version === null ? null : `version ${entry.version}`];
  return (
    <g
      class={`mark ${tone} ${later ? "later" : ""} ${chosen ? "chosen" : ""}`}
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={spoken.filter((it) => it !== null).join(", ")}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
    >
      <rect class="hit" x={x - 8} y={y - 10} width={Math.max(end - x, labelWidth(entry))} height="20" rx="4" />
      {end > x + 4 && <rect class="span" x={x} y={y + 5} width={end - x} height="3" rx="1.5" />}
      <Shape tone={tone} x={x} y={y} />
      <text x={x + 10} y={y + 4}>
        {title}
      </text>
    </g>
  );
}

/** The shape says what the colour says. */
function Shape({ tone, x, y }: { tone: string; x: number; y: number }) {
  switch (tone) {
    case "bad":
      return <path class="shape open" d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />;
    case "warn":
      return <path class="shape" d={`M${x} ${y - 5}l5.500 9.500h-11z`} />;
    case "busy":
      return <circle class="shape open" cx={x} cy={y} r="4" />;
    case "undone":
      return <path class="shape" d={`M${x + 4} ${y - 5}v10l-9-5z`} />;
    default:
      return <circle class="shape" cx={x} cy={y} r="4.500" />;
  }
}

function EntryDetail({ entry, close }: { entry: Entry; close: () => void }) {
  useEffect(() => closes(close), []);
  const rows: [string, unknown][] = [
    ["at", entry.at],
    ["ends", entry.ends_at ?? undefined],
    ["id", entry.id],
    ["version", entry.version ?? undefined],
    ["caused by", entry.causation_id ?? undefined],
    ...Object.entries(entry.detail),
  ];
  return (
    <aside class="entry-detail" aria-label="Entry">
      <div class="detail-head">
        <h3>
          <Line text={entry.title} longest={80} />
        </h3>
        {entry.status !== null && <StatusMark name={entry.status} />}
        <button class="icon" onClick={close} aria-label="Close" title="Close ( Esc )">
          <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5 5l10 10m0-10L5 15" /></svg>
        </button>
      </div>
      <table class="diff" aria-label="Fields of the entry">
        <tbody>
          {rows.filter(([, it]) => it !== undefined).map(([name, it]) => (
            <tr key={name}>
              <th scope="row"><Line text={name} longest={60} /></th>
              <td><Value of={it} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </aside>
  );
}

function Raw({ data }: { data: Timeline }) {
  const shown = visible(JSON.stringify(data, null, 2), RAW);
  return (
    <section class="card" aria-label="The answer as it came">
      <pre tabIndex={0}>{shown.text}</pre>
      {shown.leftOut > 0 && <p class="quiet cap">{shown.leftOut.toLocaleString("en")} more characters are not shown.</p>}
    </section>
  );
}

