/** What this browser remembers. Where it may not, it is forgotten with the tab. */

const PREFIX = "tradewind.";
/** @type {Map<string, string>} */
const forgetful = new Map();

/** @returns {string | null} */
export function stored(/** @type {string} */ key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return forgetful.get(key) ?? null;
  }
}

/** Keeps a text; `null` forgets it. */
export function keep(/** @type {string} */ key, /** @type {string | null} */ text) {
  try {
    if (text === null) {
      localStorage.removeItem(PREFIX + key);
    } else {
      localStorage.setItem(PREFIX + key, text);
    }
  } catch {
    text === null ? forgetful.delete(key) : forgetful.set(key, text);
  }
}

/** The keys that begin so. */
export function keysOf(/** @type {string} */ start) {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    return keys.filter((key) => key.startsWith(PREFIX + start)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [...forgetful.keys()].filter((key) => key.startsWith(start));
  }
}

/** Calls when another tab has changed what is kept under a key. */
export function onChange(/** @type {string} */ key, /** @type {(text: string | null) => void} */ told) {
  addEventListener("storage", (event) => {
    if (event.key === PREFIX + key || event.key === null) {
      told(event.key === null ? null : event.newValue);
    }
  });
}
