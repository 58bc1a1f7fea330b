/** What is sent: in order, once, also over broken links and restarts of the program. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { ROOM, Stage, settled } from "./fake.js";

let stage;

async function play(options) {
  stage = new Stage(options);
  await stage.enter();
  return stage;
}

afterEach(() => stage?.leave());

const texts = (socket) => socket.asked("chat").map(({ content }) => content);

test("each room has one message under way, so that order is kept", async () => {
  const { client, socket } = await play();
  const sent = ["one", "two"].map((text) => client.send(ROOM, text));
  client.send("4", "elsewhere");
  assert.deepEqual(texts(socket), ["one", "elsewhere"]);
  stage.stores(socket.asked("chat")[0], 1);
  assert.deepEqual(texts(socket), ["one", "elsewhere", "two"]);
  assert.equal((await sent[0]).content, "one");
});

test("a busy hub is tried again, and nothing overtakes", async () => {
  const { client, socket } = await play();
  const sent = [client.send(ROOM, "one"), client.send(ROOM, "two")];
  socket.refuses(4009);
  assert.deepEqual(texts(socket), ["one"]);
  mock.timers.tick(500);
  assert.deepEqual(texts(socket), ["one", "one"]);
  const [first, again] = socket.asked("chat");
  assert.equal(first.nonce, again.nonce);
  stage.stores(again, 1);
  stage.stores(socket.asked("chat")[2], 2);
  assert.deepEqual(
    (await Promise.all(sent)).map(({ seq }) => seq),
    [1, 2],
  );
});

test("a rate limit says how long to wait", async () => {
  const { client, socket } = await play();
  client.send(ROOM, "one");
  socket.refuses(4008, { retry_after_ms: 2_000 });
  mock.timers.tick(1_999);
  assert.deepEqual(texts(socket), ["one"]);
  mock.timers.tick(1);
  assert.deepEqual(texts(socket), ["one", "one"]);
});

test("what is refused is refused, and the next one goes", async () => {
  const { client, socket } = await play();
  const refused = assert.rejects(client.send(ROOM, "one"), { code: 4004 });
  client.send(ROOM, "two");
  socket.refuses(4004);
  await refused;
  assert.deepEqual(texts(socket), ["one", "two"]);
});

test("what was not answered goes again under its name", async () => {
  const { client } = await play();
  const sent = client.send(ROOM, "one");
  client.send(ROOM, "two");
  const [{ nonce }] = stage.socket.asked("chat");
  stage.socket.breaks();
  client.send(ROOM, "three");
  mock.timers.tick(500);
  stage.welcome();
  const [again] = stage.socket.asked("chat");
  assert.equal(again.nonce, nonce);
  stage.stores(again, 1);
  await sent;
  assert.deepEqual(
    client.pending.map(({ content }) => content),
    ["two", "three"],
  );
});

test("no more than so many wait", async () => {
  const { client } = await play({ queueMax: 2 });
  client.send(ROOM, "one");
  client.send(ROOM, "two");
  await assert.rejects(client.send(ROOM, "three"), { code: "full" });
});

test("a text that is none is refused at once", async () => {
  const { client } = await play();
  await assert.rejects(client.send(ROOM, ""), TypeError);
  await assert.rejects(client.send(ROOM, undefined), TypeError);
  await assert.rejects(client.edit(ROOM, "1", ""), TypeError);
  await assert.rejects(client.send(ROOM, "배".repeat(21_846)), RangeError);
  client.send(ROOM, "배".repeat(21_845));
  assert.equal(client.pending.length, 1);
});

test("what is stored outlives the program", async () => {
  const stored = [{ nonce: "kept", chat_id: ROOM, content: "from before" }];
  const saved = [];
  const storage = { load: async () => stored, save: (entries) => saved.push(entries) };
  const { client, socket } = await play({ storage });
  client.send(ROOM, "new", "n");
  assert.deepEqual(
    saved.at(-1).map(({ nonce }) => nonce),
    ["kept", "n"],
  );
  assert.deepEqual(socket.asked("chat")[0], { type: "send", ...stored[0] });
  stage.stores(socket.asked("chat")[0], 1);
  assert.deepEqual(saved.at(-1), [{ nonce: "n", chat_id: ROOM, content: "new" }]);
  client.connect();
  await settled();
  assert.equal(client.pending.length, 1);
});

test("what was kept and is refused is told as an error", async () => {
  const storage = { load: () => [{ nonce: "kept", chat_id: ROOM, content: "x" }], save: () => {} };
  const { socket } = await play({ storage });
  socket.refuses(4004);
  assert.equal(stage.tellings("error")[0].code, 4004);
  assert.deepEqual(stage.client.pending, []);
});

test("a storage that fails does not stop the client", async () => {
  const save = () => {
    throw new Error("full");
  };
  const { client, socket } = await play({
    storage: { load: () => Promise.reject(new Error("disk")), save },
  });
  const sent = client.send(ROOM, "one");
  stage.stores(socket.asked("chat")[0], 1);
  assert.equal((await sent).content, "one");
  const errors = stage.tellings("error").map(({ message }) => message);
  assert.deepEqual(errors, ["disk", "full", "full"]);
});
