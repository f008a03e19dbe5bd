// Consumers: who reads the log, how far behind, and what each could not apply.

import { useEffect } from "preact/hooks";
import type { Consumer, Consumers, Parked } from "../api.ts";
import { address } from "../logic/route.ts";
import { duration } from "../logic/text.ts";
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

const PARKED: Column<ParkedRecord>[] = [
  { name: "since", show: (it) => <Ago time={it.at} /> },
  { name: "reason", show: (it) => <Whole text={it.reason} longest={300} /> },
  { name: "order", show: (it) => (it.order_id === null ? <span class="quiet">none</span> : <OrderLink id={it.order_id} />) },
  { name: "shard", show: (it) => <code><Line text={it.shard} longest={40} /></code> },
  { name: "sequence", show: (it) => <code><Line text={it.sequence} longest={64} /></code> },
  { name: "again", show: (it) => (it.redrivable ? "can be applied again" : "cannot be applied") },
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

function One({ name }: { name: string }) {
  const parked = useResource<Parked>(`v1/consumers/${encodeURIComponent(name)}/parked`, { every: 15_000 });
  useEffect(() => closes(() => go("consumers")), []);
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
                <Table label="Parked records" columns={PARKED} rows={data.parked} id={(it) => `${it.shard}/${it.sequence}`} />
                <p class="quiet">
                  <code>make redrive CONSUMER=…</code> shows them too, and applies them again.
                </p>
              </>
            )}
          </>
        )}
      </Answered>
    </>
  );
}
