import assert from "node:assert/strict";
import { test } from "node:test";

import { HubError, isGroup, login, toDate, xor } from "../tradewind.js";

test("a room and one of its users lead to the other, beyond 2^53 too", () => {
  const [a, b] = ["9223372036854775806", "9007199254740994"];
  const room = xor(a, b);
  assert.equal(room, "9214364837600034812");
  assert.equal(xor(room, a), b);
  assert.equal(xor(room, b), a);
  assert.equal(xor(6, 10n), "12");
});

test("groups are odd", () => {
  assert.equal(isGroup("9007199254740993"), true);
  assert.equal(isGroup("9007199254740994"), false);
});

test("times are Korean", () => {
  const date = toDate("2026-11-22 09:41:40.711260");
  assert.equal(date.toISOString(), "2026-11-22T00:41:40.711Z");
});

function answering(status, body, headers = {}) {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push([String(url), JSON.parse(init.body)]);
    return new Response(body, { status, headers });
  };
  return { fetch, calls };
}

const ACCOUNT = { email: "a@example.org", password: "secret" };

test("a log-in gives the token", async () => {
  const body = JSON.stringify({ type: "auth", payload: { token: "t" } });
  const { fetch, calls } = answering(201, body);
  assert.equal(await login("https://hub.test/chat/", ACCOUNT, fetch), "t");
  assert.deepEqual(calls, [["https://hub.test/chat/api/v1/auth/login", ACCOUNT]]);
});

test("a refused log-in says why, and when to try again", async () => {
  const body = JSON.stringify({ type: "error", payload: { message: "too many requests." } });
  const { fetch } = answering(429, body, { "Retry-After": "3" });
  const refused = {
    name: "HubError",
    code: 429,
    message: "too many requests.",
    retryAfterMs: 3_000,
  };
  await assert.rejects(login("https://hub.test", ACCOUNT, fetch), refused);
});

test("an answer of something else than a hub is an error, too", async () => {
  const { fetch } = answering(200, "<html>");
  await assert.rejects(login("https://hub.test", ACCOUNT, fetch), HubError);
});
