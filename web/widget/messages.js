/**
 * What has been said: messages that the hub has stored, by their uuids, so that none is there twice; and the
 * visitor's own that it has not, which this tab keeps until it has.
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {boolean} isMine
 * @property {boolean} isApps Said by the app itself.
 * @property {string} author The name of who has said it.
 * @property {string} kind The subtype, such as `TEXT`.
 * @property {string} body
 * @property {number} order What messages are sorted by.
 * @property {number} time In milliseconds, as shown.
 * @property {"stored" | "waiting" | "failed"} state
 */
import { newUuid } from "./uuid.js";

const OUTBOX = "outbox";

export class Messages {
  #storage;
  #stored = new Map();
  #own;

  /** The last message before which none is missing, and the first of those. */
  newest = null;
  oldest = null;
  /** Whether there are older ones. */
  hasOlder = false;
  /** Whether all that has been said is here, so that what comes next is the next. */
  isWhole = false;

  constructor(storage) {
    this.#storage = storage;
    this.#own = new Map((storage.own(OUTBOX) ?? []).map((message) => [message.id, message]));
  }

  /** All, in the order in which they are shown. @returns {Message[]} */
  get list() {
    const stored = [...this.#stored.values()].sort((a, b) => a.order - b.order);
    return [...stored, ...this.#own.values()];
  }

  /** What is to be sent, in order. */
  get waiting() {
    return [...this.#own.values()].filter(({ state }) => state === "waiting");
  }

  /** Another conversation: forgets what was said in the last one. */
  clear() {
    this.#stored.clear();
    Object.assign(this, { newest: null, oldest: null, hasOlder: false, isWhole: false });
  }

  /** Takes up a message as the hub tells it, from a socket. */
  add(msg, me) {
    this.#store(messageOf(msg, me));
    // What an app sends to devices is in no history, to go on from there.
    if (this.isWhole && msg.ft === "DU") {
      this.newest = msg.id;
    }
  }

  /** Takes up a page of the history, in order. */
  addPage(page, me) {
    for (const msg of page) {
      this.#store(messageOf(msg, me));
      this.newest = msg.id;
    }
    this.oldest ??= page[0]?.id ?? null;
  }

  /** Takes up a page of older ones, in order. */
  addOlder(page, me, hasOlder) {
    page.forEach((msg) => this.#store(messageOf(msg, me)));
    this.oldest = page[0]?.id ?? this.oldest;
    this.hasOlder = hasOlder;
  }

  /** Puts a text behind those that are to be sent. */
  write(body) {
    const time = Date.now();
    const message = { id: newUuid(), isMine: true, isApps: false, author: "", kind: "TEXT", body };
    this.#own.set(message.id, { ...message, order: Infinity, time, state: "waiting" });
    this.#save();
  }

  /** The hub has stored one of these: after all that it has told of before. */
  acknowledge(id) {
    const message = this.#own.get(id);
    if (message !== undefined) {
      const orders = [...this.#stored.values()].map(({ order }) => order);
      this.#store({ ...message, order: Math.max(0, ...orders), state: "stored" });
    }
  }

  /** The hub has not taken one of these. */
  refuse(id) {
    const message = this.#own.get(id);
    if (message !== undefined) {
      this.#own.set(id, { ...message, state: "failed" });
      this.#save();
    }
  }

  /** One of these is to be sent after all, behind the others. */
  sendAgain(id) {
    const message = this.#own.get(id);
    if (message?.state === "failed") {
      this.#own.delete(id);
      this.#own.set(id, { ...message, state: "waiting" });
      this.#save();
    }
  }

  #store(message) {
    this.#stored.set(message.id, message);
    if (this.#own.delete(message.id)) {
      this.#save();
    }
  }

  #save() {
    this.#storage.keep(OUTBOX, [...this.#own.values()]);
  }
}

/** A message as the hub tells it. @returns {Message} */
function messageOf(msg, me) {
  return {
    id: msg.id,
    isMine: msg.fi === me,
    isApps: msg.ft !== "DU",
    author: msg.from_user?.user_fullname ?? "",
    kind: msg.ms,
    body: msg.bo,
    order: msg.ts,
    time: msg.ts * 1_000,
    state: "stored",
  };
}
