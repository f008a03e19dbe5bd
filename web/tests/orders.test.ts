import assert from "node:assert/strict";
import { test } from "node:test";
import type { Activity, OrderRow } from "../src/api.ts";
import { follow, heard, merge } from "../src/logic/orders.ts";
import cases from "../../tests/support/examples/order_rows.json" with { type: "json" };

const MOST = 3;

function message(order: string | null, type: string, second: number, version: number | null = null): Activity {
  const at = `2026-12-01T12:00:${String(second).padStart(2, "0")}.000Z`;
  return {
    id: `${order}/${type}/${second}`,
    type,
    kind: version === null ? "reply" : "event",
    service: "orders",
    order_id: order,
    version,
    occurred_at: at,
    recorded_at: at,
    correlation_id: "",
    causation_id: null,
    outcome: null,
    reason: null,
  };
}

function placed(order: string, second: number): OrderRow {
  const [row] = follow([], [message(order, "OrderPlaced", second, 1)], MOST);
  assert.ok(row);
  return row;
}

for (const { name, row, messages, after } of cases) {
  test(`the list and the API agree on the line after ${name}`, () => {
    const found = (messages as Activity[]).reduce(heard, row as OrderRow);
    assert.deepEqual(found, after);
  });
}

test("an order that is placed comes first, and its messages move its own line alone", () => {
  const before = [placed("a", 1)];
  const after = follow(before, [message("b", "OrderPlaced", 2, 1), message("b", "OrderConfirmed", 4, 2)], MOST);
  assert.deepEqual(after.map((it) => [it.order_id, it.status, it.version]), [["b", "confirmed", 2], ["a", "placed", 1]]);
  assert.equal(after[1], before[0], "a row that nothing was said of is not drawn again");
});

test("a message about no order, or about one that is not listed, makes no line", () => {
  const before = [placed("a", 1)];
  const told = [message(null, "DayClosed", 2), message("b", "OrderConfirmed", 3, 2), message("b", "CommandReplied", 4)];
  assert.deepEqual(follow(before, told, MOST), before);
});

test("the list keeps so many, the newest", () => {
  const told = ["a", "b", "c", "d"].map((order, index) => message(order, "OrderPlaced", index, 1));
  assert.deepEqual(follow([], told, MOST).map((it) => it.order_id), ["d", "c", "b"]);
});

test("an answer that is older than what messages told changes nothing", () => {
  const old = placed("a", 1);
  const known = follow([old], [message("a", "OrderConfirmed", 5, 2)], MOST);
  assert.deepEqual(merge(known, [old], MOST), known);
});
