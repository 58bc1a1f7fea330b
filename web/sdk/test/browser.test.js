/**
 * The SDK in Chromium, as the hub serves it: pages of other origins, and of no hub.
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

const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"];

const pages = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html").end("<!doctype html><title>app</title>");
});
let browser, hub, alice, bob, origin;

before(async () => {
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  origin = `http://127.0.0.1:${pages.address().port}`;
  hub = new Hub({ HTTP__ALLOWED_ORIGINS: origin });
  [alice, bob] = ["alice", "bob"].map((name) => hub.addUser(name));
  await hub.start();
  browser = await launch({
    executablePath: process.env.CHROMIUM,
    args: ARGUMENTS,
  });
});

after(async () => {
  await browser?.close();
  pages.close();
  await hub?.clear();
});

/** A page, with a client of the hub's own SDK as `client`; gives the code of a refusal, or null. */
async function open(user, { from = origin, address = hub.url, options = {} } = {}) {
  const page = await browser.newPage();
  await page.goto(from);
  const code = await page.evaluate(
    async (sdk, address, token, options) => {
      const { Client } = await import(sdk);
      globalThis.client = new Client(address, { connectTimeoutMs: 5_000, ...options });
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
