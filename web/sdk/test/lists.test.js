/** What a list of conversations needs, from a real hub. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Hub, befriend, heard, within } from "./hub.js";

const hub = new Hub();
const accounts = {};
let alice, bob, room;

before(async () => {
  for (const name of ["alice", "bob", "carol"]) {
    accounts[name] = hub.addUser(name);
  }
  await hub.start();
  alice = await hub.enter(accounts.alice);
  bob = await hub.enter(accounts.bob);
  room = alice.roomWith(bob.self.id);
  await befriend(alice, bob);
});
after(() => hub.clear());

test("somebody types where nothing has been written yet", async () => {
  const told = heard(bob, "typing");
  alice.typing(room);
  const { room: empty, user_id } = await told;
  assert.deepEqual([empty.id, user_id, empty.messages], [room, alice.self.id, []]);
  assert.equal(empty.user.name, "alice");
});

test("after a reload a list knows last messages and marks without any history", async () => {
  for (let number = 1; number <= 5; number += 1) {
    await alice.send(room, `message ${number}`);
  }
  const read = heard(alice, "read");
  await bob.read(room, 4);
  await read;
  const again = await hub.enter(accounts.alice);
  const known = again.rooms.get(room);
  assert.deepEqual([known.last.content, known.messages.length], ["message 5", 0]);
  assert.deepEqual([...known.readers], [[bob.self.id, 4]]);
  assert.equal((await again.readers(room)).get(bob.self.id), 4);
  assert.deepEqual(
    (await again.history(room, { count: 2 })).map(({ content }) => content),
    ["message 4", "message 5"],
  );
  assert.equal(again.friends.get(bob.self.id).room, room);
  again.close();
});

test("strangers who wrote are looked up, others are not", async () => {
  const carol = await hub.enter(accounts.carol);
  assert.deepEqual(await carol.users([alice.self.id]), []);
  const heardHer = heard(alice, "message");
  await carol.send(carol.roomWith(alice.self.id), "hello");
  await heardHer;
  const [found] = await alice.users([carol.self.id, "2"]);
  assert.equal(found.name, "carol");
  carol.close();
});

test("requests are listed both ways and taken back", async () => {
  const carol = await hub.enter(accounts.carol);
  const asked = heard(alice, "friend", ({ type }) => type === "request");
  await carol.requestFriend("ALICE");
  await asked;
  assert.deepEqual((await carol.friendRequests()).outgoing.map(({ name }) => name), ["alice"]);
  assert.deepEqual((await alice.friendRequests()).incoming.map(({ name }) => name), ["carol"]);
  const withdrawn = heard(alice, "friend", ({ type }) => type === "withdraw");
  await carol.withdrawRequest("alice");
  await withdrawn;
  assert.equal(alice.requests.size, 0);
  carol.close();
});

test("a restored backup is another history, and a client begins anew", async () => {
  const other = new Hub();
  const user = other.addUser("dora");
  const peer = other.addUser("emil");
  await other.start();
  const dora = await other.enter(user);
  const talk = dora.roomWith(peer.id);
  await dora.send(talk, "kept");
  other.command("backup", "copy.db");
  await dora.send(talk, "lost");
  assert.equal(dora.rooms.get(talk).messages.length, 2);
  const gone = heard(dora, "offline");
  await other.kill("SIGTERM");
  await gone;
  other.command("restore", "copy.db");
  const reset = heard(dora, "reset");
  await other.start();
  await reset;
  await within(dora.ready(), "a welcome");
  await dora.history(talk);
  assert.deepEqual(dora.timeline(talk).map(({ content }) => content), ["kept"]);
  await other.clear();
});
