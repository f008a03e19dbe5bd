// What a service says of itself, in the map's panel and in the list alike.

import type { ComponentChildren } from "preact";
import type { Consumers, ServiceCard } from "../api.ts";
import { neighbours } from "../logic/map.ts";
import { address } from "../logic/route.ts";
import { duration } from "../logic/text.ts";
import { useResource } from "../state/resource.ts";
import { Line, Whole } from "./text.tsx";

export function ServiceDetail({ card, cards }: { card: ServiceCard; cards: ServiceCard[] }) {
  const { tells, hears } = neighbours(cards, card.name);
  return (
    <div class="service">
      <p class="purpose">
        <Whole text={card.purpose} longest={400} />
      </p>
      <dl>
        <Row name="owner">
          <Line text={card.owner} />
        </Row>
        <Row name="source">
          <code>
            <Line text={card.source} />
          </code>
        </Row>
        {card.runbook !== null && (
          <Row name="runbook">
            <code>
              <Line text={card.runbook} />
            </code>
          </Row>
        )}
        {card.api && <Row name="API">has one of its own</Row>}
        <Names name="says" of={card.says} />
        <Names name="takes" of={card.takes} />
        {(card.reads_log || card.consumers.length > 0) && <Lag card={card} />}
        <Names name="views" of={card.views} />
        <Names name="tells" of={tells} services />
        <Names name="hears from" of={hears} services />
      </dl>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** `services` says that they are names of services, which have a page each. */
function Names({ name, of, services }: { name: string; of: readonly string[]; services?: boolean }) {
  if (of.length === 0) return null;
  return (
    <Row name={name}>
      <span class="chips">
        {of.map((it) => {
          const text = <Line text={it} longest={60} />;
          return services ? (
            <a key={it} class="chip" href={address("services", it)}>
              {text}
            </a>
          ) : (
            <span key={it} class="chip">
              {text}
            </span>
          );
        })}
      </span>
    </Row>
  );
}

/** How far its consumers are behind on the log. */
function Lag({ card }: { card: ServiceCard }) {
  const { data, problem } = useResource<Consumers>("v1/consumers", { every: 15_000 });
  const own = data.value?.consumers.filter((it) => it.service === card.name) ?? [];
  return (
    <Row name="reads the log">
      {data.value === null && problem.value !== null && <span class="quiet">the lag cannot be had now</span>}
      {data.value !== null && own.length === 0 && <span class="quiet">no consumer has told where it is</span>}
      {own.map((it) => (
        <span key={it.name} class="lag">
          <a href={address("consumers", it.name)}>
            <Line text={it.name} longest={60} />
          </a>{" "}
          {it.lag_seconds === null ? "at an unknown place" : `${duration(it.lag_seconds * 1000)} behind`}
          {it.parked > 0 && (
            <strong>
              {" "}
              {it.parked}
              {it.parked_capped ? " or more" : ""} parked
            </strong>
          )}
        </span>
      ))}
    </Row>
  );
}
