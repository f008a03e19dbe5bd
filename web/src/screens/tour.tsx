// The tour: six steps, each of which does something to the running system and looks what became of it.

import type { Tour, TourStep } from "../api.ts";
import { visible } from "../logic/text.ts";
import { SeenAnswer } from "../parts/seen.tsx";
import { AsOf } from "../parts/states.tsx";
import { Clock, Line, StatusMark, Whole } from "../parts/text.tsx";
import { seen } from "../state/faults.ts";

const tour = seen<Tour>("tour");

export function TourScreen() {
  const data = tour.data.value;
  const runs = data?.steps.some((it) => it.state === "running") ?? false;
  const next = data?.steps.find((it) => it.state !== "done");
  return (
    <>
      <div class="head">
        <h1>Tour</h1>
        {data && (
          <span class="quiet">
            {data.steps.filter((it) => it.state === "done").length} of {data.steps.length} steps done
          </span>
        )}
        {data && <AsOf time={data.as_of} />}
      </div>
      <SeenAnswer of={tour}>
        {(data) => (
          <>
            <p class="said quiet">
              Each step acts on the running system of this machine, says what it finds there, and undoes what it broke. It
              takes {data.longest_seconds} s at most.
            </p>
            <ol class="tour">
              {data.steps.map((it) => (
                <Step key={it.name} step={it} runs={runs} next={it === next} />
              ))}
            </ol>
          </>
        )}
      </SeenAnswer>
    </>
  );
}

function Step({ step, runs, next }: { step: TourStep; runs: boolean; next: boolean }) {
  const begun = step.state !== "not begun";
  return (
    <li class={`card ${step.state}`}>
      <div class="card-head">
        <h2>
          <Line text={step.title} longest={80} />
        </h2>
        {begun && (
          <span role="status">
            <StatusMark name={step.state} />
            {step.seconds !== null && <span class="quiet"> in {step.seconds.toFixed(1)} s</span>}
          </span>
        )}
      </div>
      <p>
        <Whole text={step.shows} longest={400} />
      </p>
      {step.lines.length > 0 && (
        <ol class="found" aria-label={`What was found: ${visible(step.title, 80).text}`}>
          {step.lines.map((it, index) => (
            <li key={index}>
              <Clock time={it.at} />
              <span>
                <Whole text={it.text} longest={300} />
              </span>
              {it.address?.startsWith("#/") && (
                <a href={it.address} aria-label={`See: ${visible(it.text, 80).text}`}>
                  see
                </a>
              )}
            </li>
          ))}
        </ol>
      )}
      {step.problem && (
        <p class="bad">
          <Whole text={step.problem} longest={400} />
        </p>
      )}
      <div class="does">
        <button
          class={next && !runs ? "primary" : ""}
          aria-label={`${begun ? "Do it again" : "Do it"}: ${visible(step.title, 80).text}`}
          disabled={runs || tour.busy.value}
          onClick={() => void tour.does(`tour/${step.name}`)}
        >
          {step.state === "running" ? "At work" : begun ? "Do it again" : "Do it"}
        </button>
      </div>
    </li>
  );
}
