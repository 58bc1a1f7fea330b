/** How it is used: by the keyboard, on a phone, by day and by night. `SCREENSHOTS` names a folder for pictures. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Agent } from "./agent.js";
import { Shop } from "./shop.js";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

let shop, app, ann;

before(async () => {
  shop = await Shop.open();
  app = shop.addApp("The lamp shop", "--welcome", "Welcome! Ask us anything about lamps.");
  ann = await Agent.make(shop.hub, app, "Ann");
  await ann.come();
});

after(() => shop?.clear());

/** Where the focus is: in the widget, or else in the page. */
const focused = (page) =>
  page.evaluate(() => {
    const inside = document.querySelector("tradewind-chat").shadowRoot.activeElement;
    return inside === null ? document.activeElement.localName : inside.className || inside.localName;
  });

test("it is used by the keyboard alone", async () => {
  const { self, page } = await opened(null);
  await page.focus(">>> .launcher");
  await page.keyboard.press("Enter");
  await self.connected();
  assert.equal(await focused(page), "textarea");
  await page.keyboard.type("by keys");
  await page.keyboard.down("Shift");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Shift");
  await page.keyboard.type("in two lines");
  await page.keyboard.press("Enter");
  await ann.hears("by keys\nin two lines");
  assert.equal(await focused(page), "textarea");
  await page.keyboard.press("Escape");
  assert.equal(await page.$eval(">>> .panel", ({ open }) => open), false);
  assert.equal(await focused(page), "launcher");
  // Back into it, through everything, and out again into the page.
  await page.keyboard.press("Enter");
  await page.focus(">>> .launcher");
  await page.keyboard.press("Escape");
  assert.equal(await page.$eval(">>> .panel", ({ open }) => open), false);
  await page.keyboard.press("Enter");
  const seen = new Set();
  for (let step = 0; step < 8; step += 1) {
    seen.add(await focused(page));
    await page.keyboard.press("Tab");
  }
  assert.deepEqual([...seen].filter((it) => ["close", "log", "textarea", "launcher"].includes(it)).sort(), [
    "close",
    "launcher",
    "log",
    "textarea",
  ]);
  await self.isClean();
});

test("everything has a name, and the log is said aloud", async () => {
  const { page, self } = await opened(DESKTOP);
  const nodes = flat(await page.accessibility.snapshot({ interestingOnly: false }));
  const nameless = nodes.filter(({ role, name }) => ["button", "textbox", "dialog", "log"].includes(role) && !name);
  assert.deepEqual(nameless, []);
  const log = await page.$eval(">>> .log", (node) => node.getAttribute("role"));
  assert.equal(log, "log");
  await self.isClean();
});

const flat = (node) => [node, ...(node.children ?? []).flatMap(flat)];

/** A page whose widget is open, of a size; not open yet where there is none. */
async function opened(viewport, features = []) {
  const self = await shop.page(await shop.visitor(), app);
  await self.page.emulateMediaFeatures(features);
  if (viewport !== null) {
    await self.page.setViewport(viewport);
    // To be a phone, the page is loaded again.
    await self.load();
    await self.open();
  }
  return { self, page: self.page };
}

async function picture(page, name) {
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `widget-${name}.png`) });
  }
}

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  for (const scheme of ["light", "dark"]) {
    test(`there is room for all of it: ${size}, ${scheme}`, async () => {
      const { self, page } = await opened(viewport, [{ name: "prefers-color-scheme", value: scheme }]);
      const question = "Hello! Is the brass lamp in stock, and how long is its cable?";
      await self.write(question);
      const { ci: conversation } = await ann.hears(question);
      await ann.say(conversation, "Good morning!");
      const address = "https://shop.example/lamps/brass-lamp-with-a-very-long-name-indeed";
      await ann.say(conversation, `Yes, two of them. See ${address}`);
      await self.write("👍");
      await ann.hears("👍");
      ann.types(conversation);
      await self.says(".typing span", "Ann is typing…");
      await picture(page, `${size}-${scheme}-open`);
      const fits = await page.evaluate(() => {
        const root = document.querySelector("tradewind-chat").shadowRoot;
        const boxes = [...root.querySelectorAll(".panel *")].map((node) => node.getBoundingClientRect());
        const wide = boxes.filter(({ left, right }) => left < 0 || right > innerWidth + 0.5).length;
        const small = [...root.querySelectorAll(".close, .send, textarea")].filter(
          (node) => node.getBoundingClientRect().height < 40,
        ).length;
        return { wide, small, page: document.documentElement.scrollWidth <= innerWidth };
      });
      assert.deepEqual(fits, { wide: 0, small: 0, page: true });
      await self.close();
      await ann.say(conversation, "Shall I put one aside for you?");
      await self.says(".badge", "1");
      await picture(page, `${size}-${scheme}-closed`);
      await self.isClean();
    });
  }
}

test("on a phone the page behind it is out of reach, beside it on a desk it is not", async () => {
  const isModal = (page) => page.$eval(">>> .panel", (panel) => panel.matches(":modal"));
  const [phone, desk] = [await opened(PHONE), await opened(DESKTOP)];
  assert.deepEqual([await isModal(phone.page), await isModal(desk.page)], [true, false]);
  await phone.page.keyboard.press("Escape");
  assert.equal(await phone.page.$eval(">>> .panel", ({ open }) => open), false);
  assert.equal(await focused(phone.page), "launcher");
});

test("nothing moves for who wants it still", async () => {
  const moving = async (value) => {
    const { page } = await opened(DESKTOP, [{ name: "prefers-reduced-motion", value }]);
    return page.$eval(">>> .panel", (panel) => getComputedStyle(panel).animationName);
  };
  assert.deepEqual([await moving("reduce"), await moving("no-preference")], ["none", "rise"]);
});

test("a page may allow it by a nonce alone", async () => {
  const widget = await shop.page(await shop.visitor(), app, { attributes: { nonce: "r4nd0m" } });
  await widget.open();
  await widget.isClean();
});

test("the page may choose title, color and side", async () => {
  const attributes = { title: "Ask Ann", color: "#ffd54f", side: "left" };
  const widget = await shop.page(await shop.visitor(), app, { attributes });
  await widget.open();
  assert.equal((await widget.shown()).title, "Ask Ann");
  const look = await widget.page.$eval(">>> .launcher", (node) => {
    const { backgroundColor, color } = getComputedStyle(node);
    return [backgroundColor, color, node.getBoundingClientRect().left];
  });
  assert.deepEqual(look, ["rgb(255, 213, 79)", "rgb(20, 22, 26)", 20]);
  // And nothing else: its own styles are not for the widget.
  const kept = await widget.page.$eval(">>> .presence", (node) => {
    const { fontFamily, fontSize, letterSpacing, margin } = getComputedStyle(node);
    return [fontFamily.split(",")[0], fontSize, letterSpacing, margin];
  });
  assert.deepEqual(kept, ["system-ui", "13px", "normal", "0px"]);
  await widget.isClean();
});
