// What a screen shows while there is nothing yet, nothing at all, or nothing new.

import type { ComponentChildren } from "preact";
import type { Resource } from "../state/resource.ts";
import { Ago, Clock, Whole } from "./text.tsx";

/** Grey lines in the place of what comes; a stylesheet shows them after 200 ms. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  whole?: boolean; // it is all that the screen shows
  children: ComponentChildren;
}

/** An empty screen says how to fill it. */
export function Empty({ title, whole = false, children }: EmptyProps) {
  return (
    <div class="empty">
      {whole ? <h1>{title}</h1> : <h2>{title}</h2>}
      <p>{children}</p>
    </div>
  );
}

/** The answer if there is one; greyed with its age if the newest question failed. */
export function Answered<T>({
  of,
  lines,
  children,
}: {
  of: Resource<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  const [data, problem] = [of.data.value, of.problem.value];
  if (data === null && problem?.status === 404) {
    return (
      <Empty whole title="The API of this deployment does not tell this.">
        It may be older than this page: <code>make up</code> or <code>make deploy</code> brings it up to date.
      </Empty>
    );
  }
  return (
    <>
      {problem !== null && (
        <div class="problem" role="alert">
          <span>
            <strong>
              <Whole text={problem.message} longest={300} />
            </strong>
            {data !== null && (
              <>
                {" "}
                What you see was answered <Ago time={of.at.value} />.
              </>
            )}
            {problem.correlation !== null && (
              <>
                {" "}
                Its logs have <Whole text={problem.correlation} longest={80} />.
              </>
            )}
          </span>
          <button onClick={() => void of.refresh()}>Try again</button>
        </div>
      )}
      {data === null ? problem === null && <Skeleton lines={lines ?? 6} /> : (
        <div class={problem === null ? "" : "stale"}>{children(data)}</div>
      )}
    </>
  );
}

export function AsOf({ time }: { time: string }) {
  return (
    <span class="as-of">
      as of <Clock time={time} />
    </span>
  );
}
