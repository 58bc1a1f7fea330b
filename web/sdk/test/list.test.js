/** What a list of conversations is drawn from. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { BOB, ME, ROOM, Stage, listed, said } from "./fake.js";

let stage, client;

async function play(welcome) {
  stage = new Stage();
  ({ client } = stage);
  await stage.enter({ epoch: "e", ...welcome });
  return stage.socket;
}

afterEach(() => stage?.leave());

const last = said(9, "newest", { user_id: BOB.id, type: "send" });
const more = { last, last_at: last.created_at, readers: { [BOB.id]: 8 }, unread: 1, read_seq: 8 };

test("a room knows its newest message and who has read it, before any history", async () => {
  const socket = await play({ rooms: [listed(9, 9, more)] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([room.last.content, room.lastAt], ["newest", last.created_at]);
  assert.equal(room.last.type, undefined);
  assert.deepEqual([...room.readers], [[BOB.id, 8]]);
  socket.says("chat", { type: "send", ...said(10, "newer") });
  assert.equal(room.last.content, "newer");
  socket.says("read", { chat_id: ROOM, user_id: BOB.id, seq: 10 });
  socket.says("read", { chat_id: ROOM, user_id: BOB.id, seq: 9 });
  assert.deepEqual([...room.readers], [[BOB.id, 10]]);
});

test("the newest message is what became of it", async () => {
  const socket = await play({ rooms: [listed(9, 9, more)] });
  const room = client.rooms.get(ROOM);
  socket.says("chat", { type: "edit", ...last, content: "changed", rev: 10 });
  assert.equal(room.last.content, "changed");
  socket.says("chat", { type: "edit", ...last, content: "", rev: 11 });
  assert.deepEqual([room.last, room.lastAt], [null, last.created_at]);
});

test("more unread messages than the hub counts are said to be more", async () => {
  const unread = { unread: 999, unread_more: true };
  const socket = await play({ rooms: [listed(5_000, 5_000, unread)] });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([room.unread, room.unreadMore], [999, true]);
  socket.says("read", { chat_id: ROOM, user_id: ME.id, seq: 5_000 });
  assert.deepEqual([room.unread, room.unreadMore], [0, false]);
});

test("a page comes in one frame", async () => {
  const socket = await play({ rooms: [listed(9, 9)] });
  const page = client.history(ROOM, { count: 2 });
  const [{ page: isWhole, count }] = socket.asked("load");
  assert.deepEqual([isWhole, count], [true, 2]);
  const messages = [said(8, "eight"), said(9, "nine")].map((it) => ({ type: "send", ...it }));
  socket.says("load", { type: "chat", load_id: ROOM, messages });
  assert.deepEqual(
    (await page).map(({ content }) => content),
    ["eight", "nine"],
  );
  assert.equal(client.rooms.get(ROOM).messages.length, 2);
  const rest = client.history(ROOM, { count: 50 });
  socket.says("load", { type: "chat", load_id: ROOM, messages: [] });
  assert.deepEqual(await rest, []);
  assert.equal(client.rooms.get(ROOM).isWhole, true);
});

test("a hub that tells no epoch is asked for a frame a message", async () => {
  const socket = await play({ epoch: undefined, rooms: [listed(9, 9)] });
  client.history(ROOM).catch(() => {});
  assert.equal(socket.asked("load")[0].page, undefined);
});

test("others are looked up by id, a hundred at a time", async () => {
  const socket = await play();
  const ids = Array.from({ length: 150 }, (_, index) => String(2 * index + 2));
  const found = client.users([...ids, ids[0]]);
  socket.says("users", { users: [BOB] });
  await new Promise(setImmediate);
  assert.deepEqual(
    socket.asked("users").map((asked) => asked.ids.length),
    [100, 50],
  );
  socket.says("users", { users: [ME] });
  assert.deepEqual(await found, [BOB, ME]);
});

test("somebody types in a conversation that has not begun", async () => {
  const socket = await play();
  socket.says("typing", { chat_id: ROOM, user_id: BOB.id, state: "start" });
  const room = client.rooms.get(ROOM);
  assert.deepEqual([[...room.typing], room.user.name, room.messages], [[BOB.id], "bob", []]);
  assert.equal(stage.tellings("typing").length, 1);
  socket.breaks();
  mock.timers.tick(500);
  stage.welcome({ epoch: "e" });
  assert.deepEqual(stage.socket.asked("sync")[0].rooms, { [ROOM]: 0 });
  stage.socket.says("sync", { rooms: { [ROOM]: null }, complete: true });
  assert.equal(client.status, "ready");
  assert.equal(client.rooms.get(ROOM), room);
});

test("requests of both ways can be listed, and own ones taken back", async () => {
  const socket = await play();
  const lists = client.friendRequests();
  assert.deepEqual(socket.asked("load"), [{ type: "requests" }]);
  socket.says("load", { type: "requests", incoming: [BOB], outgoing: [] });
  assert.deepEqual(await lists, { incoming: [BOB], outgoing: [] });
  const withdrawn = client.withdrawRequest("bob");
  assert.deepEqual(socket.asked("mutual_users"), [{ type: "withdraw", name: "bob" }]);
  socket.says("ok", null);
  await withdrawn;
});

test("marks of a large group are asked for", async () => {
  const group = { id: "77", kind: "group", user: null, title: "t", readers: {} };
  const socket = await play({ rooms: [listed(9, 9, group)] });
  const marks = client.readers("77");
  assert.deepEqual(socket.asked("read"), [{ chat_id: "77", type: "list" }]);
  socket.says("read", { type: "list", chat_id: "77", readers: { [BOB.id]: 4 } });
  assert.deepEqual([...(await marks)], [[BOB.id, 4]]);
  assert.deepEqual([...client.rooms.get("77").readers], [[BOB.id, 4]]);
});
