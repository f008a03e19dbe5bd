// The orders of the day: asked for once, and then moved on by what the poll tells of them.

import { signal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Orders, OrderRow } from "../api.ts";
import { follow, merge } from "../logic/orders.ts";
import { onBeat } from "./live.ts";
import { useResource, type Resource } from "./resource.ts";

export const MOST = 1000; // of which the page keeps the newest

export interface OrdersOfTheDay {
  answered: Resource<Orders>;
  rows: Signal<readonly OrderRow[]>;
  /** Older ones that were asked for. */
  add: (page: readonly OrderRow[]) => void;
}

export function useOrders(): OrdersOfTheDay {
  const rows = useMemo(() => signal<readonly OrderRow[]>([]), []);
  const add = (page: readonly OrderRow[]) => (rows.value = merge(rows.peek(), page, MOST));
  useEffect(() => onBeat(({ fresh, first }) => {
    if (!first && fresh.length > 0) rows.value = follow(rows.peek(), fresh, MOST);
  }), []);
  // After that listener: it asks only about what the list does not know by now.
  const answered = useResource<Orders>("v1/orders", {
    every: 300_000,
    when: ({ order_id: id }) => id !== null && !rows.peek().some((it) => it.order_id === id),
  });
  useSignalEffect(() => {
    if (answered.data.value !== null) add(answered.data.value.orders);
  });
  return { answered, rows, add };
}
