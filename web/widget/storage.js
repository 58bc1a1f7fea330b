/**
 * What the browser keeps for the widget: for all tabs, or for this one. Where the page may not store anything, it is
 * kept as long as the page lives.
 */
export class Storage {
  #prefix;
  #kept = new Map();

  /** @param {string} app The app's uuid: each app's things are apart. */
  constructor(app) {
    this.#prefix = `tradewind-chat ${app} `;
  }

  /** What is kept for all tabs. */
  shared(name) {
    return this.#read("localStorage", name);
  }

  share(name, value) {
    this.#write("localStorage", name, value);
  }

  /** What is kept for this tab, also when its page is loaded again. */
  own(name) {
    return this.#read("sessionStorage", name);
  }

  keep(name, value) {
    this.#write("sessionStorage", name, value);
  }

  /** Calls a function with what another tab shares under a name. */
  onShared(name, heard) {
    addEventListener("storage", ({ key, newValue }) => {
      if (key === this.#prefix + name && newValue !== null) {
        heard(parsed(newValue));
      }
    });
  }

  #read(area, name) {
    const key = this.#prefix + name;
    try {
      return parsed(globalThis[area].getItem(key)) ?? this.#kept.get(area + key) ?? null;
    } catch {
      return this.#kept.get(area + key) ?? null;
    }
  }

  #write(area, name, value) {
    const key = this.#prefix + name;
    this.#kept.set(area + key, value);
    try {
      globalThis[area].setItem(key, JSON.stringify(value));
    } catch {
      // Blocked or full: it lives as long as the page.
    }
  }
}

/** What a text says in JSON, or `null`. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
