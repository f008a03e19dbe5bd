import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizeAddress, challenge, folder, logoutAddress, parseAsked, random, returned } from "../src/logic/login.ts";

const ASKED = { state: "the state", verifier: "v", hash: "#/orders" };

test("the challenge is that of the specification's example", async () => {
  assert.equal(await challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a code counts only with the state that this page gave", () => {
  assert.deepEqual(returned("?code=abc&state=the+state", ASKED), { kind: "code", code: "abc", asked: ASKED });
  for (const [search, asked] of [
    ["?code=abc&state=another", ASKED],
    ["?code=abc", ASKED],
    ["?code=abc&state=the+state", null],
    ["?code=abc&state=", ASKED],
  ] as const) {
    assert.equal(returned(search, asked).kind, "refused");
  }
});

test("an error of the login is told, and nothing at all is no answer", () => {
  assert.deepEqual(returned("?error=access_denied&state=the+state", ASKED), { kind: "refused", reason: "access_denied" });
  assert.deepEqual(returned("", ASKED), { kind: "none" });
});

test("the login is asked with S256, the scopes, and the folder of the page", async () => {
  const configuration = { login_url: "https://login.example", client_id: "c", scopes: ["console/read", "console/operate"] };
  const asked = new URL(await authorizeAddress(configuration, "https://here.example/dev/", ASKED));
  assert.equal(asked.pathname, "/oauth2/authorize");
  assert.equal(asked.searchParams.get("code_challenge_method"), "S256");
  assert.equal(asked.searchParams.get("scope"), "console/read console/operate");
  assert.equal(asked.searchParams.get("redirect_uri"), "https://here.example/dev/");
  assert.equal(asked.searchParams.get("state"), "the state");
  assert.ok(!asked.href.includes(ASKED.verifier + "&"), "the verifier stays here");
});

test("the folder is the address without file, question and place", () => {
  const at = (href: string) => folder(new URL(href));
  assert.equal(at("https://a.example/dev/?code=1#/x"), "https://a.example/dev/");
  assert.equal(at("https://a.example/dev/index.html"), "https://a.example/dev/");
});

test("secrets are long, of the alphabet of addresses, and never the same", () => {
  const made = Array.from({ length: 50 }, () => random());
  assert.equal(new Set(made).size, 50);
  for (const it of made) assert.match(it, /^[A-Za-z0-9_-]{43}$/);
});

test("what was kept and is not whole counts for nothing", () => {
  assert.deepEqual(parseAsked(JSON.stringify(ASKED)), ASKED);
  for (const not of [null, "", "{", "{}", '{"state": 1, "verifier": "v", "hash": ""}', "null"]) {
    assert.equal(parseAsked(not), null);
  }
});

test("a logout names the app and where to come back to", () => {
  const configuration = { login_url: "https://login.example", client_id: "c", scopes: [] };
  const left = new URL(logoutAddress(configuration, "https://here.example/dev/"));
  assert.equal(left.origin + left.pathname, "https://login.example/logout");
  assert.deepEqual([...left.searchParams], [["client_id", "c"], ["logout_uri", "https://here.example/dev/"]]);
});
