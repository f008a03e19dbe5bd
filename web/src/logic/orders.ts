// Joins pages of orders: each order once, as it was told last, the newest first.

import type { OrderRow } from "../api.ts";

export function merge(known: readonly OrderRow[], told: readonly OrderRow[], most: number): OrderRow[] {
  const orders = new Map(known.map((order) => [order.order_id, order]));
  for (const order of told) {
    const before = orders.get(order.order_id);
    if (before === undefined || isNewer(order, before)) orders.set(order.order_id, order);
  }
  return [...orders.values()].sort(byPlace).slice(0, most);
}

/** What is told again as it was stays the same object: its row is not drawn again. */
function isNewer(order: OrderRow, before: OrderRow): boolean {
  if (order.version !== before.version) return order.version > before.version;
  if (order.updated_at !== before.updated_at) return order.updated_at > before.updated_at;
  return order.status !== before.status || order.last !== before.last || order.placed_at !== before.placed_at;
}

function byPlace(one: OrderRow, other: OrderRow): number {
  const [first, second] = [one.placed_at ?? one.updated_at, other.placed_at ?? other.updated_at];
  if (first !== second) return first < second ? 1 : -1;
  return one.order_id < other.order_id ? -1 : 1;
}
