/** A visitor and an agent, through the widget in a page of another origin with a strict policy. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DEADLINE_MS } from "../../../sdk/test/hub.js";
import { Agent } from "./agent.js";
import { Shop } from "./shop.js";

const SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";

let shop, app, ann;

before(async () => {
  shop = await Shop.open();
  app = shop.addApp("shop", "--welcome", "Welcome to the shop!");
  ann = await Agent.make(shop.hub, app, "Ann");
  await ann.come();
});

after(() => shop?.clear());

/** A visitor whose conversation has begun. */
async function talking() {
  const context = await shop.visitor();
  const widget = await shop.page(context, app);
  await widget.open();
  await widget.write("hello");
  const { ci: conversation, fi: user } = await ann.hears("hello");
  await widget.has("mine stored: hello");
  return { context, widget, conversation, user };
}

test("who does not open it is nobody to the hub", async () => {
  const widget = await shop.page(await shop.visitor(), app);
  await widget.page.waitForNetworkIdle({ idleTime: 500 });
  const asked = widget.requests.filter((path) => /^\/(api|ppauth|pcsocket)/.test(path));
  assert.deepEqual(asked, []);
  assert.ok(widget.requests.includes("/widget/chat.js"));
  await widget.isClean();
});

test("a visitor opens it, writes, and is answered", async () => {
  const { widget, conversation } = await talking();
  const { title, presence, notice, messages } = await widget.shown();
  assert.deepEqual([title, presence, notice], ["shop", "Ann is here", null]);
  assert.equal(messages[0], "Welcome to the shop!");
  await ann.say(conversation, "hello 안녕 👋");
  await widget.has("mine stored: hello", "theirs stored: hello 안녕 👋");
  await widget.isClean();
});

test("both see that the other types", async () => {
  const { widget, conversation } = await talking();
  ann.types(conversation);
  await widget.says(".typing span", "Ann is typing…");
  await ann.say(conversation, "what I typed");
  await widget.says(".typing span", "");
  await widget.page.type(">>> textarea", "I type");
  await ann.hearsTyping();
  await widget.isClean();
});

test("an agent comes and goes, and the offline text says what the app's owner has set", async () => {
  const text = "We are back at nine.";
  const cafe = shop.addApp("cafe", "--offline-text", text);
  const bob = await Agent.make(shop.hub, cafe, "Bob");
  const widget = await shop.page(await shop.visitor(), cafe);
  await widget.open();
  await widget.says(".presence", "Away");
  await widget.says(".strip p", text);
  await bob.come();
  await widget.says(".presence", "Bob is here");
  await widget.says(".strip p", "");
  await bob.go();
  await widget.says(".presence", "Away");
  await widget.says(".strip p", text);
  // What the app sends as a message is not said before.
  shop.hub.command("app", "set", "--name", "cafe", "--return-offline", "true");
  await widget.load();
  await widget.connected();
  await widget.write("anybody?");
  await widget.has("mine stored: anybody?", `apps stored: ${text}`);
  await widget.isClean();
});

test("an agent who writes in REWIND is there, too", async () => {
  const bar = shop.addApp("bar");
  await Agent.make(shop.hub, bar, "Dan");
  const widget = await shop.page(await shop.visitor(), bar);
  await widget.open();
  await widget.says(".presence", "Away");
  await widget.write("two, please");
  await widget.has("mine stored: two, please");
  const token = shop.hub.command("user", "token", "--name", "Dan").trim();
  const dan = await shop.hub.enter({ token });
  const [room] = dan.rooms.values();
  assert.equal(room.last.content, "two, please");
  await dan.send(room.id, "here they are");
  await widget.has("mine stored: two, please", "theirs stored: here they are");
  await widget.says(".presence", "Dan is here");
  await widget.isClean();
});

test("what the hub does not take says so, and is sent again by a button", async () => {
  // The first of these messages is of a type that there is not.
  const spoil = () => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const isFirst = text.includes("spoilt") && !globalThis.hasSpoilt;
      globalThis.hasSpoilt ||= isFirst;
      send.call(this, isFirst ? text.replace("NOTI", "NONE") : text);
    };
  };
  const context = await shop.visitor();
  const widget = await shop.page(context, app, { prepare: spoil });
  await widget.open();
  await widget.write("spoilt");
  await widget.has("mine failed: spoilt");
  await widget.write("next");
  await widget.has("mine stored: next", "mine failed: spoilt");
  await widget.page.click(">>> .failed .again");
  await widget.has("mine stored: next", "mine stored: spoilt");
  const { ci: conversation } = await ann.hears("spoilt");
  assert.deepEqual(await ann.history(conversation), ["next", "spoilt"]);
  await widget.isClean();
});

test("a visitor of an app without agents waits, and loses nothing", async () => {
  const kiosk = shop.addApp("kiosk");
  const widget = await shop.page(await shop.visitor(), kiosk);
  await widget.open();
  await widget.write("first!");
  await widget.has("mine waiting: first!");
  const cyd = await Agent.make(shop.hub, kiosk, "Cyd");
  await cyd.come();
  await cyd.hears("first!");
  await widget.has("mine stored: first!");
  await widget.says(".presence", "Cyd is here");
  await widget.isClean();
});

test("what comes while it is closed is counted, by all tabs, until one shows it", async () => {
  const { context, widget, conversation } = await talking();
  await widget.close();
  await ann.say(conversation, "one");
  await widget.says(".badge", "1");
  const other = await shop.page(context, app);
  await other.says(".badge", "1");
  await ann.say(conversation, "two");
  await Promise.all([widget.says(".badge", "2"), other.says(".badge", "2")]);
  assert.equal(await widget.unacknowledged(app), 2);
  const label = await widget.page.$eval(">>> .launcher", (button) => button.ariaLabel);
  assert.equal(label, "Open chat, 2 unread messages");
  await other.page.bringToFront();
  await other.open();
  await Promise.all([widget.says(".badge", ""), other.says(".badge", "")]);
  // The hub knows it, too: a tab of any time counts none.
  const deadline = Date.now() + DEADLINE_MS;
  while ((await other.unacknowledged(app)) > 0) {
    assert.ok(Date.now() < deadline, "acknowledged");
  }
  await Promise.all([widget.isClean(), other.isClean()]);
});

test("a text that is a script stays text, whoever says it", async () => {
  const { widget, conversation } = await talking();
  await ann.say(conversation, SCRIPT);
  await widget.write(SCRIPT);
  const scripts = ["mine stored: hello", `theirs stored: ${SCRIPT}`, `mine stored: ${SCRIPT}`];
  await widget.has(...scripts);
  assert.equal(await widget.page.$(">>> .log img, .log script"), null);
  const addresses = "see https://shop.example/lamp?a=1&b=%22, or javascript:alert(1).";
  await ann.say(conversation, addresses);
  await widget.has(...scripts, `theirs stored: ${addresses}`);
  const links = await widget.page.$$eval(">>> .bubble a", (all) => all.map(({ href, rel }) => [href, rel]));
  assert.deepEqual(links, [["https://shop.example/lamp?a=1&b=%22", "noopener noreferrer nofollow"]]);
  assert.equal(await widget.page.title(), "A lamp");
  await widget.isClean();
});

test("files are links, and a long text that came as a file is a text", async () => {
  const { widget, conversation } = await talking();
  const file = await ann.upload("offer.txt", "cheap");
  await ann.say(conversation, JSON.stringify({ fid: file, name: "<b>offer</b>.txt" }), "FILE");
  const long = await ann.upload("long.txt", "so long ".repeat(100));
  await ann.say(conversation, JSON.stringify({ fid: long }), "TXT");
  await widget.has("mine stored: hello", "theirs stored: <b>offer</b>.txt", `theirs stored: ${"so long ".repeat(100)}`);
  const address = await widget.page.$eval(">>> .bubble a", ({ href }) => href);
  assert.equal(await (await fetch(address)).text(), "cheap");
  await widget.isClean();
});

test("a reload keeps the conversation, and older messages are had by a button", async () => {
  const { widget, conversation } = await talking();
  const texts = Array.from({ length: 40 }, (_, number) => `number ${number}`);
  for (const text of texts) {
    await ann.say(conversation, text);
  }
  await widget.load();
  const theirs = texts.map((text) => `theirs stored: ${text}`);
  await widget.has(...theirs.slice(-30));
  assert.equal(await widget.page.$eval(">>> .panel", ({ open }) => open), true, "it was open in this tab");
  assert.equal(await widget.page.evaluate(() => document.activeElement.localName), "body", "no focus is taken");
  await widget.page.click(">>> .older");
  await widget.has("mine stored: hello", ...theirs);
  assert.equal(await widget.page.$eval(">>> .older", ({ hidden }) => hidden), true);
  await widget.isClean();
});
