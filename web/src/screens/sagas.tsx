// Sagas: which step each order is at, and of one order the machine's picture and the carriers' lanes.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { EndedSagas, Orders, Saga, SagaRow, Sagas } from "../api.ts";
import { became, forward } from "../logic/saga.ts";
import { address } from "../logic/route.ts";
import { short } from "../logic/text.ts";
import { Machine, PICTURE } from "../parts/machine.tsx";
import { Carriers } from "../parts/carriers.tsx";
import { Operate } from "../parts/operate.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, OrderLink, StatusMark, Whole } from "../parts/text.tsx";
import { closes } from "../state/keyboard.ts";
import { go } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const RECENT = 12; // orders whose sagas are told whatever became of them

const COLUMNS: Column<SagaRow>[] = [
  {
    name: "order",
    show: (it) => (
      <a class="id" href={address("sagas", it.order_id)}>
        {short(it.order_id)}
      </a>
    ),
  },
  { name: "saga", show: (it) => <StatusMark name={it.status} /> },
  ...forward(PICTURE).map(({ step, name }) => ({
    name: name.toLowerCase(),
    show: (it: SagaRow) => {
      const status = became(it, step);
      return status === null ? <span class="quiet">·</span> : <StatusMark name={status} />;
    },
  })),
  { name: "began", show: (it) => <Ago time={it.started_at} /> },
];

export function SagasScreen({ id }: { id: string | null }) {
  return id === null ? <List /> : <One id={id} />;
}

function List() {
  const orders = useResource<Orders>("v1/orders", { every: 15_000, when: (it) => it.type === "OrderPlaced" });
  const recent = orders.data.value?.orders.slice(0, RECENT).map((it) => it.order_id);
  const known = recent !== undefined || orders.problem.value !== null;
  const named = recent === undefined || recent.length === 0 ? "" : `?orders=${recent.map(encodeURIComponent).join(",")}`;
  const sagas = useResource<Sagas>(known ? `v1/sagas${named}` : null, { every: 10_000, when: () => true });
  // Another list of orders is another question: what was answered stays until it is.
  const before = useRef<Sagas | null>(null);
  useMemo(() => {
    if (sagas.data.peek() === null) sagas.data.value = before.current;
  }, [sagas]);
  before.current = sagas.data.value;
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
          <Ended of={data.ended} problem={data.ended_problem} />
          {data.sagas.length === 0 ? (
            <Empty title="No saga is open or stuck, and no order was placed lately.">
              Each order that is placed starts one: <code>make load RATE=1 DURATION=10</code>.
            </Empty>
          ) : (
            <Table
              label="Sagas"
              columns={COLUMNS}
              rows={data.sagas}
              id={(it) => `${it.order_id}/${it.started_at}`}
              open={(it) => go("sagas", it.order_id)}
            />
          )}
          <p class="quiet cap">
            Open and stuck sagas{named !== "" && `, and those of the last ${recent!.length} orders`}.
            {data.capped && ` There are more open ones than are listed here.`}
          </p>
        </>
      )}
    </Answered>
  );
}

function Ended({ of, problem }: { of: EndedSagas | null; problem: string | null }) {
  if (of === null) {
    return (
      <p class="quiet cap">
        How sagas ended is not told{problem !== null && <>: <Whole text={problem} longest={160} /></>}.
      </p>
    );
  }
  if (of.looked_at === 0) return <p class="quiet cap">No saga has ended yet.</p>;
  return (
    <div class="counts" role="group" aria-label="How the last sagas ended">
      {Object.entries(of.counts).map(([name, count]) => (
        <span key={name}>
          <StatusMark name={name} /> <strong>{count.toLocaleString("en")}</strong>
        </span>
      ))}
      <span class="quiet">
        {of.capped ? `the last ${of.looked_at.toLocaleString("en")} that ended` : `all ${of.looked_at.toLocaleString("en")} that ended`}
        {of.since !== null && (
          <>
            , the first <Ago time={of.since} />
          </>
        )}
      </span>
    </div>
  );
}

function One({ id }: { id: string }) {
  const saga = useResource<Saga>(`v1/sagas/${encodeURIComponent(id)}`, { every: 10_000, when: (it) => it.order_id === id });
  useEffect(() => closes(() => go("sagas")), []);
  if (saga.data.value === null && saga.problem.value?.status === 404) {
    return (
      <Empty whole title="This order has no saga.">
        <a href={address("orders", id)}>Its timeline</a> tells what is known of it. <a href={address("sagas")}>All sagas</a>
      </Empty>
    );
  }
  return (
    <Answered of={saga}>
      {(data) => (
        <>
          <div class="head">
            <h1>
              Saga of <OrderLink id={data.order_id} />
            </h1>
            <StatusMark name={data.status} />
            <AsOf time={data.as_of} />
            <a href={address("sagas")}>All sagas</a>
          </div>
          {data.status !== "ended" && (
            <Operate
              label="Resume"
              path={`v1/sagas/${encodeURIComponent(data.order_id)}/resume`}
              after={() => void saga.refresh()}
            />
          )}
          <div class="saga">
            <section class="card" aria-label="The machine">
              <Machine saga={data} />
            </section>
            <div class="saga-beside">
              <Steps saga={data} />
              <Carriers saga={data} />
            </div>
          </div>
        </>
      )}
    </Answered>
  );
}

function Steps({ saga }: { saga: Saga }) {
  return (
    <section class="card" aria-label="Steps">
      <div class="card-head">
        <h2>Steps</h2>
        {saga.attempt > 1 && <span class="quiet">execution {saga.attempt.toLocaleString("en")}</span>}
      </div>
      {saga.steps.length === 0 && <p class="quiet">It has sent no command yet.</p>}
      <ol class="steps">
        {saga.steps.map((it) => (
          <li key={it.step}>
            <StatusMark name={it.status} />
            <span>
              <strong>
                <Line text={it.step} longest={60} />
              </strong>{" "}
              {it.owner !== null && (
                <span class="quiet">
                  by <Line text={it.owner} longest={40} />
                </span>
              )}
              {it.reason !== null && (
                <>
                  {" "}
                  <Whole text={it.reason} longest={300} />
                </>
              )}
            </span>
            <span class="quiet">{took(it.sent_at, it.answered_at)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function took(sent: string, answered: string | null): string {
  const milliseconds = Date.parse(answered ?? "") - Date.parse(sent);
  return Number.isNaN(milliseconds) ? "no answer yet" : `${(milliseconds / 1000).toFixed(1)} s`;
}
