/** What is drawn of a room: own messages are there before the hub has stored them. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { BOB, ROOM, Stage, said } from "./fake.js";

let stage, client;

async function play(options) {
  stage = new Stage(options);
  ({ client } = stage);
  stage.changes = [];
  client.on("outbox", ({ state, content }) => stage.changes.push(`${content} ${state}`));
  await stage.enter();
  return stage.socket;
}

afterEach(() => stage?.leave());

const drawn = (room = ROOM) =>
  client.timeline(room).map(({ content, state }) => `${content} ${state}`);

test("what is sent is seen at once, then as the stored message in its place", async () => {
  const socket = await play();
  client.send(ROOM, "mine", "n1");
  client.send(ROOM, "next");
  assert.deepEqual(drawn(), ["mine waiting", "next waiting"]);
  socket.says("chat", { type: "send", ...said(1, "bob's", { user_id: BOB.id, nonce: null }) });
  assert.deepEqual(drawn(), ["bob's stored", "mine waiting", "next waiting"]);
  stage.stores(socket.asked("chat")[0], 2);
  assert.deepEqual(drawn(), ["bob's stored", "mine stored", "next waiting"]);
  const [, mine] = client.timeline(ROOM);
  assert.equal(mine.nonce, "n1");
  assert.equal(mine.message.seq, 2);
  assert.deepEqual(stage.changes, ["mine waiting", "next waiting", "mine stored"]);
});

test("what the hub refuses stays to be seen, and can be sent again or thrown away", async () => {
  const socket = await play();
  const refused = [client.send(ROOM, "one", "n1"), client.send(ROOM, "two", "n2")];
  refused.forEach((sent) => sent.catch(() => {}));
  socket.refuses(4004);
  socket.refuses(4004);
  await assert.rejects(refused[0], { code: 4004 });
  assert.deepEqual(drawn(), ["one failed", "two failed"]);
  assert.equal(client.timeline(ROOM)[0].error.code, 4004);
  assert.deepEqual(client.pending, []);
  const again = client.retry("n1");
  assert.deepEqual(drawn(), ["two failed", "one waiting"]);
  assert.equal(socket.asked("chat").at(-1).nonce, "n1");
  stage.stores(socket.asked("chat").at(-1), 1);
  assert.equal((await again).seq, 1);
  assert.equal(client.discard("n2"), true);
  assert.equal(client.discard("n2"), false);
  assert.deepEqual(drawn(), ["one stored"]);
  await assert.rejects(client.retry("n2"), { code: "unknown" });
});

test("what waits can be thrown away, but not what may be on its way", async () => {
  await play();
  client.send(ROOM, "under way", "n1");
  const waiting = assert.rejects(client.send(ROOM, "waiting", "n2"), { code: "discarded" });
  assert.equal(client.discard("n1"), false);
  assert.equal(client.discard("n2"), true);
  await waiting;
  assert.deepEqual(drawn(), ["under way waiting"]);
});

test("without a link it is seen, too, and in a conversation that has not begun", async () => {
  const socket = await play();
  socket.breaks();
  client.send("4", "later");
  assert.deepEqual(drawn("4"), ["later waiting"]);
  assert.deepEqual(drawn(4n), ["later waiting"]);
  mock.timers.tick(500);
  stage.welcome();
  stage.stores(stage.socket.asked("chat")[0], 1);
  assert.deepEqual(drawn("4"), ["later stored"]);
});

test("refused ones count among those that wait, so that there are never too many", async () => {
  const socket = await play({ queueMax: 2 });
  client.send(ROOM, "one").catch(() => {});
  client.send(ROOM, "two").catch(() => {});
  socket.refuses(4004);
  await assert.rejects(client.send(ROOM, "three"), { code: "full" });
});
