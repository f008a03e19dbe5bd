// Home: the architecture as a living map, and what the bus carried last.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Activity, Alarm, Alarms, ServiceCard, Services } from "../api.ts";
import { neighbours, plan, type Node, type Plan } from "../logic/map.ts";
import { address } from "../logic/route.ts";
import { line } from "../logic/text.ts";
import { Marks } from "../parts/marks.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Ago, Clock, Line, OrderLink, StatusMark, Whole } from "../parts/text.tsx";
import { ServiceDetail } from "../parts/service.tsx";
import { closes } from "../state/keyboard.ts";
import { feed, minute, now, onBeat, pulse } from "../state/live.ts";
import { useOrders } from "../state/orders.ts";
import { note, route, screens } from "../state/place.ts";
import { useResource } from "../state/resource.ts";

const NARROW = 820;

export function HomeScreen() {
  const services = useResource<Services>("v1/services", { every: 300_000 });
  const alarms = useResource<Alarms>("v1/alarms", { every: 30_000 });
  const firing = useMemo(() => byService(alarms.data.value?.alarms ?? []), [alarms.data.value]);
  const chosen = route.value.query["service"] ?? null;
  const card = services.data.value?.services.find((it) => it.name === chosen);
  const choose = (name: string | null) => note(name === null || name === chosen ? {} : { service: name });
  return (
    <>
      <h1 class="unseen">The architecture at work</h1>
      <div class="home">
        <div class="column">
          <section aria-label="Map" class="card map-card">
            <Answered of={services} lines={9}>
              {(data) =>
                data.services.length === 0 ? <NoServices /> : <Map data={data} firing={firing} known={alarms.data.value} chosen={chosen} choose={choose} />
              }
            </Answered>
          </section>
          {card && <div class="below"><Detail card={card} cards={services.data.value!.services} alarms={firing[card.name] ?? []} close={() => choose(null)} /></div>}
          <NewestOrders />
        </div>
        <div class="column">
          {card && <div class="beside"><Detail card={card} cards={services.data.value!.services} alarms={firing[card.name] ?? []} close={() => choose(null)} /></div>}
          <Latest />
        </div>
      </div>
    </>
  );
}

type Firing = Readonly<Record<string, readonly Alarm[]>>;

function byService(alarms: readonly Alarm[]): Firing {
  const found: Record<string, Alarm[]> = {};
  for (const it of alarms) (found[it.service] ??= []).push(it);
  return found;
}

function NoServices() {
  return (
    <Empty title="No service has said what it is.">
      Each service publishes that when it is deployed: <code>make up</code> offline, <code>make deploy</code> on an
      account.
    </Empty>
  );
}

interface MapProps {
  data: Services;
  firing: Firing;
  known: Alarms | null;
  chosen: string | null;
  choose: (name: string) => void;
}

function Map({ data, firing, known, chosen, choose }: MapProps) {
  const wide = useWide();
  const drawn = useMemo(() => plan(data.services, wide), [data, wide]);
  const owners = drawn.bands.flatMap((band) => (band.name === "bus" && band.card ? [band.card] : []));
  return (
    <>
      <div class="map-head">
        <Rates />
        <Legend />
        <AlarmsNow known={known} />
        <a href={address("services")}>The same as a list</a>
        <AsOf time={data.as_of} />
      </div>
      <Picture drawn={drawn} cards={data.services} firing={firing} chosen={chosen} choose={choose} />
      <Chips title="Beside the flow:" cards={drawn.apart} firing={firing} chosen={chosen} choose={choose} />
      <Chips title="The log and the bus are of:" cards={owners} firing={firing} chosen={chosen} choose={choose} />
    </>
  );
}

/** How many alarms fire, as it was when they were looked at. */
function AlarmsNow({ known }: { known: Alarms | null }) {
  if (known === null) return null;
  const count = known.counts.alarm;
  return (
    <a href={address("alarms")} class={count > 0 ? "alarms-now bad" : "alarms-now"}>
      {count === 0 ? "no alarm fires" : <StatusMark name={`${count} ${count === 1 ? "alarm fires" : "alarms fire"}`} tone="bad" />}
    </a>
  );
}

interface ChipsProps {
  title: string;
  cards: ServiceCard[];
  firing: Firing;
  chosen: string | null;
  choose: (name: string) => void;
}

function Chips({ title, cards, firing, chosen, choose }: ChipsProps) {
  if (cards.length === 0) return null;
  return (
    <p class="apart">
      <span class="quiet">{title}</span>{" "}
      {cards.map((it) => (
        <button key={it.name} class="chip" aria-pressed={it.name === chosen} onClick={() => choose(it.name)}>
          <Line text={it.name} longest={40} />
          {firing[it.name] !== undefined && <StatusMark name={alarmsOf(firing, it.name)} tone="bad" />}
        </button>
      ))}
    </p>
  );
}

function useWide(): boolean {
  const query = useMemo(() => matchMedia(`(min-width: ${NARROW}px)`), []);
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const changed = () => setWide(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return wide;
}

function alarmsOf(firing: Firing, name: string): string {
  const count = firing[name]?.length ?? 0;
  return `${count} ${count === 1 ? "alarm" : "alarms"}`;
}

interface PictureProps {
  drawn: Plan;
  cards: ServiceCard[];
  firing: Firing;
  chosen: string | null;
  choose: (name: string) => void;
}

function Picture({ drawn, cards, firing, chosen, choose }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [counts, setCounts] = useState<Record<string, number>>({});
  useEffect(() => {
    const marks = new Marks();
    marks.show(canvas.current!, drawn);
    let last = performance.now();
    let clearing: ReturnType<typeof setTimeout> | undefined;
    const stop = onBeat(({ fresh, first }) => {
      const seconds = (performance.now() - last) / 1000;
      last = performance.now();
      if (first || fresh.length === 0 || marks.add(fresh, seconds)) return;
      const sums: Record<string, number> = {};
      for (const { service } of fresh) sums[service] = (sums[service] ?? 0) + 1;
      setCounts(sums);
      clearTimeout(clearing);
      clearing = setTimeout(() => setCounts({}), 2500);
    });
    return () => {
      stop();
      marks.stop();
      clearTimeout(clearing);
    };
  }, [drawn]);
  const near = useMemo(() => {
    if (chosen === null) return null;
    const { tells, hears } = neighbours(cards, chosen);
    return new Set([chosen, ...tells, ...hears]);
  }, [cards, chosen]);
  const second = Math.floor(now.value / 1000);
  return (
    <div class={`map ${drawn.wide ? "wide" : "tall"}`}>
      <svg viewBox={`0 0 ${drawn.width} ${drawn.height}`} role="group" aria-label="Services along the event log, the bus and the command queues">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 .5L7.500 4L0 7.500z" />
          </marker>
        </defs>
        {drawn.bands.map((band) => (
          <g key={band.name} class={`band ${band.name}`}>
            <line x1={band.from.x} y1={band.from.y} x2={band.to.x} y2={band.to.y} />
            {drawn.wide ? (
              <text x={band.from.x} y={band.from.y - 8}>
                {band.label}
              </text>
            ) : (
              <text x={band.from.x} y={band.from.y - 6} transform={`rotate(-38 ${band.from.x} ${band.from.y - 6})`}>
                {band.name === "log" ? "log" : band.name}
              </text>
            )}
          </g>
        ))}
        {drawn.intake && (
          <g class="port">
            <line
              x1={drawn.intake.from.x}
              y1={drawn.intake.from.y}
              x2={drawn.intake.to.x}
              y2={drawn.intake.to.y}
              marker-end="url(#arrow)"
            >
              <title>The log takes in what other services say on the bus</title>
            </line>
          </g>
        )}
        {drawn.nodes.map((node) => (
          <g key={node.card.name} class={near !== null && !near.has(node.card.name) ? "far" : ""}>
            {node.ports.map((port) => {
              const [from, to] = port.into ? [port.on, port.at] : [port.at, port.on];
              return (
                <g key={`${port.band}${port.into}`} class={`port ${port.band}`}>
                  <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} marker-end="url(#arrow)">
                    <title>{line(port.types.join(", "), 600)}</title>
                  </line>
                  <circle cx={port.on.x} cy={port.on.y} r="3.5" />
                </g>
              );
            })}
            <Box
              node={node}
              wide={drawn.wide}
              chosen={node.card.name === chosen}
              said={minute.total(second, node.card.name)}
              burst={counts[node.card.name] ?? 0}
              alarms={firing[node.card.name]?.length ?? 0}
              choose={choose}
            />
          </g>
        ))}
      </svg>
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}

interface BoxProps {
  node: Node;
  wide: boolean;
  chosen: boolean;
  said: number;
  burst: number;
  alarms: number;
  choose: (name: string) => void;
}

function Box({ node, wide, chosen, said, burst, alarms, choose }: BoxProps) {
  const { card, x, y, width, height } = node;
  const open = () => choose(card.name);
  const flags = [card.api && "API", card.views.length > 0 && "view"].filter(Boolean).join(" · ");
  return (
    <g
      class={`node ${chosen ? "chosen" : ""} ${alarms > 0 ? "alarmed" : ""}`}
      tabIndex={0}
      role="button"
      aria-pressed={chosen}
      aria-description={`${line(card.purpose, 120)}. ${said} messages in the last minute.${alarms > 0 ? ` ${alarms} alarms fire.` : ""}`}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
    >
      <rect x={x} y={y} width={width} height={height} rx="9" />
      <text class="name" x={x + 12} y={y + 25}>
        {line(card.name, wide ? 18 : 14)}
      </text>
      <text class="what" x={x + 12} y={y + 45}>
        {said > 0 ? `${said} in 1 min` : line(card.owner, 14)}
      </text>
      {wide && flags && (
        <text class="flag" x={x + width - 12} y={y + 45}>
          {flags}
        </text>
      )}
      {alarms > 0 && (
        <g class="fires">
          <path d={`M${x + 2} ${y - 11}l9 16h-18z`} />
          <text x={x + 2} y={y + 3}>
            {alarms > 9 ? "9+" : alarms}
          </text>
        </g>
      )}
      {burst > 0 && (
        <g class="burst">
          <rect x={x + width - 46} y={y - 10} width="52" height="20" rx="10" />
          <text x={x + width - 20} y={y + 4}>
            +{burst}
          </text>
        </g>
      )}
    </g>
  );
}

function Detail({ card, cards, alarms, close }: { card: ServiceCard; cards: ServiceCard[]; alarms: readonly Alarm[]; close: () => void }) {
  useEffect(() => closes(close), [close]);
  return (
    <aside class="card" aria-label={`About ${line(card.name, 60)}`}>
      <div class="detail-head">
        <h2>
          <Line text={card.name} longest={60} />
        </h2>
        <button class="icon" onClick={close} aria-label="Close" title="Close ( Esc )">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M5 5l10 10m0-10L5 15" />
          </svg>
        </button>
      </div>
      {alarms.map((it) => (
        <p key={it.name} class="fires-here">
          <StatusMark name="alarm" /> <Whole text={it.what} longest={200} /> <span class="quiet">since <Ago time={it.since} /></span>
        </p>
      ))}
      <ServiceDetail card={card} cards={cards} />
    </aside>
  );
}

function Rates() {
  const second = Math.floor(now.value / 1000);
  const heights = minute.line(second);
  const most = Math.max(1, ...heights);
  return (
    <span class="rates">
      <svg viewBox="0 0 120 24" aria-hidden="true">
        {heights.map((height, index) => (
          <rect key={index} x={index * 2} y={24 - (height / most) * 24} width="1.5" height={(height / most) * 24} />
        ))}
      </svg>
      <strong>{minute.total(second).toLocaleString("en")}</strong> messages in the last minute
    </span>
  );
}

function Legend() {
  return (
    <span class="legend">
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <circle cx="6" cy="6" r="4.500" />
      </svg>
      event
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d="M6 0l6 6-6 6-6-6z" />
      </svg>
      integration event
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <rect x="1.500" y="1.500" width="9" height="9" />
      </svg>
      reply
    </span>
  );
}

const NEWEST = 8;

function NewestOrders() {
  const { answered, rows } = useOrders();
  return (
    <section class="card" aria-label="Newest orders">
      <div class="card-head">
        <h2>Newest orders</h2>
        <a href={address("orders")}>All orders</a>
      </div>
      <Answered of={answered} lines={4}>
        {(data) =>
          rows.value.length === 0 ? (
            <p class="quiet">
              No order has been placed in the last {data.kept_hours} hours.{" "}
              {screens.includes("tour") && <a href={address("tour")}>Take the tour: its first step places one.</a>}
            </p>
          ) : (
            <ul class="newest">
              {rows.value.slice(0, NEWEST).map((it) => (
                <li key={it.order_id}>
                  <OrderLink id={it.order_id} />
                  <StatusMark name={it.status} />
                  <Ago time={it.updated_at} />
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </section>
  );
}

const LATEST = 40;

function Latest() {
  const { shown } = feed.value;
  const newest = shown.slice(-LATEST).reverse();
  return (
    <section class="card latest" aria-label="Latest messages">
      <div class="card-head">
        <h2>Latest messages</h2>
        {pulse.value && <AsOf time={pulse.value.as_of} />}
      </div>
      {pulse.value !== null && newest.length === 0 ? (
        <Empty title="Nothing has been said yet.">
          Place an order: <code>make load RATE=1 DURATION=10</code> offline, <code>POST /v1/orders</code> anywhere.
        </Empty>
      ) : (
        <ol class="messages">
          {newest.map((message) => (
            <MessageRow key={message.id} message={message} />
          ))}
        </ol>
      )}
      {shown.length > LATEST && <p class="quiet cap">The newest {LATEST} messages. An order's page has all of its own.</p>}
    </section>
  );
}

function MessageRow({ message }: { message: Activity }) {
  return (
    <li>
      <Clock time={message.occurred_at} />
      <span class="what">
        <strong>
          <Line text={message.type} longest={60} />
        </strong>{" "}
        <span class="quiet">
          <Line text={message.service} longest={40} />
        </span>
        {message.outcome !== null && <StatusMark name={message.outcome} />}
        {message.reason !== null && (
          <span class="quiet">
            {" "}
            <Line text={message.reason} longest={80} />
          </span>
        )}
      </span>
      {message.order_id !== null && <OrderLink id={message.order_id} />}
    </li>
  );
}
