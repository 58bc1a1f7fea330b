/** Presence, typing, read marks and groups on a real hub. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Hub, befriend, heard, within } from "./hub.js";

const hub = new Hub({ PRESENCE__OFFLINE_GRACE_MS: "50" });
const accounts = {};
let alice, bob, carol, room;

before(async () => {
  for (const name of ["alice", "bob", "carol"]) {
    accounts[name] = hub.addUser(name);
  }
  await hub.start();
  [alice, bob, carol] = await Promise.all(
    Object.values(accounts).map((account) => hub.enter(account)),
  );
  room = alice.roomWith(bob.self.id);
  await befriend(alice, bob);
  await befriend(alice, carol);
});

after(() => hub.clear());

const statusOf = (client, other) => client.presence.get(other.self.id)?.status;
const becomes =
  (id, status) =>
  ({ users }) =>
    users.some((user) => user.id === id && user.status === status);

test("friends see each other come, go, and turn away", async () => {
  assert.equal(statusOf(alice, bob), "online");
  assert.equal(statusOf(bob, carol), undefined);
  const away = heard(alice, "presence", becomes(bob.self.id, "away"));
  await bob.setPresence("away");
  await away;
  const gone = heard(alice, "presence", becomes(bob.self.id, "offline"));
  bob.close();
  await gone;
  assert.ok(alice.presence.get(bob.self.id).last_seen);
  // What was said is said again on the next link.
  const back = heard(alice, "presence", becomes(bob.self.id, "away"));
  await within(bob.connect(), "a welcome");
  await back;
  const online = heard(alice, "presence", becomes(bob.self.id, "online"));
  await bob.setPresence("online");
  await online;
  const late = await hub.enter(accounts.carol);
  assert.equal(statusOf(late, alice), "online");
  late.close();
});

test("typing is seen, and ends with a stop or the message", async () => {
  await alice.send(room, "hello");
  const types = (state) => heard(bob, "typing", (told) => told.state === state);
  let told = types("start");
  alice.typing(room);
  await told;
  assert.deepEqual([...bob.rooms.get(room).typing], [alice.self.id]);
  told = types("stop");
  alice.stopTyping(room);
  await told;
  told = types("start");
  alice.typing(room);
  await told;
  told = types("stop");
  await alice.send(room, "done");
  await told;
  assert.equal(bob.rooms.get(room).typing.size, 0);
});

test("read marks count what is unread, on all devices and over links", async () => {
  const other = await hub.enter(accounts.bob);
  const here = bob.rooms.get(room);
  const there = other.rooms.get(room);
  assert.deepEqual([here.unread, there.unread], [2, 2]);
  const seen = heard(alice, "read");
  const also = heard(other, "read");
  assert.equal(await bob.read(room, 1), 1);
  assert.deepEqual([here.unread, here.readSeq], [1, 1]);
  assert.deepEqual((await seen).room.readers.get(bob.self.id), 1);
  await also;
  assert.equal(there.unread, 1);
  assert.equal(await bob.read(room), 2);
  assert.equal(await bob.read(room), 2);
  assert.equal(here.unread, 0);
  other.close();
  const again = await hub.enter(accounts.bob);
  assert.deepEqual([again.rooms.get(room).unread, again.rooms.get(room).readSeq], [0, 2]);
  again.close();
});

test("a group lives from its making to its end", async () => {
  const joined = heard(bob, "room", ({ room: told }) => told.kind === "group");
  const group = await alice.createGroup("Sailors");
  assert.deepEqual(
    [group.title, group.group.owner, group.isWhole],
    ["Sailors", alice.self.id, true],
  );
  await alice.send(group.id, "before bob");
  assert.equal((await alice.addMember(group.id, "bob")).members, 2);
  const { room: seen } = await joined;
  assert.deepEqual([seen.id, seen.title, seen.unread], [group.id, "Sailors", 1]);

  const hears = heard(bob, "message");
  await alice.send(group.id, "welcome");
  assert.equal((await hears).room, seen);
  assert.deepEqual(
    (await bob.history(group.id)).map(({ content }) => content),
    ["before bob"],
  );
  assert.deepEqual(
    seen.messages.map(({ content }) => content),
    ["before bob", "welcome"],
  );

  const renamed = heard(bob, "group", ({ type }) => type === "rename");
  await alice.renameGroup(group.id, "Old Sailors");
  await renamed;
  assert.equal(seen.title, "Old Sailors");

  await assert.rejects(bob.renameGroup(group.id, "Pirates"), { name: "HubError" });
  await alice.setRole(group.id, "bob", "moderator");
  await bob.renameGroup(group.id, "Pirates");
  const roles = (await bob.members(group.id)).map(({ user, role }) => [user.name, role]);
  assert.deepEqual(roles, [
    ["alice", "owner"],
    ["bob", "moderator"],
  ]);

  const added = heard(carol, "room", ({ room: told }) => told.id === group.id);
  await alice.addMember(group.id, "carol");
  await added;
  const out = heard(carol, "room", ({ isGone }) => isGone);
  await bob.ban(group.id, "carol");
  await out;
  assert.equal(carol.rooms.has(group.id), false);
  await assert.rejects(alice.addMember(group.id, "carol"), { name: "HubError" });
  await alice.unban(group.id, "carol");
  await alice.addMember(group.id, "carol");
  await bob.kick(group.id, "carol");

  const offered = heard(bob, "group", ({ type }) => type === "offered");
  assert.equal((await alice.transferGroup(group.id, "bob")).owner, alice.self.id);
  await offered;
  const [offer] = await bob.account.groupOffers();
  assert.deepEqual([offer.group.id, offer.group.title], [group.id, group.title]);
  assert.equal((await bob.acceptGroup(group.id)).owner, bob.self.id);
  await alice.leaveGroup(group.id);
  assert.equal(alice.rooms.has(group.id), false);
  await assert.rejects(alice.send(group.id, "still here?"), { name: "HubError" });
  await bob.deleteGroup(group.id);
  assert.equal(bob.rooms.has(group.id), false);
});

test("who was put out while away finds the room gone", async () => {
  const added = heard(carol, "room", ({ room: told }) => told.title === "Short");
  const { id } = await alice.createGroup("Short");
  await alice.addMember(id, "carol");
  await added;
  carol.close();
  assert.equal(carol.rooms.has(id), true);
  await alice.kick(id, "carol");
  await within(carol.connect(), "a welcome");
  assert.equal(carol.rooms.has(id), false);
});
