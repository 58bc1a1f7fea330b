/**
 * What the visitor has not read: what the hub has not been told that he has. So all tabs count the same, and a tab
 * that is opened later, too; what one tab has read, it tells the others.
 */
const READ = "read";

export class Unread {
  #storage;
  #times = new Map();
  /** Up to which time all is read. */
  #read;
  #isTelling = false;

  /** @param {() => void} changed */
  constructor(storage, changed) {
    this.#storage = storage;
    this.#read = storage.shared(READ) ?? 0;
    storage.onShared(READ, (time) => {
      this.#read = Math.max(this.#read, time);
      changed();
    });
  }

  get count() {
    return [...this.#times.values()].filter((time) => time > this.#read).length;
  }

  /** Something that somebody else has said, with the name to acknowledge it by. */
  add({ pid, ts }) {
    this.#times.set(pid, ts);
  }

  /** The visitor sees all of it. */
  read() {
    const newest = Math.max(0, ...this.#times.values());
    if (newest > this.#read) {
      this.#read = newest;
      this.#storage.share(READ, newest);
    }
  }

  /** Tells the hub what is read; what could not be told will be the next time. */
  async tell(visitor) {
    const list = [...this.#times].filter(([, time]) => time <= this.#read).map(([pid]) => pid);
    if (list.length === 0 || this.#isTelling) {
      return;
    }
    this.#isTelling = true;
    try {
      await visitor.call("ACK_MESSAGE", { list });
      list.forEach((pid) => this.#times.delete(pid));
    } finally {
      this.#isTelling = false;
    }
    await this.tell(visitor);
  }
}
