// What the console's API answers. Every time is RFC 3339 UTC. Every answer is `Cache-Control: no-store`.
// Errors are RFC 9457 problem documents: {type, title, status, detail, correlation_id}.
// Paths are relative to the app's own address, such as `v1/pulse`; header `Authorization: Bearer <access token>`.

export interface Activity {          // one message that the bus carried, told once by event id
  id: string;                        // event_id
  type: string;                      // OrderPlaced, StockReserved, CommandReplied, ...
  kind: "event" | "integration_event" | "reply";
  service: string;                   // who said it, such as "inventory"
  order_id: string | null;
  version: number | null;            // of the order, for its events
  occurred_at: string;
  recorded_at: string;               // when the console got it
  correlation_id: string;
  causation_id: string | null;
  outcome: "done" | "refused" | "failed" | null;   // of a reply
  reason: string | null;             // allow-listed words only
}

// GET v1/pulse?after=CURSOR      (no `after`: the last 50)
export interface Pulse {
  as_of: string;
  cursor: string;                    // opaque; give it back as `after`; 400 for one that was tampered with
  activity: Activity[];              // oldest first, at most 200
  left_out: number;                  // how many more there were than the 200 that are told ("every cap is printed")
  counts: Record<string, number>;    // by type, of all since `after`, those left out included
  gap: boolean;                      // `after` is older than what is kept (a day)
  environment: string;
  operator: { name: string; may_operate: boolean };
}

// GET v1/services
export interface Services {
  as_of: string;
  services: ServiceCard[];
}
export interface ServiceCard {       // what a service publishes of itself when it is deployed
  name: string; owner: string; purpose: string;
  source: string;                    // "stacks/orders.py"
  runbook: string | null;            // "docs/operations.md#orders"
  api: boolean;                      // has an API of its own
  says: string[];                    // message types that it puts on the bus
  takes: string[];                   // message types that it subscribes to or takes as commands
  reads_log: boolean;                // follows the event log
  views: string[]; consumers: string[];
}

// GET v1/orders?after=PAGE   newest first, 50 a page
export interface Orders { as_of: string; orders: OrderRow[]; next: string | null; kept_hours: number }
export interface OrderRow {
  order_id: string; status: string;  // placed | confirmed | rejected | cancelled
  version: number; placed_at: string | null; updated_at: string; last: string; // type of its last message
}

// GET v1/orders/{order_id}/timeline    404 for one that is not known; any id that is no UUID is 400
export interface Timeline {
  as_of: string; order_id: string; correlation_id: string | null;
  entries: Entry[];                  // by `at`, oldest first, at most 500 (left_out says how many more)
  left_out: number;
  states: OrderState[];              // what the order was at each version
  parts: Record<Lane, Part>;         // a part that does not answer takes nothing from the others
}
export type Lane = "api" | "store" | "log" | "views" | "archive" | "saga" | "notifications";
export interface Part { answered: boolean; problem: string | null; as_of: string | null }
export interface Entry {
  lane: Lane; at: string; title: string;        // "OrderPlaced", "ReserveStock", "order-view", ...
  id: string; version: number | null; causation_id: string | null;
  status: "done" | "failed" | "running" | "refused" | "undone" | null;
  ends_at: string | null;                       // of a step of the saga
  detail: Record<string, string | number | boolean | null>;   // allow-listed fields only; shard and sequence in lane "log"
}
export interface OrderState { version: number; at: string; type: string; state: Record<string, unknown> } // allow-listed fields

// GET v1/consumers   (log's readers, with lag; parked records)
export interface Consumers { as_of: string; consumers: Consumer[] }
export interface Consumer {
  name: string; service: string; view: boolean;
  checkpoints: { shard: string; sequence: string; at: string }[];  // empty: none written yet
  lag_seconds: number | null; parked: number; parked_capped: boolean; problem: string | null;
}
// GET v1/consumers/{name}/parked
export interface Parked { as_of: string; parked: { shard: string; sequence: string; reason: string; order_id: string | null; at: string | null; redrivable: boolean }[]; capped: boolean }
// GET v1/sagas        open and stuck executions
export interface Sagas { as_of: string; counts: Record<string, number>; sagas: { order_id: string; status: string; step: string | null; started_at: string | null; ended_at: string | null }[]; capped: boolean }
