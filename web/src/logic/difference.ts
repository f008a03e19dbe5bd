// What differs between two versions of an order, one line for each value, however deep it lies.

export interface Difference {
  path: string;
  before: unknown; // undefined: was not there
  after: unknown; // undefined: is gone
}

/** Every value that was added, changed or removed, by path. */
export function difference(before: unknown, after: unknown, path = ""): Difference[] {
  if (same(before, after)) return [];
  // What was added or removed as a whole is told value by value too.
  const left = before === undefined && hasChildren(after) ? new Map<string, unknown>() : children(before);
  const right = after === undefined && hasChildren(before) ? new Map<string, unknown>() : children(after);
  if (left === null || right === null) return [{ path: path || "(all)", before, after }];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort(byName);
  return names.flatMap((name) =>
    difference(left.get(name), right.get(name), path === "" ? name : `${path}.${name}`),
  );
}

/** A state as lines of path and value: what is shown where nothing differs. */
export function leaves(state: unknown, path = ""): { path: string; value: unknown }[] {
  const below = children(state);
  if (below === null || below.size === 0) return [{ path: path || "(all)", value: state }];
  return [...below].sort(([one], [other]) => byName(one, other)).flatMap(([name, it]) =>
    leaves(it, path === "" ? name : `${path}.${name}`),
  );
}

function children(it: unknown): Map<string, unknown> | null {
  if (typeof it !== "object" || it === null) return null;
  return new Map(Object.entries(it)); // of a list: by index
}

function hasChildren(it: unknown): boolean {
  return (children(it)?.size ?? 0) > 0;
}

function byName(one: string, other: string): number {
  const [first, second] = [Number(one), Number(other)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return one < other ? -1 : one > other ? 1 : 0;
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  const [left, right] = [children(one), children(other)];
  if (left === null || right === null || left.size !== right.size) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  for (const [name, it] of left) if (!right.has(name) || !same(it, right.get(name))) return false;
  return true;
}
