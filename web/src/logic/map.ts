// Lays the architecture out from what each service says of itself: rows of services along the log,
// the bus and the command queues, in the direction in which data flows. The same cards, the same map.

import type { Activity, ServiceCard } from "../api.ts";

export type BandName = "log" | "bus" | "commands";
export type Kind = "event" | "command" | "reply";

export interface Point {
  x: number;
  y: number;
}
export interface Node extends Point {
  card: ServiceCard;
  width: number;
  height: number;
  ports: Port[];
}
export interface Port {
  band: BandName;
  into: boolean; // into the service, else out of it
  types: string[];
  at: Point; // on the service
  on: Point; // on the band
}
export interface Band {
  name: BandName;
  label: string;
  card: ServiceCard | null; // who owns it
  from: Point;
  to: Point;
}
export interface Plan {
  wide: boolean;
  width: number;
  height: number;
  nodes: Node[];
  bands: Band[];
  intake: { from: Point; to: Point } | null; // from the bus onto the log
  apart: ServiceCard[]; // neither say nor take nor read
}

const LOG = "event-log";
const REPLY = "CommandReplied";
const LABELS: Record<BandName, string> = {
  log: "event log",
  bus: "bus",
  commands: "command queues",
};
const SHAPES = {
  // along the bands, across them
  wide: { along: 156, across: 70, gap: 22, edge: 18, room: 62, between: 56, start: 118 },
  tall: { along: 62, across: 116, gap: 18, edge: 4, room: 24, between: 26, start: 66 },
};

/** What each service sends to the bands and takes from them. */
export interface Wiring {
  card: ServiceCard;
  out: Map<BandName, string[]>;
  in: Map<BandName, string[]>;
}

export function wire(cards: readonly ServiceCard[]): Wiring[] {
  const said = new Set(cards.flatMap((card) => card.says));
  const commanders = cards.filter((card) => card.takes.includes(REPLY));
  // Commands go to queues and not over the bus: who takes the replies sends them.
  const commanded = (card: ServiceCard) => card.takes.filter((type) => !said.has(type));
  const commands = [...new Set(cards.flatMap(commanded))].sort();
  return [...cards].sort(byName).map((card) => {
    const out = new Map<BandName, string[]>();
    const into = new Map<BandName, string[]>();
    // Who says on the bus what it follows on the log is whose events the log holds.
    if (card.reads_log && card.says.length > 0) out.set("log", eventsOf(card));
    if (card.reads_log) into.set("log", ["every event"]);
    if (card.says.length > 0) out.set("bus", [...card.says].sort());
    const heard = card.takes.filter((type) => said.has(type)).sort();
    if (heard.length > 0) into.set("bus", heard);
    if (commanders.includes(card) && commands.length > 0) out.set("commands", commands);
    const taken = commanded(card).sort();
    if (taken.length > 0 && commanders.length > 0) into.set("commands", taken);
    return { card, out, in: into };
  });
}

function eventsOf(card: ServiceCard): string[] {
  return card.says.filter((type) => type !== REPLY).sort();
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** How far from where data comes in a service is: the longest way there, leaving out ways back. */
export function ranks(wiring: readonly Wiring[]): Map<string, number> {
  const edges = new Map<string, Set<string>>(wiring.map(({ card }) => [card.name, new Set()]));
  const reaches = (from: string, to: string): boolean =>
    from === to || [...edges.get(from)!].some((next) => reaches(next, to));
  const join = (from: string, to: string) => {
    if (!reaches(to, from)) edges.get(from)!.add(to);
  };
  // Events lead on, commands after them; replies and what closes a circle lead back.
  const bands: BandName[] = ["log", "bus", "commands"];
  for (const band of bands) {
    for (const { card: from, out } of wiring) {
      const told = (out.get(band) ?? []).filter((type) => type !== REPLY);
      if (told.length === 0) continue;
      for (const { card: to, in: into } of wiring) {
        const heard = into.get(band) ?? [];
        const hears = band === "log" ? heard.length > 0 : heard.some((type) => told.includes(type));
        if (from !== to && hears) join(from.name, to.name);
      }
    }
  }
  const rank = new Map<string, number>();
  const depth = (name: string): number => {
    const known = rank.get(name);
    if (known !== undefined) return known;
    const before = [...edges].filter(([, next]) => next.has(name)).map(([it]) => depth(it) + 1);
    const found = Math.max(0, ...before);
    rank.set(name, found);
    return found;
  };
  for (const name of edges.keys()) depth(name);
  return rank;
}

/** The whole map; `wide` has the bands across the page, otherwise they go down it. */
export function plan(cards: readonly ServiceCard[], wide: boolean): Plan {
  const shape = wide ? SHAPES.wide : SHAPES.tall;
  const wiring = wire(cards);
  const rank = ranks(wiring);
  const owner = cards.find((card) => card.name === LOG) ?? null;
  const joined = wiring.filter((it) => it.card !== owner && it.in.size + it.out.size > 0);
  const apart = wiring.filter((it) => it.card !== owner && it.in.size + it.out.size === 0);
  const used = (name: BandName) => joined.some((it) => it.in.has(name) || it.out.has(name));
  const names = (["log", "bus", "commands"] as const).filter(used);

  // Along the log: who reads it, and who lets data in from outside without being told to.
  const along = (it: Wiring) =>
    it.in.has("log") || it.out.has("log") || (it.card.api && !it.in.has("commands"));
  const inOrder = (row: Wiring[]) =>
    row.sort((one, other) => rank.get(one.card.name)! - rank.get(other.card.name)! || byName(one.card, other.card));
  const first = inOrder(joined.filter(along));
  const second = inOrder(joined.filter((it) => !along(it)));

  const length = (row: Wiring[]) => row.length * (shape.along + shape.gap) - shape.gap;
  const full = shape.start + Math.max(length(first), length(second), shape.along) + shape.edge;
  const bandAt = (name: BandName) =>
    shape.edge + shape.across + shape.room + names.indexOf(name) * shape.between;
  const low = shape.edge + shape.across + 2 * shape.room + Math.max(0, names.length - 1) * shape.between;
  const place = (main: number, cross: number): Point => (wide ? { x: main, y: cross } : { x: cross, y: main });

  const node = (it: Wiring, index: number, count: number, cross: number, up: boolean): Node => {
    const room = full - shape.start - shape.edge;
    const spread = count > 1 ? Math.min(shape.gap * 3, (room - count * shape.along) / (count - 1)) : 0;
    const main = shape.start + index * (shape.along + Math.max(shape.gap, spread));
    const ends: [BandName, boolean, string[]][] = names.flatMap((name) => [
      ...(it.out.has(name) ? [[name, false, it.out.get(name)!] as [BandName, boolean, string[]]] : []),
      ...(it.in.has(name) ? [[name, true, it.in.get(name)!] as [BandName, boolean, string[]]] : []),
    ]);
    const ports = ends.map(([band, into, types], port): Port => {
      const at = main + ((port + 1) * shape.along) / (ends.length + 1);
      return {
        band,
        into,
        types,
        at: place(at, up ? cross + shape.across : cross),
        on: place(at, bandAt(band)),
      };
    });
    return {
      card: it.card,
      ...place(main, cross),
      width: wide ? shape.along : shape.across,
      height: wide ? shape.across : shape.along,
      ports,
    };
  };
  const nodes = [
    ...first.map((it, index) => node(it, index, first.length, shape.edge, true)),
    ...second.map((it, index) => node(it, index, second.length, low, false)),
  ];
  const bands = names.map((name): Band => ({
    name,
    label: LABELS[name],
    card: name === "commands" ? null : owner,
    from: place(wide ? shape.edge : shape.start - 14, bandAt(name)),
    to: place(full - (wide ? 0 : 4), bandAt(name)),
  }));
  const takesIn = owner !== null && owner.takes.length > 0 && names.includes("log") && names.includes("bus");
  const end = full - 10;
  const size = place(full + shape.edge, low + shape.across + shape.edge);
  return {
    wide,
    width: size.x,
    height: size.y,
    nodes,
    bands,
    intake: takesIn ? { from: place(end, bandAt("bus")), to: place(end, bandAt("log")) } : null,
    apart: apart.map((it) => it.card),
  };
}

/** The ways that one message goes over the map: from who said it to each who takes it. */
export function ways(plan: Plan, message: Pick<Activity, "service" | "type">): Point[][] {
  const sender = plan.nodes.find((node) => node.card.name === message.service);
  const out = sender?.ports.find((port) => port.band === "bus" && !port.into);
  if (out === undefined) return [];
  const begin = [out.at, out.on];
  const takers = plan.nodes.flatMap((node) =>
    node.ports.filter((port) => port.band === "bus" && port.into && port.types.includes(message.type)),
  );
  const onward = takers.map((port) => [...begin, port.on, port.at]);
  const owner = plan.bands.find((band) => band.name === "bus")?.card;
  if (plan.intake !== null && owner?.takes.includes(message.type)) {
    onward.push([...begin, plan.intake.from, plan.intake.to]);
  }
  return onward.length > 0 ? onward : [begin];
}

/** The point that a mark has reached after a share (0 to 1) of its way. */
export function along(way: readonly Point[], share: number): Point {
  const lengths = way.slice(1).map((point, index) => distance(way[index]!, point));
  let left = share * lengths.reduce((sum, it) => sum + it, 0);
  for (const [index, length] of lengths.entries()) {
    const [from, to] = [way[index]!, way[index + 1]!];
    if (left <= length && length > 0) {
      return { x: from.x + ((to.x - from.x) * left) / length, y: from.y + ((to.y - from.y) * left) / length };
    }
    left -= length;
  }
  return way.at(-1)!;
}

function distance(one: Point, other: Point): number {
  return Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
}

/** Names of services that a service tells something, or hears something from. */
export function neighbours(cards: readonly ServiceCard[], name: string): { tells: string[]; hears: string[] } {
  const wiring = wire(cards);
  const own = wiring.find((it) => it.card.name === name);
  if (own === undefined) return { tells: [], hears: [] };
  const linked = (from: Wiring, to: Wiring) =>
    (["bus", "commands"] as const).some((band) =>
      (from.out.get(band) ?? []).some((type) => to.in.get(band)?.includes(type)),
    );
  const others = wiring.filter((it) => it !== own);
  return {
    tells: others.filter((it) => linked(own, it)).map((it) => it.card.name),
    hears: others.filter((it) => linked(it, own)).map((it) => it.card.name),
  };
}
