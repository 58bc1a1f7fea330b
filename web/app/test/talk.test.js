/** What holds while people talk: nothing lost or doubled, nothing jumps, nothing runs, nothing is sent too early. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { xor } from "../../sdk/tradewind.js";
import { Person, Stage } from "./stage.js";

const MANY = 5_000;
let stage, users, alice, bob;

before(async () => {
  stage = await Stage.open();
  users = stage.addUsers("alice", "bob", "carol");
  const clients = await Promise.all(users.slice(0, 2).map((user) => stage.hub.enter(user)));
  const befriended = new Promise((resolve) => clients[0].on("friend", resolve));
  await clients[0].requestFriend("bob");
  await clients[1].acceptFriend("alice").catch(() => {});
  await befriended;
  await fill(users[2], users[0], MANY);
  [alice, bob] = [await stage.enter("alice"), await stage.enter("bob")];
});

after(() => stage?.close());

/** Has somebody say very much at once: frames one behind the other. */
async function fill(author, reader, count) {
  const room = xor(author.id, reader.id);
  const socket = new WebSocket(`${stage.hub.url.replace("http", "ws")}/ws`);
  const send = (type, payload) => socket.send(JSON.stringify({ type, payload }));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  send("heartbeat", {});
  send("auth", { auth: author.token });
  await new Promise((resolve) => {
    let [sent, told] = [0, -2];
    socket.addEventListener("message", () => {
      told += 1;
      while (sent < count && sent < told + 200) {
        sent += 1;
        send("chat", {
          type: "send",
          chat_id: room,
          content: `number ${sent}${sent % 7 === 0 ? " and a longer text".repeat(9) : ""}`,
        });
      }
      told === count && resolve();
    });
  });
  socket.close();
}

/** Opens the conversation of both, at its end. */
async function talking() {
  for (const [person, name] of [
    [alice, "bob"],
    [bob, "alice"],
  ]) {
    await person.page.evaluate(() => (location.hash = "#/friends"));
    await person.opens(name);
    await person.page.evaluate(() => (location.hash = location.hash.replace("/info", "")));
  }
}

test("a message that is a script stays text, and links lead nowhere but out", async () => {
  await talking();
  const texts = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "javascript:alert(1) data:text/html,x"];
  for (const text of texts) {
    await bob.says(text);
  }
  await alice.has(...texts.map((text) => `theirs: ${text}`));
  assert.equal(await alice.page.$(".text img, .text script, .text a"), null);
  const long = "word ".repeat(400).trim();
  await bob.pastes(long);
  await alice.press("Show more");
  await alice.has(`theirs: ${long}`);
  await alice.passesAxe("long texts");
});

test("killed and started again between two messages, nothing is lost or doubled", async () => {
  await talking();
  await alice.says("before");
  await bob.has("theirs: before");
  await stage.hub.kill();
  await alice.says("while it is dead, 1");
  await alice.says("while it is dead, 2");
  await bob.says("bob, while it is dead");
  await alice.sees("2 unsent");
  await alice.sees("again in");
  assert.equal(await alice.page.$$eval(".state[data-state=waiting]", (all) => all.length), 2);
  await alice.passesAxe("offline");
  await stage.hub.start();
  const mine = ["mine: before", "mine: while it is dead, 1", "mine: while it is dead, 2"];
  await alice.until(() => document.querySelector(".state[data-state=waiting], .connection p") === null);
  await bob.until(() => document.querySelector(".state[data-state=waiting], .connection p") === null);
  const both = [await alice.messages(), await bob.messages()];
  const swapped = both[1].map((line) =>
    line.startsWith("mine") ? line.replace("mine", "theirs") : line.replace("theirs", "mine"),
  );
  assert.deepEqual(both[0], swapped, "both see the same in the same order");
  assert.deepEqual(both[0].filter((line) => line.startsWith("mine")).slice(-3), mine);
  assert.equal(both[0].filter((line) => line === "theirs: bob, while it is dead").length, 1);
  // A reload shows the same: it is stored.
  await alice.page.reload();
  await alice.page.waitForSelector(".message");
  await alice.has(...both[0]);
});

test("what a closed tab has left unsent is sent by the next one", async () => {
  await talking();
  await stage.hub.kill();
  await alice.says("left behind");
  await alice.sees("1 unsent");
  await alice.page.goto("about:blank");
  await stage.hub.start();
  await alice.page.goto(stage.hub.url);
  await alice.opens("bob");
  await alice.until(() => document.querySelector(".state[data-state=waiting]") === null);
  await alice.has("mine: left behind");
  await bob.has("theirs: left behind");
});

test("5,000 messages are scrolled up without a jump", async () => {
  await alice.page.evaluate(() => (location.hash = "#/"));
  await alice.opens("carol");
  await alice.until(() => document.querySelectorAll(".message").length > 20);
  const { jumps, most, steps, slowest, first } = await alice.page.evaluate(async () => {
    const box = document.querySelector(".scroll");
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));
    const top = (row) => row.getBoundingClientRect().top;
    const text = (row) => row.querySelector(".text").textContent;
    const seen = { jumps: [], most: 0, steps: 0, slowest: 0, first: "" };
    new PerformanceObserver((list) => {
      list.getEntries().forEach(({ duration }) => (seen.slowest = Math.max(seen.slowest, duration)));
    }).observe({ entryTypes: ["longtask"] });
    const until = performance.now() + 60_000;
    while (performance.now() < until) {
      const row = [...document.querySelectorAll(".message")].find((one) => top(one) > 350);
      const [before, name] = [top(row), row.dataset.key];
      const by = Math.min(1_500, box.scrollTop);
      box.scrollTop -= by;
      for (let frames = 0; frames < 3; frames += 1) {
        await frame();
        const same = document.querySelector(`[data-key="${name}"]`);
        const moved = same === null ? NaN : top(same) - before - by;
        if (!(Math.abs(moved) <= 2)) {
          seen.jumps.push(`${text(row).slice(0, 20)}: ${moved}`);
        }
      }
      seen.most = Math.max(seen.most, document.querySelectorAll(".message").length);
      seen.steps += 1;
      seen.first = text(document.querySelector(".message"));
      if (by === 0 && seen.first === "number 1") {
        break;
      }
    }
    return seen;
  });
  assert.equal(first, "number 1");
  assert.deepEqual(jumps, []);
  assert.ok(most <= 120, `${most} messages in the page`);
  assert.ok(steps > 50, `${steps} steps`);
  console.log(`scrolled in ${steps} steps; the slowest task took ${Math.round(slowest)} ms`);
  await alice.press("Jump to the newest message");
  await alice.has(`theirs: number ${MANY}`);
  const below = await alice.page.$eval(".scroll", (box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  assert.ok(below < 2, `${below} px below`);
});

test("what the hub refuses says so, and is sent again by a button", async () => {
  // The first frame with this text is of a kind that there is not.
  const prepare = () => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const isFirst = text.includes("spoilt") && !globalThis.hasSpoilt;
      globalThis.hasSpoilt ||= isFirst;
      send.call(this, isFirst ? text.replace('"type":"send"', '"type":"spend"') : text);
    };
  };
  const carol = await stage.enter("carol", { prepare });
  await carol.opens("alice");
  await carol.says("spoilt");
  await carol.page.waitForSelector(".failed");
  await carol.passesAxe("refused");
  await carol.press("Try again");
  await carol.until(
    () => document.querySelector(".message:last-child .state:is([data-state=stored], [data-state=read])") !== null,
  );
  await carol.has("mine: spoilt");
  carol.isClean();
  await carol.context.close();
});

test("no message is sent in the middle of a syllable", async () => {
  await talking();
  const before = (await alice.messages()).length;
  await alice.page.focus("textarea");
  const keys = await alice.page.createCDPSession();
  for (const text of ["ㅎ", "하", "한"]) {
    await keys.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  // The Enter that ends the syllable is the input method's.
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
  await keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await keys.send("Input.insertText", { text: "한" });
  await keys.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
  assert.equal(await alice.page.$eval("textarea", ({ value }) => value), "한");
  assert.equal((await alice.messages()).length, before);
  await alice.page.keyboard.press("Enter");
  await bob.has("theirs: 한");
});

test("by keyboard alone: log in, open a conversation, say something, change it, log out", async () => {
  const carol = await stage.person();
  const { keyboard } = carol.page;
  await carol.find("textbox", "E-mail");
  const until = async (name, selector = "*") => {
    for (let tabs = 0; tabs < 60; tabs += 1) {
      const focused = await carol.page.evaluate((selector) => {
        const one = document.activeElement;
        if (one === document.body || !one.matches(selector)) {
          return "";
        }
        return (one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent).replace(/[\u2066-\u2069]/g, "");
      }, selector);
      if (focused.includes(name)) {
        return;
      }
      await keyboard.press("Tab");
    }
    assert.fail(`${name} is not to be reached by Tab`);
  };
  await keyboard.type("carol@example.org");
  await keyboard.press("Tab");
  await keyboard.type("wonderland 1");
  await keyboard.press("Enter");
  await carol.page.waitForSelector(".list a.row");
  await until("spoilt");
  await keyboard.press("Enter");
  await carol.page.waitForSelector("textarea:focus");
  await keyboard.type("by keys");
  await keyboard.press("Enter");
  await carol.has("mine: by keys");
  await carol.until(
    () => document.querySelector(".message:last-child .state:is([data-state=stored], [data-state=read])") !== null,
  );
  await keyboard.press("ArrowUp");
  await carol.sees("Editing your message");
  await keyboard.type(" alone");
  await keyboard.press("Enter");
  await carol.has("mine: by keys alone");
  // Messages are one stop, arrows go between them, and what can be done with one comes after it.
  await carol.page.evaluate(() => document.activeElement.blur());
  await until("by keys alone", ".message");
  await keyboard.press("ArrowUp");
  await until("spoilt", ".message");
  await keyboard.press("ArrowDown");
  await until("Delete");
  await keyboard.press("Enter");
  await carol.sees("Delete this message?");
  await keyboard.press("Escape");
  await carol.seesNot("Delete this message?");
  await until("Delete");
  await carol.page.evaluate(() => document.activeElement.blur());
  await until("Menu");
  await keyboard.press("Enter");
  await carol.page.waitForSelector("[role=menuitem]:focus");
  await keyboard.press("End");
  await keyboard.press("Enter");
  await carol.find("heading", "Welcome back");
  carol.isClean();
  await carol.context.close();
});

test("log out in one tab logs out the other", async () => {
  const other = await Person.at(alice.context, stage.hub.url);
  await other.page.waitForSelector(".side");
  await other.press("Menu");
  await other.press("Log out", "menuitem");
  await other.find("heading", "Welcome back");
  await alice.page.bringToFront();
  await alice.find("heading", "Welcome back");
  await alice.sees("You have been logged out.");
  assert.equal(await alice.page.evaluate(() => localStorage.getItem("tradewind.token")), null);
  other.isClean();
});

test("a count in the title is there for whoever asks for it, and languages change at once", async () => {
  await alice.logIn("alice@example.org");
  await alice.page.evaluate(() => (location.hash = "#/settings"));
  await alice.find("heading", "Settings");
  await alice.page.evaluate(() => localStorage.setItem("tradewind.notify", "yes"));
  await alice.page.reload();
  await bob.says("are you there?");
  await alice.until(() => /^\(\d+\) Tradewind$/.test(document.title));
  await alice.page.waitForSelector(".settings .looks select");
  await alice.page.select(".settings .looks select", "ko");
  await alice.find("heading", "설정");
  await alice.passesAxe("in Korean");
  await alice.page.reload();
  await alice.find("heading", "설정");
});

test("on a narrow screen nothing is wider than it", async () => {
  const small = await Person.at(bob.context, stage.hub.url, { width: 320, height: 640 });
  const fits = () => small.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await small.page.waitForSelector(".list a.row");
  assert.ok(await fits(), "the list");
  await small.opens("alice");
  assert.ok(await fits(), "a conversation");
  await small.passesAxe("a narrow conversation");
  await small.press("Back");
  await small.page.waitForSelector(".list a.row", { visible: true });
  await small.page.evaluate(() => (location.hash = "#/settings"));
  await small.find("heading", "Settings");
  assert.ok(await fits(), "settings");
  small.isClean();
});

test("nothing has broken, and nothing was against the policy", () => {
  [alice, bob].forEach((person) => person.isClean());
});
