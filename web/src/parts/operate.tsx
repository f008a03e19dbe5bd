// A change: what it would do is shown first, and what was shown is what is confirmed.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Done, Plan } from "../api.ts";
import { duration, value } from "../logic/text.ts";
import { post, Problem } from "../state/client.ts";
import { closes } from "../state/keyboard.ts";
import { now, pulse } from "../state/live.ts";
import { Table } from "./table.tsx";
import { Clock, Line, StatusMark, Whole } from "./text.tsx";

interface Change {
  /** What the button says, such as "Redrive". */
  label: string;
  /** Where it is asked for, such as `v1/consumers/sales/redrive`. */
  path: string;
  /** What belongs to it besides. */
  parameters?: Record<string, unknown>;
  /** Why it cannot be done now, if it cannot. */
  unless?: string | null;
  /** Whether it is one of many, as in a table: a plain button, and the reason why not is its title. */
  quiet?: boolean;
  /** Called when something may have changed. */
  after: () => void;
}

type State =
  | { kind: "asking" | "at work"; plan: Plan | null }
  | { kind: "planned"; plan: Plan }
  | { kind: "done"; done: Done }
  | { kind: "refused"; problem: Problem };

/** A button that asks for a plan, and the dialog in which it is confirmed. */
export function Operate(change: Change) {
  const [open, show] = useState(false);
  const operator = pulse.value?.operator;
  const refused = change.unless ?? (operator?.may_operate === false ? "You may look; members of the group operators may change something." : null);
  return (
    <span class={change.quiet ? "operate one-of-many" : "operate"}>
      <button
        class={change.quiet ? "small" : "primary small"}
        title={change.quiet && refused !== null ? refused : undefined}
        disabled={operator === undefined || refused !== null}
        onClick={() => show(true)}
      >
        {change.label}
      </button>
      {!change.quiet && refused !== null && <span class="quiet">{refused}</span>}
      {open && <Confirming {...change} close={() => show(false)} />}
    </span>
  );
}

function Confirming({ label, path, parameters, after, close }: Change & { close: () => void }) {
  const [state, become] = useState<State>({ kind: "asking", plan: null });
  const dialog = useRef<HTMLDialogElement>(null);
  const busy = state.kind === "at work";
  const end = useRef(close);
  end.current = () => !busy && close(); // what is under way is waited for, so that its end is seen

  const ask = async (kind: "asking" | "at work", plan: Plan | null) => {
    become({ kind, plan });
    const about = plan === null ? { dry_run: true } : { dry_run: false, plan: plan.digest, expires_at: plan.expires_at };
    try {
      const answer = await post<Plan | Done>(path, { ...parameters, ...about });
      become("result" in answer ? { kind: "done", done: answer } : { kind: "planned", plan: answer });
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, "The page failed", String(error), null);
      become({ kind: "refused", problem });
    }
    if (plan !== null) after();
  };

  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal(); // the browser keeps the focus within
    const stop = closes(() => end.current());
    void ask("asking", null);
    return () => {
      stop();
      before?.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class="change"
      aria-label={label}
      aria-busy={busy || state.kind === "asking"}
      onCancel={(event) => {
        event.preventDefault();
        end.current();
      }}
    >
      <h2>{label}</h2>
      {"plan" in state && state.plan !== null ? <Planned plan={state.plan} /> : <Said state={state} />}
      <div class="does">
        {"plan" in state && (
          <Confirm state={state} label={label} confirm={(plan) => void ask("at work", plan)} again={() => void ask("asking", null)} />
        )}
        {state.kind === "refused" && (
          <button class="primary" onClick={() => void ask("asking", null)}>
            Look again
          </button>
        )}
        <button disabled={busy} onClick={close}>
          {state.kind === "done" ? "Close" : "Leave it"}
        </button>
      </div>
    </dialog>
  );
}

function Planned({ plan }: { plan: Plan }) {
  const columns = [...new Set(plan.items.flatMap(Object.keys))].map((name) => ({
    name: name.replaceAll("_", " "),
    show: (it: Plan["items"][number]) => <Whole text={it[name] == null ? "" : value(it[name])} longest={200} />,
  }));
  return (
    <>
      <ul class="plan">
        {plan.does.map((it) => (
          <li key={it}>
            <Whole text={it} longest={400} />
          </li>
        ))}
      </ul>
      {plan.items.length > 0 && <Table label="What it is about" columns={columns} rows={plan.items} id={(it) => JSON.stringify(it)} />}
      {plan.capped && <p class="quiet cap">There is more than these {plan.items.length}; do this again afterwards.</p>}
      <p class="quiet">
        Looked at <Clock time={plan.as_of} />. Nothing has changed yet.
      </p>
    </>
  );
}

function Said({ state }: { state: State }) {
  if (state.kind === "done") {
    return (
      <div role="status">
        <p class="said">
          <StatusMark name="done" /> at <Clock time={state.done.as_of} />
        </p>
        <dl class="results">
          {Object.entries(state.done.result).map(([name, it]) => (
            <div key={name}>
              <dt>
                <Line text={name.replaceAll("_", " ")} longest={60} />
              </dt>
              <dd>
                <Whole text={value(it)} longest={300} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    );
  }
  if (state.kind === "refused") {
    const { problem } = state;
    return (
      <p class="notice" role="alert">
        <Whole text={problem.message} longest={500} />
        {problem.status === 409 && " Nothing was changed by you."}
        {problem.correlation !== null && (
          <span class="quiet">
            {" "}
            Its logs have <Whole text={problem.correlation} longest={80} />.
          </span>
        )}
      </p>
    );
  }
  return (
    <p class="quiet" role="status">
      It is being looked at what this would do.
    </p>
  );
}

interface Confirms {
  state: State & { plan: Plan | null };
  label: string;
  confirm: (plan: Plan) => void;
  again: () => void;
}

function Confirm({ state, label, confirm, again }: Confirms) {
  const { plan } = state;
  if (plan === null) return null;
  const left = Date.parse(plan.expires_at) - now.value;
  if (left <= 0 && state.kind === "planned") {
    return (
      <button class="primary" onClick={again}>
        The plan is over: look again
      </button>
    );
  }
  return (
    <button class="primary" disabled={state.kind !== "planned"} onClick={() => confirm(plan)}>
      {state.kind === "at work" ? "At work" : `${label} now`}
      {state.kind === "planned" && <span class="left-of-plan"> {duration(left)} left</span>}
    </button>
  );
}
