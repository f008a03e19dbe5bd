// A month's bill for somebody's own numbers, from the figures that the build took along. What grows
// with the numbers is one straight line for each service and part: `make bill` reckons with the same.

export type GrowsWith = "orders" | "any orders" | "orders and days of logs" | "orders of all months";
export type Rate = [service: string, part: string, grows: GrowsWith, one: number, three: number];

export interface Figures {
  counted_on: string;
  prices_read_on: string;
  region: string;
  old_after_days: number;
  too_old_after_days: number;
  days_a_month: number;
  most_lines: number;
  months: number; // that the system has run for
  containers: string[]; // services that are there only where somebody says so
  idle: Record<string, Record<string, Record<string, number>>>; // USD by stage, service and part
  rates: Rate[]; // USD for an order of one line and of three
  at_most: string[]; // parts whose figure is a bound
  not_read: string[]; // prices from memory
}

export interface Numbers {
  stage: string;
  containers: boolean;
  orders: number; // a month
  lines: number; // of an order
  days: number; // that logs are kept
}

export interface Row {
  name: string;
  idle: number;
  orders: number;
  stored: number;
}

export interface Bill {
  services: Row[]; // as total() has them dearest first
  parts: { name: string; usd: number; atMost: boolean }[];
  total: Row;
}

export const TOTAL = "total"; // the name of the row that has all services together
export const MILLION = 1_000_000;
export const MOST_ORDERS = 10_000_000_000;
export const MOST_DAYS = 3653;
const DAY = 86_400_000;

/** USD that a rate comes to. */
function reckoned([, , grows, one, three]: Rate, numbers: Numbers, figures: Figures): number {
  const each = Math.max(0, one + ((three - one) * (numbers.lines - 1)) / 2);
  switch (grows) {
    case "orders":
      return each * numbers.orders;
    case "any orders":
      return numbers.orders > 0 ? each : 0;
    case "orders and days of logs":
      return each * numbers.orders * Math.min(numbers.days / figures.days_a_month, figures.months);
    case "orders of all months":
      return each * numbers.orders * figures.months;
  }
}

/** What a stage costs in a month with these numbers, by service and by part, dearest first. */
export function bill(numbers: Numbers, figures: Figures): Bill {
  const services = new Map<string, Row>();
  const parts = new Map<string, number>();
  const add = (service: string, part: string, column: "idle" | "orders" | "stored", usd: number) => {
    const row = services.get(service) ?? { name: service, idle: 0, orders: 0, stored: 0 };
    row[column] += usd;
    services.set(service, row);
    parts.set(part, (parts.get(part) ?? 0) + usd);
  };
  for (const [service, paid] of Object.entries(figures.idle[numbers.stage] ?? {})) {
    if (!numbers.containers && figures.containers.includes(service)) continue;
    for (const [part, usd] of Object.entries(paid)) add(service, `${part} (idle)`, "idle", usd);
  }
  for (const rate of figures.rates) {
    add(rate[0], rate[1], rate[1].endsWith("stored") ? "stored" : "orders", reckoned(rate, numbers, figures));
  }
  const rows = [...services.values()].filter((it) => sum(it) > 0).sort((a, b) => sum(b) - sum(a));
  return {
    services: rows,
    parts: [...parts]
      .filter(([, usd]) => usd > 0)
      .map(([name, usd]) => ({ name, usd, atMost: figures.at_most.includes(name) }))
      .sort((a, b) => b.usd - a.usd),
    total: rows.reduce(
      (all, it) => ({ ...all, idle: all.idle + it.idle, orders: all.orders + it.orders, stored: all.stored + it.stored }),
      { name: TOTAL, idle: 0, orders: 0, stored: 0 },
    ),
  };
}

export function sum(row: Row): number {
  return row.idle + row.orders + row.stored;
}

/** The numbers that an address says; what is none there, or too large, is as if it were not said. */
export function numbersIn(query: Record<string, string>, here: string, figures: Figures): Numbers {
  const stages = Object.keys(figures.idle);
  const known = [query["stage"], here].find((it) => it !== undefined && stages.includes(it));
  return {
    stage: known ?? stages[0]!,
    containers: query["containers"] === "yes",
    orders: whole(query["orders"], 0, MOST_ORDERS) ?? MILLION,
    lines: whole(query["lines"], 1, figures.most_lines) ?? 3,
    days: whole(query["days"], 1, MOST_DAYS) ?? 30,
  };
}

/** A whole number within bounds, or nothing. */
export function whole(text: string | undefined, least: number, most: number): number | null {
  if (text === undefined || !/^\d{1,11}$/.test(text)) return null;
  const found = Number(text);
  return found >= least && found <= most ? found : null;
}

/** How old the prices are: fit, to be read again, or too old to reckon with. */
export function age(figures: Figures, now: number): { days: number; state: "fit" | "old" | "too old" } {
  const days = Math.floor((now - Date.parse(figures.prices_read_on)) / DAY);
  return { days, state: days > figures.too_old_after_days ? "too old" : days > figures.old_after_days ? "old" : "fit" };
}

/** USD as people write them. */
export function usd(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
