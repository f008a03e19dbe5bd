// Orders: the newest first, live, with older ones a page at a time.

import { useState } from "preact/hooks";
import type { OrderRow, Orders } from "../api.ts";
import { line } from "../logic/text.ts";
import { Answered, AsOf, Empty } from "../parts/states.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { Ago, Line, OrderLink, StatusMark } from "../parts/text.tsx";
import { get } from "../state/client.ts";
import { pulse } from "../state/live.ts";
import { MOST, useOrders } from "../state/orders.ts";
import { go, note, route } from "../state/place.ts";

const COLUMNS: Column<OrderRow>[] = [
  { name: "order", show: (it) => <OrderLink id={it.order_id} /> },
  { name: "status", show: (it) => <StatusMark name={it.status} /> },
  { name: "last message", show: (it) => <Line text={it.last} longest={60} /> },
  { name: "version", number: true, show: (it) => it.version },
  { name: "placed", show: (it) => (it.placed_at === null ? <span class="quiet">unknown</span> : <Ago time={it.placed_at} />) },
  { name: "changed", show: (it) => <Ago time={it.updated_at} /> },
];

export function OrdersScreen() {
  const { answered, rows: known, add } = useOrders();
  const [older, setOlder] = useState<{ next: string | null } | null>(null);
  const [trouble, setTrouble] = useState("");
  const find = route.value.query["find"] ?? "";

  const more = async (next: string) => {
    try {
      const page = await get<Orders>(`v1/orders?after=${encodeURIComponent(next)}`);
      add(page.orders);
      setOlder({ next: page.next });
      setTrouble("");
    } catch (error) {
      setTrouble(String((error as Error).message));
    }
  };

  return (
    <Answered of={answered} lines={10}>
      {(data) => {
        const all = known.value;
        const rows = find === "" ? all : all.filter((it) => matches(it, find));
        const next = older === null ? data.next : older.next;
        return (
          <>
            <div class="head">
              <h1>Orders</h1>
              <span class="quiet">of the last {data.kept_hours} hours</span>
              <AsOf time={pulse.value?.as_of ?? data.as_of} />
            </div>
            {find !== "" && (
              <p class="find">
                {rows.length} of the {all.length} that are loaded have “<Line text={find} longest={80} />”.{" "}
                <button class="link" onClick={() => note({})}>
                  Show all
                </button>
              </p>
            )}
            {all.length === 0 ? (
              <Empty title="No order has been placed.">
                Offline, <code>make load RATE=1 DURATION=10</code> places some; anywhere, <code>POST /v1/orders</code> does.
              </Empty>
            ) : (
              <Table label="Orders" columns={COLUMNS} rows={rows} id={(it) => it.order_id} open={(it) => go("orders", it.order_id)} />
            )}
            <p class="more">
              {next !== null && all.length < MOST && <button onClick={() => void more(next)}>Older orders</button>}{" "}
              <span class="quiet">
                {all.length.toLocaleString("en")} orders{all.length >= MOST && `: the most that this page lists`}
              </span>
              {trouble && <span class="bad"> <Line text={trouble} /></span>}
            </p>
          </>
        );
      }}
    </Answered>
  );
}

function matches(order: OrderRow, find: string): boolean {
  const wanted = find.toLowerCase();
  return [order.order_id, order.status, order.last].some((it) => line(it).toLowerCase().includes(wanted));
}
