/**
 * Which device of the visitor this tab is. The hub lets a device have one socket, so each tab needs its own; and a
 * visitor has room for 64 of them, so tabs take the numbers of those that are gone.
 *
 * A tab holds its number by a lock of the browser. Where there are none (pages without TLS), it takes any and keeps
 * it; if two took the same, the hub tells the older one, which takes another.
 */
const SLOTS = 32;

export class Slot {
  #storage;
  #scope;
  #number = null;

  constructor(storage, scope) {
    this.#storage = storage;
    this.#scope = scope;
  }

  /** The name of the device. */
  async name() {
    this.#number ??= (await this.#locked()) ?? this.#storage.own("slot") ?? any();
    this.#storage.keep("slot", this.#number);
    return `tradewind-widget-tab-${this.#number}`;
  }

  /** Somebody else has it: takes another. */
  leave() {
    this.#number = (this.#number + 1 + Math.floor(Math.random() * (SLOTS - 1))) % SLOTS;
  }

  /** The first number that no other tab holds, or `null` where that cannot be known. */
  async #locked() {
    for (let number = 0; number < SLOTS; number += 1) {
      const isFree = await hold(`${this.#scope} ${number}`);
      if (isFree !== false) {
        return isFree === null ? null : number;
      }
    }
    return null;
  }
}

const any = () => Math.floor(Math.random() * SLOTS);

/** Holds a lock as long as the page lives; `null` where there are no locks. */
function hold(name) {
  return new Promise((resolve) => {
    const taken = (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    };
    const asked = globalThis.navigator.locks?.request(name, { ifAvailable: true }, taken);
    Promise.resolve(asked ?? Promise.reject()).catch(() => resolve(null));
  });
}
