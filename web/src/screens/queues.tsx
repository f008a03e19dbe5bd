// Queues: what waits, and what was given up.

import type { Queues } from "../api.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Line } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<Queues["queues"][number]>[] = [
  { name: "queue", show: (it) => <Line text={it.name} longest={80} /> },
  { name: "service", show: (it) => <Line text={it.service} longest={40} /> },
  { name: "kind", show: (it) => (it.dead_letter ? "dead letters" : <span class="quiet">work</span>) },
  {
    name: "waiting",
    number: true,
    show: (it) => (it.dead_letter && it.waiting > 0 ? <strong class="bad">{it.waiting}</strong> : it.waiting),
  },
  { name: "in work", number: true, show: (it) => it.in_flight },
];

export function QueuesScreen() {
  const queues = useResource<Queues>("v1/queues", { every: 10_000, when: () => true });
  return (
    <Answered of={queues}>
      {(data) => (
        <>
          <div class="head">
            <h1>Queues</h1>
            <AsOf time={data.as_of} />
          </div>
          {data.queues.length === 0 ? (
            <Empty title="No service has a queue.">A worker has one: <code>make service KIND=worker</code> makes one.</Empty>
          ) : (
            <Table label="Queues" columns={COLUMNS} rows={data.queues} id={(it) => `${it.service}/${it.name}`} />
          )}
        </>
      )}
    </Answered>
  );
}
