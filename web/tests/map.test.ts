import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceCard } from "../src/api.ts";
import { along, neighbours, plan, ranks, ways, wire } from "../src/logic/map.ts";

function card(name: string, more: Partial<ServiceCard> = {}): ServiceCard {
  return {
    name, owner: "o", purpose: "p", source: "s", runbook: null, api: false, says: [], takes: [],
    reads_log: false, views: [], consumers: [], ...more,
  };
}

const CARDS = [
  card("sales", { reads_log: true, views: ["sales"] }),
  card("orders", { api: true, reads_log: true, says: ["OrderPlaced", "CommandReplied"], takes: ["ConfirmOrder"] }),
  card("payments", { says: ["CommandReplied", "PaymentAuthorized"], takes: ["AuthorizePayment"] }),
  card("fulfilment", { says: ["FulfilmentStuck"], takes: ["OrderPlaced", "CommandReplied"] }),
  card("notifications", { takes: ["OrderPlaced"] }),
  card("event-log", { takes: ["PaymentAuthorized"] }),
  card("identity"),
];

const named = (name: string, cards = CARDS) => plan(cards, true).nodes.find((node) => node.card.name === name)!;

test("the same cards give the same map, in whatever order they come", () => {
  assert.deepEqual(plan(CARDS, true), plan([...CARDS].reverse(), true));
  assert.deepEqual(plan(CARDS, false), plan([...CARDS].reverse(), false));
});

test("services stand in the direction in which data flows", () => {
  const rank = ranks(wire(CARDS));
  assert.deepEqual(["orders", "fulfilment", "payments"].map((name) => rank.get(name)), [0, 1, 2]);
  assert.ok(named("fulfilment").x < named("payments").x);
  assert.ok(named("orders").x < named("sales").x);
});

test("who answers commands and who takes the answers are joined by the command queues", () => {
  const [fulfilment, payments] = [named("fulfilment"), named("payments")];
  assert.deepEqual(fulfilment.ports.find((port) => port.band === "commands")!.types, ["AuthorizePayment", "ConfirmOrder"]);
  assert.ok(payments.ports.some((port) => port.band === "commands" && port.into));
  assert.deepEqual(neighbours(CARDS, "payments"), { tells: ["event-log", "fulfilment"], hears: ["fulfilment"] });
});

test("no two services overlap, and none lies on a band, wide or tall, few or many", () => {
  for (const wide of [true, false]) {
    for (const more of [0, 1, 12]) {
      const cards = [...CARDS, ...Array.from({ length: more }, (_, index) => card(`more-${index}`, { takes: ["OrderPlaced"] }))];
      const drawn = plan(cards, wide);
      for (const [index, one] of drawn.nodes.entries()) {
        assert.ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= drawn.width && one.y + one.height <= drawn.height);
        for (const other of drawn.nodes.slice(index + 1)) {
          const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
          assert.ok(apart, `${one.card.name} and ${other.card.name}`);
        }
        for (const band of drawn.bands) {
          const at = wide ? band.from.y : band.from.x;
          const [from, size] = wide ? [one.y, one.height] : [one.x, one.width];
          assert.ok(at < from || at > from + size, `${one.card.name} on ${band.name}`);
        }
      }
    }
  }
});

test("a message goes from who says it over the bus to each who takes it", () => {
  const drawn = plan(CARDS, true);
  const found = ways(drawn, { service: "orders", type: "OrderPlaced" });
  assert.equal(found.length, 2);
  const ends = found.map((way) => way.at(-1)!);
  for (const name of ["fulfilment", "notifications"]) {
    const node = named(name);
    assert.ok(ends.some((end) => end.x > node.x && end.x < node.x + node.width && end.y === node.y));
  }
  assert.equal(ways(drawn, { service: "payments", type: "PaymentAuthorized" }).length, 1, "onto the log");
  assert.equal(ways(drawn, { service: "nobody", type: "OrderPlaced" }).length, 0);
  assert.deepEqual(ways(drawn, { service: "fulfilment", type: "FulfilmentStuck" })[0]!.length, 2, "as far as the bus");
});

test("a mark begins at the beginning, ends at the end, and never leaves its way", () => {
  const way = [{ x: 0, y: 0 }, { x: 0, y: 10 }, { x: 30, y: 10 }];
  assert.deepEqual([0, 0.25, 0.5, 1].map((share) => along(way, share)), [{ x: 0, y: 0 }, { x: 0, y: 10 }, { x: 10, y: 10 }, { x: 30, y: 10 }]);
});

test("services that neither say nor take nor read stand beside the flow; without cards there is none", () => {
  assert.deepEqual(plan(CARDS, true).apart.map((it) => it.name), ["identity"]);
  assert.deepEqual(plan([], true).nodes, []);
  assert.ok(plan([card("alone")], false).width > 0);
});

test("circles of messages end", () => {
  const circle = ["a", "b", "c"].map((name, index, all) => card(name, { says: [`${name}Said`], takes: [`${all[(index + 2) % 3]}Said`] }));
  assert.equal(ranks(wire(circle)).size, 3);
});
