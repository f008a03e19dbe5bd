import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, clock, duration, isUuid, line, short, value, visible } from "../src/logic/text.ts";

const HOSTILE = [
  "<script>alert(1)</script><img src=x onerror=alert(1)>",
  "\u202Eevil\u2066\u2069\u200F",
  "\u001b[31mred\u001b]0;title\u0007\u0000",
  "\ud800 half a pair \udc00",
  "e" + "\u0301".repeat(500),
  "a\u200b\u2060\ufeffb",
];

test("what acts on a terminal or turns the text around is shown as its code", () => {
  assert.equal(visible("a\u202Eb").text, "a<U+202E>b");
  assert.equal(visible("\u001b[0m").text, "<U+001B>[0m");
  assert.equal(visible("\ud800!").text, "<U+D800>!");
  assert.equal(visible("a\u200bb").text, "a<U+200B>b");
  assert.ok(!/[\u0000-\u0008\u000b-\u001f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(HOSTILE.map((it) => visible(it).text).join("")));
});

test("no text is longer than it may be, and it says how much is left out", () => {
  const long = "x".repeat(200_000);
  assert.deepEqual(visible(long, 100), { text: "x".repeat(100), leftOut: 199_900 });
  assert.equal(line(long, 20), `${"x".repeat(20)}…`);
});

test("a letter carries a few marks and not a tower of them", () => {
  assert.ok(visible(HOSTILE[4]!).text.length <= 5);
});

test("ordinary text of any language stays as it is", () => {
  for (const text of ["Größe 3 × 4", "日本語", "עברית", "a\nb\tc", "नमस्ते", "😀"]) {
    assert.deepEqual(visible(text), { text, leftOut: 0 });
  }
});

test("a line has no line breaks", () => {
  assert.equal(line("a\r\n\tb\u2028c"), "a b c");
});

test("values of any type are shown as JSON has them, and text as it is", () => {
  assert.deepEqual([value("a"), value(3), value(null), value(true), value({ a: [1] })], ["a", "3", "null", "true", '{"a":[1]}']);
});

test("only a whole UUID is one", () => {
  assert.ok(isUuid("3F2504E0-4F89-41D3-9A0C-0305E82C3301"));
  for (const not of ["", "../x", "3F2504E0-4F89-41D3-9A0C-0305E82C3301/x", "3F2504E0"]) assert.ok(!isUuid(not));
  assert.equal(short("3f2504e0-4f89"), "3f2504e0");
});

test("lengths of time are said as people say them", () => {
  assert.deepEqual(
    [0, 340.4, 999.4, 1000, 2450, 12_900, 61_000, 7_260_000, 172_800_000].map(duration),
    ["0 ms", "340 ms", "999 ms", "1 s", "2.4 s", "12 s", "1 min 1 s", "2 h 1 min", "2 d"],
  );
  assert.deepEqual([ago(1000, 1500), ago(0, 5000), ago(9000, 1000), ago(Number.NaN, 0)], ["now", "5 s ago", "in 8 s", "at an unknown time"]);
  assert.equal(clock("never"), "unknown");
  assert.match(clock("2026-01-01T00:00:00.123Z"), /^\d\d:\d\d:00\.123$/);
});
