/** Two people on a real hub. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { login, toDate } from "../tradewind.js";
import { Hub, befriend, heard, within } from "./hub.js";

const hub = new Hub();
let alice, bob, room;

before(async () => {
  const accounts = ["alice", "bob"].map((name) => hub.addUser(name, `secret of ${name}`));
  await hub.start();
  [alice, bob] = await Promise.all(accounts.map((account) => hub.enter(account)));
  room = alice.roomWith(bob.self.id);
});

after(() => hub.clear());

test("who has a password gets a token that works", async () => {
  const account = { email: "alice@example.org", password: "secret of alice" };
  const again = await hub.enter({ token: await login(hub.url, account) });
  assert.deepEqual(again.self, alice.self);
  again.close();
  const wrong = login(hub.url, { ...account, password: "wrong" });
  await assert.rejects(wrong, { code: 401, message: "email or password incorrect." });
});

test("a token that is not good signs out", async () => {
  const client = hub.client();
  const told = heard(client, "signedout");
  await assert.rejects(within(client.connect("not a token"), "a refusal"), { code: "signedout" });
  assert.equal((await told).code, 4010);
  assert.equal(client.status, "signedout");
});

test("who is logged out elsewhere waits for another token, and sends then", async () => {
  const account = { email: "bob@example.org", password: "secret of bob" };
  const token = await login(hub.url, account);
  const client = await hub.enter({ token });
  const told = heard(client, "signedout");
  const headers = { Authorization: `Bearer ${token}` };
  await fetch(`${hub.url}/api/v1/auth/logout`, { method: "POST", headers });
  assert.deepEqual(await told, { code: 4010, reason: "token revoked" });
  const sent = client.send(client.roomWith("1000"), "to nobody");
  const refused = assert.rejects(within(sent, "a refusal"), { code: 4004 });
  await assert.rejects(within(client.connect(), "a refusal"), { code: "signedout" });
  await within(client.connect(await login(hub.url, account)), "a welcome");
  await refused;
  client.close();
});

test("they become friends", async () => {
  await befriend(alice, bob);
  // The room comes with the friend.
  assert.deepEqual([...alice.friends.values()], [{ ...bob.self, room }]);
  assert.deepEqual([...bob.friends.values()], [{ ...alice.self, room }]);
  assert.equal(bob.requests.size, 0);
});

test("what one says the other hears, and both keep it", async () => {
  const comes = heard(bob, "message");
  const said = await alice.send(room, "안녕 bob ⛵");
  const { message } = await comes;
  assert.equal(message.content, "안녕 bob ⛵");
  assert.equal(message.id, said.id);
  assert.equal(message.user_id, alice.self.id);
  assert.ok(Math.abs(toDate(message.created_at) - Date.now()) < 60_000);
  for (const { rooms, self } of [alice, bob]) {
    const { messages, seq, rev, kind, user, unread } = rooms.get(room);
    assert.deepEqual(
      messages.map(({ id }) => id),
      [said.id],
    );
    assert.deepEqual([seq, rev, kind, unread], [1, 1, "dm", self.name === "bob" ? 1 : 0]);
    assert.equal(user.name, self.name === "bob" ? "alice" : "bob");
  }
});

test("edits and deletions reach both", async () => {
  const said = await bob.send(room, "helo");
  const mended = heard(alice, "edit", ({ message }) => message.id === said.id);
  const edited = await bob.edit(room, said.id, "hello");
  assert.equal((await mended).message.content, "hello");
  assert.deepEqual([edited.created_at, edited.seq], [said.created_at, said.seq]);
  const deleted = heard(alice, "edit", ({ message }) => message.content === "");
  await bob.delete(room, said.id);
  await deleted;
  for (const { rooms } of [alice, bob]) {
    assert.deepEqual(
      rooms.get(room).messages.map(({ content }) => content),
      ["안녕 bob ⛵"],
    );
  }
  await assert.rejects(bob.delete(room, said.id), { code: 4004, message: "chat not exist." });
  await assert.rejects(alice.edit(room, "12345", "x"), { code: 4004 });
});

test("a message sent twice under one name is stored once", async () => {
  const first = await alice.send(room, "once", "the same");
  const again = await alice.send(room, "once", "the same");
  assert.deepEqual(again, first);
  assert.equal(
    alice.rooms.get(room).messages.filter(({ content }) => content === "once").length,
    1,
  );
});

test("history is paged back to the first message", async () => {
  for (let number = 0; number < 30; number += 1) {
    await bob.send(room, `line ${number}`);
  }
  const account = { email: "bob@example.org", password: "secret of bob" };
  const another = await hub.enter({ token: await login(hub.url, account) });
  const found = another.rooms.get(room);
  assert.deepEqual(found.messages, []);
  const pages = [];
  while (!found.isWhole) {
    pages.push((await another.history(room, { count: 7 })).length);
  }
  assert.deepEqual(pages, [7, 7, 7, 7, 4]);
  assert.deepEqual(found.messages, bob.rooms.get(room).messages);
  const page = await another.history(room, { count: 2, before: found.messages[4].created_at });
  assert.deepEqual(page, found.messages.slice(2, 4));
  await assert.rejects(another.history("7"), { name: "HubError" });
  another.close();
});

test("a friendship ends on both sides", async () => {
  const told = heard(bob, "friend", ({ type }) => type === "delete");
  await alice.endFriendship("bob");
  assert.deepEqual((await told).user, alice.self);
  assert.deepEqual([alice.friends.size, bob.friends.size], [0, 0]);
  await assert.rejects(alice.endFriendship("bob"), { code: 4004 });
});

test("a request can be discarded", async () => {
  const asked = heard(bob, "friend");
  await alice.requestFriend("bob");
  await asked;
  const told = heard(alice, "friend", ({ type }) => type === "remove");
  await bob.removeRequest("alice");
  assert.equal(bob.requests.size, 0);
  assert.deepEqual((await told).user, bob.self);
});

test("plain REWIND will do to talk", async () => {
  const plain = await hub.enter(hub.addUser("dave"), { features: [] });
  const to = plain.roomWith(alice.self.id);
  const comes = heard(alice, "message");
  const said = await plain.send(to, "plain");
  assert.equal((await comes).message.id, said.id);
  assert.equal(said.seq, undefined);
  const hears = heard(plain, "message", ({ message }) => message.user_id === alice.self.id);
  await alice.send(to, "fine");
  assert.equal((await hears).room, undefined);
  const page = await plain.history(to);
  assert.deepEqual(
    page.map(({ content }) => content),
    ["plain", "fine"],
  );
  plain.close();
});

test("somebody who writes for the first time gets a name", async () => {
  const erin = await hub.enter(hub.addUser("erin"));
  const named = heard(alice, "room", ({ room: told }) => told.user?.name === "erin");
  await erin.send(erin.roomWith(alice.self.id), "we have not met");
  const { room: told } = await named;
  assert.deepEqual([told.user, told.unread], [erin.self, 1]);
  erin.close();
});
