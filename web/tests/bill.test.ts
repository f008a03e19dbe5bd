import assert from "node:assert/strict";
import { test } from "node:test";
import { age, bill, numbersIn, sum, usd, whole, type Figures, type Numbers } from "../src/logic/bill.ts";
import built from "../src/figures/bill.json" with { type: "json" };

const FIGURES: Figures = {
  counted_on: "2026-11-27", prices_read_on: "2026-11-22", region: "nowhere-1", old_after_days: 180, too_old_after_days: 365,
  days_a_month: 30.4, most_lines: 50, months: 12, containers: ["pricing"],
  idle: { dev: { orders: { keys: 1 }, pricing: { containers: 30 } }, prod: { orders: { keys: 1, streams: 29 } } },
  rates: [
    ["orders", "writes", "orders", 2e-6, 4e-6],
    ["orders", "falling", "orders", 2e-6, 1e-6],
    ["orders", "logs, stored", "orders and days of logs", 1e-8, 1e-8],
    ["event-log", "archive", "any orders", 0.25, 0.25],
    ["event-log", "archive, stored", "orders of all months", 1e-8, 1e-8],
  ],
  at_most: ["archive, stored"], not_read: ["one"],
};
const NUMBERS: Numbers = { stage: "dev", containers: false, orders: 1_000_000, lines: 3, days: 30 };

test("without orders a month costs what is idle, and containers only where they are asked for", () => {
  const quiet = { ...NUMBERS, orders: 0 };
  assert.equal(sum(bill(quiet, FIGURES).total), 1);
  assert.equal(sum(bill({ ...quiet, containers: true }, FIGURES).total), 31);
  assert.equal(sum(bill({ ...quiet, stage: "prod" }, FIGURES).total), 30);
});

test("lines follow a straight line and never cost less than nothing", () => {
  const part = (lines: number, name: string) => bill({ ...NUMBERS, lines }, FIGURES).parts.find((it) => it.name === name)?.usd ?? 0;
  assert.deepEqual([1, 3, 5].map((it) => part(it, "writes").toFixed(6)), ["2.000000", "4.000000", "6.000000"]);
  assert.equal(part(50, "falling"), 0);
});

test("what comes by the hour does not grow with orders, and what is stored grows with its time", () => {
  const found = (changed: Partial<Numbers>) => new Map(bill({ ...NUMBERS, ...changed }, FIGURES).parts.map((it) => [it.name, it.usd]));
  assert.equal(found({}).get("archive"), found({ orders: 9 }).get("archive"));
  const [month, year, ages] = [30.4, 364.8, 3000].map((days) => found({ days }).get("logs, stored")!);
  assert.ok(Math.abs(year! / month! - 12) < 1e-9);
  assert.equal(ages, year); // nothing is older than the system
});

test("services and parts come to the same total, dearest first", () => {
  const found = bill({ ...NUMBERS, containers: true }, FIGURES);
  assert.ok(Math.abs(found.parts.reduce((all, it) => all + it.usd, 0) - sum(found.total)) < 1e-9);
  assert.deepEqual(found.services.map((it) => it.name), ["pricing", "orders", "event-log"]);
  assert.deepEqual(found.parts.filter((it) => it.atMost).map((it) => it.name), ["archive, stored"]);
});

test("an address that says no number is as if it said none", () => {
  const usual = { stage: "dev", containers: false, orders: 1_000_000, lines: 3, days: 30 };
  assert.deepEqual(numbersIn({}, "", FIGURES), usual);
  assert.deepEqual(numbersIn({ stage: "moon", orders: "-1", lines: "51", days: "1e3", containers: "1" }, "", FIGURES), usual);
  assert.deepEqual(numbersIn({ stage: "constructor" }, "toString", FIGURES).stage, "dev");
  assert.equal(numbersIn({}, "prod", FIGURES).stage, "prod");
  assert.equal(numbersIn({ stage: "dev" }, "prod", FIGURES).stage, "dev");
  assert.deepEqual(["", " 1", "٣", "1.5", "99999999999"].map((it) => whole(it, 0, 1e10)), [null, null, null, null, null]);
});

test("prices are said to be old after half a year, and nothing is reckoned after a year", () => {
  const at = (day: string) => age(FIGURES, Date.parse(day)).state;
  assert.deepEqual(["2026-11-23", "2027-05-21", "2027-05-22", "2027-11-23"].map(at), ["fit", "fit", "old", "too old"]);
});

test("what the app is built with has a price for every stage and every order", () => {
  const figures = built as unknown as Figures;
  assert.deepEqual(Object.keys(figures.idle), ["dev", "staging", "prod"]);
  for (const stage of Object.keys(figures.idle)) assert.ok(sum(bill({ ...NUMBERS, stage, orders: 0 }, figures).total) > 0);
  assert.ok(bill(NUMBERS, figures).total.orders > 100);
  assert.equal(usd(1234.5), "1,234.50");
});
