/** What goes wrong on the way: hubs that end, tabs, storage that is blocked, tokens and keys that end. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Agent } from "./agent.js";
import { Shop } from "./shop.js";
import { Wire } from "./wire.js";

let shop, app, ann;

before(async () => {
  shop = await Shop.open();
  app = shop.addApp("shop");
  ann = await Agent.make(shop.hub, app, "Ann");
  await ann.come();
});

after(() => shop?.clear());

async function talking(options) {
  const context = await shop.visitor();
  const widget = await shop.page(context, app, options);
  await widget.open();
  await widget.write("hello");
  const { ci: conversation, fi: user } = await ann.hears("hello");
  await widget.has("mine stored: hello");
  return { context, widget, conversation, user };
}

test("a hub that is killed and comes back: nothing is lost, nothing comes twice", async () => {
  const { widget, conversation } = await talking();
  const before = [];
  for (const [round, signal] of ["SIGKILL", "SIGTERM", "SIGKILL"].entries()) {
    // The one may be stored and not acknowledged, the other is written while nobody is there.
    await widget.write(`before ${round}`);
    await shop.hub.kill(signal);
    const isTold = () => {
      const said = document.querySelector("tradewind-chat").shadowRoot.querySelector(".strip p").textContent;
      return /^No connection|^The chat is being restarted/.test(said);
    };
    await widget.until(isTold, "to say so");
    await widget.write(`meanwhile ${round}`);
    await shop.hub.start();
    await ann.come();
    await ann.say(conversation, `back ${round}`);
    await ann.hears(`meanwhile ${round}`);
    await widget.until(
      () => document.querySelector("tradewind-chat").shadowRoot.querySelector(".waiting, .failed") === null,
      "all to be stored",
    );
    before.push(`before ${round}`, `meanwhile ${round}`, `back ${round}`);
  }
  await ann.say(conversation, "the end");
  const isLast = () => {
    const root = document.querySelector("tradewind-chat").shadowRoot;
    return root.querySelector(".message:last-child .bubble").textContent === "the end";
  };
  await widget.until(isLast, "the end");
  const stored = await ann.history(conversation);
  assert.deepEqual([...stored].sort(), ["hello", ...before, "the end"].sort());
  const shown = (await widget.texts()).map((text) => text.replace(/^\w+ stored: /, ""));
  assert.deepEqual(shown, stored);
  await widget.load();
  await widget.has(...await widget.texts());
  assert.deepEqual(widget.faults, []);
});

test("a link that has gone silent is noticed, and made anew", async () => {
  // What takes half a minute takes a quarter of a second.
  const hasten = () => {
    for (const name of ["setTimeout", "setInterval"]) {
      const begin = globalThis[name];
      globalThis[name] = (act, ms, ...rest) => begin(act, ms >= 10_000 ? ms / 120 : ms, ...rest);
    }
    const { timeout } = AbortSignal;
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 20);
  };
  const wire = await Wire.lay(shop.hub);
  try {
    const { widget, conversation } = await talking({ prepare: hasten, attributes: { hub: wire.url } });
    wire.die();
    await ann.say(conversation, "do you hear me?");
    await widget.says(".strip p", "No connection. Trying again…");
    await widget.write("no");
    await widget.has("mine stored: hello", "mine waiting: no");
    wire.mend();
    await widget.has("mine stored: hello", "theirs stored: do you hear me?", "mine stored: no");
    assert.deepEqual(await ann.history(conversation), ["hello", "do you hear me?", "no"]);
    await widget.isClean();
  } finally {
    wire.cut();
  }
});

test("what was stored, but never acknowledged, is there once", async () => {
  const cut = () => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      send.call(this, text);
      if (text.includes("only once") && !globalThis.hasCut) {
        globalThis.hasCut = true;
        this.close();
      }
    };
  };
  const { widget, conversation } = await talking({ prepare: cut });
  await widget.write("only once");
  await ann.hears("only once");
  await widget.has("mine stored: hello", "mine stored: only once");
  assert.deepEqual(await ann.history(conversation), ["hello", "only once"]);
  await widget.isClean();
});

test("messages stand in the hub's order, also where news come late", async () => {
  const late = () => {
    const { addEventListener } = WebSocket.prototype;
    WebSocket.prototype.addEventListener = function (type, listener) {
      const isLate = ({ data }) => data?.includes('"MSG"');
      const hear = (event) => setTimeout(() => listener(event), isLate(event) ? 1_000 : 0);
      addEventListener.call(this, type, hear);
    };
  };
  const { widget, conversation } = await talking({ prepare: late });
  await ann.say(conversation, "first");
  await widget.write("second");
  const all = ["mine stored: hello", "theirs stored: first", "mine stored: second"];
  await widget.has(...all);
  await ann.say(conversation, "third");
  await widget.has(...all, "theirs stored: third");
  await widget.isClean();
});

test("what was not stored yet outlives the page", async () => {
  const { widget, conversation } = await talking();
  await shop.hub.kill();
  await widget.says(".strip p", "No connection. Trying again…");
  await widget.write("kept");
  await shop.hub.start();
  await widget.load();
  await widget.has("mine stored: hello", "mine stored: kept");
  assert.deepEqual(await ann.history(conversation), ["hello", "kept"]);
  await ann.come();
});

test("two tabs are one visitor, and neither throws the other out", async () => {
  const { context, widget, conversation, user } = await talking();
  const other = await shop.page(context, app);
  await other.open();
  await other.has("mine stored: hello");
  await other.write("from the other tab");
  assert.equal((await ann.hears("from the other tab")).fi, user);
  await ann.say(conversation, "to both");
  const all = ["mine stored: hello", "mine stored: from the other tab", "theirs stored: to both"];
  await Promise.all([widget.has(...all), other.has(...all)]);
  await Promise.all([widget.isClean(), other.isClean()]);
});

test("a tab is the same device after each reload, and a new one takes the place of one that has gone", async () => {
  const { context, widget } = await talking();
  for (let round = 0; round < 3; round += 1) {
    await widget.load();
    await widget.has("mine stored: hello");
  }
  const other = await shop.page(context, app);
  await other.open();
  await other.page.close();
  const third = await shop.page(context, app);
  await third.open();
  const devices = [...widget.devices, ...other.devices, ...third.devices];
  const [first, second] = [widget.devices[0], other.devices[0]];
  assert.notEqual(first, second);
  assert.deepEqual(devices, [first, first, first, first, second, second]);
});

test("tabs that took the same device part, where the browser has no locks", async () => {
  const noLocks = () => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
    sessionStorage.setItem(`tradewind-chat ${new URLSearchParams(location.search).get("uuid")} slot`, "7");
  };
  const { context, widget, conversation } = await talking({ prepare: noLocks });
  const other = await shop.page(context, app, { prepare: noLocks });
  await other.open();
  await other.has("mine stored: hello");
  // The older one was thrown out; once somebody looks at it, it is another device.
  await widget.page.bringToFront();
  await widget.connected();
  await ann.say(conversation, "to both");
  const all = ["mine stored: hello", "theirs stored: to both"];
  await Promise.all([widget.has(...all), other.has(...all)]);
});

test("where nothing can be stored, it lasts as long as the page", async () => {
  const blocked = () => {
    for (const area of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(globalThis, area, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  };
  const { widget, conversation } = await talking({ prepare: blocked });
  await ann.say(conversation, "and back");
  await widget.has("mine stored: hello", "theirs stored: and back");
  await widget.isClean();
});

test("a token that is not taken any more is renewed, for the same visitor", async () => {
  const { widget, user } = await talking();
  await widget.page.evaluate((uuid) => {
    const name = `tradewind-chat ${uuid} identity`;
    localStorage.setItem(name, JSON.stringify({ ...JSON.parse(localStorage.getItem(name)), token: "gone" }));
  }, app.uuid);
  await widget.load();
  await widget.has("mine stored: hello");
  await widget.write("still me");
  assert.equal((await ann.hears("still me")).fi, user);
  await widget.isClean();
});

test("an app that has ended says so, at once", async () => {
  const stall = shop.addApp("stall");
  const eve = await Agent.make(shop.hub, stall, "Eve");
  await eve.come();
  const widget = await shop.page(await shop.visitor(), stall);
  await widget.open();
  shop.hub.command("app", "remove", "--name", "stall");
  await widget.says(".strip p", "This chat is not available any more.");
});

test("a page that the app does not name, and wrong keys, are told apart", async () => {
  const said = [];
  const club = shop.addApp("club", "--allowed-origins", "https://club.example");
  const widget = await shop.page(await shop.visitor(), club);
  widget.page.on("console", (message) => said.push(message.text()));
  await widget.page.click(">>> .launcher");
  await widget.says(".strip p", "This chat may not be used on this page.");
  assert.ok(said.some((text) => text.includes(`the app does not name ${shop.origin}`)), `${said}`);
  shop.hub.command("app", "set", "--name", "club", "--allowed-origins", shop.origin);
  await widget.page.click(">>> .strip button");
  await widget.connected();
  const wrong = { ...app, uuid: club.uuid };
  const other = await shop.page(await shop.visitor(), wrong);
  await other.page.click(">>> .launcher");
  await other.says(".strip p", "This chat is not available any more.");
});

test("who comes too often is told so", async () => {
  const busy = await Shop.open({ LIMITS__ENABLED: "true", LIMITS__APP_VISITORS_PER_IP_PER_HOUR: "1" });
  try {
    const inn = busy.addApp("inn");
    await Agent.make(busy.hub, inn, "Ann");
    const first = await busy.page(await busy.visitor(), inn);
    await first.open();
    const second = await busy.page(await busy.visitor(), inn);
    await second.page.click(">>> .launcher");
    await second.says(".strip p", "Too many chats have been opened here lately. Trying again later…");
    await second.write("patience");
    await second.has("mine waiting: patience");
  } finally {
    await busy.clear();
  }
});
