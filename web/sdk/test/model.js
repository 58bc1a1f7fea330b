/**
 * A hub in a few lines, to try a client against every order of things that the protocol allows: it
 * does one small step at a time, and chance says which. Commits are told later than they are made,
 * news overtakes answers, look-ups may be ahead of the news or behind them, links break anywhere.
 */

const SECOND_US = 1_000_000n;

export class ModelHub {
  users = new Map();
  rooms = new Map();
  sessions = new Set();
  /** Commits that nobody has been told of yet. */
  untold = [];
  /** What each user was told at his last welcome: of each room the number of the newest message. */
  lists = new Map();
  #nonces = new Map();
  #clock = 0n;
  #ids = 1n << 40n;
  #chance;
  #changesMax;
  #busy;

  /** `changesMax`: how many messages a sync gives at most; `busy`: how often it refuses. */
  constructor(chance, { changesMax, busy }) {
    this.#chance = chance;
    this.#changesMax = changesMax;
    this.#busy = busy;
  }

  addUser(id, name) {
    this.users.set(id, { id, name, profile: null });
  }

  addGroup(id, title) {
    const group = { id, kind: "group", title, members: [...this.users.keys()] };
    this.rooms.set(id, { ...group, seq: 0, rev: 0, messages: [], marks: new Map() });
  }

  /** The WebSocket class by which clients reach this hub. */
  get socketClass() {
    const hub = this;
    return class extends ModelSocket {
      constructor() {
        super(hub);
      }
    };
  }

  /** All that may happen next. */
  get steps() {
    const steps = this.untold.length > 0 ? [() => this.tell(this.untold.shift())] : [];
    return [...this.sessions].reduce((all, session) => all.concat(session.steps), steps);
  }

  /** A restart: what was committed stays, but whom it concerns is not told any more. */
  crash() {
    this.untold = [];
    [...this.sessions].forEach((session) => session.cut());
  }

  tell({ room, frame, author, answer }) {
    for (const session of this.sessions) {
      const isConcerned = session.user && room.members.includes(session.user);
      if (session !== author && isConcerned) {
        session.push(shownTo(session.user, frame));
      }
    }
    author.answer(answer, [shownTo(author.user, frame)]);
  }

  handle(session, { type, payload }, slot) {
    const refusal = this.#refusal(type);
    if (refusal !== null) {
      session.answer(slot, [refusal]);
    } else if (type === "heartbeat") {
      session.answer(slot, [{ type, payload }]);
    } else if (type === "auth") {
      session.user = payload.auth;
      session.later(slot, () => [this.#welcome(session.user)]);
    } else if (type === "load") {
      session.later(slot, () => this.#page(session.user, payload));
    } else if (type === "sync") {
      session.later(slot, () => this.#changes(session.user, payload));
    } else if (type === "read") {
      session.answer(slot, [this.#mark(session.user, payload)]);
    } else {
      this.#write(session, payload, slot);
    }
  }

  #refusal(type) {
    const canBeBusy = type === "chat" || type === "sync" || type === "load";
    return canBeBusy && this.#chance.happens(this.#busy) ? error(4009, "busy, try again") : null;
  }

  #welcome(user) {
    const friends = [...this.users.values()].filter(({ id }) => id !== user);
    const rooms = this.roomsOf(user).map((room) => this.listed(room, user));
    this.lists.set(user, new Map(rooms.map(({ id, seq }) => [id, seq])));
    return {
      type: "auth",
      payload: {
        self_user: this.users.get(user),
        mutual_requests: [],
        mutual_users: friends,
        features: ["sync", "read", "group"],
        rooms,
      },
    };
  }

  roomsOf(user) {
    const isVisible = ({ kind, messages }) => kind === "group" || messages.some(isShown);
    return [...this.rooms.values()].filter(
      (room) => room.members.includes(user) && isVisible(room),
    );
  }

  listed({ id, kind, title, seq, rev, members, marks, messages }, user) {
    const peer = members.find((member) => member !== user);
    const read_seq = marks.get(user) ?? 0;
    const isUnread = (said) => isShown(said) && said.user_id !== user && said.seq > read_seq;
    const unread = messages.filter(isUnread).length;
    return {
      id,
      kind,
      user: kind === "dm" ? this.users.get(peer) : null,
      title,
      seq,
      rev,
      read_seq,
      unread,
    };
  }

  #room(user, id) {
    if (!this.rooms.has(id) && BigInt(id) % 2n === 0n) {
      const members = [user, (BigInt(id) ^ BigInt(user)).toString()];
      const room = { id, kind: "dm", title: null, members, seq: 0, rev: 0, messages: [] };
      this.rooms.set(id, { ...room, marks: new Map() });
    }
    return this.rooms.get(id);
  }

  #page(user, { load_id, datetime, count }) {
    const before = atob(datetime);
    const room = this.rooms.get(load_id);
    const isBefore = (said) => isShown(said) && said.created_at < before;
    const page = (room?.messages ?? []).filter(isBefore).slice(-count);
    return page.map((said) => shownTo(user, chat("send", said)));
  }

  #changes(user, { rooms, limit }) {
    const frames = [];
    const reached = {};
    let left = Math.min(limit, this.#changesMax);
    for (const [id, rev] of Object.entries(rooms)) {
      const room = this.rooms.get(id);
      const since = (room?.messages ?? []).filter((said) => said.rev > rev);
      const changed = since.sort((one, other) => one.rev - other.rev).slice(0, left);
      left -= changed.length;
      reached[id] = room
        ? changed.length < since.length
          ? (changed.at(-1)?.rev ?? rev)
          : room.rev
        : null;
      frames.push(
        ...changed.map((said) =>
          shownTo(user, chat(said.sentAt === said.rev ? "send" : "edit", said)),
        ),
      );
    }
    const complete = Object.entries(reached).every(
      ([id, rev]) => rev === null || rev === this.rooms.get(id).rev,
    );
    return [...frames, { type: "sync", payload: { rooms: reached, complete } }];
  }

  #mark(user, { chat_id, seq }) {
    const { marks, seq: last } = this.rooms.get(chat_id);
    marks.set(user, Math.max(marks.get(user) ?? 0, Math.min(seq, last)));
    return { type: "read", payload: { chat_id, user_id: user, seq: marks.get(user) } };
  }

  #write(session, payload, answer) {
    const { user } = session;
    const known = this.#nonces.get(`${user} ${payload.nonce}`);
    if (payload.type === "send" && known !== undefined) {
      const frame = chat("send", known);
      frame.payload.duplicate = true;
      session.later(answer, () => [shownTo(user, frame)]);
      return;
    }
    const room = this.#room(user, payload.chat_id);
    const said =
      payload.type === "send" ? this.#post(room, user, payload) : edit(room, user, payload);
    if (said === undefined) {
      session.answer(answer, [error(4004, "chat not exist.")]);
    } else {
      this.untold.push({ room, frame: chat(payload.type, said), author: session, answer });
    }
  }

  #post(room, user_id, { chat_id, content, nonce }) {
    this.#ids += 128n;
    room.seq += 1;
    room.rev += 1;
    const id = this.#ids.toString();
    const said = { id, user_id, chat_id, content, created_at: this.#time(), seq: room.seq };
    Object.assign(said, {
      rev: room.rev,
      edited_at: null,
      nonce,
      sentAs: content,
      sentAt: room.rev,
    });
    room.messages.push(said);
    this.#nonces.set(`${user_id} ${nonce}`, said);
    return said;
  }

  #time() {
    this.#clock += 1n + BigInt(this.#chance.below(50_000));
    const seconds = Number(this.#clock / SECOND_US);
    const text = new Date(Date.UTC(2026, 10, 22) + seconds * 1_000).toISOString();
    const micros = (this.#clock % SECOND_US).toString().padStart(6, "0");
    return `${text.slice(0, 19).replace("T", " ")}.${micros}`;
  }
}

function edit(room, user, { id, content }) {
  const said = room.messages.find((message) => message.id === id && message.user_id === user);
  if (said === undefined || !isShown(said)) {
    return undefined;
  }
  room.rev += 1;
  Object.assign(said, { content, rev: room.rev, edited_at: said.created_at });
  return said;
}

export const isShown = ({ content }) => content !== "";

function chat(type, { sentAs: _sentAs, sentAt: _sentAt, ...said }) {
  return { type: "chat", payload: { type, ...said } };
}

/** A chat frame as it is told to a user: only the author sees the nonce. */
function shownTo(user, { type, payload }) {
  const { nonce, ...rest } = payload;
  return { type, payload: payload.user_id === user ? payload : rest };
}

function error(code, reason) {
  return { type: "error", payload: { code, reason } };
}

/** The client's end of a link, and the hub's session behind it. */
class ModelSocket extends EventTarget {
  user = null;
  #hub;
  #isOpen = false;
  #isWelcome = false;
  /** What is on its way to the hub. */
  #asked = [];
  /** Requests that were handled: `null`, or the frames that answer. The first leaves first. */
  #slots = [];
  /** A look-up that has not been made yet; until then nothing else is handled. */
  #lookUp = null;
  #held = [];
  /** What is on its way to the client. */
  #told = [];

  constructor(hub) {
    super();
    this.#hub = hub;
    hub.sessions.add(this);
  }

  get steps() {
    if (!this.#isOpen) {
      return [() => this.#open()];
    }
    const steps = [];
    if (this.#asked.length > 0 && this.#lookUp === null) {
      steps.push(() => this.#handle());
    }
    if (this.#lookUp !== null) {
      steps.push(() => this.#found());
    }
    if (this.#slots[0]?.frames) {
      steps.push(() => this.#release());
    }
    if (this.#told.length > 0) {
      steps.push(() => this.#deliver());
    }
    return steps;
  }

  send(text) {
    this.#asked.push(JSON.parse(text));
  }

  close() {
    this.#hub.sessions.delete(this);
  }

  /** The link breaks; what was on its way is lost. */
  cut() {
    this.close();
    this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }));
  }

  push(frame) {
    (this.#isWelcome ? this.#told : this.#held).push(frame);
  }

  answer(slot, frames) {
    slot.frames = structuredClone(frames);
  }

  later(slot, look) {
    this.#lookUp = { slot, look };
  }

  #open() {
    this.#isOpen = true;
    this.dispatchEvent(new Event("open"));
  }

  /** A look-up waits for what was asked before it. */
  #handle() {
    const isLookUp = ["auth", "load", "sync"].includes(this.#asked[0].type);
    if (isLookUp && this.#slots.length > 0) {
      return;
    }
    const slot = { frames: null };
    this.#slots.push(slot);
    this.#hub.handle(this, this.#asked.shift(), slot);
  }

  #found() {
    const { slot, look } = this.#lookUp;
    this.#lookUp = null;
    this.answer(slot, look());
  }

  #release() {
    const { frames } = this.#slots.shift();
    this.#told.push(...frames);
    if (frames[0]?.type === "auth") {
      this.#isWelcome = true;
      this.#told.push(...this.#held.splice(0));
    }
  }

  #deliver() {
    const data = JSON.stringify(this.#told.shift());
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}
