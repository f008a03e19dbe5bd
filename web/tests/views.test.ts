import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rebuild, View } from "../src/api.ts";
import { next, phases, size } from "../src/logic/views.ts";

const REBUILD: Rebuild = {
  generation: "g2", phase: "fold", began_at: null, objects: 3, bytes: 2500, tasks: 2, partitioned: 2, partitions: 4, folded: 1, records: null,
};
const generation = (name: string, state: "served" | "filled" | "kept" | "erased") => ({ name, state, since: null, items: null, sum: null, summed_at: null });
const VIEW: View = { name: "sales", service: "sales", problem: null, generations: [], equal: null, rebuild: null, run: null, may: [] };

test("each phase is done, running or waits, with how far it is", () => {
  const found = phases(REBUILD);
  assert.deepEqual(found.map((it) => it.state), ["done", "done", "running", "waits", "waits"]);
  assert.deepEqual(found.map((it) => it.words), ["3 files, 2.5 kB", "2 of 2 groups of files", "1 of 4 partitions", "", ""]);
  assert.deepEqual(found.map((it) => it.part), [1, 1, 0.25, null, null]);
});

test("what is not known yet is not told as zero", () => {
  const found = phases({ ...REBUILD, phase: "plan", objects: null, bytes: null, tasks: null, partitioned: 0, partitions: null, folded: 0 });
  assert.deepEqual(found.map((it) => it.words), ["", "", "", "", ""]);
  assert.ok(found.every((it) => it.part === null));
});

test("an empty archive is divided at once, and the log is waited for", () => {
  const found = phases({ ...REBUILD, phase: "catch_up", tasks: 0, partitioned: 0, partitions: 1, folded: 1 });
  assert.equal(found[1]?.part, 1);
  assert.equal(found[3]?.words, "waits until every projector writes both");
  assert.equal(phases({ ...REBUILD, phase: "switch", records: 12 })[3]?.words, "12 records applied");
});

test("a word of an API that is newer is left out", () => {
  assert.deepEqual(next({ ...VIEW, may: ["<b>" as "back"] }), []);
});

test("sizes are told in a unit that reads well", () => {
  assert.deepEqual([0, 999, 1000, 2.5e6, 3e15].map(size), ["0 B", "999 B", "1.0 kB", "2.5 MB", "3000.0 TB"]);
});

test("what may be done names the generations that it is about", () => {
  const kept = next({ ...VIEW, generations: [generation("g2", "served"), generation("g1", "kept")], may: ["back", "retire"] });
  assert.deepEqual(kept.map((it) => it.words), ["serve g1 again in place of g2", "stop writing g1, and erase it"]);
  const fresh = next({ ...VIEW, generations: [generation("g1", "served")], may: ["rebuild"] });
  assert.equal(fresh[0]?.words, "fill a new generation beside g1, and serve it");
  const filling = { ...VIEW, generations: [generation("g1", "served"), generation("g2", "filled")], rebuild: REBUILD };
  assert.equal(next({ ...filling, may: ["rebuild"] })[0]?.words, "go on filling g2");
  const erasing = { ...VIEW, generations: [generation("g2", "served"), generation("g1", "erased")] };
  assert.equal(next({ ...erasing, may: ["retire"] })[0]?.words, "go on erasing g1");
});
