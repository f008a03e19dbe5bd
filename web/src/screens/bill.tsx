// What a month costs: each stage while nothing happens, a million orders, and one's own numbers. It
// asks no API: the figures were reckoned from the templates and prices that the app was built beside.

import figuresOfTheBuild from "../figures/bill.json";
import { age, bill, MILLION, MOST_DAYS, MOST_ORDERS, numbersIn, sum, TOTAL, usd, whole, type Bill, type Figures, type Numbers, type Row } from "../logic/bill.ts";
import { Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { now, pulse } from "../state/live.ts";
import { note, route } from "../state/place.ts";

const FIGURES = figuresOfTheBuild as unknown as Figures;
const STAGES = Object.keys(FIGURES.idle);
const NOTHING: Omit<Numbers, "stage" | "containers"> = { orders: 0, lines: 3, days: 30 };
const USUAL: Omit<Numbers, "stage" | "containers"> = { orders: MILLION, lines: 3, days: 30 };

export function BillScreen() {
  const prices = age(FIGURES, now.value);
  return (
    <>
      <div class="head">
        <h1>Bill</h1>
        <span class="quiet">
          USD a month, list prices of {FIGURES.region} read on {FIGURES.prices_read_on}, orders counted on {FIGURES.counted_on}
        </span>
      </div>
      {prices.state === "too old" ? (
        <Empty title={`The prices were read ${prices.days} days ago: nothing is reckoned with them.`}>
          Read them again and put the day into <code>tools/measure/costs/prices.toml</code>, then <code>make generate</code>.
        </Empty>
      ) : (
        <>
          {prices.state === "old" && (
            <p class="notice" role="status">
              The prices are {prices.days} days old. Read them again before a budget rests on them.
            </p>
          )}
          <OwnNumbers />
          <div class="bills">
            <Idle />
            <MillionOrders />
          </div>
          <Limits />
        </>
      )}
    </>
  );
}

/** A column of services' rows, of which the last is their total. */
function ofService(name: string, tell: (it: Row) => string, number = true): Column<Row> {
  return { name, number, show: (it) => (it.name === TOTAL ? <strong>{tell(it)}</strong> : tell(it)) };
}

const SERVICES = [
  ofService("service", (it) => it.name, false),
  ofService("idle", (it) => usd(it.idle)),
  ofService("orders", (it) => usd(it.orders)),
  ofService("stored", (it) => usd(it.stored)),
  ofService("together", (it) => usd(sum(it))),
];
const PARTS: Column<Bill["parts"][number]>[] = [
  { name: "part", show: (it) => it.name },
  { name: "USD", show: (it) => `${it.atMost ? "at most " : ""}${usd(it.usd)}`, number: true },
];

function OwnNumbers() {
  const query = route.value.query;
  const numbers = numbersIn(query, pulse.value?.environment ?? "", FIGURES);
  const found = bill(numbers, FIGURES);
  const say = (name: string, value: string) => note({ ...query, [name]: value });
  return (
    <section class="card bill" aria-label="Your own numbers">
      <div class="card-head">
        <h2>Your own numbers</h2>
        <output class="total" aria-label="Together">
          {usd(sum(found.total))} USD a month
        </output>
      </div>
      <form class="asked" onSubmit={(event) => event.preventDefault()}>
        <label>
          stage
          <select name="stage" aria-label="stage" value={numbers.stage} onChange={(event) => say("stage", event.currentTarget.value)}>
            {STAGES.map((it) => (
              <option key={it} value={it}>
                {it}
              </option>
            ))}
          </select>
        </label>
        <Asked name="orders" label="orders a month" least={0} most={MOST_ORDERS} taken={numbers.orders} said={query["orders"]} say={say} />
        <Asked name="lines" label="lines of an order" least={1} most={FIGURES.most_lines} taken={numbers.lines} said={query["lines"]} say={say} />
        <Asked name="days" label="days that logs are kept" least={1} most={MOST_DAYS} taken={numbers.days} said={query["days"]} say={say} />
        <label class="check">
          <input
            type="checkbox"
            name="containers"
            checked={numbers.containers}
            onChange={(event) => say("containers", event.currentTarget.checked ? "yes" : "no")}
          />
          with services in containers
        </label>
      </form>
      <div class="bills">
        <Table label="Your month by service" columns={SERVICES} rows={[...found.services, found.total]} id={(it) => it.name} />
        <Table figures label="Your month by part" columns={PARTS} rows={found.parts} id={(it) => it.name} />
      </div>
    </section>
  );
}

interface AskedProps {
  name: string;
  label: string;
  least: number;
  most: number;
  taken: number;
  said: string | undefined;
  say: (name: string, value: string) => void;
}

/** A whole number; what is none is not taken, and the field says so. */
function Asked({ name, label, least, most, taken, said, say }: AskedProps) {
  const wrong = said !== undefined && whole(said, least, most) === null;
  return (
    <label>
      {label}
      <input
        name={name}
        inputMode="numeric"
        autocomplete="off"
        maxLength={11}
        value={said ?? String(taken)}
        aria-invalid={wrong}
        onInput={(event) => say(name, event.currentTarget.value.trim())}
      />
      {wrong && (
        <span class="bad" role="status">
          a whole number from {least} to {most.toLocaleString("en")}: {taken.toLocaleString("en")} is taken
        </span>
      )}
    </label>
  );
}

interface OfStage {
  stage: string;
  without: number;
  within: number;
}

const OF_STAGES: Column<OfStage>[] = [
  { name: "stage", show: (it) => it.stage },
  { name: "idle", show: (it) => usd(it.without), number: true },
  { name: "idle with containers", show: (it) => usd(it.within), number: true },
];

function Idle() {
  const idle = (stage: string, containers: boolean) => bill({ ...NOTHING, stage, containers }, FIGURES).total.idle;
  const rows = STAGES.map((stage) => ({ stage, without: idle(stage, false), within: idle(stage, true) }));
  return (
    <section aria-label="While nothing happens">
      <h2>While nothing happens</h2>
      <Table figures label="Idle by stage" columns={OF_STAGES} rows={rows} id={(it) => it.stage} />
    </section>
  );
}

const OF_ORDERS = [ofService("service", (it) => it.name, false), ofService("USD for a million", (it) => usd(it.orders))];

function MillionOrders() {
  const found = bill({ ...USUAL, stage: "", containers: false }, FIGURES);
  const rows = found.services.filter((it) => it.orders > 0).sort((a, b) => b.orders - a.orders);
  return (
    <section aria-label="A million orders">
      <h2>A million orders of {USUAL.lines} lines</h2>
      <Table figures label="A million orders by service" columns={OF_ORDERS} rows={[...rows, found.total]} id={(it) => it.name} />
    </section>
  );
}

/** What the figures are not. */
function Limits() {
  return (
    <p class="quiet cap">
      Reckoned, not billed: free tiers, taxes and data that leaves the region are left out, and nothing was measured in an account. What is
      stored is what lies there after {FIGURES.months} months.{" "}
      {FIGURES.not_read.length > 0 && `Prices from memory, to be checked: ${FIGURES.not_read.join(", ")}. `}
      How it is counted: <code>docs/costs.md</code>; the same on a terminal: <code>make bill</code>.
    </p>
  );
}
