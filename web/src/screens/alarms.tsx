// Alarms that fire, and the queues with what waits in them: of every service.

import { useMemo } from "preact/hooks";
import type { Alarm, Alarms, Queue, Queues } from "../api.ts";
import { address } from "../logic/route.ts";
import { Operate } from "../parts/operate.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, StatusMark, Whole } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

const service = (name: string) => (
  <a class="unbroken" href={address("services", name)}>
    <Line text={name} longest={40} />
  </a>
);

const FIRING: Column<Alarm>[] = [
  { name: "service", show: (it) => service(it.service) },
  { name: "alarm", show: (it) => <span class="unbroken"><Line text={it.name} longest={80} /></span> },
  { name: "says", show: (it) => <Whole text={it.what} longest={300} /> },
  { name: "since", show: (it) => <Ago time={it.since} /> },
  { name: "because", show: (it) => (it.reason === null ? <span class="quiet">no reason</span> : <Whole text={it.reason} longest={300} />) },
];

const count = (of: number | null, it: Queue) =>
  of === null ? <span class="quiet">{it.problem === null ? "none" : "unknown"}</span> : of.toLocaleString("en");

const columns = (after: () => void): Column<Queue>[] => [
  { name: "service", show: (it) => service(it.service) },
  { name: "queue", show: (it) => <Line text={it.name} longest={60} /> },
  { name: "waiting", number: true, show: (it) => count(it.waiting, it) },
  { name: "at work", number: true, show: (it) => count(it.in_flight, it) },
  { name: "delayed", number: true, show: (it) => count(it.delayed, it) },
  { name: "dead letters", number: true, show: (it) => (it.dead_letters ? <strong class="bad">{it.dead_letters.toLocaleString("en")}</strong> : count(it.dead_letters, it)) },
  {
    name: "problem",
    show: (it) => (it.problem === null ? <span class="quiet">none</span> : <Whole text={it.problem} longest={160} />),
  },
  {
    name: "dead letters again",
    show: (it) =>
      !it.dead_letters || !it.redrivable ? (
        <span class="quiet">{it.dead_letters ? "not from here" : "none wait"}</span>
      ) : (
        <Operate
          quiet
          label="Redrive"
          path={`v1/queues/${encodeURIComponent(it.service)}/${encodeURIComponent(it.name)}/redrive`}
          after={after}
        />
      ),
  },
];

export function AlarmsScreen() {
  return (
    <>
      <Firing />
      <Depths />
    </>
  );
}

function Firing() {
  const alarms = useResource<Alarms>("v1/alarms", { every: 15_000 });
  return (
    <Answered of={alarms}>
      {(data) => (
        <>
          <div class="head">
            <h1>Alarms</h1>
            <AsOf time={data.as_of} />
          </div>
          <p class="counts">
            {Object.entries(data.counts).map(([name, of]) => (
              <span key={name}>
                <StatusMark name={name} /> <strong>{of.toLocaleString("en")}</strong>
              </span>
            ))}
          </p>
          {data.alarms.length === 0 ? (
            <p class="quiet">No alarm fires. One without data is well: it has counted nothing yet.</p>
          ) : (
            <Table label="Alarms that fire" columns={FIRING} rows={data.alarms} id={(it) => `${it.service}/${it.name}`} />
          )}
          {data.capped && <p class="quiet cap">More fire than the {data.alarms.length} that are listed: the newest are.</p>}
          {data.counts_capped && <p class="quiet cap">There are more alarms than were looked at.</p>}
          {data.alarms.length > 0 && (
            <p class="quiet">
              <code>docs/operations.md</code> says of each what to do.
            </p>
          )}
        </>
      )}
    </Answered>
  );
}

function Depths() {
  const queues = useResource<Queues>("v1/queues", { every: 15_000 });
  // The rows are drawn again for other columns: these stay.
  const shown = useMemo(() => columns(() => void queues.refresh()), [queues]);
  return (
    <Answered of={queues}>
      {(data) => (
        <>
          <div class="head second">
            <h2>Queues</h2>
            <AsOf time={data.as_of} />
          </div>
          {data.queues.length === 0 ? (
            <Empty title="No queue is known.">
              Each service's queues have alarms, by which they are found: <code>make up</code> or <code>make deploy</code>.
            </Empty>
          ) : (
            <Table label="Queues" columns={shown} rows={data.queues} id={(it) => `${it.service}/${it.name}`} />
          )}
          {data.capped && <p class="quiet cap">There are more queues than were asked.</p>}
          <p class="quiet">
            SQS counts nearly right. A redrive shows the dead letters of a queue first; its owner alone reads them.
            <code>make redrive-queue QUEUE=…</code> does the same from a terminal.
          </p>
        </>
      )}
    </Answered>
  );
}
