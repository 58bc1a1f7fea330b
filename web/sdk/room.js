/** @import { Group, Id, Message, Time, User } from "./shapes.js" */

/**
 * What is known of a conversation of two, or of a group.
 *
 * It holds a window of the messages: all that are visible from some message on, to the newest. What
 * comes before is loaded by `Client.history`, or was dropped to save memory.
 */
export class Room {
  /** @type {Id} */
  id;
  /** @type {"dm" | "group"} */
  kind;
  /**
   * The other user, in a conversation of two.
   * @type {User | null}
   */
  user;
  /**
   * The title, of a group.
   * @type {string | null}
   */
  title;
  /**
   * The group as it was told last, if it was since the room is known.
   * @type {Group | null}
   */
  group = null;
  /**
   * The number of the newest message.
   * @type {number}
   */
  seq;
  /**
   * The number of the newest change up to which all have come.
   * @type {number}
   */
  rev;
  /**
   * The number of the message up to which the user has read.
   * @type {number}
   */
  readSeq;

  /** @type {Map<Id, number>} */
  #readers = new Map();
  /** @type {Set<Id>} */
  #typing = new Set();

  /**
   * The same of the others; of groups with more than 100 members as far as they were told.
   * @type {ReadonlyMap<Id, number>}
   */
  readers = this.#readers;
  /**
   * Who types; also the user himself, on another device.
   * @type {ReadonlySet<Id>}
   */
  typing = this.#typing;
  /** @internal Whether what was known is of another history, and the next list is to be believed. */
  isVoid = false;
  /** @internal Whether every change after `rev` is told by itself. */
  isFresh = false;

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
  /** What the list of rooms has named as the newest message, while the window has none. */
  #listedLast = null;
  #listedLastAt = null;

  /** @private */
  constructor({ id, kind, user, title, seq, rev, read_seq = 0 }, me) {
    this.id = id;
    this.kind = kind;
    this.user = user;
    this.title = title;
    this.seq = seq;
    this.rev = rev;
    this.readSeq = read_seq;
    this.#low = seq + 1;
    this.#seen = rev;
    this.#me = me;
  }

  /** @internal A room that a list names, as the user `me` sees it. */
  static of(listed, me) {
    return new Room(listed, me);
  }

  /**
   * The messages of the window, oldest first, without those that are deleted.
   * @returns {readonly Message[]}
   */
  get messages() {
    return this.#window().filter(isShown);
  }

  /**
   * Whether there is nothing before the window.
   * @returns {boolean}
   */
  get isWhole() {
    return this.#low <= 1;
  }

  /**
   * How many messages of others the user has not read.
   * @returns {number}
   */
  get unread() {
    const first = Math.max(this.#low, this.readSeq + 1);
    return this.#unreadBelow + this.#count(first, this.seq, isShown);
  }

  /**
   * Whether there are more unread messages than `unread` says: the hub counts up to 999.
   * @returns {boolean}
   */
  get unreadMore() {
    return this.#unreadMore && this.#unreadBelow > 0;
  }

  /**
   * The newest message that there is to see, whether the window holds it or not.
   * @returns {Message | null}
   */
  get last() {
    return this.messages.at(-1) ?? this.#listedLast;
  }

  /**
   * When something was sent last: what a list of rooms is sorted by.
   * @returns {Time | null}
   */
  get lastAt() {
    return this.last?.created_at ?? this.#listedLastAt;
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
    if (message.seq === this.#listedLast?.seq && message.rev > this.#listedLast.rev) {
      this.#listedLast = isShown(message) ? message : null;
    }
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
    this.#typing.clear();
  }

  /** @internal Somebody types. */
  addTypist(user) {
    this.#typing.add(user);
  }

  /** @internal Somebody types no more. Tells whether he did. */
  dropTypist(user) {
    return this.#typing.delete(user);
  }

  /** @internal Takes up what a list of rooms says, once the messages are of that time or newer. */
  settle(listed) {
    const { user, title, seq, rev, read_seq, unread, readers = {} } = listed;
    this.user = user;
    this.title = title;
    this.#unreadMore = listed.unread_more === true;
    this.#listedLast = listed.last == null ? null : messageOf(listed.last);
    this.#listedLastAt = listed.last_at ?? null;
    this.readTo(readers);
    this.seq = Math.max(this.seq, seq);
    const wasShown = (message) => isShown(message) || message.rev > rev;
    const inside = this.#count(Math.max(this.#low, read_seq + 1), seq, wasShown);
    const later = this.#deletedBelow.filter((deleted) => deleted > rev).length;
    this.#unreadBelow = Math.max(0, unread - inside - later);
    this.#deletedBelow = [];
    this.mark(Math.max(read_seq, this.readSeq));
  }

  /** @internal The user has read up to a message. Tells whether `unread` may be too high now. */
  mark(seq) {
    this.readSeq = seq;
    this.#unreadBelow = Math.min(this.#unreadBelow, Math.max(0, this.#low - 1 - seq));
    return this.#unreadBelow > 0;
  }

  /** @internal The hub's history is another one now. */
  void() {
    this.stale();
    this.forget({ seq: 0, rev: 0 });
    this.isVoid = true;
  }

  /** @internal Others have read: their marks only ever grow. */
  readTo(marks) {
    for (const [user, seq] of Object.entries(marks)) {
      this.#readers.set(user, Math.max(seq, this.#readers.get(user) ?? 0));
    }
  }

  /** @internal Forgets all: the hub has lost some of what it had told, and will count anew. */
  forget({ seq, rev }) {
    this.#held.clear();
    this.isVoid = false;
    this.readSeq = 0;
    this.#readers.clear();
    this.#listedLast = null;
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

export const isShown = ({ content }) => content !== "";

/**
 * The message in a chat frame. It is shared, so nobody may change it.
 *
 * @returns {any}
 */
export function messageOf({ type: _type, duplicate: _duplicate, ...message }) {
  return Object.freeze(message);
}
