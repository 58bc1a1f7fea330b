import { HubError } from "./errors.js";

/**
 * What is to be sent: bounded, in order, and kept by `storage` if there is one; and what the hub has
 * refused, until somebody sends it again or throws it away.
 */
export class Outbox {
  #entries = [];
  #failed = new Map();
  #max;
  #storage;
  #told;
  #isRestored = false;

  /** `told` is told by `changed(entry)` of each change, and by `complain(error)` of the storage's. */
  constructor(max, storage, told) {
    this.#max = max;
    this.#storage = storage;
    this.#told = told;
  }

  /** What waits, in the form in which it is stored. */
  get waiting() {
    return this.#entries.map(({ nonce, chat_id, content }) => ({ nonce, chat_id, content }));
  }

  /** What was refused and what waits for a room, in order, as it is to be shown. */
  echoes(roomId) {
    const isHere = ({ chat_id }) => chat_id === roomId;
    return [...this.#failed.values(), ...this.#entries].filter(isHere).map(shown);
  }

  /** Takes up, once, what was left over when the program ended the last time. */
  async restore() {
    if (this.#isRestored) {
      return;
    }
    this.#isRestored = true;
    try {
      const stored = (await this.#storage?.load()) ?? [];
      const entries = stored.map((entry) => ({ ...entry, state: "waiting", isUnderWay: false }));
      this.#entries.unshift(...entries);
      entries.forEach((entry) => this.#told.changed(shown(entry)));
    } catch (error) {
      this.#told.complain(error);
    }
  }

  /** A promise of the stored message. */
  add(message) {
    if (this.#entries.length + this.#failed.size >= this.#max) {
      return Promise.reject(new HubError("full", `${this.#max} messages wait to be sent`));
    }
    return new Promise((resolve, reject) => {
      const entry = { ...message, state: "waiting", isUnderWay: false, resolve, reject };
      this.#entries.push(entry);
      this.#save();
      this.#told.changed(shown(entry));
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
    const entry = this.#remove(nonce);
    if (entry !== undefined) {
      this.#told.changed({ ...shown(entry), state: "stored", message });
      entry.resolve?.(message);
    }
  }

  /** The hub will never store it; it stays to be seen. */
  failed(nonce, error) {
    const entry = this.#remove(nonce);
    if (entry !== undefined) {
      const failed = { ...entry, state: "failed", error };
      this.#failed.set(nonce, failed);
      this.#told.changed(shown(failed));
      entry.reject?.(error);
    }
  }

  /** What was refused, to be sent once more under its name. */
  takeFailed(nonce) {
    const entry = this.#failed.get(nonce);
    this.#failed.delete(nonce);
    return entry;
  }

  /** Throws away what was refused or was never under way. Tells whether it did. */
  discard(nonce) {
    const waiting = this.#entries.find((entry) => entry.nonce === nonce && !entry.isUnderWay);
    const entry = this.takeFailed(nonce) ?? (waiting && this.#remove(nonce));
    if (entry === undefined) {
      return false;
    }
    if (entry.state === "waiting") {
      entry.reject?.(new HubError("discarded", "the message was discarded"));
    }
    this.#told.changed({ ...shown(entry), state: "discarded" });
    return true;
  }

  /** Gives up everything. */
  clear(error) {
    this.#failed.clear();
    for (const entry of this.#entries.splice(0)) {
      this.#told.changed({ ...shown(entry), state: "discarded" });
      entry.reject?.(error);
    }
    this.#save();
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
      this.#told.complain(error);
    }
  }
}

/** What is seen of a message before the hub has stored it. */
function shown({ nonce, chat_id, content, state, error = null }) {
  return { nonce, chat_id, content, state, message: null, error };
}
