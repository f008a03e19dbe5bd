// Which screen an address means: everything after the # of the page's own address.

export const SCREENS = [
  "home",
  "orders",
  "services",
  "consumers",
  "log",
  "sagas",
  "views",
  "faults",
  "tour",
  "configuration",
  "alarms",
  "releases",
  "bill",
] as const;
export type Screen = (typeof SCREENS)[number];

const OFFLINE: readonly Screen[] = ["faults", "tour"];
const HERE = ["127.0.0.1", "localhost"];

/** The screens of a console at this host: what causes faults is on an operator's own machine alone. */
export function screensAt(hostname: string): readonly Screen[] {
  return HERE.includes(hostname) ? SCREENS : SCREENS.filter((it) => !OFFLINE.includes(it));
}

export interface Route {
  screen: Screen | "unknown";
  id: string | null; // of an order, a service, a consumer
  query: Record<string, string>;
}

export function parse(hash: string, screens: readonly Screen[] = SCREENS): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name = "", id] = path.split("/", 2).map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  const screen = name === "" ? "home" : screens.find((it) => it === name) ?? "unknown";
  return { screen, id: id === undefined || id === "" ? null : id, query };
}

export function address(screen: Screen, id: string | null = null, query: Record<string, string> = {}): string {
  const path = screen === "home" && id === null ? "" : screen;
  const search = new URLSearchParams(query).toString();
  return `#/${path}${id === null ? "" : `/${encodeURIComponent(id)}`}${search && `?${search}`}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in what somebody typed
  }
}
