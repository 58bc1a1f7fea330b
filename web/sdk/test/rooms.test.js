/** What a client knows of its rooms. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { BOB, ME, ROOM, Stage, listed, said } from "./fake.js";

let stage;

async function play(welcome, options) {
  stage = new Stage(options);
  await stage.enter(welcome);
  return stage;
}

afterEach(() => stage?.leave());

const byBob = (seq, content, more) => said(seq, content, { user_id: BOB.id, ...more });
const says = (type, message) => stage.socket.says("chat", { type, ...message });
const contents = (room) => room.messages.map(({ content }) => content);

test("a room begins at its end, and fills with news", async () => {
  const { client } = await play({ rooms: [listed(17, 19, { read_seq: 15, unread: 2 })] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual(
    [room.seq, room.rev, room.unread, room.messages, room.isWhole],
    [17, 19, 2, [], false],
  );
  says("send", byBob(18, "new", { rev: 20 }));
  assert.deepEqual([room.seq, room.rev, room.unread, contents(room)], [18, 20, 3, ["new"]]);
  assert.deepEqual(stage.socket.asked("sync"), []);
});

test("what was missed is asked for, in as many answers as it takes", async () => {
  const { client } = await play({ rooms: [listed(1, 1)] });
  says("send", byBob(2, "two"));
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(4, 6, { unread: 3 })] });
  assert.equal(client.status, "syncing");
  assert.deepEqual(stage.socket.asked("sync"), [{ rooms: { [ROOM]: 2 }, limit: 500 }]);
  says("send", byBob(3, "three"));
  says("send", byBob(5, "live", { rev: 7 }));
  stage.socket.says("sync", { rooms: { [ROOM]: 3 }, complete: false });
  assert.equal(client.status, "syncing");
  assert.deepEqual(stage.socket.asked("sync")[1].rooms, { [ROOM]: 3 });
  says("edit", byBob(2, "two!", { rev: 4 }));
  says("edit", byBob(4, "four!", { rev: 6 }));
  stage.socket.says("sync", { rooms: { [ROOM]: 6 }, complete: true });
  const room = client.rooms.get(ROOM);
  assert.equal(client.status, "ready");
  assert.deepEqual(contents(room), ["two!", "three", "four!", "live"]);
  assert.deepEqual([room.rev, room.unread], [7, 4]);
  // Four is new to this client, however it was told.
  assert.deepEqual(
    stage.tellings("message").map(({ message }) => message.seq),
    [2, 3, 5, 4],
  );
  assert.deepEqual(
    stage.tellings("edit").map(({ message }) => message.seq),
    [2],
  );
});

test("news do not hide an own change that is not answered yet", async () => {
  const { client } = await play({ rooms: [listed(2, 2)] });
  const lost = assert.rejects(client.edit(ROOM, said(1).id, "x"), { code: "offline" });
  says("send", byBob(3, "overtakes", { rev: 4 }));
  assert.equal(client.rooms.get(ROOM).rev, 2);
  stage.socket.breaks();
  await lost;
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(3, 4)] });
  assert.deepEqual(stage.socket.asked("sync")[0].rooms, { [ROOM]: 2 });
});

test("a page that is ahead of the news does not stand for them", async () => {
  const { client } = await play({ rooms: [listed(2, 2)] });
  const page = client.history(ROOM);
  says("send", byBob(1, "one"));
  says("send", byBob(4, "four"));
  stage.socket.echoes();
  await page;
  const room = client.rooms.get(ROOM);
  assert.deepEqual([room.rev, contents(room)], [2, ["one", "four"]]);
  assert.deepEqual(stage.tellings("message")[0].message.seq, 4);
  says("edit", byBob(1, "one!", { rev: 3 }));
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(4, 4)] });
  assert.deepEqual(stage.socket.asked("sync")[0].rooms, { [ROOM]: 3 });
});

test("two pages asked for at once are one", async () => {
  const { client } = await play({ rooms: [listed(4, 4, { unread: 4 })] });
  const pages = [client.history(ROOM, { count: 2 }), client.history(ROOM, { count: 2 })];
  for (const beat of stage.socket.asked("heartbeat").slice(-2)) {
    says("send", byBob(3, "three"));
    says("send", byBob(4, "four"));
    stage.socket.says("heartbeat", beat);
  }
  assert.deepEqual(await pages[0], await pages[1]);
  const room = client.rooms.get(ROOM);
  assert.deepEqual([contents(room), room.unread], [["three", "four"], 4]);
});

test("a room one is not in any more goes", async () => {
  const { client } = await play({
    rooms: [listed(1, 1), listed(1, 1, { id: "77", kind: "group" })],
  });
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(1, 1)] });
  assert.deepEqual(stage.socket.asked("sync")[0].rooms, { 77: 1 });
  stage.socket.says("sync", { rooms: { 77: null }, complete: true });
  assert.deepEqual([...client.rooms.keys()], [ROOM]);
  assert.equal(client.status, "ready");
  assert.equal(stage.tellings("room").at(-1).isGone, true);
});

test("a conversation that began meanwhile is fetched from its first message on", async () => {
  const { client } = await play();
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({
    rooms: [listed(1, 1, { unread: 1 }), listed(9, 9, { id: "77", kind: "group" })],
  });
  assert.deepEqual(stage.socket.asked("sync")[0].rooms, { [ROOM]: 0 });
  says("send", byBob(1, "hello"));
  stage.socket.says("sync", { rooms: { [ROOM]: 1 }, complete: true });
  assert.equal(stage.tellings("message").length, 1);
  assert.equal(client.rooms.get("77").rev, 9);
});

test("a hub that has lost changes is believed", async () => {
  const { client } = await play({ rooms: [listed(1, 1)] });
  says("send", byBob(2, "lost"));
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(1, 1)] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([client.status, room.messages, room.rev, room.seq], ["ready", [], 1, 1]);
});

test("a refused sync is asked again later", async () => {
  const { client } = await play({ rooms: [listed(1, 1)] });
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(2, 2)] });
  stage.socket.refuses(4009);
  assert.equal(client.status, "syncing");
  mock.timers.tick(500);
  assert.equal(stage.socket.asked("sync").length, 2);
  says("send", byBob(2, "two"));
  stage.socket.says("sync", { rooms: { [ROOM]: 2 }, complete: true });
  assert.equal(client.status, "ready");
});

test("many rooms are asked for in several requests", async () => {
  const rooms = Array.from({ length: 1_001 }, (_, index) =>
    listed(1, 1, { id: String(4 + 2 * index) }),
  );
  const { client } = await play({ rooms });
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: rooms.map((room) => ({ ...room, seq: 2, rev: 2 })) });
  const asked = stage.socket.asked("sync").map((sync) => Object.keys(sync.rooms));
  assert.deepEqual(
    asked.map(({ length }) => length),
    [1_000, 1],
  );
  for (const ids of asked) {
    const reached = Object.fromEntries(ids.map((id) => [id, 2]));
    assert.equal(client.status, "syncing");
    stage.socket.says("sync", { rooms: reached, complete: true });
  }
  assert.equal(client.status, "ready");
});

test("unread messages are counted, not summed up", async () => {
  const { client } = await play({ rooms: [listed(4, 4, { read_seq: 1, unread: 3 })] });
  const room = client.rooms.get(ROOM);
  says("send", byBob(5, "five"));
  says("send", said(6, "mine"));
  assert.equal(room.unread, 4);
  says("edit", byBob(5, "", { rev: 7 }));
  says("edit", byBob(5, "", { rev: 7 }));
  assert.equal(room.unread, 3);
  // Of a message that is not held.
  says("edit", byBob(4, "", { rev: 8 }));
  assert.equal(room.unread, 2);
  stage.socket.says("read", { chat_id: ROOM, user_id: BOB.id, seq: 6 });
  assert.deepEqual([room.unread, room.readers.get(BOB.id)], [2, 6]);
  stage.socket.says("read", { chat_id: ROOM, user_id: ME.id, seq: 4 });
  assert.deepEqual([room.unread, room.readSeq], [0, 4]);
});

test("what the hub has stopped counting is said", async () => {
  const { client } = await play({ rooms: [listed(4000, 4000, { unread: 999, unread_more: true })] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([room.unread, room.unreadMore], [999, true]);
  says("send", byBob(4001, "new"));
  assert.deepEqual([room.unread, room.unreadMore], [1000, true]);
  stage.socket.says("read", { chat_id: ROOM, user_id: ME.id, seq: 4000 });
  assert.deepEqual([room.unread, room.unreadMore], [1, false]);
});

test("what is deleted below the window counts once, before or after the list", async () => {
  const { client } = await play({ rooms: [listed(4, 4, { unread: 4 })] });
  const room = client.rooms.get(ROOM);
  says("edit", byBob(3, "", { rev: 5 }));
  says("edit", byBob(3, "", { rev: 5 }));
  assert.equal(room.unread, 3);
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ rooms: [listed(4, 6, { unread: 2 })] });
  says("edit", byBob(1, "", { rev: 7 }));
  says("edit", byBob(2, "", { rev: 6 }));
  says("edit", byBob(1, "", { rev: 7 }));
  stage.socket.says("sync", { rooms: { [ROOM]: 7 }, complete: true });
  assert.deepEqual([room.rev, room.unread], [7, 1]);
});

test("a room holds so many messages and no more", async () => {
  const { client } = await play({ rooms: [listed(0, 0)] }, { messagesMax: 3 });
  for (let seq = 1; seq <= 5; seq += 1) {
    says("send", byBob(seq, `${seq}`));
  }
  const room = client.rooms.get(ROOM);
  assert.deepEqual([contents(room), room.unread, room.isWhole], [["3", "4", "5"], 5, false]);
});

test("a list that is older than what was dropped does not uncount it", async () => {
  const { client } = await play({ rooms: [listed(2, 2, { unread: 2 })] }, { messagesMax: 2 });
  says("send", said(1, "who is that?", { chat_id: "4", user_id: "1004" }));
  assert.equal(stage.socket.asked("auth").length, 2);
  for (let seq = 3; seq <= 5; seq += 1) {
    says("send", byBob(seq, `${seq}`));
  }
  const lists = { self_user: ME, mutual_requests: [], mutual_users: [BOB], features: ["sync"] };
  stage.socket.says("auth", { ...lists, rooms: [listed(2, 2, { unread: 2 })] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([contents(room), room.unread], [["4", "5"], 5]);
});

test("who types is forgotten when the word of it is lost", async () => {
  const { client } = await play({ rooms: [listed(1, 1)] });
  const room = client.rooms.get(ROOM);
  const types = (state) => stage.socket.says("typing", { chat_id: ROOM, user_id: BOB.id, state });
  types("start");
  assert.deepEqual([...room.typing], [BOB.id]);
  types("stop");
  types("stop");
  types("start");
  stage.socket.echoes();
  for (let half = 0; half < 2; half += 1) {
    mock.timers.tick(30_000);
    stage.socket.echoes();
  }
  assert.equal(room.typing.size, 0);
  assert.deepEqual(
    stage.tellings("typing").map(({ state }) => state),
    ["start", "stop", "start", "stop"],
  );
});

test("typing is told every 4 s, and ends with a stop or a message", async () => {
  const { client, socket } = await play({ rooms: [listed(1, 1)] });
  const states = () => socket.asked("typing").map(({ state }) => state);
  client.stopTyping(ROOM);
  client.typing(ROOM);
  mock.timers.tick(3_999);
  client.typing(ROOM);
  assert.deepEqual(states(), ["start"]);
  mock.timers.tick(1);
  client.typing(ROOM);
  client.stopTyping(ROOM);
  client.stopTyping(ROOM);
  assert.deepEqual(states(), ["start", "start", "stop"]);
  client.typing(ROOM);
  client.send(ROOM, "done");
  client.stopTyping(ROOM);
  assert.deepEqual(states(), ["start", "start", "stop", "start"]);
});
