// Scatter-gather: the carriers that were asked as lanes up to the deadline, and who has answered.

import type { QuoteRequest, Saga } from "../api.ts";
import { over } from "../logic/saga.ts";
import { now } from "../state/live.ts";
import { Clock, Line, StatusMark, Whole } from "./text.tsx";

export function Carriers({ saga }: { saga: Saga }) {
  const asked = saga.steps.find((it) => it.step === "gather-quotes");
  return (
    <section class="card" aria-label="Carriers">
      <div class="card-head">
        <h2>Carriers that were asked for quotes</h2>
      </div>
      {saga.quotes_problem !== null ? (
        <p>
          <StatusMark name="unknown" /> Shipping does not tell: <Whole text={saga.quotes_problem} longest={300} />
        </p>
      ) : (
        saga.quotes.length === 0 && <p class="quiet">None was asked yet.</p>
      )}
      {saga.quotes.map((it, index) => (
        <Lanes key={index} of={it} began={asked?.sent_at ?? null} ended={asked?.answered_at ?? null} />
      ))}
      {saga.quotes_capped && <p class="quiet cap">There were more requests than the {saga.quotes.length} that are listed.</p>}
    </section>
  );
}

function Lanes({ of, began, ended }: { of: QuoteRequest; began: string | null; ended: string | null }) {
  const closed = of.status === "closed";
  const at = closed && ended !== null ? Date.parse(ended) : now.value;
  const part = over(began, of.deadline, at);
  return (
    <>
      <p class="quiet">
        {closed ? "Closed" : "Open"}
        {began !== null && (
          <>
            ; asked at <Clock time={began} />
          </>
        )}
        {of.deadline !== null && (
          <>
            , answers until <Clock time={of.deadline} />
          </>
        )}
        {of.reason !== null && (
          <>
            : <Whole text={of.reason} longest={200} />
          </>
        )}
      </p>
      <ul class="carriers">
        {of.carriers.map((it) => (
          <li key={it.name}>
            <strong>
              <Line text={it.name} longest={40} />
            </strong>
            <span>
              <StatusMark name={it.state} />
              {it.chosen && <StatusMark name="chosen" />}
            </span>
            {part !== null && (
              <progress class={it.state} max={1} value={it.state === "late" ? 1 : part} aria-label={`${it.name.slice(0, 40)}: time until the deadline`} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
