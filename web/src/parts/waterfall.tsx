// An order's spans as a waterfall: who did what, when it began, and how long it took.

import type { Trace, Traces } from "../api.ts";
import { duration } from "../logic/text.ts";
import { AT } from "../state/faults.ts";
import { screens } from "../state/place.ts";
import { useResource } from "../state/resource.ts";
import { Answered, AsOf, Empty } from "./states.tsx";
import { Clock, Line, Whole } from "./text.tsx";

const COLOURS = 6; // in the stylesheet
const DEEPEST = 12;
const WIDE = 1000; // units of a bar's picture

export function Waterfall({ id }: { id: string }) {
  if (!screens.includes("faults")) {
    return (
      <Empty title="The console keeps no spans.">
        X-Ray has them, and this console does not ask it: <code>make trace ORDER={id}</code> draws the order's from there.
      </Empty>
    );
  }
  return <Kept id={id} />;
}

function Kept({ id }: { id: string }) {
  const traces = useResource<Traces>(`${AT}traces/${encodeURIComponent(id)}`, {
    every: 15_000,
    when: (message) => message.order_id === id,
  });
  if (traces.data.value === null && traces.problem.value?.status === 404) {
    return (
      <Empty title="No span of this order is kept.">
        A share of orders is traced, and the last 20,000 spans are kept: <code>make load RATE=1 DURATION=10</code> places new ones.
      </Empty>
    );
  }
  return (
    <Answered of={traces}>
      {(data) => {
        const services = [...new Set(data.traces.flatMap((it) => it.spans.map((span) => span.service)))];
        return (
          <>
            <p class="quiet">
              Each bar is a span. What goes on later, or for somebody else, is a trace of its own. <AsOf time={data.as_of} />
            </p>
            {data.traces.map((it) => (
              <One key={it.trace_id} trace={it} services={services} />
            ))}
            {data.lost_at.length > 0 && (
              <p class="notice" role="status">
                No trace context reached: <Whole text={data.lost_at.join("; ")} longest={600} />
              </p>
            )}
            {data.left_out > 0 && <p class="quiet cap">{data.left_out.toLocaleString("en")} more spans are left out.</p>}
          </>
        );
      }}
    </Answered>
  );
}

function One({ trace, services }: { trace: Trace; services: readonly string[] }) {
  const whole = Math.max(trace.ms, 0.1);
  return (
    <section class="card waterfall" aria-label={`Trace ${trace.trace_id}`}>
      <div class="card-head">
        <h2>
          <Clock time={trace.began_at} /> <span class="quiet">{duration(trace.ms)}, {trace.spans.length} spans</span>
        </h2>
        <code class="quiet"><Line text={trace.trace_id} longest={40} /></code>
      </div>
      <ol>
        {trace.spans.map((it) => {
          const from = Math.min(WIDE - 3, (it.after_ms / whole) * WIDE);
          return (
            <li key={it.id} class={it.failed ? "failed" : ""}>
              <span class={`span-name d${Math.min(it.depth, DEEPEST)}`}>
                <strong><Line text={it.service} longest={40} /></strong> <Line text={it.name} longest={80} />
                {it.failed && <span class="bad"> failed</span>}
                {it.parent_is_missing && <span class="quiet"> its parent is missing</span>}
              </span>
              <svg viewBox={`0 0 ${WIDE} 10`} preserveAspectRatio="none" aria-hidden="true">
                <rect
                  class={`s${services.indexOf(it.service) % COLOURS}`}
                  x={from}
                  y="1"
                  width={Math.max(3, Math.min(WIDE - from, (it.ms / whole) * WIDE))}
                  height="8"
                />
              </svg>
              <span class="number">{duration(it.ms)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
