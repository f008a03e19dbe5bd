// How far a rollout is: a bar with its steps, its state, and why it ended early.

import type { Rollout } from "../api.ts";
import { bounded, steps } from "../logic/rollout.ts";
import { status } from "../logic/status.ts";
import { line } from "../logic/text.ts";
import { Ago, Line, StatusMark } from "./text.tsx";

export function RolloutBar({ of: rollout, name }: { of: Rollout; name: string }) {
  const percent = bounded(rollout.percent);
  const words = `${percent} % of readers, ${status(rollout.state).word}`;
  return (
    <div class={`rollout ${status(rollout.state).tone}`}>
      <p>
        <StatusMark name={rollout.state} /> version <Line text={rollout.version} longest={20} />
        {rollout.ended_by === null ? (
          <span class="quiet">
            {" "}
            {rollout.under_way ? "began" : "ended"} <Ago time={rollout.under_way ? rollout.started_at : rollout.ended_at} />
          </span>
        ) : (
          <span>
            {" "}
            after {percent} % of readers, <Ago time={rollout.ended_at} />:{" "}
            {rollout.ended_by === "alarm" ? "the alarm " : "stopped by "}
            <strong>
              <Line text={rollout.reason ?? "nobody known"} longest={120} />
            </strong>
            {rollout.ended_by === "alarm" && " fired"}
          </span>
        )}
      </p>
      <div
        class="rollout-bar"
        role="progressbar"
        aria-label={`Rollout of ${line(name, 80)}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={line(words, 80)}
      >
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect class="all" width="100" height="10" />
          <rect class="done" width={percent} height="10" />
          {steps(rollout).map((it) => (
            <line key={it} x1={it} x2={it} y1="0" y2="10" />
          ))}
        </svg>
        <span aria-hidden="true">{percent} %</span>
      </div>
    </div>
  );
}
