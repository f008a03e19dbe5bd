import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, leaves } from "../src/logic/difference.ts";

test("each value that differs has a line, however deep it lies", () => {
  const before = { status: "placed", lines: [{ sku: "a", quantity: 1 }], gone: 1 };
  const after = { status: "confirmed", lines: [{ sku: "a", quantity: 2 }, { sku: "b" }], carrier: "tern" };
  assert.deepEqual(difference(before, after), [
    { path: "carrier", before: undefined, after: "tern" },
    { path: "gone", before: 1, after: undefined },
    { path: "lines.0.quantity", before: 1, after: 2 },
    { path: "lines.1.sku", before: undefined, after: "b" },
    { path: "status", before: "placed", after: "confirmed" },
  ]);
});

test("what is the same has no line, whatever the order of its fields", () => {
  assert.deepEqual(difference({ a: 1, b: [null, { c: 2 }] }, { b: [null, { c: 2 }], a: 1 }), []);
});

test("what comes or goes as a whole is told value by value, and what is empty as it is", () => {
  const lines = [{ sku: "a" }, { sku: "b" }];
  assert.deepEqual(difference(undefined, { lines }).map((it) => it.path), ["lines.0.sku", "lines.1.sku"]);
  assert.deepEqual(difference({ lines }, {}).map((it) => it.after), [undefined, undefined]);
  assert.deepEqual(difference({}, { lines: [] }), [{ path: "lines", before: undefined, after: [] }]);
});

test("null, false, 0 and nothing are four things", () => {
  const changes = difference({ a: null, b: 0, c: false }, { a: 0, b: false, c: null, d: null });
  assert.deepEqual(changes.map((it) => it.path), ["a", "b", "c", "d"]);
});

test("a list that becomes an object differs, also when both are empty", () => {
  assert.equal(difference({ a: [1] }, { a: { 0: 1 } }).length, 0 + difference([1], { 0: 1 }).length);
  assert.equal(difference({ a: 1 }, { a: [1] }).length, 1);
});

test("a tenth line stands after the second", () => {
  const list = Array.from({ length: 11 }, (_, index) => index);
  assert.deepEqual(difference([], list).map((it) => it.path).slice(1, 3), ["1", "2"]);
  assert.equal(difference([], list).at(-1)!.path, "10");
});

test("names that JavaScript has uses for are names like others", () => {
  const hostile = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as unknown;
  assert.deepEqual(difference({}, hostile).map((it) => it.path), ["__proto__.x", "constructor"]);
  assert.deepEqual(leaves(hostile).map((it) => it.path), ["__proto__.x", "constructor"]);
});
