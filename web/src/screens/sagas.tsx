// Sagas: those that run, and those that wait for an operator.

import type { Sagas } from "../api.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, OrderLink, StatusMark } from "../parts/text.tsx";
import { go } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<Sagas["sagas"][number]>[] = [
  { name: "order", show: (it) => <OrderLink id={it.order_id} /> },
  { name: "status", show: (it) => <StatusMark name={it.status} /> },
  { name: "step", show: (it) => (it.step === null ? <span class="quiet">none</span> : <Line text={it.step} longest={80} />) },
  { name: "began", show: (it) => <Ago time={it.started_at} /> },
  { name: "ended", show: (it) => (it.ended_at === null ? <span class="quiet">not yet</span> : <Ago time={it.ended_at} />) },
];

export function SagasScreen() {
  const sagas = useResource<Sagas>("v1/sagas", { every: 10_000, when: () => true });
  return (
    <Answered of={sagas}>
      {(data) => (
        <>
          <div class="head">
            <h1>Sagas</h1>
            <AsOf time={data.as_of} />
          </div>
          <p class="counts">
            {Object.entries(data.counts).map(([name, count]) => (
              <span key={name}>
                <StatusMark name={name} /> <strong>{count.toLocaleString("en")}</strong>
              </span>
            ))}
          </p>
          {data.sagas.length === 0 ? (
            <Empty title="No saga is open or stuck.">
              Each order that is placed starts one: <code>make load RATE=1 DURATION=10</code>.
            </Empty>
          ) : (
            <Table
              label="Sagas"
              columns={COLUMNS}
              rows={data.sagas}
              id={(it) => `${it.order_id}/${it.started_at}`}
              open={(it) => go("orders", it.order_id)}
            />
          )}
          {data.capped && <p class="quiet cap">There are more sagas than the {data.sagas.length} that are listed.</p>}
        </>
      )}
    </Answered>
  );
}
