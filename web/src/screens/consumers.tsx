// Consumers: who reads the log, how far behind, and what each could not apply.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Consumer, Consumers, Parked } from "../api.ts";
import { address } from "../logic/route.ts";
import { duration } from "../logic/text.ts";
import { Operate } from "../parts/operate.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, OrderLink, StatusMark, Whole } from "../parts/text.tsx";
import { closes } from "../state/keyboard.ts";
import { go } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<Consumer>[] = [
  {
    name: "consumer",
    show: (it) => (
      <a href={address("consumers", it.name)}>
        <Line text={it.name} longest={60} />
      </a>
    ),
  },
  { name: "service", show: (it) => <Line text={it.service} longest={40} /> },
  { name: "keeps", show: (it) => (it.view ? "a view" : <span class="quiet">no view</span>) },
  {
    name: "behind",
    number: true,
    show: (it) => (it.lag_seconds === null ? <span class="quiet">unknown</span> : duration(it.lag_seconds * 1000)),
  },
  {
    name: "last checkpoint",
    show: (it) => <Ago time={it.checkpoints.map((point) => point.at).sort().at(-1) ?? null} />,
  },
  { name: "shards", number: true, show: (it) => it.checkpoints.length },
  {
    name: "parked",
    number: true,
    show: (it) => (it.parked === 0 ? "0" : <strong class="bad">{it.parked}{it.parked_capped ? "+" : ""}</strong>),
  },
  {
    name: "problem",
    show: (it) => (it.problem === null ? <span class="quiet">none</span> : <Whole text={it.problem} longest={160} />),
  },
];

type ParkedRecord = Parked["parked"][number];

const parkedColumns = (name: string, after: () => void): Column<ParkedRecord>[] => [
  { name: "since", show: (it) => <Ago time={it.at} /> },
  { name: "reason", show: (it) => <Whole text={it.reason} longest={300} /> },
  { name: "order", show: (it) => (it.order_id === null ? <span class="quiet">none</span> : <OrderLink id={it.order_id} />) },
  { name: "shard", show: (it) => <code><Line text={it.shard} longest={40} /></code> },
  { name: "sequence", show: (it) => <code><Line text={it.sequence} longest={64} /></code> },
  { name: "again", show: (it) => (it.redrivable ? "can be applied again" : "cannot be applied") },
  {
    name: "take off",
    show: (it) => (
      <Operate
        quiet
        label="Discard"
        path={`v1/consumers/${encodeURIComponent(name)}/discard`}
        parameters={{ record: { shard: it.shard, sequence: it.sequence } }}
        after={after}
      />
    ),
  },
];

export function ConsumersScreen({ name }: { name: string | null }) {
  return name === null ? <List /> : <One name={name} />;
}

function List() {
  const consumers = useResource<Consumers>("v1/consumers", { every: 10_000, when: () => true });
  return (
    <Answered of={consumers}>
      {(data) => (
        <>
          <div class="head">
            <h1>Consumers of the log</h1>
            <AsOf time={data.as_of} />
          </div>
          <Compared consumers={data.consumers} />
          {data.consumers.length === 0 ? (
            <Empty title="Nobody reads the log.">A read model does: <code>make service KIND=view</code> makes one.</Empty>
          ) : (
            <Table label="Consumers" columns={COLUMNS} rows={data.consumers} id={(it) => it.name} open={(it) => go("consumers", it.name)} />
          )}
        </>
      )}
    </Answered>
  );
}

/** With what a consumer's place is compared: a page that cannot say so would tell of no lag where all stand still. */
function Compared({ consumers }: { consumers: readonly Consumer[] }) {
  const known = consumers.filter((it) => it.checkpoints.length > 0);
  if (known.length === 0) return null;
  if (known.some((it) => it.log_looked_at === null)) {
    return <p class="notice" role="status">The log was not looked at yet: consumers are compared with the furthest of them. If all stand still, this does not show it.</p>;
  }
  const oldest = known.map((it) => it.log_looked_at ?? "").sort()[0] ?? "";
  return <p class="said quiet">Behind the newest record of the log, which was looked at <Ago time={oldest} />.</p>;
}

function One({ name }: { name: string }) {
  const parked = useResource<Parked>(`v1/consumers/${encodeURIComponent(name)}/parked`, { every: 15_000 });
  useEffect(() => closes(() => go("consumers")), []);
  const columns = useMemo(() => parkedColumns(name, () => void parked.refresh()), [parked]);
  return (
    <>
      <div class="head">
        <h1>
          <Line text={name} longest={60} />
        </h1>
        <a href={address("consumers")}>All consumers</a>
      </div>
      <Answered of={parked}>
        {(data) => (
          <>
            <p class="said">
              <StatusMark name={data.parked.length === 0 ? "done" : "parked"} />{" "}
              {data.parked.length === 0 ? "It has applied every record." : `It could not apply ${data.parked.length} records.`}{" "}
              {data.capped && "There are more than are listed. "}
              <AsOf time={data.as_of} />
            </p>
            {data.parked.length > 0 && (
              <>
                <Table label="Parked records" columns={columns} rows={data.parked} id={(it) => `${it.shard}/${it.sequence}`} />
                <Operate
                  label="Redrive"
                  path={`v1/consumers/${encodeURIComponent(name)}/redrive`}
                  unless={data.parked.some((it) => it.redrivable) ? null : "None of these can be applied again."}
                  after={() => void parked.refresh()}
                />
                <p class="quiet">
                  Correct what they failed at first. What can never be applied is discarded, unless an order waits for it.{" "}
                  <code>make redrive CONSUMER=…</code> and <code>make discard CONSUMER=…</code> do the same from a terminal.
                </p>
              </>
            )}
          </>
        )}
      </Answered>
      <SetAside name={name} after={() => void parked.refresh()} />
    </>
  );
}

const PLACE = /^[\w-]{1,128}$/;

/** For a record that crashes the consumer, which so cannot park it. */
function SetAside({ name, after }: { name: string; after: () => void }) {
  const [shard, setShard] = useState("");
  const [sequence, setSequence] = useState("");
  const named = PLACE.test(shard) && PLACE.test(sequence);
  const field = (label: string, text: string, set: (text: string) => void) => (
    <label>
      {label}{" "}
      <input value={text} maxLength={128} autocomplete="off" spellcheck={false} onInput={(event) => set(event.currentTarget.value.trim())} />
    </label>
  );
  return (
    <details class="card set-aside">
      <summary>A record crashes it</summary>
      <p class="quiet">
        A consumer parks by itself what it cannot apply, unless it dies of it: then it goes on with the same records again and again.
        The numbers of its records are in its function's log, and on the <a href={address("log")}>log's screen</a>.
      </p>
      <div class="tools">
        {field("Shard", shard, setShard)}
        {field("Sequence number", sequence, setSequence)}
      </div>
      <Operate
        label="Set aside"
        path={`v1/consumers/${encodeURIComponent(name)}/park`}
        parameters={{ record: { shard, sequence } }}
        unless={named ? null : "Name the record by its shard and its sequence number."}
        after={after}
      />
    </details>
  );
}
