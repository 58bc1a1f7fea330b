/** @import { ClientEvent, ClientEvents } from "./shapes.js" */

/**
 * Who listens to what. Not the `EventTarget` of browsers, which is missing elsewhere (React Native,
 * some runtimes of plugins), but used like it.
 */
export class Emitter {
  #listeners = new Map();

  /**
   * Calls a listener with what each event of a type tells; gives a function that ends this.
   *
   * @template {keyof ClientEvents} T
   * @param {T} type
   * @param {(detail: ClientEvents[T]) => void} listener
   * @param {{ once?: boolean, signal?: AbortSignal }} [options]
   * @returns {() => void}
   */
  on(type, listener, options = {}) {
    return this.#add(type, { listener, call: listener }, options);
  }

  /**
   * As with an `EventTarget`: the listener gets `{ type, detail }`.
   *
   * @template {keyof ClientEvents} T
   * @param {T} type
   * @param {(event: ClientEvent<T>) => void} listener
   * @param {{ once?: boolean, signal?: AbortSignal }} [options]
   * @returns {void}
   */
  addEventListener(type, listener, options = {}) {
    /** @type {any} An object with `handleEvent`, perhaps: an `EventTarget` takes one, too. */
    const target = listener;
    const call = (detail) => (target.handleEvent ?? target).call(target, { type, detail });
    const isThere = [...this.#of(type)].some((entry) => entry.listener === listener);
    if (!isThere) {
      this.#add(type, { listener, call }, typeof options === "object" ? options : {});
    }
  }

  /**
   * Ends what `addEventListener` has begun.
   *
   * @template {keyof ClientEvents} T
   * @param {T} type
   * @param {(event: ClientEvent<T>) => void} listener
   * @returns {void}
   */
  removeEventListener(type, listener) {
    for (const entry of this.#of(type)) {
      if (entry.listener === listener) {
        this.#of(type).delete(entry);
      }
    }
  }

  /** @internal Tells all listeners of a type; what one of them throws is not the client's. */
  emit(type, detail) {
    for (const entry of [...this.#of(type)]) {
      if (entry.once) {
        this.#of(type).delete(entry);
      }
      try {
        entry.call(detail);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #add(type, entry, { once = false, signal = undefined }) {
    const stop = () => void this.#of(type).delete(entry);
    if (signal?.aborted) {
      return stop;
    }
    entry.once = once;
    this.#of(type).add(entry);
    signal?.addEventListener("abort", stop, { once: true });
    return stop;
  }

  #of(type) {
    if (!this.#listeners.has(type)) {
      this.#listeners.set(type, new Set());
    }
    return this.#listeners.get(type);
  }
}
