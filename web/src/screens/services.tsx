// Services: what the map shows, as a list for keyboards and screen readers.

import { useEffect } from "preact/hooks";
import type { ServiceCard, Services } from "../api.ts";
import { address } from "../logic/route.ts";
import { line } from "../logic/text.ts";
import { Arrows } from "../parts/arrows.tsx";
import { ServiceDetail } from "../parts/service.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Line } from "../parts/text.tsx";
import { closes } from "../state/keyboard.ts";
import { go, screens } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<ServiceCard>[] = [
  {
    name: "service",
    show: (it) => (
      <a href={address("services", it.name)}>
        <Line text={it.name} longest={60} />
      </a>
    ),
  },
  { name: "owner", show: (it) => <Line text={it.owner} longest={40} /> },
  { name: "what it does", show: (it) => <Line text={it.purpose} /> },
  { name: "API", show: (it) => (it.api ? "yes" : <span class="quiet">no</span>) },
  { name: "says", number: true, show: (it) => it.says.length },
  { name: "takes", number: true, show: (it) => it.takes.length },
  { name: "log", show: (it) => (it.reads_log ? "reads it" : <span class="quiet">no</span>) },
  { name: "source", show: (it) => <code><Line text={it.source} longest={60} /></code> },
];

export function ServicesScreen({ name }: { name: string | null }) {
  const services = useResource<Services>("v1/services", { every: 300_000 });
  useEffect(() => (name === null ? undefined : closes(() => go("services"))), [name]);
  return (
    <Answered of={services}>
      {(data) => {
        const card = data.services.find((it) => it.name === name);
        return (
          <>
            <div class="head">
              <h1>{name === null ? "Services" : <Line text={name} longest={60} />}</h1>
              {name !== null && <a href={address("services")}>All services</a>}
              {name !== null && card && <a href={address("home", null, { service: line(name, 60) })}>On the map</a>}
              <AsOf time={data.as_of} />
            </div>
            {name === null ? (
              <>
                <List services={data.services} />
                {screens.includes("faults") && <Arrows />}
              </>
            ) : card ? (
              <section class="card narrow"><ServiceDetail card={card} cards={data.services} /></section>
            ) : (
              <Empty title="No service has this name.">The list has those that are deployed.</Empty>
            )}
          </>
        );
      }}
    </Answered>
  );
}

function List({ services }: { services: ServiceCard[] }) {
  if (services.length === 0) {
    return (
      <Empty title="No service has said what it is.">
        Each publishes that when it is deployed: <code>make up</code> or <code>make deploy</code>.
      </Empty>
    );
  }
  return (
    <Table label="Services" columns={COLUMNS} rows={services} id={(it) => it.name} open={(it) => go("services", it.name)} />
  );
}
