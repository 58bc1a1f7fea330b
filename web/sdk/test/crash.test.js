/** Two people who talk while their hub is killed again and again. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Hub, heard, within } from "./hub.js";

const KILLS = 10;
const SENDS = 12;
const SENDS_OFFLINE = 4;

const hub = new Hub();
/** What each message should say in the end, by its id. */
const expected = new Map();
let accounts, alice, bob, room;

before(async () => {
  accounts = ["alice", "bob"].map((name) => hub.addUser(name));
  await hub.start();
  [alice, bob] = await Promise.all(accounts.map((account) => hub.enter(account)));
  room = alice.roomWith(bob.self.id);
});

after(() => hub.clear());

/** Does something as often as the link breaks meanwhile. */
async function insist(client, act) {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (error.code !== "offline") {
        throw error;
      }
      await client.ready();
    }
  }
}

async function say(client, text) {
  const said = await client.send(room, text);
  expected.set(said.id, text);
  return said;
}

async function mend(client, id, text) {
  expected.set(id, text);
  await insist(client, () => client.edit(room, id, text));
}

/** It may have been done when the link broke; then it is not there any more. */
async function drop(client, id) {
  expected.delete(id);
  await insist(client, () => client.delete(room, id)).catch(({ code }) => assert.equal(code, 4004));
}

/** Says things, and changes some of what it has said. */
async function talk(client, round) {
  const text = (number) => `${client.self.name} ${round}.${number} 돛`;
  const all = Array.from({ length: SENDS }, async (_, number) => {
    const { id } = await say(client, text(number));
    if (number % 3 === 0) {
      await mend(client, id, `${text(number)} (mended)`);
    }
    if (number % 6 === 0) {
      await drop(client, id);
    }
  });
  await Promise.all(all);
}

/** Waits until a client has heard so many messages more. */
function until(client, messages) {
  let left = messages;
  return heard(client, "message", () => (left -= 1) === 0);
}

async function live(round) {
  const talks = [alice, bob].map((client) => talk(client, round));
  // In another place of the talk each time.
  await until(round % 2 === 0 ? alice : bob, 1 + ((round * 5) % (2 * SENDS - 4)));
  const lost = [alice, bob].map((client) => heard(client, "offline"));
  await hub.kill();
  await Promise.all(lost);
  for (const client of [alice, bob]) {
    for (let number = 0; number < SENDS_OFFLINE; number += 1) {
      talks.push(say(client, `${client.self.name} ${round}, offline ${number}`));
    }
  }
  await hub.start();
  await within(Promise.all(talks), `the talk of round ${round}`);
}

async function wholeHistory(client) {
  const pages = [];
  for (let before = "9999-12-31 23:59:59"; before !== undefined; before = pages[0][0]?.created_at) {
    pages.unshift(await client.history(room, { count: 100, before }));
  }
  return pages.flat();
}

test(`two transcripts are whole, ordered and equal after ${KILLS} kills`, async () => {
  for (let round = 0; round < KILLS; round += 1) {
    await live(round);
  }
  // Each says a last word, and so has heard all before it.
  const last = [heard(alice, "message", isLast), heard(bob, "message", isLast)];
  await say(alice, "last");
  await Promise.all(last);
  const stored = await wholeHistory(await hub.enter(accounts[0]));
  assert.equal(stored.length, expected.size);
  for (const client of [alice, bob]) {
    const { messages, seq, rev, isWhole } = client.rooms.get(room);
    assert.equal(isWhole, true);
    assert.deepEqual(
      messages.map(essence),
      stored.map(essence),
      `transcript of ${client.self.name}`,
    );
    assert.deepEqual([client.pending, seq], [[], stored.at(-1).seq]);
    assert.ok(rev > seq);
  }
  stored.forEach(({ id, content }) => assert.equal(content, expected.get(id)));
  assert.ok(stored.every(({ seq }, index) => index === 0 || seq > stored[index - 1].seq));
  checkOrder(stored);
});

const isLast = ({ message }) => message.content === "last";
const essence = ({ id, user_id, content, created_at, seq, rev, edited_at }) => ({
  id,
  user_id,
  content,
  created_at,
  seq,
  rev,
  edited_at,
});

/** Each author's messages are in the order in which they were sent. */
function checkOrder(stored) {
  for (const { self } of [alice, bob]) {
    const own = stored.filter(({ user_id, content }) => user_id === self.id && content !== "last");
    const places = own.map(({ content }) => place(content));
    assert.deepEqual(
      places,
      [...places].sort((one, other) => one - other),
    );
  }
}

function place(content) {
  const [, round, number] = / (\d+)\.(\d+) /.exec(content) ?? [];
  const [, later, offline] = / (\d+), offline (\d+)/.exec(content) ?? [];
  return round === undefined ? later * 100 + 50 + Number(offline) : round * 100 + Number(number);
}

test("a client that is told to come back later does so", async () => {
  const told = heard(alice, "offline");
  await hub.kill("SIGTERM");
  const { code, reason, retryInMs } = await told;
  assert.equal(code, 1012);
  assert.equal(reason, `retry_after_ms=${retryInMs}`);
  await hub.start();
  await within(alice.ready(), "a new link");
});
