// The list of orders: pages joined, and moved on by messages; each order once, the newest first.

import type { Activity, OrderRow } from "../api.ts";

const PLACED = "OrderPlaced";
const STATUS: Record<string, string> = {
  [PLACED]: "placed",
  OrderConfirmed: "confirmed",
  OrderRejected: "rejected",
  OrderCancelled: "cancelled",
};

export function merge(known: readonly OrderRow[], told: readonly OrderRow[], most: number): OrderRow[] {
  const orders = new Map(known.map((order) => [order.order_id, order]));
  for (const order of told) {
    const before = orders.get(order.order_id);
    if (before === undefined || isNewer(order, before)) orders.set(order.order_id, order);
  }
  return [...orders.values()].sort(byPlace).slice(0, most);
}

/** The list after these messages. Of an order that it has not, only the first event makes a line. */
export function follow(known: readonly OrderRow[], messages: readonly Activity[], most: number): OrderRow[] {
  const orders = new Map(known.map((order) => [order.order_id, order]));
  const told = new Map<string, OrderRow>();
  for (const message of messages) {
    if (message.order_id === null) continue;
    const row = told.get(message.order_id) ?? orders.get(message.order_id) ?? first(message);
    if (row !== null) told.set(message.order_id, heard(row, message));
  }
  return merge(known, [...told.values()], most);
}

function first(message: Activity): OrderRow | null {
  if (message.type !== PLACED || message.order_id === null) return null;
  return { order_id: message.order_id, status: "placed", version: 0, placed_at: null, updated_at: "", last: "" };
}

/** A line after one message more, as the API makes it; to hear it again, or late, changes nothing more. */
export function heard(row: OrderRow, message: Activity): OrderRow {
  // A clock that is ahead puts nothing into the future.
  const at = message.occurred_at < message.recorded_at ? message.occurred_at : message.recorded_at;
  const after = { ...row };
  if (at >= row.updated_at) Object.assign(after, { updated_at: at, last: message.type });
  if (message.type === PLACED && row.placed_at === null) after.placed_at = at;
  if (message.version !== null && message.version > row.version) {
    Object.assign(after, { version: message.version, status: STATUS[message.type] ?? row.status });
  }
  return after;
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
