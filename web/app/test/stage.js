/**
 * The chat as people use it: a hub, a browser, and a person in each window of it. scripts/sdk names the browser and the
 * folder of the tools; WEB_DIR has the hub read the page from a folder, for whoever changes it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { DEADLINE_MS, Hub } from "../../sdk/test/hub.js";

const tools = createRequire(join(process.env.SDK_TOOLS, "package.json"));
const { launch } = tools("puppeteer-core");
const AXE = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

export const PASSWORD = "wonderland 1";
/** Names of people stand between marks that keep their direction apart. */
const plain = (text) => text.replace(/[\u2066-\u2069]/g, "");

export class Stage {
  people = [];

  static async open(settings = {}, ...options) {
    const stage = new Stage();
    const folder = process.env.WEB_DIR ? { HTTP__WEB_DIR: process.env.WEB_DIR } : {};
    stage.hub = new Hub({ ...folder, ...settings });
    stage.options = options;
    await stage.hub.start(...options);
    const args = ["--no-sandbox", "--disable-dev-shm-usage", "--lang=en-US"];
    stage.browser = await launch({ executablePath: process.env.CHROMIUM, args });
    return stage;
  }

  /** Users with a password, by name. */
  addUsers(...names) {
    return names.map((name) => this.hub.addUser(name, PASSWORD));
  }

  /** Somebody at a browser of his own. */
  async person(place = "/", settings = {}) {
    const context = await this.browser.createBrowserContext();
    const person = await Person.at(context, `${this.hub.url}${place}`, settings);
    this.people.push(person);
    return person;
  }

  /** Somebody who has logged in. */
  async enter(name, settings) {
    const person = await this.person("/", settings);
    await person.logIn(`${name}@example.org`);
    return person;
  }

  async close() {
    await this.browser?.close();
    await this.hub?.clear();
  }
}

export class Person {
  faults = [];

  static async at(context, address, { width = 1_100, height = 760, prepare } = {}) {
    const person = new Person();
    person.context = context;
    person.page = await context.newPage();
    await person.page.setViewport({ width, height });
    person.#watch();
    if (prepare !== undefined) {
      await person.page.evaluateOnNewDocument(prepare);
    }
    await person.page.goto(address);
    return person;
  }

  /** Notes whatever breaks the policy of the page, or breaks at all. */
  #watch() {
    this.page.on("pageerror", (error) => this.faults.push(`${error.stack ?? error}`));
    this.page.on("console", (message) => {
      const isNetwork = /Failed to load resource|WebSocket connection/.test(message.text());
      if (message.type() === "error" && !isNetwork) {
        this.faults.push(message.text());
      }
    });
  }

  /** Nothing has broken, and nothing was against the policy. */
  isClean() {
    assert.deepEqual(this.faults, []);
  }

  async logIn(email, password = PASSWORD) {
    await this.fill("E-mail", email);
    await this.fill("Password", password);
    await this.press("Log in");
    await this.page.waitForSelector(".side");
    await this.until(() => document.querySelector(".skeleton") === null);
  }

  /** Something by its role and its name, as whoever does not see the page finds it. */
  async find(role, name) {
    return this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, { timeout: DEADLINE_MS });
  }

  async press(name, role = "button") {
    const element = await this.find(role, name);
    // Where it is when it stands still: what moves between look and click is missed.
    await element.evaluate(async (one) => {
      one.scrollIntoView({ block: "nearest" });
      const frame = () => new Promise((done) => requestAnimationFrame(() => done(one.getBoundingClientRect().top)));
      for (let still = 0, last = await frame(); still < 3;) {
        const now = await frame();
        still = now === last ? still + 1 : 0;
        last = now;
      }
    });
    await element.click();
  }

  async fill(name, text) {
    const element = await this.find("textbox", name);
    await element.evaluate((one) => one.select());
    await element.type(text);
  }

  /** Waits until something holds in the page. */
  async until(holds, ...args) {
    await this.page.waitForFunction(holds, { timeout: DEADLINE_MS, polling: 50 }, ...args);
  }

  /** Waits until the page shows a text. */
  async sees(text) {
    const shows = (text) => document.body.innerText.replace(/[\u2066-\u2069]/g, "").includes(text);
    await this.until(shows, text).catch(async (error) => {
      const shown = await this.page.evaluate(() => document.body.innerText);
      throw new Error(`"${text}" is not to be seen in:\n${plain(shown)}`, { cause: error });
    });
  }

  async seesNot(text) {
    await this.until((text) => !document.body.innerText.replace(/[\u2066-\u2069]/g, "").includes(text), text);
  }

  /** Says something in the open conversation. */
  async says(text) {
    await this.page.waitForSelector(".composer textarea");
    await this.page.focus(".composer textarea");
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  /** Says something long at once. */
  async pastes(text) {
    await this.page.focus(".composer textarea");
    const keys = await this.page.createCDPSession();
    await keys.send("Input.insertText", { text });
    await this.page.keyboard.press("Enter");
  }

  /** Opens a conversation by its name in the list. */
  async opens(name) {
    await this.page.waitForFunction(
      (name) => {
        const rows = [...document.querySelectorAll(".list a.row")];
        const row = rows.find((one) => one.querySelector(".name")?.textContent === name);
        row?.click();
        return row !== undefined;
      },
      { timeout: DEADLINE_MS, polling: 50 },
      name,
    );
    await this.page.waitForSelector(".composer textarea");
  }

  /** What the conversation shows: whose each message is, what it says, what has become of it. */
  async messages() {
    return this.page.$$eval(".message", (all) =>
      all.map(
        (one) => `${one.dataset.own === undefined ? "theirs" : "mine"}: ${one.querySelector(".text").textContent}`,
      ),
    );
  }

  /** Waits until the conversation shows exactly these at its end. */
  async has(...expected) {
    const until = Date.now() + DEADLINE_MS;
    for (;;) {
      const shown = await this.messages();
      if (shown.slice(-expected.length).join("\n") === expected.join("\n")) {
        return;
      }
      if (Date.now() > until) {
        assert.deepEqual(shown, expected);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** The accessibility checker finds nothing, in the light and in the dark. */
  async passesAxe(where) {
    for (const value of ["light", "dark"]) {
      await this.page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value },
        { name: "prefers-reduced-motion", value: "reduce" },
      ]);
      await this.page.evaluate(AXE);
      // In the dark only colours are others.
      const rules = value === "dark" ? { runOnly: ["color-contrast"] } : {};
      const found = await this.page.evaluate(async (rules) => {
        const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"], ...rules });
        return violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
        );
      }, rules);
      assert.deepEqual(found, [], `${where}, ${value}`);
    }
  }
}
