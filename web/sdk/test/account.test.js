/** What goes by HTTP, on a real hub. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Account, Client, login, register, requestReset, resetPassword } from "../tradewind.js";
import { Hub, heard, within } from "./hub.js";

const hub = new Hub();
const alice = { name: "alice", email: "alice@example.org", password: "wonderland" };

before(() => hub.start());
after(() => hub.clear());

test("somebody registers, follows the link, logs in and connects", async () => {
  await register(hub.url, alice);
  await assert.rejects(login(hub.url, alice), { code: 401 });
  assert.ok((await fetch(await hub.link(1))).ok);
  const client = await within(hub.client().connect(await login(hub.url, alice)), "a welcome");
  assert.equal((await client.account.show()).email, alice.email);
  client.close();
  await assert.rejects(register(hub.url, alice), { code: 400 });
});

test("an account is changed, and what is wrong is named", async () => {
  const account = new Account(hub.url, await login(hub.url, alice));
  const { profile } = await account.change({ profile: "sailor" });
  assert.equal(profile, "sailor");
  hub.addUser("bob");
  const taken = { code: 409, problem: "name_taken" };
  await assert.rejects(account.change({ name: "bob" }), taken);
  await account.block("bob");
  assert.deepEqual(
    (await account.blocks()).map(({ name }) => name),
    ["bob"],
  );
  await account.unblock("bob");
  assert.deepEqual(await account.blocks(), []);
  const kept = JSON.parse(await (await account.export()).text());
  assert.ok(JSON.stringify(kept).includes(alice.email));
});

test("log-ins are listed and ended, and a client that logs out stays out", async () => {
  const token = await login(hub.url, alice);
  const account = new Account(hub.url, async () => token);
  const client = await within(hub.client().connect(await login(hub.url, alice)), "a welcome");
  const [other] = (await account.sessions()).filter(({ sockets }) => sockets === 1);
  const out = heard(client, "signedout");
  await account.endSession(other.id);
  assert.equal((await out).code, 4010);
  const fresh = await account.refresh();
  const again = await within(new Client(hub.url).connect(fresh), "a welcome");
  await again.logOut();
  assert.equal(again.status, "closed");
  await assert.rejects(account.show(), { code: 401, problem: "token_invalid" });
});

test("a password is changed and reset, and the account deleted", async () => {
  const account = new Account(hub.url, await login(hub.url, alice));
  await account.changePassword(alice.password, "looking-glass");
  await assert.rejects(login(hub.url, alice), { code: 401 });
  const mails = hub.mails;
  await requestReset(hub.url, alice.email);
  const link = await hub.link(mails + 1);
  await resetPassword(hub.url, link.split("/").at(-1), alice.password);
  const token = await login(hub.url, alice);
  await new Account(hub.url, token).delete(alice.password);
  await assert.rejects(login(hub.url, alice), { code: 401 });
});
