/** An agent of an app, who speaks customer chat from Node.js. */
import { createHash, randomUUID } from "node:crypto";

import { within } from "../../../sdk/test/hub.js";

const PASSWORD = "correct horse battery";
const SENT_PASSWORD = createHash("sha1").update(PASSWORD).digest("hex");

export class Agent {
  #hub;
  #app;
  #token;
  #device;
  #socket = null;
  #heard = [];
  #waiting = [];

  /** Makes an agent, who is not there yet. */
  static async make(hub, app, name) {
    const email = `${name}@shop.example`;
    const named = ["--app", app.name, "--email", email, "--password", PASSWORD, "--name", name];
    const agent = new Agent();
    agent.#hub = hub;
    agent.#app = app;
    agent.name = name;
    agent.user = JSON.parse(hub.command("agent", "add", ...named)).user_uuid;
    const { key } = app.keys.find(({ level }) => level === "PPKEFU");
    const form = `client_id=${key}&grant_type=password&user_email=${email}&user_password=${SENT_PASSWORD}`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const granted = await fetch(`${hub.url}/ppauth/token`, { method: "POST", headers, body: form });
    agent.#token = (await granted.json()).access_token;
    const device = { device_id: `desk of ${name}`, device_ostype: "LIN" };
    agent.#device = (await agent.call("PPCOM_CREATE_DEVICE", device)).device_uuid;
    return agent;
  }

  async call(name, fields) {
    const headers = { "content-type": "application/json", authorization: `OAuth ${this.#token}` };
    const body = JSON.stringify({ app_uuid: this.#app.uuid, user_uuid: this.user, ...fields });
    return (await fetch(`${this.#hub.url}/api/${name}`, { method: "POST", headers, body })).json();
  }

  /** Comes to the desk. */
  async come() {
    this.#heard = [];
    this.#socket = new WebSocket(`${this.#hub.url.replace("http", "ws")}/pcsocket/WS`);
    this.#socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    await within(new Promise((resolve) => this.#socket.addEventListener("open", resolve)), "a socket");
    const ids = { app_uuid: this.#app.uuid, user_uuid: this.user, device_uuid: this.#device };
    this.#socket.send(JSON.stringify({ type: "auth", api_token: this.#token, ...ids, is_service_user: true }));
    await this.#next(({ type, what, code }) => type === "ACK" && what === "AUTH" && code === 0, "to be let in");
  }

  /** Goes, and waits until the socket is closed. */
  async go() {
    const closed = new Promise((resolve) => this.#socket.addEventListener("close", resolve));
    this.#socket.close();
    await within(closed, "the end of a socket");
  }

  /** The next message with a text, as it came. */
  async hears(text) {
    return (await this.#next(({ type, msg }) => type === "MSG" && msg.bo === text, text)).msg;
  }

  /** That a visitor types. */
  hearsTyping() {
    return this.#next(({ type }) => type === "TYPING", "somebody who types");
  }

  /** Says something, and waits until it is stored. */
  async say(conversation, body, subtype = "TEXT") {
    const uuid = randomUUID();
    const to = { conversation_uuid: conversation, to_uuid: this.#app.uuid, to_type: "AP" };
    const from = { from_uuid: this.user, from_type: "DU" };
    const what = { message_type: "NOTI", message_subtype: subtype, message_body: body };
    this.#socket.send(JSON.stringify({ type: "send", send: { uuid, ...to, ...from, ...what } }));
    const isIt = ({ what, extra, code }) => what === "SEND" && extra.uuid === uuid && code === 0;
    await this.#next(isIt, "an acknowledgement");
  }

  /** Types in a conversation. */
  types(conversation) {
    this.#socket.send(JSON.stringify({ type: "typing_watch", conversation_uuid: conversation }));
    this.#socket.send(JSON.stringify({ type: "typing" }));
  }

  /** Sends a file up: its id. */
  async upload(name, text) {
    const form = new FormData();
    form.set("file", new File([text], name, { type: "text/plain" }));
    form.set("user_uuid", this.user);
    const sent = await fetch(`${this.#hub.url}/upload/upload/`, { method: "POST", body: form });
    return (await sent.json()).fuuid;
  }

  /** The texts of a conversation in the hub, oldest first. */
  async history(conversation) {
    const asked = { conversation_uuid: conversation, page_size: 100 };
    const { list } = await this.call("PP_PAGE_HISTORY_MESSAGE", asked);
    return list.reverse().map(({ body }) => body);
  }

  #take(frame) {
    const place = this.#waiting.findIndex(({ isIt }) => isIt(frame));
    if (place < 0) {
      this.#heard.push(frame);
    } else {
      this.#waiting.splice(place, 1)[0].resolve(frame);
    }
  }

  #next(isIt, what) {
    const place = this.#heard.findIndex(isIt);
    if (place >= 0) {
      return this.#heard.splice(place, 1)[0];
    }
    return within(new Promise((resolve) => this.#waiting.push({ isIt, resolve })), `${this.name}: ${what}`);
  }
}
