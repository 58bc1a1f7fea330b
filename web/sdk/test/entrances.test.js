/** What is no id, no text, no number is refused here, and the order of answers stays whole. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { ROOM, Stage, settled } from "./fake.js";

let stage, client;

async function play() {
  stage = new Stage();
  ({ client } = stage);
  await stage.enter();
  return stage.socket;
}

afterEach(() => stage?.leave());

const ENTRANCES = {
  send: (id) => client.send(id, "text"),
  edit: (id) => client.edit(id, "128", "text"),
  "edit, the message": (id) => client.edit(ROOM, id, "text"),
  delete: (id) => client.delete(id, "128"),
  "delete, the message": (id) => client.delete(ROOM, id),
  history: (id) => client.history(id),
  read: (id) => client.read(id, 1),
  readers: (id) => client.readers(id),
  users: (id) => client.users([id]),
  renameGroup: (id) => client.renameGroup(id, "title"),
  addMember: (id) => client.addMember(id, "bob"),
  leaveGroup: (id) => client.leaveGroup(id),
  kick: (id) => client.kick(id, "bob"),
  setRole: (id) => client.setRole(id, "bob", "member"),
  transferGroup: (id) => client.transferGroup(id, "bob"),
  acceptGroup: (id) => client.acceptGroup(id),
  declineGroup: (id) => client.declineGroup(id),
  deleteGroup: (id) => client.deleteGroup(id),
  members: (id) => client.members(id),
  typing: async (id) => client.typing(id),
  stopTyping: async (id) => client.stopTyping(id),
  timeline: async (id) => client.timeline(id),
  roomWith: async (id) => client.roomWith(id),
};

const NO_IDS = [undefined, null, "", "0", "abc", "+5", " 5", "5.0", "0x10", "1e3", -1, 0, 1.5];
const TOO_LARGE = [2 ** 53, "9223372036854775808", 2n ** 63n, NaN, {}, ["5"], true];

test("what is no id is refused at each entrance, and nothing is asked", async () => {
  const socket = await play();
  const before = socket.sent.length;
  for (const [entrance, enter] of Object.entries(ENTRANCES)) {
    for (const id of [...NO_IDS, ...TOO_LARGE]) {
      await assert.rejects(() => enter(id), TypeError, `${entrance}(${String(id)})`);
    }
  }
  assert.equal(socket.sent.length, before);
});

test("exact numbers are ids, and their answers are known as theirs", async () => {
  const socket = await play();
  const asked = [client.send(1082, "text"), client.read(1082n, 1), client.edit(1082, 128, "other")];
  const [send, edit] = socket.asked("chat");
  assert.deepEqual([send.chat_id, edit.chat_id, edit.id], ["1082", "1082", "128"]);
  assert.equal(socket.asked("read")[0].chat_id, "1082");
  stage.stores(send, 1);
  socket.says("read", { chat_id: "1082", user_id: "1000", seq: 1 });
  socket.says("chat", { type: "edit", id: "128", chat_id: "1082", user_id: "1000", content: "other", seq: 1, rev: 2 });
  await Promise.all(asked);
});

test("names and titles are texts, and answered in whatever form they are typed", async () => {
  const socket = await play();
  for (const name of [undefined, null, "", 5, {}, ["bob"]]) {
    await assert.rejects(() => client.requestFriend(name), TypeError);
    await assert.rejects(() => client.acceptFriend(name), TypeError);
    await assert.rejects(() => client.addMember("5", name), TypeError);
    await assert.rejects(() => client.createGroup(name), TypeError);
  }
  await assert.rejects(() => client.read(ROOM, "7"), TypeError);
  const added = client.addMember("5", "ＢＯＢ");
  const group = { id: "5", title: "t", owner: "1000", members: 2 };
  socket.says("group", { type: "add", group, user: { id: "2002", name: "bob" }, by: "1000" });
  assert.equal((await added).id, "5");
});

test("what a listener throws is not the client's", async () => {
  const socket = await play();
  const later = mock.method(globalThis, "queueMicrotask", () => {});
  client.on("friend", () => {
    throw new Error("of the program");
  });
  const heard = [];
  client.addEventListener("friend", ({ type, detail }) => heard.push([type, detail.type]));
  socket.says("mutual_users", { type: "request", user: { id: "6", name: "eve", profile: null } });
  assert.throws(later.mock.calls[0].arguments[0], { message: "of the program" });
  assert.deepEqual(heard, [["friend", "request"]]);
  assert.equal(client.requests.get("6").name, "eve");
});

test("listeners end by the function, by a signal, after once, and by their removal", async () => {
  const socket = await play();
  const heard = [];
  const listen = (name, options) => client.on("friend", () => heard.push(name), options);
  const abort = new AbortController();
  const stop = listen("stopped");
  listen("aborted", { signal: abort.signal });
  listen("once", { once: true });
  const removed = () => heard.push("removed");
  client.addEventListener("friend", removed);
  client.addEventListener("friend", removed);
  const tell = () => socket.says("mutual_users", { type: "request", user: { id: "6", name: "eve" } });
  tell();
  stop();
  abort.abort();
  client.removeEventListener("friend", removed);
  tell();
  await settled();
  assert.deepEqual(heard, ["stopped", "aborted", "once", "removed"]);
});
