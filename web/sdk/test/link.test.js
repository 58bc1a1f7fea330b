/** Links: how they begin, beat, die and come back. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Client } from "../tradewind.js";
import { BOB, ROOM, Stage, settled } from "./fake.js";

let stage;

function play(options) {
  stage = new Stage(options);
  return stage;
}

afterEach(() => stage?.leave());

test("a link begins with a heartbeat, then says who one is", async () => {
  const { client } = play();
  const ready = client.connect("token");
  await settled();
  assert.equal(stage.socket.url, "wss://hub.test/ws?compat=readme");
  stage.socket.opens();
  const features = ["sync", "presence", "typing", "read", "group"];
  assert.deepEqual(stage.socket.sent, [
    { type: "heartbeat", payload: 1 },
    { type: "auth", payload: { auth: "token", features } },
  ]);
  assert.equal(client.status, "connecting");
  stage.socket.echoes();
  stage.socket.says("auth", { self_user: BOB, mutual_requests: [], mutual_users: [], features });
  assert.equal(client.status, "ready");
  assert.equal(await ready, client);
  assert.equal(client.self.name, "bob");
});

test("it beats every 40 s", async () => {
  await play().enter();
  for (let beats = 1; beats < 4; beats += 1) {
    assert.equal(stage.socket.asked("heartbeat").length, beats);
    mock.timers.tick(40_000);
    stage.socket.echoes();
  }
  assert.equal(stage.client.status, "ready");
});

test("a link that does not echo in time is given up", async () => {
  await play().enter();
  mock.timers.tick(40_000);
  mock.timers.tick(9_999);
  assert.equal(stage.client.status, "ready");
  mock.timers.tick(1);
  assert.equal(stage.client.status, "offline");
  assert.equal(stage.socket.isClosed, true);
  assert.deepEqual(stage.tellings("offline"), [
    { code: 1006, reason: "no answer", retryInMs: 500 },
  ]);
});

test("a link that talks is alive, however long an answer takes", async () => {
  await play().enter();
  const reading = stage.client.read(ROOM, 3);
  for (let second = 0; second < 60; second += 6) {
    mock.timers.tick(6_000);
    stage.socket.says("read", { chat_id: ROOM, user_id: BOB.id, seq: second });
  }
  assert.equal(stage.client.status, "ready");
  stage.socket.says("read", { chat_id: ROOM, user_id: "1000", seq: 3 });
  assert.equal(await reading, 3);
});

test("a socket that does not open is given up", async () => {
  const { client } = play();
  client.connect("token");
  await settled();
  mock.timers.tick(10_000);
  assert.equal(client.status, "offline");
  mock.timers.tick(500);
  assert.equal(stage.sockets.length, 2);
});

test("delays double up to the longest, and begin anew when a link was good", async () => {
  await play({ retryMaxMs: 3_000 }).enter();
  const delays = [];
  for (let round = 0; round < 5; round += 1) {
    stage.socket.breaks();
    const { retryInMs } = stage.tellings("offline").at(-1);
    delays.push(retryInMs);
    mock.timers.tick(retryInMs - 1);
    assert.equal(stage.sockets.length, round + 1);
    mock.timers.tick(1);
    assert.equal(stage.sockets.length, round + 2);
  }
  assert.deepEqual(delays, [500, 1_000, 2_000, 3_000, 3_000]);
  stage.welcome();
  stage.socket.breaks();
  assert.equal(stage.tellings("offline").at(-1).retryInMs, 500);
});

test("chance shortens delays to no less than a half", async () => {
  await play().enter();
  Math.random.mock.mockImplementation(() => 0);
  stage.socket.breaks();
  assert.equal(stage.tellings("offline")[0].retryInMs, 250);
});

test("a client comes back when the hub says", async () => {
  await play().enter();
  stage.socket.breaks(1012, "retry_after_ms=7321");
  stage.client.on("ready", () => {});
  mock.timers.tick(7_320);
  assert.equal(stage.sockets.length, 1);
  mock.timers.tick(1);
  assert.equal(stage.sockets.length, 2);
});

test("it may be woken", async () => {
  await play().enter();
  stage.socket.breaks(1013, "retry_after_ms=60000");
  stage.client.wake();
  stage.client.wake();
  assert.equal(stage.sockets.length, 2);
  stage.welcome();
  mock.timers.tick(60_000);
  assert.equal(stage.sockets.length, 2);
});

test("a client whose token has ended waits for another", async () => {
  await play().enter();
  stage.socket.breaks(4010, "token expired");
  assert.equal(stage.client.status, "signedout");
  assert.deepEqual(stage.tellings("signedout"), [{ code: 4010, reason: "token expired" }]);
  assert.equal(stage.tellings("offline")[0].retryInMs, null);
  const sent = stage.client.send(ROOM, "later");
  mock.timers.tick(1_000_000);
  assert.equal(stage.sockets.length, 1);

  const ready = stage.client.connect("another");
  await settled();
  stage.welcome();
  await ready;
  assert.equal(stage.socket.asked("auth")[0].auth, "another");
  const [asked] = stage.socket.asked("chat");
  stage.stores(asked, 1);
  assert.equal((await sent).content, "later");
});

test("a token that is not good signs out; who waits is told", async () => {
  const { client } = play();
  const ready = client.connect("bad");
  await settled();
  stage.socket.opens();
  stage.socket.echoes();
  stage.socket.says("error", { code: 4000, reason: "Token signature mismatch." });
  await assert.rejects(ready, { code: "signedout", message: "Token signature mismatch." });
  assert.equal(client.status, "signedout");
});

test("a replaced client does not come back by itself", async () => {
  await play().enter();
  stage.socket.breaks(4001, "replaced");
  mock.timers.tick(1_000_000);
  assert.equal(stage.sockets.length, 1);
  assert.equal(stage.client.status, "signedout");
});

test("a hub too busy for a welcome is asked again later", async () => {
  const { client } = play();
  client.connect("token");
  await settled();
  stage.socket.opens();
  stage.socket.echoes();
  stage.socket.refuses(4008, { retry_after_ms: 1_234 });
  assert.equal(client.status, "offline");
  assert.equal(stage.tellings("offline")[0].retryInMs, 1_234);
});

test("what another user has left to send is not sent", async () => {
  await play().enter();
  stage.socket.breaks(4010, "token revoked");
  const refused = assert.rejects(stage.client.send(ROOM, "mine"), { code: "signedout" });
  stage.client.connect("of bob");
  await settled();
  stage.welcome({ user: BOB });
  await refused;
  assert.deepEqual(stage.socket.asked("chat"), []);
  assert.equal(stage.client.self.name, "bob");
});

test("a listener may answer the end of a token by another one", async () => {
  await play().enter();
  const again = new Promise((resolve) => {
    stage.client.on("offline", () => resolve(stage.client.connect("another")), { once: true });
  });
  stage.socket.breaks(4010, "token expired");
  await settled();
  stage.welcome();
  assert.equal(await again, stage.client);
});

test("what is no hub is left", async () => {
  const { client } = play();
  client.connect("token");
  await settled();
  stage.socket.opens();
  stage.socket.dispatchEvent(Object.assign(new Event("message"), { data: "hello?" }));
  assert.equal(stage.tellings("offline")[0].reason, "not a hub");
});

test("an address that sockets do not take is told at once", async () => {
  const WebSocket = class {
    constructor() {
      throw new Error("SecurityError");
    }
  };
  const { client } = play({ WebSocket });
  await assert.rejects(client.connect("token"), { message: "SecurityError" });
  assert.equal(client.status, "closed");
});

test("a closed client stays so", async () => {
  const { client } = play();
  const ready = client.connect("token");
  client.close();
  await assert.rejects(ready, { code: "closed" });
  await settled();
  mock.timers.tick(1_000_000);
  assert.equal(stage.sockets.length, 0);
  assert.equal(client.status, "closed");
});

test("without a WebSocket there is no client", () => {
  assert.throws(() => new Client("https://hub.test", { WebSocket: undefined }), TypeError);
});
