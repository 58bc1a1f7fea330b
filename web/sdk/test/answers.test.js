/** Which frame answers which request. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { BOB, ME, ROOM, Stage, listed, said, settled } from "./fake.js";

let stage;

async function play(welcome, options) {
  stage = new Stage(options);
  await stage.enter(welcome);
  return stage;
}

afterEach(() => stage?.leave());

test("an echo is known by its nonce, among news that look like it", async () => {
  const { client, socket } = await play();
  const sent = client.send(ROOM, "hi", "mine");
  socket.says("chat", { type: "send", ...said(1, "hi", { nonce: "of another device" }) });
  socket.says("chat", { type: "send", ...said(2, "hi", { nonce: "mine" }) });
  assert.equal((await sent).seq, 2);
  assert.equal(stage.tellings("message").length, 2);
  assert.deepEqual(client.pending, []);
});

test("without sync it is known by its text", async () => {
  const { client, socket } = await play({ features: [], rooms: undefined });
  const sent = client.send(ROOM, "hi");
  const { id, created_at, user_id, chat_id } = said(1, "");
  const plain = { type: "send", id, user_id, chat_id, created_at };
  socket.says("chat", { ...plain, content: "from another device" });
  socket.says("chat", { ...plain, content: "hi" });
  assert.equal((await sent).content, "hi");
  assert.equal(stage.tellings("message").length, 2);
  assert.equal(client.rooms.size, 0);
});

test("an error is of the first request that is not answered", async () => {
  const { client, socket } = await play();
  const refused = assert.rejects(client.requestFriend("nobody"), { code: 4004, message: "no" });
  const mark = client.read(ROOM, 2);
  socket.refuses(4004);
  socket.says("read", { chat_id: ROOM, user_id: ME.id, seq: 2 });
  await refused;
  assert.equal(await mark, 2);
});

test("an error about typing is nobody else's", async () => {
  const { client, socket } = await play();
  client.typing(ROOM);
  const sent = client.send(ROOM, "hi", "n");
  socket.refuses(4005);
  socket.echoes();
  stage.stores({ content: "hi", chat_id: ROOM, nonce: "n" }, 1);
  assert.equal((await sent).content, "hi");
  assert.deepEqual(stage.tellings("error"), []);
});

test("typing that went well does not take the next error", async () => {
  const { client, socket } = await play();
  client.typing(ROOM);
  const refused = assert.rejects(client.send(ROOM, "hi"), { code: 4004 });
  socket.echoes();
  socket.refuses(4004);
  await refused;
});

test("an error that answers nothing is told", async () => {
  const { client, socket } = await play();
  mock.timers.tick(40_000);
  socket.refuses(1011);
  assert.equal(stage.tellings("error")[0].code, 1011);
  socket.echoes();
  mock.timers.tick(10_000);
  assert.equal(client.status, "ready");
});

test("what the hub has passed over is refused, and nothing is stuck", async () => {
  const { client, socket } = await play();
  const lost = assert.rejects(client.requestFriend("bob"), { code: "unanswered" });
  const page = client.history(ROOM, { before: "2026" });
  socket.echoes();
  await lost;
  assert.deepEqual(await page, []);
});

test("a page ends with the heartbeat after it", async () => {
  const { client, socket } = await play({ rooms: [listed(4, 4)] });
  const page = client.history(ROOM, { count: 2 });
  const [{ datetime }] = socket.asked("load");
  assert.equal(atob(datetime), "9999-12-31 23:59:59.999999");
  socket.says("chat", { type: "send", ...said(3, "three") });
  socket.says("chat", { type: "send", ...said(1, "elsewhere", { chat_id: "4" }) });
  socket.says("chat", { type: "send", ...said(4, "four") });
  socket.echoes();
  assert.deepEqual(
    (await page).map(({ content }) => content),
    ["three", "four"],
  );
  const next = client.history(ROOM, { count: 9 });
  assert.equal(atob(socket.asked("load")[1].datetime), said(3, "").created_at);
  socket.says("chat", { type: "send", ...said(1, "one") });
  socket.echoes();
  await next;
  const room = client.rooms.get(ROOM);
  assert.deepEqual(
    room.messages.map(({ seq }) => seq),
    [1, 3, 4],
  );
  assert.equal(room.isWhole, true);
  assert.deepEqual(await client.history(ROOM), []);
});

test("an edit that overtakes a page is not undone by it", async () => {
  const { client, socket } = await play({ rooms: [listed(2, 2)] });
  const page = client.history(ROOM);
  socket.says("chat", { type: "edit", ...said(1, "new", { rev: 3 }) });
  socket.says("chat", { type: "edit", ...said(2, "", { rev: 4 }) });
  socket.says("chat", { type: "send", ...said(1, "old") });
  socket.says("chat", { type: "send", ...said(2, "deleted") });
  socket.echoes();
  assert.deepEqual(
    (await page).map(({ content }) => content),
    ["new"],
  );
  assert.deepEqual(
    client.rooms.get(ROOM).messages.map(({ content }) => content),
    ["new"],
  );
});

test("an edit is answered by the message as it is then", async () => {
  const { client, socket } = await play({ rooms: [listed(2, 2)] });
  const edited = client.edit(ROOM, "128", "better");
  socket.says("chat", { type: "edit", ...said(2, "of another", { rev: 3 }) });
  socket.says("chat", { type: "edit", ...said(1, "better", { rev: 4 }) });
  assert.equal((await edited).rev, 4);
});

test("without a link only sends wait", async () => {
  const { client, socket } = await play();
  const asked = [client.history(ROOM), client.read(ROOM, 1), client.edit(ROOM, "1", "x")];
  socket.breaks();
  asked.push(client.members("77"));
  for (const promise of asked) {
    await assert.rejects(promise, { code: "offline" });
  }
  client.typing(ROOM);
  const away = client.setPresence("away");
  const sent = client.send(ROOM, "later");
  await away;
  mock.timers.tick(500);
  stage.welcome();
  assert.deepEqual(stage.socket.asked("presence"), [{ type: "set", status: "away" }]);
  stage.socket.says("presence", { type: "set", status: "away" });
  stage.stores(stage.socket.asked("chat")[0], 1);
  assert.equal((await sent).content, "later");
});

test("a group that one makes is a room at once", async () => {
  const { client, socket } = await play();
  const made = client.createGroup("sailors");
  const group = { id: "77", title: "sailors", owner: ME.id, members: 1, created_at: "" };
  socket.says("group", { type: "create", group: { ...group, id: "79" }, by: BOB.id });
  socket.says("group", { type: "create", group, by: ME.id });
  const room = await made;
  assert.deepEqual(
    [room.id, room.title, room.kind, room.isWhole],
    ["77", "sailors", "group", true],
  );
});

test("what comes of a later version is passed over", async () => {
  const { socket } = await play();
  socket.says("weather", { wind: "fair" });
  assert.equal(stage.client.status, "ready");
});

test("somebody unknown who writes is looked up", async () => {
  const { client, socket } = await play({ mutual_users: [] });
  socket.says("chat", { type: "send", ...said(1, "hello", { user_id: BOB.id }) });
  const room = client.rooms.get(ROOM);
  assert.deepEqual(room.user, { id: BOB.id, name: null, profile: null });
  assert.equal(socket.asked("auth").length, 2);
  const rooms = [listed(1, 1, { unread: 1 })];
  const lists = { mutual_requests: [], mutual_users: [], features: ["sync"] };
  socket.says("auth", { self_user: ME, ...lists, rooms });
  assert.equal(room.user.name, "bob");
  assert.equal(room.unread, 1);
  assert.equal(stage.tellings("ready").length, 1);
  await settled();
});

const GROUP = { id: "77", title: "sailors", owner: BOB.id, members: 2, created_at: "" };
const SAILORS = listed(1, 1, { id: "77", kind: "group", user: null, title: "sailors" });

test("a list that is older than the news does not undo them", async () => {
  const { client, socket } = await play();
  socket.says("group", { type: "add", group: GROUP, user: ME, by: BOB.id });
  socket.says("group", { type: "kick", group: GROUP, user: ME, by: BOB.id });
  socket.says("mutual_users", { type: "delete", user: BOB });
  const lists = { self_user: ME, mutual_requests: [], features: ["sync"] };
  socket.says("auth", { ...lists, mutual_users: [BOB], rooms: [SAILORS] });
  assert.equal(client.rooms.size, 0);
  assert.equal(socket.asked("auth").length, 3);
  socket.says("auth", { ...lists, mutual_users: [], rooms: [] });
  assert.equal(client.friends.size, 0);
  assert.equal(socket.asked("auth").length, 3);
  socket.says("group", { type: "add", group: GROUP, user: ME, by: BOB.id });
  socket.says("auth", { ...lists, mutual_users: [], rooms: [SAILORS] });
  assert.equal(client.rooms.get("77").title, "sailors");
});

test("an answer that comes after one is out of a group does not bring it back", async () => {
  const { client, socket } = await play({ rooms: [SAILORS] });
  const sent = client.send("77", "bye", "n");
  const page = client.history("77");
  socket.says("group", { type: "kick", group: GROUP, user: ME, by: BOB.id });
  stage.stores({ content: "bye", chat_id: "77", nonce: "n" }, 2);
  socket.says("chat", { type: "send", ...said(1, "hello", { chat_id: "77" }) });
  socket.echoes();
  assert.equal((await sent).content, "bye");
  assert.equal((await page).length, 1);
  assert.equal(client.rooms.size, 0);
});

test("what is heard of a group before the list that names it is kept", async () => {
  const { client, socket } = await play();
  socket.says("group", { type: "add", group: GROUP, user: ME, by: BOB.id });
  socket.says("chat", { type: "send", ...said(9, "welcome", { chat_id: "77", user_id: BOB.id }) });
  socket.says("chat", {
    type: "edit",
    ...said(8, "old", { chat_id: "77", user_id: BOB.id, rev: 10 }),
  });
  const room = client.rooms.get("77");
  const lists = { self_user: ME, mutual_requests: [], mutual_users: [], features: ["sync"] };
  socket.says("auth", { ...lists, rooms: [{ ...SAILORS, seq: 9, rev: 10, unread: 9 }] });
  assert.deepEqual([room.title, room.unread, room.isWhole], ["sailors", 9, false]);
  assert.deepEqual(
    room.messages.map(({ content }) => content),
    ["welcome"],
  );
});

test("a listener may close the client at any time", async () => {
  for (const type of ["message", "room"]) {
    const { client, socket } = await play({ rooms: [listed(1, 1)] });
    client.on(type, () => client.close());
    const sent = client.send(ROOM, "hi", "n");
    stage.stores({ content: "hi", chat_id: ROOM, nonce: "n" }, 2);
    socket.says("group", { type: "create", group: GROUP, by: ME.id });
    assert.equal(client.status, "closed");
    assert.equal((await sent).content, "hi");
    stage.leave();
  }
});
