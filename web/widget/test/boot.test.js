/**
 * A widget's whole life against a real hub, step by step as the original does it: preflight, token, user, device,
 * conversation, auth, send, acknowledgement, receive, kick, fallback to HTTP, and the queue of those who wait for an
 * agent. The program is named by the variable TRADEWIND.
 */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { Hub, within } from "../../sdk/test/hub.js";

const PASSWORD = "correct horse battery";
const SENT_PASSWORD = createHash("sha1").update(PASSWORD).digest("hex");

const hub = new Hub();
let app;

before(async () => {
  await hub.start();
  app = JSON.parse(hub.command("app", "add", "--name", "shop"));
});

after(() => hub.clear());

const keyOf = (level) => app.keys.find((key) => key.level === level);

/** Posts as a page of another host does: first the browser asks whether it may. */
async function post(path, headers, body) {
  const origin = "https://shop.example";
  const asked = await fetch(`${hub.url}${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  assert.equal(asked.status, 200, path);
  assert.equal(asked.headers.get("access-control-allow-origin"), "*");
  assert.match(asked.headers.get("access-control-allow-headers"), /authorization/i);
  const answer = await fetch(`${hub.url}${path}`, { method: "POST", headers: { origin, ...headers }, body });
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  return answer.json();
}

/** A token, asked for with a body that encodes nothing. */
async function tokenOf(level, rest = "grant_type=client_credentials") {
  const { key, secret } = keyOf(level);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return post("/ppauth/token", headers, `client_id=${key}&client_secret=${secret}&${rest}`);
}

/** Someone who calls the API with a token. */
class Caller {
  constructor(token) {
    this.token = token;
  }

  async call(name, body) {
    const headers = { "content-type": "application/json; charset=utf-8", authorization: `OAuth ${this.token}` };
    return post(`/api/${name}`, headers, JSON.stringify({ app_uuid: app.uuid, ...body }));
  }

  async done(name, body) {
    const answer = await this.call(name, body);
    assert.equal(answer.error_code, 0, `${name}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A message as the widget makes it: the conversation stands as whom it is for. */
  message(conversation, text) {
    return {
      uuid: randomUUID(),
      app_uuid: app.uuid,
      conversation_uuid: conversation,
      conversation_type: "P2S",
      message_type: "NOTI",
      message_subtype: "TEXT",
      message_body: text,
      from_uuid: this.user,
      from_type: "DU",
      device_uuid: this.device,
      to_uuid: conversation,
      to_type: "DU",
    };
  }
}

async function visitor(trace = randomUUID()) {
  const { access_token: token, token_type: type } = await tokenOf("PPCOM");
  assert.equal(type, "Bearer");
  const caller = new Caller(token);
  const info = await caller.done("PP_GET_APP_INFO", {});
  assert.equal(info.app_name, "shop");
  const anonymous = await caller.done("PP_CREATE_ANONYMOUS", { ppcom_trace_uuid: trace });
  caller.user = anonymous.user_uuid;
  const device = { user_uuid: caller.user, ppcom_trace_uuid: trace, device_ostype: "WEB" };
  assert.equal((await caller.call("PP_CREATE_DEVICE", device)).error_code, 44);
  const made = await caller.done("PP_CREATE_DEVICE", { ...device, device_ostype: "MAB" });
  caller.device = made.device_uuid;
  await caller.done("PP_UPDATE_DEVICE", { device_uuid: caller.device, device_ostype: "MAB" });
  return caller;
}

async function agent(name) {
  const email = `${name}@shop.example`;
  hub.command("agent", "add", "--app", "shop", "--email", email, "--password", PASSWORD, "--name", name);
  const granted = await tokenOf(
    "PPKEFU",
    `grant_type=password&user_email=${email}&user_password=${SENT_PASSWORD}`,
  );
  const caller = new Caller(granted.access_token);
  caller.user = granted.user_uuid;
  const device = { user_uuid: caller.user, device_id: `desk of ${name}`, device_ostype: "LIN" };
  caller.device = (await caller.done("PPCOM_CREATE_DEVICE", device)).device_uuid;
  caller.isAgent = true;
  return caller;
}

/** A socket with what has come to it. */
class Socket {
  #frames = [];
  #waiting = [];

  static async open(who) {
    const socket = new Socket();
    socket.who = who;
    socket.ws = new WebSocket(`${hub.url.replace("http", "ws")}/pcsocket/WS`);
    socket.closed = new Promise((resolve) => {
      socket.ws.addEventListener("close", ({ code }) => resolve(code));
    });
    socket.ws.addEventListener("message", ({ data }) => socket.#heard(JSON.parse(data)));
    await within(
      new Promise((resolve, reject) => {
        socket.ws.addEventListener("open", resolve);
        socket.ws.addEventListener("error", reject);
      }),
      "a socket",
    );
    socket.send({
      type: "auth",
      api_token: who.token,
      app_uuid: app.uuid,
      user_uuid: who.user,
      device_uuid: who.device,
      extra_data: { title: "A lamp", location: { href: "https://shop.example/lamp", host: "shop.example" } },
      is_service_user: who.isAgent ?? false,
    });
    const answer = await socket.next("ACK");
    assert.deepEqual([answer.what, answer.code, answer.extra], ["AUTH", 0, null]);
    return socket;
  }

  #heard(frame) {
    const place = this.#waiting.findIndex(({ isIt }) => isIt(frame));
    if (place < 0) {
      this.#frames.push(frame);
    } else {
      this.#waiting.splice(place, 1)[0].resolve(frame);
    }
  }

  /** The next frame of a type. */
  next(type, isOne = () => true) {
    const isIt = (frame) => frame.type === type && isOne(frame);
    const place = this.#frames.findIndex(isIt);
    if (place >= 0) {
      return this.#frames.splice(place, 1)[0];
    }
    return within(new Promise((resolve) => this.#waiting.push({ isIt, resolve })), `a frame ${type}`);
  }

  send(frame) {
    this.ws.send(JSON.stringify(frame));
  }

  /** Sends a message; its acknowledgement is found by the name in it, as the widget does. */
  async say(conversation, text) {
    const send = this.who.message(conversation, text);
    this.send({ type: "send", send });
    const answer = await this.next("ACK", ({ what, extra }) => what === "SEND" && extra.uuid === send.uuid);
    assert.equal(answer.code, 0);
    return send.uuid;
  }

  async close() {
    this.ws.close();
    await within(this.closed, "the end of a socket");
  }
}

const objects = (list) => list.map(({ message_body: body }) => JSON.parse(body));

test("a widget waits for an agent, talks, is kicked, and goes on by HTTP", async () => {
  const customer = await visitor();
  const { user, device } = customer;
  const widget = await Socket.open(customer);
  const opened = await customer.done("PP_GET_USER_CONVERSATION_LIST", { user_uuid: user });
  assert.deepEqual(opened.list, []);

  // Nobody is there to talk to: the answer has nothing but its three fields, and the widget asks for its place.
  const panel = { user_uuid: user, device_uuid: device };
  const waits = await customer.done("PPCOM_GET_DEFAULT_CONVERSATION", panel);
  assert.deepEqual(Object.keys(waits).sort(), ["error_code", "error_string", "uri"]);
  const place = await customer.done("PP_GET_AMD_QUEUE_LENGTH", { user_uuid: user });
  assert.equal(place.conversation_uuid, null);
  const ann = await agent("ann");
  const { conversation_uuid: conversation } = await customer.done("PP_GET_AMD_QUEUE_LENGTH", { user_uuid: user });
  const named = { user_uuid: user, conversation_uuid: conversation };
  const info = await customer.done("PP_GET_CONVERSATION_INFO", named);
  assert.equal(info.uuid, conversation);
  assert.match(info.updatetime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d{6}$/);
  await customer.done("PP_CANCEL_WAITING_CREATE_CONVERSATION", { user_uuid: user });
  const again = await customer.done("PPCOM_GET_DEFAULT_CONVERSATION", panel);
  assert.equal(again.uuid, conversation);
  widget.send({ type: "typing_watch", conversation_uuid: conversation });
  const empty = await customer.done("PP_PAGE_HISTORY_MESSAGE", {
    conversation_uuid: conversation,
    max_uuid: null,
  });
  assert.deepEqual([empty.total_count, empty.list], [0, []]);

  // Both talk.
  const desk = await Socket.open(ann);
  const online = await widget.next("ONLINE");
  assert.deepEqual([online.user_uuid, online.browser, online.device_uuid], [ann.user, "ONLINE", device]);
  const first = await widget.say(conversation, "is the lamp in stock?");
  const asked = await desk.next("MSG");
  assert.deepEqual([asked.msg.id, asked.msg.ct, asked.msg.fi], [first, "P2S", user]);
  desk.send({ type: "typing_watch", conversation_uuid: conversation });
  desk.send({ type: "typing" });
  assert.equal((await widget.next("TYPING")).user_uuid, ann.user);
  const second = await desk.say(conversation, "two of them");
  const { msg } = await widget.next("MSG");
  assert.deepEqual([msg.id, msg.bo, msg.ct, msg.ti, msg.tt], [second, "two of them", "S2P", app.uuid, "AP"]);
  assert.equal(msg.from_user.user_fullname, "ann");
  const unacked = await customer.done("PP_PAGE_UNACKED_MESSAGE", { user_uuid: user });
  assert.deepEqual(unacked.list, [msg.pid]);
  assert.equal(JSON.parse(unacked.message[msg.pid]).bo, "two of them");
  await customer.done("ACK_MESSAGE", { list: [msg.pid] });
  assert.deepEqual((await customer.done("PP_PAGE_UNACKED_MESSAGE", { user_uuid: user })).list, []);

  // The same page once more: the older socket closes itself when it is told.
  const newer = await Socket.open(customer);
  const logout = await widget.next("MSG");
  assert.deepEqual(logout.msg, { mt: "SYS", ms: "LOGOUT", bo: device });
  await widget.close();

  // Without a socket it goes on by HTTP, and the message comes to all who have one.
  const third = customer.message(conversation, "I take both");
  await customer.done("PP_SEND_MESSAGE", third);
  await customer.done("PP_SEND_MESSAGE", third);
  assert.equal((await desk.next("MSG")).msg.id, third.uuid);

  // What was missed is asked for by the last that is known.
  await newer.close();
  const fourth = await desk.say(conversation, "they are on their way");
  const back = await Socket.open(customer);
  const missed = await customer.done("PP_PAGE_HISTORY_MESSAGE", {
    conversation_uuid: conversation,
    min_uuid: third.uuid,
  });
  assert.deepEqual(objects(missed.list).map(({ id }) => id), [fourth]);
  const all = await customer.done("PP_PAGE_HISTORY_MESSAGE", { conversation_uuid: conversation });
  assert.deepEqual(objects(all.list).map(({ id }) => id), [fourth, third.uuid, second, first]);
  await back.close();
  await desk.close();
});

test("a long text and a picture go as files", async () => {
  const ann = await agent("bea");
  const customer = await visitor();
  const panel = { user_uuid: customer.user, device_uuid: customer.device };
  const { uuid: conversation } = await customer.done("PPCOM_GET_DEFAULT_CONVERSATION", panel);
  const [widget, desk] = [await Socket.open(customer), await Socket.open(ann)];
  const form = new FormData();
  form.set("file", new File(["a long text"], "text.txt", { type: "text/plain" }));
  form.set("upload_type", "file");
  form.set("subtype", "TXT");
  form.set("user_uuid", customer.user);
  const sent = await fetch(`${hub.url}/upload/upload/`, { method: "POST", body: form });
  assert.equal(sent.headers.get("access-control-allow-origin"), "*");
  const { fuuid } = await sent.json();
  const send = { ...customer.message(conversation, JSON.stringify({ fid: fuuid })), message_subtype: "TXT" };
  widget.send({ type: "send", send });
  const { msg } = await desk.next("MSG");
  assert.equal(msg.ms, "TXT");
  const { fid } = JSON.parse(msg.bo);
  const file = await fetch(`${hub.url}/download/download/${fid}`);
  assert.equal(await file.text(), "a long text");
  await widget.close();
  await desk.close();
});
