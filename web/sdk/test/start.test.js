/** Connecting where there is no hub, or not for this page; and tokens that end. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, afterEach, before, mock, test } from "node:test";

import { Client } from "../tradewind.js";
import { Stage, settled } from "./fake.js";
import { Hub, heard, within } from "./hub.js";

const hub = new Hub();
let account;

before(async () => {
  account = hub.addUser("alice");
  await hub.start();
});
after(() => hub.clear());

/** A server that is no hub. */
async function serving(answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function refusal(address, options = {}) {
  const client = hub.client({ connectTimeoutMs: 1_000, ...options });
  client.close();
  const other = new Client(address, { retryFirstMs: 20, connectTimeoutMs: 1_000, ...options });
  const error = await within(
    other.connect(account.token).then(() => null, (error) => error),
    "an answer",
  );
  const { status } = other;
  other.close();
  return [error?.code, status];
}

test("a dead port is said to be one, and tried again", async () => {
  const gone = await serving(() => {});
  gone.close();
  const [code, status] = await refusal(gone.url);
  assert.equal(code, "unreachable");
  assert.ok(["offline", "connecting"].includes(status));
});

test("what is no hub, and a wrong path of a hub, are given up at once", async () => {
  const page = await serving((_, response) => response.end("<html>welcome</html>"));
  assert.deepEqual(await refusal(page.url), ["nohub", "closed"]);
  page.close();
  assert.deepEqual(await refusal(`${hub.url}/chat`), ["nohub", "closed"]);
});

test("a proxy whose hub is away is tried again", async () => {
  const proxy = await serving((_, response) => response.writeHead(502).end());
  assert.equal((await refusal(proxy.url))[0], "unreachable");
  proxy.close();
});

test("a hub whose socket does not open is told from one that is not there", async () => {
  const proxy = await serving((request, response) => {
    response.end(request.url === "/healthz" ? "ok\n" : "{}");
  });
  assert.equal((await refusal(proxy.url))[0], "nosocket");
  proxy.close();
});

test("a page that the hub does not take is told so", async () => {
  // As a browser's fetch does: what another origin may not read is a TypeError.
  const fetch = async (url, options) => {
    if (String(url).endsWith("/healthz")) {
      return globalThis.fetch(url, options);
    }
    throw new TypeError("Failed to fetch");
  };
  const proxy = await serving((_, response) => response.end("ok\n"));
  assert.deepEqual(await refusal(proxy.url, { fetch }), ["origin", "closed"]);
  proxy.close();
});

test("what cannot be read although something answers is no hub", async () => {
  const fetch = async (url, { mode } = {}) => {
    if (mode === "no-cors") {
      return globalThis.fetch(url);
    }
    throw new TypeError("Failed to fetch");
  };
  const proxy = await serving((_, response) => response.end("hello"));
  assert.deepEqual(await refusal(proxy.url, { fetch }), ["nohub", "closed"]);
  proxy.close();
});

test("a hub that comes late is found, though the promise was broken", async () => {
  const late = new Hub();
  const token = late.addUser("late").token;
  await late.start();
  await late.kill();
  const client = late.client({ connectTimeoutMs: 100 });
  await assert.rejects(within(client.connect(token), "a refusal"), { code: "unreachable" });
  const ready = heard(client, "ready");
  await late.start();
  await ready;
  await late.clear();
});

let stage;
afterEach(() => {
  stage?.leave();
  stage = undefined;
});

test("a token is got when one is needed, and once for each that has ended", async () => {
  let count = 0;
  stage = new Stage({ getToken: async () => `token ${(count += 1)}` });
  const { client } = stage;
  client.connect();
  await settled();
  stage.welcome();
  assert.equal(stage.socket.asked("auth")[0].auth, "token 1");
  stage.socket.breaks(4010, "token expired");
  mock.timers.tick(0);
  await settled();
  stage.welcome();
  assert.equal(stage.socket.asked("auth")[0].auth, "token 2");
  assert.equal(client.status, "ready");
  assert.deepEqual(stage.tellings("signedout"), []);
});

test("a new token that is refused at once signs out, instead of asking for ever", async () => {
  let count = 0;
  stage = new Stage({ getToken: () => `token ${(count += 1)}` });
  const refused = assert.rejects(stage.client.connect("old"), { code: "signedout" });
  await settled();
  for (let round = 0; round < 2; round += 1) {
    stage.socket.opens();
    stage.socket.echoes();
    stage.socket.refuses(4000);
    mock.timers.tick(0);
    await settled();
  }
  await refused;
  assert.equal(count, 1);
  assert.equal(stage.client.status, "signedout");
});

test("no token means that the user is to log in; a failure is tried again", async () => {
  let answer = () => Promise.reject(new Error("no network"));
  stage = new Stage({ getToken: () => answer() });
  stage.client.connect().catch(() => {});
  await settled();
  assert.equal(stage.client.status, "offline");
  assert.equal(stage.tellings("error")[0].message, "no network");
  answer = async () => null;
  mock.timers.tick(500);
  await settled();
  assert.equal(stage.client.status, "signedout");
});

test("who is put out by another session does not come back by himself", async () => {
  stage = new Stage({ getToken: () => "token" });
  stage.client.connect("token").catch(() => {});
  await settled();
  stage.welcome();
  stage.socket.breaks(4001, "replaced");
  mock.timers.tick(600_000);
  assert.equal(stage.sockets.length, 1);
  assert.equal(stage.client.status, "signedout");
});
