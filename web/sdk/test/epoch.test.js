/** Another history than the one known: a backup was restored. */
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { BOB, ME, ROOM, Stage, listed, said } from "./fake.js";

let stage, client;

async function play(welcome) {
  stage = new Stage();
  ({ client } = stage);
  stage.resets = [];
  client.on("reset", ({ epoch }) => stage.resets.push(epoch));
  await stage.enter({ epoch: "one", ...welcome });
}

afterEach(() => stage?.leave());

const room = () => client.rooms.get(ROOM);
const state = () => [room().seq, room().rev, room().messages.length, room().readSeq];

async function knowing() {
  await play({ rooms: [listed(1, 1)] });
  stage.socket.says("chat", { type: "send", ...said(2, "two") });
  stage.socket.says("read", { chat_id: ROOM, user_id: ME.id, seq: 2 });
  assert.deepEqual(state(), [2, 2, 1, 2]);
}

function returns(welcome) {
  stage.socket.breaks();
  mock.timers.tick(500);
  stage.welcome(welcome);
}

test("the epoch is said with each sync", async () => {
  await knowing();
  returns({ epoch: "one", rooms: [listed(3, 3)] });
  assert.deepEqual(stage.socket.asked("sync"), [{ rooms: { [ROOM]: 2 }, limit: 500, epoch: "one" }]);
  assert.deepEqual(stage.resets, []);
});

test("a welcome of another epoch makes all begin anew, even if the revs fit", async () => {
  await knowing();
  returns({ epoch: "two", rooms: [listed(5, 5, { read_seq: 1, unread: 3 })] });
  assert.deepEqual(stage.resets, ["two"]);
  assert.deepEqual(stage.socket.asked("sync"), []);
  assert.equal(client.status, "ready");
  assert.deepEqual(state(), [5, 5, 0, 1]);
  assert.equal(room().unread, 3);
});

test("a room that the other history does not have goes", async () => {
  await knowing();
  returns({ epoch: "two", rooms: [] });
  stage.socket.says("sync", { rooms: { [ROOM]: null }, complete: true, epoch: "two" });
  assert.equal(client.status, "ready");
  assert.equal(room()?.messages.length ?? 0, 0);
});

test("a reset answer makes the lists be asked for again, and nothing old is kept", async () => {
  await knowing();
  returns({ epoch: "one", rooms: [listed(4, 4)] });
  stage.socket.says("sync", { epoch: "two", reset: true });
  assert.equal(client.status, "syncing");
  assert.equal(stage.socket.asked("auth").length, 2);
  const lists = { self_user: ME, mutual_requests: [], mutual_users: [BOB], features: ["sync"] };
  stage.socket.says("auth", { ...lists, epoch: "two", rooms: [listed(4, 4)] });
  assert.equal(client.status, "ready");
  assert.deepEqual(state(), [4, 4, 0, 0]);
  assert.deepEqual(stage.resets, ["two"]);
});

test("what waited to be sent is sent all the same", async () => {
  await knowing();
  stage.socket.breaks();
  const sent = client.send(ROOM, "kept", "n");
  mock.timers.tick(500);
  stage.welcome({ epoch: "two", rooms: [listed(1, 1)] });
  stage.stores(stage.socket.asked("chat")[0], 2);
  assert.equal((await sent).seq, 2);
});
