// Configuration: what git has, what is deployed, what is served, how a rollout goes, what was refused.

import { useEffect } from "preact/hooks";
import type { Configuration, ConfiguredProfile, ConfiguredService, Refusal, Rule, ServedVersion } from "../api.ts";
import { address } from "../logic/route.ts";
import { agreement, pace } from "../logic/rollout.ts";
import { line } from "../logic/text.ts";
import { Operate } from "../parts/operate.tsx";
import { RolloutBar } from "../parts/rollout.tsx";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, StatusMark, Whole } from "../parts/text.tsx";
import { useResource } from "../state/resource.ts";

const WATCHED = 2000; // milliseconds between two questions while a rollout is under way

export function ConfigurationScreen() {
  const configuration = useResource<Configuration>("v1/configuration", { every: 15_000 });
  const moving = configuration.data.value?.services.some(isUnderWay) ?? false;
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => document.hidden || void configuration.refresh(), WATCHED);
    return () => clearInterval(timer);
  }, [moving]);
  return (
    <Answered of={configuration} lines={9}>
      {(data) => (
        <>
          <div class="head">
            <h1>Configuration</h1>
            <AsOf time={data.as_of} />
          </div>
          {data.services.length === 0 ? (
            <Empty title="No service has configuration that changes while it runs.">
              <code>make up</code> or <code>make deploy</code> brings here what a service has;{" "}
              <code>docs/configuration.md</code> says how one gets it.
            </Empty>
          ) : (
            <>
              <p class="said">
                Git's part is what <code>make config-apply</code> wrote into each version. Served is the last complete
                deployment: functions do not say what they use, and take up a new version within a minute.{" "}
                <code>make config-plan</code> compares all this with a checkout.
              </p>
              {data.services.map((it) => (
                <Service key={it.service} of={it} after={() => void configuration.refresh()} />
              ))}
              <Refused services={data.services} />
            </>
          )}
        </>
      )}
    </Answered>
  );
}

function isUnderWay(service: ConfiguredService): boolean {
  return service.profiles.some((it) => it.rollout?.under_way);
}

function Service({ of: service, after }: { of: ConfiguredService; after: () => void }) {
  return (
    <section class="card configured" aria-label={`Configuration of ${line(service.service, 60)}`}>
      <div class="card-head">
        <h2>
          <a href={address("services", service.service)}>
            <Line text={service.service} longest={60} />
          </a>
        </h2>
      </div>
      {service.problem !== null && (
        <p class="silent" role="status">
          <StatusMark name="silent" /> It does not tell its configuration now: <Whole text={service.problem} longest={200} />
        </p>
      )}
      <div class="profiles">
        {service.profiles.map((it) => (
          <Profile key={it.profile} of={it} service={service} after={after} />
        ))}
      </div>
    </section>
  );
}

const STOPPABLE = ["deploying", "baking"];

function Profile({ of: profile, service, after }: { of: ConfiguredProfile; service: ConfiguredService; after: () => void }) {
  const { kept, served, rollout } = profile;
  const { word, tone } = agreement(profile);
  return (
    <article aria-label={line(`${service.service} ${profile.profile}`, 80)}>
      <h3>
        <Line text={profile.profile} longest={40} />
      </h3>
      <dl>
        <div>
          <dt>git</dt>
          <dd>{served === null ? <span class="quiet">nothing was deployed from it</span> : <Origin of={served} />}</dd>
        </div>
        <div>
          <dt>deployed</dt>
          <dd>{kept === null ? <span class="quiet">no version is kept</span> : <Number of={kept} />}</dd>
        </div>
        <div>
          <dt>served</dt>
          <dd>
            {served === null ? (
              <span class="quiet">packaged defaults</span>
            ) : (
              <>
                <Number of={served} /> <span class="quiet">since <Ago time={served.since} /></span>
              </>
            )}
          </dd>
        </div>
      </dl>
      <p class={`agreement ${tone}`}><Whole text={word} longest={240} /></p>
      {served !== null && served.refused.length > 0 && <Broken rules={served.refused} />}
      {rollout === null ? (
        <p class="quiet">There was no rollout yet: <code>make config-apply</code> begins one.</p>
      ) : (
        <>
          <RolloutBar of={rollout} name={`${service.service} ${profile.profile}`} />
          <p class="quiet"><Whole text={pace(rollout)} longest={240} /></p>
          {STOPPABLE.includes(rollout.state) && (
            <Operate
              label="Stop the rollout"
              path={`v1/configuration/${encodeURIComponent(service.service)}/${encodeURIComponent(profile.profile)}/stop`}
              after={after}
            />
          )}
          {service.alarms.length > 0 && <Watching alarms={service.alarms} />}
        </>
      )}
    </article>
  );
}

function Number({ of }: { of: { version: string; label: string | null } }) {
  return (
    <>
      version <Line text={of.version} longest={20} />
      {of.label !== null && (
        <>
          {" "}
          <span class="chip"><Line text={of.label} longest={64} /></span>
        </>
      )}
    </>
  );
}

function Origin({ of }: { of: ServedVersion }) {
  if (of.commit === null) return <span class="bad">no commit: it was made by hand</span>;
  return (
    <>
      {of.commit === "uncommitted" ? "a file in no commit" : <>commit <code><Line text={of.commit.slice(0, 10)} /></code></>}
      {of.sha256 !== null && <span class="quiet"> · SHA-256 <code><Line text={of.sha256.slice(0, 10)} /></code></span>}
    </>
  );
}

function Watching({ alarms }: { alarms: readonly string[] }) {
  return (
    <ul class="watching" aria-label="Alarms that roll it back">
      {alarms.map((it) => (
        <li key={it}>
          <Line text={it} longest={120} />
        </li>
      ))}
    </ul>
  );
}

function Broken({ rules }: { rules: readonly Rule[] }) {
  return (
    <ul class="broken" aria-label="What the deployed code does not accept">
      {rules.map((it) => (
        <li key={`${it.path} ${it.rule}`}>
          <code><Whole text={it.path || "/"} longest={200} /></code> <Whole text={it.rule} longest={200} />; found{" "}
          <Whole text={it.found} longest={80} />
        </li>
      ))}
    </ul>
  );
}

type Told = Refusal & { service: string };

const REFUSED: Column<Told>[] = [
  { name: "when", show: (it) => <Ago time={it.at} /> },
  { name: "service", show: (it) => <Line text={it.service} longest={60} /> },
  { name: "profile", show: (it) => <Line text={it.profile} longest={40} /> },
  { name: "version", show: (it) => (it.version === null ? <span class="quiet">none</span> : <Line text={it.version} longest={20} />) },
  { name: "path", show: (it) => <code><Whole text={it.path || "/"} longest={200} /></code> },
  { name: "rule", show: (it) => <Whole text={it.rule} longest={200} /> },
  { name: "found", show: (it) => <code><Whole text={it.found} longest={80} /></code> },
];

function Refused({ services }: { services: readonly ConfiguredService[] }) {
  const told = services.flatMap((service) => service.refused.map((it): Told => ({ ...it, service: service.service })));
  const hours = Math.max(0, ...services.map((it) => it.refused_hours));
  told.sort((one, other) => (one.at < other.at ? 1 : -1));
  return (
    <section class="card" aria-label="Refused">
      <div class="card-head">
        <h2>Refused by a service's validator</h2>
      </div>
      {told.length === 0 ? (
        <p class="quiet">No document was refused in the last {hours} hours.</p>
      ) : (
        <Table label="Refused documents" columns={REFUSED} rows={told} id={(it) => `${it.service} ${it.at} ${it.path} ${it.rule}`} />
      )}
      {services.some((it) => it.refused_capped) && <p class="quiet cap">There are more: the newest of each service are listed, its log has all.</p>}
    </section>
  );
}
