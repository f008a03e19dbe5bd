// Releases of services in containers: which share the new version has, both versions' figures, the verdict.

import type { Observation, Release, Releases, VersionFigures } from "../api.ts";
import { bounded } from "../logic/rollout.ts";
import { status } from "../logic/status.ts";
import { line } from "../logic/text.ts";
import { address } from "../logic/route.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, StatusMark, Whole } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

const COLUMNS: Column<Release>[] = [
  {
    name: "service",
    show: (it) => (
      <a href={address("services", it.service)}>
        <Line text={it.service} longest={40} />
      </a>
    ),
  },
  { name: "version", show: (it) => <Line text={it.version} longest={40} /> },
  { name: "release", show: (it) => <StatusMark name={it.state} /> },
  { name: "because", show: (it) => (it.reason === null ? <span class="quiet">nothing to say</span> : <Whole text={it.reason} longest={200} />) },
  { name: "began", show: (it) => <Ago time={it.began_at} /> },
  { name: "ended", show: (it) => (it.ended_at === null ? <span class="quiet">not yet</span> : <Ago time={it.ended_at} />) },
];

// What a verdict's word means, as the release is judged.
const VERDICTS: Record<string, string> = {
  sound: "it fails and waits no more than the old one",
  "too-few-calls": "too few calls to judge by yet",
  "too-soon": "sound so far, and watched a little longer",
  doubtful: "some calls fail: more calls are waited for",
  "calls-fail": "more calls fail than of the old one, and not by chance",
  "too-slow": "it is slower than the old one",
  "no-traffic": "nobody called it in time",
  unhealthy: "it is not healthy",
  healthy: "it is healthy, and gets a share next",
  starting: "it comes up beside the old one",
  settling: "it was told to take all calls",
  promoted: "it has all calls",
};

export function ReleasesScreen() {
  const releases = useResource<Releases>("v1/releases", { every: 5_000 });
  return (
    <Answered of={releases}>
      {(data) => (
        <>
          <div class="head">
            <h1>Releases</h1>
            <AsOf time={data.as_of} />
          </div>
          {data.services.some((it) => it.runs_on !== null) ? <Deployed of={data.services} /> : <Nowhere />}
          {data.releases.length > 0 && (
            <>
              <Newest release={data.releases[0]!} seen={data.seen} judged={data.judged} />
              <Table label="Releases" columns={COLUMNS} rows={data.releases} id={(it) => `${it.service}/${it.version}/${it.began_at}`} />
            </>
          )}
          {data.releases.length === 0 && data.services.some((it) => it.runs_on !== null) && (
            <Empty title="Nothing was released yet.">
              <code>make release SERVICE=pricing VERSION=v2</code> releases a version; with <code>FAULT=errors=0.5</code> one that fails, and is taken
              back.
            </Empty>
          )}
          {data.capped && <p class="quiet cap">There were more releases than the last {data.releases.length}.</p>}
        </>
      )}
    </Answered>
  );
}

function Nowhere() {
  return (
    <Empty title="No service in containers is deployed here.">
      <code>make up CONTAINERS=yes</code> starts pricing behind Envoy on this machine, and <code>make deploy CONTAINERS=yes</code> in an account.
    </Empty>
  );
}

function Deployed({ of }: { of: Releases["services"] }) {
  return (
    <p class="said">
      {of.map((it) => (
        <span key={it.service}>
          <Line text={it.service} longest={40} />{" "}
          <span class="quiet">{it.runs_on === null ? "is not deployed" : it.runs_on === "envoy" ? "runs behind Envoy on this machine" : "runs on ECS"}</span>{" "}
        </span>
      ))}
    </p>
  );
}

function Newest({ release, seen, judged }: { release: Release; seen: Observation | null; judged: Observation | null }) {
  const taken = release.state === "rolled back" ? 0 : seen === null ? 0 : seen.weight;
  const percent = bounded(release.state === "promoted" ? 100 : taken);
  const words = `${percent} % of the calls go to version ${line(release.version, 40)}, ${status(release.state).word}`;
  return (
    <section class={`card narrow release rollout ${status(release.state).tone}`} aria-label="The newest release">
      <div class="card-head">
        <h2>
          <Line text={release.service} longest={40} /> <Line text={release.version} longest={40} />
        </h2>
        <StatusMark name={release.state} />
      </div>
      <div
        class="rollout-bar"
        role="progressbar"
        aria-label="The new version's share of the calls"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={words}
      >
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect class="all" width="100" height="10" />
          <rect class="done" width={percent} height="10" />
        </svg>
        <span aria-hidden="true">{percent} %</span>
      </div>
      {seen === null ? (
        <p class="quiet">Nothing was seen of it yet.</p>
      ) : (
        <>
          <p>
            {release.state === "running" ? "Seen last" : "Seen at the end"} <Ago time={seen.at} />: <strong><Line text={seen.reason} longest={60} /></strong>
            {Object.hasOwn(VERDICTS, seen.reason) && `, ${VERDICTS[seen.reason]}`}
          </p>
          {judged === null ? <p class="quiet">No calls were shared between two versions.</p> : <Judged of={judged} />}
        </>
      )}
    </section>
  );
}

type Side = VersionFigures & { name: string };
const FIGURES: Column<Side>[] = [
  { name: "version", show: (it) => it.name },
  { name: "calls", number: true, show: (it) => it.calls.toLocaleString("en") },
  { name: "failed", number: true, show: (it) => it.failed.toLocaleString("en") },
  { name: "share failed", number: true, show: (it) => (it.calls === 0 ? <span class="quiet">no calls</span> : `${((100 * it.failed) / it.calls).toFixed(1)} %`) },
  { name: "95 of 100 within", number: true, show: (it) => (it.slow_ms === null ? <span class="quiet">not known yet</span> : `${it.slow_ms.toFixed(0)} ms`) },
];

function Judged({ of }: { of: Observation }) {
  const rows: Side[] = [
    { ...of.old, name: "old" },
    { ...of.new, name: "new" },
  ];
  return (
    <>
      <Table label="Both versions' calls" columns={FIGURES} rows={rows} id={(it) => it.name} />
      <p class="quiet">
        In the {of.seconds.toFixed(1)} s that they shared the calls, {bounded(of.weight)} % to the new one, as of <Ago time={of.at} />.
      </p>
    </>
  );
}
