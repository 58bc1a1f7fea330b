/** Sockets that a test answers by hand, and a clock that it turns. */
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Client } from "../tradewind.js";

export const ME = { id: "1000", name: "me", profile: null };
export const BOB = { id: "2002", name: "bob", profile: null };
export const ROOM = "1082";

class FakeSocket extends EventTarget {
  sent = [];
  isClosed = false;

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  opens() {
    this.dispatchEvent(new Event("open"));
  }

  says(type, payload) {
    this.dispatchEvent(
      Object.assign(new Event("message"), { data: JSON.stringify({ type, payload }) }),
    );
  }

  breaks(code = 1006, reason = "") {
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }

  /** Echoes all heartbeats sent so far. */
  echoes() {
    const beats = this.sent.filter(({ type }) => type === "heartbeat");
    beats.forEach(({ type, payload }) => this.says(type, payload));
  }

  refuses(code, more = {}) {
    this.says("error", { code, reason: "no", ...more });
  }

  asked(type) {
    return this.sent.filter((frame) => frame.type === type).map(({ payload }) => payload);
  }
}

/** A client, the sockets it has opened, and what it has told. */
export class Stage {
  sockets = [];
  told = [];

  constructor(options = {}) {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    mock.method(Math, "random", () => 1);
    const { sockets } = this;
    class WebSocket extends FakeSocket {
      constructor(url) {
        super();
        this.url = url;
        sockets.push(this);
      }
    }
    const fetch = () => new Promise(() => {});
    this.client = new Client("https://hub.test", { WebSocket, fetch, ...options });
    for (const type of [
      "ready",
      "message",
      "edit",
      "offline",
      "signedout",
      "error",
      "room",
      "typing",
    ]) {
      this.client.on(type, (detail) => this.told.push([type, detail]));
    }
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** The details of what was told of one kind. */
  tellings(type) {
    return this.told.filter(([told]) => told === type).map(([, detail]) => detail);
  }

  /** Connects up to the hub's welcome. */
  async enter(welcome = {}) {
    this.client.connect("token");
    await setImmediate();
    this.welcome(welcome);
  }

  /** Answers what a client asks at first on a new link. */
  welcome({ user = ME, features = ["sync", "presence", "typing", "read", "group"], ...more } = {}) {
    this.socket.opens();
    this.socket.echoes();
    const lists = { mutual_requests: [], mutual_users: [BOB] };
    this.socket.says("auth", { self_user: user, ...lists, features, rooms: [], ...more });
  }

  /** Answers a send as the hub does; `seq` is the message's number and rev. */
  stores({ nonce, content, chat_id }, seq) {
    this.socket.says("chat", { type: "send", ...said(seq, content), chat_id, nonce });
  }

  leave() {
    this.client.close();
    mock.restoreAll();
    mock.timers.reset();
  }
}

/** A message by me, unless something else is said. */
export function said(seq, content, more = {}) {
  const created_at = `2026-11-22 09:00:${String(seq).padStart(2, "0")}.000000`;
  const numbers = { seq, rev: seq, edited_at: null };
  return {
    id: String(seq * 128),
    user_id: ME.id,
    chat_id: ROOM,
    content,
    created_at,
    ...numbers,
    ...more,
  };
}

export function listed(seq, rev, more = {}) {
  return {
    id: ROOM,
    kind: "dm",
    user: BOB,
    title: null,
    seq,
    rev,
    read_seq: 0,
    unread: 0,
    ...more,
  };
}

/** Lets promises be kept. */
export const settled = () => setImmediate();
