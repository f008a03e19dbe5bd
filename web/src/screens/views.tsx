// Views: the generations of each read model side by side, and how far a rebuild is.

import type { Generation, View, ViewChange, Views } from "../api.ts";
import { address } from "../logic/route.ts";
import { next, phases, type Phase } from "../logic/views.ts";
import { line } from "../logic/text.ts";
import { Operate } from "../parts/operate.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Ago, Line, StatusMark, Whole } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

export function ViewsScreen() {
  const views = useResource<Views>("v1/views", { every: 5_000, when: () => true });
  return (
    <Answered of={views}>
      {(data) => (
        <>
          <div class="head">
            <h1>Views</h1>
            <AsOf time={data.as_of} />
          </div>
          {data.views.length === 0 ? (
            <Empty title="There is no read model.">
              <code>make service KIND=view</code> makes one.
            </Empty>
          ) : (
            data.views.map((view) => <OfView key={view.name} view={view} changed={() => void views.refresh()} />)
          )}
        </>
      )}
    </Answered>
  );
}

function OfView({ view, changed }: { view: View; changed: () => void }) {
  return (
    <section class="card view" aria-label={view.name.slice(0, 60)}>
      <div class="card-head">
        <h2>
          <Line text={view.name} longest={60} />
        </h2>
        <a href={address("services", view.service)}>
          <Line text={view.service} longest={40} />
        </a>
      </div>
      {view.problem !== null ? (
        <p class="said">
          <StatusMark name="unknown" /> Its owner does not tell: <Whole text={view.problem} longest={300} />
        </p>
      ) : (
        <>
          <Generations view={view} />
          {view.rebuild !== null && (
            <ol class="phases" aria-label={`Rebuild of ${view.name.slice(0, 60)}`}>
              {phases(view.rebuild).map((it) => (
                <Step key={it.name} phase={it} />
              ))}
            </ol>
          )}
          <Run view={view} />
          <Next view={view} changed={changed} />
        </>
      )}
    </section>
  );
}

function Generations({ view }: { view: View }) {
  return (
    <div class="generations">
      {view.generations.map((it) => (
        <One key={it.name} it={it} />
      ))}
      {view.generations.length === 1 && (
        <p class="generation none quiet">No generation beside it: nothing is rebuilt, and there is no way back.</p>
      )}
      {view.equal !== null && (
        <p class={`compared ${view.equal ? "good" : "bad"}`}>
          <StatusMark name={view.equal ? "equal" : "differs"} />{" "}
          <span class="quiet">
            {view.equal
              ? "both hold the same items"
              : "they held different items when they were summed up: an order that came between the two sums is enough"}
          </span>
        </p>
      )}
    </div>
  );
}

const SINCE: Record<Generation["state"], string> = {
  served: "served since",
  filled: "filled since",
  kept: "kept since",
  erased: "retired",
};

function One({ it }: { it: Generation }) {
  return (
    <div class={`generation ${it.state}`}>
      <h3>
        <Line text={it.name} longest={24} /> <StatusMark name={it.state} />
      </h3>
      <dl>
        <div>
          <dt>{SINCE[it.state] ?? "since"}</dt>
          <dd>{it.since === null ? <span class="quiet">{it.name === "g1" ? "the first deployment" : "a time that was not noted"}</span> : <Ago time={it.since} />}</dd>
        </div>
        <div>
          <dt>items</dt>
          <dd>{it.items === null ? <span class="quiet">not counted</span> : it.items.toLocaleString("en")}</dd>
        </div>
        <div>
          <dt>checksum</dt>
          <dd>
            {it.sum === null ? (
              <span class="quiet">not summed up</span>
            ) : (
              <code>
                <Line text={it.sum} longest={32} />
              </code>
            )}
          </dd>
        </div>
        {it.summed_at !== null && (
          <div>
            <dt>as of</dt>
            <dd>
              <Ago time={it.summed_at} />
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}

function Step({ phase }: { phase: Phase }) {
  return (
    <li class={phase.state} aria-current={phase.state === "running" ? "step" : undefined}>
      <StatusMark name={phase.state} />
      <span class="phase-name">{phase.name}</span>
      <span class="quiet">{phase.words}</span>
      {phase.part !== null && <progress max={1} value={phase.part} aria-label={`${phase.name}: ${phase.words}`} />}
    </li>
  );
}

/** The newest execution of the machine, if it says more than the generations do. */
function Run({ view }: { view: View }) {
  if (view.run === null) return null;
  return (
    <p class="quiet">
      The rebuild machine: <StatusMark name={view.run.status} />{" "}
      {view.run.ended_at === null ? (
        <>
          since <Ago time={view.run.started_at} />
        </>
      ) : (
        <Ago time={view.run.ended_at} />
      )}
    </p>
  );
}

const LABELS: Record<ViewChange, string> = { rebuild: "Rebuild", back: "Go back in", retire: "Retire the other of" };

function Next({ view, changed }: { view: View; changed: () => void }) {
  const changes = next(view);
  if (changes.length === 0) return null;
  return (
    <div class="next">
      <h3>What may be done next</h3>
      <ul>
        {changes.map((it) => (
          <li key={it.change}>
            <strong>{it.change}</strong>: {it.words}{" "}
            <code>
              <Line text={it.command} longest={90} />
            </code>{" "}
            <Operate
              label={`${LABELS[it.change]} ${line(view.name, 60)}`}
              path={`v1/views/${encodeURIComponent(view.name)}/${it.change}`}
              after={changed}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
