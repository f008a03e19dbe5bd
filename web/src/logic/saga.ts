// A saga in pictures: which box of its machine has which status, and where each order is.

import type { Saga, SagaRow, SagaStep } from "../api.ts";

export interface Picture {
  width: number;
  height: number;
  box: { width: number; height: number };
  columns: { x: number; text: string }[];
  boxes: { name: string; x: number; y: number; kind: string; step: string | null }[];
  lines: { path: string; fails: boolean }[];
  labels: { x: number; y: number; text: string; anchor: string; turned: boolean }[];
}

export type StepStatus = SagaStep["status"];

/** The status of each box that a saga has reached, by the box's name. */
export function reached(picture: Picture, saga: Pick<Saga, "status" | "steps">): Map<string, StepStatus> {
  const of = new Map(saga.steps.map((it) => [it.step, it]));
  const found = new Map<string, StepStatus>();
  picture.boxes.forEach((box, index) => {
    const step = box.step === null ? undefined : of.get(box.step);
    if (step !== undefined && (!earlier(picture, box.step!, index) || unsure(of))) found.set(box.name, step.status);
    if (box.kind === "succeed" && saga.status === "ended") found.set(box.name, "done");
    if (box.kind === "fail" && saga.status === "stuck") found.set(box.name, "failed");
  });
  return found;
}

/** Whether a later box sends the same command: the first of two is for a confirmation that nobody knows of. */
function earlier(picture: Picture, step: string, index: number): boolean {
  return picture.boxes.some((it, other) => other > index && it.step === step);
}

function unsure(steps: ReadonlyMap<string, SagaStep>): boolean {
  const confirmed = steps.get("confirm-order");
  return confirmed !== undefined && confirmed.status !== "refused";
}

/** The steps of the way forward, in their order: the columns of the table of orders. */
export function forward(picture: Picture): { step: string; name: string }[] {
  return picture.boxes.filter((it) => it.kind === "command" && it.step !== null).map((it) => ({ step: it.step!, name: it.name }));
}

/** What became of a step of an order: undone if its undo was done, null if it was never asked for. */
export function became(row: Pick<SagaRow, "steps">, step: string): StepStatus | null {
  const sent = row.steps.find((it) => it.step === step);
  if (sent === undefined) return null;
  const undo = row.steps.find((it) => it.undoes.includes(step) && it.status !== "refused");
  if (undo === undefined || sent.status === "refused") return sent.status;
  return undo.status === "undone" ? "undone" : undo.status === "failed" ? "failed" : "running";
}

/** How much of the time between two moments is over at a third, between 0 and 1. */
export function over(from: string | null, until: string | null, now: number): number | null {
  const [start, end] = [Date.parse(from ?? ""), Date.parse(until ?? "")];
  if (Number.isNaN(start) || Number.isNaN(end) || end <= start) return null;
  return Math.min(1, Math.max(0, (now - start) / (end - start)));
}
