// Faults and load: what an operator may break on this machine, how long it stays broken, and whether
// the books agree. The fault process undoes everything by itself; this page only asks.

import { useEffect, useState } from "preact/hooks";
import type { Books, Fault, Faults, Load } from "../api.ts";
import { duration, visible } from "../logic/text.ts";
import { SeenAnswer } from "../parts/seen.tsx";
import { AsOf } from "../parts/states.tsx";
import { Line, StatusMark, Whole } from "../parts/text.tsx";
import { seen } from "../state/faults.ts";
import { now } from "../state/live.ts";

const faults = seen<Faults>("faults");

export function FaultsScreen() {
  const data = faults.data.value;
  const anything = data !== null && (data.load.rate > 0 || data.faults.some((it) => it.on !== null));
  return (
    <>
      <div class="head">
        <h1>Faults and load</h1>
        {data && <AsOf time={data.as_of} />}
        {anything && (
          <button disabled={faults.busy.value} onClick={() => void faults.does("undo")}>
            Undo everything
          </button>
        )}
      </div>
      <SeenAnswer of={faults}>
        {(data) => (
          <>
            <p class="said quiet">
              On this machine alone. Whatever you cause undoes itself {duration(data.seconds * 1000)} later, also when you
              close this page.
            </p>
            <div class="fault-grid">
              <BooksCard books={data.books} />
              <LoadCard load={data.load} />
              {data.faults.map((it) => (
                <FaultCard key={it.name} fault={it} seconds={data.seconds} />
              ))}
            </div>
          </>
        )}
      </SeenAnswer>
    </>
  );
}

function BooksCard({ books }: { books: Books }) {
  return (
    <section class={`card light ${books.state}`} aria-label="Books">
      <div class="card-head">
        <h2>Books</h2>
        {books.as_of && <AsOf time={books.as_of} />}
      </div>
      <p class="verdict" role="status">
        {books.as_of === null ? <span class="quiet">The books are being read.</span> : <StatusMark name={books.state} />}
      </p>
      <p>Stock, money and shipments are where the confirmed orders say, and nowhere else.</p>
      <p class="quiet">
        Orders read: {books.orders.toLocaleString("en")}. Under way, so that nothing can be said of them yet:{" "}
        {books.under_way.toLocaleString("en")}.{" "}
        {books.excused > 0 && `Undos that wait for an operator and are not counted: ${books.excused}.`}
      </p>
      {books.findings.length > 0 && (
        <ul class="findings">
          {books.findings.map((it) => (
            <li key={it}>
              <Whole text={it} longest={300} />
            </li>
          ))}
        </ul>
      )}
      {books.capped && <p class="quiet cap">There are more than these {books.findings.length}.</p>}
      {books.problem && (
        <p class="bad">
          Not read again: <Whole text={books.problem} longest={200} />
        </p>
      )}
    </section>
  );
}

function LoadCard({ load }: { load: Load }) {
  const [wanted, choose] = useState(load.rate);
  useEffect(() => choose(load.rate), [load.rate]);
  return (
    <section class={`card fault ${load.rate > 0 ? "on" : ""}`} aria-label="Load">
      <div class="card-head">
        <h2>Load</h2>
        {load.until && <Left until={load.until} />}
      </div>
      <p>Customers place orders at this rate: most are good, some are out of stock, undeliverable or cancelled at once.</p>
      <label class="slider">
        <input
          type="range"
          min="0"
          max={load.most}
          step="0.5"
          value={wanted}
          aria-label="Orders a second"
          onInput={(event) => choose(Number(event.currentTarget.value))}
          onChange={(event) => void faults.does("load", { rate: Number(event.currentTarget.value) })}
        />
        <output>{wanted.toFixed(1)} a second</output>
      </label>
      <dl class="numbers">
        <Figure name="achieved" value={`${load.achieved.toFixed(1)}/s`} title="Orders accepted, over 5 s" />
        <Figure name="placed" value={load.placed.toLocaleString("en")} />
        <Figure name="refused" value={load.refused.toLocaleString("en")} />
        <Figure name="left out" value={load.left_out.toLocaleString("en")} title="Due when all 16 customers waited for an answer" />
      </dl>
      <p class="quiet">
        At most {load.most} a second. What this machine cannot bear is left out, and counted.
      </p>
    </section>
  );
}

function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function FaultCard({ fault, seconds }: { fault: Fault; seconds: number }) {
  const [choice, choose] = useState(fault.choices[0]?.name ?? "");
  const on = fault.on;
  const chosen = fault.choices.find((it) => it.name === on?.choice)?.text;
  const title = `${fault.name}-title`;
  return (
    <section class={`card fault ${on ? "on" : ""}`} aria-labelledby={title}>
      <div class="card-head">
        <h2 id={title}>
          <Line text={fault.title} longest={60} />
        </h2>
        {on && <Left until={on.until} />}
      </div>
      <p>
        <Whole text={fault.does} longest={400} />
      </p>
      <dl>
        <Row name="expect" text={fault.expect} />
        <div>
          <dt>look at</dt>
          <dd class="chips">
            {fault.look.map((it) => (
              <a key={it.address} class="chip" href={it.address.startsWith("#/") ? it.address : "#/"}>
                <Line text={it.text} longest={40} />
              </a>
            ))}
          </dd>
        </div>
        <Row name="undone" text={fault.undo} />
      </dl>
      {on && (
        <div class="at-work" role="status">
          <progress max={seconds} value={remaining(on.until)} aria-label="Time left" />
          <p>
            <StatusMark name="on" />{" "}
            <Line text={chosen ?? on.choice} longest={80} /> <span class="quiet">by</span> <Line text={on.by} longest={40} />
          </p>
          {on.effect && (
            <p class="quiet">
              <Whole text={on.effect} longest={200} />
            </p>
          )}
        </div>
      )}
      {fault.problem && (
        <p class="bad">
          It could not be undone yet, and is tried again: <Whole text={fault.problem} longest={200} />
        </p>
      )}
      <div class="does">
        {on ? (
          <button class="primary" disabled={faults.busy.value} onClick={() => void faults.does(`faults/${fault.name}/undo`)}>
            Undo now
          </button>
        ) : (
          <>
            {fault.choices.length > 1 && (
              <select aria-label={`What of: ${visible(fault.title, 60).text}`} value={choice} onChange={(event) => choose(event.currentTarget.value)}>
                {fault.choices.map((it) => (
                  <option key={it.name} value={it.name}>
                    {visible(it.text, 80).text}
                  </option>
                ))}
              </select>
            )}
            <button disabled={faults.busy.value} onClick={() => void faults.does(`faults/${fault.name}`, { choice })}>
              Cause it
            </button>
          </>
        )}
      </div>
    </section>
  );
}

function Row({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Whole text={text} longest={400} />
      </dd>
    </div>
  );
}

/** How long until it undoes itself. */
function Left({ until }: { until: string }) {
  const seconds = Math.ceil(remaining(until));
  return <span class="left">{seconds > 0 ? `${duration(seconds * 1000)} left` : "is being undone"}</span>;
}

function remaining(until: string): number {
  return Math.max(0, (Date.parse(until) - now.value) / 1000);
}
