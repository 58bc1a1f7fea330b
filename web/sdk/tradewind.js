/**
 * A client of a Tradewind hub, for browsers and Node.js. It speaks REWIND with all its features
 * (docs/protocol/rewind.md) and needs nothing but a WebSocket.
 *
 * How to read it: a `Link` is one socket with its heartbeats and the line of requests that wait for
 * answers; an `Outbox` holds what is to be sent; a `Room` holds what is known of a conversation;
 * the `Client` ties them together over any number of links. Two rules carry the rest:
 *
 * - State follows frames. Each frame changes the local state in the moment it comes, whoever asked
 *   for it; promises only tell that an answer has come.
 * - Answers come in the order of the requests, and news of others in between. So a frame is the
 *   answer to the request at the head of the line, or it is news. What may stay unanswered (`load`,
 *   `typing`) is followed by a heartbeat: its echo says that everything before has been answered.
 */

/** Everything a hub can grant beside plain REWIND. */
export const FEATURES = Object.freeze(["sync", "presence", "typing", "read", "group"]);

/** The longest text of a message, in bytes of UTF-8. */
export const CONTENT_BYTES_MAX = 65_536;

const DEFAULTS = Object.freeze({
  features: FEATURES,
  storage: undefined,
  heartbeatMs: 40_000,
  answerTimeoutMs: 10_000,
  retryFirstMs: 500,
  retryMaxMs: 30_000,
  busyMs: 500,
  queueMax: 1_000,
  messagesMax: 1_000,
});

const SYNC_MESSAGES_MAX = 500;
const SYNC_ROOMS_MAX = 1_000;
const PAGE_MAX = 200;
/** The longest wait that a hub can ask for by its close reason. */
const RETRY_TOLD_MAX_MS = 600_000;
/** How often it is said that the user still types; the hub forgets it after 6 s. */
const TYPING_AGAIN_MS = 4_000;
/** After how long somebody types no more, should the hub's word of it have got lost. */
const TYPING_LOST_MS = 60_000;
/** Later than every message. */
const END_OF_TIME = "9999-12-31 23:59:59.999999";

const CLOSED_BY_US = 1000;
const LINK_LOST = 1006;
const OVERLOAD = 1013;
const REPLACED = 4001;
const SIGNED_OUT = 4010;
const RATE_LIMITED = 4008;
const BUSY = 4009;
const INVALID = 4000;

// Ids and times

/**
 * The other end of an address: of two users the id of their room, of a room and one of its users
 * the other user. Ids are texts of digits, since they may pass 2^53.
 */
export function xor(a, b) {
  return (BigInt(a) ^ BigInt(b)).toString();
}

/** Whether a room is a group: the ids of groups are odd, those of conversations of two even. */
export function isGroup(roomId) {
  return BigInt(roomId) % 2n === 1n;
}

/** The moment of a time of the protocol, which is Korean (UTC+9) and in microseconds. */
export function toDate(time) {
  return new Date(`${time.slice(0, 23).replace(" ", "T")}+09:00`);
}

// Errors, and logging in

/**
 * Why something was not done. `code` is the hub's (docs/errors.md) or one of the SDK's own words:
 * "offline" (there is no link; the hub may or may not have done it), "unanswered" (the hub has
 * passed over it), "full" (too much waits to be sent), "signedout", "closed". `retryAfterMs` says
 * when to try again, if the hub has said so.
 */
export class HubError extends Error {
  constructor(code, message, retryAfterMs = null) {
    super(message);
    this.name = "HubError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the hub only asks to try again later. */
  get isTemporary() {
    return this.code === RATE_LIMITED || this.code === BUSY;
  }
}

const offline = () => new HubError("offline", "there is no link to the hub");

function errorOf({ code, reason, retry_after_ms: retryAfterMs = null }) {
  return new HubError(code, reason, retryAfterMs);
}

/**
 * Logs in by HTTP and gives the token. `address` is the hub's, such as `https://chat.example`.
 * Rejects with a `HubError` whose code is the HTTP status.
 */
export async function login(address, { email, password }, fetch = globalThis.fetch) {
  const answer = await fetch(new URL("api/v1/auth/login", folder(address)), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body?.type === "auth") {
    return body.payload.token;
  }
  const seconds = Number(answer.headers.get("Retry-After"));
  const message = body?.payload?.message ?? answer.statusText;
  throw new HubError(answer.status, message, seconds > 0 ? seconds * 1_000 : null);
}

function folder(address) {
  return String(address).replace(/\/*$/, "/");
}

function socketUrl(address) {
  const url = new URL("ws", folder(address));
  url.protocol = url.protocol.replace("http", "ws");
  url.search = "?compat=readme";
  return url.href;
}

// Requests: what is sent, and how its answer is told from news. `fenced` ones may stay unanswered;
// `changes` names the room that a request changes.

function authenticating(token, features) {
  return {
    frame: { type: "auth", payload: { auth: token, features } },
    accepts: ({ type }) => type === "auth",
  };
}

function sending({ chat_id, content, nonce }, me) {
  // Without the feature sync an echo has no nonce, and is known by its text.
  const isEcho = (said) =>
    "nonce" in said ? said.nonce === nonce : said.type === "send" && said.content === content;
  return {
    frame: { type: "chat", payload: { type: "send", chat_id, content, nonce } },
    accepts: ({ type, payload }) =>
      type === "chat" && payload.user_id === me && payload.chat_id === chat_id && isEcho(payload),
    changes: chat_id,
  };
}

function editing(chat_id, id, content) {
  return {
    frame: { type: "chat", payload: { type: "edit", chat_id, id, content } },
    accepts: ({ type, payload }) =>
      type === "chat" &&
      payload.type === "edit" &&
      payload.id === id &&
      payload.content === content,
    changes: chat_id,
  };
}

function paging(load_id, before, count) {
  const payload = { type: "chat", load_id, datetime: btoa(before), count };
  return {
    frame: { type: "load", payload },
    accepts: ({ type, payload }) =>
      type === "chat" &&
      payload.type === "send" &&
      payload.chat_id === load_id &&
      payload.created_at < before,
    fenced: true,
  };
}

function syncing(rooms) {
  return {
    frame: { type: "sync", payload: { rooms, limit: SYNC_MESSAGES_MAX } },
    accepts: ({ type }) => type === "sync",
  };
}

function befriending(type, name) {
  return {
    frame: { type: "mutual_users", payload: { type, name } },
    accepts: ({ type }) => type === "ok",
  };
}

function appearing(status) {
  return {
    frame: { type: "presence", payload: { type: "set", status } },
    accepts: ({ type, payload }) => type === "presence" && payload.type === "set",
  };
}

function composing(chat_id, state) {
  return {
    frame: { type: "typing", payload: { chat_id, state } },
    accepts: () => false,
    fenced: true,
  };
}

function marking(chat_id, seq, me) {
  return {
    frame: { type: "read", payload: { chat_id, seq } },
    accepts: ({ type, payload }) =>
      type === "read" && payload.chat_id === chat_id && payload.user_id === me,
  };
}

function grouping(verb, asked, me) {
  const isAbout = ({ group, user, by }) =>
    (asked.chat_id === undefined || group.id === asked.chat_id) &&
    (asked.name === undefined || user?.name === asked.name) &&
    (verb === "members" || by === me);
  return {
    frame: { type: "group", payload: { type: verb, ...asked } },
    accepts: ({ type, payload }) => type === "group" && payload.type === verb && isAbout(payload),
  };
}

/** One socket: its heartbeats, and the requests that wait for answers, in their order. */
class Link {
  #socket;
  #client;
  #answerTimeoutMs;
  #line = [];
  #beats = 0;
  #isOpen = false;
  #isOver = false;
  #pulse;
  #watch;

  /** `client` is told by `opened()`, `heard(frame, request)` and `ended(code, reason)`. */
  constructor(socket, client, { heartbeatMs, answerTimeoutMs }) {
    this.#socket = socket;
    this.#client = client;
    this.#answerTimeoutMs = answerTimeoutMs;
    socket.addEventListener("open", () => this.#opened(heartbeatMs));
    socket.addEventListener("message", ({ data }) => this.#received(data));
    socket.addEventListener("close", ({ code, reason }) => this.end(code, reason));
    // A close event follows and says all there is to say.
    socket.addEventListener("error", () => {});
    this.#listen();
  }

  /** Sends a request. Its `resolve` and `reject` are called in the moment of the answer. */
  ask(request) {
    this.#line.push({ frames: [], ...request });
    this.#socket.send(JSON.stringify(request.frame));
    if (this.#line.length === 1) {
      this.#listen();
    }
    if (request.fenced) {
      this.#beat();
    }
  }

  /** Whether a request of a type is unanswered. */
  awaits(type) {
    return this.#line.some(({ frame }) => frame.type === type);
  }

  /** Whether a request that changes a room is unanswered. */
  isChanging(roomId) {
    return this.#line.some(({ changes }) => changes === roomId);
  }

  /** Does something later, if the link is still there then. */
  after(ms, act) {
    setTimeout(() => this.#isOver || act(), ms);
  }

  /** Lets go of the socket; a dead one is not waited for. */
  end(code, reason) {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    clearInterval(this.#pulse);
    clearTimeout(this.#watch);
    this.#socket.close(CLOSED_BY_US);
    for (const request of this.#line) {
      request.reject?.(offline());
    }
    this.#client.ended(code, reason);
  }

  #opened(heartbeatMs) {
    if (this.#isOver) {
      return;
    }
    this.#isOpen = true;
    this.#beat();
    this.#pulse = setInterval(() => this.#beat(), heartbeatMs);
    this.#client.opened();
  }

  #beat() {
    this.#beats += 1;
    this.ask({ frame: { type: "heartbeat", payload: this.#beats }, beat: this.#beats });
  }

  /** While something is awaited, silence means that the link is dead. */
  #listen() {
    clearTimeout(this.#watch);
    if (!this.#isOpen || this.#line.length > 0) {
      const giveUp = () => this.end(LINK_LOST, "no answer");
      this.#watch = setTimeout(giveUp, this.#answerTimeoutMs);
    }
  }

  #received(text) {
    if (this.#isOver) {
      return;
    }
    const frame = parsed(text);
    if (frame === null) {
      this.end(LINK_LOST, "not a hub");
    } else if (frame.type === "heartbeat") {
      this.#echoed(frame.payload);
    } else {
      this.#assign(frame);
    }
    if (!this.#isOver) {
      this.#listen();
    }
  }

  /** Gives a frame to the request it answers, if it does; a heartbeat is never refused. */
  #assign(frame) {
    const [head] = this.#line;
    const isRefusal = frame.type === "error" && head !== undefined && head.beat === undefined;
    if (!isRefusal && !head?.accepts?.(frame)) {
      this.#client.heard(frame, null);
      return;
    }
    if (isRefusal || !head.fenced) {
      this.#line.shift();
    }
    if (isRefusal) {
      head.reject?.(errorOf(frame.payload));
      return;
    }
    this.#client.heard(frame, head);
    if (head.fenced) {
      head.frames.push(frame.payload);
    } else {
      head.resolve?.(frame.payload);
    }
  }

  /** Everything that was asked before a heartbeat has been answered when its echo comes. */
  #echoed(beat) {
    const place = this.#line.findIndex((request) => request.beat === beat);
    for (const request of this.#line.splice(0, place + 1)) {
      if (request.fenced) {
        request.resolve?.(request.frames);
      } else if (request.beat === undefined) {
        request.reject?.(new HubError("unanswered", "the hub has not answered"));
      }
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * In place of a link where there is none.
 *
 * @type {any}
 */
const NO_LINK = {
  ask: ({ reject }) => reject?.(offline()),
  awaits: () => false,
  isChanging: () => false,
  after: () => {},
  end: () => {},
};

/** What is to be sent: bounded, in order, and kept by `storage` if there is one. */
class Outbox {
  #entries = [];
  #max;
  #storage;
  #complain;
  #isRestored = false;

  /** `complain` is told of errors of the storage. */
  constructor(max, storage, complain) {
    this.#max = max;
    this.#storage = storage;
    this.#complain = complain;
  }

  /** What waits, in the form in which it is stored. */
  get waiting() {
    return this.#entries.map(({ nonce, chat_id, content }) => ({ nonce, chat_id, content }));
  }

  /** Takes up, once, what was left over when the program ended the last time. */
  async restore() {
    if (this.#isRestored) {
      return;
    }
    this.#isRestored = true;
    try {
      const stored = (await this.#storage?.load()) ?? [];
      this.#entries.unshift(...stored.map((entry) => ({ ...entry, isUnderWay: false })));
    } catch (error) {
      this.#complain(error);
    }
  }

  /** A promise of the stored message. */
  add(message) {
    if (this.#entries.length >= this.#max) {
      return Promise.reject(new HubError("full", `${this.#max} messages wait to be sent`));
    }
    return new Promise((resolve, reject) => {
      this.#entries.push({ ...message, isUnderWay: false, resolve, reject });
      this.#save();
    });
  }

  /** What may be sent now: of each room the first, so that order is kept if one is put off. */
  due() {
    const rooms = new Set();
    const isFirst = ({ chat_id }) => !rooms.has(chat_id) && rooms.add(chat_id);
    return this.#entries.filter(isFirst).filter(({ isUnderWay }) => !isUnderWay);
  }

  /** It is stored. */
  sent(nonce, message) {
    this.#remove(nonce)?.resolve?.(message);
  }

  /** It never will be. */
  failed(nonce, error) {
    this.#remove(nonce)?.reject?.(error);
  }

  /** Gives up everything. */
  clear(error) {
    for (const { nonce } of [...this.#entries]) {
      this.failed(nonce, error);
    }
  }

  #remove(nonce) {
    const place = this.#entries.findIndex((entry) => entry.nonce === nonce);
    if (place < 0) {
      return undefined;
    }
    const [entry] = this.#entries.splice(place, 1);
    this.#save();
    return entry;
  }

  async #save() {
    try {
      await this.#storage?.save(this.waiting);
    } catch (error) {
      this.#complain(error);
    }
  }
}

/**
 * What is known of a conversation of two, or of a group.
 *
 * It holds a window of the messages: all that are visible from some message on, to the newest. What
 * comes before is loaded by `Client.history`, or was dropped to save memory.
 */
export class Room {
  /** All messages held, by their numbers; below the window only while a page is being loaded. */
  #held = new Map();
  #ordered = null;
  /** The number of the first message of the window. */
  #low;
  /** How many unread messages there are below the window, */
  #unreadBelow = 0;
  /** whether the hub has stopped counting them, */
  #unreadMore = false;
  /** and the revs at which others were deleted since the last list of rooms. */
  #deletedBelow = [];
  /** The highest rev that has come. */
  #seen;
  #loads = 0;
  #me;

  /** @internal */
  constructor({ id, kind, user, title, seq, rev, read_seq }, me) {
    this.id = id;
    this.kind = kind;
    this.user = user;
    this.title = title;
    this.group = null;
    this.seq = seq;
    this.rev = rev;
    this.readSeq = read_seq;
    this.readers = new Map();
    this.typing = new Set();
    /** @internal Whether every change after `rev` is told by itself. */
    this.isFresh = false;
    this.#low = seq + 1;
    this.#seen = rev;
    this.#me = me;
  }

  /** The messages of the window, oldest first, without those that are deleted. */
  get messages() {
    return this.#window().filter(isShown);
  }

  /** Whether there is nothing before the window. */
  get isWhole() {
    return this.#low <= 1;
  }

  /** How many messages of others the user has not read. */
  get unread() {
    const first = Math.max(this.#low, this.readSeq + 1);
    return this.#unreadBelow + this.#count(first, this.seq, isShown);
  }

  /** Whether there are more unread messages than `unread` says: the hub counts up to 999. */
  get unreadMore() {
    return this.#unreadMore && this.#unreadBelow > 0;
  }

  /** @internal When the oldest message of the window was sent, `undefined` if there is none. */
  get oldest() {
    return this.#window()[0]?.created_at;
  }

  /**
   * @internal Merges a message; of two forms the one with the higher rev is the newer. Tells
   * whether it is "new", "changed", "known", or "below" the window.
   */
  put(message) {
    const isLater = message.rev > this.#seen;
    this.#seen = Math.max(this.#seen, message.rev);
    const outcome = this.merge(message);
    if (isLater && outcome === "below" && !isShown(message) && this.#isUnread(message)) {
      this.#deletedBelow.push(message.rev);
      this.#unreadBelow = Math.max(0, this.#unreadBelow - 1);
    }
    return outcome;
  }

  /**
   * @internal Merges a message of a page, which may be ahead of the news or behind them, and so
   * says nothing about what else has come.
   */
  merge(message) {
    this.seq = Math.max(this.seq, message.seq);
    const held = this.#held.get(message.seq);
    if (held !== undefined && held.rev >= message.rev) {
      return "known";
    }
    const isBelow = message.seq < this.#low;
    if (!isBelow || this.#loads > 0) {
      this.#held.set(message.seq, message);
      this.#ordered = null;
    }
    if (isBelow) {
      return "below";
    }
    // One that is deleted is nobody's news, known or not.
    return held === undefined && isShown(message) ? "new" : "changed";
  }

  /** @internal All changes up to a rev have come. */
  catchUp(rev) {
    this.rev = Math.max(this.rev, rev);
    this.#seen = Math.max(this.#seen, rev);
  }

  /** @internal All changes up to the highest rev seen have come. */
  reach() {
    this.rev = this.#seen;
  }

  /** @internal The link is lost: what happens now is not told. */
  stale() {
    this.isFresh = false;
    this.#seen = this.rev;
    this.typing.clear();
  }

  /** @internal Takes up what a list of rooms says, once the messages are of that time or newer. */
  settle({ user, title, seq, rev, read_seq, unread, unread_more = false }) {
    this.user = user;
    this.title = title;
    this.seq = Math.max(this.seq, seq);
    const wasShown = (message) => isShown(message) || message.rev > rev;
    const inside = this.#count(Math.max(this.#low, read_seq + 1), seq, wasShown);
    const later = this.#deletedBelow.filter((deleted) => deleted > rev).length;
    this.#unreadBelow = Math.max(0, unread - inside - later);
    this.#unreadMore = unread_more;
    this.#deletedBelow = [];
    this.mark(Math.max(read_seq, this.readSeq));
  }

  /** @internal The user has read up to a message. Tells whether `unread` may be too high now. */
  mark(seq) {
    this.readSeq = seq;
    this.#unreadBelow = Math.min(this.#unreadBelow, Math.max(0, this.#low - 1 - seq));
    return this.#unreadBelow > 0;
  }

  /** @internal Forgets messages: the hub has lost some that it had told, and will count anew. */
  forget({ seq, rev }) {
    this.#held.clear();
    this.#ordered = null;
    this.#low = seq + 1;
    this.#seen = rev;
    this.seq = seq;
    this.rev = rev;
  }

  /** @internal A page is asked for: keeps what changes below the window. */
  beginLoad() {
    this.#loads += 1;
    return this.#low;
  }

  /** @internal The page that ends where the window began has come, unless the window has moved. */
  extend(began, seqs, isWhole) {
    const low = isWhole ? 1 : Math.min(began, ...seqs);
    if (began === this.#low && low < began) {
      const unread = this.#count(Math.max(low, this.readSeq + 1), began - 1, isShown);
      this.#unreadBelow = isWhole ? 0 : Math.max(0, this.#unreadBelow - unread);
      this.#low = low;
      this.#ordered = null;
    }
  }

  /** @internal A page has come, or will not. */
  endLoad() {
    this.#loads -= 1;
    if (this.#loads === 0) {
      for (const seq of this.#held.keys()) {
        if (seq < this.#low) {
          this.#held.delete(seq);
        }
      }
    }
  }

  /** @internal A message as it is now. */
  current(message) {
    return this.#held.get(message.seq) ?? message;
  }

  /** @internal Drops the oldest messages above a number of them. */
  trim(max) {
    while (this.#held.size > max && this.#loads === 0) {
      const dropped = this.#held.get(this.#low);
      if (dropped && this.#isUnread(dropped) && isShown(dropped)) {
        this.#unreadBelow += 1;
      }
      this.#held.delete(this.#low);
      this.#low += 1;
      this.#ordered = null;
    }
  }

  #window() {
    if (this.#ordered === null) {
      const isInside = ({ seq }) => seq >= this.#low;
      const inside = [...this.#held.values()].filter(isInside);
      this.#ordered = inside.sort((one, other) => one.seq - other.seq);
    }
    return this.#ordered;
  }

  #isUnread(message) {
    return message.user_id !== this.#me && message.seq > this.readSeq;
  }

  /** How many messages of others between two numbers are so. */
  #count(from, to, isSo) {
    let count = 0;
    for (let seq = from; seq <= to; seq += 1) {
      const message = this.#held.get(seq);
      if (message !== undefined && message.user_id !== this.#me && isSo(message)) {
        count += 1;
      }
    }
    return count;
  }
}

const isShown = ({ content }) => content !== "";

/**
 * A user's connection to a hub, kept up over any number of links. It is an `EventTarget`; what an
 * event tells is its `detail`, which `on` hands over directly.
 */
export class Client extends EventTarget {
  /** "closed", "connecting", "syncing", "ready", "offline" (will try again) or "signedout". */
  status = "closed";
  /** The user, once the hub has said who it is. */
  self = null;
  /** What the hub has granted. */
  features = new Set();
  /** Friends by id. */
  friends = new Map();
  /** Users who ask for friendship, by id. */
  requests = new Map();
  /** Of each friend `{ status, last_seen }`, by id. */
  presence = new Map();
  /** Rooms by id. */
  rooms = new Map();

  #url;
  #options;
  #token;
  #link = NO_LINK;
  #outbox;
  #attempts = 0;
  #retry;
  #waiters = [];
  /** The newest list of rooms, and those of them whose changes are being asked for. */
  #listing = new Map();
  #behind = new Set();
  #hasBeenReady = false;
  /** Whether something has come up since the lists were asked for. */
  #isOutdated = false;
  /** The groups that the user is out of since this link began, whatever comes later about them. */
  #left = new Set();
  #isPaused = false;
  #appearance = "online";
  #typedAt = new Map();
  #typists = new Map();

  /**
   * `address` is the hub's, such as `https://chat.example`. The options are described in
   * tradewind.d.ts; all have good defaults, but Node.js before 22 needs `WebSocket`.
   */
  constructor(address, options = {}) {
    super();
    this.#options = { WebSocket: globalThis.WebSocket, ...DEFAULTS, ...options };
    if (this.#options.WebSocket === undefined) {
      throw new TypeError("there is no global WebSocket: give one as an option");
    }
    this.#url = socketUrl(address);
    const { queueMax, storage } = this.#options;
    this.#outbox = new Outbox(queueMax, storage, (error) => this.#tell("error", error));
  }

  /** Calls `listener` with what each event of a type tells; gives a function that ends this. */
  on(type, listener, options) {
    const heard = (/** @type {any} */ { detail }) => listener(detail);
    this.addEventListener(type, heard, options);
    return () => this.removeEventListener(type, heard, options);
  }

  // Coming and going

  /**
   * Connects, and stays connected until `close` or the end of the token. The promise is kept when
   * everything missed has come, and broken if the client is signed out or closed before.
   */
  connect(token = this.#token) {
    if (this.#link === NO_LINK || token !== this.#token) {
      this.#token = token;
      this.#letGo("connecting");
      this.#start();
    }
    return this.ready();
  }

  /** A promise of the client being ready: now, or when it is the next time. */
  ready() {
    if (this.status === "ready") {
      return Promise.resolve(this);
    }
    const promise = new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    // Who listens to events needs no promise.
    promise.catch(() => {});
    return promise;
  }

  /** Tries again at once, if the client waits to do so: the network is back, the page visible. */
  wake() {
    if (this.status === "offline") {
      this.#open();
    }
  }

  /** Disconnects. What waits to be sent waits for the next `connect`. */
  close() {
    this.#letGo("closed");
    this.#disappoint(new HubError("closed", "the client was closed"));
  }

  // Messages

  /** What waits to be sent: `{ nonce, chat_id, content }`, in order. */
  get pending() {
    return this.#outbox.waiting;
  }

  /** The address of the conversation with a user. */
  roomWith(userId) {
    return xor(userId, this.self.id);
  }

  /**
   * Sends a text, now or when there is a link again, once, and after what was sent to the room
   * before. Gives the stored message.
   */
  async send(roomId, content, nonce = makeNonce()) {
    const sent = this.#outbox.add({ nonce, chat_id: roomId, content: checked(content) });
    this.#typedAt.delete(roomId);
    this.#pump();
    return sent;
  }

  /** Changes the text of an own message, and gives the message as it is then. */
  async edit(roomId, messageId, content) {
    return messageOf(await this.#ask(editing(roomId, messageId, checked(content))));
  }

  /** Deletes an own message: its text is empty from then on. */
  async delete(roomId, messageId) {
    return messageOf(await this.#ask(editing(roomId, messageId, "")));
  }

  /**
   * Loads the messages before those the room holds, oldest first, and extends what it holds by
   * them. With `before`, a time of the protocol, only gives the page that ends there.
   *
   * @param {{ count?: number, before?: string }} [options]
   */
  async history(roomId, options = {}) {
    const { count = 50, before } = options;
    const room = before === undefined ? this.rooms.get(roomId) : undefined;
    if (room?.isWhole) {
      return [];
    }
    const size = Math.min(count, PAGE_MAX);
    const request = paging(roomId, before ?? room?.oldest ?? END_OF_TIME, size);
    if (room === undefined) {
      return (await this.#ask(request)).map(messageOf);
    }
    const began = room.beginLoad();
    try {
      const page = (await this.#ask(request)).map(messageOf);
      const seqs = page.map(({ seq }) => seq);
      room.extend(began, seqs, page.length < size);
      return page.map((message) => room.current(message)).filter(isShown);
    } finally {
      room.endLoad();
    }
  }

  /** Says that the user has read up to a message, by default to the newest. Gives the new mark. */
  async read(roomId, seq = this.rooms.get(roomId)?.seq ?? 0) {
    const mark = this.rooms.get(roomId)?.readSeq ?? 0;
    return seq > mark ? (await this.#ask(marking(roomId, seq, this.self.id))).seq : mark;
  }

  // Being there

  /** Says whether somebody sits at this device, "online" or "away"; again on each link. */
  async setPresence(status) {
    this.#appearance = status;
    if (this.#isOnline) {
      await this.#ask(appearing(status));
    }
  }

  /** The user types in a room. May be called on each key; tells the hub every 4 s. */
  typing(roomId) {
    const isTold = Date.now() - (this.#typedAt.get(roomId) ?? -Infinity) < TYPING_AGAIN_MS;
    if (this.#isOnline && this.features.has("typing") && !isTold) {
      this.#typedAt.set(roomId, Date.now());
      this.#link.ask(composing(roomId, "start"));
    }
  }

  /** The user types no more. A message says so, too. */
  stopTyping(roomId) {
    if (this.#typedAt.delete(roomId) && this.#isOnline) {
      this.#link.ask(composing(roomId, "stop"));
    }
  }

  // Friends, by name

  /** Asks somebody for friendship. */
  async requestFriend(name) {
    await this.#ask(befriending("request", name));
  }

  /** Accepts somebody's request. */
  async acceptFriend(name) {
    const accept = () => this.#accepted(named(this.requests, name));
    await this.#ask({ ...befriending("response", name), applies: accept });
  }

  /** Discards somebody's request. */
  async removeRequest(name) {
    const discard = () => this.#discarded(named(this.requests, name));
    await this.#ask({ ...befriending("remove", name), applies: discard });
  }

  /** Takes back one's own request. */
  async withdrawRequest(name) {
    await this.#ask(befriending("withdraw", name));
  }

  /** Ends a friendship. */
  async endFriendship(name) {
    const end = () => this.#parted(named(this.friends, name));
    await this.#ask({ ...befriending("delete", name), applies: end });
  }

  // Groups

  /** Makes a group, and gives its room. */
  async createGroup(title) {
    const { group } = await this.#ask(grouping("create", { title }, this.self.id));
    return this.rooms.get(group.id);
  }

  /** Gives a group another title. */
  renameGroup(roomId, title) {
    return this.#group("rename", { chat_id: roomId, title });
  }

  /** Adds a friend to a group. */
  addMember(roomId, name) {
    return this.#group("add", { chat_id: roomId, name });
  }

  /** Leaves a group. */
  leaveGroup(roomId) {
    return this.#group("leave", { chat_id: roomId });
  }

  /** Puts a member out of a group. */
  kick(roomId, name) {
    return this.#group("kick", { chat_id: roomId, name });
  }

  /** Puts somebody out of a group for good. */
  ban(roomId, name) {
    return this.#group("ban", { chat_id: roomId, name });
  }

  /** Lets somebody be added again. */
  unban(roomId, name) {
    return this.#group("unban", { chat_id: roomId, name });
  }

  /** Makes a member a "moderator", or a mere "member" again. */
  setRole(roomId, name, role) {
    return this.#group("role", { chat_id: roomId, name, role });
  }

  /** Makes another member the owner. */
  transferGroup(roomId, name) {
    return this.#group("transfer", { chat_id: roomId, name });
  }

  /** Ends a group. */
  deleteGroup(roomId) {
    return this.#group("delete", { chat_id: roomId });
  }

  /** Who is in a group: `{ user, role }`, oldest member first. */
  async members(roomId) {
    return (await this.#ask(grouping("members", { chat_id: roomId }, this.self?.id))).members;
  }

  async #group(verb, asked) {
    return (await this.#ask(grouping(verb, asked, this.self?.id))).group;
  }

  // Links

  get #isOnline() {
    return this.status === "syncing" || this.status === "ready";
  }

  async #start() {
    await this.#outbox.restore();
    if (this.status === "connecting" && this.#link === NO_LINK) {
      this.#open();
    }
  }

  #open() {
    clearTimeout(this.#retry);
    this.status = "connecting";
    let socket;
    try {
      socket = new this.#options.WebSocket(this.#url);
    } catch (error) {
      // It never will be: a page of https may not open ws://, for instance.
      this.#letGo("closed");
      this.#disappoint(error);
      this.#tell("error", error);
      return;
    }
    const link = new Link(
      socket,
      {
        opened: () => this.#authenticate(),
        heard: (frame, request) => this.#heard(frame, request),
        ended: (code, reason) => link === this.#link && this.#ended(code, reason),
      },
      this.#options,
    );
    this.#link = link;
  }

  #authenticate() {
    this.#isOutdated = false;
    this.#link.ask({
      ...authenticating(this.#token, this.#options.features),
      resolve: () => this.#isOutdated && this.#authenticate(),
      reject: (error) => this.#refused(error),
    });
  }

  /** Something has come up that the lists do not tell enough about: asks for them again. */
  #refresh() {
    this.#isOutdated = true;
    if (!this.#link.awaits("auth")) {
      this.#authenticate();
    }
  }

  #refused({ code, message, retryAfterMs }) {
    if (code === INVALID) {
      this.#link.end(SIGNED_OUT, message);
    } else if (code !== "offline") {
      this.#link.end(OVERLOAD, retryAfterMs === null ? message : `retry_after_ms=${retryAfterMs}`);
    }
  }

  #ended(code, reason) {
    const isFinal = code === SIGNED_OUT || code === REPLACED;
    this.#letGo(isFinal ? "signedout" : "offline");
    const retryInMs = isFinal ? null : this.#retryDelay(reason);
    if (!isFinal) {
      this.#retry = setTimeout(() => this.#open(), retryInMs);
    }
    if (isFinal) {
      this.#disappoint(new HubError("signedout", reason));
    }
    this.#tell("offline", { code, reason, retryInMs });
    if (isFinal) {
      this.#tell("signedout", { code, reason });
    }
  }

  #letGo(status) {
    clearTimeout(this.#retry);
    this.status = status;
    const link = this.#link;
    this.#link = NO_LINK;
    link.end(CLOSED_BY_US, "");
    this.#isPaused = false;
    this.#typedAt.clear();
    this.#typists.forEach(clearTimeout);
    this.#typists.clear();
    this.#behind.clear();
    this.#left.clear();
    this.rooms.forEach((room) => room.stale());
  }

  #retryDelay(reason) {
    const told = /^retry_after_ms=(\d+)$/.exec(reason);
    if (told !== null) {
      return Math.min(Number(told[1]), RETRY_TOLD_MAX_MS);
    }
    const { retryFirstMs, retryMaxMs } = this.#options;
    const delay = Math.min(retryMaxMs, retryFirstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return jittered(delay);
  }

  #becomeReady() {
    if (this.status !== "syncing" || this.#behind.size > 0) {
      return;
    }
    this.status = "ready";
    this.#attempts = 0;
    this.#hasBeenReady = true;
    this.#waiters.splice(0).forEach(({ resolve }) => resolve(this));
    this.#tell("ready", this);
  }

  #disappoint(error) {
    this.#waiters.splice(0).forEach(({ reject }) => reject(error));
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #ask(request) {
    return new Promise((resolve, reject) => {
      if (this.#isOnline) {
        this.#link.ask({ ...request, resolve, reject });
      } else {
        reject(offline());
      }
    });
  }

  // What is sent

  #pump() {
    if (this.#isOnline && !this.#isPaused) {
      this.#outbox.due().forEach((entry) => this.#transmit(entry));
    }
  }

  #transmit(entry) {
    entry.isUnderWay = true;
    this.#link.ask({
      ...sending(entry, this.self.id),
      resolve: (payload) => {
        this.#outbox.sent(entry.nonce, messageOf(payload));
        this.#pump();
      },
      reject: (error) => this.#unsent(entry, error),
    });
  }

  #unsent(entry, error) {
    entry.isUnderWay = false;
    if (error.isTemporary) {
      this.#pause(error);
    } else if (error.code !== "offline") {
      this.#outbox.failed(entry.nonce, error);
      if (entry.reject === undefined) {
        this.#tell("error", error);
      }
      this.#pump();
    }
  }

  #pause(error) {
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#link.after(this.#patience(error), () => {
        this.#isPaused = false;
        this.#pump();
      });
    }
  }

  #patience({ retryAfterMs }) {
    return retryAfterMs ?? jittered(this.#options.busyMs);
  }

  // What comes

  #heard({ type, payload }, request) {
    switch (type) {
      case "auth":
        return this.#welcomed(payload);
      case "chat":
        return this.#said(payload, request);
      case "sync":
        return this.#synced(payload);
      case "mutual_users":
        return this.#befriended(payload);
      case "presence":
        return this.#appeared(payload);
      case "typing":
        return this.#typed(payload);
      case "read":
        return this.#marked(payload);
      case "group":
        return this.#grouped(payload);
      case "ok":
        return request?.applies?.();
      case "error":
        return this.#tell("error", errorOf(payload));
      default:
        // Of a later version of the protocol.
        return undefined;
    }
  }

  #welcomed({ self_user, mutual_users, mutual_requests, features = [], rooms = [] }) {
    if (this.self !== null && this.self.id !== self_user.id) {
      this.#forgetUser();
    }
    this.self = self_user;
    this.features = new Set(features);
    fill(this.friends, mutual_users);
    fill(this.requests, mutual_requests);
    if (this.status === "connecting") {
      this.status = "syncing";
      this.#appearAgain();
      this.#pump();
    }
    this.#catchUp(rooms);
  }

  #forgetUser() {
    this.rooms.clear();
    this.presence.clear();
    this.#hasBeenReady = false;
    this.#outbox.clear(new HubError("signedout", "another user has signed in"));
  }

  #appearAgain() {
    if (this.#appearance !== "online" && this.features.has("presence")) {
      this.#link.ask(appearing(this.#appearance));
    }
  }

  // Rooms

  /** Compares what a list of rooms says with what is known, and asks for what is missing. */
  #catchUp(listing) {
    if (!this.features.has("sync")) {
      this.rooms.clear();
    }
    const current = listing.filter(({ id }) => !this.#left.has(id));
    this.#listing = new Map(current.map((listed) => [listed.id, listed]));
    const rooms = current.map((listed) => this.#roomIn(listed));
    const isUnlisted = ({ id, isFresh }) => !isFresh && !this.#listing.has(id);
    const unlisted = [...this.rooms.values()].filter(isUnlisted);
    const isAsked = ({ id }) => this.#behind.has(id);
    const behind = rooms.concat(unlisted).filter((room) => !isAsked(room) && this.#isBehind(room));
    this.#sync(behind.map(({ id, rev }) => [id, rev]));
    rooms.filter((room) => !isAsked(room)).forEach((room) => this.#settle(room));
    this.#becomeReady();
  }

  #isBehind({ id, rev }) {
    const listed = this.#listing.get(id);
    return listed === undefined || listed.rev > rev;
  }

  /** The room that a list names. If the hub has lost what it had told, so does the room. */
  #roomIn(listed) {
    const room = this.rooms.get(listed.id) ?? this.#adopt(listed);
    if (!room.isFresh && listed.rev < room.rev) {
      room.forget(listed);
    }
    return room;
  }

  /**
   * A room begins empty, at its newest message, and is paged back. Only a conversation that has
   * begun while there was no link is news from its first message on.
   */
  #adopt(listed) {
    const isNews = this.#hasBeenReady && listed.kind === "dm" && listed.rev <= SYNC_MESSAGES_MAX;
    return this.#enter(isNews ? { ...listed, seq: 0, rev: 0 } : listed);
  }

  #enter(listed) {
    const room = new Room(listed, this.self.id);
    this.rooms.set(room.id, room);
    return room;
  }

  #leave(room) {
    this.rooms.delete(room.id);
    this.#behind.delete(room.id);
    this.#tell("room", { room, isGone: true });
  }

  #settle(room) {
    room.isFresh = true;
    this.#behind.delete(room.id);
    const listed = this.#listing.get(room.id);
    if (listed !== undefined) {
      room.settle(listed);
    }
    this.#trim(room);
    this.#tell("room", { room, isGone: false });
  }

  /** Saves memory, but not while messages are compared with a list of rooms. */
  #trim(room) {
    if (room.isFresh && !this.#behind.has(room.id) && !this.#link.awaits("auth")) {
      room.trim(this.#options.messagesMax);
    }
  }

  /** Asks for the changes of rooms after their revs. */
  #sync(revs) {
    revs.forEach(([id]) => this.#behind.add(id));
    for (let from = 0; from < revs.length; from += SYNC_ROOMS_MAX) {
      const part = revs.slice(from, from + SYNC_ROOMS_MAX);
      this.#link.ask({
        ...syncing(Object.fromEntries(part)),
        reject: (error) => this.#notSynced(part, error),
      });
    }
  }

  #notSynced(revs, error) {
    if (error.isTemporary) {
      this.#link.after(this.#patience(error), () => this.#sync(revs));
    } else if (error.code !== "offline") {
      this.#tell("error", error);
      this.#link.end(OVERLOAD, error.message);
    }
  }

  #synced({ rooms, complete }) {
    const known = Object.entries(rooms).filter(([id]) => this.rooms.has(id));
    for (const [id, rev] of known) {
      const room = this.rooms.get(id);
      if (rev === null) {
        this.#leave(room);
        continue;
      }
      room.catchUp(rev);
      if (complete) {
        this.#advance(room);
        this.#settle(room);
      }
    }
    if (!complete) {
      this.#sync(known.filter(([, rev]) => rev !== null));
    }
    this.#becomeReady();
  }

  /**
   * Everything up to the newest change seen has come, unless the answer to an own change is still
   * to come: news may overtake it.
   */
  #advance(room) {
    if (!this.#link.isChanging(room.id)) {
      room.reach();
    }
  }

  #said(payload, request) {
    const message = messageOf(payload);
    const isLoaded = request?.frame.type === "load";
    if (message.seq === undefined) {
      // A hub without sync tells too little to keep rooms by.
      this.#announce(isLoaded ? "known" : OUTCOMES[payload.type], message);
    } else if (isLoaded) {
      // It may also be news, which look the same.
      const room = this.#roomOf("send", message);
      this.#announce(room?.merge(message), message, room);
    } else {
      this.#placed(payload.type, message);
    }
  }

  #placed(type, message) {
    const room = this.#roomOf(type, message);
    if (room === undefined) {
      return;
    }
    const outcome = room.put(message);
    if (room.isFresh) {
      this.#advance(room);
    }
    this.#announce(outcome === "below" && type === "edit" ? "changed" : outcome, message, room);
    this.#trim(room);
  }

  #announce(outcome, message, room) {
    if (outcome === "new") {
      this.#tell("message", { message, room });
    } else if (outcome === "changed") {
      this.#tell("edit", { message, room });
    }
  }

  /** The room of a message; a new one if it was in no list, none if the user is out of it. */
  #roomOf(type, { chat_id: id, seq }) {
    const room = this.rooms.get(id);
    if (room !== undefined || this.#left.has(id)) {
      return room;
    }
    return isGroup(id) ? this.#meetGroup(id, type === "edit" ? seq : seq - 1) : this.#meet(id);
  }

  /** A conversation has begun: if there had been anything to see before, the list had named it. */
  #meet(id) {
    const peer = xor(id, this.self.id);
    const known = this.friends.get(peer) ?? this.requests.get(peer);
    if (known === undefined) {
      this.#refresh();
    }
    const user = known ?? { id: peer, name: null, profile: null };
    return this.#begin({ id, kind: "dm", user, title: null, seq: 0, rev: 0 });
  }

  /** Something has come of a group before the list that names it. */
  #meetGroup(id, seq) {
    this.#refresh();
    return this.#begin({ id, kind: "group", user: null, title: null, seq, rev: 0 });
  }

  /** A room of which everything is told from now on. */
  #begin(listed) {
    const room = this.#enter({ ...listed, read_seq: 0 });
    room.isFresh = true;
    this.#tell("room", { room, isGone: false });
    return room;
  }

  #marked({ chat_id, user_id, seq }) {
    const room = this.rooms.get(chat_id);
    if (room === undefined) {
      return;
    }
    if (user_id !== this.self.id) {
      room.readers.set(user_id, Math.max(seq, room.readers.get(user_id) ?? 0));
    } else if (seq > room.readSeq && room.mark(seq)) {
      this.#refresh();
    }
    this.#tell("read", { room, user_id, seq });
  }

  #typed({ chat_id, user_id, state }) {
    const room = this.rooms.get(chat_id);
    const typist = `${chat_id} ${user_id}`;
    clearTimeout(this.#typists.get(typist));
    this.#typists.delete(typist);
    if (room !== undefined && state === "start") {
      const forget = () => this.#typed({ chat_id, user_id, state: "stop" });
      this.#typists.set(typist, setTimeout(forget, TYPING_LOST_MS));
      room.typing.add(user_id);
      this.#tell("typing", { room, user_id, state });
    } else if (room?.typing.delete(user_id)) {
      this.#tell("typing", { room, user_id, state });
    }
  }

  #grouped({ type, group, user, by, role }) {
    const room = this.rooms.get(group.id);
    if (room !== undefined) {
      room.group = group;
      room.title = group.title;
    }
    if (type === "members") {
      return;
    }
    if (this.features.has("sync")) {
      this.#regroup({ type, group, room, isSelf: user?.id === this.self.id });
    }
    this.#tell("group", { type, group, user, by, role, room });
  }

  #regroup({ type, group, room, isSelf }) {
    if (type === "delete" || (isSelf && ["leave", "kick", "ban"].includes(type))) {
      this.#left.add(group.id);
      if (room !== undefined) {
        this.#leave(room);
      }
      return;
    }
    if (type === "create" || (isSelf && type === "add")) {
      this.#left.delete(group.id);
    }
    if (room !== undefined) {
      this.#tell("room", { room, isGone: false });
    } else if (type === "create") {
      const { id, title } = group;
      this.#begin({ id, kind: "group", user: null, title, seq: 0, rev: 0 }).group = group;
    } else if (!this.#left.has(group.id)) {
      this.#refresh();
    }
  }

  // Friends

  #befriended({ type, user }) {
    if (type === "request") {
      this.requests.set(user.id, user);
    } else if (type === "response") {
      this.friends.set(user.id, user);
    } else if (type === "withdraw") {
      this.requests.delete(user.id);
    } else if (type === "delete") {
      this.#unfriend(user);
    }
    this.#tellFriend(type, user, false);
  }

  #accepted(user) {
    if (user === undefined) {
      // Asked for after the list was made.
      this.#refresh();
      return;
    }
    this.requests.delete(user.id);
    this.friends.set(user.id, user);
    this.#tellFriend("response", user, true);
  }

  #discarded(user) {
    if (user !== undefined) {
      this.requests.delete(user.id);
      this.#tellFriend("remove", user, true);
    }
  }

  #parted(user) {
    if (user !== undefined) {
      this.#unfriend(user);
      this.#tellFriend("delete", user, true);
    }
  }

  #unfriend({ id }) {
    this.friends.delete(id);
    this.presence.delete(id);
  }

  #tellFriend(type, user, isOwn) {
    // Lists that are on their way may not know it yet.
    this.#isOutdated = true;
    this.#tell("friend", { type, user, isOwn });
  }

  #appeared({ type, users, user, status, last_seen }) {
    if (type === "set") {
      return;
    }
    const told = type === "snapshot" ? users : [{ id: user, status, last_seen }];
    if (type === "snapshot") {
      this.presence.clear();
    }
    told.forEach(({ id, ...presence }) => this.presence.set(id, presence));
    this.#tell("presence", { users: told, isSnapshot: type === "snapshot" });
  }
}

const OUTCOMES = { send: "new", edit: "changed" };

/**
 * The message in a chat frame. It is shared, so nobody may change it.
 *
 * @returns {any}
 */
function messageOf({ type: _type, duplicate: _duplicate, ...message }) {
  return Object.freeze(message);
}

function checked(content) {
  if (typeof content !== "string" || content === "") {
    throw new TypeError("a message needs a text");
  }
  if (new TextEncoder().encode(content).length > CONTENT_BYTES_MAX) {
    throw new RangeError(`a text may have ${CONTENT_BYTES_MAX} bytes`);
  }
  return content;
}

function makeNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A delay from a half of it to the whole, so that clients do not come back all at once. */
function jittered(ms) {
  return ms * (0.5 + Math.random() / 2);
}

function named(users, name) {
  return [...users.values()].find((user) => user.name === name);
}

function fill(users, list) {
  users.clear();
  list.forEach((user) => users.set(user.id, user));
}
