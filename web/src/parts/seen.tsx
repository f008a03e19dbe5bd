// An answer of the fault process: what went wrong with the last question, and what is known.

import type { ComponentChildren } from "preact";
import { useAsked, type Seen } from "../state/faults.ts";
import { Skeleton } from "./states.tsx";
import { Whole } from "./text.tsx";

/** Asks while it is shown; what was answered stays while the process is away. */
export function SeenAnswer<T>({ of, children }: { of: Seen<T>; children: (data: T) => ComponentChildren }) {
  useAsked(of);
  const data = of.data.value;
  const problem = of.problem.value;
  return (
    <>
      {problem && (
        <div class="problem" role="alert">
          <strong>
            <Whole text={problem.message} longest={300} />
          </strong>
          <button onClick={() => void of.ask()}>Ask again</button>
        </div>
      )}
      {data === null ? problem === null && <Skeleton lines={8} /> : children(data)}
    </>
  );
}
