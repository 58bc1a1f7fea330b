/**
 * The SDK in Chromium, as the hub serves it: pages of other origins, and tabs that nobody looks at.
 * scripts/sdk names the browser and the folder of the tools.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Hub, within } from "./hub.js";

const { launch } = createRequire(join(process.env.SDK_TOOLS, "package.json"))("puppeteer-core");

/** Timers of hidden tabs fire once a minute, and soon instead of after five minutes. */
const THROTTLED = [
  "IntensiveWakeUpThrottling:grace_period_seconds/1",
  "QuickIntensiveWakeUpThrottlingAfterLoading",
  "AllowAggressiveThrottlingWithWebSocket",
];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  `--enable-features=${THROTTLED.join()}`,
];
const KEPT_AWAKE = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

const pages = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html").end("<!doctype html><title>app</title>");
});
let browser, hub, alice, bob, origin;

before(async () => {
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  origin = `http://127.0.0.1:${pages.address().port}`;
  hub = new Hub({ HTTP__ALLOWED_ORIGINS: origin, ...TIMES });
  [alice, bob] = ["alice", "bob"].map((name) => hub.addUser(name));
  await hub.start();
  browser = await launch({
    executablePath: process.env.CHROMIUM,
    args: ARGUMENTS,
    ignoreDefaultArgs: KEPT_AWAKE,
  });
});

after(async () => {
  await browser?.close();
  pages.close();
  await hub?.clear();
});

/** Silence for longer than this ends a session of the hub: a heartbeat would come too late. */
const TIMES = {
  REWIND__HEARTBEAT_TIMEOUT_MS: "3000",
  REWIND__PING_INTERVAL_MS: "500",
};

/** A page, with a client of the hub's own SDK as `client`; gives the code of a refusal, or null. */
async function open(user, { from = origin, address = hub.url, options = {} } = {}) {
  const page = await browser.newPage();
  await page.goto(from);
  const code = await page.evaluate(
    async (sdk, address, token, options) => {
      const { Client } = await import(sdk);
      globalThis.client = new Client(address, { connectTimeoutMs: 1_500, ...options });
      globalThis.heard = [];
      globalThis.client.on("message", ({ message }) => globalThis.heard.push(message.content));
      globalThis.client.on("offline", () => globalThis.heard.push("OFFLINE"));
      return globalThis.client.connect(token).then(
        () => null,
        ({ code }) => code,
      );
    },
    `${hub.url}/sdk.js`,
    address,
    user.token,
    options,
  );
  return { page, code };
}

/** Waits until a page has heard something. It is asked from here: its own timers may not fire. */
function hears(page, text) {
  const asks = async () => {
    while (!(await page.evaluate((text) => globalThis.heard.includes(text), text))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return within(asks(), text);
}

const say = (page, id, text) =>
  page.evaluate((id, text) => client.send(client.roomWith(id), text).then(({ seq }) => seq), id, text);

test("two pages of another origin talk, and a reload keeps the history", async () => {
  const [a, b] = [await open(alice), await open(bob)];
  assert.deepEqual([a.code, b.code], [null, null]);
  assert.equal(await say(a.page, bob.id, "from a page 배"), 1);
  await hears(b.page, "from a page 배");
  await b.page.close();
  const again = await open(bob);
  const history = await again.page.evaluate(async () => {
    const [room] = client.rooms.values();
    await client.history(room.id);
    return [room.last.content, client.timeline(room.id).map(({ content }) => content)];
  });
  assert.deepEqual(history, ["from a page 배", ["from a page 배"]]);
  await Promise.all([a.page.close(), again.page.close()]);
});

test("a page whose origin is not allowed is told so", async () => {
  const other = origin.replace("127.0.0.1", "localhost");
  assert.equal((await open(alice, { from: other })).code, "origin");
});

test("a dead port and a server that is no hub are told apart", async () => {
  const dead = createServer().listen(0, "127.0.0.1");
  await once(dead, "listening");
  const address = `http://127.0.0.1:${dead.address().port}`;
  dead.close();
  assert.equal((await open(alice, { address })).code, "unreachable");
  assert.equal((await open(alice, { address: origin })).code, "nohub");
});

/** A client without features in the same page: only heartbeats count for it. */
const openPlain = (page, user, name) =>
  page.evaluate(
    async (sdk, address, token, name) => {
      const { Client } = await import(sdk);
      const plain = new Client(address, { heartbeatMs: 1_000, features: [] });
      plain.on("offline", () => globalThis.heard.push(`${name} OFFLINE`));
      await plain.connect(token);
    },
    `${hub.url}/sdk.js`,
    hub.url,
    user.token,
    name,
  );

test("a tab that nobody looks at keeps its link, though its timers hardly fire", async () => {
  const { page, code } = await open(bob, { options: { heartbeatMs: 1_000 } });
  assert.equal(code, null);
  const links = () => page.evaluate(() => globalThis.heard.filter((it) => it === "OFFLINE").length);
  await openPlain(page, bob, "one");
  const front = await browser.newPage();
  await front.bringToFront();
  assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
  // Timers send heartbeats too late: who has no other sign of life loses the link, one that was
  // welcomed later, too.
  await hears(page, "one OFFLINE");
  await openPlain(page, bob, "two");
  await hears(page, "two OFFLINE");
  const sender = await open(alice);
  await say(sender.page, bob.id, "still there?");
  await hears(page, "still there?");
  assert.equal(await links(), 0);
  await Promise.all([page, front, sender.page].map((it) => it.close()));
});
