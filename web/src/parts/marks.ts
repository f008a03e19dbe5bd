// Moves one mark along the map for each message that the bus carried, on a canvas over it.

import type { Activity } from "../api.ts";
import { along, ways, type Plan, type Point } from "../logic/map.ts";

const MOST_A_SECOND = 30;
const TAKES = 1300; // milliseconds from end to end
const BETWEEN = 30; // milliseconds from one drawing to the next at least: half of what a screen shows
const WITHIN = 900; // one answer's messages begin within this, in their order

interface Mark {
  way: Point[];
  begins: number;
  kind: Activity["kind"];
  bad: boolean;
}

export class Marks {
  #marks: Mark[] = [];
  #frame = 0;
  #drawn = 0;
  #plan: Plan | null = null;
  #context: CanvasRenderingContext2D | null = null;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");

  show(canvas: HTMLCanvasElement, plan: Plan): void {
    this.#context = canvas.getContext("2d");
    this.#plan = plan;
    this.#marks = [];
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#marks = [];
    this.#context = null;
  }

  /** Whether there were few enough to move; else the map says how many there were. */
  add(messages: readonly Activity[], seconds: number): boolean {
    if (this.#plan === null || this.#still.matches) return false;
    if (messages.length > MOST_A_SECOND * Math.max(1, seconds)) return false;
    const start = performance.now();
    for (const [index, message] of messages.entries()) {
      for (const way of ways(this.#plan, message)) {
        this.#marks.push({
          way,
          begins: start + (index * WITHIN) / messages.length,
          kind: message.kind,
          bad: message.outcome === "failed" || message.outcome === "refused",
        });
      }
    }
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#draw);
    return true;
  }

  readonly #draw = (at: number): void => {
    const [context, plan] = [this.#context, this.#plan];
    if (context === null || plan === null) return;
    if (at - this.#drawn < BETWEEN) {
      this.#frame = requestAnimationFrame(this.#draw);
      return;
    }
    this.#drawn = at;
    const { canvas } = context;
    const density = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * density, canvas.clientHeight * density];
    if (canvas.width !== Math.round(width) || canvas.height !== Math.round(height)) {
      canvas.width = Math.round(width);
      canvas.height = Math.round(height);
    }
    const scale = width / plan.width;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, plan.width, plan.height);
    const style = getComputedStyle(canvas);
    const colours = { good: style.getPropertyValue("--mark"), bad: style.getPropertyValue("--bad") };
    for (const mark of this.#marks) {
      const share = (at - mark.begins) / TAKES;
      if (share < 0) continue;
      context.fillStyle = mark.bad ? colours.bad : colours.good;
      shape(context, along(mark.way, Math.min(1, share)), mark.kind);
    }
    this.#marks = this.#marks.filter((mark) => at - mark.begins < TAKES);
    if (this.#marks.length > 0) this.#frame = requestAnimationFrame(this.#draw);
    else {
      context.clearRect(0, 0, plan.width, plan.height);
      this.#frame = 0;
    }
  };
}

/** An event is round, an integration event stands on its corner, a reply is square. */
function shape(context: CanvasRenderingContext2D, { x, y }: Point, kind: Activity["kind"]): void {
  context.beginPath();
  if (kind === "event") context.arc(x, y, 5, 0, 7);
  else if (kind === "reply") context.rect(x - 4.5, y - 4.5, 9, 9);
  else {
    context.moveTo(x, y - 6.5);
    context.lineTo(x + 6.5, y);
    context.lineTo(x, y + 6.5);
    context.lineTo(x - 6.5, y);
  }
  context.fill();
}
