/**
 * The client: it ties a link, an outbox and the rooms together.
 *
 * State follows frames. Each frame changes the local state in the moment it comes, whoever asked for
 * it; promises only tell that an answer has come.
 */
import { Account, socketUrl } from "./account.js";
import {
  CLOSED_BY_US,
  HubError,
  INVALID,
  LINK_LOST,
  OVERLOAD,
  REPLACED,
  SIGNED_OUT,
  errorOf,
  offline,
} from "./errors.js";
import { Emitter } from "./events.js";
import { Link, NO_LINK } from "./link.js";
import { Outbox } from "./outbox.js";
import { diagnose } from "./probe.js";
import * as ask from "./requests.js";
import { Room, isShown, messageOf } from "./room.js";
import { foldName, idText, isGroup, plainText, utf8Length, xor } from "./values.js";

/** Everything a hub can grant beside plain REWIND. */
export const FEATURES = Object.freeze(["sync", "presence", "typing", "read", "group"]);

/** The longest text of a message, in bytes of UTF-8. */
export const CONTENT_BYTES_MAX = 65_536;

const DEFAULTS = Object.freeze({
  features: FEATURES,
  storage: undefined,
  getToken: undefined,
  connectTimeoutMs: 20_000,
  heartbeatMs: 40_000,
  answerTimeoutMs: 10_000,
  retryFirstMs: 500,
  retryMaxMs: 30_000,
  busyMs: 500,
  queueMax: 1_000,
  messagesMax: 1_000,
});

/** The longest wait that a hub can ask for by its close reason. */
const RETRY_TOLD_MAX_MS = 600_000;
/** How often it is said that the user still types; the hub forgets it after 6 s. */
const TYPING_AGAIN_MS = 4_000;
/** After how long somebody types no more, should the hub's word of it have got lost. */
const TYPING_LOST_MS = 60_000;
/** Later than every message. */
const END_OF_TIME = "9999-12-31 23:59:59.999999";

/**
 * A user's connection to a hub, kept up over any number of links. What events tell is handed to the
 * listeners of `on`.
 */
export class Client extends Emitter {
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

  #address;
  #url;
  #options;
  #token;
  /** Whether the token has come from `getToken` and not been taken by the hub yet. */
  #isTokenNew = false;
  /** The history that the revs of the rooms belong to. */
  #epoch = null;
  #giveUp;
  /** Why there is no link, as far as it could be found out. */
  #why = null;
  #isInvestigating = false;
  /** Counts what the program has wanted: to be connected, to be closed. */
  #wish = 0;
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
    const { WebSocket, fetch } = globalThis;
    this.#options = { WebSocket, fetch: fetch?.bind(globalThis), ...DEFAULTS, ...options };
    if (this.#options.WebSocket === undefined) {
      throw new TypeError("there is no global WebSocket: give one as an option");
    }
    this.#address = address;
    this.#url = socketUrl(address);
    const { queueMax, storage } = this.#options;
    this.#outbox = new Outbox(queueMax, storage, {
      changed: (entry) => this.emit("outbox", entry),
      complain: (error) => this.emit("error", error),
    });
    /** The user's account, over HTTP, with the client's token. */
    this.account = new Account(address, () => this.#token, this.#options.fetch);
  }

  // Coming and going

  /**
   * Connects, and stays connected until `close` or the end of the token. The promise is kept when
   * everything missed has come. It is broken, with the reason, if the client is signed out or closed
   * before, if there is no hub or it does not take this page, and if none has answered within
   * `connectTimeoutMs`; in that last case the client goes on trying.
   */
  connect(token = this.#token) {
    if (this.#link === NO_LINK || token !== this.#token) {
      this.#token = token;
      this.#wish += 1;
      this.#letGo("connecting");
      this.#waitNoLongerThan(this.#options.connectTimeoutMs);
      this.#start();
    }
    return this.ready();
  }

  /** Ends the log-in: its token stops working, here and on the hub. */
  async logOut() {
    await this.account.logOut();
    this.close();
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
    this.#wish += 1;
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
    return xor(idText(userId, "user"), this.self.id);
  }

  /**
   * What a room is drawn from: its messages, and after them what of the user's own is not stored
   * yet. Each has a `state`: "stored", "waiting" or "failed".
   */
  timeline(roomId) {
    const id = idText(roomId, "room");
    const messages = this.rooms.get(id)?.messages ?? [];
    const stored = messages.map((message) => ({
      nonce: message.nonce ?? null,
      chat_id: id,
      content: message.content,
      state: "stored",
      message,
      error: null,
    }));
    return [...stored, ...this.#outbox.echoes(id)];
  }

  /** Sends once more what was refused, under its name. Gives the stored message. */
  async retry(nonce) {
    const entry = this.#outbox.takeFailed(nonce);
    if (entry === undefined) {
      throw new HubError("unknown", "no message of that name was refused");
    }
    return this.send(entry.chat_id, entry.content, nonce);
  }

  /** Throws away what was refused, or waits and is not under way. Tells whether it could. */
  discard(nonce) {
    return this.#outbox.discard(nonce);
  }

  /**
   * Sends a text, now or when there is a link again, once, and after what was sent to the room
   * before. Gives the stored message.
   */
  async send(roomId, content, nonce = makeNonce()) {
    const id = idText(roomId, "room");
    const sent = this.#outbox.add({ nonce, chat_id: id, content: checked(content) });
    this.#typedAt.delete(id);
    this.#pump();
    return sent;
  }

  /** Changes the text of an own message, and gives the message as it is then. */
  async edit(roomId, messageId, content) {
    return this.#rewrite(roomId, messageId, checked(content));
  }

  /** Deletes an own message: its text is empty from then on. */
  async delete(roomId, messageId) {
    return this.#rewrite(roomId, messageId, "");
  }

  async #rewrite(roomId, messageId, content) {
    const request = ask.editing(idText(roomId, "room"), idText(messageId, "message"), content);
    return messageOf(await this.#ask(request));
  }

  /**
   * Loads the messages before those the room holds, oldest first, and extends what it holds by
   * them. With `before`, a time of the protocol, only gives the page that ends there.
   *
   * @param {{ count?: number, before?: string }} [options]
   */
  async history(roomId, options = {}) {
    const { count = 50, before } = options;
    const id = idText(roomId, "room");
    const room = before === undefined ? this.rooms.get(id) : undefined;
    if (room?.isWhole) {
      return [];
    }
    const size = Math.min(count, ask.PAGE_MAX);
    const load = () => this.#page(id, before ?? room?.oldest ?? END_OF_TIME, size);
    if (room === undefined) {
      return load();
    }
    const began = room.beginLoad();
    try {
      const page = await load();
      const seqs = page.map(({ seq }) => seq);
      room.extend(began, seqs, page.length < size);
      return page.map((message) => room.current(message)).filter(isShown);
    } finally {
      room.endLoad();
    }
  }

  /** Hubs that tell their epoch send a page in one frame, older ones a frame a message. */
  async #page(id, before, size) {
    if (this.#epoch === null) {
      return (await this.#ask(ask.paging(id, before, size))).map(messageOf);
    }
    const { messages } = await this.#ask(ask.pagingWhole(id, before, size));
    return messages.map(messageOf);
  }

  /** Says that the user has read up to a message, by default to the newest. Gives the new mark. */
  async read(roomId, seq = undefined) {
    const id = idText(roomId, "room");
    const { seq: newest = 0, readSeq: mark = 0 } = this.rooms.get(id) ?? {};
    const upTo = seq ?? newest;
    if (!Number.isSafeInteger(upTo)) {
      throw new TypeError(`seq: ${upTo} is no number of a message`);
    }
    return upTo > mark ? (await this.#ask(ask.marking(id, upTo, this.self.id))).seq : mark;
  }

  /** Up to where each of the others has read, also in groups too large for `room.readers`. */
  async readers(roomId) {
    const id = idText(roomId, "room");
    const { readers } = await this.#ask(ask.askingReaders(id));
    this.rooms.get(id)?.readTo(readers);
    return new Map(Object.entries(readers));
  }

  // Users

  /** Who is meant by ids; those of whom the user may not know are left out. */
  async users(ids) {
    const texts = [...new Set(ids.map((id) => idText(id, "user")))];
    const found = [];
    for (let from = 0; from < texts.length; from += ask.USERS_MAX) {
      const part = texts.slice(from, from + ask.USERS_MAX);
      found.push(...(await this.#ask(ask.lookingUp(part))).users);
    }
    return found;
  }


  // Being there

  /** Says whether somebody sits at this device, "online" or "away"; again on each link. */
  async setPresence(status) {
    this.#appearance = status;
    if (this.#isOnline) {
      await this.#ask(ask.appearing(status));
    }
  }

  /** The user types in a room. May be called on each key; tells the hub every 4 s. */
  typing(roomId) {
    const id = idText(roomId, "room");
    const isTold = Date.now() - (this.#typedAt.get(id) ?? -Infinity) < TYPING_AGAIN_MS;
    if (this.#isOnline && this.features.has("typing") && !isTold) {
      this.#typedAt.set(id, Date.now());
      this.#link.ask(ask.composing(id, "start"));
    }
  }

  /** The user types no more. A message says so, too. */
  stopTyping(roomId) {
    const id = idText(roomId, "room");
    if (this.#typedAt.delete(id) && this.#isOnline) {
      this.#link.ask(ask.composing(id, "stop"));
    }
  }

  // Friends, by name

  /** Asks somebody for friendship. */
  async requestFriend(name) {
    await this.#befriend("request", name);
  }

  /** Takes an own request back. */
  async withdrawRequest(name) {
    await this.#befriend("withdraw", name);
  }

  /** Requests that wait: `{ incoming, outgoing }`, users. */
  async friendRequests() {
    const { incoming, outgoing } = await this.#ask(ask.requestsOfBoth());
    return { incoming, outgoing };
  }

  /** Accepts somebody's request. */
  async acceptFriend(name) {
    await this.#befriend("response", name, () => this.#accepted(named(this.requests, name)));
  }

  /** Discards somebody's request. */
  async removeRequest(name) {
    await this.#befriend("remove", name, () => this.#discarded(named(this.requests, name)));
  }

  /** Ends a friendship. */
  async endFriendship(name) {
    await this.#befriend("delete", name, () => this.#parted(named(this.friends, name)));
  }

  /** `applies` changes what is known here, in the moment of the answer. */
  async #befriend(verb, name, applies = undefined) {
    await this.#ask({ ...ask.befriending(verb, plainText(name, "name")), applies });
  }

  // Groups

  /** Makes a group, and gives its room. */
  async createGroup(title) {
    const group = await this.#group("create", { title });
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

  /** Makes another member the owner; to one who has never written in the group it is an offer. */
  transferGroup(roomId, name) {
    return this.#group("transfer", { chat_id: roomId, name });
  }

  /** Accepts the offer of a group: the user is its owner then. */
  acceptGroup(roomId) {
    return this.#group("accept", { chat_id: roomId });
  }

  /** Declines the offer of a group. */
  declineGroup(roomId) {
    return this.#group("decline", { chat_id: roomId });
  }

  /** Ends a group. */
  deleteGroup(roomId) {
    return this.#group("delete", { chat_id: roomId });
  }

  /** Who is in a group: `{ user, role }`, oldest member first. */
  async members(roomId) {
    return (await this.#askGroup("members", { chat_id: roomId })).members;
  }

  async #group(verb, asked) {
    return (await this.#askGroup(verb, asked)).group;
  }

  async #askGroup(verb, asked) {
    const checks = Object.entries(asked).map(([what, value]) => [
      what,
      what === "chat_id" ? idText(value, "group") : plainText(value, what),
    ]);
    return this.#ask(ask.grouping(verb, Object.fromEntries(checks), this.self?.id));
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

  /** The promises of `connect` wait no longer, if there has not been a hub. */
  #waitNoLongerThan(ms) {
    clearTimeout(this.#giveUp);
    const error = new HubError("unreachable", `no hub has answered within ${ms} ms`);
    this.#giveUp = setTimeout(() => this.#disappoint(this.#why ?? error), ms);
  }

  #open() {
    clearTimeout(this.#retry);
    this.status = "connecting";
    if (this.#options.getToken !== undefined && !isGood(this.#token)) {
      this.#renew();
    } else {
      this.#connect();
    }
  }

  /** Has the program get a token. No token means that the user is to log in. */
  async #renew() {
    const isWanted = () => this.status === "connecting" && this.#link === NO_LINK;
    try {
      const token = await this.#options.getToken();
      if (isWanted() && isGood(token)) {
        this.#token = token;
        this.#isTokenNew = true;
        this.#connect();
      } else if (isWanted()) {
        this.#isTokenNew = true;
        this.#ended(SIGNED_OUT, "there is no token");
      }
    } catch (error) {
      if (isWanted()) {
        this.emit("error", error);
        this.#ended(LINK_LOST, "no token could be got");
      }
    }
  }

  /** Gives up. */
  #fail(error) {
    this.#letGo("closed");
    this.#disappoint(error);
    this.emit("error", error);
  }

  #connect() {
    let socket;
    try {
      socket = new this.#options.WebSocket(this.#url);
    } catch (error) {
      // It never will be: a page of https may not open ws://, for instance.
      this.#fail(error);
      return;
    }
    const link = new Link(
      socket,
      {
        opened: () => this.#authenticate(),
        heard: (frame, request) => this.#heard(frame, request),
        ended: (code, reason, wasOpen) => {
          if (link === this.#link) {
            this.#ended(code, reason);
            wasOpen || this.#investigate();
          }
        },
      },
      this.#options,
    );
    this.#link = link;
  }

  #authenticate() {
    this.#isOutdated = false;
    this.#link.ask({
      ...ask.authenticating(this.#token, this.#options.features),
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

  /** Before there has been a hub, finds out why there is none, and gives up if that is for good. */
  async #investigate() {
    const { fetch } = this.#options;
    if (this.#hasBeenReady || this.#isInvestigating || fetch === undefined) {
      return;
    }
    this.#isInvestigating = true;
    const wish = this.#wish;
    const error = await diagnose(this.#address, fetch);
    this.#isInvestigating = false;
    if (this.#wish === wish && !this.#isOnline) {
      this.#why = error;
      if (error.code === "nohub" || error.code === "origin") {
        this.#fail(error);
      }
    }
  }

  #ended(code, reason) {
    const isRenewed = code === SIGNED_OUT && this.#options.getToken && !this.#isTokenNew;
    if (isRenewed) {
      this.#token = undefined;
    }
    const isFinal = (code === SIGNED_OUT && !isRenewed) || code === REPLACED;
    this.#letGo(isFinal ? "signedout" : "offline");
    const retryInMs = isFinal ? null : isRenewed ? 0 : this.#retryDelay(reason);
    if (!isFinal) {
      this.#retry = setTimeout(() => this.#open(), retryInMs);
    }
    if (isFinal) {
      this.#disappoint(new HubError("signedout", reason));
    }
    this.emit("offline", { code, reason, retryInMs });
    if (isFinal) {
      this.emit("signedout", { code, reason });
    }
  }

  #letGo(status) {
    clearTimeout(this.#retry);
    if (status === "closed" || status === "signedout") {
      clearTimeout(this.#giveUp);
    }
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
    this.#why = null;
    clearTimeout(this.#giveUp);
    this.#waiters.splice(0).forEach(({ resolve }) => resolve(this));
    this.emit("ready", this);
  }

  #disappoint(error) {
    this.#waiters.splice(0).forEach(({ reject }) => reject(error));
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
      ...ask.sending(entry, this.self.id),
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
        this.emit("error", error);
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
      case "load":
        return this.#paged(payload);
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
        return this.emit("error", errorOf(payload));
      default:
        // Of a later version of the protocol.
        return undefined;
    }
  }

  #welcomed(welcome) {
    const { self_user, mutual_users, mutual_requests, features = [], rooms = [] } = welcome;
    if (this.self !== null && this.self.id !== self_user.id) {
      this.#forgetUser();
    }
    this.self = self_user;
    this.#isTokenNew = false;
    this.#enterEpoch(welcome.epoch ?? null);
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

  /** In another history than that of the revs nothing that is known of rooms counts any more. */
  #enterEpoch(epoch) {
    const isOther = this.#epoch !== null && epoch !== this.#epoch;
    this.#epoch = epoch;
    if (isOther) {
      this.#behind.clear();
      this.rooms.forEach((room) => room.void());
      this.emit("reset", { epoch });
    }
  }

  #forgetUser() {
    this.#epoch = null;
    this.rooms.clear();
    this.presence.clear();
    this.#hasBeenReady = false;
    this.#outbox.clear(new HubError("signedout", "another user has signed in"));
  }

  #appearAgain() {
    if (this.#appearance !== "online" && this.features.has("presence")) {
      this.#link.ask(ask.appearing(this.#appearance));
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
    if (room.isVoid || (!room.isFresh && listed.rev < room.rev)) {
      room.forget(listed);
    }
    return room;
  }

  /**
   * A room begins empty, at its newest message, and is paged back. Only a conversation that has
   * begun while there was no link is news from its first message on.
   */
  #adopt(listed) {
    const isNews = this.#hasBeenReady && listed.kind === "dm" && listed.rev <= ask.SYNC_MESSAGES_MAX;
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
    this.emit("room", { room, isGone: true });
  }

  #settle(room) {
    room.isFresh = true;
    this.#behind.delete(room.id);
    const listed = this.#listing.get(room.id);
    if (listed !== undefined) {
      room.settle(listed);
    }
    this.#trim(room);
    this.emit("room", { room, isGone: false });
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
    for (let from = 0; from < revs.length; from += ask.SYNC_ROOMS_MAX) {
      const part = revs.slice(from, from + ask.SYNC_ROOMS_MAX);
      this.#link.ask({
        ...ask.syncing(Object.fromEntries(part), this.#epoch ?? undefined),
        reject: (error) => this.#notSynced(part, error),
      });
    }
  }

  #notSynced(revs, error) {
    if (error.isTemporary) {
      this.#link.after(this.#patience(error), () => this.#sync(revs));
    } else if (error.code !== "offline") {
      this.emit("error", error);
      this.#link.end(OVERLOAD, error.message);
    }
  }

  #synced({ rooms, complete, reset, epoch }) {
    if (reset) {
      this.#enterEpoch(epoch);
      this.#authenticate();
      return;
    }
    const known = Object.entries(rooms).filter(([id]) => this.rooms.has(id));
    for (const [id, rev] of known) {
      const room = this.rooms.get(id);
      if (rev === null && room.rev === 0 && !isGroup(id)) {
        // A conversation that has not begun; somebody has typed.
        this.#settle(room);
        continue;
      }
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
      this.#loaded(message);
    } else {
      this.#placed(payload.type, message);
    }
  }

  /** A page in one frame. */
  #paged({ type, messages }) {
    if (type === "chat") {
      messages.map(messageOf).forEach((message) => this.#loaded(message));
    }
  }

  /** A message of a page may also be news, which look the same. */
  #loaded(message) {
    const room = this.#roomOf("send", message);
    this.#announce(room?.merge(message), message, room);
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
      this.emit("message", { message, room });
    } else if (outcome === "changed") {
      this.emit("edit", { message, room });
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
    this.emit("room", { room, isGone: false });
    return room;
  }

  #marked({ type, chat_id, user_id, seq }) {
    const room = this.rooms.get(chat_id);
    if (room === undefined || type === "list") {
      return;
    }
    if (user_id !== this.self.id) {
      room.readTo({ [user_id]: seq });
    } else if (seq > room.readSeq && room.mark(seq)) {
      this.#refresh();
    }
    this.emit("read", { room, user_id, seq });
  }

  #typed({ chat_id, user_id, state }) {
    const isFirst = state === "start" && this.features.has("sync") && !isGroup(chat_id);
    const room = this.rooms.get(chat_id) ?? (isFirst ? this.#meet(chat_id) : undefined);
    const typist = `${chat_id} ${user_id}`;
    clearTimeout(this.#typists.get(typist));
    this.#typists.delete(typist);
    if (room !== undefined && state === "start") {
      const forget = () => this.#typed({ chat_id, user_id, state: "stop" });
      this.#typists.set(typist, setTimeout(forget, TYPING_LOST_MS));
      room.typing.add(user_id);
      this.emit("typing", { room, user_id, state });
    } else if (room?.typing.delete(user_id)) {
      this.emit("typing", { room, user_id, state });
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
    this.emit("group", { type, group, user, by, role, room });
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
      this.emit("room", { room, isGone: false });
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
    const friend = { ...user, room: this.roomWith(user.id) };
    this.requests.delete(user.id);
    this.friends.set(user.id, friend);
    this.#tellFriend("response", friend, true);
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
    this.emit("friend", { type, user, isOwn });
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
    this.emit("presence", { users: told, isSnapshot: type === "snapshot" });
  }
}

const OUTCOMES = { send: "new", edit: "changed" };

const isGood = (token) => typeof token === "string" && token !== "";

function checked(content) {
  if (typeof content !== "string" || content === "") {
    throw new TypeError("a message needs a text");
  }
  if (utf8Length(content) > CONTENT_BYTES_MAX) {
    throw new RangeError(`a text may have ${CONTENT_BYTES_MAX} bytes`);
  }
  return content;
}

/** Nonces need not be secret, only different: where there is no `crypto`, chance will do. */
function makeNonce() {
  const bytes = new Uint8Array(16).map(() => Math.floor(Math.random() * 256));
  globalThis.crypto?.getRandomValues?.(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A delay from a half of it to the whole, so that clients do not come back all at once. */
function jittered(ms) {
  return ms * (0.5 + Math.random() / 2);
}

function named(users, name) {
  const folded = foldName(name);
  return [...users.values()].find((user) => user.name !== null && foldName(user.name) === folded);
}

function fill(users, list) {
  users.clear();
  list.forEach((user) => users.set(user.id, user));
}
