// Configuration: which document of each service is deployed, and how far.

import type { Configurations } from "../api.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, StatusMark } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<Configurations["documents"][number]>[] = [
  { name: "service", show: (it) => <Line text={it.service} longest={40} /> },
  { name: "environment", show: (it) => <Line text={it.environment} longest={40} /> },
  {
    name: "version",
    show: (it) => (it.deployed_version === null ? <span class="quiet">none</span> : <code><Line text={it.deployed_version} longest={48} /></code>),
  },
  { name: "deployed", show: (it) => <Ago time={it.deployed_at} /> },
  { name: "state", show: (it) => <StatusMark name={it.state} /> },
  {
    name: "reached",
    show: (it) =>
      it.percentage === null ? (
        <span class="quiet">unknown</span>
      ) : (
        <span class="reached">
          <meter min={0} max={100} value={it.percentage} aria-label="reached" /> {it.percentage} %
        </span>
      ),
  },
];

export function ConfigurationScreen() {
  const documents = useResource<Configurations>("v1/configuration", { every: 15_000 });
  return (
    <Answered of={documents}>
      {(data) => (
        <>
          <div class="head">
            <h1>Configuration</h1>
            <AsOf time={data.as_of} />
          </div>
          {data.documents.length === 0 ? (
            <Empty title="No document is deployed.">
              Git has them in <code>config/</code>; <code>make config-apply</code> deploys them.
            </Empty>
          ) : (
            <Table label="Documents" columns={COLUMNS} rows={data.documents} id={(it) => `${it.service}/${it.environment}`} />
          )}
        </>
      )}
    </Answered>
  );
}
