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
  checkpoints: { shard: string; sequence: string; at: string; lag_seconds: number }[];  // empty: none written yet
  lag_seconds: number | null;        // how much later the newest record of a shard came than the last one that it has read there
  log_looked_at: string | null;      // when the log was looked at for that; null: the furthest consumer stands for it
  parked: number; parked_capped: boolean; problem: string | null;
}
// GET v1/consumers/{name}/parked
export interface Parked { as_of: string; parked: { shard: string; sequence: string; reason: string; order_id: string | null; at: string | null; redrivable: boolean }[]; capped: boolean }
// GET v1/sagas?orders=ID,ID   those that run and those that are stuck; and of these orders (20 at most), whatever became of theirs
export interface Sagas {
  as_of: string; counts: Record<string, number>;   // of those that are open
  sagas: SagaRow[]; capped: boolean;
  ended: EndedSagas | null; ended_problem: string | null; // null: fulfilment does not tell how sagas ended, and why
}
export interface EndedSagas {        // the last ones, at most 200
  counts: Record<string, number>;    // by what became of their orders; unknown: nobody noted it
  looked_at: number; since: string | null; capped: boolean; // capped: more have ended before
}
export interface SagaRow {
  order_id: string; status: string; step: string | null; started_at: string | null; ended_at: string | null;
  steps: SagaStep[];                 // in the order in which they were sent
}
export interface SagaStep { step: string; undoes: string[]; sent_at: string; answered_at: string | null; status: "done" | "failed" | "running" | "refused" | "undone" }
// GET v1/sagas/{order_id}     404 for an order without one; any id that is no UUID is 400
export interface Saga {
  as_of: string; order_id: string; status: string; attempt: number; started_at: string | null; step: string | null;
  steps: SagaStepTold[]; quotes: QuoteRequest[]; quotes_capped: boolean;
  quotes_problem: string | null;     // why shipping does not tell of carriers
}
export interface SagaStepTold { step: string; undoes: string[]; sent_at: string; answered_at: string | null; status: "done" | "failed" | "running" | "refused" | "undone"; owner: string | null; reason: string | null }
export interface QuoteRequest { status: "open" | "closed"; deadline: string | null; reason: string | null; carriers: CarrierAsked[] }
export interface CarrierAsked { name: string; state: "answered" | "awaited" | "late"; chosen: boolean }

// GET v1/log?shard=SHARD&after=CURSOR   some records of a shard, oldest first: at most 500, fewer where they are large.
// Without `after` it begins at `since` (RFC 3339), or 15 minutes ago; without `shard` only the shards are told.
// The log is read once in two seconds in all, whoever asks: `read` false means that it was not this question's turn.
// 400 for a cursor that was tampered with or is of another shard, 410 (place-expired) for one older than five minutes.
export interface Log {
  as_of: string;
  shards: LogShard[];                // at most 200
  shard: string | null;
  records: LogRecord[];
  cursor: string | null;             // null: the shard was closed, and this was its end
  behind_ms: number | null;          // how far the newest record is ahead of these; null if nothing was read
  read: boolean;
  wait_ms: number;                   // when it makes sense to ask again
}
export interface LogShard { shard: string; parents: string[]; open: boolean } // parents: those that were split or merged into it
export interface LogRecord {
  sequence: string; arrived_at: string; size: number;   // bytes
  problem: string | null;            // why it cannot be read: it is never shown as it is, and all that follows is null
  event_id: string | null; type: string | null; service: string | null; order_id: string | null; version: number | null;
  occurred_at: string | null;
  fields: Record<string, string | number | boolean | null>;   // allow-listed, the first 12
}

// GET v1/alarms   of every service: those that fire, the newest first, at most 100
export interface Alarms {
  as_of: string; alarms: Alarm[]; capped: boolean;
  counts: Record<"ok" | "alarm" | "no_data", number>; counts_capped: boolean; // of at most 500 that are looked at
}
export interface Alarm { name: string; service: string; what: string; since: string | null; reason: string | null }
// GET v1/queues   of every service, at most 100; the counts are SQS's, which are nearly right
export interface Queues { as_of: string; queues: Queue[]; capped: boolean }
export interface Queue {
  name: string; service: string; waiting: number | null; in_flight: number | null; delayed: number | null;
  dead_letters: number | null;       // null: it has none; the other counts are null for dead letters that are of no queue
  problem: string | null;            // why SQS does not tell
  redrivable: boolean;               // whether its owner lets operators send its dead letters again
}

// GET v1/releases   of services in containers: the last 10 releases, the newest first
export interface Releases {
  as_of: string; releases: Release[]; capped: boolean;
  services: { service: string; runs_on: string | null }[]; // envoy: on this machine; ecs; null: it is not deployed
  seen: Observation | null;          // what was seen last of the newest release
  judged: Observation | null;        // the same, while both versions got calls
}
export interface Release {
  service: string; version: string; began_at: string; ended_at: string | null;
  state: string; reason: string | null; // running, promoted, rolled back, not rolled back, refused, interrupted
}
export interface Observation {
  at: string; phase: string; next: string; reason: string; // next: wait, continue, roll-back, done
  weight: number; seconds: number;   // percent of the calls that the new version gets; since the phase began
  old: VersionFigures; new: VersionFigures;
}
export interface VersionFigures { calls: number; failed: number; slow_ms: number | null } // slow_ms: 95 of 100 calls took less

// Below `/_faults/v1/`, at the emulator's own address: the fault process, which is there offline alone.
// It wants the token of a member of the group `operators`, with the scope console/operate: 401, 403 otherwise.
// GET faults, POST faults/{name} {choice}, POST faults/{name}/undo {}, POST undo {}, POST load {rate}: each answers Faults.
// GET tour, POST tour/{step} {} (begins it; 409 while one runs): each answers Tour.
export interface Faults {
  as_of: string; operator: string;
  seconds: number;                   // after which a fault, or a load, undoes itself
  faults: Fault[]; load: Load; books: Books;
}
export interface Fault {
  name: string; title: string; does: string; expect: string; undo: string;
  look: { address: string; text: string }[];         // screens, such as "#/sagas"
  choices: { name: string; text: string }[];
  on: { choice: string; by: string; since: string; until: string; effect: string | null } | null;
  problem: string | null;            // why it could not be undone yet
}
export interface Load {              // orders a second
  rate: number; most: number; achieved: number;
  placed: number; refused: number; left_out: number; // left_out: due when nobody was free to place it
  until: string | null;
}
export interface Books {
  as_of: string | null;              // null: not read yet
  state: "agree" | "disagree" | "unknown";
  orders: number; under_way: number; // of which nothing can be said yet
  findings: string[]; capped: boolean; excused: number; // excused: undos that wait for an operator
  problem: string | null;
}

// GET service-map: ServiceMap. Which service had to do with which, by the spans that are kept; at most 400 arrows.
export interface ServiceMap { as_of: string; arrows: Arrow[]; left_out: number }
export interface Arrow {
  begin: string; end: string; way: "call" | "queue" | "log";
  name: string;                      // what went there
  count: number; failed: number;
}

// GET traces/{order_id}: Traces. The spans that the receiver on this machine keeps, at most 400; 404 if there are none.
export interface Traces {
  as_of: string; order_id: string; traces: Trace[]; // in the order in which they began
  left_out: number;
  lost_at: string[];                 // what works on a message without a trace context, at most 20
}
export interface Trace { trace_id: string; began_at: string; ms: number; spans: TraceSpan[] } // spans: below their parents
export interface TraceSpan {
  id: string; service: string; name: string; kind: string; depth: number;
  after_ms: number; ms: number;      // after the trace began, and how long
  failed: boolean; parent_is_missing: boolean;
}

// GET v1/views        read models, and the rebuild of one
export interface Views { as_of: string; views: View[] }
export interface View {
  name: string; service: string; problem: string | null;   // why its owner does not tell the rest
  generations: Generation[];         // the served one first; empty if its owner does not answer
  equal: boolean | null;             // whether the two sums are the same; null: there are not two
  rebuild: Rebuild | null;           // of a generation that is being filled
  run: { status: string; started_at: string; ended_at: string | null } | null;   // of its machine, the newest
  may: ViewChange[];                 // what may be done next
}
export type ViewChange = "rebuild" | "back" | "retire";
export interface Generation {
  name: string; state: "served" | "filled" | "kept" | "erased"; since: string | null;
  items: number | null; sum: string | null; summed_at: string | null;   // as they were then
}
export interface Rebuild {
  generation: string; phase: "plan" | "partition" | "fold" | "catch_up" | "switch"; began_at: string | null;
  objects: number | null; bytes: number | null;        // of the archive
  tasks: number | null; partitioned: number; partitions: number | null; folded: number;
  records: number | null;            // of the log that were applied
}
export interface Tour { as_of: string; longest_seconds: number; steps: TourStep[] }
export interface TourStep {
  name: string; title: string; shows: string;
  state: "not begun" | "running" | "done" | "failed";
  lines: { at: string; text: string; address: string | null }[];
  seconds: number | null;            // how long it took
  problem: string | null;            // why it failed
}

// A change is a POST below v1/ with the scope console/operate and the group operators; 403 otherwise.
//   {dry_run: true, ...parameters} answers a Plan;
//   {dry_run: false, plan: digest, expires_at, ...parameters} does it, and answers Done.
// 409 plan-changed: the plan is missing, somebody else's, over, of something else, or overtaken. 409 nothing-to-change.
// POST v1/consumers/{name}/redrive   {records?: {shard, sequence}[]}, at most 25
// POST v1/consumers/{name}/discard   {record: {shard, sequence}}
// POST v1/consumers/{name}/park      {record: {shard, sequence}, reason?}
// POST v1/sagas/{order_id}/resume
// POST v1/queues/{service}/{name}/redrive
// POST v1/configuration/{service}/{profile}/stop
export interface Plan {
  as_of: string; action: string; target: string;
  does: string[]; items: Record<string, string | number | boolean | null>[]; capped: boolean;
  digest: string; expires_at: string;
}
export interface Done { as_of: string; action: string; target: string; result: Record<string, string | number | boolean | null> }


// GET v1/configuration     what services are told while they run
export interface Configuration { as_of: string; services: ConfiguredService[] }
export interface ConfiguredService {
  service: string; problem: string | null;    // of an owner that is silent; its lists are empty
  profiles: ConfiguredProfile[];
  alarms: string[];                           // names of those that watch its rollouts
  refused: Refusal[];                         // by its validator, newest first, at most 20
  refused_capped: boolean; refused_hours: number;
}
export interface ConfiguredProfile {
  profile: string;
  kept: ConfigurationVersion | null;          // the newest that AppConfig has
  served: ServedVersion | null;               // of the last complete deployment; none: readers use packaged defaults
  rollout: Rollout | null;                    // the newest deployment
}
export interface ConfigurationVersion {
  version: string; label: string | null;
  commit: string | null; sha256: string | null; // as config-apply wrote them; none: somebody else made it
}
export interface ServedVersion {
  version: string; label: string | null; commit: string | null; sha256: string | null;
  since: string | null;
  as_described: boolean | null;               // whether the content has that digest
  refused: Rule[];                            // what the deployed code does not accept of it
}
export interface Rollout {
  number: number; version: string; commit: string | null;
  state: string; under_way: boolean;          // deploying, baking, complete, rolling_back, rolled_back, reverted, ...
  percent: number; strategy: string | null; step_percent: number; minutes: number; bake_minutes: number;
  started_at: string | null; ended_at: string | null;
  ended_by: "alarm" | "operator" | null; reason: string | null; // the alarm's name, or who
}
export interface Rule { path: string; rule: string; found: string }
export interface Refusal { at: string; profile: string; version: string | null; path: string; rule: string; found: string }
