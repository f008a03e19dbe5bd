import assert from "node:assert/strict";
import { test } from "node:test";
import { action } from "../src/logic/keys.ts";
import { address, parse, screensAt } from "../src/logic/route.ts";
import { merge } from "../src/logic/orders.ts";
import { status } from "../src/logic/status.ts";

test("an address leads back to where it was made", () => {
  const id = "a/b?c#d%e<>";
  assert.deepEqual(parse(address("orders", id, { view: "raw", at: "3" })), { screen: "orders", id, query: { view: "raw", at: "3" } });
  assert.equal(address("home"), "#/");
  assert.deepEqual(parse(""), { screen: "home", id: null, query: {} });
});

test("an address that somebody mistyped leads nowhere and breaks nothing", () => {
  assert.equal(parse("#/nowhere").screen, "unknown");
  assert.equal(parse("#/constructor").screen, "unknown");
  assert.equal(parse("#/orders/%E0%A4%A").id, "%E0%A4%A");
});

test("g and a letter within a second and a half go to a screen", () => {
  assert.deepEqual(action("o", 1000, { key: "g", at: 200 }, false), { kind: "go", screen: "orders" });
  assert.equal(action("o", 9000, { key: "g", at: 200 }, false), null);
  assert.equal(action("o", 1000, { key: "x", at: 200 }, false), null);
});

test("who types text types text; Escape still closes", () => {
  assert.equal(action("/", 0, null, true), null);
  assert.equal(action("h", 1, { key: "g", at: 0 }, true), null);
  assert.deepEqual(action("Escape", 0, null, true), { kind: "close" });
  assert.equal(action("toString", 0, null, false), null);
});

test("a status that is not known is shown as it is, and no two tones share a word", () => {
  assert.deepEqual(status("ROLLED_BACK"), { word: "rolled back", tone: "undone" });
  assert.deepEqual(status("toString"), { word: "toString", tone: "plain" });
});

test("an order is listed once, as it was told last, the newest first", () => {
  const row = (order_id: string, version: number, placed_at: string) => ({
    order_id, version, placed_at, updated_at: `2026-01-01T00:00:0${version}Z`, status: "placed", last: "OrderPlaced",
  });
  const merged = merge([row("a", 2, "2026-01-01"), row("b", 1, "2026-01-02")], [row("a", 1, "2026-01-01"), row("c", 1, "2026-01-03")], 10);
  assert.deepEqual(merged.map((it) => `${it.order_id}${it.version}`), ["c1", "b1", "a2"]);
  assert.ok(merge(merged, [row("b", 1, "2026-01-02")], 9)[1] === merged[1], "what did not change is the same object");
  assert.equal(merge(merged, [row("d", 1, "2026-01-04")], 2).map((it) => it.order_id).join(""), "dc");
});

test("what causes faults is a screen on the operator's own machine alone", () => {
  assert.equal(parse("#/faults", screensAt("127.0.0.1")).screen, "faults");
  assert.equal(parse("#/faults", screensAt("localhost")).screen, "faults");
  for (const host of ["a1b2.execute-api.eu-west-1.amazonaws.com", "console.example.com", "127.0.0.1.example.com", ""]) {
    assert.equal(parse("#/faults", screensAt(host)).screen, "unknown");
    assert.equal(screensAt(host).includes("faults"), false);
    assert.equal(parse("#/sagas", screensAt(host)).screen, "sagas");
  }
});
