import assert from "node:assert/strict";
import { test } from "node:test";
import layout from "../src/pictures/saga.json" with { type: "json" };
import type { SagaStepTold } from "../src/api.ts";
import { became, forward, over, reached, type Picture, type StepStatus } from "../src/logic/saga.ts";

const PICTURE: Picture = layout;
const step = (name: string, status: StepStatus, ...undoes: string[]): SagaStepTold => ({
  step: name, undoes, sent_at: "2026-12-01T09:00:00.000Z", answered_at: null, status, owner: null, reason: null,
});
const DECLINED = [step("reserve-stock", "done"), step("authorize-payment", "refused"), step("release-stock", "undone", "reserve-stock"), step("reject-order", "undone", "place-order")];

test("the way forward is what the machine's picture has", () => {
  assert.deepEqual(forward(PICTURE).map((it) => it.step), ["reserve-stock", "authorize-payment", "gather-quotes", "book-shipment", "capture-payment", "confirm-order"]);
});

test("the boxes that a declined order has reached are coloured, and no others", () => {
  const found = reached(PICTURE, { status: "ended", steps: DECLINED });
  assert.deepEqual(Object.fromEntries(found), {
    "Reserve stock": "done", "Authorize payment": "refused", "Release stock": "undone", "Reject order": "undone", Settled: "done",
  });
});

test("an order whose confirmation nobody knows of was settled first", () => {
  const steps = [step("confirm-order", "running"), step("reject-order", "undone", "place-order")];
  const found = reached(PICTURE, { status: "running", steps });
  assert.equal(found.get("Settle order"), "undone");
  assert.equal(found.get("Settled"), undefined);
  assert.equal(reached(PICTURE, { status: "stuck", steps }).get("Stuck"), "failed");
});

test("a step of which the picture knows nothing colours nothing", () => {
  assert.equal(reached(PICTURE, { status: "x", steps: [step("<b>", "done")] }).size, 0);
});

test("a step whose undo is done is undone, and one that was refused stays so", () => {
  assert.equal(became({ steps: DECLINED }, "reserve-stock"), "undone");
  assert.equal(became({ steps: DECLINED }, "authorize-payment"), "refused");
  assert.equal(became({ steps: DECLINED }, "book-shipment"), null);
  const failing = [step("capture-payment", "done"), step("refund-payment", "failed", "capture-payment")];
  assert.equal(became({ steps: failing }, "capture-payment"), "failed");
  assert.equal(became({ steps: [...failing.slice(0, 1), step("refund-payment", "running", "capture-payment")] }, "capture-payment"), "running");
  const captured = [step("authorize-payment", "done"), step("void-payment", "refused", "authorize-payment")];
  assert.equal(became({ steps: captured }, "authorize-payment"), "done");
});

test("a deadline is as far as the clock says, and no farther", () => {
  const [from, until] = ["2026-12-01T09:00:00Z", "2026-12-01T09:00:10Z"];
  const at = Date.parse(from);
  assert.deepEqual([-5000, 0, 5000, 10_000, 99_000].map((it) => over(from, until, at + it)), [0, 0, 0.5, 1, 1]);
  assert.equal(over(null, until, at), null);
  assert.equal(over(until, from, at), null);
  assert.equal(over("x", "y", at), null);
});
