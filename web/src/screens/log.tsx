// The log: its newest records as they come, by shard or in one list, and what the list lacks.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Consumer, Consumers } from "../api.ts";
import { address } from "../logic/route.ts";
import { behind, brief, count, fate, id, jumped, matches, paused, resumed, words, type Row, type Shard } from "../logic/tail.ts";
import { duration } from "../logic/text.ts";
import { Empty, Skeleton } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Clock, Line, OrderLink, StatusMark, Value, Whole } from "../parts/text.tsx";
import { closes } from "../state/keyboard.ts";
import { note, route } from "../state/place.ts";
import { useResource } from "../state/resource.ts";
import { follow, lookNow, tail, tailAnsweredAt, tailProblem } from "../state/tail.ts";

const LISTED = 200; // rows; in columns, of each shard
const LATE = 10_000; // milliseconds behind which the page offers to skip

const columnsOf = (choose: (row: string) => void): Column<Row>[] => [
  { name: "arrived", show: (it) => <Clock time={it.arrived_at} /> },
  { name: "type", show: (it) => <button class="opens" onClick={() => choose(id(it))}><Type of={it} /></button> },
  { name: "order", show: (it) => (it.order_id === null ? <span class="quiet">none</span> : <OrderLink id={it.order_id} />) },
  { name: "version", number: true, show: (it) => it.version ?? <span class="quiet">none</span> },
  { name: "said by", show: (it) => (it.service === null ? <span class="quiet">unknown</span> : <Line text={it.service} longest={40} />) },
  { name: "shard", number: true, show: (it) => <Line text={brief(it.shard)} longest={20} /> },
  { name: "bytes", number: true, show: (it) => count(it.size) },
];

export function LogScreen() {
  useEffect(follow, []);
  const { query } = route.value;
  const filter = query["find"] ?? "";
  const columns = query["view"] === "shards";
  const set = (change: Record<string, string | null>) => {
    const next = Object.entries({ ...query, ...change }).filter((it): it is [string, string] => it[1] !== null);
    note(Object.fromEntries(next));
  };
  const [open, setOpen] = useState<string | null>(null);
  useEffect(() => (open === null ? undefined : closes(() => setOpen(null))), [open]);
  const listed = useMemo(() => columnsOf(setOpen), []);
  const { rows, shards } = tail.value;
  const found = useMemo(() => {
    const wanted = words(filter);
    return (wanted.length === 0 ? rows : rows.filter((it) => matches(it, wanted))).toReversed();
  }, [rows, filter]);
  const shown = rows.find((it) => id(it) === open);
  return (
    <>
      <div class="head">
        <h1>Log</h1>
        <span class="quiet">the newest records, read once in two seconds whoever looks</span>
        {tailAnsweredAt.value !== null && <span class="as-of">asked <Ago time={tailAnsweredAt.value} /></span>}
      </div>
      <Failure />
      {shards.length === 0 && tailProblem.value === null ? (
        <Skeleton lines={8} />
      ) : (
        <div class={tailProblem.value === null ? "" : "stale"}>
          <Shards shards={shards} />
          <div class="tools">
            <button id="pause" class={tail.value.paused ? "primary small" : ""} onClick={toggle}>
              {tail.value.paused ? "Go on" : "Pause"} <kbd>p</kbd>
            </button>
            <input
              id="filter"
              type="search"
              value={filter}
              placeholder="Type, order, service  ( / )"
              aria-label="Show only records with these words"
              maxLength={80}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => set({ find: event.currentTarget.value || null })}
            />
            <div class="tabs" role="group" aria-label="How it is shown">
              <button aria-pressed={!columns} onClick={() => set({ view: null })}>one list</button>
              <button aria-pressed={columns} onClick={() => set({ view: "shards" })}>by shard</button>
            </div>
          </div>
          <Lacking />
          <div class={shown === undefined ? "" : "story"}>
            {found.length === 0 ? (
              <Nothing filter={filter} all={rows.length} unread={shards.some((it) => !it.done && it.behind === null)} clear={() => set({ find: null })} />
            ) : columns ? (
              <ByShard rows={found} shards={shards} open={open} choose={setOpen} />
            ) : (
              <div class="records">
                <Table label="Records" columns={listed} rows={found.slice(0, LISTED)} id={id} open={(it) => setOpen(id(it))} />
              </div>
            )}
            {shown && <Detail row={shown} close={() => setOpen(null)} />}
          </div>
          <p class="cap quiet">
            {found.length > LISTED && !columns && `The newest ${count(LISTED)} of ${count(found.length)} are listed. `}
            {count(found.length)} of the {count(rows.length)} records that the page keeps; {count(tail.value.told)} came since it was opened.
            It keeps the newest 2,000.
          </p>
        </div>
      )}
    </>
  );
}

function toggle(): void {
  tail.value = tail.value.paused ? resumed(tail.value) : paused(tail.value);
}

function Type({ of }: { of: Row }) {
  if (of.problem !== null) return <StatusMark name="unreadable" />;
  return <strong><Line text={of.type ?? ""} longest={64} /></strong>;
}

function Failure() {
  const problem = tailProblem.value;
  if (problem === null) return null;
  return (
    <div class="problem" role="alert">
      <span>
        <strong><Whole text={problem.message} longest={300} /></strong>{" "}
        {tailAnsweredAt.value !== null && <>What you see was read <Ago time={tailAnsweredAt.value} />; the list goes on where it stopped.</>}
        {problem.correlation !== null && <> Its logs have <Whole text={problem.correlation} longest={80} />.</>}
      </span>
      <button onClick={lookNow}>Ask now</button>
    </div>
  );
}

/** What the list does not have: what waits, what was cut, what was skipped. */
function Lacking() {
  const { paused: stopped, came, cut, notes } = tail.value;
  const late = behind(tail.value);
  return (
    <>
      {stopped && (
        <div class="notice" role="status">
          <strong>Paused.</strong> {count(came)} {came === 1 ? "record" : "records"} came since
          {cut > 0 && <>; the oldest {count(cut)} of them are not held any more, since the page holds 2,000</>}.
        </div>
      )}
      {late > LATE && (
        <div class="notice" role="status">
          The list is {duration(late)} behind the newest record: it is read in one call in two seconds, whoever looks.{" "}
          <button class="link" onClick={() => (tail.value = jumped(tail.value))}>Skip to the newest</button>
        </div>
      )}
      {notes.map((it) => (
        <div class="notice" role="status" key={it}>
          <Whole text={it} longest={400} />
        </div>
      ))}
    </>
  );
}

/** How far each consumer is behind in a shard. */
function Readers({ shard, consumers }: { shard: string; consumers: readonly Consumer[] }) {
  const places = consumers.flatMap(({ name, checkpoints }) => {
    const place = checkpoints.find((it) => it.shard === shard);
    return place === undefined ? [] : [{ name, lag: place.lag_seconds }];
  });
  if (places.length === 0) return <span class="quiet">none has read it</span>;
  return (
    <span class="chips">
      {places.map((it) => (
        <a class="chip" key={it.name} href={address("consumers", it.name)}>
          <Line text={it.name} longest={40} /> {it.lag === 0 ? "at its end" : `${duration(it.lag * 1000)} behind`}
        </a>
      ))}
    </span>
  );
}

const shardColumns = (consumers: readonly Consumer[]): Column<Shard>[] => [
  { name: "shard", show: (it) => <code><Line text={it.shard} longest={40} /></code> },
  { name: "state", show: (it) => <StatusMark name={fate(tail.peek().shards, it)} /> },
  { name: "newest that was read", show: (it) => (it.last < 0n ? <span class="quiet">none yet</span> : <Clock time={it.since ?? ""} />) },
  {
    name: "the list is behind by",
    number: true,
    show: (it) => (it.done ? <span class="quiet">at its end</span> : it.behind === null ? <span class="quiet">unknown</span> : duration(it.behind)),
  },
  { name: "consumers", show: (it) => <Readers shard={it.shard} consumers={consumers} /> },
];

function Shards({ shards }: { shards: readonly Shard[] }) {
  const consumers = useResource<Consumers>("v1/consumers", { every: 15_000 }).data.value?.consumers ?? [];
  const shown = shards.slice(-8).toReversed();
  const open = shards.filter((it) => it.open);
  return (
    <details class="shards" open={matchMedia("(min-width: 821px)").matches}>
      <summary>
        {count(open.length)} open {open.length === 1 ? "shard" : "shards"}
        {open.length < shards.length && `, ${count(shards.length - open.length)} closed`}; the list is {duration(behind(tail.value))} behind
      </summary>
      <Plain label="Shards" columns={shardColumns(consumers)} rows={shown} id={(it) => it.shard} />
      {shown.length < shards.length && <p class="quiet">The newest 8 of {count(shards.length)} shards are listed.</p>}
    </details>
  );
}

/** A table that j and k do not walk: the records below it are what they are for. */
function Plain<T>({ label, columns, rows, id: key }: { label: string; columns: Column<T>[]; rows: readonly T[]; id: (row: T) => string }) {
  return (
    <div class="scroll">
      <table aria-label={label}>
        <thead>
          <tr>{columns.map((it) => <th key={it.name} scope="col" class={it.number ? "number" : ""}>{it.name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={key(row)}>
              {columns.map((it) => <td key={it.name} data-label={it.name} class={it.number ? "number" : ""}>{it.show(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Nothing({ filter, all, unread, clear }: { filter: string; all: number; unread: boolean; clear: () => void }) {
  if (all > 0) {
    return (
      <Empty title="No record has these words.">
        “<Line text={filter} longest={80} />” is in none of the {count(all)} that the page keeps.{" "}
        <button class="link" onClick={clear}>Show all</button>
      </Empty>
    );
  }
  if (unread) return <p class="quiet" role="status">Shards are read in turns: not every one has had its first.</p>;
  return (
    <Empty title="Nothing has come in the last quarter of an hour.">
      Offline, <code>make load RATE=1 DURATION=10</code> places some orders; anywhere, <code>POST /v1/orders</code> does.
    </Empty>
  );
}

interface ByShardProps {
  rows: readonly Row[];
  shards: readonly Shard[];
  open: string | null;
  choose: (row: string) => void;
}

function ByShard({ rows, shards, open, choose }: ByShardProps) {
  return (
    <div class="by-shard" tabIndex={0} role="region" aria-label="Records by shard; scrolls sideways">
      {shards.map((shard) => {
        const its = rows.filter((it) => it.shard === shard.shard);
        return shard.done && its.length === 0 ? null : (
          <section class="card" key={shard.shard} aria-label={`Shard ${brief(shard.shard)}`}>
            <h2>Shard {brief(shard.shard)} <span class="quiet">{count(its.length)}</span></h2>
            <ol>
              {its.slice(0, LISTED).map((it) => (
                <li key={id(it)}>
                  <button class="row" aria-pressed={open === id(it)} onClick={() => choose(id(it))}>
                    <Clock time={it.arrived_at} /> <Type of={it} />
                  </button>
                </li>
              ))}
            </ol>
            {its.length > LISTED && <p class="quiet">The newest {count(LISTED)} are listed.</p>}
          </section>
        );
      })}
    </div>
  );
}

function Detail({ row, close }: { row: Row; close: () => void }) {
  const place: [string, string][] = [
    ["shard", row.shard],
    ["sequence", row.sequence],
    ["arrived", row.arrived_at],
    ["occurred", row.occurred_at ?? "unknown"],
    ["event", row.event_id ?? "unknown"],
    ["bytes", count(row.size)],
  ];
  return (
    <section class="card then record" aria-label="Record">
      <div class="detail-head">
        <h2><Type of={row} /></h2>
        <button class="icon" onClick={close} aria-label="Close the record">
          <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5 5l10 10M15 5L5 15" /></svg>
        </button>
      </div>
      {row.problem !== null && (
        <p>It cannot be read: <Whole text={row.problem} longest={200} />. Its content is not shown. Who follows the log has parked it: see the consumers.</p>
      )}
      {row.order_id !== null && <p>of order <OrderLink id={row.order_id} whole /></p>}
      <table class="diff" aria-label="Where it stands">
        <tbody>
          {place.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td><code><Line text={value} longest={80} /></code></td>
            </tr>
          ))}
        </tbody>
      </table>
      {row.problem === null && <Fields row={row} />}
    </section>
  );
}

function Fields({ row }: { row: Row }) {
  const fields = Object.entries(row.fields);
  if (fields.length === 0) return <p class="quiet">None of its fields is marked as one that operators may see.</p>;
  return (
    <>
      <table class="diff" aria-label="Fields that operators may see">
        <tbody>
          {fields.map(([name, value]) => (
            <tr key={name}>
              <th scope="row"><Line text={name} longest={80} /></th>
              <td><Value of={value} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">At most 12 fields, and those alone that operators may see.</p>
    </>
  );
}
