// The frame around every screen: where to go, whether what is shown is live, who is logged in.

import { useEffect, useRef, useState } from "preact/hooks";
import { Skeleton } from "../parts/states.tsx";
import { Ago, Line, Whole } from "../parts/text.tsx";
import { GO } from "../logic/keys.ts";
import { address, type Screen } from "../logic/route.ts";
import { isUuid, duration } from "../logic/text.ts";
import { help, closes } from "../state/keyboard.ts";
import { answeredAt, feed, interval, now, pulse, trouble, wake } from "../state/live.ts";
import { choose, go, look, note, route, screens } from "../state/place.ts";
import { login, logout, session } from "../state/session.ts";
import { AlarmsScreen } from "./alarms.tsx";
import { BillScreen } from "./bill.tsx";
import { ConfigurationScreen } from "./configuration.tsx";
import { ConsumersScreen } from "./consumers.tsx";
import { FaultsScreen } from "./faults.tsx";
import { HomeScreen } from "./home.tsx";
import { LogScreen } from "./log.tsx";
import { OrderScreen } from "./order.tsx";
import { OrdersScreen } from "./orders.tsx";
import { ReleasesScreen } from "./releases.tsx";
import { SagasScreen } from "./sagas.tsx";
import { ServicesScreen } from "./services.tsx";
import { TourScreen } from "./tour.tsx";
import { ViewsScreen } from "./views.tsx";

const NAMES: Record<Screen, string> = {
  home: "Home",
  orders: "Orders",
  services: "Services",
  consumers: "Consumers",
  log: "Log",
  sagas: "Sagas",
  faults: "Faults and load",
  tour: "Tour",
  views: "Views",
  configuration: "Configuration",
  alarms: "Alarms and queues",
  releases: "Releases",
  bill: "Bill",
};

// The page has the product's name, and no code has it.
const PRODUCT = document.querySelector<HTMLMetaElement>("meta[name=application-name]")?.content ?? "";

export function App() {
  const state = session.value;
  if (state.kind === "starting") return <Skeleton lines={4} />;
  if (state.kind === "out") return <Door title="You are logged out." button="Log in" />;
  if (state.kind === "refused") {
    return (
      <Door title="The login did not succeed." button="Log in again">
        {state.reason}
      </Door>
    );
  }
  const { screen, id } = route.value;
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Header screen={screen} />
      <Trouble />
      <main id="content" tabIndex={-1} class={trouble.value === null ? "" : "stale"}>
        <Content key={`${screen}/${id}`} screen={screen} id={id} />
      </main>
      {help.value && <Help />}
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Content({ screen, id }: { screen: Screen | "unknown"; id: string | null }) {
  useEffect(() => {
    document.title = `${screen === "unknown" ? "Not here" : NAMES[screen]} · ${PRODUCT} console`;
  }, [screen]);
  switch (screen) {
    case "home":
      return <HomeScreen />;
    case "orders":
      return id === null ? <OrdersScreen /> : <OrderScreen id={id} />;
    case "services":
      return <ServicesScreen name={id} />;
    case "consumers":
      return <ConsumersScreen name={id} />;
    case "log":
      return <LogScreen />;
    case "sagas":
      return <SagasScreen id={id} />;
    case "faults":
      return <FaultsScreen />;
    case "tour":
      return <TourScreen />;
    case "views":
      return <ViewsScreen />;
    case "alarms":
      return <AlarmsScreen />;
    case "releases":
      return <ReleasesScreen />;
    case "bill":
      return <BillScreen />;
    case "configuration":
      return <ConfigurationScreen />;
    case "unknown":
      return (
        <div class="empty">
          <h1>There is no such screen.</h1>
          <p>
            <a href={address("home")}>Go to the map</a>
          </p>
        </div>
      );
  }
}

function Header({ screen }: { screen: string }) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - nav.current.clientWidth / 3;
  }, [screen]);
  return (
    <header>
      <div class="bar">
        <a class="brand" href={address("home")}>
          <span class="logo" aria-hidden="true" />
          <span class="brand-name">{PRODUCT}</span>
          <span class="environment">{pulse.value && <Line text={pulse.value.environment} longest={16} />}</span>
        </a>
        <Live />
        <Search />
        <Operator />
      </div>
      <nav ref={nav} aria-label="Screens">
        {screens.map((it) => (
          <a key={it} href={address(it)} aria-current={it === screen ? "page" : undefined}>
            {NAMES[it]}
          </a>
        ))}
      </nav>
    </header>
  );
}

/** Whether the page is live, and how often it asks. */
function Live() {
  if (trouble.value !== null) {
    return (
      <span class="live bad" title="The API does not answer">
        <i aria-hidden="true" />
        not live
      </span>
    );
  }
  const every = interval.value;
  const words = every === null || answeredAt.value === null ? "waits" : every <= 1000 ? "live" : "quiet";
  return (
    <span class={`live ${words}`} title="How often the page asks for what is new">
      <i aria-hidden="true" />
      {words}
      {every !== null && <span class="quiet"> · asks every {duration(every).replace(".0", "")}</span>}
    </span>
  );
}

function Trouble() {
  const known = trouble.value;
  const { gap, leftOut } = feed.value;
  if (known !== null) {
    const wait = Math.max(0, Math.ceil((known.next - now.value) / 1000));
    return (
      <div class="problem" role="alert">
        <span>
          <strong>
            <Whole text={known.problem.message} longest={300} />
          </strong>{" "}
          {answeredAt.value !== null && (
            <>
              What you see was answered <Ago time={answeredAt.value} />; nothing is lost.{" "}
            </>
          )}
          The page asks again in {wait} s.
        </span>
        <button onClick={wake}>Ask now</button>
      </div>
    );
  }
  if (!gap && leftOut === 0) return null;
  return (
    <div class="notice" role="status">
      {leftOut > 0 && `${leftOut.toLocaleString("en")} messages of bursts were counted and are not listed. `}
      {gap && "This page was away for longer than messages are kept; the map misses some, orders do not."}
    </div>
  );
}

function Search() {
  const [wrong, setWrong] = useState(false);
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("search") as HTMLInputElement;
        const text = field.value.trim();
        setWrong(false);
        if (isUuid(text)) go("orders", text.toLowerCase());
        else if (text !== "") {
          go("orders");
          note({ find: text.slice(0, 80) });
          setWrong(!/^[0-9a-z-]+$/i.test(text));
        }
      }}
    >
      <input
        id="search"
        name="search"
        type="search"
        placeholder="Order, or part of it  ( / )"
        aria-label="Find an order by its id"
        aria-invalid={wrong}
        maxLength={80}
        autocomplete="off"
        spellcheck={false}
      />
    </form>
  );
}

function Operator() {
  const next = look.value === "system" ? "light" : look.value === "light" ? "dark" : "system";
  const operator = pulse.value?.operator;
  return (
    <div class="operator">
      {operator && (
        <span title={operator.may_operate ? "may operate" : "may look"} class="who">
          <Line text={operator.name} longest={32} />
        </span>
      )}
      <button class="icon" onClick={() => choose(next)} title={`Colours: ${look.value}`} aria-label={`Colours: ${look.value}; change to ${next}`}>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <circle cx="10" cy="10" r="7" />
          <path d="M10 3a7 7 0 0 1 0 14z" class="filled" />
        </svg>
      </button>
      <button class="icon" onClick={() => (help.value = true)} aria-label="Keys" title="Keys ( ? )">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.7.4-1 .9-1 1.700M10 14.500v.2" />
        </svg>
      </button>
      <button class="icon" onClick={logout} aria-label="Log out" title="Log out">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M8 4H4.500v12H8M8.500 10H16m-3-3.200L16.200 10 13 13.200" />
        </svg>
      </button>
    </div>
  );
}

const KEYS: [string, string][] = [
  ["/", "find an order; on the log's screen, filter it"],
  ["p", "on the log's screen, pause it or go on"],
  ["j k", "next and previous row"],
  ["Enter", "open the row"],
  ["← →", "an order's moments, on its scrubber"],
  ["Esc", "close, or leave a field"],
  ["?", "these keys"],
];

function Help() {
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    document.querySelector<HTMLElement>("dialog button")?.focus();
    return () => before?.focus();
  }, []);
  return (
    <div class="veil" onClick={(event) => event.target === event.currentTarget && (help.value = false)}>
      <dialog open aria-label="Keys">
        <h2>Keys</h2>
        <dl>
          {[...Object.entries(GO).filter(([, it]) => screens.includes(it)).map(([key, it]): [string, string] => [`g ${key}`, NAMES[it]]), ...KEYS].map(
            ([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ),
          )}
        </dl>
        <button onClick={() => (help.value = false)}>Close</button>
      </dialog>
    </div>
  );
}

function Door({ title, button, children }: { title: string; button: string; children?: string }) {
  useEffect(() => closes(() => undefined), []);
  return (
    <main class="door">
      <span class="logo" aria-hidden="true" />
      <h1>{title}</h1>
      {children && (
        <p>
          <Whole text={children} longest={400} />
        </p>
      )}
      <button class="primary" onClick={() => void login()}>
        {button}
      </button>
    </main>
  );
}
