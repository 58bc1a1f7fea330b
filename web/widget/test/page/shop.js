/**
 * Pages of a shop on an origin of its own, whose policy allows what docs/widget.md says and nothing else, and the
 * widget in them as a visitor sees it. scripts/sdk names the browser and the folder of the tools.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

import { Hub, within } from "../../../sdk/test/hub.js";

const { launch } = createRequire(join(process.env.SDK_TOOLS, "package.json"))("puppeteer-core");

/** Shows itself with the styles of a shop that has not thought of the widget. */
const STYLES = `
  * { color: #a40; font: 20px serif; margin: 9px; letter-spacing: 2px; }
  button { border: 5px solid red; }`;

export class Shop {
  #pages = createServer((request, response) => this.#serve(request, response));

  /** A hub with an app, a server of pages, and a browser. */
  static async open(settings = {}) {
    const shop = new Shop();
    shop.hub = new Hub({ PPCOM__TYPING_INTERVAL_MS: "50", ...settings });
    await shop.hub.start();
    shop.#pages.listen(0, "127.0.0.1");
    await once(shop.#pages, "listening");
    shop.origin = `http://127.0.0.1:${shop.#pages.address().port}`;
    const args = ["--no-sandbox", "--disable-dev-shm-usage"];
    shop.browser = await launch({ executablePath: process.env.CHROMIUM, args });
    return shop;
  }

  addApp(name, ...settings) {
    const app = JSON.parse(this.hub.command("app", "add", "--name", name));
    if (settings.length > 0) {
      this.hub.command("app", "set", "--name", name, ...settings);
    }
    return app;
  }

  async clear() {
    await this.browser?.close();
    this.#pages.close();
    await this.hub?.clear();
  }

  /** A browser of somebody who has never been here. */
  async visitor() {
    return this.browser.createBrowserContext();
  }

  /** A page of the shop with the widget of an app, and what must not happen there. */
  async page(context, app, { attributes = {}, prepare = null, from = this.origin } = {}) {
    const { key, secret } = app.keys.find(({ level }) => level === "PPCOM");
    const query = { uuid: app.uuid, key, secret, ...attributes };
    const page = await context.newPage();
    const widget = new Widget(page, this.hub, `${from}/lamp?${new URLSearchParams(query)}`);
    await page.evaluateOnNewDocument(() => {
      globalThis.violations = [];
      addEventListener("securitypolicyviolation", (event) => {
        globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    if (prepare !== null) {
      await page.evaluateOnNewDocument(prepare);
    }
    await widget.load();
    return widget;
  }

  #serve(request, response) {
    const { hub } = this;
    const asked = new URL(request.url, this.origin).searchParams;
    if (request.url === "/shop.css") {
      response.setHeader("Content-Type", "text/css").end(STYLES);
      return;
    }
    const nonce = asked.get("nonce");
    const hubs = [hub.url, asked.get("hub")].filter(Boolean);
    const policy = [
      "default-src 'none'",
      "style-src 'self'",
      `script-src ${nonce === null ? hub.url : `'nonce-${nonce}'`}`,
      `connect-src ${hubs.flatMap((url) => [url, url.replace("http", "ws")]).join(" ")}`,
      "require-trusted-types-for 'script'",
      "base-uri 'none'",
    ];
    response.setHeader("Content-Security-Policy", policy.join("; "));
    const more = [...asked].filter(([name]) => !["uuid", "key", "secret", "nonce"].includes(name));
    const others = more.map(([name, value]) => ` data-${name}="${value}"`).join("");
    const line =
      `<script src="${hub.url}/widget.js" data-app-uuid="${asked.get("uuid")}" ` +
      `data-app-key="${asked.get("key")}" data-app-secret="${asked.get("secret")}" nonce="${nonce ?? ""}"${others} async></script>`;
    response.setHeader("Content-Type", "text/html").end(
      `<!doctype html><meta name="viewport" content="width=device-width"><title>A lamp</title>` +
        `<link rel="stylesheet" href="shop.css">${line}<h1>A lamp</h1><p>It gives light.</p><button>Buy it</button>`,
    );
  }
}

/** The widget in a page. */
export class Widget {
  constructor(page, hub, address) {
    this.page = page;
    this.hub = hub;
    this.address = address;
    this.faults = [];
    this.requests = [];
    /** The devices that the hub has given to this tab, in order. */
    this.devices = [];
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("request", (request) => this.requests.push(new URL(request.url()).pathname));
    page.on("response", (response) => this.#heard(response));
  }

  async #heard(response) {
    if (response.request().method() === "POST" && response.url().endsWith("/PPCOM_CREATE_DEVICE")) {
      this.devices.push((await response.json()).device_uuid);
    }
  }

  async load() {
    await this.page.goto(this.address);
    await within(this.page.waitForSelector("tradewind-chat"), "a widget");
  }

  /** Opens the panel, and waits until the hub is there. */
  async open() {
    await this.page.click(">>> .launcher");
    await this.connected();
  }

  async close() {
    await this.page.click(">>> .close");
  }

  /** Waits until something holds, asked from here. */
  async until(isIt, what, ...args) {
    const asks = async () => {
      while (!(await this.page.evaluate(isIt, ...args))) {
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    const shown = async () => `${what}; it shows ${JSON.stringify(await this.shown())}`;
    await within(asks(), what).catch(async () => assert.fail(await shown()));
  }

  /** Everything that can be read of the panel. */
  async shown() {
    return this.page.evaluate(() => {
      const root = document.querySelector("tradewind-chat").shadowRoot;
      const text = (selector) => {
        const node = root.querySelector(selector);
        return node === null || node.closest("[hidden]") !== null ? null : node.textContent;
      };
      return {
        title: text("h2"),
        presence: text(".presence"),
        notice: text(".strip p"),
        badge: text(".badge"),
        typing: text(".typing span"),
        messages: [...root.querySelectorAll("li")].map((node) => node.innerText),
      };
    });
  }

  connected() {
    return this.until(() => {
      const root = document.querySelector("tradewind-chat").shadowRoot;
      return /here$|^Away$/.test(root.querySelector(".presence").textContent);
    }, "connected");
  }

  /** Waits until a part of the panel says something. */
  says(part, text) {
    const isSaid = (part, text) => {
      const root = document.querySelector("tradewind-chat").shadowRoot;
      const node = root.querySelector(part);
      const said = node === null || node.closest("[hidden]") !== null ? "" : node.textContent;
      return said === text;
    };
    return this.until(isSaid, `${part} says ${JSON.stringify(text)}`, part, text);
  }

  /** The texts that were said, each with whose it is and what has become of it. */
  texts() {
    return this.page.evaluate(() => {
      const root = document.querySelector("tradewind-chat").shadowRoot;
      return [...root.querySelectorAll(".message")].map((node) => {
        const [, whose, state] = node.className.split(" ");
        return `${whose} ${state}: ${node.querySelector(".bubble").textContent}`;
      });
    });
  }

  /** Waits until exactly these are there. */
  async has(...texts) {
    const isIt = (texts) => {
      const root = document.querySelector("tradewind-chat").shadowRoot;
      const now = [...root.querySelectorAll(".message")].map((node) => {
        const [, whose, state] = node.className.split(" ");
        return `${whose} ${state}: ${node.querySelector(".bubble").textContent}`;
      });
      return JSON.stringify(now) === JSON.stringify(texts);
    };
    await this.until(isIt, `to have ${JSON.stringify(texts)}`, texts);
  }

  /** How much the hub has for the visitor that he has not acknowledged. */
  async unacknowledged(app) {
    const name = `tradewind-chat ${app.uuid} identity`;
    const { token, user } = await this.page.evaluate((name) => JSON.parse(localStorage.getItem(name)), name);
    const address = `${this.hub.url}/api/PP_PAGE_UNACKED_MESSAGE`;
    const headers = { "content-type": "application/json", authorization: `OAuth ${token}` };
    const body = JSON.stringify({ app_uuid: app.uuid, user_uuid: user });
    return (await (await fetch(address, { method: "POST", headers, body })).json()).total_count;
  }

  /** Writes something, and sends it by the keyboard. */
  async write(text) {
    await this.page.focus(">>> textarea");
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  /** Nothing was thrown, and the page's policy has not been touched. */
  async isClean() {
    assert.deepEqual(this.faults, []);
    assert.deepEqual(await this.page.evaluate(() => globalThis.violations), []);
  }
}
