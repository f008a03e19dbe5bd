// Which service had to do with which, as the spans that are kept tell it. Offline alone.

import type { ServiceMap } from "../api.ts";
import { AT } from "../state/faults.ts";
import { useResource } from "../state/resource.ts";
import { Answered, AsOf, Empty } from "./states.tsx";
import { Line } from "./text.tsx";

const WAYS = { call: "calls", queue: "by a queue", log: "by the log" };

export function Arrows() {
  const map = useResource<ServiceMap>(`${AT}service-map`, { every: 15_000 });
  return (
    <Answered of={map}>
      {(data) =>
        data.arrows.length === 0 ? (
          <Empty title="No span is kept yet.">
            <code>make load RATE=1 DURATION=10</code> places orders.
          </Empty>
        ) : (
          <section aria-label="Service map">
            <div class="head second">
              <h2>Which had to do with which</h2>
              <AsOf time={data.as_of} />
            </div>
            <p class="quiet">By the spans that this machine keeps, the last 20,000.</p>
            <div class="scroll">
              <table aria-label="Service map">
                <thead>
                  <tr>
                    <th scope="col">from</th>
                    <th scope="col">to</th>
                    <th scope="col">way</th>
                    <th scope="col">what</th>
                    <th scope="col" class="number">times</th>
                    <th scope="col" class="number">failed</th>
                  </tr>
                </thead>
                <tbody>
                  {data.arrows.map((it) => (
                    <tr key={`${it.begin} ${it.end} ${it.way} ${it.name}`}>
                      <td data-label="from"><Line text={it.begin} longest={40} /></td>
                      <td data-label="to"><Line text={it.end} longest={40} /></td>
                      <td data-label="way">{WAYS[it.way]}</td>
                      <td data-label="what"><Line text={it.name} longest={80} /></td>
                      <td data-label="times" class="number">{it.count.toLocaleString("en")}</td>
                      <td data-label="failed" class="number">
                        {it.failed > 0 ? <span class="bad">{it.failed.toLocaleString("en")}</span> : <span class="quiet">0</span>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {data.left_out > 0 && <p class="quiet cap">{data.left_out.toLocaleString("en")} more are left out.</p>}
          </section>
        )
      }
    </Answered>
  );
}
