// The saga's state machine as it is deployed, coloured for one order. The picture's layout is made
// from the definition, as that of docs/saga.svg.

import type { Saga } from "../api.ts";
import { reached, type Picture } from "../logic/saga.ts";
import { status } from "../logic/status.ts";
import layout from "../pictures/saga.json";

export const PICTURE: Picture = layout;

export function Machine({ saga }: { saga: Saga }) {
  const states = reached(PICTURE, saga);
  const { width, height } = PICTURE.box;
  const told = [...states].map(([name, it]) => `${name}: ${status(it).word}`).join("; ");
  return (
    <div class="machine-scroll" tabIndex={0} role="group" aria-label="The saga's state machine">
      <svg class="machine" viewBox={`0 0 ${PICTURE.width} ${PICTURE.height}`} role="img" aria-label={told || "It has sent no command yet"}>
        <defs>
          {["arrow", "caught"].map((id) => (
            <marker key={id} id={`saga-${id}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0L8 4L0 8z" class={id} />
            </marker>
          ))}
        </defs>
        {PICTURE.columns.map((it) => (
          <text key={it.x} x={it.x} y={32} class="column">
            {it.text}
          </text>
        ))}
        {PICTURE.lines.map((it) => (
          <path key={`${it.path}${it.fails}`} d={it.path} class={it.fails ? "line fails" : "line"} marker-end={`url(#saga-${it.fails ? "caught" : "arrow"})`} />
        ))}
        {PICTURE.boxes.map((box) => {
          const its = states.get(box.name);
          const known = its === undefined ? null : status(its);
          const round = box.kind === "choice" || box.kind === "succeed" || box.kind === "fail";
          return (
            <g key={box.name} class={`box ${known === null ? "not-reached" : known.tone}`}>
              <rect x={box.x} y={box.y} width={width} height={height} rx={round ? 17 : 4} />
              <text x={box.x + width / 2} y={box.y + (known === null ? 22 : 15)} text-anchor="middle">
                {box.name}
              </text>
              {known !== null && (
                <text x={box.x + width / 2} y={box.y + 28} text-anchor="middle" class="word">
                  {known.word}
                </text>
              )}
            </g>
          );
        })}
        {PICTURE.labels.map((it) => (
          <text
            key={`${it.x}/${it.y}`}
            x={it.x}
            y={it.y}
            class="why"
            text-anchor={it.anchor as "start"}
            transform={it.turned ? `rotate(-90 ${it.x} ${it.y})` : undefined}
          >
            {it.text}
          </text>
        ))}
      </svg>
    </div>
  );
}
